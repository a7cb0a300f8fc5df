/*
 * Departments: names, trees, who is in them.
 */
#include "engine/org/member_int.h"

#include "engine/base/utf8.h"

#define LEVELS 32 /* the tree is never followed further */

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

/* ---- changes ---- */

static int bad_name(struct str name, struct diags *diags)
{
    if (name.n && utf8_len(name) <= 120)
        return 0;
    diag_field(diags, STR("name"), "department_name", "部门名称应为 1 到 120 个字。",
               "A department's name has 1 to 120 characters.");
    return 1;
}

/* 1 another active one of this name lies under the parent, 0, -1. */
static int name_taken(struct ctx *c, const struct department_spec *d, int64_t id, struct err *err)
{
    struct sql q;
    int64_t other;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id FROM _department WHERE active = 1 AND COALESCE(parent, 0) = ");
    sql_bind_int(&q, d->parent);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, str_trim(d->name));
    sql_lit(&q, " AND id <> ");
    sql_bind_int(&q, id);
    sql_lit(&q, " LIMIT 1");
    return store_get_int(c->db, c->a, &q, &other, err);
}

struct row {
    struct department_spec spec;
    int64_t org;
};

static int load(struct ctx *c, int64_t id, struct row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name, parent, manager, external, pos, org FROM _department"
                " WHERE active = 1 AND id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = (struct row){.spec = {.name = str_dup(c->a, stmt_str(s, 0)),
                                     .parent = stmt_int(s, 1),
                                     .manager = stmt_int(s, 2),
                                     .external = stmt_int(s, 3) != 0,
                                     .pos = stmt_int(s, 4)},
                            .org = stmt_int(s, 5)};
    stmt_done(s);
    return step;
}

int departments_below(struct ctx *c, int64_t id, int64_t **ids, size_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "WITH RECURSIVE below(id, level) AS (SELECT id, 0 FROM _department WHERE id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " UNION SELECT d.id, below.level + 1 FROM _department d"
                " JOIN below ON d.parent = below.id WHERE d.active = 1 AND below.level < ");
    sql_int(&q, LEVELS);
    sql_lit(&q, ") SELECT id FROM below ORDER BY level, id");
    return org_ids(c, &q, ids, n, err);
}

int department_members_below(struct ctx *c, int64_t id, int64_t **ids, size_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "WITH RECURSIVE below(id, level) AS (SELECT id, 0 FROM _department WHERE id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " UNION SELECT d.id, below.level + 1 FROM _department d"
                " JOIN below ON d.parent = below.id WHERE d.active = 1 AND below.level < ");
    sql_int(&q, LEVELS);
    sql_lit(&q, ") SELECT DISTINCT md.member FROM below JOIN _member_department md"
                " ON md.department = below.id ORDER BY md.member");
    return org_ids(c, &q, ids, n, err);
}

static int set_org(struct ctx *c, int64_t id, int64_t org, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _department SET org = ");
    sql_bind(&q, org ? val_ref(c->a, org, STR_NONE) : VAL_NONE);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* Which organisation the tree below belongs to now; and its members. */
static int settle(struct ctx *c, int64_t id, struct diags *diags, struct err *err)
{
    int64_t *ids, *people;
    size_t n, npeople;
    if (departments_below(c, id, &ids, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct row d, up = {0};
        if (load(c, ids[i], &d, err) < 0 || (d.spec.parent && load(c, d.spec.parent, &up, err) < 0))
            return -1;
        if (up.org && d.spec.external)
            diag_field(diags, STR("external"), "nested", "外部组织里不能再有外部组织。",
                       "An external organisation cannot lie inside another.");
        if (set_org(c, ids[i], up.org ? up.org : d.spec.external ? ids[i] : 0, err))
            return -1;
    }
    if (department_members_below(c, id, &people, &npeople, err))
        return -1;
    for (size_t i = 0; i < npeople; i++)
        if (member_settle(c, people[i], diags, err))
            return -1;
    return 0;
}

/* The parent is there and not below the department itself. */
static int check_parent(struct ctx *c, int64_t id, int64_t parent, struct diags *diags,
                        struct err *err)
{
    struct row up;
    int64_t *ids;
    size_t n;
    int found = parent ? load(c, parent, &up, err) : 1;
    if (found < 0 || departments_below(c, id, &ids, &n, err))
        return -1;
    if (!found)
        diag_field(diags, STR("parent"), "no_department", "没有这个部门。",
                   "There is no such department.");
    for (size_t i = 0; i < n; i++)
        if (ids[i] == parent)
            diag_field(diags, STR("parent"), "circle", "部门不能移到自己或自己的下级之下。",
                       "A department cannot be moved below itself.");
    return 0;
}

/* A manager is one of ours, or of the organisation. */
static int check_manager(struct ctx *c, int64_t id, int64_t manager, struct diags *diags,
                         struct err *err)
{
    struct sql q;
    int64_t n = 0;
    if (!manager)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id FROM _member m JOIN _department d"
                " ON COALESCE(d.org, 0) = COALESCE(m.org, 0) WHERE m.active = 1 AND d.id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND m.id = ");
    sql_bind_int(&q, manager);
    int found = store_get_int(c->db, c->a, &q, &n, err);
    if (found == 0)
        diag_field(diags, STR("manager"), "no_member", "没有这位成员，或不能管理这个部门。",
                   "There is no such member, or he cannot manage this department.");
    return found < 0 ? -1 : 0;
}

/* Name, place and manager as they will be. */
static int check(struct ctx *c, const struct department_change *d, struct diags *diags,
                 struct err *err)
{
    int taken = bad_name(str_trim(d->spec.name), diags) ? 0 : name_taken(c, &d->spec, d->id, err);
    if (taken < 0)
        return -1;
    if (taken)
        diag_field(diags, STR("name"), "duplicate", "同一上级下已有这个名称的部门。",
                   "There is a department of this name at this place already.")
            ->code = ERR_CONFLICT;
    return d->parts & DEPARTMENT_PARENT ? check_parent(c, d->id, d->spec.parent, diags, err) : 0;
}

static int store(struct ctx *c, int64_t id, const struct department_spec *d, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _department SET name = ");
    sql_bind_str(&q, str_trim(d->name));
    sql_lit(&q, ", parent = ");
    sql_bind(&q, d->parent ? val_ref(c->a, d->parent, STR_NONE) : VAL_NONE);
    sql_lit(&q, ", manager = ");
    sql_bind(&q, d->manager ? val_ref(c->a, d->manager, STR_NONE) : VAL_NONE);
    sql_lit(&q, ", external = ");
    sql_bind_int(&q, d->external);
    sql_lit(&q, ", pos = ");
    sql_bind_int(&q, d->pos);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static void take(struct department_spec *to, const struct department_change *d)
{
    if (d->parts & DEPARTMENT_NAME)
        to->name = d->spec.name;
    if (d->parts & DEPARTMENT_PARENT)
        to->parent = d->spec.parent;
    if (d->parts & DEPARTMENT_MANAGER)
        to->manager = d->spec.manager;
    if (d->parts & DEPARTMENT_EXTERNAL)
        to->external = d->spec.external;
    if (d->parts & DEPARTMENT_POS)
        to->pos = d->spec.pos;
}

int department_change(struct ctx *c, const struct department_change *d, struct diags *diags,
                      struct err *err)
{
    size_t before = diags->errors;
    struct row now;
    int found = load(c, d->id, &now, err);
    if (found <= 0)
        return found;
    struct department_change whole = {d->id, d->parts, now.spec};
    take(&whole.spec, d);
    if (check(c, &whole, diags, err))
        return -1;
    if (diags->errors > before)
        return org_invalid(err);
    bool moves = (d->parts & (DEPARTMENT_PARENT | DEPARTMENT_EXTERNAL)) != 0;
    if (store(c, d->id, &whole.spec, err) || (moves && settle(c, d->id, diags, err)) ||
        ((moves || (d->parts & DEPARTMENT_MANAGER)) &&
         check_manager(c, d->id, whole.spec.manager, diags, err)))
        return -1;
    return diags->errors > before ? org_invalid(err) : 1;
}

static int insert(struct ctx *c, const struct department_spec *d, int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _department (id, name, parent, created_at) VALUES (");
    sql_bind_int(&q, id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, str_trim(d->name));
    sql_lit(&q, ", ");
    sql_bind(&q, d->parent ? val_ref(c->a, d->parent, STR_NONE) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    /* one that was removed comes back */
    sql_lit(&q, ") ON CONFLICT (id) DO UPDATE SET active = 1, name = excluded.name");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int department_new(struct ctx *c, const struct department_spec *spec, int64_t *id,
                   struct diags *diags, struct err *err)
{
    size_t before = diags->errors;
    if (!*id)
        *id = id_next(c->ids, c->now_us);
    struct department_change d = {*id, DEPARTMENT_ALL, *spec};
    if (check(c, &d, diags, err))
        return -1;
    if (diags->errors > before)
        return org_invalid(err);
    if (insert(c, spec, *id, err))
        return -1;
    return department_change(c, &d, diags, err) < 0 ? -1 : 0;
}

int department_add(struct ctx *c, struct str name, int64_t parent, int64_t manager, int64_t *id,
                   struct err *err)
{
    struct diags diags;
    struct department_spec spec = {.name = name, .parent = parent, .manager = manager};
    diags_init(&diags, c->a);
    *id = 0;
    int rc = department_new(c, &spec, id, &diags, err);
    if (rc && diags.errors) {
        (void)err_set(err, diags.list.v[0].code ? diags.list.v[0].code : ERR_INVALID, "department",
                      "不能建立这个部门：名称应为 1 到 120 个字，同一上级下不重名，上级应存在。",
                      "The department cannot be made: a name has 1 to 120 characters and is used "
                      "once at its place, which must be there.");
        err_at(err, "%.*s", STR_ARG(diags.list.v[0].path));
    }
    return rc;
}

/* 1 something hangs on it, 0, -1. */
static int in_use(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    int64_t n;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id FROM _department WHERE active = 1 AND parent = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " UNION ALL SELECT member FROM _member_department WHERE department = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " LIMIT 1");
    return store_get_int(c->db, c->a, &q, &n, err);
}

int department_remove(struct ctx *c, int64_t id, struct err *err)
{
    struct row now;
    int found = load(c, id, &now, err);
    if (found <= 0)
        return found;
    int used = in_use(c, id, err);
    if (used < 0)
        return -1;
    if (used)
        return err_set(err, ERR_CONFLICT, "in_use", "部门里还有成员或下级部门，不能删除。",
                       "There are members or departments in it still.");
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _department SET active = 0, manager = NULL WHERE id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, NULL, err) ? -1 : 1;
}

int department_list(struct ctx *c, struct json *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT d.id, d.name, d.parent, d.manager, m.name, d.external FROM _department d"
                " LEFT JOIN _member m ON m.id = d.manager WHERE d.active = 1");
    org_limit(c, &q, "d");
    sql_lit(&q, " ORDER BY d.pos, d.id");
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
        if (stmt_null(s, 2) || (org_limited(c) && stmt_int(s, 0) == c->who->org))
            json_blank(out); /* where it hangs in our tree is not theirs to know */
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
