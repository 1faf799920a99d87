/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/signed_object.h"
#include "support/repo_sample.h"

struct fixture {
	struct repo_sample sample;
	int64_t now;
	struct clock clock;
	struct store *store;
	uint8_t id[HASH_LEN];
	char key[SIGNED_NAME_MAX + 16];
};

static const struct frame_expect expect_record = {
	.kind = FRAME_KEY_LOG, .stream = "", .owner_only = true};

/* Puts the sample's certificate, record 3 of the key log. */
static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	char name[SIGNED_NAME_MAX];
	struct err err = {0};

	repo_sample_init(&f->sample, 1);
	f->clock = clock_fixed(&f->now);
	f->store = store_memory_new(&f->clock);
	if (signed_object_put(f->store, "keys/log/", 3,
			      buf_slice(&f->sample.writer.certificate), f->id, &err) < 0)
		return -1;
	signed_name_format(3, f->id, name);
	snprintf(f->key, sizeof(f->key), "keys/log/%s", name);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	repo_sample_release(&f->sample);
	store_free(f->store);
	mem_free(f);
	return 0;
}

static int load(struct fixture *f, const char *key, struct err *err)
{
	CLEANUP(signed_object_release) struct signed_object object = {0};

	return signed_object_load(f->store, key, &f->sample.identity, &expect_record,
				  &object, err);
}

static void test_signed_object_load__yields_the_frame(void **state)
{
	struct fixture *f = *state;
	CLEANUP(signed_object_release) struct signed_object object = {0};
	struct err err = {0};

	assert_int_equal(signed_object_load(f->store, f->key, &f->sample.identity,
					    &expect_record, &object, &err),
			 0);
	assert_int_equal(object.seq, 3);
	assert_int_equal(object.frame.seq, 3);
	assert_memory_equal(object.id, f->id, HASH_LEN);
	assert_string_equal(object.key, f->key);
}

static void test_signed_object_put__twice_is_success(void **state)
{
	struct fixture *f = *state;
	uint8_t id[HASH_LEN];
	struct err err = {0};

	assert_int_equal(signed_object_put(f->store, "keys/log/", 3,
					   buf_slice(&f->sample.writer.certificate), id,
					   &err),
			 0);
	assert_memory_equal(id, f->id, HASH_LEN);
	assert_int_equal(err.code, ERR_NONE);
}

static void test_signed_object_load__refuses_other_content(void **state)
{
	struct fixture *f = *state;
	struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	assert_int_equal(
		store_put(f->store, f->key, slice_of_string("x"), &replace, &err), 0);
	assert_int_equal(load(f, f->key, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, ": its content is not what its name says"));
}

/* The right content under another number. */
static void test_signed_object_load__refuses_another_seq(void **state)
{
	struct fixture *f = *state;
	char name[SIGNED_NAME_MAX];
	uint8_t id[HASH_LEN];
	struct err err = {0};

	assert_int_equal(signed_object_put(f->store, "keys/log/", 4,
					   buf_slice(&f->sample.writer.certificate), id,
					   &err),
			 0);
	signed_name_format(4, id, name);
	CLEANUP(mem_freep) char *key = mem_printf("keys/log/%s", name);
	assert_int_equal(load(f, key, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_non_null(strstr(err.msg, "its seq is 3, expected 4"));
}

static void test_signed_object_load__tells_what_is_absent(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(store_delete(f->store, f->key, "", &err), 0);
	assert_int_equal(load(f, f->key, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void test_signed_name_parse__takes_only_what_format_writes(void **state)
{
	static const char zeroes[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	uint64_t seq = 7;
	uint8_t id[HASH_LEN];

	(void)state;
	static const char *const prefixes[] = {"",
					       "-",
					       "1-",
					       "00000000001-",
					       "+000000001-",
					       "99999999999999999999-",
					       "0000000001",
					       "000000000a-"};
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		CLEANUP(mem_freep) char *name = mem_printf("%s%s", prefixes[i], zeroes);

		if (signed_name_parse(name, &seq, id))
			fail_msg("%s", name);
	}
	assert_false(signed_name_parse("0000000001-00", &seq, id));
	assert_int_equal(seq, 7);
	CLEANUP(mem_freep)
	char *large = mem_printf("18446744073709551615-%s", zeroes);
	assert_true(signed_name_parse(large, &seq, id));
	assert_true(seq == UINT64_MAX);
	CLEANUP(mem_freep) char *small = mem_printf("0000000012-%s", zeroes);
	assert_true(signed_name_parse(small, &seq, id));
	assert_int_equal(seq, 12);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_signed_object_load__yields_the_frame),
		CASE(test_signed_object_put__twice_is_success),
		CASE(test_signed_object_load__refuses_other_content),
		CASE(test_signed_object_load__refuses_another_seq),
		CASE(test_signed_object_load__tells_what_is_absent),
		cmocka_unit_test(test_signed_name_parse__takes_only_what_format_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
