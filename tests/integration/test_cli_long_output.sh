#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Results that are longer than the buffer go out in pieces; an error in between ends them visibly.
source "$(dirname "$0")/../support/cli.sh"

browse() { with_recovery repo quipu-backup "$@"; }
back_up() { with_writer repo quipu-backup run --stream "$1" --files "$work/tree"; }
packs() { find "$work/repo/packs" -type f | sort; }

# breaks_off COMMAND...: ends with 13 after a part of its result, which is left in $work/out.
breaks_off() {
	exits 13 "$@" >"$work/out" 2>"$work/err" || return
	cat "$work/err"
	echo "$(wc -c <"$work/out") bytes came"
	[[ -s $work/out && $(<"$work/err") == *'/tree/z: '* ]]
}
whole() { "$@" >"$work/out" && jq length "$work/out" && jq -e 'length > 3000' "$work/out"; }
is_open_array() { [[ $(head -c 2 "$work/out") == '[{' ]] && ! jq . "$work/out"; }
has_whole_lines() { [[ $(tail -c 1 "$work/out" | wc -l) == 1 ]] && ! grep -v '^[+U]  [^ ]*$' "$work/out"; }
to_a_full_disk() { "$@" >/dev/full; }

new_repository repo >/dev/null 2>&1 || { echo 'not ok - a repository to test with'; exit 1; }
mkdir -p "$work/tree/a"
back_up short >/dev/null 2>&1 || { echo 'not ok - a short snapshot'; exit 1; }
touch "$work/tree/a/a-long-name-so-that-few-files-make-many-bytes-"{1..3000}
back_up long >/dev/null 2>&1 || { echo 'not ok - a long snapshot'; exit 1; }
mkdir "$work/tree/z"
echo 1 >"$work/tree/z/file"
packs >"$work/before"
back_up long >/dev/null 2>&1 || { echo 'not ok - a snapshot with another directory'; exit 1; }
packs | comm -13 "$work/before" - >"$work/lost"
echo 2 >"$work/tree/later"
back_up long >/dev/null 2>&1 || { echo 'not ok - a last snapshot'; exit 1; }

judge 'find prints one document, however long' whole browse find '*' --snapshot latest:long --json
judge 'diff prints one document, however long' whole browse diff latest:short latest:long --json
judge 'show prints one document, however long' whole browse show latest:long "$work/tree/a" --json
judge 'a disk that is full is told' exits 1 to_a_full_disk browse find '*' --snapshot latest:long

xargs rm -f <"$work/lost"
judge 'diff breaks off at damage' breaks_off browse diff latest:short latest:long --json
judge 'the array is not closed' is_open_array
judge 'diff breaks off in text' breaks_off browse diff latest:short latest:long
judge 'its lines are whole' has_whole_lines
judge 'a short result is complete or not there' fails 13 '/tree/z: ' browse show latest:long "$work/tree/z"
exit "$status"
