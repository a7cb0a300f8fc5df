/*
 * Audit lines of handlers: added in the write job of what they tell, or in one of their own after
 * what wrote nothing.
 */
#ifndef RUNTIME_AUDITED_H
#define RUNTIME_AUDITED_H

#include "engine/org/audit.h"
#include "runtime/http.h"

/* A row in a write job of its own, for what has none (exports, backups, publishing). name, value:
 * the detail; may be NULL. */
int audited(struct http_req *req, const char *what, struct str app, const char *name,
            struct val value, struct err *err) ATTR_MUST;
/* {"name": value} in the request's arena. */
struct val audit_detail(struct arena *a, const char *name, struct val value);

#endif
