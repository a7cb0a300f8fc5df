/*
 * The jobs' thread: takes the oldest queued import, runs it as the member who asked for it, keeps
 * count in its row; with no import waiting it fires the timers of approvals.
 */
#include "runtime/jobs.h"

#include "engine/base/log.h"
#include "engine/org/member.h"
#include "engine/record/blob.h"
#include "engine/record/file.h"
#include "engine/record/import.h"
#include "engine/record/schema.h"
#include "engine/record/search.h"
#include "engine/record/tablefile.h"
#include "runtime/clock.h"
#include "runtime/bin_sweep.h"
#include "runtime/job_rows.h"
#include "runtime/keys.h"
#include "runtime/publish_job.h"
#include "runtime/purge.h"
#include "runtime/server.h"
#include "runtime/contents.h"
#include "runtime/sealed_spool.h"
#include "runtime/slurp.h"
#include "runtime/timers.h"
#include "runtime/undo_job.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define JOB_ARENA   ((size_t)1 << 30)
#define FILL_ARENA  ((size_t)64 << 20)
#define ERRORS_MAX  1000
#define POLL_S      5
#define PROGRESS_US (500 * 1000)
#define LEASE_US    (15 * US_PER_S) /* told again with every count */
#define SWEEP_US    (3600 * US_PER_S)

struct jobs {
    struct server *server;
    int64_t swept_us; /* when files were last looked through */
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_t thread;
    bool stop, pending;
    int64_t settled; /* what runs has all of its indexes */
    int64_t bins_us; /* when the recycle bins were emptied last */
    struct conn *reader;
};

struct work {
    struct jobs *jobs;
    struct ctx c;
    struct arena *a;
    int64_t id;
    struct import_job in;
    int64_t told_us, done, total;
    bool found;
    bool undo;
    struct str payload;   /* of an undo */
    struct job_rows rows; /* of an import that failed */
    bool backfill, publish;
    int64_t by; /* of a publish: who asked for it; 0: the system */
};

/* ---- rows ---- */

int jobs_add_import(struct ctx *c, const struct import_job *in, int64_t id, struct err *err)
{
    struct strb text;
    struct json j;
    struct sql q;
    char buf[16];
    strb_init(&text, c->a);
    json_init(&j, &text);
    json_begin_obj(&j);
    json_kstr(&j, "form", in->form);
    json_kstr(&j, "path", in->path);
    json_kstr(&j, "mapping", in->mapping);
    json_kstr(&j, "mode", in->mode);
    json_kstr(&j, "sheet", in->sheet);
    json_kstr(&j, "name", in->name);
    json_kstr(&j, "key", in->key);
    json_kbool(&j, "dry_run", in->dry_run);
    json_kbool(&j, "english", in->lang == LANG_EN);
    json_kstr(&j, "member", id_print(in->member, buf));
    json_end_obj(&j);
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, run_at, created_at, created_by) "
                "VALUES (");
    sql_bind_int(&q, id);
    sql_lit(&q, ", 'import', ");
    sql_bind_str(&q, in->app);
    sql_lit(&q, ", ");
    sql_bind_str(&q, strb_str(&text));
    sql_lit(&q, ", 'queued', ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, in->member);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int read_payload(struct work *w, struct str app, struct str payload, struct err *err)
{
    struct val v;
    if (json_parse(w->a, payload, &v, err))
        return -1;
    w->in = (struct import_job){
        .app = app,
        .form = val_str(val_get(v, STR("form"))),
        .path = val_str(val_get(v, STR("path"))),
        .mapping = val_str(val_get(v, STR("mapping"))),
        .mode = val_str(val_get(v, STR("mode"))),
        .sheet = val_str(val_get(v, STR("sheet"))),
        .key = val_str(val_get(v, STR("key"))),
        .dry_run = val_get(v, STR("dry_run")).b,
        .lang = val_get(v, STR("english")).b ? LANG_EN : LANG_ZH,
    };
    (void)id_parse(val_str(val_get(v, STR("member"))),
                   &w->in.member); /* we wrote it; 0 is the system */
    return 0;
}

/* On a database of several programs a job is another's until its lease is over. */
static void abandoned(struct ctx *c, struct sql *q)
{
    if (!store_shared(c->store))
        return;
    sql_lit(q, " AND coalesce(lease_until, 0) < ");
    sql_bind_int(q, c->now_us);
}

static int next_job(struct work *w, struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, w->a, store_dialect(w->c.store));
    sql_lit(
        &q,
        "SELECT id, app, payload, kind, created_by FROM _job WHERE (kind IN ('import', 'undo') AND"
        " state = 'queued') OR (kind = 'backfill' AND (state = 'queued' OR (state = "
        "'running'");
    abandoned(&w->c, &q);
    sql_lit(&q, ")))");
    /* a request works at it itself as long as it renews the lease */
    sql_lit(&q, " OR (kind = 'publish' AND state IN ('queued', 'running') AND"
                " coalesce(lease_until, 0) < ");
    sql_bind_int(&q, w->c.now_us);
    sql_lit(&q, ") ORDER BY id LIMIT 1");
    if (store_query(w->c.db, w->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1) {
        w->id = stmt_int(s, 0);
        w->undo = str_eqz(stmt_str(s, 3), "undo");
        w->backfill = str_eqz(stmt_str(s, 3), "backfill");
        w->publish = str_eqz(stmt_str(s, 3), "publish");
        w->by = stmt_null(s, 4) ? 0 : stmt_int(s, 4);
        w->in.app = str_dup(w->a, stmt_str(s, 1));
        w->payload = str_dup(w->a, stmt_str(s, 2));
    }
    if (rc == 1 && !w->undo && !w->backfill && !w->publish) {
        rc = read_payload(w, str_dup(w->a, stmt_str(s, 1)), str_dup(w->a, stmt_str(s, 2)), err) ? -1
                                                                                                : 1;
    }
    stmt_done(s);
    return rc;
}

/* Of several programs one gets a job: writing transactions take turns (ADR 0013). */
static int claim(struct ctx *c, void *arg, struct err *err)
{
    const struct work *w = arg;
    struct sql q;
    int64_t n = 0;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE _job SET state = 'running', lease_until = ");
    sql_bind_int(&q, c->now_us + LEASE_US);
    sql_lit(&q, " WHERE (state = 'queued' OR (state = 'running'");
    abandoned(c, &q);
    sql_lit(&q, ")) AND id = ");
    sql_bind_int(&q, w->id);
    if (store_exec(c->db, c->a, &q, &n, err))
        return -1;
    return n == 1 ? 0
                  : err_set(err, ERR_CONFLICT, "taken", "任务已被其他程序接手。",
                            "Another program has taken the job.");
}

struct update {
    int64_t id, done, total;
    const char *state; /* NULL: as it is */
    struct str errors, result;
};

static int update(struct ctx *c, void *arg, struct err *err)
{
    const struct update *u = arg;
    struct sql q;
    struct str errors = u->errors;
    if (errors.n && job_text_seal(c, u->id, u->errors, &errors, err))
        return -1;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE _job SET done = ");
    sql_bind_int(&q, u->done);
    sql_lit(&q, ", total = ");
    sql_bind_int(&q, u->total);
    sql_lit(&q, ", lease_until = ");
    sql_bind_int(&q, c->now_us + LEASE_US);
    if (u->state) {
        sql_lit(&q, ", state = ");
        sql_bind_str(&q, str_of(u->state));
    }
    if (u->result.n) {
        sql_lit(&q, ", errors = ");
        sql_bind_str(&q, errors);
        sql_lit(&q, ", result = ");
        sql_bind_str(&q, u->result);
        sql_lit(&q, ", finished_at = ");
        sql_bind_int(&q, c->now_us);
    }
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, u->id);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, STR_NONE, STR_NONE, u->id, 0, STR("job"));
    return 0;
}

/* Counts are for looking at: that one could not be stored stops nothing. */
static void tell(struct work *w, struct update *u)
{
    struct err err = ERR_INIT;
    if (engine_write(&w->c, update, u, &err))
        log_event(LOG_WARN, "job_update", LOG_TEXT("code", str_of(err.key)));
}

static void progress(void *arg, int64_t done, int64_t total)
{
    struct work *w = arg;
    int64_t now = w->c.mono_us();
    w->done = done;
    w->total = total;
    if (now - w->told_us < PROGRESS_US)
        return;
    w->told_us = now;
    tell(w, &(struct update){.id = w->id, .done = w->done, .total = w->total});
}

static int failed_rows(void *arg, struct str lines, struct err *err)
{
    struct work *w = arg;
    w->rows.job = w->id;
    return job_rows_add(&w->c, &w->rows, lines, err);
}

/* ---- running ---- */

static void error_item(struct json *j, enum lang lang, struct str field, struct str code,
                       struct str zh, struct str en)
{
    json_begin_obj(j);
    json_kstr(j, "field", field);
    json_kstr(j, "code", code);
    json_kstr(j, "message", lang == LANG_EN ? en : zh);
    json_end_obj(j);
}

static struct str errors_text(struct work *w, const struct diags *d, const struct err *err)
{
    struct strb b;
    struct json j;
    strb_init(&b, w->a);
    json_init(&j, &b);
    json_begin_list(&j);
    if (err->code)
        error_item(&j, w->in.lang, str_of(err->path), str_of(err->key), str_of(err->zh),
                   str_of(err->en));
    for (size_t i = 0; i < d->list.n && i < ERRORS_MAX; i++) {
        const struct diag *g = &d->list.v[i];
        error_item(&j, w->in.lang, g->path, g->key, g->zh, g->en);
    }
    json_end_list(&j);
    return strb_str(&b);
}

static struct str result_text(struct work *w, const struct import_result *r)
{
    struct strb b;
    struct json j;
    strb_init(&b, w->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kint(&j, "created", r->created);
    json_kint(&j, "updated", r->updated);
    json_kint(&j, "failed", r->failed);
    json_kint(&j, "total", r->total);
    json_kbool(&j, "dry_run", w->in.dry_run);
    json_end_obj(&j);
    return strb_str(&b);
}

static enum import_mode mode_of(struct str s)
{
    return str_eqz(s, "update")   ? IMPORT_UPDATE
           : str_eqz(s, "upsert") ? IMPORT_UPSERT
                                  : IMPORT_INSERT;
}

static int as_member(struct work *w, struct err *err)
{
    struct principal *who = ARENA_NEW(w->a, struct principal);
    int rc = member_load(&w->c, w->in.member, who, err);
    if (rc == 0)
        return err_set(err, ERR_DENIED, "denied", "发起导入的成员已停用。",
                       "The member who asked is inactive.");
    who->scopes = 3;
    w->c.who = who;
    return rc < 0 ? -1 : 0;
}

static int import(struct work *w, struct import_result *r, struct err *err)
{
    struct tablefile table;
    struct import in = {.mapping = w->in.mapping,
                        .mode = mode_of(w->in.mode),
                        .key = w->in.key,
                        .dry_run = w->in.dry_run,
                        .job = w->id,
                        .progress = progress,
                        .failed = failed_rows,
                        .arg = w};
    in.form = w->c.app ? app_form(w->c.app, w->in.form) : NULL;
    if (!in.form)
        return err_set(err, ERR_NOT_FOUND, "not_found", "表单已不存在。", "The form is gone.");
    struct spool spool = {.fd = -1};
    struct str dir = w->jobs->server->spool_dir;
    int rc = as_member(w, err) || spool_open(&w->c, w->id, w->in.path, dir, &spool, err) ||
                     tablefile_open(w->a, spool.path, dir, w->in.sheet, &table, err)
                 ? -1
                 : 0;
    if (rc == 0) {
        in.csv = table.text;
        in.table = &table;
        w->c.via = VIA_IMPORT;
        w->c.lang = w->in.lang;
        rc = import_run(&w->c, &in, r, err);
    }
    if (spool.fd >= 0)
        close(spool.fd);
    return rc;
}

static void run_import(struct work *w)
{
    w->jobs->settled = 0; /* many rows more: statistics are made again */
    struct err err = ERR_INIT;
    struct import_result r = {0};
    diags_init(&r.errors, w->a);
    tell(w, &(struct update){.id = w->id, .state = "running"});
    struct app *app = engine_app(w->c.engine, w->in.app);
    w->c.app = app;
    int rc = import(w, &r, &err);
    w->c.app = NULL;
    app_unref(&app);
    w->c.now_us = engine_now_us(w->c.engine);
    tell(w, &(struct update){.id = w->id,
                             .done = rc ? w->done : r.total,
                             .total = rc ? w->total : r.total,
                             .state = rc ? "failed" : "done",
                             .errors = errors_text(w, &r.errors, &err),
                             .result = result_text(w, &r)});
    (void)unlink(str_z(w->a, w->in.path)); /* the spool file has done its work */
}

/* ---- undo: goes on where it was interrupted ---- */

static void run_undo(struct work *w)
{
    struct err err = ERR_INIT;
    struct app *app = engine_app(w->c.engine, w->in.app);
    int more = 1;
    w->c.app = app;
    while (app && more == 1 && !w->jobs->stop) {
        struct arena_mark mark = arena_mark(w->a);
        w->c.records = NULL;
        w->c.now_us = engine_now_us(w->c.engine);
        more = undo_job_page(&w->c, w->id, w->payload, &err);
        w->c.records = NULL;
        memset(&w->c.events, 0, sizeof w->c.events);
        arena_reset(w->a, mark);
    }
    bool fine = app && more >= 0;
    w->c.app = NULL;
    app_unref(&app);
    if (fine)
        return;
    struct diags none;
    diags_init(&none, w->a);
    tell(w, &(struct update){.id = w->id,
                             .state = "failed",
                             .errors = errors_text(w, &none, &err),
                             .result = STR("{}")});
}

/* ---- filling columns after a publish ---- */

static bool stopping(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    bool stop = j->stop;
    pthread_mutex_unlock(&j->lock);
    return stop;
}

/* A server that stops leaves the job as it is: the next one goes on with it. */
static void run_backfill(struct work *w)
{
    struct err err = ERR_INIT;
    struct diags none;
    struct backfill fill = {.more = true};
    int rc = 0;
    diags_init(&none, w->a);
    tell(w, &(struct update){.id = w->id, .state = "running"});
    while (rc == 0 && fill.more) {
        if (stopping(w->jobs))
            return;
        w->c.now_us = engine_now_us(w->c.engine);
        rc = engine_backfill(&w->c, w->in.app, &fill, &err);
        w->done = fill.more ? fill.done : w->total;
        w->total = fill.more ? MAX(fill.total, w->total) : w->total;
        if (rc == 0 && fill.more && w->c.mono_us() - w->told_us >= PROGRESS_US) {
            w->told_us = w->c.mono_us();
            tell(w, &(struct update){.id = w->id, .done = w->done, .total = w->total});
        }
    }
    if (rc)
        log_event(LOG_ERROR, "backfill", LOG_TEXT("app", w->in.app),
                  LOG_TEXT("code", str_of(err.key)));
    tell(w, &(struct update){.id = w->id,
                             .done = w->done,
                             .total = w->total,
                             .state = rc ? "failed" : "done",
                             .errors = errors_text(w, &none, &err),
                             .result = STR("{}")});
}

static bool stop_asked(void *arg)
{
    return stopping(arg);
}

static void run_publish(struct work *w)
{
    const struct publish_job job = {w->id, w->by, w->in.app, w->payload, stop_asked, w->jobs};
    publish_job_run(&w->c, &job);
    w->jobs->settled = 0;
}

static void work(void *arg)
{
    struct work *w = arg;
    struct err err = ERR_INIT;
    engine_ctx(w->jobs->server->engine, w->a, w->jobs->reader, &w->c);
    w->c.who = &who_system;
    int rc = next_job(w, &err);
    if (rc == 1 && w->in.path.n && store_shared(w->c.store) &&
        access(str_z(w->a, w->in.path), R_OK) != 0)
        rc = 0; /* the file is with the program that took it */
    if (rc == 1 && store_shared(w->c.store) && engine_write(&w->c, claim, w, &err))
        rc = str_eqz(str_of(err.key), "taken") ? 0 : -1;
    w->found = rc == 1;
    if (rc < 0)
        log_event(LOG_ERROR, "jobs", LOG_TEXT("code", str_of(err.key)));
    if (rc == 1 && w->undo)
        run_undo(w);
    else if (rc == 1 && w->backfill)
        run_backfill(w);
    else if (rc == 1 && w->publish)
        run_publish(w);
    else if (rc == 1)
        run_import(w);
    if (rc == 0)
        w->found = timers_fire(&w->c);
}

/* ---- files that nobody wants any more ---- */

static void sweep_files(void *arg)
{
    struct work *w = arg;
    struct err err = ERR_INIT;
    engine_ctx(w->jobs->server->engine, w->a, w->jobs->reader, &w->c);
    w->c.who = &who_system;
    if (w->c.now_us - w->jobs->swept_us < SWEEP_US)
        return;
    w->jobs->swept_us = w->c.now_us;
    if (contents_sweep(&w->c, w->jobs->server, &err))
        log_event(LOG_WARN, "files_sweep", LOG_TEXT("code", str_of(err.key)));
}

/* One job, if there is one. */
static bool one(struct jobs *j)
{
    struct work w = {.jobs = j, .a = arena_new(JOB_ARENA)};
    if (!w.a)
        return false;
    if (oom_guard(work, &w) || (!w.found && oom_guard(sweep_files, &w)))
        log_event(LOG_ERROR, "job_out_of_memory", LOG_NUM("job", w.id));
    arena_free(&w.a);
    return w.found;
}

/* ---- between jobs: indexes that a publish left for later ---- */

struct filling {
    struct jobs *jobs;
    struct arena *a;
    bool more, failed;
};

static int fill_step(struct ctx *c, void *arg, struct err *err)
{
    int more = schema_index_step(c, c->app, err);
    if (more == 0)
        more = search_step(c, c->app, err);
    *(bool *)arg = more == 1;
    return more < 0 ? -1 : 0;
}

/* Of what runs: as long as it is the same, done is done. */
static int64_t versions_of(struct engine *e, const struct str *keys, size_t n)
{
    uint64_t sum = 1;
    for (size_t i = 0; i < n; i++) {
        struct app *app = engine_app(e, keys[i]);
        sum = sum * 31 + (app ? (uint64_t)app->n : 0);
        app_unref(&app);
    }
    return (int64_t)sum;
}

/* Contents of before: true when there may be more. */
static bool seal_contents(struct filling *f, struct ctx *c)
{
    struct err err = ERR_INIT;
    struct arena_mark mark = arena_mark(c->a);
    int more = contents_step(c, f->jobs->server, &err);
    if (more < 0) {
        log_event(LOG_WARN, "seal_contents", LOG_TEXT("code", str_of(err.key)));
        f->failed = true;
    }
    arena_reset(c->a, mark);
    return more == 1;
}

static int seal_rows(struct ctx *c, struct str key)
{
    struct err err = ERR_INIT;
    struct arena_mark mark = arena_mark(c->a);
    int more = engine_seal_step(c, key, &err);
    if (more < 0)
        log_event(LOG_WARN, "seal_rows", LOG_TEXT("app", key), LOG_TEXT("code", str_of(err.key)));
    c->records = NULL;
    arena_reset(c->a, mark);
    return more;
}

/* Fields to be sealed and rotations are looked for each time: one may have begun since. */
static void reseal_some(struct filling *f, struct ctx *c, const struct str *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err err = ERR_INIT;
        int more = keys_step(c, keys[i], &err);
        if (more < 0)
            log_event(LOG_WARN, "rotate", LOG_TEXT("app", keys[i]),
                      LOG_TEXT("code", str_of(err.key)));
        f->more = f->more || more == 1 || seal_rows(c, keys[i]) == 1;
    }
}

static int analyze(struct ctx *c, void *arg, struct err *err)
{
    (void)arg;
    return store_analyze(c->db, err);
}

/* Nothing is left to make: the planner of queries looks at what there is. */
static void analyze_tables(struct ctx *c)
{
    struct err err = ERR_INIT;
    if (engine_write(c, analyze, NULL, &err) || store_analyze_aside(c->store, &err))
        log_event(LOG_WARN, "analyze", LOG_TEXT("code", str_of(err.key)));
}

static void fill_app(struct filling *f, struct ctx *c, struct str key)
{
    struct err err = ERR_INIT;
    struct app *app = engine_app(c->engine, key);
    c->app = app;
    int aside = app ? schema_index_aside(c, app, &err) : 0;
    f->more = aside == 1;
    if (aside < 0 || (aside == 0 && app && engine_write(c, fill_step, &f->more, &err))) {
        log_event(LOG_WARN, "index_step", LOG_TEXT("app", key), LOG_TEXT("code", str_of(err.key)));
        f->failed = true;
    }
    c->app = NULL;
    app_unref(&app);
}

static void fill(void *arg)
{
    struct filling *f = arg;
    struct ctx c;
    struct str *keys;
    engine_ctx(f->jobs->server->engine, f->a, f->jobs->reader, &c);
    c.who = &who_system;
    size_t n = engine_apps(c.engine, f->a, &keys);
    int64_t versions = versions_of(c.engine, keys, n);
    reseal_some(f, &c, keys, n);
    if (f->more || f->jobs->settled == versions)
        return;
    for (size_t i = 0; i < n && !f->more; i++)
        fill_app(f, &c, keys[i]);
    f->more = f->more || seal_contents(f, &c);
    if (!f->more && !f->failed)
        analyze_tables(&c);
    f->jobs->settled = f->more || f->failed ? 0 : versions;
}

/* A page of rows of one index; true when there is more to do. */
static bool fill_some(struct jobs *j)
{
    struct filling f = {.jobs = j, .a = arena_new(FILL_ARENA)};
    if (!f.a)
        return false;
    if (oom_guard(fill, &f))
        f.more = false;
    arena_free(&f.a);
    return f.more;
}

/* ---- the recycle bins ---- */

struct sweeping {
    struct jobs *jobs;
    struct arena *a;
};

static void sweep_bins(void *arg)
{
    struct sweeping *s = arg;
    struct ctx c;
    engine_ctx(s->jobs->server->engine, s->a, s->jobs->reader, &c);
    c.who = &who_system;
    bin_sweep(&c, &s->jobs->stop);
    purge_run(s->jobs->server, &c, &s->jobs->stop);
}

/* Once an hour, by the engine's clock. */
static void empty_bins(struct jobs *j)
{
    int64_t now = engine_now_us(j->server->engine);
    if (now - j->bins_us < BIN_SWEEP_US)
        return;
    j->bins_us = now;
    struct sweeping s = {.jobs = j, .a = arena_new(FILL_ARENA)};
    if (!s.a)
        return;
    if (oom_guard(sweep_bins, &s))
        log_event(LOG_WARN, "bin_sweep", LOG_TEXT("code", STR("out_of_memory")));
    arena_free(&s.a);
}

static void *run(void *arg)
{
    struct jobs *j = arg;
    pthread_mutex_lock(&j->lock);
    while (!j->stop) {
        j->pending = false;
        pthread_mutex_unlock(&j->lock);
        bool found = one(j) || fill_some(j);
        if (!found)
            empty_bins(j);
        pthread_mutex_lock(&j->lock);
        if (found || j->pending || j->stop)
            continue;
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_sec += POLL_S;
        pthread_cond_timedwait(&j->more, &j->lock, &t);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* ---- start and stop ---- */

static struct str interrupted_text(struct ctx *c)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    error_item(&j, LANG_ZH, STR_NONE, STR("interrupted"), STR("服务器中途停止，已导入的行保留。"),
               STR_NONE);
    json_end_list(&j);
    return strb_str(&b);
}

static int interrupted(struct ctx *c, void *arg, struct err *err)
{
    struct sql q;
    (void)arg;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "UPDATE _job SET state = 'failed', finished_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", errors = ");
    sql_bind_str(&q, interrupted_text(c));
    sql_lit(&q, " WHERE kind = 'import' AND state = 'running'");
    abandoned(c, &q);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q,
            "UPDATE _job SET state = 'queued', lease_until = 0 WHERE kind IN ('undo', 'publish')"
            " AND state = 'running'");
    abandoned(c, &q);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int sweep(struct jobs *j, struct err *err)
{
    struct ctx c;
    struct arena *a = arena_new(1u << 20);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    engine_ctx(j->server->engine, a, j->reader, &c);
    int rc = engine_write(&c, interrupted, NULL, err);
    arena_free(&a);
    return rc;
}

int jobs_start(struct server *server, struct jobs **out, struct err *err)
{
    struct jobs *j = calloc(1, sizeof(*j));
    if (!j)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    j->server = server;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->more, &attr);
    pthread_condattr_destroy(&attr);
    *out = j;
    if (store_conn_open(engine_store(server->engine), &j->reader, err) || sweep(j, err))
        return -1;
    if (pthread_create(&j->thread, NULL, run, j))
        return err_set(err, ERR_INTERNAL, "thread", "无法创建线程。", "Cannot start a thread.");
    return 0;
}

void jobs_wake(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->pending = true;
    pthread_cond_signal(&j->more);
    pthread_mutex_unlock(&j->lock);
}

void jobs_stop(struct jobs **jp)
{
    struct jobs *j = *jp;
    if (!j)
        return;
    *jp = NULL;
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_cond_signal(&j->more);
    pthread_mutex_unlock(&j->lock);
    if (j->thread)
        pthread_join(j->thread, NULL);
    store_conn_close(&j->reader);
    pthread_cond_destroy(&j->more);
    pthread_mutex_destroy(&j->lock);
    free(j);
}
