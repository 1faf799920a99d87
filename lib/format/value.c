/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node knows its parent and, through it, its key, so a getter can name the whole path
 * without being told. Children are an array in order of appearance; a table has a second
 * array of their numbers sorted by key for look-ups. Parsers append everything and sort once
 * (value_index), so a hostile document of a million keys costs n log n.
 *
 * File name and blame (whose mistake a wrong type is) are the root's: errors walk up.
 */
#include "format/value.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "format/value_internal.h"

static bool has_children(const struct value *value)
{
	return value->type == VALUE_ARRAY || value->type == VALUE_TABLE;
}

static struct value *new_value(enum value_type type)
{
	struct value *value = mem_zalloc(sizeof(*value));

	value->type = type;
	if (has_children(value))
		vec_init(&value->as.children.members, sizeof(struct member));
	return value;
}

void value_free(struct value *value)
{
	if (value == NULL)
		return;
	for (size_t i = 0; i < value_count(value); i++) {
		mem_free(value_member(value, i)->key);
		value_free(value_member(value, i)->value);
	}
	if (has_children(value)) {
		vec_release(&value->as.children.members);
		mem_free(value->as.children.order);
	} else if (value->type == VALUE_STRING || value->type == VALUE_DATETIME) {
		mem_free(value->as.text.data);
	}
	if (value->origin != NULL)
		mem_free(value->origin->file_name);
	mem_free(value->origin);
	mem_free(value);
}

void value_freep(struct value **value)
{
	value_free(*value);
}

enum value_type value_type(const struct value *value)
{
	return value->type;
}

struct member *value_member(const struct value *value, size_t i)
{
	return vec_at(&value->as.children.members, i);
}

const struct value_origin *value_origin(const struct value *value)
{
	while (value->parent != NULL)
		value = value->parent;
	return value->origin;
}

struct value_span value_span(const struct value *value)
{
	return value->span;
}

const char *value_file(const struct value *value)
{
	const struct value_origin *origin = value_origin(value);

	return origin == NULL ? "" : origin->file_name;
}

size_t value_count(const struct value *value)
{
	return has_children(value) ? value->as.children.members.n : 0;
}

const struct value *value_at(const struct value *value, size_t i)
{
	return value_member(value, i)->value;
}

const char *value_key(const struct value *table, size_t i)
{
	assert(table->type == VALUE_TABLE);
	return value_member(table, i)->key;
}

struct value_span value_key_span(const struct value *table, size_t i)
{
	assert(table->type == VALUE_TABLE);
	return value_member(table, i)->key_span;
}

const struct value *value_get(const struct value *table, const char *key)
{
	size_t low = 0, high;

	if (table->type != VALUE_TABLE)
		return NULL;
	high = table->as.children.n_ordered;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t i = table->as.children.order[middle];
		int order = strcmp(value_member(table, i)->key, key);

		if (order == 0)
			return value_at(table, i);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *value_datetime(const struct value *value)
{
	return value->type == VALUE_DATETIME ? value->as.text.data : NULL;
}

struct value *value_new_null(void)
{
	return new_value(VALUE_NULL);
}

struct value *value_new_bool(bool v)
{
	struct value *value = new_value(VALUE_BOOL);

	value->as.boolean = v;
	return value;
}

struct value *value_new_int(int64_t v)
{
	struct value *value = new_value(VALUE_INT);

	value->as.integer = v;
	return value;
}

struct value *value_new_double(double v)
{
	struct value *value = new_value(VALUE_DOUBLE);

	value->as.real = v;
	return value;
}

static struct value *new_text(enum value_type type, struct slice bytes)
{
	struct value *value = new_value(type);

	value->as.text.data = mem_alloc(bytes.len + 1);
	if (bytes.len > 0)
		memcpy(value->as.text.data, bytes.data, bytes.len);
	value->as.text.data[bytes.len] = '\0';
	value->as.text.len = bytes.len;
	return value;
}

struct value *value_new_text(struct slice bytes)
{
	return new_text(VALUE_STRING, bytes);
}

struct value *value_new_datetime(const char *text)
{
	return new_text(VALUE_DATETIME, slice_of_string(text));
}

struct value *value_new_array(void)
{
	return new_value(VALUE_ARRAY);
}

struct value *value_new_table(void)
{
	return new_value(VALUE_TABLE);
}

static struct value *adopt(struct value *parent, struct member member)
{
	assert(member.value->parent == NULL && member.value != parent);
	member.value->parent = parent;
	member.value->place = parent->as.children.members.n;
	vec_push(&parent->as.children.members, &member);
	return member.value;
}

struct value *value_push(struct value *array, struct value *child_take)
{
	assert(array->type == VALUE_ARRAY);
	return adopt(array, (struct member){.value = child_take});
}

struct value *value_append(struct value *table, const char *key,
			   struct value_span key_span, struct value *child_take)
{
	assert(table->type == VALUE_TABLE);
	return adopt(table, (struct member){.key = mem_strdup(key),
					    .key_span = key_span,
					    .value = child_take});
}

static int compare_members(const void *a, const void *b, void *table)
{
	const char *key_a = value_member(table, *(const size_t *)a)->key;

	return strcmp(key_a, value_member(table, *(const size_t *)b)->key);
}

void value_index(struct value *table)
{
	size_t n = value_count(table);

	if (n == 0)
		return;
	table->as.children.order =
		mem_realloc(table->as.children.order, n, sizeof(size_t));
	for (size_t i = 0; i < n; i++)
		table->as.children.order[i] = i;
	qsort_r(table->as.children.order, n, sizeof(size_t), compare_members, table);
	table->as.children.n_ordered = n;
}

void value_set_origin(struct value *root, const char *file_name, enum err_code blame)
{
	assert(root->parent == NULL && root->origin == NULL);
	root->origin = mem_alloc(sizeof(*root->origin));
	*root->origin =
		(struct value_origin){.file_name = mem_strdup(file_name), .blame = blame};
}

void value_set_span(struct value *value, struct value_span span)
{
	value->span = span;
}
