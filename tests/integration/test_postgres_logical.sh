#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Databases go through the PostgreSQL source and sink (the tree in memory, no repository) and
# come back: pg_dump of source and restored database must be the same text. Real servers, as an
# unprivileged user, in a directory of their own. Exit 77 without PostgreSQL.
source "$(dirname "$0")/../support/postgres.sh"
has_labels=false has_extension=false

# shellcheck disable=SC2317 # the trap calls it
leave() {
	[[ $has_extension == false ]] || rm -f /usr/share/postgresql/15/extension/quipu_test{.control,--1.sql}
	cleanup
}
trap leave EXIT

sql() { on "$1" psql -qXAt -v ON_ERROR_STOP=1 -d "$2" -c "$3"; } # SERVER DATABASE TEXT

# A connection string to a database of a server. The host tells the servers apart.
conninfo() { # SERVER DATABASE
	on "$1" sh -c 'printf "host=%s port=%s user=postgres dbname=%s" "$PGHOST" "$PGPORT" "$1"' _ "$2"
}

# What must come back the same. Rows of hash partitions by enum may move between partitions
# (their hashes are those of oids), so those are told apart in order.
dump() { # SERVER DATABASE
	on "$1" pg_dump -C --exclude-table-data='app.by_mood_*' -d "$2" |
		sed -E "/^\\\\(un)?restrict /d; s/\"?\b$2\b\"?/THE_DATABASE/g" || return
	[[ $2 == everything* ]] || return 0
	sql "$1" "$2" 'COPY (SELECT * FROM app.by_mood ORDER BY m, n) TO STDOUT' &&
		sql "$1" "$2" 'SELECT * FROM app.z_first, app.a_second'
}

same_dump() { # SERVER DATABASE
	dump source everything >"$work/source.sql" && dump "$1" "$2" >"$work/restored.sql" || return
	[[ -s $work/source.sql ]] || return
	diff "$work/source.sql" "$work/restored.sql"
}

# refuses CODE TEXT ARGUMENT...: fails with this exit code and says this.
refuses() {
	local code
	"$roundtrip" "${@:3}" >"$work/said" 2>&1
	code=$?
	printf '%s\n' "$(<"$work/said")"
	[[ $code == "$1" ]] || {
		echo "exit code $code; expected $1"
		return 1
	}
	[[ $(<"$work/said") == *"$2"* ]] || {
		echo "expected: $2"
		return 1
	}
}

databases() { sql "$1" postgres "SELECT datname FROM pg_database WHERE datname !~ '^(template|postgres)' ORDER BY 1"; }

start_servers() {
	local libraries=''
	if cc -shared -fPIC -o "$work/label_provider.so" tests/support/label_provider.c; then
		libraries="shared_preload_libraries = '$work/label_provider.so'"
	fi
	mkdir -m 777 "$work"/space_{1,2,other} || return
	tests/support/pg-server start "$work/source" "$libraries" &&
		tests/support/pg-server start "$work/other" "$libraries" || return
	((EUID != 0)) || chown postgres "$work"/space_*
	sql source postgres "CREATE TABLESPACE \"Space 1\" LOCATION '$work/space_1'" &&
		sql source postgres "CREATE TABLESPACE \"Space 2\" LOCATION '$work/space_2'" &&
		sql other postgres "CREATE TABLESPACE \"Space 2\" LOCATION '$work/space_other'"
}

make_extension() { # one with a configuration table; only root can install it
	local directory=/usr/share/postgresql/15/extension
	[[ -w $directory ]] || return 1
	printf "default_version = '1'\nrelocatable = true\n" >"$directory/quipu_test.control"
	printf '%s\n' 'CREATE TABLE settings (key text PRIMARY KEY, value text, built_in bool DEFAULT false);' \
		"INSERT INTO settings VALUES ('a', '1', true);" \
		"SELECT pg_catalog.pg_extension_config_dump('settings', 'WHERE NOT built_in');" \
		'CREATE SEQUENCE numbers;' "SELECT pg_catalog.pg_extension_config_dump('numbers', '');" \
		>"$directory/quipu_test--1.sql"
}

fill_source() {
	on source psql -qX -d postgres -f "$here/everything_roles.sql" &&
		sql source postgres 'CREATE DATABASE everything TEMPLATE template0 OWNER app_owner' &&
		on source psql -qX -v labels="$has_labels" -v extension="$has_extension" -d everything \
			-f "$here/everything.sql"
}

start_servers >"$work/log" 2>&1
code=$?
if ((code != 0)); then
	tail -n 5 "$work/log"
	((code == 77)) || echo 'not ok - servers start'
	exit "$((code == 77 ? 77 : 1))"
fi
[[ ! -e $work/label_provider.so ]] || has_labels=true
! make_extension || has_extension=true
judge 'the source has everything' fill_source
source=$(conninfo source everything)

# Whole databases.
judge 'restores beside the source' "$roundtrip" "$source" "$(conninfo source everything_2)"
judge 'the restored database is the same' same_dump source everything_2
judge 'restores to a server without its roles' "$roundtrip" "$source" "$(conninfo other everything_3)"

globals() { on "$1" pg_dumpall -g | sed -E '/^\\(un)?restrict /d; /ROLE postgres/d; /[Tt]ablespace|TABLESPACE|^(--)?$/d'; }
same_globals() { diff <(globals source) <(globals other); }
same_new_roles() { diff <(globals source | grep -v ' TO PUBLIC;') <(globals other); }
judge 'its roles are the same' same_new_roles
other_dump() { # SERVER DATABASE: without tablespaces, of which one is absent
	on "$1" pg_dump -C --exclude-table-data='app.by_mood_*' -d "$2" |
		sed -E "/^\\\\(un)?restrict /d; /^(SET default_tablespace.*)?$/d; s/; Tablespace: Space 1$//; s/\b$2\b/X/"
}
same_elsewhere() { diff <(other_dump source everything) <(other_dump other everything_3); }
judge 'and so is the database there' same_elsewhere
maps_tablespaces() {
	"$roundtrip" "$source" "$(conninfo other mapped)" >"$work/said" 2>&1 &&
		grep -F 'Space 1' "$work/said" | grep -qF pg_default &&
		[[ $(sql other mapped "SELECT count(*) FROM app.in_space") == 1 ]]
}
in_space_2() {
	sql "$1" "$2" "SELECT c.relname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
		WHERE t.spcname = 'Space 2' AND c.relname !~ '^pg_toast' ORDER BY 1"
}
keeps_tablespaces() { [[ $(in_space_2 source everything | wc -l) -ge 6 ]] && diff <(in_space_2 source everything) <(in_space_2 other everything_3); }
judge 'uses a tablespace that is there' keeps_tablespaces
judge 'maps an absent tablespace to pg_default and says so' maps_tablespaces

more_is_same() {
	export PGCLIENTENCODING=UTF8 # for pg_dump: the database sets another one
	sql source postgres 'CREATE DATABASE more' &&
		on source psql -qX -d more -f "$here/everything_more.sql" &&
		"$roundtrip" "$(conninfo source more)" "$(conninfo source more_2)" &&
		diff <(dump source more) <(dump source more_2)
}
judge 'rarer things come back the same' more_is_same
hostile_role() {
	local setting
	sql source postgres 'CREATE ROLE hostile SUPERUSER LOGIN' || return
	for setting in default_transaction_read_only=on statement_timeout=50ms datestyle=German \
		client_encoding=latin1 standard_conforming_strings=off default_transaction_isolation=serializable \
		bytea_output=escape lock_timeout=1ms xmloption=document extra_float_digits=-5 array_nulls=off \
		intervalstyle=iso_8601 timezone=Asia/Kolkata quote_all_identifiers=on transform_null_equals=on; do
		sql source postgres "ALTER ROLE hostile SET ${setting%%=*} = '${setting#*=}'" || return
	done
	"$roundtrip" "$source user=hostile" "$(conninfo source everything_5) user=hostile" || return
	# Who restores owns the extensions; pg_dump does not record their owners.
	diff <(dump source everything) <(dump source everything_5 | sed 's/Owner: hostile$/Owner: postgres/')
}
judge 'whatever settings the role has' hostile_role

# Targets.
no_leftovers() { [[ -z $(databases "$1" | grep -E '\.(restore|old)-') ]]; }
before=$(databases source)
judge 'refuses a target with objects' refuses 14 'is not empty: it has' "$source" "$(conninfo source everything_2)"
untouched() { [[ $(databases source) == "$before" ]]; }
judge 'and leaves all databases as they were' untouched
replaces() {
	PGOPTIONS='-c quipu.ddl=allowed -c default_transaction_read_only=off' \
		sql source everything_2 'DROP TABLE app.egg CASCADE' &&
		"$roundtrip" "$source" "$(conninfo source everything_2)" --replace && same_dump source everything_2 && untouched
}
judge 'replaces one when told to' replaces
fills_empty() {
	sql source postgres 'CREATE DATABASE everything_4 ENCODING LATIN1 LOCALE "C" TEMPLATE template0' &&
		"$roundtrip" "$source" "$(conninfo source everything_4)" && same_dump source everything_4
}
judge 'an empty target becomes the same, too' fills_empty
refuses_used() ( # USER
	eval "$(tests/support/pg-server env "$work/source")"
	coproc psql -qXAt -d everything_2
	# shellcheck disable=SC2154 # coproc sets it
	echo 'SELECT 1;' >&"${COPROC[1]}" && read -r _ <&"${COPROC[0]}"
	refuses 14 'is in use by 1 sessions' "$source" "$(conninfo source everything_2) user=$1" --replace
)
judge 'refuses to replace one that is in use' refuses_used postgres
sql source postgres 'CREATE ROLE no_superuser LOGIN CREATEDB IN ROLE app_owner'
judge 'and sees sessions of others without their rights' refuses_used no_superuser
sql source postgres 'DROP ROLE no_superuser'

# What others do to a target while a restore into it runs.
make_small() {
	sql source postgres 'CREATE DATABASE small' && sql source postgres 'CREATE DATABASE empty' &&
		sql source small 'CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)'
}
judge 'a small source and an empty target' make_small
small=$(conninfo source small)
empty=$(conninfo source empty)
drop_kept() { # PREFIX: there is one database whose name begins so
	local name
	name=$(databases source | grep -F "$1") && sql source postgres "DROP DATABASE \"$name\""
}
filled_meanwhile() {
	refuses 14 'database empty was empty, and since the restore began it got table public.ours' "$small" "$empty" \
		--hook tables/public/t.copy "psql -qX '$empty' -c 'CREATE TABLE ours AS SELECT 42 AS a'" &&
		[[ $(sql source empty 'SELECT a FROM ours') == 42 ]] &&
		grep -qF 't.copy: 2 rows, equal' "$work/said" && grep -qF 'is kept as database empty.restore-' "$work/said" &&
		drop_kept empty.restore- && sql source empty 'DROP TABLE ours'
}
judge 'an empty target that is filled meanwhile stays' filled_meanwhile

# The swap with an old database.
until_true() { # COMMAND...: waits until it succeeds, for a minute at most
	local i
	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}
others="FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND"
runs() { [[ $(sql source postgres "SELECT count(*) $others $1") -ge 1 ]]; }
renaming="state = 'active' AND query LIKE 'ALTER DATABASE%RENAME TO%'"
make_old() { sql source postgres 'CREATE DATABASE old' && sql source old 'CREATE TABLE older ()'; }
is_new() { [[ $(sql source old 'SELECT count(*) FROM t') == 2 ]] && no_leftovers source && sql source postgres 'DROP DATABASE old'; }
# held_swap BEFORE [AFTER]: a restore over database old. It waits to swap, because a transaction
# of somebody holds that database; the one command is run then, the other when it is free.
held_swap() (
	eval "$(tests/support/pg-server env "$work/source")"
	coproc psql -qXAt -d postgres
	echo "BEGIN; COMMENT ON DATABASE old IS 'held'; SELECT 1;" >&"${COPROC[1]}" && read -r _ <&"${COPROC[0]}" || return
	PGOPTIONS='-c synchronous_commit=on' "$roundtrip" "$small" "$(conninfo source old)" --replace >"$work/said" 2>&1 &
	restore=$!
	until_true runs "$renaming AND wait_event_type = 'Lock'" && $1 && echo 'ROLLBACK;' >&"${COPROC[1]}" && ${2:-true} &&
		wait "$restore"
	code=$?
	printf '%s\n' "$(<"$work/said")"
	return $code
)
interrupt() { kill -INT "$restore" && sleep 1; }
finishes() { make_old && held_swap interrupt && is_new; }
judge 'a swap is finished or not begun, whatever interrupts it' finishes

disconnect_restore() { sql source postgres "SELECT pg_terminate_backend(pid) $others $renaming"; }
loses_connection() { # ALLOWED: may anybody connect to the old database
	make_old && sql source postgres "ALTER DATABASE old ALLOW_CONNECTIONS $1" || return
	! held_swap disconnect_restore || return
	grep -qF 'swap with the old database: ' "$work/said" && grep -qF 'is kept as database old.restore-' "$work/said" &&
		[[ $(sql source postgres "SELECT datallowconn FROM pg_database WHERE datname = 'old'") == "${1:0:1}" ]] &&
		sql source postgres 'ALTER DATABASE old ALLOW_CONNECTIONS true' && sql source old 'TABLE older' &&
		drop_kept old.restore- && sql source postgres 'DROP DATABASE old'
}
judge 'a lost connection leaves the old database as it was' loses_connection true
judge 'and one that was closed to all stays closed' loses_connection false

# With a standby that never answers, what is done is not told: commits wait.
set_standby() { sql source postgres "ALTER SYSTEM SET synchronous_standby_names = '$1'" && sql source postgres 'SELECT pg_reload_conf()'; }
commits_wait() {
	on source timeout 0.5 psql -qX -d postgres -c 'SET synchronous_commit = on' -c "SELECT pg_logical_emit_message(true, '', '')"
	runs "wait_event = 'SyncRep'"
}
stop_commits() { set_standby nobody && until_true commits_wait; }
disconnect_done() {
	until_true runs "$renaming AND wait_event = 'SyncRep'" && disconnect_restore && set_standby ''
}
unheard() { make_old && held_swap stop_commits disconnect_done && is_new; }
judge 'a swap that the server did before the connection was lost is seen' unheard
creating="state = 'active' AND query LIKE 'CREATE DATABASE%'"
stops_creating() { ! runs "$creating"; }
interrupted_create() ( # the server has made it, and its answer is not waited for any more
	local code
	stop_commits || return
	PGOPTIONS='-c synchronous_commit=on' "$roundtrip" "$small" "$(conninfo source unasked)" >"$work/said" 2>&1 &
	restore=$!
	until_true runs "$creating AND wait_event = 'SyncRep'" && interrupt && until_true stops_creating && set_standby '' || return
	wait "$restore"
	code=$?
	printf '%s\n' "$(<"$work/said")"
	[[ $code == 130 ]] && grep -qF 'dropped the half-made database unasked.restore-' "$work/said" && no_leftovers source
)
judge 'a database that was made in the moment of an interruption is dropped' interrupted_create

disconnects() {
	make_old && cat >"$work/connect" <<-END
		psql -qX '$(conninfo source old)' -c 'SELECT pg_sleep(600)' </dev/null >/dev/null 2>&1 &
		until [ "\$(psql -qXAt '$(conninfo source postgres)' -c "SELECT count(*) $others datname = 'old'")" = 1 ]; do
			sleep 0.1
		done
	END
	"$roundtrip" "$small" "$(conninfo source old)" --replace --hook tables/public/t.copy "sh $work/connect" && is_new
}
judge 'who connects to it meanwhile is disconnected' disconnects

# Roles.
keeps_roles() {
	sql other postgres "ALTER ROLE app_reader INHERIT; COMMENT ON ROLE app_owner IS 'ours'" &&
		"$roundtrip" "$source" "$(conninfo other roles_1)" &&
		[[ $(sql other postgres "SELECT rolinherit FROM pg_roles WHERE rolname = 'app_reader'") == t ]]
}
judge 'existing roles stay as they are' keeps_roles
replaces_roles() {
	"$roundtrip" "$source" "$(conninfo other roles_2)" --globals && same_globals &&
		[[ $(sql other postgres 'SHOW idle_session_timeout') == 1h ]]
}
judge 'and are replaced when told to' replaces_roles

# Failures.
judge 'damaged content fails the restore' refuses 13 'dropped the half-made database' "$source" \
	"$(conninfo source damaged)" --damage tables/app/kinds.copy
judge 'a damaged dump fails the restore' refuses 13 'dropped the half-made database' "$source" \
	"$(conninfo source damaged)" --damage schema.dump
judge 'and nothing is left behind' no_leftovers source
lost_list() {
	"$roundtrip" "$small" "$(conninfo source unlisted)" --damage tables.json >"$work/said" 2>&1 &&
		grep -F 'warning: tables.json: ' "$work/said" && [[ $(sql source unlisted 'SELECT count(*) FROM t') == 2 ]]
}
judge 'a damaged list of tables stops nothing' lost_list
judge 'a lost row is found' refuses 13 'tables/app/parent.copy: 1 rows, recorded are 0' "$source" \
	"$(conninfo source forgotten)" --forget tables/app/parent.copy
kept_for_a_look() {
	local name
	name=$(databases source | grep -F 'forgotten.restore-') &&
		sql source postgres "ALTER SYSTEM RESET work_mem" &&
		sql source "$name" "DROP SUBSCRIPTION IF EXISTS other_side" && drop_kept forgotten.restore-
}
judge 'and what was restored is kept for a look' kept_for_a_look
interrupted() {
	refuses 130 'dropped the half-made database' "$source" "$(conninfo source interrupted)" \
		--hook tables/app/kinds.copy "kill -INT \$PPID" && no_leftovers source
}
judge 'an interrupted restore cleans up' interrupted

# Bad input.
judge 'no database of that name' refuses 1 'does not exist' "$(conninfo source nowhere)"
judge 'server down' refuses 1 'is the server running' "host=$work dbname=app"
wrong_password() {
	local port
	port=$(on source sh -c 'echo "$PGPORT"')
	PGPASSWORD=wrong refuses 1 'password authentication failed' "host=127.0.0.1 port=$port user=postgres dbname=everything"
}
judge 'wrong password' wrong_password
no_password() {
	local port
	port=$(on source sh -c 'echo "$PGPORT"')
	PGPASSFILE=/nowhere refuses 1 'the password is read from PGPASSFILE' \
		"host=127.0.0.1 port=$port user=postgres dbname=everything"
}
judge 'no password' no_password
with_passfile() {
	local port
	port=$(on source sh -c 'echo "$PGPORT"')
	echo "127.0.0.1:$port:*:postgres:quipu" >"$work/pass" && chmod 600 "$work/pass" &&
		PGPASSFILE=$work/pass "$roundtrip" "host=127.0.0.1 port=$port user=postgres dbname=everything" \
			"host=127.0.0.1 port=$port user=postgres dbname=by_password"
}
judge 'passwords come from a password file' with_passfile
for conninfo in 'dbname=x password=secret' 'postgresql://u:secret@h/x' 'postgresql://h/x?password=secret' \
	'postgresql://h/x?p%61ssword=s%65cret' 'dbname=x sslpassword=secret'; do
	judge "a password in the connection string: ${conninfo%%secret*}" refuses 2 'PGPASSFILE' "$conninfo"
done
judge 'no database named' refuses 2 'names no database' 'host=/tmp'
mkdir "$work/bin"
printf '#!/bin/sh\necho "pg_dump (PostgreSQL) 12.3"\n' >"$work/bin/pg_dump" && chmod 755 "$work/bin/pg_dump"
old_pg_dump() { PATH=$work/bin:$PATH refuses 1 'expected pg_dump 15 or newer' "$source"; }
judge 'a pg_dump older than the server' old_pg_dump
no_pg_dump() { PATH=$work/space_other refuses 1 'pg_dump: no such program in PATH' "$source"; }
judge 'no pg_dump' no_pg_dump

# Parts.
partial() {
	"$roundtrip" "$source" "$(conninfo other part)" --include 'tables/app/egg.copy' --include 'tables/public/' &&
		[[ $(sql other part 'SELECT count(*) FROM app.egg') == 2 ]] &&
		[[ $(sql other part 'SELECT count(*) FROM public.upper') == 2 ]] &&
		[[ $(sql other part 'SELECT count(*) FROM app.chicken') == 0 ]]
}
judge 'single tables are restored' partial
one_file() {
	local text
	text=$("$roundtrip" "$source" --cat tables/app/zoned.copy | tail -n 2)
	[[ $text == $'2024-01-01 10:30:00+00\t2024-01-01\n2024-06-30 12:30:00+00\t2024-07-01' ]]
}
judge 'a table is a file in UTC and ISO form' one_file

# Other encodings.
encoded() { # NAME ENCODING TEXT-LITERAL
	sql source postgres "CREATE DATABASE $1 ENCODING $2 LOCALE \"C\" TEMPLATE template0" &&
		PGCLIENTENCODING=$2 sql source "$1" "CREATE TABLE t (a text); INSERT INTO t VALUES ($3)" &&
		"$roundtrip" "$(conninfo source "$1")" "$(conninfo source "$1_copy")" &&
		diff <(dump source "$1") <(dump source "$1_copy")
}
judge 'LATIN1 comes back' encoded latin LATIN1 "E'\\xe4\\xf6\\xfc'"
judge 'SQL_ASCII comes back with any bytes' encoded ascii SQL_ASCII "E'\\xff\\xfe\\x80'"
judge 'EUC_JP comes back' encoded japanese EUC_JP "E'\\xc6\\xfc\\xcb\\xdc'"

# One moment of a database that changes.
one_moment() {
	local writer
	sql source postgres 'CREATE DATABASE moving' &&
		sql source moving 'CREATE TABLE a (n int); CREATE TABLE z (n int); INSERT INTO a VALUES (1000); INSERT INTO z VALUES (0)' || return
	while sql source moving 'BEGIN; UPDATE a SET n = n - 1; UPDATE z SET n = n + 1; COMMIT'; do :; done &
	writer=$!
	for ((i = 0; i < 3; i++)); do
		"$roundtrip" "$(conninfo source moving)" "$(conninfo source "moment_$i")" &&
			[[ $(sql source "moment_$i" 'SELECT (SELECT n FROM a) + (SELECT n FROM z)') == 1000 ]] || break
	done
	kill "$writer"
	wait "$writer" 2>/dev/null
	((i == 3))
}
judge 'a backup is one moment' one_moment
judge 'no half-made databases are left' no_leftovers source
exit $status
