/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/encoding.h"
#include "repo/records.h"
#include "support/snapshot_fixture.h"

static void expire(struct repo_fixture *f, const char *stream, uint64_t seq, uint8_t id)
{
	CLEANUP(vec_release) struct vec targets = {0};
	CLEANUP(mem_freep) char *name = mem_strdup(stream);
	struct record_target target = {.stream = name, .seq = seq, .id = {id}};
	struct err err = {0};

	vec_init(&targets, sizeof(target));
	vec_push(&targets, &target);
	assert_int_equal(
		record_expire(f->repo, f->recovery->owner, &targets, &f->clock, &err), 0);
}

static void load(struct repo_fixture *f, struct records *ret_records)
{
	struct err err = {0};

	if (records_load(f->repo, NULL, ret_records, &err) < 0)
		fail_msg("%s", err.msg);
}

/* The n-th object below records/. */
struct nth {
	size_t n;
	char key[STORE_KEY_MAX];
};

static int take_nth(void *arg, const char *key, const struct store_info *info,
		    struct err *err)
{
	struct nth *nth = arg;

	(void)info;
	(void)err;
	if (nth->n-- != 0)
		return 0;
	snprintf(nth->key, sizeof(nth->key), "%s", key);
	return 1;
}

static const char *nth_key(struct repo_fixture *f, size_t n, struct nth *nth)
{
	struct err err = {0};

	nth->n = n;
	assert_int_equal(store_list(f->store, "records/", take_nth, nth, NULL, &err), 1);
	return nth->key;
}

/* A record that `key` signs with its certificate, below a path of `signer`. */
static void put_record(struct repo_fixture *f, const struct writer_key *key,
		       const struct sign_public *signer)
{
	CLEANUP(record_release) struct record record = {0};
	struct record_target target = {.stream = mem_strdup("db"), .seq = 1};
	CLEANUP(buf_release) struct buf body = {0};
	CLEANUP(buf_release) struct buf frame = {0};
	uint8_t hash[HASH_LEN];
	char hex[HASH_HEX_LEN + 1];
	struct err err = {0};

	record_init(&record, RECORD_EXPIRE);
	vec_push(&record.expired, &target);
	buf_init(&body, 0);
	buf_init(&frame, 0);
	record_encode(&record, &body);
	signed_frame_encode(
		&(struct signed_frame){.kind = FRAME_RECORD,
				       .seq = 1,
				       .certificate = buf_slice(&key->certificate),
				       .body = buf_slice(&body)},
		&f->repo->identity, key->sign, &frame);
	hash_sha256(slice_of(signer->bytes, SIGN_PUBLIC_LEN), hash);
	hex_encode(slice_of(hash, HASH_LEN), hex, sizeof(hex));
	CLEANUP(mem_freep) char *prefix = mem_printf("records/%s/", hex);
	assert_int_equal(
		signed_object_put(f->store, prefix, 1, buf_slice(&frame), hash, &err), 0);
}

static void test_records_load__finds_what_was_expired(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(records_release) struct records records = {0};
	uint8_t id[HASH_LEN] = {5};

	expire(f, "db", 1, 5);
	expire(f, "hosts/web", 2, 4);
	load(f, &records);
	assert_int_equal(records.n, 2);
	assert_int_equal(strings_count(&records.alarms), 0);
	assert_true(records_expired(&records, "db", 1, id));
	assert_false(records_expired(&records, "db", 2, id));
	assert_false(records_expired(&records, "mail", 1, id));
	id[0] = 4;
	assert_true(records_expired(&records, "hosts/web", 2, id));
	id[0] = 9;
	assert_false(records_expired(&records, "db", 1, id));
}

static void test_records_load__alarms_on_a_lost_record(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(records_release) struct records records = {0};
	struct nth nth;
	struct err err = {0};

	expire(f, "db", 1, 5);
	expire(f, "db", 2, 6);
	assert_int_equal(store_delete(f->store, nth_key(f, 0, &nth), "", &err), 0);
	load(f, &records);
	assert_int_equal(strings_count(&records.alarms), 1);
	assert_non_null(strstr(strings_at(&records.alarms, 0), ": record 2 ("));
	assert_non_null(strstr(strings_at(&records.alarms, 0), "is not there"));
}

/* The owner's key in two places: both records hold, and that is told. */
static void test_records_load__alarms_on_a_fork_of_one_signer(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(records_release) struct records records = {0};
	CLEANUP(store_freep) struct store *elsewhere = store_memory_new(&f->clock);
	struct repo *whole = f->repo;
	struct repo copy = *f->repo;
	CLEANUP(buf_release) struct buf bytes = {0};
	struct nth nth;
	struct err err = {0};

	expire(f, "db", 1, 5);
	copy.store = elsewhere;
	f->repo = &copy;
	f->now += 1;
	expire(f, "db", 2, 6);
	f->repo = whole;
	nth.n = 0;
	assert_int_equal(store_list(elsewhere, "records/", take_nth, &nth, NULL, &err),
			 1);
	buf_init(&bytes, 0);
	assert_int_equal(store_get(elsewhere, nth.key, 1 << 20, &bytes, &err), 0);
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	assert_int_equal(store_put(f->store, nth.key, buf_slice(&bytes), &new, &err), 0);
	load(f, &records);
	assert_int_equal(records.n, 2);
	assert_int_equal(strings_count(&records.alarms), 1);
	assert_string_equal(strings_at(&records.alarms, 0),
			    "records of one signer with the same number 1");
}

/* A writer cannot make backups disappear. */
static void test_records_load__refuses_a_writer_that_expires(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(records_release) struct records records = {0};
	struct sign_public writer = sign_private_public(f->writer->writer->sign);
	uint8_t id[HASH_LEN] = {0};

	put_record(f, f->writer->writer, &writer);
	load(f, &records);
	assert_int_equal(records.n, 0);
	assert_false(records_expired(&records, "db", 1, id));
	assert_int_equal(strings_count(&records.alarms), 1);
	assert_non_null(strstr(strings_at(&records.alarms, 0),
			       ": a writer may not expire snapshots"));
}

static void test_records_load__refuses_another_signers_path(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(records_release) struct records records = {0};

	put_record(f, f->writer->writer, &f->repo->identity.owner);
	load(f, &records);
	assert_int_equal(strings_count(&records.alarms), 1);
	assert_non_null(strstr(strings_at(&records.alarms, 0),
			       ": its signer is another than its path says"));
}

static void test_records_load__refuses_a_forged_record(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(records_release) struct records records = {0};
	struct writer_key thief = {.sign = sign_private_generate(&f->rng)};
	struct sign_public public_key = sign_private_public(thief.sign);

	put_record(f, &thief, &public_key);
	load(f, &records);
	assert_int_equal(records.n, 0);
	assert_int_equal(strings_count(&records.alarms), 1);
	assert_non_null(strstr(strings_at(&records.alarms, 0),
			       "it is not signed by the owner of the repository"));
	sign_private_free(thief.sign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_records_load__finds_what_was_expired),
		snapshot_test(test_records_load__alarms_on_a_lost_record),
		snapshot_test(test_records_load__alarms_on_a_fork_of_one_signer),
		snapshot_test(test_records_load__refuses_a_writer_that_expires),
		snapshot_test(test_records_load__refuses_another_signers_path),
		snapshot_test(test_records_load__refuses_a_forged_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
