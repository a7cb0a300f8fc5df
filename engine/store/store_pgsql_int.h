/*
 * A PostgreSQL connection and its statements, for store_pgsql.c and store_pgsql_stmt.c only.
 */
#ifndef STORE_STORE_PGSQL_INT_H
#define STORE_STORE_PGSQL_INT_H

#include "engine/store/store_pg_text.h"

#include <libpq-fe.h>
#include <stdatomic.h>

#define DEAD_MAX 64 /* statements that wait for their DEALLOCATE */

enum oid { /* pg_type.oid of the types that come and go here */
           OID_UNKNOWN = 0,
           OID_BOOL = 16,
           OID_BYTEA = 17,
           OID_INT8 = 20,
           OID_INT2 = 21,
           OID_INT4 = 23,
           OID_TEXT = 25,
           OID_FLOAT4 = 700,
           OID_FLOAT8 = 701,
           OID_NUMERIC = 1700
};

struct pg_db {
    struct drv_db base;
    struct pg_address address;
    int64_t lock; /* key of the advisory lock */
    struct store_opts opts;
    uint32_t node; /* of the writing connection, which holds its lock */
    bool has_node;
    /* Counts what changed tables in this process, and what was found to have changed elsewhere: a
     * connection that has not seen the last one forgets its plans when it begins. */
    _Atomic uint64_t definitions;
};

struct pg_stmt;

struct pg_conn {
    struct drv_conn base;
    struct pg_db *owner;
    PGconn *pg;
    enum drv_mode mode;
    uint64_t generation; /* counts reconnects: prepared statements are gone */
    unsigned queued;     /* commands sent whose answers are not read */
    struct pg_stmt *streaming;
    unsigned next_id;
    unsigned dead[DEAD_MAX]; /* statements to deallocate */
    size_t ndead;
    bool in_tx;
    bool used;            /* the transaction has run a statement */
    bool aborted;         /* until it is rolled back, to a savepoint at least */
    bool lost_write;      /* something that was to come later failed: the transaction is over */
    unsigned later;       /* of the queued commands: writes nobody waits for */
    bool changes_tables;  /* the transaction */
    uint64_t definitions; /* of its database, when it last forgot its plans */
    bool cancelled;
    bool listening;
    int64_t changes;
    int64_t deadline_us, give_up_us;
    char xid[24]; /* of the write transaction, to learn its fate when COMMIT is not answered */
};

struct pg_stmt {
    struct drv_stmt base;
    struct pg_conn *conn;
    char *text;
    enum pg_verb verb;
    unsigned id;
    uint64_t generation; /* prepared then; 0: not */
    size_t nargs;
    Oid *types; /* as prepared */
    Oid *want;  /* as bound; OID_UNKNOWN: NULL */
    char **values;
    int *lengths;
    int *formats;
    char *bytes;     /* of the values */
    bool fresh;      /* bound, not run */
    bool many;       /* its rows come in portions, by a cursor */
    unsigned cursor; /* open: its number; 0: none */
    bool at_end;     /* of the cursor */
    PGresult *row;
    PGresult **held; /* rows read ahead */
    size_t nheld, cap, next, held_bytes;
};

/* ---- store_pgsql.c ---- */

int pg_no_memory(struct err *err);
bool pg_lost(const struct pg_conn *c);
/* Sets err from an answer (NULL: from the connection); -1. */
int pg_fail_result(struct pg_conn *c, const PGresult *r, const char *sql, struct err *err);
void pg_cancel(struct pg_conn *c);
/* The next answer, within the deadline of the connection. */
PGresult *pg_get(struct pg_conn *c);
void pg_skip_to_sync(struct pg_conn *c);
/* One command without rows: 0, or -1 with err and everything up to the sync thrown away. */
int pg_read_command(struct pg_conn *c, const char *sql, struct err *err);
int pg_read_queued(struct pg_conn *c, struct err *err);
/* Failures show when the answer is read. */
void pg_queue(struct pg_conn *c, const char *sql);
void pg_begin_read(struct pg_conn *c);
int pg_reconnect(struct pg_conn *c, struct err *err);

/* ---- store_pgsql_stmt.c ---- */

int pg_prepare(struct drv_conn *at, struct str text, struct drv_stmt **out, struct err *err);
void pg_finalize(struct drv_stmt *at);
int pg_bind(struct drv_stmt *at, const struct val *args, size_t n, struct err *err);
int pg_step(struct drv_stmt *at, struct err *err);
void pg_reset(struct drv_stmt *at);
int pg_later(struct drv_stmt *at, struct err *err);
void pg_many(struct drv_stmt *at);
int pg_columns(struct drv_stmt *at);
void pg_column(struct drv_stmt *at, int column, struct drv_cell *out);
/* Throws away what the server still sends for this statement. */
void pg_stop_stream(struct pg_stmt *s);

#endif
