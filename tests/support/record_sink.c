/* SPDX-License-Identifier: Apache-2.0 */
#include "support/record_sink.h"

#include "base/mem.h"
#include "base/path.h"

struct stream {
	struct record_sink *record;
	uint8_t *room;
	struct buf bytes;
	uint64_t len;
};

struct content {
	struct record_sink *record;
	struct buf bytes;
	uint64_t len;
};

static struct record_sink *record_of(struct tree_sink *sink)
{
	return (struct record_sink *)(void *)sink; /* its first member */
}

static void breach(struct record_sink *record, const char *what)
{
	if (record->broken == NULL)
		record->broken = what;
}

static int note_call(struct record_sink *record, const char *call, struct err *err)
{
	strings_add(&record->calls, call);
	if (record->hook != NULL)
		record->hook(record->hook_state, call);
	if (record->fail_call != NULL && strcmp(record->fail_call, call) == 0)
		return err_set(err, ERR_IO, "planted failure");
	return 0;
}

static char *current_path(const struct record_sink *record, const char *name)
{
	size_t depth = strings_count(&record->open_paths);

	if (depth == 0)
		return mem_strdup(name);
	return path_join(strings_at(&record->open_paths, depth - 1), name);
}

/* Names in one directory ascend. */
static void check_order(struct record_sink *record, const char *name)
{
	if (strings_count(&record->open_paths) == 0) {
		if (*name != '\0')
			breach(record, "the first directory is not the root");
		return;
	}
	if (record->last_name != NULL && strcmp(record->last_name, name) >= 0)
		breach(record, "names do not ascend");
	mem_free(record->last_name);
	record->last_name = mem_strdup(name);
}

static struct record_node *add_node(struct record_sink *record, const struct entry *entry)
{
	struct record_node *node = mem_zalloc(sizeof(*node));

	node->path = current_path(record, entry->name);
	entry_copy(&node->entry, entry);
	buf_init(&node->content, 0);
	vec_push(&record->nodes, &node);
	return node;
}

static int open_directory(struct tree_sink *sink, const struct entry *entry,
			  struct err *err)
{
	struct record_sink *record = record_of(sink);
	CLEANUP(mem_freep) char *path = current_path(record, entry->name);
	CLEANUP(mem_freep) char *call = mem_printf("open %s", path);

	if (entry->type != ENTRY_DIRECTORY)
		breach(record, "open_directory() of something else");
	check_order(record, entry->name);
	if (note_call(record, call, err) < 0)
		return -1;
	add_node(record, entry);
	strings_add(&record->open_paths, path);
	vec_push(&record->last_names, &record->last_name);
	record->last_name = NULL;
	return 0;
}

static int close_directory(struct tree_sink *sink, struct err *err)
{
	struct record_sink *record = record_of(sink);
	char **last = vec_last(&record->open_paths.vec);

	if (note_call(record, "close", err) < 0)
		return -1;
	if (last == NULL) {
		breach(record, "close_directory() without an open one");
		return 0;
	}
	mem_free(*last);
	vec_pop(&record->open_paths.vec);
	mem_free(record->last_name);
	record->last_name = *(char **)vec_last(&record->last_names);
	vec_pop(&record->last_names);
	return 0;
}

static int open_stream(struct tree_sink *sink, enum cut_mode mode,
		       struct stream **ret_stream, struct err *err)
{
	struct record_sink *record = record_of(sink);
	struct stream *stream;

	(void)mode;
	if (record->fail_call != NULL && strcmp(record->fail_call, "open_stream") == 0)
		return err_set(err, ERR_IO, "planted failure");
	stream = mem_zalloc(sizeof(*stream));
	stream->record = record;
	stream->room = mem_alloc(record->space_len);
	buf_init(&stream->bytes, 0);
	atomic_fetch_add(&record->n_open, 1);
	*ret_stream = stream;
	return 0;
}

static uint8_t *space(struct stream *stream, size_t *ret_len)
{
	*ret_len = stream->record->space_len;
	return stream->room;
}

static int commit(struct stream *stream, size_t len, struct err *err)
{
	struct record_sink *record = stream->record;

	if (record->fail_call != NULL && strcmp(record->fail_call, "commit") == 0)
		return err_set(err, ERR_IO, "planted failure");
	if (len > record->space_len)
		breach(record, "commit() of more than there was room");
	if (stream->bytes.len + len <= RECORD_CONTENT_MAX)
		buf_append(&stream->bytes, stream->room, len);
	stream->len += len;
	return 0;
}

static void abandon_stream(struct stream *stream)
{
	atomic_fetch_sub(&stream->record->n_open, 1);
	buf_release(&stream->bytes);
	mem_free(stream->room);
	mem_free(stream);
}

static int close_stream(struct stream *stream, struct content **ret_content,
			struct err *err)
{
	struct content *content = mem_zalloc(sizeof(*content));

	(void)err;
	content->record = stream->record;
	content->bytes = stream->bytes;
	content->len = stream->len;
	mem_free(stream->room);
	mem_free(stream);
	*ret_content = content;
	return 0;
}

static void abandon_content(struct content *content)
{
	atomic_fetch_sub(&content->record->n_open, 1);
	buf_release(&content->bytes);
	mem_free(content);
}

static void keep_content(struct record_node *node, struct content *content)
{
	node->has_content = true;
	node->content_len = content->len;
	node->content = content->bytes;
	atomic_fetch_sub(&content->record->n_open, 1);
	mem_free(content);
}

static int add(struct tree_sink *sink, const struct entry *entry, struct content *content,
	       const struct file_identity *identity, struct err *err)
{
	struct record_sink *record = record_of(sink);
	CLEANUP(mem_freep) char *path = current_path(record, entry->name);
	CLEANUP(mem_freep) char *call = mem_printf("add %s", path);
	struct record_node *node;

	if (entry->type == ENTRY_DIRECTORY)
		breach(record, "add() of a directory");
	if (strings_count(&record->open_paths) == 0)
		breach(record, "add() without an open directory");
	if ((content != NULL ? content->len : 0) != entry_content_len(entry))
		breach(record, "the content is not as long as the entry says");
	check_order(record, entry->name);
	if (note_call(record, call, err) < 0) {
		if (content != NULL)
			abandon_content(content);
		return -1;
	}
	node = add_node(record, entry);
	if (content != NULL)
		keep_content(node, content);
	node->has_identity = identity != NULL;
	if (identity != NULL)
		node->identity = *identity;
	return 0;
}

static bool same_identity(const struct file_identity *a, const struct file_identity *b)
{
	return a->size == b->size && a->inode == b->inode &&
	       a->mtime_nsec == b->mtime_nsec && a->ctime_nsec == b->ctime_nsec;
}

static int unchanged(struct tree_sink *sink, const char *name,
		     const struct file_identity *identity, struct content **ret_content,
		     struct err *err)
{
	struct record_sink *record = record_of(sink);
	CLEANUP(mem_freep) char *path = current_path(record, name);
	const struct record_node *node = NULL;
	struct content *content;

	(void)err;
	*ret_content = NULL;
	if (record->previous != NULL)
		node = record_sink_find(record->previous, path);
	if (node == NULL || !node->has_identity || !node->has_content ||
	    !same_identity(&node->identity, identity))
		return 0;
	content = mem_zalloc(sizeof(*content));
	content->record = record;
	buf_init(&content->bytes, 0);
	buf_append_slice(&content->bytes, buf_slice(&node->content));
	content->len = node->content_len;
	atomic_fetch_add(&record->n_open, 1);
	record->n_unchanged++;
	*ret_content = content;
	return 0;
}

static void warn(struct tree_sink *sink, enum warn_kind kind, const char *path,
		 const char *message)
{
	struct record_sink *record = record_of(sink);
	CLEANUP(mem_freep)
	char *text = mem_printf("%s: %s: %s", kind == WARN_NOTE ? "note" : "unreadable",
				path, message);

	strings_add(&record->warnings, text);
}

static void facts(struct tree_sink *sink, const char *json)
{
	struct record_sink *record = record_of(sink);

	if (record->facts != NULL)
		breach(record, "facts() twice");
	mem_free(record->facts);
	record->facts = mem_strdup(json);
}

static void expect(struct tree_sink *sink, uint64_t files, uint64_t bytes)
{
	(void)sink;
	(void)files;
	(void)bytes;
}

static const struct tree_sink_ops record_ops = {
	.open_directory = open_directory,
	.close_directory = close_directory,
	.open_stream = open_stream,
	.space = space,
	.commit = commit,
	.close_stream = close_stream,
	.abandon_stream = abandon_stream,
	.abandon_content = abandon_content,
	.add = add,
	.unchanged = unchanged,
	.warn = warn,
	.facts = facts,
	.expect = expect,
};

struct record_sink *record_sink_new(void)
{
	struct record_sink *record = mem_zalloc(sizeof(*record));

	record->sink.ops = &record_ops;
	record->space_len = 64 * 1024;
	vec_init(&record->nodes, sizeof(struct record_node *));
	vec_init(&record->last_names, sizeof(char *));
	strings_init(&record->calls);
	strings_init(&record->warnings);
	strings_init(&record->open_paths);
	return record;
}

void record_sink_free(struct record_sink *record)
{
	if (record == NULL)
		return;
	for (size_t i = 0; i < record->nodes.n; i++) {
		struct record_node *node =
			*(struct record_node **)vec_at(&record->nodes, i);

		mem_free(node->path);
		entry_release(&node->entry);
		buf_release(&node->content);
		mem_free(node);
	}
	for (size_t i = 0; i < record->last_names.n; i++)
		mem_free(*(char **)vec_at(&record->last_names, i));
	vec_release(&record->nodes);
	vec_release(&record->last_names);
	strings_release(&record->calls);
	strings_release(&record->warnings);
	strings_release(&record->open_paths);
	mem_free(record->last_name);
	mem_free(record->facts);
	mem_free(record);
}

const struct record_node *record_sink_find(const struct record_sink *record,
					   const char *path)
{
	for (size_t i = 0; i < record->nodes.n; i++) {
		const struct record_node *node =
			*(struct record_node *const *)vec_at(&record->nodes, i);

		if (strcmp(node->path, path) == 0)
			return node;
	}
	return NULL;
}

const char *record_sink_text(const struct record_sink *record, const char *path)
{
	const struct record_node *node = record_sink_find(record, path);

	return node != NULL ? buf_string(&node->content) : "";
}

bool record_sink_warned(const struct record_sink *record, const char *warning)
{
	for (size_t i = 0; i < strings_count(&record->warnings); i++)
		if (strcmp(strings_at(&record->warnings, i), warning) == 0)
			return true;
	return false;
}

char *record_sink_paths(const struct record_sink *record)
{
	struct buf paths;

	buf_init(&paths, 0);
	for (size_t i = 0; i < record->nodes.n; i++) {
		const struct record_node *node =
			*(struct record_node *const *)vec_at(&record->nodes, i);

		buf_printf(&paths, "%s%s", i > 0 ? "\n" : "", node->path);
	}
	return buf_steal_string(&paths);
}
