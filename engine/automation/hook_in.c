/*
 * Calls that come in: signature, replay window, and the automations that wait for them.
 */
#include "engine/automation/endpoint.h"

#include "engine/automation/automation_int.h"

#define WINDOW_S 300
#define ID_MAX   128

static int unsigned_call(struct err *err)
{
    return err_set(err, ERR_AUTH, "signature", "签名不对。", "The signature is not right.");
}

/* One of the signatures in a blank-separated list will do: a sender may be changing its secret. */
static bool any_right(struct str list, struct str right)
{
    bool yes = false;
    while (list.n) {
        struct str one;
        list = str_cut(list, ' ', &one);
        yes |= vault_same(one, right);
    }
    return yes;
}

int hook_verify(struct ctx *c, const struct app *app, const struct hook_call *call, struct err *err)
{
    struct endpoint_now e;
    int64_t at;
    int got = endpoint_get(c, app, call->key, &e, err);
    if (got <= 0)
        return got < 0 ? -1
                       : err_set(err, ERR_NOT_FOUND, "not_found", "没有这个回调地址。",
                                 "There is no such hook.");
    if (!e.secret.n)
        return err_set(err, ERR_DENIED, "no_secret", "管理员还没有为这个回调设置密钥。",
                       "No secret has been set for this hook yet.");
    if (!call->id.n || call->id.n > ID_MAX || !call->signature.n)
        return unsigned_call(err);
    const struct signed_call sc = {call->id, call->timestamp, call->body};
    if (!any_right(call->signature, endpoint_sign(c->a, e.secret, &sc)))
        return unsigned_call(err);
    if (!str_int(call->timestamp, 0, INT64_C(99999999999), &at) ||
        at * US_PER_S < c->now_us - WINDOW_S * US_PER_S ||
        at * US_PER_S > c->now_us + WINDOW_S * US_PER_S)
        return err_set(err, ERR_AUTH, "timestamp", "时间戳与现在相差超过 5 分钟。",
                       "The timestamp is more than five minutes off.");
    return 0;
}

static int note_id(struct ctx *c, const struct hook_call *call, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _hook_seen (app, hook, id, at) VALUES (");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, call->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, call->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ") ON CONFLICT DO NOTHING");
    if (store_exec(c->db, c->a, &q, &n, err))
        return -1;
    return n ? 0
             : err_set(err, ERR_CONFLICT, "replayed", "这次调用已经收到过了。",
                       "This call was received before.");
}

int hook_take(struct ctx *c, void *arg, struct err *err)
{
    struct hook_call *call = arg;
    struct val body;
    struct strb b;
    struct json j;
    call->accepted = 0;
    if (json_parse(c->a, call->body.n ? call->body : STR("{}"), &body, err) ||
        note_id(c, call, err))
        return -1;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kval(&j, "body", body);
    json_end_obj(&j);
    for (size_t i = 0; i < c->app->nforms; i++) {
        const struct form *f = c->app->forms[i];
        for (size_t k = 0; k < f->nautomations; k++) {
            const struct automation *x = &f->automations[k];
            const struct outbox_item item = {.kind = OUTBOX_AUTOMATION,
                                             .target = x->key,
                                             .app = c->app->key,
                                             .form = f->key,
                                             .payload = strb_str(&b),
                                             .automation = x->key,
                                             .event = STR("webhook")};
            if (x->trigger != TRIGGER_WEBHOOK || !x->enabled || !str_eq(x->name, call->key))
                continue;
            if (outbox_add(c, &item, NULL, err))
                return -1;
            call->accepted++;
        }
    }
    return 0;
}
