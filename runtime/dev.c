/*
 * See dev.h. Looks twice a second at names, sizes and times of the files: editors replace files in
 * ways that differ, and half a second is not worth a watcher of the system's.
 */
#include "runtime/dev.h"

#include "engine/base/log.h"
#include "runtime/host.h"
#include "runtime/jobs.h"
#include "runtime/server.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DEV_ARENA ((size_t)256 << 20)
#define LOOK_MS   500
#define DEPTH_MAX 4
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/* What was last seen of one app. */
struct seen {
    char key[64];
    uint64_t mark;      /* of the last look */
    uint64_t published; /* of what was published, or told to be wrong */
};

struct dev {
    struct server *server;
    pthread_t thread;
    atomic_bool stop;
    struct conn *reader;
    struct seen *seen;
    size_t n;
};

/* ---- a mark of a folder ---- */

static uint64_t mix(uint64_t mark, const void *p, size_t n)
{
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i++)
        mark = (mark ^ b[i]) * FNV_PRIME;
    return mark;
}

/* Adds up over the entries: their order in a folder says nothing. */
static uint64_t folder_mark(struct arena *a, struct str path, int depth)
{
    uint64_t sum = 0;
    DIR *d = opendir(str_z(a, path));
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        struct str name = str_of(e->d_name);
        struct str file = str_fmt(a, "%.*s/%s", STR_ARG(path), e->d_name);
        if (name.p[0] == '.' || stat(str_z(a, file), &st))
            continue;
        uint64_t mark = mix(FNV_START, name.p, name.n);
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
            sum += mark ^ folder_mark(a, file, depth + 1);
            continue;
        }
        mark = mix(mark, &st.st_size, sizeof(st.st_size));
        mark = mix(mark, &st.st_mtim, sizeof(st.st_mtim));
        sum += mix(mark, &st.st_ino, sizeof(st.st_ino));
    }
    if (d)
        closedir(d);
    return sum;
}

/* ---- publishing ---- */

static void tell(struct str app, const struct err *err, const struct diags *diags)
{
    bool en = host_lang() == LANG_EN;
    printf("%.*s: %s\n", STR_ARG(app), en ? err->en : err->zh);
    for (size_t i = 0; i < diags->list.n; i++) {
        const struct diag *d = &diags->list.v[i];
        if (d->level == DIAG_ERROR)
            printf("%.*s/%.*s:%u:%u: %.*s\n", STR_ARG(app), STR_ARG(d->file), d->pos.line,
                   d->pos.column, STR_ARG(en ? d->en : d->zh));
    }
    (void)fflush(stdout);
}

static void publish(struct dev *v, struct arena *a, struct str key)
{
    struct ctx c;
    struct err err = ERR_INIT;
    struct diags diags;
    int64_t n = 0;
    const struct publish p = {.key = key, .note = STR("--dev")};
    diags_init(&diags, a);
    engine_ctx(v->server->engine, a, v->reader, &c);
    c.who = &who_system;
    c.via = VIA_SYSTEM;
    if (engine_publish(&c, &p, &n, &diags, &err)) {
        tell(key, &err, &diags);
        return;
    }
    printf("%.*s: version %lld\n", STR_ARG(key), (long long)n);
    (void)fflush(stdout);
    jobs_wake(v->server->jobs);
}

static uint64_t app_mark(struct dev *v, struct arena *a, const struct seen *s)
{
    struct str dir = v->server->cfg->apps;
    return folder_mark(a, str_fmt(a, "%.*s/%s", STR_ARG(dir), s->key), 0);
}

/* An app is published when it looks the same twice, and not as it did when it was last. */
static void look(struct dev *v, struct arena *a, struct seen *s)
{
    uint64_t mark = app_mark(v, a, s);
    bool settled = mark == s->mark;
    s->mark = mark;
    if (!settled || mark == s->published)
        return;
    s->published = mark;
    publish(v, a, str_of(s->key));
}

struct round {
    struct dev *v;
    struct arena *a;
};

static void guarded(void *arg)
{
    struct round *r = arg;
    for (size_t i = 0; i < r->v->n; i++)
        look(r->v, r->a, &r->v->seen[i]);
}

static void *run(void *arg)
{
    struct dev *v = arg;
    while (!atomic_load(&v->stop)) {
        struct round r = {v, arena_new(DEV_ARENA)};
        if (!r.a || oom_guard(guarded, &r))
            log_event(LOG_WARN, "dev", LOG_TEXT("code", STR("out_of_memory")));
        arena_free(&r.a);
        (void)poll(NULL, 0, LOOK_MS);
    }
    return NULL;
}

/* The apps as the server found them. */
static int list_apps(struct dev *v, struct arena *a, struct err *err)
{
    struct str *keys;
    size_t n = engine_apps(v->server->engine, a, &keys);
    v->seen = calloc(n + 1, sizeof(*v->seen));
    if (!v->seen)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    for (size_t i = 0; i < n; i++) {
        struct seen *s = &v->seen[v->n++];
        (void)snprintf(s->key, sizeof(s->key), "%.*s", STR_ARG(keys[i]));
        s->published = s->mark = app_mark(v, a, s);
    }
    return 0;
}

int dev_start(struct server *server, struct dev **out, struct err *err)
{
    struct dev *v = calloc(1, sizeof(*v));
    if (!v)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    v->server = server;
    *out = v;
    struct arena *a = arena_new(DEV_ARENA);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    int rc = list_apps(v, a, err) || store_conn_open(engine_store(server->engine), &v->reader, err);
    arena_free(&a);
    if (rc)
        return -1;
    if (pthread_create(&v->thread, NULL, run, v))
        return err_set(err, ERR_INTERNAL, "thread", "无法创建线程。", "Cannot start a thread.");
    return 0;
}

void dev_stop(struct dev **vp)
{
    struct dev *v = *vp;
    if (!v)
        return;
    *vp = NULL;
    atomic_store(&v->stop, true);
    if (v->thread)
        pthread_join(v->thread, NULL);
    store_conn_close(&v->reader);
    free(v->seen);
    free(v);
}
