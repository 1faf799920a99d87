/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to a scripted server (fake_postgres.h). Include after cmocka.h. */
#ifndef TESTS_SUPPORT_FAKE_SESSION_H
#define TESTS_SUPPORT_FAKE_SESSION_H

#include "pg/pg_conn.h"
#include "support/fake_postgres.h"
#include "support/tempdir.h"

struct fake_session {
	struct fake_postgres fake;
	struct pg_conn *conn;
	struct cancel cancel;
	struct err err;
};

static inline void fake_session_open(struct fake_session *s, void **state,
				     const struct fake_rule *rules)
{
	*s = (struct fake_session){0};
	cancel_init(&s->cancel);
	fake_postgres_start(&s->fake, *state, rules, NULL);
	if (pg_conn_open(&s->fake.params, &s->cancel, &s->conn, &s->err) < 0)
		fail_msg("%s", s->err.msg);
}

static inline void fake_session_close(struct fake_session *s)
{
	pg_conn_free(s->conn);
	fake_postgres_stop(&s->fake);
}

#endif
