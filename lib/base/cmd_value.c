/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of options become values in the command's option struct, at the offsets of the
 * table. memcpy() writes them: the struct's fields have their own types, we have a char *. */
#include <assert.h>

#include "base/clock.h"
#include "base/cmd_internal.h"
#include "base/mem.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "base/units.h"

static void *field(const struct opt *opt, void *options)
{
	return (char *)options + opt->offset;
}

static size_t value_len(enum opt_type type)
{
	switch (type) {
	case OPT_FLAG:
		return sizeof(bool);
	case OPT_LIST:
		return sizeof(struct strings);
	case OPT_TEXT:
	case OPT_OPTIONAL_TEXT:
		return sizeof(const char *);
	default:
		return sizeof(uint64_t);
	}
}

static void init_list(const struct vec *list, size_t options_len, void *options)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opt *opt = cmd_option_at(list, i);

		if (opt == &CMD_OPT_HELP || opt == &CMD_OPT_VERSION)
			continue;
		assert(opt->offset + value_len(opt->type) <= options_len);
		if (opt->type == OPT_LIST)
			strings_init(field(opt, options));
	}
}

void cmd_values_init(const struct program *program, const struct cmd *cmd, void *options)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_own_options(cmd, &list);
	cmd_common_options(program, &list);
	init_list(&list, cmd->options_len, options);
}

void cmd_values_free(const struct program *program, const struct cmd *cmd, void *options)
{
	CLEANUP(vec_release) struct vec list = {0};

	if (options == NULL)
		return;
	vec_init(&list, sizeof(const struct opt *));
	cmd_own_options(cmd, &list);
	cmd_common_options(program, &list);
	for (size_t i = 0; i < list.n; i++)
		if (cmd_option_at(&list, i)->type == OPT_LIST)
			strings_release(field(cmd_option_at(&list, i), options));
	mem_free(options);
}

static int check_choice(const struct opt *opt, const char *origin, const char *text,
			struct err *err)
{
	CLEANUP(strings_release) struct strings words = {0};
	CLEANUP(buf_release) struct buf limits = {0};
	char shown[QUOTE_TEXT_MAX];
	const char *close;

	if (opt->choices == NULL)
		return 0;
	strings_init(&words);
	for (size_t i = 0; opt->choices[i] != NULL; i++) {
		if (strcmp(opt->choices[i], text) == 0)
			return 0;
		strings_add(&words, opt->choices[i]);
	}
	buf_init(&limits, 0);
	for (size_t i = 0; i < strings_count(&words); i++)
		buf_printf(&limits, "%s%s", i > 0 ? ", " : "", strings_at(&words, i));
	(void)err_set(err, ERR_USAGE, "%s: %s is not one of %s", origin,
		      quote_string(text, shown), buf_string(&limits));
	close = suggest_string(text, &words);
	return close == NULL ? -1 : err_hint(err, "did you mean %s?", close);
}

/* Of sizes and rates. */
static int check_bounds(const struct opt *opt, const char *origin, const char *text,
			uint64_t value, struct err *err)
{
	CLEANUP(buf_release) struct buf limits = {0};
	char shown[QUOTE_TEXT_MAX];

	if (value >= opt->min && (opt->max == 0 || value <= opt->max))
		return 0;
	buf_init(&limits, 0);
	cmd_option_limits(opt, &limits);
	return err_set(err, ERR_USAGE, "%s: expected %s, found %s", origin,
		       buf_string(&limits), quote_string(text, shown));
}

static int parse_number(const struct opt *opt, const char *origin, const char *text,
			uint64_t *ret_value, struct err *err)
{
	uint64_t max = opt->max != 0 ? opt->max : UINT64_MAX;

	if (opt->type == OPT_COUNT)
		return units_parse_count(origin, text, opt->min, max, ret_value, err);
	if (opt->type == OPT_SIZE && units_parse_size(text, ret_value, err) == 0)
		return check_bounds(opt, origin, text, *ret_value, err);
	if (opt->type == OPT_RATE && units_parse_rate(text, ret_value, err) == 0)
		return check_bounds(opt, origin, text, *ret_value, err);
	if (opt->type == OPT_DURATION && units_parse_duration(text, ret_value, err) == 0)
		return 0;
	return err_wrap(err, "%s", origin);
}

static int set_number(const struct opt *opt, const char *origin, const char *text,
		      void *options, struct err *err)
{
	uint64_t value;

	if (parse_number(opt, origin, text, &value, err) < 0)
		return -1;
	memcpy(field(opt, options), &value, sizeof(value));
	return 0;
}

static int set_time(const struct opt *opt, const char *origin, const char *text,
		    void *options, struct err *err)
{
	int64_t value;

	if (clock_parse(text, &value, err) < 0)
		return err_wrap(err, "%s", origin);
	memcpy(field(opt, options), &value, sizeof(value));
	return 0;
}

static int set_text(const struct opt *opt, const char *origin, const char *text,
		    void *options, struct err *err)
{
	if (text == NULL)
		text = "";
	else if (check_choice(opt, origin, text, err) < 0)
		return -1;
	if (opt->type == OPT_LIST)
		strings_add(field(opt, options), text);
	else
		memcpy(field(opt, options), &text, sizeof(text));
	return 0;
}

static void set_flag(const struct opt *opt, bool value, void *options)
{
	memcpy(field(opt, options), &value, sizeof(value));
}

static int set(const struct opt *opt, const char *origin, const char *text, void *options,
	       struct err *err)
{
	switch (opt->type) {
	case OPT_FLAG:
		set_flag(opt, true, options);
		return 0;
	case OPT_TEXT:
	case OPT_LIST:
	case OPT_OPTIONAL_TEXT:
		return set_text(opt, origin, text, options, err);
	case OPT_TIME:
		return set_time(opt, origin, text, options, err);
	default:
		return set_number(opt, origin, text, options, err);
	}
}

int cmd_value_set(const struct opt *opt, const char *origin, const char *text,
		  void *options, struct err *err)
{
	const bool given = true;

	if (set(opt, origin, text, options, err) < 0)
		return -1;
	if (opt->given != OPT_NOT_TOLD && opt->given != 0)
		memcpy((char *)options + opt->given, &given, sizeof(given));
	return 0;
}

static bool is_word(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

int cmd_value_set_env(const struct opt *opt, const char *text, void *options,
		      struct err *err)
{
	static const char *const on[] = {"1", "yes", "true"};
	static const char *const off[] = {"0", "no", "false"};
	char shown[QUOTE_TEXT_MAX];

	if (opt->type != OPT_FLAG || is_word(text, on, ARRAY_SIZE(on)))
		return cmd_value_set(opt, opt->env, text, options, err);
	if (is_word(text, off, ARRAY_SIZE(off)))
		return 0;
	return err_set(err, ERR_USAGE, "%s: %s is not one of yes, no", opt->env,
		       quote_string(text, shown));
}
