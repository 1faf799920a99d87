/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of a file cache, as if somebody with the key had written nonsense: the input is
 * sealed into a cache and walked. Input: the script's length, the script (a name to enter or
 * find, or to leave), then the records.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/rng.h"
#include "repo/file_cache.h"
#include "repo/file_cache_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* A cache whose records are `bytes`, in a file without a name. */
static int seal(const struct file_cache_owner *owner, struct slice bytes)
{
	static const uint8_t id[32] = {0};
	CLEANUP(cache_output_freep) struct cache_output *output = NULL;
	struct rng rng = rng_seeded(1);
	struct err err = {0};
	int fd = memfd_create("cache", MFD_CLOEXEC);

	must(fd >= 0);
	must(cache_output_new(owner, &rng, fd, &output, &err) == 0);
	must(cache_output_write(output, bytes, &err) == 0);
	must(cache_output_end(output, id, &err) == 0);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void walk(struct file_cache *cache, struct slice script)
{
	static const struct file_identity identity = {0};
	size_t depth = 0;

	for (size_t i = 0; i < script.len; i++) {
		const char name[2] = {(char)('a' + script.data[i] % 8), '\0'};
		struct cached_content cached;

		if (script.data[i] < 100) {
			file_cache_enter(cache, depth == 0 ? "" : name);
			depth++;
		} else if (script.data[i] < 150 && depth > 0) {
			file_cache_leave(cache);
			depth--;
		} else if (file_cache_find(cache, name, &identity, &cached)) {
			must(cached.content.kind != CONTENT_NONE);
			cached_content_release(&cached);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(secret_release) struct secret key = {0};
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	struct repo_identity identity = {0};
	struct file_cache_owner owner = {&key, &identity, "s"};
	uint8_t id[32];
	size_t script_len;
	int fd;

	if (len < 1 || data[0] > len - 1)
		return 0;
	script_len = data[0];
	secret_init(&key, 32);
	fd = seal(&owner, slice_of(data + 1 + script_len, len - 1 - script_len));
	cache = file_cache_open_fd(fd, &owner, NULL, id);
	must(cache != NULL);
	walk(cache, slice_of(data + 1, script_len));
	return 0;
}
