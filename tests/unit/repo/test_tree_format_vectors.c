/* SPDX-License-Identifier: Apache-2.0 */
/* lib/ against docs/format/vectors/tree.json, which another implementation computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "format/encoding.h"
#include "format/json.h"
#include "repo/body_format.h"
#include "repo/sequence_writer.h"
#include "support/node_store.h"

#define VECTORS "docs/format/vectors/tree.json"

/* --- reading the file --- */

static int load(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};
	struct value *document = NULL;
	struct err err = {0};

	if (file_read(VECTORS, 1024 * 1024, &text, &err) < 0 ||
	    json_parse(buf_slice(&text), VECTORS, 1024 * 1024, &document, &err) < 0)
		return -1;
	*state = document;
	return 0;
}

static int unload(void **state)
{
	value_free(*state);
	return 0;
}

static const char *text(const struct value *value)
{
	const char *found = NULL;
	struct err err = {0};

	assert_non_null(value);
	if (value_as_text(value, &found, &err) < 0)
		fail_msg("%s", err.msg);
	return found;
}

static int64_t number(const struct value *value)
{
	struct err err = {0};
	int64_t found = 0;

	if (value != NULL && value_as_int(value, &found, &err) < 0)
		fail_msg("%s", err.msg);
	return found;
}

static const struct value *get(const struct value *table, const char *key)
{
	return value_get(table, key);
}

static size_t count(const struct value *list)
{
	return list != NULL ? value_count(list) : 0;
}

static void hex(const struct value *value, struct buf *bytes)
{
	struct slice digits = slice_of_string(text(value));
	struct err err = {0};

	buf_init(bytes, 65536);
	if (hex_decode(digits, buf_extend(bytes, digits.len / 2), digits.len / 2, &err) <
	    0)
		fail_msg("%s", err.msg);
}

static char *optional_text(const struct value *value)
{
	return value != NULL ? mem_strdup(text(value)) : NULL;
}

static struct blob_ref ref_of(const struct value *pair, size_t first)
{
	struct blob_ref ref = {.raw_len = (uint32_t)number(value_at(pair, first + 1))};
	struct err err = {0};

	assert_int_equal(hex_decode(slice_of_string(text(value_at(pair, first))),
				    ref.id.bytes, BLOB_ID_LEN, &err),
			 0);
	return ref;
}

/* --- entries --- */

static void take_lists(const struct value *fields, struct entry *entry)
{
	const struct value *list = get(fields, "extents");

	for (size_t i = 0; i < count(list); i++)
		entry_add_extent(entry, (uint64_t)number(value_at(value_at(list, i), 0)),
				 (uint64_t)number(value_at(value_at(list, i), 1)));
	list = get(fields, "xattrs");
	for (size_t i = 0; i < count(list); i++) {
		CLEANUP(buf_release) struct buf value = {0};

		hex(value_at(value_at(list, i), 1), &value);
		entry_add_xattr(entry, text(value_at(value_at(list, i), 0)),
				buf_slice(&value));
	}
	list = get(fields, "facts");
	for (size_t i = 0; i < count(list); i++)
		entry_add_fact(entry, text(value_at(value_at(list, i), 0)), "%s",
			       text(value_at(value_at(list, i), 1)));
}

static void take_content(const struct value *fields, struct content_ref *content)
{
	const struct value *value = get(fields, "content");
	const struct value *list;

	content_ref_init(content);
	if (value == NULL)
		return;
	list = get(value, "chunks");
	for (size_t i = 0; i < count(list); i++) {
		struct blob_ref chunk = ref_of(value_at(list, i), 0);

		content->kind = CONTENT_CHUNKS;
		vec_push(&content->chunks, &chunk);
	}
	if (list != NULL)
		return;
	list = get(value, "node");
	content->kind = CONTENT_NODE;
	content->level = (unsigned)number(value_at(list, 0));
	content->top = ref_of(list, 1);
}

static void take_entry(const struct value *fields, struct entry *entry,
		       struct content_ref *content)
{
	CLEANUP(buf_release) struct buf name = {0};
	const struct value *list;

	hex(get(fields, "name_hex"), &name);
	entry_init(entry, text(get(fields, "type"))[0], buf_string(&name));
	entry->mode = (uint32_t)number(get(fields, "mode"));
	entry->uid = (uint32_t)number(get(fields, "uid"));
	entry->gid = (uint32_t)number(get(fields, "gid"));
	entry->mtime_nsec = number(get(fields, "mtime"));
	entry->size = (uint64_t)number(get(fields, "size"));
	entry->user = optional_text(get(fields, "user"));
	entry->group = optional_text(get(fields, "group"));
	entry->target = optional_text(get(fields, "target"));
	list = get(fields, "device");
	if (list != NULL) {
		entry->rdev_major = (uint32_t)number(value_at(list, 0));
		entry->rdev_minor = (uint32_t)number(value_at(list, 1));
	}
	list = get(fields, "links");
	if (list != NULL) {
		entry->n_links = (uint32_t)number(value_at(list, 0));
		entry->link_device = (uint64_t)number(value_at(list, 1));
		entry->link_inode = (uint64_t)number(value_at(list, 2));
	}
	take_lists(fields, entry);
	take_content(fields, content);
}

static void assert_same_bytes(const char *name, const struct buf *found,
			      const struct buf *expected)
{
	if (!slice_equal(buf_slice(found), buf_slice(expected)))
		fail_msg("%s: bytes differ", name);
}

static void check_entry(const struct value *test)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(entry_release) struct entry decoded = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	CLEANUP(content_ref_release) struct content_ref decoded_content = {0};
	CLEANUP(buf_release) struct buf expected = {0};
	CLEANUP(buf_release) struct buf found = {0};
	CLEANUP(buf_release) struct buf again = {0};
	const char *name = text(get(test, "name"));
	struct err err = {0};

	buf_init(&found, 0);
	buf_init(&again, 0);
	take_entry(get(test, "entry"), &entry, &content);
	hex(get(test, "bytes"), &expected);
	assert_int_equal(tree_entry_encode(&entry, &content, &found, &err), 0);
	assert_same_bytes(name, &found, &expected);
	if (tree_entry_decode(buf_slice(&expected), &decoded, &decoded_content, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	assert_int_equal(tree_entry_encode(&decoded, &decoded_content, &again, &err), 0);
	assert_same_bytes(name, &again, &expected);
}

static void test_tree_entry__published_vectors(void **state)
{
	const struct value *cases = get(*state, "entries");

	assert_true(value_count(cases) >= 10);
	for (size_t i = 0; i < value_count(cases); i++)
		check_entry(value_at(cases, i));
}

/* --- bodies --- */

static void take_strings(const struct value *list, struct strings *strings)
{
	for (size_t i = 0; i < count(list); i++)
		strings_add(strings, text(value_at(list, i)));
}

static void take_body(const struct value *fields, struct snapshot_body *body)
{
	const struct value *list;

	snapshot_body_init(body);
	entry_release(&body->root);
	take_entry(get(fields, "root"), &body->root, &body->root_content);
	take_strings(get(fields, "paths"), &body->paths);
	take_strings(get(fields, "warnings"), &body->warnings);
	body->host = optional_text(get(fields, "host"));
	body->user = optional_text(get(fields, "user"));
	body->program = optional_text(get(fields, "program"));
	body->source_kind = optional_text(get(fields, "source_kind"));
	body->facts = optional_text(get(fields, "facts"));
	list = get(fields, "tags");
	for (size_t i = 0; i < count(list); i++)
		snapshot_body_add_tag(body, text(value_at(value_at(list, i), 0)),
				      text(value_at(value_at(list, i), 1)));
	list = get(fields, "fragments");
	for (size_t i = 0; i < count(list); i++) {
		CLEANUP(buf_release) struct buf name = {0};

		hex(value_at(list, i), &name);
		vec_push(&body->fragments, name.data);
	}
}

static void test_snapshot_body__published_vectors(void **state)
{
	const struct value *cases = get(*state, "bodies");

	assert_int_equal(value_count(cases), 2);
	for (size_t i = 0; i < value_count(cases); i++) {
		CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
		CLEANUP(snapshot_body_release) struct snapshot_body decoded = {0};
		CLEANUP(buf_release) struct buf expected = {0};
		CLEANUP(buf_release) struct buf found = {0};
		const struct value *test = value_at(cases, i);
		struct err err = {0};

		buf_init(&found, 0);
		take_body(get(test, "body"), &body);
		hex(get(test, "bytes"), &expected);
		assert_int_equal(snapshot_body_encode(&body, &found, &err), 0);
		assert_same_bytes(text(get(test, "name")), &found, &expected);
		assert_int_equal(
			snapshot_body_decode(buf_slice(&expected), &decoded, &err), 0);
	}
}

/* --- cuts --- */

static void add_item(struct sequence_writer *writer, enum blob_type type, uint32_t i,
		     uint32_t distinct)
{
	struct err err = {0};
	int result;

	if (type == BLOB_TREE) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(buf_release) struct buf bytes = {0};
		char name[16];

		(void)snprintf(name, sizeof(name), "%06u", i);
		entry_init(&entry, ENTRY_FIFO, name);
		buf_init(&bytes, 0);
		assert_int_equal(tree_entry_encode_head(&entry, &bytes, &err), 0);
		result = sequence_writer_add_entry(writer, slice_of_string(name),
						   buf_slice(&bytes), &err);
	} else {
		struct blob_ref chunk = {.raw_len = 1000};
		const uint64_t number_hashed = i % distinct;

		hash_sha256(slice_of(&number_hashed, sizeof(number_hashed)),
			    chunk.id.bytes);
		result = sequence_writer_add_chunk(writer, &chunk, &err);
	}
	assert_int_equal(result, 0);
}

/* Counts of the nodes of level 0, added up in the order in which they are put. */
struct cut_sink {
	struct node_store store; /* first */
	struct vec ends;	 /* of uint64_t */
};

static int put_cut(struct node_sink *sink, enum blob_type type, struct slice node,
		   struct blob_ref *ret_ref, struct err *err)
{
	struct cut_sink *cuts = (struct cut_sink *)sink;
	const uint64_t *last = vec_last(&cuts->ends);
	uint64_t end_of_node =
		(last != NULL ? *last : 0) + naive_number(node.data + 2, 4);

	if (node.data[1] == 0)
		vec_push(&cuts->ends, &end_of_node);
	return node_store_put(sink, type, node, ret_ref, err);
}

static void check_cut(const struct value *test)
{
	CLEANUP(sequence_writer_freep) struct sequence_writer *writer = NULL;
	CLEANUP(content_ref_release) struct content_ref content = {0};
	CLEANUP(buf_release) struct buf key = {0};
	CLEANUP(buf_release) struct buf top = {0};
	const struct value *ends = get(test, "ends");
	enum blob_type type = (enum blob_type)number(get(test, "type"));
	struct cut_sink cuts;
	struct err err = {0};

	node_store_init(&cuts.store);
	cuts.store.sink.put = put_cut;
	vec_init(&cuts.ends, sizeof(uint64_t));
	hex(get(test, "key"), &key);
	hex(get(test, "top"), &top);
	writer = sequence_writer_new(type, key.data, &cuts.store.sink);
	for (int64_t i = 0; i < number(get(test, "n")); i++)
		add_item(writer, type, (uint32_t)i,
			 (uint32_t)number(get(test, "distinct")));
	assert_int_equal(sequence_writer_finish(writer, &content, &err), 0);
	assert_int_equal(cuts.ends.n, value_count(ends));
	for (size_t i = 0; i < cuts.ends.n; i++)
		assert_int_equal(*(uint64_t *)vec_at(&cuts.ends, i),
				 number(value_at(ends, i)));
	assert_int_equal(content.level, number(get(test, "level")));
	assert_int_equal(content.top.raw_len, number(get(test, "length")));
	assert_memory_equal(content.top.id.bytes, top.data, BLOB_ID_LEN);
	vec_release(&cuts.ends);
	node_store_release(&cuts.store);
}

static void test_sequence_writer__published_vectors(void **state)
{
	const struct value *cases = get(*state, "cuts");

	assert_true(value_count(cases) >= 6);
	for (size_t i = 0; i < value_count(cases); i++)
		check_cut(value_at(cases, i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_entry__published_vectors),
		cmocka_unit_test(test_snapshot_body__published_vectors),
		cmocka_unit_test(test_sequence_writer__published_vectors),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
