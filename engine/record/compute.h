/*
 * Stored computed values of one row, for those who change definitions rather than rows.
 */
#ifndef RECORD_COMPUTE_H
#define RECORD_COMPUTE_H

#include "engine/org/ctx.h"

/* Recomputes and stores one row (its sub-rows too) without rights or hooks; *changed: anything did.
 * Inside a write job. */
int compute_stored(struct ctx *c, const struct form *f, int64_t id, bool *changed,
                   struct err *err) ATTR_MUST;

#endif
