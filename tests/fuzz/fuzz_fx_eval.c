/* Checker and evaluator: what compiles evaluates within its limits, twice to the same value, and
 * can be explained. */
#include "tests/fuzz/fuzz_fx.h"

#include "engine/formula/fx_trace.h"

static struct val evaluate(struct arena *a, const struct fuzz_fx *f)
{
    struct err err = ERR_INIT;
    struct fx_env env = {
        .a = a, .zone = &zone_utc, .now_us = INT64_C(1795449600000000), .err = &err};
    fx_vars_env(f->vars, &env);
    struct val v = fx_eval(f->fx, &env);
    FUZZ_CHECK(v.kind != VAL_ABSENT);
    FUZZ_CHECK(v.kind != VAL_NUM || v.num - v.num == 0);
    FUZZ_CHECK(v.kind != VAL_TEXT || utf8_valid(val_str(v)));
    FUZZ_CHECK(v.kind != VAL_TEXT || v.n <= FX_MAX_RESULT);
    FUZZ_CHECK(v.kind != VAL_LIST || v.n <= FX_MAX_RESULT);
    return v;
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct err err = ERR_INIT;
    struct fuzz_fx f;
    if (!fuzz_fx_open(a, in, &f)) {
        return;
    }
    struct val once = evaluate(a, &f);
    if (!(fx_flags(f.fx) & FX_VOLATILE)) {
        FUZZ_CHECK(val_same(once, evaluate(a, &f)));
    }
    struct fx_env env = {.a = a, .zone = &zone_utc, .err = &err};
    fx_vars_env(f.vars, &env);
    (void)fx_trace(f.fx, &env);
}
