/*
 * Filling columns of computed fields row by row, by id. How far it came is in _backfill, written
 * in the same transaction as the rows, so a server that was killed goes on where it stopped.
 */
#include "engine/record/backfill.h"

#include "engine/record/joins.h"
#include "engine/record/schema_int.h"
#include "engine/record/walk.h"
#include "engine/record/write_int.h"

/* ---- the notes ---- */

static int forget(struct ctx *c, const struct app *app, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _backfill WHERE app = ");
    sql_bind_str(&q, app->key);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int count_rows(struct ctx *c, const struct form *f, int64_t *n, struct err *err)
{
    struct sql q;
    *n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT count(*) FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"_deleted_at\" IS NULL");
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int note(struct ctx *c, const struct field *f, int64_t n, int64_t total, struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(f->form);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _backfill (app, form, sub, name, n, total) VALUES (");
    sql_bind_str(&q, t.app);
    sql_lit(&q, ", ");
    sql_bind_str(&q, t.form);
    sql_lit(&q, ", ");
    sql_bind_str(&q, t.sub);
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, n);
    sql_lit(&q, ", ");
    sql_bind_int(&q, total);
    sql_lit(&q, ") ON CONFLICT (app, form, sub, name) DO NOTHING");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int note_form(struct ctx *c, const struct form *f, int64_t n, int64_t total, bool *any,
                     struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        bool fills = field->filling || field->unjoined;
        if (fills && note(c, field, n, total, err))
            return -1;
        *any |= fills;
        if (field->sub && note_form(c, field->sub, n, total, any, err))
            return -1;
    }
    return 0;
}

static bool fills(const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->filling || f->fields[i]->unjoined ||
            (f->fields[i]->sub && fills(f->fields[i]->sub)))
            return true;
    return false;
}

static int add_job(struct ctx *c, const struct app *app, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, run_at, created_at, created_by)"
                " VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", 'backfill', ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, ", '{}', 'queued', ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who && c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int backfill_begin(struct ctx *c, const struct app *app, int64_t n, struct err *err)
{
    return forget(c, app, err) || backfill_add(c, app, n, err) ? -1 : 0;
}

int backfill_add(struct ctx *c, const struct app *app, int64_t n, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < app->nforms; i++) {
        int64_t total = 0;
        const struct form *f = app->forms[i];
        if (!fills(f))
            continue;
        if (count_rows(c, f, &total, err) || note_form(c, f, n, total, &any, err))
            return -1;
    }
    return any ? add_job(c, app, err) : 0;
}

int backfill_mark(struct conn *db, struct arena *a, struct app *app, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    sql_init(&q, a, store_dialect(store_of(db)));
    sql_lit(&q, "SELECT form, sub, name FROM _backfill WHERE app = ");
    sql_bind_str(&q, app->key);
    if (store_query(db, a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        const struct form *form = app_form(app, stmt_str(s, 0));
        if (form && stmt_str(s, 1).n)
            form = schema_sub(form, stmt_str(s, 1));
        struct field *f = form ? form_field(form, stmt_str(s, 2)) : NULL;
        if (f && f->value && f->stored)
            f->filling = true;
        else if (f && joins_has(f))
            f->unjoined = true;
    }
    stmt_done(s);
    return step;
}

/* Each form counts once, however many of its fields are filled. */
int backfill_state(struct conn *db, struct arena *a, struct str app, struct backfill *out,
                   struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    *out = (struct backfill){0};
    sql_init(&q, a, store_dialect(store_of(db)));
    sql_lit(&q, "SELECT max(done), max(total) FROM _backfill WHERE app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " GROUP BY form");
    if (store_query(db, a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        out->done += stmt_int(s, 0);
        out->total += stmt_int(s, 1);
        out->more = true;
    }
    stmt_done(s);
    return step;
}

/* ---- one row ---- */

static int join_fields(struct ctx *c, const struct rec *r, struct err *err)
{
    for (size_t i = 0; i < r->form->nfields; i++)
        if (r->form->fields[i]->unjoined && joins_field(c, r, r->form->fields[i], err))
            return -1;
    return 0;
}

static int fill_fields(struct ctx *c, struct rec *r, const struct rec *parent, struct err *err)
{
    const struct form *f = r->form;
    for (size_t i = 0; i < f->ncompute; i++)
        if (f->compute_order[i]->filling &&
            compute_field(c, r, parent, NULL, f->compute_order[i], err))
            return -1;
    return 0;
}

static int fill_subs(struct ctx *c, struct rec *now, const struct rec *old, struct err *err)
{
    for (size_t i = 0; now->rows && i < now->form->nfields; i++)
        for (size_t k = 0; k < now->rows[i].n; k++) {
            bool changed;
            struct rec *row = &now->rows[i].v[k];
            if (fill_fields(c, row, now, err) || join_fields(c, row, err) ||
                rows_set(c, row, &old->rows[i].v[k], &changed, err))
                return -1;
        }
    return 0;
}

/* Whatever reads these fields is filled too; only titles elsewhere have to be told. */
static int fill_row(struct ctx *c, const struct form *f, int64_t id, struct err *err)
{
    struct rec old;
    struct str title;
    bool changed;
    int found = record_load(c, f, id, REC_LIVE, &old, err);
    if (found <= 0)
        return found;
    struct rec now = rec_copy(c->a, &old);
    if (fill_subs(c, &now, &old, err) || fill_fields(c, &now, NULL, err) ||
        join_fields(c, &now, err) || title_compute(c, &now, &title, err))
        return -1;
    *rec_sys(&now, SYS_TITLE) = val_text(title);
    if (rows_set(c, &now, &old, &changed, err))
        return -1;
    rcache_forget(c);
    if (val_same(*rec_sys(&now, SYS_TITLE), *rec_sys(&old, SYS_TITLE)))
        return 0;
    return compute_title_dependents(c, &now, &old, err);
}

/* ---- a step ---- */

/* The first form that is not done: 1, 0, -1. */
static int next_form(struct ctx *c, struct walk *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT form, max(last_id) FROM _backfill WHERE app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " GROUP BY form ORDER BY form LIMIT 1");
    return walk_next(c, &q, out, err);
}

static int advance(struct ctx *c, const struct walk *at, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _backfill SET last_id = ");
    sql_bind_int(&q, at->last);
    sql_lit(&q, ", done = done + ");
    sql_bind_int(&q, at->done);
    sql_lit(&q, " WHERE app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, at->form->key);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int finish(struct ctx *c, const struct walk *at, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _backfill WHERE app = ");
    sql_bind_str(&q, c->app->key);
    if (at->form) {
        sql_lit(&q, " AND form = ");
        sql_bind_str(&q, at->form->key);
    }
    return store_exec(c->db, c->a, &q, NULL, err);
}

int backfill_step(struct ctx *c, struct arena *page, struct err *err)
{
    struct walk at;
    const struct walk_rows rows = {.row = fill_row, .page = page};
    int found = next_form(c, &at, err);
    if (found <= 0)
        return found;
    if (!at.form) /* the form is gone: nothing of it is left to fill */
        return finish(c, &at, err);
    if (walk_step(c, &rows, &at, err))
        return -1;
    return at.end ? finish(c, &at, err) : advance(c, &at, err);
}
