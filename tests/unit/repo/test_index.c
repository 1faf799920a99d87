/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>

#include "base/pool.h"
#include "support/index_sample.h"

struct fixture {
	struct index_sample s;
	struct index *index;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	index_sample_init(&f->s);
	f->s.options.memory_bytes = 256 * 1024; /* so that little is much */
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

static struct blob_place find_one(struct index *index, uint64_t blob)
{
	const struct blob_id id = sample_id(blob);
	struct blob_place place = {.pack = UINT32_MAX};
	struct err err = {0};
	size_t n = 0;

	assert_int_equal(index_find(index, &id, &place, 1, &n, &err), 0);
	assert_int_equal(n, 1);
	return place;
}

static void test_index_find__tells_the_whole_place(void **state)
{
	struct fixture *f = *state;

	(void)index_sample_add(f->index, 1, 10);
	uint32_t pack = index_sample_add(f->index, 2, 10);
	struct blob_place place = find_one(f->index, 2007);
	assert_int_equal(place.pack, pack);
	assert_int_equal(place.number, 7);
	assert_int_equal(place.type, BLOB_TREE);
	assert_int_equal(place.offset, 176 + 700);
	assert_int_equal(place.stored, 100);
	assert_int_equal(place.raw, 1007);
	assert_int_equal(index_sample_count(f->index, 2010), 0);
}

static void test_index_find__largest_numbers_fit(void **state)
{
	struct fixture *f = *state;
	struct pack_info info = sample_pack(1);
	struct blob_entry entry = {.id = sample_id(5),
				   .type = BLOB_BODY,
				   .offset = PACK_SIZE_MAX - 1,
				   .stored = BLOB_RAW_MAX + 17,
				   .raw = BLOB_RAW_MAX};
	struct err err = {0};
	uint32_t pack = 0;

	assert_int_equal(index_add_pack(f->index, &info, &entry, 1, &pack, &err), 0);
	struct blob_place place = find_one(f->index, 5);
	assert_int_equal(place.type, BLOB_BODY);
	assert_int_equal(place.offset, PACK_SIZE_MAX - 1);
	assert_int_equal(place.stored, BLOB_RAW_MAX + 17);
	assert_int_equal(place.raw, BLOB_RAW_MAX);
}

/* 400 packs of 500 blobs: two hundred thousand, with a few thousand in memory at a time. */
static void test_index_find__two_hundred_thousand_blobs(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pack = 0; pack < 400; pack++)
		assert_int_equal(index_sample_add(f->index, pack, 500), pack);
	assert_int_equal(index_n_packs(f->index), 400);
	assert_int_equal(index_n_blobs(f->index), 200000);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t pack = i * 7 % 400, number = i * 13 % 500;
		struct blob_place place =
			find_one(f->index, pack * UINT64_C(1000) + number);

		assert_int_equal(place.pack, pack);
		assert_int_equal(place.number, number);
		assert_int_equal(index_sample_count(f->index, pack * UINT64_C(1000) +
								      500 + i % 500),
				 0);
	}
}

static void test_index_find__newest_place_first(void **state)
{
	struct fixture *f = *state;
	struct blob_place places[INDEX_PLACES_MAX];
	const struct blob_id id = sample_id(777777777);
	struct blob_entry entry = sample_entry(777777777, 0);
	struct err err = {0};
	size_t n = 0;

	for (uint32_t pack = 0; pack < 5; pack++) {
		struct pack_info info = sample_pack(1000 + pack);
		uint32_t number = 0;

		assert_int_equal(
			index_add_pack(f->index, &info, &entry, 1, &number, &err), 0);
		for (uint32_t k = 0; k < 8; k++) /* so that they lie in several runs */
			(void)index_sample_add(f->index, pack * 8 + k, 500);
	}
	assert_int_equal(index_find(f->index, &id, places, 8, &n, &err), 0);
	assert_int_equal(n, 5);
	for (size_t i = 0; i + 1 < n; i++)
		assert_true(places[i].pack > places[i + 1].pack);
	assert_int_equal(index_find(f->index, &id, places, 2, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(places[0].pack, 36);
}

static void test_index_add_pack__a_known_pack_keeps_its_number(void **state)
{
	struct fixture *f = *state;
	uint32_t first = index_sample_add(f->index, 3, 10);

	(void)index_sample_add(f->index, 4, 10);
	assert_int_equal(index_sample_add(f->index, 3, 10), first);
	assert_int_equal(index_n_packs(f->index), 2);
	assert_int_equal(index_sample_count(f->index, 3001), 1);
}

static void test_index_add_pack__refuses_more_blobs_than_a_fragment_takes(void **state)
{
	struct fixture *f = *state;
	struct pack_info info = sample_pack(1);
	struct err err = {0};
	uint32_t pack = 0;

	assert_int_equal(index_add_pack(f->index, &info, NULL, 524289, &pack, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(
		err.msg,
		"524289 blobs in a pack: an index fragment takes at most 524288");
}

static void test_index_pack__tells_what_was_added(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	for (uint32_t pack = 0; pack < 3000; pack++)
		(void)index_sample_add(f->index, pack, 1);
	for (uint32_t pack = 0; pack < 3000; pack += 17) {
		struct pack_info info, expected = sample_pack(pack);

		assert_int_equal(index_pack(f->index, pack, &info, &err), 0);
		assert_memory_equal(info.name, expected.name, 32);
		assert_memory_equal(info.header_hash, expected.header_hash, 32);
		assert_int_equal(info.size, expected.size);
		assert_int_equal(info.epoch, 1);
	}
}

static void test_index_pack__refuses_a_number_that_was_not_given(void **state)
{
	struct fixture *f = *state;
	struct pack_info info;
	struct err err = {0};

	assert_int_equal(index_pack(f->index, 0, &info, &err), -1);
	assert_int_equal(err.code, ERR_BUG);
	assert_string_equal(err.msg, "local index: no pack 0 of 0");
}

static void test_index_pack_number__finds_by_name(void **state)
{
	struct fixture *f = *state;
	struct pack_info unknown = sample_pack(99999);
	struct err err = {0};
	uint32_t number = 0;

	for (uint32_t pack = 0; pack < 3000; pack++)
		(void)index_sample_add(f->index, pack, 1);
	for (uint32_t pack = 0; pack < 3000; pack += 17) {
		struct pack_info info = sample_pack(pack);

		assert_int_equal(index_pack_number(f->index, info.name, &number, &err),
				 0);
		assert_int_equal(number, pack);
	}
	assert_int_equal(index_pack_number(f->index, unknown.name, &number, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.msg, " is not in the index"));
}

struct walk {
	uint64_t n;
	struct blob_id last;
	bool in_order;
};

static int walk_one(void *arg, const struct blob_id *id, const struct blob_place *place,
		    struct err *err)
{
	struct walk *walk = arg;

	(void)err;
	if (walk->n > 0 && memcmp(walk->last.bytes, id->bytes, BLOB_ID_LEN) > 0)
		walk->in_order = false;
	walk->last = *id;
	walk->n += place->stored == 100;
	return 0;
}

static void test_index_each__all_in_the_order_of_ids(void **state)
{
	struct fixture *f = *state;
	struct walk walk = {.in_order = true};
	struct err err = {0};

	for (uint32_t pack = 0; pack < 30; pack++)
		(void)index_sample_add(f->index, pack, 500);
	assert_int_equal(index_each(f->index, walk_one, &walk, &err), 0);
	assert_int_equal(walk.n, 15000);
	assert_true(walk.in_order);
}

static void test_index_memory__stays_small(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pack = 0; pack < 400; pack++) {
		(void)index_sample_add(f->index, pack, 500);
		if (pack % 8 == 0)
			index_sample_flush(f->index, &f->s);
	}
	/* 0.103 bytes a blob on top, twice for the growth of arrays; fragments are known */
	assert_true(index_memory(f->index) < 256 * 1024 + 2 * 21000 + 16384);
}

struct load {
	struct fixture *f;
	atomic_uint next_pack;
	atomic_uint n_added; /* packs 0 to n_added - 1 are in */
	atomic_uint n_missed;
};

static void add_packs(void *task, unsigned worker)
{
	struct load *load = task;

	(void)worker;
	for (uint32_t i = 0; i < 60; i++)
		(void)index_sample_add(load->f->index, load->next_pack++, 200);
}

static void find_blobs(void *task, unsigned worker)
{
	struct load *load = task;
	struct rng rng = rng_seeded(worker);

	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t pack = 1000 + rng_below(&rng, 100);

		if (index_sample_count(load->f->index, pack * 1000 + i % 200) != 1)
			load->n_missed++;
	}
}

static void test_index_find__while_others_add(void **state)
{
	struct load load = {.f = *state};
	struct pool *pool = NULL;
	struct err err = {0};

	for (uint32_t pack = 1000; pack < 1100; pack++)
		(void)index_sample_add(load.f->index, pack, 200);
	assert_int_equal(pool_new(4, 8, &pool, &err), 0);
	for (int i = 0; i < 2; i++) {
		pool_submit(pool, add_packs, &load);
		pool_submit(pool, find_blobs, &load);
	}
	pool_wait(pool);
	pool_free(pool);
	assert_int_equal(load.n_missed, 0);
	assert_int_equal(index_n_packs(load.f->index), 220);
	for (uint32_t pack = 0; pack < 120; pack++)
		assert_true(index_sample_has_pack(load.f->index, pack, 200));
}

#define index_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		index_test(test_index_find__tells_the_whole_place),
		index_test(test_index_find__largest_numbers_fit),
		index_test(test_index_find__two_hundred_thousand_blobs),
		index_test(test_index_find__newest_place_first),
		index_test(test_index_add_pack__a_known_pack_keeps_its_number),
		index_test(test_index_add_pack__refuses_more_blobs_than_a_fragment_takes),
		index_test(test_index_pack__tells_what_was_added),
		index_test(test_index_pack__refuses_a_number_that_was_not_given),
		index_test(test_index_pack_number__finds_by_name),
		index_test(test_index_each__all_in_the_order_of_ids),
		index_test(test_index_memory__stays_small),
		index_test(test_index_find__while_others_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
