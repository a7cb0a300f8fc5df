/*
 * Sharing one record with a member: a grant of its own on that row, until a day. It gives what the
 * one who shares has himself at that moment, at most reading, commenting, history and print; fields
 * he does not see in clear stay hidden, sensitive ones masked.
 */
#ifndef RECORD_SHARE_H
#define RECORD_SHARE_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

#define SHARES_MAX 100 /* of one record */

struct share {
    const struct form *form;
    int64_t record;
    int64_t member;
    unsigned can;     /* enum right */
    int64_t until_us; /* 0: without end */
};

/* The rights a share may give, by their words: false for another word. */
bool share_right(struct str word, unsigned *right);
/* Inside a write job: adds it, or changes the one there is; tells the member. ERR_NOT_FOUND for an
 * invisible record, ERR_DENIED without the right `share` or one that is given on. */
int share_add(struct ctx *c, const struct share *in, struct err *err) ATTR_MUST;
/* Inside a write job: 1 taken back, 0 there is none, -1 (as share_add). */
int share_remove(struct ctx *c, const struct form *f, int64_t record, int64_t member,
                 struct err *err) ATTR_MUST;
/* {"shares":[{to,can,until,at,by}]}: 1, 0 the record is invisible, -1. */
int share_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
               struct err *err) ATTR_MUST;

#endif
