/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that init puts into the store follows from recovery.key and writer.key, so a
 * killed init goes on from the files alone: the private key of epoch 1 is derived from the
 * owner's seed (whoever has that can read anyway), and the first record of the key log is made
 * again from the time that the writer's certificate carries. What was put already is then
 * put again under the same name, which is no conflict.
 *
 * The files come in the order recovery.key, writer.key, audit.pub. So a writer.key without a
 * recovery.key is never ours. Before them comes a file that holds the repository's URL; it goes
 * when all is done. Keys without it belong to a repository that was finished, and a second one
 * with the same identity and keys is never made from them.
 */
#include "repo/init_keys.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "crypto/kdf.h"
#include "repo/keyfile_format.h"
#include "repo/keylog_internal.h"
#include "repo/wrap_format.h"

static const char recovery_name[] = "recovery.key";
static const char writer_name[] = "writer.key";
static const char audit_name[] = "audit.pub";
static const char unfinished_name[] = "init.unfinished";

enum { URL_LEN_MAX = 4096 };

void init_keys_release(struct init_keys *keys)
{
	key_free(keys->recovery);
	key_free(keys->writer);
	dh_private_free(keys->epoch);
	mem_free(keys->unfinished_url);
	for (size_t i = 0; i < INIT_RECORDS; i++)
		buf_release(&keys->records[i]);
	*keys = (struct init_keys){0};
}

/* Opens a key file; *ret_key stays NULL when it is not there. */
static int open_file(const struct repo_init_options *options, const char *name,
		     const struct secret *passphrase, struct key **ret_key,
		     struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(options->key_directory, name);
	CLEANUP(secret_release) struct secret text = {0};
	struct err why = {0};

	if (file_read_secret(path, KEY_FILE_MAX, &text, &why) < 0) {
		if (why.code == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (key_open(secret_slice(&text), passphrase, ret_key, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}

static int write_file(const struct repo_init_options *options, const char *name,
		      const struct secret *text, mode_t mode, struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(options->key_directory, name);

	return file_write(path, secret_slice(text), mode, FILE_CREATE, err);
}

static int refuse_other(const struct repo_init_options *options, const char *name,
			struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(options->key_directory, name);
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	err_set(err, ERR_EXISTS, "%s exists, but there is no %s beside it", path,
		recovery_name);
	return err_hint(err,
			"key files are never overwritten; name another directory with "
			"--keys");
}

/* *ret_url = NULL when no init was cut off. */
static int read_unfinished(const struct repo_init_options *options, char **ret_url,
			   struct err *err)
{
	CLEANUP(mem_freep)
	char *path = path_join(options->key_directory, unfinished_name);
	CLEANUP(buf_release) struct buf url = {0};
	struct err why = {0};

	*ret_url = NULL;
	if (file_read(path, URL_LEN_MAX, &url, &why) == 0) {
		*ret_url = mem_strdup(buf_string(&url));
		return 0;
	}
	if (why.code == ERR_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

static int write_unfinished(const struct repo_init_options *options, const char *url,
			    struct err *err)
{
	CLEANUP(mem_freep)
	char *path = path_join(options->key_directory, unfinished_name);

	return file_write(path, slice_of_string(url), 0600, FILE_REPLACE, err);
}

void init_keys_end(const struct repo_init_options *options)
{
	CLEANUP(mem_freep)
	char *path = path_join(options->key_directory, unfinished_name);

	(void)unlink(path); /* the repository is whole; what stays says less than it */
}

int init_keys_find(const struct repo_init_options *options, struct init_keys *ret_keys,
		   struct err *err)
{
	struct key *recovery = NULL;
	char *unfinished_url;

	if (open_file(options, recovery_name, options->passphrase, &recovery, err) < 0)
		return -1;
	if (recovery == NULL) {
		if (refuse_other(options, writer_name, err) < 0 ||
		    refuse_other(options, audit_name, err) < 0)
			return -1;
	} else if (recovery->role != KEY_RECOVERY) {
		key_free(recovery);
		return err_set(err, ERR_KEY, "%s in %s holds no recovery key",
			       recovery_name, options->key_directory);
	}
	if (read_unfinished(options, &unfinished_url, err) < 0) {
		key_free(recovery);
		return -1;
	}
	*ret_keys = (struct init_keys){.recovery = recovery,
				       .resumed = recovery != NULL,
				       .unfinished_url = unfinished_url};
	return 0;
}

static int create_recovery(const struct repo_init_options *options, struct err *err)
{
	CLEANUP(sign_private_freep)
	struct sign_private *owner = sign_private_generate(options->rng);
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	CLEANUP(secret_release) struct secret text = {0};
	struct key_file_head head = {.role = KEY_RECOVERY, .name = "recovery"};
	struct key_protection protection = {.passphrase = options->passphrase,
					    .scrypt = options->scrypt};

	if (protection.scrypt.log2_n == 0)
		protection.scrypt = key_file_scrypt();
	rng_fill(options->rng, head.identity.id, REPO_ID_LEN);
	head.identity.owner = sign_private_public(owner);
	secret_set(&secrets.sign_seed, sign_private_seed(owner)->data, SIGN_PRIVATE_LEN);
	secret_init(&secrets.recipient, KEY_SECRET_LEN);
	rng_fill(options->rng, secrets.recipient.data, KEY_SECRET_LEN);
	secret_init(&secrets.dedup, KEY_SECRET_LEN);
	rng_fill(options->rng, secrets.dedup.data, KEY_SECRET_LEN);
	if (key_file_encode(&head, &secrets, &protection, options->rng, &text, err) < 0)
		return -1;
	return write_file(options, recovery_name, &text, 0600, err);
}

/* Epoch 1's private key, from the owner's seed. */
static struct dh_private *first_epoch(const struct owner_key *owner)
{
	CLEANUP(secret_release) struct secret bytes = {0};

	kdf_hkdf(secret_slice(sign_private_seed(owner->sign)),
		 slice_of(owner->identity.id, REPO_ID_LEN),
		 slice_of_string("quipu/v1/first-epoch"), DH_LEN, &bytes);
	return dh_private_new(secret_slice(&bytes));
}

/* Signs a record that follows the one before it. */
static void sign_record(struct init_keys *keys, size_t i, struct keylog_record *record)
{
	record->time_nsec = keys->time_nsec;
	if (i > 0) {
		uint8_t prev[HASH_LEN];

		hash_sha256(buf_slice(&keys->records[i - 1]), prev);
		vec_push(&record->prev, prev);
	}
	buf_release(&keys->records[i]);
	keylog_record_sign(record, keys->recovery->owner, i + 1, &keys->records[i]);
}

static void make_recipient(struct init_keys *keys)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	keylog_record_init(&record, KEYLOG_RECIPIENT);
	record.recipient.public_key =
		dh_private_public(keys->recovery->owner->reader.recipient);
	record.recipient.name = mem_strdup("recovery");
	sign_record(keys, INIT_RECIPIENT, &record);
}

static void make_certificate(struct init_keys *keys, struct sign_public writer)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	keylog_record_init(&record, KEYLOG_CERTIFICATE);
	record.certificate.role = KEY_WRITER;
	record.certificate.public_key = writer;
	record.certificate.name = mem_strdup("writer");
	record.certificate.shared_domain = mem_strdup("");
	sign_record(keys, INIT_CERTIFICATE, &record);
}

static void make_epoch(struct init_keys *keys)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct dh_public recipient =
		dh_private_public(keys->recovery->owner->reader.recipient);
	uint8_t id[HASH_LEN];

	keylog_record_init(&record, KEYLOG_EPOCH);
	record.epoch.number = 1;
	record.epoch.public_key = dh_private_public(keys->epoch);
	recipient_id(&recipient, id);
	vec_push(&record.epoch.recipients, id);
	sign_record(keys, INIT_EPOCH, &record);
}

static int create_writer(const struct repo_init_options *options, struct init_keys *keys,
			 struct err *err)
{
	CLEANUP(sign_private_freep)
	struct sign_private *sign = sign_private_generate(options->rng);
	const struct secret *dedup = &keys->recovery->owner->dedup_secret;
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	CLEANUP(secret_release) struct secret text = {0};
	struct key_file_head head = {.role = KEY_WRITER,
				     .identity = keys->recovery->identity,
				     .name = "writer"};

	keys->time_nsec = options->clock->now_nsec(options->clock);
	make_recipient(keys);
	make_certificate(keys, sign_private_public(sign));
	make_epoch(keys);
	secret_set(&secrets.sign_seed, sign_private_seed(sign)->data, SIGN_PRIVATE_LEN);
	secret_set(&secrets.dedup, dedup->data, dedup->len);
	buf_init(&secrets.certificate, 0);
	buf_append_slice(&secrets.certificate,
			 buf_slice(&keys->records[INIT_CERTIFICATE]));
	buf_init(&secrets.floor, 0);
	buf_append_slice(&secrets.floor, buf_slice(&keys->records[INIT_EPOCH]));
	if (key_file_encode(&head, &secrets, NULL, options->rng, &text, err) < 0)
		return -1;
	return write_file(options, writer_name, &text, 0600, err);
}

/* The time in a certificate that was verified when its file was opened. */
static int read_time(const struct writer_key *writer, int64_t *ret_nsec, struct err *err)
{
	const struct frame_expect expect = {
		.kind = FRAME_KEY_LOG, .stream = "", .any_seq = true, .owner_only = true};
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct signed_frame frame;

	if (signed_frame_open(buf_slice(&writer->certificate), &writer->identity, &expect,
			      &frame, err) < 0 ||
	    keylog_record_decode(frame.body, &record, err) < 0)
		return -1;
	*ret_nsec = record.time_nsec;
	return 0;
}

/* Makes the records again; they must be those that writer.key carries. */
static int remake_records(struct init_keys *keys, struct err *err)
{
	const struct writer_key *writer = keys->writer->writer;

	if (read_time(writer, &keys->time_nsec, err) < 0)
		return -1;
	make_recipient(keys);
	make_certificate(keys, sign_private_public(writer->sign));
	make_epoch(keys);
	if (slice_equal(buf_slice(&keys->records[INIT_CERTIFICATE]),
			buf_slice(&writer->certificate)) &&
	    slice_equal(buf_slice(&keys->records[INIT_EPOCH]), buf_slice(&writer->floor)))
		return 0;
	return err_set(err, ERR_EXISTS, "%s was not made by an init that was cut off",
		       writer_name);
}

/* `name` holds a key of this role for this repository. */
static int check_file(const struct init_keys *keys, const struct key *key,
		      enum key_role role, const char *name, struct err *err)
{
	if (key->role == role &&
	    memcmp(&key->identity, &keys->recovery->identity, sizeof(key->identity)) == 0)
		return 0;
	return err_set(err, ERR_EXISTS, "%s does not belong to the %s beside it", name,
		       recovery_name);
}

static int complete_writer(const struct repo_init_options *options,
			   struct init_keys *keys, struct err *err)
{
	if (open_file(options, writer_name, NULL, &keys->writer, err) < 0)
		return -1;
	if (keys->writer != NULL) {
		if (check_file(keys, keys->writer, KEY_WRITER, writer_name, err) < 0)
			return -1;
		return remake_records(keys, err);
	}
	if (create_writer(options, keys, err) < 0)
		return -1;
	return open_file(options, writer_name, NULL, &keys->writer, err);
}

static int complete_audit(const struct repo_init_options *options, struct init_keys *keys,
			  struct err *err)
{
	CLEANUP(key_freep) struct key *audit = NULL;
	CLEANUP(secret_release) struct secret text = {0};
	struct key_secrets none = {0};
	struct key_file_head head = {
		.role = KEY_AUDIT, .identity = keys->recovery->identity, .name = "audit"};

	if (open_file(options, audit_name, NULL, &audit, err) < 0)
		return -1;
	if (audit != NULL)
		return check_file(keys, audit, KEY_AUDIT, audit_name, err);
	if (key_file_encode(&head, &none, NULL, options->rng, &text, err) < 0)
		return -1;
	return write_file(options, audit_name, &text, 0644, err);
}

int init_keys_complete(const struct repo_init_options *options, const char *url,
		       struct init_keys *keys, struct err *err)
{
	if (directory_create(options->key_directory, 0700, err) < 0 ||
	    write_unfinished(options, url, err) < 0)
		return -1;
	if (keys->recovery == NULL &&
	    (create_recovery(options, err) < 0 ||
	     open_file(options, recovery_name, options->passphrase, &keys->recovery,
		       err) < 0))
		return -1;
	keys->epoch = first_epoch(keys->recovery->owner);
	if (complete_writer(options, keys, err) < 0 ||
	    complete_audit(options, keys, err) < 0)
		return err_wrap(err, "%s", options->key_directory);
	return 0;
}
