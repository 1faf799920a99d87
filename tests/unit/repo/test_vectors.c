/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published vectors of keys, signed objects and chains are what lib/ writes, byte for byte.
 * tests/golden/test_format_vectors.sh reads the same files by an implementation of its own.
 * With QUIPU_WRITE_VECTORS=1 in the environment the files are written instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "format/json.h"
#include "repo/chain.h"
#include "repo/record_format.h"
#include "repo/repo_format.h"
#include "repo/snapshot_format.h"
#include "repo/wrap_format.h"
#include "support/keyfile_sample.h"

#define VECTORS "docs/format/vectors/"
enum { FILE_MAX = 1 << 20 };

static int setup(void **state)
{
	struct repo_sample *sample = mem_zalloc(sizeof(*sample));

	repo_sample_init(sample, 2026);
	*state = sample;
	return 0;
}

static int teardown(void **state)
{
	repo_sample_release(*state);
	mem_free(*state);
	return 0;
}

/* The text is what the file holds, or becomes it. */
static void compare(const char *path, const struct buf *text)
{
	CLEANUP(buf_release) struct buf found = {0};
	struct err err = {0};

	if (getenv("QUIPU_WRITE_VECTORS") != NULL)
		assert_int_equal(
			file_write(path, buf_slice(text), 0644, FILE_REPLACE, &err), 0);
	assert_int_equal(file_read(path, FILE_MAX, &found, &err), 0);
	assert_string_equal(buf_string(&found), buf_string(text));
}

static void begin(struct json_writer *w, struct buf *text)
{
	buf_init(text, FILE_MAX);
	json_writer_init(w, text, JSON_PRETTY);
	json_begin_object(w);
}

static void end(struct json_writer *w, struct buf *text)
{
	json_end_object(w);
	buf_append_string(text, "\n");
}

static void put_secret(struct json_writer *w, const char *key,
		       const struct secret *secret)
{
	json_put_hex(w, key, secret_slice(secret));
}

static void put_identity(struct json_writer *w, const struct repo_sample *sample)
{
	json_put_hex(w, "repository_id", slice_of(sample->identity.id, REPO_ID_LEN));
	put_secret(w, "owner_seed", sign_private_seed(sample->owner));
	json_put_hex(w, "owner", slice_of(sample->identity.owner.bytes, SIGN_PUBLIC_LEN));
}

/* --- keys.json --- */

static void put_derived(struct json_writer *w, const struct repo_sample *sample)
{
	CLEANUP(secret_release) struct secret d = {0};
	struct dedup_keys keys;

	secret_init(&d, KEY_SECRET_LEN);
	memset(d.data, 0x22, d.len);
	dedup_keys_derive(&d, &sample->identity, &keys);
	put_secret(w, "dedup_secret", &d);
	json_write_key(w, "derived");
	json_begin_object(w);
	put_secret(w, "blob-id", &keys.blob_id);
	put_secret(w, "chunker", &keys.chunker);
	put_secret(w, "index", &keys.index);
	put_secret(w, "cache", &keys.cache);
	put_secret(w, "tree", &keys.tree);
	json_end_object(w);
	dedup_keys_release(&keys);
}

static void put_wrap(struct json_writer *w, struct repo_sample *sample)
{
	CLEANUP(dh_private_freep)
	struct dh_private *recipient = dh_private_generate(&sample->rng);
	struct dh_public recipient_public = dh_private_public(recipient);
	struct wrap_epoch epoch = {.identity = &sample->identity,
				   .number = 7,
				   .public_key = dh_private_public(sample->epoch)};
	CLEANUP(buf_release) struct buf wrap = {0};
	char key[WRAP_KEY_LEN];
	uint8_t id[HASH_LEN];
	struct err err = {0};

	buf_init(&wrap, 0);
	assert_int_equal(wrap_seal(&epoch, sample->epoch, &recipient_public, &sample->rng,
				   &wrap, &err),
			 0);
	recipient_id(&recipient_public, id);
	wrap_key(epoch.number, &epoch.public_key, id, key);
	json_write_key(w, "wrap");
	json_begin_object(w);
	json_put_uint(w, "epoch", epoch.number);
	put_secret(w, "epoch_private", dh_private_bytes(sample->epoch));
	json_put_hex(w, "epoch_public", slice_of(epoch.public_key.bytes, DH_LEN));
	put_secret(w, "recipient_private", dh_private_bytes(recipient));
	json_put_hex(w, "recipient_public", slice_of(recipient_public.bytes, DH_LEN));
	json_put_string(w, "key", key);
	json_put_hex(w, "bytes", buf_slice(&wrap));
	json_end_object(w);
}

static void put_key_file(struct json_writer *w, struct repo_sample *sample,
			 enum key_role role, const char *passphrase)
{
	CLEANUP(secret_release) struct secret secret = {0};
	CLEANUP(secret_release) struct secret text = {0};
	struct err err = {0};

	if (passphrase != NULL)
		sample_text(passphrase, &secret);
	assert_int_equal(sample_key_file(sample, role,
					 passphrase != NULL ? &secret : NULL, &text,
					 &err),
			 0);
	json_begin_object(w);
	json_put_string(w, "role", key_role_name(role));
	json_put_string(w, "passphrase", passphrase);
	json_put_text(w, "text", secret_slice(&text));
	json_end_object(w);
}

static void test_vectors__of_keys(void **state)
{
	struct repo_sample *sample = *state;
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	begin(&w, &text);
	put_identity(&w, sample);
	put_derived(&w, sample);
	put_wrap(&w, sample);
	sample_secrets(sample, KEY_WRITER, &secrets);
	json_write_key(&w, "secrets");
	json_begin_object(&w);
	put_secret(&w, "writer_seed", &secrets.sign_seed);
	put_secret(&w, "recipient", &secrets.recipient);
	put_secret(&w, "dedup", &secrets.dedup);
	json_put_hex(&w, "certificate", buf_slice(&secrets.certificate));
	json_put_hex(&w, "floor", buf_slice(&secrets.floor));
	json_end_object(&w);
	json_write_key(&w, "files");
	json_begin_array(&w);
	put_key_file(&w, sample, KEY_RECOVERY, "correct horse");
	put_key_file(&w, sample, KEY_READER, "correct horse");
	put_key_file(&w, sample, KEY_WRITER, NULL);
	put_key_file(&w, sample, KEY_PRUNER, NULL);
	put_key_file(&w, sample, KEY_AUDIT, NULL);
	json_end_array(&w);
	end(&w, &text);
	compare(VECTORS "keys.json", &text);
}

/* --- signed.json --- */

/* A frame and what it consists of. */
static void put_frame(struct json_writer *w, const struct repo_sample *sample,
		      const char *label, const struct signed_frame *frame,
		      const struct sign_private *key)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	uint8_t id[HASH_LEN];

	buf_init(&bytes, 0);
	signed_frame_encode(frame, &sample->identity, key, &bytes);
	hash_sha256(buf_slice(&bytes), id);
	json_begin_object(w);
	json_put_string(w, "label", label);
	json_put_int(w, "kind", frame->kind);
	json_put_uint(w, "seq", frame->seq);
	json_put_text(w, "stream", frame->stream);
	put_secret(w, "signer_seed", sign_private_seed(key));
	json_put_hex(w, "certificate", frame->certificate);
	json_put_hex(w, "body", frame->body);
	json_put_hex(w, "frame", buf_slice(&bytes));
	json_put_hex(w, "id", slice_of(id, HASH_LEN));
	json_end_object(w);
}

static void put_record_frame(struct json_writer *w, const struct repo_sample *sample,
			     uint64_t seq, const struct keylog_record *record)
{
	CLEANUP(buf_release) struct buf body = {0};

	buf_init(&body, 0);
	keylog_record_encode(record, &body);
	put_frame(w, sample, "key-log",
		  &(struct signed_frame){.kind = FRAME_KEY_LOG,
					 .seq = seq,
					 .stream = slice_of("", 0),
					 .certificate = slice_of("", 0),
					 .body = buf_slice(&body)},
		  sample->owner);
}

/* One key-log record of every type. */
static void put_keylog(struct json_writer *w, const struct repo_sample *sample)
{
	static const enum keylog_type types[] = {KEYLOG_RECIPIENT, KEYLOG_CERTIFICATE,
						 KEYLOG_EPOCH, KEYLOG_REMOVAL,
						 KEYLOG_REVOCATION};
	uint8_t id[HASH_LEN] = {0xaa};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		CLEANUP(keylog_record_release) struct keylog_record record = {0};

		keylog_record_init(&record, types[i]);
		record.time_nsec = INT64_C(1764028800000000000) + (int64_t)i;
		vec_push(&record.prev, id);
		record.epoch.number = 1;
		record.epoch.public_key = dh_private_public(sample->epoch);
		vec_push(&record.epoch.recipients, id);
		record.certificate.role = KEY_WRITER;
		record.certificate.public_key = sign_private_public(sample->writer.sign);
		record.certificate.name = mem_strdup("writer");
		record.certificate.shared_domain = mem_strdup("");
		strings_add(&record.certificate.streams, "db/*");
		record.recipient.public_key = dh_private_public(sample->epoch);
		record.recipient.name = mem_strdup("recovery");
		record.removal.recipient[0] = 0xbb;
		record.revocation.certificate[0] = 0xcc;
		struct accepted last = {.stream = mem_strdup("db/orders"), .seq = 5};
		vec_push(&record.revocation.accepted, &last);
		put_record_frame(w, sample, i + 2, &record);
	}
}

static void fill_header(const struct repo_sample *sample, struct snapshot_header *header)
{
	struct header_epoch epoch = {0};
	uint8_t prev[HASH_LEN] = {1};

	snapshot_header_init(header);
	vec_push(&header->prev, prev);
	header->start_nsec = INT64_C(1764028800000000000);
	header->time_nsec = INT64_C(1764028860000000000);
	header->domain = mem_strdup("db");
	header->keylog_seq = 3;
	header->keylog_head[0] = 3;
	header->body_hash[0] = 4;
	header->body_size = 1234;
	header->packlist_root[0] = 5;
	header->n_packs = 6;
	header->files = 7;
	header->bytes = 8;
	header->new_bytes = 9;
	header->stored_bytes = 10;
	header->warnings = 11;
	buf_init(&epoch.record, 0);
	sample_epoch(sample, 3, 1, &epoch.record);
	vec_init(&epoch.wraps, sizeof(struct buf));
	vec_push(&header->epochs, &epoch);
}

static void put_header(struct json_writer *w, const struct repo_sample *sample)
{
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	CLEANUP(buf_release) struct buf body = {0};

	fill_header(sample, &header);
	buf_init(&body, 0);
	snapshot_header_encode(&header, &body);
	put_frame(w, sample, "snapshot",
		  &(struct signed_frame){.kind = FRAME_SNAPSHOT,
					 .seq = 6,
					 .stream = slice_of_string("db/orders"),
					 .certificate =
						 buf_slice(&sample->writer.certificate),
					 .body = buf_slice(&body)},
		  sample->writer.sign);
}

static void put_expire(struct json_writer *w, const struct repo_sample *sample)
{
	CLEANUP(record_release) struct record record = {0};
	CLEANUP(buf_release) struct buf body = {0};
	struct record_target target = {
		.stream = mem_strdup("db/orders"), .seq = 5, .id = {1}};

	record_init(&record, RECORD_EXPIRE);
	record.time_nsec = INT64_C(1764028800000000000);
	vec_push(&record.expired, &target);
	buf_init(&body, 0);
	record_encode(&record, &body);
	put_frame(w, sample, "record",
		  &(struct signed_frame){.kind = FRAME_RECORD,
					 .seq = 1,
					 .stream = slice_of("", 0),
					 .certificate = slice_of("", 0),
					 .body = buf_slice(&body)},
		  sample->owner);
}

static void test_vectors__of_signed_objects(void **state)
{
	struct repo_sample *sample = *state;
	struct repo_params params = {.chunk = {262144, 1048576, 4194304},
				     .pack_size = PACK_SIZE_DEFAULT,
				     .created_nsec = INT64_C(1764028800000000000)};
	CLEANUP(buf_release) struct buf document = {0};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	begin(&w, &text);
	put_identity(&w, sample);
	buf_init(&document, 0);
	repo_document_encode(&sample->identity, &params, sample->owner, &document);
	json_put_text(&w, "quipu.json", buf_slice(&document));
	json_write_key(&w, "frames");
	json_begin_array(&w);
	put_keylog(&w, sample);
	put_header(&w, sample);
	put_expire(&w, sample);
	json_end_array(&w);
	end(&w, &text);
	compare(VECTORS "signed.json", &text);
}

/* --- chain.json --- */

enum { NODES_MAX = 6 };

/* Ids are one letter and zeroes; prev is a text of letters. */
struct graph_case {
	const char *name;
	enum chain_tips tips;
	struct {
		uint64_t seq;
		char id;
		const char *prev;
	} nodes[NODES_MAX];
};

static const struct graph_case graph_cases[] = {
	{"a line", CHAIN_TIPS_HIGHEST, {{1, 'a', ""}, {2, 'b', "a"}, {3, 'c', "b"}}},
	{"racing writers, joined",
	 CHAIN_TIPS_HIGHEST,
	 {{1, 'a', ""}, {2, 'b', "a"}, {2, 'c', "a"}, {3, 'd', "bc"}}},
	{"concurrent heads at the tip",
	 CHAIN_TIPS_HIGHEST,
	 {{1, 'a', ""}, {2, 'b', "a"}, {2, 'c', "a"}}},
	{"a head below the tip",
	 CHAIN_TIPS_HIGHEST,
	 {{1, 'a', ""}, {2, 'b', "a"}, {2, 'c', "a"}, {3, 'd', "b"}}},
	{"the same in the key log",
	 CHAIN_TIPS_ANY,
	 {{1, 'a', ""}, {2, 'b', "a"}, {2, 'c', "a"}, {3, 'd', "b"}}},
	{"a predecessor is gone", CHAIN_TIPS_HIGHEST, {{1, 'a', ""}, {3, 'c', "b"}}},
	{"a number is skipped", CHAIN_TIPS_HIGHEST, {{1, 'a', ""}, {3, 'b', "a"}}},
	{"a second beginning", CHAIN_TIPS_HIGHEST, {{1, 'a', ""}, {2, 'b', ""}}},
};

/* A case while it is built. */
struct graph {
	size_t n;
	uint8_t ids[NODES_MAX][HASH_LEN];
	struct vec prev[NODES_MAX];
	struct chain_node nodes[NODES_MAX];
};

static void build(const struct graph_case *from, struct graph *graph)
{
	while (graph->n < NODES_MAX && from->nodes[graph->n].id != '\0') {
		size_t i = graph->n++;

		graph->ids[i][0] = (uint8_t)from->nodes[i].id;
		vec_init(&graph->prev[i], HASH_LEN);
		for (const char *p = from->nodes[i].prev; *p != '\0'; p++) {
			uint8_t id[HASH_LEN] = {(uint8_t)*p};

			vec_push(&graph->prev[i], id);
		}
		graph->nodes[i] = (struct chain_node){.seq = from->nodes[i].seq,
						      .id = graph->ids[i],
						      .prev = &graph->prev[i]};
	}
}

static void put_nodes(struct json_writer *w, const struct graph *graph)
{
	json_write_key(w, "nodes");
	json_begin_array(w);
	for (size_t i = 0; i < graph->n; i++) {
		json_begin_object(w);
		json_put_uint(w, "seq", graph->nodes[i].seq);
		json_put_hex(w, "id", slice_of(graph->ids[i], HASH_LEN));
		json_write_key(w, "prev");
		json_begin_array(w);
		for (size_t p = 0; p < graph->prev[i].n; p++)
			json_write_hex(w, slice_of(vec_at(&graph->prev[i], p), HASH_LEN));
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_case(struct json_writer *w, const struct graph_case *from)
{
	struct graph graph = {0};
	CLEANUP(strings_release) struct strings alarms = {0};
	CLEANUP(vec_release) struct vec heads = {0};

	build(from, &graph);
	CLEANUP(chain_freep) struct chain *chain = chain_new(graph.nodes, graph.n);
	strings_init(&alarms);
	chain_check(chain, "node", from->tips, &alarms);
	chain_heads(chain, &heads);
	json_begin_object(w);
	json_put_string(w, "name", from->name);
	json_put_bool(w, "heads_anywhere", from->tips == CHAIN_TIPS_ANY);
	put_nodes(w, &graph);
	json_write_key(w, "heads");
	json_begin_array(w);
	for (size_t i = 0; i < heads.n; i++)
		json_write_uint(w, *(const size_t *)vec_at(&heads, i));
	json_end_array(w);
	json_put_uint(w, "alarms", strings_count(&alarms));
	json_end_object(w);
	for (size_t i = 0; i < graph.n; i++)
		vec_release(&graph.prev[i]);
}

static void test_vectors__of_chains(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	begin(&w, &text);
	json_write_key(&w, "cases");
	json_begin_array(&w);
	for (size_t i = 0; i < ARRAY_SIZE(graph_cases); i++)
		put_case(&w, &graph_cases[i]);
	json_end_array(&w);
	end(&w, &text);
	compare(VECTORS "chain.json", &text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_vectors__of_keys),
		CASE(test_vectors__of_signed_objects),
		cmocka_unit_test(test_vectors__of_chains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
