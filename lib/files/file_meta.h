/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of files as entries: what stat and the extended attributes say, with the names of
 * owners looked up once each. For one thread. */
#ifndef FILES_FILE_META_H
#define FILES_FILE_META_H

#include <sys/stat.h>

#include "flow/entry.h"

struct file_meta;
struct file_meta *file_meta_new(void);
void file_meta_free(struct file_meta *meta);

/* Sets *ret_entry (uninitialised before) to what `st` says; `name` is one component. The type
 * must be one that entries know: file_meta_type(). Symbolic links get no target here. */
void file_meta_describe(struct file_meta *meta, const struct stat *st, const char *name,
			struct entry *ret_entry);

/* The entry type for a mode; false for sockets and what is unknown. */
bool file_meta_type(mode_t mode, enum entry_type *ret_type);

int64_t file_meta_nsec(const struct timespec *time); /* cut to what int64_t holds */

/*
 * Adds all extended attributes that can be read, ACLs and capabilities among them in the
 * kernel's raw form. `fd` may be an O_PATH descriptor. File systems without attributes
 * simply have none. Otherwise what could not be read is ERR_DENIED, ERR_LIMIT or ERR_IO
 * with a text for a note ("attribute user.x cannot be read: ..."); the entry is usable all
 * the same.
 */
MUST_CHECK int file_meta_add_xattrs(struct file_meta *meta, int fd, struct entry *entry,
				    struct err *err);

#endif
