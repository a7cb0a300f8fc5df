/*
 * Around a record: a copy to begin with, the bin's end, drafts; and the settings of an app.
 */
#include "runtime/api_record.h"

#include "engine/record/copy.h"
#include "engine/record/draft.h"
#include "engine/record/purge.h"
#include "engine/record/setting.h"
#include "runtime/audited.h"

/* ---- copy ---- */

int api_record_copy(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    int64_t id;
    if (req_form(req, &f, err) || req_id(req, 2, &id, err))
        return -1;
    int rc = record_copy(req->ctx, f, id, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

/* ---- out of the bin for good ---- */

struct purging {
    const struct form *form;
    int64_t id;
};

static int purge_apply(struct ctx *c, void *arg, struct err *err)
{
    struct purging *p = arg;
    return purge_record(c, p->form, p->id, err);
}

static int no_body(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

int api_record_purge(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                     struct err *err)
{
    struct purging p = {f, id};
    struct api_write w = {purge_apply, no_body, &p};
    return api_write(req, resp, &w, err);
}

/* ---- drafts ---- */

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

int api_my_drafts(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    json_begin_obj(j);
    json_key(j, STR("drafts"));
    json_begin_list(j);
    for (size_t i = 0; i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        if (!app)
            continue;
        arena_defer(c->a, drop, app);
        if (draft_list(c, app, j, err))
            return -1;
    }
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

/* ---- settings ---- */

int api_app_settings(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return req_app(req, err) || setting_list(req->ctx, req->app, &resp->json, err) ? -1 : 0;
}

struct setting_of {
    struct setting_put put;
    struct str addr;
    struct diags *diags;
};

static int setting_apply(struct ctx *c, void *arg, struct err *err)
{
    struct setting_of *s = arg;
    struct audit a = {.what = STR("setting"),
                      .addr = s->addr,
                      .app = s->put.app->key,
                      .detail = audit_detail(c->a, "key", val_text(s->put.key))};
    return setting_put(c, &s->put, s->diags, err) || audit_add(c, &a, err) ? -1 : 0;
}

static int setting_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)arg;
    return setting_list(req->ctx, req->app, &resp->json, err);
}

int api_app_setting_put(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct setting_of s = {.addr = req->remote, .diags = &resp->diags};
    if (req_app(req, err) || req_json(req, &body, err))
        return -1;
    struct str day = body_str(body, "day");
    s.put = (struct setting_put){
        .app = req->app, .key = req->params[1], .value = val_get(body, STR("value"))};
    s.put.has_day = day.n != 0;
    if (day.n && !civil_parse_date(day, &s.put.day)) {
        (void)err_set(err, ERR_INVALID, "day", "day 应为日期。", "day must be a date.");
        err_at(err, "day");
        return -1;
    }
    struct api_write w = {setting_apply, setting_render, &s};
    return api_write(req, resp, &w, err);
}
