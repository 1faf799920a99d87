/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "format/encoding.h"
#include "repo/index_format.h"
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

/* Puts a fragment of n packs from `first` on, 10 blobs each, signed by `key`, that supersedes
 * `superseded` (may be NULL); its name is in `ret_name`. */
struct made {
	const struct writer_key *key;
	const char *domain; /* in the frame */
	uint32_t first, n;
	const uint8_t *superseded;
	const char *sealed_for; /* NULL: the domain; another one does not decrypt */
};
static void put_fragment(struct fixture *f, const struct made *made,
			 uint8_t ret_name[static 32])
{
	const struct fragment_scope scope = {
		&f->s.sample.writer.dedup, &f->s.sample.identity,
		made->sealed_for != NULL ? made->sealed_for : "db"};
	const struct store_put_options put = {.mode = STORE_PUT_NEW};
	struct signed_frame frame = {.kind = FRAME_INDEX,
				     .stream = slice_of_string(made->domain),
				     .certificate = buf_slice(&made->key->certificate)};
	struct fragment_builder builder;
	struct buf body, object;
	struct err err = {0};
	char hex[65], key[128];

	fragment_builder_init(&builder);
	buf_init(&body, 0);
	buf_init(&object, 0);
	for (uint32_t pack = made->first; pack < made->first + made->n; pack++) {
		struct pack_info info = sample_pack(pack);
		struct blob_entry entries[10];

		for (uint32_t i = 0; i < 10; i++)
			entries[i] = sample_entry(pack * UINT64_C(1000) + i, i);
		fragment_builder_add(&builder, &info, entries, 10);
	}
	if (made->superseded != NULL)
		fragment_builder_supersede(&builder, made->superseded);
	fragment_builder_seal(&builder, &scope, &f->s.sample.rng, &body);
	frame.body = buf_slice(&body);
	signed_frame_encode(&frame, &f->s.sample.identity, made->key->sign, &object);
	hash_sha256(buf_slice(&object), ret_name);
	(void)snprintf(key, sizeof(key), "index/db/%s",
		       hex_encode(slice_of(ret_name, 32), hex, sizeof(hex)));
	if (store_put(f->s.repo.store, key, buf_slice(&object), &put, &err) < 0)
		fail_msg("%s", err.msg);
	fragment_builder_release(&builder);
	buf_release(&body);
	buf_release(&object);
}

static void put_own(struct fixture *f, uint32_t first, uint32_t n,
		    const uint8_t *superseded, uint8_t ret_name[static 32])
{
	const struct made made = {&f->s.sample.writer, "db", first, n, superseded, NULL};

	put_fragment(f, &made, ret_name);
}

static void delete_fragment(struct fixture *f, const uint8_t name[static 32])
{
	char hex[65], key[128];
	struct err err = {0};

	(void)snprintf(key, sizeof(key), "index/db/%s",
		       hex_encode(slice_of(name, 32), hex, sizeof(hex)));
	assert_int_equal(store_delete(f->s.repo.store, key, NULL, &err), 0);
}

static void open_and_update(struct fixture *f)
{
	f->index = index_sample_open(&f->s, NULL);
	index_sample_update(f->index, &f->s);
}

static void expect_packs(struct fixture *f, uint32_t first, uint32_t n)
{
	for (uint32_t pack = first; pack < first + n; pack++)
		assert_true(index_sample_has_pack(f->index, pack, 10));
}

static void test_index_update__takes_every_fragment(void **state)
{
	struct fixture *f = *state;
	uint8_t name[32];

	for (uint32_t i = 0; i < 5; i++)
		put_own(f, i * 10, 10, NULL, name);
	open_and_update(f);
	expect_packs(f, 0, 50);
	assert_int_equal(index_n_packs(f->index), 50);
	assert_int_equal(index_n_blobs(f->index), 500);
	assert_int_equal(index_counters(f->index).taken, 5);
	assert_string_equal(f->s.logged, "");
}

static void test_index_update__reads_only_what_is_new(void **state)
{
	struct fixture *f = *state;
	uint8_t name[32];

	put_own(f, 0, 3, NULL, name);
	open_and_update(f);
	put_own(f, 3, 3, NULL, name);
	uint64_t n_get = store_counters(f->s.repo.store).n_get;
	index_sample_update(f->index, &f->s);
	assert_int_equal(store_counters(f->s.repo.store).n_get, n_get + 1);
	expect_packs(f, 0, 6);
	assert_int_equal(index_n_blobs(f->index), 60);
}

static void test_index_update__an_empty_store_is_fine(void **state)
{
	struct fixture *f = *state;

	open_and_update(f);
	assert_int_equal(index_n_packs(f->index), 0);
}

static void test_index_update__reads_no_superseded_fragment(void **state)
{
	struct fixture *f = *state;
	uint8_t small[32], large[32];

	put_own(f, 0, 1, NULL, small);
	put_own(f, 0, 5, small, large);
	open_and_update(f);
	expect_packs(f, 0, 5);
	assert_int_equal(index_counters(f->index).taken, 1);
	/* and not in the next run */
	uint64_t n_get = store_counters(f->s.repo.store).n_get;
	index_sample_update(f->index, &f->s);
	assert_int_equal(store_counters(f->s.repo.store).n_get, n_get);
}

static void test_index_update__only_the_signer_supersedes(void **state)
{
	struct fixture *f = *state;
	struct writer_key other;
	uint8_t victim[32], name[32];

	f->s.options.n_signers = 0; /* a reader */
	index_sample_second_writer(&f->s, &f->s.sample.rng, &other);
	put_own(f, 0, 1, NULL, victim);
	const struct made made = {&other, "db", 100, 5, victim, NULL};
	put_fragment(f, &made, name);
	open_and_update(f);
	expect_packs(f, 0, 1);
	expect_packs(f, 100, 5);
	assert_int_equal(index_counters(f->index).taken, 2);
	index_sample_drop_writer(&other);
}

static void test_index_update__a_writer_ignores_other_writers(void **state)
{
	struct fixture *f = *state;
	struct writer_key other;
	uint8_t name[32];

	index_sample_second_writer(&f->s, &f->s.sample.rng, &other);
	const struct made made = {&other, "db", 100, 5, NULL, NULL};
	put_fragment(f, &made, name);
	put_own(f, 0, 1, NULL, name);
	open_and_update(f);
	expect_packs(f, 0, 1);
	assert_int_equal(index_sample_count(f->index, 100000), 0);
	assert_int_equal(index_counters(f->index).foreign, 1);
	assert_string_equal(f->s.logged, "");
	/* it is not looked at again */
	uint64_t n_get = store_counters(f->s.repo.store).n_get;
	index_sample_update(f->index, &f->s);
	assert_int_equal(store_counters(f->s.repo.store).n_get, n_get);
	index_sample_drop_writer(&other);
}

static void test_index_update__a_reader_takes_all_writers(void **state)
{
	struct fixture *f = *state;
	struct writer_key other;
	uint8_t name[32];

	f->s.options.n_signers = 0;
	index_sample_second_writer(&f->s, &f->s.sample.rng, &other);
	const struct made made = {&other, "db", 100, 5, NULL, NULL};
	put_fragment(f, &made, name);
	put_own(f, 0, 1, NULL, name);
	open_and_update(f);
	expect_packs(f, 0, 1);
	expect_packs(f, 100, 5);
	index_sample_drop_writer(&other);
}

/* Two writers describe one pack: one of them may lie, so both descriptions are there. */
static void test_index_update__descriptions_do_not_hide_each_other(void **state)
{
	struct fixture *f = *state;
	struct writer_key other;
	uint8_t name[32];

	f->s.options.n_signers = 0;
	index_sample_second_writer(&f->s, &f->s.sample.rng, &other);
	const struct made made = {&other, "db", 0, 2, NULL, NULL};
	put_fragment(f, &made, name);
	put_own(f, 0, 1, NULL, name);
	open_and_update(f);
	assert_int_equal(index_n_packs(f->index), 3);
	assert_int_equal(index_sample_count(f->index, 5), 2);
	/* and what the pack's own directory says counts as well */
	(void)index_sample_add(f->index, 0, 10);
	assert_int_equal(index_sample_count(f->index, 5), 3);
	index_sample_drop_writer(&other);
}

static void test_index_update__passes_over_a_forged_certificate(void **state)
{
	struct fixture *f = *state;
	struct index_sample foreign;
	uint8_t name[32];

	f->s.options.n_signers = 0;
	index_sample_init(&foreign);
	sign_private_free(foreign.sample.owner);
	foreign.sample.owner = sign_private_generate(&f->s.sample.rng);
	struct writer_key forger;
	index_sample_second_writer(&foreign, &f->s.sample.rng, &forger);
	const struct made made = {&forger, "db", 100, 5, NULL, NULL};
	put_fragment(f, &made, name);
	open_and_update(f);
	assert_int_equal(index_n_packs(f->index), 0);
	assert_int_equal(index_counters(f->index).damaged, 1);
	assert_non_null(strstr(f->s.logged, "not signed by the owner"));
	assert_non_null(strstr(f->s.logged, "; it is passed over"));
	index_sample_drop_writer(&forger);
	index_sample_release(&foreign);
}

static void test_index_update__passes_over_a_fragment_of_another_domain(void **state)
{
	struct fixture *f = *state;
	const struct made made = {&f->s.sample.writer, "other", 0, 1, NULL, NULL};
	uint8_t name[32];

	put_fragment(f, &made, name);
	open_and_update(f);
	assert_int_equal(index_n_packs(f->index), 0);
	assert_int_equal(index_counters(f->index).damaged, 1);
	assert_non_null(strstr(f->s.logged, "index fragment index/db/"));
}

static void test_index_update__passes_over_what_does_not_fit_its_name(void **state)
{
	struct fixture *f = *state;
	const struct store_put_options put = {.mode = STORE_PUT_NEW};
	char key[128] = "index/db/";
	struct err err = {0};
	uint8_t name[32];

	memset(key + 9, '7', 64);
	assert_int_equal(
		store_put(f->s.repo.store, key, slice_of_string("junk"), &put, &err), 0);
	put_own(f, 0, 1, NULL, name);
	open_and_update(f);
	expect_packs(f, 0, 1);
	assert_int_equal(index_counters(f->index).damaged, 1);
	assert_non_null(strstr(f->s.logged, "its content does not fit its name"));
}

static void test_index_update__passes_over_content_that_does_not_decrypt(void **state)
{
	struct fixture *f = *state;
	const struct made made = {.key = &f->s.sample.writer,
				  .domain = "db",
				  .n = 1,
				  .sealed_for = "other"};
	uint8_t name[32];

	put_fragment(f, &made, name);
	open_and_update(f);
	assert_int_equal(index_n_packs(f->index), 0);
	assert_int_equal(index_counters(f->index).damaged, 1);
	assert_non_null(
		strstr(f->s.logged, ": index fragment: its content does not decrypt"));
}

/* Of a large one only the signer is looked at. */
static void test_index_update__does_not_get_a_large_foreign_fragment(void **state)
{
	struct fixture *f = *state;
	struct writer_key other;
	uint8_t name[32];

	index_sample_second_writer(&f->s, &f->s.sample.rng, &other);
	const struct made made = {&other, "db", 100, 200, NULL, NULL};
	put_fragment(f, &made, name);
	f->index = index_sample_open(&f->s, NULL);
	uint64_t got = store_counters(f->s.repo.store).bytes_got;
	index_sample_update(f->index, &f->s);
	assert_int_equal(store_counters(f->s.repo.store).bytes_got, got + 32);
	assert_int_equal(index_counters(f->index).foreign, 1);
	index_sample_drop_writer(&other);
}

static void test_index_update__reports_a_store_that_fails(void **state)
{
	struct fixture *f = *state;
	struct store *inner = f->s.repo.store;
	uint8_t name[32];

	put_own(f, 0, 200, NULL, name); /* large: two gets */
	put_own(f, 300, 1, NULL, name);
	for (unsigned calls = 0; calls < 4; calls++) {
		struct err err = {0};

		f->index = index_sample_open(&f->s, NULL);
		f->s.repo.store = store_cut_new(inner, calls);
		assert_int_equal(index_update(f->index, &f->s.repo, NULL, &err), -1);
		assert_int_equal(err.code, ERR_IO);
		store_free(f->s.repo.store);
		f->s.repo.store = inner;
		index_sample_update(f->index, &f->s);
		expect_packs(f, 0, 200);
		expect_packs(f, 300, 1);
		assert_int_equal(index_n_blobs(f->index), 2010);
		index_free(f->index);
		f->index = NULL;
	}
}

static void test_index_update__skips_keys_that_are_no_fragments(void **state)
{
	struct fixture *f = *state;
	const struct store_put_options put = {.mode = STORE_PUT_NEW};
	struct err err = {0};

	assert_int_equal(store_put(f->s.repo.store, "index/db/readme",
				   slice_of_string("junk"), &put, &err),
			 0);
	open_and_update(f);
	assert_int_equal(index_counters(f->index).damaged, 0);
	assert_string_equal(f->s.logged, "");
}

static void test_index_update__a_vanished_fragment_takes_its_packs_along(void **state)
{
	struct fixture *f = *state;
	uint8_t first[32], second[32];

	put_own(f, 0, 3, NULL, first);
	put_own(f, 3, 3, NULL, second);
	open_and_update(f);
	delete_fragment(f, first);
	index_sample_update(f->index, &f->s);
	assert_int_equal(index_sample_count(f->index, 0), 0);
	expect_packs(f, 3, 3);
	assert_int_equal(index_n_packs(f->index), 3);
}

static void test_index_update__a_superseded_fragment_may_vanish(void **state)
{
	struct fixture *f = *state;
	uint8_t small[32], large[32];

	put_own(f, 0, 2, NULL, small);
	open_and_update(f);
	put_own(f, 0, 5, small, large);
	index_sample_update(f->index, &f->s);
	delete_fragment(f, small);
	uint64_t n_get = store_counters(f->s.repo.store).n_get;
	index_sample_update(f->index, &f->s);
	assert_int_equal(store_counters(f->s.repo.store).n_get, n_get);
	expect_packs(f, 0, 5);
}

static void test_index_update__stops_when_it_is_told(void **state)
{
	struct fixture *f = *state;
	struct cancel cancel;
	struct err err = {0};
	uint8_t name[32];

	put_own(f, 0, 3, NULL, name);
	f->index = index_sample_open(&f->s, NULL);
	cancel_init(&cancel);
	cancel_set(&cancel, 15);
	assert_int_equal(index_update(f->index, &f->s.repo, &cancel, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

static void test_index_update__refuses_to_start_anew_under_a_run(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	uint8_t name[32];

	put_own(f, 0, 3, NULL, name);
	open_and_update(f);
	(void)index_sample_add(f->index, 50, 10);
	delete_fragment(f, name);
	assert_int_equal(index_update(f->index, &f->s.repo, NULL, &err), -1);
	assert_string_equal(err.msg, "index fragments vanished while they were in use");
}

static size_t fragments_of(struct fixture *f, uint32_t pack, uint8_t *ret_name)
{
	uint8_t *bits = mem_zalloc(index_n_packs(f->index) / 8 + 1);
	struct err err = {0};
	struct vec names;
	size_t n;

	bits[pack / 8] = (uint8_t)(1u << pack % 8);
	vec_init(&names, 32);
	assert_int_equal(index_fragments_of(f->index, bits, &names, &err), 0);
	n = names.n;
	if (n > 0)
		memcpy(ret_name, vec_at(&names, 0), 32);
	vec_release(&names);
	mem_free(bits);
	return n;
}

static void test_index_fragments_of__names_those_that_list_a_pack(void **state)
{
	struct fixture *f = *state;
	uint8_t first[32], second[32], found[32];
	struct pack_info info = sample_pack(4);
	struct err err = {0};
	uint32_t number = 0;

	put_own(f, 0, 3, NULL, first);
	put_own(f, 3, 3, NULL, second);
	open_and_update(f);
	assert_int_equal(index_pack_number(f->index, info.name, &number, &err), 0);
	assert_int_equal(fragments_of(f, number, found), 1);
	assert_memory_equal(found, second, 32);
}

static void test_index_fragments_of__prefers_what_supersedes(void **state)
{
	struct fixture *f = *state;
	uint8_t small[32], large[32], found[32];

	put_own(f, 0, 1, NULL, small);
	open_and_update(f);
	put_own(f, 0, 5, small, large);
	index_sample_update(f->index, &f->s);
	assert_int_equal(fragments_of(f, 0, found), 1);
	assert_memory_equal(found, large, 32);
}

#define update_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		update_test(test_index_update__takes_every_fragment),
		update_test(test_index_update__reads_only_what_is_new),
		update_test(test_index_update__an_empty_store_is_fine),
		update_test(test_index_update__reads_no_superseded_fragment),
		update_test(test_index_update__only_the_signer_supersedes),
		update_test(test_index_update__a_writer_ignores_other_writers),
		update_test(test_index_update__a_reader_takes_all_writers),
		update_test(test_index_update__descriptions_do_not_hide_each_other),
		update_test(test_index_update__passes_over_a_forged_certificate),
		update_test(test_index_update__passes_over_a_fragment_of_another_domain),
		update_test(test_index_update__passes_over_what_does_not_fit_its_name),
		update_test(test_index_update__passes_over_content_that_does_not_decrypt),
		update_test(test_index_update__does_not_get_a_large_foreign_fragment),
		update_test(test_index_update__reports_a_store_that_fails),
		update_test(test_index_update__skips_keys_that_are_no_fragments),
		update_test(test_index_update__a_vanished_fragment_takes_its_packs_along),
		update_test(test_index_update__a_superseded_fragment_may_vanish),
		update_test(test_index_update__stops_when_it_is_told),
		update_test(test_index_update__refuses_to_start_anew_under_a_run),
		update_test(test_index_fragments_of__names_those_that_list_a_pack),
		update_test(test_index_fragments_of__prefers_what_supersedes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
