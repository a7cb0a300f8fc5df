/*
 * Values in _history.changes: {"field":[old,new]}, and for a sub-table {"added":n,"removed":n,
 * "changed":n,"rows":[{"id","old","new"}],"order":[ids before]}. Written here, and made into what
 * columns and bodies take.
 */
#include "engine/record/history_int.h"

#include "engine/base/map.h"
#include "engine/record/sealed.h"

/* ---- writing ---- */

int history_put(struct ctx *c, struct json *j, const struct rec *r, const struct rec *up,
                const struct field *f, struct err *err)
{
    const struct vault_on s = sealer_of(c);
    const struct sealed_at at = {f, r->id, f->encrypted ? sealed_subject(f, r, up) : 0};
    struct val v = r->v[f->slot];
    if (val_is_blank(v))
        v = VAL_NONE;
    else if (f->encrypted && sealed_put(&s, &at, v, &v, err))
        return -1;
    json_val(j, v);
    return 0;
}

static bool same_row(const struct rec *x, const struct rec *y)
{
    for (size_t s = 0; s < x->form->nfields; s++)
        if (!val_same(x->v[s], y->v[s]))
            return false;
    return true;
}

struct row_at {
    const struct rec *r; /* NULL: none */
    const struct rec *up;
    size_t pos;
    bool kept;
};

static int row_json(struct ctx *c, struct json *j, const struct row_at *at, struct err *err)
{
    const struct rec *r = at->r;
    if (!r) {
        json_blank(j);
        return 0;
    }
    json_begin_obj(j);
    json_kint(j, "_pos", (int64_t)at->pos);
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct field *f = r->form->fields[i];
        if (!field_has_column(f) || val_is_blank(r->v[i]))
            continue;
        json_key(j, f->key);
        if (history_put(c, j, r, at->up, f, err))
            return -1;
    }
    json_end_obj(j);
    return 0;
}

static struct str id_key(struct arena *a, int64_t id)
{
    char buf[16];
    return str_dup(a, id_print(id, buf));
}

static void index_rows(struct ctx *c, const struct rec_rows *rows, const struct rec *up,
                       struct map *m, struct row_at *at)
{
    map_init(m, c->a);
    for (size_t i = 0; i < rows->n; i++) {
        at[i] = (struct row_at){&rows->v[i], up, i, false};
        map_put(m, id_key(c->a, rows->v[i].id), &at[i]);
    }
}

static int one_row(struct ctx *c, struct json *j, const struct row_at *was,
                   const struct row_at *now, struct err *err)
{
    char buf[16];
    json_begin_obj(j);
    json_kstr(j, "id", id_print(was->r ? was->r->id : now->r->id, buf));
    json_key(j, STR("old"));
    if (row_json(c, j, was, err))
        return -1;
    json_key(j, STR("new"));
    if (row_json(c, j, now, err))
        return -1;
    json_end_obj(j);
    return 0;
}

/* The ids before, when they do not follow from those after by leaving out what was added. */
static void order_json(struct json *j, const struct rec_rows *o, const struct rec_rows *n,
                       const struct map *was)
{
    size_t at = 0;
    char buf[16];
    bool follows = true;
    for (size_t i = 0; follows && i < n->n; i++) {
        if (!map_get(was, id_print(n->v[i].id, buf)))
            continue;
        follows = at < o->n && o->v[at].id == n->v[i].id;
        at++;
    }
    if (follows && at == o->n)
        return;
    json_key(j, STR("order"));
    json_begin_list(j);
    for (size_t i = 0; i < o->n; i++)
        json_str(j, id_print(o->v[i].id, buf));
    json_end_list(j);
}

struct row_counts {
    int64_t added, removed, changed;
};

struct row_lists {
    const struct row_at *now;
    struct row_at *was;
    size_t nnow, nwas;
    const struct map *by_id; /* of was */
};

static const struct row_at no_row;

/* Rows that came or changed, then those that went. */
static int rows_list(struct ctx *c, struct json *j, const struct row_lists *l,
                     struct row_counts *count, struct err *err)
{
    char buf[16];
    const struct row_at *now = l->now;
    for (size_t i = 0; i < l->nnow; i++) {
        struct row_at *old = map_get(l->by_id, id_print(now[i].r->id, buf));
        if (old)
            old->kept = true;
        if (old && same_row(old->r, now[i].r))
            continue;
        count->added += !old;
        count->changed += old != NULL;
        if (one_row(c, j, old ? old : &no_row, &now[i], err))
            return -1;
    }
    for (size_t i = 0; i < l->nwas; i++) {
        if (l->was[i].kept)
            continue;
        count->removed++;
        if (one_row(c, j, &l->was[i], &no_row, err))
            return -1;
    }
    return 0;
}

int history_rows(struct ctx *c, struct json *j, const struct rec *r_was, const struct rec *r_now,
                 const struct field *table, struct err *err)
{
    static const struct rec_rows none = {0};
    struct map was, ids;
    struct row_counts count = {0};
    const struct rec_rows *o = r_was && r_was->rows ? &r_was->rows[table->slot] : &none;
    const struct rec_rows *n = r_now->rows ? &r_now->rows[table->slot] : &none;
    struct row_at *from = ARENA_ARRAY(c->a, struct row_at, o->n + 1);
    struct row_at *to = ARENA_ARRAY(c->a, struct row_at, n->n + 1);
    index_rows(c, o, r_was, &was, from);
    index_rows(c, n, r_now, &ids, to);
    json_begin_obj(j);
    json_key(j, STR("rows"));
    json_begin_list(j);
    const struct row_lists l = {to, from, n->n, o->n, &was};
    if (rows_list(c, j, &l, &count, err))
        return -1;
    json_end_list(j);
    json_kint(j, "added", count.added);
    json_kint(j, "removed", count.removed);
    json_kint(j, "changed", count.changed);
    order_json(j, o, n, &was);
    json_end_obj(j);
    return 0;
}

/* ---- reading ---- */

int history_get(struct ctx *c, const struct field *f, int64_t row, struct val v, struct val *out,
                struct err *err)
{
    struct strb b;
    struct json j;
    const struct vault_on s = sealer_of(c);
    *out = v;
    if (!f->encrypted || v.kind != VAL_TEXT || !vault_is_sealed(val_str(v)))
        return 0;
    if (sealed_get(&s, f, row, val_str(v), &v, err))
        return -1;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, v);
    return json_parse(c->a, strb_str(&b), out, err) ? -1 : 0;
}

static struct val ref_column(struct val v)
{
    int64_t id;
    struct val text = v.kind == VAL_OBJ ? val_get(v, STR("id")) : v;
    if (text.kind != VAL_TEXT || !id_parse(val_str(text), &id))
        return VAL_NONE;
    return val_dec(id, 0);
}

/* One JSON value as a value of the type; blank when it is none. */
static struct val typed(struct arena *a, enum fx_base base, struct val v)
{
    int64_t n;
    struct val ref;
    switch (base) {
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT:
        ref = ref_column(v);
        return val_is_blank(ref) ? VAL_NONE : val_ref(a, ref.i, STR_NONE);
    case FX_DATE: return civil_parse_date(val_str(v), &n) ? val_date(n) : VAL_NONE;
    case FX_DATETIME: return civil_parse_instant(val_str(v), &n) ? val_instant(n) : VAL_NONE;
    case FX_TIME: return civil_parse_time(val_str(v), &n) ? val_time(n) : VAL_NONE;
    case FX_BOOL: return v.kind == VAL_BOOL ? v : VAL_NONE;
    case FX_NUM: return v.kind == VAL_NUM || v.kind == VAL_DEC ? v : VAL_NONE;
    case FX_BLANK:
    case FX_TEXT: return v.kind == VAL_TEXT ? v : VAL_NONE;
    case FX_ROWS:
    case FX_JSON: break;
    }
    return v;
}

struct val history_column(struct ctx *c, const struct field *f, struct val v)
{
    struct fx_field x;
    field_fx(f, &x);
    if (val_is_blank(v))
        return VAL_NONE;
    if (f->encrypted)
        return v.kind == VAL_TEXT && vault_is_sealed(val_str(v)) ? v : VAL_NONE;
    if (field_is_sys(f) && f == f->form->sys[SYS_NODE])
        return field_to_column(f, c->a, v);
    if (v.kind == VAL_LIST && x.type.base != FX_JSON) {
        struct val *items = ARENA_ARRAY(c->a, struct val, v.n);
        for (uint32_t i = 0; i < v.n; i++)
            items[i] = typed(c->a, x.type.base, v.list[i]);
        return field_to_column(f, c->a, val_list(items, v.n));
    }
    return field_to_column(f, c->a, typed(c->a, x.type.base, v));
}
