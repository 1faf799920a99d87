/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners: names come from NSS, which may ask a server over the network for each one, so
 * answers (also "unknown") are kept in a small table, one slot per id modulo its size: a
 * tree with more owners than slots gets slower, not bigger.
 *
 * Attributes: f*xattr() does not work on O_PATH descriptors, and symbolic links, FIFOs and
 * devices must not be opened otherwise. /proc/self/fd/N reaches exactly the file that the
 * descriptor holds. Where /proc is missing those types lose their attributes, and that is
 * reported like any other attribute that cannot be read.
 */
#include "files/file_meta.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/quote.h"

enum {
	OWNER_SLOTS = 256,
	OWNER_RECORD_MAX =
		1024 * 1024, /* of one passwd or group record; groups are long */
	NSEC_PER_SEC = 1000000000,
	XATTR_LIST_BYTES = 65536, /* Linux's own limit */
};

struct owner {
	char *name; /* NULL: unknown */
	uint32_t id;
	bool is_set;
};

struct file_meta {
	struct owner users[OWNER_SLOTS], groups[OWNER_SLOTS];
	struct vec devices; /* of dev_t, in order of appearance */
	uint8_t xattr_value[ENTRY_XATTR_VALUE_MAX];
	char xattr_names[XATTR_LIST_BYTES];
};

struct file_meta *file_meta_new(void)
{
	struct file_meta *meta = mem_zalloc(sizeof(*meta));

	vec_init(&meta->devices, sizeof(dev_t));
	return meta;
}

void file_meta_free(struct file_meta *meta)
{
	if (meta == NULL)
		return;
	for (size_t i = 0; i < OWNER_SLOTS; i++) {
		mem_free(meta->users[i].name);
		mem_free(meta->groups[i].name);
	}
	vec_release(&meta->devices);
	mem_free(meta);
}

typedef char *owner_lookup_fn(uint32_t id, char *space, size_t len, int *ret_error);

static char *look_up_user(uint32_t id, char *space, size_t len, int *ret_error)
{
	struct passwd record, *found = NULL;

	*ret_error = getpwuid_r(id, &record, space, len, &found);
	return found != NULL ? found->pw_name : NULL;
}

static char *look_up_group(uint32_t id, char *space, size_t len, int *ret_error)
{
	struct group record, *found = NULL;

	*ret_error = getgrgid_r(id, &record, space, len, &found);
	return found != NULL ? found->gr_name : NULL;
}

static char *find_name(uint32_t id, owner_lookup_fn *look_up)
{
	for (size_t len = 4096; len <= OWNER_RECORD_MAX; len *= 4) {
		CLEANUP(mem_freep) char *space = mem_alloc(len);
		int error = 0;
		const char *name = look_up(id, space, len, &error);

		if (name != NULL)
			return strlen(name) <= UINT16_MAX ? mem_strdup(name) : NULL;
		if (error != ERANGE)
			return NULL;
	}
	return NULL;
}

static const char *owner_name(struct owner slots[static OWNER_SLOTS], uint32_t id,
			      owner_lookup_fn *look_up)
{
	struct owner *slot = &slots[id % OWNER_SLOTS];

	if (!slot->is_set || slot->id != id) {
		mem_free(slot->name);
		*slot = (struct owner){
			.name = find_name(id, look_up),
			.id = id,
			.is_set = true,
		};
	}
	return slot->name;
}

/* Numbers of devices change between boots, their order in a walk hardly does. */
static uint64_t device_number(struct file_meta *meta, dev_t device)
{
	const dev_t *known = meta->devices.data;

	for (size_t i = 0; i < meta->devices.n; i++)
		if (known[i] == device)
			return i + 1;
	vec_push(&meta->devices, &device);
	return meta->devices.n;
}

bool file_meta_type(mode_t mode, enum entry_type *ret_type)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		*ret_type = ENTRY_FILE;
		return true;
	case S_IFDIR:
		*ret_type = ENTRY_DIRECTORY;
		return true;
	case S_IFLNK:
		*ret_type = ENTRY_SYMLINK;
		return true;
	case S_IFIFO:
		*ret_type = ENTRY_FIFO;
		return true;
	case S_IFCHR:
		*ret_type = ENTRY_CHAR_DEVICE;
		return true;
	case S_IFBLK:
		*ret_type = ENTRY_BLOCK_DEVICE;
		return true;
	default:
		return false;
	}
}

int64_t file_meta_nsec(const struct timespec *time)
{
	int64_t nsec;

	if (__builtin_mul_overflow((int64_t)time->tv_sec, NSEC_PER_SEC, &nsec) ||
	    __builtin_add_overflow(nsec, (int64_t)time->tv_nsec, &nsec))
		return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return nsec;
}

void file_meta_describe(struct file_meta *meta, const struct stat *st, const char *name,
			struct entry *ret_entry)
{
	enum entry_type type = ENTRY_FILE;

	(void)file_meta_type(st->st_mode, &type); /* the caller has asked before */
	entry_init(ret_entry, type, name);
	ret_entry->mode = st->st_mode & 07777;
	ret_entry->uid = st->st_uid;
	ret_entry->gid = st->st_gid;
	ret_entry->user = mem_strdup(owner_name(meta->users, st->st_uid, look_up_user));
	ret_entry->group =
		mem_strdup(owner_name(meta->groups, st->st_gid, look_up_group));
	ret_entry->mtime_nsec = file_meta_nsec(&st->st_mtim);
	if (type == ENTRY_FILE)
		ret_entry->size = (uint64_t)st->st_size;
	if (type == ENTRY_FILE && st->st_nlink > 1) {
		ret_entry->n_links =
			st->st_nlink <= UINT32_MAX ? (uint32_t)st->st_nlink : UINT32_MAX;
		ret_entry->link_device = device_number(meta, st->st_dev);
		ret_entry->link_inode = st->st_ino;
	}
	if (type == ENTRY_CHAR_DEVICE || type == ENTRY_BLOCK_DEVICE) {
		ret_entry->rdev_major = major(st->st_rdev);
		ret_entry->rdev_minor = minor(st->st_rdev);
	}
}

enum { PROC_PATH_MAX = 32 };

/* A path by which an O_PATH descriptor's file is reached; "" for other descriptors. */
static const char *proc_path(int fd, char out[static PROC_PATH_MAX])
{
	int flags = fcntl(fd, F_GETFL);

	out[0] = '\0';
	if (flags >= 0 && (flags & O_PATH) != 0)
		(void)snprintf(out, PROC_PATH_MAX, "/proc/self/fd/%d", fd);
	return out;
}

static bool means_none(int error_number)
{
	return error_number == ENOTSUP || error_number == ENOSYS ||
	       error_number == ENODATA;
}

static int add_xattr(struct file_meta *meta, int fd, const char *path, const char *name,
		     struct entry *entry, struct err *err)
{
	ssize_t len = *path != '\0' ? getxattr(path, name, meta->xattr_value,
					       sizeof(meta->xattr_value))
				    : fgetxattr(fd, name, meta->xattr_value,
						sizeof(meta->xattr_value));
	char quoted[QUOTE_TEXT_MAX];

	if (len < 0 && means_none(errno)) /* removed since it was listed */
		return 0;
	if (len < 0)
		return err_set_errno(err, errno, "attribute %s cannot be read",
				     quote_string(name, quoted));
	if (entry->xattrs.n == ENTRY_XATTRS_MAX)
		return err_set(err, ERR_LIMIT, "has more than %d extended attributes",
			       ENTRY_XATTRS_MAX);
	entry_add_xattr(entry, name, slice_of(meta->xattr_value, (size_t)len));
	return 0;
}

int file_meta_add_xattrs(struct file_meta *meta, int fd, struct entry *entry,
			 struct err *err)
{
	char path[PROC_PATH_MAX];
	struct err first = {0}, next = {0};
	const char *end, *name;
	ssize_t len;

	proc_path(fd, path);
	len = *path != '\0'
		      ? listxattr(path, meta->xattr_names, sizeof(meta->xattr_names))
		      : flistxattr(fd, meta->xattr_names, sizeof(meta->xattr_names));
	if (len < 0 && means_none(errno))
		return 0;
	if (len < 0)
		return err_set_errno(err, errno, "extended attributes cannot be listed");
	end = meta->xattr_names + len;
	for (name = meta->xattr_names; name < end; name += strlen(name) + 1)
		if (add_xattr(meta, fd, path, name, entry, &next) < 0 && first.code == 0)
			first = next;
	if (first.code == ERR_NONE)
		return 0;
	*err = first;
	return -1;
}
