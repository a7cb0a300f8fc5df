/*
 * Text key to pointer, on an arena, keeps insertion order. Keys are borrowed.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "engine/base/str.h"

struct map_item {
    struct str key;
    void *value;
    uint64_t hash;
};

struct map {
    struct arena *a;
    struct map_item *items; /* in insertion order */
    size_t n;
    size_t cap;
    uint32_t *slots;
    size_t nslots;
};

void map_init(struct map *m, struct arena *a);
/* NULL when absent. */
void *map_get(const struct map *m, struct str key);
/* Sets or replaces; the key must live as long as the map. */
void map_put(struct map *m, struct str key, void *value);
/* The key nearest to a misspelt one, STR_NONE when none is near. */
struct str map_nearest(const struct map *m, struct str key);

#endif
