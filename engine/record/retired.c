/*
 * Removing for good what a publish put away. Whoever calls makes a backup first.
 */
#include "engine/record/retired.h"

#include "engine/record/schema_int.h"

struct victim {
    struct ddl_table t;
    struct str stored_as; /* empty: the whole table */
    int64_t at;
};

int retired_due(struct ctx *c, int64_t before_us, int64_t *n, struct err *err)
{
    struct sql q;
    *n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT count(*) FROM _retired WHERE at < ");
    sql_bind_int(&q, before_us);
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int oldest(struct ctx *c, int64_t before_us, struct victim *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT app, form, sub, stored_as, at FROM _retired WHERE at < ");
    sql_bind_int(&q, before_us);
    sql_lit(&q, " ORDER BY at, app, form, sub, stored_as LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = (struct victim){.t = {.app = str_dup(c->a, stmt_str(s, 0)),
                                     .form = str_dup(c->a, stmt_str(s, 1)),
                                     .sub = str_dup(c->a, stmt_str(s, 2))},
                               .stored_as = str_dup(c->a, stmt_str(s, 3)),
                               .at = stmt_int(s, 4)};
    stmt_done(s);
    return step;
}

static int forget(struct ctx *c, const struct victim *v, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _retired WHERE app = ");
    sql_bind_str(&q, v->t.app);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, v->t.form);
    sql_lit(&q, " AND sub = ");
    sql_bind_str(&q, v->t.sub);
    sql_lit(&q, " AND stored_as = ");
    sql_bind_str(&q, v->stored_as);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int retired_drop(struct ctx *c, int64_t before_us, bool *more, struct err *err)
{
    struct victim v;
    int64_t left = 0;
    *more = false;
    int found = oldest(c, before_us, &v, err);
    if (found <= 0)
        return found;
    int has = ddl_has_table(c->db, c->a, &v.t, err);
    if (has < 0)
        return -1;
    int rc = !has            ? 0
             : v.stored_as.n ? ddl_drop_column(c->db, c->a, &v.t, v.stored_as, err)
                             : ddl_drop_table(c->db, c->a, &v.t, err);
    if (rc < 0 || forget(c, &v, err) || retired_due(c, before_us, &left, err))
        return -1;
    *more = left > 0;
    return 0;
}
