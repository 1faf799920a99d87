/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/run_metrics.h"

#define SECOND INT64_C(1000000000)

static struct run_report made(const char *stream, int64_t time_sec)
{
	return (struct run_report){.stream = stream,
				   .backed_up = true,
				   .time_nsec = time_sec * SECOND,
				   .bytes = 4096};
}

static struct run_report failed(const char *stream)
{
	return (struct run_report){.stream = stream, .failed = true, .exit_code = 1};
}

/* Runs `n` reports onto what `text` holds. */
static void update(struct buf *text, const struct run_report *reports, size_t n,
		   int64_t now_sec)
{
	struct buf after;

	buf_init(&after, 0);
	run_metrics_text(&after, reports, n, now_sec * SECOND, buf_slice(text));
	buf_release(text);
	*text = after;
}

#define assert_has(text, line)	  assert_non_null(strstr(buf_string(text), "\n" line "\n"))
#define assert_has_no(text, part) assert_null(strstr(buf_string(text), part))

static void test_run_metrics_text__says_which_run_failed(void **state)
{
	const struct run_report reports[] = {made("etc", 2), failed("db/orders")};
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	update(&text, reports, 2, 3);
	assert_has(&text, "quipu_backup_success{stream=\"etc\"} 1.000");
	assert_has(&text, "quipu_backup_success{stream=\"db/orders\"} 0.000");
	assert_has(&text,
		   "quipu_backup_last_run_timestamp_seconds{stream=\"db/orders\"} 3.000");
	assert_has(&text,
		   "quipu_backup_last_snapshot_timestamp_seconds{stream=\"etc\"} 2.000");
	assert_has_no(&text, "quipu_backup_bytes{stream=\"db/orders\"}");
}

static void test_run_metrics_text__counts_alarms_apart(void **state)
{
	struct run_report report = made("etc", 2);
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	report.n_warnings = 3;
	report.n_alarms = 2;
	update(&text, &report, 1, 3);
	assert_has(&text, "quipu_backup_warnings{stream=\"etc\"} 3.000");
	assert_has(&text, "quipu_backup_alarms{stream=\"etc\"} 2.000");
}

static void test_run_metrics_text__a_hook_that_failed_left_a_snapshot(void **state)
{
	struct run_report report = made("etc", 2);
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	report.failed = true;
	report.exit_code = 1;
	update(&text, &report, 1, 3);
	assert_has(&text, "quipu_backup_success{stream=\"etc\"} 1.000");
	assert_has(&text, "quipu_backup_exit_code{stream=\"etc\"} 1.000");
	assert_has(&text,
		   "quipu_backup_last_snapshot_timestamp_seconds{stream=\"etc\"} 2.000");
}

static void test_run_metrics_text__keeps_other_streams(void **state)
{
	const struct run_report one = made("one", 1);
	const struct run_report two = made("two", 2);
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	update(&text, &one, 1, 1);
	update(&text, &two, 1, 2);
	assert_has(&text, "quipu_backup_success{stream=\"one\"} 1.000");
	assert_has(&text, "quipu_backup_success{stream=\"two\"} 1.000");
	assert_has(&text, "quipu_backup_bytes{stream=\"one\"} 4096.000");
	assert_has(&text,
		   "quipu_backup_last_run_timestamp_seconds{stream=\"one\"} 1.000");
}

static void test_run_metrics_text__replaces_its_own_streams(void **state)
{
	struct run_report report = made("one", 1);
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(buf_release) struct buf fresh = {0};

	(void)state;
	update(&text, &report, 1, 1);
	report = made("one", 5);
	update(&text, &report, 1, 6);
	update(&fresh, &report, 1, 6);
	assert_string_equal(buf_string(&text), buf_string(&fresh));
}

static void test_run_metrics_text__a_failure_keeps_the_last_snapshot(void **state)
{
	const struct run_report good = made("one", 1);
	const struct run_report bad = failed("one");
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	update(&text, &good, 1, 1);
	update(&text, &bad, 1, 9);
	assert_has(&text, "quipu_backup_success{stream=\"one\"} 0.000");
	assert_has(&text,
		   "quipu_backup_last_run_timestamp_seconds{stream=\"one\"} 9.000");
	assert_has(&text,
		   "quipu_backup_last_snapshot_timestamp_seconds{stream=\"one\"} 1.000");
	assert_has_no(&text, "quipu_backup_bytes{");
}

static void test_run_metrics_text__the_last_run_of_a_stream_counts(void **state)
{
	const struct run_report reports[] = {made("one", 1), made("two", 1),
					     failed("one")};
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	update(&text, reports, 3, 1);
	assert_has(&text, "quipu_backup_success{stream=\"one\"} 0.000");
	assert_has_no(&text, "quipu_backup_success{stream=\"one\"} 1.000");
	assert_has(&text, "quipu_backup_success{stream=\"two\"} 1.000");
}

static void test_run_metrics_text__drops_what_is_not_ours(void **state)
{
	static const char foreign[] = "junk\n"
				      "node_load1 0.5\n"
				      "quipu_backup_success{stream=\"a\"}\n"
				      "quipu_backup_success{stream=\"b\"} NaN\n"
				      "quipu_backup_success{stream=\"c\"} 1.0.0\n"
				      "quipu_backup_success{stream=\"d\n"
				      "quipu_backup_success{stream=\"e\\\n"
				      "quipu_backup_success{stream=\"f\"} 1.000\n"
				      "quipu_backup_success{stream=\"g\"} 1.00";
	const struct run_report report = made("one", 1);
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(buf_release) struct buf expected = {0};
	const struct run_report reports[] = {made("f", 1), made("one", 1)};

	(void)state;
	buf_init(&text, 0);
	buf_append_string(&text, foreign);
	update(&text, &report, 1, 1);
	assert_has(&text, "quipu_backup_success{stream=\"f\"} 1.000");
	update(&text, reports, 2, 1);
	update(&expected, reports, 2, 1);
	assert_string_equal(buf_string(&text), buf_string(&expected));
}

static void test_run_metrics_text__keeps_the_last_of_equal_lines(void **state)
{
	const struct run_report report = made("one", 1);
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	buf_append_string(&text, "quipu_backup_success{stream=\"old\"} 0\n"
				 "quipu_backup_success{stream=\"b\"} 1\n"
				 "quipu_backup_success{stream=\"old\"} 1\n"
				 "quipu_backup_success{stream=\"old\"} 1\n");
	update(&text, &report, 1, 1);
	assert_has(&text, "quipu_backup_success{stream=\"b\"} 1");
	assert_has(&text, "quipu_backup_success{stream=\"old\"} 1");
	assert_has_no(&text, "quipu_backup_success{stream=\"old\"} 0\n");
	assert_has_no(&text, "quipu_backup_success{stream=\"old\"} 1\n"
			     "quipu_backup_success{stream=\"old\"}");
}

static void test_run_metrics_text__escapes_and_finds_any_name(void **state)
{
	const struct run_report odd = failed("a\"b\\\n");
	const struct run_report other = made("one", 1);
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	update(&text, &odd, 1, 1);
	update(&text, &other, 1, 1);
	assert_has(&text, "quipu_backup_success{stream=\"a\\\"b\\\\\\n\"} 0.000");
	update(&text, &odd, 1, 4);
	assert_has(&text, "quipu_backup_last_run_timestamp_seconds{stream="
			  "\"a\\\"b\\\\\\n\"} 4.000");
	assert_has_no(&text, "quipu_backup_last_run_timestamp_seconds{stream="
			     "\"a\\\"b\\\\\\n\"} 1.000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_metrics_text__says_which_run_failed),
		cmocka_unit_test(test_run_metrics_text__counts_alarms_apart),
		cmocka_unit_test(
			test_run_metrics_text__a_hook_that_failed_left_a_snapshot),
		cmocka_unit_test(test_run_metrics_text__keeps_other_streams),
		cmocka_unit_test(test_run_metrics_text__replaces_its_own_streams),
		cmocka_unit_test(
			test_run_metrics_text__a_failure_keeps_the_last_snapshot),
		cmocka_unit_test(test_run_metrics_text__the_last_run_of_a_stream_counts),
		cmocka_unit_test(test_run_metrics_text__drops_what_is_not_ours),
		cmocka_unit_test(test_run_metrics_text__keeps_the_last_of_equal_lines),
		cmocka_unit_test(test_run_metrics_text__escapes_and_finds_any_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
