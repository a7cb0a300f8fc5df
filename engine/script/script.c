/*
 * Runs an app's scripts at the events of records, at buttons and in flows (record/hooks.h).
 */
#include "engine/script/lua_int.h"

int box_raise(struct lua_box *box)
{
    if (box->err.code == ERR_OOM)
        box->stop = BOX_OOM;
    return luaL_error(box->L, "%s", box->err.en);
}

/*
 * One state per request, one environment per event. After a stop the state is dead: nothing more
 * runs in this request.
 */
static struct lua_box *box_get(struct ctx *c)
{
    if (!c->lua)
        c->lua = box_new(c);
    return c->lua;
}

/* An event: script and function, its rights, and where reject{} reports. */
struct event_call {
    struct str script;
    const char *function;
    struct str function_name; /* when function is NULL */
    bool as_system;
    struct diags *diags;
};

/* What an event inside an event must find again afterwards. */
struct box_saved {
    const struct principal *user;
    bool may_system;
    struct diags *diags;
    struct str script;
    int required;
};

/*
 * Loads the script and leaves its function on the stack: 1, 0 when the script has no such function
 * (the stack is as before), -1.
 */
static int push_function(struct lua_box *box, const struct event_call *call, struct err *err)
{
    lua_State *L = box->L;
    if (box_load(box, box->c->app, call->script, err) < 0)
        return -1;
    if (call->function)
        lua_pushstring(L, call->function);
    else
        lua_pushlstring(L, call->function_name.p, call->function_name.n);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (lua_isfunction(L, -1))
        return 1;
    lua_pop(L, 1);
    return 0;
}

static struct box_saved box_enter(struct lua_box *box, const struct event_call *call)
{
    struct box_saved saved = {box->user, box->may_system, box->diags, box->script, box->required};
    box->user = box->user ? box->user : box->c->who;
    box->may_system = call->as_system;
    box->diags = call->diags;
    box->required = LUA_NOREF;
    return saved;
}

static void box_leave(struct lua_box *box, const struct box_saved *saved)
{
    box->user = saved->user;
    box->may_system = saved->may_system;
    box->diags = saved->diags;
    box->script = saved->script;
    luaL_unref(box->L, LUA_REGISTRYINDEX, box->required);
    box->required = saved->required;
}

/* ---- record events ---- */

static const char *const before_names[] = {[REC_CREATE] = "before_create",
                                           [REC_UPDATE] = "before_update",
                                           [REC_DELETE] = "before_delete",
                                           [REC_RESTORE] = "before_restore"};
static const char *const after_names[] = {[REC_CREATE] = "after_create",
                                          [REC_UPDATE] = "after_update",
                                          [REC_DELETE] = "after_delete",
                                          [REC_RESTORE] = "after_restore"};

/* A script that does not mention the name has no such function: no state is needed at all. */
static bool mentions(const struct app *app, struct arena *a, struct str script, const char *name)
{
    const struct app_file *file = app_file(app, str_fmt(a, "scripts/%.*s.lua", STR_ARG(script)));
    return !file || str_find(file->text, str_of(name), 0) >= 0;
}

static void push_event_args(struct lua_box *box, const struct rec *rec, const struct rec *old,
                            bool with_old)
{
    box_push_rec(box, rec);
    if (with_old)
        box_push_rec(box, old);
    lua_push_ctx(box, VAL_NONE);
}

/* Lua work that may raise outside a protected call (out of memory while pushing) runs in here. */
struct protected_event {
    const struct event_call *call;
    enum rec_op op;
    struct rec *rec;
    const struct rec *old;
    bool take; /* before_*: take over what the script changed */
    struct err *err;
    int rc;
};

static int run_event(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct protected_event *e = lua_touserdata(L, 1);
    bool with_old = e->op == REC_UPDATE && e->old;
    lua_settop(L, 0);
    e->rc = push_function(box, e->call, e->err);
    if (e->rc <= 0)
        return 0;
    push_event_args(box, e->rec, e->old, with_old);
    lua_pushvalue(L, 2); /* the record's table, to be read back */
    lua_insert(L, 1);
    e->rc = box_call(box, with_old ? 3 : 2, 0, e->err);
    if (e->rc == 0 && e->take)
        e->rc = box_take_rec(box, 1, e->rec, e->call->diags, e->err);
    return 0;
}

static int protect(struct lua_box *box, lua_CFunction fn, void *arg, int *rc, struct err *err)
{
    lua_State *L = box->L;
    if (box->stop != BOX_RUNS)
        return err_set(err, ERR_INVALID, "script_limit", "脚本已停止运行。",
                       "The script was stopped.");
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return *rc < 0 ? -1 : 0;
    if (box->stop == BOX_OOM)
        oom_raise();
    box->stop = BOX_ERROR;
    err_set(err, ERR_INVALID, "script_error", "脚本出错：%s", "The script failed: %s",
            lua_tostring(L, -1));
    lua_pop(L, 1);
    return -1;
}

/* 1 it ran, 0 there is no such function, -1. */
static int record_event(struct ctx *c, const char *name, struct protected_event *e,
                        struct diags *diags, struct err *err)
{
    const struct form *f = e->rec->form;
    if (!f->hooks.n || !mentions(c->app, c->a, f->hooks, name))
        return 0;
    struct event_call call = {
        .script = f->hooks, .function = name, .as_system = f->hooks_as_system, .diags = diags};
    struct lua_box *box = box_get(c);
    struct box_saved saved = box_enter(box, &call);
    e->call = &call;
    e->err = err;
    int rc = protect(box, run_event, e, &e->rc, err);
    box_leave(box, &saved);
    return rc < 0 ? -1 : 1;
}

int script_before(struct ctx *c, enum rec_op op, struct rec *rec, const struct rec *old,
                  struct diags *diags, struct err *err)
{
    struct protected_event e = {
        .op = op, .rec = rec, .old = old, .take = op == REC_CREATE || op == REC_UPDATE};
    return record_event(c, before_names[op], &e, diags, err) < 0 ? -1 : 0;
}

int script_after(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                 struct err *err)
{
    struct rec copy = *rec; /* after_* reads only */
    struct protected_event e = {.op = op, .rec = &copy, .old = old};
    return record_event(c, after_names[op], &e, NULL, err);
}

/* ---- buttons and script nodes ---- */

struct protected_call {
    const struct event_call *call;
    const struct rec *rec;
    struct val ask;
    struct err *err;
    int rc;
};

static int run_named(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct protected_call *p = lua_touserdata(L, 1);
    lua_settop(L, 0);
    p->rc = push_function(box, p->call, p->err);
    if (p->rc == 0)
        p->rc = err_set(p->err, ERR_INVALID, "script_missing", "脚本 %.*s 中没有函数 %.*s。",
                        "The script %.*s has no function %.*s.", STR_ARG(p->call->script),
                        STR_ARG(p->call->function_name));
    if (p->rc <= 0)
        return 0;
    box_push_rec(box, p->rec);
    lua_push_ctx(box, p->ask);
    p->rc = box_call(box, 2, 0, p->err);
    return 0;
}

static int call_named(struct ctx *c, struct str name, struct protected_call *p,
                      struct event_call *call, struct err *err)
{
    call->function_name = str_cut(name, '.', &call->script);
    struct lua_box *box = box_get(c);
    struct box_saved saved = box_enter(box, call);
    p->call = call;
    p->err = err;
    int rc = protect(box, run_named, p, &p->rc, err);
    box_leave(box, &saved);
    return rc;
}

int script_button(struct ctx *c, const struct button *b, const struct rec *rec, struct val ask,
                  struct diags *diags, struct err *err)
{
    struct event_call call = {.as_system = b->as_system, .diags = diags};
    struct protected_call p = {.rec = rec, .ask = ask};
    return call_named(c, b->run, &p, &call, err);
}

int script_call(struct ctx *c, struct str name, const struct rec *rec, bool as_system,
                struct err *err)
{
    struct event_call call = {.as_system = as_system};
    struct protected_call p = {.rec = rec, .ask = VAL_NONE};
    return call_named(c, name, &p, &call, err);
}

/* ---- what is queued ---- */

struct protected_arg {
    const struct event_call *call;
    struct val arg;
    bool may_miss; /* a function that is not there is no error */
    struct err *err;
    int rc;
};

static int run_with(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct protected_arg *p = lua_touserdata(L, 1);
    lua_settop(L, 0);
    p->rc = push_function(box, p->call, p->err);
    if (p->rc == 0 && !p->may_miss)
        p->rc = err_set(p->err, ERR_INVALID, "script_missing", "脚本 %.*s 中没有函数 %.*s。",
                        "The script %.*s has no function %.*s.", STR_ARG(p->call->script),
                        STR_ARG(p->call->function_name));
    if (p->rc <= 0)
        return 0;
    box_push(box, p->arg);
    lua_push_ctx(box, VAL_NONE);
    p->rc = box_call(box, 2, 0, p->err);
    return 0;
}

static int call_with(struct ctx *c, const struct event_call *call, struct protected_arg *p,
                     struct err *err)
{
    struct lua_box *box = box_get(c);
    struct box_saved saved = box_enter(box, call);
    p->call = call;
    p->err = err;
    int rc = protect(box, run_with, p, &p->rc, err);
    box_leave(box, &saved);
    return rc;
}

bool script_has_committed(struct ctx *c, const struct form *f)
{
    return f->hooks.n && mentions(f->app, c->a, f->hooks, "committed");
}

int script_committed(struct ctx *c, const struct form *f, struct val change, struct err *err)
{
    struct diags none;
    diags_init(&none, c->a);
    const struct event_call call = {.script = f->hooks,
                                    .function = "committed",
                                    .as_system = f->hooks_as_system,
                                    .diags = &none};
    struct protected_arg p = {.arg = change, .may_miss = true};
    return call_with(c, &call, &p, err);
}

int script_call_with(struct ctx *c, struct str name, struct val arg, bool as_system,
                     struct err *err)
{
    struct diags none;
    struct event_call call = {.as_system = as_system, .diags = &none};
    struct protected_arg p = {.arg = arg};
    diags_init(&none, c->a);
    call.function_name = str_cut(name, '.', &call.script);
    return call_with(c, &call, &p, err);
}

/* ---- check ---- */

void script_check(struct arena *a, const struct app_source *src, struct diags *diags)
{
    lua_State *L = luaL_newstate();
    if (!L)
        oom_raise();
    for (size_t i = 0; i < src->nfiles; i++) {
        const struct app_file *f = &src->files[i];
        if (!str_ends(f->path, STR(".lua")))
            continue;
        const char *chunk = str_z(a, str_fmt(a, "@%.*s", STR_ARG(f->path)));
        if (luaL_loadbufferx(L, f->text.p, f->text.n, chunk, "t") != LUA_OK) {
            struct str msg = str_dup(a, str_of(lua_tostring(L, -1)));
            struct str head = STR_NONE, line = STR_NONE;
            struct str rest = str_cut(str_sub(msg, f->path.n, msg.n), ':', &head);
            struct str text = str_trim(str_cut(rest, ':', &line));
            int64_t n = 1;
            if (!str_int(line, 1, 1000000, &n))
                text = msg;
            diag_file(diags, DIAG_ERROR, f->path,
                      (struct src_pos){.line = (uint32_t)n, .column = 1}, "lua",
                      "Lua 语法错误：%.*s", "Lua syntax error: %.*s", STR_ARG(text));
        }
        lua_settop(L, 0);
    }
    lua_close(L);
}
