/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/tree_reader.h"

#include "base/mem.h"
#include "base/quote.h"

enum {
	QUEUE_LEN = 64,
	AHEAD_SHARE = 4, /* of the reader's memory for one content's read-ahead */
};

struct tree_reader {
	struct tree_source source; /* first */
	struct blob_reader *blobs;
	const struct snapshot_body *body;
	struct pool *pool;
};

struct tree_directory {
	struct sequence_reader *entries;
	char *path;
};

struct byte_reader {
	struct content_reader *content;
	char *path;
};

static int wrap_path(struct err *err, const char *what, const char *path)
{
	char shown[QUOTE_TEXT_MAX];

	return err_wrap(err, "%s %s", what, quote_rooted(path, shown));
}

struct tree_walk_options tree_reader_walk_options(struct tree_reader *reader)
{
	return (struct tree_walk_options){
		.source = blob_reader_nodes(reader->blobs),
		.root = &reader->body->root,
		.root_content = &reader->body->root_content,
	};
}

static int find(struct tree_source *source, const char *path, struct entry *ret_entry,
		struct content_ref *ret_content, struct err *err)
{
	struct tree_walk_options options =
		tree_reader_walk_options((struct tree_reader *)source);

	return tree_find(&options, path, ret_entry, ret_content, err);
}

static int lookup(struct tree_source *source, const char *path, struct entry *ret_entry,
		  struct err *err)
{
	CLEANUP(content_ref_release) struct content_ref content = {0};

	return find(source, path, ret_entry, &content, err);
}

static int refuse_type(const char *path, const char *expected, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	return err_set(err, ERR_USAGE, "%s is not a %s", quote_rooted(path, shown),
		       expected);
}

static int open_directory(struct tree_source *source, const char *path,
			  struct tree_directory **ret_directory, struct err *err)
{
	struct tree_reader *reader = (struct tree_reader *)source;
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};

	if (find(source, path, &entry, &content, err) < 0)
		return -1;
	if (entry.type != ENTRY_DIRECTORY)
		return refuse_type(path, "directory", err);
	struct tree_directory *directory = mem_zalloc(sizeof(*directory));
	directory->entries = sequence_reader_new(
		BLOB_TREE, blob_reader_nodes(reader->blobs), &content);
	directory->path = mem_strdup(path);
	*ret_directory = directory;
	return 0;
}

static int next(struct tree_directory *directory, struct entry *ret_entry, bool *ret_end,
		struct err *err)
{
	CLEANUP(content_ref_release) struct content_ref content = {0};

	if (sequence_reader_next_entry(directory->entries, ret_entry, &content, ret_end,
				       err) < 0)
		return wrap_path(err, "directory", directory->path);
	return 0;
}

static void close_directory(struct tree_directory *directory)
{
	if (directory == NULL)
		return;
	sequence_reader_free(directory->entries);
	mem_free(directory->path);
	mem_free(directory);
}

int tree_reader_open_range(struct tree_reader *reader, const char *path, uint64_t offset,
			   struct byte_reader **ret_reader, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct content_reader *opened;

	if (find(&reader->source, path, &entry, &content, err) < 0)
		return -1;
	if (entry.type != ENTRY_FILE)
		return refuse_type(path, "regular file", err);
	struct content_reader_options options = {
		.blobs = reader->blobs,
		.pool = reader->pool,
		.content = &content,
		.content_len = entry_content_len(&entry),
		.offset = offset,
		.memory_bytes =
			blob_reader_options(reader->blobs)->memory_bytes / AHEAD_SHARE,
	};
	if (content_reader_new(&options, &opened, err) < 0)
		return wrap_path(err, "file", path);
	struct byte_reader *bytes = mem_zalloc(sizeof(*bytes));
	bytes->content = opened;
	bytes->path = mem_strdup(path);
	*ret_reader = bytes;
	return 0;
}

static int open_content(struct tree_source *source, const char *path,
			struct byte_reader **ret_reader, struct err *err)
{
	return tree_reader_open_range((struct tree_reader *)source, path, 0, ret_reader,
				      err);
}

static int read_bytes(struct byte_reader *reader, uint8_t *to, size_t len,
		      size_t *ret_len, struct err *err)
{
	if (content_reader_read(reader->content, to, len, ret_len, err) < 0)
		return wrap_path(err, "file", reader->path);
	return 0;
}

static void close_content(struct byte_reader *reader)
{
	if (reader == NULL)
		return;
	content_reader_free(reader->content);
	mem_free(reader->path);
	mem_free(reader);
}

int tree_reader_new(struct blob_reader *blobs, const struct snapshot_body *body,
		    struct tree_reader **ret_reader, struct err *err)
{
	static const struct tree_source_ops ops = {
		.lookup = lookup,
		.open_directory = open_directory,
		.next = next,
		.close_directory = close_directory,
		.open_content = open_content,
		.read = read_bytes,
		.close_content = close_content,
	};
	struct pool *pool;

	if (pool_new(blob_reader_options(blobs)->n_threads, QUEUE_LEN, &pool, err) < 0)
		return -1;
	struct tree_reader *reader = mem_zalloc(sizeof(*reader));
	reader->source.ops = &ops;
	reader->blobs = blobs;
	reader->body = body;
	reader->pool = pool;
	*ret_reader = reader;
	return 0;
}

void tree_reader_free(struct tree_reader *reader)
{
	if (reader == NULL)
		return;
	pool_free(reader->pool);
	mem_free(reader);
}

struct tree_source *tree_reader_source(struct tree_reader *reader)
{
	return &reader->source;
}
