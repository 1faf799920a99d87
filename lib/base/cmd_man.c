/* SPDX-License-Identifier: Apache-2.0 */
/*
 * man(7) pages from the tables: one for the program with its verbs, common options and the
 * exit codes, one for each verb with its options and examples. The date in .TH is the
 * version's: the same sources must give the same bytes on every day.
 */
#include "base/cmd_internal.h"
#include "base/mem.h"

static void put(struct buf *text, const char *string)
{
	cmd_man_escape(text, slice_of_string(string));
}

static void put_line(struct buf *text, const char *string)
{
	put(text, string);
	buf_append_byte(text, '\n');
}

static void bold(struct buf *text, const char *string)
{
	buf_append_string(text, "\\fB");
	put(text, string);
	buf_append_string(text, "\\fR");
}

static void put_capitals(struct buf *text, const char *words)
{
	CLEANUP(mem_freep) char *capitals = mem_strdup(words);

	for (char *c = capitals; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	put(text, capitals);
}

static void heading(struct buf *text, const char *title)
{
	buf_printf(text, ".SH %s\n", title);
}

static void option_entry(const struct opt *opt, struct buf *text)
{
	CLEANUP(buf_release) struct buf form = {0};
	CLEANUP(buf_release) struct buf limits = {0};

	buf_init(&form, 0);
	buf_init(&limits, 0);
	cmd_option_form(opt, &form);
	cmd_option_limits(opt, &limits);
	buf_append_string(text, ".TP\n");
	if (opt->letter != 0)
		buf_printf(text, "\\fB\\-%c\\fR, ", opt->letter);
	bold(text, buf_string(&form));
	buf_append_byte(text, '\n');
	put(text, opt->help);
	if (limits.len > 0) {
		buf_append_string(text, " (");
		put(text, buf_string(&limits));
		buf_append_byte(text, ')');
	}
	buf_append_string(text, ".\n");
	if (opt->more != NULL)
		cmd_man_sentence(text, opt->more);
	if (opt->env != NULL)
		buf_printf(text, "Without it, the environment variable \\fB%s\\fR.\n",
			   opt->env);
}

static void option_entries(const char *title, const struct vec *list, struct buf *text)
{
	if (list->n == 0)
		return;
	heading(text, title);
	for (size_t i = 0; i < list->n; i++)
		option_entry(cmd_option_at(list, i), text);
}

static void options(const struct program *program, const struct cmd *cmd,
		    struct buf *text)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_own_options(cmd, &list);
	option_entries("OPTIONS", &list, text);
	vec_clear(&list);
	cmd_common_options(program, &list);
	option_entries("COMMON OPTIONS", &list, text);
}

static void page_name(const struct program *program, const struct cmd *cmd,
		      struct buf *text)
{
	CLEANUP(buf_release) struct buf name = {0};

	buf_init(&name, 0);
	cmd_joined_name(program, cmd, '-', &name);
	put(text, buf_string(&name));
}

static void page_reference(const struct program *program, const struct cmd *cmd,
			   const char *behind, struct buf *text)
{
	buf_append_string(text, ".BR ");
	page_name(program, cmd, text);
	buf_printf(text, " (1)%s\n", behind);
}

static void title(const struct program *program, const struct cmd *cmd, struct buf *text)
{
	CLEANUP(buf_release) struct buf name = {0};

	buf_init(&name, 0);
	cmd_joined_name(program, cmd, '-', &name);
	buf_append_string(text, ".TH \"");
	put_capitals(text, buf_string(&name));
	buf_printf(text, "\" 1 \"%s\" \"", program->date != NULL ? program->date : "");
	put(text, program->name);
	buf_append_byte(text, ' ');
	put(text, program->version);
	buf_append_string(text, "\" \"Quipu manual\"\n");
}

static void head(const struct program *program, const struct cmd *cmd, struct buf *text)
{
	const char *description = cmd != NULL ? cmd->description : program->description;
	CLEANUP(buf_release) struct buf usage = {0};

	title(program, cmd, text);
	heading(text, "NAME");
	page_name(program, cmd, text);
	buf_append_string(text, " \\- ");
	put_line(text, cmd != NULL ? cmd->summary : program->summary);
	heading(text, "SYNOPSIS");
	buf_init(&usage, 0);
	cmd_usage_line(program, cmd, &usage);
	bold(text, buf_string(&usage));
	buf_append_byte(text, '\n');
	heading(text, "DESCRIPTION");
	if (description == NULL || *description == '\0')
		cmd_man_sentence(text, cmd != NULL ? cmd->summary : program->summary);
	cmd_man_paragraphs(text, description);
}

static void verbs(const struct program *program, struct buf *text)
{
	heading(text, "VERBS");
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const struct cmd *cmd = program->commands[i];

		buf_append_string(text, ".TP\n");
		bold(text, cmd->name);
		if (cmd->operands != NULL && *cmd->operands != '\0') {
			buf_append_byte(text, ' ');
			put(text, cmd->operands);
		}
		buf_append_byte(text, '\n');
		cmd_man_sentence(text, cmd->summary);
		buf_append_string(text, "See\n");
		page_reference(program, cmd, " .", text);
	}
}

static void sections(const struct cmd *cmd, struct buf *text)
{
	const struct cmd_section *section = cmd->sections;

	for (; section != NULL && section->title != NULL; section++) {
		buf_append_string(text, ".SH ");
		put_capitals(text, section->title);
		buf_append_byte(text, '\n');
		cmd_man_paragraphs(text, section->text);
	}
}

static void examples(const struct cmd *cmd, struct buf *text)
{
	if (cmd->examples == NULL || cmd->examples->command == NULL)
		return;
	heading(text, "EXAMPLES");
	for (const struct cmd_example *e = cmd->examples; e->command != NULL; e++) {
		buf_append_string(text, ".TP\n");
		bold(text, e->command);
		buf_append_byte(text, '\n');
		cmd_man_sentence(text, e->text);
	}
}

static void exit_codes(const struct program *program, const struct cmd *cmd,
		       struct buf *text)
{
	heading(text, "EXIT CODES");
	if (cmd != NULL) {
		buf_append_string(text, "See EXIT CODES in\n");
		page_reference(program, NULL, " .", text);
		return;
	}
	for (const struct err_exit *row = err_exit_table(); row->meaning != NULL; row++) {
		buf_append_string(text, ".TP\n");
		bold(text, row->codes);
		buf_append_byte(text, '\n');
		put_line(text, row->meaning);
	}
}

static void see_also(const struct program *program, const struct cmd *cmd,
		     struct buf *text)
{
	heading(text, "SEE ALSO");
	if (cmd != NULL) {
		page_reference(program, NULL, "", text);
		return;
	}
	for (size_t i = 0; program->commands[i] != NULL; i++)
		page_reference(program, program->commands[i],
			       program->commands[i + 1] != NULL ? " ," : "", text);
}

void cmd_man(const struct program *program, const struct cmd *cmd, struct slice extra,
	     struct buf *text)
{
	head(program, cmd, text);
	if (cmd == NULL)
		verbs(program, text);
	options(program, cmd, text);
	if (cmd != NULL) {
		sections(cmd, text);
		examples(cmd, text);
	}
	cmd_man_extra(text, extra);
	exit_codes(program, cmd, text);
	see_also(program, cmd, text);
}
