/*
 * Automations: parsed and checked, kept as data; engine/automation runs them.
 */
#include "engine/meta/automation.h"

#include "engine/meta/load_int.h"

static void check_cron(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                       struct automation *out)
{
    out->every = n->text;
    if (!cron_parse(n->text, &out->cron))
        node_error(
            ld->diags, file, n, "cron", "定时应写五项：分 时 日 月 周，例如 \"0 2 * * *\"",
            "A schedule has five parts: minute hour day month weekday, such as \"0 2 * * *\"");
}

const struct automation *form_automation(const struct form *f, struct str key)
{
    for (size_t i = 0; i < f->nautomations; i++)
        if (str_eq(f->automations[i].key, key))
            return &f->automations[i];
    return NULL;
}

/* ---- triggers ---- */

/* What a webhook brings: body.company in values. */
static void read_body(struct load *ld, const struct yaml_node *n, struct automation *out)
{
    static const char *const words[] = {"text", "number", "date", "datetime", "boolean", NULL};
    static const uint8_t bases[] = {FX_TEXT, FX_NUM, FX_DATE, FX_DATETIME, FX_BOOL};
    const struct yaml_node *map = node_of(n, "body", YAML_MAP);
    struct fx_var *vars = ARENA_ARRAY(ld->a, struct fx_var, map ? map->n : 0);
    struct str *froms = ARENA_ARRAY(ld->a, struct str, map ? map->n : 0);
    out->froms = froms;
    for (size_t i = 0; map && i < map->n; i++) {
        const struct yaml_node *v = map->items[i];
        int at = word_index(words, v->kind == YAML_MAP ? node_text(v, "type") : v->text);
        if (at < 0)
            continue;
        froms[out->nvars] = v->kind == YAML_MAP && node_scalar(v, "from") ? node_text(v, "from")
                                                                          : map->keys[i]->text;
        vars[out->nvars++] =
            (struct fx_var){.name = str_fmt(ld->a, "body.%.*s", STR_ARG(map->keys[i]->text)),
                            .type = {.base = bases[at]}};
    }
    out->vars = vars;
}

static void check_at(struct load *ld, struct form_src *s, const struct yaml_node *n,
                     struct automation *out)
{
    const struct yaml_node *at = node_scalar(n, "at"), *offset = node_scalar(n, "offset");
    out->due = ld_field_ref(ld, s->file, at, s->f);
    if (out->due && out->due->type->fx != FX_DATE && out->due->type->fx != FX_DATETIME)
        node_error(ld->diags, s->file, at, "at", "“%.*s”不是日期或时间字段",
                   "“%.*s” is no date or time", STR_ARG(at->text));
    if (offset)
        (void)duration_parse(offset->text, &out->offset); /* its shape was checked */
}

static void endpoint_ref(struct load *ld, const struct src_file *file, const struct yaml_node *to);

/* Where mail and pull read from, and how often. */
static void read_source(struct load *ld, struct form_src *s, const struct yaml_node *n,
                        struct automation *out)
{
    out->json = str_eqz(node_text(n, "format"), "json");
    out->tells = node_text(n, "key");
    endpoint_ref(ld, s->file, node_scalar(n, out->trigger == TRIGGER_MAIL ? "mail" : "pull"));
    if (!node_scalar(n, "every"))
        node_error(ld->diags, s->file, n, "every", "mail 和 pull 要写 every：多久读取一次",
                   "`mail` and `pull` need `every`: how often they read");
}

static void check_trigger(struct load *ld, struct form_src *s, const struct yaml_node *n,
                          struct automation *out)
{
    static const char *const states[] = {"draft",    "running",   "returned", "approved",
                                         "rejected", "withdrawn", "stopped",  NULL};
    static const char *const named[] = {[TRIGGER_STATE] = "state",
                                        [TRIGGER_BUTTON] = "button",
                                        [TRIGGER_WEBHOOK] = "webhook",
                                        [TRIGGER_MAIL] = "mail",
                                        [TRIGGER_PULL] = "pull"};
    enum trigger_kind kind = out->trigger;
    const struct yaml_node *v;
    if (kind == TRIGGER_UPDATE && n->kind == YAML_MAP)
        out->fields = ld_field_refs(ld, s->file, n, "update", s->f, &out->nfields);
    bool reads = kind == TRIGGER_MAIL || kind == TRIGGER_PULL;
    if ((kind == TRIGGER_EVERY || reads) && (v = node_scalar(n, "every")))
        check_cron(ld, s->file, v, out);
    if (kind == TRIGGER_AT)
        check_at(ld, s, n, out);
    if (kind < ARRAY_LEN(named) && named[kind])
        out->name = node_text(n, named[kind]);
    if (kind == TRIGGER_STATE && (v = node_scalar(n, "state")) && word_index(states, v->text) < 0)
        node_error(ld->diags, s->file, v, "state", "没有流程状态“%.*s”",
                   "There is no flow state “%.*s”", STR_ARG(v->text));
    if (kind == TRIGGER_BUTTON && (v = node_scalar(n, "button")) && !form_button(s->f, v->text))
        node_error(ld->diags, s->file, v, "unknown_button", "没有按钮“%.*s”",
                   "There is no button “%.*s”", STR_ARG(v->text));
    if (kind == TRIGGER_WEBHOOK || reads)
        read_body(ld, n, out);
    if (reads)
        read_source(ld, s, n, out);
}

static void read_trigger(struct load *ld, struct form_src *s, const struct yaml_node *key,
                         const struct yaml_node *n, struct automation *out)
{
    static const char *const words[] = {"create", "update",  "delete", "state", "every", "at",
                                        "button", "webhook", "mail",   "pull",  NULL};
    int found = -1, count = 0;
    bool reads = yaml_get(n, "mail") || yaml_get(n, "pull"); /* then every says how often */
    if (n && n->kind == YAML_SCALAR)
        found = word_index(words, n->text);
    for (size_t i = 0; n && n->kind == YAML_MAP && i < n->n; i++) {
        int at = word_index(words, n->keys[i]->text);
        if (at >= 0 && !(reads && at == TRIGGER_EVERY)) {
            found = at;
            count++;
        }
    }
    if (found < 0 || count > 1) {
        if (n && n->kind == YAML_MAP)
            node_error(ld->diags, s->file, key, "trigger", "自动化“%.*s”应有且只有一种触发方式",
                       "The automation “%.*s” needs exactly one trigger", STR_ARG(key->text));
        return;
    }
    out->trigger = (enum trigger_kind)found;
    check_trigger(ld, s, n, out);
}

/* ---- actions ---- */

struct actions {
    struct load *ld;
    struct form_src *s;
    struct fx_scope scope; /* values over the triggering record */
};

static bool loaded(const struct form *f)
{
    return f && !f->broken;
}

/* Whose rows `update:` writes: this, the rows of a link, or those of a form. */
static void update_target(struct actions *x, const struct yaml_node *n, struct action *out)
{
    const struct yaml_node *name = node_scalar(n, "update"), *map = node_of(n, "update", YAML_MAP);
    out->kind = ACTION_UPDATE;
    if (map) {
        out->target = ld_form_ref(x->ld, x->s->file, node_scalar(map, "form"));
        if (loaded(out->target)) {
            struct fx_scope scope = ld_scope(x->ld, out->target, FX_PLACE_FILTER);
            scope.this_ = x->s->f;
            out->where = ld_fx(x->ld, x->s->file, yaml_get(map, "where"), &scope);
        }
        return;
    }
    out->self = name && str_eqz(name->text, "this");
    if (!name || out->self) {
        out->target = x->s->f;
        return;
    }
    struct field *f = ld_field_ref(x->ld, x->s->file, name, x->s->f);
    if (f && !f->target)
        node_error(x->ld->diags, x->s->file, name, "update",
                   "update 应是 this、链接字段，或 {form, where}",
                   "`update` must be this, a link, or {form, where}");
    out->link = f;
    out->target = f ? f->target : NULL;
}

static void read_update(struct actions *x, const struct yaml_node *n, struct action *out)
{
    update_target(x, n, out);
    if (!loaded(out->target))
        return;
    struct fx_scope scope = x->scope;
    scope.target = out->target;
    out->set = ld_set(x->ld, x->s->file, yaml_get(n, "set"), out->target, &scope, &out->nset);
}

static void read_create(struct actions *x, const struct yaml_node *n, struct action *out)
{
    const struct yaml_node *create = node_of(n, "create", YAML_MAP);
    out->kind = ACTION_CREATE;
    out->target = ld_form_ref(x->ld, x->s->file, node_scalar(create, "form"));
    if (loaded(out->target))
        out->key = ld_field_ref(x->ld, x->s->file, node_scalar(create, "key"), out->target);
    out->set =
        ld_set(x->ld, x->s->file, yaml_get(create, "set"), out->target, &x->scope, &out->nset);
}

static void read_notify(struct actions *x, const struct yaml_node *n, struct action *out)
{
    const struct yaml_node *map = node_of(n, "notify", YAML_MAP);
    out->kind = ACTION_NOTIFY;
    if (!map)
        return;
    out->to =
        ld_assignees(x->ld, x->s->file, yaml_get(map, "to"), x->s->f->flow, x->s->f, &out->nto);
    out->title = ld_value(x->ld, x->s->file, yaml_get(map, "title"), &x->scope, NULL);
    out->body = ld_value(x->ld, x->s->file, yaml_get(map, "body"), &x->scope, NULL);
    out->mail = node_bool(map, "mail", false);
}

static void endpoint_ref(struct load *ld, const struct src_file *file, const struct yaml_node *to)
{
    const struct app *app = ld->app;
    struct map m;
    map_init(&m, ld->a);
    for (size_t i = 0; i < app->nendpoints; i++)
        map_put(&m, app->endpoints[i].key, &m);
    if (!to || map_get(&m, to->text))
        return;
    struct diag *d =
        node_error(ld->diags, file, to, "unknown_endpoint", "app.yaml 里没有 endpoint“%.*s”",
                   "app.yaml has no endpoint “%.*s”", STR_ARG(to->text));
    diag_suggest(ld->diags, d, map_nearest(&m, to->text));
}

static void read_webhook(struct actions *x, const struct yaml_node *n, struct action *out)
{
    const struct yaml_node *map = node_of(n, "webhook", YAML_MAP);
    const struct yaml_node *body = node_of(map, "body", YAML_MAP);
    struct set_item *items = ARENA_ARRAY(x->ld->a, struct set_item, body ? body->n : 0);
    out->kind = ACTION_WEBHOOK;
    out->name = node_text(map, "to");
    endpoint_ref(x->ld, x->s->file, node_scalar(map, "to"));
    for (size_t i = 0; body && i < body->n; i++)
        items[out->nset++] = (struct set_item){
            .field = body->keys[i]->text,
            .value = ld_value(x->ld, x->s->file, body->items[i], &x->scope, NULL)};
    out->set = items;
}

static void read_script(struct actions *x, const struct yaml_node *n, struct action *out)
{
    out->kind = ACTION_SCRIPT;
    out->as_system = str_eqz(node_text(n, "as"), "system");
    if (ld_script(x->ld, x->s->file, node_scalar(n, "script"), true))
        out->name = node_text(n, "script");
}

static bool read_action(struct actions *x, const struct yaml_node *n, struct action *out)
{
    static const struct {
        const char *verb;
        void (*read)(struct actions *x, const struct yaml_node *n, struct action *out);
    } verbs[] = {{"update", read_update},
                 {"create", read_create},
                 {"notify", read_notify},
                 {"webhook", read_webhook},
                 {"script", read_script}};
    size_t count = 0, at = 0;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (yaml_get(n, verbs[i].verb)) {
            count++;
            at = i;
        }
    if (count != 1) {
        node_error(x->ld->diags, x->s->file, n, "action",
                   "每一步应是 update、create、notify、webhook、script 之一",
                   "Each step is one of update, create, notify, webhook, script");
        return false;
    }
    *out = (struct action){.at = ld_place(x->s->file, n)};
    verbs[at].read(x, n, out);
    return true;
}

/* ---- does it speak of records? ---- */

static void row_ref(void *arg, const struct fx_ref *ref)
{
    *(bool *)arg |= ref->root == FX_ROW || ref->root == FX_OLD;
}

static void fx_of_row(const struct fx *fx, bool *yes)
{
    if (fx)
        fx_each_ref(fx, row_ref, yes);
}

static bool step_of_row(const struct action *s)
{
    bool yes = s->kind == ACTION_UPDATE && (s->self || s->link);
    for (size_t i = 0; i < s->nset; i++)
        fx_of_row(s->set[i].value.fx, &yes);
    for (size_t i = 0; i < s->nto; i++) {
        enum assignee_kind k = s->to[i].kind;
        yes |= k == TO_FIELD || k == TO_MANAGER_OF || k == TO_CHAIN || k == TO_INITIATOR;
        fx_of_row(s->to[i].fx, &yes);
    }
    fx_of_row(s->title.fx, &yes);
    fx_of_row(s->body.fx, &yes);
    return yes;
}

static bool speaks_of_rows(const struct automation *x)
{
    bool yes = x->where != NULL || x->warns;
    fx_of_row(x->when, &yes);
    for (size_t i = 0; i < x->nsteps; i++)
        yes |= step_of_row(&x->steps[i]);
    return yes;
}

/* ---- one automation ---- */

static unsigned read_from(struct load *ld, const struct yaml_node *n)
{
    static const char *const words[] = {"ui",   "api",   "import", "batch",      "script",
                                        "flow", "timer", "public", "automation", NULL};
    static const uint8_t vias[] = {0, 1, 2, 3, 4, 5, 6, 7, 9}; /* enum via of org/ctx.h */
    size_t count;
    unsigned from = 0;
    struct str *list = node_texts(ld->a, n, "from", &count);
    for (size_t i = 0; i < count; i++) {
        int at = word_index(words, list[i]);
        if (at >= 0)
            from |= 1u << vias[at];
    }
    return from;
}

static void read_warn(struct load *ld, struct form_src *s, const struct yaml_node *n,
                      struct automation *out)
{
    const struct yaml_node *warn = node_of(n, "warn", YAML_MAP);
    out->warn_to =
        ld_assignees(ld, s->file, yaml_get(warn, "to"), s->f->flow, s->f, &out->nwarn_to);
    out->warns = warn && duration_parse(node_text(warn, "before"), &out->warn_before);
    if (out->warns && out->trigger != TRIGGER_EVERY && out->trigger != TRIGGER_AT)
        node_error(ld->diags, s->file, warn, "warn", "只有定时触发（every、at）才能事先提醒",
                   "Only `every` and `at` can warn before");
}

static void read_steps(struct load *ld, struct form_src *s, const struct yaml_node *n,
                       struct automation *out)
{
    struct actions x = {.ld = ld, .s = s, .scope = ld_scope(ld, s->f, FX_PLACE_VALUE)};
    const struct yaml_node *list = node_of(n, "do", YAML_SEQ);
    struct action *steps = ARENA_ARRAY(ld->a, struct action, list ? list->n : 0);
    x.scope.old = s->f;
    x.scope.vars = out->vars;
    x.scope.nvars = out->nvars;
    for (size_t i = 0; list && i < list->n; i++)
        if (list->items[i]->kind == YAML_MAP &&
            read_action(&x, list->items[i], &steps[out->nsteps]))
            out->nsteps++;
    out->steps = steps;
}

static struct automation read_automation(struct load *ld, struct form_src *s,
                                         const struct yaml_node *key, const struct yaml_node *n)
{
    struct automation out = {.key = key->text, .title = key->text, .at = ld_place(s->file, key)};
    struct fx_scope filter = ld_scope(ld, s->f, FX_PLACE_FILTER), cond = filter;
    if (node_scalar(n, "title"))
        out.title = node_text(n, "title");
    out.enabled = node_bool(n, "enabled", true);
    out.in_transaction = str_eqz(node_text(n, "mode"), "in_transaction");
    out.from = read_from(ld, n);
    read_trigger(ld, s, key, yaml_get(n, "trigger"), &out);
    out.where = ld_fx(ld, s->file, yaml_get(n, "where"), &filter);
    cond.place = FX_PLACE_COND;
    cond.old = s->f;
    cond.vars = out.vars;
    cond.nvars = out.nvars;
    out.when = ld_fx(ld, s->file, yaml_get(n, "when"), &cond);
    read_warn(ld, s, n, &out);
    read_steps(ld, s, n, &out);
    out.per_record = speaks_of_rows(&out);
    out.raw = yaml_val(ld->a, n);
    return out;
}

void ld_automations(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "automations", YAML_MAP);
    struct automation *out = ARENA_ARRAY(ld->a, struct automation, map ? map->n : 0);
    size_t made = 0;
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            out[made++] = read_automation(ld, s, map->keys[i], map->items[i]);
    }
    s->f->automations = out;
    s->f->nautomations = made;
}
