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
	cmd_completion_zsh(&SAMPLE_PROGRAM, text);
}

static void test_cmd_completion_zsh__knows_every_option_and_verb(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	script(&text);
	assert_has_all_options(&text, "--", "-", &SAMPLE_PROGRAM);
	assert_has(&text, "#compdef quipu-sample\n");
	assert_has(&text, "'run:back up the jobs of the configuration'");
	assert_has(&text, "'key:list, add'");
	assert_has(&text, "add) _quipu_sample_key_add ;;");
}

static void test_cmd_completion_zsh__escapes_help(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	script(&text);
	assert_has(&text, "'*--exclude=[leave out what matches, \\[a-z\\] and "
			  "'\\''quotes'\\'' included]:PATTERN:'");
	assert_has(&text, "'--role=[what the key may do]:ROLE:(reader writer)'");
	assert_has(&text, "'--cache-dir=[directory of the cache]:DIR:_files -/'");
	assert_has(&text, "'--read-data=-[read data too, all of it or a part]::P%|N/M:'");
}

static void test_cmd_completion_zsh__is_valid(void **state)
{
	static const char *const CHECK[] = {"zsh", "-n", NULL};
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(buf_release) struct buf output = {0};

	script(&text);
	run_on_text(*state, &text, CHECK, &output);
	assert_string_equal(buf_string(&output), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_completion_zsh__knows_every_option_and_verb),
		cmocka_unit_test(test_cmd_completion_zsh__escapes_help),
		tempdir_test(test_cmd_completion_zsh__is_valid),
	};

	return cmocka_run_group_tests_name("base/cmd_completion_zsh", tests, NULL, NULL);
}
