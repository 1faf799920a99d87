/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walking half. A file's chunks are looked up and noted as they come from its content list,
 * so that neither a long list nor many files take memory. Content of a sparse file is the bytes
 * of its extents one after the other: a chunk that lies across several gives a piece for
 * each.
 *
 * How many pieces a file needs is known only at its end. The first one is held back until
 * then: most files have no second, and their piece says so instead of being counted on disk.
 */
#include "repo/restore_plan.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/quote.h"
#include "repo/restore_internal.h"
#include "repo/tree_walk.h"

enum {
	SORTER_SHARE = 16, /* of the memory */
	SPAN_SHARE = 16,
	SPAN_LEN_LEAST = 1024 * 1024,
	LOST_LIMIT = 64 * 1024,
};

/* One request takes a small part of the memory, so that several fit. */
static uint64_t span_len_max(uint64_t memory)
{
	uint64_t len = memory / SPAN_SHARE;

	len = len < SPAN_LEN_LEAST ? SPAN_LEN_LEAST : len;
	return len < SPAN_LEN_MAX ? len : SPAN_LEN_MAX;
}

struct restore_plan *restore_plan_new(const struct restore_options *options)
{
	const struct blob_reader_options *reader = blob_reader_options(options->blobs);
	struct restore_plan *plan = mem_zalloc(sizeof(*plan));

	plan->options = *options;
	plan->chunks = record_sorter_new(options->scratch_directory, RESTORE_CHUNK_LEN,
					 (size_t)(reader->memory_bytes / SORTER_SHARE));
	plan->span_len_max = span_len_max(reader->memory_bytes);
	plan->left = scratch_counters_new(options->scratch_directory);
	plan->mutex = mutex_new();
	vec_init(&plan->lost, sizeof(uint32_t));
	plan->lost_limit = LOST_LIMIT;
	return plan;
}

void restore_plan_free(struct restore_plan *plan)
{
	if (plan == NULL)
		return;
	record_sorter_free(plan->chunks);
	scratch_counters_free(plan->left);
	mutex_free(plan->mutex);
	vec_release(&plan->lost);
	mem_free(plan);
}

void restore_plan_freep(struct restore_plan **plan)
{
	restore_plan_free(*plan);
}

bool restore_is_loss(const struct err *why)
{
	switch (why->code) {
	case ERR_CORRUPT:
	case ERR_NOT_FOUND:
	case ERR_ALARM:
	case ERR_KEY:
	case ERR_LIMIT:
	case ERR_UNSUPPORTED:
	case ERR_IO: /* a bad sector is no reason to give up the rest */
		return true;
	default:
		return false;
	}
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void take_doubles_out(struct vec *numbers)
{
	uint32_t *all = numbers->data;
	size_t n = 0;

	vec_sort(numbers, compare_numbers);
	for (size_t i = 0; i < numbers->n; i++) {
		if (n == 0 || all[i] != all[n - 1])
			all[n++] = all[i];
	}
	numbers->n = n;
}

static void note_lost(struct restore_plan *plan, uint32_t file)
{
	LOCKED(plan->mutex);
	vec_push(&plan->lost, &file);
	if (plan->lost.n < plan->lost_limit)
		return;
	take_doubles_out(&plan->lost);
	plan->lost_limit = 2 * plan->lost.n + LOST_LIMIT;
}

int restore_lost(struct restore_plan *plan, struct restore_target *target, uint32_t file,
		 const struct err *why, struct err *err)
{
	if (target->ops->lost == NULL || !restore_is_loss(why)) {
		*err = *why;
		return -1;
	}
	note_lost(plan, file);
	return target->ops->lost(target, file, why, err);
}

int restore_end_batch(struct restore_plan *plan, struct restore_target *target,
		      struct err *err)
{
	plan->n_open = 0;
	take_doubles_out(&plan->lost);
	for (size_t i = 0; target->ops->give_up != NULL && i < plan->lost.n; i++) {
		const uint32_t *file = vec_at(&plan->lost, i);

		if (target->ops->give_up(target, *file, err) < 0)
			return -1;
	}
	vec_clear(&plan->lost);
	return record_sorter_clear(plan->chunks, err);
}

/* --- one file --- */

/* A file whose content is being noted. */
struct file_plan {
	struct restore_plan *plan;
	struct restore_target *target;
	const struct entry *entry;
	uint32_t file;
	bool continues;
	uint64_t position; /* in the content */
	size_t extent;	   /* of a sparse file: the current one, */
	uint64_t used;	   /* and its bytes that are behind us */
	struct vec pieces; /* of struct restore_chunk, of the current chunk */
	struct restore_chunk first;
	uint64_t n_pieces; /* noted, the first included */
	struct buf existing;
};

/* The part of a chunk from `skip` on that goes to one place. */
static int next_piece(struct file_plan *f, const struct blob_ref *ref, uint32_t skip,
		      struct restore_chunk *ret_piece, struct err *err)
{
	uint64_t len = ref->raw_len - skip;
	uint64_t offset = f->position;

	if (f->entry->is_sparse) {
		if (f->extent == f->entry->extents.n)
			return err_set(err, ERR_CORRUPT,
				       "more content than its entry says");
		const struct extent *extent = vec_at(&f->entry->extents, f->extent);
		offset = extent->offset + f->used;
		len = len < extent->len - f->used ? len : extent->len - f->used;
		f->used += len;
		if (f->used == extent->len) {
			f->used = 0;
			f->extent++;
		}
	} else if (len > f->entry->size - f->position) {
		return err_set(err, ERR_CORRUPT, "more content than its entry says");
	}
	*ret_piece = (struct restore_chunk){.id = ref->id,
					    .file = f->file,
					    .file_offset = offset,
					    .skip = skip,
					    .len = (uint32_t)len};
	f->position += len;
	return 0;
}

static int cut_pieces(struct file_plan *f, const struct blob_ref *ref, struct err *err)
{
	uint32_t skip = 0;

	vec_clear(&f->pieces);
	while (skip < ref->raw_len) {
		struct restore_chunk piece;

		if (next_piece(f, ref, skip, &piece, err) < 0)
			return -1;
		skip += piece.len;
		vec_push(&f->pieces, &piece);
	}
	return 0;
}

/* Is the chunk in the target already? All of its pieces must be, since only the whole has an
 * id. */
static bool is_there(struct file_plan *f, const struct blob_ref *ref)
{
	if (!f->continues || ref->raw_len > BLOB_RAW_MAX)
		return false;
	buf_clear(&f->existing);
	uint8_t *to = buf_extend(&f->existing, ref->raw_len);
	for (size_t i = 0; i < f->pieces.n; i++) {
		const struct restore_chunk *piece = vec_at(&f->pieces, i);
		struct err ignored = {0}; /* then it is written anew */

		if (f->target->ops->existing(f->target, f->file, piece->file_offset,
					     to + piece->skip, piece->len, &ignored) < 0)
			return false;
	}
	return blob_reader_verify(f->plan->options.blobs, BLOB_DATA, &ref->id,
				  buf_slice(&f->existing));
}

static int note(struct file_plan *f, const struct restore_chunk *piece, struct err *err)
{
	uint8_t record[RESTORE_CHUNK_LEN];

	restore_chunk_encode(piece, record);
	return record_sorter_add(f->plan->chunks, record, err);
}

static int note_pieces(struct file_plan *f, const struct blob_place *place,
		       struct err *err)
{
	for (size_t i = 0; i < f->pieces.n; i++) {
		struct restore_chunk *piece = vec_at(&f->pieces, i);

		piece->place = *place;
		f->plan->counts.write_bytes += piece->len;
		f->n_pieces++;
		if (f->n_pieces == 1)
			f->first = *piece;
		else if (note(f, piece, err) < 0)
			return -1;
	}
	return 0;
}

/* Reads the list to its end. What fails here is damage of this one file (*ret_damaged), or of
 * the scratch space. */
static int note_chunks(struct file_plan *f, struct sequence_reader *chunks,
		       bool *ret_damaged, struct err *err)
{
	struct blob_ref ref;
	struct blob_place place;
	bool end = false;

	*ret_damaged = true;
	for (;;) {
		if (sequence_reader_next_chunk(chunks, &ref, &end, err) < 0)
			return -1;
		if (end)
			break;
		if (cut_pieces(f, &ref, err) < 0)
			return -1;
		if (is_there(f, &ref))
			continue;
		if (blob_reader_place(f->plan->options.blobs, BLOB_DATA, &ref, &place,
				      err) < 0)
			return -1;
		if (note_pieces(f, &place, err) < 0) {
			*ret_damaged = false;
			return -1;
		}
	}
	if (f->position != entry_content_len(f->entry))
		return err_set(err, ERR_CORRUPT,
			       "%" PRIu64 " bytes of content, its entry says %" PRIu64,
			       f->position, entry_content_len(f->entry));
	return 0;
}

/* The count of a damaged file is one too high, so that it never gets to 0. */
static int close_file(struct file_plan *f, bool damaged, struct err *err)
{
	uint64_t n = f->n_pieces + damaged;

	if (n == 0)
		return f->target->ops->finish_file(f->target, f->file, err);
	if (n > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "%" PRIu64 " pieces of content", n);
	f->first.is_only = n == 1;
	if (f->n_pieces > 0 && note(f, &f->first, err) < 0)
		return -1;
	if (n > 1)
		return scratch_counters_set(f->plan->left, f->file, (uint32_t)n, err);
	return 0;
}

static int plan_file(struct file_plan *f, const struct content_ref *content,
		     const char *path, struct err *err)
{
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *chunks = sequence_reader_new(
		BLOB_LIST, blob_reader_nodes(f->plan->options.blobs), content);
	char shown[QUOTE_TEXT_MAX];
	struct err why = {0};
	bool damaged = false;

	if (note_chunks(f, chunks, &damaged, &why) == 0)
		return close_file(f, false, err);
	(void)err_wrap(&why, "file %s", quote_rooted(path, shown));
	if (!damaged) {
		*err = why;
		return -1;
	}
	if (restore_lost(f->plan, f->target, f->file, &why, err) < 0)
		return -1;
	return close_file(f, true, err);
}

/* --- the walk --- */

struct restore_walk {
	struct restore_plan *plan;
	struct restore_target *target;
};

/* What the walk has found since it told last. */
static void tell_progress(struct restore_plan *plan)
{
	uint64_t files = plan->counts.files - plan->counts.files_passed;

	if (plan->options.is_expected)
		return;
	progress_expect(plan->options.progress, files - plan->files_told,
			plan->counts.write_bytes - plan->bytes_told);
	plan->files_told = files;
	plan->bytes_told = plan->counts.write_bytes;
}

static int visit_file(struct restore_walk *walk, const struct tree_visit *visit,
		      struct err *err)
{
	struct restore_estimate *counts = &walk->plan->counts;
	struct file_plan f = {
		.plan = walk->plan, .target = walk->target, .entry = visit->entry};
	enum restore_answer answer = RESTORE_PASS;
	int failed;

	counts->files++;
	if (walk->target->ops->begin_file(walk->target, visit->path, visit->entry,
					  &answer, &f.file, err) < 0)
		return -1;
	if (answer == RESTORE_PASS) {
		counts->files_passed++;
		if (walk->plan->options.is_expected)
			progress_add(walk->plan->options.progress, 1,
				     entry_content_len(visit->entry));
		return 0;
	}
	f.continues = answer == RESTORE_CONTINUE;
	vec_init(&f.pieces, sizeof(struct restore_chunk));
	buf_init(&f.existing, 0);
	failed = plan_file(&f, visit->content, visit->path, err);
	vec_release(&f.pieces);
	buf_release(&f.existing);
	if (failed < 0 || ++walk->plan->n_open != walk->plan->options.batch_files)
		return failed;
	tell_progress(walk->plan);
	return restore_plan_fetch(walk->plan, walk->target, err);
}

static int visit_entry(void *arg, const struct tree_visit *visit, struct err *err)
{
	struct restore_walk *walk = arg;
	struct restore_target *target = walk->target;

	if (visit->entry->type == ENTRY_DIRECTORY) {
		walk->plan->counts.directories++;
		return target->ops->directory(target, visit->path, visit->entry, err);
	}
	if (visit->entry->type == ENTRY_FILE && visit->content->kind != CONTENT_NONE)
		return visit_file(walk, visit, err);
	walk->plan->counts.specials++;
	return target->ops->special(target, visit->path, visit->entry, err);
}

static int lost_directory(void *arg, const char *path, const struct err *why,
			  struct err *err)
{
	struct restore_walk *walk = arg;

	if (!restore_is_loss(why)) {
		*err = *why;
		return -1;
	}
	return walk->target->ops->lost_directory(walk->target, path, why, err);
}

int restore_plan_walk(struct restore_plan *plan, struct restore_target *target,
		      struct err *err)
{
	struct restore_walk walk = {.plan = plan, .target = target};
	struct tree_walk_options options = {
		.source = blob_reader_nodes(plan->options.blobs),
		.root = &plan->options.body->root,
		.root_content = &plan->options.body->root_content,
		.selection = plan->options.selection,
		.cancel = plan->options.cancel,
		.damaged = target->ops->lost_directory != NULL ? lost_directory : NULL,
	};

	if (tree_walk(&options, visit_entry, &walk, err) < 0)
		return -1;
	tell_progress(plan);
	return 0;
}

/* --- the pieces in order --- */

int span_reader_start(struct span_reader *reader, struct record_sorter *chunks,
		      struct err *err)
{
	*reader = (struct span_reader){.chunks = chunks};
	return record_sorter_rewind(chunks, err);
}

int span_reader_next(struct span_reader *reader, struct span *span, struct err *err)
{
	const uint8_t *record;

	span_clear(span);
	if (reader->has_ahead)
		(void)span_take(span, &reader->ahead); /* an empty one takes any */
	reader->has_ahead = false;
	for (;;) {
		if (record_sorter_next(reader->chunks, &record, err) < 0)
			return -1;
		if (record == NULL)
			return 0;
		restore_chunk_decode(record, &reader->ahead);
		if (!span_take(span, &reader->ahead)) {
			reader->has_ahead = true;
			return 0;
		}
	}
}

int restore_plan_estimate(struct restore_plan *plan,
			  struct restore_estimate *ret_estimate, struct err *err)
{
	struct restore_estimate estimate = plan->counts;
	struct span_reader reader;
	struct span span;
	int failed;

	span_init(&span, plan->span_len_max);
	failed = span_reader_start(&reader, plan->chunks, err);
	while (failed == 0) {
		failed = span_reader_next(&reader, &span, err);
		if (failed < 0 || span.chunks.n == 0)
			break;
		estimate.requests++;
		estimate.fetch_bytes += span.len;
	}
	span_release(&span);
	if (failed == 0)
		*ret_estimate = estimate;
	return failed;
}
