/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes parse or give an error with place and hint; what parsed can be written as JSON,
 * and each value stands inside of the text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 64 * 1024 };

static void check_spans(const struct value *value, uint32_t n_lines)
{
	struct value_span span = value_span(value);

	if (span.line > n_lines || span.end_line > n_lines || span.end_line < span.line)
		abort();
	for (size_t i = 0; i < value_count(value); i++)
		check_spans(value_at(value, i), n_lines);
}

static void write_json(const struct value *value)
{
	struct buf text;
	struct json_writer w;

	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	json_write_value(&w, value);
	if (!json_writer_is_done(&w))
		abort();
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct value *value = NULL;
	uint32_t n_lines = 1;
	struct err err = {0};

	for (size_t i = 0; i < len; i++)
		n_lines += data[i] == '\n';
	if (toml_parse(slice_of(data, len), "input", FUZZ_MAX, &value, &err) == 0) {
		check_spans(value, n_lines);
		write_json(value);
		value_free(value);
		return 0;
	}
	if (err.code == ERR_USAGE &&
	    (strncmp(err.msg, "input:", 6) != 0 || strchr(err.hint, '^') == NULL))
		abort();
	return 0;
}
