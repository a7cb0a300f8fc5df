/*
 * Rows of system tables that name a form follow its rename.
 */
#include "engine/record/schema_int.h"

struct naming {
    struct str table;
    bool keyed; /* the form is part of its key: rows of an earlier form of the new name give way */
};

static const struct naming TABLES[] = {
    {STR("_retired"), true},  {STR("_backfill"), true}, {STR("_public"), true},
    {STR("_rollup"), true},   {STR("_serial"), true},   {STR("_history"), false},
    {STR("_comment"), false}, {STR("_file"), false},    {STR("_share"), false},
    {STR("_notice"), false},  {STR("_outbox"), false},  {STR("_flow_instance"), false},
    {STR("_task"), false},
};

static void where_form(struct sql *q, struct str app, struct str form)
{
    sql_lit(q, " WHERE app = ");
    sql_bind_str(q, app);
    sql_lit(q, " AND form = ");
    sql_bind_str(q, form);
}

static int rename_form(struct ctx *c, const struct naming *n, const struct form *old,
                       const struct form *f, struct err *err)
{
    struct sql q;
    if (n->keyed) {
        sql_init(&q, c->a, store_dialect(c->store));
        sql_lit(&q, "DELETE FROM ");
        sql_ident(&q, n->table);
        where_form(&q, f->app->key, f->key);
        if (store_exec(c->db, c->a, &q, NULL, err) < 0)
            return -1;
    }
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE ");
    sql_ident(&q, n->table);
    sql_lit(&q, " SET form = ");
    sql_bind_str(&q, f->key);
    where_form(&q, f->app->key, old->key);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* Only _retired and _backfill name sub-tables. */
static int rename_sub(struct ctx *c, struct str table, const struct form *old, const struct form *f,
                      struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(f);
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE ");
    sql_ident(&q, table);
    sql_lit(&q, " SET sub = ");
    sql_bind_str(&q, f->key);
    where_form(&q, t.app, t.form);
    sql_lit(&q, " AND sub = ");
    sql_bind_str(&q, old->key);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int schema_rename(struct ctx *c, const struct form *old, const struct form *f, struct err *err)
{
    if (!old || str_eq(old->key, f->key))
        return 0;
    if (f->parent)
        return rename_sub(c, STR("_retired"), old, f, err) < 0
                   ? -1
                   : rename_sub(c, STR("_backfill"), old, f, err);
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++)
        if (rename_form(c, &TABLES[i], old, f, err) < 0)
            return -1;
    return 0;
}
