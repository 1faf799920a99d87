/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot header whose body lies in a memory store, sealed to epoch 1, for the owner's
 * reader key. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_BODY_SAMPLE_H
#define TESTS_SUPPORT_BODY_SAMPLE_H

#include "repo/body_reader.h"
#include "repo/pack_builder.h"
#include "support/keylog_sample.h"

struct body_sample {
	struct keylog_sample ks;
	struct repo repo;
	struct snapshot_header header;
	struct reader_key *reader; /* of the sample's owner */
	struct buf object;
	char key[BODY_KEY_LEN];
};

/* Seals n blobs of a type and content as an object. */
static inline void body_sample_seal(struct body_sample *sample, enum blob_type type,
				    struct slice raw, size_t n)
{
	struct pack_builder *builder = pack_builder_new();
	CLEANUP(hmac_freep)
	struct hmac *hmac = hmac_new(&sample->ks.sample.writer.dedup.blob_id);
	CLEANUP(buf_release) struct buf encoded = {0};
	struct pack_builder_options options = {
		.identity = &sample->repo.identity,
		.key = &sample->ks.sample.writer,
		.domain = "db",
		.epoch = keylog_newest_epoch(sample->repo.keylog),
		.rng = &sample->ks.sample.rng,
	};
	struct pack_info info;
	struct err err = {0};
	struct blob_id id;
	struct slice bytes;

	buf_init(&encoded, 0);
	buf_put_u8(&encoded, BLOB_RAW);
	buf_append_slice(&encoded, raw);
	assert_int_equal(pack_builder_begin(builder, &options, &err), 0);
	for (size_t i = 0; i < n; i++) {
		blob_id_compute(hmac, type, &raw, 1, &id);
		pack_builder_append(builder, &id, type, (uint32_t)raw.len,
				    buf_slice(&encoded));
	}
	pack_builder_finish(builder, &bytes, &info);
	buf_clear(&sample->object);
	buf_append_slice(&sample->object, bytes);
	pack_builder_free(builder);
}

/* Puts `object` where the header then says that the body is. */
static inline void body_sample_name(struct body_sample *sample)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	hash_sha256(buf_slice(&sample->object), sample->header.body_hash);
	sample->header.body_size = sample->object.len;
	body_key(sample->header.body_hash, sample->key);
	assert_int_equal(store_put(sample->repo.store, sample->key,
				   buf_slice(&sample->object), &options, &err),
			 0);
}

static inline void body_sample_make_body(struct body_sample *sample)
{
	CLEANUP(buf_release) struct buf raw = {0};
	struct snapshot_body body;
	struct err err = {0};

	snapshot_body_init(&body);
	body.host = mem_strdup("somewhere");
	buf_init(&raw, 0);
	assert_int_equal(snapshot_body_encode(&body, &raw, &err), 0);
	snapshot_body_release(&body);
	body_sample_seal(sample, BLOB_BODY, buf_slice(&raw), 1);
	body_sample_name(sample);
}

/* The wrap of epoch 1 for the owner's reader. */
static inline void body_sample_wrap(struct body_sample *sample, struct buf *out)
{
	struct wrap_epoch epoch = {
		.identity = &sample->repo.identity,
		.number = 1,
		.public_key = dh_private_public(sample->ks.sample.epoch),
	};
	struct dh_public recipient = dh_private_public(sample->reader->recipient);
	struct err err = {0};

	buf_init(out, 0);
	assert_int_equal(wrap_seal(&epoch, sample->ks.sample.epoch, &recipient,
				   &sample->ks.sample.rng, out, &err),
			 0);
}

/* The header repeats epoch 1 with the wrap. */
static inline void body_sample_repeat_epoch(struct body_sample *sample)
{
	struct header_epoch *epoch = vec_push(&sample->header.epochs, NULL);
	struct buf wrap;

	buf_init(&epoch->record, 0);
	buf_append_slice(&epoch->record, buf_slice(&sample->ks.floor));
	vec_init(&epoch->wraps, sizeof(struct buf));
	body_sample_wrap(sample, &wrap);
	vec_push(&epoch->wraps, &wrap);
}

static inline int body_sample_setup(void **state)
{
	struct body_sample *sample = mem_zalloc(sizeof(*sample));
	struct err err = {0};

	if (keylog_sample_init(&sample->ks, 6, &err) < 0)
		return -1;
	sample->repo = (struct repo){.store = sample->ks.store,
				     .identity = sample->ks.sample.identity,
				     .keylog = sample->ks.keylog};
	sample->reader = &sample->ks.owner.reader;
	sample->reader->dedup = sample->ks.sample.writer.dedup; /* borrowed */
	vec_init(&sample->header.epochs, sizeof(struct header_epoch));
	buf_init(&sample->object, 0);
	body_sample_make_body(sample);
	body_sample_repeat_epoch(sample);
	*state = sample;
	return 0;
}

static inline void body_sample_forget_epochs(struct body_sample *sample)
{
	for (size_t i = 0; i < sample->header.epochs.n; i++) {
		struct header_epoch *epoch = vec_at(&sample->header.epochs, i);

		for (size_t k = 0; k < epoch->wraps.n; k++)
			buf_release(vec_at(&epoch->wraps, k));
		vec_release(&epoch->wraps);
		buf_release(&epoch->record);
	}
	vec_clear(&sample->header.epochs);
}

static inline int body_sample_teardown(void **state)
{
	struct body_sample *sample = *state;

	body_sample_forget_epochs(sample);
	vec_release(&sample->header.epochs);
	buf_release(&sample->object);
	keylog_sample_release(&sample->ks);
	mem_free(sample);
	return 0;
}

#define body_sample_test(fn)                                                             \
	cmocka_unit_test_setup_teardown(fn, body_sample_setup, body_sample_teardown)

#endif
