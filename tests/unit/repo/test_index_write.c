/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/index_sample.h"
#include "support/store_cut.h"

struct fixture {
	struct index_sample s;
	struct index *index;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	index_sample_init(&f->s);
	f->index = index_sample_open(&f->s, NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	index_free(f->index);
	index_sample_release(&f->s);
	mem_free(f);
	return 0;
}

/* As a fresh machine would see it. */
static struct index *read_anew(struct fixture *f)
{
	struct index *fresh = index_sample_open(&f->s, NULL);

	index_sample_update(fresh, &f->s);
	return fresh;
}

static void consolidate(struct fixture *f)
{
	struct err err = {0};

	if (index_consolidate(f->index, &f->s.repo, &f->s.sample.writer, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_index_flush__others_find_the_packs(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pack = 0; pack < 20; pack++)
		(void)index_sample_add(f->index, pack, 50);
	index_sample_flush(f->index, &f->s);
	assert_int_equal(index_sample_n_fragments(&f->s), 1);
	struct index *fresh = read_anew(f);
	assert_int_equal(index_n_blobs(fresh), 1000);
	for (uint32_t pack = 0; pack < 20; pack++)
		assert_true(index_sample_has_pack(fresh, pack, 50));
	index_free(fresh);
}

static void test_index_flush__writes_nothing_without_news(void **state)
{
	struct fixture *f = *state;

	index_sample_flush(f->index, &f->s);
	assert_int_equal(index_sample_n_fragments(&f->s), 0);
	(void)index_sample_add(f->index, 1, 5);
	index_sample_flush(f->index, &f->s);
	index_sample_flush(f->index, &f->s);
	assert_int_equal(index_sample_n_fragments(&f->s), 1);
}

static void test_index_flush__cuts_at_the_target(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pack = 0; pack < 140; pack++)
		(void)index_sample_add(f->index, pack, 1000);
	index_sample_flush(f->index, &f->s);
	assert_int_equal(index_sample_n_fragments(&f->s), 3); /* 65,000 each */
	struct index *fresh = read_anew(f);
	assert_int_equal(index_n_blobs(fresh), 140000);
	index_free(fresh);
}

static void test_index_flush__own_fragments_are_not_read_again(void **state)
{
	struct fixture *f = *state;

	(void)index_sample_add(f->index, 1, 5);
	index_sample_flush(f->index, &f->s);
	uint64_t n_get = store_counters(f->s.repo.store).n_get;
	index_sample_update(f->index, &f->s);
	assert_int_equal(store_counters(f->s.repo.store).n_get, n_get);
	assert_int_equal(index_sample_count(f->index, 1001), 1);
}

static void test_index_flush__refuses_another_writers_key(void **state)
{
	struct fixture *f = *state;
	struct writer_key other;
	struct err err = {0};

	index_sample_second_writer(&f->s, &f->s.sample.rng, &other);
	assert_int_equal(index_flush(f->index, &f->s.repo, &other, &err), -1);
	assert_int_equal(err.code, ERR_BUG);
	assert_string_equal(err.msg, "the index belongs to another writer");
	index_sample_drop_writer(&other);
}

static void test_index_flush__scratch_packs_stay_private(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	index_free(f->index);
	f->s.options.scratch = true;
	f->index = index_sample_open(&f->s, NULL);
	(void)index_sample_add(f->index, 1, 5);
	assert_int_equal(index_sample_count(f->index, 1001), 1);
	assert_int_equal(index_flush(f->index, &f->s.repo, &f->s.sample.writer, &err),
			 -1);
	assert_string_equal(err.msg, "a scratch index writes no fragments");
	assert_int_equal(index_sample_n_fragments(&f->s), 0);
}

static void test_index_flush__names_its_own_fragment_of_a_pack(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	struct vec names;
	uint8_t bits = 1;

	(void)index_sample_add(f->index, 1, 5);
	vec_init(&names, 32);
	assert_int_equal(index_fragments_of(f->index, &bits, &names, &err), 0);
	assert_int_equal(names.n, 0);
	index_sample_flush(f->index, &f->s);
	assert_int_equal(index_fragments_of(f->index, &bits, &names, &err), 0);
	assert_int_equal(names.n, 1);
	vec_release(&names);
}

/* Nothing is lost when a put fails: the next flush writes it. */
static void test_index_flush__can_be_tried_again(void **state)
{
	struct fixture *f = *state;
	struct store *inner = f->s.repo.store;
	struct err err = {0};

	(void)index_sample_add(f->index, 1, 5);
	f->s.repo.store = store_cut_new(inner, 0);
	assert_int_equal(index_flush(f->index, &f->s.repo, &f->s.sample.writer, &err),
			 -1);
	assert_int_equal(err.code, ERR_IO);
	assert_non_null(strstr(err.msg, "index fragment index/db/"));
	assert_non_null(strstr(err.msg, ": the store is cut off"));
	store_free(f->s.repo.store);
	f->s.repo.store = inner;
	index_sample_flush(f->index, &f->s);
	assert_int_equal(index_sample_n_fragments(&f->s), 1);
	struct index *fresh = read_anew(f);
	assert_true(index_sample_has_pack(fresh, 1, 5));
	index_free(fresh);
}

static void test_index_consolidate__reports_a_store_that_fails(void **state)
{
	struct fixture *f = *state;
	struct store *inner = f->s.repo.store;
	struct err err = {0};

	for (uint32_t pack = 0; pack < 10; pack++) {
		(void)index_sample_add(f->index, pack, 5);
		index_sample_flush(f->index, &f->s);
	}
	f->s.repo.store = store_cut_new(inner, 10); /* ten gets, no put */
	assert_int_equal(
		index_consolidate(f->index, &f->s.repo, &f->s.sample.writer, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	store_free(f->s.repo.store);
	f->s.repo.store = inner;
	consolidate(f);
	assert_int_equal(index_sample_n_fragments(&f->s), 11);
}

static void test_index_consolidate__leaves_a_handful_alone(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pack = 0; pack < 8; pack++) {
		(void)index_sample_add(f->index, pack, 5);
		index_sample_flush(f->index, &f->s);
	}
	consolidate(f);
	assert_int_equal(index_sample_n_fragments(&f->s), 8);
}

static void test_index_consolidate__one_fragment_repeats_many(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	struct vec names;
	uint8_t bits[3] = {0xff, 0xff, 0xff};

	for (uint32_t pack = 0; pack < 20; pack++) {
		(void)index_sample_add(f->index, pack, 5);
		index_sample_flush(f->index, &f->s);
	}
	consolidate(f);
	assert_int_equal(index_sample_n_fragments(&f->s), 21);
	vec_init(&names, 32);
	assert_int_equal(index_fragments_of(f->index, bits, &names, &err), 0);
	assert_int_equal(names.n, 1);
	vec_release(&names);

	struct index *fresh = read_anew(f);
	assert_int_equal(index_counters(fresh).taken, 1);
	assert_int_equal(index_n_blobs(fresh), 100);
	for (uint32_t pack = 0; pack < 20; pack++)
		assert_true(index_sample_has_pack(fresh, pack, 5));
	index_free(fresh);
}

static void test_index_consolidate__flushes_first(void **state)
{
	struct fixture *f = *state;

	(void)index_sample_add(f->index, 1, 5);
	consolidate(f);
	assert_int_equal(index_sample_n_fragments(&f->s), 1);
}

static void test_index_consolidate__does_not_repeat_itself(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pack = 0; pack < 20; pack++) {
		(void)index_sample_add(f->index, pack, 5);
		index_sample_flush(f->index, &f->s);
	}
	consolidate(f);
	consolidate(f);
	assert_int_equal(index_sample_n_fragments(&f->s), 21);
}

static void test_index_consolidate__large_ones_stay_as_they_are(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pack = 0; pack < 40; pack++)
		(void)index_sample_add(f->index, pack, 1000);
	index_sample_flush(f->index, &f->s); /* 40,000 blobs: large */
	for (uint32_t pack = 100; pack < 110; pack++) {
		(void)index_sample_add(f->index, pack, 5);
		index_sample_flush(f->index, &f->s);
	}
	consolidate(f);
	assert_int_equal(index_sample_n_fragments(&f->s), 12);
	struct index *fresh = read_anew(f);
	assert_int_equal(index_counters(fresh).taken, 2);
	assert_int_equal(index_n_blobs(fresh), 40050);
	index_free(fresh);
}

static void test_index_consolidate__a_lost_fragment_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	for (uint32_t pack = 0; pack < 10; pack++) {
		(void)index_sample_add(f->index, pack, 5);
		index_sample_flush(f->index, &f->s);
	}
	struct sample_keys *keys = index_sample_fragments(&f->s);
	assert_int_equal(store_delete(f->s.repo.store, keys->keys[0], NULL, &err), 0);
	mem_free(keys);
	consolidate(f);
	assert_int_equal(index_sample_n_fragments(&f->s), 10);
	assert_non_null(strstr(f->s.logged, "; it is not merged"));
	struct index *fresh = read_anew(f);
	assert_int_equal(index_n_blobs(fresh), 45);
	index_free(fresh);
}

#define write_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		write_test(test_index_flush__others_find_the_packs),
		write_test(test_index_flush__writes_nothing_without_news),
		write_test(test_index_flush__cuts_at_the_target),
		write_test(test_index_flush__own_fragments_are_not_read_again),
		write_test(test_index_flush__refuses_another_writers_key),
		write_test(test_index_flush__scratch_packs_stay_private),
		write_test(test_index_flush__names_its_own_fragment_of_a_pack),
		write_test(test_index_flush__can_be_tried_again),
		write_test(test_index_consolidate__reports_a_store_that_fails),
		write_test(test_index_consolidate__leaves_a_handful_alone),
		write_test(test_index_consolidate__one_fragment_repeats_many),
		write_test(test_index_consolidate__flushes_first),
		write_test(test_index_consolidate__does_not_repeat_itself),
		write_test(test_index_consolidate__large_ones_stay_as_they_are),
		write_test(test_index_consolidate__a_lost_fragment_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
