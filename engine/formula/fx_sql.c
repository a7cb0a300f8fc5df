/*
 * The SQL writer: values, arithmetic, logic, functions. Comparisons are in fx_sql_compare.c, calls
 * in fx_sql_call.c, the C functions lent to SQLite in fx_sqlfn.c.
 *
 * What does not depend on the record is evaluated here and bound, so USER(), TODAY() - 7 and the
 * like are plain parameters. Functions without SQL of their own run as C inside SQLite: fx(…).
 */
#include "engine/formula/fx_sql.h"

#include "engine/formula/fx_sql_int.h"
#include "engine/value/num.h"

static const double pow10_of[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

int fxs_no_sql(struct writer *w, const struct node *n, const char *what)
{
    err_set(w->err, ERR_INVALID, "no_sql", "“%s”不能在数据库里计算。", "“%s” has no SQL form.",
            what);
    err_source(w->err, STR_NONE, fx_pos(w->fx->text, w->fx->at, n->pos));
    return -1;
}

/* ---- constants ---- */

bool fxs_constant(const struct node *n)
{
    return !(n->flags & (NF_ROW | NF_AGG));
}

struct host {
    const struct fx_sql_env *sql;
};

static int host_context(struct fx_env *env, enum fx_context what, struct val arg, struct val *out)
{
    const struct host *h = env->self;
    return h->sql->context(h->sql->self, what, arg, out, env->err);
}

struct val fxs_value(struct writer *w, const struct node *n)
{
    struct host h = {w->env};
    struct fx_env env = {.a = w->a,
                         .self = &h,
                         .context = w->env->context != NULL ? host_context : NULL,
                         .vars = w->env->vars,
                         .now_us = w->env->now_us,
                         .zone = w->env->zone,
                         .calendar = w->env->calendar,
                         .err = w->err};
    struct run r = {.env = &env, .fx = w->fx};
    struct val v = n->eval(&r, n);
    if (env.failed && w->err->code == ERR_NONE) {
        err_set(w->err, ERR_INTERNAL, "context", "无法确定当前用户的信息。",
                "The context is not known.");
    }
    return env.failed || env.limit || fx_blank(v) ? VAL_NONE : v;
}

void fxs_bind(struct writer *w, struct val v)
{
    if (v.kind == VAL_DEC) {
        v = val_num(fx_to_num(v));
    }
    if (v.kind == VAL_BLANK || v.kind == VAL_ABSENT) {
        sql_lit(w->q, "NULL");
        return;
    }
    if (v.kind == VAL_REF) {
        v = val_dec(v.ref->id, 0);
    }
    sql_bind(w->q, v);
    if (w->pg) {
        if (v.kind == VAL_NUM) {
            sql_lit(w->q, "::float8");
        } else if (v.kind == VAL_TEXT) {
            sql_lit(w->q, "::text");
        } else {
            sql_lit(w->q, "::bigint");
        }
    }
}

static void blank_of(struct writer *w, struct fx_type t)
{
    if (t.base == FX_NUM) {
        sql_lit(w->q, "NULL::float8");
    } else if (t.base == FX_TEXT) {
        sql_lit(w->q, "NULL::text");
    } else if (t.base == FX_BLANK) {
        sql_lit(w->q, "NULL");
    } else {
        sql_lit(w->q, "NULL::bigint");
    }
}

static int emit_constant(struct writer *w, const struct node *n, enum want want)
{
    struct val v = fxs_value(w, n);
    if (w->err->code != ERR_NONE) {
        return -1;
    }
    if (want == W_COND || want == W_TRUTH) {
        if (fx_to_bool(v)) {
            sql_lit(w->q, "TRUE");
        } else {
            sql_lit(w->q, "FALSE");
        }
    } else if (v.kind == VAL_BOOL) {
        sql_int(w->q, v.b);
    } else if (fx_blank(v) && want == W_NUM) {
        sql_lit(w->q, "0.0");
    } else if (fx_blank(v) && want == W_STR) {
        sql_lit(w->q, "''");
    } else if (want == W_NUM) {
        fxs_bind(w, val_num(fx_to_num(v)));
    } else if (fx_blank(v) && w->pg) { /* a NULL alone would be a text there */
        blank_of(w, n->type);
    } else {
        fxs_bind(w, v);
    }
    return 0;
}

/* ---- adapting ---- */

bool fxs_known(const struct node *n)
{
    if (n->kind == N_CONST) {
        return !fx_blank(n->k);
    }
    if (n->kind == N_OP && n->type.base == FX_NUM) {
        enum op op = (enum op)n->op;
        bool plain = n->args[0]->type.base == FX_NUM || n->args[0]->type.base == FX_BLANK;
        bool steady = op == OP_ADD || op == OP_SUB || op == OP_MUL || op == OP_NEG || op == OP_PCT;
        return steady && plain && fxs_most(n) < 1e300;
    }
    return (n->flags & NF_KNOWN) && !(n->kind == N_CALL && (n->flags & NF_AGG));
}

/* Opens what turns a value that may be NULL into `want`. */
static void open_value(struct writer *w, enum want want, bool known)
{
    if (!known && (want == W_NUM || want == W_STR)) {
        sql_lit(w->q, "COALESCE(");
    }
}

static void close_value(struct writer *w, enum want want, bool known)
{
    if (known) {
        return;
    }
    if (want == W_NUM) {
        sql_lit(w->q, ", 0.0)");
    } else if (want == W_STR) {
        sql_lit(w->q, ", '')");
    }
}

/* A condition is at hand: `known` says that it is never NULL. */
void fxs_open_bool(struct writer *w, enum want want, bool known)
{
    if (want == W_TRUTH) {
        return;
    }
    if (want == W_VALUE && w->pg) {
        sql_lit(w->q, "CASE WHEN ");
    } else if (!known) {
        sql_lit(w->q, "COALESCE(");
    }
}

void fxs_close_bool(struct writer *w, enum want want, bool known)
{
    if (want == W_TRUTH) {
        return;
    }
    if (want == W_VALUE && w->pg) {
        sql_lit(w->q, " THEN 1 ELSE 0 END");
    } else if (!known) {
        sql_lit(w->q, ", FALSE)");
    }
}

/* ---- columns and stored rows ---- */

uint8_t fxs_scale(const struct node *n)
{
    if (n->kind == N_REF && n->ref->root != FX_VAR) {
        return n->type.has_scale ? n->type.scale : 0;
    }
    if (n->kind == N_STORED && n->call->value != NULL && n->call->fn != FX_AVGOF) {
        return fxs_scale(n->call->value->root);
    }
    return 0;
}

int fxs_raw(struct writer *w, const struct node *n)
{
    if (n->kind == N_STORED) {
        if (w->env->stored == NULL) {
            return fxs_no_sql(w, n, "LOOKUP");
        }
        return w->env->stored(w->env->self, w->q, n->call, w->err);
    }
    return w->env->column(w->env->self, w->q, n->ref, w->err);
}

/* The value of a number column as a double. */
static int number_column(struct writer *w, const struct node *n)
{
    uint8_t scale = fxs_scale(n);
    if (scale > 0) {
        sql_lit(w->q, "(");
    } else {
        sql_lit(w->q, "CAST(");
    }
    if (fxs_raw(w, n) != 0) {
        return -1;
    }
    if (scale == 0 && w->pg) {
        sql_lit(w->q, " AS float8)");
    } else if (scale == 0) {
        sql_lit(w->q, " AS REAL)");
    } else {
        sql_lit(w->q, " / ");
        sql_int(w->q, (int64_t)pow10_of[scale]);
        if (w->pg) {
            sql_lit(w->q, "::float8)");
        } else {
            sql_lit(w->q, ".0)");
        }
    }
    return 0;
}

static int bool_column(struct writer *w, const struct node *n, enum want want)
{
    bool is = want == W_COND && !w->pg;
    fxs_open_bool(w, want, is);
    sql_lit(w->q, "(");
    if (fxs_raw(w, n) != 0) {
        return -1;
    }
    if (is) {
        sql_lit(w->q, " IS 1)");
    } else {
        sql_lit(w->q, " = 1)");
    }
    fxs_close_bool(w, want, is);
    return 0;
}

static int emit_column(struct writer *w, const struct node *n, enum want want)
{
    if (n->type.base == FX_BOOL && (want == W_COND || want == W_TRUTH)) {
        return bool_column(w, n, want);
    }
    if (want == W_STR && n->type.base != FX_TEXT && n->type.base != FX_BLANK) {
        return fxs_no_sql(w, n, "&");
    }
    open_value(w, want, false);
    int rc = n->type.base == FX_NUM ? number_column(w, n) : fxs_raw(w, n);
    close_value(w, want, false);
    return rc;
}

/* ---- magnitude ---- */

#define ENDLESS (1e308 * 10)

double fxs_most(const struct node *n)
{
    if (n->kind == N_CONST) {
        double x = fx_to_num(n->k);
        return x < 0 ? -x : x;
    }
    if (n->kind == N_REF) {
        return n->type.has_scale ? 1e16 : ENDLESS;
    }
    if (n->kind != N_OP) {
        return ENDLESS;
    }
    double x = fxs_most(n->args[0]);
    switch (n->op) {
    case OP_ADD:
    case OP_SUB: return x + fxs_most(n->args[1]);
    case OP_MUL: return x * fxs_most(n->args[1]);
    case OP_DIV: return fxs_least(n->args[1]) > 0 ? x / fxs_least(n->args[1]) : ENDLESS;
    case OP_NEG:
    case OP_PCT: return x;
    case OP_NONE:
    case OP_OR:
    case OP_AND:
    case OP_NOT:
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_IN:
    case OP_CONTAINS:
    case OP_CAT:
    case OP_POW: break;
    }
    return ENDLESS;
}

double fxs_least(const struct node *n)
{
    if (n->kind == N_CONST) {
        return fxs_most(n);
    }
    return n->kind == N_REF && n->type.has_scale ? 1 / pow10_of[n->type.scale] : 0;
}

/* ---- arithmetic ---- */

struct arith_row {
    struct str sql;   /* between the operands */
    struct str pg_fn; /* PostgreSQL raises at overflow: a function of ours that gives NULL */
};

static const struct arith_row ariths[] = {[OP_ADD] = {{" + ", 3}, {"fx_add(", 7}},
                                          [OP_SUB] = {{" - ", 3}, {"fx_sub(", 7}},
                                          [OP_MUL] = {{" * ", 3}, {"fx_mul(", 7}},
                                          [OP_DIV] = {{" / ", 3}, {"fx_div(", 7}},
                                          [OP_POW] = {{"", 0}, {"fx_pow(", 7}}};

/* The operands; a divisor that may be 0 becomes NULL there. */
static int operands(struct writer *w, const struct node *n, struct str between)
{
    const struct node *y = n->args[1];
    bool guard = n->op == OP_DIV && !(y->kind == N_CONST && fx_to_num(y->k) != 0);
    if (fxs_emit(w, n->args[0], W_NUM) != 0) {
        return -1;
    }
    sql_lit_(w->q, between);
    if (guard) {
        sql_lit(w->q, "NULLIF(");
    }
    if (fxs_emit(w, y, W_NUM) != 0) {
        return -1;
    }
    if (guard) {
        sql_lit(w->q, ", 0.0)");
    }
    return 0;
}

static int emit_arith(struct writer *w, const struct node *n)
{
    const struct arith_row *row = &ariths[n->op];
    bool endless = !(fxs_most(n) < 1e300);
    int rc;
    if (endless && w->pg) {
        sql_lit_(w->q, row->pg_fn);
        rc = operands(w, n, STR(", "));
        sql_lit(w->q, ")");
        return rc;
    }
    if (n->op == OP_POW) {
        return fxs_call_c(w, n, STR("fx"), STR("^"));
    }
    if (endless) {
        sql_lit(w->q, "NULLIF(NULLIF(");
    }
    sql_lit(w->q, "(");
    rc = operands(w, n, row->sql);
    sql_lit(w->q, ")");
    if (endless) {
        sql_lit(w->q, ", 9e999), -9e999)");
    }
    return rc;
}

static int emit_sign(struct writer *w, const struct node *n)
{
    sql_lit(w->q, "(");
    if (n->op == OP_NEG) {
        sql_lit(w->q, "-");
    }
    int rc = fxs_emit(w, n->args[0], W_NUM);
    if (n->op == OP_PCT) {
        sql_lit(w->q, " / 100.0");
    }
    sql_lit(w->q, ")");
    return rc;
}

static bool is_day(const struct node *n)
{
    return n->type.base == FX_DATE || n->type.base == FX_DATETIME;
}

/* date - date, datetime - datetime: NULL where one is. */
static int emit_between(struct writer *w, const struct node *n)
{
    if (n->args[0]->type.base != n->args[1]->type.base) { /* a date and a datetime */
        return fxs_call_c(w, n, STR("fx"), STR("-"));
    }
    sql_lit(w->q, "((");
    if (fxs_emit(w, n->args[0], W_VALUE) != 0) {
        return -1;
    }
    sql_lit(w->q, " - ");
    if (fxs_emit(w, n->args[1], W_VALUE) != 0) {
        return -1;
    }
    if (n->args[0]->type.base == FX_DATE) {
        sql_lit(w->q, ") * 1.0)");
    } else {
        sql_lit(w->q, ") / 86400000000.0)");
    }
    return 0;
}

static int emit_math(struct writer *w, const struct node *n, enum want want)
{
    bool known = fxs_known(n);
    int rc;
    open_value(w, want, known);
    if (is_day(n)) {
        rc = fxs_call_c(w, n, STR("fx"), str_of(fx_op_name((enum op)n->op)));
    } else if (n->nargs == 2 && is_day(n->args[0])) {
        rc = emit_between(w, n);
    } else if (n->nargs == 1) {
        rc = emit_sign(w, n);
    } else {
        rc = emit_arith(w, n);
    }
    close_value(w, want, known);
    return rc;
}

/* ---- logic ---- */

static int emit_logic(struct writer *w, const struct node *n, enum want want)
{
    enum want inner = want == W_TRUTH ? W_TRUTH : W_COND;
    fxs_open_bool(w, want, true);
    sql_lit(w->q, "(");
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (i > 0 && n->op == OP_AND) {
            sql_lit(w->q, " AND ");
        } else if (i > 0) {
            sql_lit(w->q, " OR ");
        }
        if (fxs_emit(w, n->args[i], inner) != 0) {
            return -1;
        }
    }
    sql_lit(w->q, ")");
    fxs_close_bool(w, want, true);
    return 0;
}

static int emit_not(struct writer *w, const struct node *n, enum want want)
{
    fxs_open_bool(w, want, true);
    sql_lit(w->q, "(NOT ");
    int rc = fxs_emit(w, n->args[0], W_COND);
    sql_lit(w->q, ")");
    fxs_close_bool(w, want, true);
    return rc;
}

/* ---- joining texts ---- */

static int emit_cat(struct writer *w, const struct node *n, enum want want)
{
    if (want != W_STR) {
        sql_lit(w->q, "NULLIF(");
    }
    sql_lit(w->q, "(");
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct node *x = n->args[i];
        struct node one = *n;
        if (i > 0) {
            sql_lit(w->q, " || ");
        }
        one.args = &n->args[i];
        one.nargs = 1;
        if (x->type.base == FX_TEXT || x->type.base == FX_BLANK) {
            if (fxs_emit(w, x, W_STR) != 0) {
                return -1;
            }
            continue;
        }
        sql_lit(w->q, "COALESCE(");
        if (fxs_call_c(w, &one, STR("fx"), STR("&")) != 0) {
            return -1;
        }
        sql_lit(w->q, ", '')");
    }
    sql_lit(w->q, ")");
    if (want != W_STR) {
        sql_lit(w->q, ", '')");
    }
    return 0;
}

static int emit_op(struct writer *w, const struct node *n, enum want want)
{
    switch (n->op) {
    case OP_OR:
    case OP_AND: return emit_logic(w, n, want);
    case OP_NOT: return emit_not(w, n, want);
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return fxs_compare(w, n, want);
    case OP_IN:
    case OP_CONTAINS: return fxs_in(w, n, want);
    case OP_CAT: return emit_cat(w, n, want);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_NEG:
    case OP_PCT:
    case OP_POW:
    case OP_NONE: break;
    }
    return emit_math(w, n, want);
}

int fxs_emit(struct writer *w, const struct node *n, enum want want)
{
    if (n->type.list) {
        return fxs_list(w, n);
    }
    if (n->type.base == FX_BLANK) { /* whatever it is made of */
        struct node blank = {.kind = N_CONST, .eval = fx_eval_const};
        return emit_constant(w, &blank, want);
    }
    if (fxs_constant(n)) {
        return emit_constant(w, n, want);
    }
    switch ((enum node_kind)n->kind) {
    case N_REF:
    case N_STORED: return emit_column(w, n, want);
    case N_OP: return emit_op(w, n, want);
    case N_CALL: return fxs_call(w, n, want);
    case N_CONST:
    case N_NAME:
    case N_LIST: break;
    }
    return fxs_no_sql(w, n, "?");
}

/* ---- public ---- */

static struct writer writer_of(const struct fx *fx, struct sql *q, const struct fx_sql_env *env,
                               struct err *err)
{
    err->code = ERR_NONE;
    return (struct writer){
        .q = q, .env = env, .fx = fx, .err = err, .a = q->text.a, .pg = q->dialect == SQL_PGSQL};
}

int fx_sql_cond(const struct fx *fx, struct sql *q, const struct fx_sql_env *env, struct err *err)
{
    struct writer w = writer_of(fx, q, env, err);
    return fxs_emit(&w, fx->root, W_TRUTH);
}

int fx_sql_value(const struct fx *fx, struct sql *q, const struct fx_sql_env *env, uint8_t *scale,
                 struct err *err)
{
    struct writer w = writer_of(fx, q, env, err);
    const struct node *n = fx->root;
    if (n->type.list && w.pg && !(scale != NULL && fxs_is_rows(n))) {
        return fxs_pg_packed(&w, n);
    }
    uint8_t s = n->type.list || n->type.base != FX_NUM ? 0 : fxs_scale(n);
    if (scale != NULL) {
        *scale = s;
        if (s > 0) {
            return fxs_raw(&w, n);
        }
    }
    return fxs_emit(&w, n, W_VALUE);
}
