/* SPDX-License-Identifier: Apache-2.0 */
/* New epochs, removed recipients, revoked writers (orders: key_admin.c). */
#include "repo/key_epoch.h"

#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "crypto/hash.h"
#include "repo/snapshots.h"

static int64_t now(const struct key_admin *admin)
{
	return admin->clock->now_nsec(admin->clock);
}

static int append(const struct key_admin *admin, struct keylog_record *record,
		  struct err *err)
{
	record->time_nsec = now(admin);
	return keylog_append(admin->repo->keylog, admin->repo->store, admin->owner,
			     record, NULL, err);
}

int key_wrap_put(const struct key_admin *admin, const struct wrap_epoch *epoch,
		 const struct dh_private *epoch_key, const struct dh_public *recipient,
		 struct err *err)
{
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	CLEANUP(buf_release) struct buf wrap = {0};
	char key[WRAP_KEY_LEN];
	uint8_t id[HASH_LEN];

	buf_init(&wrap, 0);
	recipient_id(recipient, id);
	wrap_key(epoch->number, &epoch->public_key, id, key);
	if (wrap_seal(epoch, epoch_key, recipient, admin->rng, &wrap, err) < 0)
		return err_wrap(err, "%s", key);
	return store_put(admin->repo->store, key, buf_slice(&wrap), &new, err);
}

/* Wraps for all recipients but `without` (may be NULL), and names them in the record. */
static int wrap_for_all(const struct key_admin *admin, const struct wrap_epoch *epoch,
			const struct dh_private *epoch_key,
			const struct recipient *without, struct keylog_record *record,
			struct err *err)
{
	const struct keylog *keylog = admin->repo->keylog;

	for (size_t i = 0; i < keylog_n_recipients(keylog); i++) {
		const struct recipient *recipient = keylog_recipient(keylog, i);

		if (recipient->removed || recipient == without)
			continue;
		if (record->epoch.recipients.n == RECIPIENTS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d recipients",
				       RECIPIENTS_MAX);
		if (key_wrap_put(admin, epoch, epoch_key, &recipient->public_key, err) <
		    0)
			return -1;
		vec_push(&record->epoch.recipients, recipient->id);
	}
	return 0;
}

static int new_epoch(const struct key_admin *admin, const struct recipient *without,
		     uint32_t *ret_epoch, struct err *err)
{
	CLEANUP(dh_private_freep)
	struct dh_private *key = dh_private_generate(admin->rng);
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	uint32_t newest = keylog_newest_epoch(admin->repo->keylog)->number;
	struct wrap_epoch epoch = {.identity = &admin->repo->identity,
				   .number = newest + 1,
				   .public_key = dh_private_public(key)};

	if (newest == UINT32_MAX)
		return err_set(err, ERR_LIMIT, "no epoch number is left");
	keylog_record_init(&record, KEYLOG_EPOCH);
	record.epoch.number = epoch.number;
	record.epoch.public_key = epoch.public_key;
	if (wrap_for_all(admin, &epoch, key, without, &record, err) < 0 ||
	    append(admin, &record, err) < 0)
		return -1;
	*ret_epoch = epoch.number;
	return 0;
}

int key_rotate(const struct key_admin *admin, uint32_t *ret_epoch, struct err *err)
{
	return new_epoch(admin, NULL, ret_epoch, err);
}

static int remove_reader(const struct key_admin *admin, const struct recipient *recipient,
			 struct err *err)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	uint32_t epoch;

	keylog_record_init(&record, KEYLOG_REMOVAL);
	memcpy(record.removal.recipient, recipient->id, HASH_LEN);
	if (new_epoch(admin, recipient, &epoch, err) < 0)
		return -1;
	return append(admin, &record, err);
}

/* Did this certificate sign any header of the stream? */
static bool wrote_to(const struct snapshot_list *list, const char *stream,
		     const struct certificate *certificate)
{
	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);
		uint8_t id[HASH_LEN];

		if (strcmp(header->stream, stream) != 0)
			continue;
		hash_sha256(buf_slice(&header->certificate), id);
		if (memcmp(id, certificate->id, HASH_LEN) == 0)
			return true;
	}
	return false;
}

static void accept_heads(const struct snapshot_list *list, const char *stream,
			 struct keylog_record *record)
{
	CLEANUP(vec_release) struct vec heads = {0};

	snapshot_list_heads(list, stream, &heads);
	for (size_t i = 0; i < heads.n; i++) {
		const size_t *at = vec_at(&heads, i);
		const struct snapshot_header *head = vec_at(&list->headers, *at);
		struct accepted accepted = {.stream = mem_strdup(stream),
					    .seq = head->seq};

		memcpy(accepted.id, head->id, HASH_LEN);
		vec_push(&record->revocation.accepted, &accepted);
	}
}

/* All that is there now stays valid: the heads of each stream that it wrote to. */
static int remove_writer(const struct key_admin *admin,
			 const struct certificate *certificate, struct err *err)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	const char *last = "";

	if (snapshot_list_load(admin->repo, NULL, NULL, &list, err) < 0)
		return -1;
	keylog_record_init(&record, KEYLOG_REVOCATION);
	memcpy(record.revocation.certificate, certificate->id, HASH_LEN);
	for (size_t i = 0; i < list.headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list.headers, i);

		if (strcmp(header->stream, last) == 0)
			continue;
		last = header->stream;
		if (wrote_to(&list, last, certificate))
			accept_heads(&list, last, &record);
	}
	if (record.revocation.accepted.n > REVOCATION_STREAMS_MAX)
		return err_set(err, ERR_LIMIT, "the writer wrote to more than %d streams",
			       REVOCATION_STREAMS_MAX);
	return append(admin, &record, err);
}

static int unknown_name(const struct keylog *keylog, const char *name, struct err *err)
{
	CLEANUP(vec_release) struct vec entries = {0};
	CLEANUP(vec_release) struct vec names = {0};
	char shown[QUOTE_TEXT_MAX];

	key_entries(keylog, &entries);
	vec_init(&names, sizeof(const char *));
	for (size_t i = 0; i < entries.n; i++) {
		const struct key_entry *entry = vec_at(&entries, i);

		if (entry->active)
			vec_push(&names, &entry->name);
	}
	const char *near = suggest_word(name, names.data, names.n);
	err_set(err, ERR_NOT_FOUND, "there is no key called %s",
		quote_string(name, shown));
	if (near != NULL)
		return err_hint(err, "did you mean %s?", near);
	return err_hint(err, "quipu-backup key list shows what there is");
}

int key_remove(const struct key_admin *admin, const char *name, enum key_role *ret_role,
	       struct err *err)
{
	const struct keylog *keylog = admin->repo->keylog;

	if (strcmp(name, "recovery") == 0)
		return err_set(err, ERR_USAGE, "the recovery key cannot be removed");
	for (size_t i = 0; i < keylog_n_recipients(keylog); i++) {
		const struct recipient *recipient = keylog_recipient(keylog, i);

		if (recipient->removed || strcmp(recipient->name, name) != 0)
			continue;
		*ret_role = KEY_READER;
		return remove_reader(admin, recipient, err);
	}
	for (size_t i = 0; i < keylog_n_certificates(keylog); i++) {
		const struct certificate *certificate = keylog_certificate(keylog, i);

		if (certificate->revoked || strcmp(certificate->name, name) != 0)
			continue;
		*ret_role = certificate->role;
		return remove_writer(admin, certificate, err);
	}
	return unknown_name(keylog, name, err);
}
