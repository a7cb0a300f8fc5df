/*
 * "What would have been different": a changed definition over stored records, beside the running
 * one. Nothing is written and no script runs.
 */
#ifndef ENGINE_SIMULATE_H
#define ENGINE_SIMULATE_H

#include "engine/engine.h"

#define SIMULATE_ROWS 10000 /* at most, in one answer */

struct simulate {
    struct str app;
    const struct form *form;     /* of the running version */
    struct val rules;            /* {path: text of the file}; blank: the saved draft */
    struct str at;               /* a date field; empty: _created_at */
    int64_t from_day, until_day; /* until is not in it */
    uint32_t limit;
};

/*
 * {rows, more, differs:[{id, rule, was, would}], totals:{rule: {was, would, differs}}} over all
 * records between the days. Rules: `flow` (the way and its people), `automation.KEY` and
 * `button.KEY` (whether it applies and what it sets), `field.KEY` (defaults and computed values
 * whose text changed), `monitor.KEY` (windows that ended between the days; id is group and window).
 * Values that c->who may not read are "***"; figures of monitors are only for who reads the whole
 * form. ERR_INVALID with diags: the changed definition has mistakes, or fields that are not stored
 * yet.
 */
int engine_simulate(struct ctx *c, const struct simulate *s, struct json *out, struct diags *diags,
                    struct err *err) ATTR_MUST;

#endif
