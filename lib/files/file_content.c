/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stat says of a file's length is no promise: in /proc and on some network file systems
 * it is 0, or a page, whatever there is to read. So a file is read until nothing more comes,
 * which costs one read() more, and what was read is its length.
 */
#include "files/file_content.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file_extents.h"

enum { READ_MAX = 4 * 1024 * 1024 }; /* between two looks at the cancel flag */

struct reading {
	struct tree_sink *sink;
	struct stream *stream;
	const struct file_content_options *options;
	int fd;
	uint64_t len;	/* read so far */
	int read_error; /* errno */
	bool at_end;	/* before the end that was expected */
};

static ssize_t read_at(int fd, uint8_t *to, size_t len, uint64_t offset)
{
	ssize_t n;

	do {
		n = pread(fd, to, len, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	return n;
}

static int read_extent(struct reading *reading, struct extent extent, struct err *err)
{
	struct tree_sink *sink = reading->sink;

	while (extent.len > 0) {
		size_t room = 0;
		uint8_t *to;
		ssize_t n;

		if (cancel_check(reading->options->cancel, err) < 0)
			return -1;
		to = sink->ops->space(reading->stream, &room);
		if (room > READ_MAX)
			room = READ_MAX;
		if (room > extent.len)
			room = (size_t)extent.len;
		n = read_at(reading->fd, to, room, extent.offset);
		reading->read_error = n < 0 ? errno : 0;
		reading->at_end = n <= 0;
		if (reading->at_end)
			return 0;
		if (sink->ops->commit(reading->stream, (size_t)n, err) < 0)
			return -1;
		progress_add(reading->options->progress, 0, (uint64_t)n);
		reading->len += (uint64_t)n;
		extent.offset += (uint64_t)n;
		extent.len -= (uint64_t)n;
	}
	return 0;
}

/* Is there a byte behind the end that stat told? All that it promised is read by then, so an
 * error counts only when that is nothing. */
static bool has_more(struct reading *reading, uint64_t end)
{
	uint8_t byte;
	ssize_t n = read_at(reading->fd, &byte, 1, end);

	if (n < 0 && end == 0)
		reading->read_error = errno;
	return n > 0;
}

/* How much may follow. Of a file that grew, what is there by now, or one that grows as fast as
 * it is read would have no end; of one whose length is not told, as much as comes. */
static uint64_t len_behind(int fd, uint64_t end)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > end)
		return (uint64_t)st.st_size - end;
	return INT64_MAX - end;
}

static int read_whole(struct reading *reading, uint64_t len, struct err *err)
{
	if (read_extent(reading, (struct extent){.len = len}, err) < 0)
		return -1;
	if (reading->at_end || (len > 0 && !has_more(reading, len)))
		return 0;
	return read_extent(
		reading,
		(struct extent){.offset = len, .len = len_behind(reading->fd, len)}, err);
}

static int read_all(struct reading *reading, const struct entry *entry, struct err *err)
{
	if (!entry->is_sparse)
		return read_whole(reading, entry->size, err);
	for (size_t i = 0; i < entry->extents.n && !reading->at_end; i++) {
		const struct extent *extent = vec_at(&entry->extents, i);

		if (read_extent(reading, *extent, err) < 0)
			return -1;
	}
	return 0;
}

int file_content_read(struct tree_sink *sink, int fd, struct entry *entry,
		      const struct file_content_options *options,
		      struct file_content_result *ret_result, struct err *err)
{
	struct reading reading = {.sink = sink, .fd = fd, .options = options};
	struct file_content_result result = {0};

	/* Files that are empty indeed are many, and a stream is work. */
	if (entry_content_len(entry) == 0 &&
	    (entry->is_sparse || !has_more(&reading, 0))) {
		ret_result->content = NULL;
		ret_result->read_error = reading.read_error;
		return 0;
	}
	if (sink->ops->open_stream(sink, CUT_BY_CONTENT, &reading.stream, err) < 0)
		return -1;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* only a hint */
	if (read_all(&reading, entry, err) < 0) {
		sink->ops->abandon_stream(reading.stream);
		return -1;
	}
	result.read_error = reading.read_error;
	if (reading.read_error == 0 && (reading.at_end || !entry->is_sparse))
		file_extents_cut(entry, reading.len);
	if (reading.read_error != 0 || reading.len == 0)
		sink->ops->abandon_stream(reading.stream);
	else if (sink->ops->close_stream(reading.stream, &result.content, err) < 0)
		return -1;
	*ret_result = result;
	return 0;
}
