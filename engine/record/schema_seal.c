/*
 * Publishing a change of what is encrypted: whose key seals a row that is there, which copies in
 * clear a table still holds.
 */
#include "engine/record/schema_int.h"

#include "engine/record/sealed.h"

/* A column of the record that a row belongs to. */
static void top_column(struct sql *q, const struct form *f, struct str name, int64_t id)
{
    struct ddl_table t = schema_name(f->parent ? f->parent : f);
    sql_lit(q, "SELECT t0.");
    sql_ident(q, name);
    sql_lit(q, " FROM ");
    sql_table(q, t.app, t.form, t.sub);
    sql_lit(q, " t0");
    if (f->parent) {
        t = schema_name(f);
        sql_lit(q, " JOIN ");
        sql_table(q, t.app, t.form, t.sub);
        sql_lit(q, " t1 ON t1.\"_row\" = t0.\"_id\" WHERE t1.\"_id\" = ");
    } else {
        sql_lit(q, " WHERE t0.\"_id\" = ");
    }
    sql_bind_int(q, id);
}

int schema_subject(const struct sealer *s, const struct form *old, const struct field *f,
                   int64_t id, int64_t *subject, struct err *err)
{
    struct sql q;
    bool self = str_eqz(f->subject, "self");
    const struct form *top = old && old->parent ? old->parent : old;
    *subject = 0;
    if (!f->subject.n || !top || (!self && !form_field(top, f->subject)))
        return 0; /* a link that is new has no values */
    sql_init(&q, s->a, store_dialect(store_of(s->db)));
    top_column(&q, f->form, self ? STR("_id") : f->subject, id);
    return store_get_int(s->db, s->a, &q, subject, err) < 0 ? -1 : 0;
}

int schema_retired(struct ctx *c, const struct ddl_table *t, struct str key, struct str **names,
                   size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct str) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT stored_as FROM _retired WHERE app = ");
    sql_bind_str(&q, t->app);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, t->form);
    sql_lit(&q, " AND sub = ");
    sql_bind_str(&q, t->sub);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, key);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, str_dup(c->a, stmt_str(s, 0)));
    stmt_done(s);
    *names = list.v;
    *n = list.n;
    return rc;
}
