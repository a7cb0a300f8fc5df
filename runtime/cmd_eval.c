/*
 * mortise eval: one expression over JSON variables, or one a line; natively, by SQLite or by the
 * WebAssembly module (which needs node). The answers are the same, which is what it is for.
 */
#include "engine/formula/fx_sqlfn.h"
#include "engine/formula/fx_vars.h"
#include "engine/meta/load.h"
#include "engine/store/store.h"
#include "engine/value/json.h"
#include "runtime/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1 << 20)
#define WASM_PATH      "build/formula.wasm"

enum via { VIA_NATIVE, VIA_SQLITE, VIA_WASM };

struct eval {
    struct arena *a;
    enum via via;
    struct zone zone;
    int64_t now_us;
    struct store *store;
    struct conn *conn;
    struct str expr;
    VEC(struct pair) vars;
    bool lines; /* "-": cases on standard input */
    bool zh;
    bool bad; /* some expression did not compile */
};

static int usage(void)
{
    fputs("usage: mortise eval 'EXPR' [--set KEY=JSON]… [--via native|sqlite|wasm] [--timezone "
          "NAME]\n"
          "       mortise eval -       reads lines {\"expr\":…,\"vars\":{…}}, prints one result a "
          "line\n",
          stderr);
    return EXIT_USAGE;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static bool chinese(void)
{
    const char *names[] = {"MORTISE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *v = getenv(names[i]);
        if (v != NULL && *v != '\0') {
            return strncmp(v, "zh", 2) == 0;
        }
    }
    return false;
}

/* ---- one case ---- */

static void print_line(struct strb *out)
{
    strb_addc(out, '\n');
    fwrite(out->p, 1, out->n, stdout);
}

static void print_problem(struct eval *e, uint32_t column, struct str message)
{
    struct strb out;
    struct json j;
    strb_init(&out, e->a);
    json_init(&j, &out);
    json_begin_obj(&j);
    json_key(&j, STR("error"));
    json_begin_obj(&j);
    json_kint(&j, "column", column);
    json_kstr(&j, "message", message);
    json_end_obj(&j);
    json_end_obj(&j);
    print_line(&out);
    e->bad = true;
}

static int by_sqlite(struct eval *e, struct fx_vars *vars, const struct fx *fx, struct val *out,
                     struct err *err)
{
    struct sql q;
    struct stmt *st;
    struct fx_sql_env env = fx_vars_sql_env(vars);
    env.zone = &e->zone;
    env.now_us = e->now_us;
    sql_init(&q, e->a, SQL_SQLITE);
    sql_lit(&q, "SELECT ");
    if (fx_sql_value(fx, &q, &env, NULL, err) != 0 ||
        store_query(e->conn, e->a, &q, &st, err) != 0) {
        return -1;
    }
    int rc = stmt_step(st, err);
    if (rc == 1) {
        *out = fx_vars_result(e->a, fx_type_of(fx), val_copy(e->a, stmt_val(st, 0)));
    }
    stmt_done(st);
    return rc < 0 ? -1 : 0;
}

static int evaluate(struct eval *e, struct fx_vars *vars, const struct fx *fx, struct val *out,
                    struct err *err)
{
    if (e->via == VIA_SQLITE) {
        return by_sqlite(e, vars, fx, out, err);
    }
    struct fx_env env = {.a = e->a, .zone = &e->zone, .now_us = e->now_us, .err = err};
    fx_vars_env(vars, &env);
    *out = fx_eval(fx, &env);
    return env.failed ? -1 : 0;
}

static void run_case(struct eval *e, struct str expr, struct val names)
{
    struct err err = ERR_INIT;
    struct diags diags;
    struct strb out;
    struct json j;
    struct val v = VAL_NONE;
    struct fx_vars *vars = fx_vars_new(e->a, names);
    struct fx_scope scope = fx_vars_scope(vars);
    diags_init(&diags, e->a);
    struct fx *fx = fx_compile(e->a, expr, &scope, STR_NONE, (struct src_pos){1, 1}, &diags);
    if (fx == NULL) {
        const struct diag *d = &diags.list.v[0];
        print_problem(e, d->pos.column, e->zh ? d->zh : d->en);
        return;
    }
    if (evaluate(e, vars, fx, &v, &err) != 0) {
        print_problem(e, err.pos.column, str_of(e->zh ? err.zh : err.en));
        return;
    }
    strb_init(&out, e->a);
    json_init(&j, &out);
    json_val(&j, v);
    print_line(&out);
}

static void run_line(struct eval *e, struct str line)
{
    struct err err = ERR_INIT;
    struct val v;
    if (json_parse(e->a, line, &v, &err) != 0) {
        print_problem(e, err.pos.column, str_of(e->zh ? err.zh : err.en));
        return;
    }
    run_case(e, val_str(val_get(v, STR("expr"))), val_get(v, STR("vars")));
}

/* ---- standard input ---- */

struct guarded {
    struct eval *e;
    struct str line;
};

static void run_guarded(void *arg)
{
    struct guarded *g = arg;
    run_line(g->e, g->line);
}

/* Each line in memory of its own. */
static void run_lines(struct eval *e)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    struct arena_mark mark = arena_mark(e->a);
    while ((n = getline(&line, &cap, stdin)) >= 0) {
        struct guarded g = {e, str_trim((struct str){line, (size_t)n})};
        if (g.line.n == 0) {
            continue;
        }
        if (n > LINE_MAX_BYTES) {
            print_problem(e, 1, e->zh ? STR("这一行太长。") : STR("The line is too long."));
        } else if (oom_guard(run_guarded, &g) != 0) {
            arena_reset(e->a, mark);
            print_problem(e, 1, e->zh ? STR("内存不足。") : STR("Out of memory."));
        }
        arena_reset(e->a, mark);
    }
    free(line);
}

/* ---- WebAssembly: node runs the module that the browser gets ---- */

static const char wasm_script[] =
    "const fs=require('fs'),[,path,now,offset,mode,expr,vars]=process.argv;"
    "WebAssembly.instantiate(fs.readFileSync(path),{}).then(({instance:{exports:x}})=>{"
    "x._initialize?.();x.fxw_now(BigInt(now),Number(offset));const e=new TextEncoder(),d=new "
    "TextDecoder();"
    "const put=t=>{const b=e.encode(t),p=x.fxw_alloc(b.length||1);"
    "new Uint8Array(x.memory.buffer,p,b.length).set(b);return[p,b.length]};let bad=0,out=[];"
    "const one=(v,t)=>{x.fxw_reset();const rc=x.fxw_vars(...put(v),...put(t));"
    "const r=d.decode(new Uint8Array(x.memory.buffer,x.fxw_result(),x.fxw_result_n()));"
    "if(rc===0)return out.push(r);bad=1;const f=JSON.parse(r).errors[0];"
    "out.push(JSON.stringify({error:{column:f.column,message:f.message_en}}))};"
    "if(mode!=='-')one(vars,expr);"
    "else for(const l of fs.readFileSync(0,'utf8').split('\\n'))if(l.trim()){const c=JSON.parse(l);"
    "one(JSON.stringify(c.vars??{}),c.expr)}"
    "fs.writeSync(1,out.join('\\n')+(out.length?'\\n':''));process.exitCode=bad});";

static int run_wasm(struct eval *e)
{
    struct strb vars;
    struct json j;
    strb_init(&vars, e->a);
    json_init(&j, &vars);
    json_val(&j, val_obj(e->vars.v, e->vars.n));
    struct str now = str_fmt(e->a, "%lld", (long long)e->now_us);
    struct str offset = str_fmt(e->a, "%d", zone_offset_s(&e->zone, e->now_us));
    char *argv[] = {str_z(e->a, STR("node")),
                    str_z(e->a, STR("-e")),
                    str_z(e->a, str_of(wasm_script)),
                    str_z(e->a, STR(WASM_PATH)),
                    str_z(e->a, now),
                    str_z(e->a, offset),
                    str_z(e->a, e->lines ? STR("-") : STR("one")),
                    str_z(e->a, e->expr),
                    str_z(e->a, strb_str(&vars)),
                    NULL};
    if (access(WASM_PATH, R_OK) != 0) {
        fputs("mortise eval --via wasm: " WASM_PATH " is not there; run `make wasm` first\n",
              stderr);
        return EXIT_USAGE;
    }
    execvp("node", argv);
    fputs("mortise eval --via wasm needs node\n", stderr);
    return EXIT_USAGE;
}

/* ---- arguments ---- */

static bool set_via(struct eval *e, struct str name)
{
    if (str_eq(name, STR("native"))) {
        e->via = VIA_NATIVE;
    } else if (str_eq(name, STR("sqlite"))) {
        e->via = VIA_SQLITE;
    } else if (str_eq(name, STR("wasm"))) {
        e->via = VIA_WASM;
    } else {
        fprintf(stderr, "mortise eval: no such way: --via %.*s\n", STR_ARG(name));
        return false;
    }
    return true;
}

static bool set_zone(struct eval *e, struct str name)
{
    struct str bytes = STR_NONE;
    if (str_eq(name, STR("UTC"))) {
        e->zone = zone_utc;
        return true;
    }
    if (load_zone_file(NULL, e->a, name, &bytes) != 0 || zone_parse(e->a, name, bytes, &e->zone) != 0) {
        fprintf(stderr, "mortise eval: no such time zone: %.*s\n", STR_ARG(name));
        return false;
    }
    return true;
}

static bool set_var(struct eval *e, struct str text)
{
    struct err err = ERR_INIT;
    struct pair p;
    struct str json = str_cut(text, '=', &p.key);
    if (p.key.n == text.n || json_parse(e->a, json, &p.value, &err) != 0) {
        fprintf(stderr,
                "mortise eval: --set takes KEY=JSON, as in --set qty=3 or --set name='\"x\"'\n");
        return false;
    }
    vec_push(e->a, &e->vars, p);
    return true;
}

/* The value of an option given as "--name value" or "--name=value"; false when it is another. */
static bool option(const char *name, int argc, char **argv, int *i, struct str *out)
{
    struct str arg = str_of(argv[*i]);
    struct str rest = str_sub(arg, strlen(name), arg.n);
    if (!str_starts(arg, str_of(name)) || (rest.n > 0 && rest.p[0] != '=')) {
        return false;
    }
    if (rest.n > 0) {
        *out = str_sub(rest, 1, rest.n);
        return true;
    }
    if (*i + 1 >= argc) {
        return false;
    }
    *out = str_of(argv[++*i]);
    return true;
}

static bool read_args(struct eval *e, int argc, char **argv)
{
    const char *zone = getenv("MORTISE_TIMEZONE");
    const char *via = getenv("MORTISE_VIA");
    bool have = false;
    bool ok = (zone == NULL || *zone == '\0' || set_zone(e, str_of(zone))) &&
              (via == NULL || *via == '\0' || set_via(e, str_of(via)));
    for (int i = 1; i < argc && ok; i++) {
        struct str value;
        if (option("--set", argc, argv, &i, &value)) {
            ok = set_var(e, value);
        } else if (option("--via", argc, argv, &i, &value)) {
            ok = set_via(e, value);
        } else if (option("--timezone", argc, argv, &i, &value)) {
            ok = set_zone(e, value);
        } else if (!have) {
            e->expr = str_of(argv[i]);
            e->lines = str_eq(e->expr, STR("-"));
            have = true;
        } else {
            ok = false;
            usage();
        }
    }
    if (ok && !have) {
        usage();
    }
    return ok && have;
}

static int open_store(struct eval *e)
{
    struct err err = ERR_INIT;
    struct store_opts opts = {0};
    opts.functions = fx_sql_functions(&opts.nfunctions);
    if (store_open(STR("sqlite::memory:"), &opts, &e->store, &err) != 0 ||
        store_conn_open(e->store, &e->conn, &err) != 0) {
        fprintf(stderr, "%s\n", err.en);
        return -1;
    }
    return 0;
}

int cmd_eval(struct arena *a, int argc, char **argv)
{
    struct eval e = {.a = a, .zone = zone_utc, .now_us = now_us(), .zh = chinese()};
    if (!read_args(&e, argc, argv)) {
        return EXIT_USAGE;
    }
    if (e.via == VIA_WASM) {
        return run_wasm(&e);
    }
    if (e.via == VIA_SQLITE && open_store(&e) != 0) {
        return EXIT_PROBLEMS;
    }
    if (e.lines) {
        run_lines(&e);
    } else {
        run_case(&e, e.expr, val_obj(e.vars.v, e.vars.n));
    }
    if (e.conn != NULL) {
        store_conn_close(&e.conn);
    }
    store_close(&e.store);
    return e.bad ? EXIT_PROBLEMS : EXIT_FINE;
}
