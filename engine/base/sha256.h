/*
 * SHA-256 for naming content (versions of apps, ETags): no keys, no secrets. Passwords, tokens and
 * MACs are vault's.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "engine/base/str.h"

struct sha256 {
    uint32_t h[8];
    uint64_t bytes;
    unsigned char block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, struct str bytes);
/* 64 characters of hex, in the arena. The state is used up. */
struct str sha256_hex(struct sha256 *s, struct arena *a);

#endif
