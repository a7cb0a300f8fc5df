/*
 * libsodium behind one door: password hashes, random bytes, token hashes, HMAC, sealed files; and
 * what is encrypted at rest: master keys in a folder outside of the data, data keys in the database
 * wrapped by them, values and files sealed by those. The only folder that includes sodium.h.
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "engine/store/store.h"

/* Once at start-up; -1 when the library does not work. */
int vault_init(void) ATTR_MUST;
void vault_random(void *buf, size_t n);

/* argon2id, 19 MiB, 2 passes. At most two at a time in the process (callers queue). */
int vault_password_hash(struct arena *a, struct str password, struct str *out,
                        struct err *err) ATTR_MUST;
/* Takes the same time for an empty hash (unknown login). */
bool vault_password_ok(struct str hash, struct str password);

#define VAULT_TOKEN_CHARS 43
/* 256 random bits as base64url text, and the SHA-256 (hex) under which it is stored. */
struct str vault_token(struct arena *a);
struct str vault_sha256_hex(struct arena *a, struct str s);
struct str vault_hmac_hex(struct arena *a, struct str key, struct str s); /* HMAC-SHA256 */
/* Base64 (RFC 4648 §4, padded); the way back is false for what is none. */
struct str vault_base64(struct arena *a, struct str s);
bool vault_unbase64(struct arena *a, struct str s, struct str *out);
bool vault_same(struct str x, struct str y); /* constant time */

/* A file sealed with a key (secretstream XChaCha20-Poly1305, 64 KB chunks): backups. */
struct vault_key {
    unsigned char k[32];
};
/* Reads or makes (only with create) a key file, mode 0600. */
int vault_key_file(struct str path, bool create, struct vault_key *out, struct err *err) ATTR_MUST;
int vault_seal_file(const struct vault_key *key, struct str from, struct str to,
                    struct err *err) ATTR_MUST;
int vault_open_file(const struct vault_key *key, struct str from, struct str to,
                    struct err *err) ATTR_MUST;

/* ---- what is encrypted at rest (see the ADR on keys) ---- */

/*
 * The master keys of this installation and the data keys in use. Thread-safe. Values carry the id
 * of their data key, so that keys change while values of older ones are still read.
 */
struct vault;

struct vault_opts {
    struct str dir;                /* of master.key and erased; outside of the data folder.
                                      Empty: a key that lives as long as the process (tests) */
    int64_t (*now_us)(void *self); /* for cached keys and dates */
    void *self;
};

/*
 * Reads the key file. It is made (0600, told to the log) only for a database that holds no key yet:
 * a database whose keys cannot be unwrapped is ERR_NOT_FOUND "key_missing" or ERR_DENIED
 * "key_wrong". Keys that the ledger of erased persons names are destroyed in the database, so that
 * a restored backup brings nobody back. After migrations, before anything is read; not in a write
 * job.
 */
int vault_open(struct store *s, const struct vault_opts *opts, struct vault **out,
               struct err *err) ATTR_MUST;
void vault_close(struct vault **v);
/* Copies the master keys and the ledger into a folder that holds none: 1, 0 there are none to copy,
 * -1. */
int vault_copy_keys(struct arena *a, struct str from, struct str to, struct err *err) ATTR_MUST;

/* What works with keys: the vault, the connection they are read on, memory for what comes out. */
struct vault_on {
    struct vault *vault;
    struct conn *db;
    struct arena *a;
};

/* Where a sealed value stands: it opens there and nowhere else. */
struct vault_at {
    struct str app;
    struct str form;  /* or a system table: "_history" */
    struct str field; /* columns of sub-tables "items.note" */
    int64_t row;      /* of sub-tables the sub-row */
    int64_t subject;  /* whose data key seals: a record's or member's id, 0 the app's; nothing to do
                         with where it stands, so opening does not look at it */
};

/*
 * Seals with the current data key of at->subject; a key that is not there yet is made, so on->db
 * must be a write job's connection then. The result is text ("v1.<key>.<base64url>").
 */
int vault_seal(const struct vault_on *on, const struct vault_at *at, struct str plain,
               struct str *out, struct err *err) ATTR_MUST;
/* 1 and the text; 0 when its key was erased; -1 when it was changed, moved from another place
 * (ERR_STORE "sealed_damaged", err->path says where) or its key is not there. */
int vault_unseal(const struct vault_on *on, const struct vault_at *at, struct str sealed,
                 struct str *plain, struct err *err) ATTR_MUST;
bool vault_is_sealed(struct str s);
/* The id of the data key of a sealed text, 0: not sealed. */
int64_t vault_key_of(struct str sealed);

/*
 * Keyed hash for equality: the same for the same text in the same field (row does not count), as
 * text of 32 characters. `use` keeps hashes of one field apart: "eq", "key", "search".
 * STR_NONE for the empty text. On a reading connection of an app without a key yet: a text that
 * equals nothing.
 */
int vault_blind(const struct vault_on *on, const struct vault_at *at, const char *use,
                struct str text, struct str *out, struct err *err) ATTR_MUST;

/*
 * A sealed file (secretstream, 64 KB chunks) under a data key: write it in pieces, read it in
 * pieces, in order. `at` as for values. Half-written files are the caller's to
 * remove.
 */
struct vault_file;
int vault_file_create(const struct vault_on *on, const struct vault_at *at, struct str path,
                      struct vault_file **out, struct err *err) ATTR_MUST;
int vault_file_write(struct vault_file *f, const void *buf, size_t n, struct err *err) ATTR_MUST;
int vault_file_finish(struct vault_file *f, struct err *err) ATTR_MUST; /* synced; still close */
/* 1, 0 its key was erased, -1. */
int vault_file_open(const struct vault_on *on, const struct vault_at *at, struct str path,
                    struct vault_file **out, struct err *err) ATTR_MUST;
/* Fills buf with the next chunk (cap >= VAULT_CHUNK); *n 0: the end, which is authenticated. */
#define VAULT_CHUNK 65536
int vault_file_read(struct vault_file *f, void *buf, size_t *n, struct err *err) ATTR_MUST;
void vault_file_close(struct vault_file **f);

/* ---- changing keys ---- */

struct vault_key_info {
    struct str id; /* of a master key */
    bool current;
    int64_t wraps; /* data keys it wraps; 0: it opens older backups only */
};
int vault_masters(struct vault *v, struct conn *db, struct arena *a, struct vault_key_info **out,
                  size_t *n, struct err *err) ATTR_MUST;
/* A new master key in the file (old ones stay, for older backups). Data keys follow by
 * vault_rewrap. */
int vault_new_master(struct vault *v, struct err *err) ATTR_MUST;
/* In a write job: wraps up to `max` data keys anew; *left: how many still need it. */
int vault_rewrap(struct vault *v, struct conn *db, struct arena *a, int64_t max, int64_t *left,
                 struct err *err) ATTR_MUST;
/* In a write job: the app gets a new data key, and so do its persons when they are next written;
 * what the old ones sealed is read until vault_retire. */
int vault_new_keys(struct vault *v, struct conn *db, struct arena *a, struct str app,
                   struct err *err) ATTR_MUST;
/* In a write job: what an old key sealed, sealed by the current one of the same person. 1 and the
 * new text, 0 nothing to do (current, erased, not sealed), -1. */
int vault_reseal(const struct vault_on *on, const struct vault_at *at, struct str sealed,
                 struct str *out, struct err *err) ATTR_MUST;
/* 1 when this key is replaced by another one: seal again what it sealed. */
int vault_is_old(struct vault *v, struct conn *db, struct arena *a, int64_t key,
                 struct err *err) ATTR_MUST;
/* In a write job, when nothing is sealed by the app's old keys any more: destroys them. */
int vault_retire(struct vault *v, struct conn *db, struct arena *a, struct str app,
                 int64_t *destroyed, struct err *err) ATTR_MUST;
/*
 * In a write job: destroys the data keys of a person in the database. *n: how many. What they
 * sealed reads blank from then on.
 */
int vault_erase(struct vault *v, struct conn *db, struct arena *a, int64_t subject, int64_t *n,
                struct err *err) ATTR_MUST;
/* After that commit: writes the destroyed keys into the ledger beside the master key, synced, and
 * forgets them; vault_open does the same. A backup that still holds them loses them there. */
int vault_ledger(struct vault *v, struct conn *db, struct err *err) ATTR_MUST;

#endif
