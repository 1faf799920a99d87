/* SPDX-License-Identifier: Apache-2.0 */
#include "job/init_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"
#include "base/quote.h"
#include "net/url.h"
#include "repo/repo_format.h"

/* What is there when an init was cut off before quipu.json, which comes last, or when that was
 * lost: whose it is shows in the key log. */
static const char *const expected_in_root[] = {
	"keys",	     "packs",  "index",	  "bodies",	"packlists",
	"snapshots", "leases", "records", "lost+found", NULL};
static const char *const expected_in_keys[] = {"log", "wraps", NULL};

static bool is_expected(const char *name, const char *const *expected)
{
	if (strncmp(name, FILE_TEMP_PREFIX, strlen(FILE_TEMP_PREFIX)) == 0)
		return true;
	while (*expected != NULL && strcmp(*expected, name) != 0)
		expected++;
	return *expected != NULL;
}

/* A directory that is absent holds nothing; one that is none is for the store to refuse. */
static int check_names(const char *directory, const char *const *expected,
		       struct err *err)
{
	CLEANUP(name_list_release) struct name_list names;
	CLEANUP(fd_closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char shown[QUOTE_TEXT_MAX];

	name_list_init(&names);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_set_errno(err, errno, "%s", directory);
	if (name_list_read(&names, fd, err) < 0)
		return err_wrap(err, "%s", directory);
	for (size_t i = 0; i < name_list_count(&names); i++) {
		const char *name = name_list_at(&names, i);

		if (is_expected(name, expected))
			continue;
		(void)err_set(err, ERR_EXISTS, "%s is not empty: it holds %s", directory,
			      quote_string(name, shown));
		return err_hint(err, "a repository needs a directory of its own, for "
				     "example a new one in there");
	}
	return 0;
}

/* Absolute and without symbolic links, as far as the path exists; the rest as it is written. */
static char *resolve(const char *path, struct err *err)
{
	CLEANUP(mem_freep) char *existing = path_absolute(path, err);
	CLEANUP(mem_freep) char *rest = mem_strdup("");
	char real[PATH_MAX];

	if (existing == NULL)
		return NULL;
	while (realpath(existing, real) == NULL) {
		if (errno != ENOENT || strcmp(existing, "/") == 0) {
			(void)err_set_errno(err, errno, "%s", existing);
			return NULL;
		}
		char *longer = path_join(path_basename(existing), rest);
		char *shorter = path_dirname(existing);

		mem_free(rest);
		mem_free(existing);
		rest = longer;
		existing = shorter;
	}
	return path_join(real, rest);
}

static bool is_inside(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return true;
	return strncmp(path, directory, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

static int check_keys(const char *directory, const char *key_directory, struct err *err)
{
	CLEANUP(mem_freep) char *place = resolve(directory, err);
	CLEANUP(mem_freep) char *keys = NULL;

	if (place == NULL)
		return -1;
	keys = resolve(key_directory, err);
	if (keys == NULL)
		return -1;
	if (!is_inside(keys, place))
		return 0;
	(void)err_set(err, ERR_USAGE,
		      "the directory for the keys, %s, is inside the repository, %s",
		      key_directory, directory);
	return err_hint(err, "whoever copies the repository would have its keys; name "
			     "another directory with --keys");
}

static int check_directory(const char *directory, const char *key_directory,
			   struct err *err)
{
	CLEANUP(mem_freep) char *document = path_join(directory, REPO_DOCUMENT_KEY);
	CLEANUP(mem_freep) char *keys = path_join(directory, "keys");

	if (check_keys(directory, key_directory, err) < 0)
		return -1;
	if (access(document, F_OK) == 0)
		return 0;
	if (check_names(directory, expected_in_root, err) < 0)
		return -1;
	return check_names(keys, expected_in_keys, err);
}

/* The path itself or the first one above it that is there. */
static char *existing_part(const char *path)
{
	char *part = mem_strdup(path);

	while (access(part, F_OK) < 0 && errno == ENOENT) {
		char *above = path_dirname(part);

		mem_free(part);
		part = above;
	}
	return part;
}

int init_place_check(const char *url_text, const char *key_directory,
		     struct init_place *ret_place, struct err *err)
{
	struct init_place place = {0};
	struct url url;
	int result = 0;

	if (url_parse(url_text, &url, err) < 0)
		return -1;
	if (strcmp(url.scheme, "file") == 0) {
		result = check_directory(url.path, key_directory, err);
		if (result == 0) {
			place.existing = existing_part(url.path);
			place.directory = STEAL(url.path);
		}
	}
	url_release(&url);
	if (result == 0)
		*ret_place = place;
	return result;
}

void init_place_undo(const struct init_place *place)
{
	CLEANUP(mem_freep) char *at = mem_strdup(place->directory);

	/* One that is not there was not made, or is named twice ("a//b", "a/b/"). */
	while (at != NULL && strcmp(at, place->existing) != 0 &&
	       (rmdir(at) == 0 || errno == ENOENT)) {
		char *above = path_dirname(at);

		mem_free(at);
		at = above;
	}
}

void init_place_release(struct init_place *place)
{
	mem_free(place->directory);
	mem_free(place->existing);
	*place = (struct init_place){0};
}
