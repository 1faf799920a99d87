/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes encodes to bytes that decode and encode the same. */
#include <stdint.h>

#include "repo/snapshot_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool encode_again(struct slice body, struct buf *ret_body)
{
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	struct err err = {0};

	snapshot_header_init(&header);
	buf_init(ret_body, 0);
	if (snapshot_header_decode(body, &header, &err) < 0)
		return false;
	snapshot_header_encode(&header, ret_body);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(buf_release) struct buf once = {0};
	CLEANUP(buf_release) struct buf twice = {0};

	if (!encode_again(slice_of(data, len), &once))
		return 0;
	if (!encode_again(buf_slice(&once), &twice) ||
	    !slice_equal(buf_slice(&once), buf_slice(&twice)))
		abort();
	return 0;
}
