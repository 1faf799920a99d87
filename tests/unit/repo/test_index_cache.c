/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "repo/index_run.h"
#include "support/index_sample.h"
#include "support/tempdir.h"

struct fixture {
	struct index_sample s;
	char *directory;
	char *cache;
	char *url;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	void *directory = NULL;

	if (tempdir_setup(&directory) < 0)
		return -1;
	f->directory = directory;
	f->cache = path_join(f->directory, "cache");
	index_sample_init(&f->s);
	f->s.options.memory_bytes = 128 * 1024;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *directory = f->directory;

	index_sample_release(&f->s);
	mem_free(f->cache);
	mem_free(f->url);
	mem_free(f);
	return tempdir_teardown(&directory);
}

/* The store on disk, so that a killed child leaves what it put. */
static void use_file_store(struct fixture *f)
{
	struct err err = {0};

	store_free(f->s.repo.store);
	f->url = mem_printf("file://%s/repo", f->directory);
	if (store_open(f->url, true, &f->s.sample.rng, &f->s.repo.store, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Packs first … first + n - 1 of 100 blobs, a fragment for every four. */
static void add_packs(struct fixture *f, struct index *index, uint32_t first, uint32_t n)
{
	for (uint32_t pack = first; pack < first + n; pack++) {
		(void)index_sample_add(index, pack, 100);
		if (pack % 4 == 3)
			index_sample_flush(index, &f->s);
	}
	index_sample_flush(index, &f->s);
}

static void fill_cache(struct fixture *f, uint32_t n)
{
	struct index *index = index_sample_open(&f->s, f->cache);

	index_sample_update(index, &f->s);
	add_packs(f, index, 0, n);
	index_free(index);
}

static bool has_packs(struct index *index, uint32_t n)
{
	for (uint32_t pack = 0; pack < n; pack++) {
		if (!index_sample_has_pack(index, pack, 100))
			return false;
	}
	return true;
}

/* Files in the cache whose names begin so. */
static size_t count_files(const struct fixture *f, const char *prefix)
{
	DIR *directory = opendir(f->cache);
	size_t n = 0;

	assert_non_null(directory);
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	(void)closedir(directory);
	return n;
}

/* The largest run's path; the caller frees. */
static char *largest_run(const struct fixture *f)
{
	DIR *directory = opendir(f->cache);
	char *found = NULL;
	off_t size = -1;

	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		char *path = path_join(f->cache, entry->d_name);
		struct stat st = {0};

		if (strncmp(entry->d_name, "run-", 4) == 0 && stat(path, &st) == 0 &&
		    st.st_size > size) {
			mem_free(found);
			found = STEAL(path);
			size = st.st_size;
		}
		mem_free(path);
	}
	(void)closedir(directory);
	assert_non_null(found);
	return found;
}

static void damage(const char *path, off_t offset)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte = 0;

	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 0x40;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
	(void)close(fd);
}

static void damage_manifest(struct fixture *f, off_t offset)
{
	char *path = path_join(f->cache, "manifest");

	damage(path, offset);
	mem_free(path);
}

/* How many objects an update gets from the store. */
static uint64_t gets_of_update(struct fixture *f, struct index *index)
{
	uint64_t before = store_counters(f->s.repo.store).n_get;

	index_sample_update(index, &f->s);
	return store_counters(f->s.repo.store).n_get - before;
}

static void test_index_open__finds_all_from_the_cache(void **state)
{
	struct fixture *f = *state;

	fill_cache(f, 100);
	struct index *index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 100);
	assert_true(has_packs(index, 100));
	assert_int_equal(gets_of_update(f, index), 0);
	index_free(index);
	assert_string_equal(f->s.logged, "");
}

static void test_index_open__goes_on_where_the_cache_ended(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 10; i++) {
		struct index *index = index_sample_open(&f->s, f->cache);

		index_sample_update(index, &f->s);
		add_packs(f, index, i * 10, 10);
		index_free(index);
	}
	struct index *index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 100);
	assert_int_equal(index_n_blobs(index), 10000);
	assert_true(has_packs(index, 100));
	index_free(index);
	assert_true(count_files(f, "run-") < 30);
}

static void test_index_free__forgets_packs_without_a_fragment(void **state)
{
	struct fixture *f = *state;

	fill_cache(f, 4);
	struct index *index = index_sample_open(&f->s, f->cache);
	(void)index_sample_add(index, 50, 10);
	index_free(index);
	index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 4);
	assert_int_equal(index_sample_count(index, 50000), 0);
	index_free(index);
}

static void test_index_open__another_scope_begins_anew(void **state)
{
	struct fixture *f = *state;

	fill_cache(f, 4);
	f->s.options.n_signers = 0;
	struct index *index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 0);
	index_free(index);
	f->s.options.n_signers = 1;
	f->s.options.domain = "other";
	index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 0);
	index_free(index);
}

static void test_index_open__a_damaged_manifest_begins_anew(void **state)
{
	static const off_t places[] = {0, 5, 20, 60, 300};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		fill_cache(f, 20);
		damage_manifest(f, places[i]);
		struct index *index = index_sample_open(&f->s, f->cache);
		assert_int_equal(index_n_packs(index), 0);
		index_sample_update(index, &f->s);
		assert_true(has_packs(index, 20));
		index_free(index);
	}
}

static void test_index_open__a_missing_run_begins_anew(void **state)
{
	struct fixture *f = *state;

	fill_cache(f, 20);
	char *path = largest_run(f);
	assert_int_equal(unlink(path), 0);
	mem_free(path);
	struct index *index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 0);
	index_sample_update(index, &f->s);
	assert_true(has_packs(index, 20));
	index_free(index);
}

static void test_index_open__a_cut_run_begins_anew(void **state)
{
	struct fixture *f = *state;

	fill_cache(f, 20);
	char *path = largest_run(f);
	assert_int_equal(truncate(path, 2 * PAGE_LEN), 0);
	mem_free(path);
	struct index *index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 0);
	index_sample_update(index, &f->s);
	assert_true(has_packs(index, 20));
	index_free(index);
}

static void test_index_open__any_damaged_page_begins_anew(void **state)
{
	struct fixture *f = *state;

	for (off_t page = 0; page < 4; page++) {
		fill_cache(f, 100);
		char *path = largest_run(f);
		damage(path, page * PAGE_LEN + 5);
		mem_free(path);
		struct index *index = index_sample_open(&f->s, f->cache);
		assert_int_equal(index_n_packs(index), 0);
		index_sample_update(index, &f->s);
		assert_true(has_packs(index, 100));
		index_free(index);
	}
}

/* Damaged after it was opened. */
static void test_index_find__a_damaged_page_gives_the_cache_up(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	bool failed = false;

	fill_cache(f, 100);
	char *path = largest_run(f);
	struct index *index = index_sample_open(&f->s, f->cache);
	damage(path, 3 * PAGE_LEN + 5);
	mem_free(path);
	for (uint64_t blob = 0; blob < 100000 && !failed; blob++) {
		struct blob_place place;
		const struct blob_id id = sample_id(blob);
		size_t n = 0;

		failed = index_find(index, &id, &place, 1, &n, &err) < 0;
	}
	assert_true(failed);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "local index: page 2 does not decrypt");
	assert_non_null(strstr(err.hint, "made anew"));
	index_free(index);

	index = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(index), 0);
	index_sample_update(index, &f->s);
	assert_true(has_packs(index, 100));
	index_free(index);
}

static void test_index_update__meets_a_damaged_page_and_begins_anew(void **state)
{
	struct fixture *f = *state;

	fill_cache(f, 100);
	struct index *index = index_sample_open(&f->s, NULL); /* new fragments */
	index_sample_update(index, &f->s);
	add_packs(f, index, 100, 100);
	index_free(index);

	char *path = largest_run(f);
	index = index_sample_open(&f->s, f->cache);
	for (off_t page = 1; page < 60; page++)
		damage(path, page * PAGE_LEN + 5);
	mem_free(path);
	index_sample_update(index, &f->s); /* merges into the damaged run */
	assert_true(has_packs(index, 200));
	index_free(index);
	index = index_sample_open(&f->s, f->cache);
	assert_true(has_packs(index, 200));
	index_free(index);
}

static void test_index_open__a_second_process_works_on_a_private_copy(void **state)
{
	struct fixture *f = *state;

	fill_cache(f, 50);
	struct index *owner = index_sample_open(&f->s, f->cache);
	struct index *second = index_sample_open(&f->s, f->cache);
	assert_int_equal(index_n_packs(second), 50);
	size_t n_files = count_files(f, "run-");

	for (uint32_t pack = 1000; pack < 1050; pack++)
		(void)index_sample_add(second, pack, 100);
	index_sample_flush(second, &f->s);
	assert_int_equal(count_files(f, "run-"), n_files);
	/* the owner merges its runs away under the second one */
	index_sample_update(owner, &f->s);
	add_packs(f, owner, 50, 100);
	index_free(owner);
	assert_true(has_packs(second, 50));
	assert_true(index_sample_has_pack(second, 1049, 100));
	index_free(second);

	owner = index_sample_open(&f->s, f->cache);
	index_sample_update(owner, &f->s);
	assert_true(has_packs(owner, 150));
	assert_true(index_sample_has_pack(owner, 1049, 100)); /* by its fragment */
	index_free(owner);
}

static void test_index_open__a_directory_that_cannot_be_is_a_warning(void **state)
{
	struct fixture *f = *state;

	struct index *index = index_sample_open(&f->s, "/dev/null/cache");
	(void)index_sample_add(index, 1, 10);
	assert_int_equal(index_sample_count(index, 1003), 1);
	index_free(index);
	assert_non_null(
		strstr(f->s.logged, "index cache /dev/null/cache cannot be used: "));
}

static void test_index_free__a_manifest_that_cannot_be_written_is_a_warning(void **state)
{
	struct fixture *f = *state;
	char *path = path_join(f->cache, "manifest/in-the-way");
	struct err err = {0};

	assert_int_equal(directory_create(path, 0700, &err), 0);
	fill_cache(f, 4);
	assert_non_null(strstr(f->s.logged, "index cache is not kept: "));
	struct index *index = index_sample_open(&f->s, f->cache);
	index_sample_update(index, &f->s);
	assert_true(has_packs(index, 4));
	index_free(index);
	mem_free(path);
}

static void test_index_open__holds_nothing_in_clear(void **state)
{
	struct fixture *f = *state;
	const struct blob_id id = sample_id(5050);
	char *path = NULL;
	int fd = -1;

	fill_cache(f, 20);
	path = largest_run(f);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	uint8_t *bytes = mem_alloc((size_t)st.st_size);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	assert_null(memmem(bytes, (size_t)st.st_size, id.bytes, 8));
	mem_free(bytes);
	mem_free(path);
	(void)close(fd);
}

/* A child that works on the cache until it is killed at some store call or file. */
static void work_and_die(struct fixture *f, unsigned steps)
{
	struct index *index = index_sample_open(&f->s, f->cache);
	unsigned step = 0;

	index_sample_update(index, &f->s);
	uint32_t first = index_n_packs(index);
	for (uint32_t pack = first; pack < first + 30; pack++) {
		(void)index_sample_add(index, pack, 100);
		if (++step == steps)
			_exit(0);
		if (pack % 3 == 0)
			index_sample_flush(index, &f->s);
		if (++step == steps)
			_exit(0);
	}
	index_sample_flush(index, &f->s);
	if (++step == steps)
		_exit(0);
	index_free(index);
	_exit(0);
}

static void test_index_open__after_a_process_that_ended_anywhere(void **state)
{
	struct fixture *f = *state;
	uint32_t n_packs = 0;

	use_file_store(f);
	for (unsigned round = 0; round < 25; round++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0) {
			f->s.sample.rng = rng_seeded(100 + round);
			work_and_die(f, round * 7 % 64);
		}
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);

		struct index *index = index_sample_open(&f->s, f->cache);
		index_sample_update(index, &f->s);
		assert_true(index_n_packs(index) >= n_packs);
		n_packs = index_n_packs(index);
		assert_int_equal(index_n_blobs(index), n_packs * 100);
		assert_true(has_packs(index, n_packs));
		index_free(index);
	}
	assert_true(n_packs > 100);
	assert_true(count_files(f, "run-") < 40);
	assert_string_equal(f->s.logged, "");
}

/* Without it no file can be made there, root's neither; open ones stay readable. */
static void remove_cache(const struct fixture *f)
{
	DIR *directory = opendir(f->cache);

	assert_non_null(directory);
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			assert_int_equal(unlinkat(dirfd(directory), entry->d_name, 0), 0);
	(void)closedir(directory);
	assert_int_equal(rmdir(f->cache), 0);
}

static void test_index_add_pack__goes_on_when_the_cache_takes_no_more(void **state)
{
	struct fixture *f = *state;
	struct index *index;

	fill_cache(f, 40);
	index = index_sample_open(&f->s, f->cache);
	index_sample_update(index, &f->s);
	remove_cache(f);
	add_packs(f, index, 40, 120);
	assert_true(has_packs(index, 160));
	index_free(index);
	assert_non_null(strstr(f->s.logged, "index cache is not kept: "));
	assert_null(strstr(strchr(f->s.logged, '\n'), "index cache")); /* said once */

	f->s.logged[0] = '\0';
	index = index_sample_open(&f->s, f->cache);
	index_sample_update(index, &f->s);
	assert_true(has_packs(index, 160));
	index_free(index);
	assert_string_equal(f->s.logged, "");
}

/* Opens, adds and closes for ever, a byte into the pipe for every pack. */
static void work_until_killed(struct fixture *f, int to_parent)
{
	for (;;) {
		struct index *index = index_sample_open(&f->s, f->cache);

		index_sample_update(index, &f->s);
		for (unsigned i = 0; i < 10; i++) {
			add_packs(f, index, index_n_packs(index), 1);
			if (write(to_parent, "", 1) != 1)
				_exit(1);
		}
		index_free(index);
	}
}

/* Killed from outside, in the middle of whatever it does after so many packs. */
static void kill_after(struct fixture *f, unsigned n_packs, uint64_t seed)
{
	uint8_t byte;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		f->s.sample.rng = rng_seeded(seed);
		work_until_killed(f, ends[1]);
	}
	assert_true(child > 0);
	for (unsigned i = 0; i < n_packs; i++)
		assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void test_index_open__after_kill_9(void **state)
{
	struct fixture *f = *state;
	uint32_t n_packs = 0;

	use_file_store(f);
	for (unsigned round = 0; round < 20; round++) {
		kill_after(f, 1 + round * 3 % 31, 200 + round);
		struct index *index = index_sample_open(&f->s, f->cache);
		index_sample_update(index, &f->s);
		assert_true(index_n_packs(index) > n_packs);
		n_packs = index_n_packs(index);
		assert_int_equal(index_n_blobs(index), n_packs * 100);
		assert_true(has_packs(index, n_packs));
		index_free(index);
		assert_string_equal(f->s.logged, "");
	}
}

#define cache_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cache_test(test_index_open__finds_all_from_the_cache),
		cache_test(test_index_open__goes_on_where_the_cache_ended),
		cache_test(test_index_free__forgets_packs_without_a_fragment),
		cache_test(test_index_open__another_scope_begins_anew),
		cache_test(test_index_open__a_damaged_manifest_begins_anew),
		cache_test(test_index_open__a_missing_run_begins_anew),
		cache_test(test_index_open__a_cut_run_begins_anew),
		cache_test(test_index_open__any_damaged_page_begins_anew),
		cache_test(test_index_find__a_damaged_page_gives_the_cache_up),
		cache_test(test_index_update__meets_a_damaged_page_and_begins_anew),
		cache_test(test_index_open__a_second_process_works_on_a_private_copy),
		cache_test(test_index_open__a_directory_that_cannot_be_is_a_warning),
		cache_test(
			test_index_free__a_manifest_that_cannot_be_written_is_a_warning),
		cache_test(test_index_add_pack__goes_on_when_the_cache_takes_no_more),
		cache_test(test_index_open__holds_nothing_in_clear),
		cache_test(test_index_open__after_a_process_that_ended_anywhere),
		cache_test(test_index_open__after_kill_9),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
