/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_content.h"

#include <errno.h>
#include <fcntl.h>
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

static int read_all(struct reading *reading, const struct entry *entry, struct err *err)
{
	if (!entry->is_sparse)
		return read_extent(reading, (struct extent){.len = entry->size}, err);
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

	if (sink->ops->open_stream(sink, CUT_BY_CONTENT, &reading.stream, err) < 0)
		return -1;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* only a hint */
	if (read_all(&reading, entry, err) < 0) {
		sink->ops->abandon_stream(reading.stream);
		return -1;
	}
	result.read_error = reading.read_error;
	if (reading.at_end && reading.read_error == 0)
		file_extents_cut(entry, reading.len);
	if (reading.read_error != 0 || reading.len == 0)
		sink->ops->abandon_stream(reading.stream);
	else if (sink->ops->close_stream(reading.stream, &result.content, err) < 0)
		return -1;
	*ret_result = result;
	return 0;
}
