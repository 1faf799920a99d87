/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "format/encoding.h"
#include "repo/packlist_set.h"
#include "support/index_sample.h"

enum { N_PACKS = 20000 };

struct fixture {
	struct index_sample s;
	struct index *index;
	uint8_t root[32];
	uint64_t n_packs;
	struct packlist_set *set;
};

/* The store holds a list of N_PACKS packs. */
static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	uint8_t *used = mem_alloc(N_PACKS / 8 + 1);
	struct err err = {0};

	index_sample_init(&f->s);
	f->index = index_sample_open(&f->s, NULL);
	for (uint32_t pack = 0; pack < N_PACKS; pack++)
		(void)index_sample_add(f->index, pack, 0);
	memset(used, 0xff, N_PACKS / 8 + 1);
	const struct packlist_options options = {.store = f->s.repo.store,
						 .index = f->index,
						 .used = used,
						 .n_bits = N_PACKS,
						 .log = &f->s.log};
	if (packlist_write(&options, f->root, &f->n_packs, &err) < 0)
		fail_msg("%s", err.msg);
	mem_free(used);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	packlist_set_free(f->set);
	index_free(f->index);
	index_sample_release(&f->s);
	mem_free(f);
	return 0;
}

static int load(struct fixture *f, uint64_t n_packs, struct err *err)
{
	const struct packlist_set_options options = {
		.store = f->s.repo.store,
		.root = f->root,
		.n_packs = n_packs,
		.log = &f->s.log,
	};

	return packlist_set_load(&options, &f->set, err);
}

static bool is_listed(struct fixture *f, uint32_t pack)
{
	const struct pack_info info = sample_pack(pack);
	struct packlist_entry entry;
	struct err err = {0};
	bool found = false;

	if (packlist_set_find(f->set, info.name, &entry, &found, &err) < 0)
		fail_msg("%s", err.msg);
	if (found) {
		assert_memory_equal(entry.name, info.name, 32);
		assert_memory_equal(entry.header_hash, info.header_hash, 32);
		assert_int_equal(entry.size, info.size);
	}
	return found;
}

static void test_packlist_set_find__every_pack_and_no_other(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(f->n_packs, N_PACKS);
	assert_int_equal(load(f, N_PACKS, &err), 0);
	for (uint32_t pack = 0; pack < N_PACKS; pack++)
		assert_true(is_listed(f, pack));
	for (uint32_t pack = N_PACKS; pack < N_PACKS + 1000; pack++)
		assert_false(is_listed(f, pack));
	assert_int_equal(packlist_set_lost(f->set), 0);
}

static void test_packlist_set_load__refuses_more_than_the_header_says(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(load(f, N_PACKS - 1, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "the pack list holds more than the 19999 packs that "
				     "its header names");
}

static void test_packlist_set_load__refuses_fewer_than_the_header_says(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(load(f, N_PACKS + 1, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "the pack list holds 20000 packs, its header names "
				     "20001");
}

static void test_packlist_set_load__counts_a_lost_page(void **state)
{
	struct fixture *f = *state;
	struct sample_keys keys = {0};
	struct err err = {0};
	uint32_t n_listed = 0;
	char root[80];

	(void)snprintf(root, sizeof(root), "packlists/%02x%02x", f->root[0], f->root[1]);
	assert_int_equal(store_list(f->s.repo.store, "packlists/", sample_list_one, &keys,
				    NULL, &err),
			 0);
	size_t victim = strncmp(keys.keys[0], root, 14) == 0 ? 1 : 0;
	assert_int_equal(store_delete(f->s.repo.store, keys.keys[victim], NULL, &err), 0);
	assert_int_equal(load(f, N_PACKS, &err), 0);
	assert_int_equal(packlist_set_lost(f->set), 1);
	for (uint32_t pack = 0; pack < N_PACKS; pack++)
		n_listed += is_listed(f, pack);
	assert_in_range(n_listed, N_PACKS - PACKLIST_PAGE_ENTRIES_MAX, N_PACKS - 1);
}

static void test_packlist_set_load__an_empty_list(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	memset(f->root, 0, sizeof(f->root));
	assert_int_equal(load(f, 0, &err), 0);
	assert_false(is_listed(f, 1));
}

static void test_packlist_set_load__stops_when_it_is_told(void **state)
{
	struct fixture *f = *state;
	struct cancel cancel;
	struct err err = {0};

	cancel_init(&cancel);
	cancel_set(&cancel, 2);
	const struct packlist_set_options options = {.store = f->s.repo.store,
						     .root = f->root,
						     .n_packs = N_PACKS,
						     .cancel = &cancel};
	assert_int_equal(packlist_set_load(&options, &f->set, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

/* Puts a page; its hash. */
static void put_page(struct fixture *f, const struct packlist_page *page,
		     uint8_t ret_hash[static 32])
{
	const struct store_put_options put = {.mode = STORE_PUT_NEW};
	struct err err = {0};
	char hex[65], key[80];
	struct buf bytes;

	buf_init(&bytes, 0);
	packlist_page_encode(page, &bytes);
	hash_sha256(buf_slice(&bytes), ret_hash);
	(void)snprintf(key, sizeof(key), "packlists/%s",
		       hex_encode(slice_of(ret_hash, 32), hex, sizeof(hex)));
	if (store_put(f->s.repo.store, key, buf_slice(&bytes), &put, &err) < 0)
		fail_msg("%s", err.msg);
	buf_release(&bytes);
}

static void test_packlist_set_load__a_list_without_an_end(void **state)
{
	struct fixture *f = *state;
	struct packlist_page page;
	struct err err = {0};

	packlist_page_init(&page, 0);
	put_page(f, &page, f->root);
	for (uint8_t level = 1; level <= PACKLIST_LEVEL_MAX; level++) {
		page.level = level;
		vec_clear(&page.children);
		for (int i = 0; i < PACKLIST_PAGE_ENTRIES_MAX; i++)
			vec_push(&page.children, f->root);
		put_page(f, &page, f->root);
	}
	packlist_page_release(&page);
	assert_int_equal(load(f, 10, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "the list of packs has more than 84 pages");
}

struct walk {
	uint64_t n;
	uint8_t last[32];
	bool in_order;
};

static int walk_one(void *arg, const struct packlist_entry *entry, struct err *err)
{
	struct walk *walk = arg;

	(void)err;
	walk->in_order = walk->in_order && memcmp(walk->last, entry->name, 32) < 0;
	memcpy(walk->last, entry->name, 32);
	walk->n++;
	return 0;
}

static void test_packlist_set_each__all_in_the_order_of_names(void **state)
{
	struct fixture *f = *state;
	struct walk walk = {.in_order = true};
	struct err err = {0};

	assert_int_equal(load(f, N_PACKS, &err), 0);
	assert_int_equal(packlist_set_each(f->set, walk_one, &walk, &err), 0);
	assert_int_equal(walk.n, N_PACKS);
	assert_true(walk.in_order);
}

#define set_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		set_test(test_packlist_set_find__every_pack_and_no_other),
		set_test(test_packlist_set_load__refuses_more_than_the_header_says),
		set_test(test_packlist_set_load__refuses_fewer_than_the_header_says),
		set_test(test_packlist_set_load__counts_a_lost_page),
		set_test(test_packlist_set_load__an_empty_list),
		set_test(test_packlist_set_load__stops_when_it_is_told),
		set_test(test_packlist_set_load__a_list_without_an_end),
		set_test(test_packlist_set_each__all_in_the_order_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
