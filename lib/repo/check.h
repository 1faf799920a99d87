/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the repository what its snapshots need? How much can be looked at depends on the key:
 *
 *   structure  any key with D (writer): headers and chains, bodies present, pack lists, packs
 *              present with their sizes, their directories signed, and the index as these say
 *   trees      a reader's key besides: every body, directory and content list opens, and every
 *              chunk that they name is in a pack that counts
 *
 * With a subset of packs, their bytes are hashed, and with a reader's key every blob in them
 * opened. Nothing is changed. Memory is bounded: about 50 bytes a pack and one bit a blob. Damage that several
 * snapshots share is told once, with the newest of them.
 */
#ifndef REPO_CHECK_H
#define REPO_CHECK_H

#include "base/cancel.h"
#include "flow/progress.h"
#include "repo/check_subset.h"
#include "repo/repo.h"

enum check_severity {
	CHECK_NOTE,    /* worth knowing */
	CHECK_WARNING, /* something that is only a cache is wrong, nothing is lost */
	CHECK_DAMAGE,  /* a restore would miss something, or go on by a lost list page */
	CHECK_ALARM,   /* a signature or chain does not hold */
	CHECK_SEVERITIES,
};
const char *check_severity_name(enum check_severity severity); /* "damage" */

enum { CHECK_FINDINGS_MAX = 1000 }; /* more are counted, not kept */

struct check_finding {
	enum check_severity severity;
	char *text; /* names the object, and the snapshot and path where it knows them */
};

enum check_level { CHECK_STRUCTURE, CHECK_TREES };
const char *check_level_name(enum check_level level); /* "structure", "trees" */

struct check_result {
	enum check_level level;
	struct check_subset subset; /* of packs that were read */
	uint64_t snapshots, expired;
	uint64_t packs, pack_bytes; /* that snapshots use and that are there */
	uint64_t unreferenced_packs, unreferenced_bytes;
	uint64_t blobs;		     /* in packs that are used */
	uint64_t directories, files; /* looked at, each once */
	uint64_t packs_read, bytes_read, blobs_opened;
	struct vec findings; /* of struct check_finding, as they came */
	uint64_t n_findings[CHECK_SEVERITIES];
};

/* All borrowed. */
struct check_options {
	const struct repo *repo;
	const struct dedup_keys *keys;
	const struct reader_key *reader; /* NULL: structure only */
	struct check_subset subset;	 /* of = 0: no data is read */
	const char *scratch_directory;
	unsigned n_threads; /* 0 = number of processors */
	struct rng *rng;
	const struct log *log;
	const struct cancel *cancel;
	struct progress *progress; /* packs as files, their sizes as bytes */
};

/* 0 whatever is found: see the findings. -1 when the check itself could not be done: the store
 * fails, no scratch space, interrupted. *ret_result is initialised here. */
MUST_CHECK int check_run(const struct check_options *options,
			 struct check_result *ret_result, struct err *err);
void check_result_release(struct check_result *result);

/* 0, or -1 with the worst: ERR_ALARM (exit code 15) or ERR_CORRUPT (13), the first finding of
 * that kind and how many more there are. */
MUST_CHECK int check_result_verdict(const struct check_result *result, struct err *err);

#endif
