/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tables come from trees that anybody may have written: what is accepted must be what
 * is written for it, and quoting must be undone by parsing. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "pg/pg_name.h"
#include "pg/pg_sink_internal.h"
#include "pg/pg_sum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_file_name(struct slice input)
{
	CLEANUP(buf_release) struct buf name = {0}, again = {0};
	struct err err = {0};

	buf_init(&name, 0);
	buf_init(&again, 0);
	if (pg_name_decode(input, &name, &err) < 0)
		return;
	assert(name.len > 0);
	if (pg_name_encode(buf_string(&name), &again, &err) == 0)
		assert(slice_equal(buf_slice(&again), input));
}

static void try_list(const char *text)
{
	CLEANUP(strings_release) struct strings names;
	CLEANUP(buf_release) struct buf again = {0};
	struct err err = {0};

	strings_init(&names);
	buf_init(&again, 0);
	if (pg_name_list_parse(text, ", ", &names, &err) < 0)
		return;
	for (size_t i = 0; i < strings_count(&names); i++) {
		if (i > 0)
			buf_append_string(&again, ", ");
		pg_name_quote(&again, strings_at(&names, i));
	}
	assert(strcmp(buf_string(&again), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(mem_freep) char *text = mem_strndup((const char *)data, len);
	struct pg_sum sum = {0};
	struct err err = {0};
	char shown[PG_SUM_TEXT_MAX];

	try_file_name(slice_of(data, len));
	try_list(text);
	if (pg_sum_parse(text, &sum, &err) == 0)
		assert(strcmp(pg_sum_format(&sum, shown), text) == 0);
	(void)sink_entry_needs_all_rows(text);
	return 0;
}
