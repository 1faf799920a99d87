/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"

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

	if (file_read_secret(file, PASSPHRASE_MAX, &bytes, err) < 0)
		return err_wrap(err, "passphrase file");
	if (bytes.len == 0)
		return err_set(err, ERR_USAGE, "%s: the passphrase is empty", file);
	if (first_line(&bytes, file, err) < 0)
		return -1;
	*ret_passphrase = bytes;
	bytes = (struct secret){0};
	return 0;
}

/* One line with echo off. */
static int read_hidden(int terminal, const char *prompt, struct secret *ret_line,
		       struct err *err)
{
	struct termios before;
	struct termios hidden;
	size_t len = 0;

	if (fd_write_all(terminal, prompt, strlen(prompt), err) < 0)
		return -1;
	if (tcgetattr(terminal, &before) < 0)
		return err_set_errno(err, errno, "terminal");
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	secret_init(ret_line, PASSPHRASE_MAX);
	(void)tcsetattr(terminal, TCSAFLUSH, &hidden);
	while (len < ret_line->len) {
		ssize_t n = read(terminal, ret_line->data + len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || ret_line->data[len] == '\n')
			break;
		len++;
	}
	(void)tcsetattr(terminal, TCSAFLUSH, &before);
	secret_truncate(ret_line, len);
	return fd_write_all(terminal, "\n", 1, err);
}

static int ask(int terminal, const char *what, bool confirm,
	       struct secret *ret_passphrase, struct err *err)
{
	CLEANUP(secret_release) struct secret first = {0};
	CLEANUP(secret_release) struct secret second = {0};
	char prompt[256];

	(void)snprintf(prompt, sizeof(prompt), "passphrase for %s: ", what);
	if (read_hidden(terminal, prompt, &first, err) < 0)
		return -1;
	if (first.len == 0)
		return err_set(err, ERR_USAGE, "the passphrase is empty");
	if (confirm) {
		if (read_hidden(terminal, "the same again: ", &second, err) < 0)
			return -1;
		if (!secret_equal(&first, &second))
			return err_set(err, ERR_USAGE, "the two passphrases differ");
	}
	*ret_passphrase = first;
	first = (struct secret){0};
	return 0;
}

int cli_passphrase_get(const char *file, const char *what, bool confirm,
		       struct secret *ret_passphrase, struct err *err)
{
	if (file != NULL)
		return from_file(file, ret_passphrase, err);
	CLEANUP(fd_closep) int terminal = -1;
	if (isatty(STDERR_FILENO) == 1)
		terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (terminal < 0) {
		(void)err_set(err, ERR_USAGE,
			      "%s needs a passphrase, and there is no "
			      "terminal to ask",
			      what);
		return err_hint(err, "give --passphrase-file FILE or set "
				     "QUIPU_PASSPHRASE_FILE");
	}
	return ask(terminal, what, confirm, ret_passphrase, err);
}
