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

static const struct form *form_named(lua_State *L, int arg)
{
    struct lua_box *box = box_of(L);
    struct str key = box_str(box, arg);
    const struct form *form = box->c->app ? app_form(box->c->app, key) : NULL;
    if (!form)
        luaL_error(L, "there is no form %s", lua_tostring(L, arg));
    return form;
}

/* What app.form(key) gave, or the key itself. */
static const struct form *form_arg(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING)
        return form_named(L, 1);
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

/* form:group{by = "region", metrics = "SUM(amount)"}: a list of rows keyed by the expressions. */
static int form_group(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    const struct form *form = form_arg(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct val o = box_val(box, 2);
    struct aggregate g = {.form = form,
                          .group = val_str(val_get(o, STR("by"))),
                          .metrics = val_str(val_get(o, STR("metrics"))),
                          .filter = where_text(box, val_get(o, STR("where"))),
                          .sort = val_str(val_get(o, STR("sort"))),
                          .limit = FIND_MAX};
    struct strb text;
    struct json j;
    struct val out;
    strb_init(&text, c->a);
    json_init(&j, &text);
    if (query_aggregate(c, &g, &j, &box->err) || json_parse(c->a, strb_str(&text), &out, &box->err))
        return box_raise(box);
    box_push(box, val_get(out, STR("rows")));
    return 1;
}

void lua_push_form(lua_State *L, const struct form *form)
{
    struct form_handle *h = lua_newuserdatauv(L, sizeof(*h), 0);
    h->form = form;
    if (luaL_newmetatable(L, FORM_META))
        lua_fill_methods(L, "Form");
    lua_setmetatable(L, -2);
}

static int app_form_open(lua_State *L)
{
    lua_push_form(L, form_named(L, 1));
    return 1;
}

#define QUERY                                                                                      \
    "where?: string|table, sort?: string, fields?: string, search?: string, limit?: integer"
#define Q_TYPE "query?: {" QUERY "}"
#define G_TYPE "query: {by?: string, metrics: string, where?: string|table, sort?: string}"
#define S_TYPE "query: {field: string, where?: string|table}"

/* A function of `record` or `query` that takes the form's key is the method of the form. */
static const struct lua_api ROWS[] = {
    {"app", "form", app_form_open, NULL, "key: string", "Form", "一个表单，带着当前用户的权限",
     "A form, with the rights of whoever acts", NULL, NULL},
    {"Form", "get", form_get, NULL, "id: string?", "table?", "一条记录；看不到或没有是 nil",
     "One record; nil when there is none to be seen", NULL, NULL},
    {"Form", "find", form_find, NULL, Q_TYPE, "table[]",
     "符合条件的记录，最多 1000 条；where 是表达式或 {字段 = 值}",
     "The records that match, at most 1,000; where is an expression or {field = value}", NULL,
     NULL},
    {"Form", "count", form_count, NULL, Q_TYPE, "integer", "符合条件的记录数",
     "How many records match", NULL, NULL},
    {"Form", "sum", form_sum, NULL, S_TYPE, "number", "一个字段的合计", "The sum of a field", NULL,
     NULL},
    {"Form", "group", form_group, NULL, G_TYPE, "table[]", "分组汇总，每行以表达式为键",
     "Groups with their metrics, each row keyed by the expressions", NULL, NULL},
    {"Form", "create", form_create, NULL, "values: table", "table", "新建一条记录，返回它",
     "Creates a record and returns it", NULL, NULL},
    {"Form", "update", form_update, NULL, "id: string, values: table", "table",
     "修改一条记录的若干字段", "Changes some fields of a record", NULL, NULL},
    {"Form", "delete", form_delete, NULL, "id: string", "", "把一条记录移到回收站",
     "Moves a record to the recycle bin", NULL, NULL},
    {"record", "get", form_get, NULL, "form: string, id: string?", "table?",
     "同 app.form(form):get", "The same as app.form(form):get", NULL, NULL},
    {"record", "create", form_create, NULL, "form: string, values: table", "table",
     "同 app.form(form):create", "The same as app.form(form):create", NULL, NULL},
    {"record", "update", form_update, NULL, "form: string, id: string, values: table", "table",
     "同 app.form(form):update", "The same as app.form(form):update", NULL, NULL},
    {"record", "delete", form_delete, NULL, "form: string, id: string", "",
     "同 app.form(form):delete", "The same as app.form(form):delete", NULL, NULL},
    {"query", "find", form_find, NULL, "form: string, " Q_TYPE, "table[]", "同 app.form(form):find",
     "The same as app.form(form):find", NULL, NULL},
    {"query", "count", form_count, NULL, "form: string, " Q_TYPE, "integer",
     "同 app.form(form):count", "The same as app.form(form):count", NULL, NULL},
    {"query", "sum", form_sum, NULL, "form: string, " S_TYPE, "number", "同 app.form(form):sum",
     "The same as app.form(form):sum", NULL, NULL},
    {"query", "group", form_group, NULL, "form: string, " G_TYPE, "table[]",
     "同 app.form(form):group", "The same as app.form(form):group", NULL, NULL},
};

const struct lua_api_list lua_api_records = {ROWS, ARRAY_LEN(ROWS)};
