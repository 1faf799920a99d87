/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/cmd_sample.h"
#include "support/cmd_texts.h"
#include "support/tempdir.h"

static void test_cmd_completion_bash__knows_every_option_and_verb(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_completion_bash(&SAMPLE_PROGRAM, &text);
	assert_has_all_options(&text, " --", "-", &SAMPLE_PROGRAM);
	assert_has(&text, "'') words='run show key'");
	assert_has(&text, "'key') words='list add'");
	assert_has(&text, "\ncomplete -F _quipu_sample quipu-sample\n");
}

static void test_cmd_completion_bash__is_valid(void **state)
{
	static const char *const CHECK[] = {"bash", "-n", NULL};
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(buf_release) struct buf output = {0};

	buf_init(&text, 0);
	cmd_completion_bash(&SAMPLE_PROGRAM, &text);
	run_on_text(*state, &text, CHECK, &output);
	assert_string_equal(buf_string(&output), "");
}

/* `words` as bash would split them; the last one is completed. */
static void assert_completes(const char *directory, const char *words,
			     const char *expected)
{
	static const char *const RUN[] = {"bash", NULL};
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(buf_release) struct buf output = {0};

	buf_init(&text, 0);
	cmd_completion_bash(&SAMPLE_PROGRAM, &text);
	buf_printf(&text,
		   "COMP_WORDS=(quipu-sample %s)\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
		   "_quipu_sample\necho \"${COMPREPLY[@]}\"\n",
		   words);
	run_on_text(directory, &text, RUN, &output);
	assert_string_equal(buf_string(&output), expected);
}

static void test_cmd_completion_bash__completes_verbs(void **state)
{
	assert_completes(*state, "''", "run show key\n");
	assert_completes(*state, "s", "show\n");
	assert_completes(*state, "key ''", "list add\n");
	assert_completes(*state, "--repo x k", "key\n");
	assert_completes(*state, "--repo = x k", "key\n");
}

static void test_cmd_completion_bash__completes_options(void **state)
{
	assert_completes(*state, "--re", "--repo\n");
	assert_completes(*state, "run --re", "--repo --read-data=\n");
	assert_completes(*state, "key add --c", "--cache-dir\n");
	assert_completes(*state, "key list --c", "\n");
}

static void test_cmd_completion_bash__completes_values(void **state)
{
	/* run_on_text() makes this file. */
	CLEANUP(mem_freep) char *file = mem_printf("%s/text\n", (char *)*state);
	CLEANUP(mem_freep)
	char *file_start = mem_printf("key add --out %s/te", (char *)*state);

	assert_completes(*state, "key add --role ''", "reader writer\n");
	assert_completes(*state, "key add --role = w", "writer\n");
	assert_completes(*state, "key add --role =", "reader writer\n");
	assert_completes(*state, "run --stream ''", "\n");
	assert_completes(*state, file_start, file);
	assert_completes(*state, "key add --cache-dir /us", "/usr\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_completion_bash__knows_every_option_and_verb),
		tempdir_test(test_cmd_completion_bash__is_valid),
		tempdir_test(test_cmd_completion_bash__completes_verbs),
		tempdir_test(test_cmd_completion_bash__completes_options),
		tempdir_test(test_cmd_completion_bash__completes_values),
	};

	return cmocka_run_group_tests_name("base/cmd_completion_bash", tests, NULL, NULL);
}
