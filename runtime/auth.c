/*
 * Reading credentials and judging a route's needs.
 */
#include "runtime/auth.h"

#include "engine/org/member.h"
#include "engine/vault/vault.h"
#include "runtime/address.h"
#include "runtime/session.h"

static bool http_unsafe(enum http_method m)
{
    return m != HTTP_GET && m != HTTP_HEAD;
}

static int denied(struct err *err)
{
    return err_set(err, ERR_DENIED, "denied", "您没有权限进行此操作。",
                   "You are not allowed to do this.");
}

static int no_session(struct err *err)
{
    return err_set(err, ERR_AUTH, "no_session", "请先登录。", "Please log in first.");
}

struct token_row {
    int64_t id, member, expires_us;
    struct str scopes, addrs;
};

static int token_find(struct ctx *c, struct str hash, struct token_row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT id, member, expires_at, scopes, addrs FROM _token WHERE hash = ");
    sql_bind_str(&q, hash);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        *out = (struct token_row){stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2),
                                  str_dup(c->a, stmt_str(s, 3)), str_dup(c->a, stmt_str(s, 4))};
    stmt_done(s);
    return rc;
}

static void take_scopes(struct principal *who, struct val scopes)
{
    who->scopes = 0;
    for (size_t i = 0; scopes.kind == VAL_LIST && i < scopes.n; i++) {
        struct str s = val_str(scopes.list[i]);
        if (str_eqz(s, "read"))
            who->scopes |= 1;
        else if (str_eqz(s, "write"))
            who->scopes |= 3;
        else if (str_starts(s, STR("app:")))
            who->scope_app = str_sub(s, 4, s.n);
    }
}

/* An empty or absent list allows every address. */
static bool address_ok(struct arena *a, struct str json, struct str remote)
{
    struct err err = ERR_INIT;
    struct val list;
    if (!json.n || json_parse(a, json, &list, &err) || list.kind != VAL_LIST || !list.n)
        return true;
    for (size_t i = 0; i < list.n; i++)
        if (address_in(val_str(list.list[i]), remote))
            return true;
    return false;
}

static int bearer(struct http_req *req, struct str token, struct err *err)
{
    struct ctx *c = req->ctx;
    struct token_row row = {0};
    struct val scopes = VAL_NONE;
    struct principal *who = ARENA_NEW(c->a, struct principal);
    int rc = token_find(c, vault_sha256_hex(c->a, token), &row, err);
    if (rc == 1 && (!row.expires_us || row.expires_us > c->now_us) &&
        address_ok(c->a, row.addrs, req->remote))
        rc = member_load(c, row.member, who, err);
    else if (rc == 1)
        rc = 0;
    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_AUTH, "bad_token", "访问令牌无效或已过期。",
                       "The access token is not valid or has expired.");
    if (json_parse(c->a, row.scopes, &scopes, err))
        return -1;
    take_scopes(who, scopes);
    c->who = who;
    req->by = AUTH_TOKEN;
    req->token = row.id;
    return 0;
}

static int load(struct http_req *req, struct err *err)
{
    struct str header = req_header(req, "authorization");
    req->ctx->via = VIA_API;
    if (str_ieq(str_sub(header, 0, 7), STR("bearer ")))
        return bearer(req, str_trim(str_sub(header, 7, header.n)), err);
    int rc = session_load(req, err);
    if (rc == 1)
        req->ctx->via = VIA_UI;
    return rc < 0 ? -1 : 0;
}

static void end_reads(void *db)
{
    store_read_end(db);
}

int auth_load(struct http_req *req, struct err *err)
{
    struct ctx *c = req->ctx;
    int snapshot = store_reads_begin(c->db, err);
    if (snapshot < 0)
        return -1;
    if (snapshot)
        arena_defer(c->a, end_reads, c->db); /* an unwind must not leave it open */
    int rc = load(req, err);
    if (snapshot) {
        arena_undefer(c->a, c->db);
        store_read_end(c->db);
    }
    return rc;
}

/* A browser says where a request comes from; another program says nothing. */
static bool same_origin(const struct http_req *req)
{
    struct str site = req_header(req, "sec-fetch-site");
    if (str_eqz(site, "cross-site") || str_eqz(site, "same-site"))
        return false;
    struct str origin = req_header(req, "origin");
    if (!origin.n)
        return true;
    ptrdiff_t at = str_find(origin, STR("://"), 0);
    return at > 0 && str_ieq(str_sub(origin, (size_t)at + 3, origin.n), req_header(req, "host"));
}

static int csrf(struct http_req *req, const struct route *route, struct err *err)
{
    if (req->by == AUTH_TOKEN || !http_unsafe(req->method))
        return 0;
    bool ok = same_origin(req);
    if (ok && req->by == AUTH_SESSION && !(route->flags & ROUTE_NO_CSRF))
        ok = vault_same(req_header(req, "x-csrf-token"), req->csrf);
    if (ok)
        return 0;
    return err_set(
        err, ERR_DENIED, "csrf", "请求来源无法确认，请刷新页面后重试。",
        "The origin of this request cannot be confirmed; reload the page and try again.");
}

static unsigned right_of(enum need need)
{
    return need == NEED_DESIGN    ? ADMIN_DESIGN
           : need == NEED_PEOPLE  ? ADMIN_PEOPLE
           : need == NEED_OPERATE ? ADMIN_OPERATE
                                  : 0;
}

int auth_allow(struct http_req *req, const struct route *route, struct err *err)
{
    const struct principal *who = req->ctx->who;
    if (route->need != NEED_NONE && who->kind != WHO_MEMBER)
        return no_session(err);
    if (csrf(req, route, err))
        return -1;
    if (who->kind != WHO_MEMBER)
        return 0;
    bool writes = http_unsafe(req->method) && !(route->flags & ROUTE_READS);
    if (!(who->scopes & (writes ? 2u : 1u)))
        return denied(err);
    if (who->must_change && req->by == AUTH_SESSION && !(route->flags & ROUTE_FIRST))
        return err_set(err, ERR_DENIED, "must_change", "请先修改密码。",
                       "Please change your password first.");
    if (route->need == NEED_ORG)
        return (who->rights & ADMIN_PEOPLE || who->org_admin) && !who->scope_app.n ? 0
                                                                                   : denied(err);
    unsigned right = right_of(route->need);
    if (right && (!(who->rights & right) || who->scope_app.n))
        return denied(err);
    return 0;
}
