/*
 * Buttons and public forms.
 */
#include "engine/meta/load_int.h"

/* ---- buttons ---- */

/* The fields a button asks for, and what `set` may call them: ask.level. */
static struct fx_var *asked(struct load *ld, struct form_src *s, const struct yaml_node *n,
                            struct button *b)
{
    const struct yaml_node *map = node_of(n, "ask", YAML_MAP);
    struct field **fields = ARENA_ARRAY(ld->a, struct field *, map ? map->n : 0);
    struct fx_var *vars = ARENA_ARRAY(ld->a, struct fx_var, map ? map->n : 0);
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind != YAML_MAP)
            continue;
        struct field *f = ld_field(ld, s->f, map->keys[i], map->items[i], s->file);
        struct fx_field x;
        f->slot = (uint32_t)b->nask;
        if (f->type->flags & (FT_COMPUTED | FT_SERIAL | FT_NO_COLUMN)) {
            node_error(ld->diags, s->file, map->keys[i], "ask", "按钮不能询问类型 %.*s",
                       "A button cannot ask for a %.*s", STR_ARG(f->type->name));
            continue;
        }
        ld_register_field(ld, f, map->items[i], s->file);
        f->target_key = node_text(map->items[i], "form");
        if (node_scalar(map->items[i], "form"))
            f->target = ld_form_ref(ld, s->file, node_scalar(map->items[i], "form"));
        struct field_src src = ld->fields.v[f->nth];
        ld_field_rule(ld, &src);
        field_fx(f, &x);
        vars[b->nask] =
            (struct fx_var){.name = str_fmt(ld->a, "ask.%.*s", STR_ARG(f->key)), .type = x.type};
        fields[b->nask++] = f;
    }
    b->ask = fields;
    return vars;
}

static struct button read_button(struct load *ld, struct form_src *s, const struct yaml_node *key,
                                 const struct yaml_node *n)
{
    if (ld_right_word(key->text))
        node_error(ld->diags, s->file, key, "button_key", "“%.*s”是权限的名字，请给按钮换一个键",
                   "“%.*s” is the name of a right; give the button another key",
                   STR_ARG(key->text));
    struct button b = {
        .key = key->text, .title = node_text(n, "title"), .at = ld_place(s->file, key)};
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_COND);
    b.icon = node_text(n, "icon");
    b.confirm = node_text(n, "confirm");
    b.danger = node_bool(n, "danger", false);
    b.as_system = str_eqz(node_text(n, "as"), "system");
    b.when = ld_fx(ld, s->file, yaml_get(n, "when"), &scope);
    scope.vars = asked(ld, s, n, &b);
    scope.nvars = b.nask;
    scope.place = FX_PLACE_VALUE;
    b.set = ld_set(ld, s->file, yaml_get(n, "set"), s->f, &scope, &b.nset);
    if (ld_script(ld, s->file, node_scalar(n, "run"), true))
        b.run = node_text(n, "run");
    return b;
}

static void buttons(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "buttons", YAML_MAP);
    struct button *out = ARENA_ARRAY(ld->a, struct button, map ? map->n : 0);
    size_t made = 0;
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            out[made++] = read_button(ld, s, map->keys[i], map->items[i]);
    }
    s->f->buttons = out;
    s->f->nbuttons = made;
}

/* ---- public forms ---- */

/* "20/h" to a count and seconds. */
static bool rate(struct str s, uint32_t *count, uint32_t *seconds)
{
    struct str head, unit = str_cut(s, '/', &head);
    int64_t n;
    if (!str_int(head, 1, 100000, &n))
        return false;
    *count = (uint32_t)n;
    *seconds = str_eqz(unit, "m") ? 60 : str_eqz(unit, "h") ? 3600 : str_eqz(unit, "d") ? 86400 : 0;
    return *seconds != 0;
}

/* A date (midnight in the app's zone) or an instant. */
static int64_t moment(struct load *ld, struct form_src *s, const struct yaml_node *n)
{
    int64_t us, day;
    struct civil c;
    if (!n)
        return 0;
    if (civil_parse_instant(n->text, &us))
        return us;
    if (civil_parse_date(n->text, &day)) {
        civil_of_days(day, &c);
        return civil_us(&c, &ld->app->zone);
    }
    node_error(ld->diags, s->file, n, "date",
               "应填写日期或时间，例如 2026-11-23 或 2026-11-23T08:00:00+08:00",
               "A date or time is expected, such as 2026-11-23 or 2026-11-23T08:00:00Z");
    return 0;
}

static void check_public_field(struct load *ld, struct form_src *s, const struct yaml_node *map,
                               const struct field *f)
{
    if (f->type->flags & (FT_COMPUTED | FT_SERIAL) || field_is_sys(f))
        node_error(ld->diags, s->file, yaml_get(map, "fields"), "public",
                   "公开表单里不能填写“%.*s”", "A public form cannot ask for “%.*s”",
                   STR_ARG(f->key));
}

static struct public_form read_public(struct load *ld, struct form_src *s,
                                      const struct yaml_node *key, const struct yaml_node *n)
{
    struct public_form p = {.key = key->text, .title = s->f->title, .at = ld_place(s->file, key)};
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_VALUE);
    const struct yaml_node *per_ip = node_scalar(n, "per_ip"),
                           *window = node_of(n, "window", YAML_MAP);
    size_t nparams;
    if (node_scalar(n, "title"))
        p.title = node_text(n, "title");
    p.help = node_text(n, "help");
    p.fields = ld_field_refs(ld, s->file, n, "fields", s->f, &p.nfields);
    for (size_t i = 0; i < p.nfields; i++)
        check_public_field(ld, s, n, p.fields[i]);
    p.set = ld_set(ld, s->file, yaml_get(n, "set"), s->f, &scope, &p.nset);
    ld_field_refs(ld, s->file, n, "params", s->f, &nparams);
    p.params = node_texts(ld->a, n, "params", &p.nparams);
    p.captcha = node_bool(n, "captcha", false);
    p.quota = (uint32_t)node_int(n, "quota", 0);
    if (per_ip && !rate(per_ip->text, &p.per_ip, &p.per_ip_s))
        node_error(ld->diags, s->file, per_ip, "per_ip",
                   "应写成 次数/m、次数/h 或 次数/d，例如 20/h",
                   "Must be a count per m, h or d, such as 20/h");
    p.from_us = moment(ld, s, node_scalar(window, "from"));
    p.until_us = moment(ld, s, node_scalar(window, "until"));
    if (p.from_us && p.until_us && p.until_us <= p.from_us)
        node_error(ld->diags, s->file, window, "window", "until 应晚于 from",
                   "`until` must be later than `from`");
    return p;
}

static void publics(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "public", YAML_MAP);
    struct public_form *out = ARENA_ARRAY(ld->a, struct public_form, map ? map->n : 0);
    size_t made = 0;
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            out[made++] = read_public(ld, s, map->keys[i], map->items[i]);
    }
    s->f->publics = out;
    s->f->npublics = made;
}

void ld_buttons(struct load *ld, struct form_src *s)
{
    buttons(ld, s);
    publics(ld, s);
}
