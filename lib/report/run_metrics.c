/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each invocation knows the runs it made, while the file is about all streams: alerts look for
 * a stream whose last snapshot is too old, and a line that vanishes never fires. So lines of
 * other streams are carried over, byte for byte, but only such as this module writes: one line
 * that Prometheus cannot read would make it refuse the whole file.
 */
#include "report/run_metrics.h"

#include "base/mem.h"

/* One metric over all runs. */
struct metric {
	const char *name, *help;
	bool of_failed; /* a run that made no snapshot has it too */
	bool lasts;	/* after such a run the value from before still holds */
	double (*value)(const struct run_report *report, int64_t now_nsec);
};

static double in_seconds(int64_t nsec)
{
	return (double)(nsec / 1000000) / 1e3;
}

static double get_success(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return report->backed_up ? 1 : 0;
}

static double get_exit_code(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return report->exit_code;
}

static double get_run_time(const struct run_report *report, int64_t now_nsec)
{
	(void)report;
	return in_seconds(now_nsec);
}

static double get_snapshot_time(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return in_seconds(report->time_nsec);
}

static double get_duration(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return (double)report->nsec / 1e9;
}

static double get_files(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return (double)report->files;
}

static double get_bytes(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return (double)report->bytes;
}

static double get_stored(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return (double)report->stored_bytes;
}

static double get_warnings(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return (double)report->n_warnings;
}

static double get_alarms(const struct run_report *report, int64_t now_nsec)
{
	(void)now_nsec;
	return (double)report->n_alarms;
}

static const struct metric metrics[] = {
	{"success", "1 if the last run made a snapshot", true, false, get_success},
	{"exit_code", "exit code of the last run, hooks included", true, false,
	 get_exit_code},
	{"last_run_timestamp_seconds", "end of the last run", true, false, get_run_time},
	{"last_snapshot_timestamp_seconds", "time of the last snapshot", false, true,
	 get_snapshot_time},
	{"duration_seconds", "how long the run took", false, false, get_duration},
	{"files", "files in the snapshot", false, false, get_files},
	{"bytes", "bytes read", false, false, get_bytes},
	{"stored_bytes", "new bytes in the repository", false, false, get_stored},
	{"warnings", "warnings of the run", false, false, get_warnings},
	{"alarms", "alarms among them: stored data is not what it was", false, false,
	 get_alarms},
};

/* A report under its stream's name as it stands in a label. */
struct run {
	char *label;
	const struct run_report *report;
};

/* A configuration may name a stream that no repository accepts; its run then failed. */
static char *label_of(const char *stream)
{
	struct buf label;

	buf_init(&label, 0);
	for (const char *c = stream; *c != '\0'; c++) {
		if (*c == '\\' || *c == '"')
			buf_append_byte(&label, '\\');
		if (*c == '\n')
			buf_append_string(&label, "\\n");
		else
			buf_append_byte(&label, (uint8_t)*c);
	}
	return buf_steal_string(&label);
}

static int compare_runs(const void *a, const void *b)
{
	const struct run *x = a;
	const struct run *y = b;
	int order = strcmp(x->label, y->label);

	if (order != 0)
		return order;
	return (x->report > y->report) - (x->report < y->report);
}

/* Sorted by label; of one stream's the last one. */
static void make_runs(const struct run_report *reports, size_t n, struct vec *ret_runs)
{
	size_t kept = 0;

	vec_init(ret_runs, sizeof(struct run));
	for (size_t i = 0; i < n; i++)
		vec_push(ret_runs,
			 &(struct run){label_of(reports[i].stream), &reports[i]});
	vec_sort(ret_runs, compare_runs);

	struct run *runs = ret_runs->data;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && strcmp(runs[i].label, runs[i + 1].label) == 0)
			mem_free(runs[i].label);
		else
			runs[kept++] = runs[i];
	}
	ret_runs->n = kept;
}

static void release_runs(struct vec *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		mem_free(((struct run *)vec_at(runs, i))->label);
	vec_release(runs);
}

static const struct run_report *find_run(const struct vec *runs, struct slice label)
{
	size_t low = 0;
	size_t high = runs->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct run *run = vec_at(runs, middle);
		int order = slice_compare(slice_of_string(run->label), label);

		if (order == 0)
			return run->report;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The next line of *rest, without its end; false at the end. A last line without an end was
 * cut off and does not count. */
static bool next_line(struct slice *rest, struct slice *ret_line)
{
	const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

	if (end == NULL)
		return false;
	*ret_line = slice_of(rest->data, (size_t)(end - rest->data));
	*rest = slice_of(end + 1, rest->len - ret_line->len - 1);
	return true;
}

static bool take_prefix(struct slice *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || memcmp(text->data, prefix, len) != 0)
		return false;
	*text = slice_of(text->data + len, text->len - len);
	return true;
}

/* Up to the quotation mark that ends it. */
static bool take_label(struct slice *text, struct slice *ret_label)
{
	size_t len = 0;

	while (len < text->len && text->data[len] != '"')
		len += text->data[len] == '\\' ? 2 : 1;
	if (len >= text->len)
		return false;
	*ret_label = slice_of(text->data, len);
	*text = slice_of(text->data + len, text->len - len);
	return true;
}

static bool is_number(struct slice text)
{
	size_t n_points = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '.' && i > 0)
			n_points++;
		else if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return text.len > 0 && n_points <= 1;
}

/* `NAME{stream="LABEL"} NUMBER` of this metric? */
static bool parse_line(struct slice line, const struct metric *metric,
		       struct slice *ret_label)
{
	return take_prefix(&line, "quipu_backup_") && take_prefix(&line, metric->name) &&
	       take_prefix(&line, "{stream=\"") && take_label(&line, ret_label) &&
	       take_prefix(&line, "\"} ") && is_number(line);
}

/* A line of before; both lie in its text. */
struct kept {
	struct slice label, line;
};

static int compare_kept(const void *a, const void *b)
{
	const struct kept *x = a;
	const struct kept *y = b;
	int order = slice_compare(x->label, y->label);

	if (order != 0)
		return order;
	return (x->line.data > y->line.data) - (x->line.data < y->line.data);
}

/* Of equal labels, which a foreign hand made and Prometheus refuses, the last one stays. */
static void append_kept(struct buf *text, const struct metric *metric,
			const struct vec *runs, struct slice before)
{
	struct kept one;
	struct vec kept;

	vec_init(&kept, sizeof(struct kept));
	while (next_line(&before, &one.line)) {
		if (!parse_line(one.line, metric, &one.label))
			continue;
		const struct run_report *report = find_run(runs, one.label);
		if (report == NULL || (!report->backed_up && metric->lasts))
			vec_push(&kept, &one);
	}
	vec_sort(&kept, compare_kept);
	for (size_t i = 0; i < kept.n; i++) {
		const struct kept *at = vec_at(&kept, i);

		if (i + 1 < kept.n && slice_equal(at[0].label, at[1].label))
			continue;
		buf_append_slice(text, at->line);
		buf_append_byte(text, '\n');
	}
	vec_release(&kept);
}

static void append_new(struct buf *text, const struct metric *metric,
		       const struct vec *runs, int64_t now_nsec)
{
	for (size_t i = 0; i < runs->n; i++) {
		const struct run *run = vec_at(runs, i);

		if (run->report->backed_up || metric->of_failed)
			buf_printf(text, "quipu_backup_%s{stream=\"%s\"} %.3f\n",
				   metric->name, run->label,
				   metric->value(run->report, now_nsec));
	}
}

void run_metrics_text(struct buf *text, const struct run_report *reports, size_t n,
		      int64_t now_nsec, struct slice before)
{
	struct vec runs;

	make_runs(reports, n, &runs);
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++) {
		buf_printf(text,
			   "# HELP quipu_backup_%s %s\n# TYPE quipu_backup_%s gauge\n",
			   metrics[i].name, metrics[i].help, metrics[i].name);
		append_kept(text, &metrics[i], &runs, before);
		append_new(text, &metrics[i], &runs, now_nsec);
	}
	release_runs(&runs);
}
