/*
 * A condition taken apart as an index sees it: what stands between its outermost ORs, and the names
 * that its outermost ANDs pin to values known before the rows are read.
 */
#include "engine/formula/fx_int.h"

static bool is_op(const struct node *n, enum op op)
{
    return n->kind == N_OP && n->op == op;
}

static void branches(struct arena *a, const struct fx *fx, struct node *n, struct fx_branches *out)
{
    for (uint32_t i = 0; is_op(n, OP_OR) && i < n->nargs; i++)
        branches(a, fx, n->args[i], out);
    if (is_op(n, OP_OR))
        return;
    struct fx *part = ARENA_NEW(a, struct fx);
    *part = *fx; /* names and calls of the whole: more than the part reads */
    part->root = n;
    (void)vec_push(a, &out->list, part);
}

void fx_split(struct arena *a, const struct fx *fx, struct fx_branches *out)
{
    *out = (struct fx_branches){0};
    branches(a, fx, fx->root, out);
}

/* What does not depend on the row, or rows of another form. */
static bool is_given(const struct node *n)
{
    return !(n->flags & NF_ROW) || n->kind == N_STORED;
}

/* A name of the row on one side, what is known before on the other. */
static const struct fx_ref *pinned(const struct node *n)
{
    if (n->kind != N_OP || n->nargs != 2 || (n->op != OP_EQ && n->op != OP_IN))
        return NULL;
    for (uint32_t i = 0; i < (n->op == OP_EQ ? 2u : 1u); i++) {
        const struct node *name = n->args[i];
        if (name->kind == N_REF && name->ref->root == FX_ROW && !name->type.list &&
            is_given(n->args[1 - i]))
            return name->ref;
    }
    return NULL;
}

static void each_pinned(const struct node *n, void (*fn)(void *arg, const struct fx_ref *ref),
                        void *arg)
{
    for (uint32_t i = 0; is_op(n, OP_AND) && i < n->nargs; i++)
        each_pinned(n->args[i], fn, arg);
    const struct fx_ref *ref = pinned(n);
    if (ref)
        fn(arg, ref);
}

void fx_each_pinned(const struct fx *fx, void (*fn)(void *arg, const struct fx_ref *ref), void *arg)
{
    each_pinned(fx->root, fn, arg);
}

/* given IN list, list CONTAINS given, of references: found by the list's join table. */
static const struct fx_ref *holding(const struct node *n)
{
    if (!is_op(n, OP_IN) && !is_op(n, OP_CONTAINS))
        return NULL;
    const struct node *list = n->args[is_op(n, OP_IN) ? 1 : 0];
    const struct node *item = n->args[is_op(n, OP_IN) ? 0 : 1];
    bool refs =
        list->type.base == FX_LINK || list->type.base == FX_MEMBER || list->type.base == FX_DEPT;
    bool there = list->kind == N_REF && list->ref->root == FX_ROW && list->type.list;
    return there && refs && list->ref->n == 1 && is_given(item) ? list->ref : NULL;
}

static bool served(const struct node *n, bool (*indexed)(const struct fx_ref *ref))
{
    bool all = is_op(n, OP_OR);
    bool any = false;
    for (uint32_t i = 0; (is_op(n, OP_OR) || is_op(n, OP_AND)) && i < n->nargs; i++) {
        bool one = served(n->args[i], indexed);
        all = all && one;
        any = any || one;
    }
    if (is_op(n, OP_OR))
        return all;
    const struct fx_ref *ref = pinned(n);
    if (!ref)
        ref = holding(n);
    return any || (ref && indexed(ref));
}

bool fx_served(const struct fx *fx, bool (*indexed)(const struct fx_ref *ref))
{
    return served(fx->root, indexed);
}
