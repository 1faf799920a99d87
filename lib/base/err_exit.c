/* SPDX-License-Identifier: Apache-2.0 */
/* What exit codes mean, for manuals; which error has which code is err.c's table, and the
 * unit test compares the two. */
#include "base/err.h"

static const struct err_exit exit_table[] = {
	{"0", "Done."},
	{"1", "Failed; what is not listed below."},
	{"2", "The command line or the configuration is wrong; nothing was done."},
	{"3",
	 "Done, but something below a named root could not be read; what could be read "
	 "is stored, and the snapshot exists. Of a restore: all files are there, but not "
	 "all of their metadata, or all rows of a database, but not all that a server "
	 "may refuse."},
	{"10", "There is no repository at this URL."},
	{"12",
	 "No key file, wrong key, wrong passphrase, or a key without the role that this "
	 "needs."},
	{"13", "Stored data is damaged."},
	{"14", "The target of a restore is refused; nothing was written to it. A "
	       "PostgreSQL database that was restored meanwhile is kept under another "
	       "name."},
	{"15", "A signature or a chain is wrong: somebody may have tampered with the "
	       "repository."},
	{"129, 130, 143",
	 "Interrupted by SIGHUP, SIGINT or SIGTERM. What was committed before is "
	 "safe; run it again to go on."},
	{NULL, NULL},
};

const struct err_exit *err_exit_table(void)
{
	return exit_table;
}
