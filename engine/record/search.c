/*
 * Keeping search indexes: which fields, the index's rows beside the form's, filling.
 */
#include "engine/record/search.h"

#include "engine/record/search_int.h"
#include "engine/record/write_int.h"
#include "engine/value/token.h"

#define FILL_PAGE   1000 /* rows of a write job: some 40 ms */
#define FILL_INLINE 2000 /* rows that a publish fills itself */
#define WHOLE       INT64_MAX
#define ROWS_A_TIME 64 /* words of one statement (PostgreSQL) */

/* ---- what is searched ---- */

static bool may_index(const struct field *f)
{
    return f->type && !f->sub && f->sensitive == SENS_NONE &&
           (f->type->flags & (FT_TEXTUAL | FT_SERIAL)) && (!f->value || f->stored) &&
           field_has_column(f) && field_column_kind(f) == COL_TEXT;
}

struct field_list {
    const struct form *f;
    const struct field **v;
    size_t n;
    bool sensitive; /* of the title's inputs */
};

static void add(struct field_list *l, const struct field *f)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i] == f)
            return;
    l->v[l->n++] = f;
}

static void title_input(void *arg, const struct fx_ref *ref)
{
    struct field_list *l = arg;
    for (uint32_t i = 0; i < ref->n; i++) {
        const struct field *f = ref->path[i].ref;
        l->sensitive |= f && f->sensitive != SENS_NONE;
    }
    const struct field *first = ref->n ? ref->path[0].ref : NULL;
    if (ref->root == FX_ROW && ref->n == 1 && first && first->form == l->f && may_index(first))
        add(l, first);
}

/* The title as stored for those who see all of it; its plain inputs for the others. */
static void add_title(struct field_list *l)
{
    const struct field *text = l->f->record_title ? NULL : title_field(l->f);
    if (text && may_index(text))
        add(l, text);
    if (!l->f->record_title)
        return;
    fx_each_ref(l->f->record_title, title_input, l);
    const struct field *same = form_field(l->f, str_trim(fx_text(l->f->record_title)));
    bool twice = same && !field_is_sys(same) && may_index(same); /* the same words, read alike */
    if (!l->sensitive && !twice)
        add(l, l->f->sys[SYS_TITLE]);
}

static bool is_long(const struct field *f)
{
    return str_eqz(f->type->name, "textarea") || str_eqz(f->type->name, "richtext");
}

const struct field **search_fields(struct arena *a, const struct form *f, size_t *n)
{
    struct field_list l = {.f = f, .v = arena_array(a, f->nfields + 1, sizeof(*l.v))};
    bool marked = false;
    add_title(&l);
    for (size_t i = 0; i < f->nfields; i++)
        marked |= f->fields[i]->search;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        bool said = marked ? field->search
                           : !is_long(field) && (field->type->flags & FT_TEXTUAL) && !field->value;
        if (said && may_index(field))
            add(&l, field);
    }
    *n = l.n;
    return l.v;
}

struct ddl_table search_table(const struct form *f)
{
    return (struct ddl_table){.app = f->app->key, .form = f->key, .sub = STR("_search")};
}

void search_table_sql(struct sql *q, const struct form *f)
{
    sql_table(q, f->app->key, f->key, STR("_search"));
}

static struct str signature(struct arena *a, const struct form *f)
{
    size_t n;
    const struct field **v = search_fields(a, f, &n);
    struct strb b;
    strb_init(&b, a);
    strb_addi(&b, TOKEN_VERSION);
    for (size_t i = 0; i < n; i++)
        strb_addf(&b, " %.*s:%.*s", STR_ARG(v[i]->key),
                  STR_ARG(v[i]->type ? v[i]->type->name : STR("title")));
    return strb_str(&b);
}

/* ---- the row that says what an index holds ---- */

/* 1 there is one of this signature, 0 none or another, -1. */
static int read_state(struct ctx *c, const struct form *f, int64_t *upto, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT upto FROM _search WHERE app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " AND signature = ");
    sql_bind_str(&q, signature(c->a, f));
    return store_get_int(c->db, c->a, &q, upto, err);
}

/* The same, asked once in a write job of many rows: nobody else writes meanwhile. */
static int known_state(struct ctx *c, const struct form *f, int64_t *upto, struct err *err)
{
    struct rcache *rc = rcache_of(c);
    if (!rc->bulk || !store_is_writer(c->db))
        return read_state(c, f, upto, err);
    if (rc->search_of != f) {
        rc->search_has = read_state(c, f, &rc->search_upto, err);
        rc->search_of = rc->search_has < 0 ? NULL : f;
    }
    *upto = rc->search_upto;
    return rc->search_has;
}

int search_ready(struct ctx *c, const struct form *f, struct err *err)
{
    int64_t upto;
    int has = read_state(c, f, &upto, err);
    return has == 1 ? upto == WHOLE : has;
}

static int write_state(struct ctx *c, const struct form *f, int64_t upto, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _search (app, form, signature, upto) VALUES (");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, signature(c->a, f));
    sql_lit(&q, ", ");
    sql_bind_int(&q, upto);
    sql_lit(&q, ") ON CONFLICT (app, form) DO UPDATE SET signature = excluded.signature, "
                "upto = excluded.upto");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int forget_state(struct ctx *c, struct str app, struct str form, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _search WHERE app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, form);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- the index's rows, SQLite ---- */

static struct str spaced(struct arena *a, struct str text)
{
    struct tokens t;
    struct strb b;
    token_text(a, text, &t);
    strb_init(&b, a);
    for (size_t i = 0; i < t.list.n; i++) {
        if (i)
            strb_addc(&b, ' ');
        strb_add(&b, t.list.v[i]);
    }
    return strb_str(&b);
}

/* Texts of a row, as the index holds them or shall hold them. */
struct texts {
    int64_t id;
    const struct str *v;
    size_t n;
};

static int fts_row(struct ctx *c, const struct form *f, const struct texts *x, bool remove,
                   struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    search_table_sql(&q, f);
    sql_lit(&q, " (");
    if (remove) {
        search_table_sql(&q, f); /* the column of commands has the table's name */
        sql_lit(&q, ", ");
    }
    sql_lit(&q, "rowid");
    for (size_t i = 0; i < x->n; i++) {
        sql_lit(&q, ", c");
        sql_int(&q, (int64_t)i);
    }
    if (remove)
        sql_lit(&q, ") VALUES ('delete', ");
    else
        sql_lit(&q, ") VALUES (");
    sql_bind_int(&q, x->id);
    for (size_t i = 0; i < x->n; i++) {
        sql_lit(&q, ", ");
        sql_bind_str(&q, spaced(c->a, x->v[i]));
    }
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- the index's rows, PostgreSQL ---- */

struct word_at {
    struct str t;
    size_t f, p;
};

static void add_word(struct sql *q, const struct word_at *w, int64_t id)
{
    sql_lit(q, "(");
    sql_bind_str(q, w->t);
    sql_lit(q, ", ");
    sql_bind_int(q, id);
    sql_lit(q, ", ");
    sql_int(q, (int64_t)w->f);
    sql_lit(q, ", ");
    sql_int(q, (int64_t)w->p);
    sql_lit(q, ")");
}

static int put_words(struct ctx *c, const struct form *f, const struct word_at *w, size_t n,
                     int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    search_table_sql(&q, f);
    sql_lit(&q, " (t, id, f, p) VALUES ");
    for (size_t i = 0; i < n; i++) {
        if (i)
            sql_lit(&q, ", ");
        add_word(&q, &w[i], id);
    }
    sql_lit(&q, " ON CONFLICT (t, id, f, p) DO NOTHING");
    return store_exec_later(c->db, c->a, &q, err);
}

static int drop_words(struct ctx *c, const struct form *f, const struct word_at *w, size_t n,
                      int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM ");
    search_table_sql(&q, f);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND t IN (");
    for (size_t i = 0; i < n; i++) {
        if (i)
            sql_lit(&q, ", ");
        sql_bind_str(&q, w[i].t);
    }
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int word_rows(struct ctx *c, const struct form *f, const struct texts *x, bool remove,
                     struct err *err)
{
    VEC(struct word_at) all = {0};
    for (size_t i = 0; i < x->n; i++) {
        struct tokens t;
        token_text(c->a, x->v[i], &t);
        for (size_t k = 0; k < t.list.n; k++)
            (void)vec_push(c->a, &all, ((struct word_at){t.list.v[k], i, k}));
    }
    for (size_t from = 0; from < all.n; from += ROWS_A_TIME) {
        size_t n = MIN(all.n - from, (size_t)ROWS_A_TIME);
        int rc = remove ? drop_words(c, f, all.v + from, n, x->id, err)
                        : put_words(c, f, all.v + from, n, x->id, err);
        if (rc)
            return -1;
    }
    return 0;
}

static int index_row(struct ctx *c, const struct form *f, const struct texts *x, bool remove,
                     struct err *err)
{
    return store_dialect(c->store) == SQL_PGSQL ? word_rows(c, f, x, remove, err)
                                                : fts_row(c, f, x, remove, err);
}

/* ---- a row is written ---- */

static struct texts texts_of(struct arena *a, const struct rec *r, const struct field **v, size_t n)
{
    struct str *texts = ARENA_ARRAY(a, struct str, n);
    for (size_t i = 0; i < n; i++)
        texts[i] = val_str(r->v[v[i]->slot]);
    return (struct texts){r->id, texts, n};
}

static bool same_texts(const struct texts *x, const struct texts *y)
{
    for (size_t i = 0; i < x->n; i++)
        if (!str_eq(x->v[i], y->v[i]))
            return false;
    return true;
}

int search_row(struct ctx *c, const struct rec *old, const struct rec *now, struct err *err)
{
    const struct rec *any = now ? now : old;
    const struct form *f = any->form;
    size_t n;
    int64_t upto;
    if (f->parent)
        return 0;
    const struct field **v = search_fields(c->a, f, &n);
    if (!n)
        return 0;
    struct texts was = old ? texts_of(c->a, old, v, n) : (struct texts){0};
    struct texts is = now ? texts_of(c->a, now, v, n) : (struct texts){0};
    if (old && now && same_texts(&was, &is))
        return 0;
    int has = known_state(c, f, &upto, err);
    if (has <= 0 || any->id > upto)
        return has < 0 ? -1 : 0; /* whoever fills the index will come by */
    if (old && index_row(c, f, &was, true, err))
        return -1;
    return now ? index_row(c, f, &is, false, err) : 0;
}

/* ---- making and filling ---- */

static int make_index(struct ctx *c, const struct form *f, struct err *err)
{
    struct ddl_table t = search_table(f);
    size_t n;
    (void)search_fields(c->a, f, &n);
    if (ddl_drop_search(c->db, c->a, &t, err) || forget_state(c, f->app->key, f->key, err))
        return -1;
    if (!n)
        return 0;
    return ddl_create_search(c->db, c->a, &t, n, err) || write_state(c, f, INT64_MIN, err) ? -1 : 0;
}

static int page_sql(struct ctx *c, const struct form *f, int64_t after, struct sql *q)
{
    size_t n;
    const struct field **v = search_fields(c->a, f, &n);
    ctx_sql(c, q);
    sql_lit(q, "SELECT t0.\"_id\"");
    for (size_t i = 0; i < n; i++) {
        sql_lit(q, ", ");
        sql_col(q, 0, v[i]->key);
    }
    sql_lit(q, " FROM ");
    sql_form(q, f);
    sql_lit(q, " t0 WHERE t0.\"_deleted_at\" IS NULL AND t0.\"_id\" > ");
    sql_bind_int(q, after);
    sql_lit(q, " ORDER BY t0.\"_id\" LIMIT ");
    sql_int(q, FILL_PAGE);
    return (int)n;
}

/* The next page of rows; *upto is WHOLE behind the last one. */
static int fill_page(struct ctx *c, const struct form *f, int64_t *upto, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int n = page_sql(c, f, *upto, &q);
    int step;
    size_t rows = 0;
    struct texts *page = ARENA_ARRAY(c->a, struct texts, FILL_PAGE);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        struct str *texts = ARENA_ARRAY(c->a, struct str, (size_t)n);
        for (int i = 0; i < n; i++)
            texts[i] = column_text(c, s, i + 1);
        page[rows++] = (struct texts){stmt_int(s, 0), texts, (size_t)n};
    }
    stmt_done(s);
    for (size_t i = 0; step == 0 && i < rows; i++)
        if (index_row(c, f, &page[i], false, err))
            return -1;
    bool filled = *upto != INT64_MIN || rows > 0;
    *upto = rows < FILL_PAGE ? WHOLE : page[rows - 1].id;
    if (step < 0 || write_state(c, f, *upto, err))
        return -1;
    struct ddl_table t = search_table(f);
    return *upto == WHOLE && filled ? ddl_analyze(c->db, c->a, ddl_table_name(c->db, c->a, &t), err)
                                    : 0;
}

static int has_many(struct ctx *c, const struct form *f, struct err *err)
{
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 LIMIT 1 OFFSET ");
    sql_int(&q, FILL_INLINE);
    return store_get_int(c->db, c->a, &q, &one, err);
}

static int apply_form(struct ctx *c, const struct form *f, struct err *err)
{
    int64_t upto = INT64_MIN;
    int has = read_state(c, f, &upto, err);
    if (has)
        return has < 0 ? -1 : 0;
    if (make_index(c, f, err))
        return -1;
    int many = has_many(c, f, err);
    size_t n;
    (void)search_fields(c->a, f, &n);
    for (upto = INT64_MIN; n && many == 0 && upto != WHOLE;)
        if (fill_page(c, f, &upto, err))
            return -1;
    return many < 0 ? -1 : 0;
}

/* Indexes of forms that are gone or have another key. */
static int drop_gone(struct ctx *c, const struct app *old, const struct app *new_, struct err *err)
{
    for (size_t i = 0; old && i < old->nforms; i++) {
        const struct form *f = old->forms[i];
        if (app_form(new_, f->key))
            continue;
        struct ddl_table t = search_table(f);
        if (ddl_drop_search(c->db, c->a, &t, err) || forget_state(c, old->key, f->key, err))
            return -1;
    }
    return 0;
}

int search_apply(struct ctx *c, const struct app *old, const struct app *new_, struct err *err)
{
    if (drop_gone(c, old, new_, err))
        return -1;
    for (size_t i = 0; i < new_->nforms; i++)
        if (apply_form(c, new_->forms[i], err))
            return -1;
    return 0;
}

/* ---- behind the scenes ---- */

static int step_form(struct ctx *c, const struct form *f, struct err *err)
{
    int64_t upto;
    size_t n;
    (void)search_fields(c->a, f, &n);
    int has = n ? read_state(c, f, &upto, err) : 0;
    if (!n || has < 0)
        return has;
    if (has == 0)
        return make_index(c, f, err) ? -1 : 1;
    if (upto == WHOLE)
        return 0;
    return fill_page(c, f, &upto, err) ? -1 : 1;
}

int search_step(struct ctx *c, const struct app *app, struct err *err)
{
    for (size_t i = 0; i < app->nforms; i++) {
        int more = step_form(c, app->forms[i], err);
        if (more)
            return more;
    }
    return 0;
}
