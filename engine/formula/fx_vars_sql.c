/*
 * JSON variables in SQL: a name is its value, bound; a list is json_each over it.
 */
#include "engine/formula/fx_vars.h"

#include "engine/base/id.h"
#include "engine/formula/fx_sql_int.h"

/* A linked record given as {"id": …} is its id; a decimal stays one where the type says so. */
static struct val stored(struct val v, struct fx_type type)
{
    if (v.kind == VAL_OBJ) {
        int64_t id;
        v = val_get(v, STR("id"));
        return v.kind == VAL_TEXT && id_parse(fx_to_str(v), &id) ? val_dec(id, 0) : VAL_NONE;
    }
    if (v.kind == VAL_DEC && !(type.has_scale && type.scale == v.scale)) {
        v = val_num(fx_to_num(v));
    }
    return v.kind == VAL_BOOL ? val_dec(v.b, 0) : v;
}

static void cast(struct sql *q, uint8_t kind)
{
    if (kind == VAL_NUM) {
        sql_lit(q, "::float8");
    } else if (kind == VAL_TEXT) {
        sql_lit(q, "::text");
    } else {
        sql_lit(q, "::bigint");
    }
}

/* PostgreSQL wants to know the type of a parameter. */
static void bind_one(struct sql *q, struct val v)
{
    if (q->dialect == SQL_PGSQL && fx_blank(v)) {
        sql_lit(q, "NULL");
        return;
    }
    sql_bind(q, v);
    if (q->dialect == SQL_PGSQL) {
        cast(q, v.kind);
    }
}

/* The items on PostgreSQL, each of the kind that the first one with a value has. */
static void bind_items(struct sql *q, const struct val *items, size_t n)
{
    uint8_t kind = VAL_TEXT;
    for (size_t i = n; i > 0; i--) {
        kind = fx_blank(items[i - 1]) ? kind : items[i - 1].kind;
    }
    sql_lit(q, "SELECT value");
    cast(q, kind);
    sql_lit(q, " AS v FROM jsonb_array_elements_text(");
    sql_bind(q, val_list(items, n));
    sql_lit(q, "::jsonb)");
}

static int sql_column(void *self, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    struct arena *a = q->text.a;
    struct val v = fx_vars_get(self, a, ref);
    (void)err;
    if (!ref->type.list) {
        bind_one(q, stored(v, ref->type));
        return 0;
    }
    struct val *items = ARENA_ARRAY(a, struct val, v.n);
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++) {
        items[i] = stored(v.list[i], ref->type);
    }
    if (q->dialect == SQL_PGSQL) {
        bind_items(q, items, v.kind == VAL_LIST ? v.n : 0);
        return 0;
    }
    sql_lit(q, "SELECT value AS v FROM json_each(");
    if (v.kind == VAL_LIST) {
        sql_bind(q, val_list(items, v.n));
    } else {
        sql_lit(q, "'[]'");
    }
    sql_lit(q, ")");
    return 0;
}

struct fx_sql_env fx_vars_sql_env(struct fx_vars *v)
{
    return (struct fx_sql_env){.self = v, .column = sql_column, .zone = &zone_utc};
}

struct val fx_vars_result(struct arena *a, struct fx_type type, struct val raw)
{
    if (type.base == FX_BLANK && !type.list) {
        return fx_blank(raw) ? VAL_NONE : raw;
    }
    return fxs_typed(a, fxs_letter(type), raw);
}
