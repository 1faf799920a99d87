/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson reads, we convert its tree into ours. What jansson would allow is looked at before:
 * its nesting limit is 2,048, and both its parser and our tree recurse, so brackets are
 * counted first. Its messages quote the input, which may be a key file or a state with
 * secrets, hence messages of our own by error code.
 */
#include "format/json.h"

#include <jansson.h>
#include <string.h>

#include "base/quote.h"
#include "format/value_internal.h"

static int error_at(const char *file_name, int line, int column, const char *message,
		    struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	return err_set(err, ERR_CORRUPT, "%s:%d:%d: %s", quote_string(file_name, quoted),
		       line, column, message);
}

/* Where a scan stands; strings are skipped, all else is the parser's affair. */
struct scan {
	int line, column;
	unsigned depth;
	bool in_string, escaped;
};

static void scan_byte(struct scan *s, uint8_t c)
{
	s->column++;
	if (c == '\n') {
		s->line++;
		s->column = 0;
	}
	if (s->in_string) {
		s->in_string = c != '"' || s->escaped;
		s->escaped = c == '\\' && !s->escaped;
		return;
	}
	if (c == '"')
		s->in_string = true;
	else if (c == '[' || c == '{')
		s->depth++;
	else if ((c == ']' || c == '}') && s->depth > 0)
		s->depth--;
}

static int check_depth(struct slice text, const char *file_name, struct err *err)
{
	struct scan s = {.line = 1};

	for (size_t i = 0; i < text.len; i++) {
		scan_byte(&s, text.data[i]);
		if (s.depth > VALUE_DEPTH_MAX)
			return error_at(file_name, s.line, s.column,
					"nesting exceeds 64 levels", err);
	}
	return 0;
}

static const char *message_of(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_out_of_memory:
		abort(); /* uncovered: lack of memory */
	case json_error_premature_end_of_input:
		return "the document ends too early";
	case json_error_end_of_input_expected:
		return "expected the end of the document";
	case json_error_invalid_utf8:
		return "invalid UTF-8";
	case json_error_duplicate_key:
		return "duplicate key";
	case json_error_numeric_overflow:
		return "the number exceeds its range (64-bit integers, double precision)";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "NUL characters are not accepted";
	default:
		return "invalid JSON";
	}
}

static struct value *convert(const json_t *from);

static struct value *convert_array(const json_t *from)
{
	struct value *array = value_new_array();

	for (size_t i = 0; i < json_array_size(from); i++)
		value_push(array, convert(json_array_get(from, i)));
	return array;
}

static struct value *convert_object(json_t *from)
{
	struct value *table = value_new_table();
	const char *key;
	json_t *child;

	json_object_foreach(from, key, child)
		value_append(table, key, (struct value_span){0}, convert(child));
	value_index(table);
	return table;
}

static struct value *convert(const json_t *from)
{
	switch (json_typeof(from)) {
	case JSON_OBJECT:
		return convert_object((json_t *)(uintptr_t)from); /* iterates only */
	case JSON_ARRAY:
		return convert_array(from);
	case JSON_STRING:
		return value_new_text(
			slice_of(json_string_value(from), json_string_length(from)));
	case JSON_INTEGER:
		return value_new_int(json_integer_value(from));
	case JSON_REAL:
		return value_new_double(json_real_value(from));
	case JSON_TRUE:
	case JSON_FALSE:
		return value_new_bool(json_is_true(from));
	case JSON_NULL:
		break;
	}
	return value_new_null();
}

MUST_CHECK int json_parse(struct slice text, const char *file_name, size_t max,
			  struct value **ret_value, struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];
	json_error_t error;

	if (text.len > max)
		return err_set(err, ERR_LIMIT, "%s: %zu bytes exceed the limit of %zu",
			       quote_string(file_name, quoted), text.len, max);
	if (text.len == 0)
		return error_at(file_name, 1, 1, "the document is empty", err);
	if (check_depth(text, file_name, err) < 0)
		return -1;

	json_t *parsed = json_loadb((const char *)text.data, text.len,
				    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (parsed == NULL)
		return error_at(file_name, error.line, error.column, message_of(&error),
				err);
	*ret_value = convert(parsed);
	value_set_origin(*ret_value, file_name, ERR_CORRUPT);
	json_decref(parsed);
	return 0;
}
