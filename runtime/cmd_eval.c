/*
 * mortise eval 'EXPR' [--set key=json …] [--via native|sqlite|pgsql|wasm], and mortise schema.
 *
 * `-` reads JSON lines {"expr","vars"} and prints one result a line, in their order.
 */
#define _GNU_SOURCE /* getline */
#include "runtime/cmd.h"

#include "engine/formula/fx_pgfn.h"
#include "engine/formula/fx_sqlfn.h"
#include "engine/formula/fx_vars.h"
#include "engine/meta/schema.h"
#include "engine/script/script.h"
#include "engine/value/num.h"
#include "engine/value/pinyin.h"
#include "runtime/assets.h"
#include "runtime/host.h"
#include "runtime/slurp.h"

#include <errno.h>
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
    *out = VAL_NONE;
    if (what == FX_PINYIN)
        *out = val_text(pinyin_of(env->a, val_str(arg)));
    else if (what == FX_COMPANYKEY)
        *out = val_text(company_key(env->a, val_str(arg)));
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

/*
 * PostgreSQL is asked for many lines at once: one SELECT with a column a line, which spares the way
 * there and back. When one of them fails, each is asked alone.
 */
#define BATCH 40

struct batch {
    struct str lines[BATCH];
    struct fx *fx[BATCH]; /* NULL: does not compile or is no JSON; one_line() says why */
    struct val value[BATCH];
    bool known[BATCH];
    size_t n;
};

/* Compiles line i and appends its SQL; -1: it has none. */
static int batch_add(struct run *r, struct batch *b, size_t i, struct sql *q)
{
    struct val v;
    struct err err = ERR_INIT;
    struct diags d;
    struct sql part;
    diags_init(&d, r->a);
    if (json_parse(r->a, b->lines[i], &v, &err))
        return -1;
    struct fx_vars *vars = fx_vars_new(r->a, val_get(v, STR("vars")));
    struct fx_scope scope = fx_vars_scope(vars);
    b->fx[i] = fx_compile(r->a, val_str(val_get(v, STR("expr"))), &scope, STR_NONE,
                          (struct src_pos){1, 1}, &d);
    if (!b->fx[i])
        return -1;
    struct fx_sql_env env = fx_vars_sql_env(vars);
    env.context = no_sql_context;
    env.now_us = r->now_us;
    env.zone = &r->zone;
    sql_init(&part, r->a, store_dialect(r->store));
    if (fx_sql_value(b->fx[i], &part, &env, NULL, &err))
        return -1;
    sql_append(q, &part);
    return 0;
}

static void batch_ask(struct run *r, struct batch *b)
{
    struct sql q;
    struct stmt *s;
    struct err err = ERR_INIT;
    int column = 0;
    sql_init(&q, r->a, store_dialect(r->store));
    sql_lit(&q, "SELECT 1");
    for (size_t i = 0; i < b->n; i++) {
        struct sql before = q;
        sql_lit(&q, ", ");
        b->known[i] = batch_add(r, b, i, &q) == 0;
        if (!b->known[i])
            q = before;
    }
    int step = store_query(r->db, r->a, &q, &s, &err) ? -1 : stmt_step(s, &err);
    for (size_t i = 0; i < b->n; i++) {
        b->known[i] = b->known[i] && step == 1;
        if (b->known[i])
            b->value[i] =
                fx_vars_result(r->a, fx_type_of(b->fx[i]), val_copy(r->a, stmt_val(s, ++column)));
    }
    if (step >= 0)
        stmt_done(s);
}

static void batch_run(struct run *r, struct batch *b)
{
    struct strb out;
    struct json j;
    batch_ask(r, b);
    for (size_t i = 0; i < b->n; i++) {
        if (!b->known[i]) {
            one_line(r, b->lines[i]);
            continue;
        }
        strb_init(&out, r->a);
        json_init(&j, &out);
        json_val(&j, rounded(r, b->value[i]));
        print(&out);
    }
    b->n = 0;
}

static void all_lines(struct run *r)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    struct arena_mark mark = arena_mark(r->a);
    struct batch b = {.n = 0};
    bool many = r->store && store_dialect(r->store) == SQL_PGSQL;
    while ((n = getline(&line, &cap, stdin)) >= 0) {
        if (n && line[n - 1] == '\n')
            n--;
        if (n && many)
            b.lines[b.n++] = str_dup(r->a, (struct str){line, (size_t)n});
        else if (n)
            one_line(r, (struct str){line, (size_t)n});
        if (many && b.n < BATCH)
            continue;
        if (many)
            batch_run(r, &b);
        arena_reset(r->a, mark);
    }
    if (b.n)
        batch_run(r, &b);
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
    bool pg = str_eqz(cfg->via, "pgsql");
    if (!pg && !str_eqz(cfg->via, "sqlite"))
        return err_set(err, ERR_INVALID, "via", "--via 应为 native、sqlite、pgsql 或 wasm。",
                       "--via is native, sqlite, pgsql or wasm.");
    if (pg && !str_starts(cfg->store, STR("postgres")))
        return err_set(
            err, ERR_INVALID, "store",
            "--via pgsql 需要 --store postgresql://用户@主机/数据库（或 MORTISE_STORE）。",
            "--via pgsql needs --store postgresql://USER@HOST/DB (or MORTISE_STORE).");
    return store_open(pg ? cfg->store : STR("sqlite::memory:"), &opts, &r->store, err) ||
                   store_conn_open(r->store, &r->db, err)
               ? -1
               : 0;
}

/* ---- WebAssembly: node runs the module that the pages get ---- */

static const char wasm_script[] =
#include "eval_wasm.h"
    ;

/* In the source folder the module with messages; else the one of the pages. */
#define WASM_PATH "build/formula-full.wasm"

static const struct asset *wasm_asset(void)
{
    for (size_t i = 0; i < asset_count; i++)
        if (strcmp(asset_table[i].path, "/assets/formula.wasm") == 0 && asset_table[i].plain.data)
            return &asset_table[i];
    return NULL;
}

/* Writes the module to a file that the script removes. */
static int wasm_file(struct arena *a, char **path, struct err *err)
{
    const struct asset *wasm = wasm_asset();
    *path = str_z(a, STR(WASM_PATH));
    if (access(*path, R_OK) == 0)
        return 0;
    if (!wasm)
        return err_set(
            err, ERR_INVALID, "via",
            "这个程序编译时没有带网页，里面没有 formula.wasm。请用 make 编译，"
            "或在源码目录里运行（先 make wasm）。",
            "This program was built without the pages and carries no formula.wasm. Build "
            "it with make, or run it in the source folder (after make wasm).");
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    *path = str_z(a, str_fmt(a, "%s/mortise-XXXXXX", folder));
    int fd = mkstemp(*path);
    size_t done = 0;
    while (fd >= 0 && done < wasm->plain.n) {
        ssize_t n = write(fd, wasm->plain.data + done, wasm->plain.n - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd < 0 || close(fd) != 0 || done < wasm->plain.n)
        return err_set(err, ERR_INVALID, "via", "无法在 %s 里写临时文件。",
                       "A temporary file cannot be written in %s.", folder);
    return 0;
}

static bool has_node(struct arena *a)
{
    const char *path = getenv("PATH");
    struct str rest = str_of(path ? path : ""), dir;
    while (rest.n) {
        rest = str_cut(rest, ':', &dir);
        if (access(str_z(a, str_fmt(a, "%.*s/node", STR_ARG(dir))), X_OK) == 0)
            return true;
    }
    return false;
}

static int run_wasm(struct run *r, const struct config *cfg, struct err *err)
{
    struct val vars;
    struct strb b;
    struct json j;
    char *path;
    strb_init(&b, r->a);
    json_init(&j, &b);
    if (!has_node(r->a))
        return err_set(err, ERR_INVALID, "via", "--via wasm 需要 Node.js：PATH 里没有 node。",
                       "--via wasm needs Node.js: there is no node in PATH.");
    if (take_vars(r, cfg, &vars, err) || wasm_file(r->a, &path, err))
        return -1;
    json_val(&j, vars);
    bool lines = str_eqz(cfg->pos[0], "-");
    char *argv[] = {str_z(r->a, STR("node")),
                    str_z(r->a, STR("--input-type=module")),
                    str_z(r->a, STR("-e")),
                    str_z(r->a, (struct str){wasm_script, sizeof(wasm_script) - 1}),
                    str_z(r->a, STR("--")),
                    path,
                    str_z(r->a, str_fmt(r->a, "%lld", (long long)r->now_us)),
                    str_z(r->a, str_fmt(r->a, "%d", zone_offset_s(&r->zone, r->now_us))),
                    str_z(r->a, lines ? STR("-") : STR("one")),
                    str_z(r->a, cfg->pos[0]),
                    str_z(r->a, strb_str(&b)),
                    NULL};
    execvp("node", argv);
    int why = errno;
    if (strcmp(path, WASM_PATH) != 0)
        (void)unlink(path);
    return err_set(err, ERR_INVALID, "via", "无法运行 node：%s。", "node could not be run: %s.",
                   strerror(why));
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
    static const struct {
        const char *name;
        void (*print)(struct strb *out);
    } kinds[] = {
        {"definitions", schema_print}, {"lua", script_annotations}, {"lua-json", script_api_json}};
    struct strb out;
    size_t i = 0;
    strb_init(&out, a);
    while (argc > 1 && i < ARRAY_LEN(kinds) && strcmp(kinds[i].name, argv[1]) != 0)
        i++;
    if (i == ARRAY_LEN(kinds))
        return cmd_usage(argv[0], "give definitions, lua or lua-json");
    kinds[i].print(&out);
    printf("%.*s\n", STR_ARG(strb_str(&out)));
    return EXIT_FINE;
}
