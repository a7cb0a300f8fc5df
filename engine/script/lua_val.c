/*
 * Values to Lua and back (definitions.md §9 "Lua values"): ids and dates as text, decimals as
 * numbers, sub-tables as arrays, blank as nil. Depth, size and encoding of what a script returns
 * are bounded.
 */
#include "engine/base/utf8.h"
#include "engine/meta/fieldtype.h"
#include "engine/script/lua_int.h"
#include <math.h>

#define VAL_DEPTH_MAX 32
#define VAL_ITEMS_MAX 100000

/* ---- to Lua ---- */

static void push_number(lua_State *L, double num)
{
    if (num == floor(num) && fabs(num) < 9007199254740992.0)
        lua_pushinteger(L, (lua_Integer)num);
    else
        lua_pushnumber(L, num);
}

void lua_push_text(lua_State *L, struct str s)
{
    lua_pushlstring(L, s.p ? s.p : "", s.n);
}

static void push_list(struct lua_box *box, struct val v)
{
    lua_State *L = box->L;
    lua_createtable(L, (int)v.n, 0);
    for (uint32_t i = 0; i < v.n; i++) {
        box_push(box, v.list[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_obj(struct lua_box *box, struct val v)
{
    lua_State *L = box->L;
    lua_createtable(L, 0, (int)v.n);
    for (uint32_t i = 0; i < v.n; i++) {
        lua_push_text(L, v.obj[i].key);
        box_push(box, v.obj[i].value);
        lua_rawset(L, -3);
    }
}

void box_push(struct lua_box *box, struct val v)
{
    lua_State *L = box->L;
    char buf[48];
    luaL_checkstack(L, 4, "value too deep");
    switch ((enum val_kind)v.kind) {
    case VAL_BLANK:
    case VAL_ABSENT: lua_pushnil(L); break;
    case VAL_BOOL: lua_pushboolean(L, v.b); break;
    case VAL_NUM:
    case VAL_DEC: push_number(L, val_double(v)); break;
    case VAL_TEXT: lua_push_text(L, val_str(v)); break;
    case VAL_DATE: lua_push_text(L, civil_print_date(v.i, buf)); break;
    case VAL_TIME: lua_push_text(L, civil_print_time(v.i, buf)); break;
    case VAL_INSTANT: lua_push_text(L, civil_print_instant(v.i, buf)); break;
    case VAL_REF: lua_push_text(L, id_print(v.ref->id, buf)); break;
    case VAL_LIST: push_list(box, v); break;
    case VAL_OBJ: push_obj(box, v); break;
    }
}

/* ---- from Lua ---- */

struct reader {
    struct lua_box *box;
    uint32_t items;
};

static struct val read_at(struct reader *r, int index, int depth);

static struct val read_text(struct reader *r, int index)
{
    size_t n;
    const char *p = lua_tolstring(r->box->L, index, &n);
    if (!utf8_valid((struct str){p, n}))
        luaL_error(r->box->L, "text is not valid UTF-8");
    return val_text(str_dup(r->box->c->a, (struct str){p, n}));
}

/* The only userdata that is a value. */
static struct val read_decimal(struct reader *r, int index)
{
    struct val v;
    if (!lua_decimal_val(r->box->L, index, &v))
        luaL_error(r->box->L, "a %s cannot be stored", luaL_typename(r->box->L, index));
    return v;
}

static void count_item(struct reader *r)
{
    if (++r->items > VAL_ITEMS_MAX)
        luaL_error(r->box->L, "value too large");
}

static struct val read_array(struct reader *r, int index, size_t n, int depth)
{
    lua_State *L = r->box->L;
    if (n > VAL_ITEMS_MAX)
        luaL_error(L, "value too large");
    struct val *items = ARENA_ARRAY(r->box->c->a, struct val, n);
    for (size_t i = 0; i < n; i++) {
        count_item(r);
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        items[i] = read_at(r, lua_gettop(L), depth + 1);
        lua_pop(L, 1);
    }
    return (struct val){.kind = VAL_LIST, .n = (uint32_t)n, .list = items};
}

static struct val read_object(struct reader *r, int index, int depth)
{
    lua_State *L = r->box->L;
    struct arena *a = r->box->c->a;
    VEC(struct pair) pairs = {0};
    lua_pushnil(L);
    while (lua_next(L, index)) {
        count_item(r);
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "a table must be a list or have text keys");
        struct pair p = {.key = val_str(read_text(r, lua_gettop(L) - 1))};
        p.value = read_at(r, lua_gettop(L), depth + 1);
        vec_push(a, &pairs, p);
        lua_pop(L, 1);
    }
    return (struct val){.kind = VAL_OBJ, .n = (uint32_t)pairs.n, .obj = pairs.v};
}

static struct val read_at(struct reader *r, int index, int depth)
{
    lua_State *L = r->box->L;
    if (depth > VAL_DEPTH_MAX)
        luaL_error(L, "value too deep");
    luaL_checkstack(L, 6, "value too deep");
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TNONE: return VAL_NONE;
    case LUA_TBOOLEAN: return val_bool(lua_toboolean(L, index));
    case LUA_TNUMBER: return val_num(lua_tonumber(L, index));
    case LUA_TSTRING: return read_text(r, index);
    case LUA_TTABLE: break;
    case LUA_TUSERDATA: return read_decimal(r, index);
    default: luaL_error(L, "a %s cannot be stored", luaL_typename(L, index));
    }
    size_t n = lua_rawlen(L, index);
    return n ? read_array(r, index, n, depth) : read_object(r, index, depth);
}

struct val box_val(struct lua_box *box, int index)
{
    struct reader r = {.box = box};
    return read_at(&r, lua_absindex(box->L, index), 0);
}

struct str box_str(struct lua_box *box, int index)
{
    size_t n;
    const char *p = luaL_checklstring(box->L, index, &n);
    luaL_argcheck(box->L, utf8_valid((struct str){p, n}), index, "not valid UTF-8");
    return str_dup(box->c->a, (struct str){p, n});
}

/* ---- records ---- */

static struct val rows_of(struct lua_box *box, const struct rec *r, const struct field *table)
{
    struct val v = val_get(rec_to_obj(box->c->a, r), table->key);
    return v.kind == VAL_LIST ? v : val_list(NULL, 0);
}

/* A sub-table without rows is an empty array, not nil. */
void box_push_rec(struct lua_box *box, const struct rec *r)
{
    lua_State *L = box->L;
    struct val obj = rec_to_obj(box->c->a, r);
    box_push(box, obj);
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct field *f = r->form->fields[i];
        if (!f->sub || val_get(obj, f->key).kind == VAL_LIST)
            continue;
        lua_push_text(L, f->key);
        lua_newtable(L);
        lua_rawset(L, -3);
    }
}

/* The same value as Lua sees it: instants as text, refs as ids, numbers by value. */
static bool unchanged(struct lua_box *box, struct val was, int index)
{
    lua_State *L = box->L;
    box_push(box, was);
    bool same = lua_compare(L, index, -1, LUA_OPEQ);
    lua_pop(L, 1);
    return same;
}

/* A list or an object that the script left alone: what Lua cannot say (a null in a list, the size
 * of a file) must not be lost on the way. */
static bool comes_back(struct lua_box *box, struct val was, struct val now)
{
    box_push(box, was);
    bool same = val_same(box_val(box, -1), now);
    lua_pop(box->L, 1);
    return same;
}

/* One field of the script's table at `index` (its value on top) back to the record. */
static void take_field(struct lua_box *box, const struct field *f, struct rec *r,
                       struct diags *diags)
{
    lua_State *L = box->L;
    if (f->sub) {
        struct val rows = rows_of(box, r, f), now = box_val(box, -1);
        if ((rows.n || !val_is_blank(now)) && !comes_back(box, rows, now))
            rec_take_rows(box->c, r, f, now, diags);
        return;
    }
    if (f->type->flags & (FT_COMPUTED | FT_NO_COLUMN | FT_SERIAL))
        return;
    bool was_list = r->v[f->slot].kind == VAL_LIST;
    if (!was_list && unchanged(box, r->v[f->slot], lua_gettop(L)))
        return;
    struct val in = box_val(box, -1);
    if ((was_list || r->v[f->slot].kind == VAL_OBJ) && comes_back(box, r->v[f->slot], in))
        return;
    r->v[f->slot] = val_is_blank(in) ? VAL_NONE : f->type->coerce(f, box->c->a, in, f->key, diags);
}

static void take_key(struct lua_box *box, int index, const struct field *f, struct rec *r,
                     struct diags *diags)
{
    lua_pushlstring(box->L, f->key.p, f->key.n);
    lua_rawget(box->L, index);
    take_field(box, f, r, diags);
    lua_pop(box->L, 1);
}

/* The form's own fields, and who owns the row: a hook may hand it over, `ensure` is tested after.
 */
int box_take_rec(struct lua_box *box, int index, struct rec *r, struct diags *diags,
                 struct err *err)
{
    lua_State *L = box->L;
    index = lua_absindex(L, index);
    size_t before = diags->errors;
    for (size_t i = 0; i < r->form->nfields; i++)
        take_key(box, index, r->form->fields[i], r, diags);
    take_key(box, index, form_sys(r->form, SYS_OWNER), r, diags);
    take_key(box, index, form_sys(r->form, SYS_DEPT), r, diags);
    if (diags->errors == before)
        return 0;
    return err_set(err, ERR_INVALID, "validation", "脚本写入的数据有误。",
                   "The script wrote values that are not valid.");
}
