/*
 * What every fuzz target includes. A target gives fuzz_one(); the rest is libFuzzer's entry: a
 * fresh arena for each input, and out of memory is an answer, not a crash.
 *
 *   make fuzz                     all targets, FUZZ_S=30 seconds each
 *   make V=fuzz fuzz-run-json     one of them; its corpus is tests/fuzz/corpus/json
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "engine/base/strb.h"

#include <stdlib.h>

#define FUZZ_ARENA_BYTES ((size_t)64 << 20)

/* Breaks with the place when a property does not hold. */
#define FUZZ_CHECK(cond)                                                                           \
    do {                                                                                           \
        if (!(cond))                                                                               \
            __builtin_trap();                                                                      \
    } while (0)

static void fuzz_one(struct arena *a, struct str in);

struct fuzz_input {
    struct arena *a;
    struct str in;
};

static void fuzz_guarded(void *arg)
{
    struct fuzz_input *f = arg;
    fuzz_one(f->a, f->in);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct fuzz_input f = {arena_new(FUZZ_ARENA_BYTES), {(const char *)data, size}};
    if (!f.a)
        return 0;
    (void)!oom_guard(fuzz_guarded, &f); /* unwound: as good as done */
    arena_free(&f.a);
    return 0;
}

#endif
