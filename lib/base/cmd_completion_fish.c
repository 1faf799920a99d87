/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion for fish: one `complete` line for each verb and option, with a condition that
 * calls a function of the script. The function prints the verb among the words so far, as
 * "key add", "key" when the second word is missing, or nothing.
 */
#include "base/cmd_internal.h"

/* Between single quotes, where fish knows \' and \\ only. */
static void quoted(const char *string, struct buf *text)
{
	buf_append_byte(text, '\'');
	for (; *string != '\0'; string++) {
		if (*string == '\'' || *string == '\\')
			buf_append_byte(text, '\\');
		buf_append_byte(text, (uint8_t)*string);
	}
	buf_append_byte(text, '\'');
}

static void function_name(const struct program *program, struct buf *text)
{
	buf_append_string(text, "__");
	cmd_joined_name(program, NULL, '_', text);
	buf_append_string(text, "_verb");
}

/* "complete -c quipu-backup -n 'test (f) = "VERB"'"; verb NULL: always. */
static void start_line(const struct program *program, const char *verb, struct buf *text)
{
	buf_printf(text, "complete -c %s", program->name);
	if (verb == NULL)
		return;
	buf_append_string(text, " -n 'test \"$(");
	function_name(program, text);
	buf_printf(text, ")\" = \"%s\"'", verb);
}

static void option_line(const struct program *program, const char *verb,
			const struct opt *opt, struct buf *text)
{
	start_line(program, verb, text);
	if (opt->letter != 0)
		buf_printf(text, " -s %c", opt->letter);
	buf_printf(text, " -l %s", opt->name);
	if (opt->complete != NULL && strcmp(opt->complete, "dir") == 0)
		buf_append_string(text, " -x -a '(__fish_complete_directories)'");
	else if (opt->complete != NULL)
		buf_append_string(text, " -r -F");
	else if (cmd_needs_value(opt))
		buf_append_string(text, " -x");
	if (opt->choices != NULL) {
		buf_append_string(text, " -a '");
		for (size_t i = 0; opt->choices[i] != NULL; i++)
			buf_printf(text, "%s%s", i > 0 ? " " : "", opt->choices[i]);
		buf_append_byte(text, '\'');
	}
	buf_append_string(text, " -d ");
	quoted(opt->help, text);
	buf_append_byte(text, '\n');
}

static void option_lines(const struct program *program, const char *verb,
			 const struct vec *list, struct buf *text)
{
	for (size_t i = 0; i < list->n; i++)
		option_line(program, verb, cmd_option_at(list, i), text);
}

static void word_line(const struct program *program, const char *so_far, const char *word,
		      const char *summary, struct buf *text)
{
	start_line(program, so_far, text);
	buf_printf(text, " -f -a %s -d ", word);
	quoted(summary, text);
	buf_append_byte(text, '\n');
}

static void word_lines(const struct program *program, const struct strings *first,
		       struct buf *text)
{
	for (size_t i = 0; i < strings_count(first); i++) {
		const char *word = strings_at(first, i);
		CLEANUP(buf_release) struct buf summary = {0};

		buf_init(&summary, 0);
		cmd_word_summary(program, word, &summary);
		word_line(program, "", word, buf_string(&summary), text);
	}
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const struct cmd *cmd = program->commands[i];
		const char *space = strchr(cmd->name, ' ');
		CLEANUP(buf_release) struct buf group = {0};

		if (space == NULL)
			continue;
		buf_init(&group, 0);
		buf_append(&group, cmd->name, (size_t)(space - cmd->name));
		word_line(program, buf_string(&group), space + 1, cmd->summary, text);
	}
}

/* Words that are options, and the values of common options, are not the verb. */
static void verb_function(const struct program *program, const struct vec *common,
			  const struct strings *first, struct buf *text)
{
	buf_append_string(text, "function ");
	function_name(program, text);
	buf_append_string(text, "\n\tset -l verb\n\tset -l skip 0\n"
				"\tfor word in (commandline -opc)[2..]\n"
				"\t\tif test $skip = 1\n"
				"\t\t\tset skip 0\n"
				"\t\t\tcontinue\n"
				"\t\tend\n"
				"\t\tswitch $word\n"
				"\t\t\tcase --none");
	for (size_t i = 0; i < common->n; i++) {
		const struct opt *opt = cmd_option_at(common, i);

		if (!cmd_needs_value(opt))
			continue;
		buf_printf(text, " --%s", opt->name);
		if (opt->letter != 0)
			buf_printf(text, " -%c", opt->letter);
	}
	buf_append_string(text, "\n\t\t\t\tset skip 1\n"
				"\t\t\tcase '-*'\n"
				"\t\t\tcase '*'\n"
				"\t\t\t\tset -a verb $word\n"
				"\t\t\t\tcontains -- \"$verb\" --none");
	for (size_t i = 0; i < strings_count(first); i++)
		if (cmd_is_group(program, strings_at(first, i)))
			buf_printf(text, " %s", strings_at(first, i));
	buf_append_string(text, "; or break\n\t\tend\n\tend\n\techo \"$verb\"\nend\n\n");
}

void cmd_completion_fish(const struct program *program, struct buf *text)
{
	CLEANUP(vec_release) struct vec list = {0};
	CLEANUP(strings_release) struct strings first = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_common_options(program, &list);
	strings_init(&first);
	cmd_first_words(program, &first);
	buf_printf(text, "# Completion of %s for fish, made from its option tables.\n\n",
		   program->name);
	verb_function(program, &list, &first, text);
	word_lines(program, &first, text);
	option_lines(program, NULL, &list, text);
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		vec_clear(&list);
		cmd_own_options(program->commands[i], &list);
		option_lines(program, program->commands[i]->name, &list, text);
	}
}
