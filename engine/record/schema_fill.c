/*
 * Computed columns whose values a publish makes untrue: found by comparing the definitions, filled
 * row by row through compute.c.
 */
#include "engine/record/schema_fill.h"

#include "engine/record/compute.h"
#include "engine/record/schema_int.h"

#define PAGE_BYTES (64u << 20)

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

/* One page of rows, in memory of its own. compute_stored goes on to rows of other forms that read
 * what changed. */
static int fill_page(const struct ctx *outer, struct arena *a, const struct form *f,
                     struct id_page *page, struct err *err)
{
    struct ctx c = *outer;
    int64_t after = page->n ? page->ids[page->n - 1] : INT64_MIN;
    c.a = a;
    c.events.v = NULL;
    c.events.n = 0;
    c.events.cap = 0;
    c.app = f->app;
    c.who = &who_system;
    c.records = NULL;
    c.lua = NULL;
    if (read_ids(&c, f, after, page, err) < 0)
        return -1;
    for (size_t i = 0; i < page->n; i++) {
        bool changed;
        if (compute_stored(&c, f, page->ids[i], &changed, err) < 0)
            return -1;
    }
    return 0;
}

static int fill_form(const struct ctx *c, struct arena *a, const struct form *f, struct err *err)
{
    struct id_page page = {.n = 0};
    do {
        struct arena_mark mark = arena_mark(a);
        if (fill_page(c, a, f, &page, err) < 0)
            return -1;
        arena_reset(a, mark);
    } while (page.n == SCHEMA_PAGE);
    return 0;
}

static int fill_stale(const struct ctx *c, struct arena *a, const struct app *old,
                      const struct app *new_, struct err *err)
{
    for (size_t i = 0; i < new_->nforms; i++) {
        const struct form *f = new_->forms[i];
        if (form_stale(schema_before(old, f), f) && fill_form(c, a, f, err) < 0)
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
    struct arena *a = arena_new(PAGE_BYTES);
    if (!a)
        oom_raise();
    arena_defer(c->a, free_arena, a); /* an unwind must not leak it */
    int rc = fill_stale(c, a, old, new_, err);
    arena_undefer(c->a, a);
    arena_free(&a);
    return rc;
}
