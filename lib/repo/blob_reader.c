/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who reads takes an opener and a set of tools out of what is idle and puts them back when he
 * is done, so that no lock is held while bytes are fetched or decrypted. Two threads in one
 * pack have an opener each; a pack is unwrapped again only when none of it is idle.
 *
 * A place that fails is told with a warning if another has the blob. If none has, the first
 * failure is what is reported, after the listed packs' own directories were read: the index is
 * a cache made from fragments, which may say anything.
 */
#include "repo/blob_reader.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pool.h"
#include "format/encoding.h"
#include "repo/blob_cache.h"

enum {
	MEMORY_DEFAULT = 64 * 1024 * 1024,
	CACHE_SHARE = 16, /* of the memory */
	IDLE_OPENERS_MAX = 32,
	THREADS_MAX = 64,
	MEMORY_OF_THREAD = 8 * 1024 * 1024,
};

struct idle_opener {
	uint32_t pack;
	struct pack_opener *opener;
};

/* Belongs to one call at a time. */
struct reader_tools {
	struct hmac *hmac;
	struct zstd_decoder *decoder;
	struct buf scratch, sealed;
};

struct blob_reader {
	struct node_source nodes; /* first */
	struct blob_reader_options options;
	struct blob_places *places;
	struct epoch_keys *epochs;
	struct blob_cache *cache;
	atomic_uint_fast64_t failed_places;
	struct mutex *mutex;   /* of what follows */
	struct vec idle;       /* of struct idle_opener, the one used last at the end */
	struct vec idle_tools; /* of struct reader_tools * */
};

static int get_node(struct node_source *source, enum blob_type type,
		    const struct blob_ref *ref, struct buf *ret_node, struct err *err)
{
	return blob_reader_get((struct blob_reader *)source, type, ref, ret_node, err);
}

static unsigned n_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

/* Each has a cipher, a decoder and buffers, and waits for the others' bytes otherwise. */
static unsigned threads_within(uint64_t memory, unsigned wanted)
{
	uint64_t most = memory / MEMORY_OF_THREAD;

	return wanted <= most ? wanted : most > 1 ? (unsigned)most : 1;
}

int blob_reader_new(const struct blob_reader_options *options,
		    struct blob_reader **ret_reader, struct err *err)
{
	struct blob_reader *reader;
	struct blob_places *places;

	if (blob_places_new(
		    &(struct blob_places_options){
			    .repo = options->repo,
			    .keys = &options->key->dedup,
			    .index = options->index,
			    .header = options->header,
			    .log = options->log,
			    .cancel = options->cancel,
		    },
		    &places, err) < 0)
		return -1;
	reader = mem_zalloc(sizeof(*reader));
	reader->nodes.get = get_node;
	reader->options = *options;
	if (reader->options.n_threads == 0)
		reader->options.n_threads = n_processors();
	if (reader->options.memory_bytes == 0)
		reader->options.memory_bytes = MEMORY_DEFAULT;
	reader->options.n_threads =
		threads_within(reader->options.memory_bytes, reader->options.n_threads);
	reader->places = places;
	reader->epochs = epoch_keys_new(options->repo, options->key, options->header);
	reader->cache =
		blob_cache_new((size_t)(reader->options.memory_bytes / CACHE_SHARE));
	reader->mutex = mutex_new();
	vec_init(&reader->idle, sizeof(struct idle_opener));
	vec_init(&reader->idle_tools, sizeof(struct reader_tools *));
	*ret_reader = reader;
	return 0;
}

static void tools_free(struct reader_tools *tools)
{
	hmac_free(tools->hmac);
	zstd_decoder_free(tools->decoder);
	buf_release(&tools->scratch);
	buf_release(&tools->sealed);
	mem_free(tools);
}

void blob_reader_free(struct blob_reader *reader)
{
	if (reader == NULL)
		return;
	for (size_t i = 0; i < reader->idle.n; i++) {
		struct idle_opener *idle = vec_at(&reader->idle, i);

		pack_opener_free(idle->opener);
	}
	for (size_t i = 0; i < reader->idle_tools.n; i++) {
		struct reader_tools **tools = vec_at(&reader->idle_tools, i);

		tools_free(*tools);
	}
	vec_release(&reader->idle);
	vec_release(&reader->idle_tools);
	mutex_free(reader->mutex);
	blob_cache_free(reader->cache);
	epoch_keys_free(reader->epochs);
	blob_places_free(reader->places);
	mem_free(reader);
}

const struct blob_reader_options *blob_reader_options(const struct blob_reader *reader)
{
	return &reader->options;
}

struct node_source *blob_reader_nodes(struct blob_reader *reader)
{
	return &reader->nodes;
}

uint64_t blob_reader_lost_pages(const struct blob_reader *reader)
{
	return blob_places_lost_pages(reader->places);
}

uint64_t blob_reader_failed_places(const struct blob_reader *reader)
{
	return reader->failed_places;
}

/* --- what is idle --- */

static struct reader_tools *take_tools(struct blob_reader *reader)
{
	struct reader_tools *tools = NULL;

	mutex_lock(reader->mutex);
	if (reader->idle_tools.n > 0) {
		struct reader_tools **last = vec_last(&reader->idle_tools);

		tools = *last;
		vec_pop(&reader->idle_tools);
	}
	mutex_unlock(reader->mutex);
	if (tools != NULL)
		return tools;
	tools = mem_zalloc(sizeof(*tools));
	tools->hmac = hmac_new(&reader->options.key->dedup.blob_id);
	tools->decoder = zstd_decoder_new();
	buf_init(&tools->scratch, 0);
	buf_init(&tools->sealed, 0);
	return tools;
}

/* What one large blob needed is given back, so that idle tools stay small. */
static void give_tools(struct blob_reader *reader, struct reader_tools *tools)
{
	enum { KEEP = 1024 * 1024 };

	if (tools->scratch.capacity > KEEP) {
		buf_release(&tools->scratch);
		buf_init(&tools->scratch, 0);
	}
	if (tools->sealed.capacity > KEEP) {
		buf_release(&tools->sealed);
		buf_init(&tools->sealed, 0);
	}
	LOCKED(reader->mutex);
	vec_push(&reader->idle_tools, &tools);
}

static struct pack_opener *take_idle(struct blob_reader *reader, uint32_t pack)
{
	LOCKED(reader->mutex);
	for (size_t i = reader->idle.n; i-- > 0;) {
		struct idle_opener *idle = vec_at(&reader->idle, i);
		struct pack_opener *opener = idle->opener;

		if (idle->pack != pack)
			continue;
		vec_remove(&reader->idle, i);
		return opener;
	}
	return NULL;
}

static int take_opener(struct blob_reader *reader, uint32_t pack,
		       struct pack_opener **ret_opener, struct err *err)
{
	uint8_t header[PACK_HEADER_LEN];
	char key[PACK_KEY_LEN];

	*ret_opener = take_idle(reader, pack);
	if (*ret_opener != NULL)
		return 0;
	if (blob_places_pack_header(reader->places, pack, header, err) < 0)
		return -1;
	if (epoch_keys_open_pack(reader->epochs, slice_of(header, sizeof(header)),
				 ret_opener, err) == 0)
		return 0;
	if (blob_places_pack_key(reader->places, pack, key, err) < 0)
		return -1;
	return err_wrap(err, "%s", key);
}

static void give_opener(struct blob_reader *reader, uint32_t pack,
			struct pack_opener *opener)
{
	struct idle_opener idle = {.pack = pack, .opener = opener};

	LOCKED(reader->mutex);
	if (reader->idle.n == IDLE_OPENERS_MAX) {
		struct idle_opener *oldest = vec_at(&reader->idle, 0);

		pack_opener_free(oldest->opener);
		vec_remove(&reader->idle, 0);
	}
	vec_push(&reader->idle, &idle);
}

/* --- reading --- */

/* "blob 3f2a0011aabbccdd" */
enum { SHOWN_ID_LEN = 16 };
static int wrap_id(struct err *err, const struct blob_id *id)
{
	char hex[SHOWN_ID_LEN + 1];

	(void)hex_encode(slice_of(id->bytes, SHOWN_ID_LEN / 2), hex, sizeof(hex));
	return err_wrap(err, "blob %s", hex);
}

static int open_with(struct blob_reader *reader, struct reader_tools *tools,
		     uint32_t pack, const struct sealed_blob *sealed,
		     struct buf *ret_bytes, struct err *err)
{
	struct blob_tools blob_tools = {.hmac = tools->hmac,
					.decoder = tools->decoder,
					.scratch = &tools->scratch};
	struct err ignored = {0};
	struct pack_opener *opener;
	char key[PACK_KEY_LEN];
	int failed;

	if (take_opener(reader, pack, &opener, err) < 0)
		return -1;
	failed = pack_opener_blob(opener, sealed, &blob_tools, ret_bytes, err);
	give_opener(reader, pack, opener);
	if (failed == 0)
		return 0;
	if (blob_places_pack_key(reader->places, pack, key, &ignored) < 0)
		return err_wrap(err, "pack number %" PRIu32, pack);
	return err_wrap(err, "%s: blob %" PRIu32, key, sealed->number);
}

static struct blob_entry entry_of(const struct blob_id *id,
				  const struct blob_place *place)
{
	return (struct blob_entry){
		.id = *id,
		.type = place->type,
		.offset = place->offset,
		.stored = place->stored,
		.raw = place->raw,
	};
}

int blob_reader_open(struct blob_reader *reader, const struct blob_id *id,
		     const struct blob_place *place, struct slice sealed,
		     struct buf *ret_bytes, struct err *err)
{
	struct blob_entry entry = entry_of(id, place);
	struct sealed_blob blob = {
		.bytes = sealed, .entry = &entry, .number = place->number};
	struct reader_tools *tools = take_tools(reader);
	int failed = open_with(reader, tools, place->pack, &blob, ret_bytes, err);

	give_tools(reader, tools);
	return failed < 0 ? wrap_id(err, id) : 0;
}

int blob_reader_fetch(struct blob_reader *reader, uint32_t pack, uint64_t offset,
		      size_t len, uint8_t *to, struct err *err)
{
	return blob_places_fetch(reader->places, pack, offset, len, to, err);
}

static int read_place(struct blob_reader *reader, const struct blob_id *id,
		      const struct blob_place *place, struct buf *ret_bytes,
		      struct err *err)
{
	struct blob_entry entry = entry_of(id, place);
	struct sealed_blob sealed = {.entry = &entry, .number = place->number};
	struct pack_opener *opener;
	struct reader_tools *tools;
	int failed;

	/* the pack first: if it is another one, that is what went wrong */
	if (blob_entry_check(&entry, PACK_SIZE_MAX, err) < 0 ||
	    take_opener(reader, place->pack, &opener, err) < 0)
		return -1;
	give_opener(reader, place->pack, opener);
	tools = take_tools(reader);
	buf_clear(&tools->sealed);
	failed = blob_places_fetch(reader->places, place->pack, place->offset,
				   place->stored,
				   buf_extend(&tools->sealed, place->stored), err);
	sealed.bytes = buf_slice(&tools->sealed);
	if (failed == 0)
		failed = open_with(reader, tools, place->pack, &sealed, ret_bytes, err);
	give_tools(reader, tools);
	return failed;
}

static void tell_failed(struct blob_reader *reader, const struct err *why)
{
	reader->failed_places++;
	log_warning(reader->options.log, "%s; reading another copy", why->msg);
}

/* The first of the places that has the blob, or why the first one failed. */
static int read_first_good(struct blob_reader *reader, const struct blob_ref *ref,
			   const struct blob_place *places, size_t n,
			   struct buf *ret_bytes, struct err *err)
{
	struct err first = {0};

	for (size_t i = 0; i < n; i++) {
		struct err why = {0};

		if (read_place(reader, &ref->id, &places[i], ret_bytes, &why) == 0) {
			if (i > 0)
				tell_failed(reader, &first);
			return 0;
		}
		if (i == 0 || why.code == ERR_INTERRUPTED)
			first = why;
		if (why.code == ERR_INTERRUPTED)
			break;
	}
	*err = first;
	return -1;
}

static int read_stored(struct blob_reader *reader, enum blob_type type,
		       const struct blob_ref *ref, struct buf *ret_bytes, struct err *err)
{
	struct blob_place places[BLOB_PLACES_MAX];
	struct err second = {0};
	size_t n;

	if (blob_places_find(reader->places, type, ref, places, &n, err) < 0)
		return -1;
	if (read_first_good(reader, ref, places, n, ret_bytes, err) == 0)
		return 0;
	if (err->code == ERR_INTERRUPTED)
		return -1;
	/* the index may be wrong about all of them */
	if (blob_places_read_all(reader->places, &second) < 0 ||
	    blob_places_find(reader->places, type, ref, places, &n, &second) < 0 ||
	    read_first_good(reader, ref, places, n, ret_bytes, &second) < 0) {
		if (second.code == ERR_INTERRUPTED)
			*err = second;
		return -1;
	}
	tell_failed(reader, err);
	return 0;
}

int blob_reader_get(struct blob_reader *reader, enum blob_type type,
		    const struct blob_ref *ref, struct buf *ret_bytes, struct err *err)
{
	bool is_node = type == BLOB_TREE || type == BLOB_LIST;

	if (cancel_check(reader->options.cancel, err) < 0)
		return -1;
	if (is_node && blob_cache_get(reader->cache, &ref->id, ret_bytes)) {
		if (ret_bytes->len == ref->raw_len)
			return 0;
		(void)err_set(err, ERR_CORRUPT,
			      "%zu bytes, what refers to it says %" PRIu32,
			      ret_bytes->len, ref->raw_len);
		return wrap_id(err, &ref->id);
	}
	if (read_stored(reader, type, ref, ret_bytes, err) < 0)
		return wrap_id(err, &ref->id);
	if (is_node)
		blob_cache_put(reader->cache, &ref->id, buf_slice(ret_bytes));
	return 0;
}

int blob_reader_place(struct blob_reader *reader, enum blob_type type,
		      const struct blob_ref *ref, struct blob_place *ret_place,
		      struct err *err)
{
	struct blob_place places[BLOB_PLACES_MAX];
	size_t n;

	if (blob_places_find(reader->places, type, ref, places, &n, err) < 0)
		return wrap_id(err, &ref->id);
	*ret_place = places[0];
	return 0;
}

bool blob_reader_verify(struct blob_reader *reader, enum blob_type type,
			const struct blob_id *id, struct slice bytes)
{
	struct reader_tools *tools = take_tools(reader);
	struct blob_id found;

	blob_id_compute(tools->hmac, type, &bytes, 1, &found);
	give_tools(reader, tools);
	return memcmp(found.bytes, id->bytes, BLOB_ID_LEN) == 0;
}
