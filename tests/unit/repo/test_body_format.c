/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/body_format.h"

static void full_body(struct snapshot_body *body)
{
	uint8_t fragment[32] = {1, 2, 3};

	snapshot_body_init(body);
	body->root.mode = 0755;
	body->root_content.kind = CONTENT_NODE;
	body->root_content.top.raw_len = 9;
	strings_add(&body->paths, "/etc");
	strings_add(&body->paths, "/srv/\xff");
	body->host = mem_strdup("alpha");
	body->user = mem_strdup("root");
	body->program = mem_strdup("quipu-backup 0.1.0");
	body->source_kind = mem_strdup("files");
	snapshot_body_add_tag(body, "why", "before=upgrade");
	body->facts = mem_strdup("{\"a\":1}");
	strings_add(&body->warnings, "unreadable: /etc/x: denied");
	vec_push(&body->fragments, fragment);
}

static void encode(const struct snapshot_body *body, struct buf *out)
{
	struct err err = {0};

	buf_init(out, 0);
	if (snapshot_body_encode(body, out, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_snapshot_body_decode__gives_everything_back(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(snapshot_body_release) struct snapshot_body found = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	const struct body_tag *tag;
	struct err err = {0};

	(void)state;
	full_body(&body);
	encode(&body, &bytes);
	assert_int_equal(snapshot_body_decode(buf_slice(&bytes), &found, &err), 0);
	assert_int_equal(found.root.mode, 0755);
	assert_int_equal(found.root_content.kind, CONTENT_NODE);
	assert_int_equal(strings_count(&found.paths), 2);
	assert_string_equal(strings_at(&found.paths, 1), "/srv/\xff");
	assert_string_equal(found.host, "alpha");
	assert_string_equal(found.user, "root");
	assert_string_equal(found.program, "quipu-backup 0.1.0");
	assert_string_equal(found.source_kind, "files");
	tag = vec_at(&found.tags, 0);
	assert_string_equal(tag->key, "why");
	assert_string_equal(tag->value, "before=upgrade");
	assert_string_equal(found.facts, "{\"a\":1}");
	assert_string_equal(strings_at(&found.warnings, 0), "unreadable: /etc/x: denied");
	assert_int_equal(found.fragments.n, 1);
	assert_int_equal(((uint8_t *)vec_at(&found.fragments, 0))[2], 3);
}

static void test_snapshot_body_encode__an_empty_one(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(snapshot_body_release) struct snapshot_body found = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	(void)state;
	snapshot_body_init(&body);
	encode(&body, &bytes);
	assert_int_equal(snapshot_body_decode(buf_slice(&bytes), &found, &err), 0);
	assert_string_equal(found.facts, "{}");
	assert_string_equal(found.host, "");
	assert_int_equal(found.root_content.kind, CONTENT_NONE);
}

static void assert_too_large(const struct snapshot_body *body, const char *text)
{
	CLEANUP(buf_release) struct buf out = {0};
	struct err err = {0};

	buf_init(&out, 0);
	assert_int_equal(snapshot_body_encode(body, &out, &err), -1);
	assert_string_equal(err.msg, text);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(out.len, 0);
}

static void test_snapshot_body_encode__refuses_too_many_warnings(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};

	(void)state;
	snapshot_body_init(&body);
	for (unsigned i = 0; i <= BODY_WARNINGS_MAX; i++)
		strings_add(&body.warnings, "w");
	assert_too_large(&body, "1001 warnings, a snapshot stores 1000 at most");
}

static void test_snapshot_body_encode__refuses_a_long_tag(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(mem_freep) char *value = mem_zalloc(BODY_TAG_VALUE_MAX + 2);

	(void)state;
	snapshot_body_init(&body);
	memset(value, 'v', BODY_TAG_VALUE_MAX + 1);
	snapshot_body_add_tag(&body, "k", value);
	assert_too_large(&body,
			 "value of a tag has 4097 bytes, a snapshot stores 4096 at most");
}

static void test_snapshot_body_encode__refuses_more_than_a_blob(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(mem_freep) char *path = mem_zalloc(BODY_PATH_MAX + 1);

	(void)state;
	snapshot_body_init(&body);
	memset(path, 'p', BODY_PATH_MAX);
	for (unsigned i = 0; i < BLOB_RAW_MAX / BODY_PATH_MAX; i++)
		strings_add(&body.paths, path);
	assert_too_large(&body, "paths, tags and warnings take more than the 16777216 "
				"bytes of a snapshot's body");
}

static void test_snapshot_body_decode__refuses_every_cut(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	full_body(&body);
	encode(&body, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct snapshot_body found;
		struct err err = {0};

		assert_int_equal(
			snapshot_body_decode(slice_of(bytes.data, len), &found, &err),
			-1);
		assert_int_equal(err.code, ERR_CORRUPT);
	}
}

static void assert_refused(const struct buf *bytes, enum err_code code, const char *text)
{
	struct snapshot_body found;
	struct err err = {0};

	assert_int_equal(snapshot_body_decode(buf_slice(bytes), &found, &err), -1);
	assert_string_equal(err.msg, text);
	assert_int_equal(err.code, code);
}

static void test_snapshot_body_decode__refuses_a_newer_version(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	snapshot_body_init(&body);
	encode(&body, &bytes);
	bytes.data[0] = 2;
	assert_refused(&bytes, ERR_UNSUPPORTED,
		       "body of version 2: made by a newer Quipu");
}

static void test_snapshot_body_decode__refuses_a_root_with_a_name(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	snapshot_body_init(&body);
	mem_free(body.root.name);
	body.root.name = mem_strdup("x");
	encode(&body, &bytes);
	assert_refused(&bytes, ERR_CORRUPT, "body: root is no directory without a name");
}

static void test_snapshot_body_decode__refuses_trailing_bytes(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	char expected[64];

	(void)state;
	snapshot_body_init(&body);
	encode(&body, &bytes);
	(void)snprintf(expected, sizeof(expected), "body: 1 bytes too many at offset %zu",
		       bytes.len);
	buf_put_u8(&bytes, 0);
	assert_refused(&bytes, ERR_CORRUPT, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot_body_decode__gives_everything_back),
		cmocka_unit_test(test_snapshot_body_encode__an_empty_one),
		cmocka_unit_test(test_snapshot_body_encode__refuses_too_many_warnings),
		cmocka_unit_test(test_snapshot_body_encode__refuses_a_long_tag),
		cmocka_unit_test(test_snapshot_body_encode__refuses_more_than_a_blob),
		cmocka_unit_test(test_snapshot_body_decode__refuses_every_cut),
		cmocka_unit_test(test_snapshot_body_decode__refuses_a_newer_version),
		cmocka_unit_test(test_snapshot_body_decode__refuses_a_root_with_a_name),
		cmocka_unit_test(test_snapshot_body_decode__refuses_trailing_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
