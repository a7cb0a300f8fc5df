/*
 * Files named by a record: what the writer uploaded himself and nobody holds yet, what this record
 * holds already, or what he may read elsewhere in the app (then it is a copy). Names, types and
 * sizes are the stored ones. A file is claimed with the record.
 */
#include "engine/record/file.h"
#include "engine/record/file_type.h"
#include "engine/record/sealed.h"
#include "engine/record/write_int.h"

/* A record may name what it holds already, what its writer uploaded and nobody holds, and what its
 * writer may read elsewhere: of that it gets a copy (the same content under an id of its own). */
static int may_use(struct wr *w, const struct file *f, bool *copy, struct err *err)
{
    *copy = f->record && f->record != w->rec.id;
    if (f->record == w->rec.id)
        return 1;
    if (!w->by_user)
        return 1;
    if (!f->record)
        return f->created_by == w->c->who->id;
    const struct form *from = str_eq(f->app, w->f->app->key) ? app_form(w->f->app, f->form) : NULL;
    return from ? file_readable(w->c, from, f, err) : 0;
}

static bool fits(struct wr *w, const struct field *f, const struct file *file)
{
    bool image = !str_eqz(f->type->name, "file");
    bool ok = !f->naccept && !image;
    ok = ok || (!f->naccept && file_type_image(file->type));
    for (size_t i = 0; i < f->naccept && !ok; i++)
        ok = file_type_accepts(f->accept[i], file->type, file->name) &&
             (!image || file_type_image(file->type));
    if (!ok)
        diag_field(w->diags, f->key, "file_type", "“%.*s”不接受这种文件：%.*s。",
                   "“%.*s” does not take this kind of file: %.*s.", STR_ARG(f->title),
                   STR_ARG(file->name));
    return ok;
}

static int check_file(struct wr *w, const struct field *f, struct val *v, struct err *err)
{
    struct file row = {0};
    bool copy = false;
    int found = file_load(w->c, v->ref->id, &row, err);
    if (found == 1)
        found = may_use(w, &row, &copy, err);
    if (found == 1 && copy && row.erased)
        found = 0;
    if (found < 0)
        return -1;
    if (!found) {
        diag_field(w->diags, f->key, "file", "“%.*s”中的文件不存在，请重新上传。",
                   "A file of “%.*s” does not exist; please upload it again.", STR_ARG(f->title));
        return 0;
    }
    if (row.record != w->rec.id && !fits(w, f, &row))
        return 0;
    if (copy && wr_ok(w) && file_copy(w->c, &row, err))
        return -1;
    struct ref *r = ARENA_NEW(w->c->a, struct ref);
    *r = (struct ref){
        .id = row.id, .title = row.name, .type = row.type, .size_bytes = row.size_bytes};
    v->ref = r;
    return 0;
}

static int check_files(struct wr *w, const struct field *f, struct val *v, struct err *err)
{
    struct val *items = ARENA_ARRAY(w->c->a, struct val, v->n);
    memcpy(items, v->list, v->n * sizeof(*items));
    for (uint32_t i = 0; i < v->n; i++)
        if (items[i].kind == VAL_REF && check_file(w, f, &items[i], err))
            return -1;
    v->list = items;
    return 0;
}

static int each_files(struct wr *w, const struct rec *r,
                      int (*fn)(struct wr *w, const struct field *f, struct val *v,
                                struct err *err),
                      struct err *err)
{
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct field *f = r->form->fields[i];
        if (!f->sub && field_holds_files(f) && r->v[i].kind == VAL_LIST && fn(w, f, &r->v[i], err))
            return -1;
        for (size_t k = 0; f->sub && r->rows && k < r->rows[i].n; k++)
            if (each_files(w, &r->rows[i].v[k], fn, err))
                return -1;
    }
    return 0;
}

int wr_files(struct wr *w, struct err *err)
{
    return each_files(w, &w->rec, check_files, err);
}

static int claim(struct wr *w, const struct field *f, struct val *v, struct err *err)
{
    bool his = f->encrypted || f->sealing;
    struct file_claim k = {.record = w->rec.id,
                           .subject = his ? sealed_subject(f, &w->rec, NULL) : 0,
                           .app = w->f->app->key,
                           .form = w->f->key,
                           .field = f->key};
    if (f->form->parent)
        k.field =
            str_fmt(w->c->a, "%.*s.%.*s", STR_ARG(f->form->parent_field->key), STR_ARG(f->key));
    for (uint32_t i = 0; i < v->n; i++) {
        k.file = v->list[i].kind == VAL_REF ? v->list[i].ref->id : 0;
        if (k.file && file_claim(w->c, &k, err) < 0)
            return -1;
    }
    return 0;
}

int wr_claim_files(struct wr *w, struct err *err)
{
    return each_files(w, &w->rec, claim, err);
}

int files_follow(struct ctx *c, const struct rec *r, struct err *err)
{
    struct wr w = {.c = c, .f = r->form, .rec = *r};
    return each_files(&w, &w.rec, claim, err);
}
