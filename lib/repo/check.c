/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order: what the chains say, which packs are there, which of them the lists name, what is
 * in them, then domain by domain the index against the directories and the trees against both,
 * at last the data. Each step notes what the next ones need in a few bytes a pack, by its place
 * in the sorted inventory, so that no step goes over the store twice.
 */
#include "repo/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/mem.h"
#include "repo/body_reader.h"
#include "repo/check_internal.h"
#include "repo/wrap_check.h"

enum { INVENTORY_MEMORY = 1024 * 1024, THREADS_MAX = 16 };

const char *check_severity_name(enum check_severity severity)
{
	static const char *const names[CHECK_SEVERITIES] = {
		[CHECK_NOTE] = "note",
		[CHECK_WARNING] = "warning",
		[CHECK_DAMAGE] = "damage",
		[CHECK_ALARM] = "alarm",
	};

	return names[severity];
}

const char *check_level_name(enum check_level level)
{
	return level == CHECK_TREES ? "trees" : "structure";
}

/* --- findings --- */

static void add_finding(struct check *check, enum check_severity severity, char *text)
{
	struct check_result *result = &check->result;
	struct check_finding finding = {.severity = severity, .text = text};

	LOCKED(check->mutex);
	result->n_findings[severity]++;
	if (result->findings.n < CHECK_FINDINGS_MAX)
		vec_push(&result->findings, &finding);
	else
		mem_free(text);
}

void check_find(struct check *check, enum check_severity severity, const char *format,
		...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, 0);
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	add_finding(check, severity, buf_steal_string(&text));
}

int check_judge(struct check *check, const struct err *why, struct err *err)
{
	switch (why->code) {
	case ERR_ALARM:
		check_find(check, CHECK_ALARM, "%s", why->msg);
		return 0;
	case ERR_CORRUPT:
	case ERR_NOT_FOUND:
	case ERR_UNSUPPORTED:
	case ERR_LIMIT:
		check_find(check, CHECK_DAMAGE, "%s", why->msg);
		return 0;
	case ERR_KEY: /* sealed for others: that is no damage */
		check_find(check, CHECK_WARNING, "%s", why->msg);
		return 0;
	default:
		*err = *why;
		return -1;
	}
}

const char *check_snapshot_text(const struct snapshot_header *header,
				char out[static CHECK_SNAPSHOT_TEXT_MAX])
{
	(void)snprintf(out, CHECK_SNAPSHOT_TEXT_MAX, "snapshot %s %" PRIu64,
		       header->stream, header->seq);
	return out;
}

void check_fail(struct check *check, const struct err *why)
{
	LOCKED(check->mutex);
	if (!check->failed)
		check->err = *why;
	check->failed = true;
}

bool check_has_failed(struct check *check)
{
	LOCKED(check->mutex);
	return check->failed;
}

void check_result_release(struct check_result *result)
{
	for (size_t i = 0; i < result->findings.n; i++) {
		struct check_finding *finding = vec_at(&result->findings, i);

		mem_free(finding->text);
	}
	vec_release(&result->findings);
}

int check_result_verdict(const struct check_result *result, struct err *err)
{
	enum check_severity worst =
		result->n_findings[CHECK_ALARM] > 0 ? CHECK_ALARM : CHECK_DAMAGE;
	uint64_t n = result->n_findings[worst];
	const char *text = "more than can be shown";

	if (n == 0)
		return 0;
	for (size_t i = result->findings.n; i-- > 0;) {
		const struct check_finding *finding = vec_at(&result->findings, i);

		text = finding->severity == worst ? finding->text : text;
	}
	(void)err_set(err, worst == CHECK_ALARM ? ERR_ALARM : ERR_CORRUPT, "%s", text);
	if (n > 1)
		(void)err_wrap(err, "%s, the first of %" PRIu64,
			       check_severity_name(worst), n);
	return -1;
}

/* --- snapshots --- */

static void note_all(struct check *check, enum check_severity severity,
		     const struct strings *texts)
{
	for (size_t i = 0; i < strings_count(texts); i++)
		check_find(check, severity, "%s", strings_at(texts, i));
}

static void note_domain(struct check *check, const char *domain)
{
	for (size_t i = 0; i < strings_count(&check->domains); i++) {
		if (strcmp(strings_at(&check->domains, i), domain) == 0)
			return;
	}
	strings_add(&check->domains, domain);
}

/* Its body is there; what is in it is for those who can read. */
static int check_header(struct check *check, const struct snapshot_header *header,
			struct err *err)
{
	CLEANUP(buf_release) struct buf object = {0};
	char shown[CHECK_SNAPSHOT_TEXT_MAX];
	struct err why = {0};

	if (header->expired) {
		check->result.expired++;
		return 0;
	}
	check->result.snapshots++;
	note_domain(check, header->domain);
	buf_init(&object, 0);
	if (body_object_get(check->options.repo, header, &object, &why) == 0)
		return 0;
	(void)err_wrap(&why, "%s", check_snapshot_text(header, shown));
	return check_judge(check, &why, err);
}

static void note_wrap(void *arg, bool is_missing, const char *text)
{
	check_find(arg, is_missing ? CHECK_ALARM : CHECK_DAMAGE, "%s", text);
}

static int check_keys(struct check *check, struct err *err)
{
	CLEANUP(strings_release) struct strings alarms = {0};

	strings_init(&alarms);
	keylog_alarms(check->options.repo->keylog, &alarms);
	note_all(check, CHECK_ALARM, &alarms);
	return wraps_check(check->options.repo, note_wrap, check, err);
}

static int check_snapshots(struct check *check, struct err *err)
{
	if (check_keys(check, err) < 0 ||
	    snapshot_list_load(check->options.repo, NULL, check->options.cancel,
			       &check->list, err) < 0)
		return -1;
	note_all(check, CHECK_ALARM, &check->list.alarms);
	note_all(check, CHECK_NOTE, &check->list.reports);
	if (check->list.foreign > 0)
		check_find(check, CHECK_NOTE,
			   "snapshots/: %" PRIu64 " objects that are no snapshots",
			   check->list.foreign);
	for (size_t i = 0; i < check->list.headers.n; i++) {
		if (cancel_check(check->options.cancel, err) < 0 ||
		    check_header(check, vec_at(&check->list.headers, i), err) < 0)
			return -1;
	}
	return 0;
}

static int check_domain(struct check *check, size_t domain, struct err *err)
{
	CLEANUP(check_index_release) struct check_index index = {0};

	if (check_index_open(check, domain, &index, err) < 0)
		return -1;
	if (check->options.reader == NULL)
		return 0;
	return check_trees(check, domain, &index, err);
}

/* --- all of it --- */

static int run_steps(struct check *check, struct err *err)
{
	struct progress *progress = check->options.progress;

	progress_phase(progress, "checking snapshots");
	if (check_snapshots(check, err) < 0)
		return -1;
	progress_phase(progress, "listing packs");
	if (check_list_packs(check, err) < 0 || check_pack_lists(check, err) < 0)
		return -1;
	progress_phase(progress, "checking packs");
	if (check_directories(check, err) < 0)
		return -1;
	progress_phase(progress, "checking trees");
	for (size_t i = 0; i < strings_count(&check->domains); i++) {
		if (check_domain(check, i, err) < 0)
			return -1;
	}
	if (check->options.subset.of == 0)
		return 0;
	progress_phase(progress, "reading packs");
	return check_data(check, err);
}

static unsigned n_threads(unsigned wanted)
{
	long n = wanted > 0 ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

int check_run(const struct check_options *options, struct check_result *ret_result,
	      struct err *err)
{
	struct check check = {.options = *options};
	int failed;

	check.options.n_threads = n_threads(options->n_threads);
	check.mutex = mutex_new();
	check.inventory = record_sorter_new(options->scratch_directory, INVENTORY_LEN,
					    INVENTORY_MEMORY);
	strings_init(&check.domains);
	vec_init(&check.result.findings, sizeof(struct check_finding));
	check.result.level = options->reader != NULL ? CHECK_TREES : CHECK_STRUCTURE;
	check.result.subset = options->subset;
	failed = run_steps(&check, err);
	snapshot_list_release(&check.list);
	record_sorter_free(check.inventory);
	mem_free(check.packs);
	strings_release(&check.domains);
	mutex_free(check.mutex);
	if (failed < 0)
		check_result_release(&check.result);
	else
		*ret_result = check.result;
	return failed;
}
