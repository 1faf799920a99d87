/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   acl   = version (u32, 2), entry...
 *   entry = tag (u16), permissions (u16, rwx = 4 2 1), id (u32)
 *
 * as the kernel gives and takes it, little-endian. The id counts for named users and groups
 * only. What an id is called is not known here and may differ where the archive is read: the
 * text has its number in place of the name, which readers take. libarchive's own numbers end
 * at 31 bits.
 *
 * libarchive keeps one value for the mode's group bits and the owning group's entry. Linux has
 * the mask in the mode, so both get what the ACL lets the owning group do: its entry less what
 * the mask takes. The whole entry is in the raw attribute, which the header has as well.
 */
#include "format/tar_acl.h"

#include <archive_entry.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

enum { ACL_VERSION = 2, ACL_ENTRY_LEN = 8, ID_MAX = 11, PERMISSIONS = 7 };

struct acl_entry {
	int tag; /* libarchive's; 0: none that is known */
	int permissions;
	uint32_t id;
};

static int tag_of(uint16_t kernel_tag)
{
	switch (kernel_tag) {
	case 0x01:
		return ARCHIVE_ENTRY_ACL_USER_OBJ;
	case 0x02:
		return ARCHIVE_ENTRY_ACL_USER;
	case 0x04:
		return ARCHIVE_ENTRY_ACL_GROUP_OBJ;
	case 0x08:
		return ARCHIVE_ENTRY_ACL_GROUP;
	case 0x10:
		return ARCHIVE_ENTRY_ACL_MASK;
	case 0x20:
		return ARCHIVE_ENTRY_ACL_OTHER;
	default:
		return 0;
	}
}

static struct acl_entry next_entry(struct cursor *c)
{
	struct acl_entry entry = {.tag = tag_of(cursor_u16(c))};

	entry.permissions = cursor_u16(c);
	entry.id = cursor_u32(c);
	return entry;
}

static bool is_valid(struct slice value)
{
	struct cursor c;

	cursor_init(&c, value);
	if (cursor_u32(&c) != ACL_VERSION || cursor_left(&c) % ACL_ENTRY_LEN != 0)
		return false;
	while (cursor_left(&c) > 0) {
		struct acl_entry entry = next_entry(&c);

		if (entry.tag == 0 || entry.permissions > PERMISSIONS)
			return false;
	}
	return !c.bad;
}

/* -1 for an attribute that holds no ACL. */
static int type_of(const char *attribute)
{
	if (strcmp(attribute, "system.posix_acl_access") == 0)
		return ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
	if (strcmp(attribute, "system.posix_acl_default") == 0)
		return ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
	return -1;
}

static void begin_entries(struct cursor *c, struct slice valid)
{
	cursor_init(c, valid);
	(void)cursor_u32(c); /* the version */
}

static int mask_of(struct slice valid)
{
	int mask = PERMISSIONS;
	struct cursor c;

	begin_entries(&c, valid);
	while (cursor_left(&c) > 0) {
		struct acl_entry entry = next_entry(&c);

		if (entry.tag == ARCHIVE_ENTRY_ACL_MASK)
			mask &= entry.permissions;
	}
	return mask;
}

void tar_acl_add(struct archive_entry *to, const char *attribute, struct slice value)
{
	int type = type_of(attribute);
	struct cursor c;

	if (type < 0 || !is_valid(value))
		return;
	begin_entries(&c, value);
	while (cursor_left(&c) > 0) {
		struct acl_entry entry = next_entry(&c);
		bool is_named = entry.tag == ARCHIVE_ENTRY_ACL_USER ||
				entry.tag == ARCHIVE_ENTRY_ACL_GROUP;
		char number[ID_MAX];

		if (type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS &&
		    entry.tag == ARCHIVE_ENTRY_ACL_GROUP_OBJ)
			entry.permissions &= mask_of(value);
		(void)snprintf(number, sizeof(number), "%" PRIu32, entry.id);
		/* refuses only what is not valid */
		(void)archive_entry_acl_add_entry(to, type, entry.permissions, entry.tag,
						  -1, is_named ? number : NULL);
	}
}
