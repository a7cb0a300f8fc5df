/*
 * What the store's tests share: a store in a folder of its own, statements in one line.
 */
#ifndef TESTS_STORE_TEST_H
#define TESTS_STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/store/ddl.h"
#include "engine/store/migrate.h"
#include "engine/store/store_driver.h"
#include "engine/store/store_fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct world {
    struct arena *a;
    char dir[64];
    char path[96];
    struct store *s;
};

static inline int64_t test_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Fails the test with the error's text. */
#define ok(call)                                                                                   \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s (%s)", #call, err.en, err.key);                                       \
    } while (0)

/* The suite runs on PostgreSQL when MORTISE_TEST_PG holds the address of a throw-away database. */
static inline bool test_pg(void)
{
    const char *url = getenv("MORTISE_TEST_PG");
    return url && url[0];
}

/* For what only one of the databases has. */
#define SKIP_ON_PG()                                                                               \
    do {                                                                                           \
        if (test_pg())                                                                             \
            skip();                                                                                \
    } while (0)

/* "sqlite:" opens the world's own file, or its own schema in the database of MORTISE_TEST_PG. */
static inline void world_url(const struct world *w, const char *prefix, char *url, size_t room)
{
    if (!test_pg() || strcmp(prefix, "sqlite:") != 0) {
        (void)snprintf(url, room, "%s%s", prefix, w->path);
        return;
    }
    const char *base = getenv("MORTISE_TEST_PG");
    int n = snprintf(url, room, "%s%cschema=t", base, strchr(base, '?') ? '&' : '?');
    for (const char *p = w->dir; *p && (size_t)n + 4 < room; p++)
        n += snprintf(url + n, room - (size_t)n, "%02x", (unsigned char)*p);
}

static inline void world_open(struct world *w, const char *prefix)
{
    struct err err = ERR_INIT;
    char url[400];
    world_url(w, prefix, url, sizeof url);
    ok(store_open(str_of(url), &(struct store_opts){.mono_us = test_mono_us}, &w->s, &err));
}

static inline void world_init(struct world *w, const char *prefix)
{
    static const char template[] = "/tmp/mortise-t-XXXXXX";
    *w = (struct world){.a = arena_new(64u << 20)};
    memcpy(w->dir, template, sizeof template);
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->path, sizeof w->path, "%s/db", w->dir);
    world_open(w, prefix);
}

static inline void world_fini(struct world *w)
{
    static const char *const NAMES[] = {"db",   "db-wal",   "db-shm",   "db-lock",
                                        "copy", "copy-wal", "copy-shm", "copy-lock"};
    char path[160];
    store_close(&w->s);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", w->dir, NAMES[i]);
        unlink(path);
    }
    rmdir(w->dir);
    arena_free(&w->a);
}

static inline void sql_new(struct sql *q, struct arena *a)
{
    sql_init(q, a, test_pg() ? SQL_PGSQL : SQL_SQLITE);
}

/* Program text only. */
static inline int run_text(struct conn *c, struct arena *a, struct str text, struct err *err)
{
    struct sql q;
    sql_new(&q, a);
    sql_lit_(&q, text);
    return store_exec(c, a, &q, NULL, err);
}

/* -1 when there is no row. */
static inline int64_t get_int(struct conn *c, struct str text)
{
    struct err err = ERR_INIT;
    struct arena *a = arena_new(1u << 20);
    struct sql q;
    int64_t n = -1;
    sql_new(&q, a);
    sql_lit_(&q, text);
    ok(store_get_int(c, a, &q, &n, &err));
    arena_free(&a);
    return n;
}

static inline int64_t read_int(struct store *s, struct str text)
{
    struct err err = ERR_INIT;
    struct conn *c;
    ok(store_conn_open(s, &c, &err));
    int64_t n = get_int(c, text);
    store_conn_close(&c);
    return n;
}

/* Table t (_id, n INTEGER, x REAL, text TEXT, _deleted_at INTEGER), (n, text) unique while live. */
static inline int make_t(struct conn *c, void *arg, struct err *err)
{
    static const struct ddl_column COLUMNS[] = {
        {STR("n"), COL_INT, false},
        {STR("x"), COL_REAL, false},
        {STR("text"), COL_TEXT, false},
        {STR("_deleted_at"), COL_INT, false},
    };
    struct ddl_table t = {.app = STR("t"), .columns = COLUMNS, .ncolumns = ARRAY_LEN(COLUMNS)};
    struct str columns[] = {STR("n"), STR("text")};
    struct ddl_index ix = {STR("u_n_text"), columns, 2, true, true, false};
    struct arena *a = arg;
    if (ddl_create_table(c, a, &t, err) < 0)
        return -1;
    return ddl_create_index(c, a, &t, &ix, err);
}

static inline void world_make_t(struct world *w)
{
    struct err err = ERR_INIT;
    ok(store_write(w->s, make_t, w->a, &err));
}

/* id 0: the next free one. */
static inline int insert_row(struct conn *c, struct arena *a, int64_t id, int64_t n,
                             struct str text, struct err *err)
{
    struct sql q;
    sql_new(&q, a);
    sql_lit(&q, "INSERT INTO t (_id, n, text) VALUES (");
    if (id)
        sql_bind_int(&q, id);
    else
        sql_lit(&q, "(SELECT coalesce(max(_id), 0) + 1 FROM t)");
    sql_lit(&q, ", ");
    sql_bind_int(&q, n);
    sql_lit(&q, ", ");
    sql_bind_str(&q, text);
    sql_lit(&q, ")");
    return store_exec(c, a, &q, NULL, err);
}

/* A job: inserts a row with the next n; arg is the int64_t of the last. */
static inline int insert_next(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arena_new(1u << 20);
    int64_t *n = arg;
    int rc = insert_row(c, a, 0, ++*n, STR("x"), err);
    arena_free(&a);
    return rc;
}

#endif
