/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/check_subset.h"

#include <inttypes.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "base/units.h"

enum { RUN_FILE_MAX = 64 };

static int refuse(const char *text, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	(void)err_set(err, ERR_USAGE, "--read-data: %s is neither P%% nor N/M",
		      quote_string(text, shown));
	return err_hint(err,
			"--read-data=10%% reads another tenth each time, --read-data=2/7 "
			"the second of seven parts");
}

/* Tenths of a percent: "10%", "2.5%". 0 when it is no such thing. */
static uint32_t parse_permille(const char *text, size_t len)
{
	uint32_t value = 0, decimals = 0, digits = 0;
	bool point = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && !point && digits > 0) {
			point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9' || digits == 4)
			return 0;
		value = value * 10 + (uint32_t)(text[i] - '0');
		digits++;
		decimals += point;
	}
	if (decimals > 1 || (point && decimals == 0))
		return 0;
	value = decimals == 1 ? value : value * 10;
	return value <= 1000 ? value : 0;
}

static int parse_percent(const char *text, size_t len, uint64_t run,
			 struct check_subset *ret_subset, struct err *err)
{
	uint32_t permille = parse_permille(text, len);

	if (permille == 0)
		return refuse(text, err);
	uint32_t of = (1000 + permille - 1) / permille;
	*ret_subset = (struct check_subset){.part = (uint32_t)(run % of) + 1, .of = of};
	return 0;
}

static int parse_part(const char *text, const char *slash,
		      struct check_subset *ret_subset, struct err *err)
{
	CLEANUP(mem_freep) char *first = mem_strndup(text, (size_t)(slash - text));
	struct err why = {0};
	uint64_t part, of;

	if (units_parse_count("M", slash + 1, 1, CHECK_PARTS_MAX, &of, &why) < 0 ||
	    units_parse_count("N", first, 1, of, &part, &why) < 0)
		return refuse(text, err);
	*ret_subset = (struct check_subset){.part = (uint32_t)part, .of = (uint32_t)of};
	return 0;
}

int check_subset_parse(const char *text, uint64_t run, struct check_subset *ret_subset,
		       struct err *err)
{
	if (text == NULL || text[0] == '\0') {
		*ret_subset = (struct check_subset){.part = 1, .of = 1};
		return 0;
	}
	size_t len = strlen(text);
	const char *slash = strchr(text, '/');
	if (slash != NULL)
		return parse_part(text, slash, ret_subset, err);
	if (text[len - 1] == '%')
		return parse_percent(text, len - 1, run, ret_subset, err);
	return refuse(text, err);
}

bool check_subset_has(struct check_subset subset, const uint8_t name[static 32])
{
	uint64_t number = 0;

	if (subset.of == 0)
		return false;
	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | name[i];
	return number % subset.of == subset.part - 1;
}

uint64_t check_runs_load(const char *path)
{
	CLEANUP(buf_release) struct buf text = {0};
	struct err ignored = {0}; /* at worst the same part is read again */
	uint64_t runs = 0;

	if (file_read(path, RUN_FILE_MAX, &text, &ignored) < 0)
		return 0;
	text.len -= text.len > 0 && text.data[text.len - 1] == '\n';
	CLEANUP(mem_freep) char *number = mem_strndup(buf_string(&text), text.len);
	if (units_parse_count("runs", number, 0, UINT64_MAX, &runs, &ignored) < 0)
		return 0;
	return runs;
}

int check_runs_store(const char *path, uint64_t runs, struct err *err)
{
	CLEANUP(mem_freep) char *directory = path_dirname(path);
	char text[RUN_FILE_MAX];

	(void)snprintf(text, sizeof(text), "%" PRIu64 "\n", runs);
	if (directory_create(directory, 0700, err) < 0)
		return -1;
	return file_write(path, slice_of_string(text), 0600, FILE_REPLACE, err);
}
