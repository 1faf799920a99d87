/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "format/encoding.h"
#include "repo/packlist.h"
#include "store/store_file.h"
#include "support/index_sample.h"
#include "support/tempdir.h"

struct fixture {
	struct index_sample s;
	struct index *index;
	uint8_t *used;
	uint32_t n;
};

/* An index of n packs, none of them used. */
static void fixture_init(struct fixture *f, uint32_t n)
{
	*f = (struct fixture){.n = n};
	index_sample_init(&f->s);
	f->index = index_sample_open(&f->s, NULL);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(index_sample_add(f->index, i, 1), i);
	f->used = mem_zalloc(n / 8 + 1);
}

static void fixture_release(struct fixture *f)
{
	mem_free(f->used);
	index_free(f->index);
	index_sample_release(&f->s);
}

static void use(struct fixture *f, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		f->used[i / 8] |= (uint8_t)(1u << (i % 8));
}

static void drop(struct fixture *f, uint32_t i)
{
	f->used[i / 8] &= (uint8_t) ~(1u << (i % 8));
}

static bool is_used(const struct fixture *f, uint32_t i)
{
	return (f->used[i / 8] & (1u << (i % 8))) != 0;
}

static uint64_t write_list(struct fixture *f, const uint8_t *last,
			   uint8_t root[static 32])
{
	const struct packlist_options options = {
		.store = f->s.repo.store,
		.index = f->index,
		.used = f->used,
		.n_bits = f->n,
		.last_root = last,
		.log = &f->s.log,
	};
	struct err err = {0};
	uint64_t n = 0;

	if (packlist_write(&options, root, &n, &err) < 0)
		fail_msg("%s", err.msg);
	return n;
}

static int take_name(void *arg, const struct packlist_entry *entry, struct err *err)
{
	(void)err;
	vec_push(arg, entry);
	return 0;
}

static struct vec read_list(struct fixture *f, const uint8_t root[static 32],
			    uint64_t *ret_lost)
{
	struct packlist_source source = {.store = f->s.repo.store, .log = &f->s.log};
	struct vec entries;
	struct err err = {0};

	vec_init(&entries, sizeof(struct packlist_entry));
	if (packlist_read(&source, root, take_name, &entries, &err) < 0)
		fail_msg("%s", err.msg);
	*ret_lost = source.lost;
	return entries;
}

/* Expects packs by number, in that order. */
static void assert_list(struct fixture *f, const uint8_t root[static 32],
			const uint32_t *packs, size_t n)
{
	uint64_t lost = 99;
	struct vec entries = read_list(f, root, &lost);

	assert_int_equal(lost, 0);
	assert_int_equal(entries.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct packlist_entry *entry = vec_at(&entries, i);
		const struct pack_info info = sample_pack(packs[i]);

		assert_memory_equal(entry->name, info.name, 32);
		assert_memory_equal(entry->header_hash, info.header_hash, 32);
		assert_int_equal(entry->size, info.size);
	}
	vec_release(&entries);
}

static void test_packlist_write__nothing_is_used(void **state)
{
	static const uint8_t zero[32];
	struct fixture f;
	uint8_t root[32];

	(void)state;
	fixture_init(&f, 3);
	assert_int_equal(write_list(&f, NULL, root), 0);
	assert_memory_equal(root, zero, 32);
	assert_list(&f, root, NULL, 0);
	assert_int_equal(store_counters(f.s.repo.store).n_put, 0);
	fixture_release(&f);
}

static void test_packlist_write__just_what_is_used(void **state)
{
	static const uint32_t expected[] = {1, 2, 9};
	struct fixture f;
	uint8_t root[32];

	(void)state;
	fixture_init(&f, 10);
	use(&f, 1, 3);
	use(&f, 9, 10);
	assert_int_equal(write_list(&f, NULL, root), 3);
	assert_list(&f, root, expected, ARRAY_SIZE(expected));
	fixture_release(&f);
}

static void test_packlist_write__keeps_the_last_order(void **state)
{
	static const uint32_t expected[] = {5, 7, 2, 8};
	struct fixture f;
	uint8_t first[32], second[32];

	(void)state;
	fixture_init(&f, 10);
	use(&f, 5, 8);
	write_list(&f, NULL, first);
	drop(&f, 6);
	use(&f, 2, 3);
	use(&f, 8, 9);
	assert_int_equal(write_list(&f, first, second), 4);
	assert_list(&f, second, expected, ARRAY_SIZE(expected));
	fixture_release(&f);
}

static void test_packlist_write__unchanged_pages_are_not_stored_again(void **state)
{
	struct fixture f;
	uint8_t first[32], second[32], third[32];
	uint64_t n_put;

	(void)state;
	fixture_init(&f, 5000);
	use(&f, 0, 4990);
	assert_int_equal(write_list(&f, NULL, first), 4990);
	n_put = store_counters(f.s.repo.store).bytes_put;
	assert_int_equal(write_list(&f, first, second), 4990);
	assert_memory_equal(first, second, 32);
	use(&f, 4990, 5000);
	drop(&f, 2000); /* on the second of five pages */
	assert_int_equal(write_list(&f, second, third), 4999);
	assert_in_range(store_counters(f.s.repo.store).bytes_put - n_put, 1, 160000);
	fixture_release(&f);
}

static uint32_t number_of(struct fixture *f, const struct packlist_entry *entry)
{
	struct err err = {0};
	uint32_t number = 0;

	assert_int_equal(index_pack_number(f->index, entry->name, &number, &err), 0);
	return number;
}

static size_t change_use(struct fixture *f, struct rng *rng)
{
	size_t n = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		if (rng_below(rng, 3) == 0)
			drop(f, i);
		else if (rng_below(rng, 3) == 0)
			use(f, i, i + 1);
		n += is_used(f, i);
	}
	return n;
}

/* What is read back is exact whatever was dropped and added between. */
static void test_packlist_write__random_histories(void **state)
{
	CLEANUP(mem_freep) uint8_t *seen = mem_zalloc(4000); /* rounds */
	struct rng rng = rng_seeded(3);
	struct fixture f;
	uint8_t root[32] = {0};

	(void)state;
	fixture_init(&f, 4000);
	for (uint8_t round = 1; round <= 8; round++) {
		uint64_t lost = 0;
		struct vec entries;
		size_t n = change_use(&f, &rng);

		assert_int_equal(write_list(&f, root, root), n);
		entries = read_list(&f, root, &lost);
		assert_int_equal(entries.n, n);
		for (size_t i = 0; i < entries.n; i++) {
			uint32_t number = number_of(&f, vec_at(&entries, i));

			assert_true(is_used(&f, number));
			assert_int_not_equal(seen[number], round);
			seen[number] = round;
		}
		vec_release(&entries);
	}
	fixture_release(&f);
}

static void key_of(const uint8_t hash[static 32], char out[static 128])
{
	char hex[HASH_HEX_LEN + 1];

	(void)snprintf(out, 128, "packlists/%s",
		       hex_encode(slice_of(hash, 32), hex, sizeof(hex)));
}

/* The first page of level 0 below a root of level 1. */
static void first_page(struct fixture *f, const uint8_t root[static 32],
		       uint8_t ret_hash[static 32])
{
	CLEANUP(packlist_page_release) struct packlist_page page = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};
	char key[128];

	key_of(root, key);
	buf_init(&bytes, 0);
	packlist_page_init(&page, 0);
	assert_int_equal(
		store_get(f->s.repo.store, key, PACKLIST_PAGE_LEN_MAX, &bytes, &err), 0);
	assert_int_equal(packlist_page_decode(buf_slice(&bytes), &page, &err), 0);
	assert_int_equal(page.level, 1);
	memcpy(ret_hash, vec_at(&page.children, 0), 32);
}

static void test_packlist_read__goes_on_without_a_lost_page(void **state)
{
	struct fixture f;
	struct vec entries;
	struct err err = {0};
	uint8_t root[32], page[32];
	uint64_t lost = 0;
	char key[128];

	(void)state;
	fixture_init(&f, 2000);
	use(&f, 0, 2000);
	write_list(&f, NULL, root);
	first_page(&f, root, page);
	key_of(page, key);
	assert_int_equal(store_delete(f.s.repo.store, key, NULL, &err), 0);
	entries = read_list(&f, root, &lost);
	assert_int_equal(lost, 1);
	assert_int_equal(entries.n, 2000 - 1024);
	assert_non_null(strstr(f.s.logged, "a page of the list of packs is lost: "));
	vec_release(&entries);
	fixture_release(&f);
}

static void test_packlist_read__a_false_page_counts_as_lost(void **state)
{
	static const struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	struct fixture f;
	struct vec entries;
	struct err err = {0};
	uint8_t root[32];
	uint64_t lost = 0;
	char key[128];

	(void)state;
	fixture_init(&f, 2);
	use(&f, 0, 2);
	write_list(&f, NULL, root);
	key_of(root, key);
	assert_int_equal(store_put(f.s.repo.store, key, slice_of_string("QPPL..."),
				   &replace, &err),
			 0);
	entries = read_list(&f, root, &lost);
	assert_int_equal(lost, 1);
	assert_int_equal(entries.n, 0);
	assert_non_null(strstr(f.s.logged, "does not have its name's content"));
	fixture_release(&f);
}

static void test_packlist_write__without_the_last_list(void **state)
{
	static const uint32_t expected[] = {0, 1};
	static const uint8_t gone[32] = {1};
	struct fixture f;
	uint8_t root[32];

	(void)state;
	fixture_init(&f, 2);
	use(&f, 0, 2);
	assert_int_equal(write_list(&f, gone, root), 2);
	assert_list(&f, root, expected, 2);
	fixture_release(&f);
}

/* The only page, byte for byte as it was, is lost or damaged: it must be there afterwards. */
static void test_packlist_write__stores_a_lost_page_again(void **state)
{
	static const struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	static const uint32_t expected[] = {0, 1};
	struct fixture f;
	uint8_t root[32], again[32];
	struct err err = {0};
	char key[128];

	(void)state;
	fixture_init(&f, 2);
	use(&f, 0, 2);
	write_list(&f, NULL, root);
	key_of(root, key);
	assert_int_equal(store_delete(f.s.repo.store, key, "", &err), 0);
	write_list(&f, root, again);
	assert_memory_equal(again, root, 32);
	assert_list(&f, again, expected, 2);
	assert_int_equal(store_put(f.s.repo.store, key, slice_of_string("QPPL..."),
				   &replace, &err),
			 0);
	write_list(&f, root, again);
	assert_memory_equal(again, root, 32);
	assert_list(&f, again, expected, 2);
	fixture_release(&f);
}

/* Makes a fixture's lists lie in files, whose reading can fail. */
static struct store *move_to_files(struct fixture *f, const char *directory)
{
	struct store *memory = f->s.repo.store;
	struct err err = {0};

	if (store_file_open(directory, "file:pages", true, &f->s.sample.rng,
			    &f->s.repo.store, &err) < 0)
		fail_msg("%s", err.msg);
	return memory;
}

/* The file that lies on a bad sector; 0 = none. */
static ino_t bad_inode;

/* The C library's, as the store finds it. */
ssize_t pread(int fd, void *to, size_t len, off_t offset)
{
	struct stat st;

	if (bad_inode == 0 || fstat(fd, &st) < 0 || st.st_ino != bad_inode)
		return syscall(SYS_pread64, fd, to, len, offset);
	errno = EIO;
	return -1;
}

static void break_page(const char *directory, const char *key)
{
	CLEANUP(mem_freep) char *path = path_join(directory, key);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	bad_inode = st.st_ino;
}

static void test_packlist_write__stores_an_unreadable_page_again(void **state)
{
	static const uint32_t expected[] = {0, 1};
	CLEANUP(mem_freep) char *directory = path_join(*state, "pages");
	struct fixture f;
	uint8_t root[32], again[32];
	char key[128];

	fixture_init(&f, 2);
	use(&f, 0, 2);
	struct store *memory = move_to_files(&f, directory);
	write_list(&f, NULL, root);
	key_of(root, key);
	for (int has_last = 0; has_last <= 1; has_last++) {
		break_page(directory, key);
		write_list(&f, has_last ? root : NULL, again);
		assert_memory_equal(again, root, 32);
		assert_list(&f, again, expected, 2);
	}
	bad_inode = 0;
	assert_non_null(strstr(f.s.logged, "was damaged; it is stored again"));
	store_free(f.s.repo.store);
	f.s.repo.store = memory;
	fixture_release(&f);
}

/* What is there already is success, and success says nothing. */
static void test_packlist_write__leaves_the_error_alone(void **state)
{
	struct fixture f;
	struct err err = {0};
	uint8_t root[32];
	uint64_t n = 0;

	(void)state;
	fixture_init(&f, 2);
	use(&f, 0, 2);
	write_list(&f, NULL, root);
	const struct packlist_options options = {.store = f.s.repo.store,
						 .index = f.index,
						 .used = f.used,
						 .n_bits = f.n,
						 .log = &f.s.log};
	assert_int_equal(packlist_write(&options, root, &n, &err), 0);
	assert_int_equal(err.code, ERR_NONE);
	fixture_release(&f);
}

static int stop(void *arg, const struct packlist_entry *entry, struct err *err)
{
	(void)entry;
	++*(unsigned *)arg;
	return err_set(err, ERR_FAILED, "enough");
}

static void test_packlist_read__ends_when_told(void **state)
{
	struct packlist_source source = {0};
	struct fixture f;
	struct err err = {0};
	unsigned n = 0;
	uint8_t root[32];

	(void)state;
	fixture_init(&f, 5);
	use(&f, 0, 5);
	write_list(&f, NULL, root);
	source.store = f.s.repo.store;
	assert_int_equal(packlist_read(&source, root, stop, &n, &err), -1);
	assert_string_equal(err.msg, "enough");
	assert_int_equal(n, 1);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packlist_write__nothing_is_used),
		cmocka_unit_test(test_packlist_write__just_what_is_used),
		cmocka_unit_test(test_packlist_write__keeps_the_last_order),
		cmocka_unit_test(
			test_packlist_write__unchanged_pages_are_not_stored_again),
		cmocka_unit_test(test_packlist_write__random_histories),
		cmocka_unit_test(test_packlist_read__goes_on_without_a_lost_page),
		cmocka_unit_test(test_packlist_read__a_false_page_counts_as_lost),
		cmocka_unit_test(test_packlist_write__without_the_last_list),
		cmocka_unit_test(test_packlist_write__stores_a_lost_page_again),
		cmocka_unit_test(test_packlist_write__stores_an_unreadable_page_again),
		cmocka_unit_test(test_packlist_write__leaves_the_error_alone),
		cmocka_unit_test(test_packlist_read__ends_when_told),
	};

	return cmocka_run_group_tests(tests, tempdir_setup, tempdir_teardown);
}
