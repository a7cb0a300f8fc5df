/*
 * Comments on a record: for those who may read it, by those who hold the right `comment`.
 */
#ifndef RECORD_COMMENT_H
#define RECORD_COMMENT_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

#define COMMENT_MAX 5000 /* code points */

/* {"comments":[{id, at, by, text, mentions, edited_at, mine, earlier?:[{until, text}]}]}, oldest
 * first: 1, 0 invisible, -1. */
int comment_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
                 struct err *err) ATTR_MUST;
struct comment {
    const struct form *form;
    int64_t record;
    int64_t id;          /* edit, delete; given by add */
    struct str text;     /* must not be blank */
    struct val mentions; /* VAL_LIST of member ids; on edit anything else: as before */
    struct val not_told; /* out: those mentioned who may not read the record, VAL_LIST of refs */
};
/* Inside a write job. Those mentioned who may read the record get a notice, once. */
int comment_add(struct ctx *c, struct comment *in, struct err *err) ATTR_MUST;
/* Its author's alone; what stood there before is kept and shown to those with `history`. */
int comment_edit(struct ctx *c, struct comment *in, struct err *err) ATTR_MUST;
/* Its author, or one who may delete the record. It stays stored, unseen. */
int comment_delete(struct ctx *c, const struct comment *in, struct err *err) ATTR_MUST;
/* One comment as in the list, with not_told. */
int comment_json(struct ctx *c, const struct comment *in, struct json *out,
                 struct err *err) ATTR_MUST;

#endif
