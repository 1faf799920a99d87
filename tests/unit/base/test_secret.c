/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

static void test_secret_init__gives_zeroes_on_pages_of_its_own(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	CLEANUP(secret_release) struct secret secret;

	(void)state;
	secret_init(&secret, page + 1);
	assert_int_equal(secret.len, page + 1);
	assert_int_equal(secret.mapped, 2 * page);
	assert_int_equal((uintptr_t)secret.data % page, 0);
	for (size_t i = 0; i < secret.mapped; i++)
		assert_int_equal(secret.data[i], 0);
}

static void test_secret_init__takes_no_bytes_at_all(void **state)
{
	struct secret a;
	struct secret b = {0};

	(void)state;
	secret_init(&a, 0);
	assert_int_equal(a.mapped, 0);
	assert_int_equal(secret_slice(&a).len, 0);
	assert_true(secret_equal(&a, &b));
	secret_set(&b, NULL, 0);
	secret_truncate(&b, 0);
	secret_release(&a);
	secret_release(&b);
}

static void test_secret_init__takes_the_maximum(void **state)
{
	CLEANUP(secret_release) struct secret secret;

	(void)state;
	secret_init(&secret, SECRET_MAX);
	secret.data[SECRET_MAX - 1] = 1;
	assert_int_equal(secret_slice(&secret).len, SECRET_MAX);
}

/* A container may allow no locked memory at all: then it works and says so. */
static void test_secret_init__tells_when_memory_cannot_be_locked(void **state)
{
	struct rlimit before;
	struct rlimit none;
	struct secret secret;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	secret_set(&secret, "key", 3);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
	if (geteuid() != 0) /* root is above this limit */
		assert_false(secret.locked);
	assert_memory_equal(secret.data, "key", 3);
	secret_release(&secret);
}

static void test_secret_equal__compares_length_and_bytes(void **state)
{
	CLEANUP(secret_release) struct secret a;
	CLEANUP(secret_release) struct secret b;
	CLEANUP(secret_release) struct secret c;

	(void)state;
	secret_set(&a, "password", 8);
	secret_set(&b, "password", 8);
	secret_set(&c, "passwor", 7);
	assert_true(secret_equal(&a, &b));
	assert_false(secret_equal(&a, &c));
	b.data[7] ^= 1;
	assert_false(secret_equal(&a, &b));
	b.data[7] ^= 1;
	b.data[0] ^= 0x80;
	assert_false(secret_equal(&a, &b));
}

static void test_secret_truncate__wipes_the_rest(void **state)
{
	CLEANUP(secret_release) struct secret secret;

	(void)state;
	secret_set(&secret, "password", 8);
	secret_truncate(&secret, 8);
	assert_memory_equal(secret.data, "password", 8);
	secret_truncate(&secret, 4);
	assert_int_equal(secret.len, 4);
	assert_memory_equal(secret.data, "pass\0\0\0\0", 8);
}

static void test_secret_release__leaves_an_empty_secret(void **state)
{
	struct secret secret;

	(void)state;
	secret_set(&secret, "x", 1);
	secret_release(&secret);
	assert_null(secret.data);
	assert_int_equal(secret.len, 0);
	assert_int_equal(secret.mapped, 0);
	secret_release(&secret);
	secret_release(NULL);
}

static void test_secret_wipe__leaves_zeroes(void **state)
{
	uint8_t bytes[16];

	(void)state;
	memset(bytes, 7, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes) - 1);
	for (size_t i = 0; i < sizeof(bytes) - 1; i++)
		assert_int_equal(bytes[i], 0);
	assert_int_equal(bytes[sizeof(bytes) - 1], 7);
	secret_wipe(NULL, 0);
}

/* In a child: what the process is afterwards cannot be taken back. */
static int protected_state(void)
{
	struct err err = {0};
	struct rlimit cores;

	if (secret_protect_process(&err) < 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
		return 2;
	if (getrlimit(RLIMIT_CORE, &cores) < 0 || cores.rlim_cur != 0)
		return 3;
	return 0;
}

static void test_secret_protect_process__closes_dumps_and_ptrace(void **state)
{
	int status = -1;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(protected_state());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret_init__gives_zeroes_on_pages_of_its_own),
		cmocka_unit_test(test_secret_init__takes_no_bytes_at_all),
		cmocka_unit_test(test_secret_init__takes_the_maximum),
		cmocka_unit_test(test_secret_init__tells_when_memory_cannot_be_locked),
		cmocka_unit_test(test_secret_equal__compares_length_and_bytes),
		cmocka_unit_test(test_secret_truncate__wipes_the_rest),
		cmocka_unit_test(test_secret_release__leaves_an_empty_secret),
		cmocka_unit_test(test_secret_wipe__leaves_zeroes),
		cmocka_unit_test(test_secret_protect_process__closes_dumps_and_ptrace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
