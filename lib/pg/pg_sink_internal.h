/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of pg_sink.c: pg_restore's passes (pg_sink_dump.c) and rows (pg_sink_rows.c). */
#ifndef PG_PG_SINK_INTERNAL_H
#define PG_PG_SINK_INTERNAL_H

#include "pg/pg_database.h"
#include "pg/pg_sink.h"
#include "pg/pg_target.h"
#include "pg/pg_tools.h"

/* A table of the snapshot. */
struct sink_table {
	char *path;
	char *schema, *name;
	char *columns;		       /* checked: a quoted list, or "" */
	char *root_schema, *root_name; /* where its rows go in, or NULL */
	bool is_selected;
	uint64_t rows, bytes;
	char *sum;
};

struct pg_sink {
	const struct pg_sink_options *options;
	struct tree_source *source;
	struct pg_sink_report *report;
	const struct cancel *cancel;
	struct pg_params params; /* as given */
	struct pg_tool restore;
	struct pg_target target;
	struct pg_database_facts facts;
	struct buf database_json, globals_json, tables_json;
	char *tables_lost; /* why tables.json cannot be read, or NULL */
	struct vec tables; /* of struct sink_table */
	struct pg_refused refused;
	struct vec ungiven; /* of struct sink_ungiven */
	bool is_partial;
	bool is_different; /* all was restored, and something is not as recorded */
	bool is_lenient;   /* the role is no superuser: what it may not do is left out */
	char *list_path;   /* of a partial restore: pg_restore's list of what to do */
};

/* Objects that could not be given to their owner, and belong to who restores. */
struct sink_ungiven {
	char *owner; /* as SQL has it */
	char *first; /* "ALTER TABLE public.t OWNER TO x" */
	char *why;
	uint64_t n;
};

/* A small file of the tree as text, ERR_CORRUPT beyond its limit. */
MUST_CHECK int sink_read_text(struct pg_sink *s, const char *path, struct buf *text,
			      struct err *err);

/* One pass of pg_restore over schema.dump. `section`: "pre-data", "data", "post-data". */
MUST_CHECK int sink_restore_section(struct pg_sink *s, const char *section,
				    struct err *err);
/* What pg_restore could not execute is tried once more; ERR_* when it is no refusal. */
MUST_CHECK int sink_try_again(struct pg_sink *s, const struct pg_failures *failures,
			      struct err *err);
/* Warns of objects that could not be given to their owners, once for each of those. */
void sink_tell_ungiven(struct pg_sink *s);
void sink_ungiven_release(struct vec *ungiven);
/* pg_restore's list of what is in the dump. */
MUST_CHECK int sink_read_list(struct pg_sink *s, struct buf *list, struct err *err);
/* For a partial restore: writes the list of entries that make sense without all rows. */
MUST_CHECK int sink_choose_entries(struct pg_sink *s, struct err *err);
/* True for a line of pg_restore --list that a partial restore leaves out. Pure. */
bool sink_entry_needs_all_rows(const char *line);

bool sink_is_selected(const struct pg_sink *s, const char *path);
/* Reads the list of tables from the tree. */
MUST_CHECK int sink_list_tables(struct pg_sink *s, struct err *err);
MUST_CHECK int sink_insert_rows(struct pg_sink *s, struct err *err);
/* Reads all back; fills report->tables. ERR_CORRUPT when one differs. */
MUST_CHECK int sink_verify_rows(struct pg_sink *s, struct err *err);
void sink_tables_release(struct vec *tables);

#endif
