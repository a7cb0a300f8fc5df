/*
 * Roles of the apps and who has them; everybody's access tokens.
 */
#include "runtime/api.h"

#include "runtime/audited.h"
#include "runtime/people.h"
#include "runtime/write.h"

static int holders(struct ctx *c, struct str app, struct str role, int64_t *n, struct err *err)
{
    struct sql q;
    *n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _member_role r JOIN _member m ON m.id = r.member"
                " WHERE m.active = 1 AND r.app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " AND r.role = ");
    sql_bind_str(&q, role);
    org_limit(c, &q, "m");
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int put_role(struct ctx *c, const struct app *app, const struct role *role, struct json *j,
                    struct err *err)
{
    int64_t n;
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    struct str path = str_fmt(c->a, "roles.%.*s.title", STR_ARG(role->key));
    if (holders(c, app->key, role->key, &n, err))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "app", app->key);
    json_kstr(j, "app_title", app_text(app, lang, STR("app.title"), app->title));
    json_kstr(j, "role", role->key);
    json_kstr(j, "title", app_text(app, lang, path, role->title));
    json_kbool(j, "external", role->external);
    json_kint(j, "members", n);
    json_end_obj(j);
    return 0;
}

/* An external administrator gives those that are marked external, and sees no others. */
static bool may_see(const struct ctx *c, const struct app *app, const struct role *role)
{
    return !str_eqz(app->key, "people") && (people_admin(c) || role->external);
}

int api_admin_roles(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    int rc = 0;
    json_begin_obj(j);
    json_key(j, STR("roles"));
    json_begin_list(j);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        for (size_t k = 0; rc == 0 && app && k < app->nroles; k++)
            if (may_see(c, app, &app->roles[k]))
                rc = put_role(c, app, &app->roles[k], j, err);
        app_unref(&app);
    }
    json_end_list(j);
    json_end_obj(j);
    return rc;
}

/* ---- who has one ---- */

struct edit {
    struct role_of role;
    bool external;
    int64_t *ids;
    size_t n;
    struct diags *diags;
};

static int find_role(struct http_req *req, struct edit *e, struct err *err)
{
    struct ctx *c = req->ctx;
    e->role = (struct role_of){req->params[0], req->params[1]};
    int external =
        str_eqz(e->role.app, "people") ? -1 : engine_role(c->engine, e->role.app, e->role.role);
    if (external < 0 || (!external && !people_admin(c)))
        return no_such(err);
    e->external = external == 1;
    return 0;
}

static int members_json(struct ctx *c, const struct edit *e, struct json *j, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id, m.name FROM _member_role r JOIN _member m ON m.id = r.member"
                " WHERE r.app = ");
    sql_bind_str(&q, e->role.app);
    sql_lit(&q, " AND r.role = ");
    sql_bind_str(&q, e->role.role);
    org_limit(c, &q, "m");
    sql_lit(&q, " ORDER BY m.name, m.id LIMIT 10000");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "app", e->role.app);
    json_kstr(j, "role", e->role.role);
    json_kbool(j, "external", e->external);
    json_key(j, STR("members"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1)
        json_val(j, val_ref(c->a, stmt_int(s, 0), stmt_str(s, 1)));
    stmt_done(s);
    json_end_list(j);
    json_end_obj(j);
    return rc;
}

int api_admin_role_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct edit e = {.n = 0};
    return find_role(req, &e, err) || members_json(req->ctx, &e, &resp->json, err) ? -1 : 0;
}

static int role_ids(struct ctx *c, const struct edit *e, int64_t **ids, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(int64_t) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id FROM _member_role r JOIN _member m ON m.id = r.member WHERE r.app = ");
    sql_bind_str(&q, e->role.app);
    sql_lit(&q, " AND r.role = ");
    sql_bind_str(&q, e->role.role);
    org_limit(c, &q, "m");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, stmt_int(s, 0));
    stmt_done(s);
    *ids = list.v;
    *n = list.n;
    return rc;
}

static bool among(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static int set_one(struct ctx *c, const struct edit *e, int64_t id, bool on, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    if (on) {
        sql_lit(&q, "INSERT INTO _member_role (member, app, role) VALUES (");
        sql_bind_int(&q, id);
        sql_lit(&q, ", ");
        sql_bind_str(&q, e->role.app);
        sql_lit(&q, ", ");
        sql_bind_str(&q, e->role.role);
        sql_lit(&q, ") ON CONFLICT DO NOTHING");
    } else {
        sql_lit(&q, "DELETE FROM _member_role WHERE member = ");
        sql_bind_int(&q, id);
        sql_lit(&q, " AND app = ");
        sql_bind_str(&q, e->role.app);
        sql_lit(&q, " AND role = ");
        sql_bind_str(&q, e->role.role);
    }
    return store_exec(c->db, c->a, &q, NULL, err) || member_settle(c, id, e->diags, err) ||
                   people_member_saved(c, id, err)
               ? -1
               : 0;
}

static int apply(struct ctx *c, void *arg, struct err *err)
{
    struct edit *e = arg;
    int64_t *now;
    size_t n;
    struct audit line = {.what = STR("role.change"), .app = e->role.app};
    line.detail = audit_detail(c->a, "role", val_text(e->role.role));
    if (role_ids(c, e, &now, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!among(e->ids, e->n, now[i]) && set_one(c, e, now[i], false, err))
            return -1;
    for (size_t i = 0; i < e->n; i++)
        if (!among(now, n, e->ids[i]) && set_one(c, e, e->ids[i], true, err))
            return -1;
    return e->diags->errors ? people_invalid(err) : audit_add(c, &line, err);
}

static int render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    return members_json(req->ctx, arg, &resp->json, err);
}

int api_admin_role_put(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct edit e = {.diags = &resp->diags};
    if (find_role(req, &e, err) || req_json(req, &body, err))
        return -1;
    struct val list = val_get(body, STR("members"));
    if (list.kind != VAL_LIST)
        people_bad(&resp->diags, "members", "请给出成员列表。", "Give the list of members.");
    e.ids = ARENA_ARRAY(req->ctx->a, int64_t, list.kind == VAL_LIST ? list.n : 0);
    for (size_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        int64_t id = 0;
        int rc = id_parse(people_ref(list.list[i]), &id) ? people_reach(req->ctx, id, err) : 0;
        if (rc < 0)
            return -1;
        if (rc)
            e.ids[e.n++] = id;
        else
            people_bad(&resp->diags, "members", "没有这位成员。", "There is no such member.");
    }
    if (resp->diags.errors)
        return people_invalid(err);
    struct api_write w = {apply, render, &e};
    return api_write(req, resp, &w, err);
}

/* ---- tokens of everybody ---- */

int api_admin_tokens(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct sql q;
    struct stmt *s;
    char id[16];
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT t.id, t.title, t.scopes, t.created_at, t.expires_at, t.used_at, t.member,"
                " m.name FROM _token t JOIN _member m ON m.id = t.member"
                " ORDER BY t.id DESC LIMIT 1000");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(j);
    json_key(j, STR("tokens"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1) {
        struct val scopes;
        if (json_parse(c->a, stmt_str(s, 2), &scopes, err))
            return -1;
        json_begin_obj(j);
        json_kstr(j, "id", id_print(stmt_int(s, 0), id));
        json_kval(j, "member", val_ref(c->a, stmt_int(s, 6), stmt_str(s, 7)));
        json_kstr(j, "title", stmt_str(s, 1));
        json_kval(j, "scopes", scopes);
        json_kval(j, "created_at", val_instant(stmt_int(s, 3)));
        json_kval(j, "expires", stmt_null(s, 4) ? VAL_NONE : val_instant(stmt_int(s, 4)));
        json_kval(j, "used_at", stmt_null(s, 5) ? VAL_NONE : val_instant(stmt_int(s, 5)));
        json_end_obj(j);
    }
    stmt_done(s);
    json_end_list(j);
    json_end_obj(j);
    return rc;
}

static int revoke(struct ctx *c, void *arg, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    struct audit line = {.what = STR("token.remove")};
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _token WHERE id = ");
    sql_bind_int(&q, *(const int64_t *)arg);
    if (store_exec(c->db, c->a, &q, &n, err))
        return -1;
    return n ? audit_add(c, &line, err) : no_such(err);
}

static int no_content(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

int api_admin_token_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t id;
    if (req_id(req, 0, &id, err))
        return -1;
    struct api_write w = {revoke, no_content, &id};
    return api_write(req, resp, &w, err);
}
