/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever comes in, what comes out is valid UTF-8 without control characters, fits, and is
 * either bare or between quotes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 16 * 1024 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char out[QUOTE_TEXT_MAX];

	if (len > FUZZ_MAX)
		return 0;
	(void)quote_text(slice_of(data, len), out);

	size_t out_len = strnlen(out, sizeof(out));
	must(out_len > 0 && out_len < sizeof(out));
	must(utf8_valid(slice_of(out, out_len)));
	for (size_t i = 0; i < out_len; i++)
		must((uint8_t)out[i] >= ' ' && out[i] != 0x7f);
	if (out[0] == '"')
		must(out_len >= 2 && out[out_len - 1] == '"');
	else
		must(out_len < len ? strstr(out, "...") != NULL
				   : memcmp(out, data, len) == 0);
	return 0;
}
