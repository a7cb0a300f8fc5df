/*
 * Record ids: 41 bits milliseconds since 2020-01-01, 10 bits node, 12 bits sequence. They last
 * until September 2089; a clock set beyond that gives ids that are unique, but in no order.
 */
#include "engine/base/id.h"

#define EPOCH_MS  INT64_C(1577836800000)
#define SEQ_BITS  12
#define NODE_BITS 10
#define DIGITS    13

void id_gen_init(struct id_gen *g, uint32_t node)
{
    g->node = node & ((1u << NODE_BITS) - 1);
    atomic_init(&g->last, 0);
}

/*
 * `last` counts milliseconds and sequence together. When the clock stands still or goes back the
 * count goes on from where it was: more than 4,096 ids in a millisecond borrow from the next.
 */
int64_t id_next(struct id_gen *g, int64_t now_us)
{
    int64_t now = (now_us / 1000 - EPOCH_MS) * (INT64_C(1) << SEQ_BITS);
    int64_t last = atomic_load(&g->last);
    int64_t next;
    do {
        next = MAX(now, last + 1);
    } while (!atomic_compare_exchange_weak(&g->last, &last, next));
    uint64_t ms = (uint64_t)next >> SEQ_BITS;
    uint64_t seq = (uint64_t)next & ((UINT64_C(1) << SEQ_BITS) - 1);
    return (int64_t)(((((ms << NODE_BITS) | g->node) << SEQ_BITS) | seq) & INT64_MAX);
}

struct str id_print(int64_t id, char buf[16])
{
    static const char digit[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint64_t v = (uint64_t)id;
    for (int i = DIGITS - 1; i >= 0; i--) {
        buf[i] = digit[v & 31];
        v >>= 5;
    }
    buf[DIGITS] = '\0';
    return (struct str){buf, DIGITS};
}

/* The value of a digit, or -1. Only what id_print() writes: one id has one text. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c < 'a' || c > 'z' || c == 'i' || c == 'l' || c == 'o' || c == 'u')
        return -1;
    return c - 'a' + 10 - (c > 'i') - (c > 'l') - (c > 'o') - (c > 'u');
}

bool id_parse(struct str s, int64_t *id)
{
    uint64_t v = 0;
    if (s.n != DIGITS || s.p[0] > '7') /* 13 * 5 bits are two more than an id has */
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int d = digit_of(s.p[i]);
        if (d < 0)
            return false;
        v = (v << 5) | (uint64_t)d;
    }
    *id = (int64_t)v;
    return true;
}
