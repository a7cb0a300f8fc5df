/*
 * The indexes that a definition asks for: unique keys, links, what views filter and sort by, what
 * row rules read, what dashboards group. Those over one column serve any filter; those over several
 * (of live rows only) serve one view, one rule within a view, or one widget from the index alone:
 * page, capped count and sums read no row. A definition that no longer asks drops them.
 */
#include "engine/record/rollup.h"
#include "engine/record/schema_int.h"

#define WIDE_MAX    12 /* indexes over several columns, a form */
#define COLUMNS_MAX 6

/* System columns that get an index when a view or a rule filters or sorts by them. */
static const struct str INDEXED_SYSTEM[] = {STR("_owner"),      STR("_dept"),
                                            STR("_created_at"), STR("_created_by"),
                                            STR("_updated_at"), STR("_state")};

struct adder {
    struct arena *a;
    struct schema_table *t;
    struct str zh, en; /* why */
    size_t wide;
};

static void why(struct adder *in, const char *zh, const char *en, struct str key)
{
    in->zh = str_fmt(in->a, "%s%s%.*s%s", zh, key.n ? "“" : "", STR_ARG(key), key.n ? "”" : "");
    in->en = str_fmt(in->a, "%s%s%.*s", en, key.n ? " " : "", STR_ARG(key));
}

/* …_ZH: the last column is for sorting, in the order of lists. */
enum index_kind { INDEX_PLAIN, INDEX_UNIQUE, INDEX_LIVE, INDEX_PLAIN_ZH, INDEX_LIVE_ZH };

/* Once; its name is made of its kind and columns, so equal names are equal indexes. */
static void add_index(struct adder *in, enum index_kind kind, const struct str *columns, size_t n)
{
    static const char *const kinds[] = {"i", "u", "l", "p", "m"};
    struct schema_table *t = in->t;
    struct strb name;
    strb_init(&name, in->a);
    strb_addz(&name, kinds[kind]);
    for (size_t i = 0; i < n; i++) {
        strb_addc(&name, '_');
        strb_add(&name, columns[i]);
    }
    struct schema_index ix = {.name = strb_str(&name),
                              .ncolumns = n,
                              .unique = kind == INDEX_UNIQUE,
                              .live = kind == INDEX_LIVE || kind == INDEX_LIVE_ZH ||
                                      (kind == INDEX_UNIQUE && !t->form->parent),
                              .last_zh = kind == INDEX_PLAIN_ZH || kind == INDEX_LIVE_ZH,
                              .zh = in->zh,
                              .en = in->en};
    for (size_t i = 0; i < t->indexes.n; i++)
        if (str_eq(t->indexes.v[i].name, ix.name))
            return;
    struct str *copy = ARENA_ARRAY(in->a, struct str, n);
    memcpy(copy, columns, n * sizeof *copy);
    ix.columns = copy;
    (void)vec_push(in->a, &t->indexes, ix);
}

/* In a sub-table values are unique within their record. */
static void add_unique(struct adder *in, struct field *const *fields, size_t n)
{
    struct str *columns = ARENA_ARRAY(in->a, struct str, n + 1);
    size_t k = 0;
    if (in->t->form->parent)
        columns[k++] = STR("_row");
    for (size_t i = 0; i < n; i++) {
        if (!field_is_sys(fields[i]) && !field_has_column(fields[i]))
            return;
        columns[k++] = field_unique_column(in->a, fields[i]);
    }
    add_index(in, INDEX_UNIQUE, columns, k);
}

bool schema_worth_an_index(const struct field *f)
{
    if (field_is_sys(f)) {
        for (size_t i = 0; i < ARRAY_LEN(INDEXED_SYSTEM); i++)
            if (str_eq(f->key, INDEXED_SYSTEM[i]))
                return true;
        return false;
    }
    if (field_has_eq(f))
        return true;
    if (!field_has_column(f) || field_column_kind(f) == COL_JSON ||
        field_column_kind(f) == COL_BLOB)
        return false;
    return f->index || !(str_eqz(f->type->name, "textarea") || str_eqz(f->type->name, "richtext") ||
                         str_eqz(f->type->name, "boolean"));
}

static void add_plain(struct adder *in, const struct field *f)
{
    bool eq = f && !field_is_sys(f) && field_has_eq(f);
    struct str column = eq ? field_eq_name(in->a, f) : f ? f->key : STR_NONE;
    if (f && f->form == in->t->form && schema_worth_an_index(f))
        add_index(in, INDEX_PLAIN, &column, 1);
}

bool schema_ordered_zh(const struct field *f)
{
    if (field_is_sys(f) || !f->type || f->encrypted || field_column_kind(f) != COL_TEXT)
        return false;
    if (field_by_expr(f) || f->value)
        return f->value_type.base == FX_TEXT && !f->value_type.options;
    return !f->noptions && (str_eqz(f->type->name, "text") || str_eqz(f->type->name, "textarea"));
}

/* For sorting by a field. */
static void add_order(struct adder *in, const struct field *f)
{
    if (f && f->form == in->t->form && schema_ordered_zh(f) && schema_worth_an_index(f))
        add_index(in, INDEX_PLAIN_ZH, &f->key, 1);
    else
        add_plain(in, f);
}

static void add_ref(void *arg, const struct fx_ref *ref)
{
    const struct field *f = ref->n ? ref->path[0].ref : NULL;
    if (f && ref->root == FX_ROW && (ref->n == 1 || f->target))
        add_plain(arg, f);
}

static void add_refs(struct adder *in, const struct fx *fx)
{
    if (fx)
        fx_each_ref(fx, add_ref, in);
}

/* ---- over several columns ---- */

struct wide {
    const struct form *f;
    const struct field *v[COLUMNS_MAX];
    size_t n;
    const struct field *tail[COLUMNS_MAX]; /* read beside them, never searched */
    size_t ntail;
    bool sorted; /* the last column is the view's first sort */
    bool full;   /* a column that does not fit: it would serve nothing */
};

static bool has_own_column(const struct wide *w, const struct field *f)
{
    return f && f->form == w->f &&
           (field_is_sys(f) ? !str_eqz(f->key, "_title") && !str_eqz(f->key, "_node")
                            : field_has_column(f)) &&
           f->sensitive == SENS_NONE && field_column_kind(f) != COL_JSON &&
           field_column_kind(f) != COL_BLOB;
}

static void wide_add(struct wide *w, const struct field *f)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i] == f)
            return;
    if (w->n == COLUMNS_MAX || !has_own_column(w, f))
        w->full = true;
    else if (f != w->f->sys[SYS_ID]) /* every index ends with it */
        w->v[w->n++] = f;
}

static void wide_pinned(void *arg, const struct fx_ref *ref)
{
    const struct field *f = ref->path[0].ref;
    struct wide *w = arg;
    if (f && ref->n == 1 && has_own_column(w, f) && w->n < 3)
        wide_add(w, f);
}

static void wide_ref(void *arg, const struct fx_ref *ref)
{
    struct wide *w = arg;
    if (ref->root == FX_ROW && ref->n == 1)
        wide_add(w, ref->path[0].ref);
    else
        w->full = true;
}

static void add_wide(struct adder *in, const struct wide *w)
{
    struct str columns[2 * COLUMNS_MAX + 2];
    if (w->full || w->n < 2 || in->wide >= WIDE_MAX)
        return;
    size_t n = 0;
    for (size_t i = 0; i + w->sorted < w->n; i++)
        columns[n++] = w->v[i]->key;
    /* The condition of the index names it, yet SQLite would read the row for it. Before what sorts:
     * behind it only the id decides. */
    columns[n++] = STR("_deleted_at");
    if (w->sorted)
        columns[n++] = w->v[w->n - 1]->key;
    /* The order of lists stands on the last column: nothing follows it. */
    bool zh = w->sorted && schema_ordered_zh(w->v[w->n - 1]);
    if (w->ntail && !zh)
        columns[n++] = STR("_id"); /* pages go by it, whatever is read beside */
    for (size_t i = 0; i < w->ntail && !zh; i++)
        columns[n++] = w->tail[i]->key;
    size_t before = in->t->indexes.n;
    add_index(in, zh ? INDEX_LIVE_ZH : INDEX_LIVE, columns, n);
    in->wide += in->t->indexes.n > before;
}

static struct wide wide_of(const struct form *f, const struct fx *where)
{
    struct wide w = {.f = f};
    if (where)
        fx_each_pinned(where, wide_pinned, &w);
    return w;
}

static void wide_sort(struct wide *w, const struct view *v)
{
    size_t before = w->n;
    if (v->nsort)
        wide_add(w, v->sort[0].field ? v->sort[0].field : form_sys(w->f, v->sort[0].sys));
    w->sorted = w->n > before;
}

static bool wide_has(const struct wide *w, const struct field *f)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i] == f)
            return true;
    for (size_t i = 0; i < w->ntail; i++)
        if (w->tail[i] == f)
            return true;
    return false;
}

/* What the branches before this one pin: a row of two is counted once (query.c). */
static void add_tail(struct adder *in, struct wide *w)
{
    const struct form *f = in->t->form;
    for (size_t g = 0; g < f->ngrants; g++) {
        struct fx_branches parts = {0};
        if ((f->grants[g].can & RIGHT_READ) && f->grants[g].where)
            fx_split(in->a, f->grants[g].where, &parts);
        for (size_t i = 0; i < parts.list.n && i < 4; i++) {
            struct wide rule = wide_of(f, parts.list.v[i]);
            if (rule.n && !wide_has(w, rule.v[0]) && w->ntail < 3)
                w->tail[w->ntail++] = rule.v[0];
        }
    }
}

/* What a branch of a reading grant pins, in front of what the view does. */
static void add_rule_view(struct adder *in, const struct grant *g, const struct view *v)
{
    struct fx_branches parts = {0};
    if (!(g->can & RIGHT_READ) || !g->where)
        return;
    fx_split(in->a, g->where, &parts);
    for (size_t i = 0; i < parts.list.n && i < 4; i++) {
        struct wide rule = wide_of(in->t->form, parts.list.v[i]);
        struct wide view = wide_of(in->t->form, v->where);
        if (!rule.n)
            continue;
        rule.n = 1;
        for (size_t k = 0; k < view.n; k++)
            wide_add(&rule, view.v[k]);
        wide_sort(&rule, v);
        add_tail(in, &rule);
        add_wide(in, &rule);
    }
}

static void add_view_wide(struct adder *in, const struct view *v)
{
    struct wide w = wide_of(in->t->form, v->where);
    wide_sort(&w, v);
    why(in, "视图", "view", v->key);
    add_wide(in, &w);
}

static void add_widget(struct adder *in, const struct dashboard *d, const struct widget *w)
{
    struct wide x = wide_of(in->t->form, w->filter);
    if (w->form != in->t->form || !w->ngroup)
        return;
    for (size_t i = 0; i < w->ngroup; i++)
        fx_each_ref(w->group[i], wide_ref, &x);
    for (size_t i = 0; i < w->nmetrics; i++)
        if (!w->metrics[i].derived)
            fx_each_ref(w->metrics[i].fx, wide_ref, &x);
    why(in, "仪表盘", "dashboard", str_fmt(in->a, "%.*s/%.*s", STR_ARG(d->key), STR_ARG(w->key)));
    add_wide(in, &x);
}

static void add_widgets(struct adder *in)
{
    const struct app *app = in->t->form->app;
    for (size_t i = 0; i < app->ndashboards; i++)
        for (size_t k = 0; k < app->dashboards[i].nwidgets; k++)
            add_widget(in, &app->dashboards[i], &app->dashboards[i].widgets[k]);
}

/* ---- all of them ---- */

static void add_view(struct adder *in, const struct view *v)
{
    const struct form *f = in->t->form;
    why(in, "视图", "view", v->key);
    add_refs(in, v->where);
    for (size_t i = 0; i < v->nsort; i++)
        add_order(in, v->sort[i].field ? v->sort[i].field : form_sys(f, v->sort[i].sys));
    add_plain(in, v->by);
    add_plain(in, v->start);
}

/* The greatest and the least below a record, without reading all of it. */
static void add_rollup(struct adder *in, const struct field *f)
{
    const struct form *form = in->t->form;
    const struct field *of;
    enum roll_kind kind = f->rollup_of == form ? roll_kind(f, &of) : ROLL_OTHER;
    if ((kind != ROLL_MIN && kind != ROLL_MAX) || of->form != form || !schema_worth_an_index(of) ||
        (f->rollup_by->type->flags & FT_MULTI))
        return;
    why(in, "汇总字段：", "rollup:", f->key);
    add_index(in, INDEX_PLAIN, (const struct str[]){f->rollup_by->key, of->key}, 2);
}

static void add_keys(struct adder *in)
{
    const struct form *f = in->t->form;
    for (size_t i = 0; i < f->nfields; i++) {
        struct field *field = f->fields[i];
        why(in, "不得重复：", "unique:", field->key);
        if (field->unique && field_has_column(field))
            add_unique(in, &f->fields[i], 1);
        if (field->index)
            why(in, "字段写明了 index：", "said to be indexed:", field->key);
        else
            why(in, "关联：", "link:", field->key);
        if (field->index || (field->type->flags & FT_REF))
            add_plain(in, field);
    }
    for (size_t i = 0; i < f->ndependents; i++)
        add_rollup(in, f->dependents[i]);
    why(in, "组合不得重复", "unique together", STR_NONE);
    for (size_t i = 0; i < f->nuniques; i++)
        add_unique(in, f->uniques[i].fields, f->uniques[i].nfields);
}

static void add_rules(struct adder *in)
{
    const struct form *f = in->t->form;
    why(in, "行权限：", "row rule:", STR("_owner"));
    add_plain(in, form_sys(f, SYS_OWNER));
    why(in, "行权限：", "row rule:", STR("restrict"));
    add_refs(in, f->restrict_fx);
    for (size_t i = 0; i < f->ngrants; i++) {
        why(in, "行权限：", "row rule:", f->grants[i].key);
        add_refs(in, f->grants[i].where);
        add_refs(in, f->grants[i].ensure);
    }
}

void schema_indexes(struct arena *a, struct schema_table *t)
{
    const struct form *f = t->form;
    struct adder in = {.a = a, .t = t};
    add_keys(&in);
    if (f->parent) {
        why(&in, "子表的行", "rows of the sub-table", STR_NONE);
        add_index(&in, INDEX_PLAIN, (const struct str[]){STR("_row"), STR("_pos")}, 2);
        return;
    }
    add_rules(&in);
    for (size_t i = 0; i < f->nviews; i++)
        add_view(&in, &f->views[i]);
    for (size_t i = 0; i < f->nviews; i++)
        add_view_wide(&in, &f->views[i]);
    add_widgets(&in);
    for (size_t i = 0; i < f->nviews; i++)
        for (size_t g = 0; g < f->ngrants; g++) {
            why(&in, "行权限与视图：", "row rule and view:",
                str_fmt(a, "%.*s/%.*s", STR_ARG(f->grants[g].key), STR_ARG(f->views[i].key)));
            add_rule_view(&in, &f->grants[g], &f->views[i]);
        }
}
