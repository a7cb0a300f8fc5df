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

struct add {
    const struct form *form;
    int64_t record, id;
    struct val body;
};

static int add_apply(struct ctx *c, void *arg, struct err *err)
{
    struct add *a = arg;
    struct comment in = {a->form, a->record, body_str(a->body, "text"),
                         val_get(a->body, STR("mentions"))};
    return comment_add(c, &in, &a->id, err);
}

static int add_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    resp->status = 201;
    return comment_json(req->ctx, ((struct add *)arg)->id, &resp->json, err);
}

int api_comment_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct add a = {0};
    if (req_form(req, &f, err) || req_id(req, 2, &a.record, err) || req_json(req, &a.body, err))
        return -1;
    a.form = f;
    struct api_write w = {add_apply, add_render, &a};
    return api_write(req, resp, &w, err);
}
