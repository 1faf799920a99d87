/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "base/fd.h"
#include "format/encoding.h"
#include "job/config_run.h"
#include "support/job_sample.h"

struct outcome {
	struct run_report report;
	struct strings warnings;
};

/* Runs the first job of a configuration. */
static void run_as(const struct job_sample *sample, const char *text, bool dry_run,
		   struct outcome *outcome)
{
	CLEANUP(mem_freep)
	char *key = mem_printf("%s/keys/writer.key", sample->directory);
	struct config_run_options options = {
		.url = sample->url, .key_file = key, .dry_run = dry_run};
	static struct config config; /* the report points into it */
	struct err err = {0};

	if (config_parse(slice_of_string(text), "c.toml", &config, &err) < 0 ||
	    config_check_jobs(&config, &err) < 0)
		fail_msg("%s", err.msg);
	strings_init(&outcome->warnings);
	config_job_run(vec_at(&config.jobs, 0), &options, &sample->env,
		       &outcome->warnings, &outcome->report);
	outcome->report.job = NULL;
	outcome->report.stream = NULL;
	config_release(&config);
	strings_release(&outcome->warnings);
}

static void run(const struct job_sample *sample, const char *text,
		struct outcome *outcome)
{
	run_as(sample, text, false, outcome);
}

static bool exists(const struct job_sample *sample, const char *name)
{
	CLEANUP(mem_freep) char *path = path_join(sample->directory, name);

	return access(path, F_OK) == 0;
}

static void test_config_job_run__runs_hooks_around_a_success(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep)
	char *text =
		mem_printf("[[job]]\nname='a'\ncommand='echo x'\nfile_name='f'\n"
			   "hooks={before=['touch %s/before'],after=['touch %s/after'],"
			   "failed=['touch %s/failed']}\n",
			   sample->directory, sample->directory, sample->directory);
	struct outcome outcome;

	run(sample, text, &outcome);
	assert_false(outcome.report.failed);
	assert_int_equal(outcome.report.exit_code, 0);
	assert_true(exists(sample, "before"));
	assert_true(exists(sample, "after"));
	assert_false(exists(sample, "failed"));
}

static void test_config_job_run__a_failing_hook_fails_the_job(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep)
	char *text = mem_printf("[[job]]\nname='b'\ncommand='echo x'\nfile_name='f'\n"
				"hooks={before=['exit 7'],failed=['touch %s/told']}\n",
				sample->directory);
	struct outcome outcome;

	run(sample, text, &outcome);
	assert_true(outcome.report.failed);
	assert_int_equal(outcome.report.exit_code, 1);
	assert_non_null(strstr(outcome.report.error.msg, "hook before"));
	assert_true(exists(sample, "told"));
}

static void test_config_job_run__a_failing_after_hook_leaves_the_snapshot(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep)
	char *text =
		mem_printf("[[job]]\nname='kept'\ncommand='echo x'\nfile_name='f'\n"
			   "hooks={after=['exit 4'],failed=['echo $QUIPU_SNAPSHOT "
			   ">%s/id; test -n \"$QUIPU_ERROR\" || touch %s/no-error']}\n",
			   sample->directory, sample->directory);
	CLEANUP(mem_freep) char *path = path_join(sample->directory, "id");
	char expected[2 * 32 + 1];
	CLEANUP(buf_release) struct buf id = {0};
	struct outcome outcome;
	struct err err = {0};

	run(sample, text, &outcome);
	assert_true(outcome.report.failed);
	assert_string_equal(outcome.report.error.msg,
			    "hook after: /bin/sh: exit status 4");
	assert_int_equal(outcome.report.exit_code, 1);
	assert_true(outcome.report.backed_up);
	assert_int_equal(outcome.report.files, 1);
	buf_init(&id, 100);
	assert_int_equal(file_read(path, 99, &id, &err), 0);
	hex_encode(slice_of(outcome.report.snapshot, 32), expected, sizeof(expected));
	assert_memory_equal(buf_string(&id), expected, 2 * 32);
	assert_false(exists(sample, "no-error"));
}

static void test_config_job_run__tells_what_a_hook_printed_last(void **state)
{
	const struct job_sample *sample = *state;
	struct outcome outcome;

	run(sample,
	    "[[job]]\nname='b'\ncommand='echo x'\nfile_name='f'\n"
	    "hooks={before=['echo first; echo no such volume; exit 7']}\n",
	    &outcome);
	assert_non_null(strstr(outcome.report.error.msg, "no such volume"));
}

static void test_config_job_run__hooks_may_print_much(void **state)
{
	const struct job_sample *sample = *state;
	struct outcome outcome;

	run(sample,
	    "[[job]]\nname='b'\ncommand='echo x'\nfile_name='f'\n"
	    "hooks={before=['yes | head -c 300000'],after=['yes | head -c 300000 "
	    ">&2']}\n",
	    &outcome);
	if (outcome.report.failed)
		fail_msg("%s", outcome.report.error.msg);
}

static void say(const struct log *log, enum log_level level, const char *text)
{
	(void)level;
	strings_add(log->state, text);
}

static void test_config_job_run__a_dry_run_runs_no_hooks(void **state)
{
	struct job_sample sample = *(const struct job_sample *)*state;
	CLEANUP(mem_freep)
	char *text =
		mem_printf("[[job]]\nname='dry'\ncommand='echo x'\nfile_name='f'\n"
			   "hooks={before=['touch %s/dry'],after=['touch %s/dry']}\n",
			   sample.directory, sample.directory);
	struct strings said;
	struct log log = {.write = say, .state = &said, .least = LOG_INFO_LEVEL};
	struct outcome outcome;

	strings_init(&said);
	sample.env.log = &log;
	run_as(&sample, text, true, &outcome);
	assert_false(outcome.report.failed);
	assert_false(exists(&sample, "dry"));
	assert_int_equal(strings_count(&said), 1);
	assert_string_equal(strings_at(&said, 0),
			    "dry run: the hooks of job dry are not run");
	strings_release(&said);
}

/* SIGUSR1 sets the cancel of `sample`, SIGUSR2 the second one. */
static struct cancel cancel_of_signal, second_cancel_of_signal;

static void cancel_by_signal(int signal_number)
{
	cancel_set(signal_number == SIGUSR1 ? &cancel_of_signal
					    : &second_cancel_of_signal,
		   signal_number);
}

static void run_with_signals(struct job_sample *sample, const char *text,
			     struct outcome *outcome)
{
	cancel_init(&cancel_of_signal);
	cancel_init(&second_cancel_of_signal);
	sample->env.cancel = &cancel_of_signal;
	sample->env.second_cancel = &second_cancel_of_signal;
	assert_true(signal(SIGUSR1, cancel_by_signal) != SIG_ERR);
	assert_true(signal(SIGUSR2, cancel_by_signal) != SIG_ERR);
	run(sample, text, outcome);
	assert_true(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
	assert_true(signal(SIGUSR2, SIG_DFL) != SIG_ERR);
}

static void test_config_job_run__an_interruption_is_followed_by_failed_hooks(void **state)
{
	struct job_sample sample = *(const struct job_sample *)*state;
	CLEANUP(mem_freep)
	char *text = mem_printf(
		"[[job]]\nname='b'\ncommand='kill -USR1 $PPID; exec sleep 30'\n"
		"file_name='f'\nhooks={failed=['sleep 0.1; touch %s/undone']}\n",
		sample.directory);
	CLEANUP(mem_freep) char *undone = path_join(sample.directory, "undone");
	struct outcome outcome;

	run_with_signals(&sample, text, &outcome);
	assert_int_equal(outcome.report.error.code, ERR_INTERRUPTED);
	assert_true(exists(&sample, "undone"));

	/* the next job does not begin, in a dry run neither */
	assert_int_equal(unlink(undone), 0);
	run(&sample, text, &outcome);
	assert_int_equal(outcome.report.error.code, ERR_INTERRUPTED);
	assert_false(exists(&sample, "undone"));
	run_as(&sample, "[[job]]\nname='b'\nfiles=['/nowhere']\n", true, &outcome);
	assert_int_equal(outcome.report.error.code, ERR_INTERRUPTED);
}

static void test_config_job_run__an_interruption_lets_after_hooks_end(void **state)
{
	struct job_sample sample = *(const struct job_sample *)*state;
	CLEANUP(mem_freep)
	char *text = mem_printf(
		"[[job]]\nname='b'\ncommand='echo x'\nfile_name='f'\n"
		"hooks={after=['kill -USR1 $PPID; sleep 0.1; touch %s/started'],"
		"failed=['touch %s/undone']}\n",
		sample.directory, sample.directory);
	struct outcome outcome;

	run_with_signals(&sample, text, &outcome);
	assert_false(outcome.report.failed);
	assert_true(exists(&sample, "started"));
	assert_false(exists(&sample, "undone"));
}

static void test_config_job_run__a_second_signal_ends_failed_hooks(void **state)
{
	struct job_sample sample = *(const struct job_sample *)*state;
	struct strings said;
	struct log log = {.write = say, .state = &said, .least = LOG_WARNING_LEVEL};
	struct outcome outcome;

	strings_init(&said);
	sample.env.log = &log;
	run_with_signals(&sample,
			 "[[job]]\nname='b'\ncommand='exit 1'\nfile_name='f'\n"
			 "hooks={failed=['kill -USR2 $PPID; exec sleep 30']}\n",
			 &outcome);
	assert_int_equal(strings_count(&said), 1);
	assert_string_equal(strings_at(&said, 0),
			    "b: hook failed: /bin/sh: interrupted by SIGUSR2");
	strings_release(&said);
}

/* The program dies soon after the second signal and cannot wait for who ignores SIGTERM. */
static void test_config_job_run__a_second_signal_kills_stubborn_hooks(void **state)
{
	struct job_sample sample = *(const struct job_sample *)*state;
	CLEANUP(mem_freep)
	char *text = mem_printf("[[job]]\nname='b'\ncommand='exit 1'\nfile_name='f'\n"
				"hooks={failed=['trap \"\" TERM; kill -USR2 $PPID; "
				"sleep 3; touch %s/outlived']}\n",
				sample.directory);
	struct outcome outcome;

	run_with_signals(&sample, text, &outcome);
	assert_true(outcome.report.failed);
	assert_false(exists(&sample, "outlived"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_job_run__runs_hooks_around_a_success),
		cmocka_unit_test(test_config_job_run__a_failing_hook_fails_the_job),
		cmocka_unit_test(
			test_config_job_run__a_failing_after_hook_leaves_the_snapshot),
		cmocka_unit_test(test_config_job_run__tells_what_a_hook_printed_last),
		cmocka_unit_test(test_config_job_run__hooks_may_print_much),
		cmocka_unit_test(test_config_job_run__a_dry_run_runs_no_hooks),
		cmocka_unit_test(
			test_config_job_run__an_interruption_is_followed_by_failed_hooks),
		cmocka_unit_test(
			test_config_job_run__an_interruption_lets_after_hooks_end),
		cmocka_unit_test(test_config_job_run__a_second_signal_ends_failed_hooks),
		cmocka_unit_test(
			test_config_job_run__a_second_signal_kills_stubborn_hooks),
	};
	return cmocka_run_group_tests(tests, job_sample_setup, job_sample_teardown);
}
