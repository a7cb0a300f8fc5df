/*
 * Matching paths against the patterns of the route table, segment by segment.
 */
#include "runtime/router.h"

#include "engine/base/strb.h"

static const char *const METHODS[HTTP_METHODS] = {
    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
};

#define BASE STR("/api/v1")

bool http_method_of(struct str name, enum http_method *m)
{
    for (size_t i = 0; i < HTTP_METHODS; i++) {
        if (str_eqz(name, METHODS[i])) {
            *m = (enum http_method)i;
            return true;
        }
    }
    return false;
}

/* Takes "/segment" off the front; false when nothing is left. */
static bool segment(struct str *rest, struct str *out)
{
    if (!rest->n || rest->p[0] != '/')
        return false;
    size_t n = 1;
    while (n < rest->n && rest->p[n] != '/')
        n++;
    *out = str_sub(*rest, 1, n - 1);
    *rest = str_sub(*rest, n, rest->n);
    return true;
}

static bool match(const struct route *r, struct str path, struct str *params)
{
    struct str pattern = str_of(r->pattern), want, have;
    size_t n = 0;
    while (segment(&pattern, &want)) {
        bool param = want.n && want.p[0] == '{';
        if (param && !pattern.n && (r->flags & ROUTE_REST)) {
            params[n] = str_sub(path, 1, path.n);
            return path.n > 1;
        }
        if (!segment(&path, &have) || (param ? !have.n : !str_eq(want, have)))
            return false;
        if (param)
            params[n++] = have;
    }
    return path.n == 0;
}

static bool match_based(const struct route *r, struct str path, struct str *params)
{
    if (r->flags & ROUTE_PLAIN)
        return !str_starts(path, STR("/api/")) && match(r, path, params);
    return str_starts(path, BASE) && match(r, str_sub(path, BASE.n, path.n), params);
}

const struct route *router_find(struct str method, struct str path, struct str *params, bool *known)
{
    const struct route *rows;
    size_t n = routes(&rows);
    enum http_method m;
    bool ok = http_method_of(method, &m);
    if (ok && m == HTTP_HEAD)
        m = HTTP_GET;
    *known = false;
    for (size_t i = 0; i < n; i++) {
        struct str tried[HTTP_PARAMS_MAX] = {{NULL, 0}};
        if (!match_based(&rows[i], path, tried))
            continue;
        *known = true;
        if (!ok || rows[i].method != m)
            continue;
        memcpy(params, tried, sizeof(tried));
        return &rows[i];
    }
    return NULL;
}

struct str router_allow(struct arena *a, struct str path)
{
    const struct route *rows;
    size_t n = routes(&rows);
    struct strb b;
    strb_init(&b, a);
    bool seen[HTTP_METHODS] = {false};
    for (size_t i = 0; i < n; i++) {
        struct str tried[HTTP_PARAMS_MAX];
        if (seen[rows[i].method] || !match_based(&rows[i], path, tried))
            continue;
        seen[rows[i].method] = true;
        strb_addz(&b, b.n ? ", " : "");
        strb_addz(&b, METHODS[rows[i].method]);
    }
    return strb_str(&b);
}
