/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"quipu_audit_state": 1, "repository_id": "<hex>", "verified": "<RFC 3339>",
 *  "key_log": {"seq": 5, "id": "<hex>"},
 *  "streams": [{"stream": "db/orders", "seq": 9, "id": "<hex>"}, ...]}
 *
 * All heads of a stream are marked: of two concurrent ones either may be taken away.
 */
#include "repo/audit_state.h"

#include <inttypes.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "format/encoding.h"
#include "format/json.h"
#include "repo/audit_internal.h"

enum { STATE_VERSION = 1 };

void audit_state_release(struct audit_state *state)
{
	for (size_t i = 0; i < state->marks.n; i++)
		mem_free(((struct audit_mark *)vec_at(&state->marks, i))->stream);
	vec_release(&state->marks);
	*state = (struct audit_state){0};
}

static int get_hex(const struct value *table, const char *key, uint8_t *out, size_t len,
		   struct err *err)
{
	const char *text;
	struct err why = {0};

	if (value_get_text(table, key, &text, err) < 0)
		return -1;
	if (hex_decode(slice_of_string(text), out, len, &why) < 0)
		return value_error(value_get(table, key), err, "expected %zu hex digits",
				   2 * len);
	return 0;
}

static int read_mark(const struct value *value, struct audit_state *state,
		     struct err *err)
{
	struct audit_mark mark = {0};
	const char *stream;

	if (value_get_text(value, "stream", &stream, err) < 0 ||
	    value_get_uint(value, "seq", &mark.seq, err) < 0 ||
	    get_hex(value, "id", mark.id, sizeof(mark.id), err) < 0)
		return -1;
	mark.stream = mem_strdup(stream);
	vec_push(&state->marks, &mark);
	return 0;
}

static int read_marks(const struct value *document, struct audit_state *state,
		      struct err *err)
{
	const struct value *keylog;
	const struct value *streams;

	if (value_get_table(document, "key_log", &keylog, err) < 0 ||
	    value_get_uint(keylog, "seq", &state->keylog_seq, err) < 0 ||
	    get_hex(keylog, "id", state->keylog_head, sizeof(state->keylog_head), err) <
		    0 ||
	    value_get_array(document, "streams", &streams, err) < 0)
		return -1;
	for (size_t i = 0; i < value_count(streams); i++)
		if (read_mark(value_at(streams, i), state, err) < 0)
			return -1;
	return 0;
}

static int check_head(const char *path, const struct value *document,
		      const struct repo_identity *identity, struct err *err)
{
	uint8_t id[REPO_ID_LEN];
	int64_t version;

	if (value_get_int(document, "quipu_audit_state", &version, err) < 0 ||
	    get_hex(document, "repository_id", id, sizeof(id), err) < 0)
		return -1;
	if (version != STATE_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: version %" PRId64 " is made by a newer Quipu", path,
			       version);
	if (memcmp(id, identity->id, REPO_ID_LEN) != 0)
		return err_set(err, ERR_KEY, "%s: its marks are of another repository",
			       path);
	return 0;
}

/* ERR_CORRUPT would read as damage of the repository. */
static int not_a_state(struct err *err)
{
	if (err->code != ERR_CORRUPT && err->code != ERR_LIMIT)
		return -1;
	err->code = ERR_USAGE;
	(void)err_wrap(err, "--state");
	return err_hint(err, "this is no state file, which a clean verify writes for the "
			     "auditor; without the file verify takes a first look");
}

int audit_state_load(const char *path, const struct repo_identity *identity,
		     struct audit_state *ret_state, bool *ret_found, struct err *err)
{
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(value_freep) struct value *document = NULL;
	CLEANUP(audit_state_release) struct audit_state state = {0};
	struct err why = {0};

	if (file_read(path, AUDIT_STATE_MAX, &text, &why) < 0) {
		*ret_found = false;
		if (why.code == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return not_a_state(err);
	}
	vec_init(&state.marks, sizeof(struct audit_mark));
	if (json_parse(buf_slice(&text), path, AUDIT_STATE_MAX, &document, err) < 0 ||
	    check_head(path, document, identity, err) < 0 ||
	    read_marks(document, &state, err) < 0)
		return not_a_state(err);
	*ret_state = state;
	state = (struct audit_state){0};
	*ret_found = true;
	return 0;
}

static bool has_marked(const struct snapshot_list *list, const struct audit_mark *mark)
{
	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);

		if (header->seq == mark->seq &&
		    memcmp(header->id, mark->id, HASH_LEN) == 0 &&
		    strcmp(header->stream, mark->stream) == 0)
			return true;
	}
	return false;
}

/* Marks are few, one a stream, so that a walk through all headers for each is fine. */
void audit_state_compare(const struct audit_state *state, const struct audit *audit)
{
	if (!keylog_contains(audit->repo->keylog, state->keylog_seq, state->keylog_head))
		audit_add(audit, AUDIT_ALARM,
			  "key log: record %" PRIu64 ", seen by the last verify, is gone",
			  state->keylog_seq);
	for (size_t i = 0; i < state->marks.n; i++) {
		const struct audit_mark *mark = vec_at(&state->marks, i);
		char id[9];

		if (!has_marked(&audit->list, mark))
			audit_add(audit, AUDIT_ALARM,
				  "header %s %" PRIu64
				  " (%s), seen by the last verify, is gone",
				  mark->stream, mark->seq,
				  hex_encode(slice_of(mark->id, 4), id, sizeof(id)));
	}
}

static void write_heads(struct json_writer *w, const struct snapshot_list *list,
			const char *stream)
{
	CLEANUP(vec_release) struct vec heads = {0};

	snapshot_list_heads(list, stream, &heads);
	for (size_t i = 0; i < heads.n; i++) {
		const size_t *at = vec_at(&heads, i);
		const struct snapshot_header *head = vec_at(&list->headers, *at);

		json_begin_object(w);
		json_put_string(w, "stream", head->stream);
		json_put_uint(w, "seq", head->seq);
		json_put_hex(w, "id", slice_of(head->id, HASH_LEN));
		json_end_object(w);
	}
}

static void write_streams(struct json_writer *w, const struct snapshot_list *list)
{
	const char *last = "";

	json_write_key(w, "streams");
	json_begin_array(w);
	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);

		if (strcmp(header->stream, last) != 0)
			write_heads(w, list, header->stream);
		last = header->stream;
	}
	json_end_array(w);
}

int audit_state_store(const char *path, const struct audit *audit, struct err *err)
{
	const struct clock *clock = audit->options->clock;
	const struct keylog *keylog = audit->repo->keylog;
	CLEANUP(buf_release) struct buf text = {0};
	char time_text[CLOCK_TEXT_MAX];
	struct json_writer w;

	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_PRETTY);
	json_begin_object(&w);
	json_put_int(&w, "quipu_audit_state", STATE_VERSION);
	json_put_hex(&w, "repository_id",
		     slice_of(audit->repo->identity.id, REPO_ID_LEN));
	json_put_string(&w, "verified", clock_format(clock->now_nsec(clock), time_text));
	json_write_key(&w, "key_log");
	json_begin_object(&w);
	json_put_uint(&w, "seq", keylog_seq(keylog));
	json_put_hex(&w, "id", slice_of(keylog_head(keylog), HASH_LEN));
	json_end_object(&w);
	write_streams(&w, &audit->list);
	json_end_object(&w);
	buf_append_string(&text, "\n");
	if (text.len > AUDIT_STATE_MAX)
		return err_set(err, ERR_LIMIT, "%s: %zu bytes of marks exceed %d", path,
			       text.len, AUDIT_STATE_MAX);
	return file_write(path, buf_slice(&text), 0600, FILE_REPLACE, err);
}
