#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every verb's help has examples, and they work as they stand there: each is run in a directory
# that holds what it names. What needs a PostgreSQL server is only parsed.
source "$(dirname "$0")/../support/cli.sh"

mkdir -p "$work"/{srv,mnt,tmp/x,bin,etc/{ssh,nginx,apt}}
echo '/dev/sda1 / ext4' >"$work/etc/fstab"
echo 'listen 80' >"$work/etc/nginx/nginx.conf"
echo 'Port 22' >"$work/etc/ssh/sshd_config"
printf '#!/bin/sh\necho "%s"\n' 'create role ana;' >"$work/bin/pg_dumpall"
printf '#!/bin/sh\necho "%s"\n' 'ii  bash' >"$work/bin/dpkg"
chmod 755 "$work/bin/pg_dumpall" "$work/bin/dpkg"
echo 'first passphrase' >"$work/pass"
echo 'of ops' >"$work/ops.pass"
echo 'newer' >"$work/new.pass"
printf '[[job]]\nname = "orders"\ncommand = "echo 1"\nfile_name = "orders.csv"\n' >"$work/quipu.toml"
PATH=$work/bin:$PATH
export QUIPU_REPO=file://$work/srv/backup PGSERVICEFILE=$work/pg_service.conf
printf '[prod]\nhost=%s/none\n' "$work" >"$PGSERVICEFILE"

help_of() { # PROGRAM VERB
	# shellcheck disable=SC2086 # a verb may be two words
	"$1" $2 --help
}
examples_of() { help_of "$1" "$2" | sed -n '/^Examples:/,$ { s/^  \([^ ]\)/\1/p }'; }

# Places of a real machine become those of the work directory, times become now.
placed() {
	sed -E -e "s#(file://)?/(srv|mnt|tmp|etc)(/|\b)#\1@W@/\2\3#g" -e "s#@20[0-9TZ:-]+#@$(date -u +%FT%TZ)#g" \
		-e "s#@W@#$work#g"
}

# The key that the verb needs, where the example leaves it to the environment.
key_of() { # PROGRAM VERB
	if [[ $1 == quipu-backup && $2 == run ]]; then
		export QUIPU_KEY_FILE=keys/writer.key
		unset QUIPU_PASSPHRASE_FILE
	else
		export QUIPU_KEY_FILE=keys/recovery.key QUIPU_PASSPHRASE_FILE=pass
	fi
}

is_parsed() { # COMMAND: not refused as wrong usage
	bash -c "$1"
	[[ $? != 2 ]]
}

run_example() { # COMMAND
	local command
	command=$(placed <<<"$1")
	echo "$command"
	cd "$work" || return
	case $1 in
	*postgres* | *db/orders*) is_parsed "$command" ;;
	*) bash -c "set -o pipefail; $command" ;;
	esac
}

has_examples() { [[ -n $(examples_of "$1" "$2") ]]; }

for program in quipu-backup quipu-restore quipu-dr; do
	[[ $program == quipu-dr ]] && cp "$work/keys/audit.pub" "$work"
	while read -r verb; do
		judge "$program $verb has examples" has_examples "$program" "$verb"
		key_of "$program" "$verb"
		while read -r example; do
			judge "$example" run_example "$example"
		done < <(examples_of "$program" "$verb")
	done < <("$program" --generate verbs)
done

says_limits_once() { # PROGRAM: each option's row has its limits once
	local verb
	"$1" --generate verbs | while read -r verb; do
		! help_of "$1" "$verb" | tr '\n' ' ' | tr -s ' ' | grep -o 'be repeated[^-]*be repeated' || return
	done
}
for program in quipu-backup quipu-restore quipu-dr; do
	judge "$program says limits once" says_limits_once "$program"
done

# The configuration of the help, up to its unknown job.
help_of quipu-backup run | sed -n '/^Configuration:/,/^Examples:/ s/^  //p' >"$work/help.toml"
judge 'the help shows a configuration' grep -q '^\[\[job\]\]$' "$work/help.toml"
judge 'which is right' fails 2 'did you mean orders' quipu-backup run --config "$work/help.toml" ordres
exit "$status"
