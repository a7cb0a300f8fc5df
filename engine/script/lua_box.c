/*
 * A sandboxed state: allocator with a cap, instruction and time budget that cannot be caught, and
 * only those library functions that neither reach outside nor run long without counting. Why each
 * thing is left out: design notes in engine/docs/adr/0005-lua.md.
 */
#include "engine/script/lua_int.h"
#include <stdlib.h>

#define HOOK_EVERY 1000
#define SORT_MAX   100000
#define MOVE_MAX   1000000

/* ---- memory ---- */

static void *box_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct lua_box *box = ud;
    size_t old = ptr ? osize : 0;
    if (nsize == 0) {
        free(ptr);
        box->used_bytes -= old;
        return NULL;
    }
    if (nsize > old && box->used_bytes - old + nsize > box->cap_bytes) {
        if (box->stop == BOX_RUNS)
            box->stop = BOX_MEMORY;
        return NULL;
    }
    void *p = realloc(ptr, nsize);
    if (p)
        box->used_bytes = box->used_bytes - old + nsize;
    return p;
}

/* ---- budget ---- */

struct lua_box *box_of(lua_State *L)
{
    return *(struct lua_box **)lua_getextraspace(L);
}

static const char *stop_text(enum box_stop stop)
{
    static const char *const texts[] = {
        [BOX_RUNS] = "",
        [BOX_TIME] = "time limit exceeded",
        [BOX_STEPS] = "step limit exceeded",
        [BOX_MEMORY] = "memory limit exceeded",
        [BOX_OOM] = "out of memory",
        [BOX_REJECT] = "rejected",
        [BOX_ERROR] = "the operation failed",
    };
    return texts[stop];
}

void box_check(struct lua_box *box)
{
    if (box->stop != BOX_RUNS)
        luaL_error(box->L, "%s", stop_text(box->stop));
}

/* The innermost line of a script, for the one who has to mend it. */
static void note_place(struct lua_box *box)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(box->L, level, &ar) && !box->stop_line; level++) {
        if (!lua_getinfo(box->L, "Sl", &ar) || ar.currentline <= 0 || ar.source[0] != '@')
            continue;
        box->stop_file = str_dup(box->c->a, str_of(ar.source + 1));
        box->stop_line = ar.currentline;
    }
}

static bool over_budget(struct lua_box *box)
{
    if (box->stop != BOX_RUNS)
        return true;
    if (box->untimed)
        return false;
    if (box->steps > SCRIPT_STEPS)
        box->stop = BOX_STEPS;
    else if (box->c->mono_us() > box->deadline_us)
        box->stop = BOX_TIME;
    if (box->stop != BOX_RUNS)
        note_place(box);
    return box->stop != BOX_RUNS;
}

void box_spend(struct lua_box *box, uint64_t n)
{
    box->steps += n;
    if (over_budget(box))
        box_check(box);
}

/* Once the budget is gone the hook fires on every instruction, so pcall in a loop ends too. */
static void count_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct lua_box *box = box_of(L);
    box->steps += HOOK_EVERY;
    if (!over_budget(box))
        return;
    lua_sethook(L, count_hook, LUA_MASKCOUNT, 1);
    box_check(box);
}

/* ---- base library, by allow-list ---- */

/* Tables and functions print without their address. */
static int safe_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    int type = lua_type(L, 1);
    bool plain =
        type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN || type == LUA_TNIL;
    if (plain || luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
        if (!plain)
            lua_pop(L, 1);
        luaL_tolstring(L, 1, NULL);
        return 1;
    }
    lua_pushstring(L, lua_typename(L, type));
    return 1;
}

static int safe_pcall(lua_State *L)
{
    struct lua_box *box = box_of(L);
    luaL_checkany(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    box_check(box); /* limits and reject{} are not caught */
    if (status == LUA_ERRMEM) {
        box->stop = BOX_MEMORY;
        box_check(box);
    }
    lua_pushboolean(L, status == LUA_OK);
    lua_insert(L, 1);
    return lua_gettop(L);
}

static int safe_setmetatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int t = lua_type(L, 2);
    luaL_argexpected(L, t == LUA_TNIL || t == LUA_TTABLE, 2, "nil or table");
    static const char *const refused[] = {"__gc", "__close", "__mode"};
    for (size_t i = 0; t == LUA_TTABLE && i < ARRAY_LEN(refused); i++) {
        lua_pushstring(L, refused[i]);
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "%s is not available", refused[i]);
        lua_pop(L, 1);
    }
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static const char *const base_kept[] = {"assert", "error",    "getmetatable", "ipairs", "next",
                                        "pairs",  "rawequal", "rawget",       "rawlen", "rawset",
                                        "select", "tonumber", "type"};
static const luaL_Reg base_own[] = {{"pcall", safe_pcall},
                                    {"setmetatable", safe_setmetatable},
                                    {"tostring", safe_tostring},
                                    {NULL, NULL}};

/* ---- table library: plain tables only, so that no metamethod makes a C loop endless ---- */

static void plain_table(lua_State *L, int arg)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    if (lua_getmetatable(L, arg))
        luaL_argerror(L, arg, "a table without a metatable is needed");
}

/* Calls the library's own function, kept as upvalue 1, after the checks. */
static int call_original(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int table_plain(lua_State *L)
{
    plain_table(L, 1);
    box_spend(box_of(L), lua_rawlen(L, 1) / 16);
    return call_original(L);
}

static int table_sort(lua_State *L)
{
    plain_table(L, 1);
    if (lua_rawlen(L, 1) > SORT_MAX)
        return luaL_error(L, "too many items to sort");
    box_spend(box_of(L), lua_rawlen(L, 1) * 16);
    return call_original(L);
}

static int table_move(lua_State *L)
{
    plain_table(L, 1);
    if (!lua_isnoneornil(L, 5))
        plain_table(L, 5);
    lua_Integer from = luaL_checkinteger(L, 2);
    lua_Integer to = luaL_checkinteger(L, 3);
    if (to >= from && (lua_Unsigned)to - (lua_Unsigned)from >= MOVE_MAX)
        return luaL_error(L, "too many items to move");
    return call_original(L);
}

static const luaL_Reg table_wrapped[] = {{"concat", table_plain},
                                         {"insert", table_plain},
                                         {"remove", table_plain},
                                         {"unpack", table_plain},
                                         {"sort", table_sort},
                                         {"move", table_move},
                                         {NULL, NULL}};

/* ---- string library ---- */

/* %s goes through the address-free tostring, %p is refused, widths are short. */
static int string_format(lua_State *L)
{
    size_t n;
    const char *f = luaL_checklstring(L, 1, &n);
    int arg = 1;
    for (size_t i = 0; i < n; i++) {
        if (f[i] != '%')
            continue;
        if (++i < n && f[i] == '%')
            continue;
        arg++;
        while (i < n && strchr("-+ #0123456789.", f[i]))
            i++;
        if (i < n && f[i] == 'p')
            return luaL_error(L, "%%p is not available");
        if (i < n && f[i] == 's' && lua_gettop(L) >= arg) {
            lua_pushcfunction(L, safe_tostring);
            lua_pushvalue(L, arg);
            lua_call(L, 1, 1);
            lua_replace(L, arg);
        }
    }
    return call_original(L);
}

static int string_rep(lua_State *L)
{
    size_t n, sep = 0;
    luaL_checklstring(L, 1, &n);
    lua_Integer times = luaL_checkinteger(L, 2);
    if (!lua_isnoneornil(L, 3))
        luaL_checklstring(L, 3, &sep);
    if (times > 0 && (n + sep) > 0 && (size_t)times > SCRIPT_MEMORY_BYTES / (n + sep))
        return luaL_error(L, "the text would be too long");
    return call_original(L);
}

static const char *const string_kept[] = {"byte",    "char", "len",  "lower",
                                          "reverse", "sub",  "upper"};
static const luaL_Reg string_wrapped[] = {
    {"format", string_format}, {"rep", string_rep}, {NULL, NULL}};

/* Copies the named functions from the library table on top of the stack into table `to`. */
static void keep(lua_State *L, int to, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lua_getfield(L, -1, names[i]);
        lua_setfield(L, to, names[i]);
    }
}

static void wrap(lua_State *L, int to, const luaL_Reg *fns)
{
    for (; fns->name; fns++) {
        lua_getfield(L, -1, fns->name);
        lua_pushcclosure(L, fns->func, 1);
        lua_setfield(L, to, fns->name);
    }
}

static int read_only(lua_State *L)
{
    return luaL_error(L, "this table is read-only");
}

void lua_freeze(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, read_only);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

static const char *const math_kept[] = {"abs", "ceil", "exp",        "floor", "fmod",       "huge",
                                        "log", "max",  "maxinteger", "min",   "mininteger", "modf",
                                        "pi",  "sqrt", "tointeger",  "type",  "ult"};
static const char *const utf8_kept[] = {"char", "charpattern", "codepoint", "len", "offset"};
static const char *const table_kept[] = {"pack"};

static void open_library(lua_State *L, const char *name, lua_CFunction open)
{
    luaL_requiref(L, name, open, 0);
}

/* One library: kept functions as they are, wrapped ones behind their checks. */
struct library {
    const char *name;
    lua_CFunction open;
    const char *const *kept;
    size_t nkept;
    const luaL_Reg *wrapped;
};

static const struct library libraries[] = {
    {LUA_STRLIBNAME, luaopen_string, string_kept, ARRAY_LEN(string_kept), string_wrapped},
    {LUA_TABLIBNAME, luaopen_table, table_kept, ARRAY_LEN(table_kept), table_wrapped},
    {LUA_MATHLIBNAME, luaopen_math, math_kept, ARRAY_LEN(math_kept), NULL},
    {LUA_UTF8LIBNAME, luaopen_utf8, utf8_kept, ARRAY_LEN(utf8_kept), NULL},
};

/* ("x"):upper() goes to the same table; nobody reaches the metatable. */
static void bind_text_methods(lua_State *L, int to)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, to);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_settop(L, to);
}

/* Builds the library's table and keeps it frozen as globals.name. */
static void add_library(struct lua_box *box, int globals, const struct library *lib)
{
    lua_State *L = box->L;
    lua_newtable(L);
    int to = lua_gettop(L);
    open_library(L, lib->name, lib->open);
    keep(L, to, lib->kept, lib->nkept);
    if (lib->wrapped)
        wrap(L, to, lib->wrapped);
    lua_settop(L, to);
    if (lib->open == luaopen_string) {
        lua_open_pattern(box);
        bind_text_methods(L, to);
    }
    lua_freeze(L);
    lua_setfield(L, globals, lib->name);
}

/* Builds the read-only table of globals and keeps it in the registry as "mortise". */
static int open_all(lua_State *L)
{
    struct lua_box *box = box_of(L);
    lua_newtable(L);
    int g = lua_gettop(L);
    open_library(L, LUA_GNAME, luaopen_base);
    keep(L, g, base_kept, ARRAY_LEN(base_kept));
    lua_settop(L, g);
    luaL_setfuncs(L, base_own, 0);
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        add_library(box, g, &libraries[i]);
    lua_open_api(box);
    lua_settop(L, g);
    lua_setfield(L, LUA_REGISTRYINDEX, "mortise");
    return 0;
}

/* ---- life ---- */

static void box_close(void *arg)
{
    struct lua_box *box = arg;
    if (box->L) {
        lua_sethook(box->L, NULL, 0, 0);
        lua_close(box->L);
    }
    free(box);
}

/*
 * A new box; closed when c->a is reset. Heap, not arena: lua_close() still calls the allocator.
 * Unwinds when there is no memory.
 */
struct lua_box *box_new(struct ctx *c)
{
    struct lua_box *box = calloc(1, sizeof(*box));
    if (!box)
        oom_raise();
    arena_defer(c->a, box_close, box);
    box->c = c;
    box->cap_bytes = SCRIPT_MEMORY_BYTES;
    box->required = LUA_NOREF;
    box->L = lua_newstate(box_alloc, box);
    if (!box->L)
        oom_raise();
    *(struct lua_box **)lua_getextraspace(box->L) = box;
    lua_pushcfunction(box->L, open_all);
    if (lua_pcall(box->L, 0, 0, 0) != LUA_OK)
        oom_raise();
    lua_sethook(box->L, count_hook, LUA_MASKCOUNT, HOOK_EVERY);
    return box;
}
