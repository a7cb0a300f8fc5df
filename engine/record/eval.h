/*
 * Expressions outside a stored record: a page's or a script's text over given values.
 */
#ifndef RECORD_EVAL_H
#define RECORD_EVAL_H

#include "engine/record/record.h"

/* An expression over the names of `vars` (VAL_OBJ or blank); types follow the values (dates and
 * instants as ISO texts stay text). ERR_INVALID formula with a position when it does not compile.
 */
int eval_text(struct ctx *c, struct str text, struct val vars, struct val *out,
              struct err *err) ATTR_MUST;

struct eval_result {
    struct val value;
    struct val reasons; /* texts that say why a blank came about; blank: none */
};
/* An expression over a form's fields with the values of a body (not stored); request rights. */
int eval_form(struct ctx *c, const struct form *f, struct str text, struct val values,
              struct eval_result *out, struct err *err) ATTR_MUST;

/* A definition's expression over a loaded row (old may be NULL): 0 or -1; as a condition 1, 0, -1.
 */
int rec_eval(struct ctx *c, const struct fx *fx, const struct rec *row, const struct rec *old,
             struct val *out, struct err *err) ATTR_MUST;
int rec_true(struct ctx *c, const struct fx *fx, const struct rec *row, const struct rec *old,
             struct err *err) ATTR_MUST;
/* The value of a set item over a row: its literal or its expression; vars are ask.x … or NULL. */
int set_value(struct ctx *c, const struct set_item *item, const struct rec *row,
              const struct val *vars, struct val *out, struct err *err) ATTR_MUST;

/* The rows that the names of a value may be of, and the variables of its scope. */
struct eval_rows {
    const struct rec *row, *old, *target, *this_;
    const struct val *vars;
};
/* A literal, or an expression over them; blank when it was not given. */
int eval_value(struct ctx *c, const struct fxval *v, const struct eval_rows *rows, struct val *out,
               struct err *err) ATTR_MUST;
/* A condition over them: 1, 0, -1. */
int eval_true(struct ctx *c, const struct fx *fx, const struct eval_rows *rows,
              struct err *err) ATTR_MUST;

/* A row of the form from a body's values with defaults and computed fields, not stored: for
 * simulation. */
int rec_of_values(struct ctx *c, const struct form *f, struct val values, struct rec *out,
                  struct err *err) ATTR_MUST;

#endif
