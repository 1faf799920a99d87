/* SPDX-License-Identifier: Apache-2.0 */
/* A small tree of a database, as pg_source.h writes it, for unit tests of the sink. Include
 * after cmocka.h. */
#ifndef TESTS_SUPPORT_PG_TREE_H
#define TESTS_SUPPORT_PG_TREE_H

#include "pg/pg_sum.h"
#include "support/record_sink.h"
#include "support/record_source.h"

static inline void pg_tree_add(struct record_sink *record, const struct entry *entry,
			       const char *text)
{
	struct tree_sink *sink = &record->sink;
	struct content *content = NULL;
	struct stream *stream;
	struct err err = {0};

	if (*text != '\0') {
		assert_int_equal(
			sink->ops->open_stream(sink, CUT_BY_CONTENT, &stream, &err), 0);
		assert_int_equal(
			tree_sink_write(sink, stream, slice_of_string(text), &err), 0);
		assert_int_equal(sink->ops->close_stream(stream, &content, &err), 0);
	}
	assert_int_equal(sink->ops->add(sink, entry, content, NULL, &err), 0);
}

static inline void pg_tree_file(struct record_sink *record, const char *name,
				const char *text)
{
	struct entry entry;

	entry_init(&entry, ENTRY_FILE, name);
	entry.size = strlen(text);
	if (strcmp(name, "schema.dump") == 0)
		entry_add_fact(&entry, "pg_dump", "15.20");
	pg_tree_add(record, &entry, text);
	entry_release(&entry);
}

static inline void pg_tree_open(struct record_sink *record, const char *name)
{
	struct entry entry;
	struct err err = {0};

	entry_init(&entry, ENTRY_DIRECTORY, name);
	assert_int_equal(record->sink.ops->open_directory(&record->sink, &entry, &err),
			 0);
	entry_release(&entry);
}

static inline void pg_tree_close(struct record_sink *record)
{
	struct err err = {0};

	assert_int_equal(record->sink.ops->close_directory(&record->sink, &err), 0);
}

/* Its facts are those of its rows; `root` may be NULL. */
static inline void pg_tree_table(struct record_sink *record, const char *name,
				 const char *root, const char *rows)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	struct pg_sum sum = {0};
	struct entry entry;
	char text[PG_SUM_TEXT_MAX];

	for (const char *row = rows; *row != '\0'; row += strcspn(row, "\n") + 1)
		pg_sum_row(&sum, hash, slice_of(row, strcspn(row, "\n") + 1));
	entry_init(&entry, ENTRY_FILE, name);
	entry.size = strlen(rows);
	entry_add_fact(&entry, "rows", "%u", (unsigned)sum.rows);
	entry_add_fact(&entry, "sum", "%s", pg_sum_format(&sum, text));
	entry_add_fact(&entry, "columns", "\"a\"");
	if (root != NULL)
		entry_add_fact(&entry, "root", "%s", root);
	pg_tree_add(record, &entry, rows);
	entry_release(&entry);
}

/* Tables public.other and public.t, with two rows each. */
static inline struct record_sink *pg_tree_new(void)
{
	struct record_sink *record = record_sink_new();

	pg_tree_open(record, "");
	pg_tree_file(record, "database.json", "{\"d\": 1}");
	pg_tree_file(record, "globals.json", "{\"g\": 1}");
	pg_tree_file(record, "schema.dump", "DUMP");
	pg_tree_open(record, "tables");
	pg_tree_open(record, "public");
	pg_tree_table(record, "other.copy", NULL, "3\n4\n");
	pg_tree_table(record, "t.copy", NULL, "1\n2\n");
	pg_tree_close(record);
	pg_tree_close(record);
	pg_tree_file(record, "tables.json", "[]");
	pg_tree_close(record);
	return record;
}

#endif
