/*
 * Reading as of an instant: while c->as_of is set, sql_form() names temporary views that give the
 * rows as they were, made from today's rows and the history since. Rights stay those of today: the
 * conditions of grants are asked of today's row.
 */
#ifndef RECORD_ASOF_H
#define RECORD_ASOF_H

#include "engine/org/ctx.h"

struct asof;

/* Starts on a reading connection (its own snapshot until asof_end). only: the one record of `form`
 * that will be read, 0: any. An instant that has not come yet is ERR_INVALID "as_of". */
struct asof_at {
    int64_t at_us;
    const struct form *form;
    int64_t only;
};
int asof_begin(struct ctx *c, const struct asof_at *at, struct err *err) ATTR_MUST;
/* Drops what was made. rc: what the reading came to; -1 when a view could not be made (err set). */
int asof_end(struct ctx *c, int rc, struct err *err);
/* The instant that is read. */
int64_t asof_at(const struct ctx *c);
/* Appends the view of a form or sub-table, made at its first use. For sql_form(). */
void asof_form(struct asof *a, struct sql *q, const struct form *f);

#endif
