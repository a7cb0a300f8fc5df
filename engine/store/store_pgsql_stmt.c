/*
 * Statements of the PostgreSQL driver: prepared at their first run (parameters are typed by the
 * values that are bound), rows streamed one by one, or read ahead when another statement starts.
 */
#include "engine/store/store_pgsql_int.h"

#include "engine/value/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HELD_MAX   (256u << 20)
#define DRAIN_ROWS 10000 /* thrown away before the query is cancelled instead */
#define LATER_MAX  256   /* writes nobody waits for before one is waited for */
#define PORTION    500   /* rows of a cursor */

static struct pg_stmt *stmt_of(struct drv_stmt *s)
{
    return CONTAINER_OF(s, struct pg_stmt, base);
}

static struct pg_conn *conn_of(struct drv_conn *c)
{
    return CONTAINER_OF(c, struct pg_conn, base);
}

int pg_prepare(struct drv_conn *at, struct str text, struct drv_stmt **out, struct err *err)
{
    enum pg_verb verb;
    if (pg_guard(at, text, &verb, err) < 0)
        return -1;
    struct pg_stmt *s = calloc(1, sizeof *s);
    char *copy = malloc(text.n + 1);
    if (!s || !copy) {
        free(s);
        free(copy);
        return pg_no_memory(err);
    }
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    s->base.driver = &store_pgsql_driver;
    s->conn = conn_of(at);
    s->text = copy;
    s->verb = verb;
    *out = &s->base;
    return 0;
}

/* Its server side goes with the next statement. */
static void retire(struct pg_stmt *s)
{
    struct pg_conn *c = s->conn;
    if (s->generation && s->generation == c->generation && c->ndead < DEAD_MAX)
        c->dead[c->ndead++] = s->id;
    s->generation = 0;
}

static void args_free(struct pg_stmt *s)
{
    free(s->want);
    free(s->values);
    free(s->lengths);
    free(s->formats);
    free(s->bytes);
    s->want = NULL;
    s->values = NULL;
    s->lengths = s->formats = NULL;
    s->bytes = NULL;
}

static void rows_free(struct pg_stmt *s)
{
    PQclear(s->row);
    s->row = NULL;
    for (size_t i = s->next; i < s->nheld; i++)
        PQclear(s->held[i]);
    free(s->held);
    s->held = NULL;
    s->nheld = s->cap = s->next = s->held_bytes = 0;
}

/* Throws away what the server still sends for this statement. */
void pg_stop_stream(struct pg_stmt *s)
{
    struct pg_conn *c = s->conn;
    bool done = false;
    if (c->streaming != s)
        return;
    c->streaming = NULL;
    for (long rows = 0; !done && !pg_lost(c); rows++) {
        PGresult *r = pg_get(c);
        done = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        PQclear(r);
        if (rows == DRAIN_ROWS && !c->in_tx && !c->cancelled)
            pg_cancel(c);
    }
    c->cancelled = false;
}

static void close_cursor(struct pg_stmt *s)
{
    char text[40];
    struct pg_conn *c = s->conn;
    if (s->cursor && c->in_tx && !c->aborted && !c->lost_write && !pg_lost(c)) {
        (void)snprintf(text, sizeof text, "CLOSE c%u", s->cursor);
        pg_queue(c, text);
    }
    s->cursor = 0;
    s->many = s->at_end = false;
}

void pg_reset(struct drv_stmt *at)
{
    struct pg_stmt *s = stmt_of(at);
    pg_stop_stream(s);
    rows_free(s);
    args_free(s);
    close_cursor(s);
    s->fresh = false;
}

void pg_finalize(struct drv_stmt *at)
{
    struct pg_stmt *s = stmt_of(at);
    pg_reset(at);
    retire(s);
    free(s->types);
    free(s->text);
    free(s);
}

static Oid type_of(struct val v)
{
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL:
    case VAL_DEC:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT: return OID_INT8;
    case VAL_NUM: return isnan(v.num) ? OID_UNKNOWN : OID_FLOAT8;
    case VAL_TEXT: return OID_TEXT;
    case VAL_BLANK:
    case VAL_ABSENT:
    case VAL_REF:
    case VAL_LIST:
    case VAL_OBJ: break;
    }
    return OID_UNKNOWN;
}

static void put_big_endian(char *out, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(v >> (56 - 8 * i));
}

/* Binary form of one value at `at`; how many bytes. */
static size_t put_value(char *at, struct val v, Oid type)
{
    uint64_t bits;
    if (type == OID_TEXT) {
        if (v.n)
            memcpy(at, val_str(v).p, v.n);
        return v.n;
    }
    if (type == OID_FLOAT8)
        memcpy(&bits, &v.num, sizeof bits);
    else
        bits = (uint64_t)(v.kind == VAL_BOOL ? v.b : v.i);
    put_big_endian(at, bits);
    return 8;
}

int pg_bind(struct drv_stmt *at, const struct val *args, size_t n, struct err *err)
{
    struct pg_stmt *s = stmt_of(at);
    size_t bytes = 1;
    args_free(s);
    for (size_t i = 0; i < n; i++)
        bytes += type_of(args[i]) == OID_TEXT ? args[i].n : 8;
    s->want = calloc(n + 1, sizeof *s->want);
    s->values = calloc(n + 1, sizeof *s->values);
    s->lengths = calloc(n + 1, sizeof *s->lengths);
    s->formats = calloc(n + 1, sizeof *s->formats);
    s->bytes = malloc(bytes);
    if (!s->want || !s->values || !s->lengths || !s->formats || !s->bytes)
        return pg_no_memory(err);
    char *to = s->bytes;
    for (size_t i = 0; i < n; i++) {
        s->want[i] = type_of(args[i]);
        if (s->want[i] == OID_UNKNOWN)
            continue;
        s->formats[i] = 1;
        s->values[i] = to;
        s->lengths[i] = (int)put_value(to, args[i], s->want[i]);
        to += s->lengths[i];
    }
    s->nargs = n;
    s->fresh = true;
    return 0;
}

/* Whether what is prepared takes these values: a NULL goes everywhere. */
static bool types_fit(const struct pg_stmt *s)
{
    for (size_t i = 0; i < s->nargs; i++)
        if (s->want[i] != OID_UNKNOWN && s->want[i] != s->types[i])
            return false;
    return true;
}

static int copy_types(struct pg_stmt *s, struct err *err)
{
    Oid *types = calloc(s->nargs + 1, sizeof *types);
    if (!types)
        return pg_no_memory(err);
    memcpy(types, s->want, s->nargs * sizeof *types);
    free(s->types);
    s->types = types;
    return 0;
}

static void queue_dead(struct pg_conn *c)
{
    char text[48];
    for (size_t i = 0; i < c->ndead; i++) {
        (void)snprintf(text, sizeof text, "DEALLOCATE s%u", c->dead[i]);
        pg_queue(c, text);
    }
    c->ndead = 0;
}

/* Keeps a row for later. */
static int hold(struct pg_stmt *s, PGresult *r, struct err *err)
{
    if (s->nheld == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        PGresult **more = realloc(s->held, cap * sizeof *more);
        if (!more) {
            PQclear(r);
            return pg_no_memory(err);
        }
        s->held = more;
        s->cap = cap;
    }
    s->held_bytes += PQresultMemorySize(r);
    s->held[s->nheld++] = r;
    if (s->held_bytes > HELD_MAX)
        return err_set(err, ERR_TOO_LARGE, "too_large", "查询结果过大，请缩小范围。",
                       "The result is too large; please narrow it down.");
    return 0;
}

/* The next row of the statement that streams: 1 in *out, 0 the end, -1. */
static int next_result(struct pg_stmt *s, PGresult **out, struct err *err)
{
    struct pg_conn *c = s->conn;
    PGresult *r = pg_get(c);
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_SINGLE_TUPLE) {
        *out = r;
        return 1;
    }
    int rc = 0;
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        if (s->verb == PG_VERB_ROWS)
            c->changes =
                str_int(str_of(PQcmdTuples(r)), 0, INT64_MAX, &c->changes) ? c->changes : 0;
    } else {
        rc = pg_fail_result(c, r, s->text, err);
        if (c->in_tx)
            c->aborted = true;
        if (rc < 0 && str_eqz(str_of(err->key), "definition_changed")) {
            retire(s);
            atomic_fetch_add(&c->owner->definitions, 1);
        }
    }
    PQclear(r);
    pg_skip_to_sync(c);
    c->streaming = NULL;
    if (pg_lost(c))
        c->in_tx = false;
    return rc;
}

/* Reads the rest of the statement that streams into memory. */
static int drain(struct pg_conn *c, struct err *err)
{
    struct pg_stmt *s = c->streaming;
    PGresult *r;
    int rc = 0;
    if (!s)
        return 0;
    while (rc == 0 && (rc = next_result(s, &r, err)) == 1)
        rc = hold(s, r, err);
    return rc;
}

/* A statement that changes rows inside a transaction may fail without ending it. */
static bool guarded(const struct pg_stmt *s)
{
    return s->verb == PG_VERB_ROWS && s->conn->in_tx;
}

static int send_statement(struct pg_stmt *s, bool prepare, struct err *err)
{
    struct pg_conn *c = s->conn;
    char name[24];
    queue_dead(c);
    if (guarded(s))
        pg_queue(c, "SAVEPOINT w");
    if (prepare)
        s->id = ++c->next_id;
    (void)snprintf(name, sizeof name, "s%u", s->id);
    bool sent = (!prepare || PQsendPrepare(c->pg, name, s->text, (int)s->nargs, s->types)) &&
                PQsendQueryPrepared(c->pg, name, (int)s->nargs, (const char *const *)s->values,
                                    s->lengths, s->formats, 0);
    if (sent && guarded(s))
        sent = PQsendQueryParams(c->pg, "RELEASE w", 0, NULL, NULL, NULL, NULL, 0);
    if (!PQpipelineSync(c->pg) || !sent)
        return pg_fail_result(c, NULL, s->text, err);
    return 0;
}

/* A failure before the statement ran (parsing) or of a guarded one: the transaction goes on. */
static int after_failure(struct pg_stmt *s, bool was_guarded)
{
    struct pg_conn *c = s->conn;
    c->streaming = NULL;
    if (pg_lost(c)) {
        c->in_tx = false;
    } else if (c->lost_write) {
        c->aborted = true; /* and no savepoint is left to go back to */
    } else if (was_guarded) {
        pg_queue(c, "ROLLBACK TO w");
        pg_queue(c, "RELEASE w");
        c->aborted = false;
    } else if (c->in_tx) {
        c->aborted = true;
    }
    return -1;
}

static int start(struct pg_stmt *s, struct err *err)
{
    struct pg_conn *c = s->conn;
    bool prepare = s->generation != c->generation || !types_fit(s);
    bool in_own = guarded(s);
    if (prepare) {
        retire(s);
        if (copy_types(s, err) < 0)
            return -1;
    }
    if (send_statement(s, prepare, err) < 0) {
        if (!pg_lost(c))
            pg_skip_to_sync(c);
        return after_failure(s, in_own);
    }
    if (pg_read_queued(c, err) < 0 || (prepare && pg_read_command(c, s->text, err) < 0))
        return after_failure(s, in_own);
    s->generation = c->generation;
    c->used = true;
    c->changes_tables |= s->verb == PG_VERB_DDL;
    (void)PQsetSingleRowMode(c->pg);
    c->streaming = s;
    if (!in_own)
        return 0;
    return drain(c, err) < 0 ? after_failure(s, true) : 0;
}

/* The transaction has failed already: 0, or -1. One that lost a write is over for everybody. */
static int check_alive(const struct pg_conn *c, struct err *err)
{
    if (c->lost_write)
        return err_set(err, ERR_STORE, "store_failed", "数据库中断了事务，本次修改未保存。",
                       "The database ended the transaction; nothing of this change was saved.");
    if (c->aborted)
        return err_set(err, ERR_INTERNAL, "sql_error", "系统内部错误：事务已中止。",
                       "An internal error: the transaction has failed already.");
    return 0;
}

/* A write nobody waits for; its first run is waited for, as it is prepared then. */
int pg_later(struct drv_stmt *at, struct err *err)
{
    struct pg_stmt *s = stmt_of(at);
    struct pg_conn *c = s->conn;
    char name[24];
    bool known = s->generation == c->generation && types_fit(s);
    if (!known || !c->in_tx || c->later >= LATER_MAX || c->aborted || c->lost_write || pg_lost(c))
        return pg_step(at, err);
    if (drain(c, err) < 0)
        return -1;
    (void)snprintf(name, sizeof name, "s%u", s->id);
    s->fresh = false;
    if (!PQsendQueryPrepared(c->pg, name, (int)s->nargs, (const char *const *)s->values, s->lengths,
                             s->formats, 0))
        return pg_fail_result(c, NULL, s->text, err);
    c->queued++;
    c->later++;
    c->changes_tables |= s->verb == PG_VERB_DDL;
    return 0;
}

/* Reads may run again on a new connection as long as nothing of their snapshot was seen. */
static int run(struct pg_stmt *s, struct err *err)
{
    struct pg_conn *c = s->conn;
    bool may_retry = c->mode == DRV_READ && !(c->in_tx && c->used);
    bool snapshot = c->in_tx;
    s->fresh = false;
    if (drain(c, err) < 0)
        return -1;
    if (check_alive(c, err) < 0)
        return -1;
    int rc = pg_lost(c) ? -1 : start(s, err);
    if (rc == 0 || !pg_lost(c))
        return rc;
    if (!may_retry) {
        c->in_tx = false;
        return pg_unavailable("the connection broke inside a transaction", err);
    }
    if (pg_reconnect(c, err) < 0)
        return -1;
    if (snapshot)
        pg_begin_read(c);
    return start(s, err);
}

/* ---- many rows: a cursor, so that other statements may come between them ---- */

void pg_many(struct drv_stmt *at)
{
    struct pg_stmt *s = stmt_of(at);
    s->many = s->verb == PG_VERB_READ && s->conn->in_tx;
}

static int open_cursor(struct pg_stmt *s, struct err *err)
{
    struct pg_conn *c = s->conn;
    size_t room = strlen(s->text) + 64;
    char *text = malloc(room);
    if (!text)
        return pg_no_memory(err);
    s->cursor = ++c->next_id;
    (void)snprintf(text, room, "DECLARE c%u NO SCROLL CURSOR FOR %s", s->cursor, s->text);
    bool sent = PQsendQueryParams(c->pg, text, (int)s->nargs, s->want,
                                  (const char *const *)s->values, s->lengths, s->formats, 0);
    free(text);
    c->queued += sent;
    s->fresh = false;
    return sent ? 0 : pg_fail_result(c, NULL, s->text, err);
}

/* The next portion into memory; fewer than asked for are the last. */
static int fetch(struct pg_stmt *s, struct err *err)
{
    char text[48];
    struct pg_conn *c = s->conn;
    if (drain(c, err) < 0 || check_alive(c, err) < 0)
        return -1;
    if (s->fresh && open_cursor(s, err) < 0)
        return after_failure(s, false);
    rows_free(s);
    (void)snprintf(text, sizeof text, "FETCH %d FROM c%u", PORTION, s->cursor);
    if (!PQsendQueryParams(c->pg, text, 0, NULL, NULL, NULL, NULL, 0) || !PQpipelineSync(c->pg))
        return after_failure(s, false);
    if (pg_read_queued(c, err) < 0)
        return after_failure(s, false);
    (void)PQsetSingleRowMode(c->pg);
    c->streaming = s;
    if (drain(c, err) < 0)
        return -1;
    c->used = true;
    s->at_end = s->nheld < PORTION;
    return 0;
}

/* The first portion may be asked for again on a new connection, as in run(). */
static int portion(struct pg_stmt *s, struct err *err)
{
    struct pg_conn *c = s->conn;
    bool may_retry = s->fresh && c->mode == DRV_READ && !c->used;
    int rc = pg_lost(c) ? -1 : fetch(s, err);
    if (rc == 0 || !pg_lost(c))
        return rc;
    if (!may_retry)
        return pg_unavailable("the connection broke inside a transaction", err);
    if (pg_reconnect(c, err) < 0)
        return -1;
    pg_begin_read(c);
    s->fresh = true;
    return fetch(s, err);
}

int pg_step(struct drv_stmt *at, struct err *err)
{
    struct pg_stmt *s = stmt_of(at);
    if (s->many && (s->fresh || (s->next == s->nheld && !s->at_end)) && portion(s, err) < 0)
        return -1;
    if (s->fresh && run(s, err) < 0)
        return -1;
    PQclear(s->row);
    s->row = NULL;
    if (s->next < s->nheld) {
        s->row = s->held[s->next++];
        return 1;
    }
    return s->conn->streaming == s ? next_result(s, &s->row, err) : 0;
}

int pg_columns(struct drv_stmt *at)
{
    const struct pg_stmt *s = stmt_of(at);
    return s->row ? PQnfields(s->row) : 0;
}

/* Sums of integers are numeric: an integer where it is one. */
static void number_cell(struct str text, struct drv_cell *out)
{
    out->kind = CELL_INT;
    if (str_int(text, INT64_MIN, INT64_MAX, &out->i))
        return;
    out->kind = CELL_REAL;
    (void)num_parse(text, &out->num);
}

void pg_column(struct drv_stmt *at, int column, struct drv_cell *out)
{
    const PGresult *r = stmt_of(at)->row;
    *out = (struct drv_cell){.kind = CELL_NULL};
    if (!r || column >= PQnfields(r) || PQgetisnull(r, 0, column))
        return;
    struct str text = {PQgetvalue(r, 0, column), (size_t)PQgetlength(r, 0, column)};
    switch (PQftype(r, column)) {
    case OID_BOOL:
        out->kind = CELL_INT;
        out->i = text.p[0] == 't';
        return;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_NUMERIC: number_cell(text, out); return;
    case OID_FLOAT4:
    case OID_FLOAT8:
        out->kind = CELL_REAL;
        (void)num_parse(text, &out->num);
        return;
    default: out->kind = PQftype(r, column) == OID_BYTEA ? CELL_BLOB : CELL_TEXT; out->text = text;
    }
}
