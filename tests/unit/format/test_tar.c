/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "base/mem.h"
#include "format/tar.h"

enum { MIB = 1024 * 1024, BLOCK = 512 };

struct fixture {
	struct buf bytes;
	struct tar_writer *tar;
	size_t fail_after; /* bytes; 0 = never */
	struct archive *reader;
	locale_t locale, before;
};

static int take(void *state, struct slice bytes, struct err *err)
{
	struct fixture *f = state;

	if (f->fail_after != 0 && f->bytes.len + bytes.len > f->fail_after)
		return err_set(err, ERR_NO_SPACE, "stdout: no space");
	buf_append_slice(&f->bytes, bytes);
	return 0;
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	buf_init(&f->bytes, 0);
	f->tar = tar_new(take, f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	tar_abandon(f->tar);
	if (f->reader != NULL) {
		archive_read_free(f->reader);
		uselocale(f->before);
		freelocale(f->locale);
	}
	buf_release(&f->bytes);
	mem_free(f);
	return 0;
}

static void add(struct fixture *f, const struct tar_entry *entry, struct slice content)
{
	struct err err = {0};

	if (tar_begin(f->tar, entry, &err) < 0)
		print_error("%s\n", err.msg);
	assert_int_equal(err.code, ERR_NONE);
	if (entry->type != TAR_FILE || entry->hard_link_to != NULL)
		return;
	assert_int_equal(tar_write(f->tar, content, &err), 0);
	assert_int_equal(tar_end(f->tar, &err), 0);
}

/* Ends the archive and opens it for reading; the first header is the result. */
static struct archive_entry *close_and_read(struct fixture *f)
{
	struct tar_writer *tar = f->tar;
	struct archive_entry *entry;
	struct err err = {0};

	f->tar = NULL;
	assert_int_equal(tar_close(tar, &err), 0);
	f->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	f->before = uselocale(f->locale);
	f->reader = archive_read_new();
	assert_int_equal(archive_read_support_format_tar(f->reader), ARCHIVE_OK);
	assert_int_equal(archive_read_open_memory(f->reader, f->bytes.data, f->bytes.len),
			 ARCHIVE_OK);
	assert_int_equal(archive_read_next_header(f->reader, &entry), ARCHIVE_OK);
	return entry;
}

static struct archive_entry *next(struct fixture *f)
{
	struct archive_entry *entry;

	assert_int_equal(archive_read_next_header(f->reader, &entry), ARCHIVE_OK);
	return entry;
}

static bool holds(const struct fixture *f, const char *text)
{
	return memmem(f->bytes.data, f->bytes.len, text, strlen(text)) != NULL;
}

static void test_tar_begin__plain_header_is_ustar(void **state)
{
	struct fixture *f = *state;

	add(f,
	    &(struct tar_entry){.path = "a/b",
				.type = TAR_FILE,
				.mode = 0640,
				.uid = 1000,
				.gid = 100,
				.user = "bob",
				.group = "users",
				.mtime_nsec = 1700000000000000000,
				.size = 5},
	    slice_of("hello", 5));
	close_and_read(f);

	const char *header = (const char *)f->bytes.data;

	assert_string_equal(header, "a/b");
	assert_memory_equal(header + 100, "000640 ", 7);
	assert_memory_equal(header + 108, "001750 ", 7);
	assert_memory_equal(header + 116, "000144 ", 7);
	assert_memory_equal(header + 124, "00000000005 ", 12);
	assert_memory_equal(header + 136, "14524770400 ", 12);
	assert_int_equal(header[156], '0');
	assert_memory_equal(header + 257, "ustar\00000", 8);
	assert_string_equal(header + 265, "bob");
	assert_string_equal(header + 297, "users");
	assert_memory_equal(header + BLOCK, "hello\0\0\0", 8);
}

static void test_tar_close__pads_to_a_record(void **state)
{
	struct fixture *f = *state;

	add(f, &(struct tar_entry){.path = "a", .type = TAR_FILE, .size = 1},
	    slice_of("x", 1));
	close_and_read(f);
	assert_int_equal(f->bytes.len, 10240);
	for (size_t i = 2 * BLOCK; i < f->bytes.len; i++)
		assert_int_equal(f->bytes.data[i], 0);
}

static void test_tar_close__empty_archive_ends(void **state)
{
	struct fixture *f = *state;
	struct tar_writer *tar = f->tar;
	struct err err = {0};

	f->tar = NULL;
	assert_int_equal(tar_close(tar, &err), 0);
	assert_int_equal(f->bytes.len, 10240);
}

static void test_tar_begin__every_kind(void **state)
{
	struct fixture *f = *state;
	struct slice none = slice_of(NULL, 0);

	add(f, &(struct tar_entry){.path = "d", .type = TAR_DIRECTORY, .mode = 01755},
	    none);
	add(f, &(struct tar_entry){.path = "l", .type = TAR_SYMLINK, .target = "d/x"},
	    none);
	add(f, &(struct tar_entry){.path = "p", .type = TAR_FIFO, .mode = 0600}, none);
	add(f,
	    &(struct tar_entry){.path = "c",
				.type = TAR_CHAR_DEVICE,
				.rdev_major = 1,
				.rdev_minor = 3},
	    none);
	add(f,
	    &(struct tar_entry){.path = "b",
				.type = TAR_BLOCK_DEVICE,
				.rdev_major = 259,
				.rdev_minor = 300000},
	    none);
	add(f,
	    &(struct tar_entry){
		    .path = "h", .type = TAR_FILE, .size = 9, .hard_link_to = "f"},
	    none);

	struct archive_entry *entry = close_and_read(f);

	assert_string_equal(archive_entry_pathname(entry), "d/");
	assert_int_equal(archive_entry_mode(entry), AE_IFDIR | 01755);
	entry = next(f);
	assert_int_equal(archive_entry_filetype(entry), AE_IFLNK);
	assert_string_equal(archive_entry_symlink(entry), "d/x");
	entry = next(f);
	assert_int_equal(archive_entry_filetype(entry), AE_IFIFO);
	entry = next(f);
	assert_int_equal(archive_entry_filetype(entry), AE_IFCHR);
	assert_int_equal(archive_entry_rdevmajor(entry), 1);
	assert_int_equal(archive_entry_rdevminor(entry), 3);
	entry = next(f);
	assert_int_equal(archive_entry_filetype(entry), AE_IFBLK);
	assert_int_equal(archive_entry_rdevmajor(entry), 259);
	assert_int_equal(archive_entry_rdevminor(entry), 300000);
	entry = next(f);
	assert_string_equal(archive_entry_hardlink(entry), "f");
	assert_int_equal(archive_entry_size(entry), 0);
}

static void check_name(struct fixture *f, const char *name)
{
	add(f, &(struct tar_entry){.path = name, .type = TAR_SYMLINK, .target = name},
	    slice_of(NULL, 0));

	struct archive_entry *entry = close_and_read(f);

	assert_string_equal(archive_entry_pathname(entry), name);
	assert_string_equal(archive_entry_symlink(entry), name);
}

static void test_tar_begin__keeps_utf8_names(void **state)
{
	struct fixture *f = *state;

	/* Composed and decomposed: neither may become the other. libarchive's reader does
	 * that, so the bytes are looked at. */
	add(f,
	    &(struct tar_entry){.path = "\xc3\xa9-e\xcc\x81",
				.type = TAR_SYMLINK,
				.target = "e\xcc\x81"},
	    slice_of(NULL, 0));
	close_and_read(f);
	assert_true(holds(f, " path=\xc3\xa9-e\xcc\x81\n"));
	assert_true(holds(f, " linkpath=e\xcc\x81\n"));
	assert_false(holds(f, "hdrcharset"));
}

static void test_tar_begin__keeps_names_in_any_bytes(void **state)
{
	struct fixture *f = *state;

	check_name(f, "a\xff\xc3 \n\\\xe9");
	assert_true(holds(f, "hdrcharset=BINARY"));
}

static void test_tar_begin__binary_names_do_not_stick(void **state)
{
	struct fixture *f = *state;

	add(f, &(struct tar_entry){.path = "\xff", .type = TAR_FILE}, slice_of(NULL, 0));

	size_t before = f->bytes.len;

	add(f, &(struct tar_entry){.path = "\xc3\xa9", .type = TAR_FILE},
	    slice_of(NULL, 0));
	close_and_read(f);
	assert_true(holds(f, "hdrcharset"));

	const uint8_t *first = memmem(f->bytes.data, f->bytes.len, "hdrcharset", 10);

	assert_null(memmem(first + 1, f->bytes.len - (size_t)(first + 1 - f->bytes.data),
			   "hdrcharset", 10));
	assert_true(before <= f->bytes.len);
}

static void test_tar_begin__keeps_long_names(void **state)
{
	char name[4001];

	memset(name, 'n', 4000);
	name[4000] = '\0';
	for (size_t i = 200; i < 4000; i += 200)
		name[i] = '/';
	check_name(*state, name);
}

static void check_mtime(struct fixture *f, int64_t nsec, const char *record)
{
	add(f, &(struct tar_entry){.path = "f", .type = TAR_FILE, .mtime_nsec = nsec},
	    slice_of(NULL, 0));
	close_and_read(f);
	assert_true(holds(f, record));
}

static void test_tar_begin__keeps_nanoseconds(void **state)
{
	check_mtime(*state, 1700000000123456789, " mtime=1700000000.123456789\n");
}

static void test_tar_begin__keeps_times_before_1970(void **state)
{
	check_mtime(*state, -1500000000, " mtime=-1.5\n");
}

/* Behind an entry whose last block is not full, and with attributes that only look so. */
static void test_tar_begin__keeps_the_last_second_before_1970(void **state)
{
	const char decoy[] = "mtime=-1.5\n19 mtime=-1.5\n";
	struct tar_xattr xattr = {"user.x", slice_of_string(decoy)};
	struct fixture *f = *state;

	add(f, &(struct tar_entry){.path = "odd", .type = TAR_FILE, .size = 3},
	    slice_of_string("odd"));
	add(f,
	    &(struct tar_entry){.path = "a",
				.type = TAR_FILE,
				.mtime_nsec = -500000000,
				.xattrs = &xattr,
				.n_xattrs = 1},
	    slice_of(NULL, 0));
	check_mtime(f, -1, "22 mtime=-0.000000001\n");
	assert_true(holds(f, "14 mtime=-0.5\n"));
	assert_true(holds(f, decoy));
	assert_string_equal(archive_entry_pathname(next(f)), "a");
	assert_string_equal(archive_entry_pathname(next(f)), "f");
	assert_int_equal(f->bytes.len % 10240, 0);
}

static void test_tar_begin__keeps_the_second_before_1970(void **state)
{
	check_mtime(*state, -1000000000, " mtime=-1\n");
}

static void test_tar_begin__keeps_large_ids(void **state)
{
	struct fixture *f = *state;

	add(f,
	    &(struct tar_entry){.path = "f",
				.type = TAR_FILE,
				.uid = 4294967294,
				.gid = 4000000000,
				.user = "us\xe9r"},
	    slice_of(NULL, 0));

	struct archive_entry *entry = close_and_read(f);

	assert_int_equal(archive_entry_uid(entry), 4294967294);
	assert_int_equal(archive_entry_gid(entry), 4000000000);
	assert_string_equal(archive_entry_uname(entry), "us\xe9r");
}

static void test_tar_begin__keeps_attributes(void **state)
{
	static const struct tar_xattr xattrs[] = {
		{"user.one", {(const uint8_t *)"a\0b\n=", 5}},
		{"system.posix_acl_access", {(const uint8_t *)"\2\0\0\0\1", 5}},
		{"user.empty", {(const uint8_t *)"", 0}},
	};
	struct fixture *f = *state;

	add(f,
	    &(struct tar_entry){
		    .path = "f", .type = TAR_FILE, .xattrs = xattrs, .n_xattrs = 3},
	    slice_of(NULL, 0));

	struct archive_entry *entry = close_and_read(f);

	assert_int_equal(archive_entry_xattr_reset(entry), 3);
	for (size_t found = 0; found < 3; found++) {
		const char *name;
		const void *value;
		size_t len, i = 0;

		assert_int_equal(archive_entry_xattr_next(entry, &name, &value, &len),
				 ARCHIVE_OK);
		while (i < 3 && strcmp(name, xattrs[i].name) != 0)
			i++;
		assert_true(i < 3);
		assert_true(slice_equal(slice_of(value, len), xattrs[i].value));
	}
	assert_false(holds(f, "LIBARCHIVE.xattr"));
}

/* user::rw-, user:4294967294:rwx, group::r--, group:7:-w-, mask::rwx, other::--- */
static const char acl[] = "\2\0\0\0"
			  "\1\0\6\0\xff\xff\xff\xff"
			  "\2\0\7\0\xfe\xff\xff\xff"
			  "\4\0\4\0\xff\xff\xff\xff"
			  "\10\0\2\0\7\0\0\0"
			  "\20\0\7\0\xff\xff\xff\xff"
			  "\40\0\0\0\xff\xff\xff\xff";
enum { ACL_LEN = sizeof(acl) - 1 };

static void add_with_attribute(struct fixture *f, const char *name, const void *value,
			       size_t len)
{
	const struct tar_xattr xattr = {name, slice_of(value, len)};

	add(f,
	    &(struct tar_entry){.path = "d",
				.type = TAR_DIRECTORY,
				.mode = 0670,
				.xattrs = &xattr,
				.n_xattrs = 1},
	    slice_of(NULL, 0));
}

static void test_tar_begin__writes_acls_as_text(void **state)
{
	struct fixture *f = *state;

	add_with_attribute(f, "system.posix_acl_access", acl, ACL_LEN);
	add_with_attribute(f, "system.posix_acl_default", acl, ACL_LEN);
	assert_int_equal(archive_entry_perm(close_and_read(f)), 0640);
	assert_int_equal(archive_entry_perm(next(f)), 0670);
	assert_true(holds(f, "SCHILY.acl.access=user::rw-,group::r--,other::---,"
			     "user:4294967294:rwx,group:7:-w-,mask::rwx\n"));
	assert_true(holds(f, "SCHILY.acl.default=user::rw-,user:4294967294:rwx,"
			     "group::r--,group:7:-w-,mask::rwx,other::---\n"));
	assert_true(holds(f, "SCHILY.xattr.system.posix_acl_access="));
}

/* Of the first entry, as a reader sees it that knows no ACLs: behind the extended header. */
static const char *plain_mode(const struct fixture *f)
{
	const char *header = (const char *)f->bytes.data;
	unsigned long len;

	assert_int_equal(header[156], 'x');
	len = strtoul(header + 124, NULL, 8);
	return header + BLOCK + (len + BLOCK - 1) / BLOCK * BLOCK + 100;
}

/* user::rw-, user:1234:r--, group::rw-, mask::r--, other::---: a mode of 0640, as Linux shows it,
 * where the owning group may only read. */
static void test_tar_begin__gives_a_group_no_more_than_the_mask(void **state)
{
	static const char masked[] = "\2\0\0\0"
				     "\1\0\6\0\xff\xff\xff\xff"
				     "\2\0\4\0\xd2\4\0\0"
				     "\4\0\6\0\xff\xff\xff\xff"
				     "\20\0\4\0\xff\xff\xff\xff"
				     "\40\0\0\0\xff\xff\xff\xff";
	struct fixture *f = *state;

	add_with_attribute(f, "system.posix_acl_access", masked, sizeof(masked) - 1);
	add_with_attribute(f, "system.posix_acl_default", masked, sizeof(masked) - 1);
	assert_int_equal(archive_entry_perm(close_and_read(f)), 0640);
	assert_memory_equal(plain_mode(f), "000640 ", 7);
	assert_int_equal(archive_entry_perm(next(f)), 0670);
	assert_true(holds(f, "SCHILY.acl.access=user::rw-,group::r--,other::---,"
			     "user:1234:r--,mask::r--\n"));
	assert_true(holds(f, "SCHILY.acl.default=user::rw-,user:1234:r--,group::rw-,"
			     "mask::r--,other::---\n"));
}

static void test_tar_begin__takes_no_acl_that_is_none(void **state)
{
	static const char version_3[] = "\3\0\0\0\1\0\6\0\xff\xff\xff\xff";
	static const char odd_tag[] = "\2\0\0\0\3\0\6\0\xff\xff\xff\xff";
	static const char odd_bits[] = "\2\0\0\0\1\0\16\0\xff\xff\xff\xff";
	const char *name = "system.posix_acl_access";
	struct fixture *f = *state;

	add_with_attribute(f, name, version_3, sizeof(version_3) - 1);
	add_with_attribute(f, name, odd_tag, sizeof(odd_tag) - 1);
	add_with_attribute(f, name, odd_bits, sizeof(odd_bits) - 1);
	add_with_attribute(f, name, acl, ACL_LEN - 1);
	add_with_attribute(f, name, "", 0);
	add_with_attribute(f, "user.posix_acl_access", acl, ACL_LEN);
	assert_int_equal(archive_entry_perm(close_and_read(f)), 0670);
	assert_false(holds(f, "SCHILY.acl"));
}

static void test_tar_begin__refuses_attributes_with_equals_sign(void **state)
{
	static const struct tar_xattr xattr = {"user.a=b", {(const uint8_t *)"x", 1}};
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(tar_begin(f->tar,
				   &(struct tar_entry){.path = "d/f",
						       .type = TAR_FILE,
						       .xattrs = &xattr,
						       .n_xattrs = 1},
				   &err),
			 -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg, "d/f: tar: an attribute's name holds '='");
}

/* Reads the content of the entry at hand, holes filled. */
static void read_content(struct fixture *f, uint8_t *to, size_t len)
{
	const void *block;
	size_t n;
	la_int64_t offset;

	memset(to, 0, len);
	while (archive_read_data_block(f->reader, &block, &n, &offset) == ARCHIVE_OK) {
		assert_true((size_t)offset + n <= len);
		if (n > 0)
			memcpy(to + offset, block, n);
	}
}

static void check_sparse(struct fixture *f, const struct tar_extent *extents, size_t n,
			 size_t size)
{
	uint8_t *expected = mem_zalloc(size), *found = mem_alloc(size);
	struct buf content;

	buf_init(&content, 0);
	for (size_t i = 0; i < n; i++) {
		memset(expected + extents[i].offset, 'a' + (int)i, extents[i].len);
		buf_append(&content, expected + extents[i].offset, extents[i].len);
	}
	add(f,
	    &(struct tar_entry){.path = "s",
				.type = TAR_FILE,
				.size = size,
				.is_sparse = true,
				.extents = extents,
				.n_extents = n},
	    buf_slice(&content));

	struct archive_entry *entry = close_and_read(f);

	assert_string_equal(archive_entry_pathname(entry), "s");
	assert_int_equal(archive_entry_size(entry), size);
	read_content(f, found, size);
	assert_memory_equal(found, expected, size);
	assert_true(f->bytes.len < size);
	buf_release(&content);
	mem_free(expected);
	mem_free(found);
}

static void test_tar_write__sparse_content(void **state)
{
	static const struct tar_extent extents[] = {
		{0, 10}, {4096, 4096}, {100000, 3}, {2 * MIB, MIB / 4}};

	check_sparse(*state, extents, 4, 3 * MIB);
}

static void test_tar_write__sparse_to_the_end(void **state)
{
	static const struct tar_extent extents[] = {{MIB - 3, 3}};

	check_sparse(*state, extents, 1, MIB);
}

static void test_tar_write__sparse_neighbours_in_one_block(void **state)
{
	static const struct tar_extent extents[] = {
		{1000, 3}, {1010, 5}, {1024, 0}, {1030, 1}, {1536, 512}};

	check_sparse(*state, extents, 5, MIB);
}

static void test_tar_write__sparse_without_data(void **state)
{
	check_sparse(*state, NULL, 0, MIB);
}

static void test_tar_begin__refuses_bad_extents(void **state)
{
	static const struct tar_extent overlap[] = {{0, 10}, {5, 10}};
	static const struct tar_extent beyond[] = {{90, 11}};
	const struct tar_extent *extents[] = {overlap, beyond};
	size_t counts[] = {2, 1};

	for (size_t i = 0; i < 2; i++) {
		struct fixture *f = *state;
		struct tar_writer *tar = tar_new(take, f);
		struct err err = {0};

		assert_int_equal(tar_begin(tar,
					   &(struct tar_entry){.path = "s",
							       .type = TAR_FILE,
							       .size = 100,
							       .is_sparse = true,
							       .extents = extents[i],
							       .n_extents = counts[i]},
					   &err),
				 -1);
		assert_string_equal(err.msg,
				    "s: tar: extents overlap or exceed the file");
		tar_abandon(tar);
	}
}

static void begin_file(struct fixture *f, uint64_t size)
{
	struct err err = {0};

	assert_int_equal(tar_begin(f->tar,
				   &(struct tar_entry){
					   .path = "f", .type = TAR_FILE, .size = size},
				   &err),
			 0);
}

static void test_tar_write__refuses_more_than_the_size(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	begin_file(f, 3);
	assert_int_equal(tar_write(f->tar, slice_of("abcd", 4), &err), -1);
	assert_string_equal(err.msg, "f: tar: more content than the entry says");
}

static void test_tar_end__refuses_less_than_the_size(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	begin_file(f, 3);
	assert_int_equal(tar_write(f->tar, slice_of("ab", 2), &err), 0);
	assert_int_equal(tar_end(f->tar, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "f: tar: less content than the entry says");
}

static void test_tar_write__returns_the_callback_s_error(void **state)
{
	struct fixture *f = *state;
	uint8_t *content = mem_zalloc(MIB);
	struct err err = {0};

	f->fail_after = 20000;
	begin_file(f, MIB);
	assert_int_equal(tar_write(f->tar, slice_of(content, MIB), &err), -1);
	assert_int_equal(err.code, ERR_NO_SPACE);
	assert_string_equal(err.msg, "stdout: no space");
	assert_int_equal(tar_write(f->tar, slice_of(content, 1), &err), -1);
	assert_string_equal(err.msg, "tar: the archive has failed before");
	mem_free(content);
}

static void test_tar_begin__returns_the_callback_s_error(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	int result = 0;

	f->fail_after = 1;
	for (int i = 0; i < 30 && result == 0; i++)
		result = tar_begin(
			f->tar, &(struct tar_entry){.path = "d", .type = TAR_DIRECTORY},
			&err);
	assert_int_equal(result, -1);
	assert_string_equal(err.msg, "stdout: no space");
	assert_int_equal(
		tar_begin(f->tar, &(struct tar_entry){.path = "d", .type = TAR_DIRECTORY},
			  &err),
		-1);
	assert_string_equal(err.msg, "tar: the archive has failed before");
	assert_int_equal(tar_end(f->tar, &err), -1);
	assert_string_equal(err.msg, "tar: the archive has failed before");
}

static void test_tar_begin__refuses_sizes_beyond_63_bits(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(tar_begin(f->tar,
				   &(struct tar_entry){.path = "f",
						       .type = TAR_FILE,
						       .size = UINT64_MAX},
				   &err),
			 -1);
	assert_string_equal(err.msg, "f: tar: the file is too large");
}

static void test_tar_close__fails_after_a_failure(void **state)
{
	struct fixture *f = *state;
	struct tar_writer *tar = f->tar;
	struct err err = {0};

	begin_file(f, 3);
	assert_int_equal(tar_end(tar, &err), -1);

	size_t before = f->bytes.len;

	f->tar = NULL;
	assert_int_equal(tar_close(tar, &err), -1);
	assert_string_equal(err.msg, "tar: the archive has failed before");
	assert_int_equal(f->bytes.len, before);
}

static void test_tar_close__returns_the_callback_s_error(void **state)
{
	struct fixture *f = *state;
	struct tar_writer *tar = f->tar;
	struct err err = {0};

	f->fail_after = 1;
	begin_file(f, 0);
	f->tar = NULL;
	assert_int_equal(tar_close(tar, &err), -1);
	assert_int_equal(err.code, ERR_NO_SPACE);
	assert_string_equal(err.msg, "stdout: no space");
	assert_int_equal(f->bytes.len, 0);
}

static void test_tar_abandon__writes_no_end(void **state)
{
	struct fixture *f = *state;
	uint8_t *content = mem_alloc(MIB);
	struct tar_writer *tar = f->tar;
	struct err err = {0};

	memset(content, 'x', MIB);
	begin_file(f, 2 * MIB);
	assert_int_equal(tar_write(tar, slice_of(content, MIB), &err), 0);

	size_t before = f->bytes.len;

	assert_true(before > MIB / 2);
	f->tar = NULL;
	tar_abandon(tar);
	assert_int_equal(f->bytes.len, before);
	assert_int_equal(f->bytes.data[before - 1], 'x');
	mem_free(content);
}

static void test_tar_abandon__between_entries_writes_no_end(void **state)
{
	struct fixture *f = *state;
	struct tar_writer *tar = f->tar;

	add(f, &(struct tar_entry){.path = "a", .type = TAR_FILE, .size = 1},
	    slice_of("x", 1));
	f->tar = NULL;
	tar_abandon(tar);
	assert_int_equal(f->bytes.len, 0); /* the first record was not full */
	tar_abandon(NULL);
}

static void test_tar_begin__is_the_same_in_any_locale(void **state)
{
	struct fixture *f = *state;
	struct buf first;
	struct fixture second = {0};
	struct err err = {0};

	add(f, &(struct tar_entry){.path = "\xc3\xa9\xff", .type = TAR_FILE},
	    slice_of(NULL, 0));
	close_and_read(f);
	first = f->bytes;
	buf_init(&second.bytes, 0);

	locale_t c = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
	locale_t before = uselocale(c);

	second.tar = tar_new(take, &second);
	add(&second, &(struct tar_entry){.path = "\xc3\xa9\xff", .type = TAR_FILE},
	    slice_of(NULL, 0));
	assert_int_equal(tar_close(second.tar, &err), 0);
	uselocale(before);
	freelocale(c);
	assert_true(slice_equal(buf_slice(&first), buf_slice(&second.bytes)));
	buf_release(&second.bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tar_begin__plain_header_is_ustar),
		TEST(test_tar_close__pads_to_a_record),
		TEST(test_tar_close__empty_archive_ends),
		TEST(test_tar_begin__every_kind),
		TEST(test_tar_begin__keeps_utf8_names),
		TEST(test_tar_begin__keeps_names_in_any_bytes),
		TEST(test_tar_begin__binary_names_do_not_stick),
		TEST(test_tar_begin__keeps_long_names),
		TEST(test_tar_begin__keeps_nanoseconds),
		TEST(test_tar_begin__keeps_times_before_1970),
		TEST(test_tar_begin__keeps_the_last_second_before_1970),
		TEST(test_tar_begin__keeps_the_second_before_1970),
		TEST(test_tar_begin__keeps_large_ids),
		TEST(test_tar_begin__keeps_attributes),
		TEST(test_tar_begin__writes_acls_as_text),
		TEST(test_tar_begin__gives_a_group_no_more_than_the_mask),
		TEST(test_tar_begin__takes_no_acl_that_is_none),
		TEST(test_tar_begin__refuses_attributes_with_equals_sign),
		TEST(test_tar_write__sparse_content),
		TEST(test_tar_write__sparse_to_the_end),
		TEST(test_tar_write__sparse_neighbours_in_one_block),
		TEST(test_tar_write__sparse_without_data),
		TEST(test_tar_begin__refuses_bad_extents),
		TEST(test_tar_write__refuses_more_than_the_size),
		TEST(test_tar_end__refuses_less_than_the_size),
		TEST(test_tar_write__returns_the_callback_s_error),
		TEST(test_tar_begin__returns_the_callback_s_error),
		TEST(test_tar_begin__refuses_sizes_beyond_63_bits),
		TEST(test_tar_close__fails_after_a_failure),
		TEST(test_tar_close__returns_the_callback_s_error),
		TEST(test_tar_abandon__writes_no_end),
		TEST(test_tar_abandon__between_entries_writes_no_end),
		TEST(test_tar_begin__is_the_same_in_any_locale),
	};

	return cmocka_run_group_tests_name("tar", tests, NULL, NULL);
}
