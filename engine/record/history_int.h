/*
 * Shared by those who write and read _history.changes: history.c, asof.c, undo.c.
 */
#ifndef RECORD_HISTORY_INT_H
#define RECORD_HISTORY_INT_H

#include "engine/record/write_int.h"

/* Appends a field's value of r (up: the record of a sub-row, else NULL) as history keeps it: an
 * encrypted one sealed, as its column holds it. */
int history_put(struct ctx *c, struct json *j, const struct rec *r, const struct rec *up,
                const struct field *f, struct err *err) ATTR_MUST;
/* A kept value back: the JSON form of the field. row: the record's id, or the sub-row's. */
int history_get(struct ctx *c, const struct field *f, int64_t row, struct val v, struct val *out,
                struct err *err) ATTR_MUST;
/* The same as what the field's column holds. */
struct val history_column(struct ctx *c, const struct field *f, struct val v);
/* {"rows":…,"added":…} of a sub-table that differs; was, now: the records, was may be NULL. */
int history_rows(struct ctx *c, struct json *j, const struct rec *was, const struct rec *now,
                 const struct field *table, struct err *err) ATTR_MUST;

#endif
