/*
 * Reading the machine's clocks.
 */
#include "runtime/clock.h"

#include <time.h>

static int64_t read_us(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_real_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_now_us(void *clock)
{
    struct clock *c = clock;
    return clock_real_us() + atomic_load_explicit(&c->shift_us, memory_order_relaxed);
}
