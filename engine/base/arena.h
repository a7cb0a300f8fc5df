/*
 * Bump allocator.  Memory of one lifetime (an app definition, a request) lives in one arena and
 * goes with it; nothing is freed alone.
 *
 * An arena never returns NULL.  When its byte cap is reached or malloc fails, the calling thread
 * unwinds to its innermost oom_guard() (the request, the write job, the script call), which answers
 * "out of memory": the request ends with 503 and its transaction is rolled back, so nothing is half
 * written.  Outside any guard (start-up) the process ends with a message.  See ADR 0001.
 *
 * Not thread-safe: one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "engine/base/attr.h"
#include <stddef.h>

struct arena;

struct arena_mark {
    void *chunk;
    size_t used;
    void *defer;
};

/* A new arena that holds at most `cap_bytes`; NULL when there is no memory for it at all. */
struct arena *arena_new(size_t cap_bytes) ATTR_MUST;

/* Runs the deferred clean-ups, newest first, frees everything, sets *a to NULL. Accepts NULL. */
void arena_free(struct arena **a);

/* `n` zeroed bytes, 16-aligned. Unwinds to oom_guard() at the cap. n may be 0. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull));

/* count * size zeroed bytes; the product is checked. */
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));

/* Grows an array of an arena: in place when it is the newest block, else by copy. */
void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes)
    __attribute__((returns_nonnull));

#define ARENA_NEW(a, T)      ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_array((a), (n), sizeof(T)))

/* Remembers where the arena is; arena_reset() frees what came later (running its clean-ups). */
struct arena_mark arena_mark(struct arena *a);
void arena_reset(struct arena *a, struct arena_mark mark);

/* Runs fn(arg) when the arena is freed or reset past this point, newest first. */
void arena_defer(struct arena *a, void (*fn)(void *arg), void *arg);

/* Takes back the newest deferred clean-up with this arg without running it. */
void arena_undefer(struct arena *a, void *arg);

/* Bytes handed out so far. */
size_t arena_used(const struct arena *a);

/*
 * Runs fn(arg). Returns 0, or -1 when an arena ran out of memory inside (the rest of fn did not
 * run; clean-ups are those deferred on arenas).  Guards nest; the innermost one of the thread
 * catches.
 */
int oom_guard(void (*fn)(void *arg), void *arg) ATTR_MUST;

/* Unwinds to the innermost guard of this thread; aborts when there is none. */
void oom_raise(void) ATTR_NORETURN;

/* Tests: lets the n-th next arena allocation of the process fail; 0 switches it off. */
void arena_fail_after(long n);

#endif
