#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whoever holds the bucket, or may put into it, leaves junk, takes things away, damages them. What
# can be restored is restored, and nobody is told that all is well.
source "$(dirname "$0")/../support/cli.sh"

mkdir "$work/tree"
seq 1 200000 >"$work/tree/numbers"
head -c 2M /dev/urandom >"$work/tree/random"

fresh() { # a repository with two snapshots of stream files/a
	rm -rf "$work/repo" "$work/repo.keys" "$work/cache"
	echo one >"$work/tree/file"
	new_repository repo || return
	back_up files/a || return
	echo two >"$work/tree/file"
	back_up files/a
}
back_up() { with_writer repo quipu-backup run --json --stream "$1" --files "$work/tree" >"$work/run.json" && cat "$work/run.json"; }
fails_not() { # TEXT COMMAND...: succeeds, and says it
	"${@:2}" 2>"$work/said" || return
	cat "$work/said"
	[[ $(<"$work/said") == *"$1"* ]]
}
comes_back() { # SNAPSHOT TEXT: all of the tree, with that in `file`
	rm -rf "$work/target"
	with_recovery repo quipu-restore run "$1" --to "$work/target"
	local code=$?
	echo "$2" | cmp - "$work/target$work/tree/file" && cmp "$work/tree/numbers" "$work/target$work/tree/numbers" || return 99
	return "$code"
}
verify() { quipu-dr verify --repo "file://$work/repo" --audit-key "$work/repo.keys/audit.pub"; }
check() { with_recovery repo quipu-backup check; }
newest_header() { find "$work/repo/snapshots/$1" -name '*-*' | sort | tail -n 1; }
junk() { # PREFIX SEQ: an object whose name fits its content
	local id
	id=$(printf junk | sha256sum | cut -d ' ' -f 1)
	printf junk >"$work/repo/$1/$2-$id"
}

judge 'a repository' fresh
rm -rf "$work/repo/keys"
judge 'without its keys it restores, with an alarm' exits 15 comes_back latest:files/a two
judge 'verify alarms' exits 15 verify
judge 'check alarms' exits 15 check
judge 'a backup is refused' fails 15 'key log' with_writer repo quipu-backup run --stream files/a --files "$work/tree"
judge 'and so are changes of keys' fails 15 'key log' with_recovery repo quipu-backup key rotate

judge 'a repository that loses its wraps' fresh
rm -rf "$work/repo/keys/wraps"
judge 'without wraps it restores' comes_back latest:files/a two
judge 'check alarms of wraps' exits 15 check
judge 'no reader is added without them' fails 15 "the recovery key's wrap of epoch 1 is not there" \
	with_recovery repo quipu-backup key add --role reader ops --out "$work/ops.key"
judge 'and no key file is left' test ! -e "$work/ops.key"
judge 'verify alarms of wraps' exits 15 verify

judge 'another repository' fresh
junk keys/log 0000000009
judge 'junk in the key log stops no restore' comes_back latest:files/a two
judge 'nor a backup, whose report tells it' eval 'back_up files/a && jq -e ".warnings[0] | startswith(\"alarm: key log: \")" "$work/run.json"'
alarms_are_measured() {
	printf '[metrics]\ntextfile = "%s"\n' "$work/quipu.prom" >"$work/metrics.toml"
	with_writer repo quipu-backup run --config "$work/metrics.toml" --stream files/a --files "$work/tree" &&
		cat "$work/quipu.prom" && grep -qxF 'quipu_backup_alarms{stream="files/a"} 1.000' "$work/quipu.prom"
}
judge 'and its metrics' alarms_are_measured
judge 'nor a change of keys' with_recovery repo quipu-backup key rotate
judge 'verify alarms of junk in the key log' exits 15 verify
judge 'check alarms of junk in the key log' exits 15 check

judge 'one more repository' fresh
mkdir -p "$work/repo/snapshots/files/a/below"
junk snapshots/files 0000000001
junk snapshots/files/a/below 0000000001
judge 'junk among the headers stops no backup' back_up files/a
judge 'nor a restore' comes_back latest:files/a two
judge 'list alarms' exits 15 with_writer repo quipu-backup list

judge 'a repository with two snapshots' fresh
first=$(with_writer repo quipu-backup list --json | jq -r '.[0].id')
truncate -s 50 "$(newest_header files/a)"
judge 'the newest header is damaged: the one before comes back, with an alarm' exits 15 comes_back latest:files/a one
judge 'plan says it as well' exits 15 with_recovery repo quipu-restore plan latest:files/a
judge 'show does' exits 15 with_recovery repo quipu-backup show latest:files/a
judge 'diff does' exits 15 with_recovery repo quipu-backup diff "$first" latest:files/a
doubt_in_json() {
	rm -rf "$work/target"
	exits 15 with_recovery repo quipu-restore run latest:files/a --json --to "$work/target" >"$work/out"
	jq -e '.warnings[0] | startswith("something is wrong with stream files/a")' "$work/out"
}
judge 'and the document of a restore' doubt_in_json
judge 'what is named by its id is not in doubt' comes_back "$first" one
judge 'a backup tells that its last snapshot is not what it committed' eval 'back_up files/a && jq -e "([.warnings[] | select(startswith(\"alarm: \"))] | length == 2) and .n_alarms == 2 and .exit_code == 0" "$work/run.json"'
summary_alarms() { with_writer repo quipu-backup run --stream files/a --files "$work/tree" | tee /dev/stderr | grep -Eq '; [0-9]+ alarms'; }
judge 'another stream is not in doubt' eval 'back_up files/b && comes_back latest:files/b two'

judge 'a repository whose quipu.json gets lost' fresh
rm "$work/repo/quipu.json"
judge 'without quipu.json there is none' fails 10 'no repository' with_recovery repo quipu-restore plan latest:files/a
judge 'init with other keys does not take it' fails 1 'key log of another repository' \
	quipu-backup init --repo "file://$work/repo" --keys "$work/other.keys" --passphrase-file "$work/passphrase"
judge 'init with its keys makes it again' new_repository repo
judge 'and all is there' comes_back latest:files/a two
judge 'the same keys make no second repository' fails 1 'belong to a repository that exists' \
	quipu-backup init --repo "file://$work/second" --keys "$work/repo.keys" --passphrase-file "$work/passphrase"

# --- the local cache: losing it costs time only ---

flip_each_in_cache() { # one flipped bit in any file of it
	local file at
	rm -rf "$work/cache.kept" && cp -a "$work/cache" "$work/cache.kept"
	while read -r file; do
		for at in 3 2; do # of quarters: in the middle and before it
			rm -rf "$work/cache" && cp -a "$work/cache.kept" "$work/cache"
			python3 - "$file" "$at" <<-'END' || return
				import os, sys
				with open(sys.argv[1], "r+b") as f:
				    f.seek(os.path.getsize(sys.argv[1]) * int(sys.argv[2]) // 4)
				    byte = f.read(1)
				    f.seek(-1, os.SEEK_CUR)
				    f.write(bytes([byte[0] ^ 1]))
			END
			back_up files/a && [[ $(jq -c .warnings "$work/run.json") == '[]' ]] || { echo "$file"; return 1; }
		done
	done < <(find "$work/cache" -type f -size +0)
	comes_back latest:files/a two
}
judge 'a repository whose cache gets damaged' eval 'fresh && back_up files/a'
judge 'backups go on' flip_each_in_cache

# --- the index: losing it costs space only ---

judge 'a repository whose index gets damaged' fresh
find "$work/repo/index" -type f -exec chmod u+w {} + -exec truncate -s 100 {} +
rm -rf "$work/cache"
n=$(find "$work/repo/index" -type f | wc -l)
judge 'a backup says which fragments it cannot use' fails_not 'index fragment index/files/' back_up files/a
judge 'its report counts them' jq -e --arg n "$n" \
	'.n_alarms == 1 and .n_warnings == 1 and (.warnings[0] | startswith("alarm: \($n) index fragments cannot be used")) and .exit_code == 0' "$work/run.json"
judge 'and what it stored comes back' comes_back latest:files/a two

judge 'a last repository' fresh
find "$work/repo/packs" -type f -printf '%s %p\n' | sort -n | tail -n 2 >"$work/largest"
head -n 1 "$work/largest" | cut -d ' ' -f 2- | xargs rm
tail -n 1 "$work/largest" | cut -d ' ' -f 2- | xargs truncate -s 100
rm -rf "$work/cache"
judge 'packs that are gone are told' fails_not 'gone or cut short' back_up files/a
judge 'and what they held is stored again' comes_back latest:files/a two
judge 'the report tells it' jq -e '.n_alarms == 1 and (.warnings[0] | startswith("alarm: 2 packs"))' "$work/run.json"
judge 'its summary too' summary_alarms
judge 'also with the cache' eval 'back_up files/a && comes_back latest:files/a two'
judge 'check still names the damage' exits 13 check
exit "$status"
