/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"quipu_repository": 1, "payload": "<JSON text>", "signature": "<hex>"}
 *
 * The payload is a string within the document so that the signed bytes are exact, whatever
 * writes JSON around them. It is parsed after its signature has been checked; only where that
 * fails it is looked at to tell a key of another repository from tampering.
 */
#include "repo/repo_format.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/hash.h"
#include "format/encoding.h"
#include "format/json.h"
#include "repo/signed_format.h"

static const char document_name[] = REPO_DOCUMENT_KEY;

int repo_params_check(const struct repo_params *params, struct err *err)
{
	if (chunker_params_check(params->chunk, err) < 0)
		return -1;
	if (params->pack_size < PACK_SIZE_LEAST || params->pack_size > PACK_SIZE_MOST)
		return err_set(err, ERR_LIMIT,
			       "pack size %" PRIu64 ": expected %d to %d bytes",
			       params->pack_size, PACK_SIZE_LEAST, PACK_SIZE_MOST);
	return 0;
}

static struct signed_message message_of(const struct repo_identity *identity,
					struct slice payload,
					uint8_t hash[static HASH_LEN])
{
	hash_sha256(payload, hash);
	return (struct signed_message){.label = "repository",
				       .repo_id = identity->id,
				       .stream = slice_of("", 0),
				       .certificate = slice_of("", 0),
				       .body_hash = hash};
}

static void encode_payload(const struct repo_identity *identity,
			   const struct repo_params *params, struct buf *out)
{
	struct json_writer w;
	char created[CLOCK_TEXT_MAX];

	json_writer_init(&w, out, JSON_COMPACT);
	json_begin_object(&w);
	json_put_hex(&w, "repository_id", slice_of(identity->id, REPO_ID_LEN));
	json_put_hex(&w, "owner", slice_of(identity->owner.bytes, SIGN_PUBLIC_LEN));
	json_put_string(&w, "created", clock_format(params->created_nsec, created));
	json_put_uint(&w, "chunk_min", params->chunk.min);
	json_put_uint(&w, "chunk_avg", params->chunk.avg);
	json_put_uint(&w, "chunk_max", params->chunk.max);
	json_put_uint(&w, "pack_size", params->pack_size);
	json_end_object(&w);
}

void repo_document_encode(const struct repo_identity *identity,
			  const struct repo_params *params,
			  const struct sign_private *owner, struct buf *out)
{
	CLEANUP(buf_release) struct buf payload = {0};
	uint8_t hash[HASH_LEN];
	uint8_t signature[SIGN_LEN];
	struct json_writer w;

	buf_init(&payload, REPO_DOCUMENT_MAX);
	encode_payload(identity, params, &payload);
	struct signed_message message = message_of(identity, buf_slice(&payload), hash);
	signed_message_sign(owner, &message, signature);
	json_writer_init(&w, out, JSON_PRETTY);
	json_begin_object(&w);
	json_put_int(&w, "quipu_repository", REPO_FORMAT_VERSION);
	json_put_text(&w, "payload", buf_slice(&payload));
	json_put_hex(&w, "signature", slice_of(signature, SIGN_LEN));
	json_end_object(&w);
	buf_append_string(out, "\n");
}

static int get_hex(const struct value *table, const char *key, uint8_t *out, size_t len,
		   struct err *err)
{
	const char *text;

	if (value_get_text(table, key, &text, err) < 0)
		return -1;
	if (hex_decode(slice_of_string(text), out, len, err) < 0)
		return err_wrap(err, "%s: %s", document_name, key);
	return 0;
}

static int get_identity(const struct value *payload, struct repo_identity *ret_identity,
			struct err *err)
{
	struct repo_identity identity;

	if (get_hex(payload, "repository_id", identity.id, REPO_ID_LEN, err) < 0 ||
	    get_hex(payload, "owner", identity.owner.bytes, SIGN_PUBLIC_LEN, err) < 0)
		return -1;
	*ret_identity = identity;
	return 0;
}

/* An unsigned number that fits; what is out of range becomes one that no check passes. */
static int get_u32(const struct value *table, const char *key, uint32_t *ret,
		   struct err *err)
{
	uint64_t number;

	if (value_get_uint(table, key, &number, err) < 0)
		return -1;
	*ret = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
	return 0;
}

static int get_params(const struct value *payload, struct repo_params *ret_params,
		      struct err *err)
{
	struct repo_params params;
	const char *created;

	if (get_u32(payload, "chunk_min", &params.chunk.min, err) < 0 ||
	    get_u32(payload, "chunk_avg", &params.chunk.avg, err) < 0 ||
	    get_u32(payload, "chunk_max", &params.chunk.max, err) < 0 ||
	    value_get_uint(payload, "pack_size", &params.pack_size, err) < 0 ||
	    value_get_text(payload, "created", &created, err) < 0)
		return -1;
	if (clock_parse(created, &params.created_nsec, err) < 0 ||
	    repo_params_check(&params, err) < 0) {
		err->code = ERR_CORRUPT;
		return err_wrap(err, "%s", document_name);
	}
	*ret_params = params;
	return 0;
}

/* Is it, consistently, another repository's document? */
static bool is_anothers(struct slice payload_text,
			const uint8_t signature[static SIGN_LEN])
{
	CLEANUP(value_freep) struct value *payload = NULL;
	struct repo_identity other;
	uint8_t hash[HASH_LEN];
	struct err ignored = {0};

	if (json_parse(payload_text, document_name, REPO_DOCUMENT_MAX, &payload,
		       &ignored) < 0 ||
	    get_identity(payload, &other, &ignored) < 0)
		return false;
	struct signed_message message = message_of(&other, payload_text, hash);
	return signed_message_verify(&other.owner, &message, signature);
}

static int check_signature(struct slice payload, const struct repo_identity *identity,
			   const uint8_t signature[static SIGN_LEN], struct err *err)
{
	uint8_t hash[HASH_LEN];
	struct signed_message message = message_of(identity, payload, hash);

	if (signed_message_verify(&identity->owner, &message, signature))
		return 0;
	if (!is_anothers(payload, signature))
		return err_set(err, ERR_ALARM, "%s: its signature does not fit",
			       document_name);
	err_set(err, ERR_KEY, "the key belongs to another repository");
	return err_hint(err,
			"compare --repo and --key: each key file opens the repository "
			"that it was made with");
}

static int check_version(const struct value *document, struct err *err)
{
	int64_t version;

	if (value_get_int(document, "quipu_repository", &version, err) < 0)
		return -1;
	if (version > REPO_FORMAT_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: format version %" PRId64 " is made by a newer Quipu, "
			       "this one knows up to %d",
			       document_name, version, REPO_FORMAT_VERSION);
	if (version < 1)
		return value_error(value_get(document, "quipu_repository"), err,
				   "no format version");
	return 0;
}

int repo_document_decode(struct slice text, const struct repo_identity *identity,
			 struct repo_params *ret_params, struct err *err)
{
	CLEANUP(value_freep) struct value *document = NULL;
	CLEANUP(value_freep) struct value *payload = NULL;
	const char *payload_text;
	uint8_t signature[SIGN_LEN];

	if (json_parse(text, document_name, REPO_DOCUMENT_MAX, &document, err) < 0 ||
	    check_version(document, err) < 0 ||
	    value_get_text(document, "payload", &payload_text, err) < 0 ||
	    get_hex(document, "signature", signature, SIGN_LEN, err) < 0 ||
	    check_signature(slice_of_string(payload_text), identity, signature, err) <
		    0 ||
	    json_parse(slice_of_string(payload_text), document_name, REPO_DOCUMENT_MAX,
		       &payload, err) < 0)
		return -1;
	return get_params(payload, ret_params, err);
}
