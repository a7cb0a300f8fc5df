/*
 * "Why is this value": each sub-expression with its value and, where an operation failed, why.
 * Every one is evaluated on its own, which costs the square of the size; people ask for one value
 * at a time.
 */
#include "engine/formula/fx_int.h"

#define MAX_PARTS 500

struct tracer {
    const struct fx *fx;
    struct fx_env *env;
    VEC(struct val) parts;
};

/* The reason that node itself gave, in Chinese and English; blank when it did not fail. */
static struct val reason_of(const struct diags *why, struct src_pos pos, bool zh)
{
    for (size_t i = why->list.n; i > 0; i--) {
        const struct diag *d = &why->list.v[i - 1];
        if (d->pos.line == pos.line && d->pos.column == pos.column) {
            return val_text(zh ? d->zh : d->en);
        }
    }
    return VAL_NONE;
}

static void add_part(struct tracer *t, const struct node *n)
{
    struct arena *a = t->env->a;
    struct diags why;
    struct diags *before = t->env->reasons;
    struct run r = {.row = t->env->row, .env = t->env, .fx = t->fx};
    struct src_pos pos = fx_pos(t->fx->text, t->fx->at, n->pos);
    diags_init(&why, a);
    t->env->reasons = &why;
    struct val v = n->eval(&r, n);
    t->env->reasons = before;
    struct pair *p = ARENA_ARRAY(a, struct pair, 6);
    p[0] = (struct pair){STR("text"), val_text(str_sub(t->fx->text, n->pos, n->end - n->pos))};
    p[1] = (struct pair){STR("line"), val_num(pos.line)};
    p[2] = (struct pair){STR("column"), val_num(pos.column)};
    p[3] = (struct pair){STR("value"), fx_blank(v) ? VAL_NONE : v};
    p[4] = (struct pair){STR("reason"), reason_of(&why, pos, true)};
    p[5] = (struct pair){STR("reason_en"), reason_of(&why, pos, false)};
    vec_push(a, &t->parts, val_obj(p, 6));
}

/* Inner parts first. What stands behind LOOKUP and its kin belongs to other rows. */
static void walk(struct tracer *t, const struct node *n)
{
    if (t->parts.n >= MAX_PARTS || t->env->failed || t->env->limit) {
        return;
    }
    for (uint32_t i = 0; n->kind != N_STORED && i < n->nargs; i++) {
        walk(t, n->args[i]);
    }
    if (n->kind != N_CONST && n->kind != N_LIST && t->parts.n < MAX_PARTS) {
        add_part(t, n);
    }
}

struct val fx_trace(const struct fx *fx, struct fx_env *env)
{
    struct tracer t = {.fx = fx, .env = env};
    walk(&t, fx->root);
    return val_list(t.parts.v, t.parts.n);
}
