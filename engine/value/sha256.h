/*
 * SHA-256 for naming content (versions of apps, ETags, plans), by libsodium: no keys, no secrets.
 * Passwords, tokens and MACs are vault's.
 */
#ifndef VALUE_SHA256_H
#define VALUE_SHA256_H

#include "engine/base/str.h"

struct sha256 {
    _Alignas(16) unsigned char state[128]; /* the library's own */
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, struct str bytes);
/* 64 characters of hex, in the arena. The state is used up. */
struct str sha256_hex(struct sha256 *s, struct arena *a);

#endif
