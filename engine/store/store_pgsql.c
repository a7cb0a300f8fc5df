/*
 * PostgreSQL as a store: connections, answers, transactions. Statements are store_pgsql_stmt.c.
 *
 * A connection is always in pipeline mode. What gives no rows (savepoints, BEGIN of a snapshot,
 * DEALLOCATE) is only queued and travels with the next statement, which is followed by a sync: one
 * round trip for all of it. A statement that changes rows has a savepoint of its own around it, so
 * that its failure (a duplicate) leaves the transaction usable, as on SQLite.
 *
 * Rows stream one by one. When another statement starts meanwhile, the rest of the first is read
 * into memory. Statements are prepared at their first run, because parameters are typed by the
 * values that are bound.
 *
 * One writer at a time in all processes: a write transaction begins with an advisory lock (ADR
 * 0012), which makes check-then-write logic as safe as on SQLite at READ COMMITTED.
 */
#include "engine/store/store_pgsql_int.h"

#include "engine/base/log.h"
#include "engine/value/collate.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define STEPS_PER_MS  20000 /* of SQLite's, for limits that count steps */
#define CANCEL_MS     2000  /* to react to a cancel; then the connection is given up */
#define RECONNECTS    20
#define RECONNECT_MS  250
#define NODES         1024
#define NODE_TRIES    40
#define FUNCTIONS_OWN "3" /* changes with OWN */

static struct pg_db *db_of(struct drv_db *d)
{
    return CONTAINER_OF(d, struct pg_db, base);
}

static struct pg_conn *conn_of(struct drv_conn *c)
{
    return CONTAINER_OF(c, struct pg_conn, base);
}

int pg_no_memory(struct err *err)
{
    return err_set(err, ERR_OOM, "out_of_memory", "服务器内存不足，请稍后再试。",
                   "The server is out of memory; please try again later.");
}

/* ---- answers ---- */

bool pg_lost(const struct pg_conn *c)
{
    return !c->pg || PQstatus(c->pg) != CONNECTION_OK;
}

int pg_fail_result(struct pg_conn *c, const PGresult *r, const char *sql, struct err *err)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    struct pg_error e = {
        .state = pg_lost(c) ? NULL : state,
        .detail = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL,
        .message = r ? PQresultErrorMessage(r) : PQerrorMessage(c->pg),
        .sql = sql,
    };
    if (!pg_lost(c) && !state && !r)
        e.state = "XX000"; /* libpq's own complaint */
    return pg_fail(&e, err);
}

void pg_cancel(struct pg_conn *c)
{
    char why[256];
    PGcancel *handle = PQgetCancel(c->pg);
    if (handle)
        (void)PQcancel(handle, why, sizeof why);
    PQfreeCancel(handle);
    c->cancelled = true;
    if (c->owner->opts.mono_us)
        c->give_up_us = c->owner->opts.mono_us() + CANCEL_MS * INT64_C(1000);
}

/* Waits for input until the deadline; then asks the server to stop, then gives up. */
static void await(struct pg_conn *c)
{
    int64_t end_us = c->cancelled ? c->give_up_us : c->deadline_us;
    while (PQisBusy(c->pg)) {
        int64_t left_us = end_us - c->owner->opts.mono_us();
        struct pollfd fd = {.fd = PQsocket(c->pg), .events = POLLIN};
        if (left_us <= 0 && c->cancelled) {
            (void)shutdown(fd.fd, SHUT_RDWR); /* a server that does not react any more */
            return;
        }
        if (left_us <= 0) {
            pg_cancel(c);
            end_us = c->give_up_us;
            continue;
        }
        if (poll(&fd, 1, (int)(left_us / 1000) + 1) > 0 && !PQconsumeInput(c->pg))
            return;
    }
}

PGresult *pg_get(struct pg_conn *c)
{
    if (c->deadline_us)
        await(c);
    return PQgetResult(c->pg);
}

void pg_skip_to_sync(struct pg_conn *c)
{
    bool done = false;
    while (!done && !pg_lost(c)) {
        PGresult *r = pg_get(c);
        done = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        PQclear(r);
    }
    c->cancelled = false;
}

/* One command without rows: 0, or -1 with err and everything up to the sync thrown away. */
int pg_read_command(struct pg_conn *c, const char *sql, struct err *err)
{
    PGresult *r = pg_get(c);
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        PQclear(r);
        PQclear(pg_get(c)); /* the NULL that ends it */
        return 0;
    }
    int rc = pg_fail_result(c, r, sql, err);
    PQclear(r);
    pg_skip_to_sync(c);
    c->queued = 0;
    return rc;
}

int pg_read_queued(struct pg_conn *c, struct err *err)
{
    for (; c->queued; c->queued--) {
        if (pg_read_command(c, "queued", err) < 0) {
            c->lost_write = c->lost_write || c->later;
            c->later = 0;
            return -1;
        }
    }
    c->later = 0;
    return 0;
}

/* Failures show when the answer is read. */
void pg_queue(struct pg_conn *c, const char *sql)
{
    if (c->pg && PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
        c->queued++;
}

/* ---- connecting ---- */

static const char *const SETTINGS[] = {
    "SET client_encoding TO 'UTF8'",
    "SET standard_conforming_strings TO on",
    "SET timezone TO 'UTC'",
    "SET datestyle TO 'ISO'",
    "SET extra_float_digits TO 1",
    "SET jit TO off",
    "SET lock_timeout TO '5s'",
    "SET idle_in_transaction_session_timeout TO '60s'",
    "SET client_connection_check_interval TO '5s'",
    "SET client_min_messages TO 'warning'",
    ("SELECT set_config('synchronous_commit', 'on', false)"
     " WHERE current_setting('synchronous_commit') = 'off'"),
};

/* Outside pipeline mode; the first cell of a row in `cell` when asked. */
static int simple(struct pg_conn *c, const char *sql, char *cell, size_t room, struct err *err)
{
    PGresult *r = PQexec(c->pg, sql);
    ExecStatusType status = PQresultStatus(r);
    int rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                 ? 0
                 : pg_fail_result(c, r, sql, err);
    if (rc == 0 && cell && PQntuples(r) > 0)
        (void)snprintf(cell, room, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    return rc;
}

static int set_up(struct pg_conn *c, struct err *err)
{
    char text[256];
    for (size_t i = 0; i < ARRAY_LEN(SETTINGS); i++)
        if (simple(c, SETTINGS[i], NULL, 0, err) < 0)
            return -1;
    (void)snprintf(text, sizeof text, "SET search_path TO \"%s\", public",
                   c->owner->address.schema);
    if (simple(c, text, NULL, 0, err) < 0)
        return -1;
    if (c->mode == DRV_READ &&
        simple(c, "SET default_transaction_read_only TO on", NULL, 0, err) < 0)
        return -1;
    if (c->mode != DRV_READ)
        return 0; /* take_node() goes on; an index is built without a pipeline */
    return PQenterPipelineMode(c->pg) ? 0 : pg_fail_result(c, NULL, "pipeline", err);
}

static void no_notice(void *self, const PGresult *r)
{
    (void)self;
    (void)r;
}

/*
 * The writing connection holds a session lock on the program's node number, the part of an id that
 * no other program makes ids with. A connection that comes back wants the number it had: 10 s for
 * the server to notice that the old one is gone.
 */
static int take_node(struct pg_conn *c, struct err *err)
{
    struct pg_db *db = c->owner;
    char text[160], got[8] = "";
    uint32_t from = db->has_node ? db->node : 0;
    uint32_t upto = db->has_node ? db->node + 1 : NODES;
    for (int i = 0; i < NODE_TRIES; i++) {
        for (uint32_t n = from; n < upto; n++) {
            (void)snprintf(text, sizeof text, "SELECT pg_try_advisory_lock(%d, %u)",
                           (int)(uint32_t)(db->lock >> 32), n);
            if (simple(c, text, got, sizeof got, err) < 0)
                return -1;
            if (got[0] != 't')
                continue;
            db->node = n;
            db->has_node = true;
            return PQenterPipelineMode(c->pg) ? 0 : pg_fail_result(c, NULL, "pipeline", err);
        }
        if (!db->has_node)
            break;
        (void)poll(NULL, 0, RECONNECT_MS);
    }
    return err_set(err, ERR_BUSY, "store_nodes", "数据库上的程序过多，请稍后再试。",
                   "Too many programs are on this database; please try again later.");
}

static int dial(struct pg_conn *c, struct err *err)
{
    static const char *const KEYS[] = {"connect_timeout",
                                       "application_name",
                                       "keepalives_idle",
                                       "keepalives_interval",
                                       "tcp_user_timeout",
                                       "dbname",
                                       NULL};
    const char *values[] = {"5", "mortise", "30", "10", "15000", c->owner->address.url, NULL};
    PQfinish(c->pg);
    c->generation++;
    c->queued = 0;
    c->ndead = 0;
    c->streaming = NULL;
    c->listening = false;
    c->in_tx = c->aborted = c->used = c->cancelled = c->lost_write = false;
    c->later = 0;
    c->pg = PQconnectdbParams(KEYS, values, 1);
    if (!c->pg)
        return pg_no_memory(err);
    if (PQstatus(c->pg) != CONNECTION_OK) {
        (void)pg_unavailable(PQerrorMessage(c->pg), err);
        return -1;
    }
    PQsetNoticeReceiver(c->pg, no_notice, NULL);
    return set_up(c, err) < 0 || (c->mode == DRV_WRITE && take_node(c, err) < 0) ? -1 : 0;
}

static int64_t lock_key(const char *schema)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *p = schema; *p; p++)
        h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    return (int64_t)h;
}

static int pg_open(struct str rest, const struct store_opts *opts, struct drv_db **out,
                   struct err *err)
{
    struct pg_db *db = calloc(1, sizeof *db);
    if (!db)
        return pg_no_memory(err);
    db->base.driver = &store_pgsql_driver;
    db->opts = *opts;
    if (pg_address_parse(&db->address, rest, err) < 0) {
        free(db);
        return -1;
    }
    db->lock = lock_key(db->address.schema);
    *out = &db->base;
    return 0;
}

static void pg_close(struct drv_db *at)
{
    struct pg_db *db = db_of(at);
    free(db->address.url);
    free(db);
}

/* What sql.h writes: the items of a JSON list, rounding half away from zero. */
static const char *const OWN[] = {
    "CREATE COLLATION IF NOT EXISTS zh (provider = icu, locale = '" COLLATE_LOCALE "')",
    "CREATE OR REPLACE FUNCTION json_each(list text, OUT value text) RETURNS SETOF text"
    " LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS"
    " 'SELECT pg_catalog.jsonb_array_elements_text(list::pg_catalog.jsonb) COLLATE \"C\"'",
    "CREATE OR REPLACE FUNCTION json_each_int(list text, OUT value bigint) RETURNS SETOF bigint"
    " LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS"
    " 'SELECT pg_catalog.jsonb_array_elements_text(list::pg_catalog.jsonb)::bigint'",
    "CREATE OR REPLACE FUNCTION json_each_num(list text, OUT value float8) RETURNS SETOF float8"
    " LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS"
    " 'SELECT pg_catalog.jsonb_array_elements_text(list::pg_catalog.jsonb)::float8'",
    "CREATE OR REPLACE FUNCTION round_away(x float8) RETURNS bigint"
    " LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS"
    " 'SELECT CASE WHEN x >= 9.2e18 THEN 9223372036854775807"
    " WHEN x <= -9.2e18 THEN -9223372036854775807"
    " ELSE trunc(x + CASE WHEN x < 0 THEN -0.5 ELSE 0.5 END)::bigint END'",
};

/* Functions that SQL of ours calls; replaced when the program brings others than are there. */
static int make_functions(struct pg_conn *c, struct err *err)
{
    const struct store_opts *o = &c->owner->opts;
    const char *schema = c->owner->address.schema;
    char version[17] = "", text[256], have[64] = "";
    if (o->db_functions_version)
        (void)o->db_functions_version(version);
    (void)snprintf(text, sizeof text,
                   "SELECT coalesce(obj_description('\"%s\"'::regnamespace, 'pg_namespace'), '')",
                   schema);
    if (simple(c, text, have, sizeof have, err) < 0)
        return -1;
    (void)snprintf(text, sizeof text, "mortise, functions " FUNCTIONS_OWN " %s", version);
    if (strcmp(have, text) == 0 || (!o->db_function && strncmp(have, text, 20) == 0))
        return 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(OWN); i++)
        rc = simple(c, OWN[i], NULL, 0, err);
    for (size_t i = 0; rc == 0 && o->db_function && o->db_function(i).n; i++)
        rc = simple(c, o->db_function(i).p, NULL, 0, err);
    (void)snprintf(text, sizeof text,
                   "COMMENT ON SCHEMA \"%s\" IS 'mortise, functions " FUNCTIONS_OWN " %s'", schema,
                   version);
    return rc == 0 ? simple(c, text, NULL, 0, err) : rc;
}

/* The schema and what must be in it, made by one process at a time. */
static int make_schema(struct pg_conn *c, struct err *err)
{
    char text[256];
    PQexitPipelineMode(c->pg);
    (void)snprintf(text, sizeof text,
                   "BEGIN; SELECT pg_advisory_xact_lock(%lld); CREATE SCHEMA IF NOT EXISTS \"%s\"",
                   (long long)c->owner->lock, c->owner->address.schema);
    int rc = simple(c, text, NULL, 0, err);
    if (rc == 0)
        rc = make_functions(c, err);
    if (rc == 0)
        rc = simple(c, "COMMIT", NULL, 0, err);
    if (rc == 0 && !PQenterPipelineMode(c->pg))
        rc = pg_fail_result(c, NULL, "pipeline", err);
    return rc;
}

static void conn_free(struct pg_conn *c)
{
    PQfinish(c->pg);
    free(c);
}

static int pg_connect(struct drv_db *at, enum drv_mode mode, struct drv_conn **out, struct err *err)
{
    struct pg_conn *c = calloc(1, sizeof *c);
    if (!c)
        return pg_no_memory(err);
    c->base.driver = &store_pgsql_driver;
    c->owner = db_of(at);
    c->mode = mode;
    int rc = dial(c, err);
    if (rc == 0 && mode == DRV_WRITE)
        rc = make_schema(c, err);
    if (rc < 0)
        conn_free(c);
    else
        *out = &c->base;
    return rc;
}

static void pg_disconnect(struct drv_conn *at)
{
    conn_free(conn_of(at));
}

/* What an earlier try left behind: a name without an index that counts. */
static int drop_invalid(struct pg_conn *c, const char *name, struct err *err)
{
    char text[512], got[8] = "";
    (void)snprintf(text, sizeof text,
                   "SELECT 'yes' FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid"
                   " JOIN pg_namespace s ON s.oid = k.relnamespace WHERE NOT i.indisvalid AND"
                   " s.nspname = current_schema() AND k.relname = '%s'",
                   name);
    if (simple(c, text, got, sizeof got, err) < 0)
        return -1;
    if (!got[0])
        return 0;
    (void)snprintf(text, sizeof text, "DROP INDEX CONCURRENTLY IF EXISTS \"%s\"", name);
    return simple(c, text, NULL, 0, err);
}

/* Of our schema's tables, those that much was written to: autovacuum comes by within minutes, the
 * first page after an import at once. */
static int pg_analyze_aside(struct drv_db *at, struct err *err)
{
    struct drv_conn *drv;
    char list[4000] = "", text[4100];
    if (pg_connect(at, DRV_ASIDE, &drv, err) < 0)
        return -1;
    int rc = simple(conn_of(drv),
                    "SELECT COALESCE(string_agg(quote_ident(relname), ', '), '') FROM (SELECT"
                    " relname FROM pg_stat_user_tables WHERE schemaname = current_schema() AND"
                    " n_mod_since_analyze > 1000 ORDER BY n_mod_since_analyze DESC LIMIT 40) t",
                    list, sizeof list, err);
    if (rc == 0 && list[0]) {
        (void)snprintf(text, sizeof text, "ANALYZE %s", list);
        rc = simple(conn_of(drv), text, NULL, 0, err);
    }
    pg_disconnect(drv);
    return rc;
}

/* One program builds at a time: a lock of the session, beyond those of the node numbers. */
static int pg_build_index(struct drv_db *at, const char *name, const char *create, struct err *err)
{
    struct drv_conn *drv;
    char text[160], got[8] = "";
    if (pg_connect(at, DRV_ASIDE, &drv, err) < 0)
        return -1;
    struct pg_conn *c = conn_of(drv);
    (void)snprintf(text, sizeof text, "SELECT pg_try_advisory_lock(%d, %d)",
                   (int)(uint32_t)(db_of(at)->lock >> 32), NODES);
    int rc = simple(c, text, got, sizeof got, err);
    /* It waits for older snapshots, not only for locks; who waits behind it is nobody. */
    if (rc == 0 && got[0] == 't')
        rc = simple(c, "SET lock_timeout TO '60s'", NULL, 0, err) || drop_invalid(c, name, err) ||
                     simple(c, create, NULL, 0, err)
                 ? -1
                 : 1;
    pg_disconnect(drv);
    return rc;
}

/* A temporary table hides another of its name, which a prepared statement would not notice. */
static void forget_plans(struct pg_conn *c)
{
    pg_queue(c, "DEALLOCATE ALL");
    c->generation++;
    c->ndead = 0;
}

/* After BEGIN: a plan made before tables changed would fail when it is run. */
static void forget_old_plans(struct pg_conn *c)
{
    uint64_t now = atomic_load(&c->owner->definitions);
    if (c->definitions == now)
        return;
    c->definitions = now;
    forget_plans(c);
}

void pg_begin_read(struct pg_conn *c)
{
    pg_queue(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    forget_old_plans(c);
    c->in_tx = true;
    c->used = false;
}

int pg_reconnect(struct pg_conn *c, struct err *err)
{
    log_event(LOG_WARN, "database_reconnect", LOG_NUM("writer", c->mode == DRV_WRITE));
    return dial(c, err);
}

static int64_t pg_changes(struct drv_conn *at)
{
    return conn_of(at)->changes;
}

/* ---- transactions ---- */

static bool pg_in_tx(struct drv_conn *at)
{
    struct pg_conn *c = conn_of(at);
    return c->in_tx && !c->lost_write && !pg_lost(c);
}

/* Sends what is queued and reads the answers; the text of the last one's first cell in `cell`. */
static int flush(struct pg_conn *c, char *cell, size_t room, struct err *err)
{
    if (!PQpipelineSync(c->pg))
        return pg_fail_result(c, NULL, "sync", err);
    c->later = 0;
    while (c->queued > 1) {
        if (pg_read_command(c, "queued", err) < 0)
            return -1;
        c->queued--;
    }
    PGresult *r = pg_get(c);
    ExecStatusType status = PQresultStatus(r);
    int rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                 ? 0
                 : pg_fail_result(c, r, "transaction", err);
    if (rc == 0 && cell)
        (void)snprintf(cell, room, "%s",
                       status == PGRES_TUPLES_OK ? PQgetvalue(r, 0, 0) : PQcmdStatus(r));
    PQclear(r);
    pg_skip_to_sync(c);
    c->queued = 0;
    return rc;
}

static int begin_scratch(struct pg_conn *c)
{
    pg_queue(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE");
    forget_plans(c);
    c->in_tx = c->used = true; /* not to be begun again by itself */
    c->base.scratch = true;
    return 0;
}

static int roll_back(struct pg_conn *c)
{
    struct err ignored = ERR_INIT;
    if (c->streaming)
        pg_stop_stream(c->streaming);
    if (!pg_lost(c) && c->queued) /* what fails on the way would keep ROLLBACK from being run */
        (void)flush(c, NULL, 0, &ignored);
    if (!pg_lost(c)) {
        pg_queue(c, "ROLLBACK");
        (void)flush(c, NULL, 0, &ignored);
    }
    c->in_tx = c->aborted = c->lost_write = false;
    if (c->base.scratch && !pg_lost(c)) {
        forget_plans(c);
        (void)flush(c, NULL, 0, &ignored);
    }
    c->base.scratch = false;
    return 0;
}

/* The lock that one writing transaction of all processes holds; waits lock_timeout. */
static int begin_once(struct pg_conn *c, struct err *err)
{
    char text[128];
    if (c->lost_write)
        (void)roll_back(c);
    pg_queue(c, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    forget_old_plans(c);
    c->changes_tables = false;
    (void)snprintf(text, sizeof text,
                   "SELECT pg_current_xact_id() FROM pg_advisory_xact_lock(%lld)",
                   (long long)c->owner->lock);
    pg_queue(c, text);
    c->in_tx = true;
    c->aborted = c->lost_write = false;
    if (flush(c, c->xid, sizeof c->xid, err) == 0)
        return 0;
    return roll_back(c) - 1;
}

static int begin_write(struct pg_conn *c, struct err *err)
{
    if (!pg_lost(c) && (begin_once(c, err) == 0 || !pg_lost(c)))
        return c->in_tx ? 0 : -1;
    return pg_reconnect(c, err) < 0 ? -1 : begin_once(c, err);
}

static int outcome_unknown(struct err *err)
{
    return err_set(err, ERR_STORE, "commit_unknown",
                   "保存时数据库连接中断，无法确认是否已保存，请核对后再操作。",
                   "The connection to the database broke while saving, and whether it was saved "
                   "cannot be told; please look before doing it again.");
}

/* COMMIT was not answered: asks the database what became of the transaction. */
static int learn_fate(struct pg_conn *c, struct err *err)
{
    char xid[sizeof c->xid], text[80], fate[24] = "";
    int rc = -1;
    memcpy(xid, c->xid, sizeof xid);
    for (int i = 0; i < RECONNECTS && rc < 0; i++) {
        rc = dial(c, err);
        if (rc < 0)
            (void)poll(NULL, 0, RECONNECT_MS);
    }
    if (rc < 0 || begin_once(c, err) < 0) /* waits until the old session is gone */
        return outcome_unknown(err);
    (void)snprintf(text, sizeof text, "SELECT pg_xact_status('%s'::xid8)", xid);
    pg_queue(c, text);
    rc = flush(c, fate, sizeof fate, err);
    (void)roll_back(c);
    log_event(LOG_WARN, "commit_fate", LOG_TEXT("fate", str_of(fate)));
    if (rc == 0 && str_eqz(str_of(fate), "committed"))
        return 0;
    return rc == 0 && str_eqz(str_of(fate), "aborted")
               ? pg_unavailable("the connection broke before the commit", err)
               : outcome_unknown(err);
}

static int ended(struct err *err)
{
    return err_set(err, ERR_STORE, "store_failed", "数据库中断了事务，本次修改未保存。",
                   "The database ended the transaction; nothing of this change was saved.");
}

/* Before COMMIT is asked for: everything that was to come later is in. */
static int settle(struct pg_conn *c, struct err *err)
{
    bool failed = c->lost_write;
    if (!failed && c->later) {
        failed = flush(c, NULL, 0, err) < 0;
        if (failed && pg_lost(c))
            return pg_unavailable("the connection broke before the commit", err);
    }
    if (!failed)
        return 0;
    (void)roll_back(c);
    return ended(err);
}

static int commit(struct pg_conn *c, struct err *err)
{
    char tag[24] = "";
    if (settle(c, err) < 0)
        return -1;
    pg_queue(c, "COMMIT");
    int rc = flush(c, tag, sizeof tag, err);
    c->in_tx = c->aborted = false;
    if (c->changes_tables)
        atomic_fetch_add(&c->owner->definitions, 1);
    if (pg_lost(c))
        return learn_fate(c, err);
    return rc == 0 && !str_eqz(str_of(tag), "COMMIT") ? ended(err) : rc;
}

static int release(struct pg_conn *c, struct err *err)
{
    if (c->aborted || c->lost_write || pg_lost(c))
        return ended(err);
    pg_queue(c, "RELEASE s");
    return 0;
}

static int roll_back_to(struct pg_conn *c)
{
    if (c->lost_write)
        return 0; /* the database knows no savepoint any more */
    pg_queue(c, "ROLLBACK TO s");
    pg_queue(c, "RELEASE s");
    c->aborted = false;
    return 0;
}

static int pg_tx(struct drv_conn *at, enum drv_tx what, struct err *err)
{
    struct pg_conn *c = conn_of(at);
    switch (what) {
    case TX_BEGIN_READ: pg_begin_read(c); return 0;
    case TX_BEGIN_SCRATCH: return begin_scratch(c);
    case TX_BEGIN_WRITE: return begin_write(c, err);
    case TX_COMMIT: return commit(c, err);
    case TX_ROLLBACK: return roll_back(c);
    case TX_SAVEPOINT: pg_queue(c, "SAVEPOINT s"); return 0;
    case TX_RELEASE: return release(c, err);
    case TX_ROLLBACK_TO: return roll_back_to(c);
    }
    return 0;
}

static int pg_rest(struct drv_conn *at, struct err *err)
{
    (void)at;
    (void)err;
    return 0;
}

static void pg_limit(struct drv_conn *at, int64_t deadline_mono_us, int64_t max_steps)
{
    struct pg_conn *c = conn_of(at);
    c->deadline_us = 0;
    if (!c->owner->opts.mono_us)
        return;
    c->deadline_us = deadline_mono_us;
    if (max_steps) {
        int64_t end_us = c->owner->opts.mono_us() + (max_steps / STEPS_PER_MS + 1) * 1000;
        c->deadline_us = c->deadline_us && c->deadline_us < end_us ? c->deadline_us : end_us;
    }
}

/* ---- other programs ---- */

static uint32_t pg_node(struct drv_db *at)
{
    return db_of(at)->node;
}

static int listen_now(struct pg_conn *c, struct err *err)
{
    char text[PG_SCHEMA_MAX + 32];
    if (pg_lost(c) && dial(c, err) < 0)
        return -1;
    (void)snprintf(text, sizeof text, "LISTEN \"mortise_%s\"", c->owner->address.schema);
    pg_queue(c, text);
    if (flush(c, NULL, 0, err) < 0)
        return -1;
    c->listening = true;
    return 0; /* what was said before is not known */
}

static int pg_hear(struct drv_conn *at, int wait_ms, store_heard_fn *fn, void *arg, struct err *err)
{
    struct pg_conn *c = conn_of(at);
    if (!c->listening || pg_lost(c))
        return listen_now(c, err);
    struct pollfd fd = {.fd = PQsocket(c->pg), .events = POLLIN};
    if (poll(&fd, 1, wait_ms) > 0 && !PQconsumeInput(c->pg))
        return listen_now(c, err);
    for (PGnotify *n; (n = PQnotifies(c->pg)); PQfreemem(n))
        fn(arg, str_of(n->extra));
    return 1;
}

const struct store_driver store_pgsql_driver = {
    .scheme = "postgresql",
    .dialect = SQL_PGSQL,
    .open = pg_open,
    .close = pg_close,
    .build_index = pg_build_index,
    .analyze_aside = pg_analyze_aside,
    .connect = pg_connect,
    .disconnect = pg_disconnect,
    .prepare = pg_prepare,
    .finalize = pg_finalize,
    .bind = pg_bind,
    .step = pg_step,
    .reset = pg_reset,
    .later = pg_later,
    .many = pg_many,
    .columns = pg_columns,
    .column = pg_column,
    .changes = pg_changes,
    .tx = pg_tx,
    .in_tx = pg_in_tx,
    .rest = pg_rest,
    .limit = pg_limit,
    .node = pg_node,
    .hear = pg_hear,
};
