/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/lease.h"
#include "support/repo_sample.h"

struct fixture {
	struct repo_sample sample;
	int64_t now_nsec;
	struct clock clock;
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *fixture = mem_zalloc(sizeof(*fixture));

	repo_sample_init(&fixture->sample, 3);
	fixture->now_nsec = 1000;
	fixture->clock = clock_fixed(&fixture->now_nsec);
	fixture->store = store_memory_new(&fixture->clock);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	store_free(fixture->store);
	repo_sample_release(&fixture->sample);
	mem_free(fixture);
	return 0;
}

static int64_t begin(struct fixture *fixture, const char *stream, struct lease *lease)
{
	struct err err = {0};
	int64_t cut_off = -1;

	assert_int_equal(lease_begin(fixture->store, &fixture->sample.writer, stream,
				     lease, &cut_off, &err),
			 0);
	return cut_off;
}

static void test_lease_begin__tells_when_a_run_was_cut_off(void **state)
{
	struct fixture *fixture = *state;
	struct lease lease;

	assert_int_equal(begin(fixture, "a", &lease), 0);
	fixture->now_nsec = 5000;
	assert_int_equal(begin(fixture, "a", &lease), 1000);
	assert_int_equal(begin(fixture, "b", &lease), 0);
}

static void test_lease_end__means_nothing_to_look_for(void **state)
{
	struct fixture *fixture = *state;
	struct lease lease;
	struct err err = {0};

	assert_int_equal(begin(fixture, "a", &lease), 0);
	assert_int_equal(lease_end(&lease, &err), 0);
	assert_int_equal(begin(fixture, "a", &lease), 0);
}

static void test_lease_begin__takes_junk_for_a_cut_off_run(void **state)
{
	struct fixture *fixture = *state;
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	struct lease lease;
	struct err err = {0};

	assert_int_equal(begin(fixture, "a", &lease), 0);
	fixture->now_nsec = 7000;
	assert_int_equal(store_put(fixture->store, lease.key, slice_of_string("junk"),
				   &options, &err),
			 0);
	assert_int_equal(begin(fixture, "a", &lease), 7000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_lease_begin__tells_when_a_run_was_cut_off),
		CASE(test_lease_end__means_nothing_to_look_for),
		CASE(test_lease_begin__takes_junk_for_a_cut_off_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
