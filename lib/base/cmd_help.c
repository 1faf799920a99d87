/* SPDX-License-Identifier: Apache-2.0 */
/* --help: one screen that teaches. Options stand in two columns; a form that is too long for
 * its column has a line of its own. */
#include "base/cmd_internal.h"

enum { FORM_COLUMN = 2, TEXT_COLUMN = 28, VERB_COLUMN = 18, EXAMPLE_INDENT = 6 };

static void pad(struct buf *text, size_t line_start, size_t column)
{
	while (text->len - line_start < column)
		buf_append_byte(text, ' ');
}

/* Two columns: what was written since `line_start`, then `words`. */
static void second_column(struct buf *text, size_t line_start, unsigned column,
			  const char *words, unsigned width)
{
	if (text->len - line_start + 2 > column) {
		buf_append_byte(text, '\n');
		line_start = text->len;
	}
	pad(text, line_start, column);
	(void)cmd_wrap(text, words, column, column, width);
	buf_append_byte(text, '\n');
}

static void option_words(const struct opt *opt, struct buf *words)
{
	CLEANUP(buf_release) struct buf limits = {0};

	buf_init(&limits, 0);
	cmd_option_limits(opt, &limits);
	buf_append_string(words, opt->help);
	if (limits.len > 0)
		buf_printf(words, " (%s)", buf_string(&limits));
	if (opt->env != NULL)
		buf_printf(words, " [$%s]", opt->env);
}

static void option_row(const struct opt *opt, unsigned width, struct buf *text)
{
	CLEANUP(buf_release) struct buf words = {0};
	size_t line_start = text->len;

	buf_init(&words, 0);
	option_words(opt, &words);
	pad(text, line_start, FORM_COLUMN);
	if (opt->letter != 0)
		buf_printf(text, "-%c, ", opt->letter);
	pad(text, line_start, FORM_COLUMN + 4);
	cmd_option_form(opt, text);
	second_column(text, line_start, TEXT_COLUMN, buf_string(&words), width);
}

static void option_rows(const char *title, const struct vec *list, unsigned width,
			struct buf *text)
{
	if (list->n == 0)
		return;
	buf_printf(text, "%s:\n", title);
	for (size_t i = 0; i < list->n; i++)
		option_row(cmd_option_at(list, i), width, text);
	buf_append_byte(text, '\n');
}

static void option_rows_common(const struct program *program, unsigned width,
			       struct buf *text)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_common_options(program, &list);
	option_rows("Common options", &list, width, text);
}

void cmd_usage_line(const struct program *program, const struct cmd *cmd,
		    struct buf *text)
{
	buf_printf(text, "%s %s [OPTION...]", program->name,
		   cmd != NULL ? cmd->name : "VERB");
	if (cmd != NULL && cmd->operands != NULL && *cmd->operands != '\0')
		buf_printf(text, " %s", cmd->operands);
}

static void head(const struct program *program, const struct cmd *cmd, unsigned width,
		 struct buf *text)
{
	const char *summary = cmd != NULL ? cmd->summary : program->summary;

	buf_append_string(text, "usage: ");
	cmd_usage_line(program, cmd, text);
	buf_append_string(text, "\n\n");
	(void)cmd_wrap(text, summary, 0, 0, width);
	buf_append_string(text, "\n\n");
	cmd_wrap_paragraphs(text, cmd != NULL ? cmd->description : program->description,
			    width);
}

static void foot(const struct program *program, struct buf *text)
{
	buf_printf(text, "Exit codes: see EXIT CODES in %s(1)\n", program->name);
}

static void verb_rows(const struct program *program, const char *group, unsigned width,
		      struct buf *text)
{
	buf_append_string(text, "Verbs:\n");
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const struct cmd *cmd = program->commands[i];
		size_t line_start = text->len;

		if (group != NULL && !cmd_in_group(cmd, group))
			continue;
		buf_printf(text, "  %s", cmd->name);
		second_column(text, line_start, VERB_COLUMN, cmd->summary, width);
	}
	buf_printf(text, "\nEach verb has its own help: %s %s%sVERB --help\n\n",
		   program->name, group != NULL ? group : "", group != NULL ? " " : "");
}

static void section_texts(const struct cmd *cmd, unsigned width, struct buf *text)
{
	const struct cmd_section *section = cmd->sections;

	for (; section != NULL && section->title != NULL; section++) {
		buf_printf(text, "%s:\n", section->title);
		cmd_wrap_paragraphs(text, section->text, width);
	}
}

static void example_rows(const struct cmd *cmd, unsigned width, struct buf *text)
{
	if (cmd->examples == NULL || cmd->examples->command == NULL)
		return;
	buf_append_string(text, "Examples:\n");
	for (const struct cmd_example *e = cmd->examples; e->command != NULL; e++) {
		size_t line_start;

		buf_printf(text, "  %s\n", e->command);
		line_start = text->len;
		pad(text, line_start, EXAMPLE_INDENT);
		(void)cmd_wrap(text, e->text, EXAMPLE_INDENT, EXAMPLE_INDENT, width);
		buf_append_byte(text, '\n');
	}
	buf_append_byte(text, '\n');
}

static void overview(const struct program *program, const char *group, unsigned width,
		     struct buf *text)
{
	verb_rows(program, group, width, text);
	option_rows_common(program, width, text);
	foot(program, text);
}

void cmd_help_group(const struct program *program, const char *group, unsigned width,
		    struct buf *text)
{
	buf_printf(text, "usage: %s %s VERB [OPTION...]\n\n", program->name, group);
	overview(program, group, width, text);
}

void cmd_help(const struct program *program, const struct cmd *cmd, unsigned width,
	      struct buf *text)
{
	CLEANUP(vec_release) struct vec own = {0};

	head(program, cmd, width, text);
	if (cmd == NULL) {
		overview(program, NULL, width, text);
		return;
	}
	vec_init(&own, sizeof(const struct opt *));
	cmd_own_options(cmd, &own);
	option_rows("Options", &own, width, text);
	option_rows_common(program, width, text);
	section_texts(cmd, width, text);
	example_rows(cmd, width, text);
	foot(program, text);
}
