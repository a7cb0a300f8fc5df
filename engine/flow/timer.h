/*
 * Timers of running approvals, for whoever has a thread to run them on.
 */
#ifndef FLOW_TIMER_H
#define FLOW_TIMER_H

#include "engine/meta/node.h"
#include "engine/org/ctx.h"

struct timer {
    int64_t id;
    struct str app;
    struct str errors; /* for timer_failed: JSON, as of other jobs */
};

/* `span` after an instant: days and longer keep the time of day, workdays follow the app's
 * calendar; negative ones go back. */
int64_t timer_after(const struct app *app, int64_t from_us, struct duration span);

/* The timer that has been due longest: 1, 0 none is due now, -1. */
int timer_next(struct ctx *c, struct timer *out, struct err *err) ATTR_MUST;
/* An engine_write_fn, arg: struct timer, as the system and with c->app its app. One that was called
 * off meanwhile, or whose token has gone on, does nothing. */
int timer_fire(struct ctx *c, void *arg, struct err *err) ATTR_MUST;
/* Every timer that is due, of c->app only, in the caller's transaction, as the system: how many. */
int timer_fire_due(struct ctx *c, int64_t *n, struct err *err) ATTR_MUST;
/* An engine_write_fn for one that timer_fire refused: it is tried again. */
int timer_failed(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

#endif
