/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "format/zstd_codec.h"

enum { MIB = 1024 * 1024 };

/* Bytes, an encoder at level 3 with 2 % gain, a decoder, room for a frame. */
struct fixture {
	struct zstd_encoder *encoder;
	struct zstd_decoder *decoder;
	struct rng rng;
	uint8_t *raw, *frame, *back;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	f->encoder = zstd_encoder_new(3, 2);
	f->decoder = zstd_decoder_new();
	f->rng = rng_seeded(7);
	f->raw = mem_alloc(4 * MIB);
	f->frame = mem_alloc(4 * MIB);
	f->back = mem_alloc(4 * MIB);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	zstd_encoder_free(f->encoder);
	zstd_decoder_free(f->decoder);
	mem_free(f->raw);
	mem_free(f->frame);
	mem_free(f->back);
	mem_free(f);
	return 0;
}

/* Text-like: shrinks well at short distance. */
static void fill_text(struct fixture *f, uint8_t *to, size_t len)
{
	static const char words[][8] = {"create ", "table  ", "insert ", "values ",
					"select ", "where  ", "order  ", "group  "};

	for (size_t i = 0; i < len; i += 7) {
		const char *word = words[rng_below(&f->rng, 8)];

		memcpy(to + i, word, len - i < 7 ? len - i : 7);
	}
}

static size_t compress_one(struct fixture *f, size_t len)
{
	struct slice piece = slice_of(f->raw, len);

	return zstd_encoder_compress(f->encoder, &piece, 1, f->frame, len);
}

static void check_round_trip(struct fixture *f, size_t frame_len, size_t len)
{
	struct err err = {0};

	assert_int_equal(zstd_decoder_decompress(f->decoder,
						 slice_of(f->frame, frame_len), f->back,
						 len, &err),
			 0);
	assert_memory_equal(f->raw, f->back, len);
}

static void test_zstd_encoder_compress__round_trips(void **state)
{
	static const size_t lengths[] = {100, 4096, 65535, 65536, 1000003, 4 * MIB};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill_text(f, f->raw, lengths[i]);

		size_t len = compress_one(f, lengths[i]);

		assert_true(len > 0 && len < lengths[i]);
		check_round_trip(f, len, lengths[i]);
	}
}

static void test_zstd_encoder_compress__joins_pieces(void **state)
{
	struct fixture *f = *state;
	size_t cuts[] = {0, 0, 1, 70000, 70000, 300000, MIB, MIB};
	struct slice pieces[7];

	fill_text(f, f->raw, MIB);
	for (size_t i = 0; i < 7; i++)
		pieces[i] = slice_of(f->raw + cuts[i], cuts[i + 1] - cuts[i]);

	size_t len = zstd_encoder_compress(f->encoder, pieces, 7, f->frame, MIB);

	assert_true(len > 0);
	check_round_trip(f, len, MIB);
}

static void test_zstd_encoder_compress__frame_has_size_and_no_checksum(void **state)
{
	struct fixture *f = *state;

	memset(f->raw, 'a', 1000);

	size_t len = compress_one(f, 1000);

	/* descriptor 0x60: single segment, two bytes of content size (+256), no checksum,
	 * no dictionary id */
	assert_true(len > 7);
	assert_memory_equal(f->frame, "\x28\xb5\x2f\xfd\x60\xe8\x02", 7);
}

static void test_zstd_encoder_compress__pieces_state_size_too(void **state)
{
	struct fixture *f = *state;
	struct slice pieces[2] = {slice_of(f->raw, 500), slice_of(f->raw + 500, 500)};

	memset(f->raw, 'a', 1000);
	assert_true(zstd_encoder_compress(f->encoder, pieces, 2, f->frame, 1000) > 7);
	assert_memory_equal(f->frame, "\x28\xb5\x2f\xfd\x60\xe8\x02", 7);
}

static void test_zstd_encoder_compress__empty_does_not_pay(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(compress_one(f, 0), 0);
	assert_int_equal(zstd_encoder_compress(f->encoder, NULL, 0, f->frame, 0), 0);
}

static void test_zstd_encoder_compress__random_does_not_pay(void **state)
{
	static const size_t lengths[] = {1, 100, 65535, 65536, 4 * MIB};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct slice halves[2] = {
			slice_of(f->raw, lengths[i] / 2),
			slice_of(f->raw + lengths[i] / 2, lengths[i] - lengths[i] / 2)};

		rng_fill(&f->rng, f->raw, lengths[i]);
		assert_int_equal(compress_one(f, lengths[i]), 0);
		assert_int_equal(zstd_encoder_compress(f->encoder, halves, 2, f->frame,
						       lengths[i]),
				 0);
	}
}

static void test_zstd_encoder_compress__demands_the_gain(void **state)
{
	struct fixture *f = *state;
	struct zstd_encoder *strict = zstd_encoder_new(3, 20);
	struct slice piece = slice_of(f->raw, 10000);

	/* One part in ten is compressible. */
	rng_fill(&f->rng, f->raw, 10000);
	memset(f->raw + 4500, 0, 1000);
	assert_in_range(compress_one(f, 10000), 8500, 9500);
	assert_int_equal(zstd_encoder_compress(strict, &piece, 1, f->frame, 10000), 0);
	zstd_encoder_free(strict);
}

static void test_zstd_encoder_compress__keeps_capacity(void **state)
{
	struct fixture *f = *state;
	struct slice pieces[2] = {slice_of(f->raw, 5000), slice_of(f->raw + 5000, 5000)};

	fill_text(f, f->raw, 10000);

	size_t len = compress_one(f, 10000);

	f->frame[len - 1] = 0x5a;
	assert_int_equal(zstd_encoder_compress(f->encoder, pieces, 1, f->frame, 100), 0);
	assert_int_equal(
		zstd_encoder_compress(f->encoder, pieces, 2, f->frame, len - 100), 0);
	assert_int_equal(f->frame[len - 1], 0x5a);
}

static void test_zstd_encoder_compress__sample_looks_beyond_the_start(void **state)
{
	struct fixture *f = *state;

	rng_fill(&f->rng, f->raw, MIB / 4);
	fill_text(f, f->raw + MIB / 4, MIB - MIB / 4);

	size_t len = compress_one(f, MIB);

	assert_in_range(len, MIB / 4, MIB / 2);
	check_round_trip(f, len, MIB);
}

static void test_zstd_encoder_compress__gives_up_on_distant_repeats(void **state)
{
	struct fixture *f = *state;

	rng_fill(&f->rng, f->raw, MIB / 2);
	memcpy(f->raw + MIB / 2, f->raw, MIB / 2);
	assert_int_equal(compress_one(f, MIB), 0);
}

static void test_zstd_encoder_compress__works_after_giving_up(void **state)
{
	struct fixture *f = *state;
	struct slice pieces[2] = {slice_of(f->raw, 5000), slice_of(f->raw + 5000, 5000)};

	fill_text(f, f->raw, 10000);
	assert_int_equal(zstd_encoder_compress(f->encoder, pieces, 2, f->frame, 50), 0);

	size_t len = compress_one(f, 10000);

	assert_true(len > 0);
	check_round_trip(f, len, 10000);
}

static void test_zstd_encoder_compress__is_repeatable(void **state)
{
	struct fixture *f = *state;

	fill_text(f, f->raw, 100000);

	size_t first = compress_one(f, 100000);

	memcpy(f->back, f->frame, first);
	assert_int_equal(compress_one(f, 100000), first);
	assert_memory_equal(f->frame, f->back, first);
}

static void test_zstd_encoder_memory__does_not_grow_with_blobs(void **state)
{
	struct fixture *f = *state;
	struct slice pieces[2] = {slice_of(f->raw, MIB), slice_of(f->raw + MIB, 3 * MIB)};

	fill_text(f, f->raw, 4 * MIB);
	zstd_encoder_compress(f->encoder, pieces, 2, f->frame, 4 * MIB);
	compress_one(f, 4 * MIB);

	size_t before = zstd_encoder_memory(f->encoder);

	for (size_t i = 0; i < 20; i++) {
		pieces[0].len = 1000 * (i + 1);
		zstd_encoder_compress(f->encoder, pieces, 2, f->frame, 4 * MIB);
		compress_one(f, 50000 * (i + 1));
	}
	assert_int_equal(zstd_encoder_memory(f->encoder), before);
}

static void test_zstd_encoder_memory__is_what_the_header_says(void **state)
{
	static const struct {
		int level;
		size_t one_kib, several_kib;
	} expected[] = {{1, 922, 1946},	   {3, 1536, 4096},    {9, 7168, 11776},
			{12, 7168, 11776}, {15, 10240, 14848}, {19, 10240, 14848}};
	struct fixture *f = *state;
	struct slice one = slice_of(f->raw, 4 * MIB);
	struct slice several[2] = {slice_of(f->raw, MIB),
				   slice_of(f->raw + MIB, 3 * MIB)};

	fill_text(f, f->raw, 4 * MIB);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		struct zstd_encoder *encoder = zstd_encoder_new(expected[i].level, 2);

		zstd_encoder_compress(encoder, &one, 1, f->frame, 4 * MIB);
		assert_in_range(zstd_encoder_memory(encoder), 1,
				expected[i].one_kib * 1024);
		zstd_encoder_compress(encoder, several, 2, f->frame, 4 * MIB);
		assert_in_range(zstd_encoder_memory(encoder), 1,
				expected[i].several_kib * 1024);
		zstd_encoder_free(encoder);
	}
}

static void test_zstd_encoder_compress__high_levels_round_trip(void **state)
{
	struct fixture *f = *state;
	struct zstd_encoder *encoder = zstd_encoder_new(ZSTD_CODEC_LEVEL_MAX, 2);
	struct slice piece = slice_of(f->raw, 300000);

	fill_text(f, f->raw, 300000);

	size_t len = zstd_encoder_compress(encoder, &piece, 1, f->frame, 300000);

	assert_true(len > 0 && len <= compress_one(f, 300000));
	len = zstd_encoder_compress(encoder, &piece, 1, f->frame, 300000);
	check_round_trip(f, len, 300000);
	zstd_encoder_free(encoder);
}

static void test_zstd_codec_free__takes_null(void **state)
{
	struct zstd_encoder *encoder = NULL;
	struct zstd_decoder *decoder = NULL;

	(void)state;
	zstd_encoder_freep(&encoder);
	zstd_decoder_freep(&decoder);
	assert_null(encoder);
	assert_null(decoder);
}

static void check_refused(struct fixture *f, struct slice frame, size_t raw_len,
			  const char *message)
{
	struct err err = {0};

	assert_int_equal(
		zstd_decoder_decompress(f->decoder, frame, f->back, raw_len, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, message);
}

static void test_zstd_decoder_decompress__refuses_other_length(void **state)
{
	struct fixture *f = *state;

	memset(f->raw, 'a', 1000);

	struct slice frame = slice_of(f->frame, compress_one(f, 1000));

	check_refused(f, frame, 999, "zstd: frame states 1000 bytes, expected 999");
	check_refused(f, frame, 1001, "zstd: frame states 1000 bytes, expected 1001");
}

static void test_zstd_decoder_decompress__refuses_trailing_bytes(void **state)
{
	struct fixture *f = *state;

	memset(f->raw, 'a', 1000);

	size_t len = compress_one(f, 1000);
	char message[80];

	f->frame[len] = 0;
	(void)snprintf(message, sizeof(message),
		       "zstd: frame ends after %zu of %zu bytes", len, len + 1);
	check_refused(f, slice_of(f->frame, len + 1), 1000, message);
}

static void test_zstd_decoder_decompress__refuses_cut_frame(void **state)
{
	struct fixture *f = *state;

	fill_text(f, f->raw, 1000);

	size_t len = compress_one(f, 1000);
	char message[80];

	(void)snprintf(message, sizeof(message), "zstd: frame of %zu bytes is cut off",
		       len - 1);
	check_refused(f, slice_of(f->frame, len - 1), 1000, message);
	check_refused(f, slice_of(f->frame, 5), 1000, "zstd: frame header is damaged");
	check_refused(f, slice_of(f->frame, 3), 1000, "zstd: not a zstd frame");
	check_refused(f, slice_of(NULL, 0), 0, "zstd: not a zstd frame");
}

static void test_zstd_decoder_decompress__refuses_skippable_frame(void **state)
{
	static const uint8_t frame[] = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};

	check_refused(*state, slice_of(frame, sizeof(frame)), 0,
		      "zstd: not a zstd frame");
}

static void test_zstd_decoder_decompress__refuses_unknown_size(void **state)
{
	/* One last raw block of one byte, window descriptor, no content size. */
	static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00,
					0x00, 0x09, 0x00, 0x00, 'x'};

	check_refused(*state, slice_of(frame, sizeof(frame)), 1,
		      "zstd: frame does not state its content size");
}

static void test_zstd_decoder_decompress__refuses_fewer_bytes_than_stated(void **state)
{
	/* Single segment of two bytes, but one last raw block of one byte. */
	static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20,
					0x02, 0x09, 0x00, 0x00, 'x'};
	struct fixture *f = *state;

	check_refused(f, slice_of(frame, sizeof(frame)), 2,
		      "zstd: Data corruption detected");
}

static void test_zstd_decoder_decompress__takes_a_hand_made_frame(void **state)
{
	static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20,
					0x01, 0x09, 0x00, 0x00, 'x'};
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(zstd_decoder_decompress(f->decoder,
						 slice_of(frame, sizeof(frame)), f->back,
						 1, &err),
			 0);
	assert_int_equal(f->back[0], 'x');
}

static void test_zstd_decoder_decompress__large_window_costs_no_memory(void **state)
{
	/* A window of 1 GiB, content size one byte (in an 8-byte field), one raw block. */
	static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0xa0,
					1,    0,    0,	  0,	0,    0,
					0,    0,    0x09, 0x00, 0x00, 'x'};
	struct fixture *f = *state;
	size_t before = zstd_decoder_memory(f->decoder);
	struct err err = {0};

	assert_int_equal(zstd_decoder_decompress(f->decoder,
						 slice_of(frame, sizeof(frame)), f->back,
						 1, &err),
			 0);
	assert_in_range(zstd_decoder_memory(f->decoder), 1, 96 * 1024);
	assert_int_equal(zstd_decoder_memory(f->decoder), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_zstd_encoder_compress__round_trips),
		TEST(test_zstd_encoder_compress__joins_pieces),
		TEST(test_zstd_encoder_compress__frame_has_size_and_no_checksum),
		TEST(test_zstd_encoder_compress__pieces_state_size_too),
		TEST(test_zstd_encoder_compress__empty_does_not_pay),
		TEST(test_zstd_encoder_compress__random_does_not_pay),
		TEST(test_zstd_encoder_compress__demands_the_gain),
		TEST(test_zstd_encoder_compress__keeps_capacity),
		TEST(test_zstd_encoder_compress__sample_looks_beyond_the_start),
		TEST(test_zstd_encoder_compress__gives_up_on_distant_repeats),
		TEST(test_zstd_encoder_compress__works_after_giving_up),
		TEST(test_zstd_encoder_compress__is_repeatable),
		TEST(test_zstd_encoder_compress__high_levels_round_trip),
		TEST(test_zstd_encoder_memory__does_not_grow_with_blobs),
		TEST(test_zstd_encoder_memory__is_what_the_header_says),
		TEST(test_zstd_codec_free__takes_null),
		TEST(test_zstd_decoder_decompress__refuses_other_length),
		TEST(test_zstd_decoder_decompress__refuses_trailing_bytes),
		TEST(test_zstd_decoder_decompress__refuses_cut_frame),
		TEST(test_zstd_decoder_decompress__refuses_skippable_frame),
		TEST(test_zstd_decoder_decompress__refuses_unknown_size),
		TEST(test_zstd_decoder_decompress__refuses_fewer_bytes_than_stated),
		TEST(test_zstd_decoder_decompress__takes_a_hand_made_frame),
		TEST(test_zstd_decoder_decompress__large_window_costs_no_memory),
	};

	return cmocka_run_group_tests_name("zstd_codec", tests, NULL, NULL);
}
