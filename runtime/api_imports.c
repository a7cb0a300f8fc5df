/*
 * A look at a file before it is imported; the imports there were, and the rows of them that failed.
 */
#include "runtime/api_import.h"

#include "engine/base/temp.h"
#include "engine/org/member.h"
#include "engine/record/import.h"
#include "runtime/job_rows.h"
#include "runtime/server.h"

#include <unistd.h>

#define BEFORE_MAX 20 /* earlier imports whose mapping counts */
#define LIST_MAX   100
#define SEEN_MAX   2000

/* ---- a look ---- */

/* The caller's mappings of this form, the newest first. */
static int mappings(struct ctx *c, const struct form *f, struct val *out, struct err *err)
{
    VEC(struct val) list = {0};
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT payload FROM _job WHERE kind = 'import' AND created_by = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " AND app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " ORDER BY id DESC LIMIT 200");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1 && list.n < BEFORE_MAX) {
        struct val v, map;
        struct err bad = ERR_INIT;
        if (json_parse(c->a, str_dup(c->a, stmt_str(s, 0)), &v, &bad) ||
            !str_eq(val_str(val_get(v, STR("form"))), f->key))
            continue;
        struct str text = val_str(val_get(v, STR("mapping")));
        if (str_starts(text, STR("{")) && json_parse(c->a, text, &map, &bad) == 0)
            (void)vec_push(c->a, &list, map);
    }
    stmt_done(s);
    *out = val_list(list.v, (uint32_t)list.n);
    return step < 0 ? -1 : 0;
}

int import_look(struct http_req *req, struct http_resp *resp, const struct form *f,
                struct str sheet, struct err *err)
{
    struct val before;
    struct tablefile table;
    struct import in = {.form = f, .table = &table};
    if (mappings(req->ctx, f, &before, err) ||
        tablefile_open(req->ctx->a, req->upload, req->server->spool_dir, sheet, &table, err))
        return -1;
    in.csv = table.text;
    return import_preview(req->ctx, &in, before, &resp->json, err);
}

/* ---- the imports there were ---- */

static void put_id(struct json *j, const char *key, int64_t id)
{
    char buf[16];
    json_key(j, str_of(key));
    json_str(j, id_print(id, buf));
}

static void put_time(struct json *j, const char *key, struct stmt *s, int col)
{
    json_key(j, str_of(key));
    if (stmt_null(s, col))
        json_blank(j);
    else
        json_val(j, val_instant(stmt_int(s, col)));
}

static void put(struct json *j, struct val from, const char *key)
{
    json_key(j, str_of(key));
    json_val(j, val_get(from, str_of(key)));
}

/* What its payload and its result say, as far as a list shows it. */
static void put_texts(struct json *j, struct val payload, struct val result)
{
    static const char *const OF_PAYLOAD[] = {"form", "name", "mode", "dry_run"};
    static const char *const OF_RESULT[] = {"created", "updated", "failed", "undone_at"};
    for (size_t i = 0; i < ARRAY_LEN(OF_PAYLOAD); i++)
        put(j, payload, OF_PAYLOAD[i]);
    for (size_t i = 0; i < ARRAY_LEN(OF_RESULT) && result.kind == VAL_OBJ; i++)
        if (val_get(result, str_of(OF_RESULT[i])).kind != VAL_ABSENT)
            put(j, result, OF_RESULT[i]);
}

/* 1 written, 0 of another form, -1 */
static int put_import(struct http_req *req, struct json *j, struct stmt *s, struct err *err)
{
    char buf[16];
    struct ctx *c = req->ctx;
    struct val payload, result = VAL_NONE;
    struct str form = req_query(req, "form");
    if (json_parse(c->a, str_dup(c->a, stmt_str(s, 8)), &payload, err) ||
        (!stmt_null(s, 9) && json_parse(c->a, str_dup(c->a, stmt_str(s, 9)), &result, err)))
        return -1;
    if (form.n && !str_eq(form, val_str(val_get(payload, STR("form")))))
        return 0;
    json_begin_obj(j);
    put_id(j, "id", stmt_int(s, 0));
    json_kstr(j, "app", stmt_str(s, 1));
    json_kstr(j, "state", stmt_str(s, 2));
    json_kint(j, "done", stmt_int(s, 3));
    json_kint(j, "total", stmt_int(s, 4));
    put_time(j, "at", s, 5);
    put_time(j, "finished_at", s, 6);
    put_texts(j, payload, result);
    if (!stmt_null(s, 10))
        json_kstr(j, "rows_url",
                  str_fmt(c->a, "/api/v1/jobs/%s/rows", id_print(stmt_int(s, 0), buf).p));
    json_key(j, STR("by"));
    if (stmt_null(s, 7) || !stmt_int(s, 7))
        json_blank(j);
    else if (member_json(c, stmt_int(s, 7), j, err))
        return -1;
    json_end_obj(j);
    return 1;
}

static int list_sql(struct http_req *req, struct sql *q, int64_t limit, struct err *err)
{
    struct ctx *c = req->ctx;
    struct str app = req_query(req, "app");
    int64_t after = 0;
    struct str cursor = req_query(req, "after");
    if (cursor.n && !id_parse(cursor, &after))
        return err_set(err, ERR_INVALID, "cursor", "翻页标记无效。", "The cursor is not valid.");
    ctx_sql(c, q);
    sql_lit(q, "SELECT id, app, state, done, total, created_at, finished_at, created_by, payload,"
               " result, (SELECT 1 FROM _job_part p WHERE p.job = _job.id AND p.n = 0) FROM _job"
               " WHERE kind = 'import'");
    if (!(c->who->rights & ADMIN_OPERATE) || !req_flag(req, "all")) {
        sql_lit(q, " AND created_by = ");
        sql_bind_int(q, c->who->id);
    }
    if (app.n) {
        sql_lit(q, " AND app = ");
        sql_bind_str(q, app);
    }
    if (after) {
        sql_lit(q, " AND id < ");
        sql_bind_int(q, after);
    }
    sql_lit(q, " ORDER BY id DESC LIMIT ");
    sql_int(q,
            req_query(req, "form").n ? SEEN_MAX : limit + 1); /* the form stands in the payload */
    return 0;
}

int api_imports(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct sql q;
    struct stmt *s;
    int64_t limit, shown = 0, last = 0;
    int step;
    if (req_int(req, "limit", (struct req_range){1, LIST_MAX, 20}, &limit, err) ||
        list_sql(req, &q, limit, err) || store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(j);
    json_key(j, STR("imports"));
    json_begin_list(j);
    while ((step = stmt_step(s, err)) == 1 && shown < limit) {
        last = stmt_int(s, 0);
        int put = put_import(req, j, s, err);
        if (put < 0) {
            step = -1;
            break;
        }
        shown += put;
    }
    stmt_done(s);
    if (step < 0)
        return -1;
    json_end_list(j);
    json_key(j, STR("next"));
    char buf[16];
    if (step == 1)
        json_str(j, id_print(last, buf));
    else
        json_blank(j);
    json_end_obj(j);
    return 0;
}

/* ---- the rows that failed ---- */

int api_job_rows(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct job_row row = {0};
    enum export_format format;
    int64_t id;
    struct arena *a = req->ctx->a;
    struct str dir = req->server->spool_dir;
    if (req_id(req, 0, &id, err) || job_find(req, id, &row, err) ||
        export_format_of(req_query(req, "format"), &format, err))
        return -1;
    if (!row.rows)
        return no_such(err);
    int fd = temp_nameless(a, dir);
    if (fd < 0)
        return err_set(err, ERR_STORE, "export_file", "无法写入导出文件：磁盘出错或已满。",
                       "The export cannot be written: the disk fails or is full.");
    if (job_rows_file(req->ctx, id, format, temp_path(a, fd), dir, err) < 0) {
        close(fd);
        return -1;
    }
    resp->file_fd = fd;
    resp->type = export_type(format);
    resp_header(resp, STR("Content-Disposition"),
                str_fmt(a, "attachment; filename=\"import-%.*s-failed.%s\"",
                        STR_ARG(req->params[0]), format == EXPORT_CSV ? "csv" : "xlsx"));
    return 0;
}

/* ---- taken back ---- */

struct note {
    int64_t job;
    struct str result;
};

static int note(struct ctx *c, void *arg, struct err *err)
{
    const struct note *n = arg;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET result = ");
    sql_bind_str(&q, n->result);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, n->job);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int import_note_undo(struct http_req *req, int64_t job, struct str result, struct err *err)
{
    struct ctx *c = req->ctx;
    struct val v = VAL_NONE;
    struct strb b;
    struct json j;
    if (!result.n || json_parse(c->a, result, &v, err) || v.kind != VAL_OBJ)
        return 0;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    for (size_t i = 0; i < v.n; i++) {
        if (str_eqz(v.obj[i].key, "undone_at"))
            continue;
        json_key(&j, v.obj[i].key);
        json_val(&j, v.obj[i].value);
    }
    json_kval(&j, "undone_at", val_instant(c->now_us));
    json_end_obj(&j);
    struct note n = {job, strb_str(&b)};
    return engine_write(c, note, &n, err);
}
