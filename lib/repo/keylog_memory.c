/* SPDX-License-Identifier: Apache-2.0 */
/* memory := "QPKM" version u16 zero u16 seq u64 head[32] sha256[32] of all before. Not secret, not
 * signed: whoever can write this file can replace the program as well. The sum is against bad
 * disks: one flipped bit must not look like a key log that was tampered with. */
#include "repo/keylog_memory.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "crypto/hash.h"

static const uint8_t memory_magic[4] = {'Q', 'P', 'K', 'M'};

enum { MEMORY_VERSION = 2, SUMMED_LEN = 48, MEMORY_LEN_MAX = 128 };

static void encode(const struct keylog *keylog, struct buf *out)
{
	uint8_t sum[HASH_LEN];

	buf_init(out, MEMORY_LEN_MAX);
	buf_append(out, memory_magic, sizeof(memory_magic));
	buf_put_u16(out, MEMORY_VERSION);
	buf_put_u16(out, 0);
	buf_put_u64(out, keylog_seq(keylog));
	buf_append(out, keylog_head(keylog), HASH_LEN);
	assert(out->len == SUMMED_LEN);
	hash_sha256(buf_slice(out), sum);
	buf_append(out, sum, sizeof(sum));
}

static int decode(struct slice bytes, uint64_t *ret_seq,
		  uint8_t ret_head[static HASH_LEN], struct err *err)
{
	struct cursor c;
	uint8_t sum[HASH_LEN] = {0}, expected[HASH_LEN];

	cursor_init(&c, bytes);
	cursor_expect(&c, memory_magic, sizeof(memory_magic), "magic");
	if (cursor_u16(&c) != MEMORY_VERSION || cursor_u16(&c) != 0)
		cursor_fail(&c, "another version");
	*ret_seq = cursor_u64(&c);
	cursor_copy(&c, ret_head, HASH_LEN);
	cursor_copy(&c, sum, HASH_LEN);
	if (cursor_end(&c, "memory of the key log", err) < 0)
		return -1;
	hash_sha256(slice_of(bytes.data, SUMMED_LEN), expected);
	if (memcmp(sum, expected, HASH_LEN) != 0)
		return err_set(err, ERR_CORRUPT, "memory of the key log: damaged");
	return 0;
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
