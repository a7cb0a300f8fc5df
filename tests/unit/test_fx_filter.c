/*
 * Random well-typed filters over a record of every type: what the checker lets stand as a filter
 * must have SQL on both databases, and the same answer natively and there. MORTISE_SEED and
 * MORTISE_CASES choose a run, MORTISE_PG=postgresql://… joins PostgreSQL (without it its SQL is
 * only written).
 */
#include "engine/base/id.h"
#include "engine/formula/fx_pgfn.h"
#include "engine/formula/fx_sql.h"
#include "engine/formula/fx_sqlfn.h"
#include "engine/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- the record ---- */

static const char rec[] = "rec";
static const char line[] = "rec.items";
static const char other[] = "other";

struct known {
    const char *form;
    const char *key;
    struct fx_type type;
};

static const struct known known[] = {{rec, "n1", {.base = FX_NUM}},
                                     {rec, "n2", {.base = FX_NUM, .has_scale = true, .scale = 2}},
                                     {rec, "t1", {.base = FX_TEXT}},
                                     {rec, "t2", {.base = FX_TEXT, .options = rec}},
                                     {rec, "b1", {.base = FX_BOOL}},
                                     {rec, "d1", {.base = FX_DATE}},
                                     {rec, "d2", {.base = FX_DATE}},
                                     {rec, "i1", {.base = FX_DATETIME}},
                                     {rec, "m1", {.base = FX_TIME}},
                                     {rec, "r1", {.base = FX_LINK, .form = other}},
                                     {rec, "r2", {.base = FX_LINK, .form = other}},
                                     {rec, "o1", {.base = FX_MEMBER}},
                                     {rec, "p1", {.base = FX_DEPT}},
                                     {rec, "T1", {.base = FX_TEXT, .list = true}},
                                     {rec, "L1", {.base = FX_LINK, .list = true, .form = other}},
                                     {rec, "O1", {.base = FX_MEMBER, .list = true}},
                                     {rec, "items", {.base = FX_ROWS, .form = line}},
                                     {rec, "j1", {.base = FX_JSON}},
                                     {line, "n", {.base = FX_NUM, .has_scale = true, .scale = 2}},
                                     {line, "t", {.base = FX_TEXT}},
                                     {line, "b", {.base = FX_BOOL}},
                                     {line, "d", {.base = FX_DATE}},
                                     {line, "i", {.base = FX_DATETIME}},
                                     {line, "m", {.base = FX_TIME}},
                                     {line, "r", {.base = FX_LINK, .form = other}},
                                     {other, "n", {.base = FX_NUM}},
                                     {other, "t", {.base = FX_TEXT}},
                                     {other, "i", {.base = FX_DATETIME}}};

static int field(void *self, const void *form, struct str key, struct fx_field *out)
{
    (void)self;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].form == form && str_eqz(key, known[i].key)) {
            *out = (struct fx_field){.type = known[i].type, .slot = (uint32_t)i, .ref = &known[i]};
            return 1;
        }
    }
    return 0;
}

static int option(void *self, const void *options, struct str key)
{
    (void)self;
    (void)options;
    return str_eqz(key, "new") || str_eqz(key, "won");
}

static const struct fx_schema schema = {.field = field, .option = option};

static const int64_t zone_at[] = {INT64_MIN};
static const int32_t zone_offset[] = {8 * 3600};
static const struct zone china = {
    .name = {"Asia/Shanghai", 13}, .n = 1, .at_us = zone_at, .offset_s = zone_offset};

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

/* ---- filters ---- */

/* What stands for an expression of each kind: number text select boolean date instant time link
 * member department, lists in upper case. */
struct kind {
    char letter;
    const char *leaves;
    const char *rules; /* between bars */
};

static const struct kind kinds[] = {
    {'n', "n1|n2|0|1.5|r1.n|-2|12.34",
     "(n + n)|(n * n)|(n / n)|ROUND(n, 1)|IF(b, n, n)|COALESCE(n, n)|IFERROR(n, n)|LEN(t)|"
     "SUM(N)|AVERAGE(N)|MIN(N)|MAX(N)|COUNT(N)|COUNT(L)|COUNT(T)|COUNT(D)|COUNTA(L, r, t, o)|"
     "COUNTBLANK(D, r)|COUNTD(L)|COUNTD(I)|COUNTD(B)|MEDIAN(N)|COUNTIF(D, t)|COUNTIF(D, d)|"
     "COUNTIF(D, i)|COUNTIF(D, \">=2026-01-31\")|COUNTIF(I, t)|COUNTIF(I, i)|COUNTIF(I, d)|"
     "COUNTIF(I, \"<2026-03-01\")|COUNTIF(I, \">2026-01-31T00:00:00Z\")|COUNTIF(M, t)|"
     "COUNTIF(M, m)|COUNTIF(M, \"<=08:30\")|COUNTIF(M, \"08:30:00\")|COUNTIF(B, b)|"
     "COUNTIF(B, \"TRUE\")|COUNTIF(B, \"<>false\")|COUNTIF(B, t)|COUNTIF(N, t)|COUNTIF(N, n)|"
     "COUNTIF(N, \">1\")|COUNTIF(T, t)|COUNTIF(T, k)|COUNTIF(T, \"<>a\")|COUNTIF(L, r)|"
     "COUNTIF(L, t)|COUNTIF(L, \"<>\" & t)|COUNTIF(L, \">\" & t)|COUNTIF(T, r)|COUNTIF(O, o)|"
     "COUNTIF(O, t)|COUNTIF(L, BLANK)|COUNTIF(D, BLANK)|COUNTIF(T, BLANK)|COUNTIF([BLANK], d)|"
     "SUMIF(D, \">2026-01-31\", N)|SUMIF(N, \">1\")|SUMIF(L, t, N)|SUMIF(B, b, N)|"
     "AVERAGEIF(I, t, N)|AVERAGEIF(M, \">08:00\", N)|SUMIF(T, t, N)|(d - d)|(i - i)|(i - d)|"
     "YEAR(i)|DAY(d)|HOUR(m)|WEEKDAY(i)|DAYS(d, i)|SWITCH(r, r, n, n)|SWITCH(t, t, n)|"
     "SWITCH(d, i, n, n)|SWITCH(r, t, n, n)|SWITCH(k, \"won\", n, n)|NETWORKDAYS(d, d + 9, D)|"
     "INDEX(N, n)|FIRST(N)|RANK(n, N)|SUMPRODUCT(N, N)|FIND(t, t)|VALUE(t)|DATEDIF(d, i, \"D\")"},
    {'t', "t1|t2|r1.t|\"\"|\"a\"|\"new\"|\"0000000000005\"|\"2026-01-31\"|\">08:30\"",
     "(t & t)|(n & t)|(t & d)|(t & i & m)|(t & b)|IF(b, t, t)|COALESCE(t, t)|LEFT(t, 2)|UPPER(t)|"
     "JOIN(D, t)|JOIN(T)|JOIN(I)|JOIN(B)|TEXTJOIN(t, b, T, d, i)|CONCAT(t, D, N)|FIRST(T)|"
     "INDEX(T, n)|MAX(T)|MIN(T, t)|TEXT(d, \"yyyy/m\")|TEXT(i, \"h:mm\")|TEXT(n, \"0.0\")|TEXT(b, "
     "\"0\")|(t & r)|(o & t)|(p & t)|JOIN(L)|CONCAT(r)|TEXTJOIN(t, b, L)|TEXT(r, t)|(j & t)|"
     "CONCATENATE(t, o)|SWITCH(r, r, t, t)|IFERROR(t, t)|TEXT(m, t)"},
    {'k', "t2", "k"},
    {'j', "j1", "j"},
    {'b', "b1|TRUE|(n1 > 1)|(t1 = \"a\")|FALSE",
     "(n = n)|(n < n)|(t = t)|(t <> t)|(t < t)|(k = \"won\")|(k IN [\"won\", \"new\"])|(d = d)|"
     "(d < i)|(i >= d)|(i = d)|(d <> i)|(m < m)|(m = m)|(b = b)|(b AND b)|(b OR b)|NOT (b)|"
     "XOR(b, b)|(r = r)|(r <> r)|(r = t)|(t = r)|(t <> r)|(o = o)|(o = t)|(t <> o)|(p = p)|(p = "
     "t)|(r = \"0000000000005\")|(r <> \"x\")|(r IN L)|(L CONTAINS r)|(L CONTAINS t)|(t IN L)|"
     "(L CONTAINS \"0000000000005\")|(O CONTAINS \"0000000000007\")|(\"0000000000007\" IN O)|"
     "(O CONTAINS t)|(r IN T)|(T CONTAINS r)|(o IN T)|(o IN O)|(d IN D)|(d IN I)|(i IN D)|"
     "(I CONTAINS d)|(D CONTAINS i)|(i IN I)|(m IN M)|(b IN B)|(B CONTAINS b)|(n IN N)|(N CONTAINS "
     "n)|(t IN T)|(T CONTAINS t)|(t CONTAINS t)|(k IN T)|(r IN [\"0000000000005\", t])|"
     "(d NOT IN [d, d])|(i IN [d, d])|(r IN [r, r])|(o NOT IN [o, BLANK])|(d IN [i])|"
     "(r IN [BLANK])|(BLANK IN L)|(L CONTAINS BLANK)|(D CONTAINS BLANK)|(r = BLANK)|(L = BLANK)|"
     "(L <> BLANK)|(D = BLANK)|ISBLANK(L)|ISBLANK(r)|ISBLANK(d)|ISBLANK(j)|(j = BLANK)|ISBLANK(T)|"
     "ISBLANK(items)|IF(b, b, b)|COALESCE(b, b)|SWITCH(r, r, b, b)|SWITCH(d, d, b)|"
     "STARTSWITH(t, t)|MATCHES(t, \"[a-z]+\")|EXACT(t, t)|AND(b, b)|IFERROR(b, b)|"
     "IFS(b, b, b, b)|FIRST(B)|(n = BLANK)|ISBLANK(r1.i)|(r1.i > d)|(r1.t = t)|(r1.n >= n)"},
    {'d', "d1|d2|DATE(2026, 1, 31)|d1",
     "(d + n)|EDATE(d, 1)|IF(b, d, d)|COALESCE(d, d)|MIN(D)|MAX(d, d)|FIRST(D)|INDEX(D, n)|"
     "DATEVALUE(t)|EOMONTH(i, 0)|WORKDAY(d, 2, D)|SWITCH(r, r, d, d)|IFERROR(d, d)"},
    {'i', "i1|r1.i|i1|DATETIME(2026, 1, 31, 0, 0, 0)",
     "(i + n)|IF(b, i, i)|COALESCE(i, i)|DATETIME(d)|DATETIME(d, m)|MAX(I)|FIRST(I)|DATETIME(t)"},
    {'m', "m1|TIME(8, 30, 0)", "IF(b, m, m)|MIN(M)|COALESCE(m, m)|TIMEVALUE(t)|FIRST(M)"},
    {'r', "r1|r2", "IF(b, r, r)|COALESCE(r, r)|FIRST(L)|LAST(L)|INDEX(L, n)|SWITCH(t, t, r, r)"},
    {'o', "o1", "IF(b, o, o)|FIRST(O)|COALESCE(o, o)"},
    {'p', "p1", "IF(b, p, p)"},
    {'N', "items.n|[1, 1.5, BLANK]", "SORT(N)|UNIQUE(N)|[n, n]"},
    {'T', "T1|items.t|[\"a\", BLANK]", "SORT(T)|UNIQUE(T)|SPLIT(t, \"-\")|[t, t]|[k, k]"},
    {'D', "items.d|[d1, d2]|[BLANK, DATE(2026, 1, 31)]", "SORT(D)|UNIQUE(D)|[d, d, BLANK]"},
    {'I', "items.i|[i1]", "SORT(I)|UNIQUE(I)|[i, i]"},
    {'M', "items.m|[m1]", "SORT(M)|UNIQUE(M)|[m, m]"},
    {'B', "items.b|[b1, TRUE]", "UNIQUE(B)|[b, b]"},
    {'L', "L1|items.r|[r1, r2]|L1", "UNIQUE(L)|[r, r]|[r, BLANK]"},
    {'O', "O1|[o1]", "UNIQUE(O)|[o, o]"}};

static const struct kind *kind_of(char letter)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].letter == letter) {
            return &kinds[i];
        }
    }
    return NULL;
}

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

static bool is_word(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
}

static void expr(struct gen *g, const struct kind *kind, unsigned depth)
{
    if (depth == 0 || pick(g, 6) == 0) {
        strb_add(&g->out, pick_part(g, kind->leaves));
        return;
    }
    struct str form = pick_part(g, kind->rules);
    bool quoted = false;
    for (size_t i = 0; i < form.n; i++) {
        char c = form.p[i];
        bool word = (i > 0 && is_word(form.p[i - 1])) || (i + 1 < form.n && is_word(form.p[i + 1]));
        const struct kind *k = word || quoted ? NULL : kind_of(c);
        quoted = quoted != (c == '"');
        if (k != NULL) {
            expr(g, k, depth - 1);
        } else {
            strb_addc(&g->out, c);
        }
    }
}

static struct str make_filter(struct gen *g)
{
    strb_init(&g->out, g->a);
    expr(g, kind_of('b'), 1 + (unsigned)pick(g, 3));
    return strb_str(&g->out);
}

/* ---- values ---- */

#define ROWS 3

struct world {
    struct arena *a;
    struct val row[ARRAY_LEN(known)];        /* by slot, and of the linked record */
    struct val rows[ARRAY_LEN(known)][ROWS]; /* of the sub-table */
    uint32_t nrows;
};

static struct val make_text(struct gen *g)
{
    static const char texts[] =
        "a|abc|0000000000005|0000000000007|2026-01-31|08:30:00|new|won|TRUE|"
        ">1|<>a|北京|2026-01-31T00:00:00Z|=2026-03-01|<08:31|12|a-b|>=x";
    return val_text(pick_part(g, texts));
}

static struct val make_one(struct gen *g, struct fx_type t)
{
    static const int64_t days[] = {20484, 20485, 20512, 19782, 20483};
    int64_t day = days[pick(g, ARRAY_LEN(days))];
    int64_t secs[] = {0, 30600, 57600, 86399};
    if (pick(g, 6) == 0) {
        return VAL_NONE;
    }
    switch ((enum fx_base)t.base) {
    case FX_NUM:
        return t.has_scale ? val_dec((int64_t)pick(g, 5) * 75 - 100, 2)
                           : val_num((double)pick(g, 7) / 2 - 1);
    case FX_TEXT:
        return t.options != NULL ? val_text(pick(g, 2) ? STR("new") : STR("won")) : make_text(g);
    case FX_BOOL: return val_bool(pick(g, 2) == 0);
    case FX_DATE: return val_date(day);
    case FX_DATETIME: return val_instant((day * 86400 + secs[pick(g, 4)]) * US_PER_S);
    case FX_TIME: return val_time(secs[pick(g, 4)]);
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT: return val_ref(g->a, 5 + (int64_t)pick(g, 3), STR("title"));
    case FX_JSON: return val_text(STR("{}"));
    case FX_BLANK:
    case FX_ROWS: break;
    }
    return VAL_NONE;
}

static struct val make_value(struct gen *g, struct fx_type t)
{
    if (!t.list) {
        return make_one(g, t);
    }
    struct val *items = ARENA_ARRAY(g->a, struct val, ROWS);
    size_t n = pick(g, ROWS + 1);
    t.list = false;
    for (size_t i = 0; i < n; i++) {
        do {
            items[i] = make_one(g, t);
        } while (val_is_blank(items[i]));
    }
    return val_list(items, n);
}

static void make_world(struct gen *g, struct world *w)
{
    w->a = g->a;
    w->nrows = (uint32_t)pick(g, ROWS + 1);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        w->row[i] = make_value(g, known[i].type);
        for (size_t k = 0; k < ROWS; k++) {
            w->rows[i][k] = make_value(g, known[i].type);
        }
    }
}

/* What a name holds. */
static struct val read_name(const struct world *w, const struct fx_ref *ref)
{
    uint32_t slot = ref->path[ref->n - 1].slot;
    if (ref->n == 1 && known[slot].type.base != FX_ROWS) {
        return w->row[slot];
    }
    if (ref->path[0].type.base == FX_ROWS) {
        return val_list(w->rows[slot], w->nrows);
    }
    uint32_t link = ref->path[0].slot;
    return val_is_blank(w->row[link]) ? VAL_NONE : w->row[slot];
}

static int get(struct fx_env *env, const struct fx_ref *ref, struct val *out)
{
    *out = read_name(env->self, ref);
    return 0;
}

/* ---- SQL ---- */

static void bind(struct sql *q, struct val v, struct fx_type t)
{
    bool pg = q->dialect == SQL_PGSQL;
    v = v.kind == VAL_BOOL ? val_dec(v.b, 0) : v.kind == VAL_REF ? val_dec(v.ref->id, 0) : v;
    if (val_is_blank(v)) {
        sql_lit(q, "NULL");
    } else if (v.kind == VAL_DEC || v.kind == VAL_DATE || v.kind == VAL_TIME ||
               v.kind == VAL_INSTANT) {
        sql_bind_int(q, v.i);
    } else {
        sql_bind(q, v);
    }
    if (pg && (t.base == FX_TEXT || t.base == FX_JSON)) {
        sql_lit(q, "::text");
    } else if (pg && t.base == FX_NUM && !t.has_scale) {
        sql_lit(q, "::float8");
    } else if (pg) {
        sql_lit(q, "::bigint");
    }
}

static int column(void *self, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    struct val v = read_name(self, ref);
    struct fx_type t = ref->type;
    (void)err;
    if (!t.list && t.base != FX_ROWS) {
        bind(q, v, t);
        return 0;
    }
    for (uint32_t i = 0; i < v.n; i++) {
        if (i > 0) {
            sql_lit(q, " UNION ALL ");
        }
        sql_lit(q, "SELECT ");
        bind(q, v.list[i], t);
        sql_lit(q, " AS v");
    }
    if (v.n == 0) {
        sql_lit(q, "SELECT ");
        bind(q, VAL_NONE, t);
        sql_lit(q, " AS v WHERE FALSE");
    }
    return 0;
}

struct back {
    const char *name;
    struct store *store; /* NULL: not at hand, SQL is written only */
    struct conn *conn;
    enum sql_dialect dialect;
};

enum { SQLITE, PGSQL, BACKS };

struct lab {
    struct arena *a;
    struct back back[BACKS];
    size_t run, refused, differ;
};

static void tell(struct lab *l, struct str text, const struct back *b, const char *what,
                 struct str sql)
{
    if (l->differ++ < 12) {
        printf("%.*s\n  %s: %s\n  %.*s\n", STR_ARG(text), b->name, what, STR_ARG(sql));
    }
}

static void check_back(struct lab *l, const struct back *b, struct world *w, const struct fx *fx,
                       bool want)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *st;
    struct fx_sql_env env = {.self = w, .column = column, .zone = &china};
    sql_init(&q, l->a, b->dialect);
    sql_lit(&q, "SELECT 1 WHERE ");
    int rc = fx_sql_cond(fx, &q, &env, &err);
    if (rc != 0) {
        tell(l, fx_text(fx), b, err.en, STR_NONE);
        return;
    }
    if (b->store == NULL) {
        return;
    }
    int step = -1;
    if (store_query(b->conn, l->a, &q, &st, &err) == 0) {
        step = stmt_step(st, &err);
        stmt_done(st);
    }
    if (step < 0) {
        tell(l, fx_text(fx), b, err.en, strb_str(&q.text));
    } else if ((step == 1) != want) {
        tell(l, fx_text(fx), b, want ? "is true natively" : "is false natively", strb_str(&q.text));
    }
}

static void run_case(struct lab *l, struct gen *g)
{
    struct world *w = ARENA_NEW(l->a, struct world);
    struct err err = ERR_INIT;
    struct diags diags;
    struct fx_scope scope = {
        .schema = &schema, .form = rec, .place = FX_PLACE_FILTER, .request = true};
    make_world(g, w);
    struct str text = make_filter(g);
    diags_init(&diags, l->a);
    struct fx *fx = fx_compile(l->a, text, &scope, STR_NONE, (struct src_pos){0, 0}, &diags);
    l->run++;
    if (fx == NULL) {
        l->refused++;
        if (str_find(diags.list.v[0].en, STR("no SQL form"), 0) < 0 && l->differ++ < 12) {
            printf("refused: %.*s: %.*s\n", STR_ARG(text), STR_ARG(diags.list.v[0].en));
        }
        return;
    }
    struct fx_env env = {.a = l->a, .self = w, .get = get, .zone = &china, .err = &err};
    bool want = fx_true(fx, &env);
    for (size_t i = 0; i < BACKS; i++) {
        check_back(l, &l->back[i], w, fx, want);
    }
}

static void back_open(struct back *b, const char *name, const char *url)
{
    struct store_opts opts = {.db_function = fx_pg_function, .db_functions_version = fx_pg_version};
    struct err err = ERR_INIT;
    opts.functions = fx_sql_functions(&opts.nfunctions);
    if (store_open(str_of(url), &opts, &b->store, &err) != 0 ||
        store_conn_open(b->store, &b->conn, &err) != 0) {
        fail_msg("%s: %s", url, err.en);
    }
    b->name = name;
}

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *v = getenv(name);
    return v != NULL ? strtoull(v, NULL, 10) : otherwise;
}

static void test_filters(void **state)
{
    struct lab l = {.a = arena_new((size_t)64 << 20)};
    const char *pg = getenv("MORTISE_PG");
    uint64_t seed = env_number("MORTISE_SEED", 20261124);
    uint64_t n = env_number("MORTISE_CASES", 4000);
    (void)state;
    back_open(&l.back[SQLITE], "sqlite", "sqlite::memory:");
    l.back[PGSQL] = (struct back){.name = "pgsql", .dialect = SQL_PGSQL};
    if (pg != NULL && pg[0]) {
        back_open(&l.back[PGSQL], "pgsql", pg);
    }
    struct arena_mark mark = arena_mark(l.a);
    for (uint64_t i = 0; i < n; i++) { /* case i of a seed is case 0 of the seed printed */
        struct gen g = {.a = l.a, .state = seed + i * 1000003};
        size_t before = l.differ;
        run_case(&l, &g);
        if (l.differ > before && l.differ <= 12) {
            printf("  MORTISE_SEED=%llu MORTISE_CASES=1\n",
                   (unsigned long long)(seed + i * 1000003));
        }
        arena_reset(l.a, mark);
    }
    printf("%zu filters from seed %llu%s: %zu have no SQL and say so, %zu wrong\n", l.run,
           (unsigned long long)seed, l.back[PGSQL].store ? "" : " (PostgreSQL written only)",
           l.refused, l.differ);
    for (size_t i = 0; i < BACKS; i++) {
        if (l.back[i].store != NULL) {
            store_conn_close(&l.back[i].conn);
            store_close(&l.back[i].store);
        }
    }
    arena_free(&l.a);
    assert_int_equal(l.differ, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_filters)};
    return cmocka_run_group_tests_name("fx_filter", tests, NULL, NULL);
}
