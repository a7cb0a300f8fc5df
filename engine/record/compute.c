/*
 * Stored computed fields: a row's own formulas and lookups, rollups over other forms' rows, and the
 * rows elsewhere that read a row which changed. Everything is kept true in the same transaction.
 */
#include "engine/record/write_int.h"

#define DEPENDENT_ROWS_MAX 100000

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

/* " FROM of t0 WHERE by = id AND where", live rows of submitted records only. */
static int rollup_from(struct sql_env *e, struct sql *q, const struct field *f, int64_t id,
                       struct err *err)
{
    const struct form *of = f->rollup_of;
    const struct form *top = of->parent ? of->parent : of;
    unsigned t = of->parent ? 1 : 0;
    sql_lit(q, " FROM ");
    sql_form(q, of);
    sql_lit(q, " t0");
    if (of->parent) {
        sql_lit(q, " JOIN ");
        sql_form(q, top);
        sql_lit(q, " t1 ON t1.\"_id\" = t0.\"_row\"");
    }
    sql_lit(q, " WHERE ");
    if (f->rollup_by->type->flags & FT_MULTI) {
        sql_lit(q, "EXISTS (SELECT 1 FROM json_each(");
        sql_col(q, 0, f->rollup_by->key);
        sql_lit(q, ") j WHERE j.value = ");
        sql_bind_int(q, id);
        sql_lit(q, ")");
    } else {
        sql_col(q, 0, f->rollup_by->key);
        sql_lit(q, " = ");
        sql_bind_int(q, id);
    }
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

static int rollup(struct ctx *c, struct rec *r, const struct field *f, struct err *err)
{
    struct sql q;
    struct sql_env e;
    struct row_env bind;
    uint8_t scale = 0;
    ctx_sql(c, &q);
    row_env_init(&bind, c, r, err);
    sql_env_init(&e, c, f->rollup_of, 0);
    e.top = 1;
    e.bind = &bind;
    sql_lit(&q, "SELECT ");
    if (fx_sql_metric(f->value, &q, &e.fx, &scale, err) || rollup_from(&e, &q, f, r->id, err))
        return -1;
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    r->v[f->slot] = VAL_NONE;
    if (step == 1)
        r->v[f->slot] = compute_fit(f, c->a, column_val(c, s, 0, fx_type_of(f->value), scale));
    stmt_done(s);
    return step < 0 ? -1 : 0;
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
    if (!old || old->v[f->slot].kind == VAL_ABSENT)
        return false;
    if (f->rollup_where)
        fx_each_ref(f->rollup_where, this_ref, &reads_this);
    return !reads_this;
}

/* ---- one row ---- */

static int compute_field(struct ctx *c, struct rec *r, const struct rec *parent,
                         const struct rec *old, const struct field *f, struct err *err)
{
    if (f->rollup_of) {
        if (rollup_stands(f, old)) {
            r->v[f->slot] = old->v[f->slot];
            return 0;
        }
        return rollup(c, r, f, err);
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
    ctx_event(c, f->app->key, f->key, id, now.version, STR("update"));
    return compute_dependents(c, REC_UPDATE, &now, &old, err);
}

/* ---- what reads a row ---- */

struct change {
    struct ctx *c;
    enum rec_op op;
    const struct rec *now; /* NULL: gone */
    const struct rec *old; /* NULL: new */
    struct err *err;
};

static bool field_changed(const struct change *ch, const struct field *f)
{
    if (!ch->now || !ch->old)
        return true;
    if (f->sub)
        return !rec_same_rows(ch->now, ch->old, f);
    if (f->value && !f->stored && !field_is_sys(f))
        return true;
    return !val_same(ch->now->v[f->slot], ch->old->v[f->slot]);
}

typedef VEC(int64_t) id_list;

static int each_recompute(struct ctx *c, const struct form *f, const int64_t *ids, size_t n,
                          struct err *err)
{
    struct rcache *rc = rcache_of(c);
    if (rc->cascade >= CASCADE_MAX)
        return 0; /* a circle of forms: the next write of a row continues it */
    rc->cascade++;
    int rcode = 0;
    for (size_t i = 0; rcode == 0 && i < n; i++) {
        bool changed;
        rcode = compute_stored(c, f, ids[i], &changed, err);
    }
    rc->cascade--;
    return rcode;
}

static void add_ref(struct ctx *c, id_list *ids, struct val v)
{
    if (v.kind == VAL_LIST) {
        for (uint32_t i = 0; i < v.n; i++)
            add_ref(c, ids, v.list[i]);
        return;
    }
    if (v.kind != VAL_REF)
        return;
    for (size_t i = 0; i < ids->n; i++)
        if (ids->v[i] == v.ref->id)
            return;
    (void)vec_push(c->a, ids, v.ref->id);
}

/* Parents of a row, or of the sub-rows of a record, by the link field of the rollup. */
static void add_parents(struct ctx *c, id_list *ids, const struct rec *r, const struct field *by)
{
    if (!r)
        return;
    if (by->form == r->form) {
        add_ref(c, ids, r->v[by->slot]);
        return;
    }
    if (!r->rows || by->form->parent != r->form)
        return;
    const struct rec_rows *rows = &r->rows[by->form->parent_field->slot];
    for (size_t i = 0; i < rows->n; i++)
        add_ref(c, ids, rows->v[i].v[by->slot]);
}

static bool rollup_touched(const struct change *ch, const struct field *d)
{
    if (d->rollup_where || d->rollup_by->form != ch->now->form || field_changed(ch, d->rollup_by))
        return true;
    for (size_t i = 0; i < d->ninputs; i++)
        if (d->inputs[i]->form == d->rollup_of && field_changed(ch, d->inputs[i]))
            return true;
    return false;
}

static int rollup_dependent(struct change *ch, const struct field *d)
{
    id_list ids = {0};
    if (ch->now && ch->old && !rollup_touched(ch, d))
        return 0;
    add_parents(ch->c, &ids, ch->now, d->rollup_by);
    add_parents(ch->c, &ids, ch->old, d->rollup_by);
    return each_recompute(ch->c, d->form, ids.v, ids.n, ch->err);
}

/* ---- lookups and formulas through links ---- */

struct reach {
    struct change *ch;
    const struct form *changed; /* the form whose row changed */
    const struct form *from;    /* the form that reads it */
    struct sql *q;              /* a SELECT of ids of `from` */
    size_t n;                   /* parts of the UNION */
};

/* SELECT ids of the row that path[at] is read from, such that path[at + 1 … upto - 1] lead to `id`.
 */
static void reach_from(struct sql *q, const struct form *f, const struct fx_ref *ref, uint32_t at,
                       uint32_t upto, int64_t id)
{
    const struct field *step = ref->path[at].ref;
    unsigned t = at;
    if (step->sub) {
        sql_lit(q, "SELECT ");
        sql_col(q, t, STR("_row"));
        sql_lit(q, " FROM ");
        sql_form(q, step->sub);
    } else {
        sql_lit(q, "SELECT ");
        sql_col(q, t, STR("_id"));
        sql_lit(q, " FROM ");
        sql_form(q, f);
    }
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    bool multi = !step->sub && step->type && (step->type->flags & FT_MULTI);
    if (multi) {
        sql_lit(q, "EXISTS (SELECT 1 FROM json_each(");
        sql_col(q, t, step->key);
        sql_lit(q, ") j WHERE j.value");
    } else if (step->sub) {
        sql_col(q, t, STR("_id"));
    } else {
        sql_col(q, t, step->key);
    }
    if (at + 1 == upto) {
        sql_lit(q, " = ");
        sql_bind_int(q, id);
    } else {
        sql_lit(q, " IN (");
        reach_from(q, step->sub ? step->sub : ref_target(step), ref, at + 1, upto, id);
        sql_lit(q, ")");
    }
    if (multi)
        sql_lit(q, ")");
}

static void reach_ref(void *arg, const struct fx_ref *ref)
{
    struct reach *r = arg;
    if (ref->root != FX_ROW)
        return;
    for (uint32_t i = 1; i < ref->n; i++) {
        const struct field *f = ref->path[i].ref;
        const struct field *step = ref->path[i - 1].ref;
        if (f->form != r->changed || step->sub || !field_changed(r->ch, f))
            continue;
        const struct rec *any = r->ch->now ? r->ch->now : r->ch->old;
        if (r->n++)
            sql_lit(r->q, " UNION ");
        reach_from(r->q, r->from, ref, 0, i, any->id);
    }
}

static int run_reach(struct change *ch, const struct form *from, const struct sql *q)
{
    id_list ids = {0};
    struct stmt *s;
    if (store_query(ch->c->db, ch->c->a, q, &s, ch->err))
        return -1;
    int step;
    while ((step = stmt_step(s, ch->err)) == 1 && ids.n <= DEPENDENT_ROWS_MAX)
        (void)vec_push(ch->c->a, &ids, stmt_int(s, 0));
    stmt_done(s);
    if (step < 0)
        return -1;
    if (ids.n > DEPENDENT_ROWS_MAX)
        return err_set(ch->err, ERR_CONFLICT, "too_many_dependents",
                       "这次改动会牵动超过 %d 条记录，请分批处理。",
                       "This change would touch more than %d records; please go in steps.",
                       DEPENDENT_ROWS_MAX);
    return each_recompute(ch->c, from, ids.v, ids.n, ch->err);
}

/* Rows of a sub-table are recomputed with their record. */
static void wrap_parent(struct ctx *c, const struct form *sub, struct sql *q)
{
    struct sql inner = *q;
    ctx_sql(c, q);
    sql_lit(q, "SELECT DISTINCT \"_row\" FROM ");
    sql_form(q, sub);
    sql_lit(q, " WHERE \"_id\" IN (");
    sql_append(q, &inner);
    sql_lit(q, ")");
}

static int reach_fx(struct change *ch, const struct form *from, const struct fx *fx)
{
    struct sql q;
    if (ch->op == REC_CREATE)
        return 0; /* nothing can link to it yet */
    ctx_sql(ch->c, &q);
    const struct rec *any = ch->now ? ch->now : ch->old;
    struct reach r = {.ch = ch, .changed = any->form, .from = from, .q = &q};
    fx_each_ref(fx, reach_ref, &r);
    if (!r.n)
        return 0;
    if (from->parent)
        wrap_parent(ch->c, from, &q);
    return run_reach(ch, from->parent ? from->parent : from, &q);
}

/* ---- titles that name this row ---- */

struct title_reads {
    const struct form *form;
    bool yes;
};

static void title_reads_ref(void *arg, const struct fx_ref *ref)
{
    struct title_reads *t = arg;
    const struct field *last = ref->n ? ref->path[ref->n - 1].ref : NULL;
    if (ref->root == FX_ROW && last && ref_target(last) == t->form)
        t->yes = true;
}

static int titles_through(struct change *ch, const struct form *from, const struct field *link)
{
    struct sql q;
    const struct rec *any = ch->now ? ch->now : ch->old;
    ctx_sql(ch->c, &q);
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_form(&q, from);
    sql_lit(&q, " WHERE ");
    sql_ident(&q, link->key);
    sql_lit(&q, " = ");
    sql_bind_int(&q, any->id);
    return run_reach(ch, from, &q);
}

static int title_dependents(struct change *ch)
{
    const struct form *f = ch->now ? ch->now->form : ch->old->form;
    if (f->parent || ch->op == REC_CREATE ||
        (ch->now && ch->old && !field_changed(ch, f->sys[SYS_TITLE])))
        return 0;
    for (size_t i = 0; i < f->app->nforms; i++) {
        const struct form *from = f->app->forms[i];
        struct title_reads t = {.form = f};
        if (!from->record_title)
            continue;
        fx_each_ref(from->record_title, title_reads_ref, &t);
        for (size_t k = 0; t.yes && k < from->nfields; k++) {
            const struct field *link = from->fields[k];
            bool one = link->type && !(link->type->flags & FT_MULTI) && field_has_column(link);
            if (one && ref_target(link) == f && titles_through(ch, from, link))
                return -1;
        }
    }
    return 0;
}

/* ---- all of them ---- */

static int dependents_of(struct change *ch, const struct form *f)
{
    for (size_t i = 0; i < f->ndependents; i++) {
        const struct field *d = f->dependents[i];
        int rc = d->rollup_of ? rollup_dependent(ch, d) : reach_fx(ch, d->form, d->value);
        if (rc)
            return -1;
    }
    return 0;
}

int compute_dependents(struct ctx *c, enum rec_op op, const struct rec *now, const struct rec *old,
                       struct err *err)
{
    const struct form *f = now->form;
    struct change ch = {.c = c,
                        .op = op,
                        .now = op == REC_DELETE ? NULL : now,
                        .old = op == REC_CREATE || op == REC_RESTORE ? NULL : old,
                        .err = err};
    if (dependents_of(&ch, f))
        return -1;
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub && f->fields[i]->sub->ndependents &&
            dependents_of(&ch, f->fields[i]->sub))
            return -1;
    return title_dependents(&ch);
}
