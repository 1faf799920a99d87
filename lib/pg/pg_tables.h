/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a database, as far as their rows are ours to carry. */
#ifndef PG_PG_TABLES_H
#define PG_PG_TABLES_H

#include "base/vec.h"
#include "pg/pg_conn.h"

enum pg_table_kind {
	PG_TABLE_PLAIN,	      /* rows of its own; leaves of partitioned tables too */
	PG_TABLE_PARTITIONED, /* no rows of its own */
	PG_TABLE_FOREIGN,     /* rows lie elsewhere and are not backed up */
};

struct pg_table {
	enum pg_table_kind kind;
	bool unlogged;
	char *schema, *name;
	char *columns; /* "a", "b": those that COPY takes, without generated ones; "" none */
	/* Of a leaf below a hash-partitioned table whose key is an enum: the topmost table, for
	 * its rows may belong into other leaves where the enum has other oids. Else NULL. */
	char *root_schema, *root_name;
	uint64_t size_bytes;	/* on disk, for a progress display */
	char *directory, *file; /* names in the tree, below tables/ */
};

struct pg_tables {
	struct vec vec; /* of struct pg_table, in the tree's order */
};

void pg_tables_init(struct pg_tables *tables);
void pg_tables_release(struct pg_tables *tables);

/*
 * User tables, neither temporary nor members of an extension (pg_dump carries what those have
 * to configure). Names come in the connection's client encoding. Adds to `tables`.
 */
MUST_CHECK int pg_tables_read(struct pg_conn *conn, struct pg_tables *tables,
			      struct err *err);

/* LOCK ... IN ACCESS SHARE MODE on those that can be locked, and are not in `but` (may be
 * NULL); ERR_NOT_FOUND when one was dropped meanwhile. */
MUST_CHECK int pg_tables_lock(struct pg_conn *conn, const struct pg_tables *tables,
			      const struct pg_tables *but, struct err *err);

/* COPY "s"."t" ("a", "b") TO STDOUT | FROM STDIN; `columns` as above. */
void pg_copy_out_sql(struct buf *sql, const char *schema, const char *name,
		     const char *columns);
void pg_copy_in_sql(struct buf *sql, const char *schema, const char *name,
		    const char *columns);

#endif
