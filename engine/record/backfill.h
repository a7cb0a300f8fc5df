/*
 * Columns of computed fields that a publish made untrue, filled in small transactions while the
 * server serves. _backfill has a row for each until it is done; until then field.filling is set:
 * the field reads by its expression, and every write stores its column.
 */
#ifndef RECORD_BACKFILL_H
#define RECORD_BACKFILL_H

#include "engine/org/ctx.h"

/* Inside the publishing job: notes the fields of `app` with filling set, one row each, and a job
 * for them. Those of a version before are forgotten. */
int backfill_begin(struct ctx *c, const struct app *app, int64_t n, struct err *err) ATTR_MUST;

/* The same beside those that are noted already. */
int backfill_add(struct ctx *c, const struct app *app, int64_t n, struct err *err) ATTR_MUST;

/* Sets field.filling (and unjoined) of a freshly loaded app, before it is shared. */
int backfill_mark(struct conn *db, struct arena *a, struct app *app, struct err *err) ATTR_MUST;

struct backfill {
    int64_t done, total; /* rows of all forms */
    bool more;
};
/* How far the app's columns are; no rows: all are filled. */
int backfill_state(struct conn *db, struct arena *a, struct str app, struct backfill *out,
                   struct err *err) ATTR_MUST;

/* Inside a write job: fills some more rows of c->app, as many as fit in about 20 ms. `page` is
 * reset between rows. */
int backfill_step(struct ctx *c, struct arena *page, struct err *err) ATTR_MUST;

#endif
