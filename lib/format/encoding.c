/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The base64 core is written for secrets: a digit's value comes from arithmetic on masks
 * instead of a table, and what the decoder keeps between characters is at most three of them.
 * It writes to memory that the caller has sized: BASE64_LEN() says how much text there will
 * be, 3/4 of the text bounds the bytes.
 *
 * Strictness matters because texts are compared and signed elsewhere: padding must be
 * complete and the bits that the last digit does not need must be zero, so no two texts
 * decode to the same bytes (line breaks in key files aside).
 */
#include "format/encoding.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static const char HEX_DIGITS[] = "0123456789abcdef";

const char *hex_encode(struct slice bytes, char *out, size_t capacity)
{
	assert(capacity > 0 && bytes.len <= (capacity - 1) / 2);
	for (size_t i = 0; i < bytes.len; i++) {
		out[2 * i] = HEX_DIGITS[bytes.data[i] >> 4];
		out[2 * i + 1] = HEX_DIGITS[bytes.data[i] & 15];
	}
	out[HEX_LEN(bytes.len)] = '\0';
	return out;
}

void hex_append(struct buf *text, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		buf_append_byte(text, (uint8_t)HEX_DIGITS[bytes.data[i] >> 4]);
		buf_append_byte(text, (uint8_t)HEX_DIGITS[bytes.data[i] & 15]);
	}
}

static int hex_digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int hex_check(struct slice text, struct err *err)
{
	for (size_t i = 0; i < text.len; i++)
		if (hex_digit_value(text.data[i]) < 0)
			return err_set(err, ERR_CORRUPT,
				       "hex: character %zu is none of 0-9 a-f", i + 1);
	return 0;
}

static void hex_fill(struct slice text, uint8_t *out)
{
	for (size_t i = 0; i < text.len; i += 2)
		out[i / 2] = (uint8_t)(hex_digit_value(text.data[i]) << 4 |
				       hex_digit_value(text.data[i + 1]));
}

MUST_CHECK int hex_decode(struct slice text, uint8_t *out, size_t len, struct err *err)
{
	if (len > SIZE_MAX / 2 || text.len != HEX_LEN(len))
		return err_set(err, ERR_CORRUPT,
			       "hex: expected %zu bytes as %zu digits, found %zu", len,
			       HEX_LEN(len), text.len);
	if (hex_check(text, err) < 0)
		return -1;
	hex_fill(text, out);
	return 0;
}

/* 0xffffffff when low <= v <= high, else 0; for values below 2^31. */
static uint32_t mask_within(uint32_t v, uint32_t low, uint32_t high)
{
	return ~((0u - ((v - low) >> 31)) | (0u - ((high - v) >> 31)));
}

static uint8_t base64_digit(uint32_t v)
{
	uint32_t c = mask_within(v, 0, 25) & (v + 'A');

	c |= mask_within(v, 26, 51) & (v - 26 + 'a');
	c |= mask_within(v, 52, 61) & (v - 52 + '0');
	c |= mask_within(v, 62, 62) & '+';
	c |= mask_within(v, 63, 63) & '/';
	return (uint8_t)c;
}

enum { BASE64_INVALID = 64 };

static uint32_t base64_value(uint8_t digit)
{
	uint32_t c = digit;
	uint32_t upper = mask_within(c, 'A', 'Z'), lower = mask_within(c, 'a', 'z');
	uint32_t number = mask_within(c, '0', '9');
	uint32_t plus = mask_within(c, '+', '+'), slash = mask_within(c, '/', '/');
	uint32_t v = (upper & (c - 'A')) | (lower & (c - 'a' + 26));

	v |= (number & (c - '0' + 52)) | (plus & 62) | (slash & 63);
	return v | (~(upper | lower | number | plus | slash) & BASE64_INVALID);
}

/* Up to three bytes become four characters. */
static void base64_quantum(const uint8_t *from, size_t n, uint8_t to[static 4])
{
	uint32_t bits = (uint32_t)from[0] << 16;

	if (n > 1)
		bits |= (uint32_t)from[1] << 8;
	if (n > 2)
		bits |= from[2];
	to[0] = base64_digit(bits >> 18);
	to[1] = base64_digit(bits >> 12 & 63);
	to[2] = n > 1 ? base64_digit(bits >> 6 & 63) : '=';
	to[3] = n > 2 ? base64_digit(bits & 63) : '=';
	secret_wipe(&bits, sizeof(bits));
}

/* What the decoder knows between two characters. */
struct base64_decoder {
	uint32_t bits; /* of the digits of this quantum */
	unsigned n_digits;
	unsigned n_padding;
	size_t line; /* characters since the last '\n' */
	uint8_t *out;
	size_t len;
};

static int base64_emit(struct base64_decoder *d, size_t position, struct err *err)
{
	unsigned n_bytes = 3 - d->n_padding;

	if ((d->bits & ((1u << (8 * d->n_padding)) - 1)) != 0)
		return err_set(err, ERR_CORRUPT,
			       "base64: unused bits before character %zu are not zero",
			       position);
	for (unsigned i = 0; i < n_bytes; i++)
		d->out[d->len++] = (uint8_t)(d->bits >> (16 - 8 * i));
	d->bits = 0;
	d->n_digits = 0;
	return 0;
}

/* `position` counts from 1. After padding nothing but a line break may follow. */
static int base64_take(struct base64_decoder *d, uint8_t c, size_t position,
		       struct err *err)
{
	bool after_end = d->n_padding > 0 && d->n_digits == 0;
	bool is_padding = c == '=' && d->n_digits >= 2;
	uint32_t value = is_padding ? 0 : base64_value(c);

	if (after_end || value == BASE64_INVALID || (d->n_padding > 0 && !is_padding))
		return err_set(err, ERR_CORRUPT, "base64: character %zu is not expected",
			       position);
	d->n_padding += is_padding;
	d->bits = d->bits << 6 | value;
	if (++d->n_digits == 4)
		return base64_emit(d, position, err);
	return 0;
}

static int base64_decode(struct base64_decoder *d, struct slice text, size_t line_len,
			 struct err *err)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n' && line_len > 0) {
			d->line = 0;
			continue;
		}
		if (line_len > 0 && ++d->line > line_len)
			return err_set(err, ERR_CORRUPT,
				       "base64: a line exceeds %zu characters", line_len);
		if (base64_take(d, text.data[i], i + 1, err) < 0)
			return -1;
	}
	if (d->n_digits != 0)
		return err_set(err, ERR_CORRUPT,
			       "base64: ends after %zu characters inside a group of four",
			       text.len);
	return 0;
}

MUST_CHECK int base64_encode_secret(struct slice bytes, size_t line_len,
				    struct secret *ret_text, struct err *err)
{
	/* So twice the text's length, a '\n' after each character, still fits. */
	if (bytes.len > SECRET_MAX / 4)
		return err_set(err, ERR_LIMIT,
			       "base64: a secret of %zu bytes exceeds the limit of %d",
			       bytes.len, SECRET_MAX / 4);

	size_t len = BASE64_LEN(bytes.len);
	size_t n_breaks = line_len == 0 ? 0 : (len + line_len - 1) / line_len;
	uint8_t quantum[4];
	size_t at = 0, line = 0;

	secret_init(ret_text, len + n_breaks);
	for (size_t i = 0; i < len; i++) {
		size_t from = i / 4 * 3;

		if (i % 4 == 0)
			base64_quantum(bytes.data + from,
				       bytes.len - from < 3 ? bytes.len - from : 3,
				       quantum);
		ret_text->data[at++] = quantum[i % 4];
		if (++line == line_len || (line_len > 0 && i + 1 == len)) {
			ret_text->data[at++] = '\n';
			line = 0;
		}
	}
	secret_wipe(quantum, sizeof(quantum));
	return 0;
}

MUST_CHECK int base64_decode_secret(struct slice text, size_t line_len,
				    struct secret *ret_bytes, struct err *err)
{
	if (text.len > SECRET_MAX)
		return err_set(err, ERR_LIMIT,
			       "base64: text of %zu characters exceeds the limit of %d",
			       text.len, SECRET_MAX);

	struct secret bytes;

	secret_init(&bytes, text.len / 4 * 3);

	struct base64_decoder d = {.out = bytes.data};
	int result = base64_decode(&d, text, line_len, err);

	secret_wipe(&d.bits, sizeof(d.bits));
	if (result < 0) {
		secret_release(&bytes);
		return -1;
	}
	secret_truncate(&bytes, d.len);
	*ret_bytes = bytes;
	return 0;
}
