/*
 * The tables that a definition asks for: columns, and the indexes that follow from unique keys,
 * links, views and row rules.
 */
#include "engine/record/rollup.h"
#include "engine/record/schema_int.h"

struct system_column {
    struct str name;
    enum col_kind kind;
    bool not_null;
};

static const struct system_column FORM_COLUMNS[] = {
    {STR("_version"), COL_INT, true},     {STR("_title"), COL_TEXT, false},
    {STR("_state"), COL_TEXT, false},     {STR("_node"), COL_JSON, false},
    {STR("_owner"), COL_INT, false},      {STR("_dept"), COL_INT, false},
    {STR("_created_at"), COL_INT, true},  {STR("_created_by"), COL_INT, false},
    {STR("_updated_at"), COL_INT, true},  {STR("_updated_by"), COL_INT, false},
    {STR("_deleted_at"), COL_INT, false}, {STR("_deleted_by"), COL_INT, false},
};

static const struct system_column SUB_COLUMNS[] = {
    {STR("_row"), COL_INT, true}, /* the record's _id */
    {STR("_pos"), COL_INT, true},
};

/* System columns that get an index when a view or a rule filters or sorts by them. */
static const struct str INDEXED_SYSTEM[] = {STR("_owner"),      STR("_dept"),
                                            STR("_created_at"), STR("_created_by"),
                                            STR("_updated_at"), STR("_state")};

struct ddl_table schema_name(const struct form *f)
{
    const struct form *form = f->parent ? f->parent : f;
    return (struct ddl_table){
        .app = form->app->key, .form = form->key, .sub = f->parent ? f->key : STR_NONE};
}

struct form *schema_before(const struct app *old, const struct form *f)
{
    struct form *same = old ? app_form(old, f->key) : NULL;
    if (same || !old || !f->was.n || app_form(f->app, f->was))
        return same;
    return app_form(old, f->was);
}

struct form *schema_sub(const struct form *f, struct str key)
{
    struct field *field = f ? form_field(f, key) : NULL;
    return field ? field->sub : NULL;
}

static void add_column(struct arena *a, struct schema_table *t, struct ddl_column ddl,
                       const struct field *field, int is)
{
    struct schema_column c = {.ddl = ddl, .field = field};
    c.is = is;
    (void)vec_push(a, &t->columns, c);
}

static void add_columns(struct arena *a, const struct form *f, struct schema_table *t)
{
    const struct system_column *sys = f->parent ? SUB_COLUMNS : FORM_COLUMNS;
    size_t nsys = f->parent ? ARRAY_LEN(SUB_COLUMNS) : ARRAY_LEN(FORM_COLUMNS);
    for (size_t i = 0; i < nsys; i++)
        add_column(a, t, (struct ddl_column){sys[i].name, sys[i].kind, sys[i].not_null}, NULL,
                   COLUMN_OWN);
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (!field_has_column(field))
            continue;
        add_column(a, t, (struct ddl_column){field->key, field_column_kind(field), false}, field,
                   COLUMN_OWN);
        if (field_has_eq(field))
            add_column(a, t, (struct ddl_column){field_eq_name(a, field), COL_TEXT, false}, field,
                       COLUMN_EQ);
        if (field_has_key(field))
            add_column(a, t, (struct ddl_column){field_key_name(a, field), COL_TEXT, false}, field,
                       COLUMN_KEY);
    }
}

/* Adds an index once; its name is made of its kind and columns, so equal names are equal indexes.
 */
static void add_index(struct arena *a, struct schema_table *t, bool unique,
                      const struct str *columns, size_t n)
{
    struct strb name;
    strb_init(&name, a);
    strb_addz(&name, unique ? "u" : "i");
    for (size_t i = 0; i < n; i++) {
        strb_addc(&name, '_');
        strb_add(&name, columns[i]);
    }
    struct schema_index ix = {strb_str(&name), NULL, n, unique};
    for (size_t i = 0; i < t->indexes.n; i++)
        if (str_eq(t->indexes.v[i].name, ix.name))
            return;
    struct str *copy = ARENA_ARRAY(a, struct str, n);
    memcpy(copy, columns, n * sizeof *copy);
    ix.columns = copy;
    (void)vec_push(a, &t->indexes, ix);
}

/* In a sub-table values are unique within their record. */
static void add_unique(struct arena *a, struct schema_table *t, struct field *const *fields,
                       size_t n)
{
    struct str *columns = ARENA_ARRAY(a, struct str, n + 1);
    size_t k = 0;
    if (t->form->parent)
        columns[k++] = STR("_row");
    for (size_t i = 0; i < n; i++) {
        if (!field_is_sys(fields[i]) && !field_has_column(fields[i]))
            return;
        columns[k++] = field_unique_column(a, fields[i]);
    }
    add_index(a, t, true, columns, k);
}

static bool worth_an_index(const struct field *f)
{
    if (field_is_sys(f)) {
        for (size_t i = 0; i < ARRAY_LEN(INDEXED_SYSTEM); i++)
            if (str_eq(f->key, INDEXED_SYSTEM[i]))
                return true;
        return false;
    }
    if (field_has_eq(f))
        return true;
    if (!field_has_column(f) || field_column_kind(f) == COL_JSON ||
        field_column_kind(f) == COL_BLOB)
        return false;
    return f->index || !(str_eqz(f->type->name, "textarea") || str_eqz(f->type->name, "richtext") ||
                         str_eqz(f->type->name, "boolean"));
}

static void add_plain(struct arena *a, struct schema_table *t, const struct field *f)
{
    bool eq = f && !field_is_sys(f) && field_has_eq(f);
    struct str column = eq ? field_eq_name(a, f) : f ? f->key : STR_NONE;
    if (f && f->form == t->form && worth_an_index(f))
        add_index(a, t, false, &column, 1);
}

struct ref_adder {
    struct arena *a;
    struct schema_table *t;
};

static void add_ref(void *arg, const struct fx_ref *ref)
{
    struct ref_adder *in = arg;
    const struct field *f = ref->n ? ref->path[0].ref : NULL;
    if (f && ref->root == FX_ROW && (ref->n == 1 || f->target))
        add_plain(in->a, in->t, f);
}

static void add_refs(struct arena *a, struct schema_table *t, const struct fx *fx)
{
    struct ref_adder in = {a, t};
    if (fx)
        fx_each_ref(fx, add_ref, &in);
}

static void add_view(struct arena *a, struct schema_table *t, const struct view *v)
{
    add_refs(a, t, v->where);
    for (size_t i = 0; i < v->nsort; i++)
        add_plain(a, t, v->sort[i].field ? v->sort[i].field : form_sys(t->form, v->sort[i].sys));
    add_plain(a, t, v->by);
    add_plain(a, t, v->start);
}

/* The greatest and the least below a record, without reading all of it. */
static void add_rollup(struct arena *a, struct schema_table *t, const struct field *f)
{
    const struct field *of;
    enum roll_kind kind = f->rollup_of == t->form ? roll_kind(f, &of) : ROLL_OTHER;
    if ((kind != ROLL_MIN && kind != ROLL_MAX) || of->form != t->form || !worth_an_index(of) ||
        (f->rollup_by->type->flags & FT_MULTI))
        return;
    add_index(a, t, false, (const struct str[]){f->rollup_by->key, of->key}, 2);
}

static void add_indexes(struct arena *a, const struct form *f, struct schema_table *t)
{
    for (size_t i = 0; i < f->nfields; i++) {
        struct field *field = f->fields[i];
        if (field->unique && field_has_column(field))
            add_unique(a, t, &f->fields[i], 1);
        if (field->index || (field->type->flags & FT_REF))
            add_plain(a, t, field);
    }
    for (size_t i = 0; i < f->ndependents; i++)
        add_rollup(a, t, f->dependents[i]);
    for (size_t i = 0; i < f->nuniques; i++)
        add_unique(a, t, f->uniques[i].fields, f->uniques[i].nfields);
    if (f->parent) {
        add_index(a, t, false, (const struct str[]){STR("_row"), STR("_pos")}, 2);
        return;
    }
    add_plain(a, t, form_sys(f, SYS_OWNER));
    add_refs(a, t, f->restrict_fx);
    for (size_t i = 0; i < f->ngrants; i++) {
        add_refs(a, t, f->grants[i].where);
        add_refs(a, t, f->grants[i].ensure);
    }
    for (size_t i = 0; i < f->nviews; i++)
        add_view(a, t, &f->views[i]);
}

void schema_table(struct arena *a, const struct form *f, struct schema_table *out)
{
    *out = (struct schema_table){.form = f, .ddl = schema_name(f)};
    add_columns(a, f, out);
    add_indexes(a, f, out);
}
