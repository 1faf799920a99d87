/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/index_format.h"

struct fixture {
	struct repo_identity identity;
	struct dedup_keys keys;
	struct rng rng;
	struct fragment_builder builder;
	struct buf body;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	f->rng = rng_seeded(7);
	rng_fill(&f->rng, f->identity.id, REPO_ID_LEN);
	secret_init(&f->keys.index, 32);
	rng_fill(&f->rng, f->keys.index.data, 32);
	fragment_builder_init(&f->builder);
	buf_init(&f->body, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	secret_release(&f->keys.index);
	fragment_builder_release(&f->builder);
	buf_release(&f->body);
	mem_free(f);
	return 0;
}

static struct pack_info make_info(struct fixture *f)
{
	struct pack_info info = {.size = 1000000, .epoch = 3};

	rng_fill(&f->rng, info.name, sizeof(info.name));
	rng_fill(&f->rng, info.header_hash, sizeof(info.header_hash));
	return info;
}

static struct blob_entry make_entry(struct fixture *f, uint32_t offset)
{
	struct blob_entry entry = {
		.type = BLOB_DATA, .offset = offset, .stored = 117, .raw = 5000};

	rng_fill(&f->rng, entry.id.bytes, sizeof(entry.id.bytes));
	return entry;
}

static void add_pack(struct fixture *f, struct pack_info *ret_info,
		     struct blob_entry *entries, size_t n)
{
	*ret_info = make_info(f);
	for (size_t i = 0; i < n; i++)
		entries[i] = make_entry(f, 176 + (uint32_t)i * 117);
	fragment_builder_add(&f->builder, ret_info, entries, n);
}

static void seal(struct fixture *f)
{
	const struct fragment_scope scope = {&f->keys, &f->identity, "db"};

	fragment_builder_seal(&f->builder, &scope, &f->rng, &f->body);
}

static int open_body(struct fixture *f, const char *domain,
		     struct fragment_body *ret_parts, struct slice *ret_content,
		     struct err *err)
{
	const struct fragment_scope scope = {&f->keys, &f->identity, domain};

	if (fragment_body_decode(buf_slice(&f->body), ret_parts, err) < 0)
		return -1;

	/* in place: what is sealed lies in the body */
	size_t at = (size_t)(ret_parts->sealed.data - f->body.data);

	return fragment_body_open(ret_parts, &scope, f->body.data + at, ret_content, err);
}

static void expect_entry(const struct fragment_pack *pack, uint32_t i,
			 const struct blob_entry *expected)
{
	struct blob_entry entry = {0};

	fragment_pack_entry(pack, i, &entry);
	assert_memory_equal(entry.id.bytes, expected->id.bytes, BLOB_ID_LEN);
	assert_int_equal(entry.type, expected->type);
	assert_int_equal(entry.offset, expected->offset);
	assert_int_equal(entry.stored, expected->stored);
	assert_int_equal(entry.raw, expected->raw);
}

static void test_fragment_body_open__gives_back_what_was_sealed(void **state)
{
	struct fixture *f = *state;
	struct pack_info infos[2];
	struct blob_entry entries[3];
	struct fragment_body parts;
	struct fragment_walk walk;
	struct fragment_pack pack;
	struct slice content;
	struct err err = {0};

	add_pack(f, &infos[0], entries, 3);
	add_pack(f, &infos[1], entries, 0);
	fragment_builder_supersede(&f->builder, infos[1].name);
	seal(f);
	assert_int_equal(open_body(f, "db", &parts, &content, &err), 0);
	assert_int_equal(parts.packs.len, 64);
	assert_memory_equal(parts.superseded.data, infos[1].name, 32);
	fragment_walk_init(&walk, &parts, content);
	assert_true(fragment_walk_next(&walk, &pack));
	assert_memory_equal(pack.info.name, infos[0].name, 32);
	assert_memory_equal(pack.info.header_hash, infos[0].header_hash, 32);
	assert_int_equal(pack.info.size, 1000000);
	assert_int_equal(pack.info.epoch, 3);
	assert_int_equal(pack.n_entries, 3);
	for (uint32_t i = 0; i < 3; i++)
		expect_entry(&pack, i, &entries[i]);
	assert_true(fragment_walk_next(&walk, &pack));
	assert_int_equal(pack.n_entries, 0);
	assert_false(fragment_walk_next(&walk, &pack));
}

static void test_fragment_builder_add_pack__repeats_a_read_pack(void **state)
{
	struct fixture *f = *state;
	struct pack_info info;
	struct blob_entry entries[2];
	struct fragment_body parts;
	struct fragment_walk walk;
	struct fragment_pack pack;
	struct slice content;
	struct err err = {0};

	add_pack(f, &info, entries, 2);
	seal(f);
	assert_int_equal(open_body(f, "db", &parts, &content, &err), 0);
	fragment_walk_init(&walk, &parts, content);
	assert_true(fragment_walk_next(&walk, &pack));
	fragment_builder_add_pack(&f->builder, &pack); /* now it is there twice */
	assert_int_equal(f->builder.n_blobs, 4);
	buf_clear(&f->body);
	seal(f);
	assert_int_equal(open_body(f, "db", &parts, &content, &err), 0);
	fragment_walk_init(&walk, &parts, content);
	assert_true(fragment_walk_next(&walk, &pack));
	assert_true(fragment_walk_next(&walk, &pack));
	assert_memory_equal(pack.info.name, info.name, 32);
	expect_entry(&pack, 1, &entries[1]);
}

static void test_fragment_builder_fits__keeps_to_the_targets(void **state)
{
	struct fixture *f = *state;
	struct pack_info info;

	assert_true(fragment_builder_fits(&f->builder, 1, FRAGMENT_BLOBS_MAX));
	add_pack(f, &info, NULL, 0);
	assert_true(fragment_builder_fits(&f->builder, 1, FRAGMENT_BLOBS_TARGET));
	assert_false(fragment_builder_fits(&f->builder, 1, FRAGMENT_BLOBS_TARGET + 1));
	assert_false(fragment_builder_fits(&f->builder, FRAGMENT_PACKS_TARGET, 1));
}

static void test_fragment_body_open__is_bound_to_the_domain(void **state)
{
	struct fixture *f = *state;
	struct pack_info info;
	struct fragment_body parts;
	struct slice content;
	struct err err = {0};

	add_pack(f, &info, NULL, 0);
	seal(f);
	assert_int_equal(open_body(f, "other", &parts, &content, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "index fragment: its content does not decrypt");
}

static void test_fragment_body_open__is_bound_to_the_clear_part(void **state)
{
	struct fixture *f = *state;
	struct pack_info info;
	struct fragment_body parts;
	struct slice content;
	struct err err = {0};

	add_pack(f, &info, NULL, 0);
	seal(f);
	f->body.data[6] ^= 1; /* the pack's name */
	assert_int_equal(open_body(f, "db", &parts, &content, &err), -1);
	assert_string_equal(err.msg, "index fragment: its content does not decrypt");
}

static void test_fragment_body_open__refuses_a_blob_outside_of_its_pack(void **state)
{
	struct fixture *f = *state;
	struct pack_info info = make_info(f);
	struct blob_entry entry = make_entry(f, 999999);
	struct fragment_body parts;
	struct slice content;
	struct err err = {0};

	fragment_builder_add(&f->builder, &info, &entry, 1);
	seal(f);
	assert_int_equal(open_body(f, "db", &parts, &content, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(
		strstr(err.msg, "index fragment: pack 0: blob 0: blob at 999999"));
}

static void test_fragment_body_open__refuses_an_oversize_pack(void **state)
{
	struct fixture *f = *state;
	struct pack_info info = make_info(f);
	struct fragment_body parts;
	struct slice content;
	struct err err = {0};

	info.size = (uint64_t)PACK_SIZE_MAX + 1;
	fragment_builder_add(&f->builder, &info, NULL, 0);
	seal(f);
	assert_int_equal(open_body(f, "db", &parts, &content, &err), -1);
	assert_string_equal(err.msg,
			    "index fragment: pack 0: size 268435457 exceeds 268435456");
}

static void test_fragment_body_open__refuses_fewer_names_than_packs(void **state)
{
	struct fixture *f = *state;
	struct pack_info info;
	struct fragment_body parts;
	struct slice content;
	struct err err = {0};

	add_pack(f, &info, NULL, 0);
	add_pack(f, &info, NULL, 0);
	f->builder.n_packs = 1;
	f->builder.packs.len = 32;
	seal(f);
	assert_int_equal(open_body(f, "db", &parts, &content, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_fragment_body_decode__names_a_newer_version(void **state)
{
	struct fixture *f = *state;
	struct fragment_body parts;
	struct err err = {0};

	seal(f);
	f->body.data[0] = 2;
	assert_int_equal(fragment_body_decode(buf_slice(&f->body), &parts, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg,
			    "index fragment: version 2 is made by a newer Quipu");
}

static void test_fragment_body_decode__refuses_every_truncation(void **state)
{
	struct fixture *f = *state;
	struct pack_info info;
	struct blob_entry entry;
	struct fragment_body parts;

	add_pack(f, &info, &entry, 1);
	fragment_builder_supersede(&f->builder, info.name);
	seal(f);
	for (size_t len = 0; len < f->body.len; len++) {
		struct err err = {0};

		assert_int_equal(
			fragment_body_decode(slice_of(f->body.data, len), &parts, &err),
			-1);
		assert_int_equal(err.code, ERR_CORRUPT);
	}
}

static void test_fragment_body_decode__refuses_trailing_bytes(void **state)
{
	struct fixture *f = *state;
	struct fragment_body parts;
	struct err err = {0};

	seal(f);
	buf_append_byte(&f->body, 0);
	assert_int_equal(fragment_body_decode(buf_slice(&f->body), &parts, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_fragment_builder_seal__never_repeats_a_salt(void **state)
{
	struct fixture *f = *state;
	struct fragment_body parts;
	struct err err = {0};
	uint8_t first[32];

	seal(f);
	assert_int_equal(fragment_body_decode(buf_slice(&f->body), &parts, &err), 0);
	memcpy(first, parts.salt.data, sizeof(first));
	buf_clear(&f->body);
	seal(f);
	assert_int_equal(fragment_body_decode(buf_slice(&f->body), &parts, &err), 0);
	assert_memory_not_equal(parts.salt.data, first, sizeof(first));
}

#define fragment_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fragment_test(test_fragment_body_open__gives_back_what_was_sealed),
		fragment_test(test_fragment_builder_add_pack__repeats_a_read_pack),
		fragment_test(test_fragment_builder_fits__keeps_to_the_targets),
		fragment_test(test_fragment_body_open__is_bound_to_the_domain),
		fragment_test(test_fragment_body_open__is_bound_to_the_clear_part),
		fragment_test(
			test_fragment_body_open__refuses_a_blob_outside_of_its_pack),
		fragment_test(test_fragment_body_open__refuses_an_oversize_pack),
		fragment_test(test_fragment_body_open__refuses_fewer_names_than_packs),
		fragment_test(test_fragment_body_decode__names_a_newer_version),
		fragment_test(test_fragment_body_decode__refuses_every_truncation),
		fragment_test(test_fragment_body_decode__refuses_trailing_bytes),
		fragment_test(test_fragment_builder_seal__never_repeats_a_salt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
