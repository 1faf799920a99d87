#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bad input gets one clear error, the documented exit code, and leaves everything as it was.
source "$(dirname "$0")/../support/cli.sh"

run_files() { with_writer repo quipu-backup run --stream "$1" --files "${@:2}"; }

unchanged() { # COMMAND...: succeeds if the repository is the same afterwards
	local before after
	before=$(find "$work/repo" -type f ! -path '*/leases/*' | sort | sha256sum)
	"$@" || return
	after=$(find "$work/repo" -type f ! -path '*/leases/*' | sort | sha256sum)
	[[ $before == "$after" ]]
}

mkdir "$work/tree"
echo data >"$work/tree/file"
echo wrong >"$work/wrong"
new_repository repo >/dev/null 2>&1 || { echo 'not ok - a repository to test with'; exit 1; }
new_repository other >/dev/null 2>&1 || { echo 'not ok - a second repository'; exit 1; }
new_repository empty >/dev/null 2>&1 || { echo 'not ok - a third repository'; exit 1; }
run_files files/tree "$work/tree" >/dev/null 2>&1 || { echo 'not ok - a snapshot to test with'; exit 1; }

judge 'no repository' fails 10 'no repository at' quipu-backup list --repo "file://$work/nothing" --key "$work/repo.keys/writer.key"
judge 'an empty directory is no repository' bash -c 'mkdir -p "$1/void"; source tests/support/cli.sh; fails 10 "no repository" quipu-backup list --repo "file://$1/void" --key "$1/repo.keys/writer.key"' _ "$work"
judge 'repository exists already' unchanged fails 1 'already' new_repository repo
judge 'wrong passphrase' fails 12 'passphrase' quipu-restore plan latest:files/tree --repo "file://$work/repo" \
	--key "$work/repo.keys/recovery.key" --passphrase-file "$work/wrong"
judge 'key of another repository' fails 12 'another repository' quipu-backup list --repo "file://$work/repo" --key "$work/other.keys/writer.key"
judge 'wrong key role' unchanged fails 12 'expected a writer key' with_recovery repo quipu-backup run --stream x --files "$work/tree"
judge 'no key file' fails 12 'nokey' quipu-backup list --repo "file://$work/repo" --key "$work/nokey"
judge 'a file that is no key' fails 12 'key file' quipu-backup list --repo "file://$work/repo" --key "$work/tree/file"
judge 'a directory for a key' fails 12 'key file' quipu-backup list --repo "file://$work/repo" --key "$work/tree"
truncate -s 1M "$work/large"
judge 'a large file for a key' fails 12 'key file' quipu-backup list --repo "file://$work/repo" --key "$work/large"
judge 'a file that is no audit key' fails 12 'key file' quipu-dr verify --repo "file://$work/repo" --audit-key "$work/large"
judge 'the audit key does not restore' fails 12 'this is an audit key' quipu-restore plan latest:files/tree \
	--repo "file://$work/repo" --key "$work/repo.keys/audit.pub"
judge 'a passphrase file that is not there' fails 12 'passphrase file: cannot open' quipu-restore plan latest:files/tree \
	--repo "file://$work/repo" --key "$work/repo.keys/recovery.key" --passphrase-file "$work/nothing"
judge 'a store that is not supported' fails 2 'hint: supported: file:///PATH' quipu-backup list --repo s3://bucket/place --key "$work/repo.keys/writer.key"
judge 'a state that is none' fails 2 'hint: this is no state file' quipu-dr verify --repo "file://$work/repo" --audit-key "$work/repo.keys/audit.pub" --state "$work/tree/file"
judge 'no passphrase and no terminal' fails 2 'passphrase' quipu-backup init --repo "file://$work/new" --keys "$work/new.keys"
judge 'nothing was made' test ! -e "$work/new.keys/recovery.key"
mkdir "$work/home"
echo mine >"$work/home/letter"
init_in() { quipu-backup init --repo "file://$work/$1" --keys "$work/$2" --passphrase-file "$work/passphrase"; }
judge 'init into a directory with files' fails 1 'holds letter' init_in home home.keys
judge 'init with its keys in the repository' fails 2 'inside the repository' init_in new new/keys
judge 'init with the keys of another repository' fails 1 'belong to a repository that exists' init_in new/deeper repo.keys
judge 'nothing was made there either' bash -c '[[ $(ls "$1/home") == letter && ! -e $1/home.keys && ! -e $1/new ]]' _ "$work"
judge 'unknown option with a suggestion' fails 2 '--stream' quipu-backup run --steam x
judge 'unknown verb with a suggestion' fails 2 'list' quipu-backup lst
judge 'bad stream name' unchanged fails 2 'stream' run_files 'a//b' "$work/tree"
judge 'a stream below another' unchanged fails 2 'stream' run_files files/tree/more "$work/tree"
judge 'a path that is not there' unchanged fails 1 'cannot open' run_files files/none "$work/missing"
judge 'a command that fails' unchanged fails 1 'status 3' with_writer repo quipu-backup run --stream cmd --command 'echo x; exit 3' out
judge 'a snapshot that is not there' fails 1 'no snapshot' with_recovery repo quipu-restore plan latest:files/tre
judge 'the latest of no stream' fails 2 'expected an id' with_recovery repo quipu-restore plan latest:
judge 'a stream without a snapshot that old' fails 1 'snapshot' with_recovery repo quipu-restore plan files/tree@2001-01-01
judge 'get of a directory' fails 2 'is not a regular file' with_recovery repo quipu-restore get latest:files/tree "$work/tree"
judge 'get takes one path and no patterns' fails 2 'unknown option --include' with_recovery repo quipu-restore get latest:files/tree "$work/tree/file" --include x
judge 'a command that is empty' unchanged fails 2 '--command: the command is empty' with_writer repo quipu-backup run --stream cmd --command '' out
judge 'a command that is blank' unchanged fails 2 'the command is empty' with_writer repo quipu-backup run --stream cmd --command $' \t\n' out
judge 'a tag twice' unchanged fails 2 'tag a is given twice' run_files files/tree "$work/tree" --tag a=1 --tag ab=1 --tag a=2
judge 'a cache directory without a name' bash -c 'cd "$1" && mkdir here && cd here && HOME=$1/home QUIPU_REPO=file://$1/repo QUIPU_KEY_FILE=$1/repo.keys/writer.key quipu-backup run --dry-run --stream x --files "$1/tree" --cache-dir "" && [[ -z $(ls) ]]' _ "$work"
printf '[[job]]\nname = "a"\ncommand = " "\nfile_name = "x"\n' >"$work/blank.toml"
judge 'a configuration with a blank command' fails 2 'blank.toml:3:11: job.command: the command is empty' quipu-backup run --config "$work/blank.toml"
printf '[[job]]\nname = "a"\nfilez = ["/x"]\n' >"$work/bad.toml"
judge 'a configuration with a typo' fails 2 'bad.toml:3:1' quipu-backup run --config "$work/bad.toml"
printf '[[job]]\nname = "orders"\nfiles = ["%s"]\n' "$work/tree" >"$work/good.toml"
judge 'a tag twice for jobs' fails 2 'tag a is given twice' quipu-backup run --config "$work/good.toml" --tag a=1 --tag a=2
printf '[repository]\nurl = "file://%s"\nkey = "%s"\n' "$work/repo" "$work/repo.keys/writer.key" >"$work/named.toml"
judge 'a configuration names the repository for init' unchanged fails 1 'already' quipu-backup init --config "$work/named.toml" --keys "$work/new.keys" --passphrase-file "$work/passphrase"
judge 'and for the others' quipu-dr verify --config "$work/named.toml" --audit-key "$work/repo.keys/audit.pub"
judge 'a configuration that is not there' fails 2 'none.toml' quipu-backup run --config "$work/none.toml"
printf '[[job\n' >"$work/syntax.toml"
judge 'a configuration that is no TOML' fails 2 $'\n 1 | [[job' quipu-backup run --config "$work/syntax.toml"
judge 'without an empty hint' bash -c '! grep -q ^hint "$1"' _ "$work/err"
quipu-backup run --json --config "$work/syntax.toml" 2>"$work/err"
judge 'its JSON has the line and no mark of ours' jq -e '.error.hint | startswith(" 1 | [[job")' "$work/err"
judge 'a configuration without a repository' fails 2 'no repository is named' quipu-backup init --config "$work/good.toml" --keys "$work/new.keys" --passphrase-file "$work/passphrase"
judge 'an unknown job with a suggestion' fails 2 'did you mean orders' with_writer repo quipu-backup run --config "$work/good.toml" order
for option in --stream=x --exclude=a --include=a --exclude-file="$work/wrong" --exclude-caches --one-file-system; do
	judge "$option with jobs of a configuration" unchanged fails 2 "${option%%=*} does not hold for the jobs" with_writer repo quipu-backup run --config "$work/good.toml" "$option"
done
judge 'an exclude without files' unchanged fails 2 '--exclude belongs to --files' with_writer repo quipu-backup run --stream x --command 'echo x' --exclude a -- out
printf '[[job]]\nname = "a"\ncommand = "echo x"\nfile_name = "x"\nexclude = ["x"]\n' >"$work/ignored.toml"
judge 'an exclude without files in a configuration' fails 2 'ignored.toml:5:11: job.exclude: belongs to files' quipu-backup run --config "$work/ignored.toml"
judge 'no upload at all' fails 2 'limit-upload: expected at least 1KiB/s, found 0' with_writer repo quipu-backup run --stream x --files "$work/tree" --limit-upload 0
judge 'too little memory' fails 2 'memory: expected at least 32MiB' with_writer repo quipu-backup run --stream x --files "$work/tree" --memory 1
judge 'too little memory for a restore' fails 2 'memory: expected at least 32MiB' with_recovery repo quipu-restore plan latest:files/tree --memory 1MiB
printf '[[job]]\nname = "a"\nfiles = ["/x"]\nmemory = "1MiB"\n' >"$work/small.toml"
judge 'too little memory in a configuration' fails 2 'small.toml:4:10: job.memory: expected at least 32MiB, found 1MiB' quipu-backup run --config "$work/small.toml"
judge 'the value of --read-data apart' fails 2 'write --read-data=10%' with_writer repo quipu-backup check --read-data 10%
empty_part() { # of 1000 parts, the first eight cannot all hold one of the few packs
	for part in 1 2 3 4 5 6 7 8; do
		with_writer repo quipu-backup check --read-data="$part/1000" | grep "no data read: no pack is in part $part of 1000" && return
	done
	return 1
}
judge 'check of a part without packs' empty_part
says() { # TEXT COMMAND...: succeeds, with TEXT on stderr
	"${@:2}" >"$work/out" 2>"$work/err" || return
	cat "$work/err"
	[[ $(<"$work/err") == *"$1"* ]]
}
judge 'list of a stream that is not there' says 'no snapshot of a stream files/tre' with_writer repo quipu-backup list --stream files/tre
judge 'nothing on stdout' test ! -s "$work/out"
judge 'in JSON as well' says 'no snapshot of a stream files/tre' with_writer repo quipu-backup list --json --stream files/tre
judge 'where it is an empty list' jq -e '. == []' "$work/out"
judge 'list of a bad stream name' fails 2 'stream: ' with_writer repo quipu-backup list --stream latest:files/tree
judge 'list of an empty repository' says 'there is no snapshot' with_writer empty quipu-backup list
judge 'find in a stream that is not there' fails 1 'no snapshot of stream file/*' with_recovery repo quipu-backup find x --stream 'file/*' --stream files/tree
judge 'which names those that are' grep -qx 'hint: streams: files/tree' "$work/err"
judge 'find with a bad stream pattern' fails 2 'stream: ' with_recovery repo quipu-backup find x --stream 'file['
judge 'errors are JSON when asked' bash -c 'quipu-backup list --json --repo "file://$1/nothing" --key "$1/repo.keys/writer.key" 2>&1 >/dev/null | tail -n 1 | jq -e ".error.code == \"no_repo\""' _ "$work"
judge 'a password in a connection string' unchanged fails 2 'password' with_writer repo quipu-backup run --stream db --postgres 'dbname=x password=secret'
judge 'a connection string without dbname' unchanged fails 2 'dbname' with_writer repo quipu-backup run --stream db --postgres 'host=/nowhere'
sed -i 's/"quipu_repository": *1/"quipu_repository": 9/' "$work/other/quipu.json" 2>/dev/null || {
	chmod u+w "$work/other/quipu.json"
	sed -i 's/"quipu_repository": *1/"quipu_repository": 9/' "$work/other/quipu.json"
}
judge 'a newer format version' fails 1 'newer' quipu-backup list --repo "file://$work/other" --key "$work/other.keys/writer.key"

# --- patterns that take nothing ---

nothing=(fails 1 'nothing in the snapshot matches the patterns' with_recovery repo)
judge 'a restore of nothing' "${nothing[@]}" quipu-restore run latest:files/tree --to "$work/none" --include /etc/ngnix
judge 'made nothing' test ! -e "$work/none"
judge 'a restore of a slip' fails 1 "hint: the snapshot has $work/tree/file" \
	with_recovery repo quipu-restore run latest:files/tree --to "$work/none" --include "$work/tree/fiel"
judge 'a plan of nothing' "${nothing[@]}" quipu-restore plan latest:files/tree --include /etc/ngnix
judge 'a plan of nothing for a target' "${nothing[@]}" quipu-restore plan latest:files/tree "$work/none" --exclude '*'
judge 'an export of nothing' "${nothing[@]}" quipu-restore export latest:files/tree --include /etc/ngnix
judge 'a restore of the end of a path' fails 1 'hint: tree/file has a slash, so it stands for whole paths, from /' \
	with_recovery repo quipu-restore run latest:files/tree --to "$work/none" --include tree/file
judge 'a restore of half of what is named' says 'warning: include /etc/ngnix takes nothing' \
	with_recovery repo quipu-restore run latest:files/tree --to "$work/half" --include /etc/ngnix --include file
judge 'restored it' cmp "$work/tree/file" "$work/half$work/tree/file"
judge 'a backup of half of what is named' says 'warning: include *.none takes nothing' \
	run_files files/half "$work/tree" --include '*.none' --include file
judge 'a backup with an exclude that hangs in the air' \
	says 'warning: exclude tree/file leaves nothing out: it has a slash, so it stands for whole paths, from /' \
	run_files files/air "$work/tree" --exclude tree/file --exclude '*.bak'
mkdir "$work/tree/cache"
: >"$work/tree/cache/file"
excludes_below_another() {
	run_files files/below "$work/tree" --exclude "$work/tree/cache" --exclude "$work/tree/cache/file" --json >"$work/out" &&
		cat "$work/out" && jq -e '.n_warnings == 0' "$work/out"
}
judge 'an exclude below another hangs in no air' excludes_below_another
judge 'a backup of nothing' says 'warning: there is no file in the snapshot' \
	run_files files/nothing "$work/tree" --exclude '*' --json
judge 'tells so in its document' jq -e '.n_warnings == 1 and .warnings == ["warning: there is no file in the snapshot"]' "$work/out"
judge 'a backup of no input' says 'warning: x: there was nothing on standard input' \
	with_writer repo quipu-backup run --quiet --stream in --stdin x </dev/null
judge 'a backup of no output' says 'warning: a/x: the command printed nothing' \
	with_writer repo quipu-backup run --quiet --stream out --command true --json a/x
judge 'tells that in its document as well' jq -e '.warnings == ["warning: a/x: the command printed nothing"]' "$work/out"
exit "$status"
