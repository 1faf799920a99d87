/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fake_postgres.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"

enum {
	CODE_CANCEL = 80877102,
	CODE_SSL = 80877103,
	CODE_GSS = 80877104,
	MESSAGE_MAX = 1 << 20,
	USES_MAX = 64,	 /* rules */
	CLIENTS_MAX = 8, /* the listener is the first */
};

struct server {
	int listener, client;
	FILE *log;
	const struct fake_rule *rules;
	const char *refusal;
	unsigned used[USES_MAX];
	struct buf out;
	char *parsed; /* SQL of an extended query */
};

static void put_u32(struct buf *out, uint32_t v)
{
	v = htonl(v);
	buf_append(out, &v, sizeof(v));
}

static void put_u16(struct buf *out, uint16_t v)
{
	v = htons(v);
	buf_append(out, &v, sizeof(v));
}

static void put_message(struct server *s, char type, struct slice body)
{
	buf_append_byte(&s->out, (uint8_t)type);
	put_u32(&s->out, (uint32_t)body.len + 4);
	buf_append_slice(&s->out, body);
}

static void flush(struct server *s)
{
	struct err ignored;

	if (fd_write_all(s->client, s->out.data, s->out.len, &ignored) < 0)
		(void)shutdown(s->client, SHUT_RDWR); /* it has gone away */
	buf_clear(&s->out);
}

static void put_error(struct server *s, const char *text)
{
	struct buf body;

	buf_init(&body, 0);
	buf_append(&body, "SERROR\0VERROR\0C", 15);
	buf_append(&body, text, 5);
	buf_append(&body, "\0M", 2);
	buf_append(&body, text + 6, strlen(text + 6) + 1);
	buf_append_byte(&body, 0);
	put_message(s, 'E', buf_slice(&body));
	buf_release(&body);
}

static void put_ready(struct server *s)
{
	put_message(s, 'Z', slice_of("I", 1));
}

static void put_parameter(struct server *s, const char *name, const char *value)
{
	struct buf body;

	buf_init(&body, 0);
	buf_append(&body, name, strlen(name) + 1);
	buf_append(&body, value, strlen(value) + 1);
	put_message(s, 'S', buf_slice(&body));
	buf_release(&body);
}

static uint16_t count_columns(const char *text)
{
	uint16_t n = 1;

	for (; *text != '\0' && *text != '\n'; text++)
		n = (uint16_t)(n + (*text == '\t'));
	return n;
}

static void put_columns(struct server *s, uint16_t n)
{
	struct buf body;

	buf_init(&body, 0);
	put_u16(&body, n);
	for (uint16_t i = 0; i < n; i++) {
		buf_append(&body, "c\0", 2);
		put_u32(&body, 0);
		put_u16(&body, 0);
		put_u32(&body, 25);
		put_u16(&body, 0xffff);
		put_u32(&body, 0xffffffff);
		put_u16(&body, 0);
	}
	put_message(s, 'T', buf_slice(&body));
	buf_release(&body);
}

static void put_row(struct server *s, const char *row, size_t len, uint16_t n)
{
	struct buf body;

	buf_init(&body, 0);
	put_u16(&body, n);
	for (uint16_t i = 0; i < n; i++) {
		size_t width = strcspn(row, "\t\n");

		width = width < len ? width : len;
		if (width == 2 && memcmp(row, "\\N", 2) == 0) {
			put_u32(&body, 0xffffffff);
		} else {
			put_u32(&body, (uint32_t)width);
			buf_append(&body, row, width);
		}
		row += width + 1;
		len -= width < len ? width + 1 : width;
	}
	put_message(s, 'D', buf_slice(&body));
	buf_release(&body);
}

static void put_rows(struct server *s, const char *text)
{
	uint16_t n = count_columns(text);

	put_columns(s, n);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		put_row(s, text, len, n);
		text += len + (text[len] == '\n');
	}
	put_message(s, 'C', slice_of("SELECT 1", 9));
}

static bool read_message(int fd, bool has_type, char *ret_type, struct buf *body)
{
	struct err ignored;
	uint32_t len;
	size_t have;

	if (has_type && (fd_read(fd, ret_type, 1, &have, &ignored) < 0 || have != 1))
		return false;
	if (fd_read(fd, &len, 4, &have, &ignored) < 0 || have != 4)
		return false;
	len = ntohl(len) - 4;
	if (len > MESSAGE_MAX)
		return false;
	buf_clear(body);
	return fd_read(fd, buf_extend(body, len), len, &have, &ignored) == 0 &&
	       have == len;
}

static void copy_out(struct server *s, const char *text)
{
	put_message(s, 'H', slice_of("\0\0\0", 3));
	while (*text != '\0') {
		size_t len = strcspn(text, "\n") + 1;

		put_message(s, 'd', slice_of(text, len));
		text += len;
	}
	put_message(s, 'c', slice_of("", 0));
	put_message(s, 'C', slice_of("COPY 1", 7));
}

static void copy_in(struct server *s, const char *failure)
{
	struct buf body;
	char type = 0;

	buf_init(&body, MESSAGE_MAX + 1);
	put_message(s, 'G', slice_of("\0\0\0", 3));
	flush(s);
	while (type != 'c' && read_message(s->client, true, &type, &body))
		if (type == 'd')
			fprintf(s->log, "data: %s", buf_string(&body));
	fflush(s->log);
	buf_release(&body);
	if (failure != NULL)
		put_error(s, failure);
	else
		put_message(s, 'C', slice_of("COPY 2", 7));
}

/* Somebody connects to cancel. */
static void be_silent(struct server *s)
{
	struct buf body;
	int fd;

	flush(s);
	fd = accept(s->listener, NULL, NULL);
	buf_init(&body, MESSAGE_MAX + 1);
	(void)read_message(fd, false, NULL, &body); /* whose session: there is one only */
	buf_release(&body);
	fprintf(s->log, "cancelled\n");
	fflush(s->log);
	(void)close(fd); /* the client waits for this, then it may look at the log */
	put_error(s, "57014 canceling statement due to user request");
}

static const struct fake_rule *find_rule(struct server *s, const char *sql)
{
	for (size_t i = 0; s->rules[i].match != NULL; i++) {
		const struct fake_rule *rule = &s->rules[i];

		if (strstr(sql, rule->match) == NULL)
			continue;
		if (rule->times == 0 || s->used[i] < rule->times) {
			s->used[i]++;
			return rule;
		}
	}
	return NULL;
}

static void answer(struct server *s, const char *sql)
{
	const struct fake_rule *rule = find_rule(s, sql);

	fprintf(s->log, "%s\n", sql);
	fflush(s->log);
	if (rule == NULL)
		put_message(s, 'C', slice_of("SET", 4));
	else if (rule->answer == FAKE_ROWS)
		put_rows(s, rule->text);
	else if (rule->answer == FAKE_ERROR)
		put_error(s, rule->text);
	else if (rule->answer == FAKE_COPY_OUT)
		copy_out(s, rule->text);
	else if (rule->answer == FAKE_COPY_IN)
		copy_in(s, rule->text);
	else if (rule->answer == FAKE_SILENCE)
		be_silent(s);
	else
		(void)shutdown(s->client, SHUT_RDWR);
}

static void greet(struct server *s)
{
	put_message(s, 'R', slice_of("\0\0\0\0", 4));
	put_parameter(s, "server_version", "15.20 (fake)");
	put_parameter(s, "server_encoding", "UTF8");
	put_parameter(s, "client_encoding", "UTF8");
	put_parameter(s, "standard_conforming_strings", "on");
	for (const struct fake_rule *rule = s->rules; rule->match != NULL; rule++)
		if (rule->answer == FAKE_PARAMETER)
			put_parameter(s, rule->match, rule->text);
	put_message(s, 'K', slice_of("\0\0\0\1\0\0\0\2", 8));
	put_ready(s);
	flush(s);
}

/* False when it was no session: a request to cancel, or a refusal. */
static bool start_session(struct server *s, struct buf *body)
{
	uint32_t code;

	for (;;) {
		if (!read_message(s->client, false, NULL, body) || body->len < 4)
			return false;
		memcpy(&code, body->data, 4);
		code = ntohl(code);
		if (code == CODE_CANCEL)
			return false;
		if (code != CODE_SSL && code != CODE_GSS)
			break;
		if (write(s->client, "N", 1) != 1)
			return false;
	}
	if (s->refusal == NULL) {
		greet(s);
		return true;
	}
	put_error(s, s->refusal);
	flush(s);
	return false;
}

static void serve_message(struct server *s, char type, const struct buf *body)
{
	if (type == 'Q') {
		answer(s, buf_string(body));
		put_ready(s);
	} else if (type == 'P') {
		mem_free(s->parsed);
		s->parsed = mem_strdup(buf_string(body) + 1); /* behind an empty name */
		put_message(s, '1', slice_of("", 0));
		put_message(s, '2', slice_of("", 0));
	} else if (type == 'S') {
		answer(s, s->parsed);
		put_ready(s);
	}
	if (type == 'Q' || type == 'S')
		flush(s);
}

static void add_client(struct server *s, struct pollfd *clients, struct buf *body)
{
	size_t i = 1;

	while (i < CLIENTS_MAX && clients[i].fd >= 0)
		i++;
	s->client = accept(s->listener, NULL, NULL);
	if (i < CLIENTS_MAX && start_session(s, body))
		clients[i].fd = s->client;
	else
		(void)close(s->client);
}

/* One message of whoever speaks first, then the next: several sessions may be open. */
static void serve(struct server *s)
{
	struct pollfd clients[CLIENTS_MAX];
	struct buf body;

	buf_init(&body, MESSAGE_MAX + 1);
	buf_init(&s->out, 0);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		clients[i] = (struct pollfd){i == 0 ? s->listener : -1, POLLIN, 0};
	while (poll(clients, CLIENTS_MAX, -1) > 0) {
		bool served = false;

		for (size_t i = 1; i < CLIENTS_MAX; i++) {
			char type = 0;

			s->client = clients[i].fd;
			if (s->client < 0 || clients[i].revents == 0)
				continue;
			served = true;
			if (read_message(s->client, true, &type, &body) && type != 'X') {
				serve_message(s, type, &body);
				continue;
			}
			(void)close(s->client);
			clients[i].fd = -1;
		}
		/* Last: a request to cancel comes after what it is about. */
		if (!served)
			add_client(s, clients, &body);
	}
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 8) < 0)
		return -1;
	return fd;
}

void fake_postgres_start(struct fake_postgres *fake, const char *directory,
			 const struct fake_rule *rules, const char *refusal)
{
	CLEANUP(mem_freep) char *socket_path = path_join(directory, ".s.PGSQL.5432");
	struct server server = {.rules = rules, .refusal = refusal};

	fake->log = path_join(directory, "log");
	pg_params_init(&fake->params);
	pg_params_set(&fake->params, "host", directory);
	pg_params_set(&fake->params, "port", "5432");
	pg_params_set(&fake->params, "user", "tester");
	pg_params_set(&fake->params, "dbname", "app");
	server.listener = listen_at(socket_path);
	server.log = fopen(fake->log, "we");
	if (server.listener < 0 || server.log == NULL)
		abort();
	fake->pid = fork();
	if (fake->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGPIPE, SIG_IGN);
		serve(&server);
		_exit(0);
	}
	(void)close(server.listener);
	(void)fclose(server.log);
}

void fake_postgres_stop(struct fake_postgres *fake)
{
	(void)kill(fake->pid, SIGKILL);
	(void)waitpid(fake->pid, NULL, 0);
	mem_free(fake->log);
	pg_params_release(&fake->params);
}

bool fake_postgres_got(const struct fake_postgres *fake, const char *text)
{
	CLEANUP(buf_release) struct buf log;
	struct err err;

	buf_init(&log, 0);
	return file_read(fake->log, 1 << 20, &log, &err) == 0 &&
	       strstr(buf_string(&log), text) != NULL;
}
