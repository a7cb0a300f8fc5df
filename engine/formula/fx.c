/*
 * The public face: compiling a text, and asking a compiled one about itself.
 */
#include "engine/formula/fx.h"

#include "engine/formula/fx_int.h"

static bool place_ok(struct checker *c, const struct node *n)
{
    enum fx_place place = fx_place_of(c);
    bool cond = place == FX_PLACE_COND || place == FX_PLACE_FILTER;
    if (cond && n->type.base != FX_BLANK && (n->type.base != FX_BOOL || n->type.list)) {
        fx_complain_type(c, n, "是/否条件，如 amount > 100",
                         "boolean condition, as in amount > 100");
    }
    if ((place == FX_PLACE_GROUP || place == FX_PLACE_METRIC) && n->type.list) {
        fx_complain_type(c, n, "单个值", "single value");
    }
    if (n->type.base == FX_ROWS) {
        fx_complain(c, n, "子表要指明列，如 items.amount。",
                    "Name a column of the sub-table, as in items.amount.");
    }
    bool sql = place == FX_PLACE_FILTER || place == FX_PLACE_GROUP || place == FX_PLACE_METRIC;
    if (sql && !c->failed) {
        fx_check_encrypted(c, n, NULL, 0);
    }
    if (sql && !c->failed && (c->fx->flags & FX_NO_SQL)) {
        fx_complain(c, n, "“%.*s”不能用在筛选、分组和指标里（数据库算不了）。",
                    "“%.*s” cannot be used in a filter, group or metric (it has no SQL form).",
                    STR_ARG(c->fx->no_sql));
    }
    return !c->failed;
}

struct fx *fx_compile(struct arena *a, struct str text, const struct fx_scope *scope,
                      struct str file, struct src_pos at, struct diags *diags)
{
    struct parser p = {.a = a, .text = text, .file = file, .at = at, .diags = diags};
    if (text.n > FX_MAX_TEXT) {
        struct diag d = {.code = ERR_INVALID,
                         .key = STR("formula"),
                         .zh = STR("公式太长（超过 16384 字节）。"),
                         .en = STR("The expression is too long (over 16,384 bytes)."),
                         .file = file,
                         .pos = at};
        diags->errors++;
        vec_push(diags->a, &diags->list, d);
        return NULL;
    }
    struct node *root = fx_parse(&p);
    if (root == NULL) {
        return NULL;
    }
    struct fx *fx = ARENA_NEW(a, struct fx);
    *fx = (struct fx){.root = root, .text = text, .at = at};
    struct checker c = {
        .a = a, .text = text, .file = file, .at = at, .diags = diags, .scope = scope, .fx = fx};
    fx_check(&c, root);
    if (c.failed || !place_ok(&c, root)) {
        return NULL;
    }
    fx->flags |= root->kind == N_CONST ? FX_CONSTANT : 0u;
    return fx;
}

struct fx_type fx_type_of(const struct fx *fx)
{
    return fx->root->type;
}

struct str fx_text(const struct fx *fx)
{
    return fx->text;
}

unsigned fx_flags(const struct fx *fx)
{
    return fx->flags;
}

struct str fx_no_sql(const struct fx *fx)
{
    return fx->no_sql;
}

void fx_each_ref(const struct fx *fx, void (*fn)(void *arg, const struct fx_ref *ref), void *arg)
{
    for (size_t i = 0; i < fx->refs.n; i++) {
        fn(arg, fx->refs.v[i]);
    }
}

void fx_each_call(const struct fx *fx, void (*fn)(void *arg, const struct fx_call *call), void *arg)
{
    for (size_t i = 0; i < fx->calls.n; i++) {
        fn(arg, fx->calls.v[i]);
    }
}
