/*
 * How fast expressions compile and evaluate on one core: prints one line an expression. A figure is
 * the best of many short rounds, so that neighbours on the machine do not count.
 */
#include "engine/formula/fx.h"
#include "engine/formula/fx_vars.h"
#include "engine/value/json.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS   200
#define EVALS    50000
#define COMPILES 1000

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct fx *compile(struct arena *a, const struct fx_scope *scope, struct str text)
{
    struct diags d;
    diags_init(&d, a);
    return fx_compile(a, text, scope, STR_NONE, (struct src_pos){1, 1}, &d);
}

static void bench(struct arena *a, const char *expr)
{
    struct err err = ERR_INIT;
    struct val vars;
    struct str json =
        STR("{\"qty\":3,\"price\":19.9,\"discount\":0.1,\"status\":\"won\",\"name\":\"北京公司\"}");
    if (json_parse(a, json, &vars, &err) != 0) {
        return;
    }
    struct fx_vars *names = fx_vars_new(a, vars);
    struct fx_scope scope = fx_vars_scope(names);
    struct fx *fx = compile(a, &scope, str_of(expr));
    if (fx == NULL) {
        printf("%s: does not compile\n", expr);
        return;
    }
    struct fx_env env = {.a = a, .zone = &zone_utc, .err = &err};
    fx_vars_env(names, &env);
    struct arena_mark mark = arena_mark(a);
    double sum = 0;
    double eval_s = 1e9;
    double compile_s = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int i = 0; i < EVALS; i++) {
            env.steps = 0;
            sum += val_double(fx_eval(fx, &env));
            if ((i & 1023) == 0) {
                arena_reset(a, mark);
            }
        }
        eval_s = MIN(eval_s, seconds() - start);
    }
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int i = 0; i < COMPILES; i++) {
            fx = compile(a, &scope, str_of(expr));
            arena_reset(a, mark);
        }
        compile_s = MIN(compile_s, seconds() - start);
    }
    printf("%-50s %6.1f M evaluations/s  %5.2f us compile  (%g)\n", expr, EVALS / eval_s / 1e6,
           compile_s / COMPILES * 1e6, sum / EVALS / ROUNDS);
}

int main(void)
{
    struct arena *a = arena_new((size_t)256 << 20);
    bench(a, "qty * price * (1 - discount)");
    bench(a, "IF(status = \"won\", qty * price, 0)");
    bench(a, "ROUND(qty * price * (1 - discount), 2)");
    bench(a, "LEFT(name, 2) & \"-\" & qty");
    arena_free(&a);
    return 0;
}
