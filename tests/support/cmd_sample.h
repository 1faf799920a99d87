/* SPDX-License-Identifier: Apache-2.0 */
/* A program's tables with every kind of option and verb, for the tests of base/cmd. */
#ifndef TESTS_SUPPORT_CMD_SAMPLE_H
#define TESTS_SUPPORT_CMD_SAMPLE_H

#include "base/cmd.h"

struct sample_common {
	const char *repo;
	bool repo_given;
	bool json, quiet;
};

struct sample_run {
	struct sample_common common;
	const char *stream;
	struct strings exclude;
	uint64_t memory, limit_upload, max_age, threads;
	int64_t before;
	bool before_given;
	const char *read_data;
	bool read_data_given;
	bool files;
	const char *command;
	bool dry_run;
};

struct sample_key_add {
	struct sample_common common;
	const char *role;
	const char *out;
	const char *cache_dir;
};

struct sample_show {
	struct sample_common common;
	const char *part;
};

struct sample_plain {
	struct sample_common common;
};

static const struct opt SAMPLE_COMMON[] = {
	{.name = "repo",
	 .letter = 'r',
	 .type = OPT_TEXT,
	 .offset = offsetof(struct sample_common, repo),
	 .given = offsetof(struct sample_common, repo_given),
	 .value = "URL",
	 .env = "QUIPU_SAMPLE_REPO",
	 .help = "where the repository is: file:///path",
	 .more = "Nothing is created there but by init."},
	{.name = "json",
	 .type = OPT_FLAG,
	 .offset = offsetof(struct sample_common, json),
	 .env = "QUIPU_SAMPLE_JSON",
	 .help = "print one JSON document on stdout"},
	{.name = "quiet",
	 .letter = 'q',
	 .type = OPT_FLAG,
	 .offset = offsetof(struct sample_common, quiet),
	 .help = "show errors and warnings only, it's quieter"},
	{.name = NULL},
};

static const struct opt SAMPLE_RUN[] = {
	{.name = "stream",
	 .letter = 's',
	 .type = OPT_TEXT,
	 .offset = offsetof(struct sample_run, stream),
	 .given = OPT_NOT_TOLD,
	 .value = "NAME",
	 .help = "name of the stream that the snapshot continues"},
	{.name = "exclude",
	 .letter = 'x',
	 .type = OPT_LIST,
	 .offset = offsetof(struct sample_run, exclude),
	 .given = OPT_NOT_TOLD,
	 .value = "PATTERN",
	 .help = "leave out what matches, [a-z] and 'quotes' included"},
	{.name = "memory",
	 .type = OPT_SIZE,
	 .offset = offsetof(struct sample_run, memory),
	 .given = OPT_NOT_TOLD,
	 .min = 4096,
	 .value = "SIZE",
	 .help = "most memory to use (default: 64MiB)"},
	{.name = "limit-upload",
	 .type = OPT_RATE,
	 .offset = offsetof(struct sample_run, limit_upload),
	 .given = OPT_NOT_TOLD,
	 .min = 1000,
	 .max = 1024 * 1024 * 1024,
	 .value = "RATE",
	 .help = "upload no faster than this"},
	{.name = "max-age",
	 .type = OPT_DURATION,
	 .offset = offsetof(struct sample_run, max_age),
	 .given = OPT_NOT_TOLD,
	 .value = "DURATION",
	 .help = "fail when the newest snapshot is older"},
	{.name = "threads",
	 .type = OPT_COUNT,
	 .offset = offsetof(struct sample_run, threads),
	 .given = OPT_NOT_TOLD,
	 .min = 1,
	 .max = 256,
	 .value = "N",
	 .help = "workers that compress and seal (default: one a processor)"},
	{.name = "before",
	 .type = OPT_TIME,
	 .offset = offsetof(struct sample_run, before),
	 .given = offsetof(struct sample_run, before_given),
	 .value = "TIME",
	 .help = "only what is older than this time"},
	{.name = "read-data",
	 .type = OPT_OPTIONAL_TEXT,
	 .offset = offsetof(struct sample_run, read_data),
	 .given = offsetof(struct sample_run, read_data_given),
	 .value = "P%|N/M",
	 .help = "read data too, all of it or a part"},
	{.name = "files",
	 .type = OPT_FLAG,
	 .offset = offsetof(struct sample_run, files),
	 .given = OPT_NOT_TOLD,
	 .value = "PATH...",
	 .help = "back up these files and directories",
	 .takes_rest = true},
	{.name = "command",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct sample_run, command),
	 .given = OPT_NOT_TOLD,
	 .value = "CMD",
	 .help = "back up what CMD writes, as a file of the operand's name",
	 .takes_rest = true},
	{.name = "dry-run",
	 .letter = 'n',
	 .type = OPT_FLAG,
	 .offset = offsetof(struct sample_run, dry_run),
	 .given = OPT_NOT_TOLD,
	 .help = "write nothing"},
	{.name = NULL},
};

static const char *const SAMPLE_ROLES[] = {"reader", "writer", NULL};

static const struct opt SAMPLE_KEY_ADD[] = {
	{.name = "role",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct sample_key_add, role),
	 .given = OPT_NOT_TOLD,
	 .value = "ROLE",
	 .help = "what the key may do",
	 .choices = SAMPLE_ROLES},
	{.name = "out",
	 .letter = 'o',
	 .type = OPT_TEXT,
	 .offset = offsetof(struct sample_key_add, out),
	 .given = OPT_NOT_TOLD,
	 .value = "FILE",
	 .help = "file to write the new key to",
	 .complete = "file"},
	{.name = "cache-dir",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct sample_key_add, cache_dir),
	 .given = OPT_NOT_TOLD,
	 .value = "DIR",
	 .help = "directory of the cache",
	 .complete = "dir"},
	{.name = NULL},
};

static const struct opt SAMPLE_SHOW[] = {
	{.name = "part",
	 .type = OPT_OPTIONAL_TEXT,
	 .offset = offsetof(struct sample_show, part),
	 .given = OPT_NOT_TOLD,
	 .value = "N/M",
	 .help = "a part of it, the first half when none is given"},
	{.name = NULL},
};

static const struct opt *const SAMPLE_SHOW_TABLES[] = {SAMPLE_SHOW, NULL};
static const struct opt *const SAMPLE_RUN_TABLES[] = {SAMPLE_RUN, NULL};
static const struct opt *const SAMPLE_KEY_ADD_TABLES[] = {SAMPLE_KEY_ADD, NULL};

static const struct cmd_example SAMPLE_RUN_EXAMPLES[] = {
	{"quipu-sample run --stream etc --files /etc", "Backs up /etc as stream etc."},
	{NULL, NULL},
};

static const struct cmd_section SAMPLE_RUN_SECTIONS[] = {
	{"Jobs", "A job is a table of the configuration:\n\n  [[job]]\n"},
	{NULL, NULL},
};

static const struct cmd SAMPLE_CMD_RUN = {
	.name = "run",
	.operands = "[JOB...]",
	.max_operands = CMD_ANY,
	.tables = SAMPLE_RUN_TABLES,
	.options_len = sizeof(struct sample_run),
	.summary = "back up the jobs of the configuration",
	.description =
		"Runs every job, or those that are named, and says at the end what "
		"was read and what was new.\n\nA second paragraph:\n\n"
		"  quipu-sample run daily\n\nAnd a last one.",
	.sections = SAMPLE_RUN_SECTIONS,
	.examples = SAMPLE_RUN_EXAMPLES,
};

static const struct cmd SAMPLE_CMD_SHOW = {
	.name = "show",
	.operands = "SNAPSHOT [PATH]",
	.min_operands = 1,
	.max_operands = 2,
	.tables = SAMPLE_SHOW_TABLES,
	.options_len = sizeof(struct sample_show),
	.summary = "show what a snapshot holds",
};

static const struct cmd SAMPLE_CMD_KEY_LIST = {
	.name = "key list",
	.options_len = sizeof(struct sample_plain),
	.summary = "list the keys of the repository",
};

static const struct cmd SAMPLE_CMD_KEY_ADD = {
	.name = "key add",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.tables = SAMPLE_KEY_ADD_TABLES,
	.options_len = sizeof(struct sample_key_add),
	.summary = "add a key",
};

static const struct cmd *const SAMPLE_COMMANDS[] = {&SAMPLE_CMD_RUN, &SAMPLE_CMD_SHOW,
						    &SAMPLE_CMD_KEY_LIST,
						    &SAMPLE_CMD_KEY_ADD, NULL};

static const struct program SAMPLE_PROGRAM = {
	.name = "quipu-sample",
	.version = "1.2.3",
	.date = "2026-11-25",
	.summary = "a program of the tests",
	.description = "Describes itself.",
	.commands = SAMPLE_COMMANDS,
	.common = SAMPLE_COMMON,
};

#endif
