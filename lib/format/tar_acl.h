/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX ACLs of tar entries, from the attributes that Linux keeps them in. */
#ifndef FORMAT_TAR_ACL_H
#define FORMAT_TAR_ACL_H

#include "base/buf.h"

struct archive_entry;

/* When the attribute is an ACL, adds it to the header as the text record that GNU tar, star and
 * bsdtar restore (SCHILY.acl.access or .default). Any other, or one that is no valid ACL, adds
 * nothing. The mode's group bits, which Linux takes from an ACL's mask, are then those of the
 * owning group: readers that know no ACLs grant no more than the ACL did. */
void tar_acl_add(struct archive_entry *to, const char *attribute, struct slice value);

#endif
