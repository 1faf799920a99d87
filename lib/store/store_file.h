/* SPDX-License-Identifier: Apache-2.0 */
/* Objects as files below one directory. */
#ifndef STORE_STORE_FILE_H
#define STORE_STORE_FILE_H

#include "store/store.h"

/* `url` is for messages. Without `create` a missing directory is ERR_NO_REPO. */
MUST_CHECK int store_file_open(const char *directory, const char *url, bool create,
			       struct rng *rng, struct store **ret_store,
			       struct err *err);

#endif
