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

static int grant_holds(struct access *x, const struct agrant *g, const struct fx *where,
                       const struct rec *row, struct err *err)
{
    if (!g->def)
        return task_holds(x, g, row, err);
    return where ? rec_true(x->c, where, row, NULL, err) : 1;
}

int access_restrict(struct ctx *c, const struct rec *row, struct err *err)
{
    const struct fx *fx = row->form->restrict_fx;
    return fx ? rec_true(c, fx, row, NULL, err) : 1;
}

/* A draft is its author's alone. */
static bool foreign_draft(const struct access *x, const struct rec *row)
{
    struct val by = *rec_sys(row, SYS_CREATED_BY);
    if (!x->f->flow || !str_eqz(val_str(*rec_sys(row, SYS_STATE)), "draft"))
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
    for (size_t i = 0; there == 1 && yes >= 0 && i < x->n && i < 64; i++) {
        if (!(x->g[i].can & right))
            continue;
        yes = right == RIGHT_CREATE ? 1 : grant_holds(x, &x->g[i], x->g[i].where, row, err);
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
    yes = 0;
    for (size_t i = 0; i < x->n && yes == 0; i++)
        if ((x->g[i].can & right) && x->g[i].def)
            yes = grant_holds(x, &x->g[i], x->g[i].ensure, row, err);
    return yes;
}

/* ---- why ---- */

static void put(struct ctx *c, struct pair **p, size_t *n, const char *key, struct val v)
{
    (void)c;
    (*p)[(*n)++] = (struct pair){.key = str_of(key), .value = v};
}

static struct val rights_list(struct ctx *c, unsigned can)
{
    static const char *const names[] = {"create",  "read",    "update",   "delete",
                                        "import",  "export",  "print",    "share",
                                        "comment", "history", "transfer", "restore"};
    VEC(struct val) list = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (can & (1u << i))
            (void)vec_push(c->a, &list, val_text(str_of(names[i])));
    return val_list(list.v, list.n);
}

static struct val fields_obj(struct access *x, const uint8_t *fields)
{
    static const char *const names[] = {"hidden", "hidden", "masked", "read", "write"};
    struct pair *pairs = ARENA_ARRAY(x->c->a, struct pair, x->f->nslots);
    for (size_t s = 0; s < x->f->nslots; s++)
        pairs[s] = (struct pair){.key = rec_field_at(x->f, s)->key,
                                 .value = val_text(str_of(names[fields[s]]))};
    return val_obj(pairs, x->f->nslots);
}

static int explain_grant(struct access *x, const struct grant *def, const struct rec *row,
                         struct val *out, struct err *err)
{
    struct ctx *c = x->c;
    struct pair *p = ARENA_ARRAY(c->a, struct pair, 10);
    size_t n = 0;
    const struct agrant *held = NULL;
    for (size_t i = 0; i < x->n; i++)
        if (x->g[i].def == def)
            held = &x->g[i];
    int on_row = row && held ? grant_holds(x, held, held->where, row, err) : 0;
    if (on_row < 0)
        return -1;
    put(c, &p, &n, "grant", val_text(def->key));
    put(c, &p, &n, "file", val_text(def->at.file));
    put(c, &p, &n, "line", val_num(def->at.pos.line));
    put(c, &p, &n, "held", val_bool(held != NULL));
    if (row)
        put(c, &p, &n, "row", val_bool(on_row == 1));
    put(c, &p, &n, "can", rights_list(c, def->can));
    if (def->where)
        put(c, &p, &n, "where", val_text(fx_text(def->where)));
    if (def->ensure)
        put(c, &p, &n, "ensure", val_text(fx_text(def->ensure)));
    if (held)
        put(c, &p, &n, "fields", fields_obj(x, held->fields));
    *out = val_obj(p, n);
    return 0;
}

int access_explain(struct access *x, int64_t id, struct val *out, struct err *err)
{
    const struct form *f = x->f;
    struct rec row;
    int found = id ? record_load(x->c, f, id, REC_ANY, &row, err) : 0;
    if (found < 0)
        return -1;
    struct val *list = ARENA_ARRAY(x->c->a, struct val, f->ngrants + 1);
    size_t n = 0;
    for (size_t i = 0; i < f->ngrants; i++)
        if (explain_grant(x, &f->grants[i], found ? &row : NULL, &list[n++], err))
            return -1;
    if (f->restrict_fx && found) {
        int yes = access_restrict(x->c, &row, err);
        if (yes < 0)
            return -1;
        struct pair *p = ARENA_ARRAY(x->c->a, struct pair, 2);
        p[0] = (struct pair){STR("restrict"), val_text(fx_text(f->restrict_fx))};
        p[1] = (struct pair){STR("row"), val_bool(yes)};
        list[n++] = val_obj(p, 2);
    }
    *out = val_list(list, n);
    return 0;
}
