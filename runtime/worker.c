/*
 * The queue and the threads. What is done with a request is dispatch.c's business.
 */
#include "runtime/worker.h"

#include "engine/base/civil.h"
#include "engine/store/store.h"
#include "runtime/clock.h"
#include "runtime/dispatch.h"
#include "runtime/http_mhd.h"
#include "runtime/router.h"
#include "runtime/server.h"

#include <pthread.h>
#include <stdlib.h>

#define WORKER_ARENA ((size_t)256 << 20)
#define READ_US      (5 * US_PER_S)  /* what a request's reads may take, then 503 */
#define HEAVY_US     (60 * US_PER_S) /* exports, plans and the like, which are few */

struct pool {
    struct server *server;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct exchange *first, **last;
    unsigned waiting, queue_max;
    unsigned idle; /* threads that wait for more */
    bool stop;
    unsigned nthreads;
    pthread_t *threads;
    struct worker *workers;
};

static struct exchange *take(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->idle++;
    while (!p->first && !p->stop)
        pthread_cond_wait(&p->more, &p->lock);
    p->idle--;
    struct exchange *x = p->first;
    if (x) {
        p->first = x->next;
        if (!p->first)
            p->last = &p->first;
        p->waiting--;
        x->next = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    return x;
}

/* No list, however it is filtered, holds a worker for ever. */
static void limit_reads(struct worker *w, const struct route *route)
{
    bool heavy = route && (route->rate == RATE_HEAVY || route->need == NEED_DESIGN);
    store_limit(w->reader, clock_mono_us() + (heavy ? HEAVY_US : READ_US), 0);
}

struct worker_start {
    struct pool *pool;
    struct worker *worker;
};

static void *run(void *arg)
{
    struct worker_start start = *(struct worker_start *)arg;
    free(arg);
    struct worker *w = start.worker;
    struct arena_mark mark = arena_mark(w->a);
    for (struct exchange *x; (x = take(start.pool));) {
        limit_reads(w, x->route);
        dispatch(w, x);
        arena_reset(w->a, mark);
        http_answer(x);
    }
    return NULL;
}

static int worker_open(struct worker *w, struct server *server, struct err *err)
{
    w->server = server;
    w->a = arena_new(WORKER_ARENA);
    if (!w->a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    return store_conn_open(engine_store(server->engine), &w->reader, err);
}

static int thread_start(struct pool *p, struct err *err)
{
    struct worker *w = &p->workers[p->nthreads];
    if (worker_open(w, p->server, err))
        return -1;
    struct worker_start *start = malloc(sizeof(*start));
    if (start)
        *start = (struct worker_start){p, w};
    if (!start || pthread_create(&p->threads[p->nthreads], NULL, run, start)) {
        free(start);
        return err_set(err, ERR_INTERNAL, "thread", "无法创建线程。", "Cannot start a thread.");
    }
    p->nthreads++;
    return 0;
}

int pool_start(struct server *server, unsigned threads, unsigned queue_max, struct pool **out,
               struct err *err)
{
    struct pool *p = calloc(1, sizeof(*p));
    if (p) {
        p->threads = calloc(threads, sizeof(*p->threads));
        p->workers = calloc(threads, sizeof(*p->workers));
    }
    if (!p || !p->threads || !p->workers) {
        if (p) {
            free(p->threads);
            free(p->workers);
        }
        free(p);
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    }
    p->server = server;
    p->queue_max = queue_max;
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    *out = p;
    for (unsigned i = 0; i < threads; i++)
        if (thread_start(p, err))
            return -1;
    return 0;
}

bool pool_push(struct pool *p, struct exchange *x)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->waiting < p->queue_max && !p->stop;
    if (room) {
        x->next = NULL;
        *p->last = x;
        p->last = &x->next;
        p->waiting++;
    }
    bool wake = room && p->idle; /* one who works looks for more by himself */
    pthread_mutex_unlock(&p->lock);
    if (wake)
        pthread_cond_signal(&p->more); /* unlocked: who wakes finds the lock free */
    return room;
}

int64_t pool_waiting(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    int64_t n = p->waiting;
    pthread_mutex_unlock(&p->lock);
    return n;
}

void pool_stop(struct pool **pp)
{
    struct pool *p = *pp;
    if (!p)
        return;
    *pp = NULL;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->nthreads; i++) {
        pthread_join(p->threads[i], NULL);
        store_conn_close(&p->workers[i].reader);
        arena_free(&p->workers[i].a);
    }
    pthread_cond_destroy(&p->more);
    pthread_mutex_destroy(&p->lock);
    free(p->threads);
    free(p->workers);
    free(p);
}
