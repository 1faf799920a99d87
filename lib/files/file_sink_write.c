/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content arrives in the order of packs, so any file may be written at any time. At most
 * SINK_SLOTS temporary files are open; the one not used for longest is closed for the next,
 * never one in use. A file in flight costs 24 bytes of memory: its path and metadata are in
 * the spill and are read when the file is opened again or finished.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "files/file_sink_internal.h"

static struct sink_file *file_at(const struct file_sink *sink, uint32_t file)
{
	return vec_at(&sink->files, file);
}

int sink_read_record(struct file_sink *sink, uint32_t file,
		     struct sink_record *ret_record, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes;
	int result;

	buf_init(&bytes, 0);
	mutex_lock(sink->mutex);
	result = spill_read(sink->files_spill, file_at(sink, file)->record, &bytes, err);
	mutex_unlock(sink->mutex);
	return result < 0 ? -1 : sink_record_decode(buf_slice(&bytes), ret_record, err);
}

/* Puts the file's path in front of an error. */
static int fail_for(struct file_sink *sink, uint32_t file, struct err *err)
{
	struct sink_record record;
	struct err ignored = {0}; /* the first error is the one that matters */

	(void)sink_note_failure(sink, err); /* always -1, as this */
	if (sink_read_record(sink, file, &record, &ignored) == 0) {
		CLEANUP(mem_freep) char *shown = sink_target_show(sink, record.path);

		err_wrap(err, "cannot write %s", shown);
		sink_record_release(&record);
	}
	return -1;
}

/* Under the mutex: closes a descriptor. Some file systems tell of lost bytes only here. */
static int close_slot(struct file_sink *sink, struct sink_slot *slot, int32_t new_state,
		      struct err *err)
{
	int fd = slot->fd;

	file_at(sink, slot->file)->slot = new_state;
	slot->fd = -1;
	condition_signal_all(sink->slot_free);
	if (close(fd) < 0 && errno != EINTR)
		return err_set_errno(err, errno, "cannot close a temporary file");
	return 0;
}

/* Under the mutex: a slot that is free, if need be by closing one. NULL when all are in use: then
 * it has waited, with the mutex free, and the caller looks again. */
static int find_slot(struct file_sink *sink, struct sink_slot **ret_slot, struct err *err)
{
	struct sink_slot *oldest = NULL;

	for (size_t i = 0; i < SINK_SLOTS; i++) {
		struct sink_slot *slot = &sink->slots[i];

		if (slot->fd < 0) {
			*ret_slot = slot;
			return 0;
		}
		if (slot->n_users == 0 &&
		    (oldest == NULL || slot->last_use < oldest->last_use))
			oldest = slot;
	}
	if (oldest == NULL)
		condition_wait(sink->slot_free, sink->mutex);
	else if (close_slot(sink, oldest, SINK_SLOT_CLOSED, err) < 0)
		return -1;
	*ret_slot = oldest;
	return 0;
}

static void fill_slot(struct file_sink *sink, struct sink_slot *slot, uint32_t file,
		      int fd)
{
	*slot = (struct sink_slot){.fd = fd, .file = file, .last_use = ++sink->n_uses};
	file_at(sink, file)->slot = (int32_t)(slot - sink->slots);
}

/* Under the mutex. */
static int reopen(struct file_sink *sink, uint32_t file, struct sink_slot *slot,
		  struct err *err)
{
	char temp[SINK_TEMP_NAME_MAX];
	CLEANUP(mem_freep) char *directory = NULL;
	CLEANUP(mem_freep) char *path = NULL;
	CLEANUP(buf_release) struct buf bytes;
	struct sink_record record;
	int fd;

	buf_init(&bytes, 0);
	if (spill_read(sink->files_spill, file_at(sink, file)->record, &bytes, err) < 0 ||
	    sink_record_decode(buf_slice(&bytes), &record, err) < 0)
		return -1;
	directory = mem_strndup(record.path,
				(size_t)(path_basename(record.path) - record.path));
	path = mem_printf("%s%s", directory,
			  sink_temp_name(sink, path_basename(record.path), temp));
	sink_record_release(&record);
	if (path_open_beneath(sink->target_fd, path, O_RDWR, 0, &fd, err) < 0)
		return -1;
	fill_slot(sink, slot, file, fd);
	return 0;
}

/* Under the mutex, which is free while it waits for a slot: then another thread may have opened
 * the same file. */
static int make_open(struct file_sink *sink, uint32_t file, struct err *err)
{
	struct sink_slot *slot;

	while (file_at(sink, file)->slot == SINK_SLOT_CLOSED) {
		if (find_slot(sink, &slot, err) < 0 ||
		    (slot != NULL && reopen(sink, file, slot, err) < 0))
			return -1;
	}
	return 0;
}

/* The file's open descriptor, to be given back with release(). */
static int acquire(struct file_sink *sink, uint32_t file, struct sink_slot **ret_slot,
		   struct err *err)
{
	LOCKED(sink->mutex);
	if (file < sink->files.n && make_open(sink, file, err) < 0)
		return -1;
	if (file >= sink->files.n || file_at(sink, file)->slot < 0)
		return err_set(err, ERR_BUG, "file %u is not being restored", file);
	*ret_slot = &sink->slots[file_at(sink, file)->slot];
	(*ret_slot)->n_users++;
	(*ret_slot)->last_use = ++sink->n_uses;
	return 0;
}

static void release(struct file_sink *sink, struct sink_slot *slot)
{
	LOCKED(sink->mutex);
	if (--slot->n_users == 0)
		condition_signal_all(sink->slot_free);
}

/* Under the mutex. */
static uint32_t new_number(struct file_sink *sink)
{
	uint32_t file = sink->first_free;

	if (file == UINT32_MAX) {
		vec_push(&sink->files, NULL);
		return (uint32_t)(sink->files.n - 1);
	}
	sink->first_free = file_at(sink, file)->next_free;
	return file;
}

int sink_file_add(struct file_sink *sink, const char *path, const struct entry *entry,
		  int fd, uint32_t *ret_file, struct err *err)
{
	struct sink_file state = {.size = entry->size, .slot = SINK_SLOT_CLOSED};
	struct sink_slot *slot = NULL;
	uint32_t file;

	buf_clear(&sink->scratch);
	sink_record_encode(path, entry, 0, &sink->scratch);
	LOCKED(sink->mutex);
	if (sink->files.n >= INT32_MAX)
		return err_set(err, ERR_LIMIT, "too many files at a time");
	while (slot == NULL)
		if (find_slot(sink, &slot, err) < 0)
			return -1;
	if (spill_append(sink->files_spill, buf_slice(&sink->scratch), &state.record,
			 err) < 0)
		return -1;
	file = new_number(sink);
	*file_at(sink, file) = state;
	fill_slot(sink, slot, file, fd);
	sink->n_in_flight++;
	*ret_file = file;
	return 0;
}

static int check_range(struct file_sink *sink, const struct sink_slot *slot,
		       uint64_t offset, uint64_t len, struct err *err)
{
	uint64_t size;

	LOCKED(sink->mutex);
	size = file_at(sink, slot->file)->size;
	if (len <= size && offset <= size - len)
		return 0;
	return err_set(err, ERR_CORRUPT, "content goes beyond its size");
}

int file_sink_write(struct file_sink *sink, uint32_t file, uint64_t offset,
		    struct slice bytes, struct err *err)
{
	struct sink_slot *slot;
	int result;

	if (acquire(sink, file, &slot, err) < 0)
		return -1;
	result = check_range(sink, slot, offset, bytes.len, err) < 0 ||
				 fd_pwrite_all(slot->fd, offset, bytes.data, bytes.len,
					       err) < 0
			 ? -1
			 : 0;
	release(sink, slot);
	return result < 0 ? fail_for(sink, file, err) : 0;
}

int file_sink_existing(struct file_sink *sink, uint32_t file, uint64_t offset,
		       uint8_t *to, size_t len, struct err *err)
{
	struct sink_slot *slot;
	int result;

	if (acquire(sink, file, &slot, err) < 0)
		return -1;
	result = check_range(sink, slot, offset, len, err) < 0 ||
				 fd_pread_exact(slot->fd, offset, to, len, err) < 0
			 ? -1
			 : 0;
	release(sink, slot);
	return result < 0 ? fail_for(sink, file, err) : 0;
}

/* The commit syncs the target's file system; what is mounted below it is synced here. */
static int sync_elsewhere(const struct file_sink *sink, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set_errno(err, errno, "cannot be examined");
	return st.st_dev != sink->target_device ? fd_sync(fd, err) : 0;
}

static int set_metadata(struct file_sink *sink, uint32_t file, int fd, struct err *err)
{
	struct sink_record record;

	if (sink_read_record(sink, file, &record, err) < 0)
		return -1;
	file_apply_open(&sink->apply, fd, &record.entry, record.path);
	sink_record_release(&record);
	return sync_elsewhere(sink, fd, err);
}

int file_sink_finish_file(struct file_sink *sink, uint32_t file, struct err *err)
{
	struct sink_slot *slot;
	bool is_batch;
	int result;

	if (acquire(sink, file, &slot, err) < 0)
		return -1;
	result = set_metadata(sink, file, slot->fd, err);
	mutex_lock(sink->mutex);
	slot->n_users--;
	if (result == 0)
		result = close_slot(sink, slot, SINK_SLOT_DONE, err);
	if (result == 0)
		vec_push(&sink->finished, &file);
	is_batch = sink->finished.n >= SINK_BATCH_FILES;
	mutex_unlock(sink->mutex);
	if (result < 0)
		return fail_for(sink, file, err);
	return is_batch ? sink_commit(sink, err) : 0;
}
