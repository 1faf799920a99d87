/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/pack_format.h"

static struct pack_header sample_header(void)
{
	struct pack_header header = {.epoch = 7};

	memset(header.uuid, 1, sizeof(header.uuid));
	memset(header.commitment, 2, sizeof(header.commitment));
	memset(header.ephemeral, 3, sizeof(header.ephemeral));
	memset(header.wrapped_key, 4, sizeof(header.wrapped_key));
	memset(header.directory_salt, 5, sizeof(header.directory_salt));
	return header;
}

static void test_pack_header__round_trips(void **state)
{
	struct pack_header header = sample_header();
	struct pack_header again;
	struct err err = {0};
	uint8_t bytes[PACK_HEADER_LEN];

	(void)state;
	pack_header_encode(&header, bytes);
	assert_memory_equal(bytes, "QPPACK1\n\1\0\0\0\7\0\0\0", 16);
	assert_int_equal(pack_header_decode(slice_of(bytes, sizeof(bytes)), &again, &err),
			 0);
	assert_memory_equal(&again, &header, sizeof(header));
}

static void test_pack_header_decode__refuses_other_versions_and_lengths(void **state)
{
	struct pack_header header = sample_header();
	struct err err = {0};
	uint8_t bytes[PACK_HEADER_LEN];

	(void)state;
	pack_header_encode(&header, bytes);
	assert_int_equal(
		pack_header_decode(slice_of(bytes, PACK_HEADER_LEN - 1), &header, &err),
		-1);
	assert_int_equal(err.code, ERR_CORRUPT);
	bytes[8] = 2;
	assert_int_equal(
		pack_header_decode(slice_of(bytes, sizeof(bytes)), &header, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.msg, "newer Quipu"));
	bytes[0] = 'X';
	assert_int_equal(
		pack_header_decode(slice_of(bytes, sizeof(bytes)), &header, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static struct pack_directory sample_directory(void)
{
	struct pack_directory directory = {.domain = mem_strdup("db")};
	struct blob_entry first = {
		.type = BLOB_DATA, .offset = PACK_HEADER_LEN, .stored = 117, .raw = 200};
	struct blob_entry second = {.type = BLOB_TREE,
				    .offset = PACK_HEADER_LEN + 117,
				    .stored = 17,
				    .raw = 0};

	memset(first.id.bytes, 8, BLOB_ID_LEN);
	memset(second.id.bytes, 9, BLOB_ID_LEN);
	buf_init(&directory.certificate, 0);
	buf_append_string(&directory.certificate, "certificate");
	vec_init(&directory.entries, sizeof(struct blob_entry));
	vec_push(&directory.entries, &first);
	vec_push(&directory.entries, &second);
	memset(directory.signature, 6, SIGN_LEN);
	return directory;
}

static int decode(const struct pack_directory *directory,
		  struct pack_directory *ret_again, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	buf_init(&bytes, 0);
	pack_directory_encode(directory, &bytes);
	return pack_directory_decode(buf_slice(&bytes), ret_again, err);
}

static void test_pack_directory__round_trips(void **state)
{
	CLEANUP(pack_directory_release)
	struct pack_directory directory = sample_directory();
	CLEANUP(pack_directory_release) struct pack_directory again = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(decode(&directory, &again, &err), 0);
	assert_string_equal(again.domain, "db");
	assert_string_equal(buf_string(&again.certificate), "certificate");
	assert_int_equal(again.entries.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct blob_entry *a = vec_at(&directory.entries, i);
		const struct blob_entry *b = vec_at(&again.entries, i);

		assert_memory_equal(a->id.bytes, b->id.bytes, BLOB_ID_LEN);
		assert_int_equal(a->type, b->type);
		assert_int_equal(a->offset, b->offset);
		assert_int_equal(a->stored, b->stored);
		assert_int_equal(a->raw, b->raw);
	}
	assert_memory_equal(again.signature, directory.signature, SIGN_LEN);
}

static void test_pack_directory_decode__refuses_blobs_that_do_not_tile(void **state)
{
	CLEANUP(pack_directory_release)
	struct pack_directory directory = sample_directory();
	struct pack_directory again;
	struct err err = {0};

	(void)state;
	((struct blob_entry *)vec_at(&directory.entries, 1))->offset++;
	assert_int_equal(decode(&directory, &again, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg,
			    "pack directory: blob 1 begins at 294, expected 293");
}

static void test_blob_entry_check__names_what_is_wrong(void **state)
{
	struct blob_entry good = {
		.type = BLOB_DATA, .offset = PACK_HEADER_LEN, .stored = 20, .raw = 10};
	struct blob_entry bad = good;
	struct err err = {0};

	(void)state;
	assert_int_equal(blob_entry_check(&good, 200, &err), 0);
	bad.type = (enum blob_type)5;
	assert_int_equal(blob_entry_check(&bad, 200, &err), -1);
	assert_non_null(strstr(err.msg, "blob type 5"));
	bad = good;
	bad.raw = BLOB_RAW_MAX + 1;
	assert_int_equal(blob_entry_check(&bad, 200, &err), -1);
	assert_non_null(strstr(err.msg, "raw length"));
	bad = good;
	bad.stored = 28;
	assert_int_equal(blob_entry_check(&bad, 210, &err), -1);
	assert_non_null(strstr(err.msg, "stored length"));
	bad = good;
	bad.offset = UINT32_MAX;
	assert_int_equal(blob_entry_check(&bad, 200, &err), -1);
	assert_non_null(strstr(err.msg, "lies outside"));
}

static void test_pack_trailer__round_trips(void **state)
{
	struct pack_trailer trailer = {
		.directory_offset = 1234, .directory_len = 99, .n_blobs = 3};
	struct pack_trailer again;
	struct err err = {0};
	uint8_t bytes[PACK_TRAILER_PLAIN_LEN];

	(void)state;
	pack_trailer_encode(&trailer, bytes);
	assert_int_equal(
		pack_trailer_decode(slice_of(bytes, sizeof(bytes)), &again, &err), 0);
	assert_int_equal(again.directory_offset, 1234);
	assert_int_equal(again.directory_len, 99);
	assert_int_equal(again.n_blobs, 3);
}

/* Lengths worked out by hand from the rule in docs/format/pack.md. */
static void test_padme_length__follows_the_rule(void **state)
{
	static const struct {
		uint64_t len, padded;
	} cases[] = {{0, 0},
		     {1, 1},
		     {2, 2},
		     {8, 8},
		     {9, 10},
		     {1000, 1024},
		     {1025, 1088},
		     {8388608, 8388608},
		     {8388609, 8650752}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(padme_length(cases[i].len), cases[i].padded);
	for (uint64_t len = 1000; len < 100000; len += 7) {
		assert_true(padme_length(len) >= len);
		assert_true(padme_length(len) <= len + len / 8);
		assert_int_equal(padme_length(padme_length(len)), padme_length(len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack_header__round_trips),
		cmocka_unit_test(
			test_pack_header_decode__refuses_other_versions_and_lengths),
		cmocka_unit_test(test_pack_directory__round_trips),
		cmocka_unit_test(
			test_pack_directory_decode__refuses_blobs_that_do_not_tile),
		cmocka_unit_test(test_blob_entry_check__names_what_is_wrong),
		cmocka_unit_test(test_pack_trailer__round_trips),
		cmocka_unit_test(test_padme_length__follows_the_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
