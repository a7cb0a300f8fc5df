/*
 * app.yaml: names, roles, settings, endpoints, the working calendar, the menu.
 */
#include <stdlib.h>

#include "engine/meta/load_int.h"

static const struct src_file *app_yaml(struct load *ld)
{
    return ld_file(ld, "app.yaml");
}

/* Entries of a map that are not notes (x-…). */
static const struct yaml_node *entries(const struct yaml_node *root, const char *key)
{
    return node_of(root, key, YAML_MAP);
}

static void roles(struct load *ld, const struct yaml_node *root)
{
    const struct yaml_node *n = entries(root, "roles");
    struct app *app = ld->app;
    app->roles = ARENA_ARRAY(ld->a, struct role, n ? n->n : 0);
    for (size_t i = 0; n && i < n->n; i++) {
        const struct yaml_node *v = n->items[i];
        struct role r = {.key = n->keys[i]->text, .title = v->text};
        if (v->kind == YAML_MAP) {
            r.title = node_text(v, "title");
            r.external = node_bool(v, "external", false);
        }
        app->roles[app->nroles++] = r;
    }
}

static void settings(struct load *ld, const struct src_file *file)
{
    const struct yaml_node *n = entries(file->root, "settings");
    struct app *app = ld->app;
    struct form *none = ld_new_form(ld, STR("settings"), file, n);
    app->settings = ARENA_ARRAY(ld->a, struct setting, n ? n->n : 0);
    for (size_t i = 0; n && i < n->n; i++) {
        const struct yaml_node *v = n->items[i];
        if (v->kind != YAML_MAP)
            continue;
        struct field *f = ld_field(ld, none, n->keys[i], v, file);
        ld_register_field(ld, f, NULL, NULL);
        struct setting s = {.key = f->key, .title = f->title, .type = f->type, .field = f};
        s.effective = node_bool(v, "effective", false);
        s.dflt = VAL_NONE;
        if (yaml_get(v, "default"))
            s.dflt = ld_value(ld, file, yaml_get(v, "default"), NULL, f).literal;
        app->settings[app->nsettings++] = s;
    }
}

static void endpoints(struct load *ld, const struct src_file *file)
{
    static const char *const kinds[] = {"json", "form", "sms", "wecom", "dingtalk", "feishu", NULL};
    const struct yaml_node *n = entries(file->root, "endpoints");
    struct app *app = ld->app;
    app->endpoints = ARENA_ARRAY(ld->a, struct endpoint, n ? n->n : 0);
    for (size_t i = 0; n && i < n->n; i++) {
        const struct yaml_node *url = node_scalar(n->items[i], "url");
        if (url && !str_starts(url->text, STR("https://")) &&
            !str_starts(url->text, STR("http://")) && !str_starts(url->text, STR("imaps://")) &&
            !str_starts(url->text, STR("imap://")))
            node_error(ld->diags, file, url, "url",
                       "地址应以 https://、http:// 开头；邮箱以 imaps:// 开头",
                       "An address begins with https:// or http://; a mailbox with imaps://");
        int kind = word_index(kinds, node_text(n->items[i], "kind"));
        app->endpoints[app->nendpoints++] =
            (struct endpoint){.key = n->keys[i]->text,
                              .title = node_text(n->items[i], "title"),
                              .kind = kind < 0 ? ENDPOINT_JSON : (enum endpoint_kind)kind,
                              .url = node_text(n->items[i], "url"),
                              .secret = node_text(n->items[i], "secret")};
    }
}

/* ---- zone and calendar ---- */

static void zone(struct load *ld, const struct src_file *file)
{
    const struct yaml_node *n = file ? node_scalar(file->root, "timezone") : NULL;
    struct str name = n ? n->text : ld->opts->default_zone, bytes;
    if (!name.n || str_eqz(name, "UTC"))
        return;
    bool safe = str_find(name, STR(".."), 0) < 0 && name.p[0] != '/' && name.n < 64;
    bool ok = safe && ld->opts->zone_bytes &&
              ld->opts->zone_bytes(ld->opts->self, ld->a, name, &bytes) == 0 &&
              zone_parse(ld->a, str_dup(ld->a, name), bytes, &ld->app->zone) == 0;
    if (!ok && n)
        node_error(ld->diags, file, n, "timezone", "没有时区“%.*s”", "There is no time zone “%.*s”",
                   STR_ARG(name));
}

static int by_day(const void *x, const void *y)
{
    int32_t a, b;
    memcpy(&a, x, sizeof(a));
    memcpy(&b, y, sizeof(b));
    return (a > b) - (a < b);
}

/* What the app lists beside the built-in days, which come first; sorted. `cn` in a list names them.
 */
struct day_list {
    const int32_t *v;
    size_t n;
};

static struct day_list days(struct load *ld, const struct src_file *file,
                            const struct yaml_node *calendar, const char *key,
                            struct day_list known)
{
    size_t count;
    const struct yaml_node *const *list = node_list(ld->a, calendar, key, &count);
    int32_t *out = ARENA_ARRAY(ld->a, int32_t, count + known.n);
    size_t n = known.n;
    if (n)
        memcpy(out, known.v, n * sizeof(*out));
    for (size_t i = 0; i < count; i++) {
        int64_t day;
        if (list[i]->kind != YAML_SCALAR || str_eqz(list[i]->text, "cn"))
            continue;
        if (civil_parse_date(list[i]->text, &day))
            out[n++] = (int32_t)day;
        else
            node_error(ld->diags, file, list[i], "date", "应填写日期，例如 2026-10-01",
                       "A date such as 2026-10-01 is expected");
    }
    if (n)
        qsort(out, n, sizeof(*out), by_day);
    return (struct day_list){out, n};
}

/* What the app itself names a holiday is no make-up day of the built-in ones. */
static struct day_list without(struct arena *a, struct day_list days, struct day_list gone)
{
    int32_t *out = ARENA_ARRAY(a, int32_t, days.n);
    size_t n = 0;
    for (size_t i = 0; i < days.n; i++)
        if (!gone.n || !bsearch(&days.v[i], gone.v, gone.n, sizeof(*gone.v), by_day))
            out[n++] = days.v[i];
    return (struct day_list){out, n};
}

/* `holidays: cn`, or `cn` among the dates of the list. */
static bool names_cn(struct arena *a, const struct yaml_node *calendar)
{
    size_t n;
    struct str *words = node_texts(a, calendar, "holidays", &n);
    for (size_t i = 0; i < n; i++)
        if (str_eqz(words[i], "cn"))
            return true;
    return false;
}

static void calendar(struct load *ld, const struct src_file *file)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
    const struct yaml_node *n = entries(file->root, "calendar");
    struct fx_calendar *c = &ld->app->calendar;
    size_t count = 0;
    struct str *week = node_texts(ld->a, n, "workdays", &count);
    for (size_t i = 0; i < count; i++) {
        int day = word_index(names, week[i]);
        if (day >= 0)
            c->week |= (uint8_t)(1u << day);
    }
    if (!c->week)
        c->week = 0x1f;
    if (names_cn(ld->a, n))
        ld_calendar_cn(c);
    struct day_list own = days(ld, file, n, "holidays", (struct day_list){0});
    struct day_list off =
        days(ld, file, n, "holidays", (struct day_list){c->holidays, c->nholidays});
    struct day_list on = days(ld, file, n, "make_up",
                              without(ld->a, (struct day_list){c->make_up, c->nmake_up}, own));
    c->holidays = off.v;
    c->nholidays = off.n;
    c->make_up = on.v;
    c->nmake_up = on.n;
}

void ld_app(struct load *ld)
{
    const struct src_file *file = app_yaml(ld);
    struct app *app = ld->app;
    app->key = app->title = app->source.key;
    app->language = STR("zh-CN");
    app->calendar.week = 0x1f;
    zone(ld, file);
    if (!file) {
        diag_file(ld->diags, DIAG_ERROR, STR("app.yaml"), (struct src_pos){1, 1}, "no_app",
                  "缺少 app.yaml", "The file app.yaml is missing");
        return;
    }
    const struct yaml_node *root = file->root, *key = node_scalar(root, "app");
    if (key && app->source.key.n && !str_eq(key->text, app->source.key))
        node_error(ld->diags, file, key, "app_key", "应用的键“%.*s”应与文件夹名“%.*s”相同",
                   "The app's key “%.*s” must be the folder's name “%.*s”", STR_ARG(key->text),
                   STR_ARG(app->source.key));
    if (key)
        app->key = key->text;
    if (node_scalar(root, "title"))
        app->title = node_text(root, "title");
    if (node_scalar(root, "language"))
        app->language = node_text(root, "language");
    app->app_version = node_text(root, "version");
    app->icon = node_text(root, "icon");
    app->color = node_text(root, "color");
    if (!root)
        return;
    roles(ld, root);
    settings(ld, file);
    endpoints(ld, file);
    calendar(ld, file);
    if (entries(root, "boards")) {
        const struct yaml_node *boards = entries(root, "boards");
        app->boards = yaml_val(ld->a, boards);
        for (size_t i = 0; i < boards->n; i++) {
            size_t n;
            ld_roles(ld, file, boards->items[i], "post", &n);
            ld_roles(ld, file, boards->items[i], "read", &n);
        }
    }
}

/* ---- roles ---- */

bool ld_role(struct load *ld, const struct src_file *file, const struct yaml_node *n)
{
    struct map m;
    if (n->kind != YAML_SCALAR || app_role(ld->app, n->text))
        return n->kind == YAML_SCALAR;
    const struct src_file *app = app_yaml(ld);
    if (!app || !app->root)
        return false; /* told there */
    map_init(&m, ld->a);
    for (size_t i = 0; i < ld->app->nroles; i++)
        map_put(&m, ld->app->roles[i].key, &m);
    struct diag *d = node_error(ld->diags, file, n, "unknown_role", "没有角色“%.*s”",
                                "There is no role “%.*s”", STR_ARG(n->text));
    diag_suggest(ld->diags, d, map_nearest(&m, n->text));
    return false;
}

struct str *ld_roles(struct load *ld, const struct src_file *file, const struct yaml_node *map,
                     const char *key, size_t *n)
{
    size_t count;
    const struct yaml_node *const *list = node_list(ld->a, map, key, &count);
    struct str *out = ARENA_ARRAY(ld->a, struct str, count);
    *n = 0;
    for (size_t i = 0; i < count; i++) {
        if (ld_role(ld, file, list[i]))
            out[(*n)++] = list[i]->text;
    }
    return out;
}

/* ---- menu ---- */

static void menu_view(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                      struct menu_item *m)
{
    struct str form, view = str_cut(n->text, '/', &form);
    struct yaml_node at = *n;
    at.text = form;
    m->kind = MENU_VIEW;
    m->form = ld_form_ref(ld, file, &at);
    if (!m->form || m->form->broken)
        return;
    m->view = form_view(m->form, view);
    if (!m->view) {
        struct map keys;
        map_init(&keys, ld->a);
        for (size_t i = 0; i < m->form->nviews; i++)
            map_put(&keys, m->form->views[i].key, &keys);
        struct diag *d = node_error(ld->diags, file, n, "unknown_view", "没有视图“%.*s/%.*s”",
                                    "There is no view “%.*s/%.*s”", STR_ARG(form), STR_ARG(view));
        struct str near = map_nearest(&keys, view);
        if (near.n)
            near = str_fmt(ld->a, "%.*s/%.*s", STR_ARG(form), STR_ARG(near));
        diag_suggest(ld->diags, d, near);
    }
}

static void menu_dashboard(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                           struct menu_item *m)
{
    struct map keys;
    m->kind = MENU_DASHBOARD;
    m->dashboard = n->text;
    if (app_dashboard(ld->app, n->text))
        return;
    map_init(&keys, ld->a);
    for (size_t i = 0; i < ld->app->ndashboards; i++)
        map_put(&keys, ld->app->dashboards[i].key, &keys);
    struct diag *d = node_error(ld->diags, file, n, "unknown_dashboard", "没有看板“%.*s”",
                                "There is no dashboard “%.*s”", STR_ARG(n->text));
    diag_suggest(ld->diags, d, map_nearest(&keys, n->text));
}

static struct menu_item *menu(struct load *ld, const struct src_file *file,
                              const struct yaml_node *list, size_t *n)
{
    struct menu_item *out = ARENA_ARRAY(ld->a, struct menu_item, list ? list->n : 0);
    *n = 0;
    for (size_t i = 0; list && i < list->n; i++) {
        const struct yaml_node *v = list->items[i], *items = node_of(v, "items", YAML_SEQ);
        struct menu_item m = {.title = node_text(v, "title"), .icon = node_text(v, "icon")};
        if (v->kind != YAML_MAP)
            continue;
        if (node_scalar(v, "form")) {
            m.form = ld_form_ref(ld, file, node_scalar(v, "form"));
        } else if (node_scalar(v, "view")) {
            menu_view(ld, file, node_scalar(v, "view"), &m);
        } else if (node_scalar(v, "dashboard")) {
            menu_dashboard(ld, file, node_scalar(v, "dashboard"), &m);
        } else {
            m.kind = MENU_GROUP;
            if (!items || !m.title.n)
                node_error(ld->diags, file, v, "menu",
                           "菜单项应有 form、view、dashboard，或 title 加 items",
                           "A menu entry has form, view, dashboard, or title with items");
            m.items = menu(ld, file, items, &m.nitems);
        }
        out[(*n)++] = m;
    }
    return out;
}

void ld_menu(struct load *ld)
{
    const struct src_file *file = app_yaml(ld);
    if (file && file->root)
        ld->app->menu = menu(ld, file, node_of(file->root, "menu", YAML_SEQ), &ld->app->nmenu);
}
