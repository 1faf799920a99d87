/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pg/pg_name.h"

static void assert_encodes(const char *name, const char *expected)
{
	CLEANUP(buf_release) struct buf text, back;
	struct err err = {0};

	buf_init(&text, 0);
	buf_init(&back, 0);
	assert_int_equal(pg_name_encode(name, &text, &err), 0);
	assert_string_equal(buf_string(&text), expected);
	assert_int_equal(pg_name_decode(buf_slice(&text), &back, &err), 0);
	assert_string_equal(buf_string(&back), name);
}

static void test_pg_name_encode__keeps_what_is_harmless(void **state)
{
	(void)state;
	assert_encodes("orders", "orders");
	assert_encodes("Über \"x\" .\\", "Über \"x\" .\\");
	assert_encodes("...", "...");
	assert_encodes(".hidden", ".hidden");
}

static void test_pg_name_encode__escapes_what_breaks_paths(void **state)
{
	(void)state;
	assert_encodes("a/b", "a%2Fb");
	assert_encodes("50%", "50%25");
	assert_encodes("a\nb\x7f\x01", "a%0Ab%7F%01");
	assert_encodes(".", "%2E");
	assert_encodes("..", "%2E%2E");
	assert_encodes("caf\xe9\xff", "caf%E9%FF");
}

static void test_pg_name_encode__fits_any_identifier(void **state)
{
	char worst[64];
	CLEANUP(buf_release) struct buf text;
	struct err err;

	(void)state;
	memset(worst, '/', 63);
	worst[63] = '\0';
	buf_init(&text, 0);
	assert_int_equal(pg_name_encode(worst, &text, &err), 0);
	assert_int_equal(text.len, 189);
}

static void test_pg_name_encode__refuses_what_makes_no_file_name(void **state)
{
	CLEANUP(mem_freep) char *longest = mem_zalloc(252);
	CLEANUP(buf_release) struct buf text;
	struct err err = {0};

	(void)state;
	memset(longest, 'x', 251);
	buf_init(&text, 0);
	assert_int_equal(pg_name_encode(longest, &text, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg,
			    "name takes 251 bytes as a file name; expected at most 250");
}

static void test_pg_name_decode__refuses_other_spellings(void **state)
{
	static const char *const bad[] = {"",	 "a/b", "%",	"%2",	"%2f", "%00",
					  "%41", "..",	"a\nb", "\xff", "%zz"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(buf_release) struct buf name;
		struct err err = {0};

		buf_init(&name, 0);
		if (pg_name_decode(slice_of_string(bad[i]), &name, &err) == 0)
			fail_msg("%s was accepted", bad[i]);
		assert_int_equal(err.code, ERR_CORRUPT);
		assert_int_equal(name.len, 0);
	}
}

static void test_pg_name_quote__doubles_the_mark(void **state)
{
	CLEANUP(buf_release) struct buf sql;

	(void)state;
	buf_init(&sql, 0);
	pg_name_quote_pair(&sql, "a\"b", "c.d");
	assert_string_equal(buf_string(&sql), "\"a\"\"b\".\"c.d\"");
}

static void test_pg_name_list_parse__takes_names_apart(void **state)
{
	CLEANUP(strings_release) struct strings names;
	struct err err;

	(void)state;
	strings_init(&names);
	assert_int_equal(pg_name_list_parse("\"a\", \"b\"\"c, \"\"\", \"\"\"\"", ", ",
					    &names, &err),
			 0);
	assert_int_equal(strings_count(&names), 3);
	assert_string_equal(strings_at(&names, 0), "a");
	assert_string_equal(strings_at(&names, 1), "b\"c, \"");
	assert_string_equal(strings_at(&names, 2), "\"");
}

static void test_pg_name_list_parse__takes_nothing_but_names(void **state)
{
	static const char *const bad[] = {"",
					  "a",
					  "\"a",
					  "\"\"",
					  "\"a\",\"b\"",
					  "\"a\", ",
					  "\"a\") FROM PROGRAM 'x' --",
					  "\"a\" \"b\"",
					  "\"a\", (SELECT 1)"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(strings_release) struct strings names;
		struct err err = {0};

		strings_init(&names);
		if (pg_name_list_parse(bad[i], ", ", &names, &err) == 0)
			fail_msg("%s was accepted", bad[i]);
		assert_int_equal(err.code, ERR_CORRUPT);
		assert_non_null(strstr(err.msg, "not a list of quoted names"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_name_encode__keeps_what_is_harmless),
		cmocka_unit_test(test_pg_name_encode__escapes_what_breaks_paths),
		cmocka_unit_test(test_pg_name_encode__fits_any_identifier),
		cmocka_unit_test(test_pg_name_encode__refuses_what_makes_no_file_name),
		cmocka_unit_test(test_pg_name_decode__refuses_other_spellings),
		cmocka_unit_test(test_pg_name_quote__doubles_the_mark),
		cmocka_unit_test(test_pg_name_list_parse__takes_names_apart),
		cmocka_unit_test(test_pg_name_list_parse__takes_nothing_but_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
