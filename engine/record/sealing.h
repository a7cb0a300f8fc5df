/*
 * A publish that makes fields of many rows sensitive: the fields are masked at once, and sealed by
 * a job. field.sealing is set until it is done: the column stays in clear, what will replace it is
 * written beside it ("_s_<field>", its hashes too), row by row, by the job and by every write;
 * reads, filters and unique rules go on over the column. When all rows have it, one short publish
 * of the same text puts it in place; then the entries of history follow, and the clear columns go.
 * How far it came is in _sealing, written with the rows: a server that was killed goes on there.
 */
#ifndef RECORD_SEALING_H
#define RECORD_SEALING_H

#include "engine/meta/diff.h"
#include "engine/org/ctx.h"

#define SEALING_NOW 1000 /* rows that a publish seals itself */

/* Fields ("form.field", "form.table.field") that become sensitive without another change, in tables
 * of more rows than a publish seals itself. */
int sealing_later(struct ctx *c, const struct app *old, const struct app *new_, struct str **out,
                  size_t *n, struct err *err) ATTR_MUST;
/* Inside the publishing job: notes the fields of `app` with sealing set, and a job. Nothing where
 * there are none. */
int sealing_begin(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;

enum sealing_phase { SEALING_NONE, SEALING_FILL, SEALING_AFTER };
struct sealing {
    enum sealing_phase phase;
    int64_t done, total; /* rows */
    struct str *fields;  /* as sealing_later() names them */
    size_t n;
};
int sealing_state(struct conn *db, struct arena *a, struct str app, struct sealing *out,
                  struct err *err) ATTR_MUST;
/* ERR_CONFLICT "backfilling" while one is on its way: publishing, rotating, erasing wait for it. */
int sealing_free(struct ctx *c, struct str app, struct err *err) ATTR_MUST;

/* Inside a write job, c->app with the fields in `sealing`: seals rows for about 20 ms. *more false:
 * all have it. `page` is reset between rows. */
int sealing_step(struct ctx *c, struct arena *page, bool *more, struct err *err) ATTR_MUST;
/* Inside the publish that puts the sealed columns in place. */
int sealing_placed(struct ctx *c, struct str app, struct err *err) ATTR_MUST;
/* Inside a write job, c->app as it runs, clear: the same with the fields in `sealing`: a page of
 * history, in the end the clear columns are dropped. *more false: it is over. */
int sealing_after(struct ctx *c, const struct app *clear, bool *more, struct err *err) ATTR_MUST;

#endif
