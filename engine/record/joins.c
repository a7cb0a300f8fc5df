/*
 * Keeping the join tables: rows of them beside the write of a record, the tables themselves at a
 * publish.
 */
#include "engine/record/joins.h"

#include "engine/record/record_int.h"
#include "engine/record/schema_int.h"

bool joins_has(const struct field *f)
{
    return !field_is_sys(f) && f->type && (f->type->flags & FT_MULTI) && !f->encrypted &&
           !(f->type->flags & FT_COMPUTED) && field_has_column(f) && ref_kind_of(f) != REF_NONE;
}

bool joins_ready(const struct ctx *c, const struct field *f)
{
    return joins_has(f) && !f->unjoined && !c->as_of;
}

struct ddl_table joins_table(struct arena *a, const struct field *f)
{
    struct ddl_table t = schema_name(f->form);
    /* no key begins with "_" */
    t.sub = t.sub.n ? str_fmt(a, "%.*s___l_%.*s", STR_ARG(t.sub), STR_ARG(f->key)) : f->key;
    return t;
}

static void table(struct sql *q, const struct field *f)
{
    struct ddl_table t = joins_table(q->text.a, f);
    sql_table(q, t.app, t.form, t.sub);
}

void joins_open(struct sql *q, unsigned alias, const struct field *f)
{
    sql_col(q, alias, STR("_id"));
    sql_lit(q, " IN (SELECT \"_row\" FROM ");
    table(q, f);
    sql_lit(q, " WHERE \"_target\"");
}

/* ---- rows ---- */

static int remove_rows(struct ctx *c, const struct field *f, int64_t row, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM ");
    table(&q, f);
    sql_lit(&q, " WHERE \"_row\" = ");
    sql_bind_int(&q, row);
    return store_exec_later(c->db, c->a, &q, err);
}

static int add_rows(struct ctx *c, const struct field *f, int64_t row, struct val v,
                    struct err *err)
{
    struct sql q;
    bool any = false;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    table(&q, f);
    sql_lit(&q, " (\"_id\", \"_row\", \"_pos\", \"_target\") VALUES ");
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++) {
        if (v.list[i].kind != VAL_REF)
            continue;
        sql_lit_(&q, any ? STR(", (") : STR("("));
        sql_bind_int(&q, id_next(c->ids, c->now_us));
        sql_lit(&q, ", ");
        sql_bind_int(&q, row);
        sql_lit(&q, ", ");
        sql_bind_int(&q, (int64_t)i);
        sql_lit(&q, ", ");
        sql_bind_int(&q, v.list[i].ref->id);
        sql_lit(&q, ")");
        any = true;
    }
    return any ? store_exec_later(c->db, c->a, &q, err) : 0;
}

int joins_field(struct ctx *c, const struct rec *r, const struct field *f, struct err *err)
{
    return remove_rows(c, f, r->id, err) || add_rows(c, f, r->id, r->v[f->slot], err) ? -1 : 0;
}

int joins_row(struct ctx *c, const struct rec *r, const struct rec *old, struct err *err)
{
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct field *f = r->form->fields[i];
        if (!joins_has(f) || (old && val_same(r->v[i], old->v[i])))
            continue;
        bool fresh = old && val_is_blank(old->v[i]);
        if (fresh ? add_rows(c, f, r->id, r->v[i], err) : joins_field(c, r, f, err))
            return -1;
    }
    return 0;
}

int joins_restore(struct ctx *c, const struct rec *r, struct err *err)
{
    if (joins_row(c, r, NULL, err))
        return -1;
    for (size_t i = 0; r->rows && i < r->form->nfields; i++)
        for (size_t k = 0; k < r->rows[i].n; k++)
            if (joins_row(c, &r->rows[i].v[k], NULL, err))
                return -1;
    return 0;
}

int joins_forget(struct ctx *c, const struct form *f, struct str column, int64_t id,
                 struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++) {
        struct sql q;
        if (!joins_has(f->fields[i]))
            continue;
        ctx_sql(c, &q);
        sql_lit(&q, "DELETE FROM ");
        table(&q, f->fields[i]);
        sql_lit(&q, " WHERE \"_row\" IN (SELECT \"_id\" FROM ");
        sql_form(&q, f);
        sql_lit(&q, " WHERE ");
        sql_ident(&q, column);
        sql_lit(&q, " = ");
        sql_bind_int(&q, id);
        sql_lit(&q, ")");
        if (store_exec(c->db, c->a, &q, NULL, err))
            return -1;
    }
    return 0;
}

/* ---- tables ---- */

static int make(struct ctx *c, const struct field *f, struct err *err)
{
    static const struct ddl_column columns[] = {{STR("_row"), COL_INT, true},
                                                {STR("_pos"), COL_INT, true},
                                                {STR("_target"), COL_INT, true}};
    static const struct str by_target[] = {STR("_target"), STR("_row")};
    static const struct str by_row[] = {STR("_row")};
    struct ddl_table t = joins_table(c->a, f);
    t.columns = columns;
    t.ncolumns = ARRAY_LEN(columns);
    const struct ddl_index target = {.name = STR("target"), .columns = by_target, .ncolumns = 2};
    const struct ddl_index row = {.name = STR("row"), .columns = by_row, .ncolumns = 1};
    return ddl_create_table(c->db, c->a, &t, err) ||
                   ddl_create_index(c->db, c->a, &t, &target, err) ||
                   ddl_create_index(c->db, c->a, &t, &row, err)
               ? -1
               : 0;
}

static int has_rows(struct ctx *c, const struct form *f, struct err *err)
{
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM ");
    sql_form(&q, f);
    sql_lit(&q, " LIMIT 1");
    return store_get_int(c->db, c->a, &q, &one, err);
}

static int empty(struct ctx *c, const struct field *f, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM ");
    table(&q, f);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* The same values in the same place as before, and all of them entered. */
static bool stays(const struct form *old, const struct field *f)
{
    const struct field *was = old ? form_field(old, f->key) : NULL;
    return was && joins_has(was) && !was->unjoined && schema_same_store(was, f);
}

static int apply_form(struct ctx *c, const struct form *old, const struct form *f, struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++) {
        struct field *field = f->fields[i];
        const struct form *sub = field->sub;
        if (sub && apply_form(c, old ? schema_sub(old, field->key) : NULL, sub, err))
            return -1;
        if (!joins_has(field))
            continue;
        struct ddl_table t = joins_table(c->a, field);
        int there = ddl_has_table(c->db, c->a, &t, err);
        if (there < 0 || (!there && make(c, field, err)))
            return -1;
        if (there && stays(old, field))
            continue;
        int rows = has_rows(c, f, err);
        if (rows < 0 || (there && empty(c, field, err)))
            return -1;
        field->unjoined = rows == 1;
    }
    return 0;
}

static bool has_table(struct arena *a, const struct form *f, const struct ddl_table *t)
{
    for (size_t i = 0; f && i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (field->sub && has_table(a, field->sub, t))
            return true;
        struct ddl_table own = joins_has(field) ? joins_table(a, field) : schema_name(f);
        if (joins_has(field) && str_eq(own.form, t->form) && str_eq(own.sub, t->sub))
            return true;
    }
    return false;
}

/* Of a field that is no more; what it says stands in the retired column. */
static int drop_gone(struct ctx *c, const struct app *new_, const struct form *old, struct err *err)
{
    for (size_t i = 0; i < old->nfields; i++) {
        const struct field *f = old->fields[i];
        if (f->sub && drop_gone(c, new_, f->sub, err))
            return -1;
        if (!joins_has(f))
            continue;
        struct ddl_table t = joins_table(c->a, f);
        int there = ddl_has_table(c->db, c->a, &t, err);
        bool kept = has_table(c->a, app_form(new_, t.form), &t);
        if (there < 0 || (there && !kept && ddl_drop_table(c->db, c->a, &t, err)))
            return -1;
    }
    return 0;
}

int joins_apply(struct ctx *c, const struct app *old, const struct app *new_, struct err *err)
{
    for (size_t i = 0; old && old != new_ && i < old->nforms; i++)
        if (drop_gone(c, new_, old->forms[i], err))
            return -1;
    for (size_t i = 0; i < new_->nforms; i++) {
        const struct form *f = new_->forms[i];
        const struct form *was = old ? app_form(old, f->key) : NULL;
        if (apply_form(c, was, f, err))
            return -1;
    }
    return 0;
}

static int form_misses(struct ctx *c, const struct form *f, struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        int misses = field->sub ? form_misses(c, field->sub, err) : 0;
        if (!misses && joins_has(field)) {
            struct ddl_table t = joins_table(c->a, field);
            int there = ddl_has_table(c->db, c->a, &t, err);
            misses = there < 0 ? -1 : !there;
        }
        if (misses)
            return misses;
    }
    return 0;
}

int joins_missing(struct ctx *c, const struct app *app, struct err *err)
{
    int misses = 0;
    for (size_t i = 0; misses == 0 && i < app->nforms; i++)
        misses = form_misses(c, app->forms[i], err);
    return misses;
}
