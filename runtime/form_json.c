/*
 * A form as its caller sees it (engine/docs/form-json.md): hidden fields are absent, texts in his
 * language, expressions that look at what he may not see are left to the server.
 */
#include "runtime/api.h"

#include "engine/meta/fieldtype.h"
#include "engine/meta/flowdef.h"
#include "engine/record/access.h"
#include "engine/record/print.h"

struct draw {
    struct ctx *c;
    const struct form *f;
    struct access *x;
    struct json *j;
    struct str path; /* of translations: "forms.lead" */
};

static struct str lang_of(const struct ctx *c)
{
    return c->lang == LANG_EN ? STR("en") : STR("zh-CN");
}

static struct str text(const struct draw *d, struct str path, const char *leaf, struct str source)
{
    if (!source.n)
        return source;
    return app_text(d->f->app, lang_of(d->c), str_fmt(d->c->a, "%.*s.%s", STR_ARG(path), leaf),
                    source);
}

static void put_text(struct draw *d, const char *key, struct str s)
{
    if (!s.n)
        return;
    json_key(d->j, str_of(key));
    json_str(d->j, s);
}

static void put_flag(struct draw *d, const char *key, bool on)
{
    json_key(d->j, str_of(key));
    json_bool(d->j, on);
}

static bool shown(struct access *x, const struct field *f)
{
    return access_field(x, f) >= FIELD_MASKED;
}

/* ---- expressions ---- */

struct seen {
    struct draw *d;
    bool ok;
};

static void see(void *arg, const struct fx_ref *ref)
{
    struct seen *s = arg;
    if (ref->root == FX_VAR || !ref->n)
        return;
    const struct field *first = ref->path[0].ref;
    if (first && first->form == s->d->f && !field_is_sys(first) && !shown(s->d->x, first))
        s->ok = false;
}

/* Does the expression only look at fields that the caller may see? */
static bool visible_inputs(struct draw *d, const struct fx *fx)
{
    struct seen s = {d, true};
    fx_each_ref(fx, see, &s);
    return s.ok;
}

static void put_rule(struct draw *d, const char *key, bool literal, const struct fx *fx)
{
    json_key(d->j, str_of(key));
    if (fx && visible_inputs(d, fx))
        json_str(d->j, fx_text(fx));
    else
        json_bool(d->j, literal);
}

static void put_fx(struct draw *d, const char *key, const struct fx *fx)
{
    if (fx && visible_inputs(d, fx))
        put_text(d, key, fx_text(fx));
}

static void put_default(struct draw *d, const struct fxval *v)
{
    if (!v->fx && v->literal.kind == VAL_ABSENT)
        return;
    json_key(d->j, STR("default"));
    if (!v->fx) {
        json_val(d->j, v->literal);
        return;
    }
    json_begin_obj(d->j);
    json_kstr(d->j, "expr", fx_text(v->fx));
    json_end_obj(d->j);
}

/* ---- fields ---- */

static void put_options(struct draw *d, struct str path, const struct option *o, size_t n)
{
    json_key(d->j, STR("options"));
    json_begin_list(d->j);
    for (size_t i = 0; i < n; i++) {
        struct str at = str_fmt(d->c->a, "%.*s.options.%.*s", STR_ARG(path), STR_ARG(o[i].key));
        json_begin_obj(d->j);
        json_kstr(d->j, "key", o[i].key);
        json_kstr(d->j, "title", app_text(d->f->app, lang_of(d->c), at, o[i].title));
        put_text(d, "color", o[i].color);
        put_flag(d, "disabled", o[i].disabled);
        if (o[i].noptions)
            put_options(d, at, o[i].options, o[i].noptions);
        json_end_obj(d->j);
    }
    json_end_list(d->j);
}

static struct str result_name(struct fx_type t)
{
    static const char *const NAMES[] = {
        [FX_BLANK] = "text",      [FX_BOOL] = "boolean", [FX_NUM] = "number",
        [FX_TEXT] = "text",       [FX_DATE] = "date",    [FX_DATETIME] = "datetime",
        [FX_TIME] = "time",       [FX_LINK] = "link",    [FX_MEMBER] = "member",
        [FX_DEPT] = "department", [FX_ROWS] = "list",    [FX_JSON] = "json"};
    return t.list ? STR("list") : str_of(NAMES[t.base]);
}

static void last_field(void *arg, const struct fx_ref *ref)
{
    const struct field **out = arg;
    if (ref->n)
        *out = ref->path[ref->n - 1].ref;
}

/* The field that a lookup shows, behind lookups of lookups; NULL for other computed ones. */
static const struct field *looked_up(const struct field *f)
{
    for (int depth = 0; depth < 8 && f && str_eqz(f->type->name, "lookup") && f->value; depth++) {
        const struct field *next = NULL;
        fx_each_ref(f->value, last_field, &next);
        f = next;
    }
    return f && !(f->type->flags & (FT_COMPUTED | FT_SERIAL | FT_MULTI)) ? f : NULL;
}

/* What a computed value is drawn as: an option with its title, else as the field it comes from,
 * else by its type. */
static void put_result(struct draw *d, const struct field *f)
{
    const struct field *options = f->value_type.options;
    const struct field *from = looked_up(f);
    if (options && !f->value_type.list) {
        struct str path = str_fmt(d->c->a, "forms.%.*s.fields.%.*s", STR_ARG(options->form->key),
                                  STR_ARG(options->key));
        json_kstr(d->j, "result", STR("select"));
        put_options(d, path, options->options, options->noptions);
        return;
    }
    json_kstr(d->j, "result", from ? from->type->name : result_name(f->value_type));
}

static void put_computed(struct draw *d, const struct field *f)
{
    if (!f->value_type.base && !f->value)
        return;
    unsigned flags = f->value ? fx_flags(f->value) : FX_STORED;
    bool local = str_eqz(f->type->name, "formula") && f->value &&
                 !(flags & (FX_STORED | FX_SERVER)) && visible_inputs(d, f->value);
    put_result(d, f);
    if (f->value && visible_inputs(d, f->value))
        json_kstr(d->j, "value", fx_text(f->value));
    put_flag(d, "local", local);
    put_flag(d, "stored", !local);
}

static void put_numbers(struct draw *d, const struct field *f)
{
    static const char *const depths[] = {"province", "city", "district", "street"};
    if (f->has_scale)
        json_kint(d->j, "scale", f->scale);
    if (f->min.kind != VAL_ABSENT && !val_is_blank(f->min))
        json_kval(d->j, "min", f->min);
    if (f->max.kind != VAL_ABSENT && !val_is_blank(f->max))
        json_kval(d->j, "max", f->max);
    if (f->max_length)
        json_kint(d->j, "max_length", f->max_length);
    if (f->naccept) {
        json_key(d->j, STR("accept"));
        json_begin_list(d->j);
        for (size_t i = 0; i < f->naccept; i++)
            json_str(d->j, f->accept[i]);
        json_end_list(d->j);
    }
    if (f->depth)
        json_kstr(d->j, "depth", str_of(depths[MIN(f->depth, ARRAY_LEN(depths)) - 1]));
    if (f->width)
        json_kint(d->j, "width", f->width);
}

static void put_link(struct draw *d, const struct field *f)
{
    if (!f->target)
        return;
    json_kstr(d->j, "form", f->target->key);
    if (f->filter)
        json_kstr(d->j, "filter", fx_text(f->filter));
    if (!f->nfills)
        return;
    json_key(d->j, STR("fill"));
    json_begin_obj(d->j);
    for (size_t i = 0; i < f->nfills; i++) {
        json_key(d->j, f->fills[i].to);
        json_str(d->j, f->fills[i].from);
    }
    json_end_obj(d->j);
}

static void put_fields(struct draw *d, struct field *const *fields, size_t n, struct str path,
                       bool all);

static void put_texts(struct draw *d, const struct field *f, struct str path)
{
    json_kstr(d->j, "title", text(d, path, "title", f->title));
    put_text(d, "help", text(d, path, "help", f->help));
    put_text(d, "placeholder", text(d, path, "placeholder", f->placeholder));
    put_text(d, "message", text(d, path, "message", f->message));
    put_text(d, "widget", f->widget);
    put_text(d, "icon", f->icon);
    put_text(d, "unit", text(d, path, "unit", f->unit));
    put_text(d, "group", f->group);
    put_text(d, "pattern", f->pattern);
    if (f->sensitive)
        put_text(d, "sensitive", f->sensitive == SENS_SPECIAL ? STR("special") : STR("personal"));
    if (f->clear_hidden)
        put_text(d, "hidden_value", STR("clear"));
}

static void put_rules(struct draw *d, const struct field *f, bool all)
{
    enum field_right right = all ? FIELD_WRITE : access_field(d->x, f);
    bool computed = (f->type->flags & (FT_COMPUTED | FT_SERIAL)) != 0;
    put_rule(d, "required", f->required, f->required_fx);
    put_rule(d, "readonly", f->readonly || computed, f->readonly_fx);
    put_fx(d, "visible", f->visible);
    put_fx(d, "check", f->check);
    put_flag(d, "writable", right == FIELD_WRITE && !computed);
    put_flag(d, "masked", right == FIELD_MASKED);
    put_flag(d, "search", f->search);
    put_flag(d, "unique", f->unique);
}

static void put_field(struct draw *d, const struct field *f, struct str path, bool all)
{
    json_begin_obj(d->j);
    json_kstr(d->j, "key", f->key);
    json_kstr(d->j, "type", f->type->name);
    put_texts(d, f, path);
    put_rules(d, f, all);
    put_default(d, &f->dflt);
    put_numbers(d, f);
    put_computed(d, f);
    put_link(d, f);
    if (f->noptions)
        put_options(d, path, f->options, f->noptions);
    if (f->sub) {
        put_flag(d, "append_only", f->append_only);
        json_key(d->j, STR("fields"));
        put_fields(d, f->sub->fields, f->sub->nfields, path, all);
    }
    json_end_obj(d->j);
}

/* all: fields that are asked for by a button, not stored ones with rights. */
static void put_fields(struct draw *d, struct field *const *fields, size_t n, struct str path,
                       bool all)
{
    json_begin_list(d->j);
    for (size_t i = 0; i < n; i++) {
        if (!all && !shown(d->x, fields[i]))
            continue;
        put_field(d, fields[i],
                  str_fmt(d->c->a, "%.*s.fields.%.*s", STR_ARG(path), STR_ARG(fields[i]->key)),
                  all);
    }
    json_end_list(d->j);
}

/* ---- layout, views, buttons, checks ---- */

static void put_layout(struct draw *d)
{
    const struct form *f = d->f;
    json_key(d->j, STR("layout"));
    json_begin_list(d->j);
    for (size_t i = 0; i < f->nlayout; i++) {
        const struct layout_block *b = &f->layout[i];
        json_begin_obj(d->j);
        if (b->title.n) {
            json_key(d->j, b->tab ? STR("tab") : STR("section"));
            json_str(d->j, app_text(f->app, lang_of(d->c), STR_NONE, b->title));
        }
        json_kint(d->j, "columns", b->columns ? b->columns : 2);
        put_flag(d, "collapsed", b->collapsed);
        json_key(d->j, STR("fields"));
        json_begin_list(d->j);
        for (size_t k = 0; k < b->nitems; k++) {
            if (!shown(d->x, b->items[k].field))
                continue;
            json_begin_obj(d->j);
            json_kstr(d->j, "key", b->items[k].field->key);
            if (b->items[k].width)
                json_kint(d->j, "width", b->items[k].width);
            json_end_obj(d->j);
        }
        json_end_list(d->j);
        json_end_obj(d->j);
    }
    json_end_list(d->j);
}

static bool listed(struct draw *d, const struct field *f)
{
    return f && (field_is_sys(f) || shown(d->x, f));
}

static void put_columns(struct draw *d, const char *key, struct field *const *v, size_t n)
{
    json_key(d->j, str_of(key));
    json_begin_list(d->j);
    for (size_t i = 0; i < n; i++)
        if (listed(d, v[i]))
            json_str(d->j, v[i]->key);
    json_end_list(d->j);
}

static void put_sort(struct draw *d, const struct view *v)
{
    json_key(d->j, STR("sort"));
    json_begin_list(d->j);
    for (size_t i = 0; i < v->nsort; i++) {
        const struct sort_key *k = &v->sort[i];
        const struct field *f = k->field ? k->field : form_sys(d->f, k->sys);
        if (listed(d, f))
            json_str(d->j, str_fmt(d->c->a, "%s%.*s", k->descending ? "-" : "", STR_ARG(f->key)));
    }
    json_end_list(d->j);
}

static void put_totals(struct draw *d, const struct view *v)
{
    json_key(d->j, STR("totals"));
    json_begin_obj(d->j);
    for (size_t i = 0; i < v->ntotals; i++) {
        if (!listed(d, v->totals[i].field))
            continue;
        json_key(d->j, v->totals[i].field->key);
        json_str(d->j, v->totals[i].fn);
    }
    json_end_obj(d->j);
}

static void put_named(struct draw *d, const char *key, const struct field *f)
{
    if (listed(d, f))
        put_text(d, key, f->key);
}

static void put_view(struct draw *d, const struct view *v)
{
    static const char *const TYPES[] = {
        [VIEW_GRID] = "grid",   [VIEW_KANBAN] = "kanban",   [VIEW_CALENDAR] = "calendar",
        [VIEW_GANTT] = "gantt", [VIEW_GALLERY] = "gallery", [VIEW_TREE] = "tree",
        [VIEW_LIST] = "list"};
    struct str path = str_fmt(d->c->a, "%.*s.views.%.*s", STR_ARG(d->path), STR_ARG(v->key));
    json_begin_obj(d->j);
    json_kstr(d->j, "key", v->key);
    json_kstr(d->j, "title", text(d, path, "title", v->title));
    json_kstr(d->j, "type", str_of(TYPES[v->type]));
    put_columns(d, "columns", v->columns, v->ncolumns);
    put_sort(d, v);
    put_totals(d, v);
    put_named(d, "by", v->by);
    put_columns(d, "card", v->card, v->ncard);
    put_named(d, "start", v->start);
    put_named(d, "end", v->end);
    put_named(d, "title_field", v->title_field);
    put_named(d, "parent", v->parent);
    put_named(d, "image", v->image);
    json_end_obj(d->j);
}

/* A form without views has one grid of its first columns. */
static void put_default_view(struct draw *d)
{
    size_t n = 0;
    json_begin_obj(d->j);
    json_kstr(d->j, "key", STR("all"));
    json_kstr(d->j, "title", d->c->lang == LANG_EN ? STR("All") : STR("全部"));
    json_kstr(d->j, "type", STR("grid"));
    json_key(d->j, STR("columns"));
    json_begin_list(d->j);
    for (size_t i = 0; i < d->f->nfields && n < 8; i++) {
        if (d->f->fields[i]->sub || !shown(d->x, d->f->fields[i]))
            continue;
        json_str(d->j, d->f->fields[i]->key);
        n++;
    }
    json_end_list(d->j);
    json_key(d->j, STR("sort"));
    json_begin_list(d->j);
    json_str(d->j, STR("-_created_at"));
    json_end_list(d->j);
    json_end_obj(d->j);
}

static void put_views(struct draw *d)
{
    json_key(d->j, STR("views"));
    json_begin_list(d->j);
    for (size_t i = 0; i < d->f->nviews; i++)
        put_view(d, &d->f->views[i]);
    if (!d->f->nviews)
        put_default_view(d);
    json_end_list(d->j);
}

static void put_buttons(struct draw *d)
{
    json_key(d->j, STR("buttons"));
    json_begin_list(d->j);
    for (size_t i = 0; i < d->f->nbuttons; i++) {
        const struct button *b = &d->f->buttons[i];
        struct str path = str_fmt(d->c->a, "%.*s.buttons.%.*s", STR_ARG(d->path), STR_ARG(b->key));
        if (!access_button(d->x, b))
            continue;
        json_begin_obj(d->j);
        json_kstr(d->j, "key", b->key);
        json_kstr(d->j, "title", text(d, path, "title", b->title));
        put_fx(d, "when", b->when);
        put_text(d, "confirm", text(d, path, "confirm", b->confirm));
        put_text(d, "icon", b->icon);
        put_flag(d, "danger", b->danger);
        json_key(d->j, STR("ask"));
        put_fields(d, b->ask, b->nask, path, true);
        json_end_obj(d->j);
    }
    json_end_list(d->j);
}

static void put_checks(struct draw *d)
{
    json_key(d->j, STR("checks"));
    json_begin_list(d->j);
    for (size_t i = 0; i < d->f->nchecks; i++) {
        const struct check_rule *r = &d->f->checks[i];
        if (!visible_inputs(d, r->fx) || (fx_flags(r->fx) & (FX_STORED | FX_SERVER)))
            continue;
        json_begin_obj(d->j);
        json_kstr(d->j, "expr", fx_text(r->fx));
        json_kstr(d->j, "message", app_text(d->f->app, lang_of(d->c), STR_NONE, r->message));
        if (r->field)
            json_kstr(d->j, "at", r->field->key);
        json_end_obj(d->j);
    }
    json_end_list(d->j);
}

/* ---- rights, flow, related, what links reach ---- */

static void put_rights(struct draw *d)
{
    static const struct {
        unsigned bit;
        const char *name;
    } NAMES[] = {
        {RIGHT_CREATE, "create"},     {RIGHT_UPDATE, "update"},   {RIGHT_DELETE, "delete"},
        {RIGHT_IMPORT, "import"},     {RIGHT_EXPORT, "export"},   {RIGHT_PRINT, "print"},
        {RIGHT_SHARE, "share"},       {RIGHT_COMMENT, "comment"}, {RIGHT_HISTORY, "history"},
        {RIGHT_TRANSFER, "transfer"}, {RIGHT_RESTORE, "restore"}};
    unsigned rights = access_rights(d->x);
    json_key(d->j, STR("rights"));
    json_begin_obj(d->j);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        put_flag(d, NAMES[i].name, (rights & NAMES[i].bit) != 0);
    json_end_obj(d->j);
}

static bool may_start(const struct draw *d, const struct flowdef *flow)
{
    if (!flow->ncan)
        return true;
    for (size_t i = 0; i < flow->ncan; i++)
        if (who_has_role(d->c->who, d->f->app->key, flow->can[i]))
            return true;
    return false;
}

static void put_flow(struct draw *d)
{
    static const char *const KINDS[] = {
        [NODE_START] = "start",     [NODE_APPROVE] = "approve", [NODE_FILL] = "fill",
        [NODE_CC] = "cc",           [NODE_BRANCH] = "branch",   [NODE_PARALLEL] = "parallel",
        [NODE_WAIT] = "wait",       [NODE_SCRIPT] = "script",   [NODE_CREATE] = "create",
        [NODE_SUBFLOW] = "subflow", [NODE_END] = "end"};
    const struct flowdef *flow = d->f->flow;
    json_key(d->j, STR("flow"));
    if (!flow) {
        json_blank(d->j);
        return;
    }
    struct str path = str_fmt(d->c->a, "%.*s.flow", STR_ARG(d->path));
    json_begin_obj(d->j);
    json_key(d->j, STR("start"));
    json_begin_obj(d->j);
    put_text(d, "title", text(d, path, "start.title", flow->start_title));
    put_flag(d, "can", may_start(d, flow));
    json_end_obj(d->j);
    json_key(d->j, STR("nodes"));
    json_begin_list(d->j);
    for (size_t i = 1; i < flow->nnodes; i++) {
        struct str at =
            str_fmt(d->c->a, "%.*s.nodes.%.*s", STR_ARG(path), STR_ARG(flow->nodes[i].key));
        json_begin_obj(d->j);
        json_kstr(d->j, "key", flow->nodes[i].key);
        json_kstr(d->j, "title", text(d, at, "title", flow->nodes[i].title));
        json_kstr(d->j, "type", str_of(KINDS[flow->nodes[i].kind]));
        json_end_obj(d->j);
    }
    json_end_list(d->j);
    json_end_obj(d->j);
}

static int put_related(struct draw *d, struct err *err)
{
    json_key(d->j, STR("related"));
    json_begin_list(d->j);
    for (size_t i = 0; i < d->f->nrelated; i++) {
        const struct related *r = &d->f->related[i];
        struct access *x;
        if (!r->target || !r->by)
            continue;
        if (access_of(d->c, r->target, &x, err))
            return -1;
        if (access_none(x) || !shown(x, r->by))
            continue;
        struct str path = str_fmt(d->c->a, "forms.%.*s.title", STR_ARG(r->target->key));
        struct str title = r->title.n ? r->title : r->target->title;
        json_begin_obj(d->j);
        json_kstr(d->j, "form", r->target->key);
        json_kstr(d->j, "title",
                  app_text(d->f->app, lang_of(d->c), r->title.n ? STR_NONE : path, title));
        json_kstr(d->j, "by", r->by->key);
        put_text(d, "view", r->view);
        put_flag(d, "create", r->create && (access_rights(x) & RIGHT_CREATE));
        json_end_obj(d->j);
    }
    json_end_list(d->j);
    return 0;
}

static struct str letter(const struct field *f)
{
    struct fx_field fx;
    field_fx(f, &fx);
    static const char *const ONE[] = {
        [FX_BLANK] = "text",    [FX_BOOL] = "bool",         [FX_NUM] = "num",   [FX_TEXT] = "text",
        [FX_DATE] = "date",     [FX_DATETIME] = "datetime", [FX_TIME] = "time", [FX_LINK] = "link",
        [FX_MEMBER] = "member", [FX_DEPT] = "dept",         [FX_ROWS] = "rows", [FX_JSON] = "json"};
    if (!fx.type.list)
        return str_of(ONE[fx.type.base]);
    return fx.type.base == FX_LINK     ? STR("links")
           : fx.type.base == FX_MEMBER ? STR("members")
           : fx.type.base == FX_DEPT   ? STR("depts")
                                       : STR("texts");
}

struct reach {
    struct draw *d;
    struct map forms; /* key -> struct map * of key -> struct field * */
};

static void reach_field(struct reach *r, const struct form *f, struct field *field)
{
    struct map *m = map_get(&r->forms, f->key);
    if (!field || field->sub)
        return;
    if (!m) {
        m = ARENA_NEW(r->d->c->a, struct map);
        map_init(m, r->d->c->a);
        map_put(&r->forms, f->key, m);
    }
    map_put(m, field->key, field);
}

static void reach_ref(void *arg, const struct fx_ref *ref)
{
    struct reach *r = arg;
    if (ref->root == FX_VAR || ref->n < 2)
        return;
    for (uint32_t i = 1; i < ref->n; i++) {
        const struct field *from = ref->path[i - 1].ref;
        const struct field *to = ref->path[i].ref;
        if (from && from->target && to && to->form == from->target)
            reach_field(r, from->target, form_field(from->target, to->key));
    }
}

static void reach_fx(struct reach *r, const struct fx *fx)
{
    if (fx)
        fx_each_ref(fx, reach_ref, r);
}

static void reach_fields(struct reach *r, const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *x = f->fields[i];
        reach_fx(r, x->visible);
        reach_fx(r, x->required_fx);
        reach_fx(r, x->readonly_fx);
        reach_fx(r, x->check);
        reach_fx(r, x->value);
        reach_fx(r, x->dflt.fx);
        for (size_t k = 0; x->target && k < x->nfills; k++)
            reach_field(r, x->target, form_field(x->target, x->fills[k].from));
        if (x->sub)
            reach_fields(r, x->sub);
    }
    for (size_t i = 0; i < f->nchecks; i++)
        reach_fx(r, f->checks[i].fx);
}

static int put_reached(struct draw *d, const struct form *f, const struct map *fields,
                       struct err *err)
{
    struct access *x;
    if (access_of(d->c, f, &x, err))
        return -1;
    json_begin_obj(d->j);
    json_key(d->j, STR("fields"));
    json_begin_obj(d->j);
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = fields->items[i].value;
        if (access_none(x) || (!field_is_sys(field) && access_field(x, field) < FIELD_READ))
            continue;
        json_key(d->j, field->key);
        json_begin_obj(d->j);
        json_kstr(d->j, "t", letter(field));
        if (field->has_scale)
            json_kint(d->j, "s", field->scale);
        if (field->target)
            json_kstr(d->j, "f", field->target->key);
        json_end_obj(d->j);
    }
    json_end_obj(d->j);
    json_end_obj(d->j);
    return 0;
}

static int put_linked(struct draw *d, struct err *err)
{
    struct reach r = {.d = d};
    map_init(&r.forms, d->c->a);
    reach_fields(&r, d->f);
    json_key(d->j, STR("linked"));
    json_begin_obj(d->j);
    for (size_t i = 0; i < r.forms.n; i++) {
        json_key(d->j, r.forms.items[i].key);
        if (put_reached(d, app_form(d->f->app, r.forms.items[i].key), r.forms.items[i].value, err))
            return -1;
    }
    json_end_obj(d->j);
    return 0;
}

static void put_settings(struct draw *d)
{
    json_key(d->j, STR("settings"));
    json_begin_obj(d->j);
    for (size_t i = 0; i < d->f->app->nsettings; i++) {
        json_key(d->j, d->f->app->settings[i].key);
        json_val(d->j, d->f->app->settings[i].dflt);
    }
    json_end_obj(d->j);
}

static void put_prints(struct draw *d)
{
    struct print_name *names;
    size_t n = print_names(d->c, d->f, &names);
    if (!n || !(access_rights(d->x) & RIGHT_PRINT))
        return;
    json_key(d->j, STR("prints"));
    json_begin_list(d->j);
    for (size_t i = 0; i < n; i++) {
        json_begin_obj(d->j);
        json_kstr(d->j, "key", names[i].key);
        json_kstr(d->j, "title", names[i].title);
        json_end_obj(d->j);
    }
    json_end_list(d->j);
}

static int put_public(struct draw *d, struct err *err)
{
    struct ctx *c = d->c;
    bool may = (access_rights(d->x) & RIGHT_SHARE) || (c->who->rights & ADMIN_DESIGN);
    if (!may || !d->f->npublics)
        return 0;
    struct sql q;
    struct stmt *s;
    int rc;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT key, token FROM _public WHERE app = ");
    sql_bind_str(&q, d->f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, d->f->key);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_key(d->j, STR("public"));
    json_begin_obj(d->j);
    while ((rc = stmt_step(s, err)) == 1) {
        json_key(d->j, stmt_str(s, 0));
        json_begin_obj(d->j);
        json_kstr(d->j, "url", str_fmt(c->a, "/public/%.*s", STR_ARG(stmt_str(s, 1))));
        json_end_obj(d->j);
    }
    json_end_obj(d->j);
    stmt_done(s);
    return rc;
}

static void put_match(struct draw *d)
{
    if (!d->f->nmatch)
        return;
    json_key(d->j, STR("match"));
    json_begin_list(d->j);
    for (size_t i = 0; i < d->f->nmatch; i++)
        if (d->f->match[i].field && shown(d->x, d->f->match[i].field))
            json_str(d->j, d->f->match[i].field->key);
    json_end_list(d->j);
}

int form_json(struct ctx *c, const struct form *f, struct json *j, struct err *err)
{
    struct draw d = {.c = c, .f = f, .j = j, .path = str_fmt(c->a, "forms.%.*s", STR_ARG(f->key))};
    if (access_of(c, f, &d.x, err))
        return -1;
    if (access_none(d.x))
        return 0;
    json_begin_obj(j);
    json_kstr(j, "app", f->app->key);
    json_kstr(j, "form", f->key);
    json_kstr(j, "title", text(&d, d.path, "title", f->title));
    put_text(&d, "icon", f->icon);
    put_text(&d, "help", text(&d, d.path, "help", f->help));
    json_kstr(j, "version", f->app->hash);
    put_fx(&d, "record_title", f->record_title);
    json_key(j, STR("fields"));
    put_fields(&d, f->fields, f->nfields, d.path, false);
    put_layout(&d);
    put_views(&d);
    put_buttons(&d);
    put_checks(&d);
    put_rights(&d);
    put_flow(&d);
    put_match(&d);
    put_settings(&d);
    put_prints(&d);
    if (put_related(&d, err) || put_linked(&d, err) || put_public(&d, err))
        return -1;
    json_end_obj(j);
    return 1;
}
