/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion for zsh: a function for each verb that gives its options to _arguments, one for
 * each group that picks the second word, and one for the program. "*::" makes _arguments
 * hand over the words from the verb on, so the inner functions see the verb as $words[1].
 */
#include "base/cmd_internal.h"

/* Inside '...' of the shell; in _arguments' specs ':' and ']' need a backslash too. */
static void quoted(const char *string, struct buf *text)
{
	for (; *string != '\0'; string++) {
		if (*string == '\'')
			buf_append_string(text, "'\\''");
		else if (strchr("[]:\\", *string) != NULL)
			buf_printf(text, "\\%c", *string);
		else
			buf_append_byte(text, (uint8_t)*string);
	}
}

static void value_action(const struct opt *opt, struct buf *text)
{
	if (!cmd_needs_value(opt) && opt->type != OPT_OPTIONAL_TEXT)
		return;
	buf_append_string(text, opt->type == OPT_OPTIONAL_TEXT ? "::" : ":");
	quoted(cmd_value_name(opt), text);
	buf_append_byte(text, ':');
	if (opt->choices != NULL) {
		buf_append_byte(text, '(');
		for (size_t i = 0; opt->choices[i] != NULL; i++) {
			buf_append_string(text, i > 0 ? " " : "");
			quoted(opt->choices[i], text);
		}
		buf_append_byte(text, ')');
	} else if (opt->complete != NULL) {
		buf_append_string(text, strcmp(opt->complete, "dir") == 0 ? "_files -/"
									  : "_files");
	}
}

static void spec(const struct opt *opt, bool as_letter, struct buf *text)
{
	const char *joint = as_letter ? "+" : "=";

	buf_append_string(text, " \\\n\t\t'");
	if (opt->type == OPT_LIST)
		buf_append_byte(text, '*');
	else if (opt->letter != 0)
		buf_printf(text, "(-%c --%s)", opt->letter, opt->name);
	if (as_letter)
		buf_printf(text, "-%c", opt->letter);
	else
		buf_printf(text, "--%s", opt->name);
	if (cmd_needs_value(opt))
		buf_append_string(text, joint);
	else if (opt->type == OPT_OPTIONAL_TEXT)
		buf_append_string(text, "=-");
	buf_append_byte(text, '[');
	quoted(opt->help, text);
	buf_append_byte(text, ']');
	value_action(opt, text);
	buf_append_byte(text, '\'');
}

static void specs(const struct vec *list, struct buf *text)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opt *opt = cmd_option_at(list, i);

		if (opt->letter != 0)
			spec(opt, true, text);
		spec(opt, false, text);
	}
}

static void all_specs(const struct program *program, const struct cmd *cmd,
		      struct buf *text)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_own_options(cmd, &list);
	cmd_common_options(program, &list);
	specs(&list, text);
}

static void inner_name(const struct program *program, const char *verb, struct buf *text)
{
	const struct cmd verb_only = {.name = verb};

	buf_append_byte(text, '_');
	cmd_joined_name(program, &verb_only, '_', text);
}

static void verb_function(const struct program *program, const struct cmd *cmd,
			  struct buf *text)
{
	inner_name(program, cmd->name, text);
	buf_append_string(text, "()\n{\n\t_arguments -s");
	all_specs(program, cmd, text);
	buf_append_string(text, " \\\n\t\t'*:");
	quoted(cmd->operands != NULL ? cmd->operands : "", text);
	buf_append_string(text, ":_files'\n}\n\n");
}

static void full_name(const char *group, const char *word, struct buf *name)
{
	buf_clear(name);
	buf_printf(name, "%s%s%s", group, *group != '\0' ? " " : "", word);
}

static void described(const struct program *program, const char *word, const char *name,
		      struct buf *text)
{
	CLEANUP(buf_release) struct buf summary = {0};

	buf_init(&summary, 0);
	cmd_word_summary(program, name, &summary);
	buf_printf(text, "\n\t\t'%s:", word);
	quoted(buf_string(&summary), text);
	buf_append_byte(text, '\'');
}

/* Picks one of `words` and goes on in its function; group "" is the program itself. */
static void picking_function(const struct program *program, const char *group,
			     const struct strings *words, struct buf *text)
{
	CLEANUP(buf_release) struct buf name = {0};

	buf_init(&name, 0);
	buf_append_string(text, "()\n{\n\tlocal curcontext=$curcontext state line\n"
				"\tlocal -a verbs\n\tverbs=(");
	for (size_t i = 0; i < strings_count(words); i++) {
		full_name(group, strings_at(words, i), &name);
		described(program, strings_at(words, i), buf_string(&name), text);
	}
	buf_append_string(text, ")\n\t_arguments -C -s");
	all_specs(program, NULL, text);
	buf_append_string(text, " \\\n\t\t'1:verb:->verb' '*::rest:->rest'\n"
				"\tcase $state in\n"
				"\tverb) _describe verb verbs ;;\n"
				"\trest)\n\t\tcase $words[1] in\n");
	for (size_t i = 0; i < strings_count(words); i++) {
		full_name(group, strings_at(words, i), &name);
		buf_printf(text, "\t\t%s) ", strings_at(words, i));
		inner_name(program, buf_string(&name), text);
		buf_append_string(text, " ;;\n");
	}
	buf_append_string(text, "\t\tesac ;;\n\tesac\n}\n\n");
}

void cmd_completion_zsh(const struct program *program, struct buf *text)
{
	CLEANUP(strings_release) struct strings first = {0};

	buf_printf(text, "#compdef %s\n# Made from the option tables of %s.\n\n",
		   program->name, program->name);
	for (size_t i = 0; program->commands[i] != NULL; i++)
		verb_function(program, program->commands[i], text);
	strings_init(&first);
	cmd_first_words(program, &first);
	for (size_t i = 0; i < strings_count(&first); i++) {
		CLEANUP(strings_release) struct strings second = {0};
		const char *group = strings_at(&first, i);

		if (!cmd_is_group(program, group))
			continue;
		strings_init(&second);
		cmd_second_words(program, group, &second);
		inner_name(program, group, text);
		picking_function(program, group, &second, text);
	}
	buf_append_byte(text, '_');
	cmd_joined_name(program, NULL, '_', text);
	picking_function(program, "", &first, text);
	/* Works from a directory of $fpath (autoload) and when it is sourced. */
	buf_append_string(text, "if [ \"$funcstack[1]\" = \"_");
	cmd_joined_name(program, NULL, '_', text);
	buf_append_string(text, "\" ]; then\n\t_");
	cmd_joined_name(program, NULL, '_', text);
	buf_append_string(text, " \"$@\"\nelse\n\tcompdef _");
	cmd_joined_name(program, NULL, '_', text);
	buf_printf(text, " %s\nfi\n", program->name);
}
