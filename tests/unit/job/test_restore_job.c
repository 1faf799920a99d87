/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/restore_job.h"
#include "support/job_snapshot.h"

/* Databases are restored for real in tests/integration; here only what is refused. */
static void test_restore_job_postgres__refuses_a_snapshot_of_files(void **state)
{
	const struct job_sample *sample = *state;
	struct restore_job job = {.target = "host=/nonexistent dbname=x"};
	struct restore_result result;
	struct job_opened opened;
	struct err err = {0};

	restore_result_init(&result);
	assert_int_equal(job_snapshot_open(sample, "recovery.key", "latest:files/a",
					   &opened, &err),
			 0);
	assert_int_equal(
		restore_job_postgres(opened.tree, &job, &sample->env, &result, &err), -1);
	assert_true(result.is_database);
	assert_int_equal(result.tables.n, 0);
	job_snapshot_close(&opened);
	restore_result_release(&result);
}

static void test_restore_job_postgres__refuses_a_password(void **state)
{
	const struct job_sample *sample = *state;
	struct restore_job job = {.target = "dbname=x password=hunter2"};
	struct restore_result result;
	struct job_opened opened;
	struct err err = {0};

	restore_result_init(&result);
	assert_int_equal(job_snapshot_open(sample, "recovery.key", "latest:files/a",
					   &opened, &err),
			 0);
	assert_int_equal(
		restore_job_postgres(opened.tree, &job, &sample->env, &result, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_null(strstr(err.msg, "hunter2"));
	job_snapshot_close(&opened);
	restore_result_release(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restore_job_postgres__refuses_a_snapshot_of_files),
		cmocka_unit_test(test_restore_job_postgres__refuses_a_password),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
