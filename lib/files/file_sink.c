/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_sink.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/quote.h"
#include "files/file_sink_internal.h"

static const mode_t DEFAULT_TARGET_MODE = 0755;

void sink_count(struct file_sink *sink, uint64_t *counter)
{
	LOCKED(sink->mutex);
	(*counter)++;
}

int sink_note_failure(struct file_sink *sink, const struct err *err)
{
	LOCKED(sink->mutex);
	sink->is_full |= err->code == ERR_NO_SPACE;
	return -1;
}

static char *without_slashes(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return mem_strndup(path, len);
}

static struct file_sink *new_sink(const struct file_sink_options *options)
{
	struct file_sink *sink = mem_zalloc(sizeof(*sink));

	sink->target = without_slashes(options->target);
	memcpy(sink->id, options->snapshot_id, SINK_ID_BYTES);
	sink->existing = options->existing;
	sink->cancel = options->cancel;
	file_apply_init(&sink->apply);
	sink->apply.warn = options->warn;
	sink->apply.warn_state = options->warn_state;
	sink->target_fd = -1;
	sink->marker_fd = -1;
	sink->parent.fd = -1;
	sink->groups = link_table_new(sink->id);
	buf_init(&sink->scratch, 0);
	sink->syncing = mutex_new();
	sink->mutex = mutex_new();
	sink->slot_free = condition_new();
	vec_init(&sink->files, sizeof(struct sink_file));
	vec_init(&sink->finished, sizeof(uint32_t));
	sink->first_free = UINT32_MAX;
	for (size_t i = 0; i < SINK_SLOTS; i++)
		sink->slots[i].fd = -1;
	return sink;
}

int file_sink_open(const struct file_sink_options *options, struct file_sink **ret_sink,
		   struct err *err)
{
	CLEANUP(file_sink_freep) struct file_sink *sink = NULL;

	if (*options->target == '\0')
		return err_set(err, ERR_USAGE, "empty target: expected a directory");
	sink = new_sink(options);
	if (sink_target_open(sink, options->must_be_empty, err) < 0)
		return -1;
	*ret_sink = STEAL(sink);
	return 0;
}

int file_sink_start(struct file_sink *sink, struct err *err)
{
	if (sink_target_start(sink, err) < 0)
		return -1;
	sink->directories = spill_new(sink->target_fd);
	sink->links = spill_new(sink->target_fd);
	sink->files_spill = spill_new(sink->target_fd);
	sink->is_started = true;
	return 0;
}

/* What is whole is not fetched again: it gets its name, if the disk has it. */
static void name_finished(struct file_sink *sink)
{
	struct err ignored = {0}; /* what gets no name is removed with the rest */

	sink->cancel = NULL;
	if (sink_commit(sink, &ignored) < 0)
		return;
}

/* A full disk gets back what is of no use. The marker stays: a later run goes on. */
static void remove_temps(struct file_sink *sink)
{
	struct sink_parent parent = {.fd = -1};
	struct err ignored = {0}; /* what stays is removed by the next run */

	for (uint32_t i = 0; i < sink->files.n; i++) {
		const struct sink_file *file = vec_at(&sink->files, i);
		char temp[SINK_TEMP_NAME_MAX];
		struct sink_record record;
		const char *name;
		int fd;

		if (file->slot == SINK_SLOT_FREE ||
		    sink_read_record(sink, i, &record, &ignored) < 0)
			continue;
		if (sink_parent_open(sink, &parent, record.path, &fd, &name, &ignored) ==
		    0)
			(void)unlinkat(fd, sink_temp_name(sink, name, temp), 0);
		sink_record_release(&record);
	}
	sink_parent_close(&parent);
}

void file_sink_free(struct file_sink *sink)
{
	if (sink == NULL)
		return;
	if (sink->is_full && sink->is_started) {
		name_finished(sink);
		remove_temps(sink);
	}
	for (size_t i = 0; i < SINK_SLOTS; i++)
		fd_closep(&sink->slots[i].fd);
	sink_parent_close(&sink->parent);
	spill_free(sink->directories);
	spill_free(sink->links);
	spill_free(sink->files_spill);
	link_table_free(sink->groups);
	if (sink->has_root_entry)
		entry_release(&sink->root_entry);
	buf_release(&sink->scratch);
	vec_release(&sink->files);
	vec_release(&sink->finished);
	condition_free(sink->slot_free);
	mutex_free(sink->mutex);
	mutex_free(sink->syncing);
	fd_closep(&sink->marker_fd);
	fd_closep(&sink->target_fd);
	mem_free(sink->replaced);
	mem_free(sink->target);
	mem_free(sink);
}

void file_sink_freep(struct file_sink **sink)
{
	file_sink_free(*sink);
}

/* The target's own metadata comes after the marker is gone from it. */
static void finish_target(struct file_sink *sink)
{
	if (!sink->owns_target)
		return;
	if (sink->has_root_entry)
		file_apply_open(&sink->apply, sink->target_fd, &sink->root_entry, "");
	else if (fchmod(sink->target_fd, DEFAULT_TARGET_MODE) < 0)
		sink_count(sink, &sink->counts.mode_failures);
}

static int check_all_finished(const struct file_sink *sink, struct err *err)
{
	if (sink->n_in_flight == 0)
		return 0;
	return err_set(err, ERR_BUG, "%u files were begun and not finished",
		       sink->n_in_flight);
}

int file_sink_finish(struct file_sink *sink, struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	if (sink_commit(sink, err) < 0 || check_all_finished(sink, err) < 0 ||
	    sink_link_all(sink, err) < 0)
		return -1;
	sink_parent_close(&sink->parent);
	if (sink_directories_finish(sink, err) < 0 ||
	    (sink->is_resumed && sink_remove_leftovers(sink, sink->target_fd, err) < 0))
		return -1;
	if (syncfs(sink->target_fd) < 0)
		return err_set_errno(err, errno, "cannot sync target %s",
				     quote_string(sink->target, quoted));
	if (sink_target_remove_marker(sink, err) < 0)
		return -1;
	finish_target(sink);
	return fd_sync(sink->target_fd, err);
}

struct file_sink_counts file_sink_counts(struct file_sink *sink)
{
	struct file_sink_counts counts;

	LOCKED(sink->mutex);
	counts = sink->counts;
	counts.owner_failures += atomic_load(&sink->apply.owner_failures);
	counts.mode_failures += atomic_load(&sink->apply.mode_failures);
	counts.xattr_failures += atomic_load(&sink->apply.xattr_failures);
	counts.time_failures += atomic_load(&sink->apply.time_failures);
	counts.owners_left += atomic_load(&sink->apply.owners_left);
	counts.xattrs_left += atomic_load(&sink->apply.xattrs_left);
	return counts;
}
