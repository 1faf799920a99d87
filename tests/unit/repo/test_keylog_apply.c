/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

static int append(struct keylog_sample *ks, struct keylog_record *record, struct err *err)
{
	return keylog_append(ks->keylog, ks->store, &ks->owner, record, NULL, err);
}

static void test_keylog_apply__newest_epoch_has_the_highest_number(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(dh_private_freep)
	struct dh_private *key = dh_private_generate(&ks->sample.rng);
	struct dh_public public_key = dh_private_public(key);
	struct err err = {0};

	assert_int_equal(keylog_sample_epoch(ks, 3, public_key, NULL, &err), 0);
	assert_int_equal(keylog_sample_epoch(ks, 2, public_key, NULL, &err), 0);
	assert_int_equal(keylog_newest_epoch(ks->keylog)->number, 3);
	assert_int_equal(keylog_n_epochs(ks->keylog), 3);
	assert_int_equal(keylog_epoch(ks->keylog, 2, 0)->seq, 5);
	assert_null(keylog_epoch(ks->keylog, 2, 1));
	assert_null(keylog_epoch(ks->keylog, 9, 0));
}

static void test_keylog_apply__of_equal_numbers_the_last_counts(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(dh_private_freep)
	struct dh_private *key = dh_private_generate(&ks->sample.rng);
	struct dh_public public_key = dh_private_public(key);
	struct err err = {0};

	assert_int_equal(keylog_sample_epoch(ks, 1, public_key, NULL, &err), 0);
	assert_memory_equal(keylog_newest_epoch(ks->keylog)->public_key.bytes,
			    public_key.bytes, DH_LEN);
	assert_int_equal(keylog_epoch(ks->keylog, 1, 1)->seq, 4);
}

static void test_keylog_apply__removal_marks_a_recipient(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct err err = {0};

	keylog_record_init(&record, KEYLOG_REMOVAL);
	memcpy(record.removal.recipient, keylog_recipient(ks->keylog, 0)->id, 32);
	assert_int_equal(append(ks, &record, &err), 0);
	assert_true(keylog_recipient(ks->keylog, 0)->removed);
	assert_int_equal(
		keylog_sample_recipient(ks, ks->owner.reader.recipient, "again", &err),
		0);
	assert_int_equal(keylog_n_recipients(ks->keylog), 1);
	assert_false(keylog_recipient(ks->keylog, 0)->removed);
	assert_string_equal(keylog_recipient(ks->keylog, 0)->name, "again");
}

static void test_keylog_apply__revocation_keeps_the_first_word(void **state)
{
	struct keylog_sample *ks = *state;
	struct err err = {0};

	for (uint64_t seq = 7; seq < 9; seq++) {
		CLEANUP(keylog_record_release) struct keylog_record record = {0};
		struct accepted last = {.stream = mem_strdup("db"), .seq = seq};

		keylog_record_init(&record, KEYLOG_REVOCATION);
		memcpy(record.revocation.certificate,
		       keylog_certificate(ks->keylog, 0)->id, 32);
		vec_push(&record.revocation.accepted, &last);
		assert_int_equal(append(ks, &record, &err), 0);
	}
	const struct certificate *certificate = keylog_certificate(ks->keylog, 0);
	assert_true(certificate->revoked);
	assert_int_equal(certificate->last_accepted.n, 1);
	const struct accepted *last = vec_at(&certificate->last_accepted, 0);
	assert_string_equal(last->stream, "db");
	assert_int_equal(last->seq, 7);
}

static void test_keylog_certificate_of__prefers_one_that_counts(void **state)
{
	struct keylog_sample *ks = *state;
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct sign_public signer = sign_private_public(ks->sample.writer.sign);
	struct sign_public stranger = {{1}};
	struct err err = {0};

	assert_int_equal(keylog_sample_certificate(ks, "second", ks->sample.writer.sign,
						   "db/*", NULL, &err),
			 0);
	assert_string_equal(keylog_certificate_of(ks->keylog, &signer)->name, "second");
	keylog_record_init(&record, KEYLOG_REVOCATION);
	memcpy(record.revocation.certificate, keylog_certificate(ks->keylog, 1)->id, 32);
	assert_int_equal(append(ks, &record, &err), 0);
	assert_string_equal(keylog_certificate_of(ks->keylog, &signer)->name, "writer");
	assert_null(keylog_certificate_of(ks->keylog, &stranger));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_keylog_apply__newest_epoch_has_the_highest_number),
		CASE(test_keylog_apply__of_equal_numbers_the_last_counts),
		CASE(test_keylog_apply__removal_marks_a_recipient),
		CASE(test_keylog_apply__revocation_keeps_the_first_word),
		CASE(test_keylog_certificate_of__prefers_one_that_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
