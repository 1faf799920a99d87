/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An auditor cannot open a wrap, so what is proved here is that each recipient that counts has
 * one of every epoch, of the right form, and that headers repeat records which the owner's
 * key log has.
 */
#include <string.h>

#include "repo/audit_internal.h"
#include "repo/wrap_format.h"

static int check_wrap(struct audit *audit, const struct epoch *epoch,
		      const struct recipient *recipient, struct err *err)
{
	CLEANUP(buf_release) struct buf wrap = {0};
	struct wrap_label label;
	char key[WRAP_KEY_LEN];
	struct err why = {0};

	wrap_key(epoch->number, &epoch->public_key, recipient->id, key);
	buf_init(&wrap, WRAP_LEN);
	if (store_get(audit->repo->store, key, WRAP_LEN, &wrap, &why) < 0) {
		if (why.code == ERR_NOT_FOUND) {
			audit_add(audit, AUDIT_ALARM,
				  "%s: the wrap of epoch %u for %s is not there", key,
				  (unsigned)epoch->number, recipient->name);
			return 0;
		}
		if (why.code != ERR_LIMIT) {
			*err = why;
			return -1;
		}
	}
	if (wrap_label_decode(buf_slice(&wrap), &label, &why) < 0)
		audit_add(audit, AUDIT_CORRUPT, "%s: it is no wrap", key);
	else if (label.epoch != epoch->number ||
		 memcmp(label.epoch_key.bytes, epoch->public_key.bytes, DH_LEN) != 0 ||
		 memcmp(label.recipient, recipient->id, HASH_LEN) != 0)
		audit_add(audit, AUDIT_CORRUPT, "%s: it is of another epoch or recipient",
			  key);
	return 0;
}

static bool has_record(const struct keylog *keylog, const uint8_t id[static HASH_LEN])
{
	for (size_t i = 0; i < keylog_n_epochs(keylog); i++)
		if (memcmp(keylog_epoch_at(keylog, i)->record_id, id, HASH_LEN) == 0)
			return true;
	return false;
}

static void check_header(struct audit *audit, const struct snapshot_header *header)
{
	char shown[HEADER_TEXT_MAX];

	for (size_t i = 0; i < header->epochs.n; i++) {
		const struct header_epoch *epoch = vec_at(&header->epochs, i);
		uint8_t id[HASH_LEN];

		hash_sha256(buf_slice(&epoch->record), id);
		if (!has_record(audit->repo->keylog, id))
			audit_add(
				audit, AUDIT_ALARM,
				"%s: it carries an epoch that the key log does not have",
				snapshot_header_text(header, shown));
	}
}

int audit_epochs(struct audit *audit, struct err *err)
{
	const struct keylog *keylog = audit->repo->keylog;

	for (size_t e = 0; e < keylog_n_epochs(keylog); e++) {
		for (size_t r = 0; r < keylog_n_recipients(keylog); r++) {
			const struct recipient *recipient = keylog_recipient(keylog, r);

			if (!recipient->removed &&
			    check_wrap(audit, keylog_epoch_at(keylog, e), recipient,
				       err) < 0)
				return -1;
		}
	}
	for (size_t i = 0; i < audit->list.headers.n; i++)
		check_header(audit, vec_at(&audit->list.headers, i));
	return 0;
}
