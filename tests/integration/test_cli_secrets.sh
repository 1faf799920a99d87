#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is secret is looked for where it must not be: in the repository, the cache, temporary files,
# messages, and what the system shows of a running process.
source "$(dirname "$0")/../support/cli.sh"
mkdir "$work/tmp" "$work/tree" "$work/said"
export TMPDIR=$work/tmp

# Words that stand nowhere else: in content, in names, in attributes, in tags of a snapshot.
content=qWcontentXv17 name=qWnameXv18 tag=qWtagXv19 passphrase='qWpassXv20 staple'
echo "$passphrase" >"$work/passphrase"
yes "$content" | head -c 3000000 >"$work/tree/$name"
: >"$work/tree/plain"
setfattr -n user.note -v "$content" "$work/tree/plain" 2>/dev/null

speak() { # NAME COMMAND...: keeps all that it says
	"${@:2}" >"$work/said/$1.out" 2>"$work/said/$1.err" || { cat "$work/said/$1.err"; return 1; }
}
nowhere() { # WORD PLACE...
	local found
	found=$(grep -rlaF -e "$@") || return 0
	echo "$1 stands in $found"
	return 1
}
part_of() { # a line of a key file that no other file has: it is behind what all of them begin with
	sed -n '/^-----BEGIN/,/^-----END/p' "$1" | sed -n 5p
}

judge 'init' speak init new_repository repo
judge 'backup' speak run with_writer repo quipu-backup run --stream files/a --tag "$tag=1" --files "$work/tree"
judge 'backup again, with the cache' speak again with_writer repo quipu-backup run --json --stream files/a --files "$work/tree"
judge 'a key is added' speak add with_recovery repo quipu-backup key add --role writer ci --out "$work/ci.key"
judge 'plan' speak plan with_recovery repo quipu-restore plan latest:files/a
judge 'check' speak check with_recovery repo quipu-backup check --read-data
judge 'verify' speak verify quipu-dr verify --repo "file://$work/repo" --audit-key "$work/repo.keys/audit.pub"
for word in "$content" "$name" "$tag"; do
	judge "$word is not in the repository" nowhere "$word" "$work/repo"
	judge "$word is not in the cache or temporary files" nowhere "$word" "$work/cache" "$work/tmp"
	judge "$word is in no name" eval "[[ -z \$(find '$work/repo' '$work/cache' '$work/tmp' -name '*$word*') ]]"
done
judge 'content is in no message' nowhere "$content" "$work/said"
judge 'the passphrase is nowhere' nowhere "$passphrase" "$work/repo" "$work/cache" "$work/tmp" "$work/said" "$work/repo.keys"
for key in "$work/repo.keys/writer.key" "$work/repo.keys/recovery.key" "$work/ci.key"; do
	judge "$(basename "$key") has something to look for" test "$(part_of "$key" | wc -c)" -ge 50
	judge "$(basename "$key") is in no message, cache or repository" \
		nowhere "$(part_of "$key")" "$work/repo" "$work/cache" "$work/tmp" "$work/said"
	judge "$(basename "$key") is for its owner alone" test "$(stat -c %a "$key")" = 600
done

# --- while it runs ---

mkfifo "$work/pipe"
running() { # what the system shows of a backup that holds its keys
	local child
	with_writer repo quipu-backup run --stream live --stdin x <"$work/pipe" >"$work/said/live.out" 2>&1 &
	exec 9>"$work/pipe"
	echo "$content" >&9
	child=$(pgrep -f 'quipu-backup run --stream live' | head -n 1)
	for _ in $(seq 200); do # core dumps are switched off before the keys are opened
		grep -q '^Max core file size *0 ' "/proc/$child/limits" && break
		sleep 0.05
	done
	tr '\0' '\n' <"/proc/$child/cmdline" >"$work/said/cmdline"
	cat "/proc/$child/limits" >"$work/limits"
	stat -c %u "/proc/$child/mem" >"$work/owner" # not dumpable: root's, whoever runs it
	exec 9>&-
	wait
	grep -q '^Max core file size *0 ' "$work/limits"
}
judge 'a running program makes no core dumps' running
judge 'its arguments hold no secret' nowhere "$passphrase" "$work/said/cmdline"
judge 'and there were some' grep -q quipu-backup "$work/said/cmdline"
exit "$status"
