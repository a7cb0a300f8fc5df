/*
 * The tables that a definition asks for: their columns. Their indexes: schema_index.c.
 */
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

static void add_shadows(struct arena *a, const struct field *f, struct schema_table *t)
{
    static const char *const SUFFIXES[] = {"", "__eq", "__key"};
    size_t n = ARRAY_LEN(SUFFIXES) - !field_in_key(f);
    for (size_t k = 0; k < n; k++)
        add_column(a, t, (struct ddl_column){field_shadow_name(a, f, SUFFIXES[k]), COL_TEXT, false},
                   f, COLUMN_SHADOW);
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
        if (field->sealing)
            add_shadows(a, field, t);
        if (field_has_eq(field))
            add_column(a, t, (struct ddl_column){field_eq_name(a, field), COL_TEXT, false}, field,
                       COLUMN_EQ);
        if (field_has_key(field))
            add_column(a, t, (struct ddl_column){field_key_name(a, field), COL_TEXT, false}, field,
                       COLUMN_KEY);
    }
}

void schema_table(struct arena *a, const struct form *f, struct schema_table *out)
{
    *out = (struct schema_table){.form = f, .ddl = schema_name(f)};
    add_columns(a, f, out);
    schema_indexes(a, out);
}
