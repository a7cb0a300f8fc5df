/*
 * Sealing again what an old data key sealed: table by table, page by page, each page one
 * transaction with the note of how far it came.
 */
#include "engine/record/rotate.h"

#include "engine/base/log.h"
#include "engine/record/file.h"
#include "engine/record/record_int.h"
#include "engine/record/sealed.h"
#include "engine/record/sealing.h"

#define PAGE              200
#define BESIDE_FIRST_TEXT 2 /* behind history and files */

struct rotation {
    int64_t job, done;
    int64_t n;     /* the app's version it walks */
    int64_t table; /* how many tables are done; behind the last one: history */
    int64_t last;
};

/* ---- its row ---- */

static struct str payload(struct arena *a, const struct rotation *r)
{
    struct strb b;
    struct json j;
    char id[16];
    strb_init(&b, a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kint(&j, "n", r->n);
    json_kint(&j, "table", r->table);
    json_kstr(&j, "last", r->last > 0 ? id_print(r->last, id) : STR_NONE);
    json_end_obj(&j);
    return strb_str(&b);
}

int rotate_begin(struct ctx *c, struct str app, int64_t *job, struct err *err)
{
    struct sql q;
    const struct rotation r = {.n = -1};
    if (vault_new_keys(c->vault, c->db, c->a, app, err))
        return -1;
    *job = id_next(c->ids, c->now_us);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, run_at, created_at, created_by)"
                " VALUES (");
    sql_bind_int(&q, *job);
    sql_lit(&q, ", 'rotate', ");
    sql_bind_str(&q, app);
    sql_lit(&q, ", ");
    sql_bind_str(&q, payload(c->a, &r));
    sql_lit(&q, ", 'running', ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int take(struct ctx *c, const struct app *app, struct rotation *r, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct val v;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, done, payload FROM _job WHERE kind = 'rotate' AND state = 'running'"
                " AND app = ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, " ORDER BY id DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1) {
        *r = (struct rotation){.job = stmt_int(s, 0), .done = stmt_int(s, 1)};
        rc = json_parse(c->a, str_dup(c->a, stmt_str(s, 2)), &v, err) ? -1 : 1;
    }
    stmt_done(s);
    if (rc != 1)
        return rc;
    r->n = (int64_t)val_double(val_get(v, STR("n")));
    r->table = (int64_t)val_double(val_get(v, STR("table")));
    if (!id_parse(val_str(val_get(v, STR("last"))), &r->last))
        r->last = 0;
    if (r->n != app->n) /* published meanwhile: from the start, most is done */
        *r = (struct rotation){.job = r->job, .done = r->done, .n = app->n};
    return 1;
}

static int note(struct ctx *c, const struct rotation *r, bool ended, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET done = ");
    sql_bind_int(&q, r->done);
    sql_lit(&q, ", payload = ");
    sql_bind_str(&q, payload(c->a, r));
    if (ended) {
        sql_lit(&q, ", state = 'done', total = ");
        sql_bind_int(&q, r->done);
        sql_lit(&q, ", finished_at = ");
        sql_bind_int(&q, c->now_us);
        sql_lit(&q, " WHERE kind = 'rotate' AND state = 'running' AND app = (SELECT app FROM _job"
                    " WHERE id = ");
        sql_bind_int(&q, r->job);
        sql_lit(&q, ")");
    } else {
        sql_lit(&q, " WHERE id = ");
        sql_bind_int(&q, r->job);
    }
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- tables ---- */

static bool sealed_field(const struct field *f)
{
    return f->encrypted && field_has_column(f);
}

static bool has_sealed(const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++)
        if (sealed_field(f->fields[i]))
            return true;
    return false;
}

/* The nth table with sealed columns; NULL behind the last one. */
static const struct form *table_at(const struct app *app, int64_t nth)
{
    for (size_t i = 0; i < app->nforms; i++) {
        const struct form *f = app->forms[i];
        if (has_sealed(f) && nth-- == 0)
            return f;
        for (size_t k = 0; k < f->nfields; k++)
            if (f->fields[k]->sub && has_sealed(f->fields[k]->sub) && nth-- == 0)
                return f->fields[k]->sub;
    }
    return NULL;
}

static int64_t table_count(const struct app *app)
{
    int64_t n = 0;
    while (table_at(app, n))
        n++;
    return n;
}

/* A damaged value stays as it is: it could not be read before either. */
static int again(struct ctx *c, const struct vault_at *at, struct str text, struct str *out,
                 struct err *err)
{
    const struct vault_on on = sealer_of(c);
    int rc = vault_reseal(&on, at, text, out, err);
    if (rc == 1 || rc == 0 || !str_eqz(str_of(err->key), "sealed_damaged"))
        return rc;
    log_event(LOG_ERROR, "sealed_damaged", LOG_TEXT("form", at->form), LOG_TEXT("field", at->field),
              LOG_NUM("row", at->row));
    *err = ERR_INIT;
    return 0;
}

struct cells {
    int64_t id;
    struct str *text; /* by field */
};

static int update_row(struct ctx *c, const struct form *f, const struct cells *row,
                      int64_t *changed, struct err *err)
{
    struct sql q;
    size_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_form(&q, f);
    for (size_t i = 0; i < f->nfields; i++) {
        struct vault_at at;
        struct str out;
        if (!row->text[i].n)
            continue;
        sealed_place(c->a, f->fields[i], row->id, &at);
        int rc = again(c, &at, row->text[i], &out, err);
        if (rc < 0)
            return -1;
        if (!rc)
            continue;
        sql_lit_(&q, n++ ? STR(", ") : STR(" SET "));
        sql_ident(&q, f->fields[i]->key);
        sql_lit(&q, " = ");
        sql_bind_str(&q, out);
    }
    *changed += (int64_t)n;
    if (!n)
        return 0;
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, row->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int read_page(struct ctx *c, const struct form *f, int64_t last, struct cells *rows,
                     size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT \"_id\"");
    for (size_t i = 0; i < f->nfields; i++)
        if (sealed_field(f->fields[i])) {
            sql_lit(&q, ", ");
            sql_ident(&q, f->fields[i]->key);
        }
    sql_lit(&q, " FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"_id\" > ");
    sql_bind_int(&q, last);
    sql_lit(&q, " ORDER BY \"_id\" LIMIT ");
    sql_int(&q, PAGE);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    *n = 0;
    while ((rc = stmt_step(s, err)) == 1) {
        struct cells *row = &rows[(*n)++];
        int col = 1;
        *row = (struct cells){stmt_int(s, 0), ARENA_ARRAY(c->a, struct str, f->nfields)};
        for (size_t i = 0; i < f->nfields; i++)
            if (sealed_field(f->fields[i]))
                row->text[i] = str_dup(c->a, stmt_str(s, col++));
    }
    stmt_done(s);
    return rc;
}

static int table_page(struct ctx *c, const struct form *f, struct rotation *r, struct err *err)
{
    size_t n;
    struct cells *rows = ARENA_ARRAY(c->a, struct cells, PAGE);
    if (read_page(c, f, r->last, rows, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (update_row(c, f, &rows[i], &r->done, err))
            return -1;
    if (n)
        r->last = rows[n - 1].id;
    if (n < PAGE) {
        r->table++;
        r->last = 0;
    }
    return note(c, r, false, err);
}

/* What is kept beside the tables, in this order behind the last of them. */
static int history_page(struct ctx *c, const struct app *app, struct rotation *r, size_t *n,
                        struct err *err)
{
    return rotate_history(c, app, &r->last, n, err);
}

static int files_page(struct ctx *c, const struct app *app, struct rotation *r, size_t *n,
                      struct err *err)
{
    return file_reseal(c, app->key, &r->last, n, err);
}

/* The tables of texts are the places behind. */
static int texts_page(struct ctx *c, const struct app *app, struct rotation *r, size_t *n,
                      struct err *err)
{
    int64_t first = table_count(app) + BESIDE_FIRST_TEXT;
    struct rotate_page p = {.table = (size_t)(r->table - first), .last = r->last};
    if (rotate_texts(c, app, &p, err))
        return -1;
    r->last = p.last;
    *n = p.n;
    return 0;
}

typedef int beside_fn(struct ctx *c, const struct app *app, struct rotation *r, size_t *n,
                      struct err *err);
static beside_fn *const BESIDE[] = {history_page, files_page};

static beside_fn *beside(size_t at)
{
    if (at < ARRAY_LEN(BESIDE))
        return BESIDE[at];
    return at < ARRAY_LEN(BESIDE) + rotate_text_tables() ? texts_page : NULL;
}

int rotate_step(struct ctx *c, const struct app *app, struct err *err)
{
    struct rotation r;
    size_t n;
    int64_t destroyed;
    struct sealing sealing;
    int rc = take(c, app, &r, err);
    if (rc <= 0)
        return rc;
    if (sealing_state(c->db, c->a, app->key, &sealing, err))
        return -1;
    if (sealing.phase != SEALING_NONE)
        return 0; /* what waits beside its column is not walked: first it takes its place */
    const struct form *f = table_at(app, r.table);
    if (f)
        return table_page(c, f, &r, err) ? -1 : 1;
    size_t at = (size_t)(r.table - table_count(app));
    beside_fn *fn = beside(at);
    if (fn) {
        if (fn(c, app, &r, &n, err))
            return -1;
        r.table += n == 0;
        r.last = n ? r.last : 0;
        return note(c, &r, false, err) ? -1 : 1;
    }
    return rotate_endpoints(c, app, err) ||
                   vault_retire(c->vault, c->db, c->a, app->key, &destroyed, err) ||
                   note(c, &r, true, err)
               ? -1
               : 0;
}
