/*
 * A pool of threads, each with its own reading connection and arena, that take requests off a
 * bounded queue.
 */
#ifndef RUNTIME_WORKER_H
#define RUNTIME_WORKER_H

#include "runtime/exchange.h"

struct pool;

/* What a worker has for itself. */
struct worker {
    struct server *server;
    struct conn *reader;
    struct arena *a; /* of the request in work; reset after it */
};

int pool_start(struct server *server, unsigned threads, unsigned queue_max, struct pool **out,
               struct err *err) ATTR_MUST;
/* false: the queue is full. */
bool pool_push(struct pool *p, struct exchange *x);
int64_t pool_waiting(struct pool *p);
/* Ends what is queued, then the threads. */
void pool_stop(struct pool **p);

#endif
