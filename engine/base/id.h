/*
 * Record ids: 63-bit, ordered by time, unique across servers; shown as 13 characters of base32.
 * 41 bits milliseconds since 2020-01-01, 10 bits node, 12 bits sequence.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "engine/base/str.h"
#include <stdatomic.h>

struct id_gen {
    uint32_t node;        /* 0 … 1023 */
    _Atomic int64_t last; /* never goes back, even when the clock does */
};

void id_gen_init(struct id_gen *g, uint32_t node);
/* Thread-safe. `now_us` is the caller's clock. */
int64_t id_next(struct id_gen *g, int64_t now_us);
/* Writes 13 characters and a NUL. Lower-case Crockford base32, so text order is time order. */
struct str id_print(int64_t id, char buf[16]);
bool id_parse(struct str s, int64_t *id);

#endif
