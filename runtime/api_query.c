/*
 * Lists, aggregates, expressions and exports of a form.
 */
#include "runtime/api_record.h"

#include "engine/record/access.h"
#include "engine/record/asof.h"
#include "engine/record/eval.h"
#include "engine/record/export.h"
#include "engine/record/query.h"
#include "engine/base/temp.h"
#include "runtime/audited.h"
#include "runtime/server.h"

#include <unistd.h>

/* Where a parameter comes from: the address or a JSON body. */
struct source {
    struct http_req *req;
    struct val body; /* VAL_ABSENT: the address */
};

static struct str text_of(const struct source *s, const char *name)
{
    struct arena *a = s->req->ctx->a;
    if (s->body.kind == VAL_ABSENT)
        return req_query(s->req, name);
    struct val v = val_get(s->body, str_of(name));
    if (v.kind != VAL_LIST)
        return v.kind == VAL_TEXT ? val_str(v) : v.kind == VAL_BOOL && v.b ? STR("1") : STR_NONE;
    struct strb b;
    strb_init(&b, a);
    for (size_t i = 0; i < v.n; i++) {
        strb_addz(&b, i ? "," : "");
        strb_add(&b, val_str(v.list[i]));
    }
    return strb_str(&b);
}

static int number_of(const struct source *s, const char *name, int64_t max, uint32_t *out,
                     struct err *err)
{
    int64_t n = 0;
    if (s->body.kind == VAL_ABSENT) {
        if (req_int(s->req, name, (struct req_range){1, max, 0}, &n, err))
            return -1;
    } else {
        struct val v = val_get(s->body, str_of(name));
        double d = val_double(v);
        bool ok = val_is_blank(v) ||
                  ((v.kind == VAL_NUM || v.kind == VAL_DEC) && d >= 1 && d <= (double)max);
        if (!ok) {
            (void)err_set(err, ERR_INVALID, "bad_parameter", "参数 %s 应为 1 到 %lld 的整数。",
                          "Parameter %s must be a whole number from 1 to %lld.", name,
                          (long long)max);
            err_at(err, "%s", name);
            return -1;
        }
        n = val_is_blank(v) ? 0 : (int64_t)d;
    }
    *out = (uint32_t)n;
    return 0;
}

static int view_of(const struct source *s, const struct form *f, const struct view **out,
                   struct err *err)
{
    struct str key = text_of(s, "view");
    *out = NULL;
    if (!key.n || (str_eqz(key, "all") && !form_view(f, key)))
        return 0;
    *out = form_view(f, key);
    if (*out)
        return 0;
    (void)err_set(err, ERR_INVALID, "unknown_view", "没有视图“%.*s”。", "There is no view “%.*s”.",
                  STR_ARG(key));
    err_at(err, "view");
    return -1;
}

static int count_of(const struct source *s, enum query_count *out, struct err *err)
{
    static const char *const NAMES[] = {
        [COUNT_CAPPED] = "capped", [COUNT_NONE] = "none", [COUNT_EXACT] = "exact"};
    struct str v = text_of(s, "count");
    *out = COUNT_CAPPED;
    if (!v.n)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (str_eqz(v, NAMES[i])) {
            *out = (enum query_count)i;
            return 0;
        }
    }
    (void)err_set(err, ERR_INVALID, "bad_parameter", "count 应为 none、capped 或 exact。",
                  "count must be none, capped or exact.");
    err_at(err, "count");
    return -1;
}

static int bin_then(struct err *err)
{
    (void)err_set(err, ERR_INVALID, "as_of", "回收站不能按时刻查看。",
                  "The recycle bin cannot be read as of an instant.");
    err_at(err, "as_of");
    return -1;
}

static int list(struct source *s, struct http_resp *resp, struct err *err)
{
    struct form *f;
    if (req_form(s->req, &f, err))
        return -1;
    struct query q = {.form = f,
                      .filter = text_of(s, "filter"),
                      .sort = text_of(s, "sort"),
                      .fields = text_of(s, "fields"),
                      .expand = text_of(s, "expand"),
                      .search = text_of(s, "search"),
                      .after = text_of(s, "after"),
                      .bin = str_eqz(text_of(s, "bin"), "1")};
    if (view_of(s, f, &q.view, err) || count_of(s, &q.count, err) ||
        number_of(s, "limit", QUERY_LIMIT_MAX, &q.limit, err) ||
        number_of(s, "page", 1000000, &q.page, err))
        return -1;
    int then = as_of_begin(s->req, text_of(s, "as_of"), f, 0, err);
    if (then < 0)
        return -1;
    if (then && q.bin)
        return asof_end(s->req->ctx, bin_then(err), err);
    int rc = query_list(s->req->ctx, &q, &resp->json, err);
    return then ? asof_end(s->req->ctx, rc, err) : rc;
}

int api_records(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct source s = {req, {.kind = VAL_ABSENT}};
    return list(&s, resp, err);
}

int api_query(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct source s = {req, VAL_NONE};
    return req_json(req, &s.body, err) ? -1 : list(&s, resp, err);
}

int api_aggregate(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct source s = {req, {.kind = VAL_ABSENT}};
    if (req_form(req, &f, err))
        return -1;
    struct aggregate g = {.form = f,
                          .group = text_of(&s, "group"),
                          .metrics = text_of(&s, "metrics"),
                          .filter = text_of(&s, "filter"),
                          .sort = text_of(&s, "sort")};
    if (view_of(&s, f, &g.view, err) || number_of(&s, "limit", 10000, &g.limit, err))
        return -1;
    int then = as_of_begin(req, text_of(&s, "as_of"), f, 0, err);
    if (then < 0)
        return -1;
    int rc = query_aggregate(req->ctx, &g, &resp->json, err);
    return then ? asof_end(req->ctx, rc, err) : rc;
}

/* ---- expressions ---- */

/* The expression of a request: its own text, or that of a computed field the caller may see. */
static int expression(struct http_req *req, const struct form *f, struct val body, struct str *text,
                      struct err *err)
{
    struct access *x;
    *text = body_str(body, "expr");
    if (text->n)
        return 0;
    struct field *field = form_field(f, body_str(body, "field"));
    if (access_of(req->ctx, f, &x, err))
        return -1;
    if (!field || !field->value || access_field(x, field) < FIELD_READ) {
        (void)err_set(err, ERR_INVALID, "unknown_field", "没有这个计算字段。",
                      "There is no such computed field.");
        err_at(err, "field");
        return -1;
    }
    *text = fx_text(field->value);
    return 0;
}

int api_eval(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct access *x;
    struct val body;
    struct eval_result got = {.value = VAL_NONE};
    struct str text;
    if (req_form(req, &f, err) || req_json(req, &body, err) || access_of(req->ctx, f, &x, err))
        return -1;
    if (access_none(x))
        return no_such(err);
    if (expression(req, f, body, &text, err) ||
        eval_form(req->ctx, f, text, val_get(body, STR("values")), &got, err))
        return -1;
    json_begin_obj(&resp->json);
    json_kval(&resp->json, "value", got.value);
    json_key(&resp->json, STR("reasons"));
    if (got.reasons.kind == VAL_LIST) {
        json_val(&resp->json, got.reasons);
    } else {
        json_begin_list(&resp->json);
        json_end_list(&resp->json);
    }
    json_end_obj(&resp->json);
    return 0;
}

/* ---- export ---- */

int api_export(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct source s = {req, VAL_NONE};
    if (req_form(req, &f, err) || req_json(req, &s.body, err))
        return -1;
    struct export e = {.query = {.form = f,
                                 .filter = text_of(&s, "filter"),
                                 .sort = text_of(&s, "sort"),
                                 .fields = text_of(&s, "fields"),
                                 .search = text_of(&s, "search")},
                       .machine = str_eqz(text_of(&s, "for"), "machine")};
    struct arena *a = req->ctx->a;
    struct str dir = req->server->spool_dir;
    int fd = temp_nameless(a, dir);
    if (fd < 0)
        return err_set(err, ERR_STORE, "export_file", "无法写入导出文件：磁盘出错或已满。",
                       "The export cannot be written: the disk fails or is full.");
    if (view_of(&s, f, &e.query.view, err) ||
        export_format_of(text_of(&s, "format"), &e.format, err) ||
        export_file(req->ctx, &e, temp_path(a, fd), dir, err) ||
        audited(req, "export", f->app->key, "form", val_text(f->key), err)) {
        close(fd);
        return -1;
    }
    resp->file_fd = fd;
    resp->type = export_type(e.format);
    resp_header(resp, STR("Content-Disposition"),
                str_fmt(resp->body.a, "attachment; filename=\"%.*s.%s\"", STR_ARG(f->key),
                        e.format == EXPORT_XLSX ? "xlsx" : "csv"));
    return 0;
}
