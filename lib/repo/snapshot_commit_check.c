/* SPDX-License-Identifier: Apache-2.0 */
/* What refuses a commit, asked before any work is done and again at the commit itself. */
#include "repo/snapshot_commit_check.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "repo/snapshot_format.h"

/* The header with the highest seq of a stream, by its key. */
struct newest {
	struct snapshot_place place;
	char *key;
};

struct walk {
	const char *stream;
	struct vec newest; /* of struct newest: one a stream of the same first segment */
};

static void walk_release(struct walk *walk)
{
	for (size_t i = 0; i < walk->newest.n; i++)
		mem_free(((struct newest *)vec_at(&walk->newest, i))->key);
	vec_release(&walk->newest);
}

/* Is `shorter` the beginning of `longer`, up to a '/'? */
static bool is_above(const char *shorter, const char *longer)
{
	size_t len = strlen(shorter);

	return strncmp(longer, shorter, len) == 0 && longer[len] == '/';
}

static bool same_first_segment(const char *a, const char *b)
{
	size_t len = strcspn(a, "/");

	return strcspn(b, "/") == len && strncmp(a, b, len) == 0;
}

static void take_newest(struct walk *walk, const struct snapshot_place *place,
			const char *key)
{
	struct newest *last = vec_last(&walk->newest);

	if (last == NULL || strcmp(last->place.stream, place->stream) != 0) {
		last = vec_push(&walk->newest, NULL);
	} else if (place->seq < last->place.seq) {
		return;
	}
	mem_free(last->key);
	last->place = *place;
	last->key = mem_strdup(key);
}

static int look(void *arg, const char *key, const struct store_info *info,
		struct err *err)
{
	struct walk *walk = arg;
	struct snapshot_place place;

	(void)info;
	if (!snapshot_place_parse(key, &place))
		return 0;
	if (is_above(place.stream, walk->stream) ||
	    is_above(walk->stream, place.stream)) {
		err_set(err, ERR_USAGE, "stream %s: stream %s exists already",
			walk->stream, place.stream);
		return err_hint(err, "no stream may be called like the beginning of "
				     "another");
	}
	if (same_first_segment(place.stream, walk->stream))
		take_newest(walk, &place, key);
	return 0;
}

int snapshot_keylog_check(const struct keylog *keylog,
			  const struct snapshot_header *header, struct err *err)
{
	char shown[HEADER_TEXT_MAX];

	if (keylog_contains(keylog, header->keylog_seq, header->keylog_head))
		return 0;
	err_set(err, ERR_ALARM, "key log: record %" PRIu64 ", which %s names, is missing",
		header->keylog_seq, snapshot_header_text(header, shown));
	return err_hint(err, "somebody replaced or shortened the key log");
}

/* One newest header: what it says about the key log. One that does not verify says nothing
 * here; listings report it. */
static int check_newest(const struct repo *repo, const struct newest *newest,
			struct err *err)
{
	struct frame_expect expect = {.kind = FRAME_SNAPSHOT,
				      .stream = newest->place.stream,
				      .role = KEY_WRITER};
	CLEANUP(signed_object_release) struct signed_object object = {0};
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	struct err why = {0};

	snapshot_header_init(&header);
	if (signed_object_load(repo->store, newest->key, &repo->identity, &expect,
			       &object, &why) < 0 ||
	    snapshot_header_decode(object.frame.body, &header, &why) < 0) {
		if (signed_object_is_finding(&why) || why.code == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	header.stream = mem_strdup(newest->place.stream);
	header.seq = newest->place.seq;
	memcpy(header.id, newest->place.id, HASH_LEN);
	return snapshot_keylog_check(repo->keylog, &header, err);
}

int snapshot_writer_check(const struct keylog *keylog, const struct writer_key *key,
			  struct err *err)
{
	uint8_t id[HASH_LEN];

	if (keylog_check_floor(keylog, key, err) < 0)
		return -1;
	hash_sha256(buf_slice(&key->certificate), id);
	for (size_t i = 0; i < keylog_n_certificates(keylog); i++) {
		const struct certificate *one = keylog_certificate(keylog, i);

		if (memcmp(one->id, id, HASH_LEN) != 0)
			continue;
		if (!one->revoked)
			return 0;
		return err_set(err, ERR_ALARM, "the certificate of writer %s is revoked",
			       one->name);
	}
	return err_set(err, ERR_ALARM, "key log: it lacks the certificate of writer %s",
		       key->name);
}

int snapshot_commit_check(const struct repo *repo, const struct writer_key *key,
			  const char *stream, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = {.stream = stream};

	vec_init(&walk.newest, sizeof(struct newest));
	if (stream_name_check(stream, err) < 0 ||
	    snapshot_certificate_covers(&key->identity, buf_slice(&key->certificate),
					stream, err) < 0 ||
	    snapshot_writer_check(repo->keylog, key, err) < 0 ||
	    store_list(repo->store, SNAPSHOTS_PREFIX, look, &walk, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < walk.newest.n; i++)
		if (check_newest(repo, vec_at(&walk.newest, i), err) < 0)
			return -1;
	return 0;
}
