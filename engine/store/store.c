/*
 * What all databases have in common: connections, statements, limits, savepoints, snapshots.
 * The queue of writers is store_write.c; a database's own ways are its driver's.
 *
 * A statement's handle lives on the caller's arena, the prepared statement in the connection's
 * cache. Handles are chained on the connection, so that the end of a job (or a rollback) can take
 * every prepared statement back, whatever the caller forgot and wherever an out-of-memory unwound
 * to.
 */
#include "engine/store/store_int.h"
#include "engine/store/move.h"

#include "engine/base/log.h"
#include "engine/value/json.h"

#include <assert.h>
#include <stdlib.h>

struct scheme_row {
    const char *scheme;
    const struct store_driver *driver;
};

static const struct scheme_row SCHEMES[] = {{"sqlite", &store_sqlite_driver},
                                            {"postgresql", &store_pgsql_driver},
                                            {"postgres", &store_pgsql_driver},
                                            {"fault", &store_fault_driver},
                                            {"faultpg", &store_fault_pg_driver}};

const struct store_driver *store_driver_of(struct str url, struct str *rest, struct err *err)
{
    struct str scheme;
    struct str tail = str_cut(url, ':', &scheme);
    for (size_t i = 0; i < ARRAY_LEN(SCHEMES); i++) {
        if (str_eqz(scheme, SCHEMES[i].scheme)) {
            *rest = tail;
            return SCHEMES[i].driver;
        }
    }
    (void)err_set(err, ERR_INVALID, "store_url",
                  "不认识的数据库地址，应为 sqlite:路径 或 postgresql://用户@主机/数据库。",
                  "This is no database address this program knows; expected sqlite:PATH or "
                  "postgresql://USER@HOST/DATABASE.");
    return NULL;
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_OOM, "out_of_memory", "服务器内存不足，请稍后再试。",
                   "The server is out of memory; please try again later.");
}

static int conn_new(struct store *s, enum drv_mode mode, struct conn **out, struct err *err)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return no_memory(err);
    c->store = s;
    c->writer = mode == DRV_WRITE;
    if (s->driver->connect(s->db, mode, &c->drv, err) < 0) {
        free(c);
        return -1;
    }
    *out = c;
    return 0;
}

static void conn_free(struct conn *c)
{
    conn_finish(c, 0);
    cache_clear(&c->cache);
    c->store->driver->disconnect(c->drv);
    free(c);
}

static int store_start(struct store *s, struct str rest, struct err *err)
{
    if (s->driver->open(rest, &s->opts, &s->db, err) < 0)
        return -1;
    if (conn_new(s, DRV_WRITE, &s->writer, err) < 0) {
        s->driver->close(s->db);
        return -1;
    }
    return 0;
}

static void store_free(struct store *s)
{
    pthread_mutex_destroy(&s->lock);
    free(s->batch);
    free(s);
}

int store_open(struct str url, const struct store_opts *opts, struct store **out, struct err *err)
{
    struct str rest;
    const struct store_driver *driver = store_driver_of(url, &rest, err);
    if (!driver)
        return -1;
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(err);
    s->driver = driver;
    if (opts)
        s->opts = *opts;
    if (!s->opts.queue_max)
        s->opts.queue_max = 1024;
    if (!s->opts.batch_max)
        s->opts.batch_max = 64;
    pthread_mutex_init(&s->lock, NULL);
    s->batch = calloc(s->opts.batch_max, sizeof(struct job *));
    int rc = s->batch ? store_start(s, rest, err) : no_memory(err);
    if (rc < 0)
        store_free(s);
    else
        *out = s;
    return rc;
}

void store_close(struct store **at)
{
    struct store *s = *at;
    if (!s)
        return;
    assert(atomic_load(&s->readers) == 0 && !s->leading && !s->head);
    conn_free(s->writer);
    s->driver->close(s->db);
    store_free(s);
    *at = NULL;
}

enum sql_dialect store_dialect(const struct store *s)
{
    return s->driver->dialect;
}

struct drv_db *store_db(struct store *s)
{
    return s->db;
}

int store_conn_open(struct store *s, struct conn **out, struct err *err)
{
    if (conn_new(s, DRV_READ, out, err) < 0)
        return -1;
    atomic_fetch_add(&s->readers, 1);
    return 0;
}

void store_conn_close(struct conn **at)
{
    struct conn *c = *at;
    if (!c)
        return;
    assert(!c->writer);
    store_read_end(c);
    atomic_fetch_sub(&c->store->readers, 1);
    conn_free(c);
    *at = NULL;
}

void store_scrub(struct conn *c)
{
    c->drv->scrub = true;
}

void store_repack(struct conn *c)
{
    c->drv->scrub = true;
    c->drv->repack = true;
}

uint64_t store_moment(const struct conn *c)
{
    return c->moment;
}

bool store_is_writer(const struct conn *c)
{
    return c->writer;
}

struct store *store_of(const struct conn *c)
{
    return c->store;
}

int store_read_begin(struct conn *c, struct err *err)
{
    if (c->writer)
        return 0; /* a job is one snapshot already */
    assert(!c->reading);
    if (c->store->driver->tx(c->drv, TX_BEGIN_READ, err) < 0)
        return -1;
    c->reading = true;
    return 0;
}

int store_reads_begin(struct conn *c, struct err *err)
{
    if (store_in_snapshot(c) || c->store->driver->dialect != SQL_SQLITE)
        return 0;
    return store_read_begin(c, err) ? -1 : 1;
}

int store_scratch_begin(struct conn *c, struct err *err)
{
    if (c->writer)
        return err_set(err, ERR_INTERNAL, "scratch", "写事务中不能使用临时表。",
                       "A write job makes no temporary tables.");
    assert(!c->reading);
    if (c->store->driver->tx(c->drv, TX_BEGIN_SCRATCH, err) < 0)
        return -1;
    c->reading = true;
    return 0;
}

void store_read_end(struct conn *c)
{
    if (c->writer || !c->reading)
        return;
    struct err ignored;
    conn_finish(c, 0);
    (void)c->store->driver->tx(c->drv, TX_ROLLBACK, &ignored); /* never fails */
    c->reading = false;
}

bool store_in_snapshot(const struct conn *c)
{
    return c->writer || c->reading;
}

int store_savepoint(struct conn *c, struct err *err)
{
    assert(c->writer && c->depth > 0);
    if (c->depth > STORE_NEST_MAX)
        return err_set(err, ERR_LIMIT, "nesting", "操作嵌套过深，最多 %d 层。",
                       "The operations nest deeper than %d levels.", STORE_NEST_MAX);
    if (c->store->driver->tx(c->drv, TX_SAVEPOINT, err) < 0)
        return -1;
    c->depth++;
    return 0;
}

int store_release(struct conn *c, struct err *err)
{
    assert(c->writer && c->depth > 1);
    conn_finish(c, c->depth);
    if (c->store->driver->tx(c->drv, TX_RELEASE, err) < 0)
        return -1;
    c->depth--;
    return 0;
}

void conn_unwind(struct conn *c, unsigned depth)
{
    struct err ignored;
    while (c->depth > depth) {
        conn_finish(c, c->depth);
        (void)c->store->driver->tx(c->drv, TX_ROLLBACK_TO, &ignored); /* never fails */
        c->depth--;
        c->moment++;
    }
}

void store_rollback(struct conn *c)
{
    assert(c->writer && c->depth > 1);
    conn_unwind(c, c->depth - 1);
}

void store_ddl_begin(struct conn *c, bool system)
{
    assert(c->writer && c->depth > 0);
    c->drv->ddl = true;
    c->drv->system = system;
}

void store_ddl_end(struct conn *c)
{
    c->drv->ddl = false;
    c->drv->system = false;
}

void store_limit(struct conn *c, int64_t deadline_mono_us, int64_t max_steps)
{
    c->store->driver->limit(c->drv, deadline_mono_us, max_steps);
}

/* Gives the prepared statement back and leaves a dead handle behind. */
static void finish(struct stmt *s)
{
    struct conn *c = s->conn;
    c->store->driver->reset(s->held->stmt);
    cache_give(&c->cache, s->held);
    *(s->prev ? &s->prev->next : &c->open) = s->next;
    if (s->next)
        s->next->prev = s->prev;
    s->conn = NULL;
    s->held = NULL;
}

void conn_finish(struct conn *c, unsigned depth)
{
    for (struct stmt *s = c->open, *next; s; s = next) {
        next = s->next;
        if (s->depth >= depth)
            finish(s);
    }
}

static void finish_deferred(void *arg)
{
    struct stmt *s = arg;
    if (s->conn)
        finish(s);
}

void stmt_done(struct stmt *s)
{
    if (!s || !s->arena)
        return;
    if (s->conn)
        finish(s);
    arena_undefer(s->arena, s);
    s->arena = NULL;
}

/* One item of a list that json_each reads: what the column holds, not what people see. */
static void list_item(struct json *j, struct val v)
{
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL: json_int(j, v.b); return;
    case VAL_NUM: json_num(j, v.num); return;
    case VAL_DEC:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT: json_int(j, v.i); return;
    case VAL_TEXT: json_str(j, val_str(v)); return;
    case VAL_REF: json_int(j, v.ref->id); return;
    case VAL_BLANK:
    case VAL_ABSENT:
    case VAL_LIST:
    case VAL_OBJ: json_val(j, v); return;
    }
}

/* What the driver binds: lists as JSON, refs as ids. */
static struct val bindable(struct arena *a, struct val v)
{
    if (v.kind == VAL_REF)
        return val_dec(v.ref->id, 0);
    if (v.kind != VAL_LIST && v.kind != VAL_OBJ)
        return v;
    struct strb text;
    struct json j;
    strb_init(&text, a);
    json_init(&j, &text);
    if (v.kind == VAL_OBJ) {
        json_val(&j, v);
    } else {
        json_begin_list(&j);
        for (size_t i = 0; i < v.n; i++)
            list_item(&j, v.list[i]);
        json_end_list(&j);
    }
    return val_text(strb_str(&text));
}

static struct cached *prepared(struct conn *c, struct str text, struct err *err)
{
    uint64_t hash = str_hash(text);
    struct cached *e = cache_take(&c->cache, text, hash);
    struct drv_stmt *stmt;
    if (e)
        return e;
    if (c->store->driver->prepare(c->drv, text, &stmt, err) < 0)
        return NULL;
    atomic_fetch_add_explicit(&c->store->statements, 1, memory_order_relaxed);
    e = cache_new(stmt, text, hash);
    if (!e) {
        c->store->driver->finalize(stmt);
        (void)no_memory(err);
    }
    return e;
}

int store_query(struct conn *c, struct arena *a, const struct sql *q, struct stmt **out,
                struct err *err)
{
    assert(q->dialect == c->store->driver->dialect);
    /* Everything that may unwind comes first: from the cache on, the statement must get back. */
    struct stmt *s = ARENA_NEW(a, struct stmt);
    struct val *args = ARENA_ARRAY(a, struct val, q->args.n);
    for (size_t i = 0; i < q->args.n; i++)
        args[i] = bindable(a, q->args.v[i]);
    arena_defer(a, finish_deferred, s);
    s->arena = a;

    s->held = prepared(c, (struct str){q->text.p, q->text.n}, err);
    if (!s->held) {
        stmt_done(s);
        return -1;
    }
    atomic_fetch_add_explicit(&c->store->queries, 1, memory_order_relaxed);
    s->conn = c;
    s->depth = c->depth;
    s->next = c->open;
    if (c->open)
        c->open->prev = s;
    c->open = s;
    if (c->store->driver->bind(s->held->stmt, args, q->args.n, err) < 0) {
        stmt_done(s);
        return -1;
    }
    *out = s;
    return 0;
}

int stmt_step(struct stmt *s, struct err *err)
{
    assert(s->conn);
    if (s->ended)
        return 0;
    int rc = s->conn->store->driver->step(s->held->stmt, err);
    s->ended = rc != 1;
    s->cell_of = 0;
    return rc;
}

/* Whether it is NULL, then what it is: one look. */
static const struct drv_cell *cell(struct stmt *s, int column)
{
    assert(s->conn && !s->ended);
    if (s->cell_of != column + 1)
        s->conn->store->driver->column(s->held->stmt, column, &s->cell);
    s->cell_of = column + 1;
    return &s->cell;
}

bool stmt_null(struct stmt *s, int column)
{
    const struct drv_cell *v = cell(s, column);
    return v->kind == CELL_NULL;
}

int64_t stmt_int(struct stmt *s, int column)
{
    int64_t parsed;
    const struct drv_cell *v = cell(s, column);
    switch (v->kind) {
    case CELL_INT: return v->i;
    case CELL_REAL: return v->num >= -0x1p63 && v->num < 0x1p63 ? (int64_t)v->num : 0;
    case CELL_TEXT: return str_int(v->text, INT64_MIN, INT64_MAX, &parsed) ? parsed : 0;
    case CELL_NULL:
    case CELL_BLOB: break;
    }
    return 0;
}

double stmt_num(struct stmt *s, int column)
{
    const struct drv_cell *v = cell(s, column);
    if (v->kind == CELL_INT)
        return (double)v->i;
    return v->kind == CELL_REAL ? v->num : 0;
}

struct str stmt_str(struct stmt *s, int column)
{
    const struct drv_cell *v = cell(s, column);
    return v->kind == CELL_TEXT ? v->text : STR_NONE;
}

struct val stmt_val(struct stmt *s, int column)
{
    const struct drv_cell *v = cell(s, column);
    switch (v->kind) {
    case CELL_INT: return val_dec(v->i, 0);
    case CELL_REAL: return val_num(v->num);
    case CELL_TEXT:
        return (struct val){
            .kind = VAL_TEXT, .n = (uint32_t)v->text.n, .text = v->text.p ? v->text.p : ""};
    case CELL_NULL:
    case CELL_BLOB: break;
    }
    return VAL_NONE;
}

int stmt_columns(struct stmt *s)
{
    assert(s->conn);
    return s->conn->store->driver->columns(s->held->stmt);
}

int store_exec(struct conn *c, struct arena *a, const struct sql *q, int64_t *changes,
               struct err *err)
{
    struct stmt *s;
    int rc;
    if (store_query(c, a, q, &s, err) < 0)
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        continue;
    if (rc == 0 && changes)
        *changes = c->store->driver->changes(c->drv);
    stmt_done(s);
    return rc;
}

int store_exec_later(struct conn *c, struct arena *a, const struct sql *q, struct err *err)
{
    struct stmt *s;
    if (!c->store->driver->later || !c->writer)
        return store_exec(c, a, q, NULL, err);
    if (store_query(c, a, q, &s, err) < 0)
        return -1;
    int rc = c->store->driver->later(s->held->stmt, err);
    stmt_done(s);
    return rc;
}

void stmt_many(struct stmt *s)
{
    if (s->conn->store->driver->many && store_in_snapshot(s->conn))
        s->conn->store->driver->many(s->held->stmt);
}

int store_get_int(struct conn *c, struct arena *a, const struct sql *q, int64_t *out,
                  struct err *err)
{
    struct stmt *s;
    if (store_query(c, a, q, &s, err) < 0)
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1 && stmt_null(s, 0))
        rc = 0;
    if (rc == 1)
        *out = stmt_int(s, 0);
    stmt_done(s);
    return rc;
}

int store_analyze(struct conn *c, struct err *err)
{
    assert(c->writer && c->depth > 0);
    return c->store->driver->analyze ? c->store->driver->analyze(c->drv, err) : 0;
}

int store_analyze_aside(struct store *s, struct err *err)
{
    return s->driver->analyze_aside ? s->driver->analyze_aside(s->db, err) : 0;
}

bool store_builds_aside(const struct store *s)
{
    return s->driver->build_index != NULL;
}

int store_build_index(struct store *s, const char *name, const char *create, struct err *err)
{
    return s->driver->build_index(s->db, name, create, err);
}

bool store_shared(const struct store *s)
{
    return s->driver->hear != NULL;
}

uint32_t store_node(const struct store *s)
{
    return s->driver->node ? s->driver->node(s->db) : 0;
}

int store_tell(struct conn *c, struct arena *a, struct str text, struct err *err)
{
    struct sql q;
    int64_t none;
    assert(c->writer && c->depth > 0);
    if (!store_shared(c->store))
        return 0;
    sql_init(&q, a, c->store->driver->dialect);
    sql_lit(&q, "SELECT 1 FROM (SELECT pg_notify('mortise_' || current_schema(), ");
    sql_bind_str(&q, text);
    sql_lit(&q, ")) t");
    return store_get_int(c, a, &q, &none, err) < 0 ? -1 : 0;
}

int store_hear(struct conn *c, int wait_ms, store_heard_fn *fn, void *arg, struct err *err)
{
    assert(store_shared(c->store));
    return c->store->driver->hear(c->drv, wait_ms, fn, arg, err);
}

int store_backup(struct store *s, struct str path, struct err *err)
{
    return s->driver->backup ? s->driver->backup(s->db, path, err) : move_backup(s, path, err);
}

int store_check(struct conn *c, struct arena *a, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    if (!c->store->driver->check_sql.n)
        return 0;
    sql_init(&q, a, c->store->driver->dialect);
    sql_lit_(&q, c->store->driver->check_sql);
    if (store_query(c, a, &q, &s, err) < 0)
        return -1;
    while ((rc = stmt_step(s, err)) == 1 && str_eqz(stmt_str(s, 0), "ok"))
        continue;
    if (rc == 1) {
        log_event(LOG_ERROR, "database_corrupt", LOG_TEXT("finding", stmt_str(s, 0)));
        rc = err_set(err, ERR_STORE, "database_corrupt", "数据库文件已损坏，请从备份恢复。",
                     "The database file is damaged; please restore a backup.");
    }
    stmt_done(s);
    return rc;
}

void store_stats(struct store *s, struct store_stats *out)
{
    pthread_mutex_lock(&s->lock);
    out->commits = s->commits;
    out->jobs = s->jobs;
    out->waiting = s->waiting;
    pthread_mutex_unlock(&s->lock);
    out->statements = atomic_load(&s->statements);
    out->queries = atomic_load(&s->queries);
}
