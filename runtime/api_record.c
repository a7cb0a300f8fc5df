/*
 * One record over HTTP: create, read, change, recycle, restore, buttons, history, related rows,
 * explanation.
 */
#include "runtime/api_record.h"

#include "engine/org/member.h"
#include "engine/record/access.h"
#include "engine/record/asof.h"
#include "engine/record/draft.h"
#include "engine/record/history.h"
#include "engine/record/query.h"

#define RELATED_LIMIT 20

/* ---- reading ---- */

int record_answer(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                  struct err *err)
{
    char buf[16];
    int64_t version = 0;
    int rc = record_json(req->ctx, &(struct rec_key){f, id, REC_LIVE}, &resp->json, &version, err);
    if (rc < 0)
        return -1;
    if (rc == 0) { /* written, but out of one's own sight now */
        json_begin_obj(&resp->json);
        json_kstr(&resp->json, "_id", id_print(id, buf));
        json_end_obj(&resp->json);
        return 0;
    }
    resp_etag(resp, version);
    return 0;
}

int api_record_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    int64_t id, version;
    if (req_form(req, &f, err) || req_id(req, 2, &id, err))
        return -1;
    int then = as_of_begin(req, req_query(req, "as_of"), f, id, err);
    if (then < 0)
        return -1;
    int rc = record_json(req->ctx, &(struct rec_key){f, id, REC_LIVE}, &resp->json, &version, err);
    if (then)
        rc = asof_end(req->ctx, rc, err);
    if (rc == 0 && !then) {
        rc = draft_answer(req, resp, f, id, err);
        return rc < 0 ? -1 : rc == 0 ? no_such(err) : 0;
    }
    if (rc <= 0)
        return rc < 0 ? -1 : no_such(err);
    if (!then)
        resp_etag(resp, version);
    return 0;
}

/* ---- conflicts: both values of each field ---- */

struct theirs {
    struct val record; /* as the reader sees it now */
    struct val mine;
};

static bool same_value(struct val mine, struct val now)
{
    if (now.kind == VAL_OBJ && mine.kind != VAL_OBJ)
        now = val_get(now, STR("id"));
    else if (now.kind == VAL_OBJ && mine.kind == VAL_OBJ &&
             val_get(mine, STR("id")).kind == VAL_TEXT)
        return val_same(val_get(mine, STR("id")), val_get(now, STR("id")));
    if (val_is_blank(mine) || (mine.kind == VAL_TEXT && !mine.n))
        return val_is_blank(now);
    return val_same(mine, now);
}

static void one_conflict(struct json *j, const struct theirs *t, struct str field, enum lang lang)
{
    json_begin_obj(j);
    json_kstr(j, "field", field);
    json_kstr(j, "code", STR("conflict"));
    json_kstr(j, "message",
              lang == LANG_EN ? STR("Somebody else changed this field meanwhile.")
                              : STR("其他人已修改了这一项。"));
    json_kval(j, "yours", val_get(t->mine, field));
    json_kval(j, "theirs", val_get(t->record, field));
    json_kval(j, "by", val_get(t->record, STR("_updated_by")));
    json_kval(j, "at", val_get(t->record, STR("_updated_at")));
    json_end_obj(j);
}

/* For 409: the fields the engine named; for 412: every field of the body that differs now. */
static void conflict_list(struct http_resp *resp, const struct theirs *t, enum lang lang,
                          bool named, struct json *j)
{
    json_key(j, STR("errors"));
    json_begin_list(j);
    for (size_t i = 0; named && i < resp->diags.list.n; i++)
        if (resp->diags.list.v[i].level == DIAG_ERROR)
            one_conflict(j, t, resp->diags.list.v[i].path, lang);
    for (size_t i = 0; !named && t->mine.kind == VAL_OBJ && i < t->mine.n; i++) {
        const struct pair *p = &t->mine.obj[i];
        struct val now = val_get(t->record, p->key);
        if (now.kind != VAL_ABSENT && p->key.p[0] != '_' && !same_value(p->value, now))
            one_conflict(j, t, p->key, lang);
    }
    json_end_list(j);
}

static int load_theirs(struct http_req *req, const struct record_edit *e, struct theirs *out,
                       struct err *err)
{
    struct strb text;
    struct json j;
    int64_t version;
    strb_init(&text, req->ctx->a);
    json_init(&j, &text);
    int rc =
        record_json(req->ctx, &(struct rec_key){e->w.form, e->w.id, REC_LIVE}, &j, &version, err);
    if (rc != 1)
        return rc;
    out->mine = e->w.values;
    return json_parse(req->ctx->a, strb_str(&text), &out->record, err) ? -1 : 1;
}

static bool is_edit_conflict(const struct http_resp *resp, const struct err *err)
{
    if (err->code == ERR_STALE)
        return true;
    return err->code == ERR_CONFLICT && resp->diags.list.n > 0 &&
           str_eqz(resp->diags.list.v[0].key, "conflict");
}

int record_conflict(struct http_req *req, struct http_resp *resp, const struct err *err,
                    struct json *j)
{
    const struct record_edit *e = resp->conflict_arg;
    struct theirs t = {VAL_NONE, VAL_NONE};
    struct err ignored = ERR_INIT; /* the plain problem is answered instead */
    if (!is_edit_conflict(resp, err) || load_theirs(req, e, &t, &ignored) != 1)
        return 0;
    conflict_list(resp, &t, req->ctx->lang, err->code == ERR_CONFLICT, j);
    json_kval(j, "version", val_get(t.record, STR("_version")));
    return 1;
}

/* ---- writing ---- */

static int edit_apply(struct ctx *c, void *arg, struct err *err)
{
    struct record_edit *e = arg;
    return record_write(c, &e->w, &e->out, e->diags, err);
}

static int edit_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct record_edit *e = arg;
    if (e->w.op == REC_DELETE) {
        resp_no_body(resp, 204);
        return 0;
    }
    resp->status = e->w.op == REC_CREATE ? 201 : 200;
    if (e->w.op == REC_CREATE) {
        char buf[16];
        resp_header(resp, STR("Location"),
                    str_fmt(resp->body.a, "/api/v1/apps/%.*s/forms/%.*s/records/%s",
                            STR_ARG(req->app->key), STR_ARG(e->w.form->key),
                            id_print(e->out.id, buf).p));
    }
    return record_answer(req, resp, e->w.form, e->out.id, err);
}

int record_edit(struct http_req *req, struct http_resp *resp, struct record_edit *e,
                struct err *err)
{
    e->diags = &resp->diags;
    struct api_write w = {edit_apply, edit_render, e};
    struct record_edit *kept = ARENA_NEW(req->ctx->a, struct record_edit);
    *kept = *e;
    resp->conflict = e->w.op == REC_UPDATE || e->w.op == REC_DELETE ? record_conflict : NULL;
    resp->conflict_arg = kept;
    return api_write(req, resp, &w, err);
}

/* The body without the members that say something about the request, not the record. */
struct val body_fields(struct arena *a, struct val body)
{
    struct pair *p = ARENA_ARRAY(a, struct pair, body.n);
    size_t n = 0;
    for (size_t i = 0; body.kind == VAL_OBJ && i < body.n; i++)
        if (!str_eqz(body.obj[i].key, "_version") && !str_eqz(body.obj[i].key, "_id"))
            p[n++] = body.obj[i];
    return val_obj(p, n);
}

int api_record_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct val body;
    if (req_form(req, &f, err) || req_json(req, &body, err))
        return -1;
    if (req_flag(req, "draft") && !f->flow)
        return draft_create(req, resp, f, body_fields(req->ctx->a, body), err);
    struct record_edit e = {.w = {.op = REC_CREATE,
                                  .form = f,
                                  .values = body_fields(req->ctx->a, body),
                                  .draft = req_flag(req, "draft")}};
    return record_edit(req, resp, &e, err);
}

/* The base version: If-Match, else _version of the body; 428 without either. */
int record_base(struct http_req *req, struct val body, struct rec_write *w, struct err *err)
{
    int rc = req_if_match(req, &w->version, err);
    if (rc < 0)
        return -1;
    w->if_match = w->has_version = rc == 1;
    struct val v = val_get(body, STR("_version"));
    if (w->has_version)
        return 0;
    if (val_is_blank(v) || v.kind == VAL_ABSENT)
        return err_set(err, ERR_PRECOND, "version_required",
                       "请带上记录的版本（If-Match 或 _version）。",
                       "Send the record's version, as If-Match or _version.");
    double n = v.kind == VAL_NUM || v.kind == VAL_DEC ? val_double(v) : 0;
    if (n >= 1 && n < 9e15 && n == (double)(int64_t)n) {
        w->version = (int64_t)n;
        w->has_version = true;
        return 0;
    }
    (void)err_set(err, ERR_INVALID, "version", "_version 应为记录的版本号，如 7。",
                  "_version must be the record's version, such as 7.");
    err_at(err, "_version");
    return -1;
}

int api_record_patch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct val body;
    struct record_edit e = {.w = {.op = REC_UPDATE}};
    struct rec_draft d;
    if (req_form(req, &f, err) || req_id(req, 2, &e.w.id, err) || req_json(req, &body, err))
        return -1;
    int draft = draft_at(req, f, e.w.id, &d, err);
    if (draft)
        return draft < 0 ? -1 : draft_change(req, resp, &d, body_fields(req->ctx->a, body), err);
    if (record_base(req, body, &e.w, err))
        return -1;
    e.w.form = f;
    e.w.values = body_fields(req->ctx->a, body);
    return record_edit(req, resp, &e, err);
}

int api_record_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct val body = VAL_NONE;
    struct rec_draft d;
    struct record_edit e = {.w = {.op = REC_DELETE}};
    if (req_form(req, &f, err) || req_id(req, 2, &e.w.id, err))
        return -1;
    if (req_flag(req, "purge"))
        return api_record_purge(req, resp, f, e.w.id, err);
    int draft = draft_at(req, f, e.w.id, &d, err);
    if (draft)
        return draft < 0 ? -1 : draft_remove(req, resp, &d, err);
    if ((req->body.n && req_json(req, &body, err)) || record_base(req, body, &e.w, err))
        return -1;
    e.w.form = f;
    return record_edit(req, resp, &e, err);
}

int api_record_restore(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct val body = VAL_NONE;
    struct record_edit e = {.w = {.op = REC_RESTORE, .no_version = true}};
    if (req_form(req, &f, err) || req_id(req, 2, &e.w.id, err) ||
        (req->body.n && req_json(req, &body, err)))
        return -1;
    struct val version = val_get(body, STR("version"));
    if (version.kind != VAL_ABSENT && !val_is_blank(version))
        return api_version_back(req, resp, f, e.w.id, version, err);
    e.w.form = f;
    return record_edit(req, resp, &e, err);
}

/* ---- buttons ---- */

struct press {
    const struct form *form;
    const struct button *button;
    int64_t id;
    struct val ask;
    struct rec out;
    struct diags *diags;
};

static int press_apply(struct ctx *c, void *arg, struct err *err)
{
    struct press *p = arg;
    struct button_press press = {p->form, p->id, p->button, p->ask};
    return record_button(c, &press, &p->out, p->diags, err);
}

static int press_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct press *p = arg;
    return record_answer(req, resp, p->form, p->id, err);
}

int api_record_button(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct press p = {.diags = &resp->diags, .ask = val_obj(NULL, 0)};
    if (req_form(req, &f, err) || req_id(req, 2, &p.id, err) ||
        (req->body.n && req_json(req, &p.ask, err)))
        return -1;
    p.form = f;
    p.button = form_button(f, req->params[3]);
    if (!p.button)
        return no_such(err);
    struct api_write w = {press_apply, press_render, &p};
    return api_write(req, resp, &w, err);
}

/* ---- around a record ---- */

int api_record_history(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct history_query h = {.computed = req_flag(req, "computed")};
    struct str before = req_query(req, "before");
    if (req_form(req, &f, err) || req_id(req, 2, &h.id, err))
        return -1;
    if (before.n && !id_parse(before, &h.before))
        return no_such(err);
    h.form = f;
    int rc = history_json(req->ctx, &h, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

/* Who is asked about: oneself, or with the right `people` or `design` somebody else. */
static int explain_as(struct http_req *req, struct err *err)
{
    struct ctx *c = req->ctx;
    struct str who = req_query(req, "member");
    int64_t id;
    if (!who.n || str_eq(who, c->who->login))
        return 0;
    if (!(c->who->rights & (ADMIN_PEOPLE | ADMIN_DESIGN)))
        return err_set(err, ERR_DENIED, "denied", "您没有权限查看他人的权限。",
                       "You may not look at somebody else's rights.");
    struct principal *other = ARENA_NEW(c->a, struct principal);
    int rc = id_parse(who, &id) ? 1 : member_by_login(c, who, &id, err);
    if (rc == 1)
        rc = member_load(c, id, other, err);
    if (rc <= 0)
        return rc < 0 ? -1 : no_such(err);
    c->who = other;
    return 0;
}

/* ?op= a right by name, ?field= a field that exists for the one who asks. */
static int explain_what(struct http_req *req, const struct form *f, struct explain *e,
                        struct err *err)
{
    struct str op = req_query(req, "op");
    struct str key = req_query(req, "field");
    e->right = access_right_of(op);
    if (op.n && !e->right) {
        (void)err_set(err, ERR_INVALID, "bad_parameter", "没有这种操作：%.*s",
                      "There is no such operation: %.*s", STR_ARG(op));
        err_at(err, "op");
        return -1;
    }
    e->field = key.n ? form_field(f, key) : NULL;
    if (!key.n || (e->field && (!e->viewer || access_field(e->viewer, e->field) > FIELD_HIDDEN)))
        return 0;
    (void)err_set(err, ERR_INVALID, "unknown_field", "没有字段“%.*s”。",
                  "There is no field “%.*s”.", STR_ARG(key));
    err_at(err, "field");
    return -1;
}

int api_record_explain(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct access *x;
    struct val list;
    struct explain e = {0};
    struct access *viewer;
    if (req_form(req, &f, err) || req_id(req, 2, &e.id, err))
        return -1;
    int rc = record_can(req->ctx, f, e.id, RIGHT_READ, err);
    if (rc <= 0)
        return rc < 0 ? -1 : no_such(err);
    if (access_of(req->ctx, f, &viewer, err))
        return -1;
    e.viewer = req->ctx->who->rights & ADMIN_DESIGN ? NULL : viewer;
    if (explain_what(req, f, &e, err) || explain_as(req, err) || access_of(req->ctx, f, &x, err) ||
        access_explain(x, &e, &list, err))
        return -1;
    json_begin_obj(&resp->json);
    json_kval(&resp->json, "grants", list);
    json_end_obj(&resp->json);
    return 0;
}

/* Writes {form, field, records, total} of one related list; its own errors only mean it is left
 * out. */
static int related_one(struct http_req *req, const struct related *r, struct str id, struct json *j,
                       struct err *err)
{
    struct ctx *c = req->ctx;
    struct access *x;
    struct strb text;
    struct json out;
    struct val list;
    if (access_of(c, r->target, &x, err))
        return -1;
    if (access_none(x) || access_field(x, r->by) == FIELD_HIDDEN)
        return 0;
    strb_init(&text, c->a);
    json_init(&out, &text);
    struct query q = {.form = r->target,
                      .filter = str_fmt(c->a, "%.*s = \"%.*s\"", STR_ARG(r->by->key), STR_ARG(id)),
                      .sort = STR("-_id"),
                      .limit = RELATED_LIMIT};
    if (query_list(c, &q, &out, err) || json_parse(c->a, strb_str(&text), &list, err))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "form", r->target->key);
    json_kstr(j, "field", r->by->key);
    json_kval(j, "records", val_get(list, STR("records")));
    json_kval(j, "total", val_get(list, STR("total")));
    json_end_obj(j);
    return 0;
}

int api_record_related(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    int64_t id;
    struct json *j = &resp->json;
    if (req_form(req, &f, err) || req_id(req, 2, &id, err))
        return -1;
    int rc = record_can(req->ctx, f, id, RIGHT_READ, err);
    if (rc <= 0)
        return rc < 0 ? -1 : no_such(err);
    json_begin_obj(j);
    json_key(j, STR("related"));
    json_begin_list(j);
    for (size_t i = 0; i < f->nrelated; i++)
        if (f->related[i].target && related_one(req, &f->related[i], req->params[2], j, err))
            return -1;
    json_end_list(j);
    json_end_obj(j);
    return 0;
}
