/* SPDX-License-Identifier: Apache-2.0 */
/* One contract, every driver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/process.h"
#include "store/store.h"
#include "store/store_driver.h"

struct place {
	struct store *store;
	struct clock clock;
	struct rng rng;
	char directory[64];
};

static int setup_memory(void **state)
{
	struct place *place = mem_zalloc(sizeof(*place));

	place->clock = clock_system();
	place->store = store_memory_new(&place->clock);
	*state = place;
	return 0;
}

static int setup_file(void **state)
{
	struct place *place = mem_zalloc(sizeof(*place));
	struct err err = {0};
	char url[128];

	place->rng = rng_system();
	(void)snprintf(place->directory, sizeof(place->directory),
		       "/tmp/quipu-store-XXXXXX");
	if (mkdtemp(place->directory) == NULL)
		return -1;
	(void)snprintf(url, sizeof(url), "file://%s/repo", place->directory);
	*state = place;
	return store_open(url, true, &place->rng, &place->store, &err);
}

/* A file system without hard links (FAT), or a system without /proc. */
static bool has_no_links;

/* Called in place of the C library's. */
int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	if (has_no_links) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

static int setup_file_without_links(void **state)
{
	has_no_links = true;
	return setup_file(state);
}

static int teardown(void **state)
{
	struct place *place = *state;
	const char *const argv[] = {"rm", "-rf", "--", place->directory, NULL};
	struct err err = {0};
	struct buf output = {0};
	int result = 0;

	has_no_links = false;
	buf_init(&output, 0);
	store_free(place->store);
	if (place->directory[0] != '\0')
		result = process_run(argv, 1024, &output, NULL, &err);
	buf_release(&output);
	mem_free(place);
	return result;
}

/* The repository of setup_file(), as another run opens it. */
static struct store *reopen(const struct place *place)
{
	CLEANUP(mem_freep) char *url = mem_printf("file://%s/repo", place->directory);
	struct rng rng = place->rng;
	struct store *store;
	struct err err = {0};

	assert_int_equal(store_open(url, false, &rng, &store, &err), 0);
	return store;
}

static int put(struct store *store, const char *key, const char *text,
	       enum store_put_mode mode, struct err *err)
{
	struct store_put_options options = {.mode = mode};

	return store_put(store, key, slice_of_string(text), &options, err);
}

static void expect_content(struct store *store, const char *key, const char *text)
{
	struct err err = {0};
	struct buf buf;

	buf_init(&buf, 0);
	if (store_get(store, key, 1024, &buf, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_string(&buf), text);
	buf_release(&buf);
}

static void test_store_put__creates_once(void **state)
{
	struct store *store = ((struct place *)*state)->store;
	struct err err = {0};

	assert_int_equal(put(store, "packs/3f/aa", "one", STORE_PUT_NEW, &err), 0);
	assert_int_equal(put(store, "packs/3f/aa", "two", STORE_PUT_NEW, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_non_null(strstr(err.msg, "packs/3f/aa"));
	expect_content(store, "packs/3f/aa", "one");
	assert_int_equal(put(store, "leases/x", "one", STORE_PUT_NEW, &err), 0);
	assert_int_equal(put(store, "leases/x", "two", STORE_PUT_REPLACE, &err), 0);
	assert_int_equal(put(store, "leases/y", "new", STORE_PUT_REPLACE, &err), 0);
	expect_content(store, "leases/x", "two");
	expect_content(store, "leases/y", "new");
}

static void test_store_get_range__is_exact(void **state)
{
	struct store *store = ((struct place *)*state)->store;
	struct err err = {0};
	uint8_t bytes[3];

	assert_int_equal(put(store, "a", "0123456789", STORE_PUT_NEW, &err), 0);
	assert_int_equal(store_get_range(store, "a", 7, 3, bytes, &err), 0);
	assert_memory_equal(bytes, "789", 3);
	assert_int_equal(store_get_range(store, "a", 8, 3, bytes, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_int_equal(store_get_range(store, "b", 0, 3, bytes, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void test_store_get__refuses_more_than_the_maximum(void **state)
{
	struct store *store = ((struct place *)*state)->store;
	struct err err = {0};
	struct buf buf;

	buf_init(&buf, 0);
	assert_int_equal(put(store, "a", "0123456789", STORE_PUT_NEW, &err), 0);
	assert_int_equal(store_get(store, "a", 9, &buf, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(put(store, "empty", "", STORE_PUT_NEW, &err), 0);
	expect_content(store, "empty", "");
	buf_release(&buf);
}

static int collect(void *arg, const char *key, const struct store_info *info,
		   struct err *err)
{
	(void)err;
	buf_printf(arg, "%s:%ju ", key, (uintmax_t)info->size);
	return 0;
}

static void test_store_list__is_in_the_order_of_keys(void **state)
{
	struct store *store = ((struct place *)*state)->store;
	struct err err = {0};
	struct buf text;

	buf_init(&text, 0);
	assert_int_equal(put(store, "a/b", "1", STORE_PUT_NEW, &err), 0);
	assert_int_equal(put(store, "a-b/x", "22", STORE_PUT_NEW, &err), 0);
	assert_int_equal(put(store, "a0", "333", STORE_PUT_NEW, &err), 0);
	assert_int_equal(put(store, "a/a/z", "", STORE_PUT_NEW, &err), 0);
	assert_int_equal(store_list(store, "", collect, &text, NULL, &err), 0);
	assert_string_equal(buf_string(&text), "a-b/x:2 a/a/z:0 a/b:1 a0:3 ");
	buf_clear(&text);
	assert_int_equal(store_list(store, "a/", collect, &text, NULL, &err), 0);
	assert_string_equal(buf_string(&text), "a/a/z:0 a/b:1 ");
	buf_clear(&text);
	assert_int_equal(store_list(store, "none/", collect, &text, NULL, &err), 0);
	assert_string_equal(buf_string(&text), "");
	buf_release(&text);
}

static void test_store_delete__takes_the_object_away(void **state)
{
	struct store *store = ((struct place *)*state)->store;
	struct store_info info;
	struct err err = {0};

	assert_int_equal(put(store, "a/b", "1", STORE_PUT_NEW, &err), 0);
	assert_int_equal(store_head(store, "a/b", &info, &err), 0);
	assert_int_equal(info.size, 1);
	assert_int_equal(store_delete(store, "a/b", "", &err), 0);
	assert_int_equal(store_delete(store, "a/b", "", &err), 0);
	assert_int_equal(store_head(store, "a/b", &info, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void test_store__refuses_keys_outside_the_grammar(void **state)
{
	static const char *const bad[] = {"",	    "/a", "a/",	 "a//b", "..",
					  "a/../b", ".",  "a b", "é"};
	struct store *store = ((struct place *)*state)->store;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};

		assert_int_equal(put(store, bad[i], "x", STORE_PUT_NEW, &err), -1);
		assert_int_equal(err.code, ERR_BUG);
	}
}

struct racer {
	struct store *store;
	int result;
};

static void race(void *task, unsigned worker)
{
	struct racer *racer = task;
	struct err err = {0};

	(void)worker;
	racer->result = put(racer->store, "race/one", "x", STORE_PUT_NEW, &err);
}

static void test_store_put__has_one_winner(void **state)
{
	struct store *store = ((struct place *)*state)->store;
	struct racer racers[32];
	struct pool *pool;
	struct err err = {0};
	int winners = 0;

	assert_int_equal(pool_new(8, 32, &pool, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(racers); i++) {
		racers[i] = (struct racer){.store = store};
		pool_submit(pool, race, &racers[i]);
	}
	pool_wait(pool);
	pool_free(pool);
	for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
		winners += racers[i].result == 0;
	assert_int_equal(winners, 1);
	assert_int_equal(store_counters(store).n_put, 32);
}

static void test_store_put__leaves_no_second_name(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	struct buf text;
	uint64_t foreign;

	buf_init(&text, 0);
	assert_int_equal(put(place->store, "a", "1", STORE_PUT_NEW, &err), 0);
	assert_int_equal(put(place->store, "a", "2", STORE_PUT_NEW, &err), -1);
	assert_string_equal(err.msg, "cannot create a: File exists");
	assert_int_equal(put(place->store, "a", "333", STORE_PUT_REPLACE, &err), 0);
	assert_int_equal(store_list(place->store, "", collect, &text, &foreign, &err), 0);
	assert_string_equal(buf_string(&text), "a:3 ");
	assert_int_equal(foreign, 0);
	buf_release(&text);
}

static void test_store_file__says_whose_rights_are_missing(void **state)
{
	struct place *place = *state;
	CLEANUP(mem_freep) char *root = mem_printf("%s/repo", place->directory);
	CLEANUP(mem_freep) char *url = mem_printf("file://%s", root);
	struct store *other = NULL;
	struct err opened = {0}, written = {0};

	if (geteuid() != 0) {
		print_message("skip: giving up rights needs root\n");
		skip();
	}
	assert_int_equal(chmod(place->directory, 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	int opening = store_open(url, false, &place->rng, &other, &opened);
	int putting = put(place->store, "leases/x", "one", STORE_PUT_NEW, &written);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(opening, -1);
	assert_memory_equal(opened.msg, "cannot open the repository file:///", 34);
	assert_non_null(strstr(opened.hint, "belongs to another user"));
	assert_int_equal(putting, -1);
	assert_int_equal(written.code, ERR_DENIED);
	assert_non_null(strstr(written.hint, "mounted read-only"));
}

static void test_store_file__skips_and_counts_foreign_files(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	struct buf text;
	char path[128];
	uint64_t foreign = 0;

	buf_init(&text, 0);
	assert_int_equal(put(place->store, "a/b", "1", STORE_PUT_NEW, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/repo/a/link", place->directory);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	(void)snprintf(path, sizeof(path), "%s/repo/a/not a key", place->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(store_list(place->store, "", collect, &text, &foreign, &err), 0);
	assert_string_equal(buf_string(&text), "a/b:1 ");
	assert_int_equal(foreign, 2);
	assert_int_equal(store_get(place->store, "a/link", 100000, &text, &err), -1);
	buf_release(&text);
}

/* DIRECTORY/repo/NAME, last written to so many seconds ago. Returns an open descriptor. */
static int make_old(const struct place *place, const char *name, time_t age_sec)
{
	CLEANUP(mem_freep) char *path = mem_printf("%s/repo/%s", place->directory, name);
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
				    {.tv_sec = time(NULL) - age_sec}};
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	return fd;
}

static bool is_there(const struct place *place, const char *name)
{
	CLEANUP(mem_freep) char *path = mem_printf("%s/repo/%s", place->directory, name);

	return access(path, F_OK) == 0;
}

static void test_store_put__removes_what_killed_runs_left(void **state)
{
	static const time_t two_days = 2 * 24 * 60 * 60;
	const struct place *place = *state;
	struct err err = {0};

	assert_int_equal(put(place->store, "b/b", "1", STORE_PUT_NEW, &err), 0);
	assert_int_equal(put(place->store, "a", "1", STORE_PUT_NEW, &err), 0);
	store_free(place->store);
	((struct place *)*state)->store = reopen(place);
	int in_use = make_old(place, "b/" FILE_TEMP_PREFIX "1-0", two_days);
	assert_int_equal(flock(in_use, LOCK_EX), 0);
	close(make_old(place, "b/" FILE_TEMP_PREFIX "2-0", two_days));
	close(make_old(place, "b/" FILE_TEMP_PREFIX "3-0", two_days / 4));
	close(make_old(place, "b/other", two_days));
	close(make_old(place, FILE_TEMP_PREFIX "4-0", two_days));
	assert_int_equal(put(place->store, "b/c", "1", STORE_PUT_NEW, &err), 0);
	assert_true(is_there(place, "b/" FILE_TEMP_PREFIX "1-0"));
	assert_false(is_there(place, "b/" FILE_TEMP_PREFIX "2-0"));
	assert_true(is_there(place, "b/" FILE_TEMP_PREFIX "3-0"));
	assert_true(is_there(place, "b/other"));
	assert_true(is_there(place, FILE_TEMP_PREFIX "4-0"));
	close(in_use);
}

/* The call that fails while it is set, as on a failing disk or a stale mount. */
static enum { NONE, READDIR, FSTATAT } failing_call;

/* These two are called in place of the C library's. */
struct dirent *readdir(DIR *directory)
{
	struct dirent *(*real)(DIR *);
	void *symbol = dlsym(RTLD_NEXT, "readdir");

	if (failing_call == READDIR) {
		errno = EIO;
		return NULL;
	}
	memcpy(&real, &symbol, sizeof(real));
	return real(directory);
}

int fstatat(int fd, const char *restrict name, struct stat *restrict st, int flags)
{
	int (*real)(int, const char *, struct stat *, int);
	void *symbol = dlsym(RTLD_NEXT, "fstatat");

	if (failing_call == FSTATAT) {
		errno = EIO;
		return -1;
	}
	memcpy(&real, &symbol, sizeof(real));
	return real(fd, name, st, flags);
}

static void expect_failed_listing(struct store *store, const char *message)
{
	struct err err = {0};
	struct buf text;

	buf_init(&text, 0);
	assert_int_equal(store_list(store, "a/", collect, &text, NULL, &err), -1);
	failing_call = NONE;
	assert_int_equal(err.code, ERR_IO);
	assert_string_equal(err.msg, message);
	buf_release(&text);
}

static void test_store_list__fails_when_it_breaks_off(void **state)
{
	struct place *place = *state;
	struct err err = {0};

	assert_int_equal(put(place->store, "a/b", "1", STORE_PUT_NEW, &err), 0);
	failing_call = READDIR;
	expect_failed_listing(place->store, "a/: cannot be listed: Input/output error");
}

static void test_store_list__fails_when_a_name_cannot_be_examined(void **state)
{
	struct place *place = *state;
	struct err err = {0};

	assert_int_equal(put(place->store, "a/b", "1", STORE_PUT_NEW, &err), 0);
	failing_call = FSTATAT;
	expect_failed_listing(place->store, "a/: cannot examine b: Input/output error");
}

static void test_store_open__names_what_is_not_there(void **state)
{
	struct rng rng = rng_system();
	struct err err = {0};
	struct store *store;

	(void)state;
	assert_int_equal(store_open("file:///nonexistent/x", false, &rng, &store, &err),
			 -1);
	assert_int_equal(err.code, ERR_NO_REPO);
	assert_string_equal(err.msg,
			    "no repository at file:///nonexistent/x: the directory "
			    "does not exist");
	assert_int_equal(store_open("s3://bucket/x", false, &rng, &store, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.hint, "supported: file:///PATH");
}

#define CONTRACT(setup)                                                                  \
	cmocka_unit_test_setup_teardown(test_store_put__creates_once, setup, teardown),  \
		cmocka_unit_test_setup_teardown(test_store_get_range__is_exact, setup,   \
						teardown),                               \
		cmocka_unit_test_setup_teardown(                                         \
			test_store_get__refuses_more_than_the_maximum, setup, teardown), \
		cmocka_unit_test_setup_teardown(                                         \
			test_store_list__is_in_the_order_of_keys, setup, teardown),      \
		cmocka_unit_test_setup_teardown(                                         \
			test_store_delete__takes_the_object_away, setup, teardown),      \
		cmocka_unit_test_setup_teardown(                                         \
			test_store__refuses_keys_outside_the_grammar, setup, teardown),  \
		cmocka_unit_test_setup_teardown(test_store_put__has_one_winner, setup,   \
						teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTRACT(setup_memory),
		CONTRACT(setup_file),
		CONTRACT(setup_file_without_links),
		cmocka_unit_test_setup_teardown(test_store_put__leaves_no_second_name,
						setup_file, teardown),
		cmocka_unit_test_setup_teardown(test_store_put__leaves_no_second_name,
						setup_file_without_links, teardown),
		cmocka_unit_test_setup_teardown(
			test_store_put__removes_what_killed_runs_left, setup_file,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_store_file__says_whose_rights_are_missing, setup_file,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_store_file__skips_and_counts_foreign_files, setup_file,
			teardown),
		cmocka_unit_test_setup_teardown(test_store_list__fails_when_it_breaks_off,
						setup_file, teardown),
		cmocka_unit_test_setup_teardown(
			test_store_list__fails_when_a_name_cannot_be_examined, setup_file,
			teardown),
		cmocka_unit_test(test_store_open__names_what_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
