/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only home of threads: a fixed set of workers fed by one bounded queue. Signals are
 * blocked in workers, so that main gets them. A failing pthread call on a valid object is our
 * bug and aborts.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pool;

/* `worker` is 0..n-1 and lets a task use per-worker scratch memory without locks. */
typedef void pool_task_fn(void *task, unsigned worker);

/* n_threads >= 1; at most `queue_len` tasks wait. ERR_IO when a thread cannot be made. */
MUST_CHECK int pool_new(unsigned n_threads, size_t queue_len, struct pool **ret_pool,
			struct err *err);
/* Blocks while full, so a task does not submit to its own pool. */
void pool_submit(struct pool *pool, pool_task_fn *fn, void *task);
void pool_wait(struct pool *pool); /* until no task waits or runs */
unsigned pool_size(const struct pool *pool);
void pool_free(struct pool *pool); /* waits for queued tasks, joins; NULL is fine */
void pool_freep(struct pool **pool);

/* One-shot event: a task signals it, another waits. */
struct event;
struct event *event_new(void);
void event_free(struct event *event);
void event_freep(struct event **event);
void event_set(struct event *event);
void event_wait(struct event *event);

/* Plain mutex with the house's cleanup: LOCKED(m); in a scope. */
struct mutex;
struct mutex *mutex_new(void);
void mutex_free(struct mutex *mutex);
void mutex_freep(struct mutex **mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
struct mutex *mutex_hold(struct mutex *mutex); /* locks and returns it, for LOCKED */
void mutex_unlockp(struct mutex **mutex);
#define LOCKED(m)                                                                        \
	CLEANUP(mutex_unlockp)                                                           \
	struct mutex *locked_in_this_scope __attribute__((unused)) = mutex_hold(m)

/* Condition on a mutex. */
struct condition;
struct condition *condition_new(void);
void condition_free(struct condition *condition);
void condition_freep(struct condition **condition);
void condition_wait(struct condition *condition, struct mutex *mutex);
/* False when msec passed first. */
bool condition_wait_for(struct condition *condition, struct mutex *mutex, unsigned msec);
void condition_signal_one(struct condition *condition); /* for waiters that are alike */
void condition_signal_all(struct condition *condition);

#endif
