/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the record; what decodes must encode to the same bytes. */
#include <stdint.h>

#include "repo/pack_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect_same(struct slice a, struct slice b)
{
	if (!slice_equal(a, b))
		abort();
}

static void try_directory(struct slice bytes)
{
	CLEANUP(pack_directory_release) struct pack_directory directory = {0};
	CLEANUP(buf_release) struct buf again = {0};
	struct err err = {0};

	if (pack_directory_decode(bytes, &directory, &err) < 0)
		return;
	buf_init(&again, 0);
	pack_directory_encode(&directory, &again);
	expect_same(bytes, buf_slice(&again));
}

static void try_header(struct slice bytes)
{
	uint8_t again[PACK_HEADER_LEN];
	struct pack_header header;
	struct err err = {0};

	if (pack_header_decode(bytes, &header, &err) < 0)
		return;
	pack_header_encode(&header, again);
	expect_same(bytes, slice_of(again, sizeof(again)));
}

static void try_trailer(struct slice bytes)
{
	uint8_t again[PACK_TRAILER_PLAIN_LEN];
	struct pack_trailer trailer;
	struct err err = {0};

	if (pack_trailer_decode(bytes, &trailer, &err) < 0)
		return;
	pack_trailer_encode(&trailer, again);
	expect_same(bytes, slice_of(again, sizeof(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	struct slice rest = slice_of(data + 1, len - 1);
	switch (data[0] % 3) {
	case 0:
		try_header(rest);
		break;
	case 1:
		try_directory(rest);
		break;
	default:
		try_trailer(rest);
		break;
	}
	return 0;
}
