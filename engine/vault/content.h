/*
 * Contents of uploaded files as they lie on disk: sealed in pieces of their own, each of which can
 * be read without those before it. Every content has its own key, made of the installation's key
 * and the content's hash: the same bytes are the same sealed bytes, so that they are kept once; who
 * has not the installation's key cannot tell that a file he knows is there. Who holds a content's
 * key may read it: rows of files keep it sealed (record/file.h).
 */
#ifndef VAULT_CONTENT_H
#define VAULT_CONTENT_H

#include "engine/vault/vault.h"

#define CONTENT_PIECE 65536

struct content_key {
    unsigned char k[32];
};

/* The key of the content with this SHA-256 (hex): 1; 0 the installation has none yet (a reader; a
 * write job makes it); -1. */
int content_key_of(const struct vault_on *on, struct str sha256, struct content_key *out,
                   struct err *err) ATTR_MUST;
/* As text, and back; false when it is none. */
struct str content_key_text(struct arena *a, const struct content_key *k);
bool content_key_parse(struct str text, struct content_key *out);

/* Seals what is read from `from` (from its start) into `to`, which is synced. *name: the SHA-256 of
 * what was written, hex, on `a`: what it is called in the store. */
int content_seal(struct arena *a, const struct content_key *k, int from, int to, struct str *name,
                 struct err *err) ATTR_MUST;

/* A sealed content being read; it has memory of its own. */
struct content;
int content_open(const struct content_key *k, struct str path, struct content **out,
                 struct err *err) ATTR_MUST;
uint64_t content_size(const struct content *c);
/* Up to `cap` bytes from `at` on; *n 0: the end. ERR_STORE "file_damaged" when it was changed. */
int content_read(struct content *c, uint64_t at, void *buf, size_t cap, size_t *n,
                 struct err *err) ATTR_MUST;
void content_close(struct content **c);

#endif
