/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_patterns.h"

#include <stddef.h>

/* The unit test tries every line of the list. */
const char cli_pattern_text[] =
	"A path is the absolute one that a file had when it was backed up, for example "
	"/etc/nginx/nginx.conf. A pattern with a slash, other than at its end, is "
	"matched against whole paths from the root; the slash in front may be left out. "
	"One without a slash is matched against names at any depth. What matches a "
	"directory holds for everything below it.\n"
	"\n"
	"  *.log        every name that ends in .log\n"
	"  cache/       directories of that name, no files\n"
	"  /etc/ssl     this path alone, with what is below it\n"
	"  /home/*/tmp  in every home: * and ? take anything but a slash\n"
	"  /srv/**/old  at any depth below /srv: ** takes any directories, or none\n"
	"  core.[0-9]   one of a set; [!0-9] is one that is not in it\n"
	"  \\*           the character itself\n"
	"\n"
	"With --include only what matches is taken. Of that, or of everything, --exclude "
	"leaves out what matches. Quote patterns, or the shell replaces them.";

const struct cmd_section cli_pattern_sections[] = {
	{"Patterns", cli_pattern_text},
	{NULL, NULL},
};
