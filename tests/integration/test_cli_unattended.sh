#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs that nobody watches: started by cron or a daemon, with closed descriptors, stopped by signals.
source "$(dirname "$0")/../support/cli.sh"

run() { with_writer repo quipu-backup run "$@"; }
count() { with_writer repo quipu-backup list --json --stream "$1" | jq length; }

mkdir "$work/tree"
seq 1 1000 >"$work/tree/numbers"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$work/tree/socket" # a warning
new_repository repo >/dev/null 2>&1 || { echo 'not ok - a repository'; exit 1; }

# --- closed standard descriptors ---

# Everything that the programs opened by themselves: what they say must not be in there.
nothing_said_into_files() { ! grep -rlE 'socket|quipu-backup:|files,' "$work/cache" "$work/repo"; }
without_any() { exits 1 run --stream closed/all --files "$work/tree" <&- >&- 2>&- && [[ $(count closed/all) == 1 ]]; }
judge 'a result that cannot be delivered is a failure, the snapshot is there' without_any
judge 'no message went into a file' nothing_said_into_files
without_stderr() { run --stream closed/err --files "$work/tree" 2>&-; }
judge 'without stderr all goes well' without_stderr
judge 'still no message is in a file' nothing_said_into_files
without_stdin() { fails 1 'Bad file descriptor' run --stream closed/in --stdin name <&- && [[ $(count closed/in) == 0 ]]; }
judge 'a closed stdin is not an empty one' without_stdin
get_into_nothing() {
	with_recovery repo quipu-restore get latest:closed/err "$work/tree/numbers" >&- 2>"$work/err"
	[[ $? == 1 && $(<"$work/err") == *'Bad file descriptor'* ]]
}
judge 'get into a closed stdout fails' get_into_nothing

# --- signals and the hooks of jobs ---

# Two jobs; the first one is met on its way, and its `failed` hook takes its time.
cat >"$work/hooks.toml" <<END
[repository]
url = 'file://$work/repo'
key = '$work/repo.keys/writer.key'
[[job]]
name = 'hooks/first'
command = 'echo >$work/at-work; exec sleep 60'
file_name = 'f'
hooks = {before = ['touch $work/stopped'], failed = ['echo \$\$ >$work/hook; until [ -e $work/go ]; do sleep 0.01; done; rm $work/stopped']}
[[job]]
name = 'hooks/second'
command = 'echo x'
file_name = 'f'
hooks = {before = ['touch $work/second'], failed = ['touch $work/second']}
END
await() { until [[ -s $1 ]] || ! kill -0 "$child" 2>/dev/null; do sleep 0.01; done; }
begin_hooks() {
	rm -f "$work"/{at-work,hook,go,stopped,second}
	env --default-signal=INT,TERM quipu-backup run --json --config "$work/hooks.toml" >"$work/out" 2>"$work/said" &
	child=$!
	await "$work/at-work"
	kill -TERM "$child"
	await "$work/hook"
}
told_and_undone() {
	begin_hooks
	touch "$work/go"
	wait "$child"
	[[ $? == 143 && ! -e $work/stopped && ! -e $work/second ]] || return
	cat "$work/out"
	jq -e '[.jobs[] | .error.code == "interrupted" and .exit_code == 143] == [true, true]' "$work/out"
}
judge 'SIGTERM: failed hooks run, no further job starts, both are reported' told_and_undone
insisted() {
	local hook step
	begin_hooks
	hook=$(<"$work/hook")
	kill -TERM "$child"
	wait "$child"
	[[ $? == 143 && -e $work/stopped ]] || return
	for step in {1..1000}; do
		kill -0 "$hook" 2>/dev/null || return 0
		sleep 0.01
	done
	touch "$work/go"
	return 1
}
judge 'a second SIGTERM ends the hook as well' insisted

# --- quiet ---

says_nothing() { # COMMAND...
	"$@" >"$work/out" 2>&1 || return
	cat "$work/out"
	[[ ! -s $work/out ]]
}
quiet_ones() {
	says_nothing quipu-backup init -q --repo "file://$work/quiet" --keys "$work/quiet.keys" --passphrase-file "$work/passphrase" &&
		says_nothing with_writer quiet quipu-backup run -q --stream q --files "$work/tree" &&
		says_nothing with_writer quiet quipu-backup check -q &&
		says_nothing with_recovery quiet quipu-restore run -q latest:q --to "$work/quiet.target" &&
		says_nothing with_recovery quiet quipu-backup key rotate -q &&
		says_nothing quipu-dr verify -q --repo "file://$work/quiet" --audit-key "$work/quiet.keys/audit.pub"
}
judge '--quiet says nothing when all goes well' quiet_ones
quiet_part() { # /proc/self/mem cannot be read at its start, by nobody
	exits 3 with_writer quiet quipu-backup run -q --stream part --files /proc/self/mem "$work/tree" >"$work/out" 2>&1
	local result=$?
	cat "$work/out"
	((result == 0)) && [[ $(<"$work/out") == "warning: /proc/self/mem: cannot be read: "* && $(wc -l <"$work/out") == 1 ]]
}
judge '--quiet tells by warnings alone what could not be read' quiet_part
quiet_shows() {
	with_writer quiet quipu-backup list -q >"$work/out" && [[ -s $work/out ]] &&
		with_writer quiet quipu-backup check -q --json | jq -e .clean
}
judge '--quiet shows what a verb is there to show, and documents' quiet_shows
quiet_jobs() { # of two jobs the one that failed
	sed '0,/"echo x"/s//"false"/' "$work/both.toml" >"$work/one-fails.toml"
	exits 1 quipu-backup run -q --config "$work/one-fails.toml" >"$work/out" 2>&1
	local result=$?
	cat "$work/out"
	((result == 0)) && grep -q 'm/one: failed' "$work/out" && ! grep -q m/two "$work/out"
}

cat >"$work/told.toml" <<END
[repository]
url = 'file://$work/repo'
key = '$work/repo.keys/writer.key'
[[job]]
name = 'told'
stream = 'hooks/told'
command = 'echo x'
file_name = 'f'
[job.hooks]
before = ['echo stopping']
after = ['echo "\$QUIPU_STREAM \$QUIPU_SNAPSHOT"; echo no more room >&2; exit 4']
failed = ['echo "\$QUIPU_EXIT_CODE \$QUIPU_ERROR"']
END
hooks_told() {
	exits 1 quipu-backup run --config "$work/told.toml" >"$work/out" 2>"$work/err" || return
	cat "$work/out" "$work/err"
	local id error='hook after: /bin/sh: exit status 4: "no more room"'
	id=$(sed -n 's/^snapshot //p' "$work/out")
	[[ $(<"$work/out") == *$'\n'"told: failed: $error" ]] &&
		[[ $(<"$work/err") == "told: hook before: stopping
told: hook after: hooks/told $id
told: hook after: no more room
told: hook failed: 1 $error" ]]
}
judge 'hooks are told what happened, and what they print is told' hooks_told
hooks_quiet() {
	exits 1 quipu-backup run -q --config "$work/told.toml" >"$work/out" 2>"$work/err"
	cat "$work/err"
	[[ $(grep -c '^warning: told: hook after: ' "$work/err") == 2 && $(<"$work/err") != *stopping* ]]
}
judge 'with --quiet only what the failing one printed' hooks_quiet

# --- metrics ---

configure() { # TEXTFILE STREAM...: a job for each
	printf '[repository]\nurl = "file://%s/repo"\nkey = "%s/repo.keys/writer.key"\n[metrics]\ntextfile = "%s"\n' "$work" "$work" "$1"
	(($# == 1)) || printf '[[job]]\nname = "%s"\ncommand = "echo x"\nfile_name = "f"\n' "${@:2}"
}
configure "$work/nowhere/quipu.prom" m/one >"$work/lost.toml"
metrics_lost() {
	exits 1 quipu-backup run --json --config "$work/lost.toml" >"$work/out" 2>"$work/err" || return
	cat "$work/out" "$work/err"
	[[ $(<"$work/err") == 'warning: metrics: '*nowhere/quipu.prom* ]] &&
		jq -e '.jobs[0].exit_code == 0 and (.jobs[0].snapshot | length == 64)' "$work/out"
}
judge 'metrics that cannot be written: all is told, exit code 1' metrics_lost
quiet_warns() {
	exits 1 quipu-backup run -q --config "$work/lost.toml" >"$work/out" 2>&1
	local result=$?
	cat "$work/out"
	((result == 0)) && [[ $(<"$work/out") == 'warning: metrics: '*nowhere/quipu.prom* && $(wc -l <"$work/out") == 1 ]]
}
judge '--quiet tells warnings' quiet_warns
configure "$work/quipu.prom" m/one m/two >"$work/both.toml"
metric() { grep "^quipu_backup_$1{stream=\"$2\"} " "$work/quipu.prom"; }
metrics_of_both() {
	local snapshot
	quipu-backup run --config "$work/both.toml" m/one || return
	snapshot=$(metric last_snapshot_timestamp_seconds m/one) || return
	quipu-backup run --config "$work/both.toml" m/two || return
	sed 's/command = "echo x"/command = "false"/' "$work/both.toml" >"$work/failing.toml"
	exits 1 quipu-backup run --config "$work/failing.toml" m/one || return
	cat "$work/quipu.prom"
	[[ $(metric success m/one) == *' 0.000' && $(metric success m/two) == *' 1.000' &&
		$(metric last_snapshot_timestamp_seconds m/one) == "$snapshot" ]]
}
judge '--quiet tells which of several jobs failed' quiet_jobs
judge 'metrics keep other streams and the last snapshot of one that fails' metrics_of_both

# --- a part of the data each time ---

check_half() { with_recovery repo quipu-backup check --json --read-data=50%; }
parts_cover_all() { # by runs between which one fails
	local -a bytes
	mkdir "$work/parts"
	bytes[0]=$(with_recovery repo quipu-backup check --json --read-data | jq .bytes_read)
	bytes[1]=$(QUIPU_CACHE_DIR=$work/parts/new check_half | jq .bytes_read)
	mv "$work/repo/packs" "$work/packs" && ln -s packs "$work/repo/packs" # cannot be listed
	QUIPU_CACHE_DIR=$work/parts/new exits 1 check_half || return
	rm "$work/repo/packs" && mv "$work/packs" "$work/repo/packs"
	bytes[2]=$(QUIPU_CACHE_DIR=$work/parts/new check_half | jq .bytes_read)
	echo "${bytes[@]}"
	((bytes[0] > 0 && bytes[0] == bytes[1] + bytes[2]))
}
judge 'two runs of --read-data=50% read all, the failed one between does not count' parts_cover_all
nowhere_to_count() {
	(
		unset HOME XDG_CACHE_HOME QUIPU_CACHE_DIR
		fails 2 'hint: give --cache-dir' with_recovery repo quipu-backup check --read-data=50% &&
			with_recovery repo quipu-backup check --read-data=1/2 && with_recovery repo quipu-backup check --read-data=100%
	)
}
judge 'without a cache directory a percentage is refused' nowhere_to_count

# --- several jobs ---

{
	configure "$work/many.prom"
	for i in 1 2 3 4 5; do printf '[[job]]\nname = "many/%s"\nfiles = ["%s"]\n' $i "$work/tree"; done
} >"$work/many.toml"
own_warnings() {
	quipu-backup run --json --config "$work/many.toml" >"$work/out" || return
	cat "$work/out"
	jq -e '[.jobs[].warnings | length == 1 and (.[0] | contains("socket"))] == [true, true, true, true, true]' "$work/out"
}
judge 'each of several jobs has its warnings in the report' own_warnings
{
	configure "$work/tags.prom"
	printf '[[job]]\nname = "tags"\ncommand = "seq 9"\nfile_name = "f"\ntags = {team = "shop", why = "nightly"}\n'
} >"$work/tags.toml"
tags_of_all() { # the command line's go before those of the job
	quipu-backup run --config "$work/tags.toml" --tag why=upgrade --tag ticket=7 --compression 1 || return
	with_recovery repo quipu-backup show --json latest:tags | tee "$work/out" &&
		jq -e '.tags == {team: "shop", why: "upgrade", ticket: "7"}' "$work/out"
}
judge 'tags for all jobs' tags_of_all
exit "$status"
