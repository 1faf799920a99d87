/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an index cache holds, as one small encrypted file that is replaced as a whole: which
 * fragments are in it, and the runs of its tables. A cache counts only as far as its manifest
 * names it.
 */
#ifndef REPO_INDEX_MANIFEST_H
#define REPO_INDEX_MANIFEST_H

#include "base/rng.h"
#include "base/vec.h"
#include "repo/index_run.h"
#include "repo/keys.h"

enum { INDEX_TABLES = 4, MANIFEST_MAX = 256 * 1024 * 1024 };

/* A fragment that was looked at. */
struct known_fragment {
	uint8_t name[32];
	uint32_t number;
	uint32_t n_blobs;
	uint16_t signer; /* slot in the list of signers */
	bool counts; /* in the index; false: another one repeats it, or it is not wanted */
};

struct index_manifest {
	uint8_t scope[32]; /* H of repository, domain and whose fragments count */
	uint32_t n_packs;
	uint32_t n_fragments;	       /* numbers given out */
	struct vec signers;	       /* of struct sign_public */
	struct vec fragments;	       /* of struct known_fragment */
	struct vec runs[INDEX_TABLES]; /* of struct run_identity, oldest first */
};

void index_manifest_init(struct index_manifest *manifest);
void index_manifest_release(struct index_manifest *manifest);

void index_manifest_seal(const struct index_manifest *manifest, const struct secret *key,
			 struct rng *rng, struct buf *out);
/* ERR_CORRUPT when it is damaged or another's. *ret_manifest was initialised. */
MUST_CHECK int index_manifest_open(struct slice bytes, const struct secret *key,
				   struct index_manifest *ret_manifest, struct err *err);

#endif
