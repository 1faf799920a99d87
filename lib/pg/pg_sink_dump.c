/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_restore reads the custom format from a pipe as long as it goes forward only, which one
 * section does. It stops reading when it has what it wants, so a closed pipe is fine and its
 * exit status decides. The dump is fetched anew for each pass instead of being kept on disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "pg/pg_sink_internal.h"

#define DUMP_PATH "schema.dump"

enum { FEED_STEP = 64 * 1024, LIST_MAX = 256 * 1024 * 1024 };

static int feed(struct pg_sink *s, struct process *process, struct byte_reader *reader,
		struct err *err)
{
	uint8_t *room = mem_alloc(FEED_STEP);
	bool closed = false;
	size_t len = 0;
	int result;

	do {
		result = s->source->ops->read(reader, room, FEED_STEP, &len, err);
		if (result == 0 && len > 0)
			result = pg_tool_feed(process, slice_of(room, len), s->cancel,
					      &closed, err);
	} while (result == 0 && len > 0 && !closed);
	mem_free(room);
	return result;
}

/* Commands that failed are for the caller, as long as nothing else did. */
static int end_restore(struct pg_sink *s, struct process *process,
		       const struct pg_failures *failures, struct err *err)
{
	struct err failure = {0};

	if (pg_tool_wait(process, "pg_restore", s->cancel, &failure) == 0) {
		pg_tool_warnings(process, &s->report->warnings);
		return 0;
	}
	if (failure.code != ERR_INTERRUPTED && failures != NULL &&
	    pg_failures_are_commands(failures))
		return 0;
	*err = failure;
	return -1;
}

static int run_restore(struct pg_sink *s, const struct strings *arguments,
		       struct pg_failures *failures, struct err *err)
{
	CLEANUP(process_freep) struct process *process = NULL;
	struct byte_reader *reader;
	int result;

	if (s->source->ops->open_content(s->source, DUMP_PATH, &reader, err) < 0)
		return -1;
	result = pg_tool_start(&s->restore, arguments, PG_TOOL_FEED, failures, &process,
			       err);
	if (result == 0)
		result = feed(s, process, reader, err);
	s->source->ops->close_content(reader);
	if (result < 0)
		return -1;
	return end_restore(s, process, failures, err);
}

static void add_printf(struct strings *arguments, const char *option, const char *value)
{
	CLEANUP(mem_freep) char *text = mem_printf("%s%s", option, value);

	strings_add(arguments, text);
}

static void collect_arguments(const struct pg_sink *s, const char *section,
			      struct strings *arguments)
{
	CLEANUP(pg_params_release) struct pg_params child;
	CLEANUP(buf_release) struct buf text;

	buf_init(&text, 0);
	pg_conn_child_params(s->target.conn, &s->target.params, s->facts.time_zone,
			     &child);
	pg_params_format(&child, &text);
	strings_add(arguments, "--format=custom");
	if (!s->is_lenient)
		strings_add(arguments, "--exit-on-error");
	strings_add(arguments, "--no-password");
	add_printf(arguments, "--section=", section);
	add_printf(arguments, "--dbname=", buf_string(&text));
	if (s->facts.maps_tablespaces)
		strings_add(arguments, "--no-tablespaces");
	if (s->list_path != NULL)
		add_printf(arguments, "--use-list=", s->list_path);
}

int sink_restore_section(struct pg_sink *s, const char *section, struct err *err)
{
	CLEANUP(strings_release) struct strings arguments;
	CLEANUP(pg_failures_release) struct pg_failures failures;

	strings_init(&arguments);
	pg_failures_init(&failures);
	collect_arguments(s, section, &arguments);
	if (run_restore(s, &arguments, s->is_lenient ? &failures : NULL, err) < 0 ||
	    sink_try_again(s, &failures, err) < 0)
		return err_wrap(err, "section %s", section);
	return 0;
}

/* "4321; 2606 16400 FK CONSTRAINT public t t_fkey owner": what follows the oids. */
static const char *entry_description(const char *line)
{
	const char *c = strchr(line, ';');

	if (*line < '0' || *line > '9' || c == NULL)
		return "";
	c += strspn(c, "; 0123456789");
	return c;
}

bool sink_entry_needs_all_rows(const char *line)
{
	static const char *const kinds[] = {"FK CONSTRAINT ", "EVENT TRIGGER ",
					    "PUBLICATION ", "SUBSCRIPTION ",
					    "MATERIALIZED VIEW DATA "};
	static const char *const about[] = {" CONSTRAINT ", " EVENT TRIGGER ",
					    " PUBLICATION ", " SUBSCRIPTION "};
	const char *what = entry_description(line);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strncmp(what, kinds[i], strlen(kinds[i])) == 0)
			return true;
	if (strncmp(what, "COMMENT ", 8) != 0 &&
	    strncmp(what, "SECURITY LABEL ", 15) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(about); i++)
		if (strstr(what, about[i]) != NULL)
			return true;
	return false;
}

static void filter_list(const struct buf *list, struct buf *kept)
{
	const char *line = buf_string(list);

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");
		CLEANUP(mem_freep) char *copy = mem_strndup(line, len);

		if (!sink_entry_needs_all_rows(copy))
			buf_printf(kept, "%s\n", copy);
		line += len + (line[len] == '\n');
	}
}

/* A private file for the list. It holds names only. */
static int make_list_file(const struct pg_sink *s, char **ret_path, struct err *err)
{
	const char *given = s->options->temp_directory;
	const char *directory = given != NULL ? given : "/tmp";
	CLEANUP(mem_freep) char *path = path_join(directory, "quipu-restore-XXXXXX");
	CLEANUP(fd_closep) int fd = mkostemp(path, O_CLOEXEC);
	char shown[QUOTE_TEXT_MAX];

	if (fd < 0)
		return err_set_errno(err, errno, "cannot make a temporary file in %s",
				     quote_string(directory, shown));
	*ret_path = STEAL(path);
	return 0;
}

int sink_read_list(struct pg_sink *s, struct buf *list, struct err *err)
{
	CLEANUP(strings_release) struct strings arguments;
	CLEANUP(mem_freep) char *path = NULL;
	int result;

	strings_init(&arguments);
	if (make_list_file(s, &path, err) < 0)
		return -1;
	strings_add(&arguments, "--format=custom");
	strings_add(&arguments, "--list");
	add_printf(&arguments, "--file=", path);
	result = run_restore(s, &arguments, NULL, err);
	if (result == 0)
		result = file_read(path, LIST_MAX, list, err);
	(void)unlink(path); /* it is in a temporary directory */
	return result;
}

int sink_choose_entries(struct pg_sink *s, struct err *err)
{
	CLEANUP(buf_release) struct buf list, kept;

	buf_init(&list, LIST_MAX);
	buf_init(&kept, LIST_MAX + LIST_MAX / 2);
	if (sink_read_list(s, &list, err) < 0 ||
	    make_list_file(s, &s->list_path, err) < 0)
		return -1;
	filter_list(&list, &kept);
	return file_write(s->list_path, buf_slice(&kept), 0600, FILE_REPLACE, err);
}
