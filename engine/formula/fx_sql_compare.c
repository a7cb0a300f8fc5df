/*
 * Comparisons in SQL. `=` is IS (blank equals blank only), but plain `=` where one side is a value
 * that is not blank; a scaled column is compared with a scaled constant: both so that an index
 * serves.
 */
#include "engine/formula/fx_sql_int.h"

#include "engine/base/id.h"
#include "engine/value/num.h"

/* ---- constants as the other side needs them ---- */

static bool is_ref(struct fx_type t)
{
    return t.base == FX_LINK || t.base == FX_MEMBER || t.base == FX_DEPT;
}

/* A text beside a reference is its id; a date beside a datetime its midnight. */
static struct val fit(struct writer *w, struct val v, struct fx_type other)
{
    int64_t id = -1;
    if (v.kind == VAL_TEXT && is_ref(other)) {
        return val_dec(id_parse(fx_to_str(v), &id) ? id : -1, 0);
    }
    if (v.kind == VAL_DATE && other.base == FX_DATETIME) {
        struct fx_env env = {.a = w->a, .zone = w->env->zone};
        struct run r = {.env = &env, .fx = w->fx};
        return val_instant(fx_midnight(&r, v.i));
    }
    return v;
}

/* An encrypted column: it is looked at through its blind index. */
static bool sealed(const struct writer *w, const struct node *x)
{
    return x->kind == N_REF && x->ref->n > 0 && w->env->blind != NULL &&
           x->ref->path[x->ref->n - 1].encrypted;
}

static int bind_fit(struct writer *w, const struct node *column, struct val v)
{
    v = fit(w, v, column->type);
    if (sealed(w, column)) {
        if (w->env->blind(w->env->self, column->ref, v, &v, w->err) != 0) {
            return -1;
        }
    }
    if (v.kind == VAL_DEC) { /* an id */
        sql_bind(w->q, v);
        if (w->pg) {
            sql_lit(w->q, "::bigint");
        }
        return 0;
    }
    if (v.kind == VAL_BOOL) {
        sql_int(w->q, v.b);
        return 0;
    }
    fxs_bind(w, v);
    return 0;
}

/* ---- scaled columns and constants ---- */

/* x as whole units of 10^-scale: *exact says whether it is; *below are the units under it. */
static bool units_of(double x, uint8_t scale, int64_t *below, bool *exact)
{
    if (!num_to_dec(x, scale, below)) {
        return false;
    }
    double back = num_of_dec(*below, scale);
    *exact = back == x;
    *below -= back > x;
    return true;
}

static struct str op_sql(enum op op)
{
    switch ((int)op) {
    case OP_LT: return STR(" < ");
    case OP_LE: return STR(" <= ");
    case OP_GT: return STR(" > ");
    case OP_GE: return STR(" >= ");
    default: return STR(" = ");
    }
}

static enum op mirrored(enum op op)
{
    switch ((int)op) {
    case OP_LT: return OP_GT;
    case OP_LE: return OP_GE;
    case OP_GT: return OP_LT;
    case OP_GE: return OP_LE;
    default: return op;
    }
}

static void bind_units(struct writer *w, int64_t units)
{
    sql_bind(w->q, val_dec(units, 0));
    if (w->pg) {
        sql_lit(w->q, "::bigint");
    }
}

/* Between two operands already written: = or its negation, for operands of which one is known. */
static void equals(struct writer *w, enum op op, enum want want)
{
    if (op == OP_NE) {
        if (w->pg) {
            sql_lit(w->q, " IS DISTINCT FROM ");
        } else {
            sql_lit(w->q, " IS NOT ");
        }
    } else if (want == W_TRUTH) {
        sql_lit(w->q, " = ");
    } else if (w->pg) {
        sql_lit(w->q, " IS NOT DISTINCT FROM ");
    } else {
        sql_lit(w->q, " IS ");
    }
}

/* The column of a comparison with a value. Behind links, where only truth counts, the host may turn
 * it round: link IN (SELECT … WHERE column op value), with `open` parentheses to close. */
static int open_column(struct writer *w, const struct node *x, enum op op, enum want want,
                       unsigned *open)
{
    *open = 0;
    if (want != W_TRUTH || op == OP_NE || w->env->reach == NULL || x->kind != N_REF ||
        x->ref->n < 2 || x->type.list) {
        return fxs_raw(w, x);
    }
    return w->env->reach(w->env->self, w->q, x->ref, open, w->err);
}

static void close_column(struct writer *w, unsigned open)
{
    while (open-- > 0) {
        sql_lit(w->q, ")");
    }
}

/* column op constant on the stored integers; 1 written, 0 not possible, -1 error. */
static int compare_units(struct writer *w, const struct node *column, enum op op, double x,
                         enum want want)
{
    int64_t units;
    bool exact;
    bool ordered = op != OP_EQ && op != OP_NE;
    uint8_t scale = fxs_scale(column);
    if (scale == 0 || !units_of(x, scale, &units, &exact) || (!exact && !ordered)) {
        return 0;
    }
    if (!exact) { /* between two units: < and <= are <= below, > and >= are > below */
        op = op == OP_LT || op == OP_LE ? OP_LE : OP_GT;
    }
    unsigned open;
    fxs_open_bool(w, want, !ordered);
    sql_lit(w->q, "(");
    if (open_column(w, column, op, want, &open) != 0) {
        return -1;
    }
    if (ordered) {
        sql_lit_(w->q, op_sql(op));
    } else {
        equals(w, op, want);
    }
    bind_units(w, units);
    close_column(w, open);
    sql_lit(w->q, ")");
    fxs_close_bool(w, want, !ordered);
    return 1;
}

/* ---- the operands ---- */

/* A date beside a datetime, and a reference beside a text column, go through C. */
static bool needs_c(const struct node *x, const struct node *y)
{
    return (x->type.base == FX_DATE && y->type.base == FX_DATETIME) ||
           (x->type.base == FX_DATETIME && y->type.base == FX_DATE) ||
           (is_ref(x->type) && y->type.base == FX_TEXT) ||
           (is_ref(y->type) && x->type.base == FX_TEXT);
}

/* The two sides as numbers of one scale, or as values. */
static int side(struct writer *w, const struct node *x, bool raw)
{
    return raw ? fxs_raw(w, x) : fxs_emit(w, x, W_VALUE);
}

static int compare_columns(struct writer *w, const struct node *n, enum want want)
{
    const struct node *x = n->args[0];
    const struct node *y = n->args[1];
    enum op op = (enum op)n->op;
    bool ordered = op != OP_EQ && op != OP_NE;
    bool known = fxs_known(x) && fxs_known(y);
    bool raw = fxs_scale(x) > 0 && fxs_scale(x) == fxs_scale(y);
    enum want eq = fxs_known(x) || fxs_known(y) ? want : W_COND;
    if (needs_c(x, y)) {
        fxs_open_bool(w, want, false);
        sql_lit(w->q, "(");
        int rc = fxs_call_c(w, n, STR("fx"), str_of(fx_op_name(op)));
        sql_lit(w->q, " = 1)");
        fxs_close_bool(w, want, false);
        return rc;
    }
    fxs_open_bool(w, want, !ordered || known);
    sql_lit(w->q, "(");
    if (side(w, x, raw) != 0) {
        return -1;
    }
    if (ordered && w->pg && x->type.base == FX_TEXT) {
        sql_lit(w->q, " COLLATE \"C\"");
    }
    if (ordered) {
        sql_lit_(w->q, op_sql(op));
    } else {
        equals(w, op, eq);
    }
    if (side(w, y, raw) != 0) {
        return -1;
    }
    sql_lit(w->q, ")");
    fxs_close_bool(w, want, !ordered || known);
    return 0;
}

/* x op blank: only = and <> can be true. */
static int compare_blank(struct writer *w, const struct node *x, enum op op, enum want want)
{
    if (op != OP_EQ && op != OP_NE) {
        if (want == W_VALUE) {
            sql_lit(w->q, "0");
        } else {
            sql_lit(w->q, "FALSE");
        }
        return 0;
    }
    fxs_open_bool(w, want, true);
    sql_lit(w->q, "(");
    if (fxs_is_rows(x)) {
        sql_lit(w->q, "NOT EXISTS (SELECT 1 FROM (");
        if (fxs_rows(w, x) != 0) {
            return -1;
        }
        sql_lit(w->q, ") AS r)");
        if (op == OP_NE) {
            sql_lit(w->q, " IS FALSE");
        }
    } else if (x->type.list && w->pg) {
        sql_lit(w->q, "COALESCE(cardinality(");
        if (fxs_list(w, x) != 0) {
            return -1;
        }
        if (op == OP_EQ) {
            sql_lit(w->q, "), 0) = 0");
        } else {
            sql_lit(w->q, "), 0) > 0");
        }
    } else {
        bool raw = x->kind == N_REF || x->kind == N_STORED;
        if ((raw ? fxs_raw(w, x) : fxs_emit(w, x, W_VALUE)) != 0) {
            return -1;
        }
        if (op == OP_EQ) {
            sql_lit(w->q, " IS NULL");
        } else {
            sql_lit(w->q, " IS NOT NULL");
        }
    }
    sql_lit(w->q, ")");
    fxs_close_bool(w, want, true);
    return 0;
}

/* x op v where v is a value that is not blank */
static int compare_value(struct writer *w, const struct node *x, enum op op, struct val v,
                         enum want want)
{
    bool ordered = op != OP_EQ && op != OP_NE;
    bool known = !ordered || fxs_known(x);
    if (fx_is_num(v) && !sealed(w, x)) {
        int rc = compare_units(w, x, op, fx_to_num(v), want);
        if (rc != 0) {
            return rc < 0 ? -1 : 0;
        }
    }
    fxs_open_bool(w, want, known);
    sql_lit(w->q, "(");
    bool plain = x->kind == N_REF && (fxs_scale(x) == 0 || sealed(w, x));
    unsigned open = 0;
    if ((plain ? open_column(w, x, op, want, &open) : fxs_emit(w, x, W_VALUE)) != 0) {
        return -1;
    }
    if (ordered && w->pg && x->type.base == FX_TEXT) {
        sql_lit(w->q, " COLLATE \"C\"");
    }
    if (ordered) {
        sql_lit_(w->q, op_sql(op));
    } else {
        equals(w, op, want);
    }
    int rc = bind_fit(w, x, v);
    close_column(w, open);
    sql_lit(w->q, ")");
    fxs_close_bool(w, want, known);
    return rc;
}

int fxs_compare(struct writer *w, const struct node *n, enum want want)
{
    const struct node *x = n->args[0];
    const struct node *y = n->args[1];
    enum op op = (enum op)n->op;
    if (fxs_constant(x) && !x->type.list) {
        const struct node *swap = x;
        x = y;
        y = swap;
        op = mirrored(op);
    }
    struct val v;
    if (sealed(w, y) && x->kind == N_REF && x->ref->root == FX_THIS) {
        const struct node *swap = x;
        x = y;
        y = swap;
    }
    if (sealed(w, x) && y->kind == N_REF && y->ref->root == FX_THIS && w->env->outer != NULL) {
        if (w->env->outer(w->env->self, y->ref, &v, w->err) != 0) {
            return -1;
        }
    } else if (!fxs_constant(y) || y->type.list) {
        return compare_columns(w, n, want);
    } else {
        v = fxs_value(w, y);
    }
    if (w->err->code != ERR_NONE) {
        return -1;
    }
    if (fx_blank(v)) {
        return compare_blank(w, x, op, want);
    }
    if (x->type.base == FX_DATE && v.kind == VAL_INSTANT) {
        return compare_columns(w, n, want);
    }
    if (x->type.base == FX_TEXT && v.kind == VAL_REF) {
        char buf[16];
        v = val_text(str_dup(w->a, id_print(v.ref->id, buf)));
    }
    return compare_value(w, x, op, v, want);
}

int fxs_equal(struct writer *w, const struct node *x, const struct node *y)
{
    struct node *args[2];
    memcpy(&args[0], &x, sizeof(x));
    memcpy(&args[1], &y, sizeof(y));
    struct node n = {
        .kind = N_OP, .op = OP_EQ, .nargs = 2, .args = args, .pos = x->pos, .end = y->end};
    n.type.base = FX_BOOL;
    n.flags = (uint16_t)(NF_ROW | NF_KNOWN | ((x->flags | y->flags) & NF_ENV));
    return fxs_compare(w, &n, W_TRUTH);
}

/* ---- IN, CONTAINS ---- */

static int text_contains(struct writer *w, const struct node *n, enum want want)
{
    fxs_open_bool(w, want, true);
    if (w->pg) {
        sql_lit(w->q, "(strpos(");
    } else {
        sql_lit(w->q, "(instr(");
    }
    if (fxs_emit(w, n->args[0], W_STR) != 0) {
        return -1;
    }
    sql_lit(w->q, ", ");
    if (fxs_emit(w, n->args[1], W_STR) != 0) {
        return -1;
    }
    sql_lit(w->q, ") > 0)");
    fxs_close_bool(w, want, true);
    return 0;
}

/* One item of a list of constants, as the column stores it; false when it can equal nothing. */
static bool item_fit(const struct node *x, struct val v, struct val *out)
{
    int64_t units;
    bool exact;
    uint8_t scale = fxs_scale(x);
    *out = v;
    if (fx_blank(v)) {
        return false;
    }
    if (scale > 0 && fx_is_num(v)) {
        if (!units_of(fx_to_num(v), scale, &units, &exact) || !exact) {
            return false;
        }
        *out = val_dec(units, 0);
    } else if (v.kind == VAL_DEC && !is_ref(x->type)) { /* an id is more than a double holds */
        *out = val_num(fx_to_num(v));
    }
    return true;
}

/* The list as one parameter, so that the text does not depend on its length. */
static void json_items(struct writer *w, const struct val *items, size_t n)
{
    if (w->pg) {
        sql_lit(w->q, "SELECT jsonb_array_elements_text(");
        sql_bind(w->q, val_list(items, n));
        if (items[0].kind == VAL_TEXT) {
            sql_lit(w->q, "::jsonb)");
        } else if (items[0].kind == VAL_NUM) {
            sql_lit(w->q, "::jsonb)::float8");
        } else {
            sql_lit(w->q, "::jsonb)::bigint");
        }
        return;
    }
    sql_lit(w->q, "SELECT value FROM json_each(");
    sql_bind(w->q, val_list(items, n));
    sql_lit(w->q, ")");
}

#define MAX_BOUND 20

static int in_nothing(struct writer *w, enum want want)
{
    struct node no = {
        .kind = N_CONST, .type.base = FX_BOOL, .k = val_bool(false), .eval = fx_eval_const};
    return fxs_emit(w, &no, want);
}

static int in_values(struct writer *w, const struct node *x, const struct node *list,
                     enum want want)
{
    struct val v = fxs_value(w, list);
    uint32_t most = v.kind == VAL_LIST ? v.n : 0;
    struct val *items = ARENA_ARRAY(w->a, struct val, most);
    size_t n = 0;
    if (w->err->code != ERR_NONE) {
        return -1;
    }
    for (uint32_t i = 0; i < most; i++) {
        struct val item = fit(w, v.list[i], x->type);
        if (!sealed(w, x)) {
            n += item_fit(x, item, &items[n]);
        } else if (!fx_blank(item)) {
            if (w->env->blind(w->env->self, x->ref, item, &items[n], w->err) != 0) {
                return -1;
            }
            n++;
        }
    }
    if (n == 0) {
        return in_nothing(w, want);
    }
    fxs_open_bool(w, want, false);
    sql_lit(w->q, "(");
    if ((x->kind == N_REF || x->kind == N_STORED ? fxs_raw(w, x) : fxs_emit(w, x, W_VALUE)) != 0) {
        return -1;
    }
    sql_lit(w->q, " IN (");
    if (list->kind == N_CONST && n <= MAX_BOUND && items[0].kind != VAL_BOOL) {
        for (size_t i = 0; i < n; i++) {
            if (i > 0) {
                sql_lit(w->q, ", ");
            }
            if (sealed(w, x)) {
                fxs_bind(w, items[i]);
            } else if (bind_fit(w, x, items[i]) != 0) {
                return -1;
            }
        }
    } else {
        json_items(w, items, n);
    }
    sql_lit(w->q, "))");
    fxs_close_bool(w, want, false);
    return 0;
}

/* The rows that hold x, by an index of the host: 1, 0, -1. */
static int in_held(struct writer *w, const struct node *x, const struct node *list)
{
    if (w->env->holder == NULL || list->kind != N_REF || !is_ref(list->type) ||
        x->type.base != list->type.base) {
        return 0;
    }
    int held = w->env->holder(w->env->self, w->q, list->ref, w->err);
    if (held <= 0) {
        return held;
    }
    if ((x->kind == N_REF || x->kind == N_STORED ? fxs_raw(w, x) : fxs_emit(w, x, W_VALUE)) != 0) {
        return -1;
    }
    sql_lit(w->q, ")");
    return 1;
}

static int in_rows(struct writer *w, const struct node *x, const struct node *list, enum want want)
{
    uint8_t scale = fxs_scale(list);
    bool raw = list->type.base != FX_NUM || (scale > 0 && scale == fxs_scale(x));
    fxs_open_bool(w, want, false);
    sql_lit(w->q, "(");
    int held = in_held(w, x, list);
    if (held != 0) {
        sql_lit(w->q, ")");
        fxs_close_bool(w, want, false);
        return held < 0 ? -1 : 0;
    }
    if ((raw && (x->kind == N_REF || x->kind == N_STORED) ? fxs_raw(w, x)
                                                          : fxs_emit(w, x, W_VALUE)) != 0) {
        return -1;
    }
    sql_lit(w->q, " IN (");
    if (!raw) {
        sql_lit(w->q, "SELECT v / 1");
        for (unsigned i = 0; i < scale; i++) {
            sql_lit(w->q, "0");
        }
        sql_lit(w->q, ".0 FROM (");
    }
    if (fxs_rows(w, list) != 0) {
        return -1;
    }
    if (!raw) {
        sql_lit(w->q, ") AS r");
    }
    sql_lit(w->q, "))");
    fxs_close_bool(w, want, false);
    return 0;
}

/* A text looked for in a list of references is an id. */
static int in_refs(struct writer *w, struct val text, const struct node *list, enum want want)
{
    struct val id = fit(w, text, list->type);
    struct node x = {.kind = N_CONST, .type = list->type, .eval = fx_eval_const};
    if (w->err->code != ERR_NONE) {
        return -1;
    }
    if (id.kind != VAL_DEC || id.i < 0) {
        return in_nothing(w, want);
    }
    x.type.list = false;
    x.k = val_ref(w->a, id.i, STR_NONE);
    return in_rows(w, &x, list, want);
}

int fxs_in(struct writer *w, const struct node *n, enum want want)
{
    const struct node *x = n->args[n->op == OP_IN ? 0 : 1];
    const struct node *list = n->args[n->op == OP_IN ? 1 : 0];
    if (n->op == OP_CONTAINS && !list->type.list) {
        return text_contains(w, n, want);
    }
    if (w->pg && (list->type.base == FX_BLANK || x->type.base == FX_BLANK)) {
        return in_nothing(w, want); /* blank is in no list, and a list of blanks has no item */
    }
    if (is_ref(list->type) && x->type.base == FX_TEXT && fxs_constant(x) && fxs_is_rows(list)) {
        return in_refs(w, fxs_value(w, x), list, want);
    }
    struct fx_type item = list->type;
    bool mixed = item.base != FX_BLANK && x->type.base != FX_BLANK &&
                 ((item.base == FX_DATE) != (x->type.base == FX_DATE) ||
                  (item.base == FX_TEXT) != (x->type.base == FX_TEXT));
    if (fxs_constant(list) && !(mixed && x->type.base != FX_DATETIME && !is_ref(x->type))) {
        return in_values(w, x, list, want);
    }
    if (fxs_is_rows(list) && !mixed) {
        return in_rows(w, x, list, want);
    }
    fxs_open_bool(w, want, false);
    sql_lit(w->q, "(");
    int rc = fxs_call_c(w, n, STR("fx"), str_of(fx_op_name((enum op)n->op)));
    sql_lit(w->q, " = 1)");
    fxs_close_bool(w, want, false);
    return rc;
}
