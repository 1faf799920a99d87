/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders, chosen for a kill in between:
 *   add      key file, wraps, record: a file that the log does not know opens nothing
 *   rotate   wraps, epoch record: no writer seals to an epoch that nobody can open
 *   remove   new epoch, then the removal: a reader that still looks active reads nothing new
 */
#include "repo/key_admin.h"

#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/quote.h"
#include "repo/key_epoch.h"
#include "repo/keyfile_format.h"
#include "repo/snapshots.h"

static const char recovery_name[] = "recovery";

int key_name_check(const char *name, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strlen(name);
	char shown[QUOTE_TEXT_MAX];

	if (len == 0 || len > KEY_NAME_MAX || strspn(name, allowed) != len)
		return err_set(err, ERR_USAGE,
			       "key name %s: expected 1 to %d letters, digits, . _ or -",
			       quote_string(name, shown), KEY_NAME_MAX);
	if (strcmp(name, recovery_name) == 0)
		return err_set(err, ERR_USAGE, "key name %s: it is taken by recovery.key",
			       recovery_name);
	return 0;
}

void key_entries(const struct keylog *keylog, struct vec *ret_entries)
{
	vec_init(ret_entries, sizeof(struct key_entry));
	for (size_t i = 0; i < keylog_n_recipients(keylog); i++) {
		const struct recipient *recipient = keylog_recipient(keylog, i);
		bool is_recovery = strcmp(recipient->name, recovery_name) == 0;

		vec_push(ret_entries,
			 &(struct key_entry){.role = is_recovery ? KEY_RECOVERY
								 : KEY_READER,
					     .name = recipient->name,
					     .active = !recipient->removed,
					     .id = recipient->id});
	}
	for (size_t i = 0; i < keylog_n_certificates(keylog); i++) {
		const struct certificate *certificate = keylog_certificate(keylog, i);

		vec_push(ret_entries,
			 &(struct key_entry){.role = certificate->role,
					     .name = certificate->name,
					     .active = !certificate->revoked,
					     .id = certificate->id,
					     .streams = &certificate->streams});
	}
}

static int check_free(const struct key_admin *admin, const char *name, struct err *err)
{
	CLEANUP(vec_release) struct vec entries = {0};

	if (key_name_check(name, err) < 0)
		return -1;
	key_entries(admin->repo->keylog, &entries);
	for (size_t i = 0; i < entries.n; i++) {
		const struct key_entry *entry = vec_at(&entries, i);

		if (entry->active && strcmp(entry->name, name) == 0)
			return err_set(err, ERR_EXISTS, "there is a %s called %s already",
				       key_role_name(entry->role), name);
	}
	return 0;
}

static int64_t now(const struct key_admin *admin)
{
	return admin->clock->now_nsec(admin->clock);
}

static struct scrypt_params scrypt_of(struct scrypt_params given)
{
	return given.log2_n != 0 ? given : key_file_scrypt();
}

/* The owner is a recipient of every epoch: one that cannot be opened has lost its wrap. */
static int own_wrap_is_lost(const struct epoch *epoch, struct err *err)
{
	if (err->code != ERR_KEY)
		return -1;
	err_set(err, ERR_ALARM, "the recovery key's wrap of epoch %u is not there",
		(unsigned)epoch->number);
	return err_hint(err, "somebody removed it from keys/wraps/; `quipu-backup check` "
			     "names all that are missing, and restores go on with what "
			     "snapshots repeat");
}

/* Every epoch that is, for one new recipient. */
static int wrap_all_epochs(const struct key_admin *admin,
			   const struct dh_public *recipient, struct err *err)
{
	const struct repo *repo = admin->repo;

	for (size_t i = 0; i < keylog_n_epochs(repo->keylog); i++) {
		const struct epoch *epoch = keylog_epoch_at(repo->keylog, i);
		struct wrap_epoch of = {.identity = &repo->identity,
					.number = epoch->number,
					.public_key = epoch->public_key};
		CLEANUP(dh_private_freep) struct dh_private *key = NULL;

		if (epoch_open(epoch, &admin->owner->reader, repo->store, NULL, &key,
			       err) < 0)
			return own_wrap_is_lost(epoch, err);
		if (key_wrap_put(admin, &of, key, recipient, err) < 0)
			return -1;
	}
	return 0;
}

/* Is it certain that a record was not put? An answer that got lost says nothing of it. */
static bool is_refusal(const struct err *err)
{
	switch (err->code) {
	case ERR_IO:
	case ERR_TRANSIENT:
	case ERR_INTERRUPTED:
	case ERR_FAILED:
		return false;
	default:
		return true;
	}
}

/* Writes the file, then does the rest; takes the file away when that fails before it began to
 * put the record (`*recording`), or is refused. */
static int write_then(const char *path, const struct secret *text,
		      int (*rest)(void *arg, struct err *err), void *arg,
		      const bool *recording, struct err *err)
{
	if (file_write(path, secret_slice(text), 0600, FILE_CREATE, err) < 0)
		return -1;
	if (rest(arg, err) == 0)
		return 0;
	if (*recording && !is_refusal(err))
		return err_hint(err,
				"%s stays: the key log may have it; `quipu-backup key "
				"list` tells",
				path);
	(void)unlink(path); /* it opens nothing: leaving it would only confuse */
	return -1;
}

struct new_reader {
	const struct key_admin *admin;
	const char *name;
	struct dh_public public_key;
	bool recording;
};

static int record_reader(void *arg, struct err *err)
{
	struct new_reader *reader = arg;
	const struct key_admin *admin = reader->admin;
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	if (wrap_all_epochs(admin, &reader->public_key, err) < 0)
		return -1;
	keylog_record_init(&record, KEYLOG_RECIPIENT);
	record.time_nsec = now(admin);
	record.recipient.public_key = reader->public_key;
	record.recipient.name = mem_strdup(reader->name);
	reader->recording = true;
	return keylog_append(admin->repo->keylog, admin->repo->store, admin->owner,
			     &record, NULL, err);
}

int key_add_reader(const struct key_admin *admin, const char *name, const char *path,
		   const struct secret *passphrase, struct err *err)
{
	CLEANUP(dh_private_freep)
	struct dh_private *recipient = dh_private_generate(admin->rng);
	const struct secret *dedup = &admin->owner->dedup_secret;
	struct new_reader reader = {
		.admin = admin, .name = name, .public_key = dh_private_public(recipient)};
	struct key_file_head head = {
		.role = KEY_READER, .identity = admin->repo->identity, .name = name};
	struct key_protection protection = {.passphrase = passphrase,
					    .scrypt = scrypt_of(admin->scrypt)};
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	CLEANUP(secret_release) struct secret text = {0};

	if (check_free(admin, name, err) < 0)
		return -1;
	if (passphrase == NULL || passphrase->len == 0)
		return err_set(err, ERR_USAGE, "the passphrase of %s is empty", path);
	secret_set(&secrets.recipient, dh_private_bytes(recipient)->data, DH_LEN);
	secret_set(&secrets.dedup, dedup->data, dedup->len);
	if (key_file_encode(&head, &secrets, &protection, admin->rng, &text, err) < 0)
		return -1;
	return write_then(path, &text, record_reader, &reader, &reader.recording, err);
}

struct new_writer {
	const struct key_admin *admin;
	struct keylog_record record;
	struct buf frame;
	bool recording;
};

static int record_writer(void *arg, struct err *err)
{
	struct new_writer *writer = arg;

	writer->recording = true;
	return keylog_put(writer->admin->repo->keylog, writer->admin->repo->store,
			  &writer->record, buf_slice(&writer->frame), err);
}

static void new_writer_release(struct new_writer *writer)
{
	keylog_record_release(&writer->record);
	buf_release(&writer->frame);
}

static int check_patterns(const struct strings *streams, const char *shared_domain,
			  struct err *err)
{
	if (strings_count(streams) > CERTIFICATE_PATTERNS_MAX)
		return err_set(err, ERR_LIMIT, "%zu stream patterns, at most %d",
			       strings_count(streams), CERTIFICATE_PATTERNS_MAX);
	for (size_t i = 0; i < strings_count(streams); i++) {
		const char *pattern = strings_at(streams, i);

		if (pattern_check(pattern, err) < 0)
			return -1;
		if (strlen(pattern) > KEYLOG_TEXT_MAX)
			return err_set(err, ERR_LIMIT,
				       "stream pattern: %zu bytes, at most %d",
				       strlen(pattern), KEYLOG_TEXT_MAX);
	}
	if (shared_domain[0] == '\0')
		return 0;
	if (strchr(shared_domain, '/') != NULL)
		return err_set(err, ERR_USAGE, "shared domain: expected one segment");
	return stream_name_check(shared_domain, err);
}

static void fill_certificate(const struct key_admin *admin, const char *name,
			     struct sign_public public_key, const struct strings *streams,
			     const char *shared_domain, struct keylog_record *record)
{
	keylog_record_init(record, KEYLOG_CERTIFICATE);
	record->time_nsec = now(admin);
	record->certificate.role = KEY_WRITER;
	record->certificate.public_key = public_key;
	record->certificate.name = mem_strdup(name);
	record->certificate.shared_domain = mem_strdup(shared_domain);
	for (size_t i = 0; i < strings_count(streams); i++)
		strings_add(&record->certificate.streams, strings_at(streams, i));
}

int key_add_writer(const struct key_admin *admin, const char *name, const char *path,
		   const struct strings *streams, const char *shared_domain,
		   struct err *err)
{
	CLEANUP(sign_private_freep)
	struct sign_private *sign = sign_private_generate(admin->rng);
	const struct secret *dedup = &admin->owner->dedup_secret;
	const struct epoch *floor = keylog_newest_epoch(admin->repo->keylog);
	CLEANUP(new_writer_release) struct new_writer writer = {.admin = admin};
	struct key_file_head head = {
		.role = KEY_WRITER, .identity = admin->repo->identity, .name = name};
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	CLEANUP(secret_release) struct secret text = {0};

	if (check_free(admin, name, err) < 0 ||
	    check_patterns(streams, shared_domain, err) < 0)
		return -1;
	fill_certificate(admin, name, sign_private_public(sign), streams, shared_domain,
			 &writer.record);
	keylog_prepare(admin->repo->keylog, admin->owner, &writer.record, &writer.frame);
	secret_set(&secrets.sign_seed, sign_private_seed(sign)->data, SIGN_PRIVATE_LEN);
	secret_set(&secrets.dedup, dedup->data, dedup->len);
	buf_init(&secrets.certificate, 0);
	buf_append_slice(&secrets.certificate, buf_slice(&writer.frame));
	buf_init(&secrets.floor, 0);
	buf_append_slice(&secrets.floor, buf_slice(&floor->record));
	if (key_file_encode(&head, &secrets, NULL, admin->rng, &text, err) < 0)
		return -1;
	return write_then(path, &text, record_writer, &writer, &writer.recording, err);
}

int key_passwd(const char *path, const struct secret *old_passphrase,
	       const struct secret *new_passphrase, struct scrypt_params scrypt,
	       struct rng *rng, struct err *err)
{
	CLEANUP(secret_release) struct secret text = {0};
	CLEANUP(secret_release) struct secret changed = {0};
	CLEANUP(key_file_release) struct key_file file = {0};
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	struct key_protection protection = {.passphrase = new_passphrase,
					    .scrypt = scrypt_of(scrypt)};

	if (file_read_secret(path, KEY_FILE_MAX, &text, err) < 0)
		return -1;
	if (key_file_decode(secret_slice(&text), &file, err) < 0)
		return err_wrap(err, "%s", path);
	if (!file.is_protected)
		return err_set(err, ERR_USAGE, "%s: a %s key has no passphrase", path,
			       key_role_name(file.role));
	if (new_passphrase->len == 0)
		return err_set(err, ERR_USAGE, "%s: the new passphrase is empty", path);
	if (key_file_secrets(&file, old_passphrase, &secrets, err) < 0)
		return err_wrap(err, "%s", path);
	struct key_file_head head = {
		.role = file.role, .identity = file.identity, .name = file.name};
	if (key_file_encode(&head, &secrets, &protection, rng, &changed, err) < 0)
		return -1;
	return file_write(path, secret_slice(&changed), 0600, FILE_REPLACE, err);
}
