/* SPDX-License-Identifier: Apache-2.0 */
/* A restore target in memory. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_MEMORY_TARGET_H
#define TESTS_SUPPORT_MEMORY_TARGET_H

#include "base/mem.h"
#include "base/pool.h"
#include "repo/restore_plan.h"

enum { TARGET_FILES_MAX = 256 };

struct target_file {
	char *path;
	struct buf bytes;   /* of the file's length; 0xee where nothing was written */
	uint64_t n_written; /* bytes */
	unsigned n_finished, n_lost, n_given_up;
};

struct memory_target {
	struct restore_target target; /* first */
	struct mutex *mutex;
	struct strings seen; /* "d a", "s a/empty", "f a/long" */
	struct target_file files[TARGET_FILES_MAX];
	uint32_t n_files;
	enum restore_answer answer;
	const struct record_sink *existing; /* what files that continue hold already, */
	uint64_t existing_len;		    /* up to this offset */
	struct strings lost;		    /* texts */
	bool fail_write;
	uint32_t n_open, most_open;
	struct cancel *cancel_at_write;
};

static inline struct memory_target *memory_target_of(struct restore_target *target)
{
	return (struct memory_target *)target;
}

static inline void target_note(struct memory_target *t, const char *kind,
			       const char *path)
{
	CLEANUP(mem_freep) char *text = mem_printf("%s %s", kind, path);

	strings_add(&t->seen, text);
}

static inline int target_directory(struct restore_target *target, const char *path,
				   const struct entry *entry, struct err *err)
{
	(void)err;
	assert_int_equal(entry->type, ENTRY_DIRECTORY);
	target_note(memory_target_of(target), "d", path);
	return 0;
}

static inline int target_special(struct restore_target *target, const char *path,
				 const struct entry *entry, struct err *err)
{
	(void)entry;
	(void)err;
	target_note(memory_target_of(target), "s", path);
	return 0;
}

static inline int target_begin_file(struct restore_target *target, const char *path,
				    const struct entry *entry,
				    enum restore_answer *ret_answer, uint32_t *ret_file,
				    struct err *err)
{
	struct memory_target *t = memory_target_of(target);
	struct target_file *file = &t->files[t->n_files];

	(void)err;
	assert_true(t->n_files < TARGET_FILES_MAX);
	target_note(t, "f", path);
	*ret_answer = t->answer;
	*ret_file = t->n_files++;
	mutex_lock(t->mutex);
	t->n_open++;
	t->most_open = t->n_open > t->most_open ? t->n_open : t->most_open;
	mutex_unlock(t->mutex);
	file->path = mem_strdup(path);
	buf_init(&file->bytes, 0);
	memset(buf_extend(&file->bytes, (size_t)entry->size), 0xee, (size_t)entry->size);
	return 0;
}

static inline int target_existing(struct restore_target *target, uint32_t number,
				  uint64_t offset, uint8_t *to, size_t len,
				  struct err *err)
{
	struct memory_target *t = memory_target_of(target);
	const struct record_node *node =
		record_sink_find(t->existing, t->files[number].path);

	if (offset + len > t->existing_len)
		return err_set(err, ERR_CORRUPT, "ends too early");
	memcpy(to, node->content.data + offset, len);
	return 0;
}

static inline int target_write(struct restore_target *target, uint32_t number,
			       uint64_t offset, struct slice bytes, struct err *err)
{
	struct memory_target *t = memory_target_of(target);
	struct target_file *file = &t->files[number];

	if (t->fail_write)
		return err_set(err, ERR_NO_SPACE, "%s: disk full", file->path);
	if (t->cancel_at_write != NULL)
		cancel_set(t->cancel_at_write, 2);
	LOCKED(t->mutex);
	assert_int_equal(file->n_finished, 0);
	assert_true(offset + bytes.len <= file->bytes.len);
	memcpy(file->bytes.data + offset, bytes.data, bytes.len);
	file->n_written += bytes.len;
	return 0;
}

static inline int target_finish_file(struct restore_target *target, uint32_t number,
				     struct err *err)
{
	struct memory_target *t = memory_target_of(target);

	(void)err;
	LOCKED(t->mutex);
	t->files[number].n_finished++;
	t->n_open--;
	return 0;
}

static inline int target_lost(struct restore_target *target, uint32_t number,
			      const struct err *why, struct err *err)
{
	struct memory_target *t = memory_target_of(target);

	(void)err;
	LOCKED(t->mutex);
	t->files[number].n_lost++;
	strings_add(&t->lost, why->msg);
	return 0;
}

static inline int target_give_up(struct restore_target *target, uint32_t number,
				 struct err *err)
{
	struct memory_target *t = memory_target_of(target);

	(void)err;
	LOCKED(t->mutex);
	assert_int_equal(t->files[number].n_finished, 0);
	t->files[number].n_given_up++;
	t->n_open--;
	return 0;
}

static const struct restore_target_ops MEMORY_TARGET_OPS = {
	.directory = target_directory,
	.special = target_special,
	.begin_file = target_begin_file,
	.existing = target_existing,
	.write = target_write,
	.finish_file = target_finish_file,
	.lost = target_lost,
	.give_up = target_give_up,
};

static inline struct memory_target *memory_target_new(void)
{
	struct memory_target *t = mem_zalloc(sizeof(*t));

	t->target.ops = &MEMORY_TARGET_OPS;
	t->mutex = mutex_new();
	strings_init(&t->seen);
	strings_init(&t->lost);
	return t;
}

static inline void memory_target_free(struct memory_target *t)
{
	for (uint32_t i = 0; i < t->n_files; i++) {
		mem_free(t->files[i].path);
		buf_release(&t->files[i].bytes);
	}
	strings_release(&t->seen);
	strings_release(&t->lost);
	mutex_free(t->mutex);
	mem_free(t);
}

static inline const struct target_file *memory_target_find(const struct memory_target *t,
							   const char *path)
{
	for (uint32_t i = 0; i < t->n_files; i++) {
		if (strcmp(t->files[i].path, path) == 0)
			return &t->files[i];
	}
	return NULL;
}

/* Every byte that was written is what the source gave there. */
static inline void memory_target_assert_no_wrong_byte(const struct memory_target *t,
						      const struct record_sink *expected)
{
	for (uint32_t i = 0; i < t->n_files; i++) {
		const struct target_file *file = &t->files[i];
		const struct record_node *node = record_sink_find(expected, file->path);
		CLEANUP(buf_release) struct buf whole;

		buf_init(&whole, 0);
		memset(buf_extend(&whole, file->bytes.len), 0xee, file->bytes.len);
		if (node->entry.is_sparse) {
			uint64_t at = 0;

			for (size_t k = 0; k < node->entry.extents.n; k++) {
				const struct extent *e = vec_at(&node->entry.extents, k);

				memcpy(whole.data + e->offset, node->content.data + at,
				       (size_t)e->len);
				at += e->len;
			}
		} else {
			memcpy(whole.data, node->content.data, node->content.len);
		}
		for (size_t k = 0; k < whole.len; k++) {
			if (file->bytes.data[k] != 0xee)
				assert_int_equal(file->bytes.data[k], whole.data[k]);
		}
		if (file->n_finished > 0 && file->n_written > 0)
			assert_memory_equal(file->bytes.data, whole.data, whole.len);
	}
}

#endif
