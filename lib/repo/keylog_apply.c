/* SPDX-License-Identifier: Apache-2.0 */
/* What records mean: the state is all of them applied in the order (seq, id). */
#include <string.h>

#include "base/mem.h"
#include "repo/keylog_internal.h"
#include "repo/wrap_format.h"

static void epoch_release(struct epoch *epoch)
{
	buf_release(&epoch->record);
	vec_release(&epoch->recipients);
}

static void certificate_release(struct certificate *certificate)
{
	mem_free(certificate->name);
	mem_free(certificate->shared_domain);
	strings_release(&certificate->streams);
	for (size_t i = 0; i < certificate->last_accepted.n; i++)
		mem_free(((struct accepted *)vec_at(&certificate->last_accepted, i))
				 ->stream);
	vec_release(&certificate->last_accepted);
}

void keylog_state_release(struct keylog *keylog)
{
	for (size_t i = 0; i < keylog->epochs.n; i++)
		epoch_release(vec_at(&keylog->epochs, i));
	for (size_t i = 0; i < keylog->certificates.n; i++)
		certificate_release(vec_at(&keylog->certificates, i));
	for (size_t i = 0; i < keylog->recipients.n; i++)
		mem_free(((struct recipient *)vec_at(&keylog->recipients, i))->name);
	vec_release(&keylog->epochs);
	vec_release(&keylog->certificates);
	vec_release(&keylog->recipients);
}

/* Moves a vec out of a record, leaving an empty one. */
static struct vec take_vec(struct vec *from)
{
	struct vec taken = *from;

	vec_init(from, taken.elem_len);
	return taken;
}

static void apply_epoch(struct keylog *keylog, struct keylog_record *record, uint64_t seq,
			const uint8_t id[static HASH_LEN], struct slice frame)
{
	struct epoch epoch = {
		.number = record->epoch.number,
		.public_key = record->epoch.public_key,
		.recipients = take_vec(&record->epoch.recipients),
		.seq = seq,
	};

	memcpy(epoch.record_id, id, HASH_LEN);
	buf_init(&epoch.record, 0);
	buf_append_slice(&epoch.record, frame);
	vec_push(&keylog->epochs, &epoch);
}

static void apply_certificate(struct keylog *keylog, struct keylog_record *record,
			      uint64_t seq, const uint8_t id[static HASH_LEN])
{
	struct certificate certificate = {
		.role = record->certificate.role,
		.public_key = record->certificate.public_key,
		.name = STEAL(record->certificate.name),
		.shared_domain = STEAL(record->certificate.shared_domain),
		.streams.vec = take_vec(&record->certificate.streams.vec),
		.seq = seq,
	};

	memcpy(certificate.id, id, HASH_LEN);
	vec_init(&certificate.last_accepted, sizeof(struct accepted));
	vec_push(&keylog->certificates, &certificate);
}

static struct recipient *find_recipient(const struct keylog *keylog,
					const uint8_t id[static 32])
{
	for (size_t i = 0; i < keylog->recipients.n; i++) {
		struct recipient *recipient = vec_at(&keylog->recipients, i);

		if (memcmp(recipient->id, id, HASH_LEN) == 0)
			return recipient;
	}
	return NULL;
}

/* One that is named again counts again, under its new name. */
static void apply_recipient(struct keylog *keylog, struct keylog_record *record)
{
	uint8_t id[HASH_LEN];

	recipient_id(&record->recipient.public_key, id);
	struct recipient *recipient = find_recipient(keylog, id);
	if (recipient == NULL) {
		recipient = vec_push(&keylog->recipients, NULL);
		memcpy(recipient->id, id, HASH_LEN);
		recipient->public_key = record->recipient.public_key;
	}
	mem_free(recipient->name);
	recipient->name = STEAL(record->recipient.name);
	recipient->removed = false;
}

static void apply_revocation(struct keylog *keylog, struct keylog_record *record)
{
	for (size_t i = 0; i < keylog->certificates.n; i++) {
		struct certificate *certificate = vec_at(&keylog->certificates, i);

		if (certificate->revoked ||
		    memcmp(certificate->id, record->revocation.certificate, HASH_LEN) !=
			    0)
			continue;
		vec_release(&certificate->last_accepted);
		certificate->last_accepted = take_vec(&record->revocation.accepted);
		certificate->revoked = true;
	}
}

void keylog_apply(struct keylog *keylog, struct keylog_record *record, uint64_t seq,
		  const uint8_t id[static HASH_LEN], struct slice frame)
{
	struct recipient *recipient;

	switch (record->type) {
	case KEYLOG_EPOCH:
		apply_epoch(keylog, record, seq, id, frame);
		break;
	case KEYLOG_CERTIFICATE:
		apply_certificate(keylog, record, seq, id);
		break;
	case KEYLOG_RECIPIENT:
		apply_recipient(keylog, record);
		break;
	case KEYLOG_REMOVAL:
		recipient = find_recipient(keylog, record->removal.recipient);
		if (recipient != NULL)
			recipient->removed = true;
		break;
	case KEYLOG_REVOCATION:
		apply_revocation(keylog, record);
		break;
	}
}
