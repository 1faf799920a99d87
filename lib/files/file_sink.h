/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes restored files beneath one target directory. Names come from a snapshot and are not
 * trusted: nothing is opened through a symbolic link or "..", whoever put it there.
 *
 * A file is written under a temporary name beside its own, ".quipu-<snapshot>-<number>", gets
 * its metadata, is on disk, and only then has its name: what has its name is whole.
 *
 * Order of calls:
 *   file_sink_open()      looks at the target, writes nothing
 *   file_sink_check()     for every path, to refuse before the first write
 *   file_sink_start()     from here on it writes; the target holds the marker ".quipu-restore"
 *   file_sink_directory(), _special(), _begin_file()   parents before what they hold
 *   file_sink_write(), _existing(), _finish_file()     in any order of files and offsets
 *   file_sink_finish()    renames the rest, makes hard links, then metadata of directories
 *   file_sink_free()
 * All calls for entries belong to one thread at a time; write, existing and finish_file may
 * come from any threads at the same time, for a file after its begin_file has returned.
 *
 * After an interruption the marker and the temporary files stay. A later run of the same
 * snapshot goes on: complete files are FILE_SINK_DONE, half-written ones can be read back.
 */
#ifndef FILES_FILE_SINK_H
#define FILES_FILE_SINK_H

#include "base/cancel.h"
#include "flow/entry.h"

/* What happens to files that are in the target already. Directories are always entered; those
 * that exist keep their metadata, but for FILE_EXISTING_REPLACE. */
enum file_existing {
	FILE_EXISTING_REFUSE, /* ERR_TARGET */
	FILE_EXISTING_SKIP,   /* they stay as they are */
	FILE_EXISTING_REPLACE,
};

struct file_sink_options {
	const char *target;	    /* is made when missing */
	const uint8_t *snapshot_id; /* 32 bytes: whose marker it is, and names of files */
	enum file_existing existing;
	bool must_be_empty; /* refuse a target that holds anything, whatever its name */
	const struct cancel *cancel; /* may be NULL; looked at by the long calls */
	/* About what could not be restored, as file_apply's; may be NULL. */
	void (*warn)(void *state, const char *path, const char *message);
	void *warn_state;
};

struct file_sink;

/* ERR_TARGET: not a directory, an unfinished restore of another snapshot, another process
 * restores into it now, or not empty where it must be. */
MUST_CHECK int file_sink_open(const struct file_sink_options *options,
			      struct file_sink **ret_sink, struct err *err);
void file_sink_free(struct file_sink *sink);
void file_sink_freep(struct file_sink **sink);

/* ERR_TARGET with a hint when this entry could not be written as the options say. Parents before
 * what they hold. Writes nothing. Without FILE_EXISTING_REPLACE a resumed target is checked when
 * it is written. */
MUST_CHECK int file_sink_check(struct file_sink *sink, const char *path,
			       const struct entry *entry, struct err *err);

MUST_CHECK int file_sink_start(struct file_sink *sink, struct err *err);

/* "" is the target itself: its metadata is set only if the restore made it. */
MUST_CHECK int file_sink_directory(struct file_sink *sink, const char *path,
				   const struct entry *entry, struct err *err);

enum file_sink_answer {
	FILE_SINK_WRITE,    /* made; of a file with content, all of it is wanted */
	FILE_SINK_CONTINUE, /* half-written by an earlier run: see file_sink_existing() */
	FILE_SINK_DONE,	    /* an earlier run has restored it */
	FILE_SINK_SKIP,	    /* left as it is, or cannot be made here (counted, told) */
	FILE_SINK_LINK,	    /* becomes a hard link, or a copy, of one that came before */
};

/* Symbolic links, FIFOs, devices, and files without content. */
MUST_CHECK int file_sink_special(struct file_sink *sink, const char *path,
				 const struct entry *entry,
				 enum file_sink_answer *ret_answer, struct err *err);

/* With FILE_SINK_WRITE or _CONTINUE, *ret_file is the number for the calls below. */
MUST_CHECK int file_sink_begin_file(struct file_sink *sink, const char *path,
				    const struct entry *entry,
				    enum file_sink_answer *ret_answer, uint32_t *ret_file,
				    struct err *err);

/* Offsets are those in the file, holes included. ERR_NO_SPACE when the disk is full: then
 * file_sink_free() removes the temporary files. */
MUST_CHECK int file_sink_write(struct file_sink *sink, uint32_t file, uint64_t offset,
			       struct slice bytes, struct err *err);

/* What an earlier run left at an offset; the caller verifies it. */
MUST_CHECK int file_sink_existing(struct file_sink *sink, uint32_t file, uint64_t offset,
				  uint8_t *to, size_t len, struct err *err);

/* All of it was written: its metadata is set, and it gets its name with the next batch. */
MUST_CHECK int file_sink_finish_file(struct file_sink *sink, uint32_t file,
				     struct err *err);

/* Its content cannot be had: what there is of it is removed, and so are the names that would be
 * hard links to it (counted, told). From any thread, but not during calls for this file. */
MUST_CHECK int file_sink_give_up(struct file_sink *sink, uint32_t file, struct err *err);

/* Everything is on disk under its name; the marker is gone. */
MUST_CHECK int file_sink_finish(struct file_sink *sink, struct err *err);

struct file_sink_counts {
	uint64_t files, directories, specials; /* restored by this run */
	uint64_t links;			       /* hard links made */
	uint64_t copies;       /* copies made where a hard link was not possible */
	uint64_t already_done; /* by an earlier run */
	uint64_t skipped;      /* existed, or could not be made here */
	uint64_t given_up;     /* files, and names of them */
	uint64_t owner_failures, mode_failures, xattr_failures, time_failures;
	uint64_t owners_left, xattrs_left; /* only root may set them, and we are not */
};
struct file_sink_counts file_sink_counts(struct file_sink *sink);

#endif
