/*
 * Atomic counters only: a request costs three additions.
 */
#include "runtime/metrics.h"

#include "engine/store/store.h"
#include "runtime/http_mhd.h"
#include "runtime/outbox.h"
#include "runtime/server.h"
#include "runtime/sse.h"
#include "runtime/worker.h"

#include <stdlib.h>

static const int64_t BOUNDS_US[] = {1000,   5000,   10000,  25000,   50000,
                                    100000, 250000, 500000, 1000000, 5000000};

struct metrics {
    int64_t (*mono_us)(void);
    int64_t started_us;
    atomic_llong status[6]; /* 1xx … 5xx by index; 0: none */
    atomic_llong buckets[ARRAY_LEN(BOUNDS_US) + 1];
    atomic_llong sum_us;
    atomic_llong count;
};

int metrics_new(int64_t (*mono_us)(void), struct metrics **out, struct err *err)
{
    struct metrics *m = calloc(1, sizeof(*m));
    if (!m)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    m->mono_us = mono_us;
    m->started_us = mono_us();
    *out = m;
    return 0;
}

void metrics_free(struct metrics **m)
{
    free(*m);
    *m = NULL;
}

void metrics_request(struct metrics *m, const struct exchange *x)
{
    int64_t took = m->mono_us() - x->started_us;
    size_t i = 0;
    while (i < ARRAY_LEN(BOUNDS_US) && took > BOUNDS_US[i])
        i++;
    atomic_fetch_add_explicit(&m->buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->sum_us, took, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->count, 1, memory_order_relaxed);
    int class = x->answer.status / 100;
    atomic_fetch_add_explicit(&m->status[class > 0 && class < 6 ? class : 0], 1,
                              memory_order_relaxed);
}

static void histogram(struct metrics *m, struct strb *out)
{
    int64_t sum = 0;
    strb_addz(out, "# TYPE mortise_request_seconds histogram\n");
    for (size_t i = 0; i < ARRAY_LEN(BOUNDS_US); i++) {
        sum += atomic_load(&m->buckets[i]);
        strb_addf(out, "mortise_request_seconds_bucket{le=\"%g\"} %lld\n",
                  (double)BOUNDS_US[i] / 1e6, (long long)sum);
    }
    strb_addf(out,
              "mortise_request_seconds_bucket{le=\"+Inf\"} %lld\nmortise_request_seconds_sum %.6f\n"
              "mortise_request_seconds_count %lld\n",
              (long long)atomic_load(&m->count), (double)atomic_load(&m->sum_us) / 1e6,
              (long long)atomic_load(&m->count));
}

static void gauge(struct strb *out, const char *name, const char *type, int64_t n)
{
    strb_addf(out, "# TYPE %s %s\n%s %lld\n", name, type, name, (long long)n);
}

void metrics_write(struct metrics *m, struct server *server, struct strb *out)
{
    struct store_stats st;
    store_stats(engine_store(server->engine), &st);
    strb_addz(out, "# TYPE mortise_requests_total counter\n");
    for (int i = 1; i < 6; i++)
        strb_addf(out, "mortise_requests_total{class=\"%dxx\"} %lld\n", i,
                  (long long)atomic_load(&m->status[i]));
    histogram(m, out);
    gauge(out, "mortise_uptime_seconds", "gauge", (m->mono_us() - m->started_us) / US_PER_S);
    gauge(out, "mortise_connections", "gauge", http_connections(server->http));
    gauge(out, "mortise_in_flight", "gauge", http_in_flight(server->http));
    gauge(out, "mortise_queue", "gauge", pool_waiting(server->pool));
    gauge(out, "mortise_event_streams", "gauge", sse_streams(server->sse));
    gauge(out, "mortise_store_commits_total", "counter", st.commits);
    gauge(out, "mortise_store_jobs_total", "counter", st.jobs);
    gauge(out, "mortise_store_statements_total", "counter", st.statements);
    gauge(out, "mortise_store_queries_total", "counter", st.queries);
    gauge(out, "mortise_store_waiting", "gauge", st.waiting);
    struct outbox_stats ob;
    outbox_stats(server->outbox, &ob);
    gauge(out, "mortise_outbox_runs_total", "counter", ob.runs);
    gauge(out, "mortise_outbox_run_failures_total", "counter", ob.run_failures);
    gauge(out, "mortise_outbox_sent_total", "counter", ob.sent);
    gauge(out, "mortise_outbox_send_failures_total", "counter", ob.send_failures);
}
