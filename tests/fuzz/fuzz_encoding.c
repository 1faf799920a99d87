/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes must encode to the same text. The first byte chooses: even = base64, odd =
 * hex. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 64 * 1024 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void round_trip_hex(struct slice text)
{
	static uint8_t bytes[FUZZ_MAX / 2];
	struct err err = {0};
	struct buf again;

	if (hex_decode(text, bytes, text.len / 2, &err) < 0)
		return;
	buf_init(&again, 0);
	hex_append(&again, slice_of(bytes, text.len / 2));
	must(slice_equal(buf_slice(&again), text));
	buf_release(&again);
}

static void round_trip_base64(struct slice text)
{
	struct secret secret = {0}, again = {0};
	struct err err = {0};

	if (base64_decode_secret(text, 0, &secret, &err) == 0) {
		if (base64_encode_secret(secret_slice(&secret), 0, &again, &err) == 0)
			must(slice_equal(secret_slice(&again), text));
		secret_release(&again);
	}
	secret_release(&secret);
	if (base64_decode_secret(text, 8, &secret, &err) == 0)
		secret_release(&secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > FUZZ_MAX)
		return 0;

	struct slice text = slice_of(data + 1, len - 1);

	if (data[0] % 2 == 0)
		round_trip_base64(text);
	else
		round_trip_hex(text);
	return 0;
}
