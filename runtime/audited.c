/*
 * Small help for audit lines.
 */
#include "runtime/audited.h"

struct val audit_detail(struct arena *a, const char *name, struct val value)
{
    struct pair *p = ARENA_NEW(a, struct pair);
    *p = (struct pair){str_of(name), value};
    return val_obj(p, 1);
}

static int add(struct ctx *c, void *arg, struct err *err)
{
    return audit_add(c, arg, err);
}

int audited(struct http_req *req, const char *what, struct str app, const char *name,
            struct val value, struct err *err)
{
    struct audit a = {.what = str_of(what), .addr = req->remote, .app = app};
    if (name)
        a.detail = audit_detail(req->ctx->a, name, value);
    return engine_write(req->ctx, add, &a, err);
}
