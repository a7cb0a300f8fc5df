/*
 * Purging rows of the recycle bin.
 */
#include "engine/record/purge.h"

#include "engine/record/joins.h"
#include "engine/record/merge.h"
#include "engine/record/write_int.h"

#define PAGE 200

static int drop(struct ctx *c, struct sql *q, struct str column, int64_t id, struct err *err)
{
    sql_lit(q, " WHERE ");
    sql_ident(q, column);
    sql_lit(q, " = ");
    sql_bind_int(q, id);
    return store_exec(c->db, c->a, q, NULL, err);
}

static int drop_rows(struct ctx *c, const struct form *f, struct str column, int64_t id,
                     struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM ");
    sql_form(&q, f);
    return drop(c, &q, column, id, err);
}

static int drop_around(struct ctx *c, int64_t id, struct err *err)
{
    static const char *const tables[] = {"_history", "_comment", "_share"};
    struct sql q;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        ctx_sql(c, &q);
        sql_lit(&q, "DELETE FROM ");
        sql_ident(&q, str_of(tables[i]));
        if (drop(c, &q, STR("record"), id, err))
            return -1;
    }
    ctx_sql(c, &q); /* what nobody names any more is swept up with the loose files */
    sql_lit(&q, "UPDATE _file SET record = NULL, field = NULL");
    return drop(c, &q, STR("record"), id, err);
}

static int purge(struct ctx *c, const struct form *f, int64_t id, struct err *err)
{
    struct rec row = {.form = f, .id = id};
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub && joins_forget(c, f->fields[i]->sub, STR("_row"), id, err))
            return -1;
        else if (f->fields[i]->sub && drop_rows(c, f->fields[i]->sub, STR("_row"), id, err))
            return -1;
    if (joins_forget(c, f, STR("_id"), id, err) || drop_rows(c, f, STR("_id"), id, err) ||
        drop_around(c, id, err) || history_purged(c, &row, err))
        return -1;
    rcache_forget(c);
    ctx_event(c, f->app->key, f->key, id, 0, STR("purge"));
    return 0;
}

int purge_record(struct ctx *c, const struct form *f, int64_t id, struct err *err)
{
    struct access *x;
    struct rec row;
    static const unsigned rights[] = {RIGHT_RESTORE, RIGHT_DELETE};
    if (access_of(c, f, &x, err))
        return -1;
    int found = record_load(c, f, id, REC_BIN, &row, err);
    for (size_t i = 0; found == 1 && i < ARRAY_LEN(rights); i++) {
        int may = access_row(x, &row, rights[i], err);
        if (may <= 0)
            return may < 0 ? -1 : i ? denied(err) : not_found(err);
    }
    if (found <= 0)
        return found < 0 ? -1 : not_found(err);
    return purge(c, f, id, err);
}

static int old_ids(struct ctx *c, const struct form *f, int64_t before_us, int64_t *ids, size_t *n,
                   struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE \"_deleted_at\" IS NOT NULL AND \"_deleted_at\" < ");
    sql_bind_int(&q, before_us);
    sql_lit(&q, " AND NOT EXISTS (SELECT 1 FROM _merge g WHERE g.undone_at IS NULL AND g.gone = "
                "t0.\"_id\" AND g.at > "); /* it may come back */
    sql_bind_int(&q, c->now_us - MERGE_UNDO_US);
    sql_lit(&q, ") ORDER BY \"_id\" LIMIT ");
    sql_int(&q, PAGE);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while (*n < PAGE && (step = stmt_step(s, err)) == 1)
        ids[(*n)++] = stmt_int(s, 0);
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

int purge_old(struct ctx *c, const struct app *app, int64_t before_us, struct err *err)
{
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, PAGE);
    for (size_t i = 0; i < app->nforms; i++) {
        size_t n = 0;
        if (old_ids(c, app->forms[i], before_us, ids, &n, err))
            return -1;
        for (size_t k = 0; k < n; k++)
            if (purge(c, app->forms[i], ids[k], err))
                return -1;
        if (n)
            return 1;
    }
    return 0;
}
