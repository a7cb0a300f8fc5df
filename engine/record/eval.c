/*
 * Expressions outside a stored record. What came with a request sees what its caller may read.
 */
#include "engine/record/eval.h"

#include "engine/formula/fx_vars.h"
#include "engine/record/record_int.h"

#include <stdio.h>

static int formula_error(const struct diags *d, struct err *err)
{
    const struct diag *first = &d->list.v[0];
    err_set(err, ERR_INVALID, "formula", "%.*s", "%.*s", STR_ARG(first->zh));
    snprintf(err->en, sizeof(err->en), "%.*s", STR_ARG(first->en));
    err_at(err, "expr");
    err->pos = first->pos;
    return -1;
}

/* ---- over plain variables ---- */

struct vars_env {
    struct fx_env fx;
    struct ctx *c;
};

static int vars_context(struct fx_env *fx, enum fx_context what, struct val arg, struct val *out)
{
    struct vars_env *e = CONTAINER_OF(fx, struct vars_env, fx);
    *out = VAL_NONE;
    return e->c->app ? context_value(e->c, e->c->app, what, arg, out, fx->err) : 0;
}

int eval_text(struct ctx *c, struct str text, struct val vars, struct val *out, struct err *err)
{
    struct diags d;
    diags_init(&d, c->a);
    struct fx_vars *v = fx_vars_new(c->a, vars);
    struct fx_scope scope = fx_vars_scope(v);
    scope.request = true;
    struct fx *fx = fx_compile(c->a, text, &scope, STR_NONE, (struct src_pos){1, 1}, &d);
    if (!fx)
        return formula_error(&d, err);
    struct vars_env e = {.fx = {.a = c->a,
                                .context = vars_context,
                                .now_us = c->now_us,
                                .zone = c->app ? &c->app->zone : &zone_utc,
                                .calendar = c->app ? &c->app->calendar : NULL,
                                .err = err},
                         .c = c};
    fx_vars_env(v, &e.fx);
    *out = fx_eval(fx, &e.fx);
    if (e.fx.failed)
        return -1;
    return 0;
}

/* ---- over a form ---- */

static struct val reasons_val(struct ctx *c, const struct diags *d)
{
    struct val *list = ARENA_ARRAY(c->a, struct val, d->list.n);
    for (size_t i = 0; i < d->list.n; i++)
        list[i] = val_text(c->lang == LANG_ZH ? d->list.v[i].zh : d->list.v[i].en);
    return val_list(list, d->list.n);
}

/* A link that came out of a formula gets the title its reader may see. */
static int titled(struct ctx *c, struct fx_type type, struct val *v, struct err *err)
{
    if (type.base != FX_LINK || !type.form)
        return 0;
    if (v->kind == VAL_LIST) {
        struct val *items = ARENA_ARRAY(c->a, struct val, v->n);
        for (uint32_t i = 0; i < v->n; i++) {
            items[i] = v->list[i];
            if (items[i].kind == VAL_REF && titled(c, type, &items[i], err))
                return -1;
        }
        *v = val_list(items, v->n);
        return 0;
    }
    struct str title = STR_NONE;
    if (v->kind != VAL_REF || v->ref->title.n)
        return 0;
    int seen = record_title(c, type.form, v->ref->id, &title, err);
    if (seen > 0)
        *v = val_ref(c->a, v->ref->id, title);
    return seen < 0 ? -1 : 0;
}

int eval_form(struct ctx *c, const struct form *f, struct str text, struct val values,
              struct eval_result *out, struct err *err)
{
    struct rec row;
    struct diags why;
    struct row_env e;
    struct fx *fx = access_compile(c, f, text, FX_PLACE_VALUE, STR("expr"), err);
    if (!fx || rec_of_values(c, f, values, &row, err))
        return -1;
    diags_init(&why, c->a);
    row_env_init(&e, c, &row, err);
    e.request = !ctx_is_system(c);
    e.fx.reasons = &why;
    out->value = fx_eval(fx, &e.fx);
    out->reasons = reasons_val(c, &why);
    if (row_env_end(&e, err))
        return -1;
    return titled(c, fx_type_of(fx), &out->value, err);
}

int rec_eval(struct ctx *c, const struct fx *fx, const struct rec *row, const struct rec *old,
             struct val *out, struct err *err)
{
    struct row_env e;
    row_env_init(&e, c, row, err);
    e.old = old;
    *out = fx_eval(fx, &e.fx);
    return row_env_end(&e, err);
}

int rec_true(struct ctx *c, const struct fx *fx, const struct rec *row, const struct rec *old,
             struct err *err)
{
    struct row_env e;
    row_env_init(&e, c, row, err);
    e.old = old;
    bool yes = fx_true(fx, &e.fx);
    return row_env_end(&e, err) ? -1 : yes;
}

int set_value(struct ctx *c, const struct set_item *item, const struct rec *row,
              const struct val *vars, struct val *out, struct err *err)
{
    struct row_env e;
    *out = item->value.literal.kind == VAL_ABSENT ? VAL_NONE : item->value.literal;
    if (!item->value.fx)
        return 0;
    row_env_init(&e, c, row, err);
    e.fx.vars = vars;
    *out = fx_eval(item->value.fx, &e.fx);
    return row_env_end(&e, err);
}

static void rows_env(struct row_env *e, struct ctx *c, const struct eval_rows *rows,
                     struct err *err)
{
    row_env_init(e, c, rows->row, err);
    e->old = rows->old;
    e->target = rows->target;
    e->this_ = rows->this_;
    e->fx.vars = rows->vars;
}

int eval_value(struct ctx *c, const struct fxval *v, const struct eval_rows *rows, struct val *out,
               struct err *err)
{
    struct row_env e;
    *out = v->literal.kind == VAL_ABSENT ? VAL_NONE : v->literal;
    if (!v->fx)
        return 0;
    rows_env(&e, c, rows, err);
    *out = fx_eval(v->fx, &e.fx);
    return row_env_end(&e, err);
}

int eval_true(struct ctx *c, const struct fx *fx, const struct eval_rows *rows, struct err *err)
{
    struct row_env e;
    rows_env(&e, c, rows, err);
    bool yes = fx_true(fx, &e.fx);
    return row_env_end(&e, err) ? -1 : yes;
}
