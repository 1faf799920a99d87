/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toml++ bounds how deep values nest, but not how many parts a dotted key has; its tables
 * then free themselves recursively, and 100,000 parts end the stack. So keys are looked at
 * before. The scan knows just enough of TOML to tell strings and comments from the rest:
 * outside of them, a run of parts, blanks and dots is a key or a number, and anything else
 * ends it. Where a document is malformed toml++ stops, so both agree up to there. Characters
 * are checked as well: toml++ tells the place of a bad one vaguely.
 *
 * The hint of an error shows its line cut around the column, tabs as blanks and control
 * characters as '?', so that the caret stands right and a terminal is safe.
 */
#include "format/toml_internal.h"

#include <string.h>

#include "base/quote.h"

enum {
	SHOWN_BEFORE = 60, /* characters of a line before and after the column */
	SHOWN_AFTER = 20,
	BOM_LEN = 3,
	LINE_BYTES_MAX = 4 * (SHOWN_BEFORE + SHOWN_AFTER) + 4,
};

/* Bytes of the character at the start; an invalid byte counts as one. */
static size_t character_len(struct slice bytes)
{
	size_t n = utf8_sequence(bytes);

	return n == 0 ? 1 : n;
}

static struct slice skip(struct slice bytes, size_t n)
{
	return slice_of(bytes.data + n, bytes.len - n);
}

static struct slice find_line(struct slice text, unsigned line)
{
	for (; line > 1 && text.len > 0; line--) {
		const uint8_t *end = memchr(text.data, '\n', text.len);

		if (end == NULL)
			return slice_of(text.data, 0);
		text = skip(text, (size_t)(end - text.data) + 1);
	}

	const uint8_t *end = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);

	return end == NULL ? text : slice_of(text.data, (size_t)(end - text.data));
}

/* Appends a character as a terminal may see it. */
static void append_shown(struct buf *to, struct slice character)
{
	uint8_t c = character.data[0];

	if (c == '\t')
		buf_append_byte(to, ' ');
	else if (c < 0x20 || c == 0x7f || (c >= 0x80 && utf8_sequence(character) == 0))
		buf_append_byte(to, '?');
	else
		buf_append_slice(to, character);
}

/* The part of the line around the column; *ret_caret = characters before the column in it. */
static void append_line(struct buf *to, struct slice line, unsigned column,
			unsigned *ret_caret)
{
	unsigned at = 1, first = column > SHOWN_BEFORE ? column - SHOWN_BEFORE : 1;

	*ret_caret = 0;
	for (; line.len > 0 && at < column + SHOWN_AFTER; at++) {
		size_t n = character_len(line);

		if (at >= first && !(line.len == 1 && line.data[0] == '\r')) {
			append_shown(to, slice_of(line.data, n));
			*ret_caret += at < column;
		}
		line = skip(line, n);
	}
}

static void show_line(struct slice text, struct toml_position at, struct err *err)
{
	struct buf shown;
	unsigned caret;
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", at.line);
	buf_init(&shown, LINE_BYTES_MAX);
	append_line(&shown, find_line(text, at.line), at.column, &caret);
	err_hint(err, "\n %s | %s\n %*s | %*s^", number, buf_string(&shown),
		 (int)strlen(number), "", (int)caret, "");
	buf_release(&shown);
}

int toml_error(struct slice text, const char *file_name, struct toml_position at,
	       const char *message, struct err *err)
{
	struct slice left = slice_of_string(message);
	char quoted[QUOTE_TEXT_MAX];
	struct buf shown;

	buf_init(&shown, 0);
	while (left.len > 0) {
		size_t n = character_len(left);

		append_shown(&shown, slice_of(left.data, n));
		left = skip(left, n);
	}
	err_set(err, ERR_USAGE, "%s:%u:%u: %s", quote_string(file_name, quoted), at.line,
		at.column, buf_string(&shown));
	buf_release(&shown);
	show_line(text, at, err);
	return -1;
}

/* Length of the quoted string at the start, with its quotes; to the end of the line or text
 * when it is not closed. */
static size_t string_len(struct slice text)
{
	uint8_t quote = text.data[0];
	bool many = text.len >= 3 && text.data[1] == quote && text.data[2] == quote;
	size_t i = many ? 3 : 1, closing = 0, needed = many ? 3 : 1;

	for (; i < text.len && closing < needed; i++) {
		uint8_t c = text.data[i];

		if (c == '\n' && !many)
			return i;
		if (c == '\\' && quote == '"')
			i++;
		closing = c == quote ? closing + 1 : 0;
	}
	/* """a"" ends with up to two quotes more than three. */
	for (size_t extra = 0; many && extra < 2 && i < text.len; extra++)
		i += text.data[i] == quote;
	return i < text.len ? i : text.len;
}

static bool is_of_key(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ' ' || c == '\t';
}

/* Bytes of the next piece: a string, a comment, or a single byte. */
static size_t piece_len(struct slice text)
{
	uint8_t c = text.data[0];

	if (c == '"' || c == '\'')
		return string_len(text);
	if (c == '#') {
		const uint8_t *end = memchr(text.data, '\n', text.len);

		return end == NULL ? text.len : (size_t)(end - text.data);
	}
	return 1;
}

struct toml_position toml_position_at(struct slice text, size_t offset)
{
	struct toml_position at = {1, 1};

	for (size_t i = 0; i < offset; i += character_len(skip(text, i))) {
		at.column++;
		if (text.data[i] == '\n')
			at = (struct toml_position){at.line + 1, 1};
	}
	return at;
}

static bool starts_with_bom(struct slice text)
{
	return text.len >= BOM_LEN && memcmp(text.data, "\xef\xbb\xbf", BOM_LEN) == 0;
}

/* TOML has no control characters but tabs and line ends, not even in comments. */
static int check_characters(struct slice text, const char *file_name, struct err *err)
{
	for (size_t i = 0; i < text.len;) {
		uint8_t c = text.data[i];
		size_t n = utf8_sequence(skip(text, i));
		bool is_control =
			c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r');

		if (n == 0 || is_control)
			return toml_error(text, file_name, toml_position_at(text, i),
					  n == 0 ? "invalid UTF-8"
						 : "control characters are not accepted",
					  err);
		i += n;
	}
	return 0;
}

/* NULL, or what is wrong with a piece that starts with `c`. */
static const char *mistake_of(uint8_t c, unsigned n_parts)
{
	if (c >= 0x80)
		return "expected ASCII outside of strings and comments";
	if (n_parts > TOML_DEPTH_MAX)
		return "a key has more than 32 parts";
	return NULL;
}

static int check_keys(struct slice text, const char *file_name, struct err *err)
{
	size_t i = starts_with_bom(text) ? BOM_LEN : 0;
	unsigned n_parts = 1;

	for (; i < text.len; i += piece_len(skip(text, i))) {
		uint8_t c = text.data[i];

		if (c == '.')
			n_parts++;
		else if (c != '"' && c != '\'' && !is_of_key(c))
			n_parts = 1;

		const char *mistake = mistake_of(c, n_parts);

		if (mistake != NULL)
			return toml_error(text, file_name, toml_position_at(text, i),
					  mistake, err);
	}
	return 0;
}

MUST_CHECK int toml_check(struct slice text, const char *file_name, size_t max,
			  struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	if (text.len > max)
		return err_set(err, ERR_LIMIT, "%s: %zu bytes exceed the limit of %zu",
			       quote_string(file_name, quoted), text.len, max);
	if (check_characters(text, file_name, err) < 0)
		return -1;
	return check_keys(text, file_name, err);
}
