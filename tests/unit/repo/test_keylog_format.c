/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/keylog_format.h"

static const uint8_t hash_a[32] = {1, 2, 3};
static const uint8_t hash_b[32] = {4, 5, 6};

static struct keylog_record sample(enum keylog_type type)
{
	struct keylog_record record;
	struct accepted accepted = {.stream = mem_strdup("db/orders"), .seq = 9};

	keylog_record_init(&record, type);
	record.time_nsec = -5;
	vec_push(&record.prev, hash_a);
	record.epoch.number = 3;
	vec_push(&record.epoch.recipients, hash_a);
	vec_push(&record.epoch.recipients, hash_b);
	record.certificate.role = KEY_WRITER;
	record.certificate.name = mem_strdup("cron");
	record.certificate.shared_domain = mem_strdup("");
	strings_add(&record.certificate.streams, "db/**");
	record.recipient.name = mem_strdup("ops");
	memcpy(record.removal.recipient, hash_b, 32);
	memcpy(record.revocation.certificate, hash_b, 32);
	memcpy(accepted.id, hash_a, 32);
	vec_push(&record.revocation.accepted, &accepted);
	return record;
}

static void test_keylog_record__every_type_round_trips(void **state)
{
	(void)state;
	for (int type = KEYLOG_EPOCH; type <= KEYLOG_REVOCATION; type++) {
		CLEANUP(keylog_record_release)
		struct keylog_record record = sample((enum keylog_type)type);
		CLEANUP(keylog_record_release) struct keylog_record decoded = {0};
		CLEANUP(buf_release) struct buf bytes = {0};
		CLEANUP(buf_release) struct buf again = {0};
		struct err err = {0};

		buf_init(&bytes, 0);
		buf_init(&again, 0);
		keylog_record_encode(&record, &bytes);
		assert_int_equal(keylog_record_decode(buf_slice(&bytes), &decoded, &err),
				 0);
		assert_int_equal(decoded.type, type);
		assert_int_equal(decoded.time_nsec, -5);
		keylog_record_encode(&decoded, &again);
		assert_true(slice_equal(buf_slice(&bytes), buf_slice(&again)));
	}
}

static void test_keylog_record_decode__refuses_every_truncation(void **state)
{
	(void)state;
	for (int type = KEYLOG_EPOCH; type <= KEYLOG_REVOCATION; type++) {
		CLEANUP(keylog_record_release)
		struct keylog_record record = sample((enum keylog_type)type);
		struct keylog_record decoded;
		CLEANUP(buf_release) struct buf bytes = {0};
		struct err err = {0};

		buf_init(&bytes, 0);
		keylog_record_encode(&record, &bytes);
		for (size_t len = 0; len < bytes.len; len++) {
			err_clear(&err);
			assert_int_equal(keylog_record_decode(slice_of(bytes.data, len),
							      &decoded, &err),
					 -1);
			assert_int_equal(err.code, ERR_CORRUPT);
		}
	}
}

static void test_keylog_record_decode__names_a_newer_type(void **state)
{
	CLEANUP(keylog_record_release)
	struct keylog_record record = sample(KEYLOG_REMOVAL);
	struct keylog_record decoded;
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	(void)state;
	buf_init(&bytes, 0);
	keylog_record_encode(&record, &bytes);
	bytes.data[2 + 32 + 8] = 99;
	assert_int_equal(keylog_record_decode(buf_slice(&bytes), &decoded, &err), -1);
	assert_non_null(strstr(err.msg, "record type 99 is made by a newer Quipu"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keylog_record__every_type_round_trips),
		cmocka_unit_test(test_keylog_record_decode__refuses_every_truncation),
		cmocka_unit_test(test_keylog_record_decode__names_a_newer_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
