/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "base/pool.h"
#include "store/store.h"
#include "store/store_throttle.h"

static void test_pace_delay__makes_each_put_wait_for_those_before(void **state)
{
	struct pace pace = {.bytes_per_sec = 1000};

	(void)state;
	assert_int_equal(pace_delay(&pace, 500, 10), 0);
	assert_int_equal(pace_delay(&pace, 1000, 10), 500000000);
	assert_int_equal(pace_delay(&pace, 1, 10), 1500000000);
}

static void test_pace_delay__does_not_save_up_idle_time(void **state)
{
	struct pace pace = {.bytes_per_sec = 1000};

	(void)state;
	assert_int_equal(pace_delay(&pace, 100, 0), 0);
	assert_int_equal(pace_delay(&pace, 100, 50000000000), 0);
	assert_int_equal(pace_delay(&pace, 100, 50000000000), 100000000);
}

static void test_store_throttle__passes_everything_on(void **state)
{
	struct clock clock = clock_system();
	struct store_put_options options = {.mode = STORE_PUT_NEW};
	struct store_info info;
	struct buf bytes = {0};
	struct err err = {0};

	(void)state;
	struct store *store =
		store_throttle_take(store_memory_new(&clock), 1000000000, &clock, NULL);
	assert_int_equal(
		store_put(store, "a/b", slice_of_string("hello"), &options, &err), 0);
	assert_int_equal(store_put(store, "a/b", slice_of_string("x"), &options, &err),
			 -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_int_equal(store_head(store, "a/b", &info, &err), 0);
	assert_int_equal(info.size, 5);
	buf_init(&bytes, 0);
	assert_int_equal(store_get(store, "a/b", 10, &bytes, &err), 0);
	assert_string_equal(buf_string(&bytes), "hello");
	assert_int_equal(store_delete(store, "a/b", "", &err), 0);
	assert_int_equal(store_get(store, "a/b", 10, &bytes, &err), -1);
	assert_true(store_features(store).conditional_put);
	buf_release(&bytes);
	store_free(store);
}

static void stop(void *cancel, unsigned worker)
{
	(void)worker;
	cancel_set(cancel, SIGTERM);
}

static void test_store_throttle__ends_a_wait_when_interrupted(void **state)
{
	struct clock clock = clock_system();
	struct store_put_options options = {.mode = STORE_PUT_NEW};
	struct store_info info;
	struct cancel cancel;
	struct pool *pool;
	struct err err = {0};

	(void)state;
	cancel_init(&cancel);
	struct store *store =
		store_throttle_take(store_memory_new(&clock), 1, &clock, &cancel);
	assert_int_equal(store_put(store, "a", slice_of_string("123456"), &options, &err),
			 0);
	assert_int_equal(pool_new(1, 1, &pool, &err), 0);
	pool_submit(pool, stop, &cancel);
	assert_int_equal(store_put(store, "b", slice_of_string("x"), &options, &err), -1);
	pool_free(pool);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_int_equal(err.signal, SIGTERM);
	assert_string_equal(err.msg, "put b: interrupted by SIGTERM");
	assert_int_equal(store_head(store, "b", &info, &err), -1);
	store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pace_delay__makes_each_put_wait_for_those_before),
		cmocka_unit_test(test_pace_delay__does_not_save_up_idle_time),
		cmocka_unit_test(test_store_throttle__passes_everything_on),
		cmocka_unit_test(test_store_throttle__ends_a_wait_when_interrupted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
