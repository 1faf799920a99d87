#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever ends a run before its end: signals, kill -9, a full or read-only disk, a second writer,
# damage. What was committed stays, check accepts what is left, the next run goes on with it.
source "$(dirname "$0")/../support/cli.sh"
trap 'leave' EXIT

# shellcheck disable=SC2317 # the trap calls it
leave() {
	[[ -z ${child:-} ]] || kill -KILL "$child" 2>/dev/null
	mountpoint -q "$work/small" 2>/dev/null && umount "$work/small"
	rm -rf "$work"
}

MIB=1048576
size_of() { find "$@" -type f -printf '%s\n' 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'; }
count_in() { find "$@" -type f 2>/dev/null | wc -l; }
at_least() { (($("${@:2}") >= $1)); }
at_most() { (($("${@:2}") <= $1)); }

# await CONDITION...: until it holds or the child has ended (then it fails).
await() {
	until "$@"; do
		kill -0 "$child" 2>/dev/null || return 1
		sleep 0.01
	done
}

# begin COMMAND...: in the background; its pid is in $child, what it says in $work/said.
begin() {
	env --default-signal=INT,TERM "$@" >"$work/said" 2>&1 &
	child=$!
}

# finish CODE: the child ends with it.
finish() {
	local code
	wait "$child" 2>/dev/null
	code=$?
	child=
	cat "$work/said"
	[[ $code == "$1" ]] || {
		echo "exit code $code; expected $1"
		return 1
	}
}

begin_backup() { # STREAM PATH...: slow enough to be met on its way
	QUIPU_REPO=file://$work/repo QUIPU_KEY_FILE=$work/repo.keys/writer.key \
		begin quipu-backup run --limit-upload 12MiB --stream "$1" --files "${@:2}"
}
back_up() { with_writer repo quipu-backup run --json --stream "$1" --files "${@:2}" >"$work/run.json" && cat "$work/run.json"; }
get() { with_recovery repo quipu-restore get "$@"; }
restore() { with_recovery repo quipu-restore run "$@"; }
check_all() { with_recovery repo quipu-backup check --read-data; }
verify() { quipu-dr verify --repo "file://$work/repo" --audit-key "$work/repo.keys/audit.pub" "$@"; }
snapshots_in() { with_writer repo quipu-backup list --json --stream "$1" | jq length; }
old_one_comes_back() { # the snapshot from before all trouble
	rm -rf "$work/old"
	restore "$first" --to "$work/old" && diff -r "$work/tree" "$work/old$work/tree"
}

mkdir -p "$work/tree" "$work/big"
seq 1 300000 >"$work/tree/numbers"
head -c 3M /dev/urandom >"$work/tree/random"

# --- a run of init is killed ---

killed_init() {
	begin quipu-backup init --repo "file://$work/repo" --keys "$work/repo.keys" --passphrase-file "$work/passphrase"
	await test -e "$work/repo.keys/recovery.key"
	kill -KILL "$child" 2>/dev/null
	finish 137 || [[ -e $work/repo/quipu.json ]]
}
init_goes_on() { [[ -e $work/repo/quipu.json ]] || new_repository repo; }
judge 'init is killed after its first key file' killed_init
cp "$work/repo.keys/recovery.key" "$work/recovery.copy"
judge 'init goes on' init_goes_on
judge 'init keeps the keys that were there' cmp "$work/recovery.copy" "$work/repo.keys/recovery.key"
judge 'a first snapshot' back_up files/tree "$work/tree"
first=$(jq -r .snapshot "$work/run.json")

# --- a backup gets a signal ---

signalled() { # NAME CODE
	local packs
	packs=$(size_of "$work/repo/packs")
	head -c 30M /dev/urandom >"$work/big/$1"
	begin_backup files/big "$work/big"
	await at_least $((packs + MIB)) size_of "$work/repo/packs" || return
	kill "-$1" "$child"
	finish "$2" && [[ $(snapshots_in files/big) == 0 ]]
}
judge 'SIGINT ends a backup with 130 and without a snapshot' signalled INT 130
judge 'what it left is checkable' check_all
judge 'SIGTERM ends a backup with 143 and without a snapshot' signalled TERM 143
judge 'what that left is checkable' check_all
judge 'SIGHUP ends a backup with 129 and without a snapshot' signalled HUP 129
grown() { # nothing of the 90 MiB was stored twice by the four runs
	local before
	before=$(size_of "$work/tree")
	back_up files/big "$work/big" && size_of "$work/repo/packs" &&
		at_most $((before + 97 * MIB)) size_of "$work/repo/packs"
}
judge 'the next run adopts what they stored' grown
judge 'and is in order' check_all

# --- kill -9 at several sizes ---

killed_at() { # BYTES MORE: kills a backup of 24 MiB when it has stored so many
	packs_before=$(size_of "$work/repo/packs")
	head -c 24M /dev/urandom >"$work/big/new"
	begin_backup files/big "$work/big"
	await at_least $((packs_before + $1)) size_of "$work/repo/packs" || return
	kill -KILL "$child"
	finish 137
}
adopted() {
	back_up files/big "$work/big" || return
	echo "grown by $(($(size_of "$work/repo/packs") - packs_before))"
	at_most $((packs_before + 27 * MIB)) size_of "$work/repo/packs" &&
		get latest:files/big "$work/big/new" | cmp - "$work/big/new"
}
for bytes in 1 $((7 * MIB)) $((14 * MIB)) $((22 * MIB)); do
	judge "killed with $bytes bytes stored" killed_at "$bytes"
	judge "killed with $bytes bytes stored: check reads all" check_all
	judge "killed with $bytes bytes stored: verify is clean" verify --read-data
	judge "killed with $bytes bytes stored: the old snapshot comes back" old_one_comes_back
	judge "killed with $bytes bytes stored: the next run adopts" adopted
done
killed_at_commit() { # between the body and the header, or just after it
	local bodies
	bodies=$(count_in "$work/repo/bodies")
	date >>"$work/tree/log"
	begin_backup files/tree "$work/tree"
	await at_least $((bodies + 1)) count_in "$work/repo/bodies"
	kill -KILL "$child" 2>/dev/null
	finish 137 || (($(snapshots_in files/tree) > 1))
}
judge 'killed while it commits' killed_at_commit
rm "$work/tree/log"
judge 'killed while it commits: check reads all' check_all
judge 'killed while it commits: the old snapshot comes back' old_one_comes_back
judge 'killed while it commits: the next run' back_up files/tree "$work/tree"
judge 'killed while it commits: verify is clean' verify

# --- a restore is interrupted ---

# More than the 4096 files that get their names together, so that some have theirs and others not.
mkdir -p "$work/many/sub"
for i in $(seq 10000 15999); do echo "file $i" >"$work/many/sub/$i"; done
head -c 20M /dev/urandom >"$work/many/zlarge"
back_up many "$work/many" >/dev/null 2>&1 || { echo 'not ok - a snapshot of many files'; exit 1; }
many=$work/target$work/many
interrupted_restore() { # SIGNAL CODE PATTERN: when the target has a file of such a name
	local try
	for try in 1 2 3 4 5; do
		QUIPU_REPO=file://$work/repo QUIPU_KEY_FILE=$work/repo.keys/recovery.key QUIPU_PASSPHRASE_FILE=$work/passphrase \
			begin quipu-restore run latest:many --to "$work/target"
		until compgen -G "$many/sub/$3" >/dev/null; do # nothing slower than the restore
			kill -0 "$child" 2>/dev/null || break
		done
		kill "-$1" "$child" 2>/dev/null
		finish "$2" && return
		echo "try $try came too late"
		rm -rf "$work/target"
	done
	return 1
}
named() { (cd "$many" && find . -type f ! -name '.quipu*' | sort); }
no_file_looks_whole() { # AT_LEAST AT_MOST: so many have their names; what has its name has its content
	named >"$work/named"
	wc -l <"$work/named"
	at_least "$1" wc -l <"$work/named" && at_most "$2" wc -l <"$work/named" &&
		diff <(cd "$work/many" && xargs -r sha256sum <"$work/named") <(cd "$many" && xargs -r sha256sum <"$work/named")
}
continues() {
	with_recovery repo quipu-restore run latest:many --to "$work/target" --json >"$work/restore.json" || return
	cat "$work/restore.json"
	jq -e '.already_done > 0 and .already_done + .files == 6001' "$work/restore.json" && diff -r "$work/many" "$many"
}
no_temporary_files() { [[ -z $(find "$work/target" -name '.quipu*') ]]; }
judge 'SIGINT ends a restore with 130' interrupted_restore INT 130 '.quipu-*'
judge 'what has its name by then is whole' no_file_looks_whole 0 6000
judge 'a restore is killed as the first files get their names' interrupted_restore KILL 137 1*
judge 'what has its name is whole' no_file_looks_whole 1 6000
judge 'another restore into it is refused' exits 14 restore "$first" --to "$work/target"
judge 'the next restore continues and ends equal' continues
judge 'nothing of the interrupted ones is left' no_temporary_files
broken_export() { # tar itself takes an archive that ends between two entries
	local -a codes
	with_recovery repo quipu-restore export latest:many 2>"$work/said" | head -c 102400 >"$work/part.tar"
	codes=("${PIPESTATUS[@]}")
	cat "$work/said"
	[[ ${codes[0]} == 1 ]] && (($(size_of "$work/part.tar") == 102400)) &&
		! cmp -s <(tail -c 1024 "$work/part.tar") <(head -c 1024 /dev/zero)
}
judge 'an export into a closed pipe fails' broken_export

# --- two writers at once ---

two_at_once() {
	local a b
	echo a | with_writer repo quipu-backup run --stream two --stdin a --limit-upload 1KiB >"$work/a" 2>&1 &
	a=$!
	echo b | with_writer repo quipu-backup run --stream two --stdin b --limit-upload 1KiB >"$work/b" 2>&1 &
	b=$!
	wait "$a" && wait "$b" && [[ $(snapshots_in two) == 2 ]]
}
judge 'two writers at once both succeed' two_at_once
both_are_there() { [[ $(get "$(id_of two 0)" "$(name_of a "$work/a" 0)")$(get "$(id_of two 1)" "$(name_of b "$work/b" 1)") =~ ^(ab|ba)$ ]]; }
id_of() { with_writer repo quipu-backup list --json --stream "$1" | jq -r ".[$2].id"; }
name_of() { with_recovery repo quipu-backup find '[ab]' --snapshot "$(id_of two "$3")" --json | jq -r '.[0].path'; }
judge 'both are there' both_are_there
# The same a moment apart: neither sees the other's header.
apart() {
	cp -a "$work/repo" "$work/repo2"
	cp -a "$work/repo.keys" "$work/repo2.keys"
	echo c | with_writer repo quipu-backup run --stream two --stdin file &&
		echo d | QUIPU_CACHE_DIR=$work/cache2 with_writer repo2 quipu-backup run --stream two --stdin file &&
		cp -an "$work/repo2/." "$work/repo/" && [[ $(snapshots_in two) == 4 ]]
}
judge 'two writers that do not see each other' apart
reports_concurrent() { verify --json >"$work/verify.json" && jq -e '.clean and any(.findings[]; .text | contains("concurrent"))' "$work/verify.json"; }
judge 'verify reports them as concurrent' reports_concurrent
judge 'check accepts them' check_all
judge 'latest is the later one' bash -c '[[ $1 == d ]]' _ "$(get latest:two file)"
joins() {
	echo e | with_writer repo quipu-backup run --stream two --stdin file && verify --json >"$work/verify.json" &&
		jq -e '.clean and (any(.findings[]; .text | contains("heads")) | not)' "$work/verify.json"
}
judge 'the next run joins them' joins

# --- damage and foreign files ---

listing() { find "$work/repo" -type f -printf '%p %s\n' | sort; }
put_foreign() {
	local some
	some=$(find "$work/repo/packs" -mindepth 1 -type d | head -n 1)
	echo hello >"$work/repo/README"
	echo hello >"$some/note to self"
	echo hello >"$work/repo/snapshots/files/tree/.DS_Store"
	echo hello >"$work/repo/index/desktop.ini"
	mkdir -p "$work/repo/lost+found" "$work/repo/packs/zz"
	ln -s /etc/passwd "$some/link"
	ln -s nowhere "$work/repo/bodies/dangling"
	mkfifo "$work/repo/packlists/fifo"
	: >"$work/repo/snapshots/files/tree/0000000000000009-short"
}
remove_foreign() {
	find "$work/repo" \( -name README -o -name 'note*' -o -name .DS_Store -o -name desktop.ini -o -name '*-short' \
		-o -type l -o -type p \) -delete
}
put_foreign
judge 'foreign files: check passes over them' with_recovery repo quipu-backup check
judge 'foreign files: verify passes over them' verify
judge 'foreign files: a backup passes over them' back_up files/tree "$work/tree"
judge 'foreign files: so does a restore' old_one_comes_back
remove_foreign

# cut KIND...: half of the newest file there (of those of one tick of the clock the longest, since a
# merged index fragment supersedes short ones); $victim is its path.
cut() {
	victim=$(find "$@" -type f -printf '%T@ %s %p\n' | sort -k 1,1n -k 2,2n | tail -n 1 | sed 's/^[^ ]* [^ ]* //')
	cp -a "$victim" "$work/victim"
	chmod u+w "$victim"
	truncate -s $(($(stat -c %s "$victim") / 2)) "$victim"
}
mend() { cp -a --remove-destination "$work/victim" "$victim"; }
finds() { # CODE TEXT
	exits "$1" with_recovery repo quipu-backup check >"$work/checked" 2>&1
	local failed=$?
	cat "$work/checked"
	((failed == 0)) && [[ $(<"$work/checked") == *"$2"* ]]
}
back_up files/last "$work/tree" >/dev/null 2>&1
cut "$work/repo/packs"
judge 'a truncated pack is damage' finds 13 "$(basename "$victim")"
mend
cut "$work/repo/bodies"
judge 'a truncated body is damage' finds 13 "$(basename "$victim")"
mend
cut "$work/repo/packlists"
judge 'a truncated pack list is damage' finds 13 "$(basename "$victim")"
some_come_back() { exits 13 get latest:files/last "$work/tree/numbers" >"$work/out" && cmp "$work/out" "$work/tree/numbers"; }
judge 'a restore goes on without it and ends with 13' some_come_back
mend
cut "$work/repo/index/files"
judge 'a truncated index fragment is not' finds 0 "$(basename "$victim")"
judge 'a backup goes on without it' back_up files/last "$work/tree"
mend
cut "$work/repo/snapshots/files/last"
judge 'a truncated header is an alarm' finds 15 "$(basename "$victim")"
judge 'verify alarms as well' exits 15 verify
mend
judge 'mended, all is well' check_all

# --- a newer version ---

newer() { # COMMAND...
	local before
	before=$(listing | sha256sum)
	fails 1 'newer' "$@" && [[ $before == "$(listing | sha256sum)" ]]
}
cp -a "$work/repo/quipu.json" "$work/quipu.json"
chmod u+w "$work/repo/quipu.json"
sed -i 's/"quipu_repository": *1/"quipu_repository": 2/' "$work/repo/quipu.json"
judge 'a newer version: no backup' newer with_writer repo quipu-backup run --stream files/tree --files "$work/tree"
judge 'a newer version: no restore' newer with_recovery repo quipu-restore run "$first" --to "$work/newer"
judge 'a newer version: no verification' newer verify
cp -a --remove-destination "$work/quipu.json" "$work/repo/quipu.json"

# --- a full disk, a read-only one ---

small() { # NAME COMMAND...: skips where nothing can be mounted
	if mountpoint -q "$work/small"; then
		judge "$@"
	else
		echo "skip - $1: needs the right to mount"
	fi
}
mkdir "$work/small"
mount -t tmpfs -o size=24m tmpfs "$work/small" 2>/dev/null
on_small() {
	quipu-backup init --repo "file://$work/small/repo" --keys "$work/small.keys" --passphrase-file "$work/passphrase" &&
		small_run --stream files/tree --files "$work/tree"
}
small_run() {
	quipu-backup run --repo "file://$work/small/repo" --key "$work/small.keys/writer.key" "$@"
}
small_key() {
	QUIPU_PASSPHRASE_FILE=$work/passphrase "$@" --repo "file://$work/small/repo" --key "$work/small.keys/recovery.key"
}
small_restores() {
	rm -rf "$work/old"
	small_key quipu-restore run latest:files/tree --to "$work/old" && diff -r "$work/tree" "$work/old$work/tree"
}
full() { fails 1 'No space left' small_run --stream big --files "$work/big"; }
small 'a repository on a small disk' on_small
small 'a full disk is a clear error' full
small 'a full disk loses nothing' small_restores
full_cache() { # the index of many small files does not fit
	mkdir -p "$work/dust" "$work/tiny"
	(cd "$work/dust" && seq 1 20000 | split -l 1 -a 4 -)
	mount -t tmpfs -o size=16k tmpfs "$work/tiny" || return
	QUIPU_CACHE_DIR=$work/tiny back_up dust "$work/dust" 2>"$work/err"
	local code=$?
	umount "$work/tiny"
	cat "$work/err"
	((code == 0)) && [[ $(<"$work/err") == *'warning: index cache is not kept: '*'No space left'* ]] && check_all
}
small 'a full disk for the cache is a warning' full_cache
small 'a full disk: check passes' small_key quipu-backup check --read-data
more() { mount -o remount,size=200m "$work/small" && small_run --stream big --files "$work/big"; }
small 'with more room the next run succeeds' more
small 'and all is well' small_key quipu-backup check --read-data
full_target() {
	mkdir "$work/small/target" && mount -o remount,size=$(($(size_of "$work/small") / 1024 + 4096))k "$work/small" || return
	fails 1 'No space left' small_key quipu-restore run latest:big --to "$work/small/target" &&
		[[ -z $(find "$work/small/target$work/big" -type f ! -name '.quipu*' -size +1k -exec sh -c 'cmp -s "$1" "${1#"$2"}" || echo "$1"' _ {} "$work/small/target" \;) ]]
}
small 'a restore to a full disk leaves no file that looks whole' full_target
whole_ones_stay() { # files that were whole when the disk was full have their names, and a later run goes on
	mkdir -p "$work/pieces" "$work/small/pieces"
	for i in $(seq 40); do head -c 500000 /dev/urandom >"$work/pieces/$i"; done
	back_up pieces "$work/pieces" || return
	mount -o remount,size=$(($(size_of "$work/small") / 1024 + 12288))k "$work/small" || return
	fails 1 'No space left' restore latest:pieces --to "$work/small/pieces" || return
	local n
	n=$(count_in "$work/small/pieces$work/pieces")
	((n > 0 && n < 40)) || { echo "$n files"; return 1; }
	mount -o remount,size=200m "$work/small" || return
	restore latest:pieces --json --to "$work/small/pieces" >"$work/out" || return
	cat "$work/out"
	(($(jq .already_done "$work/out") == n)) && diff -r "$work/pieces" "$work/small/pieces$work/pieces"
}
small 'what was whole stays and is not fetched again' whole_ones_stay
read_only() { mount -o remount,ro "$work/small" && fails 1 'hint: this writes to the repository: see that it is not mounted read-only' small_run --stream files/tree --files "$work/tree"; }
small 'a read-only repository is a clear error for a backup' read_only
small 'a read-only repository restores' small_restores
small 'a read-only repository checks' small_key quipu-backup check
small 'a read-only repository verifies' quipu-dr verify --repo "file://$work/small/repo" --audit-key "$work/small.keys/audit.pub"
exit "$status"
