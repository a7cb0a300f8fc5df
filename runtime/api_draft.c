/*
 * Drafts: what the page keeps while one types, and those of forms without a flow that one keeps by
 * hand, which answer where a record would.
 */
#include "runtime/api_record.h"

#include "engine/record/draft.h"

struct drafting {
    struct rec_draft d;
    struct val more;
    struct rec out;
    struct diags *diags;
};

/* ---- …/draft: one for each record, or for a new one ---- */

static int target(struct http_req *req, struct rec_draft *d, struct err *err)
{
    struct form *f;
    struct str record = req_query(req, "record");
    if (req_form(req, &f, err))
        return -1;
    d->form = f;
    return record.n && !id_parse(record, &d->record) ? no_such(err) : 0;
}

/* {draft: {at, version, values} | null} */
int api_draft_kept(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct rec_draft d = {.form = NULL};
    struct json *j = &resp->json;
    if (target(req, &d, err))
        return -1;
    int found = draft_read(req->ctx, &d, err);
    if (found < 0)
        return -1;
    json_begin_obj(j);
    json_key(j, STR("draft"));
    if (found) {
        json_begin_obj(j);
        json_kval(j, "at", val_instant(d.at_us));
        json_kval(j, "version", d.base ? val_num((double)d.base) : VAL_NONE);
        json_kval(j, "values", d.values);
        json_end_obj(j);
    } else {
        json_blank(j);
    }
    json_end_obj(j);
    return 0;
}

static int put_apply(struct ctx *c, void *arg, struct err *err)
{
    struct drafting *w = arg;
    return draft_put(c, &w->d, w->diags, err);
}

static int put_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)arg, (void)err;
    json_begin_obj(&resp->json);
    json_kval(&resp->json, "at", val_instant(req->ctx->now_us));
    json_end_obj(&resp->json);
    return 0;
}

int api_draft_keep(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct drafting w = {.diags = &resp->diags};
    if (target(req, &w.d, err) || req_json(req, &body, err))
        return -1;
    struct val version = val_get(body, STR("version"));
    double base = version.kind == VAL_NUM || version.kind == VAL_DEC ? val_double(version) : 0;
    w.d.values = val_get(body, STR("values"));
    w.d.base = base >= 1 && base < 9e15 ? (int64_t)base : 0;
    if (w.d.values.kind != VAL_OBJ) {
        (void)err_set(err, ERR_INVALID, "values", "values 应为对象。", "values must be an object.");
        err_at(err, "values");
        return -1;
    }
    struct api_write write = {put_apply, put_render, &w};
    return api_write(req, resp, &write, err);
}

static int drop_apply(struct ctx *c, void *arg, struct err *err)
{
    struct drafting *w = arg;
    return draft_drop(c, &w->d, err) < 0 ? -1 : 0;
}

static int drop_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

int api_draft_forget(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct drafting w = {.diags = &resp->diags};
    if (target(req, &w.d, err))
        return -1;
    struct api_write write = {drop_apply, drop_render, &w};
    return api_write(req, resp, &write, err);
}

/* ---- kept by hand, in forms without a flow ---- */

int draft_at(struct http_req *req, const struct form *f, int64_t id, struct rec_draft *d,
             struct err *err)
{
    *d = (struct rec_draft){.form = f, .id = id, .own = true};
    return f->flow ? 0 : draft_read(req->ctx, d, err);
}

int draft_answer(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                 struct err *err)
{
    struct rec_draft d;
    int found = draft_at(req, f, id, &d, err);
    if (found == 1) {
        draft_json(req->ctx, &d, &resp->json);
        resp_etag(resp, d.version);
    }
    return found;
}

static int own_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct drafting *w = arg;
    return draft_answer(req, resp, w->d.form, w->d.id, err) < 0 ? -1 : 0;
}

static int fresh_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    resp->status = 201;
    return own_render(req, resp, arg, err);
}

int draft_create(struct http_req *req, struct http_resp *resp, const struct form *f,
                 struct val values, struct err *err)
{
    struct drafting w = {.d = {.form = f, .own = true, .values = values}, .diags = &resp->diags};
    struct api_write write = {put_apply, fresh_render, &w};
    return api_write(req, resp, &write, err);
}

static int patch_apply(struct ctx *c, void *arg, struct err *err)
{
    struct drafting *w = arg;
    int found = draft_read(c, &w->d, err);
    if (found <= 0)
        return found < 0 ? -1 : no_such(err);
    w->d.values = draft_with(c, w->d.values, w->more);
    return draft_put(c, &w->d, w->diags, err);
}

int draft_change(struct http_req *req, struct http_resp *resp, const struct rec_draft *d,
                 struct val values, struct err *err)
{
    struct drafting w = {.d = *d, .more = values, .diags = &resp->diags};
    struct api_write write = {patch_apply, own_render, &w};
    return api_write(req, resp, &write, err);
}

int draft_remove(struct http_req *req, struct http_resp *resp, const struct rec_draft *d,
                 struct err *err)
{
    struct drafting w = {.d = *d, .diags = &resp->diags};
    struct api_write write = {drop_apply, drop_render, &w};
    return api_write(req, resp, &write, err);
}

static int submit_apply(struct ctx *c, void *arg, struct err *err)
{
    struct drafting *w = arg;
    return draft_submit(c, &w->d, w->more, &w->out, w->diags, err);
}

static int submit_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct drafting *w = arg;
    return record_answer(req, resp, w->d.form, w->out.id, err);
}

int draft_hand_in(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                  struct val body, struct err *err)
{
    struct drafting w = {.d = {.form = f, .id = id, .own = true},
                         .more = val_get(body, STR("values")),
                         .diags = &resp->diags};
    struct api_write write = {submit_apply, submit_render, &w};
    return api_write(req, resp, &write, err);
}
