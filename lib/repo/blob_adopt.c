/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs of a run that was killed between a put and its next fragment. Only packs that this
 * writer signed for this domain are taken in: the rule against poisoning holds here as well.
 */
#include "repo/blob_writer_internal.h"

#include "repo/pack_reader.h"

struct adoption {
	struct blob_writer *writer;
	int64_t since_nsec;
	uint64_t n_packs;
};

static bool is_ours(const struct blob_writer *writer,
		    const struct pack_directory *directory)
{
	return strcmp(directory->domain, writer->options.domain) == 0 &&
	       slice_equal(buf_slice(&directory->certificate),
			   buf_slice(&writer->options.key->certificate));
}

static int adopt_pack(struct adoption *adoption, const char *key, struct pack_info *info,
		      struct err *err)
{
	struct blob_writer *writer = adoption->writer;
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	const struct vec *entries = &contents.directory.entries;
	struct err damaged = {0};
	uint32_t pack;

	if (pack_directory_load(writer->options.repo, &writer->options.key->dedup, key,
				info->size, &contents, &damaged) < 0) {
		log_debug(writer->options.log, "not adopted: %s", damaged.msg);
		return 0;
	}
	if (!is_ours(writer, &contents.directory))
		return 0;
	info->epoch = contents.header.epoch;
	memcpy(info->header_hash, contents.header_hash, sizeof(info->header_hash));
	if (index_add_pack(writer->options.index, info, entries->data, entries->n, &pack,
			   err) < 0)
		return -1;
	adoption->n_packs++;
	return 0;
}

static int look_at(void *arg, const char *key, const struct store_info *stored,
		   struct err *err)
{
	struct adoption *adoption = arg;
	struct pack_info info = {.size = stored->size};
	struct err unknown = {0};
	uint32_t pack;

	if (cancel_check(adoption->writer->options.cancel, err) < 0)
		return -1;
	if (stored->modified_nsec < adoption->since_nsec ||
	    !pack_key_parse(key, info.name))
		return 0;
	if (index_pack_number(adoption->writer->options.index, info.name, &pack,
			      &unknown) == 0)
		return 0;
	return adopt_pack(adoption, key, &info, err);
}

int blob_writer_adopt(struct blob_writer *writer, int64_t since_nsec, uint64_t *ret_packs,
		      struct err *err)
{
	struct adoption adoption = {.writer = writer, .since_nsec = since_nsec};

	if (store_list(writer->options.repo->store, "packs/", look_at, &adoption, NULL,
		       err) < 0)
		return -1;
	*ret_packs = adoption.n_packs;
	if (adoption.n_packs == 0 || writer->options.dry_run)
		return 0;
	LOCKED(writer->flush_mutex);
	return index_flush(writer->options.index, writer->options.repo,
			   writer->options.key, err);
}
