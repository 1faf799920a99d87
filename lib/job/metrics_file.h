/* SPDX-License-Identifier: Apache-2.0 */
/* The Prometheus text file that all runs on a machine share. */
#ifndef JOB_METRICS_FILE_H
#define JOB_METRICS_FILE_H

#include "base/cancel.h"
#include "report/run_metrics.h"

enum { METRICS_FILE_MAX = 16 * 1024 * 1024 };

/* Replaces the file atomically by one that has these runs in it (run_metrics_text()). Programs
 * that do so at the same time wait for each other, half a minute at most and a second once
 * *cancel is set: ERR_FAILED. Where the file system has no locks they do not. */
MUST_CHECK int metrics_file_update(const char *path, const struct run_report *reports,
				   size_t n, int64_t now_nsec,
				   const struct cancel *cancel, struct err *err);

#endif
