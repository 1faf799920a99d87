/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/file_cache_format.h"

#include <inttypes.h>

#include "base/cursor.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/rng.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"

enum {
	VERSION = 1,
	SALT_LEN = 32,
	CLEAR_LEN = 8 + SALT_LEN,
	HEAD_LEN = 32 + AEAD_TAG_LEN,
	SEALED_CHUNK_LEN = CACHE_CHUNK_LEN + AEAD_TAG_LEN,
};

enum nonce_type { NONCE_CHUNK = 0, NONCE_LAST = 1, NONCE_HEAD = 2 };

static const char magic[4] = {'Q', 'P', 'F', 'C'};
static const char info_label[] = "quipu/v1/file-cache";

static struct aead *derive(const struct file_cache_owner *owner,
			   const uint8_t salt[static SALT_LEN])
{
	CLEANUP(secret_release) struct secret key = {0};
	CLEANUP(buf_release) struct buf info = {0};

	buf_init(&info, KDF_INFO_MAX);
	buf_append_string(&info, info_label);
	buf_append(&info, owner->identity->id, REPO_ID_LEN);
	buf_append_string(&info, owner->stream);
	kdf_hkdf(secret_slice(owner->key), slice_of(salt, SALT_LEN), buf_slice(&info),
		 AEAD_KEY_LEN, &key);
	return aead_new(&key);
}

/* --- writing --- */

struct cache_output {
	int fd;
	struct aead *aead;
	uint64_t n_chunks;
	uint8_t clear[CLEAR_LEN];
	size_t len; /* of the chunk in the making */
	uint8_t chunk[SEALED_CHUNK_LEN];
};

int cache_output_new(const struct file_cache_owner *owner, struct rng *rng, int fd,
		     struct cache_output **ret_output, struct err *err)
{
	CLEANUP(cache_output_freep)
	struct cache_output *output = mem_zalloc(sizeof(*output));
	static const uint8_t no_head[HEAD_LEN] = {0};
	CLEANUP(buf_release) struct buf clear = {0};

	buf_init(&clear, CLEAR_LEN);
	buf_append(&clear, magic, sizeof(magic));
	buf_put_u16(&clear, VERSION);
	buf_put_u16(&clear, 0);
	rng_fill(rng, buf_extend(&clear, SALT_LEN), SALT_LEN);
	memcpy(output->clear, clear.data, CLEAR_LEN);
	output->fd = fd;
	output->aead = derive(owner, output->clear + CLEAR_LEN - SALT_LEN);
	if (fd_write_all(fd, output->clear, CLEAR_LEN, err) < 0 ||
	    fd_write_all(fd, no_head, HEAD_LEN, err) < 0)
		return -1;
	*ret_output = STEAL(output);
	return 0;
}

void cache_output_free(struct cache_output *output)
{
	if (output == NULL)
		return;
	aead_free(output->aead);
	mem_free(output);
}

void cache_output_freep(struct cache_output **output)
{
	cache_output_free(*output);
}

static int put_chunk(struct cache_output *output, enum nonce_type type, struct err *err)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t len = output->len;

	aead_nonce(type, output->n_chunks++, nonce);
	aead_seal(output->aead, nonce, slice_of(NULL, 0), slice_of(output->chunk, len),
		  output->chunk);
	output->len = 0;
	return fd_write_all(output->fd, output->chunk, len + AEAD_TAG_LEN, err);
}

int cache_output_write(struct cache_output *output, struct slice bytes, struct err *err)
{
	while (bytes.len > 0) {
		size_t n = CACHE_CHUNK_LEN - output->len;

		n = n < bytes.len ? n : bytes.len;
		memcpy(output->chunk + output->len, bytes.data, n);
		output->len += n;
		bytes = slice_of(bytes.data + n, bytes.len - n);
		if (output->len == CACHE_CHUNK_LEN &&
		    put_chunk(output, NONCE_CHUNK, err) < 0)
			return -1;
	}
	return 0;
}

int cache_output_end(struct cache_output *output, const uint8_t snapshot_id[static 32],
		     struct err *err)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	uint8_t head[HEAD_LEN];

	if (put_chunk(output, NONCE_LAST, err) < 0)
		return -1;
	aead_nonce(NONCE_HEAD, 0, nonce);
	aead_seal(output->aead, nonce, slice_of(output->clear, CLEAR_LEN),
		  slice_of(snapshot_id, 32), head);
	if (fd_pwrite_all(output->fd, CLEAR_LEN, head, HEAD_LEN, err) < 0)
		return -1;
	return fd_sync(output->fd, err);
}

/* --- reading --- */

struct cache_input {
	int fd;
	struct aead *aead;
	uint64_t n_chunks;
	bool had_last;
	size_t at, len; /* in the chunk */
	uint8_t chunk[SEALED_CHUNK_LEN];
};

static int read_clear(int fd, uint8_t clear[static CLEAR_LEN], struct err *err)
{
	struct cursor c;
	uint16_t version;
	size_t len = 0;

	if (fd_read(fd, clear, CLEAR_LEN, &len, err) < 0)
		return -1;
	cursor_init(&c, slice_of(clear, len));
	cursor_expect(&c, magic, sizeof(magic), "mark");
	version = cursor_u16(&c);
	if (!c.bad && (version != VERSION || cursor_u16(&c) != 0))
		cursor_fail(&c, "version %u, expected %d", version, VERSION);
	(void)cursor_bytes(&c, SALT_LEN); /* an end before it shows in the cursor */
	return cursor_end(&c, "file cache", err);
}

int cache_input_new(const struct file_cache_owner *owner, int fd,
		    struct cache_input **ret_input, uint8_t ret_snapshot_id[static 32],
		    struct err *err)
{
	CLEANUP(cache_input_freep)
	struct cache_input *input = mem_zalloc(sizeof(*input));
	uint8_t clear[CLEAR_LEN];
	uint8_t head[HEAD_LEN];
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t len = 0;

	input->fd = fd;
	if (read_clear(fd, clear, err) < 0 ||
	    fd_read(fd, head, sizeof(head), &len, err) < 0)
		return -1;
	input->aead = derive(owner, clear + CLEAR_LEN - SALT_LEN);
	aead_nonce(NONCE_HEAD, 0, nonce);
	if (!aead_open(input->aead, nonce, slice_of(clear, CLEAR_LEN),
		       slice_of(head, len), head))
		return err_set(err, ERR_CORRUPT,
			       "file cache: damaged, unfinished or of another key");
	memcpy(ret_snapshot_id, head, 32);
	*ret_input = STEAL(input);
	return 0;
}

void cache_input_free(struct cache_input *input)
{
	if (input == NULL)
		return;
	aead_free(input->aead);
	mem_free(input);
}

void cache_input_freep(struct cache_input **input)
{
	cache_input_free(*input);
}

/* Only the last chunk is short; nothing may follow it. */
static int next_chunk(struct cache_input *input, struct err *err)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t len = 0;
	bool is_last;

	if (fd_read(input->fd, input->chunk, SEALED_CHUNK_LEN, &len, err) < 0)
		return -1;
	is_last = len < SEALED_CHUNK_LEN;
	aead_nonce(is_last ? NONCE_LAST : NONCE_CHUNK, input->n_chunks, nonce);
	if (!aead_open(input->aead, nonce, slice_of(NULL, 0), slice_of(input->chunk, len),
		       input->chunk))
		return err_set(err, ERR_CORRUPT,
			       "file cache: chunk %" PRIu64 " is damaged or cut",
			       input->n_chunks);
	input->n_chunks++;
	input->had_last = is_last;
	input->at = 0;
	input->len = len - AEAD_TAG_LEN;
	return 0;
}

int cache_input_at_end(struct cache_input *input, bool *ret_end, struct err *err)
{
	if (input->at == input->len && !input->had_last && next_chunk(input, err) < 0)
		return -1;
	*ret_end = input->at == input->len;
	return 0;
}

int cache_input_read(struct cache_input *input, uint8_t *to, size_t len, struct err *err)
{
	while (len > 0) {
		size_t n;
		bool end;

		if (cache_input_at_end(input, &end, err) < 0)
			return -1;
		if (end)
			return err_set(err, ERR_CORRUPT,
				       "file cache: %zu bytes are missing at its end",
				       len);
		n = input->len - input->at < len ? input->len - input->at : len;
		if (to != NULL) {
			memcpy(to, input->chunk + input->at, n);
			to += n;
		}
		input->at += n;
		len -= n;
	}
	return 0;
}
