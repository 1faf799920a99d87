/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "files/stream_source.h"
#include "support/record_sink.h"

struct run {
	struct record_sink *record;
	struct progress progress;
	int64_t now;
	struct clock clock;
	struct stream_source_options options;
	struct err err;
};

static void run_init(struct run *run, const char *name)
{
	*run = (struct run){.record = record_sink_new(), .now = 1000};
	run->clock = clock_fixed(&run->now);
	progress_init(&run->progress);
	run->options = (struct stream_source_options){
		.name = name,
		.clock = &run->clock,
		.progress = &run->progress,
		.fd = -1,
	};
}

static void run_release(struct run *run)
{
	assert_int_equal(atomic_load(&run->record->n_open), 0);
	record_sink_free(run->record);
}

static int run_source(struct run *run)
{
	return stream_source_run(&run->options, &run->record->sink, NULL, &run->err);
}

static void test_stream_source_run__reads_a_descriptor(void **state)
{
	const struct record_node *node;
	struct run run;
	int ends[2];

	(void)state;
	run_init(&run, "dump.sql");
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "select 1;", 9), 9);
	close(ends[1]);
	run.options.fd = ends[0];
	assert_int_equal(run_source(&run), 0);
	node = record_sink_find(run.record, "dump.sql");
	assert_string_equal(record_sink_text(run.record, "dump.sql"), "select 1;");
	assert_int_equal(node->entry.size, 9);
	assert_int_equal(node->entry.mode, 0600);
	assert_int_equal(node->entry.mtime_nsec, 1000);
	assert_int_equal(node->entry.uid, geteuid());
	assert_int_equal(atomic_load(&run.progress.files), 1);
	assert_int_equal(atomic_load(&run.progress.bytes), 9);
	assert_int_equal(strings_count(&run.record->warnings), 0);
	assert_null(run.record->broken);
	close(ends[0]);
	run_release(&run);
}

static void test_stream_source_run__makes_directories_of_the_name(void **state)
{
	CLEANUP(mem_freep) char *paths = NULL;
	struct run run;

	(void)state;
	run_init(&run, "/a/b/c.txt");
	run.options.command = "echo hello";
	assert_int_equal(run_source(&run), 0);
	paths = record_sink_paths(run.record);
	assert_string_equal(paths, "\na\na/b\na/b/c.txt");
	assert_string_equal(record_sink_text(run.record, "a/b/c.txt"), "hello\n");
	assert_int_equal(record_sink_find(run.record, "a/b")->entry.mode, 0755);
	assert_int_equal(strings_count(&run.record->open_paths), 0);
	run_release(&run);
}

static void test_stream_source_run__takes_no_output_as_an_empty_file(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, "empty");
	run.options.command = "true";
	assert_int_equal(run_source(&run), 0);
	assert_int_equal(record_sink_find(run.record, "empty")->entry.size, 0);
	assert_false(record_sink_find(run.record, "empty")->has_content);
	run_release(&run);
}

static void test_stream_source_run__takes_no_input_as_an_empty_file(void **state)
{
	struct run run;
	int ends[2];

	(void)state;
	run_init(&run, "db/dump.sql");
	assert_int_equal(pipe(ends), 0);
	close(ends[1]);
	run.options.fd = ends[0];
	assert_int_equal(run_source(&run), 0);
	assert_int_equal(record_sink_find(run.record, "db/dump.sql")->entry.size, 0);
	assert_null(run.record->broken);
	close(ends[0]);
	run_release(&run);
}

static void test_stream_source_run__refuses_a_blank_command(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, "f");
	run.options.command = " \t";
	assert_int_equal(run_source(&run), -1);
	assert_int_equal(run.err.code, ERR_USAGE);
	assert_string_equal(run.err.msg, "the command is empty");
	assert_null(record_sink_find(run.record, ""));
	run_release(&run);
}

static void test_stream_source_run__fails_with_the_command(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, "db/dump");
	run.options.command = "echo data; echo first >&2; echo 'no such db' >&2; exit 3";
	assert_int_equal(run_source(&run), -1);
	assert_int_equal(run.err.code, ERR_FAILED);
	assert_string_equal(run.err.msg,
			    "dump: command ended with exit status 3: \"no such db\"");
	assert_null(record_sink_find(run.record, "db/dump"));
	run_release(&run);
}

static void test_stream_source_run__fails_without_a_word_from_the_command(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, "dump");
	run.options.command = "kill -9 $$";
	assert_int_equal(run_source(&run), -1);
	assert_string_equal(run.err.msg, "dump: command ended with exit status 137");
	run_release(&run);
}

static void test_stream_source_run__fails_in_a_pipe_that_says_so(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, "dump");
	run.options.command = "/does/not/exist";
	assert_int_equal(run_source(&run), -1);
	assert_int_equal(run.err.code, ERR_FAILED);
	assert_non_null(strstr(run.err.msg, "exit status 127"));
	run_release(&run);
}

static void test_stream_source_run__refuses_bad_names(void **state)
{
	static const char *const names[] = {"", "/", "a/../b", ".", "a//b", "a/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct run run;

		run_init(&run, names[i]);
		run.options.command = "true";
		assert_int_equal(run_source(&run), -1);
		assert_int_equal(run.err.code, ERR_USAGE);
		assert_non_null(strstr(run.err.msg, "expected names joined by '/'"));
		assert_int_equal(strings_count(&run.record->calls), 0);
		run_release(&run);
	}
}

static void test_stream_source_run__is_interrupted_while_it_waits(void **state)
{
	struct cancel cancel;
	struct run run;
	int ends[2];

	(void)state;
	run_init(&run, "dump");
	cancel_init(&cancel);
	cancel_set(&cancel, SIGINT);
	assert_int_equal(pipe(ends), 0);
	run.options.fd = ends[0];
	assert_int_equal(
		stream_source_run(&run.options, &run.record->sink, &cancel, &run.err),
		-1);
	assert_int_equal(run.err.code, ERR_INTERRUPTED);
	assert_int_equal(run.err.signal, SIGINT);
	close(ends[0]);
	close(ends[1]);
	run_release(&run);
}

static struct cancel cancel_of_signal;

static void cancel_by_signal(int signal_number)
{
	cancel_set(&cancel_of_signal, signal_number);
}

/* The command says when it closed its output, and lives on. */
static void test_stream_source_run__is_interrupted_after_the_output_ended(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, "dump");
	cancel_init(&cancel_of_signal);
	assert_true(signal(SIGUSR1, cancel_by_signal) != SIG_ERR);
	run.options.command = "exec >&-; sleep 0.3; kill -USR1 $PPID; exec sleep 30";
	assert_int_equal(stream_source_run(&run.options, &run.record->sink,
					   &cancel_of_signal, &run.err),
			 -1);
	assert_true(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
	assert_int_equal(run.err.code, ERR_INTERRUPTED);
	assert_int_equal(run.err.signal, SIGUSR1);
	assert_null(record_sink_find(run.record, "dump"));
	run_release(&run);
}

static void test_stream_source_run__passes_the_sinks_error_on(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, "dump");
	run.options.command = "echo x";
	run.record->fail_call = "commit";
	assert_int_equal(run_source(&run), -1);
	assert_string_equal(run.err.msg, "dump: planted failure");
	run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_source_run__reads_a_descriptor),
		cmocka_unit_test(test_stream_source_run__makes_directories_of_the_name),
		cmocka_unit_test(
			test_stream_source_run__takes_no_output_as_an_empty_file),
		cmocka_unit_test(test_stream_source_run__takes_no_input_as_an_empty_file),
		cmocka_unit_test(test_stream_source_run__fails_with_the_command),
		cmocka_unit_test(
			test_stream_source_run__fails_without_a_word_from_the_command),
		cmocka_unit_test(test_stream_source_run__fails_in_a_pipe_that_says_so),
		cmocka_unit_test(test_stream_source_run__refuses_bad_names),
		cmocka_unit_test(test_stream_source_run__refuses_a_blank_command),
		cmocka_unit_test(test_stream_source_run__is_interrupted_while_it_waits),
		cmocka_unit_test(
			test_stream_source_run__is_interrupted_after_the_output_ended),
		cmocka_unit_test(test_stream_source_run__passes_the_sinks_error_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
