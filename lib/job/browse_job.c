/* SPDX-License-Identifier: Apache-2.0 */
#include "job/browse_job.h"

#include "base/mem.h"
#include "base/pattern.h"
#include "base/quote.h"
#include "repo/sequence_reader.h"

static char *child_path(const char *directory, const char *name)
{
	return directory[0] == '\0' ? mem_strdup(name)
				    : mem_printf("%s/%s", directory, name);
}

/* Calls `each` for what is directly in a directory. */
static int list_children(struct tree_source *source, const char *path,
			 browse_each_fn *each, void *arg, struct err *err)
{
	struct tree_directory *directory;
	bool end = false;
	int result;

	if (source->ops->open_directory(source, path, &directory, err) < 0)
		return -1;
	do {
		struct entry child;

		result = source->ops->next(directory, &child, &end, err);
		if (result < 0 || end)
			break;
		CLEANUP(mem_freep) char *name = child_path(path, child.name);
		result = each(arg, name, &child, err);
		entry_release(&child);
	} while (result == 0);
	source->ops->close_directory(directory);
	return result;
}

int browse_job_list(struct job_tree *tree, const char *path, browse_each_fn *each,
		    void *arg, struct err *err)
{
	struct tree_source *source = tree_reader_source(tree->reader);
	CLEANUP(entry_release) struct entry entry = {0};

	if (source->ops->lookup(source, path, &entry, err) < 0 ||
	    each(arg, path, &entry, err) < 0)
		return -1;
	if (entry.type != ENTRY_DIRECTORY)
		return 0;
	return list_children(source, path, each, arg, err);
}

struct finding_entries {
	const struct browse_search *search;
	const char *pattern;
	bool whole_path;
};

static int find_visit(void *arg, const struct tree_visit *visit, struct err *err)
{
	const struct finding_entries *finding = arg;
	const char *slash = strrchr(visit->path, '/');
	const char *name = finding->whole_path || slash == NULL ? visit->path : slash + 1;

	if (!pattern_match(finding->pattern, slice_of_string(name)))
		return 0;
	return finding->search->each(finding->search->arg, visit->path, visit->entry,
				     err);
}

static int find_damaged(void *arg, const char *path, const struct err *why,
			struct err *err)
{
	const struct finding_entries *finding = arg;

	return finding->search->damaged(finding->search->arg, path, why, err);
}

int browse_job_find(struct job_tree *tree, const struct browse_search *search,
		    struct err *err)
{
	const char *pattern = search->pattern;
	struct tree_walk_options options = tree_reader_walk_options(tree->reader);
	struct finding_entries finding = {.search = search,
					  .pattern = pattern[0] == '/' ? pattern + 1
								       : pattern,
					  .whole_path = strchr(pattern, '/') != NULL};

	if (pattern_check(pattern, err) < 0)
		return -1;
	options.cancel = search->cancel;
	if (search->damaged != NULL)
		options.damaged = find_damaged;
	return tree_walk(&options, find_visit, &finding, err);
}

/* One of the two sides of a directory being compared: its current entry. */
struct side {
	struct sequence_reader *reader;
	struct entry entry;
	struct content_ref content;
	bool have;
};

struct diffing {
	struct node_source *before, *after;
	const struct cancel *cancel;
	diff_each_fn *each;
	void *arg;
};

static void side_drop(struct side *side)
{
	if (!side->have)
		return;
	entry_release(&side->entry);
	content_ref_release(&side->content);
	side->have = false;
}

/* Of the directory at `path`. */
static int side_next(struct side *side, const char *path, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	bool end;

	side_drop(side);
	if (side->reader == NULL)
		return 0;
	if (sequence_reader_next_entry(side->reader, &side->entry, &side->content, &end,
				       err) < 0)
		return err_wrap(err, "directory %s", quote_rooted(path, shown));
	side->have = !end;
	return 0;
}

static bool same_content(const struct content_ref *a, const struct content_ref *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == CONTENT_NODE)
		return a->level == b->level &&
		       memcmp(&a->top.id, &b->top.id, sizeof(a->top.id)) == 0;
	if (a->kind != CONTENT_CHUNKS)
		return true;
	if (a->chunks.n != b->chunks.n)
		return false;
	for (size_t i = 0; i < a->chunks.n; i++) {
		const struct blob_ref *x = vec_at(&a->chunks, i);
		const struct blob_ref *y = vec_at(&b->chunks, i);

		if (memcmp(&x->id, &y->id, sizeof(x->id)) != 0)
			return false;
	}
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_xattrs(const struct entry *a, const struct entry *b)
{
	if (a->xattrs.n != b->xattrs.n)
		return false;
	for (size_t i = 0; i < a->xattrs.n; i++) {
		const struct xattr *x = vec_at(&a->xattrs, i);
		const struct xattr *y = vec_at(&b->xattrs, i);

		if (strcmp(x->name, y->name) != 0 ||
		    !slice_equal(slice_of(x->value, x->value_len),
				 slice_of(y->value, y->value_len)))
			return false;
	}
	return true;
}

static bool same_metadata(const struct entry *a, const struct entry *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->mtime_nsec == b->mtime_nsec && same_text(a->target, b->target) &&
	       a->rdev_major == b->rdev_major && a->rdev_minor == b->rdev_minor &&
	       same_xattrs(a, b);
}

static int diff_directories(struct diffing *diffing, const char *path,
			    const struct content_ref *before,
			    const struct content_ref *after, struct err *err);

static int tell(struct diffing *diffing, enum diff_kind kind, const char *path,
		const struct side *before, const struct side *after, struct err *err)
{
	struct diff_item item = {.kind = kind,
				 .path = path,
				 .before = before != NULL ? &before->entry : NULL,
				 .after = after != NULL ? &after->entry : NULL};

	return diffing->each(diffing->arg, &item, err);
}

/* An entry of one side only, and all that is below it. */
static int tell_one_side(struct diffing *diffing, const char *path,
			 const struct side *before, const struct side *after,
			 struct err *err)
{
	const struct side *side = before != NULL ? before : after;

	if (tell(diffing, before != NULL ? DIFF_REMOVED : DIFF_ADDED, path, before, after,
		 err) < 0)
		return -1;
	if (side->entry.type != ENTRY_DIRECTORY)
		return 0;
	return diff_directories(diffing, path, before != NULL ? &side->content : NULL,
				before != NULL ? NULL : &side->content, err);
}

static int tell_both(struct diffing *diffing, const char *path, const struct side *before,
		     const struct side *after, struct err *err)
{
	bool equal = same_content(&before->content, &after->content) &&
		     before->entry.size == after->entry.size;
	bool is_directory = after->entry.type == ENTRY_DIRECTORY;

	if (before->entry.type != after->entry.type) {
		if (tell(diffing, DIFF_TYPE, path, before, after, err) < 0)
			return -1;
	} else if (!equal && !is_directory) {
		if (tell(diffing, DIFF_CONTENT, path, before, after, err) < 0)
			return -1;
	} else if (!same_metadata(&before->entry, &after->entry)) {
		if (tell(diffing, DIFF_METADATA, path, before, after, err) < 0)
			return -1;
	}
	bool was_directory = before->entry.type == ENTRY_DIRECTORY;
	if ((!is_directory && !was_directory) || (is_directory && was_directory && equal))
		return 0;
	return diff_directories(diffing, path, was_directory ? &before->content : NULL,
				is_directory ? &after->content : NULL, err);
}

/* The entry that comes first in the order of names, or both when they have one name. */
static int diff_next(struct diffing *diffing, const char *path, struct side *before,
		     struct side *after, struct err *err)
{
	int order = !before->have  ? 1
		    : !after->have ? -1
				   : strcmp(before->entry.name, after->entry.name);
	CLEANUP(mem_freep)
	char *name =
		child_path(path, order <= 0 ? before->entry.name : after->entry.name);
	int result = order == 0 ? tell_both(diffing, name, before, after, err)
				: tell_one_side(diffing, name, order < 0 ? before : NULL,
						order < 0 ? NULL : after, err);

	if (result == 0 && order <= 0)
		result = side_next(before, path, err);
	if (result == 0 && order >= 0)
		result = side_next(after, path, err);
	return result;
}

/* Recursion is as deep as the tree, which readers bound (TREE_DEPTH_MAX). */
static int diff_directories(struct diffing *diffing, const char *path,
			    const struct content_ref *before,
			    const struct content_ref *after, struct err *err)
{
	struct side sides[2] = {0};
	int result = cancel_check(diffing->cancel, err);

	if (before != NULL)
		sides[0].reader = sequence_reader_new(BLOB_TREE, diffing->before, before);
	if (after != NULL)
		sides[1].reader = sequence_reader_new(BLOB_TREE, diffing->after, after);
	for (size_t i = 0; result == 0 && i < 2; i++)
		result = side_next(&sides[i], path, err);
	while (result == 0 && (sides[0].have || sides[1].have))
		result = diff_next(diffing, path, &sides[0], &sides[1], err);
	for (size_t i = 0; i < 2; i++) {
		side_drop(&sides[i]);
		sequence_reader_free(sides[i].reader);
	}
	return result;
}

int browse_job_diff(struct job_tree *before, struct job_tree *after,
		    const struct cancel *cancel, diff_each_fn *each, void *arg,
		    struct err *err)
{
	struct diffing diffing = {.before = blob_reader_nodes(before->blobs),
				  .after = blob_reader_nodes(after->blobs),
				  .cancel = cancel,
				  .each = each,
				  .arg = arg};

	if (same_content(&before->body.root_content, &after->body.root_content))
		return 0;
	return diff_directories(&diffing, "", &before->body.root_content,
				&after->body.root_content, err);
}
