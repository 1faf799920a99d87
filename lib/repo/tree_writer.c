/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The near side: the source's calls are encoded at once (an entry that waits is a few hundred
 * bytes and not a struct of many pieces) and queued. The old file cache is asked here, in
 * the order of the walk; the new one is written at the far side of the queue, in the same
 * order.
 *
 * Whatever a file system may hold gets into the snapshot or is reported: an entry whose
 * attributes are beyond the format's limits is stored without them.
 */
#include "repo/tree_writer.h"

#include <assert.h>

#include "base/mem.h"
#include "base/quote.h"
#include "repo/body_format.h"
#include "repo/tree_writer_internal.h"

struct tree_writer {
	struct tree_sink sink; /* first */
	struct tree_writer_options options;
	struct pending_queue queue;
	size_t depth; /* of the source's open directories */
	bool had_root;
	struct buf path; /* of the deepest one: "/a/b" */
	uint64_t files, bytes, warnings, unreadable;
	struct strings texts;
	char *facts;
};

static struct tree_writer *writer_of(struct tree_sink *sink)
{
	return (struct tree_writer *)sink;
}

/* --- warnings --- */

static void warn(struct tree_sink *sink, enum warn_kind kind, const char *path,
		 const char *message)
{
	struct tree_writer *writer = writer_of(sink);
	CLEANUP(mem_freep) char *text = NULL;

	text = mem_printf("%s: %s: %s", kind == WARN_NOTE ? "note" : "unreadable", path,
			  message);
	if (strlen(text) > BODY_WARNING_LEN_MAX)
		text[BODY_WARNING_LEN_MAX] = '\0';
	writer->warnings++;
	writer->unreadable += kind == WARN_UNREADABLE;
	if (strings_count(&writer->texts) < TREE_WARNINGS_KEPT)
		strings_add(&writer->texts, text);
	if (writer->options.progress != NULL)
		atomic_fetch_add(&writer->options.progress->warnings, 1);
	if (kind == WARN_NOTE)
		log_info(writer->options.log, "%s: %s", path, message);
	else
		log_warning(writer->options.log, "%s: %s", path, message);
}

static void warn_about(struct tree_writer *writer, const char *name, const char *message)
{
	CLEANUP(mem_freep)
	char *path = mem_printf("%s/%s", buf_string(&writer->path), name);
	char shown[QUOTE_TEXT_MAX];

	warn(&writer->sink, WARN_UNREADABLE, quote_string(path, shown), message);
}

/* --- entries --- */

/* Into pending->head. Without its attributes an entry fits, or nothing helps. */
static int encode_head(struct tree_writer *writer, const struct entry *entry,
		       struct pending *pending, struct err *err)
{
	CLEANUP(buf_release) struct buf head = {0};
	struct entry bare = *entry;
	struct err problem = {0};

	buf_init(&head, 0);
	if (tree_entry_encode_head(entry, &head, &problem) < 0) {
		CLEANUP(mem_freep)
		char *message = mem_printf(
			"%s: stored without extended attributes and facts", problem.msg);

		vec_init(&bare.xattrs, sizeof(struct xattr));
		vec_init(&bare.facts, sizeof(struct fact));
		if (tree_entry_encode_head(&bare, &head, err) < 0)
			return -1;
		warn_about(writer, entry->name, message);
	}
	pending->head = mem_dup(head.data, head.len);
	pending->head_len = head.len;
	return 0;
}

static int open_directory(struct tree_sink *sink, const struct entry *entry,
			  struct err *err)
{
	struct tree_writer *writer = writer_of(sink);
	struct pending pending = {.kind = PENDING_OPEN};

	if ((writer->depth == 0) != (entry->name[0] == '\0') ||
	    (writer->depth == 0 && writer->had_root))
		return err_set(err, ERR_BUG,
			       "the source opened directories out of order");
	if (encode_head(writer, entry, &pending, err) < 0 ||
	    pending_queue_push_take(&writer->queue, &pending, err) < 0)
		return -1;
	file_cache_enter(writer->options.cache, entry->name);
	if (writer->depth > 0)
		buf_printf(&writer->path, "/%s", entry->name);
	writer->had_root = true;
	writer->depth++;
	return 0;
}

static int close_directory(struct tree_sink *sink, struct err *err)
{
	struct tree_writer *writer = writer_of(sink);
	struct pending pending = {.kind = PENDING_CLOSE};

	if (writer->depth == 0)
		return err_set(err, ERR_BUG,
			       "the source closed a directory that was not open");
	file_cache_leave(writer->options.cache);
	while (writer->path.len > 0 && writer->path.data[--writer->path.len] != '/')
		;
	if (writer->path.data != NULL)
		writer->path.data[writer->path.len] = '\0';
	writer->depth--;
	return pending_queue_push_take(&writer->queue, &pending, err);
}

static bool has_right_len(const struct entry *entry, const struct content *content)
{
	uint64_t expected = entry_content_len(entry);

	if (content != NULL && content->is_cached &&
	    content->cached.content.kind == CONTENT_NODE)
		return expected > 0;
	return expected == (content != NULL ? content->len : 0);
}

static int add_entry(struct tree_writer *writer, const struct entry *entry,
		     struct pending *pending, struct err *err)
{
	if (writer->depth == 0 || entry->type == ENTRY_DIRECTORY)
		return err_set(err, ERR_BUG, "the source added %s out of place",
			       writer->depth == 0 ? "an entry" : "a directory");
	if (!has_right_len(entry, pending->content))
		return err_set(err, ERR_BUG,
			       "the source's content does not have the file's length");
	if (encode_head(writer, entry, pending, err) < 0)
		return -1;
	if (entry->type == ENTRY_FILE) {
		writer->files++;
		writer->bytes += entry_content_len(entry);
	}
	return pending_queue_push_take(&writer->queue, pending, err);
}

static int add(struct tree_sink *sink, const struct entry *entry, struct content *content,
	       const struct file_identity *identity, struct err *err)
{
	struct pending pending = {.kind = PENDING_ENTRY, .content = content};
	int result;

	if (content != NULL && !content->is_cached && content->len == 0) {
		content_free(content);
		pending.content = NULL;
	}
	if (identity != NULL) {
		pending.has_identity = true;
		pending.identity = *identity;
	}
	result = add_entry(writer_of(sink), entry, &pending, err);
	if (result < 0) { /* unless the queue has taken it */
		content_free(pending.content);
		mem_free(pending.head);
	}
	return result;
}

static int unchanged(struct tree_sink *sink, const char *name,
		     const struct file_identity *identity, struct content **ret_content,
		     struct err *err)
{
	struct tree_writer *writer = writer_of(sink);
	struct cached_content cached;

	if (!file_cache_find(writer->options.cache, name, identity, &cached)) {
		*ret_content = NULL;
		return 0;
	}
	return content_from_cache(&writer->options, &cached, ret_content, err);
}

/* --- the rest of the sink --- */

static int open_stream(struct tree_sink *sink, enum cut_mode mode,
		       struct stream **ret_stream, struct err *err)
{
	return content_open_stream(&writer_of(sink)->options, mode, ret_stream, err);
}

static void facts(struct tree_sink *sink, const char *json)
{
	struct tree_writer *writer = writer_of(sink);

	mem_free(writer->facts);
	writer->facts = mem_strdup(json);
}

static void expect(struct tree_sink *sink, uint64_t files, uint64_t bytes)
{
	progress_expect(writer_of(sink)->options.progress, files, bytes);
}

static const struct tree_sink_ops ops = {
	.open_directory = open_directory,
	.close_directory = close_directory,
	.open_stream = open_stream,
	.space = content_space,
	.commit = content_commit,
	.close_stream = content_close_stream,
	.abandon_stream = content_abandon_stream,
	.abandon_content = content_free,
	.add = add,
	.unchanged = unchanged,
	.warn = warn,
	.facts = facts,
	.expect = expect,
};

/* --- life --- */

struct tree_writer *tree_writer_new(const struct tree_writer_options *options)
{
	struct tree_writer *writer = mem_zalloc(sizeof(*writer));

	writer->sink.ops = &ops;
	writer->options = *options;
	pending_queue_init(&writer->queue, &writer->options);
	buf_init(&writer->path, 0);
	strings_init(&writer->texts);
	return writer;
}

void tree_writer_free(struct tree_writer *writer)
{
	if (writer == NULL)
		return;
	pending_queue_release(&writer->queue);
	buf_release(&writer->path);
	strings_release(&writer->texts);
	mem_free(writer->facts);
	mem_free(writer);
}

void tree_writer_freep(struct tree_writer **writer)
{
	tree_writer_free(*writer);
}

struct tree_sink *tree_writer_sink(struct tree_writer *writer)
{
	return &writer->sink;
}

void tree_written_release(struct tree_written *written)
{
	entry_release(&written->root);
	content_ref_release(&written->root_content);
	strings_release(&written->texts);
	mem_free(written->facts);
	*written = (struct tree_written){0};
}

int tree_writer_finish(struct tree_writer *writer, struct tree_written *ret_written,
		       struct err *err)
{
	struct tree_written written = {
		.files = writer->files,
		.bytes = writer->bytes,
		.warnings = writer->warnings,
		.unreadable = writer->unreadable,
	};

	if (writer->depth > 0 || !writer->had_root)
		return err_set(err, ERR_BUG, "the source left %s",
			       writer->had_root ? "directories open" : "no tree");
	if (pending_queue_finish(&writer->queue, err) < 0 ||
	    tree_entry_decode(buf_slice(&writer->queue.root), &written.root,
			      &written.root_content, err) < 0)
		return -1;
	written.texts = writer->texts;
	strings_init(&writer->texts);
	written.facts = STEAL(writer->facts);
	*ret_written = written;
	return 0;
}
