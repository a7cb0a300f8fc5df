/*
 * Runs an undo: directly, or as a row of _job whose result keeps the counts and the cursor.
 */
#include "runtime/undo_job.h"

#include "runtime/audited.h"
#include "runtime/jobs.h"
#include "runtime/server.h"
#include "runtime/write.h"

/* ---- the scope as JSON ---- */

static void scope_json(struct json *j, const struct undo_scope *s)
{
    char buf[16];
    json_begin_obj(j);
    json_kstr(j, "app", s->app);
    if (s->who)
        json_kstr(j, "who", id_print(s->who, buf));
    if (s->via.n)
        json_kstr(j, "via", s->via);
    if (s->job)
        json_kstr(j, "job", id_print(s->job, buf));
    json_kint(j, "from_us", s->from_us);
    json_kint(j, "until_us", s->until_us);
}

static int64_t number(struct val v, const char *key)
{
    return (int64_t)val_double(val_get(v, str_of(key)));
}

static int64_t id_of(struct val v, const char *key)
{
    int64_t id = 0;
    return id_parse(val_str(val_get(v, str_of(key))), &id) ? id : 0;
}

/* ---- the row of _job ---- */

static struct str counts_text(struct ctx *c, const struct undo *u)
{
    struct strb b;
    struct json j;
    char buf[16];
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kint(&j, "records", u->records);
    json_kint(&j, "undone", u->undone);
    json_kint(&j, "partly", u->partly);
    json_kint(&j, "kept", u->kept);
    json_kstr(&j, "cursor", id_print(u->cursor, buf));
    json_kint(&j, "deletes", u->deletes);
    json_key(&j, STR("again"));
    json_begin_list(&j);
    for (size_t i = 0; i < u->again.n; i++) {
        json_begin_obj(&j);
        json_kstr(&j, "id", id_print(u->again.v[i].id, buf));
        json_kstr(&j, "form", u->again.v[i].form);
        json_end_obj(&j);
    }
    json_end_list(&j);
    json_end_obj(&j);
    return strb_str(&b);
}

struct row {
    const struct undo *u;
    const char *state;
    int64_t member, total;
};

static int add_row(struct ctx *c, const struct row *r, struct err *err)
{
    struct sql q;
    struct strb payload;
    struct json j;
    char buf[16];
    strb_init(&payload, c->a);
    json_init(&j, &payload);
    scope_json(&j, &r->u->scope);
    json_kstr(&j, "member", id_print(r->member, buf));
    json_end_obj(&j);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, run_at, done, total, result,"
                " created_at, created_by) VALUES (");
    sql_bind_int(&q, r->u->job);
    sql_lit(&q, ", 'undo', ");
    sql_bind_str(&q, r->u->scope.app);
    sql_lit(&q, ", ");
    sql_bind_str(&q, strb_str(&payload));
    sql_lit(&q, ", ");
    sql_bind_str(&q, str_of(r->state));
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->u->records);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->total);
    sql_lit(&q, ", ");
    sql_bind_str(&q, counts_text(c, r->u));
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->member);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int audit(struct ctx *c, struct str addr, const struct undo *u, struct err *err)
{
    struct strb b;
    struct json j;
    struct val detail;
    char buf[16];
    strb_init(&b, c->a);
    json_init(&j, &b);
    scope_json(&j, &u->scope);
    json_kstr(&j, "undo", id_print(u->job, buf));
    json_kint(&j, "undone", u->undone);
    json_kint(&j, "partly", u->partly);
    json_kint(&j, "kept", u->kept);
    json_end_obj(&j);
    if (json_parse(c->a, strb_str(&b), &detail, err))
        return -1;
    struct audit a = {.what = STR("undo"), .addr = addr, .app = u->scope.app, .detail = detail};
    return audit_add(c, &a, err);
}

/* ---- a request ---- */

struct work {
    struct http_req *req;
    struct undo u;
    struct strb items;
    struct json list;
    int64_t total;
    bool queued, more;
    enum undo_answer answer;
};

static int run_all(struct ctx *c, struct work *w, struct err *err)
{
    int more;
    w->u.cursor = INT64_MAX;
    w->u.records = w->u.undone = w->u.partly = w->u.kept = 0;
    w->u.nitems = 0;
    w->u.again.n = 0;
    w->u.last = false;
    w->u.deletes = UNDO_UNKNOWN;
    strb_init(&w->items, w->req->ctx->a);
    json_init(&w->list, &w->items);
    w->u.items = &w->list;
    json_begin_list(&w->list);
    while ((more = undo_page(c, &w->u, err)) == 1 && w->u.records < UNDO_DIRECT)
        ;
    json_end_list(&w->list);
    w->more = more == 1;
    return more < 0 ? -1 : 0;
}

/* A preview does it and takes it back: so it knows what would be refused. */
static int try_out(struct ctx *c, void *arg, struct err *err)
{
    struct work *w = arg;
    size_t events = c->events.n;
    if (store_savepoint(c->db, err))
        return -1;
    w->u.dry_run = false;
    w->u.job = id_next(c->ids, c->now_us);
    int rc = run_all(c, w, err);
    w->u.dry_run = true;
    store_rollback(c->db);
    c->events.n = events;
    return rc;
}

static int apply(struct ctx *c, void *arg, struct err *err)
{
    struct work *w = arg;
    w->u.job = id_next(c->ids, c->now_us);
    w->u.cursor = INT64_MAX;
    w->queued = w->total > UNDO_DIRECT;
    if (!w->queued && (run_all(c, w, err) || audit(c, w->req->remote, &w->u, err)))
        return -1;
    struct row r = {&w->u, w->queued ? "queued" : "done", c->who->id, w->total};
    return add_row(c, &r, err);
}

static int render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct work *w = arg;
    struct json *j = &resp->json;
    struct val items;
    char buf[16];
    json_begin_obj(j);
    if (w->answer == UNDO_COUNTS && !w->queued) {
        json_kint(j, "undone", w->u.undone);
        json_kint(j, "kept", w->u.kept + w->u.partly);
        json_end_obj(j);
        return 0;
    }
    if (!w->u.dry_run)
        json_kstr(j, "job", id_print(w->u.job, buf));
    json_kbool(j, "dry_run", w->u.dry_run);
    json_kint(j, "records", w->total);
    if (w->queued) {
        resp->status = 202;
        json_kstr(j, "state", STR("queued"));
        json_end_obj(j);
        return 0;
    }
    json_kint(j, "undone", w->u.undone);
    json_kint(j, "partly", w->u.partly);
    json_kint(j, "kept", w->u.kept);
    json_kbool(j, "more", w->more);
    json_key(j, STR("items"));
    if (json_parse(req->ctx->a, strb_str(&w->items), &items, err))
        return -1;
    if (items.kind == VAL_LIST) {
        json_val(j, items);
    } else {
        json_begin_list(j);
        json_end_list(j);
    }
    json_end_obj(j);
    return 0;
}

int undo_request(struct http_req *req, struct http_resp *resp, const struct undo_scope *scope,
                 enum undo_answer answer, struct err *err)
{
    struct ctx *c = req->ctx;
    struct work w = {.req = req, .answer = answer, .u = {.scope = *scope, .app = req->app}};
    struct val body = VAL_NONE;
    if (req->body.n && req_json(req, &body, err))
        return -1;
    w.u.dry_run = body_bool(body, "dry_run");
    if (undo_count(c, scope, &w.total, err))
        return -1;
    if (w.u.dry_run && w.total > UNDO_TRY)
        return run_all(c, &w, err) ? -1 : render(req, resp, &w, err);
    if (w.u.dry_run) {
        struct api_write trial = {try_out, render, &w};
        return api_write(req, resp, &trial, err);
    }
    struct api_write write = {apply, render, &w};
    if (api_write(req, resp, &write, err))
        return -1;
    if (w.queued)
        jobs_wake(req->server->jobs);
    return 0;
}

/* ---- the job ---- */

struct page {
    int64_t job;
    struct undo u;
    int more;
};

static int read_result(struct ctx *c, struct page *p, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct val v = VAL_NONE;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT result FROM _job WHERE id = ");
    sql_bind_int(&q, p->job);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    struct str text = step == 1 ? str_dup(c->a, stmt_str(s, 0)) : STR_NONE;
    stmt_done(s);
    if (step < 0 || (text.n && json_parse(c->a, text, &v, err)))
        return -1;
    p->u.records = number(v, "records");
    p->u.undone = number(v, "undone");
    p->u.partly = number(v, "partly");
    p->u.kept = number(v, "kept");
    p->u.cursor = id_of(v, "cursor");
    if (!p->u.cursor)
        p->u.cursor = INT64_MAX;
    p->u.deletes = number(v, "deletes") == UNDO_DELETE_NOW    ? UNDO_DELETE_NOW
                   : number(v, "deletes") == UNDO_DELETE_LAST ? UNDO_DELETE_LAST
                                                              : UNDO_UNKNOWN;
    struct val again = val_get(v, STR("again"));
    p->u.again.n = 0;
    for (uint32_t i = 0; again.kind == VAL_LIST && i < again.n; i++) {
        struct undo_record r = {id_of(again.list[i], "id"),
                                val_str(val_get(again.list[i], STR("form")))};
        (void)vec_push(c->a, &p->u.again, r);
    }
    return 0;
}

static int page_apply(struct ctx *c, void *arg, struct err *err)
{
    struct page *p = arg;
    struct sql q;
    c->via = VIA_API;
    if (read_result(c, p, err))
        return -1;
    p->more = undo_page(c, &p->u, err);
    if (p->more < 0)
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET done = ");
    sql_bind_int(&q, p->u.records);
    sql_lit(&q, ", result = ");
    sql_bind_str(&q, counts_text(c, &p->u));
    sql_lit(&q, ", state = ");
    sql_bind_str(&q, p->more ? STR("running") : STR("done"));
    sql_lit(&q, ", finished_at = ");
    sql_bind(&q, p->more ? VAL_NONE : val_dec(c->now_us, 0));
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, p->job);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, STR_NONE, STR_NONE, p->job, 0, STR("job"));
    return p->more ? 0 : audit(c, STR_NONE, &p->u, err);
}

int undo_job_page(struct ctx *c, int64_t job, struct str payload, struct err *err)
{
    struct page p = {.job = job};
    struct val v;
    if (json_parse(c->a, payload, &v, err))
        return -1;
    p.u = (struct undo){.app = c->app, .job = job};
    p.u.scope = (struct undo_scope){.app = c->app->key,
                                    .who = id_of(v, "who"),
                                    .via = val_str(val_get(v, STR("via"))),
                                    .job = id_of(v, "job"),
                                    .from_us = number(v, "from_us"),
                                    .until_us = number(v, "until_us")};
    return engine_write(c, page_apply, &p, err) ? -1 : p.more;
}
