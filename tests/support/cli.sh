# SPDX-License-Identifier: Apache-2.0
# For integration tests of the programs: sourced. Gives a work directory, the programs of the
# variant under test on PATH, a passphrase, and judges.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/quipu-cli-XXXXXX")
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
[[ ${VARIANT:-release} == release ]] && PATH=$PWD/build/bin:$PATH || PATH=$PWD/build/$VARIANT/bin:$PATH
echo 'correct horse' >"$work/passphrase"
export QUIPU_CACHE_DIR=$work/cache
unset QUIPU_REPO QUIPU_KEY_FILE QUIPU_PASSPHRASE_FILE QUIPU_CONFIG

source tests/support/judge.sh

# fails CODE TEXT COMMAND...: exits with CODE, has TEXT on stderr and nothing on stdout.
fails() {
	local code
	"${@:3}" >"$work/out" 2>"$work/err"
	code=$?
	cat "$work/out" "$work/err"
	[[ $code == "$1" ]] || {
		echo "exit code $code; expected $1"
		return 1
	}
	[[ $(<"$work/err") == *"$2"* ]] || {
		echo "expected on stderr: $2"
		return 1
	}
	[[ ! -s $work/out ]] || {
		echo 'stdout is not empty'
		return 1
	}
}

# exits CODE COMMAND...
exits() {
	local code
	"${@:2}"
	code=$?
	[[ $code == "$1" ]] || {
		echo "exit code $code; expected $1"
		return 1
	}
}

new_repository() { # NAME: repository and keys below $work
	quipu-backup init --repo "file://$work/$1" --keys "$work/$1.keys" --passphrase-file "$work/passphrase"
}

with_writer() { # NAME COMMAND...
	QUIPU_REPO=file://$work/$1 QUIPU_KEY_FILE=$work/$1.keys/writer.key "${@:2}"
}

with_recovery() { # NAME COMMAND...
	QUIPU_REPO=file://$work/$1 QUIPU_KEY_FILE=$work/$1.keys/recovery.key \
		QUIPU_PASSPHRASE_FILE=$work/passphrase "${@:2}"
}
