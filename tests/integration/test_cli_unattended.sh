#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs that nobody watches: started by cron or a daemon, with closed descriptors.
source "$(dirname "$0")/../support/cli.sh"

run() { with_writer repo quipu-backup run "$@"; }
count() { with_writer repo quipu-backup list --json --stream "$1" | jq length; }

mkdir "$work/tree"
seq 1 1000 >"$work/tree/numbers"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$work/tree/socket" # a warning
new_repository repo >/dev/null 2>&1 || { echo 'not ok - a repository'; exit 1; }

# --- closed standard descriptors ---

# Everything that the programs opened by themselves: what they say must not be in there.
nothing_said_into_files() { ! grep -rlE 'socket|quipu-backup:|files,' "$work/cache" "$work/repo"; }
without_any() { exits 1 run --stream closed/all --files "$work/tree" <&- >&- 2>&- && [[ $(count closed/all) == 1 ]]; }
judge 'a result that cannot be delivered is a failure, the snapshot is there' without_any
judge 'no message went into a file' nothing_said_into_files
without_stderr() { run --stream closed/err --files "$work/tree" 2>&-; }
judge 'without stderr all goes well' without_stderr
judge 'still no message is in a file' nothing_said_into_files
without_stdin() { fails 1 'Bad file descriptor' run --stream closed/in --stdin name <&- && [[ $(count closed/in) == 0 ]]; }
judge 'a closed stdin is not an empty one' without_stdin
get_into_nothing() {
	with_recovery repo quipu-restore get latest:closed/err "$work/tree/numbers" >&- 2>"$work/err"
	[[ $? == 1 && $(<"$work/err") == *'Bad file descriptor'* ]]
}
judge 'get into a closed stdout fails' get_into_nothing
exit "$status"
