/*
 * libmicrohttpd: the only file with its header.
 *
 * The library calls access() with the headers only, then for each piece of body, then once more
 * with nothing; then we suspend the connection and a worker has it until http_answer() resumes it
 * and access() is called again to queue the answer. An answer is queued in the first call only
 * where the body is not read (refused: the connection closes); there the library reads no further
 * request from the connection.
 */
#include "runtime/http_mhd.h"

#include "engine/base/log.h"
#include "runtime/dispatch.h"
#include "runtime/http_guard.h"
#include "runtime/reaper.h"
#include "runtime/respond.h"
#include "runtime/router.h"
#include "runtime/server.h"
#include "runtime/sse.h"
#include "engine/vault/content.h"
#include "runtime/upload.h"
#include "runtime/worker.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE_S         60 /* the library's idle time-out; the reaper looks more closely */
#define CUT_US         (2 * US_PER_S)
#define DISCARD        (1u << 20)
#define BODY_US        (20 * US_PER_S)
#define SLOWEST_BPS    (32 * 1024) /* a body or an answer slower than this is cut off */
#define CONNECTION_MEM (32u << 10)
#define EXCHANGE_ARENA ((size_t)192 << 20)
#define PIECE          (32u << 10)

struct http {
    struct http_opts o;
    struct MHD_Daemon *daemon;
    struct reaper *reaper;
    atomic_llong in_flight;
    atomic_llong connections;
};

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_WORK, STAGE_READY, STAGE_SENT };

/* A connection: lives from accept to close. */
struct link {
    struct reaper_link reap;
    struct str remote;
    char remote_text[INET6_ADDRSTRLEN];
};

struct wire {
    struct exchange x; /* first: http_answer() gets back here */
    struct http *h;
    struct MHD_Connection *conn;
    struct link *link;
    enum stage stage;
    bool counted;
    bool has_body;
    bool cut; /* refused half-way */
    uint64_t limit, got;
    struct strb body;
    struct MHD_PostProcessor *pp;
    struct upload upload;
    int64_t body_bytes; /* announced; -1: chunked */
};

static void deadline(struct wire *w, int64_t in_us)
{
    atomic_store_explicit(&w->link->reap.idle, false, memory_order_relaxed);
    int64_t at = in_us ? w->h->o.mono_us() + in_us : 0;
    atomic_store_explicit(&w->link->reap.deadline_us, at, memory_order_relaxed);
}

/* ---- head ---- */

struct headers {
    struct arena *a;
    struct http_pair *v;
    size_t n;
};

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t nkey,
                                  const char *value, size_t nvalue)
{
    struct headers *h = cls;
    (void)kind;
    if (h->n > GUARD_HEADERS_MAX)
        return MHD_NO;
    h->v[h->n++] = (struct http_pair){{key, nkey}, {value ? value : "", value ? nvalue : 0}};
    return MHD_YES;
}

static int64_t announced(const struct exchange *x)
{
    int64_t n = 0;
    if (exchange_header(x, "transfer-encoding").n)
        return -1;
    struct str s = exchange_header(x, "content-length");
    return s.n && str_int(s, 0, INT64_MAX, &n) ? n : 0;
}

static int too_large(struct wire *w)
{
    return err_set(&w->x.refused, ERR_TOO_LARGE, "too_large", "请求内容超过 %llu 字节的上限。",
                   "The body is over the limit of %llu bytes.", (unsigned long long)w->limit);
}

static bool is_multipart(const struct exchange *x)
{
    struct str type = exchange_header(x, "content-type");
    return str_ieq(str_sub(type, 0, 20), STR("multipart/form-data;"));
}

static enum MHD_Result part(void *cls, enum MHD_ValueKind kind, const char *key,
                            const char *filename, const char *type, const char *encoding,
                            const char *data, uint64_t off, size_t size);

static void open_body(struct wire *w)
{
    struct exchange *x = &w->x;
    w->body_bytes = announced(x);
    w->has_body = w->body_bytes != 0;
    w->limit = x->route ? x->route->body_max : 0;
    if (!w->has_body)
        return;
    if (!x->route || w->limit == 0) {
        /* Nobody reads it; the answer is that of the missing route, or that no body belongs here.
         */
        if (x->route)
            (void)err_set(&x->refused, ERR_MALFORMED, "malformed", "此请求不应带有内容。",
                          "This request takes no body.");
        return;
    }
    if (w->body_bytes > (int64_t)w->limit) {
        (void)too_large(w);
        return;
    }
    strb_init(&w->body, x->a);
    if ((x->route->flags & ROUTE_UPLOAD) && is_multipart(x)) {
        upload_init(&w->upload, x, w->h->o.spool_dir);
        w->pp = MHD_create_post_processor(w->conn, PIECE, part, w);
        if (!w->pp)
            (void)err_set(&x->refused, ERR_MALFORMED, "multipart", "上传的表单内容有误。",
                          "The multipart body is malformed.");
    }
}

static void read_head(struct wire *w, const char *method, const char *version)
{
    struct exchange *x = &w->x;
    struct headers h = {x->a, ARENA_ARRAY(x->a, struct http_pair, GUARD_HEADERS_MAX + 1), 0};
    MHD_get_connection_values_n(w->conn, MHD_HEADER_KIND, add_header, &h);
    x->headers = h.v;
    x->nheaders = h.n;
    x->method = str_dup(x->a, str_of(method));
    if (guard_headers(str_of(version), h.v, h.n, &x->refused) ||
        guard_target(x->a, x->target, &x->refused)) {
        w->has_body = true; /* whatever follows is not read as a request */
        return;
    }
    x->route = router_find(x->method, exchange_path(x), x->params, &x->path_known);
    open_body(w);
}

/* ---- answer ---- */

static void pause_connection(void *conn)
{
    MHD_suspend_connection(conn);
}

static void wake_connection(void *conn)
{
    MHD_resume_connection(conn);
}

struct sent {
    struct content *content;
    uint64_t from;
};

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    (void)pos;
    ssize_t n = sse_read(cls, buf, max);
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void stream_free(void *cls)
{
    sse_close(cls);
}

static ssize_t content_bytes(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct err err = ERR_INIT;
    struct sent *s = cls;
    size_t n;
    if (content_read(s->content, s->from + pos, buf, max, &n, &err) == 0 && n)
        return (ssize_t)n;
    log_event(LOG_ERROR, "file_cut", LOG_TEXT("code", str_of(err.key)));
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static void content_sent(void *cls)
{
    struct sent *s = cls;
    content_close(&s->content);
    free(s);
}

/* The response may outlive the request's arena. */
static struct MHD_Response *content_response(struct answer *an)
{
    struct sent *s = malloc(sizeof(*s));
    if (!s)
        return NULL;
    *s = (struct sent){an->content, an->file_from};
    an->content = NULL;
    struct MHD_Response *r = MHD_create_response_from_callback(an->file_bytes, CONTENT_PIECE,
                                                               content_bytes, s, content_sent);
    if (!r)
        content_sent(s);
    return r;
}

static struct MHD_Response *make_response(struct wire *w)
{
    struct answer *an = &w->x.answer;
    if (an->content)
        return content_response(an);
    if (an->stream) {
        sse_bind(an->stream, pause_connection, wake_connection, w->conn);
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_read, an->stream,
                                                 stream_free);
    }
    if (an->file_fd >= 0)
        return MHD_create_response_from_fd_at_offset64(an->file_bytes, an->file_fd, an->file_from);
    /* The library only reads a persistent buffer; its type just predates const. */
    return MHD_create_response_from_buffer(
        an->body.n, (void *)(uintptr_t)(an->body.p ? an->body.p : ""), MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_answer(struct wire *w)
{
    struct answer *an = &w->x.answer;
    bool file = an->file_fd >= 0 || an->content;
    struct MHD_Response *r = make_response(w);
    if (!r)
        return MHD_NO;
    for (size_t i = 0; i < an->nheaders; i++)
        if (MHD_add_response_header(r, an->headers[i].name.p, an->headers[i].value.p) != MHD_YES)
            log_event(LOG_WARN, "header_dropped", LOG_TEXT("name", an->headers[i].name));
    if (an->close && MHD_add_response_header(r, "Connection", "close") != MHD_YES)
        log_event(LOG_WARN, "header_dropped", LOG_TEXT("name", STR("Connection")));
    uint64_t bytes = file ? an->file_bytes : an->body.n;
    deadline(w, an->stream ? 0 : BODY_US + (int64_t)(bytes / SLOWEST_BPS) * US_PER_S);
    if (an->stream && w->counted) { /* a drain does not wait for streams */
        w->counted = false;
        atomic_fetch_sub(&w->h->in_flight, 1);
    }
    enum MHD_Result ok = MHD_queue_response(w->conn, (unsigned)an->status, r);
    MHD_destroy_response(r);
    w->stage = STAGE_SENT;
    return ok;
}

static enum MHD_Result send_refusal(struct wire *w)
{
    w->x.answer.file_fd = -1;
    dispatch_refused(&w->x);
    w->x.answer.close = true;
    return send_answer(w);
}

/* ---- body ---- */

static enum MHD_Result part(void *cls, enum MHD_ValueKind kind, const char *key,
                            const char *filename, const char *type, const char *encoding,
                            const char *data, uint64_t off, size_t size)
{
    struct wire *w = cls;
    (void)kind, (void)encoding;
    struct upload_piece p = {str_of(key), str_of(filename), str_of(type), {data, size}, off};
    if (w->x.refused.code)
        return MHD_NO;
    return upload_take(&w->upload, &p, &w->x.refused) ? MHD_NO : MHD_YES;
}

/* The library cannot answer while a body still arrives: over the limit the refusal is written to
 * the socket. */
static enum MHD_Result cut_off(struct wire *w)
{
    struct strb body, text;
    (void)too_large(w);
    strb_init(&body, w->x.a);
    strb_init(&text, w->x.a);
    (void)respond_problem(&body, LANG_ZH, &w->x.refused, NULL); /* its status is 413 */
    strb_addf(&text,
              "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
              "Content-Type: application/problem+json\r\nContent-Length: %zu\r\n\r\n",
              body.n);
    strb_add(&text, strb_str(&body));
    if (w->h->o.tls_cert.n)
        return MHD_NO;
    struct str out = strb_str(&text);
    (void)send(w->link->reap.fd, out.p, out.n,
               MSG_NOSIGNAL | MSG_DONTWAIT); /* or it learns by the close */
    (void)shutdown(w->link->reap.fd, SHUT_WR);
    w->cut = true;
    deadline(w, CUT_US);
    return MHD_YES;
}

static enum MHD_Result read_body(struct wire *w, struct str data)
{
    w->got += data.n;
    if (w->cut)
        return w->got > w->limit + DISCARD ? MHD_NO : MHD_YES;
    if (w->x.refused.code || !w->x.route)
        return w->got > (1u << 20) ? MHD_NO : MHD_YES;
    if (w->got > w->limit)
        return cut_off(w);
    if (!w->pp) {
        strb_add(&w->body, data);
        return MHD_YES;
    }
    if (MHD_post_process(w->pp, data.p, data.n) != MHD_YES && !w->x.refused.code)
        (void)err_set(&w->x.refused, ERR_MALFORMED, "multipart", "上传的表单内容有误。",
                      "The multipart body is malformed.");
    return MHD_YES;
}

static void close_body(struct wire *w)
{
    struct exchange *x = &w->x;
    if (w->pp) {
        enum MHD_Result ok = MHD_destroy_post_processor(w->pp);
        w->pp = NULL;
        if (!x->refused.code && ok != MHD_YES)
            (void)err_set(&x->refused, ERR_MALFORMED, "multipart", "上传的表单内容有误。",
                          "The multipart body is malformed.");
        if (!x->refused.code && upload_finish(&w->upload, &x->refused))
            return;
    } else if (w->body.a) {
        x->body = strb_str(&w->body);
    }
}

static enum MHD_Result hand_over(struct wire *w)
{
    close_body(w);
    if (w->x.refused.code)
        return send_refusal(w);
    w->stage = STAGE_WORK;
    deadline(w, 0);
    MHD_suspend_connection(w->conn);
    struct server *s = w->h->o.server;
    bool login = w->x.route && (w->x.route->flags & ROUTE_LOGIN);
    if (!pool_push(login ? s->logins : s->pool, &w->x)) {
        (void)err_set(&w->x.refused, ERR_BUSY, "busy", "服务器繁忙，请稍后重试。",
                      "The server is busy; try again shortly.");
        dispatch_refused(&w->x);
        http_answer(&w->x);
    }
    return MHD_YES;
}

/* ---- the library's callbacks ---- */

struct call {
    struct wire *w;
    const char *method, *version;
    const char *data;
    size_t *size;
    enum MHD_Result result;
};

static enum MHD_Result begin(struct wire *w, const char *method, const char *version)
{
    w->counted = true;
    atomic_fetch_add(&w->h->in_flight, 1);
    w->x.late = atomic_load(&w->h->o.server->draining);
    read_head(w, method, version);
    w->stage = STAGE_BODY;
    if (w->x.refused.code && w->has_body)
        return send_refusal(w);
    int64_t n = w->body_bytes > 0 ? w->body_bytes : w->body_bytes < 0 ? (int64_t)w->limit : 0;
    deadline(w, BODY_US + n / SLOWEST_BPS * US_PER_S);
    return MHD_YES;
}

static void step(void *arg)
{
    struct call *c = arg;
    struct wire *w = c->w;
    if (w->stage == STAGE_HEAD) {
        c->result = begin(w, c->method, c->version);
    } else if (w->stage == STAGE_BODY && *c->size) {
        struct str data = {c->data, *c->size};
        *c->size = 0;
        c->result = read_body(w, data);
    } else if (w->stage == STAGE_BODY) {
        c->result = hand_over(w);
    } else if (w->stage == STAGE_READY) {
        c->result = send_answer(w);
    } else {
        c->result = MHD_YES;
    }
}

static enum MHD_Result access_(void *cls, struct MHD_Connection *conn, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **state)
{
    (void)cls, (void)conn, (void)url;
    if (!*state)
        return MHD_NO;
    struct call c = {*state, method, version, data, size, MHD_NO};
    return oom_guard(step, &c) ? MHD_NO : c.result;
}

static struct link *link_of(struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return i ? i->socket_context : NULL;
}

struct birth {
    struct wire *w;
    const char *uri;
};

static void copy_target(void *arg)
{
    struct birth *b = arg;
    b->w->x.target = str_dup(b->w->x.a, str_of(b->uri));
}

/* The request line is there, not decoded: a request begins. */
static void *request_begins(void *cls, const char *uri, struct MHD_Connection *conn)
{
    struct http *h = cls;
    struct wire *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    *w = (struct wire){.h = h, .conn = conn, .link = link_of(conn)};
    w->upload.fd = -1;
    w->x.server = h->o.server;
    w->x.answer.file_fd = -1;
    w->x.started_us = h->o.mono_us();
    w->x.a = arena_new(EXCHANGE_ARENA);
    struct birth b = {w, uri};
    if (!w->link || !w->x.a || oom_guard(copy_target, &b)) {
        arena_free(&w->x.a);
        free(w);
        return NULL;
    }
    w->x.remote = w->link->remote;
    return w;
}

static void request_ended(void *cls, struct MHD_Connection *conn, void **state,
                          enum MHD_RequestTerminationCode code)
{
    (void)cls, (void)conn, (void)code;
    struct wire *w = *state;
    *state = NULL;
    if (!w)
        return;
    if (w->pp)
        (void)MHD_destroy_post_processor(w->pp); /* the request is over, whole or not */
    upload_drop(&w->upload);
    content_close(&w->x.answer.content); /* of an answer that was not sent */
    if (w->counted)
        atomic_fetch_sub(&w->h->in_flight, 1);
    if (w->link)
        atomic_store_explicit(&w->link->reap.idle, true, memory_order_relaxed);
    arena_free(&w->x.a);
    free(w);
}

static void remote_text(struct link *l, const struct sockaddr *sa)
{
    const void *addr = NULL;
    if (sa && sa->sa_family == AF_INET)
        addr = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
    if (sa && sa->sa_family == AF_INET6)
        addr = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    if (addr && inet_ntop(sa->sa_family, addr, l->remote_text, sizeof(l->remote_text)))
        l->remote = str_of(l->remote_text);
}

static void connection_changes(void *cls, struct MHD_Connection *conn, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct http *h = cls;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct link *old = *context;
        *context = NULL;
        if (old) {
            reaper_remove(h->reaper, &old->reap);
            atomic_fetch_sub(&h->connections, 1);
            free(old);
        }
        return;
    }
    struct link *l = calloc(1, sizeof(*l));
    if (!l)
        return;
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *sa =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    l->reap.fd = fd ? fd->connect_fd : -1;
    remote_text(l, sa ? sa->client_addr : NULL);
    atomic_store(&l->reap.idle, true);
    atomic_fetch_add(&h->connections, 1);
    reaper_add(h->reaper, &l->reap);
    *context = l;
}

/* We decode ourselves, from the request line: the library's decoding loses NUL and %2F. */
static size_t keep_escapes(void *cls, struct MHD_Connection *conn, char *s)
{
    (void)cls, (void)conn;
    return strlen(s);
}

void http_answer(struct exchange *x)
{
    struct wire *w = (struct wire *)(void *)x;
    w->stage = STAGE_READY;
    MHD_resume_connection(w->conn);
}

/* ---- start and stop ---- */

static struct MHD_Daemon *start_daemon(struct http *h)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)h->o.tls_cert.p},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)h->o.tls_key.p},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    bool secure = h->o.tls_cert.n > 0;
    return MHD_start_daemon(
        flags | (secure ? (unsigned)MHD_USE_TLS : 0u), 0, NULL, NULL, access_, h,
        MHD_OPTION_LISTEN_SOCKET, h->o.listen_fd, MHD_OPTION_THREAD_POOL_SIZE, h->o.threads,
        MHD_OPTION_CONNECTION_LIMIT, h->o.connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        h->o.per_address, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEM, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK, request_begins, h,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        request_ended, NULL, MHD_OPTION_NOTIFY_CONNECTION, connection_changes, h, MHD_OPTION_ARRAY,
        secure ? tls : none, MHD_OPTION_END);
}

int http_start(const struct http_opts *opts, struct http **out, struct err *err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (!h)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    h->o = *opts;
    if (reaper_start(opts->mono_us, opts->connections, &h->reaper, err)) {
        free(h);
        return -1;
    }
    h->daemon = start_daemon(h);
    if (!h->daemon) {
        reaper_stop(&h->reaper);
        free(h);
        return err_set(err, ERR_INTERNAL, "http", "无法启动 HTTP 服务，请检查证书与系统限制。",
                       "The HTTP server does not start; check the certificate and the limits.");
    }
    *out = h;
    return 0;
}

void http_quiesce(struct http *h)
{
    MHD_socket fd = MHD_quiesce_daemon(h->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

int64_t http_in_flight(struct http *h)
{
    return atomic_load(&h->in_flight);
}

int64_t http_connections(struct http *h)
{
    return atomic_load(&h->connections);
}

void http_stop(struct http **hp)
{
    struct http *h = *hp;
    if (!h)
        return;
    *hp = NULL;
    MHD_stop_daemon(h->daemon);
    reaper_stop(&h->reaper);
    free(h);
}

const char *http_library(void)
{
    return MHD_get_version();
}
