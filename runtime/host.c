/*
 * Running a command's body on an engine of this process.
 */
#include "runtime/host.h"

#include "engine/org/member.h"
#include "engine/vault/vault.h"
#include "runtime/cmd.h"
#include "runtime/control.h"
#include "runtime/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define STDIN_MAX 65536

void host_say(struct host *h, int stream, const char *fmt, ...)
{
    struct strb b;
    va_list ap;
    strb_init(&b, h->a);
    va_start(ap, fmt);
    strb_addv(&b, fmt, ap);
    va_end(ap);
    h->write(h->self, stream, strb_str(&b));
}

struct str host_path(struct host *h, struct str path)
{
    if (path.n && path.p[0] == '/')
        return path;
    return str_fmt(h->a, "%.*s/%.*s", STR_ARG(h->cwd), STR_ARG(path));
}

int host_problem(struct host *h, const struct err *err)
{
    if (err->file[0])
        host_say(h, 2, "%s:%u:%u: ", err->file, err->pos.line, err->pos.column);
    if (err->path[0])
        host_say(h, 2, "%s: ", err->path);
    const char *text = h->lang == LANG_EN ? err->en : err->zh;
    host_say(h, 2, "%s\n", text[0] ? text : err->key);
    return EXIT_PROBLEMS;
}

int host_diags(struct host *h, const struct diags *diags)
{
    for (size_t i = 0; i < diags->list.n; i++) {
        const struct diag *g = &diags->list.v[i];
        struct str text = h->lang == LANG_EN ? g->en : g->zh;
        if (g->file.n)
            host_say(h, 1, "%.*s:%u:%u: %.*s\n", STR_ARG(g->file), g->pos.line, g->pos.column,
                     STR_ARG(text));
        else
            host_say(h, 1, "%.*s: %.*s\n", STR_ARG(g->path), STR_ARG(text));
    }
    return diags->errors ? EXIT_PROBLEMS : EXIT_FINE;
}

/* ---- the data folder ---- */

struct str host_store_url(struct arena *a, const struct config *cfg)
{
    return cfg->store.n ? cfg->store : str_fmt(a, "sqlite:%.*s/mortise.db", STR_ARG(cfg->data));
}

/* A database in memory needs no key that outlives it. */
struct str host_keys(struct arena *a, const struct config *cfg)
{
    struct str data = cfg->data;
    if (!cfg->keys.n && str_starts(host_store_url(a, cfg), STR("sqlite::memory:")))
        return STR_NONE;
    while (data.n > 1 && data.p[data.n - 1] == '/')
        data.n--;
    if (str_ends(cfg->store, STR(":memory:")))
        return STR_NONE; /* gone with the process, and its key too */
    return cfg->keys.n ? cfg->keys : str_fmt(a, "%.*s.keys", STR_ARG(data));
}

int host_lock(struct arena *a, const struct config *cfg, int *fd, bool *taken, struct err *err)
{
    *taken = false;
    if (make_folder(a, cfg->data, err))
        return -1;
    *fd = open(str_z(a, str_fmt(a, "%.*s/lock", STR_ARG(cfg->data))), O_RDWR | O_CREAT | O_CLOEXEC,
               0600);
    if (*fd < 0)
        return err_set(err, ERR_STORE, "lock", "无法写入数据目录“%.*s”：%s。",
                       "Cannot write to the data folder “%.*s”: %s.", STR_ARG(cfg->data),
                       strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    close(*fd);
    *fd = -1;
    *taken = true;
    return 0;
}

int host_engine(const struct config *cfg, struct arena *a, struct clock *clock, bool stored_only,
                struct engine **out, struct err *err)
{
    struct engine_opts opts = {
        .store_url = host_store_url(a, cfg),
        .apps_dir = cfg->apps,
        .keys_dir = host_keys(a, cfg),
        .timezone = cfg->timezone,
        .demo = cfg->demo,
        .stored_only = stored_only,
        .now_us = clock_now_us,
        .mono_us = clock_mono_us,
        .random = vault_random,
        .self = clock,
    };
    return engine_open(&opts, out, err);
}

/* ---- running here ---- */

static void to_terminal(void *self, int stream, struct str text)
{
    (void)self;
    FILE *f = stream == 1 ? stdout : stderr;
    if (text.n && fwrite(text.p, 1, text.n, f) != text.n)
        clearerr(f); /* a closed pipe: the exit code of main() says so */
    if (stream == 2)
        (void)fflush(f);
}

static int org_begin(struct ctx *c, void *arg, struct err *err)
{
    (void)arg;
    return org_start(c, err);
}

/* Opens the engine, loads what runs, makes the system's ctx. */
static int open_here(struct host *h, struct clock *clock, unsigned flags, struct err *err)
{
    struct diags diags;
    if (host_engine(&h->cfg, h->a, clock, true, &h->engine, err))
        return -1;
    diags_init(&diags, h->a);
    if (store_conn_open(engine_store(h->engine), &h->reader, err))
        return -1;
    engine_ctx(h->engine, h->a, h->reader, &h->c);
    h->c.who = &who_system;
    h->c.via = VIA_SYSTEM;
    h->c.lang = h->lang;
    if (engine_write(&h->c, org_begin, NULL, err))
        return -1;
    if (flags & HOST_NO_APPS)
        return 0;
    return engine_start(h->engine, &diags, err);
}

static int run_here(struct host *h, const struct host_cmd *cmd)
{
    struct err err = ERR_INIT;
    struct clock clock = {0};
    int code = open_here(h, &clock, cmd->flags, &err) ? host_problem(h, &err) : cmd->body(h);
    store_conn_close(&h->reader);
    engine_close(&h->engine);
    return code;
}

static struct str read_stdin(struct arena *a)
{
    char *p = arena_alloc(a, STDIN_MAX);
    size_t n = fread(p, 1, STDIN_MAX, stdin);
    while (n && (p[n - 1] == '\n' || p[n - 1] == '\r'))
        n--;
    return (struct str){p, n};
}

static struct str working_folder(struct arena *a)
{
    char *p = arena_alloc(a, 4096);
    return getcwd(p, 4096) ? str_of(p) : STR(".");
}

/* "apps/crm" of plan and apply: the folder of apps is what it stands in. */
static void apps_of_dir(struct host *h, struct str name)
{
    if ((!str_eqz(name, "plan") && !str_eqz(name, "apply")) || !h->cfg.npos)
        return;
    struct str dir = host_path(h, h->cfg.pos[0]);
    while (dir.n > 1 && dir.p[dir.n - 1] == '/')
        dir.n--;
    size_t at = dir.n;
    while (at && dir.p[at - 1] != '/')
        at--;
    h->cfg.pos[0] = str_sub(dir, at, dir.n);
    h->cfg.apps = str_sub(dir, 0, at ? at - 1 : 0);
}

enum lang host_lang(void)
{
    static const char *const NAMES[] = {"MORTISE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        const char *v = getenv(NAMES[i]);
        if (v && *v)
            return str_ieq(str_sub(str_of(v), 0, 2), STR("en")) ? LANG_EN : LANG_ZH;
    }
    return LANG_ZH;
}

int host_run(struct arena *a, int argc, char **argv)
{
    const struct host_cmd *cmd = host_cmd_find(str_of(argv[0]));
    struct host h = {.a = a,
                     .write = to_terminal,
                     .cwd = working_folder(a),
                     .terminal = isatty(2) != 0,
                     .lang = host_lang()};
    struct err err = ERR_INIT;
    int fd = -1;
    bool taken;
    if (!cmd || config_parse(a, argc, argv, &h.cfg, &err))
        return cmd_usage(argv[0], err.en);
    if (h.cfg.npos < cmd->min_pos || h.cfg.npos > cmd->max_pos)
        return cmd_usage(argv[0], "wrong number of arguments");
    if (cmd->flags & HOST_READS_STDIN && h.cfg.password_stdin)
        h.input = read_stdin(a);
    if (host_lock(a, &h.cfg, &fd, &taken, &err))
        return host_problem(&h, &err);
    if (taken)
        return control_call(&h, argc, argv);
    apps_of_dir(&h, str_of(argv[0]));
    int code = run_here(&h, cmd);
    close(fd);
    return code;
}
