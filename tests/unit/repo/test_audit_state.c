/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/key_admin.h"
#include "support/audit_fixture.h"

static char *state_path(struct repo_fixture *f)
{
	return path_join(f->directory, "marks.json");
}

/* Audits with marks at `path`. */
static void audit_with(struct repo_fixture *f, const char *path,
		       struct audit_result *ret_result)
{
	struct audit_options options = audit_options_of(f);

	options.state_path = path;
	audit_it(f, &options, ret_result);
}

static void test_audit_state__is_made_by_a_first_look(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = state_path(f);
	CLEANUP(audit_result_release) struct audit_result first = {0};
	CLEANUP(audit_result_release) struct audit_result second = {0};
	CLEANUP(buf_release) struct buf text = {0};
	struct err err = {0};

	fake_snapshot(f, "db/orders", 1);
	audit_with(f, path, &first);
	assert_true(first.first_look);
	assert_true(first.state_advanced);
	assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
	assert_non_null(strstr(buf_string(&text), "\"stream\": \"db/orders\""));
	audit_with(f, path, &second);
	assert_false(second.first_look);
	assert_true(second.state_advanced);
	assert_int_equal(second.n_of[AUDIT_REPORT], 0);
}

/* Nothing else tells that the newest snapshot was taken away. */
static void test_audit_state__sees_a_lost_newest_snapshot(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = state_path(f);
	CLEANUP(audit_result_release) struct audit_result before = {0};
	CLEANUP(audit_result_release) struct audit_result blind = {0};
	CLEANUP(audit_result_release) struct audit_result after = {0};
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(buf_release) struct buf same = {0};
	struct audit_options options = audit_options_of(f);
	struct err err = {0};

	fake_snapshot(f, "db", 1);
	struct fake_snapshot newest = fake_snapshot(f, "db", 1);
	audit_with(f, path, &before);
	assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
	fixture_delete_header(f, "db", &newest.committed);
	audit_it(f, &options, &blind);
	assert_true(audit_is_clean(&blind));
	f->now += 1000000000;
	audit_with(f, path, &after);
	assert_int_equal(after.n_of[AUDIT_ALARM], 1);
	assert_true(audit_found(&after, AUDIT_ALARM, "header db 2 ("));
	assert_true(
		audit_found(&after, AUDIT_ALARM, ", seen by the last verify, is gone"));
	assert_false(after.state_advanced);
	assert_int_equal(file_read(path, 1 << 20, &same, &err), 0);
	assert_true(slice_equal(buf_slice(&text), buf_slice(&same)));
}

static void test_audit_state__sees_a_shortened_key_log(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = state_path(f);
	CLEANUP(audit_result_release) struct audit_result before = {0};
	CLEANUP(audit_result_release) struct audit_result after = {0};
	struct key_admin admin = {.repo = f->repo,
				  .owner = f->recovery->owner,
				  .rng = &f->rng,
				  .clock = &f->clock};
	char name[SIGNED_NAME_MAX];
	uint32_t number;
	struct err err = {0};

	assert_int_equal(key_rotate(&admin, &number, &err), 0);
	audit_with(f, path, &before);
	signed_name_format(keylog_seq(f->repo->keylog), keylog_head(f->repo->keylog),
			   name);
	CLEANUP(mem_freep) char *key = mem_printf("keys/log/%s", name);
	fake_delete(f, key);
	audit_with(f, path, &after);
	assert_int_equal(after.n_of[AUDIT_ALARM], 1);
	assert_true(audit_found(&after, AUDIT_ALARM,
				"key log: record 4, seen by the last verify, is gone"));
}

static void test_audit_state__stays_when_something_is_missing(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = state_path(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = fake_snapshot(f, "db", 1);

	fake_delete(f, fake.pack);
	audit_with(f, path, &result);
	assert_false(result.state_advanced);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_audit_state__marks_both_of_two_heads(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = state_path(f);
	CLEANUP(audit_result_release) struct audit_result before = {0};
	CLEANUP(audit_result_release) struct audit_result after = {0};
	CLEANUP(snapshot_header_release) struct snapshot_header racing = {0};
	struct fake_snapshot first = fake_snapshot(f, "db", 1);
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};

	/* the same body: only the chain matters here */
	fixture_list(f, "db", &list);
	const struct snapshot_header *header = vec_at(&list.headers, 0);
	snapshot_header_init(&racing);
	racing.stream = mem_strdup("db");
	racing.seq = 1;
	racing.time_nsec = f->now + 1;
	memcpy(racing.body_hash, header->body_hash, 32);
	racing.body_size = header->body_size;
	fixture_put_header(f, f->writer->writer, &racing);
	audit_with(f, path, &before);
	assert_true(before.state_advanced);
	fixture_delete_header(f, "db", &first.committed);
	audit_with(f, path, &after);
	assert_int_equal(after.n_of[AUDIT_ALARM], 1);
}

static void test_audit_state_load__refuses_marks_of_another_repository(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = state_path(f);
	CLEANUP(audit_result_release) struct audit_result other = {0};
	struct audit_options options = audit_options_of(f);
	struct repo_fixture second = {0};
	struct audit_result result;
	struct err err = {0};

	assert_int_equal(repo_fixture_init(&second, 66, &err), 0);
	audit_with(&second, path, &other);
	options.state_path = path;
	assert_int_equal(audit_run(&options, &result, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_non_null(strstr(err.msg, "its marks are of another repository"));
	assert_int_equal(repo_fixture_release(&second), 0);
}

static void test_audit_state_load__names_the_place_of_damage(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = state_path(f);
	struct audit_options options = audit_options_of(f);
	static const char *const texts[] = {
		"", "{}", "{\"quipu_audit_state\": 1}",
		"{\"quipu_audit_state\": 1, \"repository_id\": \"xyz\"}"};
	struct audit_result result;

	options.state_path = path;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err err = {0};

		assert_int_equal(file_write(path, slice_of_string(texts[i]), 0600,
					    FILE_REPLACE, &err),
				 0);
		assert_int_equal(audit_run(&options, &result, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, "marks.json"));
		assert_non_null(strstr(err.hint, "this is no state file"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_audit_state__is_made_by_a_first_look),
		snapshot_test(test_audit_state__sees_a_lost_newest_snapshot),
		snapshot_test(test_audit_state__sees_a_shortened_key_log),
		snapshot_test(test_audit_state__stays_when_something_is_missing),
		snapshot_test(test_audit_state__marks_both_of_two_heads),
		snapshot_test(test_audit_state_load__refuses_marks_of_another_repository),
		snapshot_test(test_audit_state_load__names_the_place_of_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
