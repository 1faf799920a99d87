/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/sample_source.h"
#include "support/stored_snapshot.h"

#include "support/memory_target.h"

struct fixture {
	struct snapshot_fixture *f;
	struct stored_snapshot s;
	struct record_sink *expected;
	struct memory_target *t;
	struct selection *selection;
	struct progress progress;
	struct restore_plan *plan;
	uint32_t batch_files;
};

static int setup(void **state)
{
	struct fixture *x = mem_zalloc(sizeof(*x));
	void *f = NULL;
	struct err err = {0};

	if (snapshot_fixture_setup(&f) < 0)
		return -1;
	x->f = f;
	stored_back_up(x->f, sample_source_run);
	stored_open(x->f, &x->s);
	x->expected = record_sink_new();
	if (sample_source_run(&x->expected->sink, &err) < 0)
		return -1;
	x->t = memory_target_new();
	x->t->existing = x->expected;
	x->selection = selection_new();
	progress_init(&x->progress);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	void *f = x->f;

	restore_plan_free(x->plan);
	memory_target_free(x->t);
	selection_free(x->selection);
	record_sink_free(x->expected);
	stored_close(&x->s);
	mem_free(x);
	return snapshot_fixture_teardown(&f);
}

static void make_plan(struct fixture *x)
{
	x->plan = restore_plan_new(&(struct restore_options){
		.blobs = x->s.blobs,
		.body = &x->s.body,
		.selection = x->selection,
		.scratch_directory = x->f->r.directory,
		.batch_files = x->batch_files,
		.cancel = &x->s.cancel,
		.progress = &x->progress,
	});
}

static void walk(struct fixture *x)
{
	struct err err = {0};

	make_plan(x);
	if (restore_plan_walk(x->plan, &x->t->target, &err) < 0)
		fail_msg("%s", err.msg);
}

static void restore(struct fixture *x)
{
	struct err err = {0};

	walk(x);
	if (restore_plan_fetch(x->plan, &x->t->target, &err) < 0)
		fail_msg("%s", err.msg);
}

static void assert_restored(struct fixture *x, size_t n_files)
{
	assert_int_equal(x->t->n_files, n_files);
	for (uint32_t i = 0; i < x->t->n_files; i++) {
		assert_int_equal(x->t->files[i].n_finished, 1);
		assert_int_equal(x->t->files[i].n_lost, 0);
	}
	memory_target_assert_no_wrong_byte(x->t, x->expected);
}

static void assert_seen(struct fixture *x, const char *const *expected, size_t n)
{
	assert_int_equal(strings_count(&x->t->seen), n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(strings_at(&x->t->seen, i), expected[i]);
}

static void test_restore__brings_everything_back(void **state)
{
	static const char *const seen[] = {"d ",	"d a",	     "s a/empty",
					   "f a/long",	"f a/short", "d b",
					   "f b/copy",	"s b/link",  "f b/second",
					   "f b/short", "d c",	     "f sparse"};
	struct fixture *x = *state;

	restore(x);
	assert_seen(x, seen, ARRAY_SIZE(seen));
	assert_restored(x, SAMPLE_FILES);
	assert_string_equal(x->f->logged, "");
}

static void test_restore__counts_files_and_bytes(void **state)
{
	struct fixture *x = *state;
	uint64_t bytes;

	restore(x);
	bytes = x->progress.expected_bytes;
	assert_true(bytes > SAMPLE_LONG + 4 * SAMPLE_SHORT);
	assert_int_equal(x->progress.bytes, bytes);
	assert_int_equal(x->progress.expected_files, SAMPLE_FILES);
	assert_int_equal(x->progress.files, SAMPLE_FILES);
}

static void test_restore__keeps_no_more_files_open_than_a_batch(void **state)
{
	struct fixture *x = *state;

	x->batch_files = 2;
	restore(x);
	assert_restored(x, SAMPLE_FILES);
	assert_int_equal(x->t->most_open, 2);
	assert_int_equal(x->t->n_open, 0);
	assert_int_equal(x->progress.files, SAMPLE_FILES);
	assert_int_equal(x->progress.bytes, x->progress.expected_bytes);
}

static void test_restore__takes_only_what_is_selected(void **state)
{
	static const char *const seen[] = {"d ", "d a", "f a/short", "d b", "f b/short"};
	struct fixture *x = *state;
	struct err err = {0};

	assert_int_equal(selection_include(x->selection, "**/short", &err), 0);
	restore(x);
	assert_seen(x, seen, ARRAY_SIZE(seen));
	assert_restored(x, 2);
}

static void test_restore__leaves_holes_of_sparse_files(void **state)
{
	struct fixture *x = *state;
	const struct target_file *file;

	restore(x);
	file = memory_target_find(x->t, "sparse");
	assert_int_equal(file->bytes.data[0], 0xee);
	assert_int_equal(file->bytes.data[1000 + 7001], 0xee);
	assert_int_equal(file->bytes.len, SAMPLE_SPARSE);
	assert_int_equal(
		file->n_written,
		entry_content_len(&record_sink_find(x->expected, "sparse")->entry));
}

static void test_restore__reads_each_blob_once(void **state)
{
	struct fixture *x = *state;
	struct restore_estimate estimate;
	struct store_counters before, after;
	struct err err = {0};

	walk(x);
	assert_int_equal(restore_plan_estimate(x->plan, &estimate, &err), 0);
	before = store_counters(x->f->r.store);
	assert_int_equal(restore_plan_fetch(x->plan, &x->t->target, &err), 0);
	after = store_counters(x->f->r.store);
	assert_restored(x, SAMPLE_FILES);
	/* besides, the header of each pack; two threads may need one at the same time */
	uint64_t headers = after.n_get - before.n_get - estimate.requests;
	assert_in_range(headers, 1, 2 * index_n_packs(x->s.run.index));
	assert_int_equal(after.bytes_got - before.bytes_got,
			 estimate.fetch_bytes + headers * PACK_HEADER_LEN);
	/* three files of 30,000 bytes have one content */
	assert_true(estimate.fetch_bytes < estimate.write_bytes - SAMPLE_SHORT);
}

static void test_estimate__tells_what_there_is_to_do(void **state)
{
	struct fixture *x = *state;
	struct restore_estimate estimate;
	struct err err = {0};

	walk(x);
	assert_int_equal(restore_plan_estimate(x->plan, &estimate, &err), 0);
	assert_int_equal(estimate.directories, 4);
	assert_int_equal(estimate.specials, 2);
	assert_int_equal(estimate.files, SAMPLE_FILES);
	assert_int_equal(estimate.files_passed, 0);
	assert_int_equal(estimate.write_bytes, x->progress.expected_bytes);
	assert_true(estimate.requests < 20);
	assert_true(estimate.requests >= index_n_packs(x->s.run.index) - 2);
}

static void test_restore__passes_what_the_target_does_not_want(void **state)
{
	struct fixture *x = *state;
	struct restore_estimate estimate;
	struct err err = {0};

	x->t->answer = RESTORE_PASS;
	restore(x);
	assert_int_equal(restore_plan_estimate(x->plan, &estimate, &err), 0);
	assert_int_equal(estimate.files_passed, SAMPLE_FILES);
	assert_int_equal(estimate.requests, 0);
	for (uint32_t i = 0; i < x->t->n_files; i++)
		assert_int_equal(x->t->files[i].n_finished, 0);
}

static void test_restore__goes_on_with_what_is_there(void **state)
{
	struct fixture *x = *state;
	const struct target_file *file;
	struct err err = {0};

	assert_int_equal(selection_include(x->selection, "a/long", &err), 0);
	x->t->answer = RESTORE_CONTINUE;
	x->t->existing_len = SAMPLE_LONG / 2;
	restore(x);
	file = memory_target_find(x->t, "a/long");
	assert_int_equal(file->n_finished, 1);
	assert_in_range(file->n_written, SAMPLE_LONG / 2, SAMPLE_LONG / 2 + 65536);
}

static void test_restore__finishes_what_is_there_completely(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	assert_int_equal(selection_include(x->selection, "a/*", &err), 0);
	x->t->answer = RESTORE_CONTINUE;
	x->t->existing_len = UINT64_MAX;
	walk(x);
	for (uint32_t i = 0; i < x->t->n_files; i++) {
		assert_int_equal(x->t->files[i].n_finished, 1);
		assert_int_equal(x->t->files[i].n_written, 0);
	}
}

static void test_restore__does_not_believe_what_is_there(void **state)
{
	struct fixture *x = *state;
	struct record_node *node =
		(struct record_node *)(uintptr_t)record_sink_find(x->expected, "a/short");
	struct err err = {0};

	assert_int_equal(selection_include(x->selection, "a/short", &err), 0);
	x->t->answer = RESTORE_CONTINUE;
	x->t->existing_len = UINT64_MAX;
	node->content.data[SAMPLE_SHORT - 1] ^= 1;
	walk(x);
	node->content.data[SAMPLE_SHORT - 1] ^= 1;
	assert_int_equal(x->t->files[0].n_finished, 0);
	assert_int_equal(restore_plan_fetch(x->plan, &x->t->target, &err), 0);
	assert_int_equal(x->t->files[0].n_finished, 1);
	assert_true(x->t->files[0].n_written > 0);
}

static void test_restore__tells_the_targets_error(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	walk(x);
	x->t->fail_write = true;
	assert_int_equal(restore_plan_fetch(x->plan, &x->t->target, &err), -1);
	assert_int_equal(err.code, ERR_NO_SPACE);
	assert_non_null(strstr(err.msg, ": disk full"));
}

static void test_restore__stops_when_interrupted(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	walk(x);
	x->t->cancel_at_write = &x->s.cancel;
	assert_int_equal(restore_plan_fetch(x->plan, &x->t->target, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

#define restore_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		restore_test(test_restore__brings_everything_back),
		restore_test(test_restore__counts_files_and_bytes),
		restore_test(test_restore__keeps_no_more_files_open_than_a_batch),
		restore_test(test_restore__takes_only_what_is_selected),
		restore_test(test_restore__leaves_holes_of_sparse_files),
		restore_test(test_restore__reads_each_blob_once),
		restore_test(test_estimate__tells_what_there_is_to_do),
		restore_test(test_restore__passes_what_the_target_does_not_want),
		restore_test(test_restore__goes_on_with_what_is_there),
		restore_test(test_restore__finishes_what_is_there_completely),
		restore_test(test_restore__does_not_believe_what_is_there),
		restore_test(test_restore__tells_the_targets_error),
		restore_test(test_restore__stops_when_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
