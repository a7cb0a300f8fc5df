/*
 * Records that automations and schedules work on, by a definition's condition.
 */
#include "engine/record/query.h"

#include "engine/record/record_int.h"

static int conditions(struct ctx *c, const struct query_pick *p, struct row_env *bind,
                      struct sql *q, struct err *err)
{
    struct sql_env e;
    sql_env_init(&e, c, p->form, 0);
    e.bind = bind;
    if (p->form->flow) {
        sql_lit(q, " AND COALESCE(");
        sql_col(q, 0, STR("_state"));
        sql_lit(q, ", '') <> 'draft'");
    }
    if (p->due) {
        sql_lit(q, " AND ");
        if (sql_field(&e, q, p->form, 0, p->due, err))
            return -1;
        sql_lit(q, " > ");
        sql_bind(q, p->due_from);
        sql_lit(q, " AND ");
        if (sql_field(&e, q, p->form, 0, p->due, err))
            return -1;
        sql_lit(q, " <= ");
        sql_bind(q, p->due_to);
    }
    if (p->same) {
        sql_lit(q, " AND ");
        if (sql_field(&e, q, p->form, 0, p->same, err))
            return -1;
        sql_lit(q, " = ");
        sql_bind(q, p->same_value);
    }
    if (!p->where)
        return 0;
    sql_lit(q, " AND ");
    return fx_sql_cond(p->where, q, &e.fx, err);
}

int query_ids(struct ctx *c, const struct query_pick *p, int64_t *ids, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct row_env bind;
    int rc;
    row_env_init(&bind, c, NULL, err);
    bind.this_ = p->this_;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT t0._id FROM ");
    sql_form(&q, p->form);
    sql_lit(&q, " t0 WHERE t0._deleted_at IS NULL AND t0._id > ");
    sql_bind_int(&q, p->after);
    if (conditions(c, p, &bind, &q, err))
        return -1;
    sql_lit(&q, " ORDER BY t0._id LIMIT ");
    sql_bind_int(&q, p->limit);
    *n = 0;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        ids[(*n)++] = stmt_int(s, 0);
    stmt_done(s);
    return rc;
}

int query_ids_count(struct ctx *c, const struct query_pick *p, int64_t *n, struct err *err)
{
    struct sql q;
    struct row_env bind;
    row_env_init(&bind, c, NULL, err);
    bind.this_ = p->this_;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT count(*) FROM ");
    sql_form(&q, p->form);
    sql_lit(&q, " t0 WHERE t0._deleted_at IS NULL AND t0._id > ");
    sql_bind_int(&q, p->after);
    *n = 0;
    if (conditions(c, p, &bind, &q, err))
        return -1;
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}
