/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body := version u16, n_prev u16, prev[32] *, start i64, time i64, lp16 domain,
 *         key-log seq u64, key-log head[32], body hash[32], body size u64,
 *         pack-list root[32], n_packs u64, files u64, bytes u64, new_bytes u64,
 *         stored_bytes u64, warnings u32, keep_until i64, locked_until i64,
 *         lp16 log checkpoint, n_epochs u16, ( lp32 record, n_wraps u16, lp16 wrap * ) *
 */
#include "repo/snapshot_format.h"

#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "repo/signed_format.h"

enum { HEADER_VERSION = 1 };

void snapshot_header_init(struct snapshot_header *header)
{
	*header = (struct snapshot_header){0};
	buf_init(&header->certificate, 0);
	vec_init(&header->prev, HASH_LEN);
	vec_init(&header->epochs, sizeof(struct header_epoch));
}

static void epoch_release(struct header_epoch *epoch)
{
	for (size_t i = 0; i < epoch->wraps.n; i++)
		buf_release(vec_at(&epoch->wraps, i));
	vec_release(&epoch->wraps);
	buf_release(&epoch->record);
}

void snapshot_header_release(struct snapshot_header *header)
{
	mem_free(header->stream);
	mem_free(header->domain);
	buf_release(&header->certificate);
	vec_release(&header->prev);
	for (size_t i = 0; i < header->epochs.n; i++)
		epoch_release(vec_at(&header->epochs, i));
	vec_release(&header->epochs);
	*header = (struct snapshot_header){0};
}

static void encode_epochs(const struct snapshot_header *header, struct buf *out)
{
	buf_put_u16(out, (uint16_t)header->epochs.n);
	for (size_t i = 0; i < header->epochs.n; i++) {
		const struct header_epoch *epoch = vec_at(&header->epochs, i);

		buf_put_bytes32(out, buf_slice(&epoch->record));
		buf_put_u16(out, (uint16_t)epoch->wraps.n);
		for (size_t w = 0; w < epoch->wraps.n; w++)
			buf_put_bytes16(out, buf_slice(vec_at(&epoch->wraps, w)));
	}
}

/* The rest of the input into a new buf. */
static struct buf copy_of(struct slice bytes)
{
	struct buf copy;

	buf_init(&copy, 0);
	buf_append_slice(&copy, bytes);
	return copy;
}

static void read_wraps(struct cursor *c, struct header_epoch *epoch)
{
	uint16_t n = cursor_u16(c);

	vec_init(&epoch->wraps, sizeof(struct buf));
	if (n > RECIPIENTS_MAX)
		cursor_fail(c, "%u wraps, at most %d", n, RECIPIENTS_MAX);
	for (uint16_t i = 0; i < n && !c->bad; i++) {
		struct buf wrap = copy_of(cursor_bytes16(c, HEADER_WRAP_MAX));

		vec_push(&epoch->wraps, &wrap);
	}
}

static void read_epochs(struct cursor *c, struct snapshot_header *header)
{
	uint16_t n = cursor_u16(c);

	if (n > EPOCHS_MAX)
		cursor_fail(c, "%u epochs, at most %d", n, EPOCHS_MAX);
	for (uint16_t i = 0; i < n && !c->bad; i++) {
		struct header_epoch epoch = {
			.record = copy_of(cursor_bytes32(c, FRAME_BODY_MAX))};

		read_wraps(c, &epoch);
		vec_push(&header->epochs, &epoch);
	}
}

void snapshot_header_encode(const struct snapshot_header *header, struct buf *out)
{
	buf_put_u16(out, HEADER_VERSION);
	buf_put_u16(out, (uint16_t)header->prev.n);
	for (size_t i = 0; i < header->prev.n; i++)
		buf_append(out, vec_at(&header->prev, i), HASH_LEN);
	buf_put_i64(out, header->start_nsec);
	buf_put_i64(out, header->time_nsec);
	buf_put_bytes16(out, slice_of_string(header->domain));
	buf_put_u64(out, header->keylog_seq);
	buf_append(out, header->keylog_head, HASH_LEN);
	buf_append(out, header->body_hash, HASH_LEN);
	buf_put_u64(out, header->body_size);
	buf_append(out, header->packlist_root, HASH_LEN);
	buf_put_u64(out, header->n_packs);
	buf_put_u64(out, header->files);
	buf_put_u64(out, header->bytes);
	buf_put_u64(out, header->new_bytes);
	buf_put_u64(out, header->stored_bytes);
	buf_put_u32(out, header->warnings);
	buf_put_i64(out, header->keep_until_nsec);
	buf_put_i64(out, header->locked_until_nsec);
	buf_put_bytes16(out, slice_of("", 0)); /* log checkpoint: reserved */
	encode_epochs(header, out);
}

static void read_prev(struct cursor *c, struct snapshot_header *header)
{
	uint16_t n = cursor_u16(c);

	if (n > PREV_MAX)
		cursor_fail(c, "%u predecessors, at most %d", n, PREV_MAX);
	for (uint16_t i = 0; i < n && !c->bad; i++) {
		uint8_t id[HASH_LEN];

		cursor_copy(c, id, sizeof(id));
		vec_push(&header->prev, id);
	}
}

static void read_domain(struct cursor *c, struct snapshot_header *header)
{
	struct slice domain = cursor_bytes16(c, STREAM_NAME_MAX);
	char *text =
		mem_strndup(domain.len > 0 ? (const char *)domain.data : "", domain.len);
	struct err ignored = {0};

	/* A domain is one segment of a stream's name: it becomes part of keys. */
	if (!c->bad && (strlen(text) != domain.len || strchr(text, '/') != NULL ||
			stream_name_check(text, &ignored) < 0))
		cursor_fail(c, "the domain is no segment of a stream name");
	mem_free(header->domain);
	header->domain = text;
}

static void read_counts(struct cursor *c, struct snapshot_header *header)
{
	header->files = cursor_u64(c);
	header->bytes = cursor_u64(c);
	header->new_bytes = cursor_u64(c);
	header->stored_bytes = cursor_u64(c);
	header->warnings = cursor_u32(c);
	header->keep_until_nsec = cursor_i64(c);
	header->locked_until_nsec = cursor_i64(c);
}

int snapshot_header_decode(struct slice body, struct snapshot_header *header,
			   struct err *err)
{
	struct cursor c;

	cursor_init(&c, body);
	uint16_t version = cursor_u16(&c);
	if (!c.bad && version != HEADER_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "header: version %u is made by a newer Quipu", version);
	read_prev(&c, header);
	header->start_nsec = cursor_i64(&c);
	header->time_nsec = cursor_i64(&c);
	read_domain(&c, header);
	header->keylog_seq = cursor_u64(&c);
	cursor_copy(&c, header->keylog_head, HASH_LEN);
	cursor_copy(&c, header->body_hash, HASH_LEN);
	header->body_size = cursor_u64(&c);
	cursor_copy(&c, header->packlist_root, HASH_LEN);
	header->n_packs = cursor_u64(&c);
	read_counts(&c, header);
	(void)cursor_bytes16(&c, LOG_CHECKPOINT_MAX); /* for later versions of Quipu */
	read_epochs(&c, header);
	return cursor_end(&c, "header", err);
}
