/*
 * Rows as environments of expressions: names through links and sub-tables, stored rows of other
 * forms, the caller's context. Definitions see every row; rights are the readers' business
 * (access.c).
 */
#include "engine/record/record_int.h"

#include "engine/org/member.h"
#include "engine/value/pinyin.h"
#include "engine/record/setting.h"

#define NAMES_KEPT 4096

/* ---- what a request remembers ---- */

/* Rights that hang on tasks: a write may have opened or closed some. */
static void forget_tasks(struct rcache *rc)
{
    size_t kept = 0;
    for (size_t i = 0; i < rc->accesses.n; i++)
        if (!rc->accesses.v[i]->by_task)
            rc->accesses.v[kept++] = rc->accesses.v[i];
    rc->accesses.n = kept;
}

struct rcache *rcache_of(struct ctx *c)
{
    struct rcache *rc = c->records;
    if (!rc || rc->owner != c) { /* a copied ctx does not inherit: its arena is another one */
        rc = ARENA_NEW(c->a, struct rcache);
        rc->owner = c;
        rc->a = c->a;
        rc->db = c->db;
        c->records = rc;
    }
    if (rc->db != c->db) { /* another snapshot */
        rc->db = c->db;
        memset(rc->rows, 0, sizeof(rc->rows));
        memset(rc->names, 0, sizeof(rc->names));
        forget_tasks(rc);
    }
    return rc;
}

void rcache_bulk(struct ctx *c)
{
    rcache_of(c)->bulk = true;
}

void rcache_forget_names(struct ctx *c)
{
    memset(rcache_of(c)->names, 0, sizeof(rcache_of(c)->names));
}

static int read_name(struct ctx *c, enum ref_kind kind, bool reader, int64_t id, struct str *out,
                     struct err *err)
{
    if (kind == REF_MEMBER)
        return reader ? member_title(c, id, out, err) : member_name(c, id, out, err);
    return reader ? department_title(c, id, out, err) : department_name(c, id, out, err);
}

static int remembered_name(struct ctx *c, const struct rcache_name *want, struct str *out,
                           struct err *err)
{
    struct rcache *rc = rcache_of(c);
    uint64_t mixed = (uint64_t)want->id * UINT64_C(0x9E3779B97F4A7C15) >> 58;
    uint64_t salt =
        (uint64_t)want->kind * 2 + want->reader; /* ids made together differ by little */
    struct rcache_name *at = &rc->names[(mixed ^ salt * 21) % RCACHE_NAMES];
    if (at->id == want->id && at->kind == want->kind && at->reader == want->reader) {
        *out = at->text;
        return at->there;
    }
    int there = read_name(c, want->kind, want->reader, want->id, out, err);
    if (there < 0 || rc->names_read >= NAMES_KEPT)
        return there;
    rc->names_read++; /* they stay for the whole request: a long export keeps no more */
    *at = *want;
    at->there = there == 1;
    at->text = *out = there ? str_dup(rc->a, *out) : STR_NONE;
    return there;
}

/* One who sees everybody sees the names that there are. */
int person_name(struct ctx *c, enum ref_kind kind, int64_t id, struct str *out, struct err *err)
{
    return remembered_name(c, &(struct rcache_name){.id = id, .kind = kind}, out, err);
}

int person_shown(struct ctx *c, enum ref_kind kind, int64_t id, struct str *out, struct err *err)
{
    return remembered_name(
        c, &(struct rcache_name){.id = id, .kind = kind, .reader = org_limited(c)}, out, err);
}

void rcache_forget(struct ctx *c)
{
    struct rcache *rc = c->records;
    if (!rc || rc->owner != c)
        return;
    memset(rc->rows, 0, sizeof(rc->rows));
    forget_tasks(rc);
}

int rcache_row(struct ctx *c, const struct form *f, int64_t id, const struct rec **out,
               struct err *err)
{
    struct rcache *rc = rcache_of(c);
    size_t at = ((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15)) >> 58;
    const struct rec *r = rc->rows[at];
    if (!r || r->form != f || r->id != id) {
        struct rec *fresh = ARENA_NEW(c->a, struct rec);
        int found = rec_load_flat(c, f, id, REC_LIVE, fresh, err);
        if (found <= 0)
            return found;
        rc->rows[at] = r = fresh;
    }
    *out = r;
    return 1;
}

/* ---- names ---- */

static const struct rec *root_of(const struct row_env *e, enum fx_root root)
{
    switch (root) {
    case FX_ROW: return e->row;
    case FX_PARENT: return e->parent;
    case FX_OLD: return e->old;
    case FX_THAT: return e->that;
    case FX_TARGET: return e->target;
    case FX_THIS: return e->this_;
    case FX_ME: /* asked for by row_env_get() */
    case FX_VAR: break;
    }
    return NULL;
}

int rec_value(struct row_env *e, const struct rec *r, const struct field *f, struct val *out)
{
    *out = r->v[f->slot];
    if (e->no_sealed && (f->encrypted || f->sealing))
        *out = VAL_NONE;
    if (out->kind != VAL_ABSENT)
        return 0;
    *out = VAL_NONE;
    if (!field_by_expr(f) || e->depth >= ENV_DEPTH)
        return 0;
    if (f->rollup_of)
        return rollup_value(e->c, r, f, out, e->fx.err);
    struct row_env sub;
    row_env_init(&sub, e->c, r, e->fx.err);
    sub.parent = e->parent;
    sub.depth = e->depth + 1;
    if (e->no_sealed)
        row_env_unsealed(&sub);
    *out = fx_eval(f->value, &sub.fx);
    return row_env_end(&sub, e->fx.err);
}

struct walk {
    struct row_env *e;
    VEC(struct val) list;
    int depth;
};

static int walk_path(struct walk *w, const struct rec *r, const struct fx_field *path, uint32_t n);

/* A linked row as the caller may read it: what he may not is blank. 1, 0 invisible, -1. */
static int narrowed(struct row_env *e, const struct rec **row)
{
    struct access *x;
    const struct rec *r = *row;
    uint8_t *rights = ARENA_ARRAY(e->c->a, uint8_t, r->form->nslots);
    if (access_of(e->c, r->form, &x, e->fx.err))
        return -1;
    int yes = access_row(x, r, RIGHT_READ, e->fx.err);
    if (yes <= 0)
        return yes;
    if (access_row_fields(x, r, RIGHT_READ, rights, e->fx.err))
        return -1;
    struct rec *copy = ARENA_NEW(e->c->a, struct rec);
    *copy = rec_copy(e->c->a, r);
    for (size_t i = 0; i < r->form->nslots; i++)
        if (rights[i] < FIELD_READ)
            copy->v[i] = VAL_NONE;
    *row = copy;
    return 1;
}

static int walk_link(struct walk *w, const struct field *f, struct val v,
                     const struct fx_field *rest, uint32_t n)
{
    if (v.kind == VAL_LIST) {
        for (uint32_t i = 0; i < v.n; i++)
            if (walk_link(w, f, v.list[i], rest, n))
                return -1;
        return 0;
    }
    const struct form *to = ref_target(f);
    int64_t id;
    if (v.kind == VAL_TEXT && id_parse(val_str(v), &id))
        v = val_ref(w->e->c->a, id, STR_NONE);
    if (v.kind != VAL_REF || !to)
        return 0;
    const struct rec *target;
    int found = rcache_row(w->e->c, to, v.ref->id, &target, w->e->fx.err);
    if (found == 1 && w->e->request)
        found = narrowed(w->e, &target);
    return found == 1 ? walk_path(w, target, rest, n) : found;
}

static int walk_rows(struct walk *w, const struct rec *r, const struct field *table,
                     const struct fx_field *rest, uint32_t n)
{
    struct rec with = *r;
    if (!with.rows && with.id) {
        if (rec_load_rows(w->e->c, &with, table, w->e->fx.err))
            return -1;
    }
    if (!with.rows)
        return 0;
    const struct rec_rows *rows = &with.rows[table->slot];
    const struct rec *parent = w->e->parent;
    w->e->parent = r;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows->n; i++)
        rc = walk_path(w, &rows->v[i], rest, n);
    w->e->parent = parent;
    return rc;
}

static int walk_path(struct walk *w, const struct rec *r, const struct fx_field *path, uint32_t n)
{
    if (++w->depth > ENV_DEPTH) {
        w->depth--;
        return 0;
    }
    const struct field *f = path[0].ref;
    int rc = 0;
    if (f->sub) {
        if (n > 1)
            rc = walk_rows(w, r, f, path + 1, n - 1);
    } else {
        struct val v;
        rc = rec_value(w->e, r, f, &v);
        if (rc == 0 && n > 1)
            rc = walk_link(w, f, v, path + 1, n - 1);
        else if (rc == 0)
            (void)vec_push(w->e->fx.a, &w->list, v);
    }
    w->depth--;
    return rc;
}

/* Items of a list of lists (links in rows of a sub-table) stand side by side. */
static struct val flatten(struct arena *a, const struct val *items, size_t n)
{
    VEC(struct val) flat = {0};
    for (size_t i = 0; i < n; i++) {
        if (items[i].kind != VAL_LIST) {
            (void)vec_push(a, &flat, items[i]);
            continue;
        }
        for (uint32_t k = 0; k < items[i].n; k++)
            (void)vec_push(a, &flat, items[i].list[k]);
    }
    return val_list(flat.v, flat.n);
}

int me_row(struct ctx *c, const struct form *as, const struct rec **out, struct err *err)
{
    struct rcache *rc = rcache_of(c);
    *out = NULL;
    if (c->who->kind != WHO_MEMBER)
        return 0;
    if (rc->me_as == as && rc->me_of == c->who->id) {
        *out = rc->me;
        return 0;
    }
    struct app *people = engine_running_app(c, STR("people"));
    const struct form *f = people ? app_form(people, STR("member")) : NULL;
    struct rec have;
    int found = f ? record_load(c, f, c->who->id, REC_LIVE, &have, err) : 0;
    if (found <= 0)
        return found;
    /* the app was compiled with its own overlays; the running form has everybody's */
    struct rec *me = ARENA_NEW(c->a, struct rec);
    rec_init(c->a, as, me);
    for (size_t i = 0; i < as->nfields; i++) {
        const struct field *from = form_field(f, as->fields[i]->key);
        bool same = from && from->type == as->fields[i]->type && !from->sub;
        me->v[i] = same && have.v[from->slot].kind != VAL_ABSENT ? have.v[from->slot] : VAL_NONE;
    }
    me->id = have.id;
    rc->me = me;
    rc->me_as = as;
    rc->me_of = c->who->id;
    *out = me;
    return 0;
}

int row_env_get(struct row_env *e, const struct fx_ref *ref, struct val *out)
{
    *out = VAL_NONE;
    if (ref->root == FX_VAR) {
        if (e->fx.vars)
            *out = e->fx.vars[ref->var];
        return 0;
    }
    const struct rec *r = root_of(e, ref->root);
    if (ref->root == FX_ME && ref->n &&
        me_row(e->c, ((const struct field *)ref->path[0].ref)->form, &r, e->fx.err))
        return -1;
    if (!r || !ref->n)
        return 0;
    const struct field *f = ref->path[0].ref;
    if (ref->n == 1 && !f->sub)
        return rec_value(e, r, f, out);
    struct walk w = {.e = e};
    if (walk_path(&w, r, ref->path, ref->n))
        return -1;
    if (ref->type.list)
        *out = flatten(e->fx.a, w.list.v, w.list.n);
    else if (w.list.n)
        *out = w.list.v[0];
    return 0;
}

static int env_get(struct fx_env *fx, const struct fx_ref *ref, struct val *out)
{
    return row_env_get(fx->self, ref, out);
}

/* ---- stored rows of other forms ---- */

struct str column_text(struct ctx *c, struct stmt *s, int col)
{
    return stmt_null(s, col) ? STR_NONE : str_dup(c->a, stmt_str(s, col));
}

struct val column_val(struct ctx *c, struct stmt *s, int col, struct fx_type type, uint8_t scale)
{
    if (stmt_null(s, col))
        return VAL_NONE;
    switch ((enum fx_base)type.base) {
    case FX_BOOL: return val_bool(stmt_int(s, col) != 0);
    case FX_NUM: return scale ? val_dec(stmt_int(s, col), scale) : val_num(stmt_num(s, col));
    case FX_DATE: return val_date(stmt_int(s, col));
    case FX_TIME: return val_time(stmt_int(s, col));
    case FX_DATETIME: return val_instant(stmt_int(s, col));
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT: return val_ref(c->a, stmt_int(s, col), STR_NONE);
    case FX_BLANK:
    case FX_ROWS: return VAL_NONE;
    case FX_TEXT:
    case FX_JSON: break;
    }
    return val_text(str_dup(c->a, stmt_str(s, col)));
}

static struct fx_type call_type(const struct fx_call *call)
{
    struct fx_type num = {.base = FX_NUM};
    if (call->fn == FX_COUNTOF || !call->value || call->fn == FX_AVGOF)
        return num;
    return fx_type_of(call->value);
}

/* The value of LOOKUP or LISTOF on a row that was found, where it looks into sealed columns. */
static int sealed_stored(struct row_env *e, const struct fx_call *call, int64_t id, struct val *out)
{
    const struct rec *row;
    struct row_env on;
    *out = VAL_NONE;
    int found = rcache_row(e->c, call->form, id, &row, e->fx.err);
    if (found == 1 && e->request)
        found = narrowed(e, &row);
    if (found <= 0)
        return found;
    row_env_init(&on, e->c, row, e->fx.err);
    on.this_ = e->this_ ? e->this_ : e->row;
    on.request = e->request;
    if (e->no_sealed)
        row_env_unsealed(&on);
    on.depth = e->depth + 1;
    *out = fx_eval(call->value, &on.fx);
    return row_env_end(&on, e->fx.err);
}

static int sealed_list(struct row_env *e, const struct fx_call *call, const int64_t *ids, size_t n,
                       struct val *out)
{
    struct val *items = ARENA_ARRAY(e->c->a, struct val, n);
    size_t k = 0;
    *out = VAL_NONE;
    for (size_t i = 0; i < n; i++) {
        if (sealed_stored(e, call, ids[i], &items[k]))
            return -1;
        k += !val_is_blank(items[k]);
    }
    if (call->fn == FX_LISTOF)
        *out = val_list(items, k);
    else if (k)
        *out = items[0];
    return 0;
}

static int env_stored(struct fx_env *fx, const struct fx_call *call, struct val *out)
{
    struct row_env *e = fx->self;
    struct sql q;
    struct sql_env se;
    uint8_t scale = 0;
    ctx_sql(e->c, &q);
    sql_env_init(&se, e->c, call->form, 0);
    se.bind = e;
    se.request = e->request;
    if (sql_stored(&se, &q, call, &scale, fx->err))
        return -1;
    struct stmt *s;
    if (store_query(e->c->db, e->c->a, &q, &s, fx->err))
        return -1;
    VEC(struct val) list = {0};
    VEC(int64_t) ids = {0};
    struct fx_type type = call_type(call);
    int step;
    while ((step = stmt_step(s, fx->err)) == 1)
        if (call->sealed && ids.n < FX_MAX_RESULT)
            (void)vec_push(e->c->a, &ids, stmt_int(s, 0));
        else if (list.n < FX_MAX_RESULT)
            (void)vec_push(e->c->a, &list, column_val(e->c, s, 0, type, scale));
    stmt_done(s);
    if (step < 0)
        return -1;
    if (call->sealed)
        return sealed_list(e, call, ids.v, ids.n, out);
    if (call->fn == FX_LISTOF)
        *out = val_list(list.v, list.n);
    else
        *out = list.n ? list.v[0] : VAL_NONE;
    return 0;
}

/* ---- the caller ---- */

static struct val ref_list(struct ctx *c, const int64_t *ids, size_t n)
{
    struct val *items = ARENA_ARRAY(c->a, struct val, n);
    for (size_t i = 0; i < n; i++)
        items[i] = val_ref(c->a, ids[i], STR_NONE);
    return val_list(items, n);
}

static struct val role_list(struct ctx *c, const struct app *app)
{
    VEC(struct val) list = {0};
    for (size_t i = 0; i < c->who->nroles; i++)
        if (str_eq(c->who->roles[i].app, app->key))
            (void)vec_push(c->a, &list, val_text(c->who->roles[i].role));
    return val_list(list.v, list.n);
}

static int64_t member_arg(struct val arg)
{
    int64_t id = 0;
    if (arg.kind == VAL_REF)
        return arg.ref->id;
    return arg.kind == VAL_TEXT && id_parse(val_str(arg), &id) ? id : 0;
}

/* Leaves out those whom the caller may not see. */
static int only_visible(struct ctx *c, int64_t *ids, size_t *n, struct err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        int seen = org_limited(c) ? member_visible(c, ids[i], err) : 1;
        if (seen < 0)
            return -1;
        if (seen)
            ids[kept++] = ids[i];
    }
    *n = kept;
    return 0;
}

static int context_people(struct ctx *c, enum fx_context what, struct val arg, struct val *out,
                          struct err *err)
{
    int64_t id = member_arg(arg);
    if (!id)
        return 0;
    if (what == FX_REPORTS) {
        int64_t *ids;
        size_t n;
        if (member_reports(c, id, &ids, &n, err) || only_visible(c, ids, &n, err))
            return -1;
        *out = ref_list(c, ids, n);
        return 0;
    }
    int64_t manager;
    struct str name = STR_NONE;
    int seen = member_manager(c, id, &manager, err) ? -1 : 0;
    if (seen == 0 && manager)
        seen = member_title(c, manager, &name, err);
    if (seen < 0)
        return -1;
    if (seen)
        *out = val_ref(c->a, manager, name);
    return 0;
}

/* SETTING("k"), or with a day: [k, day]. */
static int context_setting(struct ctx *c, const struct app *app, struct val arg, struct val *out,
                           struct err *err)
{
    bool on_day = arg.kind == VAL_LIST;
    struct val key = on_day ? arg.list[0] : arg;
    struct val day = on_day && arg.n > 1 ? arg.list[1] : VAL_NONE;
    if (on_day && day.kind != VAL_DATE)
        return 0;
    return setting_value(c, app, val_str(key), on_day ? day.i : setting_today(c, app), out, err);
}

static struct val uuid_text(struct ctx *c)
{
    unsigned char b[16];
    c->random(b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    struct strb t;
    strb_init(&t, c->a);
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            strb_addc(&t, '-');
        strb_addf(&t, "%02x", b[i]);
    }
    return val_text(strb_str(&t));
}

/* A certificate of the caller in the app people, valid today. */
static int context_cert(struct ctx *c, const struct app *app, struct str key, struct val *out,
                        struct err *err)
{
    struct app *people = engine_running_app(c, STR("people"));
    const struct form *f = people ? app_form(people, STR("certificate")) : NULL;
    struct sql q;
    int64_t one;
    *out = val_bool(false);
    if (!f || c->who->kind != WHO_MEMBER || !key.n)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"member\" = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " AND \"key\" = ");
    sql_bind_str(&q, key);
    sql_lit(&q, " AND (\"valid_until\" IS NULL OR \"valid_until\" >= ");
    sql_bind_int(&q, setting_today(c, app));
    sql_lit(&q, ") AND \"_deleted_at\" IS NULL LIMIT 1");
    int has = store_get_int(c->db, c->a, &q, &one, err);
    *out = val_bool(has == 1);
    return has < 0 ? -1 : 0;
}

int context_value(struct ctx *c, const struct app *app, enum fx_context what, struct val arg,
                  struct val *out, struct err *err)
{
    const struct principal *who = c->who;
    *out = VAL_NONE;
    switch (what) {
    case FX_USER:
        if (who->id)
            *out = val_ref(c->a, who->id, who->name);
        return 0;
    case FX_DEPT_OF_USER:
        if (who->ndepts)
            *out = val_ref(c->a, who->depts[0], STR_NONE);
        return 0;
    case FX_DEPTS: *out = ref_list(c, who->depts_below, who->ndepts_below); return 0;
    case FX_ROLES: *out = role_list(c, app); return 0;
    case FX_HASROLE: *out = val_bool(who_has_role(who, app->key, val_str(arg))); return 0;
    case FX_HASCERT: return context_cert(c, app, val_str(arg), out, err);
    case FX_MANAGER:
    case FX_REPORTS: return context_people(c, what, arg, out, err);
    case FX_SETTING: return context_setting(c, app, arg, out, err);
    case FX_UUID: *out = uuid_text(c); return 0;
    case FX_PINYIN: *out = val_text(pinyin_of(c->a, val_str(arg))); return 0;
    case FX_COMPANYKEY: *out = val_text(company_key(c->a, val_str(arg))); return 0;
    }
    return 0;
}

static int env_context(struct fx_env *fx, enum fx_context what, struct val arg, struct val *out)
{
    struct row_env *e = fx->self;
    const struct rec *r = e->row ? e->row : e->this_;
    const struct app *app = r ? r->form->app : e->c->app;
    *out = VAL_NONE;
    return app ? context_value(e->c, app, what, arg, out, fx->err) : 0;
}

/* ---- environments ---- */

void row_env_init(struct row_env *e, struct ctx *c, const struct rec *row, struct err *err)
{
    const struct app *app = row ? row->form->app : c->app;
    *e = (struct row_env){
        .fx = {.a = c->a,
               .row = row ? row->v : NULL,
               .get = env_get,
               .stored = env_stored,
               .context = env_context,
               .now_us = c->now_us,
               .zone = app ? &app->zone : &zone_utc,
               .calendar = app ? &app->calendar : NULL,
               .err = err},
        .c = c,
        .row = row,
    };
    e->fx.self = e;
}

void row_env_unsealed(struct row_env *e)
{
    e->no_sealed = true;
    e->fx.row = NULL; /* every name goes through rec_value() */
}

int row_env_end(struct row_env *e, struct err *err)
{
    if (e->fx.failed)
        return -1;
    if (e->fx.limit)
        return err_set(err, ERR_TIMEOUT, "formula_limit", "表达式的计算量过大。",
                       "An expression takes too many steps.");
    return 0;
}
