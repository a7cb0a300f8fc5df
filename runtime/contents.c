/*
 * Sealing contents. A kill in the middle leaves a sealed temporary file, which the next start
 * sweeps, or a plain one that no row names, which the sweeper of contents removes.
 */
#include "runtime/contents.h"

#include "engine/base/id.h"
#include "engine/base/log.h"
#include "engine/record/blob.h"
#include "engine/record/file.h"
#include "engine/record/sealed.h"
#include "runtime/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define AGE_S 86400

static int failed(struct err *err)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_store",
                   "无法保存文件：磁盘出错或已满。",
                   "The file cannot be stored: the disk fails or is full.");
}

/* ---- sealing one ---- */

struct keying {
    struct str sha256;
    struct content_key *key;
    int found;
};

/* The first content of an installation: a write job makes its key. */
static int make_key(struct ctx *c, void *arg, struct err *err)
{
    struct keying *k = arg;
    const struct vault_on on = sealer_of(c);
    k->found = content_key_of(&on, k->sha256, k->key, err);
    return k->found < 0 ? -1 : 0;
}

static int seal_fds(struct ctx *c, struct sealed_content *x, int from, int to, struct err *err)
{
    int rc =
        from < 0 || to < 0 ? failed(err) : content_seal(c->a, &x->key, from, to, &x->name, err);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return rc;
}

int contents_seal(struct ctx *c, const struct server *s, const struct plain_content *from,
                  struct sealed_content *out, struct err *err)
{
    char id[16];
    const struct vault_on on = sealer_of(c);
    struct keying k = {from->sha256, &out->key, content_key_of(&on, from->sha256, &out->key, err)};
    if (k.found < 0 || (k.found == 0 && engine_write(c, make_key, &k, err)))
        return -1;
    out->temp = str_fmt(c->a, "%.*s/seal-%s", STR_ARG(s->spool_dir),
                        id_print(id_next(c->ids, c->now_us), id).p);
    int in = open(str_z(c->a, from->path), O_RDONLY | O_CLOEXEC);
    int to = open(str_z(c->a, out->temp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = seal_fds(c, out, in, to, err);
    if (rc)
        contents_drop(c, out);
    return rc;
}

void contents_drop(struct ctx *c, const struct sealed_content *x)
{
    (void)unlink(str_z(c->a, x->temp)); /* moved into place when all went well */
}

/* ---- those of before ---- */

struct old_row {
    struct file file;
    int64_t subject;
};

struct converting {
    const struct server *s;
    struct str old; /* its name, the SHA-256 of the plain bytes */
    struct sealed_content fresh;
};

static int old_ids(struct ctx *c, struct str name, int64_t **ids, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *st;
    VEC(int64_t) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id FROM _file WHERE sealed IS NULL AND stored_as = ");
    sql_bind_str(&q, name);
    sql_lit(&q, " ORDER BY id LIMIT 500");
    if (store_query(c->db, c->a, &q, &st, err))
        return -1;
    int rc;
    while ((rc = stmt_step(st, err)) == 1)
        (void)vec_push(c->a, &list, stmt_int(st, 0));
    stmt_done(st);
    *ids = list.v;
    *n = list.n;
    return rc;
}

static int rename_content(struct ctx *c, int64_t id, struct str name, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _file SET hash = ");
    sql_bind_str(&q, name);
    sql_lit(&q, ", stored_as = ");
    sql_bind_str(&q, name);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int convert_row(struct ctx *c, const struct converting *k, int64_t id, struct err *err)
{
    struct file f = {0};
    int64_t subject = 0;
    int rc = file_load(c, id, &f, err);
    if (rc <= 0)
        return rc;
    struct app *app = f.app.n ? engine_app(c->engine, f.app) : NULL;
    f.key = k->fresh.key;
    rc = file_subject(c, app ? app_form(app, f.form) : NULL, &f, &subject, err);
    app_unref(&app);
    return rc || file_seal(c, &f, subject, err) || rename_content(c, id, k->fresh.name, err) ? -1
                                                                                             : 0;
}

static int contents_left(struct ctx *c, int64_t *left, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT count(*) FROM _file WHERE sealed IS NULL");
    return store_get_int(c->db, c->a, &q, left, err) < 0 ? -1 : 0;
}

static int convert(struct ctx *c, void *arg, struct err *err)
{
    struct converting *k = arg;
    int64_t *ids, left;
    size_t n;
    if (old_ids(c, k->old, &ids, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (convert_row(c, k, ids[i], err))
            return -1;
    if (contents_left(c, &left, err))
        return -1;
    if (left)
        store_scrub(c->db); /* their names */
    else
        store_repack(c->db);
    return blob_keep(c->a, k->s->files_dir, k->fresh.temp, k->fresh.name, err);
}

/* The name of one that lies in clear: 1, 0 none, -1. */
static int next_old(struct ctx *c, struct str *name, struct err *err)
{
    struct sql q;
    struct stmt *st;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT stored_as FROM _file WHERE sealed IS NULL ORDER BY id LIMIT 1");
    if (store_query(c->db, c->a, &q, &st, err))
        return -1;
    int rc = stmt_step(st, err);
    if (rc == 1)
        *name = str_dup(c->a, stmt_str(st, 0));
    stmt_done(st);
    return rc;
}

/* A row whose content is lost cannot be sealed: it is told of once, and reads as it did. */
static int give_up(struct ctx *c, void *arg, struct err *err)
{
    struct sql q;
    const struct converting *k = arg;
    log_event(LOG_ERROR, "file_lost", LOG_TEXT("content", k->old));
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _file SET sealed = '' WHERE sealed IS NULL AND stored_as = ");
    sql_bind_str(&q, k->old);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int contents_step(struct ctx *c, const struct server *s, struct err *err)
{
    struct converting k = {.s = s};
    int rc = next_old(c, &k.old, err);
    if (rc <= 0)
        return rc;
    const struct plain_content from = {blob_path(c->a, s->files_dir, k.old), k.old};
    if (access(str_z(c->a, from.path), F_OK))
        return engine_write(c, give_up, &k, err) ? -1 : 1;
    if (contents_seal(c, s, &from, &k.fresh, err))
        return -1;
    rc = engine_write(c, convert, &k, err);
    contents_drop(c, &k.fresh);
    if (rc)
        return -1;
    rc = file_in_use(c, k.old, err);
    if (rc == 0)
        (void)unlink(str_z(c->a, from.path)); /* else the sweeper does */
    return rc < 0 ? -1 : 1;
}

/* ---- those that nobody wants any more ---- */

static int forget_rows(struct ctx *c, void *arg, struct err *err)
{
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    int rc = file_purge_loose(c, err);
    (void)arg;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        for (size_t k = 0; app && rc == 0 && k < app->nforms; k++)
            rc = file_purge_form(c, app->forms[k], err);
        app_unref(&app);
    }
    return rc;
}

struct unwanted {
    struct ctx *c;
    struct str name;
    int gone;
};

/* In a write job: on this store nobody uploads the same content meanwhile. */
static int still_unused(struct ctx *c, void *arg, struct err *err)
{
    struct unwanted *u = arg;
    int used = file_in_use(c, u->name, err);
    u->gone = used == 0;
    return used < 0 ? -1 : 0;
}

static int unused(void *arg, struct str name, struct err *err)
{
    struct unwanted u = {.c = arg, .name = name};
    int used = file_in_use(u.c, name, err);
    if (used)
        return used < 0 ? -1 : 0;
    return engine_write(u.c, still_unused, &u, err) ? -1 : u.gone;
}

int contents_sweep(struct ctx *c, const struct server *s, struct err *err)
{
    int64_t before_s = clock_real_us() / US_PER_S - AGE_S;
    return engine_write(c, forget_rows, NULL, err) ||
                   blob_each(c->a, s->files_dir, before_s, unused, c, err)
               ? -1
               : 0;
}
