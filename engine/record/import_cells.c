/*
 * Cells of an import as values: rows, members and departments found by what people write.
 */
#include "engine/record/import_int.h"

#include "engine/org/member.h"
#include "engine/record/columns.h"
#include "engine/record/sealed.h"

/* ---- finding rows by what people write ---- */

/* SELECT of live rows the caller may read: what he may not see is not found, as if it were not
 * there, whatever he guesses. The query goes on with its own condition. */
static int visible_sql(struct importer *m, const struct form *f, struct access **x, struct sql *q,
                       struct err *err)
{
    ctx_sql(m->c, q);
    sql_lit(q, "SELECT t0.\"_id\" FROM ");
    sql_form(q, f);
    sql_lit(q, " t0 WHERE ");
    if (access_of(m->c, f, x, err) || access_rows(*x, q, 0, RIGHT_READ, err))
        return -1;
    sql_lit(q, " AND ");
    return 0;
}

/* Whose field equals a text, folded where the type folds. */
static int by_field_sql(struct importer *m, const struct field *f, struct val v, struct sql *q,
                        struct err *err)
{
    struct access *x;
    if (visible_sql(m, f->form, &x, q, err) || access_show_cond(x, q, 0, f, FIELD_READ, err))
        return -1;
    sql_lit(q, " AND ");
    if (f->encrypted) {
        const struct vault_on s = sealer_of(m->c);
        bool key = field_has_key(f);
        struct val hash;
        if (key ? sealed_key(&s, f, v, &hash, err) : sealed_eq(&s, f, v, &hash, err))
            return -1;
        sql_col(q, 0, key ? field_key_name(m->c->a, f) : field_eq_name(m->c->a, f));
        sql_lit(q, " = ");
        sql_bind(q, hash);
    } else if (f->unique && (f->type->flags & FT_FOLD) && f->type->fold) {
        sql_col(q, 0, str_fmt(m->c->a, "%.*s__key", STR_ARG(f->key)));
        sql_lit(q, " = ");
        sql_bind_str(q, f->type->fold(f, m->c->a, v));
    } else {
        sql_col(q, 0, f->key);
        sql_lit(q, " = ");
        sql_bind(q, field_to_column(f, m->c->a, v));
    }
    sql_lit(q, " ORDER BY t0.\"_id\" LIMIT 2");
    return 0;
}

/* How many rows (at most 2) and the first id: 0 or -1. */
static int run_find(struct importer *m, const struct sql *q, int64_t *id, int *found,
                    struct err *err)
{
    struct stmt *s;
    *found = 0;
    if (store_query(m->c->db, m->c->a, q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        if ((*found)++ == 0)
            *id = stmt_int(s, 0);
    stmt_done(s);
    return got;
}

static int find_by_id(struct importer *m, const struct form *f, struct str cell, int64_t *id,
                      int *found, struct err *err)
{
    struct sql q;
    *found = 0;
    if (!id_parse(cell, id))
        return 0;
    struct access *x;
    if (visible_sql(m, f, &x, &q, err))
        return -1;
    sql_lit(&q, "t0.\"_id\" = ");
    sql_bind_int(&q, *id);
    return run_find(m, &q, id, found, err);
}

int import_find_by_field(struct importer *m, const struct field *f, struct str cell, int64_t *id,
                         int *found, struct err *err)
{
    struct diags ignored;
    if (f == f->form->sys[SYS_ID])
        return find_by_id(m, f->form, cell, id, found, err);
    diags_init(&ignored, m->c->a);
    struct val v = f->type->from_text ? f->type->from_text(f, m->c->a, cell) : val_text(cell);
    *found = 0;
    v = f->type->coerce(f, m->c->a, v, f->key, &ignored);
    if (ignored.errors || val_is_blank(v))
        return 0;
    struct sql q;
    if (by_field_sql(m, f, v, &q, err))
        return -1;
    return run_find(m, &q, id, found, err);
}

static int find_by_title(struct importer *m, const struct form *f, struct str cell, int64_t *id,
                         int *found, struct err *err)
{
    struct sql q;
    struct access *x;
    if (visible_sql(m, f, &x, &q, err) || access_title(x, &q, 0, err))
        return -1;
    sql_lit(&q, " = ");
    sql_bind_str(&q, cell);
    sql_lit(&q, " ORDER BY t0.\"_id\" LIMIT 2");
    return run_find(m, &q, id, found, err);
}

/* By the named field, else by each unique field, by title, by id. More than one row is nobody. */
static int find_linked(struct importer *m, const struct column *col, struct str cell, int64_t *id,
                       int *found, struct err *err)
{
    const struct form *target = col->field->target;
    if (col->by)
        return import_find_by_field(m, col->by, cell, id, found, err);
    *found = 0;
    for (size_t i = 0; *found == 0 && i < target->nfields; i++) {
        const struct field *f = target->fields[i];
        if (f->unique && !(f->type->flags & FT_REF) &&
            import_find_by_field(m, f, cell, id, found, err) < 0)
            return -1;
    }
    if (*found == 0 && find_by_title(m, target, cell, id, found, err) < 0)
        return -1;
    return *found ? 0 : find_by_id(m, target, cell, id, found, err);
}

/* SELECT of people who count, without the condition that names one. */
static void person_sql(struct importer *m, const struct field *f, struct sql *q)
{
    ctx_sql(m->c, q);
    if (f->type->fx == FX_DEPT) {
        sql_lit(q, "SELECT d.id FROM _department d WHERE d.active = 1");
        org_limit(m->c, q, "d");
        return;
    }
    sql_lit(q, "SELECT d.id FROM _member d WHERE d.active = 1");
    if (org_limited(m->c)) {
        sql_lit(q, " AND d.org = ");
        sql_bind_int(q, m->c->who->org);
    }
}

/* Members by login, else by name, departments by name; both by id last. Two of a name are nobody.
 */
static int find_person(struct importer *m, const struct field *f, struct str cell, int64_t *id,
                       int *found, struct err *err)
{
    struct sql q;
    int64_t given;
    *found = 0;
    if (f->type->fx != FX_DEPT) {
        person_sql(m, f, &q);
        sql_lit(&q, " AND d.login = ");
        sql_bind_str(&q, cell);
        if (run_find(m, &q, id, found, err))
            return -1;
    }
    if (!*found) {
        person_sql(m, f, &q);
        sql_lit(&q, " AND d.name = ");
        sql_bind_str(&q, cell);
        sql_lit(&q, " LIMIT 2");
        if (run_find(m, &q, id, found, err))
            return -1;
    }
    if (*found || !id_parse(cell, &given))
        return 0;
    person_sql(m, f, &q);
    sql_lit(&q, " AND d.id = ");
    sql_bind_int(&q, given);
    return run_find(m, &q, id, found, err);
}

/* ---- cells ---- */

int import_cell_problem(struct diags *d, const struct field *f, int found, struct str cell)
{
    if (found > 1)
        diag_field(d, f->key, "ambiguous", "“%.*s”对应多条记录。",
                   "\"%.*s\" names more than one record.", STR_ARG(cell));
    else
        diag_field(d, f->key, "not_found", "找不到“%.*s”。", "\"%.*s\" was not found.",
                   STR_ARG(cell));
    return 0;
}

static int ref_cell(struct importer *m, struct column *col, struct str cell, struct val *out,
                    struct diags *d, struct err *err)
{
    int64_t id = 0;
    int found = 0;
    const struct ref *known = map_get(&col->seen, cell);
    if (known) {
        *out = (struct val){.kind = VAL_REF, .ref = known};
        return 0;
    }
    int rc = col->field->target ? find_linked(m, col, cell, &id, &found, err)
                                : find_person(m, col->field, cell, &id, &found, err);
    if (rc < 0)
        return -1;
    if (found != 1)
        return import_cell_problem(d, col->field, found, cell);
    *out = val_ref(m->names, id, STR_NONE);
    map_put(&col->seen, str_dup(m->names, cell), ARENA_NEW(m->names, struct ref));
    *(struct ref *)map_get(&col->seen, cell) = *out->ref;
    m->nnames++;
    return 0;
}

/* Several of them: "张三、李四". */
static int ref_list_cell(struct importer *m, struct column *col, struct str cell, struct val *out,
                         struct diags *d, struct err *err)
{
    VEC(struct val) items = {0};
    static const struct str separators[] = {STR("、"), STR("；"), STR("，"), STR(";")};
    struct strb plain;
    strb_init(&plain, m->c->a);
    for (size_t i = 0; i < cell.n;) {
        size_t skip = 0;
        for (size_t k = 0; k < ARRAY_LEN(separators); k++)
            if (str_starts(str_sub(cell, i, cell.n), separators[k]))
                skip = separators[k].n;
        strb_addc(&plain, skip ? ',' : cell.p[i]);
        i += skip ? skip : 1;
    }
    struct str rest = strb_str(&plain), one;
    while (rest.n) {
        struct val v = VAL_NONE;
        rest = str_cut(rest, ',', &one);
        one = str_trim(one);
        if (one.n && ref_cell(m, col, one, &v, d, err) < 0)
            return -1;
        if (!val_is_blank(v))
            vec_push(m->c->a, &items, v);
    }
    *out = val_list(items.v, items.n);
    return 0;
}

int import_cell_value(struct importer *m, struct column *col, struct str cell, struct val *out,
                      struct diags *d, struct err *err)
{
    const struct field *f = col->field;
    *out = VAL_NONE;
    if (cell.n == 0)
        return 0;
    if (f->type->flags & FT_REF)
        return f->type->flags & FT_MULTI ? ref_list_cell(m, col, cell, out, d, err)
                                         : ref_cell(m, col, cell, out, d, err);
    *out = f->type->from_text ? f->type->from_text(f, m->c->a, cell) : val_text(cell);
    return 0;
}
