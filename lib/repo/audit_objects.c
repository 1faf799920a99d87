/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies and packs by two listings, which tell sizes: a few requests for a thousand objects
 * instead of one for each. With read_data each is then read in windows and hashed; its name
 * is the hash, so nothing else is needed to know what it should be.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "format/encoding.h"
#include "repo/audit_internal.h"
#include "repo/pack_reader.h"

static const char bodies_prefix[] = "bodies/";

enum {
	MAP_KEY_LEN = 1 + HASH_LEN,
	OBJECT_KEY_MAX = 96,
	WINDOW_LEN = 1024 * 1024,
};

static struct slice map_key(bool is_pack, const uint8_t name[static HASH_LEN],
			    uint8_t out[static MAP_KEY_LEN])
{
	out[0] = is_pack ? 'p' : 'b';
	memcpy(out + 1, name, HASH_LEN);
	return slice_of(out, MAP_KEY_LEN);
}

bool audit_need(struct audit *audit, const struct audit_object *object,
		struct audit_object **ret_object)
{
	uint8_t bytes[MAP_KEY_LEN];
	struct slice key = map_key(object->is_pack, object->name, bytes);

	*ret_object = map_get(audit->objects, key);
	if (*ret_object != NULL)
		return false;
	*ret_object = mem_dup(object, sizeof(*object));
	map_set(audit->objects, key, *ret_object);
	if (object->is_pack)
		audit->result->n_packs++;
	else
		audit->result->n_bodies++;
	audit->result->bytes += object->size;
	return true;
}

void audit_objects_free(struct map *objects)
{
	size_t position = 0;
	struct slice key;
	void *object;

	while (objects != NULL && map_next(objects, &position, &key, &object))
		mem_free(object);
	map_free(objects);
}

static const char *object_key(const struct audit_object *object,
			      char out[static OBJECT_KEY_MAX])
{
	char hex[HASH_HEX_LEN + 1];

	if (object->is_pack) {
		pack_key(object->name, out);
		return out;
	}
	hex_encode(slice_of(object->name, HASH_LEN), hex, sizeof(hex));
	snprintf(out, OBJECT_KEY_MAX, "%s%s", bodies_prefix, hex);
	return out;
}

/* Whose key this is, or NULL when nothing needs it. */
static struct audit_object *find_object(struct audit *audit, const char *key)
{
	uint8_t name[HASH_LEN];
	uint8_t bytes[MAP_KEY_LEN];
	bool is_pack = pack_key_parse(key, name);
	struct err ignored = {0};

	if (!is_pack && (strncmp(key, bodies_prefix, strlen(bodies_prefix)) != 0 ||
			 hex_decode(slice_of_string(key + strlen(bodies_prefix)), name,
				    HASH_LEN, &ignored) < 0))
		return NULL;
	return map_get(audit->objects, map_key(is_pack, name, bytes));
}

static int see(void *arg, const char *key, const struct store_info *info, struct err *err)
{
	struct audit *audit = arg;
	struct audit_object *object = find_object(audit, key);

	if (cancel_check(audit->options->cancel, err) < 0)
		return -1;
	if (object == NULL)
		return 0; /* of an unfinished run, or expired, or foreign */
	object->seen = true;
	if (info->size == object->size)
		return 0;
	object->bad = true;
	audit_add(audit, AUDIT_CORRUPT, "%s: %" PRIu64 " bytes, expected %" PRIu64, key,
		  info->size, object->size);
	return 0;
}

static void report_absent(struct audit *audit)
{
	size_t position = 0;
	struct slice key;
	void *value;

	while (map_next(audit->objects, &position, &key, &value)) {
		struct audit_object *object = value;
		char name[OBJECT_KEY_MAX];
		char shown[HEADER_TEXT_MAX];

		if (object->seen)
			continue;
		object->bad = true;
		snapshot_header_text(object->needed_by, shown);
		if (object->is_pack)
			audit_add(audit, AUDIT_MISSING,
				  "%s: it is not there; %s needs it",
				  object_key(object, name), shown);
		else
			audit_add(audit, AUDIT_ALARM,
				  "%s: the body of %s is not there, and no record says "
				  "that it expired",
				  object_key(object, name), shown);
	}
}

/* Hashes the whole object, and of a pack its header by itself. */
static int hash_object(struct audit *audit, const struct audit_object *object,
		       uint8_t ret_hash[static HASH_LEN],
		       uint8_t ret_header[static HASH_LEN], struct err *err)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	CLEANUP(mem_freep) uint8_t *window = mem_alloc(WINDOW_LEN);
	char key[OBJECT_KEY_MAX];

	object_key(object, key);
	for (uint64_t at = 0; at < object->size;) {
		uint64_t left = object->size - at;
		size_t len = left < WINDOW_LEN ? (size_t)left : WINDOW_LEN;

		if (cancel_check(audit->options->cancel, err) < 0 ||
		    store_get_range(audit->repo->store, key, at, len, window, err) < 0)
			return -1;
		if (at == 0 && len >= PACK_HEADER_LEN)
			hash_sha256(slice_of(window, PACK_HEADER_LEN), ret_header);
		hash_update(hash, slice_of(window, len));
		at += len;
		progress_add(audit->options->progress, 0, len);
		audit->result->bytes_read += len;
	}
	hash_final(hash, ret_hash);
	return 0;
}

static int read_object(struct audit *audit, const struct audit_object *object,
		       struct err *err)
{
	uint8_t hash[HASH_LEN];
	uint8_t header[HASH_LEN] = {0};
	char key[OBJECT_KEY_MAX];
	struct err why = {0};

	object_key(object, key);
	if (hash_object(audit, object, hash, header, &why) < 0) {
		if (why.code != ERR_NOT_FOUND && why.code != ERR_CORRUPT) {
			*err = why;
			return -1;
		}
		audit_add(audit, AUDIT_CORRUPT, "%s", why.msg);
		return 0;
	}
	if (memcmp(hash, object->name, HASH_LEN) != 0)
		audit_add(audit, AUDIT_CORRUPT,
			  "%s: its content is not what its name says", key);
	else if (object->is_pack && memcmp(header, object->header_hash, HASH_LEN) != 0)
		audit_add(audit, AUDIT_CORRUPT,
			  "%s: its header is not the one in the pack list", key);
	return 0;
}

static int read_all(struct audit *audit, struct err *err)
{
	size_t position = 0;
	struct slice key;
	void *value;

	progress_phase(audit->options->progress, "reading");
	progress_expect(audit->options->progress, 0, audit->result->bytes);
	while (map_next(audit->objects, &position, &key, &value)) {
		const struct audit_object *object = value;

		if (!object->bad && read_object(audit, object, err) < 0)
			return -1;
	}
	return 0;
}

int audit_objects(struct audit *audit, struct err *err)
{
	progress_phase(audit->options->progress, "listing packs");
	if (store_list(audit->repo->store, bodies_prefix, see, audit, NULL, err) < 0 ||
	    store_list(audit->repo->store, "packs/", see, audit, NULL, err) < 0)
		return -1;
	report_absent(audit);
	return audit->options->read_data ? read_all(audit, err) : 0;
}
