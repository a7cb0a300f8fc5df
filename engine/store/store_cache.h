/*
 * Prepared statements of one connection by their text: at most CACHE_MAX, the longest unused one
 * leaves first. A statement in use is not in the cache, so the same text may run twice at once.
 */
#ifndef STORE_STORE_CACHE_H
#define STORE_STORE_CACHE_H

#include "engine/store/store_driver.h"

#define CACHE_MAX   200
#define CACHE_SLOTS 256

struct cached {
    struct drv_stmt *stmt;
    uint64_t hash;
    struct cached *next;          /* same slot */
    struct cached *newer, *older; /* order of use */
    size_t n;
    char text[]; /* n bytes */
};

struct store_cache {
    struct cached *slots[CACHE_SLOTS];
    struct cached *newest, *oldest;
    size_t n;
};

/* Takes an idle statement out of the cache, or NULL. */
struct cached *cache_take(struct store_cache *c, struct str text, uint64_t hash);
/* A new entry around a prepared statement; NULL without memory (the statement stays the caller's).
 */
struct cached *cache_new(struct drv_stmt *stmt, struct str text, uint64_t hash);
/* Gives a statement (reset) back; the oldest may be finalized for it. */
void cache_give(struct store_cache *c, struct cached *e);
/* Finalizes one that must not be used again. */
void cache_drop(struct cached *e);
void cache_clear(struct store_cache *c);

#endif
