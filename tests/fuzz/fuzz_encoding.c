/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes must encode to the same text; plain and secret decoders must agree. The first
 * byte chooses: even = base64, odd = hex. */
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
	struct buf bytes, again;
	struct err err = {0};

	buf_init(&bytes, 0);
	buf_init(&again, 0);
	if (hex_decode_append(text, FUZZ_MAX, &bytes, &err) == 0) {
		hex_append(&again, buf_slice(&bytes));
		must(slice_equal(buf_slice(&again), text));
	}
	buf_release(&bytes);
	buf_release(&again);
}

static void round_trip_base64(struct slice text)
{
	struct buf bytes, again;
	struct secret secret = {0};
	struct err err = {0};

	buf_init(&bytes, 0);
	buf_init(&again, 0);

	int plain = base64_decode_append(text, FUZZ_MAX, &bytes, &err);

	must(plain == base64_decode_secret(text, 0, &secret, &err));
	if (plain == 0) {
		must(slice_equal(buf_slice(&bytes), secret_slice(&secret)));
		base64_append(&again, buf_slice(&bytes));
		must(slice_equal(buf_slice(&again), text));
	}
	secret_release(&secret);
	if (base64_decode_secret(text, 8, &secret, &err) == 0)
		secret_release(&secret);
	buf_release(&bytes);
	buf_release(&again);
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
