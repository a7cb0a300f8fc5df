/*
 * The apps a caller may open, with their menus, and a form's definition.
 */
#include "runtime/api.h"

#include "engine/meta/people_app.h"
#include "engine/record/access.h"

#define ICON(j, s) ((s).n ? (json_key((j), STR("icon")), json_str((j), (s))) : (void)0)

struct menu {
    struct ctx *c;
    const struct app *app;
    struct json *j;
};

static struct str lang_of(const struct ctx *c)
{
    return c->lang == LANG_EN ? STR("en") : STR("zh-CN");
}

static struct str form_title(const struct menu *m, const struct form *f)
{
    return app_text(m->app, lang_of(m->c), str_fmt(m->c->a, "forms.%.*s.title", STR_ARG(f->key)),
                    f->title);
}

/* 1 the caller may open the form, 0 not, -1. */
static int form_open(struct ctx *c, const struct form *f, unsigned *rights, struct err *err)
{
    struct access *x;
    if (access_of(c, f, &x, err))
        return -1;
    *rights = access_rights(x);
    return access_none(x) ? 0 : 1;
}

static bool in_roles(const struct ctx *c, const struct app *app, const struct str *can, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (who_has_role(c->who, app->key, can[i]))
            return true;
    return n == 0;
}

int app_visible(struct ctx *c, struct app *app, bool *visible, struct err *err)
{
    struct app *outer = c->app;
    unsigned rights;
    int rc = 0;
    *visible = false;
    if (c->who->kind != WHO_MEMBER || (c->who->scope_app.n && !str_eq(c->who->scope_app, app->key)))
        return 0;
    if (people_is(app)) { /* everybody may read names; to open it is for those who keep it */
        *visible = (c->who->rights & ADMIN_PEOPLE) || c->who->org_admin;
        return 0;
    }
    c->app = app;
    for (size_t i = 0; i < app->nforms && rc == 0; i++)
        rc = form_open(c, app->forms[i], &rights, err);
    c->app = outer;
    *visible = rc == 1;
    return rc < 0 ? -1 : 0;
}

/* ---- menu ---- */

static int entry(struct menu *m, const struct menu_item *it, struct err *err);

static void dashboard_entry(struct menu *m, const struct menu_item *it)
{
    const struct dashboard *d = app_dashboard(m->app, it->dashboard);
    if (!d || !in_roles(m->c, m->app, d->can, d->ncan))
        return;
    struct str path = str_fmt(m->c->a, "dashboards.%.*s.title", STR_ARG(d->key));
    json_begin_obj(m->j);
    json_kstr(m->j, "dashboard", d->key);
    json_kstr(m->j, "title",
              app_text(m->app, lang_of(m->c), it->title.n ? STR_NONE : path,
                       it->title.n ? it->title : d->title));
    ICON(m->j, it->icon.n ? it->icon : d->icon);
    json_end_obj(m->j);
}

static int group_entry(struct menu *m, const struct menu_item *it, struct err *err)
{
    json_begin_obj(m->j);
    json_kstr(m->j, "title", app_text(m->app, lang_of(m->c), STR_NONE, it->title));
    ICON(m->j, it->icon);
    json_key(m->j, STR("items"));
    json_begin_list(m->j);
    for (size_t i = 0; i < it->nitems; i++)
        if (entry(m, &it->items[i], err))
            return -1;
    json_end_list(m->j);
    json_end_obj(m->j);
    return 0;
}

static int form_entry(struct menu *m, const struct menu_item *it, struct err *err)
{
    unsigned rights;
    int rc = it->form ? form_open(m->c, it->form, &rights, err) : 0;
    if (rc <= 0)
        return rc;
    struct str title = it->title, path = STR_NONE;
    if (!title.n && it->view) {
        title = it->view->title;
        path = str_fmt(m->c->a, "forms.%.*s.views.%.*s.title", STR_ARG(it->form->key),
                       STR_ARG(it->view->key));
    }
    json_begin_obj(m->j);
    json_kstr(m->j, "form", it->form->key);
    if (it->view)
        json_kstr(m->j, "view", it->view->key);
    json_kstr(m->j, "title",
              title.n ? app_text(m->app, lang_of(m->c), path, title) : form_title(m, it->form));
    ICON(m->j, it->icon.n ? it->icon : it->form->icon);
    json_end_obj(m->j);
    return 0;
}

static int entry(struct menu *m, const struct menu_item *it, struct err *err)
{
    switch (it->kind) {
    case MENU_DASHBOARD: dashboard_entry(m, it); return 0;
    case MENU_GROUP: return group_entry(m, it, err);
    case MENU_FORM:
    case MENU_VIEW: break;
    }
    return form_entry(m, it, err);
}

static int put_menu(struct menu *m, struct err *err)
{
    json_key(m->j, STR("menu"));
    json_begin_list(m->j);
    for (size_t i = 0; i < m->app->nmenu; i++)
        if (entry(m, &m->app->menu[i], err))
            return -1;
    for (size_t i = 0; !m->app->nmenu && i < m->app->nforms; i++) {
        struct menu_item it = {.kind = MENU_FORM, .form = m->app->forms[i]};
        if (form_entry(m, &it, err))
            return -1;
    }
    json_end_list(m->j);
    return 0;
}

/* ---- apps ---- */

static int put_forms(struct menu *m, struct err *err)
{
    json_key(m->j, STR("forms"));
    json_begin_list(m->j);
    for (size_t i = 0; i < m->app->nforms; i++) {
        const struct form *f = m->app->forms[i];
        unsigned rights;
        int rc = form_open(m->c, f, &rights, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        json_begin_obj(m->j);
        json_kstr(m->j, "form", f->key);
        json_kstr(m->j, "title", form_title(m, f));
        ICON(m->j, f->icon);
        json_kbool(m->j, "create", (rights & RIGHT_CREATE) != 0);
        json_end_obj(m->j);
    }
    json_end_list(m->j);
    return 0;
}

static void put_dashboards(struct menu *m)
{
    json_key(m->j, STR("dashboards"));
    json_begin_list(m->j);
    for (size_t i = 0; i < m->app->ndashboards; i++) {
        struct menu_item it = {.kind = MENU_DASHBOARD, .dashboard = m->app->dashboards[i].key};
        const struct dashboard *d = &m->app->dashboards[i];
        if (!in_roles(m->c, m->app, d->can, d->ncan))
            continue;
        struct str path = str_fmt(m->c->a, "dashboards.%.*s.title", STR_ARG(d->key));
        json_begin_obj(m->j);
        json_kstr(m->j, "key", it.dashboard);
        json_kstr(m->j, "title", app_text(m->app, lang_of(m->c), path, d->title));
        json_end_obj(m->j);
    }
    json_end_list(m->j);
}

/* The roles that the caller holds here, by key, with their titles. */
static void put_roles(struct menu *m)
{
    json_key(m->j, STR("roles"));
    json_begin_obj(m->j);
    for (size_t i = 0; i < m->app->nroles; i++) {
        const struct role *r = &m->app->roles[i];
        if (!who_has_role(m->c->who, m->app->key, r->key))
            continue;
        struct str path = str_fmt(m->c->a, "roles.%.*s.title", STR_ARG(r->key));
        json_key(m->j, r->key);
        json_str(m->j, app_text(m->app, lang_of(m->c), path, r->title));
    }
    json_end_obj(m->j);
}

static int put_app(struct ctx *c, struct app *app, struct json *j, struct err *err)
{
    struct menu m = {c, app, j};
    struct app *outer = c->app;
    c->app = app;
    json_begin_obj(j);
    json_kstr(j, "app", app->key);
    json_kstr(j, "title", app_text(app, lang_of(c), STR("app.title"), app->title));
    json_kstr(j, "version", app->app_version);
    ICON(j, app->icon);
    if (app->color.n)
        json_kstr(j, "color", app->color);
    int rc = put_forms(&m, err) || put_menu(&m, err) ? -1 : 0;
    if (rc == 0) {
        put_dashboards(&m);
        put_roles(&m);
        json_kbool(j, "design", (c->who->rights & ADMIN_DESIGN) != 0);
        json_end_obj(j);
    }
    c->app = outer;
    return rc;
}

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

int apps_json(struct http_req *req, struct json *j, struct err *err)
{
    struct ctx *c = req->ctx;
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    json_begin_list(j);
    for (size_t i = 0; i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        bool visible = false;
        if (!app)
            continue;
        arena_defer(c->a, drop, app);
        if (app_visible(c, app, &visible, err) || (visible && put_app(c, app, j, err)))
            return -1;
    }
    json_end_list(j);
    return 0;
}

int api_apps(struct http_req *req, struct http_resp *resp, struct err *err)
{
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("apps"));
    if (apps_json(req, &resp->json, err))
        return -1;
    json_end_obj(&resp->json);
    return 0;
}

int api_form(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    if (req_form(req, &f, err))
        return -1;
    int rc = form_json(req->ctx, f, &resp->json, err);
    return rc == 0 ? no_such(err) : rc < 0 ? -1 : 0;
}
