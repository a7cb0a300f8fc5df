/*
 * Rollups kept true by what a change adds and takes away, so that the rows below are not read
 * again. COUNT and exact SUM by arithmetic, AVERAGE over a remembered sum and count (_rollup), MIN
 * and MAX unless the extreme itself goes (then an index over link and value finds the next one).
 */
#ifndef RECORD_ROLLUP_H
#define RECORD_ROLLUP_H

#include "engine/record/record_int.h"

enum roll_kind { ROLL_OTHER, ROLL_COUNT, ROLL_SUM, ROLL_AVERAGE, ROLL_MIN, ROLL_MAX };

/* COUNT(), or another aggregate of one plain column; *of is that column. */
enum roll_kind roll_kind(const struct field *f, const struct field **of);

struct roll_change {
    struct ctx *c;
    const struct field *f;       /* the rollup */
    int64_t id;                  /* the row it belongs to */
    const struct rec *now, *old; /* the record that changed, its sub-rows with it; NULL: none */
};
/* *v is the value before: 1 it is the new one now, 0 it must be asked again, -1. In a write job,
 * after the change is stored. */
int roll_by_delta(const struct roll_change *ch, struct val *v, struct err *err) ATTR_MUST;

/* The value was asked again, or the definition changed: what _rollup remembers is void. id 0: of
 * all rows. Nothing on a reading connection. */
int roll_forget(struct ctx *c, const struct field *f, int64_t id, struct err *err) ATTR_MUST;

#endif
