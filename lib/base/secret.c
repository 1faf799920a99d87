/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every secret has whole pages of its own: mlock() and MADV_DONTDUMP work on pages, and an
 * overrun of some heap object next door cannot reach it. mlock() may fail for lack of
 * RLIMIT_MEMLOCK; the secret is still usable and `locked` tells. MADV_DONTFORK would gain
 * nothing, because a child of ours executes another program at once.
 */
#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t round_to_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

void secret_init(struct secret *secret, size_t len)
{
	assert(len <= SECRET_MAX);
	*secret = (struct secret){.len = len};
	if (len == 0)
		return;

	secret->mapped = round_to_pages(len);
	void *pages = mmap(NULL, secret->mapped, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		abort();
	secret->data = pages;
	secret->locked = mlock(pages, secret->mapped) == 0;
	/* Fails only on kernels without it; the process has core dumps off anyway. */
	(void)madvise(pages, secret->mapped, MADV_DONTDUMP);
}

void secret_set(struct secret *secret, const void *data, size_t len)
{
	secret_init(secret, len);
	if (len > 0)
		memcpy(secret->data, data, len);
}

void secret_release(struct secret *secret)
{
	if (secret == NULL)
		return;
	if (secret->data != NULL) {
		secret_wipe(secret->data, secret->mapped);
		/* Cannot fail for a mapping of ours; it also unlocks. */
		(void)munmap(secret->data, secret->mapped);
	}
	*secret = (struct secret){0};
}

void secret_truncate(struct secret *secret, size_t len)
{
	assert(len <= secret->len);
	if (len < secret->len)
		secret_wipe(secret->data + len, secret->len - len);
	secret->len = len;
}

struct slice secret_slice(const struct secret *secret)
{
	return slice_of(secret->data, secret->len);
}

/* The lengths are not secret, the bytes are. */
bool secret_equal(const struct secret *a, const struct secret *b)
{
	volatile uint8_t difference = 0;

	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		difference = (uint8_t)(difference | (a->data[i] ^ b->data[i]));
	return difference == 0;
}

void secret_wipe(void *data, size_t len)
{
	if (len > 0)
		explicit_bzero(data, len);
}

int secret_protect_process(struct err *err)
{
	struct rlimit cores;

	if (getrlimit(RLIMIT_CORE, &cores) < 0)
		return err_set_errno(err, errno, "limit of core dumps");
	cores.rlim_cur = 0; /* the hard limit is left to the programs that we start */
	if (setrlimit(RLIMIT_CORE, &cores) < 0)
		return err_set_errno(err, errno, "turning core dumps off");
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
		return err_set_errno(err, errno, "closing the process to ptrace");
	return 0;
}
