/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors are written in hex, as in the standards that they come from. */
#ifndef TESTS_UNIT_CRYPTO_HEX_H
#define TESTS_UNIT_CRYPTO_HEX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/secret.h"

enum { HEX_BYTES_MAX = 256 };

struct hex_bytes {
	uint8_t data[HEX_BYTES_MAX];
	size_t len;
};

static inline uint8_t hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	assert_true(c >= 'a' && c <= 'f');
	return (uint8_t)(c - 'a' + 10);
}

static inline struct hex_bytes hex_bytes(const char *hex)
{
	struct hex_bytes bytes = {.len = strlen(hex) / 2};

	assert_true(bytes.len <= HEX_BYTES_MAX && strlen(hex) % 2 == 0);
	for (size_t i = 0; i < bytes.len; i++)
		bytes.data[i] =
			(uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	return bytes;
}

static inline struct slice hex_slice(const struct hex_bytes *bytes)
{
	return slice_of(bytes->data, bytes->len);
}

static inline struct secret hex_secret(const char *hex)
{
	struct hex_bytes bytes = hex_bytes(hex);
	struct secret secret;

	secret_set(&secret, bytes.data, bytes.len);
	return secret;
}

static inline void assert_hex(const void *data, size_t len, const char *hex)
{
	struct hex_bytes expected = hex_bytes(hex);

	assert_int_equal(len, expected.len);
	assert_memory_equal(data, expected.data, len);
}

#endif
