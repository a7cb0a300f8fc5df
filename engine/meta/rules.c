/*
 * Rules of a form: checks, composite uniqueness, transitions, restrict, match.
 */
#include "engine/meta/load_int.h"
#include "engine/value/num.h"

static void checks(struct load *ld, struct form_src *s)
{
    const struct yaml_node *list = node_of(s->n, "checks", YAML_SEQ);
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_COND);
    struct check_rule *out = ARENA_ARRAY(ld->a, struct check_rule, list ? list->n : 0);
    scope.old = s->f;
    for (size_t i = 0; list && i < list->n; i++) {
        const struct yaml_node *n = list->items[i];
        out[i] =
            (struct check_rule){.message = node_text(n, "message"), .at = ld_place(s->file, n)};
        out[i].fx = ld_fx(ld, s->file, yaml_get(n, "check"), &scope);
        out[i].field = ld_field_ref(ld, s->file, node_scalar(n, "at"), s->f);
    }
    s->f->checks = out;
    s->f->nchecks = list ? list->n : 0;
}

/* ---- uniqueness over several fields ---- */

struct uniques {
    struct load *ld;
    struct form_src *s;
    struct form *form; /* the form, or a sub-table of it */
    VEC(struct unique_key) v;
};

static void add_unique(struct uniques *u, const struct yaml_node *const *names, size_t n,
                       struct field *first, const struct yaml_node *at)
{
    struct field **fields = ARENA_ARRAY(u->ld->a, struct field *, n + 1);
    size_t made = 0;
    if (first)
        fields[made++] = first;
    for (size_t i = 0; i < n; i++) {
        struct field *f = ld_field_ref(u->ld, u->s->file, names[i], u->form);
        if (f && f != first)
            fields[made++] = f;
    }
    if (made)
        vec_push(
            u->ld->a, &u->v,
            (struct unique_key){.fields = fields, .nfields = made, .at = ld_place(u->s->file, at)});
}

static const struct yaml_node *const *items_of(const struct yaml_node *n)
{
    union {
        struct yaml_node **in;
        const struct yaml_node *const *out;
    } u = {.in = n->items};
    return u.out;
}

/* `unique: [other]` on a field: that field together with the others. */
static void field_uniques(struct load *ld, struct uniques *u, const struct form *form)
{
    for (size_t i = 0; i < form->nfields; i++) {
        const struct yaml_node *n = ld->fields.v[form->fields[i]->nth].n;
        const struct yaml_node *with = node_of(n, "unique", YAML_SEQ);
        if (with)
            add_unique(u, items_of(with), with->n, form->fields[i], with);
    }
}

static void uniques(struct load *ld, struct form_src *s)
{
    struct uniques u = {.ld = ld, .s = s, .form = s->f};
    const struct yaml_node *list = node_of(s->n, "unique", YAML_SEQ);
    bool nested = list && list->n && list->items[0]->kind == YAML_SEQ;
    if (list && !nested)
        add_unique(&u, items_of(list), list->n, NULL, list);
    for (size_t i = 0; nested && i < list->n; i++) {
        if (list->items[i]->kind == YAML_SEQ)
            add_unique(&u, items_of(list->items[i]), list->items[i]->n, NULL, list->items[i]);
    }
    field_uniques(ld, &u, s->f);
    s->f->uniques = u.v.v;
    s->f->nuniques = u.v.n;
    for (size_t i = 0; i < s->f->nfields; i++) {
        struct form *sub = s->f->fields[i]->sub;
        struct uniques below = {.ld = ld, .s = s, .form = sub};
        if (!sub)
            continue;
        field_uniques(ld, &below, sub);
        sub->uniques = below.v.v;
        sub->nuniques = below.v.n;
    }
}

/* ---- transitions ---- */

static struct str *option_keys(struct load *ld, struct form_src *s, const struct yaml_node *n,
                               const char *key, const struct field *f, size_t *count)
{
    const struct yaml_node *const *list = node_list(ld->a, n, key, count);
    struct str *out = ARENA_ARRAY(ld->a, struct str, *count);
    size_t made = 0;
    for (size_t i = 0; i < *count; i++) {
        if (list[i]->kind != YAML_SCALAR)
            continue;
        if (f->noptions && !field_option(f, list[i]->text)) {
            struct map m;
            map_init(&m, ld->a);
            for (size_t k = 0; k < f->noptions; k++)
                map_put(&m, f->options[k].key, &m);
            struct diag *d = node_error(
                ld->diags, s->file, list[i], "unknown_option", "字段“%.*s”没有选项“%.*s”",
                "The field “%.*s” has no option “%.*s”", STR_ARG(f->key), STR_ARG(list[i]->text));
            diag_suggest(ld->diags, d, map_nearest(&m, list[i]->text));
        }
        out[made++] = list[i]->text;
    }
    *count = made;
    return out;
}

static struct transition one_transition(struct load *ld, struct form_src *s, struct field *f,
                                        const struct yaml_node *n)
{
    struct transition t = {.field = f, .at = ld_place(s->file, n)};
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_COND);
    scope.old = s->f;
    t.from = option_keys(ld, s, n, "from", f, &t.nfrom);
    t.to = option_keys(ld, s, n, "to", f, &t.nto);
    t.require = ld_field_refs(ld, s->file, n, "require", s->f, &t.nrequire);
    t.can = ld_roles(ld, s->file, n, "can", &t.ncan);
    t.when = ld_fx(ld, s->file, yaml_get(n, "when"), &scope);
    return t;
}

static void transitions(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "transitions", YAML_MAP);
    VEC(struct transition) out = {0};
    for (size_t i = 0; map && i < map->n; i++) {
        const struct yaml_node *list = map->items[i];
        struct field *f = ld_field_ref(ld, s->file, map->keys[i], s->f);
        if (f && !str_eqz(f->type->name, "select")) {
            node_error(ld->diags, s->file, map->keys[i], "transition",
                       "状态流转只能用在单选字段上，“%.*s”是 %.*s",
                       "Transitions are for a select; “%.*s” is a %.*s", STR_ARG(f->key),
                       STR_ARG(f->type->name));
            continue;
        }
        for (size_t k = 0; f && list->kind == YAML_SEQ && k < list->n; k++)
            vec_push(ld->a, &out, one_transition(ld, s, f, list->items[k]));
    }
    s->f->transitions = out.v;
    s->f->ntransitions = out.n;
}

/* ---- match ---- */

static void match_rules(struct load *ld, struct form_src *s, const struct yaml_node *match)
{
    const struct yaml_node *list = node_of(match, "rules", YAML_SEQ);
    struct match_rule *out = ARENA_ARRAY(ld->a, struct match_rule, list ? list->n : 0);
    size_t made = 0;
    for (size_t i = 0; list && i < list->n; i++) {
        const struct yaml_node *n = list->items[i], *least = node_scalar(n, "at_least");
        struct match_rule r = {.as = node_text(n, "as"), .at_least = 1};
        r.field = ld_field_ref(ld, s->file, node_scalar(n, "field"), s->f);
        r.within = ld_field_refs(ld, s->file, n, "within", s->f, &r.nwithin);
        if (!r.as.n)
            r.as = STR("exact");
        if (least && (!num_parse(least->text, &r.at_least) || r.at_least < 0 || r.at_least > 1))
            node_error(ld->diags, s->file, least, "range", "应当在 0 到 1 之间",
                       "Must be between 0 and 1");
        if (r.field)
            out[made++] = r;
    }
    s->f->match = out;
    s->f->nmatch = made;
}

/* that.x must be known in one of the forms compared with. */
static void policy_when(struct load *ld, struct form_src *s, const struct yaml_node *n,
                        struct form *const *against, size_t nagainst)
{
    struct diags *told = ld->diags, first = {0};
    for (size_t i = 0; i < nagainst; i++) {
        struct diags tried;
        struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_COND);
        scope.that = against[i];
        diags_init(&tried, told->a);
        ld->diags = &tried;
        struct fx *fx = ld_fx(ld, s->file, n, &scope);
        ld->diags = told;
        if (fx)
            return;
        if (i == 0)
            first = tried;
    }
    for (size_t i = 0; i < first.list.n; i++) {
        struct diag *d = node_error(told, s->file, n, "formula", "%s", "%s", "");
        *d = first.list.v[i];
    }
}

static void match(struct load *ld, struct form_src *s)
{
    const struct yaml_node *match = node_of(s->n, "match", YAML_MAP);
    size_t count, nagainst = 0, n;
    if (!match)
        return;
    s->f->match_raw = yaml_val(ld->a, match);
    match_rules(ld, s, match);
    const struct yaml_node *const *list = node_list(ld->a, match, "against", &count);
    struct form **against = ARENA_ARRAY(ld->a, struct form *, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct form *f = ld_form_ref(ld, s->file, list[i]);
        if (f)
            against[nagainst++] = f;
    }
    if (!count)
        against[nagainst++] = s->f;
    ld_field_refs(ld, s->file, match, "reveal", s->f, &n);
    ld_field_ref(ld, s->file, node_scalar(match, "aliases"), s->f);
    const struct yaml_node *policy = node_of(match, "policy", YAML_SEQ);
    for (size_t i = 0; policy && i < policy->n; i++) {
        const struct yaml_node *when = node_scalar(policy->items[i], "when");
        if (when && nagainst)
            policy_when(ld, s, when, against, nagainst);
    }
}

void ld_rules(struct load *ld, struct form_src *s)
{
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_FILTER);
    const struct yaml_node *was = node_scalar(s->n, "was");
    checks(ld, s);
    uniques(ld, s);
    transitions(ld, s);
    match(ld, s);
    s->f->restrict_fx = ld_fx(ld, s->file, yaml_get(s->n, "restrict"), &scope);
    if (was && app_form(ld->app, was->text))
        node_error(ld->diags, s->file, was, "was", "“%.*s”是现有表单的键，不能写在 was 里",
                   "“%.*s” is the key of a form that exists; `was` names one that is gone",
                   STR_ARG(was->text));
}
