/*
 * Copying columns before a publish: the row of _job, the steps, and giving it to the jobs' thread.
 */
#include "engine/prepare.h"

#include "engine/base/log.h"
#include "engine/engine_int.h"
#include "engine/record/schema.h"
#include "engine/record/stage.h"

#define PAGE_BYTES (256u << 20)
#define LEASE_US   (15 * US_PER_S)

/* ---- the job's row ---- */

static struct str payload_text(struct ctx *c, const struct prepare *pr)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kstr(&j, "note", pr->p->note);
    json_kbool(&j, "allow_data_loss", pr->p->allow_data_loss);
    json_key(&j, STR("files"));
    json_begin_list(&j);
    for (size_t i = 0; i < pr->src->nfiles; i++) {
        json_begin_obj(&j);
        json_kstr(&j, "path", pr->src->files[i].path);
        json_kstr(&j, "text", pr->src->files[i].text);
        json_end_obj(&j);
    }
    json_end_list(&j);
    json_end_obj(&j);
    return strb_str(&b);
}

int prepare_payload(struct ctx *c, struct str payload, struct app_source *src, struct publish *p,
                    struct err *err)
{
    struct val v;
    if (json_parse(c->a, payload, &v, err))
        return -1;
    struct val files = val_get(v, STR("files"));
    p->note = val_str(val_get(v, STR("note")));
    p->allow_data_loss = val_get(v, STR("allow_data_loss")).b;
    src->key = p->key;
    src->nfiles = files.kind == VAL_LIST ? files.n : 0;
    struct app_file *list = ARENA_ARRAY(c->a, struct app_file, src->nfiles);
    for (size_t i = 0; i < src->nfiles; i++)
        list[i] = (struct app_file){.path = val_str(val_get(files.list[i], STR("path"))),
                                    .text = val_str(val_get(files.list[i], STR("text")))};
    src->files = list;
    return 0;
}

static int add_job(struct ctx *c, const struct prepare *pr, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, run_at, lease_until, created_at,"
                " created_by) VALUES (");
    sql_bind_int(&q, pr->job);
    sql_lit(&q, ", 'publish', ");
    sql_bind_str(&q, pr->src->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, payload_text(c, pr));
    sql_lit(&q, ", 'running', ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us + LEASE_US);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who && c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

struct row {
    const char *state;
    struct str result; /* empty: as it is */
    struct str errors;
    bool lease;
};

static int set_job(struct ctx *c, const struct prepare *pr, const struct row *r, struct err *err)
{
    struct sql q;
    struct stage_state st;
    if (stage_state(c->db, c->a, pr->src->key, &st, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET state = ");
    sql_bind_str(&q, str_of(r->state));
    sql_lit(&q, ", lease_until = ");
    sql_bind_int(&q, r->lease ? c->now_us + LEASE_US : 0);
    if (st.job == pr->job) {
        sql_lit(&q, ", done = ");
        sql_bind_int(&q, st.done);
        sql_lit(&q, ", total = ");
        sql_bind_int(&q, st.total);
    }
    if (r->result.n) {
        sql_lit(&q, ", result = ");
        sql_bind_str(&q, r->result);
        sql_lit(&q, ", errors = ");
        sql_bind_str(&q, r->errors.n ? r->errors : STR("[]"));
        sql_lit(&q, ", finished_at = ");
        sql_bind_int(&q, c->now_us);
    }
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, pr->job);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, STR_NONE, STR_NONE, pr->job, 0, STR("job"));
    return 0;
}

/* Another publish that is still at work: 1, 0, -1. */
static int busy(struct ctx *c, int64_t job, struct err *err)
{
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM _job WHERE state IN ('queued', 'running') AND id = ");
    sql_bind_int(&q, job);
    return store_get_int(c->db, c->a, &q, &one, err);
}

/* ---- steps ---- */

struct run {
    struct prepare *pr;
    struct arena *page;
    int more;
};

static struct stage stage_of(struct ctx *c, const struct prepare *pr, struct arena *page)
{
    return (struct stage){c, pr->old, pr->new_, page};
}

static int under_way(struct ctx *c, const struct prepare *pr, const struct stage_state *st,
                     struct err *err)
{
    int yes = st->job && st->job != pr->job ? busy(c, st->job, err) : 0;
    if (yes <= 0)
        return yes;
    return err_set(
        err, ERR_CONFLICT, "backfilling", "这个应用正在发布另一版本，已转换 %lld / %lld 行。",
        "Another version of the app is being published: %lld of %lld rows are converted.",
        (long long)st->done, (long long)st->total);
}

static int begin(struct ctx *c, void *arg, struct err *err)
{
    struct run *r = arg;
    struct prepare *pr = r->pr;
    struct stage_state st;
    int64_t running = 0;
    const struct stage s = stage_of(c, pr, r->page);
    bool known = pr->job != 0;
    if (version_running(c->db, c->a, pr->src->key, &running, err) < 0 ||
        stage_state(c->db, c->a, pr->src->key, &st, err) || under_way(c, pr, &st, err))
        return -1;
    if (running != pr->old->n)
        return err_set(err, ERR_CONFLICT, "plan_changed",
                       "期间有人发布了新版本，请重新查看变更计划。",
                       "Somebody published meanwhile; look at the plan again.");
    r->more = known ? stage_goes_on(&s, pr->job, err) : 0;
    if (r->more)
        return r->more < 0 ? -1 : 0;
    if (!known)
        pr->job = id_next(c->ids, c->now_us);
    r->more = stage_begin(&s, pr->job, err);
    if (r->more == 1 && !known && add_job(c, pr, err))
        return -1;
    if (r->more == 0 && !known)
        pr->job = 0;
    return r->more < 0 ? -1 : 0;
}

static int step(struct ctx *c, void *arg, struct err *err)
{
    struct run *r = arg;
    const struct stage s = stage_of(c, r->pr, r->page);
    r->more = stage_step(&s, err);
    return r->more < 0 ? -1
                       : set_job(c, r->pr, &(struct row){.state = "running", .lease = true}, err);
}

static int leave(struct ctx *c, void *arg, struct err *err)
{
    struct run *r = arg;
    return set_job(c, r->pr, &(struct row){.state = "queued"}, err);
}

static int in_job(const struct ctx *outer, engine_write_fn *fn, struct run *r, struct err *err)
{
    struct ctx c = *outer;
    struct arena_mark mark = arena_mark(outer->a);
    c.app = NULL; /* the definition itself changes */
    c.records = NULL;
    c.now_us = engine_now_us(c.engine);
    memset(&c.events, 0, sizeof c.events);
    int rc = engine_write(&c, fn, r, err);
    arena_reset(outer->a, mark);
    return rc;
}

static int copy(struct ctx *c, struct run *r, struct err *err)
{
    const struct publish *p = r->pr->p;
    int64_t until = p->patience_us ? c->mono_us() + p->patience_us : INT64_MAX;
    while (r->more) {
        if (c->mono_us() >= until)
            return in_job(c, leave, r, err) ? -1 : 1;
        if (in_job(c, step, r, err))
            return -1;
    }
    return 0;
}

static void free_arena(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

int prepare_run(struct ctx *c, struct prepare *pr, struct err *err)
{
    struct run r = {.pr = pr};
    if (!pr->old)
        return 0;
    r.page = arena_new(PAGE_BYTES);
    if (!r.page)
        oom_raise();
    arena_defer(c->a, free_arena, r.page);
    int rc = in_job(c, begin, &r, err);
    if (rc == 0)
        rc = copy(c, &r, err);
    arena_undefer(c->a, r.page);
    arena_free(&r.page);
    if (pr->p->job)
        *pr->p->job = pr->job;
    return rc;
}

/* ---- the end ---- */

int prepare_settle(struct ctx *c, const struct prepare *pr, struct err *err)
{
    if (!pr->job)
        return 0;
    struct arena *page = arena_new(PAGE_BYTES);
    if (!page)
        oom_raise();
    arena_defer(c->a, free_arena, page);
    const struct stage s = stage_of(c, pr, page);
    int rc = stage_settle(&s, err);
    arena_undefer(c->a, page);
    arena_free(&page);
    return rc;
}

static struct str version_text(struct ctx *c, int64_t n)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kint(&j, "version", n);
    json_end_obj(&j);
    return strb_str(&b);
}

int prepare_done(struct ctx *c, const struct prepare *pr, int64_t n, struct err *err)
{
    if (!pr->job)
        return 0;
    struct row r = {.state = "done", .result = version_text(c, n)};
    return set_job(c, pr, &r, err) || stage_end(c, pr->src->key, err) ? -1 : 0;
}

struct failure {
    const struct prepare *pr;
    const struct err *why;
};

static int fail(struct ctx *c, void *arg, struct err *err)
{
    const struct failure *f = arg;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    json_begin_obj(&j);
    json_kstr(&j, "code", str_of(f->why->key));
    json_kstr(&j, "message", str_of(c->lang == LANG_EN ? f->why->en : f->why->zh));
    json_end_obj(&j);
    json_end_list(&j);
    struct row r = {.state = "failed", .result = STR("{}"), .errors = strb_str(&b)};
    return set_job(c, f->pr, &r, err) || stage_drop(c, f->pr->src->key, err) ? -1 : 0;
}

void prepare_failed(struct ctx *c, const struct prepare *pr, const struct err *why)
{
    struct err err = ERR_INIT;
    struct failure f = {pr, why};
    if (!pr->job)
        return;
    struct app *outer = c->app;
    c->app = NULL;
    if (engine_write(c, fail, &f, &err))
        log_event(LOG_ERROR, "publish_drop", LOG_TEXT("app", pr->src->key),
                  LOG_TEXT("code", str_of(err.key)));
    c->app = outer;
}
