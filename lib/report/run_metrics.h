/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of backup runs in Prometheus' text format (exposition 0.0.4): gauges named
 * quipu_backup_*, one set for each stream. */
#ifndef REPORT_RUN_METRICS_H
#define REPORT_RUN_METRICS_H

#include "report/run_report.h"

/* Appends the whole file. `now_nsec` is the time of the runs; of several runs of one stream
 * the last one counts. `before` is what the file held: lines of streams that are not among the
 * reports stay, and those with the last snapshot's time of streams whose run failed; all else
 * goes, also what is no line of ours. Of equal ones the last stays. */
void run_metrics_text(struct buf *text, const struct run_report *reports, size_t n,
		      int64_t now_nsec, struct slice before);

#endif
