/*
 * The HTTP server: libmicrohttpd behind one door. It gathers one complete request, hands it to a
 * worker while the connection sleeps, and sends the answer. Knows no routes' meaning, sessions or
 * JSON.
 */
#ifndef RUNTIME_HTTP_MHD_H
#define RUNTIME_HTTP_MHD_H

#include "runtime/exchange.h"

struct http;

struct http_opts {
    struct server *server;
    int listen_fd; /* taken over */
    unsigned threads;
    unsigned connections;         /* more are refused */
    unsigned per_address;         /* 0: no limit */
    struct str tls_cert, tls_key; /* PEM texts; empty: plain HTTP */
    struct str spool_dir;         /* for uploads */
    int64_t (*mono_us)(void);
};

int http_start(const struct http_opts *opts, struct http **out, struct err *err) ATTR_MUST;
/* Stops accepting; connections that are open go on. */
void http_quiesce(struct http *h);
/* Requests that were begun and not answered. */
int64_t http_in_flight(struct http *h);
int64_t http_connections(struct http *h);
/* All workers must be gone and all streams ended. */
void http_stop(struct http **h);

/* The worker is done with x: its answer is sent. From any thread. */
void http_answer(struct exchange *x);

const char *http_library(void); /* its version */

/* Addresses: "127.0.0.1:8080", "[::1]:0". Listens; *port the real one, *loopback whether only this
 * machine reaches it. */
int http_listen(struct str address, int *fd, unsigned *port, bool *loopback,
                struct err *err) ATTR_MUST;

#endif
