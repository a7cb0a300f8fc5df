/*
 * What is due by the clock: `every` (cron, in the app's zone) and `at` (a date field and an
 * offset), and the warnings before. Durable and restart-safe: due times are rows of _schedule,
 * taken in the transaction that orders the work, so each fires once, whatever number of programs
 * look; one that was missed while nothing ran fires once, late.
 */
#ifndef AUTOMATION_SCHEDULE_H
#define AUTOMATION_SCHEDULE_H

#include "engine/org/ctx.h"

/*
 * Times of anybody who has work by the clock (monitors, too): name and kind are his. An
 * engine_write_fn with arg struct schedule_take may call it: 1 it was due and is now set to the
 * next time, 0 it was not (or has just been made), -1.
 */
struct schedule_take {
    struct str form, name, kind; /* form may be empty */
    struct str spec;             /* as written: another one starts anew */
    int64_t next_us;             /* the first time after c->now_us */
    int64_t last_us;             /* out: when it was taken before, 0: never */
    bool at_once;                /* one that was never taken, or is now another, is due */
};
int schedule_take(struct ctx *c, struct schedule_take *t, struct err *err) ATTR_MUST;

/* The same question on a reading connection: 1 it is due, or there is something to write, 0, -1. */
int schedule_is_due(struct ctx *c, struct schedule_take *t, struct err *err) ATTR_MUST;

/* How the scheduler writes: engine_write(), or a call in the transaction that is open. */
typedef int schedule_write(struct ctx *c, int (*fn)(struct ctx *c, void *arg, struct err *err),
                           void *arg, struct err *err);

/* c->app's schedules: orders what is due at c->now_us. On a reading ctx of the system; writes by
 * `write`. *n: how many fired. To be called every second or so. */
int schedule_tick(struct ctx *c, schedule_write *write, int64_t *n, struct err *err) ATTR_MUST;

/* The runs that `every` ordered are rows of _job (kind "schedule"), worked off in pages. */
struct schedule_job {
    int64_t id;
    struct str app;
    bool more; /* after schedule_step() */
};
/* The oldest one: 1, 0, -1. */
int schedule_next(struct ctx *c, struct schedule_job *out, struct err *err) ATTR_MUST;
/* An engine_write_fn, arg: struct schedule_job, with c->app its app: a page of records, at most
 * about 50 ms; the effects and the place where it goes on are of one transaction. */
int schedule_step(struct ctx *c, void *arg, struct err *err) ATTR_MUST;
/* An engine_write_fn for one whose step failed as a whole: its error, and the end of it. */
struct schedule_failure {
    int64_t id;
    const char *code;
};
int schedule_fail(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

#endif
