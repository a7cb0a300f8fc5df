/*
 * Imports over HTTP: a file becomes a job; jobs are looked at and taken back.
 */
#include "runtime/api_import.h"

#include "engine/record/access.h"
#include "engine/record/import.h"
#include "engine/record/tablefile.h"
#include "runtime/jobs.h"
#include "runtime/sealed_spool.h"
#include "runtime/server.h"
#include "runtime/undo_job.h"

#include "engine/record/merge.h"

#include <stdio.h>
#include <unistd.h>

struct new_job {
    struct import_job in;
    int64_t id;
    bool queued;
};

static int job_apply(struct ctx *c, void *arg, struct err *err)
{
    struct new_job *n = arg;
    n->queued = true;
    return jobs_add_import(c, &n->in, n->id, err);
}

static int job_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct new_job *n = arg;
    char buf[16];
    (void)req, (void)err;
    resp->status = 202;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "job", id_print(n->id, buf));
    json_end_obj(&resp->json);
    return 0;
}

static struct str part(const struct http_req *req, const char *name)
{
    for (size_t i = 0; i < req->nfields; i++)
        if (str_eqz(req->fields[i].name, name))
            return str_trim(req->fields[i].value);
    return req_query(req, name);
}

static int read_parts(struct http_req *req, struct import_job *in, struct err *err)
{
    static const char *const MODES[] = {"insert", "update", "upsert"};
    in->mapping = part(req, "mapping");
    in->mode = part(req, "mode");
    in->key = part(req, "key");
    in->sheet = part(req, "sheet");
    struct str dry = part(req, "dry_run");
    in->dry_run = str_eqz(dry, "1") || str_eqz(dry, "true");
    if (!in->mode.n)
        in->mode = STR("insert");
    for (size_t i = 0; i < ARRAY_LEN(MODES); i++)
        if (str_eqz(in->mode, MODES[i]))
            return 0;
    (void)err_set(err, ERR_INVALID, "bad_value", "mode 应为 insert、update 或 upsert。",
                  "mode must be insert, update or upsert.");
    err_at(err, "mode");
    return -1;
}

/* What is wrong with the columns is said now, not by the job. */
static int check_file(struct http_req *req, const struct form *f, const struct import_job *in,
                      struct err *err)
{
    struct import head = {.form = f, .mapping = in->mapping, .key = in->key};
    head.mode = str_eqz(in->mode, "update")   ? IMPORT_UPDATE
                : str_eqz(in->mode, "upsert") ? IMPORT_UPSERT
                                              : IMPORT_INSERT;
    if (head.mode != IMPORT_INSERT && !in->key.n) {
        (void)err_set(err, ERR_INVALID, "required", "请给出用来匹配的字段 key。",
                      "Say by which field rows are matched: key.");
        err_at(err, "key");
        return -1;
    }
    struct tablefile table;
    if (tablefile_open(req->ctx->a, req->upload, req->server->spool_dir, in->sheet, &table, err))
        return -1;
    head.csv = table.text;
    head.table = &table;
    return import_check(req->ctx, &head, err);
}

int api_import(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct access *x;
    struct ctx *c = req->ctx;
    struct new_job n = {0};
    char buf[16];
    if (req_form(req, &f, err) || access_of(c, f, &x, err))
        return -1;
    if (access_none(x))
        return no_such(err);
    if (!(access_rights(x) & RIGHT_IMPORT))
        return err_set(err, ERR_DENIED, "denied", "您没有权限导入这张表单。",
                       "You may not import into this form.");
    if (!req->upload.n)
        return err_set(err, ERR_MEDIA, "file_required", "请以 multipart/form-data 上传一个文件。",
                       "Upload one file as multipart/form-data.");
    if (read_parts(req, &n.in, err))
        return -1;
    if (req_flag(req, "preview"))
        return import_look(req, resp, f, n.in.sheet, err);
    if (check_file(req, f, &n.in, err))
        return -1;
    n.id = id_next(c->ids, c->now_us);
    n.in.app = f->app->key;
    n.in.form = f->key;
    n.in.member = c->who->id;
    n.in.lang = c->lang;
    n.in.name = req->upload_name;
    n.in.path =
        str_fmt(c->a, "%.*s/import-%s", STR_ARG(req->server->spool_dir), id_print(n.id, buf).p);
    if (spool_seal(c, n.id, req->upload, n.in.path, err))
        return -1;
    struct api_write w = {job_apply, job_render, &n};
    n.queued = false;
    int rc = api_write(req, resp, &w, err);
    if (rc || !n.queued)
        (void)unlink(str_z(c->a, n.in.path)); /* no job will read it */
    if (rc)
        return -1;
    jobs_wake(req->server->jobs);
    return 0;
}

/* ---- looking at jobs ---- */

int job_find(struct http_req *req, int64_t id, struct job_row *out, struct err *err)
{
    struct ctx *c = req->ctx;
    struct sql q;
    struct stmt *s;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT state, errors, result, done, total, (SELECT 1 FROM _job_part p WHERE"
                " p.job = _job.id AND p.n = 0) FROM _job WHERE id = ");
    sql_bind_int(&q, id);
    if (!(c->who->rights & ADMIN_OPERATE)) {
        sql_lit(&q, " AND created_by = ");
        sql_bind_int(&q, c->who->id);
    }
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        *out = (struct job_row){str_dup(c->a, stmt_str(s, 0)),
                                str_dup(c->a, stmt_str(s, 1)),
                                str_dup(c->a, stmt_str(s, 2)),
                                stmt_int(s, 3),
                                stmt_int(s, 4),
                                !stmt_null(s, 5)};
    stmt_done(s);
    if (rc == 1 && job_text_open(c, id, out->errors, &out->errors, err))
        return -1;
    return rc < 0 ? -1 : rc == 0 ? no_such(err) : 0;
}

int api_job(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct job_row row = {0};
    struct json *j = &resp->json;
    int64_t id;
    struct val errors = VAL_NONE, result = VAL_NONE;
    if (req_id(req, 0, &id, err) || job_find(req, id, &row, err) ||
        (row.errors.n && json_parse(req->ctx->a, row.errors, &errors, err)) ||
        (row.result.n && json_parse(req->ctx->a, row.result, &result, err)))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "id", req->params[0]);
    json_kstr(j, "state", row.state);
    json_kint(j, "done", row.done);
    json_kint(j, "total", row.total);
    for (size_t i = 0; result.kind == VAL_OBJ && i < result.n; i++) {
        if (str_eqz(result.obj[i].key, "total"))
            continue;
        json_key(j, result.obj[i].key);
        json_val(j, result.obj[i].value);
    }
    if (row.rows)
        json_kstr(j, "rows_url",
                  str_fmt(req->ctx->a, "/api/v1/jobs/%.*s/rows", STR_ARG(req->params[0])));
    if (errors.kind == VAL_LIST && errors.n) {
        json_kstr(j, "errors_url",
                  str_fmt(req->ctx->a, "/api/v1/jobs/%.*s/errors", STR_ARG(req->params[0])));
        json_kval(j, "errors", val_list(errors.list, MIN(errors.n, 20u)));
    }
    json_end_obj(j);
    return 0;
}

int api_job_errors(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct job_row row = {0};
    int64_t id;
    struct val errors = val_list(NULL, 0);
    if (req_id(req, 0, &id, err) || job_find(req, id, &row, err) ||
        (row.errors.n && json_parse(req->ctx->a, row.errors, &errors, err)))
        return -1;
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("errors"));
    json_begin_list(&resp->json);
    for (size_t i = 0; errors.kind == VAL_LIST && i < errors.n; i++)
        json_val(&resp->json, errors.list[i]);
    json_end_list(&resp->json);
    json_end_obj(&resp->json);
    return 0;
}

/* ---- taking an import back ---- */

static int job_app(struct http_req *req, int64_t job, struct err *err)
{
    struct ctx *c = req->ctx;
    struct sql q;
    struct stmt *s;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT app FROM _job WHERE id = ");
    sql_bind_int(&q, job);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    req->params[0] = rc == 1 ? str_dup(c->a, stmt_str(s, 0)) : STR_NONE;
    stmt_done(s);
    return rc < 0 ? -1 : rc == 0 ? no_such(err) : req_app(req, err);
}

/* {undone, kept}: a row of which something was kept counts as kept. */
int api_import_undo(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct job_row row = {0};
    struct undo_scope scope = {.until_us = req->ctx->now_us};
    if (req_id(req, 0, &scope.job, err) || job_find(req, scope.job, &row, err) ||
        job_app(req, scope.job, err))
        return -1;
    if (merge_may_undo(req->ctx, scope.job, err))
        return -1;
    scope.app = req->app->key;
    req->ctx->via = VIA_BATCH;
    struct val body = VAL_NONE;
    if (undo_request(req, resp, &scope, UNDO_COUNTS, err) ||
        (req->body.n && req_json(req, &body, err)))
        return -1;
    return body_bool(body, "dry_run") ? 0 : import_note_undo(req, scope.job, row.result, err);
}
