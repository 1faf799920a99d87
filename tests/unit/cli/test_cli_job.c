/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli_job.h"

static void expect_directory(const char *option, const struct config *config,
			     const char *expected)
{
	CLEANUP(mem_freep) char *directory = cli_cache_directory(option, config);

	assert_string_equal(directory, expected);
}

static void
test_cli_cache_directory__option_goes_before_configuration_and_home(void **state)
{
	char name[] = "/configured";
	struct config config = {.repository = {.cache_directory = name}};

	(void)state;
	(void)setenv("HOME", "/srv/ana", 1);
	(void)unsetenv("XDG_CACHE_HOME");
	expect_directory("/option", &config, "/option");
	expect_directory(NULL, &config, "/configured");
	expect_directory(NULL, NULL, "/srv/ana/.cache/quipu");
	(void)setenv("XDG_CACHE_HOME", "/var/cache", 1);
	expect_directory(NULL, NULL, "/var/cache/quipu");
	(void)setenv("XDG_CACHE_HOME", "relative", 1);
	expect_directory(NULL, NULL, "/srv/ana/.cache/quipu");
	(void)unsetenv("HOME");
	assert_null(cli_cache_directory(NULL, NULL));
}

static void test_cli_config_load__without_a_file_is_empty(void **state)
{
	struct common_options common = {0};
	struct cli cli = {.common = &common};
	struct config config;
	struct err err = {0};

	(void)state;
	assert_int_equal(cli_config_load(&cli, &config, &err), 0);
	assert_int_equal(config.jobs.n, 0);
	assert_null(config.repository.url);
	config_release(&config);
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
		cmocka_unit_test(test_cli_config_load__without_a_file_is_empty),
		cmocka_unit_test(test_cli_repo_open__names_what_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
