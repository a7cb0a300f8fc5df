/*
 * Who acts for a member while he is away. One at a time: a new one takes the place of the old.
 */
#ifndef ORG_DELEGATION_H
#define ORG_DELEGATION_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

struct delegation {
    int64_t to;
    int64_t from_us, until_us; /* [from, until) */
    struct val forms;          /* VAL_LIST of "app/form" or "form"; blank: all */
};
/* The caller's. Inside a write job. */
int delegation_set(struct ctx *c, const struct delegation *d, struct err *err) ATTR_MUST;
int delegation_clear(struct ctx *c, struct err *err) ATTR_MUST;
/* {to, from, until, forms, active}; all null when there is none. */
int delegation_json(struct ctx *c, struct json *out, struct err *err) ATTR_MUST;
/* Who acts for the member now in this form; he himself is away too: the one who acts for
 * him, and so on. 0: nobody, the member is here. */
int delegation_of(struct ctx *c, int64_t member, struct str app, struct str form, int64_t *out,
                  struct err *err) ATTR_MUST;

#endif
