/* SPDX-License-Identifier: Apache-2.0 */
/* Breaking text into lines. Columns are bytes: the tables are written in ASCII. */
#include "base/cmd_internal.h"

static void start_line(struct buf *out, unsigned indent)
{
	buf_append_byte(out, '\n');
	for (unsigned i = 0; i < indent; i++)
		buf_append_byte(out, ' ');
}

unsigned cmd_wrap(struct buf *out, const char *text, unsigned column, unsigned indent,
		  unsigned width)
{
	bool first = true;

	for (text += strspn(text, " \n"); *text != '\0'; text += strspn(text, " \n")) {
		size_t len = strcspn(text, " \n");

		if (!first && column + 1 + len > width) {
			start_line(out, indent);
			column = indent;
		} else if (!first) {
			buf_append_byte(out, ' ');
			column++;
		}
		buf_append(out, text, len);
		column += (unsigned)len;
		text += len;
		first = false;
	}
	return column;
}

bool cmd_next_line(const char **text, struct slice *ret_line)
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return false;
	*ret_line = slice_of(*text, len);
	*text += len;
	if (**text == '\n')
		(*text)++;
	return true;
}

static void flush(struct buf *out, struct buf *paragraph, unsigned width)
{
	if (paragraph->len == 0)
		return;
	(void)cmd_wrap(out, buf_string(paragraph), 0, 0, width);
	buf_append_byte(out, '\n');
	buf_clear(paragraph);
}

void cmd_wrap_paragraphs(struct buf *out, const char *text, unsigned width)
{
	CLEANUP(buf_release) struct buf paragraph = {0};
	struct slice line;

	if (text == NULL || *text == '\0')
		return;
	buf_init(&paragraph, 0);
	while (cmd_next_line(&text, &line)) {
		if (line.len > 0 && line.data[0] != ' ') {
			buf_append_slice(&paragraph, line);
			buf_append_byte(&paragraph, ' ');
			continue;
		}
		flush(out, &paragraph, width);
		buf_append_slice(out, line);
		buf_append_byte(out, '\n');
	}
	flush(out, &paragraph, width);
	buf_append_byte(out, '\n');
}
