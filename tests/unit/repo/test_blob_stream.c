/* SPDX-License-Identifier: Apache-2.0 */
/* Streams through the whole pipeline of a backup: the chunks are all of the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "base/vec.h"
#include "repo/blob_writer_internal.h"
#include "repo/pack_reader.h"
#include "support/repo_fixture.h"

enum { KIB = 1024, MIB = 1024 * KIB };

/* Around each border where a stream starts to travel in another way. */
static const uint32_t border_lengths[] = {
	1,
	SMALL_BLOB_MAX,
	SMALL_BLOB_MAX + 1,
	200 * KIB,
	CHUNK_MIN_DEFAULT,
	CHUNK_MIN_DEFAULT + 1,
	SEGMENT_LEN - 1,
	SEGMENT_LEN,
	SEGMENT_LEN + 1,
	3 * MIB,
	9 * MIB + 13,
};

struct fixture {
	struct repo_fixture r;
	struct rng rng;	       /* the test's */
	struct rng writer_rng; /* several threads draw from it */
	struct cancel cancel;
	struct index *index;
	struct blob_writer *writer;
	struct hmac *hmac;
	uint8_t *bytes; /* random, of the longest length */
	size_t n_bytes;
};

static void open_writer(struct fixture *x, unsigned n_threads, uint64_t memory)
{
	const struct writer_key *key = x->r.writer->writer;
	const struct sign_public signer = sign_private_public(key->sign);
	const struct index_options index = {
		.keys = &key->dedup,
		.identity = &x->r.repo->identity,
		.domain = "hosts",
		.signers = &signer,
		.n_signers = 1,
		.rng = &x->writer_rng,
	};
	struct blob_writer_options options = {
		.repo = x->r.repo,
		.key = key,
		.domain = "hosts",
		.n_threads = n_threads,
		.memory_bytes = memory,
		.rng = &x->writer_rng,
		.clock = &x->r.clock,
		.cancel = &x->cancel,
	};
	struct err err = {0};

	blob_writer_free(x->writer);
	x->writer = NULL;
	index_free(x->index);
	x->index = NULL;
	if (index_open(&index, &x->index, &err) < 0 ||
	    index_update(x->index, x->r.repo, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	options.index = x->index;
	if (blob_writer_new(&options, &x->writer, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Chunks as a new repository has them: in smaller ones no stream is middling. */
static int setup(void **state)
{
	const struct chunker_params chunk = {CHUNK_MIN_DEFAULT, CHUNK_AVG_DEFAULT,
					     CHUNK_MAX_DEFAULT};
	struct fixture *x = mem_zalloc(sizeof(*x));
	struct err err = {0};

	if (repo_fixture_init_cut(&x->r, 9, chunk, &err) < 0)
		return -1;
	x->rng = rng_seeded(3);
	x->writer_rng = rng_system();
	cancel_init(&x->cancel);
	x->n_bytes = 10 * MIB;
	x->bytes = mem_alloc(x->n_bytes);
	rng_fill(&x->rng, x->bytes, x->n_bytes);
	x->hmac = hmac_new(&x->r.writer->writer->dedup.blob_id);
	open_writer(x, 2, 0);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	int result;

	blob_writer_free(x->writer);
	index_free(x->index);
	hmac_free(x->hmac);
	mem_free(x->bytes);
	result = repo_fixture_release(&x->r);
	mem_free(x);
	return result;
}

static void feed(struct fixture *x, struct blob_stream *stream, const uint8_t *bytes,
		 size_t len)
{
	struct err err = {0};

	while (len > 0) {
		size_t room;
		uint8_t *to = blob_stream_space(stream, &room);
		/* as much as a read() happens to give */
		size_t n = 1 + (size_t)rng_below(&x->rng, room);

		n = n < len ? n : len;
		memcpy(to, bytes, n);
		if (blob_stream_commit(stream, n, &err) < 0)
			fail_msg("%s", err.msg);
		bytes += n;
		len -= n;
	}
}

/* The chunks are all of the bytes, in order. */
static void assert_chunks(struct fixture *x, struct vec *tickets, const uint8_t *bytes,
			  size_t len)
{
	struct err err = {0};
	size_t at = 0;

	for (size_t i = 0; i < tickets->n; i++) {
		struct blob_ref ref;
		struct blob_id expected;

		if (blob_ticket_take(*(struct blob_ticket **)vec_at(tickets, i), &ref,
				     &err) < 0)
			fail_msg("%s", err.msg);
		assert_true(ref.raw_len > 0 && ref.raw_len <= len - at);
		const struct slice chunk = slice_of(bytes + at, ref.raw_len);
		blob_id_compute(x->hmac, BLOB_DATA, &chunk, 1, &expected);
		assert_memory_equal(ref.id.bytes, expected.bytes, BLOB_ID_LEN);
		at += ref.raw_len;
	}
	assert_int_equal(at, len);
	vec_release(tickets);
}

static void assert_stream(struct fixture *x, enum cut_mode mode, const uint8_t *bytes,
			  size_t len)
{
	struct vec tickets;
	struct blob_stream *stream;
	struct err err = {0};
	uint64_t said;

	vec_init(&tickets, sizeof(struct blob_ticket *));
	assert_int_equal(blob_stream_open(x->writer, mode, &stream, &err), 0);
	feed(x, stream, bytes, len);
	if (blob_stream_close(stream, &tickets, &said, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(said, len);
	assert_chunks(x, &tickets, bytes, len);
}

static void flush(struct fixture *x)
{
	struct err err = {0};

	if (blob_writer_flush(x->writer, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Each length follows each other one: memory that a long stream used is used again. */
static void test_streams__are_stored_whole_whatever_came_before(void **state)
{
	struct fixture *x = *state;
	size_t n = sizeof(border_lengths) / sizeof(border_lengths[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			size_t offset = (size_t)rng_below(&x->rng, 1000);

			assert_stream(x, CUT_BY_CONTENT, x->bytes, border_lengths[i]);
			assert_stream(x, CUT_BY_CONTENT, x->bytes + offset,
				      border_lengths[k]);
		}
	}
	flush(x);
}

static void test_streams__in_pages_are_stored_whole(void **state)
{
	static const enum cut_mode modes[] = {CUT_PAGES_8K, CUT_PAGES_16K, CUT_PAGES_32K};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_stream(x, modes[i], x->bytes, 8 * KIB);
		assert_stream(x, modes[i], x->bytes, SEGMENT_LEN);
		assert_stream(x, CUT_BY_CONTENT, x->bytes, 200 * KIB);
		assert_stream(x, modes[i], x->bytes, 3 * MIB + 5);
	}
	flush(x);
}

/* Several are open at once, with little memory: each waits for what others hold. */
static void test_streams__side_by_side_share_the_memory(void **state)
{
	enum { N = 5, LEN = 2 * MIB };
	struct fixture *x = *state;
	struct blob_stream *streams[N];
	struct vec tickets[N];
	struct err err = {0};
	uint64_t said;

	open_writer(x, 1, MIB);
	for (size_t i = 0; i < N; i++) {
		vec_init(&tickets[i], sizeof(struct blob_ticket *));
		assert_int_equal(
			blob_stream_open(x->writer, CUT_BY_CONTENT, &streams[i], &err),
			0);
	}
	for (size_t at = 0; at < LEN; at += 64 * KIB) {
		for (size_t i = 0; i < N; i++) {
			feed(x, streams[i], x->bytes + i * 1000 + at, 64 * KIB);
			blob_stream_tickets(streams[i], &tickets[i]);
		}
	}
	for (size_t i = 0; i < N; i++) {
		if (blob_stream_close(streams[i], &tickets[i], &said, &err) < 0)
			fail_msg("%s", err.msg);
		assert_chunks(x, &tickets[i], x->bytes + i * 1000, LEN);
	}
	flush(x);
}

static void test_streams__of_known_bytes_store_nothing(void **state)
{
	struct fixture *x = *state;

	assert_stream(x, CUT_BY_CONTENT, x->bytes, 9 * MIB);
	flush(x);
	assert_true(blob_writer_counters(x->writer).new_bytes == 9 * MIB);
	open_writer(x, 2, 0);
	assert_stream(x, CUT_BY_CONTENT, x->bytes, 9 * MIB);
	flush(x);
	assert_int_equal(blob_writer_counters(x->writer).raw_bytes, 9 * MIB);
	assert_int_equal(blob_writer_counters(x->writer).new_bytes, 0);
	assert_int_equal(blob_writer_counters(x->writer).n_packs, 0);
}

static void test_stream__ends_when_interrupted(void **state)
{
	struct fixture *x = *state;
	struct blob_stream *stream;
	struct err err = {0};
	size_t room;

	assert_int_equal(blob_stream_open(x->writer, CUT_BY_CONTENT, &stream, &err), 0);
	feed(x, stream, x->bytes, MIB);
	cancel_set(&x->cancel, SIGTERM);
	(void)blob_stream_space(stream, &room);
	assert_int_equal(blob_stream_commit(stream, 1, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	blob_stream_abandon(stream);
	assert_int_equal(blob_writer_flush(x->writer, &err), -1);
}

#define stream_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stream_test(test_streams__are_stored_whole_whatever_came_before),
		stream_test(test_streams__in_pages_are_stored_whole),
		stream_test(test_streams__side_by_side_share_the_memory),
		stream_test(test_streams__of_known_bytes_store_nothing),
		stream_test(test_stream__ends_when_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
