/*
 * Due times and waits of running approvals, on the jobs' thread.
 */
#ifndef RUNTIME_TIMERS_H
#define RUNTIME_TIMERS_H

#include "engine/org/ctx.h"

/* Fires the timer that has been due longest; false: none is due. c: a reading ctx of the system. */
bool timers_fire(struct ctx *c);

#endif
