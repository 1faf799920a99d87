/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>

#include "repo/run_space.h"
#include "support/tempdir.h"

static const struct run_shape shape = {16, 8};

struct place {
	struct secret key;
	struct rng rng;
	struct run_space space;
	int dir_fd;
};

static void place_open(struct place *place, const char *path, bool named)
{
	*place = (struct place){.rng = rng_system()};
	secret_init(&place->key, 32);
	place->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(place->dir_fd >= 0);

	const struct run_cipher cipher = {&place->key, &place->rng, NULL};
	run_space_init(&place->space, place->dir_fd, named, &cipher);
}

static void place_close(struct place *place)
{
	run_space_release(&place->space);
	secret_release(&place->key);
	(void)close(place->dir_fd);
}

/* A run of one record. */
static struct run_identity make_run(struct place *place)
{
	CLEANUP(run_writer_freep) struct run_writer *writer = NULL;
	CLEANUP(index_run_unrefp) struct index_run *run = NULL;
	uint8_t record[16] = {1};
	struct err err = {0};
	uint64_t id = 0;

	assert_int_equal(run_space_create(&place->space, shape, &writer, &id, &err), 0);
	assert_int_equal(run_writer_add(writer, record, &err), 0);
	assert_int_equal(run_writer_finish(writer, &run, &err), 0);
	assert_true(index_run_identity(run).id == id);
	return index_run_identity(run);
}

static int open_run(struct place *place, const struct run_identity *identity,
		    struct err *err)
{
	CLEANUP(index_run_unrefp) struct index_run *run = NULL;

	return run_space_open(&place->space, identity, shape, &run, err);
}

static bool has_run(struct place *place, const struct run_identity *identity)
{
	struct err err = {0};

	return open_run(place, identity, &err) == 0;
}

static size_t count_files(const char *path)
{
	DIR *directory = opendir(path);
	size_t n = 0;

	assert_non_null(directory);
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		n += entry->d_name[0] != '.';
	(void)closedir(directory);
	return n;
}

static void commit(struct place *place, const struct run_identity *identity)
{
	struct vec ids;

	vec_init(&ids, sizeof(uint64_t));
	vec_push(&ids, &identity->id);
	run_space_committed(&place->space, &ids);
	vec_release(&ids);
}

static void test_run_space_open__finds_what_was_made(void **state)
{
	struct place place;

	place_open(&place, *state, true);
	struct run_identity identity = make_run(&place);
	assert_true(has_run(&place, &identity));
	place_close(&place);
}

static void test_run_space_open__names_a_file_that_is_gone(void **state)
{
	struct run_identity identity = {.id = 0xabc};
	struct err err = {0};
	struct place place;

	place_open(&place, *state, true);
	assert_int_equal(open_run(&place, &identity, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.msg, "index file run-0000000000000abc: "));
	place_close(&place);
}

static void test_run_space_discard__removes_at_once_what_was_not_committed(void **state)
{
	struct place place;

	place_open(&place, *state, true);
	struct run_identity identity = make_run(&place);
	run_space_discard(&place.space, identity.id);
	assert_int_equal(count_files(*state), 0);
	place_close(&place);
}

static void test_run_space_discard__keeps_what_was_committed(void **state)
{
	struct place place;

	place_open(&place, *state, true);
	struct run_identity old = make_run(&place);
	commit(&place, &old);
	run_space_discard(&place.space, old.id);
	assert_true(has_run(&place, &old));
	struct run_identity new = make_run(&place);
	commit(&place, &new);
	assert_false(has_run(&place, &old));
	assert_true(has_run(&place, &new));
	place_close(&place);
}

static void test_run_space_clean__removes_what_nothing_names(void **state)
{
	struct place place;

	place_open(&place, *state, true);
	(void)make_run(&place);
	struct run_identity kept = make_run(&place);
	(void)make_run(&place);
	commit(&place, &kept);
	assert_int_equal(mkdirat(place.dir_fd, "run-other", 0700), 0);
	struct err err = {0};
	assert_int_equal(run_space_clean(&place.space, &err), 0);
	assert_true(has_run(&place, &kept));
	assert_int_equal(count_files(*state), 2); /* it, and what is none of ours */
	place_close(&place);
}

static void test_run_space_create__without_names_leaves_nothing(void **state)
{
	struct place place;

	place_open(&place, *state, false);
	(void)make_run(&place);
	assert_int_equal(count_files(*state), 0);
	place_close(&place);
}

static int try_to_create(struct place *place, struct err *err)
{
	CLEANUP(run_writer_freep) struct run_writer *writer = NULL;
	uint64_t id;

	return run_space_create(&place->space, shape, &writer, &id, err);
}

static void test_run_space_move__goes_on_elsewhere(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "cache");
	struct err err = {0};
	struct place place;

	assert_int_equal(mkdir(path, 0700), 0);
	place_open(&place, path, true);
	assert_int_equal(place.space.why.code, ERR_NONE);
	assert_int_equal(rmdir(path), 0); /* takes no new files, root's neither */
	assert_int_equal(try_to_create(&place, &err), -1);
	assert_true(run_space_move(&place.space, &err));
	assert_string_equal(place.space.why.msg, err.msg);
	err_clear(&err);
	(void)make_run(&place);
	place_close(&place);
}

static void test_run_space_move__tries_each_place_once(void **state)
{
	struct err first = {0}, later = {0};
	struct place place;
	int moves = 0;

	place_open(&place, *state, true);
	(void)err_set(&first, ERR_NO_SPACE, "the first");
	(void)err_set(&later, ERR_NO_SPACE, "a later one");
	assert_true(run_space_move(&place.space, &first));
	while (run_space_move(&place.space, &later))
		assert_in_range(++moves, 1, 2);
	assert_string_equal(place.space.why.msg, "the first");
	place_close(&place);
}

static void test_run_space_open_temporary__is_a_directory(void **state)
{
	struct err err = {0};
	struct stat st;
	int fd = -1;

	(void)state;
	assert_int_equal(run_space_open_temporary(&fd, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_run_space_open__finds_what_was_made),
		tempdir_test(test_run_space_open__names_a_file_that_is_gone),
		tempdir_test(
			test_run_space_discard__removes_at_once_what_was_not_committed),
		tempdir_test(test_run_space_discard__keeps_what_was_committed),
		tempdir_test(test_run_space_clean__removes_what_nothing_names),
		tempdir_test(test_run_space_create__without_names_leaves_nothing),
		tempdir_test(test_run_space_move__goes_on_elsewhere),
		tempdir_test(test_run_space_move__tries_each_place_once),
		tempdir_test(test_run_space_open_temporary__is_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
