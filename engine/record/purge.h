/*
 * Out of the recycle bin for good: the row, its sub-rows, comments and history go; one line stays
 * that says that, when and by whom.
 */
#ifndef RECORD_PURGE_H
#define RECORD_PURGE_H

#include "engine/record/record.h"

#define PURGE_AFTER_US (INT64_C(30) * US_PER_DAY)

/* By hand: needs `delete` and `restore` on the row, which must lie in the bin. Inside a write job.
 */
int purge_record(struct ctx *c, const struct form *f, int64_t id, struct err *err) ATTR_MUST;
/* Up to 200 rows of an app that were deleted before an instant. 1 there may be more, 0, -1. Inside
 * a write job, as the system. */
int purge_old(struct ctx *c, const struct app *app, int64_t before_us, struct err *err) ATTR_MUST;

#endif
