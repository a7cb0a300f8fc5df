/*
 * Taking back: what one person, import, way or script did in a time window; an import; a record to
 * one of its versions.
 */
#include "runtime/api_record.h"
#include "runtime/undo_job.h"

#include "engine/org/member.h"

#include <stdio.h>

/* ---- POST /admin/undo ---- */

static int bad(struct err *err, const char *field, const char *zh, const char *en)
{
    (void)err_set(err, ERR_INVALID, "undo", "%s", "%s", en);
    (void)snprintf(err->zh, sizeof err->zh, "%s", zh);
    err_at(err, "%s", field);
    return -1;
}

/* An instant, or a date: its start, or its end. 0, -1; absent leaves *us. */
static int moment(struct http_req *req, struct val body, const char *key, bool end, int64_t *us,
                  struct err *err)
{
    struct str text = body_str(body, key);
    int64_t days;
    struct civil day;
    if (!text.n)
        return 0;
    if (civil_parse_instant(text, us))
        return 0;
    if (!civil_parse_date(text, &days))
        return bad(err, key, "应为日期或时刻。", "This must be a date or an instant.");
    civil_of_days(days + end, &day);
    *us = civil_us(&day, &req->app->zone) - end;
    return 0;
}

static int person(struct http_req *req, struct val body, int64_t *id, struct err *err)
{
    struct str who = body_str(body, "who");
    if (!who.n || id_parse(who, id))
        return 0;
    int found = member_by_login(req->ctx, who, id, err);
    return found < 0 ? -1
           : found   ? 0
                     : bad(err, "who", "没有这个成员。", "There is no such member.");
}

static int read_scope(struct http_req *req, struct val body, struct undo_scope *s, struct err *err)
{
    struct str job = body_str(body, "job");
    *s = (struct undo_scope){
        .app = req->app->key, .via = body_str(body, "via"), .until_us = req->ctx->now_us};
    s->from_us = -1;
    if (person(req, body, &s->who, err) || moment(req, body, "from", false, &s->from_us, err) ||
        moment(req, body, "until", true, &s->until_us, err))
        return -1;
    if (job.n && !id_parse(job, &s->job))
        return bad(err, "job", "没有这个任务。", "There is no such job.");
    if (!s->who && !s->via.n && !s->job)
        return bad(err, "who", "请给出 who、via 或 job。", "Give who, via or job.");
    if (s->from_us < 0 && !s->job)
        return bad(err, "from", "请给出开始的时刻。", "Say when it begins.");
    if (s->from_us > s->until_us)
        return bad(err, "until", "结束早于开始。", "The end lies before the beginning.");
    s->from_us = s->from_us < 0 ? 0 : s->from_us;
    return 0;
}

int api_undo(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct undo_scope scope;
    if (req_json(req, &body, err))
        return -1;
    req->params[0] = body_str(body, "app");
    if (!req->params[0].n)
        return bad(err, "app", "请给出应用。", "Say which app.");
    return req_app(req, err) || read_scope(req, body, &scope, err) ||
                   undo_request(req, resp, &scope, UNDO_FULL, err)
               ? -1
               : 0;
}

/* ---- POST …/records/{id}/restore: out of the bin, or to a version ---- */

struct back {
    struct version_back v;
    struct diags *diags;
    struct rec out;
};

static int back_apply(struct ctx *c, void *arg, struct err *err)
{
    struct back *b = arg;
    return undo_version(c, &b->v, &b->out, b->diags, err);
}

static int back_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct back *b = arg;
    if (b->v.left && b->v.left[0])
        resp_header(resp, STR("X-Kept-Fields"), str_dup(resp->body.a, str_of(b->v.left)));
    return record_answer(req, resp, b->v.form, b->v.id, err);
}

int api_version_back(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                     struct val version, struct err *err)
{
    double n = val_double(version);
    struct back b = {.v = {.form = f, .id = id}, .diags = &resp->diags};
    int64_t base = 0;
    if ((version.kind != VAL_NUM && version.kind != VAL_DEC) || n < 1 || n > 9e15 ||
        n != (double)(int64_t)n)
        return bad(err, "version", "version 应为记录的版本号。",
                   "version must be one of the record.");
    if (req_if_match(req, &base, err) < 0)
        return -1;
    b.v.version = (int64_t)n;
    b.v.base = base;
    struct api_write w = {back_apply, back_render, &b};
    return api_write(req, resp, &w, err);
}
