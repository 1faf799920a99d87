/* SPDX-License-Identifier: Apache-2.0 */
/* SNAPSHOT on a command line: an id prefix, latest:STREAM, STREAM@TIME. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "format/encoding.h"
#include "repo/snapshots_internal.h"

enum { ID_PREFIX_MIN = 4, HINT_NAMES_MAX = 8 };

static const struct snapshot_header *header_at(const struct snapshot_list *list, size_t i)
{
	return vec_at(&list->headers, i);
}

/* The streams of the list, in order, each once; pointers into the list. */
static struct vec streams_of(const struct snapshot_list *list)
{
	struct vec streams;

	vec_init(&streams, sizeof(const char *));
	for (size_t i = 0; i < list->headers.n; i++) {
		const char *stream = header_at(list, i)->stream;
		const char *const *last = vec_last(&streams);

		if (last == NULL || strcmp(*last, stream) != 0)
			vec_push(&streams, &stream);
	}
	return streams;
}

/* Says what exists where `stream` does not. */
static int unknown_stream(const struct snapshot_list *list, const char *stream,
			  struct err *err)
{
	CLEANUP(vec_release) struct vec streams = streams_of(list);
	CLEANUP(buf_release) struct buf names = {0};
	char shown[QUOTE_TEXT_MAX];
	const char *near = suggest_word(stream, streams.data, streams.n);

	err_set(err, ERR_NOT_FOUND, "no snapshot of stream %s",
		quote_string(stream, shown));
	if (near != NULL)
		return err_hint(err, "did you mean %s?", near);
	if (streams.n == 0)
		return err_hint(err, "the repository has no snapshots yet");
	buf_init(&names, 0);
	for (size_t i = 0; i < streams.n && i < HINT_NAMES_MAX; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "",
			   *(const char *const *)vec_at(&streams, i));
	return err_hint(err, "streams: %s%s", buf_string(&names),
			streams.n > HINT_NAMES_MAX ? ", ..." : "");
}

static bool has_stream(const struct snapshot_list *list, const char *stream)
{
	for (size_t i = 0; i < list->headers.n; i++)
		if (strcmp(header_at(list, i)->stream, stream) == 0)
			return true;
	return false;
}

int snapshot_list_check_stream(const struct snapshot_list *list, const char *pattern,
			       struct err *err)
{
	for (size_t i = 0; i < list->headers.n; i++)
		if (pattern_match(pattern, slice_of_string(header_at(list, i)->stream)))
			return 0;
	return unknown_stream(list, pattern, err);
}

/* Of two headers of one stream: does `a` come after `b`? */
static bool is_newer_by_seq(const struct snapshot_header *a,
			    const struct snapshot_header *b)
{
	return a->seq > b->seq || (a->seq == b->seq && a->time_nsec >= b->time_nsec);
}

static bool is_newer_by_time(const struct snapshot_header *a,
			     const struct snapshot_header *b)
{
	return a->time_nsec > b->time_nsec ||
	       (a->time_nsec == b->time_nsec && a->seq >= b->seq);
}

static int find_latest(const struct snapshot_list *list, const char *stream,
		       const struct snapshot_header **ret_header, struct err *err)
{
	const struct snapshot_header *found = NULL;
	char shown[QUOTE_TEXT_MAX];

	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = header_at(list, i);

		if (strcmp(header->stream, stream) == 0 && !header->expired &&
		    (found == NULL || is_newer_by_seq(header, found)))
			found = header;
	}
	if (found == NULL && has_stream(list, stream))
		return err_set(err, ERR_NOT_FOUND,
			       "all snapshots of stream %s have expired",
			       quote_string(stream, shown));
	if (found == NULL)
		return unknown_stream(list, stream, err);
	*ret_header = found;
	return 0;
}

/* Nothing at or before the time: tells the oldest that is there. */
static int nothing_before(const char *stream, const struct snapshot_header *oldest,
			  int64_t time_nsec, struct err *err)
{
	char time_text[CLOCK_TEXT_MAX];
	char shown[QUOTE_TEXT_MAX];

	err_set(err, ERR_NOT_FOUND, "no snapshot of stream %s at or before %s",
		quote_string(stream, shown), clock_format(time_nsec, time_text));
	if (oldest == NULL)
		return err_hint(err, "all its snapshots have expired");
	return err_hint(err, "its oldest is of %s",
			clock_format(oldest->time_nsec, time_text));
}

static int find_at(const struct snapshot_list *list, const char *stream,
		   int64_t time_nsec, const struct snapshot_header **ret_header,
		   struct err *err)
{
	const struct snapshot_header *found = NULL;
	const struct snapshot_header *oldest = NULL;

	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = header_at(list, i);

		if (strcmp(header->stream, stream) != 0 || header->expired)
			continue;
		if (oldest == NULL || !is_newer_by_time(header, oldest))
			oldest = header;
		if (header->time_nsec <= time_nsec &&
		    (found == NULL || is_newer_by_time(header, found)))
			found = header;
	}
	if (found == NULL && !has_stream(list, stream))
		return unknown_stream(list, stream, err);
	if (found == NULL)
		return nothing_before(stream, oldest, time_nsec, err);
	*ret_header = found;
	return 0;
}

static bool fits_prefix(const struct snapshot_header *header, const char *prefix)
{
	char id[HASH_HEX_LEN + 1];

	hex_encode(slice_of(header->id, HASH_LEN), id, sizeof(id));
	return strncmp(id, prefix, strlen(prefix)) == 0;
}

/* What an id prefix fits. */
struct id_matches {
	const struct snapshot_header *found; /* the last that counts */
	size_t n;			     /* how many count */
	const struct snapshot_header *expired;
	struct buf ids; /* of those that count, for a hint */
};

static void match_ids(const struct snapshot_list *list, const char *prefix,
		      struct id_matches *matches)
{
	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = header_at(list, i);
		char id[17];

		if (!fits_prefix(header, prefix))
			continue;
		if (header->expired) {
			matches->expired = header;
			continue;
		}
		matches->found = header;
		hex_encode(slice_of(header->id, 8), id, sizeof(id));
		if (matches->n++ < HINT_NAMES_MAX)
			buf_printf(&matches->ids, "%s%s (%s %" PRIu64 ")",
				   matches->n > 1 ? ", " : "", id, header->stream,
				   header->seq);
	}
}

static int find_id(const struct snapshot_list *list, const char *prefix,
		   const struct snapshot_header **ret_header, struct err *err)
{
	struct id_matches matches = {0};
	int result = 0;

	buf_init(&matches.ids, 0);
	match_ids(list, prefix, &matches);
	if (matches.n == 1) {
		*ret_header = matches.found;
	} else if (matches.n > 1) {
		err_set(err, ERR_USAGE, "id %s fits %zu snapshots", prefix, matches.n);
		result = err_hint(err, "%s", buf_string(&matches.ids));
	} else if (matches.expired != NULL) {
		result = err_set(err, ERR_NOT_FOUND, "snapshot %s has expired", prefix);
	} else {
		err_set(err, ERR_NOT_FOUND, "no snapshot with id %s", prefix);
		result = err_hint(err, "quipu-backup list shows what there is");
	}
	buf_release(&matches.ids);
	return result;
}

static int bad_text(const struct snapshot_list *list, const char *text, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	err_set(err, ERR_USAGE,
		"%s names no snapshot; expected an id (at least %d hex digits), "
		"latest:STREAM or STREAM@TIME",
		quote_string(text, shown), ID_PREFIX_MIN);
	if (has_stream(list, text))
		return err_hint(err, "did you mean latest:%s?", text);
	return -1;
}

static const char latest[] = "latest:";

static bool is_latest(const char *text)
{
	return strncmp(text, latest, strlen(latest)) == 0;
}

bool snapshot_text_is_id(const char *text)
{
	return !is_latest(text) && strchr(text, '@') == NULL;
}

int snapshot_list_find(const struct snapshot_list *list, const char *text,
		       const struct snapshot_header **ret_header, struct err *err)
{
	const char *at = strchr(text, '@');
	size_t len = strlen(text);

	if (strcmp(text, latest) == 0 || at == text)
		return bad_text(list, text, err);
	if (is_latest(text))
		return find_latest(list, text + strlen(latest), ret_header, err);
	if (at != NULL) {
		CLEANUP(mem_freep)
		char *stream = mem_strndup(text, (size_t)(at - text));
		int64_t time_nsec;

		if (clock_parse(at + 1, &time_nsec, err) < 0)
			return -1;
		return find_at(list, stream, time_nsec, ret_header, err);
	}
	if (len < ID_PREFIX_MIN || len > HASH_HEX_LEN ||
	    strspn(text, "0123456789abcdef") != len)
		return bad_text(list, text, err);
	return find_id(list, text, ret_header, err);
}
