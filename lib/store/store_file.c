/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file an object. file_write_at() gives it its name with all of the content or not at all,
 * and only when no other has it: that is the conditional create. A temporary file that a killed
 * run left has a name that a listing never shows. Directories that got an entry are synced
 * before a put returns. Everything is opened beneath the root, never through a symbolic link.
 */
#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"
#include "base/pool.h"
#include "base/quote.h"
#include "base/vec.h"
#include "store/store_driver.h"

enum { DIRECTORY_MODE = 0700, OBJECT_MODE = 0400 };

struct file_store {
	int root;
	struct mutex *mutex;
	struct map *tidied; /* directories that this run has put into; under mutex */
};

static int64_t modified_nsec(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static int sync_directory(int root, const char *relative, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;

	if (path_open_beneath(root, relative, O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0)
		return -1;
	return fd_sync(fd, err);
}

/* Makes the directories of `key` and syncs every one that may have got a new entry. */
static int make_parents(int root, const char *key, struct err *err)
{
	CLEANUP(mem_freep) char *directory = path_dirname(key);

	if (path_mkdir_beneath(root, directory, DIRECTORY_MODE, err) < 0)
		return -1;
	for (char *slash = directory + strlen(directory); slash != NULL;
	     slash = strrchr(directory, '/')) {
		*slash = '\0';
		if (sync_directory(root, directory, err) < 0)
			return -1;
	}
	return sync_directory(root, "", err);
}

static int open_parent(int root, const char *key, int *ret_fd, const char **ret_name,
		       struct err *err)
{
	struct err first = {0};

	if (path_open_parent_beneath(root, key, ret_fd, ret_name, &first) == 0)
		return 0;
	if (first.code != ERR_NOT_FOUND) {
		*err = first;
		return -1;
	}
	if (make_parents(root, key, err) < 0)
		return -1;
	return path_open_parent_beneath(root, key, ret_fd, ret_name, err);
}

/* Is it the first time that this run puts into the directory? */
static bool is_first_put(struct file_store *store, const char *directory)
{
	LOCKED(store->mutex);
	if (map_get(store->tidied, slice_of_string(directory)) != NULL)
		return false;
	map_set(store->tidied, slice_of_string(directory), store);
	return true;
}

/* What killed runs left in a directory goes when the next run puts there. The object that it has
 * put just now tells the storage's time. */
static void tidy(int parent, const char *name)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		file_remove_leftovers(parent, modified_nsec(&st));
}

/* Who meets a mount or an owner here is told so in words of a repository. */
static int put_failed(struct err *err)
{
	if (err->code == ERR_DENIED)
		(void)err_hint(err, "this writes to the repository: see that it is not "
				    "mounted read-only and that this user may make "
				    "files in it");
	return -1;
}

static int file_put(void *state, const char *key, struct slice bytes,
		    const struct store_put_options *options, struct err *err)
{
	struct file_store *store = state;
	CLEANUP(fd_closep) int parent = -1;
	CLEANUP(mem_freep) char *directory = path_dirname(key);
	struct file_target target = {.path = key, .mode = OBJECT_MODE};

	if (open_parent(store->root, key, &parent, &target.name, err) < 0) {
		(void)put_failed(err);
		return err_wrap(err, "put %s", key);
	}
	target.dir_fd = parent;
	if (file_write_at(&target, bytes,
			  options->mode == STORE_PUT_REPLACE ? FILE_REPLACE : FILE_CREATE,
			  err) < 0)
		return put_failed(err);
	if (is_first_put(store, directory))
		tidy(parent, target.name);
	return sync_directory(store->root, strcmp(directory, ".") == 0 ? "" : directory,
			      err);
}

/* Opens an object; what is not a regular file is as good as absent. */
static int open_object(const struct file_store *store, const char *key, int *ret_fd,
		       struct store_info *ret_info, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	struct stat st;

	if (path_open_beneath(store->root, key, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_set_errno(err, errno, "%s", key);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_NOT_FOUND, "%s: not a regular file", key);
	*ret_info = (struct store_info){
		.size = (uint64_t)st.st_size,
		.modified_nsec = modified_nsec(&st),
		.is_latest = true,
	};
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int file_get_range(void *state, const char *key, uint64_t offset, size_t len,
			  uint8_t *to, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	struct store_info info;

	if (open_object(state, key, &fd, &info, err) < 0)
		return -1;
	if (fd_pread_exact(fd, offset, to, len, err) < 0)
		return err_wrap(err, "%s", key);
	return 0;
}

static int file_get(void *state, const char *key, const char *version, size_t max,
		    struct buf *ret_bytes, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	struct store_info info;

	if (version[0] != '\0')
		return err_set(err, ERR_NOT_FOUND, "%s: no version %s", key, version);
	if (open_object(state, key, &fd, &info, err) < 0)
		return -1;
	if (info.size > max)
		return err_set(err, ERR_LIMIT, "%s: %ju bytes, expected at most %zu", key,
			       (uintmax_t)info.size, max);
	buf_clear(ret_bytes);
	if (fd_pread_exact(fd, 0, buf_extend(ret_bytes, (size_t)info.size),
			   (size_t)info.size, err) < 0)
		return err_wrap(err, "%s", key);
	return 0;
}

static int file_head(void *state, const char *key, struct store_info *ret_info,
		     struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;

	return open_object(state, key, &fd, ret_info, err);
}

struct listing {
	const struct file_store *store;
	store_each_fn *each;
	void *arg;
	uint64_t *foreign;
};

/* Adds a name, or counts it as foreign. Whatever cannot be looked at may be an object: then the
 * listing fails, since a part of one that is taken for the whole hides the newest snapshot. */
static int add_name(const struct listing *listing, int fd, const char *name,
		    struct strings *names, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT) /* deleted since the names were read */
			return 0;
		return err_set_errno(err, errno, "cannot examine %s",
				     quote_string(name, shown));
	}
	if (!store_key_valid(name) ||
	    strncmp(name, FILE_TEMP_PREFIX, strlen(FILE_TEMP_PREFIX)) == 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		++*listing->foreign;
		return 0;
	}
	CLEANUP(mem_freep)
	char *shape = mem_printf("%s%s", name, S_ISDIR(st.st_mode) ? "/" : "");
	strings_add(names, shape);
	return 0;
}

/* Names in a directory; directories end in '/', so that sorting gives the order of keys. */
static int read_names(const struct listing *listing, const char *directory,
		      struct strings *names, struct err *err)
{
	CLEANUP(name_list_release) struct name_list all;
	CLEANUP(fd_closep) int fd = -1;
	int result;

	name_list_init(&all);
	if (path_open_beneath(listing->store->root, directory, O_RDONLY | O_DIRECTORY, 0,
			      &fd, err) < 0)
		return -1;
	result = name_list_read(&all, fd, err);
	for (size_t i = 0; result == 0 && i < name_list_count(&all); i++)
		result = add_name(listing, fd, name_list_at(&all, i), names, err);
	if (result < 0)
		return err_wrap(err, "%s/", directory[0] != '\0' ? directory : ".");
	strings_sort(names);
	return 0;
}

static int list_directory(const struct listing *listing, const char *directory,
			  struct err *err);

static int list_name(const struct listing *listing, const char *directory,
		     const char *name, struct err *err)
{
	CLEANUP(mem_freep)
	char *key =
		mem_printf("%s%s%s", directory, directory[0] != '\0' ? "/" : "", name);
	size_t len = strlen(key);
	struct store_info info;
	struct err gone = {0};

	if (len > STORE_KEY_MAX) {
		++*listing->foreign;
		return 0;
	}
	if (key[len - 1] == '/') {
		key[len - 1] = '\0';
		return list_directory(listing, key, err);
	}
	if (file_head((void *)(uintptr_t)listing->store, key, &info, &gone) == 0)
		return listing->each(listing->arg, key, &info, err);
	if (gone.code == ERR_NOT_FOUND) /* deleted since the names were read */
		return 0;
	*err = gone;
	return -1;
}

/* Recursion ends at STORE_KEY_MAX / 2 levels, since every level adds two bytes to the key. */
static int list_directory(const struct listing *listing, const char *directory,
			  struct err *err)
{
	struct strings names;
	int result;

	strings_init(&names);
	result = read_names(listing, directory, &names, err);
	for (size_t i = 0; result == 0 && i < strings_count(&names); i++)
		result = list_name(listing, directory, strings_at(&names, i), err);
	strings_release(&names);
	return result;
}

static int file_list(void *state, const char *prefix, store_each_fn *each, void *arg,
		     uint64_t *ret_foreign, struct err *err)
{
	struct listing listing = {
		.store = state, .each = each, .arg = arg, .foreign = ret_foreign};
	size_t len = strlen(prefix);
	CLEANUP(mem_freep) char *directory = mem_strndup(prefix, len > 0 ? len - 1 : 0);
	CLEANUP(fd_closep) int fd = -1;
	struct err absent = {0};

	*ret_foreign = 0;
	if (path_open_beneath(listing.store->root, directory, O_RDONLY | O_DIRECTORY, 0,
			      &fd, &absent) < 0) {
		if (absent.code == ERR_NOT_FOUND)
			return 0;
		*err = absent;
		return -1;
	}
	return list_directory(&listing, directory, err);
}

static int file_versions(void *state, const char *key, store_each_fn *each, void *arg,
			 struct err *err)
{
	struct store_info info;

	if (file_head(state, key, &info, err) < 0)
		return -1;
	return each(arg, key, &info, err);
}

static int file_remove(void *state, const char *key, const char *version, struct err *err)
{
	struct file_store *store = state;
	CLEANUP(fd_closep) int parent = -1;
	const char *name;
	struct err absent = {0};

	(void)version;
	if (path_open_parent_beneath(store->root, key, &parent, &name, &absent) < 0) {
		if (absent.code == ERR_NOT_FOUND)
			return 0;
		*err = absent;
		return -1;
	}
	if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
		return err_set_errno(err, errno, "delete %s", key);
	return 0;
}

static struct store_features file_features(const void *state)
{
	(void)state;
	return (struct store_features){.conditional_put = true};
}

static void file_close(void *state)
{
	struct file_store *store = state;

	(void)close(store->root);
	map_free(store->tidied);
	mutex_free(store->mutex);
	mem_free(store);
}

static int open_failed(const char *url, int error_number, struct err *err)
{
	(void)err_set_errno(err, error_number, "cannot open the repository %s", url);
	if (err->code == ERR_DENIED)
		(void)err_hint(err, "its directory belongs to another user, or one above "
				    "it lets nobody else through");
	return -1;
}

int store_file_open(const char *directory, const char *url, bool create, struct rng *rng,
		    struct store **ret_store, struct err *err)
{
	static const struct store_driver driver = {
		.name = "file",
		.put = file_put,
		.get_range = file_get_range,
		.get = file_get,
		.head = file_head,
		.list = file_list,
		.versions = file_versions,
		.remove = file_remove,
		.features = file_features,
		.close = file_close,
	};
	uint8_t hash_key[16];

	if (create && directory_create(directory, DIRECTORY_MODE, err) < 0)
		return err_wrap(err, "%s", url);
	int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, ERR_NO_REPO, "no repository at %s: %s", url,
			       errno == ENOENT ? "the directory does not exist"
					       : "not a directory");
	if (root < 0)
		return open_failed(url, errno, err);
	struct file_store *store = mem_zalloc(sizeof(*store));
	store->root = root;
	store->mutex = mutex_new();
	rng_fill(rng, hash_key, sizeof(hash_key));
	store->tidied = map_new(hash_key);
	*ret_store = store_new(&driver, store, url);
	return 0;
}
