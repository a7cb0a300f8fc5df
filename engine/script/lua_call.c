/*
 * The one way into Lua: a protected call with traceback, time budget and stack balance; and loading
 * a script into a fresh environment.
 */
#include "engine/script/lua_int.h"
#include "engine/base/log.h"
#include "engine/base/utf8.h"
#include <assert.h>
#include <stdlib.h>

#define CALLS_MAX   8 /* events inside events */
#define TRACE_BYTES 4000

/* "[string "scripts/lead.lua"]:12: text" or "scripts/lead.lua:12: text" to file, line and text. */
static struct str split_position(struct err *err, struct str msg)
{
    ptrdiff_t dot = str_find(msg, STR(".lua:"), 0);
    if (dot < 0)
        return msg;
    struct str file = str_sub(msg, 0, (size_t)dot + 4);
    struct str rest = str_sub(msg, (size_t)dot + 5, msg.n);
    struct str line;
    struct str text = str_cut(rest, ':', &line);
    int64_t n = 0;
    if (!str_int(line, 1, 1000000, &n))
        return msg;
    err_source(err, file, (struct src_pos){.line = (uint32_t)n, .column = 1});
    return str_trim(text);
}

static int add_traceback(lua_State *L)
{
    if (box_of(L)->stop != BOX_RUNS)
        return 1; /* no more Lua work past a limit */
    const char *msg = lua_tostring(L, 1);
    luaL_traceback(L, L, msg ? msg : "error object is not a text", 1);
    return 1;
}

static int limit_error(struct lua_box *box, struct err *err)
{
    struct str name = box->script;
    if (box->stop == BOX_MEMORY)
        return err_set(err, ERR_INVALID, "script_limit", "脚本 %.*s 占用内存过多，操作已撤销。",
                       "The script %.*s used too much memory; nothing was changed.", STR_ARG(name));
    (void)err_set(err, ERR_INVALID, "script_limit", "脚本 %.*s 运行超时，操作已撤销。",
                  "The script %.*s ran over its time limit; nothing was changed.", STR_ARG(name));
    if (box->stop_line)
        err_source(err, box->stop_file,
                   (struct src_pos){.line = (uint32_t)box->stop_line, .column = 1});
    return -1;
}

/* The error of a finished call, by what stopped it. */
static int call_failed(struct lua_box *box, struct err *err)
{
    lua_State *L = box->L;
    switch (box->stop) {
    case BOX_OOM: lua_settop(L, 0); oom_raise();
    case BOX_TIME:
    case BOX_STEPS:
    case BOX_MEMORY: return limit_error(box, err);
    case BOX_REJECT:
        return err_set(err, ERR_INVALID, "validation", "数据未通过检查。", "The data was refused.");
    case BOX_RUNS:
    case BOX_ERROR: break;
    }
    size_t n = 0;
    const char *p = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : "error";
    struct str msg = {p, n ? n : strlen(p)};
    struct str first;
    str_cut(msg, '\n', &first);
    struct err pos = ERR_INIT;
    struct str text = split_position(&pos, first);
    bool its_own = box->err.code != ERR_NONE && str_find(msg, str_of(box->err.en), 0) >= 0;
    if (box->err.code != ERR_NONE && !its_own)
        box->err = ERR_INIT; /* an earlier one, which the script caught */
    if (its_own) {
        struct err cause = box->err; /* err may be box->err itself: an event inside an event */
        box->err = ERR_INIT;
        *err = cause;
    } else {
        err_set(err, ERR_INVALID, "script_error", "脚本出错：%.*s", "The script failed: %.*s",
                STR_ARG(utf8_valid(text) ? text : STR("error")));
    }
    if (pos.file[0])
        err_source(err, str_of(pos.file), pos.pos);
    if (!box->c->trace.n) /* the innermost one says where it began */
        box->c->trace = str_dup(box->c->a, str_sub(msg, 0, TRACE_BYTES));
    if (!box->untimed) /* a scenario test reports by itself */
        log_event(LOG_WARN, "script_error", LOG_TEXT("script", box->script),
                  LOG_TEXT("error", msg));
    return -1;
}

int box_call(struct lua_box *box, int nargs, int nresults, struct err *err)
{
    lua_State *L = box->L;
    struct ctx *c = box->c;
    int top = lua_gettop(L) - nargs - 1;
    if (c->depth >= CALLS_MAX)
        return err_set(err, ERR_INVALID, "script_depth", "脚本相互触发的层数过多，操作已撤销。",
                       "Scripts triggered each other too deeply; nothing was changed.");
    bool outer = c->hook_deadline_us == 0;
    int64_t start = c->mono_us();
    if (outer) {
        box->steps = 0;
        c->hook_deadline_us = start + SCRIPT_HOOK_MS * 1000 - c->hook_spent_us;
    }
    box->deadline_us = c->hook_deadline_us;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, top + 1);
    c->depth++;
    int status = lua_pcall(L, nargs, nresults, top + 1);
    c->depth--;
    if (outer) {
        c->hook_spent_us += c->mono_us() - start;
        c->hook_deadline_us = 0;
    }
    if (status == LUA_ERRMEM && box->stop == BOX_RUNS)
        box->stop = BOX_MEMORY;
    if (status == LUA_OK && box->stop == BOX_RUNS) {
        lua_remove(L, top + 1);
        assert(nresults == LUA_MULTRET || lua_gettop(L) == top + nresults);
        return 0;
    }
    int rc = call_failed(box, err);
    lua_settop(L, top);
    return rc;
}

/* A fresh environment: reads fall through to the frozen globals, writes stay in it. */
static void push_environment(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_getfield(L, LUA_REGISTRYINDEX, "mortise");
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

int box_load(struct lua_box *box, const struct app *app, struct str name, struct err *err)
{
    return box_load_file(box, app, str_fmt(box->c->a, "scripts/%.*s.lua", STR_ARG(name)), err);
}

/* ---- chunks: compiled once for a version of an app ---- */

/* Bytecode of our own making, never a script's: those are loaded as text only. One malloc'ed block.
 */
struct chunk {
    size_t n, cap;
    char bytes[];
};

static int chunk_write(lua_State *L, const void *p, size_t n, void *ud)
{
    struct chunk **chunk = ud;
    (void)L;
    size_t have = *chunk ? (*chunk)->n : 0, cap = *chunk ? (*chunk)->cap : 0;
    if (have + n > cap) {
        cap = MAX(cap * 2, have + n);
        struct chunk *more = realloc(*chunk, sizeof(*more) + cap);
        if (!more)
            return 1;
        *chunk = more;
    }
    memcpy((*chunk)->bytes + have, p, n);
    (*chunk)->n = have + n;
    (*chunk)->cap = cap;
    return 0;
}

/* Keeps the function on top of the stack for later events; without memory they compile again. */
static void keep_chunk(lua_State *L, struct compiled *slot)
{
    struct chunk *chunk = NULL;
    void *none = NULL;
    bool made = lua_dump(L, chunk_write, &chunk, 0) == 0;
    if (!made || !atomic_compare_exchange_strong(&slot->block, &none, chunk))
        free(chunk); /* another thread was first */
}

/* Leaves the script's main function on the stack. */
static int push_chunk(struct lua_box *box, const struct app *app, const struct app_file *file,
                      struct err *err)
{
    lua_State *L = box->L;
    struct compiled *slot = &app->compiled[file - app->source.files];
    const char *name = str_z(box->c->a, str_fmt(box->c->a, "@%.*s", STR_ARG(file->path)));
    const struct chunk *chunk = atomic_load(&slot->block);
    if (chunk && luaL_loadbufferx(L, chunk->bytes, chunk->n, name, "b") == LUA_OK)
        return 0;
    if (chunk || luaL_loadbufferx(L, file->text.p, file->text.n, name, "t") != LUA_OK)
        return call_failed(box, err);
    keep_chunk(L, slot);
    return 0;
}

int box_load_file(struct lua_box *box, const struct app *app, struct str path, struct err *err)
{
    lua_State *L = box->L;
    box->script = path;
    const struct app_file *file = app_file(app, path);
    if (!file)
        return err_set(err, ERR_INVALID, "script_missing", "找不到脚本 %.*s。",
                       "There is no script %.*s.", STR_ARG(box->script));
    if (push_chunk(box, app, file, err) < 0)
        return -1;
    push_environment(L);
    lua_setupvalue(L, -2, 1);
    if (box_call(box, 0, 1, err) < 0)
        return -1;
    if (lua_istable(L, -1))
        return 0;
    lua_pop(L, 1);
    return err_set(err, ERR_INVALID, "script_error", "脚本 %.*s 应返回一个由函数组成的表。",
                   "The script %.*s must return a table of functions.", STR_ARG(box->script));
}
