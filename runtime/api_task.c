/*
 * To-do lists, acting on tasks, the flow of a record.
 */
#include "runtime/api_record.h"

#include "engine/flow/flow.h"
#include "engine/org/member.h"
#include "runtime/respond.h"

#define BATCH_MAX 100

int api_tasks(struct http_req *req, struct http_resp *resp, struct err *err)
{
    static const char *const BOXES[] = {
        [BOX_TODO] = "todo", [BOX_DONE] = "done", [BOX_STARTED] = "started", [BOX_CC] = "cc"};
    struct str box = req_query(req, "box");
    struct task_query q = {.box = BOX_TODO,
                           .app = req_query(req, "app"),
                           .search = req_query(req, "search"),
                           .after = req_query(req, "after")};
    int64_t limit;
    size_t i = 0;
    while (box.n && i < ARRAY_LEN(BOXES) && !str_eqz(box, BOXES[i]))
        i++;
    if (i == ARRAY_LEN(BOXES)) {
        (void)err_set(err, ERR_INVALID, "bad_parameter", "box 应为 todo、done、started 或 cc。",
                      "box must be todo, done, started or cc.");
        err_at(err, "box");
        return -1;
    }
    if (req_int(req, "limit", (struct req_range){1, 200, 50}, &limit, err))
        return -1;
    q.box = (enum task_box)i;
    q.limit = (uint32_t)limit;
    if (req->ctx->who->scope_app.n)
        q.app = req->ctx->who->scope_app;
    return task_list(req->ctx, &q, &resp->json, err);
}

/* ---- one task ---- */

/* The app of a task becomes the request's. */
static int task_app(struct http_req *req, int64_t id, struct err *err)
{
    struct ctx *c = req->ctx;
    struct sql q;
    struct stmt *s;
    struct str key = STR_NONE;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT app FROM _task WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        key = str_dup(c->a, stmt_str(s, 0));
    stmt_done(s);
    if (rc < 0)
        return -1;
    app_unref(&req->app);
    c->app = NULL;
    if (!key.n || (c->who->scope_app.n && !str_eq(c->who->scope_app, key)))
        return no_such(err);
    c->app = req->app = engine_app(c->engine, key);
    return c->app ? 0 : no_such(err);
}

struct act {
    struct task_act act;
    struct diags *diags;
};

static int act_apply(struct ctx *c, void *arg, struct err *err)
{
    struct act *a = arg;
    return flow_act(c, &a->act, a->diags, err);
}

static int act_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct act *a = arg;
    char buf[16];
    (void)req, (void)err;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "id", id_print(a->act.task, buf));
    json_kstr(&resp->json, "action", a->act.action);
    json_kstr(&resp->json, "status", STR("done"));
    json_end_obj(&resp->json);
    return 0;
}

static int act_read(struct val body, struct act *a, struct err *err)
{
    struct val signature = val_get(body, STR("signature"));
    struct str file =
        val_str(signature.kind == VAL_OBJ ? val_get(signature, STR("id")) : signature);
    a->act.comment = body_str(body, "comment");
    a->act.values = val_get(body, STR("values"));
    a->act.to = val_get(body, STR("to"));
    a->act.resume = body_str(body, "resume");
    a->act.where = body_str(body, "where");
    if (!file.n || id_parse(file, &a->act.signature))
        return 0;
    err_set(err, ERR_INVALID, "signature", "签名应是一个文件。", "A signature must be a file.");
    err_at(err, "signature");
    return -1;
}

int api_task_act(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body = VAL_NONE;
    struct act a = {.diags = &resp->diags};
    if (req_id(req, 0, &a.act.task, err) || task_app(req, a.act.task, err) ||
        (req->body.n && req_json(req, &body, err)))
        return -1;
    a.act.action = req->params[1];
    if (act_read(body, &a, err))
        return -1;
    struct api_write w = {act_apply, act_render, &a};
    return api_write(req, resp, &w, err);
}

/* Each task is a transaction of its own: the others go on when one cannot be done. */
static void batch_one(struct http_req *req, struct val body, struct str id, struct json *j)
{
    struct err err = ERR_INIT;
    struct diags diags;
    diags_init(&diags, req->ctx->a);
    struct act a = {.diags = &diags};
    int status = 200;
    a.act.action = body_str(body, "action");
    bool known = act_read(body, &a, &err) == 0;
    if (known && !id_parse(id, &a.act.task))
        known = no_such(&err) == 0;
    if (!known || task_app(req, a.act.task, &err) || engine_write(req->ctx, act_apply, &a, &err))
        status = respond_status(err.code == ERR_INVALID && diags.errors ? respond_diags_code(&diags)
                                                                        : err.code);
    json_begin_obj(j);
    json_kstr(j, "id", id);
    json_kint(j, "status", status);
    if (err.code) {
        json_kstr(j, "code", str_of(err.key));
        json_kstr(j, "message", str_of(req->ctx->lang == LANG_EN ? err.en : err.zh));
    }
    json_end_obj(j);
}

int api_task_batch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct json *j = &resp->json;
    if (req_json(req, &body, err))
        return -1;
    struct val ids = val_get(body, STR("ids"));
    if (ids.kind != VAL_LIST || ids.n == 0 || ids.n > BATCH_MAX)
        return err_set(err, ERR_INVALID, "bad_batch", "ids 应为 1 到 %d 个任务。",
                       "ids must be 1 to %d tasks.", BATCH_MAX);
    json_begin_obj(j);
    json_key(j, STR("results"));
    json_begin_list(j);
    for (size_t i = 0; i < ids.n; i++)
        batch_one(req, body, val_str(ids.list[i]), j);
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

/* ---- the flow of a record ---- */

int api_flow_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    int64_t id;
    if (req_form(req, &f, err) || req_id(req, 2, &id, err))
        return -1;
    int rc = flow_json(req->ctx, f, id, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

struct flow_call {
    struct record_act act;
    struct diags *diags;
};

static int flow_apply(struct ctx *c, void *arg, struct err *err)
{
    struct flow_call *f = arg;
    return flow_record_act(c, &f->act, f->diags, err);
}

static int flow_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct flow_call *f = arg;
    return record_answer(req, resp, f->act.form, f->act.id, err);
}

int api_flow_act(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct flow_call call = {.diags = &resp->diags, .act.body = val_obj(NULL, 0)};
    if (req_form(req, &f, err) || req_id(req, 2, &call.act.id, err) ||
        (req->body.n && req_json(req, &call.act.body, err)))
        return -1;
    if (!f->flow && str_eqz(req->params[3], "submit"))
        return draft_hand_in(req, resp, f, call.act.id, call.act.body, err);
    call.act.form = f;
    call.act.action = req->params[3];
    struct api_write w = {flow_apply, flow_render, &call};
    return api_write(req, resp, &w, err);
}

int api_flow_simulate(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct val body;
    struct ctx *c = req->ctx;
    int64_t member = c->who->id;
    if (req_form(req, &f, err) || req_json(req, &body, err))
        return -1;
    struct str other = body_str(body, "member");
    if (other.n && !(c->who->rights & (ADMIN_DESIGN | ADMIN_PEOPLE)))
        return err_set(err, ERR_DENIED, "denied", "您没有权限替他人试跑流程。",
                       "You may not simulate the flow for somebody else.");
    if (other.n && !id_parse(other, &member)) {
        int rc = member_by_login(c, other, &member, err);
        if (rc <= 0)
            return rc < 0 ? -1 : no_such(err);
    }
    return flow_simulate(c, f, val_get(body, STR("values")), member, &resp->json, err);
}

/* ---- managing ---- */

static int64_t instant_param(struct http_req *req, const char *name, int64_t absent)
{
    int64_t us, day;
    struct str text = req_query(req, name);
    if (civil_parse_instant(text, &us))
        return us;
    return civil_parse_date(text, &day) ? day * US_PER_DAY : absent;
}

int api_flow_stats(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct ctx *c = req->ctx;
    if (req_form(req, &f, err))
        return -1;
    if (!(c->who->rights & (ADMIN_OPERATE | ADMIN_DESIGN)))
        return err_set(err, ERR_DENIED, "not_allowed", "没有查看流程统计的权限。",
                       "You may not see the figures of flows.");
    return flow_stats(c, f, instant_param(req, "from", 0), instant_param(req, "until", c->now_us),
                      &resp->json, err);
}

struct move_call {
    struct flow_move move;
    struct strb text;
};

static int move_apply(struct ctx *c, void *arg, struct err *err)
{
    struct move_call *m = arg;
    struct json j;
    strb_init(&m->text, c->a);
    json_init(&j, &m->text);
    return flow_move(c, &m->move, &j, err);
}

static int move_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct move_call *m = arg;
    struct val v;
    if (json_parse(req->ctx->a, strb_str(&m->text), &v, err))
        return -1;
    json_val(&resp->json, v);
    return 0;
}

int api_flow_move(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body = val_obj(NULL, 0);
    struct move_call call = {0};
    struct form *f;
    struct app *app = engine_app(req->ctx->engine, req->params[0]);
    app_unref(&req->app);
    req->ctx->app = req->app = app;
    if (!app || !(f = (struct form *)app_form(app, req->params[1])))
        return no_such(err);
    if (req->body.n && req_json(req, &body, err))
        return -1;
    call.move = (struct flow_move){.form = f,
                                   .nodes = val_get(body, STR("nodes")),
                                   .dry_run = val_get(body, STR("dry_run")).b};
    struct api_write w = {move_apply, move_render, &call};
    return api_write(req, resp, &w, err);
}
