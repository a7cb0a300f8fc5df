/*
 * See walk.h.
 */
#include "engine/record/walk.h"

#include "engine/record/record_int.h"

#define STEP_US   20000 /* a step holds the writer no longer than about this */
#define STEP_ROWS 500

int walk_next(struct ctx *c, const struct sql *q, struct walk *w, struct err *err)
{
    struct stmt *s;
    *w = (struct walk){.form = NULL};
    if (store_query(c->db, c->a, q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        w->form = app_form(c->app, stmt_str(s, 0));
        w->last = stmt_int(s, 1);
    }
    stmt_done(s);
    return step;
}

static int read_ids(struct ctx *c, const struct walk *w, bool bin, int64_t *ids, size_t *n,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_form(&q, w->form);
    sql_lit(&q, " WHERE \"_id\" > ");
    sql_bind_int(&q, w->last);
    if (!bin)
        sql_lit(&q, " AND \"_deleted_at\" IS NULL");
    sql_lit(&q, " ORDER BY \"_id\" LIMIT ");
    sql_int(&q, STEP_ROWS);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    *n = 0;
    while ((step = stmt_step(s, err)) == 1)
        ids[(*n)++] = stmt_int(s, 0);
    stmt_done(s);
    return step;
}

static int one_row(const struct ctx *outer, const struct walk_rows *rows, const struct form *f,
                   int64_t id, struct err *err)
{
    struct arena_mark mark = arena_mark(rows->page);
    struct ctx c = *outer;
    c.a = rows->page;
    c.who = &who_system;
    c.records = NULL;
    c.lua = NULL;
    c.events.v = NULL;
    c.events.n = c.events.cap = 0;
    int rc = rows->row(&c, f, id, err);
    arena_reset(rows->page, mark);
    return rc;
}

int walk_step(struct ctx *c, const struct walk_rows *rows, struct walk *w, struct err *err)
{
    int64_t begin = c->mono_us();
    size_t n = 0, done = 0;
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, STEP_ROWS);
    if (read_ids(c, w, rows->bin, ids, &n, err))
        return -1;
    while (done < n && c->mono_us() - begin < STEP_US) {
        if (one_row(c, rows, w->form, ids[done], err))
            return -1;
        w->last = ids[done++];
    }
    w->done = (int64_t)done;
    w->end = done == n && n < STEP_ROWS;
    return 0;
}
