/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subset of RFC 3986 that a repository's place needs:
 *
 *   url   = scheme "://" host path [ "?" pair *( "&" pair ) ]
 *   host  = *( ALPHA / DIGIT / "." / "-" / "_" )
 *   path  = "" / "/" *any            pair = key [ "=" value ]
 *
 * Text outside ASCII is taken as it stands when it is UTF-8, since people type directory
 * names; any other byte can be percent-encoded. A user part, a port and a fragment are
 * refused by name, because each of them is a mistake that deserves better than "bad
 * character". A text with a user part is never repeated: it may hold a password.
 */
#include "net/url.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* Refuses what makes a text unfit to be looked at, let alone repeated in a message. */
static int check_text(const char *text, struct err *err)
{
	size_t len = strlen(text);

	if (len > URL_TEXT_MAX)
		return err_set(err, ERR_USAGE, "URL of %zu bytes: expected at most %d",
			       len, URL_TEXT_MAX);
	if (!utf8_valid(slice_of(text, len)))
		return err_set(err, ERR_USAGE,
			       "URL: expected UTF-8 (other bytes as %%XX)");
	for (size_t i = 0; i < len; i++)
		if (is_control((uint8_t)text[i]))
			return err_set(err, ERR_USAGE,
				       "URL: control character 0x%02x at position %zu",
				       (unsigned)(uint8_t)text[i], i + 1);
	return 0;
}

/* A plain path was most likely meant as a directory: say how to write that. */
static int refuse_without_scheme(const char *text, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	struct err ignored = {0};
	CLEANUP(mem_freep) char *absolute = NULL;

	(void)err_set(err, ERR_USAGE, "%s is not a URL: expected SCHEME://PLACE",
		      quote_string(text, shown));
	if (text[0] != '\0' && strpbrk(text, "%?#@:") == NULL)
		absolute = path_absolute(text, &ignored);
	if (absolute == NULL)
		return err_hint(err, "a directory is written file:///ABSOLUTE/PATH");
	return err_hint(err, "write file://%s", absolute);
}

static int parse_scheme(const char *text, size_t len, char **ret_scheme, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	char *scheme;

	for (size_t i = 0; i < len; i++) {
		bool later = is_digit(text[i]) || strchr("+-.", text[i]) != NULL;

		if (!is_alpha(text[i]) && (i == 0 || !later))
			return err_set(err, ERR_USAGE, "URL: bad scheme %s",
				       quote_text(slice_of(text, len), shown));
	}
	if (len == 0)
		return err_set(err, ERR_USAGE,
			       "URL: the scheme before \"://\" is missing");
	scheme = mem_strndup(text, len);
	for (size_t i = 0; i < len; i++)
		if (scheme[i] >= 'A' && scheme[i] <= 'Z')
			scheme[i] = (char)(scheme[i] - 'A' + 'a');
	*ret_scheme = scheme;
	return 0;
}

static int parse_host(const char *text, size_t len, char **ret_host, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (memchr(text, '@', len) != NULL) {
		(void)err_set(err, ERR_USAGE,
			      "URL: a user name or password before the host is refused");
		return err_hint(err,
				"secrets come from files or the environment, never from "
				"the command line");
	}
	if (memchr(text, ':', len) != NULL)
		return err_set(err, ERR_USAGE,
			       "URL: a port after host %s is not supported",
			       quote_text(slice_of(text, len), shown));
	for (size_t i = 0; i < len; i++)
		if (!is_alpha(text[i]) && !is_digit(text[i]) && !strchr(".-_", text[i]))
			return err_set(err, ERR_USAGE, "URL: bad host %s",
				       quote_text(slice_of(text, len), shown));
	*ret_host = mem_strndup(text, len);
	return 0;
}

static int percent_decode(const char *what, struct slice text, char **ret_text,
			  struct err *err)
{
	const char *in = (const char *)text.data;
	CLEANUP(mem_freep) char *out = mem_alloc(text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		int high, low;

		if (in[i] != '%') {
			out[n++] = in[i];
			continue;
		}
		high = text.len - i > 2 ? hex_value(in[i + 1]) : -1;
		low = text.len - i > 2 ? hex_value(in[i + 2]) : -1;
		if (high < 0 || low < 0)
			return err_set(err, ERR_USAGE,
				       "URL: %s: expected two hex digits after %%", what);
		if (is_control((uint8_t)(high * 16 + low)))
			return err_set(err, ERR_USAGE,
				       "URL: %s: control character %%%.2s", what,
				       in + i + 1);
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	out[n] = '\0';
	*ret_text = STEAL(out);
	return 0;
}

static int parse_pair(struct slice text, struct url *url, struct err *err)
{
	const uint8_t *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
	size_t key_len = equals != NULL ? (size_t)(equals - text.data) : text.len;
	size_t value_at = equals != NULL ? key_len + 1 : text.len;
	char shown[QUOTE_TEXT_MAX];
	CLEANUP(mem_freep) char *key = NULL;
	CLEANUP(mem_freep) char *value = NULL;
	struct url_pair pair;

	if (percent_decode("query", slice_of(text.data, key_len), &key, err) < 0)
		return -1;
	if (key[0] == '\0')
		return err_set(err, ERR_USAGE, "URL: query: expected KEY=VALUE");
	if (url_query(url, key) != NULL)
		return err_set(err, ERR_USAGE, "URL: query: %s is given twice",
			       quote_string(key, shown));
	if (percent_decode("query", slice_of(text.data + value_at, text.len - value_at),
			   &value, err) < 0)
		return -1;
	pair = (struct url_pair){.key = STEAL(key), .value = STEAL(value)};
	(void)vec_push(&url->query, &pair); /* its address is not needed */
	return 0;
}

static int parse_query(const char *text, struct url *url, struct err *err)
{
	for (;;) {
		size_t len = strcspn(text, "&");

		if (parse_pair(slice_of(text, len), url, err) < 0)
			return -1;
		if (text[len] == '\0')
			return 0;
		text += len + 1;
	}
}

/* A file: URL names a place on this machine, so a host is a mistake: most often a slash is
 * missing. */
static int check_file(struct url *url, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (strcmp(url->scheme, "file") != 0)
		return 0;
	if (strcmp(url->host, "localhost") == 0)
		url->host[0] = '\0';
	if (url->host[0] != '\0') {
		(void)err_set(err, ERR_USAGE, "URL: file: with host %s: expected none",
			      quote_string(url->host, shown));
		return err_hint(err,
				"an absolute path gives three slashes: file:///PATH");
	}
	if (url->path[0] == '\0')
		return err_set(err, ERR_USAGE, "URL: file: without a path");
	return 0;
}

static int parse_after_scheme(const char *text, struct url *url, struct err *err)
{
	size_t host_len = strcspn(text, "/?#");
	const char *path = text + host_len;
	size_t path_len = strcspn(path, "?#");
	const char *rest = path + path_len;

	if (parse_host(text, host_len, &url->host, err) < 0)
		return -1;
	if (strchr(rest, '#') != NULL) {
		(void)err_set(err, ERR_USAGE,
			      "URL: a fragment after '#' is not supported");
		return err_hint(err, "a '#' in a name is written %%23");
	}
	if (percent_decode("path", slice_of(path, path_len), &url->path, err) < 0)
		return -1;
	if (rest[0] == '?' && parse_query(rest + 1, url, err) < 0)
		return -1;
	return check_file(url, err);
}

int url_parse(const char *text, struct url *ret_url, struct err *err)
{
	struct url url = {0};
	const char *mark;

	if (check_text(text, err) < 0)
		return -1;
	mark = strstr(text, "://");
	if (mark == NULL)
		return refuse_without_scheme(text, err);
	vec_init(&url.query, sizeof(struct url_pair));
	if (parse_scheme(text, (size_t)(mark - text), &url.scheme, err) < 0 ||
	    parse_after_scheme(mark + strlen("://"), &url, err) < 0) {
		url_release(&url);
		return -1;
	}
	*ret_url = url;
	return 0;
}

void url_release(struct url *url)
{
	for (size_t i = 0; i < url->query.n; i++) {
		struct url_pair *pair = vec_at(&url->query, i);

		mem_free(pair->key);
		mem_free(pair->value);
	}
	vec_release(&url->query);
	mem_free(url->scheme);
	mem_free(url->host);
	mem_free(url->path);
	*url = (struct url){0};
}

const char *url_query(const struct url *url, const char *key)
{
	for (size_t i = 0; i < url->query.n; i++) {
		const struct url_pair *pair = vec_at(&url->query, i);

		if (strcmp(pair->key, key) == 0)
			return pair->value;
	}
	return NULL;
}
