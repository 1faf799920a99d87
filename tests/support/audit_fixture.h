/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots with bodies, pack lists and packs that have the right names and sizes, though
 * nothing is in them: what an auditor looks at. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_AUDIT_FIXTURE_H
#define TESTS_SUPPORT_AUDIT_FIXTURE_H

#include "format/encoding.h"
#include "repo/audit.h"
#include "repo/pack_reader.h"
#include "repo/packlist_format.h"
#include "support/snapshot_fixture.h"

enum { FAKE_PACK_LEN = 3000, FAKE_BODY_LEN = 400 };

/* What a fake snapshot consists of. */
struct fake_snapshot {
	struct snapshot_committed committed;
	char body[96]; /* keys */
	char page[96];
	char pack[PACK_KEY_LEN]; /* the first */
};

static inline void fake_put(struct repo_fixture *f, const char *key, struct slice bytes,
			    enum store_put_mode mode)
{
	struct store_put_options options = {.mode = mode};
	struct err err = {0};

	if (store_put(f->store, key, bytes, &options, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Puts random bytes under prefix + hash. */
static inline void fake_hashed(struct repo_fixture *f, const char *prefix,
			       struct slice bytes, uint8_t ret_hash[static HASH_LEN],
			       char key[static 96])
{
	char hex[HASH_HEX_LEN + 1];

	hash_sha256(bytes, ret_hash);
	snprintf(key, 96, "%s%s", prefix,
		 hex_encode(slice_of(ret_hash, HASH_LEN), hex, sizeof(hex)));
	fake_put(f, key, bytes, STORE_PUT_NEW);
}

static inline void fake_pack(struct repo_fixture *f, struct packlist_entry *ret_entry,
			     char key[static PACK_KEY_LEN])
{
	uint8_t bytes[FAKE_PACK_LEN];

	rng_fill(&f->rng, bytes, sizeof(bytes));
	hash_sha256(slice_of(bytes, sizeof(bytes)), ret_entry->name);
	hash_sha256(slice_of(bytes, PACK_HEADER_LEN), ret_entry->header_hash);
	ret_entry->size = sizeof(bytes);
	pack_key(ret_entry->name, key);
	fake_put(f, key, slice_of(bytes, sizeof(bytes)), STORE_PUT_NEW);
}

/* A page of n packs. */
static inline void fake_page(struct repo_fixture *f, size_t n,
			     uint8_t ret_root[static 32], struct fake_snapshot *fake)
{
	CLEANUP(packlist_page_release) struct packlist_page page = {0};
	CLEANUP(buf_release) struct buf bytes = {0};

	packlist_page_init(&page, 0);
	for (size_t i = 0; i < n; i++) {
		struct packlist_entry entry;
		char key[PACK_KEY_LEN];

		fake_pack(f, &entry, i == 0 ? fake->pack : key);
		vec_push(&page.entries, &entry);
	}
	buf_init(&bytes, 0);
	packlist_page_encode(&page, &bytes);
	fake_hashed(f, "packlists/", buf_slice(&bytes), ret_root, fake->page);
}

static inline void fake_body(struct repo_fixture *f, struct snapshot_commit *commit,
			     struct fake_snapshot *fake)
{
	uint8_t body[FAKE_BODY_LEN];

	rng_fill(&f->rng, body, sizeof(body));
	fake_hashed(f, "bodies/", slice_of(body, sizeof(body)), commit->body_hash,
		    fake->body);
	commit->body_size = sizeof(body);
}

static inline void fake_commit(struct repo_fixture *f,
			       const struct snapshot_commit *commit,
			       struct fake_snapshot *fake)
{
	struct err err = {0};

	f->now += 1000000000;
	if (snapshot_commit(f->repo, f->writer->writer, commit, &f->clock,
			    &fake->committed, &err) < 0)
		fail_msg("%s", err.msg);
}

/* A snapshot of n packs of its own. */
static inline struct fake_snapshot fake_snapshot(struct repo_fixture *f,
						 const char *stream, size_t n)
{
	static const uint32_t epochs[] = {1};
	struct fake_snapshot fake = {0};
	CLEANUP(mem_freep) char *domain = stream_domain(stream);
	struct snapshot_commit commit = {.stream = stream,
					 .domain = domain,
					 .n_packs = n,
					 .epochs = epochs,
					 .n_epochs = 1};

	if (n > 0)
		fake_page(f, n, commit.packlist_root, &fake);
	fake_body(f, &commit, &fake);
	fake_commit(f, &commit, &fake);
	return fake;
}

static inline struct audit_options audit_options_of(struct repo_fixture *f)
{
	return (struct audit_options){.store = f->store,
				      .key = f->audit->audit,
				      .rng = &f->rng,
				      .clock = &f->clock};
}

static inline void audit_it(struct repo_fixture *f, const struct audit_options *options,
			    struct audit_result *ret_result)
{
	struct err err = {0};

	(void)f;
	if (audit_run(options, ret_result, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Is there a finding of this kind that has the text in it? */
static inline bool audit_found(const struct audit_result *result, enum audit_kind kind,
			       const char *text)
{
	for (size_t i = 0; i < result->findings.n; i++) {
		const struct audit_finding *finding = vec_at(&result->findings, i);

		if (finding->kind == kind && strstr(finding->text, text) != NULL)
			return true;
	}
	return false;
}

static inline void fake_delete(struct repo_fixture *f, const char *key)
{
	struct err err = {0};

	assert_int_equal(store_delete(f->store, key, "", &err), 0);
}

#endif
