/*
 * A new data key for what an app has sealed, while it is used: new values take the new key at once,
 * the rest is sealed again by a job that goes on after a restart; then the old key is destroyed.
 */
#ifndef RECORD_ROTATE_H
#define RECORD_ROTATE_H

#include "engine/org/ctx.h"

/* In a write job. *job: its id. */
int rotate_begin(struct ctx *c, struct str app, int64_t *job, struct err *err) ATTR_MUST;
/* One step of the app's oldest rotation, as a write job: 1 there is more, 0 nothing (any more), -1.
 */
int rotate_step(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;
/* In a write job: the entries of history behind `last`, one page; *n: how many it was. */
int rotate_history(struct ctx *c, const struct app *app, int64_t *last, size_t *n,
                   struct err *err) ATTR_MUST;

#endif
