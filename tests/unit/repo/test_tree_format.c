/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/node_check.h"

static struct blob_ref ref_of(uint8_t byte, uint32_t raw_len)
{
	struct blob_ref ref = {.raw_len = raw_len};

	memset(ref.id.bytes, byte, BLOB_ID_LEN);
	return ref;
}

static void chunks_of(struct content_ref *content, unsigned n, uint32_t raw_len)
{
	content_ref_init(content);
	content->kind = CONTENT_CHUNKS;
	for (unsigned i = 0; i < n; i++) {
		struct blob_ref ref = ref_of((uint8_t)i, raw_len);

		vec_push(&content->chunks, &ref);
	}
}

static void node_content(struct content_ref *content, unsigned level, uint32_t raw_len)
{
	content_ref_init(content);
	content->kind = CONTENT_NODE;
	content->level = level;
	content->top = ref_of(0x77, raw_len);
}

/* A file that has every field that a file can have. */
static void full_file(struct entry *entry)
{
	entry_init(entry, ENTRY_FILE, "all\xff\n");
	entry->mode = 04755;
	entry->uid = 1000;
	entry->gid = UINT32_MAX;
	entry->user = mem_strdup("ada");
	entry->group = mem_strdup("staff");
	entry->mtime_nsec = -1;
	entry->size = 1000;
	entry->n_links = 2;
	entry->link_device = 3;
	entry->link_inode = UINT64_MAX;
	entry_add_extent(entry, 0, 10);
	entry_add_extent(entry, 10, 10);
	entry_add_extent(entry, 980, 20);
	entry_add_xattr(entry, "user.b", slice_of("\0x", 2));
	entry_add_xattr(entry, "user.a", slice_of("", 0));
	entry_add_fact(entry, "rows", "12");
}

static void encode(const struct entry *entry, const struct content_ref *content,
		   struct buf *out)
{
	struct err err = {0};

	buf_init(out, 0);
	assert_int_equal(tree_entry_encode(entry, content, out, &err), 0);
}

/* Encodes, decodes, and encodes again what was decoded: both must have the same bytes. */
static void assert_round_trip(const struct entry *entry,
			      const struct content_ref *content)
{
	CLEANUP(entry_release) struct entry found = {0};
	CLEANUP(content_ref_release) struct content_ref found_content = {0};
	CLEANUP(buf_release) struct buf first = {0};
	CLEANUP(buf_release) struct buf second = {0};
	struct err err = {0};

	encode(entry, content, &first);
	if (tree_entry_decode(buf_slice(&first), &found, &found_content, &err) < 0)
		fail_msg("%s", err.msg);
	encode(&found, &found_content, &second);
	assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
	assert_string_equal(found.name, entry->name);
	assert_int_equal(found.type, entry->type);
}

static void assert_entry_refused(struct slice bytes, enum err_code code, const char *text)
{
	struct entry entry;
	struct content_ref content;
	struct err err = {0};

	assert_int_equal(tree_entry_decode(bytes, &entry, &content, &err), -1);
	assert_string_equal(err.msg, text);
	assert_int_equal(err.code, code);
}

/* --- entries --- */

static void test_tree_entry_encode__a_file_with_all_fields(void **state)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};

	(void)state;
	full_file(&entry);
	chunks_of(&content, 2, 20);
	assert_round_trip(&entry, &content);
}

static void test_tree_entry_decode__gives_every_field_back(void **state)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(entry_release) struct entry found = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	CLEANUP(content_ref_release) struct content_ref found_content = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	const struct xattr *xattr;
	struct err err = {0};

	(void)state;
	full_file(&entry);
	chunks_of(&content, 2, 20);
	encode(&entry, &content, &bytes);
	assert_int_equal(
		tree_entry_decode(buf_slice(&bytes), &found, &found_content, &err), 0);
	assert_int_equal(found.mode, 04755);
	assert_int_equal(found.uid, 1000);
	assert_int_equal(found.gid, UINT32_MAX);
	assert_string_equal(found.user, "ada");
	assert_string_equal(found.group, "staff");
	assert_int_equal(found.mtime_nsec, -1);
	assert_int_equal(found.size, 1000);
	assert_int_equal(found.n_links, 2);
	assert_int_equal(found.link_device, 3);
	assert_true(found.link_inode == UINT64_MAX);
	assert_true(found.is_sparse);
	assert_int_equal(found.extents.n, 3);
	assert_int_equal(entry_content_len(&found), 40);
	xattr = vec_at(&found.xattrs, 1);
	assert_string_equal(xattr->name, "user.b");
	assert_int_equal(xattr->value_len, 2);
	assert_memory_equal(xattr->value, "\0x", 2);
	assert_string_equal(entry_fact(&found, "rows"), "12");
	assert_int_equal(found_content.kind, CONTENT_CHUNKS);
	assert_int_equal(found_content.chunks.n, 2);
}

static void test_tree_entry_encode__other_types(void **state)
{
	static const enum entry_type types[] = {ENTRY_DIRECTORY, ENTRY_SYMLINK,
						ENTRY_FIFO, ENTRY_CHAR_DEVICE,
						ENTRY_BLOCK_DEVICE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref none = {0};

		content_ref_init(&none);
		entry_init(&entry, types[i], "x");
		entry.rdev_major = 8;
		entry.rdev_minor = 17;
		if (types[i] == ENTRY_SYMLINK)
			entry.target = mem_strdup("../somewhere");
		assert_round_trip(&entry, &none);
	}
}

static void test_tree_entry_encode__content_of_many_levels(void **state)
{
	CLEANUP(entry_release) struct entry file = {0};
	CLEANUP(entry_release) struct entry directory = {0};

	(void)state;
	entry_init(&file, ENTRY_FILE, "f");
	file.size = 5;
	entry_init(&directory, ENTRY_DIRECTORY, "d");
	for (unsigned level = 0; level < LEVEL_MAX; level++) {
		CLEANUP(content_ref_release) struct content_ref content = {0};

		node_content(&content, level, 99);
		assert_round_trip(&file, &content);
		assert_round_trip(&directory, &content);
	}
}

static void test_tree_entry_encode__the_root_has_no_name(void **state)
{
	CLEANUP(entry_release) struct entry root = {0};
	CLEANUP(content_ref_release) struct content_ref none = {0};

	(void)state;
	content_ref_init(&none);
	entry_init(&root, ENTRY_DIRECTORY, "");
	assert_round_trip(&root, &none);
}

/* Sizes that a system gives to directories would make equal directories differ. */
static void test_tree_entry_encode__only_files_have_a_size(void **state)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(entry_release) struct entry found = {0};
	CLEANUP(content_ref_release) struct content_ref none = {0};
	CLEANUP(content_ref_release) struct content_ref found_content = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	(void)state;
	content_ref_init(&none);
	entry_init(&entry, ENTRY_DIRECTORY, "d");
	entry.size = 4096;
	encode(&entry, &none, &bytes);
	assert_int_equal(
		tree_entry_decode(buf_slice(&bytes), &found, &found_content, &err), 0);
	assert_int_equal(found.size, 0);
}

static void assert_too_large(const struct entry *entry, const char *text)
{
	CLEANUP(buf_release) struct buf out = {0};
	struct err err = {0};

	buf_init(&out, 0);
	assert_int_equal(tree_entry_encode_head(entry, &out, &err), -1);
	assert_string_equal(err.msg, text);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(out.len, 0);
}

static void test_tree_entry_encode__refuses_a_long_name(void **state)
{
	CLEANUP(entry_release) struct entry entry = {0};
	char name[ENTRY_NAME_MAX + 2] = {0};

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	entry_init(&entry, ENTRY_FIFO, name);
	assert_too_large(&entry, "name has 256 bytes, at most 255 are stored");
}

static void test_tree_entry_encode__refuses_attributes_beyond_the_limit(void **state)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(mem_freep) uint8_t *value = mem_zalloc(ENTRY_XATTR_VALUE_MAX);

	(void)state;
	entry_init(&entry, ENTRY_FIFO, "x");
	for (unsigned i = 0; i < 32; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "user.%02u", i);
		entry_add_xattr(&entry, name, slice_of(value, ENTRY_XATTR_VALUE_MAX));
	}
	assert_too_large(&entry,
			 "metadata takes more than the 2097152 bytes of an entry");
}

static void test_tree_entry_decode__refuses_every_cut(void **state)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	full_file(&entry);
	chunks_of(&content, 2, 20);
	encode(&entry, &content, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct entry found;
		struct content_ref found_content;
		struct err err = {0};

		assert_int_equal(tree_entry_decode(slice_of(bytes.data, len), &found,
						   &found_content, &err),
				 -1);
		assert_int_equal(err.code, ERR_CORRUPT);
	}
}

static void test_tree_entry_decode__refuses_trailing_bytes(void **state)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref none = {0};
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	content_ref_init(&none);
	entry_init(&entry, ENTRY_FIFO, "x");
	encode(&entry, &none, &bytes);
	buf_put_u8(&bytes, 0);
	assert_entry_refused(buf_slice(&bytes), ERR_CORRUPT,
			     "entry: 1 bytes too many at offset 36");
}

/* Fixed parts of an entry without optional fields, by hand. */
static void raw_entry(struct buf *out, char type, uint32_t present, const char *name,
		      uint32_t mode, uint64_t size)
{
	buf_init(out, 0);
	buf_put_u8(out, (uint8_t)type);
	buf_put_u32(out, present);
	buf_put_bytes16(out, slice_of_string(name));
	buf_put_u32(out, mode);
	buf_put_u32(out, 0);
	buf_put_u32(out, 0);
	buf_put_i64(out, 0);
	buf_put_u64(out, size);
}

static void assert_raw_refused(char type, uint32_t present, const char *name,
			       uint32_t mode, enum err_code code, const char *text)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	raw_entry(&bytes, type, present, name, mode, 0);
	assert_entry_refused(buf_slice(&bytes), code, text);
}

static void test_tree_entry_decode__refuses_names_that_are_none(void **state)
{
	static const char *const names[] = {"", ".", "..", "a/b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_raw_refused('f', 0, names[i], 0, ERR_CORRUPT,
				   "entry: name is no file name");
}

static void test_tree_entry_decode__leaves_newer_entries_alone(void **state)
{
	(void)state;
	assert_raw_refused('f', 0x200, "x", 0, ERR_UNSUPPORTED,
			   "entry of type 0x66 with fields 0x200: made by a newer Quipu");
	assert_raw_refused('z', 0, "x", 0, ERR_UNSUPPORTED,
			   "entry of type 0x7a with fields 0x0: made by a newer Quipu");
}

static void test_tree_entry_decode__refuses_fields_that_the_type_lacks(void **state)
{
	(void)state;
	assert_raw_refused('d', 0x10, "x", 0, ERR_CORRUPT,
			   "entry: type 'd' with fields 0x10");
	assert_raw_refused('p', 0x100, "x", 0, ERR_CORRUPT,
			   "entry: type 'p' with fields 0x100");
	assert_raw_refused('l', 0, "x", 0, ERR_CORRUPT,
			   "entry: type 'l' with fields 0x0");
}

static void test_tree_entry_decode__refuses_a_mode_beyond_permissions(void **state)
{
	(void)state;
	assert_raw_refused('f', 0, "x", 0100644, ERR_CORRUPT,
			   "entry: mode 0100644, expected permission bits");
}

static void test_tree_entry_decode__refuses_a_size_without_content(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	raw_entry(&bytes, 'f', 0, "x", 0, 7);
	assert_entry_refused(buf_slice(&bytes), ERR_CORRUPT,
			     "entry: content does not have the file's 7 bytes");
}

static void test_tree_entry_decode__refuses_overlapping_runs(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	raw_entry(&bytes, 'f', 0x20, "x", 0, 100);
	buf_put_u32(&bytes, 2);
	buf_put_u64(&bytes, 10);
	buf_put_u64(&bytes, 10);
	buf_put_u64(&bytes, 19);
	buf_put_u64(&bytes, 1);
	assert_entry_refused(buf_slice(&bytes), ERR_CORRUPT,
			     "entry: run 1 of data is out of place");
}

static void test_tree_entry_decode__refuses_a_run_past_the_end(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	raw_entry(&bytes, 'f', 0x20, "x", 0, 100);
	buf_put_u32(&bytes, 1);
	buf_put_u64(&bytes, 90);
	buf_put_u64(&bytes, UINT64_MAX - 80);
	assert_entry_refused(buf_slice(&bytes), ERR_CORRUPT,
			     "entry: run 0 of data is out of place");
}

static void test_tree_entry_decode__refuses_attributes_out_of_order(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	raw_entry(&bytes, 'p', 0x40, "x", 0, 0);
	buf_put_u16(&bytes, 2);
	for (unsigned i = 0; i < 2; i++) {
		buf_put_bytes16(&bytes, slice_of_string("user.same"));
		buf_put_bytes32(&bytes, slice_of_string("v"));
	}
	assert_entry_refused(buf_slice(&bytes), ERR_CORRUPT,
			     "entry: extended attribute 1 is out of order");
}

static void test_tree_entry_decode__refuses_a_nul_in_text(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	raw_entry(&bytes, 'p', 0x1, "x", 0, 0);
	buf_put_bytes16(&bytes, slice_of("a\0b", 3));
	assert_entry_refused(buf_slice(&bytes), ERR_CORRUPT,
			     "entry: user name holds a NUL");
}

static void test_tree_entry_decode__refuses_content_that_is_too_high(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	(void)state;
	raw_entry(&bytes, 'd', 0x100, "x", 0, 0);
	buf_put_u8(&bytes, LEVEL_MAX);
	assert_entry_refused(buf_slice(&bytes), ERR_CORRUPT,
			     "entry: content of level 8, expected less than 8");
}

/* --- nodes --- */

static void add_fifo(struct buf *node, const char *name)
{
	CLEANUP(buf_release) struct buf bytes = {0};

	raw_entry(&bytes, 'p', 0, name, 0600, 0);
	tree_node_add_entry(node, buf_slice(&bytes));
}

static void leaf_of(struct buf *node, const char *const *names, size_t n)
{
	buf_init(node, 0);
	node_begin(node, 0);
	for (size_t i = 0; i < n; i++)
		add_fifo(node, names[i]);
	node_end(node, (uint32_t)n);
}

static void assert_node_refused(enum blob_type type, unsigned level,
				const struct buf *node, enum err_code code,
				const char *text)
{
	struct err err = {0};

	assert_int_equal(node_check(type, level, buf_slice(node), NULL, &err), -1);
	assert_string_equal(err.msg, text);
	assert_int_equal(err.code, code);
}

static void test_node_next_entry__goes_over_all(void **state)
{
	static const char *const names[] = {"a", "b", "\xff"};
	CLEANUP(buf_release) struct buf node = {0};
	struct node_reader reader;
	struct err err = {0};
	bool end = false;
	size_t n = 0;

	(void)state;
	leaf_of(&node, names, ARRAY_SIZE(names));
	assert_int_equal(node_open(&reader, BLOB_TREE, 0, buf_slice(&node), &err), 0);
	for (;;) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};

		assert_int_equal(node_next_entry(&reader, &entry, &content, &end, &err),
				 0);
		if (end)
			break;
		assert_string_equal(entry.name, names[n++]);
	}
	assert_int_equal(n, ARRAY_SIZE(names));
}

static void test_node_check__refuses_equal_names(void **state)
{
	static const char *const names[] = {"a", "a"};
	CLEANUP(buf_release) struct buf node = {0};

	(void)state;
	leaf_of(&node, names, ARRAY_SIZE(names));
	assert_node_refused(BLOB_TREE, 0, &node, ERR_CORRUPT,
			    "tree node: item 1: name a is out of order");
}

static void test_node_check__refuses_an_entry_without_a_name(void **state)
{
	CLEANUP(buf_release) struct buf node = {0};
	CLEANUP(buf_release) struct buf entry = {0};

	(void)state;
	raw_entry(&entry, 'd', 0, "", 0, 0);
	buf_init(&node, 0);
	node_begin(&node, 0);
	tree_node_add_entry(&node, buf_slice(&entry));
	node_end(&node, 1);
	assert_node_refused(BLOB_TREE, 0, &node, ERR_CORRUPT,
			    "tree node: item 0: name is no file name");
}

static void test_node_check__refuses_another_level(void **state)
{
	static const char *const names[] = {"a"};
	CLEANUP(buf_release) struct buf node = {0};

	(void)state;
	leaf_of(&node, names, 1);
	assert_node_refused(BLOB_TREE, 1, &node, ERR_CORRUPT,
			    "tree node: level 0, expected 1");
}

static void test_node_check__refuses_a_newer_version(void **state)
{
	static const char *const names[] = {"a"};
	CLEANUP(buf_release) struct buf node = {0};

	(void)state;
	leaf_of(&node, names, 1);
	node.data[0] = 2;
	assert_node_refused(BLOB_TREE, 0, &node, ERR_UNSUPPORTED,
			    "tree node of version 2: made by a newer Quipu");
}

static void test_node_check__refuses_an_empty_node(void **state)
{
	CLEANUP(buf_release) struct buf node = {0};

	(void)state;
	buf_init(&node, 0);
	node_begin(&node, 0);
	assert_node_refused(BLOB_LIST, 0, &node, ERR_CORRUPT, "list node: no items");
}

static void test_node_check__refuses_trailing_bytes(void **state)
{
	struct blob_ref ref = ref_of(1, 5);
	CLEANUP(buf_release) struct buf node = {0};

	(void)state;
	buf_init(&node, 0);
	node_begin(&node, 0);
	list_node_add_chunk(&node, &ref);
	node_end(&node, 1);
	buf_put_u8(&node, 0);
	assert_node_refused(BLOB_LIST, 0, &node, ERR_CORRUPT,
			    "list node: 1 bytes too many at offset 42");
}

static void test_node_check__adds_up_a_list(void **state)
{
	struct blob_ref ref = ref_of(1, 5);
	CLEANUP(buf_release) struct buf node = {0};
	uint64_t len = 0;
	struct err err = {0};

	(void)state;
	buf_init(&node, 0);
	node_begin(&node, 1);
	list_node_add_child(&node, &ref, 7);
	list_node_add_child(&node, &ref, UINT64_C(1) << 40);
	node_end(&node, 2);
	assert_int_equal(node_check(BLOB_LIST, 1, buf_slice(&node), &len, &err), 0);
	assert_true(len == (UINT64_C(1) << 40) + 7);
}

static void test_node_find_entry__finds_and_misses(void **state)
{
	static const char *const names[] = {"b", "d", "f"};
	CLEANUP(buf_release) struct buf node = {0};
	struct node_reader reader;
	struct err err = {0};

	(void)state;
	leaf_of(&node, names, ARRAY_SIZE(names));
	for (char name[2] = "a"; name[0] <= 'g'; name[0]++) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};
		bool expected = strchr("bdf", name[0]) != NULL;
		bool found = !expected;

		assert_int_equal(node_open(&reader, BLOB_TREE, 0, buf_slice(&node), &err),
				 0);
		assert_int_equal(node_find_entry(&reader, slice_of_string(name), &entry,
						 &content, &found, &err),
				 0);
		assert_int_equal(found, expected);
		if (found)
			assert_string_equal(entry.name, name);
	}
}

static void upper_of(struct buf *node)
{
	buf_init(node, 0);
	node_begin(node, 1);
	for (uint8_t c = 'b'; c <= 'f'; c = (uint8_t)(c + 2)) {
		struct blob_ref ref = ref_of(c, 100);

		tree_node_add_child(node, slice_of(&c, 1), &ref);
	}
	node_end(node, 3);
}

static void test_node_find_child__is_the_last_that_starts_before(void **state)
{
	static const char expected[] = {'b', 'b', 'd', 'd', 'f', 'f'};
	CLEANUP(buf_release) struct buf node = {0};
	struct node_reader reader;
	struct node_child child;
	struct err err = {0};
	bool found = false;

	(void)state;
	upper_of(&node);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		char name = (char)('b' + i);

		assert_int_equal(node_open(&reader, BLOB_TREE, 1, buf_slice(&node), &err),
				 0);
		assert_int_equal(node_find_child(&reader, slice_of(&name, 1), &child,
						 &found, &err),
				 0);
		assert_true(found);
		assert_int_equal(child.ref.id.bytes[0], expected[i]);
	}
}

static void test_node_find_child__nothing_before_the_first(void **state)
{
	CLEANUP(buf_release) struct buf node = {0};
	struct node_reader reader;
	struct node_child child;
	struct err err = {0};
	bool found = true;

	(void)state;
	upper_of(&node);
	assert_int_equal(node_open(&reader, BLOB_TREE, 1, buf_slice(&node), &err), 0);
	assert_int_equal(
		node_find_child(&reader, slice_of_string("a"), &child, &found, &err), 0);
	assert_false(found);
}

static void test_node_open_child__first_name_is_what_the_parent_says(void **state)
{
	static const char *const names[] = {"b", "d"};
	CLEANUP(buf_release) struct buf node = {0};
	struct node_child child = {.first_name = slice_of_string("b")};
	struct node_reader reader;
	struct err err = {0};

	(void)state;
	leaf_of(&node, names, ARRAY_SIZE(names));
	assert_int_equal(
		node_open_child(&reader, BLOB_TREE, 0, &child, buf_slice(&node), &err),
		0);
	child.first_name = slice_of_string("a");
	assert_int_equal(
		node_open_child(&reader, BLOB_TREE, 0, &child, buf_slice(&node), &err),
		-1);
	assert_string_equal(err.msg, "tree node starts with b, not as its parent says");
	assert_int_equal(err.code, ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_entry_encode__a_file_with_all_fields),
		cmocka_unit_test(test_tree_entry_decode__gives_every_field_back),
		cmocka_unit_test(test_tree_entry_encode__other_types),
		cmocka_unit_test(test_tree_entry_encode__content_of_many_levels),
		cmocka_unit_test(test_tree_entry_encode__the_root_has_no_name),
		cmocka_unit_test(test_tree_entry_encode__only_files_have_a_size),
		cmocka_unit_test(test_tree_entry_encode__refuses_a_long_name),
		cmocka_unit_test(
			test_tree_entry_encode__refuses_attributes_beyond_the_limit),
		cmocka_unit_test(test_tree_entry_decode__refuses_every_cut),
		cmocka_unit_test(test_tree_entry_decode__refuses_trailing_bytes),
		cmocka_unit_test(test_tree_entry_decode__refuses_names_that_are_none),
		cmocka_unit_test(test_tree_entry_decode__leaves_newer_entries_alone),
		cmocka_unit_test(
			test_tree_entry_decode__refuses_fields_that_the_type_lacks),
		cmocka_unit_test(
			test_tree_entry_decode__refuses_a_mode_beyond_permissions),
		cmocka_unit_test(test_tree_entry_decode__refuses_a_size_without_content),
		cmocka_unit_test(test_tree_entry_decode__refuses_overlapping_runs),
		cmocka_unit_test(test_tree_entry_decode__refuses_a_run_past_the_end),
		cmocka_unit_test(test_tree_entry_decode__refuses_attributes_out_of_order),
		cmocka_unit_test(test_tree_entry_decode__refuses_a_nul_in_text),
		cmocka_unit_test(
			test_tree_entry_decode__refuses_content_that_is_too_high),
		cmocka_unit_test(test_node_next_entry__goes_over_all),
		cmocka_unit_test(test_node_check__refuses_equal_names),
		cmocka_unit_test(test_node_check__refuses_an_entry_without_a_name),
		cmocka_unit_test(test_node_check__refuses_another_level),
		cmocka_unit_test(test_node_check__refuses_a_newer_version),
		cmocka_unit_test(test_node_check__refuses_an_empty_node),
		cmocka_unit_test(test_node_check__refuses_trailing_bytes),
		cmocka_unit_test(test_node_check__adds_up_a_list),
		cmocka_unit_test(test_node_find_entry__finds_and_misses),
		cmocka_unit_test(test_node_find_child__is_the_last_that_starts_before),
		cmocka_unit_test(test_node_find_child__nothing_before_the_first),
		cmocka_unit_test(
			test_node_open_child__first_name_is_what_the_parent_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
