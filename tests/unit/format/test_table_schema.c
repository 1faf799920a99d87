/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/json.h"
#include "format/table.h"

static const char *const words[] = {"one", "two", NULL};

static const struct field inner_fields[] = {
	{.key = "flag", .type = FIELD_BOOL, .offset = 0, .fallback = "true"},
	{0},
};
static const struct table inner_table = {inner_fields, 1, "an inner one"};

/* Offsets are not used by the schema. */
static const struct field fields[] = {
	{.key = "text",
	 .type = FIELD_TEXT,
	 .required = true,
	 .min = 1,
	 .max = 9,
	 .doc = "some \"text\""},
	{.key = "int", .type = FIELD_INT, .fallback = "3", .min = 1, .max = 19},
	{.key = "size", .type = FIELD_SIZE, .min = 4096, .fallback = "64MiB"},
	{.key = "choice", .type = FIELD_CHOICE, .fallback = "one", .choices = words},
	{.key = "list", .type = FIELD_LIST, .required = true, .min = 1},
	{.key = "map", .type = FIELD_MAP, .max = 5},
	{.key = "inner", .type = FIELD_TABLE, .table = &inner_table, .doc = "inside"},
	{.key = "many", .type = FIELD_TABLES, .table = &inner_table, .max = 7},
	{0},
};
static const struct table table = {fields, 1, "a table"};

static const char expected[] =
	"{\n"
	"  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	"  \"$id\": \"https://example.org/x.json\",\n"
	"  \"title\": \"x\",\n"
	"  \"description\": \"a table\",\n"
	"  \"type\": \"object\",\n"
	"  \"additionalProperties\": false,\n"
	"  \"required\": [\n"
	"    \"text\",\n"
	"    \"list\"\n"
	"  ],\n"
	"  \"properties\": {\n"
	"    \"text\": {\n"
	"      \"description\": \"some \\\"text\\\"\",\n"
	"      \"type\": \"string\",\n"
	"      \"minLength\": 1,\n"
	"      \"maxLength\": 9\n"
	"    },\n"
	"    \"int\": {\n"
	"      \"type\": \"integer\",\n"
	"      \"minimum\": 1,\n"
	"      \"maximum\": 19,\n"
	"      \"default\": 3\n"
	"    },\n"
	"    \"size\": {\n"
	"      \"type\": [\n"
	"        \"string\",\n"
	"        \"integer\"\n"
	"      ],\n"
	"      \"pattern\": \"^[0-9]+(\\\\.[0-9]+)?([KMGT](i?B)?|B)?$\",\n"
	"      \"minimum\": 4096,\n"
	"      \"default\": \"64MiB\"\n"
	"    },\n"
	"    \"choice\": {\n"
	"      \"enum\": [\n"
	"        \"one\",\n"
	"        \"two\"\n"
	"      ],\n"
	"      \"default\": \"one\"\n"
	"    },\n"
	"    \"list\": {\n"
	"      \"type\": \"array\",\n"
	"      \"minItems\": 1,\n"
	"      \"items\": {\n"
	"        \"type\": \"string\"\n"
	"      }\n"
	"    },\n"
	"    \"map\": {\n"
	"      \"type\": \"object\",\n"
	"      \"maxProperties\": 5,\n"
	"      \"additionalProperties\": {\n"
	"        \"type\": \"string\"\n"
	"      }\n"
	"    },\n"
	"    \"inner\": {\n"
	"      \"description\": \"inside\",\n"
	"      \"type\": \"object\",\n"
	"      \"additionalProperties\": false,\n"
	"      \"properties\": {\n"
	"        \"flag\": {\n"
	"          \"type\": \"boolean\",\n"
	"          \"default\": true\n"
	"        }\n"
	"      }\n"
	"    },\n"
	"    \"many\": {\n"
	"      \"type\": \"array\",\n"
	"      \"maxItems\": 7,\n"
	"      \"items\": {\n"
	"        \"description\": \"an inner one\",\n"
	"        \"type\": \"object\",\n"
	"        \"additionalProperties\": false,\n"
	"        \"properties\": {\n"
	"          \"flag\": {\n"
	"            \"type\": \"boolean\",\n"
	"            \"default\": true\n"
	"          }\n"
	"        }\n"
	"      }\n"
	"    }\n"
	"  }\n"
	"}\n";

static void test_table_schema__describes_every_type(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 0);
	table_schema(&table, "https://example.org/x.json", "x", &text);
	assert_string_equal(buf_string(&text), expected);
	buf_release(&text);
}

/* The pattern of a property of a schema with one field. */
static void pattern_of(enum field_type type, struct buf *pattern)
{
	const struct field one[] = {{.key = "k", .type = type}, {0}};
	const struct table of_one = {one, 1, NULL};
	struct value *schema = NULL;
	const struct value *properties, *property;
	const char *found;
	struct buf text;
	struct err err = {0};

	buf_init(&text, 0);
	buf_init(pattern, 0);
	table_schema(&of_one, "id", "t", &text);
	assert_int_equal(json_parse(buf_slice(&text), "s", 10000, &schema, &err), 0);
	assert_int_equal(value_get_table(schema, "properties", &properties, &err), 0);
	assert_int_equal(value_get_table(properties, "k", &property, &err), 0);
	assert_int_equal(value_get_text(property, "pattern", &found, &err), 0);
	buf_append_string(pattern, found);
	value_free(schema);
	buf_release(&text);
}

static void test_table_schema__patterns_of_units(void **state)
{
	struct buf pattern;

	(void)state;
	pattern_of(FIELD_RATE, &pattern);
	assert_string_equal(buf_string(&pattern),
			    "^[0-9]+(\\.[0-9]+)?([KMGT](i?B)?|B)?(/s)?$");
	buf_release(&pattern);
	pattern_of(FIELD_DURATION, &pattern);
	assert_string_equal(buf_string(&pattern), "^([0-9]+[smhdw])+$");
	buf_release(&pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_schema__describes_every_type),
		cmocka_unit_test(test_table_schema__patterns_of_units),
	};

	return cmocka_run_group_tests_name("table_schema", tests, NULL, NULL);
}
