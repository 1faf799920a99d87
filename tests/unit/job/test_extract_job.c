/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/extract_job.h"
#include "support/job_snapshot.h"

struct taken {
	struct buf bytes;
	size_t fail_after; /* 0 = never */
};

static int take(void *state, struct slice bytes, struct err *err)
{
	struct taken *taken = state;

	buf_append_slice(&taken->bytes, bytes);
	if (taken->fail_after != 0 && taken->bytes.len > taken->fail_after)
		return err_set(err, ERR_IO, "the pipe is closed");
	return 0;
}

/* Opens, extracts, closes. `path` NULL: export. */
static int extract(const struct job_sample *sample, const char *path, struct taken *taken,
		   struct extract_result *result, struct err *err)
{
	CLEANUP(mem_freep)
	char *full = path != NULL ? mem_printf("%s/data/%s", sample->directory + 1, path)
				  : NULL;
	struct extract_job job = {.write = take, .write_state = taken};
	struct job_opened opened;

	buf_clear(&taken->bytes);
	if (job_snapshot_open(sample, "recovery.key", "latest:files/a", &opened, err) < 0)
		return -1;
	int done = path != NULL ? extract_job_get(opened.tree, full, &job, &sample->env,
						  result, err)
				: extract_job_export(opened.tree, &job, &sample->env,
						     result, err);
	job_snapshot_close(&opened);
	return done;
}

static void test_extract_job_get__gives_one_file(void **state)
{
	struct extract_result result;
	struct taken taken = {0};
	struct err err = {0};

	buf_init(&taken.bytes, 0);
	if (extract(*state, "sub/two", &taken, &result, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_string(&taken.bytes), "second");
	assert_int_equal(result.bytes, 6);
	buf_release(&taken.bytes);
}

static void test_extract_job_get__refuses_directories_and_what_is_not_there(void **state)
{
	struct extract_result result;
	struct taken taken = {0};
	struct err err = {0};

	buf_init(&taken.bytes, 0);
	assert_int_equal(extract(*state, "sub", &taken, &result, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "is not a regular file"));
	assert_int_equal(extract(*state, "three", &taken, &result, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	buf_release(&taken.bytes);
}

static void test_extract_job_export__ends_with_zero_blocks_only_when_whole(void **state)
{
	static const uint8_t zeroes[1024];
	struct extract_result result;
	struct taken taken = {0};
	struct err err = {0};

	buf_init(&taken.bytes, 0);
	if (extract(*state, NULL, &taken, &result, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(result.files, 3);
	assert_int_equal(taken.bytes.len % 512, 0);
	assert_memory_equal(taken.bytes.data + taken.bytes.len - 1024, zeroes, 1024);
	size_t whole = taken.bytes.len;
	taken.fail_after = 512;
	assert_int_equal(extract(*state, NULL, &taken, &result, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_true(taken.bytes.len < whole);
	buf_release(&taken.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extract_job_get__gives_one_file),
		cmocka_unit_test(
			test_extract_job_get__refuses_directories_and_what_is_not_there),
		cmocka_unit_test(
			test_extract_job_export__ends_with_zero_blocks_only_when_whole),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
