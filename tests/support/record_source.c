/* SPDX-License-Identifier: Apache-2.0 */
#include "support/record_source.h"

#include "base/mem.h"

struct tree_directory {
	const struct record_source *source;
	char *path;
	size_t next; /* node */
};

struct byte_reader {
	const struct record_source *source;
	const struct record_node *node;
	size_t at;
};

static const struct record_source *source_of(struct tree_source *source)
{
	return (const struct record_source *)(const void *)source; /* its first member */
}

static int find(struct tree_source *source, const char *path,
		const struct record_node **ret_node, struct err *err)
{
	*ret_node = record_sink_find(source_of(source)->record, path);
	if (*ret_node == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: not in the snapshot", path);
	return 0;
}

static int lookup(struct tree_source *source, const char *path, struct entry *ret_entry,
		  struct err *err)
{
	const struct record_node *node;

	if (find(source, path, &node, err) < 0)
		return -1;
	entry_copy(ret_entry, &node->entry);
	return 0;
}

static int open_directory(struct tree_source *source, const char *path,
			  struct tree_directory **ret_directory, struct err *err)
{
	const struct record_node *node;
	struct tree_directory *directory;

	if (find(source, path, &node, err) < 0)
		return -1;
	directory = mem_zalloc(sizeof(*directory));
	directory->source = source_of(source);
	directory->path = mem_strdup(path);
	*ret_directory = directory;
	return 0;
}

static bool is_child(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	if (*path == '\0' || strncmp(path, directory, len) != 0)
		return false;
	if (len > 0 && path[len++] != '/')
		return false;
	return path[len] != '\0' && strchr(path + len, '/') == NULL;
}

static int next(struct tree_directory *directory, struct entry *ret_entry, bool *ret_end,
		struct err *err)
{
	const struct vec *nodes = &directory->source->record->nodes;

	(void)err;
	while (directory->next < nodes->n) {
		const struct record_node *node =
			*(struct record_node **)vec_at(nodes, directory->next++);

		if (!is_child(node->path, directory->path))
			continue;
		entry_copy(ret_entry, &node->entry);
		return 0;
	}
	*ret_end = true;
	return 0;
}

static void close_directory(struct tree_directory *directory)
{
	mem_free(directory->path);
	mem_free(directory);
}

static int open_content(struct tree_source *source, const char *path,
			struct byte_reader **ret_reader, struct err *err)
{
	const struct record_source *play = source_of(source);
	const struct record_node *node;
	struct byte_reader *reader;

	if (play->hook != NULL)
		play->hook(play->hook_state, path);
	if (find(source, path, &node, err) < 0)
		return -1;
	reader = mem_zalloc(sizeof(*reader));
	reader->source = play;
	reader->node = node;
	*ret_reader = reader;
	return 0;
}

static int read_content(struct byte_reader *reader, uint8_t *to, size_t len,
			size_t *ret_len, struct err *err)
{
	const struct record_node *node = reader->node;
	size_t left = node->content.len - reader->at;
	const char *fail_path = reader->source->fail_path;

	if (fail_path != NULL && strcmp(fail_path, node->path) == 0 &&
	    reader->at >= node->content.len / 2)
		return err_set(err, ERR_CORRUPT, "planted damage");
	len = len < reader->source->read_max ? len : reader->source->read_max;
	len = len < left ? len : left;
	if (len > 0)
		memcpy(to, node->content.data + reader->at, len);
	reader->at += len;
	*ret_len = len;
	return 0;
}

static void close_content(struct byte_reader *reader)
{
	mem_free(reader);
}

static const struct tree_source_ops record_source_ops = {
	.lookup = lookup,
	.open_directory = open_directory,
	.next = next,
	.close_directory = close_directory,
	.open_content = open_content,
	.read = read_content,
	.close_content = close_content,
};

void record_source_init(struct record_source *source, const struct record_sink *record)
{
	*source = (struct record_source){
		.source = {.ops = &record_source_ops},
		.record = record,
		.read_max = 64 * 1024,
	};
}
