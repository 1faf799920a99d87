/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/cmd_sample.h"
#include "support/cmd_texts.h"
#include "support/tempdir.h"

static void script(struct buf *text)
{
	buf_init(text, 0);
	cmd_completion_fish(&SAMPLE_PROGRAM, text);
}

static void test_cmd_completion_fish__knows_every_option_and_verb(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	script(&text);
	assert_has_all_options(&text, " -l ", "-", &SAMPLE_PROGRAM);
	assert_has(&text, " -f -a key -d 'list, add'\n");
	assert_has(&text, "= \"key\"' -f -a add -d 'add a key'\n");
	assert_has(&text, "-s q -l quiet -d 'show errors and warnings only, it\\'s "
			  "quieter'\n");
}

/* A home of its own: fish writes its settings and history there. */
static void run_fish(const char *directory, const char *further, struct buf *output)
{
	CLEANUP(mem_freep) char *home = mem_printf("HOME=%s", directory);
	const char *const argv[] = {"env", home, "fish", "--no-config", NULL};
	CLEANUP(buf_release) struct buf text = {0};

	script(&text);
	buf_append_string(&text, further);
	run_on_text(directory, &text, argv, output);
}

static void require_fish(void)
{
	static const char *const argv[] = {"fish", "--version", NULL};
	CLEANUP(buf_release) struct buf output = {0};
	struct err err = {0};

	if (process_run(argv, 1000, &output, NULL, &err) < 0)
		skip();
}

static void test_cmd_completion_fish__completes(void **state)
{
	CLEANUP(buf_release) struct buf output = {0};

	require_fish();
	run_fish(*state,
		 "complete -C 'quipu-sample s'\n"
		 "complete -C 'quipu-sample --repo x key a'\n"
		 "complete -C 'quipu-sample key add --role '\n"
		 "complete -C 'quipu-sample run --str'\n",
		 &output);
	assert_string_equal(buf_string(&output),
			    "show\tshow what a snapshot holds\n"
			    "add\tadd a key\n"
			    "reader\twhat the key may do\n"
			    "writer\twhat the key may do\n"
			    "--stream\tname of the stream that the snapshot continues\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_completion_fish__knows_every_option_and_verb),
		tempdir_test(test_cmd_completion_fish__completes),
	};

	return cmocka_run_group_tests_name("base/cmd_completion_fish", tests, NULL, NULL);
}
