/*
 * People: pickers for everybody, members, departments and roles for those with the right `people`.
 */
#include "runtime/api.h"

#include "engine/org/member.h"
#include "runtime/audited.h"
#include "runtime/write.h"

int api_members(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t department = 0, limit;
    struct str d = req_query(req, "department");
    int known = d.n ? department_find(req->ctx, d, &department, err) : 1;
    if (known < 0)
        return -1;
    if (!known && !id_parse(d, &department))
        department = -1; /* of no department: nobody */
    if (req_int(req, "limit", (struct req_range){1, 200, 50}, &limit, err))
        return -1;
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("members"));
    if (member_search(req->ctx, req_query(req, "search"), department, (uint32_t)limit, &resp->json,
                      err))
        return -1;
    json_end_obj(&resp->json);
    return 0;
}

int api_departments(struct http_req *req, struct http_resp *resp, struct err *err)
{
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("departments"));
    if (department_list(req->ctx, &resp->json, err))
        return -1;
    json_end_obj(&resp->json);
    return 0;
}

/* ---- administration ---- */

static int put_roles(struct ctx *c, int64_t member, struct json *j, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    sql_init(&q, c->a, store_dialect(c->store));
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
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(
        &q,
        "SELECT d.id, d.name FROM _member_department md JOIN _department d ON d.id = md.department"
        " WHERE md.member = ");
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
    sql_init(q, c->a, store_dialect(c->store));
    sql_lit(q, "SELECT m.id, m.login, m.name, m.active, m.rights, m.manager, b.name, m.created_at "
               "FROM _member m"
               " LEFT JOIN _member b ON b.id = m.manager");
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

int api_admin_members(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct sql q;
    select_members(req->ctx, &q);
    sql_lit(&q, " ORDER BY m.id LIMIT 1000");
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("members"));
    json_begin_list(&resp->json);
    if (put_members(req->ctx, &q, &resp->json, err))
        return -1;
    json_end_list(&resp->json);
    json_end_obj(&resp->json);
    return 0;
}

struct add {
    struct member_spec spec;
    struct str hash;
    int64_t id;
    struct diags *diags;
};

static int add_apply(struct ctx *c, void *arg, struct err *err)
{
    struct add *a = arg;
    struct audit line = {.what = STR("member.add")};
    line.detail = audit_detail(c->a, "login", val_text(a->spec.login));
    return member_add(c, &a->spec, a->hash, &a->id, a->diags, err) || audit_add(c, &line, err) ? -1
                                                                                               : 0;
}

static int add_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct add *a = arg;
    struct sql q;
    resp->status = 201;
    select_members(req->ctx, &q);
    sql_lit(&q, " WHERE m.id = ");
    sql_bind_int(&q, a->id);
    return put_members(req->ctx, &q, &resp->json, err);
}

static void bad(struct diags *d, const char *field, const char *zh, const char *en)
{
    struct diag *g = diag_field(d, str_of(field), "bad_value", "%s", "%s", zh);
    g->en = str_of(en);
}

static void read_roles(struct ctx *c, struct val list, struct member_spec *spec,
                       struct diags *diags)
{
    struct role_of *v = ARENA_ARRAY(c->a, struct role_of, list.n);
    size_t n = 0;
    for (size_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        struct str app, role = str_cut(val_str(list.list[i]), ':', &app);
        struct app *have = engine_app(c->engine, app);
        bool known = have && app_role(have, role);
        app_unref(&have);
        if (!known)
            bad(diags, "roles", "没有这个角色。", "There is no such role.");
        else
            v[n++] = (struct role_of){app, role};
    }
    spec->roles = v;
    spec->nroles = n;
}

static void read_rights(struct val list, struct member_spec *spec, struct diags *diags)
{
    static const char *const NAMES[] = {"design", "people", "operate"};
    for (size_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        size_t k = 0;
        while (k < ARRAY_LEN(NAMES) && !str_eqz(val_str(list.list[i]), NAMES[k]))
            k++;
        if (k < ARRAY_LEN(NAMES))
            spec->rights |= 1u << k;
        else
            bad(diags, "rights", "权限应为 design、people 或 operate。",
                "Rights are design, people, operate.");
    }
}

static struct str ref_id(struct val v)
{
    return v.kind == VAL_OBJ ? val_str(val_get(v, STR("id"))) : val_str(v);
}

static void read_departments(struct ctx *c, struct val list, struct member_spec *spec)
{
    if (list.kind != VAL_LIST || !list.n)
        return;
    spec->departments = ARENA_ARRAY(c->a, struct str, list.n);
    for (size_t i = 0; i < list.n; i++)
        spec->departments[spec->ndepartments++] = ref_id(list.list[i]);
}

/* Nobody gives what he does not have: a right of his own or `people` over roles. */
static int may_give(const struct ctx *c, const struct member_spec *spec, struct err *err)
{
    if ((spec->rights & ~c->who->rights) == 0)
        return 0;
    return err_set(err, ERR_DENIED, "denied", "您不能授予自己没有的权限。",
                   "You cannot give rights that you do not have.");
}

int api_admin_member_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct ctx *c = req->ctx;
    struct add a = {.diags = &resp->diags};
    if (req_json(req, &body, err))
        return -1;
    a.spec.login = body_str(body, "login");
    a.spec.name = body_str(body, "name");
    struct str manager = ref_id(val_get(body, STR("manager")));
    if (manager.n && !id_parse(manager, &a.spec.manager))
        bad(&resp->diags, "manager", "没有这位成员。", "There is no such member.");
    read_departments(c, val_get(body, STR("departments")), &a.spec);
    read_roles(c, val_get(body, STR("roles")), &a.spec, &resp->diags);
    read_rights(val_get(body, STR("rights")), &a.spec, &resp->diags);
    if (may_give(c, &a.spec, err))
        return -1;
    struct str password = body_str(body, "password");
    if (password.n && member_hash(c, a.spec.login, password, &a.hash, &resp->diags, err))
        return -1;
    if (resp->diags.errors)
        return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                       "Some of the input is not valid.");
    struct api_write w = {add_apply, add_render, &a};
    return api_write(req, resp, &w, err);
}

int api_admin_departments(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return api_departments(req, resp, err);
}

struct dept {
    struct str name;
    int64_t parent, manager, id;
};

static int dept_apply(struct ctx *c, void *arg, struct err *err)
{
    struct dept *d = arg;
    return department_add(c, d->name, d->parent, d->manager, &d->id, err);
}

static int dept_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct dept *d = arg;
    char buf[16];
    (void)req, (void)err;
    resp->status = 201;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "id", id_print(d->id, buf));
    json_kstr(&resp->json, "title", str_trim(d->name));
    json_end_obj(&resp->json);
    return 0;
}

int api_admin_department_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct dept d = {0};
    if (req_json(req, &body, err))
        return -1;
    d.name = body_str(body, "name");
    struct str parent = ref_id(val_get(body, STR("parent"))),
               manager = ref_id(val_get(body, STR("manager")));
    if (parent.n && !id_parse(parent, &d.parent))
        bad(&resp->diags, "parent", "没有这个部门。", "There is no such department.");
    if (manager.n && !id_parse(manager, &d.manager))
        bad(&resp->diags, "manager", "没有这位成员。", "There is no such member.");
    if (!str_trim(d.name).n)
        bad(&resp->diags, "name", "请填写部门名称。", "Give the department a name.");
    if (resp->diags.errors)
        return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                       "Some of the input is not valid.");
    struct api_write w = {dept_apply, dept_render, &d};
    return api_write(req, resp, &w, err);
}

int api_admin_roles(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct json *j = &resp->json;
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    (void)err;
    json_begin_obj(j);
    json_key(j, STR("roles"));
    json_begin_list(j);
    for (size_t i = 0; i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        for (size_t k = 0; app && k < app->nroles; k++) {
            json_begin_obj(j);
            json_kstr(j, "app", app->key);
            json_kstr(j, "role", app->roles[k].key);
            struct str path = str_fmt(c->a, "roles.%.*s.title", STR_ARG(app->roles[k].key));
            json_kstr(j, "title", app_text(app, lang, path, app->roles[k].title));
            json_kbool(j, "external", app->roles[k].external);
            json_end_obj(j);
        }
        app_unref(&app);
    }
    json_end_list(j);
    json_end_obj(j);
    return 0;
}
