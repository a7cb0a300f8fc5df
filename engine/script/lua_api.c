/*
 * The modules of scripts: opens one when a script first names it, and prints the table of all
 * functions for editors (LuaLS annotations) and for the manual (JSON).
 */
#include "engine/record/eval.h"
#include "engine/script/lua_int.h"
#include "engine/value/json.h"

#define PARAMS_MAX 8
#define EXPR_STEPS 200 /* what a call of an expression is charged */

static const struct lua_api_list *const LISTS[] = {&lua_api_app,     &lua_api_records,
                                                   &lua_api_std,     &lua_api_formula,
                                                   &lua_api_decimal, &lua_api_cache};

/* ---- functions that are expressions ---- */

/* Cuts "name?: type" off the front of a parameter list; the empty slice at its end. A comma inside
 * {} or () belongs to the type. */
static struct str next_param(struct str *rest)
{
    size_t i = 0;
    int depth = 0;
    for (; i < rest->n && (depth || rest->p[i] != ','); i++)
        depth +=
            (rest->p[i] == '{' || rest->p[i] == '(') - (rest->p[i] == '}' || rest->p[i] == ')');
    struct str param = str_trim(str_sub(*rest, 0, i));
    *rest = str_sub(*rest, MIN(i + 1, rest->n), rest->n);
    return param;
}

static struct str param_name(struct str param)
{
    size_t n = 0;
    while (n < param.n && param.p[n] != ':' && param.p[n] != '?')
        n++;
    return str_sub(param, 0, n);
}

/* Calls the expression of the row in upvalue 1 with the arguments under their names. */
static int call_expr(lua_State *L)
{
    struct lua_box *box = box_of(L);
    const struct lua_api *row = lua_touserdata(L, lua_upvalueindex(1));
    struct pair vars[PARAMS_MAX];
    struct str rest = str_of(row->params);
    size_t n = 0;
    for (struct str p; n < PARAMS_MAX && (p = next_param(&rest)).n; n++)
        vars[n] = (struct pair){param_name(p), box_val(box, (int)n + 1)};
    struct val out;
    box_spend(box, EXPR_STEPS);
    if (eval_text(box->c, str_of(row->expr), val_obj(vars, n), &out, &box->err))
        return box_raise(box);
    box_push(box, out);
    return 1;
}

static void push_function(lua_State *L, const struct lua_api *row)
{
    if (row->fn) {
        lua_pushcfunction(L, row->fn);
        return;
    }
    lua_pushlightuserdata(L, (void *)(uintptr_t)row);
    lua_pushcclosure(L, call_expr, 1);
}

/* Adds the functions of a module to the table on top: how many. */
static int add_functions(lua_State *L, const char *module)
{
    int added = 0;
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++)
        for (size_t k = 0; k < LISTS[i]->n; k++) {
            const struct lua_api *row = &LISTS[i]->rows[k];
            if (strcmp(row->module, module) != 0)
                continue;
            push_function(L, row);
            lua_setfield(L, -2, row->name);
            added++;
        }
    return added;
}

void lua_fill_methods(lua_State *L, const char *module)
{
    lua_newtable(L);
    add_functions(L, module);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

/* __index of the globals: opens the module that is named for the first time. */
static int open_module(lua_State *L)
{
    size_t n;
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    const char *name = lua_tolstring(L, 2, &n);
    lua_settop(L, 2);
    lua_newtable(L);
    /* "" holds the plain globals, types begin with a capital: neither is a module */
    if (!n || name[0] < 'a' || !add_functions(L, name))
        return 0;
    lua_freeze(L);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

void lua_open_api(struct lua_box *box)
{
    lua_State *L = box->L;
    add_functions(L, "");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, open_module);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* ---- for editors and the manual ---- */

static const char ANNOTATION_HEAD[] =
    "---@meta\n"
    "-- Mortise: what scripts may call. Made by `mortise schema lua`; put it where your editor's\n"
    "-- Lua language server finds it (workspace.library).\n\n"
    "---@class User\n---@field id string\n---@field login string\n---@field name string\n"
    "---@field roles table<string, boolean>\n\n"
    "---@class Context\n---@field user User?\n---@field via string\n---@field now string\n"
    "---@field ask table?\n\n"
    "---@alias DecimalLike Decimal|number|string\n";

/* What LuaLS is told of a type besides its methods. */
static const struct {
    const char *module, *lines;
} TYPES[] = {
    {"Form", ""},
    {"Decimal", "---@operator add(DecimalLike): Decimal\n---@operator sub(DecimalLike): Decimal\n"
                "---@operator mul(DecimalLike): Decimal\n---@operator div(DecimalLike): Decimal\n"
                "---@operator unm: Decimal\n"},
};

static bool is_type(const char *module)
{
    return module[0] >= 'A' && module[0] <= 'Z';
}

static bool first_of_module(const struct lua_api_list *list, size_t k)
{
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++)
        for (size_t j = 0; j < LISTS[i]->n; j++) {
            const struct lua_api *row = &LISTS[i]->rows[j];
            if (strcmp(row->module, list->rows[k].module) == 0)
                return row == &list->rows[k];
        }
    return false;
}

static void annotate_params(struct strb *out, const char *params)
{
    struct str rest = str_of(params);
    for (struct str p; (p = next_param(&rest)).n;) {
        struct str name = param_name(p);
        bool optional = name.n < p.n && p.p[name.n] == '?';
        struct str type = str_trim(str_sub(p, name.n + 1 + optional, p.n));
        strb_addf(out, "---@param %.*s%s %.*s\n", STR_ARG(name), optional ? "?" : "",
                  STR_ARG(type));
    }
}

static void annotate_signature(struct strb *out, const struct lua_api *row)
{
    strb_addf(out, "function %s%s%s(", row->module,
              is_type(row->module) ? ":"
              : row->module[0]     ? "."
                                   : "",
              row->name);
    struct str rest = str_of(row->params);
    bool more = false;
    for (struct str p; (p = next_param(&rest)).n; more = true) {
        strb_addz(out, more ? ", " : "");
        strb_add(out, param_name(p));
    }
    strb_addz(out, ") end\n");
}

static void annotate_module(struct strb *out, const char *module)
{
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++)
        if (strcmp(TYPES[i].module, module) == 0)
            strb_addf(out, "\n---@class %s\n%slocal ", module, TYPES[i].lines);
    strb_addf(out, "%s%s = {}\n", is_type(module) ? "" : "\n", module);
}

static void annotate(struct strb *out, const struct lua_api_list *list, size_t k)
{
    const struct lua_api *row = &list->rows[k];
    if (row->module[0] && first_of_module(list, k))
        annotate_module(out, row->module);
    strb_addf(out, "\n---%s\n---%s\n", row->zh, row->en);
    annotate_params(out, row->params);
    if (row->returns[0])
        strb_addf(out, "---@return %s\n", row->returns);
    annotate_signature(out, row);
}

void script_annotations(struct strb *out)
{
    strb_addz(out, ANNOTATION_HEAD);
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++)
        for (size_t k = 0; k < LISTS[i]->n; k++)
            annotate(out, LISTS[i], k);
}

static void api_row_json(struct json *j, const struct lua_api *row)
{
    json_begin_obj(j);
    json_kstr(j, "module", str_of(row->module));
    json_kstr(j, "name", str_of(row->name));
    json_kstr(j, "params", str_of(row->params));
    json_kstr(j, "returns", str_of(row->returns));
    json_kstr(j, "zh", str_of(row->zh));
    json_kstr(j, "en", str_of(row->en));
    if (row->example) {
        json_kstr(j, "example", str_of(row->example));
        json_kstr(j, "gives", str_of(row->gives));
    }
    json_end_obj(j);
}

void script_api_json(struct strb *out)
{
    struct json j;
    json_init(&j, out);
    json_begin_list(&j);
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++)
        for (size_t k = 0; k < LISTS[i]->n; k++)
            api_row_json(&j, &LISTS[i]->rows[k]);
    json_end_list(&j);
}
