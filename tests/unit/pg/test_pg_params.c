/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pg/pg_params.h"
#include "support/file_tree.h"

static void assert_takes(const char *conninfo, const char *host, const char *database)
{
	CLEANUP(pg_params_release) struct pg_params params;
	struct err err = {0};

	pg_params_init(&params);
	if (pg_params_parse(conninfo, &params, &err) < 0)
		fail_msg("%s: %s", conninfo, err.msg);
	assert_string_equal(pg_params_get(&params, "host"), host);
	assert_string_equal(pg_params_get(&params, "dbname"), database);
}

static void test_pg_params_parse__takes_words_and_uris(void **state)
{
	(void)state;
	assert_takes("host=db dbname=app", "db", "app");
	assert_takes("host='a b' dbname='it\\'s'", "a b", "it's");
	assert_takes("postgresql://db:5433/app", "db", "app");
	assert_takes("postgres://me@db/a%20b?sslmode=require", "db", "a b");
	assert_takes("host=db dbname=app password=''", "db", "app");
}

static void assert_refused(const char *conninfo, const char *message, const char *hint)
{
	struct pg_params params;
	struct err err = {0};

	if (pg_params_parse(conninfo, &params, &err) == 0)
		fail_msg("%s was accepted", conninfo);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, message));
	assert_non_null(strstr(err.hint, hint));
	assert_null(strstr(err.msg, "s3cret"));
	assert_null(strstr(err.hint, "s3cret"));
}

static void test_pg_params_parse__refuses_passwords(void **state)
{
	static const char *const bad[] = {
		"host=db dbname=app password=s3cret",
		"postgresql://me:s3cret@db/app",
		"postgresql://me:%73%33cret@db/app",
		"postgresql://db/app?password=s3cret",
		"postgresql://db/app?user=x&sslpassword=s3cret",
		"dbname=app sslpassword='s3cret'",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i], "holds a password", "PGPASSFILE");
}

static void assert_keepalive(const char *conninfo, const char *seconds)
{
	CLEANUP(pg_params_release) struct pg_params params;
	struct err err = {0};

	pg_params_init(&params);
	if (pg_params_parse(conninfo, &params, &err) < 0)
		fail_msg("%s: %s", conninfo, err.msg);
	assert_string_equal(pg_params_get(&params, "keepalives_idle"), seconds);
}

static void test_pg_params_parse__keeps_idle_connections_alive(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "services");

	tree_write(*state, "services", "[slow]\nkeepalives_idle=1000\n");
	assert_int_equal(setenv("PGSERVICEFILE", path, 1), 0);
	assert_keepalive("dbname=app", "60");
	assert_keepalive("dbname=app keepalives_idle=5", "5");
	assert_keepalive("dbname=app service=slow", "1000");
	assert_int_equal(unsetenv("PGSERVICEFILE"), 0);
}

/* psql's --dbname takes a whole connection string, so people paste one. */
static void test_pg_params_parse__refuses_passwords_within_values(void **state)
{
	static const char *const bad[] = {
		"dbname=postgresql://me:s3cret@db/app",
		"host=db dbname='postgres://db/app?password=s3cret'",
		"postgresql://db/postgresql%3A%2F%2Fme:s3cret%40db",
		"postgresql://db/host=x%20password=s3cret",
		"dbname='host=x password = s3cret dbname=y'",
		"dbname=app user=postgresql://me:s3cret@db/app",
		"dbname=app host=postgresql://me:s3cret@db/app",
		"dbname=app application_name='password=s3cret'",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i], "holds another one (in ", "PGPASSFILE");
	assert_takes("host=db dbname='password'", "db", "password");
	assert_takes("host=db dbname='a=b'", "db", "a=b");
}

#define SERVICES                                                                         \
	"[prod]\ndbname=orders\nhost=db.example\n[none]\nhost=db\n"                      \
	"[bad]\ndbname=postgresql://me:s3cret@db/app\n"

static void test_pg_params_parse__asks_service_and_environment(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "services");

	tree_write(*state, "services", SERVICES);
	assert_int_equal(setenv("PGSERVICEFILE", path, 1), 0);
	assert_takes("host=db service=prod", "db", "orders");
	assert_takes("host=db service=prod dbname=other", "db", "other");
	assert_refused("service=none", "names no database", "dbname=NAME");
	assert_refused("service=nosuch", "\"nosuch\" not found", "PGSERVICEFILE");
	assert_refused("service=bad", "holds another one (in dbname)", "PGPASSFILE");
	assert_int_equal(setenv("PGDATABASE", "env", 1), 0);
	assert_takes("host=db service=none", "db", "env");
	assert_takes("host=db service=prod", "db", "orders");
	assert_takes("host=db", "db", "env");
	assert_int_equal(setenv("PGDATABASE", "postgresql://me:s3cret@db/app", 1), 0);
	assert_refused("host=db", "holds another one (in dbname)", "PGPASSFILE");
	assert_int_equal(unsetenv("PGDATABASE"), 0);
	assert_int_equal(setenv("PGSERVICE", "prod", 1), 0);
	assert_takes("host=db", "db", "orders");
	assert_int_equal(unsetenv("PGSERVICE"), 0);
	assert_int_equal(unsetenv("PGSERVICEFILE"), 0);
}

static void test_pg_params_parse__shows_no_part_of_malformed_text(void **state)
{
	(void)state;
	assert_refused("postgresql://me:s3cret%zz@db/app", "malformed", "postgresql://");
	assert_refused("s3cret", "malformed", "dbname");
	assert_refused("host=db nonsense=s3cret", "malformed", "dbname");
}

static void test_pg_params_parse__asks_for_a_database(void **state)
{
	(void)state;
	assert_refused("host=db", "names no database", "dbname=NAME");
	assert_refused("postgresql://db/", "names no database", "dbname=NAME");
	assert_refused("", "names no database", "dbname=NAME");
	assert_refused("dbname=''", "names no database", "dbname=NAME");
}

static void test_pg_params_format__reads_back_as_the_same(void **state)
{
	CLEANUP(pg_params_release) struct pg_params params, again;
	CLEANUP(buf_release) struct buf text;
	struct err err;

	(void)state;
	pg_params_init(&params);
	pg_params_init(&again);
	buf_init(&text, 0);
	pg_params_set(&params, "dbname", "it's a \\ = name");
	pg_params_set(&params, "host", "/run/x y");
	pg_params_format(&params, &text);
	assert_string_equal(buf_string(&text),
			    "dbname='it\\'s a \\\\ = name' host='/run/x y'");
	assert_int_equal(pg_params_parse(buf_string(&text), &again, &err), 0);
	assert_string_equal(pg_params_get(&again, "dbname"), "it's a \\ = name");
	assert_string_equal(pg_params_get(&again, "host"), "/run/x y");
}

static void test_pg_params_set__replaces_and_removes(void **state)
{
	CLEANUP(pg_params_release) struct pg_params params;

	(void)state;
	pg_params_init(&params);
	pg_params_set(&params, "host", "a");
	pg_params_set(&params, "host", "b");
	assert_int_equal(params.vec.n, 1);
	assert_string_equal(pg_params_get(&params, "host"), "b");
	pg_params_set(&params, "host", NULL);
	pg_params_set(&params, "port", NULL);
	assert_null(pg_params_get(&params, "host"));
	assert_int_equal(params.vec.n, 0);
}

static void test_pg_params_place__names_what_is_known(void **state)
{
	CLEANUP(pg_params_release) struct pg_params params;
	CLEANUP(mem_freep) char *alone = NULL;
	CLEANUP(mem_freep) char *whole = NULL;

	(void)state;
	pg_params_init(&params);
	pg_params_set(&params, "dbname", "app\n");
	alone = pg_params_place(&params);
	assert_string_equal(alone, "database \"app\\n\"");
	pg_params_set(&params, "dbname", "app");
	pg_params_set(&params, "hostaddr", "10.0.0.1");
	pg_params_set(&params, "port", "5433");
	whole = pg_params_place(&params);
	assert_string_equal(whole, "database app at 10.0.0.1:5433");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_params_parse__takes_words_and_uris),
		cmocka_unit_test(test_pg_params_parse__refuses_passwords),
		cmocka_unit_test(test_pg_params_parse__refuses_passwords_within_values),
		tempdir_test(test_pg_params_parse__keeps_idle_connections_alive),
		tempdir_test(test_pg_params_parse__asks_service_and_environment),
		cmocka_unit_test(test_pg_params_parse__shows_no_part_of_malformed_text),
		cmocka_unit_test(test_pg_params_parse__asks_for_a_database),
		cmocka_unit_test(test_pg_params_format__reads_back_as_the_same),
		cmocka_unit_test(test_pg_params_set__replaces_and_removes),
		cmocka_unit_test(test_pg_params_place__names_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
