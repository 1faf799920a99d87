/* SPDX-License-Identifier: Apache-2.0 */
/* Names: of streams, domains and header objects. */
#include "repo/snapshots.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "format/encoding.h"
#include "repo/snapshots_internal.h"

static bool is_stream_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* Why a segment is refused, or NULL. */
static const char *segment_fault(const char *segment, size_t len)
{
	if (len == 0)
		return "it has an empty segment";
	if ((len == 1 && segment[0] == '.') ||
	    (len == 2 && segment[0] == '.' && segment[1] == '.'))
		return "a segment is . or ..";
	for (size_t i = 0; i < len; i++)
		if (!is_stream_byte(segment[i]))
			return "only letters, digits, . _ - and / may stand in it";
	return NULL;
}

static const char *stream_fault(const char *stream)
{
	if (stream[0] == '\0')
		return "it is empty";
	if (strlen(stream) > STREAM_NAME_MAX)
		return "it is longer than 200 bytes";
	for (const char *segment = stream;; segment++) {
		size_t len = strcspn(segment, "/");
		const char *fault = segment_fault(segment, len);

		if (fault != NULL)
			return fault;
		segment += len;
		if (*segment == '\0')
			return NULL;
	}
}

int stream_name_check(const char *stream, struct err *err)
{
	const char *fault = stream_fault(stream);
	char shown[QUOTE_TEXT_MAX];

	if (fault == NULL)
		return 0;
	err_set(err, ERR_USAGE, "stream name %s: %s", quote_string(stream, shown), fault);
	return err_hint(err, "a stream is called like db/orders or hosts/web1");
}

char *stream_domain(const char *stream)
{
	return mem_strndup(stream, strcspn(stream, "/"));
}

bool snapshot_place_parse(const char *key, struct snapshot_place *ret_place)
{
	size_t prefix_len = strlen(SNAPSHOTS_PREFIX);
	const char *name = path_basename(key);
	struct snapshot_place place;

	if (strncmp(key, SNAPSHOTS_PREFIX, prefix_len) != 0 || name <= key + prefix_len)
		return false;
	size_t len = (size_t)(name - 1 - (key + prefix_len));
	if (len > STREAM_NAME_MAX)
		return false;
	memcpy(place.stream, key + prefix_len, len);
	place.stream[len] = '\0';
	if (stream_fault(place.stream) != NULL ||
	    !signed_name_parse(name, &place.seq, place.id))
		return false;
	*ret_place = place;
	return true;
}

const char *snapshot_header_text(const struct snapshot_header *header,
				 char out[static HEADER_TEXT_MAX])
{
	char id[9];

	hex_encode(slice_of(header->id, 4), id, sizeof(id));
	snprintf(out, HEADER_TEXT_MAX, "header %s %" PRIu64 " (%s)", header->stream,
		 header->seq, id);
	return out;
}
