/*
 * Rows about a person: his own record, and rows whose sealed fields name him by `subject: <link>`.
 */
#include "engine/record/privacy.h"

#include "engine/record/columns.h"
#include "engine/record/file.h"
#include "engine/record/record_int.h"
#include "engine/record/sealing.h"

#define ROWS_MAX 1000 /* of one form in an answer */

static bool about(const struct field *f, const struct form *person, const struct form *top)
{
    if (!field_has_eq(f))
        return false;
    if (top == person && (!f->subject.n || str_eqz(f->subject, "self")))
        return true;
    const struct field *by = f->subject.n ? form_field(top, f->subject) : NULL;
    return by && by->target == person;
}

/* Columns to be emptied in a table whose rows are about the person; NULL: `by` names the link. */
struct share {
    const struct form *t;
    const struct form *top;
    const struct field *by; /* NULL: his own record */
};

static const struct field *link_of(const struct share *s, const struct field *f)
{
    bool self = !f->subject.n || str_eqz(f->subject, "self");
    return self ? NULL : form_field(s->top, f->subject);
}

static void blank(struct sql *q, struct str name, size_t *n)
{
    sql_lit_(q, (*n)++ ? STR(", ") : STR(" SET "));
    sql_ident(q, name);
    sql_lit(q, " = NULL");
}

/* WHERE the row is about him. */
static void rows_of(struct sql *q, const struct share *s, int64_t id)
{
    sql_lit(q, " WHERE ");
    if (s->t->parent && s->by) {
        sql_lit(q, "\"_row\" IN (SELECT \"_id\" FROM ");
        sql_form(q, s->top);
        sql_lit(q, " WHERE ");
        sql_ident(q, s->by->key);
        sql_lit(q, " = ");
        sql_bind_int(q, id);
        sql_lit(q, ")");
        return;
    }
    sql_ident(q, s->by ? s->by->key : s->t->parent ? STR("_row") : STR("_id"));
    sql_lit(q, " = ");
    sql_bind_int(q, id);
}

static int empty_share(struct ctx *c, const struct share *s, const struct form *person, int64_t id,
                       int64_t *rows, struct err *err)
{
    struct sql q;
    size_t n = 0;
    int64_t changed = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_form(&q, s->t);
    for (size_t i = 0; i < s->t->nfields; i++) {
        const struct field *f = s->t->fields[i];
        if (!about(f, person, s->top) || link_of(s, f) != s->by)
            continue;
        blank(&q, f->key, &n);
        blank(&q, field_eq_name(c->a, f), &n);
        if (field_has_key(f))
            blank(&q, field_key_name(c->a, f), &n);
    }
    if (!n)
        return 0;
    rows_of(&q, s, id);
    if (store_exec(c->db, c->a, &q, &changed, err))
        return -1;
    *rows += changed;
    return 0;
}

static int empty_table(struct ctx *c, const struct form *t, const struct form *person, int64_t id,
                       int64_t *rows, struct err *err)
{
    struct share s = {.t = t, .top = t->parent ? t->parent : t};
    if (s.top == person && empty_share(c, &s, person, id, rows, err))
        return -1;
    for (size_t i = 0; i < s.top->nfields; i++) {
        s.by = s.top->fields[i];
        if (s.by->target == person && !(s.by->type->flags & FT_MULTI) &&
            empty_share(c, &s, person, id, rows, err))
            return -1;
    }
    for (size_t i = 0; !t->parent && i < t->nfields; i++)
        if (t->fields[i]->sub && empty_table(c, t->fields[i]->sub, person, id, rows, err))
            return -1;
    return 0;
}

/* What was told of his record. */
static int forget_told(struct ctx *c, int64_t id, struct err *err)
{
    static const char *const TABLES[] = {"_notice", "_outbox"};
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
        struct sql q;
        ctx_sql(c, &q);
        sql_lit(&q, "DELETE FROM ");
        sql_ident(&q, str_of(TABLES[i]));
        sql_lit(&q, " WHERE record = ");
        sql_bind_int(&q, id);
        if (store_exec(c->db, c->a, &q, NULL, err))
            return -1;
    }
    return 0;
}

int privacy_erase(struct ctx *c, const struct form *f, int64_t id, struct privacy_erased *out,
                  struct err *err)
{
    struct sql q;
    const struct app *app = f->app;
    *out = (struct privacy_erased){0};
    if (sealing_free(c, app->key, err) || vault_erase(c->vault, c->db, c->a, id, &out->keys, err))
        return -1;
    for (size_t i = 0; i < app->nforms; i++)
        if (empty_table(c, app->forms[i], f, id, &out->rows, err))
            return -1;
    if (file_forget_erased(c, id, &out->files, err))
        return -1;
    if (forget_told(c, id, err))
        return -1;
    ctx_sql(c, &q); /* answers kept for a day may tell of him */
    sql_lit(&q, "DELETE FROM _idempotency");
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    rcache_forget(c);
    store_scrub(c->db);
    return 0;
}

/* ---- what is there about him ---- */

static int put_record(struct ctx *c, const struct form *f, int64_t id, struct json *out,
                      struct err *err)
{
    struct strb b;
    struct json own;
    int64_t version;
    const struct rec_key key = {.form = f, .id = id, .where = REC_LIVE};
    strb_init(&b, c->a);
    json_init(&own, &b);
    int rc = record_json(c, &key, &own, &version, err);
    if (rc <= 0)
        return rc;
    struct val v;
    if (json_parse(c->a, strb_str(&b), &v, err))
        return -1;
    json_begin_obj(out);
    json_kstr(out, "app", f->app->key);
    json_kstr(out, "form", f->key);
    json_kval(out, "record", v);
    json_end_obj(out);
    return 1;
}

/* Live rows that name him in `by`. */
static int linked_ids(struct ctx *c, const struct field *by, int64_t id, int64_t *ids, size_t *n,
                      struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT \"_id\" FROM ");
    sql_form(&q, by->form);
    sql_lit(&q, " WHERE \"_deleted_at\" IS NULL AND ");
    sql_ident(&q, by->key);
    sql_lit(&q, " = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY \"_id\" LIMIT ");
    sql_int(&q, ROWS_MAX);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    *n = 0;
    while ((rc = stmt_step(s, err)) == 1)
        ids[(*n)++] = stmt_int(s, 0);
    stmt_done(s);
    return rc;
}

int privacy_collect(struct ctx *c, const struct form *f, int64_t id, struct json *out,
                    struct err *err)
{
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, ROWS_MAX);
    size_t n;
    json_key(out, STR("records"));
    json_begin_list(out);
    int rc = put_record(c, f, id, out, err);
    for (size_t i = 0; rc == 1 && i < f->app->nforms; i++) {
        const struct form *t = f->app->forms[i];
        for (size_t k = 0; k < t->nfields; k++) {
            const struct field *by = t->fields[k];
            if (by->target != f || (by->type->flags & FT_MULTI))
                continue;
            if (linked_ids(c, by, id, ids, &n, err))
                return -1;
            for (size_t r = 0; r < n; r++)
                if (put_record(c, t, ids[r], out, err) < 0)
                    return -1;
        }
    }
    json_end_list(out);
    return rc;
}
