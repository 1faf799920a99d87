/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first pass over argv: words become options, the verb and operands. It needs the verb's
 * tables as soon as the verb is known, because whether a word belongs to the option before
 * it depends on that option. Options before the verb are looked up among the common ones;
 * one that belongs to a verb gets an error that says so.
 *
 * A verb of two words ("key add") is a group and a second word; `group` holds the first
 * until the second comes. --help only leaves a mark: what it shows depends on a verb that
 * may follow.
 */
#include "base/cmd_internal.h"
#include "base/mem.h"
#include "base/quote.h"
#include "base/suggest.h"

void cmd_scan_release(struct cmd_scan *s)
{
	vec_release(&s->settings);
	strings_release(&s->operands);
}

int cmd_scan_hint_help(const struct cmd_scan *s, struct err *err)
{
	return err_hint(err, "see %s %s%s--help", s->program->name,
			s->cmd != NULL ? s->cmd->name : "", s->cmd != NULL ? " " : "");
}

/* Puts the verb in front of the message. */
int cmd_scan_about(const struct cmd_scan *s, struct err *err)
{
	return s->cmd == NULL ? -1 : err_wrap(err, "%s", s->cmd->name);
}

static const struct cmd *other_owner(const struct cmd_scan *s, struct slice name)
{
	for (size_t i = 0; s->program->commands[i] != NULL; i++)
		if (cmd_find_option(s->program, s->program->commands[i], name) != NULL)
			return s->program->commands[i];
	return NULL;
}

static void option_names(const struct cmd_scan *s, struct strings *names)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_own_options(s->cmd, &list);
	cmd_common_options(s->program, &list);
	for (size_t i = 0; i < list.n; i++)
		strings_add(names, cmd_option_at(&list, i)->name);
}

static int unknown_option(const struct cmd_scan *s, struct slice name, struct err *err)
{
	const struct cmd *owner = other_owner(s, name);
	CLEANUP(strings_release) struct strings names = {0};
	CLEANUP(mem_freep) char *text = mem_strndup((const char *)name.data, name.len);
	CLEANUP(mem_freep) char *option = mem_printf("--%s", text);
	char shown[QUOTE_TEXT_MAX];
	const char *close;

	quote_string(option, shown);
	if (owner != NULL && s->cmd == NULL) {
		(void)err_set(err, ERR_USAGE, "%s stands before the verb", shown);
		return err_hint(err, "only common options may: %s %s %s",
				s->program->name, owner->name, shown);
	}
	(void)err_set(err, ERR_USAGE, "unknown option %s", shown);
	(void)cmd_scan_about(s, err);
	strings_init(&names);
	option_names(s, &names);
	close = suggest_string(text, &names);
	if (close != NULL)
		return err_hint(err, "did you mean --%s?", close);
	if (owner != NULL)
		return err_hint(err, "it is an option of %s %s", s->program->name,
				owner->name);
	return cmd_scan_hint_help(s, err);
}

bool cmd_scan_has(const struct cmd_scan *s, const struct opt *opt)
{
	for (size_t i = 0; i < s->settings.n; i++)
		if (((struct cmd_setting *)vec_at(&s->settings, i))->opt == opt)
			return true;
	return false;
}

static int add_setting(struct cmd_scan *s, const struct opt *opt, const char *text,
		       struct err *err)
{
	struct cmd_setting setting = {.opt = opt, .text = text};

	if (text == NULL && opt->type == OPT_OPTIONAL_TEXT && s->at < s->argc)
		setting.behind = s->argv[s->at];

	if (opt == &CMD_OPT_HELP) {
		s->help = true;
	} else if (opt == &CMD_OPT_VERSION) {
		s->version = true;
	} else if (opt == &CMD_OPT_GENERATE) {
		s->generate = text;
	} else {
		if (opt->type != OPT_LIST && cmd_scan_has(s, opt)) {
			(void)err_set(err, ERR_USAGE, "--%s is given twice", opt->name);
			return cmd_scan_about(s, err);
		}
		vec_push(&s->settings, &setting);
	}
	return 0;
}

/* "--repo --key F": the value was forgotten, and --key is not meant to be it. */
static bool looks_like_option(const struct cmd_scan *s, const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return false;
	return word[2] == '\0' ||
	       cmd_find_option(s->program, s->cmd, slice_of_string(word + 2)) != NULL;
}

/* The value of `opt` is the next word. */
static int take_value(struct cmd_scan *s, const struct opt *opt, const char **ret_text,
		      struct err *err)
{
	const char *word = s->at < s->argc ? s->argv[s->at] : NULL;

	if (word != NULL && !looks_like_option(s, word)) {
		s->at++;
		*ret_text = word;
		return 0;
	}
	(void)err_set(err, ERR_USAGE, "--%s needs a value: %s", opt->name,
		      cmd_value_name(opt));
	(void)cmd_scan_about(s, err);
	if (word == NULL)
		return cmd_scan_hint_help(s, err);
	return err_hint(err, "write --%s=%s if that is the value", opt->name, word);
}

static int scan_long(struct cmd_scan *s, const char *word, struct err *err)
{
	size_t len = strcspn(word, "=");
	const char *text = word[len] == '=' ? word + len + 1 : NULL;
	const struct opt *opt = cmd_find_option(s->program, s->cmd, slice_of(word, len));

	if (opt == NULL)
		return unknown_option(s, slice_of(word, len), err);
	if (opt->type == OPT_FLAG && text != NULL) {
		(void)err_set(err, ERR_USAGE, "--%s takes no value", opt->name);
		return cmd_scan_about(s, err);
	}
	if (cmd_needs_value(opt) && text == NULL && take_value(s, opt, &text, err) < 0)
		return -1;
	return add_setting(s, opt, text, err);
}

static int unknown_letter(const struct cmd_scan *s, const char *letter, struct err *err)
{
	char option[] = {'-', *letter, '\0'};
	char shown[QUOTE_TEXT_MAX];

	(void)err_set(err, ERR_USAGE, "unknown option %s", quote_string(option, shown));
	(void)cmd_scan_about(s, err);
	return cmd_scan_hint_help(s, err);
}

static int scan_letters(struct cmd_scan *s, const char *letters, struct err *err)
{
	for (; *letters != '\0'; letters++) {
		const struct opt *opt = cmd_find_letter(s->program, s->cmd, *letters);
		const char *text = NULL;

		if (opt == NULL)
			return unknown_letter(s, letters, err);
		if (cmd_needs_value(opt)) {
			text = letters + 1;
			if (*text == '\0' && take_value(s, opt, &text, err) < 0)
				return -1;
			return add_setting(s, opt, text, err);
		}
		if (add_setting(s, opt, text, err) < 0)
			return -1;
	}
	return 0;
}

static int unknown_verb(const struct cmd_scan *s, const char *word, struct err *err)
{
	CLEANUP(strings_release) struct strings names = {0};
	const char *group = s->group != NULL ? s->group : "";
	const char *space = s->group != NULL ? " " : "";
	char shown[QUOTE_TEXT_MAX];
	const char *close;

	strings_init(&names);
	if (s->group != NULL)
		cmd_second_words(s->program, s->group, &names);
	else
		cmd_first_words(s->program, &names);
	(void)err_set(err, ERR_USAGE, "unknown verb %s%s%s", group, space,
		      quote_string(word, shown));
	close = suggest_string(word, &names);
	if (close != NULL)
		return err_hint(err, "did you mean %s%s%s?", group, space, close);
	return err_hint(err, "see %s --help", s->program->name);
}

static int scan_verb(struct cmd_scan *s, const char *word, struct err *err)
{
	CLEANUP(mem_freep)
	char *name =
		s->group != NULL ? mem_printf("%s %s", s->group, word) : mem_strdup(word);

	s->cmd = cmd_lookup(s->program, name);
	if (s->cmd != NULL)
		return 0;
	if (s->group != NULL)
		return unknown_verb(s, word, err);
	if (cmd_is_group(s->program, word))
		s->group = word;
	else if (strcmp(word, "help") == 0)
		s->help = true;
	else
		return unknown_verb(s, word, err);
	return 0;
}

int cmd_scan_words(struct cmd_scan *s, struct err *err)
{
	while (s->at < s->argc) {
		const char *word = s->argv[s->at++];
		int failed = 0;

		if (!s->ended && strcmp(word, "--") == 0)
			s->ended = true;
		else if (!s->ended && strncmp(word, "--", 2) == 0)
			failed = scan_long(s, word + 2, err);
		else if (!s->ended && word[0] == '-' && word[1] != '\0')
			failed = scan_letters(s, word + 1, err);
		else if (s->cmd == NULL)
			failed = scan_verb(s, word, err);
		else
			strings_add(&s->operands, word);
		if (failed < 0)
			return -1;
	}
	return 0;
}
