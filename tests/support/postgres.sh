# SPDX-License-Identifier: Apache-2.0
# For integration tests with servers of their own (tests/support/pg-server start "$work/NAME"):
# sourced. Gives a work directory, stops what runs below it, names the programs, and judges.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
bin=${BIN_DIR:-build/bin}
roundtrip=$PWD/build/${VARIANT:-release}/tests/support/pg_roundtrip
here=$PWD/tests/integration
work=$(mktemp -d /tmp/quipu-pg-XXXXXX) # TMPDIR may be closed to the server's user
chmod 755 "$work"
source tests/support/judge.sh

# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	local data
	for data in "$work"/*/data; do
		[[ ! -d $data ]] || tests/support/pg-server stop "${data%/data}" immediate
	done
	rm -rf "$work"
}
trap cleanup EXIT

# on SERVER COMMAND...: with the environment of that server.
on() (
	eval "$(tests/support/pg-server env "$work/$1")"
	"${@:2}"
)
