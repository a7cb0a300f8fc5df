/*
 * libsodium behind one door: password hashes, random bytes, token hashes, HMAC, sealed files. The
 * only folder that includes sodium.h.
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "engine/base/err.h"
#include "engine/base/str.h"

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
bool vault_same(struct str x, struct str y);                              /* constant time */

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

#endif
