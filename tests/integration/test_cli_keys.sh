#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Key roles through the programs: who may do what, before and after keys come and go.
source "$(dirname "$0")/../support/cli.sh"

mkdir "$work/tree"
echo one >"$work/tree/file"
echo 'second passphrase' >"$work/passphrase2"
new_repository repo >/dev/null 2>&1 || { echo 'not ok - a repository to test with'; exit 1; }

run_as() { QUIPU_REPO=file://$work/repo QUIPU_KEY_FILE=$work/$1 quipu-backup run --stream "$2" --files "$work/tree"; }
get_as() { # KEYFILE PASSPHRASEFILE STREAM
	QUIPU_REPO=file://$work/repo QUIPU_KEY_FILE=$work/$1 QUIPU_PASSPHRASE_FILE=$work/$2 \
		quipu-restore get "latest:$3" "$work/tree/file" | cmp - "$work/tree/file"
}
packs() { find "$work/repo/packs" -type f | sort | sha256sum; }

run_as repo.keys/writer.key files/a >/dev/null 2>&1 || { echo 'not ok - a snapshot to test with'; exit 1; }
before=$(packs)
judge 'key add makes a reader' with_recovery repo quipu-backup key add --role reader ops --out "$work/ops.key" \
	--new-passphrase-file "$work/passphrase2"
judge 'the reader opens what was there before' get_as ops.key passphrase2 files/a
judge 'no pack was rewritten' test "$before" = "$(packs)"
judge 'a reader cannot write' fails 12 'expected a writer key' env QUIPU_PASSPHRASE_FILE="$work/passphrase2" \
	QUIPU_REPO="file://$work/repo" QUIPU_KEY_FILE="$work/ops.key" quipu-backup run --stream files/a --files "$work/tree"
judge 'key add never overwrites a file' fails 1 'exist' with_recovery repo quipu-backup key add --role reader ops2 --out "$work/ops.key"
judge 'key add makes a writer with streams' with_recovery repo quipu-backup key add --role writer ci --out "$work/ci.key" --stream 'ci/**'
judge 'the new writer writes to its streams' run_as ci.key ci/build
judge 'and to no other' fails 12 'files/a' run_as ci.key files/a
judge 'keys are administered by the recovery key alone' fails 12 'expected a recovery key' with_writer repo quipu-backup key rotate
judge 'key list names all' bash -c '[[ $1 == *ops*ci* || $1 == *ci*ops* ]]' _ "$(with_writer repo quipu-backup key list)"
judge 'under a heading' bash -c '[[ $1 == "ID "* ]]' _ "$(with_writer repo quipu-backup key list)"
says() { # TEXT COMMAND...: succeeds, with TEXT on stdout
	"${@:2}" >"$work/out" && cat "$work/out" && [[ $(<"$work/out") == *"$1"* ]]
}
judge 'key add tells of a shared passphrase' says 'that of the recovery key' with_recovery repo quipu-backup key add --role reader \
	ops2 --out "$work/ops2.key"
judge 'a writer key has no passphrase' fails 12 'has no passphrase' quipu-backup key passwd --key "$work/ci.key"
judge 'nor has audit.pub' fails 12 'has no passphrase' quipu-backup key passwd --key "$work/repo.keys/audit.pub"
judge 'key rotate' with_recovery repo quipu-backup key rotate
judge 'a backup after the rotation' run_as repo.keys/writer.key files/b
judge 'both readers open it' get_as ops.key passphrase2 files/b
judge 'key remove takes the reader off' with_recovery repo quipu-backup key remove ops
echo two >"$work/tree/file"
judge 'a backup after the removal' run_as repo.keys/writer.key files/c
judge 'the removed reader does not open it' fails 12 'recipients' env QUIPU_PASSPHRASE_FILE="$work/passphrase2" QUIPU_REPO="file://$work/repo" \
	QUIPU_KEY_FILE="$work/ops.key" quipu-restore get latest:files/c "$work/tree/file"
judge 'the recovery key does' get_as repo.keys/recovery.key passphrase files/c
judge 'key remove revokes a writer' with_recovery repo quipu-backup key remove ci
judge 'a revoked writer is refused' fails 12 'hint: its key can add no more snapshots' run_as ci.key ci/build
judge 'an unknown name gets a suggestion' fails 1 'opz' with_recovery repo quipu-backup key remove opz
judge 'a new passphrase needs a file or a terminal' fails 2 'needs a new passphrase' with_recovery repo quipu-backup key passwd
judge 'key passwd' with_recovery repo quipu-backup key passwd --new-passphrase-file "$work/passphrase2"
judge 'the new passphrase opens' get_as repo.keys/recovery.key passphrase2 files/c
judge 'the old one does not' fails 12 'passphrase' with_recovery repo quipu-restore plan latest:files/c
exit "$status"
