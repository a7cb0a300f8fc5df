/*
 * Invitations: a link that works once and for some days, by which a member sets his password.
 */
#include "runtime/api.h"

#include "engine/vault/vault.h"
#include "runtime/audited.h"
#include "runtime/people.h"
#include "runtime/write.h"

#define DAYS_DEFAULT 7
#define DAYS_MAX     30

struct invite {
    int64_t member, expires_us;
    struct str token, hash;
};

/* ---- giving ---- */

static int drop_open(struct ctx *c, int64_t member, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _invitation WHERE used_at IS NULL AND member = ");
    sql_bind_int(&q, member);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int give(struct ctx *c, void *arg, struct err *err)
{
    const struct invite *v = arg;
    struct sql q;
    char buf[16];
    struct audit line = {.what = STR("member.invite")};
    line.detail = audit_detail(c->a, "member", val_text(str_dup(c->a, id_print(v->member, buf))));
    if (drop_open(c, v->member, err)) /* the link from before works no more */
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _invitation (id, hash, member, created_at, created_by, expires_at)"
                " VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", ");
    sql_bind_str(&q, v->hash);
    sql_lit(&q, ", ");
    sql_bind_int(&q, v->member);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, v->expires_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err) || audit_add(c, &line, err) ? -1 : 0;
}

static int give_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    const struct invite *v = arg;
    struct json *j = &resp->json;
    (void)err;
    resp->status = 201;
    json_begin_obj(j);
    json_kstr(j, "token", v->token);
    json_kstr(j, "url", str_fmt(req->ctx->a, "/invite/%.*s", STR_ARG(v->token)));
    json_kval(j, "expires", val_instant(v->expires_us));
    json_end_obj(j);
    return 0;
}

int api_invite_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body = VAL_NONE;
    struct ctx *c = req->ctx;
    struct invite v = {0};
    struct principal him = {0};
    if (people_id(req, &v.member, err) || people_not_above(c, v.member, err) ||
        (req->body.n && req_json(req, &body, err)))
        return -1;
    int active = member_load(c, v.member, &him, err);
    if (active < 0)
        return -1;
    if (!active)
        return err_set(err, ERR_CONFLICT, "inactive", "已停用的成员不能邀请。",
                       "A member who is not active cannot be invited.");
    struct val days = body.kind == VAL_OBJ ? val_get(body, STR("days")) : VAL_NONE;
    double n = days.kind == VAL_NUM ? days.num : DAYS_DEFAULT;
    if (n < 1 || n > DAYS_MAX) {
        people_bad(&resp->diags, "days", "有效期应为 1 到 30 天。", "It holds for 1 to 30 days.");
        return people_invalid(err);
    }
    v.expires_us = c->now_us + (int64_t)(n * (double)US_PER_DAY);
    v.token = vault_token(c->a);
    v.hash = vault_sha256_hex(c->a, v.token);
    struct api_write w = {give, give_render, &v};
    return api_write(req, resp, &w, err);
}

static int take_back(struct ctx *c, void *arg, struct err *err)
{
    return drop_open(c, *(const int64_t *)arg, err);
}

static int no_content(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

int api_invite_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t id;
    if (people_id(req, &id, err))
        return -1;
    struct api_write w = {take_back, no_content, &id};
    return api_write(req, resp, &w, err);
}

/* ---- taking ---- */

struct taken {
    struct str hash, password, login, name, organisation, addr;
    int64_t id, member, expires_us;
};

/* An open invitation to somebody who is active: 1, 0 (also used, over), -1. */
static int find(struct ctx *c, struct taken *t, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT v.id, v.member, v.expires_at, m.login, m.name, d.name FROM _invitation v"
                " JOIN _member m ON m.id = v.member LEFT JOIN _department d ON d.id = m.org"
                " WHERE m.active = 1 AND v.used_at IS NULL AND v.hash = ");
    sql_bind_str(&q, t->hash);
    sql_lit(&q, " AND v.expires_at > ");
    sql_bind_int(&q, c->now_us);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        t->id = stmt_int(s, 0);
        t->member = stmt_int(s, 1);
        t->expires_us = stmt_int(s, 2);
        t->login = str_dup(c->a, stmt_str(s, 3));
        t->name = str_dup(c->a, stmt_str(s, 4));
        t->organisation = str_dup(c->a, stmt_str(s, 5));
    }
    stmt_done(s);
    return step;
}

static int look(struct http_req *req, struct taken *t, struct err *err)
{
    t->hash = vault_sha256_hex(req->ctx->a, req->params[0]);
    int found = find(req->ctx, t, err);
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "invitation", "邀请链接无效、已使用或已过期。",
                       "The invitation is not valid, was used, or is over.");
    return found < 0 ? -1 : 0;
}

int api_invitation_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct taken t = {0};
    struct json *j = &resp->json;
    if (look(req, &t, err))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "login", t.login);
    json_kstr(j, "name", t.name);
    json_kval(j, "organisation", t.organisation.n ? val_text(t.organisation) : VAL_NONE);
    json_kval(j, "expires", val_instant(t.expires_us));
    json_end_obj(j);
    return 0;
}

static int take(struct ctx *c, void *arg, struct err *err)
{
    struct taken *t = arg;
    struct sql q;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _invitation SET used_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE used_at IS NULL AND id = ");
    sql_bind_int(&q, t->id);
    if (store_exec(c->db, c->a, &q, &n, err))
        return -1;
    if (!n) /* somebody was faster */
        return err_set(err, ERR_CONFLICT, "invitation", "这个邀请链接刚刚被使用了。",
                       "The invitation was just used.");
    const struct principal *outer = c->who;
    struct principal who = {.kind = WHO_MEMBER, .id = t->member};
    struct audit line = {.what = STR("member.joined"), .addr = t->addr};
    if (member_set_password(c, t->member, t->password, false, err) ||
        member_end_sessions(c, t->member, STR_NONE, err))
        return -1;
    c->who = &who;
    int rc = audit_add(c, &line, err);
    c->who = outer;
    return rc;
}

int api_invitation_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct taken t = {.addr = req->remote};
    if (req_json(req, &body, err) || look(req, &t, err) ||
        member_hash(req->ctx, t.login, body_str(body, "password"), &t.password, &resp->diags,
                    err) ||
        engine_write(req->ctx, take, &t, err))
        return -1;
    return auth_log_in(req, resp, t.member, err);
}
