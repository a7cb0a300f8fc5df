/*
 * `app` and `reject`: who and when, settings, formulas, rights, log, notices. Records are in
 * lua_records.c.
 */
#include "engine/base/log.h"
#include "engine/meta/fieldtype.h"
#include "engine/org/notice.h"
#include "engine/org/outbox.h"
#include "engine/record/eval.h"
#include "engine/record/setting.h"
#include "engine/script/lua_int.h"

/* {id, login, name, roles = {key = true}}; nil for visitors and the system. */
static void push_user(struct lua_box *box)
{
    lua_State *L = box->L;
    const struct principal *who = box->c->who;
    char buf[16];
    if (who->kind != WHO_MEMBER) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, 0, 4);
    lua_push_text(L, id_print(who->id, buf));
    lua_setfield(L, -2, "id");
    lua_push_text(L, who->login);
    lua_setfield(L, -2, "login");
    lua_push_text(L, who->name);
    lua_setfield(L, -2, "name");
    lua_newtable(L);
    for (size_t i = 0; i < who->nroles; i++) {
        if (!box->c->app || !str_eq(who->roles[i].app, box->c->app->key))
            continue;
        lua_push_text(L, who->roles[i].role);
        lua_pushboolean(L, 1);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "roles");
}

static int app_user(lua_State *L)
{
    push_user(box_of(L));
    return 1;
}

static int app_now(lua_State *L)
{
    char buf[40];
    lua_push_text(L, civil_print_instant(box_of(L)->c->now_us, buf));
    return 1;
}

static int app_today(lua_State *L)
{
    struct ctx *c = box_of(L)->c;
    char buf[16];
    lua_push_text(
        L, civil_print_date(civil_day_of_us(c->now_us, c->app ? &c->app->zone : &zone_utc), buf));
    return 1;
}

static int lua_setting(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str key = box_str(box, 1);
    const struct setting *s = box->c->app ? app_setting(box->c->app, key) : NULL;
    if (!s)
        return luaL_error(L, "there is no setting %s", lua_tostring(L, 1));
    struct val v;
    const struct app *app = box->c->app;
    int64_t day = setting_today(box->c, app);
    if (!lua_isnoneornil(L, 2) && !civil_parse_date(box_str(box, 2), &day))
        luaL_argerror(L, 2, "not a date like 2026-11-24");
    if (setting_value(box->c, app, key, day, &v, &box->err))
        return box_raise(box);
    box_push(box, v);
    return 1;
}

/* app.formula(text, vars): the names of vars are what the expression may use. */
static int app_formula(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str text = box_str(box, 1);
    struct val vars = lua_isnoneornil(L, 2) ? VAL_NONE : box_val(box, 2);
    struct val out;
    if (eval_text(box->c, text, vars, &out, &box->err) < 0)
        return box_raise(box);
    box_push(box, out);
    return 1;
}

static int app_log(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str text = box_str(box, 1);
    log_event(LOG_INFO, "script", LOG_TEXT("script", box->script),
              LOG_TEXT("text", str_sub(text, 0, 2000)));
    return 0;
}

/* Calls function 1 with another principal and puts the old one back, also when it fails. */
static int call_as(lua_State *L, const struct principal *who)
{
    struct ctx *c = box_of(L)->c;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    const struct principal *old = c->who;
    c->who = who;
    lua_settop(L, 1);
    int status = lua_pcall(L, 0, LUA_MULTRET, 0);
    c->who = old;
    if (status != LUA_OK)
        return lua_error(L);
    return lua_gettop(L);
}

static int app_as_system(lua_State *L)
{
    if (!box_of(L)->may_system)
        return luaL_error(L, "as_system needs `as: system` beside the script in the definition");
    return call_as(L, &who_system);
}

/* Inside as_system: back to the one who acts. */
static int app_as_user(lua_State *L)
{
    struct lua_box *box = box_of(L);
    return call_as(L, box->user);
}

/* Queues what leaves after the commit: its id. */
static int leave(lua_State *L, enum outbox_kind kind, struct str target, struct val payload)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    struct strb text;
    struct json j;
    char buf[16];
    int64_t id = 0;
    strb_init(&text, c->a);
    json_init(&j, &text);
    json_val(&j, payload);
    const struct outbox_item item = {.kind = kind,
                                     .target = target,
                                     .app = c->app->key,
                                     .payload = strb_str(&text),
                                     .event = STR("script")};
    luaL_argcheck(L, text.n <= OUTBOX_PAYLOAD_MAX, 1, "longer than 1 MB as JSON");
    if (outbox_add(c, &item, &id, &box->err))
        return box_raise(box);
    lua_push_text(L, id_print(id, buf));
    return 1;
}

static bool has_endpoint(const struct app *app, struct str key)
{
    for (size_t i = 0; i < app->nendpoints; i++)
        if (str_eq(app->endpoints[i].key, key))
            return true;
    return false;
}

/* http.send{to = endpoint, body = …}: at least once, after the commit, with this id as its key. */
static int app_http(lua_State *L)
{
    struct lua_box *box = box_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    struct val in = box_val(box, 1), body = val_get(in, STR("body"));
    struct str to = val_str(val_get(in, STR("to")));
    if (!box->c->app || !has_endpoint(box->c->app, to))
        return luaL_error(L, "http needs `to`, the key of an endpoint that app.yaml names");
    return leave(L, OUTBOX_WEBHOOK, to, body.kind == VAL_ABSENT ? val_obj(NULL, 0) : body);
}

/* notify.mail{to = address, subject = …, text = …} */
static int app_mail(lua_State *L)
{
    struct lua_box *box = box_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    struct val in = box_val(box, 1);
    struct str to = val_str(val_get(in, STR("to")));
    struct pair parts[] = {{STR("subject"), val_get(in, STR("subject"))},
                           {STR("text"), val_get(in, STR("text"))}};
    if (!box->c->app || !fieldtype_email_ok(to))
        return luaL_error(L, "mail needs `to`, an address");
    if (parts[0].value.kind != VAL_TEXT || parts[1].value.kind != VAL_TEXT)
        return luaL_error(L, "mail needs `subject` and `text`");
    return leave(L, OUTBOX_MAIL, to, val_obj(parts, ARRAY_LEN(parts)));
}

/* app.notify{to = member or members, title = …, body = …, form, record}: in the transaction. */
static int app_notify(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    luaL_checktype(L, 1, LUA_TTABLE);
    struct val in = box_val(box, 1), to = val_get(in, STR("to"));
    struct notice n = {.kind = STR("script"),
                       .app = c->app ? c->app->key : STR_NONE,
                       .form = val_str(val_get(in, STR("form"))),
                       .title = val_str(val_get(in, STR("title"))),
                       .body = val_str(val_get(in, STR("body")))};
    if (n.form.n && !id_parse(val_str(val_get(in, STR("record"))), &n.record))
        return luaL_error(L, "notify with `form` needs `record`, the id of a record");
    const struct val one = to;
    if (to.kind != VAL_LIST)
        to = (struct val){.kind = VAL_LIST, .n = 1, .list = &one};
    for (uint32_t i = 0; i < to.n; i++) {
        if (!id_parse(val_str(to.list[i]), &n.member))
            return luaL_error(L, "notify needs `to`, the id of a member or a list of them");
        if (notice_add(c, &n, &box->err))
            return box_raise(box);
    }
    return 0;
}

/* reject{field = …, message = …} or reject("message"): refuses the write; cannot be caught. */
static int lua_reject(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str field = STR_NONE, message = STR_NONE;
    if (lua_type(L, 1) == LUA_TSTRING) {
        message = box_str(box, 1);
    } else {
        luaL_checktype(L, 1, LUA_TTABLE);
        struct val v = box_val(box, 1);
        field = val_str(val_get(v, STR("field")));
        message = val_str(val_get(v, STR("message")));
    }
    if (!message.n)
        message = STR("数据未通过检查");
    if (box->diags)
        diag_field(box->diags, field, "rejected", "%.*s", "%.*s", STR_ARG(message));
    box->stop = BOX_REJECT;
    box_check(box);
    return 0;
}

#define CALL "call: {to: string, body?: any}"
#define NOTIFY                                                                                     \
    "notice: {to: string|string[], title: string, body?: string, form?: string, record?: string}"

static const struct lua_api ROWS[] = {
    {"app", "user", app_user, NULL, "", "User?", "当前成员；访客和系统是 nil",
     "The member who acts; nil for visitors and the system", NULL, NULL},
    {"app", "now", app_now, NULL, "", "string", "现在的时刻，UTC", "The instant, in UTC", NULL,
     NULL},
    {"app", "today", app_today, NULL, "", "string", "应用时区的今天",
     "Today in the app's time zone", NULL, NULL},
    {"app", "setting", lua_setting, NULL, "key: string, day?: string", "any",
     "应用的一项设置；有生效日期的可问某一天的值",
     "A setting of the app; one with start days may be asked for a day", NULL, NULL},
    {"app", "formula", app_formula, NULL, "text: string, vars?: table", "any",
     "按变量计算一个表达式", "Evaluates an expression over variables",
     "app.formula('ROUND(a / 3, 2)', {a = 10})", "3.33"},
    {"app", "log", app_log, NULL, "text: string", "", "写一行日志", "Writes a line to the log",
     NULL, NULL},
    {"app", "as_user", app_as_user, NULL, "fn: fun(): any", "any", "以当前用户的权限运行函数",
     "Runs a function with the rights of whoever acts", NULL, NULL},
    {"app", "as_system", app_as_system, NULL, "fn: fun(): any", "any",
     "以系统权限运行函数；定义中须有 as: system",
     "Runs a function with every right; the definition must say as: system", NULL, NULL},
    {"app", "http", app_http, NULL, CALL, "string", "同 http.send", "The same as http.send", NULL,
     NULL},
    {"http", "send", app_http, NULL, CALL, "string",
     "提交之后把 body 发给 app.yaml 里的一个接口，至少一次；返回它的标识",
     "Sends body to an endpoint of app.yaml after the commit, at least once; gives its id", NULL,
     NULL},
    {"notify", "mail", app_mail, NULL, "mail: {to: string, subject: string, text: string}",
     "string", "提交之后发一封邮件", "Sends a mail after the commit", NULL, NULL},
    {"app", "notify", app_notify, NULL, NOTIFY, "", "给成员发通知", "Notifies members", NULL, NULL},
    {"formula", "eval", app_formula, NULL, "text: string, vars?: table", "any", "同 app.formula",
     "The same as app.formula", "formula.eval('a & \"!\"', {a = '好'})", "好!"},
    {"setting", "get", lua_setting, NULL, "key: string, day?: string", "any", "同 app.setting",
     "The same as app.setting", NULL, NULL},
    {"notify", "send", app_notify, NULL, NOTIFY, "", "同 app.notify", "The same as app.notify",
     NULL, NULL},
    {"", "reject", lua_reject, NULL, "refusal: string|{field?: string, message: string}", "",
     "拒绝这次写入，并告诉用户原因；不能被捕获",
     "Refuses the write and tells the user why; cannot be caught", NULL, NULL},
};

const struct lua_api_list lua_api_app = {ROWS, ARRAY_LEN(ROWS)};

void lua_push_ctx(struct lua_box *box, struct val ask)
{
    lua_State *L = box->L;
    lua_createtable(L, 0, 4);
    push_user(box);
    lua_setfield(L, -2, "user");
    lua_push_text(L, via_name(box->c->via));
    lua_setfield(L, -2, "via");
    app_now(L);
    lua_setfield(L, -2, "now");
    box_push(box, ask);
    lua_setfield(L, -2, "ask");
}
