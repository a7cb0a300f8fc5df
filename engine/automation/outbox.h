/*
 * Working off the outbox (org/outbox.h adds to it). Two kinds of rows, for whoever has threads and
 * sockets (runtime/outbox.c):
 *
 * - those that run here (automations, committed(), scripts): run and mark done in one transaction,
 *   so what they write happens exactly once;
 * - those that leave (webhooks, mail): leased, sent outside of any transaction, then settled. A
 *   program that dies in between sends again, with the same id: at least once.
 *
 * What fails is tried again after 1 s, 5 s, 30 s, 2 min, 10 min, 1 h, then every hour (each give or
 * take a fifth); after 24 hours it is dead: it stays in the list until somebody replays it.
 */
#ifndef AUTOMATION_OUTBOX_H
#define AUTOMATION_OUTBOX_H

#include "engine/org/outbox.h"
#include "engine/value/json.h"

#define OUTBOX_LEASE_US (60 * US_PER_S) /* a sender is done before */

struct outbox_row {
    int64_t id;
    enum outbox_kind kind;
    struct str target, app, form, automation, event;
    int64_t record, who;
    int depth;
    int64_t attempts;
    int64_t created_us;
    struct str payload; /* opened */
};

/* ---- those that run here ---- */

struct outbox_batch {
    struct str app; /* all of one app: set c->app to its running version first */
    int64_t ids[32];
    size_t n;            /* how many are due */
    size_t done, failed; /* after outbox_run() */
};
/* What is due, of the app whose row has waited longest; on a reading connection. */
int outbox_due(struct ctx *c, struct outbox_batch *out, struct err *err) ATTR_MUST;
/* An engine_write_fn, arg: struct outbox_batch. Each row stands for itself: one that fails is put
 * off, with its error, the others are done. */
int outbox_run(struct ctx *c, void *arg, struct err *err) ATTR_MUST;
/* An engine_write_fn, arg: struct outbox_batch, for rows of an app that does not run (any more), or
 * when outbox_run() failed as a whole: they are put off. */
int outbox_put_off(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

/* Everything that is due of c->app, schedules included, again and again until nothing is, in the
 * caller's write job (tests of apps): how many runs. What leaves the program waits. The first row
 * that fails is an error. */
int outbox_run_all(struct ctx *c, int64_t *n, struct err *err) ATTR_MUST;

/* ---- those that leave ---- */

struct outbox_lease {
    uint32_t max;           /* rows to take at most; at most 64 */
    const struct str *busy; /* "app/target" to be left out: enough of theirs is under way */
    size_t nbusy;
    bool inbox;              /* mailboxes to be read, nothing else */
    struct str only;         /* of this "app/target" alone; empty: of all others */
    struct outbox_row *rows; /* taken, oldest first, in c->a */
    size_t n;
};
/* An engine_write_fn: takes them until now + OUTBOX_LEASE_US. */
int outbox_lease(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

/* Is a row of this kind due: 1, 0, -1; on a reading connection. */
int outbox_waits(struct ctx *c, enum outbox_kind kind, struct err *err) ATTR_MUST;

struct outbox_result {
    int64_t id;
    bool ok;
    bool hopeless;         /* trying again helps nobody: dead at once */
    int64_t status;        /* of the answer; 0: none came */
    int64_t retry_after_s; /* what the receiver asked for */
    struct str error;      /* one line, without secrets; for a person */
};
struct outbox_results {
    const struct outbox_result *v;
    size_t n;
};
/* An engine_write_fn, arg: struct outbox_results. */
int outbox_settle(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

/* An engine_write_fn for a program that starts alone on its database: leases of the one before are
 * over. And: forgets what was done more than 30 days ago. */
int outbox_begin(struct ctx *c, void *arg, struct err *err) ATTR_MUST;
int outbox_forget(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

/* ---- for people ---- */

struct outbox_query {
    struct str state; /* waiting done dead stopped; empty: all */
    struct str kind, app, form, automation;
    int64_t before; /* id to begin behind; 0: the newest */
    uint32_t limit;
};
/* {"rows":[{id, kind, target, app, form, record, automation, event, via, state, attempts, status,
 * error, created_at, next_at, done_at, parent}], "next", "counts":{waiting, dead, stopped}}.
 * Never a payload. */
int outbox_list(struct ctx *c, const struct outbox_query *q, struct json *out,
                struct err *err) ATTR_MUST;
/* Dead and stopped ones wait again (id 0: all dead ones of the app, or of all apps): how many. With
 * the same id, so receivers that saw it know it. Inside a write job. */
struct outbox_replay {
    int64_t id;
    struct str app;
    int64_t n;
};
int outbox_replay(struct ctx *c, void *arg, struct err *err) ATTR_MUST;
/* Takes a waiting or dead one out of the queue: 1, 0 none, -1. Inside a write job. */
int outbox_drop(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;

/* {"automations":[{form, key, title, trigger, mode, enabled, next_at, last:{…}, counts:{…},
 * skipped:[…]}]} of c->app. */
int automation_list(struct ctx *c, struct json *out, struct err *err) ATTR_MUST;

#endif
