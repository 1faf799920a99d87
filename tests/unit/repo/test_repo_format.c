/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/repo_format.h"
#include "support/repo_sample.h"

struct fixture {
	struct repo_sample sample;
	struct repo_params params;
	struct buf text;
};

static void encode(struct fixture *f)
{
	buf_clear(&f->text);
	repo_document_encode(&f->sample.identity, &f->params, f->sample.owner, &f->text);
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	repo_sample_init(&f->sample, 2);
	f->params = (struct repo_params){.chunk = {262144, 1048576, 4194304},
					 .pack_size = PACK_SIZE_DEFAULT,
					 .created_nsec = INT64_C(1764028800000000123)};
	buf_init(&f->text, 0);
	encode(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	repo_sample_release(&f->sample);
	buf_release(&f->text);
	mem_free(f);
	return 0;
}

static int decode(struct fixture *f, struct err *err)
{
	struct repo_params params;

	return repo_document_decode(buf_slice(&f->text), &f->sample.identity, &params,
				    err);
}

/* Replaces text in the document by other text of any length. */
static void edit(struct fixture *f, const char *from, const char *to)
{
	CLEANUP(buf_release) struct buf old = f->text;
	const char *text = buf_string(&old);
	const char *at = strstr(text, from);

	assert_non_null(at);
	buf_init(&f->text, 0);
	buf_append(&f->text, text, (size_t)(at - text));
	buf_append_string(&f->text, to);
	buf_append_string(&f->text, at + strlen(from));
}

static void test_repo_document_decode__yields_the_parameters(void **state)
{
	struct fixture *f = *state;
	struct repo_params params;
	struct err err = {0};

	assert_int_equal(repo_document_decode(buf_slice(&f->text), &f->sample.identity,
					      &params, &err),
			 0);
	assert_int_equal(params.chunk.avg, 1048576);
	assert_int_equal(params.pack_size, PACK_SIZE_DEFAULT);
	assert_true(params.created_nsec == f->params.created_nsec);
}

static void test_repo_document_decode__refuses_a_changed_payload(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	edit(f, "8388608", "8388609");
	assert_int_equal(decode(f, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(err.msg, "quipu.json: its signature does not fit");
}

static void test_repo_document_decode__tells_a_key_of_another_repository(void **state)
{
	struct fixture *f = *state;
	struct repo_sample other;
	struct repo_params params;
	struct err err = {0};

	repo_sample_init(&other, 3);
	assert_int_equal(
		repo_document_decode(buf_slice(&f->text), &other.identity, &params, &err),
		-1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "the key belongs to another repository");
	repo_sample_release(&other);
}

/* The same owner, another repository id: signatures are bound to it. */
static void test_repo_document_decode__binds_the_repository_id(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->sample.identity.id[0] ^= 1;
	assert_int_equal(decode(f, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
}

static void test_repo_document_decode__refuses_a_newer_version_first(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	edit(f, "\"quipu_repository\": 1", "\"quipu_repository\": 2");
	edit(f, "signature", "future_seal");
	assert_int_equal(decode(f, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg, "quipu.json: format version 2 is made by a newer "
				     "Quipu, this one knows up to 1");
}

static void test_repo_document_decode__names_the_place_of_damage(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->text.len /= 2;
	assert_int_equal(decode(f, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_int_equal(strncmp(err.msg, "quipu.json:", 11), 0);
}

static void test_repo_document_decode__refuses_parameters_out_of_range(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->params.pack_size = 5; /* signed by the owner, and yet */
	encode(f);
	assert_int_equal(decode(f, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "quipu.json: pack size 5: expected 1048576 to "
				     "134217728 bytes");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_repo_document_decode__yields_the_parameters),
		CASE(test_repo_document_decode__refuses_a_changed_payload),
		CASE(test_repo_document_decode__tells_a_key_of_another_repository),
		CASE(test_repo_document_decode__binds_the_repository_id),
		CASE(test_repo_document_decode__refuses_a_newer_version_first),
		CASE(test_repo_document_decode__names_the_place_of_damage),
		CASE(test_repo_document_decode__refuses_parameters_out_of_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
