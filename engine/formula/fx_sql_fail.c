/*
 * IFERROR in SQL: the condition that an operation failed. SQL has only NULL, which is not it, so
 * the condition is written out: each operation that can fail asks fx_err(), in the order and under
 * the conditions in which the evaluator would have come to it.
 */
#include "engine/formula/fx_sql_int.h"

static bool op_can_fail(const struct node *n)
{
    switch (n->op) {
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
        if (n->type.base == FX_NUM && n->args[0]->type.base >= FX_DATE) {
            return false; /* between two days */
        }
        return n->type.base != FX_NUM || !(fxs_most(n) < 1e300);
    case OP_DIV: return !(fxs_most(n) < 1e300) || n->args[1]->kind != N_CONST;
    case OP_POW:
    case OP_CAT: return true;
    default: return false;
    }
}

bool fxs_can_fail(const struct node *n)
{
    if (n->kind == N_CALL && !(n->fn->flags & (FN_LAZY | FN_KNOWN)) &&
        n->fn->call != fx_context_call) {
        return true;
    }
    if (n->kind == N_OP && op_can_fail(n)) {
        return true;
    }
    for (uint32_t i = 0; n->kind != N_STORED && i < n->nargs; i++) {
        if (fxs_can_fail(n->args[i])) {
            return true;
        }
    }
    return false;
}

static int failed_args(struct writer *w, const struct node *n, bool *some)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (!fxs_can_fail(n->args[i])) {
            continue;
        }
        if (*some) {
            sql_lit(w->q, " OR ");
        }
        *some = true;
        if (fxs_failed(w, n->args[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static void or_else(struct writer *w, bool *some)
{
    if (*some) {
        sql_lit(w->q, " OR ");
    }
    *some = true;
}

/* failed(x), or FALSE. */
static int failed_or_false(struct writer *w, const struct node *x)
{
    if (fxs_can_fail(x)) {
        return fxs_failed(w, x);
    }
    sql_lit(w->q, "FALSE");
    return 0;
}

/* IF and IFS: conditions in turn, then the branch taken. */
static int failed_if(struct writer *w, const struct node *n, uint32_t i)
{
    if (i >= n->nargs) {
        sql_lit(w->q, "FALSE");
        return 0;
    }
    if (i + 1 == n->nargs) {
        return failed_or_false(w, n->args[i]);
    }
    sql_lit(w->q, "(");
    if (fxs_can_fail(n->args[i])) {
        if (fxs_failed(w, n->args[i]) != 0) {
            return -1;
        }
        sql_lit(w->q, " OR ");
    }
    sql_lit(w->q, "CASE WHEN ");
    if (fxs_emit(w, n->args[i], W_TRUTH) != 0) {
        return -1;
    }
    sql_lit(w->q, " THEN ");
    if (failed_or_false(w, n->args[i + 1]) != 0) {
        return -1;
    }
    sql_lit(w->q, " ELSE ");
    int rc = failed_if(w, n, i + 2);
    sql_lit(w->q, " END)");
    return rc;
}

/* SWITCH: the value, then cases in turn. */
static int failed_switch(struct writer *w, const struct node *n, uint32_t i)
{
    if (i >= n->nargs) {
        sql_lit(w->q, "FALSE");
        return 0;
    }
    if (i + 1 == n->nargs) {
        return failed_or_false(w, n->args[i]);
    }
    sql_lit(w->q, "(");
    if (fxs_can_fail(n->args[i])) {
        if (fxs_failed(w, n->args[i]) != 0) {
            return -1;
        }
        sql_lit(w->q, " OR ");
    }
    sql_lit(w->q, "CASE WHEN ");
    if (fxs_equal(w, n->args[0], n->args[i]) != 0) {
        return -1;
    }
    sql_lit(w->q, " THEN ");
    if (failed_or_false(w, n->args[i + 1]) != 0) {
        return -1;
    }
    sql_lit(w->q, " ELSE ");
    int rc = failed_switch(w, n, i + 2);
    sql_lit(w->q, " END)");
    return rc;
}

/* AND, OR, COALESCE: an argument counts when the ones before did not decide. */
static int failed_chain(struct writer *w, const struct node *n, uint32_t i, enum op op)
{
    bool last = i + 1 == n->nargs;
    if (last) {
        return failed_or_false(w, n->args[i]);
    }
    sql_lit(w->q, "(");
    if (failed_or_false(w, n->args[i]) != 0) {
        return -1;
    }
    sql_lit(w->q, " OR (");
    if (op == OP_OR) {
        sql_lit(w->q, "NOT ");
    }
    if (fxs_emit(w, n->args[i], op == OP_NONE ? W_VALUE : W_COND) != 0) {
        return -1;
    }
    if (op == OP_NONE) {
        sql_lit(w->q, " IS NULL");
    }
    sql_lit(w->q, " AND ");
    int rc = failed_chain(w, n, i + 1, op);
    sql_lit(w->q, "))");
    return rc;
}

static int failed_lazy(struct writer *w, const struct node *n)
{
    struct str name = str_of(n->fn->name);
    if (str_eqz(name, "IF") || str_eqz(name, "IFS")) {
        return failed_if(w, n, 0);
    }
    if (str_eqz(name, "AND") || str_eqz(name, "OR")) {
        return failed_chain(w, n, 0, str_eqz(name, "AND") ? OP_AND : OP_OR);
    }
    if (str_eqz(name, "COALESCE") || str_eqz(name, "IFBLANK")) {
        return failed_chain(w, n, 0, OP_NONE);
    }
    if (str_eqz(name, "SWITCH")) {
        sql_lit(w->q, "(");
        if (failed_or_false(w, n->args[0]) != 0) {
            return -1;
        }
        sql_lit(w->q, " OR ");
        int rc = failed_switch(w, n, 1);
        sql_lit(w->q, ")");
        return rc;
    }
    if (str_eqz(name, "IFERROR")) {
        sql_lit(w->q, "(");
        if (failed_or_false(w, n->args[0]) != 0) {
            return -1;
        }
        sql_lit(w->q, " AND ");
        int rc = failed_or_false(w, n->args[1]);
        sql_lit(w->q, ")");
        return rc;
    }
    bool some = false;
    sql_lit(w->q, "(");
    int rc = failed_args(w, n, &some);
    if (!some) {
        sql_lit(w->q, "FALSE");
    }
    sql_lit(w->q, ")");
    return rc;
}

int fxs_failed(struct writer *w, const struct node *n)
{
    bool some = false;
    if (n->kind == N_CALL && (n->fn->flags & FN_LAZY)) {
        return failed_lazy(w, n);
    }
    if (n->kind == N_OP && (n->op == OP_AND || n->op == OP_OR)) {
        return failed_chain(w, n, 0, (enum op)n->op);
    }
    sql_lit(w->q, "(");
    if (failed_args(w, n, &some) != 0) {
        return -1;
    }
    if (n->kind == N_CALL && fxs_can_fail(n)) {
        or_else(w, &some);
        if ((w->pg ? fxs_pg_failed(w, n) : fxs_call_c(w, n, STR("fx_err"), str_of(n->fn->name))) !=
            0) {
            return -1;
        }
    } else if (n->kind == N_OP && op_can_fail(n) && w->pg && n->type.base == FX_NUM) {
        or_else(w, &some); /* arithmetic on numbers is NULL only when it failed */
        if (fxs_emit(w, n, W_VALUE) != 0) {
            return -1;
        }
        sql_lit(w->q, " IS NULL");
    } else if (n->kind == N_OP && op_can_fail(n)) {
        or_else(w, &some);
        if ((w->pg ? fxs_pg_failed(w, n)
                   : fxs_call_c(w, n, STR("fx_err"), str_of(fx_op_name((enum op)n->op)))) != 0) {
            return -1;
        }
    }
    sql_lit(w->q, ")");
    return 0;
}
