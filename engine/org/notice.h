/*
 * Notices to members: what their page tells them once. In the caller's transaction.
 */
#ifndef ORG_NOTICE_H
#define ORG_NOTICE_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

struct notice {
    int64_t member;
    struct str kind;        /* "task", "urge", "mention", "script" … (notice.c has the table) */
    struct str app, form;   /* form empty: about no record */
    int64_t record;         /* 0: about none */
    struct str title, body; /* body may be empty */
};

/* Stores one, at c->now_us, and an event for his open pages; nothing when he does not want to be
 * told of this kind. Inside engine_write(). */
int notice_add(struct ctx *c, const struct notice *n, struct err *err) ATTR_MUST;

/* The language the member has chosen for his pages, Chinese unless he did: that of his notices. */
int notice_lang(struct ctx *c, int64_t member, enum lang *out, struct err *err) ATTR_MUST;

/* ---- the caller's own ---- */

struct notice_query {
    int64_t after; /* id of the last one seen; 0: from the newest */
    uint32_t limit;
    bool unread;
};
/* {"notices":[…],"unread":n,"next":id} */
int notice_list(struct ctx *c, const struct notice_query *q, struct json *out,
                struct err *err) ATTR_MUST;
int notice_unread(struct ctx *c, int64_t *n, struct err *err) ATTR_MUST;
/* Marks one (id) or all (0): 1, 0 none of his, -1. Inside engine_write(). */
int notice_read(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;

/* {"kinds":[{kind,title,muted}]} in the caller's language */
int notice_choices(struct ctx *c, struct json *out, struct err *err) ATTR_MUST;
bool notice_kind(struct str kind);
/* muted: VAL_LIST of kinds. Inside engine_write(). */
int notice_choose(struct ctx *c, struct val muted, struct err *err) ATTR_MUST;

#endif
