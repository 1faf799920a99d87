/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases come from a file's first line or from a terminal without echo; never from argv. */
#ifndef CLI_CLI_PASSPHRASE_H
#define CLI_CLI_PASSPHRASE_H

#include "base/secret.h"

enum { PASSPHRASE_MAX = 4096 };

struct cli;

/* `file` may be NULL: then the terminal is asked, twice, for a new one, with `confirm`. Without
 * a terminal: ERR_USAGE with a hint. An empty passphrase is ERR_USAGE. `what` names the key
 * file. A file that cannot be read is ERR_KEY. The terminal is left as it was found, also at an interruption (ERR_INTERRUPTED); one
 * whose echo cannot be switched off is refused. */
MUST_CHECK int cli_passphrase_get(const struct cli *cli, const char *file,
				  const char *what, bool confirm,
				  struct secret *ret_passphrase, struct err *err);

#endif
