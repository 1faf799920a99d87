/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer is a state of a few words: how deep it is and, a bit per level, what the level
 * is and whether a comma is due. So it can write documents of any length through a small
 * buffer, and a caller cannot produce anything but one well-formed value.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "format/encoding.h"
#include "format/json.h"

void json_writer_init(struct json_writer *w, struct buf *to, enum json_style style)
{
	*w = (struct json_writer){.to = to, .style = style};
}

bool json_writer_is_done(const struct json_writer *w)
{
	return w->done && w->depth == 0;
}

static uint64_t level_bit(const struct json_writer *w)
{
	return UINT64_C(1) << (w->depth - 1);
}

static void new_line(struct json_writer *w)
{
	if (w->style != JSON_PRETTY)
		return;
	buf_append_byte(w->to, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		buf_append_string(w->to, "  ");
}

/* Comma and place of a new member of the innermost level. */
static void begin_member(struct json_writer *w)
{
	if ((w->nonempty & level_bit(w)) != 0)
		buf_append_byte(w->to, ',');
	w->nonempty |= level_bit(w);
	new_line(w);
}

static void begin_value(struct json_writer *w)
{
	if (w->depth == 0) {
		assert(!w->done); /* one value a document */
		w->done = true;
		return;
	}
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	assert((w->objects & level_bit(w)) == 0); /* a key comes first */
	begin_member(w);
}

static void open_level(struct json_writer *w, char bracket, bool is_object)
{
	begin_value(w);
	assert(w->depth < VALUE_DEPTH_MAX);
	buf_append_byte(w->to, (uint8_t)bracket);
	w->depth++;
	w->nonempty &= ~level_bit(w);
	w->objects &= ~level_bit(w);
	if (is_object)
		w->objects |= level_bit(w);
}

static void close_level(struct json_writer *w, char bracket, bool is_object)
{
	assert(w->depth > 0 && !w->after_key);
	assert(((w->objects & level_bit(w)) != 0) == is_object);

	bool had_members = (w->nonempty & level_bit(w)) != 0;

	w->depth--;
	if (had_members)
		new_line(w);
	buf_append_byte(w->to, (uint8_t)bracket);
}

void json_begin_object(struct json_writer *w)
{
	open_level(w, '{', true);
}

void json_end_object(struct json_writer *w)
{
	close_level(w, '}', true);
}

void json_begin_array(struct json_writer *w)
{
	open_level(w, '[', false);
}

void json_end_array(struct json_writer *w)
{
	close_level(w, ']', false);
}

static void append_escaped(struct buf *to, uint8_t c)
{
	static const char letters[] = "btn\0fr"; /* of 8 to 13; 11 has none */

	if (c == '"' || c == '\\')
		buf_printf(to, "\\%c", c);
	else if (c >= 8 && c <= 13 && c != 11)
		buf_printf(to, "\\%c", letters[c - 8]);
	else
		buf_printf(to, "\\u%04x", c);
}

/* Length of the run at the start that needs no change. */
static size_t plain_run(struct slice bytes)
{
	size_t i = 0;

	while (i < bytes.len) {
		uint8_t c = bytes.data[i];
		size_t n = 1;

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			break;
		if (c >= 0x80)
			n = utf8_sequence(slice_of(bytes.data + i, bytes.len - i));
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

static void append_quoted(struct buf *to, struct slice bytes)
{
	buf_append_byte(to, '"');
	while (bytes.len > 0) {
		size_t n = plain_run(bytes);

		buf_append(to, bytes.data, n);
		if (n == bytes.len)
			break;
		if (bytes.data[n] < 0x80)
			append_escaped(to, bytes.data[n]);
		else
			buf_append_string(to, "\xef\xbf\xbd"); /* U+FFFD */
		bytes = slice_of(bytes.data + n + 1, bytes.len - n - 1);
	}
	buf_append_byte(to, '"');
}

void json_write_key(struct json_writer *w, const char *key)
{
	assert(w->depth > 0 && (w->objects & level_bit(w)) != 0 && !w->after_key);
	begin_member(w);
	append_quoted(w->to, slice_of_string(key));
	buf_append_string(w->to, w->style == JSON_PRETTY ? ": " : ":");
	w->after_key = true;
}

static void write_literal(struct json_writer *w, const char *text)
{
	begin_value(w);
	buf_append_string(w->to, text);
}

void json_write_null(struct json_writer *w)
{
	write_literal(w, "null");
}

void json_write_bool(struct json_writer *w, bool v)
{
	write_literal(w, v ? "true" : "false");
}

void json_write_int(struct json_writer *w, int64_t v)
{
	begin_value(w);
	buf_printf(w->to, "%" PRId64, v);
}

void json_write_uint(struct json_writer *w, uint64_t v)
{
	begin_value(w);
	buf_printf(w->to, "%" PRIu64, v);
}

void json_write_double(struct json_writer *w, double v)
{
	enum { DIGITS_MIN = 15, DIGITS_EXACT = 17 };
	char text[40];
	bool has_point = false;

	if (!isfinite(v)) {
		json_write_null(w);
		return;
	}
	for (int digits = DIGITS_MIN; digits <= DIGITS_EXACT; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	/* printf follows the locale's decimal point. */
	for (char *c = text; *c != '\0'; c++) {
		if (strchr("0123456789+-e", *c) == NULL)
			*c = '.';
		has_point |= *c == '.' || *c == 'e';
	}
	begin_value(w);
	buf_printf(w->to, "%s%s", text, has_point ? "" : ".0");
}

void json_write_text(struct json_writer *w, struct slice bytes)
{
	begin_value(w);
	append_quoted(w->to, bytes);
}

void json_write_string(struct json_writer *w, const char *string)
{
	if (string == NULL)
		json_write_null(w);
	else
		json_write_text(w, slice_of_string(string));
}

void json_write_hex(struct json_writer *w, struct slice bytes)
{
	begin_value(w);
	buf_append_byte(w->to, '"');
	hex_append(w->to, bytes);
	buf_append_byte(w->to, '"');
}

void json_write_raw(struct json_writer *w, struct slice json)
{
	begin_value(w);
	buf_append_slice(w->to, json);
}

/* Types were looked at, so reading cannot fail. */
static void write_scalar(struct json_writer *w, const struct value *value)
{
	struct err unused;
	struct slice bytes = {0};
	int64_t integer = 0;
	double real = 0;
	bool boolean = false;

	switch (value_type(value)) {
	case VALUE_BOOL:
		if (value_as_bool(value, &boolean, &unused) == 0)
			json_write_bool(w, boolean);
		return;
	case VALUE_INT:
		if (value_as_int(value, &integer, &unused) == 0)
			json_write_int(w, integer);
		return;
	case VALUE_DOUBLE:
		if (value_as_double(value, &real, &unused) == 0)
			json_write_double(w, real);
		return;
	case VALUE_STRING:
		if (value_as_bytes(value, &bytes, &unused) == 0)
			json_write_text(w, bytes);
		return;
	case VALUE_DATETIME:
		json_write_string(w, value_datetime(value));
		return;
	default:
		json_write_null(w);
		return;
	}
}

void json_write_value(struct json_writer *w, const struct value *value)
{
	bool is_table = value_type(value) == VALUE_TABLE;

	if (!is_table && value_type(value) != VALUE_ARRAY) {
		write_scalar(w, value);
		return;
	}
	open_level(w, is_table ? '{' : '[', is_table);
	for (size_t i = 0; i < value_count(value); i++) {
		if (is_table)
			json_write_key(w, value_key(value, i));
		json_write_value(w, value_at(value, i));
	}
	close_level(w, is_table ? '}' : ']', is_table);
}

void json_put_bool(struct json_writer *w, const char *key, bool v)
{
	json_write_key(w, key);
	json_write_bool(w, v);
}

void json_put_int(struct json_writer *w, const char *key, int64_t v)
{
	json_write_key(w, key);
	json_write_int(w, v);
}

void json_put_uint(struct json_writer *w, const char *key, uint64_t v)
{
	json_write_key(w, key);
	json_write_uint(w, v);
}

void json_put_double(struct json_writer *w, const char *key, double v)
{
	json_write_key(w, key);
	json_write_double(w, v);
}

void json_put_string(struct json_writer *w, const char *key, const char *string)
{
	json_write_key(w, key);
	json_write_string(w, string);
}

void json_put_text(struct json_writer *w, const char *key, struct slice bytes)
{
	json_write_key(w, key);
	json_write_text(w, bytes);
}

void json_put_hex(struct json_writer *w, const char *key, struct slice bytes)
{
	json_write_key(w, key);
	json_write_hex(w, bytes);
}

void json_put_name(struct json_writer *w, const char *key, struct slice bytes)
{
	CLEANUP(mem_freep) char *hex_key = NULL;

	json_put_text(w, key, bytes);
	if (utf8_valid(bytes))
		return;
	hex_key = mem_printf("%s_hex", key);
	json_put_hex(w, hex_key, bytes);
}
