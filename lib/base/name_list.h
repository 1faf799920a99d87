/* SPDX-License-Identifier: Apache-2.0 */
/* The names of one directory, sorted bytewise, in one piece of memory: the bytes of each name,
 * its NUL and 4 bytes more. A directory of 10^6 entries takes about 30 MB while it is read. */
#ifndef BASE_NAME_LIST_H
#define BASE_NAME_LIST_H

#include "base/buf.h"
#include "base/vec.h"

struct name_list {
	struct buf text;    /* names with their NULs */
	struct vec offsets; /* of uint32_t, into text */
};

enum { NAME_LIST_BYTES_MAX = INT32_MAX };

void name_list_init(struct name_list *list);
void name_list_release(struct name_list *list);

/* Adds a copy. ERR_LIMIT past NAME_LIST_BYTES_MAX. */
MUST_CHECK int name_list_add(struct name_list *list, const char *name, struct err *err);

/* Adds all names of an open directory but "." and "..", sorted. dir_fd stays open; its read
 * position is not used. On failure the list holds what could be read, sorted. */
MUST_CHECK int name_list_read(struct name_list *list, int dir_fd, struct err *err);

void name_list_sort(struct name_list *list);
size_t name_list_count(const struct name_list *list);
const char *name_list_at(const struct name_list *list, size_t i);

#endif
