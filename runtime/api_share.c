/*
 * Sharing one record, and merging two, over HTTP.
 */
#include "engine/base/id.h"
#include "engine/org/audit.h"
#include "engine/org/member.h"
#include "engine/record/merge.h"
#include "engine/record/share.h"
#include "runtime/api.h"
#include "runtime/api_record.h"
#include "runtime/audited.h"
#include "runtime/write.h"

struct sharing {
    struct share share;
    int64_t *members;
    size_t n;
    bool take; /* back */
};

static int wrong(const char *where, struct err *err)
{
    (void)err_set(err, ERR_INVALID, "bad_value",
                  "to 是成员或成员列表，can 为 read、comment、history、print，until 为日期或时间。",
                  "to is a member or a list of them, can is of read, comment, history, print, "
                  "until a date or an instant.");
    err_at(err, "%s", where);
    return -1;
}

static int one_member(struct ctx *c, struct val v, int64_t *id, struct err *err)
{
    struct str text = v.kind == VAL_OBJ ? val_str(val_get(v, STR("id"))) : val_str(v);
    if (id_parse(text, id))
        return 0;
    int rc = text.n ? member_by_login(c, text, id, err) : 0;
    return rc == 1 ? 0 : rc < 0 ? -1 : wrong("to", err);
}

static int read_members(struct ctx *c, struct val to, struct sharing *s, struct err *err)
{
    const struct val *items = to.kind == VAL_LIST ? to.list : &to;
    s->n = to.kind == VAL_LIST ? to.n : 1;
    if (!s->n || s->n > SHARES_MAX)
        return wrong("to", err);
    s->members = ARENA_ARRAY(c->a, int64_t, s->n);
    for (size_t i = 0; i < s->n; i++)
        if (one_member(c, items[i], &s->members[i], err))
            return -1;
    return 0;
}

static int read_can(struct val can, unsigned *out, struct err *err)
{
    *out = RIGHT_READ;
    if (val_is_blank(can))
        return 0;
    const struct val *items = can.kind == VAL_LIST ? can.list : &can;
    for (size_t i = 0; i < (can.kind == VAL_LIST ? can.n : 1u); i++) {
        unsigned right;
        if (!share_right(val_str(items[i]), &right))
            return wrong("can", err);
        *out |= right;
    }
    return 0;
}

/* A date is the end of that day in the app's zone. */
static int read_until(struct ctx *c, struct val until, int64_t *out, struct err *err)
{
    int64_t day;
    *out = 0;
    if (val_is_blank(until))
        return 0;
    if (civil_parse_date(val_str(until), &day)) {
        struct civil t;
        civil_of_days(day + 1, &t);
        *out = civil_us(&t, &c->app->zone);
    } else if (!civil_parse_instant(val_str(until), out)) {
        return wrong("until", err);
    }
    return *out > c->now_us ? 0 : wrong("until", err);
}

static int apply(struct ctx *c, void *arg, struct err *err)
{
    struct sharing *s = arg;
    const struct form *f = s->share.form;
    for (size_t i = 0; i < s->n; i++) {
        char buf[16];
        struct audit a = {.what = s->take ? STR("share.revoke") : STR("share"),
                          .app = f->app->key,
                          .form = f->key,
                          .record = s->share.record,
                          .detail =
                              audit_detail(c->a, "member",
                                           val_text(str_dup(c->a, id_print(s->members[i], buf))))};
        s->share.member = s->members[i];
        int rc = s->take ? share_remove(c, f, s->share.record, s->members[i], err)
                         : share_add(c, &s->share, err);
        if (s->take && rc == 0)
            return no_such(err);
        if (rc < 0 || audit_add(c, &a, err))
            return -1;
    }
    return 0;
}

static int render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct sharing *s = arg;
    if (s->take) {
        resp_no_body(resp, 204);
        return 0;
    }
    int rc = share_list(req->ctx, s->share.form, s->share.record, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

static int target(struct http_req *req, struct share *s, struct err *err)
{
    struct form *f;
    if (req_form(req, &f, err) || req_id(req, 2, &s->record, err))
        return -1;
    s->form = f;
    return 0;
}

int api_share_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct sharing s = {0};
    if (target(req, &s.share, err) || req_json(req, &body, err) ||
        read_members(req->ctx, val_get(body, STR("to")), &s, err) ||
        read_can(val_get(body, STR("can")), &s.share.can, err) ||
        read_until(req->ctx, val_get(body, STR("until")), &s.share.until_us, err))
        return -1;
    struct api_write w = {apply, render, &s};
    return api_write(req, resp, &w, err);
}

int api_share_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct share s = {0};
    if (target(req, &s, err))
        return -1;
    int rc = share_list(req->ctx, s.form, s.record, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

int api_share_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t member;
    struct sharing s = {.take = true, .members = &member, .n = 1};
    if (target(req, &s.share, err) || req_id(req, 3, &member, err))
        return -1;
    struct api_write w = {apply, render, &s};
    return api_write(req, resp, &w, err);
}

/* ---- merging ---- */

struct merging {
    struct merge merge;
    struct diags *diags;
};

static int merge_apply(struct ctx *c, void *arg, struct err *err)
{
    struct merging *m = arg;
    char buf[16];
    const struct form *f = m->merge.form;
    struct audit a = {.what = STR("merge"),
                      .app = f->app->key,
                      .form = f->key,
                      .record = m->merge.survivor,
                      .detail = audit_detail(
                          c->a, "from", val_text(str_dup(c->a, id_print(m->merge.gone, buf))))};
    return record_merge(c, &m->merge, m->diags, err) || audit_add(c, &a, err) ? -1 : 0;
}

/* {merge: job of the undo, record, links:[…], kept:[…]} */
static int merge_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct merging *m = arg;
    char buf[16];
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "merge", id_print(m->merge.job, buf));
    json_kval(&resp->json, "links", m->merge.links);
    json_kval(&resp->json, "kept", m->merge.kept);
    json_key(&resp->json, STR("record"));
    if (record_answer(req, resp, m->merge.form, m->merge.survivor, err))
        return -1;
    json_end_obj(&resp->json);
    return 0;
}

int api_merge(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct val body;
    struct merging m = {.diags = &resp->diags};
    if (req_form(req, &f, err) || req_id(req, 2, &m.merge.survivor, err) ||
        req_json(req, &body, err))
        return -1;
    struct val from = val_get(body, STR("from"));
    struct str id = from.kind == VAL_OBJ ? val_str(val_get(from, STR("id"))) : val_str(from);
    m.merge.form = f;
    m.merge.take = val_get(body, STR("take"));
    if (!id_parse(id, &m.merge.gone))
        return no_such(err);
    if (m.merge.take.kind != VAL_LIST && !val_is_blank(m.merge.take) &&
        m.merge.take.kind != VAL_ABSENT) {
        (void)err_set(err, ERR_INVALID, "take", "take 应为字段键的列表。",
                      "take must be a list of field keys.");
        err_at(err, "take");
        return -1;
    }
    struct api_write w = {merge_apply, merge_render, &m};
    return api_write(req, resp, &w, err);
}

int api_merges(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    int64_t id;
    if (req_form(req, &f, err) || req_id(req, 2, &id, err))
        return -1;
    int rc = merge_list(req->ctx, f, id, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}
