/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding walks twice over a table: over the fields, each of which looks for its key, and
 * over the keys, each of which looks for its field. Nothing stops at a mistake; a member
 * that could not be read keeps its default, and only findings_check() makes an error of it.
 *
 * A default is text and goes through the same reader as the document's, so it can be shown
 * in the schema and in documentation as it would be written. A default that does not parse
 * is our bug.
 */
#include "format/table.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "base/units.h"

enum { KEYS_MAX = 64 }; /* fields of one table */

static void *member_of(void *out, size_t offset)
{
	return (char *)out + offset;
}

static void *member(void *out, const struct field *field)
{
	return member_of(out, field->offset);
}

static bool is_unit(const struct field *field)
{
	return field->type == FIELD_SIZE || field->type == FIELD_RATE ||
	       field->type == FIELD_DURATION;
}

/* As it may be written in the document. */
static const char *bound_text(const struct field *field, int64_t number,
			      char text[static UNITS_TEXT_MAX])
{
	if (field->type == FIELD_SIZE || field->type == FIELD_RATE)
		return units_format_exact_size((uint64_t)number, text);
	(void)snprintf(text, UNITS_TEXT_MAX, "%" PRId64, number);
	return text;
}

/* What was given is inside of the bounds, or a finding. */
static bool in_bounds(const struct field *field, const struct value *value,
		      int64_t number, const char *unit, struct findings *findings)
{
	char least[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX], found[UNITS_TEXT_MAX];

	if (number >= field->min && (field->max == 0 || number <= field->max))
		return true;
	if (field->max == 0)
		findings_add(findings, value, NULL, "expected at least %s%s, found %s",
			     bound_text(field, field->min, least), unit,
			     bound_text(field, number, found));
	else
		findings_add(findings, value, NULL, "expected %s to %s%s, found %s",
			     bound_text(field, field->min, least),
			     bound_text(field, field->max, most), unit,
			     bound_text(field, number, found));
	return false;
}

/* Scalars that are written as text. */

static int choice_of(const struct field *field, const char *word)
{
	for (int i = 0; field->choices[i] != NULL; i++)
		if (strcmp(field->choices[i], word) == 0)
			return i;
	return -1;
}

static int parse_unit(const struct field *field, const char *text, uint64_t *ret,
		      struct err *err)
{
	if (field->type == FIELD_SIZE)
		return units_parse_size(text, ret, err);
	if (field->type == FIELD_RATE)
		return units_parse_rate(text, ret, err);
	return units_parse_duration(text, ret, err);
}

static size_t n_choices(const struct field *field)
{
	size_t n = 0;

	while (field->choices[n] != NULL)
		n++;
	return n;
}

static void add_unknown_choice(const struct field *field, const struct value *value,
			       const char *word, struct findings *findings)
{
	const char *near = suggest_word(word, field->choices, n_choices(field));
	char quoted[QUOTE_TEXT_MAX];
	struct buf words, hint;

	buf_init(&words, 0);
	buf_init(&hint, 0);
	for (size_t i = 0; field->choices[i] != NULL; i++)
		buf_printf(&words, "%s%s", i == 0 ? "" : ", ", field->choices[i]);
	if (near != NULL)
		buf_printf(&hint, "did you mean \"%s\"?", near);
	findings_add(findings, value, near == NULL ? NULL : buf_string(&hint),
		     "expected one of %s, found %s", buf_string(&words),
		     quote_string(word, quoted));
	buf_release(&words);
	buf_release(&hint);
}

static bool text_passes(const struct field *field, const struct value *value,
			const char *text, struct findings *findings)
{
	struct err err = {0};

	if (field->check == NULL || field->check(text, &err) == 0)
		return true;
	findings_add(findings, value, err.hint[0] == '\0' ? NULL : err.hint, "%s",
		     err.msg);
	return false;
}

/* Reading of one field. Each leaves the member as it was when it adds a finding. */

static bool read_text(const struct field *field, const struct value *value,
		      const char **ret, struct findings *findings)
{
	struct err err;

	if (value_type(value) != VALUE_STRING) {
		findings_add(findings, value, NULL, "expected %s, found %s",
			     is_unit(field) ? "a text with a unit" : "a string",
			     value_type_name(value_type(value)));
		return false;
	}
	if (value_as_text(value, ret, &err) == 0)
		return true;
	findings_add(findings, value, NULL, "expected a string without NUL characters");
	return false;
}

static void decode_text(const struct field *field, const struct value *value, void *to,
			struct findings *findings)
{
	char **text = to;
	const char *found;

	if (!read_text(field, value, &found, findings) ||
	    !in_bounds(field, value, (int64_t)strlen(found), " bytes", findings) ||
	    !text_passes(field, value, found, findings))
		return;
	mem_free(*text);
	*text = mem_strdup(found);
}

static void decode_bool(const struct field *field, const struct value *value, void *to,
			struct findings *findings)
{
	struct err err;

	(void)field;
	if (value_as_bool(value, to, &err) < 0)
		findings_add(findings, value, NULL, "expected true or false, found %s",
			     value_type_name(value_type(value)));
}

static void decode_int(const struct field *field, const struct value *value, void *to,
		       struct findings *findings)
{
	struct err err;
	int64_t number;

	if (value_as_int(value, &number, &err) < 0)
		findings_add(findings, value, NULL, "expected an integer, found %s",
			     value_type_name(value_type(value)));
	else if (in_bounds(field, value, number, "", findings))
		memcpy(to, &number, sizeof(number));
}

static bool read_unit(const struct field *field, const struct value *value, uint64_t *ret,
		      struct findings *findings)
{
	bool is_number = value_type(value) == VALUE_INT && field->type != FIELD_DURATION;
	struct err err = {0};
	const char *text;

	if (is_number && value_as_uint(value, ret, &err) == 0)
		return true;
	if (is_number) {
		findings_add(findings, value, NULL, "expected 0 or more");
		return false;
	}
	if (!read_text(field, value, &text, findings))
		return false;
	if (parse_unit(field, text, ret, &err) == 0)
		return true;
	findings_add(findings, value, err.hint[0] == '\0' ? NULL : err.hint, "%s",
		     err.msg);
	return false;
}

static void decode_unit(const struct field *field, const struct value *value, void *to,
			struct findings *findings)
{
	const char *unit = field->type == FIELD_DURATION ? " seconds"
			   : field->type == FIELD_RATE	 ? "/s"
							 : "";
	uint64_t number;

	if (!read_unit(field, value, &number, findings))
		return;
	if (in_bounds(field, value, number > INT64_MAX ? INT64_MAX : (int64_t)number,
		      unit, findings))
		memcpy(to, &number, sizeof(number));
}

static void decode_choice(const struct field *field, const struct value *value, void *to,
			  struct findings *findings)
{
	const char *word;
	int choice;

	if (!read_text(field, value, &word, findings))
		return;
	choice = choice_of(field, word);
	if (choice < 0)
		add_unknown_choice(field, value, word, findings);
	else
		memcpy(to, &choice, sizeof(choice));
}

static bool has_type(const struct value *value, enum value_type type,
		     const char *expected, struct findings *findings)
{
	if (value_type(value) == type)
		return true;
	findings_add(findings, value, NULL, "expected %s, found %s", expected,
		     value_type_name(value_type(value)));
	return false;
}

static void decode_list(const struct field *field, const struct value *value, void *to,
			struct findings *findings)
{
	struct strings *list = to;
	const char *text;

	if (!has_type(value, VALUE_ARRAY, "an array of strings", findings) ||
	    !in_bounds(field, value, (int64_t)value_count(value), " items", findings))
		return;
	for (size_t i = 0; i < value_count(value); i++) {
		const struct value *item = value_at(value, i);

		if (read_text(field, item, &text, findings) &&
		    text_passes(field, item, text, findings))
			strings_add(list, text);
	}
}

static void add_pair(const struct field *field, const struct value *map, size_t i,
		     struct strings *list, struct findings *findings)
{
	const char *key = value_key(map, i), *text;
	char *pair;

	if (key[0] == '\0' || strchr(key, '=') != NULL) {
		findings_add_at_key(findings, map, i, NULL,
				    "expected a key that is not empty and has no '='");
		return;
	}
	if (!read_text(field, value_at(map, i), &text, findings))
		return;
	pair = mem_printf("%s=%s", key, text);
	if (text_passes(field, value_at(map, i), pair, findings))
		strings_add(list, pair);
	mem_free(pair);
}

static void decode_map(const struct field *field, const struct value *value, void *to,
		       struct findings *findings)
{
	struct strings *list = to;

	if (!has_type(value, VALUE_TABLE, "a table of strings", findings) ||
	    !in_bounds(field, value, (int64_t)value_count(value), " keys", findings))
		return;
	for (size_t i = 0; i < value_count(value); i++)
		add_pair(field, value, i, list, findings);
}

static void decode_table(const struct field *field, const struct value *value, void *to,
			 struct findings *findings)
{
	if (!has_type(value, VALUE_TABLE, "a table", findings))
		return;
	table_release(field->table, to);
	table_decode(field->table, value, to, findings);
}

static bool is_array_of_tables(const struct field *field, const struct value *value,
			       struct findings *findings)
{
	CLEANUP(mem_freep) char *hint = NULL;

	if (value_type(value) != VALUE_TABLE)
		return has_type(value, VALUE_ARRAY, "an array of tables", findings);
	hint = mem_printf("write [[%s]] in front of each", field->key);
	findings_add(findings, value, hint, "expected an array of tables, found a table");
	return false;
}

static void decode_tables(const struct field *field, const struct value *value, void *to,
			  struct findings *findings)
{
	struct vec *list = to;

	if (!is_array_of_tables(field, value, findings) ||
	    !in_bounds(field, value, (int64_t)value_count(value), " tables", findings))
		return;
	for (size_t i = 0; i < value_count(value); i++) {
		const struct value *item = value_at(value, i);

		if (has_type(item, VALUE_TABLE, "a table", findings))
			table_decode(field->table, item, vec_push(list, NULL), findings);
	}
}

typedef void decode_fn(const struct field *field, const struct value *value, void *to,
		       struct findings *findings);

static decode_fn *const decoders[] = {
	[FIELD_TEXT] = decode_text,	[FIELD_BOOL] = decode_bool,
	[FIELD_INT] = decode_int,	[FIELD_SIZE] = decode_unit,
	[FIELD_RATE] = decode_unit,	[FIELD_DURATION] = decode_unit,
	[FIELD_LIST] = decode_list,	[FIELD_MAP] = decode_map,
	[FIELD_CHOICE] = decode_choice, [FIELD_TABLE] = decode_table,
	[FIELD_TABLES] = decode_tables,
};

/* Defaults. */

static void set_scalar(const struct field *field, const char *text, void *to)
{
	struct err err;
	uint64_t number;
	bool flag = strcmp(text, "true") == 0;
	int choice, result = 0;

	switch (field->type) {
	case FIELD_TEXT:
		*(char **)to = mem_strdup(text);
		return;
	case FIELD_BOOL:
		memcpy(to, &flag, sizeof(flag));
		return;
	case FIELD_CHOICE:
		choice = choice_of(field, text);
		assert(choice >= 0);
		memcpy(to, &choice, sizeof(choice));
		return;
	case FIELD_INT:
		result = units_parse_count("default", text, 0, INT64_MAX, &number, &err);
		break;
	default:
		assert(is_unit(field));
		result = parse_unit(field, text, &number, &err);
		break;
	}
	assert(result == 0);
	memcpy(to, &number, sizeof(number));
}

static void set_defaults(const struct table *table, void *out)
{
	memset(out, 0, table->struct_len);
	for (const struct field *f = table->fields; f->key != NULL; f++) {
		void *to = member(out, f);

		if (f->type == FIELD_LIST || f->type == FIELD_MAP)
			strings_init(to);
		else if (f->type == FIELD_TABLES)
			vec_init(to, f->table->struct_len);
		else if (f->type == FIELD_TABLE)
			set_defaults(f->table, to);
		else if (f->fallback != NULL)
			set_scalar(f, f->fallback, to);
	}
}

static void add_unknown_key(const struct table *table, const struct value *value,
			    size_t i, struct findings *findings)
{
	const char *keys[KEYS_MAX];
	size_t n = 0;
	struct buf hint;

	for (const struct field *f = table->fields; f->key != NULL; f++) {
		assert(n < KEYS_MAX);
		keys[n++] = f->key;
	}

	const char *near = suggest_word(value_key(value, i), keys, n);

	buf_init(&hint, 0);
	if (near != NULL)
		buf_printf(&hint, "did you mean \"%s\"?", near);
	findings_add_at_key(findings, value, i, near == NULL ? NULL : buf_string(&hint),
			    "unknown key");
	buf_release(&hint);
}

static bool has_field(const struct table *table, const char *key)
{
	for (const struct field *f = table->fields; f->key != NULL; f++)
		if (strcmp(f->key, key) == 0)
			return true;
	return false;
}

static void decode_field(const struct field *field, const struct value *table, void *out,
			 struct findings *findings)
{
	const struct value *value = value_get(table, field->key);

	if (value != NULL) {
		decoders[field->type](field, value, member(out, field), findings);
		if (field->given != 0)
			*(bool *)member_of(out, field->given) = true;
		return;
	}
	if (field->required)
		findings_add(findings, table, NULL, "key \"%s\" is missing", field->key);
}

void table_decode(const struct table *table, const struct value *value, void *out,
		  struct findings *findings)
{
	set_defaults(table, out);
	if (!has_type(value, VALUE_TABLE, "a table", findings))
		return;
	for (const struct field *f = table->fields; f->key != NULL; f++)
		decode_field(f, value, out, findings);
	for (size_t i = 0; i < value_count(value); i++)
		if (!has_field(table, value_key(value, i)))
			add_unknown_key(table, value, i, findings);
}

static void release_tables(const struct field *field, struct vec *list)
{
	for (size_t i = 0; i < list->n; i++)
		table_release(field->table, vec_at(list, i));
	vec_release(list);
}

void table_release(const struct table *table, void *out)
{
	for (const struct field *f = table->fields; f->key != NULL; f++) {
		void *to = member(out, f);

		if (f->type == FIELD_TEXT)
			mem_freep(to);
		else if (f->type == FIELD_LIST || f->type == FIELD_MAP)
			strings_release(to);
		else if (f->type == FIELD_TABLES)
			release_tables(f, to);
		else if (f->type == FIELD_TABLE)
			table_release(f->table, to);
	}
}
