/* SPDX-License-Identifier: Apache-2.0 */
/* An expire record that decodes must encode to the same bytes. */
#include <stdint.h>

#include "base/buf.h"
#include "repo/record_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(record_release) struct record record = {0};
	CLEANUP(buf_release) struct buf again = {0};
	struct err err = {0};

	if (record_decode(slice_of(data, len), &record, &err) < 0 ||
	    record.type != RECORD_EXPIRE)
		return 0;
	buf_init(&again, 0);
	record_encode(&record, &again);
	if (!slice_equal(slice_of(data, len), buf_slice(&again)))
		abort();
	return 0;
}
