/*
 * Notices to members: what their page tells them once. In the caller's transaction.
 */
#ifndef ORG_NOTICE_H
#define ORG_NOTICE_H

#include "engine/org/ctx.h"

struct notice {
    int64_t member;
    struct str kind;        /* "urge", "script" */
    struct str app, form;   /* form empty: about no record */
    int64_t record;         /* 0: about none */
    struct str title, body; /* body may be empty */
};

/* Stores one, at c->now_us. Inside engine_write(). */
int notice_add(struct ctx *c, const struct notice *n, struct err *err) ATTR_MUST;

#endif
