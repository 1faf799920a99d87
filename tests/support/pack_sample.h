/* SPDX-License-Identifier: Apache-2.0 */
/* A finished pack of two blobs. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_PACK_SAMPLE_H
#define TESTS_SUPPORT_PACK_SAMPLE_H

#include "repo/pack_builder.h"
#include "repo/pack_reader.h"
#include "support/keylog_sample.h"

struct pack_sample {
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

static inline void pack_sample_append(struct pack_sample *sample, enum blob_type type,
				      struct slice raw, struct slice encoded)
{
	struct blob_id id;

	blob_id_compute(sample->hmac, type, &raw, 1, &id);
	pack_builder_append(sample->builder, &id, type, (uint32_t)raw.len, encoded);
}

static inline void pack_sample_build(struct pack_sample *sample)
{
	static const uint8_t zeroes[1000];
	CLEANUP(zstd_encoder_freep) struct zstd_encoder *encoder = zstd_encoder_new(3, 1);
	struct slice raw = slice_of(zeroes, sizeof(zeroes));
	struct pack_builder_options options = {
		.identity = &sample->repo.identity,
		.key = &sample->ks.sample.writer,
		.domain = "db",
		.epoch = keylog_newest_epoch(sample->repo.keylog),
		.rng = &sample->ks.sample.rng,
	};
	struct err err = {0};
	struct slice bytes;
	uint8_t encoded[1001] = {BLOB_ZSTD};

	assert_int_equal(pack_builder_begin(sample->builder, &options, &err), 0);
	pack_sample_append(sample, BLOB_DATA, slice_of_string("one"),
			   slice_of("\0one", 4));
	size_t len =
		zstd_encoder_compress(encoder, &raw, 1, encoded + 1, sizeof(encoded) - 1);
	assert_in_range(len, 1, 999);
	pack_sample_append(sample, BLOB_TREE, raw, slice_of(encoded, 1 + len));
	pack_builder_finish(sample->builder, &bytes, &sample->info);
	buf_clear(&sample->pack);
	buf_append_slice(&sample->pack, bytes);
	pack_key(sample->info.name, sample->key);
}

static inline int pack_sample_setup(void **state)
{
	struct pack_sample *sample = mem_zalloc(sizeof(*sample));
	struct err err = {0};

	if (keylog_sample_init(&sample->ks, 5, &err) < 0)
		return -1;
	sample->repo = (struct repo){.store = sample->ks.store,
				     .identity = sample->ks.sample.identity,
				     .keylog = sample->ks.keylog};
	sample->builder = pack_builder_new();
	sample->hmac = hmac_new(&sample->ks.sample.writer.dedup.blob_id);
	sample->decoder = zstd_decoder_new();
	buf_init(&sample->pack, 0);
	buf_init(&sample->scratch, 0);
	buf_init(&sample->out, 0);
	pack_sample_build(sample);
	*state = sample;
	return 0;
}

static inline int pack_sample_teardown(void **state)
{
	struct pack_sample *sample = *state;

	pack_builder_free(sample->builder);
	hmac_free(sample->hmac);
	zstd_decoder_free(sample->decoder);
	buf_release(&sample->pack);
	buf_release(&sample->scratch);
	buf_release(&sample->out);
	keylog_sample_release(&sample->ks);
	mem_free(sample);
	return 0;
}

#define pack_sample_test(fn)                                                             \
	cmocka_unit_test_setup_teardown(fn, pack_sample_setup, pack_sample_teardown)

#endif
