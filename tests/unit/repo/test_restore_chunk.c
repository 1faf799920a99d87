/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "repo/restore_chunk.h"

static struct restore_chunk chunk_at(uint32_t pack, uint32_t offset, uint32_t stored)
{
	return (struct restore_chunk){
		.place = {.pack = pack, .offset = offset, .stored = stored, .raw = 100}};
}

static void test_encode__comes_back(void **state)
{
	struct restore_chunk chunk = {
		.id = {{1, 2, 3, [31] = 9}},
		.place = {.pack = 0x01020304,
			  .number = 77,
			  .type = BLOB_DATA,
			  .offset = 0xfffffffe,
			  .stored = 1000,
			  .raw = 2000},
		.file = 0x90000001,
		.file_offset = 1ULL << 60,
		.skip = 5,
		.len = 1995,
		.is_only = true,
	};
	struct restore_chunk read;
	uint8_t record[RESTORE_CHUNK_LEN], again[RESTORE_CHUNK_LEN];

	(void)state;
	restore_chunk_encode(&chunk, record);
	restore_chunk_decode(record, &read);
	assert_memory_equal(&read.id, &chunk.id, sizeof(chunk.id));
	assert_int_equal(read.place.pack, chunk.place.pack);
	assert_int_equal(read.place.number, chunk.place.number);
	assert_int_equal(read.place.type, chunk.place.type);
	assert_int_equal(read.place.offset, chunk.place.offset);
	assert_int_equal(read.place.stored, chunk.place.stored);
	assert_int_equal(read.place.raw, chunk.place.raw);
	assert_int_equal(read.file, chunk.file);
	assert_int_equal(read.file_offset, chunk.file_offset);
	assert_int_equal(read.skip, chunk.skip);
	assert_int_equal(read.len, chunk.len);
	assert_true(read.is_only);
	restore_chunk_encode(&read, again);
	assert_memory_equal(record, again, sizeof(record));
}

static void test_encode__sorts_by_pack_then_offset_then_file(void **state)
{
	static const uint32_t order[][3] = {{1, 2, 3},	 {1, 2, 4}, {1, 3, 0},
					    {1, 256, 0}, {2, 0, 0}, {256, 0, 0}};
	uint8_t before[RESTORE_CHUNK_LEN] = {0}, record[RESTORE_CHUNK_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct restore_chunk chunk = chunk_at(order[i][0], order[i][1], 1);

		chunk.file = order[i][2];
		restore_chunk_encode(&chunk, record);
		assert_true(memcmp(before, record, sizeof(record)) < 0);
		memcpy(before, record, sizeof(record));
	}
}

/* Takes a second piece after one at 1000 with 500 bytes in pack 1. */
static bool takes(struct restore_chunk second, struct span *span)
{
	struct restore_chunk first = chunk_at(1, 1000, 500);

	span_init(span, SPAN_LEN_MAX);
	assert_true(span_take(span, &first));
	return span_take(span, &second);
}

static void test_span__joins_neighbours(void **state)
{
	struct span span;

	(void)state;
	assert_true(takes(chunk_at(1, 1500, 300), &span));
	assert_int_equal(span.offset, 1000);
	assert_int_equal(span.len, 800);
	assert_int_equal(span.chunks.n, 2);
	span_release(&span);
}

static void test_span__joins_across_a_small_gap(void **state)
{
	struct span span;

	(void)state;
	assert_true(takes(chunk_at(1, 1500 + SPAN_GAP_MAX, 1), &span));
	assert_int_equal(span.len, 501 + SPAN_GAP_MAX);
	span_release(&span);
}

static void test_span__ends_at_a_larger_gap(void **state)
{
	struct span span;

	(void)state;
	assert_false(takes(chunk_at(1, 1501 + SPAN_GAP_MAX, 1), &span));
	assert_int_equal(span.len, 500);
	span_release(&span);
}

static void test_span__ends_with_the_pack(void **state)
{
	struct span span;

	(void)state;
	assert_false(takes(chunk_at(2, 1500, 1), &span));
	span_release(&span);
}

static void test_span__takes_the_same_blob_again(void **state)
{
	struct span span;

	(void)state;
	assert_true(takes(chunk_at(1, 1000, 500), &span));
	assert_int_equal(span.len, 500);
	assert_int_equal(span.chunks.n, 2);
	span_release(&span);
}

static void test_span__ends_at_the_longest_request(void **state)
{
	struct span span;

	(void)state;
	assert_true(takes(chunk_at(1, 1500, SPAN_LEN_MAX - 500), &span));
	assert_int_equal(span.len, SPAN_LEN_MAX);
	span_release(&span);
	assert_false(takes(chunk_at(1, 1500, SPAN_LEN_MAX - 499), &span));
	span_release(&span);
}

static void test_span__may_be_kept_shorter(void **state)
{
	struct restore_chunk first = chunk_at(1, 0, 500), second = chunk_at(1, 500, 501);
	struct span span;

	(void)state;
	span_init(&span, 1000);
	assert_true(span_take(&span, &first));
	assert_false(span_take(&span, &second));
	second.place.stored = 500;
	assert_true(span_take(&span, &second));
	assert_int_equal(span.len, 1000);
	span_release(&span);
}

static void test_span__takes_a_longer_blob_alone(void **state)
{
	struct restore_chunk chunk = chunk_at(1, 0, SPAN_LEN_MAX + 1);
	struct span span;

	(void)state;
	span_init(&span, SPAN_LEN_MAX);
	assert_true(span_take(&span, &chunk));
	assert_true(span_take(&span, &chunk)); /* needed at two places */
	chunk.place.offset = SPAN_LEN_MAX + 1;
	assert_false(span_take(&span, &chunk));
	assert_int_equal(span.len, SPAN_LEN_MAX + 1);
	span_release(&span);
}

static void test_span__bounds_the_number_of_pieces(void **state)
{
	struct restore_chunk chunk = chunk_at(1, 0, 10);
	struct span span;

	(void)state;
	span_init(&span, SPAN_LEN_MAX);
	for (int i = 0; i < SPAN_CHUNKS_MAX; i++)
		assert_true(span_take(&span, &chunk));
	assert_false(span_take(&span, &chunk));
	span_clear(&span);
	assert_true(span_take(&span, &chunk));
	span_release(&span);
}

static void test_span__knows_its_longest_blob(void **state)
{
	struct restore_chunk chunk = chunk_at(1, 1000, 10);
	struct span span;

	(void)state;
	chunk.place.raw = 5000;
	assert_true(takes(chunk, &span));
	assert_int_equal(span.raw_max, 5000);
	span_release(&span);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode__comes_back),
		cmocka_unit_test(test_encode__sorts_by_pack_then_offset_then_file),
		cmocka_unit_test(test_span__joins_neighbours),
		cmocka_unit_test(test_span__joins_across_a_small_gap),
		cmocka_unit_test(test_span__ends_at_a_larger_gap),
		cmocka_unit_test(test_span__ends_with_the_pack),
		cmocka_unit_test(test_span__takes_the_same_blob_again),
		cmocka_unit_test(test_span__ends_at_the_longest_request),
		cmocka_unit_test(test_span__may_be_kept_shorter),
		cmocka_unit_test(test_span__takes_a_longer_blob_alone),
		cmocka_unit_test(test_span__bounds_the_number_of_pieces),
		cmocka_unit_test(test_span__knows_its_longest_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
