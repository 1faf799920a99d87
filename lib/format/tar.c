/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libarchive writes the headers. It takes names for text in the thread's locale and makes
 * UTF-8 of them, so for the time of a header the locale is C.UTF-8. A name that is no valid
 * UTF-8 makes libarchive warn, keep the bytes, and tell readers by "hdrcharset=BINARY"; that
 * is what we want, but not on every entry, since GNU tar complains about the record.
 *
 * The bytes of a header are held back when a time in it needs mending; hence the records are
 * made here and not by libarchive.
 *
 * Sparse files: libarchive wants the file as a whole and skips what lies in holes, while our
 * caller gives the extents' bytes only; so holes are fed from a block of zeroes, which costs
 * a call per 64 KiB and copies nothing. Extents grow to multiples of 512 bytes in the header,
 * because GNU tar reads each from the start of a block.
 *
 * libarchive never hears of a failed write: it would forget to free its buffers. The error is
 * kept, whatever comes after it goes nowhere, and each call looks. Abandoning is the same:
 * the writer is closed into nothing. Only where more than a gigabyte of an entry is missing,
 * which libarchive would fill with zeroes, it is declared failed at the cost of that leak.
 */
#include "format/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/mem.h"
#include "base/quote.h"
#include "format/tar_acl.h"
#include "format/tar_time.h"

enum {
	RECORD_LEN = 10240, /* of a tape; readers expect the archive's length to fit */
	HOLE_STEP = 65536,
	ABANDON_MAX = 1024 * 1024 * 1024,
	BLOCK_LEN = 512,
};

struct tar_writer {
	struct archive *archive;
	locale_t locale;
	tar_write_fn *write;
	void *state;
	bool failed;	  /* no call but the last is taken */
	bool discards;	  /* nothing is written any more */
	struct err cause; /* of a failed write */
	struct buf record;
	struct buf header; /* of the entry that begins, while it is held back */
	bool holds_back;
	/* The entry at hand. */
	char *path;
	struct tar_extent *extents; /* what the content fills; one for a plain file */
	size_t n_extents, extent;
	uint64_t in_extent; /* bytes of the current extent that are written */
	uint64_t position;  /* in the file */
	uint64_t size;
};

static void put_record(struct tar_writer *tar)
{
	if (!tar->discards &&
	    tar->write(tar->state, buf_slice(&tar->record), &tar->cause) < 0)
		tar->discards = true;
	buf_clear(&tar->record);
}

static void put_bytes(struct tar_writer *tar, struct slice bytes)
{
	while (bytes.len > 0) {
		size_t room = RECORD_LEN - tar->record.len;
		size_t n = bytes.len < room ? bytes.len : room;

		buf_append(&tar->record, bytes.data, n);
		bytes = slice_of(bytes.data + n, bytes.len - n);
		if (tar->record.len == RECORD_LEN)
			put_record(tar);
	}
}

static void put_last_record(struct tar_writer *tar)
{
	size_t missing = RECORD_LEN - tar->record.len;

	if (tar->record.len == 0)
		return;
	memset(buf_extend(&tar->record, missing), 0, missing);
	put_record(tar);
}

static la_ssize_t take_bytes(struct archive *archive, void *state, const void *data,
			     size_t len)
{
	struct tar_writer *tar = state;

	(void)archive;
	if (tar->holds_back)
		buf_append(&tar->header, data, len);
	else
		put_bytes(tar, slice_of(data, len));
	return (la_ssize_t)len;
}

static void must(int result)
{
	if (result != ARCHIVE_OK)
		abort(); /* uncovered: set-up fails for lack of memory only */
}

struct tar_writer *tar_new(tar_write_fn *write, void *state)
{
	struct tar_writer *tar = mem_zalloc(sizeof(*tar));

	tar->write = write;
	tar->state = state;
	buf_init(&tar->record, 0);
	buf_init(&tar->header, 0);
	tar->archive = archive_write_new();
	tar->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (tar->archive == NULL || tar->locale == (locale_t)0)
		abort(); /* uncovered: lack of memory; the C library has the locale */
	must(archive_write_set_format_pax(tar->archive));
	must(archive_write_set_format_option(tar->archive, "pax", "xattrheader",
					     "SCHILY"));
	must(archive_write_set_bytes_per_block(tar->archive, 0)); /* bytes come at once */
	must(archive_write_open2(tar->archive, tar, NULL, take_bytes, NULL, NULL));
	return tar;
}

/* Marks the writer as failed; the write's own error wins over libarchive's. */
static int fail(struct tar_writer *tar, struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];
	const char *text = archive_error_string(tar->archive);

	tar->failed = true;
	if (tar->cause.code != ERR_NONE) {
		*err = tar->cause;
		return -1;
	}
	err_set(err, ERR_FAILED, "tar: %s", text == NULL ? "unknown error" : text);
	return tar->path == NULL ? -1
				 : err_wrap(err, "%s", quote_string(tar->path, quoted));
}

static int fail_with(struct tar_writer *tar, enum err_code code, const char *message,
		     struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	tar->failed = true;
	err_set(err, code, "tar: %s", message);
	return err_wrap(err, "%s", quote_string(tar->path, quoted));
}

static int check_usable(const struct tar_writer *tar, struct err *err)
{
	if (tar->failed)
		return err_set(err, ERR_FAILED, "tar: the archive has failed before");
	return 0;
}

static unsigned file_type(enum tar_type type)
{
	switch (type) {
	case TAR_DIRECTORY:
		return AE_IFDIR;
	case TAR_SYMLINK:
		return AE_IFLNK;
	case TAR_FIFO:
		return AE_IFIFO;
	case TAR_CHAR_DEVICE:
		return AE_IFCHR;
	case TAR_BLOCK_DEVICE:
		return AE_IFBLK;
	case TAR_FILE:
		break;
	}
	return AE_IFREG;
}

static void add_extent(struct archive_entry *to, uint64_t start, uint64_t end)
{
	if (end > start)
		archive_entry_sparse_add_entry(to, (int64_t)start,
					       (int64_t)(end - start));
}

/* Whole blocks, but for the file's end; what then touches or overlaps becomes one. */
static void set_extents(struct archive_entry *to, const struct tar_entry *entry)
{
	uint64_t start = 0, end = 0;

	for (size_t i = 0; i < entry->n_extents; i++) {
		const struct tar_extent *e = &entry->extents[i];
		uint64_t first = e->offset / BLOCK_LEN * BLOCK_LEN;
		uint64_t behind =
			(e->offset + e->len + BLOCK_LEN - 1) / BLOCK_LEN * BLOCK_LEN;

		if (e->len == 0)
			continue;
		if (first > end) {
			add_extent(to, start, end);
			start = first;
		}
		end = behind < entry->size ? behind : entry->size;
	}
	add_extent(to, start, end);
	/* Without any extent libarchive would take the file as one without holes. */
	if (end == 0 && entry->size > 0)
		archive_entry_sparse_add_entry(to, (int64_t)entry->size, 0);
}

static void set_kind(struct archive_entry *to, const struct tar_entry *entry)
{
	archive_entry_set_filetype(to, file_type(entry->type));
	if (entry->hard_link_to != NULL) {
		archive_entry_set_hardlink(to, entry->hard_link_to);
	} else if (entry->type == TAR_FILE) {
		archive_entry_set_size(to, (int64_t)entry->size);
		if (entry->is_sparse)
			set_extents(to, entry);
	} else if (entry->type == TAR_SYMLINK) {
		archive_entry_set_symlink(to, entry->target);
	}
	if (entry->type == TAR_CHAR_DEVICE || entry->type == TAR_BLOCK_DEVICE) {
		archive_entry_set_rdevmajor(to, entry->rdev_major);
		archive_entry_set_rdevminor(to, entry->rdev_minor);
	}
}

static struct archive_entry *new_entry(const struct tar_entry *entry)
{
	struct archive_entry *to = archive_entry_new();

	if (to == NULL)
		abort(); /* uncovered: lack of memory */
	archive_entry_set_pathname(to, entry->path);
	set_kind(to, entry);
	archive_entry_set_perm(to, entry->mode & 07777);
	archive_entry_set_uid(to, entry->uid);
	archive_entry_set_gid(to, entry->gid);
	archive_entry_set_uname(to, entry->user);
	archive_entry_set_gname(to, entry->group);
	tar_time_set(to, entry->mtime_nsec);
	for (size_t i = 0; i < entry->n_xattrs; i++) {
		const struct tar_xattr *xattr = &entry->xattrs[i];

		archive_entry_xattr_add_entry(to, xattr->name, xattr->value.data,
					      xattr->value.len);
		tar_acl_add(to, xattr->name, xattr->value);
	}
	return to;
}

/* What is against the contract comes from a snapshot, hence an error. */
static const char *mistake_of(const struct tar_entry *entry)
{
	uint64_t end = 0;

	for (size_t i = 0; i < entry->n_xattrs; i++)
		if (strchr(entry->xattrs[i].name, '=') != NULL)
			return "an attribute's name holds '='";
	if (entry->size > INT64_MAX)
		return "the file is too large";
	for (size_t i = 0; entry->is_sparse && i < entry->n_extents; i++) {
		const struct tar_extent *extent = &entry->extents[i];

		if (extent->offset < end || extent->offset > entry->size ||
		    extent->len > entry->size - extent->offset)
			return "extents overlap or exceed the file";
		end = extent->offset + extent->len;
	}
	return NULL;
}

static void remember(struct tar_writer *tar, const struct tar_entry *entry)
{
	bool is_file = entry->type == TAR_FILE && entry->hard_link_to == NULL;
	struct tar_extent whole = {0, entry->size};

	mem_free(tar->path);
	mem_free(tar->extents);
	tar->path = mem_strdup(entry->path);
	tar->extents = NULL;
	tar->n_extents = 0;
	if (is_file && entry->is_sparse) {
		tar->n_extents = entry->n_extents;
		if (entry->n_extents > 0)
			tar->extents =
				mem_dup(entry->extents,
					entry->n_extents * sizeof(*entry->extents));
	} else if (is_file && entry->size > 0) {
		tar->n_extents = 1;
		tar->extents = mem_dup(&whole, sizeof(whole));
	}
	tar->size = is_file ? entry->size : 0;
	tar->extent = 0;
	tar->in_extent = 0;
	tar->position = 0;
}

static int write_header(struct tar_writer *tar, const struct tar_entry *entry)
{
	locale_t before = uselocale(tar->locale);
	struct archive_entry *header = new_entry(entry);
	int result = archive_write_finish_entry(tar->archive); /* the one before */

	tar->holds_back = tar_time_needs_mending(entry->mtime_nsec);
	if (result == ARCHIVE_OK)
		result = archive_write_header(tar->archive, header);
	if (tar->holds_back) {
		tar->holds_back = false;
		tar_time_mend(&tar->header);
		put_bytes(tar, buf_slice(&tar->header));
		buf_clear(&tar->header);
	}
	archive_entry_free(header);
	(void)uselocale(before);
	return result;
}

/* Of a name in other bytes than UTF-8, which was written as it is. */
static bool is_name_warning(const struct tar_writer *tar)
{
	const char *text = archive_error_string(tar->archive);

	return text != NULL && strncmp(text, "Can't translate ", 16) == 0;
}

MUST_CHECK int tar_begin(struct tar_writer *tar, const struct tar_entry *entry,
			 struct err *err)
{
	if (check_usable(tar, err) < 0)
		return -1;
	assert(tar->position == tar->size); /* tar_end() was called */
	remember(tar, entry);

	const char *mistake = mistake_of(entry);

	if (mistake != NULL) {
		tar->size = 0; /* nothing was begun */
		return fail_with(tar, ERR_UNSUPPORTED, mistake, err);
	}

	int result = write_header(tar, entry);

	if (result == ARCHIVE_WARN && is_name_warning(tar))
		result = ARCHIVE_OK;
	if (result != ARCHIVE_OK || tar->discards)
		return fail(tar, err);
	return 0;
}

static int write_data(struct tar_writer *tar, struct slice bytes, struct err *err)
{
	while (bytes.len > 0) {
		la_ssize_t n = archive_write_data(tar->archive, bytes.data, bytes.len);

		if (n <= 0 || tar->discards)
			return fail(tar, err);
		tar->position += (uint64_t)n;
		bytes = slice_of(bytes.data + n, bytes.len - (size_t)n);
	}
	return 0;
}

static int write_hole(struct tar_writer *tar, uint64_t end, struct err *err)
{
	static const uint8_t zeroes[HOLE_STEP];

	while (tar->position < end) {
		uint64_t left = end - tar->position;
		size_t n = left < HOLE_STEP ? (size_t)left : HOLE_STEP;

		if (write_data(tar, slice_of(zeroes, n), err) < 0)
			return -1;
	}
	return 0;
}

/* Goes on to the extent that takes the next byte; false when there is none. */
static bool find_extent(struct tar_writer *tar)
{
	while (tar->extent < tar->n_extents &&
	       tar->in_extent == tar->extents[tar->extent].len) {
		tar->extent++;
		tar->in_extent = 0;
	}
	return tar->extent < tar->n_extents;
}

MUST_CHECK int tar_write(struct tar_writer *tar, struct slice bytes, struct err *err)
{
	if (check_usable(tar, err) < 0)
		return -1;
	while (bytes.len > 0) {
		if (!find_extent(tar))
			return fail_with(tar, ERR_CORRUPT,
					 "more content than the entry says", err);

		const struct tar_extent *extent = &tar->extents[tar->extent];
		uint64_t room = extent->len - tar->in_extent;
		size_t n = bytes.len < room ? bytes.len : (size_t)room;

		if (write_hole(tar, extent->offset + tar->in_extent, err) < 0 ||
		    write_data(tar, slice_of(bytes.data, n), err) < 0)
			return -1;
		tar->in_extent += n;
		bytes = slice_of(bytes.data + n, bytes.len - n);
	}
	return 0;
}

MUST_CHECK int tar_end(struct tar_writer *tar, struct err *err)
{
	if (check_usable(tar, err) < 0)
		return -1;
	if (find_extent(tar))
		return fail_with(tar, ERR_CORRUPT, "less content than the entry says",
				 err);
	return write_hole(tar, tar->size, err);
}

/* Frees everything; libarchive closes what is open, hence into nothing. */
static void release(struct tar_writer *tar)
{
	tar->discards = true;
	if (tar->size - tar->position > ABANDON_MAX)
		(void)archive_write_fail(tar->archive);

	/* Fails for an unfinished archive, which is known. */
	(void)archive_write_free(tar->archive);
	freelocale(tar->locale);
	buf_release(&tar->record);
	buf_release(&tar->header);
	mem_free(tar->path);
	mem_free(tar->extents);
	mem_free(tar);
}

MUST_CHECK int tar_close(struct tar_writer *tar, struct err *err)
{
	if (check_usable(tar, err) < 0) {
		tar_abandon(tar);
		return -1;
	}
	assert(tar->position == tar->size); /* tar_end() was called */
	mem_free(tar->path);
	tar->path = NULL;

	int result = archive_write_close(tar->archive);

	put_last_record(tar);
	if (result != ARCHIVE_OK || tar->discards)
		(void)fail(tar, err);

	bool failed = tar->failed;

	release(tar);
	return failed ? -1 : 0;
}

void tar_abandon(struct tar_writer *tar)
{
	if (tar != NULL)
		release(tar);
}
