/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/quote.h"

static void check(const char *in, const char *expected)
{
	char out[QUOTE_TEXT_MAX];

	assert_string_equal(quote_string(in, out), expected);
}

static void test_quote_text__leaves_plain_text_bare(void **state)
{
	(void)state;
	check("etc/passwd", "etc/passwd");
	check("caf\xc3\xa9", "caf\xc3\xa9");
	check("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	check("it's", "it's");
}

static void test_quote_text__quotes_what_is_empty_or_has_a_space(void **state)
{
	(void)state;
	check("", "\"\"");
	check("a b", "\"a b\"");
	check(" ", "\" \"");
}

static void test_quote_text__escapes_what_a_terminal_must_not_see(void **state)
{
	(void)state;
	check("a\nb\tc\rd", "\"a\\nb\\tc\\x0Dd\"");
	check("\x1b[31m", "\"\\x1B[31m\"");
	check("\x7f", "\"\\x7F\"");
	check("\xc2\x9b", "\"\\xC2\\x9B\"");	      /* C1's CSI */
	check("\xe2\x80\xae", "\"\\xE2\\x80\\xAE\""); /* right-to-left override */
	check("\xe2\x81\xa6", "\"\\xE2\\x81\\xA6\""); /* isolate */
	check("\xef\xbb\xbf", "\"\\xEF\\xBB\\xBF\""); /* byte order mark */
	check("\xf3\xa0\x81\x81", "\"\\xF3\\xA0\\x81\\x81\""); /* tag letter */
}

static void test_quote_text__escapes_its_own_signs(void **state)
{
	(void)state;
	check("q\"", "\"q\\\"\"");
	check("a\\n", "\"a\\\\n\"");
}

static void test_quote_text__escapes_invalid_bytes_one_by_one(void **state)
{
	(void)state;
	check("bad\xff", "\"bad\\xFF\"");
	check("\xe2\x82", "\"\\xE2\\x82\"");
	check("\xc0\xaf", "\"\\xC0\\xAF\"");
	check("\xc3(", "\"\\xC3(\"");
}

static void test_quote_text__shows_nul_bytes(void **state)
{
	char out[QUOTE_TEXT_MAX];

	(void)state;
	assert_string_equal(quote_text(slice_of("a\0b", 3), out), "\"a\\x00b\"");
	assert_string_equal(quote_text(slice_of(NULL, 0), out), "\"\"");
}

/* `unit` repeated `n` times. */
static void fill(struct buf *buf, const char *unit, size_t n)
{
	buf_clear(buf);
	for (size_t i = 0; i < n; i++)
		buf_append_string(buf, unit);
}

static void test_quote_text__keeps_what_just_fits(void **state)
{
	char out[QUOTE_TEXT_MAX];
	struct buf in = {0};

	(void)state;
	fill(&in, "x", QUOTE_TEXT_MAX - 3);
	assert_string_equal(quote_text(buf_slice(&in), out), buf_string(&in));
	fill(&in, "x", QUOTE_TEXT_MAX - 2);
	assert_non_null(strstr(quote_text(buf_slice(&in), out), "x...x"));
	buf_release(&in);
}

static void test_quote_text__keeps_both_ends_of_a_long_text(void **state)
{
	char out[QUOTE_TEXT_MAX];
	struct buf in = {0};

	(void)state;
	fill(&in, "x", 2000);
	in.data[0] = 'A';
	in.data[in.len - 1] = 'Z';
	(void)quote_text(buf_slice(&in), out);
	assert_int_equal(out[0], 'A');
	assert_int_equal(out[strlen(out) - 1], 'Z');
	assert_non_null(strstr(out, "x...x"));
	assert_true(strlen(out) > QUOTE_TEXT_MAX - 10);
	buf_release(&in);
}

/* Wherever the cut falls: the result is valid UTF-8 and no escape is torn. */
static void check_long(const char *unit, const char *shown_start)
{
	char out[QUOTE_TEXT_MAX];
	struct buf in = {0};

	for (size_t n = 20; n < 400; n++) {
		fill(&in, unit, n);
		if (n % 2 == 0)
			buf_append_byte(&in, 'y');
		size_t len = strlen(quote_text(buf_slice(&in), out));

		assert_true(len < QUOTE_TEXT_MAX);
		assert_true(utf8_valid(slice_of_string(out)));
		assert_memory_equal(out, shown_start, strlen(shown_start));
		assert_int_equal(out[len - 1] == '"', out[0] == '"');
	}
	buf_release(&in);
}

static void test_quote_rooted__puts_a_slash_in_front(void **state)
{
	char out[QUOTE_TEXT_MAX];

	(void)state;
	assert_string_equal(quote_rooted("", out), "/");
	assert_string_equal(quote_rooted("etc/my file", out), "\"/etc/my file\"");
}

static void test_quote_sentence__changes_only_what_steers(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};
	char many[2 * QUOTE_TEXT_MAX];

	(void)state;
	buf_init(&text, 0);
	quote_sentence("\"a b\\n\": it's \x1b[31mred\a\xc2\x9b\xff\n", &text);
	assert_string_equal(buf_string(&text),
			    "\"a b\\n\": it's \\x1B[31mred\\x07\\xC2\\x9B\\xFF\\n");
	buf_clear(&text);
	memset(many, 'm', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	quote_sentence(many, &text);
	assert_string_equal(buf_string(&text), many);
}

static void test_quote_text__never_cuts_a_character(void **state)
{
	(void)state;
	check_long("\xe2\x82\xac", "\xe2\x82\xac\xe2\x82\xac");
	check_long("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	check_long("\n", "\"\\n\\n");
	check_long("\xff", "\"\\xFF\\xFF");
	check_long("\xe2\x80\xae", "\"\\xE2\\x80\\xAE");
}

static void test_quote_text__keeps_the_end_of_stray_continuation_bytes(void **state)
{
	char out[QUOTE_TEXT_MAX];
	struct buf in = {0};

	(void)state;
	fill(&in, "\x80", 1000);
	(void)quote_text(buf_slice(&in), out);
	assert_non_null(strstr(out, "\\x80...\\x80"));
	buf_release(&in);
}

static void test_utf8_sequence__tells_the_length(void **state)
{
	(void)state;
	assert_int_equal(utf8_sequence(slice_of_string("a")), 1);
	assert_int_equal(utf8_sequence(slice_of("", 1)), 1);
	assert_int_equal(utf8_sequence(slice_of_string("\xc3\xa9")), 2);
	assert_int_equal(utf8_sequence(slice_of_string("\xe2\x82\xac!")), 3);
	assert_int_equal(utf8_sequence(slice_of_string("\xf0\x9f\x98\x80")), 4);
	assert_int_equal(utf8_sequence(slice_of("a", 0)), 0);
}

/* An independent decoder: a code point's one encoding, compared byte for byte. */
static size_t encode(uint32_t c, uint8_t out[static 4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = len; i-- > 1; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(lead[len] | c);
	return len;
}

static void test_utf8_valid__takes_every_code_point_but_surrogates(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110000; c++) {
		uint8_t bytes[4];
		size_t len = encode(c, bytes);
		bool surrogate = c >= 0xd800 && c <= 0xdfff;

		if (utf8_valid(slice_of(bytes, len)) == surrogate)
			fail_msg("U+%04X", (unsigned)c);
		if (len > 1 && utf8_valid(slice_of(bytes, len - 1)))
			fail_msg("U+%04X cut short", (unsigned)c);
	}
}

static void test_utf8_valid__refuses_malformed_bytes(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
		"\xe2\x82",
		"\xe2\x28\xa1",
		"\xe2\x82\x28",
		"\xf0\x9f\x98\x28",
		"a\xc3",
		"ok\xffok",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (utf8_valid(slice_of_string(bad[i])))
			fail_msg("case %zu was accepted", i);
	assert_true(utf8_valid(slice_of(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote_text__leaves_plain_text_bare),
		cmocka_unit_test(test_quote_text__quotes_what_is_empty_or_has_a_space),
		cmocka_unit_test(test_quote_text__escapes_what_a_terminal_must_not_see),
		cmocka_unit_test(test_quote_text__escapes_its_own_signs),
		cmocka_unit_test(test_quote_text__escapes_invalid_bytes_one_by_one),
		cmocka_unit_test(test_quote_text__shows_nul_bytes),
		cmocka_unit_test(test_quote_text__keeps_what_just_fits),
		cmocka_unit_test(test_quote_text__keeps_both_ends_of_a_long_text),
		cmocka_unit_test(test_quote_text__never_cuts_a_character),
		cmocka_unit_test(test_quote_rooted__puts_a_slash_in_front),
		cmocka_unit_test(test_quote_sentence__changes_only_what_steers),
		cmocka_unit_test(
			test_quote_text__keeps_the_end_of_stray_continuation_bytes),
		cmocka_unit_test(test_utf8_sequence__tells_the_length),
		cmocka_unit_test(test_utf8_valid__takes_every_code_point_but_surrogates),
		cmocka_unit_test(test_utf8_valid__refuses_malformed_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
