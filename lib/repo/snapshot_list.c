/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A header that does not verify never enters the list; it becomes an alarm, so that one false
 * object cannot stop a restore. What concerns headers among each other is for
 * snapshot_judge.c.
 */
#include <string.h>

#include "base/mem.h"
#include "repo/chain.h"
#include "repo/records.h"
#include "repo/snapshot_format.h"
#include "repo/snapshots_internal.h"

struct loading {
	const struct repo *repo;
	const char *stream; /* NULL: all */
	const struct cancel *cancel;
	struct snapshot_list *list;
};

void snapshot_list_release(struct snapshot_list *list)
{
	for (size_t i = 0; i < list->headers.n; i++)
		snapshot_header_release(vec_at(&list->headers, i));
	vec_release(&list->headers);
	strings_release(&list->alarms);
	strings_release(&list->alarm_streams);
	strings_release(&list->reports);
	*list = (struct snapshot_list){0};
}

/* The alarms that were added since the last call are about this stream. */
static void blame(struct snapshot_list *list, const char *stream)
{
	while (strings_count(&list->alarm_streams) < strings_count(&list->alarms))
		strings_add(&list->alarm_streams, stream);
}

bool snapshot_list_has_alarm(const struct snapshot_list *list, const char *stream)
{
	for (size_t i = 0; i < strings_count(&list->alarm_streams); i++)
		if (strcmp(strings_at(&list->alarm_streams, i), stream) == 0)
			return true;
	return false;
}

int snapshot_certificate_covers(const struct repo_identity *identity,
				struct slice certificate, const char *stream,
				struct err *err)
{
	const struct frame_expect expect = {
		.kind = FRAME_KEY_LOG, .stream = "", .any_seq = true, .owner_only = true};
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct signed_frame frame;

	if (signed_frame_open(certificate, identity, &expect, &frame, err) < 0 ||
	    keylog_record_decode(frame.body, &record, err) < 0)
		return -1;
	if (certificate_covers(&record.certificate.streams, stream))
		return 0;
	return err_set(err, ERR_KEY, "the writer %s may not write to stream %s",
		       record.certificate.name, stream);
}

int snapshot_header_open(const struct repo *repo, const char *key,
			 const struct snapshot_place *place,
			 struct snapshot_header *header, struct err *err)
{
	struct frame_expect expect = {
		.kind = FRAME_SNAPSHOT, .stream = place->stream, .role = KEY_WRITER};
	CLEANUP(signed_object_release) struct signed_object object = {0};

	if (signed_object_load(repo->store, key, &repo->identity, &expect, &object, err) <
	    0)
		return -1;
	if (snapshot_certificate_covers(&repo->identity, object.frame.certificate,
					place->stream, err) < 0) {
		if (err->code == ERR_KEY)
			err->code = ERR_ALARM;
		return err_wrap(err, "%s", key);
	}
	memcpy(header->id, place->id, HASH_LEN);
	header->stream = mem_strdup(place->stream);
	header->seq = place->seq;
	header->writer = object.frame.signer;
	buf_append_slice(&header->certificate, object.frame.certificate);
	if (snapshot_header_decode(object.frame.body, header, err) < 0) {
		snapshot_header_release(header);
		snapshot_header_init(header);
		return err_wrap(err, "%s", key);
	}
	return 0;
}

static int load_one(void *arg, const char *key, const struct store_info *info,
		    struct err *err)
{
	struct loading *loading = arg;
	struct snapshot_header header;
	struct snapshot_place place;
	struct err why = {0};

	if (cancel_check(loading->cancel, err) < 0)
		return -1;
	if (!snapshot_place_parse(key, &place)) {
		loading->list->foreign++;
		return 0;
	}
	if (loading->stream != NULL && strcmp(loading->stream, place.stream) != 0)
		return 0;
	snapshot_header_init(&header);
	if (snapshot_header_open(loading->repo, key, &place, &header, &why) == 0) {
		header.stored_nsec = info->modified_nsec;
		vec_push(&loading->list->headers, &header);
		return 0;
	}
	snapshot_header_release(&header);
	/* a bad sector in one header is no reason to lose the others; but who loads one stream
	 * is about to write to it, and must know its heads */
	if (signed_object_is_finding(&why) ||
	    (loading->stream == NULL && why.code == ERR_IO)) {
		strings_add(&loading->list->alarms, why.msg);
		blame(loading->list, place.stream);
		return 0;
	}
	*err = why;
	return -1;
}

static int compare_headers(const void *a, const void *b)
{
	const struct snapshot_header *x = a;
	const struct snapshot_header *y = b;
	int order = strcmp(x->stream, y->stream);

	if (order != 0)
		return order;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return memcmp(x->id, y->id, HASH_LEN);
}

/* Where the stream that begins at `from` ends. */
static size_t stream_end(const struct snapshot_list *list, size_t from)
{
	const struct snapshot_header *headers = list->headers.data;
	size_t to = from;

	while (to < list->headers.n &&
	       strcmp(headers[to].stream, headers[from].stream) == 0)
		to++;
	return to;
}

/* Judges stream by stream and takes out what does not count. */
static void judge_streams(const struct repo *repo, struct snapshot_list *list)
{
	CLEANUP(mem_freep) bool *keep = mem_calloc(list->headers.n, sizeof(*keep));
	struct snapshot_header *headers = list->headers.data;
	size_t kept = 0;

	for (size_t from = 0; from < list->headers.n;) {
		size_t to = stream_end(list, from);

		snapshot_stream_check(repo, list, from, to, keep + from);
		blame(list, headers[from].stream);
		from = to;
	}
	for (size_t i = 0; i < list->headers.n; i++) {
		if (keep[i])
			headers[kept++] = headers[i];
		else
			snapshot_header_release(&headers[i]);
	}
	list->headers.n = kept;
}

static int mark_expired(const struct loading *loading, struct err *err)
{
	struct snapshot_list *list = loading->list;
	CLEANUP(records_release) struct records records = {0};

	if (records_load(loading->repo, loading->cancel, &records, err) < 0)
		return -1;
	for (size_t i = 0; i < list->headers.n; i++) {
		struct snapshot_header *header = vec_at(&list->headers, i);

		header->expired = records_expired(&records, header->stream, header->seq,
						  header->id);
	}
	for (size_t i = 0; i < strings_count(&records.alarms); i++)
		strings_add(&list->alarms, strings_at(&records.alarms, i));
	blame(list, "");
	return 0;
}

int snapshot_list_load(const struct repo *repo, const char *stream,
		       const struct cancel *cancel, struct snapshot_list *ret_list,
		       struct err *err)
{
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	struct loading loading = {
		.repo = repo, .stream = stream, .cancel = cancel, .list = &list};
	CLEANUP(mem_freep)
	char *prefix =
		mem_printf("%s%s%s", SNAPSHOTS_PREFIX, stream != NULL ? stream : "",
			   stream != NULL ? "/" : "");

	uint64_t foreign = 0;

	vec_init(&list.headers, sizeof(struct snapshot_header));
	strings_init(&list.alarms);
	strings_init(&list.alarm_streams);
	strings_init(&list.reports);
	if (store_list(repo->store, prefix, load_one, &loading, &foreign, err) < 0)
		return err_wrap(err, "snapshots");
	list.foreign += foreign;
	vec_sort(&list.headers, compare_headers);
	judge_streams(repo, &list);
	if (mark_expired(&loading, err) < 0)
		return -1;
	*ret_list = list;
	list = (struct snapshot_list){0};
	return 0;
}

void snapshot_list_heads(const struct snapshot_list *list, const char *stream,
			 struct vec *ret_indexes)
{
	CLEANUP(vec_release) struct vec nodes = {0};
	size_t from = 0;

	while (from < list->headers.n &&
	       strcmp(((struct snapshot_header *)vec_at(&list->headers, from))->stream,
		      stream) != 0)
		from++;
	vec_init(&nodes, sizeof(struct chain_node));
	for (size_t i = from; i < stream_end(list, from); i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);

		vec_push(&nodes, &(struct chain_node){.seq = header->seq,
						      .id = header->id,
						      .prev = &header->prev});
	}
	CLEANUP(chain_freep) struct chain *chain = chain_new(nodes.data, nodes.n);
	chain_heads(chain, ret_indexes);
	for (size_t i = 0; i < ret_indexes->n; i++)
		*(size_t *)vec_at(ret_indexes, i) += from;
}
