/*
 * Administration of members: the list, one of them, adding, changing, removing, their sessions.
 */
#include "runtime/api.h"

#include "engine/org/totp.h"
#include "runtime/audited.h"
#include "runtime/people.h"
#include "runtime/session.h"
#include "runtime/write.h"

/* ---- writing one ---- */

static int put_roles(struct ctx *c, int64_t member, struct json *j, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT app, role FROM _member_role WHERE member = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " ORDER BY app, role");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_key(j, STR("roles"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1)
        json_str(j, str_fmt(c->a, "%.*s:%.*s", STR_ARG(stmt_str(s, 0)), STR_ARG(stmt_str(s, 1))));
    json_end_list(j);
    stmt_done(s);
    return rc;
}

static int put_departments(struct ctx *c, int64_t member, struct json *j, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT d.id, d.name FROM _member_department md"
                " JOIN _department d ON d.id = md.department WHERE md.member = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " ORDER BY md.main DESC, d.id");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_key(j, STR("departments"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1)
        json_val(j, val_ref(c->a, stmt_int(s, 0), stmt_str(s, 1)));
    json_end_list(j);
    stmt_done(s);
    return rc;
}

static void select_members(struct ctx *c, struct sql *q)
{
    ctx_sql(c, q);
    sql_lit(q, "SELECT m.id, m.login, m.name, m.active, m.rights, m.manager, b.name, m.created_at,"
               " m.org, o.name, m.org_admin, m.totp, m.password, m.must_change,"
               " (SELECT MAX(v.expires_at) FROM _invitation v WHERE v.member = m.id"
               " AND v.used_at IS NULL)"
               " FROM _member m LEFT JOIN _member b ON b.id = m.manager"
               " LEFT JOIN _department o ON o.id = m.org WHERE 1 = 1");
    org_limit(c, q, "m");
}

static int put_member(struct ctx *c, struct stmt *s, struct json *j, struct err *err)
{
    char buf[16];
    struct val rights;
    int64_t id = stmt_int(s, 0);
    json_begin_obj(j);
    json_kstr(j, "id", id_print(id, buf));
    json_kstr(j, "login", stmt_str(s, 1));
    json_kstr(j, "name", stmt_str(s, 2));
    json_kbool(j, "active", stmt_int(s, 3) != 0);
    if (json_parse(c->a, stmt_str(s, 4), &rights, err))
        return -1;
    json_kval(j, "rights", rights);
    json_kval(j, "manager",
              stmt_null(s, 5) ? VAL_NONE : val_ref(c->a, stmt_int(s, 5), stmt_str(s, 6)));
    json_kval(j, "created_at", val_instant(stmt_int(s, 7)));
    json_kval(j, "organisation",
              stmt_null(s, 8) ? VAL_NONE : val_ref(c->a, stmt_int(s, 8), stmt_str(s, 9)));
    json_kbool(j, "org_admin", stmt_int(s, 10) != 0);
    json_kbool(j, "totp", !stmt_null(s, 11));
    json_kbool(j, "can_log_in", !stmt_null(s, 12) && stmt_str(s, 12).n > 0);
    json_kbool(j, "must_change", stmt_int(s, 13) != 0);
    json_kval(j, "invited_until", stmt_null(s, 14) ? VAL_NONE : val_instant(stmt_int(s, 14)));
    if (put_roles(c, id, j, err) || put_departments(c, id, j, err))
        return -1;
    json_end_obj(j);
    return 0;
}

static int put_members(struct ctx *c, const struct sql *q, struct json *j, struct err *err)
{
    struct stmt *s;
    int rc;
    if (store_query(c->db, c->a, q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        if (put_member(c, s, j, err))
            return -1;
    stmt_done(s);
    return rc;
}

static int put_one(struct ctx *c, int64_t id, struct json *j, struct err *err)
{
    struct sql q;
    select_members(c, &q);
    sql_lit(&q, " AND m.id = ");
    sql_bind_int(&q, id);
    return put_members(c, &q, j, err);
}

/* ---- reading ---- */

static int filters(struct http_req *req, struct sql *q, struct err *err)
{
    int64_t department = 0;
    struct str search = str_trim(req_query(req, "search")), d = req_query(req, "department");
    struct str active = req_query(req, "active");
    if (search.n) {
        sql_lit(q, " AND (m.name");
        sql_contains(q, search);
        sql_lit(q, " OR m.login");
        sql_contains(q, search);
        sql_lit(q, ")");
    }
    if (str_eqz(active, "true") || str_eqz(active, "1"))
        sql_lit(q, " AND m.active = 1");
    else if (active.n)
        sql_lit(q, " AND m.active = 0");
    if (!d.n)
        return 0;
    if (department_find(req->ctx, d, &department, err) < 0)
        return -1;
    sql_lit(q, " AND EXISTS (SELECT 1 FROM _member_department md WHERE md.member = m.id"
               " AND md.department = ");
    sql_bind_int(q, department);
    sql_lit(q, ")");
    return 0;
}

int api_admin_members(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct sql q;
    int64_t limit;
    select_members(req->ctx, &q);
    if (filters(req, &q, err) ||
        req_int(req, "limit", (struct req_range){1, 1000, 1000}, &limit, err))
        return -1;
    sql_lit(&q, " ORDER BY m.id LIMIT ");
    sql_int(&q, limit);
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("members"));
    json_begin_list(&resp->json);
    if (put_members(req->ctx, &q, &resp->json, err))
        return -1;
    json_end_list(&resp->json);
    json_end_obj(&resp->json);
    return 0;
}

int api_admin_member(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t id;
    if (people_id(req, &id, err))
        return -1;
    return put_one(req->ctx, id, &resp->json, err);
}

/* ---- the body ---- */

struct edit {
    struct member_change m;
    struct str hash;
    bool must_change, end_sessions, totp_off;
    struct diags *diags;
};

/* Nobody gives or takes a right that he does not have. */
static int may_give(struct ctx *c, const struct edit *e, struct err *err)
{
    struct principal him = {0};
    if (!(e->m.parts & MEMBER_RIGHTS))
        return 0;
    if (e->m.id && member_load(c, e->m.id, &him, err) < 0)
        return -1;
    if (((e->m.spec.rights ^ him.rights) & ~c->who->rights) == 0)
        return 0;
    return err_set(err, ERR_DENIED, "denied", "您不能授予自己没有的权限。",
                   "You cannot give rights that you do not have.");
}

static int read_lists(struct ctx *c, struct val body, struct edit *e, struct err *err)
{
    if (people_has(body, "departments")) {
        e->m.parts |= MEMBER_DEPARTMENTS;
        if (people_read_departments(c, val_get(body, STR("departments")), &e->m.spec, e->diags,
                                    err))
            return -1;
    }
    if (people_has(body, "roles")) {
        e->m.parts |= MEMBER_ROLES;
        people_read_roles(c, val_get(body, STR("roles")), &e->m.spec, e->diags);
    }
    if (people_has(body, "rights")) {
        e->m.parts |= MEMBER_RIGHTS;
        people_read_rights(val_get(body, STR("rights")), &e->m.spec, e->diags);
    }
    return may_give(c, e, err);
}

/* An external administrator's people are in his organisation, whatever the body leaves out. */
static int keep_inside(struct ctx *c, struct edit *e)
{
    char buf[16];
    bool fresh = !e->m.id;
    if (people_admin(c) || e->m.spec.ndepartments || !(fresh || (e->m.parts & MEMBER_DEPARTMENTS)))
        return 0;
    e->m.spec.departments = ARENA_NEW(c->a, struct str);
    e->m.spec.departments[0] = str_dup(c->a, id_print(c->who->org, buf));
    e->m.spec.ndepartments = 1;
    return 0;
}

static int read_manager(struct ctx *c, struct val body, struct edit *e, struct err *err)
{
    struct str manager = people_ref(val_get(body, STR("manager")));
    if (!people_has(body, "manager"))
        return 0;
    e->m.parts |= MEMBER_MANAGER;
    if (!manager.n)
        return 0;
    int seen = id_parse(manager, &e->m.spec.manager) ? people_reach(c, e->m.spec.manager, err) : 0;
    if (seen == 0)
        people_bad(e->diags, "manager", "没有这位成员。", "There is no such member.");
    return seen < 0 ? -1 : 0;
}

static void read_flags(struct val body, struct edit *e)
{
    if (people_has(body, "active"))
        e->m.parts |= MEMBER_ACTIVE;
    if (people_has(body, "org_admin"))
        e->m.parts |= MEMBER_ORG_ADMIN;
    e->m.active = body_bool(body, "active");
    e->m.spec.org_admin = body_bool(body, "org_admin");
    e->must_change = body_bool(body, "must_change");
    e->end_sessions = body_bool(body, "end_sessions");
    e->totp_off = people_has(body, "totp") && !body_bool(body, "totp");
}

static int read_body(struct ctx *c, struct val body, struct edit *e, struct err *err)
{
    if (people_has(body, "login"))
        e->m.parts |= MEMBER_LOGIN;
    if (people_has(body, "name"))
        e->m.parts |= MEMBER_NAME;
    e->m.spec.login = body_str(body, "login");
    e->m.spec.name = body_str(body, "name");
    read_flags(body, e);
    return read_manager(c, body, e, err) || read_lists(c, body, e, err) ? -1 : keep_inside(c, e);
}

/* ---- adding ---- */

static int add_apply(struct ctx *c, void *arg, struct err *err)
{
    struct edit *e = arg;
    struct audit line = {.what = STR("member.add")};
    line.detail = audit_detail(c->a, "login", val_text(e->m.spec.login));
    return member_add(c, &e->m.spec, e->hash, &e->m.id, e->diags, err) ||
                   people_member_saved(c, e->m.id, err) || audit_add(c, &line, err)
               ? -1
               : 0;
}

static int add_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct edit *e = arg;
    resp->status = 201;
    return put_one(req->ctx, e->m.id, &resp->json, err);
}

int api_admin_member_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct ctx *c = req->ctx;
    struct edit e = {.diags = &resp->diags};
    if (req_json(req, &body, err) || read_body(c, body, &e, err))
        return -1;
    struct str password = body_str(body, "password");
    if (password.n && member_hash(c, e.m.spec.login, password, &e.hash, &resp->diags, err))
        return -1;
    if (resp->diags.errors)
        return people_invalid(err);
    struct api_write w = {add_apply, add_render, &e};
    return api_write(req, resp, &w, err);
}

/* ---- changing ---- */

static int reset_login(struct ctx *c, const struct edit *e, struct err *err)
{
    if (e->hash.n && (member_set_password(c, e->m.id, e->hash, e->must_change, err) ||
                      member_end_sessions(c, e->m.id, STR_NONE, err)))
        return -1;
    if (e->end_sessions && member_end_sessions(c, e->m.id, STR_NONE, err))
        return -1;
    return e->totp_off ? totp_off(c, e->m.id, err) : 0;
}

static int change_apply(struct ctx *c, void *arg, struct err *err)
{
    struct edit *e = arg;
    char buf[16];
    struct audit line = {.what = STR("member.change")};
    line.detail = audit_detail(c->a, "member", val_text(str_dup(c->a, id_print(e->m.id, buf))));
    int rc = member_change(c, &e->m, e->diags, err);
    if (rc == 0)
        return no_such(err);
    return rc < 0 || reset_login(c, e, err) || people_member_saved(c, e->m.id, err) ||
                   audit_add(c, &line, err)
               ? -1
               : 0;
}

static int change_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct edit *e = arg;
    return put_one(req->ctx, e->m.id, &resp->json, err);
}

/* The password is tested against the login it will belong to. */
static int read_password(struct http_req *req, struct val body, struct edit *e, struct err *err)
{
    struct str password = body_str(body, "password"), login = e->m.spec.login;
    struct principal him = {0};
    bool login_changes = (e->m.parts & MEMBER_LOGIN) != 0;
    if (!password.n && !login_changes && !e->totp_off && !e->end_sessions)
        return 0;
    if (people_not_above(req->ctx, e->m.id, err) || member_load(req->ctx, e->m.id, &him, err) < 0)
        return -1;
    if (!password.n)
        return 0;
    return member_hash(req->ctx, login_changes ? login : him.login, password, &e->hash, e->diags,
                       err);
}

int api_admin_member_patch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct edit e = {.diags = &resp->diags};
    if (people_id(req, &e.m.id, err) || req_json(req, &body, err) ||
        read_body(req->ctx, body, &e, err) || read_password(req, body, &e, err))
        return -1;
    if (resp->diags.errors)
        return people_invalid(err);
    struct api_write w = {change_apply, change_render, &e};
    return api_write(req, resp, &w, err);
}

/* ---- removing ---- */

struct gone {
    int64_t id;
};

static int remove_apply(struct ctx *c, void *arg, struct err *err)
{
    struct gone *g = arg;
    char buf[16];
    struct audit line = {.what = STR("member.remove")};
    line.detail = audit_detail(c->a, "member", val_text(str_dup(c->a, id_print(g->id, buf))));
    return people_member_remove(c, g->id, err) || audit_add(c, &line, err) ? -1 : 0;
}

static int remove_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

int api_admin_member_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct gone g;
    if (people_id(req, &g.id, err) || people_not_above(req->ctx, g.id, err))
        return -1;
    if (g.id == req->ctx->who->id)
        return err_set(err, ERR_CONFLICT, "yourself", "不能删除自己。",
                       "You cannot remove yourself.");
    struct api_write w = {remove_apply, remove_render, &g};
    return api_write(req, resp, &w, err);
}

/* ---- handing over ---- */

struct hand {
    struct hand_over h;
    struct hand_over_counts counts;
};

static int hand_json(struct http_req *req, struct http_resp *resp, const struct hand *h)
{
    struct json *j = &resp->json;
    (void)req;
    json_begin_obj(j);
    json_kbool(j, "preview", h->h.preview);
    json_kint(j, "records", h->counts.records);
    json_key(j, STR("forms"));
    json_begin_list(j);
    for (size_t i = 0; i < h->counts.forms.n; i++) {
        const struct hand_over_form *f = &h->counts.forms.v[i];
        json_begin_obj(j);
        json_kstr(j, "app", f->app);
        json_kstr(j, "form", f->form);
        json_kstr(j, "title", f->title);
        json_kint(j, "records", f->n);
        json_end_obj(j);
    }
    json_end_list(j);
    json_kint(j, "tasks", h->counts.tasks);
    json_kint(j, "departments", h->counts.departments);
    json_kint(j, "reports", h->counts.reports);
    json_end_obj(j);
    return 0;
}

static bool wants(struct val body, const char *key)
{
    return !people_has(body, key) || body_bool(body, key);
}

int api_admin_member_hand_over(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct ctx *c = req->ctx;
    struct hand h = {0};
    if (people_id(req, &h.h.from, err) || req_json(req, &body, err))
        return -1;
    h.h.preview = body_bool(body, "preview") || body_bool(body, "dry_run");
    h.h.records = wants(body, "records");
    h.h.tasks = wants(body, "tasks");
    h.h.departments = wants(body, "departments");
    struct str to = people_ref(val_get(body, STR("to")));
    struct principal him = {0};
    int seen = id_parse(to, &h.h.to) ? people_reach(c, h.h.to, err) : 0;
    if (seen == 1)
        seen = member_load(c, h.h.to, &him, err);
    if (seen < 0)
        return -1;
    if ((!seen || h.h.to == h.h.from) && !(h.h.preview && !to.n))
        people_bad(&resp->diags, "to", "请选择另一位在职成员。", "Choose another active member.");
    if (resp->diags.errors)
        return people_invalid(err);
    return people_hand_over(c, &h.h, &h.counts, err) ? -1 : hand_json(req, resp, &h);
}

/* ---- sessions ---- */

static int end_apply(struct ctx *c, void *arg, struct err *err)
{
    struct gone *g = arg;
    char buf[16];
    struct audit line = {.what = STR("session.end")};
    line.detail = audit_detail(c->a, "member", val_text(str_dup(c->a, id_print(g->id, buf))));
    return member_end_sessions(c, g->id, STR_NONE, err) || audit_add(c, &line, err) ? -1 : 0;
}

int api_admin_member_sessions(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t id;
    if (people_id(req, &id, err))
        return -1;
    return session_list_json(req, id, &resp->json, err);
}

int api_admin_member_sessions_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct gone g;
    if (people_id(req, &g.id, err) || people_not_above(req->ctx, g.id, err))
        return -1;
    struct api_write w = {end_apply, remove_render, &g};
    return api_write(req, resp, &w, err);
}
