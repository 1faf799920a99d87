/* SPDX-License-Identifier: Apache-2.0 */
#include "files/stream_source.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/process.h"
#include "base/quote.h"

enum {
	POLL_MSEC = 200, /* how long an interruption may go unseen while nothing comes */
	DIRECTORY_MODE = 0755,
	FILE_MODE = 0600, /* what a dump holds is not for everybody */
};

static void describe(const struct stream_source_options *options, enum entry_type type,
		     const char *name, struct entry *ret_entry)
{
	entry_init(ret_entry, type, name);
	ret_entry->mode = type == ENTRY_DIRECTORY ? DIRECTORY_MODE : FILE_MODE;
	ret_entry->uid = geteuid();
	ret_entry->gid = getegid();
	ret_entry->mtime_nsec = options->clock->now_nsec(options->clock);
}

/* Waits for bytes in short steps: a read alone would not see an interruption that came just
 * before it. */
static int read_some(int fd, uint8_t *to, size_t len, const struct cancel *cancel,
		     size_t *ret_len, struct err *err)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	ssize_t n;

	for (;;) {
		int ready;

		if (cancel_check(cancel, err) < 0)
			return -1;
		ready = poll(&wait, 1, POLL_MSEC);
		if (ready == 0 || (ready < 0 && errno == EINTR))
			continue;
		n = read(fd, to, len);
		if (n >= 0)
			break;
		if (errno != EINTR && errno != EAGAIN)
			return err_set_errno(err, errno, "cannot read the input");
	}
	*ret_len = (size_t)n;
	return 0;
}

struct transfer {
	const struct stream_source_options *options;
	struct tree_sink *sink;
	const struct cancel *cancel;
	struct stream *stream;
	uint64_t len;
};

static int read_all(struct transfer *transfer, int fd, struct err *err)
{
	const struct tree_sink_ops *ops = transfer->sink->ops;
	size_t len = 0;

	do {
		size_t room = 0;
		uint8_t *to = ops->space(transfer->stream, &room);

		if (read_some(fd, to, room, transfer->cancel, &len, err) < 0)
			return -1;
		if (len > 0 && ops->commit(transfer->stream, len, err) < 0)
			return -1;
		progress_add(transfer->options->progress, 0, len);
		transfer->len += len;
	} while (len > 0);
	return 0;
}

static int set_command_failure(struct process *process, int status, struct err *err)
{
	const char *text = process_stderr(process);
	const char *last = strrchr(text, '\n');
	char quoted[QUOTE_TEXT_MAX];

	last = last != NULL ? last + 1 : text;
	if (*last == '\0')
		return err_set(err, ERR_FAILED, "command ended with exit status %d",
			       status);
	return err_set(err, ERR_FAILED, "command ended with exit status %d: %s", status,
		       quote_string(last, quoted));
}

/* The end of its output is not the command's end: one that closed stdout may run on. */
static int read_command(struct transfer *transfer, struct err *err)
{
	const char *const argv[] = {"/bin/sh", "-c", transfer->options->command, NULL};
	const struct process_options options = {.argv = argv, .want_stdout = true};
	CLEANUP(process_freep) struct process *process = NULL;
	int status;

	if (process_start(&options, &process, err) < 0 ||
	    read_all(transfer, process_stdout(process), err) < 0 ||
	    process_wait(process, transfer->cancel, &status, err) < 0)
		return -1;
	return status == 0 ? 0 : set_command_failure(process, status, err);
}

/* The stream becomes content, or is abandoned. */
static int read_content(struct transfer *transfer, struct content **ret_content,
			struct err *err)
{
	const struct tree_sink_ops *ops = transfer->sink->ops;
	int result;

	if (ops->open_stream(transfer->sink, CUT_BY_CONTENT, &transfer->stream, err) < 0)
		return -1;
	result = transfer->options->command != NULL
			 ? read_command(transfer, err)
			 : read_all(transfer, transfer->options->fd, err);
	if (result == 0 && transfer->len > 0)
		return ops->close_stream(transfer->stream, ret_content, err);
	ops->abandon_stream(transfer->stream);
	return result;
}

static int add_file(struct transfer *transfer, const char *name, struct err *err)
{
	struct content *content = NULL;
	struct entry entry;
	int result;

	if (read_content(transfer, &content, err) < 0)
		return -1;
	describe(transfer->options, ENTRY_FILE, name, &entry);
	entry.size = transfer->len;
	progress_add(transfer->options->progress, 1, 0);
	result = transfer->sink->ops->add(transfer->sink, &entry, content, NULL, err);
	entry_release(&entry);
	return result;
}

static int open_directory(struct transfer *transfer, const char *name, struct err *err)
{
	CLEANUP(entry_release) struct entry entry;

	describe(transfer->options, ENTRY_DIRECTORY, name, &entry);
	return transfer->sink->ops->open_directory(transfer->sink, &entry, err);
}

int stream_source_name_check(const char *name, struct err *err)
{
	const char *path = name + strspn(name, "/");
	char quoted[QUOTE_TEXT_MAX];

	if (*path != '\0' && path_relative_valid(slice_of_string(path)))
		return 0;
	return err_set(err, ERR_USAGE,
		       "file name %s: expected names joined by '/', without '..'",
		       quote_string(name, quoted));
}

int stream_source_command_check(const char *command, struct err *err)
{
	if (command[strspn(command, " \t\n")] != '\0')
		return 0;
	return err_set(err, ERR_USAGE, "the command is empty");
}

int stream_source_run(const struct stream_source_options *options, struct tree_sink *sink,
		      const struct cancel *cancel, struct err *err)
{
	struct transfer transfer = {.options = options, .sink = sink, .cancel = cancel};
	const char *path = options->name + strspn(options->name, "/");
	char quoted[QUOTE_TEXT_MAX];
	size_t n_open = 1;

	if (stream_source_name_check(options->name, err) < 0 ||
	    (options->command != NULL &&
	     stream_source_command_check(options->command, err) < 0))
		return -1;
	if (open_directory(&transfer, "", err) < 0)
		return -1;
	for (; strchr(path, '/') != NULL; path = strchr(path, '/') + 1, n_open++) {
		CLEANUP(mem_freep) char *name = mem_strndup(path, strcspn(path, "/"));

		if (open_directory(&transfer, name, err) < 0)
			return -1;
	}
	if (add_file(&transfer, path, err) < 0)
		return err_wrap(err, "%s", quote_string(path, quoted));
	while (n_open-- > 0)
		if (sink->ops->close_directory(sink, err) < 0)
			return -1;
	return 0;
}
