/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "format/encoding.h"

static struct slice text_of(const char *string)
{
	return slice_of_string(string);
}

static void test_hex_encode__writes_lower_case(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x1f, 0xab, 0xff};
	char out[9];

	(void)state;
	assert_string_equal(hex_encode(slice_of(bytes, 4), out, sizeof(out)), "001fabff");
}

static void test_hex_encode__nothing_is_an_empty_string(void **state)
{
	char out[1] = {'x'};

	(void)state;
	assert_string_equal(hex_encode(slice_of(NULL, 0), out, sizeof(out)), "");
}

static void test_hex_append__adds_to_text(void **state)
{
	static const uint8_t bytes[] = {0xde, 0xad};
	struct buf text;

	(void)state;
	buf_init(&text, 0);
	buf_append_string(&text, "id ");
	hex_append(&text, slice_of(bytes, 2));
	assert_string_equal(buf_string(&text), "id dead");
	buf_release(&text);
}

static void test_hex_decode__round_trips_every_byte(void **state)
{
	uint8_t all[256], back[256];
	char text[513];

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	hex_encode(slice_of(all, 256), text, sizeof(text));

	struct err err = {0};

	assert_int_equal(hex_decode(text_of(text), back, 256, &err), 0);
	assert_memory_equal(all, back, 256);
}

static void check_hex_refused(const char *text, size_t len, const char *message)
{
	uint8_t out[8] = {7, 7, 7, 7, 7, 7, 7, 7};
	struct err err = {0};

	assert_int_equal(hex_decode(text_of(text), out, len, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, message);
	assert_int_equal(out[0], 7);
}

static void test_hex_decode__refuses_other_length(void **state)
{
	(void)state;
	check_hex_refused("abc", 2, "hex: expected 2 bytes as 4 digits, found 3");
	check_hex_refused("abcdef", 2, "hex: expected 2 bytes as 4 digits, found 6");
}

static void test_hex_decode__refuses_upper_case(void **state)
{
	(void)state;
	check_hex_refused("abCd", 2, "hex: character 3 is none of 0-9 a-f");
}

static void test_hex_decode__refuses_other_characters(void **state)
{
	(void)state;
	check_hex_refused("0 00", 2, "hex: character 2 is none of 0-9 a-f");
	check_hex_refused("g000", 2, "hex: character 1 is none of 0-9 a-f");
}

static void check_base64(const char *plain, const char *expected)
{
	struct secret text, back;
	struct err err = {0};

	assert_int_equal(base64_encode_secret(text_of(plain), 0, &text, &err), 0);
	assert_true(slice_equal(secret_slice(&text), text_of(expected)));
	assert_int_equal(base64_decode_secret(secret_slice(&text), 0, &back, &err), 0);
	assert_true(slice_equal(secret_slice(&back), text_of(plain)));
	secret_release(&text);
	secret_release(&back);
}

static void test_base64_encode_secret__matches_rfc_4648(void **state)
{
	(void)state;
	check_base64("", "");
	check_base64("f", "Zg==");
	check_base64("fo", "Zm8=");
	check_base64("foo", "Zm9v");
	check_base64("foob", "Zm9vYg==");
	check_base64("fooba", "Zm9vYmE=");
	check_base64("foobar", "Zm9vYmFy");
}

static void test_base64_encode_secret__knows_all_64_digits(void **state)
{
	struct secret text;
	struct err err = {0};
	uint8_t bytes[48];

	(void)state;
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t bits = (4 * i) << 18 | (4 * i + 1) << 12 | (4 * i + 2) << 6 |
				(4 * i + 3);

		bytes[3 * i] = (uint8_t)(bits >> 16);
		bytes[3 * i + 1] = (uint8_t)(bits >> 8);
		bytes[3 * i + 2] = (uint8_t)bits;
	}
	assert_int_equal(base64_encode_secret(slice_of(bytes, 48), 0, &text, &err), 0);
	assert_true(slice_equal(secret_slice(&text),
				text_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
					"ghijklmnopqrstuvwxyz0123456789+/")));
	secret_release(&text);
}

static void check_secret_refused(const char *text, size_t line_len, const char *message)
{
	struct secret bytes = {.len = 77};
	struct err err = {0};

	assert_int_equal(base64_decode_secret(text_of(text), line_len, &bytes, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, message);
	assert_int_equal(bytes.len, 77);
}

static void test_base64_decode_secret__refuses_missing_padding(void **state)
{
	(void)state;
	check_secret_refused("Zg", 0,
			     "base64: ends after 2 characters inside a group of four");
	check_secret_refused("Zg=", 0,
			     "base64: ends after 3 characters inside a group of four");
}

static void test_base64_decode_secret__refuses_misplaced_padding(void **state)
{
	(void)state;
	check_secret_refused("=g==", 0, "base64: character 1 is not expected");
	check_secret_refused("Zg=a", 0, "base64: character 4 is not expected");
	check_secret_refused("Zg==Zg==", 0, "base64: character 5 is not expected");
	check_secret_refused("Zm9v=", 0, "base64: character 5 is not expected");
}

static void test_base64_decode_secret__refuses_unused_bits(void **state)
{
	(void)state;
	check_secret_refused("Zh==", 0,
			     "base64: unused bits before character 4 are not zero");
	check_secret_refused("Zm9=", 0,
			     "base64: unused bits before character 4 are not zero");
}

static void test_base64_decode_secret__refuses_other_characters(void **state)
{
	static const char others[] = "-_ \n\t.@[`{\x7f\x80\xff*,:";
	char text[] = "AAAA";

	(void)state;
	for (size_t i = 0; i < sizeof(others); i++) { /* with the NUL */
		struct secret bytes;
		struct err err = {0};

		text[1] = others[i];
		assert_int_equal(base64_decode_secret(slice_of(text, 4), 0, &bytes, &err),
				 -1);
		assert_string_equal(err.msg, "base64: character 2 is not expected");
	}
}

static void test_base64_secret__round_trips_every_length(void **state)
{
	uint8_t bytes[100];
	struct rng rng = rng_seeded(1);

	(void)state;
	rng_fill(&rng, bytes, sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct secret text, back;
		struct err err = {0};

		assert_int_equal(
			base64_encode_secret(slice_of(bytes, len), 76, &text, &err), 0);
		assert_int_equal(
			base64_decode_secret(secret_slice(&text), 76, &back, &err), 0);
		assert_int_equal(back.len, len);
		assert_true(slice_equal(secret_slice(&back), slice_of(bytes, len)));
		secret_release(&text);
		secret_release(&back);
	}
}

static void test_base64_encode_secret__breaks_lines(void **state)
{
	struct secret text;
	struct err err = {0};

	(void)state;
	assert_int_equal(base64_encode_secret(text_of("foobar"), 6, &text, &err), 0);
	assert_true(slice_equal(secret_slice(&text), text_of("Zm9vYm\nFy\n")));
	secret_release(&text);
}

static void test_base64_encode_secret__one_line_without_break(void **state)
{
	struct secret text;
	struct err err = {0};

	(void)state;
	assert_int_equal(base64_encode_secret(text_of("fooba"), 0, &text, &err), 0);
	assert_true(slice_equal(secret_slice(&text), text_of("Zm9vYmE=")));
	secret_release(&text);
}

static void test_base64_encode_secret__keeps_the_limit(void **state)
{
	struct secret text;
	struct err err = {0};

	(void)state;
	assert_int_equal(base64_encode_secret(slice_of("", SECRET_MAX), 0, &text, &err),
			 -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "base64: a secret of 1048576 bytes exceeds the "
				     "limit of 262144");
}

static void test_base64_decode_secret__refuses_long_lines(void **state)
{
	(void)state;
	check_secret_refused("Zm9v\nZm9vZm9v\n", 4,
			     "base64: a line exceeds 4 characters");
}

static void test_base64_decode_secret__refuses_breaks_in_one_line(void **state)
{
	(void)state;
	check_secret_refused("Zm9v\n", 0, "base64: character 5 is not expected");
}

static void test_base64_decode_secret__keeps_the_limit(void **state)
{
	static const char text[SECRET_MAX + 1];
	struct secret bytes;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		base64_decode_secret(slice_of(text, sizeof(text)), 0, &bytes, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "base64: text of 1048577 characters exceeds the "
				     "limit of 1048576");
}

static void test_base64_encode_secret__breaks_after_each_character(void **state)
{
	struct secret text;
	struct err err = {0};

	(void)state;
	assert_int_equal(base64_encode_secret(slice_of("f", 1), 1, &text, &err), 0);
	assert_true(slice_equal(secret_slice(&text), text_of("Z\ng\n=\n=\n")));
	secret_release(&text);
}

static void test_base64_decode_secret__error_holds_no_text(void **state)
{
	struct secret bytes;
	struct err err = {0};

	(void)state;
	assert_int_equal(base64_decode_secret(text_of("c2VjcmV0!"), 0, &bytes, &err), -1);
	assert_string_equal(err.msg, "base64: character 9 is not expected");
	assert_string_equal(err.hint, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex_encode__writes_lower_case),
		cmocka_unit_test(test_hex_encode__nothing_is_an_empty_string),
		cmocka_unit_test(test_hex_append__adds_to_text),
		cmocka_unit_test(test_hex_decode__round_trips_every_byte),
		cmocka_unit_test(test_hex_decode__refuses_other_length),
		cmocka_unit_test(test_hex_decode__refuses_upper_case),
		cmocka_unit_test(test_hex_decode__refuses_other_characters),
		cmocka_unit_test(test_base64_encode_secret__matches_rfc_4648),
		cmocka_unit_test(test_base64_encode_secret__knows_all_64_digits),
		cmocka_unit_test(test_base64_decode_secret__refuses_missing_padding),
		cmocka_unit_test(test_base64_decode_secret__refuses_misplaced_padding),
		cmocka_unit_test(test_base64_decode_secret__refuses_unused_bits),
		cmocka_unit_test(test_base64_decode_secret__refuses_other_characters),
		cmocka_unit_test(test_base64_secret__round_trips_every_length),
		cmocka_unit_test(test_base64_encode_secret__breaks_lines),
		cmocka_unit_test(test_base64_encode_secret__one_line_without_break),
		cmocka_unit_test(test_base64_encode_secret__keeps_the_limit),
		cmocka_unit_test(test_base64_decode_secret__refuses_long_lines),
		cmocka_unit_test(test_base64_decode_secret__refuses_breaks_in_one_line),
		cmocka_unit_test(test_base64_decode_secret__keeps_the_limit),
		cmocka_unit_test(test_base64_encode_secret__breaks_after_each_character),
		cmocka_unit_test(test_base64_decode_secret__error_holds_no_text),
	};

	return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
