/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_refused.h"

#include "base/mem.h"

int pg_refused_add(struct pg_refused *refused, const char *what, const struct err *why,
		   struct err *err)
{
	CLEANUP(mem_freep) char *text = NULL;

	if (why->code == ERR_INTERRUPTED || why->code == ERR_TRANSIENT) {
		*err = *why;
		return err_wrap(err, "%s", what);
	}
	if (refused == NULL)
		return 0;
	text = mem_printf("%s: %s", what, why->msg);
	strings_add(refused->warnings, text);
	refused->n++;
	return 0;
}
