/*
 * Calls and operators as functions of ours on PostgreSQL (fx_pg.sql). Lists are arrays there:
 * numbers float8[], texts text[], everything else bigint[]; NULL items are blanks.
 */
#include "engine/formula/fx_calendar.h"
#include "engine/formula/fx_sql_int.h"
#include "engine/value/num.h"

/*
 * How arguments are written: n number, N number or NULL, t text, b condition, D local day,
 * S second of the day, I a date as it is, v as it is, Q a list of numbers, K dates as an array, J a
 * list as texts; all that are left: A numbers, O of one type, X texts, Y what is only counted, as
 * texts; nothing taken: Z the zone, C the calendar. NULL: by the signature.
 */
struct pg_row {
    const char *name;
    const char *args;
    const char *fn; /* NULL: fx_ and the name in lower case */
    char fails; /* 'N' a NULL is a failure, 'A' when no date or raw argument is NULL, '-' never */
};

static const struct pg_row pg_rows[] = {{"AVERAGE", "A", NULL, '-'},
                                        {"CONCAT", "X", NULL, 'N'},
                                        {"CONCATENATE", "X", NULL, 'N'},
                                        {"COUNT", "Y", NULL, '-'},
                                        {"COUNTA", "Y", NULL, '-'},
                                        {"COUNTBLANK", "Y", NULL, '-'},
                                        {"COUNTD", "Y", NULL, '-'},
                                        {"DATEVALUE", "Zt", NULL, 'A'},
                                        {"DAY", "D", "fx_dom", 'A'},
                                        {"DISTANCE", "NNNN", NULL, 'A'},
                                        {"FIRST", "v", NULL, '-'},
                                        {"GCD", "A", NULL, 'N'},
                                        {"JOIN", "Jt", NULL, 'N'},
                                        {"LAST", "v", NULL, '-'},
                                        {"LCM", "A", NULL, 'N'},
                                        {"MAX", "O", NULL, '-'},
                                        {"MEDIAN", "A", NULL, '-'},
                                        {"MIN", "O", NULL, '-'},
                                        {"NETWORKDAYS", "CDDK", NULL, 'A'},
                                        {"PRODUCT", "A", NULL, 'N'},
                                        {"RANK", "NQn", NULL, 'N'},
                                        {"RMBCAP", "N", NULL, 'A'},
                                        {"SORT", "vb", NULL, '-'},
                                        {"SPLIT", "tt", NULL, '-'},
                                        {"STDEV", "A", NULL, 'N'},
                                        {"SUM", "A", NULL, 'N'},
                                        {"TEXTJOIN", "tbX", NULL, 'N'},
                                        {"TIMEVALUE", "t", NULL, 'A'},
                                        {"UNIQUE", "v", NULL, '-'},
                                        {"WORKDAY", "CDnK", NULL, 'A'},
                                        {"^", "nn", "fx_pow", 'N'}};

static const struct pg_row *find_row(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(pg_rows); i++) {
        if (str_eqz(name, pg_rows[i].name)) {
            return &pg_rows[i];
        }
    }
    return NULL;
}

struct str fxs_pg_type(struct fx_type t)
{
    if (t.base == FX_NUM) {
        return STR("float8");
    }
    return t.base == FX_TEXT || t.base == FX_BLANK ? STR("text") : STR("bigint");
}

void fxs_pg_zone(struct writer *w)
{
    const struct zone *zone = w->env->zone != NULL ? w->env->zone : &zone_utc;
    sql_bind_str(w->q, zone->name.n ? zone->name : STR("UTC"));
    sql_lit(w->q, "::text");
}

/* ---- lists ---- */

static void array_item(struct strb *b, struct val v)
{
    char buf[40];
    if (fx_blank(v)) {
        strb_addz(b, "NULL");
    } else if (fx_is_num(v)) {
        strb_add(b, num_print_exact(fx_to_num(v), buf));
    } else if (v.kind == VAL_TEXT) {
        strb_addc(b, '"');
        for (uint32_t i = 0; i < v.n; i++) {
            strb_addz(b, v.text[i] == '"' || v.text[i] == '\\' ? "\\" : "");
            strb_addc(b, v.text[i]);
        }
        strb_addc(b, '"');
    } else {
        strb_addi(b, v.kind == VAL_BOOL ? v.b : v.kind == VAL_REF ? v.ref->id : v.i);
    }
}

/* A list of values bound as one array. */
static void bind_array(struct writer *w, struct val list, struct str type)
{
    struct strb b;
    strb_init(&b, w->a);
    strb_addc(&b, '{');
    for (uint32_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        strb_addz(&b, i > 0 ? "," : "");
        array_item(&b, list.list[i]);
    }
    strb_addc(&b, '}');
    sql_bind_str(w->q, strb_str(&b));
    sql_lit(w->q, "::");
    sql_lit_(w->q, type);
    sql_lit(w->q, "[]");
}

int fxs_pg_scalar(struct writer *w, const struct node *x)
{
    sql_lit(w->q, "(");
    int rc = fxs_emit(w, x, W_VALUE);
    sql_lit(w->q, ")::");
    sql_lit_(w->q, fxs_pg_type(x->type));
    return rc;
}

static int rows_array(struct writer *w, const struct node *n)
{
    uint8_t scale = fxs_scale(n);
    sql_lit(w->q, "ARRAY(SELECT v");
    if (scale > 0) {
        sql_lit(w->q, " / 1");
        for (unsigned i = 0; i < scale; i++) {
            sql_lit(w->q, "0");
        }
        sql_lit(w->q, "::float8");
    } else {
        sql_lit(w->q, "::");
        sql_lit_(w->q, fxs_pg_type(n->type));
    }
    sql_lit(w->q, " FROM (");
    int rc = fxs_rows(w, n);
    sql_lit(w->q, ") AS r)");
    return rc;
}

int fxs_pg_list(struct writer *w, const struct node *n)
{
    struct str type = fxs_pg_type(n->type);
    if (fxs_constant(n)) {
        struct val v = fxs_value(w, n);
        if (w->err->code != ERR_NONE) {
            return -1;
        }
        bind_array(w, v, type);
        return 0;
    }
    if (fxs_is_rows(n)) {
        return rows_array(w, n);
    }
    if (n->kind != N_LIST) {
        return fxs_call(w, n, W_VALUE);
    }
    sql_lit(w->q, "ARRAY[");
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (i > 0) {
            sql_lit(w->q, ", ");
        }
        if (fxs_emit(w, n->args[i], W_VALUE) != 0) {
            return -1;
        }
    }
    sql_lit(w->q, "]::");
    sql_lit_(w->q, type);
    sql_lit(w->q, "[]");
    return 0;
}

/* A list that came out, as one text (fx_vars_result). */
int fxs_pg_packed(struct writer *w, const struct node *n)
{
    struct fx_type item = n->type;
    item.list = false;
    char letter = fxs_letter(item);
    sql_lit(w->q, "fx_packed('");
    sql_lit_(w->q, (struct str){&letter, 1});
    sql_lit(w->q, "', (");
    int rc = fxs_pg_list(w, n);
    sql_lit(w->q, ")::text[])");
    return rc;
}

/* ---- what & makes of a value ---- */

/* Between these stands the value. */
static bool text_around(const struct node *x, struct str *before, struct str *after)
{
    *after = STR(")");
    switch ((enum fx_base)x->type.base) {
    case FX_BLANK:
    case FX_TEXT: *before = STR("("); return true;
    case FX_NUM: *before = STR("fx_str("); return true;
    case FX_BOOL:
        *before = STR("(CASE ");
        *after = STR(" WHEN 1 THEN 'TRUE' WHEN 0 THEN 'FALSE' END)");
        return true;
    case FX_DATE:
        *before = STR("to_char(fx_d(");
        *after = STR("), 'YYYY-MM-DD')");
        return true;
    case FX_TIME: *before = STR("fx_clock("); return true;
    case FX_DATETIME: *before = STR("fx_iso("); return true;
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT:
    case FX_ROWS:
    case FX_JSON: break;
    }
    return false;
}

static int pg_text(struct writer *w, const struct node *x)
{
    struct str before, after;
    if (!text_around(x, &before, &after)) {
        return fxs_no_sql(w, x, "&");
    }
    sql_lit_(w->q, before);
    if (fxs_pg_scalar(w, x) != 0) {
        return -1;
    }
    if (x->type.base == FX_DATETIME) {
        sql_lit(w->q, ", ");
        fxs_pg_zone(w);
    }
    sql_lit_(w->q, after);
    return 0;
}

/* A list, or one value, as an array of texts. */
static int texts(struct writer *w, const struct node *x)
{
    struct str before, after;
    if (!x->type.list) {
        sql_lit(w->q, "ARRAY[");
        int rc = pg_text(w, x);
        sql_lit(w->q, "]::text[]");
        return rc;
    }
    if (!text_around(x, &before, &after)) {
        return fxs_no_sql(w, x, "JOIN");
    }
    sql_lit(w->q, "ARRAY(SELECT ");
    sql_lit_(w->q, before);
    sql_lit(w->q, "v");
    if (x->type.base == FX_DATETIME) {
        sql_lit(w->q, ", ");
        fxs_pg_zone(w);
    }
    sql_lit_(w->q, after);
    sql_lit(w->q, " FROM unnest(");
    if (fxs_pg_list(w, x) != 0) {
        return -1;
    }
    sql_lit(w->q, ") v)");
    return 0;
}

/* ---- days and seconds ---- */

static int local_part(struct writer *w, const struct node *x, struct str fn)
{
    if (x->type.base == FX_BLANK) {
        sql_lit(w->q, "NULL::bigint");
        return 0;
    }
    if (x->type.base != FX_DATETIME) {
        return fxs_pg_scalar(w, x);
    }
    sql_lit_(w->q, fn);
    if (fxs_pg_scalar(w, x) != 0) {
        return -1;
    }
    sql_lit(w->q, ", ");
    fxs_pg_zone(w);
    sql_lit(w->q, ")");
    return 0;
}

static int second_of(struct writer *w, const struct node *x)
{
    if (x->type.base != FX_DATE) {
        return local_part(w, x, STR("fx_secs("));
    }
    sql_lit(w->q, "(0 * ");
    int rc = fxs_pg_scalar(w, x);
    sql_lit(w->q, ")");
    return rc;
}

int fxs_pg_instant(struct writer *w, const struct node *x)
{
    if (x->type.base != FX_DATE) {
        return fxs_pg_scalar(w, x);
    }
    sql_lit(w->q, "fx_midnight(");
    if (fxs_pg_scalar(w, x) != 0) {
        return -1;
    }
    sql_lit(w->q, ", ");
    fxs_pg_zone(w);
    sql_lit(w->q, ")");
    return 0;
}

static void calendar_args(struct writer *w)
{
    const struct fx_calendar *c = w->env->calendar;
    const int32_t *days[2] = {c != NULL ? c->holidays : NULL, c != NULL ? c->make_up : NULL};
    size_t counts[2] = {c != NULL ? c->nholidays : 0, c != NULL ? c->nmake_up : 0};
    sql_int(w->q, c != NULL ? c->week : 31);
    for (int k = 0; k < 2; k++) {
        struct val *items = ARENA_ARRAY(w->a, struct val, counts[k]);
        for (size_t i = 0; i < counts[k]; i++) {
            items[i] = val_date(days[k][i]);
        }
        sql_lit(w->q, ", ");
        bind_array(w, val_list(items, counts[k]), STR("bigint"));
    }
}

/* ---- arguments ---- */

static int array_of(struct writer *w, const struct node *x)
{
    if (x->type.list) {
        return fxs_pg_list(w, x);
    }
    sql_lit(w->q, "ARRAY[");
    int rc = fxs_pg_scalar(w, x);
    sql_lit(w->q, "]");
    return rc;
}

/* A reference, or several, as texts: counting them needs no title. */
static int counted(struct writer *w, const struct node *x)
{
    bool id = x->type.base == FX_LINK || x->type.base == FX_MEMBER || x->type.base == FX_DEPT;
    if (!id) {
        return texts(w, x);
    }
    if (x->type.list) {
        return fxs_pg_list(w, x);
    }
    sql_lit(w->q, "ARRAY[");
    int rc = fxs_pg_scalar(w, x);
    sql_lit(w->q, "]");
    return rc;
}

/* Arguments from i on as one array. */
static int gathered(struct writer *w, const struct node *n, uint32_t i, char letter)
{
    struct fx_type of = {.base = FX_NUM};
    for (uint32_t k = i; letter == 'O' && k < n->nargs; k++) {
        of = n->args[k]->type.base != FX_BLANK ? n->args[k]->type : of;
    }
    struct str type = letter != 'A' && letter != 'O' ? STR("text") : fxs_pg_type(of);
    sql_lit(w->q, "(");
    for (uint32_t k = i; k < n->nargs; k++) {
        const struct node *x = n->args[k];
        if (k > i) {
            sql_lit(w->q, " || ");
        }
        sql_lit(w->q, "(");
        if ((letter == 'X' ? texts(w, x) : letter == 'Y' ? counted(w, x) : array_of(w, x)) != 0) {
            return -1;
        }
        sql_lit(w->q, ")::");
        sql_lit_(w->q, type);
        sql_lit(w->q, "[]");
    }
    sql_lit(w->q, ")");
    return 0;
}

static int one_arg(struct writer *w, const struct node *x, char letter)
{
    int rc;
    switch (letter) {
    case 'n':
        sql_lit(w->q, "(");
        rc = fxs_emit(w, x, W_NUM);
        sql_lit(w->q, ")::float8");
        return rc;
    case 'N':
        sql_lit(w->q, "(");
        rc = fxs_emit(w, x, W_VALUE);
        sql_lit(w->q, ")::float8");
        return rc;
    case 't':
        sql_lit(w->q, "(");
        rc = fxs_emit(w, x, W_STR);
        sql_lit(w->q, ")::text");
        return rc;
    case 'b': return fxs_emit(w, x, W_COND);
    case 'D': return local_part(w, x, STR("fx_day("));
    case 'S': return second_of(w, x);
    case 'I': return local_part(w, x, STR_NONE);
    case 'K': return array_of(w, x);
    case 'Q':
        sql_lit(w->q, "(");
        rc = fxs_pg_list(w, x);
        sql_lit(w->q, ")::float8[]");
        return rc;
    case 'J': return texts(w, x);
    default: return x->type.list ? fxs_pg_list(w, x) : fxs_pg_scalar(w, x);
    }
}

/* The spec of an argument by its letter in the signature. */
static char by_signature(const struct node *n, uint32_t i)
{
    const char *s = n->fn != NULL ? n->fn->sig : "";
    uint32_t k = 0;
    for (; *s != '\0' && *s != '>'; s++) {
        if (*s != '?' && *s != '*' && k++ == i) {
            break;
        }
    }
    switch (*s) {
    case 'n': return 'n';
    case 't': return 't';
    case 'b': return 'b';
    case 'd': return 'D';
    case 'H': return 'S';
    case 'Q': return 'Q';
    default: return 'v';
    }
}

static int arguments(struct writer *w, const struct node *n, const char *spec)
{
    uint32_t i = 0;
    bool some = false;
    for (uint32_t k = 0; spec == NULL ? i < n->nargs : spec[k] != '\0'; k++) {
        char c = spec != NULL ? spec[k] : by_signature(n, i);
        bool none = c == 'Z' || c == 'C';
        if (!none && i >= n->nargs) {
            break;
        }
        if (some) {
            sql_lit(w->q, ", ");
        }
        some = true;
        if (c == 'Z') {
            fxs_pg_zone(w);
        } else if (c == 'C') {
            calendar_args(w);
        } else if (c == 'A' || c == 'O' || c == 'X' || c == 'Y') {
            return gathered(w, n, i, c);
        } else if (one_arg(w, n->args[i], c) != 0) {
            return -1;
        }
        i += !none;
    }
    return 0;
}

static int simple(struct writer *w, const struct node *n, const struct pg_row *row, struct str name)
{
    if (row != NULL && row->fn != NULL) {
        sql_lit_(w->q, str_of(row->fn));
    } else {
        char *lower = arena_alloc(w->a, name.n);
        for (size_t i = 0; i < name.n; i++) {
            lower[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
        }
        sql_lit(w->q, "fx_");
        sql_lit_(w->q, (struct str){lower, name.n});
    }
    sql_lit(w->q, "(");
    int rc = arguments(w, n, row != NULL ? row->args : NULL);
    sql_lit(w->q, ")");
    return rc;
}

/* ---- shapes of their own ---- */

static int pg_format(struct writer *w, const struct node *n)
{
    const struct node *x = n->args[0];
    if (x->type.base == FX_BLANK) {
        sql_lit(w->q, "NULL::text");
        return 0;
    }
    if (x->type.base == FX_NUM) {
        sql_lit(w->q, "fx_text(");
        if (one_arg(w, x, 'N') != 0) {
            return -1;
        }
    } else if (x->type.base == FX_TEXT || x->type.base == FX_BOOL) {
        return pg_text(w, x);
    } else {
        sql_lit(w->q, "fx_textdate(timestamp '1970-01-01' + make_interval(days => ");
        if (x->type.base == FX_TIME) {
            sql_lit(w->q, "0");
        } else {
            sql_lit(w->q, "(");
            if (local_part(w, x, STR("fx_day(")) != 0) {
                return -1;
            }
            sql_lit(w->q, ")::int");
        }
        sql_lit(w->q, ", secs => (");
        if (second_of(w, x) != 0) {
            return -1;
        }
        sql_lit(w->q, ")::float8)");
    }
    sql_lit(w->q, ", ");
    int rc = one_arg(w, n->args[1], 't');
    sql_lit(w->q, ")");
    return rc;
}

static int pg_datetime(struct writer *w, const struct node *n)
{
    enum fx_base base = (enum fx_base)n->args[0]->type.base;
    if (base == FX_DATETIME) {
        return fxs_pg_scalar(w, n->args[0]);
    }
    static const struct pg_row text = {"DATETIME", "Zt", "fx_stampof", 'A'};
    static const struct pg_row numbers = {"DATETIME", "ZNnnnnn", NULL, 'N'};
    static const struct pg_row date = {"DATETIME", "ZII", NULL, 'A'};
    return simple(w, n, base == FX_TEXT ? &text : n->nargs > 2 ? &numbers : &date, STR("DATETIME"));
}

static int pg_countif(struct writer *w, const struct node *n)
{
    sql_lit(w->q, "fx_hits(");
    int rc = fxs_pg_matching(w, n);
    sql_lit(w->q, ")");
    return rc;
}

static int pg_sumif(struct writer *w, const struct node *n)
{
    if (str_eqz(str_of(n->fn->name), "SUMIF")) {
        sql_lit(w->q, "fx_sum(fx_picked(");
    } else {
        sql_lit(w->q, "fx_average(fx_picked(");
    }
    if (fxs_pg_matching(w, n) != 0) {
        return -1;
    }
    sql_lit(w->q, ", ");
    int rc = one_arg(w, n->args[n->nargs > 2 ? 2 : 0], 'Q');
    sql_lit(w->q, "))");
    return rc;
}

static int pg_sumproduct(struct writer *w, const struct node *n)
{
    if (n->nargs == 1) {
        sql_lit(w->q, "fx_sum(");
    } else {
        sql_lit(w->q, "fx_sumall(");
    }
    for (uint32_t i = 1; i < n->nargs; i++) {
        sql_lit(w->q, "fx_products(");
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (i > 0) {
            sql_lit(w->q, ", ");
        }
        if (one_arg(w, n->args[i], 'Q') != 0) {
            return -1;
        }
        if (i > 0) {
            sql_lit(w->q, ")");
        }
    }
    sql_lit(w->q, ")");
    return 0;
}

static int pg_index(struct writer *w, const struct node *n)
{
    static const struct pg_row row = {"INDEX", "vn", NULL, 'N'};
    return simple(w, n, &row, STR("INDEX"));
}

static int pg_pi(struct writer *w, const struct node *n)
{
    (void)n;
    sql_lit(w->q, "pi()");
    return 0;
}

/* date ± days, datetime ± days */
static int pg_move(struct writer *w, const struct node *n)
{
    bool left = n->args[0]->type.base == FX_DATE || n->args[0]->type.base == FX_DATETIME;
    if (n->type.base == FX_DATE) {
        sql_lit(w->q, "fx_move(");
    } else {
        sql_lit(w->q, "fx_shift(");
    }
    if (fxs_pg_scalar(w, n->args[left ? 0 : 1]) != 0) {
        return -1;
    }
    sql_lit(w->q, ", ");
    if (n->op == OP_SUB) {
        sql_lit(w->q, "-");
    }
    int rc = one_arg(w, n->args[left ? 1 : 0], 'n');
    sql_lit(w->q, ")");
    return rc;
}

/* A date and a datetime: both as instants. */
static int pg_instants(struct writer *w, const struct node *n, struct str between, struct str end)
{
    sql_lit(w->q, "((");
    if (fxs_pg_instant(w, n->args[0]) != 0) {
        return -1;
    }
    sql_lit_(w->q, between);
    int rc = fxs_pg_instant(w, n->args[1]);
    sql_lit(w->q, ")");
    sql_lit_(w->q, end);
    return rc;
}

static bool is_time(const struct node *x)
{
    return x->type.base == FX_DATE || x->type.base == FX_DATETIME;
}

static int pg_op(struct writer *w, const struct node *n)
{
    bool days = n->nargs == 2 && is_time(n->args[0]) && is_time(n->args[1]);
    static const struct {
        enum op op;
        struct str sql;
    } orders[] = {{OP_EQ, {" IS NOT DISTINCT FROM ", 22}},
                  {OP_NE, {" IS DISTINCT FROM ", 18}},
                  {OP_LT, {" < ", 3}},
                  {OP_LE, {" <= ", 4}},
                  {OP_GT, {" > ", 3}},
                  {OP_GE, {" >= ", 4}}};
    if (n->op == OP_CAT) {
        return pg_text(w, n->args[0]);
    }
    if (n->op == OP_IN || n->op == OP_CONTAINS) {
        return fxs_pg_in(w, n);
    }
    if (n->op == OP_SUB && days) {
        return pg_instants(w, n, STR(" - "), STR(" / 86400000000.0::float8)"));
    }
    if (n->op == OP_ADD || n->op == OP_SUB) {
        return pg_move(w, n);
    }
    for (size_t i = 0; days && i < ARRAY_LEN(orders); i++) {
        if (orders[i].op == (enum op)n->op) {
            return pg_instants(w, n, orders[i].sql, STR("::int)"));
        }
    }
    return n->op == OP_EQ || n->op == OP_NE ? fxs_pg_same(w, n)
                                            : fxs_no_sql(w, n, fx_op_name((enum op)n->op));
}

struct pg_shape {
    const char *name;
    int (*emit)(struct writer *w, const struct node *n);
};

static const struct pg_shape pg_shapes[] = {
    {"TEXT", pg_format},           {"DATETIME", pg_datetime},
    {"COUNTIF", pg_countif},       {"SUMIF", pg_sumif},
    {"AVERAGEIF", pg_sumif},       {"INDEX", pg_index},
    {"SUMPRODUCT", pg_sumproduct}, {"PI", pg_pi}};

int fxs_pg_call(struct writer *w, const struct node *n, struct str name)
{
    if (n->kind == N_OP && n->op != OP_POW) {
        return pg_op(w, n);
    }
    for (size_t i = 0; i < ARRAY_LEN(pg_shapes); i++) {
        if (str_eqz(name, pg_shapes[i].name)) {
            return pg_shapes[i].emit(w, n);
        }
    }
    return simple(w, n, find_row(name), name);
}

/* ---- failures ---- */

/* Appends " AND x IS NOT NULL" for the arguments whose blank is no failure. */
static int unless_blank(struct writer *w, const struct node *n)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct node *x = n->args[i];
        bool counts = x->type.base != FX_NUM || find_row(str_of(n->fn ? n->fn->name : "")) != NULL;
        if (x->type.list || !counts || fxs_known(x)) {
            continue;
        }
        sql_lit(w->q, " AND ");
        if (fxs_pg_scalar(w, x) != 0) {
            return -1;
        }
        sql_lit(w->q, " IS NOT NULL");
    }
    return 0;
}

static bool takes_days(const struct node *n)
{
    return n->nargs > 0 && (is_time(n->args[0]) || n->args[0]->type.base == FX_TIME);
}

int fxs_pg_failed(struct writer *w, const struct node *n)
{
    struct str name = n->kind == N_CALL ? str_of(n->fn->name) : STR_NONE;
    const struct pg_row *row = find_row(name);
    char rule = row != NULL ? row->fails : takes_days(n) ? 'A' : 'N';
    if (n->kind == N_CALL && (n->fn->flags & (FN_LAZY | FN_KNOWN))) {
        rule = '-';
    } else if (n->kind == N_OP) {
        rule = n->op == OP_CAT ? '-' : 'A';
    } else if (str_eqz(name, "TEXT") || str_eqz(name, "DATETIME")) {
        rule = n->nargs > 2 ? 'N' : 'A';
    } else if (str_eqz(name, "COUNTIF") || str_eqz(name, "AVERAGEIF")) {
        rule = '-';
    } else if (str_eqz(name, "INDEX")) {
        sql_lit(w->q, "(NOT trunc(");
        if (one_arg(w, n->args[1], 'n') != 0) {
            return -1;
        }
        sql_lit(w->q, ") BETWEEN 1 AND coalesce(cardinality(");
        int rc = fxs_pg_list(w, n->args[0]);
        sql_lit(w->q, "), 0))");
        return rc;
    }
    if (rule == '-') {
        sql_lit(w->q, "FALSE");
        return 0;
    }
    sql_lit(w->q, "((");
    if (fxs_pg_call(w, n, n->kind == N_CALL ? name : str_of(fx_op_name((enum op)n->op))) != 0) {
        return -1;
    }
    sql_lit(w->q, ") IS NULL");
    int rc = rule == 'A' ? unless_blank(w, n) : 0;
    sql_lit(w->q, ")");
    return rc;
}
