/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "format/toml_internal.h"

#define PARTS_32 "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"

static void check_taken(const char *text)
{
	struct err err = {0};
	int result = toml_check(slice_of_string(text), "f", 10000, &err);

	if (result < 0)
		print_error("%s: %s\n", text, err.msg);
	assert_int_equal(result, 0);
}

static void check_refused(const char *text, const char *message)
{
	struct err err = {0};

	assert_int_equal(toml_check(slice_of_string(text), "f", 10000, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, message);
}

static void test_toml_check__counts_parts(void **state)
{
	(void)state;
	check_taken(PARTS_32 " = 1\n");
	check_refused(PARTS_32 ".a = 1\n", "f:1:64: a key has more than 32 parts");
	check_refused("[" PARTS_32 "\t. a]\n", "f:1:66: a key has more than 32 parts");
}

static void test_toml_check__quoted_parts_count(void **state)
{
	(void)state;
	check_refused("x = 1\n'b'." PARTS_32 " = 1\n",
		      "f:2:66: a key has more than 32 parts");
	check_refused("x = 1\n\"\\\"\"." PARTS_32 " = 1\n",
		      "f:2:67: a key has more than 32 parts");
}

static void test_toml_check__strings_and_comments_do_not_count(void **state)
{
	(void)state;
	check_taken("a = \"" PARTS_32 "." PARTS_32 "\"\n");
	check_taken("a = '" PARTS_32 "." PARTS_32 "'\n");
	check_taken("a = \"\"\"" PARTS_32 "\\\"\"\"" PARTS_32 "." PARTS_32 "\"\"\"\n");
	check_taken("a = '''" PARTS_32 "\n''" PARTS_32 "." PARTS_32 "'''\n");
	check_taken("# it's " PARTS_32 "." PARTS_32 "\n");
}

static void test_toml_check__a_string_ends_where_it_ends(void **state)
{
	(void)state;
	check_refused("a = '\\'\n" PARTS_32 ".a = 1\n",
		      "f:2:64: a key has more than 32 parts");
	check_refused("a = \"\"\"b\"\"\"\"\"\n" PARTS_32 ".a = 1\n",
		      "f:2:64: a key has more than 32 parts");
	check_refused("a = '''b''''\n" PARTS_32 ".a = 1\n",
		      "f:2:64: a key has more than 32 parts");
	check_refused("a = \"\"\n" PARTS_32 ".a = 1\n",
		      "f:2:64: a key has more than 32 parts");
	check_refused("a = \"open\n" PARTS_32 ".a = 1\n",
		      "f:2:64: a key has more than 32 parts");
}

static void test_toml_check__numbers_do_not_add_up(void **state)
{
	struct buf text;
	struct err err = {0};

	(void)state;
	buf_init(&text, 0);
	buf_append_string(&text, "a = [");
	for (int i = 0; i < 100; i++)
		buf_append_string(&text, "1.5, ");
	buf_append_string(&text, "]\n");
	assert_int_equal(toml_check(buf_slice(&text), "f", 10000, &err), 0);
	buf_release(&text);
}

static void test_toml_check__takes_unfinished_text(void **state)
{
	static const char *const texts[] = {
		"", "\"", "'", "\"\"\"", "'''", "\"\\", "\"\"\"\\", "\"\"\"\"", "#"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check_taken(texts[i]);
}

static void test_toml_check__refuses_invalid_utf8(void **state)
{
	(void)state;
	check_refused("# \xc3\xa9\nx = \"a\xff\"\n", "f:2:7: invalid UTF-8");
	check_refused("# \xed\xa0\x80\n", "f:1:3: invalid UTF-8");
}

static void test_toml_check__refuses_control_characters(void **state)
{
	(void)state;
	check_refused("a = 1\n# \x01\n", "f:2:3: control characters are not accepted");
	check_refused("a\x7f\n", "f:1:2: control characters are not accepted");
	check_taken("a = 1\r\n\tb = 2\r\n");
}

static void test_toml_check__refuses_bare_letters_beyond_ascii(void **state)
{
	(void)state;
	check_refused("\"\xc3\xa9\" = '\xc3\xa9' # \xc3\xa9\n\xc3\xa9 = 1\n",
		      "f:2:1: expected ASCII outside of strings and comments");
}

static void test_toml_check__takes_a_byte_order_mark(void **state)
{
	(void)state;
	check_taken("\xef\xbb\xbf"
		    "a = 1\n");
	check_refused("a = 1\n\xef\xbb\xbf\n",
		      "f:2:1: expected ASCII outside of strings and comments");
}

static void check_hint(const char *text, struct toml_position at, const char *hint)
{
	struct err err = {0};

	assert_int_equal(toml_error(slice_of_string(text), "f", at, "no", &err), -1);
	assert_string_equal(err.hint, hint);
}

static void test_toml_error__points_below_the_column(void **state)
{
	(void)state;
	check_hint("one\ntwo\n", (struct toml_position){2, 3}, "\n 2 | two\n   |   ^");
	check_hint("one\r\ntwo\r\n", (struct toml_position){1, 1}, "\n 1 | one\n   | ^");
	check_hint("\n\n\n\n\n\n\n\n\nten", (struct toml_position){10, 4},
		   "\n 10 | ten\n    |    ^");
}

static void test_toml_error__counts_characters(void **state)
{
	(void)state;
	check_hint("\xc3\xa9\xc3\xa9x", (struct toml_position){1, 3},
		   "\n 1 | \xc3\xa9\xc3\xa9x\n   |   ^");
	check_hint("\xff\x1b\tx", (struct toml_position){1, 4}, "\n 1 | ?? x\n   |    ^");
}

static void test_toml_error__takes_positions_outside(void **state)
{
	(void)state;
	check_hint("", (struct toml_position){1, 1}, "\n 1 | \n   | ^");
	check_hint("a\n", (struct toml_position){2, 1}, "\n 2 | \n   | ^");
	check_hint("a", (struct toml_position){7, 9}, "\n 7 | \n   | ^");
}

static void test_toml_error__cuts_long_lines(void **state)
{
	char *line = mem_alloc(1001);
	struct err err = {0};

	(void)state;
	memset(line, 'x', 1000);
	line[1000] = '\0';
	line[499] = '!';
	toml_error(slice_of_string(line), "f", (struct toml_position){1, 500}, "no",
		   &err);
	assert_in_range(strlen(err.hint), 100, 200);

	const char *caret = strrchr(err.hint, '^');
	const char *second = strrchr(err.hint, '\n') + 1;

	assert_int_equal(*(err.hint + 1 + (caret - second)), '!');
	mem_free(line);
}

static void test_toml_error__replaces_control_characters(void **state)
{
	struct err err = {0};

	(void)state;
	toml_error(slice_of_string(""), "a\nb", (struct toml_position){1, 1},
		   "saw '\x1b[2J'", &err);
	assert_string_equal(err.msg, "\"a\\nb\":1:1: saw '?[2J'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_toml_check__counts_parts),
		cmocka_unit_test(test_toml_check__quoted_parts_count),
		cmocka_unit_test(test_toml_check__strings_and_comments_do_not_count),
		cmocka_unit_test(test_toml_check__a_string_ends_where_it_ends),
		cmocka_unit_test(test_toml_check__numbers_do_not_add_up),
		cmocka_unit_test(test_toml_check__takes_unfinished_text),
		cmocka_unit_test(test_toml_check__refuses_invalid_utf8),
		cmocka_unit_test(test_toml_check__refuses_control_characters),
		cmocka_unit_test(test_toml_check__refuses_bare_letters_beyond_ascii),
		cmocka_unit_test(test_toml_check__takes_a_byte_order_mark),
		cmocka_unit_test(test_toml_error__points_below_the_column),
		cmocka_unit_test(test_toml_error__counts_characters),
		cmocka_unit_test(test_toml_error__takes_positions_outside),
		cmocka_unit_test(test_toml_error__cuts_long_lines),
		cmocka_unit_test(test_toml_error__replaces_control_characters),
	};

	return cmocka_run_group_tests_name("toml_check", tests, NULL, NULL);
}
