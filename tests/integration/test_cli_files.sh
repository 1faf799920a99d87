#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files through the programs: in, listed, out again, byte for byte and with their metadata.
source "$(dirname "$0")/../support/cli.sh"

make_tree() { # DIR
	mkdir -p "$1/sub/deep" "$1/empty"
	head -c 3000000 /dev/urandom >"$1/random"
	seq 1 200000 >"$1/numbers"
	cp "$1/numbers" "$1/sub/same numbers"
	ln "$1/numbers" "$1/sub/hard"
	ln -s ../numbers "$1/sub/link"
	printf 'x' >"$1/sub/deep/"$'new\nline'
	: >"$1/empty file"
	truncate -s 5M "$1/sparse"
	printf end | dd of="$1/sparse" bs=1 seek=3000000 conv=notrunc status=none
	mkfifo "$1/fifo"
	chmod 0640 "$1/numbers"
	chmod 0700 "$1/sub"
	touch -d '2020-02-02 02:02:02.123456789' "$1/random" "$1/sub/link" -h
	touch -d '2021-01-01' "$1/sub/deep"
	setfattr -n user.colour -v blue "$1/random" 2>/dev/null || true
}

# Everything that tells two trees apart: type, mode, owner, size, time, link, name, content, xattrs.
fingerprint() (
	cd "$1" || exit
	find . -mindepth 1 ! -type d -printf '%y %m %U:%G %s %T@ %l %p\n' -o -type d -mindepth 1 -printf '%y %m %U:%G %T@ %p\n' | sort
	find . -type f -print0 | sort -z | xargs -0 sha256sum
	getfattr -R -d . 2>/dev/null
)

same_tree() {
	fingerprint "$1" >"$work/a"
	fingerprint "$2" >"$work/b"
	[[ -s $work/a ]] && diff "$work/a" "$work/b"
}

blocks() { stat -c %b "$1"; }

back_up() { with_writer repo quipu-backup run --stream files/tree --files "$work/tree"; }
restore() { with_recovery repo quipu-restore run "$1" --to "$2"; }

second_run_stores_little() {
	with_writer repo quipu-backup run --json --stream files/tree --files "$work/tree" >"$work/json" || return
	cat "$work/json"
	(($(jq .new_bytes "$work/json") < 20000))
}

fresh_machine_deduplicates() {
	QUIPU_CACHE_DIR=$work/other-cache with_writer repo \
		quipu-backup run --json --stream files/tree --files "$work/tree" >"$work/json" || return
	cat "$work/json"
	(($(jq .new_bytes "$work/json") < 20000))
}

lists_oldest_first() {
	with_writer repo quipu-backup list --json >"$work/json" || return
	jq -e 'length == 3 and ([.[].seq] == [1, 2, 3]) and (.[0].stream == "files/tree") and (.[0].files == 7)' "$work/json"
}

leaves_out_what_a_file_names() {
	printf '# not these\nnumbers\ndeep\n' >"$work/rules"
	with_writer repo quipu-backup run --stream some --exclude-file "$work/rules" --files "$work/tree" || return
	with_recovery repo quipu-backup find '*' --snapshot latest:some >"$work/listing" || return
	cat "$work/listing"
	grep -q 'tree/random' "$work/listing" && ! grep -qE 'tree/numbers|/deep' "$work/listing"
}

# The kernel says 0 of the first one's length, and a page of the second one's.
odd_lengths_come_back() {
	local file odd=(/proc/version)
	[[ -r /sys/kernel/mm/transparent_hugepage/enabled ]] && odd+=(/sys/kernel/mm/transparent_hugepage/enabled)
	for _ in first second; do
		with_writer repo quipu-backup run --stream files/odd --files "${odd[@]}" || return
		for file in "${odd[@]}"; do
			with_recovery repo quipu-restore get latest:files/odd "$file" | cmp - "$file" || return
		done
	done
}

plan_counts_as_the_restore() {
	with_recovery repo quipu-restore plan --json latest:files/tree >"$work/planned" &&
		with_recovery repo quipu-restore run --json latest:files/tree --to "$work/counted" >"$work/restored" || return
	cat "$work/planned" "$work/restored"
	rm -rf "$work/counted"
	jq -e -s '.[0].files == .[1].files and .[0].directories == .[1].directories and .[0].specials == .[1].specials and .[0].write_bytes == .[1].bytes' \
		"$work/planned" "$work/restored"
}

link_with_slash() {
	ln -s tree "$work/link" && with_writer repo quipu-backup run --stream files/link --files "$work/link/" || return
	with_recovery repo quipu-restore get latest:files/link "$work/link/sub/deep/"$'new\nline' | cmp - <(printf x)
}

hard_link_is_one_file() { [[ $work/target$work/tree/numbers -ef $work/target$work/tree/sub/hard ]]; }
# A target of files/shape.
shape_of() { # NAME
	local there=$work/$1$work/shape
	mkdir -p "$there" && echo "$there"
}
restore_shape() { # COMMAND NAME HOW
	case $1 in
	run) with_recovery repo quipu-restore run latest:files/shape --to "$work/$2" --existing "$3" ;;
	plan) with_recovery repo quipu-restore plan latest:files/shape "$work/$2" --existing "$3" ;;
	esac
}
refuses_first() {
	local there
	there=$(shape_of full) && mkdir "$there/file" && echo old | tee "$there/dir" >"$there/file/mine" || return
	fails 14 'is a directory that is not empty' restore_shape run full replace || return
	fails 14 'is a directory that is not empty' restore_shape plan full replace || return
	[[ $(<"$there/dir") == old && ! -e $work/full/.quipu-restore ]]
}
link_is_refused() {
	mkdir -p "$work/linked${work%/*}" && ln -s "$work/outside" "$work/linked$work" || return
	fails 14 'hint: --existing replace removes it' restore_shape run linked skip
}
link_is_replaced() {
	restore_shape plan linked replace && restore_shape run linked replace || return
	[[ $(<"$work/linked$work/shape/dir/file") == new && ! -L $work/linked$work && -z $(ls "$work/outside") ]]
}
sparse_stays_sparse() { (($(blocks "$work/target$work/tree/sparse") < 2000)); }

# A root that may not give files away, and a user who is not root.
own() { # NAME COMMAND...: with the keys of a user who is nobody, who may write to $work/nobody
	cp "$work/repo.keys/recovery.key" "$work/passphrase" "$work/nobody/"
	chown -R 65534:65534 "$work/nobody"
	QUIPU_CACHE_DIR=$work/nobody/cache QUIPU_REPO=file://$work/repo QUIPU_KEY_FILE=$work/nobody/recovery.key \
		QUIPU_PASSPHRASE_FILE=$work/nobody/passphrase setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
owners_that_fail_are_told() {
	exits 3 with_recovery repo setpriv --inh-caps=-all --bounding-set=-chown \
		quipu-restore run --json latest:files/owned --to "$work/disowned" >"$work/json" 2>"$work/err" || return
	cat "$work/json" "$work/err"
	grep -qF "warning: \"$work/owned/new\\nline\": owner cannot be restored" "$work/err" || return
	jq -e '.metadata_failed.owners == 2 and .lost == 0 and (.warnings | any(contains("owners that could not")))' "$work/json"
}
quiet_is_it_as_well() {
	exits 3 with_recovery repo setpriv --inh-caps=-all --bounding-set=-chown \
		quipu-restore run --quiet latest:files/owned --to "$work/quiet" >"$work/out" 2>"$work/err" || return
	cat "$work/out" "$work/err"
	[[ ! -s $work/out ]] && grep -q '^warning: .*: owner cannot be restored' "$work/err" && ! grep -qv '^warning: ' "$work/err"
}
owners_that_are_left_are_told() {
	chmod -R a+rX "$work/repo" && mkdir "$work/nobody" || return
	own quipu-restore run --json latest:files/owned --to "$work/nobody/target" >"$work/json" || return
	cat "$work/json"
	jq -e '.metadata_failed == {owners: 0, modes: 0, attributes: 0, times: 0} and .metadata_left.owners > 0' "$work/json"
}

# With the options that GNU tar itself needs to make such an archive.
acls_come_through_tar() {
	mkdir -p "$work/acls/dir" "$work/untarred" && : >"$work/acls/file" || return
	setfacl -m u:1234:rwx,g:4321:r "$work/acls/file" && setfacl -d -m u:1234:rwx "$work/acls/dir" || return
	with_writer repo quipu-backup run --stream files/acls --files "$work/acls" || return
	with_recovery repo quipu-restore export latest:files/acls | tar --acls --xattrs -xpf - -C "$work/untarred" || return
	diff <(cd "$work/acls" && getfacl -Rn .) <(cd "$work/untarred$work/acls" && getfacl -Rn .)
}
holes_come_through_tar() {
	mkdir "$work/holes" "$work/filled" || return
	truncate -s 1 "$work/holes/a byte" && truncate -s 5M "$work/holes/large" && echo data >"$work/holes/last" || return
	ln "$work/holes/large" "$work/holes/larger" && : >"$work/holes/empty" || return
	with_writer repo quipu-backup run --stream files/holes --files "$work/holes" || return
	with_recovery repo quipu-restore export latest:files/holes | tar -xf - -C "$work/filled" || return
	diff -r "$work/holes" "$work/filled$work/holes" || return
	with_recovery repo quipu-restore get latest:files/holes "$work/holes/large" | cmp - "$work/holes/large"
}
# Before 1970 the fraction of a second is what is easily lost.
times_come_through_tar() {
	mkdir "$work/times" "$work/later" || return
	for time in -0.000000001 -0.5 -0.999999999 -1 -1.5 -86400.25 0 0.5 1700000000.123456789; do
		echo data >"$work/times/$time" && touch -d "@$time" "$work/times/$time" || return
	done
	with_writer repo quipu-backup run --stream files/times --files "$work/times" || return
	with_recovery repo quipu-restore export latest:files/times | tar -xpf - -C "$work/later" || return
	diff <(cd "$work/times" && stat -c '%n %y' -- *) <(cd "$work/later$work/times" && stat -c '%n %y' -- *)
}
# The mask keeps the owning group from writing, be it that the reader knows no ACLs.
acls_grant_no_more_through_tar() {
	rm -rf "$work/no_acls" && mkdir -p "$work/masked" "$work/no_acls" && : >"$work/masked/file" || return
	setfacl -m u:1234:r,g::rw,m::r,o::- "$work/masked/file" || return
	with_writer repo quipu-backup run --stream files/masked --files "$work/masked" || return
	with_recovery repo quipu-restore export latest:files/masked | tar "$@" -xpf - -C "$work/no_acls" || return
	[[ $(stat -c %A "$work/no_acls$work/masked/file") == -rw-r----- ]]
}

# The compiler's own files: thousands of all lengths, as nobody would make them up.
real=$(dirname "$(gcc -print-libgcc-file-name)")
back_up_real() { with_writer repo quipu-backup run --json --stream real --files "$real" >"$work/json" && cat "$work/json"; }
back_up_real_again() { back_up_real && [[ $(jq .new_bytes "$work/json") == 0 ]]; }
real_comes_back() {
	restore "$1" "$work/real" && diff -r --no-dereference "$real" "$work/real$real" && rm -rf "$work/real"
}

make_tree "$work/tree"
judge 'init makes keys and repository' new_repository repo
judge 'keys have safe modes' test "$(stat -c %a "$work/repo.keys/writer.key")$(stat -c %a "$work/repo.keys/recovery.key")" = 600600
judge 'run makes a snapshot' back_up
judge 'a second run stores little more' second_run_stores_little
judge 'a fresh machine without a cache deduplicates' fresh_machine_deduplicates
judge 'list shows them, oldest first' lists_oldest_first
judge 'an exclude file leaves out what it names' leaves_out_what_a_file_names
judge 'restore writes the tree' restore latest:files/tree "$work/target"
judge 'restored tree is the same' same_tree "$work/tree" "$work/target$work/tree"
judge 'a plan counts as the restore does' plan_counts_as_the_restore
judge 'hard links are links again' hard_link_is_one_file
judge 'sparse files are sparse again' sparse_stays_sparse
judge 'restore with the writer key fails by construction' fails 12 'this is a writer key' \
	with_writer repo quipu-restore run latest:files/tree --to "$work/never"
judge 'nothing was written by it' test ! -e "$work/never"
judge 'restoring over existing files is refused' fails 14 'exist' restore latest:files/tree "$work/target"
mkdir -p "$work/shape/dir" "$work/outside"
echo new | tee "$work/shape/dir/file" >"$work/shape/file"
judge 'a small tree is backed up' with_writer repo quipu-backup run --stream files/shape --files "$work/shape"
judge 'replacing is refused before anything is written' refuses_first
judge 'a link in place of a directory is refused, with the hint that helps' link_is_refused
judge 'or makes room for it' link_is_replaced
judge 'files of a length that the kernel does not tell come back, again and again' odd_lengths_come_back
judge 'a link with a slash is the directory' link_with_slash
judge 'get prints one file' cmp "$work/tree/random" <(with_recovery repo quipu-restore get latest:files/tree "$work/tree/random")
judge 'export is a tar of it all' bash -c 'QUIPU_REPO=file://$1/repo QUIPU_KEY_FILE=$1/repo.keys/recovery.key QUIPU_PASSPHRASE_FILE=$1/passphrase quipu-restore export latest:files/tree | tar -tf - >"$1/listing" && grep -q "tree/sub/same numbers" "$1/listing"' _ "$work"
judge 'verify needs the audit key alone' quipu-dr verify --repo "file://$work/repo" --audit-key "$work/repo.keys/audit.pub" --read-data
judge 'check passes with the writer key' with_writer repo quipu-backup check
judge 'check reads all data with the recovery key' with_recovery repo quipu-backup check --read-data
if ((EUID == 0)) && setpriv --bounding-set=-chown true 2>/dev/null; then
	mkdir "$work/owned"
	: >"$work/owned/file" >"$work/owned/"$'new\nline'
	chown 12345:12345 "$work/owned"/*
	judge 'a file of another owner is backed up' with_writer repo quipu-backup run --stream files/owned --files "$work/owned"
	judge 'owners that root cannot restore are told, with exit code 3' owners_that_fail_are_told
	judge 'with --quiet by warnings alone' quiet_is_it_as_well
	judge 'owners that only root restores are told, with exit code 0' owners_that_are_left_are_told
else
	echo 'skip - owners that cannot be restored: needs root and setpriv'
fi
judge 'files that are one hole come through an export' holes_come_through_tar
judge 'and so do times, also before 1970' times_come_through_tar
if : >"$work/acl" && setfacl -m u:1234:r "$work/acl" 2>/dev/null; then
	judge 'GNU tar restores the ACLs of an export' acls_come_through_tar
	judge 'a reader of an export that knows no ACLs grants no more' acls_grant_no_more_through_tar
	judge 'and one that knows them does not' acls_grant_no_more_through_tar --acls
else
	echo 'skip - ACLs of an export: needs setfacl and a file system with ACLs'
fi
judge 'a real tree is backed up' back_up_real
judge 'the first snapshot of it comes back' real_comes_back latest:real
judge 'unchanged it stores nothing' back_up_real_again
judge 'the second snapshot of it comes back' real_comes_back latest:real
exit "$status"
