/* SPDX-License-Identifier: Apache-2.0 */
/* Shows a struct progress on stderr while work goes on: one line that is rewritten on a
 * terminal, a line a minute otherwise; nothing before the first phase is named. */
#ifndef CLI_CLI_PROGRESS_H
#define CLI_CLI_PROGRESS_H

#include "base/buf.h"
#include "base/clock.h"
#include "flow/progress.h"

struct cli_progress;
MUST_CHECK int cli_progress_start(const struct progress *progress,
				  const struct clock *clock,
				  struct cli_progress **ret_display, struct err *err);
/* NULL is fine in all of these. */
void cli_progress_stop(struct cli_progress *display); /* clears the line */

/* Between the two the line is cleared and not shown, for other words on stderr. They nest. */
void cli_progress_pause(struct cli_progress *display);
void cli_progress_resume(struct cli_progress *display);

/* "reading  1,234 files  2.04 GiB of 4.10 GiB (49%)  310 MiB/s  ETA 6.8s"; `elapsed_nsec` since
 * the start. Pure, for tests. */
void cli_progress_text(const struct progress *progress, uint64_t elapsed_nsec,
		       struct buf *text);

#endif
