/*
 * The global `app` and `reject`: who and when, settings, formulas, rights, log, notices. Records
 * are in lua_records.c.
 */
#include "engine/base/log.h"
#include "engine/org/notice.h"
#include "engine/record/eval.h"
#include "engine/record/setting.h"
#include "engine/script/lua_int.h"

static void push_str(lua_State *L, struct str s)
{
    lua_pushlstring(L, s.p ? s.p : "", s.n);
}

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
    push_str(L, id_print(who->id, buf));
    lua_setfield(L, -2, "id");
    push_str(L, who->login);
    lua_setfield(L, -2, "login");
    push_str(L, who->name);
    lua_setfield(L, -2, "name");
    lua_newtable(L);
    for (size_t i = 0; i < who->nroles; i++) {
        if (!box->c->app || !str_eq(who->roles[i].app, box->c->app->key))
            continue;
        push_str(L, who->roles[i].role);
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
    push_str(L, civil_print_instant(box_of(L)->c->now_us, buf));
    return 1;
}

static int app_today(lua_State *L)
{
    struct ctx *c = box_of(L)->c;
    char buf[16];
    push_str(L,
             civil_print_date(civil_day_of_us(c->now_us, c->app ? &c->app->zone : &zone_utc), buf));
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
    if (setting_value(box->c, app, key, setting_today(box->c, app), &v, &box->err))
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

static int app_http(lua_State *L)
{
    return luaL_error(L, "app.http is only available after the commit");
}

/* app.notify{to = member id, title = …, body = …}: a notice in the same transaction. */
static int app_notify(lua_State *L)
{
    struct lua_box *box = box_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    struct val n = box_val(box, 1);
    int64_t to;
    if (!id_parse(val_str(val_get(n, STR("to"))), &to))
        return luaL_error(L, "notify needs `to`, the id of a member");
    struct ctx *c = box->c;
    const struct notice out = {.member = to,
                               .kind = STR("script"),
                               .app = c->app ? c->app->key : STR_NONE,
                               .title = val_str(val_get(n, STR("title"))),
                               .body = val_str(val_get(n, STR("body")))};
    if (notice_add(c, &out, &box->err))
        return box_raise(box);
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

static const luaL_Reg functions[] = {
    {"user", app_user},
    {"now", app_now},
    {"today", app_today},
    {"setting", lua_setting},
    {"formula", app_formula},
    {"log", app_log},
    {"as_user", app_as_user},
    {"as_system", app_as_system},
    {"http", app_http},
    {"notify", app_notify},
    {NULL, NULL},
};

void lua_open_app(struct lua_box *box)
{
    lua_State *L = box->L;
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "app");
    lua_pushcfunction(L, lua_reject);
    lua_setfield(L, -2, "reject");
}

void lua_push_ctx(struct lua_box *box, struct val ask)
{
    lua_State *L = box->L;
    lua_createtable(L, 0, 4);
    push_user(box);
    lua_setfield(L, -2, "user");
    push_str(L, via_name(box->c->via));
    lua_setfield(L, -2, "via");
    app_now(L);
    lua_setfield(L, -2, "now");
    box_push(box, ask);
    lua_setfield(L, -2, "ask");
}
