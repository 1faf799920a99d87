/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/packlist_format.h"

struct fixture {
	struct packlist_page page, read;
	struct buf bytes;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	packlist_page_init(&f->page, 0);
	packlist_page_init(&f->read, 0);
	buf_init(&f->bytes, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	packlist_page_release(&f->page);
	packlist_page_release(&f->read);
	buf_release(&f->bytes);
	mem_free(f);
	return 0;
}

static void add_entries(struct fixture *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct packlist_entry *entry = vec_push(&f->page.entries, NULL);

		entry->name[0] = (uint8_t)i;
		entry->header_hash[31] = (uint8_t)(i >> 8);
		entry->size = i * UINT64_C(0x100000001);
	}
}

static int decode(struct fixture *f)
{
	return packlist_page_decode(buf_slice(&f->bytes), &f->read, &f->err);
}

static void test_packlist_page_encode__follows_the_format(void **state)
{
	static const uint8_t head[] = {'Q', 'P', 'P', 'L', 1, 0, 0, 0, 2, 0, 0, 0};
	struct fixture *f = *state;

	add_entries(f, 2);
	packlist_page_encode(&f->page, &f->bytes);
	assert_int_equal(f->bytes.len, 12 + 2 * 72);
	assert_memory_equal(f->bytes.data, head, sizeof(head));
	assert_int_equal(f->bytes.data[12 + 72], 1);	  /* name of the second */
	assert_int_equal(f->bytes.data[12 + 72 + 32], 1); /* its size, low byte */
	assert_int_equal(f->bytes.data[12 + 72 + 36], 1);
}

static void test_packlist_page_decode__gives_back_a_full_page(void **state)
{
	struct fixture *f = *state;

	add_entries(f, PACKLIST_PAGE_ENTRIES_MAX);
	packlist_page_encode(&f->page, &f->bytes);
	assert_int_equal(f->bytes.len, PACKLIST_PAGE_LEN_MAX);
	assert_int_equal(decode(f), 0);
	assert_int_equal(f->read.level, 0);
	assert_int_equal(packlist_page_count(&f->read), PACKLIST_PAGE_ENTRIES_MAX);
	assert_memory_equal(f->read.entries.data, f->page.entries.data,
			    PACKLIST_PAGE_ENTRIES_MAX * sizeof(struct packlist_entry));
}

static void test_packlist_page_decode__gives_back_children(void **state)
{
	struct fixture *f = *state;
	struct packlist_child child = {{1, 2, 3}};

	f->page.level = 3;
	vec_push(&f->page.children, &child);
	packlist_page_encode(&f->page, &f->bytes);
	assert_int_equal(decode(f), 0);
	assert_int_equal(f->read.level, 3);
	assert_int_equal(packlist_page_count(&f->read), 1);
	assert_memory_equal(f->read.children.data, &child, sizeof(child));
}

static void test_packlist_page_decode__refuses_every_truncation(void **state)
{
	struct fixture *f = *state;

	add_entries(f, 2);
	packlist_page_encode(&f->page, &f->bytes);
	for (size_t len = 0; len < f->bytes.len; len++) {
		struct err err = {0};

		assert_int_equal(packlist_page_decode(slice_of(f->bytes.data, len),
						      &f->read, &err),
				 -1);
		assert_int_equal(err.code, ERR_CORRUPT);
	}
}

static void test_packlist_page_decode__refuses_trailing_bytes(void **state)
{
	struct fixture *f = *state;

	packlist_page_encode(&f->page, &f->bytes);
	buf_append_byte(&f->bytes, 0);
	assert_int_equal(decode(f), -1);
	assert_int_equal(f->err.code, ERR_CORRUPT);
}

static void test_packlist_page_decode__refuses_a_level_too_high(void **state)
{
	struct fixture *f = *state;

	packlist_page_encode(&f->page, &f->bytes);
	f->bytes.data[6] = 9;
	assert_int_equal(decode(f), -1);
	assert_string_equal(f->err.msg, "pack-list page: level 9 exceeds 8");
}

static void test_packlist_page_decode__refuses_too_many_entries(void **state)
{
	struct fixture *f = *state;

	add_entries(f, PACKLIST_PAGE_ENTRIES_MAX);
	packlist_page_encode(&f->page, &f->bytes);
	f->bytes.data[8] = 1; /* 1,025 */
	(void)buf_extend(&f->bytes, PACKLIST_ENTRY_LEN);
	assert_int_equal(decode(f), -1);
	assert_int_equal(f->err.code, ERR_CORRUPT);
}

static void test_packlist_page_decode__refuses_other_magic(void **state)
{
	struct fixture *f = *state;

	packlist_page_encode(&f->page, &f->bytes);
	f->bytes.data[0] = 'q';
	assert_int_equal(decode(f), -1);
	assert_non_null(strstr(f->err.msg, "pack-list magic"));
}

static void test_packlist_page_decode__names_a_newer_version(void **state)
{
	struct fixture *f = *state;

	packlist_page_encode(&f->page, &f->bytes);
	f->bytes.data[4] = 7;
	assert_int_equal(decode(f), -1);
	assert_int_equal(f->err.code, ERR_UNSUPPORTED);
	assert_string_equal(f->err.msg,
			    "pack-list page: version 7 is made by a newer Quipu");
}

#define page_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		page_test(test_packlist_page_encode__follows_the_format),
		page_test(test_packlist_page_decode__gives_back_a_full_page),
		page_test(test_packlist_page_decode__gives_back_children),
		page_test(test_packlist_page_decode__refuses_every_truncation),
		page_test(test_packlist_page_decode__refuses_trailing_bytes),
		page_test(test_packlist_page_decode__refuses_a_level_too_high),
		page_test(test_packlist_page_decode__refuses_too_many_entries),
		page_test(test_packlist_page_decode__refuses_other_magic),
		page_test(test_packlist_page_decode__names_a_newer_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
