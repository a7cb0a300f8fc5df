/*
 * A job's way through the rows of a form, by id, in steps of about 20 ms. Where it stands is the
 * job's own to keep, in the transaction of the step, so that a server that was killed goes on.
 */
#ifndef RECORD_WALK_H
#define RECORD_WALK_H

#include "engine/record/record.h"

struct walk {
    const struct form *form; /* NULL: the app has it no more */
    int64_t last;            /* id of the last row that is done; 0: none */
    int64_t done;            /* rows of this step */
    bool end;                /* no row is left */
};

/* Where to go on: q gives (form key, last id). 1, 0 nothing is left, -1. */
int walk_next(struct ctx *c, const struct sql *q, struct walk *w, struct err *err) ATTR_MUST;

/* What is done to a row, as the system, in memory that the next row takes again. */
typedef int walk_row_fn(struct ctx *c, const struct form *f, int64_t id, struct err *err);

struct walk_rows {
    walk_row_fn *row;
    struct arena *page; /* for one row */
    bool bin;           /* rows in the recycle bin too */
};
/* One step, inside a write job: moves w->last on. */
int walk_step(struct ctx *c, const struct walk_rows *rows, struct walk *w,
              struct err *err) ATTR_MUST;

#endif
