/*
 * The outbox and the automations as those see them who look after them; replay and drop.
 */
#include "engine/automation/outbox.h"

#include "engine/automation/automation_int.h"

#define LIMIT_MAX 200

static void and_text(struct sql *q, struct str v, void (*column)(struct sql *q))
{
    if (!v.n)
        return;
    column(q);
    sql_bind_str(q, v);
}

static void by_state(struct sql *q)
{
    sql_lit(q, " AND state = ");
}

static void by_kind(struct sql *q)
{
    sql_lit(q, " AND kind = ");
}

static void by_app(struct sql *q)
{
    sql_lit(q, " AND app = ");
}

static void by_form(struct sql *q)
{
    sql_lit(q, " AND form = ");
}

static void by_automation(struct sql *q)
{
    sql_lit(q, " AND automation = ");
}

static void put_id(struct json *j, struct stmt *s, int col)
{
    char buf[16];
    if (stmt_null(s, col))
        json_blank(j);
    else
        json_str(j, id_print(stmt_int(s, col), buf));
}

static void put_text(struct json *j, struct stmt *s, int col)
{
    if (stmt_null(s, col))
        json_blank(j);
    else
        json_str(j, stmt_str(s, col));
}

/* Addresses of people are not shown. */
static void put_target(struct json *j, struct stmt *s, int col)
{
    if (stmt_null(s, col) || vault_is_sealed(stmt_str(s, col)))
        json_blank(j);
    else
        json_str(j, stmt_str(s, col));
}

static void put_at(struct json *j, struct stmt *s, int col)
{
    json_val(j, stmt_null(s, col) ? VAL_NONE : val_instant(stmt_int(s, col)));
}

static void put_int(struct json *j, struct stmt *s, int col)
{
    json_val(j, stmt_null(s, col) ? VAL_NONE : val_dec(stmt_int(s, col), 0));
}

/* The columns of a row, in order. */
static const struct {
    struct str key;
    void (*put)(struct json *j, struct stmt *s, int col);
} COLUMNS[] = {
    {STR("id"), put_id},           {STR("kind"), put_text},     {STR("target"), put_target},
    {STR("app"), put_text},        {STR("form"), put_text},     {STR("record"), put_id},
    {STR("automation"), put_text}, {STR("event"), put_text},    {STR("via"), put_text},
    {STR("state"), put_text},      {STR("attempts"), put_int},  {STR("status"), put_int},
    {STR("error"), put_text},      {STR("created_at"), put_at}, {STR("next_at"), put_at},
    {STR("done_at"), put_at},      {STR("parent"), put_id},     {STR("depth"), put_int},
};

#define SELECT                                                                                     \
    "SELECT id, kind, target, app, form, record, automation, event, via, state, attempts, status," \
    " last_error, created_at, next_at, done_at, parent, depth FROM _outbox WHERE "

/* "中文。 / English.": the reader's half. */
static struct str in_language(const struct ctx *c, struct str text)
{
    ptrdiff_t at = str_find(text, STR(" / "), 0);
    if (at < 0)
        return text;
    return c->lang == LANG_EN ? str_sub(text, (size_t)at + 3, text.n)
                              : str_sub(text, 0, (size_t)at);
}

static void put_row(const struct ctx *c, struct stmt *s, struct json *out)
{
    json_begin_obj(out);
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        json_key(out, COLUMNS[i].key);
        if (str_eqz(COLUMNS[i].key, "error") && !stmt_null(s, (int)i))
            json_str(out, in_language(c, stmt_str(s, (int)i)));
        else
            COLUMNS[i].put(out, s, (int)i);
    }
    json_end_obj(out);
}

static int list_rows(struct ctx *c, const struct outbox_query *o, struct json *out, int64_t *next,
                     struct err *err)
{
    struct sql q;
    struct stmt *s;
    uint32_t limit = o->limit ? MIN(o->limit, LIMIT_MAX) : 50, n = 0;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, SELECT "id < ");
    sql_bind_int(&q, o->before ? o->before : INT64_MAX);
    and_text(&q, o->state, by_state);
    and_text(&q, o->kind, by_kind);
    and_text(&q, o->app, by_app);
    and_text(&q, o->form, by_form);
    and_text(&q, o->automation, by_automation);
    sql_lit(&q, " ORDER BY id DESC LIMIT ");
    sql_bind_int(&q, limit);
    *next = 0;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        put_row(c, s, out);
        *next = ++n == limit ? stmt_int(s, 0) : 0;
    }
    stmt_done(s);
    return rc;
}

static int put_counts(struct ctx *c, const struct outbox_query *o, struct json *out,
                      struct err *err)
{
    struct sql q;
    struct stmt *s;
    int64_t waiting = 0, dead = 0, stopped = 0;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT state, count(*) FROM _outbox WHERE state IN ('waiting', 'dead',"
                " 'stopped')");
    and_text(&q, o->kind, by_kind);
    and_text(&q, o->app, by_app);
    and_text(&q, o->form, by_form);
    and_text(&q, o->automation, by_automation);
    sql_lit(&q, " GROUP BY state");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        int64_t n = stmt_int(s, 1);
        if (str_eqz(stmt_str(s, 0), "waiting"))
            waiting = n;
        else if (str_eqz(stmt_str(s, 0), "dead"))
            dead = n;
        else
            stopped = n;
    }
    stmt_done(s);
    json_begin_obj(out);
    json_kint(out, "waiting", waiting);
    json_kint(out, "dead", dead);
    json_kint(out, "stopped", stopped);
    json_end_obj(out);
    return rc;
}

int outbox_list(struct ctx *c, const struct outbox_query *q, struct json *out, struct err *err)
{
    int64_t next;
    char buf[16];
    json_begin_obj(out);
    json_key(out, STR("rows"));
    json_begin_list(out);
    if (list_rows(c, q, out, &next, err))
        return -1;
    json_end_list(out);
    json_key(out, STR("next"));
    if (next)
        json_str(out, id_print(next, buf));
    else
        json_blank(out);
    json_key(out, STR("counts"));
    if (put_counts(c, q, out, err))
        return -1;
    json_end_obj(out);
    return 0;
}

int outbox_replay(struct ctx *c, void *arg, struct err *err)
{
    struct outbox_replay *r = arg;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _outbox SET state = 'waiting', done_at = NULL, lease_until = NULL,"
                " attempts = 0, next_at = ");
    sql_bind_int(&q, c->now_us);
    /* a day from now on to be tried in */
    sql_lit(&q, ", created_at = ");
    sql_bind_int(&q, c->now_us);
    if (r->id) {
        sql_lit(&q, " WHERE state IN ('dead', 'waiting') AND id = ");
        sql_bind_int(&q, r->id);
    } else {
        sql_lit(&q, " WHERE state = 'dead'");
    }
    and_text(&q, r->app, by_app);
    ctx_event(c, STR_NONE, STR_NONE, r->id, 0, STR("outbox"));
    return store_exec(c->db, c->a, &q, &r->n, err);
}

int outbox_drop(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _outbox SET state = 'stopped', lease_until = NULL, done_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE state IN ('waiting', 'dead') AND id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, &n, err) ? -1 : n > 0;
}

/* ---- automations ---- */

static int put_last(struct ctx *c, const struct form *f, const struct automation *x,
                    struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, SELECT "app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " AND automation = ");
    sql_bind_str(&q, x->key);
    sql_lit(&q, " AND kind = 'automation' ORDER BY id DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    json_key(out, STR("last"));
    if (got == 1)
        put_row(c, s, out);
    else
        json_blank(out);
    stmt_done(s);
    return got < 0 ? -1 : 0;
}

static int put_run_counts(struct ctx *c, const struct form *f, const struct automation *x,
                          struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT state, count(*) FROM _outbox WHERE app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " AND automation = ");
    sql_bind_str(&q, x->key);
    sql_lit(&q, " GROUP BY state ORDER BY state");
    json_key(out, STR("counts"));
    json_begin_obj(out);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        json_key(out, stmt_str(s, 0));
        json_int(out, stmt_int(s, 1));
    }
    stmt_done(s);
    json_end_obj(out);
    return rc;
}

static int put_skips(struct ctx *c, const struct form *f, const struct automation *x,
                     struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT why, via, sum(n), max(last_at) FROM _automation_skip WHERE app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " AND automation = ");
    sql_bind_str(&q, x->key);
    sql_lit(&q, " GROUP BY why, via ORDER BY why, via");
    json_key(out, STR("skipped"));
    json_begin_list(out);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        json_begin_obj(out);
        json_kstr(out, "why", stmt_str(s, 0));
        json_kstr(out, "via", stmt_str(s, 1));
        json_kint(out, "n", stmt_int(s, 2));
        json_kval(out, "last_at", val_instant(stmt_int(s, 3)));
        json_end_obj(out);
    }
    stmt_done(s);
    json_end_list(out);
    return rc;
}

static int put_next(struct ctx *c, const struct form *f, const struct automation *x,
                    struct json *out, struct err *err)
{
    struct sql q;
    int64_t at = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT next_at FROM _schedule WHERE kind = 'every' AND app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, x->key);
    int got = store_get_int(c->db, c->a, &q, &at, err);
    json_kval(out, "next_at", got == 1 ? val_instant(at) : VAL_NONE);
    return got < 0 ? -1 : 0;
}

static int put_automation(struct ctx *c, const struct form *f, const struct automation *x,
                          struct json *out, struct err *err)
{
    json_begin_obj(out);
    json_kstr(out, "form", f->key);
    json_kstr(out, "form_title", f->title);
    json_kstr(out, "key", x->key);
    json_kstr(out, "title", x->title);
    json_kval(out, "trigger", val_get(x->raw, STR("trigger")));
    json_kstr(out, "mode", x->in_transaction ? STR("in_transaction") : STR("after_commit"));
    json_kbool(out, "enabled", x->enabled);
    json_kstr(out, "file", x->at.file);
    json_kint(out, "line", x->at.pos.line);
    if (put_next(c, f, x, out, err) || put_last(c, f, x, out, err) ||
        put_run_counts(c, f, x, out, err) || put_skips(c, f, x, out, err))
        return -1;
    json_end_obj(out);
    return 0;
}

int automation_list(struct ctx *c, struct json *out, struct err *err)
{
    json_begin_obj(out);
    json_key(out, STR("automations"));
    json_begin_list(out);
    for (size_t i = 0; i < c->app->nforms; i++) {
        const struct form *f = c->app->forms[i];
        for (size_t k = 0; k < f->nautomations; k++)
            if (put_automation(c, f, &f->automations[k], out, err))
                return -1;
    }
    json_end_list(out);
    json_end_obj(out);
    return 0;
}
