/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each signer has a chain of its own, without forks: one signer does not race with itself, so
 * two records with the same number mean that a key is used in two places or was stolen.
 */
#include "repo/records.h"

#include <string.h>

#include "base/mem.h"
#include "format/encoding.h"
#include "repo/chain.h"
#include "repo/signed_object.h"

static const char records_prefix[] = "records/";

/* A record while loading; one signer's follow each other in a listing. */
struct loaded {
	uint64_t seq;
	uint8_t id[HASH_LEN];
	uint8_t signer[HASH_LEN];
	struct vec prev; /* none or one: a chain node's form */
};

struct loading {
	const struct repo *repo;
	const struct cancel *cancel;
	struct records *records;
	struct vec loaded; /* of struct loaded */
};

static void loading_release(struct loading *loading)
{
	for (size_t i = 0; i < loading->loaded.n; i++)
		vec_release(&((struct loaded *)vec_at(&loading->loaded, i))->prev);
	vec_release(&loading->loaded);
}

void records_release(struct records *records)
{
	for (size_t i = 0; i < records->expired.n; i++)
		mem_free(((struct record_target *)vec_at(&records->expired, i))->stream);
	vec_release(&records->expired);
	strings_release(&records->alarms);
	*records = (struct records){0};
}

/* "records/<64 hex>/<name>"; false for anything else. */
static bool parse_key(const char *key, uint8_t ret_signer[static HASH_LEN],
		      uint64_t *ret_seq, uint8_t ret_id[static HASH_LEN])
{
	const char *signer = key + strlen(records_prefix);
	struct err ignored = {0};

	return strlen(signer) > HASH_HEX_LEN && signer[HASH_HEX_LEN] == '/' &&
	       hex_decode(slice_of(signer, HASH_HEX_LEN), ret_signer, HASH_LEN,
			  &ignored) == 0 &&
	       signed_name_parse(signer + HASH_HEX_LEN + 1, ret_seq, ret_id);
}

/* Who may expire: the owner, or a pruner whose certificate counts. */
static int check_signer(const struct repo *repo, const struct signed_frame *frame,
			const struct record *record, struct err *err)
{
	if (frame->certificate.len == 0)
		return 0; /* the owner, as signed_frame_open() has checked */
	const struct certificate *certificate =
		keylog_certificate_of(repo->keylog, &frame->signer);
	if (certificate == NULL || certificate->revoked)
		return err_set(err, ERR_ALARM, "its signer's certificate does not count");
	if (record->type == RECORD_EXPIRE && certificate->role != KEY_PRUNER)
		return err_set(err, ERR_ALARM, "a %s may not expire snapshots",
			       key_role_name(certificate->role));
	return 0;
}

static void take_record(struct loading *loading, const struct signed_object *object,
			const uint8_t signer[static HASH_LEN], struct record *record)
{
	static const uint8_t none[HASH_LEN] = {0};
	struct loaded *loaded = vec_push(&loading->loaded, NULL);

	loaded->seq = object->seq;
	memcpy(loaded->id, object->id, HASH_LEN);
	memcpy(loaded->signer, signer, HASH_LEN);
	vec_init(&loaded->prev, HASH_LEN);
	if (memcmp(record->prev, none, HASH_LEN) != 0)
		vec_push(&loaded->prev, record->prev);
	for (size_t i = 0; i < record->expired.n; i++)
		vec_push(&loading->records->expired, vec_at(&record->expired, i));
	vec_clear(&record->expired); /* the texts have moved */
	loading->records->n++;
}

static int open_record(const struct repo *repo, const char *key,
		       const uint8_t signer[static HASH_LEN],
		       struct signed_object *ret_object, struct record *ret_record,
		       struct err *err)
{
	static const struct frame_expect expect = {
		.kind = FRAME_RECORD, .stream = "", .any_role = true};
	uint8_t hash[HASH_LEN];

	if (signed_object_load(repo->store, key, &repo->identity, &expect, ret_object,
			       err) < 0)
		return -1;
	hash_sha256(slice_of(ret_object->frame.signer.bytes, SIGN_PUBLIC_LEN), hash);
	if (memcmp(hash, signer, HASH_LEN) != 0) {
		err_set(err, ERR_ALARM, "its signer is another than its path says");
		return err_wrap(err, "%s", key);
	}
	if (record_decode(ret_object->frame.body, ret_record, err) < 0 ||
	    check_signer(repo, &ret_object->frame, ret_record, err) < 0)
		return err_wrap(err, "%s", key);
	return 0;
}

static int load_one(void *arg, const char *key, const struct store_info *info,
		    struct err *err)
{
	struct loading *loading = arg;
	CLEANUP(signed_object_release) struct signed_object object = {0};
	CLEANUP(record_release) struct record record = {0};
	uint8_t signer[HASH_LEN];
	uint8_t id[HASH_LEN];
	uint64_t seq;
	struct err why = {0};

	(void)info;
	if (cancel_check(loading->cancel, err) < 0)
		return -1;
	if (!parse_key(key, signer, &seq, id))
		return 0; /* foreign */
	if (open_record(loading->repo, key, signer, &object, &record, &why) == 0) {
		take_record(loading, &object, signer, &record);
		return 0;
	}
	if (signed_object_is_finding(&why)) {
		strings_add(&loading->records->alarms, why.msg);
		return 0;
	}
	*err = why;
	return -1;
}

static int compare_loaded(const void *a, const void *b)
{
	const struct loaded *x = a;
	const struct loaded *y = b;
	int order = memcmp(x->signer, y->signer, HASH_LEN);

	if (order != 0)
		return order;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return memcmp(x->id, y->id, HASH_LEN);
}

/* One signer's records, from..to. */
static void check_chain(const struct loading *loading, size_t from, size_t to)
{
	const struct loaded *first = vec_at(&loading->loaded, from);
	CLEANUP(vec_release) struct vec nodes = {0};
	uint64_t last_seq = 0;
	char signer[9];
	char what[40];

	vec_init(&nodes, sizeof(struct chain_node));
	for (size_t i = from; i < to; i++) {
		const struct loaded *loaded = vec_at(&loading->loaded, i);

		vec_push(&nodes, &(struct chain_node){.seq = loaded->seq,
						      .id = loaded->id,
						      .prev = &loaded->prev});
		if (i > from && loaded->seq == last_seq) {
			CLEANUP(mem_freep)
			char *text = mem_printf("records of one signer with the same "
						"number %ju",
						(uintmax_t)loaded->seq);

			strings_add(&loading->records->alarms, text);
		}
		last_seq = loaded->seq;
	}
	hex_encode(slice_of(first->signer, 4), signer, sizeof(signer));
	snprintf(what, sizeof(what), "signer %s: record", signer);
	CLEANUP(chain_freep) struct chain *chain = chain_new(nodes.data, nodes.n);
	chain_check(chain, what, CHAIN_TIPS_HIGHEST, &loading->records->alarms);
}

static int compare_targets(const void *a, const void *b)
{
	const struct record_target *x = a;
	const struct record_target *y = b;

	return memcmp(x->id, y->id, HASH_LEN);
}

static void check_chains(struct loading *loading)
{
	size_t from = 0;

	vec_sort(&loading->loaded, compare_loaded);
	for (size_t i = 1; i <= loading->loaded.n; i++) {
		const struct loaded *first = vec_at(&loading->loaded, from);

		if (i < loading->loaded.n &&
		    memcmp(first->signer,
			   ((struct loaded *)vec_at(&loading->loaded, i))->signer,
			   HASH_LEN) == 0)
			continue;
		check_chain(loading, from, i);
		from = i;
	}
}

static int load(struct loading *loading, struct err *err)
{
	if (store_list(loading->repo->store, records_prefix, load_one, loading, NULL,
		       err) < 0)
		return err_wrap(err, "records");
	check_chains(loading);
	vec_sort(&loading->records->expired, compare_targets);
	return 0;
}

int records_load(const struct repo *repo, const struct cancel *cancel,
		 struct records *ret_records, struct err *err)
{
	CLEANUP(records_release) struct records records = {0};
	CLEANUP(loading_release)
	struct loading loading = {.repo = repo, .cancel = cancel, .records = &records};

	vec_init(&records.expired, sizeof(struct record_target));
	strings_init(&records.alarms);
	vec_init(&loading.loaded, sizeof(struct loaded));
	if (load(&loading, err) < 0)
		return -1;
	*ret_records = records;
	records = (struct records){0};
	return 0;
}

bool records_expired(const struct records *records, const char *stream, uint64_t seq,
		     const uint8_t id[static HASH_LEN])
{
	size_t low = 0;
	size_t high = records->expired.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct record_target *target = vec_at(&records->expired, middle);
		int order = memcmp(target->id, id, HASH_LEN);

		if (order == 0)
			return target->seq == seq && strcmp(target->stream, stream) == 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* The owner's newest record, by its name. */
struct newest {
	uint64_t seq;
	uint8_t id[HASH_LEN];
};

static int take_newest(void *arg, const char *key, const struct store_info *info,
		       struct err *err)
{
	struct newest *newest = arg;
	uint8_t signer[HASH_LEN];
	uint8_t id[HASH_LEN];
	uint64_t seq;

	(void)info;
	(void)err;
	if (parse_key(key, signer, &seq, id) && seq >= newest->seq) {
		newest->seq = seq;
		memcpy(newest->id, id, HASH_LEN);
	}
	return 0;
}

int record_expire(const struct repo *repo, const struct owner_key *owner,
		  const struct vec *targets, const struct clock *clock, struct err *err)
{
	struct record record = {.type = RECORD_EXPIRE,
				.time_nsec = clock->now_nsec(clock),
				.expired = *targets}; /* borrowed */
	CLEANUP(buf_release) struct buf body = {0};
	CLEANUP(buf_release) struct buf frame = {0};
	struct newest newest = {0};
	uint8_t hash[HASH_LEN];
	char hex[HASH_HEX_LEN + 1];

	hash_sha256(slice_of(owner->identity.owner.bytes, SIGN_PUBLIC_LEN), hash);
	hex_encode(slice_of(hash, HASH_LEN), hex, sizeof(hex));
	CLEANUP(mem_freep) char *prefix = mem_printf("%s%s/", records_prefix, hex);
	if (store_list(repo->store, prefix, take_newest, &newest, NULL, err) < 0)
		return err_wrap(err, "records");
	memcpy(record.prev, newest.id, HASH_LEN);
	buf_init(&body, 0);
	buf_init(&frame, 0);
	record_encode(&record, &body);
	signed_frame_encode(&(struct signed_frame){.kind = FRAME_RECORD,
						   .seq = newest.seq + 1,
						   .body = buf_slice(&body)},
			    &repo->identity, owner->sign, &frame);
	return signed_object_put(repo->store, prefix, newest.seq + 1, buf_slice(&frame),
				 hash, err);
}
