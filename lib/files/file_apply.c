/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_apply.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/quote.h"

enum { NSEC_PER_SEC = 1000000000, PROC_PATH_MAX = 32 };

/* What the metadata goes to. An O_PATH descriptor takes few calls, but /proc/self/fd/N leads
 * to just the file it holds, also when that is a symbolic link. */
struct target {
	struct file_apply *apply;
	const struct entry *entry;
	const char *path;
	int fd;
	bool is_owned;		  /* it has the owner that it shall have */
	char proc[PROC_PATH_MAX]; /* "" for a usable descriptor */
};

void file_apply_init(struct file_apply *apply)
{
	*apply = (struct file_apply){.as_root = geteuid() == 0};
	atomic_init(&apply->owner_failures, 0);
	atomic_init(&apply->mode_failures, 0);
	atomic_init(&apply->xattr_failures, 0);
	atomic_init(&apply->time_failures, 0);
	atomic_init(&apply->owners_left, 0);
	atomic_init(&apply->xattrs_left, 0);
}

static void fail(const struct target *target, atomic_uint_fast64_t *counter,
		 const char *what, int error_number)
{
	uint64_t before = atomic_fetch_add(counter, 1);
	char quoted[QUOTE_TEXT_MAX];
	struct err err = {0};

	if (before >= APPLY_WARNINGS_MAX || target->apply->warn == NULL)
		return;
	err_set_errno(&err, error_number, "%s cannot be restored", what);
	target->apply->warn(target->apply->warn_state, quote_rooted(target->path, quoted),
			    err.msg);
}

static void apply_owner(struct target *target)
{
	const struct entry *entry = target->entry;
	struct file_apply *apply = target->apply;

	target->is_owned = entry->uid == geteuid() && entry->gid == getegid();
	if (!apply->as_root) {
		atomic_fetch_add(&apply->owners_left, target->is_owned ? 0 : 1);
		return;
	}
	if (fchownat(target->fd, "", entry->uid, entry->gid, AT_EMPTY_PATH) < 0)
		fail(target, &apply->owner_failures, "owner", errno);
	else
		target->is_owned = true;
}

static int set_xattr(const struct target *target, const struct xattr *xattr)
{
	if (target->proc[0] != '\0')
		return setxattr(target->proc, xattr->name, xattr->value, xattr->value_len,
				0);
	return fsetxattr(target->fd, xattr->name, xattr->value, xattr->value_len, 0);
}

static bool needs_root(const char *name)
{
	static const char *const prefixes[] = {"security.", "trusted."};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void fail_xattr(const struct target *target, const char *name, int error_number)
{
	struct file_apply *apply = target->apply;
	CLEANUP(mem_freep) char *what = NULL;
	char quoted[QUOTE_TEXT_MAX];

	if (!apply->as_root && error_number == EPERM && needs_root(name)) {
		atomic_fetch_add(&apply->xattrs_left, 1);
		return;
	}
	what = mem_printf("attribute %s", quote_string(name, quoted));
	fail(target, &apply->xattr_failures, what, error_number);
}

static bool has_xattr(const struct entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->xattrs.n; i++)
		if (strcmp(((const struct xattr *)vec_at(&entry->xattrs, i))->name,
			   name) == 0)
			return true;
	return false;
}

/* The default ACL of a directory that was there before may have given the new file one that
 * it never had. Hardly ever there, so a failure means nothing. */
static void remove_inherited_acls(const struct target *target)
{
	static const char access[] = "system.posix_acl_access";
	static const char inherited[] = "system.posix_acl_default";

	if (target->proc[0] != '\0')
		return;
	if (!has_xattr(target->entry, access))
		(void)fremovexattr(target->fd, access);
	if (target->entry->type == ENTRY_DIRECTORY &&
	    !has_xattr(target->entry, inherited))
		(void)fremovexattr(target->fd, inherited);
}

static void apply_xattrs(const struct target *target)
{
	const struct vec *xattrs = &target->entry->xattrs;

	remove_inherited_acls(target);
	for (size_t i = 0; i < xattrs->n; i++) {
		const struct xattr *xattr = vec_at(xattrs, i);

		if (set_xattr(target, xattr) < 0)
			fail_xattr(target, xattr->name, errno);
	}
}

static void apply_times(const struct target *target)
{
	int64_t nsec = target->entry->mtime_nsec % NSEC_PER_SEC;
	int64_t sec = target->entry->mtime_nsec / NSEC_PER_SEC;
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};

	if (nsec < 0) {
		nsec += NSEC_PER_SEC;
		sec--;
	}
	times[1] = (struct timespec){.tv_sec = sec, .tv_nsec = nsec};
	if (target->proc[0] != '\0' ? utimensat(target->fd, "", times, AT_EMPTY_PATH) < 0
				    : futimens(target->fd, times) < 0)
		fail(target, &target->apply->time_failures, "modification time", errno);
}

static mode_t allowed_mode(const struct target *target)
{
	mode_t mode = target->entry->mode & 07777;

	if (target->is_owned || target->entry->type == ENTRY_DIRECTORY)
		return mode;
	return mode & ~(mode_t)(S_ISUID | S_ISGID);
}

static void apply_mode(const struct target *target)
{
	mode_t mode = allowed_mode(target);

	if (target->entry->type == ENTRY_SYMLINK)
		return;
	if (target->proc[0] != '\0' ? chmod(target->proc, mode) < 0
				    : fchmod(target->fd, mode) < 0)
		fail(target, &target->apply->mode_failures, "mode", errno);
}

static void apply_all(struct target *target)
{
	apply_owner(target);
	apply_xattrs(target);
	apply_times(target);
	apply_mode(target);
}

void file_apply_open(struct file_apply *apply, int fd, const struct entry *entry,
		     const char *path)
{
	struct target target = {.apply = apply, .entry = entry, .path = path, .fd = fd};

	apply_all(&target);
}

void file_apply_path(struct file_apply *apply, int fd, const struct entry *entry,
		     const char *path)
{
	struct target target = {.apply = apply, .entry = entry, .path = path, .fd = fd};

	(void)snprintf(target.proc, sizeof(target.proc), "/proc/self/fd/%d", fd);
	apply_all(&target);
}
