/* SPDX-License-Identifier: Apache-2.0 */
/* One restore by the PostgreSQL sink into a scripted server. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_PG_SINK_RUN_H
#define TESTS_SUPPORT_PG_SINK_RUN_H

#include "base/fd.h"
#include "pg/pg_sink.h"
#include "support/fake_program.h"
#include "support/fake_session.h"
#include "support/pg_tree.h"

/* What a server says to a restore of pg_tree_new() that goes well; put other rules before. */
#define PG_SINK_RULES                                                                    \
	{"SELECT d.encoding", FAKE_ROWS, "UTF8\tUTC\tt\tt\t\\N\t\\N", 0},                \
		{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE made",    \
		 0},                                                                     \
		{"SELECT EXISTS (SELECT FROM pg_database", FAKE_ROWS, "t", 0},           \
		{"\"other\" (\"a\") FROM STDIN", FAKE_COPY_IN, NULL, 0},                 \
		{"\"t\" (\"a\") FROM STDIN", FAKE_COPY_IN, NULL, 0},                     \
		{"\"root\" (\"a\") FROM STDIN", FAKE_COPY_IN, NULL, 0},                  \
		{"\"other\" (\"a\") TO STDOUT", FAKE_COPY_OUT, "3\n4\n", 0},             \
		{"\"t\" (\"a\") TO STDOUT", FAKE_COPY_OUT, "1\n2\n", 0},                 \
	{                                                                                \
		NULL, 0, NULL, 0                                                         \
	}

/* A pg_restore that takes all, and notes its arguments in the file "args" beside it. */
#define PG_RESTORE_NOTES "cat >/dev/null; echo \"$@\" >>\"$(dirname \"$0\")\"/args"

struct sink_run {
	struct fake_postgres fake;
	struct record_sink *record;
	struct record_source source;
	struct rng rng;
	struct selection *selection;
	struct buf conninfo;
	struct pg_sink_options options;
	struct pg_sink_report report;
	struct err err;
};

static inline void sink_run_init(struct sink_run *run, void **state,
				 const struct fake_rule *rules)
{
	*run = (struct sink_run){.record = pg_tree_new(),
				 .rng = rng_seeded(1),
				 .selection = selection_new()};
	fake_postgres_start(&run->fake, *state, rules, NULL);
	record_source_init(&run->source, run->record);
	buf_init(&run->conninfo, 0);
	pg_params_format(&run->fake.params, &run->conninfo);
	run->options = (struct pg_sink_options){.conninfo = buf_string(&run->conninfo),
						.rng = &run->rng,
						.selection = run->selection,
						.temp_directory = *state};
	pg_sink_report_init(&run->report);
}

static inline int sink_run(struct sink_run *run)
{
	return pg_sink_run(&run->options, &run->source.source, &run->report, NULL,
			   &run->err);
}

static inline void sink_run_release(struct sink_run *run)
{
	pg_sink_report_release(&run->report);
	selection_free(run->selection);
	record_sink_free(run->record);
	buf_release(&run->conninfo);
	fake_postgres_stop(&run->fake);
}

/* What the program that notes its arguments has noted; the caller frees it. */
static inline char *sink_run_noted(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "args");
	struct buf text;
	struct err err = {0};

	buf_init(&text, 0);
	if (file_read(path, 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.msg);
	return buf_steal_string(&text);
}

#endif
