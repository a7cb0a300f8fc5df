/*
 * The recycle bin: a deleted record keeps its row with _deleted_at set, frees its unique values and
 * counts as gone for links and rollups; restoring brings it back. What links to it decides by
 * on_delete.
 */
#include "engine/record/write_int.h"

#include "engine/record/joins.h"
#include "engine/record/search.h"

static int mark(struct wr *w, bool deleted, struct err *err)
{
    struct ctx *c = w->c;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_form(&q, w->f);
    sql_lit(&q, " SET \"_deleted_at\" = ");
    sql_bind(&q, deleted ? val_instant(c->now_us) : VAL_NONE);
    sql_lit(&q, ", \"_deleted_by\" = ");
    sql_bind(&q, deleted && c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ", \"_version\" = ");
    sql_bind_int(&q, w->rec.version);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, w->rec.id);
    int rc = store_exec(c->db, c->a, &q, NULL, err);
    rcache_forget(c);
    return rc;
}

/* Live records of `from` whose link field points to this one; of a sub-table: the records that hold
 * such rows. */
void links_to_sql(struct ctx *c, const struct field *link, int64_t id, struct sql *q)
{
    const struct form *from = link->form;
    const struct form *top = from->parent ? from->parent : from;
    ctx_sql(c, q);
    sql_lit(q, "SELECT DISTINCT t0.\"_id\" FROM ");
    sql_form(q, top);
    sql_lit(q, " t0");
    if (from->parent) {
        sql_lit(q, " JOIN ");
        sql_form(q, from);
        sql_lit(q, " t1 ON t1.\"_row\" = t0.\"_id\"");
    }
    sql_lit(q, " WHERE t0.\"_deleted_at\" IS NULL AND ");
    if (joins_ready(c, link)) {
        joins_open(q, from->parent ? 1 : 0, link);
        sql_lit(q, " = ");
        sql_bind_int(q, id);
        sql_lit(q, ")");
    } else if (link->type->flags & FT_MULTI) {
        sql_lit(q, "EXISTS (SELECT 1 FROM ");
        sql_each(q, SQL_EACH_INT);
        sql_col(q, from->parent ? 1 : 0, link->key);
        sql_lit(q, ") j WHERE j.value = ");
        sql_bind_int(q, id);
        sql_lit(q, ")");
    } else {
        sql_col(q, from->parent ? 1 : 0, link->key);
        sql_lit(q, " = ");
        sql_bind_int(q, id);
    }
    sql_lit(q, " LIMIT 1000");
}

static int cascade_to(struct wr *w, const struct form *f, int64_t id, struct err *err)
{
    struct rcache *rc = rcache_of(w->c);
    if (rc->cascade >= CASCADE_MAX)
        return err_set(err, ERR_CONFLICT, "too_deep", "级联删除的层数过多。",
                       "Too many levels of cascading deletion.");
    struct rec_write del = {.op = REC_DELETE,
                            .form = f,
                            .id = id,
                            .no_version = true,
                            .mode = WRITE_OWN_RIGHT | WRITE_LOCKED_OK};
    rc->cascade++;
    int rcode = record_write(w->c, &del, NULL, w->diags, err);
    rc->cascade--;
    return rcode;
}

static int on_delete(struct wr *w, const struct field *link, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(int64_t) ids = {0};
    if (link->on_delete == ON_DELETE_CLEAR)
        return 0; /* it reads blank while the target is in the bin */
    links_to_sql(w->c, link, w->rec.id, &q);
    if (store_query(w->c->db, w->c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(w->c->a, &ids, stmt_int(s, 0));
    stmt_done(s);
    if (step < 0)
        return -1;
    const struct form *top = link->form->parent ? link->form->parent : link->form;
    if (ids.n && link->on_delete == ON_DELETE_RESTRICT)
        return err_set(err, ERR_CONFLICT, "referenced", "“%.*s”中还有记录引用它，不能删除。",
                       "It cannot be deleted: records of “%.*s” still point to it.",
                       STR_ARG(top->title));
    for (size_t i = 0; i < ids.n; i++)
        if (cascade_to(w, top, ids.v[i], err))
            return -1;
    return 0;
}

static int links_to(struct wr *w, const struct form *from, struct err *err)
{
    for (size_t i = 0; i < from->nfields; i++) {
        const struct field *f = from->fields[i];
        if (f->sub && links_to(w, f->sub, err))
            return -1;
        if (f->target == w->f && on_delete(w, f, err))
            return -1;
    }
    return 0;
}

int wr_delete(struct wr *w, struct err *err)
{
    if (w->f->append_only)
        return denied(err);
    for (size_t i = 0; i < w->f->app->nforms; i++)
        if (links_to(w, w->f->app->forms[i], err))
            return -1;
    return search_row(w->c, &w->old, NULL, err) || mark(w, true, err) ? -1 : 0;
}

/* What it reads from others may have changed meanwhile. */
int wr_restore(struct wr *w, struct err *err)
{
    bool changed;
    if (mark(w, false, err))
        return rows_duplicate(w, err);
    if (search_row(w->c, NULL, &w->old, err) || joins_restore(w->c, &w->old, err) ||
        compute_stored(w->c, w->f, w->rec.id, &changed, err))
        return -1;
    int found = record_load(w->c, w->f, w->rec.id, REC_LIVE, &w->rec, err);
    return found == 1 ? 0 : found < 0 ? -1 : not_found(err);
}
