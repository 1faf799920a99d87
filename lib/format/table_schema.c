/* SPDX-License-Identifier: Apache-2.0 */
/* The published schema of a field table. Its patterns are those of base/units.h. */
#include "format/json.h"
#include "format/table.h"

#define SIZE_PATTERN	 "^[0-9]+(\\.[0-9]+)?([KMGT](i?B)?|B)?$"
#define RATE_PATTERN	 "^[0-9]+(\\.[0-9]+)?([KMGT](i?B)?|B)?(/s)?$"
#define DURATION_PATTERN "^([0-9]+[smhdw])+$"

static void write_table(struct json_writer *w, const struct table *table);

static void write_bounds(struct json_writer *w, const struct field *field,
			 const char *lowest, const char *highest)
{
	if (field->min != 0)
		json_put_int(w, lowest, field->min);
	if (field->max != 0)
		json_put_int(w, highest, field->max);
}

static void write_string_or_integer(struct json_writer *w, const struct field *field,
				    const char *pattern)
{
	json_write_key(w, "type");
	json_begin_array(w);
	json_write_string(w, "string");
	json_write_string(w, "integer");
	json_end_array(w);
	json_put_string(w, "pattern", pattern);
	json_put_int(w, "minimum", field->min);
	if (field->max != 0)
		json_put_int(w, "maximum", field->max);
}

static void write_strings(struct json_writer *w, const char *key)
{
	json_write_key(w, key);
	json_begin_object(w);
	json_put_string(w, "type", "string");
	json_end_object(w);
}

static void write_choices(struct json_writer *w, const struct field *field)
{
	json_write_key(w, "enum");
	json_begin_array(w);
	for (size_t i = 0; field->choices[i] != NULL; i++)
		json_write_string(w, field->choices[i]);
	json_end_array(w);
}

static void write_tables(struct json_writer *w, const struct field *field)
{
	json_put_string(w, "type", "array");
	write_bounds(w, field, "minItems", "maxItems");
	json_write_key(w, "items");
	json_begin_object(w);
	if (field->table->doc != NULL)
		json_put_string(w, "description", field->table->doc);
	write_table(w, field->table);
	json_end_object(w);
}

static void write_type(struct json_writer *w, const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		json_put_string(w, "type", "string");
		write_bounds(w, field, "minLength", "maxLength");
		return;
	case FIELD_BOOL:
		json_put_string(w, "type", "boolean");
		return;
	case FIELD_INT:
		json_put_string(w, "type", "integer");
		json_put_int(w, "minimum", field->min);
		if (field->max != 0)
			json_put_int(w, "maximum", field->max);
		return;
	case FIELD_SIZE:
		write_string_or_integer(w, field, SIZE_PATTERN);
		return;
	case FIELD_RATE:
		write_string_or_integer(w, field, RATE_PATTERN);
		return;
	case FIELD_DURATION:
		json_put_string(w, "type", "string");
		json_put_string(w, "pattern", DURATION_PATTERN);
		return;
	case FIELD_LIST:
		json_put_string(w, "type", "array");
		write_bounds(w, field, "minItems", "maxItems");
		write_strings(w, "items");
		return;
	case FIELD_MAP:
		json_put_string(w, "type", "object");
		write_bounds(w, field, "minProperties", "maxProperties");
		write_strings(w, "additionalProperties");
		return;
	case FIELD_CHOICE:
		write_choices(w, field);
		return;
	case FIELD_TABLE:
		write_table(w, field->table);
		return;
	case FIELD_TABLES:
		write_tables(w, field);
		return;
	}
}

/* As it stands in a document: bare for numbers and booleans. */
static void write_default(struct json_writer *w, const struct field *field)
{
	json_write_key(w, "default");
	if (field->type == FIELD_BOOL || field->type == FIELD_INT)
		json_write_raw(w, slice_of_string(field->fallback));
	else
		json_write_string(w, field->fallback);
}

static void write_field(struct json_writer *w, const struct field *field)
{
	json_write_key(w, field->key);
	json_begin_object(w);
	if (field->doc != NULL)
		json_put_string(w, "description", field->doc);
	write_type(w, field);
	if (field->fallback != NULL)
		write_default(w, field);
	json_end_object(w);
}

static void write_required(struct json_writer *w, const struct table *table)
{
	bool any = false;

	for (const struct field *f = table->fields; f->key != NULL; f++)
		any |= f->required;
	if (!any)
		return;
	json_write_key(w, "required");
	json_begin_array(w);
	for (const struct field *f = table->fields; f->key != NULL; f++)
		if (f->required)
			json_write_string(w, f->key);
	json_end_array(w);
}

/* Members of an object schema, into an object that is open. */
static void write_table(struct json_writer *w, const struct table *table)
{
	json_put_string(w, "type", "object");
	json_put_bool(w, "additionalProperties", false);
	write_required(w, table);
	json_write_key(w, "properties");
	json_begin_object(w);
	for (const struct field *f = table->fields; f->key != NULL; f++)
		write_field(w, f);
	json_end_object(w);
}

void table_schema(const struct table *table, const char *id, const char *title,
		  struct buf *text)
{
	struct json_writer w;

	json_writer_init(&w, text, JSON_PRETTY);
	json_begin_object(&w);
	json_put_string(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_put_string(&w, "$id", id);
	json_put_string(&w, "title", title);
	if (table->doc != NULL)
		json_put_string(&w, "description", table->doc);
	write_table(&w, table);
	json_end_object(&w);
	buf_append_byte(text, '\n');
}
