/*
 * The list of open connections and the thread that shuts late ones down.
 */
#define _DEFAULT_SOURCE /* tcp_info */
#include "runtime/reaper.h"

#include <pthread.h>
#include <stdlib.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

struct reaper {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool stop;
    size_t count, room;
    struct reaper_link *first;
    int64_t (*mono_us)(void);
};

static uint64_t bytes_in(int fd)
{
    struct tcp_info info = {0};
    socklen_t n = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) ? 0 : info.tcpi_bytes_received;
}

/* A connection between requests may rest; one that drips a head may not. */
static bool idle_late(struct reaper_link *l, int64_t now_us)
{
    uint64_t bytes = bytes_in(l->fd);
    if (!l->seen_us) {
        l->seen_us = now_us;
        l->seen_bytes = bytes;
        l->head_us = 0;
    }
    if (bytes != l->seen_bytes && !l->head_us)
        l->head_us = now_us;
    return l->head_us ? now_us - l->head_us > REAPER_HEAD_US : now_us - l->seen_us > REAPER_IDLE_US;
}

static bool late(struct reaper_link *l, int64_t now_us)
{
    if (atomic_load_explicit(&l->idle, memory_order_relaxed))
        return idle_late(l, now_us);
    l->seen_us = 0;
    int64_t d = atomic_load_explicit(&l->deadline_us, memory_order_relaxed);
    return d && d < now_us;
}

/* Resting connections cost little, but all of them together must not keep out those that want
 * something. */
static void make_room(struct reaper *r, int64_t now_us)
{
    static const int64_t RESTED_US[] = {20000000, 5000000, 1500000};
    size_t keep = r->room - r->room / 4;
    size_t excess = r->count > keep ? r->count - keep : 0;
    for (size_t i = 0; excess && i < ARRAY_LEN(RESTED_US); i++) {
        for (struct reaper_link *l = r->first; l && excess; l = l->next) {
            bool rests = atomic_load_explicit(&l->idle, memory_order_relaxed) && !l->head_us &&
                         !l->cut && l->seen_us && now_us - l->seen_us > RESTED_US[i];
            if (!rests)
                continue;
            l->cut = true;
            (void)shutdown(l->fd, SHUT_RDWR); /* already gone is as good */
            excess--;
        }
    }
}

static void scan(struct reaper *r, int64_t now_us)
{
    for (struct reaper_link *l = r->first; l; l = l->next)
        if (late(l, now_us))
            (void)shutdown(l->fd, SHUT_RDWR); /* already gone is as good */
    make_room(r, now_us);
}

static void *run(void *arg)
{
    struct reaper *r = arg;
    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_sec += 1;
        pthread_cond_timedwait(&r->wake, &r->lock, &t);
        scan(r, r->mono_us());
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

int reaper_start(int64_t (*mono_us)(void), size_t room, struct reaper **out, struct err *err)
{
    struct reaper *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, &attr);
    pthread_condattr_destroy(&attr);
    r->mono_us = mono_us;
    r->room = room;
    if (pthread_create(&r->thread, NULL, run, r)) {
        free(r);
        return err_set(err, ERR_INTERNAL, "thread", "无法创建线程。", "Cannot start a thread.");
    }
    *out = r;
    return 0;
}

void reaper_stop(struct reaper **rp)
{
    struct reaper *r = *rp;
    if (!r)
        return;
    *rp = NULL;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void reaper_add(struct reaper *r, struct reaper_link *link)
{
    link->seen_us = r->mono_us(); /* nothing came in yet: the first byte begins a head */
    pthread_mutex_lock(&r->lock);
    r->count++;
    link->prev = NULL;
    link->next = r->first;
    if (r->first)
        r->first->prev = link;
    r->first = link;
    pthread_mutex_unlock(&r->lock);
}

void reaper_remove(struct reaper *r, struct reaper_link *link)
{
    pthread_mutex_lock(&r->lock);
    r->count--;
    if (link->prev)
        link->prev->next = link->next;
    else
        r->first = link->next;
    if (link->next)
        link->next->prev = link->prev;
    pthread_mutex_unlock(&r->lock);
}
