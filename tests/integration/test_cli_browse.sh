#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# list, show, find, diff and stats over a repository in which something is lost.
source "$(dirname "$0")/../support/cli.sh"

back_up() { with_writer repo quipu-backup run --stream files/tree --files "$work/tree"; }
browse() { with_recovery repo quipu-backup "$@"; }
objects() { (cd "$work/repo" && find "$1" -type f | sort); }

# adds KIND COMMAND...: runs the command, prints what objects below KIND/ it added.
adds() {
	objects "$1" >"$work/before"
	"${@:2}" >"$work/added-by" 2>&1 || return
	objects "$1" | comm -13 "$work/before" -
}

# reports CODE WARNING COMMAND...: exits with CODE, has WARNING on stderr; stdout is $work/out.
reports() {
	exits "$1" "${@:3}" >"$work/out" 2>"$work/err"
	local result=$?
	cat "$work/out" "$work/err"
	((result == 0)) && [[ $(<"$work/err") == *"$2"* ]]
}

mkdir -p "$work/tree/early" "$work/tree/late"
echo 1 >"$work/tree/early/wanted"
new_repository repo >/dev/null 2>&1 || { echo 'not ok - a repository to test with'; exit 1; }
judge 'a first snapshot' back_up
echo 2 >"$work/tree/early/second"
body=$(adds bodies back_up)
echo 3 >"$work/tree/late/wanted"
late=$(adds packs back_up)
echo 4 >"$work/tree/third"
judge 'a last snapshot' back_up

finds() { # N: as many entries, in a whole document
	jq -e "length == $1" "$work/out"
}
judge 'find looks into all snapshots' reports 0 '' browse find wanted --json
judge 'it finds every one' finds 6

rm -f "$work/repo/$body"
judge 'find goes on behind a snapshot without body' reports 13 'of files/tree: ' browse find wanted --json
judge 'it finds what is in the others' finds 5
for pack in $late; do
	rm -f "$work/repo/$pack"
done
judge 'find goes on behind a lost directory' reports 13 'tree/late' browse find wanted --json --stream 'files/**'
judge 'it finds what is around it' finds 2
judge 'text is no different' reports 13 'tree/late' browse find wanted
judge 'one line an entry' test "$(wc -l <"$work/out")" = 2
judge '--quiet hides no loss' reports 13 'tree/late' browse find wanted --quiet
judge 'find needs a key that reads' fails 12 'expected a recovery or reader key' with_writer repo quipu-backup find wanted

header=$(objects snapshots | sed -n 2p)
chmod u+w "$work/repo/$header"
truncate -s 50 "$work/repo/$header"
judge 'find tells of a damaged header' reports 15 "$header" browse find second --json
judge 'stats tells of a damaged header' reports 15 "$header" browse stats --json
judge 'stats counts the others' jq -e '.snapshots == 3' "$work/out"
judge 'list tells of a damaged header, also with --quiet' reports 15 "$header" browse list --quiet

no_escape() { # COMMAND...: the output has none of a terminal's control bytes but line ends
	"$@" >"$work/out" 2>&1
	cat -v "$work/out"
	! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$work/out"
}
evil=$'\e[31mred\a'
mkdir "$work/$evil"
echo 5 >"$work/$evil/$evil"
mkfifo "$work/$evil/pipe"
judge 'a snapshot with escapes in all texts' with_writer repo quipu-backup run --stream evil --tag "k=$evil" --files "$work/$evil"
judge 'show steers no terminal' no_escape browse show latest:evil
judge 'it shows the tag' grep -qF 'k=\x1B[31mred\x07' "$work/out"
judge 'show of a path steers no terminal' no_escape browse show latest:evil "$work/$evil"
judge 'find steers no terminal' no_escape browse find '*red*'
judge 'plan steers no terminal' no_escape with_recovery repo quipu-restore plan latest:evil
exit "$status"
