/*
 * "Why is this value": each sub-expression with its value and, where an operation failed, why.
 * Every one is evaluated on its own, which costs the square of the size; people ask for one value
 * at a time.
 */
#include "engine/formula/fx_trace.h"

#include "engine/formula/fx_int.h"

#define MAX_PARTS 500

struct tracer {
    const struct fx *fx;
    struct fx_env *env;
    const struct fx_reader *reader; /* NULL: sees everything */
    VEC(struct fx_part) parts;
};

/* The reason that node itself gave; NULL when it did not fail. */
static const struct diag *reason_of(const struct diags *why, struct src_pos pos)
{
    for (size_t i = why->list.n; i > 0; i--) {
        const struct diag *d = &why->list.v[i - 1];
        if (d->pos.line == pos.line && d->pos.column == pos.column) {
            return d;
        }
    }
    return NULL;
}

static struct val evaluate(const struct tracer *t, struct fx_env *env, const struct node *n)
{
    struct run r = {.row = env->row, .env = env, .fx = t->fx};
    struct val v = n->eval(&r, n);
    return fx_blank(v) ? VAL_NONE : v;
}

static void add_part(struct tracer *t, const struct node *n, uint32_t depth, bool hidden)
{
    struct diags why;
    struct diags *before = t->env->reasons;
    struct fx_part part = {.text = str_sub(t->fx->text, n->pos, n->end - n->pos),
                           .from = n->pos,
                           .to = n->end,
                           .pos = fx_pos(t->fx->text, t->fx->at, n->pos),
                           .depth = depth,
                           .type = n->type,
                           .value = VAL_NONE,
                           .hidden = hidden};
    if (!hidden) {
        diags_init(&why, t->env->a);
        t->env->reasons = &why;
        part.value = evaluate(t, t->env, n);
        t->env->reasons = before;
        const struct diag *reason = reason_of(&why, part.pos);
        part.zh = reason != NULL ? reason->zh : STR_NONE;
        part.en = reason != NULL ? reason->en : STR_NONE;
    }
    vec_push(t->env->a, &t->parts, part);
}

/* Whether the reader may not see this name or stored row. */
static bool differs(struct tracer *t, const struct node *n)
{
    if (t->reader == NULL || (n->kind != N_REF && n->kind != N_STORED)) {
        return false;
    }
    bool ref = n->kind == N_REF;
    return !t->reader->knows(t->reader->self, ref ? n->ref : NULL, ref ? NULL : n->call) ||
           !val_same(evaluate(t, t->env, n), evaluate(t, t->reader->env, n));
}

/* Inner parts first; true when n is hidden. What stands behind LOOKUP and its kin belongs to other
 * rows. */
static bool walk(struct tracer *t, const struct node *n, uint32_t depth)
{
    if (t->env->failed || t->env->limit) {
        return true;
    }
    bool hidden = differs(t, n);
    for (uint32_t i = 0; n->kind != N_STORED && i < n->nargs; i++) {
        hidden |= walk(t, n->args[i], depth + 1);
    }
    if (n->kind != N_CONST && n->kind != N_LIST && t->parts.n < MAX_PARTS) {
        add_part(t, n, depth, hidden);
    }
    return hidden;
}

struct fx_part *fx_trace_parts(const struct fx *fx, struct fx_env *env,
                               const struct fx_reader *reader, size_t *n)
{
    struct tracer t = {.fx = fx, .env = env, .reader = reader};
    (void)walk(&t, fx->root, 0);
    *n = t.parts.n;
    return t.parts.v;
}

static struct val part_val(struct arena *a, const struct fx_part *part)
{
    struct pair *p = ARENA_ARRAY(a, struct pair, 6);
    p[0] = (struct pair){STR("text"), val_text(part->text)};
    p[1] = (struct pair){STR("line"), val_num(part->pos.line)};
    p[2] = (struct pair){STR("column"), val_num(part->pos.column)};
    p[3] = (struct pair){STR("value"), part->value};
    p[4] = (struct pair){STR("reason"), part->zh.n ? val_text(part->zh) : VAL_NONE};
    p[5] = (struct pair){STR("reason_en"), part->en.n ? val_text(part->en) : VAL_NONE};
    return val_obj(p, 6);
}

struct val fx_trace(const struct fx *fx, struct fx_env *env)
{
    size_t n;
    const struct fx_part *parts = fx_trace_parts(fx, env, NULL, &n);
    struct val *list = ARENA_ARRAY(env->a, struct val, n);
    for (size_t i = 0; i < n; i++) {
        list[i] = part_val(env->a, &parts[i]);
    }
    return val_list(list, n);
}
