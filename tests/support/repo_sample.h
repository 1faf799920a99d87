/* SPDX-License-Identifier: Apache-2.0 */
/* An owner, a writer and their keys from a seed, without files: for tests of the formats. */
#ifndef TESTS_SUPPORT_REPO_SAMPLE_H
#define TESTS_SUPPORT_REPO_SAMPLE_H

#include "base/mem.h"
#include "repo/keylog_format.h"
#include "repo/signed_format.h"

struct repo_sample {
	struct rng rng;
	struct repo_identity identity;
	struct sign_private *owner;
	struct writer_key writer;
	struct dh_private *epoch; /* number 1 */
};

/* A certificate as an owner-signed frame. */
static inline void sample_certify(const struct repo_sample *sample, uint64_t seq,
				  enum key_role role, struct sign_public public_key,
				  struct buf *out)
{
	CLEANUP(buf_release) struct buf body = {0};
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	buf_init(&body, 0);
	keylog_record_init(&record, KEYLOG_CERTIFICATE);
	record.certificate.role = role;
	record.certificate.public_key = public_key;
	record.certificate.name = mem_strdup("sample");
	record.certificate.shared_domain = mem_strdup("");
	keylog_record_encode(&record, &body);
	struct signed_frame frame = {
		.kind = FRAME_KEY_LOG, .seq = seq, .body = buf_slice(&body)};
	signed_frame_encode(&frame, &sample->identity, sample->owner, out);
}

static inline void repo_sample_init(struct repo_sample *sample, uint64_t seed)
{
	CLEANUP(secret_release) struct secret dedup = {0};

	*sample = (struct repo_sample){.rng = rng_seeded(seed)};
	rng_fill(&sample->rng, sample->identity.id, REPO_ID_LEN);
	sample->owner = sign_private_generate(&sample->rng);
	sample->identity.owner = sign_private_public(sample->owner);
	sample->epoch = dh_private_generate(&sample->rng);
	sample->writer.identity = sample->identity;
	sample->writer.name = mem_strdup("sample");
	sample->writer.sign = sign_private_generate(&sample->rng);
	buf_init(&sample->writer.certificate, 0);
	buf_init(&sample->writer.floor, 0);
	sample_certify(sample, 3, KEY_WRITER, sign_private_public(sample->writer.sign),
		       &sample->writer.certificate);
	secret_init(&dedup, 32);
	rng_fill(&sample->rng, dedup.data, dedup.len);
	dedup_keys_derive(&dedup, &sample->identity, &sample->writer.dedup);
}

static inline void repo_sample_release(struct repo_sample *sample)
{
	sign_private_free(sample->owner);
	sign_private_free(sample->writer.sign);
	dh_private_free(sample->epoch);
	mem_free(sample->writer.name);
	buf_release(&sample->writer.certificate);
	buf_release(&sample->writer.floor);
	dedup_keys_release(&sample->writer.dedup);
}

#endif
