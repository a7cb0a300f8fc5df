/*
 * What belongs to a member, over the rows of a form and without anybody's rights: for handing it
 * over, and for knowing that somebody left no trace.
 */
#ifndef RECORD_OWNED_H
#define RECORD_OWNED_H

#include "engine/org/ctx.h"

/* Live rows whose _owner he is. */
int owned_count(struct ctx *c, const struct form *f, int64_t member, int64_t *n,
                struct err *err) ATTR_MUST;
/* The first `*n` of them; *n: how many there are. */
int owned_ids(struct ctx *c, const struct form *f, int64_t member, int64_t **ids, size_t *n,
              struct err *err) ATTR_MUST;
/* 1 a row of the form, the recycle bin's too, names him; 0, -1. */
int owned_trace(struct ctx *c, const struct form *f, int64_t member, struct err *err) ATTR_MUST;
/* Members (or departments, by the form's key) that have no row in the built-in app's form yet. */
int owned_missing(struct ctx *c, const struct form *f, int64_t **ids, size_t *n,
                  struct err *err) ATTR_MUST;

#endif
