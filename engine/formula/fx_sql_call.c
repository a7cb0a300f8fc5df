/*
 * Functions in SQL: a few have a shape of their own (a row and a small function each), some a
 * template in the function table, metrics are aggregates, and the rest run as C inside SQLite.
 */
#include "engine/formula/fx_sql_int.h"

/* ---- C functions lent to SQLite ---- */

char fxs_letter(struct fx_type t)
{
    static const char small[] = {
        [FX_BLANK] = 'x',  [FX_BOOL] = 'b',     [FX_NUM] = 'n',  [FX_TEXT] = 't',
        [FX_DATE] = 'd',   [FX_DATETIME] = 'i', [FX_TIME] = 'm', [FX_LINK] = 'r',
        [FX_MEMBER] = 'r', [FX_DEPT] = 'r',     [FX_ROWS] = 'x', [FX_JSON] = 'x'};
    char c = small[t.base];
    return t.list ? (char)(c - 32) : c;
}

static bool needs_env(const struct node *n)
{
    if (n->flags & NF_ENV) {
        return true;
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (n->args[i]->type.base == FX_DATETIME) {
            return true;
        }
    }
    return false;
}

/* An argument as fx() takes it. */
static int c_arg(struct writer *w, const struct node *x)
{
    if (x->type.list) {
        return fxs_list(w, x);
    }
    return fxs_emit(w, x, W_VALUE);
}

/* fn('NAME', 'types', [zone,] arguments) */
static int call_text(struct writer *w, const struct node *n, struct str fn, struct str name,
                     const struct zone *zone)
{
    struct strb types;
    strb_init(&types, w->a);
    for (uint32_t i = 0; i < n->nargs; i++) {
        strb_addc(&types, fxs_letter(n->args[i]->type));
    }
    sql_lit_(w->q, fn);
    sql_lit(w->q, "('");
    sql_lit_(w->q, name);
    sql_lit(w->q, "', '");
    if (zone != NULL) {
        sql_lit(w->q, "@");
    }
    sql_lit_(w->q, strb_str(&types));
    sql_lit(w->q, "'");
    if (zone != NULL) {
        sql_lit(w->q, ", ");
        sql_bind_str(w->q, fxs_zone_text(w->a, zone, w->env->calendar));
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        sql_lit(w->q, ", ");
        if (c_arg(w, n->args[i]) != 0) {
            return -1;
        }
    }
    sql_lit(w->q, ")");
    return 0;
}

/*
 * A part of a datetime column: since the zone's last change its offset is all that counts, and a
 * zone of one offset is read in no time. (MONTH(at) over 100,000 rows: 0.08 s, not 0.29 s.)
 */
static bool is_part(const struct node *n, const struct zone *zone)
{
    return n->nargs == 1 && n->args[0]->kind == N_REF && n->args[0]->type.base == FX_DATETIME &&
           !n->args[0]->type.list && n->type.base != FX_DATETIME && zone->n > 1;
}

static int part_call(struct writer *w, const struct node *n, struct str fn, struct str name,
                     const struct zone *zone)
{
    static const int64_t always[] = {INT64_MIN};
    const struct zone last = {.n = 1, .at_us = always, .offset_s = &zone->offset_s[zone->n - 1]};
    sql_lit(w->q, "(CASE WHEN ");
    if (fxs_raw(w, n->args[0]) != 0) {
        return -1;
    }
    sql_lit(w->q, " >= ");
    sql_bind_int(w->q, zone->at_us[zone->n - 1]);
    sql_lit(w->q, " THEN ");
    if (call_text(w, n, fn, name, &last) != 0) {
        return -1;
    }
    sql_lit(w->q, " ELSE ");
    int rc = call_text(w, n, fn, name, zone);
    sql_lit(w->q, " END)");
    return rc;
}

int fxs_call_c(struct writer *w, const struct node *n, struct str fn, struct str name)
{
    const struct zone *zone = w->env->zone != NULL ? w->env->zone : &zone_utc;
    if (w->pg) {
        return fxs_pg_call(w, n, name);
    }
    if (!needs_env(n)) {
        return call_text(w, n, fn, name, NULL);
    }
    return is_part(n, zone) ? part_call(w, n, fn, name, zone) : call_text(w, n, fn, name, zone);
}

/* ---- lists ---- */

bool fxs_is_rows(const struct node *n)
{
    bool many = n->type.list || n->type.base == FX_ROWS;
    return many && ((n->kind == N_REF && n->ref->root != FX_VAR) || n->kind == N_STORED);
}

int fxs_rows(struct writer *w, const struct node *n)
{
    return fxs_raw(w, n);
}

int fxs_list(struct writer *w, const struct node *n)
{
    if (w->pg) {
        return fxs_pg_list(w, n);
    }
    if (fxs_constant(n)) {
        struct val v = fxs_value(w, n);
        if (w->err->code != ERR_NONE) {
            return -1;
        }
        sql_bind_str(w->q, fxs_pack(w->a, v));
        return 0;
    }
    if (n->kind == N_LIST) {
        return fxs_call_c(w, n, STR("fx"), STR("[]"));
    }
    if (!fxs_is_rows(n)) {
        return fxs_call(w, n, W_VALUE);
    }
    struct fx_type item = n->type;
    item.list = false;
    char letter = fxs_letter(item);
    sql_lit(w->q, "(SELECT fx_pack('");
    sql_lit_(w->q, (struct str){&letter, 1});
    sql_lit(w->q, "', ");
    sql_int(w->q, fxs_scale(n));
    sql_lit(w->q, ", v) FROM (");
    if (fxs_rows(w, n) != 0) {
        return -1;
    }
    sql_lit(w->q, ") AS r)");
    return 0;
}

/* ---- functions with a shape of their own ---- */

/* What branches are written as: conditions stay conditions. */
static enum want branch_want(struct writer *w, const struct node *n, enum want want)
{
    if (n->type.base == FX_BOOL && w->pg && want != W_VALUE) {
        return W_COND;
    }
    return want == W_TRUTH || want == W_COND ? W_VALUE : want;
}

/* CASE gives a boolean as 1, 0 or NULL (a condition on PostgreSQL). */
static void open_case(struct writer *w, const struct node *n, enum want want)
{
    if (n->type.base == FX_BOOL && (want == W_COND || want == W_TRUTH)) {
        fxs_open_bool(w, want, false);
    }
    sql_lit(w->q, "(CASE");
}

static void close_case(struct writer *w, const struct node *n, enum want want)
{
    if (want == W_NUM) {
        sql_lit(w->q, " ELSE 0.0");
    } else if (want == W_STR) {
        sql_lit(w->q, " ELSE ''");
    }
    sql_lit(w->q, " END)");
    if (n->type.base == FX_BOOL && (want == W_COND || want == W_TRUTH)) {
        fxs_close_bool(w, want, false);
    }
}

static int when(struct writer *w, const struct node *cond, const struct node *then, enum want want)
{
    sql_lit(w->q, " WHEN ");
    if (fxs_emit(w, cond, W_TRUTH) != 0) {
        return -1;
    }
    sql_lit(w->q, " THEN ");
    return fxs_emit(w, then, want);
}

/* ELSE x END, or the plain end. */
static int otherwise(struct writer *w, const struct node *n, const struct node *x, enum want want)
{
    if (x == NULL) {
        close_case(w, n, want);
        return 0;
    }
    sql_lit(w->q, " ELSE ");
    int rc = fxs_emit(w, x, branch_want(w, n, want));
    close_case(w, n, want == W_COND || want == W_TRUTH ? want : W_VALUE);
    return rc;
}

static int sql_if(struct writer *w, const struct node *n, enum want want)
{
    open_case(w, n, want);
    if (when(w, n->args[0], n->args[1], branch_want(w, n, want)) != 0) {
        return -1;
    }
    return otherwise(w, n, n->nargs > 2 ? n->args[2] : NULL, want);
}

static int sql_ifs(struct writer *w, const struct node *n, enum want want)
{
    open_case(w, n, want);
    for (uint32_t i = 0; i + 1 < n->nargs; i += 2) {
        if (when(w, n->args[i], n->args[i + 1], branch_want(w, n, want)) != 0) {
            return -1;
        }
    }
    return otherwise(w, n, NULL, want);
}

static int sql_switch(struct writer *w, const struct node *n, enum want want)
{
    uint32_t i = 1;
    open_case(w, n, want);
    for (; i + 1 < n->nargs; i += 2) {
        sql_lit(w->q, " WHEN ");
        if (fxs_equal(w, n->args[0], n->args[i]) != 0) {
            return -1;
        }
        sql_lit(w->q, " THEN ");
        if (fxs_emit(w, n->args[i + 1], branch_want(w, n, want)) != 0) {
            return -1;
        }
    }
    return otherwise(w, n, i < n->nargs ? n->args[i] : NULL, want);
}

static int sql_coalesce(struct writer *w, const struct node *n, enum want want)
{
    bool cond = n->type.base == FX_BOOL && (want == W_COND || want == W_TRUTH);
    if (cond) {
        fxs_open_bool(w, want, false);
        sql_lit(w->q, "(");
    }
    sql_lit(w->q, "COALESCE(");
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (i > 0) {
            sql_lit(w->q, ", ");
        }
        if (fxs_emit(w, n->args[i], W_VALUE) != 0) {
            return -1;
        }
    }
    if (n->nargs == 1) {
        sql_lit(w->q, ", NULL");
    }
    if (want == W_NUM) {
        sql_lit(w->q, ", 0.0");
    } else if (want == W_STR) {
        sql_lit(w->q, ", ''");
    }
    sql_lit(w->q, ")");
    if (cond) {
        sql_lit(w->q, " = 1)");
        fxs_close_bool(w, want, false);
    }
    return 0;
}

static int sql_isblank(struct writer *w, const struct node *n, enum want want)
{
    struct node blank = {.kind = N_CONST, .eval = fx_eval_const, .num = fx_num_any};
    struct node *args[2] = {n->args[0], &blank};
    struct node eq = {
        .kind = N_OP, .op = OP_EQ, .nargs = 2, .args = args, .flags = NF_ROW | NF_KNOWN};
    eq.type.base = FX_BOOL;
    return fxs_compare(w, &eq, want);
}

static int sql_iferror(struct writer *w, const struct node *n, enum want want)
{
    if (!fxs_can_fail(n->args[0])) {
        return fxs_emit(w, n->args[0], want);
    }
    open_case(w, n, want);
    sql_lit(w->q, " WHEN ");
    if (fxs_failed(w, n->args[0]) != 0) {
        return -1;
    }
    sql_lit(w->q, " THEN ");
    if (fxs_emit(w, n->args[1], branch_want(w, n, want)) != 0) {
        return -1;
    }
    return otherwise(w, n, n->args[0], want);
}

static int sql_logic(struct writer *w, const struct node *n, enum want want)
{
    struct node op = *n;
    op.kind = N_OP;
    op.op = str_eqz(str_of(n->fn->name), "AND")  ? OP_AND
            : str_eqz(str_of(n->fn->name), "OR") ? OP_OR
                                                 : OP_NOT;
    return fxs_emit(w, &op, want);
}

static int sql_xor(struct writer *w, const struct node *n, enum want want)
{
    fxs_open_bool(w, want, true);
    for (uint32_t i = 1; i < n->nargs; i++) {
        sql_lit(w->q, "(");
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (i > 0) {
            sql_lit(w->q, " <> ");
        }
        if (fxs_emit(w, n->args[i], W_COND) != 0) {
            return -1;
        }
        if (i > 0) {
            sql_lit(w->q, ")");
        }
    }
    fxs_close_bool(w, want, true);
    return 0;
}

/* Divides by 10^scale, closing what was opened with "(". */
static void unscale(struct writer *w, uint8_t scale)
{
    if (scale > 0) {
        sql_lit(w->q, " / 1");
        for (unsigned i = 0; i < scale; i++) {
            sql_lit(w->q, "0");
        }
        sql_lit(w->q, ".0");
    }
}

/*
 * SUM, COUNT, MIN, MAX, AVERAGE of one stored list: a sub-select. Doubles go through C, so that the
 * sum is the compensated one.
 */
static int sql_over_rows(struct writer *w, const struct node *n, enum want want)
{
    const struct node *x = n->args[0];
    struct str name = str_of(n->fn->name);
    bool sum = str_eqz(name, "SUM");
    bool count = str_starts(name, STR("COUNT"));
    uint8_t scale = fxs_scale(x);
    if (n->nargs != 1 || !fxs_is_rows(x) || !(count || scale > 0)) {
        if (want == W_NUM || want == W_STR) {
            sql_lit(w->q, "COALESCE(");
        }
        int rc = fxs_call_c(w, n, STR("fx"), name);
        if (want == W_NUM) {
            sql_lit(w->q, ", 0.0)");
        } else if (want == W_STR) {
            sql_lit(w->q, ", '')");
        }
        return rc;
    }
    if (want == W_NUM) {
        sql_lit(w->q, "COALESCE(");
    }
    sql_lit(w->q, "(SELECT ");
    if (sum) {
        sql_lit(w->q, "COALESCE(SUM(v), 0)");
    } else if (count && str_eqz(name, "COUNTD")) {
        sql_lit(w->q, "COUNT(DISTINCT v) * 1.0");
    } else if (count) {
        sql_lit(w->q, "COUNT(v) * 1.0");
    } else if (str_eqz(name, "MIN")) {
        sql_lit(w->q, "MIN(v)");
    } else if (str_eqz(name, "MAX")) {
        sql_lit(w->q, "MAX(v)");
    } else {
        sql_lit(w->q, "SUM(v)");
    }
    if (!count) {
        unscale(w, scale);
    }
    if (str_eqz(name, "AVERAGE")) {
        sql_lit(w->q, " / NULLIF(COUNT(v), 0)");
    }
    sql_lit(w->q, " FROM (");
    int rc = fxs_rows(w, x);
    sql_lit(w->q, ") AS r)");
    if (want == W_NUM) {
        sql_lit(w->q, ", 0.0)");
    }
    return rc;
}

typedef int shape_fn(struct writer *w, const struct node *n, enum want want);

struct shape {
    const char *name;
    shape_fn *emit;
};

static const struct shape shapes[] = {{"IF", sql_if},
                                      {"IFS", sql_ifs},
                                      {"SWITCH", sql_switch},
                                      {"COALESCE", sql_coalesce},
                                      {"IFBLANK", sql_coalesce},
                                      {"IFERROR", sql_iferror},
                                      {"ISBLANK", sql_isblank},
                                      {"AND", sql_logic},
                                      {"OR", sql_logic},
                                      {"NOT", sql_logic},
                                      {"XOR", sql_xor},
                                      {"SUM", sql_over_rows},
                                      {"COUNT", sql_over_rows},
                                      {"COUNTA", sql_over_rows},
                                      {"COUNTD", sql_over_rows},
                                      {"MIN", sql_over_rows},
                                      {"MAX", sql_over_rows},
                                      {"AVERAGE", sql_over_rows}};

/* ---- metrics ---- */

/* The argument of a metric as stored when it is a column: *scale is its scale. */
static int metric_arg(struct writer *w, const struct node *x, uint8_t *scale)
{
    *scale = fxs_scale(x);
    if (*scale > 0 || (x->kind == N_REF && x->type.base != FX_NUM)) {
        return fxs_raw(w, x);
    }
    return fxs_emit(w, x, W_VALUE);
}

static int metric_count(struct writer *w, const struct node *n)
{
    uint8_t scale;
    if (n->nargs == 0) {
        sql_lit(w->q, "COUNT(*)");
        return 0;
    }
    if (str_eqz(str_of(n->fn->name), "COUNTBLANK")) {
        sql_lit(w->q, "COUNT(*) - COUNT(");
    } else if (str_eqz(str_of(n->fn->name), "COUNTD")) {
        sql_lit(w->q, "COUNT(DISTINCT ");
    } else {
        sql_lit(w->q, "COUNT(");
    }
    int rc = metric_arg(w, n->args[0], &scale);
    sql_lit(w->q, ")");
    return rc;
}

/* The bare sum: an integer of the column's scale, or a compensated sum of doubles. */
static int metric_sum(struct writer *w, const struct node *x, uint8_t *scale)
{
    *scale = fxs_scale(x);
    if (*scale > 0) {
        sql_lit(w->q, "COALESCE(SUM(");
    } else if (w->pg) {
        sql_lit(w->q, "fx_sum((");
    } else {
        sql_lit(w->q, "fx_sum(");
    }
    if (metric_arg(w, x, scale) != 0) {
        return -1;
    }
    if (*scale > 0) {
        sql_lit(w->q, "), 0)");
    } else if (w->pg) {
        sql_lit(w->q, ")::float8)");
    } else {
        sql_lit(w->q, ")");
    }
    return 0;
}

static int metric_average(struct writer *w, const struct node *n)
{
    uint8_t scale;
    sql_lit(w->q, "(");
    if (metric_sum(w, n->args[0], &scale) != 0) {
        return -1;
    }
    if (w->pg && scale > 0) {
        sql_lit(w->q, "::float8"); /* a sum of integers is numeric: divide as doubles do */
    }
    unscale(w, scale);
    sql_lit(w->q, " / NULLIF(COUNT(");
    int rc = metric_arg(w, n->args[0], &scale);
    sql_lit(w->q, "), 0))");
    return rc;
}

/* MEDIAN, STDEV, PRODUCT, LARGE, SMALL: all numbers at once. */
static int metric_gathered(struct writer *w, const struct node *n)
{
    bool product = !w->pg && str_eqz(str_of(n->fn->name), "PRODUCT");
    if (w->pg) {
        static const char *const fns[][2] = {{"MEDIAN", "fx_median(array_agg(("},
                                             {"STDEV", "fx_stdev(array_agg(("},
                                             {"PRODUCT", "fx_product(array_agg(("},
                                             {"LARGE", "fx_large(array_agg(("},
                                             {"SMALL", "fx_small(array_agg(("}};
        for (size_t i = 0; i < ARRAY_LEN(fns); i++) {
            if (str_eqz(str_of(n->fn->name), fns[i][0])) {
                sql_lit_(w->q, str_of(fns[i][1]));
            }
        }
    } else {
        if (product) { /* without a row the aggregate does not know what it is */
            sql_lit(w->q, "CASE WHEN COUNT(*) = 0 THEN 0.0 ELSE ");
        }
        sql_lit(w->q, "fx_gather('");
        sql_lit_(w->q, str_of(n->fn->name));
        sql_lit(w->q, "', ");
    }
    if (fxs_emit(w, n->args[0], W_VALUE) != 0) {
        return -1;
    }
    if (w->pg) {
        sql_lit(w->q, ")::float8)");
    }
    if (n->nargs > 1) {
        sql_lit(w->q, ", ");
        if (fxs_emit(w, n->args[1], W_NUM) != 0) {
            return -1;
        }
    }
    sql_lit(w->q, ")");
    if (product) {
        sql_lit(w->q, " END");
    }
    return 0;
}

/* One aggregate; *scale as in fx_sql_metric. */
static int metric(struct writer *w, const struct node *n, uint8_t *scale)
{
    struct str name = str_of(n->fn->name);
    *scale = 0;
    if (str_starts(name, STR("COUNT"))) {
        return metric_count(w, n);
    }
    if (str_eqz(name, "AVERAGE")) {
        return metric_average(w, n);
    }
    if (str_eqz(name, "SUM")) {
        return metric_sum(w, n->args[0], scale);
    }
    if (!str_eqz(name, "MIN") && !str_eqz(name, "MAX")) {
        return metric_gathered(w, n);
    }
    if (str_eqz(name, "MIN")) {
        sql_lit(w->q, "MIN(");
    } else {
        sql_lit(w->q, "MAX(");
    }
    int rc = metric_arg(w, n->args[0], scale);
    sql_lit(w->q, ")");
    return rc;
}

static bool is_metric(const struct node *n)
{
    return n->kind == N_CALL && (n->flags & NF_AGG) && (n->fn->flags & FN_METRIC);
}

static int emit_metric(struct writer *w, const struct node *n, enum want want)
{
    uint8_t scale;
    if (want == W_NUM) {
        sql_lit(w->q, "COALESCE(");
    }
    sql_lit(w->q, "(");
    int rc = metric(w, n, &scale);
    if (n->type.base == FX_NUM && scale == 0) {
        sql_lit(w->q, " * 1.0");
    }
    unscale(w, scale);
    sql_lit(w->q, ")");
    if (want == W_NUM) {
        sql_lit(w->q, ", 0.0)");
    }
    return rc;
}

int fx_sql_metric(const struct fx *fx, struct sql *q, const struct fx_sql_env *env, uint8_t *scale,
                  struct err *err)
{
    struct writer w = {
        .q = q, .env = env, .fx = fx, .err = err, .a = q->text.a, .pg = q->dialect == SQL_PGSQL};
    uint8_t ignored;
    err->code = ERR_NONE;
    scale = scale != NULL ? scale : &ignored;
    *scale = 0;
    if (is_metric(fx->root) && scale != &ignored) {
        return metric(&w, fx->root, scale);
    }
    return fxs_emit(&w, fx->root, W_VALUE);
}

/* ---- templates ---- */

/* A date or datetime as PostgreSQL's date, in the zone. */
static int pg_date(struct writer *w, const struct node *x)
{
    const struct zone *zone = w->env->zone != NULL ? w->env->zone : &zone_utc;
    if (x->type.base != FX_DATETIME) {
        sql_lit(w->q, "(date '1970-01-01' + (");
        int rc = fxs_emit(w, x, W_VALUE);
        sql_lit(w->q, ")::int)");
        return rc;
    }
    sql_lit(w->q, "((timestamptz 'epoch' + (");
    if (fxs_emit(w, x, W_VALUE) != 0) {
        return -1;
    }
    sql_lit(w->q, ") * interval '1 microsecond') AT TIME ZONE ");
    sql_bind_str(w->q, zone->name);
    sql_lit(w->q, "::text)::date");
    return 0;
}

/* A whole number no larger than any text or calendar. */
static int pg_int(struct writer *w, const struct node *x)
{
    sql_lit(w->q, "least(greatest(trunc(");
    int rc = fxs_emit(w, x, W_NUM);
    sql_lit(w->q, "), -120000), 120000)::int");
    return rc;
}

static int template_arg(struct writer *w, const struct node *x, char mode)
{
    switch (mode) {
    case 'n': return fxs_emit(w, x, W_NUM);
    case 't': return fxs_emit(w, x, W_STR);
    case 'c': return fxs_emit(w, x, W_COND);
    case 'd': return pg_date(w, x);
    case 'i': return pg_int(w, x);
    default: return fxs_emit(w, x, W_VALUE);
    }
}

/* Whether the call has no more arguments than the template tells of. */
static bool template_fits(const struct node *n, const char *text)
{
    uint32_t most = 0;
    for (const char *p = strchr(text, '{'); p != NULL; p = strchr(p + 1, '{')) {
        most = MAX(most, (uint32_t)(p[1] - '0') + 1);
    }
    return n->nargs <= most;
}

/* {0} value, {0n} number, {0t} text, {0c} condition, {0d} local date, {0i} whole number; {1n|0}: 0
 * when it is left out. */
static int template(struct writer *w, const struct node *n, const char *text)
{
    struct str s = str_of(text);
    for (;;) {
        struct str part;
        struct str rest = str_cut(s, '{', &part);
        sql_lit_(w->q, part);
        if (part.n == s.n) {
            return 0;
        }
        s = str_cut(rest, '}', &part);
        uint32_t arg = (uint32_t)(part.p[0] - '0');
        if (arg >= n->nargs) {
            sql_lit_(w->q, str_sub(part, 3, part.n));
        } else if (template_arg(w, n->args[arg], part.n > 1 ? part.p[1] : '\0') != 0) {
            return -1;
        }
    }
}

static int plain_call(struct writer *w, const struct node *n, enum want want)
{
    const char *text = w->pg ? n->fn->pgsql : n->fn->sqlite;
    text = text != NULL && template_fits(n, text) ? text : NULL;
    bool cond = n->type.base == FX_BOOL && (want == W_COND || want == W_TRUTH);
    bool known = (n->flags & NF_KNOWN) != 0;
    bool empty = w->pg && text == NULL && n->type.base == FX_TEXT && !n->type.list;
    if (cond) {
        fxs_open_bool(w, want, known);
        sql_lit(w->q, "(");
    } else if (want == W_NUM || want == W_STR) {
        sql_lit(w->q, "COALESCE(");
    } else if (empty) {
        sql_lit(w->q, "NULLIF(");
    }
    if ((text != NULL ? template(w, n, text) : fxs_call_c(w, n, STR("fx"), str_of(n->fn->name))) !=
        0) {
        return -1;
    }
    if (cond) {
        sql_lit(w->q, " = 1)");
        fxs_close_bool(w, want, known);
    } else if (want == W_NUM) {
        sql_lit(w->q, ", 0.0)");
    } else if (want == W_STR || empty) {
        sql_lit(w->q, ", '')");
    }
    return 0;
}

int fxs_call(struct writer *w, const struct node *n, enum want want)
{
    if (is_metric(n)) {
        return emit_metric(w, n, want);
    }
    if (n->fn->flags & FN_NO_SQL) {
        return fxs_no_sql(w, n, n->fn->name);
    }
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        if (str_eqz(str_of(n->fn->name), shapes[i].name)) {
            return shapes[i].emit(w, n, want);
        }
    }
    return plain_call(w, n, want);
}
