/* How fast expressions compile and evaluate on one core: prints one line a figure. */
#include "engine/formula/fx.h"
#include "engine/formula/fx_vars.h"
#include "engine/value/json.h"

#include <stdio.h>
#include <time.h>

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
    const int evals = 5000000;
    double start = seconds();
    for (int i = 0; i < evals; i++) {
        env.steps = 0;
        sum += val_double(fx_eval(fx, &env));
        if ((i & 1023) == 0) {
            arena_reset(a, mark);
        }
    }
    double eval_s = seconds() - start;
    const int compiles = 200000;
    start = seconds();
    for (int i = 0; i < compiles; i++) {
        fx = compile(a, &scope, str_of(expr));
        arena_reset(a, mark);
    }
    double compile_s = seconds() - start;
    printf("%-50s %6.1f M evaluations/s  %5.2f us compile  (%g)\n", expr, evals / eval_s / 1e6,
           compile_s / compiles * 1e6, sum / evals);
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
