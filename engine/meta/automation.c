/*
 * Automations and monitors: parsed and checked, kept as data; engine/automation runs them.
 */
#include "engine/meta/load_int.h"

/* ---- cron: five fields, each *, n, a-b, lists and steps ---- */

static bool cron_part(struct str s, int64_t min, int64_t max)
{
    struct str item, range, step, low, high;
    int64_t a, b;
    while (s.n) {
        s = str_cut(s, ',', &item);
        step = str_cut(item, '/', &range);
        if (step.n && !str_int(step, 1, max, &a))
            return false;
        if (str_eqz(range, "*"))
            continue;
        high = str_cut(range, '-', &low);
        if (!str_int(low, min, max, &a) || (high.n && (!str_int(high, min, max, &b) || b < a)))
            return false;
    }
    return true;
}

static bool cron_ok(struct str s)
{
    static const struct {
        int min, max;
    } bounds[] = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}};
    struct str part;
    size_t n = 0;
    s = str_trim(s);
    while (s.n) {
        s = str_trim(str_cut(s, ' ', &part));
        if (n >= ARRAY_LEN(bounds) || !part.n || !cron_part(part, bounds[n].min, bounds[n].max))
            return false;
        n++;
    }
    return n == ARRAY_LEN(bounds);
}

static void check_cron(struct load *ld, const struct src_file *file, const struct yaml_node *n)
{
    if (!cron_ok(n->text))
        node_error(
            ld->diags, file, n, "cron", "定时应写五项：分 时 日 月 周，例如 \"0 2 * * *\"",
            "A schedule has five parts: minute hour day month weekday, such as \"0 2 * * *\"");
}

/* ---- triggers ---- */

static void check_trigger(struct load *ld, struct form_src *s, const struct yaml_node *n,
                          enum trigger_kind kind)
{
    static const char *const states[] = {"draft",    "running",   "returned", "approved",
                                         "rejected", "withdrawn", "stopped",  NULL};
    const struct yaml_node *v;
    size_t count;
    if (kind == TRIGGER_UPDATE && n->kind == YAML_MAP)
        ld_field_refs(ld, s->file, n, "update", s->f, &count);
    if (kind == TRIGGER_EVERY && (v = node_scalar(n, "every")))
        check_cron(ld, s->file, v);
    if (kind == TRIGGER_AT)
        ld_field_ref(ld, s->file, node_scalar(n, "at"), s->f);
    if (kind == TRIGGER_STATE && (v = node_scalar(n, "state")) && word_index(states, v->text) < 0)
        node_error(ld->diags, s->file, v, "state", "没有流程状态“%.*s”",
                   "There is no flow state “%.*s”", STR_ARG(v->text));
    if (kind == TRIGGER_BUTTON && (v = node_scalar(n, "button")) && !form_button(s->f, v->text))
        node_error(ld->diags, s->file, v, "unknown_button", "没有按钮“%.*s”",
                   "There is no button “%.*s”", STR_ARG(v->text));
}

static enum trigger_kind read_trigger(struct load *ld, struct form_src *s,
                                      const struct yaml_node *key, const struct yaml_node *n)
{
    static const char *const words[] = {"create", "update", "delete",  "state", "every",
                                        "at",     "button", "webhook", NULL};
    int found = -1, count = 0;
    if (n && n->kind == YAML_SCALAR)
        found = word_index(words, n->text);
    for (size_t i = 0; n && n->kind == YAML_MAP && i < n->n; i++) {
        int at = word_index(words, n->keys[i]->text);
        if (at >= 0) {
            found = at;
            count++;
        }
    }
    if (found < 0 || count > 1) {
        if (n && n->kind == YAML_MAP)
            node_error(ld->diags, s->file, key, "trigger", "自动化“%.*s”应有且只有一种触发方式",
                       "The automation “%.*s” needs exactly one trigger", STR_ARG(key->text));
        return TRIGGER_CREATE;
    }
    check_trigger(ld, s, n, (enum trigger_kind)found);
    return (enum trigger_kind)found;
}

/* ---- actions ---- */

struct actions {
    struct load *ld;
    struct form_src *s;
    struct fx_scope scope; /* values over the triggering record */
};

/* Whose rows `update:` writes: this, the rows of a link, or those of a form. */
static struct form *update_target(struct actions *x, const struct yaml_node *n)
{
    const struct yaml_node *name = node_scalar(n, "update"), *map = node_of(n, "update", YAML_MAP);
    if (map) {
        struct form *form = ld_form_ref(x->ld, x->s->file, node_scalar(map, "form"));
        if (form && !form->broken) {
            struct fx_scope scope = ld_scope(x->ld, form, FX_PLACE_FILTER);
            scope.this_ = x->s->f;
            ld_fx(x->ld, x->s->file, yaml_get(map, "where"), &scope);
        }
        return form;
    }
    if (!name)
        return NULL;
    if (str_eqz(name->text, "this"))
        return x->s->f;
    struct field *f = ld_field_ref(x->ld, x->s->file, name, x->s->f);
    if (f && !f->target)
        node_error(x->ld->diags, x->s->file, name, "update",
                   "update 应是 this、链接字段，或 {form, where}",
                   "`update` must be this, a link, or {form, where}");
    return f ? f->target : NULL;
}

static void values(struct actions *x, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *body = node_of(map, key, YAML_MAP);
    for (size_t i = 0; body && i < body->n; i++)
        ld_value(x->ld, x->s->file, body->items[i], &x->scope, NULL);
}

static void notify(struct actions *x, const struct yaml_node *n)
{
    size_t count;
    ld_assignees(x->ld, x->s->file, yaml_get(n, "to"), x->s->f->flow, x->s->f, &count);
    ld_value(x->ld, x->s->file, yaml_get(n, "title"), &x->scope, NULL);
    ld_value(x->ld, x->s->file, yaml_get(n, "body"), &x->scope, NULL);
}

static void webhook(struct actions *x, const struct yaml_node *n)
{
    const struct yaml_node *to = node_scalar(n, "to");
    const struct app *app = x->ld->app;
    struct map m;
    map_init(&m, x->ld->a);
    for (size_t i = 0; i < app->nendpoints; i++)
        map_put(&m, app->endpoints[i].key, &m);
    if (to && !map_get(&m, to->text)) {
        struct diag *d = node_error(x->ld->diags, x->s->file, to, "unknown_endpoint",
                                    "app.yaml 里没有 endpoint“%.*s”",
                                    "app.yaml has no endpoint “%.*s”", STR_ARG(to->text));
        diag_suggest(x->ld->diags, d, map_nearest(&m, to->text));
    }
    values(x, n, "body");
}

static void check_action(struct actions *x, const struct yaml_node *n)
{
    static const char *const verbs[] = {"update", "create", "notify", "webhook", "script"};
    size_t count = 0, set;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        count += yaml_get(n, verbs[i]) != NULL;
    if (count != 1) {
        node_error(x->ld->diags, x->s->file, n, "action",
                   "每一步应是 update、create、notify、webhook、script 之一",
                   "Each step is one of update, create, notify, webhook, script");
        return;
    }
    struct form *target = update_target(x, n);
    if (target && !target->broken) {
        struct fx_scope scope = x->scope;
        scope.target = target;
        ld_set(x->ld, x->s->file, yaml_get(n, "set"), target, &scope, &set);
    }
    const struct yaml_node *create = node_of(n, "create", YAML_MAP);
    if (create) {
        target = ld_form_ref(x->ld, x->s->file, node_scalar(create, "form"));
        ld_set(x->ld, x->s->file, yaml_get(create, "set"), target, &x->scope, &set);
    }
    if (node_of(n, "notify", YAML_MAP))
        notify(x, node_of(n, "notify", YAML_MAP));
    if (node_of(n, "webhook", YAML_MAP))
        webhook(x, node_of(n, "webhook", YAML_MAP));
    ld_script(x->ld, x->s->file, node_scalar(n, "script"), true);
}

static struct automation read_automation(struct load *ld, struct form_src *s,
                                         const struct yaml_node *key, const struct yaml_node *n)
{
    struct automation out = {.key = key->text, .title = key->text, .at = ld_place(s->file, key)};
    struct actions x = {.ld = ld, .s = s, .scope = ld_scope(ld, s->f, FX_PLACE_VALUE)};
    struct fx_scope filter = ld_scope(ld, s->f, FX_PLACE_FILTER), cond = filter;
    const struct yaml_node *list = node_of(n, "do", YAML_SEQ), *warn = node_of(n, "warn", YAML_MAP);
    size_t count;
    if (node_scalar(n, "title"))
        out.title = node_text(n, "title");
    out.enabled = node_bool(n, "enabled", true);
    out.trigger = read_trigger(ld, s, key, yaml_get(n, "trigger"));
    out.where = ld_fx(ld, s->file, yaml_get(n, "where"), &filter);
    cond.place = FX_PLACE_COND;
    cond.old = s->f;
    out.when = ld_fx(ld, s->file, yaml_get(n, "when"), &cond);
    x.scope.old = s->f;
    ld_assignees(ld, s->file, yaml_get(warn, "to"), s->f->flow, s->f, &count);
    for (size_t i = 0; list && i < list->n; i++) {
        if (list->items[i]->kind == YAML_MAP)
            check_action(&x, list->items[i]);
    }
    out.raw = yaml_val(ld->a, n);
    return out;
}

void ld_automations(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "automations", YAML_MAP);
    struct automation *out = ARENA_ARRAY(ld->a, struct automation, map ? map->n : 0);
    size_t made = 0;
    if (map && map->n)
        node_warn(ld->diags, s->file, map, "not_in_force", "自动化已检查，但此版本还不会运行",
                  "Automations are checked, but do not run in this version yet");
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            out[made++] = read_automation(ld, s, map->keys[i], map->items[i]);
    }
    s->f->automations = out;
    s->f->nautomations = made;
}

/* ---- monitors ---- */

static bool window_ok(struct str s)
{
    static const char *const words[] = {"day", "week", "month", "quarter", "year", NULL};
    struct duration d;
    return word_index(words, s) >= 0 || (duration_parse(s, &d) && d.count > 0);
}

static void check_against(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                          const struct form *form)
{
    const struct yaml_node *against = node_of(n, "against", YAML_MAP);
    int count = against ? (yaml_get(against, "previous") != NULL) +
                              (yaml_get(against, "field") != NULL) +
                              (yaml_get(against, "value") != NULL)
                        : 0;
    if (against && count != 1)
        node_error(ld->diags, file, against, "against",
                   "against 应写 previous、field 或 value 之一",
                   "`against` has one of previous, field, value");
    ld_field_ref(ld, file, node_scalar(against, "field"), form);
}

static void read_monitor(struct load *ld, const struct src_file *file, const struct yaml_node *key,
                         const struct yaml_node *n, struct monitor *out)
{
    static const char *const names[] = {"value", "baseline", "spread", "z", "change"};
    struct fx_var *vars = ARENA_ARRAY(ld->a, struct fx_var, ARRAY_LEN(names));
    const struct yaml_node *window = node_scalar(n, "window"), *every = node_scalar(n, "every");
    size_t count;
    *out = (struct monitor){.key = key->text, .title = key->text, .at = ld_place(file, key)};
    if (node_scalar(n, "title"))
        out->title = node_text(n, "title");
    out->raw = yaml_val(ld->a, n);
    out->form = ld_form_ref(ld, file, node_scalar(n, "of"));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        vars[i] = (struct fx_var){.name = str_of(names[i]), .type = {.base = FX_NUM}};
    struct fx_scope alert = ld_scope(ld, NULL, FX_PLACE_COND);
    alert.vars = vars;
    alert.nvars = ARRAY_LEN(names);
    out->alert = ld_fx(ld, file, yaml_get(n, "alert"), &alert);
    if (window && !window_ok(window->text))
        node_error(ld->diags, file, window, "window", "周期应写成 7 days、week、month 等",
                   "A window is 7 days, week, month and the like");
    if (every && !window_ok(every->text) && !str_eqz(every->text, "hour") && !cron_ok(every->text))
        node_error(ld->diags, file, every, "every", "多久一次应写成 hour、day、2 hours 或五项定时",
                   "How often is hour, day, 2 hours, or a schedule of five parts");
    if (node_scalar(n, "open"))
        ld_form_ref(ld, file, node_scalar(n, "open"));
    if (!out->form || out->form->broken)
        return;
    struct fx_scope scope = ld_scope(ld, out->form, FX_PLACE_METRIC);
    out->metric = ld_fx(ld, file, yaml_get(n, "metric"), &scope);
    scope.place = FX_PLACE_FILTER;
    out->where = ld_fx(ld, file, yaml_get(n, "where"), &scope);
    scope.place = FX_PLACE_GROUP;
    out->by = ld_fx(ld, file, yaml_get(n, "by"), &scope);
    check_against(ld, file, n, out->form);
    ld_field_ref(ld, file, node_scalar(n, "at"), out->form);
    ld_assignees(ld, file, yaml_get(n, "to"), NULL, out->form, &count);
}

void ld_monitors(struct load *ld)
{
    const struct src_file *file = ld_file(ld, "monitors.yaml");
    const struct yaml_node *map = file ? node_of(file->root, "monitors", YAML_MAP) : NULL;
    struct app *app = ld->app;
    if (map && map->n)
        node_warn(ld->diags, file, map, "not_in_force", "监控已检查，但此版本还不会运行",
                  "Monitors are checked, but do not run in this version yet");
    app->monitors = ARENA_ARRAY(ld->a, struct monitor, map ? map->n : 0);
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            read_monitor(ld, file, map->keys[i], map->items[i], &app->monitors[app->nmonitors++]);
    }
}
