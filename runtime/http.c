/*
 * Small readers and writers that every handler uses.
 */
#include "runtime/http.h"

#include "engine/base/id.h"
#include "runtime/exchange.h"

struct str exchange_path(const struct exchange *x)
{
    struct str path;
    (void)str_cut(x->target, '?', &path);
    return path;
}

struct str exchange_header(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->nheaders; i++)
        if (str_ieq(x->headers[i].name, str_of(name)))
            return x->headers[i].value;
    return STR_NONE;
}

void answer_header(struct exchange *x, struct str name, struct str value)
{
    struct answer *an = &x->answer;
    if (an->nheaders < ANSWER_HEADERS_MAX)
        an->headers[an->nheaders++] = (struct http_pair){name, value};
}

struct str req_query(const struct http_req *req, const char *name)
{
    for (size_t i = 0; i < req->nquery; i++)
        if (str_eqz(req->query[i].name, name))
            return req->query[i].value;
    return STR_NONE;
}

struct str req_header(const struct http_req *req, const char *name)
{
    return exchange_header(req->x, name);
}

int req_json(struct http_req *req, struct val *out, struct err *err)
{
    if (req->batch) {
        *out = req->json;
        return 0;
    }
    struct str type = req_header(req, "content-type"), kind;
    (void)str_cut(type, ';', &kind);
    if (!str_ieq(str_trim(kind), STR("application/json")) &&
        !str_ieq(str_trim(kind), STR("application/json-patch+json")))
        return err_set(err, ERR_MEDIA, "media_type",
                       "请求内容应为 JSON（Content-Type: application/json）。",
                       "The body must be JSON (Content-Type: application/json).");
    if (json_parse(req->ctx->a, req->body, out, err))
        return -1;
    if (out->kind != VAL_OBJ && !(out->kind == VAL_BLANK && req->body.n == 2))
        return err_set(err, ERR_MALFORMED, "not_an_object", "请求内容应为 JSON 对象。",
                       "The body must be a JSON object.");
    return 0;
}

void resp_header(struct http_resp *resp, struct str name, struct str value)
{
    if (resp->nheaders < ARRAY_LEN(resp->headers))
        resp->headers[resp->nheaders++] = (struct http_pair){name, value};
}

void resp_etag(struct http_resp *resp, int64_t version)
{
    resp_header(resp, STR("ETag"), str_fmt(resp->body.a, "\"%lld\"", (long long)version));
}

void resp_no_body(struct http_resp *resp, int status)
{
    resp->status = status;
    resp->body.n = 0;
}

int req_int(const struct http_req *req, const char *name, struct req_range range, int64_t *out,
            struct err *err)
{
    struct str s = req_query(req, name);
    *out = range.dflt;
    if (!s.n || str_int(s, range.min, range.max, out))
        return 0;
    err_set(err, ERR_INVALID, "bad_parameter", "参数 %s 应为 %lld 到 %lld 的整数。",
            "Parameter %s must be a whole number from %lld to %lld.", name, (long long)range.min,
            (long long)range.max);
    err_at(err, "%s", name);
    return -1;
}

bool req_flag(const struct http_req *req, const char *name)
{
    struct str s = req_query(req, name);
    return str_eqz(s, "1") || str_eqz(s, "true");
}

int req_id(const struct http_req *req, size_t param, int64_t *id, struct err *err)
{
    return id_parse(req->params[param], id) ? 0 : no_such(err);
}

int req_app(struct http_req *req, struct err *err)
{
    struct str key = req->params[0], only = req->ctx->who->scope_app;
    if (only.n && !str_eq(only, key))
        return no_such(err);
    req->app = engine_app(req->ctx->engine, key);
    req->ctx->app = req->app;
    return req->app ? 0 : no_such(err);
}

int req_form(struct http_req *req, struct form **form, struct err *err)
{
    if (req_app(req, err))
        return -1;
    *form = app_form(req->app, req->params[1]);
    return *form ? 0 : no_such(err);
}

int req_if_match(const struct http_req *req, int64_t *version, struct err *err)
{
    struct str s = str_trim(req_header(req, "if-match"));
    if (!s.n)
        return 0;
    if (str_starts(s, STR("W/")))
        s = str_sub(s, 2, s.n);
    if (s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
        /* behind a "-" stands what the reader saw of other rows: it is no part of the version */
        struct str number;
        (void)str_cut(str_sub(s, 1, s.n - 2), '-', &number);
        if (str_int(number, 0, INT64_MAX, version))
            return 1;
    }
    return err_set(err, ERR_MALFORMED, "if_match", "If-Match 应为记录的版本，如 \"7\"。",
                   "If-Match must be the record's version, such as \"7\".");
}

int no_such(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "not_found", "没有找到，或您无权查看。",
                   "Not found, or not visible to you.");
}

struct str body_str(struct val body, const char *key)
{
    return val_str(val_get(body, str_of(key)));
}

bool body_bool(struct val body, const char *key)
{
    struct val v = val_get(body, str_of(key));
    return v.kind == VAL_BOOL && v.b;
}

bool req_accepts(const struct http_req *req, const char *coding)
{
    struct str rest = req_header(req, "accept-encoding");
    while (rest.n) {
        struct str item, name;
        rest = str_cut(rest, ',', &item);
        struct str q = str_cut(str_trim(item), ';', &name);
        if (str_eqz(str_trim(name), coding))
            return !str_eqz(str_trim(q), "q=0");
    }
    return false;
}
