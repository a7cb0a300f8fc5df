/*
 * The formula editor's questions (complete), and "why is this value" (trace).
 */
#include "engine/base/id.h"
#include "engine/meta/app.h"
#include "engine/record/access.h"
#include "engine/record/complete.h"
#include "engine/record/trace.h"
#include "runtime/api.h"
#include "runtime/server.h"

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

/* The draft, or while it has mistakes the running version. */
static int design_app(struct http_req *req, struct app **app, struct err *err)
{
    struct ctx *c = req->ctx;
    struct diags diags;
    struct draft d = {.diags = &diags};
    diags_init(&diags, c->a);
    int rc = engine_draft(c->engine, c->a, req->params[0], &d, err);
    if (rc)
        return -1;
    *app = d.app ? d.app : engine_app(c->engine, req->params[0]);
    if (!*app)
        return err_set(err, ERR_CONFLICT, "draft_broken", "草稿有错误，而且还没有发布过的版本。",
                       "The draft has mistakes and nothing has been published yet.");
    arena_defer(c->a, drop, *app);
    return 0;
}

static int unknown_form(const char *key, struct err *err)
{
    (void)err_set(err, ERR_INVALID, "unknown_form", "没有这个表单。", "There is no such form.");
    err_at(err, "%s", key);
    return -1;
}

/* "lead", or "lead.items" for the rows of a sub-table; empty: NULL. */
static int form_of(struct app *app, struct val body, const char *key, const struct form **out,
                   struct err *err)
{
    struct str head, text = body_str(body, key);
    struct str table = str_cut(text, '.', &head);
    *out = NULL;
    if (!text.n)
        return 0;
    const struct form *f = app_form(app, head);
    const struct field *field = f && table.n ? form_field(f, table) : NULL;
    *out = table.n ? (field ? field->sub : NULL) : f;
    return *out ? 0 : unknown_form(key, err);
}

static int question(struct val body, struct complete *q, struct err *err)
{
    struct val at = val_get(body, STR("offset"));
    struct str place = body_str(body, "place");
    q->text = body_str(body, "text");
    double offset = at.kind == VAL_NUM || at.kind == VAL_DEC ? val_double(at) : (double)q->text.n;
    q->offset = offset < 0 ? 0 : offset > (double)q->text.n ? q->text.n : (size_t)offset;
    if (place.n && !complete_place(place, &q->place)) {
        (void)err_set(err, ERR_INVALID, "bad_place",
                      "place 应为 value、condition、filter、metric 或 group。",
                      "place is value, condition, filter, metric or group.");
        err_at(err, "place");
        return -1;
    }
    return 0;
}

int api_complete_design(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct complete q = {.design = true};
    if (req_json(req, &body, err) || question(body, &q, err) || design_app(req, &q.app, err) ||
        form_of(q.app, body, "form", &q.form, err) || form_of(q.app, body, "old", &q.old, err) ||
        form_of(q.app, body, "that", &q.that, err) ||
        form_of(q.app, body, "target", &q.target, err) ||
        form_of(q.app, body, "this", &q.this_, err))
        return -1;
    complete_json(req->ctx, &q, &resp->json);
    return 0;
}

int api_complete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct access *x;
    struct val body;
    struct complete q = {.place = FX_PLACE_FILTER};
    if (req_form(req, &f, err) || req_json(req, &body, err) || access_of(req->ctx, f, &x, err))
        return -1;
    if (access_none(x))
        return no_such(err);
    if (question(body, &q, err))
        return -1;
    q.app = f->app;
    q.form = f;
    complete_json(req->ctx, &q, &resp->json);
    return 0;
}

int api_record_trace(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    int64_t id, sub = 0;
    struct str row = req_query(req, "row");
    if (req_form(req, &f, err) || req_id(req, 2, &id, err))
        return -1;
    if (row.n && !id_parse(row, &sub))
        return no_such(err);
    int rc = record_trace(req->ctx, &(struct rec_key){f, id, REC_LIVE}, req_query(req, "field"),
                          sub, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}
