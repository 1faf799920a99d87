/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement sets all, joined with pg_settings: a setting that this server does not know
 * yet (transaction_timeout came with 17) is left out instead of being an error.
 *
 * What they are for: the text of values (first group), one stable order of rows so that equal
 * tables give equal bytes and deduplicate (synchronize_seqscans), no time limit, errors instead
 * of silently filtered rows (row_security).
 */
#include "pg/pg_session.h"

/* clang-format off */
static const char *const pin_sql =
	"SELECT pg_catalog.set_config(s.name, v.setting, false)"
	" FROM (VALUES ('datestyle', 'ISO, YMD'), ('intervalstyle', 'postgres'),"
	" ('bytea_output', 'hex'), ('extra_float_digits', '3'), ('lc_monetary', 'C'),"
	" ('xmloption', 'content'), ('xmlbinary', 'base64'), ('array_nulls', 'on'),"
	" ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on'),"
	" ('synchronize_seqscans', 'off'), ('row_security', 'off'),"
	" ('statement_timeout', '0'), ('lock_timeout', '0'),"
	" ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),"
	" ('transaction_timeout', '0'), ('default_transaction_read_only', 'off'),"
	" ('default_transaction_isolation', 'read committed'),"
	" ('client_encoding', $1), ('timezone', CASE WHEN $2::text IS NULL THEN 'UTC'"
	"  ELSE COALESCE((SELECT name FROM pg_catalog.pg_timezone_names WHERE name = $2"
	"  LIMIT 1), 'UTC') END)) v(name, setting)"
	" JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = v.name";
/* clang-format on */

int pg_session_pin(struct pg_conn *conn, const char *encoding, const char *time_zone,
		   struct err *err)
{
	const char *values[] = {encoding, time_zone};
	CLEANUP(pg_result_freep) struct pg_result *result = NULL;

	if (pg_query(conn, pin_sql, 2, values, &result, err) < 0)
		return err_wrap(err, "settings of the session");
	return 0;
}
