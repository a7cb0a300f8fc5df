/*
 * Values in _history.changes: {"field":[old,new]}, and for a sub-table {"added":n,"removed":n,
 * "changed":n,"rows":[{"id","old","new"}],"order":[ids before]}. Written here, and made into what
 * columns and bodies take.
 */
#include "engine/record/history_int.h"

#include "engine/base/map.h"

/* ---- writing ---- */

void history_put(struct ctx *c, struct json *j, const struct rec *r, const struct field *f)
{
    struct val v = r->v[f->slot];
    (void)c;
    json_val(j, val_is_blank(v) ? VAL_NONE : v);
}

static bool same_row(const struct rec *x, const struct rec *y)
{
    for (size_t s = 0; s < x->form->nfields; s++)
        if (!val_same(x->v[s], y->v[s]))
            return false;
    return true;
}

static void row_json(struct ctx *c, struct json *j, const struct rec *r, size_t pos)
{
    json_begin_obj(j);
    json_kint(j, "_pos", (int64_t)pos);
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct field *f = r->form->fields[i];
        if (!field_has_column(f) || val_is_blank(r->v[i]))
            continue;
        json_key(j, f->key);
        history_put(c, j, r, f);
    }
    json_end_obj(j);
}

struct row_at {
    const struct rec *r;
    size_t pos;
    bool kept;
};

static struct str id_key(struct arena *a, int64_t id)
{
    char buf[16];
    return str_dup(a, id_print(id, buf));
}

static void index_rows(struct ctx *c, const struct rec_rows *rows, struct map *m, struct row_at *at)
{
    map_init(m, c->a);
    for (size_t i = 0; i < rows->n; i++) {
        at[i] = (struct row_at){&rows->v[i], i, false};
        map_put(m, id_key(c->a, rows->v[i].id), &at[i]);
    }
}

static void one_row(struct ctx *c, struct json *j, const struct row_at *was,
                    const struct row_at *now)
{
    char buf[16];
    json_begin_obj(j);
    json_kstr(j, "id", id_print(was ? was->r->id : now->r->id, buf));
    json_key(j, STR("old"));
    if (was)
        row_json(c, j, was->r, was->pos);
    else
        json_blank(j);
    json_key(j, STR("new"));
    if (now)
        row_json(c, j, now->r, now->pos);
    else
        json_blank(j);
    json_end_obj(j);
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

void history_rows(struct ctx *c, struct json *j, const struct rec_rows *o, const struct rec_rows *n)
{
    struct map was;
    struct row_at *from = ARENA_ARRAY(c->a, struct row_at, o->n + 1);
    int64_t added = 0, removed = 0, changed = 0;
    char buf[16];
    index_rows(c, o, &was, from);
    json_begin_obj(j);
    json_key(j, STR("rows"));
    json_begin_list(j);
    for (size_t i = 0; i < n->n; i++) {
        struct row_at now = {&n->v[i], i, false};
        struct row_at *old = map_get(&was, id_print(n->v[i].id, buf));
        if (old)
            old->kept = true;
        if (old && same_row(old->r, now.r))
            continue;
        added += !old;
        changed += old != NULL;
        one_row(c, j, old, &now);
    }
    for (size_t i = 0; i < o->n; i++)
        if (!from[i].kept) {
            removed++;
            one_row(c, j, &from[i], NULL);
        }
    json_end_list(j);
    json_kint(j, "added", added);
    json_kint(j, "removed", removed);
    json_kint(j, "changed", changed);
    order_json(j, o, n, &was);
    json_end_obj(j);
}

/* ---- reading ---- */

struct val history_get(struct ctx *c, const struct field *f, int64_t row, struct val v)
{
    (void)c, (void)f, (void)row;
    return v;
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

struct val history_column(struct ctx *c, const struct field *f, int64_t row, struct val v)
{
    struct fx_field x;
    v = history_get(c, f, row, v);
    field_fx(f, &x);
    if (val_is_blank(v))
        return VAL_NONE;
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
