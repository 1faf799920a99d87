/* SPDX-License-Identifier: Apache-2.0 */
#include "job/restore_job.h"

#include "base/mem.h"
#include "pg/pg_sink.h"

void restore_result_init(struct restore_result *result)
{
	*result = (struct restore_result){0};
	vec_init(&result->tables, sizeof(struct restored_table));
	strings_init(&result->warnings);
}

void restore_result_release(struct restore_result *result)
{
	for (size_t i = 0; i < result->tables.n; i++) {
		struct restored_table *table = vec_at(&result->tables, i);

		mem_free(table->path);
		mem_free(table->reason);
	}
	vec_release(&result->tables);
	strings_release(&result->warnings);
}

static void take_report(const struct pg_sink_report *report,
			struct restore_result *result)
{
	result->is_database = true;
	result->bytes = report->bytes;
	result->refused = report->refused;
	for (size_t i = 0; i < report->tables.n; i++) {
		const struct pg_table_report *from = vec_at(&report->tables, i);
		struct restored_table table = {.path = mem_strdup(from->path),
					       .rows = from->rows,
					       .is_equal = from->is_equal,
					       .reason = mem_strdup(from->without_rows)};

		result->files += from->without_rows == NULL;

		vec_push(&result->tables, &table);
	}
	for (size_t i = 0; i < strings_count(&report->warnings); i++)
		strings_add(&result->warnings, strings_at(&report->warnings, i));
}

static struct pg_sink_options sink_options(const struct restore_job *job,
					   const struct job_env *env)
{
	return (struct pg_sink_options){
		.conninfo = job->target,
		.replace = job->replace,
		.replace_globals = job->replace_globals,
		.selection = job->selection,
		.rng = env->rng,
		.progress = env->progress,
		.temp_directory = job->scratch_directory,
	};
}

int restore_job_postgres(struct job_tree *tree, const struct restore_job *job,
			 const struct job_env *env, struct restore_result *result,
			 struct err *err)
{
	struct pg_sink_options options = sink_options(job, env);
	struct pg_sink_report report;

	progress_phase(env->progress, "restoring");
	pg_sink_report_init(&report);
	int done = pg_sink_run(&options, tree_reader_source(tree->reader), &report,
			       env->cancel, err);
	take_report(&report, result);
	pg_sink_report_release(&report);
	return done < 0 ? -1 : job_tree_check(tree, err);
}

int restore_job_check_postgres(struct job_tree *tree, const struct restore_job *job,
			       const struct job_env *env, struct err *err)
{
	struct pg_sink_options options = sink_options(job, env);

	return pg_sink_check(&options, tree_reader_source(tree->reader), env->cancel,
			     err);
}
