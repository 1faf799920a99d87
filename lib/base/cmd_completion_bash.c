/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion for bash, without the bash-completion package: the script finds the verb among
 * the words so far, then offers values of the option before the cursor, options, or verbs.
 *
 * bash splits "--repo=x" into three words at '='; the script puts that right by taking the
 * word before '=' as the option.
 */
#include "base/cmd_internal.h"

static void function_name(const struct program *program, struct buf *text)
{
	buf_append_byte(text, '_');
	cmd_joined_name(program, NULL, '_', text);
}

static void option_words(const struct vec *list, struct buf *text)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opt *opt = cmd_option_at(list, i);

		buf_printf(text, " --%s%s", opt->name,
			   opt->type == OPT_OPTIONAL_TEXT ? "=" : "");
	}
}

/* One arm of `case $previous`: what may stand behind the option. */
static void value_arm(const struct opt *opt, struct buf *text)
{
	if (!cmd_needs_value(opt) && opt->choices == NULL)
		return;
	buf_append_string(text, "\t\t");
	if (opt->letter != 0)
		buf_printf(text, "-%c|", opt->letter);
	buf_printf(text, "--%s) ", opt->name);
	if (opt->choices != NULL) {
		buf_append_string(text, "words='");
		for (size_t i = 0; opt->choices[i] != NULL; i++)
			buf_printf(text, "%s%s", i > 0 ? " " : "", opt->choices[i]);
		buf_append_string(text, "'; kind=words");
	} else if (opt->complete != NULL) {
		buf_printf(text, "kind=%s",
			   strcmp(opt->complete, "dir") == 0 ? "dir" : "file");
	} else {
		buf_append_string(text, "kind=none");
	}
	buf_append_string(text, " ;;\n");
}

static void value_arms(const struct vec *list, struct buf *text)
{
	buf_append_string(text, "\t\tcase $previous in\n");
	for (size_t i = 0; i < list->n; i++)
		value_arm(cmd_option_at(list, i), text);
	buf_append_string(text, "\t\tesac\n");
}

static void verb_arm(const struct cmd *cmd, struct buf *text)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_own_options(cmd, &list);
	buf_printf(text, "\t'%s')\n\t\toptions+='", cmd->name);
	option_words(&list, text);
	buf_append_string(text, "'\n");
	value_arms(&list, text);
	buf_append_string(text, "\t\t;;\n");
}

static void words_case(const char *verb, const struct strings *words, struct buf *text)
{
	buf_printf(text, "\t'%s') words='", verb);
	for (size_t i = 0; i < strings_count(words); i++)
		buf_printf(text, "%s%s", i > 0 ? " " : "", strings_at(words, i));
	buf_append_string(text, "'; kind=words ;;\n");
}

/* Verbs where none stands yet, and second words behind a group. */
static void verb_words(const struct program *program, const struct strings *first,
		       struct buf *text)
{
	buf_append_string(text, "\tcase $verb in\n");
	words_case("", first, text);
	for (size_t i = 0; i < strings_count(first); i++) {
		CLEANUP(strings_release) struct strings second = {0};
		const char *group = strings_at(first, i);

		if (!cmd_is_group(program, group))
			continue;
		strings_init(&second);
		cmd_second_words(program, group, &second);
		words_case(group, &second, text);
	}
	buf_append_string(text, "\tesac\n");
}

/* Which words so far are the verb: options and their values are passed over. */
static void find_verb(const struct program *program, const struct vec *common,
		      const struct strings *first, struct buf *text)
{
	buf_append_string(text, "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
				"\t\tcase ${COMP_WORDS[i]} in\n");
	for (size_t i = 0; i < common->n; i++) {
		const struct opt *opt = cmd_option_at(common, i);

		if (!cmd_needs_value(opt))
			continue;
		buf_append_string(text, "\t\t");
		if (opt->letter != 0)
			buf_printf(text, "-%c|", opt->letter);
		buf_printf(text,
			   "--%s) [[ ${COMP_WORDS[i+1]} == = ]] && ((i++))\n"
			   "\t\t\t((i++)) ;;\n",
			   opt->name);
	}
	buf_append_string(text, "\t\t-*|=) ;;\n"
				"\t\t*) verb=${verb:+$verb }${COMP_WORDS[i]}\n"
				"\t\t\tcase $verb in");
	for (size_t i = 0; i < strings_count(first); i++)
		if (cmd_is_group(program, strings_at(first, i)))
			buf_printf(text, " %s) continue ;;", strings_at(first, i));
	buf_append_string(text, " *) break ;; esac ;;\n\t\tesac\n\tdone\n");
}

static void tail(const struct program *program, struct buf *text)
{
	buf_append_string(text, "\tcase $current in\n"
				"\t-*) [[ $kind == file || $kind == words ]] && "
				"words=$options kind=words ;;\n"
				"\tesac\n"
				"\tcase $kind in\n"
				"\twords) COMPREPLY=($(compgen -W \"$words\" -- "
				"\"$current\")) ;;\n"
				"\tfile) compopt -o filenames 2>/dev/null\n"
				"\t\tCOMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
				"\tdir) compopt -o filenames 2>/dev/null\n"
				"\t\tCOMPREPLY=($(compgen -d -- \"$current\")) ;;\n"
				"\tesac\n}\ncomplete -F ");
	function_name(program, text);
	buf_printf(text, " %s\n", program->name);
}

static void start(const struct program *program, struct buf *text)
{
	buf_printf(text, "# Completion of %s for bash, made from its option tables.\n",
		   program->name);
	function_name(program, text);
	buf_append_string(text, "()\n{\n"
				"\tlocal i verb= options= words= kind=file\n"
				"\tlocal current=${COMP_WORDS[COMP_CWORD]}\n"
				"\tlocal previous=${COMP_WORDS[COMP_CWORD-1]}\n"
				"\tCOMPREPLY=()\n"
				"\tif [[ $current == = ]]; then\n"
				"\t\tcurrent=\n"
				"\telif [[ $previous == = ]]; then\n"
				"\t\tprevious=${COMP_WORDS[COMP_CWORD-2]}\n"
				"\tfi\n");
}

void cmd_completion_bash(const struct program *program, struct buf *text)
{
	CLEANUP(vec_release) struct vec common = {0};
	CLEANUP(strings_release) struct strings first = {0};

	vec_init(&common, sizeof(const struct opt *));
	cmd_common_options(program, &common);
	strings_init(&first);
	cmd_first_words(program, &first);
	start(program, text);
	find_verb(program, &common, &first, text);
	buf_append_string(text, "\toptions='");
	option_words(&common, text);
	buf_append_string(text, "'\n");
	verb_words(program, &first, text);
	buf_append_string(text, "\tcase $verb in\n");
	for (size_t i = 0; program->commands[i] != NULL; i++)
		verb_arm(program->commands[i], text);
	buf_append_string(text, "\tesac\n");
	value_arms(&common, text);
	tail(program, text);
}
