/*
 * A page of rows a transaction, so that nobody waits for it.
 */
#include "runtime/bin_sweep.h"

#include "engine/base/log.h"
#include "engine/record/purge.h"

struct page {
    const struct app *app;
    int more;
};

static int purge(struct ctx *c, void *arg, struct err *err)
{
    struct page *p = arg;
    p->more = purge_old(c, p->app, c->now_us - PURGE_AFTER_US, err);
    return p->more < 0 ? -1 : 0;
}

static void sweep_app(struct ctx *c, const struct app *app, const bool *stop)
{
    struct page p = {.app = app, .more = 1};
    while (p.more == 1 && !*stop) {
        struct err err = ERR_INIT;
        struct arena_mark mark = arena_mark(c->a);
        c->records = NULL;
        int rc = engine_write(c, purge, &p, &err);
        c->records = NULL;
        memset(&c->events, 0, sizeof c->events);
        arena_reset(c->a, mark);
        if (rc) {
            log_event(LOG_WARN, "bin_sweep", LOG_TEXT("app", app->key),
                      LOG_TEXT("code", str_of(err.key)));
            return;
        }
    }
}

void bin_sweep(struct ctx *c, const bool *stop)
{
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    c->via = VIA_TIMER;
    for (size_t i = 0; i < n && !*stop; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        c->app = app;
        if (app)
            sweep_app(c, app, stop);
        c->app = NULL;
        app_unref(&app);
    }
}
