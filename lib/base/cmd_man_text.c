/* SPDX-License-Identifier: Apache-2.0 */
/* Plain text as man(7) source. */
#include "base/cmd_internal.h"

/* Every '-' is an option's or a name's and must stay a plain minus when it is copied. */
void cmd_man_escape(struct buf *text, struct slice bytes)
{
	bool line_start = text->len == 0 || text->data[text->len - 1] == '\n';

	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.data[i];

		if (line_start && (c == '.' || c == '\''))
			buf_append_string(text, "\\&");
		line_start = c == '\n';
		if (c == '\\')
			buf_append_string(text, "\\e");
		else if (c == '-')
			buf_append_string(text, "\\-");
		else
			buf_append_byte(text, c);
	}
}

void cmd_man_sentence(struct buf *text, const char *words)
{
	size_t len = strlen(words);

	cmd_man_escape(text, slice_of(words, len));
	buf_append_string(text, len > 0 && words[len - 1] == '.' ? "\n" : ".\n");
}

void cmd_man_paragraphs(struct buf *text, const char *words)
{
	bool verbatim = false;
	struct slice line;

	while (words != NULL && cmd_next_line(&words, &line)) {
		bool spaced = line.len > 0 && line.data[0] == ' ';

		if (spaced != verbatim)
			buf_append_string(text, spaced ? ".PP\n.nf\n" : ".fi\n");
		verbatim = spaced;
		if (line.len == 0) {
			/* Between paragraphs only: not before a block, not at the end. */
			if (*words != '\0' && *words != ' ' && *words != '\n')
				buf_append_string(text, ".PP\n");
			continue;
		}
		cmd_man_escape(text, line);
		buf_append_byte(text, '\n');
	}
	if (verbatim)
		buf_append_string(text, ".fi\n");
}
