/*
 * What one change does to one rollup of one row.
 */
#include "engine/record/rollup.h"

#include "engine/record/schema_int.h"
#include "engine/record/write_int.h"

enum roll_kind roll_kind(const struct field *f, const struct field **of)
{
    static const struct {
        struct str name;
        enum roll_kind kind;
    } rows[] = {{STR("COUNT("), ROLL_COUNT},
                {STR("SUM("), ROLL_SUM},
                {STR("AVERAGE("), ROLL_AVERAGE},
                {STR("MIN("), ROLL_MIN},
                {STR("MAX("), ROLL_MAX}};
    struct str text = str_trim(fx_text(f->value));
    *of = NULL;
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

static int64_t units_of(struct val v, uint8_t scale)
{
    int64_t units = 0;
    if (v.kind == VAL_DEC && num_rescale(v.i, v.scale, scale, &units))
        return units;
    return v.kind == VAL_NUM && num_to_dec(v.num, scale, &units) ? units : 0;
}

/* ---- what a record gives a row above it ---- */

struct share {
    int64_t rows, filled; /* that count; with a value */
    int64_t sum;          /* units of the column's scale */
    struct val low, high;
};

struct giving {
    const struct roll_change *ch;
    const struct field *of; /* NULL: COUNT() */
    uint8_t scale;
    struct share *out;
};

static int give(const struct giving *g, const struct rec *row, struct err *err)
{
    const struct field *f = g->ch->f;
    struct val link = row->v[f->rollup_by->slot];
    if (link.kind != VAL_REF || link.ref->id != g->ch->id)
        return 0;
    int yes = f->rollup_where ? rec_true(g->ch->c, f->rollup_where, row, NULL, err) : 1;
    if (yes <= 0)
        return yes;
    g->out->rows++;
    struct val v = g->of ? row->v[g->of->slot] : VAL_NONE;
    if (val_is_blank(v))
        return 0;
    g->out->filled++;
    g->out->sum += units_of(v, g->scale);
    if (val_is_blank(g->out->low) || val_cmp(v, g->out->low) < 0)
        g->out->low = v;
    if (val_is_blank(g->out->high) || val_cmp(v, g->out->high) > 0)
        g->out->high = v;
    return 0;
}

/* The record itself, or its sub-rows. */
static int share_of(const struct giving *g, const struct rec *r, struct err *err)
{
    const struct form *of = g->ch->f->rollup_of;
    *g->out = (struct share){.low = VAL_NONE, .high = VAL_NONE};
    if (!r || (r->form->flow && str_eqz(val_str(*rec_sys(r, SYS_STATE)), "draft")))
        return 0;
    if (!of->parent)
        return give(g, r, err);
    const struct rec_rows *rows = r->rows ? &r->rows[of->parent_field->slot] : NULL;
    for (size_t i = 0; rows && i < rows->n; i++)
        if (give(g, &rows->v[i], err))
            return -1;
    return 0;
}

/* ---- counts and sums ---- */

/* The new value of an exact count or sum. */
static struct val shifted(const struct field *f, struct val cur, int64_t delta)
{
    if (f->has_scale || cur.kind == VAL_DEC) {
        uint8_t scale = f->has_scale ? f->scale : cur.scale;
        return val_dec(units_of(cur, scale) + delta, scale);
    }
    return val_num(val_double(cur) + (double)delta);
}

static bool exact(const struct field *of)
{
    struct fx_field x;
    field_fx(of, &x);
    return x.type.base == FX_NUM && !x.type.list && x.type.has_scale;
}

static uint8_t scale_of(const struct field *of)
{
    struct fx_field x;
    if (!of)
        return 0;
    field_fx(of, &x);
    return x.type.has_scale ? x.type.scale : 0;
}

static int by_count(const struct roll_change *ch, const struct share *is, const struct share *was,
                    struct val *v)
{
    int64_t one = ch->f->has_scale ? units_of(val_num(1), ch->f->scale) : 1;
    *v = shifted(ch->f, *v, (is->rows - was->rows) * one);
    return 1;
}

static int by_sum(const struct roll_change *ch, const struct field *of, const struct share *is,
                  const struct share *was, struct val *v)
{
    int64_t delta;
    if (!ch->f->has_scale || !exact(of) ||
        !num_rescale(is->sum - was->sum, scale_of(of), ch->f->scale, &delta) ||
        scale_of(of) > ch->f->scale)
        return 0;
    *v = shifted(ch->f, *v, delta);
    return 1;
}

/* ---- the greatest and the least ---- */

static int by_extreme(enum roll_kind kind, const struct share *share, const struct share *before,
                      struct val *v)
{
    int sign = kind == ROLL_MAX ? 1 : -1;
    struct val is = kind == ROLL_MAX ? share->high : share->low;
    struct val was = kind == ROLL_MAX ? before->high : before->low;
    if (!val_is_blank(is) && (val_is_blank(*v) || sign * val_cmp(is, *v) >= 0)) {
        *v = is;
        return 1;
    }
    return val_is_blank(was) || val_is_blank(*v) || val_cmp(was, *v) != 0;
}

/* ---- averages ---- */

static void where_state(struct sql *q, const struct field *f, int64_t id)
{
    const struct form *form = f->form;
    sql_lit(q, " WHERE app = ");
    sql_bind_str(q, form->app->key);
    sql_lit(q, " AND form = ");
    sql_bind_str(q, form->key);
    sql_lit(q, " AND field = ");
    sql_bind_str(q, f->key);
    if (id) {
        sql_lit(q, " AND record = ");
        sql_bind_int(q, id);
    }
}

int roll_forget(struct ctx *c, const struct field *f, int64_t id, struct err *err)
{
    struct sql q;
    const struct field *of;
    if (roll_kind(f, &of) != ROLL_AVERAGE || !store_is_writer(c->db))
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _rollup");
    where_state(&q, f, id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* What is remembered moves with the change: 1 *out is new, 0 nothing is remembered, -1. */
static int move_state(const struct roll_change *ch, int64_t more, int64_t delta,
                      struct rollup_sum *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(ch->c, &q);
    sql_lit(&q, "UPDATE _rollup SET n = n + ");
    sql_bind_int(&q, more);
    sql_lit(&q, ", total = total + ");
    sql_bind_int(&q, delta);
    where_state(&q, ch->f, ch->id);
    sql_lit(&q, " RETURNING n, total");
    if (store_query(ch->c->db, ch->c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        out->n = stmt_int(s, 0);
        out->total = stmt_int(s, 1);
    }
    stmt_done(s);
    return step;
}

static int keep_state(const struct roll_change *ch, int64_t n, int64_t sum, struct err *err)
{
    struct sql q;
    const struct form *form = ch->f->form;
    ctx_sql(ch->c, &q);
    sql_lit(&q, "INSERT INTO _rollup (app, form, field, record, n, total) VALUES (");
    sql_bind_str(&q, form->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, form->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, ch->f->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, ch->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, n);
    sql_lit(&q, ", ");
    sql_bind_int(&q, sum);
    sql_lit(&q, ")");
    return store_exec(ch->c->db, ch->c->a, &q, NULL, err);
}

static int by_average(const struct roll_change *ch, const struct field *of, const struct share *is,
                      const struct share *was, struct val *v, struct err *err)
{
    struct rollup_sum sum = {0};
    char buf[40];
    if (!exact(of))
        return 0;
    int known = move_state(ch, is->filled - was->filled, is->sum - was->sum, &sum, err);
    if (known < 0 || (!known && (rollup_totals(ch->c, ch->f, of, ch->id, &sum, err) ||
                                 keep_state(ch, sum.n, sum.total, err))))
        return -1;
    double total = 0;
    (void)num_parse(num_print_dec(sum.total, scale_of(of), buf), &total);
    *v = sum.n ? compute_fit(ch->f, ch->c->a, val_num(total / (double)sum.n)) : VAL_NONE;
    return 1;
}

/* ---- one rollup ---- */

int roll_by_delta(const struct roll_change *ch, struct val *v, struct err *err)
{
    const struct field *f = ch->f;
    const struct field *of;
    const struct form *top = f->rollup_of->parent ? f->rollup_of->parent : f->rollup_of;
    const struct form *changed = ch->now ? ch->now->form : ch->old->form;
    struct share is, was;
    enum roll_kind kind = roll_kind(f, &of);
    if (kind == ROLL_OTHER || changed != top || f->filling || !plain_where(f) ||
        (f->rollup_by->type->flags & FT_MULTI) || v->kind == VAL_ABSENT)
        return 0;
    if (of && (field_is_sys(of) || of->sub || field_by_expr(of)))
        return 0;
    struct giving g = {.ch = ch, .of = of, .scale = scale_of(of), .out = &is};
    if (share_of(&g, ch->now, err))
        return -1;
    g.out = &was;
    if (share_of(&g, ch->old, err))
        return -1;
    switch (kind) {
    case ROLL_COUNT: return by_count(ch, &is, &was, v);
    case ROLL_SUM: return by_sum(ch, of, &is, &was, v);
    case ROLL_AVERAGE: return by_average(ch, of, &is, &was, v, err);
    case ROLL_MIN:
    case ROLL_MAX: return by_extreme(kind, &is, &was, v);
    case ROLL_OTHER: break;
    }
    return 0;
}
