/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/url.h"

static void test_url_parse__takes_file_and_s3(void **state)
{
	struct err err = {0};
	struct url url;

	(void)state;
	assert_int_equal(url_parse("file:///srv/back%20up", &url, &err), 0);
	assert_string_equal(url.scheme, "file");
	assert_string_equal(url.host, "");
	assert_string_equal(url.path, "/srv/back up");
	assert_null(url_query(&url, "region"));
	url_release(&url);
	assert_int_equal(
		url_parse("S3://bucket/a/b?region=gra&endpoint=https://x", &url, &err),
		0);
	assert_string_equal(url.scheme, "s3");
	assert_string_equal(url.host, "bucket");
	assert_string_equal(url.path, "/a/b");
	assert_string_equal(url_query(&url, "region"), "gra");
	assert_string_equal(url_query(&url, "endpoint"), "https://x");
	url_release(&url);
}

static void test_url_parse__refuses_what_is_no_place(void **state)
{
	static const char *const bad[] = {
		"/srv/backup",	"file://host/x", "s3://u:p@bucket/x", "file:///a%00b",
		"file:///a%zz", "file:///a\nb",	 "s3://b/x?k=1&k=2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};
		struct url url;

		if (url_parse(bad[i], &url, &err) == 0)
			fail_msg("%s was accepted", bad[i]);
		assert_int_equal(err.code, ERR_USAGE);
		assert_null(strstr(err.msg, "u:p"));
	}
}

static void test_url_parse__tells_how_a_path_becomes_a_url(void **state)
{
	struct err err = {0};
	struct url url;

	(void)state;
	assert_int_equal(url_parse("/srv/backup", &url, &err), -1);
	assert_non_null(strstr(err.hint, "file://"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url_parse__takes_file_and_s3),
		cmocka_unit_test(test_url_parse__refuses_what_is_no_place),
		cmocka_unit_test(test_url_parse__tells_how_a_path_becomes_a_url),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
