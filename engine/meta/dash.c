/*
 * Dashboards: widgets with their compiled filters, groups and metrics.
 */
#include "engine/meta/load_int.h"

struct dash {
    struct load *ld;
    const struct src_file *file;
    struct dashboard *d;
};

/* ---- metrics ---- */

static const struct yaml_node *metric_expr(const struct yaml_node *n)
{
    return n->kind == YAML_MAP ? node_scalar(n, "value") : n;
}

/* An aggregate over rows; or, when it names other metrics of the widget, arithmetic over them. */
static struct fx *compile_metric(struct dash *x, const struct widget *w, const struct yaml_node *n,
                                 const struct fx_var *vars, size_t nvars, bool *derived)
{
    struct diags *told = x->ld->diags, rows, over;
    struct fx_scope scope = ld_scope(x->ld, w->form, FX_PLACE_METRIC);
    diags_init(&rows, told->a);
    diags_init(&over, told->a);
    x->ld->diags = &rows;
    struct fx *fx = ld_fx(x->ld, x->file, n, &scope);
    if (!fx) {
        scope = ld_scope(x->ld, NULL, FX_PLACE_VALUE);
        scope.vars = vars;
        scope.nvars = nvars;
        x->ld->diags = &over;
        fx = ld_fx(x->ld, x->file, n, &scope);
        *derived = fx != NULL;
    }
    x->ld->diags = told;
    for (size_t i = 0; !fx && i < rows.list.n; i++) {
        struct diag *d = node_error(told, x->file, n, "formula", "%s", "%s", "");
        *d = rows.list.v[i];
    }
    return fx;
}

static void read_metric(struct dash *x, const struct yaml_node *key, const struct yaml_node *n,
                        struct metric *out)
{
    *out = (struct metric){.key = key->text, .title = key->text};
    if (n->kind != YAML_MAP)
        return;
    if (node_scalar(n, "title"))
        out->title = node_text(n, "title");
    out->format = node_text(n, "format");
    out->percent_of = node_text(n, "percent_of");
    out->running = node_bool(n, "running", false);
    (void)x;
}

static void metrics(struct dash *x, struct widget *w, const struct yaml_node *n)
{
    const struct yaml_node *map = node_of(n, "metrics", YAML_MAP);
    struct arena *a = x->ld->a;
    struct metric *out = ARENA_ARRAY(a, struct metric, map ? map->n : 0);
    struct fx_var *vars = ARENA_ARRAY(a, struct fx_var, map ? map->n : 0);
    for (size_t i = 0; map && i < map->n; i++) {
        read_metric(x, map->keys[i], map->items[i], &out[i]);
        vars[i] = (struct fx_var){.name = out[i].key, .type = {.base = FX_NUM}};
    }
    for (size_t i = 0; map && w->form && i < map->n; i++) {
        const struct yaml_node *expr = metric_expr(map->items[i]);
        if (expr)
            out[i].fx = compile_metric(x, w, expr, vars, map->n, &out[i].derived);
    }
    w->metrics = out;
    w->nmetrics = map ? map->n : 0;
}

/* ---- groups ---- */

static void add_groups(struct dash *x, struct widget *w, const struct yaml_node *n, const char *key,
                       struct fx **out)
{
    size_t count;
    const struct yaml_node *const *list = node_list(x->ld->a, n, key, &count);
    struct fx_scope scope = ld_scope(x->ld, w->form, FX_PLACE_GROUP);
    for (size_t i = 0; i < count; i++) {
        struct fx *fx = ld_fx(x->ld, x->file, list[i], &scope);
        if (fx)
            out[w->ngroup++] = fx;
    }
}

static void groups(struct dash *x, struct widget *w, const struct yaml_node *n)
{
    static const char *const keys[] = {"group", "rows", "cols"};
    size_t all = 0, count;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        node_list(x->ld->a, n, keys[i], &count);
        all += count;
    }
    struct fx **out = ARENA_ARRAY(x->ld->a, struct fx *, all);
    if (!w->form)
        return;
    add_groups(x, w, n, "group", out);
    add_groups(x, w, n, "rows", out);
    w->nrows = w->ngroup;
    add_groups(x, w, n, "cols", out);
    w->group = out;
}

/* ---- a widget ---- */

/* `view: lead/pool`, or a view of `form`. */
static void widget_view(struct dash *x, struct widget *w, const struct yaml_node *n)
{
    struct str form = STR_NONE, view;
    struct yaml_node at = *n;
    if (str_findc(n->text, '/') >= 0) {
        view = str_cut(n->text, '/', &form);
        at.text = form;
        w->form = ld_form_ref(x->ld, x->file, &at);
    } else {
        view = n->text;
    }
    if (!w->form || w->form->broken)
        return;
    w->view = form_view(w->form, view);
    if (!w->view)
        node_error(x->ld->diags, x->file, n, "unknown_view", "表单“%.*s”没有视图“%.*s”",
                   "The form “%.*s” has no view “%.*s”", STR_ARG(w->form->key), STR_ARG(view));
}

static void widget_place(struct dash *x, struct widget *w, const struct yaml_node *n)
{
    const struct yaml_node *at = node_of(n, "at", YAML_SEQ);
    int32_t *const to[] = {&w->x, &w->y, &w->w, &w->h};
    if (!at)
        return;
    if (at->n != 4) {
        node_error(x->ld->diags, x->file, at, "at", "位置应写成 [列, 行, 宽, 高]",
                   "A place is [x, y, w, h]");
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        int64_t v = 0;
        if (at->items[i]->kind == YAML_SCALAR && str_int(at->items[i]->text, 0, 1000, &v))
            *to[i] = (int32_t)v;
    }
    if (w->w < 1 || w->h < 1 || w->x + w->w > (int32_t)x->d->columns)
        node_error(x->ld->diags, x->file, at, "at", "组件超出了 %u 列的看板，或宽高为 0",
                   "The widget leaves the %u columns of the board, or has no size", x->d->columns);
}

static void check_sort(struct dash *x, const struct widget *w, const struct yaml_node *n)
{
    struct str key = n->text;
    if (key.n && key.p[0] == '-')
        key = str_sub(key, 1, key.n);
    bool known = str_eqz(key, "group");
    for (size_t i = 0; i < w->nmetrics && !known; i++)
        known = str_eq(w->metrics[i].key, key);
    if (!known && w->form && !w->nmetrics)
        known = form_field(w->form, key) != NULL;
    if (!known)
        node_error(x->ld->diags, x->file, n, "sort", "没有指标“%.*s”，排序写 -指标 或 group",
                   "There is no metric “%.*s”; order by -metric or group", STR_ARG(key));
}

static bool needs_rows(struct str type)
{
    static const char *const free[] = {"text",    "image", "shortcut", "tasks",
                                       "notices", "embed", NULL};
    return word_index(free, type) < 0;
}

static void check_links(struct dash *x, const struct widget *w, const struct yaml_node *n)
{
    size_t count;
    const struct yaml_node *const *list = node_list(x->ld->a, n, "link", &count);
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < x->d->nfilters; k++)
            known = known || str_eq(x->d->filters[k].key, list[i]->text);
        if (!known)
            node_error(x->ld->diags, x->file, list[i], "unknown_filter", "看板没有筛选“%.*s”",
                       "The board has no filter “%.*s”", STR_ARG(list[i]->text));
    }
    (void)w;
}

/* `drill:` is a view of the form, or expressions of the next levels. */
static void drill(struct dash *x, struct widget *w, const struct yaml_node *n)
{
    const struct yaml_node *list = node_of(n, "drill", YAML_SEQ), *view = node_scalar(n, "drill");
    struct fx_scope scope = ld_scope(x->ld, w->form, FX_PLACE_GROUP);
    if (view && form_view(w->form, view->text)) {
        w->drill = view->text;
        return;
    }
    if (view)
        node_error(x->ld->diags, x->file, view, "unknown_view", "表单“%.*s”没有视图“%.*s”",
                   "The form “%.*s” has no view “%.*s”", STR_ARG(w->form->key),
                   STR_ARG(view->text));
    for (size_t i = 0; list && i < list->n; i++)
        ld_fx(x->ld, x->file, list->items[i], &scope);
}

static void read_widget(struct dash *x, const struct yaml_node *key, const struct yaml_node *n,
                        struct widget *w)
{
    const struct yaml_node *form = node_scalar(n, "form"), *view = node_scalar(n, "view");
    const struct yaml_node *role = node_scalar(n, "run_as"), *sort;
    size_t count;
    *w = (struct widget){
        .key = key->text, .type = node_text(n, "type"), .at = ld_place(x->file, key)};
    w->title = node_text(n, "title");
    w->format = node_text(n, "format");
    w->limit = (uint32_t)node_int(n, "limit", 0);
    w->min_group = (uint32_t)node_int(n, "min_group", 0);
    w->link = node_texts(x->ld->a, n, "link", &w->nlink);
    w->raw = yaml_val(x->ld->a, n);
    widget_place(x, w, n);
    check_links(x, w, n);
    if (role && ld_role(x->ld, x->file, role))
        w->run_as = role->text;
    if (form)
        w->form = ld_form_ref(x->ld, x->file, form);
    if (view)
        widget_view(x, w, view);
    if (!form && !view && needs_rows(w->type) && w->type.n)
        node_error(x->ld->diags, x->file, key, "missing_key", "组件“%.*s”缺少 form 或 view",
                   "The widget “%.*s” needs `form` or `view`", STR_ARG(key->text));
    if (!w->form || w->form->broken) {
        w->form = NULL;
        return;
    }
    struct fx_scope scope = ld_scope(x->ld, w->form, FX_PLACE_FILTER);
    w->filter = ld_fx(x->ld, x->file, yaml_get(n, "filter"), &scope);
    groups(x, w, n);
    metrics(x, w, n);
    drill(x, w, n);
    if (node_of(n, "columns", YAML_SEQ))
        ld_field_refs(x->ld, x->file, n, "columns", w->form, &count);
    sort = yaml_get(n, "sort");
    if (sort && sort->kind == YAML_SEQ && sort->n)
        sort = sort->items[0];
    if (sort && sort->kind == YAML_SCALAR) {
        w->sort = sort->text;
        check_sort(x, w, sort);
    }
}

/* A filter's field must be one of some widget's form; where it is not, that widget ignores it. */
static void filters(struct dash *x, const struct yaml_node *root)
{
    const struct yaml_node *map = node_of(root, "filters", YAML_MAP);
    struct dash_filter *out = ARENA_ARRAY(x->ld->a, struct dash_filter, map ? map->n : 0);
    for (size_t i = 0; map && i < map->n; i++) {
        const struct yaml_node *n = map->items[i];
        out[i] = (struct dash_filter){.key = map->keys[i]->text,
                                      .field = node_text(n, "field"),
                                      .type = node_text(n, "type")};
        out[i].dflt = ld_value(x->ld, x->file, yaml_get(n, "default"), NULL, NULL).literal;
    }
    x->d->filters = out;
    x->d->nfilters = map ? map->n : 0;
}

static void check_filters(struct dash *x, const struct yaml_node *root)
{
    const struct yaml_node *map = node_of(root, "filters", YAML_MAP);
    for (size_t i = 0; map && i < map->n; i++) {
        const struct yaml_node *field = node_scalar(map->items[i], "field");
        const struct form *some = NULL;
        bool known = false;
        for (size_t k = 0; field && k < x->d->nwidgets && !known; k++) {
            some = x->d->widgets[k].form ? x->d->widgets[k].form : some;
            known = x->d->widgets[k].form && form_field(x->d->widgets[k].form, field->text);
        }
        if (field && some && !known) {
            struct diag *d = node_error(
                x->ld->diags, x->file, field, "unknown_field", "没有组件的表单有字段“%.*s”",
                "No widget's form has a field “%.*s”", STR_ARG(field->text));
            diag_suggest(x->ld->diags, d, ld_near_field(x->ld, some, field->text));
        }
    }
}

static void read_dashboard(struct load *ld, const struct src_file *file, struct dashboard *d)
{
    struct dash x = {.ld = ld, .file = file, .d = d};
    const struct yaml_node *root = file->root, *map = node_of(root, "widgets", YAML_MAP);
    struct widget *widgets = ARENA_ARRAY(ld->a, struct widget, map ? map->n : 0);
    size_t made = 0;
    *d = (struct dashboard){.key = str_sub(file->path, 11, file->path.n - 16)};
    d->title = node_scalar(root, "title") ? node_text(root, "title") : d->key;
    d->icon = node_text(root, "icon");
    d->at = (struct place){.file = file->path, .pos = {1, 1}};
    d->columns = (uint32_t)node_int(root, "columns", 12);
    if (!str_is_key(d->key))
        diag_file(ld->diags, DIAG_ERROR, file->path, (struct src_pos){1, 1}, "key_grammar",
                  "文件名“%.*s”不能作看板的键", "The file's name “%.*s” is no key of a dashboard",
                  STR_ARG(d->key));
    if (!root)
        return;
    d->raw = yaml_val(ld->a, root);
    d->can = ld_roles(ld, file, root, "can", &d->ncan);
    filters(&x, root);
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            read_widget(&x, map->keys[i], map->items[i], &widgets[made++]);
    }
    d->widgets = widgets;
    d->nwidgets = made;
    check_filters(&x, root);
}

void ld_dashboards(struct load *ld)
{
    struct app *app = ld->app;
    app->dashboards = ARENA_ARRAY(ld->a, struct dashboard, ld->nfiles);
    for (size_t i = 0; i < ld->nfiles; i++) {
        if (str_starts(ld->files[i].path, STR("dashboards/")))
            read_dashboard(ld, &ld->files[i], &app->dashboards[app->ndashboards++]);
    }
}
