/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/name_list.h"
#include "files/spill.h"
#include "support/file_tree.h"

struct scratch {
	int dir_fd;
	struct spill *spill;
	struct buf record;
	struct err err;
};

static void scratch_init(struct scratch *scratch, void **state)
{
	*scratch = (struct scratch){
		.dir_fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	scratch->spill = spill_new(scratch->dir_fd);
	buf_init(&scratch->record, 0);
}

static void scratch_release(struct scratch *scratch)
{
	spill_free(scratch->spill);
	buf_release(&scratch->record);
	close(scratch->dir_fd);
}

static uint64_t append(struct scratch *scratch, const char *text)
{
	uint64_t at = UINT64_MAX;

	assert_int_equal(
		spill_append(scratch->spill, slice_of_string(text), &at, &scratch->err),
		0);
	return at;
}

static void test_spill_read__finds_records_by_place(void **state)
{
	struct scratch scratch;
	uint64_t one, two, empty;

	scratch_init(&scratch, state);
	one = append(&scratch, "one");
	empty = append(&scratch, "");
	two = append(&scratch, "two");
	assert_int_equal(spill_read(scratch.spill, two, &scratch.record, &scratch.err),
			 0);
	assert_string_equal(buf_string(&scratch.record), "two");
	assert_int_equal(spill_read(scratch.spill, one, &scratch.record, &scratch.err),
			 0);
	assert_string_equal(buf_string(&scratch.record), "one");
	assert_int_equal(spill_read(scratch.spill, empty, &scratch.record, &scratch.err),
			 0);
	assert_int_equal(scratch.record.len, 0);
	scratch_release(&scratch);
}

/* Enough of them that most lie in the file. */
enum { MANY = 20000 };

static void append_many(struct scratch *scratch)
{
	char text[32];

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "record %d", i);
		append(scratch, text);
	}
}

static void test_spill_next__walks_all_from_the_first(void **state)
{
	struct scratch scratch;
	uint64_t position = 0;
	bool is_end = false;
	char text[32];

	scratch_init(&scratch, state);
	append_many(&scratch);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "record %d", i);
		assert_int_equal(spill_next(scratch.spill, &position, &scratch.record,
					    &is_end, &scratch.err),
				 0);
		assert_false(is_end);
		assert_string_equal(buf_string(&scratch.record), text);
	}
	assert_int_equal(spill_next(scratch.spill, &position, &scratch.record, &is_end,
				    &scratch.err),
			 0);
	assert_true(is_end);
	scratch_release(&scratch);
}

static void test_spill_previous__walks_all_from_the_last(void **state)
{
	struct scratch scratch;
	uint64_t position;
	bool is_end = false;
	char text[32];

	scratch_init(&scratch, state);
	append_many(&scratch);
	position = spill_end(scratch.spill);
	for (int i = MANY - 1; i >= 0; i--) {
		(void)snprintf(text, sizeof(text), "record %d", i);
		assert_int_equal(spill_previous(scratch.spill, &position, &scratch.record,
						&is_end, &scratch.err),
				 0);
		assert_false(is_end);
		assert_string_equal(buf_string(&scratch.record), text);
	}
	assert_int_equal(spill_previous(scratch.spill, &position, &scratch.record,
					&is_end, &scratch.err),
			 0);
	assert_true(is_end);
	scratch_release(&scratch);
}

static void test_spill_append__leaves_no_name_behind(void **state)
{
	CLEANUP(name_list_release) struct name_list names;
	struct scratch scratch;

	scratch_init(&scratch, state);
	append_many(&scratch);
	name_list_init(&names);
	assert_int_equal(name_list_read(&names, scratch.dir_fd, &scratch.err), 0);
	assert_int_equal(name_list_count(&names), 0);
	scratch_release(&scratch);
}

static void test_spill_append__refuses_what_is_too_long(void **state)
{
	struct scratch scratch;
	uint64_t at;

	scratch_init(&scratch, state);
	assert_int_equal(spill_append(scratch.spill,
				      slice_of("", (size_t)SPILL_RECORD_MAX + 1), &at,
				      &scratch.err),
			 -1);
	assert_int_equal(scratch.err.code, ERR_LIMIT);
	assert_string_equal(scratch.err.msg,
			    "metadata of 134217729 bytes: expected at most 134217728");
	scratch_release(&scratch);
}

static void test_spill_read__refuses_a_place_past_the_end(void **state)
{
	struct scratch scratch;

	scratch_init(&scratch, state);
	append(&scratch, "one");
	assert_int_equal(spill_read(scratch.spill, 1000, &scratch.record, &scratch.err),
			 -1);
	assert_int_equal(scratch.err.code, ERR_BUG);
	assert_string_equal(scratch.err.msg, "scratch file: no record at this place");
	scratch_release(&scratch);
}

static void test_spill_clear__forgets_all(void **state)
{
	struct scratch scratch;

	scratch_init(&scratch, state);
	append_many(&scratch);
	assert_int_equal(spill_clear(scratch.spill, &scratch.err), 0);
	assert_int_equal(spill_end(scratch.spill), 0);
	assert_int_equal(append(&scratch, "new"), 0);
	assert_int_equal(spill_read(scratch.spill, 0, &scratch.record, &scratch.err), 0);
	assert_string_equal(buf_string(&scratch.record), "new");
	scratch_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_spill_read__finds_records_by_place),
		tempdir_test(test_spill_next__walks_all_from_the_first),
		tempdir_test(test_spill_previous__walks_all_from_the_last),
		tempdir_test(test_spill_append__leaves_no_name_behind),
		tempdir_test(test_spill_append__refuses_what_is_too_long),
		tempdir_test(test_spill_read__refuses_a_place_past_the_end),
		tempdir_test(test_spill_clear__forgets_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
