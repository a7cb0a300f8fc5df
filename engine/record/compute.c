/*
 * Stored computed fields of one row: its own formulas and lookups, rollups over other forms' rows.
 * What a change does to rows elsewhere is in dependents.c.
 */
#include "engine/record/compute.h"

#include "engine/record/joins.h"
#include "engine/record/rollup.h"
#include "engine/record/write_int.h"

struct val compute_fit(const struct field *f, struct arena *a, struct val v)
{
    struct fx_field fx;
    int64_t units;
    if (val_is_blank(v))
        return VAL_NONE;
    field_fx(f, &fx);
    if (fx.type.base == FX_NUM && !fx.type.list && (v.kind == VAL_NUM || v.kind == VAL_DEC)) {
        if (!fx.type.has_scale)
            return val_num(val_double(v));
        bool ok = v.kind == VAL_DEC ? num_rescale(v.i, v.scale, fx.type.scale, &units)
                                    : num_to_dec(v.num, fx.type.scale, &units);
        return ok ? val_dec(units, fx.type.scale) : VAL_NONE;
    }
    if (v.kind == VAL_TEXT && fx.type.base != FX_TEXT && fx.type.base != FX_JSON) {
        int64_t n;
        if (fx.type.base == FX_DATE && civil_parse_date(val_str(v), &n))
            return val_date(n);
        if (fx.type.base == FX_DATETIME && civil_parse_instant(val_str(v), &n))
            return val_instant(n);
        if (fx.type.base == FX_TIME && civil_parse_time(val_str(v), &n))
            return val_time(n);
        if (id_parse(val_str(v), &n))
            return val_ref(a, n, STR_NONE);
    }
    if (v.kind == VAL_OBJ && ref_kind_of(f) != REF_NONE) {
        int64_t id;
        struct val text = val_get(v, STR("id"));
        return text.kind == VAL_TEXT && id_parse(val_str(text), &id) ? val_ref(a, id, STR_NONE)
                                                                     : VAL_NONE;
    }
    return v;
}

/* ---- rollups ---- */

/* The row that a rollup belongs to: a row of an outer query, or one id. */
struct roll_of {
    const struct form *form; /* NULL: the id */
    unsigned alias;
    int64_t id;
};

static void bind_owner(struct sql *q, const struct roll_of *of)
{
    if (of->form)
        sql_col(q, of->alias, STR("_id"));
    else
        sql_bind_int(q, of->id);
}

static void links_here(struct sql_env *e, struct sql *q, const struct field *by,
                       const struct roll_of *of)
{
    if (!(by->type->flags & FT_MULTI)) {
        sql_col(q, e->alias, by->key);
        sql_lit(q, " = ");
        bind_owner(q, of);
        return;
    }
    if (joins_ready(e->c, by)) {
        joins_open(q, e->alias, by);
        sql_lit(q, " = ");
        bind_owner(q, of);
        sql_lit(q, ")");
        return;
    }
    sql_lit(q, "EXISTS (SELECT 1 FROM ");
    sql_each(q, SQL_EACH_INT);
    sql_col(q, e->alias, by->key);
    sql_lit(q, ") j WHERE j.value = ");
    bind_owner(q, of);
    sql_lit(q, ")");
}

/* " FROM of WHERE by = id AND where", live rows of submitted records only. */
static int rollup_from(struct sql_env *e, struct sql *q, const struct field *f,
                       const struct roll_of *owner, struct err *err)
{
    const struct form *of = f->rollup_of;
    const struct form *top = of->parent ? of->parent : of;
    unsigned t = of->parent ? e->alias + 1 : e->alias;
    sql_lit(q, " FROM ");
    sql_form(q, of);
    sql_lit(q, " ");
    sql_alias(q, e->alias);
    if (of->parent) {
        sql_lit(q, " JOIN ");
        sql_form(q, top);
        sql_lit(q, " ");
        sql_alias(q, t);
        sql_lit(q, " ON ");
        sql_col(q, t, STR("_id"));
        sql_lit(q, " = ");
        sql_col(q, e->alias, STR("_row"));
    }
    sql_lit(q, " WHERE ");
    links_here(e, q, f->rollup_by, owner);
    sql_lit(q, " AND ");
    sql_col(q, t, STR("_deleted_at"));
    sql_lit(q, " IS NULL");
    if (top->flow) {
        sql_lit(q, " AND COALESCE(");
        sql_col(q, t, STR("_state"));
        sql_lit(q, ", '') <> 'draft'");
    }
    if (!f->rollup_where)
        return 0;
    sql_lit(q, " AND ");
    return fx_sql_cond(f->rollup_where, q, &e->fx, err);
}

int sql_rollup(struct sql_env *outer, struct sql *q, unsigned alias, const struct field *f,
               uint8_t *scale, struct err *err)
{
    struct sql_env e;
    struct roll_of owner = {.form = f->form, .alias = alias};
    sql_env_init(&e, outer->c, f->rollup_of, outer->top + 1);
    e.top = outer->top + 2;
    e.bind = outer->bind;
    e.this_form = f->form;
    e.this_alias = alias;
    sql_lit(q, "(SELECT ");
    if (fx_sql_metric(f->value, q, &e.fx, scale, err) || rollup_from(&e, q, f, &owner, err))
        return -1;
    sql_lit(q, ")");
    return 0;
}

int rollup_value(struct ctx *c, const struct rec *r, const struct field *f, struct val *out,
                 struct err *err)
{
    struct sql q;
    struct sql_env e;
    struct row_env bind;
    struct roll_of owner = {.id = r->id};
    uint8_t scale = 0;
    ctx_sql(c, &q);
    row_env_init(&bind, c, r, err);
    sql_env_init(&e, c, f->rollup_of, 0);
    e.top = 1;
    e.bind = &bind;
    *out = VAL_NONE;
    sql_lit(&q, "SELECT ");
    if (fx_sql_metric(f->value, &q, &e.fx, &scale, err) || rollup_from(&e, &q, f, &owner, err))
        return -1;
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = compute_fit(f, c->a, column_val(c, s, 0, fx_type_of(f->value), scale));
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

int compute_rollup(struct ctx *c, struct rec *r, const struct field *f, struct err *err)
{
    struct val v;
    if (rollup_value(c, r, f, &v, err))
        return -1;
    r->v[f->slot] = v;
    return roll_forget(c, f, r->id, err);
}

int rollup_totals(struct ctx *c, const struct field *f, const struct field *of, int64_t id,
                  struct rollup_sum *out, struct err *err)
{
    struct sql q;
    struct sql_env e;
    struct roll_of owner = {.id = id};
    ctx_sql(c, &q);
    sql_env_init(&e, c, f->rollup_of, 0);
    e.top = 1;
    sql_lit(&q, "SELECT COUNT(");
    sql_col(&q, 0, of->key);
    sql_lit(&q, "), CAST(COALESCE(SUM(");
    sql_col(&q, 0, of->key);
    sql_lit_(&q, q.dialect == SQL_PGSQL ? STR("), 0) AS BIGINT)") : STR("), 0) AS INTEGER)"));
    if (rollup_from(&e, &q, f, &owner, err))
        return -1;
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        out->n = stmt_int(s, 0);
        out->total = stmt_int(s, 1);
    }
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

int rollup_ids(struct ctx *c, const struct rec *r, const struct field *f, struct rollup_list *out,
               struct err *err)
{
    struct sql q;
    struct sql_env e;
    struct row_env bind;
    struct roll_of owner = {.id = r->id};
    unsigned top = f->rollup_of->parent ? 1 : 0;
    ctx_sql(c, &q);
    row_env_init(&bind, c, r, err);
    sql_env_init(&e, c, f->rollup_of, 0);
    e.top = 1;
    e.bind = &bind;
    sql_lit(&q, "SELECT ");
    sql_col(&q, top, STR("_id"));
    if (rollup_from(&e, &q, f, &owner, err))
        return -1;
    sql_lit(&q, " ORDER BY ");
    if (out->by) {
        sql_col(&q, 0, out->by->key);
        sql_lit_(&q, out->least ? STR(" ASC NULLS LAST, ") : STR(" DESC NULLS LAST, "));
    }
    sql_col(&q, top, STR("_id"));
    sql_lit(&q, " DESC LIMIT ");
    sql_int(&q, ROLLUP_IDS);
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    out->n = 0;
    while ((step = stmt_step(s, err)) == 1)
        out->ids[out->n++] = stmt_int(s, 0);
    stmt_done(s);
    return step;
}

static void this_ref(void *arg, const struct fx_ref *ref)
{
    if (ref->root == FX_THIS)
        *(bool *)arg = true;
}

/* A rollup changes with the rows below, which recompute it; with its own row only through this.x.
 */
static bool rollup_stands(const struct field *f, const struct rec *old)
{
    bool reads_this = false;
    if (!old || f->filling || old->v[f->slot].kind == VAL_ABSENT)
        return false;
    if (f->rollup_where)
        fx_each_ref(f->rollup_where, this_ref, &reads_this);
    return !reads_this;
}

/* ---- one row ---- */

int compute_field(struct ctx *c, struct rec *r, const struct rec *parent, const struct rec *old,
                  const struct field *f, struct err *err)
{
    if (f->rollup_of) {
        if (rollup_stands(f, old)) {
            r->v[f->slot] = old->v[f->slot];
            return 0;
        }
        return compute_rollup(c, r, f, err);
    }
    struct row_env e;
    row_env_init(&e, c, r, err);
    e.parent = parent;
    r->v[f->slot] = compute_fit(f, c->a, fx_eval(f->value, &e.fx));
    return row_env_end(&e, err);
}

static int compute_fields(struct ctx *c, struct rec *r, const struct rec *parent,
                          const struct rec *old, struct err *err)
{
    const struct form *f = r->form;
    for (size_t i = 0; i < f->ncompute; i++)
        if (compute_field(c, r, parent, old, f->compute_order[i], err))
            return -1;
    return 0;
}

int compute_row(struct ctx *c, struct rec *r, const struct rec *old, struct err *err)
{
    for (size_t i = 0; r->rows && i < r->form->nfields; i++)
        for (size_t k = 0; k < r->rows[i].n; k++)
            if (compute_fields(c, &r->rows[i].v[k], r, NULL, err))
                return -1;
    return compute_fields(c, r, NULL, old, err);
}

static int recompute(struct ctx *c, struct rec *r, const struct rec *old, bool *changed,
                     struct err *err)
{
    struct str title;
    if (compute_row(c, r, NULL, err) || title_compute(c, r, &title, err))
        return -1;
    *rec_sys(r, SYS_TITLE) = val_text(title);
    if (rows_set(c, r, old, changed, err))
        return -1;
    for (size_t i = 0; r->rows && i < r->form->nfields; i++)
        for (size_t k = 0; k < r->rows[i].n; k++) {
            bool row = false;
            if (rows_set(c, &r->rows[i].v[k], &old->rows[i].v[k], &row, err))
                return -1;
            *changed |= row;
        }
    return 0;
}

int compute_stored(struct ctx *c, const struct form *f, int64_t id, bool *changed, struct err *err)
{
    struct rec old;
    *changed = false;
    int found = record_load(c, f, id, REC_LIVE, &old, err);
    if (found <= 0)
        return found;
    struct rec now = rec_copy(c->a, &old);
    if (recompute(c, &now, &old, changed, err))
        return -1;
    if (!*changed)
        return 0;
    rcache_forget(c);
    /* after another row's change; of a definition's change there is no entry */
    if (rcache_of(c)->cascade && history_computed(c, &now, &old, err))
        return -1;
    ctx_event(c, f->app->key, f->key, id, now.version, STR("update"));
    return compute_dependents(c, REC_UPDATE, &now, &old, err);
}
