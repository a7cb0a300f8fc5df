/*
 * One field of a form: what its node says, first by itself, then about other fields and forms.
 */
#include "engine/base/utf8.h"
#include "engine/meta/load_int.h"

/* ---- by itself ---- */

static enum sensitivity sensitivity(struct str word)
{
    if (str_eqz(word, "special"))
        return SENS_SPECIAL;
    return str_eqz(word, "personal") ? SENS_PERSONAL : SENS_NONE;
}

static const struct option *read_options(struct load *ld, const struct yaml_node *n, size_t *count)
{
    *count = 0;
    if (!n || (n->kind != YAML_MAP && n->kind != YAML_SEQ))
        return NULL;
    struct option *out = ARENA_ARRAY(ld->a, struct option, n->n);
    for (size_t i = 0; i < n->n; i++) {
        const struct yaml_node *v = n->items[i], *key = n->kind == YAML_MAP ? n->keys[i] : v;
        struct option o = {.key = key->text, .title = v->text};
        if (key->kind != YAML_SCALAR)
            continue;
        if (v->kind == YAML_MAP) {
            o.title = node_scalar(v, "title") ? node_text(v, "title") : key->text;
            o.color = node_text(v, "color");
            o.disabled = node_bool(v, "disabled", false);
            o.options = read_options(ld, yaml_get(v, "options"), &o.noptions);
        }
        out[(*count)++] = o;
    }
    return out;
}

static void ld_options(struct load *ld, const struct yaml_node *field, struct field *f)
{
    f->options = read_options(ld, yaml_get(field, "options"), &f->noptions);
}

/* A list of options must not repeat one (a map cannot). */
static void check_option_list(struct load *ld, const struct src_file *file,
                              const struct yaml_node *n)
{
    struct map seen;
    map_init(&seen, ld->a);
    for (size_t i = 0; n && i < n->n; i++) {
        if (map_get(&seen, n->items[i]->text))
            node_error(ld->diags, file, n->items[i], "duplicate_option", "选项“%.*s”重复了",
                       "The option “%.*s” is given twice", STR_ARG(n->items[i]->text));
        map_put(&seen, n->items[i]->text, &seen);
    }
}

static void read_texts(const struct yaml_node *n, struct field *f)
{
    if (node_scalar(n, "title"))
        f->title = node_text(n, "title");
    f->help = node_text(n, "help");
    f->placeholder = node_text(n, "placeholder");
    f->message = node_text(n, "message");
    f->icon = node_text(n, "icon");
    f->unit = node_text(n, "unit");
    f->was = node_text(n, "was");
    f->group = node_text(n, "group");
    f->normalize = node_text(n, "normalize");
    f->pattern = node_text(n, "pattern");
    f->reset = node_text(n, "reset");
    f->log = node_text(n, "log");
    f->widget = node_scalar(n, "widget") ? node_text(n, "widget") : f->type->widget;
}

/* What points to rows, members, departments stays as it is: an opaque id, masked and in clear. */
static bool can_encrypt(const struct fieldtype *t)
{
    bool points = t->fx == FX_LINK || t->fx == FX_MEMBER || t->fx == FX_DEPT;
    return !points && !(t->flags & (FT_COMPUTED | FT_NO_COLUMN | FT_SERIAL));
}

static void set_sealing(const struct load_opts *opts, struct field *f)
{
    struct strb b;
    const struct form *form = f->form;
    if (!opts->nsealing || !f->encrypted)
        return;
    strb_init(&b, form->app->a);
    if (form->parent)
        strb_addf(&b, "%.*s.", STR_ARG(form->parent->key));
    strb_addf(&b, "%.*s.%.*s", STR_ARG(form->key), STR_ARG(f->key));
    for (size_t i = 0; i < opts->nsealing; i++)
        if (str_eq(opts->sealing[i], strb_str(&b))) {
            f->sealing = true;
            f->encrypted = false;
        }
}

static void read_flags(const struct yaml_node *n, struct field *f)
{
    const struct yaml_node *unique = node_scalar(n, "unique");
    f->unique = unique && node_bool(n, "unique", false);
    f->index = node_bool(n, "index", false);
    f->search = node_bool(n, "search", false);
    f->declassify = node_bool(n, "declassify", false);
    f->append_only = node_bool(n, "append_only", false);
    f->clear_hidden = str_eqz(node_text(n, "hidden_value"), "clear");
    f->sensitive = sensitivity(node_text(n, "sensitive"));
    if (f->form->parent_field) /* a sensitive sub-table: all of its columns */
        f->sensitive = MAX(f->sensitive, f->form->parent_field->sensitive);
    f->encrypted = f->sensitive != SENS_NONE && can_encrypt(f->type);
    f->subject = node_text(n, "subject");
    f->width = (uint32_t)node_int(n, "width", 0);
}

static void read_numbers(const struct yaml_node *n, struct field *f)
{
    static const char *const depths[] = {"province", "city", "district", "street", NULL};
    int64_t scale = node_int(n, "scale", -1);
    f->has_scale = scale >= 0 && scale <= 12;
    f->scale = f->has_scale ? (uint8_t)scale : 0;
    if (str_eqz(f->type->name, "rating")) {
        f->has_scale = true;
        f->min = val_num(1);
        f->max = val_num(5);
    }
    f->depth = (uint8_t)(word_index(depths, node_text(n, "depth")) + 1);
}

static struct val coerce_unknown(const struct field *f, struct arena *a, struct val in,
                                 struct str path, struct diags *diags)
{
    (void)f;
    (void)a;
    (void)path;
    (void)diags;
    return in;
}

/* Stands for a type that does not exist (told): fits everywhere, so that no second mistake follows.
 */
static const struct fieldtype unknown_type = {.name = STR("?"),
                                              .fx = FX_BLANK,
                                              .column = COL_TEXT,
                                              .widget = STR("input"),
                                              .zh = "",
                                              .en = "",
                                              .coerce = coerce_unknown};

struct field *ld_field(struct load *ld, struct form *form, const struct yaml_node *key,
                       const struct yaml_node *n, const struct src_file *file)
{
    struct field *f = ARENA_NEW(ld->a, struct field);
    const struct fieldtype *type = fieldtype_find(node_text(n, "type"));
    if (str_find(key->text, STR("__"), 0) >= 0)
        node_error(ld->diags, file, key, "key_grammar",
                   "字段的键“%.*s”不能含两个连续的下划线，它们用来分隔表名和列名",
                   "The field's key “%.*s” must not hold two underscores in a row, which part the "
                   "names of tables and columns",
                   STR_ARG(key->text));
    f->key = key->text;
    f->title = key->text;
    f->at = (struct place){.file = file->path, .pos = key->pos};
    f->form = form;
    f->type = type ? type : &unknown_type;
    f->min.kind = f->max.kind = f->dflt.literal.kind = VAL_ABSENT;
    read_texts(n, f);
    read_flags(n, f);
    set_sealing(ld->opts, f);
    read_numbers(n, f);
    ld_options(ld, n, f);
    check_option_list(ld, file, node_of(n, "options", YAML_SEQ));
    return f;
}

/* ---- about others: links ---- */

static void link_target(struct load *ld, struct field_src *s)
{
    static const char *const on_delete[] = {"clear", "restrict", "cascade", NULL};
    const struct yaml_node *form = node_scalar(s->n, "form");
    bool link = str_eqz(s->f->type->name, "link") || str_eqz(s->f->type->name, "links");
    int word = word_index(on_delete, node_text(s->n, "on_delete"));
    if (!link || !form)
        return;
    s->f->target_key = form->text;
    s->f->target = ld_form_ref(ld, s->file, form);
    if (!s->f->target) /* told; what is read through it is unknown, not wrong */
        s->f->target = ld_nowhere(ld, s->file);
    s->f->on_delete = word < 0 ? ON_DELETE_CLEAR : (enum on_delete)word;
}

void ld_link_targets(struct load *ld)
{
    for (size_t i = 0; i < ld->fields.n; i++) {
        if (ld->fields.v[i].n)
            link_target(ld, &ld->fields.v[i]);
    }
}

/* ---- about others: rules ---- */

/* true, false, or a condition. */
static void flag_or_fx(struct load *ld, struct field_src *s, const char *key, bool *flag,
                       struct fx **fx)
{
    const struct yaml_node *n = node_scalar(s->n, key);
    struct fx_scope scope = ld_scope(ld, s->f->form, FX_PLACE_COND);
    if (!n)
        return;
    if (!n->quoted && (str_ieq(n->text, STR("true")) || str_ieq(n->text, STR("false"))))
        *flag = str_ieq(n->text, STR("true"));
    else
        *fx = ld_fx(ld, s->file, n, &scope);
}

static void visible(struct load *ld, struct field_src *s)
{
    struct fx_scope scope = ld_scope(ld, s->f->form, FX_PLACE_COND);
    const struct yaml_node *n = node_scalar(s->n, "visible");
    if (n && !(str_ieq(n->text, STR("true")) && !n->quoted))
        s->f->visible = ld_fx(ld, s->file, n, &scope);
}

/* `accept` of files. */
static void accepted(struct load *ld, struct field_src *s)
{
    s->f->accept = node_texts(ld->a, s->n, "accept", &s->f->naccept);
}

/* A literal bound; for texts and files a length. */
static void bound(struct load *ld, struct field_src *s, const char *key, struct val *out)
{
    const struct yaml_node *n = node_scalar(s->n, key);
    struct field *f = s->f;
    bool length = f->type->fx == FX_TEXT || f->type->fx == FX_JSON || f->type->fx == FX_ROWS;
    int64_t count = node_int(s->n, key, -1);
    if (!n)
        return;
    if (length) {
        if (count < 1 || count > 1000000)
            node_error(ld->diags, s->file, n, "range", "应当是 1 到 1000000 的整数",
                       "Must be a whole number from 1 to 1,000,000");
        else
            f->max_length = (uint32_t)count;
        return;
    }
    struct val keep = *out;
    out->kind = VAL_ABSENT;
    struct fxval v = ld_value(ld, s->file, n, NULL, f);
    *out = v.fx || val_is_blank(v.literal) ? keep : v.literal;
}

static void range(struct load *ld, struct field_src *s)
{
    struct field *f = s->f;
    struct val low = f->min, high = f->max;
    f->min.kind = f->max.kind = VAL_ABSENT; /* a bound is not held against the other */
    accepted(ld, s);
    bound(ld, s, "min", &low);
    bound(ld, s, "max", &high);
    f->min = low;
    f->max = high;
    if (low.kind != VAL_ABSENT && high.kind != VAL_ABSENT && val_cmp(low, high) > 0)
        node_error(ld->diags, s->file, yaml_get(s->n, "max"), "range", "max 比 min 小",
                   "`max` is less than `min`");
}

static void deflt(struct load *ld, struct field_src *s)
{
    const struct yaml_node *n = yaml_get(s->n, "default");
    struct fx_scope scope = ld_scope(ld, s->f->form, FX_PLACE_VALUE);
    if (!n)
        return;
    if (s->f->type->flags & (FT_COMPUTED | FT_SERIAL)) {
        node_error(ld->diags, s->file, n, "default", "计算字段和编号没有默认值",
                   "Computed fields and serial numbers have no default");
        return;
    }
    size_t before = ld->diags->list.n;
    s->f->dflt = ld_value(ld, s->file, n, &scope, s->f);
    for (size_t i = before; i < ld->diags->list.n; i++) {
        struct diag *d = &ld->diags->list.v[i];
        d->zh = str_fmt(ld->diags->a, "默认值有误：%.*s", STR_ARG(d->zh));
        d->en = str_fmt(ld->diags->a, "Wrong default: %.*s", STR_ARG(d->en));
    }
}

static void filter(struct load *ld, struct field_src *s)
{
    struct field *f = s->f;
    if (!f->target || f->target->broken)
        return;
    struct fx_scope scope = ld_scope(ld, f->target, FX_PLACE_FILTER);
    scope.this_ = f->form;
    scope.parent = f->form->parent; /* parent.x: the record of this row */
    f->filter = ld_fx(ld, s->file, yaml_get(s->n, "filter"), &scope);
}

static void fills(struct load *ld, struct field_src *s)
{
    const struct yaml_node *n = node_of(s->n, "fill", YAML_MAP);
    if (!n || !s->f->target)
        return;
    struct fill *out = ARENA_ARRAY(ld->a, struct fill, n->n);
    size_t made = 0;
    for (size_t i = 0; i < n->n; i++) {
        struct field *to = ld_field_ref(ld, s->file, n->keys[i], s->f->form);
        struct field *from = ld_field_ref(ld, s->file, n->items[i], s->f->target);
        struct fx_field x;
        if (!to || !from)
            continue;
        field_fx(from, &x);
        if (to->type->flags & (FT_COMPUTED | FT_SERIAL | FT_NO_COLUMN) || !ld_fits(to, &x.type))
            node_error(ld->diags, s->file, n->keys[i], "fill",
                       "字段“%.*s”不能由“%.*s”带出：类型不同或由系统计算",
                       "“%.*s” cannot be filled from “%.*s”: another type, or computed",
                       STR_ARG(to->key), STR_ARG(from->key));
        out[made++] = (struct fill){.to = to->key, .from = from->key};
    }
    s->f->fills = out;
    s->f->nfills = made;
}

static void was(struct load *ld, struct field_src *s)
{
    const struct yaml_node *n = node_scalar(s->n, "was");
    if (n && form_field(s->f->form, n->text))
        node_error(ld->diags, s->file, n, "was", "“%.*s”是现有字段的键，不能写在 was 里",
                   "“%.*s” is the key of a field that exists; `was` names one that is gone",
                   STR_ARG(n->text));
}

/* {YYYY} {YY} {MM} {DD}, one {0000}, and text around. *bad is the part that is none of them. */
static bool pattern_ok(struct str p, struct str *bad)
{
    static const char *const words[] = {"YYYY", "YY", "MM", "DD", NULL};
    size_t counters = 0;
    while (p.n) {
        struct str word;
        ptrdiff_t open = str_findc(p, '{');
        if (open < 0)
            break;
        if (str_findc(p, '}') < open)
            return false;
        p = str_cut(str_sub(p, (size_t)open + 1, p.n), '}', &word);
        size_t zeros = 0;
        while (zeros < word.n && word.p[zeros] == '0')
            zeros++;
        if (word.n && zeros == word.n && zeros <= 18)
            counters++;
        else if (word_index(words, word) < 0) {
            *bad = word;
            return false;
        }
    }
    return counters == 1 && str_findc(p, '}') < 0;
}

static void serial(struct load *ld, struct field_src *s)
{
    const struct yaml_node *n = node_scalar(s->n, "pattern");
    struct str bad = STR_NONE;
    bool ok = !n || !str_eqz(s->f->type->name, "serial") || pattern_ok(n->text, &bad);
    if (bad.n)
        node_error(ld->diags, s->file, n, "pattern",
                   "编号样式里不能写 {%.*s}，日期写 {YYYY} {YY} {MM} {DD}",
                   "A pattern has no {%.*s}; dates are {YYYY} {YY} {MM} {DD}", STR_ARG(bad));
    else if (!ok || (n && n->text.n > 100))
        node_error(ld->diags, s->file, n, "pattern",
                   "编号样式应含一个 {0000}，日期写 {YYYY} {YY} {MM} {DD}",
                   "A pattern holds one {0000}; dates are {YYYY} {YY} {MM} {DD}");
}

static void table_log(struct load *ld, struct field_src *s)
{
    const struct yaml_node *n = node_scalar(s->n, "log");
    if (n && s->f->sub)
        ld_field_ref(ld, s->file, n, s->f->form);
}

static void sensitive(struct load *ld, struct field_src *s)
{
    static const char *const asked[] = {"purpose", "basis", "retention"};
    const struct yaml_node *n = node_scalar(s->n, "sensitive");
    const struct yaml_node *subject = node_scalar(s->n, "subject");
    for (size_t i = 0; n && str_eqz(n->text, "special") && i < ARRAY_LEN(asked); i++) {
        if (!yaml_get(s->n, asked[i]))
            node_warn(ld->diags, s->file, n, "sensitive", "敏感个人信息应写明 %s",
                      "A special category should say its %s", asked[i]);
    }
    if (n && !s->f->encrypted && !s->f->sub && !(s->f->type->flags & FT_COMPUTED))
        node_warn(
            ld->diags, s->file, n, "sensitive", "类型 %.*s 的字段只脱敏、不加密：库中存的是编号",
            "A field of type %.*s is masked, not encrypted: the database holds an id or number",
            STR_ARG(s->f->type->name));
    if (subject && !str_eqz(subject->text, "self")) {
        const struct form *top = s->f->form->parent ? s->f->form->parent : s->f->form;
        struct field *by = ld_field_ref(ld, s->file, subject, top);
        if (by && !(by->type->flags & FT_REF))
            node_error(ld->diags, s->file, subject, "subject",
                       "subject 应为 self、链接字段或成员字段",
                       "`subject` is self, a link or a member field");
    }
}

static void unique_rule(struct load *ld, struct field_src *s)
{
    const struct field *f = s->f;
    bool text_like =
        !(f->type->flags & (FT_COMPUTED | FT_NO_COLUMN | FT_MULTI)) && f->type->column != COL_JSON;
    const struct yaml_node *n = yaml_get(s->n, "unique");
    if (n && (f->unique || n->kind == YAML_SEQ) && !text_like)
        node_error(ld->diags, s->file, n, "unique", "类型 %.*s 的字段不能设为不重复",
                   "A field of type %.*s cannot be unique", STR_ARG(f->type->name));
}

void ld_field_rule(struct load *ld, struct field_src *s)
{
    struct field *f = s->f;
    struct fx_scope cond = ld_scope(ld, f->form, FX_PLACE_COND);
    cond.old = f->form;
    flag_or_fx(ld, s, "required", &f->required, &f->required_fx);
    flag_or_fx(ld, s, "readonly", &f->readonly, &f->readonly_fx);
    visible(ld, s);
    range(ld, s);
    deflt(ld, s);
    f->check = ld_fx(ld, s->file, yaml_get(s->n, "check"), &cond);
    filter(ld, s);
    fills(ld, s);
    was(ld, s);
    serial(ld, s);
    table_log(ld, s);
    sensitive(ld, s);
    unique_rule(ld, s);
}

void ld_field_rules(struct load *ld)
{
    for (size_t i = 0; i < ld->fields.n; i++) {
        struct field_src s = ld->fields.v[i];
        if (s.n)
            ld_field_rule(ld, &s);
    }
}
