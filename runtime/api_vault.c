/*
 * Protection in the API: keys and their rotation, requests of persons about their data.
 */
#include "runtime/api_record.h"
#include "runtime/audited.h"
#include "runtime/jobs.h"
#include "runtime/keys.h"
#include "runtime/server.h"

#include "engine/org/audit.h"
#include "engine/record/privacy.h"

#define DUE_US (15 * US_PER_DAY) /* of a request, when nothing else is said */

int api_keys(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return keys_json(req->ctx, &resp->json, err);
}

int api_keys_rotate(struct http_req *req, struct http_resp *resp, struct err *err)
{
    if (keys_rotate(req->ctx, err) || audited(req, "keys.rotate", STR_NONE, NULL, VAL_NONE, err))
        return -1;
    jobs_wake(req->server->jobs);
    resp->status = 202;
    return keys_json(req->ctx, &resp->json, err);
}

/* ---- requests of persons ---- */

enum ask { ASK_ACCESS, ASK_CORRECT, ASK_EXPORT, ASK_ERASE, ASK_COUNT };
static const struct str ASKS[ASK_COUNT] = {STR("access"), STR("correct"), STR("export"),
                                           STR("erase")};

struct request {
    struct http_req *req;
    int64_t id, record;
    enum ask kind;
    struct form *form;
    struct str note;
    struct val values;
    struct diags *diags;
    struct privacy_erased erased;
};

static int note_request(struct ctx *c, const struct request *r, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _privacy_request (id, kind, app, form, record, state, note, due_at,"
                " created_at, created_by, done_at, done_by) VALUES (");
    sql_bind_int(&q, r->id);
    const struct str texts[] = {ASKS[r->kind], r->form->app->key, r->form->key};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        sql_lit(&q, ", ");
        sql_bind_str(&q, texts[i]);
    }
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->record);
    sql_lit(&q, ", 'done', ");
    sql_bind(&q, val_text(r->note));
    const int64_t numbers[] = {c->now_us + DUE_US, c->now_us, c->who->id, c->now_us, c->who->id};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        sql_lit(&q, ", ");
        sql_bind_int(&q, numbers[i]);
    }
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int correct(struct ctx *c, struct request *r, struct err *err)
{
    const struct rec_write w = {.op = REC_UPDATE,
                                .form = r->form,
                                .id = r->record,
                                .values = r->values,
                                .no_version = true};
    return record_write(c, &w, NULL, r->diags, err);
}

/* The person must be there; what is said of him goes by the caller's own rights. */
static int carry_out(struct ctx *c, void *arg, struct err *err)
{
    struct request *r = arg;
    struct rec row;
    int found = record_load(c, r->form, r->record, REC_ANY, &row, err);
    if (found <= 0)
        return found < 0 ? -1
                         : err_set(err, ERR_NOT_FOUND, "not_found", "记录不存在，或您无权查看。",
                                   "The record does not exist, or you may not see it.");
    r->id = id_next(c->ids, c->now_us);
    if (r->kind == ASK_CORRECT && correct(c, r, err))
        return -1;
    if (r->kind == ASK_ERASE && privacy_erase(c, r->form, r->record, &r->erased, err))
        return -1;
    const struct audit line = {.what = str_fmt(c->a, "privacy.%.*s", STR_ARG(ASKS[r->kind])),
                               .addr = r->req->remote,
                               .app = r->form->app->key,
                               .form = r->form->key,
                               .record = r->record};
    return note_request(c, r, err) || audit_add(c, &line, err) ? -1 : 0;
}

static int read_request(struct http_req *req, struct request *r, struct err *err)
{
    struct val body;
    if (req_json(req, &body, err))
        return -1;
    struct str kind = body_str(body, "kind");
    r->kind = ASK_COUNT;
    for (enum ask k = ASK_ACCESS; k < ASK_COUNT; k++)
        if (str_eq(kind, ASKS[k]))
            r->kind = k;
    r->note = str_sub(body_str(body, "note"), 0, 2000);
    r->values = val_get(body, STR("values"));
    if (r->kind == ASK_COUNT || !id_parse(body_str(body, "record"), &r->record) ||
        (r->kind == ASK_CORRECT && r->values.kind != VAL_OBJ))
        return err_set(err, ERR_INVALID, "privacy_request",
                       "需要 kind（access、correct、export、erase）、app、form、record；"
                       "correct 还要 values。",
                       "Say kind (access, correct, export, erase), app, form, record; for correct "
                       "also values.");
    req->params[0] = body_str(body, "app");
    req->params[1] = body_str(body, "form");
    return req_app(req, err) ? -1 : 0;
}

int api_privacy_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct request r = {.req = req, .diags = &resp->diags};
    char id[16];
    if (read_request(req, &r, err))
        return -1;
    r.form = app_form(req->app, req->params[1]);
    if (!r.form)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个表单。", "There is no such form.");
    if (engine_write(c, carry_out, &r, err) ||
        (r.kind == ASK_ERASE && vault_ledger(c->vault, c->db, err)))
        return -1;
    resp->status = 201;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "id", id_print(r.id, id));
    json_kstr(&resp->json, "kind", ASKS[r.kind]);
    json_kstr(&resp->json, "state", STR("done"));
    if (r.kind == ASK_ERASE) {
        json_kint(&resp->json, "keys", r.erased.keys);
        json_kint(&resp->json, "rows", r.erased.rows);
        json_kint(&resp->json, "files", r.erased.files);
    } else if (privacy_collect(c, r.form, r.record, &resp->json, err) < 0) {
        return -1;
    }
    json_end_obj(&resp->json);
    return 0;
}

int api_privacy_find(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct str *keys;
    struct ctx *c = req->ctx;
    int rc = 0;
    if (req_json(req, &body, err))
        return -1;
    struct str text = body_str(body, "text");
    if (!text.n || text.n > 500)
        return err_set(err, ERR_INVALID, "required", "请给出要找的内容 text。",
                       "Say what to look for: text.");
    size_t n = engine_apps(c->engine, c->a, &keys);
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("found"));
    json_begin_list(&resp->json);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        rc = app ? privacy_find(c, app, text, &resp->json, err) : 0;
        app_unref(&app);
    }
    json_end_list(&resp->json);
    json_end_obj(&resp->json);
    return rc || audited(req, "privacy.find", STR_NONE, NULL, VAL_NONE, err) ? -1 : 0;
}

int api_privacy_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct sql q;
    struct stmt *s;
    char buf[16];
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT r.id, r.kind, r.app, r.form, r.record, r.state, r.note, r.created_at,"
                " r.created_by, m.name FROM _privacy_request r LEFT JOIN _member m"
                " ON m.id = r.created_by ORDER BY r.id DESC LIMIT 200");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    json_begin_obj(j);
    json_key(j, STR("requests"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1) {
        json_begin_obj(j);
        json_kstr(j, "id", id_print(stmt_int(s, 0), buf));
        json_kstr(j, "kind", stmt_str(s, 1));
        json_kstr(j, "app", stmt_str(s, 2));
        json_kstr(j, "form", stmt_str(s, 3));
        json_kstr(j, "record", id_print(stmt_int(s, 4), buf));
        json_kstr(j, "state", stmt_str(s, 5));
        json_kval(j, "note", val_text(str_dup(c->a, stmt_str(s, 6))));
        json_kval(j, "at", val_instant(stmt_int(s, 7)));
        json_kval(j, "by",
                  stmt_null(s, 8) ? VAL_NONE
                                  : val_ref(c->a, stmt_int(s, 8), str_dup(c->a, stmt_str(s, 9))));
        json_end_obj(j);
    }
    stmt_done(s);
    json_end_list(j);
    json_end_obj(j);
    return rc;
}
