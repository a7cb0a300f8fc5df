/*
 * SQL behind one interface; knows nothing of forms.
 *
 * A store is opened once. Each thread that reads has its own connection (store_conn_open). Writing
 * goes through store_write(): jobs of all threads queue up, one of the waiting threads leads, runs
 * each job in a savepoint on the one writing connection, commits them together (one fsync) and
 * wakes the others. Only that connection checkpoints. (SQLite's WAL-reset race needs two; see ADR
 * 0003.) Drivers: SQLite; PostgreSQL, where the writers of all processes take turns (ADR 0013).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "engine/base/err.h"
#include "engine/value/sql.h"
#include "engine/value/val.h"

struct store;
struct conn;
struct stmt;

struct store_opts {
    uint32_t queue_max;               /* write jobs that may wait; default 1024; beyond: ERR_BUSY */
    uint32_t batch_max;               /* jobs a commit takes; default 64 */
    const struct sql_func *functions; /* C functions SQL may call (SQLite); outlive the store */
    size_t nfunctions;
    /* CREATE OR REPLACE FUNCTION statements that PostgreSQL is to have, the i-th (STR_NONE past the
     * end), and a text that changes whenever one of them does. NULL: none. */
    struct str (*db_function)(size_t i);
    struct str (*db_functions_version)(char buf[17]);
    int64_t (*mono_us)(void); /* monotonic clock, for statement time limits */
};

/* "sqlite:/path/mortise.db", "sqlite::memory:" (tests; readers share it), "fault:sqlite:…" (tests),
 * "postgresql://user@host/db" as libpq reads it, with ?schema=NAME (default mortise). */
int store_open(struct str url, const struct store_opts *opts, struct store **out,
               struct err *err) ATTR_MUST;
void store_close(struct store **s); /* all connections must be closed; checkpoints */
enum sql_dialect store_dialect(const struct store *s);

/* A reading connection for one thread. */
int store_conn_open(struct store *s, struct conn **out, struct err *err) ATTR_MUST;
void store_conn_close(struct conn **c);

/*
 * Runs fn(conn, arg) inside the write transaction and returns after it is durable. fn may run on
 * another thread (the caller waits), must not block on anything but the store, must not call
 * store_write (ERR_INTERNAL), and may run again after ERR_RETRY or with another batch, so its only
 * effects are in the store and in memory that a second run overwrites.
 * Returns what fn returned (its error in err: rolled back to its savepoint), or ERR_BUSY, ERR_FULL,
 * ERR_OOM, ERR_STORE.
 */
typedef int store_fn(struct conn *db, void *arg, struct err *err);
int store_write(struct store *s, store_fn *fn, void *arg, struct err *err) ATTR_MUST;

/* One consistent snapshot for several reads on a reading connection. Nothing nests. */
int store_read_begin(struct conn *c, struct err *err) ATTR_MUST;
void store_read_end(struct conn *c);
/* Several reads in a row as one snapshot where that saves work (SQLite takes and gives a lock for
 * each statement outside of one); else, and inside of one, nothing. 1: store_read_end() it; 0. */
int store_reads_begin(struct conn *c, struct err *err) ATTR_MUST;
/* Between the two, or inside a write job: what is read is of one moment. */
bool store_in_snapshot(const struct conn *c);

/* The same, and temporary tables, indexes and views may be made and filled in it (CREATE TEMP …);
 * store_read_end() drops them. ERR_INTERNAL inside a write job. */
int store_scratch_begin(struct conn *c, struct err *err) ATTR_MUST;

/* A savepoint inside a write job (batch rows, hooks that may be rolled back). Nests to 16. */
int store_savepoint(struct conn *c, struct err *err) ATTR_MUST;
int store_release(struct conn *c, struct err *err) ATTR_MUST;
void store_rollback(struct conn *c);

/* In a write job: what this job overwrites or deletes (with secure_delete, zeroed in its pages)
 * must leave the log of the database too, soon after the commit. */
void store_scrub(struct conn *c);
/* The same, and what lies in unused parts of pages: the file is written anew behind the commit, and
 * writers wait for it (SQLite; on PostgreSQL its own vacuum does that in time). For what must not
 * be in clear any more. */
void store_repack(struct conn *c);
/* In a write job: as long as it is the same, nothing that the job read or wrote was taken back. */
uint64_t store_moment(const struct conn *c);
/* True on the connection of a running write job. */
bool store_is_writer(const struct conn *c);
struct store *store_of(const struct conn *c);

/*
 * Prepares (or takes from the connection's cache) and binds. The statement is given back by
 * stmt_done, or at the latest when `a` is reset. SQL errors of our own making are ERR_INTERNAL; a
 * column or table that is not there is ERR_CONFLICT "definition_changed".
 */
int store_query(struct conn *c, struct arena *a, const struct sql *q, struct stmt **out,
                struct err *err) ATTR_MUST;
/* 1 a row, 0 the end, -1 error (a unique violation is ERR_CONFLICT "duplicate" with the columns in
 * err->path; a time limit ERR_TIMEOUT; disk full ERR_FULL). */
int stmt_step(struct stmt *s, struct err *err) ATTR_MUST;
void stmt_done(struct stmt *s);
/* Before the first step, in a snapshot or a write job: many rows are expected, and other statements
 * between them. They come in portions, so that memory does not grow with their number. */
void stmt_many(struct stmt *s);

/* Columns of the current row. Text is borrowed until the next step. NULL is blank. */
bool stmt_null(struct stmt *s, int column);
int64_t stmt_int(struct stmt *s, int column);
double stmt_num(struct stmt *s, int column);
struct str stmt_str(struct stmt *s, int column); /* borrowed */
/* As it is: VAL_DEC of scale 0, VAL_NUM, VAL_TEXT (borrowed, perhaps empty) or blank. */
struct val stmt_val(struct stmt *s, int column);
int stmt_columns(struct stmt *s);

/* Prepare, run to the end, done. For writes and DDL. *changes may be NULL. */
int store_exec(struct conn *c, struct arena *a, const struct sql *q, int64_t *changes,
               struct err *err) ATTR_MUST;
/* A write in a write job that cannot fail by what its values are (no unique key, no check), and of
 * which nothing is asked back: where the database is far it travels with the next statement. When
 * it does fail, the whole job does. */
int store_exec_later(struct conn *c, struct arena *a, const struct sql *q,
                     struct err *err) ATTR_MUST;
/* First column of the first row as an integer: 1 found, 0 no row (or NULL), -1 error. */
int store_get_int(struct conn *c, struct arena *a, const struct sql *q, int64_t *out,
                  struct err *err) ATTR_MUST;

/*
 * Several programs on one database (PostgreSQL; SQLite has one at a time).
 */
/* Other programs may be serving this database now. */
bool store_shared(const struct store *s);
/* A number that no other program on this database has while this store is open: 0 … 1023. */
uint32_t store_node(const struct store *s);
/* Inside a write job: a text (at most 7,900 bytes) that the others hear once it is committed. */
int store_tell(struct conn *c, struct arena *a, struct str text, struct err *err) ATTR_MUST;
/* On a connection kept for it: what the others said, waiting up to wait_ms. 1 that is all there
 * was, 0 something may have been missed (the first call, a lost connection), -1. */
typedef void store_heard_fn(void *arg, struct str text);
int store_hear(struct conn *c, int wait_ms, store_heard_fn *fn, void *arg,
               struct err *err) ATTR_MUST;

/* Inside a write job: statistics for the planner of queries, after much was written. Some 10 ms. */
int store_analyze(struct conn *c, struct err *err) ATTR_MUST;
/* The same outside of write jobs, where the database does so beside writers (PostgreSQL). */
int store_analyze_aside(struct store *s, struct err *err) ATTR_MUST;

/* Limits the statements that follow on this connection; 0: none. Time by opts.mono_us. */
void store_limit(struct conn *c, int64_t deadline_mono_us, int64_t max_steps);

/* An online copy into a new file; readers and writers go on. Checked (quick_check) afterwards. */
int store_backup(struct store *s, struct str path, struct err *err) ATTR_MUST;
int store_check(struct conn *c, struct arena *a, struct err *err) ATTR_MUST; /* integrity */

/* Statistics: statements prepared and run, commits, jobs; for /metrics and tests. */
struct store_stats {
    int64_t commits;
    int64_t jobs;
    int64_t statements;
    int64_t queries;
    int64_t waiting;
};
void store_stats(struct store *s, struct store_stats *out);

#endif
