/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/suggest.h"

static void assert_suggests(const char *word, const char *expected)
{
	static const char *const WORDS[] = {"init",   "run",	     "list", "find",
					    "stream", "compression", "ls"};
	CLEANUP(strings_release) struct strings words = {0};
	const char *got;

	strings_init(&words);
	for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
		strings_add(&words, WORDS[i]);
	got = suggest_string(word, &words);
	if (expected == NULL)
		assert_null(got);
	else
		assert_string_equal(got != NULL ? got : "nothing", expected);
}

static void test_suggest__forgives_single_errors(void **state)
{
	(void)state;
	assert_suggests("lits", "list");
	assert_suggests("initt", "init");
	assert_suggests("strem", "stream");
	assert_suggests("streak", "stream");
	assert_suggests("run", "run");
}

static void test_suggest__forgives_more_in_long_words(void **state)
{
	(void)state;
	assert_suggests("kompresion", "compression");
	assert_suggests("compresxyz", NULL);
}

static void test_suggest__knows_starts_of_words(void **state)
{
	(void)state;
	assert_suggests("comp", "compression");
	assert_suggests("c", NULL);
}

static void test_suggest__leaves_far_words_alone(void **state)
{
	(void)state;
	assert_suggests("backup", NULL);
	assert_suggests("x", NULL);
	assert_suggests("xy", NULL);
	assert_suggests("", NULL);
}

static void test_suggest__leaves_very_long_words_alone(void **state)
{
	char word[500];

	(void)state;
	memset(word, 'r', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_suggests(word, NULL);
	word[64] = '\0';
	assert_suggests(word, NULL);
}

static void test_suggest_word__prefers_the_first_of_the_nearest(void **state)
{
	static const char *const near[] = {"lisp", "list", "lint"};

	(void)state;
	assert_string_equal(suggest_word("list", near, 3), "list");
	assert_string_equal(suggest_word("liss", near, 3), "lisp");
	assert_null(suggest_word("run", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suggest__forgives_single_errors),
		cmocka_unit_test(test_suggest__forgives_more_in_long_words),
		cmocka_unit_test(test_suggest__knows_starts_of_words),
		cmocka_unit_test(test_suggest__leaves_far_words_alone),
		cmocka_unit_test(test_suggest__leaves_very_long_words_alone),
		cmocka_unit_test(test_suggest_word__prefers_the_first_of_the_nearest),
	};

	return cmocka_run_group_tests_name("base/suggest", tests, NULL, NULL);
}
