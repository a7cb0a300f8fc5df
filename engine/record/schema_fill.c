/*
 * Computed columns whose values a publish makes untrue: found by comparing the definitions. Those
 * of small forms are filled here, row by row through compute.c; the others by a job (backfill.c).
 */
#include "engine/record/schema_fill.h"

#include "engine/record/compute.h"
#include "engine/record/rollup.h"
#include "engine/record/schema_int.h"

#define PAGE_BYTES (64u << 20)
#define FILL_NOW   1000 /* rows of a form that are filled in the publishing transaction */

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
    return was && !was->sealing && field_has_column(was) && field_has_column(f) &&
           !schema_same_store(was, f);
}

/* ---- what is stale: by the number of a field in its app ---- */

struct stale {
    bool *field;
    size_t n; /* numbers in use */
};

static size_t highest(const struct form *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->nfields; i++) {
        n = MAX(n, (size_t)f->fields[i]->nth + 1);
        n = f->fields[i]->sub ? MAX(n, highest(f->fields[i]->sub)) : n;
    }
    return n;
}

static void mark_changed(struct stale *s, const struct form *old, const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        const struct field *was = old ? before(old, field) : NULL;
        s->field[field->nth] = field_stale(old, field) || (was && was->filling);
        if (field->sub)
            mark_changed(s, schema_sub(old, field->key), field->sub);
    }
}

/* What reads a stale field is stale. */
static bool spread(struct stale *s, const struct form *f)
{
    bool any = false;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        bool reads = false;
        for (size_t k = 0; k < field->nreads && !reads; k++)
            reads = !field_is_sys(field->reads[k]) && s->field[field->reads[k]->nth];
        if (reads && !s->field[field->nth] && is_computed(field)) {
            s->field[field->nth] = true;
            any = true;
        }
        if (field->sub && spread(s, field->sub))
            any = true;
    }
    return any;
}

static void find_stale(struct arena *a, struct stale *s, const struct app *old,
                       const struct app *new_)
{
    for (size_t i = 0; i < new_->nforms; i++)
        s->n = MAX(s->n, highest(new_->forms[i]));
    s->field = ARENA_ARRAY(a, bool, s->n + 1);
    for (size_t i = 0; i < new_->nforms; i++)
        mark_changed(s, schema_before(old, new_->forms[i]), new_->forms[i]);
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < new_->nforms; i++)
            again |= spread(s, new_->forms[i]);
    }
}

/* A form with a stale column, or a title that reads another way. */
/* What is sealed, or no more, may stand in the title. */
static bool seal_stale(const struct form *old, const struct form *f)
{
    for (size_t i = 0; old && i < f->nfields; i++) {
        const struct field *was = before(old, f->fields[i]);
        if (was && !was->sealing && was->encrypted != f->fields[i]->encrypted)
            return true;
    }
    return false;
}

static bool form_stale(const struct stale *s, const struct form *old, const struct form *f)
{
    if (seal_stale(old, f) || (old && !same_text(old->record_title, f->record_title)))
        return true;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if ((is_computed(field) && s->field[field->nth]) ||
            (field->sub && form_stale(s, schema_sub(old, field->key), field->sub)))
            return true;
    }
    return false;
}

/* ---- now, or by a job ---- */

static bool in_key(const struct form *f, const struct field *field)
{
    bool yes = field->unique;
    for (size_t i = 0; i < f->nuniques && !yes; i++)
        for (size_t k = 0; k < f->uniques[i].nfields; k++)
            yes |= f->uniques[i].fields[k] == field;
    return yes;
}

/* Every stale field can be read by its expression meanwhile, in SQL too, and no unique rule stands
 * on it. */
static bool can_wait(const struct stale *s, const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (field->sub && !can_wait(s, field->sub))
            return false;
        if (!is_computed(field) || !s->field[field->nth])
            continue;
        bool sql = !(fx_flags(field->value) & FX_NO_SQL) &&
                   !(field->rollup_where && (fx_flags(field->rollup_where) & FX_NO_SQL));
        if (!sql || in_key(f, field))
            return false;
    }
    return true;
}

static int many_rows(const struct ctx *c, struct arena *a, const struct form *f, struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(f);
    int64_t n = 0;
    sql_init(&q, a, store_dialect(c->store));
    sql_lit(&q, "SELECT count(*) FROM (SELECT 1 FROM ");
    sql_table(&q, t.app, t.form, t.sub);
    sql_lit(&q, " WHERE \"_deleted_at\" IS NULL LIMIT ");
    sql_int(&q, FILL_NOW + 1);
    sql_lit(&q, ") t");
    return store_get_int(c->db, a, &q, &n, err) < 0 ? -1 : n > FILL_NOW;
}

/* Many rows to fill, or a rollup to fill over many rows. */
static int is_large(const struct ctx *c, const struct stale *s, const struct form *f,
                    struct err *err)
{
    int many = many_rows(c, c->a, f, err);
    for (size_t i = 0; many == 0 && i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        const struct form *of = field->rollup_of;
        if (of && s->field[field->nth])
            many = many_rows(c, c->a, of->parent ? of->parent : of, err);
    }
    return many;
}

static void set_filling(const struct stale *s, const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++) {
        struct field *field = f->fields[i];
        field->filling = is_computed(field) && s->field[field->nth];
        if (field->sub)
            set_filling(s, field->sub);
    }
}

static bool waits(const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->filling || (f->fields[i]->sub && waits(f->fields[i]->sub)))
            return true;
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

static int choose(const struct ctx *c, const struct stale *s, const struct app *old,
                  struct app *new_, struct err *err)
{
    for (size_t i = 0; i < new_->nforms; i++) {
        const struct form *f = new_->forms[i];
        int many = form_stale(s, schema_before(old, f), f) && can_wait(s, f) &&
                           !seal_stale(schema_before(old, f), f)
                       ? is_large(c, s, f, err)
                       : 0;
        if (many < 0)
            return -1;
        if (many)
            set_filling(s, f);
    }
    return 0;
}

/* What averages remember of rows that counted another way. */
static int forget_averages(struct ctx *c, const struct stale *s, const struct form *f,
                           struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->rollup_of && s->field[f->fields[i]->nth] &&
            roll_forget(c, f->fields[i], 0, err))
            return -1;
    return 0;
}

static int fill_stale(struct ctx *c, struct arena *a, const struct app *old, struct app *new_,
                      struct err *err)
{
    struct stale s = {0};
    find_stale(c->a, &s, old, new_);
    if (choose(c, &s, old, new_, err))
        return -1;
    for (size_t i = 0; i < new_->nforms; i++)
        if (forget_averages(c, &s, new_->forms[i], err))
            return -1;
    for (size_t i = 0; i < new_->nforms; i++) {
        const struct form *f = new_->forms[i];
        if (!waits(f) && form_stale(&s, schema_before(old, f), f) && fill_form(c, a, f, err) < 0)
            return -1;
    }
    return 0;
}

static void free_arena(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

int schema_fill(struct ctx *c, const struct app *old, struct app *new_, struct err *err)
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
