/*
 * The two threads. The running one looks every second, or when it is woken: schedules first, then
 * what is queued, then a page of a schedule's records. Everything is in the database: a program
 * that dies loses nothing.
 */
#include "runtime/outbox.h"

#include "engine/automation/outbox.h"
#include "engine/automation/schedule.h"
#include "engine/base/log.h"
#include "runtime/clock.h"
#include "runtime/inbox.h"
#include "runtime/sender.h"
#include "runtime/server.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define RUN_ARENA  ((size_t)512 << 20)
#define LOOK_S     1
#define FORGET_US  (3600 * US_PER_S)
#define FAILED_MAX 3 /* of a batch as a whole, one after the other: then it is put off */

struct outbox {
    struct server *server;
    struct sender *sender;
    pthread_t runs, sends, reads;
    bool have_runs, have_sends, have_reads;
    struct conn *run_reader, *send_reader, *read_reader;
    pthread_mutex_t lock; /* guards stop and pending */
    pthread_cond_t more, ends;
    bool stop, pending;
    int64_t forgot_us;
    int failed;
    atomic_llong runs_done, runs_failed;
};

struct looking {
    struct outbox *o;
    struct arena *a;
    bool found;
};

static bool stopping(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    bool stop = o->stop;
    pthread_mutex_unlock(&o->lock);
    return stop;
}

static void system_ctx(struct outbox *o, struct arena *a, struct ctx *c)
{
    engine_ctx(o->server->engine, a, o->run_reader, c);
    c->who = &who_system;
    c->via = VIA_TIMER;
}

/* ---- the clock ---- */

static void tick(void *arg)
{
    struct looking *l = arg;
    struct str *keys;
    size_t n = engine_apps(l->o->server->engine, l->a, &keys);
    for (size_t i = 0; i < n && !stopping(l->o); i++) {
        struct err err = ERR_INIT;
        struct ctx c;
        int64_t fired = 0;
        struct app *app = engine_app(l->o->server->engine, keys[i]);
        system_ctx(l->o, l->a, &c);
        c.app = app;
        if (app && schedule_tick(&c, engine_write, &fired, &err) &&
            !str_eqz(str_of(err.key), "definition_changed"))
            log_event(LOG_ERROR, "schedule", LOG_TEXT("app", keys[i]),
                      LOG_TEXT("code", str_of(err.key)));
        app_unref(&app);
    }
}

/* ---- what is queued ---- */

static void batch_failed(struct outbox *o, struct ctx *c, struct outbox_batch *b,
                         const struct err *why)
{
    struct err err = ERR_INIT;
    if (str_eqz(str_of(why->key), "definition_changed"))
        return;
    log_event(LOG_WARN, "outbox_run", LOG_TEXT("app", b->app), LOG_TEXT("code", str_of(why->key)));
    if (++o->failed < FAILED_MAX)
        return;
    o->failed = 0;
    c->app = NULL;
    if (engine_write(c, outbox_put_off, b, &err))
        log_event(LOG_ERROR, "outbox_put_off", LOG_TEXT("code", str_of(err.key)));
}

static void run_batch(void *arg)
{
    struct looking *l = arg;
    struct outbox_batch b;
    struct err err = ERR_INIT;
    struct ctx c;
    system_ctx(l->o, l->a, &c);
    if (outbox_due(&c, &b, &err)) {
        log_event(LOG_ERROR, "outbox_due", LOG_TEXT("code", str_of(err.key)));
        return;
    }
    if (!b.n)
        return;
    struct app *app = engine_app(c.engine, b.app);
    c.app = app;
    if (!app) {
        if (engine_write(&c, outbox_put_off, &b, &err))
            log_event(LOG_ERROR, "outbox_put_off", LOG_TEXT("code", str_of(err.key)));
    } else if (engine_write(&c, outbox_run, &b, &err)) {
        batch_failed(l->o, &c, &b, &err);
    } else {
        l->o->failed = 0;
        l->found = true;
        atomic_fetch_add(&l->o->runs_done, (long long)b.done);
        atomic_fetch_add(&l->o->runs_failed, (long long)b.failed);
    }
    app_unref(&app);
}

/* ---- a page of a schedule's records ---- */

static void run_page(void *arg)
{
    struct looking *l = arg;
    struct schedule_job job;
    struct err err = ERR_INIT, ignored = ERR_INIT;
    struct ctx c;
    system_ctx(l->o, l->a, &c);
    if (schedule_next(&c, &job, &err) != 1)
        return;
    struct app *app = engine_app(c.engine, job.app);
    c.app = app;
    if (app && engine_write(&c, schedule_step, &job, &err) == 0) {
        l->found = true;
    } else if (!app || (err.code != ERR_RETRY && err.code != ERR_BUSY &&
                        !str_eqz(str_of(err.key), "definition_changed"))) {
        struct schedule_failure f = {job.id, app ? err.key : "no_app"};
        c.app = NULL;
        log_event(LOG_ERROR, "schedule_job", LOG_TEXT("app", job.app),
                  LOG_TEXT("code", str_of(err.key)));
        if (engine_write(&c, schedule_fail, &f, &ignored))
            log_event(LOG_ERROR, "schedule_fail", LOG_TEXT("code", str_of(ignored.key)));
    }
    app_unref(&app);
}

static void forget(void *arg)
{
    struct looking *l = arg;
    struct err err = ERR_INIT;
    struct ctx c;
    system_ctx(l->o, l->a, &c);
    if (c.now_us - l->o->forgot_us < FORGET_US)
        return;
    l->o->forgot_us = c.now_us;
    if (engine_write(&c, outbox_forget, NULL, &err))
        log_event(LOG_WARN, "outbox_forget", LOG_TEXT("code", str_of(err.key)));
}

/* True when there may be more of it. */
static bool guarded(struct outbox *o, void (*fn)(void *arg))
{
    struct looking l = {.o = o, .a = arena_new(RUN_ARENA)};
    if (!l.a)
        return false;
    if (oom_guard(fn, &l))
        log_event(LOG_ERROR, "outbox_out_of_memory", LOG_NUM("failed", o->failed));
    arena_free(&l.a);
    return l.found;
}

static void *runs(void *arg)
{
    struct outbox *o = arg;
    int64_t ticked = 0;
    pthread_mutex_lock(&o->lock);
    while (!o->stop) {
        o->pending = false;
        pthread_mutex_unlock(&o->lock);
        int64_t now = clock_mono_us();
        if (now - ticked >= LOOK_S * US_PER_S) {
            ticked = now;
            (void)guarded(o, tick);
            (void)guarded(o, forget);
        }
        bool more = guarded(o, run_batch);
        more = guarded(o, run_page) || more;
        pthread_mutex_lock(&o->lock);
        if (more || o->pending || o->stop)
            continue;
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_sec += LOOK_S;
        pthread_cond_timedwait(&o->more, &o->lock, &t);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static void *sends(void *arg)
{
    struct outbox *o = arg;
    while (!stopping(o))
        sender_round(o->sender, o->send_reader, 1000);
    return NULL;
}

/* Mailboxes; nobody waits for them, so it looks every second. */
static void *reads(void *arg)
{
    struct outbox *o = arg;
    while (!stopping(o)) {
        if (inbox_round(o->server, o->read_reader))
            continue;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOOK_S;
        pthread_mutex_lock(&o->lock);
        if (!o->stop)
            pthread_cond_timedwait(&o->ends, &o->lock, &until);
        pthread_mutex_unlock(&o->lock);
    }
    return NULL;
}

/* ---- start and stop ---- */

/* Alone on its database: what the program before had taken is free again. */
static int begin(struct outbox *o, struct err *err)
{
    struct ctx c;
    struct arena *a = arena_new(RUN_ARENA);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    system_ctx(o, a, &c);
    int rc = store_shared(c.store) ? 0 : engine_write(&c, outbox_begin, NULL, err);
    arena_free(&a);
    return rc;
}

int outbox_start(struct server *server, struct outbox **out, struct err *err)
{
    struct outbox *o = calloc(1, sizeof(*o));
    if (!o)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    o->server = server;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->more, &attr);
    pthread_cond_init(&o->ends, &attr);
    pthread_condattr_destroy(&attr);
    struct store *s = engine_store(server->engine);
    int rc = sender_new(server, &o->sender, err);
    *out = o; /* from here on it may be woken */
    if (rc || store_conn_open(s, &o->run_reader, err) || store_conn_open(s, &o->send_reader, err) ||
        store_conn_open(s, &o->read_reader, err) || begin(o, err))
        return -1;
    o->have_runs = !pthread_create(&o->runs, NULL, runs, o);
    o->have_sends = o->have_runs && !pthread_create(&o->sends, NULL, sends, o);
    o->have_reads = o->have_sends && !pthread_create(&o->reads, NULL, reads, o);
    return o->have_reads
               ? 0
               : err_set(err, ERR_INTERNAL, "thread", "无法创建线程。", "Cannot start a thread.");
}

void outbox_wake(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    o->pending = true;
    pthread_cond_signal(&o->more);
    pthread_mutex_unlock(&o->lock);
    if (o->sender)
        sender_wake(o->sender);
}

void outbox_stats(struct outbox *o, struct outbox_stats *out)
{
    *out = (struct outbox_stats){.runs = o ? atomic_load(&o->runs_done) : 0,
                                 .run_failures = o ? atomic_load(&o->runs_failed) : 0};
    if (o && o->sender)
        sender_counts(o->sender, &out->sent, &out->send_failures);
}

void outbox_stop(struct outbox **op)
{
    struct outbox *o = *op;
    if (!o)
        return;
    *op = NULL;
    pthread_mutex_lock(&o->lock);
    o->stop = true;
    pthread_cond_signal(&o->more);
    pthread_cond_signal(&o->ends);
    pthread_mutex_unlock(&o->lock);
    if (o->sender && o->have_sends)
        sender_wake(o->sender);
    if (o->have_runs)
        pthread_join(o->runs, NULL);
    if (o->have_sends)
        pthread_join(o->sends, NULL);
    if (o->have_reads)
        pthread_join(o->reads, NULL);
    sender_free(&o->sender);
    store_conn_close(&o->run_reader);
    store_conn_close(&o->send_reader);
    store_conn_close(&o->read_reader);
    pthread_cond_destroy(&o->more);
    pthread_cond_destroy(&o->ends);
    pthread_mutex_destroy(&o->lock);
    free(o);
}
