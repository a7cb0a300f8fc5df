/*
 * Stored rows as the engine itself sees them: every column, no rights. Refs carry the title of what
 * they point to. A link to a recycled row reads blank (restoring brings it back).
 */
#include "engine/record/record_int.h"

#include "engine/org/member.h"
#include "engine/record/sealed.h"

void rec_init(struct arena *a, const struct form *f, struct rec *out)
{
    *out = (struct rec){.form = f, .v = ARENA_ARRAY(a, struct val, f->nslots)};
    for (size_t i = 0; i < f->nslots; i++)
        out->v[i].kind = VAL_ABSENT;
}

struct rec rec_copy(struct arena *a, const struct rec *r)
{
    struct rec copy = *r;
    copy.v = ARENA_ARRAY(a, struct val, r->form->nslots);
    memcpy(copy.v, r->v, r->form->nslots * sizeof(*copy.v));
    if (!r->rows)
        return copy;
    copy.rows = ARENA_ARRAY(a, struct rec_rows, r->form->nfields);
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct rec_rows *from = &r->rows[i];
        if (!from->n)
            continue;
        copy.rows[i] = (struct rec_rows){ARENA_ARRAY(a, struct rec, from->n), from->n};
        for (size_t k = 0; k < from->n; k++)
            copy.rows[i].v[k] = rec_copy(a, &from->v[k]);
    }
    return copy;
}

bool rec_same_rows(const struct rec *x, const struct rec *y, const struct field *table)
{
    const struct rec_rows none = {0};
    const struct rec_rows *p = x->rows ? &x->rows[table->slot] : &none;
    const struct rec_rows *q = y->rows ? &y->rows[table->slot] : &none;
    if (p->n != q->n)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].id != q->v[i].id)
            return false;
        for (size_t s = 0; s < table->sub->nfields; s++)
            if (!val_same(p->v[i].v[s], q->v[i].v[s]))
                return false;
    }
    return true;
}

static bool loads(const struct field *f)
{
    return field_is_sys(f) || (field_has_column(f) && !field_by_expr(f));
}

/* " t0, title sub-selects of refs" for the columns of a form. */
static void add_columns(struct sql *q, const struct form *f)
{
    size_t slots = f->parent ? f->nfields : f->nslots;
    sql_lit(q, "t0.\"_id\"");
    for (size_t i = 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        if (!loads(field))
            continue;
        sql_lit(q, ", ");
        sql_col(q, 0, field->key);
    }
}

/* ---- titles of refs ---- */

const struct form *ref_target(const struct field *f)
{
    struct fx_field fx = {0};
    if (f->target)
        return f->target;
    if (f->form && f == f->form->sys[SYS_ID])
        return f->form->parent ? NULL : f->form; /* _id.x is x */
    if (!f->value)
        return NULL;
    field_fx(f, &fx);
    return fx.type.base == FX_LINK ? fx.type.form : NULL;
}

enum ref_kind ref_kind_of(const struct field *f)
{
    struct fx_field fx = {0};
    if (f->sub)
        return REF_NONE;
    if (ref_target(f))
        return REF_ROW;
    field_fx(f, &fx);
    if (fx.type.base == FX_MEMBER)
        return REF_MEMBER;
    if (fx.type.base == FX_DEPT)
        return REF_DEPT;
    return REF_NONE;
}

static int row_title(struct ctx *c, const struct form *f, int64_t id, struct str *out,
                     struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT \"_title\" FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"_deleted_at\" IS NULL AND \"_id\" = ");
    sql_bind_int(&q, id);
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = column_text(c, s, 0);
    stmt_done(s);
    return step;
}

int ref_title(struct ctx *c, const struct field *f, int64_t id, struct str *out, struct err *err)
{
    *out = STR_NONE;
    switch (ref_kind_of(f)) {
    case REF_ROW: return row_title(c, ref_target(f), id, out, err);
    case REF_MEMBER:
    case REF_DEPT: return person_name(c, ref_kind_of(f), id, out, err);
    case REF_NONE: break;
    }
    return 1;
}

static int fill_ref(struct ctx *c, const struct field *f, struct val *v, struct err *err)
{
    struct str title;
    if (v->ref->title.n)
        return 0;
    int found = ref_title(c, f, v->ref->id, &title, err);
    if (found < 0)
        return -1;
    if (found)
        *v = val_ref(c->a, v->ref->id, title);
    else if (ref_target(f))
        *v = VAL_NONE; /* recycled */
    return 0;
}

static int fill_list(struct ctx *c, const struct field *f, struct val *v, struct err *err)
{
    struct val *items = ARENA_ARRAY(c->a, struct val, v->n);
    size_t n = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        struct val item = v->list[i];
        if (item.kind == VAL_REF && fill_ref(c, f, &item, err))
            return -1;
        if (!val_is_blank(item))
            items[n++] = item;
    }
    *v = val_list(items, n);
    return 0;
}

static int fill_titles(struct ctx *c, struct rec *r, struct err *err)
{
    for (size_t i = 0; i < r->form->nslots; i++) {
        const struct field *f = rec_field_at(r->form, i);
        struct val *v = &r->v[i];
        if (v->kind == VAL_REF && ref_kind_of(f) != REF_NONE && fill_ref(c, f, v, err))
            return -1;
        if (v->kind == VAL_LIST && ref_kind_of(f) != REF_NONE && fill_list(c, f, v, err))
            return -1;
    }
    return 0;
}

/* ---- rows ---- */

static struct val sys_val(struct ctx *c, const struct field *f, enum sys_field which,
                          struct stmt *s, int col)
{
    char buf[16];
    if (which == SYS_ID)
        return val_text(str_dup(c->a, id_print(stmt_int(s, col), buf)));
    return stmt_null(s, col) ? VAL_NONE : field_from_column(f, c->a, s, col);
}

static int read_row(struct ctx *c, struct stmt *s, struct rec *r, struct err *err)
{
    const struct form *f = r->form;
    const struct vault_on sealer = sealer_of(c);
    int col = 0;
    size_t slots = f->parent ? f->nfields : f->nslots;
    r->id = stmt_int(s, 0);
    for (size_t i = 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        if (!loads(field))
            continue;
        col++;
        if (i == f->nfields + SYS_VERSION)
            r->version = stmt_int(s, col);
        if (i >= f->nfields)
            r->v[i] = sys_val(c, field, (enum sys_field)(i - f->nfields), s, col);
        else if (sealed_column(&sealer, &(struct sealed_at){field, r->id, 0}, s, col, &r->v[i],
                               err))
            return -1;
    }
    return 0;
}

struct loading {
    const struct rec_key *key;
    struct access *x; /* NULL: whoever may see it */
    const struct rec_seen *seen;
};

static int load_row(struct ctx *c, const struct loading *l, struct rec *out, struct err *err)
{
    const struct form *f = l->key->form;
    int64_t id = l->key->id;
    enum rec_where where = l->key->where;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT ");
    add_columns(&q, f);
    sql_lit(&q, " FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE t0.\"_id\" = ");
    sql_bind_int(&q, id);
    if (where == REC_LIVE)
        sql_lit(&q, " AND t0.\"_deleted_at\" IS NULL");
    else if (where == REC_BIN)
        sql_lit(&q, " AND t0.\"_deleted_at\" IS NOT NULL");
    if (l->x)
        sql_lit(&q, " AND ");
    struct stmt *s;
    if ((l->x && access_seen(l->x, &q, 0, l->seen, err)) || store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        rec_init(c->a, f, out);
        if (read_row(c, s, out, err))
            step = -1;
    }
    stmt_done(s);
    return step == 1 && fill_titles(c, out, err) ? -1 : step;
}

int rec_load_flat(struct ctx *c, const struct form *f, int64_t id, enum rec_where where,
                  struct rec *out, struct err *err)
{
    const struct rec_key key = {f, id, where};
    const struct loading l = {.key = &key};
    return load_row(c, &l, out, err);
}

int rec_load_rows(struct ctx *c, struct rec *rec, const struct field *table, struct err *err)
{
    if (!rec->rows)
        rec->rows = ARENA_ARRAY(c->a, struct rec_rows, rec->form->nfields);
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT ");
    add_columns(&q, table->sub);
    sql_lit(&q, " FROM ");
    sql_form(&q, table->sub);
    sql_lit(&q, " t0 WHERE t0.\"_row\" = ");
    sql_bind_int(&q, rec->id);
    sql_lit(&q, " ORDER BY t0.\"_pos\", t0.\"_id\"");
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    VEC(struct rec) rows = {0};
    int step;
    while ((step = stmt_step(s, err)) == 1) {
        struct rec row;
        rec_init(c->a, table->sub, &row);
        if (read_row(c, s, &row, err)) {
            step = -1;
            break;
        }
        (void)vec_push(c->a, &rows, row);
    }
    stmt_done(s);
    for (size_t i = 0; step == 0 && i < rows.n; i++)
        step = fill_titles(c, &rows.v[i], err);
    rec->rows[table->slot] = (struct rec_rows){rows.v, rows.n};
    return step;
}

static int rec_load_all_rows(struct ctx *c, struct rec *rec, struct err *err)
{
    for (size_t i = 0; i < rec->form->nfields; i++)
        if (rec->form->fields[i]->sub && rec_load_rows(c, rec, rec->form->fields[i], err))
            return -1;
    return 0;
}

int record_load(struct ctx *c, const struct form *f, int64_t id, enum rec_where where,
                struct rec *out, struct err *err)
{
    int found = rec_load_flat(c, f, id, where, out, err);
    if (found == 1 && rec_load_all_rows(c, out, err))
        return -1;
    return found;
}

int record_load_seen(struct access *x, const struct rec_key *key, const struct rec_seen *seen,
                     struct rec *out, struct err *err)
{
    const struct loading l = {key, x, seen};
    int found = load_row(x->c, &l, out, err);
    if (found == 1 && rec_load_all_rows(x->c, out, err))
        return -1;
    return found;
}

/* ---- as objects ---- */

static struct val rows_val(struct arena *a, const struct rec *r, const struct field *table)
{
    if (!r->rows)
        return VAL_NONE;
    const struct rec_rows *rows = &r->rows[table->slot];
    struct val *list = ARENA_ARRAY(a, struct val, rows->n);
    for (size_t i = 0; i < rows->n; i++)
        list[i] = rec_to_obj(a, &rows->v[i]);
    return val_list(list, rows->n);
}

struct val rec_to_obj(struct arena *a, const struct rec *r)
{
    const struct form *f = r->form;
    struct pair *pairs = ARENA_ARRAY(a, struct pair, f->nslots);
    size_t n = 0;
    size_t slots = f->parent ? f->nfields : f->nslots;
    if (f->parent && r->id) {
        char buf[16];
        pairs[n++] = (struct pair){STR("_id"), val_text(str_dup(a, id_print(r->id, buf)))};
    }
    for (size_t i = 0; i < slots; i++) {
        const struct field *field = rec_field_at(f, i);
        struct val v = field->sub ? rows_val(a, r, field) : r->v[i];
        if (v.kind != VAL_ABSENT)
            pairs[n++] = (struct pair){field->key, v};
    }
    return val_obj(pairs, n);
}

struct val rec_get(const struct rec *r, struct str key)
{
    const struct field *f = form_field(r->form, key);
    return f ? r->v[f->slot] : (struct val){.kind = VAL_ABSENT};
}
