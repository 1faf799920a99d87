#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A database goes through the programs into an encrypted repository and comes back the same; what
# is refused has its exit code and message. (Everything about the contents of databases is in
# test_postgres_logical.sh.) Exit 77 without PostgreSQL.
source "$(dirname "$0")/../support/postgres.sh"

backup() { "$bin/quipu-backup" "$@" --repo "file://$work/repo" --key "$work/keys/writer.key"; }
restore() { "$bin/quipu-restore" "$@" --repo "file://$work/repo" --key "$work/keys/recovery.key"; }
sql() { psql -qXAt -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

# refuses CODE TEXT COMMAND...
refuses() {
	local code
	"${@:3}" >"$work/said" 2>&1
	code=$?
	printf "%s\n" "$(<"$work/said")"
	[[ $code == "$1" && $(<"$work/said") == *"$2"* ]] || {
		echo "exit code $code; expected $1 and: $2"
		return 1
	}
}

dump() {
	pg_dump -C --exclude-table-data='app.by_mood_*' -d "$1" |
		sed -E "/^\\\\(un)?restrict /d; s/\b$1\b/X/g"
}
same() { diff <(dump everything) <(dump "$1"); }

tests/support/pg-server start "$work/server" >"$work/log" 2>&1
code=$?
if ((code != 0)); then
	tail -n 5 "$work/log"
	((code == 77)) || echo 'not ok - the server starts'
	exit "$((code == 77 ? 77 : 1))"
fi
eval "$(tests/support/pg-server env "$work/server")"
echo secret >"$work/passphrase"
export QUIPU_PASSPHRASE_FILE=$work/passphrase

prepare() {
	mkdir -m 777 "$work"/space_{1,2} || return
	((EUID != 0)) || chown postgres "$work"/space_*
	sql postgres "CREATE TABLESPACE \"Space 1\" LOCATION '$work/space_1'" &&
		sql postgres "CREATE TABLESPACE \"Space 2\" LOCATION '$work/space_2'" &&
		psql -qX -d postgres -f "$here/everything_roles.sql" &&
		sql postgres 'CREATE DATABASE everything TEMPLATE template0 OWNER app_owner' &&
		psql -qX -v labels=false -v extension=false -d everything -f "$here/everything.sql" &&
		"$bin/quipu-backup" init --repo "file://$work/repo" --keys "$work/keys"
}
judge 'repository and database are there' prepare
backs_up() { backup run --stream db/everything --postgres dbname=everything --json >"$work/run.json"; }
judge 'backs up' backs_up
no_news() { # a second snapshot of the same database stores next to nothing
	backs_up && [[ $(jq '.stored_bytes < 100000 and .files > 30' "$work/run.json") == true ]]
}
judge 'the second snapshot stores next to nothing' no_news
comes_back() {
	restore run latest:db/everything --to-postgres dbname=everything_2 --json >"$work/restore.json" && same everything_2
}
judge 'comes back the same' comes_back
proves() {
	jq -e '(.tables | length > 30) and all(.tables[]; .equal == true or .reason != null)
		and any(.tables[]; .equal == null)' "$work/restore.json"
}
judge 'tells for each table whether it is equal' proves
judge 'refuses a target with objects' refuses 14 'is not empty' restore run latest:db/everything --to-postgres dbname=everything_2
planned() { # TARGET OPTION...: nothing is made or written
	local before
	before=$(sql postgres 'SELECT string_agg(datname, chr(32) ORDER BY datname) FROM pg_database')
	restore plan latest:db/everything "$@" || return
	[[ $before == "$(sql postgres 'SELECT string_agg(datname, chr(32) ORDER BY datname) FROM pg_database')" ]]
}
judge 'so does the plan' refuses 14 'is not empty' restore plan latest:db/everything dbname=everything_2
judge 'a plan of a replacement' planned dbname=everything_2 --replace
judge 'a plan of a new database' planned dbname=everything_3
judge 'a plan where no server is' refuses 1 'is the server running' restore plan latest:db/everything "host=$work dbname=app"
replaces() { restore run latest:db/everything --to-postgres dbname=everything_2 --replace --globals=replace && same everything_2; }
judge 'replaces it when told to' replaces
one_table() {
	[[ $(restore get latest:db/everything tables/public/upper.copy) == $'2\n2' ]]
}
judge 'one table is a file' one_table
some_tables() {
	restore run latest:db/everything --to-postgres dbname=part --include tables/app/egg.copy &&
		[[ $(sql part 'SELECT (SELECT count(*) FROM app.egg), (SELECT count(*) FROM app.chicken)') == '2|0' ]]
}
judge 'one table is restored' some_tables

judge 'no database' refuses 1 'does not exist' backup run --stream other --postgres dbname=nowhere
judge 'server down' refuses 1 'is the server running' backup run --stream other --postgres "host=$work dbname=app"
services() {
	printf '[plain]\nhost=%s\nport=%s\nuser=postgres\n[prod]\nhost=%s\nport=%s\nuser=postgres\ndbname=part\n' \
		"$PGHOST" "$PGPORT" "$PGHOST" "$PGPORT" >"$work/services"
	export PGSERVICEFILE=$work/services
	backup run --stream service --postgres service=prod --json >"$work/run.json" &&
		restore run latest:service --to-postgres 'service=prod dbname=part_2' && [[ $(sql part_2 'SELECT count(*) FROM app.egg') == 2 ]] &&
		refuses 14 'database part is not empty' restore run latest:service --to-postgres service=prod &&
		PGDATABASE=part_3 restore run latest:service --to-postgres service=plain && [[ $(sql part_3 'SELECT count(*) FROM app.egg') == 2 ]] &&
		refuses 2 'names no database' backup run --stream service --postgres service=plain &&
		refuses 2 '"nosuch" not found' backup run --stream service --postgres service=nosuch
}
judge 'a service or the environment names the database' services
judge 'no database named' refuses 2 'names no database' backup run --stream other --postgres host=/tmp
refuses_secret() { refuses 2 PGPASSFILE "$@" && ! grep -q secret "$work/said"; }
for verb in backup restore; do
	for conninfo in 'dbname=x password=secret' 'postgresql://u:secret@h/x' \
		'postgresql://h/x?p%61ssword=secret' 'dbname=postgresql://u:secret@h/x'; do
		if [[ $verb == backup ]]; then
			set -- backup run --stream other --postgres "$conninfo"
		else
			set -- restore run latest:db/everything --to-postgres "$conninfo"
		fi
		judge "$verb: a password in ${conninfo%%secret*}" refuses_secret "$@"
	done
done
wrong_password() {
	PGPASSWORD=wrong refuses 1 'password authentication failed' \
		backup run --stream other --postgres "host=127.0.0.1 dbname=everything"
}
judge 'wrong password' wrong_password
mkdir "$work/none"
no_programs() { PATH=$work/none refuses 1 'pg_dump: no such program in PATH' backup run --stream other --postgres dbname=everything; }
judge 'no pg_dump' no_programs
printf '#!/bin/sh\necho "pg_dump (PostgreSQL) 12.3"\n' >"$work/none/pg_dump" && chmod 755 "$work/none/pg_dump"
old_programs() { PATH=$work/none:$PATH refuses 1 'expected pg_dump 15 or newer' backup run --stream other --postgres dbname=everything; }
judge 'a pg_dump older than the server' old_programs
pg_dump=$(command -v pg_dump)
mkdir "$work/lossy" && install -m 755 /dev/null "$work/lossy/pg_dump"
loses_output() { # COMMAND TEXT: a wrapper around pg_dump, whose output goes through that one
	printf '#!/bin/sh\n[ "$1" != --version ] || exec %s "$1"\n%s "$@" | %s\n' \
		"$pg_dump" "$pg_dump" "$1" >"$work/lossy/pg_dump"
	PATH=$work/lossy:$PATH refuses 1 "$2" backup run --stream other --postgres dbname=everything
}
judge 'a pg_dump whose output is lost' loses_output 'cat >/dev/null' 'schema.dump: pg_dump wrote nothing'
judge 'a pg_dump whose table of contents is cut off' loses_output 'head -c 5000' 'schema.dump: what pg_dump wrote is not whole'
judge 'a pg_dump whose large objects are cut off' loses_output 'head -c -20' 'schema.dump: what pg_dump wrote is not whole'
judge 'something else than a dump' loses_output 'tr P Q' 'schema.dump: what pg_dump wrote is not whole'
only_three() { [[ $(restore_list | wc -l) == 4 ]]; }
restore_list() { "$bin/quipu-backup" list --repo "file://$work/repo" --key "$work/keys/recovery.key"; }
judge 'what failed left no snapshot' only_three

# --- the longest value that PostgreSQL holds: the server and libpq keep whole rows in memory ---

too_little() { # says what is missing for it
	local memory disk
	memory=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
	disk=$(df --output=avail -k "$work" | awk 'END { print int($1 / 1048576) }')
	[[ ${VARIANT:-release} == release ]] || echo "takes too much memory with sanitizers"
	((memory >= 8)) || echo "needs 8 GiB of memory, $memory are free"
	((disk >= 6)) || echo "needs 6 GiB of disk, $disk are free"
}
longest_value() {
	sql postgres 'CREATE DATABASE long TEMPLATE template0' &&
		sql long 'CREATE TABLE t (id int, v text)' &&
		sql long 'ALTER TABLE t ALTER v SET STORAGE EXTERNAL' &&
		sql long "INSERT INTO t VALUES (1, 'short'), (2, repeat(md5('x'), 33000000))" &&
		backup run --stream db/long --postgres dbname=long &&
		restore run latest:db/long --to-postgres dbname=long_2 &&
		[[ $(sql long_2 'SELECT id, length(v), md5(v) FROM t ORDER BY id') == \
			$(sql long 'SELECT id, length(v), md5(v) FROM t ORDER BY id') ]]
}
why=$(too_little | head -n 1)
if [[ -z $why ]]; then
	judge 'a value of 1 GB comes back' longest_value
else
	echo "skip - a value of 1 GB comes back: $why"
fi
exit $status
