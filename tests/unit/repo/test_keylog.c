/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/signed_object.h"
#include "support/keylog_sample.h"

static int setup(void **state)
{
	struct keylog_sample *ks = mem_zalloc(sizeof(*ks));
	struct err err = {0};

	*state = ks;
	return keylog_sample_init(ks, 4, &err);
}

static int teardown(void **state)
{
	keylog_sample_release(*state);
	mem_free(*state);
	return 0;
}

static int reload(struct keylog_sample *ks, struct keylog **ret_keylog, struct err *err)
{
	return keylog_load(ks->store, &ks->sample.identity, ret_keylog, err);
}

/* The n-th object of the log. */
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

static const char *nth_key(struct keylog_sample *ks, size_t n, struct nth *nth)
{
	struct err err = {0};

	nth->n = n;
	assert_int_equal(store_list(ks->store, "keys/log/", take_nth, nth, NULL, &err),
			 1);
	return nth->key;
}

static void test_keylog_load__finds_what_was_appended(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	struct err err = {0};

	assert_int_equal(reload(ks, &keylog, &err), 0);
	assert_int_equal(keylog_seq(keylog), 3);
	assert_memory_equal(keylog_head(keylog), keylog_head(ks->keylog), 32);
	assert_true(keylog_contains(keylog, 3, keylog_head(keylog)));
	assert_false(keylog_contains(keylog, 2, keylog_head(keylog)));
	assert_int_equal(keylog_n_certificates(keylog), 1);
	assert_int_equal(keylog_n_recipients(keylog), 1);
	assert_int_equal(keylog_newest_epoch(keylog)->number, 1);
	assert_true(slice_equal(buf_slice(&keylog_newest_epoch(keylog)->record),
				buf_slice(&ks->floor)));
}

static void test_keylog_load__of_nothing_is_empty(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	CLEANUP(store_freep) struct store *empty = store_memory_new(&ks->clock);
	struct err err = {0};

	assert_int_equal(keylog_load(empty, &ks->sample.identity, &keylog, &err), 0);
	assert_int_equal(keylog_seq(keylog), 0);
	assert_null(keylog_newest_epoch(keylog));
}

/* Who controls the bucket plants an epoch key of his own: with his signature, and with a
 * certificate that the owner gave him for another purpose. */
/* One object is none of the owner's; nothing else is wrong. */
static void assert_stray(const struct keylog *keylog, const char *why)
{
	CLEANUP(strings_release) struct strings alarms = {0};
	struct err err = {0};

	assert_int_equal(strings_count(keylog_strays(keylog)), 1);
	assert_non_null(strstr(strings_at(keylog_strays(keylog), 0), why));
	assert_int_equal(keylog_check_whole(keylog, &err), 0);
	strings_init(&alarms);
	keylog_alarms(keylog, &alarms);
	assert_int_equal(strings_count(&alarms), 1);
	assert_non_null(strstr(strings_at(&alarms, 0), "key log: keys/log/"));
}

static void assert_broken(const struct keylog *keylog, const char *why)
{
	struct err err = {0};

	assert_int_equal(keylog_check_whole(keylog, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_non_null(strstr(err.msg, why));
}

static void test_keylog_load__passes_over_a_planted_epoch(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	CLEANUP(buf_release) struct buf frame = {0};
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	CLEANUP(buf_release) struct buf body = {0};
	uint8_t id[HASH_LEN];
	struct err err = {0};

	buf_init(&frame, 0);
	buf_init(&body, 0);
	keylog_record_init(&record, KEYLOG_EPOCH);
	record.epoch.number = 2;
	vec_push(&record.prev, keylog_head(ks->keylog));
	keylog_record_encode(&record, &body);
	signed_frame_encode(
		&(struct signed_frame){.kind = FRAME_KEY_LOG,
				       .seq = 4,
				       .certificate =
					       buf_slice(&ks->sample.writer.certificate),
				       .body = buf_slice(&body)},
		&ks->sample.identity, ks->sample.writer.sign, &frame);
	assert_int_equal(
		signed_object_put(ks->store, "keys/log/", 4, buf_slice(&frame), id, &err),
		0);
	assert_int_equal(reload(ks, &keylog, &err), 0);
	assert_stray(keylog, "it is not signed by the owner of the repository");
	assert_null(keylog_epoch(keylog, 2, 0));
}

static void test_keylog_load__tells_a_gap(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	struct nth nth;
	struct err err = {0};

	assert_int_equal(store_delete(ks->store, nth_key(ks, 1, &nth), "", &err), 0);
	assert_int_equal(reload(ks, &keylog, &err), 0);
	assert_broken(keylog, "key log: record 3 (");
	assert_broken(keylog, "is not there");
	assert_non_null(keylog_newest_epoch(keylog));
}

static void test_keylog_load__tells_changed_content(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	struct nth nth;
	struct err err = {0};

	assert_int_equal(store_put(ks->store, nth_key(ks, 2, &nth),
				   slice_of_string("junk"), &replace, &err),
			 0);
	assert_int_equal(reload(ks, &keylog, &err), 0);
	assert_int_equal(strings_count(keylog_strays(keylog)), 1);
	assert_broken(keylog, "it names no epoch");
	assert_int_equal(keylog_seq(keylog), 2);
}

static void test_keylog_load__passes_over_junk(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	uint8_t id[HASH_LEN];
	struct err err = {0};

	assert_int_equal(signed_object_put(ks->store, "keys/log/", 9,
					   slice_of_string("junk"), id, &err),
			 0);
	assert_int_equal(reload(ks, &keylog, &err), 0);
	assert_stray(keylog, "expected frame magic at offset 0");
	assert_int_equal(keylog_seq(keylog), 3);
}

static void test_keylog_load__skips_foreign_names(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	struct err err = {0};

	assert_int_equal(
		store_put(ks->store, "keys/log/README", slice_of_string("x"), &new, &err),
		0);
	assert_int_equal(reload(ks, &keylog, &err), 0);
	assert_int_equal(keylog_seq(keylog), 3);
}

/* Shortened by its end: nothing in the log itself tells, the writer's floor does. */
static void test_keylog_check_floor__notices_a_shortened_log(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	struct nth nth;
	struct err err = {0};

	assert_int_equal(keylog_check_floor(ks->keylog, &ks->sample.writer, &err), 0);
	assert_int_equal(store_delete(ks->store, nth_key(ks, 2, &nth), "", &err), 0);
	assert_int_equal(reload(ks, &keylog, &err), 0);
	assert_int_equal(keylog_check_floor(keylog, &ks->sample.writer, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(err.msg, "key log: record 3, which the writer key was made "
				     "with, is missing");
}

/* Two owners at work at once; the next record joins them. */
static void test_keylog_append__joins_two_heads(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_freep) struct keylog *other = NULL;
	CLEANUP(keylog_freep) struct keylog *both = NULL;
	struct keylog *own = ks->keylog;
	struct err err = {0};

	assert_int_equal(reload(ks, &other, &err), 0);
	assert_int_equal(
		keylog_sample_recipient(ks, ks->owner.reader.recipient, "a", &err), 0);
	ks->keylog = other;
	assert_int_equal(
		keylog_sample_recipient(ks, ks->owner.reader.recipient, "b", &err), 0);
	assert_int_equal(reload(ks, &both, &err), 0);
	assert_int_equal(keylog_seq(both), 4);
	ks->keylog = both;
	assert_int_equal(
		keylog_sample_recipient(ks, ks->owner.reader.recipient, "c", &err), 0);
	ks->keylog = own;
	CLEANUP(keylog_freep) struct keylog *joined = NULL;
	assert_int_equal(reload(ks, &joined, &err), 0);
	assert_int_equal(keylog_seq(joined), 5);
	assert_string_equal(keylog_recipient(joined, 0)->name, "c");
	/* without one of the two, the joining record has lost a predecessor */
	CLEANUP(keylog_freep) struct keylog *cut = NULL;
	struct nth nth;
	assert_int_equal(store_delete(ks->store, nth_key(ks, 3, &nth), "", &err), 0);
	assert_int_equal(reload(ks, &cut, &err), 0);
	assert_broken(cut, "is not there");
}

static void test_certificate_covers__matches_patterns(void **state)
{
	struct strings streams;

	(void)state;
	strings_init(&streams);
	assert_true(certificate_covers(&streams, "any/thing"));
	strings_add(&streams, "db/*");
	strings_add(&streams, "logs/**");
	assert_true(certificate_covers(&streams, "db/orders"));
	assert_false(certificate_covers(&streams, "db/orders/eu"));
	assert_true(certificate_covers(&streams, "logs/a/b"));
	assert_false(certificate_covers(&streams, "mail"));
	strings_release(&streams);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_keylog_load__finds_what_was_appended),
		CASE(test_keylog_load__of_nothing_is_empty),
		CASE(test_keylog_load__passes_over_a_planted_epoch),
		CASE(test_keylog_load__tells_a_gap),
		CASE(test_keylog_load__tells_changed_content),
		CASE(test_keylog_load__passes_over_junk),
		CASE(test_keylog_load__skips_foreign_names),
		CASE(test_keylog_check_floor__notices_a_shortened_log),
		CASE(test_keylog_append__joins_two_heads),
		cmocka_unit_test(test_certificate_covers__matches_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
