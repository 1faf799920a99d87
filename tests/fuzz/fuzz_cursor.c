/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of the input says what to read, the second half is read. Whatever is asked:
 * the position stays inside, nothing is lent from outside, and a failure is for ever. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 4096 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static uint64_t sum_of(struct slice bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum += bytes.data[i];
	return sum;
}

/* Borrowed bytes lie in the input; adding them up makes the sanitizer look at each. */
static uint64_t check_lent(const struct cursor *c, struct slice bytes)
{
	must(bytes.len == 0 ||
	     (bytes.data >= c->all.data &&
	      bytes.len <= (size_t)(c->all.data + c->all.len - bytes.data)));
	return sum_of(bytes);
}

/* One read; the result is 0 when there is nothing to see. */
static uint64_t read_some(struct cursor *c, uint8_t what, uint8_t n)
{
	uint8_t copy[UINT8_MAX] = {0};
	uint32_t count;

	switch (what % 10) {
	case 0:
		return cursor_u8(c);
	case 1:
		return cursor_u16(c);
	case 2:
		return cursor_u32(c);
	case 3:
		return cursor_u64(c);
	case 4:
		return (uint64_t)cursor_i64(c);
	case 5:
		return check_lent(c, cursor_bytes(c, n));
	case 6:
		return check_lent(c, cursor_bytes16(c, n));
	case 7:
		return check_lent(c, cursor_bytes32(c, n));
	case 8:
		count = cursor_count(c, UINT32_MAX, n);
		must(c->bad || n == 0 || count <= cursor_left(c) / n);
		return count;
	default:
		cursor_copy(c, copy, n);
		return sum_of(slice_of(copy, n));
	}
}

static void run(struct slice program, struct slice input)
{
	struct err err = {0};
	struct cursor c;

	cursor_init(&c, input);
	for (size_t i = 0; i + 1 < program.len; i += 2) {
		bool was_bad = c.bad;
		size_t pos = c.pos;
		uint64_t seen = read_some(&c, program.data[i], program.data[i + 1]);

		must(c.pos >= pos && c.pos <= input.len);
		must(!was_bad || (c.bad && c.pos == pos));
		must(!c.bad || (seen == 0 && cursor_left(&c) == 0 && c.why[0] != '\0'));
	}
	bool is_bad = c.bad;
	must((cursor_ok(&c, "input", &err) < 0) == is_bad);
	must((cursor_end(&c, "input", &err) < 0) == (is_bad || c.pos < input.len));
	must(err.code == (c.bad ? ERR_CORRUPT : ERR_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > FUZZ_MAX)
		return 0;

	size_t half = len / 2;
	run(slice_of(data, half), slice_of(data + half, len - half));
	return 0;
}
