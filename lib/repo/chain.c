/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes are sorted by seq, so a well-formed predecessor has a lower index; what input claims
 * otherwise is an alarm, and walks follow links to lower indexes only. So they end, whatever
 * the links say (a hash cannot be in its own past, but a walk does not rest on that).
 */
#include "repo/chain.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "format/encoding.h"

struct by_id {
	const uint8_t *id;
	size_t index;
};

struct chain {
	const struct chain_node *nodes;
	size_t n;
	struct vec by_id; /* of struct by_id, ascending by id */
	bool *named;	  /* by another node's prev */
};

static int compare_by_id(const void *a, const void *b)
{
	const struct by_id *x = a;
	const struct by_id *y = b;

	return memcmp(x->id, y->id, HASH_LEN);
}

struct chain *chain_new(const struct chain_node *nodes, size_t n)
{
	struct chain *chain = mem_zalloc(sizeof(*chain));

	chain->nodes = nodes;
	chain->n = n;
	chain->named = mem_calloc(n, sizeof(*chain->named));
	vec_init(&chain->by_id, sizeof(struct by_id));
	for (size_t i = 0; i < n; i++)
		vec_push(&chain->by_id, &(struct by_id){.id = nodes[i].id, .index = i});
	vec_sort(&chain->by_id, compare_by_id);
	for (size_t i = 0; i < n; i++) {
		for (size_t p = 0; p < nodes[i].prev->n; p++) {
			size_t at = chain_find(chain, vec_at(nodes[i].prev, p));

			if (at != CHAIN_NONE && at < i)
				chain->named[at] = true;
		}
	}
	return chain;
}

void chain_free(struct chain *chain)
{
	if (chain == NULL)
		return;
	vec_release(&chain->by_id);
	mem_free(chain->named);
	mem_free(chain);
}

void chain_freep(struct chain **chain)
{
	chain_free(*chain);
}

size_t chain_find(const struct chain *chain, const uint8_t id[static HASH_LEN])
{
	size_t low = 0;
	size_t high = chain->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct by_id *entry = vec_at(&chain->by_id, middle);
		int order = memcmp(entry->id, id, HASH_LEN);

		if (order == 0)
			return entry->index;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return CHAIN_NONE;
}

void chain_heads(const struct chain *chain, struct vec *ret_indexes)
{
	vec_init(ret_indexes, sizeof(size_t));
	for (size_t i = 0; i < chain->n; i++)
		if (!chain->named[i])
			vec_push(ret_indexes, &i);
}

/* "header 5 (3f2a41b0)" */
enum { NODE_TEXT_MAX = 80 };
static const char *node_text(const struct chain_node *node, const char *what,
			     char out[static NODE_TEXT_MAX])
{
	char id[9];

	hex_encode(slice_of(node->id, 4), id, sizeof(id));
	snprintf(out, NODE_TEXT_MAX, "%s %" PRIu64 " (%s)", what, node->seq, id);
	return out;
}

static void add_alarm(struct strings *alarms, const char *format, ...) PRINTF_LIKE(2, 3);
static void add_alarm(struct strings *alarms, const char *format, ...)
{
	CLEANUP(buf_release) struct buf text = {0};
	va_list ap;

	buf_init(&text, 0);
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	strings_add(alarms, buf_string(&text));
}

static void check_node(const struct chain *chain, size_t i, const char *what,
		       struct strings *alarms)
{
	const struct chain_node *node = &chain->nodes[i];
	char shown[NODE_TEXT_MAX];
	uint64_t highest = 0;
	bool missing = false;

	node_text(node, what, shown);
	for (size_t p = 0; p < node->prev->n; p++) {
		const uint8_t *prev = vec_at(node->prev, p);
		size_t at = chain_find(chain, prev);
		char id[9];

		if (at != CHAIN_NONE) {
			if (chain->nodes[at].seq > highest)
				highest = chain->nodes[at].seq;
			continue;
		}
		missing = true;
		hex_encode(slice_of(prev, 4), id, sizeof(id));
		add_alarm(alarms, "%s: its predecessor %s is not there", shown, id);
	}
	/* Without a predecessor nothing can be said about the number. */
	if (!missing && node->seq != highest + 1)
		add_alarm(alarms, "%s: its predecessors end at %" PRIu64, shown, highest);
}

void chain_check(const struct chain *chain, const char *what, enum chain_tips tips,
		 struct strings *alarms)
{
	uint64_t highest = chain->n > 0 ? chain->nodes[chain->n - 1].seq : 0;

	for (size_t i = 0; i < chain->n; i++) {
		char shown[NODE_TEXT_MAX];

		check_node(chain, i, what, alarms);
		if (tips == CHAIN_TIPS_HIGHEST && !chain->named[i] &&
		    chain->nodes[i].seq < highest)
			add_alarm(alarms,
				  "%s: no later one names it, though the newest is "
				  "%" PRIu64,
				  node_text(&chain->nodes[i], what, shown), highest);
	}
}

void chain_mark(const struct chain *chain, size_t from, bool *marks)
{
	marks[from] = true;
	for (size_t i = from + 1; i-- > 0;) {
		const struct chain_node *node = &chain->nodes[i];

		for (size_t p = 0; marks[i] && p < node->prev->n; p++) {
			size_t at = chain_find(chain, vec_at(node->prev, p));

			if (at != CHAIN_NONE && at < i)
				marks[at] = true;
		}
	}
}
