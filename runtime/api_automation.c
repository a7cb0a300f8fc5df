/*
 * The outbox and the automations for those who look after them, and calls that come in. Payloads
 * are never shown: reading data is another right.
 */
#include "runtime/api_record.h"

#include "engine/automation/endpoint.h"
#include "engine/automation/outbox.h"
#include "runtime/audited.h"
#include "runtime/server.h"
#include "runtime/ssrf.h"

/* ---- lists ---- */

static int list(struct http_req *req, struct http_resp *resp, struct str app, struct err *err)
{
    struct str before = req_query(req, "after");
    int64_t limit, id = 0;
    if (req_int(req, "limit", (struct req_range){1, 200, 50}, &limit, err))
        return -1;
    if (before.n && !id_parse(before, &id))
        return err_set(err, ERR_INVALID, "cursor", "after 不是有效的位置。",
                       "`after` is no place.");
    const struct outbox_query q = {.state = req_query(req, "state"),
                                   .kind = req_query(req, "kind"),
                                   .app = app,
                                   .form = req_query(req, "form"),
                                   .automation = req_query(req, "automation"),
                                   .before = id,
                                   .limit = (uint32_t)limit};
    return outbox_list(req->ctx, &q, &resp->json, err);
}

int api_outbox(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return list(req, resp, req_query(req, "app"), err);
}

int api_app_outbox(struct http_req *req, struct http_resp *resp, struct err *err)
{
    if (req_app(req, err))
        return -1;
    return list(req, resp, req->app->key, err);
}

int api_automations(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return req_app(req, err) ? -1 : automation_list(req->ctx, &resp->json, err);
}

/* ---- replay and drop ---- */

static int replay(struct http_req *req, struct http_resp *resp, struct outbox_replay *r,
                  struct err *err)
{
    char id[16];
    if (engine_write(req->ctx, outbox_replay, r, err) ||
        audited(req, "outbox_replay", r->app, "row",
                r->id ? val_text(id_print(r->id, id)) : VAL_NONE, err))
        return -1;
    if (r->id && !r->n)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这一条，或它已经完成。",
                       "There is no such row, or it is done.");
    json_begin_obj(&resp->json);
    json_kint(&resp->json, "replayed", r->n);
    json_end_obj(&resp->json);
    return 0;
}

int api_outbox_replay_all(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    if (req_json(req, &body, err))
        return -1;
    struct outbox_replay r = {.app = val_str(val_get(body, STR("app")))};
    return replay(req, resp, &r, err);
}

int api_outbox_replay(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct outbox_replay r = {.id = 0};
    return req_id(req, 0, &r.id, err) ? -1 : replay(req, resp, &r, err);
}

int api_app_outbox_replay(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct outbox_replay r = {.id = 0};
    if (req_app(req, err) || req_id(req, 1, &r.id, err))
        return -1;
    r.app = req->app->key;
    req->ctx->app = NULL; /* which version runs does not matter */
    return replay(req, resp, &r, err);
}

struct drop {
    int64_t id;
    int found;
};

static int drop_apply(struct ctx *c, void *arg, struct err *err)
{
    struct drop *d = arg;
    d->found = outbox_drop(c, d->id, err);
    return d->found < 0 ? -1 : 0;
}

int api_outbox_drop(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct drop d = {.id = 0};
    char id[16];
    if (req_id(req, 0, &d.id, err) || engine_write(req->ctx, drop_apply, &d, err) ||
        audited(req, "outbox_drop", STR_NONE, "row", val_text(id_print(d.id, id)), err))
        return -1;
    if (!d.found)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这一条，或它已经完成。",
                       "There is no such row, or it is done.");
    resp_no_body(resp, 204);
    return 0;
}

/* ---- calls that come in ---- */

int api_hook(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct hook_call call = {.id = req_header(req, "webhook-id"),
                             .timestamp = req_header(req, "webhook-timestamp"),
                             .signature = req_header(req, "webhook-signature"),
                             .body = req->body};
    if (req_app(req, err))
        return -1;
    call.key = req->params[1];
    req->ctx->via = VIA_API;
    if (hook_verify(req->ctx, req->app, &call, err) ||
        engine_write(req->ctx, hook_take, &call, err))
        return -1;
    resp->status = 202;
    json_begin_obj(&resp->json);
    json_kint(&resp->json, "accepted", call.accepted);
    json_end_obj(&resp->json);
    return 0;
}

/* ---- endpoints ---- */

int api_endpoints(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return req_app(req, err) ? -1 : endpoint_list(req->ctx, req->app, &resp->json, err);
}

static int endpoint_address(struct http_req *req, struct http_resp *resp, struct str url,
                            struct err *err)
{
    struct ssrf rules;
    if (ssrf_parse(req->server->cfg->outbound_allow, &rules, err))
        return -1;
    if (!url.n || ssrf_url_ok(&rules, url))
        return 0;
    diag_field(&resp->diags, STR("url"), "address",
               "这个地址在内网或本机，需由运维用 --outbound-allow 放行。",
               "This address is private or local; the operator can let it pass by "
               "--outbound-allow.");
    return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                   "Some of the input is not valid.");
}

int api_endpoint_put(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    if (req_app(req, err) || req_json(req, &body, err))
        return -1;
    struct val url = val_get(body, STR("url")), secret = val_get(body, STR("secret"));
    struct endpoint_put put = {.app = req->app,
                               .key = req->params[1],
                               .has_url = url.kind != VAL_ABSENT,
                               .url = val_str(url),
                               .has_secret = secret.kind != VAL_ABSENT,
                               .secret = val_str(secret),
                               .diags = &resp->diags};
    if (endpoint_address(req, resp, put.url, err) ||
        engine_write(req->ctx, endpoint_put, &put, err) ||
        audited(req, "endpoint", req->app->key, "key", val_text(put.key), err))
        return -1;
    return endpoint_list(req->ctx, req->app, &resp->json, err);
}

/* ---- a try ---- */

struct try_out {
    struct str app, key;
    int64_t id;
};

static int try_apply(struct ctx *c, void *arg, struct err *err)
{
    struct try_out *t = arg;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kstr(&j, "event", STR("test"));
    json_kstr(&j, "app", t->app);
    json_kstr(&j, "text", STR("榫卯测试消息 · Mortise test"));
    json_kval(&j, "at", val_instant(c->now_us));
    json_end_obj(&j);
    const struct outbox_item item = {.kind = OUTBOX_WEBHOOK,
                                     .target = t->key,
                                     .app = t->app,
                                     .payload = strb_str(&b),
                                     .event = STR("test")};
    return outbox_add(c, &item, &t->id, err);
}

/* Sends a message that says it is a test; what comes of it stands in the outbox under the id. */
int api_endpoint_test(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct endpoint_now e;
    char id[16];
    if (req_app(req, err))
        return -1;
    struct try_out t = {req->app->key, req->params[1], 0};
    int got = endpoint_get(req->ctx, req->app, t.key, &e, err);
    if (got <= 0)
        return got < 0 ? -1 : no_such(err);
    if (!e.url.n)
        return err_set(err, ERR_CONFLICT, "no_url", "还没有填写地址。", "It has no address yet.");
    if (engine_write(req->ctx, try_apply, &t, err) ||
        audited(req, "endpoint_test", t.app, "key", val_text(t.key), err))
        return -1;
    resp->status = 202;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "id", id_print(t.id, id));
    json_end_obj(&resp->json);
    return 0;
}
