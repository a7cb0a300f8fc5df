/*
 * Rights as SQL: rows as an OR of grants, a field as one expression; and the environments in which
 * expressions become SQL over app tables. An alias inside a sub-select is one above the highest in
 * scope, so the text of a query depends on its shape only and is prepared once.
 */
#include "engine/record/write_int.h"

/* ---- environments ---- */

void sql_form(struct sql *q, const struct form *f)
{
    if (f->parent)
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
        sql_lit(q, "CAST(ROUND((");
    if (fx_sql_value(field->value, q, &sub.fx, &scale, err))
        return -1;
    if (scaled) {
        sql_lit(q, ") * ");
        sql_int(q, pow10_of(field->scale));
        sql_lit(q, " / ");
        sql_int(q, pow10_of(scale));
        sql_lit(q, ".0) AS INTEGER)");
    }
    return 0;
}

int sql_field(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
              const struct field *field, struct err *err)
{
    if (field->value && !field->stored && !field_is_sys(field))
        return sql_unstored(e, q, f, alias, field, err);
    sql_col(q, alias, field->key);
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

static int emit_path(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
                     const struct fx_field *path, uint32_t n, struct err *err);

/* (SELECT … FROM target t WHERE t._id = link): what stands behind a link. */
static int emit_linked(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
                       const struct fx_field *path, uint32_t n, struct err *err)
{
    const struct field *link = path[0].ref;
    const struct form *target = ref_target(link);
    unsigned outer = e->top;
    unsigned t = ++e->top;
    sql_lit(q, "(SELECT ");
    int rc = emit_path(e, q, target, t, path + 1, n - 1, err);
    sql_lit(q, " FROM ");
    sql_form(q, target);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    sql_col(q, t, STR("_id"));
    sql_lit(q, " = ");
    if (rc == 0)
        rc = emit_field(e, q, f, alias, link, err);
    if (rc == 0 && e->request) {
        struct access *x;
        rc = access_of(e->c, target, &x, err);
        if (rc == 0) {
            sql_lit(q, " AND ");
            rc = access_rows(x, q, t, RIGHT_READ, err);
        }
    } else {
        sql_lit(q, " AND ");
        sql_col(q, t, STR("_deleted_at"));
        sql_lit(q, " IS NULL");
    }
    sql_lit(q, ")");
    e->top = outer;
    return rc;
}

/* SELECT … AS v FROM sub-table: the rows below a record that stands at the end of `before` links.
 */
static int emit_rows(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
                     const struct fx_field *path, uint32_t at, uint32_t n, struct err *err)
{
    const struct field *table = path[at].ref;
    const struct field *column = path[at + 1].ref;
    unsigned outer = e->top;
    unsigned t = ++e->top;
    struct access *x = NULL;
    if (e->request && access_of(e->c, table->form, &x, err))
        return -1;
    sql_lit(q, "SELECT ");
    int rc = emit_path(e, q, table->sub, t, path + at + 1, n - at - 1, err);
    sql_lit(q, " AS v FROM ");
    sql_form(q, table->sub);
    sql_lit(q, " ");
    sql_alias(q, t);
    sql_lit(q, " WHERE ");
    sql_col(q, t, STR("_row"));
    sql_lit(q, " = ");
    if (rc == 0 && at == 0)
        sql_col(q, alias, STR("_id"));
    else if (rc == 0)
        rc = emit_path(e, q, f, alias, path, at, err);
    if (rc == 0 && x && access_sub_show(x, table, column, FIELD_READ) != SHOW_ALWAYS) {
        sql_lit(q, " AND ");
        if (at == 0)
            rc = access_sub_cond(x, q, alias, table, column, FIELD_READ, err);
        else
            sql_lit(q, "0"); /* rows of a row behind a link: shown in clear or not at all */
    }
    if (rc == 0 && x)
        rc = access_sub_needs(x, q, t, table, column, err);
    e->top = outer;
    return rc;
}

static int emit_path(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
                     const struct fx_field *path, uint32_t n, struct err *err)
{
    const struct field *first = path[0].ref;
    for (uint32_t i = 0; i + 1 < n; i++) {
        const struct field *step = path[i].ref;
        if (step->sub)
            return emit_rows(e, q, f, alias, path, i, n, err);
    }
    if (n > 1)
        return emit_linked(e, q, f, alias, path, n, err);
    if (first->type && (first->type->flags & FT_MULTI)) {
        sql_lit(q, "SELECT value AS v FROM json_each(");
        int rc = emit_field(e, q, f, alias, first, err);
        sql_lit(q, ")");
        return rc;
    }
    return emit_field(e, q, f, alias, first, err);
}

/* Roots that are no rows of this query are evaluated now and bound. */
static int bind_ref(struct sql_env *e, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    struct val v = VAL_NONE;
    if (e->bind) {
        struct fx_ref own = *ref;
        if (own.root == FX_THIS && !e->bind->this_)
            own.root = FX_ROW; /* this.x of LOOKUP is the bare name outside */
        if (row_env_get(e->bind, &own, &v))
            return -1;
    }
    (void)err;
    if (ref->type.list) {
        sql_lit(q, "SELECT value AS v FROM json_each(");
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
        return emit_path(e, q, e->form, e->alias, ref->path, ref->n, err);
    if (ref->root == FX_THIS && e->this_form)
        return emit_path(e, q, e->this_form, e->this_alias, ref->path, ref->n, err);
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

void sql_env_init(struct sql_env *e, struct ctx *c, const struct form *f, unsigned alias)
{
    const struct app *app = f ? f->app : c->app;
    *e = (struct sql_env){
        .fx = {.column = env_column,
               .stored = env_stored,
               .context = env_context,
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
    if (stored_value(e, q, call, scale, err))
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

/* ---- rows ---- */

static int task_cond(struct access *x, struct sql *q, unsigned alias, const struct agrant *g)
{
    const struct val me = val_dec(x->who->id, 0);
    sql_lit(q, "EXISTS (SELECT 1 FROM _task k WHERE k.record = ");
    sql_col(q, alias, STR("_id"));
    sql_lit(q, " AND k.node = ");
    sql_bind_str(q, g->node);
    sql_lit(q, " AND k.state IN ('open', 'done') AND (k.holder = ");
    sql_bind(q, me);
    sql_lit(q, " OR k.on_behalf = ");
    sql_bind(q, me);
    sql_lit(q, " OR k.by = ");
    sql_bind(q, me);
    sql_lit(q, "))");
    return 0;
}

int access_grant_cond(struct access *x, struct sql *q, unsigned alias, const struct agrant *g,
                      struct err *err)
{
    if (!g->def)
        return task_cond(x, q, alias, g);
    if (!g->where) {
        sql_lit(q, "1");
        return 0;
    }
    struct sql_env e;
    sql_env_init(&e, x->c, x->f, alias);
    return fx_sql_cond(g->where, q, &e.fx, err);
}

/* (g1 OR g2 …) over the grants that pass `take`; says nothing when one of them holds everywhere. */
static int any_of(struct access *x, struct sql *q, unsigned alias,
                  bool (*take)(const struct agrant *g, const void *arg), const void *arg,
                  struct err *err)
{
    size_t taken = 0;
    for (size_t i = 0; i < x->n; i++)
        if (take(&x->g[i], arg) && x->g[i].def && !x->g[i].where) {
            sql_lit(q, "1");
            return 0;
        }
    sql_lit(q, "(");
    for (size_t i = 0; i < x->n; i++) {
        if (!take(&x->g[i], arg))
            continue;
        if (taken++)
            sql_lit(q, " OR ");
        if (access_grant_cond(x, q, alias, &x->g[i], err))
            return -1;
    }
    if (!taken)
        sql_lit(q, "0");
    sql_lit(q, ")");
    return 0;
}

static bool take_right(const struct agrant *g, const void *arg)
{
    return (g->can & *(const unsigned *)arg) != 0;
}

/* A draft is its author's alone. */
static void own_drafts(struct access *x, struct sql *q, unsigned alias)
{
    sql_lit(q, " AND (COALESCE(");
    sql_col(q, alias, STR("_state"));
    sql_lit(q, ", '') <> 'draft' OR ");
    sql_col(q, alias, STR("_created_by"));
    sql_lit(q, " = ");
    sql_bind_int(q, x->who->id);
    sql_lit(q, ")");
}

int access_rows_in(struct access *x, struct sql *q, unsigned alias, unsigned right,
                   enum rec_where where, struct err *err)
{
    sql_lit(q, "(");
    if (where == REC_ANY)
        sql_lit(q, "1");
    else
        sql_col(q, alias, STR("_deleted_at"));
    if (where == REC_LIVE)
        sql_lit(q, " IS NULL");
    else if (where == REC_BIN)
        sql_lit(q, " IS NOT NULL");
    if (!x->system) {
        sql_lit(q, " AND ");
        if (any_of(x, q, alias, take_right, &right, err))
            return -1;
        if (x->f->flow)
            own_drafts(x, q, alias);
        if (x->f->restrict_fx) {
            struct sql_env e;
            sql_env_init(&e, x->c, x->f, alias);
            sql_lit(q, " AND ");
            if (fx_sql_cond(x->f->restrict_fx, q, &e.fx, err))
                return -1;
        }
    }
    sql_lit(q, ")");
    return 0;
}

int access_rows(struct access *x, struct sql *q, unsigned alias, unsigned right, struct err *err)
{
    return access_rows_in(x, q, alias, right, REC_LIVE, err);
}

/* ---- fields ---- */

enum show access_show(const struct access *x, const struct field *f, enum field_right least)
{
    if (x->system)
        return SHOW_ALWAYS;
    if (x->best_read[f->slot] < least)
        return SHOW_NEVER;
    if (x->needs && x->needs[f->slot])
        return SHOW_SOME;
    for (size_t i = 0; i < x->n; i++)
        if ((x->g[i].can & RIGHT_READ) && x->g[i].fields[f->slot] < least)
            return SHOW_SOME;
    return SHOW_ALWAYS;
}

struct take {
    const struct field *table;
    const struct field *f;
    enum field_right least;
};

static bool take_field(const struct agrant *g, const void *arg)
{
    const struct take *t = arg;
    return (g->can & RIGHT_READ) && g->fields[t->f->slot] >= t->least;
}

static bool take_sub(const struct agrant *g, const void *arg)
{
    const struct take *t = arg;
    return (g->can & RIGHT_READ) && agrant_sub_right(g, t->table, t->f) >= t->least;
}

static int needs_path(struct access *x, struct sql *q, const struct form *f, unsigned alias,
                      const struct fx_field *path, uint32_t n, struct err *err);

/* The field is shown in clear on the row of f, and what lies behind it too. */
static int needs_step(struct access *x, struct sql *q, const struct form *f, unsigned alias,
                      const struct fx_field *path, uint32_t n, struct err *err)
{
    struct access *t;
    const struct field *step = path[0].ref;
    if (step->sub) { /* rows below a linked row: only for those who see all of it */
        sql_lit(q, "0");
        return 0;
    }
    if (access_of(x->c, f, &t, err) || access_show_cond(t, q, alias, step, FIELD_READ, err))
        return -1;
    if (n < 2)
        return 0;
    sql_lit(q, " AND ");
    return needs_path(x, q, f, alias, path, n, err);
}

/* (the link is blank OR the row behind it may be read, and the field on it). */
static int needs_path(struct access *x, struct sql *q, const struct form *f, unsigned alias,
                      const struct fx_field *path, uint32_t n, struct err *err)
{
    const struct field *link = path[0].ref;
    const struct form *target = ref_target(link);
    struct access *t;
    struct sql_env e;
    unsigned in = alias + 1;
    if (!target || access_of(x->c, target, &t, err))
        return target ? -1 : (sql_lit(q, "0"), 0);
    sql_env_init(&e, x->c, f, alias);
    sql_lit(q, "(");
    if (sql_field(&e, q, f, alias, link, err))
        return -1;
    sql_lit(q, " IS NULL OR EXISTS (SELECT 1 FROM ");
    sql_form(q, target);
    sql_lit(q, " ");
    sql_alias(q, in);
    sql_lit(q, " WHERE ");
    sql_col(q, in, STR("_id"));
    sql_lit(q, " = ");
    if (sql_field(&e, q, f, alias, link, err))
        return -1;
    sql_lit(q, " AND ");
    if (access_rows(t, q, in, RIGHT_READ, err))
        return -1;
    sql_lit(q, " AND ");
    if (needs_step(x, q, target, in, path + 1, n - 1, err))
        return -1;
    sql_lit(q, "))");
    return 0;
}

/* The need of the record's own row, or of all of its sub-rows. */
static int needs_cond(struct access *x, struct sql *q, unsigned alias, const struct needs *need,
                      struct err *err)
{
    sql_lit(q, " AND ");
    if (!need->table)
        return needs_path(x, q, x->f, alias, need->path, need->n, err);
    const struct form *sub = need->table->sub;
    unsigned in = alias + 1;
    sql_lit(q, "NOT EXISTS (SELECT 1 FROM ");
    sql_form(q, sub);
    sql_lit(q, " ");
    sql_alias(q, in);
    sql_lit(q, " WHERE ");
    sql_col(q, in, STR("_row"));
    sql_lit(q, " = ");
    sql_col(q, alias, STR("_id"));
    sql_lit(q, " AND NOT ");
    if (needs_path(x, q, sub, in, need->path, need->n, err))
        return -1;
    sql_lit(q, ")");
    return 0;
}

int access_sub_needs(struct access *x, struct sql *q, unsigned alias, const struct field *table,
                     const struct field *f, struct err *err)
{
    struct needs **of = x->sub_needs ? x->sub_needs[table->slot] : NULL;
    for (const struct needs *n = of ? of[f->slot] : NULL; n && n->n; n++) {
        sql_lit(q, " AND ");
        if (needs_path(x, q, table->sub, alias, n->path, n->n, err))
            return -1;
    }
    return 0;
}

int access_show_cond(struct access *x, struct sql *q, unsigned alias, const struct field *f,
                     enum field_right least, struct err *err)
{
    enum show show = access_show(x, f, least);
    if (show != SHOW_SOME) {
        if (show == SHOW_ALWAYS)
            sql_lit(q, "1");
        else
            sql_lit(q, "0");
        return 0;
    }
    struct take t = {.f = f, .least = least};
    sql_lit(q, "(");
    if (any_of(x, q, alias, take_field, &t, err))
        return -1;
    for (const struct needs *n = x->needs ? x->needs[f->slot] : NULL; n && n->n; n++)
        if (needs_cond(x, q, alias, n, err))
            return -1;
    sql_lit(q, ")");
    return 0;
}

enum show access_sub_show(const struct access *x, const struct field *table, const struct field *f,
                          enum field_right least)
{
    if (x->system)
        return SHOW_ALWAYS;
    bool some = false;
    bool all = true;
    for (size_t i = 0; i < x->n; i++) {
        if (!(x->g[i].can & RIGHT_READ))
            continue;
        bool yes = agrant_sub_right(&x->g[i], table, f) >= least;
        some |= yes;
        all &= yes;
    }
    return !some ? SHOW_NEVER : all ? SHOW_ALWAYS : SHOW_SOME;
}

int access_sub_cond(struct access *x, struct sql *q, unsigned alias, const struct field *table,
                    const struct field *f, enum field_right least, struct err *err)
{
    struct take t = {.table = table, .f = f, .least = least};
    return any_of(x, q, alias, take_sub, &t, err);
}

int access_column(struct access *x, struct sql *q, unsigned alias, const struct field *f,
                  enum access_use use, struct err *err)
{
    enum field_right least = use == ACCESS_OUTPUT ? FIELD_MASKED : FIELD_READ;
    enum show show = access_show(x, f, least);
    if (show == SHOW_NEVER) {
        sql_lit(q, "NULL");
        return 0;
    }
    if (field_is_sys(f) && str_eqz(f->key, "_title") && use == ACCESS_COMPUTE)
        return access_title(x, q, alias, err);
    struct sql_env e;
    sql_env_init(&e, x->c, x->f, alias);
    if (show == SHOW_ALWAYS)
        return sql_field(&e, q, x->f, alias, f, err);
    sql_lit(q, "CASE WHEN ");
    if (access_show_cond(x, q, alias, f, least, err))
        return -1;
    sql_lit(q, " THEN ");
    if (sql_field(&e, q, x->f, alias, f, err))
        return -1;
    sql_lit(q, " END");
    return 0;
}

int access_clear(struct access *x, struct sql *q, unsigned alias, const struct field *f,
                 struct err *err)
{
    return access_show_cond(x, q, alias, f, FIELD_READ, err);
}

struct fx_sql_env access_sql_env(struct access *x, unsigned alias, bool request)
{
    struct sql_env *e = ARENA_NEW(x->c->a, struct sql_env);
    sql_env_init(e, x->c, x->f, alias);
    e->request = request;
    return e->fx;
}

/* ---- titles ---- */

struct title_inputs {
    struct access *x;
    bool hidden; /* an input that some row of the reader hides */
};

/* All of what stands behind a link is in clear for the reader. */
static bool open_path(struct ctx *c, const struct fx_field *path, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct field *f = path[i].ref;
        struct access *t;
        struct err ignored = ERR_INIT;
        if (!f->form || access_of(c, f->form, &t, &ignored) || !access_full(t, RIGHT_READ))
            return false;
        enum show show = f->form->parent ? access_sub_show(t, f->form->parent_field, f, FIELD_READ)
                                         : access_show(t, f, FIELD_READ);
        if (show != SHOW_ALWAYS)
            return false;
    }
    return true;
}

static void title_ref(void *arg, const struct fx_ref *ref)
{
    struct title_inputs *in = arg;
    const struct field *first = ref->n ? ref->path[0].ref : NULL;
    if (ref->root != FX_ROW || !first)
        return;
    if (access_show(in->x, first, FIELD_READ) != SHOW_ALWAYS)
        in->hidden = true;
    else if (ref->n >= 2 && first->sub)
        in->hidden |= access_sub_show(in->x, first, ref->path[1].ref, FIELD_READ) != SHOW_ALWAYS ||
                      !open_path(in->x->c, ref->path + 2, ref->n - 2);
    else if (ref->n >= 2 && ref_target(first))
        in->hidden |= !open_path(in->x->c, ref->path + 1, ref->n - 1);
    else if (ref_target(first))
        in->hidden |= !open_path(
            in->x->c, (struct fx_field[]){{.ref = ref_target(first)->sys[SYS_TITLE]}}, 1);
}

static void title_call(void *arg, const struct fx_call *call)
{
    struct title_inputs *in = arg;
    struct access *t;
    struct err ignored = ERR_INIT;
    if (access_of(in->x->c, call->form, &t, &ignored) || !access_full(t, RIGHT_READ))
        in->hidden = true;
}

int access_title(struct access *x, struct sql *q, unsigned alias, struct err *err)
{
    struct title_inputs in = {.x = x};
    if (x->f->record_title && !x->system)
        fx_each_ref(x->f->record_title, title_ref, &in);
    if (x->f->record_title && !x->system)
        fx_each_call(x->f->record_title, title_call, &in);
    const struct field *text = x->f->record_title ? NULL : title_field(x->f);
    if (text)
        return access_column(x, q, alias, text, ACCESS_COMPUTE, err);
    if (!in.hidden) {
        sql_col(q, alias, STR("_title"));
        return 0;
    }
    if (fx_flags(x->f->record_title) & FX_NO_SQL) {
        sql_lit(q, "NULL");
        return 0;
    }
    struct sql_env e;
    sql_env_init(&e, x->c, x->f, alias);
    e.request = true;
    sql_lit(q, "NULLIF(TRIM(");
    if (fx_sql_value(x->f->record_title, q, &e.fx, NULL, err))
        return -1;
    sql_lit(q, "), '')");
    return 0;
}
