/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and entries from anywhere. What decodes must encode to the same bytes, and a name
 * that was passed by must be found. Input: kind and level, then the node (or one entry).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "support/node_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void try_entry(struct slice bytes)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	CLEANUP(buf_release) struct buf again = {0};
	struct err err = {0};

	if (tree_entry_decode(bytes, &entry, &content, &err) < 0)
		return;
	buf_init(&again, 0);
	must(tree_entry_encode(&entry, &content, &again, &err) == 0);
	must(slice_equal(buf_slice(&again), bytes));
}

static void must_find(struct slice node, const char *name)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct node_reader reader;
	struct err err = {0};
	bool found = false;

	must(node_open(&reader, BLOB_TREE, 0, node, &err) == 0);
	must(node_find_entry(&reader, slice_of_string(name), &entry, &content, &found,
			     &err) == 0);
	must(found);
}

static void try_entries(struct slice node)
{
	struct node_reader reader;
	struct err err = {0};
	bool end = false;

	if (node_open(&reader, BLOB_TREE, 0, node, &err) < 0)
		return;
	for (;;) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};

		if (node_next_entry(&reader, &entry, &content, &end, &err) < 0 || end)
			return;
		must_find(node, entry.name);
	}
}

static void try_children(struct slice node, unsigned level)
{
	struct node_reader reader, finder;
	struct node_child child, found_child;
	struct err err = {0};
	bool end = false, found = false;

	if (node_check(BLOB_TREE, level, node, NULL, &err) < 0)
		return;
	must(node_open(&reader, BLOB_TREE, level, node, &err) == 0);
	while (node_next_child(&reader, &child, &end, &err) == 0 && !end) {
		must(node_open(&finder, BLOB_TREE, level, node, &err) == 0);
		must(node_find_child(&finder, child.first_name, &found_child, &found,
				     &err) == 0);
		must(found && slice_equal(found_child.first_name, child.first_name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct slice rest;
	struct err err = {0};
	uint64_t sum = 0;

	if (len < 2)
		return 0;
	rest = slice_of(data + 2, len - 2);
	switch (data[0] % 3) {
	case 0:
		try_entry(rest);
		break;
	case 1:
		if (data[1] == 0)
			try_entries(rest);
		else
			try_children(rest, data[1]);
		break;
	default:
		if (node_check(BLOB_LIST, data[1], rest, &sum, &err) < 0)
			must(err.msg[0] != '\0');
		break;
	}
	return 0;
}
