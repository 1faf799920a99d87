/* SPDX-License-Identifier: Apache-2.0 */
/* A restore into DIR/target of a unit test, step by step. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_SINK_RUN_H
#define TESTS_SUPPORT_SINK_RUN_H

#include "base/vec.h"
#include "files/file_sink.h"
#include "support/file_tree.h"

struct sink_run {
	char *target;
	uint8_t id[32];
	struct strings warnings;
	struct file_sink_options options;
	struct file_sink *sink;
	struct err err;
};

static inline void sink_run_keep_warning(void *state, const char *path,
					 const char *message)
{
	CLEANUP(mem_freep) char *text = mem_printf("%s: %s", path, message);

	strings_add(state, text);
}

static inline void sink_run_init(struct sink_run *run, void **state)
{
	*run = (struct sink_run){.target = tree_path(*state, "target")};
	memset(run->id, 0xab, sizeof(run->id));
	strings_init(&run->warnings);
	run->options = (struct file_sink_options){
		.target = run->target,
		.snapshot_id = run->id,
		.warn = sink_run_keep_warning,
		.warn_state = &run->warnings,
	};
}

static inline void sink_run_release(struct sink_run *run)
{
	file_sink_free(run->sink);
	strings_release(&run->warnings);
	mem_free(run->target);
}

static inline void sink_run_open(struct sink_run *run)
{
	assert_int_equal(file_sink_open(&run->options, &run->sink, &run->err), 0);
}

static inline void sink_run_start(struct sink_run *run)
{
	if (run->sink == NULL)
		sink_run_open(run);
	assert_int_equal(file_sink_start(run->sink, &run->err), 0);
}

/* As after a kill: everything stays as it is on disk. */
static inline void sink_run_interrupt(struct sink_run *run)
{
	file_sink_free(run->sink);
	run->sink = NULL;
}

static inline void sink_run_finish(struct sink_run *run)
{
	assert_int_equal(file_sink_finish(run->sink, &run->err), 0);
	sink_run_interrupt(run);
}

/* An entry as we would own it, last changed at 1000 s. */
static inline struct entry sink_run_entry(enum entry_type type, const char *path)
{
	struct entry entry;

	entry_init(&entry, type, path_basename(path));
	entry.mode = type == ENTRY_DIRECTORY ? 0755 : 0644;
	entry.uid = geteuid();
	entry.gid = getegid();
	entry.mtime_nsec = 1000 * 1000000000ll;
	return entry;
}

static inline int sink_run_try_directory(struct sink_run *run, const char *path)
{
	struct entry entry = sink_run_entry(ENTRY_DIRECTORY, path);
	int result = file_sink_directory(run->sink, path, &entry, &run->err);

	entry_release(&entry);
	return result;
}

static inline void sink_run_directory(struct sink_run *run, const char *path)
{
	assert_int_equal(sink_run_try_directory(run, path), 0);
}

static inline int sink_run_try_begin(struct sink_run *run, const char *path,
				     const char *text, enum file_sink_answer *ret_answer,
				     uint32_t *ret_file)
{
	struct entry entry = sink_run_entry(ENTRY_FILE, path);
	int result;

	entry.size = strlen(text);
	result = file_sink_begin_file(run->sink, path, &entry, ret_answer, ret_file,
				      &run->err);
	entry_release(&entry);
	return result;
}

static inline enum file_sink_answer sink_run_begin(struct sink_run *run, const char *path,
						   const char *text, uint32_t *ret_file)
{
	enum file_sink_answer answer;

	assert_int_equal(sink_run_try_begin(run, path, text, &answer, ret_file), 0);
	return answer;
}

static inline void sink_run_write(struct sink_run *run, uint32_t file, uint64_t offset,
				  const char *text)
{
	assert_int_equal(file_sink_write(run->sink, file, offset, slice_of_string(text),
					 &run->err),
			 0);
}

/* A whole file. */
static inline enum file_sink_answer sink_run_file(struct sink_run *run, const char *path,
						  const char *text)
{
	uint32_t file = 0;
	enum file_sink_answer answer = sink_run_begin(run, path, text, &file);

	if (answer != FILE_SINK_WRITE && answer != FILE_SINK_CONTINUE)
		return answer;
	sink_run_write(run, file, 0, text);
	assert_int_equal(file_sink_finish_file(run->sink, file, &run->err), 0);
	return answer;
}

static inline int sink_run_try_special(struct sink_run *run, const struct entry *entry,
				       const char *path,
				       enum file_sink_answer *ret_answer)
{
	return file_sink_special(run->sink, path, entry, ret_answer, &run->err);
}

static inline int sink_run_check(struct sink_run *run, enum entry_type type,
				 const char *path)
{
	struct entry entry = sink_run_entry(type, path);
	int result = file_sink_check(run->sink, path, &entry, &run->err);

	entry_release(&entry);
	return result;
}

#endif
