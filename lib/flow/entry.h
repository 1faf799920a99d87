/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a tree: a file, directory or special file with all that a restore needs. */
#ifndef FLOW_ENTRY_H
#define FLOW_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

enum entry_type {
	ENTRY_FILE = 'f',
	ENTRY_DIRECTORY = 'd',
	ENTRY_SYMLINK = 'l',
	ENTRY_FIFO = 'p',
	ENTRY_CHAR_DEVICE = 'c',
	ENTRY_BLOCK_DEVICE = 'b',
};

enum {
	ENTRY_NAME_MAX = 255,
	ENTRY_TARGET_MAX = 4095,
	ENTRY_XATTRS_MAX = 1024,       /* attributes of one entry */
	ENTRY_XATTR_VALUE_MAX = 65536, /* bytes of one value; Linux's own limit */
	ENTRY_EXTENTS_MAX = 65536,     /* more: the smallest holes are stored as zeroes */
	ENTRY_FACTS_MAX = 64,
};

struct xattr {
	char *name;	/* with its namespace: "user.x", "system.posix_acl_access" */
	uint8_t *value; /* owned */
	size_t value_len;
};

/* A run of data in a sparse file; what lies between runs reads as zeroes. */
struct extent {
	uint64_t offset, len;
};

/* What a source knows of a file beyond its metadata, e.g. "rows" = "12". */
struct fact {
	char *key;
	char *value;
};

/* All pointers are owned by the entry. */
struct entry {
	enum entry_type type;
	char *name; /* one component; any bytes but NUL and '/'; "" only for the root */
	uint32_t mode; /* permission bits, 07777 */
	uint32_t uid, gid;
	char *user, *group; /* names, NULL when unknown */
	int64_t mtime_nsec;
	uint64_t size; /* of a file: its length, holes included */
	char *target;  /* of a symbolic link */
	uint32_t rdev_major, rdev_minor;
	uint32_t
		n_links; /* of a file: > 1 when link_device, link_inode identify its group */
	uint64_t link_device; /* small number, in order of appearance; not the system's */
	uint64_t link_inode;
	bool is_sparse;	    /* content holds only the bytes of `extents` */
	struct vec extents; /* of struct extent, ascending, disjoint */
	struct vec xattrs;  /* of struct xattr, ascending by name */
	struct vec facts;   /* of struct fact */
};

void entry_init(struct entry *entry, enum entry_type type, const char *name);
void entry_release(struct entry *entry);
void entry_copy(struct entry *to, const struct entry *from); /* `to` is uninitialised */
void entry_add_xattr(struct entry *entry, const char *name, struct slice value);
void entry_add_fact(struct entry *entry, const char *key, const char *format, ...)
	PRINTF_LIKE(3, 4);
const char *entry_fact(const struct entry *entry, const char *key); /* NULL when absent */
void entry_add_extent(struct entry *entry, uint64_t offset, uint64_t len);
uint64_t entry_content_len(const struct entry *entry); /* size, or the sum of extents */

#endif
