/*
 * The few functions of libc that the browser's copy needs, small: memory comes in the few large
 * blocks that arenas ask for, so a bump pointer with a list of freed blocks is enough.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PAGE 65536u

struct block {
    struct block *next;
    size_t size;
};

extern unsigned char __heap_base;

/* One instance, one thread: see fx_wasm.c. */
static struct block *freed;
static uintptr_t top;

void *malloc(size_t n);
void free(void *p);
double fmod(double x, double y);

/* The block behind `at` that is large enough, or NULL. */
static void *take_freed(size_t n)
{
    for (struct block **at = &freed; *at != NULL; at = &(*at)->next) {
        struct block *b = *at;
        if (b->size >= n) {
            *at = b->next;
            return b + 1;
        }
    }
    return NULL;
}

void *malloc(size_t n)
{
    n = (n + 15) & ~(size_t)15;
    void *old = take_freed(n);
    if (old != NULL) {
        return old;
    }
    if (top == 0) {
        top = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
    }
    uintptr_t end = top + 16 + n;
    uintptr_t have = __builtin_wasm_memory_size(0) * PAGE;
    if (end < top || (end > have && __builtin_wasm_memory_grow(0, (end - have + PAGE - 1) / PAGE) ==
                                        (size_t)-1)) {
        return NULL;
    }
    struct block *b = (struct block *)(top + 16 - sizeof(struct block));
    b->size = n;
    top = end;
    return b + 1;
}

void free(void *p)
{
    if (p != NULL) {
        struct block *b = (struct block *)p - 1;
        b->next = freed;
        freed = b;
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    return memmove(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *d = to;
    const unsigned char *s = from;
    if (d < s) {
        for (; n >= 8; n -= 8, d += 8, s += 8) {
            uint64_t word;
            __builtin_memcpy_inline(&word, s, 8);
            __builtin_memcpy_inline(d, &word, 8);
        }
        while (n-- > 0) {
            *d++ = *s++;
        }
    } else {
        while (n-- > 0) {
            d[n] = s[n];
        }
    }
    return to;
}

void *memset(void *to, int c, size_t n)
{
    unsigned char *d = to;
    uint64_t word = (unsigned char)c * UINT64_C(0x0101010101010101);
    for (; n >= 8; n -= 8, d += 8) {
        __builtin_memcpy_inline(d, &word, 8);
    }
    while (n-- > 0) {
        *d++ = (unsigned char)c;
    }
    return to;
}

void *memchr(const void *in, int c, size_t n)
{
    for (const unsigned char *s = in; n > 0; n--, s++) {
        if (*s == (unsigned char)c) {
            return (void *)(uintptr_t)s;
        }
    }
    return NULL;
}

size_t strlen(const char *text)
{
    const char *end = text;
    while (*end != 0) {
        end++;
    }
    return (size_t)(end - text);
}

static uint64_t bits_of(double x)
{
    uint64_t b;
    __builtin_memcpy_inline(&b, &x, 8);
    return b;
}

/* Exact: each step takes the largest y * 2^k away that fits, which loses no digit. */
double fmod(double x, double y)
{
    double rest = __builtin_fabs(x);
    double least = __builtin_fabs(y);
    if (!(least > 0) || !(rest - rest == 0)) {
        return __builtin_nan("");
    }
    while (rest >= least) {
        double part = least;
        uint64_t bits = (bits_of(least) << 12 >> 12) | (bits_of(rest) >> 52 << 52);
        if (bits_of(least) >> 52 != 0) {
            __builtin_memcpy_inline(&part, &bits, 8);
            part = part > rest ? part / 2 : part;
        } else { /* a subnormal has no exponent to set */
            while (part + part <= rest) {
                part += part;
            }
        }
        rest -= part;
    }
    return __builtin_copysign(rest, x);
}
