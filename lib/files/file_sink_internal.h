/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a files sink, shared by file_sink*.c. */
#ifndef FILES_FILE_SINK_INTERNAL_H
#define FILES_FILE_SINK_INTERNAL_H

#include <sys/stat.h>

#include "base/pool.h"
#include "files/file_apply.h"
#include "files/file_sink.h"
#include "files/link_table.h"
#include "files/sink_record.h"
#include "files/spill.h"

enum {
	SINK_SLOTS = 128,	 /* temporary files kept open */
	SINK_BATCH_FILES = 4096, /* finished files between two syncs of the file system */
	SINK_TEMP_NAME_MAX = 40,
	SINK_ID_BYTES = 32,
};

/* What a directory that we made has until its metadata is set: a mode that nobody uses. */
enum { SINK_DIRECTORY_MODE = S_ISVTX | 0700 };

/* A file between begin_file and its final name. */
struct sink_file {
	uint64_t record; /* place in sink->files_spill */
	uint64_t size;
	int32_t slot;	    /* index of its open descriptor, or below */
	uint32_t next_free; /* with SINK_SLOT_FREE */
};
enum { SINK_SLOT_CLOSED = -1, SINK_SLOT_FREE = -2, SINK_SLOT_DONE = -3 };

struct sink_slot {
	int fd; /* -1: free */
	uint32_t file;
	unsigned n_users;
	uint64_t last_use;
};

/* A directory beneath the target that is kept open, since neighbours come together. */
struct sink_parent {
	char *path; /* NULL: none */
	int fd;	    /* O_PATH */
};

struct file_sink {
	char *target;
	uint8_t id[SINK_ID_BYTES];
	enum file_existing existing;
	const struct cancel *cancel;
	struct file_apply apply;
	int target_fd; /* -1 until it exists */
	int marker_fd; /* locked; -1 until there is one */
	dev_t target_device;
	bool is_resumed;
	bool is_started;
	bool owns_target; /* this restore made it */
	char *replaced;	  /* the last path checked that makes room for a directory */
	bool has_root_entry;
	struct entry root_entry; /* of the target itself */

	/* Of the thread that adds entries. */
	struct sink_parent parent;
	struct spill *directories;
	struct spill *links; /* the first of each group, and what is to be linked */
	struct link_table *groups;
	struct buf scratch;

	struct mutex *syncing; /* held by the one thread that syncs */
	bool has_lost; /* a sync failed: of any file without its name bytes may be gone */

	struct mutex *mutex; /* for all that follows */
	struct condition *slot_free;
	struct spill *files_spill;
	struct vec files; /* of struct sink_file */
	uint32_t first_free;
	uint32_t n_in_flight;
	struct sink_slot slots[SINK_SLOTS];
	uint64_t n_uses;
	struct vec finished; /* of uint32_t: files that wait for their names */
	bool is_full;	     /* the disk was */
	struct file_sink_counts counts;
};

/* file_sink.c */
void sink_count(struct file_sink *sink, uint64_t *counter); /* adds 1 under the mutex */
/* Remembers that the disk was full, if that is the error. Returns -1. */
int sink_note_failure(struct file_sink *sink, const struct err *err);

/* file_sink_target.c: the target directory and the marker in it. */
MUST_CHECK int sink_target_open(struct file_sink *sink, bool must_be_empty,
				struct err *err);
MUST_CHECK int sink_target_start(struct file_sink *sink, struct err *err);
MUST_CHECK int sink_target_remove_marker(struct file_sink *sink, struct err *err);
bool sink_target_is_marker(const char *path);
/* "/PATH in TARGET", quoted, for messages; the caller frees it. */
char *sink_target_show(const struct file_sink *sink, const char *path);
/* Puts that in front of an error. Returns -1. */
int sink_wrap(const struct file_sink *sink, const char *path, struct err *err);

/* file_sink_name.c: names and places. */
const char *sink_temp_name(const struct file_sink *sink, const char *name,
			   char out[static SINK_TEMP_NAME_MAX]);
/* A temporary name of this snapshot. */
bool sink_is_temp_name(const struct file_sink *sink, const char *name);
/* The open parent of `path`, kept in *parent; *ret_name points into `path`. */
MUST_CHECK int sink_parent_open(struct file_sink *sink, struct sink_parent *parent,
				const char *path, int *ret_fd, const char **ret_name,
				struct err *err);
void sink_parent_close(struct sink_parent *parent);
/* Gives what is called `temp` its name, as the options for existing files say. */
MUST_CHECK int sink_rename(struct file_sink *sink, int parent_fd, const char *temp,
			   const char *path, struct err *err);
/* -1 with ERR_TARGET, and the hint about --existing. */
int sink_refuse(const struct file_sink *sink, const char *path, const char *why,
		struct err *err);
/* The same where only replacing helps: a directory is to be at `path`, and it is none. */
int sink_refuse_no_directory(const struct file_sink *sink, const char *path,
			     struct err *err);

/* file_sink_exists.c: what is under a name already. */
enum sink_found {
	SINK_FOUND_NOTHING,
	SINK_FOUND_DONE, /* an earlier run has restored it */
	SINK_FOUND_KEEP, /* stays as it is */
	SINK_FOUND_REPLACE,
};
MUST_CHECK int sink_find(struct file_sink *sink, int parent_fd, const char *path,
			 const struct entry *entry, enum sink_found *ret_found,
			 struct err *err);

/* file_sink_write.c */
MUST_CHECK int sink_file_add(struct file_sink *sink, const char *path,
			     const struct entry *entry, int fd, uint32_t *ret_file,
			     struct err *err);
MUST_CHECK int sink_read_record(struct file_sink *sink, uint32_t file,
				struct sink_record *ret_record, struct err *err);

/* file_sink_add.c: about one path, if anybody listens. */
void sink_warn(const struct file_sink *sink, const char *path, const char *why);

/* file_sink_commit.c */
/* Gives all finished files their names. */
MUST_CHECK int sink_commit(struct file_sink *sink, struct err *err);

/* file_sink_link.c */
/* Remembers the first of a group, or *ret_is_link = true for a later one. */
MUST_CHECK int sink_link_note(struct file_sink *sink, const char *path,
			      const struct entry *entry, bool *ret_is_link,
			      struct err *err);
MUST_CHECK int sink_link_first(struct file_sink *sink, const char *path,
			       const struct entry *entry, struct err *err);
MUST_CHECK int sink_link_all(struct file_sink *sink, struct err *err);

/* file_sink_directory.c */
MUST_CHECK int sink_directories_finish(struct file_sink *sink, struct err *err);
/* Removes temporary files that no run has use for. */
MUST_CHECK int sink_remove_leftovers(struct file_sink *sink, int dir_fd, struct err *err);

#endif
