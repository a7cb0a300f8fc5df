/*
 * The untyped half of vec.h.
 */
#include "engine/base/vec.h"

#include <string.h>

void vec_room_(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
    void *items;
    size_t bytes;
    if (n < *cap)
        return;
    size_t more = *cap ? *cap * 2 : 8;
    if (__builtin_mul_overflow(more, size, &bytes))
        oom_raise();
    memcpy(&items, v, sizeof(items));
    items = arena_grow(a, items, *cap * size, bytes);
    memcpy(v, &items, sizeof(items));
    *cap = more;
}
