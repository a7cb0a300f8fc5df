/*
 * A loaded form: looking things up, and what its fields are in expressions.
 */
#include "engine/meta/form.h"

#include "engine/base/utf8.h"
#include "engine/meta/app.h"
#include "engine/meta/fieldtype.h"
#include "engine/meta/flowdef.h"

struct field *form_field(const struct form *f, struct str key)
{
    return map_get(&f->by_key, key);
}

struct field *form_sys(const struct form *f, enum sys_field which)
{
    return f->sys[which];
}

bool field_is_sys(const struct field *f)
{
    return f->key.n && f->key.p[0] == '_';
}

bool field_by_expr(const struct field *f)
{
    return f->value && !field_is_sys(f) && (!f->stored || f->filling);
}

const struct view *form_view(const struct form *f, struct str key)
{
    for (size_t i = 0; i < f->nviews; i++) {
        if (str_eq(f->views[i].key, key))
            return &f->views[i];
    }
    return NULL;
}

const struct button *form_button(const struct form *f, struct str key)
{
    for (size_t i = 0; i < f->nbuttons; i++) {
        if (str_eq(f->buttons[i].key, key))
            return &f->buttons[i];
    }
    return NULL;
}

const struct flow_node *flow_node(const struct flowdef *f, struct str key)
{
    for (size_t i = 0; i < f->nnodes; i++) {
        if (str_eq(f->nodes[i].key, key))
            return &f->nodes[i];
    }
    return NULL;
}

static const struct option *find_option(const struct option *options, size_t n, struct str key)
{
    for (size_t i = 0; i < n; i++) {
        const struct option *below = NULL;
        if (str_eq(options[i].key, key))
            return &options[i];
        if (options[i].noptions)
            below = find_option(options[i].options, options[i].noptions, key);
        if (below)
            return below;
    }
    return NULL;
}

const struct option *field_option(const struct field *f, struct str key)
{
    return find_option(f->options, f->noptions, key);
}

const struct option *field_option_like(const struct field *f, struct str text)
{
    const struct option *o = field_option(f, text);
    for (size_t i = 0; i < f->noptions && !o; i++) {
        if (str_eq(f->options[i].title, text))
            o = &f->options[i];
    }
    for (size_t i = 0; i < f->noptions && !o; i++) {
        if (str_ieq(f->options[i].title, text) || str_ieq(f->options[i].key, text))
            o = &f->options[i];
    }
    return o;
}

/* ---- expressions ---- */

static struct fx_type type_of(const struct field *f)
{
    if (f->type->flags & FT_COMPUTED)
        return f->value_type;
    return (struct fx_type){
        .base = (uint8_t)f->type->fx,
        .list = (f->type->flags & FT_MULTI) != 0,
        .has_scale = f->type->fx == FX_NUM && f->has_scale,
        .scale = f->scale,
        .form = f->sub ? f->sub : f->target,
        .options = f->noptions ? f : NULL,
    };
}

void field_fx(const struct field *f, struct fx_field *out)
{
    *out = (struct fx_field){
        .type = type_of(f),
        .slot = f->slot,
        .ref = f,
        .encrypted = f->encrypted,
    };
    if (f->form && f == f->form->sys[SYS_NODE])
        out->type.list = true;
    /* _id names its own row: beside a text it is the id, beside links it is one of them. */
    if (f->form && !f->form->parent && f == f->form->sys[SYS_ID])
        out->type = (struct fx_type){.base = FX_LINK, .form = f->form};
    out->is_json = out->type.list || out->type.base == FX_JSON;
}

static int schema_field(void *self, const void *form, struct str key, struct fx_field *out)
{
    const struct field *f = form_field(form, key);
    (void)self;
    if (f)
        field_fx(f, out);
    return f != NULL;
}

static const void *schema_form(void *self, struct str key)
{
    return app_form(self, key);
}

static int schema_setting(void *self, struct str key, struct fx_type *out)
{
    const struct setting *s = app_setting(self, key);
    struct fx_field x;
    if (!s)
        return 0;
    field_fx(s->field, &x);
    *out = x.type;
    return 1;
}

static int schema_role(void *self, struct str key)
{
    return app_role(self, key) != NULL;
}

static int schema_option(void *self, const void *options, struct str key)
{
    (void)self;
    return field_option(options, key) != NULL;
}

static void schema_each(void *self, const void *form, void (*fn)(void *arg, struct str key),
                        void *arg)
{
    const struct app *app = self;
    const struct map *m = form ? &((const struct form *)form)->by_key : &app->form_by_key;
    for (size_t i = 0; i < m->n; i++)
        fn(arg, m->items[i].key);
}

static void option_keys(const struct option *o, size_t n,
                        void (*fn)(void *arg, struct str key, struct str title), void *arg)
{
    for (size_t i = 0; i < n; i++) {
        fn(arg, o[i].key, o[i].title);
        option_keys(o[i].options, o[i].noptions, fn, arg);
    }
}

static void field_keys(const struct form *f,
                       void (*fn)(void *arg, struct str key, struct str title), void *arg)
{
    for (size_t i = 0; i < f->nfields; i++)
        fn(arg, f->fields[i]->key, f->fields[i]->title);
    for (size_t i = 0; i < SYS_COUNT; i++)
        if (f->sys[i])
            fn(arg, f->sys[i]->key, f->sys[i]->title);
}

static void schema_keys(void *self, enum fx_keys what, const void *of,
                        void (*fn)(void *arg, struct str key, struct str title), void *arg)
{
    const struct app *app = self;
    const struct field *options = of;
    if (what == FX_KEYS_FIELDS)
        field_keys(of, fn, arg);
    if (what == FX_KEYS_OPTIONS)
        option_keys(options->options, options->noptions, fn, arg);
    for (size_t i = 0; what == FX_KEYS_FORMS && i < app->nforms; i++)
        fn(arg, app->forms[i]->key, app->forms[i]->title);
    for (size_t i = 0; what == FX_KEYS_ROLES && i < app->nroles; i++)
        fn(arg, app->roles[i].key, app->roles[i].title);
    for (size_t i = 0; what == FX_KEYS_SETTINGS && i < app->nsettings; i++)
        fn(arg, app->settings[i].key, app->settings[i].title);
}

struct fx_schema app_schema(const struct app *app)
{
    /* The callbacks only read; the schema's self is not const because loading shares the type. */
    union {
        const struct app *in;
        void *out;
    } self = {.in = app};
    return (struct fx_schema){.self = self.out,
                              .field = schema_field,
                              .form = schema_form,
                              .setting = schema_setting,
                              .role = schema_role,
                              .option = schema_option,
                              .each = schema_each,
                              .keys = schema_keys};
}

struct fx_scope form_scope(const struct form *f, enum fx_place place, bool request)
{
    return (struct fx_scope){.form = f, .parent = f->parent, .place = place, .request = request};
}
