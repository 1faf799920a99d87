/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's signed log of epochs, certificates, recipients and revocations, as loaded and
 * verified from keys/log/ (docs/format/keys.md). */
#ifndef REPO_KEYLOG_H
#define REPO_KEYLOG_H

#include "base/vec.h"
#include "repo/keylog_format.h"
#include "repo/keys.h"
#include "store/store.h"

struct epoch {
	uint32_t number;
	struct dh_public public_key;
	struct buf record;     /* the whole frame, for headers */
	struct vec recipients; /* of uint8_t[32]: ids */
	uint64_t seq;
	uint8_t record_id[32];
};

struct certificate {
	uint8_t id[32]; /* of its key-log record */
	enum key_role role;
	struct sign_public public_key;
	char *name;
	char *shared_domain;	/* "" = none */
	struct strings streams; /* patterns; none = all */
	uint64_t seq;
	bool revoked;
	struct vec last_accepted; /* of struct accepted, when revoked */
};

struct recipient {
	uint8_t id[32]; /* H(public key) */
	struct dh_public public_key;
	char *name;
	bool removed;
};

struct keylog;

/*
 * Loads all records that verify and applies them. What is wrong is kept as texts: anybody who may
 * put an object could else stop every restore. Fails only when the store does.
 */
MUST_CHECK int keylog_load(struct store *store, const struct repo_identity *identity,
			   struct keylog **ret_keylog, struct err *err);
void keylog_free(struct keylog *keylog);
void keylog_freep(struct keylog **keylog);

/* What lies in the log's place and is no record of the owner's: junk, or damaged. Whoever may
 * back up can put it there, so it says nothing about the rest. Borrowed. */
const struct strings *keylog_strays(const struct keylog *keylog);
/* Appends all that is wrong: strays, a missing predecessor or a wrong number, a record that cannot
 * be read, no epoch at all. For who reads, and must not be stopped by it. */
void keylog_alarms(const struct keylog *keylog, struct strings *texts);
/* For who seals to the log's newest epoch or adds to the log: ERR_ALARM when records are missing,
 * else why one that is there could not be read. Strays are no reason. */
MUST_CHECK int keylog_check_whole(const struct keylog *keylog, struct err *err);

/* Highest seq, and the id of a head with that seq (of several, the highest id). */
uint64_t keylog_seq(const struct keylog *keylog);
const uint8_t *keylog_head(const struct keylog *keylog);
bool keylog_contains(const struct keylog *keylog, uint64_t seq,
		     const uint8_t id[static 32]);

const struct epoch *keylog_newest_epoch(const struct keylog *keylog); /* NULL: none */
/* Epochs of one number (normally one): the i-th, NULL when there is none. */
const struct epoch *keylog_epoch(const struct keylog *keylog, uint32_t number, size_t i);

/* All epochs in the order of applying. */
size_t keylog_n_epochs(const struct keylog *keylog);
const struct epoch *keylog_epoch_at(const struct keylog *keylog, size_t i);

size_t keylog_n_certificates(const struct keylog *keylog);
const struct certificate *keylog_certificate(const struct keylog *keylog, size_t i);
const struct certificate *keylog_certificate_of(const struct keylog *keylog,
						const struct sign_public *signer);
size_t keylog_n_recipients(const struct keylog *keylog);
const struct recipient *keylog_recipient(const struct keylog *keylog, size_t i);

/* Does a certificate with these streams allow headers of this one? */
bool certificate_covers(const struct strings *patterns, const char *stream);

/* A writer's precondition: the log contains the key file's floor record, else ERR_ALARM. */
MUST_CHECK int keylog_check_floor(const struct keylog *keylog,
				  const struct writer_key *key, struct err *err);

/*
 * For owners, in two steps so that a key file can hold its record before the log has it: the
 * first fills in record->prev with all heads and signs (*ret_frame is initialised here), the
 * second puts the frame and applies the record to `keylog`; pointers from the queries above die.
 * Nothing else may touch the log in between.
 */
void keylog_prepare(const struct keylog *keylog, const struct owner_key *owner,
		    struct keylog_record *record, struct buf *ret_frame);
MUST_CHECK int keylog_put(struct keylog *keylog, struct store *store,
			  struct keylog_record *record, struct slice frame,
			  struct err *err);

/* Both steps. `ret_frame` may be NULL. */
MUST_CHECK int keylog_append(struct keylog *keylog, struct store *store,
			     const struct owner_key *owner, struct keylog_record *record,
			     struct buf *ret_frame, struct err *err);

/* An epoch's private key for this reader: from wraps that a header repeats (`wraps`: vec of
 * struct buf; NULL = none) or from keys/wraps/. ERR_KEY when there is no wrap for this
 * recipient. */
MUST_CHECK int epoch_open(const struct epoch *epoch, const struct reader_key *key,
			  struct store *store, const struct vec *wraps,
			  struct dh_private **ret_private, struct err *err);

#endif
