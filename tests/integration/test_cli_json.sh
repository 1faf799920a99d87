#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every verb's --json: one document, where it belongs, of the published shape.
source "$(dirname "$0")/../support/cli.sh"

# document SCHEMA CODE FILTER COMMAND...: exits with CODE and prints exactly one line on stdout,
# a document that the schema allows and for which the jq filter holds.
document() {
	exits "$2" "${@:4}" >"$work/document" || return
	cat "$work/document"
	[[ $(wc -l <"$work/document") == 1 ]] || {
		echo 'expected exactly one line on stdout'
		return 1
	}
	tests/support/schema-check "$1" "$work/document" && jq -e "$3" "$work/document"
}

# last_line SCHEMA CODE FILTER COMMAND...: the same of stderr's last line, stdout is data.
last_line() {
	exits "$2" "${@:4}" >"$work/data" 2>"$work/messages" || return
	cat "$work/messages"
	tail -n 1 "$work/messages" >"$work/document"
	tests/support/schema-check "$1" "$work/document" && jq -e "$3" "$work/document"
}

# error CODE FILTER COMMAND...: nothing on stdout, the error on stderr's last line.
error() {
	last_line error "$1" "$2" "${@:3}" && [[ ! -s $work/data ]]
}

tree=$work/tree
stream=files/tree
backup() { with_recovery repo quipu-backup "$@" --json; }
write() { with_writer repo quipu-backup "$@" --json; }
restore() { with_recovery repo quipu-restore "$@" --json; }
verify() { quipu-dr verify --repo "file://$work/repo" --audit-key "$work/repo.keys/audit.pub" --json "$@"; }
changed() { # the tree as the second snapshot has it
	echo more >>"$tree/changed"
	rm "$tree/gone"
	echo new >"$tree/new"
	chmod 600 "$tree/mode"
	rm "$tree/kind"
	mkdir "$tree/kind"
}

mkdir -p "$tree/sub"
for name in changed gone mode kind sub/deep $'not\xffutf-8'; do
	echo "$name" >"$tree/$name"
done
ln -s target "$tree/link"
mkfifo "$tree/fifo"
init() { quipu-backup init --repo "file://$work/repo" --keys "$work/repo.keys" --passphrase-file "$work/passphrase" --json; }

ln -s $'\xfe' "$work/odd"$'\xffl'
name_from_hex() {
	local hex
	hex=$(with_recovery repo quipu-backup find 'not*' --snapshot latest:$stream --json | jq -r '.[0].path_hex') &&
		[[ $(with_recovery repo quipu-restore get latest:$stream "$(printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")")") == not* ]]
}

judge init document init 0 '.resumed == false' init
judge 'init again' error 1 '.error.code == "exists" and .error.hint != null' init
judge 'run' document run 0 '.files == 6 and .exit_code == 0 and .new_bytes > 0' \
	write run --stream $stream --tag colour=blue --files "$tree"
changed
judge 'run --dry-run' document run 0 '.snapshot == null and .dry_run and .time > "2020"' write run --dry-run --stream $stream --files "$tree"
judge 'run again' document run 0 '.files == 5' write run --stream $stream --files "$tree"
from_stdin() { echo data | write run --stream in --stdin data.txt; }
judge 'run --stdin' document run 0 '.files == 1 and .bytes == 5' from_stdin
judge 'run --command' document run 0 '.files == 1' write run --stream out --command 'echo data' data.txt
judge 'run --command that fails' error 1 '.error.message | contains("status 7")' write run --stream out --command 'exit 7' data.txt

printf '[[job]]\nname = "%s"\nfiles = ["%s"]\n' good "$tree/sub" bad "$work/missing" >"$work/jobs.toml"
judge 'run of jobs, one fails' document jobs 1 \
	'(.jobs | length == 2) and .jobs[0].exit_code == 0 and .jobs[1].exit_code == 1 and .jobs[1].error.code == "not_found"' \
	write run --config "$work/jobs.toml"
judge 'run of a name in any bytes' document run 0 '.files == 0' write run --stream files/odd --files "$work/odd"$'\xffl'
judge 'run of one job' document jobs 0 '.jobs | length == 1' write run --config "$work/jobs.toml" good

judge 'list' document snapshot-list 0 'length == 7 and .[0].host == null and .[0].paths == null' write list
judge 'list with a key that reads' document snapshot-list 0 ".[0].host != null and .[0].paths == [\"$tree\"]" backup list
judge 'list of an unknown stream' document snapshot-list 0 '. == []' write list --stream nothing
judge 'show of a snapshot' document snapshot 0 '.source == "files" and .tags == {} and .seq == 2' backup show latest:$stream
judge 'show of a path' document entry-list 0 'map(.path_hex // "") | any(endswith("ff7574662d38"))' backup show latest:$stream "$tree"
judge 'links and roots of a snapshot in any bytes' document snapshot 0 '.paths_hex == [.paths_hex[0]] and (.paths_hex[0] | endswith("ff6c"))' \
	backup show latest:files/odd
judge 'list of them' document snapshot-list 0 '[.[] | select(has("paths_hex")) | .stream] == ["files/odd"]' backup list
judge 'their targets' document entry-list 0 '.[0].target_hex == "fe"' backup show latest:files/odd "$work/odd"$'\xffl'
judge 'find of them' document find 0 '.[0].target_hex == "fe"' backup find '*odd*l'
judge 'a name from its hex digits' name_from_hex
judge 'show of a file' document entry-list 0 'length == 1 and .[0].type == "file"' backup show latest:$stream "$tree/new"
judge 'show with a key that does not read' error 12 '.error.code == "key"' write show latest:$stream
judge 'find' document find 0 'length == 4 and .[0].type == "file"' backup find deep
judge 'find without a match' document find 0 '. == []' backup find 'no such *'
first=$(with_writer repo quipu-backup list --json --stream $stream | jq -r '.[0].id')
judge 'diff' document diff 0 '[.[] | select(.type != "directory" or .change != "metadata") | .change] | sort
	== ["added", "content", "metadata", "removed", "type"]' backup diff "$first" latest:$stream
judge 'diff of the same' document diff 0 '. == []' backup diff "$first" "$first"
judge 'stats' document stats 0 '.snapshots == 7 and .objects["packs/"].count > 0 and .repository_bytes > 0' write stats
judge 'check' document check 0 '.clean and .level == "structure" and (.data_read | not)' write check
judge 'check with a key that reads' document check 0 '.clean and .level == "trees" and .data_read and .bytes_read > 0' backup check --read-data
judge 'check of a part' document check 0 '.clean and .data_read' backup check --read-data=1/2

judge 'plan' document plan 0 '.files == 5 and .target == null and .source == "files"' restore plan latest:$stream
judge 'plan with a target' document plan 0 ".target == \"$work/target\"" restore plan latest:$stream "$work/target"
judge 'restore' document restore 0 '.files == 5 and .specials == 2 and .lost == 0 and (has("tables") | not)' restore run latest:$stream --to "$work/target"
judge 'restore that skips' document restore 0 '.files == 0 and .skipped + .already_done >= 5' restore run latest:$stream --to "$work/target" --existing skip
judge 'restore into what is there' error 14 '.error.code == "target"' restore run latest:$stream --to "$work/target"
judge 'get' last_line stream 0 '.files == 1 and .bytes == 4' restore get latest:$stream "$tree/new"
judge 'the data of get is alone on stdout' cmp "$work/data" "$tree/new"
judge 'get of nothing' error 1 '.error.code == "not_found"' restore get latest:$stream "$tree/nothing"
judge 'export' last_line stream 0 '.files == 5 and .bytes > 0' restore export latest:$stream
judge 'the data of export is a tar' tar -tf "$work/data"

judge 'verify' document verify 0 '.clean and .first_look and (.data_read | not) and .streams == 5' verify
judge 'verify with marks' document verify 0 '.state_advanced and .data_read' verify --read-data --state "$work/state"
judge 'verify with marks again' document verify 0 '.first_look | not' verify --state "$work/state"

judge 'key list' document key-list 0 'map(.role) | sort == ["recovery", "writer"]' write key list
judge 'key add reader' document key 0 '.done == "added reader" and .name == "ops"' backup key add --role reader ops --out "$work/ops.key"
judge 'key add writer' document key 0 '.done == "added writer"' backup key add --role writer ci --out "$work/ci.key" --stream 'ci/**'
judge 'key list of all' document key-list 0 'any(.[]; .name == "ci" and .streams == ["ci/**"]) and length == 4' write key list
judge 'key remove reader' document key 0 '.done == "removed reader"' backup key remove ops
judge 'key remove writer' document key 0 '.done == "revoked writer"' backup key remove ci
judge 'key list after it' document key-list 0 'map(select(.active | not).name) | sort == ["ci", "ops"]' write key list
judge 'key rotate' document key 0 '.done == "new epoch"' backup key rotate
judge 'key passwd' document key 0 '.done | startswith("changed")' backup key passwd --new-passphrase-file "$work/passphrase"
judge 'key verbs with another key' error 12 '.error.code == "key"' write key rotate

judge 'no repository' error 10 '.error.code == "no_repo"' quipu-backup list --json --repo "file://$work/none" --key "$work/repo.keys/writer.key"
judge 'bad usage' error 2 '.error.code == "usage" and (.error.hint // .error.message | contains("--stream"))' write run --steam x
judge 'unknown verb' error 2 '.error.code == "usage"' quipu-dr verifi --json

pack=$(find "$work/repo/packs" -type f | head -n 1)
chmod u+w "$pack"
cp "$pack" "$work/pack"
printf X | dd of="$pack" bs=1 seek=200 conv=notrunc status=none
judge 'check of damage' document check 13 '(.clean | not) and any(.findings[]; .kind == "damage")' backup check --read-data
judge 'verify of damage' document verify 13 '(.clean | not) and any(.findings[]; .kind == "corrupt")' verify --read-data
rm "$pack"
judge 'verify of a loss' document verify 13 'any(.findings[]; .kind == "missing")' verify
cp "$work/pack" "$pack"
header=$(find "$work/repo/snapshots/$stream" -type f | sort | tail -n 1)
mv "$header" "$work/header"
judge 'verify of a rollback' document verify 15 'any(.findings[]; .kind == "alarm")' verify --state "$work/state"
mv "$work/header" "$header"
judge 'all is well again' document verify 0 '.clean' verify --state "$work/state" --read-data
printf '[[job]]\nname = "hooked"\nfiles = ["%s"]\nhooks.after = ["echo why; exit 7"]\n' "$tree/sub" >"$work/hooked.toml"
judge 'run of a job whose last hook fails' document jobs 1 \
	'.jobs[0] | .error.message == "hook after: /bin/sh: exit status 7: why" and .exit_code == 1 and (.snapshot | length == 64)' \
	write run --config "$work/hooked.toml"
exit "$status"
