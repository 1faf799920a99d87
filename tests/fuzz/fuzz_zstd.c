/* SPDX-License-Identifier: Apache-2.0 */
/* The input as a frame, with the length that its first byte says times 16; and the input as
 * raw bytes, whose frame must come back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/zstd_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { RAW_MAX = 256 * 16, FUZZ_MAX = 256 * 1024 };

static void decode_as_frame(struct zstd_decoder *decoder, const uint8_t *data, size_t len)
{
	uint8_t raw[RAW_MAX];
	struct err err = {0};

	/* Either outcome is fine; the sanitizers judge. */
	if (zstd_decoder_decompress(decoder, slice_of(data + 1, len - 1), raw,
				    (size_t)data[0] * 16, &err) < 0 &&
	    err.code != ERR_CORRUPT)
		abort();
}

static void round_trip(struct zstd_decoder *decoder, const uint8_t *data, size_t len)
{
	struct zstd_encoder *encoder = zstd_encoder_new(1, 0);
	size_t cut = data[0] < len ? data[0] : len;
	struct slice pieces[2] = {slice_of(data, cut), slice_of(data + cut, len - cut)};
	uint8_t *frame = malloc(len);
	uint8_t *back = malloc(len);
	struct err err = {0};

	if (frame == NULL || back == NULL)
		abort();

	size_t frame_len = zstd_encoder_compress(encoder, pieces, 2, frame, len);

	if (frame_len > 0) {
		if (zstd_decoder_decompress(decoder, slice_of(frame, frame_len), back,
					    len, &err) < 0)
			abort();
		if (memcmp(back, data, len) != 0)
			abort();
	}
	free(frame);
	free(back);
	zstd_encoder_free(encoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > FUZZ_MAX)
		return 0;

	struct zstd_decoder *decoder = zstd_decoder_new();

	decode_as_frame(decoder, data, len);
	round_trip(decoder, data, len);
	zstd_decoder_free(decoder);
	return 0;
}
