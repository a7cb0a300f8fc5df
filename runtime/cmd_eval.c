/*
 * mortise eval 'EXPR' [--set key=json …] [--via native|sqlite|wasm], and mortise schema.
 *
 * `-` reads JSON lines {"expr","vars"} and prints one result a line, in their order.
 */
#define _GNU_SOURCE /* getline */
#include "runtime/cmd.h"

#include "engine/formula/fx_pgfn.h"
#include "engine/formula/fx_sqlfn.h"
#include "engine/formula/fx_vars.h"
#include "engine/meta/schema.h"
#include "engine/value/num.h"
#include "runtime/host.h"
#include "runtime/slurp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct run {
    struct arena *a;
    struct zone zone;
    struct store *store; /* --via sqlite */
    struct conn *db;
    int64_t now_us;
    bool bad; /* an expression did not compile */
};

static int no_context(struct fx_env *env, enum fx_context what, struct val arg, struct val *out)
{
    (void)env, (void)what, (void)arg;
    *out = VAL_NONE;
    return 0;
}

static int no_sql_context(void *self, enum fx_context what, struct val arg, struct val *out,
                          struct err *err)
{
    (void)self, (void)what, (void)arg, (void)err;
    *out = VAL_NONE;
    return 0;
}

/* Numbers as expressions mean them: 15 significant digits, so that 3 * 19.9 prints 59.7. */
static struct val rounded(struct run *r, struct val v)
{
    char buf[40];
    double d;
    if (v.kind == VAL_NUM && num_parse(num_print(v.num, buf), &d))
        return val_num(d);
    if (v.kind != VAL_LIST)
        return v;
    struct val *items = ARENA_ARRAY(r->a, struct val, v.n);
    for (size_t i = 0; i < v.n; i++)
        items[i] = rounded(r, v.list[i]);
    v.list = items;
    return v;
}

static void put_error(struct run *r, struct json *j, const struct diags *d)
{
    const struct diag *g = d->list.n ? &d->list.v[0] : NULL;
    bool en = host_lang() == LANG_EN;
    r->bad = true;
    json_begin_obj(j);
    json_key(j, STR("error"));
    json_begin_obj(j);
    json_kint(j, "column", g ? g->pos.column : 1);
    json_kstr(j, "message", g ? (en ? g->en : g->zh) : STR("?"));
    json_end_obj(j);
    json_end_obj(j);
}

static struct val native(struct run *r, const struct fx *fx, struct fx_vars *vars)
{
    struct err err = ERR_INIT;
    struct fx_env env = {
        .a = r->a, .context = no_context, .now_us = r->now_us, .zone = &r->zone, .err = &err};
    fx_vars_env(vars, &env);
    return fx_eval(fx, &env);
}

static int by_sql(struct run *r, const struct fx *fx, struct fx_vars *vars, struct val *out,
                  struct err *err)
{
    struct fx_sql_env env = fx_vars_sql_env(vars);
    struct sql q;
    struct stmt *s;
    env.context = no_sql_context;
    env.now_us = r->now_us;
    env.zone = &r->zone;
    sql_init(&q, r->a, store_dialect(r->store));
    sql_lit(&q, "SELECT ");
    if (fx_sql_value(fx, &q, &env, NULL, err))
        return -1;
    if (store_query(r->db, r->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        *out = fx_vars_result(r->a, fx_type_of(fx), val_copy(r->a, stmt_val(s, 0)));
    stmt_done(s);
    return rc < 0 ? -1 : 0;
}

static void evaluate(struct run *r, struct str text, struct val vars, struct json *j)
{
    struct diags diags;
    struct err err = ERR_INIT;
    struct val out = VAL_NONE;
    diags_init(&diags, r->a);
    struct fx_vars *v = fx_vars_new(r->a, vars);
    struct fx_scope scope = fx_vars_scope(v);
    struct fx *fx = fx_compile(r->a, text, &scope, STR_NONE, (struct src_pos){1, 1}, &diags);
    if (!fx) {
        put_error(r, j, &diags);
        return;
    }
    if (!r->store) {
        json_val(j, rounded(r, native(r, fx, v)));
        return;
    }
    if (by_sql(r, fx, v, &out, &err)) {
        struct diag *g = diag_add(&diags, "sql", "%s", "%s", err.en);
        g->pos.column = 1;
        put_error(r, j, &diags);
        return;
    }
    json_val(j, rounded(r, out));
}

static void print(struct strb *b)
{
    struct str s = strb_str(b);
    printf("%.*s\n", STR_ARG(s));
}

/* key=json pairs to an object. */
static int take_vars(struct run *r, const struct config *cfg, struct val *out, struct err *err)
{
    struct pair *p = ARENA_ARRAY(r->a, struct pair, cfg->nset);
    for (size_t i = 0; i < cfg->nset; i++) {
        struct str key, json = str_cut(cfg->set[i], '=', &key);
        p[i].key = key;
        if (json_parse(r->a, json, &p[i].value, err))
            return -1;
    }
    *out = val_obj(p, cfg->nset);
    return 0;
}

static void one_line(struct run *r, struct str line)
{
    struct val v;
    struct err err = ERR_INIT;
    struct strb out;
    struct json j;
    strb_init(&out, r->a);
    json_init(&j, &out);
    if (json_parse(r->a, line, &v, &err)) {
        struct diags d;
        diags_init(&d, r->a);
        (void)diag_add(&d, "json", "%s", "%s", err.en);
        put_error(r, &j, &d);
    } else {
        evaluate(r, val_str(val_get(v, STR("expr"))), val_get(v, STR("vars")), &j);
    }
    print(&out);
}

static void all_lines(struct run *r)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    struct arena_mark mark = arena_mark(r->a);
    while ((n = getline(&line, &cap, stdin)) >= 0) {
        if (n && line[n - 1] == '\n')
            n--;
        if (n)
            one_line(r, (struct str){line, (size_t)n});
        arena_reset(r->a, mark);
    }
    free(line);
}

static int open_run(struct run *r, const struct config *cfg, struct err *err)
{
    struct str bytes;
    struct store_opts opts = {.mono_us = clock_mono_us};
    opts.functions = fx_sql_functions(&opts.nfunctions);
    opts.db_function = fx_pg_function;
    opts.db_functions_version = fx_pg_version;
    r->zone = zone_utc;
    r->now_us = clock_real_us();
    if (cfg->timezone.n && !str_eqz(cfg->timezone, "UTC") &&
        (slurp_file(r->a, str_fmt(r->a, "/usr/share/zoneinfo/%.*s", STR_ARG(cfg->timezone)),
                    1u << 18, &bytes, err) ||
         zone_parse(r->a, cfg->timezone, bytes, &r->zone)))
        return err_set(err, ERR_INVALID, "timezone", "没有时区“%.*s”。",
                       "There is no time zone “%.*s”.", STR_ARG(cfg->timezone));
    if (str_eqz(cfg->via, "native") || str_eqz(cfg->via, "wasm"))
        return 0;
    if (!str_eqz(cfg->via, "sqlite"))
        return err_set(err, ERR_INVALID, "via", "--via 应为 native、sqlite 或 wasm。",
                       "--via is native, sqlite or wasm.");
    return store_open(STR("sqlite::memory:"), &opts, &r->store, err) ||
                   store_conn_open(r->store, &r->db, err)
               ? -1
               : 0;
}

/* WebAssembly: node runs the module that the pages get, in the source folder; for developers. */
#define WASM_PATH   "build/formula-full.wasm"
#define WASM_SCRIPT "tests/formula/eval_wasm.mjs"

static int run_wasm(struct run *r, const struct config *cfg, struct err *err)
{
    struct val vars;
    struct strb b;
    struct json j;
    strb_init(&b, r->a);
    json_init(&j, &b);
    if (take_vars(r, cfg, &vars, err))
        return -1;
    json_val(&j, vars);
    struct str now = str_fmt(r->a, "%lld", (long long)r->now_us);
    struct str offset = str_fmt(r->a, "%d", zone_offset_s(&r->zone, r->now_us));
    char *argv[] = {str_z(r->a, STR("node")),
                    str_z(r->a, STR(WASM_SCRIPT)),
                    str_z(r->a, now),
                    str_z(r->a, offset),
                    str_z(r->a, str_eqz(cfg->pos[0], "-") ? STR("-") : STR("one")),
                    str_z(r->a, cfg->pos[0]),
                    str_z(r->a, strb_str(&b)),
                    NULL};
    if (access(WASM_PATH, R_OK) == 0 && access(WASM_SCRIPT, R_OK) == 0)
        execvp("node", argv);
    return err_set(err, ERR_INVALID, "via",
                   "--via wasm 要在源码目录里运行，先执行 make wasm，并装有 node。",
                   "--via wasm runs in the source folder, after `make wasm`, and needs node.");
}

static int run_all(struct run *r, const struct config *cfg, struct err *err)
{
    struct val vars;
    struct strb out;
    struct json j;
    if (open_run(r, cfg, err))
        return -1;
    if (str_eqz(cfg->via, "wasm"))
        return run_wasm(r, cfg, err);
    if (take_vars(r, cfg, &vars, err))
        return -1;
    if (str_eqz(cfg->pos[0], "-")) {
        all_lines(r);
        return 0;
    }
    strb_init(&out, r->a);
    json_init(&j, &out);
    evaluate(r, cfg->pos[0], vars, &j);
    print(&out);
    return 0;
}

int cmd_eval(struct arena *a, int argc, char **argv)
{
    struct config cfg;
    struct err err = ERR_INIT;
    struct run r = {.a = a};
    if (config_parse(a, argc, argv, &cfg, &err))
        return cmd_usage(argv[0], err.en);
    if (cfg.npos != 1)
        return cmd_usage(argv[0], "give one expression, or -");
    int rc = run_all(&r, &cfg, &err);
    store_conn_close(&r.db);
    store_close(&r.store);
    if (rc)
        return cmd_problem(&err);
    return r.bad ? EXIT_PROBLEMS : EXIT_FINE;
}

int cmd_schema(struct arena *a, int argc, char **argv)
{
    struct strb out;
    (void)argc, (void)argv;
    strb_init(&out, a);
    schema_print(&out);
    printf("%.*s\n", STR_ARG(strb_str(&out)));
    return EXIT_FINE;
}
