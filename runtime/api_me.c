/*
 * What a member keeps about himself: language, sessions, two-step login, who acts for him while he
 * is away. (Password and tokens: api_auth.c; notices: api_notice.c.)
 */
#include "runtime/api.h"

#include "engine/org/delegation.h"
#include "engine/org/totp.h"
#include "engine/vault/otp.h"
#include "runtime/audited.h"
#include "runtime/people.h"
#include "runtime/session.h"
#include "runtime/write.h"

static int no_content(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

/* ---- language ---- */

static int language_apply(struct ctx *c, void *arg, struct err *err)
{
    const struct str *language = arg;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET language = ");
    sql_bind(&q, language->n ? val_text(*language) : VAL_NONE);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, c->who->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int me_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)arg;
    return me_json(req->ctx, &resp->json, err);
}

int api_me_patch(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    if (req_json(req, &body, err))
        return -1;
    struct str language = body_str(body, "language");
    if (language.n && !str_eqz(language, "zh-CN") && !str_eqz(language, "en"))
        people_bad(&resp->diags, "language", "语言应为 zh-CN 或 en。",
                   "The language is zh-CN or en.");
    if (resp->diags.errors)
        return people_invalid(err);
    struct api_write w = {language_apply, me_render, &language};
    return api_write(req, resp, &w, err);
}

/* ---- sessions ---- */

int api_session_list(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return session_list_json(req, req->ctx->who->id, &resp->json, err);
}

struct ending {
    struct str id, keep;
};

static int end_apply(struct ctx *c, void *arg, struct err *err)
{
    const struct ending *e = arg;
    struct audit line = {.what = STR("session.end")};
    if (str_eqz(e->id, "others"))
        return member_end_sessions(c, c->who->id, e->keep, err) || audit_add(c, &line, err) ? -1
                                                                                            : 0;
    int rc = session_end_one(c, c->who->id, e->id, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : audit_add(c, &line, err);
}

int api_session_one_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ending e = {.id = req->params[0], .keep = req->session};
    if (auth_session_only(req, err))
        return -1;
    struct api_write w = {end_apply, no_content, &e};
    return api_write(req, resp, &w, err);
}

/* ---- two-step login ---- */

int api_totp_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t left;
    if (totp_state(req->ctx, &left, err))
        return -1;
    json_begin_obj(&resp->json);
    json_kbool(&resp->json, "enabled", left >= 0);
    json_kint(&resp->json, "recovery_left", left < 0 ? 0 : left);
    json_end_obj(&resp->json);
    return 0;
}

static int begin_apply(struct ctx *c, void *arg, struct err *err)
{
    return totp_begin(c, *(const struct str *)arg, err);
}

static int totp_start(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct str secret = otp_secret(c->a);
    if (engine_write(c, begin_apply, &secret, err))
        return -1;
    json_begin_obj(&resp->json);
    json_kstr(&resp->json, "secret", secret);
    json_kstr(&resp->json, "uri", totp_uri(c->a, STR("Mortise"), c->who->login, secret));
    json_end_obj(&resp->json);
    return 0;
}

struct confirm {
    struct str code;
    struct str codes[TOTP_RECOVERY];
    struct str keep;
    int done;
};

static int confirm_apply(struct ctx *c, void *arg, struct err *err)
{
    struct confirm *f = arg;
    struct audit line = {.what = STR("totp.on")};
    f->done = totp_confirm(c, f->code, f->codes, err);
    if (f->done <= 0)
        return f->done;
    return member_end_sessions(c, c->who->id, f->keep, err) || audit_add(c, &line, err) ? -1 : 0;
}

static int totp_finish(struct http_req *req, struct http_resp *resp, struct str code,
                       struct err *err)
{
    struct confirm f = {.code = code, .keep = req->session};
    struct json *j = &resp->json;
    if (engine_write(req->ctx, confirm_apply, &f, err))
        return -1;
    if (!f.done) {
        people_bad(&resp->diags, "code", "动态码不正确，请确认手机时间准确后重试。",
                   "The code is not right; see that the clock of your phone is, and try again.");
        return people_invalid(err);
    }
    json_begin_obj(j);
    json_kbool(j, "enabled", true);
    json_key(j, STR("recovery_codes"));
    json_begin_list(j);
    for (size_t i = 0; i < TOTP_RECOVERY; i++)
        json_str(j, f.codes[i]);
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

/* {password} begins, {code} confirms. A session alone must not be enough to lock its owner out. */
int api_totp_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    int64_t left;
    if (auth_session_only(req, err) || req_json(req, &body, err) ||
        totp_state(req->ctx, &left, err))
        return -1;
    struct str code = body_str(body, "code"), password = body_str(body, "password");
    if (code.n)
        return totp_finish(req, resp, code, err);
    if (left >= 0)
        return err_set(err, ERR_CONFLICT, "totp_on", "两步验证已经开启。",
                       "Two-step login is on already.");
    if ((password.n || people_has(body, "password")) &&
        auth_confirm(req, resp, password, "password", err))
        return -1;
    return totp_start(req, resp, err);
}

static int off_apply(struct ctx *c, void *arg, struct err *err)
{
    struct audit line = {.what = STR("totp.off")};
    (void)arg;
    return totp_off(c, c->who->id, err) || audit_add(c, &line, err) ? -1 : 0;
}

struct off_try {
    struct str code;
    enum totp_answer answer;
};

static int off_code(struct ctx *c, void *arg, struct err *err)
{
    struct off_try *t = arg;
    return totp_check(c, c->who->id, t->code, &t->answer, err);
}

/* By the password or by a code: an open session alone does not turn it off. */
int api_totp_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body = VAL_NONE;
    if (auth_session_only(req, err) || (req->body.n && req_json(req, &body, err)))
        return -1;
    struct off_try t = {.code = body.kind == VAL_OBJ ? body_str(body, "code") : STR_NONE};
    if (t.code.n && engine_write(req->ctx, off_code, &t, err))
        return -1;
    if (!t.code.n || t.answer != TOTP_RIGHT) {
        struct str password = body.kind == VAL_OBJ ? body_str(body, "password") : STR_NONE;
        if (auth_confirm(req, resp, password, t.code.n ? "code" : "password", err))
            return -1;
    }
    struct api_write w = {off_apply, no_content, NULL};
    return api_write(req, resp, &w, err);
}

/* ---- delegation ---- */

static int delegation_render(struct http_req *req, struct http_resp *resp, void *arg,
                             struct err *err)
{
    if (arg)
        resp->status = 201;
    return delegation_json(req->ctx, &resp->json, err);
}

int api_delegation_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    return delegation_render(req, resp, NULL, err);
}

/* A date is midnight where the apps are; the end day counts whole. */
static bool moment(struct ctx *c, struct val v, int day_later, int64_t *out)
{
    int64_t day;
    struct str s = val_str(v);
    if (civil_parse_instant(s, out))
        return true;
    if (!civil_parse_date(s, &day))
        return false;
    struct app *people = engine_app(c->engine, STR("people")); /* it has the default zone */
    struct civil at;
    civil_of_us((day + day_later) * US_PER_DAY, &zone_utc, &at);
    *out = civil_us(&at, people ? &people->zone : &zone_utc);
    app_unref(&people);
    return true;
}

static bool forms_ok(struct ctx *c, struct val forms)
{
    if (forms.kind != VAL_LIST)
        return val_is_blank(forms) || forms.kind == VAL_ABSENT;
    for (size_t i = 0; i < forms.n; i++) {
        struct str app, form = str_cut(val_str(forms.list[i]), '/', &app);
        if (!form.n && str_is_key(app))
            continue; /* a bare key: the forms of this name in any app */
        struct app *have = engine_app(c->engine, app);
        bool known = have && app_form(have, form);
        app_unref(&have);
        if (!known)
            return false;
    }
    return forms.n <= 100;
}

static int delegation_apply(struct ctx *c, void *arg, struct err *err)
{
    struct audit line = {.what = STR("delegation")};
    return delegation_set(c, arg, err) || audit_add(c, &line, err) ? -1 : 0;
}

int api_delegation_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct ctx *c = req->ctx;
    struct delegation d = {0};
    struct principal him = {0};
    if (req_json(req, &body, err))
        return -1;
    int found =
        id_parse(people_ref(val_get(body, STR("to"))), &d.to) ? member_visible(c, d.to, err) : 0;
    if (found == 1)
        found = member_load(c, d.to, &him, err);
    if (found < 0)
        return -1;
    if (!found || d.to == c->who->id || him.org != c->who->org)
        people_bad(&resp->diags, "to", "请选择另一位在职成员。", "Choose another active member.");
    bool from_ok = !people_has(body, "from") || val_is_blank(val_get(body, STR("from")));
    d.from_us = c->now_us;
    if (!from_ok)
        from_ok = moment(c, val_get(body, STR("from")), 0, &d.from_us);
    if (!from_ok)
        people_bad(&resp->diags, "from", "开始时间不对。", "This is no time to begin.");
    if (!moment(c, val_get(body, STR("until")), 1, &d.until_us) || d.until_us <= d.from_us ||
        d.until_us <= c->now_us)
        people_bad(&resp->diags, "until", "结束时间应晚于开始时间和现在。",
                   "The end must lie after the beginning, and ahead.");
    d.forms = val_get(body, STR("forms"));
    if (!forms_ok(c, d.forms))
        people_bad(&resp->diags, "forms", "没有这样的表单，应写成“应用/表单”。",
                   "There is no such form; they are written app/form.");
    if (resp->diags.errors)
        return people_invalid(err);
    struct api_write w = {delegation_apply, delegation_render, &d};
    return api_write(req, resp, &w, err);
}

static int delegation_end(struct ctx *c, void *arg, struct err *err)
{
    struct audit line = {.what = STR("delegation.end")};
    (void)arg;
    return delegation_clear(c, err) || audit_add(c, &line, err) ? -1 : 0;
}

int api_delegation_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct api_write w = {delegation_end, no_content, NULL};
    return api_write(req, resp, &w, err);
}
