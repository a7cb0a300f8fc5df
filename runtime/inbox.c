/*
 * SEARCH for what is newer than the last number taken, FETCH each, hand them over in one
 * transaction with the new number.
 */
#include "runtime/inbox.h"

#include "engine/automation/endpoint.h"
#include "engine/automation/intake.h"
#include "engine/automation/mime.h"
#include "engine/base/log.h"
#include "runtime/clock.h"
#include "runtime/server.h"
#include "runtime/ssrf.h"

#include <curl/curl.h>
#include <sys/socket.h>

#define INBOX_ARENA ((size_t)256 << 20)
#define MESSAGE_MAX ((size_t)4 << 20)
#define TAKE_MAX    50
#define TIMEOUT_MS  20000L

struct box {
    struct server *server;
    struct arena *a;
    struct ctx c;
    struct conn *reader;
    CURL *easy;
    struct ssrf ssrf;
    struct outbox_row row;
    struct str url; /* without a path behind the folder */
    struct strb answer;
    bool refused, found;
    int64_t uids[TAKE_MAX];
    size_t n;
};

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct box *b = arg;
    if (purpose != CURLSOCKTYPE_IPCXN || !ssrf_mail_ok(&b->ssrf, &to->addr)) {
        b->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype, to->protocol);
}

/* A server that stops does not wait for mailboxes. */
static int going_on(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct box *box = arg;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(&box->server->draining);
}

static size_t take_answer(char *p, size_t size, size_t n, void *arg)
{
    struct box *b = arg;
    size_t bytes = size * n;
    if (b->answer.n + bytes > MESSAGE_MAX)
        return 0;
    strb_add(&b->answer, (struct str){p, bytes});
    return bytes;
}

static int failed(struct box *b, CURLcode code, struct err *err)
{
    if (b->refused)
        return err_set(err, ERR_DENIED, "address",
                       "邮箱的地址不允许访问，可用 --outbound-allow 放行。",
                       "The address of the mailbox may not be called; --outbound-allow can let it "
                       "pass.");
    return err_set(err, ERR_INVALID, "mailbox", "读取邮箱失败：%s",
                   "Reading the mailbox failed: %s", curl_easy_strerror(code));
}

static int ask(struct box *b, struct str url, const char *command, struct err *err)
{
    strb_init(&b->answer, b->a);
    if (curl_easy_setopt(b->easy, CURLOPT_URL, str_z(b->a, url)) ||
        curl_easy_setopt(b->easy, CURLOPT_CUSTOMREQUEST, command))
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    CURLcode code = curl_easy_perform(b->easy);
    return code ? failed(b, code, err) : 0;
}

static bool set_up(struct box *b, const struct endpoint_now *e)
{
    CURL *easy = b->easy;
    return !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps") &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY) &&
           !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) &&
           !curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, going_on) &&
           !curl_easy_setopt(easy, CURLOPT_XFERINFODATA, b) &&
           !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           !curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, b) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEDATA, b) &&
           (!e->secret.n || !curl_easy_setopt(easy, CURLOPT_PASSWORD, str_z(b->a, e->secret)));
}

/* "* SEARCH 3 5 8": those above `last`, at most TAKE_MAX of them, the oldest. */
static void read_uids(struct box *b, int64_t last)
{
    struct str text = strb_str(&b->answer);
    ptrdiff_t at = str_find(text, STR("* SEARCH"), 0);
    struct str line, one;
    if (at < 0)
        return;
    (void)str_cut(str_sub(text, (size_t)at + 8, text.n), '\n', &line);
    line = str_trim(line);
    while (line.n && b->n < TAKE_MAX) {
        int64_t uid;
        line = str_trim(str_cut(line, ' ', &one));
        if (str_int(one, 1, UINT32_MAX, &uid) && uid > last)
            b->uids[b->n++] = uid;
    }
}

/* The number taken last, kept in the row's own name among the schedules. */
static struct schedule_mark mark_of(const struct box *b)
{
    return (struct schedule_mark){
        .app = b->row.app, .form = b->row.form, .name = b->row.automation};
}

static int read_box(struct box *b, struct val *rows, int64_t *last, struct err *err)
{
    struct schedule_mark m = mark_of(b);
    if (schedule_mark_get(&b->c, &m, err))
        return -1;
    *last = m.value;
    struct str search = str_fmt(b->a, "UID SEARCH UID %lld:*", (long long)*last + 1);
    if (ask(b, b->url, str_z(b->a, search), err))
        return -1;
    read_uids(b, *last);
    struct val *list = ARENA_ARRAY(b->a, struct val, b->n);
    for (size_t i = 0; i < b->n; i++) {
        struct str url = str_fmt(b->a, "%.*s;UID=%lld", STR_ARG(b->url), (long long)b->uids[i]);
        if (ask(b, url, NULL, err))
            return -1;
        list[i] = mime_read(b->a, strb_str(&b->answer));
        *last = MAX(*last, b->uids[i]);
    }
    *rows = val_list(list, b->n);
    return 0;
}

/* ---- one row ---- */

struct handing {
    struct box *b;
    struct intake in;
    int64_t last;
};

static int hand_over(struct ctx *c, void *arg, struct err *err)
{
    struct handing *h = arg;
    struct schedule_mark m = mark_of(h->b);
    m.value = h->last;
    return schedule_mark_set(c, &m, err) || intake_take(c, &h->in, err) ? -1 : 0;
}

/* "imaps://user@host/INBOX/": a folder of its own, INBOX when none is named. */
static struct str folder_url(struct arena *a, struct str url)
{
    ptrdiff_t host = str_find(url, STR("://"), 0);
    struct str rest = str_sub(url, (size_t)host + 3, url.n);
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    return str_findc(rest, '/') < 0 || str_findc(rest, '/') == (ptrdiff_t)rest.n - 1
               ? str_fmt(a, "%.*s/INBOX", STR_ARG(url))
               : str_fmt(a, "%.*s", STR_ARG(url));
}

static int read_and_take(struct box *b, struct app *app, struct err *err)
{
    struct endpoint_now e;
    struct handing h = {.b = b};
    int got = endpoint_get(&b->c, app, b->row.target, &e, err);
    if (got < 0)
        return -1;
    if (!got || !str_starts(e.url, STR("imap")))
        return err_set(
            err, ERR_NOT_FOUND, "no_endpoint", "endpoint“%.*s”没有邮箱地址（imaps://…）。",
            "The endpoint “%.*s” has no mailbox address (imaps://…).", STR_ARG(b->row.target));
    b->url = folder_url(b->a, e.url);
    b->easy = curl_easy_init();
    int rc = !b->easy || !set_up(b, &e)
                 ? err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.")
                 : read_box(b, &h.in.rows, &h.last, err);
    if (b->easy)
        curl_easy_cleanup(b->easy);
    if (rc)
        return -1;
    h.in.row = b->row.id;
    h.in.app = b->row.app;
    h.in.form = b->row.form;
    h.in.automation = b->row.automation;
    b->c.app = app;
    rc = engine_write(&b->c, hand_over, &h, err);
    b->c.app = NULL;
    return rc;
}

static void give_up(struct box *b, const struct err *why)
{
    struct err err = ERR_INIT;
    const struct outbox_result r = {.id = b->row.id,
                                    .hopeless = b->refused,
                                    .error = str_fmt(b->a, "%s / %s", why->zh, why->en)};
    struct outbox_results all = {&r, 1};
    if (engine_write(&b->c, outbox_settle, &all, &err))
        log_event(LOG_ERROR, "inbox", LOG_TEXT("code", str_of(err.key)));
}

static void round_of(void *arg)
{
    struct box *b = arg;
    struct err err = ERR_INIT;
    struct outbox_lease lease = {.max = 1, .inbox = true};
    engine_ctx(b->server->engine, b->a, b->reader, &b->c);
    b->c.who = &who_system;
    if (ssrf_parse(b->server->cfg->outbound_allow, &b->ssrf, &err) ||
        outbox_waits(&b->c, OUTBOX_INBOX, &err) != 1 ||
        engine_write(&b->c, outbox_lease, &lease, &err) || !lease.n)
        return;
    b->found = true;
    b->row = lease.rows[0];
    struct app *app = engine_app(b->c.engine, b->row.app);
    int rc =
        app ? read_and_take(b, app, &err)
            : err_set(&err, ERR_NOT_FOUND, "no_app", "应用没有运行。", "The app does not run.");
    app_unref(&app);
    if (rc)
        give_up(b, &err);
}

bool inbox_round(struct server *server, struct conn *reader)
{
    struct box b = {.server = server, .a = arena_new(INBOX_ARENA), .reader = reader};
    if (!b.a)
        return false;
    if (oom_guard(round_of, &b))
        log_event(LOG_ERROR, "inbox_out_of_memory", LOG_NUM("messages", (int64_t)b.n));
    arena_free(&b.a);
    return b.found;
}
