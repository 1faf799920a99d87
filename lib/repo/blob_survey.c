/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One listing of packs/ before anything is stored tells two things. Packs that the index names
 * but that are gone, or have another length, are no place for a blob: a snapshot must not rest
 * on them, and while the source still has the bytes they are stored again. And packs that a run
 * left without a fragment, killed between a put and its next one, are taken in: only such as this
 * writer signed for this domain, since the rule against poisoning holds here as well.
 */
#include "repo/blob_writer_internal.h"

#include "base/mem.h"
#include "repo/pack_reader.h"

struct survey {
	struct blob_writer *writer;
	int64_t since_nsec;
	uint32_t n_known; /* packs of the index before anything is adopted */
	uint8_t *there;	  /* a bit a pack number */
	uint64_t n_adopted;
};

static bool bit_of(const uint8_t *bits, uint32_t i)
{
	return (bits[i / 8] & (1u << (i % 8))) != 0;
}

static bool is_ours(const struct blob_writer *writer,
		    const struct pack_directory *directory)
{
	return strcmp(directory->domain, writer->options.domain) == 0 &&
	       slice_equal(buf_slice(&directory->certificate),
			   buf_slice(&writer->options.key->certificate));
}

static int adopt_pack(struct survey *survey, const char *key, struct pack_info *info,
		      struct err *err)
{
	struct blob_writer *writer = survey->writer;
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
	survey->n_adopted++;
	return 0;
}

static int look_at(void *arg, const char *key, const struct store_info *stored,
		   struct err *err)
{
	struct survey *survey = arg;
	struct index *index = survey->writer->options.index;
	struct pack_info info = {.size = stored->size};
	struct pack_info known;
	struct err unknown = {0};
	uint32_t pack;

	if (cancel_check(survey->writer->options.cancel, err) < 0)
		return -1;
	if (!pack_key_parse(key, info.name))
		return 0;
	if (index_pack_number(index, info.name, &pack, &unknown) < 0) {
		if (unknown.code == ERR_NOT_FOUND)
			return stored->modified_nsec < survey->since_nsec
				       ? 0
				       : adopt_pack(survey, key, &info, err);
		*err = unknown;
		return -1;
	}
	if (index_pack(index, pack, &known, err) < 0)
		return -1;
	if (pack < survey->n_known && known.size == stored->size)
		survey->there[pack / 8] |= (uint8_t)(1u << (pack % 8));
	return 0;
}

/* A name may have several numbers; the newest was looked at. */
static int is_there(const struct survey *survey, uint32_t pack, bool *ret_there,
		    struct err *err)
{
	struct index *index = survey->writer->options.index;
	struct pack_info info, newest_info;
	uint32_t newest;

	*ret_there = bit_of(survey->there, pack);
	if (*ret_there)
		return 0;
	if (index_pack(index, pack, &info, err) < 0 ||
	    index_pack_number(index, info.name, &newest, err) < 0 ||
	    index_pack(index, newest, &newest_info, err) < 0)
		return -1;
	*ret_there = newest < survey->n_known && bit_of(survey->there, newest) &&
		     newest_info.size == info.size;
	return 0;
}

static int note_gone(const struct survey *survey, uint64_t *ret_gone, struct err *err)
{
	struct blob_writer *writer = survey->writer;
	uint8_t *gone = mem_zalloc((size_t)survey->n_known / 8 + 1);

	*ret_gone = 0;
	writer->gone = gone;
	writer->n_surveyed = survey->n_known;
	for (uint32_t pack = 0; pack < survey->n_known; pack++) {
		bool there;

		if (is_there(survey, pack, &there, err) < 0)
			return -1;
		if (there)
			continue;
		gone[pack / 8] |= (uint8_t)(1u << (pack % 8));
		++*ret_gone;
	}
	return 0;
}

int blob_writer_survey(struct blob_writer *writer, int64_t since_nsec,
		       struct blob_survey *ret_survey, struct err *err)
{
	const struct blob_writer_options *options = &writer->options;
	uint32_t n_known = index_n_packs(options->index);
	CLEANUP(mem_freep) uint8_t *there = mem_zalloc((size_t)n_known / 8 + 1);
	struct survey survey = {.writer = writer,
				.since_nsec = since_nsec,
				.n_known = n_known,
				.there = there};

	if (store_list(options->repo->store, "packs/", look_at, &survey, NULL, err) < 0 ||
	    note_gone(&survey, &ret_survey->gone, err) < 0)
		return -1;
	ret_survey->adopted = survey.n_adopted;
	if (survey.n_adopted == 0 || options->dry_run)
		return 0;
	LOCKED(writer->flush_mutex);
	return index_flush(options->index, options->repo, options->key, err);
}

bool pack_is_gone(const struct blob_writer *writer, uint32_t pack)
{
	return pack < writer->n_surveyed && bit_of(writer->gone, pack);
}
