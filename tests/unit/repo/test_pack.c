/* SPDX-License-Identifier: Apache-2.0 */
/* Packs built and opened again: pack_builder, pack_keys, pack_reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "repo/pack_builder.h"
#include "repo/pack_reader.h"
#include "support/keylog_sample.h"

struct fixture {
	struct keylog_sample ks;
	struct repo repo;
	struct pack_builder *builder;
	struct pack_info info;
	char key[PACK_KEY_LEN];
	struct buf
		pack; /* the finished object: blobs "one" (raw) and 1000 zeroes (zstd) */
	struct hmac *hmac;
	struct zstd_decoder *decoder;
	struct buf scratch, out;
};

static void append(struct fixture *fixture, enum blob_type type, struct slice raw,
		   struct slice encoded)
{
	struct blob_id id;

	blob_id_compute(fixture->hmac, type, &raw, 1, &id);
	pack_builder_append(fixture->builder, &id, type, (uint32_t)raw.len, encoded);
}

static void build(struct fixture *fixture)
{
	static const uint8_t zeroes[1000];
	CLEANUP(zstd_encoder_freep) struct zstd_encoder *encoder = zstd_encoder_new(3, 1);
	struct slice raw = slice_of(zeroes, sizeof(zeroes));
	struct pack_builder_options options = {
		.identity = &fixture->repo.identity,
		.key = &fixture->ks.sample.writer,
		.domain = "db",
		.epoch = keylog_newest_epoch(fixture->repo.keylog),
		.rng = &fixture->ks.sample.rng,
	};
	struct err err = {0};
	struct slice bytes;
	uint8_t encoded[1001] = {BLOB_ZSTD};

	assert_int_equal(pack_builder_begin(fixture->builder, &options, &err), 0);
	append(fixture, BLOB_DATA, slice_of_string("one"), slice_of("\0one", 4));
	size_t len =
		zstd_encoder_compress(encoder, &raw, 1, encoded + 1, sizeof(encoded) - 1);
	assert_in_range(len, 1, 999);
	append(fixture, BLOB_TREE, raw, slice_of(encoded, 1 + len));
	pack_builder_finish(fixture->builder, &bytes, &fixture->info);
	buf_clear(&fixture->pack);
	buf_append_slice(&fixture->pack, bytes);
	pack_key(fixture->info.name, fixture->key);
}

static int setup(void **state)
{
	struct fixture *fixture = mem_zalloc(sizeof(*fixture));
	struct err err = {0};

	if (keylog_sample_init(&fixture->ks, 5, &err) < 0)
		return -1;
	fixture->repo = (struct repo){.store = fixture->ks.store,
				      .identity = fixture->ks.sample.identity,
				      .keylog = fixture->ks.keylog};
	fixture->builder = pack_builder_new();
	fixture->hmac = hmac_new(&fixture->ks.sample.writer.dedup.blob_id);
	fixture->decoder = zstd_decoder_new();
	buf_init(&fixture->pack, 0);
	buf_init(&fixture->scratch, 0);
	buf_init(&fixture->out, 0);
	build(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	pack_builder_free(fixture->builder);
	hmac_free(fixture->hmac);
	zstd_decoder_free(fixture->decoder);
	buf_release(&fixture->pack);
	buf_release(&fixture->scratch);
	buf_release(&fixture->out);
	keylog_sample_release(&fixture->ks);
	mem_free(fixture);
	return 0;
}

static void put(struct fixture *fixture)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	assert_int_equal(store_put(fixture->repo.store, fixture->key,
				   buf_slice(&fixture->pack), &options, &err),
			 0);
}

static int load(struct fixture *fixture, struct pack_contents *contents, struct err *err)
{
	put(fixture);
	return pack_directory_load(&fixture->repo, &fixture->ks.sample.writer.dedup,
				   fixture->key, fixture->pack.len, contents, err);
}

/* Opens blob `number` of the pack as it lies in the fixture. */
static int open_blob(struct fixture *fixture, uint32_t number, struct err *err)
{
	CLEANUP(pack_opener_freep) struct pack_opener *opener = NULL;
	const struct blob_entry *entry =
		vec_at(pack_builder_entries(fixture->builder), number);
	struct blob_tools tools = {.hmac = fixture->hmac,
				   .decoder = fixture->decoder,
				   .scratch = &fixture->scratch};
	struct sealed_blob sealed = {
		.bytes = slice_of(fixture->pack.data + entry->offset, entry->stored),
		.entry = entry,
		.number = number,
	};

	if (pack_opener_new(&fixture->repo.identity,
			    slice_of(fixture->pack.data, PACK_HEADER_LEN),
			    fixture->ks.sample.epoch, &opener, err) < 0)
		return -1;
	return pack_opener_blob(opener, &sealed, &tools, &fixture->out, err);
}

static void test_pack__name_and_size_are_those_of_the_object(void **state)
{
	struct fixture *fixture = *state;
	uint8_t hash[HASH_LEN];
	uint8_t parsed[HASH_LEN];

	hash_sha256(buf_slice(&fixture->pack), hash);
	assert_memory_equal(fixture->info.name, hash, HASH_LEN);
	assert_int_equal(fixture->info.size, fixture->pack.len);
	assert_int_equal(padme_length(fixture->pack.len), fixture->pack.len);
	assert_int_equal(fixture->info.epoch, 1);
	assert_true(pack_key_parse(fixture->key, parsed));
	assert_memory_equal(parsed, hash, HASH_LEN);
}

static void test_pack_key_parse__refuses_other_keys(void **state)
{
	struct fixture *fixture = *state;
	uint8_t name[HASH_LEN];

	assert_false(pack_key_parse("packs/00/x", name));
	assert_false(pack_key_parse("", name));
	fixture->key[6] =
		fixture->key[6] == '0' ? '1' : '0'; /* the folder does not fit */
	assert_false(pack_key_parse(fixture->key, name));
}

static void test_pack_directory_load__gives_a_writer_what_was_appended(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	struct err err = {0};

	if (load(fixture, &contents, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(contents.directory.domain, "db");
	assert_int_equal(contents.directory.entries.n, 2);
	assert_memory_equal(contents.header_hash, fixture->info.header_hash, HASH_LEN);
	for (size_t i = 0; i < 2; i++) {
		const struct blob_entry *in =
			vec_at(pack_builder_entries(fixture->builder), i);
		const struct blob_entry *out = vec_at(&contents.directory.entries, i);

		assert_memory_equal(in->id.bytes, out->id.bytes, BLOB_ID_LEN);
		assert_int_equal(in->raw, out->raw);
	}
}

static void test_pack_directory_load__refuses_another_size_or_key(void **state)
{
	struct fixture *fixture = *state;
	struct pack_contents contents;
	struct err err = {0};

	put(fixture);
	assert_int_equal(
		pack_directory_load(&fixture->repo, &fixture->ks.sample.writer.dedup,
				    fixture->key, fixture->pack.len - 1, &contents, &err),
		-1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, fixture->key));
	fixture->ks.sample.writer.dedup.index.data[0] ^= 1;
	assert_int_equal(load(fixture, &contents, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	fixture->ks.sample.writer.dedup.index.data[0] ^= 1;
}

static void test_pack_directory_load__refuses_a_signer_without_certificate(void **state)
{
	struct fixture *fixture = *state;
	struct sign_private *own = fixture->ks.sample.writer.sign;
	CLEANUP(sign_private_freep)
	struct sign_private *thief = sign_private_generate(&fixture->ks.sample.rng);
	struct pack_contents contents;
	struct err err = {0};

	fixture->ks.sample.writer.sign = thief;
	build(fixture);
	fixture->ks.sample.writer.sign = own;
	assert_int_equal(load(fixture, &contents, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_non_null(strstr(err.msg, "the signature does not fit"));
}

static void test_pack_opener_blob__opens_raw_and_compressed(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	if (open_blob(fixture, 0, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_string(&fixture->out), "one");
	if (open_blob(fixture, 1, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fixture->out.len, 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(fixture->out.data[i], 0);
}

static void test_pack__every_flipped_bit_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	const struct blob_entry *last = vec_last(pack_builder_entries(fixture->builder));
	size_t blobs_end = last->offset + last->stored;

	for (size_t i = 0; i < blobs_end; i++) {
		struct err err = {0};
		bool noticed;

		fixture->pack.data[i] ^= (uint8_t)(1 << (i % 8));
		noticed = open_blob(fixture, 0, &err) < 0;
		noticed = open_blob(fixture, 1, &err) < 0 || noticed;
		/* a directory salt that is not the right one is the directory's to notice, and
		 * the header hash in the blobs' additional data notices it too */
		if (!noticed)
			fail_msg("byte %zu of %zu", i, blobs_end);
		fixture->pack.data[i] ^= (uint8_t)(1 << (i % 8));
	}
	for (size_t i = fixture->pack.len - PACK_TRAILER_LEN; i < fixture->pack.len;
	     i++) {
		struct pack_contents contents;
		struct err err = {0};

		fixture->pack.data[i] ^= 1;
		assert_int_equal(load(fixture, &contents, &err), -1);
		fixture->pack.data[i] ^= 1;
	}
}

static void test_pack_opener_new__refuses_another_epochs_key(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP(dh_private_freep)
	struct dh_private *other = dh_private_generate(&fixture->ks.sample.rng);
	struct pack_opener *opener;
	struct err err = {0};

	assert_int_equal(pack_opener_new(&fixture->repo.identity,
					 slice_of(fixture->pack.data, PACK_HEADER_LEN),
					 other, &opener, &err),
			 -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, "does not open with the key of epoch 1"));
}

static void test_pack__two_packs_share_no_key(void **state)
{
	struct fixture *fixture = *state;
	uint8_t before[PACK_HEADER_LEN];

	memcpy(before, fixture->pack.data, PACK_HEADER_LEN);
	build(fixture);
	/* uuid, commitment, ephemeral key, wrapped key and salt: all fresh */
	for (size_t at = 16; at < PACK_HEADER_LEN; at += 16)
		assert_memory_not_equal(before + at, fixture->pack.data + at, 16);
}

static void test_pack_opener_blob__refuses_content_of_another_id(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	/* a writer that lies: seals "two" under the id of "one" */
	hmac_free(fixture->hmac);
	CLEANUP(secret_release) struct secret other = {0};
	secret_init(&other, 32);
	fixture->hmac = hmac_new(&other);
	assert_int_equal(open_blob(fixture, 0, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "the content does not have the blob's id");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_pack__name_and_size_are_those_of_the_object),
		CASE(test_pack_key_parse__refuses_other_keys),
		CASE(test_pack_directory_load__gives_a_writer_what_was_appended),
		CASE(test_pack_directory_load__refuses_another_size_or_key),
		CASE(test_pack_directory_load__refuses_a_signer_without_certificate),
		CASE(test_pack_opener_blob__opens_raw_and_compressed),
		CASE(test_pack__every_flipped_bit_is_noticed),
		CASE(test_pack_opener_new__refuses_another_epochs_key),
		CASE(test_pack__two_packs_share_no_key),
		CASE(test_pack_opener_blob__refuses_content_of_another_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
