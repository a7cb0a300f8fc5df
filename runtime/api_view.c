/*
 * Views that members keep on a form.
 */
#include "runtime/api.h"

#include "engine/record/saved_view.h"
#include "runtime/write.h"

int api_view_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    return req_form(req, &f, err) || saved_view_list(req->ctx, f, &resp->json, err) ? -1 : 0;
}

static int put_apply(struct ctx *c, void *arg, struct err *err)
{
    return saved_view_put(c, arg, err);
}

static int put_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    resp->status = req->method == HTTP_POST ? 201 : 200;
    return saved_view_json(req->ctx, arg, &resp->json, err);
}

static int delete_apply(struct ctx *c, void *arg, struct err *err)
{
    return saved_view_delete(c, arg, err);
}

static int no_body(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

static int put(struct http_req *req, struct http_resp *resp, bool one, struct err *err)
{
    struct form *f;
    struct saved_view v = {.fresh = !one};
    if (req_form(req, &f, err) || (one && req_id(req, 2, &v.id, err)) || req_json(req, &v.def, err))
        return -1;
    v.form = f;
    v.title = body_str(v.def, "title");
    v.shared = val_get(v.def, STR("shared"));
    struct api_write w = {put_apply, put_render, &v};
    return api_write(req, resp, &w, err);
}

int api_view_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return put(req, resp, false, err);
}

int api_view_put(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return put(req, resp, true, err);
}

int api_view_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct saved_view v = {0};
    if (req_form(req, &f, err) || req_id(req, 2, &v.id, err))
        return -1;
    v.form = f;
    struct api_write w = {delete_apply, no_body, &v};
    return api_write(req, resp, &w, err);
}
