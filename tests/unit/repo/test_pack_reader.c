/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/pack_sample.h"

static void put(struct pack_sample *sample)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	assert_int_equal(store_put(sample->repo.store, sample->key,
				   buf_slice(&sample->pack), &options, &err),
			 0);
}

static int load(struct pack_sample *sample, struct pack_contents *contents,
		struct err *err)
{
	put(sample);
	return pack_directory_load(&sample->repo, &sample->ks.sample.writer.dedup,
				   sample->key, sample->pack.len, contents, err);
}

/* Opens blob `number` of the pack as it lies in the sample. */
static int open_blob(struct pack_sample *sample, uint32_t number, struct err *err)
{
	CLEANUP(pack_opener_freep) struct pack_opener *opener = NULL;
	const struct blob_entry *entry =
		vec_at(pack_builder_entries(sample->builder), number);
	struct blob_tools tools = {.hmac = sample->hmac,
				   .decoder = sample->decoder,
				   .scratch = &sample->scratch};
	struct sealed_blob sealed = {
		.bytes = slice_of(sample->pack.data + entry->offset, entry->stored),
		.entry = entry,
		.number = number,
	};

	if (pack_opener_new(&sample->repo.identity,
			    slice_of(sample->pack.data, PACK_HEADER_LEN),
			    sample->ks.sample.epoch, &opener, err) < 0)
		return -1;
	return pack_opener_blob(opener, &sealed, &tools, &sample->out, err);
}

static void test_pack_key_parse__refuses_other_keys(void **state)
{
	struct pack_sample *sample = *state;
	uint8_t name[HASH_LEN];

	assert_false(pack_key_parse("packs/00/x", name));
	assert_false(pack_key_parse("", name));
	sample->key[6] = sample->key[6] == '0' ? '1' : '0'; /* the folder does not fit */
	assert_false(pack_key_parse(sample->key, name));
}

static void test_pack_directory_load__gives_a_writer_what_was_appended(void **state)
{
	struct pack_sample *sample = *state;
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	struct err err = {0};

	if (load(sample, &contents, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(contents.directory.domain, "db");
	assert_int_equal(contents.directory.entries.n, 2);
	assert_memory_equal(contents.header_hash, sample->info.header_hash, HASH_LEN);
	for (size_t i = 0; i < 2; i++) {
		const struct blob_entry *in =
			vec_at(pack_builder_entries(sample->builder), i);
		const struct blob_entry *out = vec_at(&contents.directory.entries, i);

		assert_memory_equal(in->id.bytes, out->id.bytes, BLOB_ID_LEN);
		assert_int_equal(in->raw, out->raw);
	}
}

/* The owner takes the sample's writer out. */
static void revoke_writer(struct pack_sample *sample)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	const struct certificate *certificate =
		keylog_certificate(sample->repo.keylog, 0);
	struct err err = {0};

	keylog_record_init(&record, KEYLOG_REVOCATION);
	memcpy(record.revocation.certificate, certificate->id, HASH_LEN);
	if (keylog_append(sample->ks.keylog, sample->ks.store, &sample->ks.owner, &record,
			  NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_pack_directory_load__tells_that_the_signer_is_revoked(void **state)
{
	struct pack_sample *sample = *state;
	struct err err = {0};

	for (int revoked = 0; revoked < 2; revoked++) {
		CLEANUP(pack_contents_release) struct pack_contents contents = {0};

		if (load(sample, &contents, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(contents.revoked, revoked);
		if (!revoked)
			revoke_writer(sample);
	}
}

static void test_pack_directory_load__refuses_another_size_or_key(void **state)
{
	struct pack_sample *sample = *state;
	struct pack_contents contents;
	struct err err = {0};

	put(sample);
	assert_int_equal(pack_directory_load(&sample->repo,
					     &sample->ks.sample.writer.dedup, sample->key,
					     sample->pack.len - 1, &contents, &err),
			 -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, sample->key));
	sample->ks.sample.writer.dedup.index.data[0] ^= 1;
	assert_int_equal(load(sample, &contents, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	sample->ks.sample.writer.dedup.index.data[0] ^= 1;
}

static void test_pack_directory_load__refuses_a_signer_without_certificate(void **state)
{
	struct pack_sample *sample = *state;
	struct sign_private *own = sample->ks.sample.writer.sign;
	CLEANUP(sign_private_freep)
	struct sign_private *thief = sign_private_generate(&sample->ks.sample.rng);
	struct pack_contents contents;
	struct err err = {0};

	sample->ks.sample.writer.sign = thief;
	pack_sample_build(sample);
	sample->ks.sample.writer.sign = own;
	assert_int_equal(load(sample, &contents, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_non_null(strstr(err.msg, "the signature does not fit"));
}

static void test_pack_opener_blob__opens_raw_and_compressed(void **state)
{
	struct pack_sample *sample = *state;
	struct err err = {0};

	if (open_blob(sample, 0, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_string(&sample->out), "one");
	if (open_blob(sample, 1, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(sample->out.len, 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(sample->out.data[i], 0);
}

static void test_pack__every_flipped_bit_is_noticed(void **state)
{
	struct pack_sample *sample = *state;
	const struct blob_entry *last = vec_last(pack_builder_entries(sample->builder));
	size_t blobs_end = last->offset + last->stored;

	for (size_t i = 0; i < blobs_end; i++) {
		struct err err = {0};
		bool noticed;

		sample->pack.data[i] ^= (uint8_t)(1 << (i % 8));
		noticed = open_blob(sample, 0, &err) < 0;
		noticed = open_blob(sample, 1, &err) < 0 || noticed;
		/* a directory salt that is not the right one is the directory's to notice, and
		 * the header hash in the blobs' additional data notices it too */
		if (!noticed)
			fail_msg("byte %zu of %zu", i, blobs_end);
		sample->pack.data[i] ^= (uint8_t)(1 << (i % 8));
	}
	for (size_t i = sample->pack.len - PACK_TRAILER_LEN; i < sample->pack.len; i++) {
		struct pack_contents contents;
		struct err err = {0};

		sample->pack.data[i] ^= 1;
		assert_int_equal(load(sample, &contents, &err), -1);
		sample->pack.data[i] ^= 1;
	}
}

static void test_pack_opener_new__refuses_another_epochs_key(void **state)
{
	struct pack_sample *sample = *state;
	CLEANUP(dh_private_freep)
	struct dh_private *other = dh_private_generate(&sample->ks.sample.rng);
	struct pack_opener *opener;
	struct err err = {0};

	assert_int_equal(pack_opener_new(&sample->repo.identity,
					 slice_of(sample->pack.data, PACK_HEADER_LEN),
					 other, &opener, &err),
			 -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, "does not open with the key of epoch 1"));
}

static void test_pack_opener_blob__refuses_content_of_another_id(void **state)
{
	struct pack_sample *sample = *state;
	struct err err = {0};

	/* a writer that lies: seals "two" under the id of "one" */
	hmac_free(sample->hmac);
	CLEANUP(secret_release) struct secret other = {0};
	secret_init(&other, 32);
	sample->hmac = hmac_new(&other);
	assert_int_equal(open_blob(sample, 0, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "the content does not have the blob's id");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pack_sample_test(test_pack_key_parse__refuses_other_keys),
		pack_sample_test(
			test_pack_directory_load__gives_a_writer_what_was_appended),
		pack_sample_test(
			test_pack_directory_load__tells_that_the_signer_is_revoked),
		pack_sample_test(test_pack_directory_load__refuses_another_size_or_key),
		pack_sample_test(
			test_pack_directory_load__refuses_a_signer_without_certificate),
		pack_sample_test(test_pack_opener_blob__opens_raw_and_compressed),
		pack_sample_test(test_pack__every_flipped_bit_is_noticed),
		pack_sample_test(test_pack_opener_new__refuses_another_epochs_key),
		pack_sample_test(test_pack_opener_blob__refuses_content_of_another_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
