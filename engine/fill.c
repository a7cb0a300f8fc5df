/*
 * Filling columns of a running app after a publish: one small transaction at a time, and the app
 * loaded again once all of them hold what they should.
 */
#include "engine/engine_int.h"

#define FILL_ARENA_BYTES (256u << 20)

struct fill_step {
    struct arena *page;
};

static int step(struct ctx *c, void *arg, struct err *err)
{
    struct fill_step *f = arg;
    return backfill_step(c, f->page, err);
}

static void free_arena(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

/* On an arena of its own: the caller's lives as long as the whole job. */
static int one(struct ctx *c, struct app *app, struct backfill *out, struct err *err)
{
    struct fill_step f = {.page = arena_new(FILL_ARENA_BYTES)};
    if (!f.page)
        oom_raise();
    arena_defer(c->a, free_arena, f.page);
    struct ctx inner = *c;
    struct arena_mark mark = arena_mark(c->a);
    inner.app = app;
    inner.who = &who_system;
    inner.via = VIA_SYSTEM;
    inner.now_us = engine_now_us(c->engine);
    int rc = engine_write(&inner, step, &f, err);
    if (rc == 0)
        rc = backfill_state(c->db, c->a, app->key, out, err);
    arena_reset(c->a, mark);
    arena_undefer(c->a, f.page);
    arena_free(&f.page);
    return rc;
}

int engine_backfill(struct ctx *c, struct str key, struct backfill *out, struct err *err)
{
    struct app *app = engine_app(c->engine, key);
    *out = (struct backfill){0};
    if (!app)
        return 0;
    int rc = one(c, app, out, err);
    app_unref(&app);
    if (rc < 0 && str_eqz(str_of(err->key), "definition_changed")) {
        *out = (struct backfill){.more = true}; /* published meanwhile: that version is filled */
        *err = ERR_INIT;
        return 0;
    }
    return rc == 0 && !out->more ? engine_reload(c, key, err) : rc;
}
