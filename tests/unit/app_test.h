/*
 * What the tests of records share: an engine in a folder of its own with one app, whose files are
 * given as texts, and members who act.
 */
#ifndef TESTS_APP_TEST_H
#define TESTS_APP_TEST_H

#include "tests/unit/unit.h"

#include "engine/engine.h"
#include "engine/org/member.h"
#include "engine/record/query.h"
#include "engine/record/record.h"
#include "engine/vault/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEST_NOW INT64_C(1764000000000000) /* 2025-11-24T16:00:00Z */

struct test_file {
    const char *path;
    const char *text;
};

struct test_app {
    struct arena *a;
    char dir[64];
    struct engine *e;
    struct conn *db;
    struct app *app;
    struct ctx c;
    int64_t now_us;
};

static inline int64_t test_app_now(void *self)
{
    struct test_app *t = self;
    return t->now_us += 1000;
}

static inline int64_t test_app_mono(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

#define OK(call)                                                                                   \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s (%s %s)", #call, err.en, err.key, err.path);                          \
    } while (0)

static inline void test_write_file(const char *dir, const char *path, const char *text)
{
    char full[400];
    (void)snprintf(full, sizeof full, "%s/%s", dir, path);
    for (char *p = full + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        (void)mkdir(full, 0700);
        *p = '/';
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

/* A ctx on a fresh state of the reading connection, as the given member (NULL: the system). */
static inline void test_as(struct test_app *t, const struct principal *who)
{
    engine_ctx(t->e, t->a, t->db, &t->c);
    t->c.app = t->app;
    t->c.who = who ? who : &who_system;
    t->c.via = VIA_API;
}

/* Where the app's rows are: SQLite in a folder that goes, or a schema of its own in the throw-away
 * database of MORTISE_TEST_PG. */
static inline void test_app_url(const struct test_app *t, char *url, size_t room)
{
    const char *base = getenv("MORTISE_TEST_PG");
    if (!base || !base[0]) {
        (void)snprintf(url, room, "sqlite::memory:");
        return;
    }
    int n = snprintf(url, room, "%s%cschema=a", base, strchr(base, '?') ? '&' : '?');
    for (const char *p = t->dir; *p && (size_t)n + 4 < room; p++)
        n += snprintf(url + n, room - (size_t)n, "%02x", (unsigned char)*p);
}

/* Writes the app's files into a folder of their own. */
static inline void test_app_files(struct test_app *t, const char *key,
                                  const struct test_file *files, size_t n)
{
    static const char template[] = "/tmp/mortise-app-XXXXXX";
    *t = (struct test_app){.a = arena_new((size_t)256 << 20), .now_us = TEST_NOW};
    memcpy(t->dir, template, sizeof template);
    assert_non_null(mkdtemp(t->dir));
    for (size_t i = 0; i < n; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s/%s", key, files[i].path);
        test_write_file(t->dir, path, files[i].text);
    }
}

/* Opens the app of t->dir on a store of its own; t->now_us is the clock. */
static inline void test_app_open(struct test_app *t, const char *key, const char *url)
{
    struct err err = ERR_INIT;
    struct engine_opts opts = {.store_url = str_of(url),
                               .apps_dir = str_of(t->dir),
                               .keys_dir = str_fmt(t->a, "%s/.keys", t->dir),
                               .timezone = STR("Asia/Shanghai"),
                               .now_us = test_app_now,
                               .mono_us = test_app_mono,
                               .random = vault_random,
                               .self = t};
    struct diags diags;
    diags_init(&diags, t->a);
    OK(vault_init());
    OK(engine_open(&opts, &t->e, &err));
    int rc = engine_start(t->e, &diags, &err);
    for (size_t i = 0; i < diags.list.n; i++)
        print_error("%.*s:%u:%u: %.*s\n", STR_ARG(diags.list.v[i].file), diags.list.v[i].pos.line,
                    diags.list.v[i].pos.column, STR_ARG(diags.list.v[i].en));
    if (rc < 0)
        fail_msg("engine_start: %s (%s)", err.en, err.key);
    t->app = engine_app(t->e, str_of(key));
    assert_non_null(t->app);
    OK(store_conn_open(engine_store(t->e), &t->db, &err));
    test_as(t, NULL);
}

static inline void test_app_init(struct test_app *t, const char *key, const struct test_file *files,
                                 size_t n)
{
    char url[320];
    test_app_files(t, key, files, n);
    test_app_url(t, url, sizeof url);
    test_app_open(t, key, url);
}

static inline void test_app_fini(struct test_app *t)
{
    app_unref(&t->app);
    store_conn_close(&t->db);
    engine_close(&t->e);
    arena_free(&t->a);
}

/* ---- people ---- */

struct test_member {
    const char *login;
    const char *role; /* of the app; NULL: none */
    const char *department;
    struct principal who;
    struct test_app *t;
};

static inline int test_member_job(struct ctx *c, void *arg, struct err *err)
{
    struct test_member *m = arg;
    struct diags diags;
    int64_t id;
    diags_init(&diags, c->a);
    struct role_of role = {m->t->app->key, str_of(m->role ? m->role : "")};
    struct member_spec spec = {.login = str_of(m->login),
                               .name = str_of(m->login),
                               .department = str_of(m->department ? m->department : ""),
                               .roles = &role,
                               .nroles = m->role ? 1 : 0};
    if (member_add(c, &spec, STR_NONE, &id, &diags, err) < 0)
        return -1;
    return member_load(c, id, &m->who, err) < 0 ? -1 : 0;
}

static inline void test_member(struct test_app *t, struct test_member *m)
{
    struct err err = ERR_INIT;
    m->t = t;
    test_as(t, NULL);
    OK(engine_write(&t->c, test_member_job, m, &err));
}

#endif
