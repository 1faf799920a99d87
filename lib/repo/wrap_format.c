/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap   := "QPWR" version u16 zero u16 epoch u32 epoch public key[32] recipient id[32]
 *           ephemeral[32] sealed[48]
 * sealed := AES-256-GCM(key, nonce 0, AAD = label || R || all before ephemeral)
 * key    := HKDF(X25519(ephemeral, recipient), salt = ephemeral || recipient public,
 *           info = label || R || epoch u32)
 * The nonce may be constant since each wrap has an ephemeral key of its own.
 */
#include "repo/wrap_format.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "format/encoding.h"

static const uint8_t wrap_magic[4] = {'Q', 'P', 'W', 'R'};
static const char wrap_purpose[] = "quipu/v1/wrap";
static const uint8_t wrap_nonce[AEAD_NONCE_LEN] = {0};

enum {
	WRAP_VERSION = 1,
	WRAP_CLEAR_LEN = 4 + 2 + 2 + 4 + DH_LEN + HASH_LEN,
	WRAP_SEALED_LEN = DH_LEN + AEAD_TAG_LEN,
	EPOCH_NAME_BYTES = 8,
};
static_assert(WRAP_LEN == WRAP_CLEAR_LEN + DH_LEN + WRAP_SEALED_LEN, "keys.md");

void recipient_id(const struct dh_public *public_key, uint8_t ret_id[static 32])
{
	hash_sha256(slice_of(public_key->bytes, DH_LEN), ret_id);
}

void wrap_key(uint32_t epoch, const struct dh_public *epoch_key,
	      const uint8_t recipient[static 32], char out[static WRAP_KEY_LEN])
{
	uint8_t epoch_hash[HASH_LEN];
	char epoch_hex[2 * EPOCH_NAME_BYTES + 1];
	char recipient_hex[HASH_HEX_LEN + 1];

	hash_sha256(slice_of(epoch_key->bytes, DH_LEN), epoch_hash);
	hex_encode(slice_of(epoch_hash, EPOCH_NAME_BYTES), epoch_hex, sizeof(epoch_hex));
	hex_encode(slice_of(recipient, HASH_LEN), recipient_hex, sizeof(recipient_hex));
	snprintf(out, WRAP_KEY_LEN, "keys/wraps/%06u-%s/%s", (unsigned)epoch, epoch_hex,
		 recipient_hex);
}

/* The key that both ends compute; `shared` is what X25519 gave. */
static void derive(const struct secret *shared, const struct wrap_epoch *epoch,
		   const struct dh_public *ephemeral, const struct dh_public *recipient,
		   struct secret *ret_key)
{
	CLEANUP(buf_release) struct buf salt = {0};
	CLEANUP(buf_release) struct buf info = {0};

	buf_init(&salt, 0);
	buf_init(&info, 0);
	buf_append(&salt, ephemeral->bytes, DH_LEN);
	buf_append(&salt, recipient->bytes, DH_LEN);
	buf_append_string(&info, wrap_purpose);
	buf_append(&info, epoch->identity->id, REPO_ID_LEN);
	buf_put_u32(&info, epoch->number);
	kdf_hkdf(secret_slice(shared), buf_slice(&salt), buf_slice(&info), AEAD_KEY_LEN,
		 ret_key);
}

static void encode_aad(const struct repo_identity *identity, struct slice clear,
		       struct buf *aad)
{
	buf_init(aad, 0);
	buf_append_string(aad, wrap_purpose);
	buf_append(aad, identity->id, REPO_ID_LEN);
	buf_append_slice(aad, clear);
}

static void encode_clear(const struct wrap_label *label, struct buf *out)
{
	buf_append(out, wrap_magic, sizeof(wrap_magic));
	buf_put_u16(out, WRAP_VERSION);
	buf_put_u16(out, 0);
	buf_put_u32(out, label->epoch);
	buf_append(out, label->epoch_key.bytes, DH_LEN);
	buf_append(out, label->recipient, HASH_LEN);
}

int wrap_seal(const struct wrap_epoch *epoch, const struct dh_private *epoch_key,
	      const struct dh_public *recipient, struct rng *rng, struct buf *out,
	      struct err *err)
{
	CLEANUP(dh_private_freep) struct dh_private *ephemeral = dh_private_generate(rng);
	CLEANUP(secret_release) struct secret shared = {0};
	CLEANUP(secret_release) struct secret key = {0};
	CLEANUP(buf_release) struct buf clear = {0};
	CLEANUP(buf_release) struct buf aad = {0};
	struct dh_public ephemeral_public = dh_private_public(ephemeral);
	struct wrap_label label = {.epoch = epoch->number,
				   .epoch_key = epoch->public_key};

	if (dh_agree(ephemeral, recipient, &shared, err) < 0)
		return err_wrap(err, "key of the recipient");
	derive(&shared, epoch, &ephemeral_public, recipient, &key);
	recipient_id(recipient, label.recipient);
	buf_init(&clear, 0);
	encode_clear(&label, &clear);
	encode_aad(epoch->identity, buf_slice(&clear), &aad);
	buf_append_slice(out, buf_slice(&clear));
	buf_append(out, ephemeral_public.bytes, DH_LEN);
	struct aead *aead = aead_new(&key);
	aead_seal(aead, wrap_nonce, buf_slice(&aad),
		  secret_slice(dh_private_bytes(epoch_key)),
		  buf_extend(out, WRAP_SEALED_LEN));
	aead_free(aead);
	return 0;
}

static int decode(struct slice wrap, struct wrap_label *ret_label,
		  struct dh_public *ret_ephemeral, struct slice *ret_sealed,
		  struct err *err)
{
	struct wrap_label label = {0};
	struct dh_public ephemeral = {0};
	struct cursor c;

	cursor_init(&c, wrap);
	cursor_expect(&c, wrap_magic, sizeof(wrap_magic), "wrap magic");
	uint16_t version = cursor_u16(&c);
	if (!c.bad && version != WRAP_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "wrap: version %u is made by a newer Quipu", version);
	if (cursor_u16(&c) != 0)
		cursor_fail(&c, "reserved bytes are not 0");
	label.epoch = cursor_u32(&c);
	cursor_copy(&c, label.epoch_key.bytes, DH_LEN);
	cursor_copy(&c, label.recipient, HASH_LEN);
	cursor_copy(&c, ephemeral.bytes, DH_LEN);
	struct slice sealed = cursor_bytes(&c, WRAP_SEALED_LEN);
	if (cursor_end(&c, "wrap", err) < 0)
		return -1;
	*ret_label = label;
	*ret_ephemeral = ephemeral;
	*ret_sealed = sealed;
	return 0;
}

int wrap_label_decode(struct slice wrap, struct wrap_label *ret_label, struct err *err)
{
	struct dh_public ephemeral;
	struct slice sealed;

	return decode(wrap, ret_label, &ephemeral, &sealed, err);
}

static int check_label(const struct wrap_label *label, const struct wrap_epoch *epoch,
		       const struct dh_public *recipient, struct err *err)
{
	uint8_t id[HASH_LEN];

	recipient_id(recipient, id);
	if (label->epoch != epoch->number)
		return err_set(err, ERR_CORRUPT, "wrap: it is of epoch %u, expected %u",
			       (unsigned)label->epoch, (unsigned)epoch->number);
	if (memcmp(label->epoch_key.bytes, epoch->public_key.bytes, DH_LEN) != 0)
		return err_set(err, ERR_CORRUPT,
			       "wrap: it names another key than the owner's for epoch %u",
			       (unsigned)epoch->number);
	if (memcmp(label->recipient, id, HASH_LEN) != 0)
		return err_set(err, ERR_CORRUPT, "wrap: it is another recipient's");
	return 0;
}

int wrap_open(struct slice wrap, const struct wrap_epoch *epoch,
	      const struct dh_private *recipient, struct dh_private **ret_private,
	      struct err *err)
{
	struct wrap_label label;
	struct dh_public ephemeral;
	struct dh_public recipient_public = dh_private_public(recipient);
	struct slice sealed;
	CLEANUP(secret_release) struct secret shared = {0};
	CLEANUP(secret_release) struct secret key = {0};
	CLEANUP(secret_release) struct secret plain = {0};
	CLEANUP(buf_release) struct buf aad = {0};

	if (decode(wrap, &label, &ephemeral, &sealed, err) < 0 ||
	    check_label(&label, epoch, &recipient_public, err) < 0)
		return -1;
	if (dh_agree(recipient, &ephemeral, &shared, err) < 0)
		return err_wrap(err, "wrap");
	derive(&shared, epoch, &ephemeral, &recipient_public, &key);
	encode_aad(epoch->identity, slice_of(wrap.data, WRAP_CLEAR_LEN), &aad);
	secret_init(&plain, DH_LEN);
	struct aead *aead = aead_new(&key);
	bool opened = aead_open(aead, wrap_nonce, buf_slice(&aad), sealed, plain.data);
	aead_free(aead);
	if (!opened)
		return err_set(err, ERR_CORRUPT, "wrap: it does not open");
	CLEANUP(dh_private_freep)
	struct dh_private *found = dh_private_new(secret_slice(&plain));
	struct dh_public found_public = dh_private_public(found);
	if (memcmp(found_public.bytes, epoch->public_key.bytes, DH_LEN) != 0)
		return err_set(err, ERR_CORRUPT,
			       "wrap: its key is not the one that the owner signed");
	*ret_private = STEAL(found);
	return 0;
}
