/* SPDX-License-Identifier: Apache-2.0 */
/* What parses is written, and the text parses to the same text again, in both styles. The
 * bytes are also written as a string, whatever they are, which must parse. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 64 * 1024, TEXT_MAX = 16 * 1024 * 1024 };

static void write_value(const struct value *value, enum json_style style,
			struct buf *text)
{
	struct json_writer w;

	buf_init(text, 0);
	json_writer_init(&w, text, style);
	json_write_value(&w, value);
	if (!json_writer_is_done(&w))
		abort();
}

static void check_again(const struct buf *text, struct value **ret_value)
{
	struct err err = {0};

	if (json_parse(buf_slice(text), "again", TEXT_MAX, ret_value, &err) < 0)
		abort();
}

static void check_value(const struct value *value)
{
	struct buf compact, pretty, again;
	struct value *first, *second;

	write_value(value, JSON_COMPACT, &compact);
	write_value(value, JSON_PRETTY, &pretty);
	check_again(&compact, &first);
	check_again(&pretty, &second);
	write_value(second, JSON_COMPACT, &again);
	if (!slice_equal(buf_slice(&compact), buf_slice(&again)))
		abort();
	value_free(first);
	value_free(second);
	buf_release(&compact);
	buf_release(&pretty);
	buf_release(&again);
}

static void check_string(struct slice bytes)
{
	struct value *text = value_new_text(bytes);
	struct value *parsed = NULL;
	struct buf written;
	struct err err = {0};

	write_value(text, JSON_COMPACT, &written);
	/* NULs are written, but never accepted. */
	if (json_parse(buf_slice(&written), "string", TEXT_MAX, &parsed, &err) < 0 &&
	    (bytes.len == 0 || memchr(bytes.data, 0, bytes.len) == NULL))
		abort();
	value_free(parsed);
	value_free(text);
	buf_release(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct value *value = NULL;
	struct err err = {0};

	if (json_parse(slice_of(data, len), "input", FUZZ_MAX, &value, &err) == 0)
		check_value(value);
	value_free(value);
	if (len <= FUZZ_MAX)
		check_string(slice_of(data, len));
	return 0;
}
