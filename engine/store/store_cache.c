/*
 * Statement cache: a small hash table and a list in order of use.
 */
#include "engine/store/store_cache.h"

#include <stdlib.h>

static struct cached **slot_of(struct store_cache *c, uint64_t hash)
{
    return &c->slots[hash % CACHE_SLOTS];
}

static void unlink_use(struct store_cache *c, struct cached *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
    e->newer = NULL;
    e->older = NULL;
}

static void unlink_slot(struct store_cache *c, struct cached *e)
{
    struct cached **at = slot_of(c, e->hash);
    while (*at != e) {
        at = &(*at)->next;
    }
    *at = e->next;
    e->next = NULL;
}

static void take_out(struct store_cache *c, struct cached *e)
{
    unlink_slot(c, e);
    unlink_use(c, e);
    c->n--;
}

struct cached *cache_take(struct store_cache *c, struct str text, uint64_t hash)
{
    for (struct cached *e = *slot_of(c, hash); e; e = e->next) {
        if (e->hash == hash && e->n == text.n && memcmp(e->text, text.p, text.n) == 0) {
            take_out(c, e);
            return e;
        }
    }
    return NULL;
}

struct cached *cache_new(struct drv_stmt *stmt, struct str text, uint64_t hash)
{
    struct cached *e = calloc(1, sizeof *e + text.n);
    if (e) {
        e->stmt = stmt;
        e->hash = hash;
        e->n = text.n;
        memcpy(e->text, text.p, text.n);
    }
    return e;
}

void cache_give(struct store_cache *c, struct cached *e)
{
    if (c->n >= CACHE_MAX) {
        struct cached *old = c->oldest;
        take_out(c, old);
        cache_drop(old);
    }
    struct cached **at = slot_of(c, e->hash);
    e->next = *at;
    *at = e;
    e->older = c->newest;
    e->newer = NULL;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
    c->n++;
}

void cache_drop(struct cached *e)
{
    e->stmt->driver->finalize(e->stmt);
    free(e);
}

void cache_clear(struct store_cache *c)
{
    while (c->oldest) {
        struct cached *e = c->oldest;
        take_out(c, e);
        cache_drop(e);
    }
}
