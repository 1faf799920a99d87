/* SPDX-License-Identifier: Apache-2.0 */
/* Key files of a repo_sample, as text, with a scrypt that is quick. */
#ifndef TESTS_SUPPORT_KEYFILE_SAMPLE_H
#define TESTS_SUPPORT_KEYFILE_SAMPLE_H

#include "repo/keyfile_format.h"
#include "support/repo_sample.h"

static const struct scrypt_params sample_scrypt = {.log2_n = 10, .r = 1, .p = 1};

static inline void sample_text(const char *string, struct secret *ret_secret)
{
	secret_set(ret_secret, string, strlen(string));
}

/* An owner-signed epoch record of the sample's epoch key. */
static inline void sample_epoch(const struct repo_sample *sample, uint64_t seq,
				uint32_t number, struct buf *out)
{
	CLEANUP(buf_release) struct buf body = {0};
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	buf_init(&body, 0);
	keylog_record_init(&record, KEYLOG_EPOCH);
	record.epoch.number = number;
	record.epoch.public_key = dh_private_public(sample->epoch);
	keylog_record_encode(&record, &body);
	struct signed_frame frame = {
		.kind = FRAME_KEY_LOG, .seq = seq, .body = buf_slice(&body)};
	signed_frame_encode(&frame, &sample->identity, sample->owner, out);
}

/* All that any role may need; D and the recipient's key are constant bytes. */
static inline void sample_secrets(const struct repo_sample *sample, enum key_role role,
				  struct key_secrets *ret_secrets)
{
	const struct sign_private *sign =
		role == KEY_RECOVERY ? sample->owner : sample->writer.sign;

	*ret_secrets = (struct key_secrets){0};
	secret_set(&ret_secrets->sign_seed, sign_private_seed(sign)->data,
		   SIGN_PRIVATE_LEN);
	secret_init(&ret_secrets->recipient, KEY_SECRET_LEN);
	memset(ret_secrets->recipient.data, 0x11, KEY_SECRET_LEN);
	secret_init(&ret_secrets->dedup, KEY_SECRET_LEN);
	memset(ret_secrets->dedup.data, 0x22, KEY_SECRET_LEN);
	buf_init(&ret_secrets->certificate, 0);
	buf_append_slice(&ret_secrets->certificate,
			 buf_slice(&sample->writer.certificate));
	buf_init(&ret_secrets->floor, 0);
	sample_epoch(sample, 1, 1, &ret_secrets->floor);
}

static inline int sample_key_file(struct repo_sample *sample, enum key_role role,
				  const struct secret *passphrase,
				  struct secret *ret_text, struct err *err)
{
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	struct key_protection protection = {.passphrase = passphrase,
					    .scrypt = sample_scrypt};
	struct key_file_head head = {
		.role = role, .identity = sample->identity, .name = "sample"};

	sample_secrets(sample, role, &secrets);
	return key_file_encode(&head, &secrets, passphrase != NULL ? &protection : NULL,
			       &sample->rng, ret_text, err);
}

#endif
