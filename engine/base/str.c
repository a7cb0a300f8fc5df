/*
 * Text slices. No memory of its own but copies on an arena; no locale.
 */
#include "engine/base/str.h"

#include "engine/base/utf8.h"

#ifndef __wasm__
#include <sys/auxv.h>
#endif

struct str str_of(const char *z)
{
    return z ? (struct str){z, strlen(z)} : STR_NONE;
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eqz(struct str a, const char *z)
{
    return str_eq(a, str_of(z));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_ieq(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    }
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = MIN(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c)
        return c;
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

ptrdiff_t str_find(struct str s, struct str needle, size_t from)
{
    if (from > s.n || needle.n > s.n - from)
        return -1;
    if (!needle.n)
        return (ptrdiff_t)from;
    for (size_t last = s.n - needle.n; from <= last; from++) {
        const char *p = memchr(s.p + from, needle.p[0], last - from + 1);
        if (!p)
            return -1;
        if (memcmp(p, needle.p, needle.n) == 0)
            return p - s.p;
        from = (size_t)(p - s.p);
    }
    return -1;
}

ptrdiff_t str_findc(struct str s, char c)
{
    const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
    return p ? p - s.p : -1;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
    if (from >= s.n)
        return (struct str){s.p ? s.p + s.n : NULL, 0};
    return (struct str){s.p + from, MIN(n, s.n - from)};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    const struct str wide = STR("\xE3\x80\x80"); /* U+3000 */
    for (;;) {
        if (s.n && is_space(s.p[0]))
            s = str_sub(s, 1, s.n);
        else if (str_starts(s, wide))
            s = str_sub(s, wide.n, s.n);
        else if (s.n && is_space(s.p[s.n - 1]))
            s.n--;
        else if (str_ends(s, wide))
            s.n -= wide.n;
        else
            return s;
    }
}

struct str str_cut(struct str s, char sep, struct str *head)
{
    ptrdiff_t at = str_findc(s, sep);
    if (at < 0) {
        *head = s;
        return str_sub(s, s.n, 0);
    }
    *head = str_sub(s, 0, (size_t)at);
    return str_sub(s, (size_t)at + 1, s.n);
}

struct str str_dup(struct arena *a, struct str s)
{
    return (struct str){str_z(a, s), s.n};
}

char *str_z(struct arena *a, struct str s)
{
    char *z = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(z, s.p, s.n);
    return z;
}

/* --- SipHash-1-3 (Aumasson and Bernstein) --- */

static uint64_t rotl(uint64_t x, int b)
{
    return (x << b) | (x >> (64 - b));
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] = rotl(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] = rotl(v[2], 32);
}

/* The last, partial word with the length in its top byte; little-endian whatever the machine. */
static uint64_t sip_tail(struct str s)
{
    uint64_t w = (uint64_t)(s.n & 0xFF) << 56;
    size_t start = s.n & ~(size_t)7;
    for (size_t i = start; i < s.n; i++)
        w |= (uint64_t)(unsigned char)s.p[i] << (8 * (i - start));
    return w;
}

/* 16 bytes the kernel drew for this process: no attacker knows them, and no state is needed. */
static void hash_key(uint64_t key[2])
{
    key[0] = UINT64_C(0x6d6f7274697365a1);
    key[1] = UINT64_C(0x2f91c3d5e7b80642);
#ifndef __wasm__
    unsigned long at = getauxval(AT_RANDOM);
    if (at)
        memcpy(key, (const void *)at, 16);
#endif
}

uint64_t str_hash(struct str s)
{
    uint64_t key[2];
    hash_key(key);
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    for (size_t i = 0; i + 8 <= s.n; i += 8) {
        uint64_t w;
        memcpy(&w, s.p + i, 8);
        v[3] ^= w;
        sip_round(v);
        v[0] ^= w;
    }
    uint64_t w = sip_tail(s);
    v[3] ^= w;
    sip_round(v);
    v[0] ^= w;
    v[2] ^= 0xFF;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

bool str_is_key(struct str s)
{
    if (s.n < 1 || s.n > 63 || s.p[0] < 'a' || s.p[0] > 'z')
        return false;
    for (size_t i = 1; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

#define DIST_MAX 64 /* code points; longer texts are no spelling mistakes */

static size_t decode(struct str s, uint32_t cp[DIST_MAX])
{
    size_t n = 0;
    for (size_t pos = 0; pos < s.n && n < DIST_MAX; n++)
        cp[n] = utf8_next(s, &pos);
    return n;
}

size_t str_distance(struct str a, struct str b, size_t limit)
{
    uint32_t x[DIST_MAX];
    uint32_t y[DIST_MAX];
    size_t row[3][DIST_MAX + 1] = {{0}};
    size_t nx = decode(a, x);
    size_t ny = decode(b, y);
    if (MAX(nx, ny) - MIN(nx, ny) > limit || utf8_len(a) > DIST_MAX || utf8_len(b) > DIST_MAX)
        return limit + 1;
    for (size_t j = 0; j <= ny; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= nx; i++) {
        size_t *now = row[i % 3];
        const size_t *up = row[(i + 2) % 3];
        const size_t *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= ny; j++) {
            size_t d = up[j - 1] + (x[i - 1] != y[j - 1]);
            d = MIN(d, MIN(up[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                d = MIN(d, up2[j - 2] + 1);
            now[j] = d;
        }
    }
    return MIN(row[nx % 3][ny], limit + 1);
}

bool str_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
    bool neg = s.n > 1 && s.p[0] == '-';
    int64_t v = 0;
    if (!s.n)
        return false;
    for (size_t i = neg; i < s.n; i++) {
        int d = s.p[i] - '0';
        if (d < 0 || d > 9 || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, d, &v)) /* downwards: INT64_MIN has no positive twin */
            return false;
    }
    if (!neg && __builtin_sub_overflow(0, v, &v))
        return false;
    if (v < min || v > max)
        return false;
    *out = v;
    return true;
}
