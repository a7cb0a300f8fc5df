/*
 * Logging in and out, the first administrator, tokens, one's own password.
 */
#include "runtime/api.h"

#include "engine/org/member.h"
#include "engine/vault/vault.h"
#include "engine/org/totp.h"
#include "runtime/address.h"
#include "runtime/audited.h"
#include "runtime/server.h"
#include "runtime/session.h"
#include "runtime/throttle.h"
#include "runtime/write.h"

#define TOKENS_MAX 50

static void roles_json(const struct principal *who, struct ctx *c, struct json *j)
{
    json_key(j, STR("roles"));
    json_begin_list(j);
    for (size_t i = 0; i < who->nroles; i++)
        json_str(
            j, str_fmt(c->a, "%.*s:%.*s", STR_ARG(who->roles[i].app), STR_ARG(who->roles[i].role)));
    json_end_list(j);
}

static void rights_json(const struct principal *who, struct json *j)
{
    static const struct {
        unsigned bit;
        const char *name;
    } NAMES[] = {{ADMIN_DESIGN, "design"}, {ADMIN_PEOPLE, "people"}, {ADMIN_OPERATE, "operate"}};
    json_key(j, STR("rights"));
    json_begin_list(j);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (who->rights & NAMES[i].bit)
            json_str(j, str_of(NAMES[i].name));
    json_end_list(j);
}

static int departments_json(struct ctx *c, struct json *j, struct err *err)
{
    json_key(j, STR("departments"));
    json_begin_list(j);
    for (size_t i = 0; i < c->who->ndepts; i++) {
        struct str name = STR_NONE;
        if (department_name(c, c->who->depts[i], &name, err) < 0)
            return -1;
        json_val(j, val_ref(c->a, c->who->depts[i], name));
    }
    json_end_list(j);
    return 0;
}

static int visible_apps_json(struct ctx *c, struct json *j, struct err *err)
{
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    json_key(j, STR("apps"));
    json_begin_list(j);
    for (size_t i = 0; i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        bool visible = false;
        int rc = app ? app_visible(c, app, &visible, err) : 0;
        app_unref(&app);
        if (rc)
            return -1;
        if (visible)
            json_str(j, keys[i]);
    }
    json_end_list(j);
    return 0;
}

/* What is kept with the member and not loaded with every request. */
static int stored_json(struct ctx *c, struct json *j, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT language, totp FROM _member WHERE id = ");
    sql_bind_int(&q, c->who->id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    struct str language = step == 1 ? str_dup(c->a, stmt_str(s, 0)) : STR_NONE;
    json_kval(j, "language", language.n ? val_text(language) : VAL_NONE);
    json_kbool(j, "totp", step == 1 && !stmt_null(s, 1));
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

int me_json(struct ctx *c, struct json *j, struct err *err)
{
    char id[16];
    const struct principal *who = c->who;
    json_begin_obj(j);
    json_kstr(j, "id", id_print(who->id, id));
    json_kstr(j, "login", who->login);
    json_kstr(j, "name", who->name);
    roles_json(who, c, j);
    if (departments_json(c, j, err))
        return -1;
    rights_json(who, j);
    if (stored_json(c, j, err))
        return -1;
    json_kval(j, "organisation", who->org ? val_ref(c->a, who->org, STR_NONE) : VAL_NONE);
    json_kbool(j, "org_admin", who->org_admin);
    json_kbool(j, "must_change", who->must_change);
    if (visible_apps_json(c, j, err))
        return -1;
    json_end_obj(j);
    return 0;
}

int session_json(struct http_req *req, struct json *j, struct err *err)
{
    json_begin_obj(j);
    json_key(j, STR("me"));
    if (me_json(req->ctx, j, err))
        return -1;
    json_kstr(j, "csrf", req->csrf);
    json_end_obj(j);
    return 0;
}

int api_session_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return session_json(req, &resp->json, err);
}

/* The member with this login and password: 1, 0, -1. Takes the same time for a login that is not
 * there. */
static int check_password(struct http_req *req, struct str login, struct str password, int64_t *id,
                          struct err *err)
{
    struct str hash = STR_NONE;
    int rc = member_by_login(req->ctx, login, id, err);
    if (rc == 1)
        rc = member_password(req->ctx, *id, &hash, err);
    if (rc < 0)
        return -1;
    return vault_password_ok(hash, password) ? 1 : 0;
}

int auth_log_in(struct http_req *req, struct http_resp *resp, int64_t id, struct err *err)
{
    struct ctx *c = req->ctx;
    struct principal *who = ARENA_NEW(c->a, struct principal);
    if (session_begin(req, resp, id, err))
        return -1;
    int rc = member_load(c, id, who, err);
    if (rc == 0)
        return err_set(err, ERR_AUTH, "no_session", "请先登录。", "Please log in first.");
    if (rc < 0)
        return -1;
    who->scopes = 3;
    c->who = who;
    return session_json(req, &resp->json, err);
}

struct code_try {
    int64_t member;
    struct str code;
    enum totp_answer answer;
};

static int take_code(struct ctx *c, void *arg, struct err *err)
{
    struct code_try *t = arg;
    return totp_check(c, t->member, t->code, &t->answer, err);
}

/* Most members have no two-step login: nothing is written for them. */
static int check_code(struct ctx *c, int64_t member, struct str code, enum totp_answer *out,
                      struct err *err)
{
    struct code_try t = {.member = member, .code = code};
    bool on;
    if (totp_on(c, member, &on, err))
        return -1;
    *out = TOTP_RIGHT;
    if (!on)
        return 0;
    if (engine_write(c, take_code, &t, err))
        return -1;
    *out = t.answer;
    return 0;
}

int api_session_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct login_try *t;
    int64_t id = 0;
    if (req_json(req, &body, err))
        return -1;
    struct str login = str_trim(body_str(body, "login")), password = body_str(body, "password");
    if (!login.n || login.n > 256 || !password.n || password.n > 1024)
        return err_set(err, ERR_INVALID, "validation", "请填写登录名和密码。",
                       "Give login and password.");
    if (throttle_login_begin(req, resp, login, &t, err))
        return -1;
    int ok = check_password(req, login, password, &id, err);
    enum totp_answer code = TOTP_RIGHT;
    if (ok == 1 && check_code(req->ctx, id, body_str(body, "code"), &code, err))
        ok = -1;
    /* who has the password but guesses codes is slowed down like one who guesses passwords */
    if (throttle_login_end(req, t, ok == 1 && code != TOTP_WRONG, err) || ok < 0)
        return -1;
    if (!ok)
        return err_set(err, ERR_AUTH, "wrong_password", "登录名或密码不正确。",
                       "The login or the password is not right.");
    if (code == TOTP_MISSING)
        return err_set(err, ERR_AUTH, "totp_required", "请输入验证器上的 6 位动态码。",
                       "Give the 6 digits of your authenticator.");
    if (code == TOTP_WRONG)
        return err_set(err, ERR_AUTH, "wrong_code", "动态码不正确或已经用过。",
                       "The code is not right, or it was used already.");
    return auth_log_in(req, resp, id, err);
}

int api_session_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    resp_no_body(resp, 204);
    return session_end(req, resp, err);
}

/* ---- setup ---- */

static int needed(struct http_req *req, bool *out, struct err *err)
{
    int64_t n = 0;
    *out = false;
    if (atomic_load(&req->server->set_up))
        return 0;
    if (member_count(req->ctx, &n, err))
        return -1;
    *out = n == 0;
    if (n)
        atomic_store(&req->server->set_up, true);
    return 0;
}

int api_setup_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    bool yes;
    if (needed(req, &yes, err))
        return -1;
    json_begin_obj(&resp->json);
    json_kbool(&resp->json, "needed", yes);
    json_end_obj(&resp->json);
    return 0;
}

struct first {
    struct member_spec spec;
    struct str hash;
    int64_t id;
    struct diags *diags;
    struct str remote;
};

static int first_member(struct ctx *c, void *arg, struct err *err)
{
    struct first *f = arg;
    int64_t n;
    if (member_count(c, &n, err))
        return -1;
    if (n)
        return err_set(err, ERR_CONFLICT, "already_set_up", "系统已有管理员，请直接登录。",
                       "There is an administrator already; please log in.");
    struct audit line = {.what = STR("setup"), .addr = f->remote};
    line.detail = audit_detail(c->a, "login", val_text(f->spec.login));
    return member_add(c, &f->spec, f->hash, &f->id, f->diags, err) || audit_add(c, &line, err) ? -1
                                                                                               : 0;
}

int api_setup_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    bool yes;
    struct first f = {.diags = &resp->diags, .remote = req->remote};
    if (req_json(req, &body, err) || needed(req, &yes, err))
        return -1;
    if (!yes)
        return err_set(err, ERR_CONFLICT, "already_set_up", "系统已有管理员，请直接登录。",
                       "There is an administrator already; please log in.");
    f.spec.login = body_str(body, "login");
    f.spec.name = body_str(body, "name");
    f.spec.rights = ADMIN_DESIGN | ADMIN_PEOPLE | ADMIN_OPERATE;
    if (member_hash(req->ctx, f.spec.login, body_str(body, "password"), &f.hash, &resp->diags,
                    err) ||
        engine_write(req->ctx, first_member, &f, err))
        return -1;
    atomic_store(&req->server->set_up, true);
    resp->status = 201;
    return auth_log_in(req, resp, f.id, err);
}

/* ---- tokens ---- */

int api_token_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct sql q;
    struct stmt *s;
    char id[16];
    int rc;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT id, title, scopes, created_at, expires_at, used_at, addrs FROM _token "
                "WHERE member = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " ORDER BY id DESC");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(j);
    json_key(j, STR("tokens"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1) {
        struct val scopes;
        json_begin_obj(j);
        json_kstr(j, "id", id_print(stmt_int(s, 0), id));
        json_kstr(j, "title", stmt_str(s, 1));
        if (json_parse(c->a, stmt_str(s, 2), &scopes, err))
            return -1;
        json_kval(j, "scopes", scopes);
        json_kval(j, "created_at", val_instant(stmt_int(s, 3)));
        json_kval(j, "expires", stmt_null(s, 4) ? VAL_NONE : val_instant(stmt_int(s, 4)));
        json_kval(j, "used_at", stmt_null(s, 5) ? VAL_NONE : val_instant(stmt_int(s, 5)));
        struct val addrs = VAL_NONE;
        if (!stmt_null(s, 6) && json_parse(c->a, stmt_str(s, 6), &addrs, err))
            return -1;
        json_kval(j, "addresses", addrs);
        json_end_obj(j);
    }
    stmt_done(s);
    json_end_list(j);
    json_end_obj(j);
    return rc;
}

struct token_new {
    struct str title, hash, scopes, addrs, token;
    int64_t id, expires_us;
};

static int token_insert(struct ctx *c, void *arg, struct err *err)
{
    struct token_new *t = arg;
    struct sql q;
    t->id = id_next(c->ids, c->now_us);
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q,
            "INSERT INTO _token (id, hash, member, title, scopes, addrs, created_at, expires_at)"
            " VALUES (");
    sql_bind_int(&q, t->id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, t->hash);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, t->title);
    sql_lit(&q, ", ");
    sql_bind_str(&q, t->scopes);
    sql_lit(&q, ", ");
    sql_bind(&q, t->addrs.n ? val_text(t->addrs) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, t->expires_us ? val_instant(t->expires_us) : VAL_NONE);
    sql_lit(&q, ")");
    struct audit line = {.what = STR("token.add")};
    line.detail = audit_detail(c->a, "title", val_text(t->title));
    return store_exec(c->db, c->a, &q, NULL, err) || audit_add(c, &line, err) ? -1 : 0;
}

static bool scope_ok(struct val v)
{
    struct str s = val_str(v);
    return str_eqz(s, "read") || str_eqz(s, "write") ||
           (str_starts(s, STR("app:")) && str_is_key(str_sub(s, 4, s.n)));
}

/* RFC 3339 or a date; 0 when absent, -1 when neither. */
static int64_t expiry(struct val v)
{
    int64_t n;
    struct str s = val_str(v);
    if (val_is_blank(v))
        return 0;
    if (civil_parse_instant(s, &n))
        return n;
    return civil_parse_date(s, &n) ? n * US_PER_DAY : -1;
}

static struct str json_text(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

static int token_read(struct http_req *req, struct val body, struct token_new *t,
                      struct diags *diags, struct err *err)
{
    struct val scopes = val_get(body, STR("scopes"));
    t->title = str_trim(body_str(body, "title"));
    t->expires_us = expiry(val_get(body, STR("expires")));
    if (!t->title.n || t->title.n > 200)
        diag_field(diags, STR("title"), "required", "请给令牌起个名字。",
                   "Give the token a title.");
    if (t->expires_us < 0 || (t->expires_us && t->expires_us <= req->ctx->now_us))
        diag_field(diags, STR("expires"), "bad_value", "到期时间应为将来的时间。",
                   "The expiry must lie ahead.");
    bool ok = scopes.kind == VAL_LIST && scopes.n > 0 && scopes.n <= 8;
    for (size_t i = 0; ok && i < scopes.n; i++)
        ok = scope_ok(scopes.list[i]);
    if (!ok)
        diag_field(diags, STR("scopes"), "bad_value", "权限范围应为 read、write 或 app:应用。",
                   "Scopes are read, write or app:KEY.");
    struct val addrs = val_get(body, STR("addresses"));
    bool some = addrs.kind == VAL_LIST && addrs.n > 0;
    bool fits = val_is_blank(addrs) || addrs.kind == VAL_ABSENT ||
                (addrs.kind == VAL_LIST && addrs.n <= 32);
    for (size_t i = 0; fits && some && i < addrs.n; i++)
        fits = address_valid(val_str(addrs.list[i]));
    if (!fits)
        diag_field(diags, STR("addresses"), "bad_value",
                   "地址应为 IP，或“IP/前缀长度”，例如 10.0.0.0/8。",
                   "Addresses are like 10.1.2.3 or 10.0.0.0/8.");
    if (diags->errors)
        return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                       "Some of the input is not valid.");
    t->scopes = json_text(req->ctx->a, scopes);
    t->addrs = some ? json_text(req->ctx->a, addrs) : STR_NONE;
    return 0;
}

int auth_session_only(const struct http_req *req, struct err *err)
{
    if (req->by == AUTH_SESSION)
        return 0;
    return err_set(err, ERR_DENIED, "session_required", "此操作需要登录后在页面上进行。",
                   "This needs a login session, not a token.");
}

int api_token_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    char id[16];
    struct token_new t = {0};
    if (auth_session_only(req, err) || req_json(req, &body, err) ||
        token_read(req, body, &t, &resp->diags, err))
        return -1;
    t.token = vault_token(req->ctx->a);
    t.hash = vault_sha256_hex(req->ctx->a, t.token);
    if (engine_write(req->ctx, token_insert, &t, err))
        return -1;
    resp->status = 201;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "id", id_print(t.id, id));
    json_kstr(&resp->json, "token", t.token);
    json_end_obj(&resp->json);
    return 0;
}

struct token_gone {
    int64_t id, changes;
};

static int token_remove(struct ctx *c, void *arg, struct err *err)
{
    struct token_gone *t = arg;
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "DELETE FROM _token WHERE id = ");
    sql_bind_int(&q, t->id);
    sql_lit(&q, " AND member = ");
    sql_bind_int(&q, c->who->id);
    struct audit line = {.what = STR("token.remove")};
    return store_exec(c->db, c->a, &q, &t->changes, err) || audit_add(c, &line, err) ? -1 : 0;
}

int api_token_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct token_gone t = {0, 0};
    if (auth_session_only(req, err) || req_id(req, 0, &t.id, err) ||
        engine_write(req->ctx, token_remove, &t, err))
        return -1;
    if (!t.changes)
        return no_such(err);
    resp_no_body(resp, 204);
    return 0;
}

/* ---- password ---- */

struct password_new {
    struct str hash, keep;
};

static int password_store(struct ctx *c, void *arg, struct err *err)
{
    const struct password_new *p = arg;
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE _member SET password = ");
    sql_bind_str(&q, p->hash);
    sql_lit(&q, ", password_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", must_change = 0 WHERE id = ");
    sql_bind_int(&q, c->who->id);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    struct audit line = {.what = STR("password")};
    return session_end_all(c, c->who->id, p->keep, err) || audit_add(c, &line, err) ? -1 : 0;
}

int auth_confirm(struct http_req *req, struct http_resp *resp, struct str password,
                 const char *field, struct err *err)
{
    struct login_try *t;
    int64_t id = 0;
    if (throttle_login_begin(req, resp, req->ctx->who->login, &t, err))
        return -1;
    int ok = check_password(req, req->ctx->who->login, password, &id, err);
    if (throttle_login_end(req, t, ok == 1, err) || ok < 0)
        return -1;
    if (ok)
        return 0;
    diag_field(&resp->diags, str_of(field), "wrong_password", "当前密码不正确。",
               "The current password is not right.");
    return err_set(err, ERR_INVALID, "validation", "当前密码不正确。",
                   "The current password is not right.");
}

int api_password_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct password_new p = {.keep = req->session};
    struct ctx *c = req->ctx;
    if (auth_session_only(req, err) || req_json(req, &body, err) ||
        auth_confirm(req, resp, body_str(body, "current"), "current", err))
        return -1;
    if (member_hash(c, c->who->login, body_str(body, "password"), &p.hash, &resp->diags, err) ||
        engine_write(c, password_store, &p, err))
        return -1;
    resp_no_body(resp, 204);
    return 0;
}
