/*
 * The hub of live updates.
 *
 * A ring keeps the last events with their number. Each stream has its own place in the ring, so a
 * stream that resumes and one that is slow are the same case; whoever fell out of the ring is told
 * to reset. The hub's thread has a reading connection: rights are tested there, once for each event
 * and stream, never on the thread that wrote.
 */
#include "runtime/sse.h"

#include "engine/base/log.h"
#include "engine/engine.h"
#include "engine/org/member.h"
#include "engine/record/record.h"
#include "runtime/live.h"
#include "runtime/server.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define RING         4096
#define BATCH        1024
#define STREAMS_MAX  4096
#define MEMBER_MAX   100 /* of one member: many tabs, several devices */
#define BUFFER_MAX   ((size_t)256 << 10)
#define HEARTBEAT_US (15 * US_PER_S)
#define HUB_ARENA    ((size_t)64 << 20)

struct sse_stream {
    struct sse_stream *prev, *next; /* under the hub's lock */
    struct sse *hub;
    int64_t member;
    int64_t seen; /* the hub's thread only */
    atomic_int refs;
    pthread_mutex_t lock; /* what follows */
    char *buf;
    size_t n, cap;
    bool ended, paused, gone;
    int64_t sent_us;
    void (*pause)(void *conn);
    void (*wake)(void *conn);
    void *conn;
};

struct sse {
    struct server *server;
    pthread_mutex_t lock; /* ring, list, flags */
    pthread_cond_t more;
    pthread_t thread;
    bool stop, draining;
    int64_t first, head; /* numbers of the oldest and the next event */
    struct live_event *ring;
    struct sse_stream *streams;
    size_t nstreams;
    struct arena *a;
    struct conn *reader;
};

/* ---- streams ---- */

static void unref(struct sse_stream *st)
{
    if (atomic_fetch_sub(&st->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&st->lock);
    free(st->buf);
    free(st);
}

static void wake_locked(struct sse_stream *st)
{
    if (!st->paused || st->gone)
        return;
    st->paused = false;
    st->wake(st->conn);
}

/* Appends text; a stream that does not read ends at the bound. */
static void append(struct sse_stream *st, struct str text, int64_t now_us)
{
    pthread_mutex_lock(&st->lock);
    if (!st->ended && !st->gone && st->n + text.n > st->cap) {
        size_t cap = MAX(st->cap * 2, st->n + text.n + 1024);
        char *p = cap > BUFFER_MAX ? NULL : realloc(st->buf, cap);
        if (p) {
            st->buf = p;
            st->cap = cap;
        } else {
            st->ended = true;
        }
    }
    if (!st->ended && !st->gone) {
        memcpy(st->buf + st->n, text.p, text.n);
        st->n += text.n;
        st->sent_us = now_us;
    }
    wake_locked(st);
    pthread_mutex_unlock(&st->lock);
}

static void end(struct sse_stream *st)
{
    pthread_mutex_lock(&st->lock);
    st->ended = true;
    wake_locked(st);
    pthread_mutex_unlock(&st->lock);
}

/* Under the hub's lock. */
static size_t streams_of(const struct sse *s, int64_t member)
{
    size_t n = 0;
    for (const struct sse_stream *st = s->streams; st; st = st->next)
        n += st->member == member;
    return n;
}

int sse_open(struct sse *s, int64_t member, int64_t last, struct sse_stream **out, struct err *err)
{
    struct sse_stream *st = calloc(1, sizeof(*st));
    if (!st)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    st->hub = s;
    st->member = member;
    atomic_init(&st->refs, 1);
    pthread_mutex_init(&st->lock, NULL);
    append(st, STR("retry: 3000\n\n"), 0);
    pthread_mutex_lock(&s->lock);
    bool room = !s->draining && s->nstreams < STREAMS_MAX && streams_of(s, member) < MEMBER_MAX;
    if (room) {
        st->seen = last > 0 && last < s->head ? last : s->head - 1;
        st->next = s->streams;
        if (s->streams)
            s->streams->prev = st;
        s->streams = st;
        s->nstreams++;
        pthread_cond_signal(&s->more);
    }
    pthread_mutex_unlock(&s->lock);
    if (!room) {
        unref(st);
        return err_set(err, ERR_BUSY, "busy", "实时连接过多，请稍后重试。",
                       "Too many live connections.");
    }
    *out = st;
    return 0;
}

void sse_bind(struct sse_stream *st, void (*pause)(void *conn), void (*wake)(void *conn),
              void *conn)
{
    pthread_mutex_lock(&st->lock);
    st->pause = pause;
    st->wake = wake;
    st->conn = conn;
    pthread_mutex_unlock(&st->lock);
}

ssize_t sse_read(struct sse_stream *st, char *buf, size_t max)
{
    ssize_t n = 0;
    pthread_mutex_lock(&st->lock);
    if (st->n) {
        n = (ssize_t)MIN(st->n, max);
        memcpy(buf, st->buf, (size_t)n);
        memmove(st->buf, st->buf + n, st->n - (size_t)n);
        st->n -= (size_t)n;
    } else if (st->ended) {
        n = -1;
    } else {
        st->paused = true;
        st->pause(st->conn);
    }
    pthread_mutex_unlock(&st->lock);
    return n;
}

void sse_close(struct sse_stream *st)
{
    struct sse *s = st->hub;
    pthread_mutex_lock(&s->lock);
    if (st->prev)
        st->prev->next = st->next;
    else
        s->streams = st->next;
    if (st->next)
        st->next->prev = st->prev;
    s->nstreams--;
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_lock(&st->lock);
    st->gone = true;
    pthread_mutex_unlock(&st->lock);
    unref(st);
}

int64_t sse_streams(struct sse *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t n = (int64_t)s->nstreams;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* ---- events in ---- */

void sse_publish(void *self, const struct event *ev)
{
    struct sse *s = self;
    pthread_mutex_lock(&s->lock);
    live_copy(&s->ring[s->head % RING], ev);
    s->head++;
    if (s->head - s->first > RING)
        s->first = s->head - RING;
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->lock);
}

/* ---- the hub's thread ---- */

/* One round: the events [from, to) that somebody has not seen, and the streams there are. */
struct round {
    struct sse *s;
    int64_t from, to;
    struct live_event events[BATCH];
    struct sse_stream **streams;
    size_t n;
    int64_t now_us;
};

static void deliver(struct round *r, struct live *live, struct sse_stream *st)
{
    if (st->seen + 1 < r->from) {
        append(st, STR("event: reset\ndata: {}\n\n"), r->now_us);
        st->seen = r->to - 1;
        return;
    }
    for (int64_t i = st->seen + 1; i < r->to; i++) {
        struct str text;
        if (live_text(live, &r->events[i - r->from], i, st->member, &text))
            append(st, text, r->now_us);
    }
    st->seen = MAX(st->seen, r->to - 1);
    if (r->now_us - st->sent_us > HEARTBEAT_US)
        append(st, STR(":\n\n"), r->now_us);
}

static void work(void *arg)
{
    struct round *r = arg;
    struct live live;
    live_begin(&live, r->s->server->engine, r->s->a, r->s->reader);
    for (size_t i = 0; i < r->n; i++)
        deliver(r, &live, r->streams[i]);
    live_end(&live);
}

/* Under the lock: what this round is about. */
static void collect(struct sse *s, struct round *r)
{
    r->s = s;
    r->n = 0;
    r->to = s->head;
    r->from = MAX(s->first, s->head - BATCH);
    for (struct sse_stream *st = s->streams; st && r->n < STREAMS_MAX; st = st->next) {
        atomic_fetch_add(&st->refs, 1);
        r->streams[r->n++] = st;
    }
    for (int64_t i = r->from; i < r->to; i++)
        r->events[i - r->from] = s->ring[i % RING];
}

static void *run(void *arg)
{
    struct sse *s = arg;
    struct round *r = calloc(1, sizeof(*r));
    struct sse_stream **streams = calloc(STREAMS_MAX, sizeof(struct sse_stream *));
    struct arena_mark mark = arena_mark(s->a);
    int64_t done = 0;
    pthread_mutex_lock(&s->lock);
    while (r && streams && !s->stop) {
        if (s->head == done) {
            struct timespec t;
            clock_gettime(CLOCK_MONOTONIC, &t);
            t.tv_sec += 5;
            pthread_cond_timedwait(&s->more, &s->lock, &t);
        }
        r->streams = streams;
        collect(s, r);
        done = s->head;
        pthread_mutex_unlock(&s->lock);
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        r->now_us = (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
        if (oom_guard(work, r))
            log_event(LOG_WARN, "live_out_of_memory", LOG_NUM("streams", (int64_t)r->n));
        arena_reset(s->a, mark);
        for (size_t i = 0; i < r->n; i++)
            unref(r->streams[i]);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    free(streams);
    free(r);
    return NULL;
}

/* ---- start and stop ---- */

int sse_start(struct server *server, struct sse **out, struct err *err)
{
    struct sse *s = calloc(1, sizeof(*s));
    if (s)
        s->ring = calloc(RING, sizeof(*s->ring));
    if (s && s->ring)
        s->a = arena_new(HUB_ARENA);
    if (!s || !s->a) {
        if (s)
            free(s->ring);
        free(s);
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    }
    s->server = server;
    /* Numbers go on growing over restarts, so that an id of an earlier process is never taken for
     * ours. */
    s->first = s->head = engine_now_us(server->engine);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->more, &attr);
    pthread_condattr_destroy(&attr);
    *out = s;
    if (store_conn_open(engine_store(server->engine), &s->reader, err))
        return -1;
    if (pthread_create(&s->thread, NULL, run, s))
        return err_set(err, ERR_INTERNAL, "thread", "无法创建线程。", "Cannot start a thread.");
    return 0;
}

void sse_drain(struct sse *s)
{
    pthread_mutex_lock(&s->lock);
    s->draining = true;
    for (struct sse_stream *st = s->streams; st; st = st->next)
        end(st);
    pthread_mutex_unlock(&s->lock);
}

void sse_stop(struct sse **sp)
{
    struct sse *s = *sp;
    if (!s)
        return;
    *sp = NULL;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->lock);
    if (s->thread)
        pthread_join(s->thread, NULL);
    store_conn_close(&s->reader);
    arena_free(&s->a);
    pthread_cond_destroy(&s->more);
    pthread_mutex_destroy(&s->lock);
    free(s->ring);
    free(s);
}
