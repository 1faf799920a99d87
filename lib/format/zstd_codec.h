/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zstd for blobs: one frame with its content size, no checksum (GCM and the blob id protect
 * the bytes), no dictionary. An encoder or decoder belongs to one thread at a time and is
 * used for many blobs; resetting it allocates nothing.
 */
#ifndef FORMAT_ZSTD_CODEC_H
#define FORMAT_ZSTD_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { ZSTD_CODEC_LEVEL_MIN = 1, ZSTD_CODEC_LEVEL_MAX = 19 };

/*
 * Peak memory of an encoder for blobs of 4 MiB (measured with libzstd 1.5.4, held by a test):
 *   level 1: 0.9 MiB   level 3: 1.5 MiB   levels 9, 12: 7 MiB   levels 15, 19: 10 MiB
 * Blobs in several pieces need a window besides: 1, 2.5, 4.5 and 4.5 MiB more. What one blob
 * needed is kept for the next; zstd gives it back only after 128 much smaller blobs in a row.
 */
struct zstd_encoder;

/* `level` within the bounds above (asserted). A blob is stored compressed only if it becomes
 * at least `gain_percent` (0..99) percent smaller. */
struct zstd_encoder *zstd_encoder_new(int level, unsigned gain_percent);
void zstd_encoder_free(struct zstd_encoder *encoder); /* NULL is fine */
void zstd_encoder_freep(struct zstd_encoder **encoder);

/*
 * Compresses the concatenation of `pieces` into `to`. Returns the frame's length, or 0 when
 * it does not pay: a gain below gain_percent, or more than `capacity` bytes (the raw length is
 * always enough); `to` is then scratch. Of blobs of 64 KiB and more a sample of 16 KiB from
 * four places is tried at level 1 first; if that does not become 1/32 smaller, the blob
 * counts as incompressible. So data whose only redundancy is at long distance (random blocks
 * that repeat) is stored raw.
 */
size_t zstd_encoder_compress(struct zstd_encoder *encoder, const struct slice pieces[],
			     size_t n_pieces, uint8_t *to, size_t capacity);

/* Bytes that the encoder holds now. */
size_t zstd_encoder_memory(const struct zstd_encoder *encoder);

/* Holds 96 KB, whatever window a frame asks for: the output buffer is the window. */
struct zstd_decoder;
struct zstd_decoder *zstd_decoder_new(void);
void zstd_decoder_free(struct zstd_decoder *decoder); /* NULL is fine */
void zstd_decoder_freep(struct zstd_decoder **decoder);
size_t zstd_decoder_memory(const struct zstd_decoder *decoder);

/* Exactly `raw_len` bytes into `to`. ERR_CORRUPT unless `frame` is one whole zstd frame with
 * nothing behind it, whose header states raw_len; `to` is then undefined. */
MUST_CHECK int zstd_decoder_decompress(struct zstd_decoder *decoder, struct slice frame,
				       uint8_t *to, size_t raw_len, struct err *err);

#endif
