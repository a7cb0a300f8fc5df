/*
 * Editor services for expressions (fx_complete.h) over the forms of an app, as JSON.
 */
#ifndef RECORD_COMPLETE_H
#define RECORD_COMPLETE_H

#include "engine/formula/fx.h"
#include "engine/org/ctx.h"
#include "engine/value/json.h"

struct complete {
    struct app *app;
    const struct form *form;                        /* bare names; NULL: none */
    const struct form *old, *that, *target, *this_; /* what these words mean; NULL: nothing */
    struct str text;
    size_t offset; /* of the cursor, in code points */
    enum fx_place place;
    bool design; /* every form and field, else what the caller may name */
};

/*
 * Writes {from, to, candidates:[{kind, key, insert, title, type?, signature?, help?}], call:
 * {name, signature, help, argument}|null, type|null, type_title|null, errors:[{from, to, line,
 * column, message}]}. Offsets count code points; a candidate's `insert` replaces [from, to).
 */
void complete_json(struct ctx *c, const struct complete *what, struct json *out);
/* "value condition filter metric group"; false: no such place. */
bool complete_place(struct str name, enum fx_place *out);

#endif
