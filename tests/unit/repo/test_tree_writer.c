/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "repo/tree_writer.h"
#include "support/fake_blob_writer.h"
#include "support/random_source.h"
#include "support/record_sink.h"
#include "support/tempdir.h"

enum { CONTENT_MAX = 300 };

struct fixture {
	struct dedup_keys keys;
	struct repo_identity identity;
	struct blob_writer blobs;
	struct file_cache_owner owner;
	struct rng rng;
	struct tree_writer_options options;
};

static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){.rng = rng_seeded(1)};
	secret_set(&f->keys.blob_id, "blob id key blob id key blob id ", 32);
	secret_set(&f->keys.tree, "tree key tree key tree key tree ", 32);
	secret_set(&f->keys.cache, "cache key cache key cache key ca", 32);
	fake_blob_writer_init(&f->blobs, &f->keys.blob_id);
	f->owner = (struct file_cache_owner){&f->keys.cache, &f->identity, "s"};
	f->options = (struct tree_writer_options){.blobs = &f->blobs, .keys = &f->keys};
}

static void fixture_release(struct fixture *f)
{
	assert_int_equal(f->blobs.n_tickets, 0);
	fake_blob_writer_release(&f->blobs);
	secret_release(&f->keys.blob_id);
	secret_release(&f->keys.tree);
	secret_release(&f->keys.cache);
}

/* --- reading it back --- */

struct reading {
	const struct node_store *store;
	const struct record_sink *record;
	size_t n_seen;
};

static void append_blob(const struct node_store *store, const struct blob_ref *chunk,
			struct buf *content)
{
	const struct buf *blob = node_store_get(store, &chunk->id);

	assert_non_null(blob);
	assert_int_equal(blob->data[0], BLOB_DATA);
	assert_int_equal(blob->len - 1, chunk->raw_len);
	buf_append(content, blob->data + 1, blob->len - 1);
}

static void read_content(const struct node_store *store, const struct content_ref *ref,
			 struct buf *content)
{
	struct vec chunks;

	vec_init(&chunks, sizeof(struct blob_ref));
	if (ref->kind == CONTENT_NODE)
		naive_chunks(store, ref->top.id.bytes, ref->level, ref->top.raw_len,
			     &chunks);
	for (size_t i = 0; i < chunks.n; i++)
		append_blob(store, vec_at(&chunks, i), content);
	for (size_t i = 0; i < ref->chunks.n; i++)
		append_blob(store, vec_at(&ref->chunks, i), content);
	vec_release(&chunks);
}

static void compare_entry(struct reading *reading, const char *path,
			  const struct entry *entry, const struct content_ref *ref);

static void read_directory(struct reading *reading, const char *path,
			   const struct content_ref *ref)
{
	struct vec entries;

	vec_init(&entries, sizeof(struct slice));
	if (ref->kind == CONTENT_NODE)
		naive_entries(reading->store, ref->top.id.bytes, ref->level,
			      ref->top.raw_len, &entries);
	for (size_t i = 0; i < entries.n; i++) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};
		CLEANUP(mem_freep) char *below = NULL;
		struct err err = {0};

		assert_int_equal(tree_entry_decode(*(struct slice *)vec_at(&entries, i),
						   &entry, &content, &err),
				 0);
		below = path_join(path, entry.name);
		compare_entry(reading, below, &entry, &content);
	}
	vec_release(&entries);
}

static void compare_entry(struct reading *reading, const char *path,
			  const struct entry *entry, const struct content_ref *ref)
{
	const struct record_node *node = record_sink_find(reading->record, path);
	CLEANUP(buf_release) struct buf content = {0};

	assert_non_null(node);
	reading->n_seen++;
	assert_int_equal(entry->type, node->entry.type);
	assert_int_equal(entry->mode, node->entry.mode);
	assert_int_equal(entry->mtime_nsec, node->entry.mtime_nsec);
	if (entry->type == ENTRY_DIRECTORY) {
		read_directory(reading, path, ref);
		return;
	}
	buf_init(&content, 0);
	read_content(reading->store, ref, &content);
	assert_int_equal(content.len, entry->size);
	assert_int_equal(content.len, node->content_len);
	if (content.len > 0)
		assert_memory_equal(content.data, node->content.data, content.len);
}

/* The written tree is what a source of that seed says. */
static void assert_holds_source(const struct fixture *f,
				const struct tree_written *written, uint64_t seed)
{
	struct record_sink *record = record_sink_new();
	struct reading reading = {.store = &f->blobs.store, .record = record};
	struct err err = {0};

	assert_int_equal(random_source_run(seed, CONTENT_MAX, &record->sink, &err), 0);
	assert_null(record->broken);
	compare_entry(&reading, "", &written->root, &written->root_content);
	assert_int_equal(reading.n_seen, record->nodes.n);
	record_sink_free(record);
}

static void write_tree(struct fixture *f, uint64_t seed, struct tree_written *ret_written)
{
	CLEANUP(tree_writer_freep)
	struct tree_writer *writer = tree_writer_new(&f->options);
	struct err err = {0};

	if (random_source_run(seed, CONTENT_MAX, tree_writer_sink(writer), &err) < 0 ||
	    tree_writer_finish(writer, ret_written, &err) < 0)
		fail_msg("%s", err.msg);
}

/* --- tests --- */

static void test_tree_writer__random_trees_come_back(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		CLEANUP(tree_written_release) struct tree_written written = {0};
		struct fixture f;

		fixture_init(&f);
		f.blobs.is_slow = seed % 2 == 1;
		f.options.pending_max = seed % 3 == 0 ? 0 : 1 + seed % 7;
		write_tree(&f, seed, &written);
		assert_holds_source(&f, &written, seed);
		fixture_release(&f);
	}
}

static void test_tree_writer__the_same_tree_twice(void **state)
{
	CLEANUP(tree_written_release) struct tree_written first = {0};
	CLEANUP(tree_written_release) struct tree_written second = {0};
	struct fixture f;
	size_t n_new;

	(void)state;
	fixture_init(&f);
	write_tree(&f, 5, &first);
	n_new = f.blobs.store.n_new;
	f.blobs.is_slow = true;
	f.options.pending_max = 3;
	write_tree(&f, 5, &second);
	assert_int_equal(f.blobs.store.n_new, n_new);
	assert_memory_equal(&first.root_content.top, &second.root_content.top,
			    sizeof(first.root_content.top));
	assert_int_equal(first.files, second.files);
	assert_int_equal(first.bytes, second.bytes);
	fixture_release(&f);
}

/* Begins a root directory by hand. */
static struct tree_sink *begin(struct tree_writer *writer)
{
	CLEANUP(entry_release) struct entry root = {0};
	struct tree_sink *sink = tree_writer_sink(writer);
	struct err err = {0};

	entry_init(&root, ENTRY_DIRECTORY, "");
	assert_int_equal(sink->ops->open_directory(sink, &root, &err), 0);
	return sink;
}

static void end(struct tree_writer *writer, struct tree_written *ret_written)
{
	struct tree_sink *sink = tree_writer_sink(writer);
	struct err err = {0};

	assert_int_equal(sink->ops->close_directory(sink, &err), 0);
	assert_int_equal(tree_writer_finish(writer, ret_written, &err), 0);
}

static void add_sized(struct tree_sink *sink, const char *name, size_t len)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct content *content = NULL;
	struct err err = {0};

	entry_init(&entry, ENTRY_FILE, name);
	entry.size = len;
	if (len > 0)
		assert_int_equal(random_content(sink, len, len, &content, &err), 0);
	assert_int_equal(sink->ops->add(sink, &entry, content, &RANDOM_IDENTITY, &err),
			 0);
}

static void test_tree_writer__a_long_file_has_list_nodes(void **state)
{
	CLEANUP(tree_written_release) struct tree_written written = {0};
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref ref = {0};
	CLEANUP(buf_release) struct buf content = {0};
	struct vec entries;
	struct err err = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.blobs.is_slow = true;
	writer = tree_writer_new(&f.options);
	add_sized(begin(writer), "long", 100001);
	end(writer, &written);
	vec_init(&entries, sizeof(struct slice));
	naive_entries(&f.blobs.store, written.root_content.top.id.bytes, 0,
		      written.root_content.top.raw_len, &entries);
	assert_int_equal(tree_entry_decode(*(struct slice *)vec_at(&entries, 0), &entry,
					   &ref, &err),
			 0);
	assert_int_equal(ref.kind, CONTENT_NODE);
	buf_init(&content, 0);
	read_content(&f.blobs.store, &ref, &content);
	assert_int_equal(content.len, 100001);
	vec_release(&entries);
	fixture_release(&f);
}

static void test_tree_writer__a_large_directory(void **state)
{
	CLEANUP(tree_written_release) struct tree_written written = {0};
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	struct tree_sink *sink;
	struct vec entries;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.blobs.is_slow = true;
	writer = tree_writer_new(&f.options);
	sink = begin(writer);
	for (unsigned i = 0; i < 100000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%08u", i);
		add_sized(sink, name, 1 + i % 3);
	}
	end(writer, &written);
	assert_int_equal(written.files, 100000);
	assert_int_equal(written.bytes, 199999);
	vec_init(&entries, sizeof(struct slice));
	naive_entries(&f.blobs.store, written.root_content.top.id.bytes,
		      written.root_content.level, written.root_content.top.raw_len,
		      &entries);
	assert_int_equal(entries.n, 100000);
	vec_release(&entries);
	fixture_release(&f);
}

/* --- unchanged files --- */

static void run_with_cache(struct fixture *f, const char *directory, uint64_t seed,
			   struct tree_written *ret_written)
{
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *next = NULL;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	uint8_t id[32] = {0};

	cache = file_cache_open(directory, &f->owner, NULL, id);
	next = file_cache_writer_open(directory, &f->owner, &f->rng, NULL);
	f->options.cache = cache;
	f->options.cache_writer = next;
	write_tree(f, seed, ret_written);
	file_cache_writer_commit(next, id);
}

static void test_tree_writer__unchanged_files_are_not_read(void **state)
{
	CLEANUP(tree_written_release) struct tree_written first = {0};
	CLEANUP(tree_written_release) struct tree_written second = {0};
	CLEANUP(tree_written_release) struct tree_written third = {0};
	struct fixture f;
	size_t n_data;

	fixture_init(&f);
	run_with_cache(&f, *state, 5, &first);
	n_data = f.blobs.n_data;
	assert_true(n_data > 100);
	run_with_cache(&f, *state, 5, &second);
	run_with_cache(&f, *state, 5, &third); /* by the cache of the second */
	assert_int_equal(f.blobs.n_data, n_data);
	assert_memory_equal(&first.root_content.top, &third.root_content.top,
			    sizeof(first.root_content.top));
	assert_int_equal(first.bytes, third.bytes);
	fixture_release(&f);
}

static void ask(struct fixture *f, const char *directory, bool expected)
{
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	CLEANUP(file_cache_freep) struct file_cache *cache = NULL;
	struct content *content = NULL;
	struct tree_sink *sink;
	struct err err = {0};
	uint8_t id[32];

	cache = file_cache_open(directory, &f->owner, NULL, id);
	assert_non_null(cache);
	f->options.cache = cache;
	writer = tree_writer_new(&f->options);
	sink = begin(writer);
	assert_int_equal(
		sink->ops->unchanged(sink, "f", &RANDOM_IDENTITY, &content, &err), 0);
	assert_int_equal(content != NULL, expected);
	if (content != NULL)
		sink->ops->abandon_content(content);
}

static void cache_one_file(struct fixture *f, const char *directory, size_t len)
{
	CLEANUP(tree_written_release) struct tree_written written = {0};
	CLEANUP(file_cache_writer_freep) struct file_cache_writer *next = NULL;
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	const uint8_t id[32] = {0};

	next = file_cache_writer_open(directory, &f->owner, &f->rng, NULL);
	f->options.cache_writer = next;
	writer = tree_writer_new(&f->options);
	add_sized(begin(writer), "f", len);
	end(writer, &written);
	file_cache_writer_commit(next, id);
	f->options.cache_writer = NULL;
}

static void lose_last_chunk(struct fixture *f, size_t len)
{
	struct rng rng = rng_seeded(len);
	CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(len);
	size_t at = (len - 1) / FAKE_CHUNK_LEN * FAKE_CHUNK_LEN;

	rng_fill(&rng, bytes, len);
	node_store_id(&f->blobs.store, BLOB_DATA, slice_of(bytes + at, len - at),
		      &f->blobs.lost);
}

static void test_tree_writer__a_file_whose_blob_is_lost_is_read_again(void **state)
{
	static const size_t lengths[] = {10, 100, 20000};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct fixture f;

		fixture_init(&f);
		cache_one_file(&f, *state, lengths[i]);
		ask(&f, *state, true);
		lose_last_chunk(&f, lengths[i]);
		ask(&f, *state, false);
		fixture_release(&f);
	}
}

/* --- warnings, facts, limits --- */

static void test_tree_writer_warn__keeps_the_first_thousand(void **state)
{
	CLEANUP(tree_written_release) struct tree_written written = {0};
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	struct tree_sink *sink;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	writer = tree_writer_new(&f.options);
	sink = begin(writer);
	sink->ops->warn(sink, WARN_NOTE, "/s", "is a socket: skipped");
	for (unsigned i = 0; i < 1500; i++)
		sink->ops->warn(sink, WARN_UNREADABLE, "/x", "cannot be read");
	sink->ops->facts(sink, "{\"a\":1}");
	end(writer, &written);
	assert_int_equal(written.warnings, 1501);
	assert_int_equal(written.unreadable, 1500);
	assert_int_equal(strings_count(&written.texts), 1000);
	assert_string_equal(strings_at(&written.texts, 0),
			    "note: /s: is a socket: skipped");
	assert_string_equal(strings_at(&written.texts, 999),
			    "unreadable: /x: cannot be read");
	assert_string_equal(written.facts, "{\"a\":1}");
	fixture_release(&f);
}

static void test_tree_writer_add__attributes_beyond_the_limit_are_left_out(void **state)
{
	CLEANUP(tree_written_release) struct tree_written written = {0};
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(mem_freep) uint8_t *value = mem_zalloc(ENTRY_XATTR_VALUE_MAX);
	struct tree_sink *sink;
	struct err err = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	entry_init(&entry, ENTRY_FIFO, "p");
	for (unsigned i = 0; i < 40; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "user.%02u", i & 0xff);
		entry_add_xattr(&entry, name, slice_of(value, ENTRY_XATTR_VALUE_MAX));
	}
	writer = tree_writer_new(&f.options);
	sink = begin(writer);
	assert_int_equal(sink->ops->add(sink, &entry, NULL, NULL, &err), 0);
	end(writer, &written);
	assert_int_equal(written.root_content.kind, CONTENT_NODE);
	assert_int_equal(written.unreadable, 1);
	assert_string_equal(
		strings_at(&written.texts, 0),
		"unreadable: /p: metadata takes more than the 2097152 bytes of "
		"an entry: stored without extended attributes and facts");
	fixture_release(&f);
}

/* --- breaches and failures --- */

static void test_tree_writer_finish__refuses_a_tree_that_is_open(void **state)
{
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	struct tree_written written;
	struct err err = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	writer = tree_writer_new(&f.options);
	assert_int_equal(tree_writer_finish(writer, &written, &err), -1);
	assert_string_equal(err.msg, "the source left no tree");
	begin(writer);
	assert_int_equal(tree_writer_finish(writer, &written, &err), -1);
	assert_string_equal(err.msg, "the source left directories open");
	assert_int_equal(err.code, ERR_BUG);
	fixture_release(&f);
}

static void test_tree_writer_add__refuses_content_of_another_length(void **state)
{
	CLEANUP(tree_writer_freep) struct tree_writer *writer = NULL;
	CLEANUP(entry_release) struct entry entry = {0};
	struct content *content = NULL;
	struct tree_sink *sink;
	struct err err = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	writer = tree_writer_new(&f.options);
	sink = begin(writer);
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 10;
	assert_int_equal(random_content(sink, 1, 9, &content, &err), 0);
	assert_int_equal(sink->ops->add(sink, &entry, content, NULL, &err), -1);
	assert_string_equal(err.msg,
			    "the source's content does not have the file's length");
	fixture_release(&f);
}

/* Every call of the blob writer fails once: the error comes out, nothing is left behind. */
static void test_tree_writer__passes_every_failure_on(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n += 1 + n / 50) {
		struct tree_writer *writer;
		struct tree_written written = {0};
		struct err err = {0};
		struct fixture f;

		fixture_init(&f);
		f.blobs.fail_call = n;
		f.blobs.is_slow = n % 2 == 0;
		f.options.pending_max = 20;
		writer = tree_writer_new(&f.options);
		failed = random_source_run(5, CONTENT_MAX, tree_writer_sink(writer),
					   &err) < 0 ||
			 tree_writer_finish(writer, &written, &err) < 0;
		assert_string_equal(err.msg, failed ? "planted failure" : "");
		assert_int_equal(failed, f.blobs.n_calls >= n);
		tree_written_release(&written);
		tree_writer_free(writer);
		fixture_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_writer__random_trees_come_back),
		cmocka_unit_test(test_tree_writer__the_same_tree_twice),
		cmocka_unit_test(test_tree_writer__a_long_file_has_list_nodes),
		cmocka_unit_test(test_tree_writer__a_large_directory),
		tempdir_test(test_tree_writer__unchanged_files_are_not_read),
		tempdir_test(test_tree_writer__a_file_whose_blob_is_lost_is_read_again),
		cmocka_unit_test(test_tree_writer_warn__keeps_the_first_thousand),
		cmocka_unit_test(
			test_tree_writer_add__attributes_beyond_the_limit_are_left_out),
		cmocka_unit_test(test_tree_writer_finish__refuses_a_tree_that_is_open),
		cmocka_unit_test(test_tree_writer_add__refuses_content_of_another_length),
		cmocka_unit_test(test_tree_writer__passes_every_failure_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
