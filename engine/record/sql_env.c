/*
 * Environments in which expressions become SQL over app tables: names as columns, links and
 * sub-tables as sub-selects, LOOKUP and its kin. An alias inside a sub-select is one above the
 * highest in scope, so the text of a query depends on its shape only and is prepared once.
 */
#include "engine/record/asof.h"
#include "engine/record/record_int.h"

#include "engine/record/joins.h"

#include "engine/record/columns.h"
#include "engine/record/sealed.h"

/* ---- environments ---- */

void sql_form(struct sql *q, const struct form *f)
{
    if (q->tables)
        asof_form(q->tables, q, f);
    else if (f->parent)
        sql_table(q, f->app->key, f->parent->key, f->key);
    else
        sql_table(q, f->app->key, f->key, STR_NONE);
}

static int64_t pow10_of(uint8_t scale)
{
    int64_t p = 1;
    for (uint8_t i = 0; i < scale; i++)
        p *= 10;
    return p;
}

/* A field that is evaluated when read, as it would be stored. */
static int sql_unstored(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
                        const struct field *field, struct err *err)
{
    struct sql_env sub = *e;
    sub.fx.self = &sub;
    sub.form = f;
    sub.alias = alias;
    sub.request = false;
    if (fx_flags(field->value) & FX_NO_SQL) {
        struct str why = fx_no_sql(field->value);
        err_set(err, ERR_INVALID, "no_sql", "字段“%.*s”用到 %.*s，不能用来筛选、排序或汇总。",
                "The field “%.*s” uses %.*s and cannot filter, sort or group.", STR_ARG(field->key),
                STR_ARG(why));
        err_at(err, "%.*s", STR_ARG(field->key));
        return -1;
    }
    bool scaled = field->value_type.base == FX_NUM && field->has_scale;
    uint8_t scale = 0;
    if (scaled)
        sql_round(q);
    if (field->rollup_of ? sql_rollup(&sub, q, alias, field, &scale, err)
                         : fx_sql_value(field->value, q, &sub.fx, &scale, err))
        return -1;
    if (scaled) {
        sql_lit(q, ") * ");
        sql_int(q, pow10_of(field->scale));
        sql_lit(q, " / ");
        sql_int(q, pow10_of(scale));
        sql_lit(q, ".0");
        sql_round_end(q);
    }
    return 0;
}

int sql_field(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
              const struct field *field, struct err *err)
{
    if (field_by_expr(field))
        return sql_unstored(e, q, f, alias, field, err);
    sql_col(q, alias, field_has_eq(field) ? field_eq_name(q->text.a, field) : field->key);
    return 0;
}

/* One field of a row, with the reader's rights when the expression came with a request. */
static int emit_field(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
                      const struct field *field, struct err *err)
{
    if (!e->request || f->parent)
        return sql_field(e, q, f, alias, field, err);
    struct access *x;
    if (access_of(e->c, f, &x, err))
        return -1;
    return access_column(x, q, alias, field, ACCESS_COMPUTE, err);
}

/* What the items of a stored list are. */
static enum sql_each each_of(struct fx_type t)
{
    if (t.base == FX_TEXT)
        return SQL_EACH_TEXT;
    return t.base == FX_NUM && !t.has_scale ? SQL_EACH_NUM : SQL_EACH_INT;
}

static int emit_path(struct sql_env *e, struct sql *q, struct path_at at, struct err *err);
static int emit_linked(struct sql_env *e, struct sql *q, struct path_at at, struct err *err);

/* (the linked row is there, and the reader may see it). */
static int live_row(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
                    struct err *err)
{
    struct access *x;
    if (e->request)
        return access_of(e->c, f, &x, err) || access_rows(x, q, alias, RIGHT_READ, err) ? -1 : 0;
    sql_col(q, alias, STR("_deleted_at"));
    sql_lit(q, " IS NULL");
    return 0;
}

static bool is_multi(const struct field *f)
{
    return f->type && (f->type->flags & FT_MULTI);
}

/* SELECT … AS v FROM the ids of a list, target t: what stands behind its links, in their order. */
static int emit_many(struct sql_env *e, struct sql *q, struct path_at at, uint32_t links_at,
                     struct err *err)
{
    const struct field *links = at.path[links_at].ref;
    const struct form *target = ref_target(links);
    unsigned outer = e->top;
    unsigned t = ++e->top;
    struct path_at rest = {target, t, at.path + links_at + 1, at.n - links_at - 1};
    sql_lit(q, "SELECT ");
    int rc = emit_path(e, q, rest, err);
    sql_lit(q, " AS v FROM ");
    sql_each(q, SQL_EACH_INT);
    if (rc == 0)
        rc = links_at
                 ? emit_linked(e, q, (struct path_at){at.f, at.alias, at.path, links_at + 1}, err)
                 : emit_field(e, q, at.f, at.alias, links, err);
    sql_lit(q, ") l CROSS JOIN ");
    sql_form(q, target);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE l.value = ");
    sql_col(q, t, STR("_id"));
    sql_lit(q, " AND ");
    if (rc == 0)
        rc = live_row(e, q, target, t, err);
    e->top = outer;
    return rc;
}

/* SELECT value AS v FROM the items of a list, be it behind links. */
static int emit_items(struct sql_env *e, struct sql *q, struct path_at at, struct err *err)
{
    const struct fx_field *last = &at.path[at.n - 1];
    sql_lit(q, "SELECT value AS v FROM ");
    sql_each(q, each_of(last->type));
    int rc =
        at.n > 1 ? emit_linked(e, q, at, err) : emit_field(e, q, at.f, at.alias, last->ref, err);
    sql_lit(q, ")");
    return rc;
}

/* (SELECT … FROM target t WHERE t._id = link): what stands behind a link. */
static int emit_linked(struct sql_env *e, struct sql *q, struct path_at at, struct err *err)
{
    const struct field *link = at.path[0].ref;
    const struct form *target = ref_target(link);
    unsigned outer = e->top;
    unsigned t = ++e->top;
    sql_lit(q, "(SELECT ");
    struct path_at rest = {target, t, at.path + 1, at.n - 1};
    int rc = rest.n > 1 ? emit_linked(e, q, rest, err)
                        : emit_field(e, q, target, t, rest.path[0].ref, err);
    sql_lit(q, " FROM ");
    sql_form(q, target);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    sql_col(q, t, STR("_id"));
    sql_lit(q, " = ");
    if (rc == 0)
        rc = emit_field(e, q, at.f, at.alias, link, err);
    sql_lit(q, " AND ");
    if (rc == 0)
        rc = live_row(e, q, target, t, err);
    sql_lit(q, ")");
    e->top = outer;
    return rc;
}

/* AND (the reader may see this column of the rows): alias is the record's, t the row's. */
static int rows_shown(struct sql_env *e, struct sql *q, struct path_at at, uint32_t table_at,
                      struct err *err)
{
    const struct field *table = at.path[table_at].ref;
    const struct field *column = table_at + 1 < at.n ? at.path[table_at + 1].ref : NULL;
    struct access *x;
    if (!e->request)
        return 0;
    if (access_of(e->c, table->form, &x, err))
        return -1;
    if (!column) { /* whether there are rows */
        if (access_show(x, table, FIELD_READ) == SHOW_ALWAYS)
            return 0;
        sql_lit(q, " AND ");
        if (table_at)
            sql_lit(q, "FALSE");
        return table_at ? 0 : access_show_cond(x, q, at.alias, table, FIELD_READ, err);
    }
    if (access_sub_show(x, table, column, FIELD_READ) != SHOW_ALWAYS) {
        sql_lit(q, " AND ");
        if (table_at)
            sql_lit(q, "FALSE"); /* rows of a row behind a link: in clear or not at all */
        else if (access_sub_cond(x, q, at.alias, column, FIELD_READ, err))
            return -1;
    }
    return access_sub_needs(x, q, e->top, table, column, err);
}

/* SELECT … AS v FROM sub-table: the rows below a record that stands behind path[0 … table_at-1];
 * their ids when no column is named. */
static int emit_rows(struct sql_env *e, struct sql *q, struct path_at at, uint32_t table_at,
                     struct err *err)
{
    const struct field *table = at.path[table_at].ref;
    unsigned outer = e->top;
    unsigned t = ++e->top;
    struct path_at column = {table->sub, t, at.path + table_at + 1, at.n - table_at - 1};
    struct path_at record = {at.f, at.alias, at.path, table_at};
    sql_lit(q, "SELECT ");
    int rc = 0;
    if (column.n)
        rc = emit_path(e, q, column, err);
    else
        sql_col(q, t, STR("_id"));
    sql_lit(q, " AS v FROM ");
    sql_form(q, table->sub);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    sql_col(q, t, STR("_row"));
    sql_lit(q, " = ");
    if (rc == 0 && table_at == 0)
        sql_col(q, at.alias, STR("_id"));
    else if (rc == 0)
        rc = emit_path(e, q, record, err);
    if (rc == 0)
        rc = rows_shown(e, q, at, table_at, err);
    e->top = outer;
    return rc;
}

static int emit_path(struct sql_env *e, struct sql *q, struct path_at at, struct err *err)
{
    const struct field *first = at.path[0].ref;
    for (uint32_t i = 0; i < at.n; i++) {
        const struct field *step = at.path[i].ref;
        if (step->sub)
            return emit_rows(e, q, at, i, err);
        if (i + 1 < at.n && is_multi(step))
            return emit_many(e, q, at, i, err);
    }
    if (is_multi(at.path[at.n - 1].ref))
        return emit_items(e, q, at, err);
    if (at.n > 1)
        return emit_linked(e, q, at, err);
    return emit_field(e, q, at.f, at.alias, first, err);
}

/* link IN (SELECT t._id FROM target t WHERE … AND column: the comparison follows, then the
 * brackets.
 */
static int emit_reach(struct sql_env *e, struct sql *q, struct path_at at, unsigned *open,
                      struct err *err)
{
    const struct field *link = at.path[0].ref;
    const struct form *target = ref_target(link);
    if (at.n == 1)
        return emit_field(e, q, at.f, at.alias, link, err);
    unsigned t = ++e->top;
    if (emit_field(e, q, at.f, at.alias, link, err))
        return -1;
    sql_lit(q, " IN (SELECT ");
    sql_col(q, t, STR("_id"));
    sql_lit(q, " FROM ");
    sql_form(q, target);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    ++*open;
    if (live_row(e, q, target, t, err))
        return -1;
    sql_lit(q, " AND ");
    return emit_reach(e, q, (struct path_at){target, t, at.path + 1, at.n - 1}, open, err);
}

static int env_reach(void *self, struct sql *q, const struct fx_ref *ref, unsigned *open,
                     struct err *err)
{
    struct sql_env *e = self;
    bool row = ref->root == FX_ROW && e->form;
    bool outer = ref->root == FX_THIS && e->this_form;
    unsigned top = e->top;
    for (uint32_t i = 0; i + 1 < ref->n; i++)
        if (!ref_target(ref->path[i].ref))
            return e->fx.column(self, q, ref, err);
    if (!row && !outer)
        return e->fx.column(self, q, ref, err);
    struct path_at at = {row ? e->form : e->this_form, row ? e->alias : e->this_alias, ref->path,
                         ref->n};
    int rc = emit_reach(e, q, at, open, err);
    e->top = top;
    return rc;
}

/* Only of the row itself, where the reader sees the list on every row. */
static int env_holder(void *self, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    struct sql_env *e = self;
    const struct field *f = ref->n == 1 ? ref->path[0].ref : NULL;
    struct access *x;
    if (ref->root != FX_ROW || !e->form || !f || f->form != e->form || !joins_ready(e->c, f))
        return 0;
    if (e->request && !f->form->parent) {
        if (access_of(e->c, f->form, &x, err))
            return -1;
        if (access_show(x, f, FIELD_READ) != SHOW_ALWAYS)
            return 0;
    }
    joins_open(q, e->alias, f);
    sql_lit(q, " = ");
    return 1;
}

/* Roots that are no rows of this query are evaluated now and bound. */
static int bind_ref(struct sql_env *e, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    struct val v = VAL_NONE;
    if (ref->root == FX_ME) {
        struct row_env me;
        row_env_init(&me, e->c, NULL, err);
        if (row_env_get(&me, ref, &v))
            return -1;
    } else if (e->bind) {
        struct fx_ref own = *ref;
        if (own.root == FX_THIS && !e->bind->this_)
            own.root = FX_ROW; /* this.x of LOOKUP is the bare name outside */
        if (row_env_get(e->bind, &own, &v))
            return -1;
    }
    (void)err;
    if (ref->type.list) {
        sql_lit(q, "SELECT value AS v FROM ");
        sql_each(q, each_of(ref->type));
        sql_bind(q, v);
        sql_lit(q, ")");
        return 0;
    }
    if (ref->type.base == FX_NUM && ref->type.has_scale && v.kind == VAL_NUM) {
        int64_t units;
        if (num_to_dec(v.num, ref->type.scale, &units))
            v = val_dec(units, ref->type.scale);
    }
    bool id_type =
        ref->type.base == FX_LINK || ref->type.base == FX_MEMBER || ref->type.base == FX_DEPT;
    int64_t id;
    if (id_type && v.kind == VAL_TEXT)
        v = id_parse(val_str(v), &id) ? val_dec(id, 0) : VAL_NONE;
    sql_bind(q, v);
    return 0;
}

static int env_column(void *self, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    struct sql_env *e = self;
    if (ref->root == FX_ROW && e->form)
        return emit_path(e, q, (struct path_at){e->form, e->alias, ref->path, ref->n}, err);
    if (ref->root == FX_THIS && e->this_form)
        return emit_path(e, q, (struct path_at){e->this_form, e->this_alias, ref->path, ref->n},
                         err);
    return bind_ref(e, q, ref, err);
}

static int env_context(void *self, enum fx_context what, struct val arg, struct val *out,
                       struct err *err)
{
    struct sql_env *e = self;
    const struct app *app = e->form ? e->form->app : e->c->app;
    return context_value(e->c, app, what, arg, out, err);
}

static int env_stored(void *self, struct sql *q, const struct fx_call *call, struct err *err)
{
    struct sql_env *e = self;
    struct sql_env sub;
    uint8_t scale = 0;
    sql_env_init(&sub, e->c, call->form, e->top + 1);
    sub.request = e->request;
    sub.bind = e->bind;
    sub.this_form = e->form;
    sub.this_alias = e->alias;
    if (call->fn != FX_LISTOF)
        sql_lit(q, "(");
    if (sql_stored(&sub, q, call, &scale, err))
        return -1;
    if (call->fn != FX_LISTOF)
        sql_lit(q, ")");
    return 0;
}

/* What the column of equality of an encrypted field holds for a value. */
static int env_blind(void *self, const struct fx_ref *ref, struct val v, struct val *out,
                     struct err *err)
{
    struct sql_env *e = self;
    const struct vault_on s = sealer_of(e->c);
    const struct field *f = ref->path[ref->n - 1].ref;
    if (f->value && !f->stored)
        return err_set(err, ERR_INVALID, "no_sql", "字段“%.*s”由敏感信息计算得出，不能用来筛选。",
                       "The field “%.*s” is computed from sensitive ones and cannot filter.",
                       STR_ARG(f->key));
    return sealed_eq(&s, f, v, out, err);
}

static int env_outer(void *self, const struct fx_ref *ref, struct val *out, struct err *err)
{
    struct sql_env *e = self;
    struct fx_ref own = *ref;
    if (!e->bind)
        return err_set(err, ERR_INVALID, "no_sql", "加密字段不能与外层记录逐行比较。",
                       "An encrypted field cannot be compared with each row outside.");
    if (!e->bind->this_)
        own.root = FX_ROW;
    return row_env_get(e->bind, &own, out);
}

void sql_env_init(struct sql_env *e, struct ctx *c, const struct form *f, unsigned alias)
{
    const struct app *app = f ? f->app : c->app;
    *e = (struct sql_env){
        .fx = {.column = env_column,
               .reach = env_reach,
               .holder = env_holder,
               .stored = env_stored,
               .context = env_context,
               .blind = env_blind,
               .outer = env_outer,
               .now_us = c->now_us,
               .zone = app ? &app->zone : &zone_utc},
        .c = c,
        .form = f,
        .alias = alias,
        .top = alias,
    };
    e->fx.self = e;
}

/* ---- LOOKUP, LISTOF, COUNTOF, SUMOF … ---- */

static int stored_value(struct sql_env *e, struct sql *q, const struct fx_call *call,
                        uint8_t *scale, struct err *err)
{
    switch (call->fn) {
    case FX_COUNTOF: sql_lit(q, "COUNT(*)"); return 0;
    case FX_LOOKUP:
    case FX_LISTOF: break;
    case FX_SUMOF: sql_lit(q, "COALESCE(SUM("); break;
    case FX_AVGOF: sql_lit(q, "AVG("); break;
    case FX_MINOF: sql_lit(q, "MIN("); break;
    case FX_MAXOF: sql_lit(q, "MAX("); break;
    }
    if (fx_sql_value(call->value, q, &e->fx, scale, err))
        return -1;
    if (call->fn == FX_LISTOF)
        sql_lit(q, " AS v");
    else if (call->fn == FX_SUMOF)
        sql_lit(q, "), 0)");
    else if (call->fn != FX_LOOKUP)
        sql_lit(q, ")");
    if (call->fn == FX_AVGOF && *scale) {
        sql_lit(q, " / ");
        sql_int(q, pow10_of(*scale));
        sql_lit(q, ".0");
        *scale = 0;
    }
    return 0;
}

int sql_stored(struct sql_env *e, struct sql *q, const struct fx_call *call, uint8_t *scale,
               struct err *err)
{
    const struct form *f = call->form;
    unsigned t = e->alias;
    *scale = 0;
    sql_lit(q, "SELECT ");
    if (call->sealed)
        sql_col(q, t, STR("_id")); /* the host reads the rows (env.c) */
    else if (stored_value(e, q, call, scale, err))
        return -1;
    sql_lit(q, " FROM ");
    sql_form(q, f);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    if (e->request) {
        struct access *x;
        if (access_of(e->c, f, &x, err) || access_rows(x, q, t, RIGHT_READ, err))
            return -1;
    } else {
        sql_col(q, t, STR("_deleted_at"));
        sql_lit(q, " IS NULL");
    }
    if (call->where) {
        sql_lit(q, " AND ");
        if (fx_sql_cond(call->where, q, &e->fx, err))
            return -1;
    }
    if (call->fn == FX_LOOKUP || call->fn == FX_LISTOF) {
        sql_lit(q, " ORDER BY ");
        sql_col(q, t, STR("_id"));
    }
    if (call->fn == FX_LOOKUP)
        sql_lit(q, " LIMIT 1");
    return 0;
}
