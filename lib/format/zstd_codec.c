/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks lie in one piece nearly always, and in two where a segment of the pipeline ended
 * inside them. One piece takes zstd's one-pass call, which reads the caller's memory in
 * place; several go through the stream call, which copies them into a window of its own.
 * Only the stable API is used, since the library is shared.
 *
 * Encrypted, compressed and media files are common and zstd's own way through them still
 * hashes every position. The sample is four spans of 4 KiB, spread evenly, so a file that is
 * half text is not judged by its beginning. Its context is separate: level 1 on 16 KiB needs
 * small tables, and switching parameters would make the main context build its tables anew.
 *
 * A context that cannot allocate is out of memory, which aborts as everywhere; a destination
 * that is too small just means that the blob did not shrink.
 */
#include "format/zstd_codec.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"

enum {
	SAMPLE_SPAN = 4096,
	SAMPLE_SPANS = 4,
	SAMPLE_LEN = SAMPLE_SPAN * SAMPLE_SPANS,
	SAMPLE_FROM = 64 * 1024, /* smaller blobs cost no more than the sample */
	SAMPLE_GAIN = SAMPLE_LEN / 32,
	FRAME_MAGIC_LEN = 4,
	LEVEL_CAPPED_FROM = 9, /* lower levels keep their tables below the cap anyway */
	TABLE_LOG_MAX = 20,    /* entries of 4 bytes */
};

struct zstd_encoder {
	ZSTD_CCtx *main;
	ZSTD_CCtx *trial;
	unsigned gain_percent;
	uint8_t sample[SAMPLE_LEN];
	uint8_t sample_out[SAMPLE_LEN];
};

static void set_parameter(ZSTD_CCtx *context, ZSTD_cParameter name, int value)
{
	if (ZSTD_isError(ZSTD_CCtx_setParameter(context, name, value)))
		abort(); /* uncovered: all our values are within zstd's bounds */
}

/* From level 9 on zstd would take 13 to 70 MB for blobs of 4 MiB. Tables of a million entries
 * make them up to 1 % larger and keep a backup's memory flat. */
static void cap_tables(ZSTD_CCtx *context, int level)
{
	if (level < LEVEL_CAPPED_FROM)
		return;
	set_parameter(context, ZSTD_c_hashLog, TABLE_LOG_MAX);
	set_parameter(context, ZSTD_c_chainLog, TABLE_LOG_MAX);
}

static ZSTD_CCtx *new_context(int level)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	if (context == NULL)
		abort(); /* uncovered: lack of memory, or our bug */
	set_parameter(context, ZSTD_c_compressionLevel, level);
	cap_tables(context, level);
	set_parameter(context, ZSTD_c_contentSizeFlag, 1);
	set_parameter(context, ZSTD_c_checksumFlag, 0);
	set_parameter(context, ZSTD_c_dictIDFlag, 0);
	return context;
}

struct zstd_encoder *zstd_encoder_new(int level, unsigned gain_percent)
{
	assert(level >= ZSTD_CODEC_LEVEL_MIN && level <= ZSTD_CODEC_LEVEL_MAX);
	assert(gain_percent < 100);

	struct zstd_encoder *encoder = mem_zalloc(sizeof(*encoder));

	encoder->main = new_context(level);
	encoder->trial = new_context(1);
	encoder->gain_percent = gain_percent;
	return encoder;
}

void zstd_encoder_free(struct zstd_encoder *encoder)
{
	if (encoder == NULL)
		return;
	(void)ZSTD_freeCCtx(encoder->main); /* always 0 for a heap context */
	(void)ZSTD_freeCCtx(encoder->trial);
	mem_free(encoder);
}

void zstd_encoder_freep(struct zstd_encoder **encoder)
{
	zstd_encoder_free(*encoder);
}

size_t zstd_encoder_memory(const struct zstd_encoder *encoder)
{
	return sizeof(*encoder) + ZSTD_sizeof_CCtx(encoder->main) +
	       ZSTD_sizeof_CCtx(encoder->trial);
}

/* Starts a new frame; drops what an abandoned one left. */
static void reset(ZSTD_CCtx *context)
{
	if (ZSTD_isError(ZSTD_CCtx_reset(context, ZSTD_reset_session_only)))
		abort(); /* uncovered: lack of memory, or our bug */
}

/* 0 when the destination was too small. */
static size_t length_or_zero(size_t code)
{
	if (!ZSTD_isError(code))
		return code;
	if (ZSTD_getErrorCode(code) != ZSTD_error_dstSize_tooSmall)
		abort(); /* uncovered: lack of memory, or our bug */
	return 0;
}

/* Copies what lies in [offset, offset + len) of the concatenation. */
static void gather(const struct slice *pieces, size_t offset, size_t len, uint8_t *to)
{
	for (; len > 0; pieces++) {
		if (offset >= pieces->len) {
			offset -= pieces->len;
			continue;
		}

		size_t n = pieces->len - offset < len ? pieces->len - offset : len;

		memcpy(to, pieces->data + offset, n);
		to += n;
		len -= n;
		offset = 0;
	}
}

static bool sample_shrinks(struct zstd_encoder *encoder, const struct slice *pieces,
			   size_t len)
{
	size_t step = (len - SAMPLE_SPAN) / (SAMPLE_SPANS - 1);

	for (size_t i = 0; i < SAMPLE_SPANS; i++)
		gather(pieces, i * step, SAMPLE_SPAN, encoder->sample + i * SAMPLE_SPAN);
	reset(encoder->trial);
	return length_or_zero(ZSTD_compress2(encoder->trial, encoder->sample_out,
					     SAMPLE_LEN - SAMPLE_GAIN, encoder->sample,
					     SAMPLE_LEN)) > 0;
}

static size_t compress_pieces(ZSTD_CCtx *context, const struct slice pieces[],
			      size_t n_pieces, size_t len, ZSTD_outBuffer *out)
{
	size_t left = 0;

	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(context, len)))
		abort(); /* uncovered: lack of memory, or our bug */
	for (size_t i = 0; i < n_pieces; i++) {
		bool last = i + 1 == n_pieces;
		ZSTD_inBuffer in = {.src = pieces[i].data, .size = pieces[i].len};

		do {
			left = ZSTD_compressStream2(context, out, &in,
						    last ? ZSTD_e_end : ZSTD_e_continue);
			if (ZSTD_isError(left))
				abort(); /* uncovered: lack of memory, or our bug */
			if (out->pos == out->size && (left > 0 || in.pos < in.size))
				return 0;
		} while (in.pos < in.size || (last && left > 0));
	}
	return out->pos;
}

size_t zstd_encoder_compress(struct zstd_encoder *encoder, const struct slice pieces[],
			     size_t n_pieces, uint8_t *to, size_t capacity)
{
	size_t len = 0;

	for (size_t i = 0; i < n_pieces; i++)
		len += pieces[i].len;

	size_t gain = len / 100 * encoder->gain_percent +
		      len % 100 * encoder->gain_percent / 100;
	size_t limit = len - (gain > 0 ? gain : 1); /* at least one byte is gained */

	if (len == 0 || limit == 0)
		return 0;
	if (len >= SAMPLE_FROM && !sample_shrinks(encoder, pieces, len))
		return 0;
	if (limit > capacity)
		limit = capacity;
	reset(encoder->main);
	if (n_pieces == 1)
		return length_or_zero(
			ZSTD_compress2(encoder->main, to, limit, pieces[0].data, len));

	ZSTD_outBuffer out = {.dst = to, .size = limit};

	return compress_pieces(encoder->main, pieces, n_pieces, len, &out);
}

struct zstd_decoder {
	ZSTD_DCtx *context;
};

struct zstd_decoder *zstd_decoder_new(void)
{
	struct zstd_decoder *decoder = mem_zalloc(sizeof(*decoder));

	decoder->context = ZSTD_createDCtx();
	if (decoder->context == NULL)
		abort(); /* uncovered: lack of memory, or our bug */
	return decoder;
}

void zstd_decoder_free(struct zstd_decoder *decoder)
{
	if (decoder == NULL)
		return;
	(void)ZSTD_freeDCtx(decoder->context); /* always 0 for a heap context */
	mem_free(decoder);
}

void zstd_decoder_freep(struct zstd_decoder **decoder)
{
	zstd_decoder_free(*decoder);
}

size_t zstd_decoder_memory(const struct zstd_decoder *decoder)
{
	return sizeof(*decoder) + ZSTD_sizeof_DCtx(decoder->context);
}

/* zstd also takes frames of its old versions and skippable ones, and several in a row: all
 * that is looked at here, before a byte is decoded. */
static int check_frame(struct slice frame, size_t raw_len, struct err *err)
{
	static const uint8_t magic[FRAME_MAGIC_LEN] = {0x28, 0xb5, 0x2f, 0xfd};

	if (frame.len < FRAME_MAGIC_LEN ||
	    memcmp(frame.data, magic, FRAME_MAGIC_LEN) != 0)
		return err_set(err, ERR_CORRUPT, "zstd: not a zstd frame");

	unsigned long long stated = ZSTD_getFrameContentSize(frame.data, frame.len);

	if (stated == ZSTD_CONTENTSIZE_ERROR)
		return err_set(err, ERR_CORRUPT, "zstd: frame header is damaged");
	if (stated == ZSTD_CONTENTSIZE_UNKNOWN)
		return err_set(err, ERR_CORRUPT,
			       "zstd: frame does not state its content size");
	if (stated != raw_len)
		return err_set(err, ERR_CORRUPT,
			       "zstd: frame states %llu bytes, expected %zu", stated,
			       raw_len);

	size_t whole = ZSTD_findFrameCompressedSize(frame.data, frame.len);

	if (ZSTD_isError(whole))
		return err_set(err, ERR_CORRUPT, "zstd: frame of %zu bytes is cut off",
			       frame.len);
	if (whole != frame.len)
		return err_set(err, ERR_CORRUPT,
			       "zstd: frame ends after %zu of %zu bytes", whole,
			       frame.len);
	return 0;
}

MUST_CHECK int zstd_decoder_decompress(struct zstd_decoder *decoder, struct slice frame,
				       uint8_t *to, size_t raw_len, struct err *err)
{
	if (check_frame(frame, raw_len, err) < 0)
		return -1;

	size_t len =
		ZSTD_decompressDCtx(decoder->context, to, raw_len, frame.data, frame.len);

	if (ZSTD_isError(len))
		return err_set(err, ERR_CORRUPT, "zstd: %s", ZSTD_getErrorName(len));
	if (len != raw_len)
		return err_set(err, ERR_CORRUPT,
			       "zstd: frame holds %zu bytes, expected %zu", len, raw_len);
	return 0;
}
