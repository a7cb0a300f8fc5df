/*
 * Sealing again what an old key sealed in system tables: outbox, drafts, notices, views, endpoints.
 */
#include "engine/record/rotate.h"

#include "engine/vault/vault.h"

#define PAGE 200

/* A column of sealed texts; its rows stand at (app, table, field, id). */
struct texts {
    const char *table, *column;
    struct str field;
};
static const struct texts TEXTS[] = {
    {"_outbox", "payload", STR("payload")}, {"_outbox", "target", STR("target")},
    {"_draft", "body", STR("text")},        {"_notice", "body", STR("text")},
    {"_saved_view", "def", STR("text")},
};

struct kept {
    int64_t id;
    struct str text;
};

struct page {
    const struct texts *t;
    struct str app;
    struct kept rows[PAGE];
    size_t n;
};

static int read_page(struct ctx *c, struct page *p, int64_t last, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct str column = str_of(p->t->column);
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, ");
    sql_ident(&q, column);
    sql_lit(&q, " FROM ");
    sql_ident(&q, str_of(p->t->table));
    sql_lit(&q, " WHERE app = ");
    sql_bind_str(&q, p->app);
    sql_lit(&q, " AND id > ");
    sql_bind_int(&q, last);
    sql_lit(&q, " AND ");
    sql_ident(&q, column);
    sql_lit(&q, " LIKE 'v1.%' ORDER BY id LIMIT ");
    sql_int(&q, PAGE);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    p->n = 0;
    while ((rc = stmt_step(s, err)) == 1)
        p->rows[p->n++] = (struct kept){stmt_int(s, 0), str_dup(c->a, stmt_str(s, 1))};
    stmt_done(s);
    return rc;
}

static int put(struct ctx *c, const struct page *p, const struct kept *row, struct err *err)
{
    struct sql q;
    struct str text;
    const struct vault_on on = {c->vault, c->db, c->a};
    const struct vault_at at = {p->app, str_of(p->t->table), p->t->field, row->id, 0};
    int rc = vault_reseal(&on, &at, row->text, &text, err);
    if (rc <= 0)
        return rc;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_ident(&q, str_of(p->t->table));
    sql_lit(&q, " SET ");
    sql_ident(&q, str_of(p->t->column));
    sql_lit(&q, " = ");
    sql_bind_str(&q, text);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, row->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

size_t rotate_text_tables(void)
{
    return ARRAY_LEN(TEXTS);
}

int rotate_texts(struct ctx *c, const struct app *app, struct rotate_page *at, struct err *err)
{
    struct page *p = ARENA_NEW(c->a, struct page);
    p->t = &TEXTS[at->table];
    p->app = app->key;
    if (read_page(c, p, at->last, err))
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        if (put(c, p, &p->rows[i], err) < 0)
            return -1;
        at->last = p->rows[i].id;
    }
    at->n = p->n;
    return 0;
}

/* ---- secrets of endpoints: few, by name ---- */

struct secret {
    struct str name, text;
};

static int read_secrets(struct ctx *c, struct str app, struct secret **out, size_t *n,
                        struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct secret) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name, secret FROM _endpoint WHERE secret LIKE 'v1.%' AND app = ");
    sql_bind_str(&q, app);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1) {
        struct secret one = {str_dup(c->a, stmt_str(s, 0)), str_dup(c->a, stmt_str(s, 1))};
        (void)vec_push(c->a, &list, one);
    }
    stmt_done(s);
    *out = list.v;
    *n = list.n;
    return rc;
}

int rotate_endpoints(struct ctx *c, const struct app *app, struct err *err)
{
    struct secret *list;
    size_t n;
    const struct vault_on on = {c->vault, c->db, c->a};
    if (read_secrets(c, app->key, &list, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct sql q;
        struct str text;
        const struct vault_at at = {app->key, STR("_endpoint"), list[i].name, 0, 0};
        int rc = vault_reseal(&on, &at, list[i].text, &text, err);
        if (rc < 0)
            return -1;
        if (!rc)
            continue;
        ctx_sql(c, &q);
        sql_lit(&q, "UPDATE _endpoint SET secret = ");
        sql_bind_str(&q, text);
        sql_lit(&q, " WHERE app = ");
        sql_bind_str(&q, app->key);
        sql_lit(&q, " AND name = ");
        sql_bind_str(&q, list[i].name);
        if (store_exec(c->db, c->a, &q, NULL, err))
            return -1;
    }
    return 0;
}
