/*
 * Rotation from outside: a master key, then the data keys of each app.
 */
#include "runtime/keys.h"

#include "engine/record/rotate.h"

#define WRAPS 500 /* a transaction */

struct left {
    int64_t n;
};

static int rewrap(struct ctx *c, void *arg, struct err *err)
{
    struct left *left = arg;
    return vault_rewrap(c->vault, c->db, c->a, WRAPS, &left->n, err);
}

int keys_rewrap(struct ctx *c, struct err *err)
{
    struct left left = {1};
    while (left.n)
        if (engine_write(c, rewrap, &left, err))
            return -1;
    return 0;
}

static int begin(struct ctx *c, void *arg, struct err *err)
{
    const struct str *app = arg;
    int64_t job;
    return rotate_begin(c, *app, &job, err);
}

int keys_rotate(struct ctx *c, struct err *err)
{
    struct str *apps;
    size_t n = engine_apps(c->engine, c->a, &apps);
    if (vault_new_master(c->vault, err) || keys_rewrap(c, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (engine_write(c, begin, &apps[i], err))
            return -1;
    return vault_ledger(c->vault, c->db, err); /* forgets the keys it remembers as current */
}

static int step(struct ctx *c, void *arg, struct err *err)
{
    int *more = arg;
    *more = rotate_step(c, c->app, err);
    return *more < 0 ? -1 : 0;
}

int keys_step(struct ctx *c, struct str key, struct err *err)
{
    int more = 0;
    struct app *app = engine_app(c->engine, key);
    struct app *was = c->app;
    if (!app)
        return 0;
    struct arena_mark mark = arena_mark(c->a);
    c->app = app;
    int rc = engine_write(c, step, &more, err);
    c->app = was;
    c->records = NULL;
    arena_reset(c->a, mark);
    app_unref(&app);
    if (rc && str_eqz(str_of(err->key), "definition_changed")) {
        *err = ERR_INIT; /* published meanwhile: that version is walked */
        return 1;
    }
    return rc ? -1 : more;
}

/* Per app: its data keys by kind, since when; how many persons' were erased. */
static int data_keys(struct ctx *c, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT app, kind, state, count(*), min(created_at) FROM _vault_key"
                " WHERE state <> 'retired' GROUP BY app, kind, state ORDER BY app, kind, state");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    json_key(out, STR("data_keys"));
    json_begin_list(out);
    while ((rc = stmt_step(s, err)) == 1) {
        json_begin_obj(out);
        json_kstr(out, "app", stmt_str(s, 0));
        json_kstr(out, "kind", stmt_str(s, 1));
        json_kstr(out, "state", stmt_str(s, 2));
        json_kint(out, "n", stmt_int(s, 3));
        json_kval(out, "since", val_instant(stmt_int(s, 4)));
        json_end_obj(out);
    }
    stmt_done(s);
    json_end_list(out);
    return rc;
}

static int rotations(struct ctx *c, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT app, state, done, created_at, finished_at FROM _job WHERE kind = 'rotate'"
                " ORDER BY id DESC LIMIT 50");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    json_key(out, STR("rotations"));
    json_begin_list(out);
    while ((rc = stmt_step(s, err)) == 1) {
        json_begin_obj(out);
        json_kstr(out, "app", stmt_str(s, 0));
        json_kstr(out, "state", stmt_str(s, 1));
        json_kint(out, "done", stmt_int(s, 2));
        json_kval(out, "at", val_instant(stmt_int(s, 3)));
        json_kval(out, "finished_at", stmt_null(s, 4) ? VAL_NONE : val_instant(stmt_int(s, 4)));
        json_end_obj(out);
    }
    stmt_done(s);
    json_end_list(out);
    return rc;
}

int keys_json(struct ctx *c, struct json *out, struct err *err)
{
    struct vault_key_info *keys;
    size_t n;
    if (vault_masters(c->vault, c->db, c->a, &keys, &n, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("keys"));
    json_begin_list(out);
    for (size_t i = 0; i < n; i++) {
        json_begin_obj(out);
        json_kstr(out, "id", keys[i].id);
        json_kbool(out, "current", keys[i].current);
        json_kint(out, "wraps", keys[i].wraps);
        json_end_obj(out);
    }
    json_end_list(out);
    int rc = data_keys(c, out, err) || rotations(c, out, err) ? -1 : 0;
    json_end_obj(out);
    return rc;
}
