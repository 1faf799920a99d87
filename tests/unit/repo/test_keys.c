/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/keyfile_sample.h"

static void test_dedup_keys_derive__gives_a_key_a_purpose_and_repository(void **state)
{
	CLEANUP(secret_release) struct secret d = {0};
	struct repo_identity identity = {.id = {1}};
	struct dedup_keys a;
	struct dedup_keys b;

	(void)state;
	secret_init(&d, 32);
	dedup_keys_derive(&d, &identity, &a);
	identity.id[0] = 2;
	dedup_keys_derive(&d, &identity, &b);
	assert_int_equal(a.blob_id.len, 32);
	assert_false(secret_equal(&a.blob_id, &b.blob_id));
	assert_false(secret_equal(&a.blob_id, &a.chunker));
	assert_false(secret_equal(&a.chunker, &a.index));
	assert_false(secret_equal(&a.index, &a.cache));
	assert_false(secret_equal(&a.cache, &a.tree));
	dedup_keys_release(&a);
	dedup_keys_release(&b);
}

static void test_key_role_name__is_a_word(void **state)
{
	(void)state;
	assert_string_equal(key_role_name(KEY_WRITER), "writer");
	assert_string_equal(key_role_name(KEY_AUDIT), "audit");
}

struct fixture {
	struct repo_sample sample;
	struct secret passphrase;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	repo_sample_init(&f->sample, 6);
	sample_text("secret", &f->passphrase);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	repo_sample_release(&f->sample);
	secret_release(&f->passphrase);
	mem_free(f);
	return 0;
}

/* Writes a key file of the sample and opens it. */
static int open_role(struct fixture *f, enum key_role role, struct key **ret_key,
		     struct err *err)
{
	CLEANUP(secret_release) struct secret text = {0};
	bool is_protected = role == KEY_RECOVERY || role == KEY_READER;
	const struct secret *passphrase = is_protected ? &f->passphrase : NULL;

	if (sample_key_file(&f->sample, role, passphrase, &text, err) < 0)
		return -1;
	return key_open(secret_slice(&text), passphrase, ret_key, err);
}

static void test_key_open__recovery_reads_and_signs(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_freep) struct key *key = NULL;
	struct err err = {0};

	assert_int_equal(open_role(f, KEY_RECOVERY, &key, &err), 0);
	assert_int_equal(key->role, KEY_RECOVERY);
	assert_non_null(key->owner);
	assert_null(key->reader);
	assert_null(key->writer);
	assert_ptr_equal(key_reader(key), &key->owner->reader);
	assert_ptr_equal(key_dedup(key), &key->owner->reader.dedup);
	assert_int_equal(key->owner->dedup_secret.len, 32);
}

static void test_key_open__reader_has_no_signing_key(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_freep) struct key *key = NULL;
	struct err err = {0};

	assert_int_equal(open_role(f, KEY_READER, &key, &err), 0);
	assert_non_null(key->reader);
	assert_null(key->owner);
	assert_ptr_equal(key_reader(key), key->reader);
	assert_string_equal(key->reader->name, "sample");
}

static void test_key_open__writer_cannot_read(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_freep) struct key *key = NULL;
	struct err err = {0};

	assert_int_equal(open_role(f, KEY_WRITER, &key, &err), 0);
	assert_non_null(key->writer);
	assert_null(key_reader(key));
	assert_ptr_equal(key_dedup(key), &key->writer->dedup);
}

static void test_key_open__audit_has_no_secret(void **state)
{
	struct fixture *f = *state;
	CLEANUP(key_freep) struct key *key = NULL;
	struct err err = {0};

	assert_int_equal(open_role(f, KEY_AUDIT, &key, &err), 0);
	assert_non_null(key->audit);
	assert_null(key_reader(key));
	assert_null(key_dedup(key));
	assert_memory_equal(&key->audit->identity, &f->sample.identity,
			    sizeof(struct repo_identity));
}

static void test_key_open__pruner_is_not_used_yet(void **state)
{
	struct fixture *f = *state;
	struct key *key = NULL;
	struct err err = {0};

	assert_int_equal(open_role(f, KEY_PRUNER, &key, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg, "pruner keys are not used yet");
}

static void test_key_open__refuses_a_writer_with_anothers_certificate(void **state)
{
	struct fixture *f = *state;
	struct key *key = NULL;
	struct err err = {0};

	sign_private_free(f->sample.writer.sign);
	f->sample.writer.sign = sign_private_generate(&f->sample.rng);
	assert_int_equal(open_role(f, KEY_WRITER, &key, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "the writer key is damaged: its certificate is of "
				     "another key");
}

static void test_key_open__refuses_a_recovery_key_of_another_owner(void **state)
{
	struct fixture *f = *state;
	struct key *key = NULL;
	struct err err = {0};

	f->sample.identity.owner.bytes[0] ^= 1;
	assert_int_equal(open_role(f, KEY_RECOVERY, &key, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_non_null(strstr(err.msg, "its halves do not belong together"));
}

static void test_key_file_role__needs_no_passphrase(void **state)
{
	struct fixture *f = *state;
	CLEANUP(secret_release) struct secret text = {0};
	enum key_role role;
	bool is_protected;
	struct err err = {0};

	assert_int_equal(
		sample_key_file(&f->sample, KEY_RECOVERY, &f->passphrase, &text, &err),
		0);
	assert_int_equal(key_file_role(secret_slice(&text), &role, &is_protected, &err),
			 0);
	assert_int_equal(role, KEY_RECOVERY);
	assert_true(is_protected);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_dedup_keys_derive__gives_a_key_a_purpose_and_repository),
		cmocka_unit_test(test_key_role_name__is_a_word),
		CASE(test_key_open__recovery_reads_and_signs),
		CASE(test_key_open__reader_has_no_signing_key),
		CASE(test_key_open__writer_cannot_read),
		CASE(test_key_open__audit_has_no_secret),
		CASE(test_key_open__pruner_is_not_used_yet),
		CASE(test_key_open__refuses_a_writer_with_anothers_certificate),
		CASE(test_key_open__refuses_a_recovery_key_of_another_owner),
		CASE(test_key_file_role__needs_no_passphrase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
