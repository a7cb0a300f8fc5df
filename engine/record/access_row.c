/*
 * Rights on one loaded row, for writing: which grants hold before, which must hold after. Evaluated
 * in C over the row; the reading side says the same in SQL (access_sql.c).
 */
#include "engine/record/write_int.h"

static int task_holds(struct access *x, const struct agrant *g, const struct rec *row,
                      struct err *err)
{
    struct sql q;
    int64_t one;
    ctx_sql(x->c, &q);
    sql_lit(&q, "SELECT 1 FROM ");
    sql_form(&q, x->f);
    sql_lit(&q, " t0 WHERE t0.\"_id\" = ");
    sql_bind_int(&q, row->id);
    sql_lit(&q, " AND ");
    if (access_grant_cond(x, &q, 0, g, err))
        return -1;
    return store_get_int(x->c->db, x->c->a, &q, &one, err);
}

/* 1 the record came back to the caller, who corrects it, -1. What he may write when he creates one
 * he may correct then, also without a right to update. */
static int returned_to(struct access *x, const struct rec *row, struct err *err)
{
    struct sql q;
    int64_t one;
    if (!x->f->flow || x->system || !row || x->who->kind != WHO_MEMBER ||
        !str_eqz(val_str(*rec_sys(row, SYS_STATE)), "returned"))
        return 0;
    ctx_sql(x->c, &q);
    sql_lit(&q, "SELECT 1 FROM _task WHERE kind = 'start' AND state = 'open' AND record = ");
    sql_bind_int(&q, row->id);
    sql_lit(&q, " AND holder = ");
    sql_bind_int(&q, x->who->id);
    return store_get_int(x->c->db, x->c->a, &q, &one, err);
}

/* Right to update a row that came back: also by the grants that let him create. */
static int widen(struct access *x, const struct rec *row, unsigned right, unsigned *by,
                 struct err *err)
{
    int back = (right & RIGHT_UPDATE) ? returned_to(x, row, err) : 0;
    *by = back > 0 ? right | RIGHT_CREATE : right;
    return back < 0 ? -1 : 0;
}

static int grant_holds(struct access *x, const struct agrant *g, const struct fx *where,
                       const struct rec *row, struct err *err)
{
    if (!g->def)
        return task_holds(x, g, row, err);
    return where ? rec_true(x->c, where, row, NULL, err) : 1;
}

int access_grant_holds(struct access *x, const struct agrant *g, const struct rec *row,
                       struct err *err)
{
    return grant_holds(x, g, g->where, row, err);
}

int access_restrict(struct ctx *c, const struct rec *row, struct err *err)
{
    const struct fx *fx = row->form->restrict_fx;
    return fx ? rec_true(c, fx, row, NULL, err) : 1;
}

/* A draft is its author's alone. */
static bool foreign_draft(const struct access *x, const struct rec *row)
{
    if (!x->f->flow)
        return false;
    struct val by = *rec_sys(row, SYS_CREATED_BY);
    if (!str_eqz(val_str(*rec_sys(row, SYS_STATE)), "draft"))
        return false;
    return by.kind != VAL_REF || by.ref->id != x->who->id;
}

/* As of then the row is one of the past: rights are asked of today's row, among today's. 1, 0 it is
 * gone, -1. */
static int today_begin(struct access *x, struct asof **kept, const struct rec **row,
                       struct err *err)
{
    struct ctx *c = x->c;
    *kept = c->as_of;
    if (!*kept || !*row)
        return 1;
    struct rec *now = ARENA_NEW(c->a, struct rec);
    rcache_forget(c);
    c->as_of = NULL;
    int found = record_load(c, x->f, (*row)->id, REC_ANY, now, err);
    *row = now;
    return found;
}

static void today_end(struct access *x, struct asof *kept)
{
    if (!kept)
        return;
    rcache_forget(x->c);
    x->c->as_of = kept;
}

int access_row(struct access *x, const struct rec *row, unsigned right, struct err *err)
{
    if (x->system)
        return 1;
    struct asof *kept;
    int there = today_begin(x, &kept, &row, err);
    int yes = there < 0 ? -1 : 0;
    bool seen = there == 1 && !foreign_draft(x, row);
    unsigned by = right;
    if (seen && widen(x, row, right, &by, err))
        yes = -1;
    if (by != right && (x->rights & RIGHT_CREATE))
        yes = 1;
    for (size_t i = 0; seen && i < x->n && yes == 0; i++)
        if (x->g[i].can & right)
            yes = grant_holds(x, &x->g[i], x->g[i].where, row, err);
    if (yes == 1)
        yes = access_restrict(x->c, row, err);
    today_end(x, kept);
    return yes;
}

int access_row_button(struct access *x, const struct rec *row, const struct button *b,
                      struct err *err)
{
    if (x->system)
        return 1;
    int yes = 0;
    for (size_t i = 0; i < x->n && yes == 0; i++)
        if (agrant_button(&x->g[i], b))
            yes = grant_holds(x, &x->g[i], x->g[i].where, row, err);
    return yes == 1 ? access_restrict(x->c, row, err) : yes;
}

int access_row_held(struct access *x, const struct rec *row, unsigned right, uint64_t *held,
                    struct err *err)
{
    *held = 0;
    struct asof *kept;
    int there = today_begin(x, &kept, &row, err);
    int yes = there < 0 ? -1 : 0;
    unsigned by = right;
    if (there == 1 && widen(x, row, right, &by, err))
        yes = -1;
    for (size_t i = 0; there == 1 && yes >= 0 && i < x->n && i < 64; i++) {
        if (!(x->g[i].can & by))
            continue;
        bool anew = (x->g[i].can & by & RIGHT_CREATE) != 0;
        yes = anew ? 1 : grant_holds(x, &x->g[i], x->g[i].where, row, err);
        if (yes == 1)
            *held |= UINT64_C(1) << i;
    }
    today_end(x, kept);
    return yes < 0 ? -1 : 0;
}

void access_held_fields(const struct access *x, uint64_t held, uint8_t *fields)
{
    memset(fields, x->system ? FIELD_WRITE : FIELD_HIDDEN, x->f->nslots);
    for (size_t i = 0; i < x->n && i < 64; i++)
        for (size_t s = 0; (held >> i & 1) && s < x->f->nslots; s++)
            fields[s] = MAX(fields[s], x->g[i].fields[s]);
    for (size_t s = 0; !x->system && s < x->f->nslots; s++)
        fields[s] = MIN(fields[s], x->best[s]); /* computed from what nobody shows him */
}

uint8_t access_held_sub(const struct access *x, uint64_t held, const struct field *table,
                        const struct field *f)
{
    uint8_t right = x->system ? FIELD_WRITE : FIELD_HIDDEN;
    for (size_t i = 0; i < x->n && i < 64; i++)
        if (held >> i & 1)
            right = MAX(right, agrant_sub_right(&x->g[i], table, f));
    return right;
}

int access_row_fields(struct access *x, const struct rec *row, unsigned right, uint8_t *fields,
                      struct err *err)
{
    uint64_t held;
    if (access_row_held(x, row, right, &held, err))
        return -1;
    access_held_fields(x, held, fields);
    return 0;
}

int access_ensure(struct access *x, const struct rec *row, unsigned right, struct err *err)
{
    int yes = access_restrict(x->c, row, err);
    if (yes != 1 || x->system)
        return yes;
    unsigned by = right;
    yes = widen(x, row, right, &by, err);
    for (size_t i = 0; i < x->n && yes == 0; i++)
        if ((x->g[i].can & by) && x->g[i].def)
            yes = grant_holds(x, &x->g[i], x->g[i].ensure, row, err);
    return yes;
}
