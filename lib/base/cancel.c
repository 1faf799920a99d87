/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"

#include <string.h>

_Static_assert(ATOMIC_INT_LOCK_FREE == 2,
	       "a signal handler may only touch lock-free atomics");

void cancel_init(struct cancel *cancel)
{
	atomic_init(&cancel->signal, 0);
}

/* The first one stays: it is the reason, all later ones follow from it. */
void cancel_set(struct cancel *cancel, int signal)
{
	int go_on = 0;

	(void)atomic_compare_exchange_strong(&cancel->signal, &go_on, signal);
}

bool cancel_is_set(const struct cancel *cancel)
{
	return cancel != NULL && atomic_load(&cancel->signal) != 0;
}

int cancel_check(const struct cancel *cancel, struct err *err)
{
	if (!cancel_is_set(cancel))
		return 0;

	int signal = atomic_load(&cancel->signal);
	if (signal < 0)
		return err_set(err, ERR_INTERRUPTED,
			       "stopped after a failure in another part");

	const char *name = sigabbrev_np(signal);
	if (name == NULL)
		err_set(err, ERR_INTERRUPTED, "interrupted by signal %d", signal);
	else
		err_set(err, ERR_INTERRUPTED, "interrupted by SIG%s", name);
	err->signal = signal;
	return -1;
}
