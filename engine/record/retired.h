/*
 * Columns and tables that a definition no longer has are kept for 30 days, then removed.
 */
#ifndef RECORD_RETIRED_H
#define RECORD_RETIRED_H

#include "engine/org/ctx.h"

/* How many columns and tables were put away before that moment. */
int retired_due(struct ctx *c, int64_t before_us, int64_t *n, struct err *err) ATTR_MUST;
/* Removes one of them, the oldest; *more: there is another. Inside a write job, after a backup. */
int retired_drop(struct ctx *c, int64_t before_us, bool *more, struct err *err) ATTR_MUST;

#endif
