/*
 * The records of a run that `every` ordered, in pages: each record stands for itself (a savepoint),
 * the page's effects and the place to go on from are of one transaction.
 */
#include "engine/automation/schedule.h"

#include "engine/automation/automation_int.h"
#include "engine/flow/timer.h"
#include "engine/org/notice.h"
#include "engine/flow/flow.h"
#include "engine/record/query.h"

#define PAGE       100
#define STEP_US    50000
#define ERRORS_MAX 100

struct page {
    struct ctx *c;
    int64_t job;
    const struct form *f;
    const struct automation *x;
    int64_t run, after;
    bool warn; /* the second phase: who is warned */
    int64_t done, total;
    VEC(struct val) errors;
};

/* ---- the row ---- */

int schedule_next(struct ctx *c, struct schedule_job *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, app FROM _job WHERE kind = 'schedule' AND state IN ('queued',"
                " 'running') ORDER BY id LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        *out = (struct schedule_job){.id = stmt_int(s, 0), .app = str_dup(c->a, stmt_str(s, 1))};
    stmt_done(s);
    return got;
}

static int read_payload(struct page *p, struct str text, struct err *err)
{
    struct val v;
    struct ctx *c = p->c;
    if (json_parse(c->a, text, &v, err))
        return -1;
    p->f = app_form(c->app, val_str(val_get(v, STR("form"))));
    p->x = p->f ? form_automation(p->f, val_str(val_get(v, STR("automation")))) : NULL;
    p->warn = str_eqz(val_str(val_get(v, STR("phase"))), "warn");
    (void)id_parse(val_str(val_get(v, STR("run"))), &p->run); /* ours */
    (void)id_parse(val_str(val_get(v, STR("after"))), &p->after);
    return 0;
}

/* 1, 0 it is over, -1 */
static int load(struct page *p, struct err *err)
{
    struct ctx *c = p->c;
    struct sql q;
    struct stmt *s;
    struct str text = STR_NONE, errors = STR_NONE;
    struct val list;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT payload, done, errors FROM _job WHERE kind = 'schedule' AND state IN"
                " ('queued', 'running') AND id = ");
    sql_bind_int(&q, p->job);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    if (got == 1) {
        text = str_dup(c->a, stmt_str(s, 0));
        p->done = stmt_int(s, 1);
        if (!stmt_null(s, 2))
            errors = str_dup(c->a, stmt_str(s, 2));
    }
    stmt_done(s);
    if (got == 1 && read_payload(p, text, err))
        return -1;
    if (got == 1 && errors.n) {
        if (json_parse(c->a, errors, &list, err))
            return -1;
        for (uint32_t i = 0; list.kind == VAL_LIST && i < list.n; i++)
            (void)vec_push(c->a, &p->errors, list.list[i]);
    }
    return got;
}

static struct str payload_text(const struct page *p)
{
    struct strb b;
    struct json j;
    char id[16];
    strb_init(&b, p->c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kstr(&j, "form", p->f->key);
    json_kstr(&j, "automation", p->x->key);
    json_kstr(&j, "run", id_print(p->run, id));
    json_kstr(&j, "after", id_print(p->after, id));
    json_kstr(&j, "phase", p->warn ? STR("warn") : STR("do"));
    json_end_obj(&j);
    return strb_str(&b);
}

static int store_page(struct page *p, bool more, struct err *err)
{
    struct ctx *c = p->c;
    struct sql q;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, val_list(p->errors.v, p->errors.n));
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET state = ");
    sql_bind_str(&q, more ? STR("running") : STR("done"));
    sql_lit(&q, ", done = ");
    sql_bind_int(&q, p->done);
    sql_lit(&q, ", errors = ");
    sql_bind_str(&q, p->errors.n ? strb_str(&b) : STR("[]"));
    if (p->x) {
        sql_lit(&q, ", payload = ");
        sql_bind_str(&q, payload_text(p));
    }
    if (!more) {
        sql_lit(&q, ", finished_at = ");
        sql_bind_int(&q, c->now_us);
        sql_lit(&q, ", result = '{}', total = ");
        sql_bind_int(&q, p->done);
    } else if (p->total) {
        sql_lit(&q, ", total = ");
        sql_bind_int(&q, p->total);
    }
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, p->job);
    ctx_event(c, STR_NONE, STR_NONE, p->job, 0, STR("job"));
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- a record ---- */

static int run_record(struct page *p, int64_t id, struct err *err)
{
    struct rec rec;
    struct auto_run r = {
        .c = p->c, .f = p->f, .x = p->x, .rec = &rec, .event = STR("every"), .row = p->run};
    int found = record_load(p->c, p->f, id, REC_LIVE, &rec, err);
    if (found <= 0)
        return found;
    const struct eval_rows rows = {.row = &rec};
    int yes = p->x->when ? eval_true(p->c, p->x->when, &rows, err) : 1;
    if (yes <= 0)
        return yes;
    if (p->warn)
        return run_warning(p->c, p->x, &rec, err);
    if (p->x->warns && warned_forget(p->c, p->x, &rec, err))
        return -1;
    return run_steps(&r, err);
}

static void note_error(struct page *p, int64_t id, const struct err *cause)
{
    char buf[16];
    struct arena *a = p->c->a;
    struct pair *pair = ARENA_ARRAY(a, struct pair, 3);
    if (p->errors.n >= ERRORS_MAX)
        return;
    pair[0] = (struct pair){STR("field"), val_text(str_dup(a, id_print(id, buf)))};
    pair[1] = (struct pair){STR("code"), val_text(str_dup(a, str_of(cause->key)))};
    pair[2] = (struct pair){STR("message"), val_text(str_fmt(a, "%s / %s", cause->zh, cause->en))};
    (void)vec_push(a, &p->errors, val_obj(pair, 3));
}

/* -1 only for trouble of the store. */
static int one(struct page *p, int64_t id, struct err *err)
{
    struct ctx *c = p->c;
    struct err cause = ERR_INIT;
    size_t events = c->events.n;
    if (store_savepoint(c->db, err))
        return -1;
    c->records = NULL;
    c->hook_spent_us = 0;
    c->chain = 0;
    int rc = act_as(c, 0, &cause) ? -1 : run_record(p, id, &cause);
    if (rc >= 0)
        return store_release(c->db, err);
    store_rollback(c->db);
    c->events.n = events;
    c->records = NULL;
    c->lua = NULL;
    if (cause.code == ERR_RETRY || cause.code == ERR_BUSY || cause.code == ERR_STORE ||
        cause.code == ERR_FULL || cause.code == ERR_OOM) {
        *err = cause;
        return -1;
    }
    note_error(p, id, &cause);
    return 0;
}

/* Rows that match now; of the second phase those that will. */
static int pick(struct page *p, int64_t *ids, size_t *n, struct err *err)
{
    struct ctx *c = p->c;
    int64_t now = c->now_us;
    const struct query_pick q = {
        .form = p->f, .where = p->x->where, .after = p->after, .limit = PAGE};
    if (p->warn)
        c->now_us = timer_after(p->f->app, now, p->x->warn_before);
    c->records = NULL;
    int rc = query_ids(c, &q, ids, n, err);
    c->now_us = now;
    c->records = NULL;
    return rc;
}

/* For its progress; asked once, with the first page. */
static int count(struct page *p, struct err *err)
{
    const struct query_pick q = {.form = p->f, .where = p->x->where};
    return query_ids_count(p->c, &q, &p->total, err);
}

int schedule_step(struct ctx *c, void *arg, struct err *err)
{
    struct schedule_job *job = arg;
    struct page p = {.c = c, .job = job->id};
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, PAGE), begun = c->mono_us();
    size_t n = 0, i = 0;
    int rc = load(&p, err);
    job->more = false;
    if (rc <= 0)
        return rc;
    if (!p.x || !p.x->enabled)
        return store_page(&p, false, err);
    if (pick(&p, ids, &n, err) || (!p.after && !p.warn && count(&p, err)))
        return -1;
    for (; i < n && (i == 0 || c->mono_us() - begun < STEP_US); i++) {
        if (one(&p, ids[i], err))
            return -1;
        p.after = ids[i];
        p.done += !p.warn;
    }
    bool over = i == n && n < PAGE;
    if (over && !p.warn && p.x->warns) {
        p.warn = true;
        p.after = 0;
        over = false;
    }
    job->more = !over;
    c->who = &who_system;
    return store_page(&p, !over, err);
}

int schedule_fail(struct ctx *c, void *arg, struct err *err)
{
    const struct schedule_failure *f = arg;
    struct sql q;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    json_begin_obj(&j);
    json_kstr(&j, "code", str_of(f->code));
    json_end_obj(&j);
    json_end_list(&j);
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET state = 'failed', errors = ");
    sql_bind_str(&q, strb_str(&b));
    sql_lit(&q, ", finished_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, f->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- warnings ---- */

static void key_values(struct sql *q, const struct automation *x, const struct rec *rec)
{
    sql_bind_str(q, rec->form->app->key);
    sql_lit(q, ", ");
    sql_bind_str(q, rec->form->key);
    sql_lit(q, ", ");
    sql_bind_str(q, x->key);
    sql_lit(q, ", ");
    sql_bind_int(q, rec->id);
}

int run_warning(struct ctx *c, const struct automation *x, const struct rec *rec, struct err *err)
{
    const struct flow_people who = {rec->form, rec, x->warn_to, x->nwarn_to};
    struct sql q;
    int64_t *ids, fresh = 0;
    size_t n;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _automation_warned (app, form, automation, record, at) VALUES (");
    key_values(&q, x, rec);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ") ON CONFLICT DO NOTHING");
    if (store_exec(c->db, c->a, &q, &fresh, err))
        return -1;
    if (!fresh)
        return 0;
    if (flow_people(c, &who, &ids, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct notice note = {.member = ids[i],
                                    .kind = STR("notify"),
                                    .app = rec->form->app->key,
                                    .form = rec->form->key,
                                    .record = rec->id,
                                    .title = str_fmt(c->a, "即将执行：%.*s", STR_ARG(x->title)),
                                    .body = val_str(rec_get(rec, STR("_title")))};
        if (notice_add(c, &note, err))
            return -1;
    }
    return 0;
}

int warned_forget(struct ctx *c, const struct automation *x, const struct rec *rec, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _automation_warned WHERE (app, form, automation, record) = (");
    key_values(&q, x, rec);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}
