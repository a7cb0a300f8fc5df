/*
 * Health, metrics, the OpenAPI document, live events, and the clock of tests.
 */
#include "runtime/api.h"

#include "engine/store/store.h"
#include "engine/value/num.h"
#include "runtime/clock.h"
#include "runtime/jobs.h"
#include "runtime/metrics.h"
#include "runtime/openapi.h"
#include "runtime/server.h"
#include "runtime/sse.h"

static int plain(struct http_resp *resp, int status, const char *text)
{
    resp->status = status;
    resp->type = STR("text/plain; charset=utf-8");
    strb_addz(&resp->body, text);
    return 0;
}

int api_healthz(struct http_req *req, struct http_resp *resp, struct err *err)
{
    (void)req, (void)err;
    return plain(resp, 200, "ok\n");
}

int api_readyz(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct server *s = req->server;
    struct sql q;
    int64_t n;
    if (!atomic_load(&s->ready) || atomic_load(&s->draining))
        return plain(resp, 503, "not ready\n");
    sql_init(&q, req->ctx->a, store_dialect(req->ctx->store));
    sql_lit(&q, "SELECT 1");
    if (store_get_int(req->ctx->db, req->ctx->a, &q, &n, err) != 1)
        return plain(resp, 503, "no database\n");
    return plain(resp, 200, "ready\n");
}

/* Figures are for the machine itself; a scraper elsewhere goes through a proxy that decides. */
int api_metrics(struct http_req *req, struct http_resp *resp, struct err *err)
{
    if (!str_eqz(req->remote, "127.0.0.1") && !str_eqz(req->remote, "::1"))
        return no_such(err);
    resp->type = STR("text/plain; version=0.0.4; charset=utf-8");
    metrics_write(req->server->metrics, req->server, &resp->body);
    return 0;
}

int api_openapi(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return openapi_write(req->ctx, &resp->json, err);
}

int api_events(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t last = 0;
    struct str id = req_header(req, "last-event-id");
    if (req->method == HTTP_HEAD) { /* nobody would read the stream */
        resp_no_body(resp, 204);
        return 0;
    }
    if (id.n && !str_int(id, 0, INT64_MAX, &last))
        last = 1; /* an id that is not ours: too old */
    return sse_open(req->server->sse, req->ctx->who->id, last, &resp->stream, err);
}

/* A number of seconds, or "2 days", "90 min", "1 h", "30 s". */
static bool seconds_of(struct val v, double *out)
{
    static const struct {
        char unit;
        double seconds;
    } UNITS[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    if (v.kind == VAL_NUM || v.kind == VAL_DEC) {
        *out = val_double(v);
        return true;
    }
    struct str text = str_trim(val_str(v)), number = text;
    size_t n = 0;
    while (n < text.n &&
           (text.p[n] == '-' || text.p[n] == '.' || (text.p[n] >= '0' && text.p[n] <= '9')))
        n++;
    number.n = n;
    text = str_trim(str_sub(text, n, text.n));
    for (size_t i = 0; text.n && i < ARRAY_LEN(UNITS); i++)
        if (text.p[0] == UNITS[i].unit && num_parse(number, out)) {
            *out *= UNITS[i].seconds;
            return true;
        }
    return false;
}

int api_test_clock(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct clock *clock = req->server->clock;
    if (!req->server->cfg->test_clock ||
        (!str_eqz(req->remote, "127.0.0.1") && !str_eqz(req->remote, "::1")))
        return no_such(err);
    if (req_json(req, &body, err))
        return -1;
    struct val now = val_get(body, STR("now")), advance = val_get(body, STR("advance"));
    int64_t us;
    double seconds;
    if (now.kind == VAL_TEXT && civil_parse_instant(val_str(now), &us))
        atomic_store(&clock->shift_us, us - clock_real_us());
    else if (seconds_of(advance, &seconds))
        atomic_fetch_add(&clock->shift_us, (int64_t)(seconds * 1e6));
    else
        return err_set(err, ERR_INVALID, "bad_clock",
                       "请给出 now（RFC 3339）或 advance（秒，或如 \"2 days\"）。",
                       "Give now (RFC 3339) or advance (seconds, or such as \"2 days\").");
    jobs_wake(req->server->jobs); /* what is due by the new time */
    json_begin_obj(&resp->json);
    json_kval(&resp->json, "now", val_instant(clock_now_us(clock)));
    json_end_obj(&resp->json);
    return 0;
}
