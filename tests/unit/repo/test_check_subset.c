/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/rng.h"
#include "repo/check_subset.h"
#include "support/tempdir.h"

static struct check_subset parse(const char *text, uint64_t run)
{
	struct check_subset subset = {0};
	struct err err = {0};

	if (check_subset_parse(text, run, &subset, &err) < 0)
		fail_msg("%s", err.msg);
	return subset;
}

static void test_parse__takes_everything_without_a_text(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, 5).of, 1);
	assert_int_equal(parse("", 5).part, 1);
	assert_int_equal(parse("100%", 5).of, 1);
	assert_int_equal(parse("1/1", 5).of, 1);
}

static void test_parse__takes_one_part_of_several(void **state)
{
	struct check_subset subset = parse("3/7", 5);

	(void)state;
	assert_int_equal(subset.part, 3);
	assert_int_equal(subset.of, 7);
}

static void test_parse__goes_through_the_parts_of_a_percentage(void **state)
{
	(void)state;
	for (uint64_t run = 0; run < 20; run++) {
		struct check_subset subset = parse("10%", run);

		assert_int_equal(subset.of, 10);
		assert_int_equal(subset.part, run % 10 + 1);
	}
	assert_int_equal(parse("30%", 0).of, 4);
	assert_int_equal(parse("2.5%", 0).of, 40);
	assert_int_equal(parse("0.1%", 0).of, 1000);
}

static void test_parse__refuses_what_is_neither(void **state)
{
	static const char *const texts[] = {
		"0%",  "101%", "%",  "x%",     "1.25%", ".5%",	 "5.%", "-1%",	 "0/7",
		"8/7", "1/",   "/7", "1/1001", "7",	"1/2/3", "1 %", "1.2.3%"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct check_subset subset;
		struct err err = {0};

		assert_int_equal(check_subset_parse(texts[i], 0, &subset, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, "is neither P% nor N/M"));
		assert_memory_equal(err.hint, "--read-data=10% reads", 21);
	}
}

static void test_has__covers_every_pack_just_once_in_a_round(void **state)
{
	static const uint32_t rounds[] = {1, 2, 7, 10, 1000};
	struct rng rng = rng_seeded(1);

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rounds); r++) {
		for (int i = 0; i < 200; i++) {
			uint8_t name[32];
			unsigned n = 0;

			rng_fill(&rng, name, sizeof(name));
			for (uint32_t part = 1; part <= rounds[r]; part++)
				n += check_subset_has(
					(struct check_subset){part, rounds[r]}, name);
			assert_int_equal(n, 1);
		}
	}
}

static void test_has__takes_nothing_of_nothing(void **state)
{
	uint8_t name[32] = {0};

	(void)state;
	assert_false(check_subset_has((struct check_subset){0}, name));
}

static void test_check_runs_store__is_loaded_again(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "not/yet/there/check-runs");
	static const uint64_t counts[] = {0, 1, 12, UINT64_MAX};
	struct err err = {0};

	assert_int_equal(check_runs_load(path), 0);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		assert_int_equal(check_runs_store(path, counts[i], &err), 0);
		assert_true(check_runs_load(path) == counts[i]);
	}
}

static void test_check_runs_load__begins_again_when_the_file_is_no_number(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "check-runs");
	struct err err = {0};

	assert_int_equal(
		file_write(path, slice_of_string("seven"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(check_runs_load(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__takes_everything_without_a_text),
		cmocka_unit_test(test_parse__takes_one_part_of_several),
		cmocka_unit_test(test_parse__goes_through_the_parts_of_a_percentage),
		cmocka_unit_test(test_parse__refuses_what_is_neither),
		cmocka_unit_test(test_has__covers_every_pack_just_once_in_a_round),
		cmocka_unit_test(test_has__takes_nothing_of_nothing),
		tempdir_test(test_check_runs_store__is_loaded_again),
		tempdir_test(
			test_check_runs_load__begins_again_when_the_file_is_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
