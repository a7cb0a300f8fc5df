/*
 * The threads that work off the outbox and look at the clock: one runs what runs here (automations,
 * hooks, schedules), one sends what leaves (webhooks, mail).
 */
#ifndef RUNTIME_OUTBOX_H
#define RUNTIME_OUTBOX_H

#include "engine/engine.h"

struct outbox;
struct server;

int outbox_start(struct server *server, struct outbox **out, struct err *err) ATTR_MUST;
/* There may be something to do; from any thread, never blocks long. */
void outbox_wake(struct outbox *o);
/* Since the start; for /metrics. */
struct outbox_stats {
    int64_t runs, run_failures; /* automations, hooks, scripts */
    int64_t sent, send_failures;
};
void outbox_stats(struct outbox *o, struct outbox_stats *out);
/* Ends the runs in work; what is being sent is given up and sent again at the next start. */
void outbox_stop(struct outbox **o);

#endif
