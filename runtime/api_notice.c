/*
 * What members were told, and what they want to be told.
 */
#include "runtime/api.h"

#include "engine/org/notice.h"
#include "runtime/people.h"
#include "runtime/write.h"

int api_notices(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct notice_query q = {.unread = req_flag(req, "unread")};
    int64_t limit;
    struct str after = req_query(req, "after");
    if (after.n && !id_parse(after, &q.after))
        return err_set(err, ERR_INVALID, "cursor", "翻页标记无效。", "The cursor is not valid.");
    if (req_int(req, "limit", (struct req_range){1, 200, 50}, &limit, err))
        return -1;
    q.limit = (uint32_t)limit;
    return notice_list(req->ctx, &q, &resp->json, err);
}

static int read_apply(struct ctx *c, void *arg, struct err *err)
{
    int rc = notice_read(c, *(const int64_t *)arg, err);
    return rc == 0 && *(const int64_t *)arg ? no_such(err) : rc < 0 ? -1 : 0;
}

static int render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    int64_t n;
    (void)arg;
    if (notice_unread(req->ctx, &n, err))
        return -1;
    json_begin_obj(&resp->json);
    json_kint(&resp->json, "unread", n);
    json_end_obj(&resp->json);
    return 0;
}

int api_notice_read(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t id;
    if (req_id(req, 0, &id, err))
        return -1;
    struct api_write w = {read_apply, render, &id};
    return api_write(req, resp, &w, err);
}

int api_notices_read(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t all = 0;
    struct api_write w = {read_apply, render, &all};
    return api_write(req, resp, &w, err);
}

/* ---- choices ---- */

int api_notify_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return notice_choices(req->ctx, &resp->json, err);
}

static int choices_apply(struct ctx *c, void *arg, struct err *err)
{
    return notice_choose(c, *(const struct val *)arg, err);
}

static int choices_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)arg;
    return notice_choices(req->ctx, &resp->json, err);
}

int api_notify_put(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    if (req_json(req, &body, err))
        return -1;
    struct val muted = val_get(body, STR("muted"));
    bool ok = muted.kind == VAL_LIST && muted.n <= 32;
    for (size_t i = 0; ok && i < muted.n; i++)
        ok = notice_kind(val_str(muted.list[i]));
    if (!ok) {
        people_bad(&resp->diags, "muted", "没有这种通知。", "There is no such kind of notice.");
        return people_invalid(err);
    }
    struct api_write w = {choices_apply, choices_render, &muted};
    return api_write(req, resp, &w, err);
}
