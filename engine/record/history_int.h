/*
 * Shared by those who write and read _history.changes: history.c, asof.c, undo.c.
 */
#ifndef RECORD_HISTORY_INT_H
#define RECORD_HISTORY_INT_H

#include "engine/record/write_int.h"

/* Appends a field's value of r as history keeps it. What must not stand there in clear is sealed
 * here, and opened in history_get(). */
void history_put(struct ctx *c, struct json *j, const struct rec *r, const struct field *f);
/* A kept value back: the JSON form of the field. row: the record's id, or the sub-row's. */
struct val history_get(struct ctx *c, const struct field *f, int64_t row, struct val v);
/* The same as what the field's column holds. */
struct val history_column(struct ctx *c, const struct field *f, int64_t row, struct val v);
/* {"rows":…,"added":…} of a sub-table that differs. */
void history_rows(struct ctx *c, struct json *j, const struct rec_rows *was,
                  const struct rec_rows *now);

#endif
