/*
 * Which grants a member has on a form, and what they add up to. Rows and fields as SQL are in
 * access_sql.c, one loaded row in access_row.c, the answer to "why" in explain.c.
 */
#include "engine/record/record_int.h"

#include "engine/meta/flowdef.h"
#include "engine/org/member.h"

#include <stdio.h>

/* ---- who has a grant ---- */

static bool in_list(const struct str *list, size_t n, struct str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], s))
            return true;
    return false;
}

/* Names of the caller's departments and, because a department holds those below it, nothing else.
 */
static int dept_names(struct ctx *c, const struct str **names, struct err *err)
{
    struct rcache *rc = rcache_of(c);
    if (!rc->dept_names || rc->dept_names_of != c->who->id) {
        rc->dept_names = ARENA_ARRAY(rc->a, struct str, c->who->ndepts + 1);
        rc->dept_names_of = c->who->id;
        for (size_t i = 0; i < c->who->ndepts; i++)
            if (department_name(c, c->who->depts[i], &rc->dept_names[i], err) < 0)
                return -1;
        for (size_t i = 0; i < c->who->ndepts; i++)
            rc->dept_names[i] = str_dup(rc->a, rc->dept_names[i]);
    }
    *names = rc->dept_names;
    return 0;
}

/* 1 the caller is one of those the grant names, 0, -1. */
static int named(struct ctx *c, const struct form *f, const struct grant *g, struct err *err)
{
    const struct principal *who = c->who;
    if (who->kind == WHO_PUBLIC)
        return g->public_;
    if (who->kind != WHO_MEMBER)
        return 0;
    if (g->everyone || in_list(g->members, g->nmembers, who->login))
        return 1;
    for (size_t i = 0; i < g->nroles; i++)
        if (who_has_role(who, f->app->key, g->roles[i]))
            return 1;
    if (!g->ndepartments || !who->ndepts)
        return 0;
    const struct str *names;
    if (dept_names(c, &names, err))
        return -1;
    for (size_t i = 0; i < who->ndepts; i++)
        if (in_list(g->departments, g->ndepartments, names[i]))
            return 1;
    return 0;
}

/* 1 the caller holds the grant, 0, -1. */
static int holds(struct ctx *c, const struct form *f, const struct grant *g, struct err *err)
{
    int yes = named(c, f, g, err);
    if (yes != 1 || !g->requires)
        return yes;
    struct row_env e;
    const struct rec *me = NULL;
    struct app *people = f->app->people;
    if (people && me_row(c, app_form(people, STR("member")), &me, err))
        return -1;
    row_env_init(&e, c, me, err);
    bool met = fx_true(g->requires, &e.fx);
    return row_env_end(&e, err) ? -1 : met;
}

/* ---- fields ---- */

uint8_t agrant_sub_right(const struct agrant *g, const struct field *table, const struct field *f)
{
    uint8_t whole = g->fields[table->slot];
    if (!g->sub_fields || !g->sub_fields[table->slot] || whole == FIELD_HIDDEN)
        return whole;
    uint8_t own = g->sub_fields[table->slot][f->slot];
    return own == FIELD_UNSET ? whole : MIN(own, whole);
}

static void sum_up(struct access *x)
{
    for (size_t i = 0; i < x->n; i++) {
        x->rights |= x->g[i].can;
        for (size_t s = 0; s < x->f->nslots; s++) {
            uint8_t right = x->g[i].fields[s];
            x->best[s] = MAX(x->best[s], right);
            if (x->g[i].can & RIGHT_READ)
                x->best_read[s] = MAX(x->best_read[s], right);
        }
    }
}

/* ---- building ---- */

/* Written as `values` of the action only, so at most read. */
static uint8_t shown_at_task(uint8_t said, const struct field *f)
{
    if (said == FIELD_WRITE)
        return FIELD_READ;
    return said != FIELD_UNSET ? said : f->sensitive ? FIELD_MASKED : FIELD_READ;
}

/* What a task of a flow node shows: what the node says, else read; sensitive ones masked. */
static const uint8_t *node_fields(struct access *x, const struct flow_node *node)
{
    const struct form *f = x->f;
    uint8_t *fields = ARENA_ARRAY(x->c->a, uint8_t, f->nslots);
    for (size_t s = 0; s < f->nslots; s++) {
        uint8_t said = node->fields ? node->fields[s] : FIELD_UNSET;
        fields[s] = shown_at_task(said, rec_field_at(f, s));
    }
    return fields;
}

/* The same for the columns of the sub-tables. */
static const uint8_t *const *node_columns(struct access *x, const struct flow_node *node)
{
    const struct form *f = x->f;
    uint8_t **out = ARENA_ARRAY(x->c->a, uint8_t *, f->nslots);
    for (size_t i = 0; i < f->nfields; i++) {
        const struct form *sub = f->fields[i]->sub;
        const uint8_t *said = sub && node->sub_fields ? node->sub_fields[i] : NULL;
        if (!sub)
            continue;
        out[i] = ARENA_ARRAY(x->c->a, uint8_t, sub->nslots);
        for (size_t s = 0; s < sub->nslots; s++)
            out[i][s] = shown_at_task(said ? said[s] : FIELD_UNSET, rec_field_at(sub, s));
    }
    return (const uint8_t *const *)out;
}

/* 1 when the caller holds or has handled a task of the node, 0, -1. Without one the node shows him
 * nothing, not even that a field exists. */
static int has_task(struct access *x, const struct flow_node *node, struct err *err)
{
    const struct val me = val_dec(x->who->id, 0);
    static const char *const roles[] = {"holder", "on_behalf", "by"};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        struct sql q;
        int64_t one;
        ctx_sql(x->c, &q);
        sql_lit(&q, "SELECT 1 FROM _task WHERE app = ");
        sql_bind_str(&q, x->f->app->key);
        sql_lit(&q, " AND form = ");
        sql_bind_str(&q, x->f->key);
        sql_lit(&q, " AND ");
        sql_ident(&q, str_of(roles[i]));
        sql_lit(&q, " = ");
        sql_bind(&q, me);
        sql_lit(&q, " AND node = ");
        sql_bind_str(&q, node->key);
        sql_lit(&q, " AND state IN ('open', 'done') LIMIT 1");
        int has = store_get_int(x->c->db, x->c->a, &q, &one, err);
        if (has)
            return has;
    }
    return 0;
}

/* The one who submits goes on reading what his grants let him read, no more. */
static void as_granted(struct access *x, struct agrant *g)
{
    const struct form *f = x->f;
    uint8_t *fields = ARENA_ARRAY(x->c->a, uint8_t, f->nslots);
    uint8_t **columns = ARENA_ARRAY(x->c->a, uint8_t *, f->nslots);
    memset(fields, FIELD_HIDDEN, f->nslots);
    for (size_t s = 0; s < f->nfields; s++)
        if (f->fields[s]->sub) {
            columns[s] = ARENA_ARRAY(x->c->a, uint8_t, f->fields[s]->sub->nslots);
            memset(columns[s], FIELD_HIDDEN, f->fields[s]->sub->nslots);
        }
    for (size_t i = 0; i < x->n && x->g[i].def; i++)
        for (size_t s = 0; s < f->nslots; s++) {
            const struct field *table = s < f->nfields ? f->fields[s] : NULL;
            fields[s] = MAX(fields[s], MIN(x->g[i].fields[s], (uint8_t)FIELD_READ));
            for (size_t k = 0; table && table->sub && k < table->sub->nslots; k++) {
                uint8_t right = agrant_sub_right(&x->g[i], table, rec_field_at(table->sub, k));
                columns[s][k] = MAX(columns[s][k], MIN(right, (uint8_t)FIELD_READ));
            }
        }
    g->sub_fields = (const uint8_t *const *)columns;
    access_narrow(x, g, fields);
}

static int add_nodes(struct access *x, struct err *err)
{
    const struct flowdef *flow = x->f->flow;
    for (size_t i = 0; flow && i < flow->nnodes; i++) {
        const struct flow_node *node = &flow->nodes[i];
        if (!node->nto && node->kind != NODE_START)
            continue;
        int has = has_task(x, node, err);
        if (has < 0)
            return -1;
        if (!has)
            continue;
        struct agrant g = {.node = node->key, .can = RIGHT_READ | RIGHT_COMMENT | RIGHT_HISTORY};
        if (node->kind == NODE_START && !node->fields) {
            as_granted(x, &g);
        } else {
            g.sub_fields = node_columns(x, node);
            access_narrow(x, &g, node_fields(x, node));
        }
        x->g[x->n++] = g;
    }
    return 0;
}

static unsigned scoped(const struct principal *who, const struct form *f, unsigned can)
{
    if (who->scope_app.n && !str_eq(who->scope_app, f->app->key))
        return 0;
    if (who->kind == WHO_MEMBER && !(who->scopes & 2))
        can &= RIGHT_READ | RIGHT_EXPORT | RIGHT_PRINT | RIGHT_HISTORY;
    if (who->kind == WHO_MEMBER && !(who->scopes & 1))
        can &= ~(unsigned)(RIGHT_READ | RIGHT_EXPORT | RIGHT_PRINT | RIGHT_HISTORY);
    return can;
}

static int add_grants(struct access *x, struct err *err)
{
    const struct form *f = x->f;
    size_t nodes = f->flow ? f->flow->nnodes : 0;
    x->g = ARENA_ARRAY(x->c->a, struct agrant, f->ngrants + nodes + SHARE_GRANTS);
    for (size_t i = 0; i < f->ngrants; i++) {
        const struct grant *def = &f->grants[i];
        unsigned can = scoped(x->who, f, def->can);
        int has = holds(x->c, f, def, err);
        if (has < 0)
            return -1;
        if (!has || (!can && !def->nbuttons && !def->all_buttons))
            continue;
        struct agrant *g = &x->g[x->n++];
        *g = (struct agrant){.def = def,
                             .can = can,
                             .where = def->where,
                             .ensure = def->ensure ? def->ensure : def->where,
                             .sub_fields = def->sub_fields};
        access_narrow(x, g, def->fields);
    }
    if (x->who->kind == WHO_MEMBER && scoped(x->who, f, RIGHT_READ))
        return add_nodes(x, err) || share_grants(x, scoped(x->who, f, RIGHT_ALL), err) ? -1 : 0;
    return 0;
}

static void make_system(struct access *x)
{
    x->system = true;
    x->rights = RIGHT_ALL;
    memset(x->best, FIELD_WRITE, x->f->nslots);
    memset(x->best_read, FIELD_WRITE, x->f->nslots);
}

/* _id _version _title are always readable to one who reads anything. */
static void always_readable(struct access *x)
{
    static const enum sys_field open[] = {SYS_ID, SYS_VERSION, SYS_TITLE};
    for (size_t i = 0; i < x->n; i++) {
        uint8_t *fields = ARENA_ARRAY(x->c->a, uint8_t, x->f->nslots);
        memcpy(fields, x->g[i].fields, x->f->nslots);
        for (size_t k = 0; k < ARRAY_LEN(open); k++)
            fields[x->f->nfields + open[k]] = FIELD_READ;
        x->g[i].fields = fields;
    }
}

static int build(struct access *x, struct err *err)
{
    if (x->who->kind == WHO_SYSTEM) {
        make_system(x);
        return 0;
    }
    if (add_grants(x, err))
        return -1;
    always_readable(x);
    sum_up(x);
    int rc = access_inputs(x, err);
    x->ready = true;
    return rc;
}

int access_of(struct ctx *c, const struct form *f, struct access **out, struct err *err)
{
    if (f->parent)
        f = f->parent;
    struct rcache *rc = rcache_of(c);
    for (size_t i = 0; i < rc->accesses.n; i++)
        if (rc->accesses.v[i]->f == f && rc->accesses.v[i]->who == c->who) {
            *out = rc->accesses.v[i];
            return 0;
        }
    struct arena *row_arena = c->a;
    c->a = rc->a; /* it outlives the row that asked first */
    struct access *x = ARENA_NEW(rc->a, struct access);
    *x = (struct access){.c = c, .f = f, .who = c->who, .by_task = f->flow != NULL};
    x->best = ARENA_ARRAY(rc->a, uint8_t, f->nslots);
    x->best_read = ARENA_ARRAY(rc->a, uint8_t, f->nslots);
    (void)vec_push(rc->a, &rc->accesses, x); /* first: links may lead back here */
    struct asof *as_of = c->as_of;
    c->as_of = NULL; /* rights are those of today */
    int rc_build = build(x, err);
    c->as_of = as_of;
    if (rc_build)
        rc->accesses.n = 0;
    c->a = row_arena;
    *out = x;
    return rc_build;
}

bool access_none(const struct access *x)
{
    if (x->system)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (x->g[i].def || x->g[i].share_can.n)
            return false;
    return true;
}

bool access_implied(const struct access *x, unsigned right)
{
    for (size_t i = 0; i < x->n; i++)
        if ((x->g[i].can & RIGHT_READ) && !(x->g[i].can & right))
            return false;
    return !x->by_task;
}

unsigned access_rights(const struct access *x)
{
    return x->rights;
}

bool agrant_button(const struct agrant *g, const struct button *b)
{
    return g->def && (g->def->all_buttons || in_list(g->def->buttons, g->def->nbuttons, b->key));
}

bool access_button(const struct access *x, const struct button *b)
{
    if (x->system)
        return true;
    if (!scoped(x->who, x->f, RIGHT_UPDATE))
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (agrant_button(&x->g[i], b))
            return true;
    return false;
}

enum field_right access_field(const struct access *x, const struct field *f)
{
    if (f->form != x->f && f->form->parent == x->f) {
        enum field_right best = x->system ? FIELD_WRITE : FIELD_HIDDEN;
        for (size_t i = 0; i < x->n; i++)
            best = MAX(best, agrant_sub_right(&x->g[i], f->form->parent_field, f));
        return best;
    }
    uint8_t best = x->best[f->slot];
    return best == FIELD_UNSET ? FIELD_HIDDEN : (enum field_right)best;
}

bool access_full(const struct access *x, unsigned right)
{
    if (x->system)
        return true;
    if (x->f->restrict_fx || x->f->flow) /* other people's drafts are invisible */
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (x->g[i].def && (x->g[i].can & right) && !x->g[i].where)
            return true;
    return false;
}

bool access_every_row(const struct access *x)
{
    bool all = x->system;
    for (size_t i = 0; i < x->n && !all; i++)
        all = x->g[i].def && (x->g[i].can & RIGHT_READ) && !x->g[i].where;
    return all && (x->system || !x->f->restrict_fx);
}

/* ---- names a request may use ---- */

struct schema_self {
    struct ctx *c;
    struct app *app;
    struct fx_schema base;
    bool open;   /* a designer: rights to data do not count */
    bool missed; /* a name was asked for that does not exist for this caller */
};

bool access_may_name(struct ctx *c, const struct form *f, const struct field *field)
{
    struct access *x;
    struct err err = ERR_INIT;
    if (access_of(c, f, &x, &err))
        return false;
    if (x->system)
        return true;
    if (f->parent) {
        for (size_t i = 0; i < x->n; i++)
            if ((x->g[i].can & RIGHT_READ) &&
                agrant_sub_right(&x->g[i], f->parent_field, field) >= FIELD_MASKED)
                return true;
        return false;
    }
    return x->best_read[field->slot] >= FIELD_MASKED;
}

static int schema_field(void *self, const void *form, struct str key, struct fx_field *out)
{
    struct schema_self *s = self;
    int known = s->base.field(s->base.self, form, key, out) &&
                (s->open || access_may_name(s->c, form, out->ref));
    s->missed |= !known;
    return known;
}

static const void *schema_form(void *self, struct str key)
{
    struct schema_self *s = self;
    const struct form *f = s->base.form(s->base.self, key);
    struct access *x;
    struct err err = ERR_INIT;
    if (f && s->open)
        return f;
    if (!f || access_of(s->c, f, &x, &err) || !(x->rights & RIGHT_READ))
        return NULL;
    return f;
}

static int schema_setting(void *self, struct str key, struct fx_type *out)
{
    struct schema_self *s = self;
    return s->base.setting(s->base.self, key, out);
}

static int schema_role(void *self, struct str key)
{
    struct schema_self *s = self;
    return s->base.role(s->base.self, key);
}

static int schema_option(void *self, const void *options, struct str key)
{
    struct schema_self *s = self;
    return s->base.option(s->base.self, options, key);
}

struct each {
    struct schema_self *s;
    const struct form *form;
    void (*fn)(void *arg, struct str key);
    void *arg;
};

static void each_visible(void *arg, struct str key)
{
    struct each *e = arg;
    const struct field *f = e->form ? form_field(e->form, key) : NULL;
    bool yes = e->form ? f && (e->s->open || access_may_name(e->s->c, e->form, f))
                       : schema_form(e->s, key) != NULL;
    if (yes)
        e->fn(e->arg, key);
}

static void schema_each(void *self, const void *form, void (*fn)(void *arg, struct str key),
                        void *arg)
{
    struct schema_self *s = self;
    struct each e = {.s = s, .form = form, .fn = fn, .arg = arg};
    s->base.each(s->base.self, form, each_visible, &e);
}

struct list {
    struct schema_self *s;
    enum fx_keys what;
    const void *of;
    void (*fn)(void *arg, struct str key, struct str title);
    void *arg;
};

/* "forms.lead.fields.items.fields.qty" */
static struct str field_path(struct arena *a, const struct form *f, struct str key)
{
    if (f->parent)
        return str_fmt(a, "%.*s.fields.%.*s",
                       STR_ARG(field_path(a, f->parent, f->parent_field->key)), STR_ARG(key));
    return str_fmt(a, "forms.%.*s.fields.%.*s", STR_ARG(f->key), STR_ARG(key));
}

/* One key with its title in the reader's language, unless he may not name it. */
static void list_one(void *arg, struct str key, struct str title)
{
    struct list *l = arg;
    struct arena *a = l->s->c->a;
    struct str path = STR_NONE;
    const struct field *f = l->of;
    if (l->what == FX_KEYS_FIELDS) {
        f = form_field(l->of, key);
        if (!f || (!l->s->open && !access_may_name(l->s->c, l->of, f)))
            return;
        path = field_path(a, l->of, key);
        if (field_is_sys(f) && l->s->c->lang == LANG_EN)
            title = field_sys_title_en(f);
    } else if (l->what == FX_KEYS_OPTIONS) {
        path =
            str_fmt(a, "%.*s.options.%.*s", STR_ARG(field_path(a, f->form, f->key)), STR_ARG(key));
    } else if (l->what == FX_KEYS_FORMS) {
        if (!l->s->open && !schema_form(l->s, key))
            return;
        path = str_fmt(a, "forms.%.*s", STR_ARG(key));
    } else {
        path = str_fmt(a, "%s.%.*s", l->what == FX_KEYS_ROLES ? "roles" : "settings", STR_ARG(key));
    }
    l->fn(l->arg, key,
          app_text(l->s->app, l->s->c->lang == LANG_EN ? STR("en") : STR("zh-CN"),
                   str_fmt(a, "%.*s%s", STR_ARG(path), l->what == FX_KEYS_OPTIONS ? "" : ".title"),
                   title));
}

static void schema_keys(void *self, enum fx_keys what, const void *of,
                        void (*fn)(void *arg, struct str key, struct str title), void *arg)
{
    struct schema_self *s = self;
    struct list l = {.s = s, .what = what, .of = of, .fn = fn, .arg = arg};
    s->base.keys(s->base.self, what, of, list_one, &l);
}

struct fx_schema access_design_schema(struct ctx *c, struct app *app)
{
    struct schema_self *s = ARENA_NEW(c->a, struct schema_self);
    struct fx_schema schema = app_schema(app);
    *s = (struct schema_self){.c = c, .app = app, .base = schema, .open = true};
    schema.self = s;
    schema.field = schema_field;
    schema.form = schema_form;
    schema.setting = schema_setting;
    schema.role = schema_role;
    schema.option = schema_option;
    schema.each = schema_each;
    schema.keys = schema_keys;
    return schema;
}

/* A schema that knows no field the reader may never see; for expressions of requests. */
struct fx_schema access_schema(struct ctx *c, struct app *app)
{
    struct schema_self *s = ARENA_NEW(c->a, struct schema_self);
    *s = (struct schema_self){.c = c, .app = app, .base = app_schema(app)};
    return (struct fx_schema){.self = s,
                              .field = schema_field,
                              .form = schema_form,
                              .setting = schema_setting,
                              .role = schema_role,
                              .option = schema_option,
                              .each = schema_each,
                              .keys = schema_keys};
}

struct fx *access_compile(struct ctx *c, const struct form *f, struct str text, enum fx_place place,
                          struct str what, struct err *err)
{
    struct fx_schema schema = access_schema(c, f->app);
    struct fx_scope scope = form_scope(f, place, true);
    scope.schema = &schema;
    scope.user = f->app->people ? app_form(f->app->people, STR("member")) : NULL;
    struct diags diags;
    diags_init(&diags, c->a);
    struct fx *fx = fx_compile(c->a, text, &scope, STR_NONE, (struct src_pos){1, 1}, &diags);
    if (fx)
        return fx;
    const struct diag *d = &diags.list.v[0];
    bool unknown = ((struct schema_self *)schema.self)->missed;
    err_set(err, ERR_INVALID, unknown ? "unknown_field" : "formula", "%.*s", "%.*s",
            STR_ARG(d->zh));
    snprintf(err->en, sizeof(err->en), "%.*s", STR_ARG(d->en));
    err_at(err, "%.*s", STR_ARG(what));
    err->pos = d->pos;
    return NULL;
}
