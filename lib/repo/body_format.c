/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   version u16 = 1   lp32 root entry
 *   n u32 (lp32 path) * n   lp16 host   lp16 user   lp16 program   lp16 source kind
 *   n u32 (lp16 key  lp16 value) * n   lp32 facts
 *   n u32 (lp32 warning) * n   n u32 (fragment[32]) * n
 *
 * A body is one blob. Encoder and decoder have the same limits, so what one writes the other
 * reads; the encoder looks at all of them before it appends anything.
 */
#include "repo/body_format.h"

#include <inttypes.h>

#include "base/mem.h"

enum { BODY_VERSION = 1, FRAGMENT_NAME_LEN = 32 };

void snapshot_body_init(struct snapshot_body *body)
{
	*body = (struct snapshot_body){0};
	entry_init(&body->root, ENTRY_DIRECTORY, "");
	content_ref_init(&body->root_content);
	strings_init(&body->paths);
	strings_init(&body->warnings);
	vec_init(&body->tags, sizeof(struct body_tag));
	vec_init(&body->fragments, FRAGMENT_NAME_LEN);
}

void snapshot_body_release(struct snapshot_body *body)
{
	for (size_t i = 0; i < body->tags.n; i++) {
		struct body_tag *tag = vec_at(&body->tags, i);

		mem_free(tag->key);
		mem_free(tag->value);
	}
	vec_release(&body->tags);
	vec_release(&body->fragments);
	entry_release(&body->root);
	content_ref_release(&body->root_content);
	strings_release(&body->paths);
	strings_release(&body->warnings);
	mem_free(body->host);
	mem_free(body->user);
	mem_free(body->program);
	mem_free(body->source_kind);
	mem_free(body->facts);
	*body = (struct snapshot_body){0};
}

void snapshot_body_add_tag(struct snapshot_body *body, const char *key, const char *value)
{
	struct body_tag tag = {.key = mem_strdup(key), .value = mem_strdup(value)};

	vec_push(&body->tags, &tag);
}

/* --- encoding --- */

static const char *text_or(const char *text, const char *fallback)
{
	return text != NULL ? text : fallback;
}

static int check_text(const char *what, const char *text, size_t max, struct err *err)
{
	size_t len = strlen(text_or(text, ""));

	if (len > max)
		return err_set(err, ERR_LIMIT,
			       "%s has %zu bytes, a snapshot stores %zu at most", what,
			       len, max);
	return 0;
}

static int check_count(const char *what, size_t n, size_t max, struct err *err)
{
	if (n > max)
		return err_set(err, ERR_LIMIT, "%zu %s, a snapshot stores %zu at most", n,
			       what, max);
	return 0;
}

static int check_strings(const char *what, const struct strings *strings, size_t max,
			 struct err *err)
{
	for (size_t i = 0; i < strings_count(strings); i++) {
		if (check_text(what, strings_at(strings, i), max, err) < 0)
			return -1;
	}
	return 0;
}

static int check_tags(const struct vec *tags, struct err *err)
{
	if (check_count("tags", tags->n, BODY_TAGS_MAX, err) < 0)
		return -1;
	for (size_t i = 0; i < tags->n; i++) {
		const struct body_tag *tag = vec_at(tags, i);

		if (check_text("key of a tag", tag->key, BODY_TEXT_MAX, err) < 0 ||
		    check_text("value of a tag", tag->value, BODY_TAG_VALUE_MAX, err) < 0)
			return -1;
	}
	return 0;
}

static int check_limits(const struct snapshot_body *body, struct err *err)
{
	const struct {
		const char *what, *text;
	} texts[] = {
		{"host name", body->host},
		{"user name", body->user},
		{"program name", body->program},
		{"source kind", body->source_kind},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (check_text(texts[i].what, texts[i].text, BODY_TEXT_MAX, err) < 0)
			return -1;
	}
	if (check_count("paths", strings_count(&body->paths), BODY_ROOTS_MAX, err) < 0 ||
	    check_strings("path", &body->paths, BODY_PATH_MAX, err) < 0 ||
	    check_count("warnings", strings_count(&body->warnings), BODY_WARNINGS_MAX,
			err) < 0 ||
	    check_strings("warning", &body->warnings, BODY_WARNING_LEN_MAX, err) < 0 ||
	    check_count("index fragments", body->fragments.n, BODY_FRAGMENTS_MAX, err) <
		    0)
		return -1;
	return check_text("facts", body->facts, BODY_FACTS_MAX, err) < 0
		       ? -1
		       : check_tags(&body->tags, err);
}

static void put_strings(const struct strings *strings, struct buf *out)
{
	buf_put_u32(out, (uint32_t)strings_count(strings));
	for (size_t i = 0; i < strings_count(strings); i++)
		buf_put_bytes32(out, slice_of_string(strings_at(strings, i)));
}

static void put_text16(const char *text, struct buf *out)
{
	buf_put_bytes16(out, slice_of_string(text_or(text, "")));
}

static void put_after_root(const struct snapshot_body *body, struct buf *out)
{
	put_strings(&body->paths, out);
	put_text16(body->host, out);
	put_text16(body->user, out);
	put_text16(body->program, out);
	put_text16(body->source_kind, out);
	buf_put_u32(out, (uint32_t)body->tags.n);
	for (size_t i = 0; i < body->tags.n; i++) {
		const struct body_tag *tag = vec_at(&body->tags, i);

		put_text16(tag->key, out);
		put_text16(tag->value, out);
	}
	buf_put_bytes32(out, slice_of_string(text_or(body->facts, "{}")));
	put_strings(&body->warnings, out);
	buf_put_u32(out, (uint32_t)body->fragments.n);
	if (body->fragments.n > 0)
		buf_append(out, body->fragments.data,
			   body->fragments.n * FRAGMENT_NAME_LEN);
}

int snapshot_body_encode(const struct snapshot_body *body, struct buf *out,
			 struct err *err)
{
	CLEANUP(buf_release) struct buf root = {0};
	size_t before = out->len;

	buf_init(&root, 0);
	if (tree_entry_encode(&body->root, &body->root_content, &root, err) < 0)
		return err_wrap(err, "root directory");
	if (check_limits(body, err) < 0)
		return -1;
	buf_put_u16(out, BODY_VERSION);
	buf_put_bytes32(out, buf_slice(&root));
	put_after_root(body, out);
	if (out->len - before <= BLOB_RAW_MAX)
		return 0;
	out->len = before;
	return err_set(err, ERR_LIMIT,
		       "paths, tags and warnings take more than the %d bytes of a "
		       "snapshot's body",
		       BLOB_RAW_MAX);
}

/* --- decoding --- */

static char *read_text(struct cursor *c, struct slice bytes, const char *what)
{
	if (bytes.len > 0 && memchr(bytes.data, 0, bytes.len) != NULL)
		cursor_fail(c, "%s holds a NUL", what);
	return mem_strndup(c->bad ? "" : (const char *)bytes.data,
			   c->bad ? 0 : bytes.len);
}

static char *read_text16(struct cursor *c, size_t max, const char *what)
{
	struct slice bytes = cursor_bytes16(c, max);

	return read_text(c, bytes, what);
}

static void read_strings(struct cursor *c, uint32_t n_max, size_t len_max,
			 const char *what, struct strings *ret_strings)
{
	uint32_t n = cursor_count(c, n_max, 4);

	for (uint32_t i = 0; i < n && !c->bad; i++) {
		struct slice bytes = cursor_bytes32(c, len_max);
		CLEANUP(mem_freep) char *text = read_text(c, bytes, what);

		if (!c->bad)
			strings_add(ret_strings, text);
	}
}

static void read_tags(struct cursor *c, struct vec *tags)
{
	uint32_t n = cursor_count(c, BODY_TAGS_MAX, 4);

	for (uint32_t i = 0; i < n && !c->bad; i++) {
		struct body_tag tag;

		tag.key = read_text16(c, BODY_TEXT_MAX, "key of a tag");
		tag.value = read_text16(c, BODY_TAG_VALUE_MAX, "value of a tag");
		vec_push(tags, &tag);
	}
}

static void read_fragments(struct cursor *c, struct vec *fragments)
{
	uint32_t n = cursor_count(c, BODY_FRAGMENTS_MAX, FRAGMENT_NAME_LEN);

	for (uint32_t i = 0; i < n && !c->bad; i++)
		vec_push(fragments, cursor_bytes(c, FRAGMENT_NAME_LEN).data);
}

static int read_root(struct cursor *c, struct snapshot_body *body, struct err *err)
{
	struct slice bytes = cursor_bytes32(c, ENTRY_MAX);

	if (cursor_ok(c, "body", err) < 0)
		return -1;
	entry_release(&body->root);
	content_ref_release(&body->root_content);
	if (tree_entry_decode(bytes, &body->root, &body->root_content, err) < 0)
		return err_wrap(err, "body: root");
	if (body->root.type != ENTRY_DIRECTORY || body->root.name[0] != '\0')
		return err_set(err, ERR_CORRUPT,
			       "body: root is no directory without a name");
	return 0;
}

static void read_after_root(struct cursor *c, struct snapshot_body *body)
{
	struct slice facts;

	read_strings(c, BODY_ROOTS_MAX, BODY_PATH_MAX, "path", &body->paths);
	body->host = read_text16(c, BODY_TEXT_MAX, "host name");
	body->user = read_text16(c, BODY_TEXT_MAX, "user name");
	body->program = read_text16(c, BODY_TEXT_MAX, "program name");
	body->source_kind = read_text16(c, BODY_TEXT_MAX, "source kind");
	read_tags(c, &body->tags);
	facts = cursor_bytes32(c, BODY_FACTS_MAX);
	body->facts = read_text(c, facts, "facts");
	read_strings(c, BODY_WARNINGS_MAX, BODY_WARNING_LEN_MAX, "warning",
		     &body->warnings);
	read_fragments(c, &body->fragments);
}

int snapshot_body_decode(struct slice bytes, struct snapshot_body *ret_body,
			 struct err *err)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	struct cursor c;
	uint16_t version;

	cursor_init(&c, bytes);
	version = cursor_u16(&c);
	if (!c.bad && version != BODY_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "body of version %u: made by a newer Quipu", version);
	if (bytes.len > BLOB_RAW_MAX)
		cursor_fail(&c, "%zu bytes, expected %d at most", bytes.len,
			    BLOB_RAW_MAX);
	snapshot_body_init(&body);
	if (read_root(&c, &body, err) < 0)
		return -1;
	read_after_root(&c, &body);
	if (cursor_end(&c, "body", err) < 0)
		return -1;
	*ret_body = body;
	body = (struct snapshot_body){0};
	return 0;
}
