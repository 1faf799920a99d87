/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline from bytes to packs: blob_writer.h and its parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/blob_writer.h"
#include "repo/pack_reader.h"
#include "support/keylog_sample.h"
#include "support/stored_objects.h"

struct fixture {
	struct keylog_sample ks;
	struct rng rng; /* the system's: shared between threads */
	struct cancel cancel;
	struct progress progress;
	struct repo repo;
	struct index *index;
	struct blob_writer *writer;
};

static struct blob_writer_options options_of(struct fixture *fixture)
{
	return (struct blob_writer_options){
		.repo = &fixture->repo,
		.key = &fixture->ks.sample.writer,
		.domain = "db",
		.index = fixture->index,
		.n_threads = 3,
		.rng = &fixture->rng,
		.clock = &fixture->ks.clock,
		.cancel = &fixture->cancel,
		.progress = &fixture->progress,
	};
}

static void open_writer(struct fixture *fixture, struct blob_writer_options options)
{
	struct err err = {0};

	blob_writer_free(fixture->writer);
	fixture->writer = NULL;
	if (blob_writer_new(&options, &fixture->writer, &err) < 0)
		fail_msg("%s", err.msg);
}

static void open_index(struct fixture *fixture)
{
	struct sign_public self = sign_private_public(fixture->ks.sample.writer.sign);
	struct index_options options = {
		.keys = &fixture->ks.sample.writer.dedup,
		.identity = &fixture->repo.identity,
		.domain = "db",
		.signers = &self,
		.n_signers = 1,
		.rng = &fixture->rng,
	};
	struct err err = {0};

	index_free(fixture->index);
	fixture->index = NULL;
	if (index_open(&options, &fixture->index, &err) < 0 ||
	    index_update(fixture->index, &fixture->repo, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static int setup(void **state)
{
	struct fixture *fixture = mem_zalloc(sizeof(*fixture));
	struct err err = {0};

	if (keylog_sample_init(&fixture->ks, 11, &err) < 0)
		return -1;
	fixture->rng = rng_system();
	cancel_init(&fixture->cancel);
	progress_init(&fixture->progress);
	fixture->repo = (struct repo){
		.store = fixture->ks.store,
		.identity = fixture->ks.sample.identity,
		.params = {.chunk = {4096, 16384, 65536}, .pack_size = 1024 * 1024},
		.keylog = fixture->ks.keylog,
	};
	*state = fixture;
	open_index(fixture);
	open_writer(fixture, options_of(fixture));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	blob_writer_free(fixture->writer);
	index_free(fixture->index);
	keylog_sample_release(&fixture->ks);
	mem_free(fixture);
	return 0;
}

static void fill(uint8_t *to, size_t len, uint64_t seed)
{
	struct rng rng = rng_seeded(seed);

	rng_fill(&rng, to, len);
}

static struct blob_ref put(struct fixture *fixture, struct slice bytes)
{
	struct blob_ticket *ticket;
	struct blob_ref ref = {0};
	struct err err = {0};

	if (blob_writer_put(fixture->writer, BLOB_DATA, bytes, &ticket, &err) < 0 ||
	    blob_ticket_take(ticket, &ref, &err) < 0)
		fail_msg("%s", err.msg);
	return ref;
}

static void flush(struct fixture *fixture)
{
	struct err err = {0};

	if (blob_writer_flush(fixture->writer, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Writes bytes through a stream in pieces of up to `step`. */
static void write_stream(struct fixture *fixture, enum cut_mode mode, struct slice bytes,
			 size_t step, struct vec *refs)
{
	struct blob_stream *stream;
	struct vec tickets;
	uint64_t len;
	struct err err = {0};

	vec_init(&tickets, sizeof(struct blob_ticket *));
	assert_int_equal(blob_stream_open(fixture->writer, mode, &stream, &err), 0);
	for (size_t at = 0; at < bytes.len;) {
		size_t room;
		uint8_t *to = blob_stream_space(stream, &room);
		size_t n = bytes.len - at < step ? bytes.len - at : step;

		n = n < room ? n : room;
		memcpy(to, bytes.data + at, n);
		assert_int_equal(blob_stream_commit(stream, n, &err), 0);
		at += n;
	}
	assert_int_equal(blob_stream_close(stream, &tickets, &len, &err), 0);
	assert_int_equal(len, bytes.len);
	for (size_t i = 0; i < tickets.n; i++) {
		struct blob_ref ref;

		if (blob_ticket_take(*(struct blob_ticket **)vec_at(&tickets, i), &ref,
				     &err) < 0)
			fail_msg("%s", err.msg);
		vec_push(refs, &ref);
	}
	vec_release(&tickets);
}

/* Reads one blob from the store by index, as a restore would. */
static void read_blob(struct fixture *fixture, const struct blob_ref *ref,
		      struct buf *out)
{
	CLEANUP(hmac_freep)
	struct hmac *hmac = hmac_new(&fixture->ks.sample.writer.dedup.blob_id);
	CLEANUP(zstd_decoder_freep) struct zstd_decoder *decoder = zstd_decoder_new();
	CLEANUP(pack_opener_freep) struct pack_opener *opener = NULL;
	CLEANUP(buf_release) struct buf scratch = {0};
	CLEANUP(buf_release) struct buf sealed = {0};
	uint8_t header[PACK_HEADER_LEN];
	struct blob_place place;
	struct pack_info info;
	char key[PACK_KEY_LEN];
	struct err err = {0};
	size_t n;

	buf_init(&scratch, 0);
	buf_init(&sealed, 0);
	assert_int_equal(index_find(fixture->index, &ref->id, &place, 1, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(index_pack(fixture->index, place.pack, &info, &err), 0);
	pack_key(info.name, key);
	struct blob_entry entry = {.id = ref->id,
				   .type = place.type,
				   .offset = place.offset,
				   .stored = place.stored,
				   .raw = place.raw};
	struct blob_tools tools = {.hmac = hmac, .decoder = decoder, .scratch = &scratch};
	if (store_get_range(fixture->repo.store, key, 0, sizeof(header), header, &err) <
		    0 ||
	    store_get_range(fixture->repo.store, key, place.offset, place.stored,
			    buf_extend(&sealed, place.stored), &err) < 0 ||
	    pack_opener_new(&fixture->repo.identity, slice_of(header, sizeof(header)),
			    fixture->ks.sample.epoch, &opener, &err) < 0)
		fail_msg("%s", err.msg);
	struct sealed_blob blob = {
		.bytes = buf_slice(&sealed), .entry = &entry, .number = place.number};
	if (pack_opener_blob(opener, &blob, &tools, out, &err) < 0)
		fail_msg("%s", err.msg);
}

static void expect_content(struct fixture *fixture, const struct vec *refs,
			   struct slice expected)
{
	CLEANUP(buf_release) struct buf blob = {0};
	size_t at = 0;

	buf_init(&blob, 0);
	for (size_t i = 0; i < refs->n; i++) {
		const struct blob_ref *ref = vec_at(refs, i);

		read_blob(fixture, ref, &blob);
		assert_int_equal(blob.len, ref->raw_len);
		assert_true(at + blob.len <= expected.len);
		assert_memory_equal(blob.data, expected.data + at, blob.len);
		at += blob.len;
	}
	assert_int_equal(at, expected.len);
}

static void test_blob_writer_put__stores_equal_bytes_once(void **state)
{
	struct fixture *fixture = *state;
	struct blob_ref a = put(fixture, slice_of_string("hello"));
	struct blob_ref b = put(fixture, slice_of_string("hello"));
	struct blob_ref c = put(fixture, slice_of_string("other"));

	flush(fixture);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_memory_not_equal(&a.id, &c.id, sizeof(a.id));
	struct blob_writer_counters counters = blob_writer_counters(fixture->writer);
	assert_int_equal(counters.new_blobs, 2);
	assert_int_equal(counters.new_bytes, 10);
	assert_int_equal(counters.raw_bytes, 15);
}

static void test_blob_writer_put__takes_all_lengths(void **state)
{
	static const size_t lens[] = {0,	  1,	       65536,
				      300 * 1024, 1024 * 1024, 5 * 1024 * 1024};
	struct fixture *fixture = *state;
	uint8_t *bytes = mem_alloc(5 * 1024 * 1024);
	struct vec refs;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		fill(bytes, lens[i], i);
		struct blob_ref ref = put(fixture, slice_of(bytes, lens[i]));

		flush(fixture);
		vec_init(&refs, sizeof(ref));
		vec_push(&refs, &ref);
		expect_content(fixture, &refs, slice_of(bytes, lens[i]));
		vec_release(&refs);
	}
	mem_free(bytes);
}

/* Where the plain reference would cut. */
static void reference_cuts(struct fixture *fixture, struct slice bytes, struct vec *ends)
{
	struct chunker_params params = fixture->repo.params.chunk;
	CLEANUP(chunker_freep)
	struct chunker *chunker =
		chunker_new(&fixture->ks.sample.writer.dedup.chunker, params);
	struct chunk_cutter cutter;
	struct vec cuts;
	size_t next = 0;
	uint64_t end;

	vec_init(&cuts, sizeof(uint64_t));
	chunker_scan_reference(chunker, slice_of(NULL, 0), bytes, 0, &cuts);
	chunk_cutter_init(&cutter, params);
	while (chunk_cutter_next(&cutter, &cuts, &next, bytes.len, true, &end))
		vec_push(ends, &end);
	vec_release(&cuts);
}

static void test_blob_stream__cuts_like_the_reference_whatever_the_pieces(void **state)
{
	struct fixture *fixture = *state;
	size_t len = 7 * 1024 * 1024 + 123;
	uint8_t *bytes = mem_alloc(len);
	static const size_t steps[] = {1024 * 1024, 65537, 4000};
	struct vec ends;

	fill(bytes, len, 77);
	vec_init(&ends, sizeof(uint64_t));
	reference_cuts(fixture, slice_of(bytes, len), &ends);
	assert_in_range(ends.n, len / 65536, len / 4096);
	for (size_t s = 0; s < ARRAY_SIZE(steps); s++) {
		uint64_t at = 0;
		struct vec refs;

		vec_init(&refs, sizeof(struct blob_ref));
		write_stream(fixture, CUT_BY_CONTENT, slice_of(bytes, len), steps[s],
			     &refs);
		assert_int_equal(refs.n, ends.n);
		for (size_t i = 0; i < refs.n; i++) {
			at += ((struct blob_ref *)vec_at(&refs, i))->raw_len;
			assert_int_equal(at, *(uint64_t *)vec_at(&ends, i));
		}
		flush(fixture);
		if (s == 0)
			expect_content(fixture, &refs, slice_of(bytes, len));
		vec_release(&refs);
	}
	/* the second and third time nothing was new */
	assert_int_equal(blob_writer_counters(fixture->writer).new_bytes, len);
	vec_release(&ends);
	mem_free(bytes);
}

static void test_blob_stream__short_streams_are_one_chunk(void **state)
{
	static const size_t lens[] = {0, 1, 4096, 60000};
	struct fixture *fixture = *state;
	uint8_t *bytes = mem_alloc(60000);

	fill(bytes, 60000, 5);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct vec refs;

		vec_init(&refs, sizeof(struct blob_ref));
		write_stream(fixture, CUT_BY_CONTENT, slice_of(bytes, lens[i]), 4096,
			     &refs);
		assert_true(lens[i] > 4096 || refs.n == (lens[i] > 0));
		flush(fixture);
		expect_content(fixture, &refs, slice_of(bytes, lens[i]));
		vec_release(&refs);
	}
	mem_free(bytes);
}

static void test_blob_stream__pages_are_aligned(void **state)
{
	struct fixture *fixture = *state;
	size_t len = 1024 * 1024 + 5000;
	uint8_t *bytes = mem_alloc(len);
	struct vec refs;

	fill(bytes, len, 6);
	vec_init(&refs, sizeof(struct blob_ref));
	write_stream(fixture, CUT_PAGES_8K, slice_of(bytes, len), 100000, &refs);
	assert_int_equal(refs.n, 129);
	for (size_t i = 0; i < 128; i++)
		assert_int_equal(((struct blob_ref *)vec_at(&refs, i))->raw_len, 8192);
	flush(fixture);
	expect_content(fixture, &refs, slice_of(bytes, len));
	vec_release(&refs);
	mem_free(bytes);
}

static int count_each(void *arg, const char *key, const struct store_info *info,
		      struct err *err)
{
	(void)key;
	(void)info;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

static size_t count_objects(struct fixture *fixture, const char *prefix)
{
	struct err err = {0};
	size_t n = 0;

	assert_int_equal(
		store_list(fixture->repo.store, prefix, count_each, &n, NULL, &err), 0);
	return n;
}

static void test_blob_writer__a_new_run_deduplicates_by_fragments_alone(void **state)
{
	struct fixture *fixture = *state;
	size_t len = 3 * 1024 * 1024;
	uint8_t *bytes = mem_alloc(len);
	struct vec refs;

	fill(bytes, len, 8);
	vec_init(&refs, sizeof(struct blob_ref));
	write_stream(fixture, CUT_BY_CONTENT, slice_of(bytes, len), len, &refs);
	flush(fixture);
	size_t packs = count_objects(fixture, "packs/");
	assert_true(packs >= 3);
	open_index(fixture);
	open_writer(fixture, options_of(fixture));
	write_stream(fixture, CUT_BY_CONTENT, slice_of(bytes, len), len, &refs);
	flush(fixture);
	assert_int_equal(blob_writer_counters(fixture->writer).new_bytes, 0);
	assert_int_equal(count_objects(fixture, "packs/"), packs);
	vec_release(&refs);
	mem_free(bytes);
}

static void test_blob_writer_used_packs__are_those_of_this_run(void **state)
{
	struct fixture *fixture = *state;
	uint32_t n;

	(void)put(fixture, slice_of_string("first run"));
	flush(fixture);
	open_index(fixture);
	open_writer(fixture, options_of(fixture));
	(void)put(fixture, slice_of_string("second run"));
	flush(fixture);
	uint8_t *bits = blob_writer_used_packs(fixture->writer, &n);
	assert_int_equal(n, 2);
	assert_int_equal(bits[0], 2);
	mem_free(bits);
	(void)put(fixture, slice_of_string("first run"));
	bits = blob_writer_used_packs(fixture->writer, &n);
	assert_int_equal(bits[0], 3);
	mem_free(bits);
}

static void test_blob_writer_has__tells_what_is_stored(void **state)
{
	struct fixture *fixture = *state;
	struct blob_ref ref = put(fixture, slice_of_string("here"));
	struct err err = {0};
	bool has;

	assert_int_equal(blob_writer_has(fixture->writer, &ref.id, &has, &err), 0);
	assert_true(has);
	flush(fixture);
	assert_int_equal(blob_writer_has(fixture->writer, &ref.id, &has, &err), 0);
	assert_true(has);
	ref.id.bytes[0] ^= 1;
	assert_int_equal(blob_writer_has(fixture->writer, &ref.id, &has, &err), 0);
	assert_false(has);
}

static void test_blob_writer__dry_run_puts_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct blob_writer_options options = options_of(fixture);

	options.dry_run = true;
	open_writer(fixture, options);
	size_t before = count_objects(fixture, "");
	(void)put(fixture, slice_of_string("nothing"));
	flush(fixture);
	assert_int_equal(count_objects(fixture, ""), before);
	assert_int_equal(blob_writer_counters(fixture->writer).new_blobs, 1);
}

static void survey(struct fixture *fixture, int64_t since_nsec, uint64_t n_adopted,
		   uint64_t n_gone)
{
	struct blob_survey found;
	struct err err = {0};

	if (blob_writer_survey(fixture->writer, since_nsec, &found, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(found.adopted, n_adopted);
	assert_int_equal(found.gone, n_gone);
}

static void begin_run(struct fixture *fixture)
{
	open_index(fixture);
	open_writer(fixture, options_of(fixture));
}

static void test_blob_writer_survey__takes_in_packs_without_a_fragment(void **state)
{
	struct fixture *fixture = *state;

	(void)put(fixture, slice_of_string("orphan"));
	flush(fixture);
	objects_delete(fixture->repo.store, "index/");
	begin_run(fixture);
	survey(fixture, INT64_MAX, 0, 0);
	begin_run(fixture);
	survey(fixture, 0, 1, 0);
	(void)put(fixture, slice_of_string("orphan"));
	flush(fixture);
	assert_int_equal(blob_writer_counters(fixture->writer).new_blobs, 0);
	assert_int_equal(count_objects(fixture, "index/"), 1);
}

/* One pack is gone, of another only a part is left, the third is well. */
static void test_blob_writer_survey__stores_again_what_is_gone(void **state)
{
	static const char *const texts[] = {"one", "two", "three"};
	struct fixture *fixture = *state;
	CLEANUP(strings_release) struct strings keys;
	struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	for (size_t i = 0; i < 3; i++) {
		(void)put(fixture, slice_of_string(texts[i]));
		flush(fixture);
	}
	objects_list(fixture->repo.store, "packs/", &keys);
	assert_int_equal(strings_count(&keys), 3);
	object_delete(fixture->repo.store, strings_at(&keys, 0));
	assert_int_equal(store_put(fixture->repo.store, strings_at(&keys, 1),
				   slice_of_string("cut"), &replace, &err),
			 0);
	for (size_t run = 0; run < 2; run++) {
		begin_run(fixture);
		survey(fixture, INT64_MAX, 0, 2);
		for (size_t i = 0; i < 3; i++)
			(void)put(fixture, slice_of_string(texts[i]));
		flush(fixture);
		/* once is enough, though the fragments go on naming them */
		assert_int_equal(blob_writer_counters(fixture->writer).new_blobs,
				 run == 0 ? 2 : 0);
	}
}

static void test_blob_writer_put_body__is_a_pack_of_one_blob(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	uint8_t hash[32];
	uint64_t size;
	char key[PACK_KEY_LEN] = "bodies/";
	struct err err = {0};

	assert_int_equal(blob_writer_put_body(fixture->writer,
					      slice_of_string("the body"), hash, &size,
					      &err),
			 0);
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(key + 7 + 2 * i, 3, "%02x", hash[i]);
	if (pack_directory_load(&fixture->repo, &fixture->ks.sample.writer.dedup, key,
				size, &contents, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(contents.directory.entries.n, 1);
	const struct blob_entry *entry = vec_at(&contents.directory.entries, 0);
	assert_int_equal(entry->type, BLOB_BODY);
	assert_int_equal(entry->raw, 8);
}

static void test_blob_writer__an_interruption_ends_everything(void **state)
{
	struct fixture *fixture = *state;
	struct blob_ticket *ticket;
	struct err err = {0};

	cancel_set(&fixture->cancel, 15);
	assert_int_equal(blob_writer_put(fixture->writer, BLOB_DATA, slice_of_string("x"),
					 &ticket, &err),
			 -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	err_clear(&err);
	assert_int_equal(blob_writer_flush(fixture->writer, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_blob_writer_put__stores_equal_bytes_once),
		CASE(test_blob_writer_put__takes_all_lengths),
		CASE(test_blob_stream__cuts_like_the_reference_whatever_the_pieces),
		CASE(test_blob_stream__short_streams_are_one_chunk),
		CASE(test_blob_stream__pages_are_aligned),
		CASE(test_blob_writer__a_new_run_deduplicates_by_fragments_alone),
		CASE(test_blob_writer_used_packs__are_those_of_this_run),
		CASE(test_blob_writer_has__tells_what_is_stored),
		CASE(test_blob_writer__dry_run_puts_nothing),
		CASE(test_blob_writer_survey__takes_in_packs_without_a_fragment),
		CASE(test_blob_writer_survey__stores_again_what_is_gone),
		CASE(test_blob_writer_put_body__is_a_pack_of_one_blob),
		CASE(test_blob_writer__an_interruption_ends_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
