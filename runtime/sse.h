/*
 * Live updates: what happened in the engine, sent as Server-Sent Events to those who may see it.
 * Streams that do not read are dropped at a bound; an id in Last-Event-ID is resumed from a ring,
 * or answered with "reset".
 */
#ifndef RUNTIME_SSE_H
#define RUNTIME_SSE_H

#include "engine/org/ctx.h"

#include <sys/types.h>

struct sse;        /* the hub: a thread, a queue, the streams */
struct sse_stream; /* one connection */
struct server;

int sse_start(struct server *server, struct sse **out, struct err *err) ATTR_MUST;
/* Ends every stream (the connections are woken) and refuses new ones. */
void sse_drain(struct sse *s);
void sse_stop(struct sse **s);

/* For engine_listen(): never blocks. */
void sse_publish(void *self, const struct event *ev);

/* A stream for a member; last: the id he saw last, 0 none. NULL err: too many, draining. */
int sse_open(struct sse *s, int64_t member, int64_t last, struct sse_stream **out,
             struct err *err) ATTR_MUST;
int64_t sse_streams(struct sse *s);

/* ---- for http_mhd.c ---- */
/* `pause` is called under the stream's lock when there is nothing to send, `wake` later from the
 * hub's thread. */
void sse_bind(struct sse_stream *st, void (*pause)(void *conn), void (*wake)(void *conn),
              void *conn);
/* Bytes copied, 0 when paused, -1 at the end. */
ssize_t sse_read(struct sse_stream *st, char *buf, size_t max);
void sse_close(struct sse_stream *st);

#endif
