/*
 * Lends C functions to SQLite: converts values, gives each call an arena, and turns running out of
 * it into SQLite's own out-of-memory error, so that nothing unwinds through SQLite.
 */
#include "engine/store/store_sqlite_fn.h"

#include "engine/value/collate.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>

#define ARENA_MAX ((size_t)64 << 20)

/* One function on one connection; the arena of scalar calls is kept and reset. */
struct lent {
    const struct sql_func *f;
    struct arena *a;
};

struct call {
    const struct lent *lent;
    sqlite3_context *ctx;
    sqlite3_value **argv;
    size_t argc;
    struct arena *a;
    void *state;
};

/* The state of an aggregate while its rows pass. */
struct group {
    struct arena *a;
    void *state;
    bool failed;
};

static struct val value_of(sqlite3_value *v)
{
    switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER: return val_dec(sqlite3_value_int64(v), 0);
    case SQLITE_FLOAT: return val_num(sqlite3_value_double(v));
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_value_text(v);
        return (struct val){
            .kind = VAL_TEXT, .n = (uint32_t)sqlite3_value_bytes(v), .text = p ? p : ""};
    }
    default: return VAL_NONE;
    }
}

static const struct val *args_of(const struct call *c)
{
    struct val *args = ARENA_ARRAY(c->a, struct val, c->argc);
    for (size_t i = 0; i < c->argc; i++)
        args[i] = value_of(c->argv[i]);
    return args;
}

static void give(sqlite3_context *ctx, struct val v)
{
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL: sqlite3_result_int(ctx, v.b); return;
    case VAL_NUM: sqlite3_result_double(ctx, v.num); return;
    case VAL_DEC:
        assert(v.scale == 0);
        sqlite3_result_int64(ctx, v.i);
        return;
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT: sqlite3_result_int64(ctx, v.i); return;
    case VAL_TEXT: sqlite3_result_text(ctx, v.text, (int)v.n, SQLITE_TRANSIENT); return;
    case VAL_BLANK:
    case VAL_REF:
    case VAL_LIST:
    case VAL_OBJ:
    case VAL_ABSENT: break;
    }
    sqlite3_result_null(ctx);
}

static void run_scalar(void *arg)
{
    const struct call *c = arg;
    give(c->ctx, c->lent->f->call(c->a, args_of(c), c->argc));
}

static void on_scalar(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct lent *lent = sqlite3_user_data(ctx);
    struct call c = {lent, ctx, argv, (size_t)argc, lent->a, NULL};
    struct arena_mark mark = arena_mark(lent->a);
    if (oom_guard(run_scalar, &c))
        sqlite3_result_error_nomem(ctx);
    arena_reset(lent->a, mark);
}

static void run_step(void *arg)
{
    const struct call *c = arg;
    c->lent->f->step(c->state, c->a, args_of(c), c->argc);
}

static void make_state(void *arg)
{
    struct call *c = arg;
    c->state = arena_alloc(c->a, c->lent->f->state_bytes);
}

/* The group of this call, with its state made at the first row; NULL when there is no memory. */
static struct group *group_of(sqlite3_context *ctx, const struct lent *lent)
{
    struct group *g = sqlite3_aggregate_context(ctx, sizeof *g);
    if (g && !g->a && !g->failed) {
        g->a = arena_new(ARENA_MAX);
        struct call c = {.lent = lent, .a = g->a};
        g->failed = !g->a || oom_guard(make_state, &c);
        g->state = c.state;
    }
    if (!g || g->failed)
        sqlite3_result_error_nomem(ctx);
    return g;
}

static void on_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const struct lent *lent = sqlite3_user_data(ctx);
    struct group *g = group_of(ctx, lent);
    if (!g || g->failed)
        return;
    struct call c = {lent, ctx, argv, (size_t)argc, g->a, g->state};
    if (oom_guard(run_step, &c)) {
        g->failed = true;
        sqlite3_result_error_nomem(ctx);
    }
}

static void run_final(void *arg)
{
    const struct call *c = arg;
    give(c->ctx, c->lent->f->final(c->state, c->a));
}

static void on_final(sqlite3_context *ctx)
{
    const struct lent *lent = sqlite3_user_data(ctx);
    struct group *g = group_of(ctx, lent);
    if (g && !g->failed) {
        struct call c = {lent, ctx, NULL, 0, g->a, g->state};
        if (oom_guard(run_final, &c))
            sqlite3_result_error_nomem(ctx);
    }
    if (g)
        arena_free(&g->a);
}

static void lent_free(void *at)
{
    struct lent *lent = at;
    arena_free(&lent->a);
    free(lent);
}

static int add_one(sqlite3 *db, const struct sql_func *f)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    struct lent *lent = calloc(1, sizeof *lent);
    if (!lent)
        return SQLITE_NOMEM;
    lent->f = f;
    lent->a = arena_new(ARENA_MAX);
    if (!lent->a) {
        free(lent);
        return SQLITE_NOMEM;
    }
    if (f->call)
        return sqlite3_create_function_v2(db, f->name, -1, flags, lent, on_scalar, NULL, NULL,
                                          lent_free);
    return sqlite3_create_function_v2(db, f->name, -1, flags, lent, NULL, on_step, on_final,
                                      lent_free);
}

static int on_compare(void *self, int na, const void *a, int nb, const void *b)
{
    return collate_cmp(self, (struct str){a, (size_t)na}, (struct str){b, (size_t)nb});
}

static void on_collation_gone(void *self)
{
    struct collate *c = self;
    collate_free(&c);
}

int sqlite_collation_add(sqlite3 *db)
{
    struct collate *c = collate_new();
    if (!c)
        return SQLITE_NOMEM;
    int rc = sqlite3_create_collation_v2(db, "zh", SQLITE_UTF8, c, on_compare, on_collation_gone);
    if (rc != SQLITE_OK) /* unlike with functions, the caller keeps it then */
        collate_free(&c);
    return rc;
}

int sqlite_functions_add(sqlite3 *db, const struct sql_func *functions, size_t n)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
        rc = add_one(db, &functions[i]);
    return rc;
}
