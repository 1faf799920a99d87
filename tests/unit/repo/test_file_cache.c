/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/rng.h"
#include "repo/content.h"
#include "repo/file_cache.h"
#include "repo/file_cache_internal.h"
#include "support/tempdir.h"

enum { NSEC = 1000 * 1000 * 1000 };

struct fixture {
	struct secret key;
	struct repo_identity identity;
	struct file_cache_owner owner;
	struct rng rng;
	char last_log[512];
	enum log_level last_level;
	struct log log;
};

static void keep_log(const struct log *log, enum log_level level, const char *text)
{
	struct fixture *f = log->state;

	(void)snprintf(f->last_log, sizeof(f->last_log), "%s", text);
	f->last_level = level;
}

static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){.rng = rng_seeded(1)};
	secret_set(&f->key, "0123456789abcdef0123456789abcdef", 32);
	f->owner = (struct file_cache_owner){&f->key, &f->identity, "hosts/alpha"};
	f->log = (struct log){.write = keep_log, .state = f};
}

static void fixture_release(struct fixture *f)
{
	secret_release(&f->key);
}

static const uint8_t SNAPSHOT[32] = {7, 7, 7};

static struct file_identity identity_of(uint64_t number)
{
	return (struct file_identity){
		.size = number,
		.inode = number + 1,
		.mtime_nsec = (int64_t)number,
		.ctime_nsec = (int64_t)number + 5,
		.read_nsec = INT64_MAX,
	};
}

/* Content of one chunk whose id starts with `number`. */
static void content_of(uint64_t number, struct content_ref *content)
{
	struct blob_ref chunk = {.raw_len = 3};

	content_ref_init(content);
	content->kind = CONTENT_CHUNKS;
	memcpy(chunk.id.bytes, &number, sizeof(number));
	vec_push(&content->chunks, &chunk);
}

static void add(struct file_cache_writer *writer, const char *name, uint64_t number)
{
	CLEANUP(content_ref_release) struct content_ref content = {0};
	const struct file_identity identity = identity_of(number);

	content_of(number, &content);
	file_cache_writer_add(writer, slice_of_string(name), &identity, &content, NULL);
}

static bool finds(struct file_cache *cache, const char *name, uint64_t number)
{
	const struct file_identity identity = identity_of(number);
	struct cached_content cached;

	if (!file_cache_find(cache, name, &identity, &cached))
		return false;
	assert_int_equal(cached.content.kind, CONTENT_CHUNKS);
	assert_memory_equal(vec_at(&cached.content.chunks, 0), &number, sizeof(number));
	cached_content_release(&cached);
	return true;
}

/* A cache of the files a, b/c, d. */
static void write_sample(struct fixture *f, const char *directory)
{
	CLEANUP(file_cache_writer_freep)
	struct file_cache_writer *writer =
		file_cache_writer_open(directory, &f->owner, &f->rng, &f->log);

	assert_non_null(writer);
	file_cache_writer_enter(writer, slice_of_string(""));
	add(writer, "a", 1);
	file_cache_writer_enter(writer, slice_of_string("b"));
	add(writer, "c", 2);
	file_cache_writer_leave(writer);
	add(writer, "d", 3);
	file_cache_writer_leave(writer);
	file_cache_writer_commit(writer, SNAPSHOT);
}

static struct file_cache *open_cache(struct fixture *f, const char *directory)
{
	uint8_t id[32] = {0};
	struct file_cache *cache = file_cache_open(directory, &f->owner, &f->log, id);

	if (cache != NULL)
		assert_memory_equal(id, SNAPSHOT, 32);
	return cache;
}

static char *path_of(const struct fixture *f, const char *directory, bool is_unfinished)
{
	return file_cache_path(directory, &f->owner, is_unfinished);
}

static bool exists(char *path)
{
	bool found = access(path, F_OK) == 0;

	mem_free(path);
	return found;
}

static void test_file_cache_find__in_the_same_walk(void **state)
{
	struct fixture f;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;

	fixture_init(&f);
	write_sample(&f, *state);
	cache = open_cache(&f, *state);
	assert_non_null(cache);
	file_cache_enter(cache, "");
	assert_true(finds(cache, "a", 1));
	file_cache_enter(cache, "b");
	assert_true(finds(cache, "c", 2));
	file_cache_leave(cache);
	assert_true(finds(cache, "d", 3));
	assert_false(finds(cache, "e", 3));
	file_cache_leave(cache);
	fixture_release(&f);
}

static void test_file_cache_find__what_was_added_and_removed(void **state)
{
	struct fixture f;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;

	fixture_init(&f);
	write_sample(&f, *state);
	cache = open_cache(&f, *state);
	file_cache_enter(cache, "");
	file_cache_enter(cache, "aa"); /* new */
	assert_false(finds(cache, "c", 2));
	file_cache_leave(cache);
	/* b is gone */
	assert_false(finds(cache, "c", 2));
	assert_true(finds(cache, "d", 3));
	file_cache_leave(cache);
	fixture_release(&f);
}

static void test_file_cache_find__a_file_became_a_directory(void **state)
{
	struct fixture f;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;

	fixture_init(&f);
	write_sample(&f, *state);
	cache = open_cache(&f, *state);
	file_cache_enter(cache, "");
	file_cache_enter(cache, "a");
	assert_false(finds(cache, "c", 2));
	file_cache_leave(cache);
	assert_false(finds(cache, "b", 2)); /* was a directory */
	assert_true(finds(cache, "d", 3));
	fixture_release(&f);
}

static void assert_differs(struct fixture *f, const char *directory,
			   struct file_identity identity)
{
	CLEANUP(file_cache_freep) struct file_cache *cache = open_cache(f, directory);
	struct cached_content cached;

	file_cache_enter(cache, "");
	assert_false(file_cache_find(cache, "a", &identity, &cached));
}

static void test_file_cache_find__each_part_of_the_identity_counts(void **state)
{
	struct file_identity identity;
	struct fixture f;

	fixture_init(&f);
	write_sample(&f, *state);
	identity = identity_of(1);
	identity.size++;
	assert_differs(&f, *state, identity);
	identity = identity_of(1);
	identity.inode++;
	assert_differs(&f, *state, identity);
	identity = identity_of(1);
	identity.mtime_nsec++;
	assert_differs(&f, *state, identity);
	identity = identity_of(1);
	identity.ctime_nsec--;
	assert_differs(&f, *state, identity);
	fixture_release(&f);
}

/* --- two random trees --- */

struct random_walk {
	struct file_cache_writer *writer; /* or */
	struct file_cache *cache;
	uint64_t seed, old_seed;
	size_t n_found, n_missed;
};

/* What a path is in the tree of a seed: nothing, a file, a directory. */
static unsigned kind_of(uint64_t seed, const char *path)
{
	uint8_t key[16] = {0};
	uint64_t common, own;

	common = siphash(key, slice_of_string(path));
	memcpy(key, &seed, sizeof(seed));
	own = siphash(key, slice_of_string(path));
	/* three quarters of the paths are the same in all trees */
	return (unsigned)(common % 4 != 0 ? common / 4 % 3 : own % 3);
}

static void visit_file(struct random_walk *walk, const char *path, bool was_there)
{
	const char *name = path_basename(path);
	uint64_t number = siphash((const uint8_t[16]){0}, slice_of_string(path)) / 2;
	bool found;

	if (walk->writer != NULL) {
		add(walk->writer, name, number);
		return;
	}
	found = finds(walk->cache, name, number);
	assert_int_equal(found, was_there && kind_of(walk->old_seed, path) == 1);
	walk->n_found += found;
	walk->n_missed += !found;
}

static void visit_directory(struct random_walk *walk, const char *path, unsigned depth,
			    bool was_there)
{
	static const char *const names[] = {"\x01", "a",  "a b", "aa",
					    "b",    "b-", "c",	 "\xff"};
	const char *name = path_basename(path);

	if (walk->writer != NULL)
		file_cache_writer_enter(walk->writer, slice_of_string(name));
	else
		file_cache_enter(walk->cache, name);
	for (size_t i = 0; i < ARRAY_SIZE(names) && depth < 6; i++) {
		CLEANUP(mem_freep) char *below = mem_printf("%s/%s", path, names[i]);
		unsigned kind = kind_of(walk->seed, below);

		if (kind == 1)
			visit_file(walk, below, was_there);
		if (kind == 2)
			visit_directory(walk, below, depth + 1,
					was_there && kind_of(walk->old_seed, below) == 2);
	}
	if (walk->writer != NULL)
		file_cache_writer_leave(walk->writer);
	else
		file_cache_leave(walk->cache);
}

static void test_file_cache_find__just_what_both_trees_have(void **state)
{
	size_t n_found = 0, n_missed = 0;

	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct random_walk walk = {.seed = seed, .old_seed = seed + 100};
		struct random_walk old = {.seed = walk.old_seed};
		struct fixture f;

		fixture_init(&f);
		old.writer = file_cache_writer_open(*state, &f.owner, &f.rng, &f.log);
		visit_directory(&old, "", 0, true);
		file_cache_writer_commit(old.writer, SNAPSHOT);
		file_cache_writer_free(old.writer);
		walk.cache = open_cache(&f, *state);
		visit_directory(&walk, "", 0, true);
		file_cache_free(walk.cache);
		assert_string_equal(f.last_log, "");
		n_found += walk.n_found;
		n_missed += walk.n_missed;
		fixture_release(&f);
	}
	assert_true(n_found > 1000);
	assert_true(n_missed > 100);
}

/* --- long content --- */

static void add_long(struct file_cache_writer *writer, const char *name,
		     const struct vec *ids)
{
	CLEANUP(content_ref_release) struct content_ref content = {0};
	const struct file_identity identity = identity_of(9);

	content_ref_init(&content);
	content.kind = CONTENT_NODE;
	content.level = 1;
	content.top.raw_len = 77;
	file_cache_writer_add(writer, slice_of_string(name), &identity, &content, ids);
}

static void test_file_cache_find__gives_all_ids_of_long_content(void **state)
{
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *writer = NULL;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	const struct file_identity identity = identity_of(9);
	struct cached_content cached;
	struct fixture f;
	struct vec ids;

	fixture_init(&f);
	vec_init(&ids, sizeof(struct blob_id));
	for (uint32_t i = 0; i < CONTENT_IDS_MAX; i++)
		memcpy(vec_push(&ids, NULL), &i, sizeof(i));
	writer = file_cache_writer_open(*state, &f.owner, &f.rng, &f.log);
	file_cache_writer_enter(writer, slice_of_string(""));
	add_long(writer, "passed over", &ids);
	add_long(writer, "wanted", &ids);
	add_long(writer, "without", NULL);
	add(writer, "z", 5);
	file_cache_writer_leave(writer);
	file_cache_writer_commit(writer, SNAPSHOT);
	cache = open_cache(&f, *state);
	file_cache_enter(cache, "");
	assert_true(file_cache_find(cache, "wanted", &identity, &cached));
	assert_int_equal(cached.content.level, 1);
	assert_int_equal(cached.ids.n, ids.n);
	assert_memory_equal(cached.ids.data, ids.data, ids.n * sizeof(struct blob_id));
	cached_content_release(&cached);
	assert_false(file_cache_find(cache, "without", &identity, &cached));
	assert_true(finds(cache, "z", 5));
	vec_release(&ids);
	fixture_release(&f);
}

static void test_file_cache_writer_add__leaves_out_what_is_too_young(void **state)
{
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *writer = NULL;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	CLEANUP(content_ref_release) struct content_ref content = {0};
	const int64_t age = (int64_t)CACHE_AGE_SEC * NSEC;
	struct file_identity identity = identity_of(1);
	struct fixture f;

	fixture_init(&f);
	content_of(1, &content);
	writer = file_cache_writer_open(*state, &f.owner, &f.rng, &f.log);
	file_cache_writer_enter(writer, slice_of_string(""));
	identity.read_nsec = identity.ctime_nsec + age;
	file_cache_writer_add(writer, slice_of_string("a old"), &identity, &content,
			      NULL);
	identity.read_nsec--;
	file_cache_writer_add(writer, slice_of_string("b young"), &identity, &content,
			      NULL);
	identity.read_nsec = INT64_MIN;
	file_cache_writer_add(writer, slice_of_string("c future"), &identity, &content,
			      NULL);
	file_cache_writer_leave(writer);
	file_cache_writer_commit(writer, SNAPSHOT);
	cache = open_cache(&f, *state);
	file_cache_enter(cache, "");
	assert_true(finds(cache, "a old", 1));
	assert_false(finds(cache, "b young", 1));
	assert_false(finds(cache, "c future", 1));
	fixture_release(&f);
}

/* --- what is not used --- */

static void test_file_cache_open__there_is_none(void **state)
{
	struct fixture f;

	fixture_init(&f);
	assert_null(open_cache(&f, *state));
	assert_string_equal(f.last_log, "no file cache: No such file or directory");
	assert_int_equal(f.last_level, LOG_DEBUG_LEVEL);
	assert_null(open_cache(&f, NULL));
	fixture_release(&f);
}

static void test_file_cache_open__of_another_key(void **state)
{
	struct fixture f;

	fixture_init(&f);
	write_sample(&f, *state);
	f.key.data[0] ^= 1;
	assert_null(open_cache(&f, *state));
	assert_string_equal(f.last_log, "file cache: damaged, unfinished or of another "
					"key: it is not used");
	assert_int_equal(f.last_level, LOG_DEBUG_LEVEL);
	fixture_release(&f);
}

static void test_file_cache_open__of_another_stream(void **state)
{
	CLEANUP(mem_freep) char *path = NULL;
	CLEANUP(mem_freep) char *other_path = NULL;
	struct fixture f;

	fixture_init(&f);
	write_sample(&f, *state);
	path = path_of(&f, *state, false);
	f.owner.stream = "hosts/beta";
	other_path = path_of(&f, *state, false);
	assert_int_equal(rename(path, other_path), 0);
	assert_null(open_cache(&f, *state));
	fixture_release(&f);
}

/* Whatever is cut off or changed: the walk goes on and finds nothing false. */
static void walk_damaged(struct fixture *f, const char *directory, struct slice bytes)
{
	CLEANUP(mem_freep) char *path = path_of(f, directory, false);
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	struct err err = {0};

	assert_int_equal(file_write(path, bytes, 0600, FILE_REPLACE, &err), 0);
	f->last_log[0] = '\0';
	cache = open_cache(f, directory);
	file_cache_enter(cache, "");
	(void)finds(cache, "a", 1);
	file_cache_enter(cache, "b");
	(void)finds(cache, "c", 2);
	file_cache_leave(cache);
	(void)finds(cache, "d", 3);
	file_cache_leave(cache);
	assert_string_not_equal(f->last_log, "");
	assert_int_equal(f->last_level, LOG_DEBUG_LEVEL);
}

static void test_file_cache_find__every_cut_and_every_changed_byte(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	CLEANUP(mem_freep) char *path = NULL;
	struct err err = {0};
	struct fixture f;

	fixture_init(&f);
	write_sample(&f, *state);
	path = path_of(&f, *state, false);
	assert_int_equal(file_read(path, 100000, &bytes, &err), 0);
	for (size_t i = 0; i < bytes.len; i += 3) {
		walk_damaged(&f, *state, slice_of(bytes.data, i));
		bytes.data[i] ^= 0x10;
		walk_damaged(&f, *state, buf_slice(&bytes));
		bytes.data[i] ^= 0x10;
	}
	fixture_release(&f);
}

/* --- files on disk --- */

static void test_file_cache_writer_free__without_commit_keeps_the_old(void **state)
{
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *writer = NULL;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	struct fixture f;

	fixture_init(&f);
	write_sample(&f, *state);
	writer = file_cache_writer_open(*state, &f.owner, &f.rng, &f.log);
	file_cache_writer_enter(writer, slice_of_string(""));
	file_cache_writer_free(writer);
	writer = NULL;
	assert_false(exists(path_of(&f, *state, true)));
	cache = open_cache(&f, *state);
	assert_non_null(cache);
	fixture_release(&f);
}

static void test_file_cache_writer_open__only_one_at_a_time(void **state)
{
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *writer = NULL;
	struct fixture f;

	fixture_init(&f);
	writer = file_cache_writer_open(*state, &f.owner, &f.rng, &f.log);
	assert_non_null(writer);
	assert_null(file_cache_writer_open(*state, &f.owner, &f.rng, &f.log));
	assert_string_equal(f.last_log, "no new file cache: another run is writing one");
	fixture_release(&f);
}

static void test_file_cache_writer_open__over_what_a_killed_run_left(void **state)
{
	CLEANUP(mem_freep) char *path = NULL;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	struct err err = {0};
	struct fixture f;

	fixture_init(&f);
	path = path_of(&f, *state, true);
	assert_int_equal(file_write(path,
				    slice_of_string("left behind, and longer than "
						    "what comes"),
				    0600, FILE_CREATE, &err),
			 0);
	write_sample(&f, *state);
	assert_false(exists(path_of(&f, *state, true)));
	cache = open_cache(&f, *state);
	file_cache_enter(cache, "");
	assert_true(finds(cache, "d", 3));
	fixture_release(&f);
}

static void test_file_cache_writer_open__says_why_it_cannot(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "file");
	CLEANUP(mem_freep) char *below = path_join(path, "directory");
	struct err err = {0};
	struct fixture f;

	fixture_init(&f);
	assert_int_equal(file_write(path, slice_of_string("x"), 0600, FILE_CREATE, &err),
			 0);
	assert_null(file_cache_writer_open(below, &f.owner, &f.rng, &f.log));
	assert_int_equal(f.last_level, LOG_WARNING_LEVEL);
	assert_non_null(strstr(f.last_log, "cannot write the file cache: "));
	assert_non_null(strstr(f.last_log, "; the next run reads all files"));
	fixture_release(&f);
}

static void test_file_cache__nothing_is_readable_in_the_file(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *writer = NULL;
	CLEANUP(mem_freep) char *path = NULL;
	struct err err = {0};
	struct fixture f;

	fixture_init(&f);
	writer = file_cache_writer_open(*state, &f.owner, &f.rng, &f.log);
	file_cache_writer_enter(writer, slice_of_string(""));
	add(writer, "telling-name", 1);
	file_cache_writer_leave(writer);
	file_cache_writer_commit(writer, SNAPSHOT);
	path = path_of(&f, *state, false);
	assert_int_equal(file_read(path, 100000, &bytes, &err), 0);
	assert_null(memmem(bytes.data, bytes.len, "telling-name", 12));
	assert_null(memmem(bytes.data, bytes.len, SNAPSHOT, 32));
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_cache_find__in_the_same_walk),
		tempdir_test(test_file_cache_find__what_was_added_and_removed),
		tempdir_test(test_file_cache_find__a_file_became_a_directory),
		tempdir_test(test_file_cache_find__each_part_of_the_identity_counts),
		tempdir_test(test_file_cache_find__just_what_both_trees_have),
		tempdir_test(test_file_cache_find__gives_all_ids_of_long_content),
		tempdir_test(test_file_cache_writer_add__leaves_out_what_is_too_young),
		tempdir_test(test_file_cache_open__there_is_none),
		tempdir_test(test_file_cache_open__of_another_key),
		tempdir_test(test_file_cache_open__of_another_stream),
		tempdir_test(test_file_cache_find__every_cut_and_every_changed_byte),
		tempdir_test(test_file_cache_writer_free__without_commit_keeps_the_old),
		tempdir_test(test_file_cache_writer_open__only_one_at_a_time),
		tempdir_test(test_file_cache_writer_open__over_what_a_killed_run_left),
		tempdir_test(test_file_cache_writer_open__says_why_it_cannot),
		tempdir_test(test_file_cache__nothing_is_readable_in_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
