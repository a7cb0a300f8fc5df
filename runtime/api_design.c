/*
 * The designer's side: draft files, check, plan, publish, versions, roll back
 * (engine/docs/design-json.md).
 */
#include "runtime/api.h"

#include "engine/base/utf8.h"
#include "engine/meta/edit.h"
#include "engine/meta/schema.h"
#include "engine/org/member.h"
#include "engine/record/schema.h"
#include "engine/vault/vault.h"
#include "runtime/audited.h"
#include "runtime/jobs.h"
#include "runtime/public.h"
#include "runtime/server.h"

#include <dirent.h>
#define PUBLISH_PATIENCE_US (20 * US_PER_S) /* a request waits for rows to be converted */

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

static struct str etag_of(struct arena *a, struct str text)
{
    return str_fmt(a, "\"%.*s\"", 20, vault_sha256_hex(a, text).p);
}

static const struct app_file *file_of(const struct app_source *src, struct str path)
{
    for (size_t i = 0; i < src->nfiles; i++)
        if (str_eq(src->files[i].path, path))
            return &src->files[i];
    return NULL;
}

/* The draft with its mistakes; the app (NULL when it has some) goes with the request. */
static int draft(struct http_req *req, struct app_source *src, struct diags *diags,
                 struct app **app, struct err *err)
{
    struct ctx *c = req->ctx;
    struct draft d = {.diags = diags};
    diags_init(diags, c->a);
    int rc = engine_draft(c->engine, c->a, req->params[0], &d, err);
    *src = d.src;
    *app = d.app;
    if (rc)
        return -1;
    if (*app)
        arena_defer(c->a, drop, *app);
    return 0;
}

/* The running version's text; an empty one when nothing runs. */
static int running(struct http_req *req, struct app_source *src, int64_t *n, struct err *err)
{
    struct ctx *c = req->ctx;
    *src = (struct app_source){.key = req->params[0]};
    *n = 0;
    int rc = version_running(c->db, c->a, req->params[0], n, err);
    if (rc == 1)
        rc = version_load(c->db, c->a, req->params[0], *n, src, err);
    return rc < 0 ? -1 : 0;
}

static void one_mistake(struct ctx *c, const struct diag *g, struct json *j)
{
    json_begin_obj(j);
    json_kstr(j, "file", g->file);
    json_kint(j, "line", g->pos.line);
    json_kint(j, "column", g->pos.column);
    json_kstr(j, "message", c->lang == LANG_EN ? g->en : g->zh);
    json_end_obj(j);
}

static void mistakes(struct ctx *c, const struct diags *d, enum diag_level level, const char *key,
                     struct json *j)
{
    json_key(j, str_of(key));
    json_begin_list(j);
    for (size_t i = 0; i < d->list.n; i++)
        if (d->list.v[i].level == level)
            one_mistake(c, &d->list.v[i], j);
    json_end_list(j);
}

/* ---- files ---- */

static const char *change_of(const struct app_source *was, const struct app_file *f)
{
    const struct app_file *old = file_of(was, f->path);
    return !old ? "added" : str_eq(old->text, f->text) ? NULL : "changed";
}

static void put_file(struct ctx *c, const struct app_file *f, const char *change, struct json *j)
{
    json_begin_obj(j);
    json_kstr(j, "path", f->path);
    json_kint(j, "size", (int64_t)f->text.n);
    json_kstr(j, "etag", etag_of(c->a, f->text));
    if (change)
        json_kstr(j, "change", str_of(change));
    json_end_obj(j);
}

int api_draft_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct app_source src, was;
    struct diags diags;
    struct app *app;
    struct json *j = &resp->json;
    int64_t n;
    if (draft(req, &src, &diags, &app, err) || running(req, &was, &n, err))
        return -1;
    json_begin_obj(j);
    json_key(j, STR("files"));
    json_begin_list(j);
    for (size_t i = 0; i < src.nfiles; i++)
        put_file(req->ctx, &src.files[i], change_of(&was, &src.files[i]), j);
    for (size_t i = 0; i < was.nfiles; i++)
        if (!file_of(&src, was.files[i].path))
            put_file(req->ctx, &was.files[i], "removed", j);
    json_end_list(j);
    json_key(j, STR("version"));
    if (n)
        json_int(j, n);
    else
        json_blank(j);
    json_end_obj(j);
    return 0;
}

static int draft_file(struct http_req *req, const struct app_file **f, struct err *err)
{
    struct app_source src;
    struct diags diags;
    struct app *app;
    if (draft(req, &src, &diags, &app, err))
        return -1;
    *f = file_of(&src, req->params[1]);
    return 0;
}

int api_draft_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    const struct app_file *f;
    if (draft_file(req, &f, err))
        return -1;
    if (!f)
        return no_such(err);
    resp->type = str_ends(f->path, STR(".yaml")) ? STR("text/yaml; charset=utf-8")
                                                 : STR("text/plain; charset=utf-8");
    resp_header(resp, STR("ETag"), etag_of(resp->body.a, f->text));
    strb_add(&resp->body, f->text);
    return 0;
}

/* If-Match must be the file's ETag, If-None-Match: * means that there must be no file. */
static int base_ok(struct http_req *req, const struct app_file *f, struct err *err)
{
    struct str match = req_header(req, "if-match"), none = req_header(req, "if-none-match");
    if (!match.n && !none.n)
        return err_set(err, ERR_PRECOND, "version_required",
                       "请带上 If-Match（新文件用 If-None-Match: *）。",
                       "Send If-Match (If-None-Match: * for a new file).");
    bool ok = match.n ? f && str_eq(match, etag_of(req->ctx->a, f->text)) : !f;
    if (ok)
        return 0;
    return err_set(err, ERR_STALE, "stale", "此文件已被他人修改，请刷新后重试。",
                   "Somebody else changed this file; reload it and try again.");
}

/* After a write: the new ETag and every mistake of the app as it stands. */
static int draft_answer(struct http_req *req, struct http_resp *resp, struct str text,
                        struct err *err)
{
    struct app_source src;
    struct diags diags;
    struct app *app;
    if (draft(req, &src, &diags, &app, err))
        return -1;
    struct str etag = etag_of(resp->body.a, text);
    resp_header(resp, STR("ETag"), etag);
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "path", req->params[1]);
    json_kstr(&resp->json, "etag", etag);
    mistakes(req->ctx, &diags, DIAG_ERROR, "errors", &resp->json);
    mistakes(req->ctx, &diags, DIAG_WARN, "warnings", &resp->json);
    json_end_obj(&resp->json);
    return 0;
}

static int draft_store(struct http_req *req, struct http_resp *resp, struct str text,
                       struct err *err)
{
    struct app_file file = {req->params[1], text};
    if (engine_draft_put(req->ctx->engine, req->ctx->a, req->params[0], &file, err))
        return -1;
    return draft_answer(req, resp, text, err);
}

int api_draft_put(struct http_req *req, struct http_resp *resp, struct err *err)
{
    const struct app_file *f;
    if (!utf8_valid(req->body))
        return err_set(err, ERR_INVALID, "encoding", "定义文件应为 UTF-8 文本。",
                       "A definition file is UTF-8 text.");
    if (draft_file(req, &f, err) || base_ok(req, f, err))
        return -1;
    return draft_store(req, resp, req->body, err);
}

int api_draft_patch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    const struct app_file *f;
    struct val patch;
    struct str text;
    if (draft_file(req, &f, err))
        return -1;
    if (!f)
        return no_such(err);
    if (base_ok(req, f, err) || json_parse(req->ctx->a, req->body, &patch, err) ||
        yaml_edit(req->ctx->a, f->text, patch, &text, err))
        return -1;
    return draft_store(req, resp, text, err);
}

int api_draft_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    resp_no_body(resp, 204);
    return engine_draft_remove(req->ctx->engine, req->ctx->a, req->params[0], req->params[1], err);
}

/* ---- check, plan, publish ---- */

int api_check(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct app_source src;
    struct diags diags;
    struct app *app;
    if (draft(req, &src, &diags, &app, err))
        return -1;
    json_begin_obj(&resp->json);
    mistakes(req->ctx, &diags, DIAG_ERROR, "errors", &resp->json);
    mistakes(req->ctx, &diags, DIAG_WARN, "warnings", &resp->json);
    json_end_obj(&resp->json);
    return 0;
}

int api_plan(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return engine_plan(req->ctx, req->params[0], &resp->json, err);
}

/* "job" of the columns that are being filled, when there is one; wakes the jobs' thread. */
static int fill_job(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct sql q;
    char buf[16];
    int64_t id = 0;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT max(id) FROM _job WHERE kind = 'backfill' AND state IN ('queued', "
                "'running') AND app = ");
    sql_bind_str(&q, req->params[0]);
    if (store_get_int(c->db, c->a, &q, &id, err) < 0)
        return -1;
    if (id) {
        json_kstr(&resp->json, "job", id_print(id, buf));
        jobs_wake(req->server->jobs);
    }
    return 0;
}

static int version_answer(struct http_req *req, struct http_resp *resp, int64_t n, struct err *err)
{
    if (public_tokens(req->ctx, req->params[0], err) ||
        audited(req, "publish", req->params[0], "version", val_num((double)n), err))
        return -1;
    json_begin_obj(&resp->json);
    json_kint(&resp->json, "version", n);
    if (fill_job(req, resp, err))
        return -1;
    json_end_obj(&resp->json);
    return 0;
}

/* The rows are still being converted: the jobs' thread publishes when they are. */
static int goes_on(struct http_req *req, struct http_resp *resp, int64_t job)
{
    char buf[16];
    jobs_wake(req->server->jobs);
    resp->status = 202;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "job", id_print(job, buf));
    json_kstr(&resp->json, "state", STR("running"));
    json_end_obj(&resp->json);
    return 0;
}

int api_publish(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    int64_t n;
    if (req_json(req, &body, err))
        return -1;
    int64_t job = 0;
    struct publish p = {.key = req->params[0],
                        .patience_us = PUBLISH_PATIENCE_US,
                        .job = &job,
                        .plan_hash = body_str(body, "plan_hash"),
                        .allow_data_loss = body_bool(body, "allow_data_loss"),
                        .note = body_str(body, "note")};
    if (!p.plan_hash.n)
        return err_set(err, ERR_INVALID, "plan_required", "请先查看变更计划，并带上 plan_hash。",
                       "Look at the plan first and send its plan_hash.");
    if (engine_publish(req->ctx, &p, &n, &resp->diags, err))
        return -1;
    return n ? version_answer(req, resp, n, err) : goes_on(req, resp, job);
}

int api_rollback(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    int64_t n, to;
    if (req_json(req, &body, err))
        return -1;
    struct val v = val_get(body, STR("to"));
    to = v.kind == VAL_NUM || v.kind == VAL_DEC ? (int64_t)val_double(v) : 0;
    if (engine_rollback(req->ctx, req->params[0], to, &n, &resp->diags, err))
        return -1;
    return version_answer(req, resp, n, err);
}

/* ---- versions ---- */

int api_versions(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct version *v;
    size_t n;
    int64_t now = 0;
    if (version_list(c->db, c->a, req->params[0], &v, &n, err) ||
        version_running(c->db, c->a, req->params[0], &now, err) < 0)
        return -1;
    json_begin_obj(j);
    json_key(j, STR("versions"));
    json_begin_list(j);
    for (size_t i = 0; i < n; i++) {
        json_begin_obj(j);
        json_kint(j, "n", v[i].n);
        json_kval(j, "at", val_instant(v[i].at_us));
        json_kstr(j, "by", v[i].by);
        json_kstr(j, "note", v[i].note);
        json_end_obj(j);
    }
    json_end_list(j);
    json_kint(j, "running", now);
    json_end_obj(j);
    return 0;
}

static int version_of(struct http_req *req, struct str text, struct app_source *src, int64_t *n,
                      struct err *err)
{
    struct diags diags;
    struct app *app;
    *n = 0;
    if (str_eqz(text, "draft"))
        return draft(req, src, &diags, &app, err);
    if (!str_int(text, 1, INT32_MAX, n))
        return no_such(err);
    int rc = version_load(req->ctx->db, req->ctx->a, req->params[0], *n, src, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

static void diff_file(struct json *j, struct str path, const struct app_file *was,
                      const struct app_file *is)
{
    if (was && is && str_eq(was->text, is->text))
        return;
    json_begin_obj(j);
    json_kstr(j, "path", path);
    json_kval(j, "was", was ? val_text(was->text) : VAL_NONE);
    json_kval(j, "is", is ? val_text(is->text) : VAL_NONE);
    json_end_obj(j);
}

int api_version_diff(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct app_source to, from = {0};
    int64_t nto, nfrom = 0;
    struct json *j = &resp->json;
    struct str other = req_query(req, "from"), target = req_query(req, "to");
    if (version_of(req, target.n ? target : req->params[1], &to, &nto, err))
        return -1;
    if (!other.n && target.n)
        other = req->params[1];
    if (!other.n && nto > 1)
        other = str_fmt(req->ctx->a, "%lld", (long long)nto - 1);
    if (other.n && version_of(req, other, &from, &nfrom, err))
        return -1;
    json_begin_obj(j);
    json_kint(j, "from", nfrom);
    json_key(j, STR("to"));
    if (nto)
        json_int(j, nto);
    else
        json_str(j, STR("draft"));
    json_key(j, STR("files"));
    json_begin_list(j);
    for (size_t i = 0; i < to.nfiles; i++)
        diff_file(j, to.files[i].path, file_of(&from, to.files[i].path), &to.files[i]);
    for (size_t i = 0; i < from.nfiles; i++)
        if (!file_of(&to, from.files[i].path))
            diff_file(j, from.files[i].path, &from.files[i], NULL);
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

/* ---- references ---- */

/* Does `word` stand in the line as a word of its own? */
static ptrdiff_t word_at(struct str line, struct str word)
{
    for (ptrdiff_t at = -1; (at = str_find(line, word, (size_t)(at + 1))) >= 0;) {
        size_t end = (size_t)at + word.n;
        char before = at ? line.p[at - 1] : ' ', after = end < line.n ? line.p[end] : ' ';
        bool left =
            (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9') || before == '_';
        bool right =
            (after >= 'a' && after <= 'z') || (after >= '0' && after <= '9') || after == '_';
        if (!left && !right)
            return at;
    }
    return -1;
}

static void references_in(const struct app_file *f, struct str word, struct json *j)
{
    struct str rest = f->text, line;
    for (int64_t n = 1; rest.n; n++) {
        rest = str_cut(rest, '\n', &line);
        ptrdiff_t at = word_at(line, word);
        if (at < 0)
            continue;
        json_begin_obj(j);
        json_kstr(j, "file", f->path);
        json_kint(j, "line", n);
        json_kint(j, "column", at + 1);
        json_kstr(j, "text", str_trim(str_sub(line, 0, 200)));
        json_end_obj(j);
    }
}

int api_references(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct app_source src;
    struct diags diags;
    struct app *app;
    struct str key = req_query(req, "key"), head, last = str_cut(key, '.', &head);
    if (draft(req, &src, &diags, &app, err))
        return -1;
    if (!last.n)
        last = head;
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("references"));
    json_begin_list(&resp->json);
    for (size_t i = 0; last.n && i < src.nfiles; i++)
        if (!str_ends(src.files[i].path, STR(".csv")))
            references_in(&src.files[i], last, &resp->json);
    json_end_list(&resp->json);
    json_end_obj(&resp->json);
    return 0;
}

/* ---- the schema of the files, for completions ---- */

int api_schema(struct http_req *req, struct http_resp *resp, struct err *err)
{
    (void)req, (void)err;
    schema_print(&resp->body);
    return 0;
}

/* ---- the list of apps ---- */

static void add_key(struct arena *a, struct map *keys, struct str key)
{
    if (str_is_key(key) && !map_get(keys, key)) {
        key = str_dup(a, key);
        map_put(keys, key, (void *)(uintptr_t)key.p);
    }
}

/* Apps that run, and those that only have a folder (they have mistakes, or are new). */
static void app_keys(struct http_req *req, struct map *keys)
{
    struct arena *a = req->ctx->a;
    struct str *running_keys;
    size_t n = engine_apps(req->ctx->engine, a, &running_keys);
    map_init(keys, a);
    for (size_t i = 0; i < n; i++)
        add_key(a, keys, running_keys[i]);
    DIR *dir = opendir(str_z(a, req->server->cfg->apps));
    if (!dir)
        return;
    for (struct dirent *d; (d = readdir(dir)) && keys->n < 256;)
        add_key(a, keys, str_of(d->d_name));
    closedir(dir);
}

static int put_running(struct http_req *req, struct str key, const struct app_source *src,
                       struct json *j, struct err *err)
{
    struct ctx *c = req->ctx;
    struct version *v;
    struct app_source was;
    size_t n;
    int64_t now;
    req->params[0] = key;
    if (running(req, &was, &now, err) || version_list(c->db, c->a, key, &v, &n, err))
        return -1;
    json_key(j, STR("version"));
    if (now)
        json_int(j, now);
    else
        json_blank(j);
    for (size_t i = 0; i < n; i++)
        if (v[i].n == now)
            json_kval(j, "published_at", val_instant(v[i].at_us));
    bool same = str_eq(source_hash(c->a, &was), source_hash(c->a, src));
    json_kbool(j, "draft", !same && src->nfiles > 0);
    return 0;
}

int api_admin_apps(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct map keys;
    app_keys(req, &keys);
    json_begin_obj(j);
    json_key(j, STR("apps"));
    json_begin_list(j);
    for (size_t i = 0; i < keys.n; i++) {
        struct str key = keys.items[i].key;
        struct app_source src = {0};
        struct diags diags;
        struct app *app = NULL;
        struct err ignored = ERR_INIT; /* an app without a folder runs on its stored text */
        req->params[0] = key;
        int rc = draft(req, &src, &diags, &app, &ignored);
        struct app *now = engine_app(c->engine, key);
        if (now)
            arena_defer(c->a, drop, now);
        const struct app *shown = now ? now : app;
        json_begin_obj(j);
        json_kstr(j, "app", key);
        struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
        json_kstr(j, "title", shown ? app_text(shown, lang, STR("app.title"), shown->title) : key);
        json_kint(j, "forms", shown ? (int64_t)shown->nforms : 0);
        if (put_running(req, key, rc ? &(struct app_source){0} : &src, j, err))
            return -1;
        json_end_obj(j);
    }
    json_end_list(j);
    json_end_obj(j);
    return 0;
}
