/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a walk, shared by the stack of directories (file_walk.c) and what is done with
 * one file (file_walk_take.c). */
#ifndef FILES_FILE_WALK_INTERNAL_H
#define FILES_FILE_WALK_INTERNAL_H

#include "base/name_list.h"
#include "files/file_meta.h"
#include "files/file_walk.h"

/* One directory on the way from "/" to where the walk is. */
struct walk_frame {
	struct entry entry; /* kept until the sink has it */
	size_t path_len;    /* of walk.path up to and with this directory */
	int fd; /* -1: closed for now, opened again when the walk comes back */
	dev_t device;
	ino_t inode;
	dev_t root_device;	/* of the named root that this lies in */
	struct plan_range plan; /* named paths below this directory */
	struct name_list names;
	size_t next;	/* of names */
	bool is_full;	/* all of it is taken, not only what `plan` names */
	bool is_sent;	/* the sink has opened it */
	bool is_linked; /* reached through a symbolic link in a named path */
};

struct walk {
	const struct source_plan *plan;
	const struct file_source_options *options;
	struct tree_sink *sink;
	const struct cancel *cancel;
	struct file_meta *meta;
	struct vec frames;    /* of struct walk_frame */
	struct buf path;      /* "a/b", without the first '/' */
	bool has_noted_links; /* between files that are not regular */
};

/* One name that is being looked at. */
struct walk_visit {
	const char *name; /* the last component of walk.path */
	int dir_fd;
	enum plan_naming naming;
	bool is_full;		/* taken with all that is in it */
	struct plan_range plan; /* named paths below it */
	enum selection_verdict verdict;
	struct stat st; /* of the name itself */
};

enum walk_outcome {
	WALK_FAILED = -1, /* an error of the sink */
	WALK_DONE,	  /* taken, or warned about */
	WALK_REPLACED,	  /* it is another type by now: look again */
};

/* Tells the sink about walk.path. */
void walk_warn(struct walk *walk, enum warn_kind kind, const char *message);
/* Says what a failed system call means for walk.path: vanished, or unreadable. */
void walk_warn_errno(struct walk *walk, const struct walk_visit *visit, const char *what,
		     int error_number);

/* Makes the sink open all directories down to the current one. */
MUST_CHECK int walk_send_directories(struct walk *walk, struct err *err);

/* Opens `name` with O_NOATIME where that is allowed. */
int walk_open(int dir_fd, const char *name, int flags);

/* Metadata of the open file, notes about what cannot be read. */
void walk_describe(struct walk *walk, int fd, const struct stat *st, const char *name,
		   struct entry *ret_entry);

enum walk_outcome walk_take_file(struct walk *walk, const struct walk_visit *visit,
				 struct err *err);
enum walk_outcome walk_take_special(struct walk *walk, const struct walk_visit *visit,
				    struct err *err);

#endif
