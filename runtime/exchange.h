/*
 * One request and its answer on the way between the socket library (http_mhd.c) and the workers.
 * Owned by http_mhd.c; a worker has it alone from pool_push() until http_answer().
 */
#ifndef RUNTIME_EXCHANGE_H
#define RUNTIME_EXCHANGE_H

#include "runtime/http.h"

struct content;
struct sse_stream;

#define ANSWER_HEADERS_MAX 24

struct answer {
    int status;
    struct str body; /* in the exchange's arena, or static */
    struct http_pair headers[ANSWER_HEADERS_MAX];
    size_t nheaders;
    int file_fd;             /* >= 0: streamed instead of the body, closed by http_mhd */
    struct content *content; /* the same; closed by http_mhd */
    uint64_t file_from, file_bytes;
    struct sse_stream *stream; /* the connection becomes an event stream */
    bool close;                /* Connection: close */
};

struct exchange {
    struct exchange *next; /* in the workers' queue */
    struct arena *a;       /* request bytes and answer; freed when the answer is sent */
    struct server *server;
    struct str target; /* "/path?query" as sent */
    struct str method;
    struct str remote;
    const struct http_pair *headers;
    size_t nheaders;
    const struct route *route;          /* NULL: none fits */
    bool path_known;                    /* some route has this path, with another method */
    struct str params[HTTP_PARAMS_MAX]; /* as sent, not decoded */
    struct str body;
    struct str upload, upload_name, upload_type;
    struct str upload_hash; /* SHA-256 of the file, hex */
    uint64_t upload_bytes;
    struct http_pair *fields;
    size_t nfields;
    int64_t started_us; /* monotonic */
    bool late;          /* came after the drain began */
    struct err refused; /* code set: answered with it, the handler does not run */
    struct answer answer;
};

/* The path of the target, without the query. */
struct str exchange_path(const struct exchange *x);
struct str exchange_header(const struct exchange *x, const char *name);
/* Adds a header to the answer; more than fit are dropped. The texts must live in x->a or be static.
 */
void answer_header(struct exchange *x, struct str name, struct str value);

#endif
