/* SPDX-License-Identifier: Apache-2.0 */
/* A shell script in the test's directory that stands for pg_dump or pg_restore, and PATH such
 * that it is found. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_FAKE_PROGRAM_H
#define TESTS_SUPPORT_FAKE_PROGRAM_H

#include "support/file_tree.h"

/* `script` runs unless it is asked for its version, which is 15.20. */
static inline void fake_program(const char *directory, const char *name,
				const char *script)
{
	CLEANUP(mem_freep) char *path = tree_path(directory, name);
	CLEANUP(mem_freep) char *search = mem_printf("%s:/usr/bin:/bin", directory);
	CLEANUP(mem_freep)
	char *text = mem_printf("#!/bin/sh\nif [ \"$1\" = --version ]; then echo '%s "
				"(PostgreSQL) 15.20'; exit; fi\n%s\n",
				name, script);

	tree_write(directory, name, text);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(setenv("PATH", search, 1), 0);
}

#endif
