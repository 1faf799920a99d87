/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_sum.h"

static struct pg_sum sum_of(const char *const rows[], size_t n)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	struct pg_sum sum = {0};

	for (size_t i = 0; i < n; i++)
		pg_sum_row(&sum, hash, slice_of_string(rows[i]));
	return sum;
}

/* SHA-256("1\n") begins with 4355a46b19d348dc2f57c046f8ef63d4. */
static void test_pg_sum_row__is_the_first_half_of_sha256(void **state)
{
	static const char *const rows[] = {"1\n"};
	struct pg_sum sum = sum_of(rows, 1);
	char text[PG_SUM_TEXT_MAX];

	(void)state;
	assert_int_equal(sum.rows, 1);
	assert_int_equal(sum.bytes, 2);
	assert_string_equal(pg_sum_format(&sum, text),
			    "d463eff846c0572fdc48d3196ba45543");
}

static void test_pg_sum_row__does_not_depend_on_order(void **state)
{
	static const char *const a[] = {"x\n", "y\n", "x\n"}, *const b[] = {"y\n", "x\n",
									    "x\n"};
	struct pg_sum sum_a = sum_of(a, 3), sum_b = sum_of(b, 3);

	(void)state;
	assert_true(pg_sum_equal(&sum_a, &sum_b));
}

static void test_pg_sum_equal__sees_changed_lost_and_doubled_rows(void **state)
{
	static const char *const a[] = {"x\n", "y\n"}, *const changed[] = {"x\n", "z\n"},
				 *const lost[] = {"x\n"},
				 *const doubled[] = {"x\n", "x\n"};
	struct pg_sum whole = sum_of(a, 2),
		      others[] = {sum_of(changed, 2), sum_of(lost, 1),
				  sum_of(doubled, 2)};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(pg_sum_equal(&whole, &others[i]));
}

static void test_pg_sum_equal__counts_rows_of_no_text(void **state)
{
	static const char *const rows[] = {"\n", "\n"};
	struct pg_sum two = sum_of(rows, 2), one = sum_of(rows, 1);

	(void)state;
	one.low = two.low;
	one.high = two.high;
	assert_false(pg_sum_equal(&one, &two));
}

static void test_pg_sum_add__makes_the_whole_of_parts(void **state)
{
	static const char *const rows[] = {"a\n", "b\n", "c\n", "d\n",
					   "e\n", "f\n", "g\n"};
	struct pg_sum whole = sum_of(rows, 7), parts = sum_of(rows, 3),
		      rest = sum_of(rows + 3, 4);

	(void)state;
	pg_sum_add(&parts, &rest);
	assert_true(pg_sum_equal(&whole, &parts));
	assert_int_equal(parts.bytes, 14);
}

static void test_pg_sum_add__carries(void **state)
{
	struct pg_sum a = {.low = UINT64_MAX}, b = {.low = 1};
	char text[PG_SUM_TEXT_MAX];

	(void)state;
	pg_sum_add(&a, &b);
	assert_string_equal(pg_sum_format(&a, text), "00000000000000010000000000000000");
}

static void test_pg_sum_parse__is_the_inverse(void **state)
{
	struct pg_sum sum = {0};
	struct err err;
	char text[PG_SUM_TEXT_MAX];

	(void)state;
	assert_int_equal(pg_sum_parse("0123456789abcdeffedcba9876543210", &sum, &err), 0);
	assert_string_equal(pg_sum_format(&sum, text),
			    "0123456789abcdeffedcba9876543210");
}

static void test_pg_sum_parse__refuses_other_texts(void **state)
{
	static const char *const bad[] = {"", "0123456789abcdeffedcba987654321",
					  "0123456789abcdeffedcba98765432100",
					  "0123456789ABCDEFFEDCBA9876543210",
					  "0123456789abcdef fedcba987654321"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pg_sum sum;
		struct err err = {0};

		assert_int_equal(pg_sum_parse(bad[i], &sum, &err), -1);
		assert_string_equal(err.msg, "sum of a table: expected 32 hex digits");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_sum_row__is_the_first_half_of_sha256),
		cmocka_unit_test(test_pg_sum_row__does_not_depend_on_order),
		cmocka_unit_test(test_pg_sum_equal__sees_changed_lost_and_doubled_rows),
		cmocka_unit_test(test_pg_sum_equal__counts_rows_of_no_text),
		cmocka_unit_test(test_pg_sum_add__makes_the_whole_of_parts),
		cmocka_unit_test(test_pg_sum_add__carries),
		cmocka_unit_test(test_pg_sum_parse__is_the_inverse),
		cmocka_unit_test(test_pg_sum_parse__refuses_other_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
