/*
 * A driver around another one whose calls fail on demand, for the loop "let the N-th call fail for
 * every N": after each failure the data is as before or as after, never between. Tests only.
 */
#include "engine/store/store_fault.h"

#include "engine/store/store_int.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

struct fault_db {
    struct drv_db base;
    struct drv_db *inner;
    pthread_mutex_t lock; /* guards what follows */
    long calls;
    long at; /* the call that fails; 0: none */
    enum fault_kind kind;
    bool sticky;
};

struct fault_conn {
    struct drv_conn base;
    struct drv_conn *inner;
    struct fault_db *db;
};

struct fault_stmt {
    struct drv_stmt base;
    struct drv_stmt *inner;
    struct fault_conn *conn;
};

static struct fault_conn *conn_of(struct drv_conn *c)
{
    return CONTAINER_OF(c, struct fault_conn, base);
}

static struct fault_stmt *stmt_of(struct drv_stmt *s)
{
    return CONTAINER_OF(s, struct fault_stmt, base);
}

/* Counts a call; true when it is to fail, with err set. */
static bool trip(struct fault_db *db, struct err *err)
{
    pthread_mutex_lock(&db->lock);
    db->calls++;
    bool now = db->at && (db->sticky ? db->calls >= db->at : db->calls == db->at);
    bool full = db->kind == FAULT_FULL;
    if (now && db->kind == FAULT_KILL)
        (void)raise(SIGKILL);
    pthread_mutex_unlock(&db->lock);
    if (now)
        (void)err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "store_failed",
                      "测试：数据库调用失败。", "Test: the database call failed.");
    return now;
}

static int fault_open(struct str rest, const struct store_opts *opts, struct drv_db **out,
                      struct err *err)
{
    struct str tail;
    const struct store_driver *inner = store_driver_of(rest, &tail, err);
    if (!inner)
        return -1;
    struct fault_db *db = calloc(1, sizeof *db);
    assert(db);
    db->base.driver = &store_fault_driver;
    pthread_mutex_init(&db->lock, NULL);
    if (inner->open(tail, opts, &db->inner, err) < 0) {
        free(db);
        return -1;
    }
    *out = &db->base;
    return 0;
}

static void fault_close(struct drv_db *at)
{
    struct fault_db *db = CONTAINER_OF(at, struct fault_db, base);
    db->inner->driver->close(db->inner);
    pthread_mutex_destroy(&db->lock);
    free(db);
}

static int fault_connect(struct drv_db *at, enum drv_mode mode, struct drv_conn **out,
                         struct err *err)
{
    struct fault_db *db = CONTAINER_OF(at, struct fault_db, base);
    struct fault_conn *c = calloc(1, sizeof *c);
    assert(c);
    c->base.driver = &store_fault_driver;
    c->db = db;
    if (trip(db, err) || db->inner->driver->connect(db->inner, mode, &c->inner, err) < 0) {
        free(c);
        return -1;
    }
    *out = &c->base;
    return 0;
}

static void fault_disconnect(struct drv_conn *at)
{
    struct fault_conn *c = conn_of(at);
    c->inner->driver->disconnect(c->inner);
    free(c);
}

/* What store.c allowed on the outer connection holds on the inner one. */
static void pass_flags(struct fault_conn *c)
{
    c->inner->ddl = c->base.ddl;
    c->inner->system = c->base.system;
    c->inner->scratch = c->base.scratch;
}

static int fault_prepare(struct drv_conn *at, struct str text, struct drv_stmt **out,
                         struct err *err)
{
    struct fault_conn *c = conn_of(at);
    pass_flags(c);
    if (trip(c->db, err))
        return -1;
    struct fault_stmt *s = calloc(1, sizeof *s);
    assert(s);
    s->base.driver = &store_fault_driver;
    s->conn = c;
    if (c->inner->driver->prepare(c->inner, text, &s->inner, err) < 0) {
        free(s);
        return -1;
    }
    *out = &s->base;
    return 0;
}

static void fault_finalize(struct drv_stmt *at)
{
    struct fault_stmt *s = stmt_of(at);
    s->inner->driver->finalize(s->inner);
    free(s);
}

static int fault_bind(struct drv_stmt *at, const struct val *args, size_t n, struct err *err)
{
    struct fault_stmt *s = stmt_of(at);
    return trip(s->conn->db, err) ? -1 : s->inner->driver->bind(s->inner, args, n, err);
}

static int fault_step(struct drv_stmt *at, struct err *err)
{
    struct fault_stmt *s = stmt_of(at);
    pass_flags(s->conn);
    return trip(s->conn->db, err) ? -1 : s->inner->driver->step(s->inner, err);
}

static void fault_reset(struct drv_stmt *at)
{
    struct fault_stmt *s = stmt_of(at);
    s->inner->driver->reset(s->inner);
}

static int fault_columns(struct drv_stmt *at)
{
    struct fault_stmt *s = stmt_of(at);
    return s->inner->driver->columns(s->inner);
}

static void fault_column(struct drv_stmt *at, int column, struct drv_cell *out)
{
    struct fault_stmt *s = stmt_of(at);
    s->inner->driver->column(s->inner, column, out);
}

static int64_t fault_changes(struct drv_conn *at)
{
    struct fault_conn *c = conn_of(at);
    return c->inner->driver->changes(c->inner);
}

static int fault_tx(struct drv_conn *at, enum drv_tx what, struct err *err)
{
    struct fault_conn *c = conn_of(at);
    bool may_fail = what != TX_ROLLBACK && what != TX_ROLLBACK_TO;
    if (may_fail && trip(c->db, err)) {
        if (what == TX_COMMIT && c->db->kind == FAULT_FSYNC)
            c->base.broken = true;
        return -1;
    }
    int rc = c->inner->driver->tx(c->inner, what, err);
    c->base.broken |= c->inner->broken;
    return rc;
}

static bool fault_in_tx(struct drv_conn *at)
{
    struct fault_conn *c = conn_of(at);
    return c->inner->driver->in_tx(c->inner);
}

static int fault_rest(struct drv_conn *at, struct err *err)
{
    struct fault_conn *c = conn_of(at);
    c->inner->scrub |= c->base.scrub;
    c->inner->repack |= c->base.repack;
    c->base.scrub = c->base.repack = false;
    int rc = c->inner->driver->rest(c->inner, err);
    c->base.broken |= c->inner->broken;
    return rc;
}

static void fault_limit(struct drv_conn *at, int64_t deadline_mono_us, int64_t max_steps)
{
    struct fault_conn *c = conn_of(at);
    c->inner->driver->limit(c->inner, deadline_mono_us, max_steps);
}

static int fault_backup(struct drv_db *at, struct str path, struct err *err)
{
    struct fault_db *db = CONTAINER_OF(at, struct fault_db, base);
    return trip(db, err) ? -1 : db->inner->driver->backup(db->inner, path, err);
}

static uint32_t fault_node(struct drv_db *at)
{
    struct fault_db *db = CONTAINER_OF(at, struct fault_db, base);
    return db->inner->driver->node(db->inner);
}

#define FAULT_DRIVER                                                                               \
    .open = fault_open, .close = fault_close, .connect = fault_connect,                            \
    .disconnect = fault_disconnect, .prepare = fault_prepare, .finalize = fault_finalize,          \
    .bind = fault_bind, .step = fault_step, .reset = fault_reset, .columns = fault_columns,        \
    .column = fault_column, .changes = fault_changes, .tx = fault_tx, .in_tx = fault_in_tx,        \
    .rest = fault_rest, .limit = fault_limit, .backup = fault_backup

const struct store_driver store_fault_driver = {
    .scheme = "fault", .dialect = SQL_SQLITE, FAULT_DRIVER};
const struct store_driver store_fault_pg_driver = {
    .scheme = "faultpg", .dialect = SQL_PGSQL, .node = fault_node, FAULT_DRIVER};

static struct fault_db *fault_of(struct store *s)
{
    struct drv_db *db = store_db(s);
    assert(db->driver == &store_fault_driver); /* of either dialect */
    return CONTAINER_OF(db, struct fault_db, base);
}

void store_fault_set(struct store *s, long n, enum fault_kind kind, bool sticky)
{
    struct fault_db *db = fault_of(s);
    pthread_mutex_lock(&db->lock);
    db->calls = 0;
    db->at = n;
    db->kind = kind;
    db->sticky = sticky;
    pthread_mutex_unlock(&db->lock);
}

long store_fault_calls(struct store *s)
{
    struct fault_db *db = fault_of(s);
    pthread_mutex_lock(&db->lock);
    long n = db->calls;
    pthread_mutex_unlock(&db->lock);
    return n;
}
