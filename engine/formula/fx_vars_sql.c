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

static int sql_column(void *self, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    struct arena *a = q->text.a;
    struct val v = fx_vars_get(self, a, ref);
    (void)err;
    if (!ref->type.list) {
        sql_bind(q, stored(v, ref->type));
        return 0;
    }
    struct val *items = ARENA_ARRAY(a, struct val, v.n);
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++) {
        items[i] = stored(v.list[i], ref->type);
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
