/* Expressions: any text compiles or is refused with a place; what compiles evaluates within its
 * limits, twice to the same value. First line: variables as JSON; the rest: the expression. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/utf8.h"
#include "engine/formula/fx.h"
#include "engine/formula/fx_sql.h"
#include "engine/formula/fx_vars.h"
#include "engine/value/json.h"

static struct val evaluate(struct arena *a, const struct fx *fx, struct fx_vars *host)
{
    struct err err = ERR_INIT;
    struct fx_env env = {
        .a = a, .zone = &zone_utc, .now_us = INT64_C(1795449600000000), .err = &err};
    fx_vars_env(host, &env);
    struct val v = fx_eval(fx, &env);
    FUZZ_CHECK(v.kind != VAL_ABSENT);
    FUZZ_CHECK(v.kind != VAL_NUM || v.num - v.num == 0);
    FUZZ_CHECK(v.kind != VAL_TEXT || utf8_valid(val_str(v)));
    FUZZ_CHECK(v.kind != VAL_TEXT || v.n <= FX_MAX_RESULT);
    return v;
}

/* Either SQL comes out, or the reason why not. */
static void write_sql(struct arena *a, const struct fx *fx, struct fx_vars *host,
                      enum sql_dialect dialect)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct fx_sql_env env = fx_vars_sql_env(host);
    sql_init(&q, a, dialect);
    int rc = fx_sql_value(fx, &q, &env, NULL, &err);
    FUZZ_CHECK((rc == 0) == (err.code == ERR_NONE));
    FUZZ_CHECK(rc == 0 || (err.zh[0] && err.en[0]));
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct err err = ERR_INIT;
    struct diags diags;
    struct str vars;
    struct val v;
    struct str text = str_cut(in, '\n', &vars);
    if (!utf8_valid(text) || json_parse(a, vars, &v, &err) < 0)
        return; /* the border refuses both */
    struct fx_vars *host = fx_vars_new(a, v);
    struct fx_scope scope = fx_vars_scope(host);
    diags_init(&diags, a);
    struct fx *fx = fx_compile(a, text, &scope, STR_NONE, (struct src_pos){0, 0}, &diags);
    FUZZ_CHECK((fx == NULL) == (diags.errors > 0));
    if (!fx) {
        FUZZ_CHECK(diags.list.v[0].zh.n && diags.list.v[0].en.n);
        return;
    }
    struct val once = evaluate(a, fx, host);
    if (!(fx_flags(fx) & FX_VOLATILE))
        FUZZ_CHECK(val_same(once, evaluate(a, fx, host)));
    struct fx_env env = {.a = a, .zone = &zone_utc, .err = &err};
    fx_vars_env(host, &env);
    (void)fx_trace(fx, &env);
    write_sql(a, fx, host, SQL_SQLITE);
    write_sql(a, fx, host, SQL_PGSQL);
}
