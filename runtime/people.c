/*
 * Reading what people administration is sent, and how far the caller's hand reaches.
 */
#include "runtime/people.h"

bool people_admin(const struct ctx *c)
{
    return (c->who->rights & ADMIN_PEOPLE) != 0;
}

int people_reach(struct ctx *c, int64_t member, struct err *err)
{
    if (!people_admin(c) && !c->who->org_admin)
        return 0;
    return member_visible(c, member, err); /* an external sees his organisation only */
}

int people_reach_department(struct ctx *c, int64_t department, struct err *err)
{
    if (!people_admin(c) && !c->who->org_admin)
        return 0;
    return department_visible(c, department, err);
}

int people_id(struct http_req *req, int64_t *id, struct err *err)
{
    if (req_id(req, 0, id, err))
        return -1;
    int rc = people_reach(req->ctx, *id, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}

int people_not_above(struct ctx *c, int64_t member, struct err *err)
{
    struct principal him = {0};
    int found = member_load(c, member, &him, err);
    if (found < 0)
        return -1;
    if (!found || (him.rights & ~c->who->rights) == 0)
        return 0;
    return err_set(err, ERR_DENIED, "denied", "对方有您没有的管理权限，您不能改动其登录信息。",
                   "He has rights that you do not have, so you cannot change how he logs in.");
}

void people_bad(struct diags *d, const char *field, const char *zh, const char *en)
{
    struct diag *g = diag_field(d, str_of(field), "bad_value", "%s", "%s", zh);
    g->en = str_of(en);
}

struct str people_ref(struct val v)
{
    return v.kind == VAL_OBJ ? val_str(val_get(v, STR("id"))) : val_str(v);
}

bool people_has(struct val body, const char *key)
{
    return val_get(body, str_of(key)).kind != VAL_ABSENT;
}

void people_read_roles(struct ctx *c, struct val list, struct member_spec *spec,
                       struct diags *diags)
{
    struct role_of *v = ARENA_ARRAY(c->a, struct role_of, list.kind == VAL_LIST ? list.n : 0);
    size_t n = 0;
    for (size_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        struct str app, role = str_cut(val_str(list.list[i]), ':', &app);
        if (str_eqz(app, "people") || engine_role(c->engine, app, role) < 0)
            people_bad(diags, "roles", "没有这个角色。", "There is no such role.");
        else
            v[n++] = (struct role_of){app, role};
    }
    spec->roles = v;
    spec->nroles = n;
}

void people_read_rights(struct val list, struct member_spec *spec, struct diags *diags)
{
    static const char *const NAMES[] = {"design", "people", "operate"};
    for (size_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        size_t k = 0;
        while (k < ARRAY_LEN(NAMES) && !str_eqz(val_str(list.list[i]), NAMES[k]))
            k++;
        if (k < ARRAY_LEN(NAMES))
            spec->rights |= 1u << k;
        else
            people_bad(diags, "rights", "权限应为 design、people 或 operate。",
                       "Rights are design, people, operate.");
    }
}

int people_read_departments(struct ctx *c, struct val list, struct member_spec *spec,
                            struct diags *diags, struct err *err)
{
    if (list.kind != VAL_LIST || !list.n)
        return 0;
    spec->departments = ARENA_ARRAY(c->a, struct str, list.n);
    for (size_t i = 0; i < list.n; i++) {
        int64_t id = 0;
        struct str text = people_ref(list.list[i]);
        int found = department_find(c, text, &id, err);
        if (found == 1)
            found = people_reach_department(c, id, err);
        if (found < 0)
            return -1;
        if (found)
            spec->departments[spec->ndepartments++] = text;
        else
            people_bad(diags, "departments", "没有这个部门。", "There is no such department.");
    }
    return 0;
}

int people_invalid(struct err *err)
{
    return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                   "Some of the input is not valid.");
}
