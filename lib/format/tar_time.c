/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libarchive prints seconds, a point and nanoseconds, so before 1970 it gets the digits of the
 * number and not the second below with what is left to it. That has no words for the last
 * second before 1970, "-0.5": there libarchive gets a second more, and of the record that it
 * made, "mtime=-1.5", one digit is replaced, which leaves every length as it is.
 */
#include "format/tar_time.h"

#include <archive_entry.h>
#include <string.h>

enum { NSEC_PER_SEC = 1000000000, HEADER_LEN = 512 };

bool tar_time_needs_mending(int64_t nsec)
{
	return nsec < 0 && nsec > -NSEC_PER_SEC;
}

void tar_time_set(struct archive_entry *to, int64_t nsec)
{
	int64_t sec = nsec / NSEC_PER_SEC, rest = nsec % NSEC_PER_SEC;

	if (tar_time_needs_mending(nsec))
		sec = -1;
	archive_entry_set_mtime(to, sec, (long)(rest < 0 ? -rest : rest));
}

/* A record is "LENGTH KEY=VALUE\n". Its length, 0 behind the last one; *ret_at is behind the
 * digits. */
static size_t record_len(const struct buf *header, size_t at, size_t *ret_at)
{
	size_t len = 0;

	for (; at < header->len; at++) {
		uint8_t c = header->data[at];

		if (c < '0' || c > '9')
			break;
		len = len * 10 + (size_t)(c - '0');
	}
	*ret_at = at;
	return len;
}

void tar_time_mend(struct buf *header)
{
	static const char wrong[] = " mtime=-1.";
	size_t wrong_len = strlen(wrong), at = HEADER_LEN, key, len;

	for (; (len = record_len(header, at, &key)) > 0; at += len) {
		if (header->len - key < wrong_len ||
		    memcmp(header->data + key, wrong, wrong_len) != 0)
			continue;
		header->data[key + wrong_len - 2] = '0';
		return;
	}
}
