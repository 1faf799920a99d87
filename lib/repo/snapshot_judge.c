/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which headers of a stream count, and what is wrong with the rest. A header gets here when its
 * signature and certificate hold; what is left are questions about its place among others:
 *
 *   - revoked writer: the header counts if it is, or is reached from, the last one that the
 *     revocation accepts. Others are dropped. Where a later header of a writer in good standing
 *     names a dropped one (it was committed before that writer knew of the revocation), the
 *     dropped one stays in the graph, so that only one thing is reported.
 *   - key log: a header that names a record which the log does not have means that the log was
 *     shortened since.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "repo/chain.h"
#include "repo/snapshots_internal.h"

struct judge {
	const struct repo *repo;
	struct snapshot_list *list;
	const struct snapshot_header *headers; /* of the stream */
	size_t n;
	struct vec nodes; /* of struct chain_node */
	struct chain *chain;
};

static void add_text(struct strings *texts, const struct snapshot_header *header,
		     const char *text)
{
	char shown[HEADER_TEXT_MAX];
	CLEANUP(mem_freep)
	char *whole = mem_printf("%s: %s", snapshot_header_text(header, shown), text);

	strings_add(texts, whole);
}

static void build_chain(struct judge *judge, const bool *include)
{
	vec_init(&judge->nodes, sizeof(struct chain_node));
	for (size_t i = 0; i < judge->n; i++) {
		const struct snapshot_header *header = &judge->headers[i];

		if (include == NULL || include[i])
			vec_push(&judge->nodes,
				 &(struct chain_node){.seq = header->seq,
						      .id = header->id,
						      .prev = &header->prev});
	}
	judge->chain = chain_new(judge->nodes.data, judge->nodes.n);
}

static void drop_chain(struct judge *judge)
{
	chain_free(judge->chain);
	vec_release(&judge->nodes);
}

/* The record of the certificate that a header carries, when the key log has it. */
static const struct certificate *logged_certificate(const struct judge *judge,
						    const struct snapshot_header *header)
{
	uint8_t id[HASH_LEN];

	hash_sha256(buf_slice(&header->certificate), id);
	for (size_t i = 0; i < keylog_n_certificates(judge->repo->keylog); i++) {
		const struct certificate *one =
			keylog_certificate(judge->repo->keylog, i);

		if (memcmp(one->id, id, HASH_LEN) == 0)
			return one;
	}
	return NULL;
}

/* Marks the last accepted headers and their past; the caller frees the marks. */
static bool *accepted_marks(const struct judge *judge, const struct certificate *revoked)
{
	bool *marks = mem_calloc(judge->n, sizeof(*marks));

	for (size_t i = 0; i < revoked->last_accepted.n; i++) {
		const struct accepted *last = vec_at(&revoked->last_accepted, i);
		size_t at = strcmp(last->stream, judge->headers[0].stream) == 0
				    ? chain_find(judge->chain, last->id)
				    : CHAIN_NONE;

		if (at != CHAIN_NONE)
			chain_mark(judge->chain, at, marks);
	}
	return marks;
}

static void judge_revoked(struct judge *judge, const struct certificate *revoked,
			  const struct certificate *const certificates[], bool *keep)
{
	CLEANUP(mem_freep) bool *marks = accepted_marks(judge, revoked);

	for (size_t i = 0; i < judge->n; i++) {
		if (certificates[i] != revoked || marks[i])
			continue;
		keep[i] = false;
		add_text(&judge->list->alarms, &judge->headers[i],
			 "its writer's certificate is revoked");
	}
}

/* Sets keep[]; the chain holds all headers. */
static void judge_writers(struct judge *judge, bool *keep)
{
	const struct keylog *keylog = judge->repo->keylog;
	CLEANUP(mem_freep)
	const struct certificate **certificates =
		mem_calloc(judge->n, sizeof(*certificates));

	for (size_t i = 0; i < judge->n; i++) {
		keep[i] = true;
		certificates[i] = logged_certificate(judge, &judge->headers[i]);
		if (certificates[i] == NULL)
			add_text(&judge->list->alarms, &judge->headers[i],
				 "the key log lacks its writer's certificate");
	}
	for (size_t i = 0; i < keylog_n_certificates(keylog); i++) {
		const struct certificate *certificate = keylog_certificate(keylog, i);

		if (certificate->revoked)
			judge_revoked(judge, certificate, certificates, keep);
	}
}

/* Headers that count, and dropped ones that those rest on. */
static void judge_chain(struct judge *judge, const bool *keep)
{
	CLEANUP(mem_freep) bool *include = mem_calloc(judge->n, sizeof(*include));
	char what[STREAM_NAME_MAX + 16];

	for (size_t i = 0; i < judge->n; i++)
		include[i] = keep[i];
	/* From the newest that counts: the walk follows every mark below it as well. */
	for (size_t i = judge->n; i-- > 0;) {
		if (!include[i])
			continue;
		chain_mark(judge->chain, i, include);
		break;
	}
	drop_chain(judge);
	build_chain(judge, include);
	snprintf(what, sizeof(what), "header %s", judge->headers[0].stream);
	chain_check(judge->chain, what, CHAIN_TIPS_HIGHEST, &judge->list->alarms);
}

static void judge_keylog(const struct judge *judge)
{
	const struct keylog *keylog = judge->repo->keylog;

	for (size_t i = 0; i < judge->n; i++) {
		const struct snapshot_header *header = &judge->headers[i];

		if (!keylog_contains(keylog, header->keylog_seq, header->keylog_head)) {
			CLEANUP(mem_freep)
			char *text = mem_printf("the key log lacks record %" PRIu64
						", which its writer knew",
						header->keylog_seq);

			add_text(&judge->list->alarms, header, text);
		}
	}
}

/* The chain holds all headers, so a node's index is its header's. */
static void report_times(const struct judge *judge)
{
	for (size_t i = 0; i < judge->n; i++) {
		const struct snapshot_header *header = &judge->headers[i];
		bool earlier = false;

		for (size_t p = 0; p < header->prev.n; p++) {
			size_t at = chain_find(judge->chain, vec_at(&header->prev, p));

			earlier = earlier ||
				  (at != CHAIN_NONE &&
				   judge->headers[at].time_nsec > header->time_nsec);
		}
		if (earlier)
			add_text(&judge->list->reports, header,
				 "its time is before its predecessor's");
	}
}

static void report_heads(const struct judge *judge)
{
	CLEANUP(vec_release) struct vec heads = {0};

	chain_heads(judge->chain, &heads);
	if (heads.n < 2)
		return;
	CLEANUP(mem_freep)
	char *text = mem_printf("stream %s: %zu concurrent heads; the next backup joins "
				"them",
				judge->headers[0].stream, heads.n);
	strings_add(&judge->list->reports, text);
}

void snapshot_stream_check(const struct repo *repo, struct snapshot_list *list,
			   size_t from, size_t to, bool *keep)
{
	struct judge judge = {.repo = repo,
			      .list = list,
			      .headers = vec_at(&list->headers, from),
			      .n = to - from};

	build_chain(&judge, NULL);
	judge_keylog(&judge);
	report_times(&judge);
	judge_writers(&judge, keep);
	judge_chain(&judge, keep);
	report_heads(&judge);
	drop_chain(&judge);
}
