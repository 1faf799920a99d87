/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "repo/check.h"
#include "repo/tree_walk.h"
#include "support/sample_source.h"
#include "support/stored_snapshot.h"

struct fixture {
	struct snapshot_fixture *f;
	struct stored_snapshot s;
	struct check_options options; /* structure, without data */
	struct check_result result;
};

static int setup(void **state)
{
	struct fixture *x = mem_zalloc(sizeof(*x));
	void *f = NULL;

	if (snapshot_fixture_setup(&f) < 0)
		return -1;
	x->f = f;
	stored_back_up(x->f, sample_source_run);
	stored_open(x->f, &x->s);
	x->options = (struct check_options){
		.repo = x->f->r.repo,
		.keys = &x->f->r.writer->writer->dedup,
		.scratch_directory = x->f->r.directory,
		.n_threads = 2,
		.rng = &x->f->rng,
		.log = &x->f->log,
		.cancel = &x->s.cancel,
	};
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	void *f = x->f;

	check_result_release(&x->result);
	stored_close(&x->s);
	mem_free(x);
	return snapshot_fixture_teardown(&f);
}

static void use_reader(struct fixture *x)
{
	x->options.reader = key_reader(x->f->r.recovery);
	x->options.keys = &x->options.reader->dedup;
}

static void read_data(struct fixture *x, uint32_t part, uint32_t of)
{
	x->options.subset = (struct check_subset){part, of};
}

static void check(struct fixture *x)
{
	struct err err = {0};

	check_result_release(&x->result);
	x->result = (struct check_result){0};
	if (check_run(&x->options, &x->result, &err) < 0)
		fail_msg("%s", err.msg);
}

static const char *finding(const struct fixture *x, size_t i)
{
	const struct check_finding *one = vec_at(&x->result.findings, i);

	return one->text;
}

static bool has_finding(const struct fixture *x, enum check_severity severity,
			const char *text)
{
	for (size_t i = 0; i < x->result.findings.n; i++) {
		const struct check_finding *one = vec_at(&x->result.findings, i);

		if (one->severity == severity && strcmp(one->text, text) == 0)
			return true;
	}
	return false;
}

static void assert_finds(const struct fixture *x, enum check_severity severity,
			 const char *text)
{
	if (has_finding(x, severity, text))
		return;
	for (size_t i = 0; i < x->result.findings.n; i++)
		print_error("found: %s\n", finding(x, i));
	fail_msg("expected: %s", text);
}

static void assert_sound(const struct fixture *x)
{
	struct err err = {0};

	for (size_t i = 0; i < x->result.findings.n; i++)
		print_error("found: %s\n", finding(x, i));
	assert_int_equal(x->result.findings.n, 0);
	assert_int_equal(check_result_verdict(&x->result, &err), 0);
}

/* The pack of a's long file, which has more than one. */
static void data_pack(struct fixture *x, struct blob_place *place,
		      char key[static PACK_KEY_LEN], struct blob_ref *ret_chunk)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct tree_walk_options options = {
		.source = blob_reader_nodes(x->s.blobs),
		.root = &x->s.body.root,
		.root_content = &x->s.body.root_content,
	};
	struct err err = {0};
	bool end;

	if (tree_find(&options, "a/long", &entry, &content, &err) < 0)
		fail_msg("%s", err.msg);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *chunks =
		sequence_reader_new(BLOB_LIST, blob_reader_nodes(x->s.blobs), &content);
	assert_int_equal(sequence_reader_next_chunk(chunks, ret_chunk, &end, &err), 0);
	stored_place(&x->s, BLOB_DATA, ret_chunk, place, key);
}

static void test_check__finds_nothing_in_a_sound_repository(void **state)
{
	struct fixture *x = *state;

	check(x);
	assert_sound(x);
	assert_int_equal(x->result.level, CHECK_STRUCTURE);
	assert_int_equal(x->result.snapshots, 1);
	assert_int_equal(x->result.packs, index_n_packs(x->s.run.index));
	assert_int_equal(x->result.blobs, index_n_blobs(x->s.run.index));
	assert_int_equal(x->result.unreferenced_packs, 0);
	assert_int_equal(x->result.files, 0);
	assert_int_equal(x->result.packs_read, 0);
	assert_string_equal(x->f->logged, "");
}

static void test_check__goes_through_trees_with_a_readers_key(void **state)
{
	struct fixture *x = *state;

	use_reader(x);
	check(x);
	assert_sound(x);
	assert_int_equal(x->result.level, CHECK_TREES);
	assert_int_equal(x->result.files, SAMPLE_FILES + 1);
	assert_int_equal(x->result.directories, 4);
}

static void test_check__reads_everything_when_asked(void **state)
{
	struct fixture *x = *state;

	use_reader(x);
	read_data(x, 1, 1);
	check(x);
	assert_sound(x);
	assert_int_equal(x->result.packs_read, x->result.packs);
	assert_int_equal(x->result.bytes_read, x->result.pack_bytes);
	assert_int_equal(x->result.blobs_opened, x->result.blobs);
}

static void test_check__hashes_packs_with_a_writers_key(void **state)
{
	struct fixture *x = *state;

	read_data(x, 1, 1);
	check(x);
	assert_sound(x);
	assert_int_equal(x->result.packs_read, x->result.packs);
	assert_int_equal(x->result.blobs_opened, 0);
}

static void test_check__covers_all_packs_in_a_round(void **state)
{
	struct fixture *x = *state;
	uint64_t sum = 0;

	for (uint32_t part = 1; part <= 3; part++) {
		read_data(x, part, 3);
		check(x);
		sum += x->result.packs_read;
	}
	assert_int_equal(sum, x->result.packs);
}

static void test_check__passes_over_what_older_snapshots_share(void **state)
{
	struct fixture *x = *state;

	stored_back_up(x->f, sample_source_run);
	stored_close(&x->s);
	stored_open(x->f, &x->s);
	use_reader(x);
	check(x);
	assert_sound(x);
	assert_int_equal(x->result.snapshots, 2);
	assert_int_equal(x->result.files, SAMPLE_FILES + 1);
	assert_int_equal(x->result.directories, 4);
}

static void test_check__names_a_missing_pack(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	struct blob_ref chunk;
	char key[PACK_KEY_LEN];
	struct err err = {0};

	data_pack(x, &place, key, &chunk);
	stored_delete(x->f, key);
	check(x);
	CLEANUP(mem_freep)
	char *text = mem_printf("snapshot hosts/alpha 1: %s: it is missing", key);
	assert_finds(x, CHECK_DAMAGE, text);
	assert_int_equal(x->result.n_findings[CHECK_DAMAGE], 1);
	assert_int_equal(check_result_verdict(&x->result, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, text);
}

static void test_check__names_the_files_that_need_a_missing_pack(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	struct blob_ref chunk;
	char key[PACK_KEY_LEN];
	struct err err = {0};

	data_pack(x, &place, key, &chunk);
	stored_delete(x->f, key);
	use_reader(x);
	check(x);
	CLEANUP(mem_freep)
	char *text =
		mem_printf("snapshot hosts/alpha 1: file /a/long: it needs %s, which "
			   "is missing or damaged",
			   key);
	assert_finds(x, CHECK_DAMAGE, text);
	assert_int_equal(check_result_verdict(&x->result, &err), -1);
	assert_memory_equal(err.msg, "damage, the first of ", 21);
}

static void test_check__names_a_pack_of_another_size(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	struct blob_ref chunk;
	char key[PACK_KEY_LEN];
	CLEANUP(buf_release) struct buf pack;

	data_pack(x, &place, key, &chunk);
	stored_get(x->f, key, &pack);
	stored_put(x->f, key, slice_of(pack.data, pack.len - 1));
	check(x);
	CLEANUP(mem_freep)
	char *text = mem_printf("snapshot hosts/alpha 1: %s: %zu bytes, the pack list "
				"says %zu",
				key, pack.len - 1, pack.len);
	assert_finds(x, CHECK_DAMAGE, text);
	CLEANUP(mem_freep)
	char *trailer = mem_printf("%s: pack trailer: its tag does not fit", key);
	assert_finds(x, CHECK_DAMAGE, trailer);
}

static void test_check__sees_damage_of_data_only_when_it_reads_it(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	struct blob_ref chunk;
	char key[PACK_KEY_LEN];

	data_pack(x, &place, key, &chunk);
	stored_flip(x->f, key, place.offset + 3);
	use_reader(x);
	check(x);
	assert_sound(x);
	read_data(x, 1, 1);
	check(x);
	CLEANUP(mem_freep)
	char *hash = mem_printf("%s: its content is not what its name says", key);
	CLEANUP(mem_freep)
	char *blob = mem_printf("%s: blob %u: the tag does not fit", key, place.number);
	assert_finds(x, CHECK_DAMAGE, hash);
	assert_finds(x, CHECK_DAMAGE, blob);
	assert_int_equal(x->result.n_findings[CHECK_DAMAGE], 2);
	assert_int_equal(x->result.blobs_opened, x->result.blobs - 1);
}

static void test_check__names_the_directory_whose_node_is_damaged(void **state)
{
	struct fixture *x = *state;
	const struct blob_ref *top = &x->s.body.root_content.top;
	struct blob_place place;
	char key[PACK_KEY_LEN], id[17];

	stored_place(&x->s, BLOB_TREE, top, &place, key);
	stored_flip(x->f, key, place.offset);
	use_reader(x);
	check(x);
	for (unsigned i = 0; i < 8; i++)
		(void)snprintf(id + (size_t)2 * i, 3, "%02x", top->id.bytes[i]);
	CLEANUP(mem_freep)
	char *text = mem_printf("snapshot hosts/alpha 1: directory /: blob %s: %s: "
				"blob %u: the tag does not fit",
				id, key, place.number);
	assert_finds(x, CHECK_DAMAGE, text);
}

static void test_check__warns_when_fragments_are_gone(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	stored_delete_all(x->f, "index/");
	use_reader(x);
	check(x);
	assert_int_equal(x->result.n_findings[CHECK_WARNING], 1);
	assert_int_equal(x->result.n_findings[CHECK_DAMAGE], 0);
	assert_memory_equal(finding(x, 0), "index/hosts: ", 13);
	assert_non_null(
		strstr(finding(x, 0), " packs are in no fragment, the first is "));
	assert_int_equal(check_result_verdict(&x->result, &err), 0);
}

static void test_check__warns_when_the_index_says_something_else(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	struct blob_ref chunk;
	char key[PACK_KEY_LEN];

	data_pack(x, &place, key, &chunk);
	stored_lie_in_fragment(x->f, key, stored_lie_offset);
	check(x);
	CLEANUP(mem_freep)
	char *text =
		mem_printf("%s: the index says something else than its directory", key);
	assert_finds(x, CHECK_WARNING, text);
}

static void test_check__tells_a_lost_page_of_a_pack_list(void **state)
{
	struct fixture *x = *state;

	stored_delete_all(x->f, "packlists/");
	check(x);
	assert_finds(x, CHECK_DAMAGE,
		     "snapshot hosts/alpha 1: pack list: 1 pages cannot be read");
	assert_int_equal(x->result.unreferenced_packs, index_n_packs(x->s.run.index));
}

static void test_check__tells_a_missing_body(void **state)
{
	struct fixture *x = *state;
	char key[BODY_KEY_LEN];

	body_key(x->s.header.body_hash, key);
	stored_delete(x->f, key);
	check(x);
	CLEANUP(mem_freep)
	char *text = mem_printf("snapshot hosts/alpha 1: %s: it is missing", key);
	assert_finds(x, CHECK_DAMAGE, text);
}

static void test_check__tells_an_altered_body(void **state)
{
	struct fixture *x = *state;
	char key[BODY_KEY_LEN];

	body_key(x->s.header.body_hash, key);
	stored_flip(x->f, key, 300);
	check(x);
	CLEANUP(mem_freep)
	char *text = mem_printf("snapshot hosts/alpha 1: %s: its content is not what its "
				"name says",
				key);
	assert_finds(x, CHECK_DAMAGE, text);
}

static void test_check__raises_an_alarm_when_the_chain_has_a_gap(void **state)
{
	struct fixture *x = *state;
	CLEANUP(strings_release) struct strings keys;
	struct err err = {0};

	stored_back_up(x->f, sample_source_run);
	stored_list(x->f, "snapshots/", &keys);
	assert_int_equal(strings_count(&keys), 2);
	stored_delete(x->f, strings_at(&keys, 0));
	check(x);
	assert_true(x->result.n_findings[CHECK_ALARM] > 0);
	assert_int_equal(check_result_verdict(&x->result, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
}

static void test_check__counts_packs_that_no_snapshot_uses(void **state)
{
	struct fixture *x = *state;
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	struct err err = {0};

	snapshot_run_begin(x->f, &run);
	if (random_source_run(5, 100000, snapshot_writer_sink(run.writer), &err) < 0 ||
	    blob_writer_flush(run.blobs, &err) < 0)
		fail_msg("%s", err.msg);
	snapshot_run_release(&run); /* given up before the header */
	run = (struct snapshot_run){0};
	check(x);
	assert_sound(x);
	assert_true(x->result.unreferenced_packs > 0);
	assert_true(x->result.unreferenced_bytes > 1000);
	assert_int_equal(x->result.packs, index_n_packs(x->s.run.index));
}

static void test_check__notes_what_is_not_ours(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	stored_put(x->f, "packs/ab/readme.txt", slice_of_string("hello"));
	check(x);
	assert_finds(x, CHECK_NOTE, "packs/ab/readme.txt: not a pack's name");
	assert_int_equal(check_result_verdict(&x->result, &err), 0);
}

static void test_check__stops_when_interrupted(void **state)
{
	struct fixture *x = *state;
	struct check_result result;
	struct err err = {0};

	cancel_set(&x->s.cancel, SIGINT);
	assert_int_equal(check_run(&x->options, &result, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

static void test_check__is_content_with_an_empty_repository(void **state)
{
	struct fixture *x = *state;
	struct repo_fixture r = {0};
	struct err err = {0};

	if (repo_fixture_init(&r, 99, &err) < 0)
		fail_msg("%s", err.msg);
	x->options.repo = r.repo;
	x->options.keys = &r.writer->writer->dedup;
	read_data(x, 1, 1);
	check(x);
	assert_sound(x);
	assert_int_equal(x->result.snapshots, 0);
	assert_int_equal(x->result.packs, 0);
	assert_int_equal(repo_fixture_release(&r), 0);
}

#define check_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(test_check__finds_nothing_in_a_sound_repository),
		check_test(test_check__goes_through_trees_with_a_readers_key),
		check_test(test_check__reads_everything_when_asked),
		check_test(test_check__hashes_packs_with_a_writers_key),
		check_test(test_check__covers_all_packs_in_a_round),
		check_test(test_check__passes_over_what_older_snapshots_share),
		check_test(test_check__names_a_missing_pack),
		check_test(test_check__names_the_files_that_need_a_missing_pack),
		check_test(test_check__names_a_pack_of_another_size),
		check_test(test_check__sees_damage_of_data_only_when_it_reads_it),
		check_test(test_check__names_the_directory_whose_node_is_damaged),
		check_test(test_check__warns_when_fragments_are_gone),
		check_test(test_check__warns_when_the_index_says_something_else),
		check_test(test_check__tells_a_lost_page_of_a_pack_list),
		check_test(test_check__tells_a_missing_body),
		check_test(test_check__tells_an_altered_body),
		check_test(test_check__raises_an_alarm_when_the_chain_has_a_gap),
		check_test(test_check__counts_packs_that_no_snapshot_uses),
		check_test(test_check__notes_what_is_not_ours),
		check_test(test_check__stops_when_interrupted),
		check_test(test_check__is_content_with_an_empty_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
