/*
 * The rows that a rollup or a lookup is made of, as far as their reader may see them.
 */
#ifndef RECORD_TRACE_ROWS_H
#define RECORD_TRACE_ROWS_H

#include "engine/record/record_int.h"

/* "rows": {form, title, top: [{id, title, value}]} into an open object: at most five of the rows
 * that count, those that weigh most first (for MIN the least), only those the caller may read. */
int trace_rollup_rows(struct ctx *c, const struct rec *r, const struct field *f, struct json *out,
                      struct err *err) ATTR_MUST;
/* The same of the one row that a lookup reads; nothing when the link is blank. */
int trace_lookup_row(struct ctx *c, const struct rec *r, const struct field *f, struct json *out,
                     struct err *err) ATTR_MUST;

#endif
