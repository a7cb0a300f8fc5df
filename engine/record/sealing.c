/*
 * Sealing the rows of before, and what follows; see the header.
 */
#include "engine/record/sealing.h"

#include "engine/record/schema_int.h"
#include "engine/record/walk.h"
#include "engine/record/write_int.h"

static const struct str PHASES[] = {[SEALING_FILL] = STR("fill"), [SEALING_AFTER] = STR("after")};

/* ---- what a publish leaves to the job ---- */

static int has_many(struct ctx *c, const struct form *f, struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(f);
    int64_t one;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM ");
    sql_table(&q, t.app, t.form, t.sub);
    sql_lit(&q, " LIMIT 1 OFFSET ");
    sql_int(&q, SEALING_NOW);
    return store_get_int(c->db, c->a, &q, &one, err);
}

struct names {
    struct ctx *c;
    VEC(struct str) list;
};

static void add_name(struct names *l, const struct field *f)
{
    struct ddl_table t = schema_name(f->form);
    struct str sub = t.sub.n ? str_fmt(l->c->a, ".%.*s", STR_ARG(t.sub)) : STR_NONE;
    (void)vec_push(
        l->c->a, &l->list,
        str_fmt(l->c->a, "%.*s%.*s.%.*s", STR_ARG(t.form), STR_ARG(sub), STR_ARG(f->key)));
}

static int later_of(struct names *l, const struct form *old, const struct form *f, struct err *err)
{
    int many = -2; /* not asked yet */
    for (size_t i = 0; old && i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        const struct field *was = form_field(old, field->key);
        if (!was || field_is_sys(was))
            continue;
        if (field->sub && was->sub && later_of(l, was->sub, field->sub, err))
            return -1;
        if (field->sub || !field_has_column(was) || !schema_only_seals(was, field))
            continue;
        if (many == -2)
            many = has_many(l->c, old, err);
        if (many < 0)
            return -1;
        if (many || field_holds_files(field)) /* the job seals the files too */
            add_name(l, field);
    }
    return 0;
}

int sealing_later(struct ctx *c, const struct app *old, const struct app *new_, struct str **out,
                  size_t *n, struct err *err)
{
    struct names l = {.c = c};
    for (size_t i = 0; old && i < new_->nforms; i++) {
        const struct form *f = new_->forms[i];
        const struct form *was = app_form(old, f->key); /* a renamed one is done at once */
        if (was && later_of(&l, was, f, err))
            return -1;
    }
    *out = l.list.v;
    *n = l.list.n;
    return 0;
}

/* ---- its rows ---- */

static int count_rows(struct ctx *c, const struct form *f, int64_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT count(*) FROM ");
    sql_form(&q, f);
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int note_field(struct ctx *c, const struct field *f, int64_t total, struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(f->form);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _sealing (app, form, sub, name, phase, total) VALUES (");
    const struct str texts[] = {t.app, t.form, t.sub.n ? t.sub : STR("-"), f->key};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        sql_bind_str(&q, texts[i]);
        sql_lit(&q, ", ");
    }
    sql_lit(&q, "'fill', ");
    sql_bind_int(&q, total);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static bool seals(const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sealing || (f->fields[i]->sub && seals(f->fields[i]->sub)))
            return true;
    return false;
}

static int note_form(struct ctx *c, const struct form *f, int64_t total, struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (field->sealing && note_field(c, field, total, err))
            return -1;
        if (field->sub && note_form(c, field->sub, total, err))
            return -1;
    }
    return 0;
}

static int add_job(struct ctx *c, const struct app *app, int64_t total, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, total, run_at, created_at,"
                " created_by) VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", 'seal', ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, ", '{}', 'running', ");
    sql_bind_int(&q, total);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who && c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int sealing_begin(struct ctx *c, const struct app *app, struct err *err)
{
    int64_t all = 0;
    bool any = false;
    for (size_t i = 0; i < app->nforms; i++) {
        int64_t total = 0;
        const struct form *f = app->forms[i];
        if (!seals(f))
            continue;
        if (count_rows(c, f, &total, err) || note_form(c, f, total, err))
            return -1;
        any = true;
        all += total;
    }
    return any ? add_job(c, app, all, err) : 0;
}

int sealing_state(struct conn *db, struct arena *a, struct str app, struct sealing *out,
                  struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct str form = STR_NONE;
    VEC(struct str) list = {0};
    *out = (struct sealing){0};
    sql_init(&q, a, store_dialect(store_of(db)));
    sql_lit(&q, "SELECT form, sub, name, phase, done, total FROM _sealing WHERE app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " ORDER BY form, sub, name");
    if (store_query(db, a, &q, &s, err))
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1) {
        struct str f = str_dup(a, stmt_str(s, 0)), sub = str_dup(a, stmt_str(s, 1));
        bool top = str_eqz(sub, "-");
        out->phase = str_eq(stmt_str(s, 3), PHASES[SEALING_FILL]) ? SEALING_FILL : SEALING_AFTER;
        if (!str_eq(f, form)) { /* each form counts once */
            out->done += stmt_int(s, 4);
            out->total += stmt_int(s, 5);
        }
        form = f;
        (void)vec_push(a, &list,
                       str_fmt(a, "%.*s.%.*s%s%.*s", STR_ARG(f), STR_ARG(top ? STR_NONE : sub),
                               top ? "" : ".", STR_ARG(stmt_str(s, 2))));
    }
    stmt_done(s);
    out->fields = list.v;
    out->n = list.n;
    return rc;
}

int sealing_free(struct ctx *c, struct str app, struct err *err)
{
    struct sealing s;
    if (sealing_state(c->db, c->a, app, &s, err))
        return -1;
    if (s.phase == SEALING_NONE)
        return 0;
    return err_set(
        err, ERR_CONFLICT, "backfilling",
        "应用“%.*s”的敏感字段正在加密（%lld/%lld 行），完成后再试。",
        "Sensitive fields of the app “%.*s” are being encrypted (%lld of %lld rows); try "
        "again when that is done.",
        STR_ARG(app), (long long)s.done, (long long)s.total);
}

/* ---- rows ---- */

/* The first form whose rows are not done: 1, 0, -1. */
static int next_form(struct ctx *c, struct walk *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT form, max(last_id) FROM _sealing WHERE phase = 'fill' AND app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " GROUP BY form HAVING max(last_id) >= 0 ORDER BY form LIMIT 1");
    return walk_next(c, &q, out, err);
}

/* The title leaves out what is sensitive now; so do those that show it. */
static int seal_row(struct ctx *c, const struct form *f, int64_t id, struct err *err)
{
    struct rec old;
    struct str title;
    bool changed;
    int found = record_load(c, f, id, REC_ANY, &old, err);
    if (found <= 0)
        return found;
    struct rec now = rec_copy(c->a, &old);
    if (rows_shadow(c, &now, err) || files_follow(c, &now, err) ||
        title_compute(c, &now, &title, err))
        return -1;
    *rec_sys(&now, SYS_TITLE) = title.n ? val_text(title) : VAL_NONE;
    if (val_same(*rec_sys(&now, SYS_TITLE), *rec_sys(&old, SYS_TITLE)))
        return 0;
    if (rows_set(c, &now, &old, &changed, err))
        return -1;
    rcache_forget(c);
    return compute_title_dependents(c, &now, &old, err);
}

/* last < 0: the form is done. */
static int advance(struct ctx *c, struct str form, int64_t last, int64_t rows, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _sealing SET last_id = ");
    sql_bind_int(&q, last);
    sql_lit(&q, ", done = done + ");
    sql_bind_int(&q, rows);
    sql_lit(&q, " WHERE app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, form);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET done = done + ");
    sql_bind_int(&q, rows);
    sql_lit(&q, " WHERE kind = 'seal' AND state = 'running' AND app = ");
    sql_bind_str(&q, c->app->key);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int sealing_step(struct ctx *c, struct arena *page, bool *more, struct err *err)
{
    struct walk at;
    const struct walk_rows rows = {.row = seal_row, .page = page, .bin = true};
    int found = next_form(c, &at, err);
    *more = found == 1 && at.form;
    if (!*more)
        return found < 0 ? -1 : 0;
    return walk_step(c, &rows, &at, err) ||
                   advance(c, at.form->key, at.end ? -1 : at.last, at.done, err)
               ? -1
               : 0;
}

int sealing_placed(struct ctx *c, struct str app, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _sealing SET phase = 'after', last_id = 0 WHERE app = ");
    sql_bind_str(&q, app);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- behind it ---- */

static int drop_clear(struct ctx *c, const struct form *f, struct err *err)
{
    struct str *names;
    size_t n;
    struct ddl_table t = schema_name(f);
    if (ddl_columns(c->db, c->a, &t, &names, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (str_starts(names[i], STR("_x_")) && ddl_drop_column(c->db, c->a, &t, names[i], err))
            return -1;
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub && drop_clear(c, f->fields[i]->sub, err))
            return -1;
    return 0;
}

static int end_form(struct ctx *c, struct str form, struct err *err)
{
    struct sql q;
    const struct form *f = app_form(c->app, form);
    if (f && drop_clear(c, f, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _sealing WHERE app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, form);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET state = 'done', finished_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE kind = 'seal' AND state = 'running' AND app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " AND NOT EXISTS (SELECT 1 FROM _sealing s WHERE s.app = _job.app)");
    store_repack(c->db);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int sealing_after(struct ctx *c, const struct app *clear, bool *more, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct str form = STR_NONE;
    int64_t last = 0;
    size_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT form, max(last_id) FROM _sealing WHERE phase = 'after' AND app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " GROUP BY form ORDER BY form LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        form = str_dup(c->a, stmt_str(s, 0));
        last = stmt_int(s, 1);
    }
    stmt_done(s);
    *more = step == 1;
    if (step != 1)
        return step;
    const struct form *old = app_form(clear, form);
    const struct form *now = app_form(c->app, form);
    if (old && now && schema_seal_late(c, old, now, &last, &n, err))
        return -1;
    return n ? advance(c, form, last, 0, err) : end_form(c, form, err);
}
