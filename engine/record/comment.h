/*
 * Comments on a record: for those who may read it, by those who hold the right `comment`.
 */
#ifndef RECORD_COMMENT_H
#define RECORD_COMMENT_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

#define COMMENT_MAX 5000 /* code points */

/* {"comments":[{id, at, by, text, mentions}]}, oldest first: 1, 0 invisible, -1. */
int comment_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
                 struct err *err) ATTR_MUST;
struct comment {
    const struct form *form;
    int64_t record;
    struct str text;     /* must not be blank */
    struct val mentions; /* VAL_LIST of member ids */
};
/* Inside a write job. */
int comment_add(struct ctx *c, const struct comment *in, int64_t *id, struct err *err) ATTR_MUST;
/* One comment as in the list. */
int comment_json(struct ctx *c, int64_t id, struct json *out, struct err *err) ATTR_MUST;

#endif
