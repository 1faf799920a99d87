/* SPDX-License-Identifier: Apache-2.0 */
/* A directory for one test, removed with all it holds. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_TEMPDIR_H
#define TESTS_SUPPORT_TEMPDIR_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

/* cmocka setup and teardown: *state is the directory's path. */
static inline int tempdir_setup(void **state)
{
	const char *base = getenv("TMPDIR");
	char *path = path_join(base != NULL ? base : "/tmp", "quipu-test-XXXXXX");

	if (mkdtemp(path) == NULL)
		return -1;
	*state = path;
	return 0;
}

static inline int tempdir_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *where)
{
	(void)st;
	(void)where;
	if (type == FTW_DNR)
		(void)chmod(path, 0700);
	return remove(path);
}

static inline int tempdir_teardown(void **state)
{
	char *path = *state;
	int failed = nftw(path, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	mem_free(path);
	return failed;
}

/* A test that gets such a directory. */
#define tempdir_test(fn)                                                                 \
	cmocka_unit_test_setup_teardown(fn, tempdir_setup, tempdir_teardown)

#endif
