/* SPDX-License-Identifier: Apache-2.0 */
/* The unit that is stored, deduplicated and verified (docs/format/pack.md). */
#ifndef REPO_BLOB_H
#define REPO_BLOB_H

#include <stdint.h>

enum blob_type { BLOB_DATA = 1, BLOB_TREE = 2, BLOB_LIST = 3, BLOB_BODY = 4 };

enum {
	BLOB_ID_LEN = 32,
	BLOB_RAW_MAX = 16 * 1024 * 1024,
};

struct blob_id {
	uint8_t bytes[BLOB_ID_LEN];
};

struct blob_ref {
	struct blob_id id;
	uint32_t raw_len;
};

#endif
