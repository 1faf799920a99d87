# SPDX-License-Identifier: Apache-2.0
# For integration tests: sourced, by other parts of this folder. Needs $work.
status=0

# judge NAME COMMAND...: ok when the command succeeds; its output is shown otherwise.
judge() {
	if "${@:2}" >"$work/output" 2>&1; then
		echo "ok - $1"
	else
		head -n 60 "$work/output"
		echo "not ok - $1"
		status=1
	fi
}
