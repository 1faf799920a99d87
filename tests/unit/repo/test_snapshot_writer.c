/* SPDX-License-Identifier: Apache-2.0 */
/* A whole run against the real parts, with a store in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/encoding.h"
#include "repo/body_reader.h"
#include "repo/packlist.h"
#include "support/snapshot_run.h"

static const struct file_identity IDENTITY = {
	.size = 1, .inode = 2, .mtime_nsec = 3, .ctime_nsec = 4, .read_nsec = INT64_MAX};

/* Adds a file of random bytes, unless the cache has it. True when it was read. */
static bool add_file(struct tree_sink *sink, const char *name, uint64_t seed, size_t len)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct rng rng = rng_seeded(seed);
	struct content *content = NULL;
	struct stream *stream = NULL;
	struct err err = {0};
	bool read;

	entry_init(&entry, ENTRY_FILE, name);
	entry.size = len;
	assert_int_equal(sink->ops->unchanged(sink, name, &IDENTITY, &content, &err), 0);
	read = content == NULL;
	if (read) {
		CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(len);

		rng_fill(&rng, bytes, len);
		assert_int_equal(
			sink->ops->open_stream(sink, CUT_BY_CONTENT, &stream, &err), 0);
		assert_int_equal(
			tree_sink_write(sink, stream, slice_of(bytes, len), &err), 0);
		assert_int_equal(sink->ops->close_stream(stream, &content, &err), 0);
	}
	assert_int_equal(sink->ops->add(sink, &entry, content, &IDENTITY, &err), 0);
	return read;
}

/* Files from 1 byte to a few MiB in two directories. How many were read. */
static unsigned run_source(struct tree_sink *sink, uint64_t seed)
{
	static const size_t lengths[] = {1, 100, 70000, 3000000, 5};
	static const char *const names[] = {"", "data"};
	struct err err = {0};
	unsigned n = 0;

	for (size_t d = 0; d < ARRAY_SIZE(names); d++) {
		CLEANUP(entry_release) struct entry entry = {0};

		entry_init(&entry, ENTRY_DIRECTORY, names[d]);
		assert_int_equal(sink->ops->open_directory(sink, &entry, &err), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const char name[2] = {(char)('a' + i), '\0'};

		n += add_file(sink, name, seed + i, lengths[i]);
	}
	sink->ops->warn(sink, WARN_NOTE, "/data/s", "is a socket: skipped");
	sink->ops->facts(sink, "{\"a\":1}");
	for (size_t d = 0; d < ARRAY_SIZE(names); d++)
		assert_int_equal(sink->ops->close_directory(sink, &err), 0);
	return n;
}

/* One whole run; how many files were read. */
static unsigned run_once(struct snapshot_fixture *f, uint64_t seed,
			 struct snapshot_result *ret_result)
{
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	struct err err = {0};
	unsigned n;

	snapshot_run_begin(f, &run);
	n = run_source(snapshot_writer_sink(run.writer), seed);
	if (snapshot_writer_finish(run.writer, ret_result, &err) < 0)
		fail_msg("%s", err.msg);
	return n;
}

static void load(struct snapshot_fixture *f, struct snapshot_list *list, size_t n)
{
	struct err err = {0};

	if (snapshot_list_load(f->r.repo, "hosts/alpha", NULL, list, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(strings_count(&list->alarms), 0);
	assert_int_equal(list->headers.n, n);
}

static void test_snapshot_writer_finish__commits_a_header(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	const struct snapshot_header *header;
	struct snapshot_fixture *f = *state;

	assert_int_equal(run_once(f, 1, &result), 5);
	load(f, &list, 1);
	header = vec_at(&list.headers, 0);
	assert_memory_equal(header->id, result.id, 32);
	assert_int_equal(header->seq, 1);
	assert_string_equal(header->domain, "hosts");
	assert_int_equal(header->files, 5);
	assert_int_equal(header->bytes, 3070106);
	assert_int_equal(header->warnings, 1);
	assert_int_equal(header->start_nsec, f->r.now);
	assert_int_equal(header->time_nsec, result.time_nsec);
	assert_int_equal(header->n_packs, result.n_packs);
	assert_int_equal(header->new_bytes, result.new_bytes);
	assert_true(result.new_bytes > 3070106);
	assert_true(header->stored_bytes > 3000000);
	assert_int_equal(header->epochs.n, 1);
	assert_int_equal(result.unreadable, 0);
	assert_int_equal(result.warnings, 1);
	assert_string_equal(strings_at(&result.texts, 0),
			    "note: /data/s: is a socket: skipped");
	assert_string_equal(f->logged, "");
}

static int count_pack(void *arg, const struct packlist_entry *entry, struct err *err)
{
	(void)entry;
	(void)err;
	++*(uint64_t *)arg;
	return 0;
}

static void test_snapshot_writer_finish__lists_its_packs(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	const struct snapshot_header *header;
	struct snapshot_fixture *f = *state;
	struct packlist_source source = {.store = f->r.store};
	struct err err = {0};
	uint64_t n = 0;

	run_once(f, 1, &result);
	load(f, &list, 1);
	header = vec_at(&list.headers, 0);
	assert_int_equal(
		packlist_read(&source, header->packlist_root, count_pack, &n, &err), 0);
	assert_int_equal(n, header->n_packs);
	assert_true(n >= 3);
}

static void test_snapshot_writer_finish__describes_it_in_the_body(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	struct snapshot_fixture *f = *state;
	const struct reader_key *reader = key_reader(f->r.recovery);
	const struct body_tag *tag;
	struct epoch_keys *epochs = NULL;
	struct err err = {0};

	run_once(f, 1, &result);
	load(f, &list, 1);
	epochs = epoch_keys_new(f->r.repo, reader, vec_at(&list.headers, 0));
	if (body_read(f->r.repo, reader, epochs, vec_at(&list.headers, 0), &body, &err) <
	    0)
		fail_msg("%s", err.msg);
	epoch_keys_free(epochs);
	assert_string_equal(strings_at(&body.paths, 0), "/data");
	assert_string_equal(body.host, "alpha");
	assert_string_equal(body.user, "ada");
	assert_string_equal(body.program, "quipu-backup test");
	assert_string_equal(body.source_kind, "files");
	assert_string_equal(body.facts, "{\"a\":1}");
	tag = vec_at(&body.tags, 0);
	assert_string_equal(tag->key, "why");
	assert_string_equal(tag->value, "a=b");
	assert_int_equal(body.root_content.kind, CONTENT_NODE);
	assert_true(body.fragments.n >= 1);
	assert_int_equal(strings_count(&body.warnings), 1);
}

static void test_snapshot_writer__a_second_run_stores_nothing_new(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result first = {0};
	CLEANUP(snapshot_result_release) struct snapshot_result second = {0};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	const struct snapshot_header *headers;
	struct snapshot_fixture *f = *state;

	run_once(f, 1, &first);
	f->r.now += 1000;
	assert_int_equal(run_once(f, 1, &second), 0); /* by the file cache */
	assert_int_equal(second.new_bytes, 0);
	assert_int_equal(second.bytes, first.bytes);
	load(f, &list, 2);
	headers = list.headers.data;
	assert_int_equal(headers[1].seq, 2);
	assert_memory_equal(headers[0].packlist_root, headers[1].packlist_root, 32);
	assert_string_equal(f->logged, "");
}

static void test_snapshot_writer__without_a_cache_all_is_read_again(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result first = {0};
	CLEANUP(snapshot_result_release) struct snapshot_result second = {0};
	struct snapshot_fixture *f = *state;

	run_once(f, 1, &first);
	mem_free(f->cache_directory);
	f->cache_directory = NULL;
	assert_int_equal(run_once(f, 1, &second), 5);
	assert_int_equal(second.new_bytes, 0);
}

static void test_snapshot_writer_new__says_that_a_snapshot_is_gone(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result first = {0};
	CLEANUP(snapshot_result_release) struct snapshot_result second = {0};
	struct snapshot_fixture *f = *state;
	struct repo_fixture *r = &f->r;
	CLEANUP(mem_freep) char *key = NULL;
	char hex[HEX_LEN(32) + 1];
	struct err err = {0};

	run_once(f, 1, &first);
	key = mem_printf("snapshots/hosts/alpha/0000000001-%s",
			 hex_encode(slice_of(first.id, 32), hex, sizeof(hex)));
	assert_int_equal(store_delete(r->store, key, NULL, &err), 0);
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	snapshot_run_begin(f, &run);
	const struct strings *alarms = snapshot_writer_alarms(run.writer);
	assert_int_equal(strings_count(alarms), 1);
	assert_non_null(strstr(strings_at(alarms, 0),
			       ", which this machine committed, is "
			       "gone from the repository"));
	snapshot_run_release(&run);
	run = (struct snapshot_run){0};
	assert_int_equal(run_once(f, 1, &second), 5); /* the cache does not count */
}

static int count_one(void *arg, const char *key, const struct store_info *info,
		     struct err *err)
{
	(void)key;
	(void)info;
	(void)err;
	++*(uint64_t *)arg;
	return 0;
}

static uint64_t count_objects(struct snapshot_fixture *f, const char *prefix)
{
	struct err err = {0};
	uint64_t n = 0;

	assert_int_equal(store_list(f->r.store, prefix, count_one, &n, NULL, &err), 0);
	return n;
}

static void test_snapshot_writer_finish__a_dry_run_writes_nothing(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	struct snapshot_fixture *f = *state;
	uint64_t before = count_objects(f, "");

	f->dry_run = true;
	assert_int_equal(run_once(f, 1, &result), 5);
	assert_true(result.is_dry_run);
	assert_int_equal(result.files, 5);
	assert_true(result.new_bytes > 3070106);
	assert_int_equal(result.time_nsec, f->r.now); /* which stands still */
	assert_int_equal(count_objects(f, ""), before);
	assert_int_equal(access(f->cache_directory, F_OK), -1);
}

static void test_snapshot_writer_free__without_a_finish_names_nothing(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	struct snapshot_fixture *f = *state;
	struct snapshot_run run;

	snapshot_run_begin(f, &run);
	run_source(snapshot_writer_sink(run.writer), 1);
	snapshot_run_release(&run);
	assert_int_equal(count_objects(f, "snapshots/"), 0);
	assert_int_equal(count_objects(f, "bodies/"), 0);
	assert_int_equal(count_objects(f, "packlists/"), 0);
	assert_int_equal(run_once(f, 1, &result), 5);
}

static void test_snapshot_writer_finish__an_interruption_commits_nothing(void **state)
{
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	struct snapshot_result result;
	struct snapshot_fixture *f = *state;
	struct err err = {0};

	snapshot_run_begin(f, &run);
	run_source(snapshot_writer_sink(run.writer), 1);
	cancel_set(&f->cancel, 15);
	assert_int_equal(snapshot_writer_finish(run.writer, &result, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_int_equal(count_objects(f, "snapshots/"), 0);
}

static void assert_refused(struct snapshot_fixture *f, const char *stream,
			   enum err_code code, const char *text)
{
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	struct err err = {0};

	snapshot_run_index(f, &run);
	snapshot_run_blobs(f, &run);
	assert_int_equal(snapshot_run_writer(f, &run, stream, &err), -1);
	assert_string_equal(err.msg, text);
	assert_int_equal(err.code, code);
}

static void test_snapshot_writer_new__refuses_a_tag_without_a_key(void **state)
{
	struct snapshot_fixture *f = *state;

	strings_add(&f->tags, "=x");
	assert_refused(f, "hosts/alpha", ERR_USAGE, "tag =x: expected KEY=VALUE");
}

static void test_snapshot_writer_new__refuses_a_prefix_of_a_stream(void **state)
{
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	struct snapshot_fixture *f = *state;
	struct err err = {0};

	run_once(f, 1, &result);
	snapshot_run_index(f, &run);
	snapshot_run_blobs(f, &run);
	assert_int_equal(snapshot_run_writer(f, &run, "hosts", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
}

#define whole_test(fn)                                                                   \
	cmocka_unit_test_setup_teardown(fn, snapshot_fixture_setup,                      \
					snapshot_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		whole_test(test_snapshot_writer_finish__commits_a_header),
		whole_test(test_snapshot_writer_finish__lists_its_packs),
		whole_test(test_snapshot_writer_finish__describes_it_in_the_body),
		whole_test(test_snapshot_writer__a_second_run_stores_nothing_new),
		whole_test(test_snapshot_writer__without_a_cache_all_is_read_again),
		whole_test(test_snapshot_writer_new__says_that_a_snapshot_is_gone),
		whole_test(test_snapshot_writer_finish__a_dry_run_writes_nothing),
		whole_test(test_snapshot_writer_free__without_a_finish_names_nothing),
		whole_test(test_snapshot_writer_finish__an_interruption_commits_nothing),
		whole_test(test_snapshot_writer_new__refuses_a_tag_without_a_key),
		whole_test(test_snapshot_writer_new__refuses_a_prefix_of_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
