/* SPDX-License-Identifier: Apache-2.0 */
/* Repository URLs: file:///path and s3://bucket/prefix?key=value (RFC 3986 subset). */
#ifndef NET_URL_H
#define NET_URL_H

#include "base/err.h"
#include "base/vec.h"

enum { URL_TEXT_MAX = 4096 };

struct url {
	char *scheme;	  /* lower case */
	char *host;	  /* "" for file: */
	char *path;	  /* percent-decoded, starts with '/', or "" */
	struct vec query; /* of struct url_pair, percent-decoded */
};

struct url_pair {
	char *key;
	char *value;
};

/* A text without "://" is ERR_USAGE with the hint file://ABSOLUTE. NUL bytes (%00) and
 * control characters are refused, as are user:password@ parts (secrets are not for argv),
 * ports, fragments, a query key given twice, bytes that are not UTF-8 (but as %XX) and texts
 * over URL_TEXT_MAX: all ERR_USAGE. file: needs a path and accepts an empty host or
 * "localhost". */
MUST_CHECK int url_parse(const char *text, struct url *ret_url, struct err *err);
void url_release(struct url *url); /* frees; leaves it all zero */
const char *url_query(const struct url *url, const char *key); /* NULL when absent */

#endif
