/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the files source over a test's directory into a recording sink. */
#ifndef TESTS_SUPPORT_WALK_RUN_H
#define TESTS_SUPPORT_WALK_RUN_H

#include "files/file_source.h"
#include "support/file_tree.h"
#include "support/record_sink.h"

struct walk_run {
	const char *dir; /* the test's directory */
	struct record_sink *record;
	struct strings roots;
	int64_t now;
	struct clock clock;
	struct progress progress;
	struct file_source_options options;
	struct cancel cancel;
	struct err err;
};

static inline void walk_run_init(struct walk_run *run, void **state)
{
	*run = (struct walk_run){.dir = *state, .record = record_sink_new(), .now = 99};
	strings_init(&run->roots);
	run->clock = clock_fixed(&run->now);
	progress_init(&run->progress);
	cancel_init(&run->cancel);
	run->options = (struct file_source_options){
		.roots = &run->roots,
		.clock = &run->clock,
		.progress = &run->progress,
	};
}

/* Also a last check: the source kept the contract and gave everything back. */
static inline void walk_run_release(struct walk_run *run)
{
	assert_null(run->record->broken);
	assert_int_equal(atomic_load(&run->record->n_open), 0);
	record_sink_free(run->record);
	strings_release(&run->roots);
}

static inline void walk_run_root(struct walk_run *run, const char *name)
{
	CLEANUP(mem_freep) char *path = tree_path(run->dir, name);

	strings_add(&run->roots, path);
}

static inline int walk_run_try(struct walk_run *run)
{
	return file_source_run(&run->options, &run->record->sink, &run->cancel,
			       &run->err);
}

static inline void walk_run(struct walk_run *run)
{
	if (strings_count(&run->roots) == 0 && run->options.files_from0 == NULL)
		strings_add(&run->roots, run->dir);
	assert_int_equal(walk_run_try(run), 0);
	assert_int_equal(strings_count(&run->record->open_paths), 0);
}

/* What was recorded for a path below the test's directory; NULL when nothing was. */
static inline const struct record_node *walk_run_find(const struct walk_run *run,
						      const char *name)
{
	CLEANUP(mem_freep) char *path = path_join(run->dir + 1, name);

	return record_sink_find(run->record, path);
}

static inline const char *walk_run_text(const struct walk_run *run, const char *name)
{
	CLEANUP(mem_freep) char *path = path_join(run->dir + 1, name);

	return record_sink_text(run->record, path);
}

/* True for a warning "KIND: DIR/NAME: MESSAGE". `name` must need no quotes. */
static inline bool walk_run_warned(const struct walk_run *run, const char *kind,
				   const char *name, const char *message)
{
	CLEANUP(mem_freep) char *path = path_join(run->dir, name);
	CLEANUP(mem_freep) char *text = mem_printf("%s: %s: %s", kind, path, message);

	return record_sink_warned(run->record, text);
}

static inline size_t walk_run_warnings(const struct walk_run *run)
{
	return strings_count(&run->record->warnings);
}

#endif
