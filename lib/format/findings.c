/* SPDX-License-Identifier: Apache-2.0 */
#include "format/findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void findings_init(struct findings *findings)
{
	vec_init(&findings->list, sizeof(struct finding));
	findings->n_dropped = 0;
}

void findings_release(struct findings *findings)
{
	for (size_t i = 0; i < findings->list.n; i++) {
		struct finding *finding = vec_at(&findings->list, i);

		mem_free(finding->top);
		mem_free(finding->text);
		mem_free(finding->hint);
	}
	vec_release(&findings->list);
}

size_t findings_count(const struct findings *findings)
{
	return findings->list.n;
}

const struct finding *findings_at(const struct findings *findings, size_t i)
{
	return vec_at(&findings->list, i);
}

/* Where a finding lies. */
struct spot {
	struct value_span span;
	const char *top, *place;
};

static void add(struct findings *findings, const struct spot *spot, const char *hint,
		const char *message)
{
	if (findings->list.n == FINDINGS_MAX) {
		findings->n_dropped++;
		return;
	}

	struct finding finding = {
		.span = spot->span,
		.top = mem_strdup(spot->top),
		.text = mem_printf("%s%s%s", spot->place,
				   spot->place[0] == '\0' ? "" : ": ", message),
		.hint = mem_strdup(hint),
	};

	vec_push(&findings->list, &finding);
}

void findings_add(struct findings *findings, const struct value *at, const char *hint,
		  const char *format, ...)
{
	char place[VALUE_PLACE_MAX];
	struct spot spot = {value_span(at), value_top_key(at), value_place(at, place)};
	struct buf message;
	va_list ap;

	buf_init(&message, 0);
	va_start(ap, format);
	buf_vprintf(&message, format, ap);
	va_end(ap);
	add(findings, &spot, hint, buf_string(&message));
	buf_release(&message);
}

void findings_add_at_key(struct findings *findings, const struct value *table, size_t i,
			 const char *hint, const char *format, ...)
{
	char place[VALUE_PLACE_MAX];
	struct spot spot = {value_key_span(table, i), value_top_key(table),
			    value_key_place(table, i, place)};
	struct buf message;
	va_list ap;

	buf_init(&message, 0);
	va_start(ap, format);
	buf_vprintf(&message, format, ap);
	va_end(ap);
	if (spot.top == NULL)
		spot.top = value_key(table, i);
	add(findings, &spot, hint, buf_string(&message));
	buf_release(&message);
}

void findings_move(struct findings *from, const char *top, struct findings *to)
{
	struct finding *all = from->list.data;
	size_t n_kept = 0;

	for (size_t i = 0; i < from->list.n; i++) {
		if (all[i].top != NULL && strcmp(all[i].top, top) == 0)
			vec_push(&to->list, &all[i]);
		else
			all[n_kept++] = all[i];
	}
	from->list.n = n_kept;
}

static int compare_findings(const void *a, const void *b)
{
	const struct value_span *span_a = &((const struct finding *)a)->span;
	const struct value_span *span_b = &((const struct finding *)b)->span;

	if (span_a->line != span_b->line)
		return span_a->line < span_b->line ? -1 : 1;
	if (span_a->column != span_b->column)
		return span_a->column < span_b->column ? -1 : 1;
	return 0;
}

void findings_sort(struct findings *findings)
{
	vec_sort(&findings->list, compare_findings);
}

MUST_CHECK int findings_check(const struct findings *findings, struct err *err)
{
	size_t n = findings_count(findings);

	if (n == 0)
		return 0;

	const struct finding *first = findings_at(findings, 0);
	size_t more = n - 1 + findings->n_dropped;

	if (more == 0)
		err_set(err, ERR_USAGE, "%s", first->text);
	else
		err_set(err, ERR_USAGE, "%s (and %zu more finding%s)", first->text, more,
			more == 1 ? "" : "s");
	if (first->hint != NULL)
		err_hint(err, "%s", first->hint);
	return -1;
}
