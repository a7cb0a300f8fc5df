/*
 * The façade: one engine on a store and an apps folder; a ctx per request; publishing while
 * serving. Thread-safe: the table of running apps is behind a lock held only to copy a pointer.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/meta/diff.h"
#include "engine/meta/load.h"
#include "engine/org/ctx.h"
#include "engine/record/backfill.h"
#include "engine/value/json.h"

struct engine_opts {
    struct str store_url;
    struct str apps_dir; /* drafts; empty: none */
    struct str keys_dir; /* of master.key; empty: a key that lives as long as the engine */
    struct str timezone; /* default Asia/Shanghai */
    bool demo;           /* load data/demo at the first publish */
    bool stored_only;    /* engine_start() publishes nothing by itself (commands) */
    uint32_t node;       /* of ids */
    int64_t (*now_us)(void *self);
    int64_t (*mono_us)(void);
    void (*random)(void *buf, size_t n);
    /* After an app's first publish and before its first rows, with demo only: makes the members
     * that the rows name. Not inside a write job. NULL: none. */
    int (*demo_members)(void *self, struct ctx *c, const struct app *app, struct err *err);
    void *self; /* goes to now_us and demo_members */
};

int engine_open(const struct engine_opts *opts, struct engine **out, struct err *err) ATTR_MUST;
void engine_close(struct engine **e);
struct store *engine_store(struct engine *e);
int64_t engine_now_us(struct engine *e);

/* A ctx on this thread's reading connection. The principal is nobody until set. */
void engine_ctx(struct engine *e, struct arena *a, struct conn *reader, struct ctx *out);

/* The running version: a counted reference, NULL when there is none. app_unref() it. */
struct app *engine_app(struct engine *e, struct str key);
/* Keys of the running apps. */
size_t engine_apps(struct engine *e, struct arena *a, struct str **keys);

/*
 * Runs fn inside the write transaction with c->db set to the writing connection; afterwards c->db
 * is the reader again and c's events are handed to the engine's listener. The one way to write.
 */
typedef int engine_write_fn(struct ctx *c, void *arg, struct err *err);
int engine_write(struct ctx *c, engine_write_fn *fn, void *arg, struct err *err) ATTR_MUST;

/* Called after each commit, on the thread that wrote. Set once before serving. */
void engine_listen(struct engine *e, void (*fn)(void *self, const struct event *ev), void *self);

/* Where store_shared(): waits for what other programs on the database say, publishes their events
 * to the listener, loads what they published. To be called again and again on a thread of its own
 * with a connection of its own. */
int engine_hear(struct ctx *c, int wait_ms, struct err *err) ATTR_MUST;

/* ---- definitions ---- */

/* Publishes apps of the folder that are new to the database, loads the running versions of all. */
int engine_start(struct engine *e, struct diags *diags, struct err *err) ATTR_MUST;

/* The draft (folder) of an app as read and checked. */
struct draft {
    struct app_source src;
    struct app *app;     /* NULL: it has errors; the caller's reference */
    struct diags *diags; /* given by the caller */
};
int engine_draft(struct engine *e, struct arena *a, struct str key, struct draft *out,
                 struct err *err) ATTR_MUST;

/* Writes or removes one file of the draft. The path is relative to the app ("forms/lead.yaml"). */
int engine_draft_put(struct engine *e, struct arena *a, struct str key, const struct app_file *file,
                     struct err *err) ATTR_MUST;
int engine_draft_remove(struct engine *e, struct arena *a, struct str key, struct str path,
                        struct err *err) ATTR_MUST;

/* {plan_hash, changes:[…], errors, data_loss} */
int engine_plan(struct ctx *c, struct str key, struct json *out, struct err *err) ATTR_MUST;
struct publish {
    struct str key;
    struct str plan_hash; /* must be that of a fresh plan; empty: not asked (CLI) */
    bool allow_data_loss;
    struct str note;
    /* Rows of large tables whose columns change are copied before the swap, in small transactions.
     * After that long (monotonic; 0: however long it takes) the jobs' thread goes on with it. */
    int64_t patience_us;
    int64_t *job; /* out, may be NULL: the job that goes on, or did it; 0: there was none */
};
/* *n: the new version; 0: the job goes on with it. ERR_CONFLICT plan_changed | data_loss |
 * backfilling (another publish of the app is under way); ERR_INVALID with diags for a bad draft. */
int engine_publish(struct ctx *c, const struct publish *p, int64_t *n, struct diags *diags,
                   struct err *err) ATTR_MUST;
/* A job of kind "publish" that was left, by its payload: as engine_publish. */
int engine_publish_goes_on(struct ctx *c, const struct publish *p, struct str payload, int64_t *n,
                           struct err *err) ATTR_MUST;
/*
 * Fills some more columns of an app that a publish left to be filled (a write transaction of its
 * own), and loads the app again when that was the last. out->more: call again.
 */
int engine_backfill(struct ctx *c, struct str key, struct backfill *out, struct err *err) ATTR_MUST;
/* Fields that a publish made sensitive over many rows (record/sealing.h): seals some more of them,
 * puts them in place, seals the history. 1 call again, 0 nothing is left, -1. Memory of c->a is the
 * caller's to take back. */
int engine_seal_step(struct ctx *c, struct str key, struct err *err) ATTR_MUST;
/* Publishes version `to`'s text as a new version; the draft becomes that text. */
int engine_rollback(struct ctx *c, struct str key, int64_t to, int64_t *n, struct diags *diags,
                    struct err *err) ATTR_MUST;

#endif
