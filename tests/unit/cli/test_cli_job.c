/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli_job.h"

static void expect_directory(const struct cli *cli, const char *option,
			     const char *expected)
{
	CLEANUP(mem_freep) char *directory = cli_cache_directory(cli, option);

	assert_string_equal(directory, expected);
}

static void
test_cli_cache_directory__option_goes_before_configuration_and_home(void **state)
{
	char name[] = "/configured";
	struct cli configured = {.config.repository.cache_directory = name};
	struct cli cli = {0};

	(void)state;
	(void)setenv("HOME", "/srv/ana", 1);
	(void)unsetenv("XDG_CACHE_HOME");
	expect_directory(&configured, "/option", "/option");
	expect_directory(&configured, NULL, "/configured");
	expect_directory(&configured, "", "/configured");
	expect_directory(&cli, NULL, "/srv/ana/.cache/quipu");
	(void)setenv("XDG_CACHE_HOME", "/var/cache", 1);
	expect_directory(&cli, NULL, "/var/cache/quipu");
	(void)setenv("XDG_CACHE_HOME", "relative", 1);
	expect_directory(&cli, NULL, "/srv/ana/.cache/quipu");
	(void)unsetenv("HOME");
	assert_null(cli_cache_directory(&cli, NULL));
}

static void test_cli_repo_open__names_what_is_missing(void **state)
{
	struct common_options common = {0};
	struct cli cli = {.common = &common};
	struct job_repo repo;
	struct err err = {0};

	(void)state;
	assert_int_equal(cli_repo_open(&cli, &repo, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "no repository is named");
	common.repo = "file:///nonexistent";
	assert_int_equal(cli_repo_open(&cli, &repo, &err), -1);
	assert_string_equal(err.msg, "no key file is named");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_cli_cache_directory__option_goes_before_configuration_and_home),
		cmocka_unit_test(test_cli_repo_open__names_what_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
