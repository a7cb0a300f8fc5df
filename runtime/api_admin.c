/*
 * Operation: audit log, backups, queues. Reading data is none of these rights.
 */
#include "runtime/api.h"

#include "engine/vault/vault.h"
#include "runtime/audited.h"
#include "runtime/backup.h"
#include "runtime/server.h"
#include "runtime/slurp.h"

#include <dirent.h>
#include <sys/stat.h>

/* ---- audit ---- */

static int audit_row(struct ctx *c, struct stmt *s, struct json *j, struct err *err)
{
    struct val detail = VAL_NONE;
    json_begin_obj(j);
    json_kint(j, "n", stmt_int(s, 0));
    json_kval(j, "at", val_instant(stmt_int(s, 1)));
    json_kval(j, "by",
              stmt_null(s, 2) ? VAL_NONE
                              : val_ref(c->a, stmt_int(s, 2), str_dup(c->a, stmt_str(s, 3))));
    json_kstr(j, "via", stmt_str(s, 4));
    json_kstr(j, "what", stmt_str(s, 5));
    json_kstr(j, "app", stmt_str(s, 6));
    json_kstr(j, "form", stmt_str(s, 7));
    if (!stmt_null(s, 8) && json_parse(c->a, str_dup(c->a, stmt_str(s, 8)), &detail, err))
        return -1;
    json_kval(j, "detail", detail);
    json_end_obj(j);
    return 0;
}

static void audit_query(struct http_req *req, struct sql *q)
{
    struct str what = req_query(req, "what"), from = req_query(req, "from");
    int64_t day;
    sql_init(q, req->ctx->a, store_dialect(req->ctx->store));
    sql_lit(q,
            "SELECT a.n, a.at, a.who, m.name, a.via, a.what, a.app, a.form, a.detail FROM _audit a"
            " LEFT JOIN _member m ON m.id = a.who WHERE 1 = 1");
    if (what.n) {
        sql_lit(q, " AND a.what = ");
        sql_bind_str(q, what);
    }
    if (civil_parse_date(from, &day)) {
        sql_lit(q, " AND a.at >= ");
        sql_bind_int(q, day * US_PER_DAY);
    }
    sql_lit(q, " ORDER BY a.n DESC LIMIT 200");
}

int api_audit(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct sql q;
    struct stmt *s;
    int rc;
    audit_query(req, &q);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("audit"));
    json_begin_list(&resp->json);
    while ((rc = stmt_step(s, err)) == 1)
        if (audit_row(c, s, &resp->json, err))
            return -1;
    stmt_done(s);
    json_end_list(&resp->json);
    json_end_obj(&resp->json);
    return rc;
}

int api_audit_verify(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return audit_verify(req->ctx, &resp->json, err);
}

/* ---- backups ---- */

static struct str folder(struct http_req *req)
{
    return str_fmt(req->ctx->a, "%.*s/backups", STR_ARG(req->server->cfg->data));
}

static void put_backup(struct http_req *req, struct str dir, struct str name, struct json *j)
{
    struct stat st;
    if (!str_ends(name, STR(".mortise")) ||
        stat(str_z(req->ctx->a, str_fmt(req->ctx->a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(name))),
             &st))
        return;
    json_begin_obj(j);
    json_kstr(j, "name", name);
    json_kint(j, "size", st.st_size);
    json_kval(j, "at", val_instant((int64_t)st.st_mtime * US_PER_S));
    json_end_obj(j);
}

int api_backup_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct str dir = folder(req);
    struct json *j = &resp->json;
    (void)err;
    json_begin_obj(j);
    json_key(j, STR("backups"));
    json_begin_list(j);
    DIR *d = opendir(str_z(req->ctx->a, dir));
    size_t n = 0;
    for (struct dirent *e; d && n < 1000 && (e = readdir(d)); n++)
        put_backup(req, dir, str_dup(req->ctx->a, str_of(e->d_name)), j);
    if (d)
        closedir(d);
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

int api_backup_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    char at[40];
    struct str dir = folder(req), when = civil_print_instant(c->now_us / US_PER_S * US_PER_S, at);
    struct strb name;
    strb_init(&name, c->a);
    for (size_t i = 0; i < when.n; i++)
        if (when.p[i] != ':' && when.p[i] != '-')
            strb_addc(&name, when.p[i]);
    strb_addz(&name, ".mortise");
    if (make_folder(c->a, dir, err) ||
        backup_make(c->store, req->server->cfg, c->a,
                    str_fmt(c->a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(strb_str(&name))), err))
        return -1;
    if (audited(req, "backup", STR_NONE, "name", val_text(strb_str(&name)), err))
        return -1;
    resp->status = 201;
    put_backup(req, dir, strb_str(&name), &resp->json);
    return 0;
}

/* ---- queues ---- */

int api_jobs(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct sql q;
    struct stmt *s;
    char buf[16];
    int rc;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT id, kind, app, state, done, total, created_at, finished_at FROM _job ORDER "
                "BY id DESC LIMIT 200");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(j);
    json_key(j, STR("jobs"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1) {
        json_begin_obj(j);
        json_kstr(j, "id", id_print(stmt_int(s, 0), buf));
        json_kstr(j, "kind", stmt_str(s, 1));
        json_kstr(j, "app", stmt_str(s, 2));
        json_kstr(j, "state", stmt_str(s, 3));
        json_kint(j, "done", stmt_int(s, 4));
        json_kint(j, "total", stmt_int(s, 5));
        json_kval(j, "created_at", val_instant(stmt_int(s, 6)));
        json_kval(j, "finished_at", stmt_null(s, 7) ? VAL_NONE : val_instant(stmt_int(s, 7)));
        json_end_obj(j);
    }
    stmt_done(s);
    json_end_list(j);
    json_end_obj(j);
    return rc;
}
