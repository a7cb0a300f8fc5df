/*
 * See peers.h.
 */
#include "runtime/peers.h"

#include "engine/base/log.h"
#include "runtime/server.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PEERS_ARENA ((size_t)64 << 20)
#define WAIT_MS     500 /* also how long stopping may take */
#define AGAIN_MS    1000

struct peers {
    struct server *server;
    pthread_t thread;
    atomic_bool stop;
    struct conn *reader;
};

static void one_round(struct peers *p, struct arena *a)
{
    struct err err = ERR_INIT;
    struct ctx c;
    engine_ctx(p->server->engine, a, p->reader, &c);
    c.who = &who_system;
    c.via = VIA_SYSTEM;
    if (engine_hear(&c, WAIT_MS, &err) == 0)
        return;
    log_event(LOG_WARN, "peers", LOG_TEXT("code", str_of(err.key)));
    (void)poll(NULL, 0, AGAIN_MS);
}

struct round {
    struct peers *p;
    struct arena *a;
};

static void guarded(void *arg)
{
    struct round *r = arg;
    one_round(r->p, r->a);
}

static void *run(void *arg)
{
    struct peers *p = arg;
    while (!atomic_load(&p->stop)) {
        struct round r = {p, arena_new(PEERS_ARENA)};
        if (!r.a || oom_guard(guarded, &r))
            (void)poll(NULL, 0, AGAIN_MS);
        arena_free(&r.a);
    }
    return NULL;
}

int peers_start(struct server *server, struct peers **out, struct err *err)
{
    if (!store_shared(engine_store(server->engine)))
        return 0;
    struct peers *p = calloc(1, sizeof(*p));
    if (!p)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    p->server = server;
    *out = p;
    if (store_conn_open(engine_store(server->engine), &p->reader, err))
        return -1;
    if (pthread_create(&p->thread, NULL, run, p))
        return err_set(err, ERR_INTERNAL, "thread", "无法创建线程。", "Cannot start a thread.");
    return 0;
}

void peers_stop(struct peers **pp)
{
    struct peers *p = *pp;
    if (!p)
        return;
    *pp = NULL;
    atomic_store(&p->stop, true);
    if (p->thread)
        pthread_join(p->thread, NULL);
    store_conn_close(&p->reader);
    free(p);
}
