/*
 * The clocks of the process: real time, which tests may move, and a monotonic one, which they may
 * not.
 */
#ifndef RUNTIME_CLOCK_H
#define RUNTIME_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct clock {
    _Atomic int64_t shift_us;
};

int64_t clock_now_us(void *clock); /* struct clock * */
int64_t clock_mono_us(void);
int64_t clock_real_us(void);

#endif
