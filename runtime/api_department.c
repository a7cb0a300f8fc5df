/*
 * Administration of departments: the tree, adding, renaming, moving, managers, organisations.
 */
#include "runtime/api.h"

#include "runtime/audited.h"
#include "runtime/people.h"
#include "runtime/write.h"

struct edit {
    struct department_change d;
    bool has_admins;
    int64_t *admins;
    size_t nadmins;
    struct diags *diags;
};

/* ---- reading ---- */

static int admins_json(struct ctx *c, int64_t org, struct json *j, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id, m.name FROM _member m WHERE m.org_admin = 1 AND m.active = 1"
                " AND m.org = ");
    sql_bind_int(&q, org);
    sql_lit(&q, " ORDER BY m.id");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_key(j, STR("admins"));
    json_begin_list(j);
    while ((rc = stmt_step(s, err)) == 1)
        json_val(j, val_ref(c->a, stmt_int(s, 0), stmt_str(s, 1)));
    json_end_list(j);
    stmt_done(s);
    return rc;
}

static void select_departments(struct ctx *c, struct sql *q)
{
    ctx_sql(c, q);
    sql_lit(q, "SELECT d.id, d.name, d.parent, p.name, d.manager, m.name, d.external, d.pos, d.org,"
               " (SELECT COUNT(*) FROM _member_department md JOIN _member x ON x.id = md.member"
               " WHERE x.active = 1 AND md.department = d.id)"
               " FROM _department d LEFT JOIN _member m ON m.id = d.manager"
               " LEFT JOIN _department p ON p.id = d.parent WHERE d.active = 1");
    org_limit(c, q, "d");
}

static int put(struct ctx *c, struct stmt *s, struct json *j, struct err *err)
{
    char buf[16];
    int64_t id = stmt_int(s, 0);
    bool top = stmt_null(s, 2) || (org_limited(c) && id == c->who->org);
    json_begin_obj(j);
    json_kstr(j, "id", id_print(id, buf));
    json_kstr(j, "title", stmt_str(s, 1));
    json_key(j, STR("parent"));
    if (top)
        json_blank(j);
    else
        json_str(j, id_print(stmt_int(s, 2), buf));
    json_kval(j, "manager",
              stmt_null(s, 4) ? VAL_NONE : val_ref(c->a, stmt_int(s, 4), stmt_str(s, 5)));
    json_kbool(j, "external", stmt_int(s, 6) != 0);
    json_kint(j, "pos", stmt_int(s, 7));
    json_kint(j, "members", stmt_int(s, 9));
    json_key(j, STR("organisation"));
    if (stmt_null(s, 8))
        json_blank(j);
    else
        json_str(j, id_print(stmt_int(s, 8), buf));
    if (stmt_int(s, 8) == id && admins_json(c, id, j, err))
        return -1;
    json_end_obj(j);
    return 0;
}

static int put_all(struct ctx *c, const struct sql *q, struct json *j, struct err *err)
{
    struct stmt *s;
    int rc;
    if (store_query(c->db, c->a, q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        if (put(c, s, j, err))
            return -1;
    stmt_done(s);
    return rc;
}

int api_admin_departments(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct sql q;
    select_departments(req->ctx, &q);
    sql_lit(&q, " ORDER BY d.pos, d.id");
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("departments"));
    json_begin_list(&resp->json);
    if (put_all(req->ctx, &q, &resp->json, err))
        return -1;
    json_end_list(&resp->json);
    json_end_obj(&resp->json);
    return 0;
}

static int render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct edit *e = arg;
    struct sql q;
    select_departments(req->ctx, &q);
    sql_lit(&q, " AND d.id = ");
    sql_bind_int(&q, e->d.id);
    return put_all(req->ctx, &q, &resp->json, err);
}

static int render_new(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    resp->status = 201;
    return render(req, resp, arg, err);
}

/* ---- the body ---- */

static int reach(struct ctx *c, struct str text, bool member, int64_t *id, struct err *err)
{
    *id = 0;
    if (!text.n || !id_parse(text, id))
        return 0;
    return member ? people_reach(c, *id, err) : people_reach_department(c, *id, err);
}

static int read_refs(struct ctx *c, struct val body, struct edit *e, struct err *err)
{
    struct str parent = people_ref(val_get(body, STR("parent"))),
               manager = people_ref(val_get(body, STR("manager")));
    int p = parent.n ? reach(c, parent, false, &e->d.spec.parent, err) : 1;
    int m = manager.n ? reach(c, manager, true, &e->d.spec.manager, err) : 1;
    if (p < 0 || m < 0)
        return -1;
    if (!p)
        people_bad(e->diags, "parent", "没有这个部门。", "There is no such department.");
    if (!m)
        people_bad(e->diags, "manager", "没有这位成员。", "There is no such member.");
    if (people_has(body, "parent"))
        e->d.parts |= DEPARTMENT_PARENT;
    if (people_has(body, "manager"))
        e->d.parts |= DEPARTMENT_MANAGER;
    return 0;
}

static int read_admins(struct ctx *c, struct val body, struct edit *e, struct err *err)
{
    struct val list = val_get(body, STR("admins"));
    if (list.kind != VAL_LIST)
        return 0;
    e->has_admins = true;
    e->admins = ARENA_ARRAY(c->a, int64_t, list.n);
    for (size_t i = 0; i < list.n; i++) {
        int rc = reach(c, people_ref(list.list[i]), true, &e->admins[i], err);
        if (rc < 0)
            return -1;
        if (!rc)
            people_bad(e->diags, "admins", "没有这位成员。", "There is no such member.");
    }
    e->nadmins = list.n;
    return 0;
}

/* What an external administrator may not touch: whether it is external, and where it hangs. */
static int keep_inside(struct ctx *c, struct edit *e, struct err *err)
{
    if (people_admin(c))
        return 0;
    bool root = e->d.id == c->who->org;
    if ((e->d.parts & DEPARTMENT_EXTERNAL) || (root && (e->d.parts & DEPARTMENT_PARENT)))
        return err_set(err, ERR_DENIED, "denied", "您没有权限进行此操作。",
                       "You are not allowed to do this.");
    if (!root && (!e->d.id || (e->d.parts & DEPARTMENT_PARENT)) && !e->d.spec.parent)
        e->d.spec.parent = c->who->org;
    return 0;
}

static int read_body(struct http_req *req, struct edit *e, struct err *err)
{
    struct val body;
    struct ctx *c = req->ctx;
    if (req_json(req, &body, err))
        return -1;
    e->d.spec.name = body_str(body, people_has(body, "name") ? "name" : "title");
    if (people_has(body, "name") || people_has(body, "title"))
        e->d.parts |= DEPARTMENT_NAME;
    if (people_has(body, "external"))
        e->d.parts |= DEPARTMENT_EXTERNAL;
    e->d.spec.external = body_bool(body, "external");
    struct val pos = val_get(body, STR("pos"));
    if (pos.kind == VAL_NUM && pos.num > -1e9 && pos.num < 1e9) {
        e->d.spec.pos = (int64_t)pos.num;
        e->d.parts |= DEPARTMENT_POS;
    }
    return read_refs(c, body, e, err) || read_admins(c, body, e, err) || keep_inside(c, e, err) ? -1
                                                                                                : 0;
}

/* ---- writing ---- */

static int set_admins(struct ctx *c, struct edit *e, struct err *err)
{
    struct sql q;
    if (!e->has_admins)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET org_admin = 0 WHERE org = ");
    sql_bind_int(&q, e->d.id);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    for (size_t i = 0; i < e->nadmins; i++) {
        int64_t n = 0;
        ctx_sql(c, &q);
        sql_lit(&q, "UPDATE _member SET org_admin = 1 WHERE org = ");
        sql_bind_int(&q, e->d.id);
        sql_lit(&q, " AND id = ");
        sql_bind_int(&q, e->admins[i]);
        if (store_exec(c->db, c->a, &q, &n, err))
            return -1;
        if (!n)
            people_bad(e->diags, "admins", "管理员应是这个外部组织的成员。",
                       "Its administrators are members of the organisation.");
    }
    return e->diags->errors ? people_invalid(err) : 0;
}

static int add_apply(struct ctx *c, void *arg, struct err *err)
{
    struct edit *e = arg;
    struct audit line = {.what = STR("department.add")};
    line.detail = audit_detail(c->a, "name", val_text(e->d.spec.name));
    e->d.id = 0;
    return department_new(c, &e->d.spec, &e->d.id, e->diags, err) || set_admins(c, e, err) ||
                   people_department_saved(c, e->d.id, false, err) || audit_add(c, &line, err)
               ? -1
               : 0;
}

int api_admin_department_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct edit e = {.diags = &resp->diags};
    if (read_body(req, &e, err))
        return -1;
    if (resp->diags.errors)
        return people_invalid(err);
    struct api_write w = {add_apply, render_new, &e};
    return api_write(req, resp, &w, err);
}

static int department_id(struct http_req *req, int64_t *id, struct err *err)
{
    if (req_id(req, 0, id, err))
        return -1;
    int rc = people_reach_department(req->ctx, *id, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

static bool moved(const struct edit *e)
{
    return (e->d.parts & (DEPARTMENT_PARENT | DEPARTMENT_EXTERNAL)) != 0;
}

static int change_apply(struct ctx *c, void *arg, struct err *err)
{
    struct edit *e = arg;
    char buf[16];
    struct audit line = {.what = STR("department.change")};
    line.detail = audit_detail(c->a, "department", val_text(str_dup(c->a, id_print(e->d.id, buf))));
    int rc = department_change(c, &e->d, e->diags, err);
    if (rc == 0)
        return no_such(err);
    return rc < 0 || set_admins(c, e, err) || people_department_saved(c, e->d.id, moved(e), err) ||
                   audit_add(c, &line, err)
               ? -1
               : 0;
}

int api_admin_department_patch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct edit e = {.diags = &resp->diags};
    if (department_id(req, &e.d.id, err) || read_body(req, &e, err))
        return -1;
    if (resp->diags.errors)
        return people_invalid(err);
    struct api_write w = {change_apply, render, &e};
    return api_write(req, resp, &w, err);
}

static int remove_apply(struct ctx *c, void *arg, struct err *err)
{
    struct edit *e = arg;
    char buf[16];
    struct audit line = {.what = STR("department.remove")};
    line.detail = audit_detail(c->a, "department", val_text(str_dup(c->a, id_print(e->d.id, buf))));
    return people_department_remove(c, e->d.id, err) || audit_add(c, &line, err) ? -1 : 0;
}

static int remove_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

int api_admin_department_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct edit e = {.diags = &resp->diags};
    if (department_id(req, &e.d.id, err))
        return -1;
    if (!people_admin(req->ctx) && e.d.id == req->ctx->who->org)
        return err_set(err, ERR_DENIED, "denied", "您没有权限进行此操作。",
                       "You are not allowed to do this.");
    struct api_write w = {remove_apply, remove_render, &e};
    return api_write(req, resp, &w, err);
}
