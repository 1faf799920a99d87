/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: list keys/log/, open every record under the pinned owner key, apply in the order
 * (seq, id). The listing's order is that of (seq, id) already, since numbers are padded, but
 * nothing rests on it: entries are sorted. What does not verify is left out and told.
 *
 * Whoever controls the bucket can withhold the newest records or all of them. That is seen by
 * the floor of a writer's key file, by headers that name a later record, and by an auditor's
 * mark, not here.
 */
#include "repo/keylog.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/pattern.h"
#include "repo/chain.h"
#include "repo/keylog_internal.h"

static const char keylog_prefix[] = KEYLOG_PREFIX;

static struct keylog *keylog_new(const struct repo_identity *identity)
{
	struct keylog *keylog = mem_zalloc(sizeof(*keylog));

	keylog->identity = *identity;
	vec_init(&keylog->entries, sizeof(struct keylog_entry));
	vec_init(&keylog->epochs, sizeof(struct epoch));
	vec_init(&keylog->certificates, sizeof(struct certificate));
	vec_init(&keylog->recipients, sizeof(struct recipient));
	strings_init(&keylog->strays);
	strings_init(&keylog->unread);
	return keylog;
}

void keylog_free(struct keylog *keylog)
{
	if (keylog == NULL)
		return;
	for (size_t i = 0; i < keylog->entries.n; i++)
		vec_release(&((struct keylog_entry *)vec_at(&keylog->entries, i))->prev);
	vec_release(&keylog->entries);
	keylog_state_release(keylog);
	strings_release(&keylog->strays);
	strings_release(&keylog->unread);
	mem_free(keylog);
}

void keylog_freep(struct keylog **keylog)
{
	keylog_free(*keylog);
}

/* One record while loading, until its turn in the order has come. */
struct loaded {
	struct signed_object object;
	struct keylog_record record;
};

struct loading {
	struct store *store;
	struct keylog *keylog;
	struct vec loaded; /* of struct loaded */
};

static void loading_release(struct loading *loading)
{
	for (size_t i = 0; i < loading->loaded.n; i++) {
		struct loaded *one = vec_at(&loading->loaded, i);

		signed_object_release(&one->object);
		keylog_record_release(&one->record);
	}
	vec_release(&loading->loaded);
}

/* Not a record of the owner's. */
static bool is_stray(const struct err *why)
{
	return signed_object_is_finding(why) || why->code == ERR_NOT_FOUND;
}

static void note_unread(struct keylog *keylog, const struct err *why)
{
	if (strings_count(&keylog->unread) == 0)
		keylog->first_unread = *why;
	strings_add(&keylog->unread, why->msg);
}

static int load_one(void *arg, const char *key, const struct store_info *info,
		    struct err *err)
{
	static const struct frame_expect expect = {
		.kind = FRAME_KEY_LOG, .stream = "", .owner_only = true};
	struct loading *loading = arg;
	struct keylog *keylog = loading->keylog;
	struct loaded one = {0};
	struct err why = {0};
	uint64_t seq;
	uint8_t id[HASH_LEN];

	(void)info;
	if (!signed_name_parse(key + strlen(keylog_prefix), &seq, id))
		return 0; /* foreign */
	if (signed_object_load(loading->store, key, &keylog->identity, &expect,
			       &one.object, &why) == 0) {
		if (keylog_record_decode(one.object.frame.body, &one.record, &why) == 0) {
			vec_push(&loading->loaded, &one);
			return 0;
		}
		err_wrap(&why, "%s", key);
		signed_object_release(&one.object);
		note_unread(keylog, &why);
	} else if (is_stray(&why)) {
		strings_add(&keylog->strays, why.msg);
	} else if (why.code == ERR_IO) {
		note_unread(keylog, &why);
	} else {
		*err = why;
		return -1;
	}
	return 0;
}

static int compare_loaded(const void *a, const void *b)
{
	const struct loaded *x = a;
	const struct loaded *y = b;

	if (x->object.seq != y->object.seq)
		return x->object.seq < y->object.seq ? -1 : 1;
	return memcmp(x->object.id, y->object.id, HASH_LEN);
}

static void add_entry(struct keylog *keylog, uint64_t seq,
		      const uint8_t id[static HASH_LEN], struct vec *prev_take)
{
	struct keylog_entry *entry = vec_push(&keylog->entries, NULL);

	entry->seq = seq;
	memcpy(entry->id, id, HASH_LEN);
	entry->prev = *prev_take;
	vec_init(prev_take, HASH_LEN);
}

/* The entries as a graph; *ret_nodes is the caller's to release. */
static struct chain *chain_of(const struct keylog *keylog, struct vec *ret_nodes)
{
	vec_init(ret_nodes, sizeof(struct chain_node));
	for (size_t i = 0; i < keylog->entries.n; i++) {
		const struct keylog_entry *entry = vec_at(&keylog->entries, i);

		vec_push(ret_nodes, &(struct chain_node){.seq = entry->seq,
							 .id = entry->id,
							 .prev = &entry->prev});
	}
	return chain_new(ret_nodes->data, ret_nodes->n);
}

/* What breaks the log, in `texts`. */
static void find_breaks(const struct keylog *keylog, struct strings *texts)
{
	CLEANUP(vec_release) struct vec nodes = {0};
	CLEANUP(chain_freep) struct chain *chain = chain_of(keylog, &nodes);

	for (size_t i = 0; i < strings_count(&keylog->unread); i++)
		strings_add(texts, strings_at(&keylog->unread, i));
	chain_check(chain, "record", CHAIN_TIPS_ANY, texts);
	if (keylog->epochs.n == 0)
		strings_add(texts, "it names no epoch");
}

const struct strings *keylog_strays(const struct keylog *keylog)
{
	return &keylog->strays;
}

void keylog_alarms(const struct keylog *keylog, struct strings *texts)
{
	CLEANUP(strings_release) struct strings found = {0};

	strings_init(&found);
	for (size_t i = 0; i < strings_count(&keylog->strays); i++)
		strings_add(&found, strings_at(&keylog->strays, i));
	find_breaks(keylog, &found);
	for (size_t i = 0; i < strings_count(&found); i++) {
		CLEANUP(mem_freep)
		char *text = mem_printf("key log: %s", strings_at(&found, i));

		strings_add(texts, text);
	}
}

int keylog_check_whole(const struct keylog *keylog, struct err *err)
{
	CLEANUP(strings_release) struct strings found = {0};

	strings_init(&found);
	if (strings_count(&keylog->unread) > 0) {
		*err = keylog->first_unread;
		return err_wrap(err, "key log");
	}
	find_breaks(keylog, &found);
	size_t n = strings_count(&found);
	if (n == 0)
		return 0;
	if (n == 1)
		err_set(err, ERR_ALARM, "key log: %s", strings_at(&found, 0));
	else
		err_set(err, ERR_ALARM, "key log: %s (and %zu more alarms)",
			strings_at(&found, 0), n - 1);
	return err_hint(err,
			"somebody removed or damaged records in keys/log/; restoring "
			"goes on without them");
}

int keylog_load(struct store *store, const struct repo_identity *identity,
		struct keylog **ret_keylog, struct err *err)
{
	CLEANUP(keylog_freep) struct keylog *keylog = keylog_new(identity);
	CLEANUP(loading_release)
	struct loading loading = {.store = store, .keylog = keylog};

	vec_init(&loading.loaded, sizeof(struct loaded));
	if (store_list(store, keylog_prefix, load_one, &loading, NULL, err) < 0)
		return err_wrap(err, "key log");
	vec_sort(&loading.loaded, compare_loaded);
	for (size_t i = 0; i < loading.loaded.n; i++) {
		struct loaded *one = vec_at(&loading.loaded, i);

		add_entry(keylog, one->object.seq, one->object.id, &one->record.prev);
		keylog_apply(keylog, &one->record, one->object.seq, one->object.id,
			     buf_slice(&one->object.bytes));
	}
	*ret_keylog = STEAL(keylog);
	return 0;
}

/* Heads that the next record names: all, or the highest PREV_MAX. */
static void fill_prev(const struct keylog *keylog, struct vec *prev)
{
	CLEANUP(vec_release) struct vec nodes = {0};
	CLEANUP(vec_release) struct vec heads = {0};
	CLEANUP(chain_freep) struct chain *chain = chain_of(keylog, &nodes);

	chain_heads(chain, &heads);
	vec_clear(prev);
	for (size_t i = heads.n > PREV_MAX ? heads.n - PREV_MAX : 0; i < heads.n; i++) {
		const size_t *at = vec_at(&heads, i);
		const struct keylog_entry *entry = vec_at(&keylog->entries, *at);

		vec_push(prev, entry->id);
	}
}

void keylog_record_sign(const struct keylog_record *record, const struct owner_key *owner,
			uint64_t seq, struct buf *ret_frame)
{
	CLEANUP(buf_release) struct buf body = {0};

	buf_init(&body, 0);
	buf_init(ret_frame, 0);
	keylog_record_encode(record, &body);
	signed_frame_encode(&(struct signed_frame){.kind = FRAME_KEY_LOG,
						   .seq = seq,
						   .body = buf_slice(&body)},
			    &owner->identity, owner->sign, ret_frame);
}

void keylog_prepare(const struct keylog *keylog, const struct owner_key *owner,
		    struct keylog_record *record, struct buf *ret_frame)
{
	fill_prev(keylog, &record->prev);
	keylog_record_sign(record, owner, keylog_seq(keylog) + 1, ret_frame);
}

int keylog_put(struct keylog *keylog, struct store *store, struct keylog_record *record,
	       struct slice frame, struct err *err)
{
	uint64_t seq = keylog_seq(keylog) + 1;
	uint8_t id[HASH_LEN];

	if (signed_object_put(store, keylog_prefix, seq, frame, id, err) < 0)
		return err_wrap(err, "key log");
	add_entry(keylog, seq, id, &record->prev);
	keylog_apply(keylog, record, seq, id, frame);
	return 0;
}

int keylog_append(struct keylog *keylog, struct store *store,
		  const struct owner_key *owner, struct keylog_record *record,
		  struct buf *ret_frame, struct err *err)
{
	CLEANUP(buf_release) struct buf frame = {0};

	keylog_prepare(keylog, owner, record, &frame);
	if (keylog_put(keylog, store, record, buf_slice(&frame), err) < 0)
		return -1;
	if (ret_frame != NULL) {
		*ret_frame = frame;
		frame = (struct buf){0};
	}
	return 0;
}

uint64_t keylog_seq(const struct keylog *keylog)
{
	const struct keylog_entry *last = vec_last(&keylog->entries);

	return last != NULL ? last->seq : 0;
}

const uint8_t *keylog_head(const struct keylog *keylog)
{
	static const uint8_t none[HASH_LEN] = {0};
	const struct keylog_entry *last = vec_last(&keylog->entries);

	return last != NULL ? last->id : none;
}

bool keylog_contains(const struct keylog *keylog, uint64_t seq,
		     const uint8_t id[static 32])
{
	for (size_t i = 0; i < keylog->entries.n; i++) {
		const struct keylog_entry *entry = vec_at(&keylog->entries, i);

		if (entry->seq == seq && memcmp(entry->id, id, HASH_LEN) == 0)
			return true;
	}
	return false;
}

const struct epoch *keylog_newest_epoch(const struct keylog *keylog)
{
	const struct epoch *newest = NULL;

	for (size_t i = 0; i < keylog->epochs.n; i++) {
		const struct epoch *epoch = vec_at(&keylog->epochs, i);

		if (newest == NULL || epoch->number >= newest->number)
			newest = epoch;
	}
	return newest;
}

const struct epoch *keylog_epoch(const struct keylog *keylog, uint32_t number, size_t i)
{
	for (size_t at = 0; at < keylog->epochs.n; at++) {
		const struct epoch *epoch = vec_at(&keylog->epochs, at);

		if (epoch->number == number && i-- == 0)
			return epoch;
	}
	return NULL;
}

size_t keylog_n_epochs(const struct keylog *keylog)
{
	return keylog->epochs.n;
}

const struct epoch *keylog_epoch_at(const struct keylog *keylog, size_t i)
{
	return vec_at(&keylog->epochs, i);
}

size_t keylog_n_certificates(const struct keylog *keylog)
{
	return keylog->certificates.n;
}

const struct certificate *keylog_certificate(const struct keylog *keylog, size_t i)
{
	return vec_at(&keylog->certificates, i);
}

/* Of several (a key that was certified again) one that counts, and of those the last. */
const struct certificate *keylog_certificate_of(const struct keylog *keylog,
						const struct sign_public *signer)
{
	const struct certificate *found = NULL;

	for (size_t i = 0; i < keylog->certificates.n; i++) {
		const struct certificate *one = vec_at(&keylog->certificates, i);

		if (memcmp(one->public_key.bytes, signer->bytes, SIGN_PUBLIC_LEN) == 0 &&
		    (found == NULL || found->revoked || !one->revoked))
			found = one;
	}
	return found;
}

size_t keylog_n_recipients(const struct keylog *keylog)
{
	return keylog->recipients.n;
}

const struct recipient *keylog_recipient(const struct keylog *keylog, size_t i)
{
	return vec_at(&keylog->recipients, i);
}

bool certificate_covers(const struct strings *patterns, const char *stream)
{
	if (strings_count(patterns) == 0)
		return true;
	for (size_t i = 0; i < strings_count(patterns); i++)
		if (pattern_match(strings_at(patterns, i), slice_of_string(stream)))
			return true;
	return false;
}

int keylog_check_floor(const struct keylog *keylog, const struct writer_key *key,
		       struct err *err)
{
	const struct frame_expect expect = {
		.kind = FRAME_KEY_LOG, .stream = "", .any_seq = true, .owner_only = true};
	struct signed_frame frame;
	uint8_t id[HASH_LEN];

	if (signed_frame_open(buf_slice(&key->floor), &keylog->identity, &expect, &frame,
			      err) < 0)
		return err_wrap(err, "floor of the writer key");
	hash_sha256(buf_slice(&key->floor), id);
	if (keylog_contains(keylog, frame.seq, id))
		return 0;
	err_set(err, ERR_ALARM,
		"key log: record %" PRIu64 ", which the writer key was made with, is "
		"missing",
		frame.seq);
	return err_hint(err,
			"somebody replaced or shortened the key log, or the repository "
			"is an older copy");
}
