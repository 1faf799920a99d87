/* SPDX-License-Identifier: Apache-2.0 */
/* memory := "QPKM" version u16 zero u16 seq u64 head[32]. Not secret, not signed: whoever can
 * write this file can replace the program as well. */
#include "repo/keylog_memory.h"

#include <inttypes.h>

#include "base/cursor.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "crypto/hash.h"

static const uint8_t memory_magic[4] = {'Q', 'P', 'K', 'M'};

enum { MEMORY_VERSION = 1, MEMORY_LEN_MAX = 64 };

static void encode(const struct keylog *keylog, struct buf *out)
{
	buf_init(out, MEMORY_LEN_MAX);
	buf_append(out, memory_magic, sizeof(memory_magic));
	buf_put_u16(out, MEMORY_VERSION);
	buf_put_u16(out, 0);
	buf_put_u64(out, keylog_seq(keylog));
	buf_append(out, keylog_head(keylog), HASH_LEN);
}

static int decode(struct slice bytes, uint64_t *ret_seq,
		  uint8_t ret_head[static HASH_LEN], struct err *err)
{
	struct cursor c;

	cursor_init(&c, bytes);
	cursor_expect(&c, memory_magic, sizeof(memory_magic), "magic");
	if (cursor_u16(&c) != MEMORY_VERSION || cursor_u16(&c) != 0)
		cursor_fail(&c, "another version");
	*ret_seq = cursor_u64(&c);
	cursor_copy(&c, ret_head, HASH_LEN);
	return cursor_end(&c, "memory of the key log", err);
}

static int compare(const struct keylog *keylog, struct slice bytes, struct err *err)
{
	uint8_t head[HASH_LEN];
	uint64_t seq;
	struct err damaged = {0};

	if (decode(bytes, &seq, head, &damaged) < 0 || keylog_contains(keylog, seq, head))
		return 0;
	err_set(err, ERR_ALARM,
		"key log: record %" PRIu64 ", seen by an earlier run, is missing", seq);
	return err_hint(err,
			"somebody replaced or shortened the key log, or the repository "
			"is an older copy");
}

int keylog_memory_check(const struct keylog *keylog, const char *directory,
			struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(directory, "key-log");
	CLEANUP(buf_release) struct buf found = {0};
	CLEANUP(buf_release) struct buf now = {0};
	struct err why = {0};

	if (file_read(path, MEMORY_LEN_MAX, &found, &why) < 0 &&
	    why.code != ERR_NOT_FOUND && why.code != ERR_LIMIT) {
		*err = why;
		return -1;
	}
	if (compare(keylog, buf_slice(&found), err) < 0)
		return -1;
	encode(keylog, &now);
	if (slice_equal(buf_slice(&found), buf_slice(&now)))
		return 0;
	if (directory_create(directory, 0700, err) < 0)
		return -1;
	return file_write(path, buf_slice(&now), 0600, FILE_REPLACE, err);
}
