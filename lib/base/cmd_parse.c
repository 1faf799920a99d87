/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second pass: what cmd_scan.c sorted is checked, and texts become values. So --help
 * works among arguments whose values are wrong, and values are parsed once the option
 * struct exists. The environment comes last and fills only what argv left out.
 */
#include "base/cmd_internal.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/quote.h"

enum { HELP_WIDTH = 80, MAN_EXTRA_MAX = 1024 * 1024 };

static int generate_man(const struct cmd_scan *s, const char *file, struct buf *text,
			struct err *err)
{
	CLEANUP(buf_release) struct buf extra = {0};

	buf_init(&extra, 0);
	if (*file == ':' && file_read(file + 1, MAN_EXTRA_MAX, &extra, err) < 0)
		return -1;
	cmd_man(s->program, s->cmd, buf_slice(&extra), text);
	return 0;
}

static int generate(const struct cmd_scan *s, struct buf *text, struct err *err)
{
	const char *what = s->generate;
	char shown[QUOTE_TEXT_MAX];

	if (strncmp(what, "man", 3) == 0 && (what[3] == '\0' || what[3] == ':'))
		return generate_man(s, what + 3, text, err);
	if (strcmp(what, "bash") == 0)
		cmd_completion_bash(s->program, text);
	else if (strcmp(what, "zsh") == 0)
		cmd_completion_zsh(s->program, text);
	else if (strcmp(what, "fish") == 0)
		cmd_completion_fish(s->program, text);
	else if (strcmp(what, "tables") == 0)
		cmd_tables(s->program, text);
	else if (strcmp(what, "verbs") == 0)
		cmd_verbs(s->program, text);
	else
		return err_set(err, ERR_USAGE, "--generate: %s is not one of %s",
			       quote_string(what, shown), CMD_OPT_GENERATE.value);
	return 0;
}

/* What is asked for instead of a run; *ret_shown tells whether anything was. */
static int show(const struct cmd_scan *s, bool *ret_shown, struct buf *text,
		struct err *err)
{
	*ret_shown = true;
	if (s->generate != NULL)
		return generate(s, text, err);
	if (s->version)
		buf_printf(text, "%s %s\n", s->program->name, s->program->version);
	else if (s->help && s->cmd == NULL && s->group != NULL)
		cmd_help_group(s->program, s->group, HELP_WIDTH, text);
	else if (s->help)
		cmd_help(s->program, s->cmd, HELP_WIDTH, text);
	else
		*ret_shown = false;
	return 0;
}

static int missing_verb(const struct cmd_scan *s, struct err *err)
{
	CLEANUP(strings_release) struct strings words = {0};
	CLEANUP(buf_release) struct buf list = {0};

	strings_init(&words);
	buf_init(&list, 0);
	if (s->group != NULL)
		cmd_second_words(s->program, s->group, &words);
	else
		cmd_first_words(s->program, &words);
	for (size_t i = 0; i < strings_count(&words); i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", strings_at(&words, i));
	if (s->group != NULL)
		(void)err_set(err, ERR_USAGE, "%s: a second word is missing: one of %s",
			      s->group, buf_string(&list));
	else
		(void)err_set(err, ERR_USAGE, "a verb is missing: one of %s",
			      buf_string(&list));
	return cmd_scan_hint_help(s, err);
}

/* *ret_taken: an option takes the operands, so their number is not ours to check. */
static int find_taker(const struct cmd_scan *s, bool *ret_taken, struct err *err)
{
	const struct opt *taker = NULL;

	for (size_t i = 0; i < s->settings.n; i++) {
		const struct opt *opt =
			((struct cmd_setting *)vec_at(&s->settings, i))->opt;

		if (!opt->takes_rest)
			continue;
		if (taker != NULL) {
			(void)err_set(err, ERR_USAGE, "--%s and --%s exclude each other",
				      taker->name, opt->name);
			return cmd_scan_about(s, err);
		}
		taker = opt;
	}
	*ret_taken = taker != NULL;
	return 0;
}

/* An operand too many may be meant as the optional value of the option before it. */
static const struct cmd_setting *find_bare(const struct cmd_scan *s)
{
	for (size_t i = 0; i < s->settings.n; i++) {
		const struct cmd_setting *setting = vec_at(&s->settings, i);

		if (setting->behind != NULL && setting->behind[0] != '-')
			return setting;
	}
	return NULL;
}

static int hint_usage(const struct cmd_scan *s, struct err *err)
{
	CLEANUP(buf_release) struct buf usage = {0};

	(void)cmd_scan_about(s, err);
	buf_init(&usage, 0);
	cmd_usage_line(s->program, s->cmd, &usage);
	return err_hint(err, "usage: %s", buf_string(&usage));
}

static int check_operands(const struct cmd_scan *s, struct err *err)
{
	size_t n = strings_count(&s->operands);
	const struct cmd_setting *bare = find_bare(s);
	char shown[QUOTE_TEXT_MAX];
	bool taken = false;

	if (find_taker(s, &taken, err) < 0)
		return -1;
	if (taken || (n >= s->cmd->min_operands && n <= s->cmd->max_operands))
		return 0;
	if (n < s->cmd->min_operands) {
		(void)err_set(err, ERR_USAGE, "expected %s, got %zu operand%s",
			      s->cmd->operands, n, n == 1 ? "" : "s");
		return hint_usage(s, err);
	}
	(void)err_set(
		err, ERR_USAGE, "unexpected operand %s",
		quote_string(strings_at(&s->operands, s->cmd->max_operands), shown));
	(void)hint_usage(s, err);
	if (bare == NULL)
		return -1;
	return err_hint(err, "write --%s=%s if that is its value", bare->opt->name,
			quote_string(bare->behind, shown));
}

static int fill_given(const struct cmd_scan *s, void *options, struct err *err)
{
	for (size_t i = 0; i < s->settings.n; i++) {
		const struct cmd_setting *setting = vec_at(&s->settings, i);
		CLEANUP(mem_freep) char *origin = mem_printf("--%s", setting->opt->name);

		if (cmd_value_set(setting->opt, origin, setting->text, options, err) < 0)
			return cmd_scan_about(s, err);
	}
	return 0;
}

static int fill_from_environment(const struct cmd_scan *s, void *options, struct err *err)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_own_options(s->cmd, &list);
	cmd_common_options(s->program, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct opt *opt = cmd_option_at(&list, i);
		const char *text = opt->env != NULL ? getenv(opt->env) : NULL;

		if (text == NULL || *text == '\0' || cmd_scan_has(s, opt))
			continue;
		if (cmd_value_set_env(opt, text, options, err) < 0)
			return -1;
	}
	return 0;
}

static int fill(struct cmd_scan *s, struct cmd_line *line, struct err *err)
{
	if (s->cmd == NULL)
		return missing_verb(s, err);
	if (check_operands(s, err) < 0)
		return -1;
	line->cmd = s->cmd;
	line->options = mem_zalloc(s->cmd->options_len);
	cmd_values_init(s->program, s->cmd, line->options);
	if (fill_given(s, line->options, err) < 0)
		return -1;
	return fill_from_environment(s, line->options, err);
}

/* Fills *line, which the caller releases on failure as well. */
static int parse(struct cmd_scan *s, struct cmd_line *line, struct err *err)
{
	bool shown = false;

	if (cmd_scan_words(s, err) < 0 || show(s, &shown, &line->text, err) < 0)
		return -1;
	line->outcome = shown ? CMD_HELP_SHOWN : CMD_RUN;
	if (!shown && fill(s, line, err) < 0)
		return -1;
	line->operands = s->operands; /* given over */
	strings_init(&s->operands);
	return 0;
}

int cmd_parse(const struct program *program, int argc, char *const argv[],
	      struct cmd_line *ret_line, struct err *err)
{
	CLEANUP(cmd_scan_release)
	struct cmd_scan s = {.program = program, .argv = argv, .argc = argc, .at = 1};
	struct cmd_line line = {0};

	vec_init(&s.settings, sizeof(struct cmd_setting));
	strings_init(&s.operands);
	strings_init(&line.operands);
	buf_init(&line.text, 0);
	if (parse(&s, &line, err) < 0) {
		cmd_line_release(program, &line);
		return -1;
	}
	*ret_line = line;
	return 0;
}

void cmd_line_release(const struct program *program, struct cmd_line *line)
{
	if (line->cmd != NULL)
		cmd_values_free(program, line->cmd, line->options);
	strings_release(&line->operands);
	buf_release(&line->text);
	*line = (struct cmd_line){0};
}
