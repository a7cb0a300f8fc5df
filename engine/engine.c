/*
 * The façade: opens the store, keeps the table of running apps, makes contexts and runs write jobs.
 * Publishing is in publish.c, first rows in seed.c, the folder of drafts in draft.c.
 */
#include "engine/engine_int.h"
#include "engine/automation/event.h"
#include "engine/automation/outbox.h"
#include "engine/flow/flow.h"
#include "engine/flow/timer.h"
#include "engine/formula/fx_pgfn.h"
#include "engine/formula/fx_sqlfn.h"
#include "engine/meta/people_app.h"
#include "engine/org/member.h"
#include "engine/people.h"
#include "engine/record/hooks.h"
#include "engine/record/schema.h"
#include "engine/script/script.h"
#include "engine/store/migrate.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENGINE_ARENA_BYTES (1u << 20)

/* The body of a task's action to what the flow takes. */
static int task_act(struct ctx *c, int64_t task, struct str action, struct val body,
                    struct diags *diags, struct err *err)
{
    struct task_act act = {
        .task = task,
        .action = action,
        .comment = val_str(val_get(body, STR("comment"))),
        .values = val_get(body, STR("values")),
        .to = val_get(body, STR("to")),
        .resume = val_str(val_get(body, STR("resume"))),
        .where = val_str(val_get(body, STR("where"))),
    };
    return flow_act(c, &act, diags, err);
}

static int before(struct ctx *c, enum rec_op op, struct rec *rec, const struct rec *old,
                  struct diags *diags, struct err *err)
{
    if (people_is(rec->form->app))
        return people_before(c, op, rec, err);
    return script_before(c, op, rec, old, diags, err);
}

static int after(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                 struct err *err)
{
    if (people_is(rec->form->app))
        return people_after(c, op, rec, old, err);
    return script_after(c, op, rec, old, err);
}

/* What the clock has made due, in the caller's transaction. */
static int due(struct ctx *c, int64_t *n, struct err *err)
{
    return timer_fire_due(c, n, err) || outbox_run_all(c, n, err) ? -1 : 0;
}

static const struct rec_hooks hooks = {
    .act = task_act,
    .before = before,
    .after = after,
    .button = script_button,
    .event = automation_event,
    .committed = script_committed,
    .has_committed = script_has_committed,
    .call = script_call_with,
    .submitted = flow_submit,
    .script = script_call,
    .due = due,
    .decisions = flow_decisions,
    .lock = flow_lock,
    .task_read = flow_task_read,
};

const struct rec_hooks *engine_hooks(const struct engine *e)
{
    (void)e;
    return &hooks;
}

/* ---- open and close ---- */

int engine_open(const struct engine_opts *opts, struct engine **out, struct err *err)
{
    struct arena *a = arena_new(ENGINE_ARENA_BYTES);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    struct engine *e = ARENA_NEW(a, struct engine);
    e->a = a;
    e->opts = *opts;
    e->opts.store_url = str_dup(a, opts->store_url);
    e->opts.apps_dir = str_dup(a, opts->apps_dir);
    e->opts.timezone = opts->timezone.n ? str_dup(a, opts->timezone) : STR("Asia/Shanghai");
    id_gen_init(&e->ids, opts->node);
    struct store_opts so = {.mono_us = opts->mono_us};
    so.functions = fx_sql_functions(&so.nfunctions);
    struct vault_opts vo = {.dir = opts->keys_dir, .now_us = opts->now_us, .self = opts->self};
    so.db_function = fx_pg_function;
    so.db_functions_version = fx_pg_version;
    if (store_open(e->opts.store_url, &so, &e->store, err) < 0 ||
        migrate_run(e->store, engine_now_us(e), err) < 0 ||
        vault_open(e->store, &vo, &e->vault, err) < 0) {
        store_close(&e->store);
        arena_free(&a);
        return -1;
    }
    if (store_shared(e->store))
        id_gen_init(&e->ids, store_node(e->store));
    pthread_mutex_init(&e->lock, NULL);
    *out = e;
    return 0;
}

void engine_close(struct engine **ep)
{
    struct engine *e = *ep;
    if (!e)
        return;
    *ep = NULL;
    for (size_t i = 0; i < e->n; i++)
        app_unref(&e->running[i].app);
    vault_close(&e->vault);
    store_close(&e->store);
    pthread_mutex_destroy(&e->lock);
    struct arena *a = e->a;
    arena_free(&a);
}

struct store *engine_store(struct engine *e)
{
    return e->store;
}

int64_t engine_now_us(struct engine *e)
{
    return e->opts.now_us(e->opts.self);
}

void engine_listen(struct engine *e, void (*fn)(void *self, const struct event *ev), void *self)
{
    e->listen = fn;
    e->listen_self = self;
}

void engine_ctx(struct engine *e, struct arena *a, struct conn *reader, struct ctx *out)
{
    *out = (struct ctx){
        .engine = e,
        .store = e->store,
        .vault = e->vault,
        .db = reader,
        .a = a,
        .who = &who_nobody,
        .via = VIA_API,
        .lang = LANG_ZH,
        .now_us = engine_now_us(e),
        .ids = &e->ids,
        .random = e->opts.random,
        .mono_us = e->opts.mono_us,
    };
}

/* ---- time zones: the host's part of loading ---- */

struct load_opts engine_load_opts(const struct engine *e)
{
    return (struct load_opts){.default_zone = e->opts.timezone, .zone_bytes = load_zone_file};
}

/* ---- running apps ---- */

static struct running *running_find(struct engine *e, struct str key)
{
    for (size_t i = 0; i < e->n; i++)
        if (str_eq(e->running[i].key, key))
            return &e->running[i];
    return NULL;
}

struct app *engine_app(struct engine *e, struct str key)
{
    pthread_mutex_lock(&e->lock);
    struct running *r = running_find(e, key);
    struct app *app = r ? app_ref(r->app) : NULL;
    pthread_mutex_unlock(&e->lock);
    return app;
}

static void drop_running(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

struct app *engine_running_app(struct ctx *c, struct str key)
{
    struct app *app = engine_app(c->engine, key);
    if (app)
        arena_defer(c->a, drop_running, app);
    return app;
}

int engine_role(struct engine *e, struct str app, struct str role)
{
    struct app *have = engine_app(e, app);
    const struct role *r = have ? app_role(have, role) : NULL;
    int answer = r ? r->external : -1;
    app_unref(&have);
    return answer;
}

size_t engine_apps(struct engine *e, struct arena *a, struct str **keys)
{
    *keys = ARENA_ARRAY(a, struct str, ENGINE_APPS_MAX);
    char(*text)[64] = arena_array(a, ENGINE_APPS_MAX, sizeof(*text));
    pthread_mutex_lock(&e->lock); /* no allocation while it is held: that could unwind */
    size_t n = e->n;
    for (size_t i = 0; i < n; i++) {
        struct str k = str_sub(e->running[i].key, 0, sizeof(text[i]));
        memcpy(text[i], k.p, k.n);
        (*keys)[i] = (struct str){text[i], k.n};
    }
    pthread_mutex_unlock(&e->lock);
    return n;
}

int engine_run_app(struct engine *e, struct app *app, struct err *err)
{
    struct app *old = NULL;
    pthread_mutex_lock(&e->lock);
    struct running *r = running_find(e, app->key);
    if (!r && e->n < ENGINE_APPS_MAX)
        r = &e->running[e->n++];
    if (r && r->app && r->app->n > app->n) {
        old = app; /* loaded before a publish that is running already */
    } else if (r) {
        old = r->app;
        *r = (struct running){.key = app->key, .app = app, .seen = app->n};
    }
    pthread_mutex_unlock(&e->lock);
    app_unref(&old);
    if (r)
        return 0;
    app_unref(&app);
    return err_set(err, ERR_INVALID, "too_many_apps", "应用数量已达上限。",
                   "There are too many apps.");
}

/* of the 7,900 that PostgreSQL carries; a line is below 300 */
#define TELL_BYTES 7000

/* ---- writing ---- */

struct write_job {
    struct ctx *c;
    engine_write_fn *fn;
    void *arg;
};

/* A writer that was prepared with a definition which has been replaced since must read it again. */
static int check_definition(struct ctx *c, struct err *err)
{
    if (!c->app || c->app->n == 0)
        return 0;
    pthread_mutex_lock(&c->engine->lock);
    struct running *r = running_find(c->engine, c->app->key);
    bool same = !r || r->seen == c->app->n;
    pthread_mutex_unlock(&c->engine->lock);
    if (same)
        return 0;
    return err_set(err, ERR_CONFLICT, "definition_changed", "应用刚刚发布了新版本，请重试。",
                   "A new version of the app was just published; please try again.");
}

/* The same question to the database: another program may have published. This one knows it soon
 * (engine_hear). */
static int check_stored(struct ctx *c, struct err *err)
{
    int64_t n = 0;
    if (!c->app || c->app->n == 0)
        return 0;
    int rc = version_running(c->db, c->a, c->app->key, &n, err);
    if (rc < 0)
        return -1;
    if (rc == 0 || n == c->app->n)
        return 0;
    return err_set(err, ERR_CONFLICT, "definition_changed", "应用刚刚发布了新版本，请重试。",
                   "A new version of the app was just published; please try again.");
}

/* Events as "node app form op id version" lines, heard by the other programs after the commit. */
static int tell_others(struct ctx *c, struct err *err)
{
    struct strb b;
    strb_init(&b, c->a);
    for (size_t i = 0; i < c->events.n; i++) {
        const struct event *ev = &c->events.v[i];
        strb_addf(&b, "%u %.*s %.*s %.*s %lld %lld\n", c->engine->ids.node, STR_ARG(ev->app),
                  STR_ARG(ev->form), STR_ARG(ev->op), (long long)ev->id, (long long)ev->version);
        if (b.n < TELL_BYTES && i + 1 < c->events.n)
            continue;
        if (store_tell(c->db, c->a, strb_str(&b), err))
            return -1;
        strb_init(&b, c->a);
    }
    return 0;
}

static int run_write_job(struct conn *db, void *arg, struct err *err)
{
    struct write_job *job = arg;
    struct ctx *c = job->c;
    struct conn *reader = c->db;
    c->db = db;
    c->events.n = 0;
    c->hook_deadline_us = 0;
    c->hook_spent_us = 0;
    int rc = check_definition(c, err);
    if (rc == 0 && store_shared(c->store))
        rc = check_stored(c, err);
    if (rc == 0)
        rc = job->fn(c, job->arg, err);
    if (rc == 0 && store_shared(c->store))
        rc = tell_others(c, err);
    c->db = reader;
    return rc;
}

int engine_write(struct ctx *c, engine_write_fn *fn, void *arg, struct err *err)
{
    struct write_job job = {.c = c, .fn = fn, .arg = arg};
    struct conn *reader = c->db;
    int rc = store_write(c->store, run_write_job, &job, err);
    c->db = reader; /* also when memory ran out inside */
    if (rc < 0) {
        c->events.n = 0;
        return rc;
    }
    struct engine *e = c->engine;
    for (size_t i = 0; e->listen && i < c->events.n; i++)
        e->listen(e->listen_self, &c->events.v[i]);
    c->events.n = 0;
    return rc;
}
