/* SPDX-License-Identifier: Apache-2.0 */
/* quipu.json: identity and parameters, signed by the owner (docs/format/README.md). */
#ifndef REPO_REPO_FORMAT_H
#define REPO_REPO_FORMAT_H

#include "repo/repo.h"

#define REPO_DOCUMENT_KEY "quipu.json"
enum {
	REPO_DOCUMENT_MAX = 64 * 1024,
	REPO_FORMAT_VERSION = 1,
	PACK_SIZE_LEAST = 1024 * 1024,
	PACK_SIZE_MOST = 128 * 1024 * 1024,
};

/* ERR_LIMIT when a parameter is out of its range. */
MUST_CHECK int repo_params_check(const struct repo_params *params, struct err *err);

void repo_document_encode(const struct repo_identity *identity,
			  const struct repo_params *params,
			  const struct sign_private *owner, struct buf *out);

/*
 * Checks version, then the signature under the pinned identity, then reads the parameters.
 * ERR_UNSUPPORTED: a newer version. ERR_KEY: a document that another owner signed for another
 * repository. ERR_ALARM: a signature that does not fit. ERR_CORRUPT: not such a document.
 */
MUST_CHECK int repo_document_decode(struct slice text,
				    const struct repo_identity *identity,
				    struct repo_params *ret_params, struct err *err);

#endif
