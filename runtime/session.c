/*
 * Session rows and the cookie. Only the hash of the token is stored; a session moves its expiry at
 * most every ten minutes, so that reading pages does not write.
 */
#include "runtime/session.h"

#include "engine/base/log.h"
#include "engine/org/audit.h"
#include "engine/org/member.h"
#include "engine/vault/vault.h"

#define TOUCH_US (600 * US_PER_S)

static struct str cookie_name(const struct http_req *req)
{
    return req->secure ? STR("__Host-sid") : STR("sid");
}

static struct str cookie_value(const struct http_req *req)
{
    struct str rest = req_header(req, "cookie"), want = cookie_name(req);
    while (rest.n) {
        struct str item, name, value;
        rest = str_cut(rest, ';', &item);
        value = str_cut(str_trim(item), '=', &name);
        if (str_eq(name, want))
            return value;
    }
    return STR_NONE;
}

struct touch {
    struct str hash;
    int64_t expires_us;
};

static int touch(struct ctx *c, void *arg, struct err *err)
{
    const struct touch *t = arg;
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE _session SET seen_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", expires_at = ");
    sql_bind_int(&q, t->expires_us);
    sql_lit(&q, " WHERE hash = ");
    sql_bind_str(&q, t->hash);
    return store_exec(c->db, c->a, &q, NULL, err);
}

struct row {
    int64_t member, created_us, seen_us, expires_us;
    struct str csrf;
};

static int find(struct ctx *c, struct str hash, struct row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT member, csrf, created_at, seen_at, expires_at FROM _session WHERE hash = ");
    sql_bind_str(&q, hash);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        *out = (struct row){stmt_int(s, 0), stmt_int(s, 2), stmt_int(s, 3), stmt_int(s, 4),
                            str_dup(c->a, stmt_str(s, 1))};
    stmt_done(s);
    return rc;
}

int session_load(struct http_req *req, struct err *err)
{
    struct ctx *c = req->ctx;
    struct str token = cookie_value(req);
    struct row row = {0};
    if (token.n != VAULT_TOKEN_CHARS)
        return 0;
    struct str hash = vault_sha256_hex(c->a, token);
    int rc = find(c, hash, &row, err);
    if (rc <= 0 || row.expires_us <= c->now_us)
        return rc < 0 ? -1 : 0;
    struct principal *who = ARENA_NEW(c->a, struct principal);
    rc = member_load(c, row.member, who, err);
    if (rc <= 0)
        return rc;
    who->scopes = 3;
    c->who = who;
    req->by = AUTH_SESSION;
    req->session = hash;
    req->csrf = row.csrf;
    if (c->now_us - row.seen_us < TOUCH_US)
        return 1;
    struct touch t = {hash, MIN(c->now_us + SESSION_IDLE_US, row.created_us + SESSION_MAX_US)};
    struct err ignored =
        ERR_INIT; /* the session is good; that its expiry did not move is no error */
    if (engine_write(c, touch, &t, &ignored))
        log_event(LOG_WARN, "session_touch", LOG_TEXT("code", str_of(ignored.key)));
    return 1;
}

struct begin {
    struct str hash, old, csrf, remote, agent;
    int64_t member;
};

static int delete_one(struct ctx *c, struct str hash, struct err *err)
{
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "DELETE FROM _session WHERE hash = ");
    sql_bind_str(&q, hash);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int delete_old(struct ctx *c, struct err *err)
{
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "DELETE FROM _session WHERE expires_at < ");
    sql_bind_int(&q, c->now_us);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int begin(struct ctx *c, void *arg, struct err *err)
{
    const struct begin *b = arg;
    struct sql q;
    if ((b->old.n && delete_one(c, b->old, err)) || delete_old(c, err))
        return -1;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(
        &q,
        "INSERT INTO _session (hash, member, csrf, created_at, seen_at, expires_at, addr, agent)"
        " VALUES (");
    sql_bind_str(&q, b->hash);
    sql_lit(&q, ", ");
    sql_bind_int(&q, b->member);
    sql_lit(&q, ", ");
    sql_bind_str(&q, b->csrf);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us + SESSION_IDLE_US);
    sql_lit(&q, ", ");
    sql_bind_str(&q, b->remote);
    sql_lit(&q, ", ");
    sql_bind_str(&q, b->agent);
    sql_lit(&q, ")");
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    const struct principal *outer = c->who;
    struct principal who = {.kind = WHO_MEMBER, .id = b->member};
    struct audit line = {.what = STR("login"), .addr = b->remote};
    c->who = &who;
    int rc = audit_add(c, &line, err);
    c->who = outer;
    return rc;
}

static void set_cookie(struct http_req *req, struct http_resp *resp, struct str token)
{
    struct str name = cookie_name(req);
    resp_header(resp, STR("Set-Cookie"),
                str_fmt(resp->body.a, "%.*s=%.*s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%d",
                        STR_ARG(name), STR_ARG(token), req->secure ? "; Secure" : "",
                        token.n ? (int)(SESSION_MAX_US / US_PER_S) : 0));
}

int session_begin(struct http_req *req, struct http_resp *resp, int64_t member, struct err *err)
{
    struct ctx *c = req->ctx;
    struct str token = vault_token(c->a);
    struct begin b = {
        .hash = vault_sha256_hex(c->a, token),
        .old = req->session, /* a session from before the login must not become his */
        .csrf = vault_token(c->a),
        .remote = req->remote,
        .agent = str_sub(req_header(req, "user-agent"), 0, 200),
        .member = member,
    };
    if (engine_write(c, begin, &b, err))
        return -1;
    req->session = b.hash;
    req->csrf = b.csrf;
    set_cookie(req, resp, token);
    return 0;
}

static int end(struct ctx *c, void *arg, struct err *err)
{
    return delete_one(c, *(const struct str *)arg, err);
}

int session_end(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct str hash = req->session;
    if (hash.n && engine_write(req->ctx, end, &hash, err))
        return -1;
    set_cookie(req, resp, STR_NONE);
    return 0;
}

int session_end_all(struct ctx *c, int64_t member, struct str keep, struct err *err)
{
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "DELETE FROM _session WHERE member = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " AND hash <> ");
    sql_bind_str(&q, keep);
    return store_exec(c->db, c->a, &q, NULL, err);
}

#define SESSION_ID_CHARS 16 /* of the hash: enough to name it, too little to be it */

int session_list_json(struct http_req *req, int64_t member, struct json *out, struct err *err)
{
    struct ctx *c = req->ctx;
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT hash, created_at, seen_at, addr, agent FROM _session WHERE member = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " AND expires_at > ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " ORDER BY seen_at DESC, hash LIMIT 200");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("sessions"));
    json_begin_list(out);
    while ((rc = stmt_step(s, err)) == 1) {
        json_begin_obj(out);
        json_kstr(out, "id", str_sub(stmt_str(s, 0), 0, SESSION_ID_CHARS));
        json_kval(out, "created_at", val_instant(stmt_int(s, 1)));
        json_kval(out, "seen_at", val_instant(stmt_int(s, 2)));
        json_kstr(out, "addr", stmt_str(s, 3));
        json_kstr(out, "agent", stmt_str(s, 4));
        json_kbool(out, "current", str_eq(stmt_str(s, 0), req->session));
        json_end_obj(out);
    }
    stmt_done(s);
    json_end_list(out);
    json_end_obj(out);
    return rc;
}

int session_end_one(struct ctx *c, int64_t member, struct str id, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    if (id.n != SESSION_ID_CHARS)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _session WHERE member = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " AND substr(hash, 1, 16) = ");
    sql_bind_str(&q, id);
    return store_exec(c->db, c->a, &q, &n, err) ? -1 : n > 0;
}
