/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restore in the order of the packs instead of the files. First the tree is walked: the
 * target hears of directories, special files and files, and every piece of content is noted
 * on disk. Then the notes are sorted by pack and offset, and ranges of packs are fetched in
 * parallel; each blob is verified once and its bytes go to all the places that need them.
 * Memory is flat.
 *
 *   restore_plan_new()
 *   restore_plan_walk()      tells the target what there is
 *   restore_plan_estimate()  if somebody wants to know
 *   restore_plan_fetch()     brings the content
 *
 * A target that cannot keep any number of files open has them in batches: then the walk
 * fetches in between, and restore_plan_fetch() brings the last of them.
 */
#ifndef REPO_RESTORE_PLAN_H
#define REPO_RESTORE_PLAN_H

#include "base/pattern.h"
#include "flow/progress.h"
#include "repo/blob_reader.h"
#include "repo/body_format.h"

enum restore_answer {
	RESTORE_WRITE,	  /* all of its content is wanted */
	RESTORE_CONTINUE, /* some of it is there already: see existing() */
	RESTORE_PASS,	  /* none is wanted */
};

struct restore_target;
struct restore_target_ops {
	/* From the thread that walks; parents come before what is in them, "" is the root. */
	int (*directory)(struct restore_target *target, const char *path,
			 const struct entry *entry, struct err *err);
	/* Symbolic links, FIFOs, devices, and files without content. */
	int (*special)(struct restore_target *target, const char *path,
		       const struct entry *entry, struct err *err);
	/* Files with content. Unless it passes, *ret_file is a number that no other file has
	 * until this one was finished or given up. */
	int (*begin_file)(struct restore_target *target, const char *path,
			  const struct entry *entry, enum restore_answer *ret_answer,
			  uint32_t *ret_file, struct err *err);
	/* Of a file that continues: what is there, to be verified. A failure means that it is
	 * not there. NULL when no file ever continues. */
	int (*existing)(struct restore_target *target, uint32_t file, uint64_t offset,
			uint8_t *to, size_t len, struct err *err);

	/* From any threads at the same time; a file's pieces come in any order. Offsets are
	 * those in the file, holes included. */
	int (*write)(struct restore_target *target, uint32_t file, uint64_t offset,
		     struct slice bytes, struct err *err);
	/* All of a file was written, or was there; also from the thread that walks. */
	int (*finish_file)(struct restore_target *target, uint32_t file, struct err *err);
	/* Content of this file cannot be had; it will not be finished. May come several times
	 * for one file, from any thread; other content of it may still be written. 0 goes on
	 * with the others. NULL: the restore ends. */
	int (*lost)(struct restore_target *target, uint32_t file, const struct err *why,
		    struct err *err);
	/* Nothing more comes for a file that lost content: once, after everything that was
	 * fetched with it. May be NULL. */
	int (*give_up)(struct restore_target *target, uint32_t file, struct err *err);
	/* Entries of a directory cannot be read, or not all of them. 0 goes on behind it. NULL:
	 * the restore ends. */
	int (*lost_directory)(struct restore_target *target, const char *path,
			      const struct err *why, struct err *err);
};

struct restore_target {
	const struct restore_target_ops *ops;
};

/* All borrowed. */
struct restore_options {
	struct blob_reader *blobs;
	const struct snapshot_body *body;
	const struct selection *selection; /* NULL: everything */
	const char *scratch_directory;
	uint32_t batch_files; /* that are open at a time; 0: any number */
	bool is_expected; /* the progress knows all that will come; files passed count as done */
	const struct cancel *cancel;
	struct progress *progress; /* gets files and bytes, expected and done */
};

/* Is it the content that is at fault, and not the way to it? Then other content may be had, and
 * the walk and the fetch go on as far as the target does. */
bool restore_is_loss(const struct err *why);

struct restore_plan;
struct restore_plan *restore_plan_new(const struct restore_options *options);
void restore_plan_free(struct restore_plan *plan);
void restore_plan_freep(struct restore_plan **plan);

/* Once. An error of the target ends it; damage in the tree names the directory or file. */
MUST_CHECK int restore_plan_walk(struct restore_plan *plan, struct restore_target *target,
				 struct err *err);

struct restore_estimate {
	uint64_t directories, specials, files; /* that the target heard of */
	uint64_t files_passed;		       /* of them: no content wanted */
	uint64_t write_bytes;		/* content that is wanted and not there yet */
	uint64_t fetch_bytes, requests; /* to be read from the store */
};

/* After the walk. Reads no pack. */
MUST_CHECK int restore_plan_estimate(struct restore_plan *plan,
				     struct restore_estimate *ret_estimate,
				     struct err *err);

/*
 * After the walk. Only verified bytes reach the target. An error of the target, a store that
 * refuses or cannot be reached, or interruption ends it; then some files are not finished.
 */
MUST_CHECK int restore_plan_fetch(struct restore_plan *plan,
				  struct restore_target *target, struct err *err);

#endif
