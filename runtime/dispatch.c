/*
 * One request on a worker. Every way out of here has filled the answer; the arena of the worker is
 * reset by the caller.
 */
#include "runtime/dispatch.h"

#include "engine/base/id.h"
#include "engine/base/log.h"
#include "engine/base/utf8.h"
#include "engine/vault/content.h"
#include "runtime/auth.h"
#include "runtime/clock.h"
#include "runtime/gzip.h"
#include "runtime/http_guard.h"
#include "runtime/metrics.h"
#include "runtime/respond.h"
#include "runtime/router.h"
#include "runtime/server.h"
#include "runtime/sse.h"
#include "runtime/throttle.h"
#include "runtime/write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PACK_FROM 1400 /* bytes: below, one packet either way */
#define TRIES     40   /* a definition that is swapped under a write is read again … */
#define WAIT_MS   10   /* … after the publisher's commit, when its pointer is swapped */

struct run {
    struct worker *w;
    struct exchange *x;
    struct http_req req;
    struct http_resp resp;
    struct ctx c;
    struct err err;
};

/* ---- the request ---- */

static void client(struct run *r)
{
    struct http_req *q = &r->req;
    struct server *s = r->x->server;
    q->remote = r->x->remote;
    q->secure = s->tls;
    if (!s->cfg->proxy.n || !str_eq(q->remote, s->cfg->proxy))
        return;
    struct str list = req_header(q, "x-forwarded-for"), last = STR_NONE;
    while (list.n)
        list = str_cut(list, ',', &last);
    if (last.n)
        q->remote = str_trim(last);
    q->secure = q->secure || str_eqz(req_header(q, "x-forwarded-proto"), "https");
}

static int parameters(struct run *r, struct err *err)
{
    struct http_req *q = &r->req;
    struct str path, query = str_cut(r->x->target, '?', &path);
    struct http_pair *pairs;
    if (guard_decode(r->c.a, path, false, &q->path, err) ||
        guard_query(r->c.a, query, &pairs, &q->nquery, err))
        return -1;
    q->query = pairs;
    for (size_t i = 0; i < HTTP_PARAMS_MAX && r->x->params[i].n; i++)
        if (guard_decode(r->c.a, r->x->params[i], false, &q->params[i], err))
            return -1;
    return 0;
}

static void fill_request(struct run *r)
{
    struct exchange *x = r->x;
    r->req = (struct http_req){
        .ctx = &r->c,
        .server = x->server,
        .x = x,
        .route = x->route,
        .headers = x->headers,
        .nheaders = x->nheaders,
        .body = x->body,
        .upload = x->upload,
        .upload_name = x->upload_name,
        .upload_type = x->upload_type,
        .upload_hash = x->upload_hash,
        .upload_bytes = x->upload_bytes,
        .fields = x->fields,
        .nfields = x->nfields,
    };
    (void)http_method_of(x->method, &r->req.method); /* a route was found: the method is one */
    client(r);
}

static void fill_response(struct run *r)
{
    r->resp = (struct http_resp){.type = STR("application/json")};
    strb_init(&r->resp.body, r->x->a);
    json_init(&r->resp.json, &r->resp.body);
    diags_init(&r->resp.diags, r->c.a);
    r->err = ERR_INIT;
}

static struct str request_id(struct run *r)
{
    char buf[16];
    return str_dup(r->x->a, id_print(id_next(r->c.ids, r->c.now_us), buf));
}

/* ---- the answer ---- */

static void part_of(struct run *r, uint64_t size)
{
    struct answer *an = &r->x->answer;
    an->file_from = MIN(r->resp.file_from, size);
    uint64_t rest = size - an->file_from;
    an->file_bytes = r->resp.file_part ? MIN(r->resp.file_part, rest) : rest;
}

static int open_file(struct run *r)
{
    struct answer *an = &r->x->answer;
    struct stat st;
    if (r->resp.content) {
        an->content = r->resp.content;
        r->resp.content = NULL;
        part_of(r, content_size(an->content));
        return 0;
    }
    if (!r->resp.file.n && r->resp.file_fd <= 0)
        return 0;
    int fd = r->resp.file_fd > 0 ? r->resp.file_fd
                                 : open(r->resp.file.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        an->file_fd = fd;
        part_of(r, (uint64_t)st.st_size);
        return 0;
    }
    if (fd >= 0)
        close(fd);
    return err_set(&r->err, ERR_STORE, "file_error", "无法读取文件。", "The file cannot be read.");
}

static void copy_headers(struct run *r)
{
    for (size_t i = 0; i < r->resp.nheaders; i++)
        answer_header(r->x, r->resp.headers[i].name, str_dup(r->x->a, r->resp.headers[i].value));
}

/* Long JSON and CSV goes out compressed. Not what carries a secret beside text of the caller
 * (sessions): their sizes would tell about it. */
static void pack(struct run *r)
{
    struct answer *an = &r->x->answer;
    bool text =
        str_eqz(r->resp.type, "application/json") || str_starts(r->resp.type, STR("text/csv"));
    if (an->stream || r->resp.raw.n || !text || an->body.n < PACK_FROM ||
        (r->x->route->flags & ROUTE_SECRET) || !req_accepts(&r->req, "gzip"))
        return;
    struct str packed = gzip(r->x->a, an->body);
    if (!packed.n)
        return;
    an->body = packed;
    answer_header(r->x, STR("Content-Encoding"), STR("gzip"));
    answer_header(r->x, STR("Vary"), STR("Accept-Encoding"));
}

static void succeed(struct run *r)
{
    struct answer *an = &r->x->answer;
    an->status = r->resp.status ? r->resp.status : 200;
    an->stream = r->resp.stream;
    copy_headers(r);
    if (an->stream)
        answer_header(r->x, STR("Content-Type"), STR("text/event-stream"));
    else if (r->resp.body.n || r->resp.raw.n || an->file_fd >= 0 || an->content)
        answer_header(r->x, STR("Content-Type"), str_dup(r->x->a, r->resp.type));
    an->body = r->resp.raw.n ? r->resp.raw : strb_str(&r->resp.body);
    pack(r);
}

static void retry_after(struct run *r, int status)
{
    if (status != 429 && status != 503)
        return;
    int64_t s = r->resp.retry_after_s ? r->resp.retry_after_s : 1;
    answer_header(r->x, STR("Retry-After"), str_fmt(r->x->a, "%lld", (long long)s));
}

static void log_failure(struct run *r)
{
    log_event(LOG_ERROR, "request_failed", LOG_TEXT("request", r->c.request_id),
              LOG_TEXT("method", r->x->method), LOG_TEXT("path", r->req.path),
              LOG_TEXT("code", str_of(r->err.key)), LOG_TEXT("message", str_of(r->err.en)));
}

static void fail(struct run *r)
{
    struct answer *an = &r->x->answer;
    if (r->err.code == ERR_INVALID && r->resp.diags.errors)
        r->err.code = respond_diags_code(&r->resp.diags);
    strb_init(&r->resp.body, r->x->a);
    json_init(&r->resp.json, &r->resp.body);
    struct json *j = &r->resp.json;
    an->status = respond_problem_head(j, r->c.lang, &r->err);
    if (!r->resp.conflict || !r->resp.conflict(&r->req, &r->resp, &r->err, j))
        respond_errors(j, r->c.lang, &r->err, &r->resp.diags);
    if (r->c.trace.n && r->c.who && (r->c.who->rights & ADMIN_DESIGN) && utf8_valid(r->c.trace))
        json_kstr(j, "trace", r->c.trace);
    json_end_obj(j);
    an->body = strb_str(&r->resp.body);
    answer_header(r->x, STR("Content-Type"), STR("application/problem+json"));
    retry_after(r, an->status);
    if (an->status >= 500 && an->status != 503)
        log_failure(r);
    if (an->status == 400 || an->status == 413)
        an->close = true;
}

static void wrong_path(struct run *r)
{
    if (!r->x->path_known) {
        (void)no_such(&r->err);
        fail(r);
        return;
    }
    (void)err_set(&r->err, ERR_MALFORMED, "method", "此地址不支持 %.*s。",
                  "This address does not take %.*s.", STR_ARG(r->x->method));
    fail(r);
    enum http_method m;
    r->x->answer.status = http_method_of(r->x->method, &m) ? 405 : 501;
    r->x->answer.close = false;
    answer_header(r->x, STR("Allow"), router_allow(r->x->a, exchange_path(r->x)));
}

/* ---- running ---- */

static int admit(struct run *r)
{
    const struct route *route = r->x->route;
    if (atomic_load(&r->x->server->draining))
        r->x->answer.close = true;
    if (r->x->late && !(route->flags & ROUTE_DRAINING)) {
        return err_set(&r->err, ERR_BUSY, "draining", "服务器正在停止，请稍后重试。",
                       "The server is shutting down; try again shortly.");
    }
    if (route->flags & ROUTE_ANON)
        return 0;
    if (auth_load(&r->req, &r->err) || auth_allow(&r->req, route, &r->err))
        return -1;
    return throttle_route(&r->req, &r->resp, route->rate, &r->err);
}

static bool definition_changed(const struct run *r)
{
    return r->err.code == ERR_CONFLICT && str_eqz(str_of(r->err.key), "definition_changed");
}

/* The handler, unless its Idempotency-Key has an answer already. */
static int answer_once(struct run *r)
{
    bool may = !(r->x->route->flags & (ROUTE_READS | ROUTE_SECRET));
    int rc = may ? idempotent_before(&r->req, &r->resp, &r->err) : 0;
    if (rc)
        return rc < 0 ? -1 : 0;
    if (r->x->route->handler(&r->req, &r->resp, &r->err))
        return -1;
    return may ? idempotent_after(&r->req, &r->resp, &r->err) : 0;
}

static int handle(struct run *r)
{
    int rc = -1;
    for (int i = 0; i < TRIES; i++) {
        fill_response(r);
        app_unref(&r->req.app);
        r->c.app = NULL;
        r->c.records = NULL; /* it speaks of forms that may be gone with the app */
        rc = answer_once(r);
        if (rc == 0 || !definition_changed(r))
            break;
        struct timespec t = {0, WAIT_MS * 1000 * 1000};
        (void)nanosleep(&t, NULL); /* woken early: it tries early */
    }
    return rc;
}

static void drop_app(void *arg)
{
    struct http_req *req = arg;
    app_unref(&req->app);
}

static void run(void *arg)
{
    struct run *r = arg;
    engine_ctx(r->x->server->engine, r->w->a, r->w->reader, &r->c);
    fill_request(r);
    fill_response(r);
    arena_defer(r->c.a, drop_app, &r->req);
    r->c.request_id = request_id(r);
    r->c.lang = respond_lang(req_header(&r->req, "accept-language"));
    if (parameters(r, &r->err)) {
        fail(r);
    } else if (!r->x->route) {
        wrong_path(r);
    } else if (admit(r) || handle(r) || open_file(r)) {
        fail(r);
    } else {
        succeed(r);
    }
    respond_headers(r->x, r->req.secure, r->c.request_id);
}

static void out_of_memory(struct exchange *x)
{
    x->answer.nheaders = 0;
    x->answer.status = 503;
    x->answer.stream = NULL;
    x->answer.body = x->server->oom_body; /* made at the start: there is no memory now */
    answer_header(x, STR("Content-Type"), STR("application/problem+json"));
    answer_header(x, STR("Retry-After"), STR("1"));
    respond_headers(x, false, STR_NONE);
}

void dispatch(struct worker *w, struct exchange *x)
{
    struct run r = {.w = w, .x = x};
    struct arena_mark mark = arena_mark(w->a);
    if (oom_guard(run, &r)) {
        if (r.resp.stream)
            sse_close(r.resp.stream);
        content_close(&r.resp.content);
        out_of_memory(x);
    }
    log_event(LOG_DEBUG, "request", LOG_TEXT("id", r.c.request_id), LOG_TEXT("method", x->method),
              LOG_TEXT("path", exchange_path(x)), LOG_NUM("status", x->answer.status),
              LOG_NUM("us", clock_mono_us() - x->started_us));
    arena_reset(w->a, mark); /* `r` goes: what was deferred on it must run now */
    metrics_request(x->server->metrics, x);
}

struct refusal {
    struct exchange *x;
};

static void refuse(void *arg)
{
    struct exchange *x = ((struct refusal *)arg)->x;
    struct strb body;
    strb_init(&body, x->a);
    x->answer.nheaders = 0;
    x->answer.status = respond_problem(&body, respond_lang(exchange_header(x, "accept-language")),
                                       &x->refused, NULL);
    x->answer.body = strb_str(&body);
    answer_header(x, STR("Content-Type"), STR("application/problem+json"));
    if (x->answer.status == 503)
        answer_header(x, STR("Retry-After"), STR("1"));
    respond_headers(x, false, STR_NONE);
}

void dispatch_refused(struct exchange *x)
{
    struct refusal r = {x};
    if (oom_guard(refuse, &r))
        out_of_memory(x);
    metrics_request(x->server->metrics, x);
}
