/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/wrap_check.h"
#include "support/repo_fixture.h"
#include "support/stored_objects.h"

struct found {
	unsigned n_missing, n_false;
	char text[512];
};

static void note(void *arg, bool is_missing, const char *text)
{
	struct found *found = arg;

	found->n_missing += is_missing;
	found->n_false += !is_missing;
	(void)snprintf(found->text, sizeof(found->text), "%s", text);
}

static struct found look(struct repo_fixture *f)
{
	struct found found = {0};
	struct err err = {0};

	if (wraps_check(f->repo, note, &found, &err) < 0)
		fail_msg("%s", err.msg);
	return found;
}

static int setup(void **state)
{
	struct repo_fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	*state = f;
	return repo_fixture_init(f, 5, &err);
}

static int teardown(void **state)
{
	int failed = repo_fixture_release(*state);

	mem_free(*state);
	return failed;
}

static void test_wraps_check__is_content_with_a_sound_repository(void **state)
{
	struct found found = look(*state);

	assert_int_equal(found.n_missing + found.n_false, 0);
}

static void test_wraps_check__misses_a_wrap(void **state)
{
	struct repo_fixture *f = *state;

	objects_delete(f->store, "keys/wraps/");
	struct found found = look(f);
	assert_int_equal(found.n_missing, 1);
	assert_int_equal(found.n_false, 0);
	assert_non_null(
		strstr(found.text, ": the wrap of epoch 1 for recovery is not there"));
}

static void test_wraps_check__tells_what_is_no_wrap(void **state)
{
	struct repo_fixture *f = *state;
	struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	CLEANUP(strings_release) struct strings keys;
	struct err err = {0};

	objects_list(f->store, "keys/wraps/", &keys);
	assert_int_equal(strings_count(&keys), 1);
	assert_int_equal(store_put(f->store, strings_at(&keys, 0),
				   slice_of_string("junk"), &replace, &err),
			 0);
	struct found found = look(f);
	assert_int_equal(found.n_missing, 0);
	assert_int_equal(found.n_false, 1);
	assert_non_null(strstr(found.text, ": it is no wrap"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_wraps_check__is_content_with_a_sound_repository),
		CASE(test_wraps_check__misses_a_wrap),
		CASE(test_wraps_check__tells_what_is_no_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
