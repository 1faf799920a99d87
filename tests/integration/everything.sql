-- SPDX-License-Identifier: Apache-2.0
-- A database that uses everything that a logical dump has to carry. Loaded as superuser into a
-- database owned by app_owner (see test_postgres_logical.sh); needs everything_roles.sql, and
-- the tablespaces "Space 1" and "Space 2".
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA "odd ""schema"" /%ü";
CREATE SCHEMA "..";
COMMENT ON SCHEMA app IS 'the application';
GRANT USAGE ON SCHEMA app TO group_plain;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA app GRANT SELECT ON TABLES TO app_reader;

-- Extensions, one with a configuration table that holds rows of ours.
CREATE SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE EXTENSION pg_trgm SCHEMA extensions;
CREATE EXTENSION btree_gist SCHEMA extensions;
CREATE EXTENSION file_fdw;
CREATE EXTENSION pgcrypto;

-- Types: domains, enums, composites, ranges, arrays of all of them.
CREATE DOMAIN app.positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN app.email AS text COLLATE "C" DEFAULT 'nobody@example' NOT NULL CHECK (VALUE ~ '@');
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'hap''py', '');
ALTER TYPE app.mood ADD VALUE 'meh' BEFORE 'ok';
CREATE TYPE app.point3 AS (x float8, y numeric(20, 5), label text);
CREATE TYPE app.floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE app.shell;
COMMENT ON TYPE app.mood IS 'how it is';
CREATE COLLATION app.case_blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION app."German" (locale = 'C');

CREATE FUNCTION app.double_it(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION app.add_one(a integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a + 1;
CREATE FUNCTION app.trigger_fn() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
	-- must not run while rows are restored
	NEW.changed := '2000-01-01 00:00:00+00';
	RETURN NEW;
END $body$;
CREATE PROCEDURE app.nothing(INOUT n integer) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = app, pg_temp AS 'BEGIN n := n + 1; END';
CREATE AGGREGATE app.total (integer) (sfunc = int4pl, stype = integer, initcond = '0');
CREATE OPERATOR app.@+@ (leftarg = integer, rightarg = integer, function = int4pl);
CREATE CAST (app.point3 AS text) WITH INOUT AS ASSIGNMENT;
GRANT EXECUTE ON FUNCTION app.double_it(integer) TO app_reader WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION app.add_one(integer) FROM PUBLIC;

-- One table with a column of every kind of value.
CREATE TABLE app.kinds (
	id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 7) PRIMARY KEY,
	small smallint, real_number real, double_number float8, exact numeric, cash money,
	t text, v varchar(20), c char(5), name_type name, bytes bytea, yes boolean,
	d date, ts timestamp, tstz timestamptz, tod time, todtz timetz, span interval,
	uid uuid, j json, jb jsonb, x xml, ts_vec tsvector, ts_q tsquery,
	addr inet, net cidr, mac macaddr, bits bit(5), vbits bit varying,
	pt point, ln line, seg lseg, bx box, pth path, poly polygon, circ circle,
	ir int4range, nr numrange, tr tstzrange, fr app.floatrange, mr int4multirange,
	mood app.mood, moods app.mood[], p3 app.point3, p3s app.point3[], pos app.positive,
	mail app.email, matrix integer[][], texts text[], hs extensions.hstore,
	ci extensions.citext, lsn pg_lsn, reg regclass, role regrole, o oid,
	doubled integer GENERATED ALWAYS AS (small * 2) STORED,
	changed timestamptz DEFAULT now(),
	CHECK (small IS NULL OR small <> 13)
);
COMMENT ON COLUMN app.kinds.j IS 'as it was written';
ALTER TABLE app.kinds OWNER TO app_owner;
ALTER TABLE app.kinds ALTER COLUMN t SET STORAGE EXTERNAL, ALTER COLUMN t SET STATISTICS 500,
	ALTER COLUMN jb SET COMPRESSION pglz;
INSERT INTO app.kinds (small, real_number, double_number, exact, cash, t, v, c, name_type, bytes,
	yes, d, ts, tstz, tod, todtz, span, uid, j, jb, x, ts_vec, ts_q, addr, net, mac, bits, vbits,
	pt, ln, seg, bx, pth, poly, circ, ir, nr, tr, fr, mr, mood, moods, p3, p3s, pos, matrix, texts,
	hs, ci, lsn, reg, role, o)
VALUES (1, 1.1, 0.1 + 0.2, 12345678901234567890.000000000012345, '$1,234.56', E'tab\t nl\n cr\r bs\\ ''q'' "d" \x01',
	'\.', 'ab', 'nämé', '\x00ff27225c0a', true, '0044-03-15 BC', '294276-12-31 23:59:59.999999',
	'2024-02-29 12:00:00.123456+05:30', '24:00:00', '12:30:00+13:45', '1 year -2 mons +3 days -04:05:06.789',
	'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" :1,  "a": 2, "ü": "\u0041"}', '{"b": [1, null, 1e400], "a": {}}',
	'<a b="c">&amp;</a>', 'a:1A fat:2B,4C cat''s', 'fat & (rat | !cat:*)', '10.1.2.3/8', '10.0.0.0/8',
	'08:00:2b:01:02:03', B'10101', B'', '(1,2)', '{1,-1,0}', '[(0,0),(1,1)]', '((0,0),(1,1))',
	'[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),5>', '[1,10)', '(,5.5]',
	'[2020-01-01 00:00+00,)', '[0.1,0.3)', '{[1,3),[5,7)}', 'hap''py', '{sad,"hap''py",NULL,""}',
	ROW(1e-300, 1.5, 'with,"quotes"'), ARRAY[ROW(1, 2, NULL)::app.point3, NULL], 7,
	'{{1,2},{3,NULL}}', ARRAY['', NULL, 'NULL', '\N', '{}', '"'], 'a=>1, "b c"=>NULL', 'CaSe',
	'16/B374D848', 'app.kinds', 'app_owner', 4294967295),
	(-32768, 'NaN', '-Infinity', 'NaN', '-$92,233,720,368,547,758.08', '', '', '', '', '', false,
	'infinity', '-infinity', 'infinity', '00:00', '00:00:00-15:59', '-178000000 years', NULL, 'null',
	'"\\u0000 is text"', '', '', '', '::1', '::/0', 'ff:ff:ff:ff:ff:ff', B'00000', B'1', '(-0,0)', NULL, NULL, NULL,
	'((0,0))', NULL, NULL, 'empty', 'empty', NULL, NULL, '{}', '', '{}', ROW(NULL, NULL, NULL), '{}', NULL,
	'{}', '{}', '', '', '0/0', NULL, NULL, 0);
INSERT INTO app.kinds DEFAULT VALUES;
INSERT INTO app.kinds (t) VALUES ('\N'), ('\\.'), ('\.'), (E'\n'), (repeat('long ', 100000));
INSERT INTO app.kinds (t, bytes) SELECT repeat(chr(33 + n % 90), n), decode(repeat('00ff', n), 'hex')
	FROM generate_series(1, 300) n;
DELETE FROM app.kinds WHERE id % 5 = 0;

-- Names.
CREATE TABLE "odd ""schema"" /%ü"."table ""quoted"" /%.\ ü
new line" ("col ""quoted"", comma" text, "select" int, "ü%/\" int, "dropped" int);
ALTER TABLE "odd ""schema"" /%ü"."table ""quoted"" /%.\ ü
new line" DROP COLUMN "dropped";
INSERT INTO "odd ""schema"" /%ü"."table ""quoted"" /%.\ ü
new line" VALUES ('x', 1, 2), (NULL, NULL, NULL);
CREATE TABLE ".."."." (a int);
CREATE TABLE ".."."..copy" (a int);
CREATE TABLE public."Upper" (a int);
CREATE TABLE public.upper (a int);
CREATE TABLE public."upper*" (a int);
CREATE TABLE public."-leading|pipe?$" (a int);
CREATE TABLE public.sixty_three_bytes_sixty_three_bytes_sixty_three_bytes_sixty_thr (a int);
CREATE TABLE public."üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü" (a int);
INSERT INTO public."Upper" VALUES (1);
INSERT INTO public.upper VALUES (2), (2);
INSERT INTO public."upper*" VALUES (3);
INSERT INTO ".."."." VALUES (4);
INSERT INTO ".."."..copy" VALUES (5);
INSERT INTO public."-leading|pipe?$" VALUES (6);
CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns DEFAULT VALUES;
INSERT INTO public.no_columns DEFAULT VALUES;
CREATE TABLE public.only_generated (g int GENERATED ALWAYS AS (42) STORED);
INSERT INTO public.only_generated DEFAULT VALUES;
CREATE TABLE public.empty_table (a int, b text);

-- Identity and sequences.
CREATE TABLE app.identity_by_default (id int GENERATED BY DEFAULT AS IDENTITY, serial serial, a text);
INSERT INTO app.identity_by_default (a) VALUES ('one'), ('two');
INSERT INTO app.identity_by_default (id, a) VALUES (1000, 'given');
CREATE SEQUENCE app.standalone AS smallint START 5 INCREMENT -3 MINVALUE -100 MAXVALUE 10 CYCLE;
SELECT nextval('app.standalone'), nextval('app.standalone');
CREATE SEQUENCE app.untouched;

-- Partitions: range, list, hash, hash by enum, two levels, default, a foreign one.
CREATE TABLE app.events (at timestamptz NOT NULL, kind text, n int) PARTITION BY RANGE (at);
CREATE TABLE app.events_2023 PARTITION OF app.events FOR VALUES FROM ('2023-01-01 00:00+00') TO ('2024-01-01 00:00+00');
CREATE TABLE app.events_2024 PARTITION OF app.events FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00')
	PARTITION BY LIST (kind);
CREATE TABLE app.events_2024_a PARTITION OF app.events_2024 FOR VALUES IN ('a', NULL);
CREATE TABLE app.events_2024_other PARTITION OF app.events_2024 DEFAULT;
CREATE TABLE app.events_reordered (n int, kind text, at timestamptz NOT NULL);
ALTER TABLE app.events ATTACH PARTITION app.events_reordered DEFAULT;
CREATE INDEX ON app.events (at, kind);
INSERT INTO app.events SELECT '2023-06-01 00:00+00'::timestamptz + n * interval '3 days',
	CASE n % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END, n FROM generate_series(1, 400) n;
CREATE TABLE app.by_hash (id int PRIMARY KEY, t text) PARTITION BY HASH (id);
CREATE TABLE app.by_hash_0 PARTITION OF app.by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.by_hash_1 PARTITION OF app.by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.by_hash SELECT n, 'row ' || n FROM generate_series(1, 50) n;
CREATE TABLE app.by_mood (m app.mood, n int) PARTITION BY HASH (m);
CREATE TABLE app.by_mood_0 PARTITION OF app.by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE app.by_mood_1 PARTITION OF app.by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE app.by_mood_2 PARTITION OF app.by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO app.by_mood SELECT m, n FROM unnest(enum_range(NULL::app.mood)) m, generate_series(1, 5) n;

-- Inheritance, with rows in the parent as well; typed tables.
CREATE TABLE app.parent (id int, t text);
CREATE TABLE app.child (extra int) INHERITS (app.parent);
CREATE TABLE app.grandchild (CHECK (id > 100)) INHERITS (app.child);
INSERT INTO app.parent VALUES (1, 'parent');
INSERT INTO app.child VALUES (2, 'child', 20);
INSERT INTO app.grandchild VALUES (300, 'grandchild', 30);
CREATE TABLE app.typed OF app.point3 (PRIMARY KEY (x));
INSERT INTO app.typed VALUES (1, 2, 'three');

-- Circular foreign keys, self reference, deferrable and not validated constraints.
CREATE TABLE app.chicken (id int PRIMARY KEY, egg int NOT NULL, boss int REFERENCES app.chicken);
CREATE TABLE app.egg (id int PRIMARY KEY, chicken int NOT NULL REFERENCES app.chicken DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO app.egg VALUES (1, 1), (2, 2);
INSERT INTO app.chicken VALUES (1, 1, 2), (2, 2, 1);
COMMIT;
ALTER TABLE app.chicken ADD CONSTRAINT chicken_egg FOREIGN KEY (egg) REFERENCES app.egg ON DELETE CASCADE;
COMMENT ON CONSTRAINT chicken_egg ON app.chicken IS 'which was first?';
ALTER TABLE app.chicken ADD CONSTRAINT not_checked CHECK (id > 1) NOT VALID;
CREATE TABLE app.excluded (during tsrange, room int, EXCLUDE USING gist (room WITH =, during WITH &&));
INSERT INTO app.excluded VALUES ('[2024-01-01,2024-01-02)', 1), ('[2024-01-02,2024-01-03)', 1);

-- Indexes of many kinds, statistics, clustering, replica identity, storage, tablespace.
CREATE INDEX kinds_expression ON app.kinds (lower(t) text_pattern_ops) WHERE length(t) < 1000;
CREATE INDEX kinds_gin ON app.kinds USING gin (jb jsonb_path_ops, ts_vec);
CREATE INDEX kinds_trigram ON app.kinds USING gin (v extensions.gin_trgm_ops);
CREATE INDEX kinds_brin ON app.kinds USING brin (id) WITH (pages_per_range = 8);
CREATE UNIQUE INDEX kinds_covering ON app.kinds (id DESC) INCLUDE (small);
CREATE STATISTICS app.kinds_stats (dependencies, mcv) ON small, yes FROM app.kinds;
ALTER TABLE app.chicken CLUSTER ON chicken_pkey;
ALTER TABLE app.egg REPLICA IDENTITY FULL;
ALTER TABLE app.egg SET (fillfactor = 70, autovacuum_enabled = false);
CREATE UNLOGGED TABLE app.unlogged (a int PRIMARY KEY, b text);
INSERT INTO app.unlogged SELECT n, md5(n::text) FROM generate_series(1, 100) n;
CREATE TABLE app.in_space (a int) TABLESPACE "Space 1";
CREATE INDEX in_space_a ON app.in_space (a) TABLESPACE "Space 1";
INSERT INTO app.in_space VALUES (1);
CREATE TABLE app.in_space_2 (a int, b text) TABLESPACE "Space 2";
CREATE INDEX in_space_2_a ON app.in_space_2 (a) TABLESPACE "Space 2";
CREATE TABLE app.parted_space (a int) PARTITION BY LIST (a) TABLESPACE "Space 2";
CREATE INDEX parted_space_a ON app.parted_space (a) TABLESPACE "Space 2";
CREATE TABLE app.parted_space_1 PARTITION OF app.parted_space FOR VALUES IN (1);
INSERT INTO app.in_space_2 VALUES (1, 'x');
CREATE MATERIALIZED VIEW app.view_in_space TABLESPACE "Space 2" AS SELECT * FROM app.in_space_2;
CREATE INDEX view_in_space_b ON app.view_in_space (b) TABLESPACE "Space 2";

-- Views, rules, materialised views that depend on each other and refer to names backwards.
CREATE VIEW app.view_a AS SELECT id, t FROM app.parent WITH CHECK OPTION;
CREATE VIEW app.view_b WITH (security_barrier) AS SELECT * FROM app.view_a WHERE id > 0;
CREATE MATERIALIZED VIEW app.z_first AS SELECT count(*) AS n FROM app.kinds;
CREATE MATERIALIZED VIEW app.a_second AS SELECT n + 1 AS n FROM app.z_first;
CREATE UNIQUE INDEX a_second_n ON app.a_second (n);
CREATE MATERIALIZED VIEW app.never_filled AS SELECT 1 AS n WITH NO DATA;
CREATE RULE no_delete AS ON DELETE TO app.by_hash DO INSTEAD NOTHING;
CREATE RULE no_insert AS ON INSERT TO app.typed DO INSTEAD NOTHING;
GRANT SELECT (id), UPDATE (t) ON app.parent TO app_reader;

-- Row security: forced, with policies, for its owner too.
CREATE TABLE app.secured (id int, owner name DEFAULT current_user);
INSERT INTO app.secured VALUES (1, 'app_owner'), (2, 'app_reader');
ALTER TABLE app.secured OWNER TO app_owner;
ALTER TABLE app.secured ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.secured FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON app.secured AS RESTRICTIVE FOR SELECT TO app_reader, group_plain USING (owner = current_user);
CREATE POLICY all_rows ON app.secured USING (true) WITH CHECK (id > 0);
COMMENT ON POLICY own_rows ON app.secured IS 'yours only';

-- Triggers that would change or refuse restored rows.
CREATE TRIGGER change_it BEFORE INSERT OR UPDATE ON app.kinds FOR EACH ROW EXECUTE FUNCTION app.trigger_fn();
CREATE TRIGGER always_on BEFORE INSERT ON app.kinds FOR EACH ROW EXECUTE FUNCTION app.trigger_fn();
ALTER TABLE app.kinds ENABLE ALWAYS TRIGGER always_on;

-- Large objects.
SELECT lo_from_bytea(70001, convert_to(repeat('large object ', 50000), 'UTF8'));
SELECT lo_from_bytea(70002, '');
COMMENT ON LARGE OBJECT 70001 IS 'a large one';
ALTER LARGE OBJECT 70001 OWNER TO app_owner;
GRANT SELECT ON LARGE OBJECT 70001 TO app_reader;

-- Foreign data.
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE app.foreign_lines (line text) SERVER files OPTIONS (filename '/etc/hostname', format 'text');
CREATE USER MAPPING FOR app_owner SERVER files;
CREATE FOREIGN TABLE app.events_foreign PARTITION OF app.events FOR VALUES FROM ('1990-01-01 00:00+00') TO ('1991-01-01 00:00+00')
	SERVER files OPTIONS (filename '/dev/null');

-- Text search, publications, event triggers, transforms.
CREATE TEXT SEARCH CONFIGURATION app.search (COPY = simple);
CREATE TEXT SEARCH DICTIONARY app.dict (TEMPLATE = simple, stopwords = english);
ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING FOR word WITH app.dict, simple;
CREATE PUBLICATION all_tables FOR ALL TABLES WITH (publish = 'insert');
CREATE PUBLICATION "some" FOR TABLE app.by_hash, app.chicken WHERE (id > 3), TABLES IN SCHEMA "..";
CREATE SUBSCRIPTION other_side CONNECTION 'host=nowhere.invalid dbname=x' PUBLICATION p
	WITH (connect = false, slot_name = NONE);
CREATE FUNCTION app.no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $body$
BEGIN
	IF current_setting('quipu.ddl', true) IS DISTINCT FROM 'allowed' THEN
		RAISE EXCEPTION 'no changes of tables here';
	END IF;
END $body$;

-- What needs more than a plain server.
\if :extension
CREATE EXTENSION quipu_test SCHEMA extensions;
INSERT INTO extensions.settings VALUES ('b', '2'), (E'tab\t', NULL);
SELECT setval('extensions.numbers', 77);
\endif
\if :labels
SECURITY LABEL FOR quipu_test ON TABLE app.kinds IS 'secret';
SECURITY LABEL FOR quipu_test ON COLUMN app.kinds.t IS 'it''s top secret';
SECURITY LABEL FOR quipu_test ON LARGE OBJECT 70001 IS 'large';
SECURITY LABEL FOR quipu_test ON ROLE app_owner IS 'trusted';
SELECT format('SECURITY LABEL FOR quipu_test ON DATABASE %I IS ''all of it''', current_database()) \gexec
\endif

-- Rows that depend on the zone of the session, and settings that would change texts.
CREATE TABLE app.zoned (at timestamptz, day date, CHECK (at::date = day));
SET timezone = 'Pacific/Auckland';
INSERT INTO app.zoned VALUES ('2024-01-01 23:30+13', '2024-01-01'), ('2024-07-01 00:30+12', '2024-07-01');
RESET timezone;
SELECT format('ALTER DATABASE %I SET timezone = ''Pacific/Auckland''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET datestyle = ''SQL, DMY''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET intervalstyle = ''sql_standard''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET extra_float_digits = -10', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET statement_timeout = ''5min''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET search_path = '''', "$user", "a, b", app', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET quote_all_identifiers = on', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET row_security = on', current_database()) \gexec
SELECT format('ALTER ROLE app_reader IN DATABASE %I SET work_mem = ''5MB''', current_database()) \gexec
SELECT format('COMMENT ON DATABASE %I IS ''all of it, ''''quoted''''''', current_database()) \gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT 17', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO app_reader WITH GRANT OPTION', current_database()) \gexec
SELECT format('SET ROLE app_reader; GRANT CONNECT ON DATABASE %I TO group_plain', current_database()) \gexec
RESET ROLE;
CREATE EVENT TRIGGER no_ddl ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')
	EXECUTE FUNCTION app.no_ddl();
