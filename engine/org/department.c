/*
 * Departments: names, trees, who is in them.
 */
#include "engine/org/member_int.h"

#include "engine/base/utf8.h"

int department_name(struct ctx *c, int64_t id, struct str *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name FROM _department WHERE id = ");
    sql_bind_int(&q, id);
    return org_text(c, &q, out, err);
}

int department_find(struct ctx *c, struct str name_or_id, int64_t *id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    int64_t given = 0;
    if (id_parse(name_or_id, &given)) {
        sql_lit(&q, "SELECT id FROM _department WHERE active = 1 AND id = ");
        sql_bind_int(&q, given);
        int found = store_get_int(c->db, c->a, &q, id, err);
        if (found)
            return found;
        ctx_sql(c, &q);
    }
    sql_lit(&q, "SELECT id FROM _department WHERE active = 1 AND name = ");
    sql_bind_str(&q, str_trim(name_or_id));
    sql_lit(&q, " ORDER BY id LIMIT 1");
    return store_get_int(c->db, c->a, &q, id, err);
}

int department_members(struct ctx *c, struct str name_or_id, int64_t **ids, size_t *n,
                       struct err *err)
{
    int64_t id = 0;
    *ids = NULL;
    *n = 0;
    int found = department_find(c, name_or_id, &id, err);
    if (found <= 0)
        return found;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id FROM _member_department d JOIN _member m ON m.id = d.member"
                " WHERE m.active = 1 AND d.department = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY m.id");
    return org_ids(c, &q, ids, n, err);
}

int department_add(struct ctx *c, struct str name, int64_t parent, int64_t manager, int64_t *id,
                   struct err *err)
{
    name = str_trim(name);
    if (!name.n || utf8_len(name) > 120) {
        err_set(err, ERR_INVALID, "department_name", "部门名称应为 1 到 120 个字。",
                "A department's name has 1 to 120 characters.");
        err_at(err, "name");
        return -1;
    }
    *id = id_next(c->ids, c->now_us);
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _department (id, name, parent, manager, created_at) VALUES (");
    sql_bind_int(&q, *id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, name);
    sql_lit(&q, ", ");
    sql_bind(&q, parent ? val_ref(c->a, parent, STR_NONE) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind(&q, manager ? val_ref(c->a, manager, STR_NONE) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int department_list(struct ctx *c, struct json *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT d.id, d.name, d.parent, d.manager, m.name, d.external FROM _department d"
                " LEFT JOIN _member m ON m.id = d.manager WHERE d.active = 1"
                " ORDER BY d.pos, d.id");
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_list(out);
    int step;
    while ((step = stmt_step(s, err)) == 1) {
        json_begin_obj(out);
        char buf[16];
        json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
        json_kstr(out, "title", stmt_str(s, 1));
        json_key(out, STR("parent"));
        if (stmt_null(s, 2))
            json_blank(out);
        else
            json_str(out, id_print(stmt_int(s, 2), buf));
        json_kval(out, "manager",
                  stmt_null(s, 3) ? VAL_NONE : val_ref(c->a, stmt_int(s, 3), stmt_str(s, 4)));
        json_kbool(out, "external", stmt_int(s, 5) != 0);
        json_end_obj(out);
    }
    json_end_list(out);
    stmt_done(s);
    return step;
}
