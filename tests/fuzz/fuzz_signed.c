/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a frame: whatever they are, nothing verifies that the owner did not sign. */
#include <stdint.h>

#include "repo/signed_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct repo_identity identity = {.id = {1}, .owner = {{2}}};
	struct frame_expect expect = {
		.kind = FRAME_SNAPSHOT, .any_seq = true, .any_role = true};
	struct signed_frame frame;
	struct err err = {0};

	if (signed_frame_open(slice_of(data, len), &identity, &expect, &frame, &err) == 0)
		abort();
	return 0;
}
