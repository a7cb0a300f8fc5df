/*
 * "Why is this value": an expression taken apart, for people. Not in the browser's copy.
 */
#ifndef FORMULA_FX_TRACE_H
#define FORMULA_FX_TRACE_H

#include "engine/formula/fx.h"

/* One sub-expression of a value, for "why is this value". */
struct fx_part {
    struct str text;
    uint32_t from, to; /* bytes of the whole text */
    struct src_pos pos;
    uint32_t depth; /* 0: the whole */
    struct fx_type type;
    struct val value;
    struct str zh, en; /* why this operation gave blank; empty: it did not fail */
    bool hidden;       /* made of something the reader may not see: no value, no reason */
};
/* Whom the parts are for. A name or stored row that `knows` refuses, or that has another value in
 * `env`, is hidden, and so is everything made of it. */
struct fx_reader {
    struct fx_env *env; /* sees what the reader may see */
    void *self;
    bool (*knows)(void *self, const struct fx_ref *ref,
                  const struct fx_call *call); /* one is set */
};
/* Every sub-expression with its value and the reason of a blank, inner parts first, at most 500.
 * reader NULL: sees everything. */
struct fx_part *fx_trace_parts(const struct fx *fx, struct fx_env *env,
                               const struct fx_reader *reader, size_t *n);
/* The same as a VAL_LIST of objects {text, line, column, value, reason, reason_en}. */
struct val fx_trace(const struct fx *fx, struct fx_env *env);

#endif
