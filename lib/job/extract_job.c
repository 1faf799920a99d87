/* SPDX-License-Identifier: Apache-2.0 */
#include "job/extract_job.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/quote.h"
#include "format/tar.h"
#include "job/job_absent.h"

enum { COPY_LEN = 256 * 1024 };

struct extracting {
	struct tree_source *source;
	const struct extract_job *job;
	const struct job_env *env;
	struct tar_writer *tar;
	struct map *links; /* (device, inode) -> path of the first */
	uint8_t *buffer;
	uint64_t n_entries; /* in the archive */
	struct extract_result result;
};

/* Copies a file's stored content to `write`, up to `len` bytes. */
static int copy(struct extracting *extracting, struct byte_reader *reader, uint64_t len,
		extract_write_fn *write, void *state, struct err *err)
{
	while (len > 0) {
		size_t want = len < COPY_LEN ? (size_t)len : COPY_LEN;
		size_t n;

		if (cancel_check(extracting->env->cancel, err) < 0 ||
		    extracting->source->ops->read(reader, extracting->buffer, want, &n,
						  err) < 0)
			return -1;
		if (n == 0)
			return err_set(err, ERR_CORRUPT, "the content ends too early");
		if (write(state, slice_of(extracting->buffer, n), err) < 0)
			return -1;
		extracting->result.bytes += n;
		progress_add(extracting->env->progress, 0, n);
		len -= n;
	}
	return 0;
}

static int write_zeroes(struct extracting *extracting, uint64_t len, struct err *err)
{
	memset(extracting->buffer, 0, COPY_LEN);
	while (len > 0) {
		size_t n = len < COPY_LEN ? (size_t)len : COPY_LEN;

		if (cancel_check(extracting->env->cancel, err) < 0 ||
		    extracting->job->write(extracting->job->write_state,
					   slice_of(extracting->buffer, n), err) < 0)
			return -1;
		len -= n;
	}
	return 0;
}

static int copy_sparse(struct extracting *extracting, const struct entry *entry,
		       struct byte_reader *reader, struct err *err)
{
	uint64_t at = 0;

	for (size_t i = 0; i < entry->extents.n; i++) {
		const struct extent *extent = vec_at(&entry->extents, i);

		if (write_zeroes(extracting, extent->offset - at, err) < 0 ||
		    copy(extracting, reader, extent->len, extracting->job->write,
			 extracting->job->write_state, err) < 0)
			return -1;
		at = extent->offset + extent->len;
	}
	return write_zeroes(extracting, entry->size - at, err);
}

static int get_file(struct extracting *extracting, const char *path,
		    const struct entry *entry, struct err *err)
{
	struct byte_reader *reader;
	char shown[QUOTE_TEXT_MAX];

	if (entry->type != ENTRY_FILE) {
		(void)err_set(err, ERR_USAGE, "%s is not a regular file",
			      quote_rooted(path, shown));
		return err_hint(err,
				"`quipu-backup show` lists a directory, `quipu-restore "
				"run --include` restores it");
	}
	if (extracting->source->ops->open_content(extracting->source, path, &reader,
						  err) < 0)
		return -1;
	int result = entry->is_sparse ? copy_sparse(extracting, entry, reader, err)
				      : copy(extracting, reader, entry->size,
					     extracting->job->write,
					     extracting->job->write_state, err);
	extracting->source->ops->close_content(reader);
	if (result < 0)
		return err_wrap(err, "%s", quote_rooted(path, shown));
	extracting->result.files++;
	return 0;
}

int extract_job_get(struct job_tree *tree, const char *path,
		    const struct extract_job *job, const struct job_env *env,
		    struct extract_result *ret_result, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct extracting extracting = {
		.source = tree_reader_source(tree->reader), .job = job, .env = env};

	progress_phase(env->progress, "reading");
	if (extracting.source->ops->lookup(extracting.source, path, &entry, err) < 0)
		return err->code == ERR_NOT_FOUND ? job_absent_path(tree, path, err) : -1;
	extracting.buffer = mem_alloc(COPY_LEN);
	int result = get_file(&extracting, path, &entry, err);
	mem_free(extracting.buffer);
	if (result < 0)
		return -1;
	*ret_result = extracting.result;
	return job_tree_check(tree, err);
}

/* The path of an earlier file that this one is a hard link to, or NULL. */
static const char *earlier_link(struct extracting *extracting,
				const struct tree_visit *visit)
{
	uint64_t key[2] = {visit->entry->link_device, visit->entry->link_inode};
	struct slice bytes = slice_of(key, sizeof(key));

	if (visit->entry->n_links < 2)
		return NULL;
	const char *earlier = map_get(extracting->links, bytes);
	if (earlier == NULL)
		map_set(extracting->links, bytes, mem_strdup(visit->path));
	return earlier;
}

static void describe(const struct tree_visit *visit, const char *hard_link_to,
		     struct tar_xattr *xattrs, struct tar_extent *extents,
		     struct tar_entry *ret_entry)
{
	const struct entry *entry = visit->entry;

	for (size_t i = 0; i < entry->xattrs.n; i++) {
		const struct xattr *xattr = vec_at(&entry->xattrs, i);

		xattrs[i] = (struct tar_xattr){
			.name = xattr->name,
			.value = slice_of(xattr->value, xattr->value_len)};
	}
	for (size_t i = 0; i < entry->extents.n; i++) {
		const struct extent *extent = vec_at(&entry->extents, i);

		extents[i] =
			(struct tar_extent){.offset = extent->offset, .len = extent->len};
	}
	*ret_entry = (struct tar_entry){
		.path = visit->path,
		.type = (enum tar_type)entry->type,
		.mode = entry->mode,
		.uid = entry->uid,
		.gid = entry->gid,
		.user = entry->user,
		.group = entry->group,
		.mtime_nsec = entry->mtime_nsec,
		.size = entry->size,
		.target = entry->target,
		.hard_link_to = hard_link_to,
		.rdev_major = entry->rdev_major,
		.rdev_minor = entry->rdev_minor,
		.xattrs = xattrs,
		.n_xattrs = entry->xattrs.n,
		.is_sparse = entry->is_sparse,
		.extents = extents,
		.n_extents = entry->extents.n,
	};
}

static int tar_take(void *state, struct slice bytes, struct err *err)
{
	return tar_write(state, bytes, err);
}

/* A file may be one hole: it has no content, and is to be ended all the same. */
static int export_content(struct extracting *extracting, const struct tree_visit *visit,
			  struct err *err)
{
	struct byte_reader *reader;

	if (entry_content_len(visit->entry) == 0)
		return tar_end(extracting->tar, err);
	if (extracting->source->ops->open_content(extracting->source, visit->path,
						  &reader, err) < 0)
		return -1;
	int result = copy(extracting, reader, entry_content_len(visit->entry), tar_take,
			  extracting->tar, err);
	extracting->source->ops->close_content(reader);
	return result < 0 ? -1 : tar_end(extracting->tar, err);
}

static int export_entry(void *arg, const struct tree_visit *visit, struct err *err)
{
	struct extracting *extracting = arg;
	const struct entry *entry = visit->entry;
	char shown[QUOTE_TEXT_MAX];

	if (visit->path[0] == '\0')
		return 0;
	const char *link =
		entry->type == ENTRY_FILE ? earlier_link(extracting, visit) : NULL;
	CLEANUP(mem_freep)
	struct tar_xattr *xattrs = mem_calloc(entry->xattrs.n + 1, sizeof(*xattrs));
	CLEANUP(mem_freep)
	struct tar_extent *extents = mem_calloc(entry->extents.n + 1, sizeof(*extents));
	struct tar_entry tar_entry;
	describe(visit, link, xattrs, extents, &tar_entry);
	if (tar_begin(extracting->tar, &tar_entry, err) < 0)
		return -1;
	if (entry->type == ENTRY_FILE && link == NULL &&
	    export_content(extracting, visit, err) < 0)
		return err_wrap(err, "%s", quote_rooted(visit->path, shown));
	extracting->n_entries++;
	extracting->result.files += entry->type == ENTRY_FILE;
	progress_add(extracting->env->progress, 1, 0);
	return 0;
}

static void free_links(struct map *links)
{
	struct slice key;
	size_t position = 0;
	void *path;

	while (map_next(links, &position, &key, &path))
		mem_free(path);
	map_free(links);
}

int extract_job_export(struct job_tree *tree, const struct extract_job *job,
		       const struct job_env *env, struct extract_result *ret_result,
		       struct err *err)
{
	struct extracting extracting = {
		.source = tree_reader_source(tree->reader), .job = job, .env = env};
	struct tree_walk_options options = tree_reader_walk_options(tree->reader);
	uint8_t hash_key[16];

	progress_phase(env->progress, "reading");
	rng_fill(env->rng, hash_key, sizeof(hash_key));
	options.selection = job->selection;
	options.cancel = env->cancel;
	extracting.links = map_new(hash_key);
	extracting.buffer = mem_alloc(COPY_LEN);
	extracting.tar = tar_new(job->write, job->write_state);
	int result = tree_walk(&options, export_entry, &extracting, err);
	if (result == 0 && job->selection != NULL && extracting.n_entries == 0)
		result = job_absent_selection(tree, job->selection, err);
	if (result == 0)
		result = job_tree_check(tree, err);
	if (result == 0)
		result = tar_close(extracting.tar, err);
	else
		tar_abandon(extracting.tar);
	mem_free(extracting.buffer);
	free_links(extracting.links);
	*ret_result = extracting.result;
	return result;
}
