/* SPDX-License-Identifier: Apache-2.0 */
/* What refuses a commit, asked before any work is done and again at the commit itself. */
#include "repo/snapshot_commit_check.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "repo/snapshot_format.h"

/* A header by its key, not looked at yet. */
struct named {
	struct snapshot_place place;
	char *key;
};

struct walk {
	const char *stream;
	struct vec newest; /* of struct named: of each stream of the same first segment */
	struct vec taken;  /* of struct named: of streams that leave no room for ours */
};

static void named_release(struct vec *named)
{
	for (size_t i = 0; i < named->n; i++)
		mem_free(((struct named *)vec_at(named, i))->key);
	vec_release(named);
}

static void walk_release(struct walk *walk)
{
	named_release(&walk->newest);
	named_release(&walk->taken);
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

static void take(struct vec *named, const struct snapshot_place *place, const char *key)
{
	struct named *added = vec_push(named, NULL);

	added->place = *place;
	added->key = mem_strdup(key);
}

static void take_newest(struct walk *walk, const struct snapshot_place *place,
			const char *key)
{
	struct named *last = vec_last(&walk->newest);

	if (last == NULL || strcmp(last->place.stream, place->stream) != 0) {
		take(&walk->newest, place, key);
		return;
	}
	if (place->seq < last->place.seq)
		return;
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
	(void)err;
	if (!snapshot_place_parse(key, &place))
		return 0;
	if (is_above(place.stream, walk->stream) || is_above(walk->stream, place.stream))
		take(&walk->taken, &place, key);
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

/* *ret_holds = the object is a header that verifies: anybody may put others. */
static int open_named(const struct repo *repo, const struct named *named,
		      struct snapshot_header *header, bool *ret_holds, struct err *err)
{
	struct err why = {0};

	*ret_holds =
		snapshot_header_open(repo, named->key, &named->place, header, &why) == 0;
	if (*ret_holds || signed_object_is_finding(&why) || why.code == ERR_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

/* No stream may be called like the beginning of another. */
static int check_taken(const struct repo *repo, const struct walk *walk, struct err *err)
{
	for (size_t i = 0; i < walk->taken.n; i++) {
		CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
		const struct named *named = vec_at(&walk->taken, i);
		bool holds;

		snapshot_header_init(&header);
		if (open_named(repo, named, &header, &holds, err) < 0)
			return -1;
		if (!holds)
			continue;
		err_set(err, ERR_USAGE, "stream %s: stream %s exists already",
			walk->stream, named->place.stream);
		return err_hint(err, "no stream may be called like the beginning of "
				     "another");
	}
	return 0;
}

/* --- what other streams know of the key log --- */

static int collect(void *arg, const char *key, const struct store_info *info,
		   struct err *err)
{
	struct snapshot_place place;

	(void)info;
	(void)err;
	if (snapshot_place_parse(key, &place))
		take(arg, &place, key);
	return 0;
}

static int by_seq_down(const void *a, const void *b)
{
	const struct named *x = a;
	const struct named *y = b;

	if (x->place.seq != y->place.seq)
		return x->place.seq > y->place.seq ? -1 : 1;
	return memcmp(x->place.id, y->place.id, HASH_LEN);
}

/* The newest name was junk: goes down to the newest header that verifies. */
static int find_newest(const struct repo *repo, const char *stream,
		       struct snapshot_header *header, bool *ret_holds, struct err *err)
{
	CLEANUP(named_release) struct vec all = {0};
	CLEANUP(mem_freep) char *prefix = mem_printf("%s%s/", SNAPSHOTS_PREFIX, stream);

	vec_init(&all, sizeof(struct named));
	*ret_holds = false;
	if (store_list(repo->store, prefix, collect, &all, NULL, err) < 0)
		return -1;
	vec_sort(&all, by_seq_down);
	for (size_t i = 0; i < all.n && !*ret_holds; i++) {
		const struct named *named = vec_at(&all, i);

		if (strcmp(named->place.stream, stream) == 0 &&
		    open_named(repo, named, header, ret_holds, err) < 0)
			return -1;
	}
	return 0;
}

/* What the newest header of a stream says about the key log. */
static int check_newest(const struct repo *repo, const struct named *newest,
			struct err *err)
{
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	bool holds;

	snapshot_header_init(&header);
	if (open_named(repo, newest, &header, &holds, err) < 0 ||
	    (!holds && find_newest(repo, newest->place.stream, &header, &holds, err) < 0))
		return -1;
	return holds ? snapshot_keylog_check(repo->keylog, &header, err) : 0;
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
		(void)err_set(err, ERR_KEY, "the certificate of writer %s is revoked",
			      one->name);
		return err_hint(err, "its key can add no more snapshots; an owner makes "
				     "another one with `quipu-backup key add --role "
				     "writer`");
	}
	return err_set(err, ERR_ALARM, "key log: it lacks the certificate of writer %s",
		       key->name);
}

int snapshot_commit_check(const struct repo *repo, const struct writer_key *key,
			  const char *stream, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = {.stream = stream};

	vec_init(&walk.newest, sizeof(struct named));
	vec_init(&walk.taken, sizeof(struct named));
	if (stream_name_check(stream, err) < 0 ||
	    snapshot_certificate_covers(&key->identity, buf_slice(&key->certificate),
					stream, err) < 0 ||
	    snapshot_writer_check(repo->keylog, key, err) < 0 ||
	    store_list(repo->store, SNAPSHOTS_PREFIX, look, &walk, NULL, err) < 0 ||
	    check_taken(repo, &walk, err) < 0)
		return -1;
	for (size_t i = 0; i < walk.newest.n; i++)
		if (check_newest(repo, vec_at(&walk.newest, i), err) < 0)
			return -1;
	return 0;
}
