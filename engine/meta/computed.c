/*
 * Computed fields: compiled on demand so that each knows its type before others use it, which finds
 * cycles on the way; then how sensitive they are, in which order they are computed, and which
 * fields depend on the rows of a form.
 */
#include "engine/base/strb.h"
#include "engine/meta/load_int.h"

#define RESOLVE_DEPTH 100 /* a chain of computed fields through forms */

/* ---- what a field reads ---- */

struct inputs {
    struct load *ld;
    VEC(struct field *) v;
};

static void add_input(struct inputs *in, const void *ref)
{
    union {
        const void *in;
        struct field *out;
    } u = {.in = ref};
    if (!ref)
        return;
    for (size_t i = 0; i < in->v.n; i++) {
        if (in->v.v[i] == u.out)
            return;
    }
    vec_push(in->ld->a, &in->v, u.out);
}

static void add_ref(void *arg, const struct fx_ref *ref)
{
    for (uint32_t i = 0; i < ref->n; i++)
        add_input(arg, ref->path[i].ref);
}

static void add_call(void *arg, const struct fx_call *call)
{
    if (call->value)
        fx_each_ref(call->value, add_ref, arg);
}

static void find_inputs(struct load *ld, struct field *f)
{
    struct inputs in = {.ld = ld};
    if (f->value) {
        fx_each_ref(f->value, add_ref, &in);
        fx_each_call(f->value, add_call, &in);
    }
    f->inputs = f->reads = in.v.v;
    f->ninputs = f->nreads = in.v.n;
    if (!f->rollup_where)
        return;
    struct inputs all = {.ld = ld};
    for (size_t i = 0; i < in.v.n; i++)
        add_input(&all, in.v.v[i]);
    fx_each_ref(f->rollup_where, add_ref, &all);
    f->reads = all.v.v;
    f->nreads = all.v.n;
}

/* ---- resolving ---- */

static void tell_cycle(struct load *ld, struct field *f)
{
    struct strb b;
    size_t from = ld->stack.n;
    strb_init(&b, ld->a);
    while (from > 0 && ld->stack.v[from - 1] != f)
        from--;
    for (size_t i = from ? from - 1 : 0; i < ld->stack.n; i++) {
        struct field_src *s = &ld->fields.v[ld->stack.v[i]->nth];
        strb_addf(&b, "%.*s → ", STR_ARG(ld->stack.v[i]->key));
        s->cycle = true;
    }
    strb_add(&b, f->key);
    struct field_src *src = &ld->fields.v[f->nth];
    const struct yaml_node *at = yaml_get(src->n, "value");
    node_error(ld->diags, src->file, at ? at : src->n, "cycle", "计算字段互相引用，成了循环：%.*s",
               "Computed fields refer to each other in a circle: %.*s", STR_ARG(strb_str(&b)));
}

/* The child form (or sub-table) and the link of `of: followup.lead` or `receipt.items.item`. */
static void resolve_rollup_of(struct load *ld, struct field *f, const struct field_src *src)
{
    const struct yaml_node *of = node_scalar(src->n, "of");
    struct str key, rest, sub;
    if (!of)
        return;
    rest = str_cut(of->text, '.', &key);
    struct yaml_node at = *of;
    struct form *child = app_form(ld->app, key);
    if (!child) {
        struct diag *d =
            node_error(ld->diags, src->file, of, "unknown_form", "“%.*s”里的表单“%.*s”不存在",
                       "In “%.*s” there is no form “%.*s”", STR_ARG(of->text), STR_ARG(key));
        diag_suggest(ld->diags, d, map_nearest(&ld->app->form_by_key, key));
    }
    if (!child || child->broken)
        return;
    if (str_findc(rest, '.') >= 0) {
        rest = str_cut(rest, '.', &sub);
        at.text = sub;
        struct field *table = ld_field_ref(ld, src->file, &at, child);
        child = table ? table->sub : NULL;
        if (table && !child)
            node_error(ld->diags, src->file, of, "rollup_of", "“%.*s”不是子表",
                       "“%.*s” is no sub-table", STR_ARG(sub));
        if (!child)
            return;
    }
    at.text = rest;
    if (!rest.n) {
        node_error(ld->diags, src->file, of, "rollup_of", "of 应写成 表单.链接字段",
                   "`of` must be form.link");
        return;
    }
    struct field *by = ld_field_ref(ld, src->file, &at, child);
    const struct form *top = f->form;
    if (by && by->target && by->target->broken)
        return; /* told there */
    if (by && (by->target != top || by->sub))
        node_error(ld->diags, src->file, of, "rollup_of", "“%.*s”不是指向表单“%.*s”的链接字段",
                   "“%.*s” is no link to the form “%.*s”", STR_ARG(of->text), STR_ARG(top->key));
    else if (by) {
        f->rollup_of = child;
        f->rollup_by = by;
    }
}

static void resolve_rollup(struct load *ld, struct field *f, const struct field_src *src)
{
    resolve_rollup_of(ld, f, src);
    if (!f->rollup_of)
        return;
    struct fx_scope scope = ld_scope(ld, f->rollup_of, FX_PLACE_METRIC);
    f->value = ld_fx(ld, src->file, yaml_get(src->n, "value"), &scope);
    scope.place = FX_PLACE_FILTER;
    scope.this_ = f->form;
    f->rollup_where = ld_fx(ld, src->file, yaml_get(src->n, "where"), &scope);
}

static void longest_path(void *arg, const struct fx_ref *ref)
{
    uint32_t *n = arg;
    *n = MAX(*n, ref->n);
}

/* A lookup reads one path through a link. */
static void check_lookup(struct load *ld, struct field *f, const struct field_src *src)
{
    uint32_t longest = 0;
    fx_each_ref(f->value, longest_path, &longest);
    if (longest < 2)
        node_error(ld->diags, src->file, yaml_get(src->n, "value"), "lookup",
                   "lookup 的 value 应写成 链接字段.对方字段",
                   "The value of a lookup must be link.field");
}

static void take_type(struct load *ld, struct field *f, const struct field_src *src)
{
    struct fx_type t = fx_type_of(f->value);
    bool lookup = str_eqz(f->type->name, "lookup");
    if (t.base == FX_NUM && f->has_scale) {
        t.has_scale = true;
        t.scale = f->scale;
    } else if (f->has_scale && t.base != FX_BLANK) {
        node_error(ld->diags, src->file, yaml_get(src->n, "scale"), "scale",
                   "结果不是数字，不能有 scale", "The result is no number, so it has no scale");
        f->has_scale = false;
    } else if (lookup) {
        f->has_scale = t.has_scale;
        f->scale = t.scale;
    } else {
        t.has_scale = false;
    }
    if (t.base == FX_ROWS) {
        node_error(ld->diags, src->file, yaml_get(src->n, "value"), "type",
                   "不能取整个子表，请写子表的列", "A whole sub-table is no value; name a column");
        t = (struct fx_type){.base = FX_BLANK};
    }
    f->value_type = t;
}

/* Stored unless something in it is only known when read. */
static bool is_stored(const struct field *f)
{
    unsigned flags = fx_flags(f->value) | (f->rollup_where ? fx_flags(f->rollup_where) : 0);
    if (flags & (FX_VOLATILE | FX_STORED))
        return false;
    for (size_t i = 0; i < f->nreads; i++) {
        if (f->reads[i]->type && (f->reads[i]->type->flags & FT_COMPUTED) && !f->reads[i]->stored)
            return false;
    }
    return true;
}

static void resolve(struct load *ld, struct field *f)
{
    struct field_src src = ld->fields.v[f->nth];
    struct fx_scope scope = ld_scope(ld, f->form, FX_PLACE_VALUE);
    if (str_eqz(f->type->name, "rollup"))
        resolve_rollup(ld, f, &src);
    else
        f->value = ld_fx(ld, src.file, yaml_get(src.n, "value"), &scope);
    if (!f->value || ld->fields.v[f->nth].cycle) {
        f->value_type = (struct fx_type){.base = FX_BLANK};
        return;
    }
    find_inputs(ld, f);
    if (str_eqz(f->type->name, "lookup"))
        check_lookup(ld, f, &src);
    take_type(ld, f, &src);
    for (size_t i = 0; i < f->ninputs && !f->declassify && !f->rollup_of; i++)
        f->encrypted |= f->inputs[i]->encrypted;
    f->stored = is_stored(f) && !f->encrypted; /* no copy of what is sealed elsewhere */
}

void ld_resolve(struct load *ld, struct field *f)
{
    struct field_src *s = &ld->fields.v[f->nth];
    if (s->state == RESOLVE_DONE)
        return;
    if (s->state == RESOLVE_BUSY) {
        if (!s->cycle)
            tell_cycle(ld, f);
        return;
    }
    if (ld->stack.n >= RESOLVE_DEPTH) {
        node_error(ld->diags, s->file, s->n, "limit", "计算字段一环套一环超过 %d 层",
                   "Computed fields depend on each other more than %d deep", RESOLVE_DEPTH);
        s->state = RESOLVE_DONE;
        return;
    }
    s->state = RESOLVE_BUSY;
    vec_push(ld->a, &ld->stack, f);
    resolve(ld, f);
    ld->stack.n--;
    ld->fields.v[f->nth].state = RESOLVE_DONE;
}

/* ---- how sensitive ---- */

static enum sensitivity sensitivity_of(const struct field *f)
{
    enum sensitivity most = f->sensitive;
    for (size_t i = 0; i < f->ninputs && !f->declassify; i++)
        most = MAX(most, f->inputs[i]->sensitive);
    return most;
}

/* Repeats until nothing rises: at most as often as the longest chain. */
static void spread_sensitivity(struct load *ld)
{
    bool again = true;
    for (unsigned round = 0; again && round <= RESOLVE_DEPTH; round++) {
        again = false;
        for (size_t i = 0; i < ld->fields.n; i++) {
            struct field *f = ld->fields.v[i].f;
            enum sensitivity s = sensitivity_of(f);
            again = again || s != f->sensitive;
            f->sensitive = s;
        }
    }
}

/* ---- order and dependents ---- */

static bool same_top(const struct form *x, const struct form *y)
{
    return (x->parent ? x->parent : x) == (y->parent ? y->parent : y);
}

struct order {
    struct load *ld;
    uint8_t *done; /* by nth */
    const struct form *form;
    VEC(struct field *) v;
};

/* Dependencies first; a path through a sub-table's own computed columns is walked too. */
static void visit(struct order *o, struct field *f, unsigned depth)
{
    if (o->done[f->nth] || depth > RESOLVE_DEPTH || !(f->type->flags & FT_COMPUTED))
        return;
    o->done[f->nth] = 1;
    for (size_t i = 0; i < f->nreads; i++) {
        if (same_top(f->reads[i]->form, o->form))
            visit(o, f->reads[i], depth + 1);
    }
    if (f->form == o->form && f->stored)
        vec_push(o->ld->a, &o->v, f);
}

static void order_form(struct load *ld, struct form *form)
{
    struct order o = {.ld = ld, .form = form};
    o.done = arena_alloc(ld->a, ld->fields.n);
    for (size_t i = 0; i < form->nfields; i++)
        visit(&o, form->fields[i], 0);
    form->compute_order = o.v.v;
    form->ncompute = o.v.n;
    for (size_t i = 0; i < form->nfields; i++) {
        if (form->fields[i]->sub)
            order_form(ld, form->fields[i]->sub);
    }
}

static void add_dependent(struct load *ld, struct form *on, struct field *f)
{
    for (size_t i = 0; i < on->ndependents; i++) {
        if (on->dependents[i] == f)
            return;
    }
    on->dependents = arena_grow(ld->a, on->dependents, on->ndependents * sizeof(f),
                                (on->ndependents + 1) * sizeof(f));
    on->dependents[on->ndependents++] = f;
}

struct dependents {
    struct load *ld;
    struct field *f;
};

/* Each step through a link reads another row, also when it is one of the same form. */
static void depend_on_path(void *arg, const struct fx_ref *ref)
{
    struct dependents *d = arg;
    for (uint32_t i = 1; i < ref->n; i++) {
        const struct field *at = ref->path[i].ref;
        if (ref->path[i - 1].type.base == FX_LINK && at && at->form)
            add_dependent(d->ld, at->form, d->f);
    }
}

static void find_dependents(struct load *ld, struct field *f)
{
    struct dependents d = {ld, f};
    if (!(f->type->flags & FT_COMPUTED) || !f->stored)
        return;
    if (f->rollup_of)
        add_dependent(ld, f->rollup_of, f);
    fx_each_ref(f->value, depend_on_path, &d);
    if (f->rollup_where)
        fx_each_ref(f->rollup_where, depend_on_path, &d);
}

void ld_computed(struct load *ld)
{
    for (size_t i = 0; i < ld->fields.n; i++) {
        if (ld->fields.v[i].f->type->flags & FT_COMPUTED)
            ld_resolve(ld, ld->fields.v[i].f);
    }
    spread_sensitivity(ld);
    for (size_t i = 0; i < ld->app->nforms; i++)
        order_form(ld, ld->app->forms[i]);
    for (size_t i = 0; i < ld->fields.n; i++)
        find_dependents(ld, ld->fields.v[i].f);
}
