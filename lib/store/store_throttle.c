/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit on puts. Every put is paid for with the time that its bytes take at the limit; a put
 * waits until those before it are paid. So the average over a run holds, and an idle time
 * is not saved up for a burst.
 */
#include "store/store_throttle.h"

#include <errno.h>
#include <time.h>

#include "base/mem.h"
#include "base/pool.h"
#include "store/store_driver.h"

enum { STEP_NSEC = 200 * 1000 * 1000 };

struct throttle {
	struct store *inner;
	const struct clock *clock;
	const struct cancel *cancel;
	struct mutex *mutex;
	struct pace pace; /* under mutex */
};

uint64_t pace_delay(struct pace *pace, uint64_t bytes, uint64_t now_nsec)
{
	uint64_t start = pace->next_nsec > now_nsec ? pace->next_nsec : now_nsec;

	pace->next_nsec =
		start + (uint64_t)((double)bytes * 1e9 / (double)pace->bytes_per_sec);
	return start - now_nsec;
}

/* In steps: a pack at a low limit waits for minutes, and workers get no signal. */
static int sleep_nsec(uint64_t nsec, const struct cancel *cancel, struct err *err)
{
	while (nsec > 0) {
		uint64_t step = nsec < STEP_NSEC ? nsec : STEP_NSEC;
		struct timespec left = {.tv_nsec = (long)step};

		if (cancel_check(cancel, err) < 0)
			return -1;
		while (nanosleep(&left, &left) < 0 && errno == EINTR)
			continue;
		nsec -= step;
	}
	return 0;
}

static int throttle_put(void *state, const char *key, struct slice bytes,
			const struct store_put_options *options, struct err *err)
{
	struct throttle *throttle = state;

	mutex_lock(throttle->mutex);
	uint64_t delay = pace_delay(&throttle->pace, bytes.len,
				    throttle->clock->monotonic_nsec(throttle->clock));
	mutex_unlock(throttle->mutex);
	if (sleep_nsec(delay, throttle->cancel, err) < 0)
		return err_wrap(err, "put %s", key);
	return store_put(throttle->inner, key, bytes, options, err);
}

static int throttle_get_range(void *state, const char *key, uint64_t offset, size_t len,
			      uint8_t *to, struct err *err)
{
	struct throttle *throttle = state;

	return store_get_range(throttle->inner, key, offset, len, to, err);
}

static int throttle_get(void *state, const char *key, const char *version, size_t max,
			struct buf *ret_bytes, struct err *err)
{
	struct throttle *throttle = state;

	return version[0] == '\0' ? store_get(throttle->inner, key, max, ret_bytes, err)
				  : store_get_version(throttle->inner, key, version, max,
						      ret_bytes, err);
}

static int throttle_head(void *state, const char *key, struct store_info *ret_info,
			 struct err *err)
{
	struct throttle *throttle = state;

	return store_head(throttle->inner, key, ret_info, err);
}

static int throttle_list(void *state, const char *prefix, store_each_fn *each, void *arg,
			 uint64_t *ret_foreign, struct err *err)
{
	struct throttle *throttle = state;

	return store_list(throttle->inner, prefix, each, arg, ret_foreign, err);
}

static int throttle_versions(void *state, const char *key, store_each_fn *each, void *arg,
			     struct err *err)
{
	struct throttle *throttle = state;

	return store_versions(throttle->inner, key, each, arg, err);
}

static int throttle_remove(void *state, const char *key, const char *version,
			   struct err *err)
{
	struct throttle *throttle = state;

	return store_delete(throttle->inner, key, version, err);
}

static struct store_features throttle_features(const void *state)
{
	const struct throttle *throttle = state;

	return store_features(throttle->inner);
}

static void throttle_close(void *state)
{
	struct throttle *throttle = state;

	store_free(throttle->inner);
	mutex_free(throttle->mutex);
	mem_free(throttle);
}

struct store *store_throttle_take(struct store *inner, uint64_t upload_bytes_per_sec,
				  const struct clock *clock, const struct cancel *cancel)
{
	static const struct store_driver driver = {
		.name = "throttle",
		.put = throttle_put,
		.get_range = throttle_get_range,
		.get = throttle_get,
		.head = throttle_head,
		.list = throttle_list,
		.versions = throttle_versions,
		.remove = throttle_remove,
		.features = throttle_features,
		.close = throttle_close,
	};

	if (upload_bytes_per_sec == 0)
		return inner;
	struct throttle *throttle = mem_zalloc(sizeof(*throttle));
	throttle->inner = inner;
	throttle->clock = clock;
	throttle->cancel = cancel;
	throttle->mutex = mutex_new();
	throttle->pace.bytes_per_sec = upload_bytes_per_sec;
	return store_new(&driver, throttle, store_url(inner));
}
