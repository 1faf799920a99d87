/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/findings.h"
#include "format/value_internal.h"

struct fixture {
	struct value *root;
	struct value *first, *second;
	struct findings findings;
};

static int setup(void **state)
{
	static struct fixture f;

	f.root = value_new_table();
	value_set_origin(f.root, "f.toml", ERR_USAGE);
	f.first = value_append(f.root, "a", (struct value_span){2, 1, 2, 2},
			       value_new_int(1));
	f.second = value_append(f.root, "b", (struct value_span){3, 1, 3, 2},
				value_new_int(2));
	value_index(f.root);
	value_set_span(f.first, (struct value_span){2, 5, 2, 6});
	value_set_span(f.second, (struct value_span){3, 5, 3, 6});
	findings_init(&f.findings);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	findings_release(&f->findings);
	value_free(f->root);
	return 0;
}

static void test_findings_add__keeps_place_and_hint(void **state)
{
	struct fixture *f = *state;

	findings_add(&f->findings, f->first, "do this", "expected %d", 7);
	assert_int_equal(findings_count(&f->findings), 1);

	const struct finding *finding = findings_at(&f->findings, 0);

	assert_string_equal(finding->text, "f.toml:2:5: a: expected 7");
	assert_string_equal(finding->hint, "do this");
	assert_int_equal(finding->span.end_column, 6);
}

static void test_findings_move__takes_what_lies_below_a_key(void **state)
{
	struct fixture *f = *state;
	struct findings moved;

	findings_init(&moved);
	findings_add(&f->findings, f->root, NULL, "is the root");
	findings_add(&f->findings, f->second, NULL, "is b");
	findings_add_at_key(&f->findings, f->root, 1, NULL, "is the key b");
	findings_add(&f->findings, f->first, NULL, "is a");
	findings_move(&f->findings, "b", &moved);
	assert_int_equal(findings_count(&f->findings), 2);
	assert_non_null(strstr(findings_at(&f->findings, 0)->text, "is the root"));
	assert_non_null(strstr(findings_at(&f->findings, 1)->text, "is a"));
	assert_int_equal(findings_count(&moved), 2);
	assert_non_null(strstr(findings_at(&moved, 1)->text, "is the key b"));
	findings_release(&moved);
}

static void test_findings_add_at_key__uses_the_key_s_place(void **state)
{
	struct fixture *f = *state;

	findings_add_at_key(&f->findings, f->root, 1, NULL, "unknown key");
	assert_string_equal(findings_at(&f->findings, 0)->text,
			    "f.toml:3:1: b: unknown key");
	assert_null(findings_at(&f->findings, 0)->hint);
	assert_int_equal(findings_at(&f->findings, 0)->span.column, 1);
}

static void test_findings_sort__by_place(void **state)
{
	struct fixture *f = *state;

	findings_add(&f->findings, f->second, NULL, "third");
	findings_add_at_key(&f->findings, f->root, 1, NULL, "second");
	findings_add(&f->findings, f->first, NULL, "first");
	findings_sort(&f->findings);
	assert_string_equal(findings_at(&f->findings, 0)->text, "f.toml:2:5: a: first");
	assert_string_equal(findings_at(&f->findings, 1)->text, "f.toml:3:1: b: second");
	assert_string_equal(findings_at(&f->findings, 2)->text, "f.toml:3:5: b: third");
}

static void test_findings_check__is_fine_without_findings(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(findings_check(&f->findings, &err), 0);
	assert_int_equal(err.code, ERR_NONE);
}

static void test_findings_check__tells_the_first(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	findings_add(&f->findings, f->first, "do this", "bad");
	assert_int_equal(findings_check(&f->findings, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "f.toml:2:5: a: bad");
	assert_string_equal(err.hint, "do this");
}

static void test_findings_check__counts_the_others(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	findings_add(&f->findings, f->first, NULL, "bad");
	findings_add(&f->findings, f->second, "not shown", "worse");
	assert_int_equal(findings_check(&f->findings, &err), -1);
	assert_string_equal(err.msg, "f.toml:2:5: a: bad (and 1 more finding)");
	assert_string_equal(err.hint, "");
	findings_add(&f->findings, f->second, NULL, "worst");
	assert_int_equal(findings_check(&f->findings, &err), -1);
	assert_string_equal(err.msg, "f.toml:2:5: a: bad (and 2 more findings)");
}

static void test_findings_add__counts_beyond_the_limit(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	for (int i = 0; i < FINDINGS_MAX + 5; i++)
		findings_add(&f->findings, f->first, NULL, "number %d", i);
	assert_int_equal(findings_count(&f->findings), FINDINGS_MAX);
	assert_int_equal(findings_check(&f->findings, &err), -1);
	assert_string_equal(err.msg, "f.toml:2:5: a: number 0 (and 104 more findings)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_findings_add__keeps_place_and_hint),
		TEST(test_findings_add_at_key__uses_the_key_s_place),
		TEST(test_findings_move__takes_what_lies_below_a_key),
		TEST(test_findings_sort__by_place),
		TEST(test_findings_check__is_fine_without_findings),
		TEST(test_findings_check__tells_the_first),
		TEST(test_findings_check__counts_the_others),
		TEST(test_findings_add__counts_beyond_the_limit),
	};

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
