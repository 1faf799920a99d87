/* SPDX-License-Identifier: Apache-2.0 */
/* Typed reading of a tree, and the errors about it. */
#include <stdarg.h>
#include <string.h>

#include "base/quote.h"
#include "format/value_internal.h"

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = {
		[VALUE_NULL] = "null",	     [VALUE_BOOL] = "a boolean",
		[VALUE_INT] = "an integer",  [VALUE_DOUBLE] = "a number",
		[VALUE_STRING] = "a string", [VALUE_DATETIME] = "a date or time",
		[VALUE_ARRAY] = "an array",  [VALUE_TABLE] = "a table",
	};

	return names[type];
}

/* Places and errors. */

static void append_path(struct buf *path, const struct value *value, bool indexes)
{
	char key[QUOTE_TEXT_MAX];
	const struct value *parent = value->parent;

	if (parent == NULL)
		return;
	append_path(path, parent, indexes);
	if (parent->type == VALUE_ARRAY) {
		if (indexes)
			buf_printf(path, "[%zu]", value->place);
		return;
	}
	quote_string(value_member(parent, value->place)->key, key);
	buf_printf(path, "%s%s", path->len > 0 ? "." : "", key);
}

/* Deep trees only come from our own building; parsers stop at VALUE_DEPTH_MAX. */
static void append_place(struct buf *place, const struct value *value,
			 struct value_span span)
{
	const char *file_name = value_file(value);
	char quoted[QUOTE_TEXT_MAX];
	struct buf path;

	buf_init(&path, 0);
	append_path(&path, value, span.line == 0);
	if (file_name[0] != '\0')
		buf_append_string(place, quote_string(file_name, quoted));
	if (span.line != 0)
		buf_printf(place, "%s%u:%u", place->len > 0 ? ":" : "", span.line,
			   span.column);
	if (path.len > 0)
		buf_printf(place, "%s%s", place->len > 0 ? ": " : "", buf_string(&path));
	buf_release(&path);
}

static const char *place_at(const struct value *value, struct value_span span, char *out)
{
	struct buf place;

	buf_init(&place, 0);
	append_place(&place, value, span);
	if (place.len < VALUE_PLACE_MAX)
		memcpy(out, buf_string(&place), place.len + 1);
	else
		(void)snprintf(out, VALUE_PLACE_MAX, "%.*s...", VALUE_PLACE_MAX - 4,
			       buf_string(&place));
	buf_release(&place);
	return out;
}

const char *value_top_key(const struct value *value)
{
	if (value->parent == NULL)
		return NULL;
	while (value->parent->parent != NULL)
		value = value->parent;
	return value_key(value->parent, value->place);
}

const char *value_place(const struct value *value, char out[VALUE_PLACE_MAX])
{
	return place_at(value, value->span, out);
}

const char *value_key_place(const struct value *table, size_t i,
			    char out[VALUE_PLACE_MAX])
{
	return place_at(value_at(table, i), value_key_span(table, i), out);
}

int value_error(const struct value *value, struct err *err, const char *format, ...)
{
	const struct value_origin *origin = value_origin(value);
	char place[VALUE_PLACE_MAX];
	struct buf message;
	va_list ap;

	buf_init(&message, 0);
	va_start(ap, format);
	buf_vprintf(&message, format, ap);
	va_end(ap);
	value_place(value, place);
	err_set(err, origin == NULL ? ERR_FAILED : origin->blame, "%s%s%s", place,
		place[0] == '\0' ? "" : ": ", buf_string(&message));
	buf_release(&message);
	return -1;
}

/* Typed reading. */

static int wrong_type(const struct value *value, const char *expected, struct err *err)
{
	return value_error(value, err, "expected %s, found %s", expected,
			   value_type_name(value->type));
}

MUST_CHECK int value_expect(const struct value *value, enum value_type type,
			    struct err *err)
{
	if (value->type != type)
		return wrong_type(value, value_type_name(type), err);
	return 0;
}

MUST_CHECK int value_as_bool(const struct value *value, bool *ret, struct err *err)
{
	if (value_expect(value, VALUE_BOOL, err) < 0)
		return -1;
	*ret = value->as.boolean;
	return 0;
}

MUST_CHECK int value_as_int(const struct value *value, int64_t *ret, struct err *err)
{
	if (value_expect(value, VALUE_INT, err) < 0)
		return -1;
	*ret = value->as.integer;
	return 0;
}

MUST_CHECK int value_as_uint(const struct value *value, uint64_t *ret, struct err *err)
{
	int64_t v;

	if (value_as_int(value, &v, err) < 0)
		return -1;
	if (v < 0)
		return value_error(value, err, "expected 0 or more, found %lld",
				   (long long)v);
	*ret = (uint64_t)v;
	return 0;
}

MUST_CHECK int value_as_double(const struct value *value, double *ret, struct err *err)
{
	if (value->type != VALUE_INT && value->type != VALUE_DOUBLE)
		return wrong_type(value, "a number", err);
	*ret = value->type == VALUE_INT ? (double)value->as.integer : value->as.real;
	return 0;
}

MUST_CHECK int value_as_bytes(const struct value *value, struct slice *ret,
			      struct err *err)
{
	if (value_expect(value, VALUE_STRING, err) < 0)
		return -1;
	*ret = slice_of(value->as.text.data, value->as.text.len);
	return 0;
}

MUST_CHECK int value_as_text(const struct value *value, const char **ret, struct err *err)
{
	if (value->type != VALUE_STRING)
		return wrong_type(value, "a string", err);
	if (strlen(value->as.text.data) != value->as.text.len)
		return value_error(value, err,
				   "expected a string without NUL characters");
	*ret = value->as.text.data;
	return 0;
}

/* The child, or an error that names the table. */
static const struct value *get_required(const struct value *table, const char *key,
					struct err *err)
{
	const struct value *child = value_get(table, key);

	if (child != NULL)
		return child;
	if (value_expect(table, VALUE_TABLE, err) == 0)
		value_error(table, err, "key \"%s\" is missing", key);
	return NULL;
}

MUST_CHECK int value_get_int(const struct value *table, const char *key, int64_t *ret,
			     struct err *err)
{
	const struct value *child = get_required(table, key, err);

	return child == NULL ? -1 : value_as_int(child, ret, err);
}

MUST_CHECK int value_get_uint(const struct value *table, const char *key, uint64_t *ret,
			      struct err *err)
{
	const struct value *child = get_required(table, key, err);

	return child == NULL ? -1 : value_as_uint(child, ret, err);
}

MUST_CHECK int value_get_text(const struct value *table, const char *key,
			      const char **ret, struct err *err)
{
	const struct value *child = get_required(table, key, err);

	return child == NULL ? -1 : value_as_text(child, ret, err);
}

static int get_of_type(const struct value *table, const char *key, enum value_type type,
		       const struct value **ret, struct err *err)
{
	const struct value *child = get_required(table, key, err);

	if (child == NULL || value_expect(child, type, err) < 0)
		return -1;
	*ret = child;
	return 0;
}

MUST_CHECK int value_get_array(const struct value *table, const char *key,
			       const struct value **ret, struct err *err)
{
	return get_of_type(table, key, VALUE_ARRAY, ret, err);
}

MUST_CHECK int value_get_table(const struct value *table, const char *key,
			       const struct value **ret, struct err *err)
{
	return get_of_type(table, key, VALUE_TABLE, ret, err);
}
