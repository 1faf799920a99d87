/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/keyfile_sample.h"

struct fixture {
	struct repo_sample sample;
	struct secret passphrase;
	struct secret reader; /* texts */
	struct secret writer;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	repo_sample_init(&f->sample, 5);
	sample_text("correct horse", &f->passphrase);
	if (sample_key_file(&f->sample, KEY_READER, &f->passphrase, &f->reader, &err) <
		    0 ||
	    sample_key_file(&f->sample, KEY_WRITER, NULL, &f->writer, &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	repo_sample_release(&f->sample);
	secret_release(&f->passphrase);
	secret_release(&f->reader);
	secret_release(&f->writer);
	mem_free(f);
	return 0;
}

static int decode(struct slice text, struct err *err)
{
	CLEANUP(key_file_release) struct key_file file = {0};

	return key_file_decode(text, &file, err);
}

static void test_key_file_decode__tells_the_public_part(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_file_release) struct key_file file = {0};
	struct err err = {0};

	assert_int_equal(key_file_decode(secret_slice(&f->reader), &file, &err), 0);
	assert_int_equal(file.role, KEY_READER);
	assert_true(file.is_protected);
	assert_string_equal(file.name, "sample");
	assert_memory_equal(&file.identity, &f->sample.identity, sizeof(file.identity));
	assert_int_equal(file.scrypt.log2_n, 10);
}

static void test_key_file_secrets__come_back(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_file_release) struct key_file file = {0};
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	struct err err = {0};

	assert_int_equal(key_file_decode(secret_slice(&f->writer), &file, &err), 0);
	assert_false(file.is_protected);
	assert_int_equal(key_file_secrets(&file, NULL, &secrets, &err), 0);
	assert_true(secret_equal(&secrets.sign_seed,
				 sign_private_seed(f->sample.writer.sign)));
	assert_int_equal(secrets.dedup.data[31], 0x22);
	assert_int_equal(secrets.recipient.len, 0);
	assert_true(slice_equal(buf_slice(&secrets.certificate),
				buf_slice(&f->sample.writer.certificate)));
	assert_true(secrets.floor.len > FRAME_OVERHEAD);
}

static void test_key_file_secrets__refuses_a_wrong_passphrase(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_file_release) struct key_file file = {0};
	CLEANUP(secret_release) struct secret wrong = {0};
	struct key_secrets secrets;
	struct err err = {0};

	sample_text("correct horsf", &wrong);
	assert_int_equal(key_file_decode(secret_slice(&f->reader), &file, &err), 0);
	assert_int_equal(key_file_secrets(&file, &wrong, &secrets, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(
		err.msg, "wrong passphrase for the reader key (or its file is damaged)");
}

static void test_key_file_secrets__asks_for_a_passphrase(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_file_release) struct key_file file = {0};
	struct key_secrets secrets;
	struct err err = {0};

	assert_int_equal(key_file_decode(secret_slice(&f->reader), &file, &err), 0);
	assert_int_equal(key_file_secrets(&file, NULL, &secrets, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "the reader key needs its passphrase");
	assert_non_null(strstr(err.hint, "--passphrase-file"));
}

static void test_key_file_decode__refuses_what_is_none(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(decode(slice_of_string("-----BEGIN RSA KEY-----\n"), &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "it is not a Quipu key file");
	assert_int_equal(decode(slice_of("", 0), &err), -1);
}

static void test_key_file_decode__refuses_a_cut_file(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	const char *end = strstr((const char *)f->writer.data, "-----END");

	for (size_t len = 0; len + 1 < f->writer.len; len++)
		if (decode(slice_of(f->writer.data, len), &err) == 0)
			fail_msg("%zu bytes", len);
	assert_non_null(end);
	size_t cut = (size_t)(end - (const char *)f->writer.data);
	assert_int_equal(decode(slice_of(f->writer.data, cut), &err), -1);
	assert_string_equal(err.msg, "the key file is cut off");
}

/* What is changed within the protected file never opens with other values. */
static void test_key_file_secrets__notices_a_changed_head(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_file_release) struct key_file file = {0};
	struct err err = {0};

	assert_int_equal(key_file_decode(secret_slice(&f->reader), &file, &err), 0);
	for (size_t i = 8; i < file.aad_len; i++) {
		struct key_secrets secrets;

		if (i + 35 >= file.aad_len && i + 32 < file.aad_len)
			continue; /* scrypt's parameters: slow, and covered by the salt */
		file.bytes.data[i] ^= 1;
		assert_int_equal(key_file_secrets(&file, &f->passphrase, &secrets, &err),
				 -1);
		file.bytes.data[i] ^= 1;
	}
}

static void test_key_file_decode__refuses_a_newer_version(void **state)
{
	static const char text[] = "-----BEGIN QUIPU AUDIT KEY-----\n"
				   "UVBLWQIABgA=\n" /* "QPKY", version 2 */
				   "-----END QUIPU AUDIT KEY-----\n";
	struct err err = {0};

	(void)state;
	assert_int_equal(decode(slice_of_string(text), &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg, "the key file's version 2 is made by a newer Quipu");
}

static void test_key_file_encode__says_what_the_file_is_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		strncmp((const char *)f->writer.data,
			"Quipu writer key. It makes backups; it cannot read one.", 55),
		0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_key_file_decode__tells_the_public_part),
		CASE(test_key_file_secrets__come_back),
		CASE(test_key_file_secrets__refuses_a_wrong_passphrase),
		CASE(test_key_file_secrets__asks_for_a_passphrase),
		CASE(test_key_file_decode__refuses_what_is_none),
		CASE(test_key_file_decode__refuses_a_cut_file),
		CASE(test_key_file_secrets__notices_a_changed_head),
		CASE(test_key_file_decode__refuses_a_newer_version),
		CASE(test_key_file_encode__says_what_the_file_is_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
