-- SPDX-License-Identifier: Apache-2.0
-- Roles for everything.sql: every attribute, names in any characters, chains of memberships.
CREATE ROLE group_plain NOLOGIN;
CREATE ROLE "Group ""Quoted"" ü" NOLOGIN CREATEDB;
CREATE ROLE app_owner LOGIN PASSWORD 'owner''s secret' CREATEROLE CREATEDB CONNECTION LIMIT 5
	VALID UNTIL '2038-01-19 03:14:07+00';
CREATE ROLE app_reader LOGIN NOINHERIT BYPASSRLS REPLICATION;
CREATE ROLE "reader/with\slash%" LOGIN VALID UNTIL 'infinity';
COMMENT ON ROLE app_owner IS 'owns ''everything''';
ALTER ROLE app_owner SET search_path = "$user", public, "odd ""name""";
ALTER ROLE app_owner SET work_mem = '8MB';
ALTER ROLE app_reader SET statement_timeout = '1000';
ALTER ROLE app_reader SET search_path = '';
ALTER ROLE group_plain SET "my.setting" = 'va''lue \ with; everything';
GRANT group_plain TO app_owner WITH ADMIN OPTION;
GRANT "Group ""Quoted"" ü" TO app_reader;
SET ROLE app_owner;
GRANT group_plain TO app_reader;
RESET ROLE;
GRANT pg_read_all_data TO app_reader;
GRANT SET ON PARAMETER log_min_duration_statement TO app_owner;
GRANT ALTER SYSTEM ON PARAMETER "my.setting" TO PUBLIC;
GRANT "reader/with\slash%" TO app_owner;
ALTER ROLE ALL SET idle_session_timeout = '1h';
