/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame is a directory whose entries are being read. Frames hold no entries: a directory that
 * was passed over because nothing was selected yet is looked up again in its parent when it is
 * needed after all, which is rare and reads nodes that were just read. When the nodes of all
 * frames together grow past WALK_MEMORY, frames that are not the deepest one rest.
 */
#include "repo/tree_walk.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"

enum { WALK_MEMORY = 4 * 1024 * 1024 };

struct frame {
	struct sequence_reader *reader;
	struct content_ref content;
	size_t path_len; /* of this directory's path */
	size_t kept;	 /* bytes of nodes, while a deeper frame is read */
	bool visited;
};

struct walk {
	const struct tree_walk_options *options;
	tree_visit_fn *visit;
	void *arg;
	struct buf path;
	struct vec frames; /* of struct frame */
	size_t kept;	   /* sum of theirs */
};

static int push_frame(struct walk *walk, const struct content_ref *content, bool visited,
		      struct err *err)
{
	struct frame *parent = vec_last(&walk->frames);

	if (walk->frames.n > TREE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "directories nest deeper than %d levels",
			       TREE_DEPTH_MAX);
	if (parent != NULL) {
		if (walk->kept + sequence_reader_memory(parent->reader) > WALK_MEMORY)
			sequence_reader_rest(parent->reader);
		parent->kept = sequence_reader_memory(parent->reader);
		walk->kept += parent->kept;
	}
	struct frame *frame = vec_push(&walk->frames, NULL);
	frame->reader = sequence_reader_new(BLOB_TREE, walk->options->source, content);
	content_ref_copy(&frame->content, content);
	frame->path_len = walk->path.len;
	frame->visited = visited;
	return 0;
}

/* A frame for a directory, unless it is passed over. */
static int enter(struct walk *walk, const struct content_ref *content, bool visited,
		 struct err *err)
{
	bool skip = false;

	if (walk->options->enter != NULL &&
	    walk->options->enter(walk->arg, buf_string(&walk->path), content, &skip,
				 err) < 0)
		return -1;
	return skip ? 0 : push_frame(walk, content, visited, err);
}

static void pop_frame(struct walk *walk)
{
	struct frame *frame = vec_last(&walk->frames);

	sequence_reader_free(frame->reader);
	content_ref_release(&frame->content);
	vec_pop(&walk->frames);
	frame = vec_last(&walk->frames);
	if (frame != NULL) {
		walk->kept -= frame->kept;
		frame->kept = 0;
	}
}

static int visit_entry(struct walk *walk, size_t path_len, const struct entry *entry,
		       const struct content_ref *content, struct err *err)
{
	CLEANUP(mem_freep)
	char *path = mem_strndup(buf_string(&walk->path), path_len);

	return walk->visit(
		walk->arg,
		&(struct tree_visit){.path = path, .entry = entry, .content = content},
		err);
}

/* The part of the path that names frame i in its parent. */
static struct slice frame_name(const struct walk *walk, size_t i)
{
	const struct frame *frame = vec_at(&walk->frames, i);
	const struct frame *parent = vec_at(&walk->frames, i - 1);
	size_t start = parent->path_len > 0 ? parent->path_len + 1 : 0;

	return slice_of(walk->path.data + start, frame->path_len - start);
}

/* Visits the directories on the way that were passed over. The root never was. */
static int visit_frames(struct walk *walk, struct err *err)
{
	for (size_t i = 1; i < walk->frames.n; i++) {
		struct frame *parent = vec_at(&walk->frames, i - 1);
		struct frame *frame = vec_at(&walk->frames, i);
		struct found_entry found;

		if (frame->visited)
			continue;
		if (sequence_find(walk->options->source, &parent->content,
				  frame_name(walk, i), &found, err) < 0)
			return -1;
		if (!found.found)
			return err_set(err, ERR_CORRUPT,
				       "a directory that was listed is not found");
		int failed = visit_entry(walk, frame->path_len, &found.entry,
					 &found.content, err);
		entry_release(&found.entry);
		content_ref_release(&found.content);
		if (failed < 0)
			return -1;
		frame->visited = true;
	}
	return 0;
}

/* One entry of the deepest frame, whose path the walk stands at. */
static int take_entry(struct walk *walk, const struct entry *entry,
		      const struct content_ref *content, struct err *err)
{
	bool is_dir = entry->type == ENTRY_DIRECTORY;
	enum selection_verdict verdict = SELECTION_TAKE;

	if (walk->options->selection != NULL)
		verdict = selection_test(walk->options->selection, buf_slice(&walk->path),
					 is_dir);
	if (verdict == SELECTION_SKIP || (verdict == SELECTION_DESCEND && !is_dir))
		return 0;
	if (verdict == SELECTION_TAKE &&
	    (visit_frames(walk, err) < 0 ||
	     visit_entry(walk, walk->path.len, entry, content, err) < 0))
		return -1;
	if (!is_dir)
		return 0;
	return enter(walk, content, verdict == SELECTION_TAKE, err);
}

/* Keeps the NUL behind the text where it belongs. */
static void cut_path(struct buf *buf, size_t len)
{
	buf->len = len;
	if (buf->data != NULL)
		buf->data[len] = '\0';
}

/* The deepest frame's directory cannot be read on. */
static int leave_damaged(struct walk *walk, struct err *why, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	(void)err_wrap(why, "directory %s", quote_rooted(buf_string(&walk->path), shown));
	if (walk->options->damaged == NULL || why->code == ERR_INTERRUPTED) {
		*err = *why;
		return -1;
	}
	if (walk->options->damaged(walk->arg, buf_string(&walk->path), why, err) < 0)
		return -1;
	pop_frame(walk);
	return 0;
}

static int step(struct walk *walk, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct frame *frame = vec_last(&walk->frames);
	struct err why = {0};
	bool end;

	cut_path(&walk->path, frame->path_len);
	if (sequence_reader_next_entry(frame->reader, &entry, &content, &end, &why) < 0)
		return leave_damaged(walk, &why, err);
	if (end) {
		pop_frame(walk);
		return 0;
	}
	if (walk->path.len > 0)
		buf_append_byte(&walk->path, '/');
	buf_append_string(&walk->path, entry.name);
	return take_entry(walk, &entry, &content, err);
}

int tree_walk(const struct tree_walk_options *options, tree_visit_fn *visit, void *arg,
	      struct err *err)
{
	struct walk walk = {.options = options, .visit = visit, .arg = arg};
	int failed;

	buf_init(&walk.path, 0);
	vec_init(&walk.frames, sizeof(struct frame));
	failed = visit_entry(&walk, 0, options->root, options->root_content, err);
	if (failed == 0)
		failed = enter(&walk, options->root_content, true, err);
	while (failed == 0 && walk.frames.n > 0) {
		failed = cancel_check(options->cancel, err);
		if (failed == 0)
			failed = step(&walk, err);
	}
	while (walk.frames.n > 0)
		pop_frame(&walk);
	vec_release(&walk.frames);
	buf_release(&walk.path);
	return failed;
}

static int not_found(const char *path, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	return err_set(err, ERR_NOT_FOUND, "no %s in this snapshot",
		       quote_rooted(path, shown));
}

/* Replaces a directory by what `name` is in it. */
static int find_below(const struct tree_walk_options *options, const char *path,
		      struct slice name, struct entry *entry, struct content_ref *content,
		      struct err *err)
{
	struct found_entry below;

	if (entry->type != ENTRY_DIRECTORY)
		return not_found(path, err);
	if (sequence_find(options->source, content, name, &below, err) < 0)
		return -1;
	if (!below.found)
		return not_found(path, err);
	entry_release(entry);
	content_ref_release(content);
	*entry = below.entry;
	*content = below.content;
	return 0;
}

int tree_find(const struct tree_walk_options *options, const char *path,
	      struct entry *ret_entry, struct content_ref *ret_content, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	const char *rest = path;

	if (!path_relative_valid(slice_of_string(path)))
		return not_found(path, err);
	entry_copy(&entry, options->root);
	content_ref_copy(&content, options->root_content);
	while (*rest != '\0') {
		size_t len = strcspn(rest, "/");

		if (find_below(options, path, slice_of(rest, len), &entry, &content,
			       err) < 0)
			return -1;
		rest += len + (rest[len] == '/');
	}
	*ret_entry = entry;
	*ret_content = content;
	entry = (struct entry){0};
	content = (struct content_ref){0};
	return 0;
}
