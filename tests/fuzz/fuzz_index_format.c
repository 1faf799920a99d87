/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte chooses. Even: the rest is a fragment's body; what decodes must open or fail
 * cleanly. Odd: the rest is the content of one with as many packs as the second byte says,
 * sealed here, so that the inner parser is reached; what opens is walked to the end, and
 * repeated it must open again with the same content.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "repo/index_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 64 * 1024 };

struct keys {
	struct dedup_keys dedup;
	struct repo_identity identity;
	struct rng rng;
};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool open_body(const struct keys *keys, struct slice bytes, struct buf *plain,
		      struct fragment_body *ret_body, struct slice *ret_content)
{
	const struct fragment_scope scope = {&keys->dedup, &keys->identity, "domain"};
	struct err err = {0};

	if (fragment_body_decode(bytes, ret_body, &err) < 0)
		return false;
	buf_clear(plain);
	(void)buf_extend(plain, ret_body->sealed.len);
	return fragment_body_open(ret_body, &scope, plain->data, ret_content, &err) == 0;
}

/* Puts what is read from one body together anew. */
static void repeat(const struct fragment_body *body, struct slice content,
		   struct fragment_builder *ret_builder)
{
	struct fragment_walk walk;
	struct fragment_pack pack;

	fragment_walk_init(&walk, body, content);
	while (fragment_walk_next(&walk, &pack)) {
		struct blob_entry entry;

		for (uint32_t i = 0; i < pack.n_entries; i++)
			fragment_pack_entry(&pack, i, &entry);
		fragment_builder_add_pack(ret_builder, &pack);
	}
	must(cursor_left(&walk.content) == 0);
	must(slice_equal(buf_slice(&ret_builder->content), content));
}

static void fuzz_content(struct keys *keys, struct slice content, uint8_t n_packs)
{
	const struct fragment_scope scope = {&keys->dedup, &keys->identity, "domain"};
	struct fragment_builder builder, again;
	struct fragment_body body;
	struct slice opened;
	struct buf bytes, plain;

	buf_init(&bytes, 0);
	buf_init(&plain, 0);
	fragment_builder_init(&builder);
	fragment_builder_init(&again);
	builder.n_packs = n_packs;
	memset(buf_extend(&builder.packs, (size_t)n_packs * 32), 7, (size_t)n_packs * 32);
	buf_append_slice(&builder.content, content);
	fragment_builder_seal(&builder, &scope, &keys->rng, &bytes);
	if (open_body(keys, buf_slice(&bytes), &plain, &body, &opened)) {
		must(slice_equal(opened, content));
		repeat(&body, opened, &again);
		must(again.n_packs == n_packs);
	}
	fragment_builder_release(&builder);
	fragment_builder_release(&again);
	buf_release(&bytes);
	buf_release(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct keys keys = {.rng = rng_seeded(1)};
	struct fragment_body body;
	struct slice content;
	struct buf plain;

	if (len < 2 || len > FUZZ_MAX)
		return 0;
	secret_init(&keys.dedup.index, 32);
	buf_init(&plain, 0);
	if (data[0] % 2 == 0)
		(void)open_body(&keys, slice_of(data + 1, len - 1), &plain, &body,
				&content);
	else
		fuzz_content(&keys, slice_of(data + 2, len - 2), data[1]);
	buf_release(&plain);
	secret_release(&keys.dedup.index);
	return 0;
}
