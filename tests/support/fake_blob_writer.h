/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for repo/blob_writer.c in a test of what is above it: blobs stay in memory,
 * streams are cut every FAKE_CHUNK_LEN bytes, and the test decides when tickets are ready
 * and which call fails. Ids are those of the real one. Include it in one file of a program,
 * after cmocka.h.
 */
#ifndef TESTS_SUPPORT_FAKE_BLOB_WRITER_H
#define TESTS_SUPPORT_FAKE_BLOB_WRITER_H

#include "base/rng.h"
#include "repo/blob_writer.h"
#include "support/node_store.h"

enum { FAKE_CHUNK_LEN = 16, FAKE_SPACE_LEN = 100 };

struct blob_writer {
	struct node_store store;
	size_t n_calls, fail_call; /* the n-th call fails with ERR_IO; 0 = none */
	size_t n_data;		   /* data blobs put */
	size_t n_tickets;	   /* alive */
	uint64_t serial, ready;	   /* tickets up to `ready` are ready */
	bool is_slow;		   /* tickets are ready only when asked for */
	struct blob_id lost;	   /* has() denies this one */
};

struct blob_ticket {
	struct blob_writer *writer;
	struct blob_ref ref;
	uint64_t serial;
};

struct blob_stream {
	struct blob_writer *writer;
	struct buf bytes; /* not cut yet */
	struct vec tickets;
	uint64_t len;
	uint8_t space[FAKE_SPACE_LEN];
};

static inline void fake_blob_writer_init(struct blob_writer *writer,
					 const struct secret *id_key)
{
	*writer = (struct blob_writer){0};
	node_store_init(&writer->store);
	writer->store.hmac = hmac_new(id_key);
}

static inline void fake_blob_writer_release(struct blob_writer *writer)
{
	node_store_release(&writer->store);
}

static int fake_call(struct blob_writer *writer, struct err *err)
{
	if (++writer->n_calls == writer->fail_call)
		return err_set(err, ERR_IO, "planted failure");
	return 0;
}

static struct blob_ticket *fake_ticket(struct blob_writer *writer, enum blob_type type,
				       struct slice bytes)
{
	struct blob_ticket *ticket = mem_zalloc(sizeof(*ticket));

	ticket->writer = writer;
	ticket->serial = ++writer->serial;
	node_store_add(&writer->store, type, bytes, &ticket->ref);
	writer->n_data += type == BLOB_DATA;
	writer->n_tickets++;
	return ticket;
}

int blob_writer_put(struct blob_writer *writer, enum blob_type type, struct slice bytes,
		    struct blob_ticket **ret_ticket, struct err *err)
{
	if (fake_call(writer, err) < 0)
		return -1;
	*ret_ticket = fake_ticket(writer, type, bytes);
	return 0;
}

bool blob_ticket_ready(const struct blob_ticket *ticket)
{
	return !ticket->writer->is_slow || ticket->serial <= ticket->writer->ready;
}

int blob_ticket_take(struct blob_ticket *ticket, struct blob_ref *ret_ref,
		     struct err *err)
{
	int result = fake_call(ticket->writer, err);

	if (result == 0)
		*ret_ref = ticket->ref;
	if (ticket->writer->ready < ticket->serial)
		ticket->writer->ready = ticket->serial;
	blob_ticket_free(ticket);
	return result;
}

void blob_ticket_free(struct blob_ticket *ticket)
{
	ticket->writer->n_tickets--;
	mem_free(ticket);
}

int blob_writer_has(struct blob_writer *writer, const struct blob_id *id, bool *ret_has,
		    struct err *err)
{
	if (fake_call(writer, err) < 0)
		return -1;
	*ret_has = node_store_get(&writer->store, id) != NULL &&
		   memcmp(id->bytes, writer->lost.bytes, BLOB_ID_LEN) != 0;
	return 0;
}

int blob_stream_open(struct blob_writer *writer, enum cut_mode mode,
		     struct blob_stream **ret_stream, struct err *err)
{
	struct blob_stream *stream;

	(void)mode;
	if (fake_call(writer, err) < 0)
		return -1;
	stream = mem_zalloc(sizeof(*stream));
	stream->writer = writer;
	buf_init(&stream->bytes, 0);
	vec_init(&stream->tickets, sizeof(struct blob_ticket *));
	*ret_stream = stream;
	return 0;
}

uint8_t *blob_stream_space(struct blob_stream *stream, size_t *ret_len)
{
	*ret_len = FAKE_SPACE_LEN;
	return stream->space;
}

static void fake_cut(struct blob_stream *stream, bool final)
{
	size_t at = 0;

	while (stream->bytes.len - at >= FAKE_CHUNK_LEN ||
	       (final && at < stream->bytes.len)) {
		size_t left = stream->bytes.len - at;
		size_t n = left < FAKE_CHUNK_LEN ? left : FAKE_CHUNK_LEN;
		struct blob_ticket *ticket = fake_ticket(
			stream->writer, BLOB_DATA, slice_of(stream->bytes.data + at, n));

		vec_push(&stream->tickets, &ticket);
		at += n;
	}
	if (at > 0)
		memmove(stream->bytes.data, stream->bytes.data + at,
			stream->bytes.len - at);
	stream->bytes.len -= at;
}

int blob_stream_commit(struct blob_stream *stream, size_t len, struct err *err)
{
	if (fake_call(stream->writer, err) < 0)
		return -1;
	buf_append(&stream->bytes, stream->space, len);
	stream->len += len;
	fake_cut(stream, false);
	return 0;
}

void blob_stream_tickets(struct blob_stream *stream, struct vec *tickets)
{
	for (size_t i = 0; i < stream->tickets.n; i++)
		vec_push(tickets, vec_at(&stream->tickets, i));
	vec_clear(&stream->tickets);
}

void blob_stream_abandon(struct blob_stream *stream)
{
	for (size_t i = 0; i < stream->tickets.n; i++)
		blob_ticket_free(*(struct blob_ticket **)vec_at(&stream->tickets, i));
	vec_release(&stream->tickets);
	buf_release(&stream->bytes);
	mem_free(stream);
}

int blob_stream_close(struct blob_stream *stream, struct vec *tickets, uint64_t *ret_len,
		      struct err *err)
{
	int result = fake_call(stream->writer, err);

	if (result == 0) {
		fake_cut(stream, true);
		blob_stream_tickets(stream, tickets);
		*ret_len = stream->len;
	}
	blob_stream_abandon(stream);
	return result;
}

#endif
