#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make install` puts whole, well-formed files below DESTDIR and PREFIX; `make uninstall` takes
# them all away.
set -uo pipefail
status=0
root=$TMPDIR/root
prefix=$root/opt/quipu
programs=(quipu-backup quipu-restore quipu-dr)

# judge NAME COMMAND...: ok when the command succeeds.
judge() {
	local output
	if output=$("${@:2}" 2>&1); then
		echo "ok - $1"
	else
		printf '%s\n' "$output"
		echo "not ok - $1"
		status=1
	fi
}

each_program() { # COMMAND...: with each program's name as its last argument
	local program
	for program in "${programs[@]}"; do
		"$@" "$program" || return
	done
}

has_files() {
	local file
	for file in "bin/$1" "share/man/man1/$1.1" "share/bash-completion/completions/$1" \
		"share/zsh/site-functions/_$1" "share/fish/vendor_completions.d/$1.fish"; do
		[[ -s $prefix/$file ]] || {
			echo "missing or empty: $file"
			return 1
		}
	done
}

has_verb_pages() {
	local verb
	"$BIN_DIR/$1" --generate verbs | while read -r verb; do
		mandoc -T lint -W error "$prefix/share/man/man1/$1-${verb// /-}.1" || return
	done
}

says_its_version() {
	local version
	version=$(sed -n 's/^VERSION := //p' Makefile)
	[[ $("$prefix/bin/$1" --version) == "$1 $version" ]]
}

bash_reads() { bash -n "$prefix/share/bash-completion/completions/$1"; }
zsh_reads() { zsh -n "$prefix/share/zsh/site-functions/_$1"; }
fish_reads() { fish -n "$prefix/share/fish/vendor_completions.d/$1.fish"; }

schemas_are_json() {
	local file
	for file in "$prefix"/share/quipu/schemas/*.json; do
		jq -e . "$file" >/dev/null || return
	done
}

is_empty() { [[ -z $(find "$root" ! -type d) ]]; }

# Until the programs exist there is nothing to install; the case is counted as skipped.
if [[ ! -x $BIN_DIR/quipu-backup || ! -x $BIN_DIR/quipu-restore || ! -x $BIN_DIR/quipu-dr ]]; then
	echo 'skip - install: not all programs are written yet'
	exit 0
fi

judge 'install' make VARIANT="$VARIANT" DESTDIR="$root" PREFIX=/opt/quipu install
judge 'each program has its files' each_program has_files
judge 'each verb has a well-formed page' each_program has_verb_pages
judge 'each program says its version' each_program says_its_version
judge 'bash reads the completions' each_program bash_reads
for shell in zsh fish; do
	if command -v "$shell" >/dev/null; then
		judge "$shell reads the completions" each_program "${shell}_reads"
	else
		echo "skip - $shell reads the completions: $shell is not installed"
	fi
done
judge 'schemas are JSON documents' schemas_are_json
judge 'install again over it' make VARIANT="$VARIANT" DESTDIR="$root" PREFIX=/opt/quipu install
judge 'uninstall' make VARIANT="$VARIANT" DESTDIR="$root" PREFIX=/opt/quipu uninstall
judge 'uninstall leaves no file' is_empty
exit "$status"
