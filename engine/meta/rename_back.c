/*
 * A rename taken back. The text of an earlier version knows nothing of the `was:` that came after
 * it; the version it replaces does. Without this a roll back would retire the renamed column with
 * all of its data and begin the old one empty.
 */
#include "engine/meta/diff.h"

static void fields_back(struct arena *a, const struct form *old, struct form *f)
{
    for (size_t i = 0; i < old->nfields; i++) {
        const struct field *was = old->fields[i];
        struct field *back = was->was.n ? form_field(f, was->was) : NULL;
        if (!back || back->was.n || form_field(old, was->was) || form_field(f, was->key))
            continue;
        back->was = str_dup(a, was->key);
    }
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *here = f->fields[i];
        const struct field *there = form_field(old, here->key);
        if (!there && here->was.n)
            there = form_field(old, here->was);
        if (here->sub && there && there->sub)
            fields_back(a, there->sub, here->sub);
    }
}

void app_renames_back(const struct app *old, struct app *new_)
{
    for (size_t i = 0; old && i < old->nforms; i++) {
        const struct form *was = old->forms[i];
        struct form *f = app_form(new_, was->key);
        struct form *back = was->was.n ? app_form(new_, was->was) : NULL;
        if (!f && back && !back->was.n && !app_form(old, was->was)) {
            back->was = str_dup(new_->a, was->key);
            f = back;
        }
        if (f)
            fields_back(new_->a, was, f);
    }
}
