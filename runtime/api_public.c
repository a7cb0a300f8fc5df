/*
 * Forms for visitors without an account: what they see, and posting within the form's limits.
 */
#include "runtime/public.h"

#include "engine/base/id.h"
#include "engine/meta/fieldtype.h"
#include "engine/record/eval.h"
#include "engine/record/record.h"
#include "engine/vault/vault.h"
#include "runtime/api.h"
#include "runtime/api_file.h"
#include "runtime/exchange.h"
#include "runtime/server.h"
#include "runtime/throttle.h"
#include "runtime/write.h"

static const struct principal visitor = {.kind = WHO_PUBLIC, .scopes = 3};

/* ---- tokens ---- */

static int insert_token(struct ctx *c, void *arg, struct err *err)
{
    const struct form *f = arg;
    for (size_t i = 0; i < f->npublics; i++) {
        struct sql q;
        sql_init(&q, c->a, store_dialect(c->store));
        sql_lit(&q, "INSERT INTO _public (token, app, form, key, created_at) VALUES (");
        sql_bind_str(&q, str_sub(vault_token(c->a), 0, 22));
        sql_lit(&q, ", ");
        sql_bind_str(&q, f->app->key);
        sql_lit(&q, ", ");
        sql_bind_str(&q, f->key);
        sql_lit(&q, ", ");
        sql_bind_str(&q, f->publics[i].key);
        sql_lit(&q, ", ");
        sql_bind_int(&q, c->now_us);
        sql_lit(&q, ") ON CONFLICT (app, form, key) DO NOTHING");
        if (store_exec(c->db, c->a, &q, NULL, err))
            return -1;
    }
    return 0;
}

int public_tokens(struct ctx *c, struct str key, struct err *err)
{
    struct app *app = engine_app(c->engine, key);
    int rc = 0;
    for (size_t i = 0; app && rc == 0 && i < app->nforms; i++)
        if (app->forms[i]->npublics)
            rc = engine_write(c, insert_token, app->forms[i], err);
    app_unref(&app);
    return rc;
}

int public_tokens_all(struct ctx *c, struct err *err)
{
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    for (size_t i = 0; i < n; i++)
        if (public_tokens(c, keys[i], err))
            return -1;
    return 0;
}

/* ---- a visit ---- */

struct visit {
    struct http_req *req;
    struct str token;
    const struct form *form;
    const struct public_form *pub;
    struct val values;
    struct diags *diags;
    struct rec out;
};

static const struct public_form *public_of(const struct form *f, struct str key)
{
    for (size_t i = 0; i < f->npublics; i++)
        if (str_eq(f->publics[i].key, key))
            return &f->publics[i];
    return NULL;
}

/* The form behind the token; everything that is not open is simply not there. */
static int open_visit(struct http_req *req, struct visit *v, struct err *err)
{
    struct ctx *c = req->ctx;
    struct sql q;
    struct stmt *s;
    struct str app, form, key;
    v->req = req;
    v->token = req->params[0];
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT app, form, key FROM _public WHERE token = ");
    sql_bind_str(&q, v->token);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1) {
        app = str_dup(c->a, stmt_str(s, 0));
        form = str_dup(c->a, stmt_str(s, 1));
        key = str_dup(c->a, stmt_str(s, 2));
    }
    stmt_done(s);
    if (rc <= 0)
        return rc < 0 ? -1 : no_such(err);
    c->who = &visitor;
    c->via = VIA_PUBLIC;
    req->params[0] = app;
    if (req_app(req, err))
        return -1;
    v->form = app_form(req->app, form);
    v->pub = v->form ? public_of(v->form, key) : NULL;
    if (!v->pub || (v->pub->from_us && c->now_us < v->pub->from_us) ||
        (v->pub->until_us && c->now_us >= v->pub->until_us))
        return no_such(err);
    return 0;
}

/* In the visitor's language. */
static struct str title_of(struct ctx *c, const struct visit *v)
{
    const struct form *f = v->form;
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    if (!v->pub->title.n)
        return app_text(f->app, lang, str_fmt(c->a, "forms.%.*s.title", STR_ARG(f->key)), f->title);
    struct str path =
        str_fmt(c->a, "forms.%.*s.public.%.*s.title", STR_ARG(f->key), STR_ARG(v->pub->key));
    return app_text(f->app, lang, path, v->pub->title);
}

int api_public_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct visit v = {0};
    struct json *j = &resp->json;
    if (open_visit(req, &v, err))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "title", title_of(req->ctx, &v));
    json_kbool(j, "captcha", v.pub->captcha);
    json_key(j, STR("show"));
    json_begin_list(j);
    for (size_t i = 0; i < v.pub->nfields; i++)
        json_str(j, v.pub->fields[i]->key);
    json_end_list(j);
    json_key(j, STR("form"));
    int rc = form_json(req->ctx, v.form, j, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return no_such(err);
    json_end_obj(j);
    return 0;
}

static bool is_field(const struct visit *v, struct str key)
{
    for (size_t i = 0; i < v->pub->nfields; i++)
        if (str_eq(v->pub->fields[i]->key, key))
            return true;
    return false;
}

static void take_params(struct visit *v, struct pair *p, size_t *n)
{
    for (size_t i = 0; i < v->pub->nparams; i++) {
        char name[64];
        struct str key = str_sub(v->pub->params[i], 0, sizeof(name) - 1);
        memcpy(name, key.p, key.n);
        name[key.n] = '\0';
        struct str value = req_query(v->req, name);
        if (value.n)
            p[(*n)++] = (struct pair){v->pub->params[i], val_text(value)};
    }
}

static int take_set(struct visit *v, struct pair *p, size_t *n, struct err *err)
{
    struct ctx *c = v->req->ctx;
    struct rec row;
    if (!v->pub->nset)
        return 0;
    if (rec_of_values(c, v->form, val_obj(p, *n), &row, err))
        return -1;
    for (size_t i = 0; i < v->pub->nset; i++) {
        struct val value;
        if (set_value(c, &v->pub->set[i], &row, NULL, &value, err))
            return -1;
        p[(*n)++] = (struct pair){v->pub->set[i].field, value};
    }
    return 0;
}

/* ---- files of visitors ---- */

/* What stands for a visitor's file: its id and a proof that we gave it to a visitor of this form.
 * Ids can be guessed, proofs cannot. */
static struct str file_proof(struct http_req *req, struct str token, struct str id)
{
    struct str secret = {(const char *)req->server->secret, sizeof(req->server->secret)};
    struct arena *a = req->ctx->a;
    return str_sub(
        vault_hmac_hex(a, secret, str_fmt(a, "file %.*s %.*s", STR_ARG(token), STR_ARG(id))), 0,
        32);
}

static struct str file_ticket(struct http_req *req, const struct file *f)
{
    char buf[16];
    struct str id = str_dup(req->ctx->a, id_print(f->id, buf)), token;
    str_cut(str_sub(exchange_path(req->x), sizeof("/api/v1/public/") - 1, SIZE_MAX), '/', &token);
    return str_fmt(req->ctx->a, "%.*s.%.*s", STR_ARG(id), STR_ARG(file_proof(req, token, id)));
}

static bool takes_files(const struct field *f)
{
    bool yes = field_holds_files(f);
    for (size_t i = 0; f->sub && !yes && i < f->sub->nfields; i++)
        yes = takes_files(f->sub->fields[i]);
    return yes;
}

/* A ticket back to the id; anything else names no file of this visitor. */
static struct val ticket_id(struct visit *v, struct val in)
{
    struct str text = in.kind == VAL_OBJ ? val_str(val_get(in, STR("id"))) : val_str(in);
    struct str id, proof = str_cut(text, '.', &id);
    return vault_same(proof, file_proof(v->req, v->token, id)) ? val_text(id) : val_text(STR("0"));
}

static struct val tickets(struct visit *v, const struct field *f, struct val in)
{
    struct arena *a = v->req->ctx->a;
    if (val_is_blank(in) || !takes_files(f))
        return in;
    if (f->sub && in.kind == VAL_OBJ) { /* one row */
        struct pair *p = ARENA_ARRAY(a, struct pair, in.n);
        for (uint32_t i = 0; i < in.n; i++) {
            const struct field *col = form_field(f->sub, in.obj[i].key);
            p[i] = in.obj[i];
            if (col && !field_is_sys(col))
                p[i].value = tickets(v, col, in.obj[i].value);
        }
        return val_obj(p, in.n);
    }
    if (in.kind != VAL_LIST)
        return f->sub ? in : ticket_id(v, in);
    struct val *items = ARENA_ARRAY(a, struct val, in.n);
    for (uint32_t i = 0; i < in.n; i++)
        items[i] = f->sub ? tickets(v, f, in.list[i]) : ticket_id(v, in.list[i]);
    return val_list(items, in.n);
}

/* Fields of the public form from the body, its parameters from the address, its `set` last. */
static int take_values(struct visit *v, struct val body, struct err *err)
{
    struct pair *p =
        ARENA_ARRAY(v->req->ctx->a, struct pair, body.n + v->pub->nparams + v->pub->nset);
    size_t n = 0;
    for (size_t i = 0; i < body.n; i++) {
        if (!is_field(v, body.obj[i].key))
            diag_field(v->diags, body.obj[i].key, "unknown_field", "没有这个字段。",
                       "There is no such field.");
        else
            p[n++] = (struct pair){body.obj[i].key, tickets(v, form_field(v->form, body.obj[i].key),
                                                            body.obj[i].value)};
    }
    if (v->diags->errors)
        return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                       "Some of the input is not valid.");
    take_params(v, p, &n);
    if (take_set(v, p, &n, err))
        return -1;
    v->values = val_obj(p, n);
    return 0;
}

static int count_use(struct ctx *c, const struct visit *v, struct err *err)
{
    struct sql q;
    int64_t changes = 0;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE _public SET used = used + 1 WHERE token = ");
    sql_bind_str(&q, v->token);
    if (v->pub->quota) {
        sql_lit(&q, " AND used < ");
        sql_bind_int(&q, v->pub->quota);
    }
    if (store_exec(c->db, c->a, &q, &changes, err))
        return -1;
    if (changes)
        return 0;
    return err_set(err, ERR_CONFLICT, "quota", "此表单的名额已满。",
                   "This form takes no more answers.");
}

static int post_apply(struct ctx *c, void *arg, struct err *err)
{
    struct visit *v = arg;
    struct rec_write w = {.op = REC_CREATE,
                          .form = v->form,
                          .values = v->values,
                          .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS,
                          .no_version = true};
    return count_use(c, v, err) || record_write(c, &w, &v->out, v->diags, err) ? -1 : 0;
}

static int post_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct visit *v = arg;
    char buf[16];
    (void)req, (void)err;
    resp->status = 201;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "id", id_print(v->out.id, buf));
    json_end_obj(&resp->json);
    return 0;
}

static int within_rate(struct visit *v, struct http_resp *resp, struct err *err)
{
    struct ctx *c = v->req->ctx;
    int64_t wait_s;
    struct str who = str_fmt(c->a, "form %.*s %.*s", STR_ARG(v->token), STR_ARG(v->req->remote));
    if (!v->pub->per_ip ||
        throttle_take(v->req->server->throttle, who, v->pub->per_ip,
                      v->pub->per_ip_s ? v->pub->per_ip_s : 3600, c->mono_us(), &wait_s))
        return 0;
    resp->retry_after_s = wait_s;
    return err_set(err, ERR_LIMIT, "too_many_requests", "提交过于频繁，请稍后再试。",
                   "Too many posts from your address; try again later.");
}

int api_public_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct visit v = {.diags = &resp->diags};
    if (req_json(req, &body, err) || open_visit(req, &v, err) || within_rate(&v, resp, err) ||
        take_values(&v, body, err))
        return -1;
    struct api_write w = {post_apply, post_render, &v};
    return api_write(req, resp, &w, err);
}

int api_public_file_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct visit v = {.diags = &resp->diags};
    struct file_upload up = {.ticket = file_ticket};
    if (open_visit(req, &v, err) || within_rate(&v, resp, err))
        return -1;
    bool any = false;
    for (size_t i = 0; i < v.pub->nfields; i++)
        any = any || takes_files(v.pub->fields[i]);
    if (!any)
        return err_set(err, ERR_DENIED, "denied", "此表单不收文件。", "This form takes no files.");
    up.file.app = v.form->app->key;
    up.file.form = v.form->key;
    return file_upload(req, resp, &up, err);
}
