/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/units.h"

enum {
	TICK_MSEC = 500,
	QUIET_TICKS = 120, /* a line a minute where nobody watches */
};

struct cli_progress {
	const struct progress *progress;
	const struct clock *clock;
	uint64_t start_nsec;
	bool is_terminal;
	struct pool *pool;
	struct mutex *mutex;
	struct condition *condition;
	/* under mutex */
	bool stop;
	bool shown;
	unsigned paused;
};

static void append_rate(uint64_t done, uint64_t total, uint64_t elapsed_nsec,
			struct buf *text)
{
	char size[UNITS_TEXT_MAX];
	char left[UNITS_TEXT_MAX];
	double sec = (double)elapsed_nsec / 1e9;

	if (sec <= 0 || done == 0)
		return;
	double rate = (double)done / sec;
	buf_printf(text, "  %s/s", units_format_size((uint64_t)rate, size));
	if (total > done)
		buf_printf(
			text, "  ETA %s",
			units_format_duration(
				(uint64_t)((double)(total - done) / rate * 1e9), left));
}

void cli_progress_text(const struct progress *progress, uint64_t elapsed_nsec,
		       struct buf *text)
{
	uint64_t files = atomic_load(&progress->files);
	uint64_t bytes = atomic_load(&progress->bytes);
	uint64_t expected = atomic_load(&progress->expected_bytes);
	uint64_t warnings = atomic_load(&progress->warnings);
	char size[UNITS_TEXT_MAX];
	char whole[UNITS_TEXT_MAX];
	/* An estimate that was exceeded says nothing any more. */
	uint64_t total = expected >= bytes ? expected : 0;

	buf_printf(text, "%s  %" PRIu64 " files  %s", atomic_load(&progress->phase),
		   files, units_format_size(bytes, size));
	if (total > 0)
		buf_printf(text, " of %s (%d%%)", units_format_size(total, whole),
			   (int)((double)bytes * 100 / (double)total));
	append_rate(bytes, total, elapsed_nsec, text);
	if (warnings > 0)
		buf_printf(text, "  %" PRIu64 " warnings", warnings);
}

static void show(struct cli_progress *display)
{
	uint64_t now = display->clock->monotonic_nsec(display->clock);
	CLEANUP(buf_release) struct buf text = {0};

	buf_init(&text, 0);
	cli_progress_text(display->progress, now - display->start_nsec, &text);
	if (display->is_terminal)
		(void)fprintf(stderr, "\r\033[K%s", buf_string(&text));
	else
		(void)fprintf(stderr, "%s\n", buf_string(&text));
	(void)fflush(stderr);
	display->shown = true;
}

static void clear(struct cli_progress *display)
{
	if (display->is_terminal && display->shown)
		(void)fprintf(stderr, "\r\033[K");
	display->shown = false;
}

static bool is_time_to_show(struct cli_progress *display, unsigned ticks)
{
	if (display->stop || display->paused > 0 ||
	    *atomic_load(&display->progress->phase) == '\0')
		return false;
	return display->is_terminal || ticks % QUIET_TICKS == 0;
}

static void run(void *task, unsigned worker)
{
	struct cli_progress *display = task;
	unsigned ticks = 0;

	(void)worker;
	mutex_lock(display->mutex);
	while (!display->stop) {
		(void)condition_wait_for(display->condition, display->mutex, TICK_MSEC);
		if (is_time_to_show(display, ++ticks))
			show(display);
	}
	mutex_unlock(display->mutex);
}

int cli_progress_start(const struct progress *progress, const struct clock *clock,
		       struct cli_progress **ret_display, struct err *err)
{
	struct cli_progress *display = mem_zalloc(sizeof(*display));

	display->progress = progress;
	display->clock = clock;
	display->start_nsec = clock->monotonic_nsec(clock);
	display->is_terminal = isatty(STDERR_FILENO) == 1;
	display->mutex = mutex_new();
	display->condition = condition_new();
	if (pool_new(1, 1, &display->pool, err) < 0) {
		mutex_free(display->mutex);
		condition_free(display->condition);
		mem_free(display);
		return -1;
	}
	pool_submit(display->pool, run, display);
	*ret_display = display;
	return 0;
}

void cli_progress_stop(struct cli_progress *display)
{
	if (display == NULL)
		return;
	mutex_lock(display->mutex);
	display->stop = true;
	condition_signal_all(display->condition);
	mutex_unlock(display->mutex);
	pool_free(display->pool);
	clear(display);
	mutex_free(display->mutex);
	condition_free(display->condition);
	mem_free(display);
}

void cli_progress_pause(struct cli_progress *display)
{
	if (display == NULL)
		return;
	LOCKED(display->mutex);
	clear(display);
	(void)fflush(stderr);
	display->paused++;
}

void cli_progress_resume(struct cli_progress *display)
{
	if (display == NULL)
		return;
	LOCKED(display->mutex);
	display->paused--;
}
