/*
 * Rows of a form and of its sub-tables as INSERT, UPDATE and DELETE. Knows columns, no rules.
 */
#include "engine/record/write_int.h"

#include "engine/record/columns.h"
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

static struct val column_of(const struct rec *r, const struct field *f, struct arena *a)
{
    struct val v = r->v[f->slot];
    if (field_is_sys(f))
        return sys_column(r, f, a);
    return val_is_blank(v) ? VAL_NONE : field_to_column(f, a, v);
}

static struct val key_of(const struct rec *r, const struct field *f, struct arena *a)
{
    struct val v = r->v[f->slot];
    return val_is_blank(v) ? VAL_NONE : val_text(f->type->fold(f, a, v));
}

/* ---- insert ---- */

static void insert_names(struct sql *q, struct arena *a, const struct form *f)
{
    size_t slots = f->parent ? f->nfields : f->nslots;
    if (f->parent)
        sql_lit(q, "\"_id\", \"_row\", \"_pos\"");
    for (size_t i = 0, n = f->parent ? 1 : 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        if (!has_column(field))
            continue;
        if (n++)
            sql_lit(q, ", ");
        sql_ident(q, field->key);
        if (i < f->nfields && field_has_key(field)) {
            sql_lit(q, ", ");
            sql_ident(q, field_key_name(a, field));
        }
    }
}

static void insert_values(struct sql *q, struct arena *a, const struct rec *r, int64_t row,
                          size_t pos)
{
    const struct form *f = r->form;
    size_t slots = f->parent ? f->nfields : f->nslots;
    if (f->parent) {
        sql_bind_int(q, r->id);
        sql_lit(q, ", ");
        sql_bind_int(q, row);
        sql_lit(q, ", ");
        sql_bind_int(q, (int64_t)pos);
    }
    for (size_t i = 0, n = f->parent ? 1 : 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        if (!has_column(field))
            continue;
        if (n++)
            sql_lit(q, ", ");
        sql_bind(q, column_of(r, field, a));
        if (i < f->nfields && field_has_key(field)) {
            sql_lit(q, ", ");
            sql_bind(q, key_of(r, field, a));
        }
    }
}

static int insert(struct ctx *c, const struct rec *r, int64_t row, size_t pos, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    sql_form(&q, r->form);
    sql_lit(&q, " (");
    insert_names(&q, c->a, r->form);
    sql_lit(&q, ") VALUES (");
    insert_values(&q, c->a, r, row, pos);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- update ---- */

struct setter {
    struct sql *q;
    size_t n;
};

static void set_column(struct setter *s, struct str name, struct val v)
{
    if (s->n++)
        sql_lit(s->q, ", ");
    sql_ident(s->q, name);
    sql_lit(s->q, " = ");
    sql_bind(s->q, v);
}

static void set_changed(struct ctx *c, struct setter *s, const struct rec *r, const struct rec *old)
{
    const struct form *f = r->form;
    size_t slots = f->parent ? f->nfields : f->nslots;
    for (size_t i = 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        bool fill = field->filling && r->v[i].kind != VAL_ABSENT; /* the column is not known */
        if (!has_column(field) || (!fill && val_same(r->v[i], old->v[i])))
            continue;
        set_column(s, field->key, column_of(r, field, c->a));
        if (i < f->nfields && field_has_key(field))
            set_column(s, field_key_name(c->a, field), key_of(r, field, c->a));
    }
}

int rows_set(struct ctx *c, const struct rec *r, const struct rec *old, bool *changed,
             struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    struct setter s = {.q = &q};
    sql_lit(&q, "UPDATE ");
    sql_form(&q, r->form);
    sql_lit(&q, " SET ");
    set_changed(c, &s, r, old);
    *changed = s.n != 0;
    if (!s.n)
        return 0;
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, r->id);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    return search_row(c, old, r, err);
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
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM ");
    sql_form(&q, r->form);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, r->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int sub_table(struct ctx *c, const struct rec *r, const struct rec_rows *now,
                     const struct rec_rows *was, struct err *err)
{
    size_t pos = 0;
    for (size_t i = 0; was && i < was->n; i++)
        if (!find(now, was->v[i].id, &pos) && remove_row(c, &was->v[i], err))
            return -1;
    for (size_t i = 0; i < now->n; i++) {
        bool changed;
        const struct rec *old = find(was, now->v[i].id, &pos);
        int rc = old ? rows_set(c, &now->v[i], old, &changed, err)
                     : insert(c, &now->v[i], r->id, i, err);
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
        if (r->form->fields[i]->sub &&
            sub_table(c, r, &r->rows[i], old && old->rows ? &old->rows[i] : NULL, err))
            return -1;
    return 0;
}

int rows_insert(struct ctx *c, struct rec *r, struct err *err)
{
    return insert(c, r, 0, 0, err) || search_row(c, NULL, r, err) || rows_sub(c, r, NULL, err) ? -1
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
