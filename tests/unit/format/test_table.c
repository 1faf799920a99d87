/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/table.h"
#include "format/toml.h"
#include "support/value_build.h"

enum mode { MODE_FAST, MODE_SAFE };

struct limits {
	uint64_t upload;
	uint64_t memory;
	bool upload_given;
};

struct job {
	char *name;
	struct strings files;
	struct strings tags;
	uint64_t every_sec;
	bool dry;
};

struct config {
	char *url;
	int64_t level;
	int mode;
	struct limits limits;
	struct vec jobs;
};

static int check_name(const char *text, struct err *err)
{
	if (strchr(text, ' ') == NULL)
		return 0;
	err_set(err, ERR_USAGE, "expected a name without blanks");
	return err_hint(err, "use '-'");
}

static const struct field limits_fields[] = {
	{.key = "upload",
	 .type = FIELD_RATE,
	 .offset = offsetof(struct limits, upload),
	 .given = offsetof(struct limits, upload_given)},
	{.key = "memory",
	 .type = FIELD_SIZE,
	 .offset = offsetof(struct limits, memory),
	 .fallback = "64MiB",
	 .min = 1024},
	{0},
};
static const struct table limits_table = {limits_fields, sizeof(struct limits), "limits"};

static const struct field job_fields[] = {
	{.key = "name",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct job, name),
	 .required = true,
	 .min = 1,
	 .max = 10,
	 .check = check_name},
	{.key = "files",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct job, files),
	 .min = 1,
	 .max = 3},
	{.key = "tags", .type = FIELD_MAP, .offset = offsetof(struct job, tags)},
	{.key = "every",
	 .type = FIELD_DURATION,
	 .offset = offsetof(struct job, every_sec),
	 .fallback = "24h",
	 .max = 864000},
	{.key = "dry",
	 .type = FIELD_BOOL,
	 .offset = offsetof(struct job, dry),
	 .fallback = "true"},
	{0},
};
static const struct table job_table = {job_fields, sizeof(struct job), "a job"};

static const char *const modes[] = {"fast", "safe", NULL};

static const struct field config_fields[] = {
	{.key = "url",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config, url),
	 .required = true},
	{.key = "level",
	 .type = FIELD_INT,
	 .offset = offsetof(struct config, level),
	 .fallback = "3",
	 .min = 1,
	 .max = 19},
	{.key = "mode",
	 .type = FIELD_CHOICE,
	 .offset = offsetof(struct config, mode),
	 .fallback = "safe",
	 .choices = modes},
	{.key = "limits",
	 .type = FIELD_TABLE,
	 .offset = offsetof(struct config, limits),
	 .table = &limits_table},
	{.key = "job",
	 .type = FIELD_TABLES,
	 .offset = offsetof(struct config, jobs),
	 .table = &job_table,
	 .max = 2},
	{0},
};
static const struct table config_table = {config_fields, sizeof(struct config), "all"};

struct fixture {
	struct config config;
	struct findings findings;
};

static int setup(void **state)
{
	static struct fixture f;

	findings_init(&f.findings);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	table_release(&config_table, &f->config);
	findings_release(&f->findings);
	return 0;
}

static void decode(struct fixture *f, const char *text)
{
	struct value *value = NULL;
	struct err err = {0};

	if (toml_parse(slice_of_string(text), "c.toml", 10000, &value, &err) < 0)
		print_error("%s\n", err.msg);
	assert_non_null(value);
	table_decode(&config_table, value, &f->config, &f->findings);
	findings_sort(&f->findings);
	value_free(value);
}

static void check_finding(struct fixture *f, size_t i, const char *text, const char *hint)
{
	assert_true(i < findings_count(&f->findings));
	assert_string_equal(findings_at(&f->findings, i)->text, text);
	if (hint == NULL)
		assert_null(findings_at(&f->findings, i)->hint);
	else
		assert_string_equal(findings_at(&f->findings, i)->hint, hint);
}

static void check_only_finding(struct fixture *f, const char *document, const char *text,
			       const char *hint)
{
	decode(f, document);
	assert_int_equal(findings_count(&f->findings), 1);
	check_finding(f, 0, text, hint);
}

static void test_table_decode__fills_every_type(void **state)
{
	struct fixture *f = *state;

	decode(f, "url = \"file:///r\"\nlevel = 19\nmode = \"fast\"\n"
		  "limits.upload = \"10MiB/s\"\nlimits.memory = 2048\n"
		  "[[job]]\nname = \"home\"\nfiles = [\"/home\", \"/srv\"]\n"
		  "tags = { site = \"one\", x = \"\" }\nevery = \"12h\"\ndry = false\n"
		  "[[job]]\nname = \"db\"\n");
	assert_int_equal(findings_count(&f->findings), 0);
	assert_string_equal(f->config.url, "file:///r");
	assert_int_equal(f->config.level, 19);
	assert_int_equal(f->config.mode, MODE_FAST);
	assert_int_equal(f->config.limits.upload, 10485760);
	assert_true(f->config.limits.upload_given);
	assert_int_equal(f->config.limits.memory, 2048);
	assert_int_equal(f->config.jobs.n, 2);

	const struct job *job = vec_at(&f->config.jobs, 0);

	assert_string_equal(job->name, "home");
	assert_int_equal(strings_count(&job->files), 2);
	assert_string_equal(strings_at(&job->files, 1), "/srv");
	assert_int_equal(strings_count(&job->tags), 2);
	assert_string_equal(strings_at(&job->tags, 0), "site=one");
	assert_string_equal(strings_at(&job->tags, 1), "x=");
	assert_int_equal(job->every_sec, 43200);
	assert_false(job->dry);
}

static void test_table_decode__sets_defaults(void **state)
{
	struct fixture *f = *state;

	decode(f, "url = \"\"\n[[job]]\nname = \"x\"\n");
	assert_int_equal(findings_count(&f->findings), 0);
	assert_int_equal(f->config.level, 3);
	assert_int_equal(f->config.mode, MODE_SAFE);
	assert_int_equal(f->config.limits.memory, 67108864);
	assert_int_equal(f->config.limits.upload, 0);
	assert_false(f->config.limits.upload_given);

	const struct job *job = vec_at(&f->config.jobs, 0);

	assert_int_equal(job->every_sec, 86400);
	assert_true(job->dry);
	assert_int_equal(strings_count(&job->files), 0);
}

static void test_table_decode__collects_all_findings(void **state)
{
	struct fixture *f = *state;

	decode(f, "urll = \"x\"\nlevel = \"3\"\n[[job]]\nname = 5\nevery = \"soon\"\n");
	assert_int_equal(findings_count(&f->findings), 5);
	check_finding(f, 0, "c.toml:1:1: key \"url\" is missing", NULL);
	check_finding(f, 1, "c.toml:1:1: urll: unknown key", "did you mean \"url\"?");
	check_finding(f, 2, "c.toml:2:9: level: expected an integer, found a string",
		      NULL);
	check_finding(f, 3, "c.toml:4:8: job.name: expected a string, found an integer",
		      NULL);
	assert_non_null(
		strstr(findings_at(&f->findings, 4)->text, "c.toml:5:9: job.every: "));
}

static void test_table_decode__mistakes_keep_defaults(void **state)
{
	struct fixture *f = *state;

	decode(f, "url = \"x\"\nlevel = 20\nmode = \"quick\"\nlimits = 5\n");
	assert_int_equal(findings_count(&f->findings), 3);
	assert_int_equal(f->config.level, 3);
	assert_int_equal(f->config.mode, MODE_SAFE);
	assert_int_equal(f->config.limits.memory, 67108864);
}

static void test_table_decode__unknown_key_without_neighbour(void **state)
{
	check_only_finding(*state, "url = \"x\"\nfoo = 1\n",
			   "c.toml:2:1: foo: unknown key", NULL);
}

static void test_table_decode__unknown_key_in_a_table(void **state)
{
	check_only_finding(*state, "url = \"x\"\n[limits]\nmemroy = 1\n",
			   "c.toml:3:1: limits.memroy: unknown key",
			   "did you mean \"memory\"?");
}

static void test_table_decode__missing_key_names_its_table(void **state)
{
	check_only_finding(*state, "url = \"x\"\n[[job]]\n[[job]]\nname = \"a\"\n",
			   "c.toml:2:1: job: key \"name\" is missing", NULL);
}

static void test_table_decode__bounds_numbers(void **state)
{
	check_only_finding(*state, "url = \"x\"\nlevel = 20\n",
			   "c.toml:2:9: level: expected 1 to 19, found 20", NULL);
}

static void test_table_decode__bounds_sizes(void **state)
{
	check_only_finding(*state, "url = \"x\"\nlimits.memory = 5\n",
			   "c.toml:2:17: limits.memory: expected at least 1KiB, "
			   "found 5",
			   NULL);
}

static void test_table_decode__bounds_durations(void **state)
{
	check_only_finding(*state,
			   "url = \"x\"\n[[job]]\nname = \"a\"\nevery = \"11d\"\n",
			   "c.toml:4:9: job.every: expected 0 to 864000 seconds, found "
			   "950400",
			   NULL);
}

static void test_table_decode__bounds_texts(void **state)
{
	check_only_finding(*state, "url = \"x\"\n[[job]]\nname = \"12345678901\"\n",
			   "c.toml:3:8: job.name: expected 1 to 10 bytes, found 11",
			   NULL);
}

static void test_table_decode__bounds_lists(void **state)
{
	check_only_finding(*state, "url = \"x\"\n[[job]]\nname = \"a\"\nfiles = []\n",
			   "c.toml:4:9: job.files: expected 1 to 3 items, found 0", NULL);
}

static void test_table_decode__bounds_arrays_of_tables(void **state)
{
	check_only_finding(*state,
			   "url = \"x\"\njob = [{name = \"a\"}, {name = \"b\"}, {}]\n",
			   "c.toml:2:7: job: expected 0 to 2 tables, found 3", NULL);
}

static void test_table_decode__refuses_negative_sizes(void **state)
{
	check_only_finding(*state, "url = \"x\"\nlimits.upload = -1\n",
			   "c.toml:2:17: limits.upload: expected 0 or more", NULL);
}

static void test_table_decode__durations_need_a_unit(void **state)
{
	check_only_finding(*state, "url = \"x\"\n[[job]]\nname = \"a\"\nevery = 5\n",
			   "c.toml:4:9: job.every: expected a text with a unit, found an "
			   "integer",
			   NULL);
}

static void test_table_decode__choices_suggest(void **state)
{
	check_only_finding(*state, "url = \"x\"\nmode = \"fats\"\n",
			   "c.toml:2:8: mode: expected one of fast, safe, found fats",
			   "did you mean \"fast\"?");
}

static void test_table_decode__quotes_foreign_words(void **state)
{
	check_only_finding(*state, "url = \"x\"\nmode = \"\\u001b[2J\"\n",
			   "c.toml:2:8: mode: expected one of fast, safe, found "
			   "\"\\x1B[2J\"",
			   NULL);
}

static void test_table_decode__items_have_places(void **state)
{
	check_only_finding(
		*state, "url = \"x\"\n[[job]]\nname = \"a\"\nfiles = [\"/a\", 2]\n",
		"c.toml:4:16: job.files: expected a string, found an integer", NULL);
}

static void test_table_decode__maps_have_places(void **state)
{
	struct fixture *f = *state;

	decode(f,
	       "url = \"x\"\n[[job]]\nname = \"a\"\ntags = { \"a=b\" = \"1\", c = 2 }\n");
	assert_int_equal(findings_count(&f->findings), 2);
	check_finding(f, 0,
		      "c.toml:4:10: job.tags.a=b: expected a key that is not empty and "
		      "has no '='",
		      NULL);
	check_finding(f, 1,
		      "c.toml:4:27: job.tags.c: expected a string, found an integer",
		      NULL);
}

static void test_table_decode__runs_checks(void **state)
{
	check_only_finding(*state, "url = \"x\"\n[[job]]\nname = \"a b\"\n",
			   "c.toml:3:8: job.name: expected a name without blanks",
			   "use '-'");
}

static void test_table_decode__wants_tables(void **state)
{
	struct fixture *f = *state;

	decode(f, "url = \"x\"\nlimits = [1]\njob = [1]\n");
	assert_int_equal(findings_count(&f->findings), 2);
	check_finding(f, 0, "c.toml:2:10: limits: expected a table, found an array",
		      NULL);
	check_finding(f, 1, "c.toml:3:8: job: expected a table, found an integer", NULL);
}

static void test_table_decode__other_types(void **state)
{
	struct fixture *f = *state;

	decode(f, "url = 1.5\nmode = true\nlimits.upload = []\n[[job]]\nname = \"a\"\n"
		  "files = \"/a\"\ntags = []\nevery = true\ndry = \"no\"\n");
	assert_int_equal(findings_count(&f->findings), 7);
	check_finding(f, 0, "c.toml:1:7: url: expected a string, found a number", NULL);
	check_finding(f, 1, "c.toml:2:8: mode: expected a string, found a boolean", NULL);
	check_finding(f, 2,
		      "c.toml:3:17: limits.upload: expected a text with a unit, found an "
		      "array",
		      NULL);
	check_finding(
		f, 3,
		"c.toml:6:9: job.files: expected an array of strings, found a string",
		NULL);
	check_finding(f, 4,
		      "c.toml:7:8: job.tags: expected a table of strings, found an "
		      "array",
		      NULL);
	check_finding(
		f, 5,
		"c.toml:8:9: job.every: expected a text with a unit, found a boolean",
		NULL);
	check_finding(f, 6, "c.toml:9:7: job.dry: expected true or false, found a string",
		      NULL);
}

static void test_table_decode__refuses_nul_characters(void **state)
{
	struct fixture *f = *state;
	struct value *value = value_new_table();

	value_set(value, "url", value_new_text(slice_of("a\0b", 3)));
	table_decode(&config_table, value, &f->config, &f->findings);
	check_finding(f, 0, "url: expected a string without NUL characters", NULL);
	assert_null(f->config.url);
	value_free(value);
}

static void test_table_decode__texts_have_defaults(void **state)
{
	static const struct field fields[] = {
		{.key = "name", .type = FIELD_TEXT, .offset = 0, .fallback = "unnamed"},
		{0},
	};
	static const struct table table = {fields, sizeof(char *), NULL};
	struct fixture *f = *state;
	struct value *value = value_new_table();
	char *name;

	memset(&f->config, 0, sizeof(f->config));
	table_decode(&table, value, &name, &f->findings);
	assert_string_equal(name, "unnamed");
	table_release(&table, &name);
	value_set(value, "name", value_new_string("given"));
	table_decode(&table, value, &name, &f->findings);
	assert_string_equal(name, "given");
	table_release(&table, &name);
	assert_int_equal(findings_count(&f->findings), 0);
	value_free(value);
}

static void test_table_decode__root_must_be_a_table(void **state)
{
	struct fixture *f = *state;
	struct value *value = value_new_array();

	table_decode(&config_table, value, &f->config, &f->findings);
	check_finding(f, 0, "expected a table, found an array", NULL);
	assert_int_equal(f->config.level, 3);
	value_free(value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table_decode__fills_every_type),
		TEST(test_table_decode__sets_defaults),
		TEST(test_table_decode__collects_all_findings),
		TEST(test_table_decode__mistakes_keep_defaults),
		TEST(test_table_decode__unknown_key_without_neighbour),
		TEST(test_table_decode__unknown_key_in_a_table),
		TEST(test_table_decode__missing_key_names_its_table),
		TEST(test_table_decode__bounds_numbers),
		TEST(test_table_decode__bounds_sizes),
		TEST(test_table_decode__bounds_durations),
		TEST(test_table_decode__bounds_texts),
		TEST(test_table_decode__bounds_lists),
		TEST(test_table_decode__bounds_arrays_of_tables),
		TEST(test_table_decode__refuses_negative_sizes),
		TEST(test_table_decode__durations_need_a_unit),
		TEST(test_table_decode__choices_suggest),
		TEST(test_table_decode__quotes_foreign_words),
		TEST(test_table_decode__items_have_places),
		TEST(test_table_decode__maps_have_places),
		TEST(test_table_decode__runs_checks),
		TEST(test_table_decode__wants_tables),
		TEST(test_table_decode__other_types),
		TEST(test_table_decode__refuses_nul_characters),
		TEST(test_table_decode__texts_have_defaults),
		TEST(test_table_decode__root_must_be_a_table),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
