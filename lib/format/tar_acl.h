/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX ACLs of tar entries, from the attributes that Linux keeps them in. */
#ifndef FORMAT_TAR_ACL_H
#define FORMAT_TAR_ACL_H

#include "base/buf.h"

struct archive_entry;

/* When the attribute is an ACL, adds it to the header as the text record that GNU tar, star and
 * bsdtar restore (SCHILY.acl.access or .default). Any other, or one that is no valid ACL, adds
 * nothing. The mode's group bits, which Linux takes from an ACL's mask, and the owning group's
 * entry in the text are then what the ACL lets the owning group do: the entry less what the mask
 * takes. So no reader grants that group more, be it one that knows no ACLs. */
void tar_acl_add(struct archive_entry *to, const char *attribute, struct slice value);

#endif
