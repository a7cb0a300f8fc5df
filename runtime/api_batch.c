/*
 * Many writes in one transaction, all or nothing: rows of one form, or a list of requests.
 */
#include "runtime/api_record.h"

#include "engine/record/query.h"
#include "runtime/auth.h"
#include "runtime/http_guard.h"
#include "runtime/router.h"

#define ROWS_MAX     1000
#define REQUESTS_MAX 100

/* ---- rows of one form ---- */

struct rows {
    const struct form *form;
    enum rec_op op;
    const char *name;        /* "create", "ids" or "delete", for error paths */
    const struct val *items; /* bodies to create */
    const int64_t *ids;
    size_t n;
    struct val set;
    struct rec *out;
    struct diags *diags;
};

static int rows_apply(struct ctx *c, void *arg, struct err *err)
{
    struct rows *r = arg;
    struct str outer = r->diags->prefix;
    c->via = VIA_BATCH;
    for (size_t i = 0; i < r->n; i++) {
        struct rec_write w = {.op = r->op, .form = r->form, .no_version = true};
        w.id = r->ids ? r->ids[i] : 0;
        w.values = r->op == REC_CREATE ? body_fields(c->a, r->items[i]) : r->set;
        r->diags->prefix = str_fmt(c->a, "%s[%zu]", r->name, i);
        int rc = record_write(c, &w, &r->out[i], r->diags, err);
        r->diags->prefix = outer;
        if (rc) {
            err_in(err, "%s[%zu]", r->name, i);
            return -1;
        }
    }
    return 0;
}

static int rows_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct rows *r = arg;
    struct json *j = &resp->json;
    char buf[16];
    json_begin_obj(j);
    json_key(j, STR("results"));
    json_begin_list(j);
    for (size_t i = 0; i < r->n; i++) {
        int64_t version;
        json_begin_obj(j);
        json_kint(j, "status", r->op == REC_CREATE ? 201 : r->op == REC_DELETE ? 204 : 200);
        json_kstr(j, "id", id_print(r->op == REC_CREATE ? r->out[i].id : r->ids[i], buf));
        if (r->op != REC_DELETE) {
            json_key(j, STR("record"));
            int rc = record_json(req->ctx, &(struct rec_key){r->form, r->out[i].id, REC_LIVE}, j,
                                 &version, err);
            if (rc < 0)
                return -1;
            if (rc == 0)
                json_blank(j);
        }
        json_end_obj(j);
    }
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

static int too_many(struct err *err)
{
    return err_set(err, ERR_INVALID, "too_many_rows", "一次最多 %d 行。",
                   "At most %d rows at a time.", ROWS_MAX);
}

static int take_ids(struct http_req *req, struct val list, struct rows *r, struct err *err)
{
    int64_t *ids = ARENA_ARRAY(req->ctx->a, int64_t, list.n);
    if (list.kind != VAL_LIST)
        return err_set(err, ERR_INVALID, "bad_value", "%s 应为 id 的列表。",
                       "%s must be a list of ids.", r->name);
    if (list.n > ROWS_MAX)
        return too_many(err);
    for (size_t i = 0; i < list.n; i++)
        if (!id_parse(val_str(list.list[i]), &ids[i]))
            return no_such(err);
    r->ids = ids;
    r->n = list.n;
    return 0;
}

struct picked {
    struct ctx *c;
    const struct form *form;
    int64_t *ids;
    size_t n;
};

static int pick(void *arg, int64_t id, struct val obj, struct err *err)
{
    struct picked *p = arg;
    (void)obj;
    int rc = record_can(p->c, p->form, id, RIGHT_UPDATE, err);
    if (rc <= 0)
        return rc;
    if (p->n == ROWS_MAX)
        return too_many(err);
    p->ids[p->n++] = id;
    return 0;
}

static int take_where(struct http_req *req, struct str where, struct rows *r, struct err *err)
{
    struct ctx *c = req->ctx;
    struct picked p = {c, r->form, ARENA_ARRAY(c->a, int64_t, ROWS_MAX), 0};
    struct query q = {.form = r->form, .filter = where, .fields = STR("_id")};
    if (query_each(c, &q, pick, &p, err)) {
        if (err->code == ERR_INVALID)
            err_at(err, "where");
        return -1;
    }
    r->ids = p.ids;
    r->n = p.n;
    r->name = "where";
    return 0;
}

static int take_rows(struct http_req *req, struct val body, struct rows *r, struct err *err)
{
    struct val create = val_get(body, STR("create")), del = val_get(body, STR("delete"));
    struct val set = val_get(body, STR("set")), ids = val_get(body, STR("ids"));
    struct str where = body_str(body, "where");
    if (create.kind == VAL_LIST) {
        r->op = REC_CREATE;
        r->name = "create";
        r->items = create.list;
        r->n = create.n;
        return create.n > ROWS_MAX ? too_many(err) : 0;
    }
    r->op = del.kind == VAL_LIST ? REC_DELETE : REC_UPDATE;
    r->name = r->op == REC_DELETE ? "delete" : "ids";
    r->set = set;
    if (r->op == REC_DELETE)
        return take_ids(req, del, r, err);
    if (set.kind == VAL_OBJ && ids.kind == VAL_LIST)
        return take_ids(req, ids, r, err);
    if (set.kind == VAL_OBJ && where.n)
        return take_where(req, where, r, err);
    return err_set(err, ERR_INVALID, "bad_batch", "请给出 create、delete，或 set 加 ids 或 where。",
                   "Give create, delete, or set with ids or where.");
}

int api_form_batch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct val body;
    struct rows r = {.diags = &resp->diags};
    if (req_form(req, &f, err) || req_json(req, &body, err))
        return -1;
    r.form = f;
    if (take_rows(req, body, &r, err))
        return -1;
    r.out = ARENA_ARRAY(req->ctx->a, struct rec, r.n);
    struct api_write w = {rows_apply, rows_render, &r};
    return api_write(req, resp, &w, err);
}

/* ---- a list of requests ---- */

struct part {
    struct str method, path;
    struct val body;
    int status;
    struct str answer;
};

struct parts {
    struct http_req *req;
    struct http_resp *resp;
    struct part *v;
    size_t n;
};

/* "$0._id" becomes what the first answer holds there. */
static int refer(struct parts *p, size_t upto, struct str text, struct val *out)
{
    struct str digits, key = str_cut(str_sub(text, 1, text.n), '.', &digits);
    int64_t i;
    struct val answer;
    struct err ignored = ERR_INIT;
    if (!str_int(digits, 0, (int64_t)upto - 1, &i) ||
        json_parse(p->req->ctx->a, p->v[i].answer, &answer, &ignored))
        return 0;
    *out = val_get(answer, key);
    return out->kind != VAL_ABSENT;
}

static struct val resolve(struct parts *p, size_t upto, struct val v)
{
    struct arena *a = p->req->ctx->a;
    struct val hit;
    if (v.kind == VAL_TEXT && v.n > 2 && v.text[0] == '$' && refer(p, upto, val_str(v), &hit))
        return hit;
    if (v.kind == VAL_LIST) {
        struct val *list = ARENA_ARRAY(a, struct val, v.n);
        for (size_t i = 0; i < v.n; i++)
            list[i] = resolve(p, upto, v.list[i]);
        v.list = list;
    } else if (v.kind == VAL_OBJ) {
        struct pair *obj = ARENA_ARRAY(a, struct pair, v.n);
        for (size_t i = 0; i < v.n; i++)
            obj[i] = (struct pair){v.obj[i].key, resolve(p, upto, v.obj[i].value)};
        v.obj = obj;
    }
    return v;
}

/* The path with "$0._id" segments filled in. */
static struct str resolve_path(struct parts *p, size_t upto, struct str path)
{
    struct strb b;
    strb_init(&b, p->req->ctx->a);
    if (str_starts(path, STR("/api/v1/")))
        path = str_sub(path, 7, path.n);
    strb_addz(&b, "/api/v1");
    while (path.n) {
        struct str segment;
        struct val hit;
        path = str_cut(path, '/', &segment);
        if (segment.n > 2 && segment.p[0] == '$' && refer(p, upto, segment, &hit))
            segment = val_str(hit);
        if (segment.n) {
            strb_addc(&b, '/');
            strb_add(&b, segment);
        }
    }
    return strb_str(&b);
}

static const struct route *part_route(struct part *q, struct str target, struct str *params,
                                      struct err *err)
{
    bool known;
    struct str path;
    (void)str_cut(target, '?', &path);
    const struct route *r = router_find(q->method, path, params, &known);
    /* Only records: what else a batch could do has its own transaction or none. */
    if (r && str_starts(str_of(r->pattern), STR("/apps/{app}/forms/{form}/records")) &&
        r->handler != api_form_batch)
        return r;
    (void)err_set(err, ERR_INVALID, "bad_batch", "批量请求中不能使用 %.*s %.*s。",
                  "A batch cannot do %.*s %.*s.", STR_ARG(q->method), STR_ARG(q->path));
    return NULL;
}

static int part_query(struct http_req *sub, struct str target, struct err *err)
{
    struct str path, query = str_cut(target, '?', &path);
    struct http_pair *pairs;
    if (guard_query(sub->ctx->a, query, &pairs, &sub->nquery, err))
        return -1;
    sub->query = pairs;
    for (size_t k = 0; k < HTTP_PARAMS_MAX && sub->params[k].n; k++)
        if (guard_decode(sub->ctx->a, sub->params[k], false, &sub->params[k], err))
            return -1;
    return 0;
}

static int part_run(struct parts *p, size_t i, struct err *err)
{
    struct ctx *c = p->req->ctx;
    struct part *q = &p->v[i];
    struct http_req sub = *p->req;
    struct http_resp resp = {.type = STR("application/json"), .diags = p->resp->diags};
    struct str target = resolve_path(p, i, q->path);
    memset(sub.params, 0, sizeof(sub.params));
    sub.app = NULL;
    sub.batch = true;
    sub.json = resolve(p, i, q->body);
    const struct route *r = part_route(q, target, sub.params, err);
    if (!r || part_query(&sub, target, err))
        return -1;
    sub.route = r;
    sub.method = r->method;
    if (auth_allow(&sub, r, err))
        return -1;
    strb_init(&resp.body, c->a);
    json_init(&resp.json, &resp.body);
    resp.diags.prefix = str_fmt(c->a, "requests[%zu]", i);
    int rc = r->handler(&sub, &resp, err);
    app_unref(&sub.app);
    c->app = NULL;
    resp.diags.prefix = STR_NONE;
    p->resp->diags = resp.diags;
    if (rc) {
        err_in(err, "requests[%zu]", i);
        return -1;
    }
    q->status = resp.status ? resp.status : 200;
    q->answer = strb_str(&resp.body);
    return 0;
}

static int parts_apply(struct ctx *c, void *arg, struct err *err)
{
    struct parts *p = arg;
    c->via = VIA_BATCH;
    for (size_t i = 0; i < p->n; i++)
        if (part_run(p, i, err))
            return -1;
    return 0;
}

static int parts_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct parts *p = arg;
    struct json *j = &resp->json;
    json_begin_obj(j);
    json_key(j, STR("results"));
    json_begin_list(j);
    for (size_t i = 0; i < p->n; i++) {
        struct val body = VAL_NONE;
        if (p->v[i].answer.n && json_parse(req->ctx->a, p->v[i].answer, &body, err))
            return -1;
        json_begin_obj(j);
        json_kint(j, "status", p->v[i].status);
        if (val_get(body, STR("_id")).kind == VAL_TEXT)
            json_kval(j, "id", val_get(body, STR("_id")));
        if (body.kind == VAL_OBJ)
            json_kval(j, "record", body);
        json_end_obj(j);
    }
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

int api_batch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    if (req_json(req, &body, err))
        return -1;
    struct val list = val_get(body, STR("requests"));
    if (list.kind != VAL_LIST || list.n == 0 || list.n > REQUESTS_MAX)
        return err_set(err, ERR_INVALID, "bad_batch", "requests 应为 1 到 %d 个请求的列表。",
                       "requests must be a list of 1 to %d requests.", REQUESTS_MAX);
    struct parts p = {req, resp, ARENA_ARRAY(req->ctx->a, struct part, list.n), list.n};
    for (size_t i = 0; i < list.n; i++) {
        p.v[i].method = body_str(list.list[i], "method");
        p.v[i].path = body_str(list.list[i], "path");
        p.v[i].body = val_get(list.list[i], STR("body"));
    }
    struct api_write w = {parts_apply, parts_render, &p};
    return api_write(req, resp, &w, err);
}
