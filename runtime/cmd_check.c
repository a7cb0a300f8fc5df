/*
 * mortise check DIR and mortise test DIR: without a data folder. DIR is one app, or a folder of
 * apps.
 */
#include "runtime/cmd.h"

#include "engine/script/script.h"
#include "engine/vault/vault.h"
#include "runtime/host.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

struct apps {
    struct str dir;    /* that the apps stand in */
    struct str prefix; /* of printed paths: "crm/" when DIR holds several */
    struct str *keys;
    size_t n;
};

static bool is_app(struct arena *a, struct str dir)
{
    return access(str_z(a, str_fmt(a, "%.*s/app.yaml", STR_ARG(dir))), F_OK) == 0;
}

static struct str trim_slashes(struct str dir)
{
    while (dir.n > 1 && dir.p[dir.n - 1] == '/')
        dir.n--;
    return dir;
}

/* "." and "apps/crm/.." have no last name of their own: the real path has. */
static struct str real_path(struct arena *a, struct str dir)
{
    char *cwd = arena_alloc(a, 4096);
    if (dir.n && dir.p[0] == '/')
        return dir;
    if (!getcwd(cwd, 4096))
        return dir;
    return str_eqz(dir, ".") ? str_of(cwd) : str_fmt(a, "%s/%.*s", cwd, STR_ARG(dir));
}

static int find_apps(struct arena *a, struct str dir, struct apps *out, struct err *err)
{
    dir = trim_slashes(real_path(a, dir));
    out->keys = ARENA_ARRAY(a, struct str, 256);
    if (is_app(a, dir)) {
        size_t at = dir.n;
        while (at && dir.p[at - 1] != '/')
            at--;
        out->dir = str_sub(dir, 0, at ? at - 1 : 0);
        out->keys[out->n++] = str_sub(dir, at, dir.n);
        return 0;
    }
    out->dir = dir;
    out->prefix = STR("/");
    DIR *d = opendir(str_z(a, dir));
    for (struct dirent *e; d && out->n < 256 && (e = readdir(d));)
        if (str_is_key(str_of(e->d_name)) &&
            is_app(a, str_fmt(a, "%.*s/%s", STR_ARG(dir), e->d_name)))
            out->keys[out->n++] = str_dup(a, str_of(e->d_name));
    if (d)
        closedir(d);
    if (out->n)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "no_app", "“%.*s”中没有 app.yaml。",
                   "There is no app.yaml in “%.*s”.", STR_ARG(dir));
}

/* An engine on a database in memory, for what needs one. */
static int open_empty(struct arena *a, const struct config *cfg, const struct apps *apps,
                      struct clock *clock, struct engine **out, struct err *err)
{
    struct config c = *cfg;
    c.store = STR("sqlite::memory:");
    c.apps = apps->dir;
    return host_engine(&c, a, clock, true, out, err);
}

/* Mistakes on stdout; remarks, which are none, on stderr. */
static void print_mistakes(const struct apps *apps, struct str key, const struct diags *d)
{
    bool en = host_lang() == LANG_EN;
    for (size_t i = 0; i < d->list.n; i++) {
        const struct diag *g = &d->list.v[i];
        FILE *out = g->level == DIAG_WARN ? stderr : stdout;
        if (apps->prefix.n)
            fprintf(out, "%.*s/", STR_ARG(key));
        fprintf(out, "%.*s:%u:%u: %s%.*s\n", STR_ARG(g->file), g->pos.line, g->pos.column,
                g->level == DIAG_WARN ? (en ? "warning: " : "提醒：") : "",
                STR_ARG(en ? g->en : g->zh));
    }
}

/* A copy of an app may stand in any folder to be checked; to be served, in one of its own name. */
static void other_folder(struct diags *d)
{
    for (size_t i = 0; i < d->list.n; i++) {
        struct diag *g = &d->list.v[i];
        if (!str_eqz(g->key, "app_key") || g->level != DIAG_ERROR)
            continue;
        g->level = DIAG_WARN;
        d->errors--;
    }
}

static int check_one(struct arena *a, struct engine *e, const struct apps *apps, struct str key,
                     bool *bad, struct err *err)
{
    struct diags diags;
    struct draft d = {.diags = &diags};
    diags_init(&diags, a);
    if (engine_draft(e, a, key, &d, err))
        return -1;
    app_unref(&d.app);
    if (!apps->prefix.n)
        other_folder(&diags);
    print_mistakes(apps, key, &diags);
    *bad = *bad || diags.errors > 0;
    return 0;
}

int cmd_check(struct arena *a, int argc, char **argv)
{
    struct config cfg;
    struct err err = ERR_INIT;
    struct apps apps = {0};
    struct clock clock = {0};
    struct engine *e = NULL;
    bool bad = false;
    if (config_parse(a, argc, argv, &cfg, &err))
        return cmd_usage(argv[0], err.en);
    if (cfg.npos != 1)
        return cmd_usage(argv[0], "name the folder of an app");
    int rc = find_apps(a, cfg.pos[0], &apps, &err) || open_empty(a, &cfg, &apps, &clock, &e, &err)
                 ? -1
                 : 0;
    for (size_t i = 0; rc == 0 && i < apps.n; i++)
        rc = check_one(a, e, &apps, apps.keys[i], &bad, &err);
    engine_close(&e);
    if (rc && err.file[0]) { /* a mistake of one file, too large to be read */
        printf("%s:%u:%u: %s\n", err.file, err.pos.line, err.pos.column,
               host_lang() == LANG_EN ? err.en : err.zh);
        return EXIT_PROBLEMS;
    }
    if (rc)
        return cmd_problem(&err);
    return bad ? EXIT_PROBLEMS : EXIT_FINE;
}

static size_t print_results(struct str key, const struct test_result *r, size_t n)
{
    size_t passed = 0;
    for (size_t i = 0; i < n; i++) {
        passed += r[i].ok;
        printf("%s %.*s: %.*s%s%.*s\n", r[i].ok ? "ok  " : "FAIL", STR_ARG(r[i].file),
               STR_ARG(r[i].name), r[i].ok ? "" : ": ", STR_ARG(r[i].message));
    }
    printf("%.*s: %zu passed, %zu failed\n", STR_ARG(key), passed, n - passed);
    return n - passed;
}

/* Publishes the app into the empty store and runs its scenarios there. */
static int test_published(struct ctx *c, const struct apps *apps, struct str key, size_t *failed,
                          struct err *err)
{
    struct publish p = {.key = key};
    struct diags diags;
    struct test_result *r;
    size_t n = 0;
    int64_t version;
    diags_init(&diags, c->a);
    if (engine_publish(c, &p, &version, &diags, err)) {
        print_mistakes(apps, key, &diags);
        return -1;
    }
    c->app = engine_app(c->engine, key);
    int rc = script_tests(c, &r, &n, err);
    if (rc == 0)
        *failed += print_results(key, r, n);
    app_unref(&c->app);
    return rc;
}

static int test_one(struct arena *a, struct engine *e, const struct apps *apps, struct str key,
                    size_t *failed, struct err *err)
{
    struct ctx c;
    struct conn *reader = NULL;
    if (store_conn_open(engine_store(e), &reader, err))
        return -1;
    engine_ctx(e, a, reader, &c);
    c.who = &who_system;
    c.via = VIA_SYSTEM;
    c.lang = host_lang();
    int rc = test_published(&c, apps, key, failed, err);
    store_conn_close(&reader);
    return rc;
}

int cmd_test(struct arena *a, int argc, char **argv)
{
    struct config cfg;
    struct err err = ERR_INIT;
    struct apps apps = {0};
    struct clock clock = {0};
    size_t failed = 0;
    if (config_parse(a, argc, argv, &cfg, &err))
        return cmd_usage(argv[0], err.en);
    if (cfg.npos != 1)
        return cmd_usage(argv[0], "name the folder of an app");
    int rc = find_apps(a, cfg.pos[0], &apps, &err);
    for (size_t i = 0; rc == 0 && i < apps.n; i++) {
        struct engine *e = NULL;
        rc = open_empty(a, &cfg, &apps, &clock, &e, &err);
        if (rc == 0)
            rc = test_one(a, e, &apps, apps.keys[i], &failed, &err);
        engine_close(&e);
    }
    if (rc)
        return cmd_problem(&err);
    return failed ? EXIT_PROBLEMS : EXIT_FINE;
}
