/* The expression language natively: the cases in tests/formula and the examples of the function
 * table. The same cases run in SQL and WebAssembly from tests/formula/run.mjs. */
#include "engine/formula/fx.h"
#include "engine/formula/fx_vars.h"
#include "engine/value/json.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

struct sample {
    struct str expr, vars, want;
    char where[200];
};

/* The value as JSON, or "! column message" when the expression does not compile. */
static struct str answer(struct arena *a, struct str expr, struct str vars)
{
    struct err err = ERR_INIT;
    struct val v;
    struct diags diags;
    struct strb out;
    if (json_parse(a, vars, &v, &err) != 0) {
        return str_fmt(a, "bad vars: %s", err.en);
    }
    struct fx_vars *host = fx_vars_new(a, v);
    struct fx_scope scope = fx_vars_scope(host);
    diags_init(&diags, a);
    struct fx *fx = fx_compile(a, expr, &scope, STR_NONE, (struct src_pos){0, 0}, &diags);
    if (fx == NULL) {
        assert_true(diags.list.n > 0);
        return str_fmt(a, "! %u %.*s", diags.list.v[0].pos.column, STR_ARG(diags.list.v[0].en));
    }
    struct fx_env env = {
        .a = a, .zone = &zone_utc, .now_us = INT64_C(1795449600000000), .err = &err};
    fx_vars_env(host, &env);
    struct json j;
    strb_init(&out, a);
    json_init(&j, &out);
    json_val(&j, fx_eval(fx, &env));
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

static size_t run_case(struct arena *a, const struct sample *c)
{
    struct arena_mark mark = arena_mark(a);
    struct str got = answer(a, c->expr, c->vars);
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
static void run_file(struct arena *a, const char *path, size_t *total, size_t *bad)
{
    struct str rest = read_file(a, path);
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
            *bad += run_case(a, &c);
            ++*total;
        }
        have = (have + 1) % 3;
    }
    assert_int_equal(have, 0);
}

static void test_files(void **state)
{
    size_t total = 0;
    size_t bad = 0;
    glob_t g;
    struct arena *a = arena_new(64 << 20);
    (void)state;
    assert_int_equal(glob("tests/formula/*.fx", 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        run_file(a, g.gl_pathv[i], &total, &bad);
    }
    globfree(&g);
    arena_free(&a);
    printf("%zu cases, %zu failed\n", total, bad);
    assert_true(total > 50);
    assert_int_equal(bad, 0);
}

static void test_examples(void **state)
{
    size_t total = 0;
    size_t bad = 0;
    struct fx_fn_doc doc;
    struct arena *a = arena_new(16 << 20);
    (void)state;
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
            bad += run_case(a, &c);
            total++;
        }
    }
    arena_free(&a);
    printf("%zu examples, %zu failed\n", total, bad);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_examples),
    };
    return cmocka_run_group_tests_name("fx", tests, NULL, NULL);
}
