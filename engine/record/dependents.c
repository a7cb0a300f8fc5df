/*
 * The rows elsewhere that read a row which changed: rollups over it, lookups and formulas through
 * links to it, titles that name it. They are kept true in the same transaction. Counts and exact
 * sums go by what the change adds and takes away, the rest is asked again; a row is written once
 * however many of its fields are touched, and then what reads that row follows.
 */
#include "engine/record/joins.h"
#include "engine/record/rollup.h"
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

/* What the rows read that are looked for: path[upto - 1] leads to `id`. */
struct reach_to {
    struct ctx *c;
    const struct fx_ref *ref;
    uint32_t upto;
    int64_t id;
};

static bool reach_open(const struct reach_to *to, struct sql *q, unsigned t,
                       const struct field *step)
{
    if (!step->sub && joins_ready(to->c, step)) {
        joins_open(q, t, step);
        return true;
    }
    if (!step->sub && step->type && (step->type->flags & FT_MULTI)) {
        sql_lit(q, "EXISTS (SELECT 1 FROM ");
        sql_each(q, SQL_EACH_INT);
        sql_col(q, t, step->key);
        sql_lit(q, ") j WHERE j.value");
        return true;
    }
    sql_col(q, t, step->sub ? STR("_id") : step->key);
    return false;
}

/* SELECT ids of the row of f that path[at] is read from. */
static void reach_from(const struct reach_to *to, struct sql *q, const struct form *f, uint32_t at)
{
    const struct field *step = to->ref->path[at].ref;
    unsigned t = at;
    sql_lit(q, "SELECT ");
    sql_col(q, t, step->sub ? STR("_row") : STR("_id"));
    sql_lit(q, " FROM ");
    sql_form(q, step->sub ? step->sub : f);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    bool open = reach_open(to, q, t, step);
    if (at + 1 == to->upto) {
        sql_lit(q, " = ");
        sql_bind_int(q, to->id);
    } else {
        sql_lit(q, " IN (");
        reach_from(to, q, step->sub ? step->sub : ref_target(step), at + 1);
        sql_lit(q, ")");
    }
    if (open)
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
        const struct reach_to to = {r->ch->c, ref, i, any->id};
        reach_from(&to, r->q, r->from, 0);
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
    struct roll_change by = {ch->c, f, row->id, ch->now, ch->old};
    if (f->rollup_of)
        rolled = roll_by_delta(&by, &now->v[f->slot], ch->err);
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
