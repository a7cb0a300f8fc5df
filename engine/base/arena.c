/*
 * Arena memory and the out-of-memory unwinding: the only file with setjmp.
 *
 * An arena is a list of chunks, newest first; the arena itself lives in its first chunk. Memory is
 * zeroed when handed out, so a reset costs nothing. Under AddressSanitizer everything not handed
 * out is poisoned and a gap follows every block, so a stale pointer or an overrun is found at once.
 *
 * WebAssembly has no setjmp: there oom_guard() only calls and oom_raise() traps; the host (the
 * page) throws the instance away.
 */
#include "engine/base/arena.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef __wasm__
#include <setjmp.h>
#include <unistd.h>
#endif

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define GAP            16
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP            0
#endif

#define ALIGN     16
#define CHUNK_MIN ((size_t)16 << 10)
#define CHUNK_MAX ((size_t)1 << 20)

struct chunk {
    struct chunk *prev;
    size_t size;        /* bytes of data */
    size_t used;        /* bytes of data handed out, a multiple of ALIGN */
    size_t used_before; /* handed out by older chunks */
    _Alignas(ALIGN) unsigned char data[];
};

struct defer {
    struct defer *prev;
    void (*fn)(void *arg);
    void *arg;
};

struct arena {
    struct chunk *chunk;
    struct defer *defer;
    size_t cap;
    size_t held; /* data bytes of all chunks; never above cap */
};

/* Counts down to the allocation that fails; only tests set it. */
static _Atomic long fail_in;

static size_t round_up(size_t n)
{
    return (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = malloc(sizeof(*c) + size);
    if (c) {
        *c = (struct chunk){.size = size};
        POISON(c->data, size);
    }
    return c;
}

static void chunk_free(struct chunk *c)
{
    UNPOISON(c->data, c->size);
    free(c);
}

struct arena *arena_new(size_t cap_bytes)
{
    size_t own = round_up(sizeof(struct arena));
    struct chunk *c = chunk_new(own + MIN(cap_bytes & ~(size_t)(ALIGN - 1), CHUNK_MIN));
    if (!c)
        return NULL;
    struct arena *a = (void *)c->data;
    UNPOISON(a, sizeof(*a));
    c->used = own;
    *a = (struct arena){.chunk = c, .cap = MAX(cap_bytes, c->size - own), .held = c->size - own};
    return a;
}

static void run_defers(struct arena *a, const struct defer *until)
{
    while (a->defer != until) {
        struct defer *d = a->defer;
        a->defer = d->prev;
        d->fn(d->arg);
    }
}

void arena_free(struct arena **a)
{
    if (!*a)
        return;
    run_defers(*a, NULL);
    struct chunk *c = (*a)->chunk;
    *a = NULL;
    while (c) {
        struct chunk *prev = c->prev;
        chunk_free(c);
        c = prev;
    }
}

/* Puts a chunk with room for `need` bytes in front; unwinds when the cap or malloc says no. */
static void add_chunk(struct arena *a, size_t need)
{
    size_t left = a->cap - a->held;
    if (need > left)
        oom_raise();
    size_t size = MIN(MAX(need, MIN(a->chunk->size * 2, CHUNK_MAX)), left & ~(size_t)(ALIGN - 1));
    struct chunk *c = chunk_new(MAX(size, need));
    if (!c)
        oom_raise();
    c->prev = a->chunk;
    c->used_before = a->chunk->used_before + a->chunk->used;
    a->chunk = c;
    a->held += c->size;
}

static bool fail_now(void)
{
    return atomic_load_explicit(&fail_in, memory_order_relaxed) > 0 &&
           atomic_fetch_sub(&fail_in, 1) == 1;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (fail_now() || n > SIZE_MAX / 2)
        oom_raise();
    size_t need = round_up(n) + GAP;
    if (need > a->chunk->size - a->chunk->used)
        add_chunk(a, need);
    struct chunk *c = a->chunk;
    unsigned char *p = c->data + c->used;
    c->used += need;
    UNPOISON(p, n);
    return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        oom_raise();
    return arena_alloc(a, n);
}

void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes)
{
    if (!old)
        return arena_alloc(a, new_bytes);
    if (new_bytes <= old_bytes)
        return old;
    struct chunk *c = a->chunk;
    unsigned char *p = old;
    size_t was = round_up(old_bytes) + GAP;
    if (new_bytes <= SIZE_MAX / 2 && c->used >= was && p == c->data + (c->used - was)) {
        size_t start = c->used - was;
        size_t need = round_up(new_bytes) + GAP;
        if (need <= c->size - start && !fail_now()) {
            c->used = start + need;
            UNPOISON(p, new_bytes);
            memset(p + old_bytes, 0, new_bytes - old_bytes);
            return p;
        }
    }
    return memcpy(arena_alloc(a, new_bytes), old, old_bytes);
}

struct arena_mark arena_mark(struct arena *a)
{
    return (struct arena_mark){.chunk = a->chunk, .used = a->chunk->used, .defer = a->defer};
}

void arena_reset(struct arena *a, struct arena_mark mark)
{
    run_defers(a, mark.defer);
    while (a->chunk != mark.chunk) {
        struct chunk *c = a->chunk;
        a->chunk = c->prev;
        a->held -= c->size;
        chunk_free(c);
    }
    POISON(a->chunk->data + mark.used, a->chunk->used - mark.used);
    a->chunk->used = mark.used;
}

void arena_defer(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct defer *d = ARENA_NEW(a, struct defer);
    *d = (struct defer){.prev = a->defer, .fn = fn, .arg = arg};
    a->defer = d;
}

void arena_undefer(struct arena *a, void *arg)
{
    for (struct defer **d = &a->defer; *d; d = &(*d)->prev) {
        if ((*d)->arg == arg) {
            *d = (*d)->prev;
            return;
        }
    }
}

size_t arena_used(const struct arena *a)
{
    return a->chunk->used_before + a->chunk->used - round_up(sizeof(*a));
}

void arena_fail_after(long n)
{
    atomic_store(&fail_in, n);
}

#ifdef __wasm__

int oom_guard(void (*fn)(void *arg), void *arg)
{
    fn(arg);
    return 0;
}

void oom_raise(void)
{
    __builtin_trap();
}

#else

struct guard {
    jmp_buf env;
    struct guard *outer;
};

/* The innermost guard of this thread. */
static _Thread_local struct guard *innermost;

int oom_guard(void (*fn)(void *arg), void *arg)
{
    struct guard g = {.outer = innermost};
    innermost = &g;
    int caught = setjmp(g.env);
    if (!caught)
        fn(arg);
    innermost = g.outer;
    return caught ? -1 : 0;
}

void oom_raise(void)
{
    static const char text[] = "out of memory\n";
    if (innermost)
        longjmp(innermost->env, 1);
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        abort();
    abort();
}

#endif
