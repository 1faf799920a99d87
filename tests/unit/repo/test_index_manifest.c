/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/index_manifest.h"

struct fixture {
	struct rng rng;
	struct secret key;
	struct index_manifest manifest, read;
	struct buf bytes;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct sign_public signer = {{7}};
	struct known_fragment fragment = {
		.name = {1}, .number = 5, .n_blobs = 70000, .signer = 0, .counts = true};
	struct run_identity run = {
		.id = UINT64_MAX, .salt = {9}, .n_records = UINT64_C(1) << 40};

	f->rng = rng_seeded(8);
	secret_init(&f->key, 32);
	buf_init(&f->bytes, 0);
	index_manifest_init(&f->manifest);
	index_manifest_init(&f->read);
	f->manifest.scope[31] = 3;
	f->manifest.n_packs = 1400000;
	f->manifest.n_fragments = 6;
	vec_push(&f->manifest.signers, &signer);
	vec_push(&f->manifest.fragments, &fragment);
	for (size_t i = 0; i < INDEX_TABLES; i++)
		vec_push(&f->manifest.runs[i], &run);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	index_manifest_release(&f->manifest);
	index_manifest_release(&f->read);
	buf_release(&f->bytes);
	secret_release(&f->key);
	mem_free(f);
	return 0;
}

static int seal_and_open(struct fixture *f)
{
	index_manifest_seal(&f->manifest, &f->key, &f->rng, &f->bytes);
	return index_manifest_open(buf_slice(&f->bytes), &f->key, &f->read, &f->err);
}

static void test_index_manifest_open__gives_back_what_was_sealed(void **state)
{
	struct fixture *f = *state;
	const struct known_fragment *fragment;
	const struct run_identity *run;

	assert_int_equal(seal_and_open(f), 0);
	assert_memory_equal(f->read.scope, f->manifest.scope, 32);
	assert_int_equal(f->read.n_packs, 1400000);
	assert_int_equal(f->read.n_fragments, 6);
	assert_int_equal(f->read.signers.n, 1);
	fragment = vec_at(&f->read.fragments, 0);
	assert_int_equal(fragment->name[0], 1);
	assert_int_equal(fragment->number, 5);
	assert_int_equal(fragment->n_blobs, 70000);
	assert_true(fragment->counts);
	for (size_t i = 0; i < INDEX_TABLES; i++) {
		assert_int_equal(f->read.runs[i].n, 1);
		run = vec_at(&f->read.runs[i], 0);
		assert_true(run->id == UINT64_MAX);
		assert_int_equal(run->salt[0], 9);
		assert_true(run->n_records == UINT64_C(1) << 40);
	}
}

static void test_index_manifest_open__refuses_every_damaged_byte(void **state)
{
	struct fixture *f = *state;

	index_manifest_seal(&f->manifest, &f->key, &f->rng, &f->bytes);
	for (size_t i = 0; i < f->bytes.len; i++) {
		f->bytes.data[i] ^= 1;
		assert_int_equal(index_manifest_open(buf_slice(&f->bytes), &f->key,
						     &f->read, &f->err),
				 -1);
		assert_int_equal(f->err.code, ERR_CORRUPT);
		f->bytes.data[i] ^= 1;
	}
}

static void test_index_manifest_open__refuses_every_truncation(void **state)
{
	struct fixture *f = *state;

	index_manifest_seal(&f->manifest, &f->key, &f->rng, &f->bytes);
	for (size_t len = 0; len < f->bytes.len; len++) {
		assert_int_equal(index_manifest_open(slice_of(f->bytes.data, len),
						     &f->key, &f->read, &f->err),
				 -1);
		assert_int_equal(f->err.code, ERR_CORRUPT);
	}
}

static void test_index_manifest_open__refuses_another_key(void **state)
{
	struct fixture *f = *state;

	index_manifest_seal(&f->manifest, &f->key, &f->rng, &f->bytes);
	f->key.data[0] = 1;
	assert_int_equal(
		index_manifest_open(buf_slice(&f->bytes), &f->key, &f->read, &f->err),
		-1);
	assert_string_equal(f->err.msg, "index manifest: does not decrypt");
}

static void test_index_manifest_open__refuses_a_fragment_without_signer(void **state)
{
	struct fixture *f = *state;

	vec_clear(&f->manifest.signers);
	assert_int_equal(seal_and_open(f), -1);
	assert_string_equal(f->err.msg, "index manifest: fragment without a signer");
}

static void test_index_manifest_seal__never_looks_the_same(void **state)
{
	struct fixture *f = *state;
	struct buf again;

	buf_init(&again, 0);
	index_manifest_seal(&f->manifest, &f->key, &f->rng, &f->bytes);
	index_manifest_seal(&f->manifest, &f->key, &f->rng, &again);
	assert_int_equal(again.len, f->bytes.len);
	assert_memory_not_equal(again.data + 40, f->bytes.data + 40, again.len - 40);
	buf_release(&again);
}

#define manifest_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		manifest_test(test_index_manifest_open__gives_back_what_was_sealed),
		manifest_test(test_index_manifest_open__refuses_every_damaged_byte),
		manifest_test(test_index_manifest_open__refuses_every_truncation),
		manifest_test(test_index_manifest_open__refuses_another_key),
		manifest_test(
			test_index_manifest_open__refuses_a_fragment_without_signer),
		manifest_test(test_index_manifest_seal__never_looks_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
