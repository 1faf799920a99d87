/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes must encode to the same bytes. */
#include <stdint.h>

#include "repo/keylog_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	CLEANUP(buf_release) struct buf again = {0};
	struct err err = {0};

	if (keylog_record_decode(slice_of(data, len), &record, &err) < 0)
		return 0;
	buf_init(&again, 0);
	keylog_record_encode(&record, &again);
	if (!slice_equal(slice_of(data, len), buf_slice(&again)))
		abort();
	return 0;
}
