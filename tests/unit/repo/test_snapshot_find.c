/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/snapshot_fixture.h"

/* A list made by hand: ids begin with what the caller says. */
struct sample {
	struct snapshot_list list;
};

static void add(struct sample *sample, const char *stream, uint64_t seq,
		const char *time_text, uint16_t id)
{
	struct snapshot_header header;
	struct err err = {0};

	snapshot_header_init(&header);
	header.stream = mem_strdup(stream);
	header.seq = seq;
	header.id[0] = (uint8_t)(id >> 8);
	header.id[1] = (uint8_t)id;
	assert_int_equal(clock_parse(time_text, &header.time_nsec, &err), 0);
	vec_push(&sample->list.headers, &header);
}

static struct snapshot_header *at(struct sample *sample, size_t i)
{
	return vec_at(&sample->list.headers, i);
}

static int setup(void **state)
{
	struct sample *sample = mem_zalloc(sizeof(*sample));

	vec_init(&sample->list.headers, sizeof(struct snapshot_header));
	strings_init(&sample->list.alarms);
	strings_init(&sample->list.reports);
	add(sample, "db/orders", 1, "2026-01-01T00:00:00Z", 0x1111);
	add(sample, "db/orders", 2, "2026-01-02T00:00:00Z", 0x1122);
	add(sample, "db/orders", 3, "2026-01-03T02:00:00Z", 0x3333);
	add(sample, "db/orders", 3, "2026-01-03T01:00:00Z", 0x4444); /* concurrent */
	add(sample, "hosts/web", 1, "2026-01-01T00:00:00Z", 0x5555);
	*state = sample;
	return 0;
}

static int teardown(void **state)
{
	struct sample *sample = *state;

	snapshot_list_release(&sample->list);
	mem_free(sample);
	return 0;
}

/* Index of what is found. */
static size_t find(struct sample *sample, const char *text)
{
	const struct snapshot_header *found = NULL;
	struct err err = {0};

	if (snapshot_list_find(&sample->list, text, &found, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return (size_t)(found -
			(const struct snapshot_header *)sample->list.headers.data);
}

static struct err fail_to_find(struct sample *sample, const char *text)
{
	const struct snapshot_header *found = NULL;
	struct err err = {0};

	assert_int_equal(snapshot_list_find(&sample->list, text, &found, &err), -1);
	assert_null(found);
	return err;
}

static void test_snapshot_list_find__latest_is_the_highest_seq(void **state)
{
	assert_int_equal(find(*state, "latest:db/orders"), 2); /* of two the later */
	assert_int_equal(find(*state, "latest:hosts/web"), 4);
}

static void test_snapshot_list_find__expired_ones_do_not_count(void **state)
{
	struct sample *sample = *state;

	at(sample, 2)->expired = true;
	at(sample, 4)->expired = true;
	assert_int_equal(find(sample, "latest:db/orders"), 3);
	assert_int_equal(find(sample, "db/orders@2026-02-01"), 3);
	struct err err = fail_to_find(sample, "latest:hosts/web");
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "all snapshots of stream hosts/web have expired");
	err = fail_to_find(sample, "3333");
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "snapshot 3333 has expired");
}

static void test_snapshot_list_find__at_takes_the_newest_at_or_before(void **state)
{
	assert_int_equal(find(*state, "db/orders@2026-01-02T00:00:00Z"), 1);
	assert_int_equal(find(*state, "db/orders@2026-01-02T23:59:59+00:00"), 1);
	assert_int_equal(find(*state, "db/orders@2026-01-03T01:30:00Z"), 3);
	assert_int_equal(find(*state, "db/orders@2026-12-01"), 2);
}

static void test_snapshot_list_find__at_tells_the_oldest(void **state)
{
	struct err err = fail_to_find(*state, "db/orders@2025-12-31");

	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "no snapshot of stream db/orders at or before "
				     "2025-12-31T00:00:00Z");
	assert_string_equal(err.hint, "its oldest is of 2026-01-01T00:00:00Z");
}

static void test_snapshot_list_find__refuses_a_bad_time(void **state)
{
	struct err err = fail_to_find(*state, "db/orders@yesterday");

	assert_int_equal(err.code, ERR_USAGE);
}

static void test_snapshot_list_find__takes_an_id_prefix(void **state)
{
	assert_int_equal(find(*state, "3333"), 2);
	assert_int_equal(find(*state, "112200"), 1);
	assert_int_equal(find(*state, "5555000000000000000000000000000000000000000000000"
				      "000000000000000"),
			 4);
}

static void test_snapshot_list_find__tells_an_ambiguous_prefix(void **state)
{
	struct sample *sample = *state;

	at(sample, 1)->id[1] = 0x11;
	at(sample, 1)->id[2] = 0x22;
	struct err err = fail_to_find(sample, "1111");
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "id 1111 fits 2 snapshots");
	assert_string_equal(err.hint, "1111000000000000 (db/orders 1), "
				      "1111220000000000 (db/orders 2)");
}

static void test_snapshot_list_find__says_what_it_expects(void **state)
{
	static const char *const texts[] = {"",	    "333",     "xyz1",	     "3333G",
					    "ABCD", "latest:", "@2026-01-01"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err err = fail_to_find(*state, texts[i]);

		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(
			strstr(err.msg, "expected an id (at least 4 hex digits)"));
	}
	struct err err = fail_to_find(*state, "db/orders");
	assert_string_equal(err.hint, "did you mean latest:db/orders?");
}

static void test_snapshot_list_find__suggests_a_stream(void **state)
{
	struct sample *sample = *state;
	struct err err = fail_to_find(sample, "latest:db/order");

	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "no snapshot of stream db/order");
	assert_string_equal(err.hint, "did you mean db/orders?");
	err = fail_to_find(sample, "latest:something/else");
	assert_string_equal(err.hint, "streams: db/orders, hosts/web");
	err = fail_to_find(sample, "mail@2026-01-01");
	assert_string_equal(err.msg, "no snapshot of stream mail");
}

static void test_snapshot_list_check_stream__tells_an_unknown_one(void **state)
{
	struct sample *sample = *state;
	struct err err = {0};

	assert_int_equal(snapshot_list_check_stream(&sample->list, "db/orders", &err), 0);
	assert_int_equal(snapshot_list_check_stream(&sample->list, "hosts/*", &err), 0);
	at(sample, 4)->expired = true;
	assert_int_equal(snapshot_list_check_stream(&sample->list, "hosts/web", &err), 0);
	assert_int_equal(snapshot_list_check_stream(&sample->list, "files/*", &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "no snapshot of stream files/*");
	assert_string_equal(err.hint, "streams: db/orders, hosts/web");
}

static void test_snapshot_list_find__tells_that_there_are_none(void **state)
{
	struct sample empty = {0};
	const struct snapshot_header *found;
	struct err err = {0};

	(void)state;
	vec_init(&empty.list.headers, sizeof(struct snapshot_header));
	assert_int_equal(snapshot_list_find(&empty.list, "latest:db", &found, &err), -1);
	assert_string_equal(err.hint, "the repository has no snapshots yet");
	assert_int_equal(snapshot_list_find(&empty.list, "0000", &found, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "no snapshot with id 0000");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_snapshot_list_find__latest_is_the_highest_seq),
		CASE(test_snapshot_list_find__expired_ones_do_not_count),
		CASE(test_snapshot_list_find__at_takes_the_newest_at_or_before),
		CASE(test_snapshot_list_find__at_tells_the_oldest),
		CASE(test_snapshot_list_find__refuses_a_bad_time),
		CASE(test_snapshot_list_find__takes_an_id_prefix),
		CASE(test_snapshot_list_find__tells_an_ambiguous_prefix),
		CASE(test_snapshot_list_find__says_what_it_expects),
		CASE(test_snapshot_list_find__suggests_a_stream),
		CASE(test_snapshot_list_check_stream__tells_an_unknown_one),
		CASE(test_snapshot_list_find__tells_that_there_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
