/* SPDX-License-Identifier: Apache-2.0 */
#include "files/sink_record.h"

#include "base/cursor.h"
#include "base/mem.h"

enum { PATH_BYTES_MAX = 64 * 1024 * 1024, EXTENT_BYTES = 16, XATTR_BYTES_MIN = 6 };

/*
 * lp32 path   extra u64   type u8   lp16 name   mode u32   uid u32   gid u32   mtime i64
 * size u64   lp16 target   device major u32, minor u32   n_links u32   link device u64,
 * inode u64   sparse u8   n u32, (offset u64, length u64) * n
 * n u32, (lp16 name, lp32 value) * n
 */
void sink_record_encode(const char *path, const struct entry *entry, uint64_t extra,
			struct buf *out)
{
	buf_put_bytes32(out, slice_of_string(path));
	buf_put_u64(out, extra);
	buf_put_u8(out, (uint8_t)entry->type);
	buf_put_bytes16(out, slice_of_string(entry->name));
	buf_put_u32(out, entry->mode);
	buf_put_u32(out, entry->uid);
	buf_put_u32(out, entry->gid);
	buf_put_i64(out, entry->mtime_nsec);
	buf_put_u64(out, entry->size);
	buf_put_bytes16(out, slice_of_string(entry->target != NULL ? entry->target : ""));
	buf_put_u32(out, entry->rdev_major);
	buf_put_u32(out, entry->rdev_minor);
	buf_put_u32(out, entry->n_links);
	buf_put_u64(out, entry->link_device);
	buf_put_u64(out, entry->link_inode);
	buf_put_u8(out, entry->is_sparse);
	buf_put_u32(out, (uint32_t)entry->extents.n);
	for (size_t i = 0; i < entry->extents.n; i++) {
		const struct extent *extent = vec_at(&entry->extents, i);

		buf_put_u64(out, extent->offset);
		buf_put_u64(out, extent->len);
	}
	buf_put_u32(out, (uint32_t)entry->xattrs.n);
	for (size_t i = 0; i < entry->xattrs.n; i++) {
		const struct xattr *xattr = vec_at(&entry->xattrs, i);

		buf_put_bytes16(out, slice_of_string(xattr->name));
		buf_put_bytes32(out, slice_of(xattr->value, xattr->value_len));
	}
}

static char *copy_text(struct slice bytes)
{
	return mem_strndup((const char *)bytes.data, bytes.len);
}

static void decode_extents(struct cursor *c, struct entry *entry)
{
	bool is_sparse = cursor_u8(c) != 0;
	uint32_t n = cursor_count(c, ENTRY_EXTENTS_MAX, EXTENT_BYTES);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t offset = cursor_u64(c);

		entry_add_extent(entry, offset, cursor_u64(c));
	}
	entry->is_sparse = is_sparse;
}

static void decode_xattrs(struct cursor *c, struct entry *entry)
{
	uint32_t n = cursor_count(c, ENTRY_XATTRS_MAX, XATTR_BYTES_MIN);

	for (uint32_t i = 0; i < n; i++) {
		CLEANUP(mem_freep) char *name = copy_text(cursor_bytes16(c, UINT16_MAX));

		entry_add_xattr(entry, name, cursor_bytes32(c, ENTRY_XATTR_VALUE_MAX));
	}
}

int sink_record_decode(struct slice bytes, struct sink_record *ret_record,
		       struct err *err)
{
	struct sink_record record;
	struct entry *entry = &record.entry;
	CLEANUP(mem_freep) char *name = NULL;
	enum entry_type type;
	struct slice target;
	struct cursor c;

	cursor_init(&c, bytes);
	record.path = copy_text(cursor_bytes32(&c, PATH_BYTES_MAX));
	record.extra = cursor_u64(&c);
	type = (enum entry_type)cursor_u8(&c);
	name = copy_text(cursor_bytes16(&c, UINT16_MAX));
	entry_init(entry, type, name);
	entry->mode = cursor_u32(&c);
	entry->uid = cursor_u32(&c);
	entry->gid = cursor_u32(&c);
	entry->mtime_nsec = cursor_i64(&c);
	entry->size = cursor_u64(&c);
	target = cursor_bytes16(&c, UINT16_MAX);
	entry->target = target.len > 0 ? copy_text(target) : NULL;
	entry->rdev_major = cursor_u32(&c);
	entry->rdev_minor = cursor_u32(&c);
	entry->n_links = cursor_u32(&c);
	entry->link_device = cursor_u64(&c);
	entry->link_inode = cursor_u64(&c);
	decode_extents(&c, entry);
	decode_xattrs(&c, entry);
	if (cursor_end(&c, "scratch record", err) < 0) {
		sink_record_release(&record);
		return -1;
	}
	*ret_record = record;
	return 0;
}

void sink_record_release(struct sink_record *record)
{
	mem_free(record->path);
	entry_release(&record->entry);
	record->path = NULL;
}
