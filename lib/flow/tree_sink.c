/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/tree_sink.h"

int tree_sink_write(struct tree_sink *sink, struct stream *stream, struct slice bytes,
		    struct err *err)
{
	while (bytes.len > 0) {
		size_t room = 0;
		uint8_t *to = sink->ops->space(stream, &room);
		size_t len = bytes.len < room ? bytes.len : room;

		memcpy(to, bytes.data, len);
		if (sink->ops->commit(stream, len, err) < 0)
			return -1;
		bytes = slice_of(bytes.data + len, bytes.len - len);
	}
	return 0;
}
