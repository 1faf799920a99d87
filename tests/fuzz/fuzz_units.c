/* SPDX-License-Identifier: Apache-2.0 */
/* What one of the parsers accepts means the same in its plainest form; what it refuses is a
 * usage error and leaves the result alone. The first byte chooses the parser. */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 4096, UNTOUCHED = 4711 };

typedef int parse_fn(const char *text, uint64_t *ret_value, struct err *err);

static int parse_any_count(const char *text, uint64_t *ret_value, struct err *err)
{
	return units_parse_count("--count", text, 0, UINT64_MAX, ret_value, err);
}

static int parse_some_count(const char *text, uint64_t *ret_value, struct err *err)
{
	return units_parse_count("--count", text, 1, 256, ret_value, err);
}

static const struct {
	parse_fn *parse;
	const char *plain_unit;
} parsers[] = {
	{units_parse_size, ""}, {units_parse_rate, "/s"}, {units_parse_duration, "s"},
	{parse_any_count, ""},	{parse_some_count, ""},
};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_text(size_t which, const char *text)
{
	struct err err = {0};
	uint64_t value = UNTOUCHED;
	uint64_t again;

	if (parsers[which].parse(text, &value, &err) < 0) {
		must(value == UNTOUCHED);
		must(err.code == ERR_USAGE && strstr(err.msg, "expected ") != NULL);
		return;
	}
	CLEANUP(mem_freep)
	char *plain = mem_printf("%" PRIu64 "%s", value, parsers[which].plain_unit);
	must(parsers[which].parse(plain, &again, &err) == 0);
	must(again == value);
}

static void check_shown(uint64_t value)
{
	char text[UNITS_TEXT_MAX];

	must(strlen(units_format_size(value, text)) <= strlen("1023 KiB"));
	must(strlen(units_format_duration(value, text)) <= strlen("213503d23h"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t value;

	if (len == 0 || len > FUZZ_MAX)
		return 0;
	if (len >= sizeof(value)) {
		memcpy(&value, data, sizeof(value));
		check_shown(value);
	}
	CLEANUP(mem_freep) char *text = mem_strndup((const char *)data + 1, len - 1);
	check_text(data[0] % ARRAY_SIZE(parsers), text);
	return 0;
}
