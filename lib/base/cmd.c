/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in the tables. A command's options come from several tables (its own,
 * and groups that commands share), the common ones from the program, --help and --version
 * from here; everybody who needs them walks a list of pointers in that order. Tables are
 * short, so every search is linear.
 */
#include "base/cmd.h"

#include "base/cmd_internal.h"
#include "base/units.h"

const struct opt CMD_OPT_HELP = {
	.name = "help",
	.letter = 'h',
	.type = OPT_FLAG,
	.given = OPT_NOT_TOLD,
	.help = "show this text; after a verb, that of the verb",
};

const struct opt CMD_OPT_VERSION = {
	.name = "version",
	.letter = 'V',
	.type = OPT_FLAG,
	.given = OPT_NOT_TOLD,
	.help = "show the version",
};

const struct opt CMD_OPT_GENERATE = {
	.name = "generate",
	.type = OPT_TEXT,
	.given = OPT_NOT_TOLD,
	.value = "man|bash|zsh|fish|tables|verbs",
	.help = "write generated text for the build",
};

static void add_table(const struct opt *table, struct vec *list)
{
	for (; table != NULL && table->name != NULL; table++)
		vec_push(list, &table);
}

void cmd_own_options(const struct cmd *cmd, struct vec *list)
{
	if (cmd == NULL || cmd->tables == NULL)
		return;
	for (size_t i = 0; cmd->tables[i] != NULL; i++)
		add_table(cmd->tables[i], list);
}

void cmd_common_options(const struct program *program, struct vec *list)
{
	const struct opt *const built_in[] = {&CMD_OPT_HELP, &CMD_OPT_VERSION};

	add_table(program->common, list);
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++)
		vec_push(list, &built_in[i]);
}

const struct opt *cmd_option_at(const struct vec *list, size_t i)
{
	return *(const struct opt *const *)vec_at(list, i);
}

static void all_options(const struct program *program, const struct cmd *cmd,
			struct vec *list)
{
	vec_init(list, sizeof(const struct opt *));
	cmd_own_options(cmd, list);
	cmd_common_options(program, list);
}

const struct opt *cmd_find_option(const struct program *program, const struct cmd *cmd,
				  struct slice name)
{
	CLEANUP(vec_release) struct vec list = {0};

	all_options(program, cmd, &list);
	for (size_t i = 0; i < list.n; i++)
		if (slice_equal(name, slice_of_string(cmd_option_at(&list, i)->name)))
			return cmd_option_at(&list, i);
	if (slice_equal(name, slice_of_string(CMD_OPT_GENERATE.name)))
		return &CMD_OPT_GENERATE;
	return NULL;
}

const struct opt *cmd_find_letter(const struct program *program, const struct cmd *cmd,
				  char letter)
{
	CLEANUP(vec_release) struct vec list = {0};

	all_options(program, cmd, &list);
	for (size_t i = 0; i < list.n; i++)
		if (cmd_option_at(&list, i)->letter == letter)
			return cmd_option_at(&list, i);
	return NULL;
}

const struct cmd *cmd_lookup(const struct program *program, const char *name)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (strcmp(program->commands[i]->name, name) == 0)
			return program->commands[i];
	return NULL;
}

bool cmd_in_group(const struct cmd *cmd, const char *group)
{
	size_t len = strlen(group);

	return strncmp(cmd->name, group, len) == 0 && cmd->name[len] == ' ';
}

bool cmd_is_group(const struct program *program, const char *word)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (cmd_in_group(program->commands[i], word))
			return true;
	return false;
}

static bool has_string(const struct strings *list, const char *string)
{
	for (size_t i = 0; i < strings_count(list); i++)
		if (strcmp(strings_at(list, i), string) == 0)
			return true;
	return false;
}

void cmd_first_words(const struct program *program, struct strings *list)
{
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const char *name = program->commands[i]->name;
		CLEANUP(buf_release) struct buf word = {0};

		buf_init(&word, 0);
		buf_append(&word, name, strcspn(name, " "));
		if (!has_string(list, buf_string(&word)))
			strings_add(list, buf_string(&word));
	}
}

void cmd_second_words(const struct program *program, const char *group,
		      struct strings *list)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (cmd_in_group(program->commands[i], group))
			strings_add(list, program->commands[i]->name + strlen(group) + 1);
}

void cmd_word_summary(const struct program *program, const char *word, struct buf *text)
{
	const struct cmd *cmd = cmd_lookup(program, word);
	CLEANUP(strings_release) struct strings second = {0};

	if (cmd != NULL) {
		buf_append_string(text, cmd->summary);
		return;
	}
	strings_init(&second);
	cmd_second_words(program, word, &second);
	for (size_t i = 0; i < strings_count(&second); i++)
		buf_printf(text, "%s%s", i > 0 ? ", " : "", strings_at(&second, i));
}

bool cmd_needs_value(const struct opt *opt)
{
	return opt->type != OPT_FLAG && opt->type != OPT_OPTIONAL_TEXT;
}

const char *cmd_value_name(const struct opt *opt)
{
	return opt->value != NULL ? opt->value : "VALUE";
}

void cmd_option_form(const struct opt *opt, struct buf *text)
{
	buf_printf(text, "--%s", opt->name);
	if (opt->type == OPT_OPTIONAL_TEXT)
		buf_printf(text, "[=%s]", cmd_value_name(opt));
	else if (cmd_needs_value(opt) || opt->value != NULL)
		buf_printf(text, " %s", cmd_value_name(opt));
}

static void add_limit(struct buf *text, const char *limit)
{
	if (text->len > 0)
		buf_append_string(text, ", ");
	buf_append_string(text, limit);
}

static void add_size_limit(const struct opt *opt, struct buf *limits)
{
	const char *unit = opt->type == OPT_RATE ? "/s" : "";
	char size[UNITS_TEXT_MAX];

	if (opt->min != 0) {
		add_limit(limits, "at least ");
		buf_printf(limits, "%s%s", units_format_exact_size(opt->min, size), unit);
	}
	if (opt->max != 0) {
		add_limit(limits, "at most ");
		buf_printf(limits, "%s%s", units_format_exact_size(opt->max, size), unit);
	}
}

void cmd_option_limits(const struct opt *opt, struct buf *text)
{
	CLEANUP(buf_release) struct buf limits = {0};

	buf_init(&limits, 0);
	for (size_t i = 0; opt->choices != NULL && opt->choices[i] != NULL; i++) {
		add_limit(&limits, i == 0 ? "one of " : "");
		buf_append_string(&limits, opt->choices[i]);
	}
	if (opt->type == OPT_COUNT && opt->max != 0) {
		add_limit(&limits, "");
		buf_printf(&limits, "%llu to %llu", (unsigned long long)opt->min,
			   (unsigned long long)opt->max);
	}
	if (opt->type == OPT_SIZE || opt->type == OPT_RATE)
		add_size_limit(opt, &limits);
	if (opt->type == OPT_LIST)
		add_limit(&limits, "may be repeated");
	buf_append_slice(text, buf_slice(&limits));
}

void cmd_joined_name(const struct program *program, const struct cmd *cmd, char separator,
		     struct buf *text)
{
	size_t start = text->len;

	buf_append_string(text, program->name);
	if (cmd != NULL)
		buf_printf(text, "-%s", cmd->name);
	for (size_t i = start; i < text->len; i++)
		if (text->data[i] == ' ' || text->data[i] == '-')
			text->data[i] = (uint8_t)separator;
}

static const char *type_name(enum opt_type type)
{
	static const char *const names[] = {
		[OPT_FLAG] = "flag",
		[OPT_TEXT] = "text",
		[OPT_LIST] = "list",
		[OPT_SIZE] = "size",
		[OPT_RATE] = "rate",
		[OPT_DURATION] = "duration",
		[OPT_COUNT] = "count",
		[OPT_TIME] = "time",
		[OPT_OPTIONAL_TEXT] = "optional",
	};

	return names[type];
}

static void add_lines(const char *verb, const struct vec *list, struct buf *text)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opt *opt = cmd_option_at(list, i);

		buf_printf(text, "%s\t%s\t%c\t%s\t%s\t%s\n", verb, opt->name,
			   opt->letter != 0 ? opt->letter : '-', type_name(opt->type),
			   opt->value != NULL ? opt->value : "-",
			   opt->env != NULL ? opt->env : "-");
	}
}

void cmd_tables(const struct program *program, struct buf *text)
{
	CLEANUP(vec_release) struct vec list = {0};

	vec_init(&list, sizeof(const struct opt *));
	cmd_common_options(program, &list);
	add_lines("-", &list, text);
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		vec_clear(&list);
		cmd_own_options(program->commands[i], &list);
		add_lines(program->commands[i]->name, &list, text);
	}
}

void cmd_verbs(const struct program *program, struct buf *text)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		buf_printf(text, "%s\n", program->commands[i]->name);
}

bool cmd_wants_json(int argc, char *const argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}
