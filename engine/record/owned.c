/*
 * Rows of a form that name a member.
 */
#include "engine/record/owned.h"

#include "engine/record/record_int.h"

int owned_count(struct ctx *c, const struct form *f, int64_t member, int64_t *n, struct err *err)
{
    struct sql q;
    *n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"_deleted_at\" IS NULL AND \"_owner\" = ");
    sql_bind_int(&q, member);
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

int owned_ids(struct ctx *c, const struct form *f, int64_t member, int64_t **ids, size_t *n,
              struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(int64_t) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"_deleted_at\" IS NULL AND \"_owner\" = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " ORDER BY \"_id\" LIMIT ");
    sql_int(&q, (int64_t)*n);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, stmt_int(s, 0));
    stmt_done(s);
    *ids = list.v;
    *n = list.n;
    return step;
}

/* Appends "col = id OR …" for the columns that hold one member. */
static void any_column(struct sql *q, const struct form *f, int64_t member)
{
    sql_lit(q, "\"_owner\" = ");
    sql_bind_int(q, member);
    sql_lit(q, " OR \"_created_by\" = ");
    sql_bind_int(q, member);
    sql_lit(q, " OR \"_updated_by\" = ");
    sql_bind_int(q, member);
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *g = f->fields[i];
        if (!g->type || g->sub || (g->type->flags & (FT_COMPUTED | FT_MULTI)) ||
            ref_kind_of(g) != REF_MEMBER)
            continue;
        sql_lit(q, " OR ");
        sql_ident(q, g->key);
        sql_lit(q, " = ");
        sql_bind_int(q, member);
    }
}

int owned_trace(struct ctx *c, const struct form *f, int64_t member, struct err *err)
{
    struct sql q;
    int64_t id;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE ");
    any_column(&q, f, member);
    sql_lit(&q, " LIMIT 1");
    return store_get_int(c->db, c->a, &q, &id, err);
}

int owned_missing(struct ctx *c, const struct form *f, int64_t **ids, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(int64_t) list = {0};
    ctx_sql(c, &q);
    if (str_eqz(f->key, "member"))
        sql_lit(&q, "SELECT m.id FROM _member m WHERE");
    else
        sql_lit(&q, "SELECT m.id FROM _department m WHERE m.active = 1 AND");
    sql_lit(&q, " NOT EXISTS (SELECT 1 FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE t0.\"_id\" = m.id) ORDER BY m.id");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, stmt_int(s, 0));
    stmt_done(s);
    *ids = list.v;
    *n = list.n;
    return step;
}
