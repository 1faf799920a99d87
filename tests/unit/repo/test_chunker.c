/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "crypto/hash.h"
#include "format/encoding.h"
#include "format/json.h"
#include "repo/chunker.h"

static const struct chunker_params SMALL = {.min = 256, .avg = 1024, .max = 4096};
static const struct chunker_params TINY = {.min = 64, .avg = 64, .max = 256};

/* A byte value whose runs are candidates at every position (docs/format/chunker.md). */
enum { RUN_OF_CANDIDATES = 22 };

static struct chunker *chunker_of(struct chunker_params params, uint8_t key_byte)
{
	struct chunker *chunker;
	struct secret key;

	secret_init(&key, 32);
	memset(key.data, key_byte, key.len);
	chunker = chunker_new(&key, params);
	secret_release(&key);
	return chunker;
}

static struct vec numbers(void)
{
	struct vec vec;

	vec_init(&vec, sizeof(uint64_t));
	return vec;
}

static uint64_t number_at(const struct vec *vec, size_t i)
{
	return *(const uint64_t *)vec_at(vec, i);
}

static void assert_numbers_equal(const struct vec *a, const struct vec *b)
{
	assert_int_equal(a->n, b->n);
	if (a->n > 0)
		assert_memory_equal(a->data, b->data, a->n * sizeof(uint64_t));
}

static uint8_t *random_bytes(uint64_t seed, size_t len)
{
	struct rng rng = rng_seeded(seed);
	uint8_t *bytes = mem_alloc(len);

	rng_fill(&rng, bytes, len);
	return bytes;
}

typedef void scan_function(struct chunker *chunker, struct slice before,
			   struct slice piece, uint64_t base, struct vec *cuts);

static struct vec scan_at_once(struct chunker *chunker, scan_function *scan,
			       struct slice bytes)
{
	struct vec cuts = numbers();

	scan(chunker, slice_of(NULL, 0), bytes, 0, &cuts);
	return cuts;
}

static struct vec scan_in_pieces(struct chunker *chunker, scan_function *scan,
				 struct slice bytes, size_t piece_max, struct rng *rng)
{
	struct vec cuts = numbers();

	for (size_t at = 0; at < bytes.len;) {
		size_t before = at < CHUNKER_WINDOW ? at : CHUNKER_WINDOW;
		size_t len = (size_t)rng_below(rng, piece_max + 1);

		len = len < bytes.len - at ? len : bytes.len - at;
		scan(chunker, slice_of(bytes.data + at - before, before),
		     slice_of(bytes.data + at, len), at, &cuts);
		at += len;
	}
	return cuts;
}

static void assert_all_scans_agree(struct chunker_params params, struct slice bytes)
{
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(params, 1);
	struct rng rng = rng_seeded(9);
	struct vec expected = scan_at_once(chunker, chunker_scan_reference, bytes);
	const size_t piece_max[] = {1, 5, 64, 200, 5000, 100000};

	for (size_t i = 0; i < ARRAY_SIZE(piece_max); i++) {
		struct vec cuts =
			scan_in_pieces(chunker, chunker_scan, bytes, piece_max[i], &rng);

		assert_numbers_equal(&cuts, &expected);
		vec_release(&cuts);
	}
	vec_release(&expected);
}

static void test_chunker_scan__equals_reference_on_random_bytes(void **state)
{
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(1, 100000);

	(void)state;
	assert_all_scans_agree(SMALL, slice_of(bytes, 100000));
	assert_all_scans_agree(TINY, slice_of(bytes, 100000));
}

static void test_chunker_scan__equals_reference_on_runs(void **state)
{
	enum { LEN = 20000 };
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(2, LEN);

	(void)state;
	memset(bytes + 1000, RUN_OF_CANDIDATES, 3000);
	memset(bytes + 6000, RUN_OF_CANDIDATES, CHUNKER_WINDOW);
	memset(bytes + 7000, RUN_OF_CANDIDATES, CHUNKER_WINDOW + 1);
	memset(bytes + 8000, 0, 4000);
	assert_all_scans_agree(SMALL, slice_of(bytes, LEN));
	assert_all_scans_agree(TINY, slice_of(bytes, LEN));
}

static void test_chunker_scan__equals_reference_on_lengths_around_a_word(void **state)
{
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(3, 400);
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(TINY, 1);

	(void)state;
	memset(bytes, RUN_OF_CANDIDATES, 300);
	for (size_t len = 0; len <= 400; len++) {
		struct vec cuts =
			scan_at_once(chunker, chunker_scan, slice_of(bytes, len));
		struct vec expected = scan_at_once(chunker, chunker_scan_reference,
						   slice_of(bytes, len));

		assert_numbers_equal(&cuts, &expected);
		vec_release(&cuts);
		vec_release(&expected);
	}
}

static void test_chunker_scan__reference_in_pieces_equals_reference(void **state)
{
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(4, 30000);
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(TINY, 1);
	struct rng rng = rng_seeded(9);
	struct slice all = slice_of(bytes, 30000);
	struct vec expected = scan_at_once(chunker, chunker_scan_reference, all);
	struct vec cuts = scan_in_pieces(chunker, chunker_scan_reference, all, 300, &rng);

	(void)state;
	assert_numbers_equal(&cuts, &expected);
	vec_release(&cuts);
	vec_release(&expected);
}

static void test_chunker_scan__accepts_nothing_without_a_whole_window(void **state)
{
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(TINY, 1);
	uint8_t run[CHUNKER_WINDOW];
	struct vec cuts = numbers();

	(void)state;
	memset(run, RUN_OF_CANDIDATES, sizeof(run));
	chunker_scan(chunker, slice_of(NULL, 0), slice_of(run, sizeof(run) - 1), 0,
		     &cuts);
	assert_int_equal(cuts.n, 0);
	chunker_scan(chunker, slice_of(NULL, 0), slice_of(run, sizeof(run)), 0, &cuts);
	assert_int_equal(cuts.n, 1);
	assert_true(number_at(&cuts, 0) == CHUNKER_WINDOW);
	vec_release(&cuts);
}

static void test_chunker_scan__positions_are_of_the_stream(void **state)
{
	enum { LEN = 5000 };
	const uint64_t far = UINT64_C(1) << 41;
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(5, LEN);
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(TINY, 1);
	struct vec near_cuts = scan_at_once(chunker, chunker_scan, slice_of(bytes, LEN));
	struct vec far_cuts = numbers();

	(void)state;
	chunker_scan(chunker, slice_of(bytes, 63), slice_of(bytes + 63, LEN - 63),
		     far + 63, &far_cuts);
	assert_int_equal(near_cuts.n, far_cuts.n);
	assert_true(near_cuts.n > 10);
	for (size_t i = 0; i < near_cuts.n; i++)
		assert_true(number_at(&far_cuts, i) == far + number_at(&near_cuts, i));
	vec_release(&near_cuts);
	vec_release(&far_cuts);
}

static void test_chunker_scan__ignores_more_bytes_before(void **state)
{
	enum { LEN = 5000, AT = 1000 };
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(6, LEN);
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(TINY, 1);
	struct vec expected = numbers();
	struct vec cuts = numbers();

	(void)state;
	chunker_scan(chunker, slice_of(bytes + AT - 63, 63),
		     slice_of(bytes + AT, LEN - AT), AT, &expected);
	chunker_scan(chunker, slice_of(bytes, AT), slice_of(bytes + AT, LEN - AT), AT,
		     &cuts);
	assert_true(cuts.n > 0);
	assert_numbers_equal(&cuts, &expected);
	vec_release(&expected);
	vec_release(&cuts);
}

static void test_chunker_scan__depends_on_the_key(void **state)
{
	enum { LEN = 200000 };
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(7, LEN);
	CLEANUP(chunker_freep) struct chunker *a = chunker_of(SMALL, 1);
	CLEANUP(chunker_freep) struct chunker *b = chunker_of(SMALL, 2);
	struct vec cuts_a = scan_at_once(a, chunker_scan, slice_of(bytes, LEN));
	struct vec cuts_b = scan_at_once(b, chunker_scan, slice_of(bytes, LEN));
	size_t n_common = 0;

	(void)state;
	for (size_t i = 0, k = 0; i < cuts_a.n; i++) {
		while (k < cuts_b.n && number_at(&cuts_b, k) < number_at(&cuts_a, i))
			k++;
		if (k < cuts_b.n && number_at(&cuts_b, k) == number_at(&cuts_a, i))
			n_common++;
	}
	assert_true(cuts_a.n > 100);
	assert_true(n_common < cuts_a.n / 4); /* by chance: one in 16 */
	vec_release(&cuts_a);
	vec_release(&cuts_b);
}

static void assert_refused(uint32_t min, uint32_t avg, uint32_t max, const char *message)
{
	struct chunker_params params = {.min = min, .avg = avg, .max = max};
	struct err err = {0};

	assert_int_equal(chunker_params_check(params, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, message);
}

static void test_chunker_params_check__refuses_what_breaks_a_rule(void **state)
{
	(void)state;
	assert_refused(64, 32, 4096,
		       "average chunk length 32, expected a power of two from 64");
	assert_refused(64, 1000, 4096,
		       "average chunk length 1000, expected a power of two from 64");
	assert_refused(64, 0, 4096,
		       "average chunk length 0, expected a power of two from 64");
	assert_refused(63, 1024, 4096,
		       "minimum chunk length 63, expected 64 to the average of 1024");
	assert_refused(1025, 1024, 4096,
		       "minimum chunk length 1025, expected 64 to the average of 1024");
	assert_refused(
		256, 1024, 1023,
		"maximum chunk length 1023, expected the average of 1024 to 16777216");
	assert_refused(256, 1024, CHUNK_MAX_LIMIT + 1,
		       "maximum chunk length 16777217, expected the average of 1024 to "
		       "16777216");
}

static void test_chunker_params_check__takes_defaults_and_extremes(void **state)
{
	const struct chunker_params good[] = {
		{CHUNK_MIN_DEFAULT, CHUNK_AVG_DEFAULT, CHUNK_MAX_DEFAULT},
		{64, 64, 64},
		{CHUNK_MAX_LIMIT, CHUNK_MAX_LIMIT, CHUNK_MAX_LIMIT},
	};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(chunker_params_check(good[i], &err), 0);
}

/* --- the cutter --- */

static struct vec vec_of(const uint64_t *values, size_t n)
{
	struct vec vec = numbers();

	for (size_t i = 0; i < n; i++)
		vec_push(&vec, &values[i]);
	return vec;
}

/* Cuts a stream of `len` bytes that arrives whole. */
static struct vec ends_of(struct chunker_params params, const struct vec *cuts,
			  uint64_t len)
{
	struct vec ends = numbers();
	struct chunk_cutter cutter;
	size_t next = 0;
	uint64_t end;

	chunk_cutter_init(&cutter, params);
	while (chunk_cutter_next(&cutter, cuts, &next, len, true, &end))
		vec_push(&ends, &end);
	return ends;
}

static void assert_ends(const uint64_t *cuts, size_t n_cuts, uint64_t len,
			const uint64_t *expected, size_t n_expected)
{
	struct vec cut_vec = vec_of(cuts, n_cuts);
	struct vec expected_vec = vec_of(expected, n_expected);
	struct vec ends = ends_of(SMALL, &cut_vec, len);

	assert_numbers_equal(&ends, &expected_vec);
	vec_release(&cut_vec);
	vec_release(&expected_vec);
	vec_release(&ends);
}

static void test_chunk_cutter_next__an_empty_stream_has_no_chunk(void **state)
{
	(void)state;
	assert_ends(NULL, 0, 0, NULL, 0);
}

static void test_chunk_cutter_next__passes_over_cuts_below_the_minimum(void **state)
{
	const uint64_t cuts[] = {64, 255, 256, 300, 511, 513};
	const uint64_t expected[] = {256, 513, 600};

	(void)state;
	assert_ends(cuts, ARRAY_SIZE(cuts), 600, expected, ARRAY_SIZE(expected));
}

static void test_chunk_cutter_next__cuts_at_the_maximum(void **state)
{
	const uint64_t cuts[] = {4097, 8193};
	const uint64_t expected[] = {4096, 8192, 9000};

	(void)state;
	assert_ends(cuts, ARRAY_SIZE(cuts), 9000, expected, ARRAY_SIZE(expected));
}

static void test_chunk_cutter_next__a_cut_at_the_maximum_counts_once(void **state)
{
	const uint64_t cuts[] = {4096};
	const uint64_t expected[] = {4096, 4200};

	(void)state;
	assert_ends(cuts, ARRAY_SIZE(cuts), 4200, expected, ARRAY_SIZE(expected));
}

static void test_chunk_cutter_next__the_last_chunk_may_be_short(void **state)
{
	const uint64_t cuts[] = {1000, 1001};
	const uint64_t expected[] = {1000, 1001};

	(void)state;
	assert_ends(cuts, ARRAY_SIZE(cuts), 1001, expected, ARRAY_SIZE(expected));
}

static void test_chunk_cutter_next__a_cut_at_the_end_adds_no_empty_chunk(void **state)
{
	const uint64_t cuts[] = {1000};
	const uint64_t expected[] = {1000};

	(void)state;
	assert_ends(cuts, ARRAY_SIZE(cuts), 1000, expected, ARRAY_SIZE(expected));
}

static void test_chunk_cutter_next__waits_until_the_cut_is_seen(void **state)
{
	const uint64_t cut = 3000;
	struct vec cuts = numbers();
	struct chunk_cutter cutter;
	size_t next = 0;
	uint64_t end = 7;

	(void)state;
	chunk_cutter_init(&cutter, SMALL);
	assert_false(chunk_cutter_next(&cutter, &cuts, &next, 0, false, &end));
	assert_false(chunk_cutter_next(&cutter, &cuts, &next, 2999, false, &end));
	assert_true(end == 7); /* untouched */
	vec_push(&cuts, &cut);
	assert_true(chunk_cutter_next(&cutter, &cuts, &next, 3000, false, &end));
	assert_true(end == 3000 && cutter.start == 3000);
	assert_false(chunk_cutter_next(&cutter, &cuts, &next, 7095, false, &end));
	assert_true(chunk_cutter_next(&cutter, &cuts, &next, 7096, false, &end));
	assert_true(end == 7096);
	vec_release(&cuts);
}

static void test_chunk_cutter_next__page_aligned_mode_needs_no_cuts(void **state)
{
	const struct chunker_params pages = {.min = 8192, .avg = 8192, .max = 8192};
	const uint64_t expected[] = {8192, 16384, 24576, 25000};
	struct vec none = numbers();
	struct vec expected_vec = vec_of(expected, ARRAY_SIZE(expected));
	struct vec ends = ends_of(pages, &none, 25000);

	(void)state;
	assert_numbers_equal(&ends, &expected_vec);
	vec_release(&expected_vec);
	vec_release(&ends);
}

/* --- both together --- */

static struct vec cut_stream(struct chunker_params params, struct slice bytes)
{
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(params, 1);
	struct vec cuts = scan_at_once(chunker, chunker_scan, bytes);
	struct vec ends = ends_of(params, &cuts, bytes.len);

	vec_release(&cuts);
	return ends;
}

static void test_chunker__streaming_cuts_as_at_once(void **state)
{
	enum { LEN = 300000, PIECE = 1000 };
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(8, LEN);
	CLEANUP(chunker_freep) struct chunker *chunker = chunker_of(SMALL, 1);
	struct vec expected = cut_stream(SMALL, slice_of(bytes, LEN));
	struct vec cuts = numbers();
	struct vec ends = numbers();
	struct chunk_cutter cutter;
	size_t next = 0;
	uint64_t end;

	(void)state;
	chunk_cutter_init(&cutter, SMALL);
	for (size_t at = 0; at < LEN; at += PIECE) {
		chunker_scan(chunker, slice_of(bytes, at), slice_of(bytes + at, PIECE),
			     at, &cuts);
		while (chunk_cutter_next(&cutter, &cuts, &next, at + PIECE, false, &end))
			vec_push(&ends, &end);
	}
	while (chunk_cutter_next(&cutter, &cuts, &next, LEN, true, &end))
		vec_push(&ends, &end);
	assert_numbers_equal(&ends, &expected);
	vec_release(&expected);
	vec_release(&cuts);
	vec_release(&ends);
}

static void test_chunker__mean_length_is_as_documented(void **state)
{
	enum { LEN = 8 * 1024 * 1024 };
	/* 256 + 1024 * (1 - e^-3.75) */
	const double expected = 1255.9;
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(9, LEN);
	struct vec ends = cut_stream(SMALL, slice_of(bytes, LEN));
	double mean = (double)LEN / (double)ends.n;

	(void)state;
	assert_true(mean > 0.97 * expected && mean < 1.03 * expected);
	vec_release(&ends);
}

static void test_chunker__lengths_stay_within_bounds(void **state)
{
	enum { LEN = 1024 * 1024 };
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(10, LEN);
	struct vec ends = cut_stream(SMALL, slice_of(bytes, LEN));
	uint64_t start = 0;

	(void)state;
	for (size_t i = 0; i < ends.n; i++) {
		uint64_t len = number_at(&ends, i) - start;

		assert_true(len <= SMALL.max);
		assert_true(len >= SMALL.min || i == ends.n - 1);
		start = number_at(&ends, i);
	}
	assert_true(start == LEN);
	vec_release(&ends);
}

/* How many chunks of `b` have an end that `a` has too, `shift` bytes earlier. */
static size_t count_shared_ends(const struct vec *a, const struct vec *b, uint64_t shift)
{
	size_t n = 0;

	for (size_t i = 0, k = 0; i < b->n; i++) {
		while (k < a->n && number_at(a, k) + shift < number_at(b, i))
			k++;
		if (k < a->n && number_at(a, k) + shift == number_at(b, i))
			n++;
	}
	return n;
}

static void test_chunker__one_inserted_byte_changes_few_chunks(void **state)
{
	enum { LEN = 1024 * 1024, AT = 300000 };
	CLEANUP(mem_freep) uint8_t *bytes = random_bytes(11, LEN);
	CLEANUP(mem_freep) uint8_t *longer = mem_alloc(LEN + 1);
	struct vec ends, longer_ends;
	size_t n_same;

	(void)state;
	memcpy(longer, bytes, AT);
	longer[AT] = 'x';
	memcpy(longer + AT + 1, bytes + AT, LEN - AT);
	ends = cut_stream(SMALL, slice_of(bytes, LEN));
	longer_ends = cut_stream(SMALL, slice_of(longer, LEN + 1));
	n_same = count_shared_ends(&ends, &longer_ends, 1);
	assert_true(n_same > 0); /* behind the byte */
	n_same += count_shared_ends(&ends, &longer_ends, 0);
	assert_true(longer_ends.n > 700);
	assert_true(n_same + 10 >= longer_ends.n);
	vec_release(&ends);
	vec_release(&longer_ends);
}

/* --- docs/format/vectors/chunker.json --- */

#define VECTORS "docs/format/vectors/chunker.json"

static struct value *vectors_load(void)
{
	FILE *file = fopen(VECTORS, "rbe");
	struct value *document = NULL;
	struct err err = {0};
	struct buf text;
	size_t n;

	assert_non_null(file); /* run from the top of the source */
	buf_init(&text, 0);
	do {
		uint8_t *room = buf_extend(&text, 4096);

		n = fread(room, 1, 4096, file);
		text.len -= 4096 - n;
	} while (n == 4096);
	(void)fclose(file); /* only read */
	if (json_parse(buf_slice(&text), VECTORS, 1024 * 1024, &document, &err) < 0)
		fail_msg("%s", err.msg);
	buf_release(&text);
	return document;
}

static uint64_t uint_at(const struct value *array, size_t i)
{
	struct err err = {0};
	uint64_t v = 0;

	if (value_as_uint(value_at(array, i), &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static const char *text_at(const struct value *array, size_t i)
{
	const char *text = NULL;
	struct err err = {0};

	if (value_as_text(value_at(array, i), &text, &err) < 0)
		fail_msg("%s", err.msg);
	return text;
}

static uint64_t uint_of(const struct value *table, const char *key)
{
	struct err err = {0};
	uint64_t v = 0;

	if (value_get_uint(table, key, &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static void append_counter_stream(struct buf *bytes, const char *label, uint64_t n)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	uint8_t digest[HASH_LEN];
	uint8_t counter[8];

	for (uint64_t i = 0; n > 0; i++) {
		size_t len = n < HASH_LEN ? (size_t)n : HASH_LEN;

		for (unsigned k = 0; k < 8; k++)
			counter[k] = (uint8_t)(i >> (8 * k));
		hash_update(hash, slice_of_string(label));
		hash_update(hash, slice_of(counter, sizeof(counter)));
		hash_final(hash, digest);
		buf_append(bytes, digest, len);
		n -= len;
	}
}

static void append_period(struct buf *bytes, const char *label, size_t period, uint64_t n)
{
	size_t begin = bytes->len;

	append_counter_stream(bytes, label, period);
	for (uint64_t i = period; i < n; i++)
		buf_append_byte(bytes, bytes->data[begin + i % period]);
}

static void append_part(struct buf *bytes, const struct value *part)
{
	const char *kind = text_at(part, 0);

	if (strcmp(kind, "counter") == 0) {
		append_counter_stream(bytes, text_at(part, 1), uint_at(part, 2));
		return;
	}
	if (strcmp(kind, "byte") == 0) {
		size_t n = (size_t)uint_at(part, 2);

		memset(buf_extend(bytes, n), (int)uint_at(part, 1), n);
		return;
	}
	assert_string_equal(kind, "period");
	append_period(bytes, text_at(part, 1), (size_t)uint_at(part, 2),
		      uint_at(part, 3));
}

static struct chunker *case_chunker(const struct value *test,
				    struct chunker_params params)
{
	const char *hex = NULL;
	struct err err = {0};
	struct secret key;
	struct chunker *chunker;

	assert_int_equal(value_get_text(test, "key", &hex, &err), 0);
	secret_init(&key, strlen(hex) / 2);
	assert_int_equal(hex_decode(slice_of_string(hex), key.data, key.len, &err), 0);
	chunker = chunker_new(&key, params);
	secret_release(&key);
	return chunker;
}

static void assert_listed(const char *name, const struct value *list,
			  const struct vec *found)
{
	assert_non_null(list);
	if (value_count(list) != found->n)
		fail_msg("%s: %zu numbers, expected %zu", name, found->n,
			 value_count(list));
	for (size_t i = 0; i < found->n; i++)
		if (uint_at(list, i) != number_at(found, i))
			fail_msg("%s: number %zu differs", name, i);
}

static void assert_case(const struct value *test)
{
	struct chunker_params params = {
		.min = (uint32_t)uint_of(test, "min"),
		.avg = (uint32_t)uint_of(test, "avg"),
		.max = (uint32_t)uint_of(test, "max"),
	};
	CLEANUP(chunker_freep) struct chunker *chunker = case_chunker(test, params);
	const struct value *parts = value_get(test, "input");
	const char *name = NULL;
	struct err err = {0};
	struct vec cuts, ends;
	struct buf bytes;

	assert_int_equal(value_get_text(test, "name", &name, &err), 0);
	buf_init(&bytes, 0);
	for (size_t i = 0; i < value_count(parts); i++)
		append_part(&bytes, value_at(parts, i));
	cuts = scan_at_once(chunker, chunker_scan, buf_slice(&bytes));
	ends = ends_of(params, &cuts, bytes.len);
	if (value_get(test, "accepted") != NULL)
		assert_listed(name, value_get(test, "accepted"), &cuts);
	else
		assert_true(uint_of(test, "accepted_count") == cuts.n);
	assert_listed(name, value_get(test, "ends"), &ends);
	vec_release(&cuts);
	vec_release(&ends);
	buf_release(&bytes);
}

static void test_chunker__published_vectors(void **state)
{
	CLEANUP(value_freep) struct value *document = vectors_load();
	const struct value *cases = value_get(document, "cases");

	(void)state;
	assert_true(value_count(cases) >= 10);
	for (size_t i = 0; i < value_count(cases); i++)
		assert_case(value_at(cases, i));
}

static void test_chunker_free__accepts_null(void **state)
{
	struct chunker *chunker = NULL;

	(void)state;
	chunker_freep(&chunker);
	assert_null(chunker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunker_scan__equals_reference_on_random_bytes),
		cmocka_unit_test(test_chunker_scan__equals_reference_on_runs),
		cmocka_unit_test(
			test_chunker_scan__equals_reference_on_lengths_around_a_word),
		cmocka_unit_test(test_chunker_scan__reference_in_pieces_equals_reference),
		cmocka_unit_test(
			test_chunker_scan__accepts_nothing_without_a_whole_window),
		cmocka_unit_test(test_chunker_scan__positions_are_of_the_stream),
		cmocka_unit_test(test_chunker_scan__ignores_more_bytes_before),
		cmocka_unit_test(test_chunker_scan__depends_on_the_key),
		cmocka_unit_test(test_chunker_params_check__refuses_what_breaks_a_rule),
		cmocka_unit_test(test_chunker_params_check__takes_defaults_and_extremes),
		cmocka_unit_test(test_chunk_cutter_next__an_empty_stream_has_no_chunk),
		cmocka_unit_test(
			test_chunk_cutter_next__passes_over_cuts_below_the_minimum),
		cmocka_unit_test(test_chunk_cutter_next__cuts_at_the_maximum),
		cmocka_unit_test(
			test_chunk_cutter_next__a_cut_at_the_maximum_counts_once),
		cmocka_unit_test(test_chunk_cutter_next__the_last_chunk_may_be_short),
		cmocka_unit_test(
			test_chunk_cutter_next__a_cut_at_the_end_adds_no_empty_chunk),
		cmocka_unit_test(test_chunk_cutter_next__waits_until_the_cut_is_seen),
		cmocka_unit_test(test_chunk_cutter_next__page_aligned_mode_needs_no_cuts),
		cmocka_unit_test(test_chunker__streaming_cuts_as_at_once),
		cmocka_unit_test(test_chunker__mean_length_is_as_documented),
		cmocka_unit_test(test_chunker__lengths_stay_within_bounds),
		cmocka_unit_test(test_chunker__one_inserted_byte_changes_few_chunks),
		cmocka_unit_test(test_chunker__published_vectors),
		cmocka_unit_test(test_chunker_free__accepts_null),
	};

	return cmocka_run_group_tests_name("repo/chunker", tests, NULL, NULL);
}
