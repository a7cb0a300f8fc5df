/*
 * Rows of a form and of its sub-tables as INSERT, UPDATE and DELETE. Knows columns, no rules.
 */
#include "engine/record/write_int.h"

#include "engine/record/columns.h"
#include "engine/record/joins.h"
#include "engine/record/sealed.h"
#include "engine/record/search.h"

static bool has_column(const struct field *f)
{
    return field_is_sys(f) || field_has_column(f);
}

/* What a system column holds: ids and instants as numbers, the rest as its type says. */
static struct val sys_column(const struct rec *r, const struct field *f, struct arena *a)
{
    const struct form *form = r->form;
    if (f == form->sys[SYS_ID])
        return val_dec(r->id, 0);
    if (f == form->sys[SYS_VERSION])
        return val_dec(r->version, 0);
    return field_to_column(f, a, r->v[f->slot]);
}

/* ---- cells: the columns of a field and what they hold ---- */

struct cell {
    struct str name;
    struct val v;
};

struct cells {
    struct ctx *c;
    const struct rec *up; /* the record of a sub-row */
    VEC(struct cell) list;
};

static void add_cell(struct cells *s, struct str name, struct val v)
{
    struct cell cell = {name, v};
    (void)vec_push(s->c->a, &s->list, cell);
}

static int sealed_cells(struct cells *s, const struct rec *r, const struct field *f,
                        struct err *err)
{
    struct val box, eq, key;
    struct arena *a = s->c->a;
    const struct vault_on sealer = sealer_of(s->c);
    struct val v = r->v[f->slot];
    const struct sealed_at at = {f, r->id, sealed_subject(f, r, s->up)};
    if (sealed_put(&sealer, &at, v, &box, err) || sealed_eq(&sealer, f, v, &eq, err))
        return -1;
    add_cell(s, f->key, box);
    add_cell(s, field_eq_name(a, f), eq);
    if (!field_has_key(f))
        return 0;
    if (sealed_key(&sealer, f, v, &key, err))
        return -1;
    add_cell(s, field_key_name(a, f), key);
    return 0;
}

/* Beside the column in clear, what it will be replaced by. */
static int shadow_cells(struct cells *s, const struct rec *r, const struct field *f,
                        struct err *err)
{
    struct val box, eq, key;
    struct arena *a = s->c->a;
    const struct vault_on sealer = sealer_of(s->c);
    struct val v = r->v[f->slot];
    const struct sealed_at at = {f, r->id, sealed_subject(f, r, s->up)};
    if (sealed_put(&sealer, &at, v, &box, err) || sealed_eq(&sealer, f, v, &eq, err))
        return -1;
    add_cell(s, field_shadow_name(a, f, ""), box);
    add_cell(s, field_shadow_name(a, f, "__eq"), eq);
    if (!field_in_key(f))
        return 0;
    if (sealed_key(&sealer, f, v, &key, err))
        return -1;
    add_cell(s, field_shadow_name(a, f, "__key"), key);
    return 0;
}

static int field_cells(struct cells *s, const struct rec *r, const struct field *f, struct err *err)
{
    struct arena *a = s->c->a;
    struct val v = r->v[f->slot];
    bool blank = val_is_blank(v);
    if (!field_is_sys(f) && field_has_eq(f))
        return sealed_cells(s, r, f, err);
    if (field_is_sys(f))
        v = sys_column(r, f, a);
    else
        v = blank ? VAL_NONE : field_to_column(f, a, v);
    add_cell(s, f->key, v);
    if (!field_is_sys(f) && field_has_key(f))
        add_cell(s, field_key_name(a, f),
                 blank ? VAL_NONE : val_text(f->type->fold(f, a, r->v[f->slot])));
    return !field_is_sys(f) && f->sealing ? shadow_cells(s, r, f, err) : 0;
}

/* ---- insert ---- */

static int insert_cells(struct cells *s, const struct rec *r, size_t pos, struct err *err)
{
    const struct form *f = r->form;
    size_t slots = f->parent ? f->nfields : f->nslots;
    if (f->parent) {
        add_cell(s, STR("_id"), val_dec(r->id, 0));
        add_cell(s, STR("_row"), val_dec(s->up->id, 0));
        add_cell(s, STR("_pos"), val_dec((int64_t)pos, 0));
    }
    for (size_t i = 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        if (has_column(field) && field_cells(s, r, field, err))
            return -1;
    }
    return 0;
}

static struct val *blank_values(struct arena *a, const struct form *f)
{
    struct val *v = ARENA_ARRAY(a, struct val, f->nslots);
    for (size_t i = 0; i < f->nslots; i++)
        v[i] = VAL_NONE;
    return v;
}

static int insert(struct ctx *c, const struct rec *r, const struct rec *up, size_t pos,
                  struct err *err)
{
    struct sql q;
    struct cells s = {.c = c, .up = up};
    if (insert_cells(&s, r, pos, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    sql_form(&q, r->form);
    for (size_t i = 0; i < s.list.n; i++) {
        sql_lit_(&q, i ? STR(", ") : STR(" ("));
        sql_ident(&q, s.list.v[i].name);
    }
    for (size_t i = 0; i < s.list.n; i++) {
        sql_lit_(&q, i ? STR(", ") : STR(") VALUES ("));
        sql_bind(&q, s.list.v[i].v);
    }
    sql_lit(&q, ")");
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    const struct rec none = {.form = r->form, .v = blank_values(c->a, r->form)};
    return joins_row(c, r, &none, err);
}

/* ---- update ---- */

/* A row as it becomes and as it is stored, and the records of a sub-row (else NULL). */
struct row_change {
    const struct rec *r, *old;
    const struct rec *up, *up_old;
};

/* What another person's key must seal from now on. */
static bool other_subject(const struct row_change *w, const struct field *f)
{
    return (f->encrypted || f->sealing) && f->subject.n &&
           sealed_subject(f, w->r, w->up) != sealed_subject(f, w->old, w->up_old);
}

static int changed_cells(struct cells *s, const struct row_change *w, struct err *err)
{
    const struct form *f = w->r->form;
    size_t slots = f->parent ? f->nfields : f->nslots;
    for (size_t i = 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        bool fill = field->filling && w->r->v[i].kind != VAL_ABSENT; /* the column is not known */
        if (!has_column(field))
            continue;
        if (!fill && val_same(w->r->v[i], w->old->v[i]) &&
            (field_is_sys(field) || !other_subject(w, field)))
            continue;
        if (field_cells(s, w->r, field, err))
            return -1;
    }
    return 0;
}

/* ---- links to what lies in the recycle bin: not seen, not written, not lost ---- */

static bool names(struct val list, int64_t id)
{
    for (uint32_t i = 0; list.kind == VAL_LIST && i < list.n; i++)
        if (list.list[i].kind == VAL_REF && list.list[i].ref->id == id)
            return true;
    return false;
}

/* The list as its column holds it. */
static int stored_list(struct ctx *c, const struct rec *r, const struct field *f, struct val *out,
                       struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT ");
    sql_ident(&q, f->key);
    sql_lit(&q, " FROM ");
    sql_form(&q, r->form);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, r->id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    *out = step == 1 && !stmt_null(s, 0) ? field_from_column(f, c->a, s, 0) : VAL_NONE;
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

/* A list that changes keeps what its column holds beside the list as it was loaded. */
static int keep_recycled(struct ctx *c, const struct row_change *w, const struct field *f,
                         struct val *v, struct err *err)
{
    struct val was;
    if (stored_list(c, w->old, f, &was, err))
        return -1;
    uint32_t have = v->kind == VAL_LIST ? v->n : 0, n = have;
    struct val *items = ARENA_ARRAY(c->a, struct val, have + (was.kind == VAL_LIST ? was.n : 0));
    if (have)
        memcpy(items, v->list, have * sizeof(*items));
    for (uint32_t i = 0; was.kind == VAL_LIST && i < was.n; i++) {
        struct val item = was.list[i];
        if (item.kind == VAL_REF && !names(w->old->v[f->slot], item.ref->id) &&
            !names(*v, item.ref->id))
            items[n++] = item;
    }
    if (n > have)
        *v = val_list(items, n);
    return 0;
}

/* The row as it is to be stored: *out is w->r, or a copy of it with longer lists. */
static int with_recycled(struct ctx *c, const struct row_change *w, struct rec *out,
                         struct err *err)
{
    const struct form *f = w->r->form;
    *out = *w->r;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (!field->target || !joins_has(field) || val_same(w->r->v[i], w->old->v[i]))
            continue;
        struct val v = w->r->v[i];
        if (keep_recycled(c, w, field, &v, err))
            return -1;
        if (v.n == (w->r->v[i].kind == VAL_LIST ? w->r->v[i].n : 0))
            continue;
        if (out->v == w->r->v) {
            out->v = ARENA_ARRAY(c->a, struct val, f->nslots);
            memcpy(out->v, w->r->v, f->nslots * sizeof(*out->v));
        }
        out->v[i] = v;
    }
    return 0;
}

static int set_row(struct ctx *c, const struct row_change *w, bool *changed, struct err *err)
{
    struct sql q;
    struct cells s = {.c = c, .up = w->up};
    struct rec now;
    if (with_recycled(c, w, &now, err))
        return -1;
    const struct row_change stored = {&now, w->old, w->up, w->up_old};
    if (changed_cells(&s, &stored, err))
        return -1;
    *changed = s.list.n != 0;
    if (!s.list.n)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_form(&q, w->r->form);
    for (size_t i = 0; i < s.list.n; i++) {
        sql_lit_(&q, i ? STR(", ") : STR(" SET "));
        sql_ident(&q, s.list.v[i].name);
        sql_lit(&q, " = ");
        sql_bind(&q, s.list.v[i].v);
    }
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, w->r->id);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    return search_row(c, w->old, w->r, err) || joins_row(c, &now, w->old, err) ? -1 : 0;
}

int rows_set(struct ctx *c, const struct rec *r, const struct rec *old, bool *changed,
             struct err *err)
{
    const struct row_change w = {.r = r, .old = old};
    return set_row(c, &w, changed, err);
}

static int set_shadows(struct ctx *c, const struct rec *r, const struct rec *up, struct err *err)
{
    struct sql q;
    struct cells s = {.c = c, .up = up};
    for (size_t i = 0; i < r->form->nfields; i++)
        if (r->form->fields[i]->sealing && shadow_cells(&s, r, r->form->fields[i], err))
            return -1;
    if (!s.list.n)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_form(&q, r->form);
    for (size_t i = 0; i < s.list.n; i++) {
        sql_lit_(&q, i ? STR(", ") : STR(" SET "));
        sql_ident(&q, s.list.v[i].name);
        sql_lit(&q, " = ");
        sql_bind(&q, s.list.v[i].v);
    }
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, r->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int rows_shadow(struct ctx *c, const struct rec *r, struct err *err)
{
    if (set_shadows(c, r, NULL, err))
        return -1;
    for (size_t i = 0; r->rows && i < r->form->nfields; i++)
        for (size_t k = 0; k < r->rows[i].n; k++)
            if (set_shadows(c, &r->rows[i].v[k], r, err))
                return -1;
    return 0;
}

bool rows_differ(const struct rec *r, const struct rec *old)
{
    const struct form *f = r->form;
    for (size_t i = 0; i < f->nslots; i++) {
        const struct field *field = rec_field_at(f, i);
        bool marks = field == f->sys[SYS_VERSION] || field == f->sys[SYS_UPDATED_AT] ||
                     field == f->sys[SYS_UPDATED_BY] || field->filling;
        if (!marks && has_column(field) && !val_same(r->v[i], old->v[i]))
            return true;
        if (i < f->nfields && field->sub && !rec_same_rows(r, old, field))
            return true;
    }
    return false;
}

/* ---- sub-rows ---- */

static const struct rec *find(const struct rec_rows *rows, int64_t id, size_t *pos)
{
    for (size_t i = 0; rows && i < rows->n; i++)
        if (rows->v[i].id == id) {
            *pos = i;
            return &rows->v[i];
        }
    return NULL;
}

static int move_row(struct ctx *c, const struct rec *r, size_t pos, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_form(&q, r->form);
    sql_lit(&q, " SET \"_pos\" = ");
    sql_bind_int(&q, (int64_t)pos);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, r->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int remove_row(struct ctx *c, const struct rec *r, struct err *err)
{
    struct sql q;
    if (joins_forget(c, r->form, STR("_id"), r->id, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM ");
    sql_form(&q, r->form);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, r->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int sub_table(struct ctx *c, const struct rec *r, const struct rec *r_old,
                     const struct field *table, struct err *err)
{
    const struct rec_rows *now = &r->rows[table->slot];
    const struct rec_rows *was = r_old && r_old->rows ? &r_old->rows[table->slot] : NULL;
    size_t pos = 0;
    for (size_t i = 0; was && i < was->n; i++)
        if (!find(now, was->v[i].id, &pos) && remove_row(c, &was->v[i], err))
            return -1;
    for (size_t i = 0; i < now->n; i++) {
        bool changed;
        const struct rec *old = find(was, now->v[i].id, &pos);
        const struct row_change w = {&now->v[i], old, r, r_old};
        int rc = old ? set_row(c, &w, &changed, err) : insert(c, &now->v[i], r, i, err);
        if (rc == 0 && old && pos != i)
            rc = move_row(c, &now->v[i], i, err);
        if (rc)
            return -1;
    }
    return 0;
}

static int rows_sub(struct ctx *c, struct rec *r, const struct rec *old, struct err *err)
{
    for (size_t i = 0; r->rows && i < r->form->nfields; i++)
        if (r->form->fields[i]->sub && sub_table(c, r, old, r->form->fields[i], err))
            return -1;
    return 0;
}

int rows_insert(struct ctx *c, struct rec *r, struct err *err)
{
    return insert(c, r, NULL, 0, err) || search_row(c, NULL, r, err) || rows_sub(c, r, NULL, err)
               ? -1
               : 0;
}

int rows_update(struct ctx *c, struct rec *r, const struct rec *old, struct err *err)
{
    bool changed;
    return rows_set(c, r, old, &changed, err) || rows_sub(c, r, old, err) ? -1 : 0;
}

/* ---- unique violations ---- */

static bool names_column(struct arena *a, struct str columns, const struct field *f)
{
    struct str key = field_key_name(a, f);
    for (ptrdiff_t at = 0; (at = str_find(columns, f->key, (size_t)at)) >= 0; at++) {
        size_t end = (size_t)at + f->key.n;
        bool starts = at == 0 || columns.p[at - 1] == '.' || columns.p[at - 1] == ' ' ||
                      columns.p[at - 1] == ',';
        bool whole = end == columns.n || columns.p[end] == ',' || columns.p[end] == ' ';
        bool folded = str_starts(str_sub(columns, (size_t)at, columns.n), key);
        if (starts && (whole || folded))
            return true;
    }
    return false;
}

int rows_duplicate(struct wr *w, struct err *err)
{
    if (err->code != ERR_CONFLICT || !str_eqz(str_of(err->key), "duplicate"))
        return -1;
    struct str columns = str_dup(w->c->a, str_of(err->path));
    for (size_t i = 0; i < w->f->nfields; i++) {
        const struct field *f = w->f->fields[i];
        if (!field_has_column(f) || !names_column(w->c->a, columns, f))
            continue;
        diag_field(w->diags, f->key, "duplicate", "“%.*s”的值已经存在。",
                   "This value of “%.*s” is already there.", STR_ARG(f->title))
            ->code = ERR_CONFLICT;
    }
    if (wr_ok(w))
        diag_field(w->diags, STR_NONE, "duplicate", "这条记录已经存在。",
                   "This record is already there.")
            ->code = ERR_CONFLICT;
    return wr_fail(w, err);
}
