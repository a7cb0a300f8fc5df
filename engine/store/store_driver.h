/*
 * What a database must offer to be a store: a table of functions. store.c holds everything common
 * (queue, group commit, savepoints, statement cache, statistics); a driver converts and reports.
 *
 * A driver's structs begin with the ones below. Every function that can fail sets err once and
 * returns -1. One thread at a time per connection; different connections run at once.
 */
#ifndef STORE_STORE_DRIVER_H
#define STORE_STORE_DRIVER_H

#include "engine/store/store.h"

struct store_driver;

/* An opened database. */
struct drv_db {
    const struct store_driver *driver;
};

/* A connection. */
struct drv_conn {
    const struct store_driver *driver;
    bool broken;  /* what the disk holds is no longer known (failed fsync): write no more */
    bool ddl;     /* statements that change tables are let through (ddl.c, migrate.c) */
    bool system;  /* and those of system tables (migrate.c) */
    bool scrub;   /* what was overwritten must not stay in the log: rest() empties it */
    bool repack;  /* nor in unused parts of pages: rest() writes the file anew */
    bool scratch; /* temporary tables and views may be made (a driver that needs to know) */
};

/* A prepared statement. */
struct drv_stmt {
    const struct store_driver *driver;
};

enum drv_mode { DRV_READ, DRV_WRITE, DRV_ASIDE /* build_index() */ };

enum drv_tx {
    TX_BEGIN_READ,    /* a snapshot */
    TX_BEGIN_SCRATCH, /* a snapshot that may make temporary tables; a rollback drops them */
    TX_BEGIN_WRITE,   /* waits up to 5 s for other processes: ERR_BUSY */
    TX_COMMIT,        /* durable when it returns 0 */
    TX_ROLLBACK,      /* never fails; also ends a snapshot */
    TX_SAVEPOINT,
    TX_RELEASE,
    TX_ROLLBACK_TO /* back to the newest savepoint, which is gone then; never fails */
};

enum drv_cell_kind { CELL_NULL, CELL_INT, CELL_REAL, CELL_TEXT, CELL_BLOB };

/* A column of the current row; text is borrowed until the next step. */
struct drv_cell {
    enum drv_cell_kind kind;
    int64_t i;
    double num;
    struct str text;
};

struct store_driver {
    const char *scheme;
    enum sql_dialect dialect;
    struct str check_sql; /* rows of text, "ok" when sound; empty: the database has no such check */

    int (*open)(struct str rest, const struct store_opts *opts, struct drv_db **out,
                struct err *err);
    void (*close)(struct drv_db *db);
    int (*connect)(struct drv_db *db, enum drv_mode mode, struct drv_conn **out, struct err *err);
    void (*disconnect)(struct drv_conn *c);

    /* Exactly one statement; text is borrowed. */
    int (*prepare)(struct drv_conn *c, struct str text, struct drv_stmt **out, struct err *err);
    void (*finalize)(struct drv_stmt *s);
    /* Blank, bool, number, integer kinds and text only; texts are copied. */
    int (*bind)(struct drv_stmt *s, const struct val *args, size_t n, struct err *err);
    int (*step)(struct drv_stmt *s, struct err *err); /* 1 row, 0 end, -1 */
    void (*reset)(struct drv_stmt *s);
    /* Instead of the steps of a write: queued; what it fails with ends the transaction. NULL: as
     * step. */
    int (*later)(struct drv_stmt *s, struct err *err);
    void (*many)(struct drv_stmt *s); /* before the first step: rows in portions; NULL: they are */
    int (*columns)(struct drv_stmt *s);
    void (*column)(struct drv_stmt *s, int column, struct drv_cell *out);
    int64_t (*changes)(struct drv_conn *c); /* rows of the last write */

    int (*tx)(struct drv_conn *c, enum drv_tx what, struct err *err);
    bool (*in_tx)(struct drv_conn *c); /* false after the database ended it by itself */
    /* After a batch of the writing connection: checkpoint when due, let other processes write. */
    int (*rest)(struct drv_conn *c, struct err *err);
    void (*limit)(struct drv_conn *c, int64_t deadline_mono_us, int64_t max_steps);

    /* Inside a write job: looks at the tables again for the planner of queries. NULL: it does so by
     * itself. */
    int (*analyze)(struct drv_conn *c, struct err *err);
    /* The same outside of any transaction, on a connection of its own. NULL: nothing to do. */
    int (*analyze_aside)(struct drv_db *db, struct err *err);
    /* Outside of any transaction, while others write. Drops what an earlier try left. 1 it is
     * there, 0 another program builds just now, -1. NULL: CREATE INDEX in a write job. */
    int (*build_index)(struct drv_db *db, const char *name, const char *create, struct err *err);

    int (*backup)(struct drv_db *db, struct str path, struct err *err); /* NULL: move.h does it */

    /* Of a database that several programs serve at once; NULL: one at a time. */
    uint32_t (*node)(struct drv_db *db);
    int (*hear)(struct drv_conn *c, int wait_ms, store_heard_fn *fn, void *arg, struct err *err);
};

extern const struct store_driver store_sqlite_driver;
extern const struct store_driver store_pgsql_driver;
extern const struct store_driver store_fault_driver;    /* around SQLite */
extern const struct store_driver store_fault_pg_driver; /* around PostgreSQL */

/* store.c, for its neighbours in this folder. */

/* Lets DDL through on this connection, of system tables too when asked; store_ddl_end takes it
 * back. Only inside a write job. */
void store_ddl_begin(struct conn *c, bool system);
void store_ddl_end(struct conn *c);
bool store_builds_aside(const struct store *s);
int store_build_index(struct store *s, const char *name, const char *create, struct err *err);
/* The driver's database, for store_fault.h. */
struct drv_db *store_db(struct store *s);

#endif
