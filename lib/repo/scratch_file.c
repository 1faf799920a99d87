/* SPDX-License-Identifier: Apache-2.0 */
/* Counters lie in the file as they are in memory: nobody else reads it. The kernel's page cache
 * makes them fast; it is not ours to keep small. */
#include "repo/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pool.h"

int scratch_file_open(const char *directory, int *ret_fd, struct err *err)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		CLEANUP(mem_freep)
		char *name = mem_printf("%s/%sXXXXXX", directory, FILE_TEMP_PREFIX);

		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(name); /* at worst an empty file stays */
	}
	if (fd < 0)
		return err_set_errno(err, errno, "cannot make a scratch file in %s",
				     directory);
	*ret_fd = fd;
	return 0;
}

struct scratch_counters {
	char *directory;
	struct mutex *mutex;
	int fd; /* -1: nothing was set yet */
};

struct scratch_counters *scratch_counters_new(const char *directory)
{
	struct scratch_counters *counters = mem_zalloc(sizeof(*counters));

	counters->directory = mem_strdup(directory);
	counters->mutex = mutex_new();
	counters->fd = -1;
	return counters;
}

void scratch_counters_free(struct scratch_counters *counters)
{
	if (counters == NULL)
		return;
	fd_closep(&counters->fd);
	mutex_free(counters->mutex);
	mem_free(counters->directory);
	mem_free(counters);
}

void scratch_counters_freep(struct scratch_counters **counters)
{
	scratch_counters_free(*counters);
}

static int put(struct scratch_counters *counters, uint32_t i, uint32_t value,
	       struct err *err)
{
	if (counters->fd < 0 &&
	    scratch_file_open(counters->directory, &counters->fd, err) < 0)
		return -1;
	if (fd_pwrite_all(counters->fd, (uint64_t)i * sizeof(value), &value,
			  sizeof(value), err) < 0)
		return err_wrap(err, "scratch file");
	return 0;
}

int scratch_counters_set(struct scratch_counters *counters, uint32_t i, uint32_t value,
			 struct err *err)
{
	LOCKED(counters->mutex);
	return put(counters, i, value, err);
}

int scratch_counters_down(struct scratch_counters *counters, uint32_t i,
			  uint32_t *ret_left, struct err *err)
{
	uint32_t value = 0;
	size_t len = 0;

	LOCKED(counters->mutex);
	if (counters->fd >= 0 && fd_pread(counters->fd, (uint64_t)i * sizeof(value),
					  &value, sizeof(value), &len, err) < 0)
		return err_wrap(err, "scratch file");
	if (len < sizeof(value) || value == 0)
		return err_set(err, ERR_BUG, "counter %" PRIu32 " is below 0", i);
	if (put(counters, i, value - 1, err) < 0)
		return -1;
	*ret_left = value - 1;
	return 0;
}
