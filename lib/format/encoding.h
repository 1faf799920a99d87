/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as text: hex in lower case and standard base64 with padding (RFC 4648, section 4).
 * Decoders accept exactly what the encoders write: one text for one value of bytes. Errors
 * are ERR_CORRUPT and name the position, never the text, which may be a secret.
 */
#ifndef FORMAT_ENCODING_H
#define FORMAT_ENCODING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* Characters, without a NUL, that `len` bytes take. */
#define HEX_LEN(len)	((size_t)2 * (len))
#define BASE64_LEN(len) (((size_t)(len) + 2) / 3 * 4)

/* Writes HEX_LEN(bytes.len) digits and a NUL; asserts that `capacity` holds both. Returns
 * `out`. */
const char *hex_encode(struct slice bytes, char *out, size_t capacity);
void hex_append(struct buf *text, struct slice bytes);

/* Exactly `len` bytes into `out`, which is untouched on failure; upper case is refused. */
MUST_CHECK int hex_decode(struct slice text, uint8_t *out, size_t len, struct err *err);

/*
 * Base64 is for secrets: both sides lie in struct secret only, no other copy is made, and
 * neither branches nor table look-ups depend on the bytes. The decoder takes no white space
 * but line ends, complete padding, unused bits of zero. `line_len` > 0 writes a '\n'
 * after each so many characters and after the last; the decoder then takes lines of at most
 * `line_len` characters, 0 = no '\n' at all. *ret is initialised here; the caller releases
 * it. Text longer than SECRET_MAX is ERR_LIMIT.
 */
MUST_CHECK int base64_encode_secret(struct slice bytes, size_t line_len,
				    struct secret *ret_text, struct err *err);
MUST_CHECK int base64_decode_secret(struct slice text, size_t line_len,
				    struct secret *ret_bytes, struct err *err);

#endif
