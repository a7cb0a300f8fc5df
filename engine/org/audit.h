/*
 * The audit log: who did what to the system itself (logins, people, tokens, definitions, exports,
 * backups). Append-only rows chained by an HMAC with the installation's secret: a changed, missing
 * or reordered row breaks the chain. (What was done to records is in their history.)
 */
#ifndef ORG_AUDIT_H
#define ORG_AUDIT_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

struct audit {
    struct str what; /* "login", "login.failed", "member.add" … */
    struct str addr; /* of the caller; may be empty */
    struct str app;
    struct str form;
    int64_t record;
    struct val detail; /* VAL_OBJ or blank; never a secret or a whole record */
};

/* Inside a write job. The one who acts is c->who. */
int audit_add(struct ctx *c, const struct audit *a, struct err *err) ATTR_MUST;
/* Walks the chain: {"ok":true,"rows":n,"head":"…"} or {"ok":false,"bad":n,…}, where bad is the
 * first wrong row. The head can be kept elsewhere, to notice a tail that was cut off. */
int audit_verify(struct ctx *c, struct json *out, struct err *err) ATTR_MUST;

#endif
