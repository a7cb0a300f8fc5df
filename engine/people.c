/*
 * Members and departments as records of the built-in app, in step with org/'s rows.
 */
#include "engine/people.h"

#include "engine/engine_int.h"
#include "engine/meta/people_app.h"
#include "engine/record/owned.h"

#include <stdio.h>

#define MISSING_STEP 200

/* ---- the app ---- */

static void drop_app(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

/* The running app, until c->a is reset; NULL: not loaded. */
static struct app *people_app(struct ctx *c)
{
    struct app *app = engine_app(c->engine, PEOPLE_APP);
    if (app)
        arena_defer(c->a, drop_app, app);
    return app;
}

typedef VEC(struct app_file) file_vec;

/* people/x.yaml of an app is people/<app>.x.yaml of the built-in one. */
static void add_overlays(struct ctx *c, const struct app_source *src, file_vec *out)
{
    for (size_t i = 0; i < src->nfiles; i++) {
        if (!people_overlay(src->files[i].path))
            continue;
        struct str name = str_sub(src->files[i].path, 7, src->files[i].path.n);
        struct app_file f = {
            .path = str_fmt(c->a, "people/%.*s.%.*s", STR_ARG(src->key), STR_ARG(name)),
            .text = str_dup(c->a, src->files[i].text)};
        (void)vec_push(c->a, out, f);
    }
}

static struct app_source whole_text(struct ctx *c, const struct app_source *extra)
{
    struct str *keys;
    file_vec files = {0};
    size_t n = engine_apps(c->engine, c->a, &keys);
    for (size_t i = 0; i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        if (app && !people_is(app) && !(extra && str_eq(extra->key, keys[i])))
            add_overlays(c, &app->source, &files);
        app_unref(&app);
    }
    if (extra)
        add_overlays(c, extra, &files);
    return people_source(c->a, files.v, files.n);
}

/* ---- org/'s rows to records ---- */

static bool same(struct val have, struct val want)
{
    int64_t id = 0;
    if (val_is_blank(have) || val_is_blank(want))
        return val_is_blank(have) == val_is_blank(want) ||
               (want.kind == VAL_BOOL && !want.b && have.kind != VAL_BOOL);
    if (have.kind == VAL_REF)
        return want.kind == VAL_TEXT && id_parse(val_str(want), &id) && id == have.ref->id;
    if (have.kind != VAL_LIST || want.kind != VAL_LIST)
        return val_same(have, want);
    bool all = have.n == want.n;
    for (uint32_t i = 0; all && i < have.n; i++)
        all = same(have.list[i], want.list[i]);
    return all;
}

static bool same_record(const struct rec *r, struct val values)
{
    for (uint32_t i = 0; i < values.n; i++)
        if (!same(rec_get(r, values.obj[i].key), values.obj[i].value))
            return false;
    return true;
}

/* The first of the problems, as the error. */
static int from_diags(const struct diags *diags, struct err *err)
{
    if (!diags->list.n)
        return -1;
    const struct diag *g = &diags->list.v[0];
    (void)err_set(err, g->code ? g->code : ERR_INVALID, "people", "%.*s", "%.*s", STR_ARG(g->zh));
    (void)snprintf(err->en, sizeof(err->en), "%.*s", STR_ARG(g->en));
    err_at(err, "%.*s", STR_ARG(g->path));
    return -1;
}

static int write_record(struct ctx *c, const struct form *f, int64_t id, struct val values,
                        struct err *err)
{
    struct rec have;
    struct diags diags;
    int found = record_load(c, f, id, REC_LIVE, &have, err);
    if (found < 0 || (found && same_record(&have, values)))
        return found < 0 ? -1 : 0;
    struct rec_write w = {.op = found ? REC_UPDATE : REC_CREATE,
                          .form = f,
                          .id = id,
                          .values = values,
                          .no_version = true,
                          .mode = WRITE_OWN_RIGHT};
    diags_init(&diags, c->a);
    return record_write(c, &w, NULL, &diags, err) ? from_diags(&diags, err) : 0;
}

static struct val id_text(struct ctx *c, int64_t id)
{
    char buf[16];
    return id ? val_text(str_dup(c->a, id_print(id, buf))) : VAL_NONE;
}

struct pairs {
    struct pair v[12];
    uint32_t n;
};

static void put(struct pairs *p, const char *key, struct val v)
{
    p->v[p->n++] = (struct pair){str_of(key), v};
}

static int departments_of(struct ctx *c, int64_t id, struct val *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct val) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT department FROM _member_department WHERE member = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY main DESC, department");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, id_text(c, stmt_int(s, 0)));
    stmt_done(s);
    *out = list.n ? val_list(list.v, list.n) : VAL_NONE;
    return step;
}

static int roles_of(struct ctx *c, int64_t id, struct val *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct strb b;
    ctx_sql(c, &q);
    strb_init(&b, c->a);
    sql_lit(&q, "SELECT app, role FROM _member_role WHERE member = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY app, role");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        strb_addf(&b, "%s%.*s:%.*s", b.n ? " " : "", STR_ARG(stmt_str(s, 0)),
                  STR_ARG(stmt_str(s, 1)));
    stmt_done(s);
    *out = b.n ? val_text(strb_str(&b)) : VAL_NONE;
    return step;
}

static int member_values(struct ctx *c, int64_t id, struct pairs *p, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name, login, manager, active, org, org_admin FROM _member WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        put(p, "name", val_text(str_dup(c->a, stmt_str(s, 0))));
        put(p, "login", val_text(str_dup(c->a, stmt_str(s, 1))));
        put(p, "manager", id_text(c, stmt_int(s, 2)));
        put(p, "active", val_bool(stmt_int(s, 3) != 0));
        put(p, "organisation", id_text(c, stmt_int(s, 4)));
        put(p, "org_admin", val_bool(stmt_int(s, 5) != 0));
    }
    stmt_done(s);
    if (step <= 0)
        return step;
    struct val departments, roles;
    if (departments_of(c, id, &departments, err) || roles_of(c, id, &roles, err))
        return -1;
    put(p, "departments", departments);
    put(p, "roles", roles);
    return 1;
}

static int department_values(struct ctx *c, int64_t id, struct pairs *p, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name, parent, manager, external, pos, org FROM _department WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        put(p, "name", val_text(str_dup(c->a, stmt_str(s, 0))));
        put(p, "above", id_text(c, stmt_int(s, 1)));
        put(p, "manager", id_text(c, stmt_int(s, 2)));
        put(p, "external", val_bool(stmt_int(s, 3) != 0));
        put(p, "pos", val_dec(stmt_int(s, 4), 0));
        put(p, "organisation", id_text(c, stmt_int(s, 5)));
    }
    stmt_done(s);
    return step;
}

typedef int values_fn(struct ctx *c, int64_t id, struct pairs *p, struct err *err);

/* The definition that a job was prepared with is not this app's. */
static int mirror(struct ctx *c, const char *form, int64_t id, values_fn *values, struct err *err)
{
    struct pairs p = {.n = 0};
    struct app *app = people_app(c), *outer = c->app;
    const struct form *f = app ? app_form(app, str_of(form)) : NULL;
    if (!f)
        return 0;
    int found = values(c, id, &p, err);
    if (found <= 0)
        return found;
    struct pair *v = ARENA_ARRAY(c->a, struct pair, p.n);
    memcpy(v, p.v, p.n * sizeof(*v));
    c->app = app;
    int rc = write_record(c, f, id, val_obj(v, p.n), err);
    c->app = outer;
    return rc;
}

int people_member_saved(struct ctx *c, int64_t id, struct err *err)
{
    return mirror(c, "member", id, member_values, err);
}

/* All departments below, and their members. */
static int moved_below(struct ctx *c, int64_t id, struct err *err)
{
    int64_t *people, *departments;
    size_t n, m;
    if (department_members_below(c, id, &people, &n, err) ||
        departments_below(c, id, &departments, &m, err))
        return -1;
    for (size_t i = 0; i < m; i++)
        if (departments[i] != id && mirror(c, "department", departments[i], department_values, err))
            return -1;
    for (size_t i = 0; i < n; i++)
        if (people_member_saved(c, people[i], err))
            return -1;
    return 0;
}

int people_department_saved(struct ctx *c, int64_t id, bool moved, struct err *err)
{
    if (mirror(c, "department", id, department_values, err))
        return -1;
    return moved ? moved_below(c, id, err) : 0;
}

/* ---- records to org/'s rows ---- */

static int64_t ref_of(const struct rec *r, const char *key)
{
    struct val v = rec_get(r, str_of(key));
    return v.kind == VAL_REF ? v.ref->id : 0;
}

static bool flag_of(const struct rec *r, const char *key)
{
    struct val v = rec_get(r, str_of(key));
    return v.kind == VAL_BOOL && v.b;
}

static void set(struct rec *r, const char *key, struct val v)
{
    const struct field *f = form_field(r->form, str_of(key));
    if (f)
        r->v[f->slot] = v;
}

/* The organisation of a department, 0: ours. */
static int org_of(struct ctx *c, int64_t department, int64_t *org, struct err *err)
{
    struct sql q;
    *org = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT org FROM _department WHERE id = ");
    sql_bind_int(&q, department);
    return store_get_int(c->db, c->a, &q, org, err) < 0 ? -1 : 0;
}

static int before_member(struct ctx *c, struct rec *r, struct err *err)
{
    int64_t org = 0;
    struct val list = rec_get(r, STR("departments"));
    bool none = list.kind != VAL_LIST || !list.n;
    if (none && c->who->kind == WHO_MEMBER && c->who->org) {
        struct val *one = ARENA_NEW(c->a, struct val);
        *one = val_ref(c->a, c->who->org, STR_NONE);
        list = val_list(one, 1);
        set(r, "departments", list);
        none = false;
    }
    if (!none && list.list[0].kind == VAL_REF && org_of(c, list.list[0].ref->id, &org, err))
        return -1;
    set(r, "organisation", org ? val_ref(c->a, org, STR_NONE) : VAL_NONE);
    set(r, "account", val_ref(c->a, r->id, val_str(rec_get(r, STR("name")))));
    return 0;
}

static int before_department(struct ctx *c, struct rec *r, struct err *err)
{
    int64_t org = 0, parent = ref_of(r, "above");
    if (parent && org_of(c, parent, &org, err))
        return -1;
    if (!org && flag_of(r, "external"))
        org = r->id;
    set(r, "organisation", org ? val_ref(c->a, org, STR_NONE) : VAL_NONE);
    return 0;
}

/* Of the forms of the app only these two have rows of org/'s; a certificate is a record. */
static bool mirrored(const struct form *f)
{
    return !f->parent && (str_eqz(f->key, "member") || str_eqz(f->key, "department"));
}

int people_before(struct ctx *c, enum rec_op op, struct rec *rec, struct err *err)
{
    if (op == REC_DELETE || !mirrored(rec->form))
        return 0;
    return str_eqz(rec->form->key, "member") ? before_member(c, rec, err)
                                             : before_department(c, rec, err);
}

/* "crm:rep crm:boss" */
static int read_roles(struct ctx *c, struct str text, struct member_spec *spec, struct err *err)
{
    VEC(struct role_of) list = {0};
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        while (i < text.n && !strchr(" ,;\n\r\t", text.p[i]))
            i++;
        struct str app, one = str_sub(text, from, i - from), role = str_cut(one, ':', &app);
        i++;
        if (!one.n)
            continue;
        if (str_eq(app, PEOPLE_APP) || engine_role(c->engine, app, role) < 0) {
            (void)err_set(err, ERR_INVALID, "no_role", "没有角色“%.*s”。",
                          "There is no role “%.*s”.", STR_ARG(one));
            err_at(err, "roles");
            return -1;
        }
        (void)vec_push(c->a, &list, (struct role_of){app, role});
    }
    spec->roles = list.v;
    spec->nroles = list.n;
    return 0;
}

static int read_member(struct ctx *c, const struct rec *r, struct member_change *m, struct err *err)
{
    struct val list = rec_get(r, STR("departments"));
    m->id = r->id;
    m->parts = MEMBER_LOGIN | MEMBER_NAME | MEMBER_MANAGER | MEMBER_DEPARTMENTS | MEMBER_ROLES |
               MEMBER_ACTIVE | MEMBER_ORG_ADMIN;
    m->active = flag_of(r, "active");
    m->spec = (struct member_spec){.id = r->id,
                                   .login = val_str(rec_get(r, STR("login"))),
                                   .name = val_str(rec_get(r, STR("name"))),
                                   .manager = ref_of(r, "manager"),
                                   .org_admin = flag_of(r, "org_admin")};
    m->spec.departments = ARENA_ARRAY(c->a, struct str, list.kind == VAL_LIST ? list.n : 0);
    for (uint32_t i = 0; list.kind == VAL_LIST && i < list.n; i++)
        if (list.list[i].kind == VAL_REF)
            m->spec.departments[m->spec.ndepartments++] = val_str(id_text(c, list.list[i].ref->id));
    return read_roles(c, val_str(rec_get(r, STR("roles"))), &m->spec, err);
}

static int exists(struct ctx *c, struct str head, int64_t id, struct err *err)
{
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    sql_lit_(&q, head);
    sql_bind_int(&q, id);
    return store_get_int(c->db, c->a, &q, &one, err);
}

/* 1 the record says what org/ says already (it was written to say so), 0, -1. */
static int in_step(struct ctx *c, const struct rec *r, values_fn *values, struct err *err)
{
    struct pairs p = {.n = 0};
    int found = values(c, r->id, &p, err);
    if (found <= 0)
        return found;
    struct pair *v = ARENA_ARRAY(c->a, struct pair, p.n);
    memcpy(v, p.v, p.n * sizeof(*v));
    return same_record(r, val_obj(v, p.n));
}

static int after_member(struct ctx *c, const struct rec *r, struct err *err)
{
    int step = in_step(c, r, member_values, err);
    if (step)
        return step < 0 ? -1 : 0;
    struct member_change m = {0};
    struct diags diags;
    int64_t id;
    diags_init(&diags, c->a);
    if (read_member(c, r, &m, err))
        return -1;
    int there = exists(c, STR("SELECT id FROM _member WHERE id = "), r->id, err);
    if (there < 0)
        return -1;
    if (!there && member_add(c, &m.spec, STR_NONE, &id, &diags, err))
        return from_diags(&diags, err);
    return member_change(c, &m, &diags, err) < 0 ? from_diags(&diags, err) : 0;
}

static int after_department(struct ctx *c, const struct rec *r, const struct rec *old,
                            struct err *err)
{
    struct diags diags;
    int64_t id = r->id;
    struct val pos = rec_get(r, STR("pos"));
    struct department_change d = {.id = id, .parts = DEPARTMENT_ALL};
    d.spec = (struct department_spec){.name = val_str(rec_get(r, STR("name"))),
                                      .parent = ref_of(r, "above"),
                                      .manager = ref_of(r, "manager"),
                                      .external = flag_of(r, "external"),
                                      .pos = pos.kind == VAL_DEC ? pos.i : 0};
    diags_init(&diags, c->a);
    int there = exists(c, STR("SELECT id FROM _department WHERE active = 1 AND id = "), id, err);
    if (there < 0)
        return -1;
    if (there ? department_change(c, &d, &diags, err) < 0
              : department_new(c, &d.spec, &id, &diags, err))
        return from_diags(&diags, err);
    bool moved = old && (ref_of(old, "above") != d.spec.parent ||
                         flag_of(old, "external") != d.spec.external);
    return moved ? moved_below(c, id, err) : 0;
}

static int in_use(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "in_use",
                   "系统里有这位成员留下的记录，不能删除；请停用，并把工作交接给别人。",
                   "The member left traces here and cannot be removed; deactivate him and hand his "
                   "work over.");
}

static int gone(struct ctx *c, const struct rec *r, struct err *err)
{
    if (!str_eqz(r->form->key, "member"))
        return department_remove(c, r->id, err) < 0 ? -1 : 0;
    int trace = people_trace(c, r->id, err);
    if (trace)
        return trace < 0 ? -1 : in_use(err);
    return member_remove(c, r->id, err);
}

int people_after(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                 struct err *err)
{
    if (!mirrored(rec->form))
        return 0;
    if (op == REC_DELETE)
        return gone(c, rec, err);
    return str_eqz(rec->form->key, "member") ? after_member(c, rec, err)
                                             : after_department(c, rec, old, err);
}

/* ---- removing ---- */

static int remove_one(struct ctx *c, const char *form, int64_t id, struct err *err)
{
    struct diags diags;
    struct app *app = people_app(c), *outer = c->app;
    const struct form *f = app ? app_form(app, str_of(form)) : NULL;
    struct rec_write w = {
        .op = REC_DELETE, .form = f, .id = id, .no_version = true, .mode = WRITE_OWN_RIGHT};
    if (!f)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有找到。", "Not found.");
    diags_init(&diags, c->a);
    c->app = app;
    int rc = record_write(c, &w, NULL, &diags, err);
    c->app = outer;
    return rc;
}

int people_member_remove(struct ctx *c, int64_t id, struct err *err)
{
    return remove_one(c, "member", id, err);
}

int people_department_remove(struct ctx *c, int64_t id, struct err *err)
{
    return remove_one(c, "department", id, err);
}

/* ---- keeping the app up to date ---- */

struct missing {
    const char *form;
    int64_t *ids;
    size_t from, n;
};

static int add_missing(struct ctx *c, void *arg, struct err *err)
{
    struct missing *m = arg;
    for (size_t i = m->from; i < MIN(m->n, m->from + MISSING_STEP); i++) {
        int rc = str_eqz(str_of(m->form), "member")
                     ? people_member_saved(c, m->ids[i], err)
                     : people_department_saved(c, m->ids[i], false, err);
        if (rc)
            return -1;
    }
    return 0;
}

static int fill(struct ctx *c, const char *form, struct err *err)
{
    struct app *app = people_app(c);
    struct missing m = {.form = form};
    if (!app || owned_missing(c, app_form(app, str_of(form)), &m.ids, &m.n, err))
        return app ? -1 : 0;
    for (; m.from < m.n; m.from += MISSING_STEP)
        if (engine_write(c, add_missing, &m, err))
            return -1;
    return 0;
}

int people_refresh(struct ctx *c, const struct app_source *extra, struct diags *diags,
                   struct err *err)
{
    struct app_source src = whole_text(c, extra);
    struct app *app = people_app(c), *outer = c->app;
    struct str now = source_hash(c->a, &src);
    if (app && str_eq(app->hash, now) && extra)
        return 0;
    if ((!app || !str_eq(app->hash, now)) &&
        engine_publish_text(c, &src, STR("people"), diags, err))
        return -1;
    c->app = NULL;
    int rc = fill(c, "department", err) || fill(c, "member", err) ? -1 : 0;
    c->app = outer;
    return rc;
}
