/*
 * Two versions of an app compared by key: forms, fields, options, rights, flows, files. Kinds are
 * the careful ones; record/schema_plan.c, which can count rows, lowers or raises them.
 */
#include "engine/meta/diff.h"

#include "engine/base/strb.h"
#include "engine/base/vec.h"
#include "engine/meta/fieldtype.h"
#include "engine/meta/automation.h"
#include "engine/meta/flowdef.h"

struct differ {
    struct arena *a;
    const struct app *old, *new_;
    VEC(struct change) out;
};

static struct change *add(struct differ *d, enum change_kind kind, enum change_what what,
                          struct str path)
{
    return vec_push(d->a, &d->out,
                    (struct change){.kind = kind, .what = what, .path = path, .rows = -1});
}

#define say(d, c, zh_fmt, en_fmt, ...)                                                             \
    ((c)->zh = str_fmt((d)->a, zh_fmt, __VA_ARGS__), (c)->en = str_fmt((d)->a, en_fmt, __VA_ARGS__))

/* "forms/lead.yaml: fields.items.fields.qty" */
static struct str form_path(struct differ *d, const struct form *f, const char *what,
                            struct str key)
{
    if (f->parent)
        return str_fmt(d->a, "forms/%.*s.yaml: fields.%.*s.%s%.*s", STR_ARG(f->parent->key),
                       STR_ARG(f->key), what, STR_ARG(key));
    return str_fmt(d->a, "forms/%.*s.yaml: %s%.*s", STR_ARG(f->key), what, STR_ARG(key));
}

static struct str shown_form(struct differ *d, const struct form *f)
{
    if (!f->parent)
        return f->title;
    return str_fmt(d->a, "%.*s · %.*s", STR_ARG(f->parent->title), STR_ARG(f->title));
}

/* ---- texts of rules, for comparing ---- */

static void add_fx(struct strb *b, const char *label, const struct fx *fx)
{
    if (fx) {
        strb_addf(b, "%s:", label);
        strb_add(b, fx_text(fx));
        strb_addc(b, '\n');
    }
}

static void add_keys(struct strb *b, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        strb_addf(b, "%.*s,", STR_ARG(v[i]));
    strb_addc(b, '\n');
}

/* Only the fields both versions have: a new one is said to be new, not to change every grant. */
static void add_rights(struct strb *b, const struct form *f, const struct form *other,
                       const uint8_t *fields)
{
    for (size_t i = 0; fields && i < f->nslots; i++) {
        const struct field *x = i < f->nfields ? f->fields[i] : f->sys[i - f->nfields];
        if (!form_field(other, x->key))
            continue;
        strb_addf(b, "%.*s=%d,", STR_ARG(x->key), fields[i]);
    }
}

static struct str grant_text(struct differ *d, const struct form *f, const struct form *other,
                             const struct grant *g)
{
    struct strb b;
    strb_init(&b, d->a);
    add_keys(&b, g->roles, g->nroles);
    add_keys(&b, g->members, g->nmembers);
    add_keys(&b, g->departments, g->ndepartments);
    add_keys(&b, g->buttons, g->nbuttons);
    strb_addf(&b, "%d%d%d%u\n", g->everyone, g->public_, g->all_buttons, g->can);
    add_fx(&b, "where", g->where);
    add_fx(&b, "ensure", g->ensure);
    add_fx(&b, "requires", g->requires);
    add_rights(&b, f, other, g->fields);
    for (size_t i = 0; g->sub_fields && i < f->nfields; i++) {
        const struct field *same = form_field(other, f->fields[i]->key);
        if (f->fields[i]->sub && same && same->sub)
            add_rights(&b, f->fields[i]->sub, same->sub, g->sub_fields[i]);
    }
    return strb_str(&b);
}

static void add_value(struct strb *b, const char *label, const struct fxval *v)
{
    add_fx(b, label, v->fx);
    if (!v->fx && v->literal.kind == VAL_TEXT)
        strb_addf(b, "%s=%.*s\n", label, STR_ARG(val_str(v->literal)));
    else if (!v->fx && v->literal.kind != VAL_ABSENT)
        strb_addf(b, "%s=%d:%.17g\n", label, v->literal.kind,
                  v->literal.kind == VAL_BOOL ? (double)v->literal.b
                  : v->literal.kind == VAL_NUM || v->literal.kind == VAL_DEC
                      ? val_double(v->literal)
                      : (double)v->literal.i);
}

/* What a field says that moves no data: texts, conditions, bounds. */
static struct str rules_text(struct differ *d, const struct field *f)
{
    struct strb b;
    struct fxval min = {.literal = f->min}, max = {.literal = f->max};
    strb_init(&b, d->a);
    strb_addf(&b, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s\n", STR_ARG(f->title), STR_ARG(f->help),
              STR_ARG(f->placeholder), STR_ARG(f->message), STR_ARG(f->widget), STR_ARG(f->group),
              STR_ARG(f->unit));
    strb_addf(&b, "%d%d%d%d%d%u%u %.*s %.*s\n", f->readonly, f->clear_hidden, f->search,
              f->declassify, (int)f->on_delete, f->width, f->max_length, STR_ARG(f->pattern),
              STR_ARG(f->reset));
    add_fx(&b, "required", f->required_fx);
    add_fx(&b, "readonly", f->readonly_fx);
    add_fx(&b, "visible", f->visible);
    add_fx(&b, "check", f->check);
    add_fx(&b, "filter", f->filter);
    add_value(&b, "default", &f->dflt);
    add_value(&b, "min", &min);
    add_value(&b, "max", &max);
    for (size_t i = 0; i < f->noptions; i++)
        strb_addf(&b, "%.*s|%.*s|%d;", STR_ARG(f->options[i].title), STR_ARG(f->options[i].color),
                  f->options[i].disabled);
    return strb_str(&b);
}

static struct str computed_text(struct differ *d, const struct field *f)
{
    struct strb b;
    strb_init(&b, d->a);
    add_fx(&b, "value", f->value);
    add_fx(&b, "where", f->rollup_where);
    if (f->rollup_of)
        strb_addf(&b, "of:%.*s.%.*s\n", STR_ARG(f->rollup_of->key), STR_ARG(f->rollup_by->key));
    return strb_str(&b);
}

/* ---- fields ---- */

static void about_field(struct change *c, const struct field *old, const struct field *new_)
{
    union {
        const void *in;
        void *out;
    } u; /* changes hand out the app's own objects */
    c->old_field = (u.in = old, u.out);
    c->new_field = (u.in = new_, u.out);
    c->old_form = old ? old->form : NULL;
    c->new_form = new_ ? new_->form : NULL;
}

static struct str shown(const struct field *f)
{
    return f->title.n ? f->title : f->key;
}

static void diff_options(struct differ *d, const struct field *old, const struct field *new_)
{
    bool has = old->noptions && new_->noptions;
    for (size_t i = 0; has && i < old->noptions; i++) {
        if (field_option(new_, old->options[i].key))
            continue;
        struct change *c = add(d, CHANGE_CONFIRM, CHANGE_OPTION_REMOVED,
                               form_path(d, new_->form, "fields.", new_->key));
        about_field(c, old, new_);
        say(d, c, "“%.*s”去掉选项“%.*s”，已有的值会保留但不能再选。",
            "“%.*s” loses the option “%.*s”; stored values stay but cannot be chosen.",
            STR_ARG(shown(new_)), STR_ARG(old->options[i].title));
    }
    for (size_t i = 0; has && i < new_->noptions; i++) {
        if (field_option(old, new_->options[i].key))
            continue;
        struct change *c = add(d, CHANGE_SAFE, CHANGE_OPTION_ADDED,
                               form_path(d, new_->form, "fields.", new_->key));
        about_field(c, old, new_);
        say(d, c, "“%.*s”增加选项“%.*s”。", "“%.*s” gains the option “%.*s”.", STR_ARG(shown(new_)),
            STR_ARG(new_->options[i].title));
    }
}

static void diff_type(struct differ *d, const struct field *old, const struct field *new_)
{
    bool target = old->target_key.n && !str_eq(old->target_key, new_->target_key);
    struct change *c = add(d, CHANGE_DESTRUCTIVE, CHANGE_FIELD_TYPE,
                           form_path(d, new_->form, "fields.", new_->key));
    about_field(c, old, new_);
    if (target && old->type == new_->type)
        say(d, c, "“%.*s”改为链接到 %.*s。", "“%.*s” now links to %.*s.", STR_ARG(shown(new_)),
            STR_ARG(new_->target_key));
    else
        say(d, c, "“%.*s”的类型从 %.*s 改为 %.*s。", "“%.*s” changes its type from %.*s to %.*s.",
            STR_ARG(shown(new_)), STR_ARG(old->type->name), STR_ARG(new_->type->name));
}

static void diff_scale(struct differ *d, const struct field *old, const struct field *new_)
{
    bool less = !old->has_scale || (new_->has_scale && new_->scale < old->scale);
    struct change *c = add(d, less ? CHANGE_DESTRUCTIVE : CHANGE_SAFE, CHANGE_FIELD_SCALE,
                           form_path(d, new_->form, "fields.", new_->key));
    about_field(c, old, new_);
    if (new_->has_scale)
        say(d, c, "“%.*s”改为保留 %d 位小数。", "“%.*s” keeps %d decimals.", STR_ARG(shown(new_)),
            new_->scale);
    else
        say(d, c, "“%.*s”不再限定小数位数。", "“%.*s” is no longer held to a number of decimals.",
            STR_ARG(shown(new_)));
}

static void one_of(struct differ *d, enum change_kind kind, enum change_what what,
                   const struct field *old, const struct field *new_, const char *zh)
{
    struct change *c = add(d, kind, what, form_path(d, new_->form, "fields.", new_->key));
    struct str rest = str_of(zh), zh_text;
    struct str en_text = str_cut(rest, '|', &zh_text);
    about_field(c, old, new_);
    c->zh = str_fmt(d->a, "“%.*s”%.*s", STR_ARG(shown(new_)), STR_ARG(zh_text));
    c->en = str_fmt(d->a, "“%.*s” %.*s", STR_ARG(shown(new_)), STR_ARG(en_text));
}

static void diff_field(struct differ *d, const struct field *old, const struct field *new_)
{
    bool computed = (old->type->flags & FT_COMPUTED) && (new_->type->flags & FT_COMPUTED);
    bool same_type = old->type == new_->type && str_eq(old->target_key, new_->target_key);
    if (!str_eq(old->key, new_->key))
        one_of(d, CHANGE_CONFIRM, CHANGE_FIELD_RENAMED, old, new_,
               "改名，数据保留。|is renamed; its data stays.");
    if (computed && (!str_eq(computed_text(d, old), computed_text(d, new_)) || !same_type ||
                     old->has_scale != new_->has_scale || old->scale != new_->scale))
        one_of(d, CHANGE_SAFE, CHANGE_COMPUTED, old, new_,
               "的公式有变化，将重新计算。|has another expression and is computed anew.");
    else if (!computed && !same_type)
        diff_type(d, old, new_);
    else if (!computed && (old->has_scale != new_->has_scale || old->scale != new_->scale))
        diff_scale(d, old, new_);
    if (new_->required && !old->required)
        one_of(d, CHANGE_SAFE, CHANGE_FIELD_REQUIRED, old, new_, "改为必填。|is now required.");
    if (new_->unique && !old->unique)
        one_of(d, CHANGE_SAFE, CHANGE_FIELD_UNIQUE, old, new_,
               "不再允许重复。|must be unique now.");
    if (same_type)
        diff_options(d, old, new_);
    if (old->sensitive != new_->sensitive)
        one_of(d, CHANGE_CONFIRM, CHANGE_RIGHTS, old, new_,
               "的敏感级别有变化。|is of another sensitivity.");
    if (!str_eq(rules_text(d, old), rules_text(d, new_)) || old->required > new_->required ||
        old->unique > new_->unique)
        one_of(d, CHANGE_SAFE, CHANGE_FIELD_RULES, old, new_,
               "的说明或规则有变化。|has other texts or rules.");
}

/* The field it was: by key, or by `was:` where that key is gone. */
static struct field *counterpart(const struct form *old, const struct field *f)
{
    struct field *same = form_field(old, f->key);
    if (same || !f->was.n || form_field(f->form, f->was))
        return same;
    return form_field(old, f->was);
}

static void diff_fields(struct differ *d, const struct form *old, const struct form *new_);

static void field_added(struct differ *d, const struct field *f)
{
    struct change *c =
        add(d, CHANGE_SAFE, CHANGE_FIELD_ADDED, form_path(d, f->form, "fields.", f->key));
    about_field(c, NULL, f);
    say(d, c, "“%.*s”新增字段“%.*s”（%.*s）。", "“%.*s” gains the field “%.*s” (%.*s).",
        STR_ARG(shown_form(d, f->form)), STR_ARG(shown(f)), STR_ARG(f->type->name));
}

static void field_removed(struct differ *d, const struct field *f, const struct form *new_form)
{
    struct change *c =
        add(d, CHANGE_DESTRUCTIVE, CHANGE_FIELD_REMOVED, form_path(d, f->form, "fields.", f->key));
    union {
        const struct form *in;
        struct form *out;
    } u = {.in = new_form};
    about_field(c, f, NULL);
    c->new_form = u.out;
    say(d, c, "“%.*s”去掉字段“%.*s”，其中的数据不再显示。",
        "“%.*s” loses the field “%.*s”; its data is no longer shown.",
        STR_ARG(shown_form(d, f->form)), STR_ARG(shown(f)));
}

static void diff_fields(struct differ *d, const struct form *old, const struct form *new_)
{
    uint8_t *met = arena_alloc(d->a, old->nfields);
    for (size_t i = 0; i < new_->nfields; i++) {
        struct field *f = new_->fields[i], *was = counterpart(old, f);
        if (!was) {
            field_added(d, f);
            continue;
        }
        met[was->slot] = 1;
        diff_field(d, was, f);
        if (was->sub && f->sub)
            diff_fields(d, was->sub, f->sub);
    }
    for (size_t i = 0; i < old->nfields; i++) {
        if (!met[i])
            field_removed(d, old->fields[i], new_);
    }
}

/* ---- rights and privileges ---- */

static const struct grant *find_grant(const struct form *f, struct str key)
{
    for (size_t i = 0; i < f->ngrants; i++) {
        if (str_eq(f->grants[i].key, key))
            return &f->grants[i];
    }
    return NULL;
}

static struct change *about_form(struct differ *d, enum change_kind kind, enum change_what what,
                                 const struct form *old, const struct form *new_, const char *part)
{
    const struct form *f = new_ ? new_ : old;
    struct change *c = add(d, kind, what, form_path(d, f, part, STR_NONE));
    union {
        const struct form *in;
        struct form *out;
    } a = {.in = old}, b = {.in = new_};
    c->old_form = a.out;
    c->new_form = b.out;
    return c;
}

static void diff_rights(struct differ *d, const struct form *old, const struct form *new_)
{
    struct strb b;
    strb_init(&b, d->a);
    for (size_t i = 0; i < new_->ngrants; i++) {
        const struct grant *was = find_grant(old, new_->grants[i].key);
        if (!was ||
            !str_eq(grant_text(d, old, new_, was), grant_text(d, new_, old, &new_->grants[i])))
            strb_addf(&b, "%s%.*s", b.n ? ", " : "", STR_ARG(new_->grants[i].key));
    }
    for (size_t i = 0; i < old->ngrants; i++) {
        if (!find_grant(new_, old->grants[i].key))
            strb_addf(&b, "%s-%.*s", b.n ? ", " : "", STR_ARG(old->grants[i].key));
    }
    struct str x = old->restrict_fx ? fx_text(old->restrict_fx) : STR_NONE;
    struct str y = new_->restrict_fx ? fx_text(new_->restrict_fx) : STR_NONE;
    if (!str_eq(x, y))
        strb_addf(&b, "%srestrict", b.n ? ", " : "");
    if (!b.n)
        return;
    struct change *c = about_form(d, CHANGE_CONFIRM, CHANGE_RIGHTS, old, new_, "permissions");
    say(d, c, "“%.*s”的权限有变化：%.*s。", "The rights on “%.*s” change: %.*s.",
        STR_ARG(new_->title), STR_ARG(strb_str(&b)));
}

static bool node_system(const struct form *f, struct str key)
{
    const struct flow_node *n = f && f->flow ? flow_node(f->flow, key) : NULL;
    return n && n->as_system;
}

static bool button_system(const struct form *f, struct str key)
{
    const struct button *b = f ? form_button(f, key) : NULL;
    return b && b->as_system;
}

static void privilege(struct differ *d, const struct form *old, const struct form *new_,
                      struct str what)
{
    struct change *c = about_form(d, CHANGE_CONFIRM, CHANGE_PRIVILEGE, old, new_, "as: system");
    say(d, c, "“%.*s”的脚本 %.*s 将以系统权限运行。",
        "In “%.*s” the script %.*s will run with system rights.", STR_ARG(new_->title),
        STR_ARG(what));
}

/* Automations keep their node: a step {script: …, as: system}. */
static size_t system_steps(const struct form *f)
{
    size_t n = 0;
    for (size_t i = 0; f && i < f->nautomations; i++) {
        struct val steps = val_get(f->automations[i].raw, STR("do"));
        for (size_t k = 0; steps.kind == VAL_LIST && k < steps.n; k++)
            n += str_eqz(val_str(val_get(steps.list[k], STR("as"))), "system");
    }
    return n;
}

static void diff_privileges(struct differ *d, const struct form *old, const struct form *new_)
{
    if (new_->hooks_as_system && !(old && old->hooks_as_system))
        privilege(d, old, new_, new_->hooks);
    for (size_t i = 0; i < new_->nbuttons; i++) {
        const struct button *b = &new_->buttons[i];
        if (b->as_system && !button_system(old, b->key))
            privilege(d, old, new_, b->run);
    }
    for (size_t i = 0; new_->flow && i < new_->flow->nnodes; i++) {
        const struct flow_node *n = &new_->flow->nodes[i];
        if (n->as_system && !node_system(old, n->key))
            privilege(d, old, new_, n->run);
    }
    if (system_steps(new_) > system_steps(old))
        privilege(d, old, new_, STR("automations"));
}

/* ---- flow ---- */

static bool same_flow(const struct flowdef *x, const struct flowdef *y)
{
    if (!x || !y)
        return x == y;
    bool same = x->nnodes == y->nnodes && x->first == y->first && x->ncan == y->ncan;
    for (size_t i = 0; same && i < x->ncan; i++)
        same = str_eq(x->can[i], y->can[i]);
    for (size_t i = 0; same && i < x->nnodes; i++)
        same =
            str_eq(x->nodes[i].key, y->nodes[i].key) && val_same(x->nodes[i].raw, y->nodes[i].raw);
    return same;
}

static void diff_flow(struct differ *d, const struct form *old, const struct form *new_)
{
    if (same_flow(old->flow, new_->flow))
        return;
    struct change *c =
        about_form(d, new_->flow ? CHANGE_SAFE : CHANGE_CONFIRM, CHANGE_FLOW, old, new_, "flow");
    if (!new_->flow)
        say(d, c, "“%.*s”不再有审批流程。", "“%.*s” has no flow any more.", STR_ARG(new_->title));
    else if (!old->flow)
        say(d, c, "“%.*s”启用审批流程。", "“%.*s” gets a flow.", STR_ARG(new_->title));
    else
        say(d, c, "“%.*s”的审批流程有变化；进行中的按原版本走完。",
            "The flow of “%.*s” changes; what runs goes on with the old one.",
            STR_ARG(new_->title));
}

/* ---- forms and files ---- */

static const struct form *old_form_of(struct differ *d, const struct form *f)
{
    const struct form *same = app_form(d->old, f->key);
    if (same || !f->was.n || app_form(d->new_, f->was))
        return same;
    return app_form(d->old, f->was);
}

static struct str file_of(struct differ *d, const struct form *f)
{
    return str_fmt(d->a, "forms/%.*s.yaml", STR_ARG(f->key));
}

/* A built-in form has no file in either. */
static bool same_file(const struct app *x, const struct app *y, struct str path)
{
    const struct app_file *a = app_file(x, path), *b = app_file(y, path);
    return a && b ? str_eq(a->text, b->text) : !a && !b;
}

static void diff_form(struct differ *d, const struct form *old, const struct form *new_)
{
    size_t before = d->out.n;
    if (!str_eq(old->key, new_->key)) {
        struct change *c = about_form(d, CHANGE_CONFIRM, CHANGE_FORM_RENAMED, old, new_, "form");
        say(d, c, "表单“%.*s”的键从 %.*s 改为 %.*s，数据保留。",
            "The form “%.*s” changes its key from %.*s to %.*s; its data stays.",
            STR_ARG(new_->title), STR_ARG(old->key), STR_ARG(new_->key));
    }
    diff_fields(d, old, new_);
    diff_rights(d, old, new_);
    diff_privileges(d, old, new_);
    diff_flow(d, old, new_);
    if (d->out.n == before && !same_file(d->old, d->new_, file_of(d, new_))) {
        struct change *c = about_form(d, CHANGE_SAFE, CHANGE_FILE, old, new_, "");
        say(d, c, "“%.*s”的排版、视图、按钮或规则有变化。",
            "Layout, views, buttons or rules of “%.*s” change.", STR_ARG(new_->title));
    }
}

static void diff_forms(struct differ *d)
{
    struct map met;
    map_init(&met, d->a);
    for (size_t i = 0; i < d->new_->nforms; i++) {
        struct form *f = d->new_->forms[i];
        const struct form *was = d->old ? old_form_of(d, f) : NULL;
        if (was) {
            map_put(&met, was->key, f);
            diff_form(d, was, f);
            continue;
        }
        struct change *c = about_form(d, CHANGE_SAFE, CHANGE_FORM_ADDED, NULL, f, "");
        say(d, c, "新增表单“%.*s”（%zu 个字段）。", "The form “%.*s” is added (%zu fields).",
            STR_ARG(f->title), f->nfields);
        diff_privileges(d, NULL, f);
    }
    for (size_t i = 0; d->old && i < d->old->nforms; i++) {
        struct form *f = d->old->forms[i];
        if (map_get(&met, f->key))
            continue;
        struct change *c = about_form(d, CHANGE_DESTRUCTIVE, CHANGE_FORM_REMOVED, f, NULL, "");
        say(d, c, "去掉表单“%.*s”，其中的记录不再显示（表单键 %.*s）。",
            "The form “%.*s” is removed; its records are no longer shown (its key is %.*s).",
            STR_ARG(f->title), STR_ARG(f->key));
    }
}

static void diff_files(struct differ *d)
{
    const struct app_source *src = &d->new_->source;
    for (size_t i = 0; d->old && i < src->nfiles; i++) {
        struct str path = src->files[i].path;
        if (str_starts(path, STR("forms/")) || same_file(d->old, d->new_, path))
            continue;
        struct change *c = add(d, CHANGE_SAFE, CHANGE_FILE, path);
        bool had = app_file(d->old, path) != NULL;
        say(d, c, had ? "文件 %.*s 有变化。" : "新增文件 %.*s。",
            had ? "The file %.*s changes." : "The file %.*s is added.", STR_ARG(path));
    }
    for (size_t i = 0; d->old && i < d->old->source.nfiles; i++) {
        struct str path = d->old->source.files[i].path;
        if (str_starts(path, STR("forms/")) || app_file(d->new_, path))
            continue;
        struct change *c = add(d, CHANGE_SAFE, CHANGE_FILE, path);
        say(d, c, "去掉文件 %.*s。", "The file %.*s is removed.", STR_ARG(path));
    }
}

/* A role that is gone takes its grants with it; who holds it loses what it gave. */
static void diff_roles(struct differ *d)
{
    for (size_t i = 0; d->old && i < d->old->nroles; i++) {
        const struct role *r = &d->old->roles[i];
        if (app_role(d->new_, r->key))
            continue;
        struct change *c = add(d, CHANGE_CONFIRM, CHANGE_RIGHTS,
                               str_fmt(d->a, "app.yaml: roles.%.*s", STR_ARG(r->key)));
        say(d, c, "去掉角色“%.*s”，拥有它的成员失去相应权限。",
            "The role “%.*s” is removed; its holders lose its rights.", STR_ARG(r->title));
    }
}

static const struct widget *find_widget(const struct app *app, struct str dashboard, struct str key)
{
    const struct dashboard *d = app ? app_dashboard(app, dashboard) : NULL;
    for (size_t i = 0; d && i < d->nwidgets; i++) {
        if (str_eq(d->widgets[i].key, key))
            return &d->widgets[i];
    }
    return NULL;
}

/* A widget that shows more than its viewer may see. */
static void diff_run_as(struct differ *d)
{
    for (size_t i = 0; i < d->new_->ndashboards; i++) {
        const struct dashboard *b = &d->new_->dashboards[i];
        for (size_t k = 0; k < b->nwidgets; k++) {
            const struct widget *w = &b->widgets[k], *was = find_widget(d->old, b->key, w->key);
            if (!w->run_as.n || (was && str_eq(was->run_as, w->run_as)))
                continue;
            struct change *c = add(d, CHANGE_CONFIRM, CHANGE_PRIVILEGE,
                                   str_fmt(d->a, "dashboards/%.*s.yaml: widgets.%.*s",
                                           STR_ARG(b->key), STR_ARG(w->key)));
            say(d, c, "组件“%.*s”将以角色 %.*s 的权限计算。",
                "The widget “%.*s” will run with the rights of %.*s.", STR_ARG(w->key),
                STR_ARG(w->run_as));
        }
    }
}

struct changes app_diff(struct arena *a, const struct app *old, const struct app *new_)
{
    struct differ d = {.a = a, .old = old, .new_ = new_};
    diff_forms(&d);
    diff_roles(&d);
    diff_run_as(&d);
    diff_files(&d);
    return (struct changes){.v = d.out.v, .n = d.out.n};
}
