/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "job/job_hooks.h"

/* What the log was told: warnings with a mark in front. */
struct hearing {
	struct strings said;
	struct log log;
};

static void say(const struct log *log, enum log_level level, const char *text)
{
	struct buf line;

	buf_init(&line, 0);
	buf_printf(&line, "%s%s", level == LOG_WARNING_LEVEL ? "! " : "", text);
	strings_add(log->state, buf_string(&line));
	buf_release(&line);
}

static void hear(struct hearing *hearing, enum log_level least)
{
	strings_init(&hearing->said);
	hearing->log =
		(struct log){.write = say, .state = &hearing->said, .least = least};
}

static struct hook_context context_of(const struct hearing *hearing,
				      const struct run_report *report)
{
	return (struct hook_context){.kind = report == NULL ? "before" : "failed",
				     .job = "orders",
				     .stream = "db/orders",
				     .report = report,
				     .log = &hearing->log};
}

/* Runs one command. */
static int run(const struct hook_context *context, const char *command, struct err *err)
{
	CLEANUP(strings_release) struct strings commands = {0};

	strings_init(&commands);
	strings_add(&commands, command);
	return hooks_run(&commands, context, NULL, err);
}

static const char *line_of(const struct hearing *hearing, size_t i)
{
	if (i >= strings_count(&hearing->said))
		fail_msg("line %zu was not said", i);
	return strings_at(&hearing->said, i);
}

#define TOLD                                                                             \
	"echo \"$QUIPU_JOB $QUIPU_STREAM ${QUIPU_EXIT_CODE-none} "                       \
	"${QUIPU_SNAPSHOT-none} "                                                        \
	"${QUIPU_ERROR-none}\""

static void test_hooks_run__tells_job_and_stream(void **state)
{
	struct hearing hearing;
	struct err err = {0};

	(void)state;
	hear(&hearing, LOG_INFO_LEVEL);
	struct hook_context context = context_of(&hearing, NULL);
	assert_int_equal(setenv("QUIPU_SNAPSHOT", "of an outer run", 1), 0);
	assert_int_equal(setenv("QUIPU_ERROR", "of an outer run", 1), 0);
	assert_int_equal(run(&context, TOLD, &err), 0);
	assert_int_equal(unsetenv("QUIPU_SNAPSHOT"), 0);
	assert_int_equal(unsetenv("QUIPU_ERROR"), 0);
	assert_string_equal(line_of(&hearing, 0),
			    "orders: hook before: orders db/orders none none none");
	strings_release(&hearing.said);
}

static void test_hooks_run__tells_what_happened(void **state)
{
	struct run_report report = {.failed = true, .exit_code = 13};
	struct hearing hearing;
	struct err err = {0};

	(void)state;
	hear(&hearing, LOG_INFO_LEVEL);
	(void)err_set(&report.error, ERR_CORRUPT, "pack ab: damaged");
	struct hook_context context = context_of(&hearing, &report);
	assert_int_equal(run(&context, TOLD, &err), 0);
	assert_string_equal(
		line_of(&hearing, 0),
		"orders: hook failed: orders db/orders 13 none pack ab: damaged");

	report.failed = false;
	report.backed_up = true;
	report.exit_code = 3;
	report.snapshot[0] = 0xab;
	assert_int_equal(run(&context, TOLD, &err), 0);
	assert_string_equal(
		line_of(&hearing, 1),
		"orders: hook failed: orders db/orders 3 "
		"ab00000000000000000000000000000000000000000000000000000000000000 none");
	strings_release(&hearing.said);
}

static void test_hooks_run__passes_on_what_hooks_print(void **state)
{
	struct hearing hearing;
	struct err err = {0};

	(void)state;
	hear(&hearing, LOG_INFO_LEVEL);
	struct hook_context context = context_of(&hearing, NULL);
	assert_int_equal(
		run(&context, "echo out; echo; printf '\\033[31mred' >&2; exit 7", &err),
		-1);
	assert_string_equal(err.msg,
			    "hook before: /bin/sh: exit status 7: \"\\x1B[31mred\"");
	assert_int_equal(strings_count(&hearing.said), 2);
	assert_string_equal(line_of(&hearing, 0), "orders: hook before: out");
	assert_string_equal(line_of(&hearing, 1), "orders: hook before: \\x1B[31mred");
	strings_release(&hearing.said);
}

static void test_hooks_run__in_silence_tells_what_failing_hooks_print(void **state)
{
	struct hearing hearing;
	struct err err = {0};

	(void)state;
	hear(&hearing, LOG_WARNING_LEVEL);
	struct hook_context context = context_of(&hearing, NULL);
	assert_int_equal(run(&context, "echo fine", &err), 0);
	assert_int_equal(strings_count(&hearing.said), 0);
	assert_int_equal(run(&context, "echo first; echo second; exit 1", &err), -1);
	assert_int_equal(strings_count(&hearing.said), 2);
	assert_string_equal(line_of(&hearing, 0), "! orders: hook before: first");
	assert_string_equal(line_of(&hearing, 1), "! orders: hook before: second");
	strings_release(&hearing.said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hooks_run__tells_job_and_stream),
		cmocka_unit_test(test_hooks_run__tells_what_happened),
		cmocka_unit_test(test_hooks_run__passes_on_what_hooks_print),
		cmocka_unit_test(
			test_hooks_run__in_silence_tells_what_failing_hooks_print),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
