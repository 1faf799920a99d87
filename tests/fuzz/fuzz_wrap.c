/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a wrap: nothing opens that was not sealed to this recipient. */
#include <stdint.h>

#include "repo/wrap_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t private_bytes[DH_LEN] = {9};
	struct repo_identity identity = {.id = {1}};
	struct wrap_label label = {0};
	CLEANUP(dh_private_freep)
	struct dh_private *recipient = dh_private_new(slice_of(private_bytes, DH_LEN));
	CLEANUP(dh_private_freep) struct dh_private *found = NULL;
	struct err err = {0};

	if (wrap_label_decode(slice_of(data, len), &label, &err) < 0)
		return 0;
	struct wrap_epoch epoch = {.identity = &identity,
				   .number = label.epoch,
				   .public_key = label.epoch_key};
	if (wrap_open(slice_of(data, len), &epoch, recipient, &found, &err) == 0)
		abort();
	return 0;
}
