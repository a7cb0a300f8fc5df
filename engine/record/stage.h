/*
 * Columns of a publish to come, copied in small transactions beside those that run: converted
 * values, folded texts, hashes. The publish then only renames. What is written meanwhile is noted
 * by triggers (ddl_watch) and copied again. How far it came is in _stage, written with the rows, so
 * a server that was killed goes on where it stopped.
 */
#ifndef RECORD_STAGE_H
#define RECORD_STAGE_H

#include "engine/org/ctx.h"

/* Two versions of an app: as it runs, and as it is to be. */
struct stage {
    struct ctx *c;
    const struct app *old, *new_;
    struct arena *page; /* reset between pages of rows */
};

/* Inside a write job: adds the columns that large tables need and notes them for `job`. 1, 0 none
 * is needed, -1. What an earlier publish left is dropped. */
int stage_begin(const struct stage *s, int64_t job, struct err *err) ATTR_MUST;
/* Inside a write job: the notes of `job` hold: 1, 0 they must begin anew (another job's; moved from
 * another database), -1. */
int stage_goes_on(const struct stage *s, int64_t job, struct err *err) ATTR_MUST;
/* Inside a write job: copies some more, as much as fits in about 20 ms. 1 there is more, 0 all is
 * there but for a few rows, -1. */
int stage_step(const struct stage *s, struct err *err) ATTR_MUST;
/* Inside the publishing job, before the tables are changed: the rows written since, the end of the
 * notes. */
int stage_settle(const struct stage *s, struct err *err) ATTR_MUST;
/* Inside the publishing job, after it. */
int stage_end(struct ctx *c, struct str app, struct err *err) ATTR_MUST;
/* Inside a write job: it will not be published. The columns go with those that are retired. */
int stage_drop(struct ctx *c, struct str app, struct err *err) ATTR_MUST;

struct stage_state {
    int64_t job; /* 0: nothing is copied */
    int64_t done, total;
};
int stage_state(struct conn *db, struct arena *a, struct str app, struct stage_state *out,
                struct err *err) ATTR_MUST;

#endif
