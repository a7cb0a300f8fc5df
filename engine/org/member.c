/*
 * Members as principals, and the people questions of expressions: manager, reports, holders of
 * roles.
 */
#include "engine/org/member_int.h"

#include "engine/base/utf8.h"
#include "engine/value/fold.h"

#include <stdlib.h>

#define ORG_LEVELS 32 /* a chain of managers or departments is never followed further */

int org_ids(struct ctx *c, const struct sql *q, int64_t **ids, size_t *n, struct err *err)
{
    VEC(int64_t) list = {0};
    struct stmt *s;
    if (store_query(c->db, c->a, q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, stmt_int(s, 0));
    stmt_done(s);
    *ids = list.v;
    *n = list.n;
    return step;
}

int org_text(struct ctx *c, const struct sql *q, struct str *out, struct err *err)
{
    struct stmt *s;
    *out = STR_NONE;
    if (store_query(c->db, c->a, q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = str_dup(c->a, stmt_str(s, 0));
    stmt_done(s);
    return step;
}

struct str org_fold(struct arena *a, struct str s)
{
    return fold_text(a, s);
}

int member_name(struct ctx *c, int64_t id, struct str *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name FROM _member WHERE id = ");
    sql_bind_int(&q, id);
    return org_text(c, &q, out, err);
}

int member_json(struct ctx *c, int64_t id, struct json *out, struct err *err)
{
    struct str name = STR_NONE;
    int seen = id ? member_title(c, id, &name, err) : 0;
    if (seen < 0)
        return -1;
    json_val(out, org_ref(c, id, name, seen == 1));
    return 0;
}

int member_by_login(struct ctx *c, struct str login, int64_t *id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id FROM _member WHERE login_key = ");
    sql_bind_str(&q, org_fold(c->a, login));
    return store_get_int(c->db, c->a, &q, id, err);
}

int member_password(struct ctx *c, int64_t id, struct str *hash, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT password FROM _member WHERE active = 1 AND id = ");
    sql_bind_int(&q, id);
    return org_text(c, &q, hash, err);
}

int member_count(struct ctx *c, int64_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _member");
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static unsigned rights_of(struct arena *a, struct str text)
{
    static const struct {
        struct str name;
        unsigned bit;
    } rows[] = {{STR("design"), ADMIN_DESIGN},
                {STR("people"), ADMIN_PEOPLE},
                {STR("operate"), ADMIN_OPERATE}};
    struct val list;
    struct err ignored = ERR_INIT;
    unsigned bits = 0;
    if (json_parse(a, text, &list, &ignored) || list.kind != VAL_LIST)
        return 0;
    for (uint32_t i = 0; i < list.n; i++)
        for (size_t r = 0; r < ARRAY_LEN(rows); r++)
            if (str_eq(val_str(list.list[i]), rows[r].name))
                bits |= rows[r].bit;
    return bits;
}

static int load_row(struct ctx *c, int64_t id, struct principal *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT login, name, manager, rights, org, org_admin, must_change FROM _member"
                " WHERE active = 1 AND id = ");
    sql_bind_int(&q, id);
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = (struct principal){.kind = WHO_MEMBER,
                                  .id = id,
                                  .login = str_dup(c->a, stmt_str(s, 0)),
                                  .name = str_dup(c->a, stmt_str(s, 1)),
                                  .manager = stmt_int(s, 2),
                                  .org = stmt_int(s, 4),
                                  .org_admin = stmt_int(s, 4) && stmt_int(s, 5),
                                  .must_change = stmt_int(s, 6) != 0,
                                  .rights = rights_of(c->a, str_dup(c->a, stmt_str(s, 3))),
                                  .scopes = 3};
    if (step == 1 && out->org)
        out->rights = 0; /* whatever was stored: they are for our own people */
    stmt_done(s);
    return step;
}

static int load_roles(struct ctx *c, struct principal *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT app, role FROM _member_role WHERE member = ");
    sql_bind_int(&q, out->id);
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    VEC(struct role_of) roles = {0};
    int step;
    while ((step = stmt_step(s, err)) == 1) {
        struct role_of r = {str_dup(c->a, stmt_str(s, 0)), str_dup(c->a, stmt_str(s, 1))};
        if (out->org && engine_role(c->engine, r.app, r.role) != 1)
            continue; /* not for externals, or not any more */
        (void)vec_push(c->a, &roles, r);
    }
    stmt_done(s);
    out->roles = roles.v;
    out->nroles = roles.n;
    return step;
}

/* His departments; *above: some of them have others below. */
static int own_departments(struct ctx *c, struct principal *out, bool *above, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(int64_t) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT md.department,"
                " (SELECT 1 FROM _department d WHERE d.parent = md.department LIMIT 1)"
                " FROM _member_department md WHERE md.member = ");
    sql_bind_int(&q, out->id);
    sql_lit(&q, " ORDER BY md.main DESC, md.department");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1) {
        (void)vec_push(c->a, &list, stmt_int(s, 0));
        *above |= !stmt_null(s, 1);
    }
    stmt_done(s);
    out->depts = list.v;
    out->ndepts = list.n;
    return step;
}

static int by_id(const void *x, const void *y)
{
    const int64_t *p = x;
    const int64_t *q = y;
    return (*p > *q) - (*p < *q);
}

/* Nobody below, which most are: no recursion, which costs as much as all the rest. */
static void only_own(struct ctx *c, struct principal *out)
{
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, out->ndepts);
    memcpy(ids, out->depts, out->ndepts * sizeof(*ids));
    qsort(ids, out->ndepts, sizeof(*ids), by_id);
    out->depts_below = ids;
    out->ndepts_below = out->ndepts;
}

static int load_departments(struct ctx *c, struct principal *out, struct err *err)
{
    struct sql q;
    int64_t *ids;
    bool above = false;
    if (own_departments(c, out, &above, err))
        return -1;
    if (!above) {
        if (out->ndepts)
            only_own(c, out);
        return 0;
    }
    ctx_sql(c, &q);
    sql_lit(&q, "WITH RECURSIVE below(id, level) AS ("
                "SELECT department, 0 FROM _member_department WHERE member = ");
    sql_bind_int(&q, out->id);
    sql_lit(&q, " UNION SELECT d.id, below.level + 1 FROM _department d"
                " JOIN below ON d.parent = below.id WHERE below.level < ");
    sql_int(&q, ORG_LEVELS);
    sql_lit(&q, ") SELECT DISTINCT id FROM below ORDER BY id");
    if (org_ids(c, &q, &ids, &out->ndepts_below, err))
        return -1;
    out->depts_below = ids;
    return 0;
}

int member_load(struct ctx *c, int64_t id, struct principal *out, struct err *err)
{
    int found = load_row(c, id, out, err);
    if (found <= 0)
        return found;
    return load_roles(c, out, err) || load_departments(c, out, err) ? -1 : 1;
}

/* The nearest manager of the member's departments, upward, who is not himself. */
static int department_manager(struct ctx *c, int64_t id, int64_t *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "WITH RECURSIVE up(id, level, main) AS ("
                "SELECT department, 0, main FROM _member_department WHERE member = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " UNION ALL SELECT d.parent, up.level + 1, up.main FROM _department d"
                " JOIN up ON d.id = up.id WHERE d.parent IS NOT NULL AND up.level < ");
    sql_int(&q, ORG_LEVELS);
    /* no external is managed by one of ours, nor the other way round */
    sql_lit(&q, ") SELECT d.manager FROM up JOIN _department d ON d.id = up.id"
                " JOIN _member m ON m.id = d.manager AND m.active = 1"
                " JOIN _member me ON COALESCE(me.org, 0) = COALESCE(m.org, 0)"
                " WHERE d.manager <> me.id AND me.id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY up.main DESC, up.level, d.id LIMIT 1");
    return store_get_int(c->db, c->a, &q, out, err) < 0 ? -1 : 0;
}

int member_manager(struct ctx *c, int64_t id, int64_t *out, struct err *err)
{
    *out = 0;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT b.id FROM _member m JOIN _member b ON b.id = m.manager AND b.active = 1"
                " WHERE m.id = ");
    sql_bind_int(&q, id);
    int found = store_get_int(c->db, c->a, &q, out, err);
    if (found)
        return found < 0 ? -1 : 0;
    *out = 0;
    return department_manager(c, id, out, err);
}

int member_reports(struct ctx *c, int64_t id, int64_t **ids, size_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    /* Below him: those whose manager is below or himself, and members of the departments he heads
     * (and of those below) who have no manager of their own. */
    sql_lit(&q, "WITH RECURSIVE dep(id) AS (SELECT id FROM _department WHERE manager = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " UNION SELECT d.id FROM _department d JOIN dep ON d.parent = dep.id),"
                " below(id) AS (SELECT id FROM _member WHERE manager = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " UNION SELECT m.id FROM _member m JOIN _member_department md ON md.member = m.id"
                " JOIN dep ON dep.id = md.department WHERE m.manager IS NULL"
                " UNION SELECT m.id FROM _member m JOIN below ON m.manager = below.id)"
                " SELECT b.id FROM below b JOIN _member m ON m.id = b.id"
                " WHERE m.active = 1 AND b.id <> ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY b.id");
    return org_ids(c, &q, ids, n, err);
}

int role_members(struct ctx *c, struct str app, struct str role, int64_t **ids, size_t *n,
                 struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id FROM _member_role r JOIN _member m ON m.id = r.member"
                " WHERE m.active = 1 AND r.app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " AND r.role = ");
    sql_bind_str(&q, role);
    sql_lit(&q, " ORDER BY m.id");
    return org_ids(c, &q, ids, n, err);
}

int member_search(struct ctx *c, struct str search, int64_t department, uint32_t limit,
                  struct json *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id, m.name, m.login, (SELECT d.name FROM _member_department md"
                " JOIN _department d ON d.id = md.department WHERE md.member = m.id"
                " ORDER BY md.main DESC, d.id LIMIT 1) FROM _member m WHERE m.active = 1");
    org_limit(c, &q, "m");
    search = str_trim(search);
    if (search.n) {
        sql_lit(&q, " AND (m.name");
        sql_contains(&q, search);
        sql_lit(&q, " OR m.login");
        sql_contains(&q, search);
        sql_lit(&q, ")");
    }
    if (department) {
        sql_lit(&q, " AND EXISTS (SELECT 1 FROM _member_department md WHERE md.member = m.id"
                    " AND md.department = ");
        sql_bind_int(&q, department);
        sql_lit(&q, ")");
    }
    sql_lit(&q, " ORDER BY m.name, m.id LIMIT ");
    sql_int(&q, limit && limit <= 200 ? limit : 50);
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_list(out);
    int step;
    while ((step = stmt_step(s, err)) == 1) {
        char buf[16];
        json_begin_obj(out);
        json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
        json_kstr(out, "title", stmt_str(s, 1));
        json_kstr(out, "login", stmt_str(s, 2));
        if (!stmt_null(s, 3))
            json_kstr(out, "department", stmt_str(s, 3));
        json_end_obj(out);
    }
    json_end_list(out);
    stmt_done(s);
    return step;
}
