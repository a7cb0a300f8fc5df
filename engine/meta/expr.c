/*
 * Expressions of definition files: the schema they are compiled against while an app is loaded,
 * where their mistakes stand in the file, and whether values fit the fields they go to.
 */
#include "engine/base/utf8.h"
#include "engine/meta/load_int.h"

/* ---- the schema while loading ---- */

static int schema_field(void *self, const void *form, struct str key, struct fx_field *out)
{
    struct load *ld = self;
    const struct form *f = form;
    struct field *field = form_field(f, key);
    if (!field) {
        *out = (struct fx_field){.type = {.base = FX_BLANK}};
        return f->broken; /* told where the file is broken; no second mistake */
    }
    if (field->type->flags & FT_COMPUTED)
        ld_resolve(ld, field);
    field_fx(field, out);
    return 1;
}

static const void *schema_form(void *self, struct str key)
{
    struct load *ld = self;
    return app_form(ld->app, key);
}

/* app.yaml is missing or broken, which is told: what it would say is unknown, not wrong. */
static bool no_app_yaml(const struct load *ld)
{
    const struct src_file *file = ld_file(ld, "app.yaml");
    return !file || !file->root;
}

static int schema_setting(void *self, struct str key, struct fx_type *out)
{
    struct load *ld = self;
    struct fx_schema s = app_schema(ld->app);
    *out = (struct fx_type){.base = FX_BLANK};
    return s.setting(s.self, key, out) || no_app_yaml(ld);
}

static int schema_role(void *self, struct str key)
{
    struct load *ld = self;
    return app_role(ld->app, key) || no_app_yaml(ld);
}

static int schema_option(void *self, const void *options, struct str key)
{
    (void)self;
    return field_option(options, key) != NULL;
}

static void schema_each(void *self, const void *form, void (*fn)(void *arg, struct str key),
                        void *arg)
{
    struct load *ld = self;
    struct fx_schema s = app_schema(ld->app);
    s.each(s.self, form, fn, arg);
}

struct fx_schema ld_schema(struct load *ld)
{
    return (struct fx_schema){.self = ld,
                              .field = schema_field,
                              .form = schema_form,
                              .setting = schema_setting,
                              .role = schema_role,
                              .option = schema_option,
                              .each = schema_each};
}

struct fx_scope ld_scope(const struct load *ld, const struct form *f, enum fx_place place)
{
    return (struct fx_scope){.schema = &ld->schema,
                             .form = f,
                             .parent = f ? f->parent : NULL,
                             .user =
                                 ld->app->people ? app_form(ld->app->people, STR("member")) : NULL,
                             .place = place};
}

/* ---- compiling ---- */

/* Byte offset of line:column (from 1, code points) in a text. */
static size_t offset_of(struct str text, struct src_pos pos)
{
    size_t at = 0;
    for (uint32_t line = 1; line < pos.line && at < text.n;)
        line += text.p[at++] == '\n';
    return at + utf8_offset(str_sub(text, at, text.n), pos.column ? pos.column - 1 : 0);
}

/* Compiles text that begins at byte `skip` of the node's text. Positions inside the expression are
 * turned into positions of the file, whatever quotes or folding the node has. */
static struct fx *compile(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                          size_t skip, const struct fx_scope *scope)
{
    struct str text = str_sub(n->text, skip, n->text.n);
    size_t before = ld->diags->list.n;
    struct fx *fx = fx_compile(ld->a, text, scope, file->path, (struct src_pos){1, 1}, ld->diags);
    for (size_t i = before; i < ld->diags->list.n; i++) {
        struct diag *d = &ld->diags->list.v[i];
        if (str_eqz(d->key, "formula") && d->file.n && str_eq(d->file, file->path) && !d->path.n) {
            d->pos = yaml_pos_in(n, file->text, skip + offset_of(text, d->pos));
            d->path = STR("."); /* placed; a computed field resolved meanwhile keeps its own */
        }
    }
    return fx;
}

struct fx *ld_fx(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                 const struct fx_scope *scope)
{
    if (!n || n->kind != YAML_SCALAR || yaml_is_null(n) || !str_trim(n->text).n)
        return NULL;
    return compile(ld, file, n, 0, scope);
}

/* ---- values ---- */

bool ld_fits(const struct field *f, const struct fx_type *t)
{
    struct fx_field x;
    field_fx(f, &x);
    enum fx_base want = (enum fx_base)x.type.base, have = (enum fx_base)t->base;
    if (have == FX_BLANK || want == FX_BLANK || want == FX_JSON)
        return true;
    if (t->list != x.type.list)
        return x.type.list && !t->list && want == have;
    if (want == FX_LINK && have == FX_LINK)
        return t->form == x.type.form;
    if (want == FX_LINK || want == FX_MEMBER || want == FX_DEPT)
        return have == want || have == FX_TEXT; /* an id */
    if (want == FX_DATETIME)
        return have == FX_DATETIME || have == FX_DATE;
    return want == have;
}

static void tell_misfit(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                        const struct field *f)
{
    node_error(ld->diags, file, n, "type", "公式的结果不是字段“%.*s”（%.*s）能存的类型",
               "The result of the expression does not fit the field “%.*s” (%.*s)", STR_ARG(f->key),
               STR_ARG(f->type->name));
}

static struct str near_option(struct load *ld, const struct field *f, struct str key)
{
    struct map m;
    map_init(&m, ld->a);
    for (size_t i = 0; i < f->noptions; i++)
        map_put(&m, f->options[i].key, &m);
    return map_nearest(&m, key);
}

/* A literal as the field would take it from a body. */
static struct val literal(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                          const struct field *f)
{
    struct diags told;
    struct val v = yaml_val(ld->a, n);
    if (!f || f->type->flags & FT_COMPUTED)
        return v;
    if (n->kind == YAML_SCALAR && !yaml_is_null(n) && f->type->fx == FX_TEXT)
        v = (struct val){.kind = VAL_TEXT, .n = (uint32_t)n->text.n, .text = n->text.p};
    diags_init(&told, ld->a);
    struct val out = f->type->coerce(f, ld->a, v, STR_NONE, &told);
    for (size_t i = 0; i < told.list.n; i++) {
        const struct diag *why = &told.list.v[i];
        struct diag *d = node_error(ld->diags, file, n, "value", "%s", "%s", "");
        d->zh = str_fmt(ld->diags->a, "字段 %.*s 不能取值“%.*s”：%.*s", STR_ARG(f->key),
                        STR_ARG(n->text), STR_ARG(why->zh));
        d->en = str_fmt(ld->diags->a, "The field %.*s cannot be “%.*s”: %.*s", STR_ARG(f->key),
                        STR_ARG(n->text), STR_ARG(why->en));
        if (str_eqz(why->key, "option"))
            diag_suggest(ld->diags, d, near_option(ld, f, n->text));
    }
    return out;
}

struct fxval ld_value(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                      const struct fx_scope *scope, const struct field *f)
{
    struct fxval out = {.literal = {.kind = VAL_ABSENT}};
    if (!n)
        return out;
    if (n->kind == YAML_SCALAR && n->text.n && n->text.p[0] == '=') {
        out.literal = VAL_NONE;
        if (!scope) {
            node_error(ld->diags, file, n, "literal", "这里只能写固定的值，不能写公式",
                       "Only a fixed value can stand here, no expression");
            return out;
        }
        out.fx = compile(ld, file, n, 1, scope);
        if (out.fx && f) {
            struct fx_type t = fx_type_of(out.fx);
            if (!ld_fits(f, &t))
                tell_misfit(ld, file, n, f);
        }
        return out;
    }
    out.literal = literal(ld, file, n, f);
    return out;
}

/* ---- set ---- */

static bool may_set(const struct field *f)
{
    if (field_is_sys(f)) {
        const struct form *o = f->form;
        return f == o->sys[SYS_OWNER] || f == o->sys[SYS_DEPT];
    }
    return !(f->type->flags & (FT_COMPUTED | FT_SERIAL));
}

const struct set_item *ld_set(struct load *ld, const struct src_file *file,
                              const struct yaml_node *set, const struct form *target,
                              const struct fx_scope *scope, size_t *n)
{
    *n = 0;
    if (!set || set->kind != YAML_MAP || !target)
        return NULL;
    struct set_item *items = ARENA_ARRAY(ld->a, struct set_item, set->n);
    for (size_t i = 0; i < set->n; i++) {
        struct field *f = ld_field_ref(ld, file, set->keys[i], target);
        if (f && !may_set(f))
            node_error(ld->diags, file, set->keys[i], "set", "字段“%.*s”由系统给出，不能写入",
                       "The field “%.*s” is given by the engine and cannot be set",
                       STR_ARG(f->key));
        struct fxval v = ld_value(ld, file, set->items[i], scope, f);
        if (f)
            items[(*n)++] = (struct set_item){.field = f->key, .value = v};
    }
    return items;
}
