/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text   := remark line *  "-----BEGIN QUIPU <ROLE> KEY-----\n" base64 lines "-----END ...\n"
 * bytes  := "QPKY" version u16 role u8 protection u8 R[16] owner[32] lp16 name
 *           [ protection 1: log2_n u8 r u8 p u8 salt[32] ]  lp32 part
 * part   := by role, fixed secrets first, then lp32 certificate, lp32 floor; sealed under the
 *           passphrase with all bytes before its length as additional data
 * Everything from the base64 text on lies in struct secret: a key file is mostly one.
 */
#include "repo/keyfile_format.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "crypto/aead.h"
#include "format/encoding.h"
#include "repo/signed_format.h"

static const uint8_t key_magic[4] = {'Q', 'P', 'K', 'Y'};
static const uint8_t key_nonce[AEAD_NONCE_LEN] = {0};
static const char begin_mark[] = "-----BEGIN QUIPU ";
static const char end_mark[] = "-----END QUIPU ";

enum { KEY_VERSION = 1, KEY_LINE_LEN = 76, SCRYPT_LEN = 3 + KEY_SALT_LEN };

/* What a role's secret part holds, and what its file says in words. */
struct role_form {
	enum key_role role;
	const char *armour;
	bool is_protected, sign, recipient, dedup, certificate, floor;
	const char *remark;
};

static const struct role_form role_forms[] = {
	{KEY_RECOVERY, "RECOVERY", true, true, true, true, false, false,
	 "Quipu recovery key. It restores everything and certifies all other keys.\n"
	 "Keep it and its passphrase offline, in two places, never on a backed-up "
	 "machine.\n"
	 "Without it (or a reader key) nothing in the repository can be read again.\n"},
	{KEY_READER, "READER", true, false, true, true, false, false,
	 "Quipu reader key. It restores everything and signs nothing.\n"
	 "Keep it with its passphrase where restores are run.\n"},
	{KEY_WRITER, "WRITER", false, true, false, true, true, true,
	 "Quipu writer key. It makes backups; it cannot read one.\n"
	 "It belongs on the machine that is backed up, readable by its backup user "
	 "alone.\n"},
	{KEY_PRUNER, "PRUNER", false, true, false, false, true, false,
	 "Quipu pruner key. It expires and prunes snapshots; it reads nothing.\n"},
	{KEY_KEEPER, "KEEPER", false, true, false, false, true, false,
	 "Quipu keeper key. It extends object locks; it reads nothing.\n"},
	{KEY_AUDIT, "AUDIT", false, false, false, false, false, false,
	 "Quipu audit key. It holds no secret: give it to whoever verifies the "
	 "repository.\n"},
};

static const struct role_form *form_of(enum key_role role)
{
	for (size_t i = 0; i < ARRAY_SIZE(role_forms); i++)
		if (role_forms[i].role == role)
			return &role_forms[i];
	return NULL;
}

struct scrypt_params key_file_scrypt(void)
{
	return (struct scrypt_params){.log2_n = 15, .r = 8, .p = 3};
}

void key_secrets_release(struct key_secrets *secrets)
{
	secret_release(&secrets->sign_seed);
	secret_release(&secrets->recipient);
	secret_release(&secrets->dedup);
	buf_release(&secrets->certificate);
	buf_release(&secrets->floor);
}

/* Appends to a secret of known capacity. */
static void put(struct secret *to, size_t *pos, struct slice bytes)
{
	assert(bytes.len <= to->len - *pos);
	if (bytes.len > 0)
		memcpy(to->data + *pos, bytes.data, bytes.len);
	*pos += bytes.len;
}

static void put_bytes32(struct secret *to, size_t *pos, struct slice bytes)
{
	CLEANUP(buf_release) struct buf length = {0};

	buf_init(&length, 0);
	buf_put_u32(&length, (uint32_t)bytes.len);
	put(to, pos, buf_slice(&length));
	put(to, pos, bytes);
}

static void encode_part(const struct role_form *form, const struct key_secrets *secrets,
			struct secret *ret_part)
{
	size_t pos = 0;

	secret_init(ret_part, secrets->sign_seed.len + secrets->recipient.len +
				      secrets->dedup.len + 8 + secrets->certificate.len +
				      secrets->floor.len);
	if (form->sign)
		put(ret_part, &pos, secret_slice(&secrets->sign_seed));
	if (form->recipient)
		put(ret_part, &pos, secret_slice(&secrets->recipient));
	if (form->dedup)
		put(ret_part, &pos, secret_slice(&secrets->dedup));
	if (form->certificate)
		put_bytes32(ret_part, &pos, buf_slice(&secrets->certificate));
	if (form->floor)
		put_bytes32(ret_part, &pos, buf_slice(&secrets->floor));
	secret_truncate(ret_part, pos);
}

static void read_secret(struct cursor *c, bool there, struct secret *ret_secret)
{
	if (!there)
		return;
	secret_init(ret_secret, KEY_SECRET_LEN);
	cursor_copy(c, ret_secret->data, KEY_SECRET_LEN);
}

static void read_frame(struct cursor *c, bool there, size_t max, struct buf *ret_frame)
{
	buf_init(ret_frame, 0);
	if (there)
		buf_append_slice(ret_frame, cursor_bytes32(c, max));
}

static int decode_part(const struct role_form *form, struct slice part,
		       struct key_secrets *ret_secrets, struct err *err)
{
	struct cursor c;
	struct err ignored = {0};

	cursor_init(&c, part);
	read_secret(&c, form->sign, &ret_secrets->sign_seed);
	read_secret(&c, form->recipient, &ret_secrets->recipient);
	read_secret(&c, form->dedup, &ret_secrets->dedup);
	read_frame(&c, form->certificate, CERTIFICATE_LEN_MAX, &ret_secrets->certificate);
	read_frame(&c, form->floor, KEY_FLOOR_MAX, &ret_secrets->floor);
	if (cursor_end(&c, "key file", &ignored) == 0)
		return 0;
	key_secrets_release(ret_secrets);
	return err_set(err, ERR_KEY, "the %s key is damaged", key_role_name(form->role));
}

/* The key that a passphrase gives, for `salt`. */
static int passphrase_key(const struct key_protection *protection, struct slice salt,
			  struct aead **ret_aead, struct err *err)
{
	CLEANUP(secret_release) struct secret key = {0};

	if (kdf_scrypt(protection->passphrase, salt, protection->scrypt, AEAD_KEY_LEN,
		       &key, err) < 0)
		return err_wrap(err, "key file");
	*ret_aead = aead_new(&key);
	return 0;
}

static void encode_head(const struct key_file_head *head, bool is_protected,
			struct buf *out)
{
	buf_append(out, key_magic, sizeof(key_magic));
	buf_put_u16(out, KEY_VERSION);
	buf_put_u8(out, (uint8_t)head->role);
	buf_put_u8(out, is_protected ? 1 : 0);
	buf_append(out, head->identity.id, REPO_ID_LEN);
	buf_append(out, head->identity.owner.bytes, SIGN_PUBLIC_LEN);
	buf_put_bytes16(out, slice_of_string(head->name));
}

/* Seals *part in place under the passphrase; adds the parameters to the head. */
static int seal_part(const struct key_protection *protection, struct rng *rng,
		     struct buf *head, struct secret *part, struct err *err)
{
	uint8_t salt[KEY_SALT_LEN];
	struct secret sealed = {0};
	CLEANUP(aead_freep) struct aead *aead = NULL;

	rng_fill(rng, salt, sizeof(salt));
	if (passphrase_key(protection, slice_of(salt, sizeof(salt)), &aead, err) < 0)
		return -1;
	buf_put_u8(head, protection->scrypt.log2_n);
	buf_put_u8(head, protection->scrypt.r);
	buf_put_u8(head, protection->scrypt.p);
	buf_append(head, salt, sizeof(salt));
	secret_init(&sealed, part->len + AEAD_TAG_LEN);
	aead_seal(aead, key_nonce, buf_slice(head), secret_slice(part), sealed.data);
	secret_release(part);
	*part = sealed;
	return 0;
}

static int armour(const struct role_form *form, struct slice bytes,
		  struct secret *ret_text, struct err *err)
{
	CLEANUP(secret_release) struct secret body = {0};
	CLEANUP(mem_freep)
	char *before =
		mem_printf("%s%s%s KEY-----\n", form->remark, begin_mark, form->armour);
	CLEANUP(mem_freep)
	char *after = mem_printf("%s%s KEY-----\n", end_mark, form->armour);
	size_t pos = 0;

	if (base64_encode_secret(bytes, KEY_LINE_LEN, &body, err) < 0)
		return -1;
	secret_init(ret_text, strlen(before) + body.len + strlen(after));
	put(ret_text, &pos, slice_of_string(before));
	put(ret_text, &pos, secret_slice(&body));
	put(ret_text, &pos, slice_of_string(after));
	return 0;
}

int key_file_encode(const struct key_file_head *head, const struct key_secrets *secrets,
		    const struct key_protection *protection, struct rng *rng,
		    struct secret *ret_text, struct err *err)
{
	const struct role_form *form = form_of(head->role);
	CLEANUP(buf_release) struct buf clear = {0};
	CLEANUP(secret_release) struct secret part = {0};
	CLEANUP(secret_release) struct secret bytes = {0};
	size_t pos = 0;

	assert(form != NULL && form->is_protected == (protection != NULL));
	assert(strlen(head->name) <= KEY_NAME_MAX);
	buf_init(&clear, 0);
	encode_head(head, form->is_protected, &clear);
	encode_part(form, secrets, &part);
	if (form->is_protected && seal_part(protection, rng, &clear, &part, err) < 0)
		return -1;
	secret_init(&bytes, clear.len + 4 + part.len);
	put(&bytes, &pos, buf_slice(&clear));
	put_bytes32(&bytes, &pos, secret_slice(&part));
	return armour(form, secret_slice(&bytes), ret_text, err);
}

static int not_a_key_file(struct err *err)
{
	return err_set(err, ERR_KEY, "it is not a Quipu key file");
}

static bool starts_with(struct slice text, const char *string)
{
	size_t len = strlen(string);

	return text.len >= len && memcmp(text.data, string, len) == 0;
}

static struct slice after(struct slice text, size_t n)
{
	return slice_of(text.data + n, text.len - n);
}

/* Where a line that starts with `mark` begins; text.len when there is none. */
static size_t find_line(struct slice text, const char *mark)
{
	size_t at = 0;

	while (at < text.len && !starts_with(after(text, at), mark)) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);

		if (end == NULL)
			return text.len;
		at = (size_t)(end - text.data) + 1;
	}
	return at;
}

/* Takes remarks and armour off. */
static int dearmour(struct slice text, const struct role_form **ret_form,
		    struct slice *ret_base64, struct err *err)
{
	struct slice rest = after(text, find_line(text, begin_mark));

	for (size_t i = 0; i < ARRAY_SIZE(role_forms); i++) {
		char begin[64];
		char end[64];

		snprintf(begin, sizeof(begin), "%s%s KEY-----\n", begin_mark,
			 role_forms[i].armour);
		snprintf(end, sizeof(end), "%s%s KEY-----", end_mark,
			 role_forms[i].armour);
		if (!starts_with(rest, begin))
			continue;
		struct slice body = after(rest, strlen(begin));
		size_t len = find_line(body, end);
		struct slice tail = after(body, len);
		if (!starts_with(tail, end) || tail.len > strlen(end) + 1 ||
		    (tail.len > strlen(end) && tail.data[strlen(end)] != '\n'))
			return err_set(err, ERR_KEY, "the key file is cut off");
		*ret_form = &role_forms[i];
		*ret_base64 = slice_of(body.data, len);
		return 0;
	}
	return not_a_key_file(err);
}

static void read_scrypt(struct cursor *c, struct key_file *file)
{
	file->scrypt.log2_n = cursor_u8(c);
	file->scrypt.r = cursor_u8(c);
	file->scrypt.p = cursor_u8(c);
	cursor_copy(c, file->salt, KEY_SALT_LEN);
	if (file->scrypt.log2_n < 10 || file->scrypt.log2_n > 20 || file->scrypt.r < 1 ||
	    file->scrypt.r > 32 || file->scrypt.p < 1 || file->scrypt.p > 16)
		cursor_fail(c, "scrypt parameters out of range");
}

static void read_name(struct cursor *c, struct key_file *file)
{
	struct slice name = cursor_bytes16(c, KEY_NAME_MAX);

	if (name.len > 0 && memchr(name.data, '\0', name.len) != NULL)
		cursor_fail(c, "a name with a NUL");
	file->name = mem_strndup(name.len > 0 ? (const char *)name.data : "", name.len);
}

static int decode_bytes(struct key_file *file, const struct role_form *form,
			struct err *err)
{
	struct cursor c;
	struct err why = {0};

	cursor_init(&c, secret_slice(&file->bytes));
	cursor_expect(&c, key_magic, sizeof(key_magic), "key magic");
	uint16_t version = cursor_u16(&c);
	if (!c.bad && version != KEY_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "the key file's version %u is made by a newer Quipu",
			       version);
	file->role = (enum key_role)cursor_u8(&c);
	uint8_t protection = cursor_u8(&c);
	cursor_copy(&c, file->identity.id, REPO_ID_LEN);
	cursor_copy(&c, file->identity.owner.bytes, SIGN_PUBLIC_LEN);
	read_name(&c, file);
	file->is_protected = protection == 1;
	if (file->is_protected)
		read_scrypt(&c, file);
	file->aad_len = c.pos;
	file->part = cursor_bytes32(&c, SECRET_MAX);
	if (protection > 1 || file->role != form->role ||
	    file->is_protected != form->is_protected)
		cursor_fail(&c, "role and protection do not fit");
	if (cursor_end(&c, "key file", &why) < 0)
		return err_set(err, ERR_KEY, "the key file is damaged");
	return 0;
}

int key_file_decode(struct slice text, struct key_file *ret_file, struct err *err)
{
	const struct role_form *form = NULL;
	struct key_file file = {0};
	struct slice base64;
	struct err why = {0};

	if (text.len == 0 || text.len > KEY_FILE_MAX)
		return not_a_key_file(err);
	if (dearmour(text, &form, &base64, err) < 0)
		return -1;
	if (base64_decode_secret(base64, KEY_LINE_LEN, &file.bytes, &why) < 0)
		return err_set(err, ERR_KEY, "the key file is damaged");
	if (decode_bytes(&file, form, err) < 0) {
		key_file_release(&file);
		return -1;
	}
	*ret_file = file;
	return 0;
}

void key_file_release(struct key_file *file)
{
	secret_release(&file->bytes);
	mem_free(file->name);
	*file = (struct key_file){0};
}

static int unseal(const struct key_file *file, const struct secret *passphrase,
		  struct secret *ret_part, struct err *err)
{
	CLEANUP(aead_freep) struct aead *aead = NULL;
	struct slice aad = slice_of(file->bytes.data, file->aad_len);
	struct key_protection protection = {.passphrase = passphrase,
					    .scrypt = file->scrypt};

	if (file->part.len < AEAD_TAG_LEN)
		return err_set(err, ERR_KEY, "the key file is damaged");
	if (passphrase_key(&protection, slice_of(file->salt, KEY_SALT_LEN), &aead, err) <
	    0)
		return -1;
	secret_init(ret_part, file->part.len - AEAD_TAG_LEN);
	if (!aead_open(aead, key_nonce, aad, file->part, ret_part->data))
		return err_set(err, ERR_KEY,
			       "wrong passphrase for the %s key (or its file is damaged)",
			       key_role_name(file->role));
	return 0;
}

int key_file_secrets(const struct key_file *file, const struct secret *passphrase,
		     struct key_secrets *ret_secrets, struct err *err)
{
	const struct role_form *form = form_of(file->role);
	CLEANUP(secret_release) struct secret part = {0};
	struct key_secrets secrets = {0};
	struct slice plain = file->part;

	assert(form != NULL);
	if (file->is_protected && passphrase == NULL) {
		err_set(err, ERR_KEY, "the %s key needs its passphrase",
			key_role_name(file->role));
		return err_hint(
			err, "give it with --passphrase-file or QUIPU_PASSPHRASE_FILE");
	}
	if (file->is_protected) {
		if (unseal(file, passphrase, &part, err) < 0)
			return -1;
		plain = secret_slice(&part);
	}
	if (decode_part(form, plain, &secrets, err) < 0)
		return -1;
	*ret_secrets = secrets;
	return 0;
}
