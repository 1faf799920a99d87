/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL source and sink back to back, with the tree in memory instead of a repository:
 *   pg_roundtrip SOURCE [TARGET] [OPTION...]
 * --replace, --globals      as of the restore
 * --include PATTERN         restore only these tables
 * --cat PATH                print a file of the tree (and restore only with a TARGET)
 * --damage PATH             reading this file back fails half way
 * --forget PATH             one row less is recorded for this table
 * --hook PATH COMMAND       runs COMMAND before PATH is read back
 * Prints warnings, one line a table, or "CODE: message" and "hint: ..." on stderr. Exit codes
 * are those of the programs.
 */
#include <inttypes.h>
#include <signal.h>

#include "base/mem.h"
#include "base/process.h"
#include "pg/pg_sink.h"
#include "pg/pg_source.h"
#include "support/record_sink.h"
#include "support/record_source.h"

struct roundtrip {
	const char *source, *target, *cat, *damage, *forget, *hook_path, *hook_command;
	struct pg_sink_options options;
	struct selection *selection;
	struct record_sink *record;
	struct cancel cancel;
};

static struct cancel *interrupted; /* for the signal handler */

static void on_signal(int number)
{
	cancel_set(interrupted, number);
}

static int fail(const struct err *err)
{
	fprintf(stderr, "%s: %s\n", err_code_name(err->code), err->msg);
	if (err->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", err->hint);
	return err_exit_code(err);
}

static void run_hook(void *state, const char *path)
{
	const struct roundtrip *r = state;
	const char *const argv[] = {"/bin/sh", "-c", r->hook_command, NULL};
	CLEANUP(buf_release) struct buf output = {0};
	struct err err = {0};

	if (r->hook_path == NULL || strcmp(path, r->hook_path) != 0)
		return;
	if (process_run(argv, 1 << 20, &output, NULL, &err) < 0)
		fprintf(stderr, "hook: %s\n", err.msg);
}

static void forget_row(struct roundtrip *r)
{
	const struct record_node *node = record_sink_find(r->record, r->forget);

	for (size_t i = 0; node != NULL && i < node->entry.facts.n; i++) {
		struct fact *fact = vec_at(&node->entry.facts, i);

		if (strcmp(fact->key, "rows") != 0)
			continue;
		uint64_t rows = strtoull(fact->value, NULL, 10);

		mem_free(fact->value);
		fact->value = mem_printf("%" PRIu64, rows - 1);
	}
}

static int back_up(struct roundtrip *r, struct err *err)
{
	struct clock clock = clock_system();
	struct pg_source_options options = {.conninfo = r->source, .clock = &clock};
	int result = pg_source_run(&options, &r->record->sink, &r->cancel, err);

	for (size_t i = 0; i < strings_count(&r->record->warnings); i++)
		printf("%s\n", strings_at(&r->record->warnings, i));
	if (r->record->broken != NULL)
		return err_set(err, ERR_BUG, "%s", r->record->broken);
	if (r->forget != NULL)
		forget_row(r);
	return result;
}

static void print_report(const struct pg_sink_report *report)
{
	for (size_t i = 0; i < strings_count(&report->warnings); i++)
		printf("warning: %s\n", strings_at(&report->warnings, i));
	for (size_t i = 0; i < report->tables.n; i++) {
		const struct pg_table_report *table = vec_at(&report->tables, i);

		if (table->without_rows != NULL)
			printf("%s: no sum, %s\n", table->path, table->without_rows);
		else
			printf("%s: %" PRIu64 " rows, %s\n", table->path, table->rows,
			       table->is_equal ? "equal" : "DIFFERENT");
	}
	printf("roles: %" PRIu64 " created, %" PRIu64 " kept, %" PRIu64 " replaced\n",
	       report->roles_created, report->roles_kept, report->roles_replaced);
}

static int restore(struct roundtrip *r, struct err *err)
{
	struct rng rng = rng_system();
	struct record_source source;
	struct pg_sink_report report;
	int result;

	record_source_init(&source, r->record);
	source.fail_path = r->damage;
	source.hook = run_hook;
	source.hook_state = r;
	r->options.conninfo = r->target;
	r->options.rng = &rng;
	r->options.selection = r->selection;
	pg_sink_report_init(&report);
	result = pg_sink_run(&r->options, &source.source, &report, &r->cancel, err);
	print_report(&report);
	pg_sink_report_release(&report);
	return result;
}

static int print_file(const struct roundtrip *r, struct err *err)
{
	const struct record_node *node = record_sink_find(r->record, r->cat);

	if (node == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: not in the tree", r->cat);
	fwrite(node->content.data, 1, node->content.len, stdout);
	return 0;
}

static int take_option(struct roundtrip *r, char **argv, int *at, struct err *err)
{
	const char *word = argv[*at];

	if (strcmp(word, "--replace") == 0)
		r->options.replace = true;
	else if (strcmp(word, "--globals") == 0)
		r->options.replace_globals = true;
	else if (strcmp(word, "--include") == 0)
		return selection_include(r->selection, argv[++*at], err);
	else if (strcmp(word, "--cat") == 0)
		r->cat = argv[++*at];
	else if (strcmp(word, "--damage") == 0)
		r->damage = argv[++*at];
	else if (strcmp(word, "--forget") == 0)
		r->forget = argv[++*at];
	else if (strcmp(word, "--hook") == 0)
		r->hook_path = argv[++*at], r->hook_command = argv[++*at];
	else if (r->source == NULL)
		r->source = word;
	else
		r->target = word;
	return 0;
}

static int run(struct roundtrip *r, struct err *err)
{
	if (back_up(r, err) < 0 || (r->cat != NULL && print_file(r, err) < 0))
		return -1;
	return r->target != NULL ? restore(r, err) : 0;
}

int main(int argc, char **argv)
{
	struct roundtrip r = {.record = record_sink_new(), .selection = selection_new()};
	struct err err = {0};
	int result = 0;

	cancel_init(&r.cancel);
	interrupted = &r.cancel;
	(void)signal(SIGINT, on_signal);
	for (int i = 1; i < argc && result == 0; i++)
		result = take_option(&r, argv, &i, &err);
	if (result == 0 && r.source == NULL)
		result = err_set(&err, ERR_USAGE, "expected SOURCE [TARGET]");
	if (result == 0)
		result = run(&r, &err);
	record_sink_free(r.record);
	selection_free(r.selection);
	return result == 0 ? 0 : fail(&err);
}
