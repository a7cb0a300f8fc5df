/*
 * What must hold of a record before it is stored: visible, required, checks, transitions. All
 * problems at once, each at its field.
 */
#include "engine/record/write_int.h"

/* ---- visible ---- */

int wr_visible(struct wr *w, bool *changed, struct err *err)
{
    for (size_t i = 0; i < w->f->nfields; i++) {
        const struct field *f = w->f->fields[i];
        if (!f->visible || f->type->flags & FT_COMPUTED)
            continue;
        int yes = rec_true(w->c, f->visible, &w->rec, w->has_old ? &w->old : NULL, err);
        if (yes < 0)
            return -1;
        w->hidden[i] = !yes;
        if (yes || f->sub || (!w->given[i] && !f->clear_hidden))
            continue;
        /* Not written: as it was, or blank. What the engine itself set stays. */
        struct val was = w->has_old && !f->clear_hidden ? w->old.v[i] : VAL_NONE;
        *changed |= !val_same(was, w->rec.v[i]);
        w->rec.v[i] = was;
    }
    return 0;
}

/* ---- required and checks of fields ---- */

/* What was given there is wrong already: it is neither missing nor to be checked further. */
static bool refused(const struct wr *w, const struct field *f)
{
    struct str prefix = w->diags->prefix, path = f->key;
    if (prefix.n)
        path = str_fmt(w->c->a, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(f->key));
    for (size_t i = w->errors; i < w->diags->list.n; i++)
        if (str_eq(w->diags->list.v[i].path, path))
            return true;
    return false;
}

static void missing(struct wr *w, const struct field *f)
{
    if (!refused(w, f))
        diag_field(w->diags, f->key, "required", "请填写“%.*s”。", "“%.*s” is required.",
                   STR_ARG(f->title));
}

static int eval_in(struct wr *w, const struct fx *fx, struct rec *r, const struct rec *parent,
                   struct err *err)
{
    struct row_env e;
    row_env_init(&e, w->c, r, err);
    e.parent = parent;
    e.old = !parent && w->has_old ? &w->old : NULL;
    bool yes = fx_true(fx, &e.fx);
    return row_env_end(&e, err) ? -1 : yes;
}

static int check_field(struct wr *w, const struct field *f, struct rec *r, const struct rec *parent,
                       struct err *err)
{
    if (!f->check || val_is_blank(r->v[f->slot]))
        return 0;
    int yes = eval_in(w, f->check, r, parent, err);
    if (yes)
        return yes < 0 ? -1 : 0;
    if (f->message.n)
        diag_field(w->diags, f->key, "check", "%.*s", "%.*s", STR_ARG(f->message));
    else
        diag_field(w->diags, f->key, "check", "“%.*s”的值不符合要求。",
                   "The value of “%.*s” is not allowed.", STR_ARG(f->title));
    return 0;
}

static int required_field(struct wr *w, const struct field *f, struct rec *r,
                          const struct rec *parent, struct err *err)
{
    bool rows = f->sub && r->rows && r->rows[f->slot].n;
    if ((!f->required && !f->required_fx) || (f->sub ? rows : !val_is_blank(r->v[f->slot])))
        return 0;
    if (f->type->flags & (FT_COMPUTED | FT_SERIAL))
        return 0;
    int yes = f->required ? 1 : eval_in(w, f->required_fx, r, parent, err);
    if (yes == 1)
        missing(w, f);
    return yes < 0 ? -1 : 0;
}

/* The engine's own writes ask only for what they blank out; people answer for the whole record, but
 * for no field they may not write. */
static bool asks(const struct wr *w, const struct field *f)
{
    if (w->hidden[f->slot])
        return false;
    if (w->by_user)
        return w->rights[f->slot] >= FIELD_WRITE;
    if (!w->has_old || w->w->submit)
        return true;
    return f->sub ? false : !val_is_blank(w->old.v[f->slot]);
}

static int check_rows(struct wr *w, const struct field *table, struct err *err)
{
    struct rec_rows *rows = w->rec.rows ? &w->rec.rows[table->slot] : NULL;
    struct str prefix = w->diags->prefix;
    int rc = 0;
    for (size_t i = 0; rows && rc == 0 && i < rows->n; i++) {
        w->diags->prefix = str_fmt(w->c->a, "%.*s%s%.*s[%zu]", STR_ARG(prefix), prefix.n ? "." : "",
                                   STR_ARG(table->key), i);
        for (size_t k = 0; rc == 0 && k < table->sub->nfields; k++) {
            const struct field *f = table->sub->fields[k];
            int shown = f->visible ? eval_in(w, f->visible, &rows->v[i], &w->rec, err) : 1;
            if (shown < 0)
                rc = -1;
            else if (shown)
                rc = required_field(w, f, &rows->v[i], &w->rec, err) ||
                             check_field(w, f, &rows->v[i], &w->rec, err)
                         ? -1
                         : 0;
        }
    }
    w->diags->prefix = prefix;
    return rc;
}

/* ---- checks of the record ---- */

static int check_record(struct wr *w, const struct check_rule *rule, struct err *err)
{
    if (rule->field && (w->hidden[rule->field->slot] || refused(w, rule->field)))
        return 0;
    int yes = rec_true(w->c, rule->fx, &w->rec, w->has_old ? &w->old : NULL, err);
    if (yes)
        return yes < 0 ? -1 : 0;
    struct str at = rule->field ? rule->field->key : STR_NONE;
    if (rule->message.n)
        diag_field(w->diags, at, "check", "%.*s", "%.*s", STR_ARG(rule->message));
    else
        diag_field(w->diags, at, "check", "数据不符合规则：%.*s", "This breaks the rule: %.*s",
                   STR_ARG(fx_text(rule->fx)));
    return 0;
}

int wr_validate(struct wr *w, struct err *err)
{
    for (size_t i = 0; i < w->f->nfields; i++) {
        const struct field *f = w->f->fields[i];
        if (asks(w, f) && required_field(w, f, &w->rec, NULL, err))
            return -1;
        if (w->hidden[i])
            continue;
        if (check_field(w, f, &w->rec, NULL, err) || (f->sub && check_rows(w, f, err)))
            return -1;
    }
    for (size_t i = 0; i < w->f->nchecks; i++)
        if (check_record(w, &w->f->checks[i], err))
            return -1;
    return 0;
}

/* ---- transitions ---- */

static bool in_list(const struct str *list, size_t n, struct str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], s))
            return true;
    return false;
}

static bool may_take(const struct wr *w, const struct transition *t)
{
    if (!t->ncan || w->x->system)
        return true;
    for (size_t i = 0; i < t->ncan; i++)
        if (who_has_role(w->c->who, w->f->app->key, t->can[i]))
            return true;
    return false;
}

static void refuse_step(struct wr *w, const struct field *f, struct str from, struct str to)
{
    const struct option *a = field_option(f, from);
    const struct option *b = field_option(f, to);
    struct str from_title = a ? a->title : from;
    struct str to_title = b ? b->title : to;
    diag_field(w->diags, f->key, "transition", "“%.*s”不能从“%.*s”改为“%.*s”。",
               "“%.*s” cannot go from “%.*s” to “%.*s”.", STR_ARG(f->title), STR_ARG(from_title),
               STR_ARG(to_title))
        ->code = ERR_CONFLICT;
}

/* The problems of the first rule that fits but for what it requires. */
static int require(struct wr *w, const struct transition *t)
{
    int missed = 0;
    for (size_t i = 0; i < t->nrequire; i++) {
        const struct field *f = t->require[i];
        bool rows = f->sub && w->rec.rows && w->rec.rows[f->slot].n;
        if (f->sub ? rows : !val_is_blank(w->rec.v[f->slot]))
            continue;
        missing(w, f);
        missed++;
    }
    return missed;
}

static int step_allowed(struct wr *w, const struct field *f, struct str from, struct str to,
                        struct err *err)
{
    for (size_t i = 0; i < w->f->ntransitions; i++) {
        const struct transition *t = &w->f->transitions[i];
        if (t->field != f || !in_list(t->from, t->nfrom, from) || !in_list(t->to, t->nto, to) ||
            !may_take(w, t))
            continue;
        int when = t->when ? rec_true(w->c, t->when, &w->rec, w->has_old ? &w->old : NULL, err) : 1;
        if (when < 0)
            return -1;
        if (!when)
            continue;
        (void)require(w, t);
        return 1;
    }
    return 0;
}

/* A new record may hold only the default, or anything when there is none. */
static int first_value(struct wr *w, const struct field *f, struct str to)
{
    struct val dflt = f->dflt.literal;
    bool any = w->x->system || f->dflt.fx || dflt.kind == VAL_ABSENT || val_is_blank(dflt);
    if (!any && to.n && !str_eq(val_str(dflt), to))
        refuse_step(w, f, val_str(dflt), to);
    return 0;
}

static int field_transition(struct wr *w, const struct field *f, struct err *err)
{
    struct str to = val_str(w->rec.v[f->slot]);
    struct str from = w->has_old ? val_str(w->old.v[f->slot]) : STR_NONE;
    if (str_eq(from, to))
        return 0;
    if (!from.n)
        return first_value(w, f, to);
    int yes = step_allowed(w, f, from, to, err);
    if (yes == 0)
        refuse_step(w, f, from, to);
    return yes < 0 ? -1 : 0;
}

int wr_transitions(struct wr *w, struct err *err)
{
    for (size_t i = 0; i < w->f->ntransitions; i++) {
        const struct field *f = w->f->transitions[i].field;
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = w->f->transitions[k].field == f;
        if (!seen && field_transition(w, f, err))
            return -1;
    }
    return 0;
}
