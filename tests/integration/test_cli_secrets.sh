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
nowhere() { # WORD PLACE...: grep's own failures are none of ours
	local found
	found=$(grep -rlaF -e "$@")
	case $? in
	0) echo "$1 stands in $found" && return 1 ;;
	1) return 0 ;;
	*) return 1 ;;
	esac
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

# --- while they run ---

show() { # NAME PID: what the system shows of it and of what it started
	local pid
	for pid in "$2" $(pgrep -P "$2"); do
		tr '\0' '\n' <"/proc/$pid/cmdline" >>"$work/shown.$1"
	done
	cat "/proc/$2/limits" >"$work/limits.$1"
}
# until NAME PID CONDITION...: then shows it; fails when the program ends first.
until_then_show() {
	until "${@:3}"; do
		kill -0 "$2" 2>/dev/null || return 1
		sleep 0.02
	done
	show "$1" "$2"
}
no_dumps() { grep -q '^Max core file size *0 ' "$work/limits.$1"; }

cat >"$work/job" <<END
touch "$work/started"
read -r _ <"$work/pipe"
echo done
END
mkfifo "$work/pipe" "$work/archive"
writing() { # a backup that waits for its command
	env QUIPU_REPO="file://$work/repo" QUIPU_KEY_FILE="$work/repo.keys/writer.key" \
		quipu-backup run --stream live --command "sh $work/job" x >"$work/said/live.out" 2>&1 &
	until_then_show backup $! test -e "$work/started" || return
	echo go >"$work/pipe"
	wait $! && no_dumps backup
}
reading() { # an export whose reader waits: it has opened its key with the passphrase
	env QUIPU_REPO="file://$work/repo" QUIPU_KEY_FILE="$work/repo.keys/recovery.key" QUIPU_PASSPHRASE_FILE="$work/passphrase" \
		quipu-restore export latest:files/a >"$work/archive" 2>"$work/said/export.err" &
	exec 9<"$work/archive"
	head -c 512 <&9 >"$work/head"
	show restore $!
	cat <&9 >/dev/null
	wait $! && no_dumps restore
}
judge 'a running backup makes no core dumps' writing
judge 'its command is seen beside it' grep -q "$work/job" "$work/shown.backup"
judge 'a running restore makes no core dumps' reading
judge 'it is what we looked at' grep -q quipu-restore "$work/shown.restore"
judge 'arguments hold no passphrase' nowhere "$passphrase" "$work/shown.backup" "$work/shown.restore"
for key in "$work/repo.keys/writer.key" "$work/repo.keys/recovery.key"; do
	judge "arguments hold nothing of $(basename "$key")" nowhere "$(part_of "$key")" "$work/shown.backup" "$work/shown.restore"
done
exit "$status"
