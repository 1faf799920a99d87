/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries and content references. Nodes are in tree_format_node.c.
 *
 *   entry   = type u8  present u32  lp16 name  mode u32  uid u32  gid u32  mtime i64  size u64
 *             fields of the bits in `present`, lowest bit first
 *   content = of a directory: level u8  id[32]  raw u32
 *             of a file: u8 0  n u32  (id[32]  raw u32) * n, or level + 1 u8  id[32]  raw u32
 *
 * One entry has one encoding, so that equal directories give equal nodes: fields that a type
 * does not have are refused, attributes are sorted and unique, runs of data ascend, and what
 * would say nothing (no attributes, one link) is absent.
 */
#include "repo/tree_format.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "base/path.h"

enum present {
	HAS_USER = 1 << 0,
	HAS_GROUP = 1 << 1,
	HAS_TARGET = 1 << 2,
	HAS_DEVICE = 1 << 3,
	HAS_LINKS = 1 << 4,
	HAS_EXTENTS = 1 << 5,
	HAS_XATTRS = 1 << 6,
	HAS_FACTS = 1 << 7,
	HAS_CONTENT = 1 << 8,
	HAS_ALL = (1 << 9) - 1,
};

enum {
	MODE_ALL = 07777,
	OWNER_NAME_MAX = 1024,
	XATTR_NAME_MAX = 255,
	FACT_KEY_MAX = 255,
	REF_LEN = BLOB_ID_LEN + 4,
	EXTENT_LEN = 16,
	PRESENT_OFFSET = 1,
	NAME_OFFSET = 5,
};

void content_ref_init(struct content_ref *content)
{
	*content = (struct content_ref){.kind = CONTENT_NONE};
	vec_init(&content->chunks, sizeof(struct blob_ref));
}

void content_ref_release(struct content_ref *content)
{
	vec_release(&content->chunks);
	content->kind = CONTENT_NONE;
}

void content_ref_copy(struct content_ref *to, const struct content_ref *from)
{
	*to = *from;
	vec_init(&to->chunks, sizeof(struct blob_ref));
	for (size_t i = 0; i < from->chunks.n; i++)
		vec_push(&to->chunks, vec_at(&from->chunks, i));
}

/* --- encoding --- */

static uint32_t present_of(const struct entry *entry)
{
	uint32_t present = 0;

	present |= entry->user != NULL ? HAS_USER : 0;
	present |= entry->group != NULL ? HAS_GROUP : 0;
	present |= entry->type == ENTRY_SYMLINK ? HAS_TARGET : 0;
	if (entry->type == ENTRY_CHAR_DEVICE || entry->type == ENTRY_BLOCK_DEVICE)
		present |= HAS_DEVICE;
	if (entry->type == ENTRY_FILE) {
		present |= entry->n_links > 1 ? HAS_LINKS : 0;
		present |= entry->is_sparse ? HAS_EXTENTS : 0;
	}
	present |= entry->xattrs.n > 0 ? HAS_XATTRS : 0;
	present |= entry->facts.n > 0 ? HAS_FACTS : 0;
	return present;
}

/* What the entry's source decides and the format limits. */
static int check_string(const char *what, const char *string, size_t max, struct err *err)
{
	size_t len = string != NULL ? strlen(string) : 0;

	if (len > max)
		return err_set(err, ERR_LIMIT, "%s has %zu bytes, at most %zu are stored",
			       what, len, max);
	return 0;
}

static int check_count(const char *what, size_t n, size_t max, struct err *err)
{
	if (n > max)
		return err_set(err, ERR_LIMIT, "%zu %s, at most %zu are stored", n, what,
			       max);
	return 0;
}

static int check_strings(const struct entry *entry, struct err *err)
{
	if (check_string("name", entry->name, ENTRY_NAME_MAX, err) < 0 ||
	    check_string("user name", entry->user, OWNER_NAME_MAX, err) < 0 ||
	    check_string("group name", entry->group, OWNER_NAME_MAX, err) < 0 ||
	    check_string("link target", entry->target, ENTRY_TARGET_MAX, err) < 0)
		return -1;
	for (size_t i = 0; i < entry->xattrs.n; i++) {
		const struct xattr *xattr = vec_at(&entry->xattrs, i);

		if (check_string("name of an extended attribute", xattr->name,
				 XATTR_NAME_MAX, err) < 0 ||
		    check_count("bytes in an extended attribute", xattr->value_len,
				ENTRY_XATTR_VALUE_MAX, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < entry->facts.n; i++) {
		const struct fact *fact = vec_at(&entry->facts, i);

		if (check_string("key of a fact", fact->key, FACT_KEY_MAX, err) < 0 ||
		    check_string("fact", fact->value, ENTRY_MAX, err) < 0)
			return -1;
	}
	return 0;
}

static size_t head_len_max(const struct entry *entry)
{
	size_t len = 256 + ENTRY_NAME_MAX + ENTRY_TARGET_MAX + 2 * OWNER_NAME_MAX;

	len += entry->extents.n * EXTENT_LEN;
	for (size_t i = 0; i < entry->xattrs.n; i++) {
		const struct xattr *xattr = vec_at(&entry->xattrs, i);

		len += 6 + strlen(xattr->name) + xattr->value_len;
	}
	for (size_t i = 0; i < entry->facts.n; i++) {
		const struct fact *fact = vec_at(&entry->facts, i);

		len += 6 + strlen(fact->key) + strlen(fact->value);
	}
	return len;
}

/* The room for the longest content is part of the limit, since it comes later. */
static int check_limits(const struct entry *entry, struct err *err)
{
	if (check_strings(entry, err) < 0 ||
	    check_count("runs of data", entry->extents.n, ENTRY_EXTENTS_MAX, err) < 0 ||
	    check_count("extended attributes", entry->xattrs.n, ENTRY_XATTRS_MAX, err) <
		    0 ||
	    check_count("facts", entry->facts.n, ENTRY_FACTS_MAX, err) < 0)
		return -1;
	if (head_len_max(entry) + 16 + CONTENT_INLINE_MAX * REF_LEN > ENTRY_MAX)
		return err_set(err, ERR_LIMIT,
			       "metadata takes more than the %d bytes of an entry",
			       ENTRY_MAX);
	return 0;
}

static void assert_is_entry(const struct entry *entry)
{
	bool is_root = entry->name[0] == '\0';

	assert(entry->mode <= MODE_ALL);
	assert(is_root ? entry->type == ENTRY_DIRECTORY
		       : path_component_valid(slice_of_string(entry->name)) ||
				 strlen(entry->name) > ENTRY_NAME_MAX);
	assert(entry->type != ENTRY_SYMLINK ||
	       (entry->target != NULL && entry->target[0] != '\0'));
}

static void put_extents(const struct vec *extents, struct buf *out)
{
	buf_put_u32(out, (uint32_t)extents->n);
	for (size_t i = 0; i < extents->n; i++) {
		const struct extent *extent = vec_at(extents, i);

		buf_put_u64(out, extent->offset);
		buf_put_u64(out, extent->len);
	}
}

static void put_xattrs(const struct vec *xattrs, struct buf *out)
{
	buf_put_u16(out, (uint16_t)xattrs->n);
	for (size_t i = 0; i < xattrs->n; i++) {
		const struct xattr *xattr = vec_at(xattrs, i);

		buf_put_bytes16(out, slice_of_string(xattr->name));
		buf_put_bytes32(out, slice_of(xattr->value, xattr->value_len));
	}
}

static void put_facts(const struct vec *facts, struct buf *out)
{
	buf_put_u16(out, (uint16_t)facts->n);
	for (size_t i = 0; i < facts->n; i++) {
		const struct fact *fact = vec_at(facts, i);

		buf_put_bytes16(out, slice_of_string(fact->key));
		buf_put_bytes32(out, slice_of_string(fact->value));
	}
}

static void put_fields(const struct entry *entry, uint32_t present, struct buf *out)
{
	if (present & HAS_USER)
		buf_put_bytes16(out, slice_of_string(entry->user));
	if (present & HAS_GROUP)
		buf_put_bytes16(out, slice_of_string(entry->group));
	if (present & HAS_TARGET)
		buf_put_bytes16(out, slice_of_string(entry->target));
	if (present & HAS_DEVICE) {
		buf_put_u32(out, entry->rdev_major);
		buf_put_u32(out, entry->rdev_minor);
	}
	if (present & HAS_LINKS) {
		buf_put_u32(out, entry->n_links);
		buf_put_u64(out, entry->link_device);
		buf_put_u64(out, entry->link_inode);
	}
	if (present & HAS_EXTENTS)
		put_extents(&entry->extents, out);
	if (present & HAS_XATTRS)
		put_xattrs(&entry->xattrs, out);
	if (present & HAS_FACTS)
		put_facts(&entry->facts, out);
}

int tree_entry_encode_head(const struct entry *entry, struct buf *out, struct err *err)
{
	uint32_t present = present_of(entry);

	assert_is_entry(entry);
	if (check_limits(entry, err) < 0)
		return -1;
	buf_put_u8(out, (uint8_t)entry->type);
	buf_put_u32(out, present);
	buf_put_bytes16(out, slice_of_string(entry->name));
	buf_put_u32(out, entry->mode);
	buf_put_u32(out, entry->uid);
	buf_put_u32(out, entry->gid);
	buf_put_i64(out, entry->mtime_nsec);
	buf_put_u64(out, entry->type == ENTRY_FILE ? entry->size : 0);
	put_fields(entry, present, out);
	return 0;
}

static void put_ref(const struct blob_ref *ref, struct buf *out)
{
	buf_append(out, ref->id.bytes, BLOB_ID_LEN);
	buf_put_u32(out, ref->raw_len);
}

void tree_content_encode(enum entry_type type, const struct content_ref *content,
			 struct buf *out)
{
	if (content->kind == CONTENT_NODE) {
		unsigned shown = content->level + (type == ENTRY_FILE ? 1 : 0);

		assert(content->level < LEVEL_MAX);
		buf_put_u8(out, (uint8_t)shown);
		put_ref(&content->top, out);
		return;
	}
	assert(content->kind == CONTENT_CHUNKS && type == ENTRY_FILE);
	assert(content->chunks.n >= 1 && content->chunks.n <= CONTENT_INLINE_MAX);
	buf_put_u8(out, 0);
	buf_put_u32(out, (uint32_t)content->chunks.n);
	for (size_t i = 0; i < content->chunks.n; i++)
		put_ref(vec_at(&content->chunks, i), out);
}

void tree_entry_complete(struct buf *head, const struct content_ref *content)
{
	enum entry_type type = head->data[0];

	assert(type == ENTRY_FILE || type == ENTRY_DIRECTORY ||
	       content->kind == CONTENT_NONE);
	if (content->kind == CONTENT_NONE)
		return;
	head->data[PRESENT_OFFSET + 1] |= HAS_CONTENT >> 8;
	tree_content_encode(type, content, head);
}

struct slice tree_entry_name(struct slice encoded)
{
	struct cursor c;

	cursor_init(&c, encoded);
	(void)cursor_bytes(&c, NAME_OFFSET); /* it was encoded here */
	return cursor_bytes16(&c, ENTRY_NAME_MAX);
}

int tree_entry_encode(const struct entry *entry, const struct content_ref *content,
		      struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf whole = {0};

	buf_init(&whole, 0);
	if (tree_entry_encode_head(entry, &whole, err) < 0)
		return -1;
	tree_entry_complete(&whole, content);
	buf_append_slice(out, buf_slice(&whole));
	return 0;
}

/* --- decoding --- */

/* Text that becomes a C string: no NUL in it. */
static char *read_string(struct cursor *c, struct slice bytes, const char *what)
{
	if (bytes.len > 0 && memchr(bytes.data, 0, bytes.len) != NULL)
		cursor_fail(c, "%s holds a NUL", what);
	return mem_strndup(c->bad ? "" : (const char *)bytes.data,
			   c->bad ? 0 : bytes.len);
}

static char *read_string16(struct cursor *c, size_t max, const char *what)
{
	struct slice bytes = cursor_bytes16(c, max);

	return read_string(c, bytes, what);
}

static bool is_type(uint8_t byte)
{
	return byte != 0 && strchr("fdlpcb", byte) != NULL;
}

static uint32_t present_allowed(enum entry_type type)
{
	uint32_t allowed = HAS_USER | HAS_GROUP | HAS_XATTRS | HAS_FACTS;

	switch (type) {
	case ENTRY_FILE:
		return allowed | HAS_LINKS | HAS_EXTENTS | HAS_CONTENT;
	case ENTRY_DIRECTORY:
		return allowed | HAS_CONTENT;
	case ENTRY_SYMLINK:
		return allowed | HAS_TARGET;
	case ENTRY_CHAR_DEVICE:
	case ENTRY_BLOCK_DEVICE:
		return allowed | HAS_DEVICE;
	case ENTRY_FIFO:
		break;
	}
	return allowed;
}

static void check_present(struct cursor *c, enum entry_type type, uint32_t present)
{
	uint32_t allowed = present_allowed(type);
	uint32_t needed = allowed & (HAS_TARGET | HAS_DEVICE);

	if (c->bad)
		return;
	if ((present & ~allowed) != 0 || (present & needed) != needed)
		cursor_fail(c, "type '%c' with fields 0x%" PRIx32, (char)type, present);
}

static void read_name(struct cursor *c, struct entry *entry)
{
	struct slice name = cursor_bytes16(c, ENTRY_NAME_MAX);

	if (name.len == 0 ? entry->type != ENTRY_DIRECTORY : !path_component_valid(name))
		cursor_fail(c, "name is no file name");
	entry->name = read_string(c, name, "name");
}

static void read_links(struct cursor *c, struct entry *entry)
{
	entry->n_links = cursor_u32(c);
	entry->link_device = cursor_u64(c);
	entry->link_inode = cursor_u64(c);
	if (entry->n_links < 2)
		cursor_fail(c, "%" PRIu32 " hard links, expected 2 or more",
			    entry->n_links);
}

static void read_extents(struct cursor *c, struct entry *entry)
{
	uint32_t n = cursor_count(c, ENTRY_EXTENTS_MAX, EXTENT_LEN);
	uint64_t end = 0;

	entry->is_sparse = true;
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		uint64_t offset = cursor_u64(c);
		uint64_t len = cursor_u64(c);

		if (offset < end || offset > entry->size || len == 0 ||
		    len > entry->size - offset) {
			cursor_fail(c, "run %" PRIu32 " of data is out of place", i);
			return;
		}
		entry_add_extent(entry, offset, len);
		end = offset + len;
	}
}

static void read_xattrs(struct cursor *c, struct entry *entry)
{
	uint16_t n = cursor_u16(c);
	struct slice last = {0};

	if (n == 0 || n > ENTRY_XATTRS_MAX)
		cursor_fail(c, "%u extended attributes, expected 1 to %d", n,
			    ENTRY_XATTRS_MAX);
	for (uint16_t i = 0; i < n && !c->bad; i++) {
		struct slice name = cursor_bytes16(c, XATTR_NAME_MAX);
		struct slice value = cursor_bytes32(c, ENTRY_XATTR_VALUE_MAX);
		CLEANUP(mem_freep) char *text = read_string(c, name, "attribute's name");

		if (!c->bad && slice_compare(name, last) <= 0)
			cursor_fail(c, "extended attribute %u is out of order", i);
		if (!c->bad)
			entry_add_xattr(entry, text, value);
		last = name;
	}
}

static void read_facts(struct cursor *c, struct entry *entry)
{
	uint16_t n = cursor_u16(c);

	if (n == 0 || n > ENTRY_FACTS_MAX)
		cursor_fail(c, "%u facts, expected 1 to %d", n, ENTRY_FACTS_MAX);
	for (uint16_t i = 0; i < n && !c->bad; i++) {
		CLEANUP(mem_freep) char *key = NULL;
		CLEANUP(mem_freep) char *value = NULL;

		key = read_string16(c, FACT_KEY_MAX, "key of a fact");
		value = read_string(c, cursor_bytes32(c, ENTRY_MAX), "fact");
		if (!c->bad)
			entry_add_fact(entry, key, "%s", value);
	}
}

static void read_ref(struct cursor *c, struct blob_ref *ret_ref)
{
	cursor_copy(c, ret_ref->id.bytes, BLOB_ID_LEN);
	ret_ref->raw_len = cursor_u32(c);
	if (ret_ref->raw_len == 0 || ret_ref->raw_len > BLOB_RAW_MAX)
		cursor_fail(c, "blob of %" PRIu32 " bytes, expected 1 to %d",
			    ret_ref->raw_len, BLOB_RAW_MAX);
}

static void read_chunks(struct cursor *c, struct content_ref *content)
{
	uint32_t n = cursor_count(c, CONTENT_INLINE_MAX, REF_LEN);

	content->kind = CONTENT_CHUNKS;
	if (n == 0)
		cursor_fail(c, "content without chunks");
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		struct blob_ref chunk;

		read_ref(c, &chunk);
		vec_push(&content->chunks, &chunk);
	}
}

void tree_content_read(struct cursor *c, enum entry_type type,
		       struct content_ref *ret_content)
{
	unsigned level = cursor_u8(c);
	unsigned first = type == ENTRY_FILE ? 1 : 0; /* a list of level 0 is shown as 1 */

	content_ref_init(ret_content);
	if (c->bad)
		return;
	if (level < first) {
		read_chunks(c, ret_content);
	} else if (level - first >= LEVEL_MAX) {
		cursor_fail(c, "content of level %u, expected less than %u", level,
			    LEVEL_MAX + first);
	} else {
		ret_content->kind = CONTENT_NODE;
		ret_content->level = level - first;
		read_ref(c, &ret_content->top);
	}
	if (c->bad)
		content_ref_release(ret_content);
}

static void read_fields(struct cursor *c, uint32_t present, struct entry *entry)
{
	if (present & HAS_USER)
		entry->user = read_string16(c, OWNER_NAME_MAX, "user name");
	if (present & HAS_GROUP)
		entry->group = read_string16(c, OWNER_NAME_MAX, "group name");
	if (present & HAS_TARGET) {
		entry->target = read_string16(c, ENTRY_TARGET_MAX, "link target");
		if (entry->target[0] == '\0')
			cursor_fail(c, "link target is empty");
	}
	if (present & HAS_DEVICE) {
		entry->rdev_major = cursor_u32(c);
		entry->rdev_minor = cursor_u32(c);
	}
	if (present & HAS_LINKS)
		read_links(c, entry);
	if (present & HAS_EXTENTS)
		read_extents(c, entry);
	if (present & HAS_XATTRS)
		read_xattrs(c, entry);
	if (present & HAS_FACTS)
		read_facts(c, entry);
}

static void read_fixed(struct cursor *c, struct entry *entry)
{
	entry->mode = cursor_u32(c);
	entry->uid = cursor_u32(c);
	entry->gid = cursor_u32(c);
	entry->mtime_nsec = cursor_i64(c);
	entry->size = cursor_u64(c);
	if (entry->mode > MODE_ALL)
		cursor_fail(c, "mode 0%" PRIo32 ", expected permission bits",
			    entry->mode);
	if (entry->type != ENTRY_FILE && entry->size != 0)
		cursor_fail(c, "type '%c' with a size", (char)entry->type);
}

/* Content and size must tell the same; of list nodes only a reader of them can say. */
static void check_content_len(struct cursor *c, const struct entry *entry,
			      const struct content_ref *content)
{
	uint64_t expected = entry_content_len(entry);
	uint64_t sum = 0;

	if (c->bad || entry->type != ENTRY_FILE)
		return;
	for (size_t i = 0; i < content->chunks.n; i++)
		sum += ((const struct blob_ref *)vec_at(&content->chunks, i))->raw_len;
	if (content->kind != CONTENT_NODE ? sum != expected : expected == 0)
		cursor_fail(c, "content does not have the file's %" PRIu64 " bytes",
			    expected);
}

static int check_newer(const struct cursor *c, uint8_t type, uint32_t present,
		       struct err *err)
{
	if (c->bad)
		return 0;
	if (!is_type(type) || (present & ~(uint32_t)HAS_ALL) != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "entry of type 0x%02x with fields 0x%" PRIx32
			       ": made by a newer Quipu",
			       type, present);
	return 0;
}

int tree_entry_decode(struct slice bytes, struct entry *ret_entry,
		      struct content_ref *ret_content, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct cursor c;
	uint8_t type;
	uint32_t present;

	if (bytes.len > ENTRY_MAX)
		return err_set(err, ERR_CORRUPT,
			       "entry has %zu bytes, expected %d at most", bytes.len,
			       ENTRY_MAX);
	cursor_init(&c, bytes);
	type = cursor_u8(&c);
	present = cursor_u32(&c);
	if (check_newer(&c, type, present, err) < 0)
		return -1;
	entry_init(&entry, type, NULL);
	content_ref_init(&content);
	check_present(&c, entry.type, present);
	read_name(&c, &entry);
	read_fixed(&c, &entry);
	if (!c.bad)
		read_fields(&c, present, &entry);
	if (!c.bad && (present & HAS_CONTENT))
		tree_content_read(&c, entry.type, &content);
	check_content_len(&c, &entry, &content);
	if (cursor_end(&c, "entry", err) < 0)
		return -1;
	*ret_entry = entry;
	*ret_content = content;
	entry = (struct entry){0};
	content = (struct content_ref){0};
	return 0;
}
