/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing half. The unfinished file has a fixed name and a lock: what a killed run left
 * is used again, and of two runs of one stream at once the second writes no cache. Between
 * opening and locking the first may have committed, so that the name stands for another
 * file or none: then we open again, lest we empty a cache that counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/rng.h"
#include "repo/file_cache.h"
#include "repo/file_cache_internal.h"

enum { LOCK_TRIES = 10, NSEC = 1000 * 1000 * 1000 };

struct file_cache_writer {
	int fd;
	char *unfinished_path, *path;
	struct cache_output *output;
	const struct log *log;
	struct buf record; /* in the making */
	bool failed;
	bool is_committed;
};

static void fail(struct file_cache_writer *writer, const struct err *err)
{
	log_warning(writer->log,
		    "cannot write the file cache: %s; the next run reads all files",
		    err->msg);
	writer->failed = true;
}

void file_cache_writer_free(struct file_cache_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0 && !writer->is_committed)
		(void)unlink(writer->unfinished_path); /* it is used again if it stays */
	fd_closep(&writer->fd);
	cache_output_free(writer->output);
	buf_release(&writer->record);
	mem_free(writer->unfinished_path);
	mem_free(writer->path);
	mem_free(writer);
}

void file_cache_writer_freep(struct file_cache_writer **writer)
{
	file_cache_writer_free(*writer);
}

/* --- opening --- */

static bool has_name(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* *ret_fd = -1 when another run has it. */
static int lock_unfinished(const char *path, int *ret_fd, struct err *err)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		CLEANUP(fd_closep)
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return err_set_errno(err, errno, "cannot create it");
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK)
				return err_set_errno(err, errno, "cannot lock it");
			break;
		}
		if (!has_name(fd, path))
			continue;
		if (ftruncate(fd, 0) < 0)
			return err_set_errno(err, errno, "cannot empty it");
		*ret_fd = fd;
		fd = -1;
		return 0;
	}
	*ret_fd = -1;
	return 0;
}

static int open_output(struct file_cache_writer *writer, const char *directory,
		       const struct file_cache_owner *owner, struct rng *rng,
		       struct err *err)
{
	if (directory_create(directory, 0700, err) < 0 ||
	    lock_unfinished(writer->unfinished_path, &writer->fd, err) < 0)
		return -1;
	if (writer->fd < 0)
		return 0;
	return cache_output_new(owner, rng, writer->fd, &writer->output, err);
}

struct file_cache_writer *file_cache_writer_open(const char *directory,
						 const struct file_cache_owner *owner,
						 struct rng *rng, const struct log *log)
{
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *writer = NULL;
	struct err err = {0};

	if (directory == NULL)
		return NULL;
	writer = mem_zalloc(sizeof(*writer));
	writer->fd = -1;
	writer->log = log;
	writer->path = file_cache_path(directory, owner, false);
	writer->unfinished_path = file_cache_path(directory, owner, true);
	buf_init(&writer->record, 0);
	if (open_output(writer, directory, owner, rng, &err) < 0) {
		fail(writer, &err);
		return NULL;
	}
	if (writer->fd < 0) {
		log_debug(log, "no new file cache: another run is writing one");
		return NULL;
	}
	return STEAL(writer);
}

/* --- records --- */

static void begin_record(struct file_cache_writer *writer, enum cache_record kind,
			 struct slice name)
{
	buf_clear(&writer->record);
	buf_put_u8(&writer->record, (uint8_t)kind);
	if (kind != RECORD_END)
		buf_put_bytes16(&writer->record, name);
}

static void write_bytes(struct file_cache_writer *writer, struct slice bytes)
{
	struct err err = {0};

	if (!writer->failed && cache_output_write(writer->output, bytes, &err) < 0)
		fail(writer, &err);
}

void file_cache_writer_enter(struct file_cache_writer *writer, struct slice name)
{
	if (writer == NULL)
		return;
	begin_record(writer, RECORD_DIRECTORY, name);
	write_bytes(writer, buf_slice(&writer->record));
}

void file_cache_writer_leave(struct file_cache_writer *writer)
{
	if (writer == NULL)
		return;
	begin_record(writer, RECORD_END, slice_of(NULL, 0));
	write_bytes(writer, buf_slice(&writer->record));
}

static bool is_old_enough(const struct file_identity *identity)
{
	const int64_t age = (int64_t)CACHE_AGE_SEC * NSEC;

	return identity->read_nsec >= INT64_MIN + age &&
	       identity->ctime_nsec <= identity->read_nsec - age;
}

void file_cache_writer_add(struct file_cache_writer *writer, struct slice name,
			   const struct file_identity *identity,
			   const struct content_ref *content, const struct vec *ids)
{
	CLEANUP(buf_release) struct buf encoded = {0};
	bool is_long = content->kind == CONTENT_NODE;
	struct buf *record;

	if (writer == NULL || content->kind == CONTENT_NONE || (is_long && ids == NULL) ||
	    !is_old_enough(identity))
		return;
	record = &writer->record;
	begin_record(writer, RECORD_FILE, name);
	buf_put_u64(record, identity->size);
	buf_put_u64(record, identity->inode);
	buf_put_i64(record, identity->mtime_nsec);
	buf_put_i64(record, identity->ctime_nsec);
	buf_init(&encoded, 0);
	tree_content_encode(ENTRY_FILE, content, &encoded);
	buf_put_bytes32(record, buf_slice(&encoded));
	buf_put_u32(record, is_long ? (uint32_t)ids->n : 0);
	write_bytes(writer, buf_slice(record));
	if (is_long)
		write_bytes(writer, slice_of(ids->data, ids->n * sizeof(struct blob_id)));
}

void file_cache_writer_commit(struct file_cache_writer *writer,
			      const uint8_t snapshot_id[static 32])
{
	struct err err = {0};

	if (writer == NULL || writer->failed)
		return;
	if (cache_output_end(writer->output, snapshot_id, &err) < 0) {
		fail(writer, &err);
		return;
	}
	if (rename(writer->unfinished_path, writer->path) < 0) {
		err_set_errno(&err, errno, "cannot rename it");
		fail(writer, &err);
		return;
	}
	writer->is_committed = true;
}
