/*
 * Scenario tests of an app (definitions.md §9): each function of tests/<file>.lua runs inside one
 * write transaction that is rolled back, so tests do not see each other. Members of the roles,
 * named after them, are there. Each step runs with its own budget and its own box, as a request
 * would.
 */
#include "engine/org/member.h"
#include "engine/script/lua_int.h"
#include <math.h>
#include <stdlib.h>

#define TEST_ARENA_BYTES (256u << 20)
#define TEST_META        "mortise.test"
#define TASK_META        "mortise.task"
#define SHOW_DEPTH       3
#define TEST_GRACE_US    450000 /* beyond a hook's 50 ms: a busy machine is no endless loop */

/* What one running test shares with its functions; box->test. */
struct lua_test {
    struct ctx *c;
    struct diags diags; /* of the last failed step */
};

/* `t`, and what t:as(role) gives: a set of functions that act as somebody. */
struct actor {
    const struct principal *who;
};

static struct lua_test *test_of(lua_State *L)
{
    return box_of(L)->test;
}

/* ---- acting as somebody, one step at a time ---- */

/* What a step of its own budget sets aside and finds again. */
struct step {
    const struct principal *who;
    int64_t deadline_us, spent_us;
    int depth;
    void *lua, *records;
    enum via via;
};

static struct step step_begin(struct ctx *c, const struct principal *who)
{
    struct step s = {c->who, c->hook_deadline_us, c->hook_spent_us, c->depth, c->lua, c->records,
                     c->via};
    c->who = who;
    c->hook_deadline_us = 0;
    c->hook_spent_us = -TEST_GRACE_US;
    c->depth = 0;
    c->lua = NULL;
    c->records = NULL;
    c->via = VIA_API;
    return s;
}

static void step_end(struct ctx *c, const struct step *s)
{
    c->who = s->who;
    c->hook_deadline_us = s->deadline_us;
    c->hook_spent_us = s->spent_us;
    c->depth = s->depth;
    c->lua = s->lua;
    c->records = s->records;
    c->via = s->via;
}

/* Forgets the last failure; the next one is reported alone. */
static void forget(lua_State *L)
{
    struct lua_test *t = test_of(L);
    diags_init(&t->diags, t->c->a);
    box_of(L)->diags = &t->diags;
    box_of(L)->err = ERR_INIT;
}

/* Calls the function below its `nargs` arguments as `who`; results are left; errors go on. */
static int call_as(lua_State *L, const struct principal *who, int nargs)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    const struct principal *user = box->user;
    int base = lua_gettop(L) - nargs - 1;
    forget(L);
    struct step s = step_begin(c, who);
    box->user = who;
    int status = lua_pcall(L, nargs, LUA_MULTRET, 0);
    box->user = user;
    step_end(c, &s);
    if (status != LUA_OK)
        return lua_error(L);
    return lua_gettop(L) - base;
}

/* Runs one engine call in a savepoint, so that a caught failure leaves nothing behind. */
typedef int step_fn(struct ctx *c, void *arg, struct diags *diags, struct err *err);
static int run_step(lua_State *L, const struct principal *who, step_fn *fn, void *arg)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    forget(L);
    struct step s = step_begin(c, who);
    int rc = store_savepoint(c->db, &box->err);
    if (rc == 0 && (rc = fn(c, arg, box->diags, &box->err)) < 0)
        store_rollback(c->db);
    else if (rc == 0)
        rc = store_release(c->db, &box->err);
    step_end(c, &s);
    return rc < 0 ? box_raise(box) : 0;
}

static const struct principal *actor_arg(lua_State *L)
{
    struct actor *a = luaL_checkudata(L, 1, TEST_META);
    return a->who;
}

static void push_actor(lua_State *L, const struct principal *who)
{
    struct actor *a = lua_newuserdatauv(L, sizeof(*a), 0);
    a->who = who;
    luaL_setmetatable(L, TEST_META);
}

static int64_t member_arg(lua_State *L, int arg)
{
    struct lua_box *box = box_of(L);
    struct str login = box_str(box, arg);
    int64_t id = 0;
    int found = member_by_login(box->c, login, &id, &box->err);
    if (found < 0)
        box_raise(box);
    if (found == 0)
        luaL_error(L, "there is no member %s", lua_tostring(L, arg));
    return id;
}

/* t:as("channel_rep"): from now on t acts as the member of that role; also gives an actor that
 * always does. */
static int test_as(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct actor *a = luaL_checkudata(L, 1, TEST_META);
    struct principal *who = ARENA_NEW(box->c->a, struct principal);
    if (member_load(box->c, member_arg(L, 2), who, &box->err) < 0)
        return box_raise(box);
    a->who = who;
    push_actor(L, who);
    return 1;
}

static int test_member(lua_State *L)
{
    char buf[16];
    struct str id = id_print(member_arg(L, 2), buf);
    lua_pushlstring(L, id.p, id.n);
    return 1;
}

/* ---- t:form(key): the methods of app.form, as somebody ---- */

/* Upvalues: the form, its actor, the method. Called as f:create{…}; argument 1 is the table. */
static int form_method(lua_State *L)
{
    struct actor *a = lua_touserdata(L, lua_upvalueindex(2));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_replace(L, 1);
    lua_pushvalue(L, lua_upvalueindex(3));
    lua_insert(L, 1);
    return call_as(L, a->who, lua_gettop(L) - 1);
}

static int test_form(lua_State *L)
{
    static const char *const names[] = {"get",    "find",   "count", "sum",
                                        "create", "update", "delete"};
    struct lua_box *box = box_of(L);
    const struct principal *who = actor_arg(L);
    const struct form *form = app_form(box->c->app, box_str(box, 2));
    if (!form)
        return luaL_error(L, "there is no form %s", lua_tostring(L, 2));
    lua_push_form(L, form);
    int handle = lua_gettop(L);
    push_actor(L, who); /* keeps who acts, whatever t does later */
    luaL_getmetafield(L, handle, "__index");
    lua_createtable(L, 0, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        lua_pushvalue(L, handle);
        lua_pushvalue(L, handle + 1);
        lua_getfield(L, handle + 2, names[i]);
        lua_pushcclosure(L, form_method, 3);
        lua_setfield(L, -2, names[i]);
    }
    return 1;
}

/* ---- t:button(rec, key, ask) ---- */

struct button_step {
    const struct form *form;
    const struct button *button;
    int64_t id;
    struct val ask;
    struct rec out;
};

static int press(struct ctx *c, void *arg, struct diags *diags, struct err *err)
{
    struct button_step *b = arg;
    struct button_press bp = {b->form, b->id, b->button, b->ask};
    return record_button(c, &bp, &b->out, diags, err);
}

/* The form that has this button and this record; ids are unique over all forms. */
static void button_find(struct lua_box *box, struct str key, struct button_step *out)
{
    struct ctx *c = box->c;
    struct rec found;
    for (size_t i = 0; i < c->app->nforms; i++) {
        const struct form *f = c->app->forms[i];
        const struct button *b = form_button(f, key);
        int there = b ? record_load(c, f, out->id, REC_LIVE, &found, &box->err) : 0;
        if (there < 0)
            box_raise(box);
        if (there) {
            out->form = f;
            out->button = b;
            return;
        }
    }
    luaL_error(box->L, "no form with a button %s has this record", str_z(c->a, key));
}

static int test_button(lua_State *L)
{
    struct lua_box *box = box_of(L);
    const struct principal *who = actor_arg(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "_id");
    struct button_step b = {.ask = lua_isnoneornil(L, 4) ? VAL_NONE : box_val(box, 4)};
    if (lua_type(L, -1) != LUA_TSTRING || !id_parse(box_str(box, -1), &b.id))
        return luaL_argerror(L, 2, "a record with _id is needed");
    button_find(box, box_str(box, 3), &b);
    run_step(L, who, press, &b);
    box_push_rec(box, &b.out);
    return 1;
}

/* ---- t:task(node):approve{comment = …} ---- */

struct task_handle {
    const struct principal *who;
    int64_t id;
};

struct task_step {
    int64_t task;
    struct str action;
    struct val body;
};

static int act(struct ctx *c, void *arg, struct diags *diags, struct err *err)
{
    struct task_step *t = arg;
    return engine_hooks(c->engine)->act(c, t->task, t->action, t->body, diags, err);
}

/* Upvalue 1: the action's name. */
static int task_action(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct task_handle *h = luaL_checkudata(L, 1, TASK_META);
    struct task_step t = {
        .task = h->id,
        .action = box_str(box, lua_upvalueindex(1)),
        .body = lua_isnoneornil(L, 2) ? VAL_NONE : box_val(box, 2),
    };
    run_step(L, h->who, act, &t);
    return 0;
}

static int task_index(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TSTRING);
    lua_settop(L, 2);
    lua_pushcclosure(L, task_action, 1);
    return 1;
}

/* The newest open task of the one who acts at this node. */
static int test_task(lua_State *L)
{
    struct lua_box *box = box_of(L);
    const struct principal *who = actor_arg(L);
    struct sql q;
    sql_init(&q, box->c->a, store_dialect(box->c->store));
    sql_lit(&q, "SELECT id FROM _task WHERE state = 'open' AND holder = ");
    sql_bind_int(&q, who->id);
    sql_lit(&q, " AND node = ");
    sql_bind_str(&q, box_str(box, 2));
    sql_lit(&q, " ORDER BY id DESC LIMIT 1");
    int64_t id = 0;
    int found = store_get_int(box->c->db, box->c->a, &q, &id, &box->err);
    if (found < 0)
        return box_raise(box);
    if (found == 0)
        return luaL_error(L, "no open task at %s", lua_tostring(L, 2));
    struct task_handle *h = lua_newuserdatauv(L, sizeof(*h), 0);
    *h = (struct task_handle){who, id};
    luaL_setmetatable(L, TASK_META);
    return 1;
}

/* ---- the clock ---- */

static int test_clock(lua_State *L)
{
    struct lua_box *box = box_of(L);
    if (!civil_parse_instant(box_str(box, 2), &box->c->now_us))
        return luaL_argerror(L, 2, "an instant such as 2026-11-24T02:00:00Z is needed");
    return 0;
}

/* t:run_jobs(): what is due at the test's clock; returns how many. */
static int test_run_jobs(lua_State *L)
{
    struct lua_box *box = box_of(L);
    const struct rec_hooks *hooks = engine_hooks(box->c->engine);
    int64_t n = 0;
    if (hooks->due && hooks->due(box->c, &n, &box->err) < 0)
        return box_raise(box);
    lua_pushinteger(L, n);
    return 1;
}

/* ---- expectations ---- */

static bool same(lua_State *L, int a, int b, int depth)
{
    if (lua_type(L, a) == LUA_TNUMBER && lua_type(L, b) == LUA_TNUMBER) {
        double x = lua_tonumber(L, a), y = lua_tonumber(L, b);
        return fabs(x - y) <= 1e-9 * fmax(1, fabs(x));
    }
    if (lua_type(L, a) != LUA_TTABLE || lua_type(L, b) != LUA_TTABLE || depth > SHOW_DEPTH)
        return lua_compare(L, a, b, LUA_OPEQ);
    luaL_checkstack(L, 8, "value too deep");
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, a); lua_pop(L, 1), n++) {
        lua_pushvalue(L, -2);
        lua_gettable(L, b);
        bool equal = same(L, lua_gettop(L) - 1, lua_gettop(L), depth + 1);
        lua_pop(L, 1);
        if (!equal) {
            lua_pop(L, 2);
            return false;
        }
    }
    for (lua_pushnil(L); lua_next(L, b); lua_pop(L, 1))
        n--;
    return n == 0;
}

static void show(lua_State *L, int index, struct strb *out, int depth)
{
    struct lua_box *box = box_of(L);
    if (lua_type(L, index) == LUA_TSTRING) {
        strb_addf(out, "\"%.*s\"", STR_ARG(box_str(box, index)));
    } else if (lua_type(L, index) == LUA_TTABLE && depth < SHOW_DEPTH) {
        strb_addc(out, '{');
        luaL_checkstack(L, 8, "value too deep");
        for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
            if (lua_type(L, -2) == LUA_TSTRING)
                strb_addf(out, "%s = ", lua_tostring(L, -2));
            show(L, lua_gettop(L), out, depth + 1);
            strb_addz(out, ", ");
        }
        strb_addc(out, '}');
    } else {
        strb_addz(out, luaL_tolstring(L, index, NULL));
        lua_pop(L, 1);
    }
}

/* t:expect(got, wanted) */
static int test_expect(lua_State *L)
{
    lua_settop(L, 3);
    if (same(L, 2, 3, 0))
        return 0;
    struct strb b;
    strb_init(&b, box_of(L)->c->a);
    strb_addz(&b, "expected ");
    show(L, 3, &b, 0);
    strb_addz(&b, ", got ");
    show(L, 2, &b, 0);
    return luaL_error(L, "%s", str_z(box_of(L)->c->a, strb_str(&b)));
}

/* The stable keys of the last failure: of the error and of what it lists. */
static bool failed_with(const struct lua_box *box, struct str code)
{
    if (str_eqz(code, box->err.key))
        return true;
    for (size_t i = 0; i < box->diags->list.n; i++)
        if (str_eq(box->diags->list.v[i].key, code))
            return true;
    return false;
}

/* t:fails(function, code): the function must be refused, with that code if one is given. */
static int test_fails(lua_State *L)
{
    struct lua_box *box = box_of(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 3);
    forget(L);
    lua_pushvalue(L, 2);
    int status = lua_pcall(L, 0, 0, 0);
    box_check(box);
    if (status == LUA_OK)
        return luaL_error(L, "this should have been refused");
    bool refused = box->err.code != ERR_NONE;
    if (!refused)
        return lua_error(L); /* a mistake of the test itself */
    if (!lua_isnoneornil(L, 3) && !failed_with(box, box_str(box, 3)))
        return luaL_error(L, "expected %s, got %s", lua_tostring(L, 3), box->err.key);
    forget(L);
    return 0;
}

/* ---- running ---- */

static const luaL_Reg test_methods[] = {{"as", test_as},
                                        {"member", test_member},
                                        {"form", test_form},
                                        {"button", test_button},
                                        {"task", test_task},
                                        {"clock", test_clock},
                                        {"expect", test_expect},
                                        {"fails", test_fails},
                                        {"run_jobs", test_run_jobs},
                                        {NULL, NULL}};

static void open_test(lua_State *L)
{
    luaL_newmetatable(L, TEST_META);
    luaL_newlib(L, test_methods);
    lua_setfield(L, -2, "__index");
    luaL_newmetatable(L, TASK_META);
    lua_pushcfunction(L, task_index);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
}

/* One member per role, named after it, as the demo has. */
static int add_members(struct ctx *c, struct err *err)
{
    struct diags diags;
    diags_init(&diags, c->a);
    for (size_t i = 0; i < c->app->nroles; i++) {
        struct role_of role = {c->app->key, c->app->roles[i].key};
        struct member_spec spec = {
            .login = role.role, .name = c->app->roles[i].title, .roles = &role, .nroles = 1};
        int64_t id;
        int there = member_by_login(c, spec.login, &id, err);
        if (there < 0 || (there == 0 && member_add(c, &spec, STR_NONE, &id, &diags, err) < 0))
            return -1;
    }
    return 0;
}

struct test_job {
    struct ctx *c;
    struct str file, name;
    struct test_result *result;
};

/* What went wrong in one line: the engine's words and each field's, or Lua's. */
static struct str failure(struct ctx *c, const struct lua_test *t, const struct err *err)
{
    struct strb b;
    strb_init(&b, c->a);
    if (err->file[0])
        strb_addf(&b, "%s:%u: ", err->file, err->pos.line);
    strb_addz(&b, err->zh);
    for (size_t i = 0; i < t->diags.list.n; i++) {
        const struct diag *g = &t->diags.list.v[i];
        strb_addf(&b, " [%.*s: %.*s]", STR_ARG(g->path), STR_ARG(g->zh));
    }
    return strb_str(&b);
}

/* Always fails, so that everything is rolled back; what happened is in the result. */
static int run_test(struct ctx *c, void *arg, struct err *err)
{
    struct test_job *job = arg;
    struct lua_test t = {.c = c};
    struct lua_box *box = box_new(c);
    lua_State *L = box->L;
    box->untimed = true;
    box->test = &t;
    box->user = c->who;
    job->result->ok = false;
    diags_init(&t.diags, c->a);
    box->diags = &t.diags;
    open_test(L);
    struct err failed = ERR_INIT;
    int rc = add_members(c, &failed);
    if (rc == 0)
        rc = box_load_file(box, c->app, job->file, &failed);
    if (rc == 0) {
        lua_pushlstring(L, job->name.p, job->name.n);
        lua_rawget(L, -2);
        push_actor(L, c->who);
        rc = box_call(box, 1, 0, &failed);
    }
    job->result->ok = rc == 0;
    if (rc < 0)
        job->result->message = failure(c, &t, &failed);
    box->test = NULL;
    return err_set(err, ERR_INVALID, "test_done", "测试结束。", "The test is done.");
}

/* Names of the functions of one file, in order of their text. */
static int name_cmp(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_cmp(*x, *y);
}

static int list_tests(struct ctx *c, struct arena *a, struct str file, struct str **names,
                      size_t *n, struct err *err)
{
    VEC(struct str) found = {0};
    struct lua_box *box = box_new(c);
    box->untimed = true;
    if (box_load_file(box, c->app, file, err) < 0)
        return -1;
    for (lua_pushnil(box->L); lua_next(box->L, -2); lua_pop(box->L, 1)) {
        size_t len;
        const char *p =
            lua_type(box->L, -2) == LUA_TSTRING ? lua_tolstring(box->L, -2, &len) : NULL;
        if (p && lua_isfunction(box->L, -1))
            vec_push(a, &found, str_dup(a, (struct str){p, len}));
    }
    if (found.n)
        qsort(found.v, found.n, sizeof(*found.v), name_cmp);
    *names = found.v;
    *n = found.n;
    return 0;
}

/* One test in its own arena and its own transaction. */
static int run_in_store(struct conn *db, void *arg, struct err *err)
{
    struct test_job *job = arg;
    job->c->db = db;
    return run_test(job->c, job, err);
}

static int run_one(const struct ctx *outer, struct test_job *job, struct err *err)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    struct ctx c = *outer;
    c.a = a;
    c.lua = NULL;
    job->c = &c;
    struct err done = ERR_INIT;
    int rc = store_write(c.store, run_in_store, job, &done);
    struct test_result *r = job->result;
    if (rc < 0 && !str_eqz(STR("test_done"), done.key)) {
        r->ok = false;
        r->message = str_of(done.zh);
    }
    r->message = str_dup(outer->a, r->message);
    arena_free(&a);
    return 0;
}

int script_tests(struct ctx *c, struct test_result **out, size_t *n, struct err *err)
{
    VEC(struct test_result) results = {0};
    const struct app_source *src = &c->app->source;
    for (size_t i = 0; i < src->nfiles; i++) {
        struct str file = src->files[i].path;
        struct str *names;
        size_t count;
        if (!str_starts(file, STR("tests/")) || !str_ends(file, STR(".lua")))
            continue;
        if (list_tests(c, c->a, file, &names, &count, err) < 0)
            return -1;
        for (size_t k = 0; k < count; k++) {
            struct test_result r = {.file = file, .name = names[k]};
            struct test_job job = {.file = file, .name = names[k], .result = &r};
            if (run_one(c, &job, err) < 0)
                return -1;
            vec_push(c->a, &results, r);
        }
    }
    *out = results.v;
    *n = results.n;
    return 0;
}
