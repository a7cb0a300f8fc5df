/*
 * Endpoints: app.yaml and the administrator's word; signatures.
 */
#include "engine/automation/endpoint.h"

#include "engine/automation/automation_int.h"
#include "engine/org/member.h"

#define URL_MAX    2048
#define SECRET_MIN 8
#define SECRET_MAX 200

/* ---- signatures ---- */

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static struct str base64_of_hex(struct arena *a, struct str hex)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct strb b;
    size_t n = hex.n / 2;
    strb_init(&b, a);
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) {
            unsigned byte =
                i + k < n ? nibble(hex.p[2 * (i + k)]) << 4 | nibble(hex.p[2 * (i + k) + 1]) : 0;
            v = v << 8 | byte;
        }
        strb_addc(&b, digits[v >> 18 & 63]);
        strb_addc(&b, digits[v >> 12 & 63]);
        strb_addc(&b, i + 1 < n ? digits[v >> 6 & 63] : '=');
        strb_addc(&b, i + 2 < n ? digits[v & 63] : '=');
    }
    return strb_str(&b);
}

struct str endpoint_hmac(struct arena *a, struct str key, struct str text)
{
    return base64_of_hex(a, vault_hmac_hex(a, key, text));
}

struct str endpoint_sign(struct arena *a, struct str secret, const struct signed_call *call)
{
    struct strb b;
    strb_init(&b, a);
    strb_add(&b, call->id);
    strb_addc(&b, '.');
    strb_add(&b, call->timestamp);
    strb_addc(&b, '.');
    strb_add(&b, call->body);
    struct str mac = endpoint_hmac(a, secret, strb_str(&b));
    return str_fmt(a, "v1,%.*s", STR_ARG(mac));
}

/* ---- addresses ---- */

bool endpoint_url_ok(struct str url)
{
    struct str rest = str_starts(url, STR("https://"))   ? str_sub(url, 8, url.n)
                      : str_starts(url, STR("http://"))  ? str_sub(url, 7, url.n)
                      : str_starts(url, STR("imaps://")) ? str_sub(url, 8, url.n)
                      : str_starts(url, STR("imap://"))  ? str_sub(url, 7, url.n)
                                                         : STR_NONE;
    if (!rest.n || url.n > URL_MAX)
        return false;
    for (size_t i = 0; i < rest.n; i++) {
        unsigned char c = (unsigned char)rest.p[i];
        if (c <= ' ' || c == '\\' || c == 0x7f || c == '"' || c == '<' || c == '>')
            return false;
    }
    size_t host = 0;
    while (host < rest.n && rest.p[host] != '/' && rest.p[host] != '?' && rest.p[host] != '#')
        host++;
    bool box = str_starts(url, STR("imap"));
    return host > 0 && (box || str_findc(str_sub(rest, 0, host), '@') < 0);
}

/* ---- one of them ---- */

static const struct endpoint *of_app(const struct app *app, struct str key)
{
    for (size_t i = 0; i < app->nendpoints; i++)
        if (str_eq(app->endpoints[i].key, key))
            return &app->endpoints[i];
    return NULL;
}

static bool waits_for(const struct automation *x, struct str key)
{
    return x->trigger == TRIGGER_WEBHOOK && str_eq(x->name, key);
}

static bool reads(const struct automation *x, struct str key)
{
    return (x->trigger == TRIGGER_PULL || x->trigger == TRIGGER_MAIL) && str_eq(x->name, key);
}

static bool awaited(const struct app *app, struct str key)
{
    for (size_t i = 0; i < app->nforms; i++)
        for (size_t k = 0; k < app->forms[i]->nautomations; k++)
            if (waits_for(&app->forms[i]->automations[k], key))
                return true;
    return false;
}

static struct vault_at secret_at(const struct app *app, struct str key)
{
    return (struct vault_at){.app = app->key, .form = STR("_endpoint"), .field = key};
}

/* What the administrator said: 1, 0 nothing, -1. */
static int overridden(struct ctx *c, const struct app *app, struct endpoint_now *out,
                      struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct str url = STR_NONE, secret = STR_NONE;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT url, secret FROM _endpoint WHERE app = ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, out->key);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    if (got == 1 && !stmt_null(s, 0))
        url = str_dup(c->a, stmt_str(s, 0));
    if (got == 1 && !stmt_null(s, 1))
        secret = str_dup(c->a, stmt_str(s, 1));
    stmt_done(s);
    if (got <= 0)
        return got;
    if (url.n) {
        out->url = url;
        out->url_set = true;
    }
    if (secret.n) {
        const struct vault_at at = secret_at(app, out->key);
        int open =
            vault_unseal(&(struct vault_on){c->vault, c->db, c->a}, &at, secret, &out->secret, err);
        out->secret_set = open == 1;
        return open < 0 ? -1 : 1;
    }
    return 1;
}

int endpoint_get(struct ctx *c, const struct app *app, struct str key, struct endpoint_now *out,
                 struct err *err)
{
    const struct endpoint *e = of_app(app, key);
    *out = (struct endpoint_now){.key = key};
    if (!e && !awaited(app, key))
        return 0;
    if (e) {
        out->url = e->url;
        out->secret = e->secret;
        out->kind = e->kind;
    }
    return overridden(c, app, out, err) < 0 ? -1 : 1;
}

/* ---- all of them ---- */

static bool calls(const struct automation *x, struct str key)
{
    for (size_t i = 0; i < x->nsteps; i++)
        if (x->steps[i].kind == ACTION_WEBHOOK && str_eq(x->steps[i].name, key))
            return true;
    return false;
}

static void put_users(const struct app *app, struct str key, struct json *out)
{
    json_key(out, STR("used_by"));
    json_begin_list(out);
    for (size_t i = 0; i < app->nforms; i++) {
        const struct form *f = app->forms[i];
        for (size_t k = 0; k < f->nautomations; k++) {
            const struct automation *x = &f->automations[k];
            if (!calls(x, key) && !waits_for(x, key) && !reads(x, key))
                continue;
            json_begin_obj(out);
            json_kstr(out, "form", f->key);
            json_kstr(out, "automation", x->key);
            json_kstr(out, "title", x->title);
            json_end_obj(out);
        }
    }
    json_end_list(out);
}

static int put_changed(struct ctx *c, const struct app *app, struct str key, struct json *out,
                       struct err *err)
{
    struct sql q;
    struct stmt *s;
    int64_t at = 0, by = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT updated_at, updated_by FROM _endpoint WHERE app = ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, key);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    if (got == 1) {
        at = stmt_int(s, 0);
        by = stmt_null(s, 1) ? 0 : stmt_int(s, 1);
    }
    stmt_done(s);
    json_kval(out, "updated_at", at ? val_instant(at) : VAL_NONE);
    json_key(out, STR("updated_by"));
    return got < 0 ? -1 : member_json(c, by, out, err);
}

static int put_one(struct ctx *c, const struct app *app, struct str key, struct json *out,
                   struct err *err)
{
    static const struct str kinds[] = {
        [ENDPOINT_JSON] = STR("json"),         [ENDPOINT_FORM] = STR("form"),
        [ENDPOINT_SMS] = STR("sms"),           [ENDPOINT_WECOM] = STR("wecom"),
        [ENDPOINT_DINGTALK] = STR("dingtalk"), [ENDPOINT_FEISHU] = STR("feishu")};
    struct endpoint_now e;
    const struct endpoint *def = of_app(app, key);
    int got = endpoint_get(c, app, key, &e, err);
    if (got <= 0)
        return got;
    json_begin_obj(out);
    json_kstr(out, "key", key);
    json_kstr(out, "title", def && def->title.n ? def->title : key);
    json_kstr(out, "kind", kinds[e.kind]);
    json_kval(out, "url", e.url.n ? val_text(e.url) : VAL_NONE);
    json_kbool(out, "url_set", e.url_set);
    json_kbool(out, "secret", e.secret.n > 0);
    json_kbool(out, "secret_set", e.secret_set);
    json_kbool(out, "incoming", awaited(app, key));
    put_users(app, key, out);
    if (put_changed(c, app, key, out, err))
        return -1;
    json_end_obj(out);
    return 0;
}

/* Keys that only come in, each once. */
static int put_incoming(struct ctx *c, const struct app *app, struct json *out, struct err *err)
{
    struct map seen;
    map_init(&seen, c->a);
    for (size_t i = 0; i < app->nforms; i++)
        for (size_t k = 0; k < app->forms[i]->nautomations; k++) {
            const struct automation *x = &app->forms[i]->automations[k];
            if (x->trigger != TRIGGER_WEBHOOK || of_app(app, x->name) || map_get(&seen, x->name))
                continue;
            map_put(&seen, x->name, &seen);
            if (put_one(c, app, x->name, out, err))
                return -1;
        }
    return 0;
}

int endpoint_list(struct ctx *c, const struct app *app, struct json *out, struct err *err)
{
    json_begin_obj(out);
    json_key(out, STR("endpoints"));
    json_begin_list(out);
    for (size_t i = 0; i < app->nendpoints; i++)
        if (put_one(c, app, app->endpoints[i].key, out, err))
            return -1;
    if (put_incoming(c, app, out, err))
        return -1;
    json_end_list(out);
    json_end_obj(out);
    return 0;
}

/* ---- changing one ---- */

static int check_put(const struct endpoint_put *p, struct err *err)
{
    if (p->has_url && p->url.n && !endpoint_url_ok(p->url))
        diag_field(p->diags, STR("url"), "url",
                   "地址应以 https:// 或 http:// 开头，不含用户名和空白。",
                   "An address begins with https:// or http:// and has no user name or blanks.");
    if (p->has_secret && p->secret.n && (p->secret.n < SECRET_MIN || p->secret.n > SECRET_MAX))
        diag_field(p->diags, STR("secret"), "secret", "密钥为 8 到 200 个字符。",
                   "A secret has 8 to 200 characters.");
    return p->diags->errors ? err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                                      "Some of the input is not valid.")
                            : 0;
}

static int store_put(struct ctx *c, const struct endpoint_put *p, struct str url, struct str secret,
                     struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _endpoint (app, name, url, secret, updated_at, updated_by) VALUES (");
    sql_bind_str(&q, p->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, p->key);
    sql_lit(&q, ", ");
    sql_bind(&q, url.n ? val_text(url) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind(&q, secret.n ? val_text(secret) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ") ON CONFLICT (app, name) DO UPDATE SET updated_at = excluded.updated_at,"
                " updated_by = excluded.updated_by");
    if (p->has_url)
        sql_lit(&q, ", url = excluded.url");
    if (p->has_secret)
        sql_lit(&q, ", secret = excluded.secret");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int endpoint_put(struct ctx *c, void *arg, struct err *err)
{
    const struct endpoint_put *p = arg;
    const struct vault_at at = secret_at(p->app, p->key);
    struct str sealed = STR_NONE;
    if (!of_app(p->app, p->key) && !awaited(p->app, p->key))
        return err_set(err, ERR_NOT_FOUND, "not_found", "应用没有这个 endpoint。",
                       "The app has no such endpoint.");
    if (check_put(p, err))
        return -1;
    if (p->has_secret && p->secret.n &&
        vault_seal(&(struct vault_on){c->vault, c->db, c->a}, &at, p->secret, &sealed, err))
        return -1;
    return store_put(c, p, p->has_url ? p->url : STR_NONE, sealed, err);
}
