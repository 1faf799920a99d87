/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finished files get their names in batches: one syncfs() puts the content and metadata of
 * thousands on disk, where an fsync() for each would wait for the disk thousands of times.
 * After a crash a name may be lost, never a name without its content. Whoever finishes the
 * last file of a batch does this while others go on writing.
 *
 * The system tells of lost bytes once, and only one of two that sync at a time. So one syncs
 * after the other, and when a sync has failed nothing gets a name any more.
 */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/quote.h"
#include "files/file_sink_internal.h"

struct batch_file {
	uint64_t record; /* the order of the walk: neighbours share a directory */
	uint32_t file;
};

static int compare_records(const void *a, const void *b)
{
	uint64_t x = ((const struct batch_file *)a)->record;
	uint64_t y = ((const struct batch_file *)b)->record;

	return x < y ? -1 : x > y;
}

static void take_batch(struct file_sink *sink, struct vec *ret_batch)
{
	LOCKED(sink->mutex);
	vec_init(ret_batch, sizeof(struct batch_file));
	for (size_t i = 0; i < sink->finished.n; i++) {
		uint32_t file = *(const uint32_t *)vec_at(&sink->finished, i);
		const struct sink_file *state = vec_at(&sink->files, file);
		struct batch_file item = {.record = state->record, .file = file};

		vec_push(ret_batch, &item);
	}
	vec_clear(&sink->finished);
}

/* Its number is free for others. `counter` is of the sink's counts. */
static int forget_file(struct file_sink *sink, uint32_t file, uint64_t *counter,
		       struct err *err)
{
	struct sink_file *state;

	LOCKED(sink->mutex);
	state = vec_at(&sink->files, file);
	state->slot = SINK_SLOT_FREE;
	state->next_free = sink->first_free;
	sink->first_free = file;
	++*counter;
	if (--sink->n_in_flight > 0)
		return 0;
	return spill_clear(sink->files_spill, err); /* nobody's record is left in it */
}

static int name_file(struct file_sink *sink, struct sink_parent *parent, uint32_t file,
		     struct err *err)
{
	char temp[SINK_TEMP_NAME_MAX];
	struct sink_record record;
	const char *name;
	int fd, result;

	if (sink_read_record(sink, file, &record, err) < 0)
		return -1;
	result = sink_parent_open(sink, parent, record.path, &fd, &name, err);
	if (result == 0)
		result = sink_rename(sink, fd, sink_temp_name(sink, name, temp),
				     record.path, err);
	sink_record_release(&record);
	return result < 0 ? -1 : forget_file(sink, file, &sink->counts.files, err);
}

static int name_files(struct file_sink *sink, const struct vec *batch, struct err *err)
{
	struct sink_parent parent = {.fd = -1};
	int result = 0;

	for (size_t i = 0; i < batch->n && result == 0; i++) {
		const struct batch_file *item = vec_at(batch, i);

		result = name_file(sink, &parent, item->file, err);
	}
	sink_parent_close(&parent);
	return result;
}

static int sync_target(struct file_sink *sink, struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	LOCKED(sink->syncing);
	if (sink->has_lost)
		return err_set(err, ERR_IO, "target %s: a sync failed before",
			       quote_string(sink->target, quoted));
	if (syncfs(sink->target_fd) == 0)
		return 0;
	sink->has_lost = true;
	err_set_errno(err, errno, "cannot sync target %s",
		      quote_string(sink->target, quoted));
	return sink_note_failure(sink, err);
}

int sink_commit(struct file_sink *sink, struct err *err)
{
	CLEANUP(vec_release) struct vec batch;

	take_batch(sink, &batch);
	if (batch.n == 0)
		return 0;
	if (cancel_check(sink->cancel, err) < 0)
		return -1;
	vec_sort(&batch, compare_records);
	return sync_target(sink, err) < 0 ? -1 : name_files(sink, &batch, err);
}

static void close_temp(struct file_sink *sink, uint32_t file)
{
	LOCKED(sink->mutex);
	for (size_t i = 0; i < SINK_SLOTS; i++) {
		struct sink_slot *slot = &sink->slots[i];

		if (slot->fd < 0 || slot->file != file)
			continue;
		fd_closep(&slot->fd); /* what is lost with it is not wanted */
		slot->fd = -1;
		condition_signal_all(sink->slot_free);
	}
}

static int fail_removal(const struct file_sink *sink, const char *path, int error_number,
			struct err *err)
{
	CLEANUP(mem_freep) char *shown = sink_target_show(sink, path);

	return err_set_errno(err, error_number, "cannot remove what is left of %s",
			     shown);
}

int file_sink_give_up(struct file_sink *sink, uint32_t file, struct err *err)
{
	struct sink_parent parent = {.fd = -1};
	char temp[SINK_TEMP_NAME_MAX];
	struct sink_record record;
	const char *name;
	int fd, result;

	if (sink_read_record(sink, file, &record, err) < 0)
		return -1;
	close_temp(sink, file);
	result = sink_parent_open(sink, &parent, record.path, &fd, &name, err);
	if (result == 0 && unlinkat(fd, sink_temp_name(sink, name, temp), 0) < 0 &&
	    errno != ENOENT)
		result = fail_removal(sink, record.path, errno, err);
	if (result == 0)
		sink_warn(sink, record.path, "is left out: its content is lost");
	sink_parent_close(&parent);
	sink_record_release(&record);
	return result < 0 ? -1 : forget_file(sink, file, &sink->counts.given_up, err);
}
