/* The expression language natively: the cases in tests/formula and the examples of the function
 * table. The same cases run in SQL and WebAssembly from tests/formula/run.mjs. */
#include "engine/formula/fx_sqlfn.h"
#include "engine/formula/fx_trace.h"
#include "engine/formula/fx_vars.h"
#include "engine/store/store.h"
#include "engine/value/json.h"

#include <ctype.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

struct sample {
    struct str expr, vars, want;
    char where[200];
};

/* What runs an expression. */
struct host {
    struct arena *a;
    struct store *store; /* NULL: natively */
    struct conn *conn;
    size_t skipped; /* has no SQL form */
};

/* SELECT expression */
static struct str by_sql(struct host *h, struct fx_vars *vars, const struct fx *fx, struct val *out)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *st;
    struct fx_sql_env env = fx_vars_sql_env(vars);
    env.now_us = INT64_C(1795449600000000);
    sql_init(&q, h->a, SQL_SQLITE);
    sql_lit(&q, "SELECT ");
    if (fx_sql_value(fx, &q, &env, NULL, &err) != 0) {
        return str_fmt(h->a, "sql: %s", err.en);
    }
    if (store_query(h->conn, h->a, &q, &st, &err) != 0 || stmt_step(st, &err) != 1) {
        return str_fmt(h->a, "sql: %s in %.*s", err.en, STR_ARG(strb_str(&q.text)));
    }
    *out = fx_vars_result(h->a, fx_type_of(fx), val_copy(h->a, stmt_val(st, 0)));
    stmt_done(st);
    return STR_NONE;
}

/* The value as JSON, or "! column message" when the expression does not compile. */
static struct str answer(struct host *h, struct str expr, struct str vars)
{
    struct arena *a = h->a;
    struct err err = ERR_INIT;
    struct val v;
    struct diags diags;
    struct strb out;
    if (json_parse(a, vars, &v, &err) != 0) {
        return str_fmt(a, "bad vars: %s", err.en);
    }
    struct fx_vars *names = fx_vars_new(a, v);
    struct fx_scope scope = fx_vars_scope(names);
    diags_init(&diags, a);
    struct fx *fx = fx_compile(a, expr, &scope, STR_NONE, (struct src_pos){0, 0}, &diags);
    if (fx == NULL) {
        assert_true(diags.list.n > 0);
        return str_fmt(a, "! %u %.*s", diags.list.v[0].pos.column, STR_ARG(diags.list.v[0].en));
    }
    struct fx_env env = {
        .a = a, .zone = &zone_utc, .now_us = INT64_C(1795449600000000), .err = &err};
    fx_vars_env(names, &env);
    v = fx_eval(fx, &env);
    if (h->store != NULL && (fx_flags(fx) & FX_NO_SQL)) {
        h->skipped++;
    } else if (h->store != NULL) {
        struct str failed = by_sql(h, names, fx, &v);
        if (failed.n > 0) {
            return failed;
        }
    }
    struct json j;
    strb_init(&out, a);
    json_init(&j, &out);
    json_val(&j, v);
    return strb_str(&out);
}

/* Equal as JSON text without blanks. */
static struct str squeeze(struct arena *a, struct str s)
{
    struct strb b;
    bool text = false;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n; i++) {
        text = text != (s.p[i] == '"');
        if (text || s.p[i] != ' ') {
            strb_addc(&b, s.p[i]);
        }
    }
    return strb_str(&b);
}

static bool holds(struct arena *a, struct str got, struct str want)
{
    if (str_starts(want, STR("!"))) {
        return str_starts(got, STR("!")) &&
               str_find(got, str_trim(str_sub(want, 1, want.n)), 0) >= 0;
    }
    return str_eq(squeeze(a, got), squeeze(a, want));
}

/* Makes variables of the literals of an expression, so that nothing is folded away. */
static void lift(struct arena *a, struct str expr, struct str *out_expr, struct str *out_vars)
{
    struct strb e;
    struct strb v;
    unsigned n = 0;
    strb_init(&e, a);
    strb_init(&v, a);
    strb_addc(&v, '{');
    for (size_t i = 0; i < expr.n;) {
        size_t end = i;
        char c = expr.p[i];
        bool inside = i > 0 && (isalnum((unsigned char)expr.p[i - 1]) || expr.p[i - 1] == '_');
        if (c == '"') {
            for (end++; expr.p[end] != '"'; end++) {
            }
            end++;
        } else if (isdigit((unsigned char)c) && !inside) {
            while (end < expr.n && (isdigit((unsigned char)expr.p[end]) || expr.p[end] == '.')) {
                end++;
            }
        }
        if (end == i) {
            strb_addc(&e, c);
            i++;
            continue;
        }
        struct str lit = str_sub(expr, i, end - i);
        strb_addf(&e, "v%u", ++n);
        strb_addf(&v, "%s\"v%u\":", n > 1 ? "," : "", n);
        for (size_t k = 0; k < lit.n; k++) { /* a backslash is itself in a formula */
            strb_addz(&v, lit.p[k] == '\\' ? "\\" : "");
            strb_addc(&v, lit.p[k]);
        }
        i = end;
    }
    strb_addc(&v, '}');
    *out_expr = strb_str(&e);
    *out_vars = strb_str(&v);
}

static size_t run_case(struct host *h, const struct sample *c)
{
    struct arena *a = h->a;
    struct arena_mark mark = arena_mark(a);
    struct str got = answer(h, c->expr, c->vars);
    bool ok = holds(a, got, c->want);
    if (!ok) {
        printf("%s: %.*s  %.*s\n  want %.*s\n  got  %.*s\n", c->where, STR_ARG(c->expr),
               STR_ARG(c->vars), STR_ARG(c->want), STR_ARG(got));
    }
    arena_reset(a, mark);
    return !ok;
}

static struct str read_file(struct arena *a, const char *path)
{
    struct strb b;
    char buf[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    strb_init(&b, a);
    while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
        strb_addn(&b, buf, n);
    }
    fclose(f);
    return strb_str(&b);
}

/* Three lines a case; blank lines between, # comments. */
static void run_file(struct host *h, const char *path, size_t *total, size_t *bad)
{
    struct str rest = read_file(h->a, path);
    struct sample c = {0};
    unsigned line = 0;
    int have = 0;
    while (rest.n > 0) {
        struct str text;
        rest = str_cut(rest, '\n', &text);
        line++;
        if (text.n == 0 || text.p[0] == '#') {
            continue;
        }
        if (have == 0) {
            c.expr = text;
            snprintf(c.where, sizeof(c.where), "%s:%u", path, line);
        } else if (have == 1) {
            c.vars = text;
        } else {
            c.want = text;
            *bad += run_case(h, &c);
            ++*total;
            if (h->store != NULL && str_eqz(c.vars, "{}") && strstr(path, "excel") != NULL) {
                lift(h->a, c.expr, &c.expr, &c.vars); /* else the case is a constant to SQL */
                *bad += run_case(h, &c);
                ++*total;
            }
        }
        have = (have + 1) % 3;
    }
    assert_int_equal(have, 0);
}

static struct host host_open(bool sql)
{
    struct host h = {.a = arena_new(64 << 20)};
    struct store_opts opts = {0};
    struct err err = ERR_INIT;
    opts.functions = fx_sql_functions(&opts.nfunctions);
    if (sql) {
        assert_int_equal(store_open(STR("sqlite::memory:"), &opts, &h.store, &err), 0);
        assert_int_equal(store_conn_open(h.store, &h.conn, &err), 0);
    }
    return h;
}

static void host_close(struct host *h)
{
    if (h->store != NULL) {
        store_conn_close(&h->conn);
        store_close(&h->store);
    }
    arena_free(&h->a);
}

static void run_files(bool sql)
{
    size_t total = 0;
    size_t bad = 0;
    glob_t g;
    struct host h = host_open(sql);
    assert_int_equal(glob("tests/formula/*.fx", 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        run_file(&h, g.gl_pathv[i], &total, &bad);
    }
    globfree(&g);
    printf("%s: %zu cases, %zu failed, %zu without SQL\n", sql ? "sqlite" : "native", total, bad,
           h.skipped);
    host_close(&h);
    assert_true(total > 50);
    assert_int_equal(bad, 0);
}

static void test_files(void **state)
{
    (void)state;
    run_files(false);
}

static void test_files_sql(void **state)
{
    (void)state;
    run_files(true);
}

static void run_examples(bool sql)
{
    size_t total = 0;
    size_t bad = 0;
    struct fx_fn_doc doc;
    struct host h = host_open(sql);
    for (size_t i = 0; fx_function(i, &doc); i++) {
        struct str rest = str_of(doc.example);
        assert_true(doc.zh != NULL && doc.en != NULL && doc.signature != NULL);
        while (rest.n > 0) {
            struct str line;
            rest = str_cut(rest, '\n', &line);
            ptrdiff_t arrow = str_find(line, STR(" -> "), 0);
            assert_true(arrow > 0);
            struct sample c = {str_sub(line, 0, (size_t)arrow), STR("{}"),
                               str_sub(line, (size_t)arrow + 4, line.n), "example"};
            bad += run_case(&h, &c);
            lift(h.a, c.expr, &c.expr, &c.vars);
            bad += run_case(&h, &c);
            total += 2;
        }
    }
    printf("%s: %zu examples, %zu failed, %zu without SQL\n", sql ? "sqlite" : "native", total, bad,
           h.skipped);
    host_close(&h);
    assert_int_equal(bad, 0);
}

static void test_examples(void **state)
{
    (void)state;
    run_examples(false);
}

static void test_examples_sql(void **state)
{
    (void)state;
    run_examples(true);
}

static void test_trace(void **state)
{
    struct host h = host_open(false);
    struct diags diags;
    struct err err = ERR_INIT;
    struct val v;
    (void)state;
    assert_int_equal(json_parse(h.a, STR("{\"a\":6,\"b\":0}"), &v, &err), 0);
    struct fx_vars *names = fx_vars_new(h.a, v);
    struct fx_scope scope = fx_vars_scope(names);
    diags_init(&diags, h.a);
    struct fx *fx = fx_compile(h.a, STR("IF(a > 5, a / b, 1) + 2"), &scope, STR_NONE,
                               (struct src_pos){1, 1}, &diags);
    struct fx_env env = {.a = h.a, .err = &err};
    fx_vars_env(names, &env);
    struct val trace = fx_trace(fx, &env);
    bool found = false;
    for (uint32_t i = 0; i < trace.n; i++) {
        struct str text = val_str(val_get(trace.list[i], STR("text")));
        struct val reason = val_get(trace.list[i], STR("reason_en"));
        if (str_eq(text, STR("a / b"))) {
            found = true;
            assert_true(str_eq(val_str(reason), STR("Division by zero.")));
            assert_int_equal(val_double(val_get(trace.list[i], STR("column"))), 11);
        }
    }
    assert_true(found);
    struct val last = trace.list[trace.n - 1];
    assert_true(val_double(val_get(last, STR("value"))) == 2);
    host_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace),        cmocka_unit_test(test_files),
        cmocka_unit_test(test_files_sql),    cmocka_unit_test(test_examples),
        cmocka_unit_test(test_examples_sql),
    };
    return cmocka_run_group_tests_name("fx", tests, NULL, NULL);
}
