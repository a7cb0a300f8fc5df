/*
 * Expressions outside a stored record: a page's or a script's text over given values.
 */
#ifndef RECORD_EVAL_H
#define RECORD_EVAL_H

#include "engine/org/ctx.h"

/* An expression over the names of `vars` (VAL_OBJ or blank); types follow the values (dates and instants
 * as ISO texts stay text). ERR_INVALID formula with a position when it does not compile. */
int eval_text(struct ctx *c, struct str text, struct val vars, struct val *out, struct err *err) ATTR_MUST;

/* An expression over a form's fields with the values of a body (not stored); request rights. */
int eval_form(struct ctx *c, const struct form *f, struct str text, struct val values, struct val *out,
              struct val *reasons, struct err *err) ATTR_MUST;

#endif
