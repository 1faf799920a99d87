/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpq does the parsing (pg_conn_parse()), so that what we accept is what pg_dump accepts. Its
 * own error texts quote the piece that it stumbled over, which may be a password; they are
 * replaced by one of ours.
 */
#include "pg/pg_params.h"

#include "base/mem.h"
#include "base/quote.h"
#include "pg/pg_conn.h"

void pg_params_init(struct pg_params *params)
{
	vec_init(&params->vec, sizeof(struct pg_param));
}

void pg_params_release(struct pg_params *params)
{
	for (size_t i = 0; i < params->vec.n; i++) {
		struct pg_param *param = vec_at(&params->vec, i);

		mem_free(param->key);
		mem_free(param->value);
	}
	vec_release(&params->vec);
}

void pg_params_copy(struct pg_params *to, const struct pg_params *from)
{
	pg_params_init(to);
	for (size_t i = 0; i < from->vec.n; i++) {
		const struct pg_param *param = vec_at(&from->vec, i);

		pg_params_set(to, param->key, param->value);
	}
}

static struct pg_param *find(const struct pg_params *params, const char *key,
			     size_t *ret_at)
{
	for (size_t i = 0; i < params->vec.n; i++) {
		struct pg_param *param = vec_at(&params->vec, i);

		if (strcmp(param->key, key) == 0) {
			*ret_at = i;
			return param;
		}
	}
	return NULL;
}

const char *pg_params_get(const struct pg_params *params, const char *key)
{
	size_t at;
	const struct pg_param *param = find(params, key, &at);

	return param == NULL ? NULL : param->value;
}

void pg_params_set(struct pg_params *params, const char *key, const char *value)
{
	size_t at = 0;
	struct pg_param *old = find(params, key, &at);
	struct pg_param added = {mem_strdup(key), mem_strdup(value)};

	if (old != NULL) {
		mem_free(old->key);
		mem_free(old->value);
		vec_remove(&params->vec, at);
	}
	if (value != NULL)
		vec_push(&params->vec, &added);
	else
		mem_free(added.key);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A connection string where a plain value belongs: a mistake that may bring a password along. */
static bool is_conninfo(const char *value)
{
	static const char key[] = "password";
	const char *found = strstr(value, key);

	if (begins(value, "postgresql://") || begins(value, "postgres://"))
		return true;
	for (; found != NULL; found = strstr(found + 1, key))
		if (found[strlen(key) + strspn(found + strlen(key), " \t\n")] == '=')
			return true;
	return false;
}

static int hint_secrets(struct err *err)
{
	return err_hint(err, "put it into a password file (~/.pgpass, or name "
			     "one in PGPASSFILE) or a service file "
			     "(PGSERVICEFILE, service=NAME)");
}

static int refuse_secrets(const struct pg_params *params, struct err *err)
{
	static const char *const secrets[] = {"password", "sslpassword"};

	for (size_t i = 0; i < params->vec.n; i++) {
		const struct pg_param *param = vec_at(&params->vec, i);

		for (size_t j = 0; j < ARRAY_SIZE(secrets); j++) {
			if (strcmp(param->key, secrets[j]) != 0)
				continue;
			(void)err_set(err, ERR_USAGE,
				      "connection string holds a password (%s); expected "
				      "none, since others can read command lines",
				      secrets[j]);
			return hint_secrets(err);
		}
		if (!is_conninfo(param->value))
			continue;
		(void)err_set(err, ERR_USAGE,
			      "connection string holds another one (in %s), which may "
			      "hold a password; expected a plain value",
			      param->key);
		return hint_secrets(err);
	}
	return 0;
}

/* The one that is in the parameters, or that is found elsewhere, becomes one of them. */
static int need_database(struct pg_params *params, struct err *err)
{
	CLEANUP(mem_freep) char *found = NULL;

	if (pg_params_get(params, "dbname") != NULL)
		return 0;
	if (pg_conn_lookup(params, "dbname", &found, err) < 0)
		return err_hint(err, "services are in ~/.pg_service.conf, or in the file "
				     "that PGSERVICEFILE names");
	if (found == NULL) {
		(void)err_set(err, ERR_USAGE, "connection string names no database");
		return err_hint(err, "add dbname=NAME, or /NAME to a URI");
	}
	pg_params_set(params, "dbname", found);
	return 0;
}

/* Unless it is given: after how many seconds the system sends something through an idle
 * connection. The default is two hours, which is longer than firewalls remember. */
static int keep_alive(struct pg_params *params, struct err *err)
{
	static const char key[] = "keepalives_idle", seconds[] = "60";
	CLEANUP(mem_freep) char *found = NULL;

	if (pg_params_get(params, key) != NULL)
		return 0;
	if (pg_conn_lookup(params, key, &found, err) < 0)
		return -1;
	pg_params_set(params, key, found != NULL ? found : seconds);
	return 0;
}

int pg_params_parse(const char *conninfo, struct pg_params *ret_params, struct err *err)
{
	CLEANUP(pg_params_release) struct pg_params params;

	pg_params_init(&params);
	if (!pg_conn_parse(conninfo, &params)) {
		(void)err_set(err, ERR_USAGE,
			      "connection string is malformed; expected key=value words "
			      "or a postgresql:// URI");
		return err_hint(err, "for example \"host=db.example dbname=app\" or "
				     "\"postgresql://db.example/app\"; quote values with "
				     "spaces: dbname='my app'");
	}
	if (refuse_secrets(&params, err) < 0 || need_database(&params, err) < 0 ||
	    refuse_secrets(&params, err) < 0 || /* of the database that was found */
	    keep_alive(&params, err) < 0)
		return -1;
	*ret_params = params;
	pg_params_init(&params);
	return 0;
}

void pg_params_format(const struct pg_params *params, struct buf *text)
{
	for (size_t i = 0; i < params->vec.n; i++) {
		const struct pg_param *param = vec_at(&params->vec, i);

		buf_printf(text, "%s%s='", i > 0 ? " " : "", param->key);
		for (const char *c = param->value; *c != '\0'; c++) {
			if (*c == '\'' || *c == '\\')
				buf_append_byte(text, '\\');
			buf_append_byte(text, (uint8_t)*c);
		}
		buf_append_byte(text, '\'');
	}
}

char *pg_params_place(const struct pg_params *params)
{
	const char *database = pg_params_get(params, "dbname");
	const char *host = pg_params_get(params, "host");
	const char *port = pg_params_get(params, "port");
	char shown_database[QUOTE_TEXT_MAX], shown_host[QUOTE_TEXT_MAX];
	char shown_port[QUOTE_TEXT_MAX];

	quote_string(database == NULL ? "" : database, shown_database);
	if (host == NULL)
		host = pg_params_get(params, "hostaddr");
	if (host == NULL)
		return mem_printf("database %s", shown_database);
	quote_string(host, shown_host);
	if (port == NULL)
		return mem_printf("database %s at %s", shown_database, shown_host);
	return mem_printf("database %s at %s:%s", shown_database, shown_host,
			  quote_string(port, shown_port));
}
