/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/signed_object.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "format/encoding.h"

enum {
	SEQ_DIGITS_MIN = 10,
	FRAME_MAX =
		FRAME_OVERHEAD + STREAM_NAME_MAX + CERTIFICATE_LEN_MAX + FRAME_BODY_MAX,
};

void signed_name_format(uint64_t seq, const uint8_t id[static HASH_LEN],
			char out[static SIGNED_NAME_MAX])
{
	char hex[HASH_HEX_LEN + 1];

	hex_encode(slice_of(id, HASH_LEN), hex, sizeof(hex));
	snprintf(out, SIGNED_NAME_MAX, "%0*" PRIu64 "-%s", SEQ_DIGITS_MIN, seq, hex);
}

/* The digits before '-', without overflow; false when there are none. */
static bool parse_seq(const char *text, uint64_t *ret_seq)
{
	uint64_t seq = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (seq > (UINT64_MAX - digit) / 10)
			return false;
		seq = seq * 10 + digit;
	}
	*ret_seq = seq;
	return *text == '-';
}

bool signed_name_parse(const char *text, uint64_t *ret_seq,
		       uint8_t ret_id[static HASH_LEN])
{
	const char *hex = strchr(text, '-');
	char again[SIGNED_NAME_MAX];
	uint8_t id[HASH_LEN];
	uint64_t seq;
	struct err ignored = {0};

	if (hex == NULL || !parse_seq(text, &seq) ||
	    hex_decode(slice_of_string(hex + 1), id, HASH_LEN, &ignored) < 0)
		return false;
	signed_name_format(seq, id, again);
	if (strcmp(text, again) != 0)
		return false;
	*ret_seq = seq;
	memcpy(ret_id, id, HASH_LEN);
	return true;
}

void signed_object_release(struct signed_object *object)
{
	mem_free(object->key);
	buf_release(&object->bytes);
	*object = (struct signed_object){0};
}

static int open_content(struct signed_object *object,
			const struct repo_identity *identity,
			const struct frame_expect *expect, struct err *err)
{
	struct frame_expect here = *expect;
	uint8_t hash[HASH_LEN];

	hash_sha256(buf_slice(&object->bytes), hash);
	if (memcmp(hash, object->id, HASH_LEN) != 0)
		return err_set(err, ERR_CORRUPT, "its content is not what its name says");
	here.any_seq = false;
	here.seq = object->seq;
	return signed_frame_open(buf_slice(&object->bytes), identity, &here,
				 &object->frame, err);
}

int signed_object_load(struct store *store, const char *key,
		       const struct repo_identity *identity,
		       const struct frame_expect *expect,
		       struct signed_object *ret_object, struct err *err)
{
	CLEANUP(signed_object_release) struct signed_object object = {0};

	if (!signed_name_parse(path_basename(key), &object.seq, object.id))
		return err_set(err, ERR_CORRUPT, "%s: it is not called <seq>-<id>", key);
	object.key = mem_strdup(key);
	buf_init(&object.bytes, FRAME_MAX);
	if (store_get(store, key, FRAME_MAX, &object.bytes, err) < 0)
		return -1;
	if (open_content(&object, identity, expect, err) < 0)
		return err_wrap(err, "%s", key);
	*ret_object = object;
	object = (struct signed_object){0};
	return 0;
}

bool signed_object_is_finding(const struct err *err)
{
	return err->code == ERR_ALARM || err->code == ERR_CORRUPT ||
	       err->code == ERR_UNSUPPORTED || err->code == ERR_LIMIT;
}

int signed_object_put(struct store *store, const char *prefix, uint64_t seq,
		      struct slice frame, uint8_t ret_id[static HASH_LEN],
		      struct err *err)
{
	char name[SIGNED_NAME_MAX];
	uint8_t id[HASH_LEN];
	struct err why = {0};

	hash_sha256(frame, id);
	signed_name_format(seq, id, name);
	CLEANUP(mem_freep) char *key = mem_printf("%s%s", prefix, name);
	struct store_put_options options = {.mode = STORE_PUT_NEW, .sha256 = id};
	if (store_put(store, key, frame, &options, &why) < 0 && why.code != ERR_EXISTS) {
		*err = why;
		return -1;
	}
	memcpy(ret_id, id, HASH_LEN);
	return 0;
}
