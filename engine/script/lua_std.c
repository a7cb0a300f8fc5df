/*
 * What scripts need of any language's library: JSON, hashes, the log, languages, and require inside
 * the app. Every function charges the script for the bytes it works on.
 */
#include "engine/base/log.h"
#include "engine/script/lua_int.h"
#include "engine/value/json.h"

#define BYTES_PER_STEP 16
#define LOG_BYTES      2000
#define JSON_BYTES     (4u << 20)

static struct str bytes_arg(struct lua_box *box, int arg)
{
    struct str s;
    s.p = luaL_checklstring(box->L, arg, &s.n);
    box_spend(box, s.n / BYTES_PER_STEP + 1);
    return s;
}

/* ---- json ---- */

static int lua_json_encode(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct strb out;
    struct json j;
    strb_init(&out, box->c->a);
    json_init(&j, &out);
    luaL_checkany(L, 1);
    json_val(&j, box_val(box, 1));
    box_spend(box, out.n / BYTES_PER_STEP + 1);
    lua_push_text(L, strb_str(&out));
    return 1;
}

static int lua_json_decode(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str text = bytes_arg(box, 1);
    struct val v;
    struct err err = ERR_INIT; /* the script's mistake, not the caller's */
    luaL_argcheck(L, text.n <= JSON_BYTES, 1, "too long");
    if (json_parse(box->c->a, str_dup(box->c->a, text), &v, &err))
        return luaL_error(L, "not JSON: %s", err.en);
    box_push(box, v);
    return 1;
}

/* ---- crypto ---- */

static int crypto_sha256(lua_State *L)
{
    struct lua_box *box = box_of(L);
    lua_push_text(L, vault_sha256_hex(box->c->a, bytes_arg(box, 1)));
    return 1;
}

static int crypto_hmac(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str key = bytes_arg(box, 1);
    lua_push_text(L, vault_hmac_hex(box->c->a, key, bytes_arg(box, 2)));
    return 1;
}

static int crypto_base64(lua_State *L)
{
    struct lua_box *box = box_of(L);
    lua_push_text(L, vault_base64(box->c->a, bytes_arg(box, 1)));
    return 1;
}

static int crypto_unbase64(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str out;
    if (vault_unbase64(box->c->a, bytes_arg(box, 1), &out))
        lua_push_text(L, out);
    else
        lua_pushnil(L);
    return 1;
}

/* 26 letters and digits, 130 random bits of the host's generator. */
static int crypto_random_id(lua_State *L)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    struct ctx *c = box_of(L)->c;
    unsigned char raw[26];
    char text[sizeof(raw)];
    c->random(raw, sizeof(raw));
    for (size_t i = 0; i < sizeof(raw); i++)
        text[i] = digits[raw[i] % 32];
    lua_pushlstring(L, text, sizeof(text));
    return 1;
}

static int crypto_same(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str x = bytes_arg(box, 1);
    lua_pushboolean(L, vault_same(x, bytes_arg(box, 2)));
    return 1;
}

/* ---- log ---- */

static int log_line(lua_State *L, enum log_level level)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    struct str text = str_sub(box_str(box, 1), 0, LOG_BYTES);
    struct strb fields;
    struct json j;
    strb_init(&fields, c->a);
    json_init(&j, &fields);
    if (!lua_isnoneornil(L, 2))
        json_val(&j, box_val(box, 2));
    box_spend(box, text.n + fields.n);
    log_event(level, "script", LOG_TEXT("app", c->app ? c->app->key : STR_NONE),
              LOG_TEXT("script", box->script), LOG_TEXT("text", text),
              LOG_TEXT("fields", str_sub(strb_str(&fields), 0, LOG_BYTES)));
    return 0;
}

static int lua_log_info(lua_State *L)
{
    return log_line(L, LOG_INFO);
}

static int lua_log_warn(lua_State *L)
{
    return log_line(L, LOG_WARN);
}

static int lua_log_error(lua_State *L)
{
    return log_line(L, LOG_ERROR);
}

/* ---- i18n ---- */

static int i18n_lang(lua_State *L)
{
    lua_pushstring(L, box_of(L)->c->lang == LANG_ZH ? "zh" : "en");
    return 1;
}

/* i18n.pick{zh = …, en = …}: the reader's, else Chinese, else any. */
static int i18n_pick(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *const order[] = {box_of(L)->c->lang == LANG_ZH ? "zh" : "en", "zh", "en"};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        lua_pushstring(L, order[i]);
        if (lua_rawget(L, 1) == LUA_TSTRING)
            return 1;
        lua_pop(L, 1);
    }
    return luaL_argerror(L, 1, "give a text for zh or en");
}

static struct str form_path(struct lua_box *box, const struct form *form, const struct field *f,
                            struct str option)
{
    struct arena *a = box->c->a;
    struct str path = str_fmt(a, "forms.%.*s", STR_ARG(form->key));
    if (f)
        path = str_fmt(a, "%.*s.fields.%.*s", STR_ARG(path), STR_ARG(f->key));
    return option.n ? str_fmt(a, "%.*s.options.%.*s", STR_ARG(path), STR_ARG(option))
                    : str_fmt(a, "%.*s.title", STR_ARG(path));
}

/* i18n.title(form, field, option): how the reader's language names it; nil when there is none. */
static int i18n_title(lua_State *L)
{
    struct lua_box *box = box_of(L);
    const struct app *app = box->c->app;
    const struct form *form = app ? app_form(app, box_str(box, 1)) : NULL;
    bool of_field = !lua_isnoneornil(L, 2), of_option = !lua_isnoneornil(L, 3);
    const struct field *f = form && of_field ? form_field(form, box_str(box, 2)) : NULL;
    struct str key = of_option ? box_str(box, 3) : STR_NONE;
    const struct option *o = f && of_option ? field_option(f, key) : NULL;
    if (!form || (of_field && !f) || (of_option && !o)) {
        lua_pushnil(L);
        return 1;
    }
    struct str source = o ? o->title : f ? f->title : form->title;
    struct str lang = box->c->lang == LANG_ZH ? STR("zh") : STR("en");
    lua_push_text(L, app_text(app, lang, form_path(box, form, f, key), source));
    return 1;
}

/* ---- require ---- */

/* The table of what this event has loaded, by name; `false` while it loads. */
static void push_required(struct lua_box *box)
{
    lua_State *L = box->L;
    if (box->required == LUA_NOREF) {
        lua_newtable(L);
        box->required = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, box->required);
}

/* require("lead"): what scripts/lead.lua of this app returns; once for an event. */
static int lua_require(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str name = box_str(box, 1), script = box->script;
    if (!box->c->app ||
        !app_file(box->c->app, str_fmt(box->c->a, "scripts/%.*s.lua", STR_ARG(name))))
        return luaL_error(L, "the app has no script scripts/%s.lua", lua_tostring(L, 1));
    lua_settop(L, 1);
    push_required(box);
    lua_pushvalue(L, 1);
    int loaded = lua_rawget(L, 2);
    if (loaded == LUA_TTABLE)
        return 1;
    if (loaded == LUA_TBOOLEAN)
        return luaL_error(L, "%s requires itself", lua_tostring(L, 1));
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 0);
    lua_rawset(L, 2);
    if (box_load(box, box->c->app, name, &box->err))
        return box_raise(box);
    box->script = script;
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
    return 1;
}

static const struct lua_api ROWS[] = {
    {"json", "encode", lua_json_encode, NULL, "value: any", "string", "把值写成 JSON；空表是 {}",
     "A value as JSON; an empty table is {}", "json.encode({'a', 1, true})", "[\"a\",1,true]"},
    {"json", "decode", lua_json_decode, NULL, "text: string", "any", "读 JSON；null 是 nil",
     "Reads JSON; null is nil", "json.decode('[1, [2]]')[2][1]", "2"},
    {"crypto", "sha256", crypto_sha256, NULL, "text: string", "string", "SHA-256，十六进制",
     "SHA-256 in hex", "crypto.sha256('abc'):sub(1, 16)", "ba7816bf8f01cfea"},
    {"crypto", "hmac_sha256", crypto_hmac, NULL, "key: string, text: string", "string",
     "HMAC-SHA256，十六进制", "HMAC-SHA256 in hex",
     "crypto.hmac_sha256('Jefe', 'what do ya want for nothing?'):sub(1, 16)", "5bdcc146bf60754e"},
    {"crypto", "base64_encode", crypto_base64, NULL, "text: string", "string", "Base64 编码",
     "As base64", "crypto.base64_encode('hello')", "aGVsbG8="},
    {"crypto", "base64_decode", crypto_unbase64, NULL, "text: string", "string?",
     "Base64 解码；不合法是 nil", "From base64; nil when it is none",
     "crypto.base64_decode('aGVsbG8=')", "hello"},
    {"crypto", "random_id", crypto_random_id, NULL, "", "string", "26 个字符的随机标识",
     "A random identifier of 26 characters", "#crypto.random_id()", "26"},
    {"crypto", "same", crypto_same, NULL, "a: string, b: string", "boolean",
     "两个文本是否相同，用时与内容无关", "Whether two texts are the same, in constant time",
     "crypto.same('x', 'x')", "true"},
    {"log", "info", lua_log_info, NULL, "text: string, fields?: table", "", "写一行日志",
     "A line for the log", NULL, NULL},
    {"log", "warn", lua_log_warn, NULL, "text: string, fields?: table", "", "写一行警告",
     "A warning for the log", NULL, NULL},
    {"log", "error", lua_log_error, NULL, "text: string, fields?: table", "", "写一行错误",
     "An error for the log", NULL, NULL},
    {"i18n", "lang", i18n_lang, NULL, "", "string", "当前用户的语言，zh 或 en",
     "The language of whoever acts, zh or en", "i18n.lang()", "zh"},
    {"i18n", "pick", i18n_pick, NULL, "texts: {zh?: string, en?: string}", "string",
     "按当前用户的语言取一个文本", "The text in the language of whoever acts",
     "i18n.pick{zh = '你好', en = 'Hello'}", "你好"},
    {"i18n", "title", i18n_title, NULL, "form: string, field?: string, option?: string", "string?",
     "表单、字段或选项的名称", "What a form, a field or an option is called", NULL, NULL},
    {"", "require", lua_require, NULL, "name: string", "table",
     "本应用的另一个脚本 scripts/<name>.lua 返回的表",
     "What another script of the app, scripts/<name>.lua, returns", NULL, NULL},
};

const struct lua_api_list lua_api_std = {ROWS, ARRAY_LEN(ROWS)};
