#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The configuration in docs/configuration.md is complete and works as it stands there, in a
# directory that holds what it names; its database server is not there.
source "$(dirname "$0")/../support/cli.sh"

# Places of a real machine become those of the work directory.
placed() { sed -E "s#([\" ]|file://)/(srv|etc|var)/?#\1$work/\2/#g"; }
block() { # LANGUAGE: the blocks of the document in it
	sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/ { /^\`\`\`/d; p }" docs/configuration.md
}

mkdir -p "$work"/{bin,srv/shop/settings,etc/{quipu,ssl/private},home/ana,var/{cache,lib/node_exporter}}
printf '#!/bin/sh\necho "%s"\n' 'ii  bash' >"$work/bin/dpkg"
printf '#!/bin/sh\necho "$@" >"%s"\n' "$work/logged" >"$work/bin/logger"
chmod 755 "$work/bin/dpkg" "$work/bin/logger"
PATH=$work/bin:$PATH
export PGSERVICEFILE=$work/pg_service.conf
printf '[prod]\nhost=%s/none\n' "$work" >"$PGSERVICEFILE"
new_repository keys_of >/dev/null 2>&1 && mv "$work/keys_of" "$work/srv/backup" && cp "$work/keys_of.keys/writer.key" "$work/passphrase" "$work/etc/quipu" ||
	{ echo 'not ok - a repository'; exit 1; }
echo kept | tee "$work/etc/hosts" "$work/etc/hosts.bak" "$work/etc/left.out" "$work/etc/ssl/private/key" "$work/home/ana/letter.txt" >"$work/home/ana/letter.pdf"
echo left.out >"$work/etc/quipu/excludes"
printf '%s\0' "$work/home" >"$work/etc/quipu/homes"
block toml | placed >"$work/etc/quipu/quipu.toml"

says_all() { # every key that the schema knows
	local key
	jq -r '.. | .properties? // empty | keys[]' schemas/config.schema.json | sort -u | while read -r key; do
		grep -Eq "^\[*$key\]|\.$key\]|^$key = " "$work/etc/quipu/quipu.toml" && continue
		echo "$key is missing"
		return 1
	done
}
judge 'the example has every key' says_all

run() { quipu-backup run --config "$work/etc/quipu/quipu.toml" "$@"; }
names_in() { # STREAM: what its snapshot holds
	QUIPU_REPO=file://$work/srv/backup quipu-backup find --key "$work/keys_of.keys/recovery.key" \
		--passphrase-file "$work/passphrase" --json --stream "$1" '*' | jq -r '.[].path | sub(".*/"; "")' | sort | tr '\n' ' '
}
holds() { # STREAM NAMES
	[[ $(names_in "$1" | tee /dev/stderr) == *"$2"* ]]
}
judge 'its jobs run' run etc home packages
judge 'files without what is excluded' holds files/etc 'etc excludes homes hosts passphrase quipu'
judge 'only what is included' holds home 'letter.txt'
judge 'nothing else' bash -c '! grep -q pdf "$1"' _ "$work/output"
judge 'what a command prints' holds lists/packages packages.txt
judge 'metrics' grep -q '^quipu_backup_success{stream="files/etc"} 1' "$work/var/lib/node_exporter/quipu.prom"
without_server() {
	exits 1 run --json >"$work/out" || return
	cat "$work/out" "$work/logged"
	jq -e '[.jobs[].exit_code] == [0, 0, 0, 1]' "$work/out" && [[ ! -e $work/srv/shop/frozen ]] &&
		[[ $(<"$work/logged") == "-p user.err no backup of orders: "*none* ]]
}
judge 'without a database server its hook tells' without_server

sed 's/^name = "etc"/&\nmemory = "1MiB"/' "$work/etc/quipu/quipu.toml" >"$work/mistaken.toml"
warned_restore() {
	quipu-restore plan latest:files/etc --config "$work/mistaken.toml" --key "$work/keys_of.keys/recovery.key" \
		--passphrase-file "$work/passphrase" >/dev/null 2>"$work/err" &&
		grep -q '^warning: .*mistaken.toml:.*job.memory: expected at least 32MiB' "$work/err"
}
judge 'a mistake in a job stops no restore' warned_restore
judge 'but its run' fails 2 'job.memory: expected at least 32MiB' quipu-backup run --config "$work/mistaken.toml" etc

works() { # COMMAND: whatever it is about the server
	"$@"
	[[ $? != 2 ]]
}
while read -ra command; do
	judge "${command[*]}" works "${command[@]}"
done < <(block sh | sed 's/ *#.*//' | placed)

documented_metrics() { # under their full names or by their ends
	grep -o '^quipu_backup_[a-z_]*' "$work/var/lib/node_exporter/quipu.prom" | sort -u | while read -r name; do
		grep -Eq "\`($name|_${name##*backup_})\`" docs/configuration.md || { echo "$name"; return 1; }
	done
}
judge 'the document has every metric' documented_metrics
judge 'the help names the document' bash -c 'quipu-backup run --help | grep -q docs/configuration.md'
judge 'the manual names it' bash -c 'quipu-backup run --generate man | grep -q docs/configuration.md'
judge 'so does that of every verb' bash -c 'quipu-restore plan --generate man | grep -q docs/configuration.md'
judge 'the README links it' grep -q '(docs/configuration.md)' README.md
exit "$status"
