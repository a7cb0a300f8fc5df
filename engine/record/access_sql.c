/*
 * Rights as SQL: rows as an OR of grants, a field as one expression, titles as their reader may see
 * them. The environments of expressions are in sql_env.c.
 */
#include "engine/record/write_int.h"

/* ---- as of then: rights are asked of today's row ---- */

struct today {
    struct asof *as_of; /* put aside; NULL: there was none */
    unsigned alias;     /* of the row that is asked */
};

static struct today today_begin(struct access *x, struct sql *q, unsigned alias)
{
    struct today t = {x->c->as_of, alias};
    if (!q->tables)
        return t;
    x->c->as_of = NULL;
    q->tables = NULL;
    t.alias = alias + 1;
    sql_lit(q, "EXISTS (SELECT 1 FROM ");
    sql_form(q, x->f);
    sql_lit(q, " ");
    sql_alias(q, t.alias);
    sql_lit(q, " WHERE ");
    sql_col(q, t.alias, STR("_id"));
    sql_lit(q, " = ");
    sql_col(q, alias, STR("_id"));
    sql_lit(q, " AND ");
    return t;
}

static int today_end(struct access *x, struct sql *q, const struct today *t, int rc)
{
    if (!t->as_of)
        return rc;
    sql_lit(q, ")");
    x->c->as_of = t->as_of;
    q->tables = t->as_of;
    return rc;
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
    if (g->share_can.n) {
        share_cond(x, q, alias, g);
        return 0;
    }
    if (!g->def)
        return task_cond(x, q, alias, g);
    if (!g->where) {
        sql_lit(q, "TRUE");
        return 0;
    }
    struct sql_env e;
    struct today t = today_begin(x, q, alias);
    sql_env_init(&e, x->c, x->f, t.alias);
    return today_end(x, q, &t, fx_sql_cond(g->where, q, &e.fx, err));
}

/* (g1 OR g2 …) over the grants that pass `take`; says nothing when one of them holds everywhere. */
static int any_of(struct access *x, struct sql *q, unsigned alias,
                  bool (*take)(const struct agrant *g, const void *arg), const void *arg,
                  struct err *err)
{
    size_t taken = 0;
    for (size_t i = 0; i < x->n; i++)
        if (take(&x->g[i], arg) && x->g[i].def && !x->g[i].where) {
            sql_lit(q, "TRUE");
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
        sql_lit(q, "FALSE");
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
    sql_lit(q, " AND ");
    struct today t = today_begin(x, q, alias);
    sql_lit(q, "(COALESCE(");
    sql_col(q, t.alias, STR("_state"));
    sql_lit(q, ", '') <> 'draft' OR ");
    sql_col(q, t.alias, STR("_created_by"));
    sql_lit(q, " = ");
    sql_bind_int(q, x->who->id);
    sql_lit(q, ")");
    (void)today_end(x, q, &t, 0);
}

/* What holds beside the grants. */
static int always_conds(struct access *x, struct sql *q, unsigned alias, struct err *err)
{
    if (x->f->flow)
        own_drafts(x, q, alias);
    if (!x->f->restrict_fx)
        return 0;
    struct sql_env e;
    sql_env_init(&e, x->c, x->f, alias);
    sql_lit(q, " AND ");
    return fx_sql_cond(x->f->restrict_fx, q, &e.fx, err);
}

static void starts_at_index(void *arg, const struct fx_ref *ref)
{
    const struct field *f = ref->path[0].ref;
    *(bool *)arg |= f && ref->n == 1 &&
                    (field_is_sys(f) ? str_eqz(f->key, "_owner") || str_eqz(f->key, "_dept") ||
                                           str_eqz(f->key, "_created_by")
                                     : field_has_column(f) && f->type->fx != FX_BOOL);
}

size_t access_branches(struct access *x, unsigned right, struct access_branch *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n && !x->system; i++) {
        const struct agrant *g = &x->g[i];
        struct fx_branches parts;
        if (!(g->can & right))
            continue;
        if (!g->def || !g->where)
            return 0;
        fx_split(x->c->a, g->where, &parts);
        for (size_t k = 0; k < parts.list.n; k++) {
            bool indexed = false;
            fx_each_pinned(parts.list.v[k], starts_at_index, &indexed);
            if (!indexed || n == max)
                return 0;
            out[n++] = (struct access_branch){g, parts.list.v[k]};
        }
    }
    return n < 2 ? 0 : n;
}

int access_rows_by(struct access *x, struct sql *q, unsigned alias,
                   const struct access_branch *branch, struct err *err)
{
    struct sql_env e;
    sql_env_init(&e, x->c, x->f, alias);
    sql_lit(q, "(");
    sql_col(q, alias, STR("_deleted_at"));
    sql_lit(q, " IS NULL AND ");
    if (fx_sql_cond(branch->cond, q, &e.fx, err) || always_conds(x, q, alias, err))
        return -1;
    sql_lit(q, ")");
    return 0;
}

int access_not_by(struct access *x, struct sql *q, unsigned alias,
                  const struct access_branch *branch, struct err *err)
{
    struct sql_env e;
    sql_env_init(&e, x->c, x->f, alias);
    sql_lit(q, " AND (");
    if (fx_sql_cond(branch->cond, q, &e.fx, err))
        return -1;
    sql_lit(q, ") IS NOT TRUE");
    return 0;
}

/* (the row is there, and one of the grants taken shows it, and what holds beside them). */
static int rows_taken(struct access *x, struct sql *q, unsigned alias,
                      bool (*take)(const struct agrant *g, const void *arg), const void *arg,
                      struct err *err)
{
    if (any_of(x, q, alias, take, arg, err))
        return -1;
    if (x->f->flow)
        own_drafts(x, q, alias);
    if (!x->f->restrict_fx)
        return 0;
    struct sql_env e;
    sql_lit(q, " AND ");
    struct today t = today_begin(x, q, alias);
    sql_env_init(&e, x->c, x->f, t.alias);
    return today_end(x, q, &t, fx_sql_cond(x->f->restrict_fx, q, &e.fx, err));
}

int access_rows_in(struct access *x, struct sql *q, unsigned alias, unsigned right,
                   enum rec_where where, struct err *err)
{
    sql_lit(q, "(");
    if (where == REC_ANY)
        sql_lit(q, "TRUE");
    else
        sql_col(q, alias, STR("_deleted_at"));
    if (where == REC_LIVE)
        sql_lit(q, " IS NULL");
    else if (where == REC_BIN)
        sql_lit(q, " IS NOT NULL");
    if (!x->system) {
        sql_lit(q, " AND ");
        if (rows_taken(x, q, alias, take_right, &right, err))
            return -1;
    }
    sql_lit(q, ")");
    return 0;
}

static bool take_seen(const struct agrant *g, const void *arg)
{
    const struct rec_seen *s = arg;
    return (g->can & s->rights) || (s->button && agrant_button(g, s->button));
}

/* OR it is his own draft, or came back to him. */
static void or_his(struct access *x, struct sql *q, unsigned alias)
{
    sql_lit(q, " OR (");
    sql_col(q, alias, STR("_state"));
    sql_lit(q, " = 'draft' AND ");
    sql_col(q, alias, STR("_created_by"));
    sql_lit(q, " = ");
    sql_bind_int(q, x->who->id);
    sql_lit(q, ") OR (");
    sql_col(q, alias, STR("_state"));
    sql_lit(q, " = 'returned' AND EXISTS (SELECT 1 FROM _task WHERE kind = 'start' AND "
               "state = 'open' AND record = ");
    sql_col(q, alias, STR("_id"));
    sql_lit(q, " AND holder = ");
    sql_bind_int(q, x->who->id);
    sql_lit(q, "))");
}

int access_seen(struct access *x, struct sql *q, unsigned alias, const struct rec_seen *seen,
                struct err *err)
{
    if (x->system) {
        sql_lit(q, "TRUE");
        return 0;
    }
    sql_lit(q, "((");
    if (rows_taken(x, q, alias, take_seen, seen, err))
        return -1;
    sql_lit(q, ")");
    if (x->f->flow)
        or_his(x, q, alias);
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
    if (x->needs && x->needs[f->slot]) /* the rows it looked at then are not those of today */
        return x->c->as_of ? SHOW_NEVER : SHOW_SOME;
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

static int needs_path(struct access *x, struct sql *q, struct path_at at, struct err *err);

/* The field is shown in clear on the row, and what lies behind it too. */
static int needs_step(struct access *x, struct sql *q, struct path_at at, struct err *err)
{
    struct access *t;
    const struct field *step = at.path[0].ref;
    if (step->sub) { /* rows below a linked row: only for those who see all of it */
        sql_lit(q, "FALSE");
        return 0;
    }
    if (access_of(x->c, at.f, &t, err) || access_show_cond(t, q, at.alias, step, FIELD_READ, err))
        return -1;
    if (at.n < 2)
        return 0;
    sql_lit(q, " AND ");
    return needs_path(x, q, at, err);
}

/* (the link is blank OR the row behind it may be read, and the field on it). */
static int needs_path(struct access *x, struct sql *q, struct path_at at, struct err *err)
{
    const struct field *link = at.path[0].ref;
    const struct form *target = ref_target(link);
    struct access *t;
    struct sql_env e;
    unsigned in = at.alias + 1;
    if (!target || access_of(x->c, target, &t, err))
        return target ? -1 : (sql_lit(q, "FALSE"), 0);
    sql_env_init(&e, x->c, at.f, at.alias);
    sql_lit(q, "(");
    if (sql_field(&e, q, at.f, at.alias, link, err))
        return -1;
    sql_lit(q, " IS NULL OR EXISTS (SELECT 1 FROM ");
    sql_form(q, target);
    sql_lit(q, " ");
    sql_alias(q, in);
    sql_lit(q, " WHERE ");
    sql_col(q, in, STR("_id"));
    sql_lit(q, " = ");
    if (sql_field(&e, q, at.f, at.alias, link, err))
        return -1;
    sql_lit(q, " AND ");
    if (access_rows(t, q, in, RIGHT_READ, err))
        return -1;
    sql_lit(q, " AND ");
    if (needs_step(x, q, (struct path_at){target, in, at.path + 1, at.n - 1}, err))
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
        return needs_path(x, q, (struct path_at){x->f, alias, need->path, need->n}, err);
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
    if (needs_path(x, q, (struct path_at){sub, in, need->path, need->n}, err))
        return -1;
    sql_lit(q, ")");
    return 0;
}

int access_sub_needs(struct access *x, struct sql *q, unsigned alias, const struct field *table,
                     const struct field *f, struct err *err)
{
    struct needs **of = x->sub_needs ? x->sub_needs[table->slot] : NULL;
    if (x->c->as_of && of && of[f->slot]) {
        sql_lit(q, " AND FALSE");
        return 0;
    }
    for (const struct needs *n = of ? of[f->slot] : NULL; n && n->n; n++) {
        sql_lit(q, " AND ");
        if (needs_path(x, q, (struct path_at){table->sub, alias, n->path, n->n}, err))
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
            sql_lit(q, "TRUE");
        else
            sql_lit(q, "FALSE");
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

int access_sub_cond(struct access *x, struct sql *q, unsigned alias, const struct field *f,
                    enum field_right least, struct err *err)
{
    struct take t = {.table = f->form->parent_field, .f = f, .least = least};
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

bool access_title_whole(struct access *x)
{
    struct title_inputs in = {.x = x};
    const struct field *text = x->f->record_title ? NULL : title_field(x->f);
    if (text)
        return access_show(x, text, FIELD_READ) == SHOW_ALWAYS;
    if (x->f->record_title && !x->system) {
        fx_each_ref(x->f->record_title, title_ref, &in);
        fx_each_call(x->f->record_title, title_call, &in);
    }
    return !in.hidden;
}

int access_title(struct access *x, struct sql *q, unsigned alias, struct err *err)
{
    const struct field *text = x->f->record_title ? NULL : title_field(x->f);
    if (text)
        return access_column(x, q, alias, text, ACCESS_COMPUTE, err);
    if (title_is_sealed(x->f)) {
        sql_lit(q, "NULL"); /* title_for_reader() */
        return 0;
    }
    if (access_title_whole(x)) {
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
