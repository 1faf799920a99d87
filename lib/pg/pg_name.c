/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_name.h"

#include "base/quote.h"

enum { NAME_MAX_BYTES = 255 };

void pg_name_quote(struct buf *sql, const char *name)
{
	buf_append_byte(sql, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buf_append_byte(sql, '"');
		buf_append_byte(sql, (uint8_t)*name);
	}
	buf_append_byte(sql, '"');
}

void pg_name_quote_pair(struct buf *sql, const char *schema, const char *table)
{
	pg_name_quote(sql, schema);
	buf_append_byte(sql, '.');
	pg_name_quote(sql, table);
}

static bool is_dots(struct slice name)
{
	return slice_equal(name, slice_of_string(".")) ||
	       slice_equal(name, slice_of_string(".."));
}

static bool needs_escape(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f || byte == '/' || byte == '%';
}

static void append_encoded(struct slice name, struct buf *text)
{
	bool dots = is_dots(name);

	for (size_t at = 0; at < name.len;) {
		size_t len = utf8_sequence(slice_of(name.data + at, name.len - at));

		if (len == 0 || dots || needs_escape(name.data[at]))
			buf_printf(text, "%%%02X", name.data[at]), len = 1;
		else
			buf_append(text, name.data + at, len);
		at += len;
	}
}

int pg_name_encode(const char *name, struct buf *text, struct err *err)
{
	size_t start = text->len;

	append_encoded(slice_of_string(name), text);
	if (text->len - start + strlen(PG_FILE_SUFFIX) <= NAME_MAX_BYTES)
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "name takes %zu bytes as a file name; expected at most %zu",
		       text->len - start, NAME_MAX_BYTES - strlen(PG_FILE_SUFFIX));
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static bool decode(struct slice text, struct buf *name)
{
	for (size_t at = 0; at < text.len; at++) {
		int high, low;

		if (text.data[at] != '%') {
			buf_append_byte(name, text.data[at]);
			continue;
		}
		if (text.len - at < 3)
			return false;
		high = hex_digit(text.data[at + 1]);
		low = hex_digit(text.data[at + 2]);
		if (high < 0 || low < 0 || high + low == 0)
			return false;
		buf_append_byte(name, (uint8_t)(high * 16 + low));
		at += 2;
	}
	return true;
}

int pg_name_decode(struct slice text, struct buf *name, struct err *err)
{
	CLEANUP(buf_release) struct buf decoded, again;
	char shown[QUOTE_TEXT_MAX];
	bool same;

	buf_init(&decoded, 0);
	buf_init(&again, 0);
	same = text.len <= NAME_MAX_BYTES && decode(text, &decoded) && decoded.len > 0;
	if (same) {
		append_encoded(buf_slice(&decoded), &again);
		same = slice_equal(text, buf_slice(&again));
	}
	if (!same)
		return err_set(err, ERR_CORRUPT,
			       "%s is not the file name of a PostgreSQL name",
			       quote_text(text, shown));
	buf_append_slice(name, buf_slice(&decoded));
	return 0;
}

/* One quoted name at the start of *text, which moves behind it. */
static bool parse_quoted(const char **text, struct buf *name)
{
	const char *c = *text;

	if (*c++ != '"')
		return false;
	for (; *c != '\0'; c++) {
		if (*c == '"' && *++c != '"') {
			*text = c;
			return name->len > 0;
		}
		buf_append_byte(name, (uint8_t)*c);
	}
	return false;
}

static bool parse_list(const char *text, const char *separator, struct strings *names)
{
	CLEANUP(buf_release) struct buf name;

	buf_init(&name, 0);
	for (;;) {
		buf_clear(&name);
		if (!parse_quoted(&text, &name))
			return false;
		strings_add(names, buf_string(&name));
		if (*text == '\0')
			return true;
		if (strncmp(text, separator, strlen(separator)) != 0)
			return false;
		text += strlen(separator);
	}
}

int pg_name_list_parse(const char *text, const char *separator, struct strings *names,
		       struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (parse_list(text, separator, names))
		return 0;
	return err_set(err, ERR_CORRUPT, "%s is not a list of quoted names",
		       quote_string(text, shown));
}
