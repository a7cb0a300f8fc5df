/*
 * app.form(key): records for scripts. Reads go through the one reader, writes through the one write
 * path, with the rights of whoever acts. Each C function checks its arguments, calls one engine
 * function and pushes the result; userdata hold the form's key only.
 */
#include "engine/record/query.h"
#include "engine/script/lua_int.h"

#define FIND_MAX 1000

struct form_handle {
    const struct form *form;
};

static const struct form *form_arg(lua_State *L)
{
    struct form_handle *h = luaL_checkudata(L, 1, FORM_META);
    return h->form;
}

static int64_t id_arg(lua_State *L, int arg)
{
    size_t n;
    const char *p = luaL_checklstring(L, arg, &n);
    int64_t id;
    if (!id_parse((struct str){p, n}, &id))
        luaL_argerror(L, arg, "not the id of a record");
    return id;
}

/* ---- where ---- */

static void add_quoted(struct strb *b, struct str s)
{
    strb_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            strb_addc(b, '"');
        strb_addc(b, s.p[i]);
    }
    strb_addc(b, '"');
}

static void add_literal(lua_State *L, struct strb *b, struct val v)
{
    char buf[40];
    if (v.kind == VAL_TEXT)
        add_quoted(b, val_str(v));
    else if (v.kind == VAL_NUM)
        strb_add(b, num_print_exact(v.num, buf));
    else if (v.kind == VAL_BOOL)
        strb_addz(b, v.b ? "TRUE" : "FALSE");
    else
        luaL_error(L, "a value of `where` must be a text, a number or a boolean");
}

/* where = "text" or where = {field = value, …} (all of them equal). */
static struct str where_text(struct lua_box *box, struct val where)
{
    if (where.kind != VAL_OBJ)
        return val_str(where);
    struct strb b;
    strb_init(&b, box->c->a);
    for (uint32_t i = 0; i < where.n; i++) {
        if (!str_is_key(where.obj[i].key) && where.obj[i].key.p[0] != '_')
            luaL_error(box->L, "a key of `where` must be a field");
        strb_addz(&b, i ? " AND " : "");
        strb_add(&b, where.obj[i].key);
        strb_addz(&b, " = ");
        add_literal(box->L, &b, where.obj[i].value);
    }
    return strb_str(&b);
}

static struct query query_arg(struct lua_box *box, const struct form *form)
{
    struct query q = {.form = form, .limit = FIND_MAX, .count = COUNT_NONE};
    if (lua_isnoneornil(box->L, 2))
        return q;
    luaL_checktype(box->L, 2, LUA_TTABLE);
    struct val o = box_val(box, 2);
    q.filter = where_text(box, val_get(o, STR("where")));
    q.sort = val_str(val_get(o, STR("sort")));
    q.fields = val_str(val_get(o, STR("fields")));
    q.search = val_str(val_get(o, STR("search")));
    struct val limit = val_get(o, STR("limit"));
    if (limit.kind == VAL_NUM && limit.num >= 1 && limit.num < FIND_MAX)
        q.limit = (uint32_t)limit.num;
    return q;
}

/* ---- read ---- */

/* Rows are gathered in the arena first: a Lua error must not leave a statement open. */
struct gathered {
    struct arena *a;
    VEC(struct val) rows;
};

static int gather(void *arg, int64_t id, struct val obj, struct err *err)
{
    (void)id;
    (void)err;
    struct gathered *g = arg;
    vec_push(g->a, &g->rows, val_copy(g->a, obj));
    return 0;
}

static void gather_rows(struct lua_box *box, const struct query *q, struct gathered *g)
{
    *g = (struct gathered){.a = box->c->a};
    if (query_each(box->c, q, gather, g, &box->err) < 0)
        box_raise(box);
    box_spend(box, g->rows.n * 50);
}

static int form_find(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct query q = query_arg(box, form_arg(L));
    struct gathered g;
    gather_rows(box, &q, &g);
    lua_createtable(L, (int)g.rows.n, 0);
    for (size_t i = 0; i < g.rows.n; i++) {
        box_push(box, g.rows.v[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int form_get(lua_State *L)
{
    struct lua_box *box = box_of(L);
    const struct form *form = form_arg(L);
    if (lua_isnoneornil(L, 2)) {
        lua_pushnil(L);
        return 1;
    }
    int64_t id = id_arg(L, 2);
    struct query q = {
        .form = form, .limit = 1, .count = COUNT_NONE, .ids = &id, .nids = 1, .with_rows = true};
    struct gathered g;
    gather_rows(box, &q, &g);
    box_push(box, g.rows.n ? g.rows.v[0] : VAL_NONE);
    return 1;
}

static int form_count(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct query q = query_arg(box, form_arg(L));
    int64_t n = 0;
    if (query_count(box->c, &q, &n, &box->err) < 0)
        return box_raise(box);
    lua_pushinteger(L, n);
    return 1;
}

/* form:sum{field = "amount", where = …} */
static int form_sum(lua_State *L)
{
    struct lua_box *box = box_of(L);
    const struct form *form = form_arg(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct val o = box_val(box, 2);
    struct val out;
    if (query_sum(box->c, form, val_str(val_get(o, STR("field"))),
                  where_text(box, val_get(o, STR("where"))), &out, &box->err) < 0)
        return box_raise(box);
    box_push(box, val_is_blank(out) ? val_num(0) : out);
    return 1;
}

/* ---- write ---- */

/* A script may catch the error and go on, so a failed write must leave nothing behind. */
static int write_in_savepoint(struct ctx *c, const struct rec_write *w, struct rec *out,
                              struct diags *diags, struct err *err)
{
    if (store_savepoint(c->db, err) < 0)
        return -1;
    if (record_write(c, w, out, diags, err) < 0) {
        store_rollback(c->db);
        return -1;
    }
    return store_release(c->db, err);
}

/* One write through the one write path; problems of validation become one Lua error. */
static int write_record(lua_State *L, struct rec_write *w)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    struct diags diags;
    diags_init(&diags, c->a);
    struct rec out = {0};
    enum via via = c->via;
    c->via = VIA_SCRIPT;
    w->no_version = true;
    w->mode =
        ctx_is_system(c) ? WRITE_OWN_RIGHT | WRITE_LOCKED_OK | WRITE_SYSTEM_FIELDS : WRITE_USER;
    int rc = write_in_savepoint(c, w, &out, &diags, &box->err);
    c->via = via;
    if (rc == 0) {
        if (w->op == REC_DELETE)
            return 0;
        box_push_rec(box, &out);
        return 1;
    }
    if (diags.list.n && box->diags) /* the user sees which field of which form */
        for (size_t i = 0; i < diags.list.n; i++)
            vec_push(box->diags->a, &box->diags->list, diags.list.v[i]);
    return box_raise(box);
}

static int form_create(lua_State *L)
{
    const struct form *form = form_arg(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct rec_write w = {.op = REC_CREATE, .form = form, .values = box_val(box_of(L), 2)};
    return write_record(L, &w);
}

static int form_update(lua_State *L)
{
    const struct form *form = form_arg(L);
    int64_t id = id_arg(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    struct rec_write w = {
        .op = REC_UPDATE, .form = form, .id = id, .values = box_val(box_of(L), 3)};
    return write_record(L, &w);
}

static int form_delete(lua_State *L)
{
    const struct form *form = form_arg(L);
    struct rec_write w = {.op = REC_DELETE, .form = form, .id = id_arg(L, 2)};
    return write_record(L, &w);
}

static const luaL_Reg methods[] = {
    {"get", form_get},       {"find", form_find},     {"count", form_count},   {"sum", form_sum},
    {"create", form_create}, {"update", form_update}, {"delete", form_delete}, {NULL, NULL}};

void lua_push_form(lua_State *L, const struct form *form)
{
    struct form_handle *h = lua_newuserdatauv(L, sizeof(*h), 0);
    h->form = form;
    luaL_setmetatable(L, FORM_META);
}

static int app_form_open(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct str key = box_str(box, 1);
    const struct form *form = box->c->app ? app_form(box->c->app, key) : NULL;
    if (!form)
        return luaL_error(L, "there is no form %s", lua_tostring(L, 1));
    lua_push_form(L, form);
    return 1;
}

void lua_open_records(struct lua_box *box)
{
    lua_State *L = box->L;
    luaL_newmetatable(L, FORM_META);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    lua_getfield(L, -1, "app");
    lua_pushcfunction(L, app_form_open);
    lua_setfield(L, -2, "form");
    lua_pop(L, 1);
}
