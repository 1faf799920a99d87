/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_output.h"

#include <errno.h>
#include <stdio.h>

#include "cli/cli_progress.h"

int cli_output_write(const struct buf *text, bool to_stderr, struct err *err)
{
	FILE *stream = to_stderr ? stderr : stdout;

	if ((text->len == 0 || fwrite(text->data, 1, text->len, stream) == text->len) &&
	    fflush(stream) == 0)
		return 0;
	return err_set_errno(err, errno, "cannot write the result to %s",
			     to_stderr ? "stderr" : "stdout");
}

int cli_output_row(struct cli *cli, struct err *err)
{
	if (cli->output.len < CLI_OUTPUT_PIECE)
		return 0;
	cli_progress_pause(cli->display); /* stdout may be the same terminal */
	int result = cli_output_write(&cli->output, cli->data_on_stdout, err);
	cli_progress_resume(cli->display);
	buf_clear(&cli->output);
	return result;
}
