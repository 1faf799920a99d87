/* SPDX-License-Identifier: Apache-2.0 */
/* A key log in a memory store, as init leaves it: recipient, certificate, epoch 1. */
#ifndef TESTS_SUPPORT_KEYLOG_SAMPLE_H
#define TESTS_SUPPORT_KEYLOG_SAMPLE_H

#include "repo/keylog.h"
#include "repo/wrap_format.h"
#include "support/repo_sample.h"

struct keylog_sample {
	struct repo_sample sample;
	int64_t now;
	struct clock clock;
	struct store *store;
	struct owner_key owner; /* borrows the sample's keys */
	struct keylog *keylog;
	struct buf floor; /* the frame of epoch 1 */
};

static inline int keylog_sample_epoch(struct keylog_sample *ks, uint32_t number,
				      struct dh_public public_key, struct buf *ret_frame,
				      struct err *err)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct dh_public recipient = dh_private_public(ks->owner.reader.recipient);
	uint8_t id[32];

	recipient_id(&recipient, id);
	keylog_record_init(&record, KEYLOG_EPOCH);
	record.time_nsec = ks->now;
	record.epoch.number = number;
	record.epoch.public_key = public_key;
	vec_push(&record.epoch.recipients, id);
	return keylog_append(ks->keylog, ks->store, &ks->owner, &record, ret_frame, err);
}

static inline int keylog_sample_recipient(struct keylog_sample *ks,
					  const struct dh_private *key, const char *name,
					  struct err *err)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	keylog_record_init(&record, KEYLOG_RECIPIENT);
	record.recipient.public_key = dh_private_public(key);
	record.recipient.name = mem_strdup(name);
	return keylog_append(ks->keylog, ks->store, &ks->owner, &record, NULL, err);
}

static inline int keylog_sample_certificate(struct keylog_sample *ks, const char *name,
					    const struct sign_private *sign,
					    const char *pattern, struct buf *ret_frame,
					    struct err *err)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	keylog_record_init(&record, KEYLOG_CERTIFICATE);
	record.certificate.role = KEY_WRITER;
	record.certificate.public_key = sign_private_public(sign);
	record.certificate.name = mem_strdup(name);
	record.certificate.shared_domain = mem_strdup("");
	if (pattern != NULL)
		strings_add(&record.certificate.streams, pattern);
	return keylog_append(ks->keylog, ks->store, &ks->owner, &record, ret_frame, err);
}

static inline int keylog_sample_init(struct keylog_sample *ks, uint64_t seed,
				     struct err *err)
{
	*ks = (struct keylog_sample){.now = 1000};
	repo_sample_init(&ks->sample, seed);
	ks->clock = clock_fixed(&ks->now);
	ks->store = store_memory_new(&ks->clock);
	ks->owner.identity = ks->sample.identity;
	ks->owner.sign = ks->sample.owner;
	ks->owner.reader.identity = ks->sample.identity;
	ks->owner.reader.recipient = dh_private_generate(&ks->sample.rng);
	buf_release(&ks->sample.writer.certificate);
	if (keylog_load(ks->store, &ks->sample.identity, &ks->keylog, err) < 0 ||
	    keylog_sample_recipient(ks, ks->owner.reader.recipient, "recovery", err) <
		    0 ||
	    keylog_sample_certificate(ks, "writer", ks->sample.writer.sign, NULL,
				      &ks->sample.writer.certificate, err) < 0 ||
	    keylog_sample_epoch(ks, 1, dh_private_public(ks->sample.epoch), &ks->floor,
				err) < 0)
		return -1;
	buf_append_slice(&ks->sample.writer.floor, buf_slice(&ks->floor));
	return 0;
}

static inline void keylog_sample_release(struct keylog_sample *ks)
{
	keylog_free(ks->keylog);
	buf_release(&ks->floor);
	dh_private_free(ks->owner.reader.recipient);
	store_free(ks->store);
	repo_sample_release(&ks->sample);
}

#endif
