/*
 * What externals see of people: their own organisation. Everybody else sees all members and
 * departments; what else there is to see is said by grants.
 */
#include "engine/org/member_int.h"

static int there(struct ctx *c, struct sql *q, struct err *err)
{
    int64_t one;
    return store_get_int(c->db, c->a, q, &one, err);
}

int member_visible(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id FROM _member m WHERE m.id = ");
    sql_bind_int(&q, id);
    org_limit(c, &q, "m");
    return there(c, &q, err);
}

int member_seen_by(struct ctx *c, int64_t viewer, int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.id FROM _member m JOIN _member v ON v.org IS NULL OR v.org = m.org"
                " WHERE m.id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND v.id = ");
    sql_bind_int(&q, viewer);
    return there(c, &q, err);
}

int department_visible(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT d.id FROM _department d WHERE d.id = ");
    sql_bind_int(&q, id);
    org_limit(c, &q, "d");
    return there(c, &q, err);
}

int member_title(struct ctx *c, int64_t id, struct str *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT m.name FROM _member m WHERE m.id = ");
    sql_bind_int(&q, id);
    org_limit(c, &q, "m");
    return org_text(c, &q, out, err);
}

int department_title(struct ctx *c, int64_t id, struct str *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT d.name FROM _department d WHERE d.id = ");
    sql_bind_int(&q, id);
    org_limit(c, &q, "d");
    return org_text(c, &q, out, err);
}

struct val org_ref(struct ctx *c, int64_t id, struct str name, bool visible)
{
    return id ? val_ref(c->a, id, visible ? name : STR_NONE) : VAL_NONE;
}
