/*
 * The addresses outside that an app names in app.yaml (`endpoints:`), as an administrator may have
 * set them otherwise; how what goes there is signed, and what comes from there is tested.
 *
 * Signatures follow Standard Webhooks: webhook-id, webhook-timestamp (seconds) and
 * webhook-signature "v1," + base64(HMAC-SHA256(secret, id "." timestamp "." body)).
 */
#ifndef AUTOMATION_ENDPOINT_H
#define AUTOMATION_ENDPOINT_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

struct endpoint_now {
    struct str key, url, secret;
    enum endpoint_kind kind;
    bool url_set, secret_set; /* by an administrator, not by app.yaml */
};
/* As it is called today; a webhook that only comes in has no url. 1, 0 the app names none such and
 * no automation waits for it, -1. Never show the secret to anybody. */
int endpoint_get(struct ctx *c, const struct app *app, struct str key, struct endpoint_now *out,
                 struct err *err) ATTR_MUST;

/* {"endpoints":[{key, title, kind, url, url_set, secret: true|false, secret_set, incoming,
 * used_by:[{form, automation}], updated_at, updated_by}]} of an app: what app.yaml names and what
 * its automations wait for (`webhook: key`). */
int endpoint_list(struct ctx *c, const struct app *app, struct json *out,
                  struct err *err) ATTR_MUST;

struct endpoint_put {
    const struct app *app;
    struct str key;
    bool has_url; /* say url: empty takes app.yaml's again */
    struct str url;
    bool has_secret;
    struct str secret;
    struct diags *diags;
};
/* An engine_write_fn, arg: struct endpoint_put. Problems are in diags. Whether the address may be
 * called at all is tested before (runtime/ssrf.h). */
int endpoint_put(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

/* "http(s)://host…" without user, blanks, control characters and backslashes, at most 2,048 bytes.
 */
bool endpoint_url_ok(struct str url);

/* base64(HMAC-SHA256(key, text)) */
struct str endpoint_hmac(struct arena *a, struct str key, struct str text);
struct signed_call {
    struct str id, timestamp, body;
};
/* "v1,…" */
struct str endpoint_sign(struct arena *a, struct str secret, const struct signed_call *call);

/* ---- what comes in ---- */

struct hook_call {
    struct str key;
    struct str id, timestamp, signature; /* of the headers */
    struct str body;                     /* JSON */
    int64_t accepted;                    /* how many automations will run */
};
/* Right signature, within five minutes: 0; else ERR_AUTH "signature" | "timestamp", ERR_DENIED
 * "no_secret", ERR_NOT_FOUND. */
int hook_verify(struct ctx *c, const struct app *app, const struct hook_call *call,
                struct err *err) ATTR_MUST;
/* An engine_write_fn, arg: struct hook_call, with c->app set: notes the id (ERR_CONFLICT "replayed"
 * when it came before) and queues what waits for it. */
int hook_take(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

#endif
