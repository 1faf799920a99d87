/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and options as data. From these tables come the parser, --help, man pages and
 * shell completion; a test compares them.
 *
 * To add an option: one row in the command's `struct opt` table (cmd_*.c), a field in the
 * struct it fills, `more` where it needs more than a sentence.
 * To add a verb: a cmd_*.c with a `const struct cmd`, a row in the program's main.c.
 */
#ifndef BASE_CMD_H
#define BASE_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

enum opt_type {
	OPT_FLAG,	   /* bool; `--name`; `--no-name` is not accepted */
	OPT_TEXT,	   /* const char * (points into argv) */
	OPT_LIST,	   /* struct strings, may be repeated */
	OPT_SIZE,	   /* uint64_t bytes */
	OPT_RATE,	   /* uint64_t bytes per second */
	OPT_DURATION,	   /* uint64_t seconds */
	OPT_COUNT,	   /* uint64_t within min..max */
	OPT_TIME,	   /* int64_t ns, RFC 3339 */
	OPT_OPTIONAL_TEXT, /* const char *; `--name` alone sets "", `--name=X` sets X */
};

struct opt {
	const char *name; /* without dashes */
	char letter;	  /* 0 = none */
	enum opt_type type;
	size_t offset; /* of the value in the command's option struct (offsetof) */
	size_t given;  /* offset of a bool that tells it was given; OPT_NOT_TOLD or 0 (a
			  row that leaves it out) = none, so no such bool is first */
	uint64_t min, max; /* OPT_COUNT, OPT_SIZE and OPT_RATE; max 0 = no limit */
	const char *value; /* what the value is called in help: "FILE" */
	const char *env;   /* environment variable that gives the default, or NULL */
	const char *help;  /* one sentence for --help, no full stop; limits are added */
	const char *more;  /* further sentences for the man page, or NULL */
	const char *const *choices; /* NULL, or the allowed words, NULL-terminated */
	const char *complete;	    /* "file", "dir", or NULL: what the shell completes */
	bool takes_rest; /* when given, all operands belong to it: their number is the
				command's to check, `max_operands` does not hold */
};
#define OPT_NOT_TOLD ((size_t)-1)

struct cmd_example {
	const char *command;
	const char *text;
};

/* What needs more words than an option's row; stands behind the options. */
struct cmd_section {
	const char *title; /* "Patterns" */
	const char *text;  /* paragraphs, as the description has them */
};

/* `context` is what the program hands to every command (its environment: clock, log...). */
struct cmd {
	const char *name;     /* "run", or "key add": two words are a verb group */
	const char *operands; /* "[JOB...]", shown in the usage line */
	unsigned min_operands, max_operands; /* CMD_ANY = no limit */
	const struct opt *const
		*tables;    /* NULL-terminated list of option tables, each ended
						by a row with name NULL */
	size_t options_len; /* size of the option struct, zeroed first */
	unsigned flags;	    /* for whoever gives the context to `run` */
	int (*run)(void *context, void *options, const struct strings *operands,
		   struct err *err); /* 0 done; -1 error; or a documented exit code */
	const char *summary;	     /* one line, no full stop */
	/* Paragraphs for --help and man, separated by blank lines; lines that start with a
	 * space stay as they are. */
	const char *description;
	const struct cmd_section *sections; /* NULL, or ended by title NULL */
	const struct cmd_example *examples; /* ended by command NULL */
};
#define CMD_ANY ((unsigned)-1)

struct program {
	const char *name; /* "quipu-backup" */
	const char *version;
	const char *date; /* of the version, "2026-11-25", for man pages; NULL = none */
	const char *summary;
	const char *description;
	const struct cmd *const *commands; /* NULL-terminated */
	const struct opt *common; /* options of every command; they fill the struct at the
					      start of each option struct */
};

/*
 * --help (-h) and --version (-V) belong to every program without a row in its tables, and so
 * does `help [VERB]`. Hidden, for the build: `[VERB] --generate man[:FILE]` (FILE is the
 * `extra` of cmd_man()), bash, zsh, fish, tables (one line an option: verb or "-", name,
 * letter, type, value, environment; tabs between), verbs (one a line).
 */
enum cmd_outcome {
	CMD_RUN,	/* cmd, options and operands are ready */
	CMD_HELP_SHOWN, /* text is for stdout: --help, --version, --generate */
};

/* What argv says. Texts in options point into argv or the environment. */
struct cmd_line {
	enum cmd_outcome outcome;
	const struct cmd *cmd; /* NULL with CMD_HELP_SHOWN */
	void *options;	       /* owned: the struct that the command's tables fill */
	struct strings operands;
	struct buf text;
};

/*
 * Parses argv. Long options `--name value` and `--name=value`, unambiguous or not: no
 * abbreviations. Letters may be joined. `--` ends options. Options may stand before and
 * after operands and before the verb (common ones). A given environment variable fills what
 * is absent, and then counts as given; an empty one counts as absent. Options that are
 * repeated (but OPT_LIST) are an error, as are two options that take the operands. Errors
 * are ERR_USAGE, one line with "did you mean" as hint; never the whole help.
 * The caller releases *ret_line with the same program.
 */
MUST_CHECK int cmd_parse(const struct program *program, int argc, char *const argv[],
			 struct cmd_line *ret_line, struct err *err);
void cmd_line_release(const struct program *program, struct cmd_line *line);

/* True when `--json` stands among the words before `--`: used to shape an error that
 * happens before parsing is over. */
bool cmd_wants_json(int argc, char *const argv[]);

/* Texts from the tables. */
void cmd_help(const struct program *program, const struct cmd *cmd, unsigned width,
	      struct buf *text); /* cmd NULL = the program's overview */
/* man: one page for the program (cmd NULL) or a verb; man(7) source. `extra` is the text
 * of docs/man/NAME.md where there is one, else empty: sections "## TITLE", "### Title",
 * paragraphs, "- " lists, fenced code, `code`, **strong**; it stands before EXIT CODES. */
void cmd_man(const struct program *program, const struct cmd *cmd, struct slice extra,
	     struct buf *text);
void cmd_completion_bash(const struct program *program, struct buf *text);
void cmd_completion_zsh(const struct program *program, struct buf *text);
void cmd_completion_fish(const struct program *program, struct buf *text);

#endif
