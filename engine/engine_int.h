/*
 * What the façade's files share: the engine and its table of running apps.
 */
#ifndef ENGINE_INT_H
#define ENGINE_INT_H

#include "engine/engine.h"
#include <pthread.h>

#define ENGINE_APPS_MAX 256

/* A running version. `seen` is what the write transaction sees: it is set inside the publishing
 * job, so that jobs behind it in the same commit already count as outdated. */
struct running {
    struct str key; /* in the app's arena */
    struct app *app;
    int64_t seen;
};

struct engine {
    struct arena *a; /* options and what lives as long as the engine */
    struct engine_opts opts;
    struct store *store;
    struct vault *vault;
    struct id_gen ids;
    pthread_mutex_t lock; /* guards `running` and `n`; held only to copy pointers */
    struct running running[ENGINE_APPS_MAX];
    size_t n;
    void (*listen)(void *self, const struct event *ev);
    void *listen_self;
};

/* engine.c */
struct load_opts engine_load_opts(const struct engine *e);
/* Loads and checks a text that may be published, its scripts too: NULL when diags has errors. */
struct app *engine_check(struct engine *e, struct arena *a, const struct app_source *src,
                         struct diags *diags);
/* Swaps the pointer to a new running version after its commit; takes over the reference. */
int engine_run_app(struct engine *e, struct app *app, struct err *err) ATTR_MUST;

/* publish.c: the running version, loaded from its stored text again. */
int engine_reload(struct ctx *c, struct str key, struct err *err) ATTR_MUST;
/* publish.c: publishes this text as the app `key` runs, whatever the folder holds. Not in a write
 * job. */
int engine_publish_text(struct ctx *c, const struct app_source *src, struct str note,
                        struct diags *diags, struct err *err) ATTR_MUST;

/* seed.c: rows of data/ (and data/demo/ with the demo option), as the system. Not in a write job.
 */
int seed_rows(struct ctx *c, struct app *app, bool demo, struct err *err) ATTR_MUST;

/* draft.c: the app's folder becomes this text. */
int draft_write(struct engine *e, const struct app_source *src, struct err *err) ATTR_MUST;

#endif
