/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An auditor cannot open a wrap, so what is proved here is that each recipient that counts has
 * one of every epoch, of the right form, and that headers repeat records which the owner's
 * key log has.
 */
#include <string.h>

#include "repo/audit_internal.h"
#include "repo/wrap_check.h"

static void note_wrap(void *arg, bool is_missing, const char *text)
{
	audit_add(arg, is_missing ? AUDIT_ALARM : AUDIT_CORRUPT, "%s", text);
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
	if (wraps_check(audit->repo, note_wrap, audit, err) < 0)
		return -1;
	for (size_t i = 0; i < audit->list.headers.n; i++)
		check_header(audit, vec_at(&audit->list.headers, i));
	return 0;
}
