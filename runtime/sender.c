/*
 * One curl multi handle. A receiver holds at most PER_TARGET of the places, one that fails a single
 * one, so that the others get theirs; every connection, also of a redirect, goes to an address that
 * ssrf.h let pass.
 */
#include "runtime/sender.h"

#include "engine/automation/intake.h"
#include "engine/base/log.h"
#include "runtime/clock.h"
#include "runtime/mail.h"
#include "runtime/server.h"
#include "runtime/ssrf.h"
#include "runtime/webhook.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#define SENDS_MAX    64
#define PER_TARGET   16
#define FAILING_MAX  24  /* targets that are known to fail: one call of theirs at a time */
#define TARGET_BYTES 160 /* "app/endpoint"; mail addresses are cut */
#define SEND_ARENA   ((size_t)32 << 20)
#define INTAKE_ARENA ((size_t)512 << 20)
#define ROUND_ARENA  ((size_t)96 << 20)
#define ANSWER_MAX   16384
#define CONNECT_MS   5000L
#define TOTAL_MS     15000L
#define REDIRECTS    3L
#define LOOK_US      (1000 * 1000) /* for what is due again, when nobody wakes */

/* One row on its way. */
struct send {
    struct sender *s;
    struct arena *a; /* its own */
    struct outbox_row row;
    struct str target; /* "app/endpoint" */
    enum endpoint_kind kind;
    bool mail, pull;
    struct webhook web;
    CURL *easy;
    struct curl_slist *headers, *to;
    struct str mail_text;
    size_t mail_read;
    struct strb answer;
    bool refused; /* by address */
    char error[CURL_ERROR_SIZE];
};

struct sender {
    struct server *server;
    struct conn *reader; /* of the round */
    CURLM *multi;
    struct send *under_way[SENDS_MAX];
    size_t n;
    struct outbox_result results[SENDS_MAX]; /* texts are in `results_a` */
    size_t nresults;
    struct arena *results_a;
    struct ssrf ssrf;
    int64_t looked_us;
    atomic_bool woken;
    atomic_llong sent, failed;
    bool more; /* the last look took all it could, or left busy ones out: look when a place is free
                */
    char failing[FAILING_MAX][TARGET_BYTES]; /* empty: a free place */
};

/* ---- results ---- */

static void result(struct sender *s, struct outbox_result r)
{
    r.error = str_dup(s->results_a, r.error);
    s->results[s->nresults++] = r;
}

static void send_free(struct send *d)
{
    if (d->easy) {
        (void)curl_multi_remove_handle(d->s->multi, d->easy);
        curl_easy_cleanup(d->easy);
    }
    curl_slist_free_all(d->headers);
    curl_slist_free_all(d->to);
    struct arena *a = d->a;
    arena_free(&a);
}

/* ---- what curl asks ---- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct send *d = arg;
    if (purpose != CURLSOCKTYPE_IPCXN || !ssrf_ok(&d->s->ssrf, &to->addr)) {
        d->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype, to->protocol);
}

static size_t take_answer(char *p, size_t size, size_t n, void *arg)
{
    struct send *d = arg;
    size_t room = (d->pull ? INTAKE_BYTES_MAX : ANSWER_MAX) - d->answer.n, bytes = size * n;
    strb_add(&d->answer, (struct str){p, MIN(room, bytes)});
    return bytes > room ? 0 : bytes; /* more than that is not read */
}

static size_t give_mail(char *p, size_t size, size_t n, void *arg)
{
    struct send *d = arg;
    size_t left = d->mail_text.n - d->mail_read, bytes = MIN(left, size * n);
    memcpy(p, d->mail_text.p + d->mail_read, bytes);
    d->mail_read += bytes;
    return bytes;
}

/* ---- setting one up ---- */

static bool add_header(struct send *d, struct str line)
{
    struct curl_slist *more = curl_slist_append(d->headers, str_z(d->a, line));
    if (more)
        d->headers = more;
    return more != NULL;
}

static bool set_common(struct send *d)
{
    CURL *e = d->easy;
    return !curl_easy_setopt(e, CURLOPT_PRIVATE, d) && !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(e, CURLOPT_ERRORBUFFER, d->error) &&
           !curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) &&
           !curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, TOTAL_MS) &&
           !curl_easy_setopt(e, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_answer) &&
           !curl_easy_setopt(e, CURLOPT_WRITEDATA, d);
}

static bool set_body(struct send *d)
{
    return !curl_easy_setopt(d->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)d->web.body.n) &&
           !curl_easy_setopt(d->easy, CURLOPT_POSTFIELDS, d->web.body.p);
}

static bool set_web(struct send *d)
{
    CURL *e = d->easy;
    bool ok = add_header(d, str_fmt(d->a, "Content-Type: %.*s", STR_ARG(d->web.type))) &&
              add_header(d, STR("Expect:"));
    for (size_t i = 0; ok && i < d->web.nheaders; i++)
        ok = add_header(d, d->web.headers[i]);
    return ok && !curl_easy_setopt(e, CURLOPT_URL, str_z(d->a, d->web.url)) &&
           !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L) &&
           !curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS) &&
           !curl_easy_setopt(e, CURLOPT_POSTREDIR, CURL_REDIR_POST_ALL) &&
           !curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           !curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, d) &&
           !curl_easy_setopt(e, CURLOPT_USERAGENT, "Mortise-Webhook/1") &&
           !curl_easy_setopt(e, CURLOPT_HTTPHEADER, d->headers) && (d->pull || set_body(d));
}

/* The operator's own server: no guard on its address. */
static bool set_mail(struct send *d)
{
    const struct config *cfg = d->s->server->cfg;
    CURL *e = d->easy;
    d->to = curl_slist_append(NULL, str_z(d->a, d->row.target));
    return d->to && !curl_easy_setopt(e, CURLOPT_URL, str_z(d->a, cfg->smtp)) &&
           !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
           !curl_easy_setopt(e, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY) &&
           !curl_easy_setopt(e, CURLOPT_MAIL_FROM, str_z(d->a, mail_address(cfg->mail_from))) &&
           !curl_easy_setopt(e, CURLOPT_MAIL_RCPT, d->to) &&
           !curl_easy_setopt(e, CURLOPT_READFUNCTION, give_mail) &&
           !curl_easy_setopt(e, CURLOPT_READDATA, d) && !curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
}

static int prepare_mail(struct send *d, struct ctx *c, struct err *err)
{
    const struct config *cfg = d->s->server->cfg;
    if (!cfg->smtp.n)
        return err_set(err, ERR_INVALID, "no_smtp", "没有设置邮件服务器（--smtp）。",
                       "No mail server is set (--smtp).");
    const struct mail m = {.from = cfg->mail_from,
                           .to = d->row.target,
                           .id = d->row.id,
                           .at_us = c->now_us,
                           .payload = d->row.payload};
    return mail_make(d->a, &m, &d->mail_text, err);
}

static int prepare_web(struct send *d, struct ctx *c, struct app *app, struct err *err)
{
    struct endpoint_now e;
    int got = endpoint_get(c, app, d->row.target, &e, err);
    if (got < 0)
        return -1;
    if (!got || !e.url.n)
        return err_set(err, ERR_NOT_FOUND, "no_endpoint", "应用没有 endpoint“%.*s”，或它没有地址。",
                       "The app has no endpoint “%.*s”, or it has no address.",
                       STR_ARG(d->row.target));
    if (!endpoint_url_ok(e.url))
        return err_set(err, ERR_INVALID, "url", "endpoint“%.*s”的地址不可用。",
                       "The address of the endpoint “%.*s” cannot be used.",
                       STR_ARG(d->row.target));
    d->kind = e.kind;
    e.url = str_dup(d->a, e.url);
    if (d->pull) {
        webhook_read(d->a, &e, clock_real_us(), &d->web);
        return 0;
    }
    return webhook_make(d->a, &d->row, &e, clock_real_us(), &d->web, err);
}

static struct outbox_row row_copy(struct arena *a, const struct outbox_row *r)
{
    struct outbox_row out = *r;
    out.target = str_dup(a, r->target);
    out.app = str_dup(a, r->app);
    out.form = str_dup(a, r->form);
    out.automation = str_dup(a, r->automation);
    out.payload = str_dup(a, r->payload);
    return out;
}

static void begin(struct sender *s, struct ctx *c, const struct outbox_row *row)
{
    struct err err = ERR_INIT;
    struct arena *a = arena_new(SEND_ARENA);
    if (!a)
        return; /* its lease runs out, and it comes again */
    struct send *d = ARENA_NEW(a, struct send);
    *d = (struct send){.s = s, .a = a, .row = row_copy(a, row)};
    d->mail = row->kind == OUTBOX_MAIL;
    d->pull = row->kind == OUTBOX_PULL;
    d->target = d->mail ? STR("mail")
                        : str_fmt(a, "%.*s/%.*s", STR_ARG(d->row.app), STR_ARG(d->row.target));
    strb_init(&d->answer, a);
    struct app *app = engine_app(c->engine, row->app);
    int rc =
        d->mail ? prepare_mail(d, c, &err)
        : app   ? prepare_web(d, c, app, &err)
              : err_set(&err, ERR_NOT_FOUND, "no_app", "应用没有运行。", "The app does not run.");
    app_unref(&app);
    d->easy = rc ? NULL : curl_easy_init();
    if (!rc && (!d->easy || !set_common(d) || !(d->mail ? set_mail(d) : set_web(d)) ||
                curl_multi_add_handle(s->multi, d->easy)))
        rc = err_set(&err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    if (rc) {
        result(s, (struct outbox_result){.id = row->id,
                                         .error = str_fmt(a, "%s / %s", err.zh, err.en)});
        send_free(d);
        return;
    }
    s->under_way[s->n++] = d;
}

/* ---- taking ---- */

static struct str target_key(struct str target)
{
    return str_sub(target, 0, TARGET_BYTES - 1);
}

static char *failing_find(struct sender *s, struct str target)
{
    for (size_t i = 0; i < FAILING_MAX; i++)
        if (s->failing[i][0] && str_eqz(target_key(target), s->failing[i]))
            return s->failing[i];
    return NULL;
}

static void failing_set(struct sender *s, struct str target, bool fails)
{
    char *at = failing_find(s, target);
    struct str key = target_key(target);
    if (at && !fails)
        at[0] = '\0';
    for (size_t i = 0; fails && !at && i < FAILING_MAX; i++)
        if (!s->failing[i][0]) {
            memset(s->failing[i], 0, TARGET_BYTES);
            at = memcpy(s->failing[i], key.p, key.n);
        }
}

/* Those that have all the places they get, and all that fail. */
static size_t busy_targets(struct sender *s, struct str *out)
{
    size_t n = 0;
    for (size_t i = 0; i < FAILING_MAX; i++)
        if (s->failing[i][0])
            out[n++] = str_of(s->failing[i]);
    for (size_t i = 0; i < s->n; i++) {
        size_t same = 0;
        bool known = false;
        for (size_t k = 0; k < s->n; k++)
            same += str_eq(s->under_way[k]->target, s->under_way[i]->target);
        for (size_t k = 0; k < n; k++)
            known |= str_eq(out[k], s->under_way[i]->target);
        if (same >= PER_TARGET && !known)
            out[n++] = s->under_way[i]->target;
    }
    return n;
}

struct round {
    struct sender *s;
    struct arena *a;
    struct conn *reader;
};

static bool under_way(const struct sender *s, struct str target)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(target_key(s->under_way[i]->target), target))
            return true;
    return false;
}

static int lease(struct sender *s, struct ctx *c, struct outbox_lease *l)
{
    struct err err = ERR_INIT;
    if (engine_write(c, outbox_lease, l, &err)) {
        log_event(LOG_ERROR, "outbox_lease", LOG_TEXT("code", str_of(err.key)));
        return -1;
    }
    for (size_t i = 0; i < l->n; i++)
        begin(s, c, &l->rows[i]);
    return 0;
}

/* One call to each that failed before. */
static void take_failing(struct sender *s, struct ctx *c)
{
    for (size_t i = 0; i < FAILING_MAX; i++) {
        struct outbox_lease one = {.max = 1, .only = str_of(s->failing[i])};
        if (!one.only.n || under_way(s, one.only) || s->n + s->nresults >= SENDS_MAX)
            continue;
        if (lease(s, c, &one))
            return;
    }
}

static void take(void *arg)
{
    struct round *r = arg;
    struct sender *s = r->s;
    struct ctx c;
    struct str busy[SENDS_MAX + FAILING_MAX];
    engine_ctx(s->server->engine, r->a, r->reader, &c);
    c.who = &who_system;
    size_t room = SENDS_MAX - s->n - s->nresults;
    struct outbox_lease all = {.max = (uint32_t)MIN(room, PER_TARGET), .busy = busy};
    all.nbusy = busy_targets(s, busy);
    if (!room || lease(s, &c, &all))
        return;
    s->more = all.n == all.max || all.nbusy > 0;
    take_failing(s, &c);
}

/* ---- what came of it ---- */

static struct str one_line(struct arena *a, struct str text)
{
    struct strb b;
    strb_init(&b, a);
    for (size_t i = 0; i < MIN(text.n, 300); i++)
        strb_addc(&b, text.p[i] < ' ' && text.p[i] >= 0 ? ' ' : text.p[i]);
    return strb_str(&b);
}

static bool replayed(struct send *d, long status)
{
    return status == 409 && str_find(strb_str(&d->answer), STR("\"replayed\""), 0) >= 0;
}

/* What was read goes in, and the row is done with it. */
static void take_rows(void *arg)
{
    struct send *d = arg;
    struct err err = ERR_INIT;
    struct ctx c;
    struct intake in = {.row = d->row.id,
                        .app = d->row.app,
                        .form = d->row.form,
                        .automation = d->row.automation,
                        .bytes = strb_str(&d->answer),
                        .status = 200};
    struct arena *a = arena_new(INTAKE_ARENA);
    if (!a)
        return;
    engine_ctx(d->s->server->engine, a, d->s->reader, &c);
    c.who = &who_system;
    struct app *app = engine_app(c.engine, d->row.app);
    c.app = app;
    if (!app || engine_write(&c, intake_take, &in, &err))
        result(d->s, (struct outbox_result){.id = d->row.id,
                                            .error = str_fmt(a, "%s / %s", err.zh, err.en)});
    app_unref(&app);
    arena_free(&a);
}

static void finish(struct sender *s, struct send *d, CURLcode code)
{
    long status = 0;
    curl_off_t after = 0;
    struct str why = STR_NONE;
    struct outbox_result r = {.id = d->row.id};
    (void)curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(d->easy, CURLINFO_RETRY_AFTER, &after);
    r.status = status;
    r.retry_after_s = after;
    bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && status >= 200 && !d->pull);
    if (d->mail)
        r.ok = code == CURLE_OK;
    else if (answered && status >= 200 && status < 300)
        r.ok = webhook_arrived(d->a, d->kind, strb_str(&d->answer), &why);
    else
        r.ok = answered && replayed(d, status);
    if (d->refused && !answered) {
        r.hopeless = true;
        why = STR("地址不允许访问（内网、本机或保留端口），可用 --outbound-allow 放行。 / "
                  "The address may not be called (private, local or a reserved port); "
                  "--outbound-allow can let it pass.");
    } else if (!r.ok && answered && !why.n) {
        why = str_fmt(d->a, "HTTP %ld", status);
        r.hopeless = status == 410;
    } else if (!r.ok && !why.n) {
        why = one_line(d->a, str_of(d->error[0] ? d->error : curl_easy_strerror(code)));
    }
    r.error = why;
    if (!d->mail)
        failing_set(s, d->target, !r.ok);
    atomic_fetch_add(r.ok ? &s->sent : &s->failed, 1);
    if (!r.ok || !d->pull)
        result(s, r);
    else if (oom_guard(take_rows, d))
        result(s, (struct outbox_result){.id = d->row.id, .error = STR("out of memory")});
}

/* How many are over. */
static size_t collect(struct sender *s)
{
    CURLMsg *m;
    size_t over = 0;
    int left;
    while ((m = curl_multi_info_read(s->multi, &left))) {
        struct send *d = NULL;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE ||
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&d) || !d)
            continue;
        finish(s, d, code);
        over++;
        for (size_t i = 0; i < s->n; i++)
            if (s->under_way[i] == d) {
                s->under_way[i] = s->under_way[--s->n];
                break;
            }
        send_free(d);
    }
    return over;
}

static void settle(void *arg)
{
    struct round *r = arg;
    struct sender *s = r->s;
    struct ctx c;
    struct err err = ERR_INIT;
    struct outbox_results all = {s->results, s->nresults};
    engine_ctx(s->server->engine, r->a, r->reader, &c);
    c.who = &who_system;
    if (engine_write(&c, outbox_settle, &all, &err)) {
        log_event(LOG_ERROR, "outbox_settle", LOG_TEXT("code", str_of(err.key)));
        return; /* their leases run out; they are sent again */
    }
    s->nresults = 0;
}

/* ---- rounds ---- */

static void guarded(struct sender *s, struct conn *reader, void (*fn)(void *arg))
{
    struct round r = {.s = s, .a = arena_new(ROUND_ARENA), .reader = reader};
    if (!r.a)
        return;
    if (oom_guard(fn, &r))
        log_event(LOG_ERROR, "sender_out_of_memory", LOG_NUM("under_way", (int64_t)s->n));
    arena_free(&r.a);
}

static void settle_all(struct sender *s, struct conn *reader)
{
    struct arena *fresh = arena_new(SEND_ARENA);
    if (!s->nresults || !fresh) {
        arena_free(&fresh);
        return;
    }
    guarded(s, reader, settle);
    s->nresults = 0;
    arena_free(&s->results_a);
    s->results_a = fresh;
}

void sender_round(struct sender *s, struct conn *reader, int wait_ms)
{
    int running = 0, ready = 0;
    int64_t now = clock_mono_us();
    s->reader = reader;
    bool woken = atomic_exchange(&s->woken, false);
    if (woken || now - s->looked_us >= LOOK_US) {
        s->looked_us = now;
        guarded(s, reader, take);
    }
    (void)curl_multi_perform(s->multi, &running);
    size_t over = collect(s);
    settle_all(s, reader);
    if (over && s->more)
        atomic_store(&s->woken, true); /* their places are free */
    if (atomic_load(&s->woken))
        return;
    (void)curl_multi_poll(s->multi, NULL, 0, s->n ? MIN(wait_ms, 200) : wait_ms, &ready);
}

void sender_counts(struct sender *s, int64_t *sent, int64_t *failed)
{
    *sent = atomic_load(&s->sent);
    *failed = atomic_load(&s->failed);
}

void sender_wake(struct sender *s)
{
    atomic_store(&s->woken, true);
    (void)curl_multi_wakeup(s->multi);
}

int sender_new(struct server *server, struct sender **out, struct err *err)
{
    struct sender *s = calloc(1, sizeof(*s));
    *out = s;
    if (!s || curl_global_init(CURL_GLOBAL_DEFAULT) || !(s->multi = curl_multi_init()) ||
        !(s->results_a = arena_new(SEND_ARENA)))
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    s->server = server;
    return ssrf_parse(server->cfg->outbound_allow, &s->ssrf, err);
}

void sender_free(struct sender **sp)
{
    struct sender *s = *sp;
    if (!s)
        return;
    *sp = NULL;
    for (size_t i = 0; i < s->n; i++)
        send_free(s->under_way[i]);
    if (s->multi)
        (void)curl_multi_cleanup(s->multi);
    arena_free(&s->results_a);
    curl_global_cleanup();
    free(s);
}
