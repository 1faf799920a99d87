/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies from anywhere: what decodes must encode to the same bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "repo/body_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(buf_release) struct buf again = {0};
	struct err err = {0};

	if (snapshot_body_decode(slice_of(data, len), &body, &err) < 0)
		return 0;
	buf_init(&again, 0);
	must(snapshot_body_encode(&body, &again, &err) == 0);
	must(slice_equal(buf_slice(&again), slice_of(data, len)));
	return 0;
}
