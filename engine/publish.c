/*
 * Changing definitions while serving: plan, publish, roll back, versions, and the start, which
 * publishes what is new in the folder and loads what runs.
 */
#include "engine/base/log.h"
#include "engine/engine_int.h"
#include "engine/meta/people_app.h"
#include "engine/people.h"
#include "engine/prepare.h"
#include "engine/record/stage.h"
#include "engine/record/hooks.h"
#include "engine/record/joins.h"
#include "engine/record/schema.h"
#include "engine/record/sealing.h"
#include <dirent.h>

#define DRAFT_ARENA_BYTES (64u << 20)
#define HISTORY_PAGES     50 /* sealed before the app is loaded again */

/* A loaded candidate beside what runs now, and what lies between them. */
struct candidate {
    struct app_source src;
    struct app *app; /* NULL: it has errors */
    struct app *old; /* NULL: first publish */
    struct changes changes;
    struct str hash; /* names this plan */
    int64_t job;     /* that goes on with it; 0: none */
};

static void drop_app(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

static void keep_until_reset(struct arena *a, struct app *app)
{
    if (app)
        arena_defer(a, drop_app, app);
}

static bool data_loss(const struct candidate *d)
{
    for (size_t i = 0; i < d->changes.n; i++)
        if (d->changes.v[i].kind == CHANGE_DESTRUCTIVE)
            return true;
    return false;
}

static const struct change *blocked(const struct candidate *d)
{
    for (size_t i = 0; i < d->changes.n; i++)
        if (d->changes.v[i].kind == CHANGE_BLOCKED)
            return &d->changes.v[i];
    return NULL;
}

/* The plan's name: the text, the version it starts from, and each change with its counts. */
static struct str plan_hash(struct arena *a, const struct candidate *d)
{
    struct strb b;
    strb_init(&b, a);
    strb_add(&b, source_hash(a, &d->src));
    strb_addf(&b, " %lld", d->old ? (long long)d->old->n : 0LL);
    for (size_t i = 0; i < d->changes.n; i++)
        strb_addf(&b, "\n%d %.*s", (int)d->changes.v[i].kind, STR_ARG(d->changes.v[i].en));
    struct app_file f = {.path = STR("plan"), .text = strb_str(&b)};
    struct app_source s = {.key = d->src.key, .files = &f, .nfiles = 1};
    return source_hash(a, &s);
}

/* Compares d->src with the running version. The references go with c->a. */
static int candidate_load(struct ctx *c, struct candidate *d, struct diags *diags, struct err *err)
{
    d->app = engine_check(c->engine, c->a, &d->src, diags);
    keep_until_reset(c->a, d->app);
    d->old = engine_app(c->engine, d->src.key);
    keep_until_reset(c->a, d->old);
    if (!d->app)
        return 0;
    app_renames_back(d->old, d->app);
    d->changes = app_diff(c->a, d->old, d->app);
    if (schema_plan(c, d->old, d->app, &d->changes, err) < 0)
        return -1;
    d->hash = plan_hash(c->a, d);
    return 0;
}

static int draft_source(struct ctx *c, struct str key, struct app_source *src, struct err *err)
{
    struct engine *e = c->engine;
    if (!str_is_key(key) || !e->opts.apps_dir.n)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个应用。", "There is no such app.");
    return source_read(c->a, str_fmt(c->a, "%.*s/%.*s", STR_ARG(e->opts.apps_dir), STR_ARG(key)),
                       src, err);
}

/* What lies in clear until a job has sealed it. */
static void load_sealing(struct load_opts *opts, const struct sealing *s, enum sealing_phase phase)
{
    if (s->phase != phase)
        return;
    opts->sealing = s->fields;
    opts->nsealing = s->n;
}

/* Fields that become sensitive over many rows are in clear at first: the app is loaded so. */
static int seal_later(struct ctx *c, struct candidate *d, struct diags *diags, struct err *err)
{
    struct str *names;
    size_t n;
    if (!d->old || str_eq(d->src.key, PEOPLE_APP))
        return 0;
    if (sealing_free(c, d->src.key, err) || sealing_later(c, d->old, d->app, &names, &n, err))
        return -1;
    if (!n)
        return 0;
    struct load_opts opts = engine_load_opts(c->engine);
    opts.sealing = names;
    opts.nsealing = n;
    struct app *app = app_load(&d->src, &opts, diags);
    if (!app)
        return err_set(err, ERR_INTERNAL, "internal", "程序故障", "Internal error.");
    keep_until_reset(c->a, app);
    app_renames_back(d->old, app);
    d->app = app;
    return 0;
}

/* ---- plan ---- */

static const char *const kind_names[] = {"safe", "confirm", "destructive", "blocked"};

static void change_json(struct ctx *c, const struct change *ch, struct json *out)
{
    char buf[16];
    json_begin_obj(out);
    json_kstr(out, "kind", str_of(kind_names[ch->kind]));
    json_kstr(out, "path", ch->path);
    json_kstr(out, "text", c->lang == LANG_EN ? ch->en : ch->zh);
    if (ch->rows >= 0)
        json_kint(out, "rows", ch->rows);
    if (ch->nexamples) {
        json_key(out, STR("examples"));
        json_begin_list(out);
        for (size_t i = 0; i < ch->nexamples; i++)
            json_str(out, id_print(ch->examples[i], buf));
        json_end_list(out);
    }
    json_end_obj(out);
}

static void diag_json(struct ctx *c, const struct diag *g, struct json *out)
{
    json_begin_obj(out);
    json_kstr(out, "file", g->file);
    json_kint(out, "line", g->pos.line);
    json_kint(out, "column", g->pos.column);
    json_kstr(out, "message", c->lang == LANG_EN ? g->en : g->zh);
    json_end_obj(out);
}

static void errors_json(struct ctx *c, const struct diags *diags, struct json *out)
{
    json_key(out, STR("errors"));
    json_begin_list(out);
    for (size_t i = 0; i < diags->list.n; i++)
        if (diags->list.v[i].level == DIAG_ERROR)
            diag_json(c, &diags->list.v[i], out);
    json_end_list(out);
}

/* Of the columns that are filled behind the last publish, or copied before the next. */
static int progress_json(struct ctx *c, struct str key, struct json *out, struct err *err)
{
    struct backfill fill;
    struct stage_state st;
    struct sealing sealing;
    char buf[16];
    if (backfill_state(c->db, c->a, key, &fill, err) < 0 ||
        stage_state(c->db, c->a, key, &st, err) < 0 ||
        sealing_state(c->db, c->a, key, &sealing, err))
        return -1;
    if (sealing.phase != SEALING_NONE) {
        json_key(out, STR("sealing"));
        json_begin_obj(out);
        json_kint(out, "done", sealing.done);
        json_kint(out, "total", sealing.total);
        json_end_obj(out);
    }
    if (!fill.more && !st.job)
        return 0;
    json_key(out, STR("backfill"));
    json_begin_obj(out);
    json_kint(out, "done", fill.done + st.done);
    json_kint(out, "total", fill.total + st.total);
    if (st.job)
        json_kstr(out, "publishing", id_print(st.job, buf));
    json_end_obj(out);
    return 0;
}

int engine_plan(struct ctx *c, struct str key, struct json *out, struct err *err)
{
    struct candidate d = {0};
    struct diags diags;
    diags_init(&diags, c->a);
    if (draft_source(c, key, &d.src, err) < 0 || candidate_load(c, &d, &diags, err) < 0)
        return -1;
    json_begin_obj(out);
    json_key(out, STR("plan_hash"));
    if (d.app)
        json_str(out, d.hash);
    else
        json_blank(out);
    json_key(out, STR("changes"));
    json_begin_list(out);
    for (size_t i = 0; i < d.changes.n; i++)
        change_json(c, &d.changes.v[i], out);
    json_end_list(out);
    errors_json(c, &diags, out);
    json_kbool(out, "data_loss", data_loss(&d));
    if (progress_json(c, key, out, err))
        return -1;
    json_kint(out, "from", d.old ? d.old->n : 0);
    json_end_obj(out);
    return 0;
}

/* ---- publish ---- */

struct publish_job {
    struct candidate *d;
    struct prepare *prepare;
    struct str note;
    int64_t n, us; /* the version; how long the transaction's own work took */
    bool placed;   /* it puts what a job sealed in place */
};

/* What the jobs behind this one in the same commit must know; undone when the commit fails. */
static void set_seen(struct engine *e, struct str key, int64_t n)
{
    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < e->n; i++)
        if (str_eq(e->running[i].key, key))
            e->running[i].seen = n;
    pthread_mutex_unlock(&e->lock);
}

static int publish_job_run(struct ctx *c, void *arg, struct err *err)
{
    struct publish_job *job = arg;
    struct candidate *d = job->d;
    int64_t running = 0, begun = c->mono_us();
    if (version_running(c->db, c->a, d->src.key, &running, err) < 0)
        return -1;
    if (running != (d->old ? d->old->n : 0))
        return err_set(err, ERR_CONFLICT, "plan_changed",
                       "期间有人发布了新版本，请重新查看变更计划。",
                       "Somebody published meanwhile; look at the plan again.");
    if ((job->prepare && prepare_settle(c, job->prepare, err)) ||
        schema_apply(c, d->old, d->app, &d->changes, err) < 0 ||
        version_store(c, &d->src, source_hash(c->a, &d->src), job->note, &job->n, err) < 0 ||
        (job->placed && sealing_placed(c, d->src.key, err)) ||
        (job->prepare && prepare_done(c, job->prepare, job->n, err)))
        return -1;
    set_seen(c->engine, d->src.key, job->n);
    job->us = c->mono_us() - begun;
    ctx_event(c, d->src.key, STR_NONE, job->n, job->n, STR("definition"));
    return 0;
}

/* The fields that the app adds to members come first: its expressions may read them. */
static int publish_people(struct ctx *c, const struct candidate *d, struct err *err)
{
    struct diags diags;
    if (str_eq(d->src.key, PEOPLE_APP))
        return 0;
    diags_init(&diags, c->a);
    if (people_refresh(c, &d->src, &diags, err) == 0)
        return 0;
    if (!diags.errors)
        return -1;
    const struct diag *g = &diags.list.v[0];
    return err_set(err, ERR_CONFLICT, "people", "人员字段（%.*s:%u）与别的应用冲突：%.*s",
                   "The fields for people (%.*s:%u) clash with another app's: %.*s",
                   STR_ARG(g->file), g->pos.line, STR_ARG(c->lang == LANG_EN ? g->en : g->zh));
}

/* The job, and what runs after it. */
static int publish_swap(struct ctx *c, struct publish_job *job, int64_t *n, struct err *err)
{
    struct candidate *d = job->d;
    struct app *outer = c->app;
    c->app = NULL; /* the definition itself changes: nothing to compare with */
    int64_t begun = c->mono_us();
    int rc = engine_write(c, publish_job_run, job, err);
    c->app = outer;
    log_event(LOG_INFO, "published", LOG_TEXT("app", d->src.key), LOG_NUM("version", job->n),
              LOG_NUM("us", c->mono_us() - begun), LOG_NUM("swap_us", job->us));
    if (rc < 0) {
        if (d->old)
            set_seen(c->engine, d->src.key, d->old->n);
        if (job->prepare)
            prepare_failed(c, job->prepare, err);
        return -1;
    }
    d->app->n = job->n;
    *n = job->n;
    return engine_run_app(c->engine, app_ref(d->app), err);
}

static int publish_candidate(struct ctx *c, struct candidate *d, const struct publish *p,
                             int64_t *n, struct err *err)
{
    const struct change *stop = blocked(d);
    if (stop)
        return err_set(err, ERR_CONFLICT, "blocked", "无法发布：%.*s", "Cannot publish: %.*s",
                       STR_ARG(c->lang == LANG_EN ? stop->en : stop->zh));
    if (p->plan_hash.n && !str_eq(p->plan_hash, d->hash))
        return err_set(err, ERR_CONFLICT, "plan_changed", "草稿或数据已变化，请重新查看变更计划。",
                       "The draft or the data changed; look at the plan again.");
    if (data_loss(d) && !p->allow_data_loss)
        return err_set(err, ERR_CONFLICT, "data_loss", "此次发布会丢失数据，需要明确确认。",
                       "This publish loses data and must be confirmed.");
    struct diags ignored; /* it was checked with the same text */
    diags_init(&ignored, c->a);
    if (publish_people(c, d, err) || seal_later(c, d, &ignored, err))
        return -1;
    struct prepare prepare = {d->old, d->app, &d->src, p, d->job};
    int waits = prepare_run(c, &prepare, err);
    if (waits) {
        if (waits < 0)
            prepare_failed(c, &prepare, err);
        *n = 0;
        return waits < 0 ? -1 : 0;
    }
    struct publish_job job = {.d = d, .prepare = &prepare, .note = p->note};
    return publish_swap(c, &job, n, err);
}

int engine_publish(struct ctx *c, const struct publish *p, int64_t *n, struct diags *diags,
                   struct err *err)
{
    struct candidate d = {0};
    if (draft_source(c, p->key, &d.src, err) < 0 || candidate_load(c, &d, diags, err) < 0)
        return -1;
    if (!d.app)
        return err_set(err, ERR_INVALID, "validation", "草稿中有错误，无法发布。",
                       "The draft has errors and cannot be published.");
    if (publish_candidate(c, &d, p, n, err) < 0)
        return -1;
    return d.old ? 0 : seed_rows(c, d.app, c->engine->opts.demo, err);
}

int engine_publish_text(struct ctx *c, const struct app_source *src, struct str note,
                        struct diags *diags, struct err *err)
{
    struct candidate d = {.src = *src};
    struct publish p = {.key = src->key, .allow_data_loss = true, .note = note};
    int64_t n;
    if (candidate_load(c, &d, diags, err) < 0)
        return -1;
    if (!d.app)
        return err_set(err, ERR_INVALID, "validation", "定义中有错误，无法发布。",
                       "The definition has errors and cannot be published.");
    return publish_candidate(c, &d, &p, &n, err);
}

int engine_rollback(struct ctx *c, struct str key, int64_t to, int64_t *n, struct diags *diags,
                    struct err *err)
{
    struct candidate d = {0};
    int found = version_load(c->db, c->a, key, to, &d.src, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个版本。",
                       "There is no such version.");
    if (candidate_load(c, &d, diags, err) < 0)
        return -1;
    if (!d.app)
        return err_set(err, ERR_INVALID, "validation", "该版本已无法通过检查。",
                       "That version no longer passes the check.");
    struct publish p = {
        .key = key,
        .allow_data_loss = true, /* retired columns stay restorable */
        .note = str_fmt(c->a, "rollback to %lld", (long long)to),
    };
    if (publish_candidate(c, &d, &p, n, err) < 0)
        return -1;
    return draft_write(c->engine, &d.src, err);
}

int engine_publish_goes_on(struct ctx *c, const struct publish *p, struct str payload, int64_t *n,
                           struct err *err)
{
    struct candidate d = {.job = *p->job};
    struct publish own = *p;
    struct diags diags;
    diags_init(&diags, c->a);
    *n = 0;
    if (prepare_payload(c, payload, &d.src, &own, err) || candidate_load(c, &d, &diags, err) < 0)
        return -1;
    int rc = d.app ? publish_candidate(c, &d, &own, n, err)
                   : err_set(err, ERR_INVALID, "validation", "定义中有错误，无法发布。",
                             "The definition has errors and cannot be published.");
    struct prepare gone = {.src = &d.src, .p = &own, .job = d.job};
    if (rc)
        prepare_failed(c, &gone, err);
    return rc;
}

/* ---- sealing what is there ---- */

struct seal_step {
    struct arena *page;
    const struct app *clear;
    bool more;
};

static int fill_rows(struct ctx *c, void *arg, struct err *err)
{
    struct seal_step *s = arg;
    return sealing_step(c, s->page, &s->more, err);
}

static int fill_history(struct ctx *c, void *arg, struct err *err)
{
    struct seal_step *s = arg;
    return sealing_after(c, s->clear, &s->more, err);
}

/* The running text, once with its fields sealed and once as in `s`. */
static int load_twice(struct ctx *c, struct str key, const struct sealing *s,
                      struct candidate *sealed, struct app **clear, struct err *err)
{
    struct diags diags;
    int64_t n = 0;
    diags_init(&diags, c->a);
    int found = version_running(c->db, c->a, key, &n, err);
    if (found > 0)
        found = version_load(c->db, c->a, key, n, &sealed->src, err);
    if (found <= 0)
        return -1;
    struct load_opts opts = engine_load_opts(c->engine);
    sealed->app = app_load(&sealed->src, &opts, &diags);
    keep_until_reset(c->a, sealed->app);
    load_sealing(&opts, s, s->phase);
    *clear = app_load(&sealed->src, &opts, &diags);
    keep_until_reset(c->a, *clear);
    if (sealed->app && *clear)
        return 0;
    return err_set(err, ERR_INTERNAL, "internal", "程序故障", "Internal error.");
}

/* All rows are sealed beside their columns: the same text is published again without the wait. */
static int place_sealed(struct ctx *c, struct str key, const struct sealing *s, struct err *err)
{
    struct candidate d = {0};
    struct app *clear;
    int64_t n;
    if (load_twice(c, key, s, &d, &clear, err))
        return -1;
    d.old = engine_app(c->engine, key);
    keep_until_reset(c->a, d.old);
    struct publish_job job = {.d = &d, .note = STR("encrypted"), .placed = true};
    return publish_swap(c, &job, &n, err);
}

static int seal_rows(struct ctx *c, struct str key, const struct sealing *s, struct err *err)
{
    struct seal_step step = {.page = c->a};
    c->app = engine_running_app(c, key);
    if (!c->app)
        return 0;
    if (engine_write(c, fill_rows, &step, err))
        return -1;
    return step.more || place_sealed(c, key, s, err) == 0 ? 1 : -1;
}

static int seal_history(struct ctx *c, struct str key, const struct sealing *s, struct err *err)
{
    struct candidate d = {0};
    struct app *clear = NULL;
    struct seal_step step = {.page = c->a};
    c->app = engine_running_app(c, key);
    if (!c->app)
        return 0;
    if (load_twice(c, key, s, &d, &clear, err))
        return -1;
    step.clear = clear;
    for (size_t i = 0; i < HISTORY_PAGES; i++) {
        struct arena_mark mark = arena_mark(c->a);
        int rc = engine_write(c, fill_history, &step, err);
        arena_reset(c->a, mark);
        if (rc || !step.more)
            return rc ? -1 : 0;
    }
    return 1;
}

int engine_seal_step(struct ctx *c, struct str key, struct err *err)
{
    struct sealing s;
    struct app *outer = c->app;
    int rc = sealing_state(c->db, c->a, key, &s, err);
    if (rc == 0 && s.phase != SEALING_NONE)
        rc = s.phase == SEALING_FILL ? seal_rows(c, key, &s, err) : seal_history(c, key, &s, err);
    c->app = outer;
    return rc;
}

/* ---- older versions, for flows that began on them ---- */

struct app *engine_app_version(struct ctx *c, struct str key, int64_t n)
{
    struct app *app = engine_app(c->engine, key);
    if (app && n != 0 && app->n != n) {
        struct app_source src;
        struct diags diags;
        struct err err = ERR_INIT;
        struct load_opts opts = engine_load_opts(c->engine);
        app_unref(&app);
        diags_init(&diags, c->a);
        if (version_load(c->db, c->a, key, n, &src, &err) == 1)
            app = app_load(&src, &opts, &diags);
        if (app) {
            app->n = n;
            if (backfill_mark(c->db, c->a, app, &err) < 0)
                app_unref(&app);
        }
    }
    keep_until_reset(c->a, app);
    return app;
}

/* ---- start ---- */

static int make_joins(struct ctx *c, void *arg, struct err *err)
{
    struct app *app = arg;
    return joins_apply(c, app, app, err) || backfill_add(c, app, app->n, err) ? -1 : 0;
}

/* A database of an older program has no join tables yet: they are made, and filled by a job. */
static int join(struct ctx *c, struct app *app, struct err *err)
{
    int missing = joins_missing(c, app, err);
    return missing <= 0 ? missing : engine_write(c, make_joins, app, err);
}

/* Loads the running version of an app from its stored text. */
static int start_stored(struct ctx *c, struct str key, struct diags *diags, struct err *err)
{
    struct app_source src;
    int64_t n = 0;
    int found = version_running(c->db, c->a, key, &n, err);
    if (found > 0)
        found = version_load(c->db, c->a, key, n, &src, err);
    if (found <= 0)
        return found;
    struct load_opts opts = engine_load_opts(c->engine);
    struct sealing sealing;
    if (sealing_state(c->db, c->a, key, &sealing, err))
        return -1;
    load_sealing(&opts, &sealing, SEALING_FILL);
    struct app *app = app_load(&src, &opts, diags);
    if (!app)
        return 0; /* the mistakes are in diags; the other apps run */
    app->n = n;
    if (join(c, app, err) < 0 || backfill_mark(c->db, c->a, app, err) < 0) {
        app_unref(&app);
        return -1;
    }
    return engine_run_app(c->engine, app, err);
}

int engine_reload(struct ctx *c, struct str key, struct err *err)
{
    struct diags diags;
    diags_init(&diags, c->a);
    return start_stored(c, key, &diags, err);
}

/* First publish of a folder that the database does not know, with its rows. */
static int start_new(struct ctx *c, struct str key, struct diags *diags, struct err *err)
{
    struct candidate d = {0};
    if (draft_source(c, key, &d.src, err) < 0 || candidate_load(c, &d, diags, err) < 0)
        return -1;
    if (!d.app)
        return 0;
    struct publish p = {.key = key, .note = STR("first publish")};
    int64_t n;
    if (publish_candidate(c, &d, &p, &n, err) < 0)
        return -1;
    const struct engine_opts *o = &c->engine->opts;
    if (o->demo && o->demo_members && o->demo_members(o->self, c, d.app, err) < 0)
        return -1;
    return seed_rows(c, d.app, c->engine->opts.demo, err);
}

static int start_folder(struct ctx *c, struct diags *diags, struct err *err)
{
    struct engine *e = c->engine;
    if (!e->opts.apps_dir.n || e->opts.stored_only)
        return 0;
    DIR *dir = opendir(str_z(c->a, e->opts.apps_dir));
    if (!dir)
        return err_set(err, ERR_NOT_FOUND, "apps_dir", "找不到应用目录 %.*s。",
                       "There is no folder of apps at %.*s.", STR_ARG(e->opts.apps_dir));
    VEC(struct str) keys = {0};
    for (struct dirent *d; (d = readdir(dir));)
        if (str_is_key(str_of(d->d_name)) && keys.n < ENGINE_APPS_MAX)
            vec_push(c->a, &keys, str_dup(c->a, str_of(d->d_name)));
    closedir(dir);
    for (size_t i = 0; i < keys.n; i++) {
        struct app *have = engine_app(e, keys.v[i]);
        bool known = have != NULL;
        app_unref(&have);
        if (str_eq(keys.v[i], PEOPLE_APP))
            diag_file(diags, DIAG_ERROR, STR("people/app.yaml"), (struct src_pos){1, 1}, "reserved",
                      "“people”是内置应用的名字，请给文件夹换一个名字。",
                      "“people” is the built-in app; the folder needs another name.");
        else if (!known && start_new(c, keys.v[i], diags, err) < 0)
            return -1;
    }
    return 0;
}

int engine_start(struct engine *e, struct diags *diags, struct err *err)
{
    struct arena *a = arena_new(DRAFT_ARENA_BYTES);
    struct conn *reader = NULL;
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    if (store_conn_open(e->store, &reader, err) < 0) {
        arena_free(&a);
        return -1;
    }
    struct ctx c;
    engine_ctx(e, a, reader, &c);
    c.who = &who_system;
    c.via = VIA_SYSTEM;
    struct str *keys;
    size_t n;
    int rc = version_apps(reader, a, &keys, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = start_stored(&c, keys[i], diags, err);
    if (rc == 0)
        rc = people_refresh(&c, NULL, diags, err);
    if (rc == 0)
        rc = start_folder(&c, diags, err);
    arena_free(&a);
    store_conn_close(&reader);
    return rc;
}
