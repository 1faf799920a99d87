#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Others lock, empty and alter tables while a backup begins: it gets its locks without keeping
# anybody waiting for long, and what it holds is one moment. Exit 77 without PostgreSQL.
source "$(dirname "$0")/../support/postgres.sh"

sql() { psql -qXAt -v ON_ERROR_STOP=1 -d busy -c "$1"; }

until_true() { # COMMAND...: waits until it succeeds, for a minute at most
	local i
	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}
waits() { [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '$1'") -ge 1 ]]; }

tests/support/pg-server start "$work/server" >"$work/log" 2>&1
code=$?
if ((code != 0)); then
	tail -n 5 "$work/log"
	((code == 77)) || echo 'not ok - the server starts'
	exit "$((code == 77 ? 77 : 1))"
fi
eval "$(tests/support/pg-server env "$work/server")"
prepare() {
	psql -qX -d postgres -c 'CREATE DATABASE busy' &&
		sql 'CREATE TABLE filler (a int); CREATE TABLE log (a int); INSERT INTO log SELECT generate_series(1, 1000)'
}
judge 'the database is there' prepare

# A pg_dump before which, the first time, somebody asks for the lock that it needs next.
mkdir "$work/bin"
export -f until_true waits sql
cat >"$work/bin/pg_dump" <<-END
	#!/usr/bin/env bash
	if [[ \$1 != --version ]]; then
		echo started >>$work/starts
		if [[ \$(wc -l <$work/starts) == 1 ]]; then
			sql 'TRUNCATE log; INSERT INTO log VALUES (7)' >/dev/null &
			until_true waits 'TRUNCATE log%'
			sql 'SELECT count(*) AS readers FROM log' >$work/read &
			until_true waits 'SELECT count(*) AS readers%'
		else
			until_true test -s $work/read
		fi
	fi
	exec $(pg_dump_path=$(command -v pg_dump) && printf %q "$pg_dump_path") "\$@"
END
chmod 755 "$work/bin/pg_dump"
emptied() {
	local rows
	rows=$(PATH=$work/bin:$PATH "$roundtrip" 'dbname=busy' --cat tables/public/log.copy | tail -n 1) || return
	echo "rows: $rows, pg_dump started $(wc -l <"$work/starts") times, the reader saw $(<"$work/read") rows"
	[[ $rows == 7 && $(<"$work/read") == 1 && $(wc -l <"$work/starts") == 2 ]]
}
judge 'a TRUNCATE between our locks and those of pg_dump holds up neither the backup nor readers' emptied

held() ( # by something long, such as VACUUM FULL; meanwhile the backup holds no lock
	coproc psql -qXAt -d busy
	# shellcheck disable=SC2154 # coproc sets it
	echo 'BEGIN; LOCK TABLE log; SELECT 1;' >&"${COPROC[1]}" && read -r _ <&"${COPROC[0]}" || return
	"$roundtrip" 'dbname=busy' --cat tables/public/log.copy >"$work/rows" 2>&1 &
	backup=$!
	until_true waits 'BEGIN; SET LOCAL lock_timeout%' && sql "SET lock_timeout = '10s'" -c 'TRUNCATE filler'
	code=$?
	echo 'INSERT INTO log VALUES (8); COMMIT;' >&"${COPROC[1]}"
	wait "$backup" || code=1
	printf '%s\n' "$(<"$work/rows")"
	[[ $code == 0 && $(tail -n 2 "$work/rows") == $'7\n8' ]]
)
judge 'a lock that is held for long is awaited without holding any' held

restless() { # MODE: bounded in count, so that there is an end to it
	local i
	for ((i = 0; i < 40; i++)); do
		sql "ALTER TABLE filler SET (fillfactor = 9$(($1 + i % 5)))"
		sql 'BEGIN; TRUNCATE log; INSERT INTO log SELECT generate_series(1, 1000); COMMIT'
		sql "DROP TABLE IF EXISTS passing_$1; CREATE TABLE passing_$1 AS SELECT 1 AS a"
	done
}
restless_jobs() {
	local rows job1 job2 i code=0
	sql 'TRUNCATE log; INSERT INTO log SELECT generate_series(1, 1000)' || return
	restless 1 2>/dev/null &
	job1=$!
	restless 2 2>/dev/null &
	job2=$!
	for ((i = 0; i < 2; i++)); do
		rows=$("$roundtrip" 'dbname=busy' --cat tables/public/log.copy 2>"$work/said" | grep -cE '^[0-9]+$')
		[[ $rows == 1000 ]] || code=1
		echo "$rows rows: $(<"$work/said")"
	done
	wait "$job1" "$job2"
	return "$code"
}
judge 'backups beside jobs that alter, empty and drop tables' restless_jobs
exit $status
