/* SPDX-License-Identifier: Apache-2.0 */
/* The Prometheus text file that all runs on a machine share. */
#ifndef JOB_METRICS_FILE_H
#define JOB_METRICS_FILE_H

#include "report/run_metrics.h"

enum { METRICS_FILE_MAX = 16 * 1024 * 1024 };

/* Replaces the file atomically by one that has these runs in it (run_metrics_text()). Programs
 * that do so at the same time wait for each other. */
MUST_CHECK int metrics_file_update(const char *path, const struct run_report *reports,
				   size_t n, int64_t now_nsec, struct err *err);

#endif
