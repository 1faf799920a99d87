/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is either refused with a message or gives a URL that keeps the header's promises. */
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int truth)
{
	if (!truth)
		abort();
}

static void require_clean(const char *text)
{
	for (; *text != '\0'; text++)
		require((uint8_t)*text >= 0x20 && *text != 0x7f);
}

static void require_promises(const struct url *url)
{
	require(url->scheme[0] != '\0');
	require(url->path[0] == '\0' || url->path[0] == '/');
	require_clean(url->scheme);
	require_clean(url->host);
	require_clean(url->path);
	for (size_t i = 0; i < url->query.n; i++) {
		const struct url_pair *pair = vec_at(&url->query, i);

		require(pair->key[0] != '\0');
		require(url_query(url, pair->key) == pair->value);
		require_clean(pair->value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(mem_freep) char *text = mem_strndup((const char *)data, len);
	struct url url;
	struct err err = {0};

	if (url_parse(text, &url, &err) < 0) {
		require(err.code == ERR_USAGE && err.msg[0] != '\0');
		return 0;
	}
	require_promises(&url);
	url_release(&url);
	return 0;
}
