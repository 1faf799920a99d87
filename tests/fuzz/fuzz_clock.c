/* SPDX-License-Identifier: Apache-2.0 */
/* A time that parses has one text, which parses to the same time; so has any 64-bit number.
 * What does not parse is a usage error with a message and leaves the result alone. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 4096, UNTOUCHED = 4711 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void round_trip(int64_t nsec)
{
	char text[CLOCK_TEXT_MAX];
	char again[CLOCK_TEXT_MAX];
	struct err err = {0};
	int64_t parsed;

	(void)clock_format(nsec, text);
	must(clock_parse(text, &parsed, &err) == 0);
	must(parsed == nsec);
	must(strcmp(clock_format(parsed, again), text) == 0);
}

static void parse_text(const uint8_t *data, size_t len)
{
	CLEANUP(mem_freep) char *text = mem_strndup((const char *)data, len);
	int64_t nsec = UNTOUCHED;
	struct err err = {0};

	if (clock_parse(text, &nsec, &err) == 0) {
		round_trip(nsec);
		return;
	}
	must(nsec == UNTOUCHED);
	must(err.code == ERR_USAGE && err.msg[0] != '\0' && err.hint[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int64_t nsec;

	if (len > FUZZ_MAX)
		return 0;
	if (len >= sizeof(nsec)) {
		memcpy(&nsec, data, sizeof(nsec));
		round_trip(nsec);
	}
	if (len > 0)
		parse_text(data, len);
	return 0;
}
