/*
 * Rows that are only ever added: `append_only` sub-tables, whoever writes and whatever way, and
 * tables that log a field's changes by themselves.
 */
#include "engine/record/write_int.h"

#define HOUR_US (INT64_C(3600) * US_PER_S)

static const struct rec_rows *rows_of(const struct rec *r, const struct field *table)
{
    static const struct rec_rows none = {0};
    return r->rows ? &r->rows[table->slot] : &none;
}

static const struct rec *same_id(const struct rec_rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].id == id)
            return &rows->v[i];
    return NULL;
}

static bool kept(const struct rec *was, const struct rec *now)
{
    for (size_t i = 0; now && i < was->form->nfields; i++) {
        const struct field *f = was->form->fields[i];
        if (!(f->type->flags & FT_COMPUTED) && !val_same(was->v[i], now->v[i]))
            return false;
    }
    return now != NULL;
}

static void check_table(struct wr *w, const struct field *f)
{
    const struct rec_rows *was = rows_of(&w->old, f);
    const struct rec_rows *now = rows_of(&w->rec, f);
    for (size_t i = 0; i < was->n; i++) {
        if (kept(&was->v[i], same_id(now, was->v[i].id)))
            continue;
        diag_field(w->diags, f->key, "append_only", "“%.*s”的行只能新增，不能修改或删除。",
                   "Rows of “%.*s” can only be added, never changed or removed.", STR_ARG(f->title))
            ->code = ERR_DENIED;
        return;
    }
}

void wr_append_only(struct wr *w)
{
    for (size_t i = 0; w->has_old && i < w->f->nfields; i++)
        if (w->f->fields[i]->sub && w->f->fields[i]->append_only)
            check_table(w, w->f->fields[i]);
}

/* ---- log: status ---- */

/* What a value is called, for a column of texts; its own form for a column of its type. */
static struct val said(struct wr *w, const struct field *of, const struct field *column,
                       struct val v)
{
    bool text = str_eqz(column->type->name, "text") || str_eqz(column->type->name, "textarea");
    if (val_is_blank(v) || !text)
        return v;
    if (v.kind == VAL_REF)
        return val_text(v.ref->title);
    const struct option *o = v.kind == VAL_TEXT ? field_option(of, val_str(v)) : NULL;
    if (o)
        return val_text(o->title);
    if (v.kind == VAL_TEXT)
        return v;
    struct strb b;
    struct json j;
    strb_init(&b, w->c->a);
    json_init(&j, &b);
    json_val(&j, v);
    struct str s = strb_str(&b);
    bool quoted = s.n > 1 && s.p[0] == '"';
    return val_text(quoted ? str_sub(s, 1, s.n - 2) : s);
}

static int64_t last_at(const struct wr *w, const struct field *table)
{
    const struct rec_rows *rows = rows_of(&w->old, table);
    const struct field *at = form_field(table->sub, STR("at"));
    struct val v = *rec_sys(&w->old, SYS_CREATED_AT);
    if (at && rows->n && rows->v[rows->n - 1].v[at->slot].kind == VAL_INSTANT)
        v = rows->v[rows->n - 1].v[at->slot];
    return v.kind == VAL_INSTANT ? v.i : w->c->now_us;
}

static void put(struct wr *w, struct rec *row, const char *key, struct val v)
{
    struct diags ignored;
    const struct field *f = form_field(row->form, str_of(key));
    if (!f || field_is_sys(f) || (f->type->flags & (FT_COMPUTED | FT_SERIAL)))
        return;
    diags_init(&ignored, w->c->a);
    row->v[f->slot] = fxval_value(f, w->c->a, v, &ignored, f->key);
}

static void add_row(struct wr *w, const struct field *table, const struct field *of)
{
    struct ctx *c = w->c;
    struct rec_rows *rows = &w->rec.rows[table->slot];
    const struct field *from = form_field(table->sub, STR("from"));
    const struct field *to = form_field(table->sub, STR("to"));
    struct rec *list = ARENA_ARRAY(c->a, struct rec, rows->n + 1);
    if (rows->n)
        memcpy(list, rows->v, rows->n * sizeof(*list));
    struct rec *row = &list[rows->n];
    rec_init(c->a, table->sub, row);
    row->id = id_next(c->ids, c->now_us);
    if (from)
        put(w, row, "from", said(w, of, from, w->old.v[of->slot]));
    if (to)
        put(w, row, "to", said(w, of, to, w->rec.v[of->slot]));
    put(w, row, "by", c->who->id ? val_ref(c->a, c->who->id, c->who->name) : VAL_NONE);
    put(w, row, "at", val_instant(c->now_us));
    put(w, row, "hours", val_num((double)(c->now_us - last_at(w, table)) / (double)HOUR_US));
    for (size_t i = 0; i < table->sub->nfields; i++)
        if (row->v[i].kind == VAL_ABSENT && !table->sub->fields[i]->value)
            row->v[i] = VAL_NONE;
    *rows = (struct rec_rows){list, rows->n + 1};
}

/* Nobody writes such a table: what a body or a script put there is refused. */
static void keep_table(struct wr *w, const struct field *table)
{
    static const struct rec_rows none = {0};
    const struct rec_rows *was = w->has_old ? rows_of(&w->old, table) : &none;
    const struct rec_rows *now = rows_of(&w->rec, table);
    bool same = w->has_old ? rec_same_rows(&w->rec, &w->old, table) : !now->n;
    if (!same)
        diag_field(w->diags, table->key, "read_only", "“%.*s”由系统记录，不能填写。",
                   "“%.*s” is kept by the system and cannot be written.", STR_ARG(table->title))
            ->code = ERR_DENIED;
    if (!w->rec.rows)
        w->rec.rows = ARENA_ARRAY(w->c->a, struct rec_rows, w->f->nfields);
    w->rec.rows[table->slot] = *was;
}

int wr_log(struct wr *w, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < w->f->nfields; i++) {
        const struct field *table = w->f->fields[i];
        const struct field *of = table->sub && table->log.n ? form_field(w->f, table->log) : NULL;
        if (!of)
            continue;
        keep_table(w, table);
        if (w->has_old && !w->draft && !val_same(w->old.v[of->slot], w->rec.v[of->slot]))
            add_row(w, table, of);
    }
    return 0;
}
