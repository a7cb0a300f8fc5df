/*
 * SHA-256 by libsodium; see sha256.h.
 */
#include "engine/value/sha256.h"
#include <sodium.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(((struct sha256 *)0)->state),
               "the library's state fits");

static crypto_hash_sha256_state *state_of(struct sha256 *s)
{
    return (crypto_hash_sha256_state *)(void *)s->state;
}

void sha256_init(struct sha256 *s)
{
    crypto_hash_sha256_init(state_of(s));
}

void sha256_add(struct sha256 *s, struct str bytes)
{
    crypto_hash_sha256_update(state_of(s), (const unsigned char *)bytes.p, bytes.n);
}

struct str sha256_hex(struct sha256 *s, struct arena *a)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    size_t n = 2 * sizeof(hash);
    char *hex = arena_alloc(a, n + 1);
    crypto_hash_sha256_final(state_of(s), hash);
    sodium_bin2hex(hex, n + 1, hash, sizeof(hash));
    return (struct str){hex, n};
}
