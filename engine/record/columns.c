/*
 * Names of the columns that stand beside a form's own.
 */
#include "engine/record/columns.h"

static bool in_key(const struct field *f)
{
    const struct form *form = f->form;
    for (size_t i = 0; form && i < form->nuniques; i++)
        for (size_t k = 0; k < form->uniques[i].nfields; k++)
            if (form->uniques[i].fields[k] == f)
                return true;
    return false;
}

bool field_has_key(const struct field *f)
{
    bool folds = f->type && (f->type->flags & FT_FOLD) && f->type->fold;
    return f->type && (folds || f->encrypted) && (f->unique || in_key(f));
}

bool field_in_key(const struct field *f)
{
    return f->unique || in_key(f);
}

struct str field_shadow_name(struct arena *a, const struct field *f, const char *suffix)
{
    return str_fmt(a, "_s_%.*s%s", STR_ARG(f->key), suffix);
}

bool field_has_eq(const struct field *f)
{
    return f->encrypted && f->type && !field_is_sys(f) && field_has_column(f);
}

struct str field_eq_name(struct arena *a, const struct field *f)
{
    return str_fmt(a, "%.*s__eq", STR_ARG(f->key));
}

struct str field_key_name(struct arena *a, const struct field *f)
{
    return str_fmt(a, "%.*s__key", STR_ARG(f->key));
}

struct str field_unique_column(struct arena *a, const struct field *f)
{
    return field_has_key(f) ? field_key_name(a, f) : f->key;
}
