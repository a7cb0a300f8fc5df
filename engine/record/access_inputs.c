/*
 * A computed field is as sensitive as its inputs, wherever they stand: in the same row, in the
 * record above a sub-row, behind links, in stored rows of other forms. What can be said once for
 * the reader narrows the rights here; what depends on the row becomes a need, which access_sql.c
 * turns into a condition.
 */
#include "engine/record/record_int.h"

#define INPUT_DEPTH 16

/* ---- in the same record: right by right, grant by grant ---- */

struct least {
    const struct agrant *g;
    const struct field *table; /* the field is a column of it; NULL: of the record */
    uint8_t right;
};

static void least_ref(void *arg, const struct fx_ref *ref)
{
    struct least *l = arg;
    const struct field *first = ref->n ? ref->path[0].ref : NULL;
    uint8_t right = l->right;
    if (!first || (ref->root != FX_ROW && ref->root != FX_PARENT))
        return;
    if (l->table && ref->root == FX_ROW)
        right = agrant_sub_right(l->g, l->table, first);
    else
        right = l->g->fields[first->slot];
    if (first->sub && ref->n >= 2)
        right = MIN(right, agrant_sub_right(l->g, first, ref->path[1].ref));
    l->right = MIN(l->right, right);
}

/* Narrows one field, true when that changed something. */
static bool narrow(const struct agrant *g, const struct field *table, const struct field *f,
                   uint8_t *right)
{
    if (!f->value || f->declassify || f->rollup_of)
        return false;
    struct least l = {.g = g, .table = table, .right = *right};
    fx_each_ref(f->value, least_ref, &l);
    if (l.right == FIELD_UNSET)
        l.right = FIELD_HIDDEN;
    bool changed = l.right != *right;
    *right = l.right;
    return changed;
}

static bool narrow_columns(const struct agrant *g, const struct field *table, uint8_t *columns)
{
    bool changed = false;
    for (size_t i = 0; columns && i < table->sub->nfields; i++)
        changed |= narrow(g, table, table->sub->fields[i], &columns[i]);
    return changed;
}

/* Own columns of every table, so that they may be narrowed. */
static uint8_t **own_columns(struct access *x, const uint8_t *const *given, const uint8_t *fields)
{
    uint8_t **own = ARENA_ARRAY(x->c->a, uint8_t *, x->f->nslots);
    for (size_t i = 0; i < x->f->nfields; i++) {
        const struct form *sub = x->f->fields[i]->sub;
        if (!sub)
            continue;
        own[i] = ARENA_ARRAY(x->c->a, uint8_t, sub->nslots);
        if (given && given[i])
            memcpy(own[i], given[i], sub->nslots);
        else
            memset(own[i], fields[i], sub->nslots);
    }
    return own;
}

void access_narrow(struct access *x, struct agrant *g, const uint8_t *given)
{
    const struct form *f = x->f;
    uint8_t *fields = ARENA_ARRAY(x->c->a, uint8_t, f->nslots);
    memcpy(fields, given, f->nslots);
    uint8_t **columns = own_columns(x, g->sub_fields, fields);
    g->fields = fields;
    g->sub_fields = (const uint8_t *const *)columns;
    for (bool more = true; more;) { /* until formulas over formulas have settled */
        more = false;
        for (size_t i = 0; i < f->nfields; i++) {
            more |= narrow(g, NULL, f->fields[i], &fields[i]);
            if (f->fields[i]->sub)
                more |= narrow_columns(g, f->fields[i], columns[i]);
        }
    }
}

/* ---- elsewhere: hidden for good, or a need ---- */

struct needs_list {
    VEC(struct needs) list;
};

struct inputs {
    struct access *x;
    const struct field *table; /* the field at hand is a column of it */
    struct needs_list *needs;
    struct err *err;
    int depth;
    bool hidden; /* an input that no grant ever shows */
    bool failed;
};

static void collect(struct inputs *in, const struct field *f);

/* The best right any reading grant gives on a field of t, or on a column of one of its tables. */
static uint8_t best_read(const struct access *t, const struct field *f)
{
    const struct field *table = f->form && f->form->parent ? f->form->parent_field : NULL;
    uint8_t best = t->system ? FIELD_WRITE : FIELD_HIDDEN;
    if (!table)
        return t->best_read[f->slot];
    for (size_t i = 0; i < t->n; i++)
        if (t->g[i].can & RIGHT_READ)
            best = MAX(best, agrant_sub_right(&t->g[i], table, f));
    return best;
}

static struct access *target_access(struct inputs *in, const struct form *f)
{
    struct access *t = NULL;
    if (!in->failed && access_of(in->x->c, f, &t, in->err))
        in->failed = true;
    return in->failed ? NULL : t;
}

static bool in_clear(const struct access *t, const struct field *f)
{
    const struct form *form = f->form;
    enum show show = form->parent ? access_sub_show(t, form->parent_field, f, FIELD_READ)
                                  : access_show(t, f, FIELD_READ);
    return show == SHOW_ALWAYS;
}

/* Every field on the way must be one that some grant shows; true when all are in clear always. */
static bool walk(struct inputs *in, const struct fx_field *path, uint32_t from, uint32_t n)
{
    bool open = true;
    for (uint32_t i = from; i < n; i++) {
        const struct field *step = path[i].ref;
        const struct form *form = step->form;
        struct access *t = target_access(in, form->parent ? form->parent : form);
        if (!t)
            return false;
        if (!t->system && (!(t->rights & RIGHT_READ) || best_read(t, step) < FIELD_MASKED))
            in->hidden = true;
        open = open && t->ready && access_full(t, RIGHT_READ) && in_clear(t, step);
    }
    return open;
}

static void need(struct inputs *in, const struct field *table, const struct fx_field *path,
                 uint32_t n)
{
    struct needs one = {.table = table, .path = path, .n = n};
    if (ref_target(path[0].ref) && !walk(in, path, 1, n))
        (void)vec_push(in->x->c->a, &in->needs->list, one);
}

/* A reference of the record's own row, or of a sub-row. */
static void row_ref(struct inputs *in, const struct field *table, const struct fx_field *path,
                    uint32_t n)
{
    const struct field *first = path[0].ref;
    if (first->sub && n >= 2) {
        row_ref(in, first, path + 1, n - 1);
        return;
    }
    if (first->value && !first->declassify) {
        const struct field *outer = in->table;
        in->table = table;
        collect(in, first);
        in->table = outer;
    }
    if (n >= 2)
        need(in, table, path, n);
}

static void input_ref(void *arg, const struct fx_ref *ref)
{
    struct inputs *in = arg;
    if (ref->root == FX_ROW && ref->n)
        row_ref(in, in->table, ref->path, ref->n);
    else if (ref->root == FX_PARENT && ref->n)
        row_ref(in, NULL, ref->path, ref->n);
}

static void other_ref(void *arg, const struct fx_ref *ref)
{
    struct inputs *in = arg;
    if (ref->root == FX_ROW && ref->n)
        (void)walk(in, ref->path, 0, ref->n);
    else if (ref->root == FX_THIS && ref->n)
        row_ref(in, in->table, ref->path, ref->n);
}

/* LOOKUP and its kin: the form, and the value that is taken from it. */
static void input_call(void *arg, const struct fx_call *call)
{
    struct inputs *in = arg;
    const struct form *f = call->form;
    struct access *t = target_access(in, f->parent ? f->parent : f);
    if (t && !t->system && !(t->rights & RIGHT_READ))
        in->hidden = true;
    if (call->value)
        fx_each_ref(call->value, other_ref, in);
}

static void collect(struct inputs *in, const struct field *f)
{
    if (in->failed || in->depth >= INPUT_DEPTH)
        return;
    in->depth++;
    if (f->rollup_of) {
        const struct form *of = f->rollup_of;
        struct access *t = target_access(in, of->parent ? of->parent : of);
        if (t && !t->system && !(t->rights & RIGHT_READ))
            in->hidden = true;
        fx_each_ref(f->value, other_ref, in);
    } else {
        fx_each_ref(f->value, input_ref, in);
        fx_each_call(f->value, input_call, in);
    }
    in->depth--;
}

/* The needs of one computed field, ended by n == 0; NULL: none. -1 on errors. */
static int needs_of(struct access *x, const struct field *table, const struct field *f,
                    bool *hidden, struct needs **out, struct err *err)
{
    struct needs_list list = {0};
    struct inputs in = {.x = x, .table = table, .needs = &list, .err = err};
    *out = NULL;
    collect(&in, f);
    *hidden = in.hidden;
    if (in.failed)
        return -1;
    struct needs end = {0};
    if (list.list.n) {
        (void)vec_push(x->c->a, &list.list, end);
        *out = list.list.v;
    }
    return 0;
}

static int column_needs(struct access *x, const struct field *table, struct err *err)
{
    for (size_t i = 0; i < table->sub->nfields; i++) {
        const struct field *f = table->sub->fields[i];
        struct needs *list;
        bool hidden;
        if (!f->value || f->declassify)
            continue;
        if (needs_of(x, table, f, &hidden, &list, err))
            return -1;
        for (const struct needs *one = list; one && one->n; one++)
            hidden |= one->table != table;          /* through the record above: all or nothing */
        for (size_t k = 0; hidden && k < x->n; k++) /* own_columns() made them */
            ((uint8_t *)(uintptr_t)x->g[k].sub_fields[table->slot])[i] = FIELD_HIDDEN;
        if (!list)
            continue;
        if (!x->sub_needs)
            x->sub_needs = ARENA_ARRAY(x->c->a, struct needs **, x->f->nslots);
        if (!x->sub_needs[table->slot])
            x->sub_needs[table->slot] = ARENA_ARRAY(x->c->a, struct needs *, table->sub->nslots);
        x->sub_needs[table->slot][i] = list;
    }
    return 0;
}

int access_inputs(struct access *x, struct err *err)
{
    for (size_t i = 0; i < x->f->nfields; i++) {
        const struct field *f = x->f->fields[i];
        struct needs *list;
        bool hidden;
        if (f->sub && column_needs(x, f, err))
            return -1;
        if (!f->value || f->declassify)
            continue;
        if (needs_of(x, NULL, f, &hidden, &list, err))
            return -1;
        if (hidden)
            x->best[i] = x->best_read[i] = FIELD_HIDDEN;
        if (!list)
            continue;
        if (!x->needs)
            x->needs = ARENA_ARRAY(x->c->a, struct needs *, x->f->nslots);
        x->needs[i] = list;
    }
    return 0;
}
