/*
 * What the serving process gives up before it takes requests: running programs, tracing, mounting,
 * core files. A script that broke out of its sandbox finds no exec to call.
 */
#ifndef RUNTIME_CONFINE_H
#define RUNTIME_CONFINE_H

#include <stdbool.h>

/* Before threads are started (they inherit it). false: the kernel has no seccomp; the process goes
 * on without. */
bool confine_process(void);

#endif
