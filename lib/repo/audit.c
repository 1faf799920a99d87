/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything is collected before anything is judged, so that one run tells all: headers give
 * what is needed (bodies, pack lists, packs), two listings tell what is there, and only with
 * read_data the content is read. Pages of pack lists are shared by many snapshots and read
 * once.
 *
 * Memory: about 200 bytes a pack that is needed.
 */
#include "repo/audit.h"

#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "repo/audit_internal.h"
#include "repo/audit_state.h"
#include "repo/records.h"

const char *audit_kind_name(enum audit_kind kind)
{
	switch (kind) {
	case AUDIT_ALARM:
		return "alarm";
	case AUDIT_CORRUPT:
		return "corrupt";
	case AUDIT_MISSING:
		return "missing";
	case AUDIT_REPORT:
		return "report";
	}
	return "unknown";
}

void audit_result_release(struct audit_result *result)
{
	for (size_t i = 0; i < result->findings.n; i++)
		mem_free(((struct audit_finding *)vec_at(&result->findings, i))->text);
	vec_release(&result->findings);
	*result = (struct audit_result){0};
}

bool audit_is_clean(const struct audit_result *result)
{
	return result->n_of[AUDIT_ALARM] == 0 && result->n_of[AUDIT_CORRUPT] == 0 &&
	       result->n_of[AUDIT_MISSING] == 0;
}

void audit_add(const struct audit *audit, enum audit_kind kind, const char *format, ...)
{
	struct audit_finding finding = {.kind = kind};
	CLEANUP(buf_release) struct buf text = {0};
	va_list ap;

	buf_init(&text, 0);
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	finding.text = buf_steal_string(&text);
	vec_push(&audit->result->findings, &finding);
	audit->result->n_of[kind]++;
}

static void audit_release(struct audit *audit)
{
	audit_objects_free(audit->objects);
	audit_pages_free(audit->pages);
	snapshot_list_release(&audit->list);
	repo_free(audit->repo);
}

static void add_all(const struct audit *audit, enum audit_kind kind,
		    const struct strings *texts)
{
	for (size_t i = 0; i < strings_count(texts); i++)
		audit_add(audit, kind, "%s", strings_at(texts, i));
}

static void check_keylog(struct audit *audit)
{
	CLEANUP(strings_release) struct strings alarms = {0};

	strings_init(&alarms);
	keylog_alarms(audit->repo->keylog, &alarms);
	add_all(audit, AUDIT_ALARM, &alarms);
}

static int load_list(struct audit *audit, struct err *err)
{
	check_keylog(audit);
	if (snapshot_list_load(audit->repo, NULL, audit->options->cancel, &audit->list,
			       err) < 0)
		return -1;
	add_all(audit, AUDIT_ALARM, &audit->list.alarms);
	add_all(audit, AUDIT_REPORT, &audit->list.reports);
	if (audit->list.foreign > 0)
		audit_add(audit, AUDIT_REPORT,
			  "%ju objects below snapshots/ are no headers",
			  (uintmax_t)audit->list.foreign);
	return 0;
}

static bool has_header(const struct snapshot_list *list,
		       const struct record_target *target)
{
	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);

		if (memcmp(header->id, target->id, HASH_LEN) == 0)
			return true;
	}
	return false;
}

/* Headers stay for ever: one that a record names must be there. */
static int check_records(struct audit *audit, struct err *err)
{
	CLEANUP(records_release) struct records records = {0};

	if (records_load(audit->repo, audit->options->cancel, &records, err) < 0)
		return -1;
	audit->result->n_records = records.n;
	for (size_t i = 0; i < records.expired.n; i++) {
		const struct record_target *target = vec_at(&records.expired, i);
		char shown[QUOTE_TEXT_MAX];

		if (!has_header(&audit->list, target))
			audit_add(
				audit, AUDIT_ALARM,
				"header %s %ju: an expire record names it, but it is not "
				"there",
				quote_string(target->stream, shown),
				(uintmax_t)target->seq);
	}
	return 0;
}

static int need_of_header(struct audit *audit, const struct snapshot_header *header,
			  struct err *err)
{
	struct audit_object body = {.size = header->body_size, .needed_by = header};
	struct audit_object *known;

	memcpy(body.name, header->body_hash, HASH_LEN);
	if (!audit_need(audit, &body, &known) && known->size != body.size) {
		char shown[HEADER_TEXT_MAX];

		audit_add(audit, AUDIT_CORRUPT,
			  "%s: another header gives its body another size",
			  snapshot_header_text(header, shown));
	}
	return audit_packlist(audit, header, err);
}

static int collect(struct audit *audit, struct err *err)
{
	const char *last = "";

	progress_phase(audit->options->progress, "checking pack lists");
	for (size_t i = 0; i < audit->list.headers.n; i++) {
		const struct snapshot_header *header = vec_at(&audit->list.headers, i);

		if (cancel_check(audit->options->cancel, err) < 0)
			return -1;
		if (strcmp(header->stream, last) != 0)
			audit->result->n_streams++;
		last = header->stream;
		audit->result->n_snapshots++;
		if (header->expired)
			audit->result->n_expired++;
		else if (need_of_header(audit, header, err) < 0)
			return -1;
	}
	return 0;
}

static int look(struct audit *audit, struct err *err)
{
	if (load_list(audit, err) < 0 || check_records(audit, err) < 0 ||
	    audit_epochs(audit, err) < 0 || collect(audit, err) < 0)
		return -1;
	return audit_objects(audit, err);
}

/* The auditor's memory: compared first, then moved on if all is well. */
static int compare_state(struct audit *audit, struct err *err)
{
	const char *path = audit->options->state_path;
	CLEANUP(audit_state_release) struct audit_state state = {0};
	bool found = false;

	if (path != NULL &&
	    audit_state_load(path, &audit->repo->identity, &state, &found, err) < 0)
		return -1;
	audit->result->first_look = !found;
	if (found)
		audit_state_compare(&state, audit);
	else
		audit_add(audit, AUDIT_REPORT,
			  "first look: that newest snapshots were lost or the whole was "
			  "rolled back cannot be seen%s",
			  path == NULL ? " without a state file" : "");
	if (path == NULL || !audit_is_clean(audit->result))
		return 0;
	if (audit_state_store(path, audit, err) < 0)
		return -1;
	audit->result->state_advanced = true;
	return 0;
}

int audit_run(const struct audit_options *options, struct audit_result *ret_result,
	      struct err *err)
{
	CLEANUP(audit_result_release) struct audit_result result = {0};
	CLEANUP(audit_release)
	struct audit audit = {.options = options, .result = &result};
	uint8_t hash_key[16];

	vec_init(&result.findings, sizeof(struct audit_finding));
	rng_fill(options->rng, hash_key, sizeof(hash_key));
	audit.objects = map_new(hash_key);
	audit.pages = map_new(hash_key);
	progress_phase(options->progress, "checking signatures");
	if (repo_open(options->store, &options->key->identity, &audit.repo, err) < 0 ||
	    look(&audit, err) < 0 || compare_state(&audit, err) < 0)
		return -1;
	*ret_result = result;
	result = (struct audit_result){0};
	return 0;
}
