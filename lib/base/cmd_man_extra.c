/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small part of Markdown that docs/man/ is written in, as man(7): "## TITLE" and
 * "### Title", paragraphs, "- " lists whose items go on in lines that start with spaces,
 * fenced code, `code` and **strong**. Anything else is shown as it stands.
 */
#include "base/cmd_internal.h"

/* What the line before was part of; the start of the text counts as a heading. */
enum block { HEADING, NOTHING, PARAGRAPH, ITEM, CODE };

static bool starts_with(struct slice line, const char *prefix)
{
	size_t len = strlen(prefix);

	return line.len >= len && memcmp(line.data, prefix, len) == 0;
}

static struct slice behind(struct slice line, size_t len)
{
	return slice_of(line.data + len, line.len - len);
}

/* Length of the mark at the start of `bytes` that begins or ends bold text; 0 = none. */
static size_t mark_len(struct slice bytes)
{
	if (starts_with(bytes, "**"))
		return 2;
	return starts_with(bytes, "`") ? 1 : 0;
}

static void inline_text(struct buf *text, struct slice line)
{
	bool bold = false;
	size_t start = 0, i = 0;

	while (i < line.len) {
		size_t mark = mark_len(behind(line, i));

		if (mark == 0) {
			i++;
			continue;
		}
		cmd_man_escape(text, slice_of(line.data + start, i - start));
		bold = !bold;
		buf_append_string(text, bold ? "\\fB" : "\\fR");
		i += mark;
		start = i;
	}
	cmd_man_escape(text, behind(line, start));
	buf_append_string(text, bold ? "\\fR\n" : "\n");
}

/* Inside a macro's argument: the whole rest of the line, quoted. */
static void heading(struct buf *text, const char *macro, struct slice words)
{
	buf_printf(text, "%s \"", macro);
	for (size_t i = 0; i < words.len; i++) {
		if (words.data[i] == '"')
			buf_append_string(text, "\\(dq");
		else
			cmd_man_escape(text, slice_of(words.data + i, 1));
	}
	buf_append_string(text, "\"\n");
}

static struct slice without_indent(struct slice line)
{
	size_t n = 0;

	while (n < line.len && line.data[n] == ' ')
		n++;
	return behind(line, n);
}

static enum block text_line(struct buf *text, struct slice line, enum block block)
{
	if (line.len == 0)
		return block == HEADING ? HEADING : NOTHING;
	if (starts_with(line, "### ")) {
		heading(text, ".SS", behind(line, 4));
		return HEADING;
	}
	if (starts_with(line, "## ")) {
		heading(text, ".SH", behind(line, 3));
		return HEADING;
	}
	if (starts_with(line, "- ")) {
		buf_append_string(text, ".IP \\(bu 2\n");
		inline_text(text, behind(line, 2));
		return ITEM;
	}
	if (block == NOTHING)
		buf_append_string(text, ".PP\n");
	inline_text(text, without_indent(line));
	return block == ITEM ? ITEM : PARAGRAPH;
}

static bool take_line(struct slice *rest, struct slice *ret_line)
{
	const uint8_t *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	*ret_line = slice_of(rest->data,
			     end != NULL ? (size_t)(end - rest->data) : rest->len);
	*rest = behind(*rest, ret_line->len + (end != NULL ? 1 : 0));
	return true;
}

void cmd_man_extra(struct buf *text, struct slice markdown)
{
	enum block block = HEADING;
	struct slice line;

	while (take_line(&markdown, &line)) {
		if (starts_with(line, "```")) {
			if (block != CODE && block != HEADING)
				buf_append_string(text, ".PP\n");
			buf_append_string(text, block == CODE ? ".fi\n" : ".nf\n");
			block = block == CODE ? PARAGRAPH : CODE;
		} else if (block == CODE) {
			cmd_man_escape(text, line);
			buf_append_byte(text, '\n');
		} else {
			block = text_line(text, line, block);
		}
	}
	if (block == CODE)
		buf_append_string(text, ".fi\n");
}
