/*
 * Computed columns whose values a publish makes untrue: found by comparing the definitions, filled
 * row by row through compute.c.
 */
#include "engine/record/schema_fill.h"

#include "engine/record/compute.h"
#include "engine/record/schema_int.h"

#define PAGE_BYTES (64u << 20)
#define PASSES_MAX 4 /* computed values over computed values of other forms */

static bool same_text(const struct fx *x, const struct fx *y)
{
    if (!x || !y)
        return x == y;
    return str_eq(fx_text(x), fx_text(y));
}

static struct str form_key(const struct form *f)
{
    return f ? f->key : STR_NONE;
}

static bool same_computation(const struct field *x, const struct field *y)
{
    return x->type == y->type && x->stored == y->stored && schema_same_store(x, y) &&
           same_text(x->value, y->value) && same_text(x->rollup_where, y->rollup_where) &&
           str_eq(form_key(x->rollup_of), form_key(y->rollup_of)) &&
           (!x->rollup_by || !y->rollup_by || str_eq(x->rollup_by->key, y->rollup_by->key));
}

static bool is_computed(const struct field *f)
{
    return (f->type->flags & FT_COMPUTED) && field_has_column(f);
}

static const struct field *before(const struct form *old, const struct field *f)
{
    const struct field *same = form_field(old, f->key);
    return same || !f->was.n ? same : form_field(old, f->was);
}

/* A computation is new or another one, or a stored field changed its type. */
static bool field_stale(const struct form *old, const struct field *f)
{
    const struct field *was = old ? before(old, f) : NULL;
    if (is_computed(f))
        return !was || !same_computation(was, f);
    return was && field_has_column(was) && field_has_column(f) && !schema_same_store(was, f);
}

static bool form_stale(const struct form *old, const struct form *f)
{
    if (old && !same_text(old->record_title, f->record_title))
        return true;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (field->sub ? form_stale(schema_sub(old, field->key), field->sub)
                       : field_stale(old, field))
            return true;
    }
    return false;
}

struct id_page {
    int64_t ids[SCHEMA_PAGE];
    size_t n;
};

static int read_ids(struct ctx *c, const struct form *f, int64_t after, struct id_page *out,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct ddl_table t = schema_name(f);
    int rc;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_table(&q, t.app, t.form, t.sub);
    sql_lit(&q, " WHERE \"_deleted_at\" IS NULL AND \"_id\" > ");
    sql_bind_int(&q, after);
    sql_lit(&q, " ORDER BY \"_id\" LIMIT ");
    sql_int(&q, SCHEMA_PAGE);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    out->n = 0;
    while ((rc = stmt_step(s, err)) == 1)
        out->ids[out->n++] = stmt_int(s, 0);
    stmt_done(s);
    return rc;
}

struct filler {
    struct ctx *c;
    struct arena *a; /* of one page of rows */
    bool changed;
};

static int fill_page(struct filler *fl, const struct form *f, struct id_page *page, int64_t after,
                     struct err *err)
{
    struct ctx c = *fl->c;
    c.a = fl->a;
    c.app = f->app;
    c.who = &who_system;
    c.records = NULL;
    c.lua = NULL;
    if (read_ids(&c, f, after, page, err) < 0)
        return -1;
    for (size_t i = 0; i < page->n; i++) {
        bool did = false;
        if (compute_stored(&c, f, page->ids[i], &did, err) < 0)
            return -1;
        fl->changed = fl->changed || did;
    }
    return 0;
}

static int fill_form(struct filler *fl, const struct form *f, struct err *err)
{
    struct id_page page = {.n = SCHEMA_PAGE};
    int64_t after = INT64_MIN;
    while (page.n == SCHEMA_PAGE) {
        struct arena_mark mark = arena_mark(fl->a);
        if (fill_page(fl, f, &page, after, err) < 0)
            return -1;
        arena_reset(fl->a, mark);
        if (page.n)
            after = page.ids[page.n - 1];
    }
    return 0;
}

/* Those that read a stale form's rows are stale too. */
static bool spread(const struct app *app, bool *stale)
{
    bool more = false;
    for (size_t i = 0; i < app->nforms; i++)
        for (size_t k = 0; stale[i] && k < app->forms[i]->ndependents; k++) {
            const struct form *f = app->forms[i]->dependents[k]->form;
            f = f->parent ? f->parent : f;
            for (size_t j = 0; j < app->nforms; j++)
                if (app->forms[j] == f && !stale[j])
                    more = stale[j] = true;
        }
    return more;
}

static int fill_stale(struct filler *fl, const struct app *app, const bool *stale, struct err *err)
{
    fl->changed = true;
    for (int pass = 0; fl->changed && pass < PASSES_MAX; pass++) {
        fl->changed = false;
        for (size_t i = 0; i < app->nforms; i++)
            if (stale[i] && fill_form(fl, app->forms[i], err) < 0)
                return -1;
    }
    return 0;
}

static void free_arena(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

int schema_fill(struct ctx *c, const struct app *old, const struct app *new_, struct err *err)
{
    bool *stale = ARENA_ARRAY(c->a, bool, new_->nforms);
    bool any = false;
    for (size_t i = 0; i < new_->nforms; i++) {
        const struct form *f = new_->forms[i];
        stale[i] = form_stale(old ? app_form(old, f->key) : NULL, f);
        any = any || stale[i];
    }
    if (!any)
        return 0;
    while (spread(new_, stale))
        continue;
    struct arena *a = arena_new(PAGE_BYTES);
    if (!a)
        oom_raise();
    arena_defer(c->a, free_arena, a); /* an unwind must not leak it */
    struct filler fl = {.c = c, .a = a};
    int rc = fill_stale(&fl, new_, stale, err);
    arena_undefer(c->a, a);
    arena_free(&a);
    return rc;
}
