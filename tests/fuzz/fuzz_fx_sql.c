/* The SQL writer, in both dialects and every place: either SQL comes out whole (parentheses,
 * quotes and parameters in order), or a reason why not. */
#include "tests/fuzz/fuzz_fx.h"

#include "engine/formula/fx_sql.h"

/* Text outside quotes is ASCII; parentheses close; $n counts up to the number bound. */
static void check_text(struct sql *q)
{
    struct str s = strb_str(&q->text);
    long depth = 0;
    long top = 0;
    char quote = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quote) {
            quote = c == quote ? 0 : quote;
            continue;
        }
        quote = c == '\'' || c == '"' ? c : 0;
        depth += (c == '(') - (c == ')');
        FUZZ_CHECK(depth >= 0 && c != '\0' && c != ';' && (unsigned char)c < 0x80);
        if (c == '$') {
            long k = strtol(s.p + i + 1, NULL, 10);
            top = k > top ? k : top;
        }
    }
    FUZZ_CHECK(depth == 0 && quote == 0 && top == (long)q->args.n);
}

typedef int write_fn(const struct fx *fx, struct sql *q, const struct fx_sql_env *env,
                     struct err *err);

static int write_value(const struct fx *fx, struct sql *q, const struct fx_sql_env *env,
                       struct err *err)
{
    return fx_sql_value(fx, q, env, NULL, err);
}

static int write_raw(const struct fx *fx, struct sql *q, const struct fx_sql_env *env,
                     struct err *err)
{
    uint8_t scale;
    return fx_sql_value(fx, q, env, &scale, err);
}

static void write_sql(struct arena *a, const struct fuzz_fx *f, enum sql_dialect dialect,
                      write_fn *write)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct fx_sql_env env = fx_vars_sql_env(f->vars);
    sql_init(&q, a, dialect);
    int rc = write(f->fx, &q, &env, &err);
    FUZZ_CHECK((rc == 0) == (err.code == ERR_NONE));
    FUZZ_CHECK(rc == 0 || (err.zh[0] && err.en[0]));
    if (rc == 0) {
        check_text(&q);
    }
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct fuzz_fx f;
    if (!fuzz_fx_open(a, in, &f)) {
        return;
    }
    for (int d = 0; d < 2; d++) {
        enum sql_dialect dialect = d == 0 ? SQL_SQLITE : SQL_PGSQL;
        write_sql(a, &f, dialect, write_value);
        write_sql(a, &f, dialect, write_raw);
        if (fx_type_of(f.fx).base == FX_BOOL && !fx_type_of(f.fx).list) {
            write_sql(a, &f, dialect, fx_sql_cond);
        }
    }
}
