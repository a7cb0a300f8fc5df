/*
 * Random well-typed expressions over random values: natively and by SQL the same (as a value and,
 * for conditions, as WHERE), and the laws that hold for every value.  MORTISE_SEED and
 * MORTISE_CASES choose a run; MORTISE_PRINT=FILE writes the cases as JSON lines, which
 * tests/formula/run_wasm.mjs runs in WebAssembly. MORTISE_PG=postgresql://… runs them there too.
 */
#include "engine/formula/fx_pgfn.h"
#include "engine/formula/fx_sqlfn.h"
#include "engine/formula/fx_vars.h"
#include "engine/store/store.h"
#include "engine/value/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- randomness ---- */

struct gen {
    struct arena *a;
    uint64_t state;
    struct strb out;
};

static uint64_t next(struct gen *g)
{
    g->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = g->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static size_t pick(struct gen *g, size_t n)
{
    return (size_t)(next(g) % n);
}

static const char numbers[] =
    "0|1|-1|2|0.5|1.005|2.675|-2.5|0.1|0.3|100|12.34|99.99|1e-9|1e15|-1e15|1e300|-1e300|"
    "1e-300|7|3|10|0.015|1.115|1e21|123456789.125|-0.005|31|12|2024|5|999999999999999|4.35";
static const char texts[] =
    "a|abc|北京|上海公司|\360\237\230\200|e\314\201t\303\251|A|  a  b |1,234.5|50%|x|2024-02-29|"
    "ab-cd-ab|İ|12|ÄÖ|zz|0|%_|\360\237\221\250\342\200\215\360\237\221\251|a\314\210|ß|ﬁ|"
    "ａＢ１|\342\200\256abc|\302\240|龘𠮷|-|*?~|\\\"|\\n|8:05|2:30 PM|#,##0.00|yyyy-m-d|1e3|"
    "null|Straße|Ǆ";
static const char dates[] =
    "2024-02-29|2026-01-31|2026-12-31|2026-11-23|1999-12-31|2000-02-29|2023-02-28|"
    "2026-03-01|0001-01-01|9999-12-31";
static const char instants[] =
    "2026-11-23T08:30:00Z|2024-02-29T23:59:59Z|1969-12-31T23:59:59.5Z|2026-01-31T00:00:00Z|"
    "2026-12-31T15:59:59Z|2026-12-31T16:00:00Z|0001-01-01T00:00:00Z|9999-12-31T23:59:59Z";

static void add(struct gen *g, const char *z)
{
    strb_addz(&g->out, z);
}

/* ---- expressions ---- */

enum kind { K_NUM, K_TEXT, K_BOOL, K_DATE, K_INSTANT, K_TIME, K_NUMS, K_TEXTS, K_DATES, K_KINDS };

/* What stands for an expression of each kind in the forms below. */
static const char kind_letters[] = "ntbdimNTD";

/* Forms of each kind, between bars. */
static const char *const rules[K_KINDS] = {
    [K_NUM] =
        "(n + n)|(n - n)|(n * n)|(n / n)|-(n)|(n)%|(n ^ 2)|(n ^ n)|IF(b, n, n)|IF(b, n)|"
        "IFERROR(n, n)|COALESCE(n, n)|IFBLANK(n, n)|IFS(b, n, b, n)|SWITCH(t, t, n, t, n, n)|"
        "ABS(n)|SIGN(n)|INT(n)|TRUNC(n, 1)|ROUND(n, 2)|ROUNDUP(n, 1)|ROUNDDOWN(n)|MOD(n, n)|"
        "QUOTIENT(n, n)|CEILING(n, n)|FLOOR(n, n)|MROUND(n, n)|SQRT(n)|EXP(n)|LN(n)|LOG(n, n)|"
        "GCD(n, n)|LCM(n, n)|EVEN(n)|ODD(n)|FACT(n)|SUM(N)|AVERAGE(N)|MIN(N)|MAX(N, n)|"
        "COUNT(N)|COUNTA(T)|COUNTBLANK(N)|COUNTD(T)|MEDIAN(N)|PRODUCT(N)|STDEV(N)|LARGE(N, 1)|"
        "SMALL(N, 2)|RANK(n, N)|SUMPRODUCT(N, N)|SUMIF(N, \">1\")|COUNTIF(T, t)|"
        "AVERAGEIF(N, \"<>1\")|FIRST(N)|LAST(N)|INDEX(N, n)|LEN(t)|FIND(t, t)|SEARCH(t, t)|"
        "VALUE(t)|UNICODE(t)|YEAR(d)|MONTH(d)|DAY(i)|HOUR(i)|WEEKDAY(d)|WEEKNUM(d)|"
        "ISOWEEKNUM(d)|QUARTER(d)|DAYS(d, d)|(d - d)|(i - i)|DATEDIF(d, d, \"M\")|"
        "YEARFRAC(d, d)|NETWORKDAYS(d, d + 40)|PI()|LOG10(n)|POWER(n, n)|CODE(t)|MINUTE(i)|"
        "SECOND(i)|HOUR(m)|SECOND(m)|MINUTE(m)|DISTANCE(n, n, n, n)|DAY(d)|MONTH(i)|YEAR(i)|"
        "RANK(n, N, n)|LARGE(N, n)|SMALL(N, n)|SUMIF(T, t, N)|AVERAGEIF(N, n)|COUNTIF(N, n)|"
        "COUNTIF(D, d)|COUNT(D)|SWITCH(d, d, n, n)|SWITCH(b, TRUE, n)|WEEKDAY(d, n)|"
        "WEEKNUM(d, n)|DATEDIF(d, d, \"Y\")|DATEDIF(d, d, \"YD\")|DATEDIF(d, d, \"MD\")|"
        "YEARFRAC(d, d, n)|NETWORKDAYS(d, d + 9, D)|ROUND(n, n)|TRUNC(n, n)|ROUNDUP(n, n)|"
        "SUM(N, n)|AVERAGE(n, N)|COALESCE(n, BLANK, n)|IF(b, BLANK, n)|SEARCH(t, t, n)|"
        "FIND(t, t, n)|VALUE(n & t)|SUMPRODUCT(N)|COUNT(o.n, n, N)|GCD(N)|LCM(N, n)|"
        "COUNTA(n, t, b, d)|COUNTBLANK(T, n, d)",
    [K_TEXT] =
        "(t & t)|(n & t)|(t & d & b)|IF(b, t, t)|COALESCE(t, t)|SWITCH(n, n, t, t)|LEFT(t, 2)|"
        "RIGHT(t, n)|MID(t, 2, 3)|SUBSTITUTE(t, t, t)|REPLACE(t, 1, 1, t)|UPPER(t)|LOWER(t)|"
        "PROPER(t)|TRIM(t)|REPT(t, 2)|CONCAT(t, N, T)|TEXTJOIN(t, b, T, t)|JOIN(N, t)|"
        "TEXT(n, \"#,##0.00\")|TEXT(d, \"yyyy-mm-dd\")|FIXED(n, 1)|RMBCAP(n)|FIRST(T)|"
        "INDEX(T, 2)|MAX(T)|IFERROR(t, t)|CHAR(n)|UNICHAR(n)|CONCATENATE(t, n)|"
        "TEXT(n, \"0.0#\")|TEXT(n, \"0.00E+00\")|TEXT(n, \"##0.#E-0\")|TEXT(n, \"0%\")|TEXT(i, "
        "\"h:mm:ss AM/PM\")|TEXT(d, \"yyyy/mm/dd\")|"
        "TEXT(n, t)|TEXT(m, \"hh:mm\")|FIXED(n, n, b)|(i & m)|RIGHT(t, 1)|MID(t, n, n)|"
        "REPLACE(t, n, n, t)|SUBSTITUTE(t, t, t, n)|REPT(t, n)|MIN(T, t)|LAST(T)|IFBLANK(t, t)|"
        "IFS(b, t, b, t)|SWITCH(d, d, t, t)|JOIN(T)|TEXTJOIN(t, b, N, D)|JOIN(D, t)|IF(b, t)",
    [K_BOOL] =
        "(n = n)|(n <> n)|(n < n)|(n >= n)|(t = t)|(t < t)|(t <> t)|(d <= d)|(d = d)|(d < i)|"
        "(i = d)|(b = b)|(b AND b)|(b OR b)|NOT (b)|XOR(b, b)|AND(b, b)|ISBLANK(n)|ISBLANK(t)|"
        "ISBLANK(N)|(n = BLANK)|(t CONTAINS t)|(N CONTAINS n)|(n IN N)|(t IN T)|"
        "(n NOT IN [1, 2, 0.5])|(t IN [\"a\", \"北京\"])|STARTSWITH(t, t)|ENDSWITH(t, t)|"
        "EXACT(t, t)|MATCHES(t, \"[a-z]+\")|IF(b, b, b)|COALESCE(b, b)|(m < m)|(m = m)|"
        "(d IN D)|(D CONTAINS d)|(i >= i)|(b <> b)|ISBLANK(d)|ISBLANK(i)|ISBLANK(T)|"
        "(t IN [t, t])|(n IN [n, BLANK, n])|(t > t)|(n <= n)|OR(b, b, b)|XOR(b, b, b)|IF(b, b)|"
        "SWITCH(n, n, b, b)|IFERROR(b, b)|MATCHES(t, t)|MATCHES(t, \".*[0-9]{2}.?\")|"
        "(BLANK = t)|(d <> d)|(T CONTAINS t)",
    [K_DATE] =
        "(d + n)|(d - 7)|EDATE(d, 1)|EOMONTH(d, n)|IF(b, d, d)|DATE(n, n, n)|WORKDAY(d, 5)|"
        "MIN(d, d)|DATEVALUE(t)|EDATE(d, n)|WORKDAY(d, n, D)|"
        "DATE(YEAR(d), MONTH(d) + n, DAY(d))|MAX(D)|MIN(D)|FIRST(D)|INDEX(D, n)|COALESCE(d, d)|"
        "IFERROR(d, d)|(d - n)|DATEVALUE(d & t)|EOMONTH(d, 0)",
    [K_INSTANT] =
        ("(i + n)|DATETIME(d)|MAX(i, i)|(i - n)|DATETIME(d, m)|DATETIME(n, n, n, n, n, n)|"
         "IF(b, i, i)|COALESCE(i, i)|MIN(i, i)|DATETIME(d & t)"),
    [K_TIME] = "TIME(n, n, n)|TIMEVALUE(t)|IF(b, m, m)|MAX(m, m)|COALESCE(m, m)|TIMEVALUE(m & t)",
    [K_NUMS] = "SORT(N)|UNIQUE(N)|[n, n]|SORT(N, b)|[n, n, BLANK, n]|UNIQUE(SORT(N))|[n]",
    [K_TEXTS] = "SORT(T, b)|UNIQUE(T)|SPLIT(t, \"-\")|[t, t, t]|SPLIT(t)|SPLIT(t, t)|[t, BLANK]",
    [K_DATES] = "[d, d]|SORT(D)|UNIQUE(D)|[d, d, BLANK, d]|SORT(D, b)",
};

/* Names of the variables of each kind, and constants. */
static const char *const leaves[K_KINDS] = {
    [K_NUM] = "n1|n2|n3|n4|c1|c2|n1|n2|n3|o.n|0|o.n + 1",
    [K_TEXT] = "t1|t2|t3|t1|t2|t3|o.t|\"\"|\"-\"",
    [K_BOOL] = "b1|b2|(n1 > n2)|TRUE|FALSE|b1|(t1 = t2)",
    [K_DATE] = ("DATEVALUE(d1)|DATEVALUE(d2)|DATE(2026, 1, 31)|DATEVALUE(d1)|DATEVALUE(d2)|"
                "DATEVALUE(d3)|DATE(2024, 2, 29)"),
    [K_INSTANT] = "DATETIME(i1)|DATETIME(i2)",
    [K_TIME] = "TIMEVALUE(m1)|TIME(23, 59, 59)|TIMEVALUE(m1)|TIME(0, 0, 0)",
    [K_NUMS] = "rows.n|rows.m|l1|rows.n|[1, BLANK, 2.5]|l1",
    [K_TEXTS] = "rows.t|l2|rows.t|[\"a\", BLANK]|l2",
    [K_DATES] = "[DATEVALUE(d1), DATEVALUE(d2), DATEVALUE(d3)]|[DATEVALUE(d3), BLANK]",
};

/* One of the parts between bars. */
static struct str pick_part(struct gen *g, const char *parts)
{
    size_t n = 1;
    struct str rest = str_of(parts);
    struct str part;
    for (size_t i = 0; i < rest.n; i++) {
        n += rest.p[i] == '|';
    }
    for (size_t i = pick(g, n) + 1; i > 0; i--) {
        rest = str_cut(rest, '|', &part);
    }
    return part;
}

static void expr(struct gen *g, enum kind kind, unsigned depth);

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void fill(struct gen *g, struct str form, unsigned depth)
{
    bool quoted = false;
    for (size_t i = 0; i < form.n; i++) {
        char c = form.p[i];
        char before = i > 0 ? form.p[i - 1] : ' ';
        char after = i + 1 < form.n ? form.p[i + 1] : ' ';
        const char *k = strchr(kind_letters, c);
        quoted = quoted != (c == '"');
        if (k != NULL && !quoted && !is_letter(before) && !is_letter(after) && after != '(' &&
            before != '.' && after != '.') {
            expr(g, (enum kind)(k - kind_letters), depth - 1);
        } else {
            strb_addc(&g->out, c);
        }
    }
}

static void expr(struct gen *g, enum kind kind, unsigned depth)
{
    if (depth == 0 || pick(g, 6) == 0) {
        strb_add(&g->out, pick_part(g, leaves[kind]));
    } else {
        fill(g, pick_part(g, rules[kind]), depth);
    }
}

static struct str make_expr(struct gen *g)
{
    strb_init(&g->out, g->a);
    expr(g, (enum kind)pick(g, K_KINDS), 1 + (unsigned)pick(g, 4));
    return strb_str(&g->out);
}

/* ---- values ---- */

/* A number as JSON: from the list, at a rounding edge, or of any size. */
static void put_number(struct gen *g)
{
    size_t how = pick(g, 4);
    if (how < 2) {
        strb_add(&g->out, pick_part(g, numbers));
        return;
    }
    add(g, pick(g, 3) == 0 ? "-" : "");
    if (how == 2) {
        static const char edges[] = ".5|.05|.005|.0005|.45|.995|.4999999999|.50000001|.25|";
        strb_addi(&g->out, (int64_t)pick(g, pick(g, 2) ? 10 : 100000));
        strb_add(&g->out, pick_part(g, edges));
        return;
    }
    strb_addi(&g->out, (int64_t)(next(g) % UINT64_C(1000000000000000)));
    strb_addf(&g->out, "e%d", (int)pick(g, 40) - 25);
}

/* A day: from the list, or the first, last or leap day of a month. */
static void put_day(struct gen *g)
{
    if (pick(g, 2) == 0) {
        strb_add(&g->out, pick_part(g, dates));
        return;
    }
    int year = 1890 + (int)pick(g, 220);
    int month = 1 + (int)pick(g, 12);
    int day = pick(g, 3) == 0 ? 1 + (int)pick(g, 28) : civil_month_days(year, month);
    strb_addf(&g->out, "%04d-%02d-%02d", year, month, day);
}

/* One to three pieces next to each other, so that marks combine with what is before them. */
static void put_words(struct gen *g)
{
    for (size_t i = pick(g, 3) == 0 ? 3 : 1; i > 0; i--) {
        strb_add(&g->out, pick_part(g, texts));
    }
}

static void put_instant(struct gen *g)
{
    strb_add(&g->out, pick_part(g, instants));
}

static void put_clock(struct gen *g)
{
    strb_addf(&g->out, "%02d:%02d:%02d", (int)pick(g, 24), (int)pick(g, 60), (int)pick(g, 60));
}

static void put_text(struct gen *g, void (*put)(struct gen *g))
{
    if (pick(g, 6) == 0) {
        add(g, "null");
        return;
    }
    strb_addc(&g->out, '"');
    put(g);
    strb_addc(&g->out, '"');
}

static void put_num(struct gen *g)
{
    if (pick(g, 6) == 0) {
        add(g, "null");
    } else {
        put_number(g);
    }
}

static void put_key(struct gen *g, const char *key)
{
    if (g->out.n > 1 && g->out.p[g->out.n - 1] != '{') {
        strb_addc(&g->out, ',');
    }
    strb_addf(&g->out, "\"%s\":", key);
}

static void put_nums(struct gen *g, const char *key, const char *const *names, size_t n)
{
    (void)key;
    for (size_t i = 0; i < n; i++) {
        put_key(g, names[i]);
        put_num(g);
    }
}

static void put_list(struct gen *g, bool text)
{
    size_t n = pick(g, 5);
    add(g, "[");
    for (size_t i = 0; i < n; i++) {
        add(g, i > 0 ? "," : "");
        if (text) {
            put_text(g, put_words);
        } else {
            put_num(g);
        }
    }
    add(g, "]");
}

static void put_rows(struct gen *g)
{
    static const char *const names[] = {"n", "m"};
    size_t n = 1 + pick(g, 4);
    put_key(g, "rows");
    add(g, "[");
    for (size_t i = 0; i < n; i++) {
        add(g, i > 0 ? ",{" : "{");
        put_nums(g, NULL, names, 2);
        put_key(g, "t");
        put_text(g, put_words);
        add(g, "}");
    }
    add(g, "]");
}

/* Some keys are missing types: null fits all. c1 and c2 have more digits than a double: exact
 * decimals. */
static struct str make_vars(struct gen *g)
{
    static const char *const nums[] = {"n1", "n2", "n3", "n4"};
    static const char *const nums_of_link[] = {"n"};
    static const char exact[] = "1234567890123.45|0.1234567890123456|9007199254740.99|12.5";
    strb_init(&g->out, g->a);
    add(g, "{");
    put_nums(g, NULL, nums, 4);
    for (int i = 1; i <= 2; i++) {
        put_key(g, i == 1 ? "c1" : "c2");
        strb_add(&g->out, pick_part(g, exact));
        put_key(g, i == 1 ? "b1" : "b2");
        add(g, pick(g, 4) == 0 ? "null" : pick(g, 2) ? "true" : "false");
        put_key(g, i == 1 ? "i1" : "i2");
        put_text(g, put_instant);
    }
    for (int i = 1; i <= 3; i++) {
        put_key(g, i == 1 ? "t1" : i == 2 ? "t2" : "t3");
        put_text(g, put_words);
        put_key(g, i == 1 ? "d1" : i == 2 ? "d2" : "d3");
        put_text(g, put_day);
    }
    put_key(g, "m1");
    put_text(g, put_clock);
    put_key(g, "o");
    add(g, "{");
    put_nums(g, NULL, nums_of_link, 1);
    put_key(g, "t");
    put_text(g, put_words);
    add(g, "}");
    put_key(g, "l1");
    put_list(g, false);
    put_key(g, "l2");
    put_list(g, true);
    put_rows(g);
    add(g, "}");
    return strb_str(&g->out);
}

/* ---- running ---- */

struct back {
    const char *name;
    struct store *store; /* NULL: not at hand */
    struct conn *conn;
    enum sql_dialect dialect;
};

enum { SQLITE, PGSQL, BACKS };

struct lab {
    struct arena *a;
    struct back back[BACKS];
    FILE *print;
    size_t run, refused, differ;
    bool limit;      /* the last native run used up its steps: everything is blank, no law holds */
    struct str said; /* SQL of the last case */
};

static struct fx *compile(struct lab *l, struct fx_vars *vars, struct str text, struct diags *diags)
{
    struct fx_scope scope = fx_vars_scope(vars);
    diags_init(diags, l->a);
    return fx_compile(l->a, text, &scope, STR_NONE, (struct src_pos){0, 0}, diags);
}

static struct val natively(struct lab *l, struct fx_vars *vars, const struct fx *fx)
{
    struct err err = ERR_INIT;
    struct fx_env env = {.a = l->a, .zone = &zone_utc, .err = &err};
    fx_vars_env(vars, &env);
    struct val v = fx_eval(fx, &env);
    l->limit = env.limit;
    return v;
}

static struct val by_sql(struct lab *l, const struct back *b, struct fx_vars *vars,
                         const struct fx *fx, bool cond)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *st;
    struct fx_sql_env env = fx_vars_sql_env(vars);
    sql_init(&q, l->a, b->dialect);
    if (cond) {
        sql_lit(&q, "SELECT 1 WHERE ");
    } else {
        sql_lit(&q, "SELECT ");
    }
    int step = -1;
    int rc = cond ? fx_sql_cond(fx, &q, &env, &err) : fx_sql_value(fx, &q, &env, NULL, &err);
    if (rc == 0 && store_query(b->conn, l->a, &q, &st, &err) == 0) {
        step = stmt_step(st, &err);
    }
    l->said = strb_str(&q.text);
    if (step < (cond ? 0 : 1)) {
        l->said = str_fmt(l->a, "%s: %.*s", err.en, STR_ARG(l->said));
        return val_text(l->said);
    }
    struct val v = cond ? val_bool(step == 1)
                        : fx_vars_result(l->a, fx_type_of(fx), val_copy(l->a, stmt_val(st, 0)));
    stmt_done(st);
    return v;
}

static struct str as_json(struct lab *l, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, l->a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

/* Equal, numbers to 15 digits: SQLite adds and divides in another order here and there. */
static bool alike(struct val x, struct val y)
{
    if (x.kind == VAL_LIST && y.kind == VAL_LIST && x.n == y.n) {
        for (uint32_t i = 0; i < x.n; i++) {
            if (!alike(x.list[i], y.list[i])) {
                return false;
            }
        }
        return true;
    }
    if ((x.kind == VAL_NUM || x.kind == VAL_DEC) && (y.kind == VAL_NUM || y.kind == VAL_DEC)) {
        double a = val_double(x);
        double b = val_double(y);
        double d = a > b ? a - b : b - a;
        double size = a < 0 ? -a : a;
        return d <= size * 1e-15;
    }
    return val_same(x, y);
}

static void compare(struct lab *l, const struct back *b, const struct fx *fx, struct str json,
                    struct val got, struct val want)
{
    if (alike(got, want)) {
        return;
    }
    if (l->differ++ < 5) {
        struct str w = as_json(l, want);
        struct str s = as_json(l, got);
        struct str text = fx_text(fx);
        printf("%.*s\n  %.*s\n  native %.*s\n  %s %.*s\n  %.*s\n", STR_ARG(text), STR_ARG(json),
               STR_ARG(w), b->name, STR_ARG(s), STR_ARG(l->said));
    }
}

static void check_sql(struct lab *l, struct fx_vars *vars, const struct fx *fx, struct str json,
                      struct val want)
{
    bool cond = fx_type_of(fx).base == FX_BOOL && !fx_type_of(fx).list;
    for (size_t i = 0; i < BACKS; i++) {
        const struct back *b = &l->back[i];
        if (b->store == NULL) {
            continue;
        }
        compare(l, b, fx, json, by_sql(l, b, vars, fx, false), want);
        if (cond) {
            struct val holds = val_bool(want.kind == VAL_BOOL && want.b);
            compare(l, b, fx, json, by_sql(l, b, vars, fx, true), holds);
        }
    }
}

static void print_case(struct lab *l, struct str text, struct str json, struct val v)
{
    struct strb b;
    struct json j;
    if (l->print == NULL) {
        return;
    }
    strb_init(&b, l->a);
    json_init(&j, &b);
    json_str(&j, text);
    struct str quoted = strb_str(&b);
    struct str want = as_json(l, v);
    fprintf(l->print, "{\"expr\":%.*s,\"vars\":%.*s,\"want\":%.*s}\n", STR_ARG(quoted),
            STR_ARG(json), STR_ARG(want));
}

static void run_case(struct lab *l, struct gen *g)
{
    struct err err = ERR_INIT;
    struct diags diags;
    struct val v;
    struct str json = make_vars(g);
    struct str text = make_expr(g);
    assert_int_equal(json_parse(l->a, json, &v, &err), 0);
    struct fx_vars *vars = fx_vars_new(l->a, v);
    struct fx *fx = compile(l, vars, text, &diags);
    l->run++;
    if (fx == NULL) {
        if (l->refused++ < 3) {
            printf("refused: %.*s: %.*s\n", STR_ARG(text), STR_ARG(diags.list.v[0].en));
        }
        return;
    }
    struct val want = natively(l, vars, fx);
    print_case(l, text, json, want);
    check_sql(l, vars, fx, json, want);
}

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *v = getenv(name);
    return v != NULL ? strtoull(v, NULL, 10) : otherwise;
}

static void back_open(struct back *b, const char *name, const char *url)
{
    struct store_opts opts = {.db_function = fx_pg_function, .db_functions_version = fx_pg_version};
    struct err err = ERR_INIT;
    opts.functions = fx_sql_functions(&opts.nfunctions);
    b->name = name;
    if (store_open(str_of(url), &opts, &b->store, &err) != 0 ||
        store_conn_open(b->store, &b->conn, &err) != 0) {
        fail_msg("%s: %s", url, err.en);
    }
    b->dialect = store_dialect(b->store);
}

static struct lab lab_open(const char *print)
{
    struct lab l = {.a = arena_new((size_t)128 << 20)};
    const char *pg = getenv("MORTISE_PG");
    back_open(&l.back[SQLITE], "sqlite", "sqlite::memory:");
    if (pg != NULL && pg[0]) {
        back_open(&l.back[PGSQL], "pgsql", pg);
    } else {
        printf("skipped: PostgreSQL (MORTISE_PG=postgresql://… joins it)\n");
    }
    l.print = print != NULL ? fopen(print, "w") : NULL;
    return l;
}

static void lab_close(struct lab *l)
{
    if (l->print != NULL) {
        fclose(l->print);
    }
    for (size_t i = 0; i < BACKS; i++) {
        store_conn_close(&l->back[i].conn);
        store_close(&l->back[i].store);
    }
    arena_free(&l->a);
}

/* Case i of a seed is case 0 of the seed that is printed when it fails. */
static void run_many(struct lab *l, void (*one)(struct lab *l, struct gen *g), uint64_t n)
{
    uint64_t seed = env_number("MORTISE_SEED", 20261124);
    struct arena_mark mark = arena_mark(l->a);
    for (uint64_t i = 0; i < n; i++) {
        struct gen g = {.a = l->a, .state = seed + i * 1000003};
        size_t before = l->differ;
        one(l, &g);
        if (l->differ > before && l->differ <= 5) {
            printf("  MORTISE_SEED=%llu MORTISE_CASES=1\n",
                   (unsigned long long)(seed + i * 1000003));
        }
        arena_reset(l->a, mark);
    }
    printf("%zu cases from seed %llu: %zu refused, %zu differ\n", l->run, (unsigned long long)seed,
           l->refused, l->differ);
    assert_true(l->refused * 20 <= l->run);
    assert_int_equal(l->differ, 0);
}

static void test_back_ends(void **state)
{
    struct lab l = lab_open(getenv("MORTISE_PRINT"));
    (void)state;
    run_many(&l, run_case, env_number("MORTISE_CASES", 4000));
    lab_close(&l);
}

/*
 * Each is TRUE for every value, between bars: n m stand for random numbers, b c conditions, t s
 * texts, d e dates, N T lists.
 */
static const char laws[] =
    "(n = m) = NOT (n <> m)|(t = s) = NOT (t <> s)|(d = e) = NOT (d <> e)|"
    "(b = c) = NOT (b <> c)|(N CONTAINS n) = (n IN N)|NOT (b AND c) = (NOT b OR NOT c)|"
    "NOT (b OR c) = (NOT b AND NOT c)|XOR(b, c) = ((b OR c) AND NOT (b AND c))|"
    "(b AND (b OR c)) = (b OR FALSE)|IF(b, n, m) = IF(NOT b, m, n)|"
    "COALESCE(n, m) = IF(ISBLANK(n), m, n)|n + m = m + n|n * m = m * n|"
    "ISBLANK(n - m) OR n - m = -(m - n)|NOT (n < m) OR NOT (m < n)|"
    "ISBLANK(n) OR ISBLANK(m) OR XOR(n < m, n = m, n > m)|"
    "ISBLANK(t) OR ISBLANK(s) OR XOR(t < s, t = s, t > s)|ISBLANK(n) OR n IN [m, n]|"
    "ISBLANK(n) OR INT(n) <= n|(n <= m) = (n < m OR n = m AND NOT ISBLANK(n))|"
    "ROUND(ROUND(n, 2), 2) = ROUND(n, 2)|ROUND(ROUND(n, -1), -1) = ROUND(n, -1)|"
    "ROUND(-(n), 1) = -(ROUND(n, 1))|ROUNDUP(ROUNDUP(n, 2), 2) = ROUNDUP(n, 2)|"
    "ROUNDDOWN(ROUND(n, 2), 2) = ROUND(n, 2)|ROUNDDOWN(ABS(n), 2) <= ROUNDUP(ABS(n), 2)|"
    "ISBLANK(MOD(n, m)) OR ABS(MOD(n, m)) <= ABS(m) * 1.00001|JOIN(SORT(SORT(N))) = JOIN(SORT(N))|"
    "JOIN(UNIQUE(UNIQUE(T))) = JOIN(UNIQUE(T))|"
    "JOIN(SORT(UNIQUE(N))) = JOIN(UNIQUE(SORT(N)))|"
    "JOIN(SORT(UNIQUE(T))) = JOIN(UNIQUE(SORT(T)))|COUNT(SORT(N)) = COUNT(N)|"
    "COUNT(UNIQUE(T)) = COUNTD(T)|COUNTD(N) <= COUNT(N)|FIRST(SORT(N)) = MIN(N)|"
    "LAST(SORT(N)) = MAX(N)|FIRST(SORT(N, TRUE)) = MAX(N)|FIRST(SORT(T)) = MIN(T)|"
    "SMALL(N, 1) = MIN(N)|LARGE(N, 1) = MAX(N)|"
    "ISBLANK(MEDIAN(N)) OR MIN(N) <= MEDIAN(N) AND MEDIAN(N) <= MAX(N)|"
    "COUNTIF(N, \">1\") + COUNTIF(N, \"<=1\") = COUNT(N)|"
    "COUNTIF(T, t) + COUNTIF(T, \"<>\" & t) = COUNT(T) + COUNTBLANK(T) OR NOT MATCHES(t, "
    "\"[^<>=].*\")|"
    "MAX(N, n) = MAX(n, N)|ISBLANK(SORT(N)) = (COUNT(N) = 0)|"
    "COUNT(N, n) = COUNT(N) + COUNT(n)|LEFT(t, 2) & MID(t, 3, LEN(t)) = t|"
    "LEN(t & s) = LEN(t) + LEN(s)|STARTSWITH(t & s, t)|ENDSWITH(t & s, s)|"
    "(t & s) CONTAINS s|SUBSTITUTE(t, s, s) = t|"
    "TEXTJOIN(\"-\", FALSE, SPLIT(t, \"-\")) = t|FIND(s, t & s) <= LEN(t) + 1|"
    "LEN(UPPER(t)) = LEN(t)|LOWER(LOWER(t)) = LOWER(t)|TRIM(TRIM(t)) = TRIM(t)|"
    "EXACT(t, s) = (t = s)|REPLACE(t, 1, LEN(t), s) = s|"
    "ISBLANK(n) OR VALUE(n & \"\") & \"\" = n & \"\"|LEFT(t, LEN(t)) = t|"
    "RIGHT(t & s, LEN(s)) = s|ISBLANK(d) OR DATE(YEAR(d), MONTH(d), DAY(d)) = d|"
    "ISBLANK(d) OR DATEVALUE(d & \"\") = d|ISBLANK(e - d) OR d + (e - d) = e|"
    "ISBLANK(EDATE(d, 12)) OR EDATE(EDATE(d, 12), -12) <= d|"
    "ISBLANK(d) OR EOMONTH(d, 0) >= d|ISBLANK(d + 7) OR WEEKDAY(d) = WEEKDAY(d + 7)|"
    "ISBLANK(d) OR ISBLANK(e) OR d > e OR DATEDIF(d, e, \"D\") = DAYS(e, d)|"
    "d = e OR NETWORKDAYS(d, e) = -(NETWORKDAYS(e, d)) OR ISBLANK(NETWORKDAYS(d, e))|"
    "ISBLANK(d) OR DAY(EOMONTH(d, 0) + 1) = 1 OR YEAR(d) = 9999|"
    "ISBLANK(d) OR QUARTER(d) = ROUNDUP(MONTH(d) / 3)";

static const char law_letters[] = "nmbctsdeNT";
static const enum kind law_kinds[] = {K_NUM,  K_NUM,  K_BOOL, K_BOOL, K_TEXT,
                                      K_TEXT, K_DATE, K_DATE, K_NUMS, K_TEXTS};

/* The law with an expression for each letter. */
static struct str make_law(struct gen *g)
{
    struct str parts[sizeof(law_letters)];
    struct str law = pick_part(g, laws);
    bool quoted = false;
    for (size_t k = 0; k + 1 < sizeof(law_letters); k++) {
        strb_init(&g->out, g->a);
        expr(g, law_kinds[k], 2);
        parts[k] = strb_str(&g->out);
    }
    strb_init(&g->out, g->a);
    for (size_t i = 0; i < law.n; i++) {
        char c = law.p[i];
        bool word =
            (i > 0 && is_letter(law.p[i - 1])) || (i + 1 < law.n && is_letter(law.p[i + 1]));
        const char *k = strchr(law_letters, c);
        quoted = quoted != (c == '"');
        if (k != NULL && !word && !quoted) {
            strb_addf(&g->out, "(%.*s)", STR_ARG(parts[k - law_letters]));
        } else {
            strb_addc(&g->out, c);
        }
    }
    return strb_str(&g->out);
}

static bool holds(struct val v)
{
    return v.kind == VAL_BOOL && v.b;
}

static void run_law(struct lab *l, struct gen *g)
{
    struct err err = ERR_INIT;
    struct diags diags;
    struct val v;
    struct str json = make_vars(g);
    struct str text = make_law(g);
    assert_int_equal(json_parse(l->a, json, &v, &err), 0);
    struct fx_vars *vars = fx_vars_new(l->a, v);
    struct fx *fx = compile(l, vars, text, &diags);
    l->run++;
    if (fx == NULL) {
        l->refused++;
        return;
    }
    bool native = holds(natively(l, vars, fx));
    for (size_t i = 0; !l->limit && i < BACKS; i++) {
        const struct back *b = &l->back[i];
        bool both = native && (b->store == NULL || holds(by_sql(l, b, vars, fx, false)));
        if (!both && l->differ++ < 5) {
            printf("broken law (%s): %.*s\n  %.*s\n  %.*s\n", native ? b->name : "native",
                   STR_ARG(text), STR_ARG(json), STR_ARG(l->said));
        }
    }
}

static void test_laws(void **state)
{
    struct lab l = lab_open(NULL);
    (void)state;
    run_many(&l, run_law, env_number("MORTISE_CASES", 4000));
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_ends),
        cmocka_unit_test(test_laws),
    };
    return cmocka_run_group_tests_name("fx_random", tests, NULL, NULL);
}
