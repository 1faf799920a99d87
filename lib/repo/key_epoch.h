/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPO_KEY_EPOCH_H
#define REPO_KEY_EPOCH_H

#include "repo/key_admin.h"
#include "repo/wrap_format.h"

/* Seals an epoch's private key to a recipient and puts the wrap. */
MUST_CHECK int key_wrap_put(const struct key_admin *admin, const struct wrap_epoch *epoch,
			    const struct dh_private *epoch_key,
			    const struct dh_public *recipient, struct err *err);

#endif
