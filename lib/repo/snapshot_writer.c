/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first half: what is looked at before the source begins. The file cache of the last run
 * counts only while its snapshot does, because an expired one's packs may be dropped at any
 * time; a header that is gone without a record was taken away by somebody. The blobs that
 * the cache names are looked up one by one later (tree_writer.c).
 */
#include "repo/snapshot_writer.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/quote.h"
#include "format/encoding.h"
#include "repo/snapshot_writer_internal.h"

static int check_tags(const struct strings *tags, struct err *err)
{
	for (size_t i = 0; tags != NULL && i < strings_count(tags); i++) {
		const char *tag = strings_at(tags, i);
		char shown[QUOTE_TEXT_MAX];

		if (tag[0] == '=' || strchr(tag, '=') == NULL)
			return err_set(err, ERR_USAGE, "tag %s: expected KEY=VALUE",
				       quote_string(tag, shown));
	}
	return 0;
}

static const struct snapshot_header *find_header(const struct snapshot_list *list,
						 const uint8_t id[static 32])
{
	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);

		if (memcmp(header->id, id, sizeof(header->id)) == 0)
			return header;
	}
	return NULL;
}

static bool counts(struct snapshot_writer *writer, const struct snapshot_list *list,
		   const uint8_t id[static 32])
{
	const struct snapshot_header *header = find_header(list, id);
	char hex[HEX_LEN(32) + 1];

	if (header == NULL) {
		CLEANUP(mem_freep)
		char *text = mem_printf(
			"snapshot %s of stream %s, which this machine committed, is "
			"gone from the repository",
			hex_encode(slice_of(id, 32), hex, sizeof(hex)),
			writer->options.stream);

		strings_add(&writer->alarms, text);
		return false;
	}
	if (header->expired)
		log_debug(writer->options.log,
			  "the file cache's snapshot is expired: it is not used");
	return !header->expired && strcmp(header->domain, writer->options.domain) == 0;
}

static void open_caches(struct snapshot_writer *writer, const struct snapshot_list *list)
{
	const struct snapshot_writer_options *options = &writer->options;
	const struct file_cache_owner owner = {
		.key = &options->key->dedup.cache,
		.identity = &options->repo->identity,
		.stream = options->stream,
	};
	uint8_t id[32];

	writer->cache =
		file_cache_open(options->cache_directory, &owner, options->log, id);
	if (writer->cache != NULL && !counts(writer, list, id)) {
		file_cache_free(writer->cache);
		writer->cache = NULL;
	}
	if (!options->dry_run)
		writer->next_cache = file_cache_writer_open(
			options->cache_directory, &owner, options->rng, options->log);
}

/* The pack list of the newest head is what the next one is made from, and its totals are what
 * the next one's will be about. */
static void note_last(struct snapshot_writer *writer, const struct snapshot_list *list)
{
	const struct snapshot_header *last = NULL;

	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);

		if (header->n_packs > 0 && (last == NULL || header->seq >= last->seq))
			last = header;
	}
	if (last == NULL)
		return;
	writer->has_last = true;
	writer->last_files = last->files;
	writer->last_bytes = last->bytes;
	memcpy(writer->last_packlist, last->packlist_root, 32);
}

static int look_at_chain(struct snapshot_writer *writer, struct err *err)
{
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	const struct snapshot_writer_options *options = &writer->options;

	if (snapshot_list_load(options->repo, options->stream, options->cancel, &list,
			       err) < 0)
		return -1;
	for (size_t i = 0; i < strings_count(&list.alarms); i++)
		strings_add(&writer->alarms, strings_at(&list.alarms, i));
	open_caches(writer, &list);
	note_last(writer, &list);
	return 0;
}

int snapshot_writer_new(const struct snapshot_writer_options *options,
			struct snapshot_writer **ret_writer, struct err *err)
{
	CLEANUP(snapshot_writer_freep) struct snapshot_writer *writer = NULL;
	struct tree_writer_options tree;

	if (check_tags(options->tags, err) < 0 ||
	    snapshot_commit_check(options->repo, options->key, options->stream, err) < 0)
		return -1;
	writer = mem_zalloc(sizeof(*writer));
	strings_init(&writer->alarms);
	writer->options = *options;
	writer->start_nsec = options->clock->now_nsec(options->clock);
	if (look_at_chain(writer, err) < 0)
		return -1;
	tree = (struct tree_writer_options){
		.blobs = options->blobs,
		.keys = &options->key->dedup,
		.cache = writer->cache,
		.cache_writer = writer->next_cache,
		.log = options->log,
		.progress = options->progress,
	};
	writer->tree = tree_writer_new(&tree);
	*ret_writer = STEAL(writer);
	return 0;
}

void snapshot_writer_free(struct snapshot_writer *writer)
{
	if (writer == NULL)
		return;
	tree_writer_free(writer->tree);
	file_cache_free(writer->cache);
	file_cache_writer_free(writer->next_cache);
	strings_release(&writer->alarms);
	mem_free(writer);
}

void snapshot_writer_freep(struct snapshot_writer **writer)
{
	snapshot_writer_free(*writer);
}

const struct strings *snapshot_writer_alarms(const struct snapshot_writer *writer)
{
	return &writer->alarms;
}

struct tree_sink *snapshot_writer_sink(struct snapshot_writer *writer)
{
	return tree_writer_sink(writer->tree);
}

void snapshot_writer_expect_as_last(struct snapshot_writer *writer)
{
	struct tree_sink *sink = snapshot_writer_sink(writer);

	sink->ops->expect(sink, writer->last_files, writer->last_bytes);
}

void snapshot_result_release(struct snapshot_result *result)
{
	strings_release(&result->texts);
	*result = (struct snapshot_result){0};
}
