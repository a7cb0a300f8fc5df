/*
 * Versions of an app: the text of each publish, and which one runs.
 */
#include "engine/record/schema.h"

static void begin(struct sql *q, struct conn *db, struct arena *a)
{
    sql_init(q, a, store_dialect(store_of(db)));
}

static int next_number(struct conn *db, struct arena *a, struct str app, int64_t *n,
                       struct err *err)
{
    struct sql q;
    begin(&q, db, a);
    sql_lit(&q, "SELECT coalesce(max(n), 0) + 1 FROM _app_version WHERE app = ");
    sql_bind_str(&q, app);
    return store_get_int(db, a, &q, n, err) < 0 ? -1 : 0;
}

static int store_file(struct ctx *c, struct str app, int64_t n, const struct app_file *file,
                      struct err *err)
{
    struct sql q;
    begin(&q, c->db, c->a);
    sql_lit(&q, "INSERT INTO _app_file (app, n, path, text) VALUES (");
    sql_bind_str(&q, app);
    sql_lit(&q, ", ");
    sql_bind_int(&q, n);
    sql_lit(&q, ", ");
    sql_bind_str(&q, file->path);
    sql_lit(&q, ", ");
    sql_bind_str(&q, file->text);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int set_running(struct ctx *c, struct str app, int64_t n, struct err *err)
{
    struct sql q;
    begin(&q, c->db, c->a);
    sql_lit(&q, "INSERT INTO _app_state (app, running) VALUES (");
    sql_bind_str(&q, app);
    sql_lit(&q, ", ");
    sql_bind_int(&q, n);
    sql_lit(&q, ") ON CONFLICT (app) DO UPDATE SET running = excluded.running");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int version_store(struct ctx *c, const struct app_source *src, struct str hash, struct str note,
                  int64_t *n, struct err *err)
{
    struct sql q;
    if (next_number(c->db, c->a, src->key, n, err) < 0)
        return -1;
    begin(&q, c->db, c->a);
    sql_lit(&q, "INSERT INTO _app_version (app, n, at, by, note, hash) VALUES (");
    sql_bind_str(&q, src->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, *n);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who && c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind(&q, val_text(note));
    sql_lit(&q, ", ");
    sql_bind_str(&q, hash);
    sql_lit(&q, ")");
    if (store_exec(c->db, c->a, &q, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < src->nfiles; i++)
        if (store_file(c, src->key, *n, &src->files[i], err) < 0)
            return -1;
    return set_running(c, src->key, *n, err);
}

int version_running(struct conn *db, struct arena *a, struct str app, int64_t *n, struct err *err)
{
    struct sql q;
    begin(&q, db, a);
    sql_lit(&q, "SELECT running FROM _app_state WHERE app = ");
    sql_bind_str(&q, app);
    return store_get_int(db, a, &q, n, err);
}

int version_load(struct conn *db, struct arena *a, struct str app, int64_t n,
                 struct app_source *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct app_file) files = {0};
    int rc;
    begin(&q, db, a);
    sql_lit(&q, "SELECT path, text FROM _app_file WHERE app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " AND n = ");
    sql_bind_int(&q, n);
    sql_lit(&q, " ORDER BY path");
    if (store_query(db, a, &q, &s, err) < 0)
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        struct app_file file = {str_dup(a, stmt_str(s, 0)), str_dup(a, stmt_str(s, 1))};
        (void)vec_push(a, &files, file);
    }
    stmt_done(s);
    if (rc < 0)
        return -1;
    *out = (struct app_source){.key = str_dup(a, app), .files = files.v, .nfiles = files.n};
    return files.n > 0;
}

int version_apps(struct conn *db, struct arena *a, struct str **keys, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct str) list = {0};
    int rc;
    begin(&q, db, a);
    sql_lit(&q, "SELECT app FROM _app_state ORDER BY app");
    if (store_query(db, a, &q, &s, err) < 0)
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        (void)vec_push(a, &list, str_dup(a, stmt_str(s, 0)));
    stmt_done(s);
    *keys = list.v;
    *n = list.n;
    return rc;
}

int version_list(struct conn *db, struct arena *a, struct str app, struct version **out, size_t *n,
                 struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct version) list = {0};
    int rc;
    begin(&q, db, a);
    sql_lit(&q, "SELECT v.n, v.at, m.name, v.note, v.hash FROM _app_version v"
                " LEFT JOIN _member m ON m.id = v.by WHERE v.app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " ORDER BY v.n DESC");
    if (store_query(db, a, &q, &s, err) < 0)
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        struct version v = {
            .n = stmt_int(s, 0),
            .at_us = stmt_int(s, 1),
            .by = str_dup(a, stmt_str(s, 2)),
            .note = str_dup(a, stmt_str(s, 3)),
            .hash = str_dup(a, stmt_str(s, 4)),
        };
        (void)vec_push(a, &list, v);
    }
    stmt_done(s);
    *out = list.v;
    *n = list.n;
    return rc;
}
