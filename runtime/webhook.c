/*
 * A table of endpoint kinds, one small function each.
 */
#include "runtime/webhook.h"

#include <stdio.h>

struct making {
    struct arena *a;
    const struct outbox_row *row;
    const struct endpoint_now *e;
    int64_t now_us;
    struct val body;
    struct webhook *out;
};

static void header(struct making *m, const char *name, struct str value)
{
    m->out->headers[m->out->nheaders++] = str_fmt(m->a, "%s: %.*s", name, STR_ARG(value));
}

/* Signed whatever the form of the body. */
static void sign(struct making *m)
{
    char id[16];
    struct str key = str_dup(m->a, id_print(m->row->id, id));
    struct signed_call call = {.id = str_fmt(m->a, "msg_%.*s", STR_ARG(key)),
                               .timestamp =
                                   str_fmt(m->a, "%lld", (long long)(m->now_us / US_PER_S)),
                               .body = m->out->body};
    header(m, "webhook-id", call.id);
    header(m, "webhook-timestamp", call.timestamp);
    if (m->e->secret.n)
        header(m, "webhook-signature", endpoint_sign(m->a, m->e->secret, &call));
    header(m, "webhook-sequence", str_fmt(m->a, "%lld", (long long)m->row->id));
    header(m, "Idempotency-Key", key);
}

static void make_json(struct making *m)
{
    m->out->type = STR("application/json");
    m->out->body = m->row->payload;
    sign(m);
}

/* ---- form-encoded ---- */

static void add_encoded(struct strb *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '.' || c == '~';
        if (plain)
            strb_addc(b, (char)c);
        else
            strb_addf(b, "%%%02X", c);
    }
}

static struct str as_text(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    if (v.kind == VAL_TEXT)
        return val_str(v);
    if (val_is_blank(v))
        return STR_NONE;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

static void make_form(struct making *m)
{
    struct strb b;
    strb_init(&b, m->a);
    for (uint32_t i = 0; m->body.kind == VAL_OBJ && i < m->body.n; i++) {
        if (i)
            strb_addc(&b, '&');
        add_encoded(&b, m->body.obj[i].key);
        strb_addc(&b, '=');
        add_encoded(&b, as_text(m->a, m->body.obj[i].value));
    }
    m->out->type = STR("application/x-www-form-urlencoded");
    m->out->body = strb_str(&b);
    sign(m);
}

/* ---- group robots ---- */

/* {title, text, …} as one text; other members follow as "name: value" lines. */
static struct str robot_text(const struct making *m)
{
    struct strb b;
    struct str title = as_text(m->a, val_get(m->body, STR("title")));
    struct str text = as_text(m->a, val_get(m->body, STR("text")));
    strb_init(&b, m->a);
    strb_add(&b, title);
    if (title.n && text.n)
        strb_addc(&b, '\n');
    strb_add(&b, text);
    for (uint32_t i = 0; m->body.kind == VAL_OBJ && i < m->body.n; i++) {
        const struct pair *p = &m->body.obj[i];
        if (str_eqz(p->key, "title") || str_eqz(p->key, "text"))
            continue;
        struct str v = as_text(m->a, p->value);
        strb_addf(&b, "%s%.*s: %.*s", b.n ? "\n" : "", STR_ARG(p->key), STR_ARG(v));
    }
    return strb_str(&b);
}

/* A body that is a robot's message already goes as it is. */
static bool ready_made(const struct making *m, struct str key)
{
    return m->body.kind == VAL_OBJ && val_get(m->body, key).kind == VAL_TEXT;
}

static void robot_message(struct making *m, struct str type_key, struct str content_key,
                          void (*also)(struct making *m, struct json *j))
{
    struct strb b;
    struct json j;
    strb_init(&b, m->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    if (also)
        also(m, &j);
    if (ready_made(m, type_key)) {
        for (uint32_t i = 0; i < m->body.n; i++) {
            json_key(&j, m->body.obj[i].key);
            json_val(&j, m->body.obj[i].value);
        }
    } else {
        json_key(&j, type_key);
        json_str(&j, STR("text"));
        json_key(&j, content_key);
        json_begin_obj(&j);
        json_key(&j, str_eqz(content_key, "content") ? STR("text") : STR("content"));
        json_str(&j, robot_text(m));
        json_end_obj(&j);
    }
    json_end_obj(&j);
    m->out->type = STR("application/json");
    m->out->body = strb_str(&b);
}

static void make_wecom(struct making *m)
{
    robot_message(m, STR("msgtype"), STR("text"), NULL);
}

/* sign = base64(HMAC(secret, "<ms>\n<secret>")), in the address. */
static void make_dingtalk(struct making *m)
{
    robot_message(m, STR("msgtype"), STR("text"), NULL);
    if (!m->e->secret.n)
        return;
    struct strb b;
    struct str ms = str_fmt(m->a, "%lld", (long long)(m->now_us / 1000));
    struct str mac = endpoint_hmac(m->a, m->e->secret,
                                   str_fmt(m->a, "%.*s\n%.*s", STR_ARG(ms), STR_ARG(m->e->secret)));
    strb_init(&b, m->a);
    strb_add(&b, m->e->url);
    strb_addz(&b, str_findc(m->e->url, '?') < 0 ? "?timestamp=" : "&timestamp=");
    strb_add(&b, ms);
    strb_addz(&b, "&sign=");
    add_encoded(&b, mac);
    m->out->url = strb_str(&b);
}

/* sign = base64(HMAC("<s>\n<secret>", "")), in the body. */
static void feishu_sign(struct making *m, struct json *j)
{
    if (!m->e->secret.n)
        return;
    struct str s = str_fmt(m->a, "%lld", (long long)(m->now_us / US_PER_S));
    struct str key = str_fmt(m->a, "%.*s\n%.*s", STR_ARG(s), STR_ARG(m->e->secret));
    json_kstr(j, "timestamp", s);
    json_kstr(j, "sign", endpoint_hmac(m->a, key, STR_NONE));
}

static void make_feishu(struct making *m)
{
    robot_message(m, STR("msg_type"), STR("content"), feishu_sign);
}

int webhook_make(struct arena *a, const struct outbox_row *row, const struct endpoint_now *e,
                 int64_t now_us, struct webhook *out, struct err *err)
{
    static void (*const kinds[])(struct making * m) = {
        [ENDPOINT_JSON] = make_json,         [ENDPOINT_FORM] = make_form,
        [ENDPOINT_SMS] = make_form,          [ENDPOINT_WECOM] = make_wecom,
        [ENDPOINT_DINGTALK] = make_dingtalk, [ENDPOINT_FEISHU] = make_feishu};
    struct making m = {.a = a, .row = row, .e = e, .now_us = now_us, .out = out};
    *out = (struct webhook){.url = e->url};
    if (json_parse(a, row->payload, &m.body, err))
        return -1;
    kinds[e->kind](&m);
    return 0;
}

void webhook_read(struct arena *a, const struct endpoint_now *e, int64_t now_us,
                  struct webhook *out)
{
    struct outbox_row none = {.id = 0};
    struct making m = {.a = a, .row = &none, .e = e, .now_us = now_us, .out = out};
    *out = (struct webhook){.url = e->url, .type = STR("application/json")};
    if (e->secret.n)
        sign(&m);
}

bool webhook_arrived(struct arena *a, enum endpoint_kind kind, struct str answer, struct str *why)
{
    struct err ignored = ERR_INIT;
    struct val v, code;
    if (kind != ENDPOINT_WECOM && kind != ENDPOINT_DINGTALK && kind != ENDPOINT_FEISHU)
        return true;
    if (json_parse(a, answer, &v, &ignored))
        return true; /* the status said yes */
    code = val_get(v, kind == ENDPOINT_FEISHU ? STR("code") : STR("errcode"));
    if (code.kind == VAL_ABSENT || val_double(code) == 0)
        return true;
    struct str text = val_str(val_get(v, kind == ENDPOINT_FEISHU ? STR("msg") : STR("errmsg")));
    *why = str_fmt(a, "%lld %.*s", (long long)val_double(code), STR_ARG(str_sub(text, 0, 200)));
    return false;
}
