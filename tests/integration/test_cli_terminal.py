#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the programs do at a terminal: they ask for passphrases without showing them, and leave
the terminal as they found it, however they end."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

BIN = os.environ["BIN_DIR"]
WORK = tempfile.mkdtemp(prefix="quipu-terminal-", dir=os.environ.get("TMPDIR"))
PATIENCE_SEC = 60
failed = False


class Terminal:
    """A program on a terminal of its own, which we keep open to look at its state."""

    def __init__(self, *argv, **env):
        self.text = ""
        self.master, self.slave = pty.openpty()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("QUIPU_")}
        self.child = subprocess.Popen(
            argv, stdin=self.slave, stdout=self.slave, stderr=self.slave, cwd=WORK, env={**clean, **env},
            start_new_session=True, preexec_fn=self.own_terminal)

    @staticmethod
    def own_terminal():
        # opening it makes it the controlling terminal of the new session
        os.close(os.open(os.ttyname(0), os.O_RDWR))

    def read(self):
        if select.select([self.master], [], [], 0.05)[0]:
            self.text += os.read(self.master, 65536).decode()

    def expect(self, pattern):
        """Waits until the program has shown this, and forgets what came before its end."""
        end = time.monotonic() + PATIENCE_SEC
        while not (found := re.search(pattern, self.text)):
            if time.monotonic() > end:
                raise AssertionError(f"expected {pattern!r}, have {self.text!r}")
            self.read()
        self.text = self.text[found.end():]

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """The exit status; the rest of what it showed is in `text`."""
        status = self.child.wait(PATIENCE_SEC)
        while select.select([self.master], [], [], 0)[0]:
            self.read()
        return status

    def is_echoing(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.master)
        os.close(self.slave)


def init(name):
    return Terminal(f"{BIN}/quipu-backup", "init", "--repo", f"file://{WORK}/{name}", "--keys", f"{name}.keys")


def judge(name, case):
    global failed
    terminal = None
    try:
        terminal = case()
        print(f"ok - {name}")
    except (AssertionError, subprocess.TimeoutExpired) as error:
        print(f"{error}\nnot ok - {name}")
        failed = True
    finally:
        if terminal is not None:
            terminal.close()


def same(actual, expected):
    assert actual == expected, f"expected {expected!r}, have {actual!r}"


def asks_twice():
    terminal = init("asked")
    terminal.expect("new passphrase for recovery.key: ")
    same(terminal.is_echoing(), False)
    terminal.type("horse staple\n")
    terminal.expect("the same again: ")
    terminal.type("horse staple\n")
    same(terminal.end(), 0)
    same(terminal.is_echoing(), True)
    assert "horse" not in terminal.text and "created the repository" in terminal.text, terminal.text
    return terminal


def what_was_typed_opens():
    terminal = Terminal(f"{BIN}/quipu-restore", "plan", "latest:x", "--repo", f"file://{WORK}/asked",
                        "--key", "asked.keys/recovery.key")
    terminal.expect("passphrase for asked.keys/recovery.key: ")
    terminal.type("horse staple\n")
    same(terminal.end(), 1)
    assert "no snapshot" in terminal.text, terminal.text
    return terminal


def the_prompt_stays():
    """The progress line does not write over it, however long one thinks."""
    terminal = init("slow")
    terminal.expect("new passphrase for recovery.key: ")
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        terminal.read()
    same(terminal.text, "")
    return terminal


def interrupted_by(send, status):
    def case():
        terminal = init("interrupted")
        terminal.expect("new passphrase for recovery.key: ")
        send(terminal)
        same(terminal.end(), status)
        same(terminal.is_echoing(), True)
        assert "interrupted" in terminal.text, terminal.text
        same(os.path.exists(f"{WORK}/interrupted.keys"), False)
        return terminal

    return case


def signal_of(number, times=1):
    def send(terminal):
        for _ in range(times):
            terminal.child.send_signal(number)

    return send


def interrupted_twice():
    terminal = init("twice")
    terminal.expect("new passphrase for recovery.key: ")
    terminal.child.send_signal(signal.SIGTERM)
    terminal.child.send_signal(signal.SIGINT)
    assert terminal.end() in (143, 130, -signal.SIGTERM, -signal.SIGINT), terminal.text
    same(terminal.is_echoing(), True)
    return terminal


judge("a passphrase is asked twice and not shown", asks_twice)
judge("what was typed opens the key file", what_was_typed_opens)
judge("nothing writes over the question", the_prompt_stays)
judge("Ctrl-C at the question ends with 130 and the echo back", interrupted_by(lambda t: t.type("\x03"), 130))
judge("SIGTERM at the question ends with 143 and the echo back", interrupted_by(signal_of(signal.SIGTERM), 143))
judge("so do two signals in a row", interrupted_twice)
shutil.rmtree(WORK)
sys.exit(failed)
