/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/keys.h"

#include "base/mem.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

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
