/*
 * The insides of the vault, for the files of this folder only.
 */
#ifndef VAULT_VAULT_INT_H
#define VAULT_VAULT_INT_H

#include "engine/vault/vault.h"

#include <pthread.h>
#include <sodium.h>

#define MASTERS_MAX 64
#define MASTER_ID   8 /* hexadecimal digits */
#define CACHE_SLOTS 4096
#define CACHE_US    (60 * (int64_t)1000000)
#define KEY_BYTES   crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES

struct master {
    char id[MASTER_ID + 1];
    unsigned char k[KEY_BYTES];
};

enum key_kind { KEY_APP, KEY_SUBJECT, KEY_BLIND };

/* A data key as used. */
struct data_key {
    int64_t id; /* 0: none */
    unsigned char k[KEY_BYTES];
};

/* A cached key: by its id, or as the current one of (app, kind, subject). */
struct slot {
    uint64_t of; /* hash of what it is found by; 0: empty */
    int64_t at_us;
    struct data_key key;
};

/* What the running write job found or made, while nothing of it was taken back. */
#define MEMO_SLOTS 8
struct memo {
    const struct conn *db;
    uint64_t moment, of;
    struct data_key key;
};

struct vault {
    struct arena *a;
    struct store *store;
    struct vault_opts opts;
    struct conn *reader; /* for keys a writer asks for: only what is committed is remembered */
    pthread_mutex_t reader_lock; /* its user */
    pthread_mutex_t lock;        /* guards what follows; held for copies only */
    struct master masters[MASTERS_MAX];
    size_t nmasters; /* the last one is current */
    struct slot cache[CACHE_SLOTS];
    struct memo memo[MEMO_SLOTS];
};

/* ---- keyfile.c: DIR/master.key and DIR/erased ---- */

/* 1 read, 0 there is none, -1. */
int keyfile_read(struct arena *a, struct str dir, struct master *out, size_t *n,
                 struct err *err) ATTR_MUST;
/* Writes the whole file anew (0600, synced, then renamed over the old one); makes the folder. */
int keyfile_write(struct arena *a, struct str dir, const struct master *m, size_t n,
                  struct err *err) ATTR_MUST;
void master_new(struct master *out);
/* Ids of destroyed keys. */
int ledger_read(struct arena *a, struct str dir, int64_t **ids, size_t *n,
                struct err *err) ATTR_MUST;
int ledger_add(struct arena *a, struct str dir, const int64_t *ids, size_t n, int64_t now_us,
               struct err *err) ATTR_MUST;

/* ---- keys.c ---- */

struct key_of {
    struct str app;
    enum key_kind kind;
    int64_t subject;
};
/* Whose key seals at a place. */
static inline struct key_of key_at(const struct vault_at *at)
{
    return (struct key_of){at->app, at->subject ? KEY_SUBJECT : KEY_APP, at->subject};
}

/* The current key; made when absent and db is a writer: 1, 0 none (reader), -1. */
int key_current(const struct vault_on *on, const struct key_of *of, struct data_key *out,
                struct err *err) ATTR_MUST;
/* By id: 1, 0 destroyed, -1 (not there included). */
int key_by_id(const struct vault_on *on, int64_t id, struct data_key *out,
              struct err *err) ATTR_MUST;

/* ---- seal.c ---- */

/* What authenticates where a value stands. */
struct str at_data(struct arena *a, const struct vault_at *at, int64_t key);
int at_damaged(const struct vault_at *at, struct err *err);
struct str base64(struct arena *a, const unsigned char *p, size_t n);
/* False when it is none, or longer than cap. */
bool unbase64(struct str s, unsigned char *out, size_t cap, size_t *n);

#endif
