/*
 * SQLite as a store; sqlite3.h is for store_sqlite*.c only. Text compares by bytes (code point
 * order); "zh" is the order of lists (value/collate.h).
 *
 * WAL with synchronous=FULL, so that a commit that returned survives a power cut. SQLite 3.40 loses
 * data when two connections write and checkpoint at the same moment (the WAL-reset race): one
 * connection writes and alone checkpoints, readers are read-only, never checkpoint, not even when
 * they close, other processes are kept out by a lock file for a batch and its checkpoint.
 */
#include "engine/store/store_driver.h"

#include "engine/base/log.h"
#include "engine/base/utf8.h"
#include "engine/store/store_files.h"
#include "engine/store/store_sqlite_err.h"
#include "engine/store/store_sqlite_fn.h"
#include "engine/store/store_sqlite_pack.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUSY_MS          5000
#define PAGES_CHECKPOINT 1000  /* passive checkpoint */
#define PAGES_TRUNCATE   16384 /* 64 MiB: wait a little for readers and cut the file */
#define TRUNCATE_WAIT_MS 100
#define HEAP_MAX         (INT64_C(512) << 20)
#define PROGRESS_OPS     1000
#define BACKUP_PAGES     512

struct sq_db {
    struct drv_db base;
    struct db_files files;
    int64_t (*mono_us)(void);
    const struct sql_func *functions;
    size_t nfunctions;
};

enum { TX_KINDS = TX_ROLLBACK_TO + 2 }; /* and the RELEASE that follows a ROLLBACK TO */

struct sq_conn {
    struct drv_conn base;
    struct sq_db *owner;
    sqlite3 *db;
    sqlite3_stmt *tx[TX_KINDS];
    bool own;                   /* one of our tx statements runs: the authorizer lets it through */
    bool scratch;               /* temporary tables may be made and written */
    bool gate;                  /* we hold the lock file */
    int wal_pages, tried_pages; /* in the WAL; when we last tried to checkpoint */
    int64_t deadline_us, steps_left;
};

struct sq_stmt {
    struct drv_stmt base;
    struct sq_conn *conn;
    sqlite3_stmt *st;
};

static struct sq_db *db_of(struct drv_db *d)
{
    return CONTAINER_OF(d, struct sq_db, base);
}

static struct sq_conn *conn_of(struct drv_conn *c)
{
    return CONTAINER_OF(c, struct sq_conn, base);
}

static struct sq_stmt *stmt_of(struct drv_stmt *s)
{
    return CONTAINER_OF(s, struct sq_stmt, base);
}

/* Sets err from the connection's last error; -1. `sql` is for the log only. */
static int fail(struct sq_conn *c, const char *sql, struct err *err)
{
    int code = sqlite3_extended_errcode(c->db);
    const char *message = sqlite3_errmsg(c->db);
    const struct error_row *row = sqlite_error(code, message);
    (void)err_set(err, row->err, row->key, "%s", "%s", row->en);
    (void)snprintf(err->zh, sizeof err->zh, "%s", row->zh);
    if (row->err == ERR_CONFLICT && row->code)
        sqlite_error_columns(err, message);
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
        c->base.broken = true;
    if (row->err == ERR_INTERNAL || row->err == ERR_STORE || !row->code)
        log_event(LOG_ERROR, "store_error", LOG_NUM("code", code),
                  LOG_TEXT("message", str_of(message)),
                  LOG_TEXT("sql", utf8_cut(str_of(sql), 500)));
    return -1;
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_OOM, "out_of_memory", "服务器内存不足，请稍后再试。",
                   "The server is out of memory; please try again later.");
}

enum rule {
    RULE_DENY,
    RULE_ALLOW,
    RULE_FUNCTION,
    RULE_ROWS,
    RULE_DDL_A,
    RULE_DDL_B,
    RULE_VTABLE,
    RULE_PRAGMA,
    RULE_TX,
    RULE_TEMP
};

/* By SQLite's action code; what is not listed is denied (ATTACH, triggers, views …). */
static const uint8_t RULES[] = {
    [SQLITE_READ] = RULE_ALLOW,
    [SQLITE_SELECT] = RULE_ALLOW,
    [SQLITE_RECURSIVE] = RULE_ALLOW,
    [SQLITE_FUNCTION] = RULE_FUNCTION,
    [SQLITE_INSERT] = RULE_ROWS,
    [SQLITE_UPDATE] = RULE_ROWS,
    [SQLITE_DELETE] = RULE_ROWS,
    [SQLITE_CREATE_TABLE] = RULE_DDL_A,
    [SQLITE_DROP_TABLE] = RULE_DDL_A,
    [SQLITE_CREATE_INDEX] = RULE_DDL_B,
    [SQLITE_DROP_INDEX] = RULE_DDL_B,
    [SQLITE_CREATE_TRIGGER] = RULE_DDL_B,
    [SQLITE_DROP_TRIGGER] = RULE_DDL_B,
    [SQLITE_ALTER_TABLE] = RULE_DDL_B,
    [SQLITE_REINDEX] = RULE_DDL_A,
    [SQLITE_ANALYZE] = RULE_TX,
    [SQLITE_PRAGMA] = RULE_PRAGMA,
    [SQLITE_TRANSACTION] = RULE_TX,
    [SQLITE_SAVEPOINT] = RULE_TX,
    [SQLITE_CREATE_TEMP_TABLE] = RULE_TEMP,
    [SQLITE_CREATE_TEMP_INDEX] = RULE_TEMP,
    [SQLITE_CREATE_TEMP_VIEW] = RULE_TEMP,
    [SQLITE_CREATE_VTABLE] = RULE_VTABLE,
    [SQLITE_DROP_VTABLE] = RULE_VTABLE,
};

static const char *const PRAGMAS[] = {"table_info",  "index_list",      "index_info",
                                      "quick_check", "integrity_check", "foreign_key_check",
                                      "data_version" /* of full-text tables */};
static const char *const NO_FUNCTIONS[] = {"load_extension", "fts3_tokenizer", "randomblob",
                                           "random", "zeroblob"};
/* System tables whose rows are added and never changed. */
static const char *const APPEND_ONLY[] = {"_audit", "_migration"};

static bool listed(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(str_of(list[i]), str_of(name)))
            return true;
    return false;
}

static bool may_write_rows(const struct sq_conn *c, int action, const char *table, const char *by)
{
    if (by) /* a trigger notes rows (ddl_watch) and does nothing else, whoever made it */
        return strcmp(table, "_stage_dirty") == 0;
    /* An opened virtual table declares itself by this; who really tries is stopped by DEFENSIVE. */
    if (action == SQLITE_UPDATE && strcmp(table, "sqlite_master") == 0)
        return true;
    if (strncmp(table, "sqlite_", 7) == 0)
        return c->base.ddl; /* ALTER TABLE edits the catalogue by statements of its own */
    return action == SQLITE_INSERT || !listed(APPEND_ONLY, ARRAY_LEN(APPEND_ONLY), table);
}

static bool may_ddl(const struct sq_conn *c, const char *table)
{
    return c->base.ddl && (table[0] != '_' || c->base.system);
}

static int authorize(void *self, int action, const char *a, const char *b, const char *database,
                     const char *trigger)
{
    const struct sq_conn *c = self;
    bool ok = false;
    if (c->scratch && database && strcmp(database, "temp") == 0)
        return SQLITE_OK; /* tables of this transaction alone */
    switch ((enum rule)((size_t)action < ARRAY_LEN(RULES) ? RULES[action] : RULE_DENY)) {
    case RULE_DENY: break;
    case RULE_ALLOW: ok = true; break;
    case RULE_FUNCTION: ok = !listed(NO_FUNCTIONS, ARRAY_LEN(NO_FUNCTIONS), b); break;
    case RULE_ROWS: ok = may_write_rows(c, action, a, trigger); break;
    case RULE_DDL_A: ok = may_ddl(c, a); break;
    case RULE_DDL_B: ok = may_ddl(c, b); break;
    case RULE_VTABLE: ok = may_ddl(c, a) && str_eqz(str_of(b), "fts5"); break;
    case RULE_PRAGMA: ok = c->own || listed(PRAGMAS, ARRAY_LEN(PRAGMAS), a); break;
    case RULE_TX: ok = c->own; break;
    case RULE_TEMP: ok = c->scratch; break;
    }
    return ok ? SQLITE_OK : SQLITE_DENY;
}

static int on_progress(void *self)
{
    struct sq_conn *c = self;
    if (c->steps_left && (c->steps_left -= PROGRESS_OPS) <= 0) {
        c->steps_left = 1; /* stays over the limit */
        return 1;
    }
    return c->deadline_us && c->owner->mono_us() > c->deadline_us;
}

static void sq_limit(struct drv_conn *at, int64_t deadline_mono_us, int64_t max_steps)
{
    struct sq_conn *c = conn_of(at);
    c->deadline_us = c->owner->mono_us ? deadline_mono_us : 0;
    c->steps_left = max_steps;
    bool any = c->deadline_us || c->steps_left;
    sqlite3_progress_handler(c->db, any ? PROGRESS_OPS : 0, any ? on_progress : NULL, c);
}

/* Keeps other processes from writing and checkpointing; waits BUSY_MS. */
static int gate_shut(struct sq_conn *c, struct err *err)
{
    for (int waited = 0; !c->gate && !db_files_lock(&c->owner->files); waited += 2) {
        if (waited >= BUSY_MS)
            return err_set(err, ERR_BUSY, "busy", "数据库正被其他程序占用，请稍后再试。",
                           "Another program holds the database; please try again later.");
        sqlite3_sleep(2);
    }
    c->gate = true;
    return 0;
}

static void gate_open(struct sq_conn *c)
{
    if (c->gate)
        db_files_unlock(&c->owner->files);
    c->gate = false;
}

static void sq_close(struct drv_db *at)
{
    struct sq_db *db = db_of(at);
    db_files_close(&db->files);
    free(db);
}

static int sq_open(struct str rest, const struct store_opts *opts, struct drv_db **out,
                   struct err *err)
{
    struct sq_db *db = calloc(1, sizeof *db);
    if (!db)
        return no_memory(err);
    db->base.driver = &store_sqlite_driver;
    db->mono_us = opts->mono_us;
    db->functions = opts->functions;
    db->nfunctions = opts->nfunctions;
    assert(sqlite3_threadsafe());
    sqlite3_hard_heap_limit64(HEAP_MAX);
    int rc = db_files_open(&db->files, rest, err);
    if (rc < 0)
        free(db);
    else
        *out = &db->base;
    return rc;
}

struct switch_row {
    int what, value;
};

static const struct switch_row SWITCHES[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
};

/* The SQL is ours; what comes in from definitions and filters is bounded before. */
static const struct switch_row LIMITS[] = {
    {SQLITE_LIMIT_LENGTH, 16 << 20},
    {SQLITE_LIMIT_SQL_LENGTH, 1000000},
    {SQLITE_LIMIT_COLUMN, 1000},
    {SQLITE_LIMIT_EXPR_DEPTH, 1000},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 250000},
    {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 2000},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 2000},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
    {SQLITE_LIMIT_WORKER_THREADS, 2},
};

struct pragma_row {
    const char *sql;
    bool read, write;
};

static const struct pragma_row SETTINGS[] = {
    {"PRAGMA journal_mode=WAL", false, true},
    {"PRAGMA synchronous=FULL", false, true},
    {"PRAGMA journal_size_limit=67108864", false, true},
    {"PRAGMA secure_delete=ON", false, true},
    {"PRAGMA wal_autocheckpoint=0", true, true},
    {"PRAGMA foreign_keys=ON", true, true},
    {"PRAGMA cell_size_check=ON", true, true},
    {"PRAGMA mmap_size=0", true, true}, /* a failing disk would be SIGBUS */
    {"PRAGMA temp_store=MEMORY", true, true},
    {"PRAGMA query_only=ON", true, false},
    {"PRAGMA cache_size=-16384", true, false},
    {"PRAGMA cache_size=-16384", false, true},
    {"PRAGMA threads=2", false, true}, /* that sort while an index is made: writers wait less */
    /* These declare themselves at first use, which the authorizer would refuse. */
    {"SELECT 1 FROM json_each('[]')", true, true},
    {"SELECT 1 FROM pragma_table_info('x')", true, true},
};

static const char *const TX_SQL[TX_KINDS] = {[TX_BEGIN_READ] = "BEGIN",
                                             [TX_BEGIN_SCRATCH] = "BEGIN",
                                             [TX_BEGIN_WRITE] = "BEGIN IMMEDIATE",
                                             [TX_COMMIT] = "COMMIT",
                                             [TX_ROLLBACK] = "ROLLBACK",
                                             [TX_SAVEPOINT] = "SAVEPOINT s",
                                             [TX_RELEASE] = "RELEASE s",
                                             [TX_ROLLBACK_TO] = "ROLLBACK TO s",
                                             [TX_ROLLBACK_TO + 1] = "RELEASE s"};

static int run_setting(struct sq_conn *c, const char *sql, struct err *err)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(c, sql, err);
}

static int on_wal(void *self, sqlite3 *db, const char *name, int pages)
{
    struct sq_conn *c = self;
    (void)db, (void)name;
    c->wal_pages = pages;
    return SQLITE_OK;
}

static void set_switches(struct sq_conn *c, enum drv_mode mode)
{
    sqlite3_extended_result_codes(c->db, 1);
    for (size_t i = 0; i < ARRAY_LEN(SWITCHES); i++)
        sqlite3_db_config(c->db, SWITCHES[i].what, SWITCHES[i].value, NULL);
    if (mode == DRV_READ)
        sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    for (size_t i = 0; i < ARRAY_LEN(LIMITS); i++)
        sqlite3_limit(c->db, LIMITS[i].what, LIMITS[i].value);
    sqlite3_busy_timeout(c->db, BUSY_MS);
}

static int setup_conn(struct sq_conn *c, enum drv_mode mode, struct err *err)
{
    set_switches(c, mode);
    for (size_t i = 0; i < ARRAY_LEN(SETTINGS); i++)
        if ((mode == DRV_READ ? SETTINGS[i].read : SETTINGS[i].write) &&
            run_setting(c, SETTINGS[i].sql, err) < 0)
            return -1;
    /* A database of tests lives no longer than the store: nothing to make durable. */
    if (c->owner->files.temp_dir && run_setting(c, "PRAGMA synchronous=OFF", err) < 0)
        return -1;
    if (mode == DRV_WRITE)
        sqlite3_wal_hook(c->db, on_wal, c);
    for (size_t i = 0; i < TX_KINDS; i++)
        if (sqlite3_prepare_v3(c->db, TX_SQL[i], -1, SQLITE_PREPARE_PERSISTENT, &c->tx[i], NULL))
            return fail(c, TX_SQL[i], err);
    if (sqlite_collation_add(c->db) ||
        sqlite_functions_add(c->db, c->owner->functions, c->owner->nfunctions))
        return fail(c, "functions", err);
    sqlite3_set_authorizer(c->db, authorize, c);
    return 0;
}

static void conn_free(struct sq_conn *c)
{
    for (size_t i = 0; i < TX_KINDS; i++)
        sqlite3_finalize(c->tx[i]);
    int rc = sqlite3_close(c->db); /* checkpoints when it is the last of all processes */
    assert(rc == SQLITE_OK);       /* else a statement was not given back */
    (void)rc;
    free(c);
}

static int open_file(struct sq_conn *c, enum drv_mode mode, struct err *err)
{
    int flags =
        SQLITE_OPEN_NOMUTEX |
        (mode == DRV_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (sqlite3_open_v2(c->owner->files.path, &c->db, flags, NULL) == SQLITE_OK)
        return 0;
    return c->db ? fail(c, "", err) : no_memory(err);
}

static int sq_connect(struct drv_db *at, enum drv_mode mode, struct drv_conn **out, struct err *err)
{
    struct sq_conn *c = calloc(1, sizeof *c);
    if (!c)
        return no_memory(err);
    c->base.driver = &store_sqlite_driver;
    c->owner = db_of(at);
    int rc = open_file(c, mode, err);
    if (rc == 0 && mode == DRV_WRITE)
        rc = gate_shut(c, err);
    if (rc == 0)
        rc = setup_conn(c, mode, err);
    gate_open(c);
    if (rc < 0)
        conn_free(c);
    else
        *out = &c->base;
    return rc;
}

static void sq_disconnect(struct drv_conn *at)
{
    struct sq_conn *c = conn_of(at);
    struct err err;
    bool writer = !sqlite3_db_readonly(c->db, "main");
    if (writer && !c->base.broken && gate_shut(c, &err) == 0)
        (void)sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    gate_open(c);
    conn_free(c);
}

static int sq_prepare(struct drv_conn *at, struct str text, struct drv_stmt **out, struct err *err)
{
    struct sq_conn *c = conn_of(at);
    const char *tail = NULL;
    struct sq_stmt *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(err);
    s->base.driver = &store_sqlite_driver;
    s->conn = c;
    int rc =
        sqlite3_prepare_v3(c->db, text.p, (int)text.n, SQLITE_PREPARE_PERSISTENT, &s->st, &tail);
    if (rc == SQLITE_OK && s->st && tail == text.p + text.n) {
        *out = &s->base;
        return 0;
    }
    rc = rc ? fail(c, text.p, err)
            : err_set(err, ERR_INTERNAL, "sql_error", "系统内部错误：不是恰好一条语句。",
                      "An internal error: not exactly one statement.");
    sqlite3_finalize(s->st);
    free(s);
    return rc;
}

static void sq_finalize(struct drv_stmt *at)
{
    sqlite3_finalize(stmt_of(at)->st);
    free(stmt_of(at));
}

static int bind_one(sqlite3_stmt *st, int at, struct val v)
{
    struct str text;
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL: return sqlite3_bind_int(st, at, v.b);
    case VAL_NUM: return sqlite3_bind_double(st, at, v.num);
    case VAL_DEC:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT: return sqlite3_bind_int64(st, at, v.i);
    case VAL_TEXT:
        text = val_str(v);
        return sqlite3_bind_text(st, at, text.p ? text.p : "", (int)text.n, SQLITE_TRANSIENT);
    case VAL_BLANK:
    case VAL_ABSENT:
    case VAL_REF:
    case VAL_LIST:
    case VAL_OBJ: break;
    }
    return sqlite3_bind_null(st, at);
}

static int sq_bind(struct drv_stmt *at, const struct val *args, size_t n, struct err *err)
{
    struct sq_stmt *s = stmt_of(at);
    if ((size_t)sqlite3_bind_parameter_count(s->st) != n)
        return err_set(err, ERR_INTERNAL, "sql_error", "系统内部错误：参数个数 %zu 不符。",
                       "An internal error: %zu parameters do not fit.", n);
    for (size_t i = 0; i < n; i++)
        if (bind_one(s->st, (int)i + 1, args[i]) != SQLITE_OK)
            return fail(s->conn, sqlite3_sql(s->st), err);
    return 0;
}

static int sq_step(struct drv_stmt *at, struct err *err)
{
    struct sq_stmt *s = stmt_of(at);
    int rc = sqlite3_step(s->st);
    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : fail(s->conn, sqlite3_sql(s->st), err);
}

static void sq_reset(struct drv_stmt *at)
{
    struct sq_stmt *s = stmt_of(at);
    (void)sqlite3_reset(s->st); /* repeats the error of the last step */
    (void)sqlite3_clear_bindings(s->st);
}

static int sq_columns(struct drv_stmt *at)
{
    return sqlite3_column_count(stmt_of(at)->st);
}

static void sq_column(struct drv_stmt *at, int column, struct drv_cell *out)
{
    sqlite3_stmt *st = stmt_of(at)->st;
    *out = (struct drv_cell){.kind = CELL_NULL};
    switch (sqlite3_column_type(st, column)) {
    case SQLITE_INTEGER:
        out->kind = CELL_INT;
        out->i = sqlite3_column_int64(st, column);
        break;
    case SQLITE_FLOAT:
        out->kind = CELL_REAL;
        out->num = sqlite3_column_double(st, column);
        break;
    case SQLITE_TEXT:
        out->kind = CELL_TEXT;
        out->text.p = (const char *)sqlite3_column_text(st, column);
        out->text.n = (size_t)sqlite3_column_bytes(st, column);
        break;
    case SQLITE_BLOB:
        out->kind = CELL_BLOB;
        out->text.p = sqlite3_column_blob(st, column);
        out->text.n = (size_t)sqlite3_column_bytes(st, column);
        break;
    default: break;
    }
}

static int64_t sq_changes(struct drv_conn *at)
{
    return sqlite3_changes64(conn_of(at)->db);
}

static bool sq_in_tx(struct drv_conn *at)
{
    return !sqlite3_get_autocommit(conn_of(at)->db);
}

static int run_tx(struct sq_conn *c, int which, struct err *err)
{
    c->own = true;
    int rc = sqlite3_step(c->tx[which]);
    c->own = false;
    int failed = rc == SQLITE_DONE ? 0 : fail(c, TX_SQL[which], err);
    (void)sqlite3_reset(c->tx[which]);
    return failed;
}

/* The file stays read-only: the connection was opened so. */
static int scratch(struct sq_conn *c, bool on, struct err *err)
{
    if (c->scratch == on)
        return 0;
    c->own = true;
    int rc = run_setting(c, on ? "PRAGMA query_only=OFF" : "PRAGMA query_only=ON", err);
    c->own = false;
    if (rc == 0)
        c->scratch = on;
    return rc;
}

static int sq_tx(struct drv_conn *at, enum drv_tx what, struct err *err)
{
    struct sq_conn *c = conn_of(at);
    if (what == TX_BEGIN_SCRATCH && scratch(c, true, err) < 0)
        return -1;
    if (what == TX_BEGIN_WRITE && gate_shut(c, err) < 0)
        return -1;
    if (what == TX_ROLLBACK || what == TX_ROLLBACK_TO) {
        /* Nothing to do when SQLite has rolled back by itself. */
        if (sq_in_tx(at) && run_tx(c, what, err) == 0 && what == TX_ROLLBACK_TO)
            (void)run_tx(c, TX_ROLLBACK_TO + 1, err);
        if (what == TX_ROLLBACK)
            (void)scratch(c, false, err);
        return 0;
    }
    return run_tx(c, what, err);
}

static int checkpoint(struct sq_conn *c, int mode, struct err *err)
{
    int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, mode, NULL, NULL);
    if (rc == SQLITE_OK && mode == SQLITE_CHECKPOINT_TRUNCATE)
        c->wal_pages = 0;
    c->tried_pages = c->wal_pages;
    return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ? 0 : fail(c, "checkpoint", err);
}

static int sq_rest(struct drv_conn *at, struct err *err)
{
    int rc = 0;
    struct sq_conn *c = conn_of(at);
    if (!c->base.broken && c->base.repack) {
        sqlite_repack(c->db);
        c->base.repack = sqlite3_set_authorizer(c->db, authorize, c) != SQLITE_OK; /* once */
    }
    c->tried_pages = MIN(c->tried_pages, c->wal_pages); /* the WAL may have started over */
    if (!c->base.broken && (c->base.scrub || c->wal_pages - c->tried_pages >= PAGES_CHECKPOINT)) {
        bool cut = c->base.scrub || c->wal_pages >= PAGES_TRUNCATE;
        sqlite3_busy_timeout(c->db, TRUNCATE_WAIT_MS);
        rc = checkpoint(c, cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, err);
        if (c->wal_pages == 0)
            c->base.scrub = false; /* else a reader was in the way: at the next rest */
        sqlite3_busy_timeout(c->db, BUSY_MS);
    }
    gate_open(c);
    return rc;
}

/* Some hundred rows an index tell enough. */
static int sq_analyze(struct drv_conn *at, struct err *err)
{
    struct sq_conn *c = conn_of(at);
    bool ddl = at->ddl;
    bool system = at->system;
    c->own = at->ddl = at->system = true;
    int rc = run_setting(c, "PRAGMA analysis_limit=400", err);
    rc = rc ? rc : run_setting(c, "ANALYZE", err);
    c->own = false;
    at->ddl = ddl;
    at->system = system;
    return rc;
}

static int copy_pages(struct sq_conn *from, struct sq_conn *to, struct err *err)
{
    /* The open snapshot keeps the copy one moment's state and spares restarts by writers. */
    if (run_tx(from, TX_BEGIN_READ, err) < 0)
        return -1;
    if (run_setting(from, "SELECT count(*) FROM sqlite_schema", err) < 0)
        return -1;
    sqlite3_backup *copy = sqlite3_backup_init(to->db, "main", from->db, "main");
    int rc = SQLITE_OK;
    while (copy && rc == SQLITE_OK)
        rc = sqlite3_backup_step(copy, BACKUP_PAGES);
    if (copy)
        rc = sqlite3_backup_finish(copy);
    return copy && rc == SQLITE_OK ? 0 : fail(to, "backup", err);
}

static int first_text(void *out, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    *(bool *)out = values[0] && strcmp(values[0], "ok") == 0;
    return 0;
}

static int backup_to(struct sq_conn *from, const char *path, struct err *err)
{
    struct sq_conn to = {.base.driver = &store_sqlite_driver, .owner = from->owner};
    bool sound = false;
    int rc = sqlite3_open_v2(path, &to.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    rc = rc ? rc : sqlite_collation_add(to.db); /* the check looks at the order of indexes */
    rc = rc == SQLITE_OK ? copy_pages(from, &to, err)
         : to.db         ? fail(&to, path, err)
                         : no_memory(err);
    if (rc == 0 && sqlite3_exec(to.db, "PRAGMA quick_check", first_text, &sound, NULL))
        rc = fail(&to, "quick_check", err);
    if (rc == 0 && !sound)
        rc = err_set(err, ERR_STORE, "backup_failed", "备份文件校验未通过，请重新备份。",
                     "The backup did not pass its check; please make it again.");
    (void)sqlite3_close(to.db);
    return rc;
}

static int sq_backup(struct drv_db *at, struct str path, struct err *err)
{
    struct new_file copy;
    struct drv_conn *from;
    if (new_file_open(&copy, path, err) < 0)
        return -1;
    int rc = sq_connect(at, DRV_READ, &from, err);
    if (rc == 0) {
        rc = backup_to(conn_of(from), copy.path, err);
        (void)sq_tx(from, TX_ROLLBACK, &(struct err){0}); /* never fails */
        sq_disconnect(from);
    }
    return new_file_close(&copy, rc, err);
}

const struct store_driver store_sqlite_driver = {
    .scheme = "sqlite",
    .dialect = SQL_SQLITE,
    .check_sql = {"PRAGMA integrity_check(20)", sizeof "PRAGMA integrity_check(20)" - 1},
    .open = sq_open,
    .close = sq_close,
    .connect = sq_connect,
    .disconnect = sq_disconnect,
    .prepare = sq_prepare,
    .finalize = sq_finalize,
    .bind = sq_bind,
    .step = sq_step,
    .reset = sq_reset,
    .columns = sq_columns,
    .column = sq_column,
    .changes = sq_changes,
    .tx = sq_tx,
    .in_tx = sq_in_tx,
    .rest = sq_rest,
    .limit = sq_limit,
    .analyze = sq_analyze,
    .backup = sq_backup,
};
