/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_hooks.h"

#include "base/mem.h"
#include "base/process.h"
#include "base/quote.h"
#include "format/encoding.h"

enum { ID_LEN = 32 };

/* A run of ours may itself be the hook of another one. */
static const char *const told_variables[] = {"QUIPU_JOB",	"QUIPU_STREAM",
					     "QUIPU_EXIT_CODE", "QUIPU_SNAPSHOT",
					     "QUIPU_ERROR",	NULL};

static void add_variable(struct vec *variables, const char *name, const char *value)
{
	char *text = mem_printf("%s=%s", name, value);

	vec_push(variables, &text);
}

static void add_result(struct vec *variables, const struct run_report *report)
{
	CLEANUP(mem_freep) char *exit_code = mem_printf("%d", report->exit_code);
	char id[2 * ID_LEN + 1];

	add_variable(variables, "QUIPU_EXIT_CODE", exit_code);
	if (report->backed_up)
		add_variable(
			variables, "QUIPU_SNAPSHOT",
			hex_encode(slice_of(report->snapshot, ID_LEN), id, sizeof(id)));
	if (report->failed)
		add_variable(variables, "QUIPU_ERROR", report->error.msg);
}

/* Ended by NULL. */
static void make_variables(const struct hook_context *context, struct vec *ret_variables)
{
	vec_init(ret_variables, sizeof(char *));
	add_variable(ret_variables, "QUIPU_JOB", context->job);
	add_variable(ret_variables, "QUIPU_STREAM", context->stream);
	if (context->report != NULL)
		add_result(ret_variables, context->report);
	vec_push(ret_variables, NULL);
}

static void release_variables(struct vec *variables)
{
	for (size_t i = 0; i < variables->n; i++)
		mem_free(*(char **)vec_at(variables, i));
	vec_release(variables);
}

static void tell(const struct hook_context *context, enum log_level level,
		 const char *line)
{
	CLEANUP(buf_release) struct buf shown = {0};

	buf_init(&shown, 0);
	quote_sentence(line, &shown);
	if (shown.len == 0)
		return;
	if (level == LOG_INFO_LEVEL)
		log_info(context->log, "%s: hook %s: %s", context->job, context->kind,
			 buf_string(&shown));
	else
		log_warning(context->log, "%s: hook %s: %s", context->job, context->kind,
			    buf_string(&shown));
}

static void tell_line(void *state, const char *line)
{
	tell(state, LOG_INFO_LEVEL, line);
}

/* Who asked for silence wants to know after all what a hook said that failed. */
static void tell_dropped(const struct hook_context *context, const char *text)
{
	if (context->log == NULL || context->log->least <= LOG_INFO_LEVEL)
		return;
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		CLEANUP(mem_freep) char *line = mem_strndup(text, len);

		tell(context, LOG_WARNING_LEVEL, line);
		text += len + (text[len] == '\n');
	}
}

static int run_hook(const char *command, const struct hook_context *context,
		    const struct cancel *cancel, struct err *err)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	CLEANUP(process_freep) struct process *process = NULL;
	CLEANUP(release_variables) struct vec variables = {0};
	struct hook_context told = *context; /* a callback's state is not const */
	struct process_options options = {.argv = argv,
					  .unset_env = told_variables,
					  .stdout_to_stderr = true,
					  .stderr_line = tell_line,
					  .stderr_line_state = &told,
					  .no_patience = context->second_cancel};
	int status;

	make_variables(context, &variables);
	options.set_env = variables.data;
	if (process_start(&options, &process, err) < 0 ||
	    process_wait(process, cancel, &status, err) < 0)
		return -1;
	if (process_check(process, err) == 0)
		return 0;
	tell_dropped(context, process_stderr(process));
	return -1;
}

int hooks_run(const struct strings *commands, const struct hook_context *context,
	      const struct cancel *cancel, struct err *err)
{
	for (size_t i = 0; i < strings_count(commands); i++)
		if (run_hook(strings_at(commands, i), context, cancel, err) < 0)
			return err_wrap(err, "hook %s", context->kind);
	return 0;
}
