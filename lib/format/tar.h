/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing of tar archives (pax), streamed to a callback: every kind of entry, names in any
 * bytes, times in nanoseconds, sparse files, attributes as SCHILY.xattr records and POSIX ACLs
 * as SCHILY.acl ones too, which GNU tar and bsdtar read. One thread at a time.
 *
 * The archive is whole only after tar_close(): an error, or tar_abandon(), leaves it without
 * the blocks that end it, so a reader sees that it broke off.
 */
#ifndef FORMAT_TAR_H
#define FORMAT_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum tar_type { /* as enum entry_type of flow/ */
		TAR_FILE = 'f',
		TAR_DIRECTORY = 'd',
		TAR_SYMLINK = 'l',
		TAR_FIFO = 'p',
		TAR_CHAR_DEVICE = 'c',
		TAR_BLOCK_DEVICE = 'b',
};

struct tar_xattr {
	const char *name; /* with its namespace, "user.x" */
	struct slice value;
};

struct tar_extent {
	uint64_t offset, len;
};

/* All borrowed; zero and NULL are what is absent. */
struct tar_entry {
	const char *path; /* relative, any bytes but NUL; a directory's slash is added */
	enum tar_type type;
	uint32_t mode; /* 07777 */
	uint32_t uid, gid;
	const char *user, *group;
	int64_t mtime_nsec;
	uint64_t size;		  /* of a file, holes included */
	const char *target;	  /* of a symbolic link */
	const char *hard_link_to; /* path of an earlier entry; then there is no content */
	uint32_t rdev_major, rdev_minor;
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
	bool is_sparse;			  /* content is only what the extents hold */
	const struct tar_extent *extents; /* ascending, disjoint, within size */
	size_t n_extents;
};

/* Takes the next bytes of the archive; its error comes out of the call that caused it. */
typedef int tar_write_fn(void *state, struct slice bytes, struct err *err);

struct tar_writer;
struct tar_writer *tar_new(tar_write_fn *write, void *state);

/* Begins an entry; for a file that is no hard link, tar_write() as often as needed and tar_end()
 * follow, else nothing does. ERR_UNSUPPORTED for an attribute with '=' in its name, which tar
 * cannot express. After any failure the writer only takes tar_abandon() or a tar_close()
 * that fails. Errors name the path. */
MUST_CHECK int tar_begin(struct tar_writer *tar, const struct tar_entry *entry,
			 struct err *err);
MUST_CHECK int tar_write(struct tar_writer *tar, struct slice bytes, struct err *err);
/* Fails unless exactly the entry's content was written. */
MUST_CHECK int tar_end(struct tar_writer *tar, struct err *err);

/* Ends the archive; frees the writer in any case. */
MUST_CHECK int tar_close(struct tar_writer *tar, struct err *err);
/* Frees without ending; NULL is fine. */
void tar_abandon(struct tar_writer *tar);

#endif
