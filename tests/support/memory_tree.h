/* SPDX-License-Identifier: Apache-2.0 */
/* A tree in a node store, from a sorted list of paths. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_MEMORY_TREE_H
#define TESTS_SUPPORT_MEMORY_TREE_H

#include "support/node_source.h"

/* "a/" is a directory, "a/b" a FIFO; every directory is listed before what is in it. */
struct memory_tree {
	const char *const *paths;
	size_t n, position;
	struct node_store *store;
};

static inline void memory_tree_add(struct sequence_writer *writer, const char *name,
				   enum entry_type type,
				   const struct content_ref *content)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	entry_init(&entry, type, name);
	entry.mode = 0755;
	buf_init(&bytes, 0);
	assert_int_equal(tree_entry_encode(&entry, content, &bytes, &err), 0);
	assert_int_equal(sequence_writer_add_entry(writer, slice_of_string(name),
						   buf_slice(&bytes), &err),
			 0);
}

/* The directory whose path (with a slash at the end, or "") is `prefix`. */
static inline void memory_tree_directory(struct memory_tree *tree, const char *prefix,
					 struct content_ref *ret_content)
{
	static const uint8_t key[SEQUENCE_KEY_LEN] = "memory tree";
	CLEANUP(sequence_writer_freep)
	struct sequence_writer *writer =
		sequence_writer_new(BLOB_TREE, key, &tree->store->sink);
	struct err err = {0};
	size_t len = strlen(prefix);

	while (tree->position < tree->n &&
	       strncmp(tree->paths[tree->position], prefix, len) == 0) {
		const char *path = tree->paths[tree->position++];
		size_t name_len = strcspn(path + len, "/");
		CLEANUP(mem_freep) char *name = mem_strndup(path + len, name_len);
		CLEANUP(content_ref_release) struct content_ref content = {0};

		content_ref_init(&content);
		if (path[len + name_len] == '/')
			memory_tree_directory(tree, path, &content);
		memory_tree_add(writer, name,
				path[len + name_len] == '/' ? ENTRY_DIRECTORY
							    : ENTRY_FIFO,
				&content);
	}
	assert_int_equal(sequence_writer_finish(writer, ret_content, &err), 0);
}

static inline void memory_tree_make(struct node_store *store, const char *const *paths,
				    size_t n, struct content_ref *ret_root)
{
	struct memory_tree tree = {.paths = paths, .n = n, .store = store};

	memory_tree_directory(&tree, "", ret_root);
	assert_int_equal(tree.position, n);
}

#endif
