/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/run_space.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { NAME_MAX_LEN = 24 };

static const char name_prefix[] = "run-";
static const char *const temporary_places[] = {"/var/tmp", "/tmp"};

static const char *run_name(uint64_t id, char out[static NAME_MAX_LEN])
{
	(void)snprintf(out, NAME_MAX_LEN, "%s%016" PRIx64, name_prefix, id);
	return out;
}

void run_space_init(struct run_space *space, int dir_fd, bool named,
		    const struct run_cipher *cipher)
{
	*space = (struct run_space){
		.dir_fd = dir_fd, .named = named, .own_fd = -1, .cipher = *cipher};
	vec_init(&space->committed, sizeof(uint64_t));
	vec_init(&space->dead, sizeof(uint64_t));
}

void run_space_release(struct run_space *space)
{
	fd_closep(&space->own_fd);
	vec_release(&space->committed);
	vec_release(&space->dead);
}

int run_space_open_temporary(int *ret_dir_fd, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(temporary_places); i++) {
		int fd = open(temporary_places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0) {
			*ret_dir_fd = fd;
			return 0;
		}
	}
	return err_set_errno(err, errno, "/tmp");
}

static bool is_same_directory(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Files that it made under names and did not commit stay until the cache is used again. */
bool run_space_move(struct run_space *space, const struct err *why)
{
	if (space->why.code == ERR_NONE)
		space->why = *why;
	while (space->next_place < ARRAY_SIZE(temporary_places)) {
		int fd = open(temporary_places[space->next_place++],
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && !is_same_directory(fd, space->dir_fd)) {
			fd_closep(&space->own_fd);
			space->dir_fd = space->own_fd = fd;
			space->named = false;
			return true;
		}
		fd_closep(&fd);
	}
	return false;
}

/* O_TMPFILE, or where the file system has no such thing a name that is gone at once. */
static int create_nameless(struct run_space *space, const char *name)
{
	int fd = openat(space->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	fd = openat(space->dir_fd, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)unlinkat(space->dir_fd, name, 0); /* at worst a file stays */
	return fd;
}

int run_space_create(struct run_space *space, struct run_shape shape,
		     struct run_writer **ret_writer, uint64_t *ret_id, struct err *err)
{
	char name[NAME_MAX_LEN];
	uint64_t id;
	int fd;

	rng_fill(space->cipher.rng, &id, sizeof(id));
	(void)run_name(id, name);
	if (space->named)
		fd = openat(space->dir_fd, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC,
			    0600);
	else
		fd = create_nameless(space, name);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot make a file for the index");
	if (run_writer_new(fd, id, &space->cipher, shape, ret_writer, err) < 0) {
		run_space_discard(space, id);
		return err_wrap(err, "index file %s", name);
	}
	*ret_id = id;
	return 0;
}

int run_space_open(struct run_space *space, const struct run_identity *identity,
		   struct run_shape shape, struct index_run **ret_run, struct err *err)
{
	char name[NAME_MAX_LEN];
	int fd = openat(space->dir_fd, run_name(identity->id, name),
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_set_errno(err, errno, "index file %s", name);
	if (index_run_open(fd, identity, &space->cipher, shape, ret_run, err) < 0)
		return err_wrap(err, "index file %s", name);
	return 0;
}

static bool contains(const struct vec *ids, uint64_t id)
{
	for (size_t i = 0; i < ids->n; i++) {
		if (*(const uint64_t *)vec_at(ids, i) == id)
			return true;
	}
	return false;
}

static void remove_file(const struct run_space *space, uint64_t id)
{
	char name[NAME_MAX_LEN];

	/* What cannot be removed takes space; the next start tries again. */
	(void)unlinkat(space->dir_fd, run_name(id, name), 0);
}

void run_space_discard(struct run_space *space, uint64_t id)
{
	if (!space->named)
		return;
	if (contains(&space->committed, id))
		vec_push(&space->dead, &id);
	else
		remove_file(space, id);
}

void run_space_committed(struct run_space *space, const struct vec *ids)
{
	for (size_t i = 0; i < space->dead.n; i++) {
		uint64_t id = *(const uint64_t *)vec_at(&space->dead, i);

		if (!contains(ids, id))
			remove_file(space, id);
	}
	vec_clear(&space->dead);
	vec_clear(&space->committed);
	for (size_t i = 0; i < ids->n; i++)
		vec_push(&space->committed, vec_at(ids, i));
}

static bool parse_name(const char *name, uint64_t *ret_id)
{
	char again[NAME_MAX_LEN];
	uint64_t id;

	if (strncmp(name, name_prefix, sizeof(name_prefix) - 1) != 0)
		return false;
	id = strtoull(name + sizeof(name_prefix) - 1, NULL, 16);
	if (strcmp(run_name(id, again), name) != 0)
		return false;
	*ret_id = id;
	return true;
}

static bool is_garbage(const struct run_space *space, const char *name)
{
	uint64_t id;

	if (strncmp(name, FILE_TEMP_PREFIX, sizeof(FILE_TEMP_PREFIX) - 1) == 0)
		return true;
	return parse_name(name, &id) && !contains(&space->committed, id);
}

int run_space_clean(struct run_space *space, struct err *err)
{
	struct dirent *entry;
	DIR *directory;
	int fd;

	if (!space->named)
		return 0;
	fd = openat(space->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (directory == NULL) {
		(void)err_set_errno(err, errno, "index cache");
		fd_closep(&fd);
		return -1;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (is_garbage(space, entry->d_name))
			(void)unlinkat(space->dir_fd, entry->d_name, 0);
	}
	(void)closedir(directory); /* it was only read */
	return 0;
}
