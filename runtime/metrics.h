/*
 * Counters and latencies, written out as Prometheus text.
 */
#ifndef RUNTIME_METRICS_H
#define RUNTIME_METRICS_H

#include "runtime/exchange.h"

struct metrics;

int metrics_new(int64_t (*mono_us)(void), struct metrics **out, struct err *err) ATTR_MUST;
void metrics_free(struct metrics **m);
/* After the answer of x is known. Thread-safe, no lock. */
void metrics_request(struct metrics *m, const struct exchange *x);
void metrics_write(struct metrics *m, struct server *server, struct strb *out);

#endif
