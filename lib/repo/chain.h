/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of signed objects that name their predecessors: the key log and the headers of a
 * stream (docs/format/signed.md, Chains). */
#ifndef REPO_CHAIN_H
#define REPO_CHAIN_H

#include "base/vec.h"
#include "crypto/hash.h"

/* Borrowed: `prev` is a vec of uint8_t[32]. */
struct chain_node {
	uint64_t seq;
	const uint8_t *id;
	const struct vec *prev;
};

struct chain;

/* `nodes` are sorted by seq, then id, and outlive the chain. */
struct chain *chain_new(const struct chain_node *nodes, size_t n);
void chain_free(struct chain *chain);
void chain_freep(struct chain **chain);

/* Index of a node, CHAIN_NONE when it is not there. */
#define CHAIN_NONE ((size_t)-1)
size_t chain_find(const struct chain *chain, const uint8_t id[static HASH_LEN]);

/* Indexes (size_t) of nodes that no other names, ascending. */
void chain_heads(const struct chain *chain, struct vec *ret_indexes);

/* Where heads may be without an alarm. */
enum chain_tips {
	CHAIN_TIPS_HIGHEST, /* at the highest seq only: headers */
	CHAIN_TIPS_ANY,	    /* anywhere: the key log, whose owners may work at once */
};

/*
 * Adds a text to `alarms` for each: a predecessor that is not there, a seq that is not the
 * highest of the predecessors' + 1 (1 without any), a head below the highest seq. `what` says
 * what the nodes are ("header", "key-log record").
 */
void chain_check(const struct chain *chain, const char *what, enum chain_tips tips,
		 struct strings *alarms);

/* Sets marks[i] for node `from` and all that its prev links reach; marks that are set below
 * it already are followed too. */
void chain_mark(const struct chain *chain, size_t from, bool *marks);

#endif
