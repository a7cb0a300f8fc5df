/*
 * mortise serve: opens everything in order, waits for a signal, closes everything in reverse.
 *
 * Stopping: no new connections, new requests on old ones get 503, live streams end, what is being
 * answered has eight seconds. A second signal ends the process at once, which is safe at any time.
 */
#include "runtime/cmd.h"

#include "engine/base/log.h"
#include "engine/org/member.h"
#include "engine/vault/vault.h"
#include "runtime/confine.h"
#include "runtime/control.h"
#include "runtime/demo.h"
#include "runtime/dev.h"
#include "runtime/host.h"
#include "runtime/http_mhd.h"
#include "runtime/jobs.h"
#include "runtime/peers.h"
#include "runtime/metrics.h"
#include "runtime/outbox.h"
#include "runtime/public.h"
#include "runtime/respond.h"
#include "runtime/server.h"
#include "runtime/slurp.h"
#include "runtime/sse.h"
#include "runtime/throttle.h"
#include "runtime/worker.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_US      (8 * US_PER_S)
#define FILES_FOR_US  256
#define PEM_MAX       ((size_t)1 << 20)
#define LOGIN_THREADS 4
#define LOGIN_QUEUE   256

struct serve {
    struct arena *a;
    struct config cfg;
    struct clock clock;
    struct server server;
    struct control *control;
    struct conn *reader;
    int lock_fd;
    unsigned port;
    struct str tls_cert, tls_key;
    struct str logins, password; /* of the demo */
};

/* ---- before the engine ---- */

static int64_t cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n;
}

static unsigned connection_limit(const struct config *cfg)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r))
        return 512;
    r.rlim_cur = r.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &r); /* the lower limit stands if this is refused */
    if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur < 2 * FILES_FOR_US)
        return FILES_FOR_US;
    rlim_t room = r.rlim_cur - FILES_FOR_US;
    return (unsigned)(room < (rlim_t)cfg->connections ? room : (rlim_t)cfg->connections);
}

static enum log_level level_of(struct str s)
{
    return str_eqz(s, "debug")   ? LOG_DEBUG
           : str_eqz(s, "warn")  ? LOG_WARN
           : str_eqz(s, "error") ? LOG_ERROR
                                 : LOG_INFO;
}

/* What an earlier process left half-way; import files of queued jobs stay. */
static void sweep(struct arena *a, struct str dir)
{
    DIR *d = opendir(str_z(a, dir));
    for (struct dirent *e; d && (e = readdir(d));)
        if (str_starts(str_of(e->d_name), STR("up-")))
            (void)unlink(
                str_z(a, str_fmt(a, "%.*s/%s", STR_ARG(dir), e->d_name))); /* gone is as good */
    if (d)
        closedir(d);
}

static int prepare(struct serve *s, struct err *err)
{
    bool taken;
    if (!s->cfg.tls_cert.n != !s->cfg.tls_key.n)
        return err_set(err, ERR_INVALID, "tls", "--tls-cert 与 --tls-key 要一起给出。",
                       "--tls-cert and --tls-key belong together.");
    if (s->cfg.tls_cert.n && (slurp_file(s->a, s->cfg.tls_cert, PEM_MAX, &s->tls_cert, err) ||
                              slurp_file(s->a, s->cfg.tls_key, PEM_MAX, &s->tls_key, err)))
        return -1;
    if (host_lock(s->a, &s->cfg, &s->lock_fd, &taken, err))
        return -1;
    if (taken)
        return err_set(err, ERR_CONFLICT, "in_use", "另一个进程正在使用数据目录“%.*s”。",
                       "Another process uses the data folder “%.*s”.", STR_ARG(s->cfg.data));
    s->server.spool_dir = str_fmt(s->a, "%.*s/tmp", STR_ARG(s->cfg.data));
    s->server.files_dir = str_fmt(s->a, "%.*s/files", STR_ARG(s->cfg.data));
    if (make_folder(s->a, s->server.spool_dir, err) || make_folder(s->a, s->server.files_dir, err))
        return -1;
    sweep(s->a, s->server.spool_dir);
    return 0;
}

/* ---- the engine ---- */

static int org_begin(struct ctx *c, void *arg, struct err *err)
{
    (void)arg;
    return org_start(c, err);
}

static void print_diags(const struct diags *d)
{
    bool en = host_lang() == LANG_EN;
    for (size_t i = 0; i < d->list.n; i++) {
        const struct diag *g = &d->list.v[i];
        if (g->level == DIAG_ERROR)
            (void)fprintf(stderr, "%.*s:%u:%u: %.*s\n", STR_ARG(g->file), g->pos.line,
                          g->pos.column, STR_ARG(en ? g->en : g->zh));
    }
}

static int start_engine(struct serve *s, struct err *err)
{
    struct server *sv = &s->server;
    struct ctx c;
    struct diags diags;
    int64_t members;
    if (host_engine(&s->cfg, s->a, &s->clock, false, &sv->engine, err) ||
        store_conn_open(engine_store(sv->engine), &s->reader, err))
        return -1;
    engine_ctx(sv->engine, s->a, s->reader, &c);
    c.who = &who_system;
    c.via = VIA_SYSTEM;
    if (engine_write(&c, org_begin, NULL, err) ||
        (s->cfg.demo && demo_members(&c, &s->cfg, &s->logins, &s->password, err)))
        return -1;
    diags_init(&diags, s->a);
    int rc = engine_start(sv->engine, &diags, err);
    print_diags(&diags);
    if (rc || public_tokens_all(&c, err) || member_count(&c, &members, err))
        return -1;
    atomic_store(&sv->set_up, members > 0);
    store_conn_close(&s->reader);
    return 0;
}

/* ---- the threads ---- */

static struct str oom_body(struct arena *a)
{
    struct err err = ERR_INIT;
    struct strb b;
    strb_init(&b, a);
    (void)err_set(&err, ERR_OOM, "out_of_memory", "内存不足，请稍后再试。",
                  "Out of memory; try again later.");
    (void)respond_problem(&b, LANG_ZH, &err, NULL); /* its status is 503 */
    return strb_str(&b);
}

/* After each commit: the pages hear of records, our threads of work. */
static void published(void *self, const struct event *ev)
{
    struct server *sv = self;
    if (!str_eqz(ev->op, "outbox"))
        sse_publish(sv->sse, ev);
    else if (sv->outbox)
        outbox_wake(sv->outbox);
}

static int start_threads(struct serve *s, struct err *err)
{
    struct server *sv = &s->server;
    sv->oom_body = oom_body(s->a);
    int64_t workers = s->cfg.workers ? s->cfg.workers : MAX(2 * cores(), 16);
    vault_random(sv->secret, sizeof(sv->secret));
    if (metrics_new(clock_mono_us, &sv->metrics, err) || throttle_new(&sv->throttle, err) ||
        sse_start(sv, &sv->sse, err))
        return -1;
    engine_listen(sv->engine, published, sv);
    return pool_start(sv, (unsigned)workers, (unsigned)s->cfg.queue, &sv->pool, err) ||
                   pool_start(sv, LOGIN_THREADS, LOGIN_QUEUE, &sv->logins, err) ||
                   jobs_start(sv, &sv->jobs, err) || outbox_start(sv, &sv->outbox, err) ||
                   peers_start(sv, &sv->peers, err) ||
                   (s->cfg.dev && dev_start(sv, &sv->dev, err)) ||
                   control_start(sv, &s->control, err)
               ? -1
               : 0;
}

static int start_http(struct serve *s, struct err *err)
{
    struct server *sv = &s->server;
    struct http_opts o = {.server = sv,
                          .connections = connection_limit(&s->cfg),
                          .tls_cert = s->tls_cert,
                          .tls_key = s->tls_key,
                          .spool_dir = sv->spool_dir,
                          .mono_us = clock_mono_us};
    int64_t threads = s->cfg.http_threads ? s->cfg.http_threads : MIN(MAX(cores(), 2), 8);
    o.threads = (unsigned)threads;
    sv->tls = s->tls_cert.n > 0;
    if (http_listen(s->cfg.listen, &o.listen_fd, &s->port, &sv->loopback, err))
        return -1;
    /* Behind a proxy, and on this machine alone, everybody has the same address. */
    o.per_address = s->cfg.proxy.n || sv->loopback ? 0 : 1024;
    if (s->cfg.test_clock && !sv->loopback)
        return err_set(err, ERR_INVALID, "test_clock", "--test-clock 只能用于本机地址。",
                       "--test-clock works on loopback addresses only.");
    if (s->cfg.dev && !sv->loopback)
        return err_set(err, ERR_INVALID, "dev", "--dev 只能用于本机地址。",
                       "--dev works on loopback addresses only.");
    return http_start(&o, &sv->http, err);
}

static void announce(const struct serve *s)
{
    struct str host = s->cfg.listen;
    while (host.n && host.p[host.n - 1] != ':')
        host.n--;
    host.n -= host.n > 0;
    if (str_eqz(host, "0.0.0.0") || str_eqz(host, "[::]"))
        host = STR("127.0.0.1");
    printf("Mortise 榫卯: %s://%.*s:%u\n", s->server.tls ? "https" : "http", STR_ARG(host),
           s->port);
    if (s->cfg.demo)
        printf("demo logins: %.*s\npassword:    %.*s\n", STR_ARG(s->logins), STR_ARG(s->password));
    if (s->cfg.test_clock)
        printf("--test-clock: anybody on this machine can move this server's clock\n");
    if (!atomic_load(&s->server.set_up))
        printf("first visit: make the first administrator in the browser\n");
    (void)fflush(stdout);
}

/* ---- the end ---- */

static void nap(void)
{
    struct timespec t = {0, 20 * 1000 * 1000};
    (void)nanosleep(&t, NULL); /* woken early: the loop looks again */
}

static void stop(struct serve *s)
{
    struct server *sv = &s->server;
    atomic_store(&sv->draining, true);
    if (sv->sse)
        sse_drain(sv->sse);
    if (sv->http)
        http_quiesce(sv->http);
    control_stop(&s->control);
    int64_t until = clock_mono_us() + DRAIN_US;
    while (sv->http && http_in_flight(sv->http) > 0 && clock_mono_us() < until)
        nap();
    pool_stop(&sv->pool);
    pool_stop(&sv->logins);
    http_stop(&sv->http);
    dev_stop(&sv->dev);
    peers_stop(&sv->peers);
    jobs_stop(&sv->jobs);
    outbox_stop(&sv->outbox);
    sse_stop(&sv->sse);
    throttle_free(&sv->throttle);
    metrics_free(&sv->metrics);
    store_conn_close(&s->reader);
    engine_close(&sv->engine);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
}

static void wait_for_signal(const sigset_t *set)
{
    int sig;
    while (sigwait(set, &sig))
        ; /* only EINVAL can be, and the set is a good one */
    (void)pthread_sigmask(SIG_UNBLOCK, set, NULL); /* a second one ends the process */
    log_event(LOG_INFO, "draining", LOG_NUM("signal", sig));
}

int cmd_serve(struct arena *a, int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct serve *s = ARENA_NEW(a, struct serve);
    sigset_t set;
    s->a = a;
    s->lock_fd = -1;
    s->server.cfg = &s->cfg;
    s->server.clock = &s->clock;
    if (config_parse(a, argc, argv, &s->cfg, &err))
        return cmd_usage(argv[0], err.en);
    if (s->cfg.npos)
        return cmd_usage(argv[0], "takes options only");
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set,
                          NULL); /* inherited by all threads: only sigwait() sees them */
    log_init(level_of(s->cfg.log_level), clock_real_us);
    if (!confine_process())
        log_event(LOG_WARN, "not_confined", LOG_TEXT("why", STR("the kernel has no seccomp")));
    int rc =
        prepare(s, &err) || start_engine(s, &err) || start_threads(s, &err) || start_http(s, &err);
    if (!rc) {
        atomic_store(&s->server.ready, true);
        announce(s);
        wait_for_signal(&set);
    }
    stop(s);
    return rc ? cmd_problem(&err) : EXIT_FINE;
}
