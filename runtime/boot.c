/*
 * The boot JSON. Whatever cannot be had is left out: the page asks for it.
 */
#include "runtime/boot.h"

#include "engine/org/member.h"
#include "runtime/api.h"
#include "runtime/server.h"

/* "/a/crm/lead/…" names a form. */
static bool form_of_path(struct str path, struct str *app, struct str *form)
{
    struct str first;
    path = str_cut(str_sub(path, 1, path.n), '/', &first);
    if (!str_eqz(first, "a"))
        return false;
    path = str_cut(path, '/', app);
    (void)str_cut(path, '/', form);
    return app->n && form->n && !str_eqz(*form, "d");
}

static int put_form(struct http_req *req, struct json *j, struct err *err)
{
    struct strb text;
    struct json out;
    struct form *f;
    if (!form_of_path(req->path, &req->params[0], &req->params[1]) || req_form(req, &f, err))
        return 0; /* the page says that there is no such form */
    strb_init(&text, req->ctx->a);
    json_init(&out, &text);
    int rc = form_json(req->ctx, f, &out, err);
    if (rc <= 0)
        return rc;
    struct val v;
    if (json_parse(req->ctx->a, strb_str(&text), &v, err))
        return -1;
    json_key(j, STR("form"));
    json_val(j, v);
    return 0;
}

static int put_session(struct http_req *req, struct json *j, struct err *err)
{
    json_key(j, STR("session"));
    if (req->ctx->who->kind != WHO_MEMBER || req->by != AUTH_SESSION) {
        json_blank(j);
        return 0;
    }
    if (session_json(req, j, err))
        return -1;
    json_key(j, STR("apps"));
    return apps_json(req, j, err) || put_form(req, j, err) ? -1 : 0;
}

int boot_json(struct http_req *req, struct strb *out, struct err *err)
{
    struct json j;
    int64_t members = 1;
    json_init(&j, out);
    if (!atomic_load(&req->server->set_up) && member_count(req->ctx, &members, err))
        return -1;
    json_begin_obj(&j);
    json_kbool(&j, "setup", members == 0);
    if (put_session(req, &j, err))
        return -1;
    json_kstr(&j, "lang", req->ctx->lang == LANG_EN ? STR("en") : STR("zh-CN"));
    json_kstr(&j, "name", STR("Mortise 榫卯"));
    json_end_obj(&j);
    return 0;
}
