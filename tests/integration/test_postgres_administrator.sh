#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Restores by a role that may make databases and roles but is no superuser, as the administrator
# of a managed service: what it may not do is told and left out, everything else is there and
# proved. Two real servers. Exit 77 without PostgreSQL.
source "$(dirname "$0")/../support/postgres.sh"

sql() { on "$1" psql -qXAt -v ON_ERROR_STOP=1 -d "$2" -c "$3"; } # SERVER DATABASE TEXT
conninfo() { # SERVER DATABASE [USER]
	on "$1" sh -c 'printf "host=%s port=%s user=%s dbname=%s" "$PGHOST" "$PGPORT" "$2" "$1"' _ "$2" "${3:-postgres}"
}
dump() { # SERVER DATABASE
	on "$1" pg_dump -C -d "$2" | sed -E "/^\\\\(un)?restrict /d; s/\b$2\b/THE_DATABASE/g"
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

for server in source managed; do
	tests/support/pg-server start "$work/$server" >"$work/log" 2>&1
	code=$?
	if ((code != 0)); then
		tail -n 5 "$work/log"
		((code == 77)) || echo 'not ok - the servers start'
		exit "$((code == 77 ? 77 : 1))"
	fi
done
echo secret >"$work/passphrase"
export QUIPU_PASSPHRASE_FILE=$work/passphrase QUIPU_REPO=file://$work/repo
backup() { "$bin/quipu-backup" run --key "$work/keys/writer.key" "$@"; }
restore() { "$bin/quipu-restore" run --key "$work/keys/recovery.key" "$@"; }

prepare() {
	mkdir -m 777 "$work"/space_{1,2,managed} || return
	((EUID != 0)) || chown postgres "$work"/space_*
	sql source postgres "CREATE TABLESPACE \"Space 1\" LOCATION '$work/space_1'" &&
		sql source postgres "CREATE TABLESPACE \"Space 2\" LOCATION '$work/space_2'" &&
		sql managed postgres "CREATE TABLESPACE \"Space 2\" LOCATION '$work/space_managed'" &&
		on source psql -qX -d postgres -f "$here/everything_roles.sql" &&
		sql source postgres 'CREATE ROLE boss SUPERUSER' &&
		sql source postgres 'CREATE ROLE writer' &&
		sql source postgres 'CREATE DATABASE everything TEMPLATE template0 OWNER app_owner' &&
		on source psql -qX -v labels=false -v extension=false -d everything -f "$here/everything.sql" &&
		sql managed postgres 'CREATE ROLE adm LOGIN CREATEDB CREATEROLE' &&
		"$bin/quipu-backup" init --keys "$work/keys" &&
		backup --stream db/everything --postgres "$(conninfo source everything)"
}
judge 'servers and a snapshot are there' prepare

# Everything, of which much is refused.
restores() {
	exits 3 restore latest:db/everything --to-postgres "$(conninfo managed everything adm)" --json >"$work/restored.json" &&
		jq -r '.warnings[]' "$work/restored.json"
}
judge 'restores what it may' restores
proves() {
	jq -e '.refused > 20 and (.tables | length > 30) and all(.tables[]; .equal == true or .reason != null)' "$work/restored.json"
}
judge 'and proves all rows, those under forced row security too' proves
owner_of() { sql managed everything "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = '$1'::regclass"; }
owners() {
	[[ $(owner_of app.kinds) == app_owner && $(owner_of app.parent) == adm ]] &&
		[[ $(sql managed everything 'SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()') == app_owner ]]
}
judge 'gives to owners what can be given' owners
left_roles() {
	[[ -z $(sql managed postgres "SELECT roleid::regrole FROM pg_auth_members WHERE member = 'adm'::regrole") ]]
}
judge 'is no member of the owners any more' left_roles
may_no_more() { # what was taken from PUBLIC stays taken
	[[ $(sql managed everything "SELECT has_function_privilege('writer', 'app.add_one(integer)', 'EXECUTE'),
		has_function_privilege('writer', 'app.double_it(integer)', 'EXECUTE'),
		has_database_privilege('writer', current_database(), 'CONNECT')") == 'f|t|f' ]]
}
judge 'nobody may do more than before' may_no_more
tells() {
	local warnings
	warnings=$(jq -r '.warnings[]' "$work/restored.json")
	for expected in 'attribute SUPERUSER of role boss' 'attribute REPLICATION of role app_reader' \
		'objects of role postgres belong to the restoring role now' 'tablespaces Space 1, Space 2 do not exist' \
		'CREATE EXTENSION IF NOT EXISTS file_fdw' 'CREATE EVENT TRIGGER no_ddl' 'CREATE SUBSCRIPTION other_side CONNECTION: '; do
		[[ $warnings == *"$expected"* ]] || {
			echo "expected: $expected"
			return 1
		}
	done
	[[ $warnings != *nowhere.invalid* ]] # a connection string may hold a password
}
judge 'tells what is missing, without literals' tells
has_roles() {
	[[ $(sql managed postgres "SELECT rolsuper, rolcanlogin FROM pg_roles WHERE rolname IN ('boss', 'app_reader') ORDER BY rolname") == $'f|t\nf|f' ]]
}
judge 'roles are there without what they may not have' has_roles

# An ordinary database: nothing is refused, though one owner gets his right to a schema late.
make_plain() {
	sql source postgres 'CREATE DATABASE plain OWNER app_owner' &&
		sql source plain "SET ROLE app_owner; CREATE SCHEMA s; GRANT CREATE, USAGE ON SCHEMA s TO writer;
			CREATE TABLE s.t AS SELECT generate_series(1, 1000) AS n; CREATE EXTENSION citext; RESET ROLE;
			SET ROLE writer; CREATE TABLE s.w (id serial, c text); INSERT INTO s.w (c) VALUES ('a'); RESET ROLE;
			SELECT lo_from_bytea(7, 'large'); ALTER LARGE OBJECT 7 OWNER TO app_owner" &&
		backup --stream db/plain --postgres "$(conninfo source plain)"
}
judge 'an ordinary database' make_plain
all_is_given() {
	exits 0 restore latest:db/plain --to-postgres "$(conninfo managed plain adm)" && diff <(dump source plain) <(dump managed plain)
}
judge 'comes back the same' all_is_given
judge 'and leaves no memberships' left_roles
interrupted() {
	exits 130 "$roundtrip" "$(conninfo source plain)" "$(conninfo managed other adm)" \
		--hook tables/s/t.copy "kill -INT \$PPID" && left_roles &&
		[[ -z $(sql managed postgres "SELECT datname FROM pg_database WHERE datname LIKE '%.restore-%'") ]]
}
judge 'nor does an interruption' interrupted
keeps_membership() {
	sql managed postgres 'GRANT writer TO adm' &&
		exits 0 restore latest:db/plain --to-postgres "$(conninfo managed plain_2 adm)" &&
		[[ $(sql managed postgres "SELECT roleid::regrole FROM pg_auth_members WHERE member = 'adm'::regrole") == writer ]]
}
judge 'what it was a member of it still is' keeps_membership
may_not() {
	sql managed postgres 'ALTER ROLE adm NOCREATEDB' && sql managed postgres 'DROP ROLE boss' &&
		exits 1 restore latest:db/plain --to-postgres "$(conninfo managed plain_3 adm)" && left_only_writer &&
		exits 1 "$bin/quipu-restore" plan --key "$work/keys/recovery.key" latest:db/plain "$(conninfo managed plain_3 adm)" &&
		[[ -z $(sql managed postgres "SELECT 1 FROM pg_roles WHERE rolname = 'boss'") ]] # nothing was begun
}
may_not_replace() {
	sql managed postgres 'CREATE ROLE other LOGIN CREATEDB' &&
		exits 14 restore latest:db/plain --replace --to-postgres "$(conninfo managed plain other)"
}
judge 'who does not own a database does not replace it' may_not_replace
left_only_writer() { [[ $(sql managed postgres "SELECT count(*) FROM pg_auth_members WHERE member = 'adm'::regrole") == 1 ]]; }
judge 'a role that may not make databases fails' may_not

# Who backs up.
passwords() { # EXPECTED STREAM
	[[ $("$bin/quipu-restore" get --key "$work/keys/recovery.key" "latest:$2" globals.json |
		jq -c '[.passwords, ([.roles[] | select(.password != null).name] | contains(["app_owner"]))]') == "$1" ]]
}
reads_all() {
	sql source postgres 'CREATE ROLE dumper LOGIN BYPASSRLS IN ROLE pg_read_all_data' &&
		sql source plain 'SET ROLE app_owner; GRANT SELECT ON LARGE OBJECT 7 TO dumper' &&
		backup --stream db/dumped --postgres "$(conninfo source plain dumper)" && passwords '[true,true]' db/dumped
}
judge 'a role that reads all data stores passwords' reads_all
reads_own() {
	sql source postgres 'GRANT writer TO app_owner' &&
		backup --stream db/own --postgres "$(conninfo source plain app_owner)" >"$work/said" 2>&1 &&
		grep -F 'roles have no passwords' "$work/said" && passwords '[false,false]' db/own
}
judge 'an owner stores none, and that is told' reads_own
exit $status
