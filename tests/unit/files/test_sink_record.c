/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "files/sink_record.h"

static void make_entry(struct entry *entry)
{
	entry_init(entry, ENTRY_FILE, "name");
	entry->mode = 04755;
	entry->uid = 1;
	entry->gid = 4000000000u;
	entry->mtime_nsec = -7;
	entry->size = 1ull << 40;
	entry->n_links = 3;
	entry->link_device = 2;
	entry->link_inode = 99;
	entry_add_extent(entry, 4096, 10);
	entry_add_xattr(entry, "user.a", slice_of("\0\1", 2));
	entry_add_xattr(entry, "user.b", slice_of("", 0));
}

static void test_sink_record_decode__gives_back_what_was_encoded(void **state)
{
	CLEANUP(buf_release) struct buf bytes;
	struct sink_record record;
	struct entry entry;
	struct err err = {0};

	(void)state;
	buf_init(&bytes, 0);
	make_entry(&entry);
	sink_record_encode("dir/name", &entry, 77, &bytes);
	entry_release(&entry);
	assert_int_equal(sink_record_decode(buf_slice(&bytes), &record, &err), 0);
	assert_string_equal(record.path, "dir/name");
	assert_int_equal(record.extra, 77);
	assert_int_equal(record.entry.mode, 04755);
	assert_int_equal(record.entry.gid, 4000000000u);
	assert_int_equal(record.entry.mtime_nsec, -7);
	assert_int_equal(record.entry.size, 1ull << 40);
	assert_int_equal(record.entry.link_inode, 99);
	assert_true(record.entry.is_sparse);
	assert_int_equal(record.entry.extents.n, 1);
	assert_int_equal(record.entry.xattrs.n, 2);
	assert_memory_equal(((struct xattr *)vec_at(&record.entry.xattrs, 0))->value,
			    "\0\1", 2);
	sink_record_release(&record);
}

static void test_sink_record_decode__keeps_links_and_devices(void **state)
{
	CLEANUP(buf_release) struct buf bytes;
	struct sink_record record;
	struct entry entry;
	struct err err = {0};

	(void)state;
	buf_init(&bytes, 0);
	entry_init(&entry, ENTRY_SYMLINK, "l");
	entry.target = mem_strdup("/to");
	entry.rdev_major = 8;
	entry.rdev_minor = 1;
	sink_record_encode("l", &entry, 0, &bytes);
	entry_release(&entry);
	assert_int_equal(sink_record_decode(buf_slice(&bytes), &record, &err), 0);
	assert_int_equal(record.entry.type, ENTRY_SYMLINK);
	assert_string_equal(record.entry.target, "/to");
	assert_int_equal(record.entry.rdev_major, 8);
	assert_int_equal(record.entry.rdev_minor, 1);
	assert_false(record.entry.is_sparse);
	sink_record_release(&record);
}

static void test_sink_record_decode__keeps_a_file_that_is_one_hole(void **state)
{
	CLEANUP(buf_release) struct buf bytes;
	struct sink_record record;
	struct entry entry;
	struct err err = {0};

	(void)state;
	buf_init(&bytes, 0);
	entry_init(&entry, ENTRY_FILE, "hole");
	entry.is_sparse = true;
	sink_record_encode("hole", &entry, 0, &bytes);
	entry_release(&entry);
	assert_int_equal(sink_record_decode(buf_slice(&bytes), &record, &err), 0);
	assert_true(record.entry.is_sparse);
	sink_record_release(&record);
}

static void test_sink_record_decode__refuses_every_truncation(void **state)
{
	CLEANUP(buf_release) struct buf bytes;
	struct sink_record record;
	struct entry entry;

	(void)state;
	buf_init(&bytes, 0);
	make_entry(&entry);
	sink_record_encode("dir/name", &entry, 77, &bytes);
	entry_release(&entry);
	for (size_t len = 0; len < bytes.len; len++) {
		struct err err = {0};

		assert_int_equal(
			sink_record_decode(slice_of(bytes.data, len), &record, &err), -1);
		assert_int_equal(err.code, ERR_CORRUPT);
		assert_non_null(strstr(err.msg, "scratch record: "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sink_record_decode__gives_back_what_was_encoded),
		cmocka_unit_test(test_sink_record_decode__keeps_links_and_devices),
		cmocka_unit_test(test_sink_record_decode__keeps_a_file_that_is_one_hole),
		cmocka_unit_test(test_sink_record_decode__refuses_every_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
