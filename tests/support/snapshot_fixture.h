/* SPDX-License-Identifier: Apache-2.0 */
/* Commits headers without a backup behind them. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_SNAPSHOT_FIXTURE_H
#define TESTS_SUPPORT_SNAPSHOT_FIXTURE_H

#include "repo/snapshot_format.h"
#include "repo/snapshots_internal.h"
#include "support/repo_fixture.h"

static inline int fixture_commit_as(struct repo_fixture *f, const struct writer_key *key,
				    const char *stream, struct snapshot_committed *ret,
				    struct err *err)
{
	static const uint32_t epochs[] = {1};
	CLEANUP(mem_freep) char *domain = stream_domain(stream);
	struct snapshot_commit commit = {.stream = stream,
					 .domain = domain,
					 .start_nsec = f->now - 1,
					 .body_hash = {7},
					 .body_size = 99,
					 .files = 3,
					 .bytes = 1000,
					 .warnings = 1,
					 .epochs = epochs,
					 .n_epochs = 1};

	return snapshot_commit(f->repo, key, &commit, &f->clock, ret, err);
}

/* Commits as the fixture's writer; the clock moves on by a second. */
static inline struct snapshot_committed fixture_commit(struct repo_fixture *f,
						       const char *stream)
{
	struct snapshot_committed committed = {0};
	struct err err = {0};

	f->now += 1000000000;
	if (fixture_commit_as(f, f->writer->writer, stream, &committed, &err) < 0)
		fail_msg("%s", err.msg);
	return committed;
}

/* Signs any bytes as the body of the header of header->stream and seq; gives it its id. */
static inline void fixture_put_body(struct repo_fixture *f, const struct writer_key *key,
				    struct snapshot_header *header, struct slice body)
{
	CLEANUP(buf_release) struct buf frame = {0};
	CLEANUP(mem_freep) char *prefix = mem_printf("snapshots/%s/", header->stream);
	struct err err = {0};

	buf_init(&frame, 0);
	signed_frame_encode(
		&(struct signed_frame){.kind = FRAME_SNAPSHOT,
				       .seq = header->seq,
				       .stream = slice_of_string(header->stream),
				       .certificate = buf_slice(&key->certificate),
				       .body = body},
		&f->repo->identity, key->sign, &frame);
	assert_int_equal(signed_object_put(f->store, prefix, header->seq,
					   buf_slice(&frame), header->id, &err),
			 0);
}

/* Signs any header and puts it: what a writer with its own mind could do. header->stream, seq
 * and prev are taken; what is left at 0 is filled in. */
static inline void fixture_put_header(struct repo_fixture *f,
				      const struct writer_key *key,
				      struct snapshot_header *header)
{
	CLEANUP(buf_release) struct buf body = {0};

	if (header->domain == NULL)
		header->domain = stream_domain(header->stream);
	if (header->keylog_seq == 0) {
		header->keylog_seq = keylog_seq(f->repo->keylog);
		memcpy(header->keylog_head, keylog_head(f->repo->keylog), HASH_LEN);
	}
	if (header->time_nsec == 0)
		header->time_nsec = f->now;
	buf_init(&body, 0);
	snapshot_header_encode(header, &body);
	fixture_put_body(f, key, header, buf_slice(&body));
}

/* Certifies one more writer; release it with fixture_writer_release(). */
static inline void fixture_writer(struct repo_fixture *f, const char *name,
				  const char *pattern, struct writer_key *ret_key)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct err err = {0};

	*ret_key = (struct writer_key){.identity = f->repo->identity};
	ret_key->name = mem_strdup(name);
	ret_key->sign = sign_private_generate(&f->rng);
	buf_init(&ret_key->floor, 0);
	buf_append_slice(&ret_key->floor, buf_slice(&f->writer->writer->floor));
	keylog_record_init(&record, KEYLOG_CERTIFICATE);
	record.certificate.role = KEY_WRITER;
	record.certificate.public_key = sign_private_public(ret_key->sign);
	record.certificate.name = mem_strdup(name);
	record.certificate.shared_domain = mem_strdup("");
	if (pattern != NULL)
		strings_add(&record.certificate.streams, pattern);
	assert_int_equal(keylog_append(f->repo->keylog, f->store, f->recovery->owner,
				       &record, &ret_key->certificate, &err),
			 0);
}

static inline void fixture_writer_release(struct writer_key *key)
{
	mem_free(key->name);
	sign_private_free(key->sign);
	buf_release(&key->certificate);
	buf_release(&key->floor);
}

/* Revokes the i-th certificate; `last` of `stream` is its last accepted header, if any. */
static inline void fixture_revoke(struct repo_fixture *f, size_t i, const char *stream,
				  const struct snapshot_committed *last)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct err err = {0};

	keylog_record_init(&record, KEYLOG_REVOCATION);
	memcpy(record.revocation.certificate, keylog_certificate(f->repo->keylog, i)->id,
	       HASH_LEN);
	if (last != NULL) {
		struct accepted accepted = {.stream = mem_strdup(stream),
					    .seq = last->seq};

		memcpy(accepted.id, last->id, HASH_LEN);
		vec_push(&record.revocation.accepted, &accepted);
	}
	assert_int_equal(keylog_append(f->repo->keylog, f->store, f->recovery->owner,
				       &record, NULL, &err),
			 0);
}

static inline char *fixture_header_key(const char *stream, uint64_t seq,
				       const uint8_t id[static HASH_LEN])
{
	char name[SIGNED_NAME_MAX];

	signed_name_format(seq, id, name);
	return mem_printf("snapshots/%s/%s", stream, name);
}

static inline void fixture_delete_header(struct repo_fixture *f, const char *stream,
					 const struct snapshot_committed *committed)
{
	CLEANUP(mem_freep)
	char *key = fixture_header_key(stream, committed->seq, committed->id);
	struct err err = {0};

	assert_int_equal(store_delete(f->store, key, "", &err), 0);
}

static inline void fixture_list(struct repo_fixture *f, const char *stream,
				struct snapshot_list *ret_list)
{
	struct err err = {0};

	if (snapshot_list_load(f->repo, stream, NULL, ret_list, &err) < 0)
		fail_msg("%s", err.msg);
}

/* cmocka setup and teardown: *state is the fixture. */
static inline int snapshot_fixture_setup(void **state)
{
	struct repo_fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	*state = f;
	return repo_fixture_init(f, 41, &err);
}

static inline int snapshot_fixture_teardown(void **state)
{
	int failed = repo_fixture_release(*state);

	mem_free(*state);
	return failed;
}

#define snapshot_test(fn)                                                                \
	cmocka_unit_test_setup_teardown(fn, snapshot_fixture_setup,                      \
					snapshot_fixture_teardown)

#endif
