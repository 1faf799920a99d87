/* SPDX-License-Identifier: Apache-2.0 */
/* A page that decodes must encode to the same bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "repo/packlist_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct packlist_page page;
	struct err err = {0};
	struct buf again;

	packlist_page_init(&page, 0);
	buf_init(&again, 0);
	if (packlist_page_decode(slice_of(data, len), &page, &err) == 0) {
		packlist_page_encode(&page, &again);
		if (!slice_equal(buf_slice(&again), slice_of(data, len)))
			abort();
	}
	packlist_page_release(&page);
	buf_release(&again);
	return 0;
}
