/*
 * The insides of a store, for store.c and store_write.c only.
 */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include "engine/base/utf8.h"
#include "engine/store/store_cache.h"

#include <pthread.h>
#include <stdatomic.h>

#define STORE_NEST_MAX 16

/* A write that waits; lives on the stack of the thread that waits for it. */
struct job {
    store_fn *fn;
    void *arg;
    struct err *err;
    int rc;
    bool failed; /* for good: not run again when the batch starts over */
    bool done;
    struct job *next;
    pthread_cond_t wake;
};

struct store {
    const struct store_driver *driver;
    struct drv_db *db;
    struct store_opts opts;
    struct conn *writer; /* used by the leader only */
    struct job **batch;  /* opts.batch_max; the leader's */
    atomic_int readers;
    atomic_llong statements; /* prepared */
    atomic_llong queries;    /* run */

    pthread_mutex_t lock; /* guards what follows */
    struct job *head, *tail;
    int64_t waiting;
    bool leading;
    pthread_t leader; /* while leading */
    bool broken;
    int64_t commits;
    int64_t jobs;
};

struct conn {
    struct store *store;
    struct drv_conn *drv;
    struct store_cache cache;
    struct stmt *open;
    unsigned depth;  /* savepoints; 0: no job runs */
    uint64_t moment; /* grows with each run of a job and each roll back */
    bool writer;
    bool reading;
};

struct stmt {
    struct conn *conn; /* NULL: given back */
    struct cached *held;
    struct arena *arena; /* with our deferred clean-up; NULL: taken back */
    struct stmt *next, *prev;
    unsigned depth;
    bool ended;
    int cell_of; /* the column that `cell` holds, 1 …; 0: none of this row was asked for */
    struct drv_cell cell;
};

/* Gives back the statements opened at this depth or deeper. */
void conn_finish(struct conn *c, unsigned depth);
/* Rolls back to where only `depth` savepoints are left. */
void conn_unwind(struct conn *c, unsigned depth);
/* The driver of a URL's scheme and what follows the colon; NULL with err. */
const struct store_driver *store_driver_of(struct str url, struct str *rest, struct err *err);

#endif
