/*
 * The rows elsewhere that read a row which changed: rollups over it, lookups and formulas through
 * links to it, titles that name it. They are kept true in the same transaction. Counts and exact
 * sums go by what the change adds and takes away, the rest is asked again; a row is written once
 * however many of its fields are touched, and then what reads that row follows.
 */
#include "engine/record/write_int.h"

#define DEPENDENT_ROWS_MAX 100000

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
    if (field_by_expr(f))
        return true;
    return !val_same(ch->now->v[f->slot], ch->old->v[f->slot]);
}

typedef VEC(int64_t) id_list;

/* ---- rows that must be computed again ---- */

struct dirty {
    const struct form *form; /* never a sub-table */
    int64_t id;
    bool all;    /* sub-rows or the title are touched: everything */
    bool *slots; /* of form */
};

struct dirt {
    struct change *ch;
    VEC(struct dirty) rows;
    struct map by_id;
};

static struct dirty *dirty_row(struct dirt *d, const struct form *f, int64_t id)
{
    struct arena *a = d->ch->c->a;
    char buf[16];
    struct str key = id_print(id, buf);
    size_t at = (size_t)(uintptr_t)map_get(&d->by_id, key);
    if (at)
        return &d->rows.v[at - 1];
    struct dirty row = {.form = f, .id = id, .slots = ARENA_ARRAY(a, bool, f->nslots)};
    (void)vec_push(a, &d->rows, row);
    map_put(&d->by_id, str_dup(a, key), (void *)(uintptr_t)d->rows.n);
    return &d->rows.v[d->rows.n - 1];
}

static void mark(struct dirt *d, const struct form *f, const id_list *ids,
                 const struct field *field)
{
    for (size_t i = 0; i < ids->n; i++) {
        struct dirty *row = dirty_row(d, f, ids->v[i]);
        if (field && field->form == f)
            row->slots[field->slot] = true;
        else
            row->all = true;
    }
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

static void rollup_dependent(struct dirt *d, const struct field *f)
{
    struct change *ch = d->ch;
    id_list ids = {0};
    if (ch->now && ch->old && !rollup_touched(ch, f))
        return;
    add_parents(ch->c, &ids, ch->now, f->rollup_by);
    add_parents(ch->c, &ids, ch->old, f->rollup_by);
    mark(d, f->form, &ids, f);
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
        sql_lit(q, "EXISTS (SELECT 1 FROM ");
        sql_each(q, SQL_EACH_INT);
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

static int run_reach(struct dirt *d, const struct form *from, const struct sql *q,
                     const struct field *field)
{
    struct change *ch = d->ch;
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
    mark(d, from, &ids, field);
    return 0;
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

static int reach_fx(struct dirt *d, const struct field *field)
{
    struct change *ch = d->ch;
    const struct form *from = field->form;
    struct sql q;
    if (ch->op == REC_CREATE)
        return 0; /* nothing can link to it yet */
    ctx_sql(ch->c, &q);
    const struct rec *any = ch->now ? ch->now : ch->old;
    struct reach r = {.ch = ch, .changed = any->form, .from = from, .q = &q};
    fx_each_ref(field->value, reach_ref, &r);
    if (!r.n)
        return 0;
    if (from->parent)
        wrap_parent(ch->c, from, &q);
    return run_reach(d, from->parent ? from->parent : from, &q, field);
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

static int titles_through(struct dirt *d, const struct form *from, const struct field *link)
{
    struct change *ch = d->ch;
    struct sql q;
    const struct rec *any = ch->now ? ch->now : ch->old;
    ctx_sql(ch->c, &q);
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_form(&q, from);
    sql_lit(&q, " WHERE ");
    sql_ident(&q, link->key);
    sql_lit(&q, " = ");
    sql_bind_int(&q, any->id);
    return run_reach(d, from, &q, from->sys[SYS_TITLE]);
}

static int title_dependents(struct dirt *d)
{
    struct change *ch = d->ch;
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
            if (one && ref_target(link) == f && titles_through(d, from, link))
                return -1;
        }
    }
    return 0;
}

/* ---- rollups by what was added and taken away ---- */

enum roll { ROLL_OTHER, ROLL_COUNT, ROLL_SUM, ROLL_MIN, ROLL_MAX };

/* COUNT(), or SUM, MIN, MAX of one plain field; *of is that field. */
static enum roll roll_kind(const struct field *f, const struct field **of)
{
    static const struct {
        struct str name;
        enum roll kind;
    } rows[] = {{STR("COUNT("), ROLL_COUNT},
                {STR("SUM("), ROLL_SUM},
                {STR("MIN("), ROLL_MIN},
                {STR("MAX("), ROLL_MAX}};
    struct str text = str_trim(fx_text(f->value));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str name = rows[i].name;
        if (text.n <= name.n || !str_ieq(str_sub(text, 0, name.n), name) ||
            !str_ends(text, STR(")")))
            continue;
        struct str arg = str_trim(str_sub(text, name.n, text.n - name.n - 1));
        *of = form_field(f->rollup_of, arg);
        if (rows[i].kind == ROLL_COUNT)
            return arg.n ? ROLL_OTHER : ROLL_COUNT;
        return *of ? rows[i].kind : ROLL_OTHER;
    }
    return ROLL_OTHER;
}

static void plain_ref(void *arg, const struct fx_ref *ref)
{
    if (ref->root != FX_ROW || ref->n != 1)
        *(bool *)arg = false;
}

/* What a row gives can be told from the row alone. */
static bool plain_where(const struct field *f)
{
    bool plain = true;
    if (!f->rollup_where)
        return true;
    fx_each_ref(f->rollup_where, plain_ref, &plain);
    return plain && !(fx_flags(f->rollup_where) & (FX_VOLATILE | FX_STORED));
}

/* 1 the row counts for this parent, 0, -1. */
static int counts(struct change *ch, const struct field *f, const struct rec *r, int64_t parent)
{
    if (!r || r->v[f->rollup_by->slot].kind != VAL_REF ||
        r->v[f->rollup_by->slot].ref->id != parent)
        return 0;
    if (r->form->flow && str_eqz(val_str(*rec_sys(r, SYS_STATE)), "draft"))
        return 0;
    return f->rollup_where ? rec_true(ch->c, f->rollup_where, r, NULL, ch->err) : 1;
}

static int64_t units_of(struct val v, uint8_t scale)
{
    int64_t units = 0;
    if (v.kind == VAL_DEC && num_rescale(v.i, v.scale, scale, &units))
        return units;
    return v.kind == VAL_NUM && num_to_dec(v.num, scale, &units) ? units : 0;
}

/* The new value of an exact count or sum. */
static struct val shifted(const struct field *f, struct val cur, int64_t delta)
{
    if (f->has_scale || cur.kind == VAL_DEC) {
        uint8_t scale = f->has_scale ? f->scale : cur.scale;
        return val_dec(units_of(cur, scale) + delta, scale);
    }
    return val_num(val_double(cur) + (double)delta);
}

static bool exact_sum(const struct field *f, const struct field *of)
{
    struct fx_field x;
    field_fx(of, &x);
    return f->has_scale && x.type.base == FX_NUM && x.type.has_scale && x.type.scale <= f->scale;
}

/* 1 *v is the new value, 0 it must be asked again, -1. */
static int roll_extreme(enum roll kind, struct val was, struct val is, struct val *v)
{
    int sign = kind == ROLL_MAX ? 1 : -1;
    if (!val_is_blank(is) && (val_is_blank(*v) || sign * val_cmp(is, *v) >= 0)) {
        *v = is;
        return 1;
    }
    return val_is_blank(was) || val_is_blank(*v) || val_cmp(was, *v) != 0;
}

static int roll(struct change *ch, const struct field *f, int64_t parent, struct val *v)
{
    const struct field *of = NULL;
    const struct form *changed = ch->now ? ch->now->form : ch->old->form;
    enum roll kind = roll_kind(f, &of);
    if (kind == ROLL_OTHER || changed != f->rollup_of || !plain_where(f) ||
        (f->rollup_by->type->flags & FT_MULTI) || v->kind == VAL_ABSENT)
        return 0;
    if (f->filling || (of && (field_is_sys(of) || of->sub || field_by_expr(of))))
        return 0;
    if (kind == ROLL_SUM && !exact_sum(f, of))
        return 0;
    int is = counts(ch, f, ch->now, parent);
    int was = counts(ch, f, ch->old, parent);
    if (is < 0 || was < 0)
        return -1;
    if (kind == ROLL_COUNT) {
        int64_t one = f->has_scale ? units_of(val_num(1), f->scale) : 1;
        *v = shifted(f, *v, (is - was) * one);
        return 1;
    }
    struct val now = is ? ch->now->v[of->slot] : VAL_NONE;
    struct val old = was ? ch->old->v[of->slot] : VAL_NONE;
    if (kind != ROLL_SUM)
        return roll_extreme(kind, old, now, v);
    *v = shifted(f, *v, units_of(now, f->scale) - units_of(old, f->scale));
    return 1;
}

/* ---- computing them again ---- */

static bool reads_dirty(const struct dirty *row, const struct field *f)
{
    for (size_t i = 0; i < f->ninputs; i++) {
        const struct field *in = f->inputs[i];
        if (in->form == row->form && row->slots[in->slot])
            return true;
    }
    return false;
}

static int dirty_field(struct change *ch, struct dirty *row, struct rec *now, const struct rec *old,
                       const struct field *f)
{
    bool marked = row->slots[f->slot];
    int rolled = 0;
    if (!marked && (f->rollup_of || !reads_dirty(row, f)))
        return 0;
    if (f->rollup_of && !f->rollup_of->parent)
        rolled = roll(ch, f, row->id, &now->v[f->slot]);
    if (rolled < 0)
        return -1;
    if (f->rollup_of && !rolled && compute_rollup(ch->c, now, f, ch->err))
        return -1;
    if (!f->rollup_of && compute_field(ch->c, now, NULL, NULL, f, ch->err))
        return -1;
    row->slots[f->slot] = !val_same(now->v[f->slot], old->v[f->slot]);
    return 0;
}

static int write_dirty(struct change *ch, struct rec *now, const struct rec *old)
{
    struct ctx *c = ch->c;
    const struct form *f = now->form;
    struct str title;
    bool changed;
    if (title_compute(c, now, &title, ch->err))
        return -1;
    *rec_sys(now, SYS_TITLE) = val_text(title);
    if (rows_set(c, now, old, &changed, ch->err))
        return -1;
    if (!changed)
        return 0;
    rcache_forget(c);
    if (history_computed(c, now, old, ch->err))
        return -1;
    ctx_event(c, f->app->key, f->key, now->id, now->version, STR("update"));
    return compute_dependents(c, REC_UPDATE, now, old, ch->err);
}

static int clean_row(struct change *ch, struct dirty *row)
{
    struct rec old;
    bool changed;
    if (row->all)
        return compute_stored(ch->c, row->form, row->id, &changed, ch->err);
    int found = rec_load_flat(ch->c, row->form, row->id, REC_LIVE, &old, ch->err);
    if (found <= 0)
        return found;
    struct rec now = rec_copy(ch->c->a, &old);
    for (size_t i = 0; i < row->form->ncompute; i++)
        if (dirty_field(ch, row, &now, &old, row->form->compute_order[i]))
            return -1;
    return write_dirty(ch, &now, &old);
}

static int clean(struct dirt *d)
{
    struct rcache *rc = rcache_of(d->ch->c);
    if (rc->cascade >= CASCADE_MAX)
        return 0; /* a circle of forms: the next write of a row continues it */
    rc->cascade++;
    int rcode = 0;
    for (size_t i = 0; rcode == 0 && i < d->rows.n; i++)
        rcode = clean_row(d->ch, &d->rows.v[i]);
    rc->cascade--;
    return rcode;
}

/* ---- all of them ---- */

static int dependents_of(struct dirt *d, const struct form *f)
{
    for (size_t i = 0; i < f->ndependents; i++) {
        const struct field *field = f->dependents[i];
        if (field->rollup_of)
            rollup_dependent(d, field);
        else if (reach_fx(d, field))
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
    struct dirt d = {.ch = &ch};
    map_init(&d.by_id, c->a);
    if (dependents_of(&d, f))
        return -1;
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub && f->fields[i]->sub->ndependents &&
            dependents_of(&d, f->fields[i]->sub))
            return -1;
    return title_dependents(&d) || clean(&d) ? -1 : 0;
}

int compute_title_dependents(struct ctx *c, const struct rec *now, const struct rec *old,
                             struct err *err)
{
    struct change ch = {.c = c, .op = REC_UPDATE, .now = now, .old = old, .err = err};
    struct dirt d = {.ch = &ch};
    map_init(&d.by_id, c->a);
    return title_dependents(&d) || clean(&d) ? -1 : 0;
}
