/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of the command line's machine, by file: cmd.c (tables), cmd_scan.c (words of argv),
 * cmd_value.c (text to values), cmd_text.c (wrapping),
 * cmd_parse.c (all together), and the writers cmd_help.c, cmd_man.c, cmd_man_text.c,
 * cmd_man_extra.c, cmd_completion_{bash,zsh,fish}.c.
 */
#ifndef BASE_CMD_INTERNAL_H
#define BASE_CMD_INTERNAL_H

#include "base/cmd.h"

/* --- tables (cmd.c) --- */

/* Calls that fill `list` (elements: const struct opt *) in the order of the tables. */
void cmd_own_options(const struct cmd *cmd, struct vec *list);
void cmd_common_options(const struct program *program, struct vec *list); /* + built in */
const struct opt *cmd_option_at(const struct vec *list, size_t i);

extern const struct opt CMD_OPT_HELP, CMD_OPT_VERSION;
extern const struct opt CMD_OPT_GENERATE; /* in no list */

/* Own options first (cmd may be NULL), then common and built-in ones; NULL when unknown. */
const struct opt *cmd_find_option(const struct program *program, const struct cmd *cmd,
				  struct slice name);
const struct opt *cmd_find_letter(const struct program *program, const struct cmd *cmd,
				  char letter);
const struct cmd *cmd_lookup(const struct program *program, const char *name);

/* Is `word` the first word of verbs with two? */
bool cmd_is_group(const struct program *program, const char *word);
/* Is cmd of this group ("key": "key add")? */
bool cmd_in_group(const struct cmd *cmd, const char *group);
/* The first words of the program's verbs, each once (list of strings). */
void cmd_first_words(const struct program *program, struct strings *list);
/* The second words of a group's verbs. */
void cmd_second_words(const struct program *program, const char *group,
		      struct strings *list);

/* The summary of the verb that is `word`, or for a group its second words: "list, add". */
void cmd_word_summary(const struct program *program, const char *word, struct buf *text);

/* Must a value follow (OPT_OPTIONAL_TEXT: only behind '=', hence false)? */
bool cmd_needs_value(const struct opt *opt);
const char *cmd_value_name(const struct opt *opt);
/* "--repo URL", "--read-data[=P%|N/M]", "--files PATH...", "--json". */
void cmd_option_form(const struct opt *opt, struct buf *text);
/* Limits in words, comma between, or nothing: "one of reader, writer", "1 to 256",
 * "at least 32MiB", "may be repeated". */
void cmd_option_limits(const struct opt *opt, struct buf *text);
/* "quipu-backup-key-add": page and function names; `separator` for every ' ' and '-'. */
void cmd_joined_name(const struct program *program, const struct cmd *cmd, char separator,
		     struct buf *text);
/* One line an option, for `--generate tables`. */
void cmd_tables(const struct program *program, struct buf *text);
/* One line a verb, for `--generate verbs`: what has a man page of its own. */
void cmd_verbs(const struct program *program, struct buf *text);

/* --- words of argv (cmd_scan.c) --- */

/* An option that was met, with its text (NULL for flags). */
struct cmd_setting {
	const struct opt *opt;
	const char *text;
	const char
		*behind; /* the next word when an optional value is left out, or NULL */
};

struct cmd_scan {
	const struct program *program;
	char *const *argv;
	int argc, at;
	bool ended; /* after "--" */
	const struct cmd *cmd;
	const char *group; /* "key" of "key add", until "add" comes */
	struct vec settings;
	struct strings operands;
	bool help, version;
	const char *generate;
};

/* s: settings and operands initialised, `at` the first word. */
MUST_CHECK int cmd_scan_words(struct cmd_scan *s, struct err *err);
void cmd_scan_release(struct cmd_scan *s);
bool cmd_scan_has(const struct cmd_scan *s, const struct opt *opt);
/* Put the verb in front of a message, and "see ... --help" as its hint; both return -1. */
int cmd_scan_about(const struct cmd_scan *s, struct err *err);
int cmd_scan_hint_help(const struct cmd_scan *s, struct err *err);

/* --- values (cmd_value.c) --- */

void cmd_values_init(const struct program *program, const struct cmd *cmd, void *options);
void cmd_values_free(const struct program *program, const struct cmd *cmd, void *options);
/* `origin` is "--repo" or "QUIPU_REPO", for messages. `text` NULL: a flag, or an optional
 * value that is absent. */
MUST_CHECK int cmd_value_set(const struct opt *opt, const char *origin, const char *text,
			     void *options, struct err *err);
/* From the environment: flags take yes, true, 1, no, false, 0. */
MUST_CHECK int cmd_value_set_env(const struct opt *opt, const char *text, void *options,
				 struct err *err);

/* --- text (cmd_text.c) --- */

/* Appends words of `text`, broken before `width`; later lines start at column `indent`;
 * `column` is where the first word stands. Returns the column behind the last word. */
unsigned cmd_wrap(struct buf *out, const char *text, unsigned column, unsigned indent,
		  unsigned width);
/* Paragraphs of a description; ends with an empty line when there was any. */
void cmd_wrap_paragraphs(struct buf *out, const char *text, unsigned width);
/* Takes the next line (without '\n') off *text; false at the end. */
bool cmd_next_line(const char **text, struct slice *ret_line);

/* --- help (cmd_help.c) --- */

/* As the program's overview, with the verbs of one group only. */
void cmd_help_group(const struct program *program, const char *group, unsigned width,
		    struct buf *text);
void cmd_usage_line(const struct program *program, const struct cmd *cmd,
		    struct buf *text);

/* --- man pages (cmd_man.c, cmd_man_text.c, cmd_man_extra.c) --- */

void cmd_man_escape(struct buf *text, struct slice bytes);
/* Paragraphs; lines that start with a space are shown as they are. */
void cmd_man_paragraphs(struct buf *text, const char *words);
/* With a full stop at the end, and the line's end. */
void cmd_man_sentence(struct buf *text, const char *words);
void cmd_man_extra(struct buf *text, struct slice markdown);

#endif
