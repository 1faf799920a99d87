/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "cli/cli_progress.h"
#include "cli/cli_signals.h"

static int first_line(struct secret *passphrase, const char *from, struct err *err)
{
	size_t len = 0;

	while (len < passphrase->len && passphrase->data[len] != '\n' &&
	       passphrase->data[len] != '\r')
		len++;
	if (len == 0)
		return err_set(err, ERR_USAGE, "%s: the passphrase is empty", from);
	secret_truncate(passphrase, len);
	return 0;
}

static int from_file(const char *file, struct secret *ret_passphrase, struct err *err)
{
	CLEANUP(secret_release) struct secret bytes = {0};

	if (file_read_secret(file, PASSPHRASE_MAX, &bytes, err) < 0) {
		err->code = ERR_KEY; /* whatever is in the way: the key stays closed */
		return err_wrap(err, "passphrase file");
	}
	if (bytes.len == 0)
		return err_set(err, ERR_USAGE, "%s: the passphrase is empty", file);
	if (first_line(&bytes, file, err) < 0)
		return -1;
	*ret_passphrase = bytes;
	bytes = (struct secret){0};
	return 0;
}

/* A line of the terminal, without its end. Signals are only seen as a cancel (cli_signals.h),
 * which a read() does not notice: hence the steps. */
static int read_line(const struct cli *cli, int terminal, struct secret *line,
		     struct err *err)
{
	struct pollfd wait = {.fd = terminal, .events = POLLIN};
	size_t len = 0;

	while (len < line->len) {
		if (cancel_check(&cli->cancel, err) < 0)
			return -1;
		if (poll(&wait, 1, CLI_PROMPT_MSEC) <= 0)
			continue;
		ssize_t n = read(terminal, line->data + len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, errno, "cannot read from the terminal");
		if (n == 0 || line->data[len] == '\n')
			break;
		len++;
	}
	secret_truncate(line, len);
	return 0;
}

/* tcsetattr() succeeds when it could change anything at all: what counts is read back. */
static int hide_input(int terminal, struct termios *ret_before, struct err *err)
{
	struct termios before;
	struct termios hidden;

	if (tcgetattr(terminal, &before) < 0)
		return err_set_errno(err, errno, "terminal");
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(terminal, TCSAFLUSH, &hidden) < 0 ||
	    tcgetattr(terminal, &hidden) < 0 || (hidden.c_lflag & ECHO) != 0) {
		(void)tcsetattr(terminal, TCSAFLUSH, &before);
		(void)err_set(err, ERR_IO,
			      "the terminal would show the passphrase: its echo cannot "
			      "be switched off");
		return err_hint(err, "give --passphrase-file FILE");
	}
	*ret_before = before;
	return 0;
}

/* One line with echo off; the terminal is left as it was found. */
static int read_hidden(const struct cli *cli, int terminal, const char *prompt,
		       struct secret *ret_line, struct err *err)
{
	CLEANUP(secret_release) struct secret line = {0};
	struct termios before;
	struct err late = {0};

	if (hide_input(terminal, &before, err) < 0)
		return -1;
	secret_init(&line, PASSPHRASE_MAX);
	int result = fd_write_all(terminal, prompt, strlen(prompt), err);
	if (result == 0)
		result = read_line(cli, terminal, &line, err);
	(void)tcsetattr(terminal, TCSAFLUSH, &before);
	if (fd_write_all(terminal, "\n", 1, &late) < 0 && result == 0) {
		*err = late;
		return -1;
	}
	if (result < 0)
		return -1;
	*ret_line = line;
	line = (struct secret){0};
	return 0;
}

static int ask(const struct cli *cli, int terminal, const char *what, bool confirm,
	       struct secret *ret_passphrase, struct err *err)
{
	CLEANUP(secret_release) struct secret first = {0};
	CLEANUP(secret_release) struct secret second = {0};
	char prompt[256];

	(void)snprintf(prompt, sizeof(prompt),
		       "%spassphrase for %s: ", confirm ? "new " : "", what);
	if (read_hidden(cli, terminal, prompt, &first, err) < 0)
		return -1;
	if (first.len == 0)
		return err_set(err, ERR_USAGE, "the passphrase is empty");
	if (confirm) {
		if (read_hidden(cli, terminal, "the same again: ", &second, err) < 0)
			return -1;
		if (!secret_equal(&first, &second))
			return err_set(err, ERR_USAGE, "the two passphrases differ");
	}
	*ret_passphrase = first;
	first = (struct secret){0};
	return 0;
}

int cli_passphrase_get(const struct cli *cli, const char *file, const char *what,
		       bool confirm, struct secret *ret_passphrase, struct err *err)
{
	if (file != NULL)
		return from_file(file, ret_passphrase, err);
	CLEANUP(fd_closep) int terminal = -1;
	if (isatty(STDERR_FILENO) == 1)
		terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (terminal < 0) {
		(void)err_set(err, ERR_USAGE,
			      "%s needs a %spassphrase, and there is no "
			      "terminal to ask",
			      what, confirm ? "new " : "");
		return err_hint(err, "give --passphrase-file FILE or set "
				     "QUIPU_PASSPHRASE_FILE");
	}
	cli_progress_pause(cli->display);
	int result = ask(cli, terminal, what, confirm, ret_passphrase, err);
	cli_progress_resume(cli->display);
	return result;
}
