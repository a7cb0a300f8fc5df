/*
 * Comments of a record.
 */
#include "runtime/api.h"

#include "engine/record/comment.h"
#include "runtime/write.h"

int api_comment_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    int64_t id;
    if (req_form(req, &f, err) || req_id(req, 2, &id, err))
        return -1;
    int rc = comment_list(req->ctx, f, id, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

static int add_apply(struct ctx *c, void *arg, struct err *err)
{
    return comment_add(c, arg, err);
}

static int edit_apply(struct ctx *c, void *arg, struct err *err)
{
    return comment_edit(c, arg, err);
}

static int delete_apply(struct ctx *c, void *arg, struct err *err)
{
    return comment_delete(c, arg, err);
}

static int render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    resp->status = req->method == HTTP_POST ? 201 : 200;
    return comment_json(req->ctx, arg, &resp->json, err);
}

static int no_body(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

/* The record, the comment when the address has one, and what the body says. */
static int read(struct http_req *req, bool one, struct comment *in, struct err *err)
{
    struct form *f;
    struct val body = VAL_NONE;
    if (req_form(req, &f, err) || req_id(req, 2, &in->record, err) ||
        (one && req_id(req, 3, &in->id, err)) ||
        (req->method != HTTP_DELETE && req_json(req, &body, err)))
        return -1;
    in->form = f;
    in->text = body_str(body, "text");
    in->mentions = val_get(body, STR("mentions"));
    return 0;
}

int api_comment_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct comment in = {0};
    struct api_write w = {add_apply, render, &in};
    return read(req, false, &in, err) || api_write(req, resp, &w, err) ? -1 : 0;
}

int api_comment_patch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct comment in = {0};
    struct api_write w = {edit_apply, render, &in};
    return read(req, true, &in, err) || api_write(req, resp, &w, err) ? -1 : 0;
}

int api_comment_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct comment in = {0};
    struct api_write w = {delete_apply, no_body, &in};
    return read(req, true, &in, err) || api_write(req, resp, &w, err) ? -1 : 0;
}
