/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record is its length (u32), its bytes, and its length again, so that the sequence can be
 * read from both ends: directories get their metadata deepest first, which is the reverse of
 * the order in which they came. The last SPILL_BUFFER bytes wait in memory, so a small
 * restore makes no file at all and a large one writes few large pieces.
 */
#include "files/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/fd.h"
#include "base/mem.h"

enum { LEN_BYTES = 4 };

struct spill {
	int dir_fd;
	int fd;		  /* -1: nothing was written yet */
	uint64_t written; /* bytes in the file */
	struct buf tail;  /* what follows them */
};

struct spill *spill_new(int dir_fd)
{
	struct spill *spill = mem_zalloc(sizeof(*spill));

	spill->dir_fd = dir_fd;
	spill->fd = -1;
	buf_init(&spill->tail, 0);
	return spill;
}

void spill_free(struct spill *spill)
{
	if (spill == NULL)
		return;
	fd_closep(&spill->fd);
	buf_release(&spill->tail);
	mem_free(spill);
}

/* O_TMPFILE, or where the file system has no such thing a name that is gone at once. */
static int make_file(int dir_fd)
{
	static const char name[] = ".quipu-spill";
	int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	(void)unlinkat(dir_fd, name, 0); /* left by a crash between the next two lines */
	fd = openat(dir_fd, name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd >= 0)
		(void)unlinkat(dir_fd, name, 0); /* at worst an empty file stays */
	return fd;
}

static int flush_tail(struct spill *spill, struct err *err)
{
	if (spill->fd < 0)
		spill->fd = make_file(spill->dir_fd);
	if (spill->fd < 0)
		return err_set_errno(err, errno, "cannot make a scratch file");
	if (fd_pwrite_all(spill->fd, spill->written, spill->tail.data, spill->tail.len,
			  err) < 0)
		return err_wrap(err, "scratch file");
	spill->written += spill->tail.len;
	buf_clear(&spill->tail);
	return 0;
}

int spill_append(struct spill *spill, struct slice record, uint64_t *ret_at,
		 struct err *err)
{
	uint64_t at = spill_end(spill);

	if (record.len > SPILL_RECORD_MAX)
		return err_set(err, ERR_LIMIT,
			       "metadata of %zu bytes: expected at most %d", record.len,
			       SPILL_RECORD_MAX);
	buf_put_u32(&spill->tail, (uint32_t)record.len);
	buf_append_slice(&spill->tail, record);
	buf_put_u32(&spill->tail, (uint32_t)record.len);
	if (spill->tail.len >= SPILL_BUFFER && flush_tail(spill, err) < 0)
		return -1;
	*ret_at = at;
	return 0;
}

/* Bytes anywhere in the spill. A record never straddles file and tail. */
static int read_bytes(struct spill *spill, uint64_t at, void *to, size_t len,
		      struct err *err)
{
	if (at < spill->written) {
		if (fd_pread_exact(spill->fd, at, to, len, err) < 0)
			return err_wrap(err, "scratch file");
		return 0;
	}
	at -= spill->written;
	if (at > spill->tail.len || len > spill->tail.len - at)
		return err_set(err, ERR_BUG, "scratch file: no record at this place");
	memcpy(to, spill->tail.data + at, len);
	return 0;
}

static int read_len(struct spill *spill, uint64_t at, uint32_t *ret_len, struct err *err)
{
	uint8_t bytes[LEN_BYTES];
	struct cursor cursor;
	uint32_t len;

	if (read_bytes(spill, at, bytes, sizeof(bytes), err) < 0)
		return -1;
	cursor_init(&cursor, slice_of(bytes, sizeof(bytes)));
	len = cursor_u32(&cursor);
	if (len > SPILL_RECORD_MAX)
		return err_set(err, ERR_CORRUPT, "scratch file: record of %u bytes", len);
	*ret_len = len;
	return 0;
}

int spill_read(struct spill *spill, uint64_t at, struct buf *ret_record, struct err *err)
{
	uint32_t len;

	if (read_len(spill, at, &len, err) < 0)
		return -1;
	buf_clear(ret_record);
	return read_bytes(spill, at + LEN_BYTES, buf_extend(ret_record, len), len, err);
}

int spill_next(struct spill *spill, uint64_t *position, struct buf *ret_record,
	       bool *ret_end, struct err *err)
{
	*ret_end = *position == spill_end(spill);
	if (*ret_end)
		return 0;
	if (spill_read(spill, *position, ret_record, err) < 0)
		return -1;
	*position += ret_record->len + 2 * (uint64_t)LEN_BYTES;
	return 0;
}

int spill_previous(struct spill *spill, uint64_t *position, struct buf *ret_record,
		   bool *ret_end, struct err *err)
{
	uint32_t len;
	uint64_t at;

	*ret_end = *position == 0;
	if (*ret_end)
		return 0;
	if (read_len(spill, *position - LEN_BYTES, &len, err) < 0)
		return -1;
	at = *position - len - 2 * (uint64_t)LEN_BYTES;
	if (spill_read(spill, at, ret_record, err) < 0)
		return -1;
	*position = at;
	return 0;
}

uint64_t spill_end(const struct spill *spill)
{
	return spill->written + spill->tail.len;
}

int spill_clear(struct spill *spill, struct err *err)
{
	buf_clear(&spill->tail);
	spill->written = 0;
	if (spill->fd >= 0 && ftruncate(spill->fd, 0) < 0)
		return err_set_errno(err, errno, "scratch file");
	return 0;
}
