/*
 * Which columns a publish needs that rows are to be copied into, and copying them.
 */
#include "engine/record/stage.h"

#include "engine/record/schema_int.h"

#define STAGE_ROWS 1000 /* a table with fewer rows is converted by the publish itself */
#define STEP_US    20000
#define DIRTY_PAGE 200

/* ---- the columns that are needed ---- */

struct column {
    const struct form *f, *old; /* of the table; old: as it runs */
    const struct schema_column *col;
    const struct field *from;
    enum schema_how how;
    const struct column *own; /* of one beside it: the converted one it is made of; NULL: as is */
    struct str source, stored_as;
    int64_t t, last;
    bool finished;
};

typedef VEC(struct column *) column_list;

static bool same_name(const struct form *x, const struct form *y)
{
    struct ddl_table a = schema_name(x), b = schema_name(y);
    return str_eq(a.form, b.form) && str_eq(a.sub, b.sub);
}

static struct column *add(struct arena *a, column_list *list, struct column col)
{
    struct column *one = ARENA_NEW(a, struct column);
    *one = col;
    (void)vec_push(a, list, one);
    return one;
}

/* Columns of one table whose rows would be converted. A field that is renamed too, or whose rows
 * are sealed for somebody that another table names, is left to the publish. */
static void table_columns(struct arena *a, const struct form *old, const struct form *f,
                          column_list *out)
{
    struct schema_table t;
    const struct column *own = NULL;
    const struct field *was = NULL;
    schema_table(a, f, &t);
    for (size_t i = 0; i < t.columns.n; i++) {
        struct schema_column *col = ARENA_NEW(a, struct schema_column);
        *col = t.columns.v[i];
        const struct field *field = col->field;
        if (col->is == COLUMN_OWN) {
            was = field ? schema_old_field(old, field) : NULL;
            bool here = was && str_eq(was->key, field->key) && field_has_column(was) &&
                        !(f->parent && field->subject.n) && !(field->type->flags & FT_COMPUTED) &&
                        !was->filling;
            was = here ? was : NULL;
            own = NULL;
            if (was && !schema_same_store(was, field))
                own = add(a, out,
                          (struct column){.f = f,
                                          .old = old,
                                          .col = col,
                                          .from = was,
                                          .how = COPY_CONVERT,
                                          .source = was->key});
        } else if (was && col->is != COLUMN_SHADOW) {
            add(a, out,
                (struct column){.f = f,
                                .old = old,
                                .col = col,
                                .from = field,
                                .how = col->is == COLUMN_EQ ? COPY_HASH : COPY_FOLD,
                                .own = own,
                                .source = field->key});
        }
    }
}

static struct form *form_there(const struct app *app, const struct form *f)
{
    struct form *same = schema_before(app, f);
    return same && same_name(same, f) ? same : NULL;
}

static void all_columns(const struct stage *s, column_list *out)
{
    struct arena *a = s->c->a;
    for (size_t i = 0; i < s->new_->nforms; i++) {
        const struct form *f = s->new_->forms[i];
        const struct form *old = form_there(s->old, f);
        if (!old)
            continue;
        table_columns(a, old, f, out);
        for (size_t k = 0; k < f->nfields; k++) {
            const struct form *sub = f->fields[k]->sub;
            const struct form *was = sub ? schema_sub(old, f->fields[k]->key) : NULL;
            if (was)
                table_columns(a, was, sub, out);
        }
    }
}

/* ---- _stage ---- */

static void where_app(struct sql *q, struct str app)
{
    sql_lit(q, " WHERE app = ");
    sql_bind_str(q, app);
}

static int run(struct ctx *c, const struct sql *q, struct err *err)
{
    return store_exec(c->db, c->a, q, NULL, err);
}

static int note(struct ctx *c, const struct column *col, int64_t job, int64_t pos, int64_t total,
                struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(col->f);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _stage (app, form, sub, name, stored_as, source, t, job, pos, total)"
                " VALUES (");
    const struct str words[] = {t.app,          t.form,     t.sub, col->col->ddl.name,
                                col->stored_as, col->source};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        sql_bind_str(&q, words[i]);
        sql_lit(&q, ", ");
    }
    sql_bind_int(&q, col->t);
    sql_lit(&q, ", ");
    sql_bind_int(&q, job);
    sql_lit(&q, ", ");
    sql_bind_int(&q, pos);
    sql_lit(&q, ", ");
    sql_bind_int(&q, total);
    sql_lit(&q, ")");
    return run(c, &q, err);
}

/* The noted ones of all that are needed, in the order they are copied in. */
static int noted(const struct stage *s, column_list *out, struct err *err)
{
    struct sql q;
    struct stmt *st;
    struct ctx *c = s->c;
    column_list all = {0};
    int step;
    all_columns(s, &all);
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT form, sub, name, stored_as, source, t, last_id, finished FROM _stage");
    where_app(&q, s->new_->key);
    sql_lit(&q, " ORDER BY pos");
    if (store_query(c->db, c->a, &q, &st, err))
        return -1;
    while ((step = stmt_step(st, err)) == 1)
        for (size_t i = 0; i < all.n; i++) {
            struct column *col = all.v[i];
            struct ddl_table t = schema_name(col->f);
            if (!str_eq(t.form, stmt_str(st, 0)) || !str_eq(t.sub, stmt_str(st, 1)) ||
                !str_eq(col->col->ddl.name, stmt_str(st, 2)))
                continue;
            col->stored_as = str_dup(c->a, stmt_str(st, 3));
            col->source = str_dup(c->a, stmt_str(st, 4));
            col->t = stmt_int(st, 5);
            col->last = stmt_null(st, 6) ? INT64_MIN : stmt_int(st, 6);
            col->finished = stmt_int(st, 7) != 0;
            (void)vec_push(c->a, out, col);
        }
    stmt_done(st);
    return step;
}

int stage_column(struct ctx *c, const struct ddl_table *t, struct str name, struct str *stored_as,
                 struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT stored_as FROM _stage");
    where_app(&q, t->app);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, t->form);
    sql_lit(&q, " AND sub = ");
    sql_bind_str(&q, t->sub);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, name);
    sql_lit(&q, " AND finished = 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *stored_as = str_dup(c->a, stmt_str(s, 0));
    stmt_done(s);
    return step;
}

int stage_state(struct conn *db, struct arena *a, struct str app, struct stage_state *out,
                struct err *err)
{
    struct sql q;
    struct stmt *s;
    *out = (struct stage_state){0};
    sql_init(&q, a, store_dialect(store_of(db)));
    sql_lit(&q, "SELECT max(job), coalesce(sum(done), 0), coalesce(sum(total), 0) FROM _stage");
    where_app(&q, app);
    if (store_query(db, a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = (struct stage_state){stmt_null(s, 0) ? 0 : stmt_int(s, 0), stmt_int(s, 1),
                                    stmt_int(s, 2)};
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

/* ---- beginning ---- */

static int count_rows(struct ctx *c, const struct form *f, int64_t *n, struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(f);
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT count(*) FROM ");
    sql_table(&q, t.app, t.form, t.sub);
    *n = 0;
    int has = ddl_has_table(c->db, c->a, &t, err);
    return has <= 0 ? has : store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

/* One that stands beside its field's own is there already and stays. */
static int is_there(struct ctx *c, const struct column *col, struct err *err)
{
    struct str *names;
    size_t n;
    struct ddl_table t = schema_name(col->f);
    const struct field *was = schema_old_field(col->old, col->col->field);
    if (col->how == COPY_CONVERT || col->own || (was && was->type != col->col->field->type))
        return 0;
    if (ddl_columns(c->db, c->a, &t, &names, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], col->col->ddl.name))
            return 1;
    return 0;
}

static int add_columns(const struct stage *s, column_list *cols, int64_t job, struct err *err)
{
    struct ctx *c = s->c;
    char buf[16];
    for (size_t i = 0; i < cols->n; i++) {
        struct column *col = cols->v[i];
        struct ddl_table t = schema_name(col->f);
        struct ddl_column ddl = col->col->ddl;
        col->stored_as =
            str_fmt(c->a, "_s%.*s_%.*s", STR_ARG(id_print(job, buf)), STR_ARG(ddl.name));
        ddl.name = col->stored_as;
        ddl.not_null = false;
        if (col->own)
            col->source = col->own->stored_as;
        if (ddl_add_column(c->db, c->a, &t, &ddl, err))
            return -1;
    }
    return 0;
}

/* The columns of one table whose writes matter. */
struct watched {
    const struct form *f, *old;
    const column_list *cols;
    int64_t t;
};

static int watch(struct ctx *c, const struct watched *w, struct err *err)
{
    VEC(struct str) names = {0};
    struct ddl_table t = schema_name(w->f);
    for (size_t i = 0; i < w->cols->n; i++) {
        const struct column *col = w->cols->v[i];
        const struct field *f = col->col->field;
        if (col->f != w->f || col->own)
            continue;
        (void)vec_push(c->a, &names, col->source);
        const struct field *subject = f->subject.n ? form_field(w->old, f->subject) : NULL;
        if (subject && field_has_column(subject))
            (void)vec_push(c->a, &names, subject->key);
    }
    struct ddl_watch d = {w->t, names.v, names.n};
    return ddl_unwatch(c->db, c->a, &t, err) || ddl_watch(c->db, c->a, &t, &d, err) ? -1 : 0;
}

static int begin_table(const struct stage *s, const column_list *all, size_t first, int64_t job,
                       struct err *err)
{
    struct ctx *c = s->c;
    const struct form *f = all->v[first]->f;
    column_list mine = {0};
    int64_t rows;
    if (count_rows(c, f, &rows, err))
        return -1;
    if (rows <= STAGE_ROWS)
        return 0;
    for (size_t i = first; i < all->n; i++) {
        int there = all->v[i]->f == f ? is_there(c, all->v[i], err) : 1;
        if (there < 0)
            return -1;
        if (!there)
            (void)vec_push(c->a, &mine, all->v[i]);
    }
    if (!mine.n)
        return 0;
    struct watched w = {f, mine.v[0]->old, &mine, id_next(c->ids, c->now_us)};
    if (add_columns(s, &mine, job, err) || watch(c, &w, err))
        return -1;
    for (size_t i = 0; i < mine.n; i++) {
        mine.v[i]->t = w.t;
        if (note(c, mine.v[i], job, (int64_t)(first + i), rows, err))
            return -1;
    }
    return 1;
}

int stage_begin(const struct stage *s, int64_t job, struct err *err)
{
    column_list all = {0};
    int any = 0;
    if (!s->old)
        return 0;
    if (stage_drop(s->c, s->new_->key, err))
        return -1;
    all_columns(s, &all);
    for (size_t i = 0; i < all.n; i++) {
        if (i && all.v[i]->f == all.v[i - 1]->f)
            continue;
        int begun = begin_table(s, &all, i, job, err);
        if (begun < 0)
            return -1;
        any |= begun;
    }
    return any;
}

int stage_goes_on(const struct stage *s, int64_t job, struct err *err)
{
    column_list cols = {0};
    struct stage_state st;
    if (stage_state(s->c->db, s->c->a, s->new_->key, &st, err))
        return -1;
    if (st.job != job)
        return 0;
    if (noted(s, &cols, err))
        return -1;
    for (size_t i = 0; i < cols.n; i++) {
        struct ddl_table t = schema_name(cols.v[i]->f);
        int watched = ddl_watched(s->c->db, s->c->a, &t, err);
        if (watched <= 0)
            return watched;
    }
    return cols.n != 0;
}

/* ---- copying ---- */

static struct schema_copy copy_of(const struct stage *s, const struct column *col,
                                  struct ddl_table *t)
{
    *t = schema_name(col->f);
    return (struct schema_copy){.db = s->c->db,
                                .vault = s->c->vault,
                                .a = s->page,
                                .t = t,
                                .old = col->old,
                                .source = col->source,
                                .column = col->stored_as,
                                .from = col->from,
                                .to = col->col->field,
                                .how = col->how};
}

static int advance(struct ctx *c, const struct column *col, int64_t rows, struct err *err)
{
    struct sql q;
    struct ddl_table t = schema_name(col->f);
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _stage SET last_id = ");
    sql_bind(&q, col->last == INT64_MIN ? VAL_NONE : val_dec(col->last, 0));
    if (col->finished)
        sql_lit(&q, ", finished = 1, done = total");
    else
        sql_lit(&q, ", done = done + ");
    if (!col->finished)
        sql_bind_int(&q, rows);
    where_app(&q, t.app);
    sql_lit(&q, " AND stored_as = ");
    sql_bind_str(&q, col->stored_as);
    return run(c, &q, err);
}

static int copy_some(const struct stage *s, struct column *col, int64_t until, struct err *err)
{
    struct ddl_table t;
    const struct schema_copy f = copy_of(s, col, &t);
    size_t n = SCHEMA_PAGE;
    int64_t rows = 0;
    while (n == SCHEMA_PAGE && s->c->mono_us() < until) {
        struct arena_mark mark = arena_mark(s->page);
        if (schema_copy_page(&f, &col->last, &n, err))
            return -1;
        arena_reset(s->page, mark);
        rows += (int64_t)n;
    }
    col->finished = n < SCHEMA_PAGE;
    return advance(s->c, col, rows, err);
}

/* ---- what was written meanwhile ---- */

struct dirty_row {
    int64_t t, id;
};

static int read_dirty(const struct stage *s, struct dirty_row *out, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *st;
    struct ctx *c = s->c;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT t, id FROM _stage_dirty WHERE t IN (SELECT t FROM _stage");
    where_app(&q, s->new_->key);
    sql_lit(&q, ") LIMIT ");
    sql_int(&q, DIRTY_PAGE);
    if (store_query(c->db, c->a, &q, &st, err))
        return -1;
    *n = 0;
    while ((step = stmt_step(st, err)) == 1)
        out[(*n)++] = (struct dirty_row){stmt_int(st, 0), stmt_int(st, 1)};
    stmt_done(st);
    return step;
}

static int copy_dirty(const struct stage *s, const column_list *cols, const struct dirty_row *row,
                      struct err *err)
{
    struct sql q;
    struct arena_mark mark = arena_mark(s->page);
    for (size_t i = 0; i < cols->n; i++) {
        struct ddl_table t;
        if (cols->v[i]->t != row->t)
            continue;
        const struct schema_copy f = copy_of(s, cols->v[i], &t);
        if (schema_copy_row(&f, row->id, err))
            return -1;
    }
    arena_reset(s->page, mark);
    ctx_sql(s->c, &q);
    sql_lit(&q, "DELETE FROM _stage_dirty WHERE t = ");
    sql_bind_int(&q, row->t);
    sql_lit(&q, " AND id = ");
    sql_bind_int(&q, row->id);
    return run(s->c, &q, err);
}

/* Pages of them until `until`, or all: *n of the last page. */
static int drain(const struct stage *s, const column_list *cols, int64_t until, size_t *n,
                 struct err *err)
{
    struct dirty_row *rows = ARENA_ARRAY(s->c->a, struct dirty_row, DIRTY_PAGE);
    do {
        if (read_dirty(s, rows, n, err))
            return -1;
        for (size_t i = 0; i < *n; i++)
            if (copy_dirty(s, cols, &rows[i], err))
                return -1;
    } while (*n == DIRTY_PAGE && s->c->mono_us() < until);
    return 0;
}

int stage_step(const struct stage *s, struct err *err)
{
    column_list cols = {0};
    size_t n;
    int64_t until = s->c->mono_us() + STEP_US;
    if (noted(s, &cols, err))
        return -1;
    for (size_t i = 0; i < cols.n; i++)
        if (!cols.v[i]->finished)
            return copy_some(s, cols.v[i], until, err) ? -1 : 1;
    if (drain(s, &cols, until, &n, err))
        return -1;
    return n == DIRTY_PAGE;
}

/* ---- the end ---- */

static int unwatch_all(struct ctx *c, struct str app, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct ddl_table) list = {0};
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT DISTINCT form, sub FROM _stage");
    where_app(&q, app);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        struct ddl_table t = {.app = app,
                              .form = str_dup(c->a, stmt_str(s, 0)),
                              .sub = str_dup(c->a, stmt_str(s, 1))};
        (void)vec_push(c->a, &list, t);
    }
    stmt_done(s);
    for (size_t i = 0; step == 0 && i < list.n; i++)
        step = ddl_unwatch(c->db, c->a, &list.v[i], err);
    if (step < 0)
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _stage_dirty WHERE t IN (SELECT t FROM _stage");
    where_app(&q, app);
    sql_lit(&q, ")");
    return run(c, &q, err);
}

int stage_settle(const struct stage *s, struct err *err)
{
    column_list cols = {0};
    size_t n;
    if (noted(s, &cols, err) || drain(s, &cols, INT64_MAX, &n, err))
        return -1;
    return unwatch_all(s->c, s->new_->key, err);
}

int stage_end(struct ctx *c, struct str app, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _stage");
    where_app(&q, app);
    return run(c, &q, err);
}

int stage_drop(struct ctx *c, struct str app, struct err *err)
{
    struct sql q;
    if (unwatch_all(c, app, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _retired (app, form, sub, name, stored_as, kind, at, n) SELECT app,"
                " form, sub, '_s', stored_as, '', ");
    sql_int(&q, c->now_us); /* a column of the list: its type must be told */
    sql_lit(&q, ", 0 FROM _stage");
    where_app(&q, app);
    sql_lit(&q, " ON CONFLICT (app, form, sub, stored_as) DO NOTHING");
    return run(c, &q, err) ? -1 : stage_end(c, app, err);
}
