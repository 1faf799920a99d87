/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text goes out character by character as its shown form: the bytes themselves when they are
 * harmless, else an escape. A long text keeps both ends, because the end of a path tells most;
 * the form is built whole for short texts and as head and tail for long ones, so that no
 * escape or UTF-8 sequence is ever cut.
 */
#include "base/quote.h"

#include <string.h>

#include "base/mem.h"

struct utf8_row {
	uint8_t first_min, first_max;
	uint8_t len;
	uint8_t second_min, second_max;
};

/* The Unicode standard's table of well-formed sequences; later bytes are all 80..BF. */
static const struct utf8_row utf8_rows[] = {
	{0x00, 0x7f, 1, 0, 0},	     {0xc2, 0xdf, 2, 0x80, 0xbf},
	{0xe0, 0xe0, 3, 0xa0, 0xbf},				  /* no overlong forms */
	{0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, /* no surrogates */
	{0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf}, /* no overlong forms */
	{0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f}, /* not above U+10FFFF */
};

static bool row_fits(const struct utf8_row *row, struct slice bytes)
{
	if (bytes.data[0] < row->first_min || bytes.data[0] > row->first_max ||
	    bytes.len < row->len)
		return false;
	if (row->len > 1 &&
	    (bytes.data[1] < row->second_min || bytes.data[1] > row->second_max))
		return false;
	for (size_t i = 2; i < row->len; i++) {
		if ((bytes.data[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

size_t utf8_sequence(struct slice bytes)
{
	if (bytes.len == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(utf8_rows); i++) {
		if (row_fits(&utf8_rows[i], bytes))
			return utf8_rows[i].len;
	}
	return 0;
}

bool utf8_valid(struct slice bytes)
{
	size_t at = 0;

	while (at < bytes.len) {
		size_t len = utf8_sequence(slice_of(bytes.data + at, bytes.len - at));

		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

static uint32_t code_point(const uint8_t *p, size_t len)
{
	static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = p[0] & first_mask[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

struct range {
	uint32_t first, last;
};

/* Characters that steer a terminal or the order of text, or that nobody can see. */
static const struct range unsafe[] = {
	{0x00, 0x1f},	    {0x7f, 0x9f}, /* C0, delete, C1 */
	{0xad, 0xad},			  /* soft hyphen */
	{0x061c, 0x061c},		  /* Arabic letter mark */
	{0x180e, 0x180e},		  /* Mongolian vowel separator */
	{0x200b, 0x200f},		  /* zero width, direction marks */
	{0x2028, 0x202e},		  /* line ends, embeddings, overrides */
	{0x2060, 0x206f},		  /* invisible operators, isolates */
	{0xfeff, 0xfeff},		  /* byte order mark */
	{0xfff9, 0xfffb},		  /* interlinear annotation */
	{0xe0000, 0xe0fff},		  /* tags */
};

static bool is_unsafe(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++) {
		if (c >= unsafe[i].first && c <= unsafe[i].last)
			return true;
	}
	return false;
}

/* The shown form of one character: at most four bytes raw or four escapes of four. */
struct shown {
	char text[17];
	size_t len;
	size_t taken; /* bytes of input */
	bool changed;
};

static void show_escaped(struct shown *s, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len,
					   "\\x%02X", bytes[i]);
	s->changed = true;
}

static void show_short(struct shown *s, char letter)
{
	s->text[0] = '\\';
	s->text[1] = letter;
	s->len = 2;
	s->changed = true;
}

static struct shown show_one(struct slice bytes)
{
	size_t len = utf8_sequence(bytes);
	struct shown s = {.taken = len == 0 ? 1 : len};

	if (len == 1 && bytes.data[0] == '\n')
		show_short(&s, 'n');
	else if (len == 1 && bytes.data[0] == '\t')
		show_short(&s, 't');
	else if (len == 1 && (bytes.data[0] == '\\' || bytes.data[0] == '"'))
		show_short(&s, (char)bytes.data[0]);
	else if (len == 0 || is_unsafe(code_point(bytes.data, len)))
		show_escaped(&s, bytes.data, s.taken);
	else
		memcpy(s.text, bytes.data, s.len = len);
	return s;
}

/* Appends whole shown characters of `bytes` to to[0..room); returns the length. When not
 * all fits, *all is false. */
static size_t show_run(struct slice bytes, char *to, size_t room, bool *all,
		       bool *changed)
{
	size_t len = 0;

	for (size_t at = 0; at < bytes.len;) {
		struct shown s = show_one(slice_of(bytes.data + at, bytes.len - at));

		if (s.len > room - len) {
			*all = false;
			break;
		}
		memcpy(to + len, s.text, s.len);
		len += s.len;
		at += s.taken;
		*changed |= s.changed || s.text[0] == ' ';
	}
	return len;
}

/* The longest end of `bytes` whose shown form fits in `room`. */
static struct slice tail_that_fits(struct slice bytes, size_t room)
{
	size_t start = bytes.len < room ? 0 : bytes.len - room;
	size_t total = 0;

	/* Not inside a sequence; more than three such bytes are no sequence. */
	for (int i = 0; i < 3 && start > 0 && start < bytes.len; i++)
		start += (bytes.data[start] & 0xc0) == 0x80;
	for (size_t at = start; at < bytes.len;) {
		struct shown s = show_one(slice_of(bytes.data + at, bytes.len - at));

		total += s.len;
		at += s.taken;
	}
	while (total > room) {
		struct shown s =
			show_one(slice_of(bytes.data + start, bytes.len - start));

		total -= s.len;
		start += s.taken;
	}
	return slice_of(bytes.data + start, bytes.len - start);
}

const char *quote_text(struct slice bytes, char out[static QUOTE_TEXT_MAX])
{
	static const char cut[] = "...";
	enum { ROOM = QUOTE_TEXT_MAX - 3, HALF = (ROOM - 3) / 2 };
	bool all = true;
	bool changed = bytes.len == 0;
	size_t len = show_run(bytes, out + 1, ROOM, &all, &changed);

	if (!all) {
		bool fits = true;
		struct slice tail = tail_that_fits(bytes, HALF);

		len = show_run(bytes, out + 1, HALF, &all, &changed);
		memcpy(out + 1 + len, cut, sizeof(cut) - 1);
		len += sizeof(cut) - 1;
		len += show_run(tail, out + 1 + len, HALF, &fits, &changed);
	}
	if (changed) {
		out[0] = '"';
		out[len + 1] = '"';
		out[len + 2] = '\0';
	} else {
		memmove(out, out + 1, len);
		out[len] = '\0';
	}
	return out;
}

const char *quote_rooted(const char *path, char out[static QUOTE_TEXT_MAX])
{
	CLEANUP(mem_freep) char *rooted = mem_printf("/%s", path);

	return quote_string(rooted, out);
}

void quote_sentence(const char *sentence, struct buf *to)
{
	struct slice rest = slice_of_string(sentence);

	while (rest.len > 0) {
		struct shown s = show_one(rest);

		if (rest.data[0] == '\\' || rest.data[0] == '"')
			buf_append_byte(to, rest.data[0]);
		else
			buf_append(to, s.text, s.len);
		rest = slice_of(rest.data + s.taken, rest.len - s.taken);
	}
}

const char *quote_string(const char *string, char out[static QUOTE_TEXT_MAX])
{
	return quote_text(slice_of_string(string), out);
}
