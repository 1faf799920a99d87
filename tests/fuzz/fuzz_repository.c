/* SPDX-License-Identifier: Apache-2.0 */
/* Text as quipu.json: nothing verifies that the pinned owner did not sign. */
#include <stdint.h>

#include "repo/repo_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct repo_identity identity = {.id = {1}, .owner = {{2}}};
	struct repo_params params;
	struct err err = {0};

	if (repo_document_decode(slice_of(data, len), &identity, &params, &err) == 0)
		abort();
	return 0;
}
