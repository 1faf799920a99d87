/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_absent.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "base/suggest.h"

/* The name in a directory that is most like `name`, or NULL; the caller frees it. */
static char *nearest_name(struct tree_source *source, const char *directory,
			  const char *name)
{
	CLEANUP(mem_freep) char *best = NULL;
	struct tree_directory *listing;
	struct err ignored = {0}; /* there is just no hint */
	bool end = false;

	if (source->ops->open_directory(source, directory, &listing, &ignored) < 0)
		return NULL;
	while (!end) {
		CLEANUP(entry_release) struct entry entry = {0};

		if (source->ops->next(listing, &entry, &end, &ignored) < 0 || end)
			break;
		const char *candidates[] = {best != NULL ? best : entry.name, entry.name};
		const char *better =
			suggest_word(name, candidates, ARRAY_SIZE(candidates));
		if (better != NULL && better != best) {
			mem_free(best);
			best = mem_strdup(better);
		}
	}
	source->ops->close_directory(listing);
	return STEAL(best);
}

static bool exists(struct tree_source *source, const char *path)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct err ignored = {0};

	return source->ops->lookup(source, path, &entry, &ignored) == 0;
}

/* The path next to one that is missing: its first component that is not there replaced by a name
 * like it. NULL when there is none. */
static char *nearest_path(struct tree_source *source, const char *path)
{
	CLEANUP(mem_freep) char *there = mem_strdup("");

	while (*path != '\0') {
		size_t len = strcspn(path, "/");
		CLEANUP(mem_freep) char *name = mem_strndup(path, len);
		CLEANUP(mem_freep) char *next = path_join(there, name);

		if (!exists(source, next)) {
			CLEANUP(mem_freep)
			char *near = nearest_name(source, there, name);

			return near != NULL ? path_join(there, near) : NULL;
		}
		mem_free(there);
		there = STEAL(next);
		path += len + (path[len] == '/');
	}
	return NULL;
}

/* Adds a hint at a path that is nearly the missing one; false when there is none. */
static bool hint_at_nearest(struct job_tree *tree, const char *path, struct err *err)
{
	CLEANUP(mem_freep)
	char *near = nearest_path(tree_reader_source(tree->reader), path);
	char shown[QUOTE_TEXT_MAX];

	if (near != NULL)
		(void)err_hint(err, "the snapshot has %s", quote_rooted(near, shown));
	return near != NULL;
}

static int hint_at_listing(struct err *err)
{
	return err_hint(err, "`quipu-backup find` and `show` tell what is in it");
}

int job_absent_path(struct job_tree *tree, const char *path, struct err *err)
{
	return hint_at_nearest(tree, path, err) ? -1 : hint_at_listing(err);
}

/* Does it look like the end of a path, which it is not taken for? */
static bool looks_like_an_end(const char *pattern)
{
	const char *slash = strchr(pattern, '/');

	return pattern[0] != '/' && slash != NULL && slash[1] != '\0';
}

static const char end_is_whole[] = "has a slash, so it stands for whole paths, from /";

int job_absent_selection(struct job_tree *tree, const struct selection *selection,
			 struct err *err)
{
	CLEANUP(strings_release) struct strings patterns = {0};
	char shown[QUOTE_TEXT_MAX];
	const char *first = "";

	strings_init(&patterns);
	selection_unmatched(selection, SELECTION_INCLUDES, &patterns);
	if (strings_count(&patterns) > 0)
		first = strings_at(&patterns, 0);
	(void)err_set(err, ERR_NOT_FOUND, "nothing in the snapshot matches the patterns");
	if (hint_at_nearest(tree, first + (first[0] == '/'), err))
		return -1;
	if (looks_like_an_end(first))
		return err_hint(err, "%s %s", quote_string(first, shown), end_is_whole);
	return hint_at_listing(err);
}

void job_absent_rules(const struct selection *selection, enum selection_rules which,
		      struct strings *texts)
{
	CLEANUP(strings_release) struct strings patterns = {0};
	bool include = which == SELECTION_INCLUDES;
	char shown[QUOTE_TEXT_MAX];

	strings_init(&patterns);
	selection_unmatched(selection, which, &patterns);
	for (size_t i = 0; i < strings_count(&patterns); i++) {
		const char *pattern = strings_at(&patterns, i);
		bool is_end = looks_like_an_end(pattern);
		CLEANUP(mem_freep)
		char *text =
			mem_printf("%s %s %s%s%s", include ? "include" : "exclude",
				   quote_string(pattern, shown),
				   include ? "takes nothing" : "leaves nothing out",
				   is_end ? ": it " : "", is_end ? end_is_whole : "");

		strings_add(texts, text);
	}
}
