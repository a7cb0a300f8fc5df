/*
 * Text map: items in insertion order, open addressing with linear probing over their indexes.
 */
#include "engine/base/map.h"

void map_init(struct map *m, struct arena *a)
{
    *m = (struct map){.a = a};
}

/* The slot of a key, or the free slot where it would go. There is always a free one. */
static size_t probe(const struct map *m, struct str key, uint64_t hash)
{
    size_t i = (size_t)hash & (m->nslots - 1);
    while (m->slots[i]) {
        const struct map_item *it = &m->items[m->slots[i] - 1];
        if (it->hash == hash && str_eq(it->key, key))
            break;
        i = (i + 1) & (m->nslots - 1);
    }
    return i;
}

void *map_get(const struct map *m, struct str key)
{
    if (!m->n)
        return NULL;
    uint32_t at = m->slots[probe(m, key, str_hash(key))];
    return at ? m->items[at - 1].value : NULL;
}

/* Doubles both arrays; at most half of the slots are ever used. */
static void grow(struct map *m)
{
    size_t cap = m->cap ? m->cap * 2 : 8;
    if (cap > UINT32_MAX / 4)
        oom_raise();
    struct map_item *items = ARENA_ARRAY(m->a, struct map_item, cap);
    if (m->n)
        memcpy(items, m->items, m->n * sizeof(*items));
    m->items = items;
    m->cap = cap;
    m->nslots = cap * 2;
    m->slots = ARENA_ARRAY(m->a, uint32_t, m->nslots);
    for (size_t i = 0; i < m->n; i++)
        m->slots[probe(m, items[i].key, items[i].hash)] = (uint32_t)(i + 1);
}

void map_put(struct map *m, struct str key, void *value)
{
    if (m->n == m->cap)
        grow(m);
    uint64_t hash = str_hash(key);
    size_t slot = probe(m, key, hash);
    if (m->slots[slot]) {
        m->items[m->slots[slot] - 1].value = value;
        return;
    }
    m->items[m->n] = (struct map_item){.key = key, .value = value, .hash = hash};
    m->slots[slot] = (uint32_t)++m->n;
}

/* Bytes that both begin with. */
static size_t common(struct str a, struct str b)
{
    size_t n = 0;
    while (n < a.n && n < b.n && a.p[n] == b.p[n])
        n++;
    return n;
}

/* Of equally near keys the one that begins alike longest, then the first. */
struct str map_nearest(const struct map *m, struct str key)
{
    struct str best = STR_NONE;
    size_t limit = key.n < 4 ? 1 : 2; /* more is guessing */
    for (size_t i = 0; i < m->n; i++) {
        struct str k = m->items[i].key;
        size_t d = str_distance(k, key, limit);
        if (d > limit || (best.p && d == limit && common(k, key) <= common(best, key)))
            continue;
        best = k;
        limit = d;
    }
    return best;
}
