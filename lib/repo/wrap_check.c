/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/wrap_check.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "repo/wrap_format.h"

struct search {
	const struct repo *repo;
	wrap_finding_fn *found;
	void *arg;
};

/* Takes the text over. */
static void tell_take(const struct search *search, bool is_missing, char *text)
{
	search->found(search->arg, is_missing, text);
	mem_free(text);
}

static bool is_of(const struct wrap_label *label, const struct epoch *epoch,
		  const struct recipient *recipient)
{
	return label->epoch == epoch->number &&
	       memcmp(label->epoch_key.bytes, epoch->public_key.bytes, DH_LEN) == 0 &&
	       memcmp(label->recipient, recipient->id, HASH_LEN) == 0;
}

static int check_wrap(const struct search *search, const struct epoch *epoch,
		      const struct recipient *recipient, struct err *err)
{
	CLEANUP(buf_release) struct buf wrap = {0};
	struct wrap_label label;
	char key[WRAP_KEY_LEN];
	struct err why = {0};

	wrap_key(epoch->number, &epoch->public_key, recipient->id, key);
	buf_init(&wrap, WRAP_LEN);
	if (store_get(search->repo->store, key, WRAP_LEN, &wrap, &why) < 0) {
		if (why.code == ERR_NOT_FOUND) {
			tell_take(search, true,
				  mem_printf("%s: the wrap of epoch %u for %s is not "
					     "there",
					     key, (unsigned)epoch->number,
					     recipient->name));
			return 0;
		}
		if (why.code != ERR_LIMIT) {
			*err = why;
			return -1;
		}
	}
	if (wrap_label_decode(buf_slice(&wrap), &label, &why) < 0)
		tell_take(search, false, mem_printf("%s: it is no wrap", key));
	else if (!is_of(&label, epoch, recipient))
		tell_take(search, false,
			  mem_printf("%s: it is of another epoch or recipient", key));
	return 0;
}

int wraps_check(const struct repo *repo, wrap_finding_fn *found, void *arg,
		struct err *err)
{
	const struct search search = {.repo = repo, .found = found, .arg = arg};
	const struct keylog *keylog = repo->keylog;

	for (size_t e = 0; e < keylog_n_epochs(keylog); e++) {
		for (size_t r = 0; r < keylog_n_recipients(keylog); r++) {
			const struct recipient *recipient = keylog_recipient(keylog, r);

			if (!recipient->removed &&
			    check_wrap(&search, keylog_epoch_at(keylog, e), recipient,
				       err) < 0)
				return -1;
		}
	}
	return 0;
}
