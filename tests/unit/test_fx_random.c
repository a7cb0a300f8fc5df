/*
 * Random well-typed expressions over random values: natively and by SQLite the same, and the laws
 * that hold for every value.  MORTISE_SEED and MORTISE_CASES choose a run; MORTISE_PRINT=FILE
 * writes the cases as JSON lines, which tests/formula/run_wasm.mjs runs in WebAssembly.
 */
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

static const char *const numbers[] = {"0",      "1",
                                      "-1",     "2",
                                      "0.5",    "1.005",
                                      "2.675",  "-2.5",
                                      "0.1",    "0.3",
                                      "100",    "12.34",
                                      "99.99",  "1e-9",
                                      "1e15",   "-1e15",
                                      "1e300",  "-1e300",
                                      "1e-300", "7",
                                      "3",      "10",
                                      "0.015",  "1.115",
                                      "1e21",   "123456789.125",
                                      "-0.005", "31",
                                      "12",     "2024",
                                      "5",      "999999999999999",
                                      "4.35"};
static const char *const texts[] = {"a",
                                    "abc",
                                    "北京",
                                    "上海公司",
                                    "\xF0\x9F\x98\x80",
                                    "e\xCC\x81t\xC3\xA9",
                                    "A",
                                    "  a  b ",
                                    "1,234.5",
                                    "50%",
                                    "x",
                                    "2024-02-29",
                                    "ab-cd-ab",
                                    "İ",
                                    "12",
                                    "ÄÖ",
                                    "zz",
                                    "0",
                                    "%_"};
static const char *const dates[] = {"2024-02-29", "2026-01-31", "2026-12-31", "2026-11-23",
                                    "1999-12-31", "2000-02-29", "2023-02-28", "2026-03-01",
                                    "0001-01-01", "9999-12-31"};
static const char *const instants[] = {"2026-11-23T08:30:00Z", "2024-02-29T23:59:59Z",
                                       "1969-12-31T23:59:59.5Z", "2026-01-31T00:00:00Z"};

#define PICK(g, list) ((list)[pick((g), ARRAY_LEN(list))])

static void add(struct gen *g, const char *z)
{
    strb_addz(&g->out, z);
}

/* ---- expressions ---- */

enum kind { K_NUM, K_TEXT, K_BOOL, K_DATE, K_INSTANT, K_NUMS, K_TEXTS, K_KINDS };

struct rule {
    enum kind kind;
    const char *form; /* n t b d i N T stand for an expression of that kind */
};

static const struct rule rules[] = {{K_NUM, "(n + n)"},
                                    {K_NUM, "(n - n)"},
                                    {K_NUM, "(n * n)"},
                                    {K_NUM, "(n / n)"},
                                    {K_NUM, "-(n)"},
                                    {K_NUM, "(n)%"},
                                    {K_NUM, "(n ^ 2)"},
                                    {K_NUM, "(n ^ n)"},
                                    {K_NUM, "IF(b, n, n)"},
                                    {K_NUM, "IF(b, n)"},
                                    {K_NUM, "IFERROR(n, n)"},
                                    {K_NUM, "COALESCE(n, n)"},
                                    {K_NUM, "IFBLANK(n, n)"},
                                    {K_NUM, "IFS(b, n, b, n)"},
                                    {K_NUM, "SWITCH(t, t, n, t, n, n)"},
                                    {K_NUM, "ABS(n)"},
                                    {K_NUM, "SIGN(n)"},
                                    {K_NUM, "INT(n)"},
                                    {K_NUM, "TRUNC(n, 1)"},
                                    {K_NUM, "ROUND(n, 2)"},
                                    {K_NUM, "ROUNDUP(n, 1)"},
                                    {K_NUM, "ROUNDDOWN(n)"},
                                    {K_NUM, "MOD(n, n)"},
                                    {K_NUM, "QUOTIENT(n, n)"},
                                    {K_NUM, "CEILING(n, n)"},
                                    {K_NUM, "FLOOR(n, n)"},
                                    {K_NUM, "MROUND(n, n)"},
                                    {K_NUM, "SQRT(n)"},
                                    {K_NUM, "EXP(n)"},
                                    {K_NUM, "LN(n)"},
                                    {K_NUM, "LOG(n, n)"},
                                    {K_NUM, "GCD(n, n)"},
                                    {K_NUM, "LCM(n, n)"},
                                    {K_NUM, "EVEN(n)"},
                                    {K_NUM, "ODD(n)"},
                                    {K_NUM, "FACT(n)"},
                                    {K_NUM, "SUM(N)"},
                                    {K_NUM, "AVERAGE(N)"},
                                    {K_NUM, "MIN(N)"},
                                    {K_NUM, "MAX(N, n)"},
                                    {K_NUM, "COUNT(N)"},
                                    {K_NUM, "COUNTA(T)"},
                                    {K_NUM, "COUNTBLANK(N)"},
                                    {K_NUM, "COUNTD(T)"},
                                    {K_NUM, "MEDIAN(N)"},
                                    {K_NUM, "PRODUCT(N)"},
                                    {K_NUM, "STDEV(N)"},
                                    {K_NUM, "LARGE(N, 1)"},
                                    {K_NUM, "SMALL(N, 2)"},
                                    {K_NUM, "RANK(n, N)"},
                                    {K_NUM, "SUMPRODUCT(N, N)"},
                                    {K_NUM, "SUMIF(N, \">1\")"},
                                    {K_NUM, "COUNTIF(T, t)"},
                                    {K_NUM, "AVERAGEIF(N, \"<>1\")"},
                                    {K_NUM, "FIRST(N)"},
                                    {K_NUM, "LAST(N)"},
                                    {K_NUM, "INDEX(N, n)"},
                                    {K_NUM, "LEN(t)"},
                                    {K_NUM, "FIND(t, t)"},
                                    {K_NUM, "SEARCH(t, t)"},
                                    {K_NUM, "VALUE(t)"},
                                    {K_NUM, "UNICODE(t)"},
                                    {K_NUM, "YEAR(d)"},
                                    {K_NUM, "MONTH(d)"},
                                    {K_NUM, "DAY(i)"},
                                    {K_NUM, "HOUR(i)"},
                                    {K_NUM, "WEEKDAY(d)"},
                                    {K_NUM, "WEEKNUM(d)"},
                                    {K_NUM, "ISOWEEKNUM(d)"},
                                    {K_NUM, "QUARTER(d)"},
                                    {K_NUM, "DAYS(d, d)"},
                                    {K_NUM, "(d - d)"},
                                    {K_NUM, "(i - i)"},
                                    {K_NUM, "DATEDIF(d, d, \"M\")"},
                                    {K_NUM, "YEARFRAC(d, d)"},
                                    {K_NUM, "NETWORKDAYS(d, d + 40)"},
                                    {K_TEXT, "(t & t)"},
                                    {K_TEXT, "(n & t)"},
                                    {K_TEXT, "(t & d & b)"},
                                    {K_TEXT, "IF(b, t, t)"},
                                    {K_TEXT, "COALESCE(t, t)"},
                                    {K_TEXT, "SWITCH(n, n, t, t)"},
                                    {K_TEXT, "LEFT(t, 2)"},
                                    {K_TEXT, "RIGHT(t, n)"},
                                    {K_TEXT, "MID(t, 2, 3)"},
                                    {K_TEXT, "SUBSTITUTE(t, t, t)"},
                                    {K_TEXT, "REPLACE(t, 1, 1, t)"},
                                    {K_TEXT, "UPPER(t)"},
                                    {K_TEXT, "LOWER(t)"},
                                    {K_TEXT, "PROPER(t)"},
                                    {K_TEXT, "TRIM(t)"},
                                    {K_TEXT, "REPT(t, 2)"},
                                    {K_TEXT, "CONCAT(t, N, T)"},
                                    {K_TEXT, "TEXTJOIN(t, b, T, t)"},
                                    {K_TEXT, "JOIN(N, t)"},
                                    {K_TEXT, "TEXT(n, \"#,##0.00\")"},
                                    {K_TEXT, "TEXT(d, \"yyyy-mm-dd\")"},
                                    {K_TEXT, "FIXED(n, 1)"},
                                    {K_TEXT, "RMBCAP(n)"},
                                    {K_TEXT, "FIRST(T)"},
                                    {K_TEXT, "INDEX(T, 2)"},
                                    {K_TEXT, "MAX(T)"},
                                    {K_TEXT, "IFERROR(t, t)"},
                                    {K_BOOL, "(n = n)"},
                                    {K_BOOL, "(n <> n)"},
                                    {K_BOOL, "(n < n)"},
                                    {K_BOOL, "(n >= n)"},
                                    {K_BOOL, "(t = t)"},
                                    {K_BOOL, "(t < t)"},
                                    {K_BOOL, "(t <> t)"},
                                    {K_BOOL, "(d <= d)"},
                                    {K_BOOL, "(d = d)"},
                                    {K_BOOL, "(d < i)"},
                                    {K_BOOL, "(i = d)"},
                                    {K_BOOL, "(b = b)"},
                                    {K_BOOL, "(b AND b)"},
                                    {K_BOOL, "(b OR b)"},
                                    {K_BOOL, "NOT (b)"},
                                    {K_BOOL, "XOR(b, b)"},
                                    {K_BOOL, "AND(b, b)"},
                                    {K_BOOL, "ISBLANK(n)"},
                                    {K_BOOL, "ISBLANK(t)"},
                                    {K_BOOL, "ISBLANK(N)"},
                                    {K_BOOL, "(n = BLANK)"},
                                    {K_BOOL, "(t CONTAINS t)"},
                                    {K_BOOL, "(N CONTAINS n)"},
                                    {K_BOOL, "(n IN N)"},
                                    {K_BOOL, "(t IN T)"},
                                    {K_BOOL, "(n NOT IN [1, 2, 0.5])"},
                                    {K_BOOL, "(t IN [\"a\", \"北京\"])"},
                                    {K_BOOL, "STARTSWITH(t, t)"},
                                    {K_BOOL, "ENDSWITH(t, t)"},
                                    {K_BOOL, "EXACT(t, t)"},
                                    {K_BOOL, "MATCHES(t, \"[a-z]+\")"},
                                    {K_BOOL, "IF(b, b, b)"},
                                    {K_BOOL, "COALESCE(b, b)"},
                                    {K_DATE, "(d + n)"},
                                    {K_DATE, "(d - 7)"},
                                    {K_DATE, "EDATE(d, 1)"},
                                    {K_DATE, "EOMONTH(d, n)"},
                                    {K_DATE, "IF(b, d, d)"},
                                    {K_DATE, "DATE(n, n, n)"},
                                    {K_DATE, "WORKDAY(d, 5)"},
                                    {K_DATE, "MIN(d, d)"},
                                    {K_DATE, "DATEVALUE(t)"},
                                    {K_INSTANT, "(i + n)"},
                                    {K_INSTANT, "DATETIME(d)"},
                                    {K_INSTANT, "MAX(i, i)"},
                                    {K_NUMS, "SORT(N)"},
                                    {K_NUMS, "UNIQUE(N)"},
                                    {K_NUMS, "[n, n]"},
                                    {K_TEXTS, "SORT(T, b)"},
                                    {K_TEXTS, "UNIQUE(T)"},
                                    {K_TEXTS, "SPLIT(t, \"-\")"},
                                    {K_TEXTS, "[t, t, t]"}};

/* Names of the variables of each kind. */
static const char *const leaves[K_KINDS][6] = {
    {"n1", "n2", "n3", "n4", "c1", "c2"},
    {"t1", "t2", "t3", "t1", "t2", "t3"},
    {"b1", "b2", "(n1 > n2)", "TRUE", "FALSE", "b1"},
    {"DATEVALUE(d1)", "DATEVALUE(d2)", "DATE(2026, 1, 31)", "DATEVALUE(d1)", "DATEVALUE(d2)",
     "DATEVALUE(d3)"},
    {"DATETIME(i1)", "DATETIME(i2)", "DATETIME(i1)", "DATETIME(i2)", "DATETIME(i1)",
     "DATETIME(i2)"},
    {"rows.n", "rows.m", "l1", "rows.n", "[1, BLANK, 2.5]", "l1"},
    {"rows.t", "l2", "rows.t", "[\"a\", BLANK]", "l2", "l2"}};

static const char kind_letters[] = "ntbdiNT";

static void expr(struct gen *g, enum kind kind, unsigned depth);

static void fill(struct gen *g, const char *form, unsigned depth)
{
    for (const char *p = form; *p != '\0'; p++) {
        const char *k = strchr(kind_letters, *p);
        bool word = p > form && ((p[-1] >= 'A' && p[-1] <= 'Z') || p[-1] == '"' ||
                                 (p[-1] >= 'a' && p[-1] <= 'z'));
        bool next_word = (p[1] >= 'A' && p[1] <= 'Z') || (p[1] >= 'a' && p[1] <= 'z') ||
                         p[1] == '(' || p[1] == '"';
        if (k != NULL && !word && !next_word) {
            expr(g, (enum kind)(k - kind_letters), depth - 1);
        } else {
            strb_addc(&g->out, *p);
        }
    }
}

static void expr(struct gen *g, enum kind kind, unsigned depth)
{
    if (depth == 0 || pick(g, 6) == 0) {
        add(g, leaves[kind][pick(g, 6)]);
        return;
    }
    const struct rule *r;
    do {
        r = &rules[pick(g, ARRAY_LEN(rules))];
    } while (r->kind != kind);
    fill(g, r->form, depth);
}

static struct str make_expr(struct gen *g)
{
    strb_init(&g->out, g->a);
    expr(g, (enum kind)pick(g, K_KINDS), 1 + (unsigned)pick(g, 4));
    return strb_str(&g->out);
}

/* ---- values ---- */

static void put_text(struct gen *g, const char *text)
{
    if (pick(g, 6) == 0) {
        add(g, "null");
        return;
    }
    strb_addc(&g->out, '"');
    add(g, text);
    strb_addc(&g->out, '"');
}

static void put_num(struct gen *g)
{
    add(g, pick(g, 6) == 0 ? "null" : PICK(g, numbers));
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
            put_text(g, PICK(g, texts));
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
        put_text(g, PICK(g, texts));
        add(g, "}");
    }
    add(g, "]");
}

/* Some keys are missing types: null fits all. c1 and c2 have more digits than a double: exact
 * decimals. */
static struct str make_vars(struct gen *g)
{
    static const char *const nums[] = {"n1", "n2", "n3", "n4"};
    static const char *const exact[] = {"1234567890123.45", "0.1234567890123456",
                                        "9007199254740.99", "12.5"};
    strb_init(&g->out, g->a);
    add(g, "{");
    put_nums(g, NULL, nums, 4);
    for (int i = 1; i <= 2; i++) {
        put_key(g, i == 1 ? "c1" : "c2");
        add(g, PICK(g, exact));
        put_key(g, i == 1 ? "b1" : "b2");
        add(g, pick(g, 4) == 0 ? "null" : pick(g, 2) ? "true" : "false");
        put_key(g, i == 1 ? "i1" : "i2");
        put_text(g, PICK(g, instants));
    }
    for (int i = 1; i <= 3; i++) {
        put_key(g, i == 1 ? "t1" : i == 2 ? "t2" : "t3");
        put_text(g, PICK(g, texts));
        put_key(g, i == 1 ? "d1" : i == 2 ? "d2" : "d3");
        put_text(g, PICK(g, dates));
    }
    put_key(g, "l1");
    put_list(g, false);
    put_key(g, "l2");
    put_list(g, true);
    put_rows(g);
    add(g, "}");
    return strb_str(&g->out);
}

/* ---- running ---- */

struct lab {
    struct arena *a;
    struct store *store;
    struct conn *conn;
    FILE *print;
    size_t run, refused, differ;
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
    return fx_eval(fx, &env);
}

static struct val by_sql(struct lab *l, struct fx_vars *vars, const struct fx *fx)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *st;
    struct fx_sql_env env = fx_vars_sql_env(vars);
    sql_init(&q, l->a, SQL_SQLITE);
    sql_lit(&q, "SELECT ");
    if (fx_sql_value(fx, &q, &env, NULL, &err) != 0 ||
        store_query(l->conn, l->a, &q, &st, &err) != 0 || stmt_step(st, &err) != 1) {
        l->said = str_fmt(l->a, "%s: %.*s", err.en, STR_ARG(strb_str(&q.text)));
        return val_text(l->said);
    }
    l->said = strb_str(&q.text);
    struct val v = fx_vars_result(l->a, fx_type_of(fx), val_copy(l->a, stmt_val(st, 0)));
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

static void check_sql(struct lab *l, struct fx_vars *vars, const struct fx *fx, struct str json,
                      struct val want)
{
    struct val got = by_sql(l, vars, fx);
    if (alike(got, want)) {
        return;
    }
    if (l->differ++ < 5) {
        struct str w = as_json(l, want);
        struct str s = as_json(l, got);
        struct str text = fx_text(fx);
        printf("%.*s\n  %.*s\n  native %.*s\n  sqlite %.*s\n  %.*s\n", STR_ARG(text), STR_ARG(json),
               STR_ARG(w), STR_ARG(s), STR_ARG(l->said));
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

static struct lab lab_open(const char *print)
{
    struct lab l = {.a = arena_new((size_t)128 << 20)};
    struct store_opts opts = {0};
    struct err err = ERR_INIT;
    opts.functions = fx_sql_functions(&opts.nfunctions);
    assert_int_equal(store_open(STR("sqlite::memory:"), &opts, &l.store, &err), 0);
    assert_int_equal(store_conn_open(l.store, &l.conn, &err), 0);
    l.print = print != NULL ? fopen(print, "w") : NULL;
    return l;
}

static void lab_close(struct lab *l)
{
    if (l->print != NULL) {
        fclose(l->print);
    }
    store_conn_close(&l->conn);
    store_close(&l->store);
    arena_free(&l->a);
}

static void test_back_ends(void **state)
{
    struct lab l = lab_open(getenv("MORTISE_PRINT"));
    uint64_t seed = env_number("MORTISE_SEED", 20261124);
    uint64_t n = env_number("MORTISE_CASES", 4000);
    struct arena_mark mark = arena_mark(l.a);
    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        struct gen g = {.a = l.a, .state = seed + i * 1000003};
        size_t before = l.differ;
        run_case(&l, &g);
        if (l.differ > before) {
            printf("  MORTISE_SEED=%llu MORTISE_CASES=1\n",
                   (unsigned long long)(seed + i * 1000003));
        }
        arena_reset(l.a, mark);
    }
    printf("%zu cases from seed %llu: %zu refused, %zu differ\n", l.run, (unsigned long long)seed,
           l.refused, l.differ);
    assert_true(l.refused * 20 < l.run);
    assert_int_equal(l.differ, 0);
    lab_close(&l);
}

/* Each is TRUE for every value. $ stands for a random expression of the letter's kind. */
static const char *const laws[] = {"(n = n) = NOT (n <> n)",
                                   "NOT (b AND c) = (NOT b OR NOT c)",
                                   "ROUND(ROUND(n, 2), 2) = ROUND(n, 2) OR ISBLANK(ROUND(n, 2))",
                                   "LEN(t & s) = LEN(t) + LEN(s)",
                                   "COUNT(N) + COUNTBLANK(N) >= COUNT(N)",
                                   "ISBLANK(SORT(N)) = (COUNT(N) = 0)",
                                   "COUNT(UNIQUE(N)) = COUNTD(N)",
                                   "NOT (n < m) OR NOT (m < n)"};

static void test_laws(void **state)
{
    static const char letters[] = "nmbctsN";
    static const enum kind kinds[] = {K_NUM, K_NUM, K_BOOL, K_BOOL, K_TEXT, K_TEXT, K_NUMS};
    struct lab l = lab_open(NULL);
    struct arena_mark mark = arena_mark(l.a);
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        struct gen g = {.a = l.a, .state = 99 + i * 7919};
        struct err err = ERR_INIT;
        struct diags diags;
        struct val v;
        struct strb text;
        struct str parts[sizeof(letters)];
        struct str json = make_vars(&g);
        for (size_t k = 0; k + 1 < sizeof(letters); k++) {
            strb_init(&g.out, l.a);
            expr(&g, kinds[k], 2);
            parts[k] = strb_str(&g.out);
        }
        strb_init(&text, l.a);
        const char *law = laws[i % ARRAY_LEN(laws)];
        for (const char *p = law; *p != '\0'; p++) {
            const char *k = strchr(letters, *p);
            bool word = (p > law && p[-1] >= 'A' && p[-1] <= 'Z') || (p[1] >= 'A' && p[1] <= 'Z');
            if (k != NULL && !word) {
                strb_addf(&text, "(%.*s)", STR_ARG(parts[k - letters]));
            } else {
                strb_addc(&text, *p);
            }
        }
        assert_int_equal(json_parse(l.a, json, &v, &err), 0);
        struct fx_vars *vars = fx_vars_new(l.a, v);
        struct fx *fx = compile(&l, vars, strb_str(&text), &diags);
        if (fx != NULL) {
            v = natively(&l, vars, fx);
            if (!v.b) {
                printf("law %s fails: %.*s over %.*s\n", law, STR_ARG(strb_str(&text)),
                       STR_ARG(json));
            }
            assert_true(v.kind == VAL_BOOL && v.b);
            l.run++;
        }
        arena_reset(l.a, mark);
    }
    printf("%zu laws held\n", l.run);
    assert_true(l.run > 1500);
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
