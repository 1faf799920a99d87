/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key files become types here. What a role lacks has no field in its type, so no check at run
 * time is needed later; what a file claims about itself (certificate, floor) is verified under
 * the owner's key that the same file pins.
 */
#include "repo/keys.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "repo/keyfile_format.h"
#include "repo/keylog_format.h"
#include "repo/signed_format.h"

static void derive(const struct secret *dedup_secret,
		   const struct repo_identity *identity, const char *info,
		   struct secret *ret_key)
{
	kdf_hkdf(secret_slice(dedup_secret), slice_of(identity->id, REPO_ID_LEN),
		 slice_of_string(info), HASH_LEN, ret_key);
}

void dedup_keys_derive(const struct secret *dedup_secret,
		       const struct repo_identity *identity, struct dedup_keys *ret_keys)
{
	derive(dedup_secret, identity, "quipu/v1/blob-id", &ret_keys->blob_id);
	derive(dedup_secret, identity, "quipu/v1/chunker", &ret_keys->chunker);
	derive(dedup_secret, identity, "quipu/v1/index", &ret_keys->index);
	derive(dedup_secret, identity, "quipu/v1/cache", &ret_keys->cache);
	derive(dedup_secret, identity, "quipu/v1/tree", &ret_keys->tree);
}

void dedup_keys_release(struct dedup_keys *keys)
{
	secret_release(&keys->blob_id);
	secret_release(&keys->chunker);
	secret_release(&keys->index);
	secret_release(&keys->cache);
	secret_release(&keys->tree);
}

const char *key_role_name(enum key_role role)
{
	switch (role) {
	case KEY_RECOVERY:
		return "recovery";
	case KEY_READER:
		return "reader";
	case KEY_WRITER:
		return "writer";
	case KEY_PRUNER:
		return "pruner";
	case KEY_KEEPER:
		return "keeper";
	case KEY_AUDIT:
		return "audit";
	}
	return "unknown";
}

static void reader_release(struct reader_key *reader)
{
	mem_free(reader->name);
	dh_private_free(reader->recipient);
	dedup_keys_release(&reader->dedup);
}

static void writer_free(struct writer_key *writer)
{
	if (writer == NULL)
		return;
	mem_free(writer->name);
	sign_private_free(writer->sign);
	buf_release(&writer->certificate);
	buf_release(&writer->floor);
	dedup_keys_release(&writer->dedup);
	mem_free(writer);
}

static void owner_free(struct owner_key *owner)
{
	if (owner == NULL)
		return;
	sign_private_free(owner->sign);
	reader_release(&owner->reader);
	secret_release(&owner->dedup_secret);
	mem_free(owner);
}

void key_free(struct key *key)
{
	if (key == NULL)
		return;
	owner_free(key->owner);
	writer_free(key->writer);
	if (key->reader != NULL)
		reader_release(key->reader);
	mem_free(key->reader);
	mem_free(key->audit);
	mem_free(key);
}

void key_freep(struct key **key)
{
	key_free(*key);
}

int key_file_role(struct slice text, enum key_role *ret_role, bool *ret_protected,
		  struct err *err)
{
	struct key_file file;

	if (key_file_decode(text, &file, err) < 0)
		return -1;
	*ret_role = file.role;
	*ret_protected = file.is_protected;
	key_file_release(&file);
	return 0;
}

static void fill_reader(const struct key_file *file, const struct key_secrets *secrets,
			struct reader_key *reader)
{
	reader->identity = file->identity;
	reader->name = mem_strdup(file->name);
	reader->recipient = dh_private_new(secret_slice(&secrets->recipient));
	dedup_keys_derive(&secrets->dedup, &file->identity, &reader->dedup);
}

static int open_owner(const struct key_file *file, const struct key_secrets *secrets,
		      struct key *key, struct err *err)
{
	struct owner_key *owner = mem_zalloc(sizeof(*owner));

	key->owner = owner;
	owner->identity = file->identity;
	owner->sign = sign_private_new(secret_slice(&secrets->sign_seed));
	fill_reader(file, secrets, &owner->reader);
	secret_set(&owner->dedup_secret, secrets->dedup.data, secrets->dedup.len);
	struct sign_public found = sign_private_public(owner->sign);
	if (memcmp(found.bytes, file->identity.owner.bytes, SIGN_PUBLIC_LEN) != 0)
		return err_set(err, ERR_KEY,
			       "the recovery key is damaged: its halves do "
			       "not belong together");
	return 0;
}

/* The floor: an epoch that this owner signed. */
static int check_floor(const struct writer_key *writer, struct err *err)
{
	const struct frame_expect expect = {
		.kind = FRAME_KEY_LOG, .stream = "", .any_seq = true, .owner_only = true};
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct signed_frame frame;

	if (signed_frame_open(buf_slice(&writer->floor), &writer->identity, &expect,
			      &frame, err) < 0 ||
	    keylog_record_decode(frame.body, &record, err) < 0)
		return -1;
	if (record.type != KEYLOG_EPOCH)
		return err_set(err, ERR_KEY, "its floor is no epoch");
	return 0;
}

static int check_writer(const struct writer_key *writer, struct err *err)
{
	struct sign_public own = sign_private_public(writer->sign);
	struct sign_public certified;

	if (signed_certificate_open(buf_slice(&writer->certificate), &writer->identity,
				    KEY_WRITER, &certified, err) < 0 ||
	    check_floor(writer, err) < 0)
		return -1;
	if (memcmp(own.bytes, certified.bytes, SIGN_PUBLIC_LEN) != 0)
		return err_set(err, ERR_KEY, "its certificate is of another key");
	return 0;
}

static int open_writer(const struct key_file *file, const struct key_secrets *secrets,
		       struct key *key, struct err *err)
{
	struct writer_key *writer = mem_zalloc(sizeof(*writer));

	key->writer = writer;
	writer->identity = file->identity;
	writer->name = mem_strdup(file->name);
	writer->sign = sign_private_new(secret_slice(&secrets->sign_seed));
	buf_init(&writer->certificate, 0);
	buf_append_slice(&writer->certificate, buf_slice(&secrets->certificate));
	buf_init(&writer->floor, 0);
	buf_append_slice(&writer->floor, buf_slice(&secrets->floor));
	dedup_keys_derive(&secrets->dedup, &file->identity, &writer->dedup);
	if (check_writer(writer, err) == 0)
		return 0;
	err->code =
		ERR_KEY; /* the file contradicts itself: no alarm about a repository */
	return err_wrap(err, "the writer key is damaged");
}

static int fill_key(const struct key_file *file, const struct key_secrets *secrets,
		    struct key *key, struct err *err)
{
	key->role = file->role;
	key->identity = file->identity;
	switch (file->role) {
	case KEY_RECOVERY:
		return open_owner(file, secrets, key, err);
	case KEY_READER:
		key->reader = mem_zalloc(sizeof(*key->reader));
		fill_reader(file, secrets, key->reader);
		return 0;
	case KEY_WRITER:
		return open_writer(file, secrets, key, err);
	case KEY_AUDIT:
		key->audit = mem_zalloc(sizeof(*key->audit));
		key->audit->identity = file->identity;
		return 0;
	case KEY_PRUNER:
	case KEY_KEEPER:
		break;
	}
	return err_set(err, ERR_UNSUPPORTED, "%s keys are not used yet",
		       key_role_name(file->role));
}

int key_open(struct slice text, const struct secret *passphrase, struct key **ret_key,
	     struct err *err)
{
	CLEANUP(key_file_release) struct key_file file = {0};
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	CLEANUP(key_freep) struct key *key = mem_zalloc(sizeof(*key));

	if (key_file_decode(text, &file, err) < 0 ||
	    key_file_secrets(&file, passphrase, &secrets, err) < 0 ||
	    fill_key(&file, &secrets, key, err) < 0)
		return -1;
	*ret_key = STEAL(key);
	return 0;
}

const struct reader_key *key_reader(const struct key *key)
{
	return key->owner != NULL ? &key->owner->reader : key->reader;
}

const struct dedup_keys *key_dedup(const struct key *key)
{
	if (key->writer != NULL)
		return &key->writer->dedup;
	const struct reader_key *reader = key_reader(key);

	return reader != NULL ? &reader->dedup : NULL;
}
